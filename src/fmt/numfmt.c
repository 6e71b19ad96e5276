/* Number formats, decimal repair and serial dates of spreadsheets. */
#include "fmt/numfmt.h"
#include "base/decimal.h"
#include "base/time.h"
#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 40, EXPONENT_MAX = 400, PLAIN_POINT_MAX = 24 };

#define DAY_MS         ((int64_t)86400000)
#define DAY_LAST_1900  2958465 /* 9999-12-31 */
#define DAY_LAST_1904  2957003
#define DAY_FALSE_LEAP 60 /* 1900-02-29, kept for compatibility with older spreadsheets */

/* value = 0.d1d2d3… × 10^point; without leading or trailing zeros; n == 0 is zero. */
typedef struct digits {
    char d[DIGITS_MAX];
    int n;
    int point;
    bool negative;
    bool exponent; /* written with an exponent */
    bool cut;      /* more digits were written than are kept */
} digits;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t read_mantissa(zh_str raw, size_t i, digits *out)
{
    bool fraction = false;
    size_t seen = 0;
    for (; i < raw.n && (is_digit(raw.p[i]) || (raw.p[i] == '.' && !fraction)); i++) {
        if (raw.p[i] == '.') {
            fraction = true;
            continue;
        }
        seen++;
        bool leading = out->n == 0 && raw.p[i] == '0';
        if (!leading && out->n < DIGITS_MAX) {
            out->d[out->n++] = raw.p[i];
        } else if (!leading) {
            out->cut = true;
        }
        if (!fraction && !leading) {
            out->point++;
        } else if (fraction && leading) {
            out->point--;
        }
    }
    return seen > 0 ? i : 0;
}

static bool read_exponent(zh_str raw, size_t i, digits *out)
{
    if (i == raw.n) {
        return true;
    }
    if (raw.p[i] != 'e' && raw.p[i] != 'E') {
        return false;
    }
    out->exponent = true;
    i++;
    bool negative = i < raw.n && raw.p[i] == '-';
    if (i < raw.n && (raw.p[i] == '-' || raw.p[i] == '+')) {
        i++;
    }
    if (i == raw.n) {
        return false;
    }
    int value = 0;
    for (; i < raw.n; i++) {
        if (!is_digit(raw.p[i])) {
            return false;
        }
        value = value < EXPONENT_MAX ? value * 10 + (raw.p[i] - '0') : value;
    }
    out->point += negative ? -value : value;
    return true;
}

static bool read_digits(zh_str raw, digits *out)
{
    *out = (digits){0};
    if (raw.n > ZH_NUMFMT_TEXT_MAX * 8) {
        return false;
    }
    size_t i = 0;
    if (raw.n > 0 && (raw.p[0] == '-' || raw.p[0] == '+')) {
        out->negative = raw.p[0] == '-';
        i = 1;
    }
    i = read_mantissa(raw, i, out);
    if (i == 0 || !read_exponent(raw, i, out)) {
        return false;
    }
    while (out->n > 0 && out->d[out->n - 1] == '0') {
        out->n--;
    }
    if (out->n == 0) {
        out->point = 0;
    }
    return true;
}

static void round_half_up(digits *v, int keep)
{
    if (v->n <= keep) {
        return;
    }
    bool up = v->d[keep] >= '5';
    v->n = keep;
    while (up && v->n > 0) {
        up = v->d[v->n - 1] == '9';
        if (up) {
            v->n--;
        } else {
            v->d[v->n - 1]++;
        }
    }
    if (up) {
        v->d[0] = '1';
        v->n = 1;
        v->point++;
    }
    while (v->n > 0 && v->d[v->n - 1] == '0') {
        v->n--;
    }
}

/* Plain notation, at least `width` digits before the point. */
static size_t write_plain(const digits *v, int width, char *out)
{
    size_t n = 0;
    if (v->negative && v->n > 0) {
        out[n++] = '-';
    }
    int whole = v->point > 0 ? v->point : 1;
    int padded = whole > width ? whole : width;
    for (int i = padded; i > 0; i--) {
        int at = v->point - i;
        out[n++] = at >= 0 && at < v->n ? v->d[at] : '0';
    }
    if (v->n > v->point) {
        out[n++] = '.';
        for (int at = v->point; at < v->n; at++) {
            out[n++] = at >= 0 ? v->d[at] : '0';
        }
    }
    return n;
}

