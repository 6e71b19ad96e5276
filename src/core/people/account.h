/* What a person does with their own account: its sessions, one-time codes, recovery, and a
 * forgotten password. Everything is by login; callers make sure it is the person's own.
 * Thread-safe. */
#ifndef ZH_CORE_PEOPLE_ACCOUNT_H
#define ZH_CORE_PEOPLE_ACCOUNT_H

#include "core/people/identity.h"

#define ZH_RECOVERY_CODES 10
#define ZH_RECOVERY_CHARS 29 /* abcd-efgh-ijkl-mnop-qrst-uvwx: 120 bits */
#define ZH_RESET_S        3600

/* A session of the account, as its owner sees it. */
typedef struct zh_own_session {
    zh_str digest, client, role;
    zh_time created_at, seen_at;
    bool emergency;
} zh_own_session;
/* The living sessions, newest use first; at most 200. */
zh_rc zh_own_sessions(zh_core *core, zh_arena *arena, zh_str login, zh_own_session **out, size_t *n,
                      zh_err *err) ZH_MUST;
/* Ends one of the login's sessions by its digest; empty: all but `keep`. ZH_ENOTFOUND
 * session.unknown: none was ended that was asked for by digest. */
zh_rc zh_own_session_end(zh_core *core, zh_str login, zh_str digest, zh_str keep,
                         zh_err *err) ZH_MUST;

typedef struct zh_own_account {
    bool has_totp, enrolling, has_password;
    zh_str totp_new, totp_sealed;              /* base32, while enrolling; as it is stored */
    size_t recovery;                           /* codes left */
    zh_time password_at, last_at, last_before; /* this login and the one before it; 0: never */
    int64_t last_failed;                       /* failures between the two */
    zh_str subject;                            /* at the identity provider; empty: not linked */
} zh_own_account;
zh_rc zh_own_account_get(zh_core *core, zh_arena *arena, zh_str login, zh_own_account *out,
                         zh_err *err) ZH_MUST;

/* One-time codes: begin makes a secret that is not yet asked for; confirm takes it into use with
 * the first right code and gives ZH_RECOVERY_CODES recovery codes, shown once, of which digests are
 * kept. ZH_EDENIED login.totp: the code is not of the secret; ZH_EINVAL: nothing was begun. */
zh_rc zh_totp_begin(zh_core *core, zh_str login, zh_err *err) ZH_MUST;
zh_rc zh_totp_confirm(zh_core *core, zh_arena *arena, zh_str login, zh_str code,
                      zh_str recovery[ZH_RECOVERY_CODES], zh_err *err) ZH_MUST;
/* otpauth://totp/… of a base32 secret (Key URI Format), for the QR code. */
zh_str zh_totp_uri(zh_arena *arena, zh_str login, zh_str secret);
/* Whether `code` is one of the digests in *list; then *list is what is left. */
bool zh_recovery_take(zh_arena *arena, zh_str code, zh_str *list);

/* A one-time link to set a new password, for who has lost theirs: good for ZH_RESET_S; only its
 * digest is kept. Using it ends every session. ZH_EDENIED reset.token: another token, or too late.
 */
zh_rc zh_reset_begin(zh_core *core, zh_str login, char token[2 * ZH_SESSION_TOKEN_BYTES + 1],
                     zh_err *err) ZH_MUST;
zh_rc zh_reset_finish(zh_core *core, zh_str token, zh_str password, zh_err *err) ZH_MUST;

#endif
