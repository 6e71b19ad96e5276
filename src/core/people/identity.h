/* Who acts: local accounts, sessions, and the post in which a session acts.
 *
 * zh_account: office 0, id, login, name, secret (see core/people/password.h), totp (sealed, see
 * secret.h, or empty),   totp_last, failed, locked_until, created_at, password_at, disabled_at
 * zh_session: office 0, token (SHA-256 of the cookie's, hex), account, post, post_office,
 *   created_at, seen_at, ended_at, client
 * zh_stranger: office 0, login (digest of one that does not exist), failed, locked_until, at
 * Posts are records of the register `post`: grants have versions, two persons and ledger entries.
 *
 * While no account exists, the installation is used by the local operator alone. From the first
 * account on every request acts in a post, or as nobody. Thread-safe. */
#ifndef ZH_CORE_PEOPLE_IDENTITY_H
#define ZH_CORE_PEOPLE_IDENTITY_H

#include "core/read/permission.h"

#define ZH_SESSION_IDLE_S      (30 * 60)
#define ZH_SESSION_ABSOLUTE_S  (12 * 3600)
#define ZH_SESSION_TOKEN_BYTES 32
#define ZH_SETUP_S             (24 * 3600)
#define ZH_LOGIN_FAILED_MAX    5   /* then the account waits, 1 minute doubling … */
#define ZH_LOGIN_WAIT_MAX_S    900 /* … to a quarter of an hour */
#define ZH_POSTS_MAX           50  /* of one login */

/* Logins: 3 to 60 of a-z 0-9 . _ - @, beginning with a letter. ZH_EINVAL login.form. */
zh_rc zh_login_check(zh_str login, zh_err *err) ZH_MUST;

/* Whether there is any account. */
zh_rc zh_accounts_exist(zh_conn *conn, bool *out, zh_err *err) ZH_MUST;

/* ZH_ECONFLICT: the login is taken. The password is checked and stored by the installation's scheme
 * (setting identity.password: argon2id or pbkdf2-sm3). */
zh_rc zh_account_create(zh_core *core, zh_str login, zh_str name, zh_str password,
                        zh_err *err) ZH_MUST;
/* A new password ends every session of the account. ZH_ENOTFOUND. */
zh_rc zh_account_password(zh_core *core, zh_str login, zh_str password, zh_err *err) ZH_MUST;
/* Disables (or enables) an account and ends its sessions. ZH_ENOTFOUND. */
zh_rc zh_account_disable(zh_core *core, zh_str login, bool disabled, zh_err *err) ZH_MUST;
/* Sets or takes away (empty) the secret of one-time codes. */
zh_rc zh_account_totp(zh_core *core, zh_str login, zh_str secret, zh_err *err) ZH_MUST;

typedef struct zh_account {
    zh_str login, name;
    bool has_totp, disabled;
    zh_time created_at, locked_until;
} zh_account;
zh_rc zh_accounts_list(zh_conn *conn, zh_arena *arena, zh_account **out, size_t *n,
                       zh_err *err) ZH_MUST;

/* The one-time link of the first start: a token that lets its bearer make the first account, stored
 * as a digest, good for ZH_SETUP_S. A later one replaces it. */
zh_rc zh_setup_begin(zh_core *core, char token[2 * ZH_SESSION_TOKEN_BYTES + 1],
                     zh_err *err) ZH_MUST;
/* Makes the first account and takes the link away; its posts are granted at the console.
 * ZH_EDENIED: another token, too late, or there are accounts already. */
zh_rc zh_setup_finish(zh_core *core, zh_str token, zh_str login, zh_str name, zh_str password,
                      zh_err *err) ZH_MUST;

/* One attempt. ZH_EDENIED login.failed for a wrong login, password or code alike (the same work is
 * done for a login that does not exist); ZH_EBUSY login.wait: too many failures. On success a new
 * session and its token, in the first active post. client: what the browser calls itself, for the
 * list of sessions. */
zh_rc zh_login(zh_core *core, zh_str login, zh_str password, zh_str code, zh_str client,
               char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err) ZH_MUST;

/* The person who acts proves again who they are, as at a login and with its limits, without a new
 * session: by the password and, where the account has them, a one-time code. *how says by what, for
 * people. ZH_EDENIED login.failed; ZH_EBUSY as zh_login; ZH_EDENIED login.nothing: the account has
 * no password here (it enters through an identity provider) and no one-time codes either; with
 * codes, one of them is enough. */
zh_rc zh_login_prove(zh_core *core, zh_str login, zh_str password, zh_str code, const char **how,
                     zh_err *err) ZH_MUST;

/* One post as it is offered to its holder. */
typedef struct zh_post_of {
    zh_str code, role, place;
    zh_label role_label;
    int64_t office, id;
} zh_post_of;

typedef struct zh_user_session {
    zh_str login, name;
    zh_str digest;       /* names the session in lists; not its token */
    const zh_post *post; /* NULL: no active post */
    zh_post_of current;  /* of it */
    zh_time created_at, seen_at;
    int64_t emergency;           /* record of the emergency right that is held; 0: none */
    zh_time emergency_until;     /* of it */
    int64_t key;                 /* the API key that acts; 0: a person */
    bool has_totp, has_password; /* of the account */
} zh_user_session;

/* The session of a token. ZH_ENOTFOUND: none, ended, too old (by the limits that were set when it
 * began: setting.h), its account disabled. Renews seen_at
 * at most once a minute. The post is read afresh: a grant that ended has ended. conn: a reader that
 * the caller holds; NULL acquires one. */
zh_rc zh_user_session_find(zh_core *core, zh_conn *conn, zh_arena *arena, zh_str token,
                           zh_user_session *out, zh_err *err) ZH_MUST;
zh_rc zh_user_session_end(zh_core *core, zh_str token, zh_err *err) ZH_MUST;
/* The active posts of a login. */
zh_rc zh_posts_of(zh_core *core, zh_arena *arena, zh_str login, zh_post_of **out, size_t *n,
                  zh_err *err) ZH_MUST;
/* Acts in another of the holder's posts; the token changes (*token is the new one). */
zh_rc zh_user_session_switch(zh_core *core, zh_str token, zh_str post_code,
                             char fresh[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err) ZH_MUST;

/* Whether the session must take one-time codes into use before anything else: an administrator
 * (系统, 安全, 审计) with a password and without codes, where the setting admin_totp says so; while
 * it is not set, where the server is reached from beyond this machine. Whoever has no password
 * comes by the identity provider, which asks for its own second factor. */
bool zh_session_must_enrol(zh_core *core, zh_arena *arena, const zh_user_session *session,
                           bool beyond);

/* What a post's record gives whoever holds it, also when it is not active: for saying who sees
 * what. *out in the context's arena; NULL: its data scope is unknown. */
zh_rc zh_post_read(zh_ctx *ctx, zh_conn *conn, const zh_record *record,
                   const zh_post **out) ZH_MUST;

/* Whether a login may take a step now: its account is not disabled and one of its active posts may.
 * Without any account, and for the program itself, yes. */
zh_rc zh_login_may_take(zh_ctx *ctx, zh_conn *conn, zh_str login, const zh_register *reg,
                        const zh_transition *transition, bool *out) ZH_MUST;

/* A context that acts as the session; its post may be none: then it may read nothing. Release with
 * zh_ctx_end. The session must outlive it. */
zh_ctx zh_ctx_session(zh_core *core, zh_arena *arena, const zh_user_session *session, zh_err *err);

#endif
