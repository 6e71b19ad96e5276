/* PLS path modelling: checks, the iteration, estimates. */
#include "engine/pls.h"
#include "engine/pls_private.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- names for messages ---- */

static zh_str named(char *text, size_t size, const zh_str *names, size_t at, const char *what,
                    const zh_err *err)
{
    int n = names != NULL && names[at].n > 0 ? snprintf(text, size, zh_err_text(err, "%s“%.*s”"),
                                                        zh_err_text(err, what), ZH_FMT(names[at]))
                                             : snprintf(text, size, zh_err_text(err, "第 %zu 个%s"),
                                                        at + 1, zh_err_text(err, what));
    return (zh_str){text, n > 0 && (size_t)n < size ? (size_t)n : size - 1};
}

zh_rc zh_pls_refuse(const zh_pls_work *work, zh_pls_failure failure, zh_err *err)
{
    char text[128];
    const zh_pls_model *model = work->model;
    zh_str name = failure == ZH_PLS_CONSTANT
                      ? named(text, sizeof(text), model->item_names, work->at, "显变量", err)
                      : named(text, sizeof(text), model->latent_names, work->at, "潜变量", err);
    switch (failure) {
    case ZH_PLS_FINE: return ZH_OK;
    case ZH_PLS_CONSTANT:
        zh_err_set(err, ZH_EINVAL, "pls.constant", "%.*s每行都相同，没有可估计的变化",
                   ZH_FMT(name));
        zh_err_fix(err, "从模型中去掉它");
        break;
    case ZH_PLS_SINGULAR:
        zh_err_set(err, ZH_EINVAL, "pls.singular", "%.*s的题目（B 式）或原因之间线性相关，无法回归",
                   ZH_FMT(name));
        zh_err_fix(err, "去掉重复的题目或原因，或把该潜变量改为 A 式");
        break;
    case ZH_PLS_NEUTRAL:
        zh_err_set(err, ZH_EINVAL, "pls.neutral", "%.*s与相连的潜变量没有相关，外部权重无法确定",
                   ZH_FMT(name));
        break;
    case ZH_PLS_DIVERGED:
        zh_err_set(err, ZH_EINVAL, "pls.convergence", "迭代 %zu 次仍未收敛", model->iterations);
        zh_err_fix(err, "换一种内部权重方案，或检查潜变量之间是否几乎不相关");
        break;
    }
    return ZH_EINVAL;
}

/* ---- checks ---- */

static zh_rc check_sizes(const zh_pls_model *model, const zh_matrix *data, zh_err *err)
{
    size_t items = 0;
    if (model->latents < 2 || model->latents > ZH_PLS_LATENTS_MAX) {
        return zh_err_set(err, model->latents < 2 ? ZH_EINVAL : ZH_ELIMIT, "pls.latents",
                          "潜变量有 %zu 个，要 2 到 %zu 个", model->latents, ZH_PLS_LATENTS_MAX);
    }
    for (size_t j = 0; j < model->latents; j++) {
        if (model->block[j] == 0) {
            return zh_err_set(err, ZH_EINVAL, "pls.block", "第 %zu 个潜变量没有题目", j + 1);
        }
        items = model->block[j] > ZH_PLS_ITEMS_MAX ? SIZE_MAX / 2 : items + model->block[j];
    }
    if (items > ZH_PLS_ITEMS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pls.items", "题目最多 %zu 个", ZH_PLS_ITEMS_MAX);
    }
    if (items != data->cols) {
        return zh_err_set(err, ZH_EINVAL, "pls.items", "各块合计 %zu 个题目，数据有 %zu 列", items,
                          data->cols);
    }
    if (data->rows < 3 || data->rows > ZH_PLS_ROWS_MAX) {
        return zh_err_set(err, data->rows < 3 ? ZH_EINVAL : ZH_ELIMIT, "pls.rows",
                          "数据有 %zu 行，要 3 到 %zu 行", data->rows, ZH_PLS_ROWS_MAX);
    }
    if (!(model->tolerance > 0.0 && model->tolerance <= 1e-3) || model->iterations == 0 ||
        model->iterations > ZH_PLS_ITERATIONS_MAX) {
        return zh_err_set(err, ZH_EINVAL, "pls.tolerance",
                          "收敛界要大于 0、不超过 0.001，迭代次数要 1 到 %zu",
                          ZH_PLS_ITERATIONS_MAX);
    }
    return ZH_OK;
}

