/* Charts over time: period segments, slope, small multiples. */
#include "fmt/chart.h"

#include "fmt/chart_private.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TOP          14.0
#define FOOT         24.0
#define LEGEND       22.0
#define GAP          8.0
#define LINE         3.5 /* thickness of a segment */
#define LABEL_HEIGHT 13.0
#define SLOPE_NAMED  8
#define PANEL_WIDTH  130.0
#define PANEL_HEIGHT 88.0
#define PANEL_TOP    22.0
#define PANEL_BOTTOM 72.0
#define PANEL_VALUE  34.0 /* room for the last value */

typedef struct box {
    double x1, y1, x2, y2;
} box;

static bool overlap(box a, box b)
{
    return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/* ---- period segments ---- */

typedef struct timeline {
    double left, right, top, bottom;
    zh_axis y;
    zh_date from, to;
    int months; /* between ticks */
    box *taken; /* marks and labels that a label must not cover */
    size_t taken_n;
} timeline;

static double time_x(const timeline *t, zh_date day)
{
    return t->left + (double)(day - t->from) / (double)(t->to - t->from) * (t->right - t->left);
}

static zh_role series_role(const zh_segment_series *series, size_t i)
{
    return series->role != ZH_ROLE_NONE ? series->role : (zh_role)((size_t)ZH_ROLE_C1 + i);
}

static zh_rc segment_check(const zh_segment *s, zh_err *err)
{
    zh_rc rc = zh_chart_check_reading(&s->reading, false, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (s->first > s->last || abs(s->first) > 4000000 || abs(s->last) > 4000000) {
        zh_err_set(err, ZH_EINVAL, "chart.period", "时段的起止日期不成立");
        zh_err_where(err, "%.*s", ZH_FMT(s->reading.label));
        return ZH_EINVAL;
    }
    return ZH_OK;
}

/* Whole steps of months around the data; at most about eight ticks fit. */
static void time_ticks(timeline *t, zh_date first, zh_date last)
{
    static const int steps[] = {1, 3, 6, 12, 24, 60, 120, 240, 600, 1200};
    int y1, m1, d1, y2, m2, d2;
    zh_date_civil(first, &y1, &m1, &d1);
    zh_date_civil(last, &y2, &m2, &d2);
    int from = y1 * 12 + m1 - 1;
    int to = y2 * 12 + m2; /* the month after */
    double most = zh_chart_clamp((t->right - t->left) / 62, 2, 8);
    size_t i = 0;
    while (i + 1 < ZH_COUNTOF(steps) && (to - from) / steps[i] > most) {
        i++;
    }
    t->months = steps[i];
    from = from / t->months * t->months;
    to = (to + t->months - 1) / t->months * t->months;
    from = from < 12 ? 12 : from; /* year 1 */
    to = to > 9999 * 12 ? 9999 * 12 : to;
    t->from = zh_date_of(from / 12, from % 12 + 1, 1);
    t->to = zh_date_of(to / 12, to % 12 + 1, 1);
}

static void time_axis(zh_draw *d, const timeline *t)
{
    zh_mark group = {.kind = "axis"};
    zh_draw_open(d, &group);
    for (zh_date day = t->from; day <= t->to; day = zh_date_add_months(day, t->months)) {
        int y, m, dd;
        zh_date_civil(day, &y, &m, &dd);
        double x = time_x(t, day);
        zh_str text = t->months % 12 == 0 ? zh_str_fmt(d->arena, "%d", y)
                                          : zh_str_fmt(d->arena, "%d-%02d", y, m);
        zh_draw_line(d, x, t->bottom, x, t->bottom + 4,
                     zh_chart_stroke(ZH_ROLE_INK, 1, ZH_DASH_SOLID));
        double half = zh_chart_text_width(text) / 2;
        zh_draw_text(d, zh_chart_clamp(x, half, d->width - half), t->bottom + 17, text,
                     zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
        if (day >= t->to) {
            break;
        }
    }
    zh_draw_close(d);
}

/* Hue alone does not tell series apart on grey paper: the second carries a ring, the third a
 * square, the fourth a hollow square in the middle of each segment. */
static void series_sign(zh_draw *d, size_t series, double x, double y, zh_role role)
{
    zh_paint hollow = {.fill = ZH_ROLE_PAPER, .stroke = role, .width = 1.6};
    if (series == 1) {
        zh_draw_circle(d, x, y, 3.2, hollow);
    } else if (series > 1) {
        zh_draw_rect(d, x - 3, y - 3, 6, 6, series == 2 ? zh_chart_fill(role) : hollow);
    }
}

static void take(timeline *t, box b)
{
    t->taken[t->taken_n++] = b;
}

static box segment_box(const timeline *t, const zh_segment *s)
{
    box b = {.x1 = time_x(t, s->first), .x2 = time_x(t, s->last + 1)};
    b.x2 = zh_chart_max(b.x2, b.x1 + 4);
    if (!s->reading.value.is) { /* hatched from top to bottom */
        b.y1 = t->top;
        b.y2 = t->bottom;
        return b;
    }
    double y = zh_axis_at(&t->y, s->reading.value.v, t->bottom, t->top);
    b.y1 = y - LINE / 2;
    b.y2 = y + LINE / 2;
    if (s->reading.low.is) {
        b.y1 = zh_chart_clamp(zh_axis_at(&t->y, s->reading.high.v, t->bottom, t->top), 0, b.y1);
        b.y2 = zh_chart_max(b.y2, zh_axis_at(&t->y, s->reading.low.v, t->bottom, t->top));
    }
    return b;
}

static void segment_nothing(zh_draw *d, const timeline *t, const zh_segment *s)
{
    zh_reading_state state = zh_reading_shown(&s->reading);
    zh_str word = s->reading.word.n > 0 ? s->reading.word : zh_reading_word(state);
    double x = time_x(t, s->first);
    double width = zh_chart_max(time_x(t, s->last + 1) - x, 3);
    double middle = x + width / 2;
    zh_draw_rect(d, x, t->top, width, t->bottom - t->top,
                 zh_chart_fill(state == ZH_READING_FEW ? ZH_ROLE_FEW : ZH_ROLE_MISSING));
    double length = zh_draw_text_width(word, ZH_CHART_SMALL);
    double y = t->bottom - 12;
    if (length + 10 <= width) {
        zh_draw_rect(d, middle - length / 2 - 4, y - 12, length + 8, 16,
                     zh_chart_fill(ZH_ROLE_PAPER));
        zh_draw_text(d, middle, y, word, zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_MIDDLE));
    } else if (width >= 12) {
        zh_text_at up = zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START);
        up.turn = -90;
        zh_draw_rect(d, middle - 7, t->bottom - length - 14, 14, length + 8,
                     zh_chart_fill(ZH_ROLE_PAPER));
        zh_draw_text(d, middle + 4, t->bottom - 10, word, up);
    }
}

static void segment_mark(zh_draw *d, const timeline *t, const zh_segment *s, size_t series,
                         zh_role role)
{
    const zh_reading *r = &s->reading;
    bool few = zh_reading_shown(r) == ZH_READING_FEW;
    zh_chart_open(d, r);
    if (zh_reading_shown(r) != ZH_READING_OK && !(few && r->value.is)) {
        segment_nothing(d, t, s);
        zh_draw_close(d);
        return;
    }
    box b = segment_box(t, s);
    double y = zh_axis_at(&t->y, r->value.v, t->bottom, t->top);
    zh_role colour = r->act ? ZH_ROLE_ACT : role;
    if (r->low.is) {
        zh_paint tint = {.fill = few ? ZH_ROLE_FEW : colour,
                         .tint = few ? ZH_TINT_FULL : ZH_TINT_INTERVAL};
        zh_draw_rect(d, b.x1, b.y1, b.x2 - b.x1, b.y2 - b.y1, tint);
    }
    if (few) {
        zh_draw_circle(d, (b.x1 + b.x2) / 2, y, 3.8,
                       (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2, .width = 1.5});
    } else {
        zh_draw_line(d, b.x1, y, b.x2, y, zh_chart_stroke(colour, LINE, ZH_DASH_SOLID));
        series_sign(d, series, (b.x1 + b.x2) / 2, y, colour);
    }
    zh_draw_close(d);
}

/* Beside, above or below the segment, where nothing stands yet; left out when no place is free,
 * since the title of the mark says the same. */
static void segment_label(zh_draw *d, timeline *t, const zh_segment *s)
{
    const zh_reading *r = &s->reading;
    zh_str text = zh_str_fmt(d->arena, "%.*s%s%.*s", ZH_FMT(r->label),
                             r->label.n > 0 && r->text.n > 0 ? " " : "", ZH_FMT(r->text));
    double w = zh_chart_text_width(text) + 2;
    double h = LABEL_HEIGHT;
    box b = segment_box(t, s);
    double y = zh_axis_at(&t->y, r->value.v, t->bottom, t->top);
    double middle = zh_chart_clamp((b.x1 + b.x2) / 2, t->left + w / 2, d->width - w / 2);
    const box places[] = {
        {b.x2 + 6, y - h / 2, b.x2 + 6 + w, y + h / 2},
        {b.x1 - 6 - w, y - h / 2, b.x1 - 6, y + h / 2},
        {middle - w / 2, b.y1 - h - 3, middle + w / 2, b.y1 - 3},
        {middle - w / 2, b.y2 + 3, middle + w / 2, b.y2 + h + 3},
        {b.x2 + 4, b.y2 + 2, b.x2 + 4 + w, b.y2 + 2 + h},
        {b.x2 + 4, b.y1 - 2 - h, b.x2 + 4 + w, b.y1 - 2},
        {b.x1 - 4 - w, b.y1 - 2 - h, b.x1 - 4, b.y1 - 2},
    };
    for (size_t i = 0; i < ZH_COUNTOF(places); i++) {
        box p = places[i];
        bool free_place =
            p.x1 >= t->left && p.x2 <= d->width && p.y1 >= t->top - 12 && p.y2 <= t->bottom;
        for (size_t k = 0; free_place && k < t->taken_n; k++) {
            free_place = !overlap(p, t->taken[k]);
        }
        if (free_place) {
            zh_draw_text(d, p.x1 + 1, p.y2 - 2.5, text,
                         zh_chart_label(ZH_ROLE_INK, ZH_ANCHOR_START));
            take(t, p);
            return;
        }
    }
}

static zh_rc periods_check(const zh_periods *in, zh_date *first, zh_date *last, timeline *t,
                           size_t *marks, zh_err *err)
{
    double low = 0;
    double high = 0;
    bool any = in->from_zero;
    zh_rc rc = zh_chart_check_number(in->target, err);
    for (size_t i = 0; i < in->n; i++) {
        for (size_t k = 0; rc == ZH_OK && k < in->series[i].n; k++) {
            const zh_segment *s = &in->series[i].segments[k];
            rc = segment_check(s, err);
            *first = *marks == 0 || s->first < *first ? s->first : *first;
            *last = *marks == 0 || s->last > *last ? s->last : *last;
            (*marks)++;
            zh_chart_extend(s->reading.value, &low, &high, &any);
            zh_chart_extend(s->reading.low, &low, &high, &any);
            zh_chart_extend(s->reading.high, &low, &high, &any);
        }
    }
    zh_chart_extend(in->target, &low, &high, &any);
    if (rc != ZH_OK) {
        return rc;
    }
    if (*marks > ZH_CHART_SEGMENTS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "chart.marks", "时段图最多 %d 段，现有 %zu 段",
                          ZH_CHART_SEGMENTS_MAX, *marks);
    }
    rc = zh_axis_nice(low, any && high > low ? high : low + 1, 5, &t->y);
    return rc == ZH_OK ? ZH_OK : zh_err_set(err, rc, "chart.axis", "坐标轴的范围不成立");
}

