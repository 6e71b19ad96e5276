/* BFGS on a few variables. */
#include "num/optimize.h"
#include <math.h>
#include <string.h>

#define N ZH_MINIMIZE_N_MAX

static const double decrease = 1e-4; /* of the value, as a share of what the slope promises */
static const double flatness = 0.9;  /* of the slope that may be left */

struct search {
    zh_objective objective;
    void *context;
    size_t n, evaluations, evaluations_max;
    double value;
    double x[N], gradient[N], direction[N];
    double inverse[N][N]; /* of the Hessian, approximately */
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void forget_curvature(struct search *s)
{
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < s->n; j++) {
            s->inverse[i][j] = i == j ? 1.0 : 0.0;
        }
    }
}

static double try_step(struct search *s, double step, double *x, double *gradient)
{
    for (size_t i = 0; i < s->n; i++) {
        x[i] = s->x[i] + step * s->direction[i];
    }
    s->evaluations++;
    return s->objective(x, gradient, s->context);
}

/* A step that fulfils the weak Wolfe conditions, or the best that was found; 0: none is lower. */
static double line_search(struct search *s, double *x, double *gradient, double *value)
{
    double slope = dot(s->gradient, s->direction, s->n);
    double low = 0.0;
    double high = (double)INFINITY;
    double step = 1.0;
    double best = 0.0;
    for (int i = 0; i < 60 && s->evaluations < s->evaluations_max; i++) {
        double next = try_step(s, step, x, gradient);
        double share = 0.5; /* of the bracket, where the next trial lies */
        if (!isfinite(next) || next > s->value + decrease * step * slope) {
            high = step;
            if (low == 0.0 && isfinite(next)) { /* the minimum of the parabola, 3.58 */
                double parabola = -0.5 * slope * step / (next - s->value - slope * step);
                share = fmax(0.1, fmin(parabola, 0.5));
            }
        } else if (dot(gradient, s->direction, s->n) < flatness * slope) {
            low = step;
            best = step;
        } else {
            *value = next;
            return step;
        }
        step = isinf(high) ? 2.0 * low : low + share * (high - low);
        if (high - low <= 1e-14 * (1.0 + low)) {
            break;
        }
    }
    if (best > 0.0) {
        *value = try_step(s, best, x, gradient);
    }
    return best;
}

/* Algorithm 6.1, equation 6.17, with the first scaling of 6.20. */
static void learn_curvature(struct search *s, const double *x, const double *gradient, bool first)
{
    double step[N];
    double change[N];
    double product[N];
    for (size_t i = 0; i < s->n; i++) {
        step[i] = x[i] - s->x[i];
        change[i] = gradient[i] - s->gradient[i];
    }
    double curvature = dot(step, change, s->n);
    double length = dot(change, change, s->n);
    if (!(curvature > 1e-14 * sqrt(dot(step, step, s->n) * length))) {
        return;
    }
    if (first) {
        for (size_t i = 0; i < s->n; i++) {
            s->inverse[i][i] = curvature / length;
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        product[i] = dot(s->inverse[i], change, s->n);
    }
    double scale = (1.0 + dot(change, product, s->n) / curvature) / curvature;
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < s->n; j++) {
            s->inverse[i][j] += scale * step[i] * step[j] -
                                (product[i] * step[j] + step[i] * product[j]) / curvature;
        }
    }
}

static void aim(struct search *s, bool first)
{
    double length = sqrt(dot(s->gradient, s->gradient, s->n));
    if (first && length > 1.0) {
        for (size_t i = 0; i < s->n; i++) {
            s->inverse[i][i] = 1.0 / length; /* a first step of length 1, not of the slope */
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        s->direction[i] = -dot(s->inverse[i], s->gradient, s->n);
    }
    if (!(dot(s->direction, s->gradient, s->n) < 0.0)) {
        forget_curvature(s);
        for (size_t i = 0; i < s->n; i++) {
            s->direction[i] = -s->gradient[i];
        }
    }
}

zh_minimum zh_minimize(zh_objective objective, void *context, size_t n, double *x, double tolerance,
                       size_t evaluations_max)
{
    zh_assert(n >= 1 && n <= N);
    struct search s = {.objective = objective,
                       .context = context,
                       .n = n,
                       .evaluations = 1,
                       .evaluations_max = evaluations_max};
    double next[N];
    double gradient[N];
    bool converged = false;
    unsigned small = 0;
    bool first = true;
    memcpy(s.x, x, n * sizeof(*x));
    s.value = objective(s.x, s.gradient, context);
    forget_curvature(&s);
    while (isfinite(s.value) && !converged && s.evaluations < evaluations_max) {
        double value = s.value;
        aim(&s, first);
        if (!(line_search(&s, next, gradient, &value) > 0.0)) {
            converged = s.evaluations < evaluations_max && (first || small > 0);
            if (first || converged) {
                break;
            }
            forget_curvature(&s); /* try once more, downhill */
            small++;
            continue;
        }
        small = s.value - value <= tolerance * (1.0 + fabs(value)) ? small + 1 : 0;
        learn_curvature(&s, next, gradient, first);
        memcpy(s.x, next, n * sizeof(*next));
        memcpy(s.gradient, gradient, n * sizeof(*gradient));
        s.value = value;
        first = false;
        converged = small >= 2;
    }
    zh_minimum out = {.value = s.value, .evaluations = s.evaluations, .converged = converged};
    for (size_t i = 0; i < n; i++) {
        x[i] = s.x[i];
        out.slope = fmax(out.slope, fabs(s.gradient[i]));
    }
    return out;
}
