/* Partial least squares path modelling: satisfaction models of the CCSI/ACSI kind (GB/T 19038,
 * GB/T 19039), estimated from answers to questions.
 *
 * Latent variables stand for blocks of items (questions). Outer weights are found by Lohmöller's
 * iteration, paths by least squares between the scores. Everything needs the covariance matrix of
 * the items only, so a bootstrap replicate costs one such matrix and not a pass of the iteration
 * over the data.
 *
 * Sources: J.-B. Lohmöller, Latent Variable Path Modeling with Partial Least Squares, Physica 1989,
 * ch. 2; M. Tenenhaus, V. Esposito Vinzi, Y.-M. Chatelin, C. Lauro, PLS path modeling,
 * Computational Statistics & Data Analysis 48 (2005) 159-205 (T below, with its equations); T. K.
 * Dijkstra, J. Henseler, Consistent partial least squares path modeling, MIS Quarterly 39 (2015)
 * 297-316; J. Henseler, C. M. Ringle, M. Sarstedt, A new criterion for assessing discriminant
 * validity, Journal of the Academy of Marketing Science 43 (2015) 115-135; B. Efron, R. Tibshirani,
 * An Introduction to the Bootstrap, 1993, ch. 13. Pure; any number of threads, each with its arena.
 */
#ifndef ZH_ENGINE_PLS_H
#define ZH_ENGINE_PLS_H

#include "base/err.h"
#include "num/matrix.h"

#define ZH_PLS_ITEMS_MAX      ((size_t)256)
#define ZH_PLS_LATENTS_MAX    ((size_t)100)
#define ZH_PLS_ROWS_MAX       ((size_t)1000000)
#define ZH_PLS_ITERATIONS_MAX ((size_t)10000)
#define ZH_PLS_REPLICATES_MAX ((size_t)100000)
#define ZH_PLS_WORK_MAX       2e11 /* multiplications of one bootstrap, a few minutes at most */

typedef enum zh_pls_mode {
    ZH_PLS_A, /* reflective: weights are covariances with the inner estimate */
    ZH_PLS_B, /* formative: weights are a regression of the inner estimate on the block */
} zh_pls_mode;

typedef enum zh_pls_scheme {
    ZH_PLS_CENTROID,  /* sign of the correlation of neighbours */
    ZH_PLS_FACTORIAL, /* the correlation */
    ZH_PLS_PATH,      /* regression on causes, correlation with effects */
} zh_pls_scheme;

/* The data's columns are the items, block after block. */
typedef struct zh_pls_model {
    size_t latents;
    const size_t *block;     /* items of each latent variable, at least 1 */
    const zh_pls_mode *mode; /* of each latent variable */
    const bool *path;        /* latents × latents: [i * latents + j], j acts on i; no circles */
    zh_pls_scheme scheme;
    bool scaled;       /* standardise the items; otherwise they are only centred */
    bool oriented;     /* turn a score so that most of its items load positively */
    double tolerance;  /* stop when the sum of squared changes of the weights is below, (0, 1e-3] */
    size_t iterations; /* at most */
    const zh_str *latent_names; /* for messages, NULL allowed */
    const zh_str *item_names;   /* likewise */
} zh_pls_model;

/* Arrays in the caller's arena; "items" and "latents" are their lengths. */
typedef struct zh_pls_fit {
    size_t items, latents, iterations;
    double *mean, *sd; /* of the items; sd with divisor n */
    double *weight;    /* items: of the treated items, scores have variance 1 (divisor n) */
    double *turn;      /* latents: -1 where the score is the negative of the weighted sum, else 1:
                          weights keep the sign of the iteration, all else follows the score */
    double *loading;   /* items: correlation with the own score */
    double *communality;
    double *redundancy;        /* communality times R² of the own latent variable, T (20) */
    double *cross_loading;     /* items × latents */
    double *correlation;       /* latents × latents, of the scores */
    double *path;              /* latents × latents as the model's: coefficient of j on i */
    double *total_effect;      /* likewise, direct and through others */
    double *r2;                /* latents; 0 without causes */
    double *block_communality; /* latents, T (19) */
    double *mean_redundancy;   /* latents, T (21) */
    double gof;                /* T (23); NAN when no block has two items or nothing has a cause */
} zh_pls_fit;

/* ZH_EINVAL: a model or data that cannot be estimated (fewer than 3 rows, a constant item, a circle
 * of paths, a latent variable without a neighbour, linearly dependent items of a mode B block or
 * causes of one effect, no convergence), the message names it. ZH_ELIMIT: a cap above. ZH_ENOMEM.
 */
