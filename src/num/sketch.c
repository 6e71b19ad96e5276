/* DDSketch bucket mapping. The logarithm only guesses the bucket; comparing with powers of gamma,
 * made by a fixed sequence of multiplications, decides. */
#include "num/sketch.h"
#include <math.h>

#define GAMMA ((1.0 + ZH_SKETCH_ALPHA) / (1.0 - ZH_SKETCH_ALPHA))

static double power(int exponent)
{
    unsigned n = exponent < 0 ? (unsigned)-exponent : (unsigned)exponent;
    double square = GAMMA;
    double result = 1.0;
    for (; n > 0; n >>= 1) {
        if (n & 1) {
            result *= square;
        }
        square *= square;
    }
    return exponent < 0 ? 1.0 / result : result;
}

/* The quotient in lowest terms, so that 0.50 and 0.5 round to the same binary64. */
static double magnitude_of(zh_decimal value)
{
    uint64_t scaled = value.scaled < 0 ? 0 - (uint64_t)value.scaled : (uint64_t)value.scaled;
    unsigned digits = value.digits;
    while (digits > 0 && scaled % 10 == 0) {
        scaled /= 10;
        digits--;
    }
    uint64_t unit = 1;
    for (; digits > 0; digits--) {
        unit *= 10;
    }
    return (double)scaled / (double)unit;
}

int32_t zh_sketch_key(zh_decimal value)
{
    zh_assert(value.digits <= ZH_DECIMAL_DIGITS_MAX);
    if (value.scaled == 0) {
        return 0;
    }
    double v = magnitude_of(value);
    int i = (int)ceil(log(v) / log(GAMMA));
    while (v > power(i)) {
        i++;
    }
    while (v <= power(i - 1)) {
        i--;
    }
    int32_t key = i + ZH_SKETCH_ORIGIN;
    return value.scaled < 0 ? -key : key;
}

zh_rc zh_sketch_value(int32_t key, double *out)
{
    if (key == 0) {
        *out = 0.0;
        return ZH_OK;
    }
    int32_t size = key < 0 && key != INT32_MIN ? -key : key;
    if (size > ZH_SKETCH_KEY_MAX || size < 2 * ZH_SKETCH_ORIGIN - ZH_SKETCH_KEY_MAX) {
        return ZH_EINVAL;
    }
    double v = 2.0 * power(size - ZH_SKETCH_ORIGIN) / (GAMMA + 1.0);
    *out = key < 0 ? -v : v;
    return ZH_OK;
}

zh_rc zh_sketch_quantile(const zh_sketch_bucket *buckets, size_t n, double q, double *out,
                         zh_err *err)
{
    if (!(q >= 0.0 && q <= 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "sketch.quantile", "分位 %g 不在 0 与 1 之间", q);
    }
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        if ((i > 0 && buckets[i].key <= buckets[i - 1].key) ||
            buckets[i].count > ((uint64_t)1 << 53) - total) {
            return zh_err_set(err, ZH_EINVAL, "sketch.buckets", "分位草图的桶未按键递增或计数溢出");
        }
        total += buckets[i].count;
    }
    if (total == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "sketch.empty", "没有数值，没有分位数");
    }
    uint64_t rank = (uint64_t)floor(q * (double)(total - 1));
    uint64_t seen = 0;
    size_t i = 0;
    while (seen + buckets[i].count <= rank) {
        seen += buckets[i++].count;
    }
    if (zh_sketch_value(buckets[i].key, out) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "sketch.key", "分位草图的桶键 %d 不存在",
                          (int)buckets[i].key);
    }
    return ZH_OK;
}
