/* Typed values: construction, three-valued comparison, canonical and display text. */
#include "model/value.h"
#include <string.h>

enum { DATE_TEXT_MAX = 16, TIME_TEXT_MAX = 40, LIST_TEXT_MAX = 1 << 20 };

zh_value zh_value_text(zh_str s)
{
    return (zh_value){.kind = ZH_TEXT, .text = s};
}

zh_value zh_value_bool(bool b)
{
    return (zh_value){.kind = ZH_BOOL, .i = b};
}

zh_value zh_value_int(int64_t i)
{
    return (zh_value){.kind = ZH_DECIMAL, .decimal = {i, 0}};
}

zh_value zh_value_decimal(zh_decimal d)
{
    return (zh_value){.kind = ZH_DECIMAL, .decimal = d};
}

zh_value zh_value_date(zh_date d)
{
    return (zh_value){.kind = ZH_DATE, .i = d};
}

zh_value zh_value_time(zh_time t)
{
    return (zh_value){.kind = ZH_TIME, .i = t};
}

bool zh_value_known(const zh_value *v)
{
    return v->kind != ZH_NULL && !(v->kind == ZH_DECIMAL && v->mark != ZH_MARK_EXACT);
}

static int cmp_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Only a bound can decide: "<x" is less than every y >= x, ">x" greater than every y <= x. */
static zh_rc cmp_marked(const zh_value *a, const zh_value *b, int *order)
{
    bool a_low = a->mark == ZH_MARK_BELOW;
    bool a_high = a->mark == ZH_MARK_ABOVE;
    bool b_low = b->mark == ZH_MARK_BELOW;
    bool b_high = b->mark == ZH_MARK_ABOVE;
    bool a_exact = a->mark == ZH_MARK_EXACT;
    bool b_exact = b->mark == ZH_MARK_EXACT;
    int bounds = zh_decimal_cmp(a->decimal, b->decimal);
    if (((a_low && (b_exact || b_high)) || (a_exact && b_high)) && bounds <= 0) {
        *order = -1;
        return ZH_OK;
    }
    if (((a_high && (b_exact || b_low)) || (a_exact && b_low)) && bounds >= 0) {
        *order = 1;
        return ZH_OK;
    }
    return ZH_ENOTFOUND;
}

static zh_rc cmp_decimals(const zh_value *a, const zh_value *b, int *order)
{
    if (a->unit.n && b->unit.n && !zh_str_eq(a->unit, b->unit)) {
        return ZH_EINVAL;
    }
    if (a->mark != ZH_MARK_EXACT || b->mark != ZH_MARK_EXACT) {
        return cmp_marked(a, b, order);
    }
    *order = zh_decimal_cmp(a->decimal, b->decimal);
    return ZH_OK;
}

static zh_rc cmp_refs(const zh_value *a, const zh_value *b, int *order)
{
    if (a->i != 0 && b->i != 0) {
        int d = cmp_i64(a->office, b->office);
        *order = d ? d : cmp_i64(a->i, b->i);
        return ZH_OK;
    }
    if (a->text.n && b->text.n) {
        *order = zh_str_cmp(a->text, b->text);
        return ZH_OK;
    }
    return ZH_ENOTFOUND;
}

static zh_rc cmp_same_kind(const zh_value *a, const zh_value *b, int *order)
{
    switch (a->kind) {
    case ZH_BOOL:
    case ZH_DATE:
    case ZH_TIME: *order = cmp_i64(a->i, b->i); return ZH_OK;
    case ZH_DECIMAL: return cmp_decimals(a, b, order);
    case ZH_TEXT: *order = zh_str_cmp(a->text, b->text); return ZH_OK;
    case ZH_REF: return cmp_refs(a, b, order);
    case ZH_PERIOD:
        *order = cmp_i64(a->i, b->i);
        *order = *order ? *order : cmp_i64(a->to, b->to);
        return ZH_OK;
    case ZH_DURATION:
        if (a->duration != b->duration) {
            return ZH_EINVAL;
        }
        *order = cmp_i64(a->i, b->i);
        return ZH_OK;
    case ZH_NULL: return ZH_ENOTFOUND;
    case ZH_LIST: break;
    }
    return ZH_EINVAL;
}

