/* 量具 R&R: how much of the variation seen is the gauge's. */
#include "app/tool/subgroup.h"
#include "app/tool/tools.h"
#include "engine/metrology.h"
#include "fmt/chart_xy.h"
#include <math.h>

static const zh_tool_ask asks[] = {
    {"part", {"零件列", "part"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"operator", {"操作者列", "operator"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"value", {"测量值列", "measurement"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"tolerance", {"公差宽度", "tolerance width"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"alpha", {"交互作用的显著性", "alpha of the interaction"}, ZH_TOOL_NUMBER, NULL, "0.05", NULL},
};

static const zh_tool_sample samples[] = {
    {"aiag",
     {"AIAG 手册：10 件 × 3 人 × 3 次", "AIAG manual: 10 parts × 3 operators × 3 trials"},
     "packs/tools/data/aiag_gauge.csv",
     "",
     {"AIAG, Measurement Systems Analysis, 4th ed., 2010",
      "AIAG, Measurement Systems Analysis, 4th ed., 2010"}},
};

typedef struct study {
    const double *y;
    size_t *part, *operator_of;
    zh_str *part_names, *operator_names;
    size_t parts, operators;
    zh_str unit;
} study;

static zh_rc read_study(zh_bench *b, study *s)
{
    const zh_sheet *sheet = b->sheet;
    const zh_sheet_column *column[3] = {NULL, NULL, NULL};
    zh_rc rc = sheet->ncolumns < 3 ? zh_bench_refuse(b, "tool.column",
                                                     "每行一次测量：零件、操作者、测量值", "要三列")
                                   : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_bench_column(b, "part", &sheet->columns[0], &column[0]);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_column(b, "operator", &sheet->columns[1], &column[1]);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_numbers(b, "value", &sheet->columns[sheet->ncolumns - 1], false, &column[2]);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_groups(b, column[0], &s->part, &s->part_names, &s->parts);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_groups(b, column[1], &s->operator_of, &s->operator_names, &s->operators);
    }
    s->y = rc == ZH_OK ? column[2]->number : NULL;
    s->unit = rc == ZH_OK ? column[2]->unit : ZH_STR_NONE;
    return rc;
}

/* Mean of each operator on each part: parallel lines speak against an interaction. */
static zh_rc parts_figure(zh_bench *b, const study *s)
{
    static const zh_role roles[] = {ZH_ROLE_C1, ZH_ROLE_C2, ZH_ROLE_C3, ZH_ROLE_C4};
    static const zh_dash dashes[] = {ZH_DASH_SOLID, ZH_DASH_SERIES, ZH_DASH_GUIDE, ZH_DASH_SOLID};
    size_t shown = s->operators < 4 ? s->operators : 4;
    size_t n = b->sheet->nrows;
    if (s->parts > 200 || n > 2000) {
        return ZH_OK;
    }
    double *x = ZH_NEW_N(b->arena, double, s->parts + 1);
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, s->parts + 1);
    double *px = ZH_NEW_N(b->arena, double, n + 1);
    for (size_t i = 0; i < s->parts; i++) {
        x[i] = (double)i + 1;
        ticks[i] = (zh_xy_tick){x[i], s->part_names[i]};
    }
    for (size_t i = 0; i < n; i++) {
        px[i] = (double)s->part[i] + 1;
    }
    zh_xy_series series[5] = {
        {.kind = ZH_XY_POINTS, .x = px, .y = s->y, .n = n, .role = ZH_ROLE_RULE_2, .hollow = true}};
    for (size_t o = 0; o < shown; o++) {
        double *mean = ZH_NEW_N(b->arena, double, s->parts + 1);
        double *count = ZH_NEW_N(b->arena, double, s->parts + 1);
        for (size_t i = 0; i < n; i++) {
            if (s->operator_of[i] == o) {
                mean[s->part[i]] += s->y[i];
                count[s->part[i]] += 1;
            }
        }
        for (size_t i = 0; i < s->parts; i++) {
            mean[i] /= count[i];
        }
        series[o + 1] = (zh_xy_series){.kind = ZH_XY_LINE,
                                       .x = x,
                                       .y = mean,
                                       .n = s->parts,
                                       .role = roles[o],
                                       .dash = dashes[o],
                                       .label = s->operator_names[o]};
    }
    zh_str title =
        zh_bench_say(b, "同一零件，各人测得的平均", "The same part measured by each operator");
    zh_xy in = {.title = title,
                .series = series,
                .nseries = shown + 1,
                .x = {.ticks = ticks,
                      .nticks = s->parts,
                      .low = ZH_SOME(0.5),
                      .high = ZH_SOME((double)s->parts + 0.5),
                      .name = zh_bench_say(b, "零件", "part")},
                .y = {.unit = s->unit}};
    zh_rc rc = zh_bench_xy(
        b, &in, title,
        zh_bench_say(b, "线为各操作者的平均，圈为单次测量",
                     "lines are means, rings single measurements"),
        zh_bench_say(b, "线平行说明没有交互作用；线之间的距离是再现性，圈的散布是重复性。",
                     "Parallel lines speak against an interaction; their distance is "
                     "reproducibility, the scatter of rings repeatability."));
    return rc;
}

static zh_rc bars(zh_bench *b, const zh_reading *rows, size_t n)
{
    double *x = ZH_NEW_N(b->arena, double, n);
    double *y = ZH_NEW_N(b->arena, double, n);
    zh_str *titles = ZH_NEW_N(b->arena, zh_str, n);
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, n);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i + 1;
        y[i] = rows[i].value.v;
        titles[i] = zh_str_fmt(b->arena, "%.*s %.*s", ZH_FMT(rows[i].label), ZH_FMT(rows[i].text));
        ticks[i] = (zh_xy_tick){x[i], rows[i].label};
    }
    const zh_xy_series series = {.kind = ZH_XY_COLUMNS,
                                 .x = x,
                                 .y = y,
                                 .n = n,
                                 .width = 0.5,
                                 .role = ZH_ROLE_Q5,
                                 .titles = titles};
    const zh_xy_line lines[] = {{.at = 10, .dash = ZH_DASH_GUIDE, .label = ZH_STR("10%")},
                                {.at = 30, .dash = ZH_DASH_TARGET, .label = ZH_STR("30%")}};
    zh_xy in = {
        .title = b->finding,
        .series = &series,
        .nseries = 1,
        .lines = lines,
        .nlines = 2,
        .x = {.ticks = ticks, .nticks = n, .low = ZH_SOME(0.5), .high = ZH_SOME((double)n + 0.5)},
        .y = {.low = ZH_SOME(0), .high = ZH_SOME(100), .unit = ZH_STR("%")}};
    return zh_bench_xy(
        b, &in, b->finding,
        zh_bench_say(b, "各分量的标准差占总变差",
                     "standard deviation of each "
                     "component against the total"),
        zh_bench_say(
            b, "AIAG：10%% 以内可用，10%%–30%% 视用途，30%% 以上须改进。标准差不相加，方差才相加。",
            "AIAG: up to 10 %% good, 10–30 %% depends on use, above 30 %% improve. "
            "Variances add up, standard deviations do not."));
}

