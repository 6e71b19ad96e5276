/* Composite indices: from indicators to weights, scores, ranks and their uncertainty; agreement of
 * rankings.
 *
 * Matrices are units (rows) by indicators (columns); direction is 1 where more is better and -1
 * where less is better. Sources: OECD, JRC, Handbook on Constructing Composite Indicators (2008),
 * "Handbook" below; T. L. Saaty, The Analytic Hierarchy Process (1980); C. L. Hwang, K. Yoon,
 * Multiple Attribute Decision Making (1981), ch. 3 (TOPSIS); C. E. Shannon, Bell System Technical
 * Journal 27 (1948) 379-423; M. G. Kendall, Rank Correlation Methods, 4th ed. (1970); W. R. Knight,
 * A computer method for calculating Kendall's tau with ungrouped data, JASA 61 (1966) 436-439.
 * Pure; any number of threads, each with its arena. */
#ifndef ZH_ENGINE_INDICES_H
#define ZH_ENGINE_INDICES_H

#include "base/err.h"
#include "num/matrix.h"

#define ZH_INDICES_AHP_MAX   ((size_t)50)
#define ZH_INDICES_DRAWS_MAX ((size_t)1000000)
#define ZH_INDICES_WORK_MAX  2e9 /* draws × units × (indicators + log units) */

/* Ranks 1 … n of v, the smallest first or, when descending, the largest; ties share the mean of
 * their ranks. ZH_ENOMEM. */
zh_rc zh_rank(zh_arena *arena, const double *v, size_t n, bool descending, double *rank,
              zh_err *err) ZH_MUST;

/* Normalisations of one indicator, Handbook step 5. NAN where the spread is 0. */
typedef struct zh_normalised {
    double *minmax;   /* (x - min) / (max - min) */
    double *zscore;   /* (x - mean) / sd, divisor n - 1 */
    double *rank;     /* smallest first, ties averaged */
    double *percent;  /* 100 x / reference; NULL without reference */
    double *robust_z; /* (x - median) / (1.4826 MAD) */
} zh_normalised;

/* ZH_EINVAL: n = 0, reference 0 (NAN: none given). */
zh_rc zh_normalise(zh_arena *arena, const double *x, size_t n, double reference, zh_normalised *out,
                   zh_err *err) ZH_MUST;

typedef struct zh_entropy {
    zh_matrix normalised; /* min-max by direction; a constant indicator is 0 throughout */
    double *entropy;      /* -Σ p ln p / ln n, p = z/Σz, 0 ln 0 = 0; 1 for a constant indicator */
    double *weight;       /* (1 - e) / Σ(1 - e) */
    double *score;        /* Σ w z */
} zh_entropy;

/* ZH_EINVAL: fewer than 2 units, no indicator, a direction that is not 1 or -1, every indicator
 * constant. */
zh_rc zh_entropy_weights(zh_arena *arena, const zh_matrix *x, const double *direction,
                         zh_entropy *out, zh_err *err) ZH_MUST;

/* Closeness d-/(d+ + d-) to the ideal of the vector-normalised, weighted matrix; weights are
 * rescaled to sum 1. rank: best first. Arrays of units. ZH_EINVAL as above, and a negative weight,
 * all weights 0, an indicator that is 0 throughout, or units that do not differ. */
zh_rc zh_topsis(zh_arena *arena, const zh_matrix *x, const double *weight, const double *direction,
                double *score, double *rank, zh_err *err) ZH_MUST;

typedef struct zh_ahp {
    double *weight;    /* principal right eigenvector, sum 1 */
    double *geometric; /* geometric means of the rows, sum 1 */
    double lambda_max;
    double ci; /* (lambda - n)/(n - 1); 0 for n = 1 */
    double ri; /* Saaty's mean random index, n = 1 … 15: 0 0 .58 .90 1.12 1.24 1.32 1.41 1.45 1.49
                  1.51 1.48 1.56 1.57 1.59; NAN above 15 */
    double cr; /* ci / ri; below 0.1 the judgements are taken as consistent; 0 for n <= 2 */
} zh_ahp;

/* ZH_EINVAL: not square, an element not above 0, a diagonal that is not 1, or a_ij a_ji further
 * than 5 % from 1 (0.33 for 1/3 is let pass). ZH_ELIMIT above ZH_INDICES_AHP_MAX. */
zh_rc zh_ahp_weights(zh_arena *arena, const zh_matrix *matrix, zh_ahp *out, zh_err *err) ZH_MUST;

typedef struct zh_rank_correlation {
    double tau_b, p_value, p_normal; /* two-sided; p_value is exact when n < 50 without ties */
    bool exact;
    double spearman, pearson; /* NAN when x or y is constant, as are all others */
} zh_rank_correlation;

/* Kendall's tau-b by merge sort, n log n. Exact p by the number of permutations with k inversions
 * (Kendall 1970, 1.13); normal p with the tie-corrected variance (4.4), no continuity correction.
 * ZH_EINVAL: fewer than 2 pairs. */
zh_rc zh_rank_correlate(zh_arena *arena, const double *x, const double *y, size_t n,
                        zh_rank_correlation *out, zh_err *err) ZH_MUST;

typedef struct zh_concordance {
    double w, chi_squared, p_value; /* df = subjects - 1 */
} zh_concordance;

/* Kendall's coefficient of concordance with correction for ties (Kendall 1970, ch. 6); ratings are
 * subjects (rows) by raters (columns) and are ranked within the rater. ZH_EINVAL: fewer than 2
 * subjects or raters, or every rater rates all alike. */
zh_rc zh_kendall_w(zh_arena *arena, const zh_matrix *ratings, zh_concordance *out,
                   zh_err *err) ZH_MUST;

typedef enum zh_aggregation {
    ZH_AGGREGATE_LINEAR,    /* Σ w z, fully compensating */
    ZH_AGGREGATE_GEOMETRIC, /* Π (z moved to [0.01, 1])^w, less so */
} zh_aggregation;

typedef struct zh_rank_spread {
    double *score, *rank;  /* with the given weights */
    double *mean, *median; /* of the ranks over the draws */
    double *lower, *upper; /* quantiles (1 ∓ confidence)/2, type 1: ranks that occurred */
    double *first;         /* share of draws in which the unit was alone in first place */
} zh_rank_spread;

/* How far ranks hang on the weights: Handbook step 7. Weights are drawn from a Dirichlet
 * distribution with the given weights as mean and parameters concentration × weight; indicators are
 * normalised by min-max and direction. Deterministic by seed. ZH_EINVAL: as for entropy weights and
 * TOPSIS, concentration not above 0; ZH_ELIMIT: ZH_INDICES_DRAWS_MAX, ZH_INDICES_WORK_MAX. */
zh_rc zh_rank_uncertainty(zh_arena *arena, const zh_matrix *x, const double *weight,
                          const double *direction, zh_aggregation aggregation, double concentration,
                          size_t draws, uint64_t seed, double confidence, zh_rank_spread *out,
                          zh_err *err) ZH_MUST;

#endif
