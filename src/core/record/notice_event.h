/* What a write tells: one row of zh_notice, in the write's own transaction: which record, and why
 * it is told about, never to whom. Who is told is found afterwards (notice.h). */
#ifndef ZH_CORE_RECORD_NOTICE_EVENT_H
#define ZH_CORE_RECORD_NOTICE_EVENT_H

#include "core/instance/core.h"

/* What happened longer before it was written (a history that is imported) is not told. */
#define ZH_NOTICE_FRESH_US ((zh_time)30 * 86400 * 1000000)

/* Why: a record was made, a transition taken, a limit passed, a limit comes near, a step waits for
 * a second person, or for votes, an erasure waits for a second person. */
#define ZH_NOTICE_CREATED    "created"
#define ZH_NOTICE_TRANSITION "transition" /* name: its id */
#define ZH_NOTICE_BREACH     "breach"     /* name: clock id */
#define ZH_NOTICE_WARN       "warn"       /* name: clock id, "/", which warning */
#define ZH_NOTICE_SECOND     "second"     /* name: transition id */
#define ZH_NOTICE_ERASE      "erase"      /* name: empty */
#define ZH_NOTICE_VOTE       "vote"       /* name: transition id, on which one may vote */

/* What a prepared write tells; cause NULL: nothing. */
typedef struct zh_notice_of {
    const char *cause;
    zh_str name;
} zh_notice_of;

typedef struct zh_notice_event {
    int64_t office, id, record, version;
    zh_time at;
    zh_str reg, cause, name, actor;
} zh_notice_event;

/* In the open transaction. */
zh_rc zh_notice_add(zh_conn *conn, const zh_notice_event *event, zh_err *err) ZH_MUST;

#endif