static zh_rc components(zh_bench *b, const zh_gauge_rr *g, double tolerance)
{
    static const zh_said names[ZH_GAUGE_ROWS] = {{"量具 R&R", "Total gauge R&R"},
                                                 {"　重复性", "Repeatability"},
                                                 {"　再现性", "Reproducibility"},
                                                 {"　　操作者", "Operator"},
                                                 {"　　零件 × 操作者", "Part × operator"},
                                                 {"零件之间", "Part to part"},
                                                 {"总变差", "Total variation"}};
    zh_reading *rows = ZH_NEW_N(b->arena, zh_reading, ZH_GAUGE_ROWS);
    double total = sqrt(g->variance[6]);
    size_t n = 0;
    zh_bench_table t = zh_bench_table_of(b, zh_bench_say(b, "变差分量", "Components of variation"),
                                         ZH_STR(""), false);
    zh_bench_head(&t, zh_bench_say(b, "来源", "Source"), false);
    zh_bench_head(&t, zh_bench_say(b, "标准差", "SD"), true);
    zh_bench_head(&t, zh_bench_say(b, "占总变差 %%", "%% study variation"), true);
    zh_bench_head(&t, zh_bench_say(b, "方差贡献 %%", "%% contribution"), true);
    if (tolerance > 0) {
        zh_bench_head(&t, zh_bench_say(b, "占公差 %%", "%% tolerance"), true);
    }
    for (size_t i = 0; i < ZH_GAUGE_ROWS; i++) {
        double sd = sqrt(g->variance[i]);
        double share = total > 0 ? 100 * sd / total : 0;
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_cell(&t, zh_bench_of(b, names[i]));
        zh_bench_value(&t, sd, ZH_TOOL_DIGITS);
        zh_bench_cell(&t, zh_bench_fixed(b, share, 1));
        zh_bench_cell(
            &t,
            zh_bench_fixed(b, g->variance[6] > 0 ? 100 * g->variance[i] / g->variance[6] : 0, 1));
        if (tolerance > 0) {
            zh_bench_cell(&t, zh_bench_fixed(b, 600 * sd / tolerance, 1));
        }
        if (i != 6) {
            rows[n++] = (zh_reading){.label = zh_str_trim(zh_bench_of(b, names[i])),
                                     .value = ZH_SOME(share),
                                     .text = zh_str_fmt(b->arena, "%.1f%%", share)};
        }
    }
    zh_bench_end(&t);
    return bars(b, rows, n);
}

