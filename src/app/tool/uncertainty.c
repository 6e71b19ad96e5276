/* 不确定度预算: the GUM table of a measurement model, and the same by Monte Carlo. */
#include "engine/uncertainty.h"
#include "app/tool/histogram.h"
#include "app/tool/tools.h"
#include "fmt/chart_xy.h"
#include <math.h>

enum { INPUTS_MAX = 60 };

static const zh_tool_ask asks[] = {
    {"model", {"测量模型 y =", "model y ="}, ZH_TOOL_TEXT, NULL, "", NULL},
    {"confidence", {"包含概率（%）", "coverage (%)"}, ZH_TOOL_NUMBER, NULL, "95", NULL},
    {"draws", {"蒙特卡洛次数", "Monte Carlo draws"}, ZH_TOOL_NUMBER, NULL, "200000", NULL},
    {"seed", {"随机种子", "seed"}, ZH_TOOL_NUMBER, NULL, "1", NULL},
};

static const zh_tool_sample samples[] = {
    {"end-gauge",
     {"量块校准，GUM 例 H.1", "End gauge, GUM example H.1"},
     "packs/tools/data/gum_h1.csv",
     "model=ls%2Bd-ls*(da*theta%2Balpha*dtheta)&confidence=99",
     {"JCGM 100:2008 附录 H.1：50,000,838 nm，u 32 nm，自由度 16",
      "JCGM 100:2008, H.1: 50,000,838 nm, u 32 nm, df 16"}},
};

typedef struct budget {
    size_t n;
    const zh_str *name;
    double x[INPUTS_MAX], u[INPUTS_MAX], df[INPUTS_MAX];
    zh_variate_input variate[INPUTS_MAX];
    zh_str shape[INPUTS_MAX];
    const zh_formula *model;
} budget;

/* By its heading, else by its place. */
static const zh_sheet_column *column_of(const zh_bench *b, const char *const *heads, size_t n,
                                        size_t place)
{
    for (size_t i = 0; i < b->sheet->ncolumns; i++) {
        for (size_t k = 0; k < n; k++) {
            if (zh_str_is(b->sheet->columns[i].name, heads[k])) {
                return &b->sheet->columns[i];
            }
        }
    }
    return place < b->sheet->ncolumns ? &b->sheet->columns[place] : NULL;
}

static zh_rc number_at(zh_bench *b, const zh_sheet_column *column, size_t row, double *out)
{
    *out = column != NULL ? column->number[row] : (double)NAN;
    if (isfinite(*out) || (column != NULL && zh_sheet_is_missing(column->text[row]))) {
        return ZH_OK;
    }
    return zh_bench_refuse(b, "tool.number", "每行：量的名称、值、标准不确定度、分布、自由度",
                           "第 %zu 行缺一个数", row + 1);
}

/* A distribution with mean x and standard deviation u. */
static zh_rc variate(zh_bench *b, zh_str word, double x, double u, double df, zh_variate_input *out)
{
    static const struct {
        const char *names[5];
        zh_variate type;
        double half; /* half width over standard deviation */
    } shapes[] = {
        {{"正态", "normal", "N", "A", ""}, ZH_VARIATE_NORMAL, 0},
        {{"均匀", "矩形", "uniform", "rectangular", "R"}, ZH_VARIATE_UNIFORM, 1.7320508075688772},
        {{"三角", "三角形", "triangular", "T", "tri"}, ZH_VARIATE_TRIANGULAR, 2.449489742783178},
        {{"反正弦", "U形", "U 形", "arcsine", "U"}, ZH_VARIATE_ARCSINE, 1.4142135623730951},
    };
    if (!(u > 0)) {
        *out = (zh_variate_input){ZH_VARIATE_CONSTANT, x, 0, 0};
        return ZH_OK;
    }
    for (size_t i = 0; i < ZH_COUNTOF(shapes); i++) {
        for (size_t k = 0; k < ZH_COUNTOF(shapes[i].names); k++) {
            if (!zh_str_is(word, shapes[i].names[k])) {
                continue;
            }
            double half = shapes[i].half * u;
            *out = half > 0       ? (zh_variate_input){shapes[i].type, x - half, x + half, x}
                   : isfinite(df) ? (zh_variate_input){ZH_VARIATE_STUDENT, x, u, df}
                                  : (zh_variate_input){ZH_VARIATE_NORMAL, x, u, 0};
            return ZH_OK;
        }
    }
    return zh_bench_refuse(b, "tool.distribution", "可用：正态、均匀、三角、反正弦",
                           "没有分布「%.*s」", ZH_FMT(word));
}

