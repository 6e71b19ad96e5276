/* Confidence intervals of a proportion x/n by simple random sampling.
 *
 * Pure; any number of threads. */
#ifndef ZH_NUM_INTERVAL_H
#define ZH_NUM_INTERVAL_H

#include "base/err.h"

#define ZH_INTERVAL_N_MAX ((uint64_t)1 << 40)

typedef struct zh_interval {
    double lower, upper;
} zh_interval;

/* Wilson score interval without continuity correction: E. B. Wilson, Probable inference, the law of
 * succession, and statistical inference, JASA 22 (1927) 209-212. The ends are exactly 0 for x = 0
 * and exactly 1 for x = n. ZH_EINVAL: n == 0, x > n, or confidence not inside (0, 1); ZH_ELIMIT: n
 * above ZH_INTERVAL_N_MAX. */
zh_rc zh_interval_wilson(uint64_t x, uint64_t n, double confidence, zh_interval *out,
                         zh_err *err) ZH_MUST;

/* Clopper-Pearson "exact" interval from quantiles of the beta distribution: C. J. Clopper, E. S.
 * Pearson, Biometrika 26 (1934) 404-413. Errors as above. */
zh_rc zh_interval_clopper_pearson(uint64_t x, uint64_t n, double confidence, zh_interval *out,
                                  zh_err *err) ZH_MUST;

/* All the intervals at once, as they are compared in L. D. Brown, T. T. Cai, A. DasGupta, Interval
 * Estimation for a Binomial Proportion, Statistical Science 16 (2001) 101-133:
 *   wald           p -+ z sqrt(p q/n); not held inside [0, 1]
 *   agresti_coull  Wald's with x + z^2/2 of n + z^2; not held inside [0, 1]
 *   jeffreys       equal-tailed quantiles of beta(x + 1/2, n - x + 1/2), also for x = 0 and x = n
 *   wilson_cc      Wilson's with Yates's correction of 1/2, at most |x - n/2| (R. G. Newcombe,
 *                  Statistics in Medicine 17 (1998) 857-872, method 4)
 *   logit          log(x/(n - x)) -+ z sqrt(n/(x (n - x))); NAN for x = 0 and x = n
 * Errors as zh_interval_wilson. */
typedef struct zh_proportion_intervals {
    zh_interval wilson, clopper_pearson, agresti_coull, wald, jeffreys, wilson_cc, logit;
} zh_proportion_intervals;

zh_rc zh_interval_proportion(uint64_t x, uint64_t n, double confidence,
                             zh_proportion_intervals *out, zh_err *err) ZH_MUST;

#endif
