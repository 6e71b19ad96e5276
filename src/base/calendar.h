/* Working days: weekends and a table of exceptions (public holidays, 调休 working days).
 *
 * The table is data with its source; a year outside the table's coverage is refused, never guessed.
 */
#ifndef ZH_BASE_CALENDAR_H
#define ZH_BASE_CALENDAR_H

#include "base/err.h"
#include "base/time.h"

#define ZH_CALENDAR_DAYS_MAX  20000 /* exceptional days in one table */
#define ZH_CALENDAR_SPANS_MAX 400   /* cover lines in one table */

typedef struct zh_calendar zh_calendar; /* immutable once built; any number of readers */

/* Text lines "2026-01-01 off 元旦" or "2026-01-04 work 元旦调休", '#' comments; lines
 * "cover 2024-01-01 2026-12-31" state the span for which the table is complete. Lives in arena.
 * ZH_EINVAL names the line: not of this form, a day stated twice, a day outside every span.
 * ZH_ELIMIT at a cap. */
zh_rc zh_calendar_parse(zh_arena *arena, zh_str text, zh_calendar **out, zh_err *err) ZH_MUST;
/* ZH_ENOTFOUND: the date is outside the covered span. */
zh_rc zh_calendar_is_working(const zh_calendar *calendar, zh_date date, bool *out) ZH_MUST;
/* The date `days` working days after `from` (the day after `from` is the first to count; days >= 1)
 * and, for days == 0, `from` itself or the next working day. ZH_ENOTFOUND as above, ZH_EINVAL for
 * days < 0. */
zh_rc zh_calendar_add_working(const zh_calendar *calendar, zh_date from, int days,
                              zh_date *out) ZH_MUST;
/* The date itself, or the next working day. */
zh_rc zh_calendar_roll(const zh_calendar *calendar, zh_date date, zh_date *out) ZH_MUST;

#endif
