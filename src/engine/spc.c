/* Constants of normal samples and Shewhart charts.
 *
 * The trapezoidal rule on the whole line converges faster than any power of its step for the
 * integrands here, which are analytic and fall like a normal density: 0.05 gives full precision. */
#include "engine/spc.h"
#include "num/distribution.h"
#include "num/normal.h"
#include "num/quadrature.h"
#include <math.h>

#define EDGE        9.0 /* beyond it the integrands are below 1e-15 */
#define STEP        0.05
#define EDGE_STEPS  180
#define RANGE_EDGE  16.0 /* a relative range larger than this has no weight */
#define RANGE_NODES 80

/* ---- constants ---- */

double zh_spc_d2(size_t n)
{
    zh_assert(n >= 2);
    double m = (double)n;
    double sum = 0.0;
    for (int i = 0; i <= EDGE_STEPS; i++) {
        double upper = zh_normal_cdf(-STEP * i);
        double value = -expm1(m * log1p(-upper)) - pow(upper, m);
        sum += i == 0 ? value / 2.0 : value;
    }
    return 2.0 * STEP * sum;
}

/* P(range <= w) = n int phi(x) (Phi(x + w) - Phi(x))^(n-1) dx */
static double range_cdf(double n, double w)
{
    double sum = 0.0;
    for (int i = -EDGE_STEPS; i <= EDGE_STEPS; i++) {
        double x = STEP * i;
        double between = zh_normal_cdf(x + w) - zh_normal_cdf(x);
        sum += exp(-x * x / 2.0) * pow(between, n - 1.0);
    }
    return n * sum * STEP * 0.398942280401432677940;
}

double zh_spc_d3_exact(size_t n)
{
    zh_assert(n >= 2 && n <= ZH_SPC_RANGE_SIZE_MAX);
    double w[RANGE_NODES];
    double weight[RANGE_NODES];
    zh_gauss_legendre(RANGE_NODES, 0.0, RANGE_EDGE, w, weight);
    double square = 0.0;
    for (size_t i = 0; i < RANGE_NODES; i++) {
        square += weight[i] * 2.0 * w[i] * (1.0 - range_cdf((double)n, w[i]));
    }
    double d2 = zh_spc_d2(n);
    return sqrt(square - d2 * d2);
}

double zh_spc_d3(size_t n)
{
    /* As qcc (R) and the programs that follow it tabulate them. */
    static const double printed[] = {
        0.8525033, 0.8883697, 0.8798108, 0.8640855, 0.8480442, 0.8332108, 0.8198378,
        0.8078413, 0.7970584, 0.7873230, 0.7784873, 0.7704257, 0.7630330, 0.7562217,
        0.7499188, 0.7440627, 0.7386021, 0.7334929, 0.7286980, 0.7241851, 0.7199267,
        0.7158987, 0.7120802, 0.7084528, 0.7050004, 0.7017086, 0.6985648, 0.6955576,
        0.6926770, 0.6899137, 0.6872596, 0.6847074, 0.6822502, 0.6798821, 0.6775973,
        0.6753910, 0.6732584, 0.6711952, 0.6691976, 0.6672619, 0.6653848, 0.6635632,
        0.6617943, 0.6600754, 0.6584041, 0.6567780, 0.6551950, 0.6536532, 0.6521506};
    zh_assert(n >= 2);
    return n - 2 < ZH_COUNTOF(printed) ? printed[n - 2] : zh_spc_d3_exact(n);
}

double zh_spc_c4(size_t n)
{
    zh_assert(n >= 2);
    double half = ((double)n - 1.0) / 2.0;
    if (half < 60.0) {
        int sign;
        return exp(lgamma_r(half + 0.5, &sign) - lgamma_r(half, &sign)) / sqrt(half);
    }
    /* Gamma(x + 1/2)/Gamma(x)/sqrt(x), DLMF 5.11.13: differences of lgamma would cancel. */
    double t = 1.0 / half;
    return 1.0 +
           t * (-1.0 / 8 +
                t * (1.0 / 128 + t * (5.0 / 1024 + t * (-21.0 / 32768 + t * (-399.0 / 262144)))));
}

