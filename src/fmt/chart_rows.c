/* Charts made of rows: interval rows, forest, Pareto, status rows. */
#include "fmt/chart.h"

#include "fmt/chart_private.h"
#include <math.h>

#define ROW_HEIGHT    20.0
#define FOREST_ROW    33.0
#define PARETO_ROW    24.0
#define PARETO_BAR    14.0
#define STATUS_ROW    30.0
#define STATUS_SQUARE 18.0
#define STATUS_STEP   21.0
#define HEAD          24.0 /* room for a line of text above the rows */
#define FOOT          24.0 /* room for tick labels */
#define GAP           8.0
#define LABEL_SHARE   0.36 /* of the width, at most, for labels */
#define PLOT_MIN      16.0 /* however narrow the chart */
#define ARROW         8.0  /* room beyond the axis for an arrow head */

/* The plot of a chart of rows: labels at the left, notes at the right. */
typedef struct plot {
    double left, right, top, bottom;
    zh_axis axis;
} plot;

static void row_label(zh_draw *d, double right, double y, zh_str label, bool pale)
{
    zh_str shown = zh_draw_text_fit(d->arena, label, ZH_CHART_TEXT, right);
    zh_draw_text(d, right, y + 4, shown,
                 zh_chart_label(pale ? ZH_ROLE_INK_3 : ZH_ROLE_INK, ZH_ANCHOR_END));
}

static bool has_marks(const zh_reading *r)
{
    zh_reading_state state = zh_reading_shown(r);
    return state == ZH_READING_OK || (state == ZH_READING_FEW && (r->value.is || r->low.is));
}

/* ---- interval rows ---- */

/* From 0 (or the least) to what must be seen whole: intervals, and the values of too few, whose
 * intervals may run off. */
static zh_rc rows_axis(const zh_interval_rows *in, zh_axis *axis, zh_err *err)
{
    double low = 0;
    double high = 0;
    bool any = true;
    for (size_t i = 0; i < in->n; i++) {
        const zh_reading *r = &in->rows[i];
        if (has_marks(r)) {
            zh_chart_extend(r->value, &low, &high, &any);
        }
        if (zh_reading_shown(r) == ZH_READING_OK) {
            zh_chart_extend(r->low, &low, &high, &any);
            zh_chart_extend(r->high, &low, &high, &any);
            zh_chart_extend(r->compare, &low, &high, &any);
            zh_chart_extend(r->target, &low, &high, &any);
        }
    }
    zh_chart_extend(in->reference, &low, &high, &any);
    bool given = in->low.is && in->high.is;
    zh_rc rc = given ? zh_axis_fixed(in->low.v, in->high.v, 6, axis)
                     : zh_axis_nice(in->low.is ? in->low.v : low, in->high.is ? in->high.v : high,
                                    6, axis);
    return rc == ZH_OK ? ZH_OK : zh_err_set(err, rc, "chart.axis", "坐标轴的范围不成立");
}

static void rows_reference(zh_draw *d, const zh_interval_rows *in, const plot *p)
{
    if (in->note_head.n > 0) {
        zh_draw_text(d, d->width, p->top - GAP, in->note_head,
                     zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_END));
    }
    if (!in->reference.is) {
        return;
    }
    double x = zh_axis_at(&p->axis, in->reference.v, p->left, p->right);
    if (x < p->left - 0.01 || x > p->right + 0.01) {
        return;
    }
    zh_draw_line(d, x, p->top - 6, x, p->bottom, zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_TARGET));
    double room = p->right - x;
    bool before = zh_chart_text_width(in->reference_label) > room && x - p->left > room;
    zh_draw_text(d, x + (before ? -4 : 4), p->top - GAP, in->reference_label,
                 zh_chart_label(ZH_ROLE_INK_2, before ? ZH_ANCHOR_END : ZH_ANCHOR_START));
}

