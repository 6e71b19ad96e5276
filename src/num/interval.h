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

#endif
