/* Indicators: from a question to cells, and from cells to a figure with everything needed to judge
 * it. The kinds that need more than one question are in indicator_kinds.c.
 *
 * Values stay exact fractions until they are shown; they are rounded once. */
#include "core/figure/indicator.h"
#include "core/cube/suppress.h"
#include "core/figure/indicator_private.h"
#include "core/record/record.h"
#include "model/recipe.h"
#include "num/interval.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- provenance ------------------------------------------------------------------------------ */

static zh_str noted(zh_arena *arena, zh_str note, const char *between, zh_str text)
{
    return note.n == 0 ? text
                       : zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(note), between, ZH_FMT(text));
}

void zh_figure_note(zh_ctx *ctx, zh_figure *f, zh_label text)
{
    if (text.zh.n == 0 || zh_str_find(f->note.zh, text.zh) >= 0) {
        return;
    }
    f->note.zh = noted(ctx->arena, f->note.zh, "；", text.zh);
    f->note.en = noted(ctx->arena, f->note.en, "; ", text.en.n > 0 ? text.en : text.zh);
}

static zh_str source_of(zh_ctx *ctx, const zh_register *reg, bool english)
{
    zh_buf text;
    zh_buf_init(&text, 16 << 10);
    zh_str label = english && reg->label.en.n > 0 ? reg->label.en : reg->label.zh;
    zh_buf_fmt(&text, english ? "%.*s (%.*s@%.*s" : "%.*s（%.*s@%.*s", ZH_FMT(label),
               ZH_FMT(reg->id), ZH_FMT(reg->version));
    zh_str owner = english ? reg->owner.en : reg->owner.zh;
    zh_buf_fmt(&text, english ? "%s%.*s)" : "%s%.*s）",
               owner.n == 0 ? ""
               : english    ? ", "
                            : "，",
               ZH_FMT(owner));
    for (size_t i = 0; i < ctx->model->nrecipes; i++) {
        const zh_recipe *recipe = &ctx->model->recipes[i];
        bool feeds = false;
        for (size_t l = 0; l < recipe->nlayouts; l++) {
            feeds = feeds || recipe->layouts[l].reg == reg;
        }
        if (feeds && recipe->source.zh.n) {
            zh_buf_fmt(
                &text, english ? "; %.*s" : "；%.*s",
                ZH_FMT(english && recipe->source.en.n > 0 ? recipe->source.en : recipe->source.zh));
        }
    }
    zh_str out = zh_str_dup(ctx->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_str formula_of(zh_ctx *ctx, const zh_indicator *ind)
{
    zh_arena *arena = ctx->arena;
    zh_str f = ind->num_source;
    if (ind->kind == ZH_I_GROWTH) {
        f = zh_str_fmt(arena, "growth(%.*s, %.*s)", ZH_FMT(ind->growth_of),
                       ZH_FMT(ind->growth_against));
    } else if (ind->kind == ZH_I_QUANTILE) {
        f = zh_str_fmt(arena, "quantile(%.*s, %g)", ZH_FMT(ind->num_source), ind->quantile);
    } else if (ind->kind == ZH_I_COMPOSITE) {
        zh_buf text;
        zh_buf_init(&text, 64 << 10);
        for (size_t i = 0; i < ind->ncomponents; i++) {
            zh_buf_fmt(&text, "%s%.*s × %.*s", i ? " + " : "",
                       ZH_FMT(zh_decimal_str(arena, ind->components[i].weight)),
                       ZH_FMT(ind->components[i].indicator));
        }
        f = zh_str_dup(arena, zh_buf_view(&text));
        zh_buf_free(&text);
    } else if (ind->has_den) {
        f = zh_str_fmt(arena, "(%.*s) / (%.*s)%s", ZH_FMT(ind->num_source), ZH_FMT(ind->den_source),
                       ind->percent ? " × 100" : "");
    }
    if (ind->kind == ZH_I_DESIGN) {
        f = zh_str_fmt(arena, "%.*s，权数 %.*s", ZH_FMT(f), ZH_FMT(ind->weight_expr));
    } else if (ind->kind == ZH_I_WEIGHTED) {
        f = zh_str_fmt(arena, "%.*s，权数 %.*s.%.*s", ZH_FMT(f), ZH_FMT(ind->weight_register),
                       ZH_FMT(ind->weight_field));
    }
    return ind->has_filter
               ? zh_str_fmt(arena, "%.*s，其中 %.*s", ZH_FMT(f), ZH_FMT(ind->filter.source))
               : f;
}

/* The log size that is shown, and when the newest batch in it was written. */
static zh_rc position_of(zh_ctx *ctx, zh_conn *conn, int64_t as_of, zh_figure *out)
{
    zh_sql_value bound = ZH_SQL_INT(as_of);
    out->log_size = as_of;
    zh_rc rc = ZH_OK;
    if (as_of == ZH_AS_OF_NOW) {
        bound.i64 = INT64_MAX;
        rc = zh_log_size(conn, &out->log_size, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn,
                          "SELECT until FROM zh_outbox WHERE pos < ? ORDER BY pos DESC LIMIT 1",
                          &bound, 1, &out->as_of, ctx->err);
    }
    int64_t fresh = 0;
    if ((rc == ZH_OK || rc == ZH_ENOTFOUND) && as_of == ZH_AS_OF_NOW) {
        rc = zh_query_i64(conn, "SELECT COALESCE(MAX(at), 0) FROM zh_outbox WHERE pos IS NULL",
                          NULL, 0, &fresh, ctx->err);
    }
    out->as_of = fresh > out->as_of ? fresh : out->as_of;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc identify(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *q, zh_figure *out)
{
    const zh_indicator *ind = q->indicator;
    *out = (zh_figure){.indicator = ind,
                       .status = ZH_FIG_NO_DATA,
                       .first = q->first,
                       .last = q->last,
                       .region = q->region,
                       .model_digest = ctx->model->digest,
                       .formula = formula_of(ctx, ind)};
    if (ind->reg != NULL) {
        out->sources = source_of(ctx, ind->reg, false);
        out->sources_en = source_of(ctx, ind->reg, true);
        if (ind->basis == ZH_BASIS_NONE && ind->reg->basis_field != NULL) {
            zh_figure_note(ctx, out,
                           (zh_label){ZH_STR("该批抽检结果，不代表总体"),
                                      ZH_STR("Results of this sampling only, not representative of "
                                             "the whole")});
        }
    }
    zh_figure_note(ctx, out, ind->note);
    zh_figure_note(ctx, out, ind->bias);
    return position_of(ctx, conn, q->as_of, out);
}

void zh_figure_cube(zh_figure *f, const zh_cell_answer *answer, bool first)
{
    bool same = answer->cube != NULL && (first || f->cube.n > 0);
    f->cube = same ? answer->cube->id : ZH_STR_NONE;
}

/* ---- asking ---------------------------------------------------------------------------------- */

zh_str zh_figure_region_dim(const zh_register *reg)
{
    zh_str found = ZH_STR_NONE;
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t i = 0; i < reg->cubes[c].ndims; i++) {
            const zh_dim *dim = &reg->cubes[c].dims[i];
            bool region = dim->codes != NULL && zh_str_is(dim->codes->id, "region");
            if (region && (found.n == 0 || zh_str_is(dim->id, "place"))) {
                found = dim->id;
            }
        }
    }
    for (size_t i = 0; i < reg->nfields && found.n == 0; i++) {
        const zh_field *f = &reg->fields[i];
        if (f->type == ZH_TYPE_CODE && f->codes != NULL && zh_str_is(f->codes->id, "region")) {
            found = f->id;
        }
    }
    return found;
}

static zh_rc add_filter(zh_asking *a, zh_str dim, zh_str value, bool subtree)
{
    if (a->cells.nfilters == ZH_ANSWER_FILTERS_MAX) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "indicator.filters", "一次提问最多 %d 个筛选条件",
                          ZH_ANSWER_FILTERS_MAX);
    }
    a->filters[a->cells.nfilters++] = (zh_cell_filter){dim, value, subtree};
    return ZH_OK;
}

