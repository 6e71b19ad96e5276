/* Design-based estimation and the planning of samples, from unit records.
 *
 * A design says how the sample was drawn: strata, primary sampling units (PSU), their numbers in
 * the population, and within drawn PSUs the numbers of elements. Variances are those of linearised
 * totals, stage by stage; a stratum of which one PSU was drawn, but not all, has no variance
 * estimate and is refused, never left out.
 *
 * References: W. G. Cochran, Sampling Techniques, 3rd ed., Wiley 1977; C.-E. Särndal, B. Swensson,
 * J. Wretman, Model Assisted Survey Sampling, Springer 1992; T. Lumley, Complex Surveys, Wiley
 * 2010. Pure apart from the arena of the caller; any number of threads with their own arenas. */
#ifndef ZH_ENGINE_SURVEY_H
#define ZH_ENGINE_SURVEY_H

#include "base/arena.h"
#include "base/err.h"
#include "num/interval.h"
#include "num/matrix.h"

#define ZH_SURVEY_POPULATION_MAX ((int64_t)1000000000)
#define ZH_SURVEY_WEIGHT_MAX     1e15           /* weights and numbers of units in the population */
#define ZH_SURVEY_JOINT_MAX      ((size_t)4000) /* units with joint inclusion probabilities */

typedef struct zh_survey_design {
    size_t n;                     /* elements of the sample */
    const double *weight;         /* one per element, finite, > 0 */
    const size_t *stratum;        /* 0 … strata - 1 per element; NULL: one stratum */
    size_t strata;                /* 1 where stratum is NULL */
    const zh_str *names;          /* of the strata, for messages; may be NULL */
    const size_t *psu;            /* 0 … psus - 1 per element; NULL: every element is a PSU */
    size_t psus;                  /* n where psu is NULL */
    const double *psu_population; /* per element: PSUs in the population of its stratum; NULL: drawn
                                     with replacement, or the population is very large */
    const double *element_population; /* per element: elements of its PSU in the population, a
                                         second stage; NULL: one stage */
} zh_survey_design;

typedef struct zh_survey_estimate {
    double estimate;
    double se;
    double df;            /* PSUs - strata */
    zh_interval interval; /* estimate -+ t se */
    double total;         /* estimated total of y */
    double total_se;
    double deff; /* variance over that of a simple random sample of as many elements without
                    replacement; NAN where the weights sum to less than n */
} zh_survey_estimate;

/* Variance of the estimated total of z, where z_k already contains the weight: over strata h with
 * n_h of N_h PSUs, (1 - n_h/N_h) n_h/(n_h - 1) sum (t_hi - mean t_h)^2 of the PSU totals t_hi, plus
 * n_h/N_h times the same within every PSU where there is a second stage (Särndal et al. 1992, 4.3;
 * Cochran 1977, 11.24). ZH_EINVAL: lonely PSU, a PSU in two strata, fewer units in the population
 * than in the sample, population sizes that differ within a stratum. ZH_ENOMEM. */
zh_rc zh_survey_variance(zh_arena *arena, const zh_survey_design *design, const double *z,
                         double *variance, zh_err *err) ZH_MUST;

/* Mean of y: sum w y / sum w, linearised (Särndal et al. 1992, 5.7), its total and design effect.
 */
zh_rc zh_survey_mean(zh_arena *arena, const zh_survey_design *design, const double *y,
                     double confidence, zh_survey_estimate *out, zh_err *err) ZH_MUST;

/* Ratio of the totals of y and x, linearised (Särndal et al. 1992, 5.6). `total` is that of y,
 * deff NAN. ZH_EINVAL also where the total of x is 0. */
zh_rc zh_survey_ratio(zh_arena *arena, const zh_survey_design *design, const double *y,
                      const double *x, double confidence, zh_survey_estimate *out,
                      zh_err *err) ZH_MUST;

/* Weights N_h/n_h of a stratified simple random sample; population[k] is N of the stratum of
 * element k. weight has room for n. Errors as zh_survey_variance. */
zh_rc zh_survey_stratum_weights(zh_arena *arena, const zh_survey_design *design, double *weight,
                                zh_err *err) ZH_MUST;

/* Intervals of a proportion (y is 0 or 1) from a design, all with t of the design's df:
 *   mean        p -+ t se
 *   logit       on the log odds (E. L. Korn, B. I. Graubard, Analysis of Health Surveys, 1999)
 *   asin        on asin sqrt p
 *   beta        Clopper-Pearson for the effective sample size p (1 - p)/se^2 (t_{n-1}/t_df)^2
 *               (E. L. Korn, B. I. Graubard, Survey Methodology 24 (1998) 193-201)
 *   likelihood  the working likelihood of the weighted sample, scaled by the design (J. N. K. Rao,
 *               A. J. Scott, Annals of Statistics 12 (1984) 46-60). `likelihood` reads the ends off
 *               a spline through at most nine profile points on either side, as R's survey package
 *               does, which is good to about five digits; likelihood_exact solves the equation.
 * Where p is 0 or 1 only mean, asin and beta exist (beta with the number of elements as effective
 * size); the others are NAN. ZH_EINVAL: a y that is neither 0 nor 1; otherwise as zh_survey_mean.
 */
