/* Numerical sanity: summary statistics, linear regression and one-way analysis of variance to all
 * digits of binary64, also for data that break the textbook formulas (large offsets, nearly
 * dependent columns). Everything is calculated with twice the digits (num/double_double.h) and
 * rounded once; numbers are read from their decimal text, so that 0.1 is 0.1.
 *
 * Pure; any number of threads; memory of results from the arena given. */
#ifndef ZH_ENGINE_NUMERIC_H
#define ZH_ENGINE_NUMERIC_H

#include "base/arena.h"
#include "base/err.h"
#include "num/double_double.h"

#define ZH_NUMERIC_VALUES_MAX  5000000 /* numbers of one input */
#define ZH_NUMERIC_COLUMNS_MAX 200     /* columns of a regression */
#define ZH_NUMERIC_WORK_MAX    2e8     /* rows * columns^2 of a regression: a few seconds */

/* The number that a decimal text means, to 31 digits; JSON's syntax (asserted by the JSON reader).
 * ZH_EINVAL: not finite in binary64. */
zh_rc zh_numeric_of_text(zh_str text, zh_dd *out) ZH_MUST;

typedef struct zh_univariate {
    double mean;
    double sd;                   /* divisor n - 1; NAN for n = 1 */
    double autocorrelation_lag1; /* sum (x_i - m)(x_i+1 - m) / sum (x_i - m)^2; NAN: constant */
} zh_univariate;

/* The definitions of NIST StRD, univariate summary statistics; two passes. ZH_EINVAL
 * "numeric.size": n = 0. */
zh_rc zh_numeric_univariate(const zh_dd *x, size_t n, zh_univariate *out, zh_err *err) ZH_MUST;

typedef struct zh_regression {
    size_t cols, df;           /* df: rows - cols */
    double *coef, *se, *t, *p; /* NAN where df = 0; p: two-sided */
    double rss, residual_sd;   /* residual_sd NAN where df = 0 */
    double r2;                 /* NAN where y does not vary */
    double f, f_p;             /* NAN where the fit is exact or nothing is tested */
    double smallest_pivot;     /* how much of its length the most dependent column has of its own */
    size_t singular;           /* 1-based column refused; 0: none */
} zh_regression;

/* Least squares of y on the columns of x (rows * cols, row by row, the column of ones included) by
 * Householder QR: Golub & Van Loan, Matrix Computations (2013), section 5.3. With `intercept` r2
 * and f are about the mean of y, otherwise about 0. A residual sum of squares below 1e-50 of that
 * of y is 0: the data are fitted exactly. ZH_EINVAL "regression.rows": fewer rows than columns or
 * no column; "regression.singular": a column is a combination of those before it, to 14 digits (the
 * data themselves are not known better); ZH_ELIMIT "regression.size"; ZH_ENOMEM. */
zh_rc zh_numeric_regression(zh_arena *arena, const zh_dd *x, size_t rows, size_t cols,
                            const zh_dd *y, bool intercept, zh_regression *out,
                            zh_err *err) ZH_MUST;

typedef struct zh_anova {
    size_t df_between, df_within;
    double ss_between, ss_within;
    double f, p;        /* NAN where nothing varies within the groups */
    double r2;          /* NAN where y does not vary */
    double residual_sd; /* root of the mean square within groups */
} zh_anova;

/* One-way analysis of variance of y by group (numbers 0 … groups - 1, each with an observation),
 * two passes. ZH_EINVAL "anova.groups": fewer than two groups; "anova.rows": no group has two
 * observations; ZH_ENOMEM. */
zh_rc zh_numeric_anova(zh_arena *arena, const size_t *group, size_t groups, const zh_dd *y,
                       size_t n, zh_anova *out, zh_err *err) ZH_MUST;

#endif