static void rows_row(zh_draw *d, const zh_reading *r, const plot *p, double y)
{
    bool pale = zh_reading_shown(r) != ZH_READING_OK;
    zh_chart_open(d, r);
    row_label(d, p->left - GAP - 4, y, r->label, pale);
    if (!has_marks(r)) {
        zh_chart_nothing(d, r, p->left, p->right, y);
    } else {
        if (r->compare.is) {
            double x = zh_axis_at(&p->axis, r->compare.v, p->left, p->right);
            zh_draw_circle(
                d, zh_chart_clamp(x, p->left, p->right), y, 3.8,
                (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2, .width = 1.5});
        }
        if (r->target.is) {
            double x = zh_axis_at(&p->axis, r->target.v, p->left, p->right);
            zh_chart_target(d, zh_chart_clamp(x, p->left, p->right), y - 8, y + 9);
        }
        zh_chart_interval(d, &p->axis, r, p->left, p->right, y, 6);
    }
    zh_draw_text(d, d->width, y + 4, r->note,
                 zh_chart_label(pale ? ZH_ROLE_INK_3 : ZH_ROLE_INK_2, ZH_ANCHOR_END));
    zh_draw_close(d);
}

zh_rc zh_chart_rows(zh_arena *arena, const zh_interval_rows *in, double width, zh_draw **out,
                    zh_err *err)
{
    plot p = {0};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = zh_chart_check_readings(in->rows, in->n, true, err);
    }
    if (rc == ZH_OK) {
        rc = zh_chart_check_number(in->reference, err);
    }
    if (rc == ZH_OK) {
        rc = rows_axis(in, &p.axis, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double notes = zh_chart_widest(in->rows, in->n, true, width * 0.25);
    notes = notes > 0 || in->note_head.n > 0
                ? zh_chart_max(notes, zh_chart_text_width(in->note_head))
                : 0;
    p.left = zh_chart_widest(in->rows, in->n, false, width * LABEL_SHARE) + GAP + 4;
    p.right = width - (notes > 0 ? notes + GAP * 2 : GAP) - ARROW;
    p.right = zh_chart_max(p.right, p.left + PLOT_MIN);
    p.top = in->reference.is || in->note_head.n > 0 ? HEAD : 6;
    p.bottom = p.top + ROW_HEIGHT * (double)in->n;
    zh_draw *d = zh_draw_new(arena, width, p.bottom + FOOT, in->title);
    zh_chart_x_axis(d, &p.axis, p.left, p.right, p.top, p.bottom, in->unit);
    rows_reference(d, in, &p);
    for (size_t i = 0; i < in->n; i++) {
        rows_row(d, &in->rows[i], &p, p.top + ROW_HEIGHT * ((double)i + 0.5));
    }
    return zh_chart_end(d, out, err);
}

/* ---- forest ---- */

static zh_rc forest_axis(const zh_forest *in, zh_axis *axis, zh_err *err)
{
    double low = 1;
    double high = 1;
    bool any = true;
    bool endless = false;
    zh_chart_extend(in->threshold, &low, &high, &any);
    double room = 10 * high; /* without any other value ∞ would stand at the threshold */
    for (size_t i = 0; i < in->n; i++) {
        const zh_reading *r = &in->rows[i];
        if ((r->value.is && r->value.v <= 0) || (r->low.is && r->low.v < 0)) {
            zh_err_set(err, ZH_EINVAL, "chart.ratio", "比值须大于 0");
            zh_err_where(err, "%.*s", ZH_FMT(r->label));
            return ZH_EINVAL;
        }
        if (has_marks(r)) {
            endless = endless || isinf(r->value.v);
            zh_chart_extend(r->value, &low, &high, &any);
            if (r->low.v > 0) { /* a lower end of 0 runs off a logarithmic axis */
                zh_chart_extend(r->low, &low, &high, &any);
            }
            zh_chart_extend(r->high, &low, &high, &any);
        }
    }
    high = endless && high < room ? room : high;
    low = in->low.is ? in->low.v : low;
    high = in->high.is ? in->high.v : high;
    zh_rc rc = zh_axis_log(low, high, axis);
    return rc == ZH_OK ? ZH_OK : zh_err_set(err, rc, "chart.axis", "对数坐标轴的范围不成立");
}

static void forest_row(zh_draw *d, const zh_reading *r, const plot *p, double y)
{
    double room = p->left - GAP - 4;
    zh_chart_open(d, r);
    zh_draw_text(d, 0, r->note.n > 0 ? y - 2 : y + 4,
                 zh_draw_text_fit(d->arena, r->label, ZH_CHART_TEXT, room),
                 zh_chart_label(ZH_ROLE_INK, ZH_ANCHOR_START));
    zh_draw_text(d, 0, y + 11, zh_draw_text_fit(d->arena, r->note, ZH_CHART_SMALL, room),
                 zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_START));
    if (!has_marks(r)) {
        zh_chart_nothing(d, r, p->left, p->right, y);
    } else {
        zh_chart_interval(d, &p->axis, r, p->left, p->right, y, 6);
        if ((r->value.is && isinf(r->value.v)) || (r->high.is && isinf(r->high.v))) {
            zh_draw_text(d, p->right + ARROW + 2, y + 4, ZH_STR("∞"),
                         zh_chart_label(r->act ? ZH_ROLE_ACT : ZH_ROLE_INK, ZH_ANCHOR_START));
        }
    }
    zh_draw_close(d);
}

