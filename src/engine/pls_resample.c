/* Bootstrap of a path model. A replicate draws rows, forms the covariance matrix of the drawn rows
 * and iterates on it; the data are not standardised anew. */
#include "engine/pls_private.h"
#include "num/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A resampled item with less than this share of its variance is constant. */
#define VARIANCE_MIN 1e-12

struct resampling {
    zh_pls_work *work;
    const double *x; /* treated data, rows × stride */
    size_t rows;
    double *drawn;     /* rows × items: distinct drawn rows, each times the root of its count */
    double *mean, *sd; /* items, of the drawn rows */
    double *variance;  /* items: of the original */
    uint32_t *count;   /* rows */
    const double *loading;
    bool align;
    double *path, *total; /* latents × latents */
    double *r2, *sign;    /* latents */
};

/* ---- one replicate ---- */

static size_t draw(struct resampling *in, zh_random *random)
{
    size_t n = in->rows;
    size_t p = in->work->items;
    size_t stride = zh_pls_stride(p);
    size_t distinct = 0;
    memset(in->count, 0, n * sizeof(*in->count));
    memset(in->mean, 0, p * sizeof(*in->mean));
    for (size_t i = 0; i < n; i++) {
        in->count[zh_random_below(random, n)]++;
    }
    for (size_t i = 0; i < n; i++) {
        if (in->count[i] == 0) {
            continue;
        }
        double root = sqrt((double)in->count[i]);
        const double *from = in->x + i * stride;
        double *to = in->drawn + distinct++ * stride;
        for (size_t j = 0; j < p; j++) {
            to[j] = root * from[j];
            in->mean[j] += root * to[j];
        }
    }
    return distinct;
}

static zh_pls_failure covariance(struct resampling *in, size_t distinct)
{
    zh_pls_work *work = in->work;
    size_t p = work->items;
    double n = (double)in->rows;
    zh_pls_covariance(in->drawn, distinct, p, n, work->s);
    for (size_t i = 0; i < p; i++) {
        in->mean[i] /= n;
        for (size_t j = 0; j <= i; j++) {
            work->s[i * p + j] -= in->mean[i] * in->mean[j];
            work->s[j * p + i] = work->s[i * p + j];
        }
        if (!(work->s[i * p + i] > VARIANCE_MIN * in->variance[i])) {
            work->at = i;
            return ZH_PLS_CONSTANT;
        }
        in->sd[i] = sqrt(work->s[i * p + i]);
    }
    for (size_t i = 0; i < p && work->model->scaled; i++) {
        for (size_t j = 0; j < p; j++) {
            work->s[i * p + j] /= in->sd[i] * in->sd[j];
        }
    }
    return ZH_PLS_FINE;
}

/* The sign that each latent variable has against the original; whether any is reversed. */
static bool signs(struct resampling *in)
{
    const zh_pls_work *work = in->work;
    bool turned = false;
    for (size_t j = 0; j < work->latents; j++) {
        double sum = 0.0;
        for (size_t k = work->first[j]; k < work->first[j + 1]; k++) {
            sum += in->loading[k] * zh_pls_loading(work, k, j);
        }
        turned = turned || sum < 0.0;
        in->sign[j] = sum < 0.0 && in->align ? -1.0 : 1.0;
    }
    return turned;
}

/* ---- all replicates ---- */

/* Puts replicate number `at` into column `at` of every list of estimates; rows of `draws` are
 * weight, loading, path, r2, total effect, each `replicates` wide. */
