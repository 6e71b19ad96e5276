/* Probability distributions by name, with R's names and argument names: d density or mass, p
 * distribution function, q quantile; vectors are taken element by element, a single value serves
 * all. The functions themselves are in num/distribution.h and num/special.h. */
#include "engine/door.h"
#include "engine/engine.h"
#include "num/distribution.h"
#include "num/special.h"
#include <math.h>
#include <stdio.h>

#define PARAMETERS_MAX 3
#define SIZE_MOST      1e9  /* sizes, degrees of freedom, shapes of the beta family */
#define NUMBER_MOST    1e12 /* shapes and means of the gamma family */
#define MEANS_MOST     1e5
#define NCP_MOST       1e4

/* Work of one value in tenths of a microsecond, and the most that one call may need. */
#define COST_CLOSED      10.0
#define COST_INTEGRAL    250.0
#define COST_STUDENTIZED 8000.0
#define COST_QUANTILE    15.0 /* a quantile against its distribution function */
#define COST_MAX         1e8

enum question { DENSITY, CDF, QUANTILE };

enum range {
    ANY,          /* any number */
    POSITIVE,     /* above 0 */
    NOT_NEGATIVE, /* 0 or above */
    SHARE,        /* 0 … 1 */
    WHOLE,        /* 0, 1, 2, … */
    TWO_OR_MORE,
    ONE_OR_MORE,
};

struct parameter {
    const char *name;
    enum range range;
    double most;      /* of the magnitude; infinite: "Inf" or null may be given */
    double otherwise; /* NAN: must be given */
};

struct family {
    double (*at)(enum question what, double x, const double *p, unsigned tail);
    double cost;
    struct parameter parameters[PARAMETERS_MAX];
    const char *other_member;   /* where this member is given … */
    const struct family *other; /* … the parameters are those of this family */
};

#define REQUIRED ((double)NAN)
#define INFINITE ((double)INFINITY)

#define FAMILY_AT(fn, ...)                                                                         \
    static double fn##_at(enum question what, double x, const double *p, unsigned tail)            \
    {                                                                                              \
        return what == DENSITY ? zh_dist_##fn##_density(x, __VA_ARGS__, (tail & ZH_TAIL_LOG) != 0) \
               : what == CDF   ? zh_dist_##fn##_cdf(x, __VA_ARGS__, tail)                          \
                               : zh_dist_##fn##_quantile(x, __VA_ARGS__, tail);                      \
    }
FAMILY_AT(normal, p[0], p[1])
FAMILY_AT(student, p[0], p[1])
FAMILY_AT(chi_squared, p[0])
FAMILY_AT(fisher, p[0], p[1])
FAMILY_AT(beta, p[0], p[1])
FAMILY_AT(gamma, p[0], p[1])
FAMILY_AT(binomial, p[0], p[1])
FAMILY_AT(negative_binomial, p[0], p[1])
FAMILY_AT(poisson, p[0])
FAMILY_AT(hypergeometric, p[0], p[1], p[2])

static double gamma_scale_at(enum question what, double x, const double *p, unsigned tail)
{
    double by_rate[2] = {p[0], 1.0 / p[1]};
    return gamma_at(what, x, by_rate, tail);
}

static double failures_mu_at(enum question what, double x, const double *p, unsigned tail)
{
    bool log = (tail & ZH_TAIL_LOG) != 0;
    return what == DENSITY ? zh_dist_negative_binomial_density_mu(x, p[0], p[1], log)
           : what == CDF   ? zh_dist_negative_binomial_cdf_mu(x, p[0], p[1], tail)
                           : zh_dist_negative_binomial_quantile_mu(x, p[0], p[1], tail);
}

static double studentized_at(enum question what, double x, const double *p, unsigned tail)
{
    return what == CDF ? zh_dist_studentized_range_cdf(x, p[0], p[1], p[2], tail)
                       : zh_dist_studentized_range_quantile(x, p[0], p[1], p[2], tail);
}