typedef struct zh_survey_proportion {
    zh_survey_estimate mean;
    zh_interval logit, asin, beta, likelihood, likelihood_exact;
} zh_survey_proportion;

zh_rc zh_survey_proportion_of(zh_arena *arena, const zh_survey_design *design, const double *y,
                              double confidence, zh_survey_proportion *out, zh_err *err) ZH_MUST;

/* Nonconforming items D of a population of N when a simple random sample of n contains x: the
 * smallest D with P(X >= x | D) > a and the largest with P(X <= x | D) > a, a = (1 - confidence)/2,
 * X hypergeometric. ZH_EINVAL: n = 0, x > n, n > N; ZH_ELIMIT: N above ZH_SURVEY_POPULATION_MAX. */
zh_rc zh_survey_hypergeometric(int64_t x, int64_t n, int64_t population, double confidence,
                               int64_t *lower, int64_t *upper, zh_err *err) ZH_MUST;

/* Inclusion probabilities proportional to size[0…units-1] for a sample of n: n size/sum, units that
 * reach 1 are taken for certain and the rest is shared out again (Särndal et al. 1992, 3.6.2).
 * n need not be an integer. ZH_EINVAL: negative sizes, n above the number of positive sizes. */
zh_rc zh_survey_inclusion(zh_arena *arena, const double *size, size_t units, double n, double *pi,
                          zh_err *err) ZH_MUST;

/* Systematic sampling with the inclusion probabilities pi and the start 0 <= u < 1: unit k enters
 * when an integer + u falls into (V_{k-1}, V_k], V the running sum of pi (W. G. Madow, Annals of
 * Mathematical Statistics 20 (1949) 333-354). Units with pi within 1e-6 of 1 always enter, within
 * 1e-6 of 0 never. */
void zh_survey_systematic(const double *pi, size_t n, double u, bool *selected);

/* Horvitz-Thompson total of y and mean (total over sum 1/pi), pi per element in (0, 1]. Variances
 * without joint probabilities: Brewer's n/(n-1) sum (1 - pi_k) (z_k - mean z)^2 with z the weighted
 * value (K. R. W. Brewer, Combined Survey Sampling Inference, 2002, 9.6 in the form c_k = (n-1)/n),
 * and with replacement (M. H. Hansen, W. N. Hurwitz 1943). ZH_EINVAL: n < 2. */
typedef struct zh_survey_ht {
    double population; /* sum 1/pi */
    double total, se_brewer, se_with_replacement;
    double mean, mean_se_brewer;
} zh_survey_ht;

zh_rc zh_survey_horvitz_thompson(zh_arena *arena, const double *pi, const double *y, size_t n,
                                 zh_survey_ht *out, zh_err *err) ZH_MUST;

/* Variances of the Horvitz-Thompson total from joint inclusion probabilities (diagonal: pi_k):
 *   ht   sum_k sum_l (pi_kl - pi_k pi_l)/pi_kl  y_k/pi_k  y_l/pi_l            (any design)
 *   syg  -1/2 sum_k sum_l (pi_kl - pi_k pi_l)/pi_kl (y_k/pi_k - y_l/pi_l)^2   (fixed size)
 * D. G. Horvitz, D. J. Thompson, JASA 47 (1952) 663-685; A. R. Sen (1953), F. Yates, P. M. Grundy
 * (1953). Either can be negative. ZH_EINVAL: not symmetric, pi_kl outside
 * (0, min(pi_k, pi_l)]; ZH_ELIMIT: more than ZH_SURVEY_JOINT_MAX units. */
typedef struct zh_survey_joint {
    double total, ht, syg;
} zh_survey_joint;

zh_rc zh_survey_joint_variance(const zh_matrix *joint, const double *y, size_t n,
                               zh_survey_joint *out, zh_err *err) ZH_MUST;

/* Allocation of n elements to strata of sizes N_h with standard deviations S_h: proportional
 * n N_h/N and Neyman's n N_h S_h/sum N_h S_h (J. Neyman, JRSS 97 (1934) 558-625; Cochran 1977,
 * 5.5), unrounded; var_neyman is the variance of the stratified mean that Neyman's would reach,
 * (sum W S)^2/n - sum W S^2/N. rounded is Neyman's in whole elements that sum to n, at least
 * min(2, N_h) and at most N_h in each stratum. The three arrays have room for `strata`. ZH_EINVAL:
 * sizes below 1, negative S, all S 0, n below what the minimum needs or above the population. */
zh_rc zh_survey_allocate(zh_arena *arena, const double *size, const double *sd, size_t strata,
                         int64_t n, double *neyman, double *proportional, int64_t *rounded,
                         double *var_neyman, zh_err *err) ZH_MUST;

#endif