static zh_rc add_region(zh_asking *a, zh_str region)
{
    const zh_register *reg = a->ind->reg;
    zh_str dim = zh_figure_region_dim(reg);
    const zh_codes *codes = zh_model_codes(a->ctx->model, ZH_STR("region"));
    if (region.n == 0) {
        return ZH_OK;
    }
    if (dim.n == 0) {
        zh_err_set(a->ctx->err, ZH_EINVAL, "indicator.region", "“%.*s”的记录没有地区",
                   ZH_FMT(zh_label_for(a->ctx->err, reg->label)));
        zh_err_fix(a->ctx->err, "去掉地区条件再问");
        return ZH_EINVAL;
    }
    if (codes == NULL || zh_code_find(codes, region, INT32_MIN) == NULL) {
        zh_err_set(a->ctx->err, ZH_EINVAL, "indicator.region.code", "没有行政区划代码“%.*s”",
                   ZH_FMT(region));
        zh_err_fix(a->ctx->err, "用 GB/T 2260 六位代码，如 420000");
        return ZH_EINVAL;
    }
    return add_filter(a, dim, region, true);
}

static bool is_dim(const zh_register *reg, const zh_field *field)
{
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t i = 0; i < reg->cubes[c].ndims; i++) {
            const zh_dim *dim = &reg->cubes[c].dims[i];
            if (dim->field == field && zh_str_eq(dim->id, field->id)) {
                return true;
            }
        }
    }
    return false;
}

typedef struct parts {
    const zh_expr **list;
    size_t n;
} parts;

/* `field = 'x'` and `field within 'x'` over a dimension become filters of cells; every other
 * and-part is put to the records. Depth is bounded by the compiler. */
static zh_rc take_where(zh_asking *a, const zh_expr *x, parts *rest)
{
    if (x->op == ZH_X_AND) {
        zh_rc rc = ZH_OK;
        for (size_t i = 0; i < x->n && rc == ZH_OK; i++) {
            rc = take_where(a, x->a[i], rest);
        }
        return rc;
    }
    if ((x->op == ZH_X_EQ || x->op == ZH_X_WITHIN) && x->n == 2) {
        bool turned = x->op == ZH_X_EQ && x->a[0]->op == ZH_X_LITERAL;
        const zh_expr *field = x->a[turned];
        const zh_expr *literal = x->a[!turned];
        const zh_value *v = &literal->value;
        bool usable = field->op == ZH_X_FIELD && field->table == NULL &&
                      literal->op == ZH_X_LITERAL &&
                      (v->kind == ZH_BOOL || (v->kind == ZH_TEXT && v->text.n > 0));
        if (usable && is_dim(a->ind->reg, field->field) &&
            a->cells.nfilters < ZH_ANSWER_FILTERS_MAX) {
            zh_str text = v->kind == ZH_TEXT ? v->text : v->i ? ZH_STR("true") : ZH_STR("false");
            return add_filter(a, field->field->id, text, x->op == ZH_X_WITHIN);
        }
    }
    if (rest->n == ZH_EXPR_NODES_MAX) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "indicator.where", "条件太多");
    }
    rest->list[rest->n++] = x;
    return ZH_OK;
}

