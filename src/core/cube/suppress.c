/* Counts in full k's from the cells of the released table. */
#include "core/cube/suppress.h"
#include "core/cube/cube_private.h"
#include "core/read/permission.h"
#include "model/codes.h"
#include "model/schema.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is released ------------------------------------------------------------------------ */

static void take_dim(const zh_register *reg, zh_str text, zh_release *out)
{
    int grain = zh_choice("day|month|quarter|half|year", text);
    ptrdiff_t at = zh_str_chr(text, '@');
    zh_str name = at < 0 ? text : zh_str_sub(text, 0, (size_t)at);
    const zh_field *field = zh_register_field(reg, name);
    if (grain >= 0 && field == NULL) {
        out->grain = (zh_grain)(grain + (int)ZH_GRAIN_DAY);
    } else if (field != NULL && out->ngroups < ZH_CUBE_DIMS_MAX) {
        uint16_t level = 0;
        if (at >= 0 && field->codes != NULL) {
            level = zh_codes_level(field->codes, zh_str_sub(text, (size_t)at + 1, text.n));
        }
        out->groups[out->ngroups++] = (zh_cell_group){field->id, level};
    }
}

bool zh_release_of(const zh_register *reg, zh_release *out)
{
    const zh_yaml *publication =
        reg->declared != NULL ? zh_yaml_get(reg->declared, "publication") : NULL;
    const zh_yaml *aggregate = publication != NULL ? zh_yaml_get(publication, "aggregate") : NULL;
    *out = (zh_release){.k = ZH_RELEASE_K};
    if (aggregate == NULL) {
        return false;
    }
    out->k = zh_get_number(aggregate, "k", ZH_RELEASE_K);
    for (const zh_yaml *d = zh_first(aggregate, "dims"); d != NULL; d = zh_next(d)) {
        take_dim(reg, d->text, out);
    }
    return true;
}

bool zh_aggregate_only(const zh_ctx *ctx, const zh_register *reg)
{
    unsigned rights = ctx->post != NULL && !ctx->aggregating ? zh_rights(ctx, reg) : ZH_RIGHT_READ;
    return (rights & ZH_RIGHT_READ) == 0 && (rights & ZH_RIGHT_AGGREGATE) != 0;
}

zh_rc zh_aggregate_refuses(zh_ctx *ctx, const zh_register *reg)
{
    if (!zh_aggregate_only(ctx, reg)) {
        return ZH_OK;
    }
    return zh_err_set(ctx->err, ZH_EDENIED, ZH_AGGREGATE_RULE "records",
                      "你的岗位只看“%.*s”的汇总数，不看一条条的记录",
                      ZH_FMT(zh_label_for(ctx->err, reg->label)));
}

/* ---- what may be asked ----------------------------------------------------------------------- */

static zh_rc refuse(zh_ctx *ctx, const zh_register *reg, const char *rule, const char *what)
{
    zh_err_set(ctx->err, ZH_EDENIED, rule, "“%.*s”对你的岗位只公开汇总数：%s",
               ZH_FMT(zh_label_for(ctx->err, reg->label)), zh_err_text(ctx->err, what));
    zh_err_fix(ctx->err, "按声明公开的维度和整期来问");
    return ZH_EDENIED;
}

static const zh_cell_group *released(const zh_release *release, zh_str dim)
{
    for (size_t i = 0; i < release->ngroups; i++) {
        if (zh_str_eq(release->groups[i].dim, dim)) {
            return &release->groups[i];
        }
    }
    return NULL;
}

/* A value of the released level, or one above it with all that is below. */
static bool filter_fits(const zh_register *reg, const zh_release *release, const zh_cell_filter *f)
{
    const zh_cell_group *group = released(release, f->dim);
    const zh_field *field = zh_register_field(reg, f->dim);
    if (group == NULL || field == NULL) {
        return false;
    }
    if (field->codes == NULL || field->codes->levels <= 1) {
        return true;
    }
    const zh_code *code = zh_code_find(field->codes, f->value, INT32_MIN);
    return code != NULL && (f->subtree || code->level == field->codes->levels) &&
           (group->level == 0 || code->level <= group->level);
}

