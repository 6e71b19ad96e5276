/* Ends of periods: counting days around what stood still, and moving off days off. */
#include "core/clock/clock_period.h"

#define DAY_US  INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

enum { LAST_YEAR = 9780 }; /* triggers are before it: with every cap no end leaves the calendar */

void zh_clock_leg_add(zh_clock_period *period, int64_t amount, zh_unit_time unit)
{
    zh_clock_leg leg = {amount, unit};
    if (unit == ZH_YEAR) {
        leg = (zh_clock_leg){amount * 12, ZH_MONTH};
    }
    zh_clock_leg *last = period->nlegs > 0 ? &period->legs[period->nlegs - 1] : NULL;
    if (last != NULL && last->amount == 0) {
        *last = leg;
    } else if (last != NULL && last->unit == leg.unit) {
        last->amount += leg.amount;
    } else if (last == NULL || leg.amount != 0) {
        zh_assert(period->nlegs < ZH_CLOCK_LEGS_MAX);
        period->legs[period->nlegs++] = leg;
    }
}

/* ---- what stood still ------------------------------------------------------------------------ */

/* The days (from, to] of a suspension do not count. */
static zh_date first_still(const zh_clock_span *span)
{
    return zh_time_date(span->from) + 1;
}

static zh_date last_still(const zh_clock_span *span)
{
    return span->to == ZH_CLOCK_STANDING ? INT32_MAX : zh_time_date(span->to);
}

