/* One step for many records: each is taken for itself, with an outcome of its own, and all that was
 * done can be taken back together for a while.
 *
 * zh_bulk: office, id, register, transition, actor, at, undone_at
 * zh_bulk_item: office, bulk, ord, record_office, record, version (that it led to, 0 none), undone
 *   (1 yes, 0 not), said (why not)
 * Thread-safe; nothing of it is open while a record is written. */
#ifndef ZH_CORE_RECORD_BULK_H
#define ZH_CORE_RECORD_BULK_H

#include "core/record/record.h"

#define ZH_BULK_MAX     ((size_t)100)
#define ZH_BULK_UNDO_US INT64_C(600000000) /* how long it can be taken back */

typedef struct zh_bulk_item {
    int64_t office, record;
    int32_t version; /* asked: on which it was chosen; done: that it led to, 0 when refused */
    bool undone;
    zh_str said; /* why it was refused, or why it was left when the rest was taken back */
} zh_bulk_item;

typedef struct zh_bulk {
    int64_t office, id;
    zh_str reg, transition, actor;
    zh_time at, undone_at; /* 0: stands */
    zh_bulk_item *items;
    size_t n;
} zh_bulk;

/* Whether a step can be one for many: nothing is asked but a reason, it concerns one person, and it
 * leaves nothing in other registers, so that it can be taken back. */
bool zh_bulk_fits(const zh_transition *transition);
/* Takes the step of `op` (register, transition, reasons) for each item and keeps the outcomes.
 * ZH_EINVAL bulk.step: zh_bulk_fits is false; ZH_ELIMIT: more than ZH_BULK_MAX. */
zh_rc zh_bulk_take(zh_ctx *ctx, const zh_op *op, zh_bulk_item *items, size_t n,
                   int64_t *id) ZH_MUST;
/* One's own only; ZH_ENOTFOUND. */
zh_rc zh_bulk_get(zh_ctx *ctx, zh_conn *conn, int64_t id, zh_bulk *out) ZH_MUST;
/* Takes back what was done; records that have changed since are left and say so. ZH_ECONFLICT
 * bulk.undone, ZH_EINVAL bulk.late: after ZH_BULK_UNDO_US. */
zh_rc zh_bulk_undo(zh_ctx *ctx, zh_bulk *bulk) ZH_MUST;

#endif