/* Causes before effects in `order`; false when paths run in a circle. */
static bool sort_causes(const zh_pls_model *model, size_t *causes, size_t *order)
{
    size_t n = model->latents;
    size_t left[ZH_PLS_LATENTS_MAX];
    for (size_t i = 0; i < n; i++) {
        causes[i] = 0;
        for (size_t j = 0; j < n; j++) {
            causes[i] += model->path[i * n + j] ? 1 : 0;
        }
        left[i] = causes[i];
    }
    size_t done = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            if (left[i] != 0) {
                continue;
            }
            left[i] = SIZE_MAX;
            order[done++] = i;
            moved = true;
            for (size_t k = 0; k < n; k++) {
                left[k] -= model->path[k * n + i] ? 1 : 0;
            }
        }
    }
    return done == n;
}

zh_rc zh_pls_check(const zh_pls_model *model, const zh_matrix *data, zh_err *err)
{
    size_t causes[ZH_PLS_LATENTS_MAX];
    size_t order[ZH_PLS_LATENTS_MAX];
    zh_rc rc = check_sizes(model, data, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!sort_causes(model, causes, order)) {
        return zh_err_set(err, ZH_EINVAL, "pls.circle",
                          "路径形成了环（或指向自身），递归模型不允许");
    }
    for (size_t j = 0; j < model->latents; j++) {
        char text[128];
        zh_str name = named(text, sizeof(text), model->latent_names, j, "潜变量", err);
        size_t neighbours = causes[j];
        for (size_t i = 0; i < model->latents; i++) {
            neighbours += model->path[i * model->latents + j] ? 1 : 0;
        }
        if (neighbours == 0) {
            return zh_err_set(err, ZH_EINVAL, "pls.alone", "%.*s没有路径与别的潜变量相连",
                              ZH_FMT(name));
        }
        if (causes[j] + 2 > data->rows ||
            (model->mode[j] == ZH_PLS_B && model->block[j] + 2 > data->rows)) {
            return zh_err_set(err, ZH_EINVAL, "pls.rows", "只有 %zu 行，不够估计%.*s的回归",
                              data->rows, ZH_FMT(name));
        }
    }
    for (size_t i = 0; i < data->rows * data->cols; i++) {
        if (!isfinite(data->v[i])) {
            return zh_err_set(err, ZH_EINVAL, "pls.data", "第 %zu 行第 %zu 列不是有限的数",
                              i / data->cols + 1, i % data->cols + 1);
        }
    }
    return ZH_OK;
}

/* ---- memory ---- */

zh_pls_work *zh_pls_work_new(zh_arena *arena, const zh_pls_model *model, size_t items)
{
    size_t n = model->latents;
    size_t widest = n;
    zh_pls_work *work = ZH_NEW(arena, zh_pls_work);
    for (size_t j = 0; j < n; j++) {
        widest = model->block[j] > widest ? model->block[j] : widest;
    }
    size_t numbers =
        items * items + 2 * items + items * n + 2 * n * n + 2 * n + widest * (widest + 1);
    double *room = ZH_TRY_N(arena, double, numbers);
    size_t *counts = ZH_TRY_N(arena, size_t, 4 * n + 1);
    if (room == NULL || counts == NULL) {
        return NULL;
    }
    *work = (zh_pls_work){.model = model, .items = items, .latents = n};
    work->first = counts;
    work->order = work->first + n + 1;
    work->causes = work->order + n;
    work->index = work->causes + n;
    work->s = room;
    work->w = work->s + items * items;
    work->new = work->w + items;
    work->sw = work->new + items;
    work->r = work->sw + items * n;
    work->e = work->r + n * n;
    work->sd = work->e + n * n;
    work->turn = work->sd + n;
    work->square = work->turn + n;
    work->right = work->square + widest * widest;
    for (size_t j = 0; j < n; j++) {
        work->first[j + 1] = work->first[j] + model->block[j];
    }
    (void)sort_causes(model, work->causes, work->order);
    return work;
}

