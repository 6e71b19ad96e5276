/* Dense linear algebra. The methods are named in the header. */
#include "num/matrix.h"
#include <float.h>
#include <math.h>
#include <string.h>

#define BLOCK_ROWS        128
#define PIVOT_MIN         1e-13
#define JACOBI_SWEEPS_MAX 60

zh_matrix zh_matrix_new(zh_arena *arena, size_t rows, size_t cols)
{
    zh_matrix m = {rows, cols, NULL};
    if (cols == 0 || rows <= SIZE_MAX / sizeof(double) / cols - 1) {
        m.v = ZH_TRY_N(arena, double, rows *cols + 1);
    }
    return m;
}

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "matrix.memory", "矩阵太大，内存不够算完");
}

void zh_matrix_multiply(const zh_matrix *a, const zh_matrix *b, zh_matrix *out)
{
    zh_assert(a->cols == b->rows && out->rows == a->rows && out->cols == b->cols);
    zh_assert(out->v != a->v && out->v != b->v);
    for (size_t i = 0; i < a->rows; i++) {
        double *row = zh_matrix_row(out, i);
        for (size_t j = 0; j < b->cols; j++) {
            row[j] = 0.0;
        }
        for (size_t k = 0; k < a->cols; k++) {
            double factor = zh_matrix_at(a, i, k);
            const double *from = zh_matrix_row(b, k);
            for (size_t j = 0; j < b->cols; j++) {
                row[j] += factor * from[j];
            }
        }
    }
}

void zh_matrix_crossproduct(const zh_matrix *x, const double *weights, zh_matrix *out)
{
    size_t p = x->cols;
    zh_assert(out->rows == p && out->cols == p && out->v != x->v);
    for (size_t j = 0; j < p * p; j++) {
        out->v[j] = 0.0;
    }
    for (size_t i = 0; i < x->rows; i++) {
        const double *row = zh_matrix_row(x, i);
        for (size_t j = 0; j < p; j++) {
            double factor = weights != NULL ? weights[i] * row[j] : row[j];
            double *sums = zh_matrix_row(out, j);
            for (size_t k = 0; k <= j; k++) {
                sums[k] += factor * row[k];
            }
        }
    }
    for (size_t j = 0; j < p; j++) {
        for (size_t k = 0; k < j; k++) {
            out->v[k * p + j] = out->v[j * p + k];
        }
    }
}

/* ---- Cholesky ---- */

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static zh_rc check_square(const zh_matrix *a, size_t order_max, zh_err *err)
{
    zh_assert(a->rows == a->cols);
    if (a->rows > order_max) {
        return zh_err_set(err, ZH_ELIMIT, "matrix.order", "矩阵有 %zu 行，最多 %zu 行", a->rows,
                          order_max);
    }
    return ZH_OK;
}

zh_rc zh_cholesky(zh_matrix *a, zh_err *err)
{
    zh_rc rc = check_square(a, ZH_SQUARE_ORDER_MAX, err);
    size_t n = a->rows;
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t j = 0; j < n; j++) {
        double *row = zh_matrix_row(a, j);
        double diagonal = row[j];
        for (size_t k = 0; k < j; k++) {
            const double *above = zh_matrix_row(a, k);
            row[k] = (row[k] - dot(row, above, k)) / above[k];
        }
        double pivot = diagonal - dot(row, row, j);
        if (!(pivot > 4.0 * (double)(j + 1) * DBL_EPSILON * diagonal) || !isfinite(pivot)) {
            return zh_err_set(err, ZH_EINVAL, "matrix.positive_definite",
                              "矩阵不是正定的：第 %zu 行与前面各行线性相关或方差不为正", j + 1);
        }
        row[j] = sqrt(pivot);
        for (size_t k = j + 1; k < n; k++) {
            row[k] = 0.0;
        }
    }
    return ZH_OK;
}

