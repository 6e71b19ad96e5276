/* 控制图: Shewhart charts of measured values and counts, CUSUM and EWMA, run rules marked. */
#include "app/tool/subgroup.h"
#include "app/tool/tools.h"
#include "fmt/chart.h"
#include "fmt/chart_xy.h"
#include <math.h>

typedef enum kind {
    INDIVIDUALS,
    XBAR_R,
    XBAR_S,
    P,
    NP,
    C,
    U,
    CUSUM,
    EWMA,
} kind;

static const zh_tool_choice kinds[] = {
    {"individuals", {"单值-移动极差", "Individuals and moving range"}},
    {"xbar-r", {"X̄-R（均值-极差）", "X-bar and R"}},
    {"xbar-s", {"X̄-S（均值-标准差）", "X-bar and S"}},
    {"p", {"p（不合格率）", "p (share nonconforming)"}},
    {"np", {"np（不合格数）", "np (number nonconforming)"}},
    {"c", {"c（缺陷数）", "c (nonconformities)"}},
    {"u", {"u（单位缺陷数）", "u (nonconformities per unit)"}},
    {"cusum", {"累积和（CUSUM）", "CUSUM"}},
    {"ewma", {"指数加权（EWMA）", "EWMA"}},
    {NULL, {NULL, NULL}},
};

static const zh_tool_choice rule_sets[] = {
    {"gb", {"GB/T 17989.2 三条", "GB/T 17989.2 (3 rules)"}},
    {"nelson125", {"Nelson 1、2、5", "Nelson 1, 2, 5"}},
    {"nelson", {"Nelson 全部 8 条", "Nelson, all 8"}},
    {"we", {"Western Electric 四条", "Western Electric (4)"}},
    {"limits", {"只看越界", "limits only"}},
    {NULL, {NULL, NULL}},
};
static const unsigned rule_bits[] = {
    ZH_RULES_GB17989, 1u << ZH_RULE_NELSON1 | 1u << ZH_RULE_NELSON2 | 1u << ZH_RULE_NELSON5,
    ZH_RULES_NELSON, ZH_RULES_WESTERN_ELECTRIC, 1u << ZH_RULE_GB1};

