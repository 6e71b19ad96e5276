/* Positions in the log: the sequencer, with and without a log directory, the size of the log, and
 * the outbox rows that have or wait for a position. */
#ifndef ZH_CORE_LEDGER_SEQUENCE_H
#define ZH_CORE_LEDGER_SEQUENCE_H

#include "core/instance/core.h"
#include "core/ledger/wal.h"

/* The version that a write made, and where its entry stands in the outbox. */
typedef struct zh_applied {
    int64_t office, id;
    int32_t version;
} zh_applied;
typedef struct zh_place {
    int64_t batch, ord; /* batch 0: not known */
} zh_place;

/* Sequencer: gives positions to committed batches, in an order that respects each record's
 * versions. Returns the log size after it. Safe to run in several processes (one wins). */
zh_rc zh_sequence(zh_core *core, int64_t *size, zh_err *err) ZH_MUST;
/* The current log size, and the size at an instant (entries of batches committed up to it). */
zh_rc zh_log_size(zh_conn *conn, int64_t *size, zh_err *err) ZH_MUST;
zh_rc zh_log_size_at(zh_conn *conn, zh_time at, int64_t *size, zh_err *err) ZH_MUST;
/* The newest batch that has no position yet; 0 when all have one. Together with the log size it
 * tells whether anything was written since. */
zh_rc zh_log_waiting(zh_conn *conn, int64_t *batch, zh_err *err) ZH_MUST;
/* When the newest entry of a log of that size was written; 0 when it has none. */
zh_rc zh_log_time(zh_conn *conn, int64_t size, zh_time *out, zh_err *err) ZH_MUST;

/* ---- rows of the outbox, for the rounds of the sequencer --------------------------------------
 */

/* Rows without position in the order they get one: by batch number, as many as max_rows or until
 * max_entries is reached. pos and until (never falling) are filled in from `size` and `until`.
 * entries live in the arena; with_entries false leaves them NULL. */
typedef struct zh_outbox_page {
    size_t max_rows, max_entries;
    bool with_entries;
    uint64_t size;
    int64_t until;
    zh_wal_batch *gm; /* the same with the entries of the second log; NULL: not wanted */
    bool *gm_missing; /* a row has none of them */
} zh_outbox_page;
zh_rc zh_outbox_waiting(zh_conn *conn, zh_arena *arena, const zh_outbox_page *page,
                        zh_wal_batch *list, size_t *n, zh_err *err) ZH_MUST;
/* Log size and latest `until`. */
zh_rc zh_outbox_size(zh_conn *conn, int64_t *size, int64_t *until, zh_err *err) ZH_MUST;
/* In the open transaction: gives the batches their positions, which follow the log size.
 * ZH_ECONFLICT (ledger.moved): they do not, or a row is not there or has a position already. */
zh_rc zh_outbox_place(zh_conn *conn, const zh_wal_batch *list, size_t n, zh_err *err) ZH_MUST;
/* Batches with a position >= from, in order, into the arena, with the entries of the first or the
 * second log; at most max_rows. */
zh_rc zh_outbox_placed(zh_conn *conn, zh_arena *arena, int64_t from, bool gm, size_t max_rows,
                       zh_wal_batch *list, size_t *n, zh_err *err) ZH_MUST;

#endif
