/* Limits of engine spc for the series of a report, as plain arrays. */
#ifndef ZH_APP_REPORT_LIMITS_H
#define ZH_APP_REPORT_LIMITS_H

#include "base/arena.h"
#include "base/err.h"

/* p chart (share) or u chart of counts on sizes: centre, three-sigma limits that step with the
 * size, and which points are beyond them (GB/T 17989.2). baseline: the first so many points
 * estimate; 0: all. Errors of zh_spc_count_chart. */
zh_rc zh_limits_of_counts(zh_arena *arena, const double *counts, const double *sizes, size_t n,
                          bool share, size_t baseline, double *centre, double *lower, double *upper,
                          bool *beyond, zh_err *err) ZH_MUST;

#endif