zh_rc zh_spc_constants_of(size_t n, zh_spc_constants *out, zh_err *err)
{
    if (n < 2 || n > ZH_SPC_RANGE_SIZE_MAX) {
        return zh_err_set(err, ZH_EINVAL, "spc.constants", "子组大小要在 2 到 %zu 之间",
                          ZH_SPC_RANGE_SIZE_MAX);
    }
    double root = sqrt((double)n);
    double d2 = zh_spc_d2(n);
    double d3 = zh_spc_d3(n);
    double c4 = zh_spc_c4(n);
    double b = 3.0 * sqrt(1.0 - c4 * c4) / c4;
    *out = (zh_spc_constants){
        .d2 = d2,
        .d3 = d3,
        .c4 = c4,
        .a2 = 3.0 / (d2 * root),
        .a3 = 3.0 / (c4 * root),
        .b3 = fmax(0.0, 1.0 - b),
        .b4 = 1.0 + b,
        .d3_lower = fmax(0.0, 1.0 - 3.0 * d3 / d2),
        .d4_upper = 1.0 + 3.0 * d3 / d2,
        .e2 = 3.0 / zh_spc_d2(2),
    };
    return ZH_OK;
}

/* ---- what is estimated from subgroups ---- */

/* Constants by subgroup size, calculated when first asked for. */
struct factors {
    double *d2, *d3, *c4;  /* NAN: not yet */
    double *lower, *upper; /* probability limits of R and S in sigmas */
};

struct summary {
    size_t n;
    size_t *size;
    double *mean, *range, *sd;
    struct factors factors;
};

static double factor(double *known, size_t n, double (*calculate)(size_t))
{
    if (isnan(known[n])) {
        known[n] = calculate(n);
    }
    return known[n];
}

static double d2_of(const struct summary *s, size_t i)
{
    return factor(s->factors.d2, s->size[i], zh_spc_d2);
}

static double d3_of(const struct summary *s, size_t i)
{
    return factor(s->factors.d3, s->size[i], zh_spc_d3);
}

static double c4_of(const struct summary *s, size_t i)
{
    return factor(s->factors.c4, s->size[i], zh_spc_c4);
}

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "spc.memory", "数据太多，内存不够算完");
}

static double mean_of(const double *v, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
    }
    double mean = sum / (double)n;
    double rest = 0.0;
    for (size_t i = 0; i < n; i++) {
        rest += v[i] - mean;
    }
    return mean + rest / (double)n;
}

/* Standard deviation about the mean, which is subtracted first: offsets do not cancel. */
static double sd_of(const double *v, size_t n, double mean)
{
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        squares += (v[i] - mean) * (v[i] - mean);
    }
    return sqrt(squares / ((double)n - 1.0));
}

static void summarise(struct summary *s, const zh_subgroups *data, size_t i)
{
    const double *v = data->v + data->start[i];
    size_t n = s->size[i];
    double least = v[0];
    double most = v[0];
    for (size_t j = 1; j < n; j++) {
        least = v[j] < least ? v[j] : least;
        most = v[j] > most ? v[j] : most;
    }
    s->mean[i] = n > 1 ? mean_of(v, n) : v[0];
    s->range[i] = most - least;
    s->sd[i] = n > 1 ? sd_of(v, n, s->mean[i]) : 0.0;
}

static zh_rc new_factors(zh_arena *arena, size_t largest, struct factors *out, zh_err *err)
{
    double **known[] = {&out->d2, &out->d3, &out->c4, &out->lower, &out->upper};
    for (size_t k = 0; k < ZH_COUNTOF(known); k++) {
        double *room = ZH_TRY_N(arena, double, largest + 1);
        if (room == NULL) {
            return no_memory(err);
        }
        for (size_t i = 0; i <= largest; i++) {
            room[i] = (double)NAN;
        }
        *known[k] = room;
    }
    return ZH_OK;
}