zh_rc zh_numfmt_number(zh_str raw, zh_numfmt format, char out[ZH_NUMFMT_TEXT_MAX], zh_str *text,
                       bool *lossy)
{
    digits v;
    *lossy = false;
    *text = raw;
    if (!read_digits(raw, &v)) {
        return ZH_EINVAL;
    }
    bool whole = v.n <= v.point && !v.cut;
    *lossy = v.point > ZH_NUMFMT_DIGITS;
    bool pads = format.kind == ZH_NUMFMT_ZEROS && whole && !v.negative && !*lossy;
    bool long_tail = !*lossy && (v.n > ZH_NUMFMT_DIGITS || v.cut);
    bool writable = v.point <= PLAIN_POINT_MAX && v.point >= -PLAIN_POINT_MAX;
    if (!pads && !long_tail && !(v.exponent && writable)) {
        return ZH_OK;
    }
    if (long_tail) {
        round_half_up(&v, ZH_NUMFMT_DIGITS);
    }
    if (!writable) {
        return ZH_OK;
    }
    *text = (zh_str){out, write_plain(&v, pads ? format.zeros : 1, out)};
    return ZH_OK;
}

/* Whole days and the milliseconds of the rest, rounded. */
static bool read_serial(zh_str raw, int64_t *day, int64_t *ms)
{
    digits v;
    if (!read_digits(raw, &v) || v.negative || v.point > 7) {
        return false;
    }
    *day = 0;
    for (int at = 0; at < v.point; at++) {
        *day = *day * 10 + (at < v.n ? v.d[at] - '0' : 0);
    }
    zh_i128 fraction = 0, scale = 1;
    for (int place = 0; place < ZH_NUMFMT_DIGITS; place++) {
        int at = v.point + place;
        fraction = fraction * 10 + (at >= 0 && at < v.n ? v.d[at] - '0' : 0);
        scale *= 10;
    }
    *ms = (int64_t)((fraction * DAY_MS * 2 + scale) / (scale * 2));
    if (*ms == DAY_MS) {
        *ms = 0;
        ++*day;
    }
    return true;
}

static size_t write_clock(int64_t hours, int64_t ms, char *out, size_t size)
{
    int64_t rest = ms % 3600000;
    int n = snprintf(out, size, "%02lld:%02lld:%02lld", (long long)hours, (long long)(rest / 60000),
                     (long long)(rest / 1000 % 60));
    if (rest % 1000 != 0) {
        n += snprintf(out + n, size - (size_t)n, ".%03lld", (long long)(rest % 1000));
    }
    return (size_t)n;
}

static bool day_of(int64_t day, bool date1904, zh_date *out)
{
    if (date1904) {
        *out = zh_date_of(1904, 1, 1) + (zh_date)day;
        return day <= DAY_LAST_1904;
    }
    if (day < 1 || day == DAY_FALSE_LEAP || day > DAY_LAST_1900) {
        return false;
    }
    *out = zh_date_of(1899, 12, 30) + (zh_date)day + (day < DAY_FALSE_LEAP ? 1 : 0);
    return true;
}

bool zh_numfmt_date(zh_str raw, zh_numfmt format, bool date1904, char out[ZH_NUMFMT_TEXT_MAX],
                    size_t *n)
{
    int64_t day, ms;
    if (!read_serial(raw, &day, &ms)) {
        return false;
    }
    if (format.kind == ZH_NUMFMT_ELAPSED || (format.kind == ZH_NUMFMT_TIME && day == 0)) {
        *n = write_clock(day * 24 + ms / 3600000, ms, out, ZH_NUMFMT_TEXT_MAX);
        return true;
    }
    zh_date date;
    if (!day_of(day, date1904, &date)) {
        return false;
    }
    char text[16];
    *n = zh_date_format(date, text);
    memcpy(out, text, *n);
    if (ms != 0) {
        out[(*n)++] = 'T';
        *n += write_clock(ms / 3600000, ms, out + *n, ZH_NUMFMT_TEXT_MAX - *n);
    }
    return true;
}

