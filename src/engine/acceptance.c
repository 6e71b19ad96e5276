/* Operating characteristics of sampling plans, and plans from two risk points.
 *
 * Probabilities of counts come from one value and the ratio of neighbours: started at 0 when that
 * does not underflow, otherwise at the largest needed. */
#include "engine/acceptance.h"
#include "base/arena.h"
#include "num/distribution.h"
#include "num/normal.h"
#include <math.h>

#define LOG_SAFE 600.0 /* exp(-600) is far from underflow, and its relative error below 1e-13 */

/* ---- probabilities of counts ---- */

/* What is drawn: n units (of rate or share `quality`), or n of a lot of which `marked` are marked.
 */
struct draw {
    zh_count_model model;
    double n, quality, lot, marked;
    double odds; /* quality/(1 - quality); Poisson: the mean */
};

static struct draw new_draw(zh_count_model model, double n, double quality, double lot,
                            double marked)
{
    double odds = model == ZH_COUNT_POISSON ? n * quality : quality / (1.0 - quality);
    return (struct draw){model, n, quality, lot, marked, odds};
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* P(k + 1)/P(k) */
static double ratio(const struct draw *d, double k)
{
    switch (d->model) {
    case ZH_COUNT_BINOMIAL: return (d->n - k) / (k + 1.0) * d->odds;
    case ZH_COUNT_POISSON: return d->odds / (k + 1.0);
    case ZH_COUNT_HYPERGEOMETRIC: break;
    }
    return (d->marked - k) * (d->n - k) / ((k + 1.0) * (d->lot - d->marked - d->n + k + 1.0));
}

static double density(const struct draw *d, double k)
{
    switch (d->model) {
    case ZH_COUNT_BINOMIAL: return zh_dist_binomial_density(k, d->n, d->quality, false);
    case ZH_COUNT_POISSON: return zh_dist_poisson_density(k, d->n * d->quality, false);
    case ZH_COUNT_HYPERGEOMETRIC: break;
    }
    return zh_dist_hypergeometric_density(k, d->marked, d->lot - d->marked, d->n, false);
}

/* Logarithm of P(0) where it is cheap, otherwise NAN. */
static double log_none(const struct draw *d)
{
    switch (d->model) {
    case ZH_COUNT_BINOMIAL: return d->n * log1p(-d->quality);
    case ZH_COUNT_POISSON: return -d->n * d->quality;
    case ZH_COUNT_HYPERGEOMETRIC: break;
    }
    return (double)NAN;
}

static double most_likely(const struct draw *d)
{
    switch (d->model) {
    case ZH_COUNT_BINOMIAL: return floor((d->n + 1.0) * d->quality);
    case ZH_COUNT_POISSON: return floor(d->n * d->quality);
    case ZH_COUNT_HYPERGEOMETRIC: break;
    }
    return floor((d->n + 1.0) * (d->marked + 1.0) / (d->lot + 2.0));
}

/* Least and most that can be drawn. */
static double least_drawn(const struct draw *d)
{
    if (d->model == ZH_COUNT_HYPERGEOMETRIC) {
        return larger(0.0, d->n - (d->lot - d->marked));
    }
    return d->model == ZH_COUNT_BINOMIAL && d->quality >= 1.0 ? d->n : 0.0;
}

static double most_drawn(const struct draw *d)
{
    if (d->model == ZH_COUNT_POISSON) {
        return d->quality > 0.0 ? (double)INFINITY : 0.0;
    }
    double most = d->model == ZH_COUNT_HYPERGEOMETRIC ? smaller(d->n, d->marked) : d->n;
    return d->model == ZH_COUNT_BINOMIAL && !(d->quality > 0.0) ? 0.0 : most;
}

/* mass[k] = P(k) for k = 0 .. count - 1. */
static void masses(const struct draw *d, double *mass, size_t count)
{
    double least = least_drawn(d);
    double most = smaller(most_drawn(d), (double)count - 1.0);
    for (size_t k = 0; k < count; k++) {
        mass[k] = 0.0;
    }
    if (least > most) {
        return;
    }
    double none = least == 0.0 && most_drawn(d) > 0.0 ? log_none(d) : (double)NAN;
    bool from_none = none > -LOG_SAFE;
    double begin = from_none ? 0.0 : smaller(larger(most_likely(d), least), most);
    mass[(size_t)begin] = from_none ? exp(none) : density(d, begin);
    for (size_t k = (size_t)begin; k < (size_t)most; k++) {
        mass[k + 1] = mass[k] * ratio(d, (double)k);
    }
    for (size_t k = (size_t)begin; k > (size_t)least; k--) {
        mass[k - 1] = mass[k] / ratio(d, (double)k - 1.0);
    }
}

/* P(drawn <= ac) without memory: the sum from the largest term down, so that few terms matter. */
static double at_most(const struct draw *d, int64_t ac)
{
    double least = least_drawn(d);
    double most = smaller(most_drawn(d), (double)ac);
    if (most >= most_drawn(d)) {
        return 1.0;
    }
    if (least > most) {
        return 0.0;
    }
    double none = least == 0.0 ? log_none(d) : (double)NAN;
    bool from_none = none > -LOG_SAFE;
    double begin = from_none ? 0.0 : smaller(larger(most_likely(d), least), most);
    double first = from_none ? exp(none) : density(d, begin);
    double sum = first;
    double term = first;
    for (double k = begin; k < most; k += 1.0) {
        double factor = ratio(d, k);
        term *= factor;
        sum += term;
        if (factor < 0.5 && term < sum * 1e-17) {
            break;
        }
    }
    term = first;
    for (double k = begin; k > least && term > sum * 1e-18; k -= 1.0) {
        term /= ratio(d, k - 1.0);
        sum += term;
    }
    return smaller(sum, 1.0);
}

/* ---- plans by attributes ---- */

zh_rc zh_plan_check(const zh_attribute_plan *plan, int64_t lot_size, zh_err *err)
{
    int64_t units = 0;
    size_t last = plan->stages - 1;
    if (plan->stages == 0 || plan->stages > ZH_PLAN_STAGES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "acceptance.stages",
                          "抽样方案有 %zu 次抽样，要 1 到 %zu 次", plan->stages,
                          ZH_PLAN_STAGES_MAX);
    }
    for (size_t i = 0; i < plan->stages; i++) {
        if (plan->n[i] < 1 || plan->n[i] > ZH_PLAN_N_MAX || plan->re[i] > ZH_PLAN_AC_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "acceptance.size",
                              "第 %zu 次抽样的样本量要 1 到 %lld，拒收数不超过 %lld", i + 1,
                              (long long)ZH_PLAN_N_MAX, (long long)ZH_PLAN_AC_MAX);
        }
        bool falls = i > 0 && (plan->ac[i] < plan->ac[i - 1] || plan->re[i] < plan->re[i - 1]);
        /* -1: this stage cannot accept (printed # in the tables). */
        if (plan->ac[i] < -1 || plan->ac[i] >= plan->re[i] || falls) {
            return zh_err_set(err, ZH_EINVAL, "acceptance.numbers",
                              "第 %zu 次抽样的接收数要小于拒收数，并且都不减小", i + 1);
        }
        units += plan->n[i];
    }
    if (plan->re[last] != plan->ac[last] + 1 || plan->ac[last] < 0) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.undecided",
                          "最后一次抽样的拒收数要等于接收数加 1，否则不能判定");
    }
    if (lot_size > 0 && (units > lot_size || lot_size > ZH_PLAN_N_MAX)) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.lot", "样本共 %lld 个，批只有 %lld 个",
                          (long long)units, (long long)lot_size);
    }
    return ZH_OK;
}

