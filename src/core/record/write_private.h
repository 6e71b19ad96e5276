/* A write between preparation and the transaction; shared by the files of the write path. */
#ifndef ZH_CORE_RECORD_WRITE_PRIVATE_H
#define ZH_CORE_RECORD_WRITE_PRIVATE_H

#include "core/clock/clock.h"
#include "core/cube/cube.h"
#include "core/instance/core_private.h"
#include "core/ledger/evidence.h"
#include "core/record/notice_event.h"
#include "core/record/record.h"

/* A due event that the record now has. */
typedef struct zh_due_row {
    const char *kind; /* ZH_DUE_CLOCK, ZH_DUE_FIELD, ZH_DUE_WARN */
    zh_str name;      /* clock id, due rule id, clock/n */
    zh_time at;
    bool fired; /* written for this instant already: kept so that it is not written again */
} zh_due_row;
#define ZH_DUE_CLOCK "clock"
#define ZH_DUE_FIELD "field"
#define ZH_DUE_WARN  "warn" /* name: clock id, "/", which warning: a notice, not a version */

typedef struct zh_child_rows {
    bool changed;         /* current rows are to be replaced */
    zh_sql_value *values; /* n × child->history.n */
    size_t n;
} zh_child_rows;

typedef struct zh_sealing { /* one version from which fields are erased */
    int32_t version;
    zh_str blob;
} zh_sealing;

typedef struct zh_erasure {
    const zh_sealing *versions;
    size_t n;
    const zh_field *const *fields; /* record fields and child columns; a TABLE stands for all its */
    size_t nfields;
    const zh_str *files; /* digests that the record no longer uses */
    size_t nfiles;
} zh_erasure;

struct zh_prepared {
    zh_op_kind kind;
    const zh_plan *plan;
    zh_record *record;
    const zh_record *old;    /* NULL: created */
    int64_t old_batch;       /* of the version it supersedes */
    zh_sql_value *row;       /* plan->history.n; batch and ord are filled in when applied */
    zh_child_rows *children; /* plan->nchildren */
    zh_deltas *deltas;
    const zh_str *grams_in, *grams_out;
    size_t ngrams_in, ngrams_out;
    zh_clock_state *clocks_before, *clocks; /* reg->nclocks */
    const zh_due_row *dues;
    size_t ndues;
    zh_notice_of notice;
    zh_notice_of ballot; /* told to those who may now vote */
    const zh_str *files; /* digests used */
    size_t nfiles;
    const zh_erasure *erasure;
    uint8_t entry[ZH_RECORD_ENTRY_BYTES];
    uint8_t entry_gm[ZH_RECORD_ENTRY_BYTES]; /* when the second log is kept */
    bool has_gm;
    zh_prepared **more; /* records that this write makes or moves, applied with it */
    size_t nmore;
};

/* One preparation. */
typedef struct zh_write {
    zh_ctx *ctx;    /* sees everything: what is read does not depend on the writer */
    zh_ctx *writer; /* whose rights count */
    zh_conn *conn;
    const zh_op *op;
    zh_findings *findings;
    zh_prepared *p;
    const zh_plan *plan;
    const zh_register *reg;
    zh_record *record;
    const zh_record *old;
    const zh_due_rule *fired;
    const zh_clock *breached; /* this version is the clock's due event */
    bool by_time;             /* written by actor clock: nobody can be asked for a correction */
    bool inside;              /* conn is the writer: what it sees may still be rolled back */
    bool warned_calendar;
    int16_t lands;   /* state that the step leads to; -1: stays */
    int64_t handler; /* of a step that hands the record on */
    bool asked;      /* only asked for: a second person has yet to confirm */
    bool waits; /* a vote that is not decided by this version, or is lost: nothing else follows */
    zh_env stored; /* evaluation over stored data */
    zh_env env;    /* the same, and what this very version does to clocks and states */
} zh_write;

/* As zh_record_prepare. breached: the clock whose due event is being written, or NULL. Of a due
 * event rules and required fields are not asked. */
typedef struct zh_write_mode {
    const zh_clock *breached;
    const zh_due_rule *fired; /* the due rule whose event is being written, or NULL */
    bool by_time;             /* a due event */
    bool inside;              /* conn is the writer, in a transaction */
} zh_write_mode;
zh_rc zh_write_prepare(zh_ctx *ctx, zh_conn *conn, const zh_op *op, zh_write_mode mode,
                       zh_findings *findings, zh_prepared **out) ZH_MUST;
