/* Indicators that need more than one question: growth, weighted, matched, design, quantile,
 * composite. What each means is said in indicator.h. */
#include "core/figure/indicator_private.h"
#include "engine/design.h"
#include "num/sketch.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE_DIGITS = 18,  /* of one class's rate in a weighted figure, of one normalised part */
    WEIGHT_DIGITS = 6, /* of a design weight */
    TEXT_DIGITS = 6,   /* of a derived numerator, as shown */
    WEIGHTS_MAX = 20000,
    NAMED_MAX = 5, /* classes or parts that a note names */
};

static zh_rc too_large(zh_ctx *ctx, const zh_indicator *ind)
{
    return zh_err_set(ctx->err, ZH_ELIMIT, "indicator.range", "“%.*s”的合计超出可精确计算的范围",
                      ZH_FMT(zh_label_for(ctx->err, ind->label)));
}

static zh_quotient quotient(zh_i128 v)
{
    return (zh_quotient){v, 1};
}

static zh_str rounded_text(zh_arena *arena, zh_quotient q)
{
    zh_exact v;
    return zh_quotient_round(q, TEXT_DIGITS, &v) == ZH_OK ? zh_exact_text(arena, v) : ZH_STR_NONE;
}

/* ---- periods --------------------------------------------------------------------------------- */

/* The period before: as many whole months when this one begins and ends with months, else as many
 * days. */
static void previous(zh_date first, zh_date last, zh_date *f, zh_date *l)
{
    int y[2];
    int m[2];
    int d[2];
    zh_date_civil(first, &y[0], &m[0], &d[0]);
    zh_date_civil(last + 1, &y[1], &m[1], &d[1]);
    *l = first - 1;
    if (d[0] == 1 && d[1] == 1) {
        *f = zh_date_add_months(first, -((y[1] - y[0]) * 12 + m[1] - m[0]));
    } else {
        *f = first - (last - first + 1);
    }
}

static void year_earlier(zh_date first, zh_date last, zh_date *f, zh_date *l)
{
    *f = zh_date_add_months(first, -12);
    *l = zh_date_add_months(last + 1, -12) - 1;
}

static zh_str period_text(zh_arena *arena, zh_date first, zh_date last)
{
    return zh_period_format(arena, first, last);
}

/* ---- growth ---------------------------------------------------------------------------------- */

static void take_parts(zh_ctx *ctx, zh_figure *f, const zh_figure *part, bool first)
{
    f->n = first ? part->n : f->n + part->n;
    f->cube = first || zh_str_eq(f->cube, part->cube) ? part->cube : ZH_STR_NONE;
    zh_figure_note(ctx, f, part->note);
    if (zh_str_find(f->sources, part->sources) < 0) {
        f->sources = f->sources.n == 0 ? part->sources
                                       : zh_str_fmt(ctx->arena, "%.*s；%.*s", ZH_FMT(f->sources),
                                                    ZH_FMT(part->sources));
    }
}

static zh_rc growth_value(zh_ctx *ctx, const zh_answer_value *now, const zh_answer_value *base,
                          zh_answer_value *out)
{
    const zh_indicator *ind = out->figure->indicator;
    zh_quotient change = {0};
    zh_quotient value = {0};
    zh_rc rc = zh_quotient_add(now->exact, base->exact, -1, &change);
    if (rc == ZH_OK) {
        rc = zh_quotient_div(change, base->exact, &value);
    }
    if (rc == ZH_OK && zh_str_is(ind->unit, "%")) {
        rc = zh_quotient_mul(value, quotient(100), &value);
    }
    return rc == ZH_OK ? zh_figure_set(ctx, out, value) : too_large(ctx, ind);
}