static const struct family normal = {
    normal_at,
    COST_CLOSED,
    {{"mean", ANY, NUMBER_MOST *NUMBER_MOST, 0.0},
     {"sd", NOT_NEGATIVE, NUMBER_MOST *NUMBER_MOST, 1.0}},
    NULL,
    NULL,
};
static const struct family student_ncp = {
    student_at,
    COST_INTEGRAL,
    {{"df", POSITIVE, INFINITE, REQUIRED}, {"ncp", ANY, NCP_MOST, REQUIRED}},
    NULL,
    NULL,
};
static const struct family student = {
    student_at, COST_CLOSED, {{"df", POSITIVE, INFINITE, REQUIRED}}, "ncp", &student_ncp,
};
static const struct family chi_squared = {
    chi_squared_at, COST_CLOSED, {{"df", POSITIVE, NUMBER_MOST, REQUIRED}}, NULL, NULL,
};
static const struct family fisher = {
    fisher_at,
    COST_CLOSED,
    {{"df1", POSITIVE, SIZE_MOST, REQUIRED}, {"df2", POSITIVE, INFINITE, REQUIRED}},
    NULL,
    NULL,
};
static const struct family beta = {
    beta_at,
    COST_CLOSED,
    {{"shape1", POSITIVE, SIZE_MOST, REQUIRED}, {"shape2", POSITIVE, SIZE_MOST, REQUIRED}},
    NULL,
    NULL,
};
static const struct family gamma_scale = {
    gamma_scale_at,
    COST_CLOSED,
    {{"shape", POSITIVE, NUMBER_MOST, REQUIRED}, {"scale", POSITIVE, NUMBER_MOST, REQUIRED}},
    NULL,
    NULL,
};
static const struct family gamma_rate = {
    gamma_at,
    COST_CLOSED,
    {{"shape", POSITIVE, NUMBER_MOST, REQUIRED}, {"rate", POSITIVE, NUMBER_MOST, 1.0}},
    "scale",
    &gamma_scale,
};
static const struct family binomial = {
    binomial_at,
    COST_CLOSED,
    {{"size", WHOLE, SIZE_MOST, REQUIRED}, {"prob", SHARE, 1.0, REQUIRED}},
    NULL,
    NULL,
};
static const struct family failures_mu = {
    failures_mu_at,
    COST_CLOSED,
    {{"size", POSITIVE, SIZE_MOST, REQUIRED}, {"mu", NOT_NEGATIVE, SIZE_MOST, REQUIRED}},
    NULL,
    NULL,
};
static const struct family failures = {
    negative_binomial_at,
    COST_CLOSED,
    {{"size", POSITIVE, SIZE_MOST, REQUIRED}, {"prob", SHARE, 1.0, REQUIRED}},
    "mu",
    &failures_mu,
};
static const struct family poisson = {
    poisson_at, COST_CLOSED, {{"lambda", NOT_NEGATIVE, NUMBER_MOST, REQUIRED}}, NULL, NULL,
};
static const struct family hypergeometric = {
    hypergeometric_at,
    COST_CLOSED,
    {{"m", WHOLE, SIZE_MOST, REQUIRED},
     {"n", WHOLE, SIZE_MOST, REQUIRED},
     {"k", WHOLE, 2.0 * SIZE_MOST, REQUIRED}},
    NULL,
    NULL,
};
static const struct family studentized = {
    studentized_at,
    COST_STUDENTIZED,
    {{"nmeans", TWO_OR_MORE, MEANS_MOST, REQUIRED},
     {"df", ONE_OR_MORE, INFINITE, REQUIRED},
     {"nranges", ONE_OR_MORE, MEANS_MOST, 1.0}},
    NULL,
    NULL,
};

/* ---- reading ---- */

static const char *const argument_names[] = {"x", "q", "p"};

static const char *range_text(enum range range)
{
    switch (range) {
    case ANY: return "数";
    case POSITIVE: return "大于 0 的数";
    case NOT_NEGATIVE: return "不小于 0 的数";
    case SHARE: return "0 到 1 的数";
    case WHOLE: return "不小于 0 的整数";
    case TWO_OR_MORE: return "不小于 2 的数";
    case ONE_OR_MORE: return "不小于 1 的数";
    }
    return "";
}

static bool in_range(const struct parameter *p, double v)
{
    if (fabs(v) > p->most) {
        return false;
    }
    switch (p->range) {
    case ANY: return true;
    case POSITIVE: return v > 0.0;
    case NOT_NEGATIVE: return v >= 0.0;
    case SHARE: return v >= 0.0 && v <= 1.0;
    case WHOLE: return v >= 0.0 && floor(v) == v;
    case TWO_OR_MORE: return v >= 2.0;
    case ONE_OR_MORE: return v >= 1.0;
    }
    return false;
}