static zh_rc summary_of(zh_arena *arena, const zh_subgroups *data, struct summary *s, zh_err *err)
{
    *s = (struct summary){.n = data->n};
    if (data->n == 0) {
        return zh_err_set(err, ZH_EINVAL, "spc.empty", "没有数据");
    }
    s->size = ZH_TRY_N(arena, size_t, data->n);
    s->mean = ZH_TRY_N(arena, double, data->n);
    s->range = ZH_TRY_N(arena, double, data->n);
    s->sd = ZH_TRY_N(arena, double, data->n);
    if (s->size == NULL || s->mean == NULL || s->range == NULL || s->sd == NULL) {
        return no_memory(err);
    }
    size_t largest = 0;
    for (size_t i = 0; i < data->n; i++) {
        s->size[i] = data->start[i + 1] - data->start[i];
        if (s->size[i] == 0 || s->size[i] > ZH_SPC_SUBGROUP_MAX) {
            return zh_err_set(err, ZH_EINVAL, "spc.size",
                              "第 %zu 个子组有 %zu 个值，要 1 到 %zu 个", i + 1, s->size[i],
                              ZH_SPC_SUBGROUP_MAX);
        }
        largest = s->size[i] > largest ? s->size[i] : largest;
        summarise(s, data, i);
    }
    return new_factors(arena, largest, &s->factors, err);
}

static bool uses_range(zh_sigma_method method)
{
    return method == ZH_SIGMA_UWAVE_R || method == ZH_SIGMA_MVLUE_R;
}

/* Sigma from the first m subgroups; those of one unit tell nothing about it. */
static zh_rc sigma_within(const struct summary *s, size_t m, zh_sigma_method method, double *out,
                          zh_err *err)
{
    double sum = 0.0;
    double weights = 0.0;
    for (size_t i = 0; i < m; i++) {
        double w = 1.0;
        double term = 0.0;
        if (s->size[i] < 2) {
            continue;
        }
        if (uses_range(method) && s->size[i] > ZH_SPC_RANGE_SIZE_MAX) {
            return zh_err_set(err, ZH_EINVAL, "spc.range",
                              "第 %zu 个子组有 %zu 个值，用极差估计 σ 最多 %zu 个，改用标准差",
                              i + 1, s->size[i], ZH_SPC_RANGE_SIZE_MAX);
        }
        if (method == ZH_SIGMA_RMSDF) {
            w = (double)s->size[i] - 1.0;
            term = s->sd[i] * s->sd[i];
        } else if (uses_range(method)) {
            double d2 = d2_of(s, i);
            w = method == ZH_SIGMA_MVLUE_R ? pow(d2 / d3_of(s, i), 2.0) : 1.0;
            term = s->range[i] / d2;
        } else {
            double c4 = c4_of(s, i);
            w = method == ZH_SIGMA_MVLUE_SD ? c4 * c4 / (1.0 - c4 * c4) : 1.0;
            term = s->sd[i] / c4;
        }
        sum += w * term;
        weights += w;
    }
    if (!(weights > 0.0)) {
        zh_err_set(err, ZH_EINVAL, "spc.sigma", "没有含 2 个以上值的子组，不能估计 σ");
        zh_err_fix(err, "每次只有一个值时用单值图（xbar.one）");
        return ZH_EINVAL;
    }
    *out = method == ZH_SIGMA_RMSDF ? sqrt(sum / weights) / zh_spc_c4((size_t)weights + 1)
                                    : sum / weights;
    return ZH_OK;
}

/* Mean range of `span` neighbours; a sliding maximum would not pay for spans as short as these. */
static double mean_moving_range(const double *x, size_t n, size_t span)
{
    double sum = 0.0;
    for (size_t i = 0; i + span <= n; i++) {
        double least = x[i];
        double most = x[i];
        for (size_t j = 1; j < span; j++) {
            least = x[i + j] < least ? x[i + j] : least;
            most = x[i + j] > most ? x[i + j] : most;
        }
        sum += most - least;
    }
    return sum / ((double)n - (double)span + 1.0);
}

static zh_rc sigma_individuals(const double *x, size_t n, const zh_chart_options *options,
                               double *out, zh_err *err)
{
    if (options->sigma == ZH_SIGMA_SD) {
        if (n < 2) {
            return zh_err_set(err, ZH_EINVAL, "spc.sigma", "少于 2 个值，不能估计 σ");
        }
        *out = sd_of(x, n, mean_of(x, n)) / zh_spc_c4(n);
        return ZH_OK;
    }
    if (options->span < 2 || options->span > ZH_SPC_RANGE_SIZE_MAX || n < options->span) {
        return zh_err_set(err, ZH_EINVAL, "spc.span",
                          "移动极差的跨度是 %zu，要在 2 到 %zu 之间且不多于 %zu 个值",
                          options->span, ZH_SPC_RANGE_SIZE_MAX, n);
    }
    *out = mean_moving_range(x, n, options->span) / zh_spc_d2(options->span);
    return ZH_OK;
}

