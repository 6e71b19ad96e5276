/* Design-based estimates from sums. y is 0 or 1 in the proportion, hence y^2 = y and
 * sum w^2 (y - p)^2 = sum w^2 y (1 - p)^2 + sum w^2 (1 - y) p^2, likewise with w. */
#include "engine/design.h"
#include "num/normal.h"
#include <math.h>

/* Sums of binary64 that are equal in exact arithmetic may differ by this much. */
#define SLACK 1e-9

static double t_quantile(double confidence, double df)
{
    double p = 0.5 + confidence / 2.0;
    return isinf(df) ? zh_normal_quantile(p) : zh_student_quantile(p, df);
}

static zh_rc check(uint64_t n, double confidence, zh_err *err)
{
    if (n < 2) {
        zh_err_set(err, ZH_EINVAL, "design.size", "样本少于 2 个单元，不能估计方差");
        return ZH_EINVAL;
    }
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "design.confidence", "置信水平 %g 不在 0 与 1 之间",
                          confidence);
    }
    return ZH_OK;
}

static bool at_most(double a, double b)
{
    return a <= b + SLACK * fabs(b);
}

/* Weights are at least 1, so sum w >= n and sum w^2 >= sum w; by Cauchy's inequality
 * sum w^2 >= (sum w)^2 / n; the sums over the units with y = 1 lie between 0 and the whole, and
 * are 0 or the weight of at least one unit. */
static bool sums_possible(const zh_design_sums *s)
{
    double n = (double)s->n;
    return isfinite(s->ww) && at_most(n, s->w) && at_most(s->w, s->ww) &&
           at_most(s->w * s->w / n, s->ww) && (s->wy == 0.0 || at_most(1.0, s->wy)) &&
           at_most(s->wy, s->w) && s->wwy >= 0.0 && at_most(s->wwy, s->ww) &&
           at_most(s->wy, s->wwy);
}

zh_interval zh_design_logit_interval(double p, double se, double df, double confidence)
{
    zh_assert(p > 0.0 && p < 1.0 && se >= 0.0 && df > 0.0);
    double center = log(p / (1.0 - p));
    double half = t_quantile(confidence, df) * se / (p * (1.0 - p));
    return (zh_interval){1.0 / (1.0 + exp(half - center)), 1.0 / (1.0 + exp(-half - center))};
}

/* Every unit has the same y: the interval of an equally informative simple random sample. */
static zh_rc one_sided(const zh_design_sums *s, bool all, double confidence, zh_interval *out,
                       zh_err *err)
{
    double kish = fmin(floor(s->w * s->w / s->ww * (1.0 + SLACK)), (double)s->n);
    uint64_t n = (uint64_t)fmax(kish, 1.0);
    return zh_interval_clopper_pearson(all ? n : 0, n, confidence, out, err);
}

zh_rc zh_design_proportion(const zh_design_sums *sums, zh_design_variance variance,
                           double confidence, zh_design_estimate *out, zh_err *err)
{
    zh_rc rc = check(sums->n, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!sums_possible(sums)) {
        zh_err_set(err, ZH_EINVAL, "design.sums", "权重的各项合计互相矛盾");
        zh_err_fix(err, "权重是入样概率的倒数，不小于 1；检查声明的 weight 字段");
        return ZH_EINVAL;
    }
    bool none = sums->wy == 0.0;
    bool all = !none && at_most(sums->w, sums->wy);
    double p = all ? 1.0 : sums->wy / sums->w;
    double n = (double)sums->n;
    double hit = sums->wwy;
    double miss = fmax(sums->ww - sums->wwy, 0.0);
    double scale = n / (n - 1.0);
    out->df = n - 1.0;
    if (variance == ZH_DESIGN_POISSON) {
        hit = fmax(hit - sums->wy, 0.0);
        miss = fmax(miss - (sums->w - sums->wy), 0.0);
        scale = 1.0;
        out->df = (double)INFINITY;
    }
    out->estimate = p;
    out->se = sqrt(scale * (hit * (1.0 - p) * (1.0 - p) + miss * p * p)) / sums->w;
    if (none || all) {
        out->se = 0.0;
        return one_sided(sums, all, confidence, &out->interval, err);
    }
    out->interval = zh_design_logit_interval(p, out->se, out->df, confidence);
    return ZH_OK;
}

zh_rc zh_design_total(uint64_t n, double wy, double wy_squares, double confidence,
                      zh_design_estimate *out, zh_err *err)
{
    zh_rc rc = check(n, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double size = (double)n;
    if (!isfinite(wy) || !isfinite(wy_squares) || !at_most(wy * wy / size, wy_squares)) {
        return zh_err_set(err, ZH_EINVAL, "design.sums", "加权值的合计与平方和互相矛盾");
    }
    double squares = fmax(wy_squares - wy * wy / size, 0.0);
    out->estimate = wy;
    out->se = sqrt(size / (size - 1.0) * squares);
    out->df = size - 1.0;
    double half = t_quantile(confidence, out->df) * out->se;
    out->interval = (zh_interval){wy - half, wy + half};
    return ZH_OK;
}
