/* Empirical Bayes screening: posterior mean and quantiles of many pairs.
 *
 * Pairs of one count differ only in the rates of their two gamma distributions, and neighbours in
 * the expected count hardly differ at all. The distribution functions are therefore not computed
 * afresh: from the point where one is known (its anchor) it is carried to the next by the Taylor
 * series of the density, whose coefficients follow a recurrence of three terms. */
#include "engine/mgps.h"
#include "num/distribution.h"
#include "num/special.h"
#include <float.h>
#include <math.h>
#include <string.h>

#define ANCHOR_STEPS   48 /* steps after which an anchor is computed afresh */
#define SOLVE_MAX      200
#define HALLEY         1e-5 /* a step below it, in standard deviations, leaves an error of its cube */
#define STRIDE         1.0 /* of log lambda in the first step that is too long; then doubled */
#define LOG_LAMBDA_MAX 700.0
#define COUNT_SMALL    1000.0

/* Distribution function and density of a gamma distribution of rate 1 at x. */
struct anchor {
    double x, cdf, density;
    unsigned steps; /* carried since it was computed */
    bool set;
};

/* A gamma component at the present count. */
struct component {
    double alpha, beta, log_beta;
    double shape, psi;
    double log_ratio; /* log Gamma(shape) - log Gamma(alpha) */
    double rate, share;
};

struct quantile {
    double p;
    struct anchor anchor[2];
    double u, slope; /* log lambda of the pair before, and its change with log e */
    double bend,
        step; /* second divided difference; log e from the pair two before to that before */
};

struct solver {
    double n, log_e;
    double log_odds; /* of the prior */
    struct component c[2];
    struct quantile q[2];
    unsigned known; /* pairs of this count that were solved */
};

/* ---- the order of the pairs ---- */

struct row {
    uint64_t key; /* the count, then the leading bits of the expected count */
    size_t at;
};

#define DIGIT_BITS    11
#define EXPECTED_BITS 33 /* three digits; sign, exponent and 21 bits of the fraction */

static uint64_t key_of(double n, double e)
{
    uint64_t bits;
    memcpy(&bits, &e, sizeof(bits)); /* positive numbers are in the order of their bits */
    return ((uint64_t)n << EXPECTED_BITS) | bits >> (64 - EXPECTED_BITS);
}

/* Radix sort by key, the lowest digit first; digits that are all the same are passed over. Returns
 * the array that holds the rows in order, one of the two. */
static struct row *in_order(struct row *rows, struct row *other, size_t n)
{
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        size_t start[(1 << DIGIT_BITS) + 1] = {0};
        for (size_t i = 0; i < n; i++) {
            start[(rows[i].key >> shift & ((1 << DIGIT_BITS) - 1)) + 1]++;
        }
        if (start[(rows[0].key >> shift & ((1 << DIGIT_BITS) - 1)) + 1] == n) {
            continue;
        }
        for (size_t d = 0; d < 1 << DIGIT_BITS; d++) {
            start[d + 1] += start[d];
        }
        for (size_t i = 0; i < n; i++) {
            other[start[rows[i].key >> shift & ((1 << DIGIT_BITS) - 1)]++] = rows[i];
        }
        struct row *sorted = other;
        other = rows;
        rows = sorted;
    }
    return rows;
}

/* ---- distribution functions ---- */

/* 1/k: the series divide by nothing else, and are given up where it ends. */
static const double inverse[] = {
    0.0,        1.0 / 1.0,  1.0 / 2.0,  1.0 / 3.0,  1.0 / 4.0,  1.0 / 5.0,  1.0 / 6.0,
    1.0 / 7.0,  1.0 / 8.0,  1.0 / 9.0,  1.0 / 10.0, 1.0 / 11.0, 1.0 / 12.0, 1.0 / 13.0,
    1.0 / 14.0, 1.0 / 15.0, 1.0 / 16.0, 1.0 / 17.0, 1.0 / 18.0, 1.0 / 19.0, 1.0 / 20.0,
    1.0 / 21.0, 1.0 / 22.0, 1.0 / 23.0, 1.0 / 24.0, 1.0 / 25.0, 1.0 / 26.0, 1.0 / 27.0,
    1.0 / 28.0, 1.0 / 29.0, 1.0 / 30.0, 1.0 / 31.0, 1.0 / 32.0, 1.0 / 33.0, 1.0 / 34.0,
    1.0 / 35.0, 1.0 / 36.0, 1.0 / 37.0, 1.0 / 38.0, 1.0 / 39.0, 1.0 / 40.0};

/* Carries the anchor to x. With f the density, x f' = (a - 1 - x) f, so that the terms t_k = f_k
 * h^k of its series obey (k + 1) x t_{k+1} = h ((a - 1 - x - k) t_k - h t_{k-1}). False: too far.
 */
