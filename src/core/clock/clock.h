/* Statutory and declared time limits of a record: when they start, stand still, are met or
 * breached.
 *
 * A clock is advanced only by a version being written: its events are a field being filled, a
 * transition being taken, a state being entered. A period in days, working days, months or years
 * begins the day after its triggering date; it ends with its last day. Where that day is a day off,
 * a period in calendar units ends with the next working day (民法典 第二百零一条 至 第二百零三条).
 * A working-day period beyond the calendar's coverage has no due date until the calendar covers it:
 * nothing is guessed. */
#ifndef ZH_CORE_CLOCK_CLOCK_H
#define ZH_CORE_CLOCK_CLOCK_H

#include "core/clock/clock_period.h"
#include "core/instance/core.h"

/* Everything the end of a period is recomputed from is kept: the trigger, the spans in which the
 * clock stood still, extensions granted, occurrences of a recurring duty that have passed. */
typedef struct zh_clock_state {
    bool started, has_due, ended, suspended, breached;
    zh_time started_at; /* the trigger */
    zh_time due_at;     /* the first instant after the period; exclusive */
    zh_time ended_at, suspended_at;
    int32_t passed, extended;
    const zh_clock_span *spans; /* that are over, in order */
    size_t nspans;
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
/* The same as the version in hand left them. */
zh_rc zh_clock_load_version(zh_ctx *ctx, zh_conn *conn, const zh_record *record,
                            zh_clock_state *out) ZH_MUST;
/* As stored now, of n records of one register, in batches of ZH_CLOCK_BATCH: out has reg->nclocks
 * states a record, in the records' order. */
#define ZH_CLOCK_BATCH ((size_t)200)
zh_rc zh_clock_load_all(zh_ctx *ctx, zh_conn *conn, const zh_record *const *records, size_t n,
                        zh_clock_state *out) ZH_MUST;
/* How spans are stored: pairs of instants, separated by blanks; empty for none. */
zh_str zh_clock_spans_text(zh_arena *arena, const zh_clock_state *state);
/* States after the version. env evaluates `when:` on the new record; spans live in its arena.
 * *uncovered is set when a working-day period reaches beyond the calendar. ZH_ELIMIT: more than
 * ZH_CLOCK_SPANS_MAX suspensions. */
zh_rc zh_clock_advance(const zh_env *env, const zh_clock_event *event, const zh_clock_state *before,
                       zh_clock_state *after, bool *uncovered, zh_err *err) ZH_MUST;
/* clock.NAME.due|open|met|breached|expired; unknown while it has not started. */
zh_value zh_clock_value(const zh_clock_state *state, zh_clock_attr attr);
bool zh_clock_same(const zh_clock_state *a, const zh_clock_state *b);

/* One line of a clock's arithmetic: what was done, and the clause it rests on (or empty). */
typedef struct zh_clock_line {
    zh_str text, clause;
    bool unverified; /* 未核实口径 */
} zh_clock_line;

/* The arithmetic of a clock that has started, line by line in Chinese: trigger, version in force,
 * what stood still, extensions, last day, roll-over, end. env evaluates `when:` on the record, of
 * which state is the clock's. The lines live in env->arena. */
zh_rc zh_clock_explain(const zh_env *env, const zh_record *record, const zh_clock *clock,
                       const zh_clock_state *state, zh_clock_line **lines, size_t *n,
                       zh_err *err) ZH_MUST;

/* How the end of a clock that has started follows: the version in force (NULL: none is) and the
 * period. */
typedef struct zh_clock_sum {
    const zh_clock_version *version;
    zh_clock_period period; /* no legs: the version has a fixed date, or its amount is not given */
    zh_clock_leg extension; /* of a fixed date */
    zh_clock_ending ending;
    zh_rc rc; /* ZH_OK: ending is known; ZH_EBUSY standing still, ZH_ENOTFOUND beyond the calendar,
                 ZH_ELIMIT an amount beyond the caps, ZH_EINVAL no version or no amount */
} zh_clock_sum;
zh_rc zh_clock_add_up(const zh_env *env, const zh_record *record, const zh_clock *clock,
                      const zh_clock_state *state, zh_clock_sum *out, zh_err *err) ZH_MUST;

#endif
