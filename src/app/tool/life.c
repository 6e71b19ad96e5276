/* 威布尔图: life data with censoring on probability paper, Kaplan-Meier beside it. */
#include "app/tool/subgroup.h"
#include "app/tool/tools.h"
#include "engine/reliability.h"
#include "fmt/chart_xy.h"
#include <math.h>

enum { CURVE = 81 };

static const zh_tool_ask asks[] = {
    {"time", {"时间列", "time"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"status",
     {"状态列（1 失效，0 未失效）", "status (1 failed, 0 running)"},
     ZH_TOOL_COLUMN,
     NULL,
     "",
     NULL},
    {"at", {"要问的时间", "time asked about"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"confidence", {"置信水平（%）", "confidence (%)"}, ZH_TOOL_NUMBER, NULL, "95", NULL},
};

static const zh_tool_sample samples[] = {
    {"bearings",
     {"23 套滚珠轴承", "23 ball bearings"},
     "packs/tools/data/ball_bearings.csv",
     "at=50",
     {"J. Lieblein, M. Zelen, J. Res. NBS 57 (1956) 273；J. F. Lawless：形状 2.10，尺度 81.88",
      "J. Lieblein, M. Zelen, J. Res. NBS 57 (1956) 273; J. F. Lawless: shape 2.10, scale 81.88"}},
    {"leukemia",
     {"带截尾的 11 个时间", "11 times, some censored"},
     "packs/tools/data/aml_maintained.csv",
     "",
     {"S. H. Embury et al. 1977，R 包 survival 的 aml（维持组）；+ 为未发生",
      "S. H. Embury et al. 1977, aml (maintained) of R package survival; + is censored"}},
};

typedef struct lives {
    size_t n, failed;
    double *time;
    int64_t *event;
    zh_str unit;
} lives;

/* Failed unless the time ends in + or the status says otherwise. */
static zh_rc event_of(zh_bench *b, const zh_sheet_column *status, zh_str time, size_t row,
                      int64_t *out)
{
    static const char *const running[] = {"0", "截尾", "删失",     "未失效",  "在用",      "中止",
                                          "S", "s",    "censored", "running", "suspended", "否"};
    static const char *const failed[] = {"1", "失效", "故障", "F", "f", "failed", "failure", "是"};
    *out = !(zh_str_ends(time, ZH_STR("+")) || zh_str_ends(time, ZH_STR("＋")));
    if (status == NULL) {
        return ZH_OK;
    }
    for (size_t i = 0; i < ZH_COUNTOF(running); i++) {
        if (zh_str_is(status->text[row], running[i])) {
            *out = 0;
            return ZH_OK;
        }
    }
    for (size_t i = 0; i < ZH_COUNTOF(failed); i++) {
        if (zh_str_is(status->text[row], failed[i])) {
            return ZH_OK;
        }
    }
    return zh_bench_refuse(b, "tool.status", "失效写 1 或 失效，未失效写 0 或 截尾",
                           "状态列第 %zu 行的意思不清楚", row + 1);
}

static zh_rc read_lives(zh_bench *b, lives *out)
{
    const zh_sheet_column *time;
    const zh_sheet_column *status = NULL;
    const zh_sheet_column *second = zh_bench_measured(b, 1);
    size_t n = b->sheet->nrows;
    zh_rc rc = zh_bench_numbers(b, "time", zh_bench_measured(b, 0), false, &time);
    if (rc == ZH_OK) {
        bool flags = second != NULL && second != time;
        for (size_t i = 0; flags && i < n; i++) {
            flags = !(second->number[i] > 1) && !(second->number[i] < 0);
        }
        rc = zh_bench_column(b, "status", flags ? second : NULL, &status);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    *out = (lives){n, 0, ZH_TRY_N(b->arena, double, n), ZH_TRY_N(b->arena, int64_t, n), time->unit};
    if (out->time == NULL || out->event == NULL) {
        return zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        out->time[i] = time->number[i];
        rc = event_of(b, status, time->text[i], i, &out->event[i]);
        out->failed += out->event[i] != 0;
    }
    return rc;
}

static double paper(double f)
{
    return log(-log1p(-f));
}

static zh_rc median_ranks(zh_bench *b, const lives *l, zh_weibull_ranks *out)
{
    double *failures = ZH_NEW_N(b->arena, double, l->n + 1);
    double *suspensions = ZH_NEW_N(b->arena, double, l->n + 1);
    size_t f = 0;
    size_t s = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->event[i] != 0) {
            failures[f++] = l->time[i];
        } else {
            suspensions[s++] = l->time[i];
        }
    }
    return zh_weibull_rank_regression(b->arena, failures, f, suspensions, s, ZH_RANK_BETA,
                                      ZH_REGRESS_X_ON_Y, out, b->err);
}

static zh_xy_tick *paper_ticks(zh_bench *b, size_t *n)
{
    static const double shares[] = {0.001, 0.005, 0.01, 0.02, 0.05, 0.1,  0.2,  0.3,
                                    0.5,   0.632, 0.8,  0.9,  0.95, 0.99, 0.999};
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, ZH_COUNTOF(shares));
    for (size_t i = 0; i < ZH_COUNTOF(shares); i++) {
        ticks[i] = (zh_xy_tick){paper(shares[i]), zh_str_fmt(b->arena, "%.3g%%", shares[i] * 100)};
    }
    *n = ZH_COUNTOF(shares);
    return ticks;
}