/* The first day from `day` on that counts. ZH_EBUSY: it stands still for good. */
static zh_rc next_running(const zh_clock_period *p, zh_date *day)
{
    for (size_t i = 0; i < p->nspans; i++) {
        if (*day >= first_still(&p->spans[i]) && *day <= last_still(&p->spans[i])) {
            if (p->spans[i].to == ZH_CLOCK_STANDING) {
                return ZH_EBUSY;
            }
            *day = last_still(&p->spans[i]) + 1;
        }
    }
    return ZH_OK;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Moves a last day by the suspended days before it. */
static zh_rc shift(const zh_clock_period *p, zh_date from, zh_date *last)
{
    for (size_t i = 0; i < p->nspans; i++) {
        zh_date begin = first_still(&p->spans[i]);
        zh_date end = last_still(&p->spans[i]);
        begin = begin <= from ? from + 1 : begin;
        if (begin > *last || end < begin) {
            continue;
        }
        if (p->spans[i].to == ZH_CLOCK_STANDING) {
            return ZH_EBUSY;
        }
        *last += end - begin + 1;
    }
    return ZH_OK;
}

static zh_rc count_working(const zh_clock_period *p, zh_date from, int64_t amount, zh_date *last)
{
    zh_date day = from;
    for (int64_t n = 0; n < amount;) {
        bool working = false;
        day++;
        zh_rc rc = next_running(p, &day);
        if (rc == ZH_OK) {
            rc = zh_calendar_is_working(p->calendar, day, &working);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        n += working;
    }
    *last = day;
    return ZH_OK;
}

/* The day itself or the next one that works and is not suspended. */
static zh_rc roll(const zh_clock_period *p, zh_date *day)
{
    for (;; ++*day) {
        bool working = false;
        zh_rc rc = next_running(p, day);
        if (rc == ZH_OK) {
            rc = p->calendar != NULL ? zh_calendar_is_working(p->calendar, *day, &working)
                                     : ZH_ENOTFOUND;
        }
        if (rc != ZH_OK || working) {
            return rc;
        }
    }
}

static zh_rc count_days(const zh_clock_period *p, zh_date from, zh_clock_leg leg, zh_date *last)
{
    *last = from;
    if (leg.unit == ZH_WORKING_DAY) {
        if (p->calendar == NULL) {
            return ZH_ENOTFOUND;
        }
        return leg.amount == 0 ? roll(p, last) : count_working(p, from, leg.amount, last);
    }
    if (leg.amount == 0) {
        return ZH_OK;
    }
    int months = leg.unit == ZH_YEAR ? 12 : 1;
    *last = leg.unit == ZH_DAY ? from + (zh_date)leg.amount
                               : zh_date_add_months(from, (int)leg.amount * months);
    return shift(p, from, last);
}

/* Hours run from instant to instant. */
static zh_rc count_hours(const zh_clock_period *p, zh_time from, int64_t amount, zh_time *end)
{
    zh_time at = from;
    zh_time left = amount * HOUR_US;
    for (size_t i = 0; i < p->nspans; i++) {
        const zh_clock_span *span = &p->spans[i];
        zh_time begin = span->from > at ? span->from : at;
        if (span->to <= begin) {
            continue;
        }
        if (at + left <= begin) {
            break;
        }
        if (span->to == ZH_CLOCK_STANDING) {
            return ZH_EBUSY;
        }
        left -= begin - at;
        at = span->to;
    }
    *end = at + left;
    return ZH_OK;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static bool within_caps(zh_clock_leg leg)
{
    int64_t most = leg.unit == ZH_MONTH  ? ZH_CLOCK_YEARS_MAX * 12
                   : leg.unit == ZH_YEAR ? ZH_CLOCK_YEARS_MAX
                                         : ZH_CLOCK_AMOUNT_MAX;
    return leg.amount >= 0 && leg.amount <= most;
}

/* From the last day that was counted to the end of the period. */
static zh_rc finish(const zh_clock_period *p, zh_date last, bool moves, zh_clock_ending *out)
{
    zh_date rolled = last;
    zh_rc rc = moves ? roll(p, &rolled) : ZH_OK;
    *out = (zh_clock_ending){.last = last, .rolled = rolled};
    if (rc == ZH_ENOTFOUND) { /* nothing is guessed: it stays */
        out->rolled = last;
        out->beyond = p->calendar != NULL;
        rc = ZH_OK;
    }
    out->due = zh_date_start(out->rolled) + DAY_US;
    return rc;
}

zh_rc zh_clock_period_end(const zh_clock_period *p, zh_clock_ending *out)
{
    zh_assert(p->nlegs > 0);
    zh_time at = p->trigger;
    zh_date day = zh_time_date(at);
    if (day > zh_date_of(LAST_YEAR, 1, 1)) {
        return ZH_ELIMIT;
    }
    for (size_t i = 0; i < p->nlegs; i++) {
        zh_rc rc = ZH_OK;
        if (!within_caps(p->legs[i])) {
            return ZH_ELIMIT;
        }
        if (p->legs[i].unit == ZH_HOUR) {
            rc = count_hours(p, at, p->legs[i].amount, &at);
        } else {
            zh_time of_day = at - zh_date_start(zh_time_date(at));
            rc = count_days(p, zh_time_date(at), p->legs[i], &day);
            at = zh_date_start(day) + of_day;
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    zh_unit_time unit = p->legs[p->nlegs - 1].unit;
    day = zh_time_date(at);
    if (unit == ZH_HOUR) {
        *out = (zh_clock_ending){.last = day, .rolled = day, .by_hour = true, .due = at};
        return ZH_OK;
    }
    return finish(p, day, unit != ZH_WORKING_DAY, out);
}

static zh_date fixed_in(int year, int month, int day)
{
    int days = zh_days_in_month(year, month);
    return zh_date_of(year, month, day < days ? day : days);
}

zh_rc zh_clock_fixed_end(const zh_clock_period *p, int month, int day, int32_t years,
                         zh_clock_leg more, zh_clock_ending *out)
{
    zh_clock_period plain = {.calendar = p->calendar};
    zh_date trigger = zh_time_date(p->trigger);
    if (trigger > zh_date_of(LAST_YEAR, 1, 1) || years < 0 || years > ZH_CLOCK_YEARS_MAX ||
        !within_caps(more) || (more.amount > 0 && more.unit == ZH_HOUR)) {
        return ZH_ELIMIT;
    }
    int year;
    int m;
    int d;
    zh_date_civil(trigger, &year, &m, &d);
    year += fixed_in(year, month, day) <= trigger;
    zh_date last = fixed_in(year + years, month, day);
    zh_rc rc = more.amount > 0 ? count_days(&plain, last, more, &last) : ZH_OK;
    bool moves = more.amount == 0 || more.unit != ZH_WORKING_DAY;
    return rc == ZH_OK ? finish(&plain, last, moves, out) : rc;
}

bool zh_clock_before(const zh_calendar *calendar, zh_time due, zh_reminder before, zh_time *out)
{
    zh_date day = zh_time_date(due - 1);
    switch (before.unit) {
    case ZH_HOUR: *out = due - before.amount * (DAY_US / 24); return true;
    case ZH_DAY: day -= before.amount; break;
    case ZH_MONTH: day = zh_date_add_months(day, -before.amount); break;
    case ZH_YEAR: day = zh_date_add_months(day, -12 * before.amount); break;
    case ZH_WORKING_DAY:
        for (int32_t left = before.amount; left > 0;) {
            bool working = false;
            if (calendar == NULL || zh_calendar_is_working(calendar, --day, &working) != ZH_OK) {
                return false;
            }
            left -= working;
        }
        break;
    }
    *out = zh_date_start(day);
    return true;
}