static zh_rc add_where(zh_asking *a, const zh_program *own, const zh_program *asked)
{
    const zh_program *programs[] = {own, asked};
    parts rest = {ZH_NEW_N(a->ctx->arena, const zh_expr *, ZH_EXPR_NODES_MAX), 0};
    zh_rc rc = ZH_OK;
    a->cells.where_declared = true;
    for (size_t i = 0; i < ZH_COUNTOF(programs) && rc == ZH_OK; i++) {
        if (programs[i] != NULL && programs[i]->root != NULL) {
            size_t before = rest.n;
            rc = take_where(a, programs[i]->root, &rest);
            a->cells.where_declared =
                a->cells.where_declared && (programs[i] == own || rest.n == before);
            a->where.needs_store = a->where.needs_store || programs[i]->needs_store;
        }
    }
    if (rest.n > 0) {
        zh_expr *all = ZH_NEW(a->ctx->arena, zh_expr);
        *all = (zh_expr){.op = ZH_X_AND, .kind = ZH_BOOL, .a = rest.list, .n = rest.n};
        a->where.root = rest.n == 1 ? rest.list[0] : all;
        a->cells.where = &a->where;
    }
    return rc;
}

static void use_measure(zh_asking *a, size_t index)
{
    if (a->slot[index] < 0 && a->cells.nmeasures < ZH_ANSWER_MEASURES_MAX) {
        a->slot[index] = (int)a->cells.nmeasures;
        a->measures[a->cells.nmeasures++] = &a->ind->reg->measures[index];
    }
}

static void use_parameter(void *user, const zh_expr *x)
{
    zh_asking *a = user;
    if (x->op == ZH_X_PARAMETER && x->index < a->ind->reg->nmeasures) {
        use_measure(a, x->index);
    }
}

/* The sum of squares of what a mean sums up. */
static void use_squares(zh_asking *a)
{
    const zh_register *reg = a->ind->reg;
    const zh_expr *x = a->ind->num.root;
    if (a->ind->kind != ZH_I_MEAN || x->op != ZH_X_PARAMETER || x->index >= reg->nmeasures) {
        return;
    }
    const zh_measure *sum = &reg->measures[x->index];
    for (size_t i = 0; i < reg->nmeasures && a->squares == NULL; i++) {
        const zh_measure *m = &reg->measures[i];
        if (m->kind == ZH_M_SUMSQ && sum->kind == ZH_M_SUM && m->table == sum->table &&
            m->digits == sum->digits && zh_str_eq(m->value.source, sum->value.source) &&
            m->has_filter == sum->has_filter && zh_str_eq(m->filter.source, sum->filter.source)) {
            a->squares = m;
            use_measure(a, i);
        }
    }
}

static zh_rc set_span(zh_asking *a)
{
    const zh_figure_query *q = a->q;
    bool stock = a->ind->kind == ZH_I_STOCK;
    bool asked = q->first != 0 || q->last != 0;
    if (asked && q->last < q->first) {
        return zh_err_set(a->ctx->err, ZH_EINVAL, "indicator.period", "期间的末日早于首日");
    }
    if (stock && !asked) {
        return zh_err_set(a->ctx->err, ZH_EINVAL, "indicator.period.stock",
                          "存量指标要问到某一天或某一期末");
    }
    a->cells.has_span = asked && (a->ind->reg->event_time != NULL || stock);
    if (a->cells.has_span) {
        a->first = q->first;
        a->last = q->last;
        if (a->ind->ytd) {
            int y = 0;
            int m = 0;
            int d = 0;
            zh_date_civil(q->last, &y, &m, &d);
            a->first = zh_date_of(y, 1, 1);
        }
        a->cells.first = a->first;
        a->cells.last = a->last;
    }
    return ZH_OK;
}

/* "wilson95", "clopper99" */
static void read_interval(zh_asking *a)
{
    zh_str name = a->ind->interval;
    a->wilson = zh_str_starts(name, ZH_STR("wilson"));
    if ((!a->wilson && !zh_str_starts(name, ZH_STR("clopper"))) ||
        zh_str_u64(zh_str_sub(name, a->wilson ? 6 : 7, name.n), &a->level) != ZH_OK) {
        a->level = 0;
        return;
    }
    a->method = zh_str_fmt(a->ctx->arena, "%s %d %%", a->wilson ? "Wilson" : "Clopper–Pearson",
                           (int)a->level);
}

zh_rc zh_asking_open(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_asking *out)
{
    const zh_indicator *ind = query->indicator;
    *out = (zh_asking){.ctx = ctx, .conn = conn, .q = query, .ind = ind};
    zh_cell_query *cells = &out->cells;
    cells->reg = ind->reg;
    cells->as_of = query->as_of;
    cells->recount = query->recount;
    cells->filters = out->filters;
    cells->measures = out->measures;
    out->slot = ZH_NEW_N(ctx->arena, int, ind->reg->nmeasures + 1);
    for (size_t i = 0; i < ind->reg->nmeasures; i++) {
        out->slot[i] = -1;
    }
    if (ind->has_num) {
        zh_expr_walk(ind->num.root, use_parameter, out);
        use_squares(out);
    }
    if (ind->has_den) {
        zh_expr_walk(ind->den.root, use_parameter, out);
    }
    read_interval(out);
    zh_rc rc = set_span(out);
    if (rc == ZH_OK) {
        rc = add_region(out, query->region);
    }
    for (size_t i = 0; i < query->nfilters && rc == ZH_OK; i++) {
        const zh_cell_filter *f = &query->filters[i];
        rc = add_filter(out, f->dim, f->value, f->subtree);
    }
    return rc == ZH_OK ? add_where(out, ind->has_filter ? &ind->filter : NULL, query->where) : rc;
}

/* ---- numerators and denominators ------------------------------------------------------------- */

static bool measure_value(const zh_asking *a, const zh_cube_cell *cell, size_t index, zh_exact *out)
{
    const zh_measure *m = &a->ind->reg->measures[index];
    size_t at = (size_t)a->slot[index];
    switch (m->kind) {
    case ZH_M_COUNT:
    case ZH_M_STOCK: *out = (zh_exact){cell->values[at], 0}; return true;
    case ZH_M_SUM: *out = (zh_exact){cell->values[at], m->digits}; return cell->counts[at] > 0;
    case ZH_M_SUMSQ:
        *out = (zh_exact){cell->values[at], (uint8_t)(2 * m->digits)};
        return cell->counts[at] > 0;
    case ZH_M_DISTINCT:
    case ZH_M_ANY_OF: *out = (zh_exact){(zh_i128)cell->nkeys[at], 0}; return true;
    case ZH_M_QUANTILE: break;
    }
    return false;
}