void zh_cholesky_solve(const zh_matrix *l, double *b)
{
    size_t n = l->rows;
    for (size_t i = 0; i < n; i++) {
        const double *row = zh_matrix_row(l, i);
        b[i] = (b[i] - dot(row, b, i)) / row[i];
    }
    for (size_t i = n; i-- > 0;) {
        const double *row = zh_matrix_row(l, i);
        b[i] /= row[i];
        for (size_t k = 0; k < i; k++) {
            b[k] -= row[k] * b[i];
        }
    }
}

/* out = inverse of the lower triangular l: row i from the rows above it. */
static void invert_lower(const zh_matrix *l, zh_matrix *out)
{
    size_t n = l->rows;
    for (size_t i = 0; i < n; i++) {
        double *row = zh_matrix_row(out, i);
        const double *from = zh_matrix_row(l, i);
        for (size_t j = 0; j < n; j++) {
            row[j] = i == j ? 1.0 : 0.0;
        }
        for (size_t k = 0; k < i; k++) {
            const double *above = zh_matrix_row(out, k);
            for (size_t j = 0; j <= k; j++) {
                row[j] -= from[k] * above[j];
            }
        }
        for (size_t j = 0; j <= i; j++) {
            row[j] /= from[i];
        }
    }
}

/* m = m' m for lower triangular m, in place: entry (i, j) needs rows from i downwards only. */
static void square_lower(zh_matrix *m)
{
    size_t n = m->rows;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (size_t k = i; k < n; k++) {
                sum += zh_matrix_at(m, k, i) * zh_matrix_at(m, k, j);
            }
            m->v[i * n + j] = sum;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            m->v[j * n + i] = m->v[i * n + j];
        }
    }
}

void zh_cholesky_inverse(const zh_matrix *l, zh_matrix *out)
{
    zh_assert(out->rows == l->rows && out->cols == l->rows && out->v != l->v);
    invert_lower(l, out);
    square_lower(out);
}

/* ---- general square systems ---- */

static void swap_rows(zh_matrix *m, size_t a, size_t b)
{
    double *x = zh_matrix_row(m, a);
    double *y = zh_matrix_row(m, b);
    for (size_t j = 0; a != b && j < m->cols; j++) {
        double kept = x[j];
        x[j] = y[j];
        y[j] = kept;
    }
}

static size_t pivot_row(const zh_matrix *m, size_t j)
{
    size_t best = j;
    for (size_t i = j + 1; i < m->rows; i++) {
        if (fabs(zh_matrix_at(m, i, j)) > fabs(zh_matrix_at(m, best, j))) {
            best = i;
        }
    }
    return best;
}

/* row[from…] -= factor * other[from…] */
static void subtract(double *row, const double *other, double factor, size_t from, size_t n)
{
    for (size_t k = from; k < n; k++) {
        row[k] -= factor * other[k];
    }
}

