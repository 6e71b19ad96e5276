/* The arithmetic of time limits: where a period ends, given its trigger, its parts and the spans in
 * which it stood still. Pure functions; nothing here knows of records.
 *
 * Day 1 is the day after the triggering date (民法典 第二百零一条); a month or a year ends on the
 * corresponding day, or on the last day of a month that has none (第二百零二条); a period in
 * calendar units whose last day is a day off ends with the next working day (第二百零三条). The
 * rule of the beginning holds for a suspension's end too: a day counts when the clock was running
 * at its first instant, so the day on which it is stopped counts and the day on which it goes on
 * does not. */
#ifndef ZH_CORE_CLOCK_CLOCK_PERIOD_H
#define ZH_CORE_CLOCK_CLOCK_PERIOD_H

#include "base/calendar.h"
#include "model/model.h"

#define ZH_CLOCK_AMOUNT_MAX                                                                        \
    36525 /* units of one part; also what a declared amount field may say                          \
           */
#define ZH_CLOCK_YEARS_MAX 100
#define ZH_CLOCK_SPANS_MAX ((size_t)400) /* suspensions of one clock */
#define ZH_CLOCK_LEGS_MAX  3
#define ZH_CLOCK_STANDING  INT64_MAX /* `to` of a suspension that lasts */

/* One suspension: instants, to exclusive. In a list they are in order and do not overlap. */
typedef struct zh_clock_span {
    zh_time from, to;
} zh_clock_span;

/* One part of a period; parts follow one another. */
typedef struct zh_clock_leg {
    int64_t amount;
    zh_unit_time unit;
} zh_clock_leg;

typedef struct zh_clock_period {
    const zh_calendar *calendar; /* NULL: none */
    zh_time trigger;
    zh_clock_leg legs[ZH_CLOCK_LEGS_MAX];
    size_t nlegs;
    const zh_clock_span *spans;
    size_t nspans;
} zh_clock_period;

typedef struct zh_clock_ending {
    zh_date last;   /* last day that was counted, before it was moved off a day off */
    zh_date rolled; /* last day of the period; the same where it was not moved */
    bool by_hour;   /* it ends within a day: last and rolled are that day */
    bool beyond;    /* the calendar does not cover the last day: it was not moved */
    zh_time due;    /* the first instant after the period */
} zh_clock_ending;

/* Adds a part: equal units are one period (twice a month from 31 January is 31 March), a year is
 * twelve months, nothing adds nothing. */
void zh_clock_leg_add(zh_clock_period *period, int64_t amount, zh_unit_time unit);

/* Where the period ends. ZH_ENOTFOUND: working days beyond the calendar (or no calendar);
 * ZH_EBUSY: it stands still before its end; ZH_ELIMIT: an amount beyond the caps. */
zh_rc zh_clock_period_end(const zh_clock_period *period, zh_clock_ending *out) ZH_MUST;
/* The first --MM-DD after the triggering date and `years` more, moved off a day off; then `more`
 * when its amount is not 0. It does not move with suspensions. Errors as above. */
zh_rc zh_clock_fixed_end(const zh_clock_period *period, int month, int day, int32_t years,
                         zh_clock_leg more, zh_clock_ending *out) ZH_MUST;

/* So much before an end (the first instant after the period): hours before it, else the morning of
 * the day that lies so many days, working days or months before its last day. False: the calendar
 * does not reach. */
bool zh_clock_before(const zh_calendar *calendar, zh_time due, zh_reminder before, zh_time *out);

#endif
