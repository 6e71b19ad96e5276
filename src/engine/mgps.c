/* Empirical Bayes screening: the fit of the prior. The scores are in mgps_score.c. */
#include "engine/mgps.h"
#include "num/distribution.h"
#include "num/optimize.h"
#include "num/special.h"
#include <math.h>

#define PARAMETERS        5
#define LOG_MAX           20.0 /* |log parameter|, |logit p| of the fit */
#define TABLE_MAX         4096 /* counts whose rising factorials are tabulated */
#define EVALUATIONS_MAX   500
#define EVALUATIONS_ROUGH 40   /* of each start; the best goes on */
#define ROUGH_PAIRS       1500 /* pairs, about, that the starts are climbed on */

static zh_rc bad_pair(zh_err *err, size_t at, const char *what)
{
    zh_err_set(err, ZH_EINVAL, "mgps.pair", "第 %zu 对的%s", at + 1, zh_err_text(err, what));
    zh_err_where(err, "%zu", at + 1);
    return ZH_EINVAL;
}

zh_rc zh_mgps_check(const double *n, const double *e, const double *weight, size_t pairs,
                    double least, zh_err *err)
{
    for (size_t i = 0; i < pairs; i++) {
        if (!(n[i] >= 0.0 && n[i] <= ZH_MGPS_COUNT_MAX && floor(n[i]) == n[i])) {
            return bad_pair(err, i, "计数不是 0 到 1e9 的整数");
        }
        if (n[i] < least) {
            return bad_pair(err, i, "计数小于 n_star");
        }
        if (!(e[i] >= ZH_MGPS_EXPECTED_MIN && e[i] <= ZH_MGPS_COUNT_MAX)) {
            return bad_pair(err, i, "期望数不在 1e-12 到 1e9 之间");
        }
        if (weight != NULL && !(weight[i] > 0.0 && weight[i] <= ZH_MGPS_COUNT_MAX)) {
            return bad_pair(err, i, "权重不大于 0");
        }
    }
    return ZH_OK;
}

/* ---- the fit ---- */

struct data {
    const double *n, *e, *weight;
    double *log_e;
    size_t pairs, stride; /* every stride-th pair is taken */
    unsigned n_star;
    double constant; /* sum of weight log n!, which no parameter changes */
    size_t table;    /* counts below are tabulated */
    double *rising[2], *psi[2];
};

/* One component: its parameters, and at one pair the logarithm of beta + e. */
struct component {
    int k;
    double alpha, beta, log_beta, log_rate;
};

/* Log probability at one pair, without n!, and its derivatives in alpha and beta. */
struct term {
    double log, by_alpha, by_beta;
};

static struct term negative_binomial(const struct data *d, const struct component *c, double n,
                                     double e, double log_e)
{
    bool tabled = n < (double)d->table;
    double rising =
        tabled ? d->rising[c->k][(size_t)n] : zh_lgamma(c->alpha + n) - zh_lgamma(c->alpha);
    double psi = tabled ? d->psi[c->k][(size_t)n] : zh_digamma(c->alpha + n) - zh_digamma(c->alpha);
    double share = c->log_beta - c->log_rate;
    return (struct term){
        .log = rising + c->alpha * share + n * (log_e - c->log_rate),
        .by_alpha = psi + share,
        .by_beta = c->alpha / c->beta - (c->alpha + n) / (c->beta + e),
    };
}

/* Divides by the probability of n_star or more. */
static void truncate_below(const struct data *d, const struct component *c, double e, double log_e,
                           struct term *t)
{
    double by_alpha = 0.0;
    double by_beta = 0.0;
    double log_zero = c->alpha * (c->log_beta - c->log_rate);
    for (unsigned j = 0; j < d->n_star; j++) {
        struct term s = negative_binomial(d, c, (double)j, e, log_e);
        double mass = exp(s.log - zh_lgamma((double)j + 1.0));
        by_alpha += mass * s.by_alpha;
        by_beta += mass * s.by_beta;
    }
    double rest = d->n_star == 1
                      ? -expm1(log_zero)
                      : zh_dist_negative_binomial_cdf_mu((double)d->n_star - 1.0, c->alpha,
                                                         c->alpha * e / c->beta, ZH_TAIL_UPPER);
    t->log -= log(rest);
    t->by_alpha += by_alpha / rest;
    t->by_beta += by_beta / rest;
}

