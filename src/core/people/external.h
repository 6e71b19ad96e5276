/* Logging in by an identity provider: what is kept between leaving for it and coming back, and
 * which account its word stands for. Asking the provider and checking its word: app/oidc.h.
 *
 * zh_oidc: office 0, state (SHA-256 of it, hex), nonce, verifier, next, at. zh_account.subject:
 * "ISSUER SUBJECT" of a linked account. Thread-safe. */
#ifndef ZH_CORE_PEOPLE_EXTERNAL_H
#define ZH_CORE_PEOPLE_EXTERNAL_H

#include "core/people/identity.h"

#define ZH_EXTERNAL_S 600 /* from leaving to coming back */

typedef struct zh_external {
    zh_str nonce, verifier, next;
} zh_external;

zh_rc zh_external_keep(zh_core *core, zh_str state, const zh_external *kept, zh_err *err) ZH_MUST;
/* Once: what was kept is gone afterwards. ZH_EDENIED oidc.state: unknown, used, or too old. */
zh_rc zh_external_take(zh_core *core, zh_arena *arena, zh_str state, zh_external *out,
                       zh_err *err) ZH_MUST;

/* The login of a provider's subject. An account that is not linked yet is linked when its login is
 * `claimed` (empty: none is); nothing else is ever created or granted. ZH_EDENIED oidc.unknown. */
zh_rc zh_external_login(zh_core *core, zh_arena *arena, zh_str subject, zh_str claimed,
                        zh_str *login, zh_err *err) ZH_MUST;
/* A session for that login. */
zh_rc zh_external_open(zh_core *core, zh_str login, zh_str client,
                       char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err) ZH_MUST;

/* The provider as configured, a JSON text (app/oidc.h); empty: none. */
zh_rc zh_external_configure(zh_core *core, zh_str config, zh_err *err) ZH_MUST;
zh_rc zh_external_config(zh_core *core, zh_arena *arena, zh_str *out, zh_err *err) ZH_MUST;

#endif
