/* The chart with two measured axes; see chart_xy.h. */
#include "fmt/chart_xy.h"

#include "fmt/chart_private.h"
#include <math.h>

#define TOP_NAME   20.0 /* above the plot when the y axis has a name */
#define LEGEND     22.0
#define BELOW      22.0
#define PLOT_SHARE 0.34
#define PLOT_LOW   180.0
#define PLOT_HIGH  320.0
#define DOT        3.4

typedef struct plot {
    double left, right, top, bottom;
    zh_axis x, y;
} plot;

static double at_x(const plot *p, double x)
{
    return zh_axis_at(&p->x, x, p->left, p->right);
}

static double at_y(const plot *p, double y)
{
    return zh_axis_at(&p->y, y, p->bottom, p->top);
}

static bool inside(const plot *p, double x, double y)
{
    double px = at_x(p, x);
    double py = at_y(p, y);
    return px >= p->left - 0.5 && px <= p->right + 0.5 && py >= p->top - 0.5 &&
           py <= p->bottom + 0.5;
}

/* ---- axes ---- */

static zh_rc check(const zh_xy *in, zh_err *err)
{
    size_t points = 0;
    if (in->nseries > ZH_XY_SERIES_MAX || in->nlines > ZH_XY_LINES_MAX ||
        in->x.nticks > ZH_XY_TICKS_MAX || in->y.nticks > ZH_XY_TICKS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "chart.series", "图中的曲线、线或刻度太多");
    }
    for (size_t i = 0; i < in->nseries; i++) {
        points += in->series[i].n;
    }
    if (points > ZH_XY_POINTS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "chart.points", "一张图至多 %zu 个点", ZH_XY_POINTS_MAX);
    }
    return points > 0 ? ZH_OK : zh_err_set(err, ZH_EINVAL, "chart.empty", "没有可画的数");
}

static zh_opt number(double v)
{
    return isfinite(v) ? ZH_SOME(v) : ZH_ABSENT;
}

static void reach_x(const zh_xy *in, double *low, double *high, bool *any)
{
    for (size_t i = 0; i < in->nseries; i++) {
        const zh_xy_series *s = &in->series[i];
        double half = s->kind == ZH_XY_COLUMNS ? s->width / 2 : 0;
        for (size_t k = 0; k < s->n; k++) {
            if (!in->x.log || s->x[k] > 0) {
                zh_chart_extend(number(s->x[k] - half), low, high, any);
                zh_chart_extend(number(s->x[k] + half), low, high, any);
            }
        }
    }
}

static void reach_y(const zh_xy *in, double *low, double *high, bool *any)
{
    for (size_t i = 0; i < in->nseries; i++) {
        const zh_xy_series *s = &in->series[i];
        for (size_t k = 0; k < s->n; k++) {
            if (!in->y.log || s->y[k] > 0) {
                zh_chart_extend(number(s->y[k]), low, high, any);
            }
            if (s->high != NULL) {
                zh_chart_extend(number(s->high[k]), low, high, any);
            }
        }
        if (s->kind == ZH_XY_COLUMNS && !in->y.log && s->n > 0) {
            zh_chart_extend(ZH_SOME(0), low, high, any);
        }
    }
}

static zh_rc axis_of(const zh_xy *in, const zh_xy_axis *asked, bool vertical, double tight,
                     zh_axis *out, zh_err *err)
{
    double low = 0;
    double high = 1;
    bool any = false;
    (vertical ? reach_y : reach_x)(in, &low, &high, &any);
    for (size_t i = 0; i < in->nlines; i++) {
        if (in->lines[i].vertical != vertical) {
            zh_chart_extend(number(in->lines[i].at), &low, &high, &any);
        }
    }
    low = asked->low.is ? asked->low.v : low;
    high = asked->high.is ? asked->high.v : high;
    unsigned wanted = vertical ? 6 : 9;
    zh_rc rc;
    if (asked->log) {
        rc = zh_axis_log(low, high, out);
    } else if (asked->ticks != NULL || (asked->low.is && asked->high.is) || tight > 0) {
        rc = zh_axis_fixed(low, high, wanted, out);
    } else {
        rc = zh_axis_nice(low, high, wanted, out);
    }
    return rc == ZH_OK ? ZH_OK : zh_err_set(err, rc, "chart.axis", "坐标轴的范围不成立");
}

static double ticks_width(const zh_xy_axis *axis)
{
    double widest = 0;
    for (size_t i = 0; i < axis->nticks; i++) {
        widest = zh_chart_max(widest, zh_chart_text_width(axis->ticks[i].label));
    }
    return widest + 8;
}

