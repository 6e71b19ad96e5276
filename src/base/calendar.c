/* Working days from a table of exceptions, kept sorted and searched by halving. */
#include "base/calendar.h"
#include "base/vec.h"
#include <stdlib.h>

typedef struct exception {
    zh_date date;
    bool working;
    size_t line;
} exception;

typedef struct span {
    zh_date first, last;
} span;

struct zh_calendar {
    exception *days;
    size_t days_n;
    span *spans; /* sorted, touching or overlapping ones merged */
    size_t spans_n;
};

typedef ZH_VEC(exception) exception_list;
typedef ZH_VEC(span) span_list;

static int by_date(const void *a, const void *b)
{
    const exception *x = a;
    const exception *y = b;
    return x->date != y->date ? (x->date > y->date) - (x->date < y->date)
                              : (x->line > y->line) - (x->line < y->line);
}

static int by_first(const void *a, const void *b)
{
    const span *x = a;
    const span *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Cuts the next word off *rest. */
static zh_str next_word(zh_str *rest)
{
    *rest = zh_str_trim(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t') {
        n++;
    }
    zh_str word = zh_str_sub(*rest, 0, n);
    *rest = zh_str_sub(*rest, n, rest->n);
    return word;
}

static zh_rc refuse(zh_err *err, zh_rc rc, const char *rule, size_t line, const char *what)
{
    zh_err_set(err, rc, rule, "工作日历第 %zu 行：%s", line, what);
    zh_err_where(err, "%zu", line);
    zh_err_fix(err, "每行写作“2026-01-01 off 元旦”“2026-01-04 work 元旦调休”或"
                    "“cover 2024-01-01 2026-12-31”");
    return rc;
}

static zh_rc read_line(zh_arena *arena, zh_str text, size_t line, exception_list *days,
                       span_list *spans, zh_err *err)
{
    zh_str first = next_word(&text);
    zh_str second = next_word(&text);
    zh_date date;
    if (zh_str_is(first, "cover")) {
        span s;
        if (zh_date_parse(second, &s.first) != ZH_OK ||
            zh_date_parse(next_word(&text), &s.last) != ZH_OK || s.first > s.last ||
            zh_str_trim(text).n != 0) {
            return refuse(err, ZH_EINVAL, "calendar.cover", line, "cover 后应是起止两个日期");
        }
        if (spans->n == ZH_CALENDAR_SPANS_MAX) {
            return refuse(err, ZH_ELIMIT, "calendar.spans", line, "cover 行过多");
        }
        zh_vec_push(arena, spans, s);
        return ZH_OK;
    }
    if (zh_date_parse(first, &date) != ZH_OK) {
        return refuse(err, ZH_EINVAL, "calendar.date", line, "行首不是日期，也不是 cover");
    }
    if (!zh_str_is(second, "off") && !zh_str_is(second, "work")) {
        return refuse(err, ZH_EINVAL, "calendar.kind", line, "日期后应是 off 或 work");
    }
    if (days->n == ZH_CALENDAR_DAYS_MAX) {
        return refuse(err, ZH_ELIMIT, "calendar.days", line, "例外日过多");
    }
    zh_vec_push(arena, days, (exception){date, zh_str_is(second, "work"), line});
    return ZH_OK;
}

static void merge_spans(span_list *spans)
{
    size_t kept = 0;
    if (spans->n == 0) {
        return;
    }
    zh_sort(spans->p, spans->n, sizeof *spans->p, by_first);
    for (size_t i = 1; i < spans->n; i++) {
        span *last = &spans->p[kept];
        if (spans->p[i].first <= last->last + 1) {
            last->last = spans->p[i].last > last->last ? spans->p[i].last : last->last;
        } else {
            spans->p[++kept] = spans->p[i];
        }
    }
    spans->n = kept + 1;
}

static bool covered(const zh_calendar *calendar, zh_date date)
{
    for (size_t i = 0; i < calendar->spans_n; i++) {
        if (date >= calendar->spans[i].first && date <= calendar->spans[i].last) {
            return true;
        }
    }
    return false;
}

zh_rc zh_calendar_parse(zh_arena *arena, zh_str text, zh_calendar **out, zh_err *err)
{
    exception_list days = {0};
    span_list spans = {0};
    zh_str piece;
    for (size_t line = 1; zh_str_split(&text, '\n', &piece); line++) {
        ptrdiff_t comment = zh_str_chr(piece, '#');
        piece = zh_str_trim(comment < 0 ? piece : zh_str_sub(piece, 0, (size_t)comment));
        zh_rc rc = piece.n ? read_line(arena, piece, line, &days, &spans, err) : ZH_OK;
        if (rc != ZH_OK) {
            return rc;
        }
    }
    merge_spans(&spans);
    if (days.n != 0) {
        zh_sort(days.p, days.n, sizeof *days.p, by_date);
    }
    zh_calendar *calendar = ZH_NEW(arena, zh_calendar);
    *calendar = (zh_calendar){days.p, days.n, spans.p, spans.n};
    for (size_t i = 0; i < days.n; i++) {
        if (i > 0 && days.p[i].date == days.p[i - 1].date) {
            return refuse(err, ZH_EINVAL, "calendar.twice", days.p[i].line, "同一日期出现两次");
        }
        if (!covered(calendar, days.p[i].date)) {
            return refuse(err, ZH_EINVAL, "calendar.outside", days.p[i].line,
                          "日期不在任何 cover 范围内");
        }
    }
    *out = calendar;
    return ZH_OK;
}

zh_rc zh_calendar_is_working(const zh_calendar *calendar, zh_date date, bool *out)
{
    if (!covered(calendar, date)) {
        return ZH_ENOTFOUND;
    }
    size_t low = 0;
    size_t high = calendar->days_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const exception *day = &calendar->days[middle];
        if (day->date == date) {
            *out = day->working;
            return ZH_OK;
        }
        if (day->date < date) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = zh_date_weekday(date) <= 5;
    return ZH_OK;
}

zh_rc zh_calendar_roll(const zh_calendar *calendar, zh_date date, zh_date *out)
{
    for (;; date++) { /* ends at the cover's end */
        bool working;
        zh_rc rc = zh_calendar_is_working(calendar, date, &working);
        if (rc != ZH_OK) {
            return rc;
        }
        if (working) {
            *out = date;
            return ZH_OK;
        }
    }
}

zh_rc zh_calendar_add_working(const zh_calendar *calendar, zh_date from, int days, zh_date *out)
{
    if (days < 0) {
        return ZH_EINVAL;
    }
    if (days == 0) {
        return zh_calendar_roll(calendar, from, out);
    }
    for (int i = 0; i < days; i++) {
        zh_rc rc = zh_calendar_roll(calendar, from + 1, &from);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    *out = from;
    return ZH_OK;
}
