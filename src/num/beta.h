/* Regularised incomplete beta function I_x(a, b) and its inverse.
 *
 * Pure; binary64; any number of threads. Arguments a, b from 1e-3 to 1e9 give a relative accuracy
 * of 1e-12 or better in the smaller tail. */
#ifndef ZH_NUM_BETA_H
#define ZH_NUM_BETA_H

#include "base/base.h"

/* I_x(a, b) and 1 - I_x(a, b) for 0 <= x <= 1 and a, b > 0 (asserted): the distribution function of
 * the beta distribution. Continued fraction of DiDonato and Morris (1992); its factor
 * x^a (1-x)^b / B(a, b) from the saddle-point form of C. Loader, Fast and Accurate Computation of
 * Binomial Probabilities (2000), which does not cancel for large a and b. */
double zh_beta_cdf(double x, double a, double b);
double zh_beta_cdf_upper(double x, double a, double b);

/* A tail (zh_tail of num/distribution.h) at x, y = 1 - x, both given because either may be too
 * small to be told from the other; the tail's logarithm is exact also where the tail is below
 * 1e-308. */
double zh_beta_tail(double x, double y, double a, double b, unsigned tail);

/* log of x^a y^b / B(a, b), y = 1 - x: the density of the beta distribution times x y. */
double zh_beta_log_factor(double x, double y, double a, double b);

/* log(x/(1-x)) where the tail (ZH_TAIL_UPPER or not) has the logarithm log_p, finite and below 0.
 */
double zh_beta_logit_quantile(double log_p, double a, double b, bool upper);

/* x with I_x(a, b) = p, or 1 - I_x(a, b) = p, 0 <= p <= 1 (asserted). */
double zh_beta_quantile(double p, double a, double b);
double zh_beta_quantile_upper(double p, double a, double b);

#endif
