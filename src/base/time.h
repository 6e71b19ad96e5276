/* Time: int64 microseconds since 1970-01-01T00:00:00Z; civil dates as days since 1970-01-01.
 *
 * The legal zone is UTC+08:00 without summer time (GB/T 7408, 中国标准时间): a date of an instant
 * is its date at +08:00. No function but zh_now reads a clock. Years 0001..9999. */
#ifndef ZH_BASE_TIME_H
#define ZH_BASE_TIME_H

#include "base/str.h"

typedef int64_t zh_time; /* µs UTC */
typedef int32_t zh_date; /* days since 1970-01-01 */

#define ZH_ZONE_SECONDS (8 * 3600)

typedef struct zh_civil {
    int year, month, day;     /* month 1..12, day 1..31 */
    int hour, minute, second; /* at +08:00 */
    int micro;
} zh_civil;

zh_time zh_now(void);           /* CLOCK_REALTIME */
uint64_t zh_monotonic_us(void); /* for durations only */
/* The same clock to some milliseconds, for a fifth of the price: sums of many short durations. */
uint64_t zh_monotonic_coarse_us(void);

bool zh_date_valid(int year, int month, int day);
zh_date zh_date_of(int year, int month, int day); /* asserts validity */
void zh_date_civil(zh_date date, int *year, int *month, int *day);
int zh_date_weekday(zh_date date);                    /* 1 Monday .. 7 Sunday, ISO 8601 */
zh_date zh_date_add_months(zh_date date, int months); /* day clipped to the month's last */
int zh_days_in_month(int year, int month);
zh_civil zh_time_civil(zh_time t);
zh_time zh_time_of(const zh_civil *civil); /* asserts validity */
zh_date zh_time_date(zh_time t);           /* at +08:00 */
zh_time zh_date_start(zh_date date);       /* 00:00 at +08:00 */

/* Canonical text: date 2026-05-09, instant 2026-05-09T08:30:00+08:00 (fraction only if not zero).
 * out needs 16 and 40 bytes; returns the length. */
size_t zh_date_format(zh_date date, char out[16]);
size_t zh_time_format(zh_time t, char out[40]);

/* RFC 3339 / ISO 8601 extended dates and instants; without an offset +08:00 is meant. A date alone
 * is 00:00 at +08:00. ZH_EINVAL. */
zh_rc zh_date_parse(zh_str text, zh_date *out) ZH_MUST;
zh_rc zh_time_parse(zh_str text, zh_time *out) ZH_MUST;

/* Dates as people write them in files: 2024-1-5, 2024/01/05, 2024.1.5, 20240105, 2024年1月5日,
 * 05-Jan-2024; with `order` deciding 01/02/2024 and 1/2/24 ("ymd", "dmy", "mdy"); two-digit years
 * 00..68 are 20xx, 69..99 19xx. An optional time of day may follow (HH:MM[:SS[.ffffff]], 8时30分,
 * T separator, zone suffix). Full-width characters must be folded before. ZH_EINVAL. */
zh_rc zh_time_parse_loose(zh_str text, const char *order, zh_time *out, bool *has_clock) ZH_MUST;

/* A period of the calendar and its inclusive first and last date: 2024, 2024H1, 2024Q2, 2024-03,
 * 2024-03-05, 2024-01/2024-10 (any two periods, from the first's start to the second's end).
 * Also 2024年, 2024年3月, 2024年第二季度, 2024年上半年/下半年. ZH_EINVAL. */
zh_rc zh_period_parse(zh_str text, zh_date *first, zh_date *last) ZH_MUST;
/* Canonical text of the smallest named period that is exactly [first, last], else "first/last". */
zh_str zh_period_format(zh_arena *arena, zh_date first, zh_date last);

#endif
