/* 早期预警图: is a count above what its own past lets expect? */
#include "app/tool/subgroup.h"
#include "app/tool/tools.h"
#include "engine/warning.h"
#include "fmt/chart_xy.h"
#include <math.h>

static const zh_tool_choice methods[] = {
    {"c1", {"EARS C1（紧前的基线）", "EARS C1"}},
    {"c2", {"EARS C2（隔两点的基线）", "EARS C2"}},
    {"c3", {"EARS C3（累计三点）", "EARS C3"}},
    {"farrington", {"Farrington（有季节，往年同期）", "Farrington"}},
    {"farrington_flexible", {"Farrington 改进（2013）", "Farrington, flexible (2013)"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_ask asks[] = {
    {"method", {"方法", "method"}, ZH_TOOL_CHOICE, methods, "c1", NULL},
    {"value", {"件数列", "counts"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"baseline", {"基线点数", "baseline points"}, ZH_TOOL_NUMBER, NULL, "7", "method=c1|c2|c3"},
    {"frequency",
     {"一年的点数", "points a year"},
     ZH_TOOL_NUMBER,
     NULL,
     "52",
     "method=farrington|farrington_flexible"},
    {"years",
     {"往年数", "years back"},
     ZH_TOOL_NUMBER,
     NULL,
     "5",
     "method=farrington|farrington_flexible"},
    {"alpha", {"误报率 α（空：常用值）", "alpha (empty: usual)"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"first",
     {"从第几点画起（空：最后）", "draw from point (empty: last ones)"},
     ZH_TOOL_NUMBER,
     NULL,
     "",
     NULL},
    {"show", {"画几点", "points drawn"}, ZH_TOOL_NUMBER, NULL, "180", NULL},
};

static const zh_tool_sample samples[] = {
    {"sandy",
     {"桑迪飓风前后纽约 311 每日来电", "Daily NYC 311 calls around hurricane Sandy"},
     "packs/demo/data/us-nyc-sandy-311-daily/sandy-311-calls-by-day.csv",
     "method=c1&baseline=3&value=total&first=1&show=90",
     {"NYC Open Data，每日来电（桑迪飓风），2012-10-22 至 2017-09-08",
      "NYC Open Data, Sandy-related 311 calls by "
      "day, 2012-10-22 to 2017-09-08"}},
};

static zh_rc ask(zh_bench *b, zh_warning *out)
{
    size_t method = 0;
    double alpha;
    int64_t whole = 0;
    zh_rc rc = zh_bench_choice(b, "method", &method);
    *out = zh_warning_defaults((zh_warning_method)method, 52);
    if (rc == ZH_OK && method < ZH_WARNING_FARRINGTON) {
        rc = zh_bench_whole(b, "baseline", 3, ZH_EWS_BASELINE_MAX, &whole);
        out->baseline = (size_t)whole;
    } else if (rc == ZH_OK) {
        rc = zh_bench_whole(b, "frequency", 4, ZH_EWS_FREQUENCY_MAX, &whole);
        out->frequency = (size_t)whole;
        if (rc == ZH_OK) {
            rc = zh_bench_whole(b, "years", 1, 50, &whole);
            out->years = (size_t)whole;
        }
    }
    if (rc == ZH_OK) {
        rc = zh_bench_number(b, "alpha", &alpha);
    }
    if (rc == ZH_OK && isfinite(alpha)) {
        out->alpha = alpha;
    }
    return rc;
}

static zh_rc window(zh_bench *b, size_t n, size_t *from, size_t *to)
{
    double first;
    int64_t show = 1;
    zh_rc rc = zh_bench_number(b, "first", &first);
    if (rc == ZH_OK) {
        rc = zh_bench_whole(b, "show", 2, (int64_t)ZH_TOOL_MARKS_MAX, &show);
    }
    size_t many = (size_t)show < n ? (size_t)show : n;
    *from = n - many;
    if (rc == ZH_OK && isfinite(first)) {
        *from = first < 1 ? 0 : first > (double)n ? n - 1 : (size_t)first - 1;
    }
    *to = *from + many < n ? *from + many : n;
    return rc;
}

static size_t ticks_of(const zh_grouped *g, size_t from, size_t n, zh_xy_tick *out)
{
    size_t ticks = 0;
    for (size_t i = 0; i < n; i += n / 60 + 1) {
        out[ticks++] = (zh_xy_tick){(double)(from + i + 1), g->labels[from + i]};
    }
    return ticks;
}

static zh_rc draw_series(zh_bench *b, const zh_grouped *g, const zh_warning_point *points)
{
    size_t from;
    size_t to;
    zh_rc rc = window(b, g->data.n, &from, &to);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = to - from;
    double *x = ZH_NEW_N(b->arena, double, n);
    double *bound = ZH_NEW_N(b->arena, double, n);
    double *expected = ZH_NEW_N(b->arena, double, n);
    bool *alarm = ZH_NEW_N(b->arena, bool, n);
    zh_str *titles = ZH_NEW_N(b->arena, zh_str, n);
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, ZH_XY_TICKS_MAX);
    size_t nticks = ticks_of(g, from, n, ticks);
    double highest = 0;
    for (size_t i = 0; i < n; i++) {
        const zh_warning_point *p = &points[from + i];
        x[i] = (double)(from + i + 1);
        bound[i] = p->bound;
        expected[i] = p->expected;
        alarm[i] = p->alarm == ZH_ALARM_YES;
        highest = fmax(highest, g->data.v[from + i]);
        titles[i] =
            zh_str_fmt(b->arena, "%.*s %.0f%s", ZH_FMT(g->labels[from + i]), g->data.v[from + i],
                       alarm[i] ? b->english ? ", alarm" : "，报警" : "");
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_COLUMNS,
         .x = x,
         .y = g->data.v + from,
         .n = n,
         .width = 0.72,
         .role = ZH_ROLE_Q4,
         .act = alarm,
         .titles = titles,
         .label = zh_bench_say(b, "件数（红：报警）", "count (red: alarm)")},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = bound,
         .n = n,
         .role = ZH_ROLE_INK,
         .dash = ZH_DASH_LIMIT,
         .label = zh_bench_say(b, "上限", "bound")},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = expected,
         .n = n,
         .role = ZH_ROLE_C2,
         .label = zh_bench_say(b, "预期", "expected")},
    };
    zh_xy in = {.title = b->finding,
                .series = series,
                .nseries = 3,
                .x = {.ticks = ticks,
                      .nticks = nticks,
                      .low = ZH_SOME((double)from + 0.4),
                      .high = ZH_SOME((double)to + 0.6)},
                .y = {.low = ZH_SOME(0), .high = ZH_SOME(highest > 0 ? highest * 1.08 : 1)}};
    return zh_bench_xy(
        b, &in, b->finding,
        zh_bench_say(b, "%.*s，第 %zu 至 %zu 点，共 %zu 点", "%.*s, points %zu to %zu of %zu",
                     ZH_FMT(g->name), from + 1, to, g->data.n),
        zh_bench_say(
            b, "超过上限只说明比过去多，不说明是什么。上限画到图外为止。",
            "Above the bound means more than before, not what it is. The bound is drawn up "
            "to the top of the plot."));
}

static void tables(zh_bench *b, const zh_grouped *g, const zh_warning_point *points, size_t judged)
{
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "报警的点", "Alarms"),
                          zh_bench_say(b, "判过 %zu 点", "%zu points judged", judged), false);
    zh_bench_table all = zh_bench_table_of(b, zh_bench_say(b, "数据表", "Data"), ZH_STR(""), true);
    zh_bench_table *both[] = {&t, &all};
    for (size_t i = 0; i < 2; i++) {
        zh_bench_head(both[i], zh_bench_say(b, "点", "Point"), false);
        zh_bench_head(both[i], zh_bench_say(b, "件数", "Count"), true);
        zh_bench_head(both[i], zh_bench_say(b, "预期", "Expected"), true);
        zh_bench_head(both[i], zh_bench_say(b, "上限", "Bound"), true);
    }
    zh_bench_head(&all, zh_bench_say(b, "判断", "Verdict"), false);
    for (size_t i = 0; i < g->data.n; i++) {
        const zh_warning_point *p = &points[i];
        bool alarm = p->alarm == ZH_ALARM_YES;
        for (size_t k = alarm ? 0 : 1; k < 2; k++) {
            zh_bench_line(both[k], alarm ? ZH_ROW_ACT : ZH_ROW_PLAIN);
            zh_bench_cell(both[k], g->labels[i]);
            zh_bench_value(both[k], g->data.v[i], 15);
            zh_bench_value(both[k], p->expected, 4);
            zh_bench_value(both[k], p->bound, 4);
        }
        zh_bench_cell(&all, alarm ? zh_bench_say(b, "报警", "alarm")
                            : p->alarm == ZH_ALARM_UNKNOWN
                                ? zh_bench_say(b, "往期不够", "past too short")
                                : ZH_STR(""));
    }
    zh_bench_end(&t);
    zh_bench_end(&all);
}

