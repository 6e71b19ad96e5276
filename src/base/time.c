/* Civil time at +08:00. Day counts by the proleptic Gregorian calendar, computed in eras of 400
 * years that begin on 1 March so that the leap day is the last of its year. */
#include "base/time.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { YEAR_MIN = 1, YEAR_MAX = 9999, DAY_SECONDS = 86400, MICROS = 1000000 };

#define DAY_MICROS  ((int64_t)DAY_SECONDS * MICROS)
#define ZONE_MICROS ((int64_t)ZH_ZONE_SECONDS * MICROS)

static int64_t clock_us(clockid_t id)
{
    struct timespec now;
    zh_assert(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * MICROS + now.tv_nsec / 1000;
}

zh_time zh_now(void)
{
    return clock_us(CLOCK_REALTIME);
}

uint64_t zh_monotonic_us(void)
{
    return (uint64_t)clock_us(CLOCK_MONOTONIC);
}

uint64_t zh_monotonic_coarse_us(void)
{
    return (uint64_t)clock_us(CLOCK_MONOTONIC_COARSE);
}

/* --- civil dates --- */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int zh_days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    zh_assert(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool zh_date_valid(int year, int month, int day)
{
    return year >= YEAR_MIN && year <= YEAR_MAX && month >= 1 && month <= 12 && day >= 1 &&
           day <= zh_days_in_month(year, month);
}

zh_date zh_date_of(int year, int month, int day)
{
    zh_assert(zh_date_valid(year, month, day));
    int from_march = month > 2 ? month - 3 : month + 9;
    int y = month > 2 ? year : year - 1;
    int era = y / 400;
    int of_era = y % 400;
    int day_of_year = (153 * from_march + 2) / 5 + day - 1;
    int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void zh_date_civil(zh_date date, int *year, int *month, int *day)
{
    int64_t shifted = (int64_t)date + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    int from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int)(era * 400) + of_era + (*month <= 2);
}

int zh_date_weekday(zh_date date)
{
    int from_monday = (int)(((int64_t)date + 3) % 7); /* 1970-01-01 was a Thursday */
    return (from_monday < 0 ? from_monday + 7 : from_monday) + 1;
}

zh_date zh_date_add_months(zh_date date, int months)
{
    int year, month, day;
    zh_date_civil(date, &year, &month, &day);
    int64_t count = (int64_t)year * 12 + (month - 1) + months;
    zh_assert(count >= YEAR_MIN * 12 && count <= YEAR_MAX * 12 + 11);
    year = (int)(count / 12);
    month = (int)(count % 12) + 1;
    int last = zh_days_in_month(year, month);
    return zh_date_of(year, month, day < last ? day : last);
}

/* --- instants --- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

zh_date zh_time_date(zh_time t)
{
    /* Split before shifting: t itself may stand at the end of its range. */
    return (zh_date)(floor_div(t, DAY_MICROS) +
                     (floor_mod(t, DAY_MICROS) >= DAY_MICROS - ZONE_MICROS));
}

zh_time zh_date_start(zh_date date)
{
    return (int64_t)date * DAY_MICROS - ZONE_MICROS;
}

zh_civil zh_time_civil(zh_time t)
{
    zh_civil c;
    zh_date date = zh_time_date(t);
    int64_t within = (floor_mod(t, DAY_MICROS) + ZONE_MICROS) % DAY_MICROS;
    zh_date_civil(date, &c.year, &c.month, &c.day);
    int seconds = (int)(within / MICROS);
    c.micro = (int)(within % MICROS);
    c.hour = seconds / 3600;
    c.minute = seconds / 60 % 60;
    c.second = seconds % 60;
    return c;
}

static bool clock_valid(const zh_civil *c)
{
    return c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60 && c->second >= 0 &&
           c->second < 60 && c->micro >= 0 && c->micro < MICROS;
}

static zh_time time_at(const zh_civil *c, int offset_seconds)
{
    int64_t seconds = (int64_t)zh_date_of(c->year, c->month, c->day) * DAY_SECONDS +
                      c->hour * 3600 + c->minute * 60 + c->second - offset_seconds;
    return seconds * MICROS + c->micro;
}

zh_time zh_time_of(const zh_civil *civil)
{
    zh_assert(clock_valid(civil));
    return time_at(civil, ZH_ZONE_SECONDS);
}

/* Whether an instant's date at +08:00 lies in the years that dates can have. */
static bool in_range(zh_time t)
{
    return t >= zh_date_start(zh_date_of(YEAR_MIN, 1, 1)) &&
           t < zh_date_start(zh_date_of(YEAR_MAX, 12, 31) + 1);
}

/* --- canonical text --- */

/* The last n digits of a number that is not negative; several a record, so not through printf. */
static char *put_digits(char *at, int value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + n;
}

size_t zh_date_format(zh_date date, char out[16])
{
    int year, month, day;
    zh_date_civil(date, &year, &month, &day);
    zh_assert(year >= YEAR_MIN && year <= YEAR_MAX);
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at = '\0';
    return (size_t)(at - out);
}

size_t zh_time_format(zh_time t, char out[40])
{
    zh_civil c = zh_time_civil(t);
    char fraction[16] = "";
    zh_assert(c.year >= YEAR_MIN && c.year <= YEAR_MAX);
    if (c.micro != 0) {
        snprintf(fraction, sizeof fraction, ".%06d", c.micro);
    }
    int n = snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02d%s+08:00", c.year, c.month, c.day,
                     c.hour, c.minute, c.second, fraction);
    return (size_t)n;
}

