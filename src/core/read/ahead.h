/* Records that stand ahead of the one being prepared: earlier rows of the same import, which are
 * stored before it. References find them by business key, expressions follow them by id. */
#ifndef ZH_CORE_READ_AHEAD_H
#define ZH_CORE_READ_AHEAD_H

#include "base/vec.h"
#include "core/instance/core.h"

#define ZH_AHEAD_BYTES ((size_t)512 << 20) /* copies of records that a 预检 keeps at most */

typedef struct zh_ahead {
    const zh_register *reg; /* all are of this register */
    zh_map by_key;          /* canonical business key -> zh_record */
    zh_map by_id;           /* office and id -> zh_record */
} zh_ahead;

/* Free with zh_ahead_clear, after which it is empty. Used by one thread at a time. */
void zh_ahead_init(zh_ahead *ahead, const zh_register *reg);
void zh_ahead_clear(zh_ahead *ahead);
/* Keeps a copy in the arena, which must outlive it; the newest version of a record replaces what
 * was kept of it. ZH_ELIMIT: the arena is full. */
zh_rc zh_ahead_put(zh_ahead *ahead, zh_arena *arena, const zh_record *record, zh_err *err) ZH_MUST;
/* NULL when there is none, also when `ahead` is NULL or of another register. Borrowed. */
const zh_record *zh_ahead_by_id(const zh_ahead *ahead, const zh_register *reg, int64_t office,
                                int64_t id);
/* key: a value of the only business key field. NULL as above. */
const zh_record *zh_ahead_by_key(const zh_ahead *ahead, zh_arena *scratch, const zh_value *key);

#endif