static void add_rows(const double *x, size_t n, size_t p, bool squared, double *sum)
{
    for (size_t i = 0; i < n; i++) {
        const double *row = x + i * zh_pls_stride(p);
        for (size_t j = 0; j < p; j++) {
            sum[j] += squared ? row[j] * row[j] : row[j];
        }
    }
}

double *zh_pls_treated(zh_arena *arena, bool scaled, const zh_matrix *data, double *mean,
                       double *sd)
{
    size_t n = data->rows;
    size_t p = data->cols;
    size_t stride = zh_pls_stride(p);
    double *x = ZH_TRY_N(arena, double, n *stride);
    if (x == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(x + i * stride, zh_matrix_row(data, i), p * sizeof(*x));
    }
    memset(mean, 0, p * sizeof(*mean));
    /* The second pass takes out what rounding left of a mean far from zero. */
    for (size_t pass = 0; pass < 2; pass++) {
        memset(sd, 0, p * sizeof(*sd));
        add_rows(x, n, p, false, sd);
        for (size_t j = 0; j < p; j++) {
            sd[j] /= (double)n;
            mean[j] += sd[j];
        }
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < p; j++) {
                x[i * stride + j] -= sd[j];
            }
        }
    }
    memset(sd, 0, p * sizeof(*sd));
    add_rows(x, n, p, true, sd);
    for (size_t j = 0; j < p; j++) {
        sd[j] = sqrt(sd[j] / (double)n);
    }
    for (size_t i = 0; i < n && scaled; i++) {
        for (size_t j = 0; j < p; j++) {
            x[i * stride + j] = sd[j] > 0.0 ? x[i * stride + j] / sd[j] : 0.0;
        }
    }
    return x;
}

/* ---- the covariance matrix ---- */

typedef double pair __attribute__((vector_size(16)));

/* Four columns of u against four, over all rows: eight independent pairs of sums. */
static void tile(const double *u, size_t rows, size_t stride, size_t a, size_t b, pair sum[8])
{
    pair s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0};
    const double *x = u + a;
    const double *y = u + b;
    for (size_t i = 0; i < rows; i++, x += stride, y += stride) {
        pair left = {y[0], y[1]};
        pair right = {y[2], y[3]};
        s0 += x[0] * left;
        s1 += x[0] * right;
        s2 += x[1] * left;
        s3 += x[1] * right;
        s4 += x[2] * left;
        s5 += x[2] * right;
        s6 += x[3] * left;
        s7 += x[3] * right;
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
    sum[4] = s4;
    sum[5] = s5;
    sum[6] = s6;
    sum[7] = s7;
}

void zh_pls_covariance(const double *u, size_t rows, size_t items, double n, double *s)
{
    for (size_t a = 0; a < items; a += 4) {
        for (size_t b = a; b < items; b += 4) {
            pair sum[8];
            tile(u, rows, zh_pls_stride(items), a, b, sum);
            for (size_t k = 0; k < 16; k++) {
                size_t i = a + k / 4;
                size_t j = b + k % 4;
                if (i < items && j < items) {
                    s[i * items + j] = sum[k / 2][k % 2] / n;
                    s[j * items + i] = s[i * items + j];
                }
            }
        }
    }
}

/* ---- equations ---- */

/* Solves the symmetric positive definite system in work->square, of size n, in place. */
static bool solve(zh_pls_work *work, size_t n, double *b)
{
    zh_matrix a = {n, n, work->square};
    if (n == 0) {
        return true;
    }
    if (zh_cholesky(&a, NULL) != ZH_OK) {
        return false;
    }
    zh_cholesky_solve(&a, b);
    return true;
}

/* Regression of latent variable `effect` on its causes, by the correlations of the scores: the
 * coefficients into work->right, the causes into work->index. */