/* --- reading --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes `literal` from the front of *in. */
static bool take(zh_str *in, const char *literal)
{
    zh_str want = zh_str_of(literal);
    if (!zh_str_starts(*in, want)) {
        return false;
    }
    *in = zh_str_sub(*in, want.n, in->n);
    return true;
}

static void take_spaces(zh_str *in)
{
    while (take(in, " ")) {
    }
}

/* Takes least..most digits; all of a longer run is refused. Returns how many, 0 for none. */
static size_t take_digits(zh_str *in, size_t least, size_t most, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < in->n && is_digit(in->p[n])) {
        if (++n > most) {
            return 0;
        }
        v = v * 10 + (in->p[n - 1] - '0');
    }
    if (n < least) {
        return 0;
    }
    *out = v;
    *in = zh_str_sub(*in, n, in->n);
    return n;
}

/* Exactly n digits, whatever follows. */
static bool take_fixed(zh_str *in, size_t n, int *out)
{
    zh_str head = zh_str_sub(*in, 0, n);
    if (head.n != n || take_digits(&head, n, n, out) != n) {
        return false;
    }
    *in = zh_str_sub(*in, n, in->n);
    return true;
}

/* .ffffff after the seconds: 1 to 9 digits, those beyond the microsecond are dropped. */
static bool take_fraction(zh_str *in, int *micro)
{
    *micro = 0;
    if (!take(in, ".") && !take(in, ",")) {
        return true;
    }
    size_t n = 0;
    for (int unit = MICROS / 10; n < in->n && is_digit(in->p[n]); n++, unit /= 10) {
        *micro += (in->p[n] - '0') * unit;
    }
    *in = zh_str_sub(*in, n, in->n);
    return n >= 1 && n <= 9;
}

/* Z, +08:00, +0800 (when loose) or +08; absent: +08:00 is meant. */
static bool take_zone(zh_str *in, bool loose, int *offset_seconds)
{
    *offset_seconds = ZH_ZONE_SECONDS;
    if (in->n == 0) {
        return true;
    }
    if (take(in, "Z") || take(in, "z")) {
        *offset_seconds = 0;
        return true;
    }
    bool minus = in->p[0] == '-';
    int hours;
    int minutes = 0;
    if (!take(in, "+") && !take(in, "-")) {
        return false;
    }
    if (!take_fixed(in, 2, &hours)) {
        return false;
    }
    if (in->n != 0) {
        if ((!take(in, ":") && !loose) || !take_fixed(in, 2, &minutes)) {
            return false;
        }
    }
    *offset_seconds = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    return hours < 24 && minutes < 60;
}