static zh_rc read_budget(zh_bench *b, budget *out)
{
    static const char *const xs[] = {"值", "估计值", "x", "value"};
    static const char *const us[] = {"标准不确定度", "u", "不确定度", "uncertainty"};
    static const char *const shapes[] = {"分布", "distribution"};
    static const char *const dfs[] = {"自由度", "df", "ν"};
    const zh_sheet_column *x = column_of(b, xs, ZH_COUNTOF(xs), 1);
    const zh_sheet_column *u = column_of(b, us, ZH_COUNTOF(us), 2);
    const zh_sheet_column *shape = column_of(b, shapes, ZH_COUNTOF(shapes), 3);
    const zh_sheet_column *df = column_of(b, dfs, ZH_COUNTOF(dfs), 4);
    out->n = b->sheet->nrows;
    out->name = b->sheet->columns[0].text;
    if (out->n > INPUTS_MAX) {
        return zh_bench_refuse(b, "tool.inputs", NULL, "至多 %d 个输入量", INPUTS_MAX);
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < out->n && rc == ZH_OK; i++) {
        rc = number_at(b, x, i, &out->x[i]);
        if (rc == ZH_OK) {
            rc = number_at(b, u, i, &out->u[i]);
        }
        out->df[i] = df != NULL && isfinite(df->number[i]) ? df->number[i] : (double)INFINITY;
        out->shape[i] =
            shape != NULL && !zh_sheet_is_missing(shape->text[i]) ? shape->text[i] : ZH_STR("");
        if (rc == ZH_OK) {
            rc = variate(b, out->shape[i], out->x[i], out->u[i], out->df[i], &out->variate[i]);
        }
    }
    zh_str model = zh_bench_asked(b, "model");
    if (rc == ZH_OK && model.n == 0) {
        rc = zh_bench_refuse(b, "tool.model", "用第一列的名称写出算式，例如 V/I 或 m*(1+a*dT)",
                             "还没有测量模型");
    }
    return rc == ZH_OK ? zh_formula_parse(b->arena, model, out->name, out->n, &out->model, b->err)
                       : rc;
}

/* The values that are drawn: those far outside would squeeze the middle. */
static void middle_of(const zh_monte_carlo *mc, const zh_gum *gum, size_t *from, size_t *to)
{
    double spread = fmax(4 * gum->u_c, 1.2 * (mc->shortest.upper - mc->shortest.lower));
    *from = 0;
    *to = mc->draws;
    while (*from < *to && mc->sorted[*from] < mc->mean - spread) {
        ++*from;
    }
    while (*to > *from && mc->sorted[*to - 1] > mc->mean + spread) {
        --*to;
    }
}

static zh_rc monte_carlo(zh_bench *b, const budget *in, const zh_gum *gum, double confidence,
                         zh_monte_carlo *out)
{
    int64_t draws = 0;
    int64_t seed = 1;
    zh_histogram h;
    zh_rc rc = zh_bench_whole(b, "draws", 1000, 2000000, &draws);
    rc = rc == ZH_OK ? zh_bench_whole(b, "seed", 0, INT64_C(1000000000), &seed) : rc;
    if (rc == ZH_OK) {
        rc = zh_monte_carlo_propagate(b->arena, in->model, in->variate, NULL, (size_t)draws,
                                      (uint64_t)seed, confidence, out, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t from;
    size_t to;
    middle_of(out, gum, &from, &to);
    rc = zh_histogram_of(b->arena, out->sorted + from, to - from, &h, b->err);
    if (rc != ZH_OK) {
        return rc;
    }
    enum { CURVE = 160 };
    double *x = ZH_NEW_N(b->arena, double, CURVE);
    double *y = ZH_NEW_N(b->arena, double, CURVE);
    for (size_t i = 0; i < CURVE; i++) {
        x[i] = h.low + (h.high - h.low) * (double)i / (CURVE - 1);
        y[i] = zh_histogram_normal(&h, (double)out->draws, x[i], gum->y, gum->u_c);
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_COLUMNS,
         .x = h.middle,
         .y = h.count,
         .n = h.n,
         .width = h.width,
         .role = ZH_ROLE_Q3,
         .label = zh_bench_say(b, "蒙特卡洛", "Monte Carlo"),
         .titles = h.titles},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = y,
         .n = CURVE,
         .role = ZH_ROLE_C1,
         .label = zh_bench_say(b, "GUM 的正态近似", "normal, by the GUM")},
    };
    const zh_xy_line lines[] = {
        {.vertical = true, .at = out->shortest.lower, .dash = ZH_DASH_TARGET},
        {.vertical = true,
         .at = out->shortest.upper,
         .dash = ZH_DASH_TARGET,
         .label = zh_bench_say(b, "最短包含区间", "shortest interval")},
    };
    zh_str title = zh_bench_say(b, "蒙特卡洛：标准差 %.*s，最短区间 %.*s–%.*s",
                                "Monte Carlo: sd %.*s, shortest interval %.*s–%.*s",
                                ZH_FMT(zh_bench_digits(b, out->sd, 4)),
                                ZH_FMT(zh_bench_digits(b, out->shortest.lower, 9)),
                                ZH_FMT(zh_bench_digits(b, out->shortest.upper, 9)));
    zh_xy xy = {.title = title,
                .series = series,
                .nseries = 2,
                .lines = lines,
                .nlines = 2,
                .y = {.low = ZH_SOME(0)}};
    return zh_bench_xy(
        b, &xy, title,
        zh_bench_say(b, "模型值的分布，%zu 次抽取，种子 %d",
                     "values of the model, %zu draws, seed %d", out->draws, (int)seed),
        zh_bench_say(b, "柱与曲线相差大时，以蒙特卡洛为准：模型非线性，或某个分布不是正态。",
                     "Where bars and curve differ, believe the bars: the model bends or an input "
                     "is not normal."));
}