static bool regress(zh_pls_work *work, size_t effect, size_t *causes)
{
    size_t n = work->latents;
    size_t k = 0;
    for (size_t j = 0; j < n; j++) {
        if (work->model->path[effect * n + j]) {
            work->index[k++] = j;
        }
    }
    for (size_t i = 0; i < k; i++) {
        work->right[i] = work->r[effect * n + work->index[i]];
        for (size_t j = 0; j < k; j++) {
            work->square[i * k + j] = work->r[work->index[i] * n + work->index[j]];
        }
    }
    *causes = k;
    return solve(work, k, work->right);
}

/* ---- the iteration ---- */

/* Raw scores' standard deviations and correlations from the weights. */
static zh_pls_failure score_moments(zh_pls_work *work)
{
    size_t n = work->latents;
    for (size_t i = 0; i < work->items; i++) {
        const double *row = work->s + i * work->items;
        for (size_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (size_t k = work->first[j]; k < work->first[j + 1]; k++) {
                sum += row[k] * work->w[k];
            }
            work->sw[i * n + j] = sum;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (size_t k = work->first[i]; k < work->first[i + 1]; k++) {
                sum += work->w[k] * work->sw[k * n + j];
            }
            work->r[i * n + j] = sum;
        }
        double variance = work->r[i * n + i];
        if (!(variance > 0.0) || !isfinite(variance)) {
            work->at = i;
            return ZH_PLS_NEUTRAL;
        }
        work->sd[i] = sqrt(variance);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            work->r[i * n + j] /= work->sd[i] * work->sd[j];
        }
        work->r[i * n + i] = 1.0;
    }
    return ZH_PLS_FINE;
}

static double sign(double x)
{
    return (double)((x > 0.0) - (x < 0.0));
}

/* e[k, j]: weight of neighbour k in the inner estimate of j, T section 2.2.2. */
static zh_pls_failure inner_weights(zh_pls_work *work)
{
    const zh_pls_model *model = work->model;
    size_t n = work->latents;
    for (size_t k = 0; k < n; k++) {
        for (size_t j = 0; j < n; j++) {
            bool near = model->path[k * n + j] || model->path[j * n + k];
            double r = near ? work->r[k * n + j] : 0.0;
            work->e[k * n + j] = model->scheme == ZH_PLS_CENTROID ? sign(r) : r;
        }
    }
    for (size_t j = 0; model->scheme == ZH_PLS_PATH && j < n; j++) {
        size_t causes;
        if (!regress(work, j, &causes)) {
            work->at = j;
            return ZH_PLS_SINGULAR;
        }
        for (size_t k = 0; k < causes; k++) {
            work->e[work->index[k] * n + j] = work->right[k];
        }
    }
    return ZH_PLS_FINE;
}

/* New weights of the block of j: covariances of its items with the inner estimate, or regression.
 */
static bool outer_weights(zh_pls_work *work, size_t j)
{
    size_t n = work->latents;
    size_t first = work->first[j];
    size_t size = work->first[j + 1] - first;
    for (size_t i = 0; i < size; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < n; k++) {
            sum += work->sw[(first + i) * n + k] / work->sd[k] * work->e[k * n + j];
        }
        work->new[first + i] = sum;
    }
    if (work->model->mode[j] == ZH_PLS_A) {
        return true;
    }
    for (size_t i = 0; i < size; i++) {
        memcpy(work->square + i * size, work->s + (first + i) * work->items + first,
               size * sizeof(double));
    }
    return solve(work, size, work->new + first);
}

static void scale_weights(zh_pls_work *work)
{
    size_t n = work->latents;
    for (size_t j = 0; j < n; j++) {
        for (size_t k = work->first[j]; k < work->first[j + 1]; k++) {
            work->w[k] /= work->sd[j];
        }
    }
    for (size_t i = 0; i < work->items * n; i++) {
        work->sw[i] /= work->sd[i % n];
    }
    for (size_t j = 0; j < n; j++) {
        work->sd[j] = 1.0;
    }
}

double zh_pls_loading(const zh_pls_work *work, size_t item, size_t latent)
{
    return work->sw[item * work->latents + latent] / sqrt(work->s[item * work->items + item]);
}