/* The instant of a civil time read with an offset. A leap second, written 60, is the second after
 * it, as in POSIX time; RFC 3339 allows it only at 23:59 UTC at the end of a month. */
static zh_rc assemble(zh_civil *c, int offset_seconds, zh_time *out)
{
    bool leap_second = c->second == 60;
    c->second -= leap_second;
    if (!zh_date_valid(c->year, c->month, c->day) || !clock_valid(c)) {
        return ZH_EINVAL;
    }
    zh_time t = time_at(c, offset_seconds);
    if (leap_second) {
        t += MICROS - c->micro;
        int64_t day = floor_div(t, DAY_MICROS);
        int year, month, first;
        zh_date_civil((zh_date)day, &year, &month, &first);
        if (t != day * DAY_MICROS || first != 1) {
            return ZH_EINVAL;
        }
    }
    if (!in_range(t)) {
        return ZH_EINVAL;
    }
    *out = t;
    return ZH_OK;
}

static bool take_iso_date(zh_str *in, zh_civil *c)
{
    return take_fixed(in, 4, &c->year) && take(in, "-") && take_fixed(in, 2, &c->month) &&
           take(in, "-") && take_fixed(in, 2, &c->day);
}

zh_rc zh_date_parse(zh_str text, zh_date *out)
{
    zh_civil c = {0};
    if (!take_iso_date(&text, &c) || text.n != 0 || !zh_date_valid(c.year, c.month, c.day)) {
        return ZH_EINVAL;
    }
    *out = zh_date_of(c.year, c.month, c.day);
    return ZH_OK;
}

zh_rc zh_time_parse(zh_str text, zh_time *out)
{
    zh_civil c = {0};
    int offset = ZH_ZONE_SECONDS;
    if (!take_iso_date(&text, &c)) {
        return ZH_EINVAL;
    }
    if (text.n != 0) {
        if (!take(&text, "T") && !take(&text, "t") && !take(&text, " ")) {
            return ZH_EINVAL;
        }
        if (!take_fixed(&text, 2, &c.hour) || !take(&text, ":") ||
            !take_fixed(&text, 2, &c.minute)) {
            return ZH_EINVAL;
        }
        if (take(&text, ":") &&
            (!take_fixed(&text, 2, &c.second) || !take_fraction(&text, &c.micro))) {
            return ZH_EINVAL;
        }
        if (!take_zone(&text, false, &offset) || text.n != 0) {
            return ZH_EINVAL;
        }
    }
    return assemble(&c, offset, out);
}

/* --- dates as people write them --- */

/* 00..68 are 20xx, 69..99 19xx (POSIX %y). */
static int full_year(int year, size_t digits)
{
    return digits > 2 ? year : year + (year < 69 ? 2000 : 1900);
}

/* Two or four digits of a year. */
static bool take_year(zh_str *in, int *year)
{
    size_t n = take_digits(in, 2, 4, year);
    *year = full_year(*year, n);
    return n == 2 || n == 4;
}

/* An English month: its first three letters or its whole name, any case. */
static bool take_month_name(zh_str *in, int *month)
{
    static const char *const names[12] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};
    size_t n = 0;
    while (n < in->n && ((in->p[n] | 32) >= 'a' && (in->p[n] | 32) <= 'z')) {
        n++;
    }
    for (int m = 0; m < 12; m++) {
        size_t whole = strlen(names[m]);
        if ((n == 3 || n == whole) && strncasecmp(in->p, names[m], n) == 0) {
            *month = m + 1;
            *in = zh_str_sub(*in, n, in->n);
            return true;
        }
    }
    return false;
}

