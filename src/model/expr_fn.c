/* Functions of the expression language: their table and their values.
 *
 * Every function of an unknown is unknown, except mark() and the decided bounds of comparisons.
 * What lies outside a function's domain (division by zero, logarithm of a negative) is unknown, not
 * an error; a result that does not fit 18 digits is an error. */
#include "base/utf8.h"
#include "model/expr_private.h"
#include <string.h>

enum { MONTHS_OF_YEAR = 12, DAYS_OF_WEEK = 7, SHIFT_MAX = 4000000, WORKING_SPAN_MAX = 40000 };

#define MICROS_OF_HOUR INT64_C(3600000000)
#define MICROS_OF_DAY  (24 * MICROS_OF_HOUR)

static const zh_expr_function functions[] = {
    [ZH_FN_ABS] = {"abs", "d", '=', false},
    [ZH_FN_ROUND] = {"round", "dn/r", '=', false},
    [ZH_FN_DIV] = {"div", "ddn/r", 'd', false},
    [ZH_FN_POW] = {"pow", "ddn", 'd', false},
    [ZH_FN_LOG] = {"log", "dn", 'd', false},
    [ZH_FN_LN] = {"ln", "dn", 'd', false},
    [ZH_FN_EXP] = {"exp", "dn", 'd', false},
    [ZH_FN_SQRT] = {"sqrt", "dn", 'd', false},
    [ZH_FN_DECAY] = {"decay", "ld/n", 'd', false},
    [ZH_FN_MIN] = {"min", "xx", '=', false},
    [ZH_FN_MAX] = {"max", "xx", '=', false},
    [ZH_FN_CONVERT] = {"convert", "qu/n", 'd', false},
    [ZH_FN_MARK] = {"mark", "q", 't', false},
    [ZH_FN_LEN] = {"len", "t", 'd', false},
    [ZH_FN_LOWER] = {"lower", "t", 't', false},
    [ZH_FN_STARTS] = {"starts", "tt", 'b', false},
    [ZH_FN_ENDS] = {"ends", "tt", 'b', false},
    [ZH_FN_CONTAINS] = {"contains", "tt", 'b', false},
    [ZH_FN_CONCAT] = {"&", "xx", 't', true},
    [ZH_FN_DATE] = {"date", "m", 'T', false},
    [ZH_FN_YEAR] = {"year", "D", 'd', false},
    [ZH_FN_QUARTER] = {"quarter", "D", 'd', false},
    [ZH_FN_MONTH] = {"month", "D", 'd', false},
    [ZH_FN_DAY] = {"day", "D", 'd', false},
    [ZH_FN_WEEKDAY] = {"weekday", "D", 'd', false},
    [ZH_FN_HOURS] = {"hours", "DD", 'd', false},
    [ZH_FN_DAYS] = {"days", "DD", 'd', false},
    [ZH_FN_MONTHS] = {"months", "DD", 'd', false},
    [ZH_FN_WORKING_DAYS] = {"working_days", "DD", 'd', false},
    [ZH_FN_AGE_AT] = {"age_at", "D", 'd', false},
    [ZH_FN_START] = {"start", "p", 'T', false},
    [ZH_FN_END] = {"end", "p", 'T', false},
    [ZH_FN_COVERS] = {"covers", "vx", 'b', true},
    [ZH_FN_OVERLAPS] = {"overlaps", "pp", 'b', true},
};

static const char *const roundings[] = {
    [ZH_ROUND_HALF_EVEN] = "half_even",
    [ZH_ROUND_HALF_UP] = "half_up",
    [ZH_ROUND_UP] = "up",
    [ZH_ROUND_DOWN] = "down",
};

const zh_expr_function *zh_expr_function_of(zh_expr_fn fn)
{
    return &functions[fn];
}

zh_rc zh_expr_function_find(zh_str name, zh_expr_fn *out)
{
    for (size_t i = 0; i < ZH_COUNTOF(functions); i++) {
        if (zh_str_is(name, functions[i].name)) {
            *out = (zh_expr_fn)i;
            return ZH_OK;
        }
    }
    return ZH_ENOTFOUND;
}

void zh_expr_function_names(zh_nearest *nearest)
{
    for (size_t i = 0; i < ZH_COUNTOF(functions); i++) {
        zh_nearest_try(nearest, zh_str_of(functions[i].name));
    }
}