static void own_ticks_x(zh_draw *d, const zh_xy_axis *axis, const plot *p)
{
    zh_mark group = {.kind = "axis"};
    double taken = -ZH_DRAW_EXTENT_MAX;
    zh_draw_open(d, &group);
    for (size_t i = 0; i < axis->nticks; i++) {
        double x = at_x(p, axis->ticks[i].at);
        double half = zh_chart_text_width(axis->ticks[i].label) / 2;
        if (x < p->left - 0.5 || x > p->right + 0.5 || x - half <= taken + 8) {
            continue;
        }
        zh_draw_line(d, x, p->bottom, x, p->bottom + 4,
                     zh_chart_stroke(ZH_ROLE_RULE_2, 1, ZH_DASH_SOLID));
        zh_draw_text(d, zh_chart_clamp(x, half, d->width - half), p->bottom + 17,
                     axis->ticks[i].label, zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
        taken = x + half;
    }
    zh_draw_close(d);
}

static void own_ticks_y(zh_draw *d, const zh_xy_axis *axis, const plot *p)
{
    zh_mark group = {.kind = "axis"};
    zh_draw_open(d, &group);
    for (size_t i = 0; i < axis->nticks; i++) {
        double y = at_y(p, axis->ticks[i].at);
        if (y >= p->top - 0.5 && y <= p->bottom + 0.5) {
            zh_draw_line(d, p->left, y, p->right, y,
                         zh_chart_stroke(ZH_ROLE_RULE, 1, ZH_DASH_SOLID));
            zh_draw_text(d, p->left - 8, y + 4, axis->ticks[i].label,
                         zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_END));
        }
    }
    zh_draw_close(d);
}

static void draw_axes(zh_draw *d, const zh_xy *in, const plot *p)
{
    if (in->y.ticks != NULL) {
        own_ticks_y(d, &in->y, p);
    } else {
        zh_chart_y_axis(d, &p->y, p->left, p->right, p->top, p->bottom, in->y.unit);
    }
    if (in->x.ticks != NULL) {
        own_ticks_x(d, &in->x, p);
    } else {
        zh_chart_x_axis(d, &p->x, p->left, p->right, p->top, p->bottom, in->x.unit);
    }
    zh_draw_line(d, p->left, p->bottom, p->right, p->bottom,
                 zh_chart_stroke(ZH_ROLE_INK, 1, ZH_DASH_SOLID));
    zh_draw_text(d, 0, p->top - 8, in->y.name, zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START));
    zh_draw_text(d, p->right, p->bottom + BELOW + 11, in->x.name,
                 zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_END));
}

/* ---- series ---- */

/* The part of a segment inside the plot's height; false when there is none. */
static bool clip(const plot *p, zh_point *a, zh_point *b)
{
    double low = p->top;
    double high = p->bottom;
    if ((a->y < low && b->y < low) || (a->y > high && b->y > high)) {
        return false;
    }
    zh_point *ends[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        zh_point *e = ends[i];
        const zh_point *o = ends[1 - i];
        double to = zh_chart_clamp(e->y, low, high);
        if (to < e->y || to > e->y) {
            e->x += (to - e->y) / (o->y - e->y) * (o->x - e->x);
            e->y = to;
        }
    }
    return true;
}

typedef struct stylus {
    zh_draw *d;
    const plot *p;
    zh_paint paint;
    zh_point *run;
    size_t n;
} stylus;

static void lift(stylus *pen)
{
    zh_draw_polyline(pen->d, pen->run, pen->n, pen->paint);
    pen->n = 0;
}

static void stroke_to(stylus *pen, zh_point a, zh_point b)
{
    zh_point from = a;
    zh_point to = b;
    if (!clip(pen->p, &from, &to)) {
        lift(pen);
        return;
    }
    bool joined = pen->n > 0 && !(from.x < a.x || from.x > a.x || from.y < a.y || from.y > a.y);
    if (!joined) {
        lift(pen);
        pen->run[pen->n++] = from;
    }
    pen->run[pen->n++] = to;
    if (to.x < b.x || to.x > b.x || to.y < b.y || to.y > b.y) {
        lift(pen);
    }
}

static void draw_line(zh_draw *d, const plot *p, const zh_xy_series *s)
{
    bool step = s->kind == ZH_XY_STEP;
    stylus pen = {.d = d,
                  .p = p,
                  .paint = zh_chart_stroke(s->role, 1.6, s->dash),
                  .run = ZH_NEW_N(d->arena, zh_point, s->n * 2 + 2)};
    for (size_t i = 1; i < s->n; i++) {
        bool there = isfinite(s->x[i - 1]) && isfinite(s->y[i - 1]) && isfinite(s->x[i]) &&
                     isfinite(s->y[i]);
        if (!there) {
            lift(&pen);
            continue;
        }
        zh_point a = {at_x(p, s->x[i - 1]), at_y(p, s->y[i - 1])};
        zh_point b = {at_x(p, s->x[i]), at_y(p, s->y[i])};
        if (step) {
            stroke_to(&pen, a, (zh_point){b.x, a.y});
            stroke_to(&pen, (zh_point){b.x, a.y}, b);
        } else {
            stroke_to(&pen, a, b);
        }
    }
    lift(&pen);
}

