/* Early warning: EARS, Bayes, CUSUM of counts and the generalised likelihood ratio. Farrington's
 * algorithm is in farrington.c. */
#include "engine/ews.h"
#include "num/distribution.h"
#include "num/matrix.h"
#include "num/normal.h"
#include <float.h>
#include <math.h>

/* ---- EARS ---- */

size_t zh_ears_first(const zh_ears *ears)
{
    size_t lag = ears->method == ZH_EARS_C1 ? 0 : ears->method == ZH_EARS_C2 ? 2 : 4;
    return ears->baseline + lag;
}

/* Mean and standard deviation of the baseline that ends `gap` points before `at`. */
static void baseline(const double *counts, size_t at, size_t gap, const zh_ears *ears, double *mean,
                     double *sd)
{
    const double *x = counts + (at - gap - ears->baseline + 1);
    double n = (double)ears->baseline;
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < ears->baseline; i++) {
        sum += x[i];
    }
    *mean = sum / n;
    for (size_t i = 0; i < ears->baseline; i++) {
        squares += (x[i] - *mean) * (x[i] - *mean);
    }
    *sd = fmax(sqrt(squares / (n - 1.0)), ears->min_sigma);
}

/* What C2 exceeds 1 by, at least 0; NAN when the baseline does not vary and the count is its mean.
 */
static double excess(const double *counts, size_t at, const zh_ears *ears)
{
    double mean;
    double sd;
    baseline(counts, at, 3, ears, &mean, &sd);
    double over = (counts[at] - mean) / sd - 1.0;
    return over < 0.0 ? 0.0 : over;
}

static double ears_upper(const double *counts, size_t at, const zh_ears *ears, double z)
{
    double mean;
    double sd;
    baseline(counts, at, ears->method == ZH_EARS_C1 ? 1 : 3, ears, &mean, &sd);
    if (ears->method != ZH_EARS_C3) {
        return mean + z * sd;
    }
    double before = excess(counts, at - 2, ears) + excess(counts, at - 1, ears);
    double upper = counts[at] + sd * (z - before);
    return upper < 0.0 ? 0.0 : upper;
}

void zh_ears_run(const double *counts, const size_t *range, size_t n, const zh_ears *ears,
                 double *upper)
{
    zh_assert(ears->baseline >= 3 && ears->alpha > 0.0 && ears->alpha < 1.0);
    double z = -zh_normal_quantile(ears->alpha);
    size_t first = zh_ears_first(ears);
    for (size_t i = 0; i < n; i++) {
        zh_assert(range[i] >= first);
        upper[i] = ears_upper(counts, range[i], ears, z);
    }
}

/* ---- Bayes ---- */

size_t zh_ews_bayes_first(const zh_ews_bayes *bayes)
{
    size_t first = bayes->b * bayes->frequency + bayes->w;
    return first > 0 ? first : 1;
}

double zh_ews_bayes_upper(const double *counts, size_t at, const zh_ews_bayes *bayes)
{
    double sum = 0.0;
    double n = 0.0;
    for (size_t i = bayes->current_year ? at - bayes->w : at; i < at; i++) {
        sum += counts[i];
        n += 1.0;
    }
    for (size_t year = 1; year <= bayes->b; year++) {
        size_t center = at - year * bayes->frequency;
        for (size_t i = center - bayes->w; i <= center + bayes->w; i++) {
            sum += counts[i];
            n += 1.0;
        }
    }
    zh_assert(n > 0.0);
    return zh_dist_negative_binomial_quantile(1.0 - bayes->alpha, sum + 0.5, n / (n + 1.0),
                                              ZH_TAIL_LOWER);
}

/* ---- CUSUM ---- */

/* Abscissae and weights of the Gauss-Legendre rule with 10 points on (-1, 1), positive half:
 * M. Abramowitz, I. A. Stegun, table 25.4. */
static const double legendre_x[] = {0.148874338981631211, 0.433395394129247191,
                                    0.679409568299024406, 0.865063366688984511,
                                    0.973906528517171720};