bool zh_expr_rounding(zh_str name, zh_rounding *out)
{
    for (size_t i = ZH_ROUND_HALF_EVEN; i < ZH_COUNTOF(roundings); i++) {
        if (zh_str_is(name, roundings[i])) {
            *out = (zh_rounding)i;
            return true;
        }
    }
    return false;
}

static zh_rc fail_overflow(zh_err *err, const char *name)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "expr.overflow", "%s 的结果超过 18 位", name);
    zh_err_fix(err, "减少小数位数，或先 round() 再计算");
    return rc;
}

/* ---- dates ---------------------------------------------------------------------------------- */

static bool date_in_range(int64_t date)
{
    return date >= zh_date_of(1, 1, 1) && date <= zh_date_of(9999, 12, 31);
}

static zh_rc shift_working(const zh_calendar *calendar, zh_date from, int64_t amount, zh_date *out)
{
    if (calendar == NULL || amount > WORKING_SPAN_MAX || amount < -WORKING_SPAN_MAX) {
        return ZH_ENOTFOUND;
    }
    if (amount >= 0) {
        return zh_calendar_add_working(calendar, from, (int)amount, out);
    }
    zh_date date = from;
    while (amount < 0) {
        bool working = false;
        zh_rc rc = date_in_range((int64_t)date - 1)
                       ? zh_calendar_is_working(calendar, --date, &working)
                       : ZH_ENOTFOUND;
        if (rc != ZH_OK) {
            return rc;
        }
        amount += working;
    }
    *out = date;
    return ZH_OK;
}

static zh_rc shift_months(zh_date from, int64_t months, zh_date *out)
{
    int year, month, day;
    zh_date_civil(from, &year, &month, &day);
    int64_t target = (int64_t)year * MONTHS_OF_YEAR + month - 1 + months;
    if (target < MONTHS_OF_YEAR || target >= INT64_C(10000) * MONTHS_OF_YEAR) {
        return ZH_ELIMIT;
    }
    *out = zh_date_add_months(from, (int)months);
    return ZH_OK;
}

zh_rc zh_time_shift(const zh_calendar *calendar, zh_time t, int64_t amount, zh_unit_time unit,
                    zh_time *out)
{
    zh_date from = zh_time_date(t);
    zh_date to = from;
    zh_rc rc = ZH_OK;
    if (amount > SHIFT_MAX || amount < -SHIFT_MAX) {
        return ZH_ELIMIT;
    }
    switch (unit) {
    case ZH_HOUR: {
        zh_time moved = t + amount * MICROS_OF_HOUR;
        bool fits = moved >= zh_date_start(zh_date_of(1, 1, 1)) &&
                    moved - MICROS_OF_DAY < zh_date_start(zh_date_of(9999, 12, 31));
        *out = moved;
        return fits ? ZH_OK : ZH_ELIMIT;
    }
    case ZH_DAY:
        rc = date_in_range((int64_t)from + amount) ? ZH_OK : ZH_ELIMIT;
        to = (zh_date)(from + amount);
        break;
    case ZH_WORKING_DAY: rc = shift_working(calendar, from, amount, &to); break;
    case ZH_MONTH: rc = shift_months(from, amount, &to); break;
    case ZH_YEAR: rc = shift_months(from, amount * MONTHS_OF_YEAR, &to); break;
    }
    if (rc == ZH_OK) {
        *out = t + (zh_time)(to - from) * MICROS_OF_DAY;
    }
    return rc;
}

zh_rc zh_expr_shift(zh_env *env, const zh_value *from, const zh_value *duration, int sign,
                    zh_kind kind, zh_value *out, zh_err *err)
{
    zh_time t = from->kind == ZH_TIME ? from->i : zh_date_start((zh_date)from->i);
    zh_time moved = 0;
    zh_rc rc = zh_time_shift(env->calendar, t, sign * duration->i, duration->duration, &moved);
    if (rc == ZH_ENOTFOUND) {
        rc = zh_err_set(err, ZH_ENOTFOUND, "expr.calendar", "工作日历没有覆盖所算的日期");
        zh_err_fix(err, "补充工作日历的年度安排(cover 行)");
        return rc;
    }
    if (rc != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "expr.overflow", "日期超出 0001 至 9999 年");
    }
    *out = kind == ZH_TIME ? zh_value_time(moved) : zh_value_date(zh_time_date(moved));
    return ZH_OK;
}