static zh_rc too_large(const zh_asking *a)
{
    return zh_err_set(a->ctx->err, ZH_ELIMIT, "indicator.range", "“%.*s”的合计超出可精确计算的范围",
                      ZH_FMT(zh_label_for(a->ctx->err, a->ind->label)));
}

/* Anything but sums and products goes through the evaluator, in 18 digits. */
static zh_rc eval_general(const zh_asking *a, const zh_expr *x, const zh_cube_cell *cell,
                          bool *known, zh_exact *out)
{
    const zh_register *reg = a->ind->reg;
    zh_value *parameters = ZH_NEW_N(a->ctx->arena, zh_value, reg->nmeasures + 1);
    for (size_t i = 0; i < reg->nmeasures; i++) {
        zh_exact v = {0, 0};
        if (a->slot[i] < 0 || !measure_value(a, cell, i, &v)) {
            continue;
        }
        zh_decimal d = {(int64_t)v.v, v.digits};
        if (v.digits > ZH_DECIMAL_DIGITS_MAX || v.v != d.scaled ||
            zh_decimal_rescale(d, v.digits, ZH_ROUND_REFUSE, &d) != ZH_OK) {
            return too_large(a);
        }
        parameters[i] = zh_value_decimal(d);
    }
    zh_env env = {.arena = a->ctx->arena, .parameters = parameters};
    zh_value v;
    zh_rc rc = zh_eval_node(x, &env, &v, a->ctx->err);
    *known = rc == ZH_OK && zh_value_known(&v) && v.kind == ZH_DECIMAL;
    *out = *known ? zh_exact_of(v.decimal) : (zh_exact){0, 0};
    return rc;
}

static zh_rc eval_exact(const zh_asking *a, const zh_expr *x, const zh_cube_cell *cell, bool *known,
                        zh_exact *out)
{
    if (x->op == ZH_X_PARAMETER) {
        *known = measure_value(a, cell, x->index, out);
        return ZH_OK;
    }
    if (x->op == ZH_X_LITERAL && x->value.kind == ZH_DECIMAL) {
        *known = x->value.mark == ZH_MARK_EXACT;
        *out = zh_exact_of(x->value.decimal);
        return ZH_OK;
    }
    bool sum = x->op == ZH_X_ADD || x->op == ZH_X_SUB;
    if (!(sum || x->op == ZH_X_MUL) || x->n != 2) {
        return eval_general(a, x, cell, known, out);
    }
    zh_exact left;
    zh_exact right;
    bool both = false;
    zh_rc rc = eval_exact(a, x->a[0], cell, known, &left);
    if (rc == ZH_OK) {
        rc = eval_exact(a, x->a[1], cell, &both, &right);
    }
    *known = *known && both;
    if (rc != ZH_OK || !*known) {
        return rc;
    }
    rc = sum ? zh_exact_add(left, right, x->op == ZH_X_SUB ? -1 : 1, out)
             : zh_exact_mul(left, right, out);
    return rc == ZH_ELIMIT ? too_large(a) : rc;
}

zh_rc zh_asking_eval(const zh_asking *a, const zh_program *program, const zh_cube_cell *cell,
                     bool *known, zh_exact *out)
{
    *out = (zh_exact){0, 0};
    return eval_exact(a, program->root, cell, known, out);
}

/* ---- showing --------------------------------------------------------------------------------- */

zh_rc zh_figure_set(zh_ctx *ctx, zh_answer_value *out, zh_quotient exact)
{
    zh_figure *f = out->figure;
    uint8_t digits = f->indicator->digits;
    zh_exact shown;
    out->exact = exact;
    if (zh_quotient_round(exact, digits, &shown) != ZH_OK) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "indicator.range", "“%.*s”的值超出可精确计算的范围",
                          ZH_FMT(zh_label_for(ctx->err, f->indicator->label)));
    }
    char text[48];
    f->shown = zh_str_dup(ctx->arena, (zh_str){text, zh_i128_format(shown.v, digits, text)});
    f->has_value = true;
    f->status = ZH_FIG_OK;
    for (int guard = 2; guard >= 0; guard--) {
        uint8_t wanted = (uint8_t)(digits + guard);
        if (wanted <= ZH_DECIMAL_DIGITS_MAX &&
            zh_i128_ratio(exact.num, exact.den, wanted, ZH_ROUND_HALF_EVEN, &f->value) == ZH_OK) {
            return ZH_OK;
        }
    }
    f->value = (zh_decimal){0, 0};
    return ZH_OK;
}

void zh_figure_low_high(zh_ctx *ctx, zh_figure *f, double low, double high)
{
    static const char dash[] = "–";
    char text[2 * ZH_FIXED_MAX + sizeof dash];
    unsigned digits = f->indicator->digits;
    f->has_interval = true;
    f->low = low;
    f->high = high;
    size_t n = zh_double_fixed(low, digits, text);
    memcpy(text + n, dash, sizeof dash - 1);
    n += sizeof dash - 1;
    n += zh_double_fixed(high, digits, text + n);
    f->interval_shown = zh_str_dup(ctx->arena, (zh_str){text, n});
}

void zh_figure_judge(zh_figure *f)
{
    if (!f->has_value) {
        return;
    }
    if (f->n < (int64_t)f->indicator->n_min) {
        f->status = ZH_FIG_SMALL_N;
    } else if (f->indicator->basis == ZH_BASIS_MIXED) {
        f->status = ZH_FIG_MIXED_BASIS;
    }
}

