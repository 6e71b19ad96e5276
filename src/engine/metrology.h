/* Laboratories and measuring systems: robust statistics and scores of proficiency tests, gauge
 * repeatability and reproducibility, net content of prepackages.
 *
 * References: ISO 13528:2022 (GB/T 28043); AIAG, Measurement Systems Analysis, 4th ed., 2010; JJF
 * 1070-2005 and 定量包装商品计量监督管理办法. Pure apart from the arena; any number of threads. */
#ifndef ZH_ENGINE_METROLOGY_H
#define ZH_ENGINE_METROLOGY_H

#include "base/arena.h"
#include "base/err.h"

#define ZH_METROLOGY_VALUES_MAX ((size_t)1000000) /* of a robust estimate */
#define ZH_METROLOGY_PAIRS_MAX  ((size_t)3000) /* results of the Q method, which forms all pairs */
#define ZH_METROLOGY_CELLS_MAX  ((size_t)1000000) /* parts times operators */

/* ---- robust estimates */

/* Algorithm A (ISO 13528, C.3.1): starts at the median and 1.483 MAD, then winsorises at
 * x* -+ 1.5 s* and takes x* = mean, s* = factor times the standard deviation, to convergence (1e-13
 * of s*, not only the third digit). Where the MAD is 0, the standard deviation is the start.
 * factor: zh_algorithm_a_factor() or 1.134 as the standard prints it. ZH_EINVAL: fewer than 2
 * values, or s* shrinks to 0 because more than half of the values are the same. */
zh_rc zh_algorithm_a(zh_arena *arena, const double *x, size_t n, double factor, double *x_star,
                     double *s_star, zh_err *err) ZH_MUST;
/* 1/sqrt(E psi^2) of the normal distribution winsorised at 1.5: 1.13339… */
double zh_algorithm_a_factor(void);

/* median; mad = 1.4826 median |x - median|; niqr = 0.7413 IQR, quartiles of type 7 (ISO 13528,
 * C.2); qn and sn of P. J. Rousseeuw, C. Croux, JASA 88 (1993) 1273-1283, with the
 * constants 2.21914 and 1.1926 and the finite-sample factors of C. Croux, P. J. Rousseeuw 1992 (sn)
 * and of the robustbase package since version 0.92 (qn). O(n log n). ZH_EINVAL: no value;
 * ZH_ELIMIT. */
typedef struct zh_robust_scale {
    double median, mad, niqr, qn, sn;
} zh_robust_scale;

zh_rc zh_robust_scale_of(zh_arena *arena, const double *x, size_t n, zh_robust_scale *out,
                         zh_err *err) ZH_MUST;

/* Q method for s* from all differences between laboratories (ISO 13528, C.5.2.2), each pair of
 * laboratories with weight 1 however many results they have, and Hampel's estimator for x* from
 * their means by finite steps (C.5.3.3). lab[i] in 0 … labs - 1. s* = 0 leaves the median as x*.
 * ZH_EINVAL: fewer than 2 laboratories; ZH_ELIMIT. */
zh_rc zh_q_hampel(zh_arena *arena, const double *x, const size_t *lab, size_t n, size_t labs,
                  double *x_star, double *s_star, zh_err *err) ZH_MUST;

/* ---- scores (ISO 13528, 9.4 to 9.7) */

typedef struct zh_proficiency_score {
    double z;         /* (x - x_pt)/sigma_pt */
    double z_prime;   /* (x - x_pt)/sqrt(sigma_pt^2 + u(x_pt)^2) */
    double zeta;      /* (x - x_pt)/sqrt(u(x)^2 + u(x_pt)^2) */
    double En;        /* (x - x_pt)/sqrt(U(x)^2 + U(x_pt)^2), U = k u */
    double D_percent; /* 100 (x - x_pt)/x_pt */
} zh_proficiency_score;

/* Scores whose divisor is 0 or not given (NAN) are NAN. */
zh_proficiency_score zh_proficiency_score_of(double x, double u, double x_pt, double sigma_pt,
                                             double u_xpt, double k);

/* ---- gauge R&R */

enum { ZH_GAUGE_ROWS = 7 };

/* Two-way random effects (AIAG MSA, chapter III B): parts, operators, interaction. */
typedef struct zh_gauge_rr {
    size_t parts, operators, trials;
    /* part, operator, part:operator, repeatability, total; F against the interaction, that of the
     * interaction against repeatability; NAN where there is none. */
    double df[5], ss[5], ms[5], f[5], p[5];
    bool interaction_kept; /* p of the interaction <= alpha */
    /* Components: 0 total gauge R&R, 1 repeatability, 2 reproducibility, 3 operator, 4
     * part:operator (only when kept), 5 part to part, 6 total. Negative estimates are set to 0. */
    double variance[ZH_GAUGE_ROWS];
    int64_t ndc; /* distinct categories, floor(1.41 part/gauge), at least 1; 0 when the gauge has no
                    variation at all */
} zh_gauge_rr;

/* part[i], operator[i]: 0 … parts - 1, 0 … operators - 1. Without the interaction its sum of
 * squares is pooled with repeatability. ZH_EINVAL: fewer than 2 parts, operators or trials; not the
 * same number of trials in every cell (the sums of squares would not be orthogonal): the message
 * names the cell. ZH_ELIMIT. */
zh_rc zh_gauge_rr_of(zh_arena *arena, const double *y, const size_t *part, size_t parts,
                     const size_t *operator_of, size_t operators, size_t n, double alpha,
                     zh_gauge_rr *out, zh_err *err) ZH_MUST;

/* ---- net content of prepackages */

typedef enum zh_content {
    ZH_CONTENT_MASS,   /* g or mL */
    ZH_CONTENT_LENGTH, /* m */
    ZH_CONTENT_AREA,   /* any unit */
    ZH_CONTENT_COUNT,
} zh_content;

/* Tolerable deficiency T of a labelled content (办法, table 3): mass or volume in g or mL from 9 %
 * of up to 50 to 1 % of up to 50,000, rounded up to 0.1 g (mL) up to 1 kg (L) and to 1 g (mL)
 * above; length none up to 5 m, then 2 %; area 3 %; count none up to 50, then 1 % rounded up.
 * ZH_EINVAL: not above 0, or a mass or volume above 50 kg (L), which the table does not cover. */
zh_rc zh_net_content_tolerance(zh_content kind, double nominal, double *t, zh_err *err) ZH_MUST;

/* Verdict on a lot (办法, table 4; JJF 1070-2005, table 4): sample size, correction factor and
 * acceptance number by lot size; the mean must reach nominal - lambda s, at most c items may lack
 * more than T, none more than 2 T. A lot of up to 10 is inspected whole and has no mean criterion.
 */
typedef struct zh_net_content {
    double tolerance;
    int64_t sample_size;          /* demanded by the lot size */
    double lambda;                /* NAN for lots of up to 10 */
    int64_t accept;               /* c */
    double mean, sd, limit;       /* limit = nominal - lambda s; NAN likewise */
    int64_t beyond_t1, beyond_t2; /* items with T < deficiency <= 2 T, and above 2 T */
    bool mean_accepted, items_accepted, accepted;
} zh_net_content;

/* tolerance NAN: from zh_net_content_tolerance. ZH_EINVAL: n other than the plan demands. */
zh_rc zh_net_content_of(zh_content kind, double nominal, int64_t lot_size, double tolerance,
                        const double *x, size_t n, zh_net_content *out, zh_err *err) ZH_MUST;

#endif
