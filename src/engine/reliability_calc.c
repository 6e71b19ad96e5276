/* Reliability calculations by name. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/reliability.h"
#include <math.h>

static double confidence_of(zh_door *door, double otherwise)
{
    return zh_door_between_or(door, "confidence", 0.0, 1.0, otherwise);
}

struct lives {
    zh_numbers time;
    zh_counts event;
};

/* Times, and which of them are failures (1) or censored (0); without `event` all are failures. */
static struct lives read_lives(zh_door *door)
{
    struct lives d = {.time = zh_door_numbers(door, "time")};
    if (!zh_door_has(door, "event")) {
        d.event = (zh_counts){d.time.n, ZH_TRY_N(door->arena, int64_t, d.time.n + 1)};
        if (d.event.v == NULL) {
            (void)zh_door_room(door, SIZE_MAX);
        }
        for (size_t i = 0; d.event.v != NULL && i < d.time.n; i++) {
            d.event.v[i] = 1;
        }
        return d;
    }
    d.event = zh_door_counts(door, "event", 0, 1);
    if (door->rc == ZH_OK && d.event.n != d.time.n) {
        (void)zh_door_refuse(door, "event", "有 %zu 个值，time 有 %zu 个", d.event.n, d.time.n);
    }
    return d;
}

/* ---- Weibull ---- */

static zh_numbers read_quantiles(zh_door *door)
{
    zh_numbers q = {0};
    if (!zh_door_has(door, "quantiles")) {
        return q;
    }
    q = zh_door_numbers(door, "quantiles");
    for (size_t i = 0; i < q.n && door->rc == ZH_OK; i++) {
        if (!(q.v[i] > 0.0 && q.v[i] < 1.0)) {
            (void)zh_door_refuse(door, "quantiles", "第 %zu 个 %g 不在 0 与 1 之间", i + 1, q.v[i]);
        }
    }
    return q;
}

static void put_weibull(zh_jw *out, const zh_weibull_fit *fit, zh_numbers q, double *room)
{
    double *lower = room + q.n;
    double *upper = lower + q.n;
    for (size_t i = 0; i < q.n; i++) {
        zh_interval ends;
        room[i] = zh_weibull_quantile(fit, q.v[i], &ends);
        lower[i] = ends.lower;
        upper[i] = ends.upper;
    }
    zh_jw_object(out);
    zh_put_number(out, "shape", fit->shape);
    zh_put_number(out, "scale", fit->scale);
    zh_put_number(out, "loglik", fit->loglik);
    zh_put_number(out, "se_log_scale", fit->se_log_scale);
    zh_put_number(out, "se_log_shape", fit->se_log_shape);
    zh_put_number(out, "shape_lower", fit->shape_ci.lower);
    zh_put_number(out, "shape_upper", fit->shape_ci.upper);
    zh_put_number(out, "scale_lower", fit->scale_ci.lower);
    zh_put_number(out, "scale_upper", fit->scale_ci.upper);
    zh_put_numbers(out, "quantile", room, q.n);
    zh_put_numbers(out, "quantile_lower", lower, q.n);
    zh_put_numbers(out, "quantile_upper", upper, q.n);
    zh_put_count(out, "failures", (int64_t)fit->events);
    zh_jw_object_end(out);
}

static zh_rc weibull_mle(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct lives d = read_lives(&door);
    zh_numbers q = read_quantiles(&door);
    double confidence = confidence_of(&door, 0.95);
    double *room = zh_door_room(&door, 3 * q.n);
    zh_weibull_fit fit;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_weibull_mle(arena, d.time.v, d.event.v, d.time.n, confidence, &fit, err);
    }
    if (rc == ZH_OK) {
        put_weibull(out, &fit, q, room);
    }
    return rc;
}

ZH_ENGINE(reliability_weibull_mle) = {
    .name = "reliability.weibull_mle",
    .zh = "Weibull 分布的极大似然估计，可有右截尾，带区间与分位数",
    .input = "{\"time\": [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], \"event\": [1, 1, 0, 1, 1, "
             "0, 1, 1, 0, 1, 0], \"confidence\": 0.95, \"quantiles\": [0.1, 0.5]}",
    .method = "Meeker & Escobar 1998，8.2–8.4；IEC 61649，9",
    .run = weibull_mle,
};