zh_rc zh_pls_estimate(zh_arena *arena, const zh_pls_model *model, const zh_matrix *data,
                      zh_pls_fit *out, zh_err *err) ZH_MUST;

/* Scores of the rows of `data`, rows × latents: (x - mean) / sd times the weights (no division when
 * the model is not scaled). */
void zh_pls_scores(const zh_pls_model *model, const zh_pls_fit *fit, const zh_matrix *data,
                   size_t rows, double *out);

/* Index of each latent variable from 0 to 100, of the mean of its items on the scale [lower, upper]
 * with the unstandardised weights w/sd: C. Fornell et al., The American Customer Satisfaction
 * Index, Journal of Marketing 60 (1996) 7-18, appendix. */
void zh_pls_indices(const zh_pls_model *model, const zh_pls_fit *fit, double lower, double upper,
                    double *out);

/* Whether the blocks measure one thing each. Arrays by latent variable. */
typedef struct zh_pls_quality {
    double *alpha;  /* Cronbach, of standardised items, T (2); 1 for a single item */
    double *dg_rho; /* Dillon and Goldstein, by the first principal component, T (4) */
    double *eigen_first,
        *eigen_second; /* of the block's correlation matrix; 1 and 0 for one item */
    double *rho_a;     /* Dijkstra and Henseler 2015 (3); 1 for a single item or mode B */
    double *rho_c;     /* composite reliability by the loadings: T (3) */
    double *ave;       /* average variance extracted: mean communality */
    double *htmt; /* latents × latents, lower triangle, of absolute correlations; NAN elsewhere */
} zh_pls_quality;

zh_rc zh_pls_quality_of(zh_arena *arena, const zh_pls_model *model, const zh_matrix *data,
                        const zh_pls_fit *fit, zh_pls_quality *out, zh_err *err) ZH_MUST;

typedef struct zh_pls_estimates {
    size_t n;
    double *original;
    double *mean, *se;     /* over the replicates that could be estimated */
    double *lower, *upper; /* percentile interval, quantiles of type 7 */
} zh_pls_estimates;

typedef struct zh_pls_bootstrap {
    size_t replicates, failed; /* failed: not estimable (constant item, singular, no convergence) */
    size_t turned;         /* replicates in which a latent variable came out with reversed sign */
    size_t paths, effects; /* pairs [2k] cause, [2k + 1] effect */
    const size_t *path_pairs, *effect_pairs; /* effects: direct or indirect */
    zh_pls_estimates weight, loading, path, r2, total_effect;
} zh_pls_bootstrap;

/* Resamples rows. Replicates that cannot be estimated are left out and counted. align turns the
 * sign of a latent variable back when its loadings come out reversed against the original.
 * Deterministic by seed. Errors as above; ZH_EINVAL too when fewer than two replicates could be
 * estimated, when confidence is not inside (0, 1); ZH_ELIMIT when covariance matrices and
 * iterations could take more than ZH_PLS_WORK_MAX multiplications. */
zh_rc zh_pls_resample(zh_arena *arena, const zh_pls_model *model, const zh_matrix *data,
                      size_t replicates, uint64_t seed, double confidence, bool align,
                      zh_pls_bootstrap *out, zh_err *err) ZH_MUST;

/* Reliability of one scale: L. J. Cronbach, Coefficient alpha, Psychometrika 16 (1951) 297-334. */
typedef struct zh_alpha {
    double raw;       /* of covariances */
    double std;       /* of correlations */
    double average_r; /* mean correlation of two items */
    double *dropped;  /* raw alpha without the item; NAN when one item remains */
    double *rest;     /* correlation of the item with the sum of the others */
} zh_alpha;

/* ZH_EINVAL: fewer than 2 items or rows, or an item that is the same everywhere. */
zh_rc zh_cronbach_alpha(zh_arena *arena, const zh_matrix *items, zh_alpha *out,
                        zh_err *err) ZH_MUST;

/* 0 to 100: 100 (Σ w x̄ - lower Σ w) / ((upper - lower) Σ w), and the standard error of its mean
 * over respondents. ZH_EINVAL: no row, sizes differ, a negative weight or none above 0, an answer
 * outside the scale, lower >= upper. se is NAN for one row. */
zh_rc zh_satisfaction_index(const zh_matrix *items, const double *weight, size_t weights,
                            double lower, double upper, double *index, double *se,
                            zh_err *err) ZH_MUST;

#endif
