/* Scan statistics: where, and since when, are there more cases than the population lets expect?
 *
 * Spatial: M. Kulldorff, A spatial scan statistic, Communications in Statistics - Theory and
 * Methods 26 (1997) 1481-1496. Prospective space-time: M. Kulldorff, Prospective time periodic
 * geographical disease surveillance using a scan statistic, JRSS A 164 (2001) 61-72. Zones are
 * circles: a location with its nearest neighbours; in space-time they are cylinders that reach to
 * the last period. The score of a zone with c of C cases, e expected, is the log-likelihood ratio
 * c ln(c/e) + (C - c) ln((C - c)/(C - e)) where c > e, otherwise 0. The p-value is the rank of the
 * largest score among those of data drawn under the null hypothesis with the same C, conditional
 * multinomial: (1 + replicates that reach it)/(1 + replicates).
 *
 * A replicate is not scored: the score grows with c and falls with e, so that each zone has a
 * critical count that reaches the observed score, found once; a replicate is scanned by integer
 * comparisons and left at the first hit. Pure; deterministic by seed, each replicate having its own
 * stream; any number of threads; memory from the caller's arena. */
#ifndef ZH_ENGINE_SCAN_H
#define ZH_ENGINE_SCAN_H

#include "base/err.h"
#include "num/matrix.h"

#define ZH_SCAN_LOCATIONS_MAX  ((size_t)10000)
#define ZH_SCAN_PERIODS_MAX    ((size_t)10000)
#define ZH_SCAN_CELLS_MAX      ((size_t)50000000) /* zones times periods */
#define ZH_SCAN_CASES_MAX      ((int64_t)5000000) /* in all */
#define ZH_SCAN_REPLICATES_MAX ((size_t)99999)
#define ZH_SCAN_WORK_MAX       5e10 /* replicates times (zones times periods + cases) */
#define ZH_SCAN_TOP            10   /* scores that are listed */

/* For each location its neighbours, nearest first, itself included; equal distances in the order of
 * the locations. The first 1, 2, … of them are the zones around it. */
typedef struct zh_scan_circles {
    size_t n;
    size_t *start;   /* n + 1 positions in index */
    uint32_t *index; /* 0-based locations */
} zh_scan_circles;

/* The k nearest of each location. coords: a row per location, Euclidean in its columns; lonlat:
 * degrees of longitude and latitude, great circles. ZH_EINVAL: k not in 1 … n, lonlat without two
 * columns; ZH_ELIMIT, ZH_ENOMEM. */
zh_rc zh_scan_nearest(zh_arena *arena, const zh_matrix *coords, bool lonlat, size_t k,
                      zh_scan_circles *out, zh_err *err) ZH_MUST;
/* Circles that hold at most the fraction (0, 1] of the population (> 0 in sum, none negative). */
zh_rc zh_scan_by_population(zh_arena *arena, const zh_matrix *coords, bool lonlat,
                            const double *population, double fraction, zh_scan_circles *out,
                            zh_err *err) ZH_MUST;

typedef struct zh_scan {
    size_t center, locations; /* the zone: the first `locations` neighbours of `center` */
    size_t duration;          /* periods up to the last one */
    double score;             /* the largest */
    int64_t observed, total;  /* cases of the zone, of all */
    double expected;          /* cases of the zone */
    size_t zones;             /* different sets of locations scanned */
    size_t top_n;
    double top[ZH_SCAN_TOP]; /* largest scores of zones and durations, descending */
    size_t replicates, reached;
    double p_value; /* NAN without replicates */
} zh_scan;

/* counts and baseline: a row per period, oldest first, a column per location; baseline (>= 0) is
 * scaled to the sum of the counts. longest: periods that a cylinder may last, 1 … rows. ZH_EINVAL:
 * negative counts, no zone, a baseline that sums to 0 or is 0 where cases are; ZH_ELIMIT: a cap
 * above; ZH_ENOMEM. */
zh_rc zh_scan_poisson(zh_arena *arena, const zh_matrix *counts, const zh_matrix *baseline,
                      const zh_scan_circles *circles, size_t longest, size_t replicates,
                      uint64_t seed, zh_scan *out, zh_err *err) ZH_MUST;

/* Expected counts of each period and location from populations: every period has the same share of
 * the cases, divided by population (scanstatistics; SaTScan divides by person-time instead, which
 * differs when the total population changes). population NULL: the product of the margins of
 * counts. out is a matrix of the size of counts. ZH_EINVAL: a population that is negative, or sums
 * to 0 in a period. */
zh_rc zh_scan_baseline(const zh_matrix *counts, const zh_matrix *population, zh_matrix *out,
                       zh_err *err) ZH_MUST;

#endif
