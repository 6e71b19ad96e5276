/* Answering from cells: the smallest cube that holds everything asked for, else a recount of the
 * records in force. Both end in one aggregator, so that they can only differ in what they read. */
#include "core/cube/cube.h"
#include "core/cube/cube_private.h"
#include "core/cube/suppress.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include <stdlib.h>
#include <string.h>

enum { SUBTREE_IN_MAX = 800 };

typedef zh_answering answering;

/* ---- choosing a cube ------------------------------------------------------------------------- */

static bool grain_holds(zh_grain kept, zh_grain wanted)
{
    return kept != ZH_GRAIN_NONE && kept <= wanted;
}

/* Whether [first, last] begins and ends with cells of this grain. */
static bool aligned(zh_date first, zh_date last, zh_grain grain)
{
    int y = 0;
    int m = 0;
    int d = 0;
    zh_date_civil(first, &y, &m, &d);
    int y2 = 0;
    int m2 = 0;
    int d2 = 0;
    zh_date_civil(last + 1, &y2, &m2, &d2);
    int months = grain == ZH_GRAIN_YEAR      ? 12
                 : grain == ZH_GRAIN_HALF    ? 6
                 : grain == ZH_GRAIN_QUARTER ? 3
                                             : 1;
    return grain == ZH_GRAIN_DAY ||
           (d == 1 && d2 == 1 && (m - 1) % months == 0 && (m2 - 1) % months == 0);
}

/* Level 0 asks for values as recorded: those of a field, not of a level above it. */
static bool level_holds(const zh_dim *dim, uint16_t wanted)
{
    bool own = dim->field == NULL || !zh_str_eq(dim->id, dim->field->id);
    return dim->level == 0 || (wanted == 0 ? own : wanted <= dim->level);
}

static int dim_of(const zh_cube *cube, zh_str id, uint16_t level)
{
    for (size_t i = 0; i < cube->ndims; i++) {
        const zh_dim *dim = &cube->dims[i];
        if (dim->grain == ZH_GRAIN_NONE && zh_str_eq(dim->id, id) && level_holds(dim, level)) {
            return (int)i;
        }
    }
    return -1;
}

static int time_of(const zh_cube *cube, const zh_cell_query *q)
{
    for (size_t i = 0; i < cube->ndims; i++) {
        zh_grain grain = cube->dims[i].grain;
        if (grain != ZH_GRAIN_NONE && (q->by == ZH_GRAIN_NONE || grain_holds(grain, q->by)) &&
            (!q->has_span || aligned(q->first, q->last, grain))) {
            return (int)i;
        }
    }
    return -1;
}

static uint16_t filter_level(const zh_cube *cube, const zh_cell_filter *f)
{
    for (size_t i = 0; i < cube->ndims; i++) {
        const zh_dim *dim = &cube->dims[i];
        if (zh_str_eq(dim->id, f->dim) && dim->codes != NULL) {
            const zh_code *code = zh_code_find(dim->codes, f->value, INT32_MIN);
            return code && f->subtree ? code->level : 0;
        }
    }
    return 0;
}

