/* Whether blocks of items measure what they should: reliability, validity, and the index of one
 * scale. */
#include "engine/pls_private.h"
#include <math.h>

/* ---- blocks of a path model ---- */

/* Mean of the correlations |r| of items [a, a_end) with items [b, b_end), or of each pair of one
 * block when both are the same; 1 for a single item with itself. */
static double mean_correlation(const zh_matrix *r, size_t a, size_t a_end, size_t b, size_t b_end)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = a; i < a_end; i++) {
        for (size_t j = a == b ? i + 1 : b; j < b_end; j++, n++) {
            sum += fabs(zh_matrix_at(r, i, j));
        }
    }
    return n > 0 ? sum / (double)n : 1.0;
}

/* w'w² · w'(R - I)w / w'(ww' - diag ww')w: Dijkstra and Henseler 2015, equation 3. */
static double rho_a(const zh_matrix *r, const double *w, size_t first, size_t end)
{
    double length = 0.0;
    double off = 0.0;
    double fourth = 0.0;
    for (size_t i = first; i < end; i++) {
        length += w[i] * w[i];
        fourth += w[i] * w[i] * w[i] * w[i];
        for (size_t j = first; j < end; j++) {
            off += i != j ? w[i] * zh_matrix_at(r, i, j) * w[j] : 0.0;
        }
    }
    return length * length * off / (length * length - fourth);
}

/* (Σλ)² / ((Σλ)² + Σ(1 - λ²)). */
static double composite_reliability(const double *loading, size_t n)
{
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += loading[i];
        squares += loading[i] * loading[i];
    }
    return sum * sum / (sum * sum + (double)n - squares);
}

/* Correlations of the block's items with its first principal component, and the two largest
 * eigenvalues. */
