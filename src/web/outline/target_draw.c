/* Path chart, running total, spark line and columns of the target pages. */
#include "web/outline/target_draw.h"
#include "fmt/chart.h"
#include "fmt/svg.h"

enum { HEIGHT = 250, LEFT = 48, RIGHT = 96, TOP = 20, BOTTOM = 30 };

typedef struct plot {
    zh_arena *arena;
    const zh_target_picture *in;
    zh_draw *d;
    zh_axis y;
    zh_date first, last; /* of the horizontal axis */
    double width;
} plot;

static int year_of(zh_date date)
{
    int y = 0;
    int m = 0;
    int d = 0;
    zh_date_civil(date, &y, &m, &d);
    return y;
}

static double at_x(const plot *p, zh_date date)
{
    double share = (double)(date - p->first) / (double)(p->last - p->first);
    return LEFT + share * (p->width - LEFT - RIGHT);
}

static double at_y(const plot *p, double v)
{
    return zh_axis_at(&p->y, v, HEIGHT - BOTTOM, TOP);
}

/* ---- extent ---------------------------------------------------------------------------------- */

static void widen(double v, double *low, double *high)
{
    *low = v < *low ? v : *low;
    *high = v > *high ? v : *high;
}

static zh_rc scale(plot *p, zh_err *err)
{
    const zh_target_picture *in = p->in;
    double low = in->running ? 0 : in->periods[0].value;
    double high = in->running ? in->total : low;
    for (size_t i = 0; i < in->n && !in->running; i++) {
        widen(in->periods[i].value, &low, &high);
        if (in->periods[i].has_interval) {
            widen(in->periods[i].low, &low, &high);
            widen(in->periods[i].high, &low, &high);
        }
    }
    if (in->has_goal) {
        widen(in->goal, &low, &high);
    }
    if (in->has_goal_max) {
        widen(in->goal_max, &low, &high);
    }
    if (in->has_line) {
        widen(in->line_start, &low, &high);
    }
    double room = in->running ? 0 : (high - low) * 0.05; /* the least value stands off the axis */
    low = low > 0 && low - room < 0 ? 0 : low - room;
    int from = year_of(in->periods[0].first);
    int to = year_of(in->periods[in->n - 1].last);
    from = in->from != 0 && in->from < from ? in->from : from;
    to = in->to > to ? in->to : to;
    if (to - from >= ZH_TARGET_YEARS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "target.years", "图上最多 %d 年", ZH_TARGET_YEARS_MAX);
    }
    p->first = zh_date_of(from, 1, 1);
    p->last = zh_date_of(to, 12, 31);
    return zh_axis_nice(low, high, 5, &p->y) == ZH_OK
               ? ZH_OK
               : zh_err_set(err, ZH_EINVAL, "target.scale", "数值画不到一条轴上");
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void axes(plot *p)
{
    char label[ZH_AXIS_LABEL_MAX];
    const zh_font font = {.size = 11, .role = ZH_ROLE_INK_3};
    for (size_t i = 0; i < p->y.ticks_n; i++) {
        double y = at_y(p, p->y.ticks[i]);
        size_t n = zh_axis_label(&p->y, p->y.ticks[i], label);
        zh_draw_line(p->d, LEFT, y, p->width - RIGHT, y, (zh_paint){.stroke = ZH_ROLE_RULE});
        zh_draw_text(p->d, LEFT - 6, y + 4, (zh_str){label, n},
                     (zh_text_at){.font = font, .anchor = ZH_ANCHOR_END});
    }
    double base = HEIGHT - BOTTOM;
    zh_draw_line(p->d, LEFT, base, p->width - RIGHT, base, (zh_paint){.stroke = ZH_ROLE_INK});
    int from = year_of(p->first);
    int to = year_of(p->last);
    int step = to - from >= 24 ? 5 : to - from >= 12 ? 2 : 1;
    for (int year = from; year <= to; year++) {
        double left = at_x(p, zh_date_of(year, 1, 1));
        double right = at_x(p, zh_date_of(year, 12, 31));
        zh_draw_line(p->d, left, base, left, base + 4, (zh_paint){.stroke = ZH_ROLE_RULE_2});
        if ((year - from) % step == 0) {
            zh_draw_text(p->d, (left + right) / 2, base + 18, zh_str_fmt(p->arena, "%d", year),
                         (zh_text_at){.font = font, .anchor = ZH_ANCHOR_MIDDLE});
        }
    }
}

