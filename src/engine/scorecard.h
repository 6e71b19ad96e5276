/* Scorecards: how well characteristics separate bad cases (1) from good ones (0), logistic
 * regression, points, and the stability and discrimination of a score.
 *
 * Sources: N. Siddiqi, Credit Risk Scorecards (2006), ch. 6; P. McCullagh, J. A. Nelder,
 * Generalized Linear Models, 2nd ed. (1989), section 2.5 (iteratively reweighted least squares); A.
 * Albert, J. A. Anderson, On the existence of maximum likelihood estimates in logistic regression
 * models, Biometrika 71 (1984) 1-10 (separation); J. A. Hanley, B. J. McNeil, Radiology 143 (1982)
 * 29-36 (AUC as the Mann-Whitney statistic); G. W. Brier, Monthly Weather Review 78 (1950) 1-3.
 * Pure; any number of threads, each with its arena. */
#ifndef ZH_ENGINE_SCORECARD_H
#define ZH_ENGINE_SCORECARD_H

#include "base/err.h"
#include "num/matrix.h"

#define ZH_SCORECARD_TERMS_MAX ((size_t)500) /* characteristics of a regression */
#define ZH_SCORECARD_BINS_MAX  ((size_t)10000)
#define ZH_SCORECARD_WORK_MAX  1e9 /* rows × terms² of a regression, a minute or so */

/* ---- weight of evidence */

typedef struct zh_woe {
    size_t n;          /* bins */
    double *neg, *pos; /* counts */
    double *woe;       /* ln((pos/Σpos) / (neg/Σneg)) */
    double *iv;        /* (pos/Σpos - neg/Σneg) woe */
    double total_iv;
} zh_woe;

/* Weight of evidence of bins from their counts. A count of 0 is replaced by `zero` before the sums
 * are formed (0.9 in the programs of the field); `zero` 0 leaves it, and woe is then infinite.
 * ZH_EINVAL: no bin, an empty bin, a negative count, or no case of one kind at all; ZH_ELIMIT. */
zh_rc zh_woe_of_counts(zh_arena *arena, const double *neg, const double *pos, size_t n, double zero,
                       zh_woe *out, zh_err *err) ZH_MUST;

/* Bin of x among [-Inf, cut 0), [cut 0, cut 1), … [cut n-1, Inf); cuts ascend. */
size_t zh_bin_of(const double *cuts, size_t n, double x);

/* Cut points that put about equal numbers of rows into at most `bins` bins: distinct quantiles of
 * type 1 above the smallest value. x is sorted in place. Returns how many, at most bins - 1. */
size_t zh_equal_bins(double *x, size_t n, size_t bins, double *cuts);

/* ---- logistic regression */

typedef struct zh_logistic {
    size_t terms; /* columns of x plus the intercept, which is first */
    double *coef, *se, *z, *p;
    double deviance, null_deviance, aic;
    size_t iterations;
} zh_logistic;

/* Maximum likelihood of P(y = 1) = 1/(1 + exp(-b0 - b'x)); y is 0 or 1. ZH_EINVAL: sizes differ,
 * all y alike, not more rows than terms, a column that depends linearly on the others, and complete
 * or quasi-complete separation (Albert and Anderson 1984), where no finite estimate exists: rule
 * "scorecard.separation", the message names the column that separates most. `names` may be NULL. */
zh_rc zh_logistic_fit(zh_arena *arena, const zh_matrix *x, const double *y, size_t n,
                      const zh_str *names, zh_logistic *out, zh_err *err) ZH_MUST;

/* ---- scores */

typedef struct zh_points {
    double a, b;  /* score = a - b ln(odds of bad) */
    double base;  /* a - b intercept */
    double total; /* base + Σ points */
} zh_points;

/* points[i] = -b coef[i] woe[i]; odds are bad : good at points0, pdo points double them downwards
 * (upwards where pdo is negative). ZH_EINVAL: odds not above 0, or pdo 0. */
zh_rc zh_score_points(double intercept, const double *coef, const double *woe, size_t n,
                      double points0, double odds0, double pdo, double *points, zh_points *out,
                      zh_err *err) ZH_MUST;

typedef struct zh_discrimination {
    double auc, gini, ks;
    double log_loss, brier; /* NAN unless every score is a probability */
} zh_discrimination;

/* Ties count half in auc; ks is the largest distance of the two distribution functions. ZH_EINVAL:
 * all y alike or none. */
zh_rc zh_discriminate(zh_arena *arena, const double *score, const double *y, size_t n,
                      zh_discrimination *out, zh_err *err) ZH_MUST;

/* Σ (a - e) ln(a/e) of the shares; part[i] are its terms. A bin that is empty on one side makes it
 * infinite unless `zero` replaces that count. ZH_EINVAL: no bin, a negative count, a sum of 0. */
zh_rc zh_stability(const double *expected, const double *actual, size_t n, double zero,
                   double *part, double *psi, zh_err *err) ZH_MUST;

#endif
