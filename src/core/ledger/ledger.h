/* The evidence ledger of a province: the outbox's entries in one signed log
 * (core/ledger/treelog.h).
 *
 * The database says what was accepted, the log in what order. One round of the sequencer: read what
 * waits in the outbox, append it to the WAL of DATA/log (durable: from here the order is fixed),
 * fold it into tiles, give the positions to the outbox in one transaction, sign a checkpoint. After
 * a crash the WAL's tail is given its positions; whatever else does not fit is an incident
 * (ZH_ECORRUPT, rules ledger.*), never repaired by itself.
 *
 * Database and directory know each other by a random id and an epoch: another database beside a
 * log, another log beside a database, a copied directory are refused. Without a data directory (a
 * client of a server's database) nothing is sequenced once the database has a log elsewhere; with
 * PostgreSQL the log stands in the data directory of the one service that signs.
 *
 * Any number of threads and processes may call; one at a time works (flock of DATA/log/lock). */
#ifndef ZH_CORE_LEDGER_LEDGER_H
#define ZH_CORE_LEDGER_LEDGER_H

#include "core/instance/core.h"
#include "core/ledger/treelog.h"
#include <stdatomic.h>

#define ZH_LEDGER_START_ENTRIES 500000 /* recomputed before the first answer; more: beside it */
#define ZH_LEDGER_ROUND_BATCHES 4096u  /* outbox rows of one round */
#define ZH_LEDGER_ROUND_ENTRIES 16384u /* a round ends at the row that reaches this */

typedef struct zh_ledger zh_ledger;

/* Settings of the database that name its log. */
#define ZH_LEDGER_SET_ID    "ledger.id"
#define ZH_LEDGER_SET_EPOCH "ledger.epoch"
#define ZH_LEDGER_SET_ORIGIN                                                                       \
    "ledger.origin" /* name for a log that is made; else zhiheng.local/…                         \
                     */
#define ZH_LEDGER_SET_START "ledger.start_entries" /* instead of ZH_LEDGER_START_ENTRIES */

/* DATA/log, and DATA/log-gm of the second log; NULL without a data directory. */
const char *zh_ledger_dir(const zh_core *core);
const char *zh_ledger_gm_dir(const zh_core *core);
/* Whether this core has opened its log, and so finished what a crash or a power cut left. */
bool zh_ledger_opened(const zh_core *core);

/* One round. *size: entries with a position; *more: others wait. While zh_ledger_checking nothing
 * is sealed and *more is false. ZH_EBUSY: another process is at it; ZH_ECORRUPT: an incident;
 * ZH_EIO: the disk. */
zh_rc zh_ledger_round(zh_core *core, int64_t *size, bool *more, zh_err *err) ZH_MUST;
/* Before serving: creates or recovers the log, proves the last signed checkpoint from the tiles and
 * that both sides end with the same entry; then recomputes its root from all entries of the outbox,
 * and seals what waits. A log of more than ZH_LEDGER_START_ENTRIES entries is not recomputed here:
 * the caller runs zh_ledger_check beside serving, and until it returns ZH_OK this core seals
 * nothing. ZH_ECORRUPT: the checkpoint cannot be reproduced; the message says what that means and
 * what to do. */
zh_rc zh_ledger_start(zh_core *core, zh_err *err) ZH_MUST;
/* Recomputes what zh_ledger_start left, if anything, and lets rounds seal again. ZH_ECORRUPT: as
 * there; sealing stays off. ZH_EBUSY: *stop became true. After other errors it may be run again. */
zh_rc zh_ledger_check(zh_core *core, const atomic_bool *stop, zh_err *err) ZH_MUST;
/* Whether zh_ledger_check has yet to end, and how far it is; both may be NULL. Any thread. */
bool zh_ledger_checking(const zh_core *core, uint64_t *done, uint64_t *all);
/* A new epoch where the log stands now, made anew from the database (see zh_treelog_adopt): of a
 * directory that was moved, restored or copied, or whose tail is lost for good. */
zh_rc zh_ledger_adopt(zh_core *core, zh_err *err) ZH_MUST;

/* The log as a reader sees it. ZH_ENOTFOUND (ledger.none): there is none. */
zh_rc zh_ledger_view(zh_core *core, zh_arena *arena, zh_treelog_view *out, zh_err *err) ZH_MUST;
/* The second log (core/ledger/gm.h). ZH_ENOTFOUND (ledger.gm.none). */
zh_rc zh_ledger_gm_view(zh_core *core, zh_arena *arena, zh_treelog_view *out, zh_err *err) ZH_MUST;
/* Entries that the newest checkpoint covers; 0 when there is none. Cheap: reads two lines. */
int64_t zh_ledger_sealed(const zh_core *core);
/* Waits until the newest checkpoint covers `size` entries, running rounds itself; at most wait_ms.
 * ZH_EBUSY: not within that time. */
zh_rc zh_ledger_wait(zh_core *core, int64_t size, unsigned wait_ms, zh_err *err) ZH_MUST;

/* Called by zh_core_open and zh_core_close. */
zh_ledger *zh_ledger_new(zh_arena *arena, const char *data_dir, bool relaxed);
void zh_ledger_end(zh_ledger *ledger);

#endif
