/* Farrington's algorithm, original and flexible.
 *
 * The regression has a seasonal factor and, at most, one slope. Its weighted least squares step is
 * solved in closed form: means within the levels of the factor, then the slope of the points
 * centred within their level, which costs one pass over the baseline and loses no digits. */
#include "engine/ews.h"
#include "num/beta.h"
#include "num/distribution.h"
#include "num/normal.h"
#include <float.h>
#include <math.h>

#define GLM_STEPS_MAX  25
#define GLM_EPSILON    1e-8
#define TREND_YEARS    3     /* a trend asks for this many years of baseline */
#define TREND_P        0.05  /* of the original method */
#define TREND_WEIGHT   1.0   /* its threshold of residuals */
#define ALIASED        1e-22 /* share of the squares of time that is rounding error */
#define LEVERAGE_WHOLE 1e-12 /* 1 - h below this: the point fits itself */

/* The baseline of one time point, and the state of its regression. */
struct fit {
    size_t n, levels;
    double *y, *log_y, *time, *offset, *prior, *eta, *mu, *w, *z;
    uint16_t *level;
    /* by level */
    double *weight, *mean_time, *mean_z;
    /* the point that is forecast */
    double now_time, now_offset;
    uint16_t now_level;
    /* of the regression */
    bool trend, converged;
    size_t rank, rows;
    double squares; /* of time about its means: 1/squares is the unscaled variance of the slope */
    double slope, now_eta;
    double deviance;
};

zh_farrington zh_farrington_defaults(bool flexible, size_t frequency)
{
    return (zh_farrington){.flexible = flexible,
                           .frequency = frequency,
                           .b = 5,
                           .w = 3,
                           .alpha = 0.05,
                           .reweight = true,
                           .trend = true,
                           .power = ZH_FARRINGTON_TWO_THIRDS,
                           .limit_cases = 5.0,
                           .limit_points = 4,
                           .no_periods = 1,
                           .past_excluded = 3,
                           .weights_threshold = flexible ? 2.58 : TREND_WEIGHT,
                           .p_trend = TREND_P,
                           .threshold = ZH_FARRINGTON_DELTA};
}

size_t zh_farrington_first(const zh_farrington *s)
{
    size_t years = s->frequency * s->b;
    if (s->flexible) {
        return years + s->w;
    }
    return years > s->w + 1 ? years - s->w - 1 : 1;
}

/* ---- the baseline ---- */

/* Level of the seasonal factor by position in a year that begins with the window: the window is the
 * last level, the rest is cut into no_periods - 1 blocks whose lengths differ by at most one. With
 * one period only the windows belong to the baseline. UINT16_MAX: not in the baseline. */
static void season_levels(const zh_farrington *s, uint16_t *levels)
{
    size_t window = 2 * s->w + 1;
    size_t blocks = s->no_periods - 1;
    for (size_t i = 0; i < s->frequency; i++) {
        levels[i] = i < window ? (uint16_t)blocks : UINT16_MAX;
    }
    size_t at = window;
    for (size_t block = 0; block < blocks; block++) {
        size_t rest = s->frequency - window;
        size_t length = rest / blocks + (block < rest % blocks ? 1 : 0);
        for (size_t i = 0; i < length; i++) {
            levels[at++] = (uint16_t)block;
        }
    }
}

static void add_point(struct fit *f, const double *counts, const zh_farrington *s, size_t i,
                      uint16_t level)
{
    f->y[f->n] = counts[i];
    f->log_y[f->n] = counts[i] > 0.0 ? log(counts[i]) : 0.0;
    f->time[f->n] = (double)i;
    f->offset[f->n] = s->population != NULL ? log(s->population[i]) : 0.0;
    f->level[f->n] = level;
    f->n++;
}

/* Reference points of `at`, oldest first; those before the start of the series do not exist. */
static void take_baseline(struct fit *f, const double *counts, const zh_farrington *s, size_t at,
                          const uint16_t *levels)
{
    f->n = 0;
    size_t back = s->b * s->frequency + s->w;
    size_t from = at > back ? at - back : 0;
    size_t shift = at > back ? 0 : back - at; /* what the start cuts off */
    size_t end = at > s->w ? at - s->w : 0;
    for (size_t i = from; i < end; i++) {
        uint16_t level = levels[(i - from + shift) % s->frequency];
        bool in = s->flexible ? i + s->past_excluded < at : true;
        if (level != UINT16_MAX && in) {
            add_point(f, counts, s, i, level);
        }
    }
    for (size_t i = end; s->flexible && i + s->past_excluded < at; i++) {
        add_point(f, counts, s, i, (uint16_t)(s->no_periods - 1));
    }
    f->now_time = (double)at;
    f->now_offset = s->population != NULL ? log(s->population[at]) : 0.0;
    f->now_level = (uint16_t)(s->no_periods - 1);
}

