/* Classes of a histogram. */
#ifndef ZH_APP_TOOL_HISTOGRAM_H
#define ZH_APP_TOOL_HISTOGRAM_H

#include "base/err.h"
#include "base/str.h"

#define ZH_HISTOGRAM_CLASSES_MAX ((size_t)60)

typedef struct zh_histogram {
    size_t n; /* classes */
    double low, high, width;
    double *middle, *count;
    zh_str *titles; /* 49.5–50.5：12 */
} zh_histogram;

/* Classes of equal width 1, 2 or 5 times a power of ten, about as many as Sturges' rule asks
 * (1 + log2 n); above 500 values they are halved, above 5,000 quartered. Values finite, n >= 1.
 * ZH_EINVAL: a range that has no such classes; ZH_ENOMEM. */
zh_rc zh_histogram_of(zh_arena *arena, const double *v, size_t n, zh_histogram *out,
                      zh_err *err) ZH_MUST;
/* Height at x of the normal curve with the area of `total` values. */
double zh_histogram_normal(const zh_histogram *h, double total, double x, double mean, double sd);

#endif
