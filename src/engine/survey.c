/* Survey calculations by name: intervals of a proportion, estimates from a weighted sample. */
#include "engine/design.h"
#include "engine/engine.h"
#include "num/interval.h"
#include <math.h>

/* ---- reading the input
 * ------------------------------------------------------------------------------ */

static zh_rc missing(const char *name, const char *what, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "calc.input", "输入缺少 %s，或它不是%s", name, what);
    zh_err_where(err, "%s", name);
    return ZH_EINVAL;
}

static zh_rc get_count(const zh_json *input, const char *name, uint64_t *out, zh_err *err)
{
    int64_t value = 0;
    const zh_json *node = zh_json_get(input, name);
    if (node == NULL || zh_json_i64(node, &value) != ZH_OK || value < 0) {
        return missing(name, "不小于 0 的整数", err);
    }
    *out = (uint64_t)value;
    return ZH_OK;
}

static zh_rc get_number(const zh_json *input, const char *name, double *out, zh_err *err)
{
    const zh_json *node = zh_json_get(input, name);
    if (node == NULL || zh_json_double(node, out) != ZH_OK || !isfinite(*out)) {
        return missing(name, "数", err);
    }
    return ZH_OK;
}

static void put_interval(zh_jw *out, const char *name, zh_interval interval)
{
    zh_jw_key(out, name);
    zh_jw_object(out);
    zh_jw_key(out, "lower");
    zh_jw_double(out, interval.lower);
    zh_jw_key(out, "upper");
    zh_jw_double(out, interval.upper);
    zh_jw_object_end(out);
}

/* ---- proportion of a simple random sample
 * ----------------------------------------------------------- */

static zh_rc proportion_ci(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    (void)arena;
    uint64_t x = 0;
    uint64_t n = 0;
    double confidence = 0.0;
    zh_interval wilson;
    zh_interval exact;
    zh_rc rc = get_count(input, "x", &x, err);
    if (rc == ZH_OK) {
        rc = get_count(input, "n", &n, err);
    }
    if (rc == ZH_OK) {
        rc = get_number(input, "confidence", &confidence, err);
    }
    if (rc == ZH_OK) {
        rc = zh_interval_wilson(x, n, confidence, &wilson, err);
    }
    if (rc == ZH_OK) {
        rc = zh_interval_clopper_pearson(x, n, confidence, &exact, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        put_interval(out, "wilson", wilson);
        put_interval(out, "clopper_pearson", exact);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_proportion_ci) = {
    .name = "survey.proportion_ci",
    .zh = "比例的置信区间（简单随机样本）：Wilson、Clopper–Pearson",
    .input = "{\"x\": 18, \"n\": 20, \"confidence\": 0.95}",
    .method = "Wilson 1927；Clopper & Pearson 1934",
    .run = proportion_ci,
};

/* ---- weighted sample, from sums
 * ------------------------------------------------------------------- */

static void put_estimate(zh_jw *out, const zh_design_estimate *e)
{
    zh_jw_object(out);
    zh_jw_key(out, "estimate");
    zh_jw_double(out, e->estimate);
    zh_jw_key(out, "se");
    zh_jw_double(out, e->se);
    zh_jw_key(out, "df");
    zh_jw_double(out, e->df);
    zh_jw_key(out, "lower");
    zh_jw_double(out, e->interval.lower);
    zh_jw_key(out, "upper");
    zh_jw_double(out, e->interval.upper);
    zh_jw_object_end(out);
}

static zh_rc get_variance(const zh_json *input, zh_design_variance *out, zh_err *err)
{
    zh_str name = zh_json_str(zh_json_get(input, "variance"), ZH_STR("replacement"));
    bool poisson = zh_str_is(name, "poisson");
    *out = poisson ? ZH_DESIGN_POISSON : ZH_DESIGN_REPLACEMENT;
    return poisson || zh_str_is(name, "replacement")
               ? ZH_OK
               : missing("variance", " replacement 或 poisson", err);
}

static zh_rc weighted_proportion(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    (void)arena;
    zh_design_sums sums = {0};
    zh_design_variance variance;
    zh_design_estimate estimate;
    double confidence = 0.0;
    const struct {
        const char *name;
        double *value;
    } numbers[] = {{"sum_w", &sums.w},
                   {"sum_wy", &sums.wy},
                   {"sum_ww", &sums.ww},
                   {"sum_wwy", &sums.wwy},
                   {"confidence", &confidence}};
    zh_rc rc = get_count(input, "n", &sums.n, err);
    for (size_t i = 0; i < ZH_COUNTOF(numbers) && rc == ZH_OK; i++) {
        rc = get_number(input, numbers[i].name, numbers[i].value, err);
    }
    if (rc == ZH_OK) {
        rc = get_variance(input, &variance, err);
    }
    if (rc == ZH_OK) {
        rc = zh_design_proportion(&sums, variance, confidence, &estimate, err);
    }
    if (rc == ZH_OK) {
        put_estimate(out, &estimate);
    }
    return rc;
}

ZH_ENGINE(survey_weighted_proportion) = {
    .name = "survey.weighted_proportion",
    .zh = "不等概率样本的比例（Hájek），由各项合计得出",
    .input = "{\"n\": 40, \"sum_w\": 120, \"sum_wy\": 30, \"sum_ww\": 400, \"sum_wwy\": 100, "
             "\"confidence\": 0.95}",
    .method = "Särndal, Swensson, Wretman 1992，5.6 与 5.7；Korn & Graubard 1999",
    .run = weighted_proportion,
};

static zh_rc weighted_total(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    (void)arena;
    uint64_t n = 0;
    double wy = 0.0;
    double squares = 0.0;
    double confidence = 0.0;
    zh_design_estimate estimate;
    zh_rc rc = get_count(input, "n", &n, err);
    if (rc == ZH_OK) {
        rc = get_number(input, "sum_wy", &wy, err);
    }
    if (rc == ZH_OK) {
        rc = get_number(input, "sum_wy_squares", &squares, err);
    }
    if (rc == ZH_OK) {
        rc = get_number(input, "confidence", &confidence, err);
    }
    if (rc == ZH_OK) {
        rc = zh_design_total(n, wy, squares, confidence, &estimate, err);
    }
    if (rc == ZH_OK) {
        put_estimate(out, &estimate);
    }
    return rc;
}

ZH_ENGINE(survey_weighted_total) = {
    .name = "survey.weighted_total",
    .zh = "不等概率样本的总量（Horvitz–Thompson），由各项合计得出",
    .input = "{\"n\": 40, \"sum_wy\": 3000, \"sum_wy_squares\": 260000, \"confidence\": 0.95}",
    .method = "Särndal, Swensson, Wretman 1992，2.8 与 2.9",
    .run = weighted_total,
};
