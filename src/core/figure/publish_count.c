/* Counting a figure record by record: the lists whose roots a published figure carries. */
#include "base/json.h"
#include "core/figure/indicator_private.h"
#include "core/figure/publish_private.h"
#include "core/instance/core_private.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_BYTES ((size_t)2 << 30)

typedef struct line {
    uint64_t index;
    zh_str num, den; /* den empty: none */
    const char *reason;
    bool included;
} line;

typedef struct counting {
    zh_conn *conn;
    const zh_asking *asking;
    zh_arena *arena; /* of the lines */
    int64_t as_of;
    zh_str place_sql;
    ZH_VEC(line) lines;
    zh_exact num, den;
    bool overflow;
} counting;

/* ---- what the value means -------------------------------------------------------------------- */

/* Whether the expression of a record alone, added up, is the expression of all: sums and multiples
 * of measures that are themselves sums. Depth is bounded by the compiler. */
static bool is_linear(const zh_register *reg, const zh_expr *x)
{
    if (x->op == ZH_X_PARAMETER && x->index < reg->nmeasures) {
        zh_measure_kind kind = reg->measures[x->index].kind;
        return kind == ZH_M_COUNT || kind == ZH_M_SUM || kind == ZH_M_SUMSQ || kind == ZH_M_STOCK;
    }
    if ((x->op == ZH_X_ADD || x->op == ZH_X_SUB) && x->n == 2) {
        return is_linear(reg, x->a[0]) && is_linear(reg, x->a[1]);
    }
    if (x->op == ZH_X_MUL && x->n == 2) {
        bool left = x->a[0]->op == ZH_X_LITERAL;
        return (left || x->a[1]->op == ZH_X_LITERAL) && is_linear(reg, x->a[left]);
    }
    return false;
}

static bool adds_up(const zh_indicator *ind)
{
    return ind->reg != NULL && ind->has_num && is_linear(ind->reg, ind->num.root) &&
           (!ind->has_den || is_linear(ind->reg, ind->den.root));
}

zh_str zh_figure_fold(const zh_indicator *ind)
{
    switch (ind->kind) {
    case ZH_I_COUNT:
    case ZH_I_SUM:
    case ZH_I_RATIO:
    case ZH_I_RATE:
    case ZH_I_MEAN:
    case ZH_I_SHARE:
    case ZH_I_STOCK: break;
    case ZH_I_DISTINCT: return ZH_STR("distinct");
    case ZH_I_GROWTH: return ZH_STR("growth");
    case ZH_I_WEIGHTED: return ZH_STR("weighted");
    case ZH_I_MATCHED: return ZH_STR("matched");
    case ZH_I_DESIGN: return ZH_STR("design");
    case ZH_I_QUANTILE: return ZH_STR("quantile");
    case ZH_I_COMPOSITE: return ZH_STR("composite");
    }
    return adds_up(ind) ? ZH_STR("sum") : ZH_STR("expression");
}

zh_str zh_figure_formula(zh_ctx *ctx, const zh_figure *figure)
{
    const zh_indicator *ind = figure->indicator;
    const zh_register *reg = ind->reg;
    return zh_str_fmt(ctx->arena, "%.*s\n%.*s\n%.*s@%.*s\n%.*s\n%u\n", ZH_FMT(ind->id),
                      ZH_FMT(figure->formula), ZH_FMT(reg != NULL ? reg->id : ZH_STR("-")),
                      ZH_FMT(reg != NULL ? reg->version : ZH_STR("-")), ZH_FMT(ind->unit),
                      (unsigned)ind->digits);
}

/* ---- the question ---------------------------------------------------------------------------- */