static void periods_legend(zh_draw *d, const zh_periods *in)
{
    double x = 0;
    for (size_t i = 0; i < in->n && in->n > 1; i++) {
        zh_role role = series_role(&in->series[i], i);
        zh_draw_rect(d, x, 4, 14, 9, zh_chart_fill(role));
        series_sign(d, i, x + 7, 8.5, i == 2 ? ZH_ROLE_PAPER : role);
        zh_draw_text(d, x + 19, 13, in->series[i].label,
                     zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_START));
        x += 19 + zh_chart_text_width(in->series[i].label) + 16;
    }
}

/* A thin riser where the caller says that two periods are the same task. */
static void periods_joins(zh_draw *d, const zh_segment_series *series, const timeline *t,
                          zh_role role)
{
    for (size_t k = 1; k < series->n; k++) {
        const zh_segment *a = &series->segments[k - 1];
        const zh_segment *b = &series->segments[k];
        bool both = zh_reading_shown(&a->reading) == ZH_READING_OK &&
                    zh_reading_shown(&b->reading) == ZH_READING_OK;
        if (b->joined && both) {
            zh_draw_line(
                d, time_x(t, a->last + 1), zh_axis_at(&t->y, a->reading.value.v, t->bottom, t->top),
                time_x(t, b->first), zh_axis_at(&t->y, b->reading.value.v, t->bottom, t->top),
                zh_chart_stroke(role, 1, ZH_DASH_SOLID));
        }
    }
}