static zh_rc run(zh_bench *b)
{
    zh_grouped g;
    zh_warning w;
    zh_rc rc = ask(b, &w);
    if (rc == ZH_OK) {
        rc = zh_bench_series(b, &g);
    }
    zh_warning_point *points =
        rc == ZH_OK ? ZH_TRY_N(b->arena, zh_warning_point, g.data.n + 1) : NULL;
    if (rc == ZH_OK && points == NULL) {
        rc = zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    if (rc == ZH_OK) {
        rc = zh_warning_run(b->arena, g.data.v, g.data.n, &w, points, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t alarms = 0;
    size_t judged = 0;
    size_t first = 0;
    for (size_t i = 0; i < g.data.n; i++) {
        judged += points[i].alarm != ZH_ALARM_UNKNOWN;
        if (points[i].alarm == ZH_ALARM_YES) {
            first = alarms++ == 0 ? i : first;
        }
    }
    b->finding =
        alarms > 0
            ? zh_bench_say(b, "%.*s 点中 %zu 点高于上限，第一次在 %.*s：%.0f 件，上限 %.1f",
                           "Of %.*s points %zu lie above the bound, first %.*s: %.0f against %.1f",
                           ZH_FMT(zh_bench_n(b, judged)), alarms, ZH_FMT(g.labels[first]),
                           g.data.v[first], points[first].bound)
            : zh_bench_say(b, "%zu 点都没有超过上限", "None of %zu points is above its bound",
                           judged);
    rc = draw_series(b, &g, points);
    tables(b, &g, points, judged);
    return rc;
}

const zh_tool zh_tool_early_warning = {
    .id = "early-warning",
    .name = {"早期预警图", "Early warning"},
    .answers = {"件数是不是比它自己的过去多得不寻常",
                "Is a count unusually high against its own past?"},
    .data = {"一列件数（每天、每周或每月一行，不缺行），可带一列日期",
             "One column of counts, a row a day, week or month "
             "without gaps; a column of dates may stand beside"},
    .method = {"EARS：L. Hutwagner et al., J. Urban Health 80 (2003) i89；Farrington et al., JRSS "
               "A 159 (1996) 547；"
               "Noufaily et al., Statistics in Medicine 32 (2013) 1206",
               "EARS: L. Hutwagner et al., J. Urban Health 80 (2003) i89; Farrington et al., JRSS "
               "A 159 (1996) 547; "
               "Noufaily et al., Statistics in Medicine 32 (2013) 1206"},
    .limits =
        {"EARS 不看季节与星期；Farrington 要若干年的往年同期。",
         "EARS ignores season and weekday; Farrington needs the same weeks of earlier years."},
    .sheet = "ews",
    .engines = "ews.ears ews.farrington ews.farrington_flexible",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