static bool carry(struct anchor *p, double shape, double x)
{
    double h = x - p->x;
    double lean = shape - 1.0 - p->x;
    double far = fabs(h);
    if (!p->set || p->steps >= ANCHOR_STEPS || far > 0.1 * p->x || far * fabs(lean) > 0.5 * p->x ||
        far * far > 0.5 * p->x) {
        return false;
    }
    double ratio = h / p->x;
    double before = 0.0;
    double term = p->density;
    double density = term;
    double area = term;
    for (size_t k = 0; k + 2 < ZH_COUNTOF(inverse); k++) {
        double next = ratio * inverse[k + 1] * ((lean - (double)k) * term - h * before);
        before = term;
        term = next;
        density += term;
        area += term * inverse[k + 2];
        if (fabs(term) <= 1e-17 * density && fabs(before) <= 1e-15 * density) {
            p->cdf += h * area;
            p->density = density;
            p->x = x;
            p->steps++;
            return true;
        }
    }
    return false;
}

static void move(struct anchor *p, double shape, double x)
{
    if (!carry(p, shape, x)) {
        *p = (struct anchor){.x = x,
                             .cdf = zh_dist_gamma_cdf(x, shape, 1.0, ZH_TAIL_LOWER),
                             .density = zh_dist_gamma_density(x, shape, 1.0, false),
                             .set = true};
    }
}

/* ---- quantiles ---- */

/* A first guess: E. B. Wilson, M. M. Hilferty, PNAS 17 (1931) 684-688, of the heavier component;
 * below shape 1 the lower tail is a power. */
static double guess(const struct solver *s, double p)
{
    const struct component *c = s->c[0].share > 0.5 ? &s->c[0] : &s->c[1];
    double z = p < 0.5 ? -1.6448536269514722 : 1.6448536269514722;
    double root = 1.0 - 1.0 / (9.0 * c->shape) + z / (3.0 * sqrt(c->shape));
    double x = c->shape * root * root * root;
    if (root <= 0.1 || (c->shape < 1.0 && p < 0.5)) {
        x = exp((log(p) + zh_lgamma(c->shape + 1.0)) / c->shape);
    }
    return log(x / c->rate);
}

/* The step of Halley's method on the distribution function of log lambda at u; *off tells on which
 * side u lies. Not finite where the density vanishes. */
static double halley(struct solver *s, struct quantile *q, double u, double *off)
{
    double lambda = exp(u);
    double cdf = 0.0;
    double first = 0.0;
    double second = 0.0;
    for (int k = 0; k < 2; k++) {
        const struct component *c = &s->c[k];
        double x = c->rate * lambda;
        move(&q->anchor[k], c->shape, x);
        double f = c->share * q->anchor[k].density * x;
        cdf += c->share * q->anchor[k].cdf;
        first += f;
        second += f * (c->shape - x);
    }
    *off = cdf - q->p;
    double step = *off / first;
    double bend = 0.5 * step * second / first;
    return fabs(bend) < 0.5 ? -step / (1.0 - bend) : -step;
}

/* Solves for log lambda from u, inside a bracket that closes as sides become known. Minus infinity:
 * the quantile is too small to be told from 0. */
static double solve(struct solver *s, struct quantile *q, double u)
{
    u = fmax(-LOG_LAMBDA_MAX, fmin(u, LOG_LAMBDA_MAX));
    double low = -(double)INFINITY;
    double high = (double)INFINITY;
    double larger = fmax(s->c[0].shape, s->c[1].shape);
    double enough = HALLEY / sqrt(1.0 + larger);
    double stride = STRIDE;
    for (int i = 0; i < SOLVE_MAX; i++) {
        double off;
        double step = halley(s, q, u, &off);
        if (u <= -LOG_LAMBDA_MAX && off > 0.0) {
            return -(double)INFINITY;
        }
        if (fabs(step) <= enough) {
            return u + step;
        }
        if (off < 0.0) {
            low = u;
        } else {
            high = u;
        }
        bool close = isfinite(step) && fabs(step) <= stride;
        double next = close ? u + step : u + (off < 0.0 ? stride : -stride);
        stride = close ? STRIDE : 2.0 * stride;
        if (!(next > low && next < high)) {
            next = 0.5 * (low + high);
        }
        next = fmax(-LOG_LAMBDA_MAX, fmin(next, LOG_LAMBDA_MAX));
        if (high - low <= 4.0 * DBL_EPSILON * (1.0 + fabs(u))) {
            break;
        }
        u = next;
    }
    return u;
}