static zh_rc check_quality(zh_count_model model, int64_t lot_size, double quality, zh_err *err)
{
    double most = model == ZH_COUNT_BINOMIAL         ? 1.0
                  : model == ZH_COUNT_HYPERGEOMETRIC ? (double)lot_size
                                                     : 1e9;
    if (model == ZH_COUNT_HYPERGEOMETRIC && lot_size < 1) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.lot", "超几何分布要批量（lot_size）");
    }
    if (!(quality >= 0.0 && quality <= most)) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.quality", "质量水平 %g 不在 0 与 %g 之间",
                          quality, most);
    }
    return ZH_OK;
}

/* Draw of stage i when `found` of the units before were marked. */
static struct draw draw_of(const zh_attribute_plan *plan, zh_count_model model, int64_t lot_size,
                           double quality, size_t i, int64_t found)
{
    double lot = (double)lot_size;
    for (size_t j = 0; j < i; j++) {
        lot -= (double)plan->n[j];
    }
    double marked = smaller(larger(nearbyint(quality) - (double)found, 0.0), lot);
    return new_draw(model, (double)plan->n[i], quality, lot, marked);
}

struct walk {
    const zh_attribute_plan *plan;
    zh_count_model model;
    int64_t lot_size;
    double quality;
    double *now, *next, *mass; /* probabilities by nonconforming units so far */
    double accepted[ZH_PLAN_STAGES_MAX];
    double reached[ZH_PLAN_STAGES_MAX]; /* P(stage i is drawn) */
};