static const double legendre_w[] = {0.295524224714752870, 0.269266719309996355,
                                    0.219086362515982044, 0.149451349150580593,
                                    0.066671344308688138};

/* Integral of 3 v (1 + alpha v^3)^(-1/3) from a to b. */
static double panel(double a, double b, double alpha)
{
    double center = 0.5 * (a + b);
    double half = 0.5 * (b - a);
    double sum = 0.0;
    for (size_t i = 0; i < ZH_COUNTOF(legendre_x); i++) {
        double low = center - half * legendre_x[i];
        double high = center + half * legendre_x[i];
        sum += legendre_w[i] * (low / cbrt(1.0 + alpha * low * low * low) +
                                high / cbrt(1.0 + alpha * high * high * high));
    }
    return 3.0 * half * sum;
}

/* Anscombe's transform of a negative binomial count: the integral from 0 to y of (t + alpha
 * t^2)^(-1/3), substituting t = v^3; panels grow with the distance from the bend at
 * alpha^(-1/3). */
static double anscombe_nb(double y, double alpha)
{
    double end = cbrt(y);
    double step = 0.5 / cbrt(alpha);
    double sum = 0.0;
    for (double from = 0.0; from < end;) {
        double to = fmin(from + step, end);
        sum += panel(from, to, alpha);
        from = to;
        step *= 1.5;
    }
    return sum;
}

double zh_count_standardise(zh_count_transform transform, double count, double mean, double alpha)
{
    if (transform == ZH_COUNT_NONE) {
        return count;
    }
    zh_assert(mean > 0.0);
    double x = cbrt(count);
    double m = cbrt(mean);
    switch (transform) {
    case ZH_COUNT_ROSSI:
        return (count - 3.0 * mean + 2.0 * sqrt(count * mean)) / (2.0 * sqrt(mean));
    case ZH_COUNT_ANSCOMBE: return 1.5 * (x * x - m * m) / sqrt(m);
    case ZH_COUNT_ANSCOMBE_2ND: return (x * x - (m * m - 1.0 / (9.0 * m))) / (2.0 / 3.0 * sqrt(m));
    case ZH_COUNT_PEARSON_NB: return (count - mean) / sqrt(mean + alpha * mean * mean);
    case ZH_COUNT_ANSCOMBE_NB: {
        double spread = pow(mean + alpha * mean * mean, 1.0 / 6.0);
        return (anscombe_nb(count, alpha) - anscombe_nb(mean, alpha)) / spread;
    }
    case ZH_COUNT_STANDARD:
    case ZH_COUNT_NONE: break;
    }
    return (count - mean) / sqrt(mean);
}

void zh_count_cusum(zh_count_transform transform, const double *counts, const double *mean,
                    size_t n, double alpha, double k, double h, double *cusum, bool *alarm)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum = fmax(0.0, sum + zh_count_standardise(transform, counts[i], mean[i], alpha) - k);
        cusum[i] = sum;
        alarm[i] = sum >= h;
    }
}

