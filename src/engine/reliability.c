/* Weibull fits, Kaplan-Meier, exponential intervals, growth models, test planning. */
#include "engine/reliability.h"
#include "num/beta.h"
#include "num/distribution.h"
#include "num/normal.h"
#include <math.h>
#include <stdlib.h>

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

/* Interval of a positive quantity whose logarithm is uncertain by -+ half. */
static zh_interval log_interval(double center, double half)
{
    double lower = center * exp(-half);
    double upper = center * exp(half);
    return (zh_interval){lower, upper};
}

static zh_rc check_confidence(double confidence, zh_err *err)
{
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "reliability.confidence", "置信水平 %g 不在 0 与 1 之间",
                          confidence);
    }
    return ZH_OK;
}

static zh_rc check_times(const double *time, size_t n, double lower, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!(time[i] > lower) || isinf(time[i])) {
            return zh_err_set(err, ZH_EINVAL, "reliability.time", "第 %zu 个时间 %g 不是正数",
                              i + 1, time[i]);
        }
    }
    return ZH_OK;
}

/* ---- Weibull, maximum likelihood ---- */

/* Times as x = ln t - center with center = the largest ln t, so that powers never overflow. */
struct logs {
    double *x;
    const int64_t *event;
    size_t n, events;
    double center;
    double mean_event; /* of x over the failures */
    double sd;         /* of x over all units */
};

/* Sums of u, u x, u x^2 with u = exp(b x), of all units. */
struct moments {
    double s0, s1, s2;
};

static struct moments moments_at(const struct logs *d, double b)
{
    struct moments m = {0};
    for (size_t i = 0; i < d->n; i++) {
        double u = exp(b * d->x[i]);
        m.s0 += u;
        m.s1 += u * d->x[i];
        m.s2 += u * d->x[i] * d->x[i];
    }
    return m;
}

/* Solves b (s1/s0 - mean_event) = 1 for b, the profile equation times b: near the solution almost a
 * straight line. s1/s0 increases to 0 (the largest x) and mean_event is negative, so the left side
 * passes 1 once. Starts at the shape that the standard deviation of log times would have in a
 * complete sample; a Newton step below 1e-8 leaves an error of its square. */
static double solve_shape(const struct logs *d)
{
    const double unit_sd = 1.2825498301618641; /* pi/sqrt 6 */
    double low = 0.0;
    double high = (double)INFINITY;
    double b = d->sd > 0.0 ? unit_sd / d->sd : -1.0 / d->mean_event;
    for (int i = 0; i < 200; i++) {
        struct moments m = moments_at(d, b);
        double mean = m.s1 / m.s0;
        double value = b * (mean - d->mean_event) - 1.0;
        double slope = mean - d->mean_event + b * (m.s2 / m.s0 - mean * mean);
        low = value < 0.0 ? b : low;
        high = value < 0.0 ? high : b;
        double next = slope > 0.0 ? b - value / slope : -1.0;
        double enough = 1e-8;
        if (!(next > low && next < high)) {
            next = value == 0.0 ? b : isinf(high) ? 2.0 * b : 0.5 * (low + high);
            enough = 1e-15;
        }
        if (fabs(next - b) <= enough * b) {
            return next;
        }
        b = next;
    }
    return b;
}

static zh_rc read_logs(zh_arena *arena, const double *time, const int64_t *event, size_t n,
                       struct logs *d, zh_err *err)
{
    zh_rc rc = check_times(time, n, 0.0, err);
    *d = (struct logs){
        .x = ZH_TRY_N(arena, double, n + 1), .event = event, .n = n, .center = -(double)INFINITY};
    if (rc != ZH_OK || d->x == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        d->x[i] = log(time[i]);
        d->center = fmax(d->center, d->x[i]);
        d->events += event[i] != 0;
    }
    if (d->events == 0) {
        zh_err_set(err, ZH_EINVAL, "reliability.censored",
                   "没有失效，全部截尾，不能估计 Weibull 参数");
        zh_err_fix(err, "已知形状参数时用 reliability.weibayes");
        return ZH_EINVAL;
    }
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        d->x[i] -= d->center;
        d->mean_event += event[i] != 0 ? d->x[i] : 0.0;
        sum += d->x[i];
        squares += d->x[i] * d->x[i];
    }
    d->mean_event /= (double)d->events;
    d->sd = sqrt(fmax(squares - sum * sum / (double)n, 0.0) / (double)n);
    if (d->mean_event > -1e-12) {
        return zh_err_set(err, ZH_EINVAL, "reliability.degenerate",
                          "失效都发生在最大的那个时间，似然没有最大值，不能估计形状参数");
    }
    return ZH_OK;
}

