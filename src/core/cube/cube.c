/* Cells as they are written: contributions of a record, deltas of a transaction, their tables.
 *
 * Deltas are aggregated per cell before they reach the database, and reach it in key order. */
#include "core/cube/cube.h"
#include "core/cube/cube_private.h"
#include "core/read/read_private.h"
#include "num/sketch.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 256, KEY_BYTES_MAX = 4096 };

/* ---- exact sums ------------------------------------------------------------------------------ */

bool zh_measure_keyed(const zh_measure *m)
{
    return m->kind == ZH_M_DISTINCT || m->kind == ZH_M_ANY_OF || m->kind == ZH_M_QUANTILE;
}

size_t zh_measure_limbs(const zh_measure *m)
{
    return m->kind == ZH_M_SUM ? 2 : m->kind == ZH_M_SUMSQ ? 4 : 0;
}

/* |v| in base 2^32, each limb with the sign of v; the last limb takes what is left. */
void zh_i128_limbs(zh_i128 v, size_t n, int64_t *limbs)
{
    __extension__ typedef unsigned __int128 u128;
    bool minus = v < 0;
    u128 u = minus ? (u128)0 - (u128)v : (u128)v;
    for (size_t i = 0; i < n; i++) {
        uint64_t limb = i + 1 < n ? (uint64_t)(u & 0xffffffffu) : (uint64_t)u;
        limbs[i] = minus ? -(int64_t)limb : (int64_t)limb;
        u >>= 32;
    }
}

zh_i128 zh_i128_from_limbs(const int64_t *limbs, size_t n)
{
    __extension__ typedef unsigned __int128 u128;
    u128 v = 0;
    for (size_t i = n; i-- > 0;) {
        v = (u128)(v << 32) + (u128)(zh_i128)limbs[i];
    }
    return (zh_i128)v;
}

/* ---- tables ---------------------------------------------------------------------------------- */

size_t zh_cube_value_columns(zh_arena *arena, const zh_cube *cube, const char **names, size_t max)
{
    size_t n = 0;
    zh_assert(max > 0);
    names[n++] = "n_";
    for (size_t i = 0; i < cube->nmeasures; i++) {
        const zh_measure *m = cube->measures[i];
        size_t limbs = zh_measure_limbs(m);
        zh_assert(n + limbs + 2 <= max);
        if (zh_measure_keyed(m)) {
            continue;
        }
        if (limbs == 0) {
            names[n++] = zh_str_c(arena, m->id);
            continue;
        }
        for (size_t k = 0; k < limbs; k++) {
            names[n++] = zh_str_fmt(arena, "%.*s_%zu", ZH_FMT(m->id), k).p;
        }
        names[n++] = zh_str_fmt(arena, "%.*s_n", ZH_FMT(m->id)).p;
    }
    return n;
}

size_t zh_cube_values(const zh_cube *cube, const zh_delta *d, zh_sql_value *out)
{
    size_t n = 0;
    out[n++] = ZH_SQL_INT(d->n);
    for (size_t i = 0; i < cube->nmeasures; i++) {
        const zh_measure *m = cube->measures[i];
        size_t limbs = zh_measure_limbs(m);
        if (zh_measure_keyed(m)) {
            continue;
        }
        if (limbs == 0) {
            out[n++] = ZH_SQL_INT((int64_t)d->values[i]);
            continue;
        }
        int64_t parts[4];
        zh_i128_limbs(d->values[i], limbs, parts);
        for (size_t k = 0; k < limbs; k++) {
            out[n++] = ZH_SQL_INT(parts[k]);
        }
        out[n++] = ZH_SQL_INT(d->counts[i]);
    }
    return n;
}

void zh_cube_read_values(const zh_cube *cube, const zh_stmt *stmt, size_t column, zh_delta *out)
{
    out->n = zh_col_i64(stmt, column++);
    for (size_t i = 0; i < cube->nmeasures; i++) {
        const zh_measure *m = cube->measures[i];
        size_t limbs = zh_measure_limbs(m);
        if (zh_measure_keyed(m)) {
            continue;
        }
        if (limbs == 0) {
            out->values[i] = zh_col_i64(stmt, column++);
            continue;
        }
        int64_t parts[4];
        for (size_t k = 0; k < limbs; k++) {
            parts[k] = zh_col_i64(stmt, column++);
        }
        out->values[i] = zh_i128_from_limbs(parts, limbs);
        out->counts[i] = zh_col_i64(stmt, column++);
    }
}