static zh_rc proportion_interval(const zh_asking *a, zh_exact num, zh_exact den, zh_figure *f)
{
    zh_i128 x = 0;
    zh_i128 n = 0;
    bool wilson = a->wilson;
    if (a->level == 0) {
        return ZH_OK;
    }
    if (!zh_exact_integer(num, &x) || !zh_exact_integer(den, &n) || x < 0 || x > n ||
        n > (zh_i128)ZH_INTERVAL_N_MAX) {
        zh_figure_note(a->ctx, f,
                       (zh_label){ZH_STR("分子不是分母的一部分，没有置信区间"),
                                  ZH_STR("The numerator is no part of the denominator: there is no "
                                         "confidence interval")});
        return ZH_OK;
    }
    zh_interval interval;
    double confidence = (double)a->level / 100.0;
    zh_rc rc =
        wilson ? zh_interval_wilson((uint64_t)x, (uint64_t)n, confidence, &interval, a->ctx->err)
               : zh_interval_clopper_pearson((uint64_t)x, (uint64_t)n, confidence, &interval,
                                             a->ctx->err);
    if (rc == ZH_OK) {
        double unit = a->ind->percent ? 100.0 : 1.0;
        zh_figure_low_high(a->ctx, f, unit * interval.lower, unit * interval.upper);
        f->method = a->method;
    }
    return rc;
}

/* s / sqrt(n) out of the sum and the sum of squares: n * squares - sum * sum is exact. */
static void standard_error(const zh_asking *a, const zh_cube_cell *cell, zh_figure *f)
{
    size_t index = a->ind->num.root->index;
    zh_exact sum;
    zh_exact squares;
    zh_exact spread;
    int64_t n = cell->counts[a->slot[index]];
    f->n = n;
    f->method = ZH_STR("算术平均");
    size_t other = a->squares != NULL ? (size_t)(a->squares - a->ind->reg->measures) : 0;
    if (a->squares == NULL || n < 2 || !measure_value(a, cell, index, &sum) ||
        !measure_value(a, cell, other, &squares)) {
        return;
    }
    zh_exact times = {n, 0};
    if (zh_exact_mul(squares, times, &squares) != ZH_OK || zh_exact_mul(sum, sum, &sum) != ZH_OK ||
        zh_exact_add(squares, sum, -1, &spread) != ZH_OK) {
        return;
    }
    double count = (double)n;
    double variance = fmax(zh_exact_double(spread), 0.0) / (count * (count - 1.0));
    f->se = (a->ind->percent ? 100.0 : 1.0) * sqrt(variance / count);
    f->method = zh_str_fmt(a->ctx->arena, "算术平均，标准误 %.*f", a->ind->digits + 2, f->se);
}

/* ---- plain kinds ----------------------------------------------------------------------------- */

const char *zh_figure_status_id(zh_figure_status status)
{
    switch (status) {
    case ZH_FIG_OK: return "ok";
    case ZH_FIG_NO_DATA: return "no_data";
    case ZH_FIG_SMALL_N: return "small_n";
    case ZH_FIG_NO_DENOMINATOR: return "no_denominator";
    case ZH_FIG_HIDDEN: return "hidden";
    case ZH_FIG_MIXED_BASIS: break;
    }
    return "mixed_basis";
}

static bool is_plain(const zh_indicator *ind)
{
    switch (ind->kind) {
    case ZH_I_COUNT:
    case ZH_I_SUM:
    case ZH_I_RATIO:
    case ZH_I_RATE:
    case ZH_I_MEAN:
    case ZH_I_SHARE:
    case ZH_I_DISTINCT:
    case ZH_I_STOCK: return true;
    case ZH_I_GROWTH:
    case ZH_I_WEIGHTED:
    case ZH_I_MATCHED:
    case ZH_I_DESIGN:
    case ZH_I_QUANTILE:
    case ZH_I_COMPOSITE: break;
    }
    return false;
}

static int64_t units_of(const zh_indicator *ind, const zh_cube_cell *cell, zh_exact num,
                        zh_exact den)
{
    zh_i128 n = 0;
    zh_exact of = ind->kind == ZH_I_STOCK ? num : den;
    bool told = ind->kind == ZH_I_RATE || ind->kind == ZH_I_STOCK || ind->kind == ZH_I_SHARE;
    return told && zh_exact_integer(of, &n) && n >= 0 && n <= INT64_MAX ? (int64_t)n : cell->n;
}

/* whole: the cell that gives the denominator; the same one but for a share broken down. */
static zh_rc figure_of(const zh_asking *a, const zh_cube_cell *cell, const zh_cube_cell *whole,
                       zh_answer_value *out)
{
    const zh_indicator *ind = a->ind;
    zh_figure *f = out->figure;
    zh_exact num = {0, 0};
    zh_exact den = {1, 0};
    bool known = false;
    bool divided = true;
    f->status = ZH_FIG_NO_DATA;
    if (cell == NULL || whole == NULL) {
        return ZH_OK;
    }
    f->n = cell->n;
    zh_rc rc = zh_asking_eval(a, &ind->num, cell, &known, &num);
    if (rc == ZH_OK && ind->has_den) {
        rc = zh_asking_eval(a, &ind->den, whole, &divided, &den);
    }
    if (rc != ZH_OK || !known) {
        return rc;
    }
    f->num = zh_exact_text(a->ctx->arena, num);
    if (ind->has_den) {
        f->den = divided ? zh_exact_text(a->ctx->arena, den) : ZH_STR_NONE;
        if (!divided || den.v == 0) {
            f->status = ZH_FIG_NO_DENOMINATOR;
            return ZH_OK;
        }
    }
    f->n = units_of(ind, cell, num, den);
    zh_quotient value;
    zh_exact unit = {ind->percent ? 100 : 1, 0};
    zh_exact scaled;
    if (zh_exact_mul(num, unit, &scaled) != ZH_OK || zh_quotient_of(scaled, den, &value) != ZH_OK) {
        return too_large(a);
    }
    rc = zh_figure_set(a->ctx, out, value);
    if (rc == ZH_OK && ind->kind == ZH_I_RATE) {
        rc = proportion_interval(a, num, den, f);
    }
    if (ind->kind == ZH_I_MEAN && ind->num.root->op == ZH_X_PARAMETER &&
        ind->reg->measures[ind->num.root->index].kind == ZH_M_SUM) {
        standard_error(a, cell, f);
    }
    zh_figure_judge(f);
    return rc;
}

