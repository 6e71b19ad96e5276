/* The series behind a detector's signals, drawn with its bounds, and the record of its past alarms.
 */
#include "fmt/chart_xy.h"
#include "web/signal/page_signals.h"
#include <math.h>

enum { SHOWN = 120, WIDE = 1140, NARROW = 330 };

/* What is drawn of the periods of one row. */
typedef struct drawn {
    size_t n, alarms;
    double *x, *value, *low, *high, *expected;
    bool *alarm;
    zh_str *titles;
    zh_xy_tick *ticks;
    size_t nticks;
    bool share, two_sided;
} drawn;

static void point(zh_ui *ui, drawn *d, size_t i, const zh_detected *p)
{
    double of = (double)(p->table.a + p->table.b);
    double scale = d->share ? of > 0 ? 100 / of : (double)NAN : 1;
    double expected = p->expected * scale;
    double bound = p->bound * scale;
    d->x[i] = (double)i + 1;
    d->value[i] = (double)p->table.a * scale;
    d->expected[i] = expected;
    /* The limits of a control chart lie on both sides of the centre, at least 0. */
    d->high[i] = d->two_sided && bound < expected ? 2 * expected - bound : bound;
    d->low[i] =
        d->two_sided ? fmax(0, bound < expected ? bound : 2 * expected - bound) : (double)NAN;
    d->alarm[i] = p->passes;
    d->alarms += p->passes;
    d->titles[i] =
        zh_str_fmt(ui->arena, "%.*s %.4g%s", ZH_FMT(p->column), d->value[i], d->share ? "%" : "");
}

static zh_rc draw(zh_ui *ui, const drawn *d, zh_str title)
{
    const zh_xy_series series[] = {
        {.kind = d->share ? ZH_XY_LINE : ZH_XY_COLUMNS,
         .x = d->x,
         .y = d->value,
         .n = d->n,
         .width = 0.7,
         .role = d->share ? ZH_ROLE_INK_2 : ZH_ROLE_Q4,
         .act = d->alarm,
         .titles = d->titles},
        {.kind = ZH_XY_POINTS,
         .x = d->x,
         .y = d->value,
         .n = d->share ? d->n : 0,
         .role = ZH_ROLE_INK,
         .act = d->alarm,
         .titles = d->titles},
        {.kind = ZH_XY_LINE, .x = d->x, .y = d->expected, .n = d->n, .role = ZH_ROLE_C2},
        {.kind = ZH_XY_LINE,
         .x = d->x,
         .y = d->high,
         .n = d->n,
         .role = ZH_ROLE_INK_2,
         .dash = ZH_DASH_LIMIT},
        {.kind = ZH_XY_LINE,
         .x = d->x,
         .y = d->low,
         .n = d->n,
         .role = ZH_ROLE_INK_2,
         .dash = ZH_DASH_LIMIT},
    };
    double highest = 0;
    for (size_t i = 0; i < d->n; i++) {
        highest = fmax(highest, isfinite(d->value[i]) ? d->value[i] : 0);
        highest = d->share ? fmax(highest, isfinite(d->high[i]) ? d->high[i] : 0) : highest;
    }
    const zh_xy in = {
        .title = title,
        .series = series,
        .nseries = ZH_COUNTOF(series),
        .x = {.ticks = d->ticks,
              .nticks = d->nticks,
              .low = ZH_SOME(0.3),
              .high = ZH_SOME((double)d->n + 0.7)},
        .y = {.low = ZH_SOME(0),
              .high = ZH_SOME(highest > 0 ? highest * 1.06 : 1),
              .unit = d->share ? ZH_STR("%") : ZH_STR("")},
    };
    zh_draw *wide;
    zh_draw *narrow;
    zh_rc rc = zh_chart_xy(ui->arena, &in, WIDE, &wide, ui->err);
    rc = rc == ZH_OK ? zh_chart_xy(ui->arena, &in, NARROW, &narrow, ui->err) : rc;
    if (rc == ZH_OK) {
        zh_part_drawing_both(ui, wide, narrow, ZH_STR("series"));
    }
    return rc;
}

