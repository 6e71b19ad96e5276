/* Student's t and the studentized range: distributions of a normal statistic divided by an
 * independent standard deviation. Where there is no closed form the probability is integrated over
 * v = log S, S the standard deviation with df degrees of freedom and sigma = 1, by the trapezoidal
 * rule: the integrands are analytic and fall off at least exponentially, so the rule converges
 * exponentially (L. N. Trefethen, J. A. C. Weideman, SIAM Review 56 (2014) 385-458), and as all
 * terms are positive every tail keeps its relative accuracy. */
#include "num/beta.h"
#include "num/distribution.h"
#include "num/special.h"
#include "num/tail.h"
#include <float.h>
#include <math.h>

#define LN2          0.693147180559945309417232121458
#define LOG_SQRT_2PI 0.918938533204672741780329736406

#define NCP_MAX           1e4
#define NONCENTRAL_DF_MIN 0.1 /* the lower tail of log S falls as exp(df log S) */
#define MEANS_MAX         1e5
#define STUDENT_NORMAL_DF 1e9 /* from here on t is a normal variate but for terms of 1/df^2 */

#define CLIMB_STEPS_MAX 200
#define POINTS_MAX      20000
#define HALVINGS_MAX    7
#define NEGLIGIBLE      40.0 /* exp(-40): what falls this far below the largest term */

/* ---- integrals of exp(g) over the real line ---- */

typedef double log_integrand(const void *context, double v);

/* Near the maximum of g, which rises to it and falls from it. */
static double climb(log_integrand *g, const void *context, double start, double width)
{
    double v = start;
    double here = g(context, v);
    double step = width;
    for (int i = 0; i < CLIMB_STEPS_MAX && fabs(step) > 0.05 * width; i++) {
        double there = g(context, v + step);
        if (there > here) {
            v += step;
            here = there;
            step *= 1.6;
        } else {
            step *= -0.4;
        }
    }
    return v;
}

/* Sum of exp(g - peak) over v = from + k h, k = 0, 1, … in both directions, as far as they count.
 */
static double sum_around(log_integrand *g, const void *context, double from, double h, double peak)
{
    double sum = exp(g(context, from) - peak);
    for (int side = -1; side <= 1; side += 2) {
        for (int k = 1; k < POINTS_MAX; k++) {
            double value = g(context, from + side * k * h) - peak;
            if (value < -NEGLIGIBLE) {
                break;
            }
            sum += exp(value);
        }
    }
    return sum;
}

/* log of the integral of exp(g); `width`: a guess of the width of its peak. */
static double log_integral(log_integrand *g, const void *context, double start, double width)
{
    double v = climb(g, context, start, width);
    double peak = g(context, v);
    if (!(peak > -(double)INFINITY) || peak > DBL_MAX) {
        return -(double)INFINITY;
    }
    double h = 0.5 * width;
    double sum = sum_around(g, context, v, h, peak);
    for (int i = 0; i < HALVINGS_MAX; i++) {
        double between = sum_around(g, context, v + 0.5 * h, h, peak);
        bool converged = fabs(between - sum) <= 1e-7 * sum; /* its square is the error left */
        sum += between;
        h *= 0.5;
        if (converged) {
            break;
        }
    }
    return peak + log(sum * h);
}

/* log of the density of v = log S: 2 a^a/Gamma(a) exp(2 a v - a exp(2 v)), a = df/2, by Stirling's
 * formula so that nothing cancels for large df. */
static double log_density_of_log_s(double df, double v)
{
    double a = 0.5 * df;
    double e = expm1(2.0 * v);
    /* v - (exp(2v) - 1)/2 = (log(1 + e) - e)/2 */
    double shape = fabs(v) < 0.2 ? 0.5 * zh_log1pmx(e) : v - 0.5 * e;
    return LN2 + 0.5 * log(a) - LOG_SQRT_2PI - zh_stirling_error(a) + df * shape;
}