static void keep(const struct resampling *in, const zh_pls_bootstrap *out, double *draws, size_t at)
{
    const zh_pls_work *work = in->work;
    size_t n = work->latents;
    double *to = draws + at;
    for (size_t list = 0; list < 2; list++) {
        for (size_t j = 0; j < n; j++) {
            for (size_t k = work->first[j]; k < work->first[j + 1]; k++, to += out->replicates) {
                *to = in->sign[j] * (list == 0 ? work->w[k] : zh_pls_loading(work, k, j));
            }
        }
    }
    for (size_t k = 0; k < out->paths; k++, to += out->replicates) {
        size_t from = out->path_pairs[2 * k];
        size_t on = out->path_pairs[2 * k + 1];
        *to = in->sign[from] * in->sign[on] * in->path[on * n + from];
    }
    for (size_t j = 0; j < n; j++, to += out->replicates) {
        *to = in->r2[j];
    }
    for (size_t k = 0; k < out->effects; k++, to += out->replicates) {
        size_t from = out->effect_pairs[2 * k];
        size_t on = out->effect_pairs[2 * k + 1];
        *to = in->sign[from] * in->sign[on] * in->total[on * n + from];
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile of type 7 of R. J. Hyndman, Y. Fan, The American Statistician 50 (1996) 361-365. */
static double quantile(const double *sorted, size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

static void summarise(double *draws, size_t stride, size_t used, double confidence,
                      zh_pls_estimates *list)
{
    for (size_t i = 0; i < list->n; i++) {
        double *v = draws + i * stride;
        double sum = 0.0;
        double squares = 0.0;
        for (size_t k = 0; k < used; k++) {
            sum += v[k];
        }
        list->mean[i] = sum / (double)used;
        for (size_t k = 0; k < used; k++) {
            squares += (v[k] - list->mean[i]) * (v[k] - list->mean[i]);
        }
        list->se[i] = sqrt(squares / (double)(used - 1));
        zh_sort(v, used, sizeof(*v), by_value);
        list->lower[i] = quantile(v, used, (1.0 - confidence) / 2.0);
        list->upper[i] = quantile(v, used, (1.0 + confidence) / 2.0);
    }
}

/* ---- memory ---- */

static bool estimates(zh_arena *arena, size_t n, zh_pls_estimates *list)
{
    double *room = ZH_TRY_N(arena, double, 5 * n);
    if (room == NULL) {
        return false;
    }
    *list = (zh_pls_estimates){n, room, room + n, room + 2 * n, room + 3 * n, room + 4 * n};
    return true;
}

/* Pairs (cause, effect) with a path, cause after cause; indirect: along any way. */
static size_t *pairs(zh_arena *arena, const zh_pls_work *work, bool indirect, size_t *count)
{
    size_t n = work->latents;
    const bool *path = work->model->path;
    bool *reach = ZH_TRY_N(arena, bool, n *n);
    size_t *out = ZH_TRY_N(arena, size_t, 2 * n * n);
    if (reach == NULL || out == NULL) {
        return NULL;
    }
    memcpy(reach, path, n * n * sizeof(*path));
    for (size_t at = 0; indirect && at < n; at++) {
        size_t i = work->order[at];
        for (size_t k = 0; k < n; k++) {
            for (size_t j = 0; path[i * n + k] && j < n; j++) {
                reach[i * n + j] = reach[i * n + j] || reach[k * n + j];
            }
        }
    }
    *count = 0;
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            if (reach[i * n + j]) {
                out[2 * *count] = j;
                out[2 * (*count)++ + 1] = i;
            }
        }
    }
    return out;
}

static bool make_room(zh_arena *arena, struct resampling *in, zh_pls_bootstrap *out)
{
    size_t p = in->work->items;
    size_t n = in->work->latents;
    in->drawn = ZH_TRY_N(arena, double, in->rows *p);
    in->count = ZH_TRY_N(arena, uint32_t, in->rows);
    in->mean = ZH_TRY_N(arena, double, 3 * p + 2 * n * n + 2 * n);
    out->path_pairs = pairs(arena, in->work, false, &out->paths);
    out->effect_pairs = pairs(arena, in->work, true, &out->effects);
    if (in->drawn == NULL || in->count == NULL || in->mean == NULL || out->path_pairs == NULL ||
        out->effect_pairs == NULL) {
        return false;
    }
    in->sd = in->mean + p;
    in->variance = in->sd + p;
    in->path = in->variance + p;
    in->total = in->path + n * n;
    in->r2 = in->total + n * n;
    in->sign = in->r2 + n;
    return estimates(arena, p, &out->weight) && estimates(arena, p, &out->loading) &&
           estimates(arena, out->paths, &out->path) && estimates(arena, n, &out->r2) &&
           estimates(arena, out->effects, &out->total_effect);
}

static void originals(const zh_pls_fit *fit, zh_pls_bootstrap *out)
{
    size_t n = fit->latents;
    memcpy(out->weight.original, fit->weight, fit->items * sizeof(double));
    memcpy(out->loading.original, fit->loading, fit->items * sizeof(double));
    memcpy(out->r2.original, fit->r2, n * sizeof(double));
    for (size_t k = 0; k < out->paths; k++) {
        out->path.original[k] = fit->path[out->path_pairs[2 * k + 1] * n + out->path_pairs[2 * k]];
    }
    for (size_t k = 0; k < out->effects; k++) {
        out->total_effect.original[k] =
            fit->total_effect[out->effect_pairs[2 * k + 1] * n + out->effect_pairs[2 * k]];
    }
}

/* Multiplications that all replicates can take at most. */
static double cost(const zh_pls_model *model, const zh_matrix *data, size_t replicates)
{
    double items = (double)data->cols;
    double n = (double)model->latents;
    double iteration = items * items + items * n * n;
    for (size_t j = 0; j < model->latents; j++) {
        double size = (double)model->block[j];
        iteration += model->mode[j] == ZH_PLS_B ? size * size * size / 3.0 : 0.0;
        iteration += model->scheme == ZH_PLS_PATH ? n * n * n / 3.0 : 0.0;
    }
    return (double)replicates *
           ((double)data->rows * items * items + (double)model->iterations * iteration);
}

static zh_rc check(const zh_pls_model *model, const zh_matrix *data, size_t replicates,
                   double confidence, zh_err *err)
{
    double work = cost(model, data, replicates);
    if (replicates < 2 || replicates > ZH_PLS_REPLICATES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pls.replicates", "重抽样次数要 2 到 %zu",
                          ZH_PLS_REPLICATES_MAX);
    }
    if (!(confidence > 0.0 && confidence < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "pls.confidence", "置信水平要在 0 与 1 之间");
    }
    if (work > ZH_PLS_WORK_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pls.work",
                          "重抽样最多可能要 %.3g 次乘法，上限 %.3g；减少重抽样次数或迭代次数", work,
                          ZH_PLS_WORK_MAX);
    }
    return ZH_OK;
}

