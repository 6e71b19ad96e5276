/* Wilson and Clopper-Pearson intervals. */
#include "num/interval.h"
#include "num/beta.h"
#include "num/normal.h"
#include <math.h>

static zh_rc check(uint64_t x, uint64_t n, double confidence, zh_err *err)
{
    if (n == 0) {
        zh_err_set(err, ZH_EINVAL, "interval.empty", "样本量为 0,没有比例,也没有区间");
        return ZH_EINVAL;
    }
    if (n > ZH_INTERVAL_N_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "interval.size", "样本量超过 2 的 40 次方");
    }
    if (x > n) {
        return zh_err_set(err, ZH_EINVAL, "interval.count", "分子 %llu 大于分母 %llu",
                          (unsigned long long)x, (unsigned long long)n);
    }
    if (!(confidence > 0.0 && confidence < 1.0)) {
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