static bool cube_holds(answering *a, const zh_cube *cube)
{
    const zh_cell_query *q = a->q;
    for (size_t i = 0; i < q->nfilters; i++) {
        a->filter_at[i] = dim_of(cube, q->filters[i].dim, filter_level(cube, &q->filters[i]));
        if (a->filter_at[i] < 0) {
            return false;
        }
        a->filter_dims[i] = cube->dims[a->filter_at[i]];
    }
    for (size_t i = 0; i < q->ngroups; i++) {
        a->group_at[i] = dim_of(cube, q->groups[i].dim, q->groups[i].level);
        if (a->group_at[i] < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < q->nmeasures; i++) {
        a->measure_at[i] = -1;
        for (size_t m = 0; m < cube->nmeasures; m++) {
            if (cube->measures[m] == q->measures[i]) {
                a->measure_at[i] = (int)m;
            }
        }
        if (a->measure_at[i] < 0) {
            return false;
        }
    }
    a->time_at = time_of(cube, q);
    return a->time_at >= 0 || (!q->has_span && q->by == ZH_GRAIN_NONE);
}

static const zh_cube *choose(answering *a)
{
    const zh_cube *best = NULL;
    for (size_t i = 0; i < a->q->reg->ncubes; i++) {
        const zh_cube *cube = &a->q->reg->cubes[i];
        if ((best == NULL || cube->ndims < best->ndims) && cube_holds(a, cube)) {
            best = cube;
        }
    }
    if (best != NULL) {
        (void)cube_holds(a, best); /* sets the positions */
    }
    return best;
}

/* ---- the ad-hoc cube of a recount ------------------------------------------------------------ */

static const zh_dim *declared_dim(const zh_register *reg, zh_str id, uint16_t level)
{
    for (size_t c = 0; c < reg->ncubes; c++) {
        int at = dim_of(&reg->cubes[c], id, level);
        if (at >= 0) {
            return &reg->cubes[c].dims[at];
        }
    }
    return NULL;
}

/* The declared dimensions by name, each once, for a message. */
static zh_str dims_of(zh_arena *arena, const zh_register *reg)
{
    zh_map seen;
    zh_buf out;
    zh_map_init(&seen, arena);
    zh_buf_init(&out, 1024);
    for (size_t i = 0; i < reg->ncubes; i++) {
        for (size_t k = 0; k < reg->cubes[i].ndims; k++) {
            const zh_dim *dim = &reg->cubes[i].dims[k];
            zh_str id = dim->id;
            if (id.n > 0 && zh_map_put(&seen, id, &seen) == NULL) {
                zh_buf_z(&out, out.n > 0 ? "、" : "");
                zh_buf_str(&out, id);
            }
        }
    }
    zh_str text = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

/* A dimension to recount by: a declared one, else a field of the record. */
static zh_rc adhoc_dim(const answering *a, zh_str id, uint16_t level, zh_dim *out)
{
    const zh_register *reg = a->q->reg;
    const zh_dim *declared = declared_dim(reg, id, level);
    const zh_field *field = declared ? NULL : zh_register_field(reg, id);
    if (declared == NULL &&
        (field == NULL || field->table != NULL || field->type == ZH_TYPE_TABLE)) {
        zh_err_set(a->ctx->err, ZH_EINVAL, "cube.dim", "“%.*s”没有维度“%.*s”",
                   ZH_FMT(zh_label_for(a->ctx->err, reg->label)), ZH_FMT(id));
        zh_err_fix(a->ctx->err, "可用：%.*s；也可以用任一字段",
                   ZH_FMT(dims_of(a->ctx->arena, reg)));
        return ZH_EINVAL;
    }
    *out = declared ? *declared
                    : (zh_dim){.id = field->id,
                               .column = field->column,
                               .field = field,
                               .codes = field->type == ZH_TYPE_CODE ? field->codes : NULL};
    return ZH_OK;
}

static zh_rc adhoc_filters(answering *a)
{
    const zh_cell_query *q = a->q;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < q->nfilters && rc == ZH_OK; i++) {
        uint16_t level = 0;
        for (size_t c = 0; c < q->reg->ncubes && level == 0 && q->filters[i].subtree; c++) {
            level = filter_level(&q->reg->cubes[c], &q->filters[i]);
        }
        rc = adhoc_dim(a, q->filters[i].dim, level, &a->filter_dims[i]);
    }
    return rc;
}

static zh_rc make_cube(answering *a)
{
    const zh_cell_query *q = a->q;
    zh_cube *cube = ZH_NEW(a->ctx->arena, zh_cube);
    zh_dim *dims = ZH_NEW_N(a->ctx->arena, zh_dim, ZH_CUBE_DIMS_MAX);
    a->time_at = -1;
    if (q->has_span || q->by != ZH_GRAIN_NONE) {
        a->time_at = 0;
        dims[cube->ndims++] = (zh_dim){.id = ZH_STR("day"), .grain = ZH_GRAIN_DAY};
    }
    if (cube->ndims + q->ngroups > ZH_CUBE_DIMS_MAX) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "cube.dims", "一次最多按 %d 个维度分组",
                          ZH_CUBE_DIMS_MAX);
    }
    zh_rc rc = adhoc_filters(a);
    for (size_t i = 0; i < q->ngroups && rc == ZH_OK; i++) {
        a->group_at[i] = (int)cube->ndims;
        rc = adhoc_dim(a, q->groups[i].dim, q->groups[i].level, &dims[cube->ndims++]);
    }
    for (size_t i = 0; i < q->nmeasures; i++) {
        a->measure_at[i] = (int)i;
    }
    cube->dims = dims;
    cube->measures = q->measures;
    cube->nmeasures = q->nmeasures;
    a->cube = cube;
    a->recounting = true;
    return rc;
}

/* ---- aggregating ----------------------------------------------------------------------------- */

static bool in_filter(const answering *a, size_t i, zh_str v)
{
    const zh_cell_filter *f = &a->q->filters[i];
    if (zh_str_eq(v, f->value)) {
        return true;
    }
    if (a->ancestors[i] == NULL || v.n == 0) {
        return false;
    }
    const zh_code *code = zh_code_find(a->filter_dims[i].codes, v, INT32_MIN);
    return code != NULL && zh_code_within(code, a->ancestors[i]);
}

static bool passes(const answering *a, const zh_str *dims, bool stock)
{
    if (a->decided) {
        return true;
    }
    for (size_t i = 0; i < a->q->nfilters && !a->recounting; i++) {
        if (!in_filter(a, i, dims[a->filter_at[i]])) {
            return false;
        }
    }
    if (a->q->has_span) {
        zh_str t = dims[a->time_at];
        return t.n > 0 && zh_str_cmp(t, a->last) <= 0 && (stock || zh_str_cmp(t, a->first) >= 0);
    }
    return true;
}

/* The text of a time cell at a coarser grain; as it is when it is kept so. */
static zh_str coarser(const answering *a, zh_str t, zh_grain grain)
{
    zh_arena *arena = a->ctx->arena;
    zh_date first = 0;
    zh_date last = 0;
    if (a->cube->dims[a->time_at].grain == grain) {
        return t;
    }
    if (t.n == 0 || zh_period_parse(t, &first, &last) != ZH_OK) {
        return ZH_STR("");
    }
    return zh_grain_text(arena, first, grain);
}