static zh_rc weibull_mrr(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const positions[] = {"beta", "Benard",       "mean", "Hazen",
                                            "Blom", "Kaplan-Meier", NULL};
    static const char *const regressions[] = {"XonY", "YonX", NULL};
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers failures = zh_door_numbers(&door, "failures");
    zh_numbers suspensions = {0};
    if (zh_door_has(&door, "suspensions")) {
        suspensions = zh_door_numbers(&door, "suspensions");
    }
    size_t position = zh_door_choice(&door, "position", positions, 0);
    size_t regression = zh_door_choice(&door, "regression", regressions, 0);
    zh_weibull_ranks r;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_weibull_rank_regression(arena, failures.v, failures.n, suspensions.v, suspensions.n,
                                        (zh_rank_position)position, (zh_rank_regression)regression,
                                        &r, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_numbers(out, "time", r.time, r.n);
        zh_put_numbers(out, "adjusted_rank", r.rank, r.n);
        zh_put_numbers(out, "median_rank", r.position, r.n);
        zh_put_number(out, "eta", r.eta);
        zh_put_number(out, "beta", r.beta);
        zh_put_number(out, "r2", r.r2);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_weibull_mrr) = {
    .name = "reliability.weibull_mrr",
    .zh = "Weibull 中位秩回归，可有中止样品（Johnson 调整秩）",
    .input = "{\"failures\": [20, 41, 63, 88], \"suspensions\": [30, 70, 95], \"position\": "
             "\"Benard\", \"regression\": \"XonY\"}",
    .method = "Johnson 1964；Abernethy 2006，2；IEC 61649，7",
    .run = weibull_mrr,
};

static zh_rc weibayes(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct lives d = read_lives(&door);
    double shape = zh_door_number(&door, "shape");
    double confidence = confidence_of(&door, 0.9);
    zh_weibayes fit;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_weibayes_fit(d.time.v, d.event.v, d.time.n, shape, confidence, &fit, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "scale", fit.scale);
        zh_put_number(out, "scale_lower", fit.scale_lower);
        zh_put_count(out, "failures", (int64_t)fit.failures);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_weibayes) = {
    .name = "reliability.weibayes",
    .zh = "已知形状参数时的 Weibull 尺度参数与单侧下限（Weibayes，允许零失效）",
    .input = "{\"time\": [500, 500, 500, 500], \"event\": [0, 0, 0, 0], \"shape\": 2, "
             "\"confidence\": 0.9}",
    .method = "Abernethy 2006，6.3；IEC 61649，11",
    .run = weibayes,
};

/* ---- Kaplan-Meier ---- */

/* One column of the table of steps. */
static void put_column(zh_jw *out, const char *name, const zh_survival *s, size_t offset)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < s->n; i++) {
        zh_jw_double(out, *(const double *)(const void *)((const char *)&s->steps[i] + offset));
    }
    zh_jw_array_end(out);
}

static void put_count_column(zh_jw *out, const char *name, const zh_survival *s, size_t offset)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < s->n; i++) {
        zh_jw_u64(out, *(const uint64_t *)(const void *)((const char *)&s->steps[i] + offset));
    }
    zh_jw_array_end(out);
}

static void put_survival(zh_jw *out, const zh_survival *s)
{
    static const struct {
        const char *name;
        size_t offset;
    } columns[] = {{"surv", offsetof(zh_survival_step, survival)},
                   {"se_cumhaz_log", offsetof(zh_survival_step, se_log)},
                   {"lower_log", offsetof(zh_survival_step, log.lower)},
                   {"upper_log", offsetof(zh_survival_step, log.upper)},
                   {"lower_loglog", offsetof(zh_survival_step, log_log.lower)},
                   {"upper_loglog", offsetof(zh_survival_step, log_log.upper)},
                   {"lower_plain", offsetof(zh_survival_step, plain.lower)},
                   {"upper_plain", offsetof(zh_survival_step, plain.upper)}};
    zh_jw_object(out);
    put_column(out, "time", s, offsetof(zh_survival_step, time));
    put_count_column(out, "n_risk", s, offsetof(zh_survival_step, at_risk));
    put_count_column(out, "n_event", s, offsetof(zh_survival_step, events));
    put_count_column(out, "n_censor", s, offsetof(zh_survival_step, censored));
    for (size_t i = 0; i < ZH_COUNTOF(columns); i++) {
        put_column(out, columns[i].name, s, columns[i].offset);
    }
    zh_put_numbers(out, "median", &s->median, 1);
    zh_put_number(out, "rmean", s->rmean);
    zh_put_number(out, "rmean_se", s->rmean_se);
    zh_jw_object_end(out);
}