static zh_sigma_method method_of(const zh_chart_options *options, const struct summary *s)
{
    if (options->sigma != ZH_SIGMA_DEFAULT) {
        return options->sigma;
    }
    if (options->type == ZH_CHART_S) {
        return ZH_SIGMA_UWAVE_SD;
    }
    for (size_t i = 0; i < s->n && options->type == ZH_CHART_XBAR; i++) {
        if (s->size[i] > 25) {
            return ZH_SIGMA_RMSDF;
        }
    }
    return ZH_SIGMA_UWAVE_R;
}

static bool method_fits(zh_chart_type type, zh_sigma_method method)
{
    bool individual = method == ZH_SIGMA_MR || method == ZH_SIGMA_SD;
    switch (type) {
    case ZH_CHART_XBAR: return !individual;
    case ZH_CHART_XBAR_ONE: return individual || method == ZH_SIGMA_DEFAULT;
    case ZH_CHART_R: return uses_range(method) || method == ZH_SIGMA_DEFAULT;
    case ZH_CHART_S: return !individual && !uses_range(method);
    case ZH_CHART_P:
    case ZH_CHART_NP:
    case ZH_CHART_C:
    case ZH_CHART_U:
    case ZH_CHART_G: break;
    }
    return false;
}

zh_chart_options zh_chart_options_of(zh_chart_type type)
{
    return (zh_chart_options){
        .type = type, .nsigmas = 3.0, .span = 2, .center = (double)NAN, .std_dev = (double)NAN};
}

static zh_rc check_options(const zh_chart_options *options, size_t n, zh_err *err)
{
    if (!(options->nsigmas > 0.0) || options->confidence < 0.0 || options->confidence >= 1.0) {
        return zh_err_set(err, ZH_EINVAL, "spc.nsigmas",
                          "界限的倍数要大于 0，置信水平要在 0 与 1 之间");
    }
    if (options->baseline > n || (n > 0 && options->baseline == 1)) {
        return zh_err_set(err, ZH_EINVAL, "spc.baseline", "基线有 %zu 个点，要 2 到 %zu 个",
                          options->baseline, n);
    }
    if (isinf(options->center) || isinf(options->std_dev) || options->std_dev < 0.0) {
        return zh_err_set(err, ZH_EINVAL, "spc.known", "给定的中心线或标准差不是有限的数，或为负");
    }
    return ZH_OK;
}

static size_t baseline_of(const zh_chart_options *options, size_t n)
{
    return options->baseline > 0 ? options->baseline : n;
}

/* Half width of normal limits in standard errors. */
static double half_width(const zh_chart_options *options)
{
    return options->confidence > 0.0 ? -zh_normal_quantile(0.5 - options->confidence / 2.0)
                                     : options->nsigmas;
}

static zh_rc new_chart(zh_arena *arena, size_t n, zh_chart *out, zh_err *err)
{
    *out = (zh_chart){.n = n};
    out->statistics = ZH_TRY_N(arena, double, n);
    out->lcl = ZH_TRY_N(arena, double, n);
    out->ucl = ZH_TRY_N(arena, double, n);
    out->beyond = ZH_TRY_N(arena, bool, n);
    bool all =
        out->statistics != NULL && out->lcl != NULL && out->ucl != NULL && out->beyond != NULL;
    return all ? ZH_OK : no_memory(err);
}

static void mark_beyond(zh_chart *chart)
{
    for (size_t i = 0; i < chart->n; i++) {
        chart->beyond[i] =
            chart->statistics[i] > chart->ucl[i] || chart->statistics[i] < chart->lcl[i];
    }
}

/* Quantiles of the relative range or deviation of n units, once for each n: they are dear. */
static void quantiles_of(const struct summary *s, const zh_chart_options *options, size_t n)
{
    double tail = (1.0 - options->confidence) / 2.0;
    double *lower = &s->factors.lower[n];
    double *upper = &s->factors.upper[n];
    if (!isnan(*lower)) {
        return;
    }
    if (options->type == ZH_CHART_R) {
        double any = (double)INFINITY;
        *lower = zh_dist_studentized_range_quantile(tail, (double)n, any, 1.0, ZH_TAIL_LOWER);
        *upper = zh_dist_studentized_range_quantile(tail, (double)n, any, 1.0, ZH_TAIL_UPPER);
        return;
    }
    double df = (double)n - 1.0;
    *lower = sqrt(zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_LOWER) / df);
    *upper = sqrt(zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_UPPER) / df);
}

