/* Keys of the log and of witnesses: C2SP signed-note encodings, Ed25519 (RFC 8032), and SM2 with
 * SM3 (GB/T 32918.2-2016) as signature type 0xff + "zhiheng/sm2-sm3/v1".
 *
 *   verifier key   NAME+hex(id)+base64(type || public key)
 *   signer key     PRIVATE+KEY+NAME+hex(id)+base64(type || secret)
 *   id             SHA-256(NAME || "\n" || type || public key)[:4]
 * Public keys: 32 bytes of Ed25519; 0x04 x y (65 bytes) of SM2. Secrets: the 32-byte seed of
 * Ed25519; the 32-byte scalar of SM2, big-endian. SM2 signs with user id 1234567812345678; its
 * signature is r then s, 32 bytes each. The SHA-256 of the id holds for SM2 keys too.
 *
 * Plain values, no hidden memory; any number of threads. */
#ifndef ZH_PROOF_KEY_H
#define ZH_PROOF_KEY_H

#include "base/err.h"
#include "proof/hash.h"

#define ZH_KEY_NAME_BYTES_MAX 255
#define ZH_KEY_TEXT_BYTES_MAX 512 /* either encoding */
#define ZH_KEY_SECRET_BYTES   32
#define ZH_KEY_POINT_BYTES    65
#define ZH_SIGNATURE_BYTES    64 /* of every type here, without id and time */

typedef enum zh_key_type {
    ZH_KEY_ED25519 = 0x01,     /* a log's signature over the note's text */
    ZH_KEY_COSIGNATURE = 0x04, /* a witness's timestamped Ed25519 cosignature/v1 */
    ZH_KEY_SM2 = 0xff,         /* a 国密 log's signature */
} zh_key_type;

typedef struct zh_verifier {
    char name[ZH_KEY_NAME_BYTES_MAX + 1];
    uint32_t id;
    zh_key_type type;
    uint8_t point[ZH_KEY_POINT_BYTES]; /* Ed25519: the first 32 bytes */
} zh_verifier;

/* Holds a secret: wipe with zh_signer_wipe. */
typedef struct zh_signer {
    zh_verifier verifier;
    uint8_t secret[ZH_KEY_SECRET_BYTES];
} zh_signer;

/* Hash of the tree whose checkpoints a key of this type signs: SM3 for SM2, else SHA-256. */
zh_hash_alg zh_key_tree_alg(zh_key_type type);
/* Non-empty, at most ZH_KEY_NAME_BYTES_MAX bytes of UTF-8 without spaces (Unicode), controls and
 * '+'. */
bool zh_key_name_valid(zh_str name);

/* ZH_EINVAL (key.verifier): not of the format, unknown type, or the id is not that of the key. */
zh_rc zh_verifier_parse(zh_str text, zh_verifier *out, zh_err *err) ZH_MUST;
void zh_verifier_write(const zh_verifier *verifier, zh_buf *out);
bool zh_verifier_eq(const zh_verifier *a, const zh_verifier *b); /* name, type and key */
/* Whether the signature over the message is by this key. Type COSIGNATURE checks the bare Ed25519
 * signature: the caller has put the cosignature header in front of the message. */
bool zh_verifier_check(const zh_verifier *verifier, zh_str message,
                       const uint8_t signature[ZH_SIGNATURE_BYTES]);

/* ZH_EINVAL (key.name, key.secret): a name that is not allowed, an SM2 scalar out of range. */
zh_rc zh_signer_of(zh_str name, zh_key_type type, const uint8_t secret[ZH_KEY_SECRET_BYTES],
                   zh_signer *out, zh_err *err) ZH_MUST;
/* A new key from the kernel's random bytes. */
zh_rc zh_signer_generate(zh_str name, zh_key_type type, zh_signer *out, zh_err *err) ZH_MUST;
/* ZH_EINVAL (key.signer). The text is not repeated in the error. */
zh_rc zh_signer_parse(zh_str text, zh_signer *out, zh_err *err) ZH_MUST;
void zh_signer_write(const zh_signer *signer, zh_buf *out);
void zh_signer_wipe(zh_signer *signer);
void zh_signer_sign(const zh_signer *signer, zh_str message, uint8_t out[ZH_SIGNATURE_BYTES]);

/* Key file: the signer key and a newline. Loading refuses a file that is not a regular file of the
 * running user, or that others may read or write: ZH_EDENIED (key.file.mode); ZH_ENOTFOUND, ZH_EIO,
 * ZH_EINVAL. Saving makes a new file, mode 0600, fsync of file and directory; ZH_ECONFLICT
 * (key.file.exists): nothing is ever overwritten. */
zh_rc zh_signer_load(const char *path, zh_signer *out, zh_err *err) ZH_MUST;
zh_rc zh_signer_save(const char *path, const zh_signer *signer, zh_err *err) ZH_MUST;

#endif
