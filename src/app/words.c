/* Numbers, units, periods and instants in words; see words.h. */
#include "app/words.h"
#include <inttypes.h>

zh_str zh_words_decimal(zh_arena *arena, zh_str decimal)
{
    size_t sign = decimal.n > 0 && (decimal.p[0] == '-' || decimal.p[0] == '+');
    size_t whole = sign;
    while (whole < decimal.n && decimal.p[whole] >= '0' && decimal.p[whole] <= '9') {
        whole++;
    }
    bool is_number = whole > sign && (whole == decimal.n || decimal.p[whole] == '.');
    if (!is_number || whole - sign < 4) {
        return decimal;
    }
    zh_buf out;
    zh_buf_init(&out, 2 * decimal.n);
    for (size_t i = 0; i < decimal.n; i++) {
        if (i > sign && i < whole && (whole - i) % 3 == 0) {
            zh_buf_c(&out, ',');
        }
        zh_buf_c(&out, decimal.p[i]);
    }
    zh_str text = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

/* µg/m³ is a symbol, "percent" is a word. */
static bool has_symbol(zh_str label)
{
    for (size_t i = 0; i < label.n; i++) {
        if ((unsigned char)label.p[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

zh_str zh_words_unit(const zh_model *model, zh_str unit)
{
    static const char *const silent[] = {"count", "ratio", "index"};
    for (size_t i = 0; i < ZH_COUNTOF(silent); i++) {
        if (zh_str_is(unit, silent[i])) {
            return ZH_STR("");
        }
    }
    for (size_t i = 0; i < model->nunits; i++) {
        if (zh_str_eq(model->units[i].code, unit)) {
            return has_symbol(model->units[i].label.en) ? model->units[i].label.en : unit;
        }
    }
    return unit;
}

zh_str zh_words_count(zh_arena *arena, int64_t n)
{
    return zh_words_decimal(arena, zh_str_fmt(arena, "%" PRId64, n));
}

zh_str zh_words_time(zh_arena *arena, zh_time t)
{
    zh_civil c = zh_time_civil(t);
    return zh_str_fmt(arena, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

static bool month_ends(int year, int month, int day)
{
    return day == zh_days_in_month(year, month);
}

zh_str zh_words_period(zh_arena *arena, zh_date first, zh_date last)
{
    static const char *const quarters[] = {"一", "二", "三", "四"};
    if (first == 0 && last == 0) {
        return ZH_STR("全部时期");
    }
    zh_str plain = zh_period_format(arena, first, last);
    int y1, m1, d1, y2, m2, d2;
    zh_date_civil(first, &y1, &m1, &d1);
    zh_date_civil(last, &y2, &m2, &d2);
    bool whole = d1 == 1 && month_ends(y2, m2, d2);
    if (!whole) {
        return plain;
    }
    if (m1 == 1 && m2 == 12) {
        return y1 == y2 ? zh_str_fmt(arena, "%d 年", y1) : zh_str_fmt(arena, "%d–%d 年", y1, y2);
    }
    if (y1 != y2) {
        return zh_str_fmt(arena, "%d 年 %d 月至 %d 年 %d 月", y1, m1, y2, m2);
    }
    if (m1 == m2) {
        return zh_str_fmt(arena, "%d 年 %d 月", y1, m1);
    }
    if (m2 - m1 == 5 && (m1 == 1 || m1 == 7)) {
        return zh_str_fmt(arena, "%d 年%s半年", y1, m1 == 1 ? "上" : "下");
    }
    if (m2 - m1 == 2 && m1 % 3 == 1) {
        return zh_str_fmt(arena, "%d 年%s季度", y1, quarters[m1 / 3]);
    }
    return zh_str_fmt(arena, "%d 年 %d–%d 月", y1, m1, m2);
}