static bool group_fits(const zh_release *release, const zh_cell_group *asked)
{
    const zh_cell_group *group = released(release, asked->dim);
    return group != NULL &&
           (group->level == 0 || asked->level == 0 || asked->level <= group->level);
}

static bool span_fits(const zh_release *release, const zh_cell_query *q)
{
    zh_arena *scratch = zh_arena_new(1 << 16);
    bool fits = true;
    if (q->by != ZH_GRAIN_NONE || q->has_span) {
        fits = release->grain != ZH_GRAIN_NONE;
    }
    fits = fits && (q->by == ZH_GRAIN_NONE || q->by >= release->grain);
    if (fits && q->has_span && release->grain != ZH_GRAIN_DAY) {
        /* the day before begins another period, as does the day after the end */
        zh_str before = zh_grain_text(scratch, q->first - 1, release->grain);
        zh_str end = zh_grain_text(scratch, q->last, release->grain);
        fits = !zh_str_eq(before, zh_grain_text(scratch, q->first, release->grain)) &&
               !zh_str_eq(end, zh_grain_text(scratch, q->last + 1, release->grain));
    }
    zh_arena_free(scratch);
    return fits;
}

static zh_rc may_ask(zh_ctx *ctx, const zh_release *release, const zh_cell_query *q)
{
    const zh_register *reg = q->reg;
    if (q->as_of != ZH_AS_OF_NOW) {
        return refuse(ctx, reg, ZH_AGGREGATE_RULE "as_of",
                      "只能看现在的数，不能看账本过去的某一处");
    }
    if (q->where != NULL && !q->where_declared) {
        return refuse(ctx, reg, ZH_AGGREGATE_RULE "where", "不能另加条件");
    }
    for (size_t i = 0; i < q->nmeasures; i++) {
        if (q->measures[i]->kind != ZH_M_COUNT) {
            return refuse(ctx, reg, ZH_AGGREGATE_RULE "measure",
                          "只有计数，没有合计、均值和分位数");
        }
    }
    for (size_t i = 0; i < q->nfilters; i++) {
        if (!filter_fits(reg, release, &q->filters[i])) {
            return refuse(ctx, reg, ZH_AGGREGATE_RULE "dim", "这个筛选不在公开的维度和层级之内");
        }
    }
    for (size_t i = 0; i < q->ngroups; i++) {
        if (!group_fits(release, &q->groups[i])) {
            return refuse(ctx, reg, ZH_AGGREGATE_RULE "dim", "这个分组不在公开的维度和层级之内");
        }
    }
    return span_fits(release, q)
               ? ZH_OK
               : refuse(ctx, reg, ZH_AGGREGATE_RULE "period", "期间要由完整的公开期间组成");
}

/* ---- adding up ------------------------------------------------------------------------------- */

typedef struct adding {
    zh_ctx *ctx;
    const zh_cell_query *q;
    const zh_release *release;
    zh_map by_groups;
    ZH_VEC(zh_cube_cell *) cells;
} adding;

static zh_i128 full(zh_i128 n, int64_t k)
{
    return n < k ? 0 : n - n % k;
}

static zh_str coarser(const adding *a, const zh_cube_cell *cell, size_t g)
{
    const zh_cell_group *asked = &a->q->groups[g];
    const zh_field *field = zh_register_field(a->q->reg, asked->dim);
    size_t at = 0;
    while (at + 1 < a->release->ngroups && !zh_str_eq(a->release->groups[at].dim, asked->dim)) {
        at++;
    }
    zh_str value = cell->groups[at];
    if (asked->level == 0 || field == NULL || field->codes == NULL) {
        return value;
    }
    const zh_code *code = zh_code_find(field->codes, value, INT32_MIN);
    code = code != NULL ? zh_code_at_level(code, asked->level) : NULL;
    return code != NULL ? code->code : ZH_STR("");
}

