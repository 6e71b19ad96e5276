/* SHA-256 and SM3 (GB/T 32905-2016) by OpenSSL, and HMAC (RFC 2104) over either.
 *
 * Pure: no globals, no I/O; different contexts may be used by different threads at once. A failure
 * inside the library is exhaustion or a broken installation and aborts. */
#ifndef ZH_PROOF_HASH_H
#define ZH_PROOF_HASH_H

#include "base/str.h"

#define ZH_DIGEST_BYTES 32
#define ZH_HASH_BLOCK   64 /* block size of both functions */

/* The numbers are those of the zhl1 log entry. */
typedef enum zh_hash_alg {
    ZH_HASH_SHA256 = 1,
    ZH_HASH_SM3 = 2,
} zh_hash_alg;

typedef struct zh_digest {
    uint8_t b[ZH_DIGEST_BYTES];
} zh_digest;

/* A running hash. Kept on the stack; SHA-256 needs no heap, SM3 one library context per zh_hash. */
typedef struct zh_hash {
    zh_hash_alg alg;
    void *library;                      /* SM3 only */
    _Alignas(8) unsigned char sha[112]; /* SHA-256 only */
} zh_hash;

/* "sha256" or "sm3"; ZH_ENOTFOUND otherwise. */
zh_rc zh_hash_alg_parse(zh_str name, zh_hash_alg *out) ZH_MUST;
const char *zh_hash_alg_name(zh_hash_alg alg);

/* Begins the empty message. Every begun hash is released with zh_hash_release. */
void zh_hash_begin(zh_hash *hash, zh_hash_alg alg);
void zh_hash_add(zh_hash *hash, const void *bytes, size_t n);
/* The digest of what was added; afterwards the hash stands at the empty message again. */
void zh_hash_end(zh_hash *hash, zh_digest *out);
void zh_hash_release(zh_hash *hash);

/* One message in one call. */
void zh_hash_of(zh_hash_alg alg, zh_str message, zh_digest *out);

/* HMAC with one key for many messages: for SHA-256 the two keyed states are computed once. */
typedef struct zh_hmac {
    zh_hash work;
    _Alignas(8) unsigned char inner[112]; /* SHA-256: state after the key block */
    _Alignas(8) unsigned char outer[112];
    uint8_t inner_key[ZH_HASH_BLOCK];
    uint8_t outer_key[ZH_HASH_BLOCK];
} zh_hmac;

/* key: at most ZH_HASH_BLOCK bytes (asserted; longer keys are not used here). Wipe and release with
 * zh_hmac_release. */
void zh_hmac_begin(zh_hmac *hmac, zh_hash_alg alg, const void *key, size_t n);
void zh_hmac_of(zh_hmac *hmac, const void *message, size_t n, zh_digest *out);
void zh_hmac_release(zh_hmac *hmac);

bool zh_digest_eq(const zh_digest *a, const zh_digest *b);
/* 64 lower-case hexadecimal digits and a NUL. */
void zh_digest_hex(const zh_digest *digest, char out[2 * ZH_DIGEST_BYTES + 1]);
/* Exactly 64 hexadecimal digits of either case; ZH_EINVAL otherwise. */
zh_rc zh_digest_parse(zh_str hex, zh_digest *out) ZH_MUST;

#endif
