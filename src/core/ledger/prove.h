/* Proofs of stored versions for outsiders: the entry, the fields that are shown, its place in the
 * signed log. Files as in proof/disclosure.h and proof/tlog_proof.h. */
#ifndef ZH_CORE_LEDGER_PROVE_H
#define ZH_CORE_LEDGER_PROVE_H

#include "core/ledger/ledger.h"
#include "proof/disclosure.h"

/* Which fields are shown: canonical names (place, items[0].value, _version), or a name that stands
 * for all rows and columns of a table, or "*" for everything that has not been erased and is not
 * personal; "**" for personal fields too. */
typedef struct zh_prove_fields {
    const zh_str *names;
    size_t n;
    bool gm; /* in the second log, by SM3 (core/ledger/gm.h): its entry, salts and proof */
} zh_prove_fields;

typedef struct zh_proved {
    const zh_register *reg;
    int64_t office, id;
    int32_t version;
    int64_t position;        /* -1: accepted, not yet sequenced */
    zh_disclosure_file file; /* proof filled in when it is sealed */
    zh_digest leaf;          /* leaf hash in the log */
} zh_proved;

/* A version by record, or by its position in the log. Everything lives in ctx->arena. The
 * tlog-proof is left out (file.proof.p == NULL) when the log does not cover it or there is none
 * here. ZH_ENOTFOUND: no such version, no such position, no such field (prove.field), no
 * second log (ledger.gm.none); ZH_EDENIED
 * (prove.erased): the field was erased; ZH_ECORRUPT: it cannot be recomputed. */
zh_rc zh_prove_version(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                       int64_t id, int32_t version, zh_prove_fields show, zh_proved *out) ZH_MUST;
zh_rc zh_prove_position(zh_ctx *ctx, zh_conn *conn, int64_t position, zh_prove_fields show,
                        zh_proved *out) ZH_MUST;
/* Register, record and version that stand at a position. ZH_ENOTFOUND (prove.position). */
zh_rc zh_prove_find(zh_ctx *ctx, zh_conn *conn, int64_t position, zh_proved *out) ZH_MUST;

#endif