static zh_rc shares(zh_bench *b, const budget *in, const zh_gum *gum)
{
    double *x = ZH_NEW_N(b->arena, double, INPUTS_MAX);
    double *y = ZH_NEW_N(b->arena, double, INPUTS_MAX);
    zh_str *titles = ZH_NEW_N(b->arena, zh_str, INPUTS_MAX);
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, INPUTS_MAX);
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "不确定度预算", "Budget"), ZH_STR(""), true);
    const char *const heads[][2] = {{"量", "Quantity"},       {"值 x", "x"},    {"u(x)", "u(x)"},
                                    {"分布", "Distribution"}, {"自由度", "df"}, {"灵敏系数 c", "c"},
                                    {"|c|u", "|c|u"}};
    for (size_t i = 0; i < ZH_COUNTOF(heads); i++) {
        zh_bench_head(&t, zh_str_of(heads[i][b->english]), i != 0 && i != 3);
    }
    zh_bench_head(&t, zh_bench_say(b, "占比 %%", "Share %%"), true);
    for (size_t i = 0; i < in->n; i++) {
        x[i] = (double)i + 1;
        y[i] = 100 * gum->share[i];
        ticks[i] = (zh_xy_tick){x[i], in->name[i]};
        titles[i] = zh_str_fmt(b->arena, "%.*s %.1f%%", ZH_FMT(in->name[i]), y[i]);
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_cell(&t, in->name[i]);
        zh_bench_value(&t, in->x[i], 9);
        zh_bench_value(&t, in->u[i], 4);
        zh_bench_cell(&t, in->shape[i].n > 0 ? in->shape[i] : zh_bench_say(b, "正态", "normal"));
        zh_bench_cell(&t, isfinite(in->df[i]) ? zh_bench_digits(b, in->df[i], 4) : ZH_STR("∞"));
        zh_bench_value(&t, gum->sensitivity[i], 5);
        zh_bench_value(&t, fabs(gum->sensitivity[i]) * in->u[i], 4);
        zh_bench_cell(&t, zh_bench_fixed(b, y[i], 1));
    }
    zh_bench_end(&t);
    const zh_xy_series series = {.kind = ZH_XY_COLUMNS,
                                 .x = x,
                                 .y = y,
                                 .n = in->n,
                                 .width = 0.5,
                                 .role = ZH_ROLE_Q5,
                                 .titles = titles};
    zh_xy xy = {.title = b->finding,
                .series = &series,
                .nseries = 1,
                .x = {.ticks = ticks,
                      .nticks = in->n,
                      .low = ZH_SOME(0.5),
                      .high = ZH_SOME((double)in->n + 0.5)},
                .y = {.low = ZH_SOME(0), .unit = ZH_STR("%")}};
    return zh_bench_xy(b, &xy, b->finding,
                       zh_bench_say(b, "各输入量在合成方差中的占比",
                                    "share of each input in the combined variance"),
                       zh_bench_say(b, "先减小最高的那一根：其余的减了也看不出来。",
                                    "Reduce the tallest first: the others will not show."));
}

