/* Numerical sanity. What is calculated and from which source: the header. */
#include "engine/numeric.h"
#include "engine/door.h"
#include "engine/engine.h"
#include "num/distribution.h"
#include <math.h>
#include <string.h>

#define BLOCK_ROWS  64
#define PIVOT_MIN   1e-14
#define EXACT_SHARE 1e-50
#define DIGITS_MAX  31  /* a double-double holds 10^31 exactly */
#define SCALE_MAX   280 /* powers of ten beyond which twice the digits do not fit the range */

/* ---- decimal text ---- */

static zh_dd ten_to(int k)
{
    zh_dd result = zh_dd_of(1.0);
    zh_dd square = zh_dd_of(10.0);
    for (; k > 0; k >>= 1) {
        result = (k & 1) != 0 ? zh_dd_multiply(result, square) : result;
        square = zh_dd_multiply(square, square);
    }
    return result;
}

/* An exponent's value, held to what an int can take. */
static int exponent_of(zh_str text)
{
    bool minus = text.n > 0 && text.p[0] == '-';
    int value = 0;
    for (size_t i = minus || (text.n > 0 && text.p[0] == '+') ? 1 : 0; i < text.n; i++) {
        value = value < 100000 ? value * 10 + (text.p[i] - '0') : value;
    }
    return minus ? -value : value;
}

zh_rc zh_numeric_of_text(zh_str text, zh_dd *out)
{
    double nearest = 0.0;
    zh_json number = {.kind = ZH_JSON_NUMBER, .text = text};
    zh_dd sum = zh_dd_of(0.0);
    uint64_t part = 0; /* digits not yet in sum: at most 18 */
    int held = 0;      /* digits in part */
    int digits = 0;
    int scale = 0;
    bool fraction = false;
    if (zh_json_double(&number, &nearest) != ZH_OK || !isfinite(nearest)) {
        return ZH_EINVAL;
    }
    *out = zh_dd_of(nearest);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == 'e' || c == 'E') {
            scale += exponent_of((zh_str){text.p + i + 1, text.n - i - 1});
            break;
        }
        if (c == '.') {
            fraction = true;
        } else if (c >= '0' && c <= '9') {
            if (digits >= DIGITS_MAX) {
                scale += fraction ? 0 : 1;
                continue;
            }
            part = part * 10 + (uint64_t)(c - '0');
            digits += digits > 0 || c != '0';
            scale -= fraction ? 1 : 0;
            if (++held == 15) {
                sum = zh_dd_add(zh_dd_multiply(sum, zh_dd_of(1e15)), zh_dd_of((double)part));
                part = 0;
                held = 0;
            }
        }
    }
    if (scale > SCALE_MAX || scale < -SCALE_MAX || fabs(nearest) > 1e280 ||
        (fabs(nearest) < 1e-280 && nearest != 0.0)) {
        return ZH_OK; /* the nearest binary64 has to do */
    }
    sum = zh_dd_add(zh_dd_multiply(sum, ten_to(held)), zh_dd_of((double)part));
    sum = scale < 0 ? zh_dd_divide(sum, ten_to(-scale)) : zh_dd_multiply(sum, ten_to(scale));
    *out = text.n > 0 && text.p[0] == '-' ? zh_dd_negate(sum) : sum;
    return ZH_OK;
}

/* ---- univariate ---- */

static zh_dd square(zh_dd a)
{
    return zh_dd_multiply(a, a);
}

static zh_dd mean_of(const zh_dd *x, size_t n)
{
    zh_dd sum = zh_dd_of(0.0);
    for (size_t i = 0; i < n; i++) {
        sum = zh_dd_add(sum, x[i]);
    }
    return zh_dd_divide(sum, zh_dd_of((double)n));
}