static zh_str group_value(const answering *a, size_t g, const zh_str *dims)
{
    const zh_dim *dim = &a->cube->dims[a->group_at[g]];
    zh_str v = dims[a->group_at[g]];
    uint16_t level = a->q->groups[g].level;
    if (level == 0 || dim->codes == NULL || a->grouped) {
        return v;
    }
    const zh_code *code = zh_code_find(dim->codes, v, INT32_MIN);
    code = code ? zh_code_at_level(code, level) : NULL;
    return code ? code->code : ZH_STR("");
}

/* A cell with nothing in it, in one piece of memory; NULL: it does not fit. */
static zh_cube_cell *cell_new(zh_arena *arena, size_t nmeasures, size_t ngroups)
{
    size_t measures = nmeasures + 1;
    size_t groups = ngroups + 1;
    zh_cube_cell *cell = NULL;
    unsigned char *p = zh_arena_try(arena, measures * (sizeof *cell->values + sizeof *cell->counts +
                                                       sizeof *cell->keys + sizeof *cell->nkeys) +
                                               groups * sizeof *cell->groups + sizeof *cell);
    if (p == NULL) {
        return NULL;
    }
    zh_i128 *values = (void *)p; /* what needs the widest alignment stands first */
    zh_str *list = (void *)(values + measures);
    int64_t *counts = (void *)(list + groups);
    zh_key_count **keys = (void *)(counts + measures);
    size_t *nkeys = (void *)(keys + measures);
    cell = (void *)(nkeys + measures);
    *cell = (zh_cube_cell){
        .groups = list, .values = values, .counts = counts, .keys = keys, .nkeys = nkeys};
    return cell;
}

static zh_cube_cell *next_cell(answering *a, size_t ngroups)
{
    zh_arena *arena = a->ctx->arena;
    zh_cube_cell *cell = a->cells.n < ZH_CELLS_MAX && zh_arena_left(arena) >= (size_t)4 << 20
                             ? cell_new(arena, a->q->nmeasures, ngroups)
                             : NULL;
    if (cell == NULL) {
        (void)zh_err_set(a->ctx->err, ZH_ELIMIT, "cube.cells", "答案的单元太多，请减少分组");
    } else {
        zh_vec_push(arena, &a->cells, cell);
    }
    return cell;
}

/* The cell of a row whose group no other row has: it need not be found again. */
static zh_rc cell_alone(answering *a, const zh_str *dims, zh_cube_cell **out)
{
    size_t n = a->q->ngroups + (a->q->by != ZH_GRAIN_NONE);
    zh_cube_cell *cell = next_cell(a, n);
    zh_str values[ZH_ANSWER_GROUPS_MAX + 1];
    size_t bytes = 0;
    if (cell == NULL) {
        return ZH_ELIMIT;
    }
    for (size_t g = 0; g < n; g++) {
        values[g] = dims[g < a->q->ngroups ? a->group_at[g] : a->time_at];
        bytes += values[g].n;
    }
    char *p = zh_arena_alloc(a->ctx->arena, bytes);
    for (size_t g = 0; g < n; g++) {
        if (values[g].n > 0) {
            memcpy(p, values[g].p, values[g].n);
        }
        cell->groups[g] = (zh_str){p, values[g].n};
        p += values[g].n;
    }
    *out = cell;
    return ZH_OK;
}

static zh_rc cell_of(answering *a, const zh_str *dims, zh_cube_cell **out)
{
    enum { KEY_BYTES = 4096 };
    zh_arena *arena = a->ctx->arena;
    if (a->one_each) {
        return cell_alone(a, dims, out);
    }
    size_t n = a->q->ngroups + (a->q->by != ZH_GRAIN_NONE);
    zh_str groups[ZH_ANSWER_GROUPS_MAX + 1];
    char bytes[KEY_BYTES];
    size_t used = 0;
    for (size_t g = 0; g < n; g++) {
        groups[g] =
            g < a->q->ngroups ? group_value(a, g, dims) : coarser(a, dims[a->time_at], a->q->by);
        zh_assert(used + sizeof(uint32_t) + groups[g].n <= sizeof bytes); /* dims are bounded */
        uint32_t length = (uint32_t)groups[g].n;
        memcpy(bytes + used, &length, sizeof length);
        memcpy(bytes + used + sizeof length, length > 0 ? groups[g].p : "", length);
        used += sizeof length + length;
    }
    zh_str key = {bytes, used};
    zh_cube_cell *cell = zh_map_get(&a->by_groups, key);
    if (cell == NULL) {
        cell = next_cell(a, n);
        if (cell == NULL) {
            return ZH_ELIMIT;
        }
        key = zh_str_dup(arena, key);
        used = 0;
        for (size_t g = 0; g < n; g++) {
            cell->groups[g] = zh_str_sub(key, used + sizeof(uint32_t), groups[g].n);
            used += sizeof(uint32_t) + groups[g].n;
        }
        zh_map_put(&a->by_groups, key, cell);
    }
    *out = cell;
    return ZH_OK;
}

