/* Special functions behind the distributions. Pure; binary64; any number of threads. */
#ifndef ZH_NUM_SPECIAL_H
#define ZH_NUM_SPECIAL_H

#include "base/base.h"

/* log |Gamma(x)|; infinite at 0, -1, -2, … The C library's, without its shared sign. */
double zh_lgamma(double x);
/* psi(x) = d log Gamma(x)/dx and its derivative: recurrence up to 16, then DLMF 5.11.2 and 5.15.8;
 * reflection (DLMF 5.5.4, 5.15.6) below 0. NAN at 0, -1, -2, … */
double zh_digamma(double x);
double zh_trigamma(double x);

/* log Gamma(1 + a) for a > -1, with full relative accuracy near a = 0: DLMF 5.7.3. */
double zh_lgamma1p(double a);
/* log(1 + x) - x for x > -1, with full relative accuracy near x = 0. */
double zh_log1pmx(double x);
/* log(1 - exp(x)) for x <= 0: the logarithm of the other tail. M. Mächler, Accurately computing
 * log(1 - exp(-|a|)) (2012). */
double zh_log1mexp(double x);
/* log(z!) minus Stirling's formula (z + 1/2) log z - z + log(2 pi)/2, and x log(x/m) + m - x, both
 * without cancellation: C. Loader, Fast and accurate computation of binomial probabilities (2000).
 * z > 0, x >= 0, m > 0. */
double zh_stirling_error(double z);
double zh_deviance(double x, double m);

#endif