static double width_of_log_s(double df)
{
    return fmin(1.0 / sqrt(2.0 * df), 1.0);
}

/* ---- Student's t ---- */

static double central_log_density(double x, double df)
{
    double ratio = x / sqrt(df);
    double spread = fabs(ratio) > 1e150 ? 2.0 * log(fabs(x)) - log(df) : log1p(ratio * ratio);
    double half = 0.5 * df;
    return zh_stirling_error(half + 0.5) - zh_stirling_error(half) - zh_deviance(half, half + 0.5) -
           (half + 0.5) * spread - LOG_SQRT_2PI;
}

/* For df so large that z = t (1 - (t^2 + 1)/(4 df) + …), summed as D. L. Wallace, Annals of
 * Mathematical Statistics 30 (1959) 1124-1130. */
static double nearly_normal(double q, double df)
{
    return copysign(sqrt(df * log1p(q * q / df)), q) * (1.0 - 0.25 / df);
}

static double central_cdf(double q, double df, unsigned tail)
{
    if (df >= STUDENT_NORMAL_DF) {
        return zh_dist_normal_cdf(nearly_normal(q, df), 0.0, 1.0, tail);
    }
    double ratio = q / sqrt(df);
    if (fabs(ratio) > 1e150) {
        /* The square would leave the range of binary64; only the leading power is left. */
        double half = 0.5 * df;
        double value =
            -df * log(fabs(ratio)) - zh_lgamma1p(half) - zh_lgamma(0.5) + zh_lgamma(half + 0.5);
        return zh_tail_finish(0.5 * exp(value), value - LN2, q > 0.0, tail);
    }
    double square = ratio * ratio;
    double inside = square > 1.0 ? 1.0 / (1.0 + 1.0 / square) : square / (1.0 + square);
    double beyond = zh_beta_tail(1.0 / (1.0 + square), inside, 0.5 * df, 0.5, ZH_TAIL_LOWER);
    double log_beyond = 0.0;
    if ((tail & ZH_TAIL_LOG) != 0) {
        log_beyond =
            zh_beta_tail(1.0 / (1.0 + square), inside, 0.5 * df, 0.5, ZH_TAIL_LOWER | ZH_TAIL_LOG);
    }
    return zh_tail_finish(0.5 * beyond, log_beyond - LN2, q > 0.0, tail);
}

static double central_quantile(double p, double df, unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (isinf(t.log_p)) {
        return t.upper ? (double)INFINITY : -(double)INFINITY;
    }
    if (df >= STUDENT_NORMAL_DF) {
        double z = zh_dist_normal_quantile(p, 0.0, 1.0, tail);
        return z + z * (z * z + 1.0) / (4.0 * df);
    }
    /* Both tails beyond |t| as the tail of Beta(df/2, 1/2), or what lies between as a tail of
     * Beta(1/2, df/2) where that is the smaller one. */
    bool logarithm = (tail & ZH_TAIL_LOG) != 0;
    double between = logarithm ? -expm1(t.log_p + LN2) : 2.0 * fabs(p - 0.5);
    if (!(between > 0.0)) {
        return 0.0;
    }
    double u = between < 0.5 ? zh_beta_logit_quantile(log(between), 0.5, 0.5 * df, false)
                             : -zh_beta_logit_quantile(t.log_p + LN2, 0.5 * df, 0.5, false);
    double size = sqrt(df) * exp(0.5 * u);
    return t.upper ? size : -size;
}

struct noncentral {
    double t, df, ncp;
    bool upper;
};

static double tail_given_s(const void *context, double v)
{
    const struct noncentral *c = context;
    double z = c->t * exp(v) - c->ncp;
    return log_density_of_log_s(c->df, v) + zh_normal_log_lower(c->upper ? -z : z);
}

static double density_given_s(const void *context, double v)
{
    const struct noncentral *c = context;
    double z = c->t * exp(v) - c->ncp;
    return log_density_of_log_s(c->df, v) + v - 0.5 * z * z - LOG_SQRT_2PI;
}

