/* Statutory and declared time limits of a record: when they start, stand still, are met or
 * breached.
 *
 * A clock is advanced only by a version being written: its events are a field being filled, a
 * transition being taken, a state being entered. A period in days, working days, months or years
 * begins the day after its triggering date; it ends with its last day. Where that day is a day off,
 * a period in calendar units ends with the next working day (民法典 第二百零一条 至 第二百零三条).
 * A working-day period beyond the calendar's coverage has no due date until the calendar covers it:
 * nothing is guessed. */
#ifndef ZH_CORE_CLOCK_H
#define ZH_CORE_CLOCK_H

#include "core/core.h"

typedef struct zh_clock_state {
    bool started, has_due, ended, suspended, breached;
    zh_time started_at; /* the trigger */
    zh_time due_at;     /* the first instant after the period; exclusive */
    zh_time ended_at, suspended_at;
} zh_clock_state;

/* What a version does, as far as clocks care. */
typedef struct zh_clock_event {
    const zh_record *old; /* NULL: created */
    const zh_record *record;
    const zh_transition *transition; /* NULL: none */
    const zh_clock *breached;        /* the clock whose due event this version is, or NULL */
} zh_clock_event;

/* States of all clocks of a record as stored: reg->nclocks of them. */
zh_rc zh_clock_load(zh_ctx *ctx, zh_conn *conn, const zh_record *record,
                    zh_clock_state *out) ZH_MUST;
/* The same of n records of one register, in batches of ZH_CLOCK_BATCH: out has reg->nclocks states
 * a record, in the records' order. */
#define ZH_CLOCK_BATCH ((size_t)200)
zh_rc zh_clock_load_all(zh_ctx *ctx, zh_conn *conn, const zh_record *const *records, size_t n,
                        zh_clock_state *out) ZH_MUST;
/* States after the version. env evaluates `when:` on the new record. *uncovered is set when a
 * working-day period reaches beyond the calendar. */
zh_rc zh_clock_advance(const zh_env *env, const zh_clock_event *event, const zh_clock_state *before,
                       zh_clock_state *after, bool *uncovered, zh_err *err) ZH_MUST;
/* clock.NAME.due|open|met|breached|expired; unknown while it has not started. */
zh_value zh_clock_value(const zh_clock_state *state, zh_clock_attr attr);
bool zh_clock_same(const zh_clock_state *a, const zh_clock_state *b);

/* The end of a period of `amount` units triggered at an instant: the first instant after it.
 * ZH_ENOTFOUND: working days beyond the calendar (or no calendar). */
zh_rc zh_clock_end(const zh_calendar *calendar, zh_time trigger, int64_t amount, zh_unit_time unit,
                   zh_time *out) ZH_MUST;

#endif