zh_rc zh_weibull_mle(zh_arena *arena, const double *time, const int64_t *event, size_t n,
                     double confidence, zh_weibull_fit *out, zh_err *err)
{
    struct logs d;
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK) {
        rc = read_logs(arena, time, event, n, &d, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double r = (double)d.events;
    double b = solve_shape(&d);
    struct moments m = moments_at(&d, b);
    double log_scale = log(m.s0 / r) / b; /* of x */
    double mean = m.s1 / m.s0;
    double square = m.s2 / m.s0;
    out->shape = b;
    out->scale = exp(log_scale + d.center);
    out->events = d.events;
    out->confidence = confidence;
    /* sum over failures of ln b - ln t + z - e^z, over the others of -e^z, z = b (x - log scale);
     * the e^z sum to r. */
    out->loglik = r * (log(b) + b * (d.mean_event - log_scale) - d.mean_event - d.center) - r;
    /* Observed information in (log scale, log shape): with z as above, sum e^z = r,
     * sum z e^z = r b (mean - log scale) = k1, sum z^2 e^z = k2: [b^2 r, -b k1'; …]. */
    double k1 = r * b * (mean - log_scale);
    double k2 = r * b * b * (square - 2.0 * mean * log_scale + log_scale * log_scale);
    double i_scale = b * b * r;
    double i_cross = -b * k1;
    double i_shape = r + k2;
    double determinant = i_scale * i_shape - i_cross * i_cross;
    out->se_log_scale = sqrt(i_shape / determinant);
    out->se_log_shape = sqrt(i_scale / determinant);
    out->cov_log = -i_cross / determinant;
    double z = zh_normal_quantile(0.5 + confidence / 2.0);
    out->shape_ci = log_interval(b, z * out->se_log_shape);
    out->scale_ci = log_interval(out->scale, z * out->se_log_scale);
    return ZH_OK;
}

double zh_weibull_quantile(const zh_weibull_fit *fit, double p, zh_interval *interval)
{
    zh_assert(p > 0.0 && p < 1.0);
    double w = log(-log1p(-p)) / fit->shape; /* log t = log scale + w */
    double t = fit->scale * exp(w);
    double variance = fit->se_log_scale * fit->se_log_scale +
                      w * w * fit->se_log_shape * fit->se_log_shape - 2.0 * w * fit->cov_log;
    double half = zh_normal_quantile(0.5 + fit->confidence / 2.0) * sqrt(fmax(variance, 0.0));
    *interval = log_interval(t, half);
    return t;
}

/* ---- Weibull, median ranks ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *sorted(zh_arena *arena, const double *v, size_t n)
{
    double *out = ZH_TRY_N(arena, double, n + 1);
    for (size_t i = 0; i < n && out != NULL; i++) {
        out[i] = v[i];
    }
    if (out != NULL) {
        zh_sort(out, n, sizeof(*out), ascending);
    }
    return out;
}

static double position_of(zh_rank_position kind, double i, double n)
{
    switch (kind) {
    case ZH_RANK_BETA: return zh_beta_quantile(0.5, i, n - i + 1.0);
    case ZH_RANK_BENARD: return (i - 0.3) / (n + 0.4);
    case ZH_RANK_MEAN: return i / (n + 1.0);
    case ZH_RANK_HAZEN: return (i - 0.5) / n;
    case ZH_RANK_BLOM: return (i - 0.375) / (n + 0.25);
    case ZH_RANK_KAPLAN_MEIER: break;
    }
    return i > n - 0.5 ? i / (n + 0.001) : i / n;
}

/* Least-squares line of y on x: slope, intercept, r^2. */
struct line {
    double slope, intercept, r2;
};

static struct line fit_line(const double *x, const double *y, size_t n)
{
    double mx = 0.0;
    double my = 0.0;
    double xx = 0.0;
    double xy = 0.0;
    double yy = 0.0;
    for (size_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
        yy += (y[i] - my) * (y[i] - my);
    }
    return (struct line){xy / xx, my - xy / xx * mx, yy > 0.0 ? xy / xx * (xy / yy) : 1.0};
}

/* Johnson's adjusted ranks: after a suspension the step grows to (n + 1 - rank)/(1 + units left).
 */
static void adjust_ranks(zh_weibull_ranks *out, const double *suspended, size_t suspensions)
{
    double total = (double)(out->n + suspensions);
    double rank = 0.0;
    double step = 1.0;
    size_t gone = 0;
    size_t used = 0;
    for (size_t i = 0; i < out->n; i++) {
        size_t before = used;
        while (used < suspensions && suspended[used] < out->time[i]) {
            used++;
        }
        gone += used - before;
        if (used != before) {
            step = (total + 1.0 - rank) / (1.0 + total - (double)gone);
        }
        rank += step;
        out->rank[i] = rank;
        gone++;
    }
}

zh_rc zh_weibull_rank_regression(zh_arena *arena, const double *failures, size_t n,
                                 const double *suspensions, size_t suspended,
                                 zh_rank_position position, zh_rank_regression regression,
                                 zh_weibull_ranks *out, zh_err *err)
{
    zh_rc rc = check_times(failures, n, 0.0, err);
    if (rc == ZH_OK) {
        rc = check_times(suspensions, suspended, 0.0, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    *out = (zh_weibull_ranks){.n = n,
                              .time = sorted(arena, failures, n),
                              .rank = ZH_TRY_N(arena, double, n + 1),
                              .position = ZH_TRY_N(arena, double, n + 1)};
    double *later = sorted(arena, suspensions, suspended);
    double *x = ZH_TRY_N(arena, double, n + 1);
    double *y = ZH_TRY_N(arena, double, n + 1);
    if (out->time == NULL || out->rank == NULL || out->position == NULL || later == NULL ||
        x == NULL || y == NULL) {
        return no_memory(err);
    }
    if (n < 2 || out->time[0] == out->time[n - 1]) {
        return zh_err_set(err, ZH_EINVAL, "reliability.failures",
                          "至少要 2 个不同的失效时间才能定一条线");
    }
    adjust_ranks(out, later, suspended);
    for (size_t i = 0; i < n; i++) {
        out->position[i] = position_of(position, out->rank[i], (double)(n + suspended));
        x[i] = log(out->time[i]);
        y[i] = log(-log1p(-out->position[i]));
    }
    struct line line = regression == ZH_REGRESS_X_ON_Y ? fit_line(y, x, n) : fit_line(x, y, n);
    out->beta = regression == ZH_REGRESS_X_ON_Y ? 1.0 / line.slope : line.slope;
    out->eta = exp(regression == ZH_REGRESS_X_ON_Y ? line.intercept : -line.intercept / line.slope);
    out->r2 = line.r2;
    return ZH_OK;
}

/* ---- Kaplan-Meier ---- */

struct life {
    double time;
    bool failed;
};

static int by_time(const void *a, const void *b)
{
    const struct life *x = a;
    const struct life *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

static zh_interval transformed(double s, double se, double z, bool log_log)
{
    if (!(s > 0.0) || (log_log && s >= 1.0)) {
        return (zh_interval){(double)NAN, (double)NAN};
    }
    if (!log_log) {
        zh_interval ends = log_interval(s, z * se);
        ends.upper = fmin(ends.upper, 1.0);
        return ends;
    }
    double center = log(-log(s));
    double half = z * se / log(s);
    return (zh_interval){exp(-exp(center - half)), exp(-exp(center + half))};
}

static void add_intervals(zh_survival_step *step, double z)
{
    double s = step->survival;
    double half = s > 0.0 ? z * step->se_log * s : (double)NAN;
    step->log = transformed(s, step->se_log, z, false);
    step->log_log = transformed(s, step->se_log, z, true);
    step->plain = (zh_interval){(double)NAN, (double)NAN};
    if (s > 0.0) {
        step->plain.lower = fmax(s - half, 0.0);
        step->plain.upper = fmin(s + half, 1.0);
    }
}

/* Middle of the stretch on which the curve is 1/2, or where it jumps across. */
static double median_of(const zh_survival *s)
{
    const double tolerance = 1.5e-8;
    size_t i = 0;
    while (i < s->n && s->steps[i].survival > 0.5 + tolerance) {
        i++;
    }
    if (i == s->n) {
        return (double)NAN;
    }
    size_t j = i;
    while (j < s->n && s->steps[j].survival > 0.5 - tolerance) {
        j++;
    }
    return 0.5 * (s->steps[i].time + s->steps[j < s->n ? j : s->n - 1].time);
}

static void restricted_mean(zh_survival *s)
{
    double area = 0.0; /* right of the step */
    s->rmean_se = 0.0;
    for (size_t i = s->n; i-- > 0;) {
        const zh_survival_step *step = &s->steps[i];
        double d = (double)step->events;
        double left = (double)(step->at_risk - step->events);
        area += i + 1 < s->n ? step->survival * (s->steps[i + 1].time - step->time) : 0.0;
        s->rmean_se += left > 0.0 ? area * area * d / ((double)step->at_risk * left) : 0.0;
    }
    s->rmean = area + (s->n > 0 ? s->steps[0].time : 0.0);
    s->rmean_se = sqrt(s->rmean_se);
}

zh_rc zh_kaplan_meier(zh_arena *arena, const double *time, const int64_t *event, size_t n,
                      double confidence, zh_survival *out, zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK && n == 0) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.empty", "没有数据");
    }
    struct life *lives = ZH_TRY_N(arena, struct life, n + 1);
    *out = (zh_survival){.steps = ZH_TRY_N(arena, zh_survival_step, n + 1)};
    if (rc != ZH_OK || lives == NULL || out->steps == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        if (!(time[i] >= 0.0) || isinf(time[i])) {
            return zh_err_set(err, ZH_EINVAL, "reliability.time", "第 %zu 个时间 %g 是负数", i + 1,
                              time[i]);
        }
        lives[i] = (struct life){time[i], event[i] != 0};
    }
    zh_sort(lives, n, sizeof(*lives), by_time);
    double z = zh_normal_quantile(0.5 + confidence / 2.0);
    double survival = 1.0;
    double greenwood = 0.0;
    for (size_t i = 0; i < n;) {
        zh_survival_step *step = &out->steps[out->n++];
        *step = (zh_survival_step){.time = lives[i].time, .at_risk = n - i};
        for (; i < n && lives[i].time <= step->time; i++) {
            step->events += lives[i].failed;
            step->censored += !lives[i].failed;
        }
        double d = (double)step->events;
        double r = (double)step->at_risk;
        survival *= 1.0 - d / r;
        greenwood += d > 0.0 ? d / (r * (r - d)) : 0.0; /* infinite when all fail */
        step->survival = survival;
        step->se_log = sqrt(greenwood);
        add_intervals(step, z);
    }
    out->median = median_of(out);
    restricted_mean(out);
    return ZH_OK;
}

/* ---- exponential ---- */

zh_rc zh_exponential_mtbf(int64_t failures, double total_time, bool failure_stopped,
                          double confidence, zh_mtbf *out, zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK && (!(total_time > 0.0) || isinf(total_time) || failures < 0)) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.time", "总试验时间要大于 0，失效数要不小于 0");
    }
    if (rc == ZH_OK && failure_stopped && failures == 0) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.failures", "定数截尾试验至少有 1 个失效");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double r = (double)failures;
    double tail = (1.0 - confidence) / 2.0;
    double df = failure_stopped ? 2.0 * r : 2.0 * r + 2.0;
    double twice = 2.0 * total_time;
    out->mtbf = failures > 0 ? total_time / r : (double)INFINITY;
    out->interval.lower = twice / zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_UPPER);
    out->interval.upper = failures > 0
                              ? twice / zh_dist_chi_squared_quantile(tail, 2.0 * r, ZH_TAIL_LOWER)
                              : (double)INFINITY;
    out->lower_one_sided =
        twice / zh_dist_chi_squared_quantile(1.0 - confidence, df, ZH_TAIL_UPPER);
    return ZH_OK;
}