zh_rc zh_pls_resample(zh_arena *arena, const zh_pls_model *model, const zh_matrix *data,
                      size_t replicates, uint64_t seed, double confidence, bool align,
                      zh_pls_bootstrap *out, zh_err *err)
{
    zh_pls_fit fit;
    zh_rc rc = zh_pls_estimate(arena, model, data, &fit, err);
    rc = rc == ZH_OK ? check(model, data, replicates, confidence, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    struct resampling in = {.rows = data->rows, .loading = fit.loading, .align = align};
    *out = (zh_pls_bootstrap){.replicates = replicates};
    in.work = zh_pls_work_new(arena, model, data->cols);
    bool room = in.work != NULL && make_room(arena, &in, out);
    in.x = room ? zh_pls_treated(arena, model->scaled, data, in.mean, in.variance) : NULL;
    size_t lists = 2 * data->cols + out->paths + model->latents + out->effects;
    double *draws = ZH_TRY_N(arena, double, lists *replicates);
    if (in.x == NULL || draws == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    originals(&fit, out);
    for (size_t i = 0; i < data->cols; i++) {
        in.variance[i] = model->scaled ? 1.0 : in.variance[i] * in.variance[i];
    }
    for (size_t b = 0; b < replicates; b++) {
        zh_random random;
        zh_random_seed_task(&random, seed, b);
        zh_pls_failure failure = covariance(&in, draw(&in, &random));
        failure = failure == ZH_PLS_FINE ? zh_pls_iterate(in.work) : failure;
        failure =
            failure == ZH_PLS_FINE ? zh_pls_inner(in.work, in.path, in.r2, in.total) : failure;
        if (failure != ZH_PLS_FINE) {
            out->failed++;
            continue;
        }
        out->turned += signs(&in) ? 1 : 0;
        keep(&in, out, draws, b - out->failed);
    }
    size_t used = replicates - out->failed;
    if (used < 2) {
        return zh_err_set(err, ZH_EINVAL, "pls.resample",
                          "%zu 次重抽样中只有 %zu 次可以估计，得不到标准误", replicates, used);
    }
    zh_pls_estimates *const all[] = {&out->weight, &out->loading, &out->path, &out->r2,
                                     &out->total_effect};
    for (size_t i = 0; i < ZH_COUNTOF(all); draws += all[i++]->n * replicates) {
        summarise(draws, replicates, used, confidence, all[i]);
    }
    return ZH_OK;
}