zh_rc zh_chart_forest(zh_arena *arena, const zh_forest *in, double width, zh_draw **out,
                      zh_err *err)
{
    plot p = {0};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = zh_chart_check_readings(in->rows, in->n, true, err);
    }
    if (rc == ZH_OK) {
        rc = zh_chart_check_number(in->threshold, err);
    }
    if (rc == ZH_OK) {
        rc = forest_axis(in, &p.axis, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double notes = zh_chart_widest(in->rows, in->n, true, width * LABEL_SHARE);
    double labels = zh_chart_widest(in->rows, in->n, false, width * LABEL_SHARE);
    p.left = zh_chart_max(labels, notes) + GAP + 4;
    p.right = zh_chart_max(width - ARROW - 14, p.left + PLOT_MIN);
    p.top = 4;
    p.bottom = p.top + FOREST_ROW * (double)in->n;
    zh_draw *d = zh_draw_new(arena, width, p.bottom + FOOT, in->title);
    zh_chart_x_axis(d, &p.axis, p.left, p.right, p.top, p.bottom, ZH_STR_NONE);
    double one = zh_axis_at(&p.axis, 1, p.left, p.right);
    if (one >= p.left - 0.01 && one <= p.right + 0.01) {
        zh_draw_line(d, one, p.top, one, p.bottom, zh_chart_stroke(ZH_ROLE_INK, 1, ZH_DASH_SOLID));
    }
    if (in->threshold.is) {
        double x = zh_axis_at(&p.axis, in->threshold.v, p.left, p.right);
        zh_draw_line(d, x, p.top, x, p.bottom, zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_TARGET));
    }
    for (size_t i = 0; i < in->n; i++) {
        forest_row(d, &in->rows[i], &p, p.top + FOREST_ROW * ((double)i + 0.5));
    }
    return zh_chart_end(d, out, err);
}

/* ---- Pareto ---- */

typedef struct pareto_sums {
    double total, greatest, running;
} pareto_sums;

static zh_rc pareto_check(const zh_pareto *in, pareto_sums *sums, zh_err *err)
{
    zh_rc rc = zh_chart_check_readings(in->rows, in->n, false, err);
    if (rc == ZH_OK) {
        rc = zh_chart_check_number(in->rest, err);
    }
    bool negative = in->rest.is && in->rest.v < 0;
    for (size_t i = 0; rc == ZH_OK && i < in->n; i++) {
        const zh_reading *r = &in->rows[i];
        if (has_marks(r) && r->value.is) {
            negative = negative || r->value.v < 0;
            sums->total += r->value.v;
            sums->greatest = zh_chart_max(sums->greatest, r->value.v);
        }
    }
    sums->total += in->rest.is ? in->rest.v : 0;
    if (rc == ZH_OK && negative) {
        return zh_err_set(err, ZH_EINVAL, "chart.count", "计数不能为负");
    }
    return rc;
}