zh_numfmt zh_numfmt_builtin(unsigned id)
{
    static const zh_numfmt_kind times[] = {ZH_NUMFMT_TIME, ZH_NUMFMT_ELAPSED, ZH_NUMFMT_TIME};
    zh_numfmt format = {ZH_NUMFMT_PLAIN, 0};
    if (id == 9 || id == 10) {
        format.kind = ZH_NUMFMT_PERCENT;
    } else if (id >= 18 && id <= 21) {
        format.kind = ZH_NUMFMT_TIME;
    } else if (id >= 45 && id <= 47) {
        format.kind = times[id - 45];
    } else if ((id >= 32 && id <= 35) || id == 55 || id == 56) {
        format.kind = ZH_NUMFMT_TIME;
    } else if ((id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)) {
        format.kind = ZH_NUMFMT_DATE;
    }
    return format;
}

typedef struct marks {
    bool date, month, clock, elapsed, percent, other;
    unsigned zeros;
} marks;

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* [h], [mm], [ss] count elapsed time; [Red], [$-804], [DBNum1] say nothing about the kind. */
static size_t skip_bracket(zh_str code, size_t i, marks *out)
{
    size_t end = i + 1;
    while (end < code.n && code.p[end] != ']') {
        end++;
    }
    char first = end > i + 1 ? lower(code.p[i + 1]) : '\0';
    bool same = first == 'h' || first == 'm' || first == 's';
    for (size_t k = i + 1; k < end; k++) {
        same = same && lower(code.p[k]) == first;
    }
    out->elapsed = out->elapsed || same;
    return end;
}

static size_t skip_quoted(zh_str code, size_t i)
{
    size_t end = i + 1;
    while (end < code.n && code.p[end] != '"') {
        end++;
    }
    return end;
}

static void note(char c, marks *out)
{
    switch (lower(c)) {
    case 'y':
    case 'd': out->date = true; break;
    case 'm': out->month = true; break;
    case 'h':
    case 's': out->clock = true; break;
    case '%': out->percent = true; break;
    case '0': out->zeros++; break;
    default: out->other = true; break;
    }
}

static marks scan(zh_str code)
{
    marks out = {0};
    for (size_t i = 0; i < code.n && code.p[i] != ';'; i++) {
        zh_str rest = zh_str_sub(code, i, code.n);
        if (code.p[i] == '[') {
            i = skip_bracket(code, i, &out);
        } else if (code.p[i] == '"') {
            i = skip_quoted(code, i);
        } else if (code.p[i] == '\\' || code.p[i] == '_' || code.p[i] == '*') {
            i++;
        } else if (zh_str_starts(rest, ZH_STR("AM/PM"))) {
            i += 4;
            out.clock = true;
        } else if (zh_str_starts(rest, ZH_STR("年")) || zh_str_starts(rest, ZH_STR("月")) ||
                   zh_str_starts(rest, ZH_STR("日")) || zh_str_starts(rest, ZH_STR("aaa"))) {
            i += 2;
            out.date = true;
        } else if (zh_str_starts(rest, ZH_STR("General"))) {
            i += 6;
            out.other = true;
        } else {
            note(code.p[i], &out);
        }
    }
    return out;
}

zh_numfmt zh_numfmt_parse(zh_str code)
{
    marks m = scan(code);
    zh_numfmt format = {ZH_NUMFMT_PLAIN, 0};
    if (m.date || (m.month && !m.clock && !m.elapsed)) {
        format.kind = ZH_NUMFMT_DATE;
    } else if (m.elapsed) {
        format.kind = ZH_NUMFMT_ELAPSED;
    } else if (m.clock) {
        format.kind = ZH_NUMFMT_TIME;
    } else if (m.percent) {
        format.kind = ZH_NUMFMT_PERCENT;
    } else if (m.zeros > 1 && m.zeros <= ZH_NUMFMT_ZEROS_MAX && !m.other) {
        format = (zh_numfmt){ZH_NUMFMT_ZEROS, (uint8_t)m.zeros};
    }
    return format;
}
