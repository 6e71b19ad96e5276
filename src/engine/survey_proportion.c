/* Intervals of a proportion from a design. */
#include "engine/design.h"
#include "engine/survey.h"
#include "num/beta.h"
#include "num/normal.h"
#include <math.h>

static double t_quantile(double confidence, double df)
{
    double p = 0.5 + confidence / 2.0;
    return isinf(df) ? zh_normal_quantile(p) : zh_student_quantile(p, df);
}

/* The profile of the working likelihood at the log odds b, as a signed root: the deviance grows by
 * z^2 times the dispersion n/(n - 1). ones and zeros are sums of weights with mean 1. */
struct profile {
    double ones, zeros, best, dispersion;
};

static double deviance(const struct profile *p, double b)
{
    /* -2 log likelihood: log(1 + exp(b)) and log(1 + exp(-b)) without overflow. */
    double up = b > 0.0 ? b + log1p(exp(-b)) : log1p(exp(b));
    return 2.0 * (p->ones * (up - b) + p->zeros * up);
}

static double root_at(const struct profile *p, double b)
{
    double rise = (deviance(p, b) - deviance(p, p->best)) / p->dispersion;
    double z = sqrt(fmax(rise, 0.0));
    return b < p->best ? -z : z;
}

static double solve_profile(const struct profile *p, double z)
{
    double near = p->best;
    double far = p->best + (z < 0.0 ? -1.0 : 1.0);
    for (int i = 0; i < 60 && fabs(root_at(p, far)) < fabs(z); i++) {
        near = far;
        far = p->best + 2.0 * (far - p->best);
    }
    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (near + far);
        if (fabs(root_at(p, middle)) < fabs(z)) {
            near = middle;
        } else {
            far = middle;
        }
    }
    return 0.5 * (near + far);
}

enum { PROFILE_STEPS = 9, PROFILE_POINTS = 2 * PROFILE_STEPS + 1 };

/* Second derivatives over 2 and third over 6 at the knots of the cubic spline whose end pieces have
 * the third derivative of the cubic through the four outer points: G. E. Forsythe, M. A. Malcolm,
 * C. B. Moler, Computer Methods for Mathematical Computations, 1977, section 4.4. */
struct spline {
    size_t n;
    double x[PROFILE_POINTS], y[PROFILE_POINTS];
    double b[PROFILE_POINTS], c[PROFILE_POINTS], d[PROFILE_POINTS];
};

/* Divided difference of order 3 over the points i … i + 3. */
static double third_difference(const struct spline *s, size_t i)
{
    const double *x = s->x;
    double f[4];
    for (size_t k = 0; k < 4; k++) {
        f[k] = s->y[i + k];
    }
    for (size_t order = 1; order < 4; order++) {
        for (size_t k = 0; k + order < 4; k++) {
            f[k] = (f[k + 1] - f[k]) / (x[i + k + order] - x[i + k]);
        }
    }
    return f[0];
}

/* Tridiagonal system for m_i = second derivative/6; needs at least four points. */
static void fit_spline(struct spline *s)
{
    size_t n = s->n;
    double h[PROFILE_POINTS] = {0};
    double diagonal[PROFILE_POINTS];
    double right[PROFILE_POINTS];
    for (size_t i = 0; i + 1 < n; i++) {
        h[i] = s->x[i + 1] - s->x[i];
    }
    diagonal[0] = -h[0];
    diagonal[n - 1] = -h[n - 2];
    right[0] = third_difference(s, 0) * h[0] * h[0];
    right[n - 1] = -third_difference(s, n - 4) * h[n - 2] * h[n - 2];
    for (size_t i = 1; i + 1 < n; i++) {
        diagonal[i] = 2.0 * (h[i - 1] + h[i]);
        right[i] = (s->y[i + 1] - s->y[i]) / h[i] - (s->y[i] - s->y[i - 1]) / h[i - 1];
    }
    for (size_t i = 1; i < n; i++) {
        double factor = h[i - 1] / diagonal[i - 1];
        diagonal[i] -= factor * h[i - 1];
        right[i] -= factor * right[i - 1];
    }
    double *m = s->c;
    m[n - 1] = right[n - 1] / diagonal[n - 1];
    for (size_t i = n - 1; i-- > 0;) {
        m[i] = (right[i] - h[i] * m[i + 1]) / diagonal[i];
    }
    for (size_t i = 0; i + 1 < n; i++) {
        s->b[i] = (s->y[i + 1] - s->y[i]) / h[i] - h[i] * (m[i + 1] + 2.0 * m[i]);
        s->d[i] = (m[i + 1] - m[i]) / h[i];
    }
    for (size_t i = 0; i < n; i++) {
        m[i] *= 3.0;
    }
}