static void goal(plot *p)
{
    const zh_target_picture *in = p->in;
    if (!in->has_goal) {
        return;
    }
    double y = at_y(p, in->goal);
    double right = p->width - RIGHT;
    if (in->has_goal_max) {
        double top = at_y(p, in->goal_max);
        zh_draw_rect(p->d, LEFT, top < y ? top : y, right - LEFT, top < y ? y - top : top - y,
                     (zh_paint){.fill = ZH_ROLE_QING, .tint = ZH_TINT_BAND});
    }
    zh_draw_line(p->d, LEFT, y, right, y,
                 (zh_paint){.stroke = ZH_ROLE_INK, .width = 1.5, .dash = ZH_DASH_TARGET});
    zh_draw_text(p->d, right + 6, y + 4, zh_draw_text_fit(p->arena, in->goal_text, 12, RIGHT - 8),
                 (zh_text_at){.font = {.weight = 600, .role = ZH_ROLE_INK}});
}

static void path(plot *p)
{
    const zh_target_picture *in = p->in;
    if (!in->has_line || !in->has_goal) {
        return;
    }
    zh_draw_line(p->d, at_x(p, in->line_from), at_y(p, in->line_start), at_x(p, in->line_to),
                 at_y(p, in->goal), (zh_paint){.stroke = ZH_ROLE_INK_2, .dash = ZH_DASH_LIMIT});
    zh_draw_open(p->d, &(zh_mark){.kind = "mark", .title = in->required_text});
    zh_draw_circle(p->d, at_x(p, in->line_at), at_y(p, in->required), 4,
                   (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2, .width = 1.5});
    zh_draw_close(p->d);
}

static void open_period(plot *p, const zh_target_period *period)
{
    zh_draw_open(p->d, &(zh_mark){.kind = "mark", .href = period->href, .title = period->title});
}

static void segment(plot *p, const zh_target_period *period)
{
    double left = at_x(p, period->first) + 1;
    double right = at_x(p, period->last) - 1;
    double y = at_y(p, period->value);
    double label = y - 7;
    open_period(p, period);
    if (period->has_interval) {
        double top = at_y(p, period->high);
        zh_draw_rect(p->d, left, top, right - left, at_y(p, period->low) - top,
                     (zh_paint){.fill = ZH_ROLE_QING, .tint = ZH_TINT_INTERVAL});
        label = top - 5;
    }
    if (period->few) {
        zh_draw_line(p->d, left, y, right, y,
                     (zh_paint){.stroke = ZH_ROLE_INK_2, .dash = ZH_DASH_FEW});
        zh_draw_circle(p->d, (left + right) / 2, y, 3.5,
                       (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2});
    } else {
        zh_draw_line(p->d, left, y, right, y, (zh_paint){.stroke = ZH_ROLE_INK, .width = 3});
    }
    zh_draw_text(
        p->d, (left + right) / 2, label, period->text,
        (zh_text_at){.font = {.weight = 600, .role = ZH_ROLE_INK}, .anchor = ZH_ANCHOR_MIDDLE});
    zh_draw_close(p->d);
}

/* A year of the plan, before the newest value, that has none. */
static void gaps(plot *p)
{
    const zh_target_picture *in = p->in;
    int last = year_of(in->periods[in->n - 1].first);
    size_t next = 0;
    for (int year = year_of(p->first); year < last; year++) {
        while (next < in->n && year_of(in->periods[next].first) < year) {
            next++;
        }
        if (next < in->n && year_of(in->periods[next].first) == year) {
            continue;
        }
        double left = at_x(p, zh_date_of(year, 1, 1)) + 1;
        double right = at_x(p, zh_date_of(year, 12, 31)) - 1;
        zh_str title = zh_str_fmt(p->arena, "%d %.*s", year, ZH_FMT(in->missing));
        zh_draw_open(p->d, &(zh_mark){.kind = "mark", .title = title});
        zh_draw_rect(p->d, left, TOP, right - left, HEIGHT - BOTTOM - TOP,
                     (zh_paint){.fill = ZH_ROLE_MISSING});
        zh_draw_close(p->d);
    }
}