/* ---- the regression ---- */

/* Weighted least squares of z on the levels and, if asked, time. */
static bool solve(struct fit *f)
{
    const double *z = f->z;
    for (size_t g = 0; g < f->levels; g++) {
        f->weight[g] = f->mean_time[g] = f->mean_z[g] = 0.0;
    }
    for (size_t i = 0; i < f->n; i++) {
        size_t g = f->level[i];
        f->weight[g] += f->w[i];
        f->mean_time[g] += f->w[i] * f->time[i];
        f->mean_z[g] += f->w[i] * z[i];
    }
    f->rank = 0;
    for (size_t g = 0; g < f->levels; g++) {
        if (f->weight[g] > 0.0) {
            f->mean_time[g] /= f->weight[g];
            f->mean_z[g] /= f->weight[g];
            f->rank++;
        }
    }
    double squares = 0.0;
    double products = 0.0;
    double whole = 0.0;
    for (size_t i = 0; f->trend && i < f->n; i++) {
        size_t g = f->level[i];
        double t = f->time[i] - f->mean_time[g];
        squares += f->w[i] * t * t;
        products += f->w[i] * t * (z[i] - f->mean_z[g]);
        whole += f->w[i] * f->time[i] * f->time[i];
    }
    f->squares = squares > ALIASED * whole ? squares : 0.0;
    f->slope = f->squares > 0.0 ? products / f->squares : 0.0;
    f->rank += f->squares > 0.0 ? 1 : 0;
    f->now_eta = f->mean_z[f->now_level] + f->slope * (f->now_time - f->mean_time[f->now_level]) +
                 f->now_offset;
    return isfinite(f->now_eta) && f->weight[f->now_level] > 0.0;
}

/* Means and deviance at eta; a mean is at least DBL_EPSILON, as in R's log link. */
static double deviance_at(struct fit *f)
{
    double sum = 0.0;
    for (size_t i = 0; i < f->n; i++) {
        double mu = fmax(exp(f->eta[i]), DBL_EPSILON);
        f->mu[i] = mu;
        double log_mu = mu > DBL_EPSILON ? f->eta[i] : log(DBL_EPSILON);
        sum += f->prior[i] * (f->y[i] * (f->log_y[i] - log_mu) - (f->y[i] - mu));
    }
    return 2.0 * sum;
}

static double start_deviance(struct fit *f)
{
    double sum = 0.0;
    for (size_t i = 0; i < f->n; i++) {
        f->mu[i] = f->y[i] + 0.1;
        f->eta[i] = log(f->mu[i]);
        sum += f->prior[i] * (f->y[i] * (f->log_y[i] - f->eta[i]) + 0.1);
    }
    return 2.0 * sum;
}

/* Fits with the weights f->prior. Afterwards w are the weights of the last step, which the variance
 * is taken from. False: the iteration broke down. */
static bool fit_glm(struct fit *f, bool trend)
{
    f->trend = trend;
    f->converged = false;
    double before = start_deviance(f);
    f->rows = 0;
    for (size_t i = 0; i < f->n; i++) {
        f->rows += f->prior[i] > 0.0 ? 1 : 0;
    }
    for (int step = 0; step < GLM_STEPS_MAX; step++) {
        for (size_t i = 0; i < f->n; i++) {
            f->w[i] = f->prior[i] * f->mu[i];
            f->z[i] = f->eta[i] - f->offset[i] + (f->y[i] - f->mu[i]) / f->mu[i];
        }
        if (!solve(f)) {
            return false;
        }
        for (size_t i = 0; i < f->n; i++) {
            size_t g = f->level[i];
            f->eta[i] = f->mean_z[g] + f->slope * (f->time[i] - f->mean_time[g]) + f->offset[i];
        }
        f->deviance = deviance_at(f);
        if (!isfinite(f->deviance)) {
            return false;
        }
        if (fabs(f->deviance - before) / (fabs(f->deviance) + 0.1) < GLM_EPSILON) {
            f->converged = true;
            break;
        }
        before = f->deviance;
    }
    return true;
}

