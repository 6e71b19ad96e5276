/* Charts of a process: the control chart with stepped limits, and columns. */
#include "fmt/chart.h"

#include "fmt/chart_private.h"
#include <math.h>

#define TOP        26.0
#define LABELS     22.0 /* below the plot */
#define COUNTS     22.0 /* the bars of n */
#define GAP        8.0
#define PLOT_SHARE 0.3 /* height of the plot from the width */
#define PLOT_LOW   170.0
#define PLOT_HIGH  250.0
#define POINT      4.0
#define WORD_STEP  15.0 /* cell that a standing word fits */

typedef struct cells {
    double left, right, top, bottom;
    double step; /* width of one point's cell */
    zh_axis axis;
} cells;

static double middle(const cells *c, size_t i)
{
    return c->left + c->step * ((double)i + 0.5);
}

/* Every k-th label, so that none touches the next. */
static size_t label_step(double widest, double step)
{
    double k = ceil((widest + 10) / step);
    return k < 1 ? 1 : (size_t)k;
}

static double widest_label(const zh_control *in)
{
    double widest = 0;
    for (size_t i = 0; i < in->n; i++) {
        widest = zh_chart_max(widest, zh_chart_text_width(in->points[i].reading.label));
    }
    return widest;
}

/* ---- control chart ---- */

static zh_rc control_check(const zh_control *in, zh_axis *axis, zh_err *err)
{
    double low = in->centre;
    double high = in->centre;
    bool any = true;
    if (!isfinite(in->centre)) {
        return zh_err_set(err, ZH_EINVAL, "chart.number", "中心线不是有限数");
    }
    for (size_t i = 0; i < in->n; i++) {
        const zh_control_point *p = &in->points[i];
        zh_rc rc = zh_chart_check_reading(&p->reading, false, err);
        if (rc == ZH_OK) {
            rc = zh_chart_check_number(p->lower, err);
        }
        if (rc == ZH_OK) {
            rc = zh_chart_check_number(p->upper, err);
        }
        if (rc == ZH_OK && !(isfinite(p->n) && p->n >= 0)) {
            rc = zh_err_set(err, ZH_EINVAL, "chart.number", "控制图一点的 n 须是非负有限数");
        }
        if (rc != ZH_OK) {
            return rc;
        }
        zh_chart_extend(p->reading.value, &low, &high, &any);
        zh_chart_extend(p->lower, &low, &high, &any);
        zh_chart_extend(p->upper, &low, &high, &any);
    }
    zh_rc rc = zh_axis_nice(low, high, 5, axis);
    return rc == ZH_OK ? ZH_OK : zh_err_set(err, rc, "chart.axis", "坐标轴的范围不成立");
}

/* The period after the baseline: tinted, with its line and the two names on top. */
static void control_phases(zh_draw *d, const zh_control *in, const cells *c)
{
    if (in->baseline == 0 || in->baseline >= in->n) {
        return;
    }
    double x = c->left + c->step * (double)in->baseline;
    zh_draw_rect(d, x, c->top, c->right - x, c->bottom - c->top, zh_chart_fill(ZH_ROLE_WATCH_T));
}

static void control_names(zh_draw *d, const zh_control *in, const cells *c)
{
    double x = c->right;
    if (in->baseline > 0 && in->baseline < in->n) {
        x = c->left + c->step * (double)in->baseline;
        zh_draw_line(d, x, c->top, x, c->bottom, zh_chart_stroke(ZH_ROLE_INK, 1, ZH_DASH_LIMIT));
        zh_str after = zh_draw_text_fit(d->arena, in->after_label, ZH_CHART_TEXT, c->right - x - 6);
        zh_draw_text(d, x + 6, c->top - GAP, after, zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_START));
    }
    if (in->baseline > 0) {
        zh_str name =
            zh_draw_text_fit(d->arena, in->baseline_label, ZH_CHART_TEXT, x - c->left - 6);
        zh_draw_text(d, c->left, c->top - GAP, name,
                     zh_chart_label(ZH_ROLE_INK_3, ZH_ANCHOR_START));
    }
}

