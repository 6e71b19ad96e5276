/* Design-based estimation from a sample with unequal inclusion probabilities, out of sums.
 *
 * Every unit i of the sample has an inclusion probability pi_i, a weight w_i = 1/pi_i >= 1 and a
 * value y_i. The estimators need only sums over the sample, so cells can hold them and sums of
 * different cells add:
 *   proportion (y is 0 or 1):  n, sum w, sum w y, sum w^2, sum w^2 y
 *   total (any y):             n, sum w y, sum (w y)^2
 *
 * Reference: C.-E. Särndal, B. Swensson, J. Wretman, Model Assisted Survey Sampling, Springer 1992:
 * the pi (Horvitz-Thompson) estimator 2.8, its with-replacement variance 2.9, Poisson sampling 3.5,
 * linearisation 5.5, ratios and means (Hájek's estimator) 5.6 and 5.7.
 * Pure; any number of threads. */
#ifndef ZH_ENGINE_DESIGN_H
#define ZH_ENGINE_DESIGN_H

#include "base/err.h"
#include "num/interval.h"

/* How the variance is estimated. */
typedef enum zh_design_variance {
    /* As if the units had been drawn with replacement: fixed sample size, slightly too large
     * (conservative) when a noticeable part of the population was drawn. */
    ZH_DESIGN_REPLACEMENT,
    /* Poisson sampling: units enter independently, the sample size is random. */
    ZH_DESIGN_POISSON,
} zh_design_variance;

typedef struct zh_design_sums {
    uint64_t n;
    double w;   /* sum of w: estimates the population size */
    double wy;  /* sum of w y */
    double ww;  /* sum of w^2 */
    double wwy; /* sum of w^2 y */
} zh_design_sums;

typedef struct zh_design_estimate {
    double estimate;
    double se;            /* standard error; 0 when every y is the same */
    double df;            /* n - 1 with replacement, infinite (normal) for Poisson sampling */
    zh_interval interval; /* see the function */
} zh_design_estimate;

/* Proportion p = sum w y / sum w (Hájek), with the linearised variance
 *   replacement: n/(n-1) sum w^2 (y - p)^2 / (sum w)^2
 *   Poisson:     sum w (w - 1) (y - p)^2 / (sum w)^2
 * Interval: on the logit scale, logit(p) -+ t se/(p (1 - p)), t from Student's distribution with df
 * degrees of freedom (E. L. Korn, B. I. Graubard, Analysis of Health Surveys, Wiley 1999), so it
 * stays inside (0, 1). Where p is 0 or 1 no variance can be estimated: the interval is
 * Clopper-Pearson's for Kish's effective sample size (sum w)^2 / sum w^2, rounded down.
 * ZH_EINVAL: n < 2, confidence not inside (0, 1), or sums that no sample of weights >= 1 has. */
zh_rc zh_design_proportion(const zh_design_sums *sums, zh_design_variance variance,
                           double confidence, zh_design_estimate *out, zh_err *err) ZH_MUST;

/* Total of y (Horvitz-Thompson), variance with replacement n/(n-1) (sum (w y)^2 - (sum w y)^2/n).
 * Interval: estimate -+ t se. ZH_EINVAL as above. */
zh_rc zh_design_total(uint64_t n, double wy, double wy_squares, double confidence,
                      zh_design_estimate *out, zh_err *err) ZH_MUST;

/* Interval of a proportion on the logit scale from its estimate inside (0, 1), its standard error
 * and degrees of freedom (asserted: df > 0, may be INFINITY). */
zh_interval zh_design_logit_interval(double p, double se, double df, double confidence);

#endif
