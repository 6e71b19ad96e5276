/* Survey calculations by name. */
#include "engine/design.h"
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/pass_rate.h"
#include "engine/survey.h"
#include "num/random.h"
#include <math.h>

#define COUNT_MAX ((int64_t)1 << 40)

static void put_interval(zh_jw *out, const char *name, zh_interval interval)
{
    zh_jw_key(out, name);
    zh_jw_object(out);
    zh_put_number(out, "lower", interval.lower);
    zh_put_number(out, "upper", interval.upper);
    zh_jw_object_end(out);
}

/* A number in the form of a covariance matrix of one variable. */
static void put_one_by_one(zh_jw *out, const char *name, double value)
{
    zh_put_matrix(out, name, &(zh_matrix){.rows = 1, .cols = 1, .v = &value});
}

static double confidence_of(zh_door *door)
{
    return zh_door_between_or(door, "confidence", 0.0, 1.0, 0.95);
}

static void same_length(zh_door *door, const char *name, size_t n, size_t expected)
{
    if (door->rc == ZH_OK && n != expected) {
        (void)zh_door_refuse(door, name, "有 %zu 个值，y 有 %zu 个", n, expected);
    }
}

/* ---- proportion of a simple random sample ---- */

static zh_rc proportion_ci(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    uint64_t x = (uint64_t)zh_door_integer(&door, "x", 0, COUNT_MAX);
    uint64_t n = (uint64_t)zh_door_integer(&door, "n", 0, COUNT_MAX);
    double confidence = confidence_of(&door);
    zh_proportion_intervals all;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_interval_proportion(x, n, confidence, &all, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        put_interval(out, "wilson", all.wilson);
        put_interval(out, "clopper_pearson", all.clopper_pearson);
        put_interval(out, "agresti_coull", all.agresti_coull);
        put_interval(out, "wald", all.wald);
        put_interval(out, "jeffreys", all.jeffreys);
        put_interval(out, "wilson_cc", all.wilson_cc);
        put_interval(out, "logit", all.logit);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_proportion_ci) = {
    .name = "survey.proportion_ci",
    .zh = "比例的置信区间（简单随机样本），七种方法",
    .input = "{\"x\": 18, \"n\": 20, \"confidence\": 0.95}",
    .method = "Wilson 1927；Clopper & Pearson 1934；Brown, Cai & DasGupta 2001；Newcombe 1998",
    .run = proportion_ci,
};

static zh_rc hypergeometric_ci(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    int64_t x = zh_door_integer(&door, "x", 0, COUNT_MAX);
    int64_t n = zh_door_integer(&door, "n", 0, COUNT_MAX);
    int64_t population = zh_door_integer(&door, "population", 0, COUNT_MAX);
    double confidence = confidence_of(&door);
    int64_t lower;
    int64_t upper;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_hypergeometric(x, n, population, confidence, &lower, &upper, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_count(out, "lower_count", lower);
        zh_put_count(out, "upper_count", upper);
        zh_put_number(out, "lower", (double)lower / (double)population);
        zh_put_number(out, "upper", (double)upper / (double)population);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_hypergeometric_ci) = {
    .name = "survey.hypergeometric_ci",
    .zh = "有限总体中不合格品数与比例的精确区间",
    .input = "{\"x\": 1, \"n\": 20, \"population\": 100, \"confidence\": 0.95}",
    .method = "超几何分布尾部反演；Konijn 1973；Cochran 1977，3.6",
    .run = hypergeometric_ci,
};

/* ---- designs ---- */

struct sample {
    zh_survey_design design;
    zh_numbers y;
    double confidence;
};

static void read_strata(zh_door *door, struct sample *s)
{
    zh_words words = zh_door_words(door, "stratum");
    same_length(door, "stratum", words.n, s->y.n);
    size_t strata = 0;
    size_t *group = zh_door_groups(door, words, &strata);
    zh_str *names = ZH_TRY_N(door->arena, zh_str, strata + 1);
    if (group == NULL || names == NULL || door->rc != ZH_OK) {
        return;
    }
    for (size_t k = words.n; k-- > 0;) {
        names[group[k]] = words.v[k];
    }
    s->design.stratum = group;
    s->design.strata = strata;
    s->design.names = names;
}

static void read_clusters(zh_door *door, struct sample *s)
{
    zh_words words = zh_door_words(door, "cluster");
    same_length(door, "cluster", words.n, s->y.n);
    s->design.psu = zh_door_groups(door, words, &s->design.psus);
}

/* One number per element, or one for all. */
static const double *read_per_element(zh_door *door, const char *name, size_t n)
{
    zh_numbers v = zh_door_numbers(door, name);
    if (door->rc == ZH_OK && v.n == 1 && n > 1) {
        double *all = zh_door_room(door, n);
        for (size_t k = 0; k < n && all != NULL; k++) {
            all[k] = v.v[0];
        }
        return all;
    }
    same_length(door, name, v.n, n);
    return v.v;
}

static struct sample read_sample(zh_door *door)
{
    struct sample s = {.confidence = confidence_of(door), .y = zh_door_numbers(door, "y")};
    s.design.n = s.design.psus = s.y.n;
    s.design.strata = 1;
    if (door->rc == ZH_OK && s.y.n == 0) {
        (void)zh_door_refuse(door, "y", "没有值");
    }
    return s;
}

static struct sample read_stratified(zh_door *door, zh_err *err)
{
    struct sample s = read_sample(door);
    read_strata(door, &s);
    s.design.psu_population = read_per_element(door, "population", s.y.n);
    double *weight = zh_door_room(door, s.y.n);
    if (door->rc == ZH_OK && weight != NULL) {
        door->rc = zh_survey_stratum_weights(door->arena, &s.design, weight, err);
    }
    s.design.weight = weight;
    return s;
}

static void put_mean(zh_jw *out, const zh_survey_estimate *e)
{
    zh_put_number(out, "estimate", e->estimate);
    put_one_by_one(out, "se", e->se);
    zh_put_number(out, "df", e->df);
    zh_put_number(out, "lower", e->interval.lower);
    zh_put_number(out, "upper", e->interval.upper);
    zh_put_number(out, "deff", e->deff);
    zh_put_number(out, "total", e->total);
    zh_put_number(out, "total_se", e->total_se);
}

static zh_rc mean_of(zh_door *door, const struct sample *s, zh_jw *out, zh_err *err)
{
    zh_survey_estimate e;
    zh_rc rc = door->rc;
    if (rc == ZH_OK) {
        rc = zh_survey_mean(door->arena, &s->design, s->y.v, s->confidence, &e, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        put_mean(out, &e);
        zh_jw_object_end(out);
    }
    return rc;
}

static zh_rc stratified_mean(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct sample s = read_stratified(&door, err);
    return mean_of(&door, &s, out, err);
}

ZH_ENGINE(survey_stratified_mean) = {
    .name = "survey.stratified_mean",
    .zh = "分层抽样的均值与总量，带标准误、区间、设计效应",
    .input = "{\"stratum\": [\"a\", \"a\", \"a\", \"b\", \"b\"], \"population\": [30, 30, 30, 12, "
             "12], \"y\": [4.1, 5.0, 4.6, 7.2, 6.9], \"confidence\": 0.95}",
    .method = "Cochran 1977，5.3–5.4；Särndal, Swensson & Wretman 1992，3.7、5.7",
    .run = stratified_mean,
};

static zh_rc stratified_proportion_ci(zh_arena *arena, const zh_json *input, zh_jw *out,
                                      zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct sample s = read_stratified(&door, err);
    zh_survey_proportion p;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_proportion_of(arena, &s.design, s.y.v, s.confidence, &p, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "estimate", p.mean.estimate);
        zh_put_number(out, "se", p.mean.se);
        zh_put_number(out, "df", p.mean.df);
        put_interval(out, "logit", p.logit);
        put_interval(out, "likelihood", p.likelihood);
        put_interval(out, "likelihood_exact", p.likelihood_exact);
        put_interval(out, "beta", p.beta);
        put_interval(out, "mean", p.mean.interval);
        put_interval(out, "asin", p.asin);
        put_interval(out, "xlogit", p.logit);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_stratified_proportion_ci) = {
    .name = "survey.stratified_proportion_ci",
    .zh = "分层抽样的比例，六种区间（y 为 0 或 1）",
    .input =
        "{\"stratum\": [\"a\", \"a\", \"a\", \"b\", \"b\", \"b\"], \"population\": [30, 30, 30, "
        "12, 12, 12], \"y\": [1, 0, 1, 1, 1, 0], \"confidence\": 0.95}",
    .method = "Korn & Graubard 1998、1999；Rao & Scott 1984",
    .run = stratified_proportion_ci,
};

static zh_rc cluster_mean(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct sample s = read_sample(&door);
    read_clusters(&door, &s);
    s.design.weight = read_per_element(&door, "weight", s.y.n);
    if (zh_door_has(&door, "stratum")) {
        read_strata(&door, &s);
    }
    if (zh_door_has(&door, "n_clusters_population")) {
        s.design.psu_population = read_per_element(&door, "n_clusters_population", s.y.n);
    }
    return mean_of(&door, &s, out, err);
}

ZH_ENGINE(survey_cluster_mean) = {
    .name = "survey.cluster_mean",
    .zh = "整群抽样的均值与总量（可分层；不给总体群数则按有放回）",
    .input = "{\"cluster\": [1, 1, 2, 2, 3, 3], \"weight\": [10, 10, 10, 10, 10, 10], "
             "\"n_clusters_population\": [30, 30, 30, 30, 30, 30], \"y\": [1, 1, 0, 1, 1, 1], "
             "\"confidence\": 0.95}",
    .method = "Cochran 1977，9A；Särndal, Swensson & Wretman 1992，4.2、5.7",
    .run = cluster_mean,
};

/* Weight of an element: clusters in the population over those drawn, times elements of its cluster
 * over those drawn. */
static void two_stage_weights(zh_door *door, struct sample *s)
{
    size_t n = s->y.n;
    double *weight = zh_door_room(door, n);
    double *drawn = zh_door_room(door, s->design.psus);
    if (door->rc != ZH_OK || weight == NULL || drawn == NULL) {
        return;
    }
    for (size_t k = 0; k < n; k++) {
        drawn[s->design.psu[k]] += 1.0;
    }
    for (size_t k = 0; k < n; k++) {
        weight[k] = s->design.psu_population[k] / (double)s->design.psus *
                    s->design.element_population[k] / drawn[s->design.psu[k]];
    }
    s->design.weight = weight;
}

static zh_rc two_stage_mean(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct sample s = read_sample(&door);
    read_clusters(&door, &s);
    s.design.psu_population = read_per_element(&door, "n_clusters_population", s.y.n);
    s.design.element_population = read_per_element(&door, "cluster_size_population", s.y.n);
    two_stage_weights(&door, &s);
    return mean_of(&door, &s, out, err);
}

ZH_ENGINE(survey_two_stage_mean) = {
    .name = "survey.two_stage_mean",
    .zh = "两阶段抽样的均值与总量（群、群内单元均为简单随机）",
    .input =
        "{\"cluster\": [1, 1, 2, 2, 3, 3], \"n_clusters_population\": [30, 30, 30, 30, 30, 30], "
        "\"cluster_size_population\": [8, 8, 10, 10, 9, 9], \"y\": [4, 5, 6, 5, 4, 4], "
        "\"confidence\": 0.95}",
    .method = "Cochran 1977，11.4、11.24；Särndal, Swensson & Wretman 1992，4.3",
    .run = two_stage_mean,
};

static zh_rc stratified_ratio(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct sample s = read_stratified(&door, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    same_length(&door, "x", x.n, s.y.n);
    zh_survey_estimate e;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_ratio(arena, &s.design, s.y.v, x.v, s.confidence, &e, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "ratio", e.estimate);
        zh_put_number(out, "se", e.se);
        zh_put_number(out, "df", e.df);
        zh_put_number(out, "lower", e.interval.lower);
        zh_put_number(out, "upper", e.interval.upper);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_stratified_ratio) = {
    .name = "survey.stratified_ratio",
    .zh = "分层抽样的比率（两个总量之比）",
    .input = "{\"stratum\": [\"a\", \"a\", \"a\", \"b\", \"b\"], \"population\": [30, 30, 30, 12, "
             "12], \"y\": [4, 5, 4, 7, 6], \"x\": [10, 11, 9, 15, 16]}",
    .method = "Cochran 1977，6.11；Särndal, Swensson & Wretman 1992，5.6",
    .run = stratified_ratio,
};

/* ---- unequal probabilities ---- */

static zh_rc inclusion_probabilities(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers size = zh_door_numbers(&door, "size");
    double n = zh_door_number(&door, "n");
    double *pi = zh_door_room(&door, size.n);
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_inclusion(arena, size.v, size.n, n, pi, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_numbers(out, "pi", pi, size.n);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_inclusion_probabilities) = {
    .name = "survey.inclusion_probabilities",
    .zh = "与规模成比例的入样概率，超过 1 的必选后重新分摊",
    .input = "{\"size\": [9, 48, 24, 39, 21], \"n\": 2}",
    .method = "Särndal, Swensson & Wretman 1992，3.6.2",
    .run = inclusion_probabilities,
};

static zh_numbers probabilities(zh_door *door, const char *name, double lower)
{
    zh_numbers pi = zh_door_numbers(door, name);
    for (size_t k = 0; k < pi.n && door->rc == ZH_OK; k++) {
        if (!(pi.v[k] >= lower && pi.v[k] <= 1.0)) {
            (void)zh_door_refuse(door, name, "第 %zu 个概率 %g 不在 0 与 1 之间", k + 1, pi.v[k]);
        }
    }
    return pi;
}

static zh_rc pps_systematic(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers pi = probabilities(&door, "pi", 0.0);
    double u;
    if (zh_door_has(&door, "u")) {
        u = zh_door_number(&door, "u");
        if (door.rc == ZH_OK && !(u >= 0.0 && u < 1.0)) {
            (void)zh_door_refuse(&door, "u", "%g 不在 [0, 1) 内", u);
        }
    } else {
        zh_random random;
        zh_random_seed(&random, (uint64_t)zh_door_integer_or(&door, "seed", 0, INT64_MAX, 1));
        u = zh_random_uniform(&random);
    }
    bool *selected = ZH_TRY_N(arena, bool, pi.n + 1);
    if (door.rc == ZH_OK && selected == NULL) {
        (void)zh_door_room(&door, SIZE_MAX);
    }
    if (door.rc == ZH_OK) {
        zh_survey_systematic(pi.v, pi.n, u, selected);
        zh_jw_object(out);
        zh_put_positions(out, "selected", selected, pi.n);
        zh_put_number(out, "u", u);
        zh_jw_object_end(out);
    }
    return door.rc;
}

ZH_ENGINE(survey_pps_systematic) = {
    .name = "survey.pps_systematic",
    .zh = "按给定入样概率的系统抽样（起点 u，或由 seed 产生）",
    .input = "{\"pi\": [0.2, 0.5, 0.3, 0.6, 0.4], \"u\": 0.168}",
    .method = "Madow 1949；Särndal, Swensson & Wretman 1992，3.6.2",
    .run = pps_systematic,
};

static zh_rc horvitz_thompson(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers y = zh_door_numbers(&door, "y");
    zh_numbers pi = zh_door_numbers(&door, "pi");
    same_length(&door, "pi", pi.n, y.n);
    zh_survey_ht ht;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_horvitz_thompson(arena, pi.v, y.v, y.n, &ht, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "total", ht.total);
        zh_put_number(out, "se_brewer", ht.se_brewer);
        zh_put_number(out, "mean", ht.mean);
        zh_put_number(out, "mean_se_brewer", ht.mean_se_brewer);
        zh_put_number(out, "se_with_replacement", ht.se_with_replacement);
        zh_put_number(out, "population", ht.population);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_horvitz_thompson) = {
    .name = "survey.horvitz_thompson",
    .zh = "不等概率样本的总量与均值（Horvitz–Thompson），不需联合概率的方差",
    .input = "{\"pi\": [0.3, 0.35, 0.5, 0.55], \"y\": [22.6, 25.3, 36.1, 38.8]}",
    .method = "Horvitz & Thompson 1952；Brewer 2002；Hansen & Hurwitz 1943",
    .run = horvitz_thompson,
};

static zh_rc ht_variance_joint(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers y = zh_door_numbers(&door, "y");
    zh_matrix joint = zh_door_matrix(&door, "pi_joint");
    zh_survey_joint v;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_joint_variance(&joint, y.v, y.n, &v, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "total", v.total);
        zh_put_number(out, "var_ht", v.ht);
        zh_put_number(out, "var_syg", v.syg);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_ht_variance_joint) = {
    .name = "survey.ht_variance_joint",
    .zh = "Horvitz–Thompson 总量的方差，由联合入样概率",
    .input = "{\"y\": [10.5, 12.2], \"pi_joint\": [[0.4, 0.15], [0.15, 0.5]]}",
    .method = "Horvitz & Thompson 1952；Sen 1953；Yates & Grundy 1953",
    .run = ht_variance_joint,
};

static zh_rc neyman_allocation(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers size = zh_door_numbers(&door, "Nh");
    zh_numbers sd = zh_door_numbers(&door, "Sh");
    int64_t n = zh_door_integer(&door, "n", 1, COUNT_MAX);
    if (door.rc == ZH_OK && sd.n != size.n) {
        (void)zh_door_refuse(&door, "Sh", "有 %zu 个值，Nh 有 %zu 个", sd.n, size.n);
    }
    double *neyman = zh_door_room(&door, size.n);
    double *proportional = zh_door_room(&door, size.n);
    int64_t *rounded = ZH_TRY_N(arena, int64_t, size.n + 1);
    double variance;
    zh_rc rc = rounded == NULL && door.rc == ZH_OK ? ZH_ENOMEM : door.rc;
    if (rc == ZH_OK) {
        rc = zh_survey_allocate(arena, size.v, sd.v, size.n, n, neyman, proportional, rounded,
                                &variance, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_numbers(out, "neyman", neyman, size.n);
        zh_put_numbers(out, "proportional", proportional, size.n);
        zh_put_number(out, "var_mean_neyman", variance);
        zh_put_counts(out, "rounded", rounded, size.n);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_neyman_allocation) = {
    .name = "survey.neyman_allocation",
    .zh = "样本量在各层的 Neyman 分配与比例分配",
    .input = "{\"Nh\": [100, 300, 600], \"Sh\": [5, 2, 1], \"n\": 50}",
    .method = "Neyman 1934；Cochran 1977，5.5",
    .run = neyman_allocation,
};

/* ---- output-weighted pass rate ---- */

struct pass_rate_input {
    zh_pass_rate_cell *cells;
    size_t n, regions, industries;
    zh_str *region_names, *industry_names;
};

/* 42 and 43 (and everything else outside 13 … 41) are not of the indicator. */
static void check_industry(zh_door *door, zh_str name)
{
    zh_str digits = name.n == 3 && name.p[0] == 'C' ? (zh_str){name.p + 1, 2} : name;
    if (zh_str_is(digits, "42") || zh_str_is(digits, "43")) {
        (void)zh_door_refuse(door, "industry", "行业大类 %.*s 不在指标的 29 个大类（13–41）之内",
                             ZH_FMT(name));
    }
}

static zh_str *names_of(zh_door *door, zh_words words, const size_t *group, size_t groups)
{
    zh_str *names = ZH_TRY_N(door->arena, zh_str, groups + 1);
    for (size_t k = words.n; names != NULL && k-- > 0;) {
        names[group[k]] = words.v[k];
    }
    if (names == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
    }
    return names;
}

static struct pass_rate_input read_cells(zh_door *door)
{
    struct pass_rate_input in = {0};
    zh_words region = zh_door_words(door, "region");
    zh_words industry = zh_door_words(door, "industry");
    zh_numbers output = zh_door_numbers(door, "output");
    zh_counts samples = zh_door_counts(door, "samples", 0, COUNT_MAX);
    zh_counts passed = zh_door_counts(door, "passed", 0, COUNT_MAX);
    size_t lengths[] = {industry.n, output.n, samples.n, passed.n};
    for (size_t i = 0; i < ZH_COUNTOF(lengths) && door->rc == ZH_OK; i++) {
        if (lengths[i] != region.n || region.n == 0) {
            (void)zh_door_refuse(door, "region",
                                 "region、industry、output、samples、passed 要一样长，且不空");
        }
    }
    size_t *r = zh_door_groups(door, region, &in.regions);
    size_t *i = zh_door_groups(door, industry, &in.industries);
    in.cells = ZH_TRY_N(door->arena, zh_pass_rate_cell, region.n + 1);
    if (door->rc != ZH_OK || r == NULL || i == NULL || in.cells == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return in;
    }
    for (; in.n < region.n; in.n++) {
        size_t k = in.n;
        check_industry(door, industry.v[k]);
        in.cells[k] = (zh_pass_rate_cell){r[k], i[k], output.v[k], samples.v[k], passed.v[k]};
    }
    in.region_names = names_of(door, region, r, in.regions);
    in.industry_names = names_of(door, industry, i, in.industries);
    return in;
}

static void put_rate(zh_jw *out, const zh_pass_rate *p)
{
    zh_put_number(out, "estimate", p->estimate);
    zh_put_number(out, "se", p->se);
    zh_put_number(out, "df", p->df);
    zh_put_number(out, "lower", p->interval.lower);
    zh_put_number(out, "upper", p->interval.upper);
    zh_put_count(out, "samples", p->samples);
    zh_put_count(out, "passed", p->passed);
    zh_put_number(out, "output", p->output);
    zh_put_number(out, "filled_output_share", p->filled_output / p->output);
}

static void put_rates(zh_jw *out, const char *name, const char *key, const zh_str *names,
                      const zh_pass_rate *rates, size_t n)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < n; i++) {
        zh_jw_object(out);
        zh_jw_kv(out, key, names[i]);
        put_rate(out, &rates[i]);
        zh_jw_object_end(out);
    }
    zh_jw_array_end(out);
}

static zh_rc output_weighted_pass_rate(zh_arena *arena, const zh_json *input, zh_jw *out,
                                       zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    double confidence = confidence_of(&door);
    struct pass_rate_input in = read_cells(&door);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_pass_rate all;
    zh_pass_rate *by_region = ZH_TRY_N(arena, zh_pass_rate, in.regions);
    zh_pass_rate *by_industry = ZH_TRY_N(arena, zh_pass_rate, in.industries);
    if (by_region == NULL || by_industry == NULL) {
        (void)zh_door_room(&door, SIZE_MAX);
        return door.rc;
    }
    zh_rc rc = zh_pass_rate_of(arena, in.cells, in.n, in.regions, in.industries, confidence, &all,
                               by_region, by_industry, err);
    if (rc == ZH_OK) {
        zh_jw_object(out);
        put_rate(out, &all);
        put_rates(out, "by_region", "region", in.region_names, by_region, in.regions);
        put_rates(out, "by_industry", "industry", in.industry_names, by_industry, in.industries);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(survey_output_weighted_pass_rate) = {
    .name = "survey.output_weighted_pass_rate",
    .zh = "制造业产品质量合格率：分地区、分行业产值加权，带标准误与区间",
    .input =
        "{\"region\": [\"湖北\", \"湖北\", \"湖南\", \"湖南\"], \"industry\": [\"13\", \"26\", "
        "\"13\", \"26\"], \"output\": [500, 300, 450, 350], \"samples\": [60, 40, 50, 0], "
        "\"passed\": [57, 36, 48, 0], \"confidence\": 0.95}",
    .method = "国家市场监督管理总局对指标的说明；Cochran 1977，5.3；缺格用该行业全国值",
    .run = output_weighted_pass_rate,
};

/* ---- weighted sample, from sums ---- */

static void put_estimate(zh_jw *out, const zh_design_estimate *e)
{
    zh_jw_object(out);
    zh_put_number(out, "estimate", e->estimate);
    zh_put_number(out, "se", e->se);
    zh_put_number(out, "df", e->df);
    zh_put_number(out, "lower", e->interval.lower);
    zh_put_number(out, "upper", e->interval.upper);
    zh_jw_object_end(out);
}

static zh_rc weighted_proportion(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const variances[] = {"replacement", "poisson", NULL};
    zh_door door = zh_door_open(arena, input, err);
    zh_design_sums sums = {.n = (uint64_t)zh_door_integer(&door, "n", 0, COUNT_MAX),
                           .w = zh_door_number(&door, "sum_w"),
                           .wy = zh_door_number(&door, "sum_wy"),
                           .ww = zh_door_number(&door, "sum_ww"),
                           .wwy = zh_door_number(&door, "sum_wwy")};
    double confidence = confidence_of(&door);
    zh_design_variance variance = zh_door_choice(&door, "variance", variances, 0) == 1
                                      ? ZH_DESIGN_POISSON
                                      : ZH_DESIGN_REPLACEMENT;
    zh_design_estimate estimate;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_design_proportion(&sums, variance, confidence, &estimate, err);
    }
    if (rc == ZH_OK) {
        put_estimate(out, &estimate);
    }
    return rc;
}

ZH_ENGINE(survey_weighted_proportion) = {
    .name = "survey.weighted_proportion",
    .zh = "不等概率样本的比例（Hájek），由各项合计得出",
    .input = "{\"n\": 40, \"sum_w\": 120, \"sum_wy\": 30, \"sum_ww\": 400, \"sum_wwy\": 100, "
             "\"confidence\": 0.95}",
    .method = "Särndal, Swensson, Wretman 1992，5.6 与 5.7；Korn & Graubard 1999",
    .run = weighted_proportion,
};

static zh_rc weighted_total(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    uint64_t n = (uint64_t)zh_door_integer(&door, "n", 0, COUNT_MAX);
    double wy = zh_door_number(&door, "sum_wy");
    double squares = zh_door_number(&door, "sum_wy_squares");
    double confidence = confidence_of(&door);
    zh_design_estimate estimate;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_design_total(n, wy, squares, confidence, &estimate, err);
    }
    if (rc == ZH_OK) {
        put_estimate(out, &estimate);
    }
    return rc;
}

ZH_ENGINE(survey_weighted_total) = {
    .name = "survey.weighted_total",
    .zh = "不等概率样本的总量（Horvitz–Thompson），由各项合计得出",
    .input = "{\"n\": 40, \"sum_wy\": 3000, \"sum_wy_squares\": 260000, \"confidence\": 0.95}",
    .method = "Särndal, Swensson, Wretman 1992，2.8 与 2.9",
    .run = weighted_total,
};