/* ---- growth ---- */

static zh_rc check_growth(const double *times, size_t n, double end_time, bool failure_stopped,
                          zh_err *err)
{
    size_t least = failure_stopped ? 3 : 2;
    zh_rc rc = check_times(times, n, 0.0, err);
    if (rc == ZH_OK && n < least) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.failures", "有 %zu 个失效，至少要 %zu 个", n,
                        least);
    }
    for (size_t i = 1; i < n && rc == ZH_OK; i++) {
        if (times[i] < times[i - 1]) {
            rc = zh_err_set(err, ZH_EINVAL, "reliability.order", "第 %zu 个累计时间比前一个小",
                            i + 1);
        }
    }
    if (rc == ZH_OK && (failure_stopped ? end_time != times[n - 1] : !(end_time >= times[n - 1]))) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.end",
                        failure_stopped ? "定数截尾时 end_time 要等于最后一个失效时间 %g"
                                        : "end_time 小于最后一个失效时间 %g",
                        times[n - 1]);
    }
    if (rc == ZH_OK && !(times[0] < end_time)) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.degenerate", "失效都发生在试验结束的那一刻");
    }
    return rc;
}

zh_rc zh_crow_amsaa(const double *times, size_t n, double end_time, bool failure_stopped,
                    double confidence, zh_growth *out, zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK) {
        rc = check_growth(times, n, end_time, failure_stopped, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double count = (double)n;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += log(end_time / times[i]);
    }
    out->beta = count / sum;
    out->beta_unbiased = out->beta * (failure_stopped ? count - 2.0 : count - 1.0) / count;
    out->lambda = count / pow(end_time, out->beta);
    out->mtbf_cumulative = end_time / count;
    out->mtbf_instantaneous = out->mtbf_cumulative / out->beta;
    out->mtbf_instantaneous_unbiased = out->mtbf_cumulative / out->beta_unbiased;
    out->growth_rate = 1.0 - out->beta;
    double df = failure_stopped ? 2.0 * (count - 1.0) : 2.0 * count;
    double tail = (1.0 - confidence) / 2.0;
    double scale = out->beta / (2.0 * count);
    out->beta_ci = (zh_interval){scale * zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_LOWER),
                                 scale * zh_dist_chi_squared_quantile(tail, df, ZH_TAIL_UPPER)};
    size_t m = failure_stopped ? n - 1 : n;
    out->cvm = 1.0 / (12.0 * (double)m);
    for (size_t i = 0; i < m; i++) {
        double off = pow(times[i] / end_time, out->beta_unbiased) -
                     (2.0 * (double)i + 1.0) / (2.0 * (double)m);
        out->cvm += off * off;
    }
    return ZH_OK;
}