zh_rc zh_matrix_solve(zh_arena *arena, const zh_matrix *a, const zh_matrix *b, zh_matrix *out,
                      zh_err *err)
{
    zh_rc rc = check_square(a, ZH_SQUARE_ORDER_MAX, err);
    size_t n = a->rows;
    zh_matrix lu = zh_matrix_new(arena, n, n);
    zh_assert(b->rows == n && out->rows == n && out->cols == b->cols);
    if (rc != ZH_OK || lu.v == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    double largest = 0.0;
    for (size_t i = 0; i < n * n; i++) {
        lu.v[i] = a->v[i];
        largest = fmax(largest, fabs(a->v[i]));
    }
    if (out->v != b->v && n * b->cols > 0) {
        memcpy(out->v, b->v, n * b->cols * sizeof(double));
    }
    for (size_t j = 0; j < n; j++) {
        size_t best = pivot_row(&lu, j);
        swap_rows(&lu, j, best);
        swap_rows(out, j, best);
        const double *row = zh_matrix_row(&lu, j);
        if (!(fabs(row[j]) > (double)n * DBL_EPSILON * largest)) {
            return zh_err_set(err, ZH_EINVAL, "matrix.singular",
                              "矩阵不可逆：第 %zu 列与前面各列线性相关", j + 1);
        }
        for (size_t i = j + 1; i < n; i++) {
            double factor = zh_matrix_at(&lu, i, j) / row[j];
            subtract(zh_matrix_row(&lu, i), row, factor, j + 1, n);
            subtract(zh_matrix_row(out, i), zh_matrix_row(out, j), factor, 0, b->cols);
        }
    }
    for (size_t j = n; j-- > 0;) {
        double *row = zh_matrix_row(out, j);
        for (size_t k = 0; k < b->cols; k++) {
            row[k] /= zh_matrix_at(&lu, j, j);
        }
        for (size_t i = 0; i < j; i++) {
            subtract(zh_matrix_row(out, i), row, zh_matrix_at(&lu, i, j), 0, b->cols);
        }
    }
    return ZH_OK;
}

zh_rc zh_matrix_inverse(zh_arena *arena, const zh_matrix *a, zh_matrix *out, zh_err *err)
{
    zh_matrix identity = zh_matrix_new(arena, a->rows, a->rows);
    if (identity.v == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < a->rows; i++) {
        identity.v[i * a->rows + i] = 1.0;
    }
    return zh_matrix_solve(arena, a, &identity, out, err);
}

/* ---- symmetric eigenvectors ---- */

/* Rotates rows and columns p < q of the full symmetric a so that a_pq becomes 0; the rows of
 * `turned` gather the eigenvectors. */
static void rotate(zh_matrix *a, zh_matrix *turned, size_t p, size_t q)
{
    size_t n = a->rows;
    double *row_p = zh_matrix_row(a, p);
    double *row_q = zh_matrix_row(a, q);
    double theta = (row_q[q] - row_p[p]) / (2.0 * row_p[q]);
    double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1.0));
    double c = 1.0 / sqrt(t * t + 1.0);
    double s = t * c;
    double app = row_p[p] - t * row_p[q];
    double aqq = row_q[q] + t * row_p[q];
    for (size_t k = 0; k < n; k++) {
        double x = row_p[k];
        double y = row_q[k];
        row_p[k] = c * x - s * y;
        row_q[k] = s * x + c * y;
    }
    for (size_t k = 0; k < n; k++) {
        a->v[k * n + p] = row_p[k];
        a->v[k * n + q] = row_q[k];
    }
    row_p[p] = app;
    row_q[q] = aqq;
    row_p[q] = 0.0;
    row_q[p] = 0.0;
    double *to_p = zh_matrix_row(turned, p);
    double *to_q = zh_matrix_row(turned, q);
    for (size_t k = 0; k < n; k++) {
        double x = to_p[k];
        double y = to_q[k];
        to_p[k] = c * x - s * y;
        to_q[k] = s * x + c * y;
    }
}

/* One sweep over all pairs; false when every pair was negligible. */
static bool sweep(zh_matrix *a, zh_matrix *turned, double norm)
{
    bool rotated = false;
    for (size_t p = 0; p < a->rows; p++) {
        for (size_t q = p + 1; q < a->rows; q++) {
            double beside = fabs(zh_matrix_at(a, p, q));
            double between = sqrt(fabs(zh_matrix_at(a, p, p)) * fabs(zh_matrix_at(a, q, q)));
            if (beside > 0.25 * DBL_EPSILON * between && beside > 1e-3 * DBL_EPSILON * norm) {
                rotate(a, turned, p, q);
                rotated = true;
            }
        }
    }
    return rotated;
}

