/* Charts: readings, what all charts share, the beam and the spark line. */
#include "fmt/chart.h"

#include "fmt/chart_private.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define BEAM_HEIGHT  18.0
#define BEAM_PAD     6.0 /* half a ring, so that marks at the ends are whole */
#define SPARK_HEIGHT 24.0
#define SPARK_PAD    3.0

/* ---- readings ---- */

zh_reading_state zh_reading_shown(const zh_reading *reading)
{
    if (reading->state == ZH_READING_OK && !reading->value.is) {
        return ZH_READING_MISSING;
    }
    return reading->state;
}

zh_str zh_reading_word(zh_reading_state state)
{
    switch (state) {
    case ZH_READING_OK: break;
    case ZH_READING_FEW: return ZH_STR("样本不足");
    case ZH_READING_MISSING: return ZH_STR("未报");
    case ZH_READING_NA: return ZH_STR("不适用");
    case ZH_READING_ND: return ZH_STR("未检出");
    }
    return ZH_STR_NONE;
}

zh_str zh_reading_word_en(zh_reading_state state)
{
    switch (state) {
    case ZH_READING_OK: break;
    case ZH_READING_FEW: return ZH_STR("few");
    case ZH_READING_MISSING: return ZH_STR("not reported");
    case ZH_READING_NA: return ZH_STR("not applicable");
    case ZH_READING_ND: return ZH_STR("not detected");
    }
    return ZH_STR_NONE;
}

static zh_str word_of(const zh_reading *reading)
{
    return reading->word.n > 0 ? reading->word : zh_reading_word(zh_reading_shown(reading));
}

/* ---- sound data ---- */

zh_rc zh_chart_check(double width, size_t marks, zh_err *err)
{
    if (!(width >= ZH_CHART_WIDTH_MIN) || width > ZH_DRAW_EXTENT_MAX) {
        return zh_err_set(err, ZH_EINVAL, "chart.width", "图宽须在 %.0f 以上", ZH_CHART_WIDTH_MIN);
    }
    if (marks == 0) {
        return zh_err_set(err, ZH_EINVAL, "chart.empty", "没有可画的数据");
    }
    if (marks > ZH_CHART_MARKS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "chart.marks", "一幅图最多 %d 个数据，现有 %zu 个",
                          ZH_CHART_MARKS_MAX, marks);
    }
    return ZH_OK;
}

zh_rc zh_chart_check_number(zh_opt number, zh_err *err)
{
    if (number.is && !isfinite(number.v)) {
        return zh_err_set(err, ZH_EINVAL, "chart.number", "图中一个数不是有限数");
    }
    return ZH_OK;
}

static bool allowed(zh_opt number, bool infinite)
{
    return !number.is || isfinite(number.v) || (infinite && isinf(number.v) && number.v > 0);
}

zh_rc zh_chart_check_reading(const zh_reading *r, bool infinite, zh_err *err)
{
    bool finite = allowed(r->value, infinite) && allowed(r->high, infinite) &&
                  allowed(r->low, false) && allowed(r->target, false) && allowed(r->compare, false);
    if (!finite) {
        zh_err_set(err, ZH_EINVAL, "chart.number", "图中一个数不是有限数");
    } else if (r->low.is != r->high.is || (r->low.is && r->low.v > r->high.v)) {
        zh_err_set(err, ZH_EINVAL, "chart.interval", "区间须有下限和上限，且下限不大于上限");
    } else {
        return ZH_OK;
    }
    zh_err_where(err, "%.*s", ZH_FMT(r->label));
    return ZH_EINVAL;
}