zh_rc zh_figure_growth(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, unsigned depth,
                       zh_answer_value *out)
{
    zh_figure *f = out->figure;
    const zh_indicator *ind = query->indicator;
    bool year = !zh_str_is(ind->growth_against, "previous");
    zh_figure_query q = *query;
    zh_answer_value now = {0};
    zh_answer_value base = {0};
    q.indicator = zh_model_indicator(ctx->model, ind->growth_of);
    zh_assert(q.indicator != NULL);
    if (q.first == 0 && q.last == 0) {
        return zh_err_set(ctx->err, ZH_EINVAL, "indicator.period.growth", "增长率要问到某个期间");
    }
    if (ind->ytd) {
        int y = 0;
        int m = 0;
        int d = 0;
        zh_date_civil(q.last, &y, &m, &d);
        q.first = f->first = zh_date_of(y, 1, 1);
    }
    zh_rc rc = zh_figure_exact(ctx, conn, &q, depth + 1, &now);
    if (year) {
        year_earlier(q.first, q.last, &q.first, &q.last);
    } else {
        previous(q.first, q.last, &q.first, &q.last);
    }
    if (rc == ZH_OK) {
        rc = zh_figure_exact(ctx, conn, &q, depth + 1, &base);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    take_parts(ctx, f, now.figure, true);
    f->num = now.figure->shown;
    f->den = base.figure->shown;
    f->method = year ? ZH_STR("同比") : ZH_STR("环比");
    zh_str period = period_text(ctx->arena, q.first, q.last);
    bool has_base = base.figure->has_value;
    zh_figure_note(
        ctx, f,
        (zh_label){zh_str_fmt(ctx->arena, "基期 %.*s：%.*s", ZH_FMT(period),
                              ZH_FMT(has_base ? base.figure->shown : ZH_STR("没有数据"))),
                   zh_str_fmt(ctx->arena, "Base period %.*s: %.*s", ZH_FMT(period),
                              ZH_FMT(has_base ? base.figure->shown : ZH_STR("no data")))});
    if (!now.figure->has_value || !base.figure->has_value) {
        return ZH_OK;
    }
    if (base.exact.num <= 0) {
        f->status = ZH_FIG_NO_DENOMINATOR;
        return ZH_OK;
    }
    rc = growth_value(ctx, &now, &base, out);
    zh_figure_judge(f);
    if (rc == ZH_OK && f->status == ZH_FIG_OK && now.figure->status != ZH_FIG_OK) {
        f->status = now.figure->status;
    }
    return rc;
}

/* ---- composite ------------------------------------------------------------------------------- */

/* (x - low)/(high - low), cut to 0 … 1, turned round when less is better. */
static zh_rc normalised(const struct zh_component *c, zh_quotient x, zh_quotient *out)
{
    zh_quotient low;
    zh_quotient span;
    zh_exact cut;
    zh_exact one = {1, 0};
    zh_rc rc = zh_quotient_of(zh_exact_of(c->low), one, &low);
    if (rc == ZH_OK) {
        rc = zh_quotient_of(zh_exact_of(c->high), one, &span);
    }
    if (rc == ZH_OK) {
        rc = zh_quotient_add(span, low, -1, &span);
    }
    if (rc == ZH_OK) {
        rc = zh_quotient_add(x, low, -1, &x);
    }
    if (rc == ZH_OK) {
        rc = zh_quotient_div(x, span, &x);
    }
    if (rc == ZH_OK) {
        rc = zh_quotient_round(x, RATE_DIGITS, &cut);
    }
    if (rc != ZH_OK || zh_quotient_of(cut, one, out) != ZH_OK) {
        return rc != ZH_OK ? rc : ZH_ELIMIT;
    }
    if (zh_quotient_cmp(*out, quotient(0)) < 0) {
        *out = quotient(0);
    } else if (zh_quotient_cmp(*out, quotient(1)) > 0) {
        *out = quotient(1);
    }
    return c->descending ? zh_quotient_add(quotient(1), *out, -1, out) : ZH_OK;
}

typedef struct weighing {
    zh_exact points, weights; /* sum of weight * part, sum of weights */
} weighing;

static zh_rc weigh(weighing *w, zh_exact weight, zh_quotient part)
{
    zh_exact fixed;
    zh_rc rc = zh_quotient_round(part, RATE_DIGITS, &fixed);
    if (rc == ZH_OK) {
        rc = zh_exact_mul(fixed, weight, &fixed);
    }
    if (rc == ZH_OK) {
        rc = zh_exact_add(w->points, fixed, 1, &w->points);
    }
    return rc == ZH_OK ? zh_exact_add(w->weights, weight, 1, &w->weights) : rc;
}

static zh_rc weighed(zh_ctx *ctx, const weighing *w, zh_i128 unit, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    zh_exact one = {1, 0};
    zh_quotient value;
    zh_quotient points;
    zh_rc rc = zh_quotient_of(w->points, w->weights, &value);
    if (rc == ZH_OK) {
        rc = zh_quotient_mul(value, quotient(unit), &value);
    }
    if (rc == ZH_OK) {
        rc = zh_quotient_of(w->points, one, &points);
    }
    if (rc != ZH_OK) {
        return too_large(ctx, f->indicator);
    }
    f->num = rounded_text(ctx->arena, points);
    f->den = zh_exact_text(ctx->arena, w->weights);
    return zh_figure_set(ctx, out, value);
}

zh_rc zh_figure_composite(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, unsigned depth,
                          zh_answer_value *out)
{
    zh_figure *f = out->figure;
    const zh_indicator *ind = query->indicator;
    weighing w = {{0, 0}, {0, 0}};
    bool complete = true;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ind->ncomponents && rc == ZH_OK; i++) {
        const struct zh_component *c = &ind->components[i];
        zh_figure_query q = *query;
        zh_answer_value part = {0};
        zh_quotient score = {0, 1};
        q.indicator = zh_model_indicator(ctx->model, c->indicator);
        zh_assert(q.indicator != NULL);
        rc = zh_figure_exact(ctx, conn, &q, depth + 1, &part);
        if (rc != ZH_OK) {
            return rc;
        }
        take_parts(ctx, f, part.figure, i == 0);
        zh_label name = q.indicator->label;
        name.en = name.en.n > 0 ? name.en : name.zh;
        if (!part.figure->has_value) {
            complete = false;
            zh_figure_note(ctx, f,
                           (zh_label){zh_str_fmt(ctx->arena, "缺“%.*s”", ZH_FMT(name.zh)),
                                      zh_str_fmt(ctx->arena, "without “%.*s”", ZH_FMT(name.en))});
            continue;
        }
        rc = normalised(c, part.exact, &score);
        if (rc == ZH_OK) {
            rc = weigh(&w, zh_exact_of(c->weight), score);
        }
        zh_str points = rounded_text(ctx->arena, score);
        zh_figure_note(ctx, f,
                       (zh_label){zh_str_fmt(ctx->arena, "%.*s %.*s → %.*s", ZH_FMT(name.zh),
                                             ZH_FMT(part.figure->shown), ZH_FMT(points)),
                                  zh_str_fmt(ctx->arena, "%.*s %.*s → %.*s", ZH_FMT(name.en),
                                             ZH_FMT(part.figure->shown), ZH_FMT(points))});
    }
    f->method = ZH_STR("加权合成，各项按上下限归一");
    if (rc != ZH_OK) {
        return too_large(ctx, ind);
    }
    if (!complete || w.weights.v == 0) {
        f->status = ZH_FIG_NO_DATA;
        return ZH_OK;
    }
    bool hundred = zh_str_is(ind->unit, "%") || zh_str_is(ind->unit, "score");
    rc = weighed(ctx, &w, hundred ? 100 : 1, out);
    zh_figure_judge(f);
    return rc;
}

