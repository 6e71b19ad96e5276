/* Undoing an import as a whole, on the day it was made and by who made it.
 *
 * Every record the import created is withdrawn and every record it amended goes back, by one more
 * amending version, to the values it had before: nothing is taken out of the history. Records that
 * somebody has changed since, that others now refer to or that no longer take their former values
 * are left as they are and listed; what the clock wrote on its own does not count as a change.
 *
 * An undo is a job (kind `undo`) of batches that are whole transactions together with its cursor:
 * killed, it goes on where it stopped; ordered again, it is the same job. */
#ifndef ZH_CORE_INTAKE_UNDO_H
#define ZH_CORE_INTAKE_UNDO_H

#include "core/instance/core.h"
#include "core/instance/job.h"

#define ZH_JOB_UNDO         "undo"
#define ZH_JOB_STATE_UNDONE "undone"      /* of the import */
#define ZH_UNDO_LISTED      ((size_t)200) /* records left that are named; all are counted */

typedef struct zh_undo_left {
    int64_t office, id;
    zh_str why;
} zh_undo_left;

typedef struct zh_undo_result {
    int64_t job;
    const zh_register *reg; /* of the import */
    int64_t withdrawn, restored, left;
    const zh_undo_left *list; /* the first ZH_UNDO_LISTED left */
    size_t nlist;
    bool done, already; /* already: done before this call */
} zh_undo_result;

/* Whether ctx may undo it now. ZH_ECONFLICT: undo.kind (no import, or not finished), undo.day (made
 * on another day), undo.nothing (it wrote nothing that is known by job); ZH_EDENIED: undo.actor
 * (made by somebody else), or no right to create. An undo that has begun may always go on. */
zh_rc zh_undo_may(zh_ctx *ctx, const zh_job *import) ZH_MUST;
/* The job that undoes it: new, unfinished or done. The errors of zh_undo_may. */
zh_rc zh_undo_order(zh_ctx *ctx, const zh_job *import, zh_job *out) ZH_MUST;
/* Newest undo of an import; ZH_ENOTFOUND: none was ordered. */
zh_rc zh_undo_find(zh_ctx *ctx, int64_t import, zh_job *out) ZH_MUST;
/* Runs an ordered undo to its end, or until `progress` (may be NULL) says false: ZH_ECANCEL, it can
 * go on another time. ZH_EBUSY: another process is at it. */
zh_rc zh_undo_run(zh_ctx *ctx, zh_job *job, bool (*progress)(void *user, int64_t done, int64_t all),
                  void *user, zh_undo_result *out) ZH_MUST;
/* What the job's result text says; zero when it says nothing yet. */
void zh_undo_read(zh_ctx *ctx, const zh_job *job, zh_undo_result *out);

#endif
