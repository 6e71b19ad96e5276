/* Jobs: long work as rows of zh_job, taken by one worker at a time under a lease, with progress,
 * cancel and resume. What a job has done is recorded in the same transaction as the work itself. */
#ifndef ZH_CORE_INSTANCE_JOB_H
#define ZH_CORE_INSTANCE_JOB_H

#include "core/instance/core.h"

#define ZH_JOB_LEASE_US ((zh_time)30 * 1000000)

typedef struct zh_job {
    int64_t office; /* of whoever ordered it: what it writes is at home there */
    int64_t id;     /* alone says which it is */
    zh_str kind;    /* import, fold, verify … */
    zh_str args;    /* JSON: what defines the job; equal args are the same job */
    zh_str state;   /* queued running done failed cancelled; of an import also undone */
    zh_str result;  /* JSON; while it runs, what a resumed run needs to go on counting */
    zh_str owner;   /* process that holds the lease */
    zh_str actor;   /* who ordered it */
    int64_t progress, total, cursor;
    bool cancel;
    zh_time lease_until, created_at, updated_at;
} zh_job;

/* Finds the newest job of this kind and args that is queued, running or (any_state) finished, else
 * makes one. Texts live in ctx->arena. */
zh_rc zh_job_open(zh_ctx *ctx, zh_str kind, zh_str args, bool any_state, zh_job *out) ZH_MUST;
/* Takes the lease; that of a process of this machine that is gone at once. ZH_EBUSY: another worker
 * holds it; ZH_ECANCEL: it was cancelled. */
zh_rc zh_job_take(zh_ctx *ctx, zh_job *job) ZH_MUST;
/* Inside the transaction that did the work: cursor, progress, heartbeat, lease. ZH_ECANCEL when
 * somebody asked to cancel, ZH_EBUSY when the lease was lost: roll back. */
zh_rc zh_job_advance(zh_ctx *ctx, zh_conn *conn, zh_job *job, int64_t cursor, int64_t progress,
                     int64_t total, zh_str partial) ZH_MUST;
/* state: done, failed or cancelled. */
zh_rc zh_job_finish(zh_ctx *ctx, zh_job *job, const char *state, zh_str result) ZH_MUST;
/* Asks a job to stop; it does so at its next step. ZH_ENOTFOUND. */
zh_rc zh_job_cancel(zh_ctx *ctx, int64_t id) ZH_MUST;
zh_rc zh_job_get(zh_ctx *ctx, int64_t id, zh_job *out) ZH_MUST;
/* Whether a worker may take it: queued, or its lease is over, or its process is gone. */
bool zh_job_free(zh_ctx *ctx, const zh_job *job);
/* Queued and running ones, oldest first, at most limit. */
zh_rc zh_job_unfinished(zh_ctx *ctx, size_t limit, zh_job **out, size_t *n) ZH_MUST;
/* Newest first, at most limit. */
zh_rc zh_job_list(zh_ctx *ctx, size_t limit, zh_job **out, size_t *n) ZH_MUST;

#endif
