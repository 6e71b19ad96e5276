/* Standard normal and Student t distributions. Pure; binary64; any number of threads. */
#ifndef ZH_NUM_NORMAL_H
#define ZH_NUM_NORMAL_H

#include "base/base.h"

/* P(Z <= z), through the complementary error function of the C library; the lower tail keeps its
 * relative accuracy. */
double zh_normal_cdf(double z);

/* z with P(Z <= z) = p, 0 < p < 1 (asserted). Relative accuracy about 1e-15.
 * M. J. Wichura, Algorithm AS 241: The Percentage Points of the Normal Distribution, Applied
 * Statistics 37 (1988) 477-484, routine PPND16. */
double zh_normal_quantile(double p);

/* t with P(T <= t) = p for df > 0 degrees of freedom, 0 < p < 1 (asserted), from the incomplete
 * beta function: P(|T| > t) = I_{df/(df+t^2)}(df/2, 1/2) (DLMF 8.17.20 and Abramowitz &
 * Stegun 26.7.1). */
double zh_student_quantile(double p, double df);

#endif
