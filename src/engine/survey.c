/* Design-based estimates from unit records: variances of linearised totals, means, ratios. */
#include "engine/survey.h"
#include "num/normal.h"
#include <math.h>

static double t_quantile(double confidence, double df)
{
    double p = 0.5 + confidence / 2.0;
    return isinf(df) ? zh_normal_quantile(p) : zh_student_quantile(p, df);
}

static zh_rc refuse(zh_err *err, const char *rule, const char *text)
{
    return zh_err_set(err, ZH_EINVAL, rule, "%s", text);
}

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

/* ---- variance of a total ---- */

/* A group of units of one stage: a stratum of PSUs, a PSU of elements. */
struct group {
    size_t units;
    double sum;        /* of the units' values */
    double squares;    /* of their deviations from the mean */
    double population; /* units in the population, INFINITY without one */
    size_t above;      /* of a PSU: its stratum */
    bool seen;
};

static zh_rc lonely(const zh_survey_design *d, size_t stratum, zh_err *err)
{
    if (d->names != NULL && d->strata > 1) {
        zh_err_set(err, ZH_EINVAL, "survey.lonely", "层“%.*s”只抽了 1 个初级单元，不能估计方差",
                   ZH_FMT(d->names[stratum]));
    } else {
        zh_err_set(err, ZH_EINVAL, "survey.lonely", "第 %zu 层只抽了 1 个初级单元，不能估计方差",
                   stratum + 1);
    }
    zh_err_fix(err, "把它并入相近的层，或补抽单元；不能略去这一层");
    return ZH_EINVAL;
}

/* (1 - f) n/(n - 1) sum of squares. A group taken whole has no sampling error. */
static bool stage_variance(const struct group *g, double *out)
{
    double n = (double)g->units;
    double rest = isinf(g->population) ? 1.0 : (g->population - n) / g->population;
    *out = 0.0;
    if (rest < 1e-7) {
        return true;
    }
    if (g->units < 2) {
        return false;
    }
    *out = rest * n / (n - 1.0) * g->squares;
    return true;
}

/* Population of a group as every element of it states it. */
static zh_rc same_population(struct group *g, const double *population, size_t k, zh_err *err)
{
    double stated = population != NULL ? population[k] : (double)INFINITY;
    if (!(stated >= 1.0) || (population != NULL && stated > ZH_SURVEY_WEIGHT_MAX)) {
        return zh_err_set(err, ZH_EINVAL, "survey.population",
                          "第 %zu 个单元的总体单元数不在 1 与 %g 之间", k + 1,
                          ZH_SURVEY_WEIGHT_MAX);
    }
    if (g->seen && g->population != stated) {
        return zh_err_set(err, ZH_EINVAL, "survey.population",
                          "第 %zu 个单元的总体单元数 %g 与同层（或同群）前面的 %g 不同", k + 1,
                          stated, g->population);
    }
    g->seen = true;
    g->population = stated;
    return ZH_OK;
}

static size_t psu_of(const zh_survey_design *d, size_t k)
{
    return d->psu != NULL ? d->psu[k] : k;
}

static size_t stratum_of(const zh_survey_design *d, size_t k)
{
    return d->stratum != NULL ? d->stratum[k] : 0;
}

