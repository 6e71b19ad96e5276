/* Measurement uncertainty: propagation by the GUM and by Monte Carlo.
 *
 * References: JCGM 100:2008 (GUM; JJF 1059.1), JCGM 101:2008 (JJF 1059.2).
 * Pure apart from the arena of the caller; any number of threads. */
#ifndef ZH_ENGINE_UNCERTAINTY_H
#define ZH_ENGINE_UNCERTAINTY_H

#include "engine/formula.h"
#include "num/interval.h"
#include "num/matrix.h"

#define ZH_UNCERTAINTY_DRAWS_MAX ((size_t)10000000)
#define ZH_UNCERTAINTY_WORK_MAX  ((size_t)4000000000) /* draws times operations and inputs */

/* ---- GUM */

typedef struct zh_gum {
    double y;
    double u_c;
    double nu_eff; /* INFINITY when no contribution has finite degrees of freedom */
    double k, U;   /* Student quantile at nu_eff, expanded uncertainty k u_c */
    double y_second_order, u_second_order; /* with the terms of second order, see below */
    double *sensitivity;                   /* of every input */
    double *share; /* (c_i u_i)^2/u_c^2: more or less than 1 in all when inputs are correlated */
} zh_gum;

/* u_c^2 = sum c_i c_j u_i u_j r_ij (GUM eq. 13 and 16), c_i the partial derivatives at x (eq. 12);
 * nu_eff = u_c^4/sum ((c_i u_i)^4/df_i) (eq. G.2b), which is defined for independent inputs; with a
 * correlation it is only a guide. Second order (GUM 5.1.2, note; for normal inputs with covariance
 * V and Hessian H): y + tr(H V)/2 and u_c^2 + tr(H V H V)/2.
 *
 * df[i] may be INFINITY; correlation NULL: independent. ZH_EINVAL: u negative, df not above 0, a
 * matrix that is no correlation, a model or a derivative that does not exist at x. */
zh_rc zh_gum_propagate(zh_arena *arena, const zh_formula *model, const double *x, const double *u,
                       const double *df, const zh_matrix *correlation, double confidence,
                       zh_gum *out, zh_err *err) ZH_MUST;

/* ---- Monte Carlo */

typedef enum zh_variate {
    ZH_VARIATE_NORMAL,      /* a mean, b standard deviation */
    ZH_VARIATE_UNIFORM,     /* a least, b largest */
    ZH_VARIATE_TRIANGULAR,  /* a, b; c mode */
    ZH_VARIATE_TRAPEZOIDAL, /* a, b; c top over base */
    ZH_VARIATE_CURVILINEAR, /* a, b; c half-width of the uncertain ends: JCGM 101, 6.4.3 */
    ZH_VARIATE_ARCSINE,     /* a, b */
    ZH_VARIATE_STUDENT,     /* a mean, b scale, c degrees of freedom */
    ZH_VARIATE_LOGNORMAL,   /* a mean, b standard deviation of the logarithm */
    ZH_VARIATE_EXPONENTIAL, /* a mean */
    ZH_VARIATE_GAMMA,       /* a shape, b rate */
    ZH_VARIATE_CONSTANT,    /* a */
} zh_variate;

typedef struct zh_variate_input {
    zh_variate type;
    double a, b, c;
} zh_variate_input;

typedef struct zh_monte_carlo {
    double mean, sd;
    zh_interval symmetric, shortest; /* coverage intervals */
} zh_monte_carlo;

/* JCGM 101: draws inputs (6.4, table 1), evaluates the model (7.4), sorts (7.5), mean and standard
 * deviation (7.6), probabilistically symmetric and shortest coverage interval (7.7, with
 * q = floor(p M + 1/2) of M draws). The draws are randomised quasi-Monte Carlo: evenly spread
 * points with a random start, whose error falls faster than 1/sqrt M; t and gamma inputs are drawn
 * independently. correlation between normal inputs only, NULL: independent. The same seed gives the
 * same numbers.
 *
 * ZH_EINVAL: impossible parameters, draws below 100 (or too few for the confidence), a model that
 * is undefined for a draw; ZH_ELIMIT: too many draws or too much work; ZH_ENOMEM. */
zh_rc zh_monte_carlo_propagate(zh_arena *arena, const zh_formula *model,
                               const zh_variate_input *inputs, const zh_matrix *correlation,
                               size_t draws, uint64_t seed, double confidence, zh_monte_carlo *out,
                               zh_err *err) ZH_MUST;

#endif