static double degrees(const struct fit *f)
{
    return (double)f->rows - (double)f->rank;
}

/* sum of weight (y/mu - 1)^2 over the degrees of freedom: with the weights of the last step it is
 * Pearson's estimate of the dispersion. */
static double dispersion(const struct fit *f, const double *weight)
{
    double sum = 0.0;
    for (size_t i = 0; i < f->n; i++) {
        double r = (f->y[i] - f->mu[i]) / f->mu[i];
        sum += weight[i] * r * r;
    }
    return sum / degrees(f);
}

/* Unscaled variance of the linear predictor at `time` of level g. */
static double unscaled(const struct fit *f, size_t g, double time)
{
    double t = time - f->mean_time[g];
    return 1.0 / f->weight[g] + (f->squares > 0.0 ? t * t / f->squares : 0.0);
}

/* Replaces the prior weights by those of the Anscombe residuals, which sum to n. */
static void reweight(struct fit *f, double phi, double threshold)
{
    double sum = 0.0;
    for (size_t i = 0; i < f->n; i++) {
        double left = 1.0 - f->w[i] * unscaled(f, f->level[i], f->time[i]);
        double root = cbrt(f->y[i]);
        double a = 1.5 * (root * root / pow(f->mu[i], 1.0 / 6.0) - sqrt(f->mu[i]));
        double s = left > LEVERAGE_WHOLE ? a / sqrt(phi * left) : 0.0;
        f->prior[i] = s > threshold ? 1.0 / (s * s) : 1.0;
        sum += f->prior[i];
    }
    double gamma = (double)f->n / sum;
    for (size_t i = 0; i < f->n; i++) {
        f->prior[i] *= gamma;
    }
}

/* What one time point is judged by. */
struct model {
    double phi;
    double variance; /* dispersion by which the variance of the mean is scaled */
    double now_eta;
    double slope_p;
    bool trend; /* a slope was fitted */
};

/* Fit, dispersion, reweighting and refit. False: no fit converges. */
static bool estimate(struct fit *f, const zh_farrington *s, bool trend, struct model *m)
{
    for (size_t i = 0; i < f->n; i++) {
        f->prior[i] = 1.0;
    }
    bool fitted = fit_glm(f, trend);
    if (trend && !(fitted && f->converged)) {
        fitted = fit_glm(f, false);
    }
    /* the original method goes on with what 25 steps gave */
    if (!fitted || (!f->converged && s->flexible) || degrees(f) <= 0.0) {
        return false;
    }
    m->variance = dispersion(f, f->w);
    m->phi = fmax(m->variance, 1.0);
    if (s->reweight) {
        reweight(f, m->phi, s->flexible ? s->weights_threshold : TREND_WEIGHT);
        if (!fit_glm(f, f->trend) || degrees(f) <= 0.0) {
            return false;
        }
        m->variance = dispersion(f, f->w);
        m->phi = fmax(m->variance, 1.0);
    }
    double test = m->variance;
    if (s->flexible && s->reweight) {
        m->variance = test = dispersion(f, f->prior);
    } else if (!s->flexible) {
        m->variance = m->phi;
    }
    m->now_eta = f->now_eta;
    m->trend = f->trend && f->squares > 0.0;
    m->slope_p = 1.0;
    if (m->trend) {
        double square = f->slope * f->slope * f->squares / test;
        double df = degrees(f);
        m->slope_p = square > 0.0 ? zh_beta_cdf(df / (df + square), df / 2.0, 0.5) : 1.0;
    }
    return true;
}

/* Fits with the trend, and without it where it may not be kept. */
static bool choose(struct fit *f, const zh_farrington *s, struct model *m)
{
    if (!estimate(f, s, s->trend, m)) {
        return false;
    }
    if (!m->trend) {
        return true;
    }
    double largest = 0.0;
    for (size_t i = 0; i < f->n; i++) {
        largest = fmax(largest, f->y[i]);
    }
    double p = s->flexible ? s->p_trend : TREND_P;
    if (s->b >= TREND_YEARS && m->slope_p < p && exp(m->now_eta) <= largest) {
        return true;
    }
    return estimate(f, s, false, m);
}

/* ---- the threshold ---- */

static double transformed(zh_farrington_power power, double x)
{
    switch (power) {
    case ZH_FARRINGTON_NONE: return x;
    case ZH_FARRINGTON_HALF: return sqrt(x);
    case ZH_FARRINGTON_TWO_THIRDS: break;
    }
    double root = cbrt(x);
    return root * root;
}