static zh_numbers one_number(zh_door *door, double value)
{
    zh_numbers numbers = {1, zh_door_room(door, 1)};
    if (numbers.v == NULL) {
        return (zh_numbers){0};
    }
    numbers.v[0] = value;
    return numbers;
}

static zh_numbers read_parameter(zh_door *door, const struct parameter *p)
{
    const zh_json *value = zh_json_get(door->input, p->name);
    if (value != NULL && value->kind == ZH_JSON_NULL && isinf(p->most)) {
        return one_number(door, (double)INFINITY);
    }
    if (!zh_door_has(door, p->name) && !isnan(p->otherwise)) {
        return one_number(door, p->otherwise);
    }
    zh_numbers numbers =
        isinf(p->most) ? zh_door_numbers_limits(door, p->name) : zh_door_numbers(door, p->name);
    for (size_t i = 0; i < numbers.n; i++) {
        if (!in_range(p, numbers.v[i])) {
            (void)zh_door_refuse(door, p->name, "%g 不行，要%s，最大 %g", numbers.v[i],
                                 zh_err_text(door->err, range_text(p->range)), p->most);
            break;
        }
    }
    return numbers;
}

/* The numbers asked about: x, q (infinite allowed) or p, a probability. */
static zh_numbers read_argument(zh_door *door, enum question what, unsigned tail)
{
    const char *name = argument_names[what];
    zh_numbers numbers = zh_door_numbers_limits(door, name);
    bool log = (tail & ZH_TAIL_LOG) != 0;
    for (size_t i = 0; what == QUANTILE && i < numbers.n; i++) {
        double p = numbers.v[i];
        if (log ? !(p <= 0.0) : !(p >= 0.0 && p <= 1.0)) {
            (void)zh_door_refuse(
                door, name, "%g 不是%s", p,
                zh_err_text(door->err, log ? "概率的对数（不大于 0）" : "0 到 1 的概率"));
            break;
        }
    }
    return numbers;
}

static unsigned read_tail(zh_door *door, enum question what)
{
    bool upper = what != DENSITY && !zh_door_flag(door, "lower.tail", true);
    bool log = zh_door_flag(door, what == DENSITY ? "log" : "log.p", false);
    return (upper ? ZH_TAIL_UPPER : ZH_TAIL_LOWER) | (log ? ZH_TAIL_LOG : ZH_TAIL_LOWER);
}

/* A member nobody reads would be a wish that is not met: a noncentral chi-squared, a misspelt rate.
 */
static void refuse_unknown(zh_door *door, enum question what, const struct parameter *parameters)
{
    for (const zh_json *m = door->input->first; m != NULL; m = m->next) {
        bool known = zh_str_is(m->name, argument_names[what]) ||
                     zh_str_is(m->name, what == DENSITY ? "log" : "log.p") ||
                     (what != DENSITY && zh_str_is(m->name, "lower.tail"));
        for (size_t i = 0; i < PARAMETERS_MAX && parameters[i].name != NULL; i++) {
            known = known || zh_str_is(m->name, parameters[i].name);
        }
        if (!known) {
            char name[64];
            (void)snprintf(name, sizeof(name), "%.*s", ZH_FMT(m->name));
            (void)zh_door_refuse(door, name, "这个函数没有这个参数");
        }
    }
}

/* ---- calculating ---- */

/* The length of the answer: the common length of the vectors that are not single values. */
static size_t common_length(zh_door *door, const char *const *names, const zh_numbers *vectors,
                            size_t count)
{
    size_t n = 1;
    for (size_t i = 0; i < count; i++) {
        n = vectors[i].n != 1 ? vectors[i].n : n;
    }
    for (size_t i = 0; i < count; i++) {
        if (vectors[i].n != 1 && vectors[i].n != n) {
            (void)zh_door_refuse(door, names[i],
                                 "有 %zu 个值，别的参数有 %zu 个：要一样多或只有 1 个",
                                 vectors[i].n, n);
        }
    }
    return n;
}

