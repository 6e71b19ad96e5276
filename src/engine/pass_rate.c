/* Output-weighted pass rate with its variance. */
#include "engine/pass_rate.h"
#include "engine/design.h"
#include <math.h>
#include <stdlib.h>

/* A sum a_c p_c over independent cells, and what its interval needs. */
struct sum {
    double rate, variance, kish, df, weight;
};

static void add_cell(struct sum *s, const zh_pass_rate_cell *c, double weight)
{
    double n = (double)c->samples;
    double p = (double)c->passed / n;
    s->rate += weight * p;
    s->variance += weight * weight * p * (1.0 - p) / (n - 1.0);
    s->kish += weight * weight / n;
    s->df += n - 1.0;
    s->weight += weight;
}

static void add_sum(struct sum *s, const struct sum *part, double weight)
{
    s->rate += weight * part->rate;
    s->variance += weight * weight * part->variance;
    s->kish += weight * weight * part->kish;
    s->df += part->df;
    s->weight += weight;
}

static zh_rc finish(const struct sum *s, double confidence, zh_pass_rate *out, zh_err *err)
{
    if (!(s->weight > 0.0)) {
        out->estimate = out->se = out->df = (double)NAN;
        out->interval = (zh_interval){(double)NAN, (double)NAN};
        return ZH_OK;
    }
    out->estimate = fmin(fmax(s->rate / s->weight, 0.0), 1.0);
    out->se = sqrt(s->variance) / s->weight;
    out->df = s->df;
    bool inside = out->estimate > 0.0 && out->estimate < 1.0;
    if (s->variance > 0.0 && inside) {
        out->interval = zh_design_logit_interval(out->estimate, out->se, s->df, confidence);
        return ZH_OK;
    }
    double size = fmax(floor(s->weight * s->weight / s->kish * (1.0 + 1e-12)), 1.0);
    uint64_t n = (uint64_t)fmin(size, (double)ZH_INTERVAL_N_MAX);
    if (inside) { /* cells all good or all bad, but not alike */
        return zh_interval_wilson((uint64_t)llround(out->estimate * (double)n), n, confidence,
                                  &out->interval, err);
    }
    return zh_interval_clopper_pearson(out->estimate > 0.5 ? n : 0, n, confidence, &out->interval,
                                       err);
}

static zh_rc check_cell(const zh_pass_rate_cell *c, size_t at, zh_err *err)
{
    if (!(c->output >= 0.0) || c->output > ZH_PASS_RATE_OUTPUT_MAX || c->samples < 0 ||
        c->passed < 0 || c->passed > c->samples) {
        zh_err_set(err, ZH_EINVAL, "pass_rate.cell",
                   "第 %zu 格：产值要在 0 与 %g 之间，且 0 ≤ 合格数 ≤ 样品数", at + 1,
                   ZH_PASS_RATE_OUTPUT_MAX);
        return ZH_EINVAL;
    }
    if (c->samples == 1 && c->output > 0.0) {
        zh_err_set(err, ZH_EINVAL, "pass_rate.lonely", "第 %zu 格只有 1 个样品，不能估计方差",
                   at + 1);
        zh_err_fix(err, "补抽样品，或把这一格并入相近的行业或地区");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

struct place {
    size_t region, industry, at;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    int order = (x->region > y->region) - (x->region < y->region);
    return order != 0 ? order : (x->industry > y->industry) - (x->industry < y->industry);
}

static zh_rc check(zh_arena *arena, const zh_pass_rate_cell *cells, size_t n, double confidence,
                   zh_err *err)
{
    if (n > ZH_PASS_RATE_CELLS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pass_rate.cells", "有 %zu 格，最多 %zu 格", n,
                          ZH_PASS_RATE_CELLS_MAX);
    }
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "pass_rate.confidence", "置信水平 %g 不在 0 与 1 之间",
                          confidence);
    }
    struct place *places = ZH_TRY_N(arena, struct place, n + 1);
    if (places == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = check_cell(&cells[i], i, err);
        places[i] = (struct place){cells[i].region, cells[i].industry, i};
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_sort(places, n, sizeof(*places), by_place);
    for (size_t i = 1; i < n; i++) {
        if (by_place(&places[i - 1], &places[i]) == 0) {
            return zh_err_set(err, ZH_EINVAL, "pass_rate.twice",
                              "第 %zu 格与第 %zu 格是同一地区同一行业", places[i - 1].at + 1,
                              places[i].at + 1);
        }
    }
    return ZH_OK;
}