static double noncentral_log_tail(double q, double df, double ncp, bool upper)
{
    if (isinf(df)) {
        return zh_dist_normal_cdf(q, ncp, 1.0,
                                  ZH_TAIL_LOG | (upper ? ZH_TAIL_UPPER : ZH_TAIL_LOWER));
    }
    struct noncentral c = {q, df, ncp, upper};
    return fmin(log_integral(tail_given_s, &c, 0.0, width_of_log_s(df)), 0.0);
}

static double noncentral_log_density(double x, double df, double ncp)
{
    if (isinf(df)) {
        return zh_dist_normal_density(x, ncp, 1.0, true);
    }
    struct noncentral c = {x, df, ncp, false};
    return log_integral(density_given_s, &c, 0.0, width_of_log_s(df));
}

static void noncentral_tail_at(const void *context, double u, bool upper, double *log_tail,
                               double *slope)
{
    const struct noncentral *c = context;
    *log_tail = noncentral_log_tail(u, c->df, c->ncp, upper);
    double rise = exp(noncentral_log_density(u, c->df, c->ncp) - *log_tail);
    *slope = upper ? -rise : rise;
}

static bool bad_student(double df, double ncp)
{
    return !(df > 0.0) || !(fabs(ncp) <= NCP_MAX) || (ncp != 0.0 && df < NONCENTRAL_DF_MIN);
}

double zh_dist_student_density(double x, double df, double ncp, bool log_scale)
{
    if (isnan(x) || bad_student(df, ncp)) {
        return (double)NAN;
    }
    double value;
    if (isinf(x)) {
        value = -(double)INFINITY;
    } else if (ncp == 0.0 && !isinf(df)) {
        value = central_log_density(x, df);
    } else {
        value = noncentral_log_density(x, df, ncp);
    }
    return log_scale ? value : exp(value);
}

double zh_dist_student_cdf(double q, double df, double ncp, unsigned tail)
{
    if (isnan(q) || bad_student(df, ncp)) {
        return (double)NAN;
    }
    if (isinf(q)) {
        return zh_tail_end(q > 0.0, tail);
    }
    if (ncp == 0.0) {
        return isinf(df) ? zh_dist_normal_cdf(q, 0.0, 1.0, tail) : central_cdf(q, df, tail);
    }
    double value = noncentral_log_tail(q, df, ncp, (tail & ZH_TAIL_UPPER) != 0);
    return (tail & ZH_TAIL_LOG) != 0 ? value : exp(value);
}

double zh_dist_student_quantile(double p, double df, double ncp, unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (!t.valid || bad_student(df, ncp)) {
        return (double)NAN;
    }
    if (isinf(df)) {
        return zh_dist_normal_quantile(p, ncp, 1.0, tail);
    }
    if (ncp == 0.0) {
        return central_quantile(p, df, tail);
    }
    if (isinf(t.log_p)) {
        return t.upper ? (double)INFINITY : -(double)INFINITY;
    }
    struct noncentral c = {0.0, df, ncp, false};
    return zh_tail_solve(noncentral_tail_at, &c, t, ncp, 1.0 + fabs(ncp) * width_of_log_s(df), 0.1);
}

/* ---- studentized range ---- */

struct range {
    double w, means;
};

/* One mean at z is the largest and the others lie within w below it. */
static double all_within(const void *context, double z)
{
    const struct range *r = context;
    /* Phi(z) - Phi(z - w) in the tail where both are small. */
    double inside = z > 0.5 * r->w ? 0.5 * (erfc((z - r->w) * sqrt(0.5)) - erfc(z * sqrt(0.5)))
                                   : 0.5 * (erfc(-z * sqrt(0.5)) - erfc((r->w - z) * sqrt(0.5)));
    return -0.5 * z * z - LOG_SQRT_2PI + (r->means - 1.0) * log(inside);
}