static zh_rc kaplan_meier(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct lives d = read_lives(&door);
    double confidence = confidence_of(&door, 0.95);
    zh_survival s;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_kaplan_meier(arena, d.time.v, d.event.v, d.time.n, confidence, &s, err);
    }
    if (rc == ZH_OK) {
        put_survival(out, &s);
    }
    return rc;
}

ZH_ENGINE(reliability_kaplan_meier) = {
    .name = "reliability.kaplan_meier",
    .zh = "Kaplan–Meier 生存曲线，三种区间，中位寿命，限制平均寿命",
    .input = "{\"time\": [9, 13, 13, 18, 23, 28], \"event\": [1, 1, 0, 1, 1, 0], \"confidence\": "
             "0.95}",
    .method = "Kaplan & Meier 1958；Greenwood 1926；Klein & Moeschberger，4",
    .run = kaplan_meier,
};

/* ---- exponential and growth ---- */

static bool read_truncation(zh_door *door)
{
    static const char *const choices[] = {"time", "failure", NULL};
    return zh_door_choice(door, "truncation", choices, 0) == 1;
}

static zh_rc exponential_mtbf_ci(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    int64_t failures = zh_door_integer(&door, "failures", 0, ZH_RELIABILITY_SAMPLE_MAX);
    double total = zh_door_number(&door, "total_time");
    bool stopped = read_truncation(&door);
    double confidence = confidence_of(&door, 0.9);
    zh_mtbf m;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_exponential_mtbf(failures, total, stopped, confidence, &m, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "mtbf", m.mtbf);
        zh_put_number(out, "lower", m.interval.lower);
        zh_put_number(out, "upper", m.interval.upper);
        zh_put_number(out, "lower_one_sided", m.lower_one_sided);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_exponential_mtbf_ci) = {
    .name = "reliability.exponential_mtbf_ci",
    .zh = "指数分布平均失效间隔时间（MTBF）的区间，定时或定数截尾",
    .input =
        "{\"failures\": 3, \"total_time\": 2500, \"truncation\": \"time\", \"confidence\": 0.9}",
    .method = "IEC 60605-4，5.2、5.3",
    .run = exponential_mtbf_ci,
};

static zh_rc crow_amsaa(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers times = zh_door_numbers(&door, "times");
    bool stopped = read_truncation(&door);
    double last = times.n > 0 && times.v != NULL ? times.v[times.n - 1] : 0.0;
    double end = zh_door_number_or(&door, "end_time", last);
    double confidence = confidence_of(&door, 0.9);
    zh_growth g;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_crow_amsaa(times.v, times.n, end, stopped, confidence, &g, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "beta", g.beta);
        zh_put_number(out, "beta_unbiased", g.beta_unbiased);
        zh_put_number(out, "lambda", g.lambda);
        zh_put_number(out, "mtbf_cumulative", g.mtbf_cumulative);
        zh_put_number(out, "mtbf_instantaneous", g.mtbf_instantaneous);
        zh_put_number(out, "mtbf_instantaneous_unbiased", g.mtbf_instantaneous_unbiased);
        zh_put_number(out, "beta_lower", g.beta_ci.lower);
        zh_put_number(out, "beta_upper", g.beta_ci.upper);
        zh_put_number(out, "cvm", g.cvm);
        zh_put_number(out, "growth_rate", g.growth_rate);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_crow_amsaa) = {
    .name = "reliability.crow_amsaa",
    .zh = "可靠性增长：Crow–AMSAA 幂律过程，定时或定数截尾",
    .input =
        "{\"times\": [3, 11, 20, 44, 80, 92, 150, 190, 260, 330, 410, 480], \"end_time\": 500, "
        "\"truncation\": \"time\", \"confidence\": 0.9}",
    .method = "MIL-HDBK-189C，5.5；IEC 61164，9",
    .run = crow_amsaa,
};

