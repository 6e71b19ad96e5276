/* Disproportionality by name: one table, a database of pairs, empirical Bayes scores and fit. */
#include "engine/disproportionality.h"
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/mgps.h"
#include <math.h>
#include <stdlib.h>

#define TOP_DEFAULT 10

/* ---- one table ---- */

static zh_two_by_two read_table(zh_door *door)
{
    const int64_t most = (int64_t)ZH_TWO_BY_TWO_N_MAX;
    zh_two_by_two t = {.a = (uint64_t)zh_door_integer(door, "a", 0, most),
                       .b = (uint64_t)zh_door_integer(door, "b", 0, most),
                       .c = (uint64_t)zh_door_integer(door, "c", 0, most),
                       .d = (uint64_t)zh_door_integer(door, "d", 0, most)};
    return t;
}

static void put_known(zh_jw *out, const char *name, bool known, double value)
{
    zh_put_number(out, name, known ? value : (double)NAN);
}

static void put_ratio(zh_jw *out, const zh_ratio *r, const char *const names[4])
{
    put_known(out, names[0], r->state == ZH_RATIO_FINITE, r->value);
    zh_put_text(out, names[1], zh_ratio_state_name(r->state));
    put_known(out, names[2], r->has_interval, r->interval.lower);
    put_known(out, names[3], r->has_interval, r->interval.upper);
}

static void put_table(zh_jw *out, const zh_disproportionality *r)
{
    static const char *const prr_names[] = {"prr", "prr_state", "prr_lower", "prr_upper"};
    static const char *const ror_names[] = {"ror", "ror_state", "ror_lower", "ror_upper"};
    zh_put_number(out, "expected_count", r->expected);
    put_known(out, "rrr", r->expected > 0.0, r->relative);
    put_ratio(out, &r->prr, prr_names);
    put_ratio(out, &r->ror, ror_names);
    put_known(out, "chi2", r->has_chi2, r->chi2);
    put_known(out, "chi2_yates", r->has_chi2, r->chi2_yates);
}