/* Writes the rows of `turned` as columns by descending eigenvalue. */
static void put_sorted(const zh_matrix *a, const zh_matrix *turned, double *values,
                       zh_matrix *vectors)
{
    size_t n = a->rows;
    size_t order[ZH_EIGEN_ORDER_MAX];
    for (size_t i = 0; i < n; i++) {
        double value = zh_matrix_at(a, i, i);
        size_t at = i;
        while (at > 0 && zh_matrix_at(a, order[at - 1], order[at - 1]) < value) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    for (size_t j = 0; j < n; j++) {
        values[j] = zh_matrix_at(a, order[j], order[j]);
        const double *from = zh_matrix_row(turned, order[j]);
        size_t largest = 0;
        for (size_t k = 1; k < n; k++) {
            /* A tie but for rounding goes to the first. */
            largest = fabs(from[k]) > fabs(from[largest]) * (1.0 + 1e-10) ? k : largest;
        }
        for (size_t k = 0; vectors != NULL && k < n; k++) {
            vectors->v[k * n + j] = from[largest] < 0.0 ? -from[k] : from[k];
        }
    }
}

zh_rc zh_symmetric_eigen(zh_arena *arena, const zh_matrix *a, double *values, zh_matrix *vectors,
                         zh_err *err)
{
    zh_rc rc = check_square(a, ZH_EIGEN_ORDER_MAX, err);
    size_t n = a->rows;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_assert(vectors == NULL || (vectors->rows == n && vectors->cols == n));
    zh_matrix work = zh_matrix_new(arena, n, n);
    zh_matrix turned = zh_matrix_new(arena, n, n);
    if (work.v == NULL || turned.v == NULL) {
        return no_memory(err);
    }
    double norm = 0.0;
    for (size_t i = 0; i < n; i++) {
        turned.v[i * n + i] = 1.0;
        for (size_t j = 0; j <= i; j++) {
            double value = zh_matrix_at(a, i, j);
            if (!isfinite(value)) {
                return zh_err_set(err, ZH_EINVAL, "matrix.value",
                                  "矩阵第 %zu 行第 %zu 列不是有限的数", i + 1, j + 1);
            }
            work.v[i * n + j] = work.v[j * n + i] = value;
            norm = fmax(norm, fabs(value));
        }
    }
    int exponent = 0; /* squares must neither overflow nor vanish */
    (void)frexp(norm, &exponent);
    for (size_t i = 0; i < n * n; i++) {
        work.v[i] = ldexp(work.v[i], -exponent);
    }
    for (int i = 0; i < JACOBI_SWEEPS_MAX && sweep(&work, &turned, 1.0); i++) {
    }
    for (size_t i = 0; i < n * n; i++) {
        work.v[i] = ldexp(work.v[i], exponent);
    }
    put_sorted(&work, &turned, values, vectors);
    return ZH_OK;
}

/* ---- least squares ---- */

/* The triangle R with Q'y as its last column (width = cols + 1), over a block of rows to fold in.
 */
struct triangle {
    size_t width;
    size_t filled; /* rows in the block */
    double *r;     /* width * width */
    double *block; /* BLOCK_ROWS * width */
    double *sums;  /* width */
};

/* Reflects column j of the block into row j of the triangle. Rows j+1… of the triangle have zeros
 * in column j and stay as they are. */
static void reflect(struct triangle *t, size_t j)
{
    size_t w = t->width;
    double *top = t->r + j * w;
    double below = 0.0;
    for (size_t i = 0; i < t->filled; i++) {
        double v = t->block[i * w + j];
        below += v * v;
    }
    if (below == 0.0) {
        return;
    }
    double length = sqrt(top[j] * top[j] + below);
    double alpha = top[j] > 0.0 ? -length : length;
    double head = top[j] - alpha; /* the reflected vector is (head, block column j) */
    double scale = -1.0 / (alpha * head);
    for (size_t k = j + 1; k < w; k++) {
        t->sums[k] = head * top[k];
    }
    for (size_t i = 0; i < t->filled; i++) {
        const double *row = t->block + i * w;
        for (size_t k = j + 1; k < w; k++) {
            t->sums[k] += row[j] * row[k];
        }
    }
    for (size_t k = j + 1; k < w; k++) {
        t->sums[k] *= scale;
        top[k] -= head * t->sums[k];
    }
    for (size_t i = 0; i < t->filled; i++) {
        double *row = t->block + i * w;
        double v = row[j];
        for (size_t k = j + 1; k < w; k++) {
            row[k] -= v * t->sums[k];
        }
    }
    top[j] = alpha;
}

static void fold(struct triangle *t)
{
    for (size_t j = 0; j < t->width; j++) {
        reflect(t, j);
    }
    t->filled = 0;
}

/* Power of two that brings every column and y to about 1: exact, and squares cannot overflow. */
static zh_rc find_exponents(const zh_matrix *x, const double *y, const double *weights,
                            int *exponents, size_t *rows_used, zh_err *err)
{
    size_t p = x->cols;
    double largest[ZH_SQUARE_ORDER_MAX + 1] = {0.0};
    *rows_used = 0;
    for (size_t i = 0; i < x->rows; i++) {
        double weight = weights != NULL ? weights[i] : 1.0;
        const double *row = zh_matrix_row(x, i);
        bool finite = weight >= 0.0 && isfinite(weight) && isfinite(y[i]);
        for (size_t j = 0; j < p; j++) {
            finite = finite && isfinite(row[j]);
            largest[j] = fmax(largest[j], fabs(row[j]));
        }
        if (!finite) {
            return zh_err_set(err, ZH_EINVAL, "regression.value",
                              "第 %zu 行有不是有限数的值，或权数为负", i + 1);
        }
        largest[p] = fmax(largest[p], fabs(y[i]));
        *rows_used += weight > 0.0;
    }
    for (size_t j = 0; j <= p; j++) {
        (void)frexp(largest[j], &exponents[j]);
        exponents[j] = exponents[j] < -1000 ? -1000 : exponents[j];
    }
    return ZH_OK;
}

static zh_rc factor(zh_arena *arena, const zh_matrix *x, const double *y, const double *weights,
                    const int *exponents, struct triangle *t, zh_err *err)
{
    size_t p = x->cols;
    size_t w = t->width = p + 1;
    double *scale = ZH_TRY_N(arena, double, w);
    t->r = ZH_TRY_N(arena, double, w *w);
    t->block = ZH_TRY_N(arena, double, w *BLOCK_ROWS);
    t->sums = ZH_TRY_N(arena, double, w);
    if (scale == NULL || t->r == NULL || t->block == NULL || t->sums == NULL) {
        return no_memory(err);
    }
    for (size_t j = 0; j < w; j++) {
        scale[j] = ldexp(1.0, -exponents[j]);
    }
    for (size_t i = 0; i < x->rows; i++) {
        double root = weights != NULL ? sqrt(weights[i]) : 1.0;
        if (root == 0.0) {
            continue;
        }
        double *row = t->block + t->filled++ * w;
        const double *from = zh_matrix_row(x, i);
        for (size_t j = 0; j < p; j++) {
            row[j] = root * (from[j] * scale[j]);
        }
        row[p] = root * (y[i] * scale[p]);
        if (t->filled == BLOCK_ROWS) {
            fold(t);
        }
    }
    fold(t);
    return ZH_OK;
}

/* How much of each column is its own; refuses a column that has nothing of its own. */
static zh_rc check_rank(const struct triangle *t, zh_least_squares_fit *fit, zh_err *err)
{
    size_t p = t->width - 1;
    double floor_share = PIVOT_MIN + 16.0 * DBL_EPSILON * sqrt((double)fit->rows_used);
    fit->smallest_pivot = 1.0;
    for (size_t j = 0; j < p; j++) {
        double length = 0.0;
        for (size_t i = 0; i <= j; i++) {
            length = hypot(length, t->r[i * t->width + j]);
        }
        double share = length > 0.0 ? fabs(t->r[j * t->width + j]) / length : 0.0;
        fit->smallest_pivot = fmin(fit->smallest_pivot, share);
        if (!(share > floor_share)) {
            fit->singular = j + 1;
            return zh_err_set(err, ZH_EINVAL, "regression.singular",
                              "第 %zu 列是前面各列的线性组合（或全为 0），系数不能确定", j + 1);
        }
    }
    return ZH_OK;
}

/* Coefficients and (x' W x)^-1 = R^-1 R^-T from the triangle. */
static void solve_triangle(const struct triangle *t, const int *exponents, zh_matrix *lower,
                           zh_least_squares_fit *fit)
{
    size_t w = t->width;
    size_t p = w - 1;
    for (size_t j = p; j-- > 0;) {
        double sum = t->r[j * w + p];
        for (size_t k = j + 1; k < p; k++) {
            sum -= t->r[j * w + k] * fit->coef[k];
        }
        fit->coef[j] = sum / t->r[j * w + j];
    }
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j <= i; j++) {
            lower->v[i * p + j] = t->r[j * w + i];
        }
    }
    /* R' is a Cholesky factor of x' W x. */
    zh_cholesky_inverse(lower, &fit->xtx_inverse);
    for (size_t i = 0; i < p; i++) {
        fit->coef[i] = ldexp(fit->coef[i], exponents[p] - exponents[i]);
        for (size_t j = 0; j < p; j++) {
            double *at = &fit->xtx_inverse.v[i * p + j];
            *at = ldexp(*at, -exponents[i] - exponents[j]);
        }
    }
}

