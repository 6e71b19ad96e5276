/* Intervals of a proportion. */
#include "num/interval.h"
#include "num/beta.h"
#include "num/normal.h"
#include <math.h>

static zh_rc check(uint64_t x, uint64_t n, double confidence, zh_err *err)
{
    if (n == 0) {
        zh_err_set(err, ZH_EINVAL, "interval.empty", "样本量为 0，没有比例，也没有区间");
        return ZH_EINVAL;
    }
    if (n > ZH_INTERVAL_N_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "interval.size", "样本量超过 2 的 40 次方");
    }
    if (x > n) {
        return zh_err_set(err, ZH_EINVAL, "interval.count", "分子 %llu 大于分母 %llu",
                          (unsigned long long)x, (unsigned long long)n);
    }
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "interval.confidence", "置信水平 %g 不在 0 与 1 之间",
                          confidence);
    }
    return ZH_OK;
}

zh_rc zh_interval_wilson(uint64_t x, uint64_t n, double confidence, zh_interval *out, zh_err *err)
{
    zh_rc rc = check(x, n, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double z = zh_normal_quantile(0.5 + confidence / 2.0);
    double size = (double)n;
    double p = (double)x / size;
    double q = (double)(n - x) / size;
    double scale = 1.0 + z * z / size;
    double center = p + z * z / (2.0 * size);
    double half = z * sqrt(p * q / size + z * z / (4.0 * size * size));
    out->lower = x == 0 ? 0.0 : fmax((center - half) / scale, 0.0);
    out->upper = x == n ? 1.0 : fmin((center + half) / scale, 1.0);
    return ZH_OK;
}

zh_rc zh_interval_clopper_pearson(uint64_t x, uint64_t n, double confidence, zh_interval *out,
                                  zh_err *err)
{
    zh_rc rc = check(x, n, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double tail = (1.0 - confidence) / 2.0;
    double hits = (double)x;
    double misses = (double)(n - x);
    out->lower = x == 0 ? 0.0 : zh_beta_quantile(tail, hits, misses + 1.0);
    out->upper = x == n ? 1.0 : zh_beta_quantile_upper(tail, hits + 1.0, misses);
    return ZH_OK;
}

/* One end of Wilson's interval for the proportion p moved outwards by the correction. */
static double corrected_end(double p, double n, double z, double sign)
{
    double half = z * z / (2.0 * n);
    double spread = z * sqrt(p * (1.0 - p) / n + half / (2.0 * n));
    return (p + half + sign * spread) / (1.0 + 2.0 * half);
}

zh_rc zh_interval_proportion(uint64_t x, uint64_t n, double confidence,
                             zh_proportion_intervals *out, zh_err *err)
{
    zh_rc rc = zh_interval_wilson(x, n, confidence, &out->wilson, err);
    if (rc == ZH_OK) {
        rc = zh_interval_clopper_pearson(x, n, confidence, &out->clopper_pearson, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double z = zh_normal_quantile(0.5 + confidence / 2.0);
    double size = (double)n;
    double hits = (double)x;
    double p = hits / size;
    double half = z * sqrt(p * (1.0 - p) / size);
    out->wald = (zh_interval){p - half, p + half};
    double more = size + z * z;
    double shifted = (hits + z * z / 2.0) / more;
    half = z * sqrt(shifted * (1.0 - shifted) / more);
    out->agresti_coull = (zh_interval){shifted - half, shifted + half};
    double tail = (1.0 - confidence) / 2.0;
    out->jeffreys = (zh_interval){zh_beta_quantile(tail, hits + 0.5, (double)(n - x) + 0.5),
                                  zh_beta_quantile_upper(tail, hits + 0.5, (double)(n - x) + 0.5)};
    double correction = fmin(0.5, fabs(hits - size / 2.0)) / size;
    double low = p - correction;
    double high = p + correction;
    out->wilson_cc =
        (zh_interval){low <= 0.0 ? 0.0 : fmax(corrected_end(low, size, z, -1.0), 0.0),
                      high >= 1.0 ? 1.0 : fmin(corrected_end(high, size, z, 1.0), 1.0)};
    out->logit = (zh_interval){(double)NAN, (double)NAN};
    if (x > 0 && x < n) {
        double center = log(hits / (double)(n - x));
        half = z / sqrt(size * p * (1.0 - p));
        out->logit =
            (zh_interval){1.0 / (1.0 + exp(half - center)), 1.0 / (1.0 + exp(-half - center))};
    }
    return ZH_OK;
}