/* Nothing in force is a stock of zero once there are records at all. */
static zh_rc empty_stock(zh_asking *a, const zh_cube_cell **out)
{
    zh_cell_query any = a->cells;
    zh_cell_answer answer;
    any.has_span = false;
    any.nmeasures = 0;
    zh_rc rc = zh_cells(a->ctx, a->conn, &any, &answer);
    if (rc == ZH_OK && answer.n > 0) {
        zh_cube_cell *zero = ZH_NEW(a->ctx->arena, zh_cube_cell);
        zero->values = ZH_NEW_N(a->ctx->arena, zh_i128, a->cells.nmeasures + 1);
        zero->counts = ZH_NEW_N(a->ctx->arena, int64_t, a->cells.nmeasures + 1);
        zero->nkeys = ZH_NEW_N(a->ctx->arena, size_t, a->cells.nmeasures + 1);
        *out = zero;
    }
    return rc;
}

static zh_rc ask_plain(zh_asking *a, zh_answer_value *out)
{
    zh_cell_answer answer;
    zh_rc rc = zh_cells(a->ctx, a->conn, &a->cells, &answer);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_figure_cube(out->figure, &answer, true);
    const zh_cube_cell *cell = answer.n > 0 ? &answer.cells[0] : NULL;
    if (cell == NULL && a->ind->kind == ZH_I_STOCK) {
        rc = empty_stock(a, &cell);
    }
    return rc == ZH_OK ? figure_of(a, cell, cell, out) : rc;
}

static zh_rc ask_register(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query,
                          zh_answer_value *out)
{
    zh_asking *a = ZH_NEW(ctx->arena, zh_asking);
    zh_rc rc = zh_asking_open(ctx, conn, query, a);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_figure *f = out->figure;
    f->first = a->first;
    f->last = a->last;
    if ((query->first != 0 || query->last != 0) && !a->cells.has_span) {
        zh_figure_note(ctx, f,
                       (zh_label){ZH_STR("登记册没有事件时间，不分期间"),
                                  ZH_STR("The register has no event time; not told apart by "
                                         "period")});
    }
    if (is_plain(query->indicator)) {
        return ask_plain(a, out);
    }
    switch (query->indicator->kind) {
    case ZH_I_WEIGHTED: return zh_figure_weighted(a, out);
    case ZH_I_MATCHED: return zh_figure_matched(a, out);
    case ZH_I_DESIGN: return zh_figure_design(a, out);
    case ZH_I_QUANTILE: return zh_figure_quantile(a, out);
    case ZH_I_COUNT:
    case ZH_I_SUM:
    case ZH_I_RATIO:
    case ZH_I_RATE:
    case ZH_I_MEAN:
    case ZH_I_SHARE:
    case ZH_I_DISTINCT:
    case ZH_I_STOCK:
    case ZH_I_GROWTH:
    case ZH_I_COMPOSITE: break;
    }
    return ZH_OK;
}

/* What a reader of counts is told instead: that it is hidden, and why. */
static zh_rc hide(zh_ctx *ctx, const zh_register *reg, zh_rc rc, zh_figure *f)
{
    zh_release release;
    if (!zh_aggregate_only(ctx, reg)) {
        return rc;
    }
    bool refused =
        rc == ZH_EDENIED && zh_str_starts(zh_str_of(ctx->err->rule), ZH_STR(ZH_AGGREGATE_RULE));
    f->k = zh_release_of(reg, &release) ? release.k : ZH_RELEASE_K;
    if (refused) {
        zh_figure_note(ctx, f,
                       (zh_label){.zh = zh_str_dup(ctx->arena, zh_str_of(ctx->err->message))});
        zh_err_again(ctx->err);
    } else if (rc == ZH_OK) {
        zh_figure_note(
            ctx, f,
            (zh_label){zh_str_fmt(ctx->arena,
                                  "只看汇总：每一格按 %" PRId64 " 取整，不足 %" PRId64
                                  " 的已隐去，合计只由公开的格相加",
                                  f->k, f->k),
                       zh_str_fmt(ctx->arena,
                                  "Summaries only: every cell rounded to %" PRId64
                                  ", below %" PRId64 " hidden; totals add up the open cells",
                                  f->k, f->k)});
    }
    if (refused || (rc == ZH_OK && (f->n == 0 || !f->has_value))) {
        f->status = ZH_FIG_HIDDEN;
        f->has_value = f->has_interval = false;
        f->n = 0;
        f->num = f->den = ZH_STR_NONE;
    }
    return refused ? ZH_OK : rc;
}

zh_rc zh_figure_exact(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, unsigned depth,
                      zh_answer_value *out)
{
    if (depth > ZH_ASK_DEPTH_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "indicator.depth", "指标相互引用超过 %d 层",
                          ZH_ASK_DEPTH_MAX);
    }
    out->figure = ZH_NEW(ctx->arena, zh_figure);
    zh_rc rc = identify(ctx, conn, query, out->figure);
    if (rc != ZH_OK) {
        return rc;
    }
    switch (query->indicator->kind) {
    case ZH_I_GROWTH: return zh_figure_growth(ctx, conn, query, depth, out);
    case ZH_I_COMPOSITE: return zh_figure_composite(ctx, conn, query, depth, out);
    case ZH_I_COUNT:
    case ZH_I_SUM:
    case ZH_I_RATIO:
    case ZH_I_RATE:
    case ZH_I_MEAN:
    case ZH_I_SHARE:
    case ZH_I_WEIGHTED:
    case ZH_I_MATCHED:
    case ZH_I_DESIGN:
    case ZH_I_QUANTILE:
    case ZH_I_DISTINCT:
    case ZH_I_STOCK: break;
    }
    rc = ask_register(ctx, conn, query, out);
    return hide(ctx, query->indicator->reg, rc, out->figure);
}