static double spline_at(const struct spline *s, double x)
{
    size_t i = 0;
    while (i + 2 < s->n && x >= s->x[i + 1]) {
        i++;
    }
    double t = x - s->x[i];
    return s->y[i] + t * (s->b[i] + t * (s->c[i] + t * s->d[i]));
}

/* Abscissa where the spline, read at 3 n equally spaced points and joined by lines, reaches z. */
static double read_spline(const struct spline *s, double z)
{
    size_t points = 3 * s->n;
    double width = s->x[s->n - 1] - s->x[0];
    double x = s->x[0];
    double y = spline_at(s, x);
    for (size_t i = 1; i < points; i++) {
        double next = s->x[0] + width * (double)i / (double)(points - 1);
        double value = spline_at(s, next);
        if (y <= z && z <= value) {
            return x + (next - x) * (z - y) / (value - y);
        }
        x = next;
        y = value;
    }
    return (double)NAN;
}

/* Ends for the signed root -+ z, reached in steps of a fifth of the widest root needed. */
static zh_interval profile_interval(const struct profile *p, double se, double z, double widest)
{
    struct spline s = {0};
    double below[PROFILE_STEPS];
    size_t down = 0;
    double step = widest / 5.0 * se;
    while (down < PROFILE_STEPS && (down == 0 || -root_at(p, below[down - 1]) < widest)) {
        below[down] = p->best - (double)(down + 1) * step;
        down++;
    }
    for (size_t i = down; i-- > 0;) {
        s.x[s.n++] = below[i];
    }
    s.x[s.n++] = p->best;
    for (size_t i = 1; i <= PROFILE_STEPS && (i == 1 || root_at(p, s.x[s.n - 1]) < widest); i++) {
        s.x[s.n++] = p->best + (double)i * step;
    }
    for (size_t i = 0; i < s.n; i++) {
        s.y[i] = root_at(p, s.x[i]);
    }
    if (s.n < 4) {
        return (zh_interval){(double)NAN, (double)NAN};
    }
    fit_spline(&s);
    return (zh_interval){read_spline(&s, -z), read_spline(&s, z)};
}

static double expit(double b)
{
    return 1.0 / (1.0 + exp(-b));
}

static double sum_of(const double *w, const double *y, size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += y == NULL || y[k] != 0.0 ? w[k] : 0.0;
    }
    return sum;
}

static double binomial_deviance(double w, double y, double mu)
{
    return -2.0 * w * log(y != 0.0 ? mu : 1.0 - mu);
}

/* mu (1 - mu) at which the reference implementation evaluates its working information: that before
 * the last step of the iteratively reweighted fit of a constant, started at
 * (w y + 1/2)/(w + 1) and stopped when the deviance changes by less than 1e-8 (P. McCullagh,
 * J. A. Nelder, Generalized Linear Models, 1989, 2.5). It differs from p (1 - p) by about 1e-6. */
static double working_spread(const zh_survey_design *d, const double *y, double scale)
{
    double information = 0.0;
    double score = 0.0;
    double before = 0.0;
    for (size_t k = 0; k < d->n; k++) {
        double w = d->weight[k] * scale;
        double mu = (w * y[k] + 0.5) / (w + 1.0);
        information += w * mu * (1.0 - mu);
        score += w * (mu * (1.0 - mu) * log(mu / (1.0 - mu)) + y[k] - mu);
        before += binomial_deviance(w, y[k], mu);
    }
    double eta = score / information;
    information /= (double)d->n;
    double ones = sum_of(d->weight, y, d->n) * scale;
    double all = (double)d->n;
    double mu = expit(eta);
    for (int i = 0; i < 25; i++) {
        double now = binomial_deviance(ones, 1.0, mu) + binomial_deviance(all - ones, 0.0, mu);
        double spread = mu * (1.0 - mu);
        if (fabs(now - before) < 1e-8 * (fabs(now) + 0.1)) {
            break;
        }
        information = spread;
        before = now;
        eta += (ones / all - mu) / spread;
        mu = expit(eta);
    }
    return information;
}

