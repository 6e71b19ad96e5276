/* Empirical Bayes screening of a table of counts (multi-item gamma Poisson shrinker): how much
 * larger than expected is the count of a pair, once small counts are shrunk towards what the whole
 * table shows?
 *
 * N ~ Poisson(lambda E), lambda ~ p Gamma(alpha1, beta1) + (1 - p) Gamma(alpha2, beta2) (shape,
 * rate). W. DuMouchel, Bayesian data mining in large frequency tables, with an application to the
 * FDA spontaneous reporting system, The American Statistician 53 (1999) 177-202; W. DuMouchel, D.
 * Pregibon, Empirical Bayes screening for multi-item associations, KDD 2001, 67-76 (truncated
 * counts, squashed data). Pure; any number of threads. */
#ifndef ZH_ENGINE_MGPS_H
#define ZH_ENGINE_MGPS_H

#include "base/arena.h"
#include "base/err.h"

#define ZH_MGPS_PAIRS_MAX     ((size_t)5000000)
#define ZH_MGPS_FIT_PAIRS_MAX ((size_t)1000000) /* times n_star, where that is above 1 */
#define ZH_MGPS_COUNT_MAX     1e9
#define ZH_MGPS_EXPECTED_MIN  1e-12
#define ZH_MGPS_STAR_MAX      100

typedef struct zh_mgps {
    double alpha1, beta1, alpha2, beta2; /* 1e-9 … 1e9 */
    double p;                            /* share of the first component, inside (0, 1) */
} zh_mgps;

/* Whether the pairs are possible: counts whole, from `least` to ZH_MGPS_COUNT_MAX, expected counts
 * from ZH_MGPS_EXPECTED_MIN, weights (NULL: 1) above 0. ZH_EINVAL names the pair. */
zh_rc zh_mgps_check(const double *n, const double *e, const double *weight, size_t pairs,
                    double least, zh_err *err) ZH_MUST;

typedef struct zh_mgps_score {
    double qn;         /* posterior probability of the first component */
    double ebgm;       /* exp E(log lambda | N), equation 11 of 1999 */
    double eb05, eb95; /* quantiles of lambda given N */
} zh_mgps_score;

/* Scores of the pairs with counts n and expected counts e. Densities on the log scale; quantiles
 * solve the mixture of two gamma distributions to about 1e-12 relative. Pairs are taken in the
 * order of n and e, so that each quantile starts from its neighbour's. ZH_EINVAL: the prior, or a
 * pair (named), is impossible; ZH_ELIMIT: more than ZH_MGPS_PAIRS_MAX; ZH_ENOMEM. */
zh_rc zh_mgps_scores(zh_arena *arena, const zh_mgps *prior, const double *n, const double *e,
                     size_t pairs, zh_mgps_score *out, zh_err *err) ZH_MUST;

typedef struct zh_mgps_fit {
    zh_mgps prior; /* the first component has the larger mean */
    double neg_log_lik;
    size_t starts, evaluations;
    bool converged;
} zh_mgps_fit;

/* Maximum likelihood of the five parameters from pairs with counts n >= n_star, each of weight
 * `weight` (NULL: 1). n_star 0: counts of zero are among the pairs; n_star >= 1: smaller counts are
 * absent, each component is truncated below n_star (2001, equation 5). The likelihood has several
 * maxima: BFGS in (log, log, log, log, logit) runs from several starts and the best is kept.
 * ZH_EINVAL: fewer than 5 pairs, an impossible pair, or no start converges; ZH_ELIMIT: more than
 * ZH_MGPS_FIT_PAIRS_MAX; ZH_ENOMEM. */
zh_rc zh_mgps_estimate(zh_arena *arena, const double *n, const double *e, const double *weight,
                       size_t pairs, unsigned n_star, zh_mgps_fit *out, zh_err *err) ZH_MUST;

#endif
