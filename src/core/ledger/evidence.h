/* What of a record version stands in the ledger: its canonical fields, its root, and what is left
 * when personal data are erased.
 *
 * Canonical fields are the declared ids (product.class, items[0].value) and _actor, _declaration,
 * _register, _version (the last as u64), in byte order. Text is NFC, a decimal is as written, a
 * null has type n. Which ids a version has is said by the shape of the declaration it was written
 * under.
 *
 * The blob `sealed` of a version from which fields were erased: one byte 1 (format), one byte alg,
 * u16 n (big-endian), then for each canonical field i one byte and 32 bytes: 's' and salt_i when
 * the value still stands in the row, 'c' and commit_i when it was erased. salt_i of an erased field
 * and the record salt exist nowhere any more; the root can still be recomputed from the
 * commitments. When the second log is kept, the same by SM3 stands behind it. */
#ifndef ZH_CORE_LEDGER_EVIDENCE_H
#define ZH_CORE_LEDGER_EVIDENCE_H

#include "core/instance/core.h"
#include "core/instance/schema.h"
#include "proof/record.h"

/* Canonical fields of a record as a version; *out lives in the arena. ZH_ECORRUPT: the shape names
 * a field that the record has not. ZH_ENOMEM. */
zh_rc zh_evidence_fields(zh_arena *arena, const zh_shape *shape, const zh_record *record,
                         zh_str declaration, zh_record_field **out, size_t *n, zh_err *err) ZH_MUST;
/* For each canonical field, in the same order, whether it comes from a field (or child column) that
 * `chosen` says yes to. out has room for as many as zh_evidence_fields gave. */
void zh_evidence_choose(const zh_shape *shape, const zh_record *record,
                        bool (*chosen)(void *user, const zh_field *field), void *user, bool *out);
/* The entry of a version. recorded_at before 1970 is ZH_EINVAL. */
zh_rc zh_evidence_entry(zh_arena *arena, zh_hash_alg alg, const zh_digest *salt,
                        const zh_record_field *fields, size_t n, const zh_record *record,
                        zh_entry_kind kind, uint8_t out[ZH_RECORD_ENTRY_BYTES],
                        zh_err *err) ZH_MUST;

/* The shape as stored in zh_shape: one canonical id a line, tables as items[]:item,value. */
void zh_shape_write(const zh_shape *shape, const zh_register *reg, zh_buf *out);
/* Reads it back against a register. ZH_ENOTFOUND: a field is no longer declared. */
zh_rc zh_shape_read(zh_arena *arena, const zh_register *reg, zh_str text, zh_shape *out,
                    zh_err *err) ZH_MUST;
/* The shape of a declaration version of a register: from the plan or from zh_shape. */
zh_rc zh_shape_of(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_str declaration,
                  zh_shape *out) ZH_MUST;

/* Root recomputed from salts and commitments. sealed as above. ZH_ECORRUPT: malformed. */
zh_rc zh_sealed_root(zh_arena *arena, zh_str sealed, const zh_record_field *fields, size_t n,
                     zh_digest *root, zh_err *err) ZH_MUST;
/* The part of the blob that belongs to the SM3 log: behind the first when the fields were erased
 * while that log was kept, else the first part's salts and commitments taken for SM3. */
zh_str zh_sealed_gm(zh_arena *arena, zh_str sealed, size_t n);
/* What the blob holds for each of n fields: the salt, or the commitment where erased[i] is set. */
zh_rc zh_sealed_read(zh_str sealed, size_t n, zh_digest *digests, bool *erased,
                     zh_err *err) ZH_MUST;
/* The blob after erasing the fields with erased[i] set. From the record salt, or, when it is NULL,
 * from the earlier blob. */
zh_rc zh_sealed_make(zh_arena *arena, zh_hash_alg alg, const zh_digest *salt, zh_str sealed,
                     const zh_record_field *fields, const bool *erased, size_t n, zh_str *out,
                     zh_err *err) ZH_MUST;

/* A stored version with what the history keeps beside it. */
typedef struct zh_stored_version {
    zh_record *record; /* with its child rows */
    zh_str op, declaration, salt, sealed;
    int64_t batch, ord;
} zh_stored_version;
/* ZH_ENOTFOUND: no such version. */
zh_rc zh_version_load(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                      int64_t id, int32_t version, zh_stored_version *out) ZH_MUST;

/* A stored version as the ledger has it: recomputed entry, and what the outbox holds. For verify
 * and proofs. */
typedef struct zh_version_proof {
    uint8_t stored[ZH_RECORD_ENTRY_BYTES];
    uint8_t computed[ZH_RECORD_ENTRY_BYTES];
    int64_t position; /* -1: not yet sequenced */
    bool erased;
} zh_version_proof;
/* ZH_ENOTFOUND: no such version; ZH_ECORRUPT: it cannot be recomputed. */
zh_rc zh_version_prove(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                       int64_t id, int32_t version, zh_version_proof *out) ZH_MUST;

#endif