zh_rc zh_duane_fit(zh_arena *arena, const double *times, size_t n, zh_duane *out, zh_err *err)
{
    zh_rc rc = check_times(times, n, 0.0, err);
    double *x = ZH_TRY_N(arena, double, n + 1);
    double *y = ZH_TRY_N(arena, double, n + 1);
    if (rc != ZH_OK || x == NULL || y == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && times[i] < times[i - 1]) {
            return zh_err_set(err, ZH_EINVAL, "reliability.order", "第 %zu 个累计时间比前一个小",
                              i + 1);
        }
        x[i] = log(times[i]);
        y[i] = log(times[i] / (double)(i + 1));
    }
    if (n < 2 || !(times[n - 1] > times[0])) {
        return zh_err_set(err, ZH_EINVAL, "reliability.failures", "至少要 2 个不同的失效时间");
    }
    struct line line = fit_line(x, y, n);
    out->alpha = line.slope;
    out->b = exp(line.intercept);
    out->r2 = line.r2;
    out->mtbf_instantaneous_end =
        line.slope < 1.0 ? exp(line.intercept + line.slope * x[n - 1]) / (1.0 - line.slope)
                         : (double)INFINITY;
    return ZH_OK;
}

/* ---- test planning ---- */

static zh_rc check_plan(double reliability, double confidence, int64_t failures, zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK && !(reliability > 0.0 && reliability < 1.0)) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.target", "可靠度 %g 不在 0 与 1 之间",
                        reliability);
    }
    if (rc == ZH_OK && (failures < 0 || failures >= ZH_RELIABILITY_SAMPLE_MAX)) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.failures", "允许的失效数要不小于 0");
    }
    return rc;
}

