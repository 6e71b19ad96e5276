/* Authenticated encryption: AES-256-GCM (NIST SP 800-38D) by OpenSSL, with 96-bit nonces and
 * 128-bit tags.
 *
 * Pure; any number of threads. A nonce is used once with a key: callers draw it at random and seal
 * far fewer than 2^32 texts with one key. A failure inside the library is exhaustion or a broken
 * installation and aborts. */
#ifndef ZH_PROOF_AEAD_H
#define ZH_PROOF_AEAD_H

#include "base/str.h"

#define ZH_AEAD_KEY_BYTES   32
#define ZH_AEAD_NONCE_BYTES 12
#define ZH_AEAD_TAG_BYTES   16
#define ZH_AEAD_BYTES_MAX   ((size_t)1 << 20) /* of a text or of what is authenticated with it */

/* Writes plain.n bytes of ciphertext and the tag to out. bound: authenticated, not encrypted. */
void zh_aead_seal(const uint8_t key[ZH_AEAD_KEY_BYTES], const uint8_t nonce[ZH_AEAD_NONCE_BYTES],
                  zh_str bound, zh_str plain, uint8_t *out);
/* sealed: ciphertext and tag. Writes sealed.n - ZH_AEAD_TAG_BYTES bytes to out. ZH_ECORRUPT:
 * another key, nonce or bound text, or a byte was changed; then out holds zeros. */
zh_rc zh_aead_open(const uint8_t key[ZH_AEAD_KEY_BYTES], const uint8_t nonce[ZH_AEAD_NONCE_BYTES],
                   zh_str bound, zh_str sealed, uint8_t *out) ZH_MUST;

#endif