void zh_cube_select(zh_arena *arena, zh_buf *sql, const zh_cube *cube, bool keyed)
{
    const char *names[COLUMNS_MAX];
    zh_buf_z(sql, "SELECT office");
    for (size_t i = 0; i < cube->ndims; i++) {
        zh_buf_fmt(sql, ", %.*s", ZH_FMT(cube->dims[i].column));
    }
    size_t n = keyed ? 0 : zh_cube_value_columns(arena, cube, names, COLUMNS_MAX);
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(sql, ", %s", names[i]);
    }
    zh_buf_fmt(sql, "%s FROM %.*s%s", keyed ? ", measure, key, n_" : "", ZH_FMT(cube->table),
               keyed ? "_k" : "");
}

void zh_cube_select_rolled(zh_arena *arena, zh_buf *sql, const zh_cube *cube, bool keyed)
{
    const char *names[COLUMNS_MAX];
    zh_buf_z(sql, "SELECT office");
    for (size_t i = 0; i < cube->ndims; i++) {
        zh_buf_fmt(sql, ", %.*s, l%zu", ZH_FMT(cube->dims[i].column), i);
    }
    size_t n = keyed ? 0 : zh_cube_value_columns(arena, cube, names, COLUMNS_MAX);
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(sql, ", %s", names[i]);
    }
    zh_buf_fmt(sql, "%s FROM u%.*s%s", keyed ? ", measure, key, n_" : "",
               ZH_FMT(zh_str_sub(cube->table, 1, cube->table.n)), keyed ? "_k" : "");
}

static void create_one(zh_buf *sql, zh_arena *arena, zh_dialect dialect, const zh_cube *cube,
                       char prefix, bool keyed)
{
    const char *i64 = zh_sql_type_name(dialect, ZH_SQL_I64);
    const char *text = zh_sql_type_name(dialect, ZH_SQL_TEXT);
    const char *names[COLUMNS_MAX];
    bool rollup = prefix == 'u';
    zh_buf_fmt(sql, "CREATE TABLE IF NOT EXISTS %c%.*s%s (office %s NOT NULL", prefix,
               ZH_FMT(zh_str_sub(cube->table, 1, cube->table.n)), keyed ? "_k" : "", i64);
    for (size_t i = 0; i < cube->ndims; i++) {
        zh_buf_fmt(sql, ", %.*s %s NOT NULL", ZH_FMT(cube->dims[i].column), text);
        if (rollup) {
            zh_buf_fmt(sql, ", l%zu %s NOT NULL", i, i64);
        }
    }
    if (keyed) {
        zh_buf_fmt(sql, ", measure %s NOT NULL, key %s NOT NULL, n_ %s NOT NULL", text, text, i64);
    } else {
        size_t n = zh_cube_value_columns(arena, cube, names, COLUMNS_MAX);
        for (size_t i = 0; i < n; i++) {
            zh_buf_fmt(sql, ", %s %s NOT NULL", names[i], i64);
        }
    }
    /* A roll-up is asked at one level of every dimension and, above all, for a stretch of time. */
    zh_buf_z(sql, ", PRIMARY KEY (office");
    for (size_t i = 0; i < cube->ndims && rollup; i++) {
        zh_buf_fmt(sql, ", l%zu", i);
    }
    for (int timed = rollup; timed >= 0; timed--) {
        for (size_t i = 0; i < cube->ndims; i++) {
            if (!rollup || timed == (cube->dims[i].grain != ZH_GRAIN_NONE)) {
                zh_buf_fmt(sql, ", %.*s", ZH_FMT(cube->dims[i].column));
            }
        }
    }
    zh_buf_fmt(sql, "%s))%s;\n", keyed ? ", measure, key" : "",
               dialect == ZH_SQLITE ? " WITHOUT ROWID" : "");
}

void zh_cube_create_sql(zh_buf *sql, zh_dialect dialect, const zh_cube *cube)
{
    zh_assert(cube->table.n > 1 && cube->table.p[0] == 'q');
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    for (int i = 0; i < 4; i++) {
        create_one(sql, arena, dialect, cube, i & 1 ? 'u' : 'q', i > 1);
    }
    zh_arena_free(arena);
}

/* ---- deltas ---------------------------------------------------------------------------------- */

zh_deltas *zh_deltas_new(zh_arena *arena)
{
    zh_deltas *d = ZH_NEW(arena, zh_deltas);
    d->arena = arena;
    zh_map_init(&d->by_cell, arena);
    zh_map_init(&d->by_key, arena);
    return d;
}

/* A byte key: cube address, then each part preceded by its length. */
static zh_str cell_key(char *out, size_t size, const zh_cube *cube, const zh_str *dims,
                       const uint16_t *measure, zh_str key)
{
    size_t n = sizeof cube;
    memcpy(out, &cube, sizeof cube);
    for (size_t i = 0; i <= cube->ndims; i++) {
        zh_str part = i < cube->ndims ? dims[i] : key;
        uint32_t length = (uint32_t)part.n;
        zh_assert(n + sizeof length + part.n + sizeof *measure <= size);
        memcpy(out + n, &length, sizeof length);
        n += sizeof length;
        if (part.n) {
            memcpy(out + n, part.p, part.n);
        }
        n += part.n;
    }
    if (measure != NULL) {
        memcpy(out + n, measure, sizeof *measure);
        n += sizeof *measure;
    }
    return (zh_str){out, n};
}