/* ---- weighted -------------------------------------------------------------------------------- */

typedef struct weight {
    zh_str key;
    zh_decimal value;
    zh_date from; /* the newest in force counts */
    bool used;
} weight;

typedef struct weight_reader {
    zh_asking *a;
    const zh_field *key, *value, *period;
    zh_map by_key;
    ZH_VEC(weight *) list;
} weight_reader;

static const zh_field *key_field(const zh_register *reg, zh_str dim)
{
    const zh_field *field = zh_register_field(reg, dim);
    ptrdiff_t dot = zh_str_chr(dim, '.');
    return field != NULL ? field
                         : zh_register_field(reg, zh_str_sub(dim, (size_t)(dot + 1), dim.n));
}

/* Whether a weight is in force at the end of the period asked, and since when. */
static bool in_force(const weight_reader *r, const zh_record *record, zh_date *from)
{
    bool all_time = r->a->first == 0 && r->a->last == 0;
    if (r->period != NULL) {
        const zh_value *v = &record->values[r->period->index];
        *from = v->kind == ZH_PERIOD ? (zh_date)v->i : INT32_MIN;
        return v->kind != ZH_PERIOD || all_time || (*from <= r->a->last && r->a->last <= v->to);
    }
    *from = record->reg->event_time != NULL ? zh_cube_event_date(record) : INT32_MIN;
    return all_time || *from <= r->a->last;
}

static zh_rc take_weight(void *user, zh_ctx *ctx, const zh_record *record)
{
    weight_reader *r = user;
    zh_arena *arena = r->a->ctx->arena;
    const zh_value *v = &record->values[r->value->index];
    zh_date from = INT32_MIN;
    char type = 0;
    if (!zh_value_known(v) || !in_force(r, record, &from)) {
        return ZH_OK;
    }
    const zh_value *k = &record->values[r->key->index];
    zh_str key = k->kind == ZH_NULL ? ZH_STR("") : zh_value_canonical(ctx->arena, k, &type);
    weight *known = zh_map_get(&r->by_key, key);
    if (known == NULL) {
        if (r->list.n == WEIGHTS_MAX) {
            return zh_err_set(r->a->ctx->err, ZH_ELIMIT, "indicator.weights", "权数超过 %d 项",
                              WEIGHTS_MAX);
        }
        known = ZH_NEW(arena, weight);
        known->key = zh_str_dup(arena, key);
        known->from = INT32_MIN;
        zh_map_put(&r->by_key, known->key, known);
        zh_vec_push(arena, &r->list, known);
    } else if (from < known->from) {
        return ZH_OK;
    }
    known->value = v->decimal;
    known->from = from;
    return ZH_OK;
}