zh_rc zh_chart_check_readings(const zh_reading *readings, size_t n, bool infinite, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        zh_rc rc = zh_chart_check_reading(&readings[i], infinite, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

zh_rc zh_chart_end(zh_draw *d, zh_draw **out, zh_err *err)
{
    zh_rc rc = zh_draw_check(d, err);
    if (rc == ZH_OK) {
        *out = d;
    }
    return rc;
}

/* ---- small things ---- */

zh_text_at zh_chart_label(zh_role role, zh_anchor anchor)
{
    return (zh_text_at){.font = {.size = ZH_CHART_TEXT, .role = role}, .anchor = anchor};
}

zh_text_at zh_chart_note(zh_role role, zh_anchor anchor)
{
    return (zh_text_at){.font = {.size = ZH_CHART_SMALL, .role = role}, .anchor = anchor};
}

zh_text_at zh_chart_strong(zh_role role, zh_anchor anchor)
{
    return (zh_text_at){.font = {.size = ZH_CHART_TEXT, .weight = 600, .role = role},
                        .anchor = anchor};
}

zh_paint zh_chart_stroke(zh_role role, double width, zh_dash dash)
{
    return (zh_paint){.stroke = role, .width = width, .dash = dash};
}

zh_paint zh_chart_fill(zh_role role)
{
    return (zh_paint){.fill = role};
}

double zh_chart_max(double a, double b)
{
    return a > b ? a : b;
}

double zh_chart_clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

void zh_chart_extend(zh_opt v, double *low, double *high, bool *any)
{
    if (!v.is || !isfinite(v.v)) {
        return;
    }
    *low = *any && *low < v.v ? *low : v.v;
    *high = *any && *high > v.v ? *high : v.v;
    *any = true;
}

double zh_chart_text_width(zh_str text)
{
    return zh_draw_text_width(text, ZH_CHART_TEXT);
}

double zh_chart_widest(const zh_reading *readings, size_t n, bool notes, double most)
{
    double widest = 0;
    for (size_t i = 0; i < n; i++) {
        widest =
            zh_chart_max(widest, zh_chart_text_width(notes ? readings[i].note : readings[i].label));
    }
    return widest < most ? widest : most;
}

void zh_chart_open_as(zh_draw *d, zh_str title, zh_str href)
{
    zh_mark mark = {.href = href, .title = title, .kind = "mark"};
    zh_draw_open(d, &mark);
}

/* What the reading's own title would say: label, value or word, interval left to the text. */
static zh_str title_of(zh_arena *arena, const zh_reading *r)
{
    if (r->title.n > 0) {
        return r->title;
    }
    char number[ZH_AXIS_LABEL_MAX];
    zh_str value = r->text;
    zh_reading_state state = zh_reading_shown(r);
    bool has_value = r->value.is && (state == ZH_READING_OK || state == ZH_READING_FEW);
    if (!has_value) {
        value = ZH_STR_NONE;
    } else if (value.n == 0) {
        bool whole = isfinite(r->value.v) && floor(r->value.v) >= r->value.v;
        value = isinf(r->value.v) ? ZH_STR("∞")
                                  : zh_str_of(zh_chart_number(r->value.v, whole ? 0 : 2, number));
    }
    zh_str word = word_of(r);
    return zh_str_fmt(arena, "%.*s%s%.*s%s%.*s%s%.*s", ZH_FMT(r->label), value.n > 0 ? " " : "",
                      ZH_FMT(value), word.n > 0 ? " " : "", ZH_FMT(word), r->note.n > 0 ? " " : "",
                      ZH_FMT(r->note));
}

void zh_chart_open(zh_draw *d, const zh_reading *reading)
{
    zh_chart_open_as(d, title_of(d->arena, reading), reading->href);
}

const char *zh_chart_number(double v, int decimals, char out[ZH_AXIS_LABEL_MAX])
{
    char plain[ZH_AXIS_LABEL_MAX];
    int length = snprintf(plain, sizeof(plain), "%.*f", decimals, fabs(v));
    if (length <= 0 || (size_t)length >= sizeof(plain) - 12) {
        (void)snprintf(out, ZH_AXIS_LABEL_MAX, "%.6g", v);
        return out;
    }
    size_t whole = strcspn(plain, ".");
    bool zero = strspn(plain, "0.") == (size_t)length;
    size_t n = 0;
    if (v < 0 && !zero) {
        out[n++] = '-';
    }
    for (size_t i = 0; i < (size_t)length; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) {
            out[n++] = ',';
        }
        out[n++] = plain[i];
    }
    out[n] = '\0';
    return out;
}

/* ---- parts of charts ---- */

void zh_chart_arrow(zh_draw *d, double x, double y, int direction, zh_role role)
{
    const zh_point points[] = {{x, y}, {x - 6 * direction, y - 3.5}, {x - 6 * direction, y + 3.5}};
    const size_t end = ZH_COUNTOF(points);
    zh_draw_polygon(d, points, &end, 1, zh_chart_fill(role));
}

void zh_chart_target(zh_draw *d, double x, double top, double bottom)
{
    const zh_point points[] = {{x, bottom - 6}, {x - 4, bottom}, {x + 4, bottom}};
    const size_t end = ZH_COUNTOF(points);
    zh_draw_line(d, x, top, x, bottom - 5, zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_SOLID));
    zh_draw_polygon(d, points, &end, 1, zh_chart_fill(ZH_ROLE_INK));
}

void zh_chart_line_label(zh_draw *d, double x, double y, zh_str text)
{
    if (text.n > 0) {
        double w = zh_draw_text_width(text, ZH_CHART_SMALL) + 4;
        zh_draw_rect(d, x - w, y - 11, w, 14, zh_chart_fill(ZH_ROLE_PAPER));
        zh_draw_text(d, x - 2, y, text, zh_chart_note(ZH_ROLE_INK_2, ZH_ANCHOR_END));
    }
}

