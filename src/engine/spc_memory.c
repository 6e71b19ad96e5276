/* Charts beyond Shewhart's: CUSUM, EWMA, Hotelling's T2. Centre and sigma come from the Shewhart
 * chart of the same data. */
#include "engine/spc.h"
#include "num/distribution.h"
#include <math.h>

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "spc.memory", "数据太多，内存不够算完");
}

/* Statistics, centre and sigma; sigma 0 cannot standardise. */
static zh_rc standards(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                       zh_chart *out, zh_err *err)
{
    zh_assert(options->type == ZH_CHART_XBAR || options->type == ZH_CHART_XBAR_ONE);
    zh_rc rc = zh_spc_chart(arena, data, options, out, err);
    if (rc == ZH_OK && !(out->std_dev > 0.0)) {
        zh_err_set(err, ZH_EINVAL, "spc.sigma", "估计的 σ 是 0，不能标准化");
        zh_err_fix(err, "各子组内的值全都相同：换有变异的数据，或给定 std_dev");
        return ZH_EINVAL;
    }
    return rc;
}

static double units(const zh_subgroups *data, size_t i)
{
    return (double)(data->start[i + 1] - data->start[i]);
}

zh_rc zh_spc_cusum(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                   double interval, double shift, double head_start, zh_cusum_chart *out,
                   zh_err *err)
{
    if (!(interval > 0.0) || !(shift >= 0.0) || !(head_start >= 0.0) || !isfinite(shift) ||
        !isfinite(head_start)) {
        return zh_err_set(err, ZH_EINVAL, "spc.cusum",
                          "判定距要大于 0，要发现的偏移和初始值（head_start）不能为负");
    }
    zh_chart chart;
    zh_rc rc = standards(arena, data, options, &chart, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = data->n;
    *out = (zh_cusum_chart){.n = n,
                            .center = chart.center,
                            .std_dev = chart.std_dev,
                            .statistics = chart.statistics,
                            .pos = ZH_TRY_N(arena, double, n),
                            .neg = ZH_TRY_N(arena, double, n),
                            .above = chart.beyond,
                            .below = ZH_TRY_N(arena, bool, n)};
    if (out->pos == NULL || out->neg == NULL || out->below == NULL) {
        return no_memory(err);
    }
    double high = head_start;
    double low = head_start;
    for (size_t i = 0; i < n; i++) {
        double z = (chart.statistics[i] - chart.center) / (chart.std_dev / sqrt(units(data, i)));
        high = fmax(0.0, high + (z - shift / 2.0));
        low = fmax(0.0, low - (z + shift / 2.0));
        out->pos[i] = high;
        out->neg[i] = low > 0.0 ? -low : 0.0;
        out->above[i] = high > interval;
        out->below[i] = low > interval;
    }
    return ZH_OK;
}

zh_rc zh_spc_ewma(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                  double lambda, zh_ewma_chart *out, zh_err *err)
{
    if (!(lambda > 0.0 && lambda <= 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.ewma", "平滑系数 λ 是 %g，要大于 0 且不大于 1",
                          lambda);
    }
    zh_chart chart;
    zh_rc rc = standards(arena, data, options, &chart, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = data->n;
    *out = (zh_ewma_chart){.n = n,
                           .center = chart.center,
                           .std_dev = chart.std_dev,
                           .statistics = chart.statistics,
                           .ewma = ZH_TRY_N(arena, double, n),
                           .lcl = chart.lcl,
                           .ucl = chart.ucl,
                           .beyond = chart.beyond};
    if (out->ewma == NULL) {
        return no_memory(err);
    }
    double z = chart.center;
    double rest = 1.0;
    for (size_t i = 0; i < n; i++) {
        rest *= (1.0 - lambda) * (1.0 - lambda);
        z = lambda * chart.statistics[i] + (1.0 - lambda) * z;
        double se =
            chart.std_dev / sqrt(units(data, i)) * sqrt(lambda / (2.0 - lambda) * (1.0 - rest));
        out->ewma[i] = z;
        out->lcl[i] = chart.center - options->nsigmas * se;
        out->ucl[i] = chart.center + options->nsigmas * se;
        out->beyond[i] = z > out->ucl[i] || z < out->lcl[i];
    }
    return ZH_OK;
}

/* ---- Hotelling's T2 ---- */

static zh_rc new_t2(zh_arena *arena, size_t n, size_t variables, zh_t2_chart *out, zh_err *err)
{
    *out = (zh_t2_chart){.n = n,
                         .variables = variables,
                         .center = ZH_TRY_N(arena, double, variables),
                         .cov = zh_matrix_new(arena, variables, variables),
                         .t2 = ZH_TRY_N(arena, double, n),
                         .beyond_phase1 = ZH_TRY_N(arena, bool, n),
                         .beyond_phase2 = ZH_TRY_N(arena, bool, n)};
    bool all = out->center != NULL && out->cov.v != NULL && out->t2 != NULL &&
               out->beyond_phase1 != NULL && out->beyond_phase2 != NULL;
    return all ? ZH_OK : no_memory(err);
}

static zh_rc check_t2(size_t n, size_t variables, size_t least, double confidence, zh_err *err)
{
    if (variables == 0 || variables > ZH_SPC_VARIABLES_MAX) {
        return zh_err_set(err, ZH_EINVAL, "spc.t2", "有 %zu 个特性，要 1 到 %zu 个", variables,
                          ZH_SPC_VARIABLES_MAX);
    }
    if (n < least) {
        return zh_err_set(err, ZH_EINVAL, "spc.t2", "%zu 个特性至少要 %zu 个点，只有 %zu 个",
                          variables, least, n);
    }
    if (!(confidence > 0.0 && confidence < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.t2", "置信水平 %g 不在 0 与 1 之间", confidence);
    }
    return ZH_OK;
}

/* T2 of each point: n_i |L^-1 (x - center)|^2 with cov = L L'. `point` gives component v of i. */
static zh_rc distances(zh_arena *arena, const zh_matrix *points, double scale, zh_t2_chart *out,
                       zh_err *err)
{
    size_t p = out->variables;
    zh_matrix l = zh_matrix_new(arena, p, p);
    double *y = ZH_TRY_N(arena, double, p);
    if (l.v == NULL || y == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < p * p; i++) {
        l.v[i] = out->cov.v[i];
    }
    if (zh_cholesky(&l, NULL) != ZH_OK) {
        zh_err_set(err, ZH_EINVAL, "spc.covariance", "特性之间的协方差矩阵是奇异的");
        zh_err_fix(err, "去掉恒定的特性，或由其他特性决定的特性；或增加数据");
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < out->n; i++) {
        double sum = 0.0;
        for (size_t v = 0; v < p; v++) {
            y[v] = zh_matrix_at(points, i, v) - out->center[v];
            for (size_t k = 0; k < v; k++) {
                y[v] -= zh_matrix_at(&l, v, k) * y[k];
            }
            y[v] /= zh_matrix_at(&l, v, v);
            sum += y[v] * y[v];
        }
        out->t2[i] = scale * sum;
        out->beyond_phase1[i] = out->t2[i] > out->ucl_phase1;
        out->beyond_phase2[i] = out->t2[i] > out->ucl_phase2;
    }
    return ZH_OK;
}

static double column_mean(const zh_matrix *x, size_t col)
{
    double mean = 0.0;
    for (size_t i = 0; i < x->rows; i++) {
        mean += (zh_matrix_at(x, i, col) - mean) / ((double)i + 1.0);
    }
    return mean;
}

zh_rc zh_spc_t2_individual(zh_arena *arena, const zh_matrix *x, double confidence, zh_t2_chart *out,
                           zh_err *err)
{
    size_t p = x->cols;
    zh_rc rc = check_t2(x->rows, p, p + 2, confidence, err);
    rc = rc == ZH_OK ? new_t2(arena, x->rows, p, out, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    double m = (double)x->rows;
    double d = (double)p;
    for (size_t v = 0; v < p; v++) {
        out->center[v] = column_mean(x, v);
    }
    for (size_t i = 0; i < x->rows; i++) {
        for (size_t v = 0; v < p; v++) {
            double a = zh_matrix_at(x, i, v) - out->center[v];
            for (size_t k = 0; k < p; k++) {
                double b = zh_matrix_at(x, i, k) - out->center[k];
                out->cov.v[v * p + k] += a * b / (m - 1.0);
            }
        }
    }
    out->ucl_phase1 =
        (m - 1.0) * (m - 1.0) / m *
        zh_dist_beta_quantile(confidence, d / 2.0, (m - d - 1.0) / 2.0, ZH_TAIL_LOWER);
    out->ucl_phase2 = d * (m + 1.0) * (m - 1.0) / (m * (m - d)) *
                      zh_dist_fisher_quantile(confidence, d, m - d, ZH_TAIL_LOWER);
    return distances(arena, x, 1.0, out, err);
}

/* Mean over the subgroups of the covariance of characteristics v and k within them. */
static double covariance_within(const zh_matrix *x, const zh_matrix *means, size_t v, size_t k)
{
    double sum = 0.0;
    for (size_t i = 0; i < x[v].rows; i++) {
        for (size_t j = 0; j < x[v].cols; j++) {
            sum += (zh_matrix_at(&x[v], i, j) - zh_matrix_at(means, i, v)) *
                   (zh_matrix_at(&x[k], i, j) - zh_matrix_at(means, i, k));
        }
    }
    return sum / ((double)x[v].rows * ((double)x[v].cols - 1.0));
}

zh_rc zh_spc_t2_subgroup(zh_arena *arena, const zh_matrix *x, size_t variables, double confidence,
                         zh_t2_chart *out, zh_err *err)
{
    size_t m = variables > 0 ? x[0].rows : 0;
    size_t n = variables > 0 ? x[0].cols : 0;
    for (size_t v = 0; v < variables; v++) {
        if (x[v].rows != m || x[v].cols != n || n < 2) {
            return zh_err_set(err, ZH_EINVAL, "spc.t2",
                              "第 %zu 个特性是 %zu 组 × %zu 个，各特性要一样，每组至少 2 个", v + 1,
                              x[v].rows, x[v].cols);
        }
    }
    zh_rc rc = check_t2(m, variables, 2, confidence, err);
    double p = (double)variables;
    double df = (double)m * ((double)n - 1.0) - p + 1.0;
    if (rc == ZH_OK && df < 1.0) {
        return zh_err_set(err, ZH_EINVAL, "spc.t2", "%zu 组 × %zu 个太少，不能估计 %zu 个特性", m,
                          n, variables);
    }
    rc = rc == ZH_OK ? new_t2(arena, m, variables, out, err) : rc;
    zh_matrix means = {0};
    if (rc == ZH_OK) {
        means = zh_matrix_new(arena, m, variables);
        rc = means.v != NULL ? ZH_OK : no_memory(err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t v = 0; v < variables; v++) {
        for (size_t i = 0; i < m; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < n; j++) {
                sum += zh_matrix_at(&x[v], i, j);
            }
            means.v[i * variables + v] = sum / (double)n;
        }
        out->center[v] = column_mean(&means, v);
    }
    for (size_t v = 0; v < variables; v++) {
        for (size_t k = 0; k < variables; k++) {
            out->cov.v[v * variables + k] = covariance_within(x, &means, v, k);
        }
    }
    double f =
        p * ((double)n - 1.0) / df * zh_dist_fisher_quantile(confidence, p, df, ZH_TAIL_LOWER);
    out->ucl_phase1 = ((double)m - 1.0) * f;
    out->ucl_phase2 = ((double)m + 1.0) * f;
    return distances(arena, &means, (double)n, out, err);
}
