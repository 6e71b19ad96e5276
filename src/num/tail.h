/* What the distributions share inside num/: probabilities given in a tail and on a scale, and the
 * solution of log tail(u) = log p. Pure; any number of threads. */
#ifndef ZH_NUM_TAIL_H
#define ZH_NUM_TAIL_H

#include "num/distribution.h"

/* A probability as the smaller of its two tails. */
typedef struct zh_tail_target {
    double log_p; /* of that tail, at most about log(1/2); -inf: an end of the support */
    bool upper;   /* which tail it is */
    bool valid;   /* p was a probability */
} zh_tail_target;

zh_tail_target zh_tail_of(double p, unsigned tail);

/* The tail asked for, from `small`, the probability of one of the tails (upper or not), and its
 * logarithm. */
double zh_tail_finish(double small, double log_small, bool upper, unsigned tail);
/* The tail asked for where all mass lies at or below q (`all`), or none does. */
double zh_tail_end(bool all, unsigned tail);

/* log of a tail at u and its derivative by u. */
typedef void zh_tail_function(const void *context, double u, bool upper, double *log_tail,
                              double *slope);

/* u with log tail = target: Newton's method on the log scale, where tails are concave or nearly so,
 * within a bracket that it finds itself. `scale`: a first step of sensible size. Accurate to the
 * rounding of u relative to max(|u|, floor); NAN where it does not converge (the answer is beyond
 * binary64). */
double zh_tail_solve(zh_tail_function *tail, const void *context, zh_tail_target target,
                     double start, double scale, double floor);

/* Smallest whole x >= 0 with cdf(x) >= p for a count whose cdf is given, at most x_max. */
typedef double zh_count_cdf(const void *context, double x, unsigned tail);
double zh_count_quantile(zh_count_cdf *cdf, const void *context, double p, unsigned tail,
                         double guess, double step, double x_min, double x_max);

/* Tails of the gamma distribution of scale 1 at x >= 0, and log of x^a exp(-x)/Gamma(a + 1). */
double zh_gamma_tail(double x, double a, unsigned tail);
double zh_gamma_log_factor(double x, double a);
/* log P(Z <= z), relative accuracy also below 1e-308. */
double zh_normal_log_lower(double z);

#endif