static void draw_band(zh_draw *d, const plot *p, const zh_xy_series *s)
{
    zh_point *ring = ZH_NEW_N(d->arena, zh_point, s->n * 4 + 4);
    zh_paint paint = {.fill = s->role, .tint = ZH_TINT_BAND};
    for (size_t from = 0; from < s->n;) {
        size_t to = from;
        while (to < s->n && isfinite(s->x[to]) && isfinite(s->y[to]) && isfinite(s->high[to])) {
            to++;
        }
        size_t n = 0;
        for (size_t i = from; i < to; i++) {
            if (s->step && i > from) {
                ring[n] = (zh_point){at_x(p, s->x[i]), ring[n - 1].y};
                n++;
            }
            ring[n++] = (zh_point){at_x(p, s->x[i]),
                                   zh_chart_clamp(at_y(p, s->high[i]), p->top, p->bottom)};
        }
        for (size_t i = to; i > from; i--) {
            ring[n++] = (zh_point){at_x(p, s->x[i - 1]),
                                   zh_chart_clamp(at_y(p, s->y[i - 1]), p->top, p->bottom)};
            if (s->step && i > from + 1) {
                ring[n] = (zh_point){ring[n - 1].x,
                                     zh_chart_clamp(at_y(p, s->y[i - 2]), p->top, p->bottom)};
                n++;
            }
        }
        if (to - from > 1) {
            zh_draw_polygon(d, ring, &n, 1, paint);
        }
        from = to + 1;
    }
}

static void open_mark(zh_draw *d, const zh_xy_series *s, size_t i)
{
    zh_chart_open_as(d, s->titles != NULL ? s->titles[i] : ZH_STR_NONE, ZH_STR_NONE);
}

/* Right of the point, left of it where there is no room. */
static void point_label(zh_draw *d, const plot *p, const zh_xy_series *s, size_t i, double x,
                        double y)
{
    if (s->labels == NULL || s->labels[i].n == 0) {
        return;
    }
    bool before = x + DOT + 5 + zh_chart_text_width(s->labels[i]) > p->right;
    zh_role role = s->act != NULL && s->act[i] ? ZH_ROLE_ACT : ZH_ROLE_INK;
    zh_draw_text(d, before ? x - DOT - 5 : x + DOT + 5, y + 4, s->labels[i],
                 zh_chart_strong(role, before ? ZH_ANCHOR_END : ZH_ANCHOR_START));
}

static void draw_points(zh_draw *d, const plot *p, const zh_xy_series *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->y[i]) || !inside(p, s->x[i], s->y[i])) {
            continue;
        }
        double x = at_x(p, s->x[i]);
        double y = at_y(p, s->y[i]);
        open_mark(d, s, i);
        if (s->act != NULL && s->act[i]) {
            zh_draw_rect(d, x - DOT - 1, y - DOT - 1, 2 * DOT + 2, 2 * DOT + 2,
                         zh_chart_fill(ZH_ROLE_ACT));
        } else if (s->hollow) {
            zh_draw_circle(d, x, y, DOT,
                           (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = s->role, .width = 1.5});
        } else {
            zh_draw_circle(d, x, y, DOT, zh_chart_fill(s->role));
        }
        point_label(d, p, s, i, x, y);
        zh_draw_close(d);
    }
}

static void draw_columns(zh_draw *d, const plot *p, const zh_xy_series *s)
{
    double base = at_y(p, zh_chart_clamp(0, p->y.low, p->y.high));
    for (size_t i = 0; i < s->n; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->y[i])) {
            continue;
        }
        double from = zh_chart_clamp(at_x(p, s->x[i] - s->width / 2), p->left, p->right);
        double to = zh_chart_clamp(at_x(p, s->x[i] + s->width / 2), p->left, p->right);
        double y = zh_chart_clamp(at_y(p, s->y[i]), p->top, p->bottom);
        double gap = to - from > 4 ? 0.5 : 0;
        zh_role role = s->act != NULL && s->act[i] ? ZH_ROLE_ACT : s->role;
        open_mark(d, s, i);
        zh_draw_rect(d, from + gap, y < base ? y : base, zh_chart_max(to - from - 2 * gap, 0.6),
                     fabs(base - y), zh_chart_fill(role));
        zh_draw_close(d);
    }
}