static zh_date date_of(const zh_value *v)
{
    return v->kind == ZH_TIME ? zh_time_date(v->i) : (zh_date)v->i;
}

static zh_time time_of(const zh_value *v)
{
    return v->kind == ZH_TIME ? v->i : zh_date_start((zh_date)v->i);
}

/* Whole months from a to b: the most that can be added to a without passing b. */
static int64_t months_between(zh_date a, zh_date b)
{
    int ya, ma, da, yb, mb, db;
    zh_date_civil(a, &ya, &ma, &da);
    zh_date_civil(b, &yb, &mb, &db);
    int64_t n = (int64_t)(yb - ya) * MONTHS_OF_YEAR + (mb - ma);
    zh_date reached = a;
    if (n != 0 && shift_months(a, n, &reached) != ZH_OK) {
        return n;
    }
    if (n > 0 && reached > b) {
        return n - 1;
    }
    return n < 0 && reached < b ? n + 1 : n;
}

/* Working days in (a, b]; negative when b < a. */
static zh_rc working_between(zh_env *env, zh_date a, zh_date b, int64_t *out, zh_err *err)
{
    zh_date low = a < b ? a : b;
    zh_date high = a < b ? b : a;
    int64_t n = 0;
    bool covered = env->calendar && (int64_t)high - low <= WORKING_SPAN_MAX;
    for (zh_date d = low; covered && d < high; d++) {
        bool working = false;
        covered = zh_calendar_is_working(env->calendar, d + 1, &working) == ZH_OK;
        n += working;
    }
    *out = a < b ? n : -n;
    return covered ? ZH_OK
                   : zh_err_set(err, ZH_ENOTFOUND, "expr.calendar", "工作日历没有覆盖所算的日期");
}

static zh_rc hours_between(zh_time a, zh_time b, zh_value *out, zh_err *err)
{
    zh_decimal hours;
    if (zh_i128_ratio((zh_i128)b - a, MICROS_OF_HOUR, ZH_EXPR_DIGITS_DEFAULT, ZH_ROUND_HALF_EVEN,
                      &hours) != ZH_OK) {
        return fail_overflow(err, "hours");
    }
    *out = zh_value_decimal(hours);
    return ZH_OK;
}

static zh_rc apply_span(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                        zh_err *err)
{
    zh_date from = date_of(&a[0]);
    zh_date to = date_of(&a[1]);
    int64_t n = 0;
    if (node->fn == ZH_FN_HOURS) {
        return hours_between(time_of(&a[0]), time_of(&a[1]), out, err);
    }
    if (node->fn == ZH_FN_WORKING_DAYS) {
        zh_rc rc = working_between(env, from, to, &n, err);
        *out = zh_value_int(n);
        return rc;
    }
    *out = zh_value_int(node->fn == ZH_FN_DAYS ? (int64_t)to - from : months_between(from, to));
    return ZH_OK;
}

static zh_rc apply_date(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                        zh_err *err)
{
    (void)env;
    (void)err;
    if (a->kind == ZH_TEXT) { /* date('2026-01-01') */
        zh_date parsed;
        *out = zh_date_parse(a->text, &parsed) == ZH_OK ? zh_value_date(parsed) : ZH_VALUE_NULL;
        return ZH_OK;
    }
    int year, month, day;
    zh_date date = date_of(a);
    zh_date_civil(date, &year, &month, &day);
    if (node->fn == ZH_FN_DATE) {
        *out = zh_value_date(date);
    } else if (node->fn == ZH_FN_YEAR) {
        *out = zh_value_int(year);
    } else if (node->fn == ZH_FN_QUARTER) {
        *out = zh_value_int((month + 2) / 3);
    } else if (node->fn == ZH_FN_MONTH) {
        *out = zh_value_int(month);
    } else {
        *out = zh_value_int(node->fn == ZH_FN_DAY ? day : zh_date_weekday(date));
    }
    return ZH_OK;
}

