/* Propagation of uncertainty by the GUM and by Monte Carlo. */
#include "engine/uncertainty.h"
#include "num/distribution.h"
#include "num/normal.h"
#include "num/random.h"
#include <math.h>
#include <string.h>

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

static zh_rc check_confidence(double confidence, zh_err *err)
{
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "uncertainty.confidence", "包含概率 %g 不在 0 与 1 之间",
                          confidence);
    }
    return ZH_OK;
}

/* ---- correlation ---- */

/* Lower triangle L with L L' = r of a positive semidefinite correlation matrix. */
static zh_rc factor(zh_arena *arena, const zh_matrix *r, size_t n, zh_matrix *l, zh_err *err)
{
    if (r->rows != n || r->cols != n) {
        return zh_err_set(err, ZH_EINVAL, "uncertainty.correlation",
                          "相关系数矩阵要 %zu × %zu，得到 %zu × %zu", n, n, r->rows, r->cols);
    }
    *l = zh_matrix_new(arena, n, n);
    if (l->v == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double rest = zh_matrix_at(r, i, j);
            bool good = i == j ? rest == 1.0 : fabs(rest) <= 1.0 && rest == zh_matrix_at(r, j, i);
            for (size_t k = 0; k < j; k++) {
                rest -= zh_matrix_at(l, i, k) * zh_matrix_at(l, j, k);
            }
            double pivot = i == j ? rest : zh_matrix_at(l, j, j);
            /* A pivot of 0 is a combination of the inputs before it: nothing may be left over. */
            good = good && (i == j ? pivot > -1e-9 : pivot > 1e-6 || fabs(rest) < 1e-6);
            if (!good) {
                return zh_err_set(err, ZH_EINVAL, "uncertainty.correlation",
                                  "第 %zu 行第 %zu 列：不是相关系数矩阵（要对称，对角线为 1，"
                                  "绝对值不超过 1，半正定）",
                                  i + 1, j + 1);
            }
            double *cell = &zh_matrix_row(l, i)[j];
            *cell = i == j ? sqrt(fmax(rest, 0.0)) : pivot > 1e-6 ? rest / pivot : 0.0;
        }
    }
    return ZH_OK;
}

/* ---- GUM ---- */

static zh_rc check_gum(const double *u, const double *df, size_t n, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!(u[i] >= 0.0) || isinf(u[i])) {
            return zh_err_set(err, ZH_EINVAL, "uncertainty.u", "第 %zu 个标准不确定度 %g 是负数",
                              i + 1, u[i]);
        }
        if (!(df[i] > 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "uncertainty.df", "第 %zu 个自由度 %g 不大于 0",
                              i + 1, df[i]);
        }
    }
    return ZH_OK;
}

static double covariance(const zh_matrix *correlation, const double *u, size_t i, size_t j)
{
    double r = correlation != NULL ? zh_matrix_at(correlation, i, j) : (double)(i == j);
    return r * u[i] * u[j];
}

/* tr(H V)/2 and tr(H V H V)/2; hv has room for n^2 numbers. */
static void second_order(const double *hessian, const zh_matrix *correlation, const double *u,
                         size_t n, double *hv, double *shift, double *more)
{
    *shift = *more = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (size_t k = 0; k < n; k++) {
                double v = covariance(correlation, u, k, j);
                sum += v != 0.0 ? hessian[i * n + k] * v : 0.0;
            }
            hv[i * n + j] = sum;
        }
        *shift += 0.5 * hv[i * n + i];
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            *more += 0.5 * hv[i * n + j] * hv[j * n + i];
        }
    }
}

static zh_rc finite_model(double y, const double *gradient, const double *u, size_t n, zh_err *err)
{
    if (!isfinite(y)) {
        return zh_err_set(err, ZH_EINVAL, "uncertainty.model", "公式在给出的输入量处没有有限的值");
    }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(gradient[i]) && u[i] > 0.0) {
            zh_err_set(err, ZH_EINVAL, "uncertainty.model",
                       "公式对第 %zu 个输入量在给出的点没有有限的偏导数", i + 1);
            zh_err_fix(err, "改用 metrology.monte_carlo");
            return ZH_EINVAL;
        }
    }
    return ZH_OK;
}