zh_rc zh_answer_take(answering *a, const zh_delta *d)
{
    bool in_span = passes(a, d->dims, false);
    bool wanted = in_span && d->n != 0;
    for (size_t i = 0; i < a->q->nmeasures; i++) {
        const zh_measure *m = a->q->measures[i];
        wanted = wanted || ((m->kind == ZH_M_STOCK ? passes(a, d->dims, true) : in_span) &&
                            (d->values[a->measure_at[i]] != 0 || d->counts[a->measure_at[i]] != 0));
    }
    if (!wanted) {
        return ZH_OK;
    }
    zh_cube_cell *cell = NULL;
    zh_rc rc = cell_of(a, d->dims, &cell);
    if (rc != ZH_OK) {
        return rc;
    }
    cell->n += in_span ? d->n : 0;
    for (size_t i = 0; i < a->q->nmeasures; i++) {
        int at = a->measure_at[i];
        if (in_span || a->q->measures[i]->kind == ZH_M_STOCK) {
            cell->values[i] += d->values[at];
            cell->counts[i] += d->counts[at];
        }
    }
    return ZH_OK;
}

/* Keys are gathered unsorted with repetitions and put together at the end. */
zh_rc zh_answer_take_key(answering *a, const zh_str *dims, size_t measure, zh_str key, int64_t n)
{
    if (n == 0 || !passes(a, dims, false)) {
        return ZH_OK;
    }
    zh_cube_cell *cell = NULL;
    zh_rc rc = cell_of(a, dims, &cell);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t used = cell->nkeys[measure];
    if ((used & (used + 1)) == 0) { /* grow when used + 1 is a power of two */
        zh_key_count *grown = ZH_TRY_N(a->ctx->arena, zh_key_count, (used + 1) * 2);
        if (grown == NULL) {
            return zh_err_set(a->ctx->err, ZH_ELIMIT, "cube.keys", "不同取值太多，请缩小范围");
        }
        if (used) {
            memcpy(grown, cell->keys[measure], used * sizeof *grown);
        }
        cell->keys[measure] = grown;
    }
    zh_str kept;
    if (!zh_str_try_dup(a->ctx->arena, key, &kept)) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "cube.keys", "不同取值太多，请缩小范围");
    }
    cell->keys[measure][used] = (zh_key_count){kept, n};
    cell->nkeys[measure]++;
    return ZH_OK;
}

static bool wants_stock(const zh_cell_query *q)
{
    bool stock = false;
    for (size_t i = 0; i < q->nmeasures; i++) {
        stock = stock || q->measures[i]->kind == ZH_M_STOCK;
    }
    return stock;
}

/* ---- reading cells --------------------------------------------------------------------------- */

static size_t count_within(const zh_codes *codes, const zh_code *ancestor)
{
    size_t n = 0;
    for (size_t c = 0; c < codes->n; c++) {
        n += zh_code_within(&codes->codes[c], ancestor);
    }
    return n;
}

static void where_filters(answering *a, zh_buf *sql, zh_binds *binds)
{
    zh_arena *arena = a->ctx->arena;
    for (size_t i = 0; i < a->q->nfilters; i++) {
        const zh_dim *dim = &a->cube->dims[a->filter_at[i]];
        if (a->ancestors[i] == NULL) {
            zh_buf_fmt(sql, " AND %.*s = ?", ZH_FMT(dim->column));
            zh_vec_push(arena, binds, ZH_SQL_STR(a->q->filters[i].value));
            continue;
        }
        if (count_within(dim->codes, a->ancestors[i]) > SUBTREE_IN_MAX) {
            continue; /* passes() decides */
        }
        zh_buf_fmt(sql, " AND %.*s IN (", ZH_FMT(dim->column));
        const char *comma = "";
        for (size_t c = 0; c < dim->codes->n; c++) {
            if (zh_code_within(&dim->codes->codes[c], a->ancestors[i])) {
                zh_buf_fmt(sql, "%s?", comma);
                zh_vec_push(arena, binds, ZH_SQL_STR(dim->codes->codes[c].code));
                comma = ",";
            }
        }
        zh_buf_c(sql, ')');
    }
    if (a->q->has_span) {
        zh_buf_fmt(sql, " AND %.*s <= ?", ZH_FMT(a->cube->dims[a->time_at].column));
        zh_vec_push(arena, binds, ZH_SQL_STR(a->last));
        if (!wants_stock(a->q)) {
            zh_buf_fmt(sql, " AND %.*s >= ?", ZH_FMT(a->cube->dims[a->time_at].column));
            zh_vec_push(arena, binds, ZH_SQL_STR(a->first));
        }
    }
}

static void read_dims(const answering *a, const zh_stmt *stmt, zh_str *dims)
{
    for (size_t i = 0; i < a->cube->ndims; i++) {
        dims[i] = zh_col_str(stmt, i);
    }
}

static void select_dims(const answering *a, zh_buf *sql)
{
    zh_buf_z(sql, "SELECT ");
    for (size_t i = 0; i < a->cube->ndims; i++) {
        zh_buf_fmt(sql, "%.*s, ", ZH_FMT(a->cube->dims[i].column));
    }
}

/* Whether the answer tells this dimension apart. */
static bool is_grouped(const answering *a, size_t dim)
{
    bool grouped = a->q->by != ZH_GRAIN_NONE && a->time_at == (int)dim;
    for (size_t i = 0; i < a->q->ngroups; i++) {
        grouped = grouped || a->group_at[i] == (int)dim;
    }
    return grouped;
}