zh_delta *zh_delta_cell(zh_deltas *d, const zh_register *reg, const zh_cube *cube,
                        const zh_str *dims)
{
    char bytes[KEY_BYTES_MAX];
    zh_str key = cell_key(bytes, sizeof bytes, cube, dims, NULL, ZH_STR_NONE);
    zh_delta *c = zh_map_get(&d->by_cell, key);
    if (c == NULL) {
        c = ZH_NEW(d->arena, zh_delta);
        c->reg = reg;
        c->cube = cube;
        memcpy(c->dims, dims, cube->ndims * sizeof *dims);
        c->values = ZH_NEW_N(d->arena, zh_i128, cube->nmeasures + 1);
        c->counts = ZH_NEW_N(d->arena, int64_t, cube->nmeasures + 1);
        zh_map_put(&d->by_cell, zh_str_dup(d->arena, key), c);
        zh_vec_push(d->arena, &d->cells, c);
    }
    return c;
}

zh_delta_key *zh_delta_counter(zh_deltas *d, const zh_register *reg, const zh_cube *cube,
                               const zh_str *dims, uint16_t measure, zh_str key)
{
    char bytes[KEY_BYTES_MAX];
    zh_str joined = cell_key(bytes, sizeof bytes, cube, dims, &measure, key);
    zh_delta_key *c = zh_map_get(&d->by_key, joined);
    if (c == NULL) {
        c = ZH_NEW(d->arena, zh_delta_key);
        c->reg = reg;
        c->cube = cube;
        memcpy(c->dims, dims, cube->ndims * sizeof *dims);
        c->measure = measure;
        c->key = key;
        zh_map_put(&d->by_key, zh_str_dup(d->arena, joined), c);
        zh_vec_push(d->arena, &d->keys, c);
    }
    return c;
}

void zh_deltas_merge(zh_deltas *into, const zh_deltas *from)
{
    for (size_t i = 0; i < from->cells.n; i++) {
        const zh_delta *f = from->cells.p[i];
        zh_delta *c = zh_delta_cell(into, f->reg, f->cube, f->dims);
        c->n += f->n;
        for (size_t m = 0; m < f->cube->nmeasures; m++) {
            c->values[m] += f->values[m];
            c->counts[m] += f->counts[m];
        }
    }
    for (size_t i = 0; i < from->keys.n; i++) {
        const zh_delta_key *f = from->keys.p[i];
        zh_delta_counter(into, f->reg, f->cube, f->dims, f->measure, f->key)->n += f->n;
    }
}

static void copy_dims(zh_deltas *d, const zh_cube *cube, zh_str *dims)
{
    for (size_t i = 0; i < cube->ndims; i++) {
        dims[i] = zh_str_dup(d->arena, dims[i]);
    }
}

bool zh_deltas_absorb(zh_deltas *into, const zh_deltas *from)
{
    enum { ENTRY_BYTES = 2 * KEY_BYTES_MAX };
    size_t entries = from->cells.n + from->keys.n;
    /* vectors and maps double as they grow */
    size_t growth = (into->cells.n + into->keys.n + entries) * 128;
    if (zh_arena_left(into->arena) < entries * ENTRY_BYTES + growth) {
        return false;
    }
    for (size_t i = 0; i < from->cells.n; i++) {
        const zh_delta *f = from->cells.p[i];
        size_t known = into->cells.n;
        zh_delta *c = zh_delta_cell(into, f->reg, f->cube, f->dims);
        if (into->cells.n > known) {
            copy_dims(into, f->cube, c->dims);
        }
        c->n += f->n;
        for (size_t m = 0; m < f->cube->nmeasures; m++) {
            c->values[m] += f->values[m];
            c->counts[m] += f->counts[m];
        }
    }
    for (size_t i = 0; i < from->keys.n; i++) {
        const zh_delta_key *f = from->keys.p[i];
        size_t known = into->keys.n;
        zh_delta_key *c = zh_delta_counter(into, f->reg, f->cube, f->dims, f->measure, f->key);
        if (into->keys.n > known) {
            copy_dims(into, f->cube, c->dims);
            c->key = zh_str_dup(into->arena, f->key);
        }
        c->n += f->n;
    }
    return true;
}

/* ---- dimensions ------------------------------------------------------------------------------ */