/* Prepares and applies one write in a transaction of its own; on a newer version it is prepared
 * again unless the writer named one. place may be NULL. */
zh_rc zh_write_once(zh_ctx *ctx, const zh_op *op, zh_write_mode mode, zh_findings *findings,
                    zh_applied *out, zh_place *place) ZH_MUST;
/* Where the entry of a version just written stands; not of one that followed by itself. */
zh_place zh_write_place(const zh_prepared *prepared, const zh_applied *at);
/* Whether the transition may be taken in the state. */
bool zh_leaves_from(const zh_transition *transition, int16_t state);
/* The automatic transitions that follow a write just applied, in the open transaction; raises
 * out->version. */
zh_rc zh_write_follow(zh_ctx *ctx, zh_conn *conn, const zh_prepared *prepared,
                      zh_applied *out) ZH_MUST;

/* check.c: findings about the new record. ZH_OK also when it is refused (findings->rejected). */
zh_rc zh_check_record(zh_write *w) ZH_MUST;
/* Evaluates a program over the new record, of a child row when rows is not NULL. */
zh_rc zh_write_eval(zh_write *w, const zh_program *program, const zh_rows *rows, size_t row,
                    zh_value *out) ZH_MUST;
void zh_write_find(zh_write *w, zh_severity severity, zh_str rule, zh_str field, zh_str clause,
                   zh_str fix, const char *format, ...) ZH_PRINTF(7, 8);
/* items[3].value, or the field's own id. */
zh_str zh_write_where(zh_write *w, const zh_field *field, size_t row);
/* Whether the writer may refer to a record that a given value names: the keys of its register are
 * public, or it lies in the writer's sight. ZH_ENOTFOUND: neither, or it does not exist. by_key: it
 * was found by its business key, which must not be masked for the writer. */
zh_rc zh_write_refer(zh_write *w, const zh_field *field, bool by_key,
                     const zh_value *value) ZH_MUST;
/* Notes that a committed record was seen: a reference to it needs no further look until it is
 * withdrawn. Thread-safe. */
void zh_ref_known(zh_core *core, const zh_register *target, int64_t office, int64_t id);
void zh_ref_forget(zh_core *core, const zh_register *target, int64_t office, int64_t id);
/* The finding that there is no record at that place. */
void zh_write_find_ref(zh_write *w, const zh_field *field, size_t row, const zh_value *value);
/* Brings a value into the form it is stored and hashed in: NFC, declared digits, unit. */
zh_rc zh_write_normalise(zh_write *w, const zh_field *field, zh_value *value) ZH_MUST;

/* conflict.c: the first write of a batch, in the order given, that the committed state or an
 * earlier one of them forbids: a newer version (*stale) or a unique key that is taken.
 * ZH_ENOTFOUND: none, any more. Takes a reader and works in ctx->arena. */
zh_rc zh_conflict_find(zh_ctx *ctx, zh_prepared *const *writes, size_t n, size_t *at,
                       bool *stale) ZH_MUST;

/* follow.c: what follows from a write in other registers. */
zh_rc zh_follow_prepare(zh_write *w) ZH_MUST;
/* paper.c: the document of a step. */
zh_rc zh_paper_prepare(zh_write *w) ZH_MUST;
/* step of the write: limits, votes, withdrawals, returns. */
zh_rc zh_follow_check(zh_write *w) ZH_MUST;

/* As zh_file_store; writer: NULL, or the writer in an open transaction. */
zh_rc zh_file_store_in(zh_ctx *ctx, zh_conn *writer, const char *path, zh_str name,
                       zh_str *digest) ZH_MUST;

/* seal.c: canonical fields, entry, SQL values, grams, files. */
zh_rc zh_seal_record(zh_write *w, zh_entry_kind kind) ZH_MUST;
/* SQL columns of a value; as zh_value_columns with bounds written as "<0.05". */
size_t zh_stored_value(zh_arena *arena, const zh_field *field, const zh_value *value,
                       zh_sql_value out[3]);

/* erase.c: what erasing the fields means for every stored version. */
zh_rc zh_erase_prepare(zh_write *w) ZH_MUST;
zh_rc zh_erase_apply(zh_conn *conn, const zh_prepared *p, zh_err *err) ZH_MUST;

/* What is told about the version, if anything. */
void zh_notice_prepare(zh_write *w);

/* due.c: due events of the new record. */
zh_rc zh_due_rows(zh_write *w) ZH_MUST;

/* file.c: removes files that an erasure left without use, after its commit. */
void zh_file_sweep(zh_core *core);

#endif