static zh_rc put_values(zh_jw *out, const double *v, size_t n, bool single)
{
    zh_jw_object(out);
    if (single) {
        zh_put_number(out, "value", v[0]);
    } else {
        zh_put_numbers(out, "value", v, n);
    }
    zh_jw_object_end(out);
    return ZH_OK;
}

/* A hypergeometric draw of more than there is. */
static void check_urn(zh_door *door, const zh_numbers *p, size_t n)
{
    for (size_t i = 0; door->rc == ZH_OK && i < n; i++) {
        double all = p[0].v[p[0].n == 1 ? 0 : i] + p[1].v[p[1].n == 1 ? 0 : i];
        double drawn = p[2].v[p[2].n == 1 ? 0 : i];
        if (drawn > all) {
            (void)zh_door_refuse(door, "k", "抽 %g 个，总共只有 %g 个", drawn, all);
        }
    }
}

static void check_cost(zh_door *door, const struct family *family, enum question what,
                       const zh_numbers *p, size_t count, size_t n)
{
    double largest = 0.0;
    for (size_t j = 0; j < count; j++) {
        for (size_t i = 0; i < p[j].n; i++) {
            largest = fmax(largest, isinf(p[j].v[i]) ? 0.0 : fabs(p[j].v[i]));
        }
    }
    /* Series and continued fractions take about the square root of the parameter. */
    double one = family->cost * (what == QUANTILE ? COST_QUANTILE : 1.0) *
                 (1.0 + sqrt(fmin(largest, 1e5 * SIZE_MOST)) / 50.0);
    if (door->rc == ZH_OK && (double)n * one > COST_MAX) {
        door->rc = zh_err_set(door->err, ZH_ELIMIT, "calc.size",
                              "要算 %zu 个值，按这些参数一次最多 %.0f 个", n,
                              fmax(1.0, floor(COST_MAX / one)));
    }
}

static zh_rc calculate(const struct family *family, enum question what, zh_arena *arena,
                       const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers vectors[PARAMETERS_MAX + 1];
    const char *names[PARAMETERS_MAX + 1];
    if (family->other != NULL && zh_door_has(&door, family->other_member)) {
        family = family->other;
    }
    refuse_unknown(&door, what, family->parameters);
    unsigned tail = read_tail(&door, what);
    size_t count = 0;
    for (; count < PARAMETERS_MAX && family->parameters[count].name != NULL; count++) {
        names[count] = family->parameters[count].name;
        vectors[count] = read_parameter(&door, &family->parameters[count]);
    }
    names[count] = argument_names[what];
    vectors[count] = read_argument(&door, what, tail);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    size_t n = common_length(&door, names, vectors, count + 1);
    if (family == &hypergeometric) {
        check_urn(&door, vectors, n);
    }
    check_cost(&door, family, what, vectors, count, n);
    double *value = zh_door_room(&door, n);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    for (size_t i = 0; i < n; i++) {
        double p[PARAMETERS_MAX + 1] = {0.0};
        for (size_t j = 0; j <= count; j++) {
            p[j] = vectors[j].v[vectors[j].n == 1 ? 0 : i];
        }
        double x = p[count];
        p[count] = 0.0;
        value[i] = family->at(what, x, p, tail);
    }
    const zh_json *argument = zh_json_get(input, argument_names[what]);
    return put_values(out, value, n, n == 1 && argument->kind != ZH_JSON_ARRAY);
}

/* ---- rank statistics: a table for the sizes, then asked ---- */

static const struct parameter signed_rank[] = {{"n", WHOLE, ZH_SIGNED_RANK_N_MAX, REQUIRED},
                                               {NULL, ANY, 0.0, 0.0}};
static const struct parameter rank_sum[] = {{"m", WHOLE, ZH_RANK_SUM_N_MAX, REQUIRED},
                                            {"n", WHOLE, ZH_RANK_SUM_N_MAX, REQUIRED},
                                            {NULL, ANY, 0.0, 0.0}};