static zh_rc principal(zh_arena *arena, const zh_matrix *r, size_t first, size_t size,
                       double *loading, double *eigen_first, double *eigen_second, zh_err *err)
{
    zh_matrix block = zh_matrix_new(arena, size, size);
    zh_matrix vectors = zh_matrix_new(arena, size, size);
    double *values = ZH_TRY_N(arena, double, size);
    if (block.v == NULL || vectors.v == NULL || values == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    for (size_t i = 0; i < size * size; i++) {
        block.v[i] = zh_matrix_at(r, first + i / size, first + i % size);
    }
    zh_rc rc = zh_symmetric_eigen(arena, &block, values, &vectors, err);
    if (rc != ZH_OK) {
        return rc;
    }
    *eigen_first = values[0];
    *eigen_second = values[1];
    for (size_t i = 0; i < size; i++) {
        loading[i] = zh_matrix_at(&vectors, i, 0) * sqrt(values[0]);
    }
    return ZH_OK;
}

static zh_rc block_quality(zh_arena *arena, const zh_matrix *r, const zh_pls_model *model,
                           const zh_pls_fit *fit, size_t j, size_t first, zh_pls_quality *out,
                           zh_err *err)
{
    size_t size = model->block[j];
    double k = (double)size;
    out->ave[j] = fit->block_communality[j];
    if (size == 1) {
        out->alpha[j] = out->dg_rho[j] = out->rho_a[j] = out->rho_c[j] = 1.0;
        out->eigen_first[j] = 1.0;
        out->eigen_second[j] = 0.0;
        return ZH_OK;
    }
    double *loading = ZH_TRY_N(arena, double, size);
    if (loading == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    double between = 0.0;
    for (size_t i = first; i < first + size; i++) {
        for (size_t l = first; l < i; l++) {
            between += 2.0 * zh_matrix_at(r, i, l);
        }
    }
    out->alpha[j] = k / (k - 1.0) * between / (k + between);
    out->rho_a[j] = model->mode[j] == ZH_PLS_B ? 1.0 : rho_a(r, fit->weight, first, first + size);
    out->rho_c[j] = composite_reliability(fit->loading + first, size);
    zh_rc rc =
        principal(arena, r, first, size, loading, &out->eigen_first[j], &out->eigen_second[j], err);
    out->dg_rho[j] = rc == ZH_OK ? composite_reliability(loading, size) : 0.0;
    return rc;
}

static void heterotrait(const zh_matrix *r, const zh_pls_model *model, double *out)
{
    size_t n = model->latents;
    for (size_t i = 0; i < n * n; i++) {
        out[i] = (double)NAN;
    }
    for (size_t i = 0, a = 0; i < n; a += model->block[i++]) {
        double own = mean_correlation(r, a, a + model->block[i], a, a + model->block[i]);
        for (size_t j = 0, b = 0; j < i; b += model->block[j++]) {
            double other = mean_correlation(r, b, b + model->block[j], b, b + model->block[j]);
            out[i * n + j] = mean_correlation(r, a, a + model->block[i], b, b + model->block[j]) /
                             sqrt(own * other);
        }
    }
}

zh_rc zh_pls_quality_of(zh_arena *arena, const zh_pls_model *model, const zh_matrix *data,
                        const zh_pls_fit *fit, zh_pls_quality *out, zh_err *err)
{
    size_t n = model->latents;
    size_t p = data->cols;
    double *room = ZH_TRY_N(arena, double, 7 * n + n * n + 2 * p);
    zh_matrix r = zh_matrix_new(arena, p, p);
    double *x =
        room != NULL && r.v != NULL
            ? zh_pls_treated(arena, true, data, room + 7 * n + n * n, room + 7 * n + n * n + p)
            : NULL;
    if (x == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    *out = (zh_pls_quality){.alpha = room,
                            .dg_rho = room + n,
                            .eigen_first = room + 2 * n,
                            .eigen_second = room + 3 * n,
                            .rho_a = room + 4 * n,
                            .rho_c = room + 5 * n,
                            .ave = room + 6 * n,
                            .htmt = room + 7 * n};
    zh_pls_covariance(x, data->rows, p, (double)data->rows, r.v);
    heterotrait(&r, model, out->htmt);
    for (size_t j = 0, first = 0; j < n; first += model->block[j++]) {
        zh_rc rc = block_quality(arena, &r, model, fit, j, first, out, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

/* ---- one scale ---- */

/* Alpha of the items but `without` (SIZE_MAX: of all) by their covariances. */
static double alpha_of(const double *s, size_t p, size_t without)
{
    double own = 0.0;
    double all = 0.0;
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < p && i != without; j++) {
            double value = j != without ? s[i * p + j] : 0.0;
            own += i == j ? value : 0.0;
            all += value;
        }
    }
    double k = (double)(without < p ? p - 1 : p);
    return k > 1.0 ? k / (k - 1.0) * (1.0 - own / all) : (double)NAN;
}

/* Correlation of item i with the sum of the others. */
static double rest_correlation(const double *s, size_t p, size_t i)
{
    double with = 0.0;
    double rest = 0.0;
    for (size_t j = 0; j < p; j++) {
        with += j != i ? s[i * p + j] : 0.0;
        for (size_t k = 0; k < p && j != i; k++) {
            rest += k != i ? s[j * p + k] : 0.0;
        }
    }
    return with / sqrt(s[i * p + i] * rest);
}

zh_rc zh_cronbach_alpha(zh_arena *arena, const zh_matrix *items, zh_alpha *out, zh_err *err)
{
    size_t n = items->rows;
    size_t p = items->cols;
    if (n < 2 || p < 2) {
        return zh_err_set(err, ZH_EINVAL, "pls.alpha", "%zu 行 %zu 题：至少要 2 行 2 题", n, p);
    }
    if (p > ZH_PLS_ITEMS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pls.items", "题目最多 %zu 个", ZH_PLS_ITEMS_MAX);
    }
    double *room = ZH_TRY_N(arena, double, p *p + 4 * p);
    double *x = room != NULL ? zh_pls_treated(arena, false, items, room, room + p) : NULL;
    if (x == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    double *s = room + 4 * p;
    double *sd = room + p;
    double between = 0.0;
    zh_pls_covariance(x, n, p, (double)(n - 1), s);
    for (size_t i = 0; i < p; i++) {
        /* A constant far from zero leaves rounding in its deviation. */
        if (!(sd[i] > 1e-13 * fabs(room[i]))) {
            return zh_err_set(err, ZH_EINVAL, "pls.constant", "第 %zu 题每行都相同", i + 1);
        }
        for (size_t j = 0; j < i; j++) {
            between += s[i * p + j] / sqrt(s[i * p + i] * s[j * p + j]);
        }
    }
    double k = (double)p;
    *out = (zh_alpha){.raw = alpha_of(s, p, SIZE_MAX),
                      .average_r = 2.0 * between / (k * (k - 1.0)),
                      .dropped = room + 2 * p,
                      .rest = room + 3 * p};
    out->std = k * out->average_r / (1.0 + (k - 1.0) * out->average_r);
    for (size_t i = 0; i < p; i++) {
        out->dropped[i] = alpha_of(s, p, i);
        out->rest[i] = rest_correlation(s, p, i);
    }
    return ZH_OK;
}

static zh_rc check_index(const zh_matrix *items, const double *weight, size_t weights, double lower,
                         double upper, zh_err *err)
{
    double total = 0.0;
    if (items->rows == 0 || weights != items->cols || !(lower < upper)) {
        return zh_err_set(err, ZH_EINVAL, "satisfaction.size",
                          "要至少一行、每题一个权重、量表下限小于上限（%zu 行 %zu 题，%zu 个权重）",
                          items->rows, items->cols, weights);
    }
    for (size_t j = 0; j < weights; j++) {
        if (!(weight[j] >= 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "satisfaction.weight", "第 %zu 个权重是负数", j + 1);
        }
        total += weight[j];
    }
    if (!(total > 0.0) || !isfinite(total)) {
        return zh_err_set(err, ZH_EINVAL, "satisfaction.weight", "权重之和要大于 0");
    }
    for (size_t i = 0; i < items->rows * items->cols; i++) {
        if (!(items->v[i] >= lower && items->v[i] <= upper)) {
            return zh_err_set(err, ZH_EINVAL, "satisfaction.scale",
                              "第 %zu 行第 %zu 题的 %g 不在量表 %g 到 %g 内", i / items->cols + 1,
                              i % items->cols + 1, items->v[i], lower, upper);
        }
    }
    return ZH_OK;
}

zh_rc zh_satisfaction_index(const zh_matrix *items, const double *weight, size_t weights,
                            double lower, double upper, double *index, double *se, zh_err *err)
{
    zh_rc rc = check_index(items, weight, weights, lower, upper, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double n = (double)items->rows;
    double total = 0.0;
    double mean = 0.0;
    double squares = 0.0;
    for (size_t j = 0; j < weights; j++) {
        total += weight[j];
    }
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < items->rows; i++) {
            double own = 0.0;
            for (size_t j = 0; j < weights; j++) {
                own += weight[j] * (zh_matrix_at(items, i, j) - lower);
            }
            own *= 100.0 / ((upper - lower) * total);
            mean += pass == 0 ? own / n : 0.0;
            squares += pass == 0 ? 0.0 : (own - mean) * (own - mean);
        }
    }
    *index = mean;
    *se = items->rows > 1 ? sqrt(squares / (n - 1.0) / n) : (double)NAN;
    return ZH_OK;
}
