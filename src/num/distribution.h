/* Probability distributions: density (or mass), distribution function and quantile, in both tails
 * and on the log scale.
 *
 * Pure; binary64; any number of threads. Relative accuracy about 1e-12 of probabilities and 1e-10
 * of quantiles in the tail asked for, also where the other tail rounds to 1. Parametrised as R
 * does. Parameters out of range, and NAN anywhere, give NAN: callers that speak to persons check
 * first.
 *
 * `log`: the logarithm of the density. `tail`: a sum of zh_tail flags; for a quantile it says how p
 * is meant. Densities of counts are 0 at numbers that are not whole (further than 1e-7 relative);
 * distribution functions of counts take floor(q + 1e-7). The quantile of a count is the smallest
 * whole x with cdf(x) >= p, where a p within rounding error (64 eps) above cdf(x) counts as
 * reached, as in R. */
#ifndef ZH_NUM_DISTRIBUTION_H
#define ZH_NUM_DISTRIBUTION_H

#include "base/arena.h"
#include "base/err.h"

enum zh_tail {
    ZH_TAIL_LOWER = 0, /* P(X <= q) */
    ZH_TAIL_UPPER = 1, /* P(X > q) */
    ZH_TAIL_LOG = 2,   /* its natural logarithm */
};

/* ---- continuous */

/* sd >= 0 (0: all mass at the mean). Tail by the complementary error function; quantile: M. J.
 * Wichura, Algorithm AS 241, Applied Statistics 37 (1988) 477-484, then Newton steps on the log
 * scale where p is below 1e-300. */
double zh_dist_normal_density(double x, double mean, double sd, bool log);
double zh_dist_normal_cdf(double q, double mean, double sd, unsigned tail);
double zh_dist_normal_quantile(double p, double mean, double sd, unsigned tail);

/* shape > 0, rate > 0. Series and continued fraction DLMF 8.7.1, 8.9.2; for shapes above 1e8 near
 * the mean the uniform expansion 8.12.3-8.12.8. */
double zh_dist_gamma_density(double x, double shape, double rate, bool log);
double zh_dist_gamma_cdf(double q, double shape, double rate, unsigned tail);
double zh_dist_gamma_quantile(double p, double shape, double rate, unsigned tail);

/* df > 0. */
double zh_dist_chi_squared_density(double x, double df, bool log);
double zh_dist_chi_squared_cdf(double q, double df, unsigned tail);
double zh_dist_chi_squared_quantile(double p, double df, unsigned tail);

/* a > 0, b > 0 (shape1, shape2): num/beta.h. */
double zh_dist_beta_density(double x, double a, double b, bool log);
double zh_dist_beta_cdf(double q, double a, double b, unsigned tail);
double zh_dist_beta_quantile(double p, double a, double b, unsigned tail);

/* df > 0, infinite allowed (normal); ncp: noncentrality, 0 for Student's own t. The central t is a
 * beta distribution (DLMF 8.17.20); the noncentral one is integrated over the distribution of the
 * standard deviation, P(T <= t) = E Phi(t S - ncp), by the trapezoidal rule in log S, which keeps
 * the relative accuracy of both tails. |ncp| <= 1e4, and df >= 0.1 where ncp is
 * not 0. */
double zh_dist_student_density(double x, double df, double ncp, bool log);
double zh_dist_student_cdf(double q, double df, double ncp, unsigned tail);
double zh_dist_student_quantile(double p, double df, double ncp, unsigned tail);

/* df1 > 0, df2 > 0, df2 infinite allowed. */
double zh_dist_fisher_density(double x, double df1, double df2, bool log);
double zh_dist_fisher_cdf(double q, double df1, double df2, unsigned tail);
double zh_dist_fisher_quantile(double p, double df1, double df2, unsigned tail);