/* From now to next; whoever is between ac and re goes on. */
static void walk_stage(struct walk *w, size_t i)
{
    const zh_attribute_plan *p = w->plan;
    size_t re = (size_t)p->re[i];
    int64_t first = i == 0 ? 0 : p->ac[i - 1] + 1;
    int64_t last = i == 0 ? 0 : p->re[i - 1] - 1;
    for (size_t k = 0; k < re; k++) {
        w->next[k] = 0.0;
    }
    for (int64_t found = first; found <= last && found < p->re[i]; found++) {
        double here = w->now[found];
        size_t more = re - (size_t)found;
        if (found == first || w->model == ZH_COUNT_HYPERGEOMETRIC) {
            struct draw d = draw_of(p, w->model, w->lot_size, w->quality, i, found);
            masses(&d, w->mass, more);
        }
        for (size_t k = 0; k < more && here > 0.0; k++) {
            w->next[(size_t)found + k] += here * w->mass[k];
        }
    }
    for (int64_t k = 0; k <= p->ac[i]; k++) {
        w->accepted[i] += w->next[k];
    }
    double *swap = w->now;
    w->now = w->next;
    w->next = swap;
    for (int64_t k = p->ac[i] + 1; k < p->re[i] && i + 1 < p->stages; k++) {
        w->reached[i + 1] += w->now[k];
    }
}

static void summarise(const struct walk *w, zh_plan_result *out)
{
    double lot = (double)w->lot_size;
    double share = w->model == ZH_COUNT_HYPERGEOMETRIC ? nearbyint(w->quality) / lot : w->quality;
    double units = 0.0;
    double passed = 0.0; /* units of accepted lots that nobody inspected */
    *out = (zh_plan_result){0};
    for (size_t i = 0; i < w->plan->stages; i++) {
        double n = (double)w->plan->n[i];
        units += n;
        out->asn += w->reached[i] * n;
        out->p_accept += w->accepted[i];
        passed += w->accepted[i] * (lot - units);
        out->ati += w->accepted[i] * units;
    }
    out->p_accept = smaller(out->p_accept, 1.0);
    out->aoq = w->lot_size > 0 ? share * passed / lot : (double)NAN;
    out->ati = w->lot_size > 0 ? out->ati + (1.0 - out->p_accept) * lot : (double)NAN;
}