static void anova(zh_bench *b, const zh_gauge_rr *g)
{
    static const zh_said names[] = {{"零件", "Part"},
                                    {"操作者", "Operator"},
                                    {"零件 × 操作者", "Part × operator"},
                                    {"重复性", "Repeatability"},
                                    {"合计", "Total"}};
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "方差分析", "Analysis of variance"), ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "来源", "Source"), false);
    zh_bench_head(&t, zh_bench_say(b, "自由度", "df"), true);
    zh_bench_head(&t, zh_bench_say(b, "平方和", "SS"), true);
    zh_bench_head(&t, zh_bench_say(b, "均方", "MS"), true);
    zh_bench_head(&t, ZH_STR("F"), true);
    zh_bench_head(&t, ZH_STR("p"), true);
    for (size_t i = 0; i < 5; i++) {
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_cell(&t, zh_bench_of(b, names[i]));
        zh_bench_value(&t, g->df[i], 6);
        zh_bench_value(&t, g->ss[i], 6);
        zh_bench_value(&t, g->ms[i], 5);
        zh_bench_value(&t, g->f[i], 5);
        zh_bench_value(&t, g->p[i], 3);
    }
    zh_bench_end(&t);
}

static zh_rc run(zh_bench *b)
{
    study s;
    zh_gauge_rr g;
    double tolerance = (double)NAN;
    double alpha = 0.05;
    zh_rc rc = read_study(b, &s);
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "alpha", 0, 1, &alpha);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_number(b, "tolerance", &tolerance);
    }
    if (rc == ZH_OK) {
        rc = zh_gauge_rr_of(b->arena, s.y, s.part, s.parts, s.operator_of, s.operators,
                            b->sheet->nrows, alpha, &g, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double share = g.variance[6] > 0 ? 100 * sqrt(g.variance[0] / g.variance[6]) : 0;
    zh_str verdict = share <= 10   ? zh_bench_say(b, "量具可用", "the gauge is good")
                     : share <= 30 ? zh_bench_say(b, "视用途而定", "it depends on the use")
                                   : zh_bench_say(b, "量具须改进", "the gauge must improve");
    b->finding =
        zh_bench_say(b, "量具占总变差的 %.1f%%，能分出 %d 个档：%.*s",
                     "The gauge makes %.1f %% of the variation, %d distinct categories: %.*s",
                     share, (int)g.ndc, ZH_FMT(verdict));
    rc = components(b, &g, tolerance);
    if (rc == ZH_OK) {
        rc = parts_figure(b, &s);
    }
    anova(b, &g);
    return rc;
}

const zh_tool zh_tool_gauge = {
    .id = "gauge-rr",
    .name = {"量具 R&R", "Gauge R&R"},
    .answers = {"看到的变差里有多少是量具和操作者的", "How much of the variation is the gauge's?"},
    .data = {"三列：零件、操作者、测量值；每人每件次数相同",
             "Three columns: part, operator, measurement; the same "
             "number of trials in every cell"},
    .method =
        {"AIAG, Measurement Systems Analysis, 4th ed., 2010，第三章 B（方差分析法）",
         "AIAG, Measurement Systems Analysis, 4th ed., 2010, chapter III B (analysis of variance)"},
    .limits =
        {"零件要有代表性：挑得太像，量具就显得差。破坏性测量不适用。",
         "The parts must represent the process: too similar ones make the gauge look bad. Not for "
         "destructive tests."},
    .sheet = "metrology",
    .engines = "metrology.gauge_rr_anova",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