/* The failures on paper; the least share that must be in view is returned. */
static double positions(zh_bench *b, const zh_weibull_ranks *ranks, size_t n, double *y,
                        zh_str *titles)
{
    double least = 0.01;
    for (size_t i = 0; i < n; i++) {
        y[i] = paper(ranks->position[i]);
        titles[i] =
            zh_str_fmt(b->arena, "%.*s：%.1f%%", ZH_FMT(zh_bench_digits(b, ranks->time[i], 5)),
                       100 * ranks->position[i]);
        least = fmin(least, ranks->position[i]);
    }
    return least;
}

static zh_rc probability_plot(zh_bench *b, const lives *l, const zh_weibull_fit *fit,
                              const zh_weibull_ranks *ranks)
{
    size_t nticks;
    zh_xy_tick *ticks = paper_ticks(b, &nticks);
    size_t points = ranks->n < ZH_TOOL_MARKS_MAX ? ranks->n : ZH_TOOL_MARKS_MAX;
    double *y = ZH_NEW_N(b->arena, double, points + 1);
    zh_str *titles = ZH_NEW_N(b->arena, zh_str, points + 1);
    double least = positions(b, ranks, points, y, titles);
    double *curve = ZH_NEW_N(b->arena, double, CURVE);
    double *x = ZH_NEW_N(b->arena, double, CURVE);
    double *low = ZH_NEW_N(b->arena, double, CURVE);
    double *high = ZH_NEW_N(b->arena, double, CURVE);
    double from = paper(least);
    double to = paper(0.99);
    for (size_t i = 0; i < CURVE; i++) {
        zh_interval ci;
        curve[i] = from + (to - from) * (double)i / (CURVE - 1);
        double p = -expm1(-exp(curve[i]));
        x[i] = zh_weibull_quantile(fit, p, &ci);
        low[i] = ci.lower;
        high[i] = ci.upper;
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_LINE,
         .x = low,
         .y = curve,
         .n = CURVE,
         .role = ZH_ROLE_QING,
         .dash = ZH_DASH_GUIDE,
         .label = zh_bench_say(b, "区间", "interval")},
        {.kind = ZH_XY_LINE,
         .x = high,
         .y = curve,
         .n = CURVE,
         .role = ZH_ROLE_QING,
         .dash = ZH_DASH_GUIDE},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = curve,
         .n = CURVE,
         .role = ZH_ROLE_QING,
         .label = zh_bench_say(b, "极大似然", "maximum likelihood")},
        {.kind = ZH_XY_POINTS,
         .x = ranks->time,
         .y = y,
         .n = points,
         .role = ZH_ROLE_INK,
         .titles = titles,
         .label = zh_bench_say(b, "失效（中位秩）", "failures (median ranks)")},
    };
    zh_xy in = {
        .title = b->finding,
        .series = series,
        .nseries = ZH_COUNTOF(series),
        .x = {.log = true, .unit = l->unit, .name = zh_bench_say(b, "时间（对数）", "time (log)")},
        .y = {.ticks = ticks,
              .nticks = nticks,
              .low = ZH_SOME(from),
              .high = ZH_SOME(to),
              .name = zh_bench_say(b, "累积失效", "failed")},
        .height = 300};
    zh_rc rc = zh_bench_xy(
        b, &in, b->finding,
        zh_bench_say(b, "威布尔概率图；%zu 个失效，%zu 个未失效",
                     "Weibull probability plot; %zu failed, %zu running", l->failed,
                     l->n - l->failed),
        zh_bench_say(b, "点落在直线上才是威布尔；弯折说明有两种失效机理。",
                     "Points on the line speak for Weibull; a bend for two mechanisms."));
    return rc;
}