/* A score whose items do not load positively in their majority is turned around. */
static void orient(zh_pls_work *work)
{
    size_t n = work->latents;
    for (size_t j = 0; j < n; j++) {
        double sum = 0.0;
        for (size_t k = work->first[j]; k < work->first[j + 1]; k++) {
            sum += sign(work->sw[k * n + j]);
        }
        work->turn[j] = work->model->oriented && sum <= 0.0 ? -1.0 : 1.0;
    }
    for (size_t i = 0; i < work->items * n; i++) {
        work->sw[i] *= work->turn[i % n];
    }
    for (size_t i = 0; i < n * n; i++) {
        work->r[i] *= work->turn[i / n] * work->turn[i % n];
    }
}

zh_pls_failure zh_pls_iterate(zh_pls_work *work)
{
    double change = (double)INFINITY;
    for (size_t i = 0; i < work->items; i++) {
        work->w[i] = 1.0;
    }
    zh_pls_failure failure = score_moments(work);
    if (failure != ZH_PLS_FINE) {
        return failure;
    }
    scale_weights(work);
    for (work->iterations = 0; change >= work->model->tolerance;) {
        if (work->iterations++ == work->model->iterations) {
            return ZH_PLS_DIVERGED;
        }
        failure = inner_weights(work);
        for (size_t j = 0; j < work->latents && failure == ZH_PLS_FINE; j++) {
            if (!outer_weights(work, j)) {
                work->at = j;
                failure = ZH_PLS_SINGULAR;
            }
        }
        change = 0.0;
        for (size_t i = 0; i < work->items; i++) {
            double step = fabs(work->w[i]) - fabs(work->new[i]);
            change += step * step;
            work->w[i] = work->new[i];
        }
        failure = failure == ZH_PLS_FINE ? score_moments(work) : failure;
        if (failure != ZH_PLS_FINE) {
            return failure;
        }
    }
    scale_weights(work);
    orient(work);
    return ZH_PLS_FINE;
}

zh_pls_failure zh_pls_inner(zh_pls_work *work, double *path, double *r2, double *total)
{
    size_t n = work->latents;
    memset(path, 0, n * n * sizeof(*path));
    for (size_t i = 0; i < n; i++) {
        size_t causes;
        r2[i] = 0.0;
        if (!regress(work, i, &causes)) {
            work->at = i;
            return ZH_PLS_SINGULAR;
        }
        for (size_t k = 0; k < causes; k++) {
            path[i * n + work->index[k]] = work->right[k];
            r2[i] += work->right[k] * work->r[i * n + work->index[k]];
        }
    }
    if (total == NULL) {
        return ZH_PLS_FINE;
    }
    memset(total, 0, n * n * sizeof(*total));
    for (size_t at = 0; at < n; at++) {
        size_t i = work->order[at];
        for (size_t k = 0; k < n; k++) {
            double direct = path[i * n + k];
            if (!work->model->path[i * n + k]) {
                continue;
            }
            total[i * n + k] += direct;
            for (size_t j = 0; j < n; j++) {
                total[i * n + j] += direct * total[k * n + j];
            }
        }
    }
    return ZH_PLS_FINE;
}

/* ---- estimates ---- */

static bool make_room(zh_arena *arena, size_t items, size_t latents, zh_pls_fit *out)
{
    size_t square = latents * latents;
    double *room = ZH_TRY_N(arena, double, 6 * items + items * latents + 3 * square + 4 * latents);
    if (room == NULL) {
        return false;
    }
    *out = (zh_pls_fit){.items = items, .latents = latents};
    double **const wide[] = {&out->mean,    &out->sd,          &out->weight,
                             &out->loading, &out->communality, &out->redundancy};
    double **const squares[] = {&out->correlation, &out->path, &out->total_effect};
    double **const narrow[] = {&out->turn, &out->r2, &out->block_communality,
                               &out->mean_redundancy};
    for (size_t i = 0; i < ZH_COUNTOF(wide); i++, room += items) {
        *wide[i] = room;
    }
    for (size_t i = 0; i < ZH_COUNTOF(squares); i++, room += square) {
        *squares[i] = room;
    }
    for (size_t i = 0; i < ZH_COUNTOF(narrow); i++, room += latents) {
        *narrow[i] = room;
    }
    out->cross_loading = room;
    return true;
}