static void periods_target(zh_draw *d, const zh_periods *in, timeline *t)
{
    if (!in->target.is) {
        return;
    }
    double y = zh_axis_at(&t->y, in->target.v, t->bottom, t->top);
    double w = zh_draw_text_width(in->target_label, ZH_CHART_SMALL);
    zh_draw_line(d, t->left, y, t->right, y, zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_TARGET));
    zh_chart_line_label(d, t->right, y - 4, in->target_label);
    take(t, (box){t->right - w, y - 15, t->right, y + 2});
}

static void periods_marks(zh_draw *d, const zh_periods *in, timeline *t)
{
    for (size_t i = 0; i < in->n; i++) {
        zh_role role = series_role(&in->series[i], i);
        periods_joins(d, &in->series[i], t, role);
        for (size_t k = 0; k < in->series[i].n; k++) {
            const zh_segment *s = &in->series[i].segments[k];
            segment_mark(d, t, s, i, role);
            take(t, segment_box(t, s));
        }
    }
    for (size_t i = 0; i < in->n; i++) {
        for (size_t k = 0; k < in->series[i].n; k++) {
            const zh_segment *s = &in->series[i].segments[k];
            if (s->show_label && s->reading.value.is) {
                segment_label(d, t, s);
            }
        }
    }
}