static zh_str share_text(zh_arena *arena, double part, double total)
{
    return total > 0 ? zh_str_fmt(arena, "%.0f%%", round(part / total * 100)) : ZH_STR_NONE;
}

static void pareto_row(zh_draw *d, const zh_reading *r, const plot *p, double y, pareto_sums *sums)
{
    char number[ZH_AXIS_LABEL_MAX];
    zh_chart_open(d, r);
    row_label(d, p->left - GAP, y, r->label, !has_marks(r));
    if (!has_marks(r) || !r->value.is) {
        zh_chart_nothing(d, r, p->left, p->right, y);
    } else {
        double bar = sums->greatest > 0 ? r->value.v / sums->greatest * (p->right - p->left) : 0;
        zh_draw_rect(d, p->left, y - PARETO_BAR / 2, bar, PARETO_BAR,
                     zh_chart_fill(r->act ? ZH_ROLE_ACT : ZH_ROLE_Q5));
        zh_str text = r->text.n > 0 ? r->text : zh_str_of(zh_chart_number(r->value.v, 0, number));
        zh_draw_text(d, p->left + bar + 6, y + 4, text,
                     zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_START));
        sums->running += r->value.v;
        zh_draw_text(d, d->width, y + 4, share_text(d->arena, sums->running, sums->total),
                     zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_END));
    }
    zh_draw_close(d);
}

static void pareto_rest(zh_draw *d, const zh_pareto *in, const plot *p, double y,
                        const pareto_sums *sums)
{
    char number[ZH_AXIS_LABEL_MAX];
    zh_str label = in->rest_label.n > 0 ? in->rest_label : ZH_STR("其余");
    zh_str count = zh_str_of(zh_chart_number(in->rest.v, 0, number));
    double end = p->right + 4;
    zh_chart_open_as(d, zh_str_fmt(d->arena, "%.*s %.*s", ZH_FMT(label), ZH_FMT(count)),
                     ZH_STR_NONE);
    row_label(d, p->left - GAP, y, label, true);
    zh_draw_line(d, p->left, y, end, y, zh_chart_stroke(ZH_ROLE_RULE_2, 1, ZH_DASH_GUIDE));
    zh_draw_text(d, end + 6, y + 4, count, zh_chart_label(ZH_ROLE_INK_3, ZH_ANCHOR_START));
    zh_draw_text(d, d->width, y + 4, share_text(d->arena, sums->running + in->rest.v, sums->total),
                 zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_END));
    zh_draw_close(d);
}