/* Limits of point i of a chart of measured values. */
static void limits_of(const struct summary *s, const zh_chart_options *options, double half,
                      size_t i, zh_chart *chart)
{
    size_t n = s->size[i];
    bool spread = options->type == ZH_CHART_R || options->type == ZH_CHART_S;
    if (spread && options->confidence > 0.0) {
        quantiles_of(s, options, n);
        chart->lcl[i] = chart->std_dev * s->factors.lower[n];
        chart->ucl[i] = chart->std_dev * s->factors.upper[n];
        return;
    }
    double se = options->type == ZH_CHART_R   ? d3_of(s, i)
                : options->type == ZH_CHART_S ? sqrt(1.0 - pow(c4_of(s, i), 2.0))
                                              : 1.0 / sqrt((double)n);
    chart->lcl[i] = chart->center - half * se * chart->std_dev;
    chart->ucl[i] = chart->center + half * se * chart->std_dev;
    if (spread && chart->lcl[i] < 0.0) {
        chart->lcl[i] = 0.0;
    }
}

static double weighted_center(const struct summary *s, const double *statistics, size_t m)
{
    double sum = 0.0;
    double units = 0.0;
    for (size_t i = 0; i < m; i++) {
        sum += (double)s->size[i] * statistics[i];
        units += (double)s->size[i];
    }
    return sum / units;
}

/* Sizes that the type of chart can plot. */
static zh_rc check_sizes(const struct summary *s, zh_chart_type type, zh_err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        if (type == ZH_CHART_XBAR_ONE && s->size[i] != 1) {
            return zh_err_set(err, ZH_EINVAL, "spc.individuals",
                              "单值图每次一个值，第 %zu 次有 %zu 个", i + 1, s->size[i]);
        }
        bool range = type == ZH_CHART_R && s->size[i] > ZH_SPC_RANGE_SIZE_MAX;
        if ((type == ZH_CHART_R || type == ZH_CHART_S) && (s->size[i] < 2 || range)) {
            return zh_err_set(err, ZH_EINVAL, "spc.size",
                              "第 %zu 个子组有 %zu 个值，R 图要 2 到 %zu 个，S 图至少 2 个", i + 1,
                              s->size[i], ZH_SPC_RANGE_SIZE_MAX);
        }
    }
    return ZH_OK;
}

/* Centre and sigma from the baseline, or those given. */
static zh_rc estimate(const zh_subgroups *data, const struct summary *s, const double *statistics,
                      const zh_chart_options *options, double *center, double *std_dev, zh_err *err)
{
    size_t m = baseline_of(options, s->n);
    *center = options->center;
    *std_dev = options->std_dev;
    if (isnan(*center)) {
        *center = options->type == ZH_CHART_XBAR_ONE ? mean_of(data->v + data->start[0], m)
                                                     : weighted_center(s, statistics, m);
    }
    if (!isnan(*std_dev)) {
        return ZH_OK;
    }
    zh_sigma_method method = method_of(options, s);
    if (!method_fits(options->type, options->sigma)) {
        return zh_err_set(err, ZH_EINVAL, "spc.method", "这种控制图不能用这种方法估计 σ");
    }
    return options->type == ZH_CHART_XBAR_ONE
               ? sigma_individuals(data->v + data->start[0], m, options, std_dev, err)
               : sigma_within(s, m, method, std_dev, err);
}