zh_rc zh_value_cmp(const zh_value *a, const zh_value *b, int *order)
{
    if (a->kind == ZH_NULL || b->kind == ZH_NULL) {
        return ZH_ENOTFOUND;
    }
    if (a->kind == b->kind) {
        return cmp_same_kind(a, b, order);
    }
    if (a->kind == ZH_DATE && b->kind == ZH_TIME) {
        *order = cmp_i64(zh_date_start((zh_date)a->i), b->i);
        return ZH_OK;
    }
    if (a->kind == ZH_TIME && b->kind == ZH_DATE) {
        *order = cmp_i64(a->i, zh_date_start((zh_date)b->i));
        return ZH_OK;
    }
    if (a->kind == ZH_REF && b->kind == ZH_TEXT && a->text.n) {
        *order = zh_str_cmp(a->text, b->text);
        return ZH_OK;
    }
    if (a->kind == ZH_TEXT && b->kind == ZH_REF && b->text.n) {
        *order = zh_str_cmp(a->text, b->text);
        return ZH_OK;
    }
    bool key =
        (a->kind == ZH_REF && b->kind == ZH_TEXT) || (a->kind == ZH_TEXT && b->kind == ZH_REF);
    return key ? ZH_ENOTFOUND : ZH_EINVAL;
}

static bool has_bound(const zh_value *v)
{
    return v->mark == ZH_MARK_EXACT || v->mark == ZH_MARK_BELOW || v->mark == ZH_MARK_ABOVE;
}

/* The decimal as written: "0.050", or the scaled value's digits when it was computed. `room` is
 * filled in the second case. */
static zh_str decimal_text(const zh_value *v, char room[24])
{
    if (v->text.n) {
        return v->text;
    }
    size_t n = zh_decimal_format(v->decimal, room);
    return (zh_str){room, n};
}

static bool same_decimal(const zh_value *a, const zh_value *b)
{
    if (a->mark != b->mark || !zh_str_eq(a->unit, b->unit)) {
        return false;
    }
    if (!has_bound(a)) {
        return true;
    }
    char room_a[24];
    char room_b[24];
    return zh_decimal_cmp(a->decimal, b->decimal) == 0 &&
           zh_str_eq(decimal_text(a, room_a), decimal_text(b, room_b));
}

