/* Continuous distributions but those that need an integral. Formulas are named in the header. */
#include "num/distribution.h"
#include "num/beta.h"
#include "num/normal.h"
#include "num/special.h"
#include "num/tail.h"
#include <float.h>
#include <math.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_1_PI    0.564189583547756286948079451561
#define SQRT_1_2     0.707106781186547524400844362105

#define GAMMA_TERMS_MAX    10000000
#define GAMMA_UNIFORM_FROM 1e5  /* shapes from which the uniform expansion holds 1e-13 … */
#define GAMMA_UNIFORM_NEAR 0.05 /* … this close to the mean, relative */

static double exp_unless(double value, bool log)
{
    return log ? value : exp(value);
}

/* ---- normal ---- */

/* P(Z <= z). */
static double normal_lower(double z)
{
    double w = -z * SQRT_1_2;
    double tail = 0.5 * erfc(w);
    if (w > 1.0) {
        /* The rounding of w counts w^2 fold: first-order correction by w sqrt(2) + z. */
        const double root_low = -9.667293313452913451e-17; /* sqrt(2) - its binary64 */
        double off = fma(w, 2.0 * SQRT_1_2, z) + w * root_low;
        tail += SQRT_1_PI * exp(-w * w) * off * SQRT_1_2;
    }
    return tail;
}

double zh_normal_log_lower(double z)
{
    if (z > 0.0) {
        return log1p(-normal_lower(-z));
    }
    if (z > -36.0) {
        return log(normal_lower(z));
    }
    /* DLMF 7.12.1 */
    double s = 1.0 / (z * z);
    double sum = 0.0;
    for (int k = 17; k >= 1; k -= 2) {
        sum = -k * s * (1.0 + sum);
    }
    return -0.5 * z * z - log(-z) - LOG_SQRT_2PI + log1p(sum);
}

double zh_dist_normal_density(double x, double mean, double sd, bool log_scale)
{
    if (isnan(x) || isnan(mean) || !(sd >= 0.0)) {
        return (double)NAN;
    }
    if (sd == 0.0) {
        return x == mean ? (double)INFINITY : exp_unless(-(double)INFINITY, log_scale);
    }
    double z = (x - mean) / sd;
    return exp_unless(-0.5 * z * z - LOG_SQRT_2PI - log(sd), log_scale);
}

double zh_dist_normal_cdf(double q, double mean, double sd, unsigned tail)
{
    if (isnan(q) || !isfinite(mean) || !(sd >= 0.0)) {
        return (double)NAN;
    }
    if (isinf(q) || sd == 0.0) {
        return zh_tail_end(q >= mean, tail);
    }
    double z = (q - mean) / sd;
    z = (tail & ZH_TAIL_UPPER) != 0 ? -z : z;
    return (tail & ZH_TAIL_LOG) != 0 ? zh_normal_log_lower(z) : normal_lower(z);
}

static void normal_tail_at(const void *context, double u, bool upper, double *log_tail,
                           double *slope)
{
    (void)context;
    *log_tail = zh_normal_log_lower(upper ? -u : u);
    double rise = exp(-0.5 * u * u - LOG_SQRT_2PI - *log_tail);
    *slope = upper ? -rise : rise;
}

double zh_dist_normal_quantile(double p, double mean, double sd, unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (!t.valid || !isfinite(mean) || !(sd >= 0.0)) {
        return (double)NAN;
    }
    if (isinf(t.log_p)) {
        return t.upper ? (double)INFINITY : -(double)INFINITY;
    }
    double z;
    if (t.log_p < -690.0) {
        z = zh_tail_solve(normal_tail_at, NULL, (zh_tail_target){t.log_p, false, true},
                          -sqrt(-2.0 * t.log_p), 1.0, 1.0);
        z = t.upper ? -z : z;
    } else if ((tail & ZH_TAIL_LOG) == 0) {
        z = zh_normal_quantile(p);
        z = (tail & ZH_TAIL_UPPER) != 0 ? -z : z;
    } else {
        z = zh_normal_quantile(exp(t.log_p));
        z = t.upper ? -z : z;
    }
    return mean + sd * z;
}