/* 2024年1月5日, with spaces between the parts allowed; *year_digits are already taken. */
static bool take_chinese_date(zh_str *in, zh_civil *c)
{
    take_spaces(in);
    if (!take_digits(in, 1, 2, &c->month)) {
        return false;
    }
    take_spaces(in);
    if (!take(in, "月")) {
        return false;
    }
    take_spaces(in);
    if (!take_digits(in, 1, 2, &c->day)) {
        return false;
    }
    take_spaces(in);
    return take(in, "日") || take(in, "号");
}

/* The second and third number of a-b-c, and which of the three is what. */
static bool take_separated(zh_str *in, int first, size_t first_digits, const char *order,
                           zh_civil *c)
{
    char separator[2] = {in->p[0], '\0'};
    int second, third;
    if (!take(in, separator)) {
        return false;
    }
    if (first_digits <= 2 && take_month_name(in, &c->month)) { /* 05-Jan-2024 */
        c->day = first;
        return take(in, separator) && take_year(in, &c->year);
    }
    if (!take_digits(in, 1, 2, &second) || !take(in, separator)) {
        return false;
    }
    size_t third_digits = take_digits(in, 1, 4, &third);
    if (first_digits == 4 || (first_digits == 2 && strcmp(order, "ymd") == 0)) {
        c->year = full_year(first, first_digits);
        c->month = second;
        c->day = third;
        return third_digits == 1 || third_digits == 2;
    }
    bool day_first = strcmp(order, "dmy") == 0;
    if (first_digits > 2 || (!day_first && strcmp(order, "mdy") != 0)) {
        return false;
    }
    c->year = full_year(third, third_digits);
    c->month = day_first ? second : first;
    c->day = day_first ? first : second;
    return third_digits == 2 || third_digits == 4;
}

/* The date part; *glued: a clock may follow without a separator. */
static bool take_loose_date(zh_str *in, const char *order, zh_civil *c, bool *glued)
{
    *glued = false;
    if (take_month_name(in, &c->month)) { /* Jan 5, 2024 */
        take(in, ".");
        take_spaces(in);
        if (!take_digits(in, 1, 2, &c->day)) {
            return false;
        }
        take(in, ",");
        take_spaces(in);
        return take_year(in, &c->year);
    }
    size_t run = 0;
    while (run < in->n && is_digit(in->p[run])) {
        run++;
    }
    if (run == 8 || run == 12 || run == 14) {
        *glued = true;
        return take_fixed(in, 4, &c->year) && take_fixed(in, 2, &c->month) &&
               take_fixed(in, 2, &c->day);
    }
    int first;
    size_t digits = take_digits(in, 1, 4, &first);
    if (digits == 0 || digits == 3 || in->n == 0) {
        return false;
    }
    if (memchr("-/.", in->p[0], 3) != NULL) {
        return take_separated(in, first, digits, order, c);
    }
    take_spaces(in);
    if (digits <= 2 && take_month_name(in, &c->month)) { /* 5 Jan 2024 */
        c->day = first;
        take_spaces(in);
        return take_year(in, &c->year);
    }
    if (digits >= 2 && take(in, "年")) {
        c->year = full_year(first, digits);
        *glued = true;
        return take_chinese_date(in, c);
    }
    return false;
}

/* AM, PM, 上午, 下午 turn a twelve-hour clock into the day's hour. */
static bool apply_half_day(zh_civil *c, bool afternoon)
{
    if (c->hour < 1 || c->hour > 12) {
        return false;
    }
    c->hour = c->hour % 12 + (afternoon ? 12 : 0);
    return true;
}

static bool take_clock_of_points(zh_str *in, zh_civil *c)
{
    if (take(in, "时") || take(in, "点")) {
        if (in->n == 0 || !is_digit(in->p[0])) {
            return true;
        }
        if (!take_digits(in, 1, 2, &c->minute) || !take(in, "分")) {
            return false;
        }
        if (in->n == 0 || !is_digit(in->p[0])) {
            return true;
        }
        return take_digits(in, 1, 2, &c->second) && take(in, "秒");
    }
    if (!take(in, ":") || !take_fixed(in, 2, &c->minute)) {
        return false;
    }
    return !take(in, ":") || (take_fixed(in, 2, &c->second) && take_fraction(in, &c->micro));
}

