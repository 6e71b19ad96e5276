/* Parts of a record's page. */
#ifndef ZH_WEB_RECORD_RECORD_H
#define ZH_WEB_RECORD_RECORD_H

#include "web/frame/show.h"

#define ZH_RECORD_VERSIONS_SHOWN ((size_t)100)
#define ZH_RECORD_ROWS_SHOWN     ((size_t)200) /* of one child table */

typedef struct zh_shown_record {
    zh_ui *ui;
    const zh_register *reg;
    const zh_version *versions; /* oldest first */
    size_t nversions;
    size_t at;       /* the version that is shown */
    int64_t as_of;   /* log size at which everything is answered; ZH_AS_OF_NOW */
    size_t nknown;   /* versions that existed then, when a log size was asked for; else all */
    zh_time instant; /* of that log size; of now */
    zh_show show;
    bool withdrawn; /* the record is no longer current: its last version is the withdrawal */
} zh_shown_record;

static inline const zh_record *zh_shown(const zh_shown_record *r)
{
    return r->versions[r->at].record;
}
static inline bool zh_shown_is_current(const zh_shown_record *r)
{
    return r->at + 1 == r->nversions;
}

/* The present of the record: what can be acted on. */
static inline bool zh_shown_is_live(const zh_shown_record *r)
{
    return zh_shown_is_current(r) && r->as_of == ZH_AS_OF_NOW;
}

/* Finds the record of the request by office-id, id or its one-part business key, with its versions
 * and the version asked for: version=N, an earlier version, is shown as of the last log size at
 * which it stood; as_of=SIZE shows everything, names and limits and relations too, as of that size.
 * ZH_ENOTFOUND, ZH_EINVAL. */
zh_rc zh_shown_read(zh_ui *ui, zh_shown_record *out) ZH_MUST;

/* Where it is in the states declared, what may follow, and its time limits. */
zh_rc zh_record_flow(zh_shown_record *r) ZH_MUST;
/* Every version, newest first: who, when, why, and old values beside new ones. */
zh_rc zh_record_timeline(zh_shown_record *r) ZH_MUST;
/* 存证: position, hash, whether it is signed, and what to download for somebody who checks. */
zh_rc zh_record_proof(zh_shown_record *r) ZH_MUST;
/* Records that refer to it, and the indicators it counts in. */
zh_rc zh_record_related(zh_shown_record *r) ZH_MUST;

/* A finding of a judgement: its page begins with why it is so. */
bool zh_record_is_finding(const zh_register *reg);
/* What it was judged, row by row; of a finding: whom, by which rows and lines, and the same worked
 * out again. Nothing when there is none. */
zh_rc zh_record_judgements(zh_shown_record *r) ZH_MUST;
/* Which inputs of a finding changed from one version to the next: their labels, and the records
 * behind them by title, linked. */
zh_rc zh_record_finding_change(zh_shown_record *r, const zh_record *old,
                               const zh_record *now) ZH_MUST;

#endif