/* Whether where_filters says all that passes() would. */
static bool database_decides(const answering *a)
{
    bool all = !wants_stock(a->q);
    for (size_t i = 0; i < a->q->nfilters; i++) {
        all = all && (a->ancestors[i] == NULL ||
                      count_within(a->filter_dims[i].codes, a->ancestors[i]) <= SUBTREE_IN_MAX);
    }
    return all;
}

/* The cells, summed by the database over the dimensions that the answer does not tell apart. Counts
 * and limbs are integers far below 2^63, so the sums are exact. */
static void select_cells(answering *a, zh_buf *sql, zh_binds *binds)
{
    const char *names[256];
    size_t n = zh_cube_value_columns(a->ctx->arena, a->cube, names, ZH_COUNTOF(names));
    a->decided = database_decides(a);
    if (!a->decided) {
        select_dims(a, sql);
    } else {
        zh_buf_z(sql, "SELECT ");
        for (size_t i = 0; i < a->cube->ndims; i++) {
            zh_str column = is_grouped(a, i) ? a->cube->dims[i].column : ZH_STR("''");
            zh_buf_fmt(sql, "%.*s, ", ZH_FMT(column));
        }
    }
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(sql,
                   a->decided ? "%sCAST(COALESCE(SUM(%s), 0) AS BIGINT)" /* exact: integer */
                              : "%s%s",
                   i ? ", " : "", names[i]);
    }
    zh_buf_fmt(sql, " FROM %.*s WHERE 1 = 1", ZH_FMT(a->cube->table));
    where_filters(a, sql, binds);
    const char *by = " GROUP BY ";
    for (size_t i = 0; i < a->cube->ndims && a->decided; i++) {
        if (is_grouped(a, i)) {
            zh_buf_fmt(sql, "%s%.*s", by, ZH_FMT(a->cube->dims[i].column));
            by = ", ";
        }
    }
}