zh_rc zh_chart_pareto(zh_arena *arena, const zh_pareto *in, double width, zh_draw **out,
                      zh_err *err)
{
    pareto_sums sums = {0};
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc == ZH_OK) {
        rc = pareto_check(in, &sums, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str head = in->cumulative_head.n > 0 ? in->cumulative_head : ZH_STR("累计");
    double labels = zh_chart_widest(in->rows, in->n, false, width * LABEL_SHARE);
    labels = zh_chart_max(
        labels, zh_chart_clamp(zh_chart_text_width(in->rest_label), 0, width * LABEL_SHARE));
    plot p = {.left = labels + GAP, .top = HEAD};
    p.right =
        zh_chart_max(p.left + PLOT_MIN, width - zh_chart_max(zh_chart_text_width(head), 34) - 60);
    size_t rows = in->n + (in->rest.is ? 1 : 0);
    zh_draw *d = zh_draw_new(arena, width, p.top + PARETO_ROW * (double)rows, in->title);
    zh_draw_text(d, width, p.top - GAP, head, zh_chart_label(ZH_ROLE_INK_3, ZH_ANCHOR_END));
    for (size_t i = 0; i < in->n; i++) {
        pareto_row(d, &in->rows[i], &p, p.top + PARETO_ROW * ((double)i + 0.5), &sums);
    }
    if (in->rest.is) {
        pareto_rest(d, in, &p, p.top + PARETO_ROW * ((double)in->n + 0.5), &sums);
    }
    return zh_chart_end(d, out, err);
}

/* ---- status rows ---- */

/* How the squares of all rows are laid out. */
typedef struct squares {
    double left;
    size_t across;   /* squares in one line */
    size_t greatest; /* count; above ZH_STATUS_SQUARES bars replace squares */
} squares;

static double status_height(const zh_status_row *row, const squares *s)
{
    if (s->greatest > ZH_STATUS_SQUARES || row->count <= s->across) {
        return STATUS_ROW;
    }
    return STATUS_ROW + STATUS_STEP * (double)((row->count - 1) / s->across);
}

static void status_row(zh_draw *d, const zh_status_row *row, const squares *s, double y)
{
    char number[ZH_AXIS_LABEL_MAX];
    zh_str count = zh_str_of(zh_chart_number((double)row->count, 0, number));
    zh_paint paint = {.fill = row->role != ZH_ROLE_NONE ? row->role : ZH_ROLE_Q5};
    if (paint.fill == ZH_ROLE_MISSING || paint.fill == ZH_ROLE_FEW) {
        paint.stroke = ZH_ROLE_HATCH;
    }
    double top = y + (STATUS_ROW - STATUS_SQUARE) / 2;
    double end = s->left;
    zh_str title = row->title.n > 0
                       ? row->title
                       : zh_str_fmt(d->arena, "%.*s %.*s", ZH_FMT(row->label), ZH_FMT(count));
    zh_chart_open_as(d, title, row->href);
    row_label(d, s->left - GAP, y + STATUS_ROW / 2, row->label, false);
    if (s->greatest > ZH_STATUS_SQUARES) {
        double most = STATUS_STEP * (double)s->across;
        double bar = most * (double)row->count / (double)s->greatest;
        zh_draw_rect(d, s->left, top, bar, STATUS_SQUARE, paint);
        end += bar;
    }
    for (size_t i = 0; s->greatest <= ZH_STATUS_SQUARES && i < row->count; i++) {
        double x = s->left + STATUS_STEP * (double)(i % s->across);
        zh_draw_rect(d, x, top + STATUS_STEP * (double)(i / s->across), STATUS_SQUARE,
                     STATUS_SQUARE, paint);
        end = zh_chart_max(end, x + STATUS_SQUARE);
    }
    zh_draw_text(d, end + GAP, y + STATUS_ROW / 2 + 4, count,
                 zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_START));
    zh_draw_close(d);
}

static void status_divide(zh_draw *d, const zh_status *in, double y)
{
    zh_draw_line(d, 0, y, d->width, y, zh_chart_stroke(ZH_ROLE_INK, 1.5, ZH_DASH_TARGET));
    zh_draw_text(d, d->width, y - 5, in->divide_label, zh_chart_note(ZH_ROLE_INK_2, ZH_ANCHOR_END));
}

zh_rc zh_chart_status(zh_arena *arena, const zh_status *in, double width, zh_draw **out,
                      zh_err *err)
{
    zh_rc rc = zh_chart_check(width, in->n, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double labels = 0;
    squares s = {0};
    for (size_t i = 0; i < in->n; i++) {
        labels = zh_chart_max(labels, zh_chart_text_width(in->rows[i].label));
        s.greatest = in->rows[i].count > s.greatest ? in->rows[i].count : s.greatest;
    }
    s.left = (labels < width * LABEL_SHARE ? labels : width * LABEL_SHARE) + GAP;
    double room = width - s.left - 48; /* the count stands behind the last square */
    s.across = room > STATUS_STEP ? (size_t)(room / STATUS_STEP) : 1;
    double height = 0;
    for (size_t i = 0; i < in->n; i++) {
        height += status_height(&in->rows[i], &s);
    }
    zh_draw *d = zh_draw_new(arena, width, height, in->title);
    double y = 0;
    for (size_t i = 0; i < in->n; i++) {
        status_row(d, &in->rows[i], &s, y);
        y += status_height(&in->rows[i], &s);
        if (in->divide_after == i + 1 && i + 1 < in->n) {
            status_divide(d, in, y);
        }
    }
    return zh_chart_end(d, out, err);
}