static zh_rc table_of(zh_arena *arena, const zh_json *input, bool information, zh_jw *out,
                      zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_two_by_two table = read_table(&door);
    double confidence = zh_door_number_or(&door, "confidence", 0.95);
    zh_disproportionality r = {0};
    zh_information ic = {0};
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_disproportionality_of(&table, confidence, &r, err);
    }
    if (rc == ZH_OK && information) {
        rc = zh_information_of(&table, confidence, &ic, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    put_table(out, &r);
    if (information) {
        zh_put_number(out, "bcpnn_ic", ic.bcpnn);
        zh_put_number(out, "bcpnn_var", ic.bcpnn_variance);
        zh_put_number(out, "bcpnn_ic_lower", ic.bcpnn_lower);
        zh_put_number(out, "ic_shrinkage", ic.shrinkage);
        zh_put_number(out, "ic_025", ic.lower);
        zh_put_number(out, "ic_975", ic.upper);
    }
    zh_jw_object_end(out);
    return ZH_OK;
}

static zh_rc prr(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    return table_of(arena, input, false, out, err);
}

static zh_rc two_by_two(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    return table_of(arena, input, true, out, err);
}

ZH_ENGINE(disproportionality_prr) = {
    .name = "disproportionality.prr",
    .zh = "四格表的占比失衡：期望数、PRR、ROR（95% 区间）、χ² 与 Yates 校正",
    .input = "{\"a\": 10, \"b\": 191, \"c\": 18, \"d\": 3813}",
    .method = "Evans 等 2001；Rothman 等 2004；Yates 1934",
    .run = prr,
};

ZH_ENGINE(disproportionality_two_by_two) = {
    .name = "disproportionality.two_by_two",
    .zh = "四格表的占比失衡：PRR、ROR、χ²，以及信息分量 IC（BCPNN 与收缩法）",
    .input = "{\"a\": 10, \"b\": 90, \"c\": 100, \"d\": 9800}",
    .method = "Evans 等 2001；Rothman 等 2004；Yates 1934；Bate 等 1998；Norén 等 2013",
    .run = two_by_two,
};

/* ---- a database ---- */

/* A pair as it is listed. */
struct listed {
    uint64_t n;
    zh_str drug, event;
    const zh_two_by_two *table;
};

/* The most frequent first, then by the names. */
static int by_rank(const void *a, const void *b)
{
    const struct listed *x = a;
    const struct listed *y = b;
    if (x->n != y->n) {
        return x->n > y->n ? -1 : 1;
    }
    int order = zh_str_cmp(x->drug, y->drug);
    return order != 0 ? order : zh_str_cmp(x->event, y->event);
}

struct database {
    zh_words drug, event;
    zh_counted_pair *pairs;
    size_t n, drugs, events;
    size_t *drug_name, *event_name; /* of each number the first element that bears it */
};

static size_t *first_names(zh_door *door, const size_t *group, size_t n, size_t groups)
{
    size_t *first = ZH_TRY_N(door->arena, size_t, groups + 1);
    for (size_t i = n; first != NULL && i-- > 0;) {
        first[group[i]] = i;
    }
    if (first == NULL) {
        (void)zh_door_room(door, SIZE_MAX / sizeof(double));
    }
    return first;
}

static void read_database(zh_door *door, struct database *b)
{
    b->drug = zh_door_words(door, "drug");
    b->event = zh_door_words(door, "event");
    zh_counts n = zh_door_counts(door, "n", 0, (int64_t)ZH_TWO_BY_TWO_N_MAX);
    b->n = n.n;
    if (door->rc == ZH_OK && (b->drug.n != n.n || b->event.n != n.n || n.n == 0)) {
        (void)zh_door_refuse(door, "n", "drug %zu 个、event %zu 个、n %zu 个，要一样多且不为 0",
                             b->drug.n, b->event.n, n.n);
    }
    if (door->rc != ZH_OK) {
        return;
    }
    size_t *drug = zh_door_groups(door, b->drug, &b->drugs);
    size_t *event = zh_door_groups(door, b->event, &b->events);
    b->pairs = ZH_TRY_N(door->arena, zh_counted_pair, n.n);
    if (drug == NULL || event == NULL || b->pairs == NULL) {
        (void)zh_door_room(door, SIZE_MAX / sizeof(double));
        return;
    }
    for (size_t i = 0; i < n.n; i++) {
        b->pairs[i] = (zh_counted_pair){drug[i], event[i], (uint64_t)n.v[i]};
    }
    b->drug_name = first_names(door, drug, n.n, b->drugs);
    b->event_name = first_names(door, event, n.n, b->events);
}

static zh_rc put_pair(zh_jw *out, const struct listed *p, zh_err *err)
{
    zh_disproportionality r;
    zh_information ic;
    zh_rc rc = zh_disproportionality_of(p->table, 0.95, &r, err);
    if (rc == ZH_OK) {
        rc = zh_information_of(p->table, 0.95, &ic, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_jw_kv(out, "drug", p->drug);
    zh_jw_kv(out, "event", p->event);
    zh_put_count(out, "count", (int64_t)p->n);
    zh_put_number(out, "expected_count", r.expected);
    put_known(out, "prr", r.prr.state == ZH_RATIO_FINITE, r.prr.value);
    put_known(out, "log_prr_lower", r.prr.has_interval, log(r.prr.interval.lower));
    put_known(out, "ror", r.ror.state == ZH_RATIO_FINITE, r.ror.value);
    put_known(out, "log_ror_lower", r.ror.has_interval, log(r.ror.interval.lower));
    put_known(out, "chi2_yates", r.has_chi2, r.chi2_yates);
    zh_put_number(out, "bcpnn_ic", ic.bcpnn);
    zh_put_number(out, "bcpnn_ic_lower", ic.bcpnn_lower);
    zh_put_number(out, "ic_shrinkage", ic.shrinkage);
    zh_put_number(out, "ic_025", ic.lower);
    zh_jw_object_end(out);
    return ZH_OK;
}

static zh_rc database_screen(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct database b = {0};
    zh_two_by_two *tables = NULL;
    read_database(&door, &b);
    size_t top =
        (size_t)zh_door_integer_or(&door, "top", 1, (int64_t)ZH_MGPS_PAIRS_MAX, TOP_DEFAULT);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_rc rc = zh_pair_tables(arena, b.pairs, &b.n, b.drugs, b.events, &tables, err);
    struct listed *list = ZH_TRY_N(arena, struct listed, b.n + 1);
    if (rc != ZH_OK || list == NULL) {
        return rc != ZH_OK ? rc : zh_err_set(err, ZH_ENOMEM, "calc.memory", "内存不够");
    }
    for (size_t i = 0; i < b.n; i++) {
        list[i] = (struct listed){b.pairs[i].n, b.drug.v[b.drug_name[b.pairs[i].row]],
                                  b.event.v[b.event_name[b.pairs[i].column]], &tables[i]};
    }
    zh_sort(list, b.n, sizeof(*list), by_rank);
    const zh_two_by_two *t = list[0].table;
    zh_jw_object(out);
    zh_put_count(out, "n_pairs", (int64_t)b.n);
    zh_put_count(out, "total", (int64_t)(t->a + t->b + t->c + t->d));
    zh_jw_key(out, "pairs");
    zh_jw_array(out);
    for (size_t i = 0; rc == ZH_OK && i < b.n && i < top; i++) {
        rc = put_pair(out, &list[i], err);
    }
    zh_jw_array_end(out);
    zh_jw_object_end(out);
    return rc;
}

ZH_ENGINE(disproportionality_database_screen) = {
    .name = "disproportionality.database_screen",
    .zh = "一个库里每一对（产品 × 问题）的占比失衡：PRR、ROR、IC；列出次数最多的 top 对",
    .input = "{\"drug\": [\"甲\", \"甲\", \"乙\", \"乙\"], \"event\": [\"鼓包\", \"异响\", "
             "\"鼓包\", \"异响\"], \"n\": [20, 5, 10, 40], \"top\": 2}",
    .method = "Evans 等 2001；Rothman 等 2004；Bate 等 1998；Norén 等 2013",
    .run = database_screen,
};

/* ---- empirical Bayes ---- */

static zh_rc ebgm(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_mgps prior = {zh_door_number(&door, "alpha1"), zh_door_number(&door, "beta1"),
                     zh_door_number(&door, "alpha2"), zh_door_number(&door, "beta2"),
                     zh_door_number(&door, "p")};
    zh_numbers n = zh_door_numbers(&door, "N");
    zh_numbers e = zh_door_numbers(&door, "E");
    if (door.rc == ZH_OK && (n.n != e.n || n.n == 0)) {
        (void)zh_door_refuse(&door, "E", "有 %zu 个值，N 有 %zu 个，要一样多且不为 0", e.n, n.n);
    }
    zh_mgps_score *scores = door.rc == ZH_OK ? ZH_TRY_N(arena, zh_mgps_score, n.n) : NULL;
    double *column = zh_door_room(&door, n.n);
    if (door.rc != ZH_OK || scores == NULL) {
        return door.rc != ZH_OK ? door.rc : zh_err_set(err, ZH_ENOMEM, "calc.memory", "内存不够");
    }
    zh_rc rc = zh_mgps_scores(arena, &prior, n.v, e.v, n.n, scores, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    for (size_t i = 0; i < n.n; i++) {
        column[i] = scores[i].qn;
    }
    zh_put_numbers(out, "qn", column, n.n);
    for (size_t i = 0; i < n.n; i++) {
        column[i] = scores[i].ebgm;
    }
    zh_put_numbers(out, "ebgm", column, n.n);
    for (size_t i = 0; i < n.n; i++) {
        column[i] = scores[i].eb05;
    }
    zh_put_numbers(out, "eb05", column, n.n);
    for (size_t i = 0; i < n.n; i++) {
        column[i] = scores[i].eb95;
    }
    zh_put_numbers(out, "eb95", column, n.n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(disproportionality_ebgm_given_hyper) = {
    .name = "disproportionality.ebgm_given_hyper",
    .zh = "经验 Bayes 收缩比 EBGM 及 EB05、EB95（给定超参数）",
    .input = "{\"alpha1\": 0.2, \"beta1\": 0.1, \"alpha2\": 2, \"beta2\": 4, "
             "\"p\": 0.3333333333333333, \"N\": [1, 2, 4, 8, 30], \"E\": [0.2, 2, 1, 9, 10]}",
    .method = "DuMouchel 1999，式 (11)",
    .run = ebgm,
};

static zh_rc mgps_fit(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers n = zh_door_numbers(&door, "N");
    zh_numbers e = zh_door_numbers(&door, "E");
    zh_numbers weight = {0};
    if (zh_door_has(&door, "weight")) {
        weight = zh_door_numbers(&door, "weight");
    }
    unsigned n_star = (unsigned)zh_door_integer_or(&door, "n_star", 0, ZH_MGPS_STAR_MAX, 0);
    if (door.rc == ZH_OK && (n.n != e.n || (weight.v != NULL && weight.n != n.n))) {
        (void)zh_door_refuse(&door, "N", "N %zu 个、E %zu 个、weight %zu 个，要一样多", n.n, e.n,
                             weight.n);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_mgps_fit fit;
    zh_rc rc = zh_mgps_estimate(arena, n.v, e.v, weight.v, n.n, n_star, &fit, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "alpha1", fit.prior.alpha1);
    zh_put_number(out, "beta1", fit.prior.beta1);
    zh_put_number(out, "alpha2", fit.prior.alpha2);
    zh_put_number(out, "beta2", fit.prior.beta2);
    zh_put_number(out, "p", fit.prior.p);
    zh_put_number(out, "neg_log_lik", fit.neg_log_lik);
    zh_put_count(out, "evaluations", (int64_t)fit.evaluations);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(disproportionality_mgps_fit) = {
    .name = "disproportionality.mgps_fit",
    .zh = "MGPS 超参数的极大似然估计：两个 Gamma 分布混合的先验，可截去小计数、带权重",
    .input = "{\"N\": [0, 1, 2, 0, 3, 1, 12, 5, 0, 2, 25, 1], \"E\": [0.8, 1.1, 1.5, 0.4, 2.6, "
             "1.3, 3.1, 4.2, 1.2, 1.9, 2.5, 0.7], \"n_star\": 0}",
    .method = "DuMouchel 1999；DuMouchel & Pregibon 2001",
    .run = mgps_fit,
};