/* Studentized range of `means` >= 2 means with df >= 1 (infinite allowed), the largest of `ranges`
 * >= 1 independent ranges: the integrals of M. D. Copenhaver, B. S. Holland, Journal of Statistical
 * Computation and Simulation 30 (1988) 1-15, each by the trapezoidal rule. One distribution
 * function takes about a millisecond, a quantile about ten. */
double zh_dist_studentized_range_cdf(double q, double means, double df, double ranges,
                                     unsigned tail);
double zh_dist_studentized_range_quantile(double p, double means, double df, double ranges,
                                          unsigned tail);

/* ---- counts */

/* size >= 0 whole, 0 <= prob <= 1. */
double zh_dist_binomial_density(double x, double size, double prob, bool log);
double zh_dist_binomial_cdf(double q, double size, double prob, unsigned tail);
double zh_dist_binomial_quantile(double p, double size, double prob, unsigned tail);

/* mean >= 0. */
double zh_dist_poisson_density(double x, double mean, bool log);
double zh_dist_poisson_cdf(double q, double mean, unsigned tail);
double zh_dist_poisson_quantile(double p, double mean, unsigned tail);

/* Failures before `size` > 0 (need not be whole) successes of probability 0 < prob <= 1. The _mu
 * forms take the mean mu = size (1 - prob)/prob >= 0 instead and stay accurate when prob is near 1.
 */
double zh_dist_negative_binomial_density(double x, double size, double prob, bool log);
double zh_dist_negative_binomial_cdf(double q, double size, double prob, unsigned tail);
double zh_dist_negative_binomial_quantile(double p, double size, double prob, unsigned tail);
double zh_dist_negative_binomial_density_mu(double x, double size, double mu, bool log);
double zh_dist_negative_binomial_cdf_mu(double q, double size, double mu, unsigned tail);
double zh_dist_negative_binomial_quantile_mu(double p, double size, double mu, unsigned tail);

/* Marked balls among k drawn without replacement from m marked and n unmarked ones; whole, >= 0,
 * k <= m + n. */
double zh_dist_hypergeometric_density(double x, double m, double n, double k, bool log);
double zh_dist_hypergeometric_cdf(double q, double m, double n, double k, unsigned tail);
double zh_dist_hypergeometric_quantile(double p, double m, double n, double k, unsigned tail);

/* ---- rank statistics: exact tables, built once and asked often */

#define ZH_SIGNED_RANK_N_MAX 1000 /* pairs of the signed-rank statistic */
#define ZH_RANK_SUM_N_MAX    500  /* each sample of the rank-sum statistic */

/* A symmetric distribution on 0 … max. */
typedef struct zh_dist_ranks {
    size_t max;
    double *mass;  /* of 0 … max/2; the rest mirrors it */
    double *below; /* P(X <= x) of the same x */
} zh_dist_ranks;

/* Wilcoxon's signed-rank statistic V of n pairs, and Mann and Whitney's rank-sum statistic W of
 * samples of m and n, without ties. Memory is the arena's. ZH_EINVAL: a size of 0; ZH_ELIMIT: above
 * the cap; ZH_ENOMEM. F. Wilcoxon, Biometrics 1 (1945) 80-83; H. B. Mann, D. R. Whitney, Annals of
 * Mathematical Statistics 18 (1947) 50-60: generating functions prod (1 + x^i)/2 and the Gaussian
 * binomial coefficient. */
zh_rc zh_dist_signed_rank(zh_arena *arena, size_t n, zh_dist_ranks *out, zh_err *err) ZH_MUST;
zh_rc zh_dist_rank_sum(zh_arena *arena, size_t m, size_t n, zh_dist_ranks *out,
                       zh_err *err) ZH_MUST;
double zh_dist_ranks_density(const zh_dist_ranks *ranks, double x, bool log);
double zh_dist_ranks_cdf(const zh_dist_ranks *ranks, double q, unsigned tail);
double zh_dist_ranks_quantile(const zh_dist_ranks *ranks, double p, unsigned tail);

#endif