zh_rc zh_spc_chart(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                   zh_chart *out, zh_err *err)
{
    struct summary s;
    zh_rc rc = check_options(options, data->n, err);
    rc = rc == ZH_OK ? summary_of(arena, data, &s, err) : rc;
    rc = rc == ZH_OK ? check_sizes(&s, options->type, err) : rc;
    rc = rc == ZH_OK ? new_chart(arena, data->n, out, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    const double *statistic = options->type == ZH_CHART_R   ? s.range
                              : options->type == ZH_CHART_S ? s.sd
                                                            : s.mean;
    for (size_t i = 0; i < s.n; i++) {
        out->statistics[i] = statistic[i];
    }
    rc = estimate(data, &s, statistic, options, &out->center, &out->std_dev, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double half = half_width(options);
    for (size_t i = 0; i < s.n; i++) {
        limits_of(&s, options, half, i, out);
    }
    mark_beyond(out);
    return ZH_OK;
}

zh_rc zh_spc_moving_range(zh_arena *arena, const double *x, size_t n, double nsigmas,
                          zh_moving_range *out, zh_err *err)
{
    if (n < 2 || !(nsigmas > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.empty", "移动极差图至少要 2 个值，界限的倍数大于 0");
    }
    *out = (zh_moving_range){.n = n - 1, .mr = ZH_TRY_N(arena, double, n - 1)};
    if (out->mr == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i + 1 < n; i++) {
        out->mr[i] = fabs(x[i + 1] - x[i]);
    }
    out->center = mean_of(out->mr, n - 1);
    out->sigma = out->center / zh_spc_d2(2);
    double half = nsigmas * zh_spc_d3(2) * out->sigma;
    out->lcl = fmax(0.0, out->center - half);
    out->ucl = out->center + half;
    return ZH_OK;
}

/* ---- charts of counts ---- */

static bool needs_sizes(zh_chart_type type)
{
    return type == ZH_CHART_P || type == ZH_CHART_NP || type == ZH_CHART_U;
}

static zh_rc check_counts(const double *counts, const double *sizes, size_t n, zh_chart_type type,
                          zh_err *err)
{
    bool share = type == ZH_CHART_P || type == ZH_CHART_NP;
    if (n == 0 || (sizes == NULL && needs_sizes(type))) {
        return zh_err_set(err, ZH_EINVAL, "spc.empty", "没有数据，或缺少样本量（sizes）");
    }
    for (size_t i = 0; i < n; i++) {
        if (!(counts[i] >= 0.0) || isinf(counts[i])) {
            return zh_err_set(err, ZH_EINVAL, "spc.count", "第 %zu 个计数是 %g，不能为负", i + 1,
                              counts[i]);
        }
        if (sizes == NULL) {
            continue;
        }
        if (!(sizes[i] > 0.0) || isinf(sizes[i])) {
            return zh_err_set(err, ZH_EINVAL, "spc.size", "第 %zu 个样本量是 %g，要大于 0", i + 1,
                              sizes[i]);
        }
        if (share && counts[i] > sizes[i]) {
            return zh_err_set(err, ZH_EINVAL, "spc.count", "第 %zu 个不合格数 %g 多于样本量 %g",
                              i + 1, counts[i], sizes[i]);
        }
        if (type == ZH_CHART_C && sizes[i] != sizes[0]) {
            return zh_err_set(err, ZH_EINVAL, "spc.size", "c 图的样本量要都一样，不一样时用 u 图");
        }
    }
    return ZH_OK;
}

/* Exact limits of a count of which `total` opportunities have share or rate `level`. */
static void count_quantiles(zh_chart_type type, double level, double total, double alpha,
                            double *lower, double *upper)
{
    if (type == ZH_CHART_P || type == ZH_CHART_NP) {
        *lower = zh_dist_binomial_quantile(alpha, total, level, ZH_TAIL_LOWER);
        *upper = zh_dist_binomial_quantile(1.0 - alpha, total, level, ZH_TAIL_LOWER);
        return;
    }
    *lower = zh_dist_poisson_quantile(alpha, level * total, ZH_TAIL_LOWER);
    *upper = zh_dist_poisson_quantile(1.0 - alpha, level * total, ZH_TAIL_LOWER);
}

/* Limits of point i, `level` being the share or rate of one unit. */
static void count_limits(zh_chart_type type, const zh_chart_options *options, double level,
                         double size, size_t i, zh_chart *chart)
{
    bool rate = type == ZH_CHART_P || type == ZH_CHART_U;
    double most = type == ZH_CHART_P ? 1.0 : type == ZH_CHART_NP ? size : (double)INFINITY;
    double center = rate ? level : level * size;
    double sd = chart->std_devs != NULL ? chart->std_devs[i] : chart->std_dev;
    double half = options->nsigmas * (rate ? sd / sqrt(size) : sd);
    if (options->confidence > 0.0 && type != ZH_CHART_G) {
        double lower;
        double upper;
        count_quantiles(type, level, size, (1.0 - options->confidence) / 2.0, &lower, &upper);
        chart->lcl[i] = rate ? lower / size : lower;
        chart->ucl[i] = rate ? upper / size : upper;
        return;
    }
    chart->lcl[i] = fmax(0.0, center - half);
    chart->ucl[i] = fmin(most, center + half);
}

/* Standard deviation of one unit's share or count; of a point's count for np. */
static double count_sd(zh_chart_type type, double level, double size)
{
    switch (type) {
    case ZH_CHART_P: return sqrt(level * (1.0 - level));
    case ZH_CHART_NP: return sqrt(size * level * (1.0 - level));
    case ZH_CHART_G: return sqrt(level * (level + 1.0));
    case ZH_CHART_C:
    case ZH_CHART_U:
    case ZH_CHART_XBAR:
    case ZH_CHART_XBAR_ONE:
    case ZH_CHART_R:
    case ZH_CHART_S: break;
    }
    return sqrt(level);
}

/* np with unequal sizes has a centre and a deviation at every point. */
static zh_rc point_centers(zh_arena *arena, const double *sizes, double level, zh_chart *out,
                           zh_err *err)
{
    bool equal = true;
    for (size_t i = 1; i < out->n; i++) {
        equal = equal && sizes[i] == sizes[0];
    }
    if (equal) {
        return ZH_OK;
    }
    out->centers = ZH_TRY_N(arena, double, out->n);
    out->std_devs = ZH_TRY_N(arena, double, out->n);
    if (out->centers == NULL || out->std_devs == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < out->n; i++) {
        out->centers[i] = sizes[i] * level;
        out->std_devs[i] = count_sd(ZH_CHART_NP, level, sizes[i]);
    }
    return ZH_OK;
}

/* Share or rate of one unit from the baseline; c and g: of one point. */
static double count_level(const double *counts, const double *sizes, size_t m, zh_chart_type type)
{
    double sum = 0.0;
    double units = 0.0;
    for (size_t i = 0; i < m; i++) {
        sum += counts[i];
        units += needs_sizes(type) ? sizes[i] : 1.0;
    }
    return sum / units;
}

zh_rc zh_spc_count_chart(zh_arena *arena, const double *counts, const double *sizes, size_t n,
                         const zh_chart_options *options, zh_chart *out, zh_err *err)
{
    zh_chart_type type = options->type;
    zh_rc rc = check_options(options, n, err);
    if (rc == ZH_OK && type == ZH_CHART_G && options->confidence > 0.0) {
        rc = zh_err_set(err, ZH_EINVAL, "spc.confidence", "g 图没有概率界限，用 nsigmas");
    }
    if (rc == ZH_OK && n > ZH_SPC_EXACT_MAX && options->confidence > 0.0) {
        rc = zh_err_set(err, ZH_ELIMIT, "spc.confidence", "概率界限最多 %zu 个点，这里有 %zu 个",
                        ZH_SPC_EXACT_MAX, n);
    }
    rc = rc == ZH_OK ? check_counts(counts, sizes, n, type, err) : rc;
    rc = rc == ZH_OK ? new_chart(arena, n, out, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    double units = 0.0;
    for (size_t i = 0; i < n; i++) {
        units += needs_sizes(type) ? sizes[i] : 1.0;
    }
    double mean_size = type == ZH_CHART_NP ? units / (double)n : 1.0;
    double level = isnan(options->center)
                       ? count_level(counts, sizes, baseline_of(options, n), type)
                       : options->center / mean_size;
    if ((type == ZH_CHART_P || type == ZH_CHART_NP) && !(level >= 0.0 && level <= 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.known", "给定的中心线不是可能的不合格品率");
    }
    out->center = level * mean_size;
    out->std_dev = isnan(options->std_dev) ? count_sd(type, level, mean_size) : options->std_dev;
    if (type == ZH_CHART_NP) {
        rc = point_centers(arena, sizes, level, out, err);
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        double size = needs_sizes(type) ? sizes[i] : 1.0;
        bool rate = type == ZH_CHART_P || type == ZH_CHART_U;
        out->statistics[i] = rate ? counts[i] / size : counts[i];
        count_limits(type, options, level, size, i, out);
    }
    mark_beyond(out);
    return rc;
}