static zh_rc apply_age(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                       zh_err *err)
{
    (void)node;
    (void)err;
    zh_time event = 0;
    *out = ZH_VALUE_NULL;
    if (env->record && zh_record_event(env->record, &event) == ZH_OK) {
        *out = zh_value_int((int64_t)date_of(a) - zh_time_date(event));
    }
    return ZH_OK;
}

/* ---- periods and ranges --------------------------------------------------------------------- */

static bool both_decimal(zh_str a, zh_str b, int *order)
{
    zh_decimal x, y;
    if (zh_decimal_parse(a, false, &x) != ZH_OK || zh_decimal_parse(b, false, &y) != ZH_OK) {
        return false;
    }
    *order = zh_decimal_cmp(x, y);
    return true;
}

/* a against b where either a number or text of one length has an order; *known false otherwise. */
static int bound_order(zh_str a, zh_str b, bool *known)
{
    int order = 0;
    *known = true;
    if (both_decimal(a, b, &order)) {
        return order;
    }
    *known = a.n == b.n;
    return zh_str_cmp(a, b);
}

/* One component: "*", "x", "x*", "a..b", "a..", "..b". */
static int component_covers(zh_str range, zh_str item)
{
    if (zh_str_is(range, "*")) {
        return 1;
    }
    if (item.n == 0) {
        return -1;
    }
    ptrdiff_t dots = zh_str_find(range, ZH_STR(".."));
    if (dots < 0) {
        int order = 1;
        if (zh_str_ends(range, ZH_STR("*"))) {
            return zh_str_starts(item, zh_str_sub(range, 0, range.n - 1));
        }
        return zh_str_eq(range, item) || (both_decimal(range, item, &order) && order == 0);
    }
    zh_str low = zh_str_trim(zh_str_sub(range, 0, (size_t)dots));
    zh_str high = zh_str_trim(zh_str_sub(range, (size_t)dots + 2, range.n));
    bool known_low = true;
    bool known_high = true;
    bool above = low.n == 0 || bound_order(low, item, &known_low) <= 0;
    bool below = high.n == 0 || bound_order(item, high, &known_high) <= 0;
    return known_low && known_high && above && below; /* text of another length is another series */
}

/* Components by '|': all must cover; a component that the item does not state is unknown. */
static int part_covers(zh_str part, zh_str item)
{
    zh_str range_piece, item_piece;
    int result = 1;
    while (zh_str_split(&part, '|', &range_piece)) {
        item_piece = ZH_STR_NONE;
        if (item.p) {
            (void)!zh_str_split(&item, '|', &item_piece);
        }
        int covers = component_covers(zh_str_trim(range_piece), zh_str_trim(item_piece));
        if (covers == 0) {
            return 0;
        }
        result = covers < 0 ? -1 : result;
    }
    return result;
}

int zh_range_covers(zh_str range, zh_str item)
{
    zh_str part;
    int result = 0;
    while (zh_str_split(&range, ';', &part)) {
        part = zh_str_trim(part);
        int covers = part.n ? part_covers(part, item) : 0;
        if (covers > 0) {
            return 1;
        }
        result = covers < 0 ? -1 : result;
    }
    return result;
}

static zh_rc apply_covers(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                          zh_err *err)
{
    (void)node;
    (void)err;
    if (a[0].kind == ZH_TEXT) {
        char type;
        zh_value plain = a[1];
        plain.unit = ZH_STR_NONE;
        int covers = zh_range_covers(a[0].text, zh_value_canonical(env->arena, &plain, &type));
        *out = covers < 0 ? ZH_VALUE_NULL : zh_value_bool(covers > 0);
        return ZH_OK;
    }
    bool period = a[1].kind == ZH_PERIOD;
    int64_t first = period ? a[1].i : date_of(&a[1]);
    int64_t last = period ? a[1].to : first;
    *out = zh_value_bool(a[0].i <= first && last <= a[0].to);
    return ZH_OK;
}

static zh_rc apply_start(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                         zh_err *err)
{
    (void)node;
    (void)env;
    (void)err;
    *out = zh_value_date((zh_date)a[0].i);
    return ZH_OK;
}

static zh_rc apply_end(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                       zh_err *err)
{
    (void)node;
    (void)env;
    (void)err;
    *out = a[0].to == ZH_OPEN_END ? ZH_VALUE_NULL : zh_value_date(a[0].to);
    return ZH_OK;
}