zh_rc zh_plan_evaluate(const zh_attribute_plan *plan, zh_count_model model, int64_t lot_size,
                       double quality, zh_plan_result *out, zh_err *err)
{
    zh_assert(plan->stages >= 1 && plan->stages <= ZH_PLAN_STAGES_MAX);
    zh_rc rc = check_quality(model, lot_size, quality, err);
    if (rc != ZH_OK) {
        return rc;
    }
    struct walk w = {.plan = plan, .model = model, .lot_size = lot_size, .quality = quality};
    w.reached[0] = 1.0;
    if (plan->stages == 1) {
        struct draw d = draw_of(plan, model, lot_size, quality, 0, 0);
        w.accepted[0] = at_most(&d, plan->ac[0]);
    } else {
        size_t most = (size_t)plan->re[plan->stages - 1];
        w.now = zh_alloc(3 * (most + 1) * sizeof(double));
        double *room = w.now;
        w.next = room + most + 1;
        w.mass = w.next + most + 1;
        w.now[0] = 1.0;
        for (size_t i = 0; i < plan->stages; i++) {
            walk_stage(&w, i);
        }
        zh_dealloc(room);
    }
    summarise(&w, out);
    return ZH_OK;
}

/* ---- plans by variables ---- */

zh_rc zh_variables_accept(int64_t n, double k, bool sigma_known, double p, double *out, zh_err *err)
{
    if (n < (sigma_known ? 1 : 2) || n > ZH_PLAN_VARIABLES_N || !isfinite(k)) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.variables",
                          "样本量 %lld 要 %d 到 %lld，接收常数 k 是有限的数", (long long)n,
                          sigma_known ? 1 : 2, (long long)ZH_PLAN_VARIABLES_N);
    }
    if (!(p >= 0.0 && p <= 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.quality", "质量水平 %g 不在 0 与 1 之间", p);
    }
    if (p <= 0.0 || p >= 1.0) {
        *out = p <= 0.0 ? 1.0 : 0.0;
        return ZH_OK;
    }
    double root = sqrt((double)n);
    double z = zh_normal_quantile(p);
    *out = sigma_known ? zh_normal_cdf(-(k + z) * root)
                       : zh_dist_student_cdf(k * root, (double)n - 1.0, -z * root, ZH_TAIL_UPPER);
    return ZH_OK;
}

/* ---- plans from two points ---- */