zh_str zh_figure_question(zh_arena *arena, const zh_figure_query *q)
{
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, 1 << 20);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "indicator", q->indicator->id);
    zh_jw_kv(&w, "region", q->region);
    zh_jw_ki(&w, "first", q->first);
    zh_jw_ki(&w, "last", q->last);
    zh_jw_kv(&w, "where", q->where != NULL ? q->where->source : ZH_STR(""));
    zh_jw_key(&w, "filters");
    zh_jw_array(&w);
    for (size_t i = 0; i < q->nfilters; i++) {
        zh_jw_array(&w);
        zh_jw_str(&w, q->filters[i].dim);
        zh_jw_str(&w, q->filters[i].value);
        zh_jw_bool(&w, q->filters[i].subtree);
        zh_jw_array_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_ki(&w, "size", q->as_of);
    zh_jw_object_end(&w);
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc read_filters(zh_ctx *ctx, const zh_json *list, zh_figure_query *out)
{
    zh_cell_filter *filters = ZH_NEW_N(ctx->arena, zh_cell_filter, ZH_ANSWER_FILTERS_MAX);
    out->filters = filters;
    for (size_t i = 0; list != NULL && zh_json_at(list, i) != NULL; i++) {
        const zh_json *one = zh_json_at(list, i);
        if (i == ZH_ANSWER_FILTERS_MAX) {
            return ZH_EINVAL;
        }
        const zh_json *subtree = zh_json_at(one, 2);
        filters[i] = (zh_cell_filter){.dim = zh_json_str(zh_json_at(one, 0), ZH_STR("")),
                                      .value = zh_json_str(zh_json_at(one, 1), ZH_STR("")),
                                      .subtree = subtree != NULL && subtree->boolean};
        out->nfilters++;
    }
    return ZH_OK;
}

zh_rc zh_figure_question_read(zh_ctx *ctx, zh_str text, zh_figure_query *out)
{
    zh_json *root = NULL;
    int64_t first = 0;
    int64_t last = 0;
    *out = (zh_figure_query){.recount = false};
    zh_rc rc = zh_json_parse(ctx->arena, text, &root, ctx->err);
    if (rc == ZH_OK) {
        zh_str id = zh_json_str(zh_json_get(root, "indicator"), ZH_STR(""));
        out->indicator = zh_model_indicator(ctx->model, id);
        out->region = zh_json_str(zh_json_get(root, "region"), ZH_STR(""));
        rc = zh_json_i64(zh_json_get(root, "first"), &first);
        rc = rc == ZH_OK ? zh_json_i64(zh_json_get(root, "last"), &last) : rc;
        rc = rc == ZH_OK ? zh_json_i64(zh_json_get(root, "size"), &out->as_of) : rc;
        rc = rc == ZH_OK ? read_filters(ctx, zh_json_get(root, "filters"), out) : rc;
    }
    out->first = (zh_date)first;
    out->last = (zh_date)last;
    if (rc != ZH_OK) {
        return zh_err_set(ctx->err, ZH_ECORRUPT, "figure.question", "已发布数字的提问读不懂");
    }
    if (out->indicator == NULL) {
        return ZH_ENOTFOUND;
    }
    zh_str where = zh_json_str(zh_json_get(root, "where"), ZH_STR(""));
    if (where.n > 0 && out->indicator->reg != NULL) {
        zh_scope scope = {.model = ctx->model, .reg = out->indicator->reg};
        zh_program *program = ZH_NEW(ctx->arena, zh_program);
        zh_err ignored = {0};
        rc = zh_expr_compile(ctx->arena, &scope, where, program, &ignored);
        out->where = program;
    }
    return rc == ZH_OK ? ZH_OK : ZH_ENOTFOUND;
}

/* ---- records --------------------------------------------------------------------------------- */

static zh_rc place_of(counting *c, zh_ctx *ctx, const zh_record *r, uint64_t *index)
{
    zh_sql_value key[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id), ZH_SQL_INT(r->version)};
    int64_t place = -1;
    zh_rc rc = zh_query_i64(c->conn, c->place_sql.p, key, 3, &place, ctx->err);
    *index = (uint64_t)place;
    return rc == ZH_ENOTFOUND || (rc == ZH_OK && (place < 0 || place >= c->as_of))
               ? zh_err_set(ctx->err, ZH_ECORRUPT, "figure.place",
                            "记录 %" PRId64 " 的版本 %d 没有账本位置", r->id, (int)r->version)
               : rc;
}

static zh_rc values_of(counting *c, const zh_cube_cell *cell, line *out)
{
    const zh_asking *a = c->asking;
    zh_exact num = {1, 0};
    zh_exact den = {0, 0};
    bool has_num = true;
    bool has_den = false;
    zh_rc rc = a->ind->has_num ? zh_asking_eval(a, &a->ind->num, cell, &has_num, &num) : ZH_OK;
    if (rc == ZH_OK && a->ind->has_den) {
        rc = zh_asking_eval(a, &a->ind->den, cell, &has_den, &den);
    }
    out->included = has_num || has_den;
    if (rc != ZH_OK || !out->included) {
        out->reason = "没有数值";
        return rc;
    }
    num = has_num ? num : (zh_exact){0, 0};
    out->num = zh_exact_text(c->arena, num);
    out->den = a->ind->has_den ? zh_exact_text(c->arena, den) : ZH_STR("");
    c->overflow = c->overflow || zh_exact_add(c->num, num, 1, &c->num) != ZH_OK ||
                  zh_exact_add(c->den, den, 1, &c->den) != ZH_OK;
    return ZH_OK;
}

