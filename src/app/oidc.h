/* OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636): leaving for the identity
 * provider and checking the word with which the browser comes back.
 *
 * The provider is found by discovery (OpenID Connect Discovery 1.0); its endpoints are https, or of
 * this machine. Checked: state bound to the browser and used once, nonce, issuer (also the `iss` of
 * the answer, RFC 9207), audience and azp, times with a minute of tolerance, and the signature by
 * the provider's published keys (proof/jwt.h). What a person may do comes from posts here, never
 * from the provider. No state is kept; any number of threads; each call asks the network. */
#ifndef ZH_APP_OIDC_H
#define ZH_APP_OIDC_H

#include "core/people/external.h"

#define ZH_OIDC_TIMEOUT_MS 5000
#define ZH_OIDC_SKEW_S     60

typedef struct zh_oidc {
    zh_str issuer, client_id, secret;
    zh_str claim; /* that is the login here: sub, preferred_username, email … */
    zh_str base;  /* under which browsers reach this server: https://name */
} zh_oidc;

/* As configured. ZH_ENOTFOUND: no provider is. */
zh_rc zh_oidc_read(zh_core *core, zh_arena *arena, zh_oidc *out, zh_err *err) ZH_MUST;
/* Checks and stores it; an empty issuer takes it away. ZH_EINVAL oidc.config. */
zh_rc zh_oidc_write(zh_core *core, zh_arena *arena, const zh_oidc *oidc, zh_err *err) ZH_MUST;

/* Where to send the browser, and the state to keep in its cookie. next: a path of this server. */
zh_rc zh_oidc_leave(zh_core *core, zh_arena *arena, zh_str next, zh_str *url, zh_str *state,
                    zh_err *err) ZH_MUST;

typedef struct zh_oidc_return {
    zh_str code, state, iss, error; /* parameters of the answer */
    zh_str cookie;                  /* the state that the browser kept */
} zh_oidc_return;
/* The login that the answer proves, and where to go on. ZH_EDENIED: oidc.state, oidc.refused,
 * oidc.token, jwt.…, oidc.unknown; ZH_EIO: the provider cannot be asked. */
zh_rc zh_oidc_come_back(zh_core *core, zh_arena *arena, const zh_oidc_return *answer, zh_str *login,
                        zh_str *next, zh_err *err) ZH_MUST;

#endif
