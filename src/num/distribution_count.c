/* Distributions of counts and of rank statistics. Formulas are named in the header; densities by
 * the saddle-point form of C. Loader (2000). */
#include "num/beta.h"
#include "num/distribution.h"
#include "num/double_double.h"
#include "num/special.h"
#include "num/tail.h"
#include <float.h>
#include <math.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define WHOLE_MAX    1e15 /* sizes above it are not told apart from their neighbours */

/* A q just below a whole number is that number. */
static double whole(double q)
{
    return floor(q + 1e-7);
}

static bool is_whole(double x)
{
    return fabs(x - nearbyint(x)) <= 1e-7 * fmax(1.0, fabs(x));
}

static bool bad_size(double size)
{
    return !(size >= 0.0) || size > WHOLE_MAX || !is_whole(size);
}

static double put(double log_value, bool log_scale)
{
    return log_scale ? log_value : exp(log_value);
}

/* log of (x + y)!/(x! y!) p^x q^y, q = 1 - p; x, y >= 0 need not be whole. */
static double binomial_log_mass(double x, double y, double p, double q)
{
    if (x == 0.0) {
        return y == 0.0 ? 0.0 : y * (p < 0.5 ? log1p(-p) : log(q));
    }
    if (y == 0.0) {
        return x * (q < 0.5 ? log1p(-q) : log(p));
    }
    if (p == 0.0 || q == 0.0) {
        return -(double)INFINITY;
    }
    double n = x + y;
    return zh_stirling_error(n) - zh_stirling_error(x) - zh_stirling_error(y) -
           zh_deviance(x, n * p) - zh_deviance(y, n * q) - LOG_SQRT_2PI - 0.5 * log(x * (y / n));
}

/* Where the search for a quantile begins: the normal quantile corrected for skewness (Cornish and
 * Fisher). */
static double guess(double p, unsigned tail, double mean, double sd, double skewness)
{
    double z = zh_dist_normal_quantile(p, 0.0, 1.0, tail);
    z = fmin(fmax(z, -40.0), 40.0);
    return mean + sd * (z + skewness * (z * z - 1.0) / 6.0);
}

/* ---- binomial ---- */

static bool bad_binomial(double size, double prob)
{
    return bad_size(size) || !(prob >= 0.0 && prob <= 1.0);
}

double zh_dist_binomial_density(double x, double size, double prob, bool log_scale)
{
    if (isnan(x) || bad_binomial(size, prob)) {
        return (double)NAN;
    }
    if (x < 0.0 || x > size || !is_whole(x)) {
        return put(-(double)INFINITY, log_scale);
    }
    x = nearbyint(x);
    return put(binomial_log_mass(x, size - x, prob, 1.0 - prob), log_scale);
}

double zh_dist_binomial_cdf(double q, double size, double prob, unsigned tail)
{
    if (isnan(q) || bad_binomial(size, prob)) {
        return (double)NAN;
    }
    double x = whole(q);
    if (x < 0.0 || x >= size) {
        return zh_tail_end(x >= 0.0, tail);
    }
    return zh_beta_tail(1.0 - prob, prob, size - x, x + 1.0, tail);
}

static double binomial_cdf_at(const void *context, double x, unsigned tail)
{
    const double *c = context;
    return zh_dist_binomial_cdf(x, c[0], c[1], tail);
}

double zh_dist_binomial_quantile(double p, double size, double prob, unsigned tail)
{
    if (isnan(p) || bad_binomial(size, prob)) {
        return (double)NAN;
    }
    if (prob == 0.0 || prob == 1.0 || size == 0.0) {
        return zh_tail_of(p, tail).valid ? size * prob : (double)NAN;
    }
    double c[2] = {size, prob};
    double sd = sqrt(size * prob * (1.0 - prob));
    double from = guess(p, tail, size * prob, sd, (1.0 - 2.0 * prob) / sd);
    return zh_count_quantile(binomial_cdf_at, c, p, tail, from, 0.1 * sd, 0.0, size);
}

/* ---- Poisson ---- */

static bool bad_mean(double mean)
{
    return !(mean >= 0.0) || mean > WHOLE_MAX;
}

double zh_dist_poisson_density(double x, double mean, bool log_scale)
{
    if (isnan(x) || bad_mean(mean)) {
        return (double)NAN;
    }
    if (x < 0.0 || isinf(x) || !is_whole(x)) {
        return put(-(double)INFINITY, log_scale);
    }
    x = nearbyint(x);
    if (mean == 0.0) {
        return put(x == 0.0 ? 0.0 : -(double)INFINITY, log_scale);
    }
    return put(x == 0.0 ? -mean : zh_gamma_log_factor(mean, x), log_scale);
}

