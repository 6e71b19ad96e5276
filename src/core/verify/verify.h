/* Recounting everything that is kept beside the versions, and proving the versions. */
#ifndef ZH_CORE_VERIFY_VERIFY_H
#define ZH_CORE_VERIFY_VERIFY_H

#include "core/instance/core.h"

#define ZH_VERIFY_CLOCK_US                                                                         \
    (INT64_C(5) * 60 * 1000000)   /* a batch older than one before it: a notice */
#define ZH_VERIFY_LINES_MAX 20000 /* lines written; further differences are only counted */

typedef struct zh_verify_report {
    int64_t registers, records, versions, cells, entries, differences;
    int64_t notices;  /* lines that are no difference: the clock went back */
    int64_t sealed;   /* entries of the signed log that were checked */
    int64_t readings; /* of personal data, whose chain was worked out again */
} zh_verify_report;

typedef void (*zh_verify_progress)(void *user, const char *what, int64_t done, int64_t total);

/* In one snapshot, streaming, in memory that does not grow with the data but for 40 bytes a batch:
 * - versions are dense from 1, the newest equals the current row and its child rows, stored numbers
 *   equal their text, states follow from the operations, batches exist, positions grow with
 *   versions;
 * - every version's ledger entry is worked out again from its fields, salts and commitments and
 *   equals the one in the outbox, and no entry is without a version;
 * - positions are dense from 0, in the order of batches, and `until` is the latest time so far;
 * - cells, counters, roll-ups and grams equal a recount, both ways; the cell changes in the outbox
 *   add up to the cells (of registers whose cubes have not changed since). While cells are wrong,
 *   the roll-ups and changes of their register are not looked at;
 * - clocks equal their newest history;
 * - published figures: their entries follow from their fields, their lists have the roots told;
 * - the signed log, when the data directory has one: its entries equal the outbox's position by
 *   position, tiles, roots and every checkpoint ever signed follow from them, the newest is not an
 *   older one, and it belongs to this database;
 * - the chain of readings of personal data follows from its rows, agrees with the records noted
 *   beside them and with the ends that the ledger anchors.
 * A clock that went back by more than ZH_VERIFY_CLOCK_US between two positions is a notice.
 * Every difference is appended to lines, naming the record, cell or batch, and counted. ZH_OK also
 * when there are differences. progress may be NULL. Reads as if ctx had no row scope. */
zh_rc zh_verify(zh_ctx *ctx, zh_buf *lines, zh_verify_report *report, zh_verify_progress progress,
                void *user) ZH_MUST;

#endif