static void results(zh_bench *b, const zh_gum *gum, const zh_monte_carlo *mc)
{
    zh_bench_table t = zh_bench_table_of(b, zh_bench_say(b, "结果", "Result"), ZH_STR(""), false);
    zh_bench_head(&t, zh_bench_say(b, "量", "Quantity"), false);
    zh_bench_head(&t, ZH_STR("GUM"), true);
    zh_bench_head(&t, zh_bench_say(b, "二阶", "second order"), true);
    zh_bench_head(&t, zh_bench_say(b, "蒙特卡洛", "Monte Carlo"), true);
    const struct {
        const char *zh, *en;
        double gum, second, mc;
    } rows[] = {
        {"y", "y", gum->y, gum->y_second_order, mc->mean},
        {"u(y)", "u(y)", gum->u_c, gum->u_second_order, mc->sd},
        {"有效自由度", "effective df", gum->nu_eff, (double)NAN, (double)NAN},
        {"包含因子 k", "coverage factor k", gum->k, (double)NAN, (double)NAN},
        {"扩展不确定度 U", "expanded uncertainty U", gum->U, (double)NAN,
         (mc->symmetric.upper - mc->symmetric.lower) / 2},
        {"区间下端", "lower end", gum->y - gum->U, (double)NAN, mc->symmetric.lower},
        {"区间上端", "upper end", gum->y + gum->U, (double)NAN, mc->symmetric.upper},
    };
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++) {
        int digits = i == 0 || i > 4 ? 9 : ZH_TOOL_DIGITS;
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_cell(&t, zh_str_of(b->english ? rows[i].en : rows[i].zh));
        zh_bench_value(&t, rows[i].gum, digits);
        zh_bench_value(&t, rows[i].second, digits);
        zh_bench_value(&t, rows[i].mc, digits);
    }
    zh_bench_end(&t);
}

static zh_rc run(zh_bench *b)
{
    budget *in = ZH_NEW(b->arena, budget);
    zh_gum gum;
    zh_monte_carlo mc;
    double confidence;
    zh_rc rc = read_budget(b, in);
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "confidence", 50, 99.9, &confidence);
        confidence /= 100;
    }
    if (rc == ZH_OK) {
        rc = zh_gum_propagate(b->arena, in->model, in->x, in->u, in->df, NULL, confidence, &gum,
                              b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t most = 0;
    for (size_t i = 1; i < in->n; i++) {
        most = gum.share[i] > gum.share[most] ? i : most;
    }
    b->finding = zh_bench_say(
        b, "y = %.*s，U = %.*s（k = %.*s），%.0f%% 来自 %.*s",
        "y = %.*s, U = %.*s (k = %.*s), %.0f %% of it from %.*s",
        ZH_FMT(zh_bench_digits(b, gum.y, 9)), ZH_FMT(zh_bench_digits(b, gum.U, 3)),
        ZH_FMT(zh_bench_digits(b, gum.k, 3)), 100 * gum.share[most], ZH_FMT(in->name[most]));
    rc = shares(b, in, &gum);
    if (rc == ZH_OK) {
        rc = monte_carlo(b, in, &gum, confidence, &mc);
    }
    if (rc == ZH_OK) {
        results(b, &gum, &mc);
    }
    return rc;
}

const zh_tool zh_tool_uncertainty = {
    .id = "uncertainty",
    .name = {"不确定度预算", "Uncertainty budget"},
    .answers = {"测量结果有多大的不确定度，主要来自哪里",
                "How uncertain is a result, and what from?"},
    .data = {"每行一个输入量：名称、值、标准不确定度、分布（正态、均匀、三角、反正弦）、自由度",
             "One input a row: name, value, standard uncertainty, distribution (normal, uniform, "
             "triangular, "
             "arcsine), df"},
    .method = {"JCGM 100:2008（JJF 1059.1）式 13、G.2b；JCGM 101:2008（JJF 1059.2）",
               "JCGM 100:2008 equations 13 and G.2b; JCGM 101:2008"},
    .limits = {"输入量相关时用 metrology.gum_linear 给出相关系数；模型在该点不可导时不适用。",
               "For correlated inputs call metrology.gum_linear; not for models without a "
               "derivative there."},
    .sheet = "metrology",
    .engines = "metrology.gum_linear metrology.monte_carlo",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