static zh_rc take(void *user, zh_ctx *ctx, const zh_candidate *candidate)
{
    counting *c = user;
    line l = {.included = false};
    if (c->lines.n == ZH_OPENING_LINES_MAX || zh_arena_left(c->arena) < (size_t)1 << 20) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "figure.records",
                          "这个数字涉及的记录超过 %u 条，不能逐条列出", ZH_OPENING_LINES_MAX);
    }
    zh_rc rc = place_of(c, ctx, candidate->record, &l.index);
    if (rc == ZH_OK && candidate->cell != NULL) {
        zh_asking asking = *c->asking;
        zh_ctx own = *ctx;
        asking.ctx = &own;
        const zh_asking *kept = c->asking;
        c->asking = &asking;
        rc = values_of(c, candidate->cell, &l);
        c->asking = kept;
    } else if (rc == ZH_OK) {
        l.reason = !candidate->in_cubes ? "登记册声明不计入"
                   : !candidate->passes ? "不合指标的条件"
                                        : "没有数值";
    }
    if (rc == ZH_OK) {
        zh_vec_push(c->arena, &c->lines, l);
    }
    return rc;
}

static int by_index(const void *a, const void *b)
{
    const line *x = a;
    const line *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static zh_rc write_lists(zh_ctx *ctx, counting *c, zh_hash_alg alg, zh_figure_lists *out)
{
    zh_opening_root roots[2];
    zh_buf texts[2];
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < 2; i++) {
        zh_opening_root_begin(&roots[i], alg);
        zh_buf_init(&texts[i], ZH_FIGURE_LINES_MAX);
    }
    for (size_t i = 0; i < c->lines.n && rc == ZH_OK; i++) {
        const line *l = &c->lines.p[i];
        if (l->included) {
            rc = zh_opening_detail(&roots[0], l->index, l->num, l->den, &texts[0], ctx->err);
        }
        if (rc == ZH_OK) {
            rc = zh_opening_frame(&roots[1], l->index, l->included,
                                  zh_str_of(l->included ? "" : l->reason), &texts[1], ctx->err);
        }
    }
    zh_opening_root_end(&roots[0], &out->detail_root, &out->details);
    zh_opening_root_end(&roots[1], &out->frame_root, &out->frames);
    bool fits = !texts[0].failed && !texts[1].failed &&
                zh_str_try_dup(ctx->arena, zh_buf_view(&texts[0]), &out->detail) &&
                zh_str_try_dup(ctx->arena, zh_buf_view(&texts[1]), &out->frame);
    if (rc == ZH_OK && !fits) {
        rc = zh_err_set(ctx->err, ZH_ELIMIT, "figure.records", "逐条清单超过 %zu MB，不能发布",
                        ZH_FIGURE_LINES_MAX >> 20);
        zh_err_fix(ctx->err, "缩小期间、地区或加条件，分开发布");
    }
    zh_buf_free(&texts[0]);
    zh_buf_free(&texts[1]);
    return rc;
}

static zh_rc count_records(zh_ctx *ctx, const zh_figure_query *query, counting *c)
{
    zh_asking *full = ZH_NEW(ctx->arena, zh_asking);
    zh_asking *scope = ZH_NEW(ctx->arena, zh_asking);
    zh_indicator *wide = ZH_NEW(ctx->arena, zh_indicator);
    zh_figure_query asked = *query;
    const zh_register *reg = query->indicator->reg;
    *wide = *query->indicator; /* the same scope without the indicator's own condition */
    wide->has_filter = false;
    zh_rc rc = zh_asking_open(ctx, c->conn, query, full);
    asked.indicator = wide;
    if (rc == ZH_OK) {
        rc = zh_asking_open(ctx, c->conn, &asked, scope);
    }
    c->asking = full;
    c->place_sql =
        zh_str_fmt(ctx->arena,
                   "SELECT o.pos + h.ord FROM %.*s_h h JOIN zh_outbox o ON o.office = h.office AND "
                   "o.batch = h.batch WHERE h.office = ? AND h.id = ? AND h.version = ?",
                   ZH_FMT(reg->table));
    if (rc == ZH_OK) {
        rc = zh_cells_frame(ctx, c->conn, &scope->cells, &full->cells, take, c);
    }
    if (c->lines.n > 0) {
        zh_sort(c->lines.p, c->lines.n, sizeof *c->lines.p, by_index);
    }
    return rc;
}

zh_rc zh_figure_count(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_hash_alg alg,
                      zh_figure_lists *out)
{
    counting c = {.conn = conn, .arena = zh_arena_new(COUNT_BYTES), .as_of = query->as_of};
    const zh_indicator *ind = query->indicator;
    *out = (zh_figure_lists){.num = ZH_STR(""), .den = ZH_STR("")};
    zh_rc rc = ind->reg != NULL ? count_records(ctx, query, &c) : ZH_OK;
    if (rc == ZH_OK) {
        rc = write_lists(ctx, &c, alg, out);
    }
    if (rc == ZH_OK && zh_str_is(zh_figure_fold(ind), "sum") && !c.overflow) {
        out->num = zh_exact_text(ctx->arena, c.num);
        out->den = ind->has_den ? zh_exact_text(ctx->arena, c.den) : ZH_STR("");
    }
    zh_arena_free(c.arena);
    return rc;
}