double zh_dist_poisson_cdf(double q, double mean, unsigned tail)
{
    if (isnan(q) || bad_mean(mean)) {
        return (double)NAN;
    }
    double x = whole(q);
    if (x < 0.0 || isinf(x) || mean == 0.0) {
        return zh_tail_end(x >= 0.0, tail);
    }
    /* P(X <= x) = P(gamma variate of shape x + 1 > mean) */
    return zh_gamma_tail(mean, x + 1.0, tail ^ ZH_TAIL_UPPER);
}

static double poisson_cdf_at(const void *context, double x, unsigned tail)
{
    return zh_dist_poisson_cdf(x, *(const double *)context, tail);
}

double zh_dist_poisson_quantile(double p, double mean, unsigned tail)
{
    if (isnan(p) || bad_mean(mean)) {
        return (double)NAN;
    }
    if (mean == 0.0) {
        return zh_tail_of(p, tail).valid ? 0.0 : (double)NAN;
    }
    double sd = sqrt(mean);
    return zh_count_quantile(poisson_cdf_at, &mean, p, tail, guess(p, tail, mean, sd, 1.0 / sd),
                             0.1 * sd, 0.0, (double)INFINITY);
}

/* ---- negative binomial ---- */

/* size, and both probabilities, either of which may be too small to be told from the other. */
struct failures {
    double size, prob, rest;
};

static bool from_prob(double size, double prob, struct failures *out)
{
    *out = (struct failures){size, prob, 1.0 - prob};
    return size > 0.0 && size <= WHOLE_MAX && prob > 0.0 && prob <= 1.0;
}

static bool from_mu(double size, double mu, struct failures *out)
{
    *out = (struct failures){size, size / (size + mu), mu / (size + mu)};
    return size > 0.0 && size <= WHOLE_MAX && mu >= 0.0 && mu <= WHOLE_MAX;
}

static double failures_density(double x, const struct failures *c, bool log_scale)
{
    if (isnan(x)) {
        return x;
    }
    if (x < 0.0 || isinf(x) || !is_whole(x)) {
        return put(-(double)INFINITY, log_scale);
    }
    x = nearbyint(x);
    double log_mass = binomial_log_mass(c->size, x, c->prob, c->rest);
    return put(log_mass + log(c->size / (c->size + x)), log_scale);
}

static double failures_cdf_at(const void *context, double q, unsigned tail)
{
    const struct failures *c = context;
    double x = whole(q);
    if (isnan(q)) {
        return q;
    }
    if (x < 0.0 || isinf(x) || c->rest == 0.0) {
        return zh_tail_end(x >= 0.0, tail);
    }
    return zh_beta_tail(c->prob, c->rest, c->size, x + 1.0, tail);
}

static double failures_quantile(double p, const struct failures *c, unsigned tail)
{
    if (c->rest == 0.0 || isnan(p)) {
        return zh_tail_of(p, tail).valid ? 0.0 : (double)NAN;
    }
    double mean = c->size * c->rest / c->prob;
    double sd = sqrt(mean / c->prob);
    double from = guess(p, tail, mean, sd, (1.0 + c->rest) / sqrt(c->size * c->rest));
    return zh_count_quantile(failures_cdf_at, c, p, tail, from, 0.1 * sd, 0.0, (double)INFINITY);
}

double zh_dist_negative_binomial_density(double x, double size, double prob, bool log_scale)
{
    struct failures c;
    return from_prob(size, prob, &c) ? failures_density(x, &c, log_scale) : (double)NAN;
}

double zh_dist_negative_binomial_cdf(double q, double size, double prob, unsigned tail)
{
    struct failures c;
    return from_prob(size, prob, &c) ? failures_cdf_at(&c, q, tail) : (double)NAN;
}

double zh_dist_negative_binomial_quantile(double p, double size, double prob, unsigned tail)
{
    struct failures c;
    return from_prob(size, prob, &c) ? failures_quantile(p, &c, tail) : (double)NAN;
}

double zh_dist_negative_binomial_density_mu(double x, double size, double mu, bool log_scale)
{
    struct failures c;
    return from_mu(size, mu, &c) ? failures_density(x, &c, log_scale) : (double)NAN;
}

