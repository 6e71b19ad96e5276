/* Hash contexts. SHA-256 goes through OpenSSL's direct interface and not through EVP: a record is a
 * hundred messages of one or two blocks, and EVP costs more per message than the blocks do. SM3 has
 * no direct interface in OpenSSL 3.0, so it reuses one EVP context. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "proof/hash.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((zh_hash *)0)->sha), "room for the SHA-256 state");

static SHA256_CTX *sha(zh_hash *hash)
{
    return (SHA256_CTX *)(void *)hash->sha;
}

zh_rc zh_hash_alg_parse(zh_str name, zh_hash_alg *out)
{
    if (zh_str_is(name, "sha256")) {
        *out = ZH_HASH_SHA256;
        return ZH_OK;
    }
    if (zh_str_is(name, "sm3")) {
        *out = ZH_HASH_SM3;
        return ZH_OK;
    }
    return ZH_ENOTFOUND;
}

const char *zh_hash_alg_name(zh_hash_alg alg)
{
    return alg == ZH_HASH_SM3 ? "sm3" : "sha256";
}

void zh_hash_begin(zh_hash *hash, zh_hash_alg alg)
{
    hash->alg = alg;
    hash->library = NULL;
    if (alg == ZH_HASH_SHA256) {
        SHA256_Init(sha(hash));
        return;
    }
    zh_assert(alg == ZH_HASH_SM3);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    zh_assert(context != NULL && EVP_DigestInit_ex(context, EVP_sm3(), NULL) == 1);
    hash->library = context;
}

void zh_hash_add(zh_hash *hash, const void *bytes, size_t n)
{
    if (n == 0) {
        return;
    }
    if (hash->alg == ZH_HASH_SHA256) {
        SHA256_Update(sha(hash), bytes, n);
        return;
    }
    zh_assert(EVP_DigestUpdate(hash->library, bytes, n) == 1);
}

void zh_hash_end(zh_hash *hash, zh_digest *out)
{
    if (hash->alg == ZH_HASH_SHA256) {
        SHA256_Final(out->b, sha(hash));
        SHA256_Init(sha(hash));
        return;
    }
    /* NULL: the same function again, without fetching it anew. */
    zh_assert(EVP_DigestFinal_ex(hash->library, out->b, NULL) == 1);
    zh_assert(EVP_DigestInit_ex(hash->library, NULL, NULL) == 1);
}

void zh_hash_release(zh_hash *hash)
{
    EVP_MD_CTX_free(hash->library);
    hash->library = NULL;
}

void zh_hash_of(zh_hash_alg alg, zh_str message, zh_digest *out)
{
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    zh_hash_add(&hash, message.p, message.n);
    zh_hash_end(&hash, out);
    zh_hash_release(&hash);
}

void zh_hmac_begin(zh_hmac *hmac, zh_hash_alg alg, const void *key, size_t n)
{
    zh_assert(n <= ZH_HASH_BLOCK);
    memset(hmac->inner_key, 0, sizeof(hmac->inner_key));
    memcpy(hmac->inner_key, key, n);
    for (size_t i = 0; i < ZH_HASH_BLOCK; i++) {
        hmac->outer_key[i] = hmac->inner_key[i] ^ 0x5c;
        hmac->inner_key[i] ^= 0x36;
    }
    zh_hash_begin(&hmac->work, alg);
    if (alg == ZH_HASH_SHA256) {
        zh_hash_add(&hmac->work, hmac->inner_key, ZH_HASH_BLOCK);
        memcpy(hmac->inner, hmac->work.sha, sizeof(hmac->inner));
        SHA256_Init(sha(&hmac->work));
        zh_hash_add(&hmac->work, hmac->outer_key, ZH_HASH_BLOCK);
        memcpy(hmac->outer, hmac->work.sha, sizeof(hmac->outer));
    }
}

/* Brings the hash to where the key block has just been absorbed. */
static void absorb_key(zh_hmac *hmac, const unsigned char state[112], const uint8_t *key)
{
    if (hmac->work.alg == ZH_HASH_SHA256) {
        memcpy(hmac->work.sha, state, sizeof(hmac->work.sha));
    } else {
        zh_hash_add(&hmac->work, key, ZH_HASH_BLOCK);
    }
}

void zh_hmac_of(zh_hmac *hmac, const void *message, size_t n, zh_digest *out)
{
    zh_digest inner;
    absorb_key(hmac, hmac->inner, hmac->inner_key);
    zh_hash_add(&hmac->work, message, n);
    zh_hash_end(&hmac->work, &inner);
    absorb_key(hmac, hmac->outer, hmac->outer_key);
    zh_hash_add(&hmac->work, inner.b, sizeof(inner.b));
    zh_hash_end(&hmac->work, out);
}

void zh_hmac_release(zh_hmac *hmac)
{
    zh_hash_release(&hmac->work);
    explicit_bzero(hmac, sizeof(*hmac));
}

bool zh_digest_eq(const zh_digest *a, const zh_digest *b)
{
    return memcmp(a->b, b->b, ZH_DIGEST_BYTES) == 0;
}

void zh_digest_hex(const zh_digest *digest, char out[2 * ZH_DIGEST_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < ZH_DIGEST_BYTES; i++) {
        out[2 * i] = digits[digest->b[i] >> 4];
        out[2 * i + 1] = digits[digest->b[i] & 15];
    }
    out[2 * (size_t)ZH_DIGEST_BYTES] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

zh_rc zh_digest_parse(zh_str hex, zh_digest *out)
{
    if (hex.n != (size_t)2 * ZH_DIGEST_BYTES) {
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < ZH_DIGEST_BYTES; i++) {
        int high = nibble(hex.p[2 * i]);
        int low = nibble(hex.p[2 * i + 1]);
        if (high < 0 || low < 0) {
            return ZH_EINVAL;
        }
        out->b[i] = (uint8_t)(high << 4 | low);
    }
    return ZH_OK;
}