static void likelihood(const zh_survey_design *d, const double *y, double t,
                       zh_survey_proportion *out)
{
    double n = (double)d->n;
    double p = out->mean.estimate;
    double scale = n / sum_of(d->weight, NULL, d->n);
    double ones = sum_of(d->weight, y, d->n) * scale;
    struct profile profile = {ones, n - ones, log(p / (1.0 - p)), n / (n - 1.0)};
    double se = out->mean.se / (p * (1.0 - p));
    /* The design variance of the log odds over that of the working likelihood scales the root. */
    double exact = t * se * sqrt(n * p * (1.0 - p));
    double z = t * se * sqrt(n * working_spread(d, y, scale));
    double alpha = zh_normal_cdf(-z) / 2.0;
    out->likelihood_exact = (zh_interval){expit(solve_profile(&profile, -exact)),
                                          expit(solve_profile(&profile, exact))};
    out->likelihood = (zh_interval){(double)NAN, (double)NAN};
    if (alpha > 1e-300) {
        double widest = -zh_student_quantile(alpha / 2.0, n - 1.0);
        zh_interval ends = profile_interval(&profile, se, z, widest);
        out->likelihood = (zh_interval){expit(ends.lower), expit(ends.upper)};
    }
}

/* Clopper-Pearson with a sample size that need not be an integer. */
static zh_interval effective_beta(double p, double size, double confidence)
{
    double tail = (1.0 - confidence) / 2.0;
    double hits = p * size;
    double misses = (1.0 - p) * size;
    return (zh_interval){hits > 0.0 ? zh_beta_quantile(tail, hits, misses + 1.0) : 0.0,
                         misses > 0.0 ? zh_beta_quantile_upper(tail, hits + 1.0, misses) : 1.0};
}

static double squared_sine(double angle)
{
    double s = sin(angle);
    return s * s;
}

zh_rc zh_survey_proportion_of(zh_arena *arena, const zh_survey_design *d, const double *y,
                              double confidence, zh_survey_proportion *out, zh_err *err)
{
    const zh_interval none = {(double)NAN, (double)NAN};
    for (size_t k = 0; k < d->n; k++) {
        if (y[k] != 0.0 && y[k] != 1.0) {
            return zh_err_set(err, ZH_EINVAL, "survey.proportion", "第 %zu 个 y 是 %g，要 0 或 1",
                              k + 1, y[k]);
        }
    }
    zh_rc rc = zh_survey_mean(arena, d, y, confidence, &out->mean, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double p = out->mean.estimate;
    double n = (double)d->n;
    out->logit = out->likelihood = out->likelihood_exact = none;
    if (out->mean.df < 1.0 || n < 2.0) {
        return zh_err_set(err, ZH_EINVAL, "survey.df",
                          "单元数不大于层数，没有自由度，不能给出区间");
    }
    double t = t_quantile(confidence, out->mean.df);
    double shrink = t_quantile(confidence, n - 1.0) / t;
    double spread = p * (1.0 - p);
    bool inside = p > 0.0 && p < 1.0 && out->mean.se > 0.0;
    double angle = asin(sqrt(fmin(p, 1.0)));
    double half = inside ? t * out->mean.se / (2.0 * sqrt(spread)) : 0.0;
    double size = inside ? spread / (out->mean.se * out->mean.se) : n;
    out->asin = (zh_interval){squared_sine(angle - half), squared_sine(angle + half)};
    out->beta = effective_beta(fmin(p, 1.0), size * shrink * shrink, confidence);
    if (!(out->mean.se > 0.0) && p > 0.0 && p < 1.0) {
        zh_interval all = {p, p}; /* nothing is left undrawn */
        out->logit = out->likelihood = out->likelihood_exact = out->beta = out->asin = all;
    }
    if (inside) {
        out->logit = zh_design_logit_interval(p, out->mean.se, out->mean.df, confidence);
        likelihood(d, y, t, out);
    }
    return ZH_OK;
}
