/* Record format zhl1: salted commitments to the fields of a record version, the record root, the
 * 56-byte log entry, and disclosure of single fields.
 *
 * H is SHA-256 or SM3, integers are big-endian, names and text are UTF-8 in NFC (the caller's
 * duty). salt_i      = HMAC-H(record_salt, "zhiheng/salt/v1\0" || u32(i)) commit_i    =
 * H("zhiheng/field/v1\0" || salt_i || u16(len name) || name || type
 *                   || u32(len value) || value)
 *   record_root = RFC 6962 tree head over the entries commit_0 .. commit_{n-1}
 *   entry       = "zhl1" || alg || kind || u64 time_ms || u64 subject || u16 n || record_root
 * Fields stand in byte order of their names, which are unique; i counts from 0.
 *
 * Pure functions: any number of threads. */
#ifndef ZH_PROOF_RECORD_H
#define ZH_PROOF_RECORD_H

#include "base/err.h"
#include "proof/tree.h"

/* The first two are the ranges of u16 in the format; larger content is a file, held by digest. */
#define ZH_RECORD_FIELDS_MAX      65535u
#define ZH_RECORD_NAME_BYTES_MAX  65535u
#define ZH_RECORD_VALUE_BYTES_MAX ((size_t)16 << 20)
#define ZH_RECORD_ENTRY_BYTES     56

/* Types of a value; the letters are part of the commitment. */
#define ZH_FIELD_TEXT    't' /* UTF-8, NFC */
#define ZH_FIELD_DECIMAL 'd' /* plain ASCII as written: [+-] digits [. digits] */
#define ZH_FIELD_U64     'u' /* eight bytes, big-endian */
#define ZH_FIELD_BYTES   'b'
#define ZH_FIELD_NULL    'n' /* empty value */

typedef enum zh_entry_kind {
    ZH_ENTRY_EVIDENCE = 1,
    ZH_ENTRY_CORRECTION = 2,
    ZH_ENTRY_ERASURE = 3,
    ZH_ENTRY_FIGURE = 4,
    ZH_ENTRY_DRAW_COMMIT = 5,
    ZH_ENTRY_DRAW_RESULT = 6,
} zh_entry_kind;

typedef struct zh_record_field {
    zh_str name;
    zh_str value;
    char type;
} zh_record_field;

typedef struct zh_record_entry {
    zh_hash_alg alg;
    zh_entry_kind kind;
    uint64_t time_ms;
    uint64_t subject;
    uint16_t n; /* fields of the record */
    zh_digest root;
} zh_record_entry;

/* One field shown to somebody who holds the record's root. Borrows name and value. */
typedef struct zh_disclosure {
    zh_record_field field;
    zh_digest salt;
    uint32_t index, n;
    size_t path_n;
    zh_digest path[16]; /* n <= 65535 gives at most 16 levels */
} zh_disclosure;

/* Brings fields into byte order of their names, in place. ZH_EINVAL: a name occurs twice. */
zh_rc zh_record_sort(zh_record_field *fields, size_t n, zh_err *err) ZH_MUST;

/* Root of the record. fields must be in order (ZH_EINVAL otherwise, as for a value that is not of
 * its type; ZH_ELIMIT above a cap). work: room for n digests, filled with intermediate values. */
zh_rc zh_record_root(zh_hash_alg alg, const zh_digest *record_salt, const zh_record_field *fields,
                     size_t n, zh_digest *work, zh_digest *root, zh_err *err) ZH_MUST;

/* Salt of field i; stored one by one when another field of the record is to be erased. */
void zh_record_salt(zh_hash_alg alg, const zh_digest *record_salt, uint32_t index, zh_digest *out);
/* Commitment of one field under its salt. Errors as zh_record_root. */
zh_rc zh_record_commit(zh_hash_alg alg, const zh_digest *salt, const zh_record_field *field,
                       zh_digest *out, zh_err *err) ZH_MUST;

/* What is handed out to disclose field `index` (< n, asserted). Errors and work as zh_record_root.
 */
zh_rc zh_record_disclose(zh_hash_alg alg, const zh_digest *record_salt,
                         const zh_record_field *fields, size_t n, size_t index, zh_digest *work,
                         zh_disclosure *out, zh_err *err) ZH_MUST;
/* ZH_OK when the disclosed field belongs to the record with this root; ZH_EINVAL when not. */
zh_rc zh_disclosure_verify(zh_hash_alg alg, const zh_disclosure *disclosure, const zh_digest *root,
                           zh_err *err) ZH_MUST;

void zh_record_entry_write(const zh_record_entry *entry, uint8_t out[ZH_RECORD_ENTRY_BYTES]);
/* ZH_EINVAL: wrong length, magic, algorithm or kind. */
zh_rc zh_record_entry_read(zh_str bytes, zh_record_entry *out, zh_err *err) ZH_MUST;
/* Leaf hash of the log, H(0x00 || entry), by the entry's own algorithm. */
void zh_record_entry_leaf(const uint8_t entry[ZH_RECORD_ENTRY_BYTES], zh_hash_alg alg,
                          zh_digest *out);

#endif