double zh_dist_negative_binomial_cdf_mu(double q, double size, double mu, unsigned tail)
{
    struct failures c;
    return from_mu(size, mu, &c) ? failures_cdf_at(&c, q, tail) : (double)NAN;
}

double zh_dist_negative_binomial_quantile_mu(double p, double size, double mu, unsigned tail)
{
    struct failures c;
    return from_mu(size, mu, &c) ? failures_quantile(p, &c, tail) : (double)NAN;
}

/* ---- hypergeometric ---- */

struct urn {
    double m, n, k;
};

static bool bad_urn(double m, double n, double k)
{
    return bad_size(m) || bad_size(n) || bad_size(k) || m + n > WHOLE_MAX || k > m + n;
}

/* Two binomial masses over a third with the same probability k/(m + n). */
static double urn_log_mass(double x, const struct urn *u)
{
    double p = u->k / (u->m + u->n);
    double q = (u->m + u->n - u->k) / (u->m + u->n);
    return u->k == 0.0 ? 0.0
                       : binomial_log_mass(x, u->m - x, p, q) +
                             binomial_log_mass(u->k - x, u->n - u->k + x, p, q) -
                             binomial_log_mass(u->k, u->m + u->n - u->k, p, q);
}

double zh_dist_hypergeometric_density(double x, double m, double n, double k, bool log_scale)
{
    struct urn u = {m, n, k};
    if (isnan(x) || bad_urn(m, n, k)) {
        return (double)NAN;
    }
    double at = nearbyint(x);
    if (!is_whole(x) || at < fmax(0.0, k - n) || at > fmin(k, m)) {
        return put(-(double)INFINITY, log_scale);
    }
    return put(urn_log_mass(at, &u), log_scale);
}

double zh_dist_hypergeometric_cdf(double q, double m, double n, double k, unsigned tail)
{
    struct urn u = {m, n, k};
    if (isnan(q) || bad_urn(m, n, k)) {
        return (double)NAN;
    }
    double x = whole(q);
    if (x < fmax(0.0, k - n) || x >= fmin(k, m)) {
        return zh_tail_end(x >= fmax(0.0, k - n), tail);
    }
    bool upper = x * (m + n) > k * m;
    if (upper) {
        /* At least x + 1 marked balls: at most k - x - 1 of the unmarked. */
        u = (struct urn){n, m, k};
        x = k - x - 1.0;
    }
    double log_mass = urn_log_mass(x, &u);
    double sum = 1.0;
    double term = 1.0;
    for (double y = x; y > 0.0 && term > 0.25 * DBL_EPSILON * sum; y -= 1.0) {
        term *= y * (u.n - u.k + y) / (u.k + 1.0 - y) / (u.m + 1.0 - y);
        sum += term;
    }
    return zh_tail_finish(exp(log_mass) * sum, log_mass + log(sum), upper, tail);
}

static double urn_cdf_at(const void *context, double x, unsigned tail)
{
    const struct urn *u = context;
    return zh_dist_hypergeometric_cdf(x, u->m, u->n, u->k, tail);
}

double zh_dist_hypergeometric_quantile(double p, double m, double n, double k, unsigned tail)
{
    struct urn u = {m, n, k};
    if (isnan(p) || bad_urn(m, n, k)) {
        return (double)NAN;
    }
    double all = fmax(m + n, 1.0);
    double mean = k * (m / all);
    double sd = sqrt(mean * (n / all) * fmax(all - k, 0.0) / fmax(all - 1.0, 1.0));
    return zh_count_quantile(urn_cdf_at, &u, p, tail, guess(p, tail, mean, sd, 0.0), 0.1 * sd,
                             fmax(0.0, k - n), fmin(k, m));
}

/* ---- rank statistics ---- */

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "秩统计量的分布表太大，内存不够");
}

static zh_rc ranks_new(zh_arena *arena, size_t max, zh_dist_ranks *out, zh_err *err)
{
    size_t half = max / 2 + 1;
    out->max = max;
    out->mass = ZH_TRY_N(arena, double, half);
    out->below = ZH_TRY_N(arena, double, half);
    if (out->mass == NULL || out->below == NULL) {
        return no_memory(err);
    }
    out->mass[0] = 1.0;
    return ZH_OK;
}

static void cumulate(zh_dist_ranks *ranks)
{
    double sum = 0.0;
    for (size_t x = 0; x <= ranks->max / 2; x++) {
        sum += ranks->mass[x];
        ranks->below[x] = sum;
    }
}