/* P(X <= failures) for n units of reliability R: I_R(n - failures, failures + 1). */
static bool demonstrates(int64_t n, int64_t failures, double reliability, double confidence)
{
    return zh_beta_cdf(reliability, (double)(n - failures), (double)failures + 1.0) <=
           (1.0 - confidence) * (1.0 + 1e-12);
}

zh_rc zh_success_run(double reliability, double confidence, int64_t failures, int64_t *n,
                     zh_err *err)
{
    zh_rc rc = check_plan(reliability, confidence, failures, err);
    if (rc != ZH_OK) {
        return rc;
    }
    int64_t low = failures + 1;
    int64_t high = ZH_RELIABILITY_SAMPLE_MAX;
    if (!demonstrates(high, failures, reliability, confidence)) {
        return zh_err_set(err, ZH_ELIMIT, "reliability.sample", "需要的样品超过 %lld 个",
                          (long long)high);
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (demonstrates(middle, failures, reliability, confidence)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *n = low;
    return ZH_OK;
}

zh_rc zh_demonstrated_reliability(int64_t n, int64_t failures, double confidence, double *out,
                                  zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK && (n < 1 || failures < 0 || failures > n)) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.sample", "要 0 ≤ failures ≤ n 且 n ≥ 1");
    }
    if (rc == ZH_OK) {
        *out = failures == n ? 0.0
                             : zh_beta_quantile(1.0 - confidence, (double)(n - failures),
                                                (double)failures + 1.0);
    }
    return rc;
}

