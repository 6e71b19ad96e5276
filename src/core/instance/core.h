/* The opened province: store, model snapshot, this node's ids, and the context in which everything
 * is read and written.
 *
 * Physical layout (identical on both databases; every key begins with office, which is 0 for what
 * belongs to the whole installation; instants are µs UTC, dates are days):
 *
 * - r_<reg>: current rows: office, id, version, state (its id), handler_office, created_at,
 *   recorded_at, declaration, actor, the field columns, d_<derived dimension>; key (office, id)
 * - r_<reg>_h: every version: the same columns, and op, transition, batch, ord, reason,
 *   reason_code, justification, second_actor, salt (32 bytes; NULL after erasure), sealed (what an
 *   erasure left, see evidence.h); key (office, id, version)
 * - r_<reg>__<table>: child rows: office, parent, ord, row_id, the columns; …_h has the complete
 *   rows of every version, and version
 * - r_<reg>_g: two-character grams: office, gram, id
 * - q_<reg>_<cube>: cells: office, dims, measures; …_k counters per cell and key
 * - u_<reg>_<cube>: roll-ups folded from cells (rebuildable); …_k likewise
 * - zh_outbox: one row per transaction, home office and register: office, batch, register, n, at,
 *   job (whose work it is, NULL none), pos, until, entries (n × 56 bytes zhl1), entries_gm (the
 * same by SM3 when the second log is kept), deltas (cell changes, for the folder); key (office,
 * batch). until = the latest `at` up to this position
 * - zh_clock, zh_clock_h: clocks of records: office, register, record, clock, started_at, due_at,
 *   ended_at, suspended_at, breached (0, 1), passed, extended, spans (see clock.h); _h has a
 * version and every change
 * - zh_due: office, register, record, kind (clock, field), name, due_at, fired_at, error
 * - zh_counter: office, name, next: numbers
 * - zh_figure, zh_figure_list: published figures with the fields and salt of their entries, and
 *   their lists of records by root (core/figure/publish.h); their outbox rows have the register
 * "_figure"
 * - zh_pending: steps of two persons that wait for the second (pending.h)
 * - zh_account, zh_session, zh_key, zh_oidc: who may come in (identity.h, account.h, apikey.h)
 * - zh_reading, zh_reading_of: readings of personal data and the records they showed (reading.h)
 * - zh_notice, zh_inbox, zh_mute, zh_channel, zh_hook, zh_delivery: what persons are told
 *   (notice.h, delivery.h)
 * - zh_bulk, zh_bulk_item: steps for many records and their outcomes (bulk.h)
 * - zh_file, zh_file_use: files by digest, and which records use them
 * - zh_setting, zh_model, zh_model_file, zh_shape: settings; adopted models and their sources; the
 *   canonical fields of every declaration version
 *
 * Position: the log index of a version is outbox.pos + ord. pos is NULL until the sequencer, after
 * commit, gives it; only then as_of sees the version. A log size S means the entries 0 … S-1.
 */
#ifndef ZH_CORE_INSTANCE_CORE_H
#define ZH_CORE_INSTANCE_CORE_H

#include "model/model.h"
#include "store/store.h"

typedef struct zh_core zh_core;

/* The current model, retained: release it. */
zh_model *zh_core_model(zh_core *core);
zh_store *zh_core_store(zh_core *core);
const char *zh_core_data_dir(const zh_core *core); /* NULL when db_url only */
int64_t zh_core_office(const zh_core *core);

/* A new id: 41 bits of milliseconds since 2020-01-01Z, 10 of node, 12 of counter; strictly greater
 * than every id made before by this process and than `after` (a superseded batch, 0 none). A clock
 * that steps back makes it wait or continue from the last millisecond. Thread-safe. */
int64_t zh_core_id(zh_core *core, int64_t after);

/* The declared address under which others reach this installation, https://host[:port] without a
 * slash at the end: what links and QR codes on paper lead to. */
#define ZH_SET_PUBLIC "public.address"

/* Settings of the installation: text by name. ZH_ENOTFOUND: never set. */
zh_rc zh_setting_get(zh_conn *conn, zh_arena *arena, const char *name, zh_str *out,
                     zh_err *err) ZH_MUST;
zh_rc zh_setting_set(zh_conn *conn, const char *name, zh_str value, zh_err *err) ZH_MUST;
/* The same in a transaction of its own. */
zh_rc zh_core_set(zh_core *core, const char *name, zh_str value, zh_err *err) ZH_MUST;

/* Waits until something was written through this core since the last call, at most ms. For whoever
 * sequences: other processes' writes are seen by looking. */
void zh_core_await_write(zh_core *core, unsigned ms);

/* Who reads or writes, and what for. There is no read or write without one. */
typedef struct zh_ctx {
    zh_core *core;
    struct zh_snapshot *snapshot; /* what model belongs to; private to core */
    zh_model *model;              /* snapshot for this request */
    zh_arena *arena;
    zh_err *err;
    zh_str actor; /* "operator" (local), "clock", later a user id */
    zh_str role;
    zh_str purpose;
    bool stated;    /* the reader said what for; otherwise purpose is only what is usual */
    int64_t office; /* the actor's office: home of what it creates */
    const struct zh_post *post;   /* in which the reader acts; NULL = the local operator */
    const zh_program *rows;       /* further row scope of the register being read; NULL = all */
    bool aggregating;             /* rows are only counted in full k's: core/cube/suppress.h */
    int64_t job;                  /* whose work the writes are; 0 = none */
    bool counting;                /* records are only counted: masks do not apply to what is read */
    const struct zh_ahead *ahead; /* earlier rows of the import being prepared; NULL = none */
    const struct zh_deltas *overlay; /* added to what cubes answer: changes not written; or NULL */
} zh_ctx;

/* The local operator's context: all rows, role "operator". Release with zh_ctx_end. A copy with
 * another arena, err, actor, role or scope is valid until then. */
zh_ctx zh_ctx_local(zh_core *core, zh_arena *arena, zh_err *err);
void zh_ctx_end(zh_ctx *ctx);

#endif