static void draw_series(zh_draw *d, const plot *p, const zh_xy_series *s)
{
    switch (s->kind) {
    case ZH_XY_LINE:
    case ZH_XY_STEP: draw_line(d, p, s); break;
    case ZH_XY_POINTS: draw_points(d, p, s); break;
    case ZH_XY_COLUMNS: draw_columns(d, p, s); break;
    case ZH_XY_BAND: draw_band(d, p, s); break;
    }
}

/* ---- lines across and the legend ---- */

static void draw_lines(zh_draw *d, const zh_xy *in, const plot *p)
{
    double row = 0; /* labels of upright lines step down so that neighbours can be read */
    for (size_t i = 0; i < in->nlines; i++) {
        const zh_xy_line *l = &in->lines[i];
        zh_paint paint =
            zh_chart_stroke(l->role != ZH_ROLE_NONE ? l->role : ZH_ROLE_INK, 1.3, l->dash);
        double at = l->vertical ? at_x(p, l->at) : at_y(p, l->at);
        if (!isfinite(l->at)) {
            continue;
        }
        if (!l->vertical && at >= p->top - 0.5 && at <= p->bottom + 0.5) {
            zh_draw_line(d, p->left, at, p->right, at, paint);
            zh_chart_line_label(d, p->right, at - 4, l->label);
        } else if (l->vertical && at >= p->left - 0.5 && at <= p->right + 0.5) {
            double w = zh_draw_text_width(l->label, ZH_CHART_SMALL) + 8;
            zh_draw_line(d, at, p->top, at, p->bottom, paint);
            zh_chart_line_label(d, at + w + 2 > p->right ? at - 3 : at + w, p->top + 11 + row,
                                l->label);
            row = row > 40 ? 0 : row + 15;
        }
    }
}

static bool has_legend(const zh_xy *in)
{
    size_t labelled = 0;
    for (size_t i = 0; i < in->nseries; i++) {
        labelled += in->series[i].label.n > 0;
    }
    return labelled > 0;
}

static void draw_legend(zh_draw *d, const zh_xy *in, double y)
{
    double x = 0;
    for (size_t i = 0; i < in->nseries; i++) {
        const zh_xy_series *s = &in->series[i];
        if (s->label.n == 0) {
            continue;
        }
        if (s->kind == ZH_XY_LINE || s->kind == ZH_XY_STEP) {
            zh_draw_line(d, x, y, x + 18, y, zh_chart_stroke(s->role, 1.8, s->dash));
        } else if (s->kind == ZH_XY_POINTS) {
            zh_draw_circle(d, x + 9, y, DOT,
                           s->hollow
                               ? (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = s->role, .width = 1.5}
                               : zh_chart_fill(s->role));
        } else {
            zh_draw_rect(d, x + 2, y - 5, 14, 10,
                         (zh_paint){.fill = s->role,
                                    .tint = s->kind == ZH_XY_BAND ? ZH_TINT_BAND : ZH_TINT_FULL});
        }
        zh_draw_text(d, x + 24, y + 4, s->label, zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_START));
        x += 24 + zh_chart_text_width(s->label) + 18;
    }
}

zh_rc zh_chart_xy(zh_arena *arena, const zh_xy *in, double width, zh_draw **out, zh_err *err)
{
    plot p = {.top = in->y.name.n > 0 ? TOP_NAME : 10};
    zh_rc rc = zh_chart_check(width, 1, err);
    if (rc == ZH_OK) {
        rc = check(in, err);
    }
    if (rc == ZH_OK) {
        rc = axis_of(in, &in->x, false, 1, &p.x, err);
    }
    if (rc == ZH_OK) {
        rc = axis_of(in, &in->y, true, 0, &p.y, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool legend = has_legend(in);
    p.top += legend ? LEGEND : 0;
    p.left = in->y.ticks != NULL ? ticks_width(&in->y) : zh_chart_y_width(&p.y, in->y.unit);
    p.right = width - 14;
    p.bottom = p.top + (in->height > 0 ? in->height
                                       : zh_chart_clamp(width * PLOT_SHARE, PLOT_LOW, PLOT_HIGH));
    zh_draw *d =
        zh_draw_new(arena, width, p.bottom + BELOW + (in->x.name.n > 0 ? 16 : 2), in->title);
    if (legend) {
        draw_legend(d, in, 8);
    }
    for (size_t i = 0; i < in->nseries; i++) {
        if (in->series[i].kind == ZH_XY_BAND) {
            draw_series(d, &p, &in->series[i]);
        }
    }
    draw_axes(d, in, &p);
    draw_lines(d, in, &p);
    for (size_t i = 0; i < in->nseries; i++) {
        if (in->series[i].kind != ZH_XY_BAND) {
            draw_series(d, &p, &in->series[i]);
        }
    }
    return zh_chart_end(d, out, err);
}