/* The clock: HH:MM[:SS[.f]], 8时[30分[5秒]], HHMM[SS] after an eight-digit date. */
static bool take_loose_clock(zh_str *in, zh_civil *c, int *offset)
{
    bool morning = take(in, "上午");
    bool afternoon = !morning && take(in, "下午");
    take_spaces(in);
    size_t run = 0;
    while (run < in->n && is_digit(in->p[run])) {
        run++;
    }
    if (run == 4 || run == 6) {
        if (!take_fixed(in, 2, &c->hour) || !take_fixed(in, 2, &c->minute) ||
            (run == 6 && (!take_fixed(in, 2, &c->second) || !take_fraction(in, &c->micro)))) {
            return false;
        }
    } else if (!take_digits(in, 1, 2, &c->hour) || !take_clock_of_points(in, c)) {
        return false;
    }
    take_spaces(in);
    if (!morning && !afternoon) {
        morning = take(in, "AM") || take(in, "am");
        afternoon = !morning && (take(in, "PM") || take(in, "pm"));
        take_spaces(in);
    }
    if ((morning || afternoon) && !apply_half_day(c, afternoon)) {
        return false;
    }
    return take_zone(in, true, offset) && in->n == 0;
}

zh_rc zh_time_parse_loose(zh_str text, const char *order, zh_time *out, bool *has_clock)
{
    zh_civil c = {0};
    int offset = ZH_ZONE_SECONDS;
    bool glued;
    text = zh_str_trim(text);
    zh_str iso = text;
    if (text.n == 10 && take_iso_date(&iso, &c)) { /* nearly all there are */
        *has_clock = false;
        return assemble(&c, offset, out);
    }
    if (!take_loose_date(&text, order, &c, &glued)) {
        return ZH_EINVAL;
    }
    *has_clock = text.n != 0;
    if (text.n == 0) {
        return assemble(&c, offset, out);
    }
    size_t before = text.n;
    if (!take(&text, "T") && !take(&text, "t")) {
        take_spaces(&text);
    }
    if ((text.n == before && !glued) || !take_loose_clock(&text, &c, &offset)) {
        return ZH_EINVAL;
    }
    bool day_end = c.hour == 24 && c.minute == 0 && c.second == 0 && c.micro == 0;
    c.hour = day_end ? 0 : c.hour;
    if (assemble(&c, offset, out) != ZH_OK || (day_end && !in_range(*out + DAY_MICROS))) {
        return ZH_EINVAL;
    }
    *out += day_end ? DAY_MICROS : 0; /* 24:00 is the end of that day, GB/T 7408 */
    return ZH_OK;
}

/* --- periods --- */

static zh_rc month_span(int year, int month, int months, zh_date *first, zh_date *last)
{
    if (!zh_date_valid(year, month, 1)) {
        return ZH_EINVAL;
    }
    int end = month + months - 1;
    *first = zh_date_of(year, month, 1);
    *last = zh_date_of(year, end, zh_days_in_month(year, end));
    return ZH_OK;
}

/* 第二季度, 第2季度, 二季度: 1..4, else 0. */
static int take_quarter(zh_str *in)
{
    static const char *const words[4] = {"一", "二", "三", "四"};
    static const char *const digits[4] = {"1", "2", "3", "4"};
    take(in, "第");
    for (int q = 0; q < 4; q++) {
        if (take(in, words[q]) || take(in, digits[q])) {
            return take(in, "季度") ? q + 1 : 0;
        }
    }
    return 0;
}