static double back(zh_farrington_power power, double x)
{
    switch (power) {
    case ZH_FARRINGTON_NONE: return x;
    case ZH_FARRINGTON_HALF: return x * x;
    case ZH_FARRINGTON_TWO_THIRDS: break;
    }
    return x * sqrt(x);
}

/* Farrington 1996, 3.7: the forecast error on the transformed scale, by the delta method. */
static void by_delta(const struct fit *f, const struct model *m, const zh_farrington *s, double y,
                     zh_farrington_point *out)
{
    double mu = fmax(exp(m->now_eta), DBL_EPSILON);
    double se2 = m->variance * unscaled(f, f->now_level, f->now_time) * mu * mu;
    double tau = m->phi + se2 / mu;
    double se = 0.0;
    switch (s->power) {
    case ZH_FARRINGTON_NONE: se = sqrt(mu * tau); break;
    case ZH_FARRINGTON_HALF: se = sqrt(tau / 4.0); break;
    case ZH_FARRINGTON_TWO_THIRDS: se = sqrt(4.0 / 9.0 * cbrt(mu) * tau); break;
    }
    double z = -zh_normal_quantile(s->flexible ? s->alpha : fmax(s->alpha / 2.0, DBL_MIN));
    double center = transformed(s->power, mu);
    out->upper = back(s->power, center + z * se);
    out->expected = mu;
    out->p_value = zh_normal_cdf(-(transformed(s->power, y) - center) / se);
}

/* Noufaily 2013: quantile of the negative binomial with variance phi mu. */
static void by_count(const struct fit *f, const struct model *m, const zh_farrington *s, double y,
                     zh_farrington_point *out)
{
    double mu = exp(m->now_eta);
    out->expected = mu;
    if (s->threshold == ZH_FARRINGTON_MUAN) {
        double se = sqrt(m->variance * unscaled(f, f->now_level, f->now_time));
        mu = exp(m->now_eta + -zh_normal_quantile(s->alpha) * se);
    }
    if (!isfinite(mu) || mu > ZH_EWS_COUNT_MAX * 1e3) {
        out->upper = out->expected = out->p_value = (double)NAN;
    } else if (m->phi > 1.0) {
        double size = mu / (m->phi - 1.0);
        out->upper =
            zh_dist_negative_binomial_quantile(1.0 - s->alpha, size, 1.0 / m->phi, ZH_TAIL_LOWER);
        out->p_value = zh_dist_negative_binomial_cdf(y - 1.0, size, 1.0 / m->phi, ZH_TAIL_UPPER);
    } else {
        out->upper = zh_dist_poisson_quantile(1.0 - s->alpha, mu, ZH_TAIL_LOWER);
        out->p_value = zh_dist_poisson_cdf(y - 1.0, mu, ZH_TAIL_UPPER);
    }
}

static void judge(struct fit *f, const double *counts, size_t at, const zh_farrington *s,
                  zh_farrington_point *out)
{
    struct model m = {0};
    double y = counts[at];
    double recent = 0.0;
    size_t from = at + 1 > s->limit_points ? at + 1 - s->limit_points : 0;
    for (size_t i = from; i <= at; i++) {
        recent += counts[i];
    }
    if (f->n == 0 || !choose(f, s, &m)) {
        *out = (zh_farrington_point){(double)NAN, (double)NAN, (double)NAN,
                                     (double)NAN, false,       ZH_ALARM_UNKNOWN};
        return;
    }
    if (s->flexible && s->threshold != ZH_FARRINGTON_DELTA) {
        by_count(f, &m, s, y, out);
    } else {
        by_delta(f, &m, s, y, out);
    }
    out->phi = m.phi;
    out->trend = m.trend;
    bool alarm = y > out->upper && (y > 0.0 || !s->flexible);
    out->alarm = alarm ? ZH_ALARM_YES : ZH_ALARM_NO;
    if (recent < s->limit_cases) {
        out->alarm = ZH_ALARM_NO;
        out->upper = s->flexible ? (double)NAN : 0.0;
        out->expected = s->flexible ? (double)NAN : out->expected;
    }
}

/* ---- the run ---- */

static zh_rc refuse(zh_err *err, const char *what)
{
    return zh_err_set(err, ZH_EINVAL, "ews.setting", "%s", what);
}