/* log of the rising factorial alpha (alpha + 1) … and its derivative, for the counts of the table.
 */
static void tabulate(struct data *d, int k, double alpha)
{
    double rising = 0.0;
    double psi = 0.0;
    for (size_t n = 0; n < d->table; n++) {
        d->rising[k][n] = rising;
        d->psi[k][n] = psi;
        rising += log(alpha + (double)n);
        psi += 1.0 / (alpha + (double)n);
    }
}

static double negative_log_likelihood(const double *x, double *gradient, void *context)
{
    struct data *d = context;
    double sum = 0.0;
    double g[PARAMETERS] = {0.0};
    for (int i = 0; i < PARAMETERS; i++) {
        if (!(fabs(x[i]) <= LOG_MAX)) {
            return (double)INFINITY;
        }
    }
    struct component c[] = {{.k = 0, .alpha = exp(x[0]), .beta = exp(x[1]), .log_beta = x[1]},
                            {.k = 1, .alpha = exp(x[2]), .beta = exp(x[3]), .log_beta = x[3]}};
    const double log_p[] = {-log1p(exp(-x[4])), -log1p(exp(x[4]))};
    tabulate(d, 0, c[0].alpha);
    tabulate(d, 1, c[1].alpha);
    for (size_t i = 0; i < d->pairs; i += d->stride) {
        struct term t[2];
        for (int k = 0; k < 2; k++) {
            c[k].log_rate = log(c[k].beta + d->e[i]);
            t[k] = negative_binomial(d, &c[k], d->n[i], d->e[i], d->log_e[i]);
            if (d->n_star > 0) {
                truncate_below(d, &c[k], d->e[i], d->log_e[i], &t[k]);
            }
            t[k].log += log_p[k];
        }
        double odds = exp(-fabs(t[0].log - t[1].log));
        double larger = 1.0 / (1.0 + odds);
        double first = t[0].log >= t[1].log ? larger : odds * larger;
        double w = d->weight != NULL ? d->weight[i] : 1.0;
        sum += w * (fmax(t[0].log, t[1].log) + log1p(odds));
        g[0] += w * first * t[0].by_alpha;
        g[1] += w * first * t[0].by_beta;
        g[2] += w * (1.0 - first) * t[1].by_alpha;
        g[3] += w * (1.0 - first) * t[1].by_beta;
        g[4] += w * (first - exp(log_p[0]));
    }
    gradient[0] = -g[0] * c[0].alpha;
    gradient[1] = -g[1] * c[0].beta;
    gradient[2] = -g[2] * c[1].alpha;
    gradient[3] = -g[3] * c[1].beta;
    gradient[4] = -g[4];
    return d->constant - sum;
}

/* alpha1, beta1, alpha2, beta2, p; the first is DuMouchel's. */
static const double starts[][PARAMETERS] = {
    {0.2, 0.1, 2.0, 4.0, 1.0 / 3.0}, {0.2, 0.2, 5.0, 5.0, 0.2}, {0.5, 0.1, 10.0, 10.0, 0.05},
    {2.0, 0.5, 1.0, 1.0, 0.5},       {0.1, 0.1, 1.0, 0.5, 0.9},
};

/* Climbs from every start on a part of the pairs; the end of the climb that is best on all of them
 * is left in `best`. */