static zh_str coarser_time(const adding *a, zh_str text)
{
    zh_date first = 0;
    zh_date last = 0;
    return text.n > 0 && zh_period_parse(text, &first, &last) == ZH_OK
               ? zh_grain_text(a->ctx->arena, first, a->q->by)
               : ZH_STR("");
}

static zh_cube_cell *sum_of(adding *a, const zh_cube_cell *cell)
{
    zh_arena *arena = a->ctx->arena;
    size_t n = a->q->ngroups;
    bool timed = a->q->by != ZH_GRAIN_NONE;
    zh_str *groups = ZH_NEW_N(arena, zh_str, n + 2);
    zh_str key = ZH_STR("");
    for (size_t g = 0; g < n + timed; g++) {
        groups[g] =
            g < n ? coarser(a, cell, g) : coarser_time(a, cell->groups[a->release->ngroups]);
        key = zh_str_fmt(arena, "%.*s%zu:%.*s", ZH_FMT(key), groups[g].n, ZH_FMT(groups[g]));
    }
    zh_cube_cell *sum = zh_map_get(&a->by_groups, key);
    if (sum == NULL) {
        sum = ZH_NEW(arena, zh_cube_cell);
        *sum = (zh_cube_cell){.groups = groups,
                              .values = ZH_NEW_N(arena, zh_i128, a->q->nmeasures + 1),
                              .counts = ZH_NEW_N(arena, int64_t, a->q->nmeasures + 1),
                              .keys = ZH_NEW_N(arena, zh_key_count *, a->q->nmeasures + 1),
                              .nkeys = ZH_NEW_N(arena, size_t, a->q->nmeasures + 1)};
        zh_map_put(&a->by_groups, key, sum);
        zh_vec_push(arena, &a->cells, sum);
    }
    return sum;
}

static void add_cell(adding *a, const zh_cube_cell *cell)
{
    int64_t n = (int64_t)full(cell->n, a->release->k);
    if (n == 0) {
        return;
    }
    zh_cube_cell *sum = sum_of(a, cell);
    sum->n += n;
    for (size_t m = 0; m < a->q->nmeasures; m++) {
        sum->values[m] += full(cell->values[m], a->release->k);
    }
}

static int by_groups(const void *p, const void *q, void *user)
{
    const zh_cube_cell *x = p;
    const zh_cube_cell *y = q;
    const size_t *n = user;
    for (size_t g = 0; g < *n; g++) {
        int d = zh_str_cmp(x->groups[g], y->groups[g]);
        if (d != 0) {
            return d;
        }
    }
    return 0;
}

zh_rc zh_cells_released(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *query, zh_cell_answer *out)
{
    zh_release release;
    zh_cell_query base = *query;
    zh_cell_answer fine;
    zh_ctx own = *ctx;
    *out = (zh_cell_answer){0};
    if (!zh_release_of(query->reg, &release)) {
        return refuse(ctx, query->reg, ZH_AGGREGATE_RULE "none", "声明没有公开任何汇总");
    }
    zh_rc rc = may_ask(ctx, &release, query);
    if (rc != ZH_OK) {
        return rc;
    }
    own.aggregating = true;
    base.groups = release.groups;
    base.ngroups = release.ngroups;
    base.by = release.grain;
    rc = zh_cells(&own, conn, &base, &fine);
    if (rc != ZH_OK) {
        return rc;
    }
    adding a = {.ctx = ctx, .q = query, .release = &release};
    zh_map_init(&a.by_groups, ctx->arena);
    for (size_t i = 0; i < fine.n; i++) {
        add_cell(&a, &fine.cells[i]);
    }
    size_t groups = query->ngroups + (query->by != ZH_GRAIN_NONE);
    out->cells = ZH_NEW_N(ctx->arena, zh_cube_cell, a.cells.n + 1);
    for (size_t i = 0; i < a.cells.n; i++) {
        out->cells[i] = *a.cells.p[i];
    }
    qsort_r(out->cells, a.cells.n, sizeof *out->cells, by_groups, &groups);
    out->n = a.cells.n;
    out->cube = fine.cube;
    out->k = release.k;
    out->took_us = fine.took_us;
    return ZH_OK;
}