/* Starts from the parabola through the three pairs before. */
static double quantile(struct solver *s, struct quantile *q, double log_e)
{
    double step = log_e - s->log_e;
    double from =
        s->known > 0 ? q->u + step * (q->slope + (step + q->step) * q->bend) : guess(s, q->p);
    double u = solve(s, q, from);
    bool near = s->known > 0 && step > 1e-9 && isfinite(u);
    double slope = near ? (u - q->u) / step : 0.0;
    q->bend = near && fmin(step, q->step) > 1e-5 ? (slope - q->slope) / (step + q->step) : 0.0;
    q->step = near ? step : 0.0;
    q->slope = slope;
    q->u = fmax(u, -LOG_LAMBDA_MAX);
    return exp(u);
}

/* ---- pairs ---- */

static void begin_count(struct solver *s, double n)
{
    s->n = n;
    s->known = 0;
    for (int k = 0; k < 2; k++) {
        struct component *c = &s->c[k];
        c->shape = c->alpha + n;
        c->psi = zh_digamma(c->shape);
        c->log_ratio = zh_lgamma(c->shape) - zh_lgamma(c->alpha);
        s->q[0].anchor[k].set = false;
        s->q[1].anchor[k].set = false;
        s->q[k].step = s->q[k].bend = 0.0;
    }
}

static zh_mgps_score score(struct solver *s, double e)
{
    double density[2];
    double mean[2];
    double log_e = log(e);
    for (int k = 0; k < 2; k++) {
        struct component *c = &s->c[k];
        double growth = log1p(e / c->beta);
        /* log1p(beta/e), as exact as a count of this size needs it */
        double decline = s->n <= COUNT_SMALL ? growth - (log_e - c->log_beta) : log1p(c->beta / e);
        c->rate = c->beta + e;
        density[k] = c->log_ratio - c->alpha * growth - s->n * decline;
        mean[k] = c->psi - c->log_beta - growth;
    }
    double odds = s->log_odds + density[0] - density[1];
    double rare = exp(-fabs(odds));
    double larger = 1.0 / (1.0 + rare);
    s->c[0].share = odds >= 0.0 ? larger : rare * larger;
    s->c[1].share = odds >= 0.0 ? rare * larger : larger;
    zh_mgps_score out = {.qn = s->c[0].share,
                         .ebgm = exp(s->c[0].share * mean[0] + s->c[1].share * mean[1]),
                         .eb05 = quantile(s, &s->q[0], log_e),
                         .eb95 = quantile(s, &s->q[1], log_e)};
    s->log_e = log_e;
    s->known++;
    return out;
}

static zh_rc check_prior(const zh_mgps *prior, size_t pairs, zh_err *err)
{
    const double parameters[] = {prior->alpha1, prior->beta1, prior->alpha2, prior->beta2};
    for (size_t i = 0; i < ZH_COUNTOF(parameters); i++) {
        if (!(parameters[i] >= 1e-9 && parameters[i] <= 1e9)) {
            return zh_err_set(err, ZH_EINVAL, "mgps.prior",
                              "alpha1、beta1、alpha2、beta2 要在 1e-9 到 1e9 之间");
        }
    }
    if (!(prior->p > 0.0 && prior->p < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "mgps.prior", "p 要在 0 与 1 之间");
    }
    if (pairs > ZH_MGPS_PAIRS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "mgps.pairs", "有 %zu 对，最多 %zu 对", pairs,
                          ZH_MGPS_PAIRS_MAX);
    }
    return ZH_OK;
}

zh_rc zh_mgps_scores(zh_arena *arena, const zh_mgps *prior, const double *n, const double *e,
                     size_t pairs, zh_mgps_score *out, zh_err *err)
{
    zh_rc rc = check_prior(prior, pairs, err);
    if (rc == ZH_OK) {
        rc = zh_mgps_check(n, e, NULL, pairs, 0.0, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_arena_mark here = zh_arena_here(arena);
    struct row *rows = ZH_TRY_N(arena, struct row, pairs + 1);
    struct row *other = ZH_TRY_N(arena, struct row, pairs + 1);
    if (rows == NULL || other == NULL) {
        zh_arena_rewind(arena, here);
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    for (size_t i = 0; i < pairs; i++) {
        rows[i] = (struct row){key_of(n[i], e[i]), i};
    }
    rows = in_order(rows, other, pairs);
    struct solver s = {.n = -1.0, .log_odds = log(prior->p) - log1p(-prior->p)};
    s.c[0] = (struct component){
        .alpha = prior->alpha1, .beta = prior->beta1, .log_beta = log(prior->beta1)};
    s.c[1] = (struct component){
        .alpha = prior->alpha2, .beta = prior->beta2, .log_beta = log(prior->beta2)};
    s.q[0].p = 0.05;
    s.q[1].p = 0.95;
    for (size_t i = 0; i < pairs; i++) {
        size_t at = rows[i].at;
        if (n[at] > s.n) {
            begin_count(&s, n[at]);
        }
        out[at] = score(&s, e[at]);
    }
    zh_arena_rewind(arena, here);
    return ZH_OK;
}
