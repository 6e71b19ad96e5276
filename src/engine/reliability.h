/* Life data and reliability growth: Weibull, Kaplan-Meier, exponential, Duane, Crow-AMSAA, and the
 * planning of tests.
 *
 * References: W. Q. Meeker, L. A. Escobar, Statistical Methods for Reliability Data, Wiley 1998;
 * R. B. Abernethy, The New Weibull Handbook, 5th ed., 2006; MIL-HDBK-189C (2011) and IEC 61164 for
 * growth; IEC 60605-4 and IEC 61124 for the exponential distribution; IEC 61649 for Weibull
 * analysis. Pure apart from the arena of the caller; any number of threads. */
#ifndef ZH_ENGINE_RELIABILITY_H
#define ZH_ENGINE_RELIABILITY_H

#include "base/arena.h"
#include "base/err.h"
#include "num/interval.h"

#define ZH_RELIABILITY_SAMPLE_MAX ((int64_t)1000000000) /* units that a test plan may ask for */

/* ---- Weibull, maximum likelihood */

/* P(T > t) = exp(-(t/scale)^shape), right-censored data. Covariance of (log scale, log shape) from
 * the observed information; intervals are normal on the log scale. */
typedef struct zh_weibull_fit {
    double shape, scale, loglik;
    double se_log_scale, se_log_shape, cov_log;
    double confidence;
    zh_interval shape_ci, scale_ci;
    size_t events;
} zh_weibull_fit;

/* time[i] > 0; event[i] != 0: a failure, 0: censored then. The profile equation
 *   sum t^b ln t / sum t^b - 1/b = mean of ln t over the failures
 * increases in b and is solved by safeguarded Newton steps (Meeker & Escobar 1998, 8.2 and 8.4;
 * IEC 61649, 9.3). ZH_EINVAL: nothing failed, a time not above 0, all failures at one time that no
 * unit survived (the likelihood has no maximum). */
zh_rc zh_weibull_mle(zh_arena *arena, const double *time, const int64_t *event, size_t n,
                     double confidence, zh_weibull_fit *out, zh_err *err) ZH_MUST;

/* Time by which the part p of the units fails, 0 < p < 1 (asserted), with its interval by the delta
 * method on log time (Meeker & Escobar 1998, 8.4.3). */
double zh_weibull_quantile(const zh_weibull_fit *fit, double p, zh_interval *interval);

/* ---- Weibull, median rank regression */

typedef enum zh_rank_position {
    ZH_RANK_BETA,         /* median of beta(i, n - i + 1) */
    ZH_RANK_BENARD,       /* (i - 0.3)/(n + 0.4) */
    ZH_RANK_MEAN,         /* i/(n + 1) */
    ZH_RANK_HAZEN,        /* (i - 0.5)/n */
    ZH_RANK_BLOM,         /* (i - 0.375)/(n + 0.25) */
    ZH_RANK_KAPLAN_MEIER, /* i/n, the last one n/(n + 0.001) */
} zh_rank_position;

typedef enum zh_rank_regression {
    ZH_REGRESS_X_ON_Y, /* log time on log(-log(1 - F)): the handbook's choice */
    ZH_REGRESS_Y_ON_X,
} zh_rank_regression;

typedef struct zh_weibull_ranks {
    size_t n;     /* failures */
    double *time; /* ascending */
    double *rank; /* adjusted for suspensions: L. G. Johnson (1964) */
    double *position;
    double eta, beta, r2;
} zh_weibull_ranks;

/* A suspension at the time of a failure counts as later. ZH_EINVAL: fewer than 2 failures, all at
 * one time, a time not above 0. Arrays are the arena's. */
zh_rc zh_weibull_rank_regression(zh_arena *arena, const double *failures, size_t n,
                                 const double *suspensions, size_t suspended,
                                 zh_rank_position position, zh_rank_regression regression,
                                 zh_weibull_ranks *out, zh_err *err) ZH_MUST;

/* ---- Kaplan-Meier */

typedef struct zh_survival_step {
    double time;
    uint64_t at_risk, events, censored;
    double survival;
    double se_log;                   /* Greenwood's standard error of log survival */
    zh_interval log, log_log, plain; /* NAN where the scale does not exist */
} zh_survival_step;

typedef struct zh_survival {
    size_t n;
    zh_survival_step *steps; /* every distinct time */
    double median;           /* middle of a flat stretch at 1/2; NAN when never reached */
    double rmean, rmean_se;  /* restricted to the largest time */
} zh_survival;

/* E. L. Kaplan, P. Meier, JASA 53 (1958) 457-481; variance: M. Greenwood 1926; transformed
 * intervals: J. D. Kalbfleisch, R. L. Prentice, The Statistical Analysis of Failure Time Data, 1.4;
 * restricted mean: J. P. Klein, M. L. Moeschberger, Survival Analysis, 4.5. ZH_EINVAL: empty,
 * negative times. */