static zh_rc survival(zh_bench *b, const lives *l, double confidence)
{
    zh_survival s;
    zh_rc rc = zh_kaplan_meier(b->arena, l->time, l->event, l->n, confidence, &s, b->err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = s.n + 1;
    double *x = ZH_NEW_N(b->arena, double, n);
    double *y = ZH_NEW_N(b->arena, double, n);
    double *low = ZH_NEW_N(b->arena, double, n);
    double *high = ZH_NEW_N(b->arena, double, n);
    y[0] = low[0] = high[0] = 100;
    for (size_t i = 0; i < s.n; i++) {
        x[i + 1] = s.steps[i].time;
        y[i + 1] = 100 * s.steps[i].survival;
        low[i + 1] = 100 * s.steps[i].log_log.lower;
        high[i + 1] = 100 * s.steps[i].log_log.upper;
        if (isnan(low[i + 1])) { /* before the first failure and after the last unit */
            low[i + 1] = s.steps[i].survival >= 1 ? 100 : (double)NAN;
            high[i + 1] = s.steps[i].survival >= 1 ? 100 : (double)NAN;
        }
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_BAND,
         .x = x,
         .y = low,
         .high = high,
         .n = n,
         .role = ZH_ROLE_QING,
         .step = true},
        {.kind = ZH_XY_STEP, .x = x, .y = y, .n = n, .role = ZH_ROLE_INK},
    };
    zh_str median = isfinite(s.median) ? zh_bench_digits(b, s.median, 4) : ZH_STR("");
    zh_str title = median.n > 0 ? zh_bench_say(b, "一半活过 %.*s%.*s", "Half survive %.*s%.*s",
                                               ZH_FMT(median), ZH_FMT(l->unit))
                                : zh_bench_say(b, "到最后仍有一半以上没有失效",
                                               "More than half have not failed at the end");
    zh_xy in = {.title = title,
                .series = series,
                .nseries = 2,
                .x = {.low = ZH_SOME(0), .unit = l->unit},
                .y = {.low = ZH_SOME(0), .high = ZH_SOME(100), .unit = ZH_STR("%")}};
    if (2 * n <= ZH_XY_POINTS_MAX) {
        rc = zh_bench_xy(b, &in, title,
                         zh_bench_say(b, "Kaplan–Meier 存活率，log-log 区间",
                                      "Kaplan-Meier survival, log-log interval"),
                         ZH_STR(""));
    }
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "存活表", "Life table"), ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "时间", "Time"), true);
    zh_bench_head(&t, zh_bench_say(b, "在险", "At risk"), true);
    zh_bench_head(&t, zh_bench_say(b, "失效", "Failed"), true);
    zh_bench_head(&t, zh_bench_say(b, "截尾", "Censored"), true);
    zh_bench_head(&t, zh_bench_say(b, "存活 %%", "Survival %%"), true);
    zh_bench_head(&t, zh_bench_say(b, "区间", "Interval"), true);
    for (size_t i = 0; i < s.n; i++) {
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_value(&t, s.steps[i].time, 6);
        zh_bench_count(&t, (int64_t)s.steps[i].at_risk);
        zh_bench_count(&t, (int64_t)s.steps[i].events);
        zh_bench_count(&t, (int64_t)s.steps[i].censored);
        zh_bench_cell(&t, zh_bench_fixed(b, 100 * s.steps[i].survival, 1));
        zh_bench_cell(&t,
                      zh_str_fmt(b->arena, "%.*s–%.*s", ZH_FMT(zh_bench_fixed(b, low[i + 1], 1)),
                                 ZH_FMT(zh_bench_fixed(b, high[i + 1], 1))));
    }
    zh_bench_end(&t);
    return rc;
}

static void range(zh_bench_table *t, zh_str name, double value, const zh_interval *ci)
{
    zh_bench_line(t, ZH_ROW_PLAIN);
    zh_bench_cell(t, name);
    zh_bench_value(t, value, ZH_TOOL_DIGITS);
    zh_bench_cell(t, ci == NULL ? ZH_STR("—")
                                : zh_str_fmt(t->b->arena, "%.*s–%.*s",
                                             ZH_FMT(zh_bench_digits(t->b, ci->lower, 4)),
                                             ZH_FMT(zh_bench_digits(t->b, ci->upper, 4))));
}

