/* A check or a commit as its page sees it, shared by the page and its table of problems. */
#ifndef ZH_WEB_IMPORT_IMPORT_VIEW_H
#define ZH_WEB_IMPORT_IMPORT_VIEW_H

#include "core/intake/undo.h"
#include "web/import/import_part.h"

typedef struct zh_import_view {
    zh_ui *ui;
    zh_job job;
    zh_import_ask ask;      /* of a check */
    zh_json *report;        /* NULL: none yet */
    const zh_register *reg; /* NULL: not known */
    bool under_way;         /* or its report is not written yet */
    zh_undo_result undone;  /* of a commit; job 0: nobody ordered it */
    bool undoing;           /* ordered, not done yet */
    zh_job undo_job;
    int64_t rows, fresh, same, changed, doubtful, refused, skipped;
} zh_import_view;

/* The problems of a report: by kind, or with ?view=rows the rows as they stand in the file with
 * their wrong cells marked (?rule= one kind, ?from= rows before); and the tables to download. */
void zh_import_problems(const zh_import_view *view);

/* Reads whether a commit was undone. */
void zh_import_undo_read(zh_import_view *view);
/* Says that it was, or is being undone, and what was left. */
void zh_import_undo_state(const zh_import_view *view);
/* Offers it while it may be done. */
void zh_import_undo_offer(const zh_import_view *view);

#endif