zh_rc zh_kaplan_meier(zh_arena *arena, const double *time, const int64_t *event, size_t n,
                      double confidence, zh_survival *out, zh_err *err) ZH_MUST;

/* ---- exponential */

typedef struct zh_mtbf {
    double mtbf;            /* total time over failures, INFINITY without failures */
    zh_interval interval;   /* two-sided; upper INFINITY without failures */
    double lower_one_sided; /* at the same confidence */
} zh_mtbf;

/* r failures in the total time T, stopped at a time or at the r-th failure: 2T/chi-squared
 * quantiles with 2r + 2 (lower end, time stopped) or 2r degrees of freedom (IEC 60605-4, 5.2
 * and 5.3). ZH_EINVAL: T not above 0; no failure in a test stopped at a failure. */
zh_rc zh_exponential_mtbf(int64_t failures, double total_time, bool failure_stopped,
                          double confidence, zh_mtbf *out, zh_err *err) ZH_MUST;

/* ---- growth */

/* Power-law process with intensity lambda beta t^(beta - 1): MIL-HDBK-189C 5.5 and IEC 61164, 9. */
typedef struct zh_growth {
    double beta, beta_unbiased, lambda;
    double mtbf_cumulative, mtbf_instantaneous, mtbf_instantaneous_unbiased;
    zh_interval beta_ci; /* chi-squared with 2n or 2(n - 1) degrees of freedom */
    double cvm;          /* Cramer-von Mises statistic with the unbiased beta */
    double growth_rate;  /* 1 - beta */
} zh_growth;

/* times ascend and are > 0. Time stopped: at end_time >= the last; failure stopped: end_time is the
 * last. ZH_EINVAL: fewer than 2 failures (3 when failure stopped), times that do not ascend, all at
 * end_time. */
zh_rc zh_crow_amsaa(const double *times, size_t n, double end_time, bool failure_stopped,
                    double confidence, zh_growth *out, zh_err *err) ZH_MUST;

/* J. T. Duane, IEEE Trans. Aerospace 2 (1964) 563-566: log cumulative MTBF t_i/i on log t_i by
 * least squares; slope alpha, MTBF b at t = 1. ZH_EINVAL: fewer than 2 distinct times. */
typedef struct zh_duane {
    double alpha, b, r2;
    double mtbf_instantaneous_end; /* b T^alpha/(1 - alpha); INFINITY for alpha >= 1 */
} zh_duane;

zh_rc zh_duane_fit(zh_arena *arena, const double *times, size_t n, zh_duane *out,
                   zh_err *err) ZH_MUST;

/* ---- test planning */

/* Smallest number of units n so that at most `failures` of them failing demonstrates `reliability`
 * with `confidence`: P(X <= failures | n, 1 - R) <= 1 - confidence, X binomial (success run for 0
 * failures: n >= ln(1 - C)/ln R). ZH_EINVAL, ZH_ELIMIT above ZH_RELIABILITY_SAMPLE_MAX. */
zh_rc zh_success_run(double reliability, double confidence, int64_t failures, int64_t *n,
                     zh_err *err) ZH_MUST;
/* Reliability that n units with `failures` failures demonstrate: the lower Clopper-Pearson end. */
zh_rc zh_demonstrated_reliability(int64_t n, int64_t failures, double confidence, double *out,
                                  zh_err *err) ZH_MUST;

/* Units to test for test_time each, Weibull shape known: the reliability at the mission time
 * becomes R^((test_time/mission_time)^shape) at the test time (Abernethy 2006, chapter 6). */
zh_rc zh_weibayes_units(double reliability, double mission_time, double shape, double test_time,
                        double confidence, int64_t failures, int64_t *n, zh_err *err) ZH_MUST;

/* Weibayes: scale with known shape, (sum t^shape/r)^(1/shape) over all units, failed or not, and
 * its lower confidence limit (2 sum t^shape/chi2(C, 2r + 2))^(1/shape); r = 0 has only the limit,
 * scale INFINITY (Abernethy 2006, 6.3; IEC 61649, 11). */
typedef struct zh_weibayes {
    double scale, scale_lower;
    size_t failures;
} zh_weibayes;

zh_rc zh_weibayes_fit(const double *time, const int64_t *event, size_t n, double shape,
                      double confidence, zh_weibayes *out, zh_err *err) ZH_MUST;

/* Total test time to demonstrate an MTBF with at most `failures` failures: MTBF chi2(C, 2r + 2)/2
 * (IEC 61124, annex). */
zh_rc zh_exponential_test_time(double mtbf, double confidence, int64_t failures, double *out,
                               zh_err *err) ZH_MUST;

#endif