static zh_rc results(zh_bench *b, const zh_weibull_fit *fit, const zh_weibull_ranks *ranks)
{
    static const double quantiles[] = {0.01, 0.1, 0.5};
    double at;
    zh_rc rc = zh_bench_number(b, "at", &at);
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "估计", "Estimates"), ZH_STR(""), false);
    zh_bench_head(&t, zh_bench_say(b, "量", "Quantity"), false);
    zh_bench_head(&t, zh_bench_say(b, "值", "Value"), true);
    zh_bench_head(&t, zh_bench_say(b, "区间", "Interval"), true);
    range(&t, zh_bench_say(b, "形状 β", "shape β"), fit->shape, &fit->shape_ci);
    range(&t, zh_bench_say(b, "特征寿命 η（63.2%%）", "scale η (63.2 %%)"), fit->scale,
          &fit->scale_ci);
    for (size_t i = 0; i < ZH_COUNTOF(quantiles); i++) {
        zh_interval ci;
        double q = zh_weibull_quantile(fit, quantiles[i], &ci);
        range(&t, zh_str_fmt(b->arena, "B%.0f", 100 * quantiles[i]), q, &ci);
    }
    range(&t, zh_bench_say(b, "平均寿命", "mean life"), fit->scale * tgamma(1 + 1 / fit->shape),
          NULL);
    if (ranks != NULL) {
        range(&t, zh_bench_say(b, "β（中位秩回归）", "β (median rank regression)"), ranks->beta,
              NULL);
        range(&t, zh_bench_say(b, "η（中位秩回归）", "η (median rank regression)"), ranks->eta,
              NULL);
        range(&t, ZH_STR("R²"), ranks->r2, NULL);
    }
    if (rc == ZH_OK && at > 0) {
        double f = -expm1(-pow(at / fit->scale, fit->shape));
        range(&t,
              zh_bench_say(b, "到 %.*s 失效的 %%", "%% failed by %.*s",
                           ZH_FMT(zh_bench_digits(b, at, 4))),
              100 * f, NULL);
    }
    zh_bench_end(&t);
    return rc;
}

static zh_rc run(zh_bench *b)
{
    lives l;
    zh_weibull_fit fit;
    zh_weibull_ranks ranks;
    double confidence;
    zh_rc rc = read_lives(b, &l);
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "confidence", 50, 99.99, &confidence);
        confidence /= 100;
    }
    if (rc == ZH_OK) {
        rc = zh_weibull_mle(b->arena, l.time, l.event, l.n, confidence, &fit, b->err);
    }
    if (rc == ZH_OK && l.failed >= 2) {
        rc = median_ranks(b, &l, &ranks);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_interval *ci = &fit.shape_ci;
    zh_str beta = zh_str_fmt(b->arena, "β %.2f（%.2f–%.2f）", fit.shape, ci->lower, ci->upper);
    b->finding =
        ci->lower > 1
            ? zh_bench_say(b, "越用越容易失效：%.*s，是耗损", "Units wear out: %.*s", ZH_FMT(beta))
        : ci->upper < 1
            ? zh_bench_say(b, "早期失效：%.*s，先坏的是次品", "Early failures: %.*s", ZH_FMT(beta))
            : zh_bench_say(b, "区分不出耗损还是偶然失效：%.*s",
                           "Wear-out and chance failures cannot be told apart: %.*s", ZH_FMT(beta));
    if (l.failed >= 2) {
        rc = probability_plot(b, &l, &fit, &ranks);
    }
    if (rc == ZH_OK) {
        rc = results(b, &fit, l.failed >= 2 ? &ranks : NULL);
    }
    return rc == ZH_OK ? survival(b, &l, confidence) : rc;
}

const zh_tool zh_tool_life = {
    .id = "weibull",
    .name = {"威布尔图", "Weibull plot"},
    .answers = {"寿命多长，多少在保用期内失效，是早期失效还是耗损",
                "How long do units live, and do they fail early or wear out?"},
    .data = {"一列失效时间；未失效的写 1200+，或另有一列状态（1 失效，0 未失效）",
             "One column of times; running units as 1200+ or with a column of status (1 failed, 0 "
             "running)"},
    .method = {"W. Q. Meeker, L. A. Escobar, Statistical Methods for Reliability Data, 1998；IEC "
               "61649；E. L. Kaplan, "
               "P. Meier, JASA 53 (1958) 457",
               "W. Q. Meeker, L. A. Escobar, Statistical Methods for Reliability Data, 1998; IEC "
               "61649; E. L. "
               "Kaplan, P. Meier, JASA 53 (1958) 457"},
    .limits = {"外推到最长观察时间以外没有依据；失效机理不止一种时分开画。",
               "Nothing supports extrapolation beyond the longest time; plot different mechanisms "
               "apart."},
    .sheet = "reliability",
    .engines = "reliability.weibull_mle reliability.weibull_mrr reliability.kaplan_meier",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