static void combine(const double *u, const double *df, const zh_matrix *correlation, size_t n,
                    double confidence, zh_gum *out)
{
    double variance = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double v = covariance(correlation, u, i, j);
            variance += v != 0.0 ? out->sensitivity[i] * out->sensitivity[j] * v : 0.0;
        }
    }
    out->u_c = sqrt(fmax(variance, 0.0));
    double sum = 0.0; /* of (c_i u_i/u_c)^4/df_i */
    for (size_t i = 0; i < n; i++) {
        double part = u[i] > 0.0 && out->u_c > 0.0 ? out->sensitivity[i] * u[i] / out->u_c : 0.0;
        out->share[i] = part * part;
        sum += isinf(df[i]) ? 0.0 : part * part * part * part / df[i];
    }
    out->nu_eff = sum > 0.0 ? 1.0 / sum : (double)INFINITY;
    out->k = zh_dist_student_quantile((1.0 - confidence) / 2.0, out->nu_eff, 0.0, ZH_TAIL_UPPER);
    out->U = out->k * out->u_c;
}

zh_rc zh_gum_propagate(zh_arena *arena, const zh_formula *model, const double *x, const double *u,
                       const double *df, const zh_matrix *correlation, double confidence,
                       zh_gum *out, zh_err *err)
{
    size_t n = zh_formula_names(model);
    zh_matrix l;
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK) {
        rc = check_gum(u, df, n, err);
    }
    if (rc == ZH_OK && correlation != NULL) {
        rc = factor(arena, correlation, n, &l, err);
    }
    *out = (zh_gum){.sensitivity = ZH_TRY_N(arena, double, n + 1),
                    .share = ZH_TRY_N(arena, double, n + 1)};
    double *gradient = ZH_TRY_N(arena, double, n + 1);
    double *hessian = ZH_TRY_N(arena, double, 2 * n * n + 1);
    if (rc != ZH_OK || out->sensitivity == NULL || out->share == NULL || gradient == NULL ||
        hessian == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    rc = zh_formula_derivatives(arena, model, x, &out->y, out->sensitivity, NULL, err);
    if (rc == ZH_OK) {
        rc = finite_model(out->y, out->sensitivity, u, n, err);
    }
    if (rc == ZH_OK) {
        rc = zh_formula_derivatives(arena, model, x, &out->y, gradient, hessian, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double shift;
    double more;
    combine(u, df, correlation, n, confidence, out);
    second_order(hessian, correlation, u, n, hessian + n * n, &shift, &more);
    out->y_second_order = out->y + shift;
    out->u_second_order = sqrt(out->u_c * out->u_c + more);
    return ZH_OK;
}

/* ---- Monte Carlo ---- */

static bool possible(const zh_variate_input *in)
{
    bool range = in->a <= in->b;
    switch (in->type) {
    case ZH_VARIATE_NORMAL:
    case ZH_VARIATE_LOGNORMAL: return in->b >= 0.0;
    case ZH_VARIATE_UNIFORM:
    case ZH_VARIATE_ARCSINE: return range;
    case ZH_VARIATE_TRIANGULAR: return range && in->c >= in->a && in->c <= in->b;
    case ZH_VARIATE_TRAPEZOIDAL: return range && in->c >= 0.0 && in->c <= 1.0;
    case ZH_VARIATE_CURVILINEAR: return range && in->c >= 0.0 && in->c <= (in->b - in->a) / 2.0;
    case ZH_VARIATE_STUDENT: return in->b >= 0.0 && in->c > 0.0;
    case ZH_VARIATE_EXPONENTIAL: return in->a > 0.0;
    case ZH_VARIATE_GAMMA: return in->a > 0.0 && in->b > 0.0;
    case ZH_VARIATE_CONSTANT: break;
    }
    return true;
}

static double triangular(const zh_variate_input *in, double r)
{
    double width = in->b - in->a;
    double left = in->c - in->a;
    return r * width < left ? in->a + sqrt(r * width * left)
                            : in->b - sqrt((1.0 - r) * width * (in->b - in->c));
}

/* ---- uniform numbers ----
 *
 * The first DIMENSIONS inputs that one or two uniform numbers determine take them from Richtmyer's
 * sequence: the fractional parts of start + i sqrt(prime), start drawn from the seed (R. D.
 * Richtmyer 1951; H. Niederreiter, Random Number Generation and Quasi-Monte Carlo Methods, SIAM
 * 1992, 3.1). They fill the unit cube evenly, so the ends of the intervals are several times closer
 * to their limits than with as many independent draws. All else comes from the generator itself. */
enum { DIMENSIONS = 24 };

struct source {
    zh_random random;
    uint64_t state[DIMENSIONS], step[DIMENSIONS];
    size_t used; /* of the dimensions by the inputs of this draw */
};

static void open_source(struct source *s, uint64_t seed)
{
    static const unsigned primes[DIMENSIONS] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37,
                                                41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89};
    zh_random_seed(&s->random, seed);
    s->used = 0;
    for (size_t i = 0; i < DIMENSIONS; i++) {
        double root = sqrt((double)primes[i]);
        s->state[i] = zh_random_u64(&s->random);
        s->step[i] = (uint64_t)ldexp(root - floor(root), 53) << 11;
    }
}

/* count numbers inside (0, 1). */
static void uniforms(struct source *s, size_t count, double *out)
{
    size_t dimension = s->used < DIMENSIONS ? s->used++ : DIMENSIONS;
    for (size_t j = 0; j < count; j++) {
        uint64_t bits;
        if (dimension < DIMENSIONS) {
            s->state[dimension] += s->step[dimension];
            bits = s->state[dimension];
        } else {
            bits = zh_random_u64(&s->random);
        }
        out[j] = ((double)(bits >> 12) + 0.5) * 0x1p-52;
    }
}

static double transformed(const zh_variate_input *in, double r, double second)
{
    double center = (in->a + in->b) / 2.0;
    double half = (in->b - in->a) / 2.0;
    switch (in->type) {
    case ZH_VARIATE_NORMAL: return in->a + in->b * zh_normal_quantile(r);
    case ZH_VARIATE_LOGNORMAL: return exp(in->a + in->b * zh_normal_quantile(r));
    case ZH_VARIATE_UNIFORM: return in->a + 2.0 * half * r;
    case ZH_VARIATE_TRIANGULAR: return triangular(in, r);
    case ZH_VARIATE_TRAPEZOIDAL: return in->a + half * ((1.0 + in->c) * r + (1.0 - in->c) * second);
    case ZH_VARIATE_CURVILINEAR:
        r = in->a - in->c + 2.0 * in->c * r;
        return r + 2.0 * (center - r) * second;
    case ZH_VARIATE_ARCSINE: return center + half * sin(2.0 * acos(-1.0) * r);
    case ZH_VARIATE_EXPONENTIAL: return -in->a * log(r);
    case ZH_VARIATE_STUDENT:
    case ZH_VARIATE_GAMMA:
    case ZH_VARIATE_CONSTANT: break;
    }
    return in->a;
}

static void draw_input(const zh_variate_input *in, size_t count, struct source *s, double *out)
{
    double second[ZH_FORMULA_BLOCK];
    if (in->type == ZH_VARIATE_STUDENT || in->type == ZH_VARIATE_GAMMA) {
        for (size_t j = 0; j < count; j++) {
            double normal = in->type == ZH_VARIATE_STUDENT ? zh_random_normal(&s->random) : 0.0;
            double shape = in->type == ZH_VARIATE_STUDENT ? in->c / 2.0 : in->a;
            double gamma = zh_random_gamma(&s->random, shape);
            out[j] = in->type == ZH_VARIATE_STUDENT ? in->a + in->b * normal / sqrt(gamma / shape)
                                                    : gamma / in->b;
        }
        return;
    }
    bool two = in->type == ZH_VARIATE_TRAPEZOIDAL || in->type == ZH_VARIATE_CURVILINEAR;
    if (in->type != ZH_VARIATE_CONSTANT) {
        uniforms(s, count, out);
    }
    if (two) {
        uniforms(s, count, second);
    }
    for (size_t j = 0; j < count; j++) {
        out[j] = transformed(in, out[j], two ? second[j] : 0.0);
    }
}

/* Standard normal variates of the block made to correlate: z = L z, from the last row up. */
static void correlate(const zh_matrix *l, const zh_variate_input *inputs, size_t count, double *x)
{
    for (size_t i = l->rows; i-- > 0;) {
        for (size_t j = 0; j < count && inputs[i].type == ZH_VARIATE_NORMAL; j++) {
            double sum = 0.0;
            for (size_t k = 0; k <= i; k++) {
                double weight = zh_matrix_at(l, i, k);
                sum += weight != 0.0 ? weight * x[k * ZH_FORMULA_BLOCK + j] : 0.0;
            }
            x[i * ZH_FORMULA_BLOCK + j] = sum;
        }
    }
    for (size_t i = 0; i < l->rows; i++) {
        for (size_t j = 0; j < count && inputs[i].type == ZH_VARIATE_NORMAL; j++) {
            double *v = &x[i * ZH_FORMULA_BLOCK + j];
            *v = inputs[i].a + inputs[i].b * *v;
        }
    }
}

static void draw_block(const zh_variate_input *inputs, size_t n, const zh_matrix *l, size_t count,
                       struct source *source, double *x)
{
    source->used = 0;
    for (size_t i = 0; i < n; i++) {
        zh_variate_input in = inputs[i];
        if (l != NULL && in.type == ZH_VARIATE_NORMAL) {
            in.a = 0.0;
            in.b = 1.0;
        }
        draw_input(&in, count, source, x + i * ZH_FORMULA_BLOCK);
    }
    if (l != NULL) {
        correlate(l, inputs, count, x);
    }
}

/* Sorts ascending by the order-preserving integer image of binary64, 11 bits at a time. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (bits >> 63) != 0 ? ~bits : bits | ((uint64_t)1 << 63);
}

enum { DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS };

static void radix_sort(double *v, double *room, size_t n, size_t *count)
{
    double *from = v;
    double *to = room;
    memset(count, 0, sizeof(*count) * DIGITS * BUCKETS);
    for (size_t i = 0; i < n; i++) {
        uint64_t key = key_of(v[i]);
        for (size_t d = 0; d < DIGITS; d++) {
            count[d * BUCKETS + ((key >> (d * DIGIT_BITS)) & (BUCKETS - 1))]++;
        }
    }
    for (size_t d = 0; d < DIGITS; d++) {
        size_t *place = count + d * BUCKETS;
        size_t sum = 0;
        for (size_t b = 0; b < BUCKETS; b++) {
            size_t here = place[b];
            place[b] = sum;
            sum += here;
        }
        for (size_t i = 0; i < n; i++) {
            to[place[(key_of(from[i]) >> (d * DIGIT_BITS)) & (BUCKETS - 1)]++] = from[i];
        }
        double *swap = from;
        from = to;
        to = swap;
    }
}

static zh_rc check_inputs(const zh_variate_input *inputs, size_t n, const zh_matrix *correlation,
                          zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!possible(&inputs[i])) {
            return zh_err_set(err, ZH_EINVAL, "uncertainty.input",
                              "第 %zu 个输入量的分布参数不可能", i + 1);
        }
        for (size_t j = 0; j < n && correlation != NULL; j++) {
            if (i != j && zh_matrix_at(correlation, i, j) != 0.0 &&
                inputs[i].type != ZH_VARIATE_NORMAL) {
                return zh_err_set(err, ZH_EINVAL, "uncertainty.correlation",
                                  "第 %zu 个输入量不是正态的，不能与别的相关", i + 1);
            }
        }
    }
    return ZH_OK;
}

static zh_rc check_work(const zh_formula *model, size_t draws, double confidence, zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK && draws > ZH_UNCERTAINTY_DRAWS_MAX) {
        rc = zh_err_set(err, ZH_ELIMIT, "uncertainty.draws", "抽取 %zu 次，最多 %zu 次", draws,
                        ZH_UNCERTAINTY_DRAWS_MAX);
    }
    if (rc == ZH_OK && (draws < 100 || (double)draws * (1.0 - confidence) < 2.0)) {
        rc = zh_err_set(err, ZH_EINVAL, "uncertainty.draws", "抽取 %zu 次太少，定不了包含区间",
                        draws);
    }
    size_t each = zh_formula_size(model) + 10 * zh_formula_names(model);
    if (rc == ZH_OK && each > ZH_UNCERTAINTY_WORK_MAX / draws) {
        rc = zh_err_set(err, ZH_ELIMIT, "uncertainty.work", "公式太长，不能抽取 %zu 次", draws);
    }
    return rc;
}

static void summarise(const double *y, size_t n, double confidence, zh_monte_carlo *out)
{
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += y[i];
    }
    out->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        squares += (y[i] - out->mean) * (y[i] - out->mean);
    }
    out->sd = sqrt(squares / (double)(n - 1));
    size_t q = (size_t)floor(confidence * (double)n + 0.5);
    size_t r = (n - q + 1) / 2;
    out->symmetric = (zh_interval){y[r - 1], y[r - 1 + q]};
    out->shortest = (zh_interval){y[0], y[q]};
    for (size_t i = 1; i + q < n; i++) {
        if (y[i + q] - y[i] < out->shortest.upper - out->shortest.lower) {
            out->shortest = (zh_interval){y[i], y[i + q]};
        }
    }
}

static zh_rc draw_all(const zh_formula *model, const zh_variate_input *inputs, const zh_matrix *l,
                      size_t draws, uint64_t seed, double *x, double *room, double *y, zh_err *err)
{
    struct source source;
    open_source(&source, seed);
    for (size_t done = 0; done < draws;) {
        size_t count = draws - done < ZH_FORMULA_BLOCK ? draws - done : ZH_FORMULA_BLOCK;
        draw_block(inputs, zh_formula_names(model), l, count, &source, x);
        zh_formula_values(model, x, count, room, y + done);
        for (size_t j = 0; j < count; j++, done++) {
            if (!isfinite(y[done])) {
                zh_err_set(err, ZH_EINVAL, "uncertainty.model", "第 %zu 次抽取时公式没有有限的值",
                           done + 1);
                zh_err_fix(err, "检查输入量的分布：分母、对数、根号里的量不能越出定义域");
                return ZH_EINVAL;
            }
        }
    }
    return ZH_OK;
}

zh_rc zh_monte_carlo_propagate(zh_arena *arena, const zh_formula *model,
                               const zh_variate_input *inputs, const zh_matrix *correlation,
                               size_t draws, uint64_t seed, double confidence, zh_monte_carlo *out,
                               zh_err *err)
{
    size_t n = zh_formula_names(model);
    zh_matrix l;
    zh_rc rc = check_work(model, draws, confidence, err);
    if (rc == ZH_OK && correlation != NULL) {
        rc = factor(arena, correlation, n, &l, err);
    }
    if (rc == ZH_OK) {
        rc = check_inputs(inputs, n, correlation, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double *x = ZH_TRY_N(arena, double, (n + 1) * ZH_FORMULA_BLOCK);
    double *room = ZH_TRY_N(arena, double, zh_formula_size(model) * ZH_FORMULA_BLOCK);
    double *y = ZH_TRY_N(arena, double, draws);
    double *sorting = ZH_TRY_N(arena, double, draws);
    size_t *count = ZH_TRY_N(arena, size_t, DIGITS * BUCKETS);
    if (x == NULL || room == NULL || y == NULL || sorting == NULL || count == NULL) {
        return no_memory(err);
    }
    rc = draw_all(model, inputs, correlation != NULL ? &l : NULL, draws, seed, x, room, y, err);
    if (rc == ZH_OK) {
        radix_sort(y, sorting, draws, count);
        summarise(y, draws, confidence, out);
        out->sorted = y;
        out->draws = draws;
    }
    return rc;
}
