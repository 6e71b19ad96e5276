/* JSON Web Tokens as OpenID Connect uses them: JWS compact serialisation (RFC 7515) signed by RS256
 * or ES256 (RFC 7518), keys from a JWK Set (RFC 7517), and PKCE's S256 (RFC 7636). Anything else,
 * `none` and the symmetric algorithms above all, is refused. Pure; any number of threads. */
#ifndef ZH_PROOF_JWT_H
#define ZH_PROOF_JWT_H

#include "base/err.h"
#include "base/json.h"

#define ZH_JWT_BYTES_MAX ((size_t)16 << 10)

/* base64url without padding (RFC 4648 section 5). */
zh_str zh_base64url(zh_arena *arena, zh_str bytes);
/* ZH_EINVAL: a character that is not of it, or bits left over. */
zh_rc zh_base64url_read(zh_arena *arena, zh_str text, zh_str *out) ZH_MUST;
/* BASE64URL(SHA256(verifier)): the code challenge of RFC 7636 section 4.2. */
zh_str zh_pkce_challenge(zh_arena *arena, zh_str verifier);

/* The claims of a token whose signature one of the keys made: the key with the token's kid, or the
 * only one that fits when it names none. ZH_EINVAL jwt.form; ZH_EDENIED jwt.alg, jwt.key,
 * jwt.signature. What the claims say (issuer, audience, times, nonce) is the caller's to check. */
zh_rc zh_jwt_verify(zh_arena *arena, zh_str token, const zh_json *jwks, const zh_json **claims,
                    zh_err *err) ZH_MUST;

#endif