/* Steps from cell edge to cell edge; a point without limit interrupts them. */
static void control_limit(zh_draw *d, const zh_control *in, const cells *c, bool upper,
                          zh_str label)
{
    zh_point *run = ZH_NEW_N(d->arena, zh_point, in->n * 2);
    size_t n = 0;
    double last = -1;
    for (size_t i = 0; i < in->n; i++) {
        zh_opt limit = upper ? in->points[i].upper : in->points[i].lower;
        if (limit.is) {
            last = zh_axis_at(&c->axis, limit.v, c->bottom, c->top);
            run[n++] = (zh_point){c->left + c->step * (double)i, last};
            run[n++] = (zh_point){c->left + c->step * ((double)i + 1), last};
        }
        if (!limit.is || i + 1 == in->n) {
            zh_draw_polyline(d, run, n, zh_chart_stroke(ZH_ROLE_INK_2, 1, ZH_DASH_LIMIT));
            n = 0;
        }
    }
    if (last >= 0) {
        zh_draw_text(d, c->right + GAP, last + 4, label,
                     zh_chart_label(ZH_ROLE_INK_3, ZH_ANCHOR_START));
    }
}

static void control_line(zh_draw *d, const zh_control *in, const cells *c)
{
    zh_point *run = ZH_NEW_N(d->arena, zh_point, in->n);
    size_t n = 0;
    for (size_t i = 0; i < in->n; i++) {
        const zh_reading *r = &in->points[i].reading;
        bool there = zh_reading_shown(r) == ZH_READING_OK;
        if (there) {
            run[n++] =
                (zh_point){middle(c, i), zh_axis_at(&c->axis, r->value.v, c->bottom, c->top)};
        }
        if (!there || i + 1 == in->n) {
            zh_draw_polyline(d, run, n, zh_chart_stroke(ZH_ROLE_INK_2, 1.3, ZH_DASH_SOLID));
            n = 0;
        }
    }
}

static void control_point(zh_draw *d, const zh_control_point *p, const cells *c, size_t i,
                          double most)
{
    const zh_reading *r = &p->reading;
    zh_reading_state state = zh_reading_shown(r);
    double x = middle(c, i);
    zh_chart_open(d, r);
    if (state == ZH_READING_OK || (state == ZH_READING_FEW && r->value.is)) {
        double y = zh_axis_at(&c->axis, r->value.v, c->bottom, c->top);
        zh_paint ring = {.fill = ZH_ROLE_PAPER,
                         .stroke = state == ZH_READING_FEW ? ZH_ROLE_INK_3 : ZH_ROLE_INK,
                         .width = 1.7,
                         .dash = state == ZH_READING_FEW ? ZH_DASH_FEW : ZH_DASH_SOLID};
        if (state == ZH_READING_FEW || p->flag == ZH_CONTROL_RUN) {
            zh_draw_circle(d, x, y, POINT, ring);
        } else if (p->flag == ZH_CONTROL_OUT) {
            zh_draw_rect(d, x - POINT - 0.5, y - POINT - 0.5, POINT * 2 + 1, POINT * 2 + 1,
                         zh_chart_fill(ZH_ROLE_ACT));
        } else {
            zh_draw_circle(d, x, y, POINT, zh_chart_fill(ZH_ROLE_INK));
        }
    } else {
        zh_draw_rect(d, x - c->step / 2, c->top, c->step, c->bottom - c->top,
                     zh_chart_fill(state == ZH_READING_FEW ? ZH_ROLE_FEW : ZH_ROLE_MISSING));
        zh_text_at up = zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START);
        up.turn = -90;
        zh_draw_text(d, x + 4, c->bottom - 6, r->word.n > 0 ? r->word : zh_reading_word(state), up);
    }
    double bar = most > 0 ? p->n / most * (COUNTS - 4) : 0;
    double width = zh_chart_clamp(c->step * 0.4, 1, 12);
    zh_draw_rect(d, x - width / 2, c->bottom + LABELS + COUNTS - bar, width, bar,
                 zh_chart_fill(ZH_ROLE_C6));
    zh_draw_close(d);
}

