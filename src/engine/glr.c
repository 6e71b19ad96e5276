/* Generalised likelihood ratio charts for Poisson and negative binomial counts, and the CUSUM of
 * log-likelihood ratios for a known shift. The API is in ews.h. */
#include "engine/ews.h"
#include <float.h>
#include <math.h>

#define NEWTON_STEPS_MAX 200
#define NEWTON_EPSILON   1e-12
#define SHIFT_MAX        50.0 /* |kappa|: beyond it a likelihood no longer moves */
#define LAMBDA_STEP      0x1p-20
#define LAMBDA_MAX       0x1p40

/* The counts since the last alarm. */
struct chart {
    const zh_count_glr *glr;
    const double *x, *mu;
    double previous; /* the count before x[0] */
};

static double before(const struct chart *c, size_t i)
{
    return i > 0 ? c->x[i - 1] : c->previous;
}

/* First and second derivative of the log-likelihood of the points k … n in the parameter: the size
 * of the shift kappa, in the direction looked for, or lambda. */
static void derivatives(const struct chart *c, size_t k, size_t n, double at, double *first,
                        double *second)
{
    double alpha = c->glr->alpha;
    double sign = c->glr->decrease ? -1.0 : 1.0;
    double factor = exp(sign * at);
    *first = *second = 0.0;
    for (size_t i = k; i <= n; i++) {
        double x = c->x[i];
        double mu = c->mu[i];
        if (!c->glr->epidemic) {
            double q = 1.0 + alpha * factor * mu;
            *first += sign * (x - factor * mu) / q;
            *second -= factor * mu * (1.0 + alpha * x) / (q * q);
            continue;
        }
        double p = before(c, i);
        double m = mu + at * p;
        double v = m * (1.0 + alpha * m);
        *first += p * (x - m) / v;
        *second -= p * p * (v + (x - m) * (1.0 + 2.0 * alpha * m)) / (v * v);
    }
}

/* The parameter between low, where the first derivative is positive, and high, where it is not (or
 * infinity): Newton's method kept inside the bracket. */
static double climb(const struct chart *c, size_t k, size_t n, double low, double high)
{
    double at = low;
    double first;
    double second;
    double limit = c->glr->epidemic ? LAMBDA_MAX : SHIFT_MAX;
    derivatives(c, k, n, at, &first, &second);
    for (int step = 0; step < NEWTON_STEPS_MAX && at < limit; step++) {
        double next = second < 0.0 ? at - first / second : -1.0;
        if (!(next > low && next < high)) {
            next = isinf(high) ? 2.0 * at + 1.0 : 0.5 * (low + high);
        }
        if (fabs(next - at) <= NEWTON_EPSILON * (1.0 + at)) {
            return next;
        }
        at = next;
        derivatives(c, k, n, at, &first, &second);
        if (first > 0.0) {
            low = at;
        } else {
            high = at;
        }
    }
    return at;
}

/* Log-likelihood ratio of the points k … n at the parameter. */
static double ratio_at(const struct chart *c, size_t k, size_t n, double at)
{
    double alpha = c->glr->alpha;
    double shift = c->glr->decrease ? -at : at;
    double factor = exp(shift);
    double sum = 0.0;
    for (size_t i = k; i <= n; i++) {
        double mu = c->mu[i];
        double m = c->glr->epidemic ? mu + at * before(c, i) : factor * mu;
        double log_factor = c->glr->epidemic ? log(m / mu) : shift;
        if (alpha > 0.0) {
            sum += c->x[i] * log_factor +
                   (c->x[i] + 1.0 / alpha) * log((1.0 + alpha * mu) / (1.0 + alpha * m));
        } else {
            sum += c->x[i] * log_factor - (m - mu);
        }
    }
    return sum;
}

/* The epidemic chart of negative binomial counts: the likelihood may have several maxima; each is
 * climbed that shows between neighbouring steps of the parameter. */
static double epidemic_supremum(const struct chart *c, size_t k, size_t n)
{
    double largest = 0.0;
    double low = 0.0;
    double second;
    double rises;
    derivatives(c, k, n, 0.0, &rises, &second);
    for (double high = LAMBDA_STEP; high < LAMBDA_MAX; high *= 2.0) {
        double after;
        derivatives(c, k, n, high, &after, &second);
        if (rises > 0.0 && after <= 0.0) {
            largest = fmax(largest, ratio_at(c, k, n, climb(c, k, n, low, high)));
        }
        low = high;
        rises = after;
    }
    return largest;
}

/* Poisson, shift of the intercept: the supremum has a closed form in the two sums. */
static double poisson_supremum(double x, double mu, bool decrease)
{
    if (x == 0.0) {
        return decrease ? mu : 0.0;
    }
    double kappa = log(x / mu);
    return (decrease ? kappa < 0.0 : kappa > 0.0) ? kappa * x - (x - mu) : 0.0;
}

static double poisson_statistic(const struct chart *c, size_t n, size_t low, size_t up)
{
    double x = 0.0;
    double mu = 0.0;
    double largest = 0.0;
    for (size_t k = n + 1; k-- > low;) {
        x += c->x[k];
        mu += c->mu[k];
        if (k <= up) {
            largest = fmax(largest, poisson_supremum(x, mu, c->glr->decrease));
        }
    }
    return largest;
}

/* Change points from n back to low; the derivative at 0 grows by one point each time, and only
 * where it is positive is there anything to climb: those likelihoods are concave. */