/* Observed rate of every industry, normalised: rate and weight 1, variance of the rate. */
static zh_rc industries_observed(const zh_pass_rate_cell *cells, size_t n, struct sum *industry,
                                 size_t industries, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (cells[i].samples > 0 && cells[i].output > 0.0) {
            add_cell(&industry[cells[i].industry], &cells[i], cells[i].output);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (cells[i].output > 0.0 && industry[cells[i].industry].weight == 0.0) {
            zh_err_set(err, ZH_EINVAL, "pass_rate.industry",
                       "第 %zu 格所属行业有产值，但各地区都没有样品，无从填补", i + 1);
            return ZH_EINVAL;
        }
    }
    for (size_t j = 0; j < industries; j++) {
        struct sum *s = &industry[j];
        double w = s->weight;
        if (w > 0.0) {
            *s = (struct sum){s->rate / w, s->variance / w / w, s->kish / w / w, s->df, 1.0};
        }
    }
    return ZH_OK;
}

static void count(zh_pass_rate *out, const zh_pass_rate_cell *c)
{
    out->output += c->output;
    out->filled_output += c->samples == 0 ? c->output : 0.0;
    out->samples += c->samples;
    out->passed += c->passed;
}

static zh_rc rates_of_regions(zh_arena *arena, const zh_pass_rate_cell *cells, size_t n,
                              size_t regions, const struct sum *industry, double confidence,
                              zh_pass_rate *by_region, zh_err *err)
{
    struct sum *region = ZH_TRY_N(arena, struct sum, regions + 1);
    if (region == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    for (size_t i = 0; i < n; i++) {
        const zh_pass_rate_cell *c = &cells[i];
        count(&by_region[c->region], c);
        if (c->samples > 0 && c->output > 0.0) {
            add_cell(&region[c->region], c, c->output);
        } else if (c->output > 0.0) {
            add_sum(&region[c->region], &industry[c->industry], c->output);
        }
    }
    zh_rc rc = ZH_OK;
    for (size_t r = 0; r < regions && rc == ZH_OK; r++) {
        rc = finish(&region[r], confidence, &by_region[r], err);
    }
    return rc;
}

zh_rc zh_pass_rate_of(zh_arena *arena, const zh_pass_rate_cell *cells, size_t n, size_t regions,
                      size_t industries, double confidence, zh_pass_rate *all,
                      zh_pass_rate *by_region, zh_pass_rate *by_industry, zh_err *err)
{
    zh_rc rc = check(arena, cells, n, confidence, err);
    struct sum *industry = ZH_TRY_N(arena, struct sum, industries + 1);
    if (rc != ZH_OK || industry == NULL) {
        return rc != ZH_OK ? rc
                           : zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    rc = industries_observed(cells, n, industry, industries, err);
    if (rc != ZH_OK) {
        return rc;
    }
    struct sum total = {0};
    *all = (zh_pass_rate){0};
    for (size_t r = 0; r < regions; r++) {
        by_region[r] = (zh_pass_rate){0};
    }
    for (size_t j = 0; j < industries; j++) {
        by_industry[j] = (zh_pass_rate){0};
    }
    for (size_t i = 0; i < n; i++) {
        count(all, &cells[i]);
        count(&by_industry[cells[i].industry], &cells[i]);
    }
    if (!(all->output > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "pass_rate.output", "产值合计为 0，没有权重");
    }
    /* A filled cell has the rate of its industry, so the industry's output weights its observed
     * rate. */
    for (size_t j = 0; j < industries && rc == ZH_OK; j++) {
        add_sum(&total, &industry[j], by_industry[j].output);
        rc = finish(&industry[j], confidence, &by_industry[j], err);
    }
    if (rc == ZH_OK) {
        rc = finish(&total, confidence, all, err);
    }
    if (rc == ZH_OK) {
        rc = rates_of_regions(arena, cells, n, regions, industry, confidence, by_region, err);
    }
    return rc;
}
