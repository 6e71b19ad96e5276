/* Quantile sketch with relative accuracy: values fall into logarithmic buckets, buckets are
 * counted, counts of two sketches add. C. Masson, J. E. Rim, H. K. Lee, DDSketch: a fast and
 * fully-mergeable quantile sketch with relative-error guarantees, PVLDB 12 (2019) 2195-2205,
 * section 2.
 *
 * With gamma = (1 + alpha)/(1 - alpha), alpha = 0.01, a value v > 0 lies in the bucket i with
 * gamma^(i-1) < v <= gamma^i and is reported as 2 gamma^i/(gamma + 1), which is within 1 % of v.
 *
 * A bucket is named by a key whose order is the order of the values: i + ZH_SKETCH_ORIGIN for v >
 * 0, 0 for 0, the negated key of -v for v < 0. The key depends only on multiplication, division and
 * comparison in binary64, not on the logarithm of a C library, so every machine gives the same key.
 * Pure; any number of threads. */
#ifndef ZH_NUM_SKETCH_H
#define ZH_NUM_SKETCH_H

#include "base/decimal.h"
#include "base/err.h"

#define ZH_SKETCH_ALPHA   0.01
#define ZH_SKETCH_ORIGIN  4096 /* larger than any |i|: decimals lie between 1e-18 and 1e19 */
#define ZH_SKETCH_KEY_MAX (ZH_SKETCH_ORIGIN + 2200)

typedef struct zh_sketch_bucket {
    int32_t key;
    uint64_t count;
} zh_sketch_bucket;

/* Key of the bucket of a decimal: equal values have equal keys, however many digits are stated. */
int32_t zh_sketch_key(zh_decimal value);
/* The value reported for a bucket. ZH_EINVAL: no decimal has this key. */
zh_rc zh_sketch_value(int32_t key, double *out) ZH_MUST;

/* The q-quantile (0 <= q <= 1) of the counted values: the bucket of the value with rank
 * floor(q (n - 1)), counting from 0. buckets ascend by key. ZH_ENOTFOUND: nothing is counted.
 * ZH_EINVAL: q out of range, keys not ascending or not of decimals, or the counts overflow. */
zh_rc zh_sketch_quantile(const zh_sketch_bucket *buckets, size_t n, double q, double *out,
                         zh_err *err) ZH_MUST;

#endif