zh_rc zh_numeric_univariate(const zh_dd *x, size_t n, zh_univariate *out, zh_err *err)
{
    if (n == 0) {
        return zh_err_set(err, ZH_EINVAL, "numeric.size", "x 没有值，至少要 1 个");
    }
    zh_dd mean = mean_of(x, n);
    zh_dd squares = zh_dd_of(0.0);
    zh_dd products = zh_dd_of(0.0);
    zh_dd before = zh_dd_of(0.0);
    for (size_t i = 0; i < n; i++) {
        zh_dd off = zh_dd_subtract(x[i], mean);
        squares = zh_dd_add(squares, square(off));
        products = zh_dd_add(products, zh_dd_multiply(before, off));
        before = off;
    }
    /* Equal numbers may differ from their mean by the rounding of the mean. */
    if (squares.high <= EXACT_SHARE * (double)n * square(mean).high) {
        squares = zh_dd_of(0.0);
    }
    out->mean = zh_dd_round(mean);
    out->sd = n > 1 ? zh_dd_round(zh_dd_sqrt(zh_dd_divide(squares, zh_dd_of((double)(n - 1)))))
                    : (double)NAN;
    out->autocorrelation_lag1 =
        squares.high > 0.0 ? zh_dd_round(zh_dd_divide(products, squares)) : (double)NAN;
    return ZH_OK;
}

/* ---- regression ---- */

/* As in num/matrix.c: the triangle R with Q'y as its last column, and a block of rows to fold in.
 */
struct triangle {
    size_t width, filled;
    zh_dd *r, *block, *sums;
};