/* ---- gamma and chi-squared ---- */

double zh_gamma_log_factor(double x, double a)
{
    if (a < 1.0) {
        return a * log(x) - x - zh_lgamma1p(a);
    }
    return -zh_stirling_error(a) - zh_deviance(a, x) - 0.5 * log(a) - LOG_SQRT_2PI;
}

/* DLMF 8.7.1: P(a, x) divided by the factor. */
static double gamma_series(double x, double a)
{
    double sum = 1.0;
    double term = 1.0;
    for (int k = 1; k <= GAMMA_TERMS_MAX && term > 0.25 * DBL_EPSILON * sum; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return sum;
}

/* DLMF 8.9.2: Q(a, x) divided by the factor, modified Lentz method. */
static double gamma_fraction(double x, double a)
{
    const double tiny = DBL_MIN / DBL_EPSILON;
    double under = x + 1.0 - a;
    double f = fabs(under) < tiny ? tiny : under;
    double c = f;
    double d = 0.0;
    for (int k = 1; k <= GAMMA_TERMS_MAX; k++) {
        double over = k * (a - k);
        under += 2.0;
        d = under + over * d;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = under + over / c;
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        if (fabs(c * d - 1.0) <= DBL_EPSILON) {
            break;
        }
    }
    return a / f;
}

/* 1 - P(a, x) for small a and x, where it is a small difference: the alternating series of P
 * (DLMF 8.7.1, first form) with its leading 1 taken out. */
static double gamma_upper_small(double x, double a)
{
    double power = a * log(x) - zh_lgamma1p(a);
    double sum = 0.0;
    double term = 1.0;
    for (int k = 1; k < 60; k++) {
        term *= -x / k;
        sum += term / (a + k);
    }
    return -expm1(power) - exp(power) * a * sum;
}

/* DLMF 8.12.3, 8.12.4 with c_0, c_1, c_2 by their Taylor series (8.12.9-8.12.12): log of the
 * smaller tail. mu = (x - a)/a is small. */
static double gamma_uniform_log(double mu, double a)
{
    static const double c0[] = {-1.0 / 3.0,           1.0 / 12.0,
                                -2.0 / 135.0,         1.0 / 864.0,
                                1.0 / 2835.0,         -139.0 / 777600.0,
                                1.0 / 25515.0,        -571.0 / 261273600.0,
                                -281.0 / 151559100.0, 163879.0 / 197522841600.0};
    static const double c1[] = {-1.0 / 540.0,    -1.0 / 288.0, 1.0 / 378.0,
                                -77.0 / 77760.0, 1.0 / 4860.0, -1.0 / 2488320.0};
    static const double c2[] = {25.0 / 6048.0, -139.0 / 51840.0, 1.0 / 1296.0, 1.0 / 497664.0};
    double half_eta2 = -zh_log1pmx(mu);
    double eta = copysign(sqrt(2.0 * half_eta2), mu);
    double sum0 = 0.0;
    double sum1 = 0.0;
    double sum2 = 0.0;
    for (size_t i = ZH_COUNTOF(c0); i-- > 0;) {
        sum0 = c0[i] + eta * sum0;
    }
    for (size_t i = ZH_COUNTOF(c1); i-- > 0;) {
        sum1 = c1[i] + eta * sum1;
    }
    for (size_t i = ZH_COUNTOF(c2); i-- > 0;) {
        sum2 = c2[i] + eta * sum2;
    }
    double sum = sum0 + (sum1 + sum2 / a) / a;
    double log_normal = zh_normal_log_lower(-fabs(eta) * sqrt(a));
    double log_rest = -a * half_eta2 - LOG_SQRT_2PI - 0.5 * log(a);
    double share = exp(log_rest - log_normal) * sum;
    return log_normal + log1p(mu > 0.0 ? share : -share);
}

double zh_gamma_tail(double x, double a, unsigned tail)
{
    if (!(x > 0.0) || isinf(x)) {
        return zh_tail_end(x > 0.0, tail);
    }
    double mu = (x - a) / a;
    if (a > GAMMA_UNIFORM_FROM && fabs(mu) < GAMMA_UNIFORM_NEAR) {
        double log_small = gamma_uniform_log(mu, a);
        return zh_tail_finish(exp(log_small), log_small, mu > 0.0, tail);
    }
    bool upper = x > fmax(a, 1.0);
    double front = zh_gamma_log_factor(x, a);
    double share = upper ? gamma_fraction(x, a) : gamma_series(x, a);
    double small = exp(front) * share;
    double log_small = front + log(share);
    if (a < 1.0 && !upper && small > 0.5) {
        upper = true;
        small = gamma_upper_small(x, a);
        log_small = log(small);
    }
    return zh_tail_finish(small, log_small, upper, tail);
}

double zh_dist_gamma_density(double x, double shape, double rate, bool log_scale)
{
    if (isnan(x) || !(shape > 0.0) || !(rate > 0.0) || isinf(shape) || isinf(rate)) {
        return (double)NAN;
    }
    if (x < 0.0 || isinf(x)) {
        return exp_unless(-(double)INFINITY, log_scale);
    }
    if (x == 0.0) {
        double limit = shape < 1.0 ? (double)INFINITY : shape > 1.0 ? 0.0 : rate;
        return log_scale ? log(limit) : limit;
    }
    double z = x * rate;
    return exp_unless(zh_gamma_log_factor(z, shape) + log(shape) - log(x), log_scale);
}

double zh_dist_gamma_cdf(double q, double shape, double rate, unsigned tail)
{
    if (isnan(q) || !(shape > 0.0) || !(rate > 0.0) || isinf(shape) || isinf(rate)) {
        return (double)NAN;
    }
    return zh_gamma_tail(q * rate, shape, tail);
}

static void gamma_tail_at(const void *context, double u, bool upper, double *log_tail,
                          double *slope)
{
    const double *shape = context;
    double x = exp(u);
    *log_tail = zh_gamma_tail(x, *shape, ZH_TAIL_LOG | (upper ? ZH_TAIL_UPPER : ZH_TAIL_LOWER));
    double rise = exp(zh_gamma_log_factor(x, *shape) + log(*shape) - *log_tail);
    *slope = upper ? -rise : rise;
}

double zh_dist_gamma_quantile(double p, double shape, double rate, unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (!t.valid || !(shape > 0.0) || !(rate > 0.0) || isinf(shape) || isinf(rate)) {
        return (double)NAN;
    }
    if (isinf(t.log_p)) {
        return t.upper ? (double)INFINITY : 0.0;
    }
    /* Below exp(-700) a shape near 0 has P(a, x) = x^a/Gamma(a + 1) to all digits. */
    double u = shape < 1.0 && !t.upper ? (t.log_p + zh_lgamma1p(shape)) / shape : 0.0;
    if (!(u < -700.0)) {
        double start = u < -30.0 ? u : log(shape);
        u = zh_tail_solve(gamma_tail_at, &shape, t, start, 1.0 / sqrt(shape), 1.0);
    }
    return exp(u) / rate;
}

double zh_dist_chi_squared_density(double x, double df, bool log_scale)
{
    return zh_dist_gamma_density(x, 0.5 * df, 0.5, log_scale);
}

double zh_dist_chi_squared_cdf(double q, double df, unsigned tail)
{
    return zh_dist_gamma_cdf(q, 0.5 * df, 0.5, tail);
}

double zh_dist_chi_squared_quantile(double p, double df, unsigned tail)
{
    return zh_dist_gamma_quantile(p, 0.5 * df, 0.5, tail);
}

/* ---- beta and F ---- */

static bool bad_shapes(double a, double b)
{
    return !(a > 0.0) || !(b > 0.0) || isinf(a) || isinf(b);
}

/* A density at an end of its support, by the power that it has there. */
static double density_at_end(double power, double at_zero_power, bool log_scale)
{
    double limit = power < 0.0 ? (double)INFINITY : power > 0.0 ? 0.0 : at_zero_power;
    return log_scale ? log(limit) : limit;
}

double zh_dist_beta_density(double x, double a, double b, bool log_scale)
{
    if (isnan(x) || bad_shapes(a, b)) {
        return (double)NAN;
    }
    if (x < 0.0 || x > 1.0) {
        return exp_unless(-(double)INFINITY, log_scale);
    }
    if (x == 0.0 || x == 1.0) {
        return x == 0.0 ? density_at_end(a - 1.0, b, log_scale)
                        : density_at_end(b - 1.0, a, log_scale);
    }
    double value = zh_beta_log_factor(x, 1.0 - x, a, b) - log(x) - log1p(-x);
    return exp_unless(value, log_scale);
}

double zh_dist_beta_cdf(double q, double a, double b, unsigned tail)
{
    return isnan(q) || bad_shapes(a, b) ? (double)NAN : zh_beta_tail(q, 1.0 - q, a, b, tail);
}

double zh_dist_beta_quantile(double p, double a, double b, unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (!t.valid || bad_shapes(a, b)) {
        return (double)NAN;
    }
    if (isinf(t.log_p)) {
        return t.upper ? 1.0 : 0.0;
    }
    double u = zh_beta_logit_quantile(t.log_p, a, b, t.upper);
    return u < 0.0 ? exp(u) / (1.0 + exp(u)) : 1.0 / (1.0 + exp(-u));
}

static bool bad_fisher(double df1, double df2)
{
    return !(df1 > 0.0) || !(df2 > 0.0) || isinf(df1);
}

double zh_dist_fisher_density(double x, double df1, double df2, bool log_scale)
{
    if (isnan(x) || bad_fisher(df1, df2)) {
        return (double)NAN;
    }
    if (isinf(df2)) {
        return zh_dist_gamma_density(x, 0.5 * df1, 0.5 * df1, log_scale);
    }
    if (x < 0.0 || isinf(x)) {
        return exp_unless(-(double)INFINITY, log_scale);
    }
    if (x == 0.0) {
        return density_at_end(df1 - 2.0, 1.0, log_scale);
    }
    double ratio = df1 / df2 * x;
    double value =
        zh_beta_log_factor(ratio / (1.0 + ratio), 1.0 / (1.0 + ratio), 0.5 * df1, 0.5 * df2);
    return exp_unless(value - log(x), log_scale);
}

double zh_dist_fisher_cdf(double q, double df1, double df2, unsigned tail)
{
    if (isnan(q) || bad_fisher(df1, df2)) {
        return (double)NAN;
    }
    if (isinf(df2)) {
        return zh_dist_gamma_cdf(q, 0.5 * df1, 0.5 * df1, tail);
    }
    double ratio = df1 / df2 * q;
    if (!(ratio > 0.0) || isinf(ratio)) {
        return zh_tail_end(ratio > 0.0, tail);
    }
    return zh_beta_tail(ratio / (1.0 + ratio), 1.0 / (1.0 + ratio), 0.5 * df1, 0.5 * df2, tail);
}

double zh_dist_fisher_quantile(double p, double df1, double df2, unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (!t.valid || bad_fisher(df1, df2)) {
        return (double)NAN;
    }
    if (isinf(df2)) {
        return zh_dist_gamma_quantile(p, 0.5 * df1, 0.5 * df1, tail);
    }
    if (isinf(t.log_p)) {
        return t.upper ? (double)INFINITY : 0.0;
    }
    return df2 / df1 * exp(zh_beta_logit_quantile(t.log_p, 0.5 * df1, 0.5 * df2, t.upper));
}
