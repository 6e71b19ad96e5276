/* The one door: every write to a register, from form, import, API, stream, engine or job.
 *
 * A write is prepared (validated, canonicalised, salted, hashed, its cell changes computed) off the
 * writer, then applied inside one transaction that holds record, version, child rows, grams, cells,
 * outbox entry, due events, clocks and numbers together. */
#ifndef ZH_CORE_RECORD_RECORD_H
#define ZH_CORE_RECORD_RECORD_H

#include "core/instance/core.h"
#include "core/ledger/sequence.h"

typedef enum zh_op_kind {
    ZH_OP_CREATE,
    ZH_OP_AMEND,
    ZH_OP_TRANSITION,
    ZH_OP_ERASE,
    ZH_OP_WITHDRAW, /* a last version that says nothing; the record is no longer current */
    ZH_OP_UNDO,     /* takes back a transition: the version before it, written again */
} zh_op_kind;

typedef enum zh_vote { ZH_VOTE_NONE, ZH_VOTE_FOR, ZH_VOTE_AGAINST } zh_vote;

/* One field given by the writer. For a TABLE field `rows` replaces all child rows (row ids of rows
 * that stay are kept). For ERASE only field counts; no changes = all personal fields. */
typedef struct zh_change {
    const zh_field *field;
    zh_value value;
    const zh_rows *rows;
} zh_change;

typedef struct zh_op {
    zh_op_kind kind;
    const zh_register *reg;
    int64_t office, id;       /* of the record; create: 0 */
    int32_t version_expected; /* amend, transition, erase: ZH_ECONFLICT when not current; 0 = any */
    const zh_transition *transition;
    const zh_change *changes;
    size_t nchanges;
    zh_str reason;          /* amend, erase and withdraw need one */
    zh_str reason_code;     /* of transition->reasons */
    zh_str justification;   /* answers findings of severity JUSTIFY */
    zh_str second_actor;    /* two-person transitions */
    int64_t handler_office; /* reassign: who handles it from now on; 0 = as declared */
    zh_vote vote;           /* of a transition that is voted on */
    zh_str to_state;        /* return to any state that was passed: which */
    zh_str proved;          /* how the actor has just proved who they are: the step is signed so */
    zh_time at;             /* recorded_at; 0 = now. Only the clock and imports of history set it */
    bool rehearsal; /* never applied, only to see what would be: takes no number, makes no paper */
} zh_op;

/* A rule that spoke. REJECT refuses the write; JUSTIFY refuses it unless a justification is given;
 * HINT is only reported. field: declared id, items[3].value for child rows. */
typedef struct zh_finding {
    zh_severity severity;
    zh_str rule, message, clause, field, fix;
} zh_finding;

typedef struct zh_findings {
    ZH_VEC(zh_finding) list;
    bool rejected; /* a REJECT, a missing required field, a value that does not fit */
    bool doubtful; /* a JUSTIFY without justification */
} zh_findings;

/* Makes the PDF of a document from its parts; in the data directory, *path in ctx->arena, the
 * caller removes it. Set once, before anything is written; NULL: files are not made. */
typedef struct zh_paper {
    zh_str office, title, to, number, date;
    zh_str link; /* of the record, below the server's address */
    const struct zh_paper_block {
        zh_str text;
        const zh_str *heads, *cells; /* of a table: ncolumns, nrows × ncolumns */
        size_t ncolumns, nrows;
    } * blocks;
    size_t nblocks;
    zh_time at;
} zh_paper;
typedef zh_rc (*zh_paper_maker)(zh_ctx *ctx, const zh_paper *paper, const char **path);
void zh_core_papers(zh_core *core, zh_paper_maker maker);

typedef struct zh_prepared zh_prepared;

/* Validates and prepares one write. conn: for reads (rules that look at other records, the record
 * being changed); NULL acquires one. Not while this thread holds the writer, when the register has
 * numbers. Everything lives in ctx->arena. ZH_EINVAL: refused, all
 * reasons in findings, the first also in ctx->err; ZH_ENOTFOUND: no such record; ZH_ECONFLICT:
 * stale. */
zh_rc zh_record_prepare(zh_ctx *ctx, zh_conn *conn, const zh_op *op, zh_findings *findings,
                        zh_prepared **out) ZH_MUST;
/* What a prepared write would store, for previews and effects. Borrowed. */
const zh_record *zh_prepared_record(const zh_prepared *prepared);

/* Applies prepared writes inside the open transaction of conn: at most ZH_APPLY_MAX, of any
 * registers, all of ctx->office's home or, for changes, their own. All or none: on an error the
 * caller rolls back. ZH_ECONFLICT: a version or unique key moved since it was prepared (index in
 * *culprit when not NULL); ZH_EBUSY: run again. */
#define ZH_APPLY_MAX 4096
zh_rc zh_record_apply_batch(zh_ctx *ctx, zh_conn *conn, zh_prepared *const *prepared, size_t n,
                            size_t *culprit) ZH_MUST;

/* Prepares and applies one write with the transitions that became automatic, retried on ZH_EBUSY.
 * Writes of several threads share transactions (group commit), none waits for another to come. */
zh_rc zh_record_apply(zh_ctx *ctx, const zh_op *op, zh_findings *findings, zh_applied *out) ZH_MUST;
/* The same, and where the entry of out->version stands in the outbox: for its receipt. */
zh_rc zh_record_apply_placed(zh_ctx *ctx, const zh_op *op, zh_findings *findings, zh_applied *out,
                             zh_place *place) ZH_MUST;

/* Several writes of several people that came at the same time: each was prepared by its own
 * zh_record_prepare in its own ctx (rc and err say how that went; others are left alone), all are
 * committed together with what other threads bring, each gets its own outcome as by
 * zh_record_apply. Creations only: a version that has moved on meanwhile is ZH_ECONFLICT. Not while
 * this thread holds the writer. */
#define ZH_SUBMISSIONS_MAX 64
typedef struct zh_submission {
    zh_ctx *ctx;
    zh_prepared *prepared;
    zh_rc rc;
    zh_err err;
    zh_applied applied;
    zh_place place;
} zh_submission;
void zh_record_submit(zh_core *core, zh_submission *list, size_t n);

/* Due events: writes, as actor `clock` and at their own instants, every due event up to `until`.
 * *done = events written. A stale event (its cause is gone) is dropped. */
zh_rc zh_due_run(zh_core *core, zh_time until, size_t *done, zh_err *err) ZH_MUST;

/* Files by digest, outside the row: stored under files/ab/cd…, SHA-256. bytes are read from a path.
 * Returns the digest text "sha256:<hex>". */
#define ZH_FILE_BYTES_MAX ((uint64_t)1 << 30)
zh_rc zh_file_store(zh_ctx *ctx, const char *path, zh_str name, zh_str *digest) ZH_MUST;
zh_rc zh_file_path(zh_ctx *ctx, zh_str digest, zh_str *path) ZH_MUST;

#endif
