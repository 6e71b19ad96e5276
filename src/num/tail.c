/* Tails of distributions: conversion and inversion. */
#include "num/tail.h"
#include "num/special.h"
#include <float.h>
#include <math.h>

#define SOLVER_STEPS_MAX 400
#define LN2              0.693147180559945309417232121458
#define FUZZ             (64.0 * DBL_EPSILON)

zh_tail_target zh_tail_of(double p, unsigned tail)
{
    zh_tail_target t = {.upper = (tail & ZH_TAIL_UPPER) != 0};
    bool logarithm = (tail & ZH_TAIL_LOG) != 0;
    t.valid = logarithm ? p <= 0.0 : p >= 0.0 && p <= 1.0;
    if (!t.valid) {
        return t;
    }
    t.log_p = logarithm ? p : log(p);
    if (t.log_p > -LN2) {
        t.log_p = logarithm ? zh_log1mexp(p) : log1p(-p);
        t.upper = !t.upper;
    }
    return t;
}

double zh_tail_finish(double small, double log_small, bool upper, unsigned tail)
{
    bool same = upper == ((tail & ZH_TAIL_UPPER) != 0);
    if ((tail & ZH_TAIL_LOG) != 0) {
        return same ? fmin(log_small, 0.0) : log1p(-fmin(small, 1.0));
    }
    return same ? fmin(small, 1.0) : 1.0 - fmin(small, 1.0);
}

double zh_tail_end(bool all, unsigned tail)
{
    bool one = all == ((tail & ZH_TAIL_UPPER) == 0);
    if ((tail & ZH_TAIL_LOG) != 0) {
        return one ? 0.0 : -(double)INFINITY;
    }
    return one ? 1.0 : 0.0;
}

double zh_tail_solve(zh_tail_function *tail, const void *context, zh_tail_target target,
                     double start, double scale, double floor)
{
    double low = -(double)INFINITY;
    double high = (double)INFINITY;
    double u = start;
    for (int i = 0; i < SOLVER_STEPS_MAX; i++) {
        double log_tail;
        double slope;
        tail(context, u, target.upper, &log_tail, &slope);
        double excess = log_tail - target.log_p;
        if (excess == 0.0) {
            return u;
        }
        bool too_far = target.upper ? excess < 0.0 : excess > 0.0;
        *(too_far ? &high : &low) = u;
        double next = u - excess / slope;
        double width = DBL_EPSILON * fmax(fabs(u), floor);
        /* What is left of the difference is rounding, or moves u by its last place only. */
        if (fabs(next - u) <= width ||
            fabs(excess) <= 4.0 * DBL_EPSILON * fmax(1.0, fabs(target.log_p))) {
            return isfinite(next) ? next : u;
        }
        if (!(next > low && next < high && fabs(next - u) < 1e3 * (fabs(u) + scale))) {
            if (isinf(low) || isinf(high)) {
                next = too_far ? u - scale : u + scale;
                scale *= 2.0;
            } else {
                next = 0.5 * low + 0.5 * high;
            }
        }
        if (high - low <= width) {
            return next;
        }
        u = next;
    }
    return (double)NAN;
}

/* Whether cdf(x) reaches p but for rounding. */
static bool reached(zh_count_cdf *cdf, const void *context, double p, unsigned tail, double x)
{
    double got = cdf(context, x, tail);
    if ((tail & ZH_TAIL_LOG) != 0) {
        double slack = FUZZ * fmax(1.0, fabs(p));
        return (tail & ZH_TAIL_UPPER) != 0 ? got <= p + slack : got >= p - slack;
    }
    return (tail & ZH_TAIL_UPPER) != 0 ? got <= p * (1.0 + FUZZ) : got >= p * (1.0 - FUZZ);
}

double zh_count_quantile(zh_count_cdf *cdf, const void *context, double p, unsigned tail,
                         double guess, double step, double x_min, double x_max)
{
    zh_tail_target target = zh_tail_of(p, tail);
    if (!target.valid) {
        return (double)NAN;
    }
    if (isinf(target.log_p)) {
        return target.upper ? x_max : x_min;
    }
    step = fmax(1.0, floor(step));
    double high = fmin(fmax(floor(guess), x_min), x_max);
    double low = x_min - 1.0; /* not reached here; reached at high */
    if (reached(cdf, context, p, tail, high)) {
        while (high - step > x_min && reached(cdf, context, p, tail, high - step)) {
            high -= step;
            step *= 2.0;
        }
        low = high - step > x_min ? high - step : low;
    } else {
        do {
            low = high;
            high = fmin(high + step, x_max);
            step *= 2.0;
        } while (high < x_max && !reached(cdf, context, p, tail, high));
    }
    while (high - low > 1.0) {
        double middle = floor(0.5 * low + 0.5 * high);
        if (!(middle > low && middle < high)) {
            break; /* beyond 2^53 whole numbers are further apart than 1 */
        }
        *(reached(cdf, context, p, tail, middle) ? &high : &low) = middle;
    }
    return high;
}