static void control_below(zh_draw *d, const zh_control *in, const cells *c, double *most)
{
    char a[ZH_AXIS_LABEL_MAX];
    char b[ZH_AXIS_LABEL_MAX];
    double least = in->points[0].n;
    size_t step = label_step(widest_label(in), c->step);
    for (size_t i = 0; i < in->n; i++) {
        *most = zh_chart_max(*most, in->points[i].n);
        least = least < in->points[i].n ? least : in->points[i].n;
        if (i % step == 0) {
            zh_draw_text(d, middle(c, i), c->bottom + 16, in->points[i].reading.label,
                         zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
        }
    }
    if (*most <= 0) {
        return;
    }
    double y = c->bottom + LABELS + COUNTS;
    zh_draw_text(d, c->left - GAP, y - 2, ZH_STR("n"),
                 zh_chart_label(ZH_ROLE_INK_3, ZH_ANCHOR_END));
    zh_draw_text(
        d, c->right + GAP, y - 2,
        zh_str_fmt(d->arena, "%s–%s", zh_chart_number(least, 0, a), zh_chart_number(*most, 0, b)),
        zh_chart_label(ZH_ROLE_INK_3, ZH_ANCHOR_START));
}

zh_rc zh_chart_control(zh_arena *arena, const zh_control *in, double width, zh_draw **out,
                       zh_err *err)
{
    cells c = {.top = TOP};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = control_check(in, &c.axis, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double side = zh_chart_max(
        zh_chart_text_width(in->centre_label),
        zh_chart_max(zh_chart_text_width(in->upper_label), zh_chart_text_width(in->lower_label)));
    side = zh_chart_clamp(side + GAP, 60, width * 0.25);
    c.left = zh_chart_y_width(&c.axis, in->unit);
    c.right = width - side;
    c.bottom = c.top + zh_chart_clamp(width * PLOT_SHARE, PLOT_LOW, PLOT_HIGH);
    c.step = (c.right - c.left) / (double)in->n;
    zh_draw *d = zh_draw_new(arena, width, c.bottom + LABELS + COUNTS + 4, in->title);
    control_phases(d, in, &c);
    zh_chart_y_axis(d, &c.axis, c.left, c.right, c.top, c.bottom, in->unit);
    control_limit(d, in, &c, true, in->upper_label);
    control_limit(d, in, &c, false, in->lower_label);
    double y = zh_axis_at(&c.axis, in->centre, c.bottom, c.top);
    zh_draw_line(d, c.left, y, c.right, y, zh_chart_stroke(ZH_ROLE_INK_2, 1.2, ZH_DASH_SOLID));
    zh_draw_text(d, c.right + GAP, y + 4, in->centre_label,
                 zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_START));
    control_line(d, in, &c);
    double most = 0;
    control_below(d, in, &c, &most);
    for (size_t i = 0; i < in->n; i++) {
        control_point(d, &in->points[i], &c, i, most);
    }
    control_names(d, in, &c);
    return zh_chart_end(d, out, err);
}

/* ---- columns ---- */

static zh_rc columns_check(const zh_count_columns *in, zh_axis *axis, zh_err *err)
{
    double low = 0;
    double high = 0;
    bool any = true;
    zh_rc rc = zh_chart_check_readings(in->columns, in->n, false, err);
    if (rc == ZH_OK) {
        rc = zh_chart_check_number(in->reference, err);
    }
    for (size_t i = 0; rc == ZH_OK && i < in->n; i++) {
        const zh_reading *r = &in->columns[i];
        if (r->value.is && r->value.v < 0) {
            zh_err_set(err, ZH_EINVAL, "chart.count", "柱子不能为负");
            zh_err_where(err, "%.*s", ZH_FMT(r->label));
            return ZH_EINVAL;
        }
        zh_chart_extend(r->value, &low, &high, &any);
        zh_chart_extend(r->high, &low, &high, &any);
    }
    zh_chart_extend(in->reference, &low, &high, &any);
    if (rc == ZH_OK && zh_axis_nice(0, high > 0 ? high : 1, 5, axis) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "chart.axis", "坐标轴的范围不成立");
    }
    return rc;
}

/* Values stand over the columns when every column has its text and they do not touch. */
static bool columns_labelled(const zh_count_columns *in, double step)
{
    for (size_t i = 0; i < in->n; i++) {
        const zh_reading *r = &in->columns[i];
        bool ok = zh_reading_shown(r) == ZH_READING_OK;
        if (ok && (r->text.n == 0 || zh_chart_text_width(r->text) * 1.05 + 4 > step)) {
            return false;
        }
    }
    return true;
}