/* The row with most alarms, its last periods. */
static void choose(zh_ui *ui, const zh_detected *all, size_t n, drawn *out)
{
    size_t best = 0;
    size_t best_n = 0;
    size_t best_alarms = 0;
    for (size_t from = 0; from < n;) {
        size_t to = from;
        size_t alarms = 0;
        for (; to < n && zh_str_eq(all[to].row, all[from].row); to++) {
            alarms += all[to].passes;
        }
        if (best_n == 0 || alarms > best_alarms) {
            best = from;
            best_n = to - from;
            best_alarms = alarms;
        }
        from = to;
    }
    /* Around the first alarm, so that what happened is in view. */
    size_t first = best;
    while (first < best + best_n && !all[first].passes) {
        first++;
    }
    size_t skip = first > best + 20 && best_n > SHOWN ? first - best - 20 : 0;
    out->n = best_n - skip < SHOWN ? best_n - skip : SHOWN;
    size_t step = out->n / 60 + 1;
    out->x = ZH_NEW_N(ui->arena, double, SHOWN);
    out->value = ZH_NEW_N(ui->arena, double, SHOWN);
    out->low = ZH_NEW_N(ui->arena, double, SHOWN);
    out->high = ZH_NEW_N(ui->arena, double, SHOWN);
    out->expected = ZH_NEW_N(ui->arena, double, SHOWN);
    out->alarm = ZH_NEW_N(ui->arena, bool, SHOWN);
    out->titles = ZH_NEW_N(ui->arena, zh_str, SHOWN);
    out->ticks = ZH_NEW_N(ui->arena, zh_xy_tick, SHOWN);
    for (size_t i = 0; i < out->n; i++) {
        const zh_detected *p = &all[best + skip + i];
        point(ui, out, i, p);
        if (i % step == 0) {
            out->ticks[out->nticks++] = (zh_xy_tick){out->x[i], p->column};
        }
    }
}

zh_rc zh_signal_series(zh_ui *ui, const zh_detector *detector)
{
    zh_detected *all = NULL;
    size_t n = 0;
    if (detector->series.grain == ZH_SERIES_NONE) {
        return ZH_OK;
    }
    zh_rc rc = zh_detect_periods(&ui->ctx, ui->conn, detector, ui->log_size, &all, &n);
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    drawn d = {.two_sided = zh_str_starts(detector->engine, ZH_STR("control_chart.")),
               .share = zh_str_starts(detector->engine, ZH_STR("control_chart.p@"))};
    choose(ui, all, n, &d);
    zh_str title = ZH_SAY(ui, ZH_T_SIGNALS_SERIES, zh_ui_count(ui, (int64_t)d.n),
                          zh_ui_count(ui, (int64_t)d.alarms));
    zh_part_figure_open(
        ui, &(zh_fig_head){.title = title,
                           .what = zh_ui_text(ui, d.share ? ZH_T_SIGNALS_SERIES_SHARE
                                                          : ZH_T_SIGNALS_SERIES_COUNT)});
    rc = draw(ui, &d, title);
    zh_part_figure_close(ui, &(zh_fig_foot){.read = zh_ui_text(ui, ZH_T_SIGNALS_SERIES_READ),
                                            .source = zh_ui_label(ui, detector->reg->label),
                                            .table_url = ZH_STR("#data")});
    return rc;
}

zh_rc zh_signal_past(zh_ui *ui, const zh_detector *detector)
{
    zh_signals_query q = {.detector = detector, .with_lapsed = true};
    zh_signal *list = NULL;
    size_t n = 0;
    int64_t counts[4] = {0, 0, 0, 0}; /* confirmed, refuted, open, lapsed */
    if (detector->series.grain == ZH_SERIES_NONE) {
        return ZH_OK;
    }
    zh_rc rc = zh_signals_list(&ui->ctx, ui->conn, &q, &list, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        counts[zh_str_is(list[i].state, "confirmed") ? 0
               : zh_str_is(list[i].state, "refuted") ? 1
               : list[i].lapsed                      ? 3
                                                     : 2]++;
    }
    if (rc == ZH_OK) {
        zh_part_note(ui, ZH_NOTE_QING,
                     ZH_SAY(ui, ZH_T_SIGNALS_PAST, zh_ui_count(ui, (int64_t)n),
                            zh_ui_count(ui, counts[0]), zh_ui_count(ui, counts[1]),
                            zh_ui_count(ui, counts[2]), zh_ui_count(ui, counts[3])));
    }
    return rc;
}