static zh_rc duane(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers times = zh_door_numbers(&door, "times");
    zh_duane d;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_duane_fit(arena, times.v, times.n, &d, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "alpha", d.alpha);
        zh_put_number(out, "b", d.b);
        zh_put_number(out, "r2", d.r2);
        zh_put_number(out, "mtbf_instantaneous_end", d.mtbf_instantaneous_end);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_duane) = {
    .name = "reliability.duane",
    .zh = "可靠性增长：Duane 图的最小二乘直线",
    .input = "{\"times\": [3, 11, 20, 44, 80, 92, 150, 190, 260, 330, 410, 480]}",
    .method = "Duane 1964；IEC 61014",
    .run = duane,
};

/* ---- test planning ---- */

/* Of reliability and n exactly one is given, the other is answered. */
static zh_rc success_run(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    int64_t failures = zh_door_integer_or(&door, "failures", 0, ZH_RELIABILITY_SAMPLE_MAX, 0);
    double confidence = confidence_of(&door, 0.9);
    bool units_given = zh_door_has(&door, "n");
    if (units_given == zh_door_has(&door, "reliability")) {
        return zh_door_refuse(&door, "n", "n 与 reliability 恰好给一个，另一个由此算出");
    }
    int64_t n = units_given ? zh_door_integer(&door, "n", 1, ZH_RELIABILITY_SAMPLE_MAX) : 0;
    double reliability = units_given ? 0.0 : zh_door_between(&door, "reliability", 0.0, 1.0);
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = units_given ? zh_demonstrated_reliability(n, failures, confidence, &reliability, err)
                         : zh_success_run(reliability, confidence, failures, &n, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_count(out, "n", n);
        zh_put_number(out, "reliability", reliability);
        zh_put_number(out, "confidence", confidence);
        zh_put_count(out, "failures", failures);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_success_run) = {
    .name = "reliability.success_run",
    .zh = "验证可靠度的样品数，或样品数能验证的可靠度（二项，允许若干失效）",
    .input = "{\"reliability\": 0.9, \"confidence\": 0.9, \"failures\": 0}",
    .method = "成功流程 n = ln(1−C)/ln R；Clopper & Pearson 1934",
    .run = success_run,
};

static zh_rc weibayes_units(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    double reliability = zh_door_between(&door, "reliability", 0.0, 1.0);
    double mission = zh_door_number(&door, "mission_time");
    double shape = zh_door_number(&door, "shape");
    double test = zh_door_number(&door, "test_time");
    int64_t failures = zh_door_integer_or(&door, "failures", 0, ZH_RELIABILITY_SAMPLE_MAX, 0);
    double confidence = confidence_of(&door, 0.9);
    int64_t n;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_weibayes_units(reliability, mission, shape, test, confidence, failures, &n, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_count(out, "n", n);
        zh_put_number(out, "reliability_at_test_time",
                      exp(log(reliability) * pow(test / mission, shape)));
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_weibayes_units) = {
    .name = "reliability.weibayes_units",
    .zh = "已知 Weibull 形状参数时，验证任务可靠度要试验多少样品",
    .input = "{\"reliability\": 0.9, \"mission_time\": 1000, \"shape\": 2, \"test_time\": 1500, "
             "\"confidence\": 0.9, \"failures\": 0}",
    .method = "Abernethy 2006，6",
    .run = weibayes_units,
};

static zh_rc exponential_test_time(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    double mtbf = zh_door_number(&door, "mtbf");
    int64_t failures = zh_door_integer_or(&door, "failures", 0, ZH_RELIABILITY_SAMPLE_MAX, 0);
    double confidence = confidence_of(&door, 0.9);
    double total;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_exponential_test_time(mtbf, confidence, failures, &total, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "total_time", total);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(reliability_exponential_test_time) = {
    .name = "reliability.exponential_test_time",
    .zh = "验证 MTBF 需要的总试验时间（指数分布，允许若干失效）",
    .input = "{\"mtbf\": 1000, \"confidence\": 0.9, \"failures\": 1}",
    .method = "IEC 61124",
    .run = exponential_test_time,
};