void zh_chart_texture(zh_draw *d, double x, double y, double width, double height, zh_role texture,
                      zh_str word)
{
    zh_draw_rect(d, x, y, width, height,
                 (zh_paint){.fill = texture, .stroke = ZH_ROLE_HATCH, .width = 1});
    double w = zh_draw_text_width(word, ZH_CHART_SMALL);
    if (word.n == 0 || w + 10 > width) {
        return;
    }
    double middle = x + width / 2;
    double centre = y + height / 2;
    zh_draw_rect(d, middle - w / 2 - 4, centre - 7.5, w + 8, 15, zh_chart_fill(ZH_ROLE_PAPER));
    zh_draw_text(d, middle, centre + 4, word, zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_MIDDLE));
}

void zh_chart_nothing(zh_draw *d, const zh_reading *reading, double left, double right, double y)
{
    zh_str word = word_of(reading);
    switch (zh_reading_shown(reading)) {
    case ZH_READING_OK: break;
    case ZH_READING_MISSING:
        zh_chart_texture(d, left, y - 6, right - left, 12, ZH_ROLE_MISSING, word);
        break;
    case ZH_READING_FEW:
        zh_chart_texture(d, left, y - 6, right - left, 12, ZH_ROLE_FEW, word);
        break;
    case ZH_READING_NA:
        zh_draw_line(d, left, y + 3.5, left + 18, y + 3.5,
                     zh_chart_stroke(ZH_ROLE_RULE_2, 1, ZH_DASH_SOLID));
        zh_draw_text(d, left + 24, y + 4, word, zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START));
        break;
    case ZH_READING_ND:
        zh_draw_rect(d, left + 0.5, y - 5, 18, 10,
                     zh_chart_stroke(ZH_ROLE_RULE_2, 1, ZH_DASH_GUIDE));
        zh_draw_text(d, left + 24, y + 4, word, zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START));
        break;
    }
}

static void few_marks(zh_draw *d, const zh_reading *r, double from, double to, double at, double y)
{
    if (r->low.is) {
        zh_draw_line(d, from, y, to, y, zh_chart_stroke(ZH_ROLE_INK_3, 2, ZH_DASH_FEW));
    }
    if (r->value.is) {
        zh_draw_circle(d, at, y, 3.8,
                       (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2, .width = 1.5});
    }
}

void zh_chart_interval(zh_draw *d, const zh_axis *axis, const zh_reading *r, double left,
                       double right, double y, double thick)
{
    bool few = zh_reading_shown(r) == ZH_READING_FEW;
    zh_opt low = r->low.is ? r->low : r->value;
    zh_opt high = r->high.is ? r->high : r->value;
    double from = zh_axis_at(axis, low.v, left, right);
    double to = zh_axis_at(axis, high.v, left, right);
    double at = r->value.is ? zh_axis_at(axis, r->value.v, left, right) : from;
    bool off_right = to > right + 0.01 || (r->value.is && at > right + 0.01);
    bool off_left = from < left - 0.01 || (r->value.is && at < left - 0.01);
    from = zh_chart_clamp(from, left, right);
    to = zh_chart_clamp(to, left, right);
    at = zh_chart_clamp(at, left, right);
    if (few) {
        few_marks(d, r, from, to, at, y);
    } else {
        if (r->low.is) {
            zh_role role = r->act ? ZH_ROLE_ACT : ZH_ROLE_QING;
            zh_draw_rect(d, from, y - thick / 2, zh_chart_max(to - from, 2), thick,
                         (zh_paint){.fill = role, .tint = ZH_TINT_INTERVAL});
        }
        zh_draw_rect(d, at - ZH_CHART_POST / 2, y - 6.5, ZH_CHART_POST, 13,
                     zh_chart_fill(r->act ? ZH_ROLE_ACT : ZH_ROLE_INK));
    }
    zh_role arrow = few ? ZH_ROLE_INK_3 : r->act ? ZH_ROLE_ACT : ZH_ROLE_INK_2;
    if (off_right) {
        zh_chart_arrow(d, right + 6, y, 1, arrow);
    }
    if (off_left) {
        zh_chart_arrow(d, left - 6, y, -1, arrow);
    }
}

/* ---- 衡杆 ---- */