zh_rc zh_figure_ask(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_figure *out)
{
    zh_answer_value value = {0};
    zh_rc rc = zh_figure_exact(ctx, conn, query, 0, &value);
    if (rc == ZH_OK) {
        *out = *value.figure;
    }
    return rc;
}

/* ---- breaking down --------------------------------------------------------------------------- */

typedef struct breakdown {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_figure_query *q;
    zh_grain by; /* a period, or: */
    zh_cell_group group;
    bool both; /* the group and the period */
    ZH_VEC(zh_str) values;
    ZH_VEC(zh_figure) figures;
} breakdown;

static uint16_t level_named(const zh_register *reg, zh_str dim, zh_str level)
{
    const zh_field *field = zh_register_field(reg, dim);
    const zh_codes *codes = field != NULL ? field->codes : NULL;
    for (size_t c = 0; c < reg->ncubes && codes == NULL; c++) {
        for (size_t i = 0; i < reg->cubes[c].ndims && codes == NULL; i++) {
            const zh_dim *d = &reg->cubes[c].dims[i];
            codes = zh_str_eq(d->id, dim) ? d->codes : NULL;
        }
    }
    for (uint16_t i = 0; codes != NULL && i < codes->levels; i++) {
        uint64_t number = 0;
        bool named = codes->level_names != NULL && zh_str_eq(codes->level_names[i], level);
        if (named || (zh_str_u64(level, &number) == ZH_OK && number == (uint64_t)i + 1)) {
            return (uint16_t)(i + 1);
        }
    }
    return 0;
}

/* The indicator whose records have the dimension: of a growth or composite, what it rests on. */
static const zh_indicator *leaf_of(const zh_model *model, const zh_indicator *ind)
{
    for (unsigned depth = 0; ind != NULL && ind->reg == NULL && depth <= ZH_ASK_DEPTH_MAX;
         depth++) {
        ind = zh_model_indicator(model, ind->kind == ZH_I_GROWTH ? ind->growth_of
                                        : ind->ncomponents       ? ind->components[0].indicator
                                                                 : ZH_STR_NONE);
    }
    return ind;
}

static zh_rc parse_dim(breakdown *b, const zh_register *reg, zh_str dim)
{
    ptrdiff_t at = zh_str_chr(dim, '@');
    b->by = reg->event_time != NULL ? zh_grain_named(dim) : ZH_GRAIN_NONE;
    b->group.dim = at < 0 ? dim : zh_str_sub(dim, 0, (size_t)at);
    if (at < 0) {
        return ZH_OK;
    }
    zh_str level = zh_str_sub(dim, (size_t)at + 1, dim.n);
    b->group.level = level_named(reg, b->group.dim, level);
    if (b->group.level == 0) {
        return zh_err_set(b->ctx->err, ZH_EINVAL, "cube.dim.level", "“%.*s”没有层级“%.*s”",
                          ZH_FMT(b->group.dim), ZH_FMT(level));
    }
    return ZH_OK;
}

static void group_by(const breakdown *b, zh_cell_query *cells)
{
    cells->by = b->by;
    if (b->by == ZH_GRAIN_NONE || b->both) {
        cells->groups = &b->group;
        cells->ngroups = 1;
    }
}

static zh_rc keep(breakdown *b, zh_str value, const zh_figure *f)
{
    if (b->values.n == ZH_FIGURES_MAX) {
        return zh_err_set(b->ctx->err, ZH_ELIMIT, "indicator.by", "分组超过 %d 个，请加筛选条件",
                          ZH_FIGURES_MAX);
    }
    zh_vec_push(b->ctx->arena, &b->values, value);
    zh_vec_push(b->ctx->arena, &b->figures, *f);
    return ZH_OK;
}

/* For so many values at once: growing step by step leaves the smaller lists in the arena. */
static void make_room(breakdown *b, size_t n)
{
    size_t all = n < ZH_FIGURES_MAX ? n : ZH_FIGURES_MAX;
    b->values.p = ZH_NEW_N(b->ctx->arena, zh_str, all + 1);
    b->figures.p = ZH_NEW_N(b->ctx->arena, zh_figure, all + 1);
    b->values.capacity = b->figures.capacity = all + 1;
}

/* All values from one question. */
static zh_rc by_cells(breakdown *b)
{
    zh_asking *a = ZH_NEW(b->ctx->arena, zh_asking);
    zh_cell_answer answer;
    zh_cell_answer total = {0};
    zh_figure identity = {0};
    zh_rc rc = zh_asking_open(b->ctx, b->conn, b->q, a);
    if (rc == ZH_OK) {
        rc = identify(b->ctx, b->conn, b->q, &identity);
    }
    if (rc == ZH_OK && a->ind->kind == ZH_I_SHARE) {
        rc = zh_cells(b->ctx, b->conn, &a->cells, &total);
    }
    group_by(b, &a->cells);
    if (rc == ZH_OK) {
        rc = zh_cells(b->ctx, b->conn, &a->cells, &answer);
    }
    if (rc == ZH_OK) {
        make_room(b, answer.n);
        identity.first = a->first;
        identity.last = a->last;
        zh_figure_cube(&identity, &answer, true);
    }
    for (size_t i = 0; rc == ZH_OK && i < answer.n; i++) {
        zh_figure f = identity;
        zh_answer_value value = {.figure = &f};
        const zh_cube_cell *cell = &answer.cells[i];
        rc = figure_of(a, cell, total.n > 0 ? &total.cells[0] : cell, &value);
        zh_str group = cell->groups[0];
        zh_date first = 0;
        zh_date last = 0;
        zh_str period = cell->groups[b->both];
        if (b->by != ZH_GRAIN_NONE && zh_period_parse(period, &first, &last) == ZH_OK) {
            f.first = a->cells.has_span && a->first > first ? a->first : first;
            f.last = a->cells.has_span && a->last < last ? a->last : last;
        }
        if (rc == ZH_OK) {
            rc = hide(b->ctx, a->ind->reg, rc, &f);
        }
        if (rc == ZH_OK) {
            rc = keep(b, group, &f);
        }
    }
    return rc;
}