zh_rc zh_least_squares(zh_arena *arena, const zh_matrix *x, const double *y, const double *weights,
                       zh_least_squares_fit *fit, zh_err *err)
{
    size_t p = x->cols;
    int exponents[ZH_SQUARE_ORDER_MAX + 1];
    struct triangle t = {0};
    memset(fit, 0, sizeof(*fit));
    if (p > ZH_SQUARE_ORDER_MAX ||
        (double)x->rows * (double)p * (double)p > ZH_LEAST_SQUARES_WORK_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "regression.size",
                          "回归有 %zu 行 %zu 列，最多 %d 列，行数乘列数平方最多 %g", x->rows, p,
                          ZH_SQUARE_ORDER_MAX, ZH_LEAST_SQUARES_WORK_MAX);
    }
    zh_rc rc = find_exponents(x, y, weights, exponents, &fit->rows_used, err);
    if (rc == ZH_OK && (p == 0 || fit->rows_used < p)) {
        rc = zh_err_set(err, ZH_EINVAL, "regression.rows",
                        "有 %zu 行可用、%zu 列：行数不能少于列数，且至少 1 列", fit->rows_used, p);
    }
    if (rc == ZH_OK) {
        rc = factor(arena, x, y, weights, exponents, &t, err);
    }
    if (rc == ZH_OK) {
        rc = check_rank(&t, fit, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_matrix lower = zh_matrix_new(arena, p, p);
    fit->xtx_inverse = zh_matrix_new(arena, p, p);
    fit->coef = ZH_TRY_N(arena, double, p);
    fit->residual = ZH_TRY_N(arena, double, x->rows + 1);
    if (lower.v == NULL || fit->xtx_inverse.v == NULL || fit->coef == NULL ||
        fit->residual == NULL) {
        return no_memory(err);
    }
    solve_triangle(&t, exponents, &lower, fit);
    fit->df = fit->rows_used - p;
    for (size_t i = 0; i < x->rows; i++) {
        fit->residual[i] = y[i] - dot(zh_matrix_row(x, i), fit->coef, p);
        fit->rss += (weights != NULL ? weights[i] : 1.0) * fit->residual[i] * fit->residual[i];
    }
    return ZH_OK;
}