/* The total at the end of each year; the last point is the total that is judged. */
static void running(plot *p)
{
    const zh_target_picture *in = p->in;
    zh_point *points = ZH_NEW_N(p->arena, zh_point, in->n + 1);
    double total = 0;
    points[0] = (zh_point){at_x(p, p->first), at_y(p, 0)};
    for (size_t i = 0; i < in->n; i++) {
        bool newest = i + 1 == in->n;
        zh_date date = newest && in->has_line ? in->line_at : in->periods[i].last;
        total += in->periods[i].value;
        points[i + 1] = (zh_point){at_x(p, date), at_y(p, newest ? in->total : total)};
    }
    zh_draw_polyline(p->d, points, in->n + 1, (zh_paint){.stroke = ZH_ROLE_QING, .width = 2});
    for (size_t i = 0; i < in->n; i++) {
        open_period(p, &in->periods[i]);
        zh_draw_circle(p->d, points[i + 1].x, points[i + 1].y, i + 1 == in->n ? 4 : 3,
                       (zh_paint){.fill = ZH_ROLE_INK});
        zh_draw_close(p->d);
    }
    zh_draw_text(
        p->d, points[in->n].x, points[in->n].y - 9, in->total_text,
        (zh_text_at){.font = {.weight = 600, .role = ZH_ROLE_INK}, .anchor = ZH_ANCHOR_MIDDLE});
}

zh_rc zh_target_path(zh_arena *arena, const zh_target_picture *in, double width, zh_draw **out,
                     zh_err *err)
{
    plot p = {.arena = arena, .in = in, .width = width};
    if (in->n == 0) {
        return zh_err_set(err, ZH_EINVAL, "target.empty", "没有可画的数值");
    }
    if (in->n > ZH_TARGET_PERIODS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "target.periods", "图上最多 %d 期",
                          ZH_TARGET_PERIODS_MAX);
    }
    zh_rc rc = scale(&p, err);
    if (rc != ZH_OK) {
        return rc;
    }
    p.d = zh_draw_new(arena, width, HEIGHT, in->title);
    axes(&p);
    gaps(&p);
    goal(&p);
    path(&p);
    if (in->running) {
        running(&p);
    }
    for (size_t i = 0; i < in->n && !in->running; i++) {
        segment(&p, &in->periods[i]);
    }
    *out = p.d;
    return ZH_OK;
}

/* ---- in a row -------------------------------------------------------------------------------- */

zh_rc zh_target_running_svg(zh_arena *arena, const zh_target_picture *in, zh_str id, zh_buf *out,
                            zh_err *err)
{
    double top = (in->total > in->goal ? in->total : in->goal) * 1.1;
    if (!in->has_line || !in->has_goal || in->goal <= 0 || in->line_to <= in->line_from) {
        return zh_err_set(err, ZH_EINVAL, "target.line", "没有可画的线");
    }
    double share = (double)(in->line_at - in->line_from) / (double)(in->line_to - in->line_from);
    double now = 4 + 232 * share;
    double goal_y = 40 - 36 * in->goal / top;
    double now_y = 40 - 36 * in->total / top;
    zh_draw *d = zh_draw_new(arena, 240, 44, in->title);
    zh_draw_line(d, 4, goal_y, 236, goal_y,
                 (zh_paint){.stroke = ZH_ROLE_INK, .dash = ZH_DASH_TARGET});
    zh_draw_line(d, 4, 40, 236, goal_y, (zh_paint){.stroke = ZH_ROLE_INK_3, .dash = ZH_DASH_LIMIT});
    zh_draw_line(d, 4, 40, now, now_y, (zh_paint){.stroke = ZH_ROLE_QING, .width = 2});
    zh_draw_circle(d, now, now_y, 3, (zh_paint){.fill = ZH_ROLE_INK});
    return zh_svg_write(d, &(zh_svg_options){.id = id}, out, err);
}

zh_rc zh_target_spark_svg(zh_arena *arena, const zh_target_picture *in, zh_str id, zh_buf *out,
                          zh_err *err)
{
    zh_opt *values = ZH_NEW_N(arena, zh_opt, in->n + 1);
    for (size_t i = 0; i < in->n; i++) {
        values[i] = ZH_SOME(in->periods[i].value);
    }
    zh_spark spark = {.values = values, .n = in->n, .title = in->title};
    zh_draw *list = NULL;
    zh_rc rc = zh_chart_spark(arena, &spark, 112, &list, err);
    return rc == ZH_OK ? zh_svg_write(list, &(zh_svg_options){.id = id}, out, err) : rc;
}

zh_rc zh_target_columns(zh_arena *arena, zh_str title, const zh_target_bar *bars, size_t n,
                        size_t today, zh_str today_label, double width, zh_draw **out, zh_err *err)
{
    zh_reading *columns = ZH_NEW_N(arena, zh_reading, n + 1);
    for (size_t i = 0; i < n; i++) {
        columns[i] = (zh_reading){.label = bars[i].label,
                                  .text = bars[i].text,
                                  .href = bars[i].href,
                                  .value = ZH_SOME(bars[i].value)};
    }
    zh_count_columns in = {
        .title = title, .columns = columns, .n = n, .today = today, .today_label = today_label};
    return zh_chart_columns(arena, &in, width, out, err);
}
