/* Tokens, verified by OpenSSL. */
#include "proof/jwt.h"
#include "proof/hash.h"
#include "proof/note.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

enum { P256_BYTES = 32, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

/* ---- encodings ---- */

zh_str zh_base64url(zh_arena *arena, zh_str bytes)
{
    zh_buf text;
    zh_buf_init(&text, bytes.n * 2 + 16);
    zh_base64_write(bytes, &text);
    zh_assert(!text.failed);
    size_t n = text.n;
    while (n > 0 && text.p[n - 1] == '=') {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        text.p[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
    }
    zh_str out = zh_str_dup(arena, (zh_str){text.p, n});
    zh_buf_free(&text);
    return out;
}

zh_rc zh_base64url_read(zh_arena *arena, zh_str text, zh_str *out)
{
    if (text.n > ZH_JWT_BYTES_MAX || text.n % 4 == 1) {
        return ZH_EINVAL;
    }
    size_t padded = (text.n + 3) / 4 * 4;
    char *standard = ZH_NEW_N(arena, char, padded + 1);
    char *bytes = ZH_NEW_N(arena, char, padded + 1);
    size_t n = 0;
    for (size_t i = 0; i < padded; i++) {
        char c = i < text.n ? text.p[i] : '=';
        if (i < text.n && (c == '+' || c == '/' || c == '=')) {
            return ZH_EINVAL;
        }
        standard[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    if (!zh_base64_read((zh_str){standard, padded}, bytes, padded, &n)) {
        return ZH_EINVAL;
    }
    *out = (zh_str){bytes, n};
    return ZH_OK;
}

zh_str zh_pkce_challenge(zh_arena *arena, zh_str verifier)
{
    zh_digest digest;
    zh_hash_of(ZH_HASH_SHA256, verifier, &digest);
    return zh_base64url(arena, (zh_str){(const char *)digest.b, sizeof digest.b});
}

/* ---- keys ---- */

static zh_str text_of(const zh_json *object, const char *name)
{
    return zh_json_str(zh_json_get(object, name), ZH_STR(""));
}

static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(zh_arena *arena, const zh_json *jwk)
{
    zh_str n;
    zh_str e;
    EVP_PKEY *key = NULL;
    if (zh_base64url_read(arena, text_of(jwk, "n"), &n) != ZH_OK ||
        zh_base64url_read(arena, text_of(jwk, "e"), &e) != ZH_OK || n.n * 8 < RSA_BITS_MIN ||
        n.n * 8 > RSA_BITS_MAX || e.n == 0 || e.n > 8) {
        return NULL;
    }
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.p, (int)e.n, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (modulus != NULL && exponent != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        key = key_of("RSA", build);
    }
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *p256_key(zh_arena *arena, const zh_json *jwk)
{
    zh_str x;
    zh_str y;
    EVP_PKEY *key = NULL;
    unsigned char point[1 + 2 * P256_BYTES] = {4}; /* uncompressed */
    if (!zh_str_is(text_of(jwk, "crv"), "P-256") ||
        zh_base64url_read(arena, text_of(jwk, "x"), &x) != ZH_OK ||
        zh_base64url_read(arena, text_of(jwk, "y"), &y) != ZH_OK || x.n != P256_BYTES ||
        y.n != P256_BYTES) {
        return NULL;
    }
    memcpy(point + 1, x.p, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y.p, P256_BYTES);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) ==
            1) {
        key = key_of("EC", build);
    }
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* Whether a key may have made the token: of the algorithm's type, for signatures, of the kid. */
static bool fits(const zh_json *jwk, const char *kty, zh_str alg, zh_str kid)
{
    zh_str use = text_of(jwk, "use");
    zh_str own = text_of(jwk, "alg");
    return zh_str_is(text_of(jwk, "kty"), kty) && (use.n == 0 || zh_str_is(use, "sig")) &&
           (own.n == 0 || zh_str_eq(own, alg)) &&
           (kid.n == 0 || zh_str_eq(text_of(jwk, "kid"), kid));
}

/* NULL: none, or several where the token names none. */
static const zh_json *choose(const zh_json *jwks, const char *kty, zh_str alg, zh_str kid)
{
    const zh_json *keys = zh_json_get(jwks, "keys");
    const zh_json *found = NULL;
    size_t n = 0;
    for (const zh_json *key = keys != NULL ? keys->first : NULL; key != NULL; key = key->next) {
        if (fits(key, kty, alg, kid)) {
            found = key;
            n++;
        }
    }
    return n == 1 ? found : NULL;
}

/* ---- signatures ---- */

/* r ‖ s of RFC 7518 section 3.4 as the DER that OpenSSL verifies; 0: not of that length. */
static int der_of(zh_str raw, unsigned char **out)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    int n = 0;
    *out = NULL;
    if (signature != NULL && raw.n == 2 * (size_t)P256_BYTES) {
        BIGNUM *r = BN_bin2bn((const unsigned char *)raw.p, P256_BYTES, NULL);
        BIGNUM *s = BN_bin2bn((const unsigned char *)raw.p + P256_BYTES, P256_BYTES, NULL);
        if (r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
            n = i2d_ECDSA_SIG(signature, out);
        } else {
            BN_free(r);
            BN_free(s);
        }
    }
    ECDSA_SIG_free(signature);
    return n;
}

static bool verifies(EVP_PKEY *key, zh_str message, const unsigned char *signature, size_t n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(ctx, signature, n, (const unsigned char *)message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

static bool check(zh_arena *arena, const zh_json *jwk, bool rsa, zh_str message, zh_str signature)
{
    EVP_PKEY *key = rsa ? rsa_key(arena, jwk) : p256_key(arena, jwk);
    unsigned char *der = NULL;
    int n = rsa ? (int)signature.n : der_of(signature, &der);
    bool good = key != NULL && n > 0 &&
                verifies(key, message, rsa ? (const unsigned char *)signature.p : der, (size_t)n);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return good;
}

static zh_rc malformed(zh_err *err)
{
    return zh_err_set(err, ZH_EINVAL, "jwt.form", "身份令牌的形式不对");
}

zh_rc zh_jwt_verify(zh_arena *arena, zh_str token, const zh_json *jwks, const zh_json **claims,
                    zh_err *err)
{
    zh_str parts[3];
    zh_str rest = token;
    zh_str bytes;
    zh_json *header = NULL;
    zh_json *body = NULL;
    zh_err ignored = {0};
    for (size_t i = 0; i < 3; i++) {
        if (token.n > ZH_JWT_BYTES_MAX || !zh_str_split(&rest, '.', &parts[i]) || parts[i].n == 0) {
            return malformed(err);
        }
    }
    if (rest.p != NULL || zh_base64url_read(arena, parts[0], &bytes) != ZH_OK ||
        zh_json_parse(arena, bytes, &header, &ignored) != ZH_OK ||
        zh_base64url_read(arena, parts[1], &bytes) != ZH_OK ||
        zh_json_parse(arena, bytes, &body, &ignored) != ZH_OK ||
        zh_base64url_read(arena, parts[2], &bytes) != ZH_OK) {
        return malformed(err);
    }
    zh_str alg = text_of(header, "alg");
    bool rsa = zh_str_is(alg, "RS256");
    if ((!rsa && !zh_str_is(alg, "ES256")) || zh_json_get(header, "crit") != NULL) {
        return zh_err_set(err, ZH_EDENIED, "jwt.alg",
                          "身份令牌的签名算法“%.*s”不收，只收 RS256、ES256",
                          ZH_FMT(zh_str_sub(alg, 0, 20)));
    }
    const zh_json *jwk = choose(jwks, rsa ? "RSA" : "EC", alg, text_of(header, "kid"));
    if (jwk == NULL) {
        return zh_err_set(err, ZH_EDENIED, "jwt.key", "身份源公布的密钥里没有签这个令牌的那一个");
    }
    zh_str message = {token.p, parts[0].n + 1 + parts[1].n};
    if (!check(arena, jwk, rsa, message, bytes)) {
        return zh_err_set(err, ZH_EDENIED, "jwt.signature", "身份令牌的签名不对");
    }
    *claims = body;
    return ZH_OK;
}