static zh_rc apply_overlaps(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                            zh_err *err)
{
    (void)node;
    (void)env;
    (void)err;
    *out = zh_value_bool(a[0].i <= a[1].to && a[1].i <= a[0].to);
    return ZH_OK;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static uint8_t digits_of(const zh_expr *node, size_t i, uint8_t otherwise)
{
    return i < node->n ? (uint8_t)node->a[i]->value.decimal.scaled : otherwise;
}

static zh_rounding rounding_of(const zh_expr *node, size_t i)
{
    zh_rounding rounding = ZH_ROUND_HALF_EVEN;
    if (i < node->n) {
        bool known = zh_expr_rounding(node->a[i]->value.text, &rounding);
        zh_assert(known);
    }
    return rounding;
}

/* Half-life as num/den days; a plain number is in days already. */
static bool half_life(const zh_value *v, zh_i128 *num, zh_i128 *den)
{
    /* A month is 30.436875 days, a year 365.2425: the mean of the Gregorian calendar. */
    static const int64_t per_unit[][2] = {
        [ZH_HOUR] = {1, 24},          [ZH_DAY] = {1, 1},
        [ZH_WORKING_DAY] = {0, 1},    [ZH_MONTH] = {30436875, 1000000},
        [ZH_YEAR] = {3652425, 10000},
    };
    if (v->kind == ZH_DECIMAL) {
        *num = v->decimal.scaled;
        *den = 1;
        for (uint8_t i = 0; i < v->decimal.digits; i++) {
            *den *= 10;
        }
        return *num > 0;
    }
    *num = (zh_i128)v->i * per_unit[v->duration][0];
    *den = per_unit[v->duration][1];
    return v->i > 0 && v->i <= SHIFT_MAX && *num > 0;
}

static zh_rc num_decay(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    zh_i128 num = 0;
    zh_i128 den = 1;
    *known = half_life(&a[0], &num, &den);
    if (!*known) {
        return ZH_OK;
    }
    for (uint8_t i = 0; i < a[1].decimal.digits; i++) { /* num < 1e18, so it fits 36 digits */
        num *= 10;
    }
    return zh_num_half((zh_i128)a[1].decimal.scaled * den, num,
                       digits_of(node, 2, ZH_EXPR_DIGITS_DEFAULT), out);
}

static zh_rc num_abs(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    (void)node;
    (void)known;
    *out = a[0].decimal;
    out->scaled = out->scaled < 0 ? -out->scaled : out->scaled;
    return ZH_OK;
}

static zh_rc num_round(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    (void)known;
    return zh_decimal_rescale(a[0].decimal, digits_of(node, 1, 0), rounding_of(node, 2), out);
}

static zh_rc num_div(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    *known = a[1].decimal.scaled != 0;
    return *known ? zh_decimal_div(a[0].decimal, a[1].decimal, digits_of(node, 2, 0),
                                   rounding_of(node, 3), out)
                  : ZH_OK;
}

static zh_rc num_pow(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    return zh_num_pow(a[0].decimal, a[1].decimal, digits_of(node, 2, 0), out, known);
}

static zh_rc num_log(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    return zh_num_log10(a[0].decimal, digits_of(node, 1, 0), out, known);
}

static zh_rc num_ln(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    return zh_num_ln(a[0].decimal, digits_of(node, 1, 0), out, known);
}

static zh_rc num_exp(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    (void)known;
    return zh_num_exp(a[0].decimal, digits_of(node, 1, 0), out);
}

static zh_rc num_sqrt(const zh_expr *node, const zh_value *a, zh_decimal *out, bool *known)
{
    return zh_num_sqrt(a[0].decimal, digits_of(node, 1, 0), out, known);
}

static zh_rc (*const numbers[])(const zh_expr *node, const zh_value *a, zh_decimal *out,
                                bool *known) = {
    [ZH_FN_ABS] = num_abs, [ZH_FN_ROUND] = num_round, [ZH_FN_DIV] = num_div,
    [ZH_FN_POW] = num_pow, [ZH_FN_LOG] = num_log,     [ZH_FN_LN] = num_ln,
    [ZH_FN_EXP] = num_exp, [ZH_FN_SQRT] = num_sqrt,   [ZH_FN_DECAY] = num_decay,
};

static zh_rc apply_number(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                          zh_err *err)
{
    (void)env;
    zh_decimal d = {0};
    bool known = true;
    if (numbers[node->fn](node, a, &d, &known) != ZH_OK) {
        return fail_overflow(err, functions[node->fn].name);
    }
    *out = known ? zh_value_decimal(d) : ZH_VALUE_NULL;
    bool keeps_unit = node->fn == ZH_FN_ABS || node->fn == ZH_FN_ROUND;
    out->unit = known && keeps_unit ? a[0].unit : ZH_STR_NONE;
    return ZH_OK;
}

static const struct zh_unit *unit_find(const zh_model *model, zh_str code)
{
    for (size_t i = 0; i < model->nunits; i++) {
        if (zh_str_eq(model->units[i].code, code)) {
            return &model->units[i];
        }
    }
    return NULL;
}

/* Exact to 12 digits, without zeros that the value as written did not have. */
static zh_rc converted(zh_decimal d, zh_decimal from, zh_decimal to, uint8_t digits, bool trim,
                       zh_decimal *out)
{
    zh_i128 num = (zh_i128)d.scaled * from.scaled;
    zh_i128 den = to.scaled;
    uint8_t least = d.digits;
    int shift = (int)d.digits + from.digits - to.digits;
    for (; shift > 0 && num % 10 == 0; shift--) {
        num /= 10;
    }
    for (; shift > 0; shift--) {
        if (__builtin_mul_overflow(den, (zh_i128)10, &den)) {
            return ZH_ELIMIT;
        }
    }
    for (; shift < 0; shift++) {
        if (__builtin_mul_overflow(num, (zh_i128)10, &num)) {
            return ZH_ELIMIT;
        }
    }
    zh_rc rc = zh_i128_ratio(num, den, digits, ZH_ROUND_HALF_EVEN, out);
    while (rc == ZH_OK && trim && out->digits > least && out->scaled % 10 == 0) {
        out->scaled /= 10;
        out->digits--;
    }
    return rc;
}

static zh_rc apply_convert(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                           zh_err *err)
{
    (void)env;
    enum { CONVERT_DIGITS = 12 };
    const struct zh_unit *to = unit_find(node->model, a[1].text);
    const struct zh_unit *from = unit_find(node->model, a[0].unit);
    zh_decimal d;
    if (to == NULL || from == NULL || !zh_str_eq(to->dimension, from->dimension)) {
        return zh_err_set(err, ZH_EINVAL, "expr.unit", "单位 %.*s 不能换算成 %.*s",
                          ZH_FMT(a[0].unit), ZH_FMT(a[1].text));
    }
    bool stated = node->n > 2;
    uint8_t digits = a[0].decimal.digits > CONVERT_DIGITS ? a[0].decimal.digits : CONVERT_DIGITS;
    zh_rc rc = converted(a[0].decimal, from->factor, to->factor,
                         stated ? digits_of(node, 2, 0) : digits, !stated, &d);
    for (; rc == ZH_ELIMIT && !stated && digits > 0;
         digits--) { /* large values keep fewer digits */
        rc = converted(a[0].decimal, from->factor, to->factor, (uint8_t)(digits - 1), true, &d);
    }
    if (rc != ZH_OK) {
        return fail_overflow(err, "convert");
    }
    *out = zh_value_decimal(d);
    out->unit = to->code;
    return ZH_OK;
}

/* ---- text ----------------------------------------------------------------------------------- */

static zh_rc apply_concat(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                          zh_err *err)
{
    (void)node;
    char type;
    zh_str left = zh_value_canonical(env->arena, &a[0], &type);
    zh_str right = zh_value_canonical(env->arena, &a[1], &type);
    char *text = left.n + right.n <= ZH_EXPR_TEXT_MAX
                     ? zh_arena_try(env->arena, left.n + right.n + 1)
                     : NULL;
    if (text == NULL) {
        return zh_err_set(err, ZH_ELIMIT, "expr.limit.text", "文本超过 %zu 字节", ZH_EXPR_TEXT_MAX);
    }
    if (left.n) {
        memcpy(text, left.p, left.n);
    }
    if (right.n) {
        memcpy(text + left.n, right.p, right.n);
    }
    *out = zh_value_text((zh_str){text, left.n + right.n});
    return ZH_OK;
}

static zh_rc apply_len(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                       zh_err *err)
{
    (void)node;
    (void)env;
    (void)err;
    *out = zh_value_int((int64_t)zh_utf8_count(a[0].text));
    return ZH_OK;
}

static zh_rc apply_lower(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                         zh_err *err)
{
    (void)node;
    (void)err;
    *out = zh_value_text(zh_str_lower_ascii(env->arena, a[0].text));
    return ZH_OK;
}

/* starts, ends, contains */
static zh_rc apply_search(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                          zh_err *err)
{
    (void)env;
    (void)err;
    bool found = node->fn == ZH_FN_STARTS ? zh_str_starts(a[0].text, a[1].text)
                 : node->fn == ZH_FN_ENDS ? zh_str_ends(a[0].text, a[1].text)
                                          : zh_str_find(a[0].text, a[1].text) >= 0;
    *out = zh_value_bool(found);
    return ZH_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

static bool all_known(const zh_value *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!zh_value_known(&a[i])) {
            return false;
        }
    }
    return true;
}