/* One mean at z is the largest and some other lies further than w below it. */
static double some_beyond(const void *context, double z)
{
    const struct range *r = context;
    double log_below = zh_normal_log_lower(z);
    double log_far = zh_normal_log_lower(z - r->w) - log_below;
    double others = r->means - 1.0;
    double none = others * (log_far > -LN2 ? log(-expm1(log_far)) : log1p(-exp(log_far)));
    return -0.5 * z * z - LOG_SQRT_2PI + others * log_below +
           (none < 0.0 ? zh_log1mexp(none) : log(others) + log_far);
}

/* log of P(range of `means` standard normal variates <= w) or of its complement. */
static double log_range(double w, double means, bool upper)
{
    struct range r = {w, means};
    double start = fmin(0.5 * w, sqrt(2.0 * log(means)));
    double value = log_integral(upper ? some_beyond : all_within, &r, start, 0.5);
    return fmin(log(means) + value, 0.0);
}

static double log_largest_range(double w, double means, double ranges, bool upper)
{
    double value = log_range(w, means, upper);
    if (ranges == 1.0) {
        return value;
    }
    return upper ? zh_log1mexp(fmin(ranges * zh_log1mexp(value), 0.0)) : ranges * value;
}

struct studentized {
    double q, means, df, ranges;
    bool upper;
};

static double range_given_s(const void *context, double v)
{
    const struct studentized *c = context;
    double outside = log_density_of_log_s(c->df, v);
    return outside < -1e5
               ? outside
               : outside + log_largest_range(c->q * exp(v), c->means, c->ranges, c->upper);
}

static double studentized_log_tail(const struct studentized *c)
{
    if (isinf(c->df)) {
        return log_largest_range(c->q, c->means, c->ranges, c->upper);
    }
    return fmin(log_integral(range_given_s, c, 0.0, width_of_log_s(c->df)), 0.0);
}

static bool bad_range(double means, double df, double ranges)
{
    return !(means >= 2.0) || !(means <= MEANS_MAX) || !(df >= 1.0) || !(ranges >= 1.0) ||
           !(ranges <= MEANS_MAX);
}

double zh_dist_studentized_range_cdf(double q, double means, double df, double ranges,
                                     unsigned tail)
{
    if (isnan(q) || bad_range(means, df, ranges)) {
        return (double)NAN;
    }
    if (!(q > 0.0) || isinf(q)) {
        return zh_tail_end(q > 0.0, tail);
    }
    struct studentized c = {q, means, df, ranges, (tail & ZH_TAIL_UPPER) != 0};
    double value = studentized_log_tail(&c);
    return (tail & ZH_TAIL_LOG) != 0 ? value : exp(value);
}

static void range_tail_at(const void *context, double u, bool upper, double *log_tail,
                          double *slope)
{
    const double step = 1e-5; /* the slope need not be exact: it only sets the speed */
    struct studentized c = *(const struct studentized *)context;
    c.upper = upper;
    c.q = exp(u);
    *log_tail = studentized_log_tail(&c);
    c.q = exp(u + step);
    *slope = (studentized_log_tail(&c) - *log_tail) / step;
}

double zh_dist_studentized_range_quantile(double p, double means, double df, double ranges,
                                          unsigned tail)
{
    zh_tail_target t = zh_tail_of(p, tail);
    if (!t.valid || bad_range(means, df, ranges)) {
        return (double)NAN;
    }
    if (isinf(t.log_p)) {
        return t.upper ? (double)INFINITY : 0.0;
    }
    struct studentized c = {0.0, means, df, ranges, false};
    /* The mean of the range of `means` normal variates is near 2 sqrt(2 log means). */
    double start = log(1.0 + 1.5 * sqrt(2.0 * log(means)));
    return exp(zh_tail_solve(range_tail_at, &c, t, start, 0.3, 100.0));
}