zh_rc zh_chart_periods(zh_arena *arena, const zh_periods *in, double width, zh_draw **out,
                       zh_err *err)
{
    timeline t = {0};
    zh_date first = 0;
    zh_date last = 0;
    size_t marks = 0;
    if (in->n == 0 || in->n > ZH_CHART_SERIES_MAX) {
        return zh_err_set(err, in->n == 0 ? ZH_EINVAL : ZH_ELIMIT, "chart.series",
                          "时段图须有 1 至 %d 个系列", ZH_CHART_SERIES_MAX);
    }
    zh_rc rc = periods_check(in, &first, &last, &t, &marks, err);
    if (rc == ZH_OK) {
        rc = zh_chart_check(width, marks, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    t.left = zh_chart_y_width(&t.y, in->unit);
    t.right = width - GAP;
    t.top = TOP + (in->n > 1 ? LEGEND : 0);
    t.bottom = t.top + zh_chart_clamp(width * 0.36, 130, 220);
    t.taken = ZH_NEW_N(arena, box, marks * 2 + 1);
    time_ticks(&t, first, last);
    zh_draw *d = zh_draw_new(arena, width, t.bottom + FOOT, in->title);
    periods_legend(d, in);
    zh_chart_y_axis(d, &t.y, t.left, t.right, t.top, t.bottom, in->unit);
    time_axis(d, &t);
    periods_target(d, in, &t);
    periods_marks(d, in, &t);
    return zh_chart_end(d, out, err);
}

/* ---- slope ---- */

typedef struct slope_label {
    double at; /* where the value is */
    double y;  /* where the label stands */
    zh_str text;
} slope_label;

static int by_height(const void *a, const void *b)
{
    double x = ((const slope_label *)a)->at;
    double y = ((const slope_label *)b)->at;
    return x < y ? -1 : x > y;
}

/* Moves labels apart: down from the top, then up again from the bottom. */
static void spread(slope_label *labels, size_t n, double top, double bottom)
{
    zh_sort(labels, n, sizeof(*labels), by_height);
    for (size_t i = 0; i < n; i++) {
        double least = i == 0 ? top : labels[i - 1].y + LABEL_HEIGHT;
        labels[i].y = zh_chart_max(labels[i].at, least);
    }
    for (size_t i = n; i > 0; i--) {
        double most = i == n ? bottom : labels[i].y - LABEL_HEIGHT;
        labels[i - 1].y = labels[i - 1].y < most ? labels[i - 1].y : most;
    }
}

typedef struct slope_frame {
    double left, right, top, bottom;
    zh_axis axis;
} slope_frame;

static zh_rc slope_check(const zh_slope *in, zh_axis *axis, zh_err *err)
{
    double low = 0;
    double high = 0;
    bool any = false;
    size_t named = 0;
    zh_rc rc = zh_chart_check_number(in->standard, err);
    for (size_t i = 0; rc == ZH_OK && i < in->n; i++) {
        rc = zh_chart_check_number(in->lines[i].left, err);
        rc = rc == ZH_OK ? zh_chart_check_number(in->lines[i].right, err) : rc;
        zh_chart_extend(in->lines[i].left, &low, &high, &any);
        zh_chart_extend(in->lines[i].right, &low, &high, &any);
        named += in->lines[i].named;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (!any) {
        return zh_err_set(err, ZH_EINVAL, "chart.empty", "没有可画的数据");
    }
    if (named > SLOPE_NAMED) {
        return zh_err_set(err, ZH_ELIMIT, "chart.named", "斜率图最多写 %d 个名字", SLOPE_NAMED);
    }
    zh_chart_extend(in->standard, &low, &high, &any);
    rc = zh_axis_nice(low, high, 8, axis);
    return rc == ZH_OK ? ZH_OK : zh_err_set(err, rc, "chart.axis", "坐标轴的范围不成立");
}

static void slope_line(zh_draw *d, const zh_slope_line *line, const slope_frame *f)
{
    zh_role role = line->named ? ZH_ROLE_C1 : ZH_ROLE_RULE_2;
    double y1 = zh_axis_at(&f->axis, line->left.v, f->bottom, f->top);
    double y2 = zh_axis_at(&f->axis, line->right.v, f->bottom, f->top);
    zh_str title = line->title;
    if (title.n == 0) {
        zh_str none = zh_reading_word(ZH_READING_MISSING);
        title = zh_str_fmt(d->arena, "%.*s %.*s → %.*s", ZH_FMT(line->label),
                           ZH_FMT(line->left.is ? line->left_text : none),
                           ZH_FMT(line->right.is ? line->right_text : none));
    }
    zh_chart_open_as(d, title, line->href);
    if (line->left.is && line->right.is) {
        zh_draw_line(d, f->left, y1, f->right, y2,
                     zh_chart_stroke(role, line->named ? 2 : 1.2, ZH_DASH_SOLID));
    } else {
        zh_draw_circle(d, line->left.is ? f->left : f->right, line->left.is ? y1 : y2, 3,
                       (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = role, .width = 1.5});
    }
    zh_draw_close(d);
}

static void slope_labels(zh_draw *d, const zh_slope *in, const slope_frame *f, bool left)
{
    slope_label labels[SLOPE_NAMED] = {{.at = 0}};
    size_t n = 0;
    for (size_t i = 0; i < in->n; i++) {
        const zh_slope_line *line = &in->lines[i];
        zh_opt value = left ? line->left : line->right;
        if (line->named && value.is) {
            zh_str text = left ? line->left_text : line->right_text;
            labels[n++] = (slope_label){
                .at = zh_axis_at(&f->axis, value.v, f->bottom, f->top),
                .text = zh_str_fmt(d->arena, "%.*s %.*s", ZH_FMT(line->label), ZH_FMT(text)),
            };
        }
    }
    spread(labels, n, f->top, f->bottom);
    for (size_t i = 0; i < n; i++) {
        zh_draw_text(d, left ? f->left - GAP : f->right + GAP, labels[i].y + 4, labels[i].text,
                     zh_chart_label(ZH_ROLE_INK, left ? ZH_ANCHOR_END : ZH_ANCHOR_START));
    }
}

static double slope_side(const zh_slope *in, bool left)
{
    double widest = zh_chart_text_width(left ? in->left_head : in->right_head) / 2;
    for (size_t i = 0; i < in->n; i++) {
        if (in->lines[i].named) {
            zh_str text = left ? in->lines[i].left_text : in->lines[i].right_text;
            widest = zh_chart_max(widest, zh_chart_text_width(in->lines[i].label) +
                                              zh_chart_text_width(text) + 6);
        }
    }
    return widest + GAP + 2;
}

static void slope_frame_draw(zh_draw *d, const zh_slope *in, const slope_frame *f)
{
    zh_paint edge = zh_chart_stroke(ZH_ROLE_RULE, 1, ZH_DASH_SOLID);
    zh_draw_line(d, f->left, f->top - 4, f->left, f->bottom, edge);
    zh_draw_line(d, f->right, f->top - 4, f->right, f->bottom, edge);
    zh_draw_text(d, f->left, 14, in->left_head, zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_MIDDLE));
    zh_draw_text(d, f->right, 14, in->right_head, zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_MIDDLE));
    if (in->standard.is) {
        double y = zh_axis_at(&f->axis, in->standard.v, f->bottom, f->top);
        zh_draw_line(d, f->left - GAP, y, f->right + GAP, y,
                     zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_TARGET));
        zh_draw_text(d, (f->left + f->right) / 2, y - 5, in->standard_label,
                     zh_chart_note(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
    }
}

zh_rc zh_chart_slope(zh_arena *arena, const zh_slope *in, double width, zh_draw **out, zh_err *err)
{
    slope_frame f = {.top = 28};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = slope_check(in, &f.axis, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double left = slope_side(in, true);
    double right = slope_side(in, false);
    double most = width * 0.36;
    f.left = left < most ? left : most;
    f.right = width - (right < most ? right : most);
    f.bottom = f.top + zh_chart_clamp(width * 0.55, 190, 260);
    zh_draw *d = zh_draw_new(arena, width, f.bottom + 10, in->title);
    slope_frame_draw(d, in, &f);
    for (int named = 0; named < 2; named++) { /* the coloured ones on top */
        for (size_t i = 0; i < in->n; i++) {
            const zh_slope_line *line = &in->lines[i];
            if (line->named == (named == 1) && (line->left.is || line->right.is)) {
                slope_line(d, line, &f);
            }
        }
    }
    slope_labels(d, in, &f, true);
    slope_labels(d, in, &f, false);
    return zh_chart_end(d, out, err);
}

/* ---- small multiples ---- */

static zh_rc panels_check(const zh_panels *in, zh_axis *axis, zh_err *err)
{
    double low = 0;
    double high = 0;
    bool any = in->from_zero;
    size_t marks = 0;
    if (in->n > ZH_CHART_PANELS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "chart.panels", "小多图最多 %d 幅", ZH_CHART_PANELS_MAX);
    }
    zh_rc rc = zh_chart_check_number(in->standard, err);
    for (size_t i = 0; i < in->n; i++) {
        marks += in->panels[i].n;
        for (size_t k = 0; rc == ZH_OK && k < in->panels[i].n; k++) {
            rc = zh_chart_check_number(in->panels[i].values[k], err);
            zh_chart_extend(in->panels[i].values[k], &low, &high, &any);
        }
    }
    zh_chart_extend(in->standard, &low, &high, &any);
    if (rc != ZH_OK) {
        return rc;
    }
    if (marks > ZH_DRAW_POINTS_MAX / 4) {
        return zh_err_set(err, ZH_ELIMIT, "chart.marks", "小多图的数据过多");
    }
    /* No tick labels: the scale is the data's own, the standard and last values are its marks. */
    *axis = (zh_axis){.low = low, .high = high > low ? high : low + 1};
    return ZH_OK;
}

static void panel_line(zh_draw *d, const zh_panel *p, const zh_axis *axis, double right,
                       double *last_y)
{
    zh_point *run = ZH_TRY_N(d->arena, zh_point, p->n > 0 ? p->n : 1);
    size_t n = 0;
    if (run == NULL) {
        d->rc = ZH_ENOMEM;
        d->rule = "draw.memory";
        d->problem = "画图的内存预算用完";
        return;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->values[i].is) {
            double x = p->n > 1 ? right * (double)i / (double)(p->n - 1) : right;
            *last_y = zh_axis_at(axis, p->values[i].v, PANEL_BOTTOM, PANEL_TOP);
            run[n++] = (zh_point){x, *last_y};
        }
        if (!p->values[i].is || i + 1 == p->n) {
            if (n == 1) {
                zh_draw_circle(d, run[0].x, run[0].y, 1.6, zh_chart_fill(ZH_ROLE_C1));
            }
            zh_draw_polyline(d, run, n, zh_chart_stroke(ZH_ROLE_C1, 1.4, ZH_DASH_SOLID));
            n = 0;
        }
    }
}

static zh_draw *panel(zh_arena *arena, const zh_panels *in, const zh_panel *p, const zh_axis *axis,
                      double width)
{
    zh_draw *d = zh_draw_new(arena, width, PANEL_HEIGHT, ZH_STR_NONE);
    double right = width - PANEL_VALUE;
    double y = PANEL_BOTTOM;
    zh_str word = p->word.n > 0 ? p->word : zh_reading_word(ZH_READING_MISSING);
    bool there = false;
    for (size_t i = 0; i < p->n; i++) {
        there = there || p->values[i].is;
    }
    zh_str title = p->title;
    if (title.n == 0) {
        title =
            zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(p->label), ZH_FMT(there ? p->last_text : word));
    }
    zh_chart_open_as(d, title, p->href);
    zh_draw_text(d, 0, 13, zh_draw_text_fit(arena, p->label, ZH_CHART_TEXT, width - 4),
                 zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_START));
    if (!there) {
        zh_chart_texture(d, 0.5, PANEL_TOP + 6, right, PANEL_BOTTOM - PANEL_TOP - 6,
                         ZH_ROLE_MISSING, word);
    } else {
        if (in->standard.is) {
            double at = zh_axis_at(axis, in->standard.v, PANEL_BOTTOM, PANEL_TOP);
            zh_draw_line(d, 0, at, right, at, zh_chart_stroke(ZH_ROLE_RULE_2, 1, ZH_DASH_GUIDE));
        }
        panel_line(d, p, axis, right, &y);
        zh_draw_text(d, right + 4, y + 4, p->last_text,
                     zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START));
    }
    zh_draw_line(d, 0, PANEL_BOTTOM, right, PANEL_BOTTOM,
                 zh_chart_stroke(ZH_ROLE_INK, 1, ZH_DASH_SOLID));
    zh_draw_close(d);
    return d;
}

zh_rc zh_chart_panels(zh_arena *arena, const zh_panels *in, double width, zh_draw **out,
                      zh_err *err)
{
    zh_axis axis = {0};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = panels_check(in, &axis, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t fitting = width > PANEL_WIDTH ? (size_t)(width / PANEL_WIDTH) : 1;
    size_t columns = in->columns > 0 && in->columns < fitting ? in->columns : fitting;
    columns = columns < in->n ? columns : in->n;
    double step = width / (double)columns;
    size_t rows = (in->n + columns - 1) / columns;
    zh_draw *d = zh_draw_new(arena, width, PANEL_HEIGHT * (double)rows, in->title);
    for (size_t i = 0; i < in->n; i++) {
        zh_draw_place(d, panel(arena, in, &in->panels[i], &axis, step - 10),
                      step * (double)(i % columns), PANEL_HEIGHT * (double)(i / columns), 1);
    }
    return zh_chart_end(d, out, err);
}