/* One question a value. */
static zh_rc one_value(breakdown *b, zh_str value)
{
    zh_figure_query q = *b->q;
    zh_date first = 0;
    zh_date last = 0;
    zh_figure f;
    zh_cell_filter *filters = ZH_NEW_N(b->ctx->arena, zh_cell_filter, q.nfilters + 1);
    if (b->by != ZH_GRAIN_NONE) {
        bool asked = q.first != 0 || q.last != 0;
        if (zh_period_parse(value, &first, &last) != ZH_OK) {
            return ZH_OK; /* records without a date */
        }
        q.first = asked && q.first > first ? q.first : first;
        q.last = asked && q.last < last ? q.last : last;
    } else {
        for (size_t i = 0; i < q.nfilters; i++) {
            filters[i] = q.filters[i];
        }
        filters[q.nfilters++] = (zh_cell_filter){b->group.dim, value, b->group.level != 0};
        q.filters = filters;
        if (value.n == 0 && b->group.level != 0) {
            return ZH_OK; /* above the level: no subtree of its own */
        }
    }
    zh_rc rc = zh_figure_ask(b->ctx, b->conn, &q, &f);
    return rc == ZH_OK ? keep(b, value, &f) : rc;
}

static zh_rc by_values(breakdown *b, const zh_indicator *leaf)
{
    zh_asking *a = ZH_NEW(b->ctx->arena, zh_asking);
    zh_figure_query q = *b->q;
    zh_cell_answer answer;
    zh_indicator counted = *leaf; /* which values there are is a question about records */
    counted.kind = ZH_I_COUNT;
    counted.ytd = false;
    q.indicator = &counted;
    zh_rc rc = zh_asking_open(b->ctx, b->conn, &q, a);
    if (rc != ZH_OK) {
        return rc;
    }
    a->cells.nmeasures = 0;
    group_by(b, &a->cells);
    rc = zh_cells(b->ctx, b->conn, &a->cells, &answer);
    for (size_t i = 0; rc == ZH_OK && i < answer.n; i++) {
        rc = one_value(b, answer.cells[i].groups[0]);
    }
    return rc;
}

zh_rc zh_figure_by(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_str dim,
                   zh_str **values, zh_figure **out, size_t *n)
{
    breakdown b = {.ctx = ctx, .conn = conn, .q = query};
    const zh_indicator *ind = query->indicator;
    const zh_indicator *leaf = leaf_of(ctx->model, ind);
    if (leaf == NULL) {
        return zh_err_set(ctx->err, ZH_EINVAL, "indicator.by", "“%.*s”不能分组",
                          ZH_FMT(zh_label_for(ctx->err, ind->label)));
    }
    zh_rc rc = parse_dim(&b, leaf->reg, dim);
    bool levels = b.by != ZH_GRAIN_NONE && (ind->kind == ZH_I_STOCK || ind->ytd);
    if (rc == ZH_OK) {
        rc = is_plain(ind) && !levels ? by_cells(&b) : by_values(&b, leaf);
    }
    *values = b.values.p;
    *out = b.figures.p;
    *n = b.values.n;
    return rc;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* One question a period, for the kinds that need more than the cells of their own. */
static zh_rc by_periods(breakdown *b, zh_str dim)
{
    zh_rc rc = ZH_OK;
    for (zh_date day = b->q->first; rc == ZH_OK && day <= b->q->last;) {
        zh_figure_query q = *b->q;
        zh_str *values = NULL;
        zh_figure *figures = NULL;
        size_t n = 0;
        rc = zh_period_parse(zh_grain_text(b->ctx->arena, day, b->by), &q.first, &q.last);
        day = q.last + 1;
        q.first = q.first < b->q->first ? b->q->first : q.first;
        q.last = q.last > b->q->last ? b->q->last : q.last;
        if (rc == ZH_OK) {
            rc = zh_figure_by(b->ctx, b->conn, &q, dim, &values, &figures, &n);
        }
        for (size_t i = 0; i < n && rc == ZH_OK; i++) {
            rc = keep(b, values[i], &figures[i]);
        }
    }
    return rc;
}

zh_rc zh_figure_table(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_str dim,
                      zh_grain grain, zh_str **values, zh_figure **out, size_t *n)
{
    breakdown b = {.ctx = ctx, .conn = conn, .q = query};
    const zh_indicator *ind = query->indicator;
    const zh_indicator *leaf = leaf_of(ctx->model, ind);
    if (leaf == NULL || leaf->reg->event_time == NULL || query->last < query->first) {
        return zh_err_set(ctx->err, ZH_EINVAL, "indicator.by", "“%.*s”不能按期间分组",
                          ZH_FMT(zh_label_for(ctx->err, ind->label)));
    }
    zh_rc rc = parse_dim(&b, leaf->reg, dim);
    bool one = is_plain(ind) && ind->kind != ZH_I_STOCK && ind->kind != ZH_I_SHARE && !ind->ytd;
    b.both = one && b.by == ZH_GRAIN_NONE;
    b.by = grain;
    if (rc == ZH_OK) {
        rc = b.both ? by_cells(&b) : by_periods(&b, dim);
    }
    *values = b.values.p;
    *out = b.figures.p;
    *n = b.values.n;
    return rc;
}
