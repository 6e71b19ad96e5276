/* API keys: what a program shows instead of a person's session.
 *
 * zh_key: office 0, id, account (its owner), post, post_office, label, scope (see zh_grants_parse),
 *   digest (SHA-256 of the token, hex), created_at, expires_at, used_at, ended_at
 * A key acts in one post of its owner and never beyond it: when the post or the account ends, the
 * key sees nothing. The scope narrows the post's rights further, register by register. The token is
 * shown once, when the key is made; only its digest is kept. Thread-safe. */
#ifndef ZH_CORE_PEOPLE_APIKEY_H
#define ZH_CORE_PEOPLE_APIKEY_H

#include "core/people/identity.h"

#define ZH_KEY_PREFIX      "zhk_" /* so that a leaked one is found by scanners */
#define ZH_KEY_TOKEN_CHARS (sizeof(ZH_KEY_PREFIX) - 1 + (size_t)2 * ZH_SESSION_TOKEN_BYTES)
#define ZH_KEYS_MAX        20 /* living ones of an account */
#define ZH_KEY_DAYS        90
#define ZH_KEY_DAYS_MAX    366 /* unless the setting key_days says less */
#define ZH_KEY_LABEL_MAX   80
#define ZH_KEY_SCOPE_MAX   2000

typedef struct zh_key_new {
    zh_str login; /* its owner */
    zh_str label; /* what it is for */
    zh_str scope;
    zh_str post; /* code of one of the owner's active posts; empty: the first */
    int64_t days;
} zh_key_new;

/* ZH_EINVAL key.label, key.scope, key.days; ZH_ELIMIT key.many; ZH_EDENIED post.unknown: the owner
 * has no such active post. */
zh_rc zh_key_create(zh_core *core, const zh_key_new *key, char token[ZH_KEY_TOKEN_CHARS + 1],
                    zh_err *err) ZH_MUST;

typedef struct zh_key {
    int64_t id;
    zh_str login, label, scope, role; /* role: of its post; empty when it is not active any more */
    zh_time created_at, expires_at, used_at, ended_at;
} zh_key;
/* The keys of a login (empty: of all), newest first, ended ones included. */
zh_rc zh_keys_list(zh_core *core, zh_arena *arena, zh_str login, zh_key **out, size_t *n,
                   zh_err *err) ZH_MUST;
/* ZH_ENOTFOUND key.unknown: the login has no living key of that id. */
zh_rc zh_key_end(zh_core *core, zh_str login, int64_t id, zh_err *err) ZH_MUST;

/* The session in which a key acts. ZH_ENOTFOUND: no such key, ended, expired, its owner disabled.
 * Notes its use at most once a minute. conn: a reader that the caller holds. */
zh_rc zh_key_session(zh_core *core, zh_conn *conn, zh_arena *arena, zh_str token,
                     zh_user_session *out, zh_err *err) ZH_MUST;

#endif