static zh_rc calculate_ranks(const struct parameter *parameters, enum question what,
                             zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    size_t sizes[2] = {0};
    refuse_unknown(&door, what, parameters);
    for (size_t i = 0; parameters[i].name != NULL; i++) {
        sizes[i] =
            (size_t)zh_door_integer(&door, parameters[i].name, 1, (int64_t)parameters[i].most);
    }
    unsigned tail = read_tail(&door, what);
    zh_numbers x = read_argument(&door, what, tail);
    double *value = zh_door_room(&door, x.n);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_dist_ranks ranks;
    zh_rc rc = parameters == signed_rank ? zh_dist_signed_rank(arena, sizes[0], &ranks, err)
                                         : zh_dist_rank_sum(arena, sizes[0], sizes[1], &ranks, err);
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < x.n; i++) {
        value[i] = what == DENSITY
                       ? zh_dist_ranks_density(&ranks, x.v[i], (tail & ZH_TAIL_LOG) != 0)
                   : what == CDF ? zh_dist_ranks_cdf(&ranks, x.v[i], tail)
                                 : zh_dist_ranks_quantile(&ranks, x.v[i], tail);
    }
    const zh_json *argument = zh_json_get(input, argument_names[what]);
    return put_values(out, value, x.n, argument->kind != ZH_JSON_ARRAY);
}

/* ---- special functions ---- */

static zh_rc calculate_special(double (*function)(double), zh_arena *arena, const zh_json *input,
                               zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    double *value = zh_door_room(&door, x.n);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    for (size_t i = 0; i < x.n; i++) {
        value[i] = function(x.v[i]);
    }
    return put_values(out, value, x.n, zh_json_get(input, "x")->kind != ZH_JSON_ARRAY);
}

/* ---- descriptors ---- */

#define REFERENCE                                                                                  \
    "NIST DLMF 7, 8；Loader (2000) Fast and accurate computation of binomial probabilities；"    \
    "DiDonato & Morris, ACM TOMS 18 (1992)；Wichura AS 241 (1988)；参数名同 R"

#define RUN(id, call, ...)                                                                         \
    static zh_rc run_##id(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)          \
    {                                                                                              \
        return call(__VA_ARGS__, arena, input, out, err);                                          \
    }
#define DESCRIPTOR(id, title, example)                                                             \
    {                                                                                              \
        .name = "distributions." #id, .zh = title, .input = example, .method = REFERENCE,          \
        .run = run_##id                                                                            \
    }

RUN(dnorm, calculate, &normal, DENSITY)
ZH_ENGINE(distributions_dnorm) = DESCRIPTOR(dnorm, "正态分布的密度",
                                            "{\"x\": -1.96, \"mean\": 0, \"sd\": 1}");
RUN(pnorm, calculate, &normal, CDF)
ZH_ENGINE(distributions_pnorm) = DESCRIPTOR(
    pnorm, "正态分布的分布函数", "{\"q\": -1.96, \"mean\": 0, \"sd\": 1, \"lower.tail\": false}");
RUN(qnorm, calculate, &normal, QUANTILE)
ZH_ENGINE(distributions_qnorm) = DESCRIPTOR(qnorm, "正态分布的分位数",
                                            "{\"p\": 0.975, \"mean\": 0, \"sd\": 1}");

RUN(dt, calculate, &student, DENSITY)
ZH_ENGINE(distributions_dt) = DESCRIPTOR(dt, "t 分布的密度", "{\"x\": 2.26, \"df\": 9}");
RUN(pt, calculate, &student, CDF)
ZH_ENGINE(distributions_pt) = DESCRIPTOR(pt, "t 分布的分布函数",
                                         "{\"q\": 2.26, \"df\": 9, \"lower.tail\": false}");
RUN(qt, calculate, &student, QUANTILE)
ZH_ENGINE(distributions_qt) = DESCRIPTOR(qt, "t 分布的分位数", "{\"p\": 0.975, \"df\": 9}");

RUN(dchisq, calculate, &chi_squared, DENSITY)
ZH_ENGINE(distributions_dchisq) = DESCRIPTOR(dchisq, "χ² 分布的密度", "{\"x\": 14.07, \"df\": 7}");
RUN(pchisq, calculate, &chi_squared, CDF)
ZH_ENGINE(distributions_pchisq) = DESCRIPTOR(pchisq, "χ² 分布的分布函数",
                                             "{\"q\": 14.07, \"df\": 7, \"lower.tail\": false}");
RUN(qchisq, calculate, &chi_squared, QUANTILE)
ZH_ENGINE(distributions_qchisq) = DESCRIPTOR(qchisq, "χ² 分布的分位数", "{\"p\": 0.95, \"df\": 7}");