static void beam_rule(zh_draw *d, const zh_axis *axis, double left, double right)
{
    double y = BEAM_HEIGHT / 2;
    zh_paint hair = zh_chart_stroke(ZH_ROLE_RULE_2, 1, ZH_DASH_SOLID);
    zh_draw_line(d, left, y, right, y, hair);
    size_t marks = axis->log ? axis->ticks_n : 11;
    for (size_t i = 0; i < marks; i++) {
        double x = axis->log ? zh_axis_at(axis, axis->ticks[i], left, right)
                             : left + (right - left) * (double)i / 10.0;
        zh_draw_line(d, x, y - 2.5, x, y + 2.5, hair);
    }
    zh_draw_line(d, right, 1, right, BEAM_HEIGHT - 1, hair);
}

zh_rc zh_chart_beam(zh_arena *arena, const zh_beam *in, double width, zh_draw **out, zh_err *err)
{
    const zh_reading *r = &in->reading;
    zh_rc rc = zh_chart_check(width, 1, err);
    if (rc == ZH_OK) {
        rc = zh_chart_check_reading(r, true, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (!(in->axis.low < in->axis.high) || (in->axis.log && in->axis.low <= 0)) {
        return zh_err_set(err, ZH_EINVAL, "chart.axis", "衡杆的刻度须从小到大");
    }
    zh_draw *d = zh_draw_new(arena, width, BEAM_HEIGHT, title_of(arena, r));
    double left = BEAM_PAD;
    double right = width - BEAM_PAD;
    double y = BEAM_HEIGHT / 2;
    zh_reading_state state = zh_reading_shown(r);
    zh_chart_open(d, r);
    if (state != ZH_READING_OK && !(state == ZH_READING_FEW && (r->value.is || r->low.is))) {
        zh_chart_nothing(d, r, 1, width - 1, y);
    } else {
        beam_rule(d, &in->axis, left, right);
        if (r->target.is) {
            double x = zh_axis_at(&in->axis, r->target.v, left, right);
            zh_chart_target(d, zh_chart_clamp(x, left, right), 0.5, BEAM_HEIGHT - 0.5);
        }
        if (r->compare.is) {
            double x = zh_axis_at(&in->axis, r->compare.v, left, right);
            zh_draw_circle(
                d, zh_chart_clamp(x, left, right), y, 4.4,
                (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2, .width = 1.5});
        }
        zh_chart_interval(d, &in->axis, r, left, right, y, 8);
    }
    zh_draw_close(d);
    return zh_chart_end(d, out, err);
}

/* ---- 轨迹 ---- */

static zh_point spark_point(const zh_spark *in, size_t i, const zh_axis *axis, double width)
{
    double step = in->n > 1 ? (width - 2 * SPARK_PAD) / (double)(in->n - 1) : 0;
    return (zh_point){SPARK_PAD + step * (double)i,
                      zh_axis_at(axis, in->values[i].v, SPARK_HEIGHT - SPARK_PAD, SPARK_PAD)};
}

zh_rc zh_chart_spark(zh_arena *arena, const zh_spark *in, double width, zh_draw **out, zh_err *err)
{
    zh_rc rc = zh_chart_check(width, in->n, err);
    double low = 0;
    double high = 0;
    bool any = false;
    for (size_t i = 0; rc == ZH_OK && i < in->n; i++) {
        rc = zh_chart_check_number(in->values[i], err);
        zh_chart_extend(in->values[i], &low, &high, &any);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_draw *d = zh_draw_new(arena, width, SPARK_HEIGHT, in->title);
    zh_chart_open_as(d, in->title, ZH_STR_NONE);
    if (!any) {
        zh_chart_texture(d, 0.5, 5.5, width - 1, 13, ZH_ROLE_MISSING,
                         zh_reading_word(ZH_READING_MISSING));
    } else {
        double half = high > low ? 0 : zh_chart_max(fabs(low), 1) / 2;
        zh_axis axis = {.low = low - half, .high = high + half};
        zh_point *run = ZH_NEW_N(arena, zh_point, in->n);
        size_t n = 0;
        for (size_t i = 0; i < in->n; i++) {
            if (in->values[i].is) {
                run[n++] = spark_point(in, i, &axis, width);
            }
            if (!in->values[i].is || i + 1 == in->n) {
                zh_draw_polyline(d, run, n, zh_chart_stroke(ZH_ROLE_INK_2, 1.2, ZH_DASH_SOLID));
                n = 0;
            }
        }
        for (size_t i = in->n; i > 0; i--) {
            if (in->values[i - 1].is) {
                zh_point last = spark_point(in, i - 1, &axis, width);
                zh_draw_circle(d, last.x, last.y, 2.2, zh_chart_fill(ZH_ROLE_INK));
                break;
            }
        }
    }
    zh_draw_close(d);
    return zh_chart_end(d, out, err);
}