/* What follows 2024年. */
static zh_rc chinese_period(zh_str rest, int year, zh_date *first, zh_date *last)
{
    if (rest.n == 0 || zh_str_is(rest, "度")) {
        return month_span(year, 1, 12, first, last);
    }
    if (zh_str_is(rest, "上半年") || zh_str_is(rest, "下半年")) {
        return month_span(year, zh_str_is(rest, "上半年") ? 1 : 7, 6, first, last);
    }
    zh_str again = rest;
    int quarter = take_quarter(&again);
    if (quarter != 0) {
        return again.n == 0 ? month_span(year, quarter * 3 - 2, 3, first, last) : ZH_EINVAL;
    }
    int month, day;
    if (!take_digits(&rest, 1, 2, &month) || !take(&rest, "月")) {
        return ZH_EINVAL;
    }
    if (rest.n == 0) {
        return month_span(year, month, 1, first, last);
    }
    if (!take_digits(&rest, 1, 2, &day) || !take(&rest, "日") || rest.n != 0 ||
        !zh_date_valid(year, month, day)) {
        return ZH_EINVAL;
    }
    *first = *last = zh_date_of(year, month, day);
    return ZH_OK;
}

static zh_rc one_period(zh_str text, zh_date *first, zh_date *last)
{
    int year, n;
    if (zh_date_parse(text, first) == ZH_OK) {
        *last = *first;
        return ZH_OK;
    }
    if (!take_fixed(&text, 4, &year)) {
        return ZH_EINVAL;
    }
    if (text.n == 0) {
        return month_span(year, 1, 12, first, last);
    }
    if (take(&text, "年")) {
        return chinese_period(text, year, first, last);
    }
    if (take(&text, "H")) {
        bool fits = take_fixed(&text, 1, &n) && text.n == 0 && n >= 1 && n <= 2;
        return fits ? month_span(year, n * 6 - 5, 6, first, last) : ZH_EINVAL;
    }
    if (take(&text, "Q")) {
        bool fits = take_fixed(&text, 1, &n) && text.n == 0 && n >= 1 && n <= 4;
        return fits ? month_span(year, n * 3 - 2, 3, first, last) : ZH_EINVAL;
    }
    bool month = take(&text, "-") && take_fixed(&text, 2, &n) && text.n == 0;
    return month ? month_span(year, n, 1, first, last) : ZH_EINVAL;
}

zh_rc zh_period_parse(zh_str text, zh_date *first, zh_date *last)
{
    zh_date from, to;
    ptrdiff_t slash = zh_str_chr(text, '/');
    if (slash < 0) {
        return one_period(text, first, last);
    }
    zh_str left = zh_str_sub(text, 0, (size_t)slash);
    zh_str right = zh_str_sub(text, (size_t)slash + 1, text.n);
    zh_date ignored;
    if (one_period(left, &from, &ignored) != ZH_OK || one_period(right, &ignored, &to) != ZH_OK ||
        from > to) {
        return ZH_EINVAL;
    }
    *first = from;
    *last = to;
    return ZH_OK;
}

zh_str zh_period_format(zh_arena *arena, zh_date first, zh_date last)
{
    int y1, m1, d1, y2, m2, d2;
    char from[16], to[16];
    zh_date_format(first, from);
    zh_date_format(last, to);
    if (first == last) {
        return zh_str_fmt(arena, "%s", from);
    }
    zh_date_civil(first, &y1, &m1, &d1);
    zh_date_civil(last, &y2, &m2, &d2);
    if (y1 == y2 && d1 == 1 && d2 == zh_days_in_month(y2, m2)) {
        int months = m2 - m1 + 1;
        if (months == 1) {
            return zh_str_fmt(arena, "%.7s", from);
        }
        if (months == 3 && m1 % 3 == 1) {
            return zh_str_fmt(arena, "%.4sQ%d", from, m1 / 3 + 1);
        }
        if (months == 6 && m1 % 6 == 1) {
            return zh_str_fmt(arena, "%.4sH%d", from, m1 / 6 + 1);
        }
        if (months == 12) {
            return zh_str_fmt(arena, "%.4s", from);
        }
    }
    return zh_str_fmt(arena, "%s/%s", from, to);
}
