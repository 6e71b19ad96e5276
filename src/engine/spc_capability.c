/* Capability and performance indices with their intervals. */
#include "engine/spc.h"
#include "num/distribution.h"
#include "num/normal.h"
#include <math.h>

static const zh_capability_index none = {(double)NAN, (double)NAN, (double)NAN};

/* value sqrt(chi2(alpha/2, df)/df) .. value sqrt(chi2(1 - alpha/2, df)/df) */
static zh_capability_index chi_squared(double value, double df, double confidence)
{
    double tail = (1.0 - confidence) / 2.0;
    return (zh_capability_index){
        value, value * sqrt(zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_LOWER) / df),
        value * sqrt(zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_UPPER) / df)};
}

/* Bissell 1990: value -+ z sqrt(1/(9 n) + value^2/(2 (n - 1))) with limits 3 sigma away. */
static zh_capability_index bissell(double value, double n, double z)
{
    double half = z * sqrt(1.0 / (9.0 * n) + value * value / (2.0 * (n - 1.0)));
    return (zh_capability_index){value, value - half, value + half};
}

static zh_indices indices(double n, double center, double sd, const zh_specification *spec)
{
    zh_indices out = {sd, none, none, none, none, none, 0.0, 0.0};
    bool has_lower = !isnan(spec->lsl);
    bool has_upper = !isnan(spec->usl);
    double side = zh_normal_quantile(spec->confidence);
    double both = -zh_normal_quantile(0.5 - spec->confidence / 2.0);
    double unit = spec->nsigmas * sd;
    if (has_lower) {
        out.cpl = bissell((center - spec->lsl) / unit, n, side);
        out.ppm_below = 1e6 * zh_normal_cdf((spec->lsl - center) / sd);
    }
    if (has_upper) {
        out.cpu = bissell((spec->usl - center) / unit, n, side);
        out.ppm_above = 1e6 * zh_normal_cdf((center - spec->usl) / sd);
    }
    out.cpk = bissell(fmin(has_lower ? out.cpl.value : (double)INFINITY,
                           has_upper ? out.cpu.value : (double)INFINITY),
                      n, both);
    if (has_lower && has_upper) {
        double cp = (spec->usl - spec->lsl) / (2.0 * unit);
        double target = isnan(spec->target) ? (spec->lsl + spec->usl) / 2.0 : spec->target;
        double off = pow((center - target) / sd, 2.0);
        out.cp = chi_squared(cp, n - 1.0, spec->confidence);
        out.cpm = chi_squared(cp / sqrt(1.0 + off), n * (1.0 + off) / (1.0 + 2.0 * off),
                              spec->confidence);
    }
    return out;
}

static zh_rc check(const zh_specification *spec, size_t n, zh_err *err)
{
    bool limits = !isnan(spec->lsl) || !isnan(spec->usl);
    if (!limits || isinf(spec->lsl) || isinf(spec->usl) || spec->lsl >= spec->usl) {
        return zh_err_set(err, ZH_EINVAL, "spc.specification",
                          "规格限要至少一个，是有限的数，下限（lsl）小于上限（usl）");
    }
    if (!(spec->confidence > 0.0 && spec->confidence < 1.0) || !(spec->nsigmas > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.confidence",
                          "置信水平要在 0 与 1 之间，σ 的倍数要大于 0");
    }
    if (n < 2) {
        return zh_err_set(err, ZH_EINVAL, "spc.empty", "少于 2 个值，不能计算能力指数");
    }
    return ZH_OK;
}

zh_rc zh_spc_capability(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                        const zh_specification *spec, zh_capability *out, zh_err *err)
{
    size_t n = data->n > 0 ? data->start[data->n] - data->start[0] : 0;
    zh_chart chart;
    zh_rc rc = check(spec, n, err);
    rc = rc == ZH_OK ? zh_spc_chart(arena, data, options, &chart, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    const double *v = data->v + data->start[0];
    double mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += (v[i] - mean) / ((double)i + 1.0);
    }
    double squares = 0.0;
    size_t below = 0;
    size_t above = 0;
    for (size_t i = 0; i < n; i++) {
        squares += (v[i] - mean) * (v[i] - mean);
        below += v[i] < spec->lsl;
        above += v[i] > spec->usl;
    }
    double overall = sqrt(squares / ((double)n - 1.0));
    if (!(chart.std_dev > 0.0) || !(overall > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.sigma",
                          "标准差是 0：所有的值都相同，能力指数没有意义");
    }
    *out = (zh_capability){
        .n = n,
        .center = chart.center,
        .within = indices((double)n, chart.center, chart.std_dev, spec),
        .overall = indices((double)n, chart.center, overall, spec),
        .ppm_observed_below = 1e6 * (double)below / (double)n,
        .ppm_observed_above = 1e6 * (double)above / (double)n,
    };
    return ZH_OK;
}