static void reflect(struct triangle *t, size_t j)
{
    size_t w = t->width;
    zh_dd *top = t->r + j * w;
    zh_dd below = zh_dd_of(0.0);
    for (size_t i = 0; i < t->filled; i++) {
        below = zh_dd_add(below, square(t->block[i * w + j]));
    }
    if (below.high == 0.0) {
        return;
    }
    zh_dd alpha = zh_dd_sqrt(zh_dd_add(square(top[j]), below));
    alpha = top[j].high > 0.0 ? zh_dd_negate(alpha) : alpha;
    zh_dd head = zh_dd_subtract(top[j], alpha);
    zh_dd scale = zh_dd_divide(zh_dd_of(-1.0), zh_dd_multiply(alpha, head));
    for (size_t k = j + 1; k < w; k++) {
        t->sums[k] = zh_dd_multiply(head, top[k]);
    }
    for (size_t i = 0; i < t->filled; i++) {
        const zh_dd *row = t->block + i * w;
        for (size_t k = j + 1; k < w; k++) {
            t->sums[k] = zh_dd_add(t->sums[k], zh_dd_multiply(row[j], row[k]));
        }
    }
    for (size_t k = j + 1; k < w; k++) {
        t->sums[k] = zh_dd_multiply(t->sums[k], scale);
        top[k] = zh_dd_subtract(top[k], zh_dd_multiply(head, t->sums[k]));
    }
    for (size_t i = 0; i < t->filled; i++) {
        zh_dd *row = t->block + i * w;
        zh_dd v = row[j];
        for (size_t k = j + 1; k < w; k++) {
            row[k] = zh_dd_subtract(row[k], zh_dd_multiply(v, t->sums[k]));
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

static zh_dd scaled(zh_dd a, int exponent)
{
    return (zh_dd){ldexp(a.high, exponent), ldexp(a.low, exponent)};
}

/* Columns and y are brought to about 1 by powers of two, which is exact. */
static void find_exponents(const zh_dd *x, const zh_dd *y, size_t rows, size_t cols, int *exponents)
{
    double largest[ZH_NUMERIC_COLUMNS_MAX + 1] = {0.0};
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            largest[j] = fmax(largest[j], fabs(x[i * cols + j].high));
        }
        largest[cols] = fmax(largest[cols], fabs(y[i].high));
    }
    for (size_t j = 0; j <= cols; j++) {
        (void)frexp(largest[j], &exponents[j]);
    }
}

static zh_rc check_rank(const struct triangle *t, zh_regression *out, zh_err *err)
{
    size_t w = t->width;
    out->smallest_pivot = 1.0;
    for (size_t j = 0; j + 1 < w; j++) {
        double length = 0.0;
        for (size_t i = 0; i <= j; i++) {
            length = hypot(length, t->r[i * w + j].high);
        }
        double share = length > 0.0 ? fabs(t->r[j * w + j].high) / length : 0.0;
        out->smallest_pivot = fmin(out->smallest_pivot, share);
        if (!(share > PIVOT_MIN)) {
            out->singular = j + 1;
            return zh_err_set(err, ZH_EINVAL, "regression.singular",
                              "第 %zu 列是前面各列的线性组合（或全为 0），系数不能确定", j + 1);
        }
    }
    return ZH_OK;
}

/* Coefficients of the scaled columns, and the diagonal of (X'X)^-1: squared rows of R^-1. */
static void solve_triangle(const struct triangle *t, zh_dd *coef, zh_dd *variance, zh_dd *column)
{
    size_t w = t->width;
    size_t p = w - 1;
    for (size_t j = p; j-- > 0;) {
        zh_dd sum = t->r[j * w + p];
        for (size_t k = j + 1; k < p; k++) {
            sum = zh_dd_subtract(sum, zh_dd_multiply(t->r[j * w + k], coef[k]));
        }
        coef[j] = zh_dd_divide(sum, t->r[j * w + j]);
        variance[j] = zh_dd_of(0.0);
    }
    for (size_t c = 0; c < p; c++) {
        /* Column c of R^-1, upwards from its diagonal. */
        for (size_t j = c + 1; j-- > 0;) {
            zh_dd sum = zh_dd_of(j == c ? 1.0 : 0.0);
            for (size_t k = j + 1; k <= c; k++) {
                sum = zh_dd_subtract(sum, zh_dd_multiply(t->r[j * w + k], column[k]));
            }
            column[j] = zh_dd_divide(sum, t->r[j * w + j]);
            variance[j] = zh_dd_add(variance[j], square(column[j]));
        }
    }
}

struct sums {
    zh_dd rss, tss;
};

static struct sums sums_of_squares(const zh_dd *x, const zh_dd *y, size_t rows, size_t cols,
                                   const zh_dd *coef, bool intercept)
{
    struct sums s = {{0.0, 0.0}, {0.0, 0.0}};
    zh_dd centre = intercept ? mean_of(y, rows) : zh_dd_of(0.0);
    zh_dd all = zh_dd_of(0.0);
    for (size_t i = 0; i < rows; i++) {
        zh_dd residual = y[i];
        for (size_t j = 0; j < cols; j++) {
            residual = zh_dd_subtract(residual, zh_dd_multiply(x[i * cols + j], coef[j]));
        }
        s.rss = zh_dd_add(s.rss, square(residual));
        s.tss = zh_dd_add(s.tss, square(zh_dd_subtract(y[i], centre)));
        all = zh_dd_add(all, square(y[i]));
    }
    if (s.rss.high <= EXACT_SHARE * all.high) {
        s.rss = zh_dd_of(0.0);
    }
    if (s.tss.high <= EXACT_SHARE * all.high) {
        s.tss = zh_dd_of(0.0);
    }
    return s;
}

static void put_tests(zh_regression *out, struct sums s, const zh_dd *variance, bool intercept)
{
    size_t model = out->cols - (intercept ? 1 : 0);
    zh_dd mean_square = zh_dd_divide(s.rss, zh_dd_of((double)(out->df > 0 ? out->df : 1)));
    bool exact = s.rss.high == 0.0;
    out->rss = zh_dd_round(s.rss);
    out->residual_sd = out->df > 0 ? zh_dd_round(zh_dd_sqrt(mean_square)) : (double)NAN;
    zh_dd explained = zh_dd_subtract(s.tss, s.rss);
    out->r2 = s.tss.high > 0.0 ? zh_dd_round(zh_dd_divide(explained, s.tss)) : (double)NAN;
    out->f = (double)NAN;
    out->f_p = (double)NAN;
    if (!exact && model > 0 && out->df > 0) {
        out->f = zh_dd_round(
            zh_dd_divide(zh_dd_divide(explained, zh_dd_of((double)model)), mean_square));
        out->f_p =
            zh_dist_fisher_cdf(fmax(out->f, 0.0), (double)model, (double)out->df, ZH_TAIL_UPPER);
    }
    for (size_t j = 0; j < out->cols; j++) {
        out->se[j] = out->t[j] = out->p[j] = (double)NAN;
        if (out->df > 0) {
            out->se[j] = zh_dd_round(zh_dd_sqrt(zh_dd_multiply(mean_square, variance[j])));
        }
        if (out->df > 0 && !exact) {
            out->t[j] = out->coef[j] / out->se[j];
            out->p[j] = fmin(1.0, 2.0 * zh_dist_student_cdf(-fabs(out->t[j]), (double)out->df, 0.0,
                                                            ZH_TAIL_LOWER));
        }
    }
}

static zh_rc regression_room(zh_arena *arena, struct triangle *t, zh_dd **work, zh_regression *out,
                             zh_err *err)
{
    size_t p = out->cols;
    size_t w = t->width = p + 1;
    t->r = ZH_TRY_N(arena, zh_dd, w * w);
    t->block = ZH_TRY_N(arena, zh_dd, w * BLOCK_ROWS);
    t->sums = ZH_TRY_N(arena, zh_dd, w);
    *work = ZH_TRY_N(arena, zh_dd, 3 * p);
    out->coef = ZH_TRY_N(arena, double, 4 * p);
    if (t->r == NULL || t->block == NULL || t->sums == NULL || *work == NULL || out->coef == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    out->se = out->coef + p;
    out->t = out->coef + 2 * p;
    out->p = out->coef + 3 * p;
    return ZH_OK;
}

static zh_rc check_size(size_t rows, size_t cols, zh_err *err)
{
    if (cols > ZH_NUMERIC_COLUMNS_MAX ||
        (double)rows * (double)cols * (double)cols > ZH_NUMERIC_WORK_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "regression.size",
                          "回归有 %zu 行 %zu 列，最多 %d 列，行数乘列数平方最多 %g", rows, cols,
                          ZH_NUMERIC_COLUMNS_MAX, ZH_NUMERIC_WORK_MAX);
    }
    if (cols == 0 || rows < cols) {
        return zh_err_set(err, ZH_EINVAL, "regression.rows",
                          "有 %zu 行、%zu 列：行数不能少于列数，且至少 1 列", rows, cols);
    }
    return ZH_OK;
}

zh_rc zh_numeric_regression(zh_arena *arena, const zh_dd *x, size_t rows, size_t cols,
                            const zh_dd *y, bool intercept, zh_regression *out, zh_err *err)
{
    struct triangle t = {0};
    int exponents[ZH_NUMERIC_COLUMNS_MAX + 1];
    zh_dd *work = NULL;
    memset(out, 0, sizeof(*out));
    zh_rc rc = check_size(rows, cols, err);
    if (rc == ZH_OK) {
        out->cols = cols;
        out->df = rows - cols;
        rc = regression_room(arena, &t, &work, out, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    find_exponents(x, y, rows, cols, exponents);
    for (size_t i = 0; i < rows; i++) {
        zh_dd *row = t.block + t.filled++ * t.width;
        for (size_t j = 0; j < cols; j++) {
            row[j] = scaled(x[i * cols + j], -exponents[j]);
        }
        row[cols] = scaled(y[i], -exponents[cols]);
        if (t.filled == BLOCK_ROWS || i + 1 == rows) {
            fold(&t);
        }
    }
    rc = check_rank(&t, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_dd *coef = work;
    zh_dd *variance = work + cols;
    solve_triangle(&t, coef, variance, work + 2 * cols);
    for (size_t j = 0; j < cols; j++) {
        coef[j] = scaled(coef[j], exponents[cols] - exponents[j]);
        variance[j] = scaled(variance[j], -2 * exponents[j]);
        out->coef[j] = zh_dd_round(coef[j]);
    }
    put_tests(out, sums_of_squares(x, y, rows, cols, coef, intercept), variance, intercept);
    return ZH_OK;
}

/* ---- one-way analysis of variance ---- */

zh_rc zh_numeric_anova(zh_arena *arena, const size_t *group, size_t groups, const zh_dd *y,
                       size_t n, zh_anova *out, zh_err *err)
{
    if (groups < 2) {
        return zh_err_set(err, ZH_EINVAL, "anova.groups", "只有 %zu 组，至少要 2 组", groups);
    }
    if (n <= groups) {
        return zh_err_set(err, ZH_EINVAL, "anova.rows",
                          "%zu 个值分成 %zu 组：没有一组有 2 个值，组内变差无从估计", n, groups);
    }
    zh_dd *mean = ZH_TRY_N(arena, zh_dd, groups);
    double *count = ZH_TRY_N(arena, double, groups);
    if (mean == NULL || count == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    for (size_t i = 0; i < n; i++) {
        mean[group[i]] = zh_dd_add(mean[group[i]], y[i]);
        count[group[i]] += 1.0;
    }
    for (size_t g = 0; g < groups; g++) {
        mean[g] = zh_dd_divide(mean[g], zh_dd_of(count[g]));
    }
    zh_dd grand = mean_of(y, n);
    zh_dd within = zh_dd_of(0.0);
    zh_dd between = zh_dd_of(0.0);
    for (size_t i = 0; i < n; i++) {
        within = zh_dd_add(within, square(zh_dd_subtract(y[i], mean[group[i]])));
    }
    for (size_t g = 0; g < groups; g++) {
        zh_dd off = square(zh_dd_subtract(mean[g], grand));
        between = zh_dd_add(between, zh_dd_multiply(zh_dd_of(count[g]), off));
    }
    double noise = EXACT_SHARE * (double)n * square(grand).high;
    within = within.high <= noise ? zh_dd_of(0.0) : within;
    between = between.high <= noise ? zh_dd_of(0.0) : between;
    zh_dd total = zh_dd_add(between, within);
    out->df_between = groups - 1;
    out->df_within = n - groups;
    out->ss_between = zh_dd_round(between);
    out->ss_within = zh_dd_round(within);
    zh_dd residual = zh_dd_divide(within, zh_dd_of((double)out->df_within));
    out->residual_sd = zh_dd_round(zh_dd_sqrt(residual));
    out->r2 = total.high > 0.0 ? zh_dd_round(zh_dd_divide(between, total)) : (double)NAN;
    out->f = (double)NAN;
    out->p = (double)NAN;
    if (within.high > 0.0) {
        zh_dd model = zh_dd_divide(between, zh_dd_of((double)out->df_between));
        out->f = zh_dd_round(zh_dd_divide(model, residual));
        out->p = zh_dist_fisher_cdf(out->f, (double)out->df_between, (double)out->df_within,
                                    ZH_TAIL_UPPER);
    }
    return ZH_OK;
}

/* ---- the JSON door ---- */

/* Numbers by their text: a list, a bare number, or rows of one length (then *cols is it). */
static zh_dd *read_texts(zh_door *door, const char *name, size_t *rows, size_t *cols)
{
    const zh_json *value = zh_json_get(door->input, name);
    if (value == NULL || value->kind == ZH_JSON_NULL) {
        (void)zh_door_refuse(door, name, "输入缺少它，要一列数");
        return NULL;
    }
    bool list = value->kind == ZH_JSON_ARRAY;
    const zh_json *row = list ? value->first : value;
    *rows = list ? value->n : 1;
    *cols = row != NULL && row->kind == ZH_JSON_ARRAY ? row->n : 1;
    if (*cols > 0 && *rows > ZH_NUMERIC_VALUES_MAX / *cols) {
        door->rc = zh_err_set(door->err, ZH_ELIMIT, "calc.size", "%s 有 %zu × %zu 个数，最多 %d 个",
                              name, *rows, *cols, ZH_NUMERIC_VALUES_MAX);
        return NULL;
    }
    zh_dd *v = ZH_TRY_N(door->arena, zh_dd, *rows * *cols + 1);
    if (v == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return NULL;
    }
    size_t at = 0;
    for (size_t i = 0; i < *rows && door->rc == ZH_OK; i++, row = row->next) {
        const zh_json *number = row->kind == ZH_JSON_ARRAY ? row->first : row;
        size_t n = row->kind == ZH_JSON_ARRAY ? row->n : 1;
        if (n != *cols) {
            (void)zh_door_refuse(door, name, "第 %zu 行有 %zu 个值，第 1 行有 %zu 个", i + 1, n,
                                 *cols);
        }
        for (size_t j = 0; j < n && door->rc == ZH_OK; j++, number = number->next) {
            if (number->kind != ZH_JSON_NUMBER ||
                zh_numeric_of_text(number->text, &v[at++]) != ZH_OK) {
                (void)zh_door_refuse(door, name, "不是有限的数（第 %zu 行第 %zu 列）", number->line,
                                     number->column);
            }
        }
    }
    return v;
}

static zh_dd *read_list(zh_door *door, const char *name, size_t *n)
{
    size_t cols = 1;
    zh_dd *v = door->rc == ZH_OK ? read_texts(door, name, n, &cols) : NULL;
    if (door->rc == ZH_OK && cols != 1) {
        (void)zh_door_refuse(door, name, "要一列数，不是一张表");
    }
    return v;
}

static zh_rc univariate(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    size_t n = 0;
    zh_dd *x = read_list(&door, "x", &n);
    zh_univariate result;
    zh_rc rc = door.rc == ZH_OK ? zh_numeric_univariate(x, n, &result, err) : door.rc;
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "mean", result.mean);
        zh_put_number(out, "sd", result.sd);
        zh_put_number(out, "autocorrelation_lag1", result.autocorrelation_lag1);
        zh_put_count(out, "n", (int64_t)n);
        zh_jw_object_end(out);
    }
    return rc;
}

/* The powers of x as columns: of x^0 … x^degree with an intercept, from x^1 without. */
static zh_dd *read_powers(zh_door *door, bool intercept, size_t *rows, size_t *cols)
{
    int64_t degree = zh_door_integer(door, "degree", 1, ZH_NUMERIC_COLUMNS_MAX - 1);
    zh_dd *x = read_list(door, "x", rows);
    *cols = (size_t)degree + (intercept ? 1 : 0);
    if (door->rc != ZH_OK || check_size(*rows, *cols, door->err) != ZH_OK) {
        door->rc = door->rc != ZH_OK ? door->rc : door->err->rc;
        return NULL;
    }
    zh_dd *v = ZH_TRY_N(door->arena, zh_dd, *rows * *cols + 1);
    if (v == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return NULL;
    }
    for (size_t i = 0; i < *rows; i++) {
        zh_dd power = intercept ? zh_dd_of(1.0) : x[i];
        for (size_t j = 0; j < *cols; j++) {
            if (!(fabs(power.high) < 1e250)) {
                (void)zh_door_refuse(door, "x", "第 %zu 个值的 %zu 次方太大", i + 1,
                                     j + (intercept ? 0 : 1));
                return NULL;
            }
            v[i * *cols + j] = power;
            power = zh_dd_multiply(power, x[i]);
        }
    }
    return v;
}

/* An intercept needs its column, or r2 and f would be about a mean the model cannot take. */
static void check_intercept(zh_door *door, const zh_dd *x, size_t rows, size_t cols)
{
    for (size_t j = 0; j < cols; j++) {
        bool constant = rows > 0 && x[j].high != 0.0;
        for (size_t i = 1; i < rows && constant; i++) {
            constant = x[i * cols + j].high == x[j].high && x[i * cols + j].low == x[j].low;
        }
        if (constant) {
            return;
        }
    }
    (void)zh_door_refuse(door, "X",
                         "intercept 为 true，却没有一列是常数：加一列 1，或写 "
                         "\"intercept\": false");
}

static void put_regression(zh_jw *out, const zh_regression *r)
{
    zh_jw_object(out);
    zh_put_numbers(out, "coef", r->coef, r->cols);
    zh_put_numbers(out, "se", r->se, r->cols);
    zh_put_numbers(out, "t", r->t, r->cols);
    zh_put_numbers(out, "p_value", r->p, r->cols);
    zh_put_count(out, "df", (int64_t)r->df);
    zh_put_number(out, "residual_sd", r->residual_sd);
    zh_put_number(out, "r2", r->r2);
    zh_put_number(out, "rss", r->rss);
    zh_put_number(out, "f", r->f);
    zh_put_number(out, "f_p_value", r->f_p);
    zh_jw_object_end(out);
}

static zh_rc linear_regression(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    size_t rows = 0;
    size_t cols = 0;
    size_t n = 0;
    bool intercept = zh_door_flag(&door, "intercept", true);
    zh_dd *x = zh_door_has(&door, "degree") ? read_powers(&door, intercept, &rows, &cols)
               : door.rc == ZH_OK           ? read_texts(&door, "X", &rows, &cols)
                                            : NULL;
    zh_dd *y = read_list(&door, "y", &n);
    if (door.rc == ZH_OK && n != rows) {
        (void)zh_door_refuse(&door, "y", "有 %zu 个值，自变量有 %zu 行", n, rows);
    }
    if (door.rc == ZH_OK && intercept) {
        check_intercept(&door, x, rows, cols);
    }
    if (zh_door_has(&door, "terms") && door.rc == ZH_OK) {
        zh_words terms = zh_door_words(&door, "terms");
        if (door.rc == ZH_OK && terms.n != cols) {
            (void)zh_door_refuse(&door, "terms", "有 %zu 个名称，自变量有 %zu 列", terms.n, cols);
        }
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_regression result;
    zh_rc rc = zh_numeric_regression(arena, x, rows, cols, y, intercept, &result, err);
    if (rc == ZH_OK) {
        put_regression(out, &result);
    }
    return rc;
}

static zh_rc one_way_anova(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    size_t n = 0;
    size_t groups = 0;
    zh_dd *y = read_list(&door, "y", &n);
    zh_words words = zh_door_words(&door, "group");
    if (door.rc == ZH_OK && words.n != n) {
        (void)zh_door_refuse(&door, "group", "有 %zu 个值，y 有 %zu 个", words.n, n);
    }
    size_t *group = door.rc == ZH_OK ? zh_door_groups(&door, words, &groups) : NULL;
    zh_anova result;
    zh_rc rc =
        door.rc == ZH_OK ? zh_numeric_anova(arena, group, groups, y, n, &result, err) : door.rc;
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_count(out, "df_between", (int64_t)result.df_between);
        zh_put_count(out, "df_within", (int64_t)result.df_within);
        zh_put_number(out, "ss_between", result.ss_between);
        zh_put_number(out, "ss_within", result.ss_within);
        zh_put_number(out, "f", result.f);
        zh_put_number(out, "p_value", result.p);
        zh_put_number(out, "r2", result.r2);
        zh_put_number(out, "residual_sd", result.residual_sd);
        zh_jw_object_end(out);
    }
    return rc;
}

#define STRD "NIST StRD（itl.nist.gov/div898/strd）的定义；双倍字长算术 Dekker (1971)；"

ZH_ENGINE(numeric_univariate) = {
    .name = "numeric.univariate",
    .zh = "均值、标准差、一阶自相关，数字全对",
    .input = "{\"x\": [10000001, 10000003, 10000002]}",
    .method = STRD "两遍算法",
    .run = univariate,
};
ZH_ENGINE(numeric_linear_regression) = {
    .name = "numeric.linear_regression",
    .zh = "线性回归（最小二乘），近于共线的也数字全对",
    .input = "{\"X\": [[1, 60], [1, 61], [1, 62], [1, 64]], \"y\": [130, 131, 132.5, 134], "
             "\"intercept\": true}",
    .method = STRD "Householder QR，Golub & Van Loan (2013) 5.3",
    .run = linear_regression,
};
ZH_ENGINE(numeric_one_way_anova) = {
    .name = "numeric.one_way_anova",
    .zh = "单因素方差分析，偏移很大的也数字全对",
    .input = "{\"group\": [1, 1, 2, 2, 3, 3], \"y\": [1.4, 1.3, 1.3, 1.2, 1.5, 1.4]}",
    .method = STRD "两遍算法",
    .run = one_way_anova,
};