static zh_rc read_cells(answering *a)
{
    zh_arena *arena = a->ctx->arena;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    select_cells(a, &sql, &binds);
    zh_delta d = {.cube = a->cube,
                  .values = ZH_NEW_N(arena, zh_i128, a->cube->nmeasures + 1),
                  .counts = ZH_NEW_N(arena, int64_t, a->cube->nmeasures + 1)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(a->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, a->ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        read_dims(a, stmt, d.dims);
        zh_cube_read_values(a->cube, stmt, a->cube->ndims, &d);
        rc = zh_answer_take(a, &d);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    a->decided = false;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc read_counters(answering *a, size_t measure)
{
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    select_dims(a, &sql);
    zh_buf_fmt(&sql, "key, n_ FROM %.*s_k WHERE measure = ?", ZH_FMT(a->cube->table));
    zh_vec_push(a->ctx->arena, &binds, ZH_SQL_STR(a->q->measures[measure]->id));
    where_filters(a, &sql, &binds);
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(a->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, a->ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        zh_str dims[ZH_CUBE_DIMS_MAX];
        read_dims(a, stmt, dims);
        rc = zh_answer_take_key(a, dims, measure, zh_col_str(stmt, a->cube->ndims),
                                zh_col_i64(stmt, a->cube->ndims + 1));
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- recounting ------------------------------------------------------------------------------ */

static zh_rc record_passes(answering *a, zh_ctx *ctx, const zh_record *record, bool *out)
{
    zh_rc rc = zh_cube_counts(ctx, record, out);
    zh_date at = zh_cube_event_date(record);
    for (size_t i = 0; i < a->q->nfilters && rc == ZH_OK && *out; i++) {
        *out = in_filter(a, i, zh_cube_dim_value(ctx, record, &a->filter_dims[i], at));
    }
    return rc;
}

static zh_rc recount_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    answering *a = user;
    bool counts = true;
    zh_rc rc = record_passes(a, ctx, record, &counts);
    if (rc != ZH_OK || !counts) {
        return rc;
    }
    /* the record's own arena is rewound after this call: take what it gives at once */
    zh_deltas *one = zh_deltas_new(ctx->arena);
    rc = zh_cube_contribute_one(ctx, record, a->cube, 1, one);
    for (size_t i = 0; i < one->cells.n && rc == ZH_OK; i++) {
        rc = zh_answer_take(a, one->cells.p[i]);
    }
    for (size_t i = 0; i < one->keys.n && rc == ZH_OK; i++) {
        const zh_delta_key *k = one->keys.p[i];
        rc = zh_answer_take_key(a, k->dims, k->measure, k->key, k->n);
    }
    return rc;
}

static const zh_expr *compared(zh_arena *arena, zh_expr_op op, const zh_field *field, zh_value v)
{
    zh_expr *node = ZH_NEW(arena, zh_expr);
    zh_expr *left = ZH_NEW(arena, zh_expr);
    zh_expr *right = ZH_NEW(arena, zh_expr);
    const zh_expr **a = ZH_NEW_N(arena, const zh_expr *, 2);
    *left = (zh_expr){.op = ZH_X_FIELD, .field = field, .codes = field->codes};
    left->kind = v.kind == ZH_TIME && field->type == ZH_TYPE_DATE ? ZH_DATE : v.kind;
    *right = (zh_expr){.op = ZH_X_LITERAL, .kind = v.kind, .value = v};
    a[0] = left;
    a[1] = right;
    *node = (zh_expr){.op = op, .kind = ZH_BOOL, .a = a, .n = 2};
    return node;
}

/* The query's where, and what the database can already say of its span and exact filters. */
static zh_program narrowed(const answering *a)
{
    zh_arena *arena = a->ctx->arena;
    const zh_cell_query *q = a->q;
    const zh_field *event = q->reg->event_time;
    const zh_expr **parts = ZH_NEW_N(arena, const zh_expr *, q->nfilters + 3);
    size_t n = 0;
    if (q->has_span && event != NULL && !wants_stock(q)) {
        bool day = event->type == ZH_TYPE_DATE;
        zh_value from = day ? zh_value_date(q->first) : zh_value_time(zh_date_start(q->first));
        zh_value to = day ? zh_value_date(q->last) : zh_value_time(zh_date_start(q->last + 1));
        parts[n++] = compared(arena, ZH_X_GE, event, from);
        parts[n++] = compared(arena, day ? ZH_X_LE : ZH_X_LT, event, to);
    }
    for (size_t i = 0; i < q->nfilters; i++) {
        const zh_dim *dim = &a->filter_dims[i];
        bool plain = dim->field != NULL && !dim->derived &&
                     (dim->field->type == ZH_TYPE_CODE || dim->field->type == ZH_TYPE_STRING);
        if (plain && q->filters[i].value.n > 0) {
            parts[n++] = compared(arena, a->ancestors[i] != NULL ? ZH_X_WITHIN : ZH_X_EQ,
                                  dim->field, zh_value_text(q->filters[i].value));
        }
    }
    if (q->where != NULL && q->where->root != NULL) {
        parts[n++] = q->where->root;
    }
    zh_expr *all = ZH_NEW(arena, zh_expr);
    *all = (zh_expr){.op = ZH_X_AND, .kind = ZH_BOOL, .a = parts, .n = n};
    bool needs_store = q->where != NULL && q->where->needs_store;
    return (zh_program){.root = n == 0   ? NULL
                                : n == 1 ? parts[0]
                                         : all,
                        .needs_store = needs_store};
}

static zh_rc scan(answering *a, zh_each_record each, void *user)
{
    zh_program where = narrowed(a);
    zh_ctx scanning = *a->ctx;
    scanning.arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    scanning.counting = scanning.counting || each == recount_record;
    zh_list_query list = {.reg = a->q->reg,
                          .where = where.root != NULL ? &where : NULL,
                          .as_of = a->q->as_of,
                          .with_tables = true};
    zh_rc rc = zh_scan(&scanning, a->conn, &list, each, user);
    zh_arena_free(scanning.arena);
    return rc;
}

/* ---- putting the answer together ------------------------------------------------------------- */

static int by_key(const void *p, const void *q)
{
    return zh_str_cmp(((const zh_key_count *)p)->key, ((const zh_key_count *)q)->key);
}

static void settle_keys(zh_cube_cell *cell, size_t measure)
{
    zh_key_count *keys = cell->keys[measure];
    size_t n = cell->nkeys[measure];
    size_t kept = 0;
    if (n == 0) {
        return;
    }
    zh_sort(keys, n, sizeof *keys, by_key);
    for (size_t i = 0; i < n;) {
        zh_key_count sum = keys[i];
        for (i++; i < n && zh_str_eq(keys[i].key, sum.key); i++) {
            sum.n += keys[i].n;
        }
        if (sum.n > 0) {
            keys[kept++] = sum;
        }
    }
    cell->nkeys[measure] = kept;
}

static bool is_empty(const answering *a, const zh_cube_cell *cell)
{
    bool empty = cell->n == 0;
    for (size_t i = 0; i < a->q->nmeasures; i++) {
        empty = empty && cell->values[i] == 0 && cell->counts[i] == 0 && cell->nkeys[i] == 0;
    }
    return empty;
}

static int by_groups(const void *p, const void *q, void *user)
{
    const zh_cube_cell *x = p;
    const zh_cube_cell *y = q;
    const size_t *n = user;
    for (size_t g = 0; g < *n; g++) {
        int d = zh_str_cmp(x->groups[g], y->groups[g]);
        if (d) {
            return d;
        }
    }
    return 0;
}

static void settle(answering *a, zh_cell_answer *out)
{
    zh_cube_cell *cells = ZH_NEW_N(a->ctx->arena, zh_cube_cell, a->cells.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < a->cells.n; i++) {
        for (size_t m = 0; m < a->q->nmeasures; m++) {
            settle_keys(a->cells.p[i], m);
        }
        if (!is_empty(a, a->cells.p[i])) {
            cells[n++] = *a->cells.p[i];
        }
    }
    size_t groups = a->q->ngroups + (a->q->by != ZH_GRAIN_NONE);
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++) {
        sorted = by_groups(&cells[i - 1], &cells[i], &groups) <= 0;
    }
    if (!sorted) {
        qsort_r(cells, n, sizeof *cells, by_groups, &groups);
    }
    out->cells = cells;
    out->n = n;
}

/* Whether the cube tells of every record what the row scope's filters ask: a level is resolved as
 * at the event date, the scope goes by the code alone. */
static bool keeps_scope(const answering *a)
{
    for (size_t i = a->nasked; i < a->q->nfilters; i++) {
        const zh_dim *dim = &a->filter_dims[i];
        const zh_codes *codes = dim->codes;
        for (size_t c = 1; dim->derived && codes != NULL && c < codes->n; c++) {
            if (zh_str_eq(codes->codes[c].code, codes->codes[c - 1].code)) {
                return false;
            }
        }
    }
    return true;
}

/* The smallest cube that answers what the reader may see of the question. The row scope becomes
 * filters of cells where it can be said so. */
static const zh_cube *choose_scoped(answering *a)
{
    const zh_cell_query *asked = a->q;
    zh_cell_filter scope[ZH_SCOPE_FILTERS_MAX];
    size_t n = 0;
    if (!zh_scope_cells(a->ctx, asked->reg, scope, &n) ||
        asked->nfilters + n > ZH_ANSWER_FILTERS_MAX) {
        return NULL;
    }
    if (n > 0) {
        zh_cell_filter *filters = ZH_NEW_N(a->ctx->arena, zh_cell_filter, asked->nfilters + n);
        zh_cell_query *narrower = ZH_NEW(a->ctx->arena, zh_cell_query);
        for (size_t i = 0; i < asked->nfilters + n; i++) {
            filters[i] = i < asked->nfilters ? asked->filters[i] : scope[i - asked->nfilters];
        }
        *narrower = *asked;
        narrower->filters = filters;
        narrower->nfilters = asked->nfilters + n;
        a->q = narrower;
    }
    const zh_cube *cube = choose(a);
    if (cube == NULL || !keeps_scope(a)) {
        a->q = asked;
        return NULL;
    }
    return cube;
}

static zh_rc prepare(answering *a)
{
    const zh_cell_query *q = a->q;
    a->nasked = q->nfilters;
    if (q->nfilters > ZH_ANSWER_FILTERS_MAX || q->ngroups > ZH_ANSWER_GROUPS_MAX ||
        q->nmeasures > ZH_ANSWER_MEASURES_MAX) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "cube.question",
                          "一次提问最多 %d 个筛选、%d 个分组、%d 个度量", ZH_ANSWER_FILTERS_MAX,
                          ZH_ANSWER_GROUPS_MAX, ZH_ANSWER_MEASURES_MAX);
    }
    zh_map_init(&a->by_groups, a->ctx->arena);
    bool cubes = q->where == NULL && q->as_of == ZH_AS_OF_NOW && !q->recount;
    a->cube = cubes ? choose_scoped(a) : NULL;
    return ZH_OK;
}

static void resolve_filters(answering *a)
{
    for (size_t i = 0; i < a->q->nfilters; i++) {
        const zh_codes *codes = a->filter_dims[i].codes;
        a->ancestors[i] = a->q->filters[i].subtree && codes != NULL
                              ? zh_code_find(codes, a->q->filters[i].value, INT32_MIN)
                              : NULL;
    }
    if (a->q->has_span) {
        zh_grain grain = a->cube->dims[a->time_at].grain;
        a->first = zh_grain_text(a->ctx->arena, a->q->first, grain);
        a->last = zh_grain_text(a->ctx->arena, a->q->last, grain);
    }
}

static zh_rc read_cube(answering *a)
{
    bool rolled = false;
    zh_rc rc = zh_rollup_answer(a, &rolled);
    if (rc != ZH_OK || rolled) {
        return rc;
    }
    rc = read_cells(a);
    for (size_t i = 0; i < a->q->nmeasures && rc == ZH_OK; i++) {
        if (zh_measure_keyed(a->q->measures[i])) {
            rc = read_counters(a, i);
        }
    }
    return rc;
}

static zh_rc dim_allowed(zh_ctx *ctx, const zh_dim *dim)
{
    zh_rc rc = zh_mask_allows_field(ctx, dim->field);
    return rc == ZH_OK ? zh_mask_allows(ctx, &dim->expr) : rc;
}

/* Nothing is told apart by what the reader may not see. */
static zh_rc dims_allowed(const answering *a)
{
    zh_rc rc = zh_mask_allows(a->ctx, a->q->where);
    for (size_t i = 0; i < a->q->ngroups && rc == ZH_OK; i++) {
        rc = dim_allowed(a->ctx, &a->cube->dims[a->group_at[i]]);
    }
    for (size_t i = 0; i < a->nasked && rc == ZH_OK; i++) {
        rc = dim_allowed(a->ctx, &a->filter_dims[i]);
    }
    return rc;
}

zh_rc zh_cells(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *query, zh_cell_answer *out)
{
    uint64_t started = zh_monotonic_us();
    answering a = {.ctx = ctx, .conn = conn, .q = query};
    if (zh_aggregate_only(ctx, query->reg)) {
        return zh_cells_released(ctx, conn, query, out);
    }
    *out = (zh_cell_answer){0};
    zh_rc rc = prepare(&a);
    out->cube = a.cube;
    if (rc == ZH_OK && a.cube == NULL) {
        rc = make_cube(&a);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = dims_allowed(&a);
    if (rc != ZH_OK) {
        return rc;
    }
    resolve_filters(&a);
    rc = out->cube == NULL ? scan(&a, recount_record, &a) : read_cube(&a);
    if (rc == ZH_OK && out->cube != NULL && ctx->overlay != NULL) {
        rc = zh_answer_take_deltas(&a, ctx->overlay);
    }
    settle(&a, out);
    out->took_us = zh_monotonic_us() - started;
    return rc;
}

bool zh_cells_held(zh_ctx *ctx, const zh_cell_query *query)
{
    answering a = {.ctx = ctx, .q = query};
    return prepare(&a) == ZH_OK && a.cube != NULL;
}

typedef struct picking {
    answering *a;
    zh_each_record each;
    void *user;
} picking;

static zh_rc pick_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    picking *p = user;
    bool counts = true;
    zh_rc rc = record_passes(p->a, ctx, record, &counts);
    zh_date at = zh_cube_event_date(record);
    const zh_cell_query *q = p->a->q;
    counts = counts && (!q->has_span || (at != INT32_MIN && at >= q->first && at <= q->last));
    return rc == ZH_OK && counts ? p->each(p->user, ctx, record) : rc;
}

zh_rc zh_cells_scan(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *query, zh_each_record each,
                    void *user)
{
    zh_cell_query plain = *query;
    plain.nmeasures = 0;
    plain.ngroups = 0;
    plain.recount = true;
    answering a = {.ctx = ctx, .conn = conn, .q = &plain};
    picking p = {&a, each, user};
    zh_rc rc = zh_aggregate_refuses(ctx, query->reg);
    if (rc == ZH_OK) {
        rc = prepare(&a);
    }
    if (rc == ZH_OK) {
        rc = make_cube(&a);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    resolve_filters(&a);
    return scan(&a, pick_record, &p);
}

/* ---- frames ---------------------------------------------------------------------------------- */

typedef struct framing {
    answering *scope;      /* who is a candidate */
    const answering *full; /* who is counted, and with which values */
    zh_each_candidate each;
    void *user;
} framing;

/* What one record alone would answer. */
static zh_rc answer_one(const answering *full, zh_ctx *ctx, const zh_record *record,
                        zh_cell_answer *out)
{
    answering one = *full;
    one.ctx = ctx;
    one.cells.p = NULL;
    one.cells.n = one.cells.capacity = 0;
    zh_map_init(&one.by_groups, ctx->arena);
    *out = (zh_cell_answer){0};
    zh_rc rc = recount_record(&one, ctx, record);
    if (rc == ZH_OK) {
        settle(&one, out);
    }
    return rc;
}

static zh_rc frame_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    framing *f = user;
    const zh_cell_query *q = f->scope->q;
    zh_date at = zh_cube_event_date(record);
    zh_candidate c = {.record = record, .in_cubes = true, .passes = true};
    if (q->has_span && q->reg->event_time != NULL &&
        (at == INT32_MIN || at < q->first || at > q->last)) {
        return ZH_OK;
    }
    for (size_t i = 0; i < q->nfilters; i++) {
        if (!in_filter(f->scope, i,
                       zh_cube_dim_value(ctx, record, &f->scope->filter_dims[i], at))) {
            return ZH_OK;
        }
    }
    zh_rc rc = zh_cube_counts(ctx, record, &c.in_cubes);
    for (size_t i = 0; i < f->full->q->nfilters && rc == ZH_OK && c.passes; i++) {
        c.passes =
            in_filter(f->full, i, zh_cube_dim_value(ctx, record, &f->full->filter_dims[i], at));
    }
    const zh_program *where = f->full->q->where;
    if (rc == ZH_OK && c.passes && where != NULL && where->root != NULL) {
        zh_env env = zh_read_env(ctx, f->full->conn, f->full->q->as_of, record);
        rc = zh_eval_true(where, &env, &c.passes, ctx->err);
    }
    if (rc == ZH_OK && c.in_cubes && c.passes) {
        zh_cell_answer answer;
        rc = answer_one(f->full, ctx, record, &answer);
        c.cell = rc == ZH_OK && answer.n > 0 ? &answer.cells[0] : NULL;
    }
    return rc == ZH_OK ? f->each(f->user, ctx, &c) : rc;
}

zh_rc zh_cells_frame(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *scope,
                     const zh_cell_query *full, zh_each_candidate each, void *user)
{
    zh_cell_query wide = *scope;
    zh_cell_query exact = *full;
    wide.nmeasures = wide.ngroups = 0;
    exact.ngroups = 0;
    wide.recount = exact.recount = true;
    wide.has_span = wide.has_span && !wants_stock(full); /* a stock is of what began earlier, too */
    answering a = {.ctx = ctx, .conn = conn, .q = &wide};
    answering b = {.ctx = ctx, .conn = conn, .q = &exact};
    framing f = {&a, &b, each, user};
    zh_rc rc = zh_aggregate_refuses(ctx, scope->reg);
    if (rc == ZH_OK) {
        rc = prepare(&a);
    }
    if (rc == ZH_OK) {
        rc = prepare(&b);
    }
    if (rc == ZH_OK) {
        rc = make_cube(&a);
    }
    if (rc == ZH_OK) {
        rc = make_cube(&b);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    resolve_filters(&a);
    resolve_filters(&b);
    return scan(&a, frame_record, &f);
}