zh_date zh_cube_event_date(const zh_record *r)
{
    const zh_field *field = r->reg->event_time;
    if (field == NULL) {
        return zh_time_date(r->recorded_at);
    }
    const zh_value *v = &r->values[field->index];
    return v->kind == ZH_DATE ? (zh_date)v->i : v->kind == ZH_TIME ? zh_time_date(v->i) : INT32_MIN;
}

static zh_str value_text(zh_arena *arena, const zh_value *v)
{
    char type = 0;
    return v->kind == ZH_NULL ? ZH_STR("") : zh_value_canonical(arena, v, &type);
}

/* A dimension value cut, at a character, to what a key may hold. */
static zh_str bounded(zh_str s)
{
    enum { DIM_BYTES_MAX = 400 };
    if (s.n > DIM_BYTES_MAX) {
        s.n = DIM_BYTES_MAX;
        while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0u) == 0x80u) {
            s.n--;
        }
    }
    return s;
}

zh_rc zh_cube_resolve(zh_ctx *ctx, zh_env *env, zh_record *r)
{
    const zh_register *reg = r->reg;
    zh_str *derived = ZH_NEW_N(env->arena, zh_str, reg->nderived + 1);
    zh_date at = zh_cube_event_date(r);
    for (size_t i = 0; i < reg->nderived; i++) {
        const zh_dim *dim = reg->derived[i];
        zh_value v = ZH_VALUE_NULL;
        if (dim->expr.root != NULL) {
            zh_env inner = *env;
            inner.record = r;
            zh_rc rc = zh_eval(&dim->expr, &inner, &v, ctx->err);
            if (rc != ZH_OK) {
                return rc;
            }
        } else if (dim->field != NULL) {
            v = r->values[dim->field->index];
        }
        if (v.kind == ZH_NULL) {
            continue;
        }
        zh_str text = value_text(env->arena, &v);
        if (dim->level && dim->codes != NULL) {
            const zh_code *code = zh_code_find(dim->codes, text, at);
            if (code == NULL) {
                code = zh_code_find(dim->codes, text, INT32_MIN);
            }
            const zh_code *up = code ? zh_code_at_level(code, dim->level) : NULL;
            /* what stands above the level stays what it is: it still lies in its own ancestors */
            text = up ? up->code : code ? code->code : ZH_STR_NONE;
        }
        derived[i] = bounded(text);
    }
    r->derived = derived;
    return ZH_OK;
}

zh_str zh_cube_dim_value(zh_ctx *ctx, const zh_record *r, const zh_dim *dim, zh_date at)
{
    if (dim->grain != ZH_GRAIN_NONE) {
        return at == INT32_MIN ? ZH_STR("") : zh_grain_text(ctx->arena, at, dim->grain);
    }
    if (dim->derived) {
        for (size_t i = 0; i < r->reg->nderived; i++) {
            if (zh_str_eq(r->reg->derived[i]->column, dim->column)) {
                return r->derived && r->derived[i].p ? r->derived[i] : ZH_STR("");
            }
        }
        return ZH_STR("");
    }
    return bounded(value_text(ctx->arena, &r->values[dim->field->index]));
}

/* ---- contributions --------------------------------------------------------------------------- */

typedef struct contribution {
    zh_ctx *ctx;
    const zh_record *r;
    const zh_cube *cube;
    zh_deltas *deltas;
    zh_str dims[ZH_CUBE_DIMS_MAX];
    int sign;
    zh_env env;
} contribution;

static zh_rc add_keyed(contribution *c, uint16_t index, const zh_value *v)
{
    const zh_measure *m = c->cube->measures[index];
    if (v->kind == ZH_NULL || (v->kind == ZH_DECIMAL && v->mark != ZH_MARK_EXACT)) {
        return ZH_OK;
    }
    zh_str key;
    if (m->kind == ZH_M_QUANTILE) {
        key = zh_str_fmt(c->ctx->arena, "%d", zh_sketch_key(v->decimal));
    } else {
        key = bounded(value_text(c->ctx->arena, v));
    }
    zh_delta_counter(c->deltas, c->r->reg, c->cube, c->dims, index, key)->n += c->sign;
    return ZH_OK;
}

static zh_rc add_sum(contribution *c, uint16_t index, const zh_value *v)
{
    const zh_measure *m = c->cube->measures[index];
    if (v->kind != ZH_DECIMAL || v->mark != ZH_MARK_EXACT) {
        return ZH_OK;
    }
    zh_decimal d;
    bool fits = zh_decimal_rescale(v->decimal, m->digits, ZH_ROUND_HALF_EVEN, &d) == ZH_OK;
    if (!fits ||
        (m->kind == ZH_M_SUMSQ && (d.scaled > ZH_SQUARED_MAX || d.scaled < -ZH_SQUARED_MAX))) {
        return zh_err_set(c->ctx->err, ZH_EINVAL, "cube.sum", "“%.*s”的数值超出可精确求和的范围",
                          ZH_FMT(m->id));
    }
    zh_delta *cell = zh_delta_cell(c->deltas, c->r->reg, c->cube, c->dims);
    zh_i128 x = m->kind == ZH_M_SUMSQ ? (zh_i128)d.scaled * d.scaled : d.scaled;
    cell->values[index] += c->sign * x;
    cell->counts[index] += c->sign;
    return ZH_OK;
}