static void columns_column(zh_draw *d, const zh_reading *r, const cells *c, size_t i, bool labelled)
{
    double x = middle(c, i);
    double width = zh_chart_clamp(c->step * 0.62, 1, 26);
    zh_reading_state state = zh_reading_shown(r);
    zh_chart_open(d, r);
    if (state == ZH_READING_OK) {
        double y = zh_axis_at(&c->axis, r->value.v, c->bottom, c->top);
        zh_draw_rect(d, x - width / 2, y, width, c->bottom - y,
                     zh_chart_fill(r->act ? ZH_ROLE_ACT : ZH_ROLE_Q5));
        if (r->low.is) {
            zh_draw_line(d, x, zh_axis_at(&c->axis, r->low.v, c->bottom, c->top), x,
                         zh_axis_at(&c->axis, r->high.v, c->bottom, c->top),
                         zh_chart_stroke(ZH_ROLE_INK, 1.2, ZH_DASH_SOLID));
            y = zh_axis_at(&c->axis, r->high.v, c->bottom, c->top);
        }
        if (labelled) {
            zh_draw_text(d, x, y - 5, r->text, zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_MIDDLE));
        }
    } else {
        zh_role texture = state == ZH_READING_FEW ? ZH_ROLE_FEW : ZH_ROLE_MISSING;
        zh_str word = r->word.n > 0 ? r->word : zh_reading_word(state);
        double height = zh_draw_text_width(word, ZH_CHART_SMALL) + 12;
        zh_draw_rect(d, x - width / 2, c->bottom - height, width, height,
                     (zh_paint){.fill = texture, .stroke = ZH_ROLE_HATCH});
        if (c->step >= WORD_STEP) { /* else the words would run into each other */
            zh_text_at up = zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START);
            up.turn = -90;
            zh_draw_rect(d, x - zh_chart_clamp(width / 2, 0, 7), c->bottom - height + 4,
                         zh_chart_clamp(width, 0, 14), height - 8, zh_chart_fill(ZH_ROLE_PAPER));
            zh_draw_text(d, x + 4, c->bottom - 6, word, up);
        }
    }
    zh_draw_close(d);
}

static void columns_today(zh_draw *d, const zh_count_columns *in, const cells *c)
{
    if (in->today == 0 || in->today > in->n + 1) {
        return;
    }
    double x = c->left + c->step * (double)(in->today - 1);
    zh_str label = in->today_label.n > 0 ? in->today_label : ZH_STR("今天");
    bool before = x + zh_chart_text_width(label) + 4 > d->width;
    zh_draw_line(d, x, c->top - 14, x, c->bottom,
                 zh_chart_stroke(ZH_ROLE_INK, 1.2, ZH_DASH_TARGET));
    zh_draw_text(d, x + (before ? -4 : 4), c->top - 8, label,
                 zh_chart_label(ZH_ROLE_INK_2, before ? ZH_ANCHOR_END : ZH_ANCHOR_START));
}

static void columns_reference(zh_draw *d, const zh_count_columns *in, const cells *c)
{
    if (in->reference.is) {
        double y = zh_axis_at(&c->axis, in->reference.v, c->bottom, c->top);
        zh_draw_line(d, c->left, y, c->right, y, zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_TARGET));
        zh_chart_line_label(d, c->right, y - 5, in->reference_label);
    }
}

zh_rc zh_chart_columns(zh_arena *arena, const zh_count_columns *in, double width, zh_draw **out,
                       zh_err *err)
{
    cells c = {.top = TOP};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = columns_check(in, &c.axis, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool labelled = columns_labelled(in, width / (double)in->n);
    c.left = labelled ? 0 : zh_chart_y_width(&c.axis, in->unit);
    c.right = width;
    c.bottom = c.top + zh_chart_clamp(width * PLOT_SHARE, 110, 200);
    c.step = (c.right - c.left) / (double)in->n;
    zh_draw *d = zh_draw_new(arena, width, c.bottom + LABELS, in->title);
    if (in->marked_from > 0 && in->marked_from <= in->marked_to && in->marked_to <= in->n) {
        zh_draw_rect(d, c.left + c.step * (double)(in->marked_from - 1), c.top,
                     c.step * (double)(in->marked_to - in->marked_from + 1), c.bottom - c.top,
                     zh_chart_fill(ZH_ROLE_WATCH_T));
    }
    if (!labelled) {
        zh_chart_y_axis(d, &c.axis, c.left, c.right, c.top, c.bottom, in->unit);
    }
    double widest = zh_chart_widest(in->columns, in->n, false, width);
    size_t step = label_step(widest, c.step);
    for (size_t i = 0; i < in->n; i++) {
        columns_column(d, &in->columns[i], &c, i, labelled);
        if (i % step == 0) {
            double half = zh_chart_text_width(in->columns[i].label) / 2;
            zh_draw_text(d, zh_chart_clamp(middle(&c, i), half, width - half), c.bottom + 16,
                         in->columns[i].label, zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
        }
    }
    zh_draw_line(d, c.left, c.bottom, c.right, c.bottom,
                 zh_chart_stroke(ZH_ROLE_INK, 1, ZH_DASH_SOLID));
    columns_reference(d, in, &c);
    columns_today(d, in, &c);
    return zh_chart_end(d, out, err);
}