static void climb_from_starts(struct data *d, zh_mgps_fit *out, double *best)
{
    double gradient[PARAMETERS];
    out->neg_log_lik = (double)INFINITY;
    for (size_t i = 0; i < ZH_COUNTOF(starts); i++) {
        double x[PARAMETERS];
        for (int j = 0; j < 4; j++) {
            x[j] = log(starts[i][j]);
        }
        x[4] = log(starts[i][4] / (1.0 - starts[i][4]));
        d->stride = d->pairs / ROUGH_PAIRS + 1;
        zh_minimum m =
            zh_minimize(negative_log_likelihood, d, PARAMETERS, x, 1e-7, EVALUATIONS_ROUGH);
        d->stride = 1;
        double value = negative_log_likelihood(x, gradient, d);
        out->evaluations += m.evaluations + 1;
        out->starts++;
        if (value < out->neg_log_lik) {
            out->neg_log_lik = value;
            for (int j = 0; j < PARAMETERS; j++) {
                best[j] = x[j];
            }
        }
    }
}

static zh_mgps ordered(const double *x)
{
    zh_mgps m = {exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3]), 1.0 / (1.0 + exp(-x[4]))};
    if (m.alpha1 / m.beta1 >= m.alpha2 / m.beta2) {
        return m;
    }
    return (zh_mgps){m.alpha2, m.beta2, m.alpha1, m.beta1, 1.0 / (1.0 + exp(x[4]))};
}

static bool rooms(zh_arena *arena, struct data *d)
{
    double largest = 0.0;
    for (size_t i = 0; i < d->pairs; i++) {
        largest = fmax(largest, d->n[i]);
    }
    size_t needed = (size_t)largest + d->n_star + 1;
    d->table = needed < TABLE_MAX ? needed : TABLE_MAX;
    d->log_e = ZH_TRY_N(arena, double, d->pairs);
    bool all = d->log_e != NULL;
    for (int k = 0; k < 2; k++) {
        d->rising[k] = ZH_TRY_N(arena, double, d->table);
        d->psi[k] = ZH_TRY_N(arena, double, d->table);
        all = all && d->rising[k] != NULL && d->psi[k] != NULL;
    }
    for (size_t i = 0; all && i < d->pairs; i++) {
        d->log_e[i] = log(d->e[i]);
        d->constant += (d->weight != NULL ? d->weight[i] : 1.0) * zh_lgamma(d->n[i] + 1.0);
    }
    return all;
}

zh_rc zh_mgps_estimate(zh_arena *arena, const double *n, const double *e, const double *weight,
                       size_t pairs, unsigned n_star, zh_mgps_fit *out, zh_err *err)
{
    struct data d = {
        .n = n, .e = e, .weight = weight, .pairs = pairs, .stride = 1, .n_star = n_star};
    double best[PARAMETERS] = {0.0};
    *out = (zh_mgps_fit){0};
    if (pairs < PARAMETERS) {
        return zh_err_set(err, ZH_EINVAL, "mgps.pairs", "只有 %zu 对，估计 5 个参数至少要 5 对",
                          pairs);
    }
    if (n_star > ZH_MGPS_STAR_MAX || pairs > ZH_MGPS_FIT_PAIRS_MAX / (n_star > 1 ? n_star : 1)) {
        return zh_err_set(err, ZH_ELIMIT, "mgps.pairs",
                          "有 %zu 对，最多 %zu 对（n_star 大于 1 时再除以它）；n_star 最多 %d",
                          pairs, ZH_MGPS_FIT_PAIRS_MAX, ZH_MGPS_STAR_MAX);
    }
    zh_rc rc = zh_mgps_check(n, e, weight, pairs, (double)n_star, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_arena_mark here = zh_arena_here(arena);
    if (!rooms(arena, &d)) {
        zh_arena_rewind(arena, here);
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    climb_from_starts(&d, out, best);
    zh_minimum m =
        zh_minimize(negative_log_likelihood, &d, PARAMETERS, best, 1e-12, EVALUATIONS_MAX);
    zh_arena_rewind(arena, here);
    out->evaluations += m.evaluations;
    out->neg_log_lik = m.value;
    out->converged = m.converged;
    out->prior = ordered(best);
    if (!isfinite(m.value) || !m.converged) {
        zh_err_set(err, ZH_EINVAL, "mgps.converge", "极大似然不收敛：数据不足以定出五个参数");
        zh_err_fix(err, "给更多的对，或合并计数");
        return ZH_EINVAL;
    }
    return ZH_OK;
}
