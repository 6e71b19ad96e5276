/* Group commit of single writes. Private to src/core. */
#ifndef ZH_CORE_RECORD_COMMITS_H
#define ZH_CORE_RECORD_COMMITS_H

#include "core/instance/core_private.h"
#include "core/record/write_private.h"

#define ZH_COMMITS_MAX 256u /* single writes that share a transaction */

/* Single writes that wait for the transaction they will share, in the order they came. */
typedef struct zh_commits {
    pthread_mutex_t lock;
    struct zh_commits_item *first, *last;
    bool led; /* one of the writers applies, or has been told to */
} zh_commits;
zh_commits *zh_commits_new(zh_arena *arena);
void zh_commits_end(zh_commits *commits);

/* Applies one prepared write and what follows it by itself, in a transaction that it may share with
 * up to ZH_COMMITS_MAX writes that other threads brought; durable when it returns. The outcome is
 * its own, as if it had been alone: ZH_ECONFLICT of zh_record_apply_batch, errors of the
 * transitions that follow; ZH_EBUSY and ZH_EIO concern all. Not while this thread holds the writer.
 */
zh_rc zh_commits_write(zh_ctx *ctx, zh_prepared *prepared, zh_applied *out, zh_err *err) ZH_MUST;
/* The same of something that is no record: `work` runs in the thread that applies the group, after
 * its writes, again when the group is applied again; what it touches is its caller's, who waits. */
zh_rc zh_commits_work(zh_ctx *ctx, zh_work work, void *user, zh_err *err) ZH_MUST;

#endif