/* Smallest count whose standardised value is at least z, by bisection: every transform rises. */
static double inverse(zh_count_transform transform, double z, double mean, double alpha)
{
    double low = 0.0;
    double high = mean + 1.0;
    if (zh_count_standardise(transform, 0.0, mean, alpha) >= z) {
        return 0.0;
    }
    while (zh_count_standardise(transform, high, mean, alpha) < z) {
        low = high;
        high *= 2.0;
        if (high > ZH_EWS_COUNT_MAX * 1e6) {
            return (double)NAN;
        }
    }
    for (int i = 0; i < 200 && high - low > 4.0 * DBL_EPSILON * high; i++) {
        double middle = 0.5 * (low + high);
        if (zh_count_standardise(transform, middle, mean, alpha) < z) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

double zh_count_cusum_upper(zh_count_transform transform, double before, double mean, double alpha,
                            double k, double h)
{
    return inverse(transform, h + k - before, mean, alpha);
}

/* ---- seasonal means ---- */

#define GLM_STEPS_MAX 25
#define GLM_EPSILON   1e-8

static void season_row(double *row, double t, size_t frequency, size_t harmonics, bool trend)
{
    const double turn = 2.0 * 3.14159265358979323846 / (double)frequency;
    *row++ = 1.0;
    for (size_t j = 1; j <= harmonics; j++) {
        *row++ = cos(turn * (double)j * t);
        *row++ = sin(turn * (double)j * t);
    }
    if (trend) {
        *row = t;
    }
}

/* Poisson regression with log link, by the steps and the stopping rule of R's glm. */
static zh_rc poisson_glm(zh_arena *arena, const zh_matrix *x, const double *y, double *coef,
                         zh_err *err)
{
    size_t n = x->rows;
    double *z = ZH_TRY_N(arena, double, n);
    double *w = ZH_TRY_N(arena, double, n);
    if (z == NULL || w == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "序列太长，内存不够算完");
    }
    double before = 0.0;
    for (size_t i = 0; i < n; i++) {
        double mu = y[i] + 0.1;
        w[i] = mu;
        z[i] = log(mu) - 0.1 / mu;
        before += 2.0 * (y[i] > 0.0 ? y[i] * log(y[i] / mu) + 0.1 : 0.1);
    }
    for (int step = 0; step < GLM_STEPS_MAX; step++) {
        zh_least_squares_fit fit;
        double deviance = 0.0;
        zh_arena_mark here = zh_arena_here(arena);
        zh_rc rc = zh_least_squares(arena, x, z, w, &fit, err);
        if (rc != ZH_OK) {
            return rc;
        }
        for (size_t j = 0; j < x->cols; j++) {
            coef[j] = fit.coef[j];
        }
        zh_arena_rewind(arena, here);
        for (size_t i = 0; i < n; i++) {
            double eta = 0.0;
            for (size_t j = 0; j < x->cols; j++) {
                eta += coef[j] * zh_matrix_at(x, i, j);
            }
            double mu = fmax(exp(eta), DBL_EPSILON);
            deviance += 2.0 * ((y[i] > 0.0 ? y[i] * log(y[i] / mu) : 0.0) - (y[i] - mu));
            w[i] = mu;
            z[i] = eta + (y[i] - mu) / mu;
        }
        if (fabs(deviance - before) / (fabs(deviance) + 0.1) < GLM_EPSILON) {
            return ZH_OK;
        }
        before = deviance;
    }
    return zh_err_set(err, ZH_EINVAL, "ews.season", "季节回归不收敛：训练期的计数可能几乎全是 0");
}

zh_rc zh_count_season(zh_arena *arena, const double *counts, size_t n_train, size_t frequency,
                      size_t harmonics, bool trend, const size_t *range, size_t n_range,
                      double *mean, zh_err *err)
{
    double coef[2 * ZH_EWS_HARMONICS_MAX + 2] = {0};
    double row[2 * ZH_EWS_HARMONICS_MAX + 2];
    if (harmonics > ZH_EWS_HARMONICS_MAX || frequency < 1) {
        return zh_err_set(err, ZH_EINVAL, "ews.setting", "谐波个数要在 0 到 %d 之间",
                          ZH_EWS_HARMONICS_MAX);
    }
    size_t cols = 1 + 2 * harmonics + (trend ? 1 : 0);
    zh_arena_mark here = zh_arena_here(arena);
    zh_matrix x = zh_matrix_new(arena, n_train, cols);
    if (x.v == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "序列太长，内存不够算完");
    }
    for (size_t i = 0; i < n_train; i++) {
        season_row(zh_matrix_row(&x, i), (double)(i + 1), frequency, harmonics, trend);
    }
    zh_rc rc = poisson_glm(arena, &x, counts, coef, err);
    for (size_t i = 0; rc == ZH_OK && i < n_range; i++) {
        double eta = 0.0;
        season_row(row, (double)(range[i] + 1), frequency, harmonics, trend);
        for (size_t j = 0; j < cols; j++) {
            eta += coef[j] * row[j];
        }
        mean[i] = exp(eta);
    }
    zh_arena_rewind(arena, here);
    return rc;
}