static const zh_tool_ask asks[] = {
    {"chart", {"图", "chart"}, ZH_TOOL_CHOICE, kinds, "individuals", NULL},
    {"value",
     {"数值列", "values"},
     ZH_TOOL_COLUMN,
     NULL,
     "",
     "chart=individuals|xbar-r|xbar-s|cusum|ewma"},
    {"group", {"子组列", "subgroups"}, ZH_TOOL_COLUMN, NULL, "", "chart=xbar-r|xbar-s"},
    {"size", {"子组大小", "subgroup size"}, ZH_TOOL_NUMBER, NULL, "5", "chart=xbar-r|xbar-s"},
    {"count", {"不合格数列", "counts"}, ZH_TOOL_COLUMN, NULL, "", "chart=p|np|c|u"},
    {"of", {"检查数列", "inspected"}, ZH_TOOL_COLUMN, NULL, "", "chart=p|np|u"},
    {"baseline", {"基线（前几点）", "baseline (first points)"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"rules",
     {"判异", "rules"},
     ZH_TOOL_CHOICE,
     rule_sets,
     "gb",
     "chart=individuals|xbar-r|xbar-s|p|np|c|u"},
    {"shift",
     {"要发现的偏移（σ）", "shift to detect (sigma)"},
     ZH_TOOL_NUMBER,
     NULL,
     "1",
     "chart=cusum"},
    {"interval", {"判定距 h", "decision interval h"}, ZH_TOOL_NUMBER, NULL, "5", "chart=cusum"},
    {"lambda", {"λ", "lambda"}, ZH_TOOL_NUMBER, NULL, "0.2", "chart=ewma"},
};

static const zh_tool_sample samples[] = {
    {"chicago",
     {"芝加哥餐饮检查（p 图）", "Chicago food inspections (p chart)"},
     "packs/tools/data/chicago_monthly.csv",
     "chart=p&baseline=14&rules=nelson125",
     {"芝加哥市公共卫生部，2011-09 至 2013-12，17,823 次检查按月汇总",
      "City of Chicago, Department of Public Health, 2011-09 to 2013-12, 17,823 inspections by "
      "month"}},
    {"flow",
     {"流量，NIST 手册 6.3.2.2（单值）", "Flow rate, NIST handbook 6.3.2.2 (individuals)"},
     "packs/tools/data/nist_flow.csv",
     "chart=individuals",
     {"NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.2",
      "NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.2"}},
    {"pcmanufact",
     {"计算机装配缺陷（u 图）", "Personal computer assembly (u chart)"},
     "packs/tools/data/pc_nonconformities.csv",
     "chart=u",
     {"D. C. Montgomery, Introduction to Statistical Quality Control，R 包 qcc 的 pcmanufact",
      "D. C. Montgomery, Introduction to Statistical Quality Control; pcmanufact of R package "
      "qcc"}},
};

/* What is charted, whatever the kind. */
typedef struct charted {
    zh_chart chart;
    const zh_str *labels;
    const double *sizes; /* NULL: not shown */
    double *sigma;       /* of each point, for the run rules */
    zh_str name, unit;
    double scale; /* 100 for shares shown in per cent */
    size_t baseline;
    unsigned rules;
    bool *hits[ZH_RULE_N]; /* NULL: rule not asked */
    bool *run;             /* hit by a rule other than the limits */
    size_t beyond, runs;
} charted;

static zh_rc baseline_of(zh_bench *b, size_t n, size_t *out)
{
    double v;
    zh_rc rc = zh_bench_number(b, "baseline", &v);
    *out = 0;
    if (rc == ZH_OK && isfinite(v)) {
        int64_t whole;
        rc = zh_bench_whole(b, "baseline", 0, (int64_t)n, &whole);
        *out = rc == ZH_OK ? (size_t)whole : 0;
    }
    return rc;
}

/* ---- measured values ---- */

static zh_rc measure(zh_bench *b, kind k, zh_grouped *g, charted *c)
{
    zh_rc rc = k == XBAR_R || k == XBAR_S ? zh_bench_subgroups(b, g) : zh_bench_series(b, g);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = baseline_of(b, g->data.n, &c->baseline);
    zh_chart_options options =
        zh_chart_options_of(k == XBAR_R || k == XBAR_S ? ZH_CHART_XBAR : ZH_CHART_XBAR_ONE);
    options.baseline = c->baseline;
    options.sigma = k == XBAR_S ? ZH_SIGMA_UWAVE_SD : ZH_SIGMA_DEFAULT;
    if (rc == ZH_OK) {
        rc = zh_spc_chart(b->arena, &g->data, &options, &c->chart, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    c->labels = g->labels;
    c->name = g->name;
    c->unit = g->unit;
    c->scale = 1;
    c->sigma = ZH_NEW_N(b->arena, double, g->data.n + 1);
    for (size_t i = 0; i < g->data.n; i++) {
        double n = (double)(g->data.start[i + 1] - g->data.start[i]);
        c->sigma[i] = c->chart.std_dev / sqrt(n);
    }
    return ZH_OK;
}

/* ---- counts ---- */

/* Counts and what they were counted on: of two columns of numbers the smaller is the count. */
static zh_rc count_columns(zh_bench *b, kind k, const zh_sheet_column **count,
                           const zh_sheet_column **of)
{
    const zh_sheet_column *first = zh_bench_measured(b, 0);
    const zh_sheet_column *second = zh_bench_measured(b, 1);
    *of = NULL;
    if (first != NULL && second != NULL && k != C) {
        double sums[2] = {0, 0};
        for (size_t i = 0; i < b->sheet->nrows; i++) {
            sums[0] += isfinite(first->number[i]) ? first->number[i] : 0;
            sums[1] += isfinite(second->number[i]) ? second->number[i] : 0;
        }
        bool swap = k == U ? false : sums[0] > sums[1];
        const zh_sheet_column *a = swap ? second : first;
        second = swap ? first : second;
        first = a;
    }
    zh_rc rc = zh_bench_numbers(b, "count", first, false, count);
    if (rc == ZH_OK && k != C) {
        rc = zh_bench_numbers(b, "of", second == *count ? first : second, false, of);
    }
    return rc;
}

static zh_rc count(zh_bench *b, kind k, charted *c)
{
    static const zh_chart_type types[] = {
        [P] = ZH_CHART_P, [NP] = ZH_CHART_NP, [C] = ZH_CHART_C, [U] = ZH_CHART_U};
    const zh_sheet_column *counts;
    const zh_sheet_column *of;
    size_t n = b->sheet->nrows;
    zh_rc rc = count_columns(b, k, &counts, &of);
    if (rc == ZH_OK) {
        rc = baseline_of(b, n, &c->baseline);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_chart_options options = zh_chart_options_of(types[k]);
    options.baseline = c->baseline;
    c->sizes = of != NULL ? of->number : NULL;
    rc = zh_spc_count_chart(b->arena, counts->number, c->sizes, n, &options, &c->chart, b->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str *labels = ZH_NEW_N(b->arena, zh_str, n + 1);
    c->sigma = ZH_NEW_N(b->arena, double, n + 1);
    double m = c->chart.center;
    for (size_t i = 0; i < n; i++) {
        double size = c->sizes != NULL ? c->sizes[i] : 1;
        labels[i] = zh_bench_row_label(b, zh_bench_labels(b), i);
        if (c->chart.std_devs != NULL) {
            c->sigma[i] = c->chart.std_devs[i];
        } else {
            c->sigma[i] = k == P    ? sqrt(m * (1 - m) / size)
                          : k == NP ? sqrt(m * (1 - m / size))
                          : k == C  ? sqrt(m)
                                    : sqrt(m / size);
        }
    }
    c->labels = labels;
    c->name = counts->name;
    c->unit = k == P ? ZH_STR("%") : ZH_STR("");
    c->scale = k == P ? 100 : 1;
    return ZH_OK;
}

/* ---- rules ---- */

static zh_rc judge(zh_bench *b, charted *c)
{
    zh_run_input in = {.n = c->chart.n,
                       .statistics = c->chart.statistics,
                       .center = c->chart.centers != NULL ? c->chart.centers : &c->chart.center,
                       .center_n = c->chart.centers != NULL ? c->chart.n : 1,
                       .sigma = c->sigma,
                       .sigma_n = c->chart.n};
    c->run = ZH_NEW_N(b->arena, bool, c->chart.n + 1);
    for (size_t i = 0; i < c->chart.n; i++) {
        c->beyond += c->chart.beyond[i];
        if (!(c->sigma[i] > 0)) {
            return ZH_OK; /* no variation: nothing to run against */
        }
    }
    for (unsigned r = 0; r < ZH_RULE_N; r++) {
        if ((c->rules & 1u << r) == 0) {
            continue;
        }
        c->hits[r] = ZH_NEW_N(b->arena, bool, c->chart.n + 1);
        zh_rc rc = zh_spc_run_rule(&in, (zh_run_rule)r, c->hits[r], b->err);
        if (rc != ZH_OK) {
            return rc;
        }
        bool limits = r == ZH_RULE_WE1 || r == ZH_RULE_NELSON1 || r == ZH_RULE_GB1;
        for (size_t i = 0; i < c->chart.n && !limits; i++) {
            c->run[i] = c->run[i] || c->hits[r][i];
        }
    }
    for (size_t i = 0; i < c->chart.n; i++) {
        c->runs += c->run[i];
    }
    return ZH_OK;
}

/* ---- drawing ---- */

static zh_str shown(const zh_bench *b, const charted *c, double v)
{
    return zh_str_fmt(b->arena, "%.*s%.*s", ZH_FMT(zh_bench_digits(b, v * c->scale, 4)),
                      ZH_FMT(c->scale > 1 ? c->unit : ZH_STR("")));
}

static zh_rc draw(zh_bench *b, const charted *c, zh_str title, zh_str what, zh_str read)
{
    const zh_chart *chart = &c->chart;
    size_t from = chart->n > ZH_TOOL_MARKS_MAX ? chart->n - ZH_TOOL_MARKS_MAX : 0;
    size_t n = chart->n - from;
    zh_control_point *points = ZH_NEW_N(b->arena, zh_control_point, n + 1);
    for (size_t k = 0; k < n; k++) {
        size_t i = from + k;
        zh_str text = shown(b, c, chart->statistics[i]);
        zh_control_point *p = &points[k];
        p->reading.label = c->labels[i];
        p->reading.text = text;
        p->reading.title =
            zh_str_fmt(b->arena, "%.*s %.*s（%.*s–%.*s）", ZH_FMT(c->labels[i]), ZH_FMT(text),
                       ZH_FMT(shown(b, c, chart->lcl[i])), ZH_FMT(shown(b, c, chart->ucl[i])));
        p->reading.value =
            isfinite(chart->statistics[i]) ? ZH_SOME(chart->statistics[i] * c->scale) : ZH_ABSENT;
        p->n = c->sizes != NULL ? c->sizes[i] : 0;
        p->lower = ZH_SOME(chart->lcl[i] * c->scale);
        p->upper = ZH_SOME(chart->ucl[i] * c->scale);
        p->flag = chart->beyond[i]              ? ZH_CONTROL_OUT
                  : c->run != NULL && c->run[i] ? ZH_CONTROL_RUN
                                                : ZH_CONTROL_PLAIN;
    }
    size_t base = c->baseline > from ? c->baseline - from : 0;
    zh_control in = {
        .title = title,
        .points = points,
        .n = n,
        .centre = chart->center * c->scale,
        .centre_label =
            zh_bench_say(b, "中心 %.*s", "centre %.*s", ZH_FMT(shown(b, c, chart->center))),
        .upper_label = zh_bench_say(b, "上限 %.*s", "upper %.*s",
                                    ZH_FMT(shown(b, c, chart->ucl[chart->n - 1]))),
        .lower_label = zh_bench_say(b, "下限 %.*s", "lower %.*s",
                                    ZH_FMT(shown(b, c, chart->lcl[chart->n - 1]))),
        .unit = c->unit,
        .baseline = base < n ? base : 0,
        .baseline_label = zh_bench_say(b, "基线期", "baseline"),
        .after_label = zh_bench_say(b, "基线以后", "after the baseline"),
    };
    return zh_bench_control(b, &in, title, what, read);
}

static zh_str first_of(const zh_bench *b, const charted *c, const bool *flags, size_t most)
{
    zh_str *names = ZH_NEW_N(b->arena, zh_str, c->chart.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->chart.n; i++) {
        if (flags[i]) {
            names[n++] = c->labels[i];
        }
    }
    return zh_bench_list(b, names, n, most);
}

static zh_str finding(zh_bench *b, const charted *c)
{
    zh_str beyond = first_of(b, c, c->chart.beyond, ZH_TOOL_TITLE_MAX);
    if (c->beyond > 0 && c->runs > 0) {
        return zh_bench_say(
            b, "%zu 个点中 %zu 个越出控制限（%.*s），%zu 个落在异常的图形里，不是偶然",
            "Of %zu points %zu lie outside the limits (%.*s), %zu in unlikely patterns", c->chart.n,
            c->beyond, ZH_FMT(beyond), c->runs);
    }
    if (c->beyond > 0) {
        return zh_bench_say(b, "%zu 个点中 %zu 个越出控制限：%.*s",
                            "Of %zu points %zu lie outside the limits: %.*s", c->chart.n, c->beyond,
                            ZH_FMT(beyond));
    }
    if (c->runs > 0) {
        zh_str where = first_of(b, c, c->run, ZH_TOOL_TITLE_MAX);
        return zh_bench_say(b, "没有点越界，但 %zu 个点落在异常的图形里：%.*s",
                            "No point is outside, but %zu are in unlikely patterns: %.*s", c->runs,
                            ZH_FMT(where));
    }
    return zh_bench_say(b, "%zu 个点都在控制限内，也没有异常的图形：过程稳定",
                        "All %zu points lie within the limits without unlikely patterns",
                        c->chart.n);
}

/* ---- tables ---- */

static void rules_table(zh_bench *b, const charted *c)
{
    zh_bench_table t = zh_bench_table_of(
        b, zh_bench_say(b, "触发了哪些规则", "Which rules were met"), ZH_STR(""), false);
    zh_bench_head(&t, zh_bench_say(b, "规则", "Rule"), false);
    zh_bench_head(&t, zh_bench_say(b, "点数", "Points"), true);
    zh_bench_head(&t, zh_bench_say(b, "在哪里", "Where"), false);
    for (unsigned r = 0; r < ZH_RULE_N; r++) {
        if (c->hits[r] == NULL) {
            continue;
        }
        size_t n = 0;
        for (size_t i = 0; i < c->chart.n; i++) {
            n += c->hits[r][i];
        }
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_run_rule rule = (zh_run_rule)r;
        zh_bench_cell(&t, zh_str_fmt(b->arena, "%s　%s", zh_run_rule_name(rule),
                                     b->english ? zh_run_rule_en(rule) : zh_run_rule_zh(rule)));
        zh_bench_count(&t, (int64_t)n);
        zh_bench_cell(&t, n > 0 ? first_of(b, c, c->hits[r], 4 * ZH_TOOL_NAMED_MAX) : ZH_STR("—"));
    }
    zh_bench_end(&t);
}

static void data_table(zh_bench *b, const charted *c)
{
    zh_bench_table t = zh_bench_table_of(b, zh_bench_say(b, "数据表", "Data"), ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "点", "Point"), false);
    if (c->sizes != NULL) {
        zh_bench_head(&t, ZH_STR("n"), true);
    }
    zh_bench_head(&t, c->scale > 1 ? ZH_STR("%") : zh_bench_say(b, "统计量", "Statistic"), true);
    zh_bench_head(&t, zh_bench_say(b, "下限", "Lower"), true);
    zh_bench_head(&t, zh_bench_say(b, "上限", "Upper"), true);
    zh_bench_head(&t, zh_bench_say(b, "判异", "Verdict"), false);
    for (size_t i = 0; i < c->chart.n; i++) {
        bool out = c->chart.beyond[i];
        bool run = c->run != NULL && c->run[i];
        zh_bench_line(&t, out ? ZH_ROW_ACT : run ? ZH_ROW_WATCH : ZH_ROW_PLAIN);
        zh_bench_cell(&t, c->labels[i]);
        if (c->sizes != NULL) {
            zh_bench_value(&t, c->sizes[i], 12);
        }
        zh_bench_value(&t, c->chart.statistics[i] * c->scale, ZH_TOOL_DIGITS);
        zh_bench_value(&t, c->chart.lcl[i] * c->scale, ZH_TOOL_DIGITS);
        zh_bench_value(&t, c->chart.ucl[i] * c->scale, ZH_TOOL_DIGITS);
        zh_bench_cell(&t, out   ? zh_bench_say(b, "越界", "outside")
                          : run ? zh_bench_say(b, "异常图形", "pattern")
                                : ZH_STR(""));
    }
    zh_bench_end(&t);
}

static zh_str read_it(const zh_bench *b)
{
    return zh_bench_say(
        b, "红方是越界的点，空心点落在异常的图形里。越界只说明过程变了，不说明为什么。",
        "Red squares are outside the limits, rings lie in unlikely patterns. Being outside "
        "says that the process changed, not why.");
}

/* The companion of a chart of measured values: ranges, standard deviations, moving ranges. */
static zh_rc spread(zh_bench *b, kind k, const zh_grouped *g, const charted *main)
{
    charted c = *main;
    c.sizes = NULL;
    c.run = NULL;
    zh_rc rc;
    if (k == INDIVIDUALS) {
        zh_moving_range mr;
        rc = zh_spc_moving_range(b->arena, g->data.v, g->data.n, 3, &mr, b->err);
        if (rc != ZH_OK) {
            return rc;
        }
        c.chart = (zh_chart){.n = mr.n,
                             .center = mr.center,
                             .statistics = mr.mr,
                             .lcl = ZH_NEW_N(b->arena, double, mr.n + 1),
                             .ucl = ZH_NEW_N(b->arena, double, mr.n + 1),
                             .beyond = ZH_NEW_N(b->arena, bool, mr.n + 1)};
        for (size_t i = 0; i < mr.n; i++) {
            c.chart.lcl[i] = mr.lcl;
            c.chart.ucl[i] = mr.ucl;
            c.chart.beyond[i] = mr.mr[i] > mr.ucl;
        }
        c.labels = g->labels + 1;
        c.baseline = 0;
    } else {
        zh_chart_options options = zh_chart_options_of(k == XBAR_R ? ZH_CHART_R : ZH_CHART_S);
        options.baseline = c.baseline;
        rc = zh_spc_chart(b->arena, &g->data, &options, &c.chart, b->err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    size_t out = 0;
    for (size_t i = 0; i < c.chart.n; i++) {
        out += c.chart.beyond[i];
    }
    zh_str title =
        out == 0
            ? zh_bench_say(b, "波动没有越界", "The spread stays within its limits")
            : zh_bench_say(b, "波动有 %zu 点越界：先查波动，再谈均值",
                           "The spread leaves its limits at %zu points: look at it first", out);
    zh_str what = k == INDIVIDUALS ? zh_bench_say(b, "移动极差", "moving range")
                  : k == XBAR_R    ? zh_bench_say(b, "子组极差 R", "subgroup range R")
                                : zh_bench_say(b, "子组标准差 S", "subgroup standard deviation S");
    return draw(b, &c, title, what, ZH_STR(""));
}

static zh_rc shewhart(zh_bench *b, kind k)
{
    charted c = {0};
    zh_grouped g = {0};
    size_t set;
    bool measured = k <= XBAR_S;
    zh_rc rc = zh_bench_choice(b, "rules", &set);
    if (rc == ZH_OK) {
        c.rules = rule_bits[set];
        rc = measured ? measure(b, k, &g, &c) : count(b, k, &c);
    }
    if (rc == ZH_OK) {
        rc = judge(b, &c);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    b->finding = finding(b, &c);
    zh_str what = zh_bench_say(b, "%.*s，%s；中心线与 3σ 控制限%s",
                               "%.*s, %s; centre line and 3-sigma limits %s", ZH_FMT(c.name),
                               b->english ? kinds[k].label.en : kinds[k].label.zh,
                               c.baseline > 0 ? (b->english ? "from the baseline" : "由基线期估计")
                                              : (b->english ? "from all points" : "由全部点估计"));
    rc = draw(b, &c, b->finding, what, read_it(b));
    if (rc == ZH_OK && measured) {
        rc = spread(b, k, &g, &c);
    }
    rules_table(b, &c);
    data_table(b, &c);
    return rc;
}

/* ---- CUSUM and EWMA ---- */

static zh_rc cusum_figure(zh_bench *b, const zh_grouped *g, const zh_cusum_chart *c, double h)
{
    size_t from = c->n > ZH_TOOL_MARKS_MAX ? c->n - ZH_TOOL_MARKS_MAX : 0;
    size_t n = c->n - from;
    double *x = ZH_NEW_N(b->arena, double, n + 1);
    bool *above = c->above + from;
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, n + 1);
    size_t nticks = 0;
    size_t step = n / 40 + 1;
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)(from + i + 1);
        if (i % step == 0) {
            ticks[nticks++] = (zh_xy_tick){x[i], g->labels[from + i]};
        }
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = c->pos + from,
         .n = n,
         .role = ZH_ROLE_C1,
         .label = ZH_STR("C⁺")},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = c->neg + from,
         .n = n,
         .role = ZH_ROLE_C2,
         .dash = ZH_DASH_SERIES,
         .label = ZH_STR("C⁻")},
        {.kind = ZH_XY_POINTS,
         .x = x,
         .y = c->pos + from,
         .n = n,
         .role = ZH_ROLE_C1,
         .act = above},
        {.kind = ZH_XY_POINTS,
         .x = x,
         .y = c->neg + from,
         .n = n,
         .role = ZH_ROLE_C2,
         .act = c->below + from},
    };
    const zh_xy_line lines[] = {{.at = h, .label = ZH_STR("h"), .dash = ZH_DASH_LIMIT},
                                {.at = -h, .label = ZH_STR("-h"), .dash = ZH_DASH_LIMIT}};
    zh_xy in = {.title = b->finding,
                .series = series,
                .nseries = ZH_COUNTOF(series),
                .lines = lines,
                .nlines = 2,
                .x = {.ticks = ticks, .nticks = nticks}};
    zh_rc rc = zh_bench_xy(
        b, &in, b->finding,
        zh_bench_say(b, "标准化后的累积和，σ 的倍数", "cumulative sums in sigma"),
        zh_bench_say(b, "从 0 离开的地方是偏移开始的地方，越过 h 的地方是发现的地方。",
                     "A shift begins where the sum leaves 0 and is found where it passes h."));
    return rc;
}

static zh_rc cusum(zh_bench *b)
{
    zh_grouped g;
    zh_cusum_chart c;
    double shift = 1;
    double h = 5;
    zh_chart_options options = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    zh_rc rc = zh_bench_series(b, &g);
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "shift", 0.01, 10, &shift);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "interval", 0.1, 100, &h);
    }
    if (rc == ZH_OK) {
        rc = baseline_of(b, g.data.n, &options.baseline);
    }
    if (rc == ZH_OK) {
        rc = zh_spc_cusum(b->arena, &g.data, &options, h, shift, 0, &c, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t first = c.n;
    size_t n = 0;
    for (size_t i = c.n; i-- > 0;) {
        bool hit = c.above[i] || c.below[i];
        first = hit ? i : first;
        n += hit;
    }
    b->finding = n == 0
                     ? zh_bench_say(b, "累积和没有越过 ±%.*s：没有持续的偏移",
                                    "The sums stay within ±%.*s: no lasting shift",
                                    ZH_FMT(zh_bench_digits(b, h, 3)))
                     : zh_bench_say(b, "累积和自 %.*s 起越过判定距，均值已%s移",
                                    "From %.*s on the sum passes the interval: the mean moved %s",
                                    ZH_FMT(g.labels[first]),
                                    c.above[first] ? (b->english ? "up" : "上")
                                                   : (b->english ? "down" : "下"));
    rc = cusum_figure(b, &g, &c, h);
    zh_bench_table t = zh_bench_table_of(b, zh_bench_say(b, "数据表", "Data"), ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "点", "Point"), false);
    zh_bench_head(&t, zh_bench_say(b, "值", "Value"), true);
    zh_bench_head(&t, ZH_STR("C⁺"), true);
    zh_bench_head(&t, ZH_STR("C⁻"), true);
    zh_bench_head(&t, zh_bench_say(b, "判异", "Verdict"), false);
    for (size_t i = 0; i < c.n; i++) {
        bool hit = c.above[i] || c.below[i];
        zh_bench_line(&t, hit ? ZH_ROW_ACT : ZH_ROW_PLAIN);
        zh_bench_cell(&t, g.labels[i]);
        zh_bench_value(&t, c.statistics[i], ZH_TOOL_DIGITS + 2);
        zh_bench_value(&t, c.pos[i], ZH_TOOL_DIGITS);
        zh_bench_value(&t, c.neg[i], ZH_TOOL_DIGITS);
        zh_bench_cell(&t, hit ? zh_bench_say(b, "越过 h", "beyond h") : ZH_STR(""));
    }
    zh_bench_end(&t);
    return rc;
}