static zh_rc check_points(const zh_risk_points *r, double most, zh_err *err)
{
    bool qualities =
        r->prp_quality >= 0.0 && r->prp_quality < r->crp_quality && r->crp_quality <= most;
    bool shares = r->crp_accept > 0.0 && r->crp_accept < r->prp_accept && r->prp_accept < 1.0;
    if (!qualities || !shares) {
        zh_err_set(
            err, ZH_EINVAL, "acceptance.points",
            "两个风险点互相矛盾：生产方风险质量 %g（接收概率 %g）要好于使用方风险质量 %g（%g）",
            r->prp_quality, r->prp_accept, r->crp_quality, r->crp_accept);
        zh_err_fix(err, "prp_quality < crp_quality，crp_accept < prp_accept，概率在 0 与 1 之间");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static double single_accepts(zh_count_model model, int64_t lot_size, double quality, int64_t n,
                             int64_t ac)
{
    struct draw d = new_draw(model, (double)n, quality, (double)lot_size, nearbyint(quality));
    return at_most(&d, ac);
}

/* Smallest n >= from with P(accept) <= beta; above `most` when there is none. P falls with n. */
static int64_t smallest_n(zh_count_model model, int64_t lot_size, double quality, double beta,
                          int64_t ac, int64_t from, int64_t most)
{
    int64_t low = from; /* the answer is at least low */
    int64_t step = 1;
    int64_t high = from;
    while (high <= most && single_accepts(model, lot_size, quality, high, ac) > beta) {
        low = high + 1;
        high += step;
        step *= 2;
        if (high > most && low <= most) {
            high = most;
        }
    }
    if (high > most) {
        return most + 1;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (single_accepts(model, lot_size, quality, middle, ac) > beta) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

zh_rc zh_plan_find(const zh_risk_points *points, zh_count_model model, int64_t lot_size,
                   zh_attribute_plan *out, zh_err *err)
{
    bool lot = model == ZH_COUNT_HYPERGEOMETRIC;
    zh_rc rc = check_points(points, model == ZH_COUNT_POISSON ? 1e9 : 1.0, err);
    if (rc == ZH_OK && lot && (lot_size < 1 || lot_size > ZH_PLAN_N_MAX)) {
        rc = zh_err_set(err, ZH_EINVAL, "acceptance.lot",
                        "超几何分布要批量（lot_size），不超过 %lld", (long long)ZH_PLAN_N_MAX);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double good = lot ? points->prp_quality * (double)lot_size : points->prp_quality;
    double bad = lot ? points->crp_quality * (double)lot_size : points->crp_quality;
    int64_t most = lot ? lot_size : ZH_PLAN_N_MAX;
    int64_t n = 1;
    for (int64_t ac = 0; ac <= ZH_PLAN_FIND_AC_MAX; ac++) {
        n = smallest_n(model, lot_size, bad, points->crp_accept, ac, n > ac ? n : ac + 1, most);
        if (n > most) {
            break;
        }
        if (single_accepts(model, lot_size, good, n, ac) >= points->prp_accept) {
            *out = (zh_attribute_plan){.stages = 1, .n = {n}, .ac = {ac}, .re = {ac + 1}};
            return ZH_OK;
        }
    }
    zh_err_set(err, ZH_ELIMIT, "acceptance.none",
               "在样本量 %lld、接收数 %lld 以内没有满足两点的方案", (long long)most,
               (long long)ZH_PLAN_AC_MAX);
    zh_err_fix(err, "两个质量水平太接近：拉开它们，或放宽风险");
    return ZH_ELIMIT;
}

/* k with P(accept) = prp_accept at the first point. */
static double variables_k(const zh_risk_points *r, bool sigma_known, int64_t n)
{
    double root = sqrt((double)n);
    double z = zh_normal_quantile(r->prp_quality);
    if (sigma_known) {
        return -zh_normal_quantile(r->prp_accept) / root - z;
    }
    return zh_dist_student_quantile(r->prp_accept, (double)n - 1.0, -z * root, ZH_TAIL_UPPER) /
           root;
}

static bool variables_meet(const zh_risk_points *r, bool sigma_known, int64_t n)
{
    double p = 1.0;
    zh_rc rc = zh_variables_accept(n, variables_k(r, sigma_known, n), sigma_known, r->crp_quality,
                                   &p, NULL);
    return rc == ZH_OK && p <= r->crp_accept;
}

/* Near the answer: exact when sigma is known, else with its n (1 + k^2/2) (Lieberman & Resnikoff
 * 1955), where the search begins. */
static int64_t guess_n(const zh_risk_points *r, bool sigma_known, int64_t least)
{
    double good = zh_normal_quantile(r->prp_quality);
    double bad = zh_normal_quantile(r->crp_quality);
    double alpha = -zh_normal_quantile(r->prp_accept);
    double beta = zh_normal_quantile(r->crp_accept);
    double n = pow((alpha + beta) / (bad - good), 2.0);
    double k = (alpha * bad + beta * good) / -(alpha + beta);
    n *= sigma_known ? 1.0 : 1.0 + k * k / 2.0;
    return n >= (double)ZH_PLAN_VARIABLES_N ? ZH_PLAN_VARIABLES_N
           : n > (double)least              ? (int64_t)n
                                            : least;
}

zh_rc zh_variables_find(const zh_risk_points *points, bool sigma_known, int64_t *n, double *k,
                        zh_err *err)
{
    zh_rc rc = check_points(points, 1.0, err);
    if (rc == ZH_OK && (points->prp_quality <= 0.0 || points->crp_quality >= 1.0)) {
        rc = zh_err_set(err, ZH_EINVAL, "acceptance.points", "计量方案的两个质量要在 0 与 1 之间");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    int64_t least = sigma_known ? 1 : 2;
    int64_t low = guess_n(points, sigma_known, least);
    int64_t high = low;
    int64_t step = 1;
    while (low > least && variables_meet(points, sigma_known, low)) {
        high = low;
        low = low - step > least ? low - step : least;
        step *= 2;
    }
    step = 1;
    while (high <= ZH_PLAN_VARIABLES_N && !variables_meet(points, sigma_known, high)) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    if (high > ZH_PLAN_VARIABLES_N) {
        return zh_err_set(err, ZH_ELIMIT, "acceptance.none", "在样本量 %lld 以内没有满足两点的方案",
                          (long long)ZH_PLAN_VARIABLES_N);
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (variables_meet(points, sigma_known, middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *n = low;
    *k = variables_k(points, sigma_known, low);
    return ZH_OK;
}

/* The share nonconforming that a single plan accepts with this probability, to 1e-14. */
static zh_rc share_accepted(const zh_attribute_plan *plan, double accepted, double *out,
                            zh_err *err)
{
    double low = 0.0;
    double high = 1.0;
    zh_rc rc = ZH_OK;
    for (int i = 0; i < 50 && rc == ZH_OK; i++) {
        zh_plan_result r;
        double middle = (low + high) / 2.0;
        rc = zh_plan_evaluate(plan, ZH_COUNT_BINOMIAL, 0, middle, &r, err);
        *(rc == ZH_OK && r.p_accept > accepted ? &low : &high) = middle;
    }
    *out = low;
    return rc;
}

zh_rc zh_variables_like(int64_t n, int64_t ac, bool sigma_known, zh_risk_points *points,
                        int64_t *variables_n, double *k, zh_err *err)
{
    const zh_attribute_plan plan = {.stages = 1, .n = {n}, .ac = {ac}, .re = {ac + 1}};
    *points = (zh_risk_points){.prp_accept = 0.95, .crp_accept = 0.10};
    zh_rc rc = zh_plan_check(&plan, 0, err);
    if (rc == ZH_OK && ac >= n) {
        rc = zh_err_set(err, ZH_EINVAL, "acceptance.numbers",
                        "一次方案 n = %lld、Ac = %lld 每批都接收，没有相当的计量方案", (long long)n,
                        (long long)ac);
    }
    if (rc == ZH_OK) {
        rc = share_accepted(&plan, points->prp_accept, &points->prp_quality, err);
    }
    if (rc == ZH_OK) {
        rc = share_accepted(&plan, points->crp_accept, &points->crp_quality, err);
    }
    return rc == ZH_OK ? zh_variables_find(points, sigma_known, variables_n, k, err) : rc;
}

/* ---- GB/T 2828.4 ---- */

zh_rc zh_audit_plan_of(double dql, int level, zh_audit_plan *out, zh_err *err)
{
    static const int64_t preferred[] = {2,   3,   5,   8,   13,  20,   32,   50,  80,
                                        125, 200, 315, 500, 800, 1250, 2000, 3150};
    if (!(dql >= 0.001 && dql <= 20.0)) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.dql",
                          "声称质量水平 %g%% 要在 0.001 与 20 之间", dql);
    }
    if (level < 1 || level > 3) {
        zh_err_set(err, ZH_EINVAL, "acceptance.lqr", "LQR 水平要 1、2 或 3");
        zh_err_fix(err, "水平 0 的样本量按另一条性质定，查 GB/T 2828.4 的原表");
        return ZH_EINVAL;
    }
    double p = dql / 100.0;
    int64_t n = smallest_n(ZH_COUNT_BINOMIAL, 0, p, 0.95, level, level + 1, ZH_PLAN_N_MAX);
    /* smallest_n finds P <= 0.95: the one before it is the largest with P > 0.95. */
    *out = (zh_audit_plan){.limit = level, .n = n > level + 1 ? n - 1 : level + 1};
    for (size_t i = 0; i < ZH_COUNTOF(preferred) && preferred[i] <= out->n; i++) {
        out->n_preferred = preferred[i];
    }
    out->risk = 1.0 - single_accepts(ZH_COUNT_BINOMIAL, 0, p, out->n, level);
    /* P(d <= L) = 0.10: d <= L of n is the upper tail of a beta distribution (DLMF 8.17.5). */
    double limiting =
        zh_dist_beta_quantile(0.10, (double)level + 1.0, (double)(out->n - level), ZH_TAIL_UPPER);
    out->lqr = limiting / p;
    return ZH_OK;
}