static zh_rc apply_extreme(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                           zh_err *err)
{
    (void)env;
    *out = a[0];
    for (size_t i = 1; i < node->n; i++) {
        int order = 0;
        zh_rc rc = zh_expr_order(node->a[0], &a[i], out, &order);
        if (rc != ZH_OK) {
            return zh_err_set(err, ZH_EINVAL, "expr.unit", "%s 各项的单位不同",
                              functions[node->fn].name);
        }
        if (node->fn == ZH_FN_MIN ? order < 0 : order > 0) {
            *out = a[i];
        }
    }
    return ZH_OK;
}

static zh_rc apply_mark(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                        zh_err *err)
{
    (void)node;
    (void)env;
    (void)err;
    bool marked = a[0].kind == ZH_DECIMAL && a[0].mark != ZH_MARK_EXACT;
    *out = marked ? zh_value_text(zh_mark_code(a[0].mark)) : ZH_VALUE_NULL;
    return ZH_OK;
}

static zh_rc (*const applies[])(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out,
                                zh_err *err) = {
    [ZH_FN_ABS] = apply_number,        [ZH_FN_ROUND] = apply_number,
    [ZH_FN_DIV] = apply_number,        [ZH_FN_POW] = apply_number,
    [ZH_FN_LOG] = apply_number,        [ZH_FN_LN] = apply_number,
    [ZH_FN_EXP] = apply_number,        [ZH_FN_SQRT] = apply_number,
    [ZH_FN_DECAY] = apply_number,      [ZH_FN_MIN] = apply_extreme,
    [ZH_FN_MAX] = apply_extreme,       [ZH_FN_CONVERT] = apply_convert,
    [ZH_FN_MARK] = apply_mark,         [ZH_FN_LEN] = apply_len,
    [ZH_FN_LOWER] = apply_lower,       [ZH_FN_STARTS] = apply_search,
    [ZH_FN_ENDS] = apply_search,       [ZH_FN_CONTAINS] = apply_search,
    [ZH_FN_CONCAT] = apply_concat,     [ZH_FN_DATE] = apply_date,
    [ZH_FN_YEAR] = apply_date,         [ZH_FN_QUARTER] = apply_date,
    [ZH_FN_MONTH] = apply_date,        [ZH_FN_DAY] = apply_date,
    [ZH_FN_WEEKDAY] = apply_date,      [ZH_FN_HOURS] = apply_span,
    [ZH_FN_DAYS] = apply_span,         [ZH_FN_MONTHS] = apply_span,
    [ZH_FN_WORKING_DAYS] = apply_span, [ZH_FN_AGE_AT] = apply_age,
    [ZH_FN_START] = apply_start,       [ZH_FN_END] = apply_end,
    [ZH_FN_COVERS] = apply_covers,     [ZH_FN_OVERLAPS] = apply_overlaps,
};

zh_rc zh_expr_apply(const zh_expr *node, zh_env *env, const zh_value *a, zh_value *out, zh_err *err)
{
    *out = ZH_VALUE_NULL;
    bool defined = node->fn == ZH_FN_MARK || all_known(a, node->n);
    return defined ? applies[node->fn](node, env, a, out, err) : ZH_OK;
}