bool zh_value_same(const zh_value *a, const zh_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case ZH_NULL: return true;
    case ZH_BOOL:
    case ZH_DATE:
    case ZH_TIME: return a->i == b->i;
    case ZH_DECIMAL: return same_decimal(a, b);
    case ZH_TEXT: return zh_str_eq(a->text, b->text);
    case ZH_REF:
        return a->i == b->i && a->office == b->office && (a->i || zh_str_eq(a->text, b->text));
    case ZH_PERIOD: return a->i == b->i && a->to == b->to;
    case ZH_DURATION: return a->i == b->i && a->duration == b->duration;
    case ZH_LIST: break;
    }
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) { /* a list holds no lists */
        if (a->items[i].kind == ZH_LIST || !zh_value_same(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

static zh_str date_text(zh_arena *arena, int64_t date)
{
    char room[DATE_TEXT_MAX];
    size_t n = zh_date_format((zh_date)date, room);
    return zh_str_dup(arena, (zh_str){room, n});
}

static zh_str time_text(zh_arena *arena, zh_time t, bool display)
{
    char room[TIME_TEXT_MAX];
    size_t n = zh_time_format(t, room);
    if (display) { /* 2026-05-09T08:30:00+08:00 -> 2026-05-09 08:30 */
        enum { MINUTES = 16, SEPARATOR = 10 };
        n = MINUTES;
        room[SEPARATOR] = ' ';
    }
    return zh_str_dup(arena, (zh_str){room, n});
}

static zh_str mark_text(zh_value_mark mark, bool display)
{
    switch (mark) {
    case ZH_MARK_NOT_DETECTED: return display ? ZH_STR("未检出") : ZH_STR("ND");
    case ZH_MARK_NOT_MEASURED: return display ? ZH_STR("未测") : ZH_STR("NM");
    case ZH_MARK_NOT_APPLICABLE: return display ? ZH_STR("不适用") : ZH_STR("NA");
    case ZH_MARK_NOT_REPORTED: return display ? ZH_STR("未报") : ZH_STR("NR");
    case ZH_MARK_BELOW: return ZH_STR("<");
    case ZH_MARK_ABOVE: return ZH_STR(">");
    case ZH_MARK_EXACT: break;
    }
    return ZH_STR_NONE;
}

zh_str zh_mark_code(zh_value_mark mark)
{
    return mark_text(mark, false);
}

static zh_str decimal_full(zh_arena *arena, const zh_value *v, bool display)
{
    zh_str mark = mark_text(v->mark, display);
    if (!has_bound(v)) {
        return mark;
    }
    char room[24];
    zh_str digits = decimal_text(v, room);
    if (mark.n == 0 && v->unit.n == 0) {
        return digits.p == room ? zh_str_dup(arena, digits) : digits;
    }
    return zh_str_fmt(arena, "%.*s%.*s%s%.*s", ZH_FMT(mark), ZH_FMT(digits), v->unit.n ? " " : "",
                      ZH_FMT(v->unit));
}

zh_str zh_unit_time_name(zh_unit_time unit)
{
    switch (unit) {
    case ZH_HOUR: return ZH_STR("hour");
    case ZH_DAY: return ZH_STR("day");
    case ZH_WORKING_DAY: return ZH_STR("working_day");
    case ZH_MONTH: return ZH_STR("month");
    case ZH_YEAR: break;
    }
    return ZH_STR("year");
}

static zh_str value_text(zh_arena *arena, const zh_value *v, bool display);

static zh_str list_text(zh_arena *arena, const zh_value *v, bool display)
{
    zh_buf buf;
    zh_buf_init(&buf, LIST_TEXT_MAX);
    zh_buf_c(&buf, '[');
    for (size_t i = 0; i < v->n && !buf.failed; i++) {
        if (i) {
            zh_buf_z(&buf, ", ");
        }
        if (v->items[i].kind == ZH_NULL) {
            zh_buf_z(&buf, "null");
        } else if (v->items[i].kind != ZH_LIST) { /* a list holds no lists */
            zh_buf_str(&buf, value_text(arena, &v->items[i], display));
        }
    }
    zh_buf_c(&buf, ']');
    zh_str out = zh_str_dup(arena, zh_buf_view(&buf));
    zh_buf_free(&buf);
    return out;
}

static zh_str ref_text(zh_arena *arena, const zh_value *v, bool display)
{
    if (v->text.n && (display || v->i == 0)) {
        return v->text;
    }
    char room[48]; /* several a record: not through printf */
    size_t n = zh_decimal_format((zh_decimal){v->office, 0}, room);
    room[n++] = ':';
    n += zh_decimal_format((zh_decimal){v->i, 0}, room + n);
    return zh_str_dup(arena, (zh_str){room, n});
}

static zh_str period_text(zh_arena *arena, const zh_value *v)
{
    zh_str first = date_text(arena, v->i);
    zh_str last = v->to == ZH_OPEN_END ? ZH_STR("..") : date_text(arena, v->to);
    return zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(first), ZH_FMT(last));
}

static zh_str value_text(zh_arena *arena, const zh_value *v, bool display)
{
    switch (v->kind) {
    case ZH_NULL: return ZH_STR_NONE;
    case ZH_BOOL:
        if (display) {
            return v->i ? ZH_STR("是") : ZH_STR("否");
        }
        return v->i ? ZH_STR("true") : ZH_STR("false");
    case ZH_DECIMAL: return decimal_full(arena, v, display);
    case ZH_TEXT: return v->text;
    case ZH_DATE: return date_text(arena, v->i);
    case ZH_TIME: return time_text(arena, v->i, display);
    case ZH_REF: return ref_text(arena, v, display);
    case ZH_PERIOD: return period_text(arena, v);
    case ZH_DURATION:
        return zh_str_fmt(arena, "%lld %.*s", (long long)v->i,
                          ZH_FMT(zh_unit_time_name(v->duration)));
    case ZH_LIST: break;
    }
    return list_text(arena, v, display);
}

zh_str zh_value_canonical(zh_arena *arena, const zh_value *v, char *type)
{
    *type = v->kind == ZH_NULL ? 'n' : v->kind == ZH_DECIMAL ? 'd' : 't';
    return value_text(arena, v, false);
}

zh_str zh_value_display(zh_arena *arena, const zh_value *v)
{
    return value_text(arena, v, true);
}