/* +1 in the time cell of the first day, -1 in that of the day after the last. */
static zh_rc add_stock(contribution *c, uint16_t index, const zh_value *v)
{
    if (v->kind != ZH_PERIOD) {
        return ZH_OK;
    }
    for (int end = 0; end < (v->to == ZH_OPEN_END ? 1 : 2); end++) {
        zh_str dims[ZH_CUBE_DIMS_MAX];
        memcpy(dims, c->dims, sizeof dims);
        for (size_t i = 0; i < c->cube->ndims; i++) {
            if (c->cube->dims[i].grain != ZH_GRAIN_NONE) {
                zh_date date = end ? v->to + 1 : (zh_date)v->i;
                dims[i] = zh_grain_text(c->ctx->arena, date, c->cube->dims[i].grain);
            }
        }
        zh_delta_cell(c->deltas, c->r->reg, c->cube, dims)->values[index] +=
            end ? -c->sign : c->sign;
    }
    return ZH_OK;
}

/* One measure on the record, or on the child row the environment stands on. */
static zh_rc add_measure(contribution *c, uint16_t index)
{
    const zh_measure *m = c->cube->measures[index];
    bool counts = true;
    zh_value v = ZH_VALUE_NULL;
    zh_rc rc = m->has_filter ? zh_eval_true(&m->filter, &c->env, &counts, c->ctx->err) : ZH_OK;
    if (rc != ZH_OK || !counts) {
        return rc;
    }
    if (m->has_value) {
        rc = zh_eval(&m->value, &c->env, &v, c->ctx->err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    switch (m->kind) {
    case ZH_M_COUNT:
        zh_delta_cell(c->deltas, c->r->reg, c->cube, c->dims)->values[index] += c->sign;
        return ZH_OK;
    case ZH_M_SUM:
    case ZH_M_SUMSQ: return add_sum(c, index, &v);
    case ZH_M_DISTINCT:
    case ZH_M_ANY_OF:
    case ZH_M_QUANTILE: return add_keyed(c, index, &v);
    case ZH_M_STOCK: return add_stock(c, index, &v);
    }
    return ZH_OK;
}

zh_rc zh_cube_counts(zh_ctx *ctx, const zh_record *r, bool *out)
{
    zh_env env = {.arena = ctx->arena,
                  .record = r,
                  .recorded_at = r->recorded_at,
                  .actor = r->actor,
                  .calendar = ctx->model->calendar};
    *out = true;
    return r->reg->has_count_when ? zh_eval_true(&r->reg->count_when, &env, out, ctx->err) : ZH_OK;
}

zh_rc zh_cube_contribute_one(zh_ctx *ctx, const zh_record *r, const zh_cube *cube, int sign,
                             zh_deltas *deltas)
{
    contribution c = {.ctx = ctx, .r = r, .cube = cube, .deltas = deltas, .sign = sign};
    c.env = (zh_env){.arena = ctx->arena,
                     .record = r,
                     .recorded_at = r->recorded_at,
                     .actor = r->actor,
                     .calendar = ctx->model->calendar};
    zh_date at = zh_cube_event_date(r);
    for (size_t i = 0; i < cube->ndims; i++) {
        c.dims[i] = zh_cube_dim_value(ctx, r, &cube->dims[i], at);
    }
    zh_delta_cell(deltas, r->reg, cube, c.dims)->n += sign;
    for (size_t i = 0; i < cube->nmeasures; i++) {
        const zh_measure *m = cube->measures[i];
        if (m->table == NULL) {
            zh_rc rc = add_measure(&c, (uint16_t)i);
            if (rc != ZH_OK) {
                return rc;
            }
            continue;
        }
        const zh_rows *rows = &r->tables[m->table->index];
        c.env.rows = rows;
        for (size_t k = 0; k < rows->n; k++) {
            c.env.row = k;
            zh_rc rc = add_measure(&c, (uint16_t)i);
            if (rc != ZH_OK) {
                return rc;
            }
        }
        c.env.rows = NULL;
    }
    return ZH_OK;
}

zh_rc zh_cube_contribute(zh_ctx *ctx, const zh_record *r, int sign, zh_deltas *deltas)
{
    bool counts = r->reg->ncubes > 0;
    zh_rc rc = counts ? zh_cube_counts(ctx, r, &counts) : ZH_OK;
    for (size_t i = 0; i < r->reg->ncubes && counts && rc == ZH_OK; i++) {
        rc = zh_cube_contribute_one(ctx, r, &r->reg->cubes[i], sign, deltas);
    }
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int compare_dims(const zh_cube *a, const zh_str *x, const zh_cube *b, const zh_str *y)
{
    if (a != b) {
        return zh_str_cmp(a->table, b->table);
    }
    for (size_t i = 0; i < a->ndims; i++) {
        int d = zh_str_cmp(x[i], y[i]);
        if (d) {
            return d;
        }
    }
    return 0;
}

static int by_cell(const void *p, const void *q)
{
    const zh_delta *a = *(zh_delta *const *)p;
    const zh_delta *b = *(zh_delta *const *)q;
    return compare_dims(a->cube, a->dims, b->cube, b->dims);
}

static int by_counter(const void *p, const void *q)
{
    const zh_delta_key *a = *(zh_delta_key *const *)p;
    const zh_delta_key *b = *(zh_delta_key *const *)q;
    int d = compare_dims(a->cube, a->dims, b->cube, b->dims);
    if (d == 0) {
        d = zh_str_cmp(a->cube->measures[a->measure]->id, b->cube->measures[b->measure]->id);
    }
    return d ? d : zh_str_cmp(a->key, b->key);
}

static bool is_zero(const zh_delta *d)
{
    bool zero = d->n == 0;
    for (size_t i = 0; i < d->cube->nmeasures; i++) {
        zero = zero && d->values[i] == 0 && d->counts[i] == 0;
    }
    return zero;
}

static zh_rc apply_cells(zh_ctx *ctx, zh_conn *conn, int64_t office, zh_delta **cells, size_t n)
{
    const zh_cube *cube = cells[0]->cube;
    const char *names[COLUMNS_MAX];
    zh_sql_type types[COLUMNS_MAX];
    zh_sql_value values[COLUMNS_MAX];
    size_t keys = 1 + cube->ndims;
    names[0] = "office";
    for (size_t i = 0; i < cube->ndims; i++) {
        names[1 + i] = zh_str_c(ctx->arena, cube->dims[i].column);
    }
    size_t width = keys + zh_cube_value_columns(ctx->arena, cube, names + keys, COLUMNS_MAX - keys);
    for (size_t i = 0; i < width; i++) {
        types[i] = i > 0 && i < keys ? ZH_SQL_TEXT : ZH_SQL_I64;
    }
    zh_bulk *bulk = NULL;
    zh_rc rc = zh_bulk_begin(conn, ZH_BULK_ADD, zh_str_c(ctx->arena, cube->table), names, types,
                             width, keys, &bulk, ctx->err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        values[0] = ZH_SQL_INT(office);
        for (size_t k = 0; k < cube->ndims; k++) {
            values[1 + k] = ZH_SQL_STR(cells[i]->dims[k]);
        }
        (void)zh_cube_values(cube, cells[i], values + keys);
        rc = zh_bulk_row(bulk, values, ctx->err);
    }
    if (bulk != NULL) {
        zh_rc end = zh_bulk_end(bulk, ctx->err);
        rc = rc == ZH_OK ? end : rc;
    }
    return rc;
}

static zh_rc apply_counters(zh_ctx *ctx, zh_conn *conn, int64_t office, zh_delta_key **keys,
                            size_t n)
{
    const zh_cube *cube = keys[0]->cube;
    const char *names[ZH_CUBE_DIMS_MAX + 4];
    zh_sql_type types[ZH_CUBE_DIMS_MAX + 4];
    zh_sql_value values[ZH_CUBE_DIMS_MAX + 4];
    size_t width = 0;
    names[width] = "office";
    types[width++] = ZH_SQL_I64;
    for (size_t i = 0; i < cube->ndims; i++) {
        names[width] = zh_str_c(ctx->arena, cube->dims[i].column);
        types[width++] = ZH_SQL_TEXT;
    }
    names[width] = "measure";
    types[width++] = ZH_SQL_TEXT;
    names[width] = "key";
    types[width++] = ZH_SQL_TEXT;
    names[width] = "n_";
    types[width++] = ZH_SQL_I64;
    zh_bulk *bulk = NULL;
    zh_rc rc =
        zh_bulk_begin(conn, ZH_BULK_ADD, zh_str_fmt(ctx->arena, "%.*s_k", ZH_FMT(cube->table)).p,
                      names, types, width, width - 1, &bulk, ctx->err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        size_t k = 0;
        values[k++] = ZH_SQL_INT(office);
        for (size_t d = 0; d < cube->ndims; d++) {
            values[k++] = ZH_SQL_STR(keys[i]->dims[d]);
        }
        values[k++] = ZH_SQL_STR(cube->measures[keys[i]->measure]->id);
        values[k++] = ZH_SQL_STR(keys[i]->key);
        values[k++] = ZH_SQL_INT(keys[i]->n);
        rc = zh_bulk_row(bulk, values, ctx->err);
    }
    if (bulk != NULL) {
        zh_rc end = zh_bulk_end(bulk, ctx->err);
        rc = rc == ZH_OK ? end : rc;
    }
    return rc;
}

zh_rc zh_deltas_apply(zh_ctx *ctx, zh_conn *conn, int64_t office, const zh_deltas *d)
{
    zh_delta **cells = ZH_NEW_N(ctx->arena, zh_delta *, d->cells.n + 1);
    zh_delta_key **keys = ZH_NEW_N(ctx->arena, zh_delta_key *, d->keys.n + 1);
    size_t ncells = 0;
    size_t nkeys = 0;
    for (size_t i = 0; i < d->cells.n; i++) {
        if (!is_zero(d->cells.p[i])) {
            cells[ncells++] = d->cells.p[i];
        }
    }
    for (size_t i = 0; i < d->keys.n; i++) {
        if (d->keys.p[i]->n != 0) {
            keys[nkeys++] = d->keys.p[i];
        }
    }
    zh_sort(cells, ncells, sizeof *cells, by_cell);
    zh_sort(keys, nkeys, sizeof *keys, by_counter);
    zh_rc rc = ZH_OK;
    for (size_t i = 0, end; i < ncells && rc == ZH_OK; i = end) {
        for (end = i; end < ncells && cells[end]->cube == cells[i]->cube; end++) {
        }
        rc = apply_cells(ctx, conn, office, cells + i, end - i);
    }
    for (size_t i = 0, end; i < nkeys && rc == ZH_OK; i = end) {
        for (end = i; end < nkeys && keys[end]->cube == keys[i]->cube; end++) {
        }
        rc = apply_counters(ctx, conn, office, keys + i, end - i);
    }
    return rc;
}

/* ---- outbox bytes ---------------------------------------------------------------------------- */

static void put_text(zh_buf *out, zh_str s)
{
    zh_buf_varint(out, s.n);
    zh_buf_str(out, s);
}

static bool get_text(zh_str *in, zh_str *out)
{
    uint64_t n = 0;
    if (!zh_read_varint(in, &n) || n > in->n) {
        return false;
    }
    *out = zh_str_sub(*in, 0, (size_t)n);
    *in = (zh_str){in->p + n, in->n - (size_t)n};
    return true;
}

static void put_dims(zh_buf *out, const zh_cube *cube, const zh_str *dims)
{
    put_text(out, cube->id);
    for (size_t i = 0; i < cube->ndims; i++) {
        put_text(out, dims[i]);
    }
}

static void put_program(zh_buf *out, bool has, const zh_program *program)
{
    zh_buf_c(out, has ? '+' : '-');
    put_text(out, has ? program->source : ZH_STR_NONE);
}

/* What deltas mean depends on the declared cubes: everything that makes migration count a register
 * anew is in it. */
static uint64_t cubes_signature(const zh_register *reg)
{
    zh_buf text;
    zh_buf_init(&text, 4 << 20);
    put_program(&text, reg->has_count_when, &reg->count_when);
    put_text(&text, reg->event_time != NULL ? reg->event_time->id : ZH_STR_NONE);
    for (size_t c = 0; c < reg->ncubes; c++) {
        const zh_cube *cube = &reg->cubes[c];
        put_text(&text, cube->id);
        for (size_t i = 0; i < cube->ndims; i++) {
            const zh_dim *dim = &cube->dims[i];
            put_text(&text, dim->column);
            zh_buf_varint(&text, dim->level);
            zh_buf_varint(&text, (uint64_t)dim->grain);
            put_program(&text, dim->expr.root != NULL, &dim->expr);
        }
        for (size_t i = 0; i < cube->nmeasures; i++) {
            const zh_measure *m = cube->measures[i];
            put_text(&text, m->id);
            zh_buf_varint(&text, (uint64_t)m->kind);
            zh_buf_varint(&text, m->digits);
            put_text(&text, m->table != NULL ? m->table->id : ZH_STR_NONE);
            put_program(&text, m->has_filter, &m->filter);
            put_program(&text, m->has_value, &m->value);
        }
    }
    uint64_t hash = zh_str_hash(zh_buf_view(&text)) & UINT32_MAX;
    zh_buf_free(&text);
    return hash;
}

static void put_signature(zh_buf *out, const zh_register *reg, bool *done)
{
    if (!*done) {
        zh_buf_varint(out, cubes_signature(reg));
        *done = true;
    }
}

/* Format: signature of the cubes, then 'c' cube dims… n (per measure: high low count)… | 'k' cube
 * dims… measure key n. Numbers are (zigzag) varints, texts length-prefixed; measures by declared
 * order for cells and by id for keys. Nothing changed: no bytes. */
void zh_deltas_encode(const zh_deltas *d, const zh_register *reg, zh_buf *out)
{
    bool signed_already = false;
    for (size_t i = 0; i < d->cells.n; i++) {
        const zh_delta *c = d->cells.p[i];
        if (c->reg != reg || is_zero(c)) {
            continue;
        }
        put_signature(out, reg, &signed_already);
        zh_buf_c(out, 'c');
        put_dims(out, c->cube, c->dims);
        zh_buf_zigzag(out, c->n);
        for (size_t m = 0; m < c->cube->nmeasures; m++) {
            zh_buf_zigzag(out, (int64_t)(c->values[m] >> 64));
            zh_buf_varint(out, (uint64_t)c->values[m]);
            zh_buf_zigzag(out, c->counts[m]);
        }
    }
    for (size_t i = 0; i < d->keys.n; i++) {
        const zh_delta_key *k = d->keys.p[i];
        if (k->reg != reg || k->n == 0) {
            continue;
        }
        put_signature(out, reg, &signed_already);
        zh_buf_c(out, 'k');
        put_dims(out, k->cube, k->dims);
        put_text(out, k->cube->measures[k->measure]->id);
        put_text(out, k->key);
        zh_buf_zigzag(out, k->n);
    }
}

static const zh_cube *cube_named(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->ncubes; i++) {
        if (zh_str_eq(reg->cubes[i].id, id)) {
            return &reg->cubes[i];
        }
    }
    return NULL;
}

static bool decode_one(const zh_register *reg, zh_str *in, zh_deltas *into)
{
    char kind = in->p[0];
    zh_str id;
    zh_str dims[ZH_CUBE_DIMS_MAX];
    *in = zh_str_sub(*in, 1, in->n);
    if (!get_text(in, &id)) {
        return false;
    }
    const zh_cube *cube = cube_named(reg, id);
    if (cube == NULL) {
        return false;
    }
    for (size_t i = 0; i < cube->ndims; i++) {
        if (!get_text(in, &dims[i])) {
            return false;
        }
    }
    int64_t n = 0;
    if (kind == 'k') {
        zh_str measure;
        zh_str key;
        if (!get_text(in, &measure) || !get_text(in, &key) || !zh_read_zigzag(in, &n)) {
            return false;
        }
        for (size_t m = 0; m < cube->nmeasures; m++) {
            if (zh_str_eq(cube->measures[m]->id, measure)) {
                zh_delta_counter(into, reg, cube, dims, (uint16_t)m, key)->n += n;
            }
        }
        return true;
    }
    if (kind != 'c' || !zh_read_zigzag(in, &n)) {
        return false;
    }
    zh_delta *c = zh_delta_cell(into, reg, cube, dims);
    c->n += n;
    for (size_t m = 0; m < cube->nmeasures; m++) {
        int64_t high = 0;
        uint64_t low = 0;
        int64_t count = 0;
        if (!zh_read_zigzag(in, &high) || !zh_read_varint(in, &low) ||
            !zh_read_zigzag(in, &count)) {
            return false;
        }
        c->values[m] += (zh_i128)(((zh_i128)high * ((zh_i128)1 << 64)) + low);
        c->counts[m] += count;
    }
    return true;
}

bool zh_deltas_current(const zh_register *reg, zh_str bytes)
{
    uint64_t signature = 0;
    return bytes.n == 0 ||
           (zh_read_varint(&bytes, &signature) && signature == cubes_signature(reg));
}

zh_rc zh_deltas_decode(zh_arena *arena, const zh_register *reg, zh_str bytes, zh_deltas *into,
                       zh_err *err)
{
    zh_str in = ZH_STR_NONE;
    uint64_t signature = 0;
    if (bytes.n == 0) {
        return ZH_OK;
    }
    if (!zh_str_try_dup(arena, bytes, &in)) {
        return zh_err_set(err, ZH_ENOMEM, "outbox.memory", "单元变动太多，读不进内存");
    }
    bool good = zh_read_varint(&in, &signature) && signature == cubes_signature(reg);
    while (good && in.n > 0) {
        good = decode_one(reg, &in, into);
    }
    if (!good) {
        return zh_err_set(err, ZH_ECORRUPT, ZH_DELTAS_RULE,
                          "“%.*s”的单元变动与现行声明不符；汇总须重建", ZH_FMT(reg->id));
    }
    return ZH_OK;
}