static zh_rc ewma(zh_bench *b)
{
    zh_grouped g;
    zh_ewma_chart e;
    charted c = {.scale = 1};
    double lambda = 0.2;
    zh_chart_options options = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    zh_rc rc = zh_bench_series(b, &g);
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "lambda", 0.001, 1, &lambda);
    }
    if (rc == ZH_OK) {
        rc = baseline_of(b, g.data.n, &options.baseline);
    }
    if (rc == ZH_OK) {
        rc = zh_spc_ewma(b->arena, &g.data, &options, lambda, &e, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    c.chart = (zh_chart){.n = e.n,
                         .center = e.center,
                         .std_dev = e.std_dev,
                         .statistics = e.ewma,
                         .lcl = e.lcl,
                         .ucl = e.ucl,
                         .beyond = e.beyond};
    c.labels = g.labels;
    c.name = g.name;
    c.unit = g.unit;
    c.baseline = options.baseline;
    for (size_t i = 0; i < e.n; i++) {
        c.beyond += e.beyond[i];
    }
    b->finding = finding(b, &c);
    rc = draw(b, &c, b->finding,
              zh_bench_say(b, "指数加权移动平均，λ = %.*s", "EWMA, lambda = %.*s",
                           ZH_FMT(zh_bench_digits(b, lambda, 3))),
              zh_bench_say(b, "界限从第一点起逐渐放宽到它的极限。",
                           "The limits widen from the first point to their final width."));
    data_table(b, &c);
    return rc;
}

static zh_rc run(zh_bench *b)
{
    size_t k = 0;
    zh_rc rc = zh_bench_choice(b, "chart", &k);
    if (rc != ZH_OK) {
        return rc;
    }
    return k == CUSUM ? cusum(b) : k == EWMA ? ewma(b) : shewhart(b, (kind)k);
}

const zh_tool zh_tool_control = {
    .id = "control-chart",
    .name = {"控制图", "Control charts"},
    .answers = {"过程稳不稳：哪些点越界，从什么时候起变了",
                "Is the process stable, and when did it change?"},
    .data = {"一列测量值；或每行一个子组；或两列：不合格数与检查数。可带一列日期或名称",
             "One column of measurements; or a subgroup a row; or two columns: nonconforming and "
             "inspected. A column of dates or names may stand beside."},
    .method = {"GB/T 17989.2（ISO 7870-2:2013）常规控制图；ISO 7870-4 累积和；ISO 7870-6 EWMA；L. "
               "S. Nelson, J. "
               "Quality Technology 16 (1984) 237；Western Electric 1956",
               "ISO 7870-2:2013 (GB/T 17989.2), ISO 7870-4, ISO 7870-6; L. S. Nelson, J. Quality "
               "Technology 16 (1984) 237; Western Electric 1956"},
    .limits =
        {"有季节、趋势或自相关的数据会误报；少于 20 个点时界限只是试用的。",
         "Seasonal, trending or autocorrelated data raise false alarms; with fewer than 20 points "
         "the limits are provisional."},
    .sheet = "spc",
    .engines =
        "spc.control_chart spc.moving_range_chart spc.run_rules spc.cusum_chart spc.ewma_chart",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