zh_rc zh_weibayes_units(double reliability, double mission_time, double shape, double test_time,
                        double confidence, int64_t failures, int64_t *n, zh_err *err)
{
    if (!(mission_time > 0.0) || !(test_time > 0.0) || !(shape > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "reliability.time",
                          "任务时间、试验时间、形状参数要大于 0");
    }
    zh_rc rc = check_plan(reliability, confidence, failures, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double at_test = exp(log(reliability) * pow(test_time / mission_time, shape));
    if (!(at_test > 0.0)) { /* one unit more than may fail is enough */
        *n = failures + 1;
        return ZH_OK;
    }
    if (!(at_test < 1.0)) {
        return zh_err_set(err, ZH_ELIMIT, "reliability.sample", "试验时间太短，需要的样品太多");
    }
    return zh_success_run(at_test, confidence, failures, n, err);
}

zh_rc zh_weibayes_fit(const double *time, const int64_t *event, size_t n, double shape,
                      double confidence, zh_weibayes *out, zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK) {
        rc = check_times(time, n, 0.0, err);
    }
    if (rc == ZH_OK && (n == 0 || !(shape > 0.0) || isinf(shape))) {
        rc = zh_err_set(err, ZH_EINVAL, "reliability.shape", "要有数据，且形状参数大于 0");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double largest = 0.0;
    double sum = 0.0;
    *out = (zh_weibayes){0};
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, time[i]);
        out->failures += event[i] != 0;
    }
    for (size_t i = 0; i < n; i++) {
        sum += pow(time[i] / largest, shape);
    }
    double r = (double)out->failures;
    double chi = zh_dist_chi_squared_quantile(1.0 - confidence, 2.0 * r + 2.0, ZH_TAIL_UPPER);
    out->scale = r > 0.0 ? largest * pow(sum / r, 1.0 / shape) : (double)INFINITY;
    out->scale_lower = largest * pow(2.0 * sum / chi, 1.0 / shape);
    return ZH_OK;
}

zh_rc zh_exponential_test_time(double mtbf, double confidence, int64_t failures, double *out,
                               zh_err *err)
{
    zh_rc rc = check_confidence(confidence, err);
    if (rc == ZH_OK && (!(mtbf > 0.0) || isinf(mtbf) || failures < 0)) {
        rc =
            zh_err_set(err, ZH_EINVAL, "reliability.target", "MTBF 要大于 0，允许的失效数不小于 0");
    }
    if (rc == ZH_OK) {
        *out = mtbf / 2.0 *
               zh_dist_chi_squared_quantile(1.0 - confidence, 2.0 * (double)failures + 2.0,
                                            ZH_TAIL_UPPER);
    }
    return rc;
}