static void summarise(const zh_pls_work *work, zh_pls_fit *out)
{
    size_t n = work->latents;
    double communality = 0.0;
    double r2 = 0.0;
    size_t wide = 0;
    size_t effects = 0;
    for (size_t j = 0; j < n; j++) {
        size_t size = work->first[j + 1] - work->first[j];
        for (size_t k = work->first[j]; k < work->first[j + 1]; k++) {
            out->loading[k] = out->cross_loading[k * n + j];
            out->communality[k] = out->loading[k] * out->loading[k];
            out->redundancy[k] = out->communality[k] * out->r2[j];
            out->block_communality[j] += out->communality[k] / (double)size;
            out->mean_redundancy[j] += out->redundancy[k] / (double)size;
        }
        if (size > 1) {
            communality += out->block_communality[j] * (double)size;
            wide += size;
        }
        if (work->causes[j] > 0) {
            r2 += out->r2[j];
            effects++;
        }
    }
    out->gof = wide > 0 && effects > 0 ? sqrt(communality / (double)wide * (r2 / (double)effects))
                                       : (double)NAN;
}

zh_rc zh_pls_estimate(zh_arena *arena, const zh_pls_model *model, const zh_matrix *data,
                      zh_pls_fit *out, zh_err *err)
{
    zh_rc rc = zh_pls_check(model, data, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_pls_work *work = zh_pls_work_new(arena, model, data->cols);
    if (work == NULL || !make_room(arena, data->cols, model->latents, out)) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    size_t n = model->latents;
    zh_arena_mark mark = zh_arena_here(arena);
    double *x = zh_pls_treated(arena, model->scaled, data, out->mean, out->sd);
    if (x == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    zh_pls_covariance(x, data->rows, data->cols, (double)data->rows, work->s);
    zh_arena_rewind(arena, mark);
    for (size_t i = 0; i < data->cols; i++) {
        /* A constant far from zero leaves rounding in its deviation. */
        if (!(out->sd[i] > 1e-13 * fabs(out->mean[i]))) {
            work->at = i;
            return zh_pls_refuse(work, ZH_PLS_CONSTANT, err);
        }
    }
    zh_pls_failure failure = zh_pls_iterate(work);
    if (failure == ZH_PLS_FINE) {
        failure = zh_pls_inner(work, out->path, out->r2, out->total_effect);
    }
    if (failure != ZH_PLS_FINE) {
        return zh_pls_refuse(work, failure, err);
    }
    out->iterations = work->iterations;
    memcpy(out->weight, work->w, data->cols * sizeof(double));
    memcpy(out->turn, work->turn, n * sizeof(double));
    memcpy(out->correlation, work->r, n * n * sizeof(double));
    for (size_t i = 0; i < data->cols * n; i++) {
        out->cross_loading[i] = zh_pls_loading(work, i / n, i % n);
    }
    summarise(work, out);
    return ZH_OK;
}

void zh_pls_scores(const zh_pls_model *model, const zh_pls_fit *fit, const zh_matrix *data,
                   size_t rows, double *out)
{
    for (size_t i = 0; i < rows; i++) {
        const double *x = zh_matrix_row(data, i);
        for (size_t j = 0, k = 0; j < model->latents; j++) {
            double sum = 0.0;
            for (size_t end = k + model->block[j]; k < end; k++) {
                double deviation = x[k] - fit->mean[k];
                sum += fit->weight[k] * (model->scaled ? deviation / fit->sd[k] : deviation);
            }
            out[i * model->latents + j] = fit->turn[j] * sum;
        }
    }
}

void zh_pls_indices(const zh_pls_model *model, const zh_pls_fit *fit, double lower, double upper,
                    double *out)
{
    for (size_t j = 0, k = 0; j < model->latents; j++) {
        double mean = 0.0;
        double total = 0.0;
        for (size_t end = k + model->block[j]; k < end; k++) {
            double w = model->scaled ? fit->weight[k] / fit->sd[k] : fit->weight[k];
            mean += w * fit->mean[k];
            total += w;
        }
        out[j] = 100.0 * (mean / total - lower) / (upper - lower);
    }
}
