/* Positions of outbox rows. Private to src/core: the sequencer with and without a log. */
#ifndef ZH_CORE_OUTBOX_H
#define ZH_CORE_OUTBOX_H

#include "core/wal.h"
#include "store/store.h"

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