RUN(df, calculate, &fisher, DENSITY)
ZH_ENGINE(distributions_df) = DESCRIPTOR(df, "F 分布的密度",
                                         "{\"x\": 2.5, \"df1\": 3, \"df2\": 20}");
RUN(pf, calculate, &fisher, CDF)
ZH_ENGINE(distributions_pf) = DESCRIPTOR(
    pf, "F 分布的分布函数", "{\"q\": 2.5, \"df1\": 3, \"df2\": 20, \"lower.tail\": false}");
RUN(qf, calculate, &fisher, QUANTILE)
ZH_ENGINE(distributions_qf) = DESCRIPTOR(qf, "F 分布的分位数",
                                         "{\"p\": 0.95, \"df1\": 3, \"df2\": 20}");

RUN(dbeta, calculate, &beta, DENSITY)
ZH_ENGINE(distributions_dbeta) = DESCRIPTOR(dbeta, "贝塔分布的密度",
                                            "{\"x\": 0.137, \"shape1\": 3, \"shape2\": 48}");
RUN(pbeta, calculate, &beta, CDF)
ZH_ENGINE(distributions_pbeta) =
    DESCRIPTOR(pbeta, "贝塔分布的分布函数",
               "{\"q\": 0.137, \"shape1\": 3, \"shape2\": 48, \"lower.tail\": false}");
RUN(qbeta, calculate, &beta, QUANTILE)
ZH_ENGINE(distributions_qbeta) = DESCRIPTOR(qbeta, "贝塔分布的分位数",
                                            "{\"p\": 0.975, \"shape1\": 3, \"shape2\": 48}");

RUN(dgamma, calculate, &gamma_rate, DENSITY)
ZH_ENGINE(distributions_dgamma) = DESCRIPTOR(dgamma, "伽马分布的密度",
                                             "{\"x\": 2, \"shape\": 1.5, \"rate\": 0.8}");
RUN(pgamma, calculate, &gamma_rate, CDF)
ZH_ENGINE(distributions_pgamma) =
    DESCRIPTOR(pgamma, "伽马分布的分布函数",
               "{\"q\": 2, \"shape\": 1.5, \"rate\": 0.8, \"lower.tail\": false}");
RUN(qgamma, calculate, &gamma_rate, QUANTILE)
ZH_ENGINE(distributions_qgamma) = DESCRIPTOR(qgamma, "伽马分布的分位数",
                                             "{\"p\": 0.9, \"shape\": 1.5, \"rate\": 0.8}");

RUN(dbinom, calculate, &binomial, DENSITY)
ZH_ENGINE(distributions_dbinom) = DESCRIPTOR(dbinom, "二项分布的概率",
                                             "{\"x\": 2, \"size\": 80, \"prob\": 0.02}");
RUN(pbinom, calculate, &binomial, CDF)
ZH_ENGINE(distributions_pbinom) =
    DESCRIPTOR(pbinom, "二项分布的分布函数",
               "{\"q\": 2, \"size\": 80, \"prob\": 0.02, \"lower.tail\": false}");
RUN(qbinom, calculate, &binomial, QUANTILE)
ZH_ENGINE(distributions_qbinom) = DESCRIPTOR(qbinom, "二项分布的分位数",
                                             "{\"p\": 0.95, \"size\": 80, \"prob\": 0.02}");

RUN(dhyper, calculate, &hypergeometric, DENSITY)
ZH_ENGINE(distributions_dhyper) = DESCRIPTOR(dhyper, "超几何分布的概率",
                                             "{\"x\": 1, \"m\": 20, \"n\": 180, \"k\": 20}");
RUN(phyper, calculate, &hypergeometric, CDF)
ZH_ENGINE(distributions_phyper) =
    DESCRIPTOR(phyper, "超几何分布的分布函数",
               "{\"q\": 1, \"m\": 20, \"n\": 180, \"k\": 20, \"lower.tail\": false}");
RUN(qhyper, calculate, &hypergeometric, QUANTILE)
ZH_ENGINE(distributions_qhyper) = DESCRIPTOR(qhyper, "超几何分布的分位数",
                                             "{\"p\": 0.95, \"m\": 20, \"n\": 180, \"k\": 20}");