/* Counts and populations of strata and PSUs. */
static zh_rc count_groups(const zh_survey_design *d, struct group *strata, struct group *psus,
                          zh_err *err)
{
    for (size_t k = 0; k < d->n; k++) {
        struct group *s = &strata[stratum_of(d, k)];
        struct group *p = &psus[psu_of(d, k)];
        if (p->units == 0) {
            p->above = stratum_of(d, k);
            s->units++;
        } else if (p->above != stratum_of(d, k)) {
            return zh_err_set(err, ZH_EINVAL, "survey.nested",
                              "第 %zu 个单元所在的群出现在两个层里", k + 1);
        }
        p->units++;
        zh_rc rc = same_population(s, d->psu_population, k, err);
        if (rc == ZH_OK) {
            rc = same_population(p, d->element_population, k, err);
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

static zh_rc enough(const struct group *g, size_t n, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if ((double)g[i].units > g[i].population) {
            return zh_err_set(err, ZH_EINVAL, "survey.population",
                              "样本有 %zu 个单元，总体只有 %g 个", g[i].units, g[i].population);
        }
    }
    return ZH_OK;
}

static void add_values(const zh_survey_design *d, const double *z, struct group *strata,
                       struct group *psus)
{
    for (size_t k = 0; k < d->n; k++) {
        psus[psu_of(d, k)].sum += z[k];
    }
    for (size_t i = 0; i < d->psus; i++) {
        strata[psus[i].above].sum += psus[i].sum;
    }
    for (size_t i = 0; i < d->psus; i++) {
        struct group *s = &strata[psus[i].above];
        double off = psus[i].sum - s->sum / (double)s->units;
        s->squares += off * off;
    }
    for (size_t k = 0; k < d->n; k++) {
        struct group *p = &psus[psu_of(d, k)];
        double off = z[k] - p->sum / (double)p->units;
        p->squares += off * off;
    }
}

static zh_rc sum_stages(const zh_survey_design *d, const struct group *strata,
                        const struct group *psus, double *variance, zh_err *err)
{
    *variance = 0.0;
    for (size_t h = 0; h < d->strata; h++) {
        double part;
        if (strata[h].units > 0 && !stage_variance(&strata[h], &part)) {
            return lonely(d, h, err);
        }
        *variance += strata[h].units > 0 ? part : 0.0;
    }
    for (size_t i = 0; i < d->psus && d->element_population != NULL && d->psu_population != NULL;
         i++) {
        const struct group *s = &strata[psus[i].above];
        double part;
        if (!stage_variance(&psus[i], &part)) {
            return zh_err_set(err, ZH_EINVAL, "survey.lonely",
                              "第 %zu 个群只抽了 1 个单元，不能估计群内方差", i + 1);
        }
        *variance += (double)s->units / s->population * part;
    }
    return ZH_OK;
}

zh_rc zh_survey_variance(zh_arena *arena, const zh_survey_design *d, const double *z,
                         double *variance, zh_err *err)
{
    struct group *strata = ZH_TRY_N(arena, struct group, d->strata);
    struct group *psus = ZH_TRY_N(arena, struct group, d->psus);
    if (strata == NULL || psus == NULL) {
        return no_memory(err);
    }
    zh_rc rc = count_groups(d, strata, psus, err);
    if (rc == ZH_OK) {
        rc = enough(strata, d->strata, err);
    }
    if (rc == ZH_OK && d->element_population != NULL) {
        rc = enough(psus, d->psus, err);
    }
    if (rc == ZH_OK) {
        add_values(d, z, strata, psus);
        rc = sum_stages(d, strata, psus, variance, err);
    }
    return rc;
}

zh_rc zh_survey_stratum_weights(zh_arena *arena, const zh_survey_design *d, double *weight,
                                zh_err *err)
{
    struct group *strata = ZH_TRY_N(arena, struct group, d->strata);
    if (strata == NULL) {
        return no_memory(err);
    }
    zh_rc rc = ZH_OK;
    for (size_t k = 0; k < d->n && rc == ZH_OK; k++) {
        struct group *s = &strata[stratum_of(d, k)];
        s->units++;
        rc = same_population(s, d->psu_population, k, err);
    }
    if (rc == ZH_OK) {
        rc = enough(strata, d->strata, err);
    }
    for (size_t k = 0; k < d->n && rc == ZH_OK; k++) {
        const struct group *s = &strata[stratum_of(d, k)];
        weight[k] = s->population / (double)s->units;
    }
    return rc;
}

/* ---- mean and ratio ---- */

static zh_rc check_sample(const zh_survey_design *d, double confidence, zh_err *err)
{
    if (d->n == 0) {
        return refuse(err, "survey.empty", "样本没有单元");
    }
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "survey.confidence", "置信水平 %g 不在 0 与 1 之间",
                          confidence);
    }
    for (size_t k = 0; k < d->n; k++) {
        if (!(d->weight[k] > 0.0) || d->weight[k] > ZH_SURVEY_WEIGHT_MAX) {
            return zh_err_set(err, ZH_EINVAL, "survey.weight",
                              "第 %zu 个单元的权重不是正数，或超过 %g", k + 1,
                              ZH_SURVEY_WEIGHT_MAX);
        }
    }
    return ZH_OK;
}

static double weighted_sum(const double *w, const double *y, size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += w[k] * (y != NULL ? y[k] : 1.0);
    }
    return sum;
}

static void add_interval(const zh_survey_design *d, double confidence, zh_survey_estimate *e)
{
    e->df = (double)d->psus - (double)d->strata;
    double half = e->se > 0.0 ? t_quantile(confidence, e->df) * e->se : 0.0;
    e->interval = (zh_interval){e->estimate - half, e->estimate + half};
}

/* Ratio of totals; x NULL stands for 1 everywhere, a mean. */
static zh_rc ratio(zh_arena *arena, const zh_survey_design *d, const double *y, const double *x,
                   double confidence, zh_survey_estimate *out, zh_err *err)
{
    zh_rc rc = check_sample(d, confidence, err);
    double *z = ZH_TRY_N(arena, double, d->n + 1);
    if (rc != ZH_OK || z == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    double below = weighted_sum(d->weight, x, d->n);
    double variance;
    out->total = weighted_sum(d->weight, y, d->n);
    if (below == 0.0) {
        return refuse(err, "survey.ratio", "分母的总量为 0，没有比率");
    }
    out->estimate = out->total / below;
    for (size_t k = 0; k < d->n; k++) {
        z[k] = d->weight[k] * (y[k] - out->estimate * (x != NULL ? x[k] : 1.0)) / below;
    }
    rc = zh_survey_variance(arena, d, z, &variance, err);
    if (rc != ZH_OK) {
        return rc;
    }
    out->se = sqrt(variance);
    out->deff = (double)NAN;
    add_interval(d, confidence, out);
    for (size_t k = 0; k < d->n; k++) {
        z[k] = d->weight[k] * y[k];
    }
    rc = zh_survey_variance(arena, d, z, &variance, err);
    out->total_se = rc == ZH_OK ? sqrt(variance) : 0.0;
    return rc;
}

zh_rc zh_survey_ratio(zh_arena *arena, const zh_survey_design *design, const double *y,
                      const double *x, double confidence, zh_survey_estimate *out, zh_err *err)
{
    return ratio(arena, design, y, x, confidence, out, err);
}

zh_rc zh_survey_mean(zh_arena *arena, const zh_survey_design *d, const double *y, double confidence,
                     zh_survey_estimate *out, zh_err *err)
{
    zh_rc rc = ratio(arena, d, y, NULL, confidence, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double n = (double)d->n;
    double size = weighted_sum(d->weight, NULL, d->n);
    double squares = 0.0;
    for (size_t k = 0; k < d->n; k++) {
        double off = y[k] - out->estimate;
        squares += d->weight[k] * off * off;
    }
    double simple = squares / size * n / (n - 1.0) * (size - n) / (size * n);
    out->deff = size < n ? (double)NAN : out->se * out->se / simple;
    return ZH_OK;
}