static zh_rc check(const zh_farrington *s, size_t n, const size_t *range, size_t n_range,
                   zh_err *err)
{
    if (s->frequency < 1 || s->frequency > ZH_EWS_FREQUENCY_MAX) {
        return refuse(err, "frequency（一年的时点数）要在 1 到 3660 之间");
    }
    if (s->w >= s->frequency || 2 * s->w + 1 > s->frequency) {
        return refuse(err, "w 太大：窗口 2w+1 不能超过一年的时点数 frequency");
    }
    if (s->b < 1 || s->b > ZH_EWS_POINTS_MAX) {
        return refuse(err, "b（回看的年数）要不小于 1");
    }
    if (!(s->alpha > 0.0 && s->alpha < 1.0)) {
        return refuse(err, "alpha 要在 0 与 1 之间");
    }
    if (s->limit_points < 1 || !(s->limit_cases >= 0.0)) {
        return refuse(err, "limit54 的病例数要不小于 0，时点数要不小于 1");
    }
    if (s->flexible && (s->no_periods < 1 || s->no_periods > s->frequency - 2 * s->w)) {
        return refuse(err, "no_periods 要不小于 1，且窗口以外的时点够分成 no_periods - 1 段");
    }
    if (s->flexible && !(s->weights_threshold > 0.0)) {
        return refuse(err, "weights_threshold 要大于 0");
    }
    for (size_t i = 0; i < n_range; i++) {
        if (range[i] >= n || (s->flexible && range[i] / s->frequency < s->b)) {
            zh_err_set(err, ZH_EINVAL, "ews.range",
                       "第 %zu 个时点没有完整的参照：它之前要有 b × frequency = %zu × %zu 个时点，"
                       "且它要在序列之内（共 %zu 个）",
                       range[i] + 1, s->b, s->frequency, n);
            zh_err_fix(err, "减小 b，或从更晚的时点开始；历史短的序列可用 EARS");
            return ZH_EINVAL;
        }
    }
    for (size_t i = 0; s->population != NULL && i < n; i++) {
        if (!(s->population[i] > 0.0 && isfinite(s->population[i]))) {
            return refuse(err, "population 每个时点都要大于 0");
        }
    }
    return ZH_OK;
}

static bool rooms(zh_arena *arena, struct fit *f, size_t points, size_t levels)
{
    double **columns[] = {&f->y,   &f->log_y, &f->time, &f->offset, &f->prior,
                          &f->eta, &f->mu,    &f->w,    &f->z};
    double **by_level[] = {&f->weight, &f->mean_time, &f->mean_z};
    bool all = true;
    for (size_t i = 0; i < ZH_COUNTOF(columns); i++) {
        *columns[i] = ZH_TRY_N(arena, double, points);
        all = all && *columns[i] != NULL;
    }
    for (size_t i = 0; i < ZH_COUNTOF(by_level); i++) {
        *by_level[i] = ZH_TRY_N(arena, double, levels);
        all = all && *by_level[i] != NULL;
    }
    f->level = ZH_TRY_N(arena, uint16_t, points);
    f->levels = levels;
    return all && f->level != NULL;
}

zh_rc zh_farrington_run(zh_arena *arena, const double *counts, size_t n, const size_t *range,
                        size_t n_range, const zh_farrington *settings, zh_farrington_point *out,
                        zh_err *err)
{
    zh_farrington s = *settings;
    if (!s.flexible) {
        s.no_periods = 1;
    }
    zh_rc rc = check(&s, n, range, n_range, err);
    if (rc != ZH_OK) {
        return rc;
    }
    struct fit f = {0};
    zh_arena_mark here = zh_arena_here(arena);
    size_t points = s.b * (s.no_periods > 1 ? s.frequency : 2 * s.w + 1) + s.w + 1;
    uint16_t *levels = ZH_TRY_N(arena, uint16_t, s.frequency);
    if (levels == NULL || !rooms(arena, &f, points < n ? points : n, s.no_periods)) {
        zh_arena_rewind(arena, here);
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "序列太长，内存不够算完");
    }
    if ((double)points * (double)n_range > ZH_FARRINGTON_WORK_MAX) {
        zh_arena_rewind(arena, here);
        return zh_err_set(err, ZH_ELIMIT, "calc.size",
                          "要拟合的时点太多：%zu 个时点，每个 %zu 个参照点", n_range, points);
    }
    season_levels(&s, levels);
    for (size_t i = 0; i < n_range; i++) {
        take_baseline(&f, counts, &s, range[i], levels);
        judge(&f, counts, range[i], &s, &out[i]);
    }
    zh_arena_rewind(arena, here);
    return ZH_OK;
}