static zh_rc read_weights(zh_asking *a, weight_reader *r)
{
    zh_ctx *ctx = a->ctx;
    const zh_register *reg = zh_model_register(ctx->model, a->ind->weight_register);
    zh_assert(reg != NULL);
    *r = (weight_reader){.a = a,
                         .key = key_field(reg, a->ind->weight_key),
                         .value = zh_register_field(reg, a->ind->weight_field)};
    zh_assert(r->key != NULL && r->value != NULL);
    for (size_t i = 0; i < reg->nfields && r->period == NULL; i++) {
        r->period = reg->fields[i].type == ZH_TYPE_PERIOD ? &reg->fields[i] : NULL;
    }
    zh_map_init(&r->by_key, ctx->arena);
    zh_ctx scanning = *ctx; /* weights are part of the definition: every reader gets the same */
    scanning.rows = NULL;
    scanning.post = NULL;
    scanning.arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_list_query list = {.reg = reg, .as_of = a->q->as_of};
    zh_rc rc = zh_scan(&scanning, a->conn, &list, take_weight, r);
    zh_arena_free(scanning.arena);
    return rc;
}

typedef struct named {
    zh_buf text;
    size_t n;
} named;

static void name_one(named *list, zh_str key)
{
    if (list->n < NAMED_MAX) {
        zh_buf_fmt(&list->text, "%s%.*s", list->n ? "、" : "",
                   ZH_FMT(key.n ? key : ZH_STR("（无值）")));
    } else if (list->n == NAMED_MAX) {
        zh_buf_z(&list->text, "…");
    }
    list->n++;
}