zh_rc zh_dist_signed_rank(zh_arena *arena, size_t n, zh_dist_ranks *out, zh_err *err)
{
    if (n == 0 || n > ZH_SIGNED_RANK_N_MAX) {
        return zh_err_set(err, n == 0 ? ZH_EINVAL : ZH_ELIMIT, "rank.size",
                          "符号秩统计量的对数是 %zu，要 1 到 %d", n, ZH_SIGNED_RANK_N_MAX);
    }
    zh_rc rc = ranks_new(arena, n * (n + 1) / 2, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t half = out->max / 2;
    for (size_t i = 1; i <= n; i++) {
        size_t top = i * (i + 1) / 2 < half ? i * (i + 1) / 2 : half;
        for (size_t x = top + 1; x-- > 0;) {
            out->mass[x] = 0.5 * (out->mass[x] + (x >= i ? out->mass[x - i] : 0.0));
        }
    }
    cumulate(out);
    return ZH_OK;
}

zh_rc zh_dist_rank_sum(zh_arena *arena, size_t m, size_t n, zh_dist_ranks *out, zh_err *err)
{
    if (m == 0 || n == 0 || m > ZH_RANK_SUM_N_MAX || n > ZH_RANK_SUM_N_MAX) {
        return zh_err_set(err, m == 0 || n == 0 ? ZH_EINVAL : ZH_ELIMIT, "rank.size",
                          "秩和统计量的两个样本量是 %zu 和 %zu，各要 1 到 %d", m, n,
                          ZH_RANK_SUM_N_MAX);
    }
    zh_rc rc = ranks_new(arena, m * n, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    /* prod over i = 1 … m of (1 - x^(n+i))/(1 - x^i) * i/(n+i), the shorter sample as m, with twice
     * the digits: the subtractions cost about as many as samples of 300 leave. */
    size_t few = m < n ? m : n;
    size_t many = m < n ? n : m;
    size_t half = out->max / 2;
    zh_dd *mass = ZH_TRY_N(arena, zh_dd, half + 1);
    if (mass == NULL) {
        return no_memory(err);
    }
    mass[0] = zh_dd_of(1.0);
    for (size_t i = 1; i <= few; i++) {
        zh_dd share = zh_dd_divide(zh_dd_of((double)i), zh_dd_of((double)(many + i)));
        size_t top = i * many < half ? i * many : half; /* beyond it there is nothing yet */
        for (size_t x = top + 1; x-- > many + i;) {
            mass[x] = zh_dd_subtract(mass[x], mass[x - many - i]);
        }
        for (size_t x = i; x <= top; x++) {
            mass[x] = zh_dd_add(mass[x], mass[x - i]);
        }
        for (size_t x = 0; x <= top; x++) {
            mass[x] = zh_dd_multiply(mass[x], share);
        }
    }
    for (size_t x = 0; x <= half; x++) {
        out->mass[x] = mass[x].high;
    }
    cumulate(out);
    return ZH_OK;
}

double zh_dist_ranks_density(const zh_dist_ranks *ranks, double x, bool log_scale)
{
    if (isnan(x)) {
        return x;
    }
    double max = (double)ranks->max;
    if (x < -0.25 || x > max + 0.25 || !is_whole(x)) {
        return put(-(double)INFINITY, log_scale);
    }
    size_t at = (size_t)fabs(nearbyint(x));
    double mass = ranks->mass[at <= ranks->max / 2 ? at : ranks->max - at];
    return log_scale ? log(mass) : mass;
}

double zh_dist_ranks_cdf(const zh_dist_ranks *ranks, double q, unsigned tail)
{
    if (isnan(q)) {
        return q;
    }
    double x = whole(q);
    if (x < 0.0 || x >= (double)ranks->max) {
        return zh_tail_end(x >= 0.0, tail);
    }
    size_t at = (size_t)x;
    bool upper = at > ranks->max / 2;
    double small = ranks->below[upper ? ranks->max - at - 1 : at];
    return zh_tail_finish(small, log(small), upper, tail);
}

static double ranks_cdf_at(const void *context, double x, unsigned tail)
{
    return zh_dist_ranks_cdf(context, x, tail);
}

double zh_dist_ranks_quantile(const zh_dist_ranks *ranks, double p, unsigned tail)
{
    double max = (double)ranks->max;
    return zh_count_quantile(ranks_cdf_at, ranks, p, tail, 0.5 * max, 0.1 * max, 0.0, max);
}
