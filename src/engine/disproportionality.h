/* Disproportionality of one pair in a two-by-two table of counts.
 *
 *                    of the column   of other columns
 *   of the row             a                b
 *   of other rows          c                d            N = a + b + c + d
 *
 * A ratio says how much larger the share of the column is inside the row than outside it. It
 * compares shares among what was recorded; without denominators of what was examined it says
 * nothing about incidence. The four counts must be of one unit, and every unit counts once in the
 * table.
 *
 * Sources: S. J. W. Evans, P. C. Waller, S. Davis, Use of proportional reporting ratios (PRRs) for
 * signal generation from spontaneous adverse drug reaction reports, Pharmacoepidemiology and Drug
 * Safety 10 (2001) 483-486 (PRR, and the criteria n >= 3, PRR >= 2, chi-square >= 4); K. J.
 * Rothman, S. Lanes, S. T. Sacks, The reporting odds ratio and its advantages over the proportional
 * reporting ratio, ibid. 13 (2004) 519-523 (ROR); F. Yates, Contingency tables involving small
 * numbers and the chi-square test, Supplement to the Journal of the Royal Statistical Society 1
 * (1934) 217-235. Intervals on the logarithmic scale: E. P. van Puijenbroek et al., A comparison of
 * measures of disproportionality, Pharmacoepidemiology and Drug Safety 11 (2002) 3-10. Pure; any
 * number of threads. */
#ifndef ZH_ENGINE_DISPROPORTIONALITY_H
#define ZH_ENGINE_DISPROPORTIONALITY_H

#include "base/arena.h"
#include "base/err.h"
#include "num/interval.h"

#define ZH_TWO_BY_TWO_N_MAX ((uint64_t)1 << 40)

typedef struct zh_two_by_two {
    uint64_t a, b, c, d;
} zh_two_by_two;

typedef enum zh_ratio_state {
    ZH_RATIO_FINITE,
    ZH_RATIO_INFINITE,  /* the comparator has none: there is no upper limit */
    ZH_RATIO_UNDEFINED, /* nothing to compare, or nothing to compare with */
} zh_ratio_state;

typedef struct zh_ratio {
    zh_ratio_state state;
    double value;         /* finite: the ratio, may be 0; INFINITY; NAN when undefined */
    bool has_interval;    /* every count that its variance divides by is above zero */
    zh_interval interval; /* exp(log ratio -+ z se) */
} zh_ratio;

typedef struct zh_disproportionality {
    double expected;   /* of a, rows and columns being independent: (a + b)(a + c)/N */
    double relative;   /* a/expected; NAN when expected is 0 */
    zh_ratio prr;      /* a/(a+b) : c/(c+d); se^2 = 1/a - 1/(a+b) + 1/c - 1/(c+d) */
    zh_ratio ror;      /* ad : bc; se^2 = 1/a + 1/b + 1/c + 1/d */
    bool has_chi2;     /* false when a margin is 0 */
    double chi2;       /* N (ad - bc)^2 / ((a+b)(c+d)(a+c)(b+d)) */
    double chi2_yates; /* N max(0, |ad - bc| - N/2)^2 / …: the correction never passes zero */
} zh_disproportionality;

/* Zero cells: c = 0 with a > 0 has an infinite PRR, a = 0 with c > 0 the PRR 0, a = c = 0 or an
 * empty row of the table none; ROR likewise by its two products. Nothing is added to a cell.
 * ZH_EINVAL: an empty table, or confidence not inside (0, 1); ZH_ELIMIT: N above
 * ZH_TWO_BY_TWO_N_MAX. */
zh_rc zh_disproportionality_of(const zh_two_by_two *table, double confidence,
                               zh_disproportionality *out, zh_err *err) ZH_MUST;

/* Information components: log2 of observed over expected, shrunk towards 0. */
typedef struct zh_information {
    double bcpnn, bcpnn_variance, bcpnn_lower; /* posterior mean, variance, normal lower limit */
    double shrinkage;                          /* log2((a + 1/2)/(E + 1/2)) */
    double lower, upper;                       /* its limits, from a gamma distribution */
} zh_information;

/* BCPNN: A. Bate et al., A Bayesian neural network method for adverse drug reaction signal
 * generation, European Journal of Clinical Pharmacology 54 (1998) 315-321, with the moments of the
 * beta posteriors by digamma and trigamma (R. Gould, Biometrical Journal 45 (2003) 39-52).
 * Shrinkage: G. N. Norén, J. Hopstadius, A. Bate, Shrinkage observed-to-expected ratios for robust
 * and transparent large-scale pattern discovery, Statistical Methods in Medical Research 22 (2013)
 * 57-69. confidence is that of both limits together. Errors as of zh_disproportionality_of. */
zh_rc zh_information_of(const zh_two_by_two *table, double confidence, zh_information *out,
                        zh_err *err) ZH_MUST;

/* A pair of a database of counts: row and column numbered from 0. */
typedef struct zh_counted_pair {
    size_t row, column;
    uint64_t n;
} zh_counted_pair;

/* The table of each pair against all other counts; the margins are of counts, not of reports. Pairs
 * that appear several times are added up first: pairs is sorted by row and column, *pairs_n falls.
 * ZH_ELIMIT: the sum is above ZH_TWO_BY_TWO_N_MAX; ZH_EINVAL: it is 0; ZH_ENOMEM. */
zh_rc zh_pair_tables(zh_arena *arena, zh_counted_pair *pairs, size_t *pairs_n, size_t rows,
                     size_t columns, zh_two_by_two **out, zh_err *err) ZH_MUST;

const char *zh_ratio_state_name(zh_ratio_state state); /* finite infinite undefined */

#endif