static zh_rc weigh_cells(zh_asking *a, weight_reader *r, const zh_cell_answer *answer, weighing *w,
                         named *unweighted, zh_figure *f)
{
    for (size_t i = 0; i < answer->n; i++) {
        const zh_cube_cell *cell = &answer->cells[i];
        bool num_known = false;
        bool den_known = false;
        zh_exact num;
        zh_exact den;
        zh_quotient rate;
        zh_rc rc = zh_asking_eval(a, &a->ind->num, cell, &num_known, &num);
        if (rc == ZH_OK) {
            rc = zh_asking_eval(a, &a->ind->den, cell, &den_known, &den);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        if (!num_known || !den_known || den.v == 0) {
            continue; /* as if there were no data */
        }
        weight *k = zh_map_get(&r->by_key, cell->groups[0]);
        if (k == NULL) {
            name_one(unweighted, cell->groups[0]);
            continue;
        }
        k->used = true;
        f->n += cell->n;
        if (zh_quotient_of(num, den, &rate) != ZH_OK ||
            weigh(w, zh_exact_of(k->value), rate) != ZH_OK) {
            return too_large(a->ctx, a->ind);
        }
    }
    return ZH_OK;
}

static void weighted_notes(zh_asking *a, const named *unweighted, const named *empty, zh_figure *f)
{
    zh_arena *arena = a->ctx->arena;
    if (unweighted->n) {
        zh_figure_note(
            a->ctx, f,
            (zh_label){zh_str_fmt(arena, "没有权数的类 %zu 个：%.*s", unweighted->n,
                                  ZH_FMT(zh_buf_view(&unweighted->text))),
                       zh_str_fmt(arena, "%zu classes without a weight: %.*s", unweighted->n,
                                  ZH_FMT(zh_buf_view(&unweighted->text)))});
    }
    if (empty->n) {
        zh_figure_note(a->ctx, f,
                       (zh_label){zh_str_fmt(arena, "有权数而没有数据的类 %zu 个：%.*s", empty->n,
                                             ZH_FMT(zh_buf_view(&empty->text))),
                                  zh_str_fmt(arena, "%zu classes with a weight and no data: %.*s",
                                             empty->n, ZH_FMT(zh_buf_view(&empty->text)))});
    }
    const char *rule = zh_str_is(a->ind->missing_rule, "renormalise") ? "两者都略去，其余重新归一"
                       : zh_str_is(a->ind->missing_rule, "drop") ? "没有权数的类略去"
                                                                 : "缺一不算";
    f->method = zh_str_fmt(arena, "加权平均（缺失规则：%s）", rule);
}

zh_rc zh_figure_weighted(zh_asking *a, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    weight_reader r;
    weighing w = {{0, 0}, {0, 0}};
    named unweighted = {.n = 0};
    named empty = {.n = 0};
    zh_cell_answer answer;
    zh_cell_group group = {a->ind->weight_key, 0};
    a->cells.groups = &group;
    a->cells.ngroups = 1;
    zh_rc rc = read_weights(a, &r);
    if (rc == ZH_OK) {
        rc = zh_cells(a->ctx, a->conn, &a->cells, &answer);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_figure_cube(f, &answer, true);
    zh_buf_init(&unweighted.text, 8192);
    zh_buf_init(&empty.text, 8192);
    f->n = 0;
    rc = weigh_cells(a, &r, &answer, &w, &unweighted, f);
    for (size_t i = 0; i < r.list.n; i++) {
        if (!r.list.p[i]->used && r.list.p[i]->value.scaled != 0) {
            name_one(&empty, r.list.p[i]->key);
        }
    }
    weighted_notes(a, &unweighted, &empty, f);
    bool renormalise = zh_str_is(a->ind->missing_rule, "renormalise");
    bool drop = renormalise || zh_str_is(a->ind->missing_rule, "drop");
    bool refused = (unweighted.n > 0 && !drop) || (empty.n > 0 && !renormalise);
    zh_buf_free(&unweighted.text);
    zh_buf_free(&empty.text);
    if (rc != ZH_OK || refused || w.weights.v == 0) {
        f->status = ZH_FIG_NO_DATA;
        return rc;
    }
    rc = weighed(a->ctx, &w, a->ind->percent ? 100 : 1, out);
    zh_figure_judge(f);
    return rc;
}

/* ---- matched --------------------------------------------------------------------------------- */

typedef struct class_rate {
    bool usable; /* has a denominator */
    zh_exact num, den;
    int64_t n;
} class_rate;

static zh_rc class_of(zh_asking *a, const zh_cube_cell *cell, class_rate *out)
{
    bool num_known = false;
    bool den_known = false;
    zh_rc rc = zh_asking_eval(a, &a->ind->num, cell, &num_known, &out->num);
    if (rc == ZH_OK) {
        rc = zh_asking_eval(a, &a->ind->den, cell, &den_known, &out->den);
    }
    out->usable = num_known && den_known && out->den.v != 0;
    out->n = cell->n;
    return rc;
}

typedef struct matching {
    zh_exact num, den, whole; /* of the classes in both periods; den of all classes */
    int64_t n;
} matching;

static zh_rc add_class(matching *m, const class_rate *c, bool matched)
{
    zh_rc rc = zh_exact_add(m->whole, c->den, 1, &m->whole);
    if (rc == ZH_OK && matched) {
        m->n += c->n;
        rc = zh_exact_add(m->num, c->num, 1, &m->num);
        if (rc == ZH_OK) {
            rc = zh_exact_add(m->den, c->den, 1, &m->den);
        }
    }
    return rc;
}

/* Walks both answers, sorted by class, in step. */
static zh_rc match(zh_asking *a, const zh_cell_answer *now, const zh_cell_answer *base,
                   matching *of_now, matching *of_base, size_t *classes)
{
    size_t i = 0;
    size_t k = 0;
    while (i < now->n || k < base->n) {
        int order = i == now->n    ? 1
                    : k == base->n ? -1
                                   : zh_str_cmp(now->cells[i].groups[0], base->cells[k].groups[0]);
        class_rate x = {0};
        class_rate y = {0};
        zh_rc rc = order <= 0 ? class_of(a, &now->cells[i++], &x) : ZH_OK;
        if (rc == ZH_OK && order >= 0) {
            rc = class_of(a, &base->cells[k++], &y);
        }
        bool both = x.usable && y.usable;
        *classes += both;
        if (rc == ZH_OK && x.usable) {
            rc = add_class(of_now, &x, both);
        }
        if (rc == ZH_OK && y.usable) {
            rc = add_class(of_base, &y, both);
        }
        if (rc != ZH_OK) {
            return rc == ZH_ELIMIT ? too_large(a->ctx, a->ind) : rc;
        }
    }
    return ZH_OK;
}

static zh_str percent_text(zh_arena *arena, zh_exact part, zh_exact whole)
{
    zh_quotient q;
    zh_exact shown;
    zh_exact hundred = {100, 0};
    if (zh_exact_mul(part, hundred, &part) != ZH_OK || zh_quotient_of(part, whole, &q) != ZH_OK ||
        zh_quotient_round(q, 1, &shown) != ZH_OK) {
        return ZH_STR("—");
    }
    return zh_str_fmt(arena, "%.*s %%", ZH_FMT(zh_exact_text(arena, shown)));
}

static zh_label matched_note(zh_arena *arena, size_t classes, zh_str now, zh_str base, zh_str shown)
{
    return (zh_label){
        zh_str_fmt(arena, "可比类别 %zu 个，占本期分母 %.*s、基期分母 %.*s；基期同口径 %.*s",
                   classes, ZH_FMT(now), ZH_FMT(base), ZH_FMT(shown)),
        zh_str_fmt(
            arena,
            "%zu comparable classes, %.*s of this period's denominator and %.*s of the base's; "
            "base period on the same classes %.*s",
            classes, ZH_FMT(now), ZH_FMT(base), ZH_FMT(shown))};
}

static zh_rc matched_value(zh_asking *a, const matching *m, zh_quotient *out)
{
    zh_exact unit = {a->ind->percent ? 100 : 1, 0};
    zh_exact scaled;
    bool good = zh_exact_mul(m->num, unit, &scaled) == ZH_OK &&
                zh_quotient_of(scaled, m->den, out) == ZH_OK;
    return good ? ZH_OK : too_large(a->ctx, a->ind);
}

static zh_rc matched_figure(zh_asking *a, const matching *now, const matching *base, size_t classes,
                            zh_answer_value *out)
{
    zh_figure *f = out->figure;
    zh_arena *arena = a->ctx->arena;
    zh_quotient value;
    zh_quotient before;
    zh_exact shown = {0, 0};
    zh_rc rc = matched_value(a, now, &value);
    if (rc == ZH_OK) {
        rc = matched_value(a, base, &before);
    }
    if (rc == ZH_OK && zh_quotient_round(before, a->ind->digits, &shown) != ZH_OK) {
        rc = too_large(a->ctx, a->ind);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    f->num = zh_exact_text(arena, now->num);
    f->den = zh_exact_text(arena, now->den);
    f->n = now->n;
    f->method = ZH_STR("两期都有的类别");
    zh_figure_note(a->ctx, f,
                   matched_note(arena, classes, percent_text(arena, now->den, now->whole),
                                percent_text(arena, base->den, base->whole),
                                zh_exact_text(arena, shown)));
    rc = zh_figure_set(a->ctx, out, value);
    zh_figure_judge(f);
    return rc;
}

zh_rc zh_figure_matched(zh_asking *a, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    zh_cell_group group = {a->ind->match_dim, 0};
    zh_cell_answer now;
    zh_cell_answer base;
    matching of_now = {0};
    matching of_base = {0};
    size_t classes = 0;
    if (!a->cells.has_span) {
        return zh_err_set(a->ctx->err, ZH_EINVAL, "indicator.period.matched",
                          "可比口径要问到某个期间");
    }
    a->cells.groups = &group;
    a->cells.ngroups = 1;
    zh_rc rc = zh_cells(a->ctx, a->conn, &a->cells, &now);
    if (rc == ZH_OK) {
        year_earlier(a->first, a->last, &a->cells.first, &a->cells.last);
        rc = zh_cells(a->ctx, a->conn, &a->cells, &base);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_figure_cube(f, &now, true);
    zh_figure_cube(f, &base, false);
    rc = match(a, &now, &base, &of_now, &of_base, &classes);
    if (rc != ZH_OK || classes == 0) {
        f->status = now.n == 0 ? ZH_FIG_NO_DATA : ZH_FIG_NO_DENOMINATOR;
        return rc;
    }
    return matched_figure(a, &of_now, &of_base, classes, out);
}

/* ---- design ---------------------------------------------------------------------------------- */

typedef struct design_scan {
    zh_asking *a;
    zh_cube cube; /* without dimensions: the measures of one record */
    int64_t n, without_weight;
    zh_i128 w, wy, ww, wwy; /* scaled by WEIGHT_DIGITS, and twice that */
} design_scan;

static zh_rc record_cell(design_scan *s, zh_ctx *ctx, const zh_record *record, zh_cube_cell *cell)
{
    zh_deltas *deltas = zh_deltas_new(ctx->arena);
    zh_rc rc = zh_cube_contribute_one(ctx, record, &s->cube, 1, deltas);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_assert(deltas->cells.n == 1);
    const zh_delta *d = deltas->cells.p[0];
    cell->n = 1;
    cell->values = d->values;
    cell->counts = d->counts;
    cell->nkeys = ZH_NEW_N(ctx->arena, size_t, s->cube.nmeasures + 1);
    for (size_t i = 0; i < deltas->keys.n; i++) {
        cell->nkeys[deltas->keys.p[i]->measure]++;
    }
    return ZH_OK;
}

static zh_rc bad_unit(zh_ctx *ctx, const zh_record *record, const char *rule, const char *message)
{
    zh_err_set(ctx->err, ZH_EINVAL, rule, "%s", message);
    zh_err_where(ctx->err, "%.*s/%" PRId64, ZH_FMT(record->reg->id), record->id);
    return ZH_EINVAL;
}

static zh_rc weight_of(design_scan *s, zh_ctx *ctx, const zh_record *record, bool *known,
                       int64_t *out)
{
    zh_env env = zh_read_env(ctx, s->a->conn, s->a->q->as_of, record);
    zh_value v;
    zh_rc rc = zh_eval(&s->a->ind->weight, &env, &v, ctx->err);
    *known = rc == ZH_OK && v.kind == ZH_DECIMAL && zh_value_known(&v);
    if (!*known) {
        return rc;
    }
    zh_decimal d;
    zh_decimal one = {1, 0};
    if (zh_decimal_cmp(v.decimal, one) < 0) {
        return bad_unit(ctx, record, "indicator.design.weight",
                        "入样概率的倒数小于 1，抽取记录有误");
    }
    rc = zh_decimal_rescale(v.decimal, WEIGHT_DIGITS, ZH_ROUND_HALF_EVEN, &d);
    *out = rc == ZH_OK ? d.scaled : 0;
    return rc == ZH_OK ? ZH_OK
                       : bad_unit(ctx, record, "indicator.design.weight", "入样概率的倒数太大");
}

static zh_rc design_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    design_scan *s = user;
    zh_asking view = *s->a; /* its results may go with the record */
    zh_cube_cell cell = {0};
    zh_exact num;
    zh_exact den;
    zh_i128 x = 0;
    zh_i128 y = 0;
    bool num_known = false;
    bool den_known = false;
    view.ctx = ctx;
    zh_rc rc = record_cell(s, ctx, record, &cell);
    if (rc == ZH_OK) {
        rc = zh_asking_eval(&view, &view.ind->num, &cell, &num_known, &num);
    }
    if (rc == ZH_OK) {
        rc = zh_asking_eval(&view, &view.ind->den, &cell, &den_known, &den);
    }
    if (rc != ZH_OK || !num_known || !den_known) {
        return rc;
    }
    if (!zh_exact_integer(num, &y) || !zh_exact_integer(den, &x) || x < 0 || x > 1 || y < 0 ||
        y > x) {
        return bad_unit(ctx, record, "indicator.design.unit",
                        "按设计估计的比率，每条记录的分母只能是 0 或 1，分子不大于分母");
    }
    bool known = false;
    int64_t w = 0;
    if (x == 0) {
        return ZH_OK;
    }
    rc = weight_of(s, ctx, record, &known, &w);
    if (rc != ZH_OK || !known) {
        s->without_weight += rc == ZH_OK;
        return rc;
    }
    zh_i128 square = (zh_i128)w * w;
    if (__builtin_add_overflow(s->ww, square, &s->ww)) {
        return too_large(ctx, s->a->ind);
    }
    s->n++;
    s->w += w;
    s->wy += y ? w : 0;
    s->wwy += y ? square : 0;
    return ZH_OK;
}

static zh_rc design_interval(zh_asking *a, const design_scan *s, zh_figure *f)
{
    const double one = 1e6; /* 10^WEIGHT_DIGITS */
    const double confidence = 0.95;
    zh_design_sums sums = {(uint64_t)s->n, (double)s->w / one, (double)s->wy / one,
                           (double)s->ww / (one * one), (double)s->wwy / (one * one)};
    zh_design_estimate e;
    zh_rc rc = zh_design_proportion(&sums, ZH_DESIGN_REPLACEMENT, confidence, &e, a->ctx->err);
    if (rc == ZH_OK) {
        double unit = a->ind->percent ? 100.0 : 1.0;
        f->se = unit * e.se;
        zh_figure_low_high(a->ctx, f, unit * e.interval.lower, unit * e.interval.upper);
        f->method = e.se > 0.0 ? ZH_STR("Hájek（入样概率倒数加权），logit 95 %")
                               : ZH_STR("Hájek（入样概率倒数加权），Clopper–Pearson 95 %");
    }
    return rc;
}

zh_rc zh_figure_design(zh_asking *a, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    design_scan s = {.a = a};
    s.cube.measures = a->cells.measures;
    s.cube.nmeasures = a->cells.nmeasures;
    zh_rc rc = zh_cells_scan(a->ctx, a->conn, &a->cells, design_record, &s);
    f->method = ZH_STR("Hájek（入样概率倒数加权）");
    f->n = s.n;
    if (rc != ZH_OK) {
        return rc;
    }
    if (s.without_weight > 0) {
        zh_figure_note(
            a->ctx, f,
            (zh_label){zh_str_fmt(a->ctx->arena, "%" PRId64 " 个单元没有入样概率，未计入",
                                  s.without_weight),
                       zh_str_fmt(a->ctx->arena,
                                  "%" PRId64 " units without an inclusion probability not counted",
                                  s.without_weight)});
    }
    if (s.n == 0) {
        f->status = s.without_weight ? ZH_FIG_NO_DENOMINATOR : ZH_FIG_NO_DATA;
        return ZH_OK;
    }
    zh_exact num = {s.wy * (a->ind->percent ? 100 : 1), WEIGHT_DIGITS};
    zh_exact den = {s.w, WEIGHT_DIGITS};
    zh_quotient value;
    f->num = zh_exact_text(a->ctx->arena, (zh_exact){s.wy, WEIGHT_DIGITS});
    f->den = zh_exact_text(a->ctx->arena, den);
    if (zh_quotient_of(num, den, &value) != ZH_OK) {
        return too_large(a->ctx, a->ind);
    }
    rc = zh_figure_set(a->ctx, out, value);
    if (rc == ZH_OK && s.n >= 2) {
        rc = design_interval(a, &s, f);
    }
    zh_figure_judge(f);
    if (s.n < 2) {
        f->status = ZH_FIG_SMALL_N; /* one unit says nothing of the spread */
    }
    return rc;
}

/* ---- quantile -------------------------------------------------------------------------------- */

static int by_bucket(const void *p, const void *q)
{
    const zh_sketch_bucket *a = p;
    const zh_sketch_bucket *b = q;
    return (a->key > b->key) - (a->key < b->key);
}

static zh_rc from_sketch(zh_asking *a, const zh_cube_cell *cell, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    size_t n = cell->nkeys[0];
    zh_sketch_bucket *buckets = ZH_NEW_N(a->ctx->arena, zh_sketch_bucket, n + 1);
    double value = 0;
    f->n = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t key = 0;
        if (zh_str_i64(cell->keys[0][i].key, &key) != ZH_OK || key > ZH_SKETCH_KEY_MAX ||
            key < -ZH_SKETCH_KEY_MAX) {
            return zh_err_set(a->ctx->err, ZH_ECORRUPT, "indicator.sketch", "分位数草图的键读不懂");
        }
        buckets[i] = (zh_sketch_bucket){(int32_t)key, (uint64_t)cell->keys[0][i].n};
        f->n += cell->keys[0][i].n;
    }
    zh_sort(buckets, n, sizeof *buckets, by_bucket);
    zh_rc rc = zh_sketch_quantile(buckets, n, a->ind->quantile, &value, a->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    f->method = ZH_STR("DDSketch，相对误差不超过 1 %");
    zh_figure_note(a->ctx, f,
                   (zh_label){ZH_STR("分位数由草图得出，误差不超过 1 %；重算可得准确值"),
                              ZH_STR("Quantile from a sketch, within 1 %; a recount gives it "
                                     "exactly")});
    const double scale = pow(10.0, a->ind->digits + 2);
    double scaled = nearbyint(value * scale);
    zh_quotient exact;
    if (fabs(scaled) > 1e36 ||
        zh_quotient_of((zh_exact){(zh_i128)scaled, (uint8_t)(a->ind->digits + 2)}, (zh_exact){1, 0},
                       &exact) != ZH_OK) {
        return too_large(a->ctx, a->ind);
    }
    return zh_figure_set(a->ctx, out, exact);
}

typedef struct valued {
    zh_decimal value;
    int64_t n;
} valued;

static int by_value(const void *p, const void *q)
{
    return zh_decimal_cmp(((const valued *)p)->value, ((const valued *)q)->value);
}

/* The keys are the values as written, a unit after a space. */
static zh_rc from_values(zh_asking *a, const zh_cube_cell *cell, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    size_t n = cell->nkeys[0];
    valued *values = ZH_NEW_N(a->ctx->arena, valued, n + 1);
    f->n = 0;
    for (size_t i = 0; i < n; i++) {
        zh_str text = cell->keys[0][i].key;
        ptrdiff_t space = zh_str_chr(text, ' ');
        text = space < 0 ? text : zh_str_sub(text, 0, (size_t)space);
        if (zh_decimal_parse(text, true, &values[i].value) != ZH_OK) {
            return zh_err_set(a->ctx->err, ZH_ECORRUPT, "indicator.quantile", "“%.*s”不是数值",
                              ZH_FMT(text));
        }
        values[i].n = cell->keys[0][i].n;
        f->n += values[i].n;
    }
    zh_sort(values, n, sizeof *values, by_value);
    int64_t rank = (int64_t)floor(a->ind->quantile * (double)(f->n - 1));
    size_t at = 0;
    while (at + 1 < n && rank >= values[at].n) {
        rank -= values[at++].n;
    }
    zh_quotient exact;
    f->method = ZH_STR("逐条重算，准确值");
    if (zh_quotient_of(zh_exact_of(values[at].value), (zh_exact){1, 0}, &exact) != ZH_OK) {
        return too_large(a->ctx, a->ind);
    }
    return zh_figure_set(a->ctx, out, exact);
}

zh_rc zh_figure_quantile(zh_asking *a, zh_answer_value *out)
{
    zh_figure *f = out->figure;
    const zh_measure *sketch = a->measures[0];
    zh_measure distinct = *sketch;
    zh_cell_answer answer;
    bool counted = a->q->recount; /* as of a position: as it was told then */
    if (counted) {
        distinct.kind = ZH_M_DISTINCT; /* the same values, each with how often it occurs */
        a->measures[0] = &distinct;
        a->cells.recount = true;
    }
    zh_rc rc = zh_cells(a->ctx, a->conn, &a->cells, &answer);
    a->measures[0] = sketch;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_figure_cube(f, &answer, true);
    if (answer.n == 0 || answer.cells[0].nkeys[0] == 0) {
        return ZH_OK;
    }
    rc = counted ? from_values(a, &answer.cells[0], out) : from_sketch(a, &answer.cells[0], out);
    zh_figure_judge(f);
    return rc;
}