static double climbed_statistic(const struct chart *c, size_t n, size_t low, size_t up)
{
    double first = 0.0;
    double cases = 0.0;
    double largest = 0.0;
    for (size_t k = n + 1; k-- > low;) {
        double d1;
        double d2;
        derivatives(c, k, k, 0.0, &d1, &d2);
        first += d1;
        cases += c->x[k];
        if (k <= up && c->glr->epidemic && c->glr->alpha > 0.0) {
            largest = fmax(largest, epidemic_supremum(c, k, n));
        } else if (k <= up && first > 0.0) {
            bool none = c->glr->decrease && cases == 0.0; /* the supremum is the limit */
            double at = none ? SHIFT_MAX : climb(c, k, n, 0.0, (double)INFINITY);
            largest = fmax(largest, ratio_at(c, k, n, at));
        }
    }
    return largest;
}

/* The statistic of point n, or 0 where too few points have passed. */
static double statistic(const struct chart *c, size_t n)
{
    const zh_count_glr *g = c->glr;
    bool windowed = g->window > 0;
    size_t window = windowed ? (size_t)g->window : 0;
    size_t low = windowed && n > window ? n - window : 0;
    if (g->alpha > 0.0 || g->epidemic) {
        return n + 1 < g->at_least ? 0.0 : climbed_statistic(c, n, low, n + 1 - g->at_least);
    }
    if (windowed) {
        return n < g->at_least ? 0.0 : poisson_statistic(c, n, low, n - g->at_least);
    }
    return n + 1 < g->at_least ? 0.0 : poisson_statistic(c, n, 0, n);
}

/* Log-likelihood ratio of one count for the known shift. */
static double known_ratio(const zh_count_glr *g, double x, double mu)
{
    double m = mu * exp(g->theta);
    return g->alpha > 0.0 ? g->theta * x + (x + 1.0 / g->alpha) *
                                               log((1.0 + g->alpha * mu) / (1.0 + g->alpha * m))
                          : g->theta * x + mu - m;
}

static zh_rc refuse(zh_err *err, const char *what)
{
    return zh_err_set(err, ZH_EINVAL, "ews.setting", "%s", what);
}

static zh_rc check(const double *mean, size_t n, const zh_count_glr *g, zh_err *err)
{
    if (!(g->alpha >= 0.0 && g->alpha <= 1e6)) {
        return refuse(err, "alpha（负二项的离散参数）要在 0 到 1e6 之间");
    }
    if (!(g->threshold > 0.0 && isfinite(g->threshold))) {
        return refuse(err, "threshold（报警界限）要大于 0");
    }
    if (g->known && !(fabs(g->theta) <= SHIFT_MAX && fabs(g->theta) > 0.0)) {
        return refuse(err, "theta（已知变化的对数）不能是 0，绝对值不超过 50");
    }
    if (g->at_least < 1 || g->window == 0 || g->window < -1 ||
        (g->window > 0 && (size_t)g->window < g->at_least)) {
        return refuse(err, "Mtilde 要不小于 1；M 要不小于 Mtilde，或为 -1（不限）");
    }
    if (g->epidemic && g->decrease) {
        return refuse(err, "流行型变化（epi）只能向上（inc）");
    }
    for (size_t i = 0; i < n; i++) {
        if (!(mean[i] > 0.0 && mean[i] <= ZH_EWS_COUNT_MAX)) {
            zh_err_set(err, ZH_EINVAL, "ews.mean", "第 %zu 个时点的受控均值 mu0 不大于 0", i + 1);
            zh_err_where(err, "mu0[%zu]", i + 1);
            return ZH_EINVAL;
        }
    }
    double points = (double)n;
    double back = g->window > 0 ? fmin((double)g->window, points) : points;
    bool climbs = !g->known && (g->alpha > 0.0 || g->epidemic);
    double work =
        g->known
            ? points
            : points * back * (climbs ? (g->epidemic && g->alpha > 0.0 ? 30.0 : 3.0) * back : 1.0);
    if (work > ZH_EWS_WORK_MAX) {
        zh_err_set(err, ZH_ELIMIT, "ews.work", "序列太长：%zu 个时点，每点要比较 %.0f 个变点", n,
                   back);
        zh_err_fix(err, "用 M 限定回看的时点数");
        return ZH_ELIMIT;
    }
    return ZH_OK;
}

zh_rc zh_count_glr_run(const double *counts, const double *mean, size_t n, const zh_count_glr *glr,
                       double *value, bool *alarm, zh_err *err)
{
    zh_rc rc = check(mean, n, glr, err);
    if (rc != ZH_OK) {
        return rc;
    }
    /* surveillance: the charts of a known shift and of a Poisson epidemic must pass the threshold
     */
    bool strict = glr->known || (glr->epidemic && glr->alpha == 0.0);
    struct chart c = {glr, counts, mean, 0.0};
    size_t start = 0;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (glr->known) {
            sum = fmax(0.0, sum + known_ratio(glr, counts[i], mean[i]));
        }
        value[i] = glr->known ? sum : statistic(&c, i - start);
        alarm[i] = strict ? value[i] > glr->threshold : value[i] >= glr->threshold;
        if (alarm[i]) {
            start = i + 1;
            sum = 0.0;
            c = (struct chart){glr, counts + start, mean + start, counts[i]};
        }
    }
    return ZH_OK;
}