RUN(dpois, calculate, &poisson, DENSITY)
ZH_ENGINE(distributions_dpois) = DESCRIPTOR(dpois, "泊松分布的概率", "{\"x\": 3, \"lambda\": 2.5}");
RUN(ppois, calculate, &poisson, CDF)
ZH_ENGINE(distributions_ppois) = DESCRIPTOR(ppois, "泊松分布的分布函数",
                                            "{\"q\": 3, \"lambda\": 2.5, \"lower.tail\": false}");
RUN(qpois, calculate, &poisson, QUANTILE)
ZH_ENGINE(distributions_qpois) = DESCRIPTOR(qpois, "泊松分布的分位数",
                                            "{\"p\": 0.95, \"lambda\": 2.5}");

RUN(dnbinom, calculate, &failures, DENSITY)
ZH_ENGINE(distributions_dnbinom) = DESCRIPTOR(dnbinom, "负二项分布的概率",
                                              "{\"x\": 10, \"size\": 3, \"prob\": 0.4}");
RUN(pnbinom, calculate, &failures, CDF)
ZH_ENGINE(distributions_pnbinom) =
    DESCRIPTOR(pnbinom, "负二项分布的分布函数",
               "{\"q\": 10, \"size\": 3, \"prob\": 0.4, \"lower.tail\": false}");
RUN(qnbinom, calculate, &failures, QUANTILE)
ZH_ENGINE(distributions_qnbinom) = DESCRIPTOR(qnbinom, "负二项分布的分位数",
                                              "{\"p\": 0.95, \"size\": 3, \"prob\": 0.4}");

RUN(ptukey, calculate, &studentized, CDF)
ZH_ENGINE(distributions_ptukey) =
    DESCRIPTOR(ptukey, "学生化极差的分布函数",
               "{\"q\": 3.5, \"nmeans\": 3, \"df\": 20, \"lower.tail\": false}");
RUN(qtukey, calculate, &studentized, QUANTILE)
ZH_ENGINE(distributions_qtukey) = DESCRIPTOR(qtukey, "学生化极差的分位数",
                                             "{\"p\": 0.95, \"nmeans\": 3, \"df\": 10}");

RUN(dsignrank, calculate_ranks, signed_rank, DENSITY)
ZH_ENGINE(distributions_dsignrank) = DESCRIPTOR(dsignrank, "符号秩统计量的概率",
                                                "{\"x\": 30, \"n\": 15}");
RUN(psignrank, calculate_ranks, signed_rank, CDF)
ZH_ENGINE(distributions_psignrank) = DESCRIPTOR(psignrank, "符号秩统计量的分布函数",
                                                "{\"q\": 30, \"n\": 15}");
RUN(qsignrank, calculate_ranks, signed_rank, QUANTILE)
ZH_ENGINE(distributions_qsignrank) = DESCRIPTOR(qsignrank, "符号秩统计量的分位数",
                                                "{\"p\": 0.025, \"n\": 15}");

RUN(dwilcox, calculate_ranks, rank_sum, DENSITY)
ZH_ENGINE(distributions_dwilcox) = DESCRIPTOR(dwilcox, "秩和统计量的概率",
                                              "{\"x\": 20, \"m\": 8, \"n\": 10}");
RUN(pwilcox, calculate_ranks, rank_sum, CDF)
ZH_ENGINE(distributions_pwilcox) = DESCRIPTOR(pwilcox, "秩和统计量的分布函数",
                                              "{\"q\": 20, \"m\": 8, \"n\": 10}");
RUN(qwilcox, calculate_ranks, rank_sum, QUANTILE)
ZH_ENGINE(distributions_qwilcox) = DESCRIPTOR(qwilcox, "秩和统计量的分位数",
                                              "{\"p\": 0.025, \"m\": 8, \"n\": 10}");

RUN(lgamma, calculate_special, zh_lgamma)
ZH_ENGINE(distributions_lgamma) = DESCRIPTOR(lgamma, "伽马函数绝对值的对数", "{\"x\": 4.5}");
RUN(digamma, calculate_special, zh_digamma)
ZH_ENGINE(distributions_digamma) = DESCRIPTOR(digamma, "双伽马函数 ψ", "{\"x\": 4.5}");
RUN(trigamma, calculate_special, zh_trigamma)
ZH_ENGINE(distributions_trigamma) = DESCRIPTOR(trigamma, "三伽马函数 ψ′", "{\"x\": 4.5}");
