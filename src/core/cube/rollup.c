/* Roll-ups: cells summed over offices, code ancestors and years, so that a question about a
 * province and a year reads a few rows.
 *
 * One folder takes the deltas of the outbox in log order; zh_setting "rollup:<register>" holds the
 * log size it has reached. What it adds goes in by pieces, so that nobody waits long for the
 * writer; between them the setting is "FROM TO DONE DIGEST": of the rows that the deltas from FROM
 * to TO come to, in the order of their key under that model, DONE are in. Then it goes on there,
 * after a crash too; until it is done roll-ups are not read. Every cell is added to all
 * combinations of, per dimension: the value as kept (level 99), its ancestor-or-self at each level
 * of a code system with several ('' when it stands above that level), the year (level 1, '' without
 * a date), and everything (level 0, value
 * ''). A read adds the deltas that are newer than the stamp; when those are many it leaves the
 * roll-up aside. Nothing here is a source: rebuild makes them again from the cells. */
#include "base/os.h"
#include "core/cube/cube.h"
#include "core/cube/cube_private.h"
#include "core/instance/core_private.h"
#include "core/ledger/sequence.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FOLD_BYTES ((size_t)4 << 30) /* roll-up rows put together; ROLLED_MAX keeps far below */

enum {
    LEVEL_KEPT = 99,
    LEVEL_YEAR = 1,
    LEVEL_ALL = 0,
    STEPS_MAX = 12,           /* roll-ups of one dimension value */
    NEWER_MAX = 200,          /* outbox rows a read adds itself, … */
    NEWER_LOOKED = 2000,      /* … among so many of all registers, … */
    NEWER_BYTES = 1 << 20,    /* … and their bytes */
    NEWER_ENTRIES = 20000,    /* further behind than this, cells are read at once */
    FOLD_BATCHES = 65536,     /* outbox rows put together before they are written, … */
    FOLD_SCRATCH = 256 << 20, /* … as long as this much memory is left … */
    ROLLED_MAX = 500000,      /* … and no more roll-up rows than these can come of them */
    BATCH_BYTES = 1 << 30,    /* one outbox row's deltas while they are read */
    PIECE_ROWS = 2000,        /* added in one transaction: some milliseconds of the writer */
    DIGEST_CHARS = 16,
    COLUMNS_MAX = 256,
    KEY_BYTES_MAX = 8192,
};

typedef struct step {
    zh_str value;
    int64_t level;
} step;

/* Levels of its code system that a dimension is rolled up to; one level alone is what is kept. */
static uint16_t rolled_levels(const zh_dim *dim)
{
    uint16_t levels = dim->codes == NULL ? 0 : dim->level ? dim->level : dim->codes->levels;
    return levels > 1 ? levels : 0;
}

static size_t steps_of(zh_arena *arena, const zh_dim *dim, zh_str value, step *out)
{
    size_t n = 0;
    out[n++] = (step){value, LEVEL_KEPT};
    out[n++] = (step){ZH_STR(""), LEVEL_ALL};
    if (dim->grain != ZH_GRAIN_NONE) {
        if (dim->grain != ZH_GRAIN_YEAR) {
            out[n++] = (step){zh_str_dup(arena, zh_str_sub(value, 0, 4)), LEVEL_YEAR};
        }
        return n;
    }
    uint16_t levels = rolled_levels(dim);
    const zh_code *code = levels ? zh_code_find(dim->codes, value, INT32_MIN) : NULL;
    for (uint16_t level = 1; level <= levels && n < STEPS_MAX; level++) {
        const zh_code *up = code != NULL ? zh_code_at_level(code, level) : NULL;
        out[n++] = (step){up != NULL ? up->code : ZH_STR(""), level};
    }
    return n;
}

/* ---- folding --------------------------------------------------------------------------------- */

typedef struct rolled {
    const zh_cube *cube;
    zh_str dims[ZH_CUBE_DIMS_MAX];
    int64_t levels[ZH_CUBE_DIMS_MAX];
    zh_delta sums;       /* cells */
    zh_str measure, key; /* counters */
} rolled;

typedef struct fold { /* of one cube */
    zh_ctx *ctx;      /* its arena is scratch */
    zh_conn *conn;    /* NULL while rows are only put together */
    zh_arena *arena;  /* of the rows */
    const zh_cube *cube;
    zh_map by_key;
    ZH_VEC(rolled *) cells;
    ZH_VEC(rolled *) counters;
} fold;

typedef struct row_key {
    char p[KEY_BYTES_MAX];
    size_t n;
} row_key;

static void put_part(row_key *b, zh_str part, int64_t level)
{
    uint32_t n = (uint32_t)part.n;
    zh_assert(b->n + sizeof n + part.n + 1 <= sizeof b->p);
    memcpy(b->p + b->n, &n, sizeof n);
    b->n += sizeof n;
    if (part.n > 0) {
        memcpy(b->p + b->n, part.p, part.n);
        b->n += part.n;
    }
    b->p[b->n++] = (char)level;
}

static rolled *rolled_of(fold *f, const zh_str *values, const int64_t *levels, zh_str measure,
                         zh_str key, bool keyed)
{
    zh_arena *arena = f->arena;
    const zh_cube *cube = f->cube;
    row_key b;
    b.n = 0;
    for (size_t i = 0; i < cube->ndims; i++) {
        put_part(&b, values[i], levels[i]);
    }
    put_part(&b, measure, keyed);
    put_part(&b, key, 0);
    rolled *r = zh_map_get(&f->by_key, (zh_str){b.p, b.n});
    if (r == NULL) {
        r = ZH_NEW(arena, rolled);
        r->cube = cube;
        r->measure = measure;
        r->key = zh_str_dup(arena, key);
        for (size_t i = 0; i < cube->ndims; i++) {
            r->dims[i] = zh_str_dup(arena, values[i]);
            r->levels[i] = levels[i];
        }
        r->sums.cube = cube;
        r->sums.values = ZH_NEW_N(arena, zh_i128, cube->nmeasures + 1);
        r->sums.counts = ZH_NEW_N(arena, int64_t, cube->nmeasures + 1);
        zh_map_put(&f->by_key, zh_str_dup(arena, (zh_str){b.p, b.n}), r);
        if (keyed) {
            zh_vec_push(arena, &f->counters, r);
        } else {
            zh_vec_push(arena, &f->cells, r);
        }
    }
    return r;
}

void zh_rollup_each(zh_arena *arena, const zh_cube *cube, const zh_str *dims, zh_rolled_each each,
                    void *user)
{
    step steps[ZH_CUBE_DIMS_MAX][STEPS_MAX];
    size_t counts[ZH_CUBE_DIMS_MAX] = {0};
    size_t at[ZH_CUBE_DIMS_MAX] = {0};
    for (size_t i = 0; i < cube->ndims; i++) {
        counts[i] = steps_of(arena, &cube->dims[i], dims[i], steps[i]);
    }
    for (;;) { /* an odometer */
        zh_str values[ZH_CUBE_DIMS_MAX] = {0};
        int64_t levels[ZH_CUBE_DIMS_MAX] = {0};
        for (size_t i = 0; i < cube->ndims; i++) {
            values[i] = steps[i][at[i]].value;
            levels[i] = steps[i][at[i]].level;
        }
        each(user, values, levels);
        size_t i = 0;
        while (i < cube->ndims && ++at[i] == counts[i]) {
            at[i++] = 0;
        }
        if (i == cube->ndims) {
            return;
        }
    }
}

typedef struct addition {
    fold *f;
    const zh_delta *cell;
    const zh_delta_key *counter;
    int sign;
} addition;

static void add_rolled(void *user, const zh_str *values, const int64_t *levels)
{
    const addition *a = user;
    const zh_cube *cube = a->f->cube;
    if (a->cell == NULL) {
        zh_str measure = cube->measures[a->counter->measure]->id;
        rolled_of(a->f, values, levels, measure, a->counter->key, true)->sums.n +=
            a->sign * a->counter->n;
        return;
    }
    rolled *r = rolled_of(a->f, values, levels, ZH_STR_NONE, ZH_STR_NONE, false);
    r->sums.n += a->sign * a->cell->n;
    for (size_t m = 0; m < cube->nmeasures; m++) {
        r->sums.values[m] += a->sign * a->cell->values[m];
        r->sums.counts[m] += a->sign * a->cell->counts[m];
    }
}

/* Adds one cell or counter, times sign, to everything it is rolled up to. */
static void expand(fold *f, const zh_str *dims, const zh_delta *cell, const zh_delta_key *counter,
                   int sign)
{
    addition a = {f, cell, counter, sign};
    zh_rollup_each(f->ctx->arena, f->cube, dims, add_rolled, &a);
}

static size_t key_columns(zh_arena *arena, const zh_cube *cube, const char **names,
                          zh_sql_type *types)
{
    size_t n = 0;
    names[n] = "office";
    types[n++] = ZH_SQL_I64;
    for (size_t i = 0; i < cube->ndims; i++) {
        names[n] = zh_str_c(arena, cube->dims[i].column);
        types[n++] = ZH_SQL_TEXT;
        names[n] = zh_str_fmt(arena, "l%zu", i).p;
        types[n++] = ZH_SQL_I64;
    }
    return n;
}

static zh_rc write_rolled(fold *f, rolled *const *list, size_t n, bool keyed)
{
    zh_arena *arena = f->ctx->arena;
    const zh_cube *cube = f->cube;
    const char *names[COLUMNS_MAX];
    zh_sql_type types[COLUMNS_MAX];
    zh_sql_value values[COLUMNS_MAX];
    if (n == 0) {
        return ZH_OK;
    }
    size_t nkeys = key_columns(arena, cube, names, types);
    size_t width = nkeys;
    if (keyed) {
        names[width] = "measure";
        types[width++] = ZH_SQL_TEXT;
        names[width] = "key";
        types[width++] = ZH_SQL_TEXT;
        nkeys = width;
        names[width] = "n_";
        types[width++] = ZH_SQL_I64;
    } else {
        width += zh_cube_value_columns(arena, cube, names + nkeys, ZH_COUNTOF(names) - nkeys);
        for (size_t i = nkeys; i < width; i++) {
            types[i] = ZH_SQL_I64;
        }
    }
    zh_str rest = zh_str_sub(cube->table, 1, cube->table.n);
    zh_str table = zh_str_fmt(arena, "u%.*s%s", ZH_FMT(rest), keyed ? "_k" : "");
    zh_bulk *bulk = NULL;
    zh_rc rc = zh_bulk_begin(f->conn, ZH_BULK_ADD, table.p, names, types, width, nkeys, &bulk,
                             f->ctx->err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        size_t k = 0;
        values[k++] = ZH_SQL_INT(0);
        for (size_t d = 0; d < cube->ndims; d++) {
            values[k++] = ZH_SQL_STR(list[i]->dims[d]);
            values[k++] = ZH_SQL_INT(list[i]->levels[d]);
        }
        if (keyed) {
            values[k++] = ZH_SQL_STR(list[i]->measure);
            values[k++] = ZH_SQL_STR(list[i]->key);
            values[k++] = ZH_SQL_INT(list[i]->sums.n);
        } else {
            (void)zh_cube_values(cube, &list[i]->sums, values + k);
        }
        rc = zh_bulk_row(bulk, values, f->ctx->err);
    }
    if (bulk != NULL) {
        zh_rc end = zh_bulk_end(bulk, f->ctx->err);
        rc = rc == ZH_OK ? end : rc;
    }
    return rc;
}

/* How far folding is. */
typedef struct reached {
    int64_t from, to; /* log sizes; equal when nothing is half done */
    int64_t done;     /* rows of what lies between that are in */
    zh_str digest;    /* of the model they were put together under */
} reached;

static bool read_reached(zh_str text, reached *out)
{
    zh_str part[4] = {ZH_STR_NONE};
    size_t n = 0;
    while (n < ZH_COUNTOF(part) && text.p != NULL && zh_str_split(&text, ' ', &part[n])) {
        n++;
    }
    bool good = (n == 1 || n == 4) && zh_str_i64(part[0], &out->from) == ZH_OK;
    out->to = out->from;
    out->digest = part[3];
    return good && (n == 1 || (zh_str_i64(part[1], &out->to) == ZH_OK && out->to > out->from &&
                               zh_str_i64(part[2], &out->done) == ZH_OK && out->done > 0));
}

static zh_rc reached_of(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, reached *out)
{
    zh_sql_value name = ZH_SQL_STR(zh_str_fmt(ctx->arena, "rollup:%.*s", ZH_FMT(reg->id)));
    zh_stmt *stmt = NULL;
    *out = (reached){.from = 0};
    zh_rc rc = zh_query(conn, ZH_STR("SELECT value FROM zh_setting WHERE office = 0 AND name = ?"),
                        &name, 1, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK && !read_reached(zh_str_dup(ctx->arena, zh_col_str(stmt, 0)), out)) {
        rc = zh_err_set(ctx->err, ZH_ECORRUPT, "rollup.stamp", "汇总的位置标记读不懂；汇总须重建");
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_rollup_stamp(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t *out)
{
    reached r;
    zh_rc rc = reached_of(ctx, conn, reg, &r);
    *out = r.to > r.from ? -1 : r.from;
    return rc;
}

static zh_rc stamp_write(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_str text)
{
    zh_sql_value values[] = {ZH_SQL_STR(zh_str_fmt(ctx->arena, "rollup:%.*s", ZH_FMT(reg->id))),
                             ZH_SQL_STR(text)};
    return zh_run(conn,
                  "INSERT INTO zh_setting (office, name, value) VALUES (0, ?, ?) ON CONFLICT "
                  "(office, name) DO UPDATE SET value = excluded.value",
                  values, 2, NULL, ctx->err);
}

/* In the order of the table's key: a piece falls on neighbouring pages. */
static int rolled_order(const void *a, const void *b)
{
    const rolled *x = *(rolled *const *)a;
    const rolled *y = *(rolled *const *)b;
    int order = 0;
    for (size_t i = 0; i < x->cube->ndims && order == 0; i++) {
        order = zh_str_cmp(x->dims[i], y->dims[i]);
        order = order != 0 ? order : (x->levels[i] > y->levels[i]) - (x->levels[i] < y->levels[i]);
    }
    order = order != 0 ? order : zh_str_cmp(x->measure, y->measure);
    return order != 0 ? order : zh_str_cmp(x->key, y->key);
}

static void sort_rolled(fold *f)
{
    if (f->cells.n > 1) {
        zh_sort(f->cells.p, f->cells.n, sizeof(*f->cells.p), rolled_order);
    }
    if (f->counters.n > 1) {
        zh_sort(f->counters.p, f->counters.n, sizeof(*f->counters.p), rolled_order);
    }
}

static void gather(fold *f)
{
    zh_map_init(&f->by_key, f->arena);
    memset(&f->cells, 0, sizeof f->cells);
    memset(&f->counters, 0, sizeof f->counters);
}

static zh_rc write_fold(fold *f)
{
    zh_rc rc = write_rolled(f, f->cells.p, f->cells.n, false);
    return rc == ZH_OK ? write_rolled(f, f->counters.p, f->counters.n, true) : rc;
}

/* Adds the deltas of the fold's cube, times sign. */
static void fold_deltas(fold *f, const zh_deltas *deltas, int sign)
{
    for (size_t i = 0; i < deltas->cells.n; i++) {
        const zh_delta *d = deltas->cells.p[i];
        if (d->cube == f->cube) {
            expand(f, d->dims, d, NULL, sign);
        }
    }
    for (size_t i = 0; i < deltas->keys.n; i++) {
        const zh_delta_key *k = deltas->keys.p[i];
        if (k->cube == f->cube) {
            expand(f, k->dims, NULL, k, sign);
        }
    }
}

typedef struct folding {
    zh_core *core;
    zh_model *model;
    const zh_register *reg;
    zh_arena *arena; /* of what is put together */
    zh_arena *scratch;
    fold *cubes;
    reached at;        /* log sizes between which deltas were put together, and how much is in */
    int64_t rows;      /* that they come to */
    bool resuming;     /* another folder, or an earlier life, began with them */
    int64_t piece_end; /* rows in after the last piece; -1: another folder was faster */
    bool done;         /* nothing is left */
} folding;

/* ---- how much it comes to ---- */

/* What the cells put together so far can be rolled up to at most: there are no more rows of a cube
 * than combinations of what its dimensions are rolled up to. */
typedef struct spread {
    zh_map values[ZH_CUBE_DIMS_MAX]; /* seen, of each dimension */
    zh_map rolled[ZH_CUBE_DIMS_MAX]; /* what they are rolled up to */
    size_t cells;
} spread;

static size_t steps_most(const zh_cube *cube)
{
    size_t rows = 1;
    for (size_t i = 0; i < cube->ndims; i++) {
        const zh_dim *dim = &cube->dims[i];
        rows *= dim->grain != ZH_GRAIN_NONE ? 3 : (size_t)2 + rolled_levels(dim);
    }
    return rows;
}

static spread *spreads_new(zh_arena *arena, const zh_register *reg)
{
    spread *list = ZH_NEW_N(arena, spread, reg->ncubes + 1);
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t i = 0; i < reg->cubes[c].ndims; i++) {
            zh_map_init(&list[c].values[i], arena);
            zh_map_init(&list[c].rolled[i], arena);
        }
    }
    return list;
}

static void spread_cell(zh_arena *arena, spread *s, const zh_delta *cell)
{
    s->cells++;
    for (size_t i = 0; i < cell->cube->ndims; i++) {
        step steps[STEPS_MAX];
        if (zh_map_get(&s->values[i], cell->dims[i]) != NULL) {
            continue;
        }
        (void)zh_map_put(&s->values[i], cell->dims[i], s);
        size_t n = steps_of(arena, &cell->cube->dims[i], cell->dims[i], steps);
        for (size_t k = 0; k < n; k++) {
            zh_str key =
                zh_str_fmt(arena, "%" PRId64 " %.*s", steps[k].level, ZH_FMT(steps[k].value));
            (void)zh_map_put(&s->rolled[i], key, s);
        }
    }
}

static size_t rows_most(const zh_register *reg, const spread *list, size_t counters)
{
    size_t total = 0;
    size_t most = 1;
    for (size_t c = 0; c < reg->ncubes; c++) {
        const zh_cube *cube = &reg->cubes[c];
        size_t cells = list[c].cells * steps_most(cube);
        size_t combinations = 1;
        for (size_t i = 0; i < cube->ndims && combinations < ROLLED_MAX; i++) {
            combinations *= list[c].rolled[i].n;
        }
        total += cells < combinations ? cells : combinations;
        most = steps_most(cube) > most ? steps_most(cube) : most;
    }
    return total + counters * most;
}

/* Adds one outbox row's deltas to those put together. */
static zh_rc take_batch(zh_ctx *ctx, const zh_register *reg, zh_arena *scratch, zh_str bytes,
                        zh_deltas *deltas, spread *list)
{
    size_t known = deltas->cells.n;
    zh_arena_reset(scratch);
    zh_deltas *batch = zh_deltas_new(scratch);
    zh_rc rc = zh_deltas_decode(scratch, reg, bytes, batch, ctx->err);
    if (rc == ZH_OK && !zh_deltas_absorb(deltas, batch)) {
        return zh_err_set(ctx->err, ZH_ENOMEM, "rollup.memory", "汇总落后太多，一次放不进内存");
    }
    for (size_t i = known; i < deltas->cells.n && rc == ZH_OK; i++) {
        const zh_delta *cell = deltas->cells.p[i];
        spread_cell(ctx->arena, &list[cell->cube - reg->cubes], cell);
    }
    return rc;
}

static zh_rc begin_together(folding *f, zh_ctx *ctx, zh_conn *conn)
{
    zh_rc rc = reached_of(ctx, conn, f->reg, &f->at);
    f->resuming = f->at.to > f->at.from;
    if (rc == ZH_OK && f->resuming &&
        !zh_str_eq(f->at.digest, zh_str_sub(f->model->digest, 0, DIGEST_CHARS))) {
        return zh_err_set(ctx->err, ZH_ECORRUPT, ZH_DELTAS_RULE, "声明改了，汇总从头做起");
    }
    return rc;
}

/* Puts deltas together outside the writer and by cell, so that a long way behind costs one pass
 * over the rows it ends in and not one for each batch. */
static zh_rc put_together(folding *f, zh_ctx *ctx, zh_conn *conn)
{
    const zh_register *reg = f->reg;
    zh_deltas *deltas = zh_deltas_new(ctx->arena);
    zh_arena *scratch = zh_arena_new(BATCH_BYTES);
    spread *list = spreads_new(ctx->arena, reg);
    zh_rc rc = begin_together(f, ctx, conn);
    const int64_t limit = f->resuming ? f->at.to : INT64_MAX;
    zh_sql_value binds[] = {ZH_SQL_STR(reg->id), ZH_SQL_INT(f->at.from), ZH_SQL_INT(limit),
                            ZH_SQL_INT(f->resuming ? INT64_MAX : FOLD_BATCHES)};
    zh_stmt *stmt = NULL;
    size_t taken = 0;
    int64_t to = f->at.from;
    if (rc == ZH_OK) {
        /* here and below: `register || ''` so that an index by position serves, never one by
         * register, which would go through all rows of it */
        rc = zh_query(
            conn,
            ZH_STR("SELECT pos, n, deltas FROM zh_outbox WHERE register || '' = ? AND pos >= ? "
                   "AND pos < ? ORDER BY pos LIMIT ?"),
            binds, ZH_COUNTOF(binds), &stmt, ctx->err);
    }
    while (rc == ZH_OK &&
           (f->resuming || (rows_most(reg, list, deltas->keys.n) < ROLLED_MAX &&
                            zh_arena_left(ctx->arena) > FOLD_SCRATCH)) &&
           (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        to = zh_col_i64(stmt, 0) + zh_col_i64(stmt, 1);
        taken++;
        rc = take_batch(ctx, reg, scratch, zh_col_str(stmt, 2), deltas, list);
    }
    zh_finish(stmt);
    zh_arena_free(scratch);
    f->at.to = to;
    f->done = !f->resuming && rc == ZH_ENOTFOUND && taken < FOLD_BATCHES;
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    for (size_t c = 0; c < reg->ncubes && rc == ZH_OK; c++) {
        fold_deltas(&f->cubes[c], deltas, 1);
        sort_rolled(&f->cubes[c]);
        f->rows += (int64_t)(f->cubes[c].cells.n + f->cubes[c].counters.n);
    }
    return rc;
}

/* Those of one list that lie in the piece; `at` is the number of its first row. */
static zh_rc write_part(fold *f, rolled *const *list, size_t n, bool keyed, int64_t at,
                        const int64_t piece[2])
{
    int64_t from = piece[0] > at ? piece[0] - at : 0;
    int64_t to = piece[1] - at < (int64_t)n ? piece[1] - at : (int64_t)n;
    return from < to ? write_rolled(f, list + from, (size_t)(to - from), keyed) : ZH_OK;
}

static bool same_reached(const reached *a, const reached *b)
{
    return a->from == b->from && a->done == b->done && (a->to == b->to || a->to == a->from);
}

/* Adds the next piece of what was put together, unless another folder was faster. */
static zh_rc add_piece(void *user, zh_conn *conn, zh_err *err)
{
    folding *f = user;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = {.core = f->core, .model = f->model, .arena = arena, .err = err};
    int64_t end = f->at.done + PIECE_ROWS < f->rows ? f->at.done + PIECE_ROWS : f->rows;
    int64_t piece[2] = {f->at.done, end};
    int64_t at = 0;
    reached now;
    zh_rc rc = reached_of(&ctx, conn, f->reg, &now);
    bool mine = rc == ZH_OK && same_reached(&now, &f->at);
    for (size_t c = 0; c < f->reg->ncubes && rc == ZH_OK && mine; c++) {
        fold *cube = &f->cubes[c];
        cube->ctx = &ctx;
        cube->conn = conn;
        rc = write_part(cube, cube->cells.p, cube->cells.n, false, at, piece);
        at += (int64_t)cube->cells.n;
        if (rc == ZH_OK) {
            rc = write_part(cube, cube->counters.p, cube->counters.n, true, at, piece);
        }
        at += (int64_t)cube->counters.n;
    }
    if (rc == ZH_OK && mine) {
        zh_str text =
            end == f->rows
                ? zh_str_fmt(arena, "%" PRId64, f->at.to)
                : zh_str_fmt(arena, "%" PRId64 " %" PRId64 " %" PRId64 " %.*s", f->at.from,
                             f->at.to, end, ZH_FMT(zh_str_sub(f->model->digest, 0, DIGEST_CHARS)));
        rc = stamp_write(&ctx, conn, f->reg, text);
    }
    f->piece_end = mine ? end : -1;
    zh_arena_free(arena);
    return rc;
}

static zh_rc add_pieces(folding *f, zh_err *err)
{
    zh_rc rc = ZH_OK;
    do {
        rc = zh_core_write(f->core, add_piece, f, err);
        f->at.done = f->piece_end;
    } while (rc == ZH_OK && f->at.done >= 0 && f->at.done < f->rows);
    return rc;
}

static zh_rc fold_step(folding *f, zh_err *err)
{
    zh_conn *conn = NULL;
    f->arena = zh_arena_new(FOLD_BYTES);
    f->scratch = zh_arena_new(ZH_ARENA_JOB_BYTES);
    f->rows = 0;
    zh_ctx ctx = {.core = f->core, .model = f->model, .arena = f->scratch, .err = err};
    f->cubes = ZH_NEW_N(f->arena, fold, f->reg->ncubes);
    for (size_t c = 0; c < f->reg->ncubes; c++) {
        f->cubes[c] = (fold){.ctx = &ctx, .arena = f->arena, .cube = &f->reg->cubes[c]};
        gather(&f->cubes[c]);
    }
    zh_rc rc = zh_store_reader(zh_core_store(f->core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, err);
    }
    if (rc == ZH_OK) {
        rc = put_together(f, &ctx, conn);
        zh_read_end(conn);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && f->at.to > f->at.from) {
        rc = add_pieces(f, err);
    }
    zh_arena_free(f->scratch);
    zh_arena_free(f->arena);
    return rc;
}

/* ---- rebuilding ------------------------------------------------------------------------------ */

static zh_rc drop_register(zh_ctx *ctx, zh_conn *conn, const zh_register *reg)
{
    zh_rc rc = ZH_OK;
    for (size_t c = 0; c < reg->ncubes && rc == ZH_OK; c++) {
        zh_str rest = zh_str_sub(reg->cubes[c].table, 1, reg->cubes[c].table.n);
        for (int keyed = 0; keyed < 2 && rc == ZH_OK; keyed++) {
            zh_str sql =
                zh_str_fmt(ctx->arena, "DELETE FROM u%.*s%s", ZH_FMT(rest), keyed ? "_k" : "");
            rc = zh_exec(conn, sql.p, ctx->err);
        }
    }
    return rc;
}

static int measure_named(const zh_cube *cube, zh_str id)
{
    for (size_t i = 0; i < cube->nmeasures; i++) {
        if (zh_str_eq(cube->measures[i]->id, id)) {
            return (int)i;
        }
    }
    return -1;
}

static zh_rc flush(fold *f)
{
    zh_rc rc = write_fold(f);
    zh_arena_reset(f->arena);
    gather(f);
    return rc;
}

/* Rolls up all cells, or all counters, of the fold's cube. */
static zh_rc fold_table(fold *f, bool keyed)
{
    const zh_cube *cube = f->cube;
    zh_arena *arena = f->ctx->arena;
    zh_delta d = {.cube = cube,
                  .values = ZH_NEW_N(arena, zh_i128, cube->nmeasures + 1),
                  .counts = ZH_NEW_N(arena, int64_t, cube->nmeasures + 1)};
    zh_buf sql;
    zh_buf_init(&sql, 64 << 10);
    zh_cube_select(arena, &sql, cube, keyed);
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(f->conn, zh_buf_view(&sql), NULL, 0, &stmt, f->ctx->err);
    zh_arena_mark mark = zh_arena_here(arena);
    while (rc == ZH_OK && (rc = zh_step(stmt, f->ctx->err)) == ZH_OK) {
        zh_delta_key k = {.cube = cube};
        zh_str *dims = keyed ? k.dims : d.dims;
        size_t n = 1 + cube->ndims;
        for (size_t i = 0; i < cube->ndims; i++) {
            dims[i] = zh_col_str(stmt, 1 + i);
        }
        int at = keyed ? measure_named(cube, zh_col_str(stmt, n)) : 0;
        if (keyed && at >= 0) {
            k.measure = (uint16_t)at;
            k.key = zh_col_str(stmt, n + 1);
            k.n = zh_col_i64(stmt, n + 2);
            expand(f, dims, NULL, &k, 1);
        } else if (!keyed) {
            zh_cube_read_values(cube, stmt, n, &d);
            expand(f, dims, &d, NULL, 1);
        }
        zh_arena_rewind(arena, mark);
        if (f->cells.n + f->counters.n >= ROLLED_MAX) {
            rc = flush(f);
        }
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Deltas of batches that have no position yet: cells hold them, the log does not. */
static zh_rc unsequenced(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_deltas *into)
{
    zh_sql_value id = ZH_SQL_STR(reg->id);
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(conn,
                 ZH_STR("SELECT deltas FROM zh_outbox WHERE pos IS NULL AND register || '' = ? "
                        "ORDER BY batch"),
                 &id, 1, &stmt, ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        rc = zh_deltas_decode(ctx->arena, reg, zh_col_str(stmt, 0), into, ctx->err);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc rebuild_cube(fold *f, const zh_deltas *newer)
{
    gather(f);
    fold_deltas(f, newer, -1);
    zh_rc rc = fold_table(f, false);
    if (rc == ZH_OK) {
        rc = fold_table(f, true);
    }
    return rc == ZH_OK ? flush(f) : rc;
}

static zh_rc rebuild_register(zh_ctx *ctx, zh_conn *conn, const zh_register *reg)
{
    int64_t size = 0;
    zh_arena *arena = zh_arena_new(FOLD_BYTES);
    zh_deltas *newer = zh_deltas_new(ctx->arena);
    zh_rc rc = drop_register(ctx, conn, reg);
    if (rc == ZH_OK) {
        rc = unsequenced(ctx, conn, reg, newer);
    }
    if (rc == ZH_OK) {
        rc = zh_log_size(conn, &size, ctx->err);
    }
    for (size_t c = 0; c < reg->ncubes && rc == ZH_OK; c++) {
        fold f = {.ctx = ctx, .conn = conn, .arena = arena, .cube = &reg->cubes[c]};
        rc = rebuild_cube(&f, newer);
        zh_arena_reset(arena);
    }
    zh_arena_free(arena);
    return rc == ZH_OK ? stamp_write(ctx, conn, reg, zh_str_fmt(ctx->arena, "%" PRId64, size)) : rc;
}

static zh_rc rebuild_work(void *user, zh_conn *conn, zh_err *err)
{
    const folding *f = user;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = {.core = f->core, .model = f->model, .arena = arena, .err = err};
    zh_rc rc = rebuild_register(&ctx, conn, f->reg);
    zh_arena_free(arena);
    return rc;
}

/* Deltas that the present declaration cannot read (its cubes have changed) are passed over by
 * starting again from the cells. */
static zh_rc fold_register(folding *f, zh_err *err)
{
    zh_rc rc = ZH_OK;
    while (!f->done && rc == ZH_OK) {
        rc = fold_step(f, err);
        if (f->rows > PIECE_ROWS) {
            zh_memory_trim();
        }
    }
    if (rc == ZH_ECORRUPT && strcmp(err->rule, ZH_DELTAS_RULE) == 0) {
        zh_err_again(err);
        rc = zh_core_write(f->core, rebuild_work, f, err);
    }
    return rc;
}

zh_rc zh_rollup_fold(zh_core *core, zh_err *err)
{
    zh_model *model = zh_core_model(core);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        const zh_register *reg = &model->registers[i];
        folding f = {.core = core, .model = model, .reg = reg, .done = reg->ncubes == 0};
        rc = fold_register(&f, err);
    }
    zh_model_release(model);
    return rc;
}

zh_rc zh_rollup_rebuild(zh_core *core, zh_err *err)
{
    zh_model *model = zh_core_model(core);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        folding f = {.core = core, .model = model, .reg = &model->registers[i]};
        rc = f.reg->ncubes ? zh_core_write(core, rebuild_work, &f, err) : ZH_OK;
    }
    zh_model_release(model);
    return rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What part of the time dimension is read: all of it, whole years, or its cells. */
static int64_t time_level(const zh_answering *a)
{
    const zh_cell_query *q = a->q;
    int y[2];
    int m[2];
    int d[2];
    if (!q->has_span && q->by == ZH_GRAIN_NONE) {
        return LEVEL_ALL;
    }
    if (a->cube->dims[a->time_at].grain == ZH_GRAIN_YEAR ||
        (q->by != ZH_GRAIN_NONE && q->by != ZH_GRAIN_YEAR)) {
        return LEVEL_KEPT;
    }
    zh_date_civil(q->first, &y[0], &m[0], &d[0]);
    zh_date_civil(q->last + 1, &y[1], &m[1], &d[1]);
    bool whole = !q->has_span || (m[0] == 1 && d[0] == 1 && m[1] == 1 && d[1] == 1);
    return whole ? LEVEL_YEAR : LEVEL_KEPT;
}

/* The level at which each dimension is read; false when the roll-up does not hold it. */
static bool levels_of(const zh_answering *a, int64_t levels[ZH_CUBE_DIMS_MAX])
{
    bool grouped[ZH_CUBE_DIMS_MAX] = {false};
    for (size_t i = 0; i < a->cube->ndims; i++) {
        levels[i] = LEVEL_ALL;
    }
    for (size_t i = 0; i < a->q->nfilters; i++) {
        const zh_dim *dim = &a->cube->dims[a->filter_at[i]];
        bool rolled_up = a->ancestors[i] != NULL && rolled_levels(dim) > 0;
        int64_t wanted = rolled_up ? a->ancestors[i]->level : LEVEL_KEPT;
        int64_t *level = &levels[a->filter_at[i]];
        *level = wanted > *level ? wanted : *level;
    }
    for (size_t g = 0; g < a->q->ngroups; g++) {
        int at = a->group_at[g];
        int64_t *level = &levels[at];
        int64_t wanted = a->q->groups[g].level ? a->q->groups[g].level : LEVEL_KEPT;
        bool finer = *level != LEVEL_ALL && wanted > *level;
        bool coarser = grouped[at] && *level != LEVEL_KEPT && wanted < *level;
        bool unrolled = rolled_levels(&a->cube->dims[at]) == 0;
        if (wanted != LEVEL_KEPT && (finer || coarser || unrolled)) {
            return false; /* what stands between the two levels is not told apart */
        }
        grouped[at] = true;
        *level = wanted > *level ? wanted : *level;
    }
    if (a->time_at >= 0) {
        levels[a->time_at] = time_level(a);
    }
    return true;
}

static void where_levels(const zh_answering *a, const int64_t *levels, zh_buf *sql, zh_binds *binds)
{
    zh_arena *arena = a->ctx->arena;
    for (size_t i = 0; i < a->cube->ndims; i++) {
        zh_buf_fmt(sql, " AND l%zu = ?", i);
        zh_vec_push(arena, binds, ZH_SQL_INT(levels[i]));
        if (levels[i] == LEVEL_ALL) {
            zh_buf_fmt(sql, " AND %.*s = ?", ZH_FMT(a->cube->dims[i].column));
            zh_vec_push(arena, binds, ZH_SQL_STR(ZH_STR("")));
        }
    }
    for (size_t i = 0; i < a->q->nfilters; i++) {
        int at = a->filter_at[i];
        bool exact = a->ancestors[i] == NULL || levels[at] == a->ancestors[i]->level;
        if (exact) {
            zh_buf_fmt(sql, " AND %.*s = ?", ZH_FMT(a->cube->dims[at].column));
            zh_vec_push(arena, binds, ZH_SQL_STR(a->q->filters[i].value));
        }
    }
    if (a->q->has_span) {
        zh_buf_fmt(sql, " AND %.*s >= ? AND %.*s <= ?", ZH_FMT(a->cube->dims[a->time_at].column),
                   ZH_FMT(a->cube->dims[a->time_at].column));
        zh_vec_push(arena, binds, ZH_SQL_STR(a->first));
        zh_vec_push(arena, binds, ZH_SQL_STR(a->last));
    }
}

static void select_from(const zh_answering *a, zh_buf *sql, bool keyed)
{
    zh_buf_z(sql, "SELECT ");
    for (size_t i = 0; i < a->cube->ndims; i++) {
        zh_buf_fmt(sql, "%.*s, ", ZH_FMT(a->cube->dims[i].column));
    }
    const char *names[COLUMNS_MAX];
    size_t n = keyed ? 0 : zh_cube_value_columns(a->ctx->arena, a->cube, names, ZH_COUNTOF(names));
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(sql, "%s%s", i ? ", " : "", names[i]);
    }
    zh_str rest = zh_str_sub(a->cube->table, 1, a->cube->table.n);
    zh_buf_fmt(sql, "%s FROM u%.*s%s WHERE office = 0", keyed ? "key, n_" : "", ZH_FMT(rest),
               keyed ? "_k" : "");
}

/* What the database has decided when it reads these levels; deltas and overlays are added to cells
 * that have to be found again, and so are counters by key. */
static void decide_rolled(zh_answering *a, const int64_t *levels, bool more)
{
    const zh_cell_query *q = a->q;
    bool single = a->time_at < 0 || levels[a->time_at] == LEVEL_ALL;
    a->decided = a->grouped = true;
    for (size_t i = 0; i < q->nfilters; i++) {
        a->decided = a->decided &&
                     (a->ancestors[i] == NULL || levels[a->filter_at[i]] == a->ancestors[i]->level);
    }
    for (size_t g = 0; g < q->ngroups; g++) {
        int64_t wanted = q->groups[g].level ? q->groups[g].level : LEVEL_KEPT;
        a->grouped = a->grouped && levels[a->group_at[g]] == wanted;
    }
    if (q->by != ZH_GRAIN_NONE && !single) {
        single = levels[a->time_at] == LEVEL_KEPT && a->cube->dims[a->time_at].grain == q->by;
    }
    a->one_each = a->decided && a->grouped && single && !more;
}

static zh_rc read_rolled(zh_answering *a, const int64_t *levels, const zh_measure *keyed,
                         size_t measure)
{
    zh_arena *arena = a->ctx->arena;
    zh_buf sql;
    zh_buf_init(&sql, 64 << 10);
    zh_binds binds = {0};
    select_from(a, &sql, keyed != NULL);
    if (keyed != NULL) {
        zh_buf_z(&sql, " AND measure = ?");
        zh_vec_push(arena, &binds, ZH_SQL_STR(keyed->id));
    }
    where_levels(a, levels, &sql, &binds);
    zh_delta d = {.cube = a->cube,
                  .values = ZH_NEW_N(arena, zh_i128, a->cube->nmeasures + 1),
                  .counts = ZH_NEW_N(arena, int64_t, a->cube->nmeasures + 1)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(a->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, a->ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        size_t n = a->cube->ndims;
        for (size_t i = 0; i < n; i++) {
            d.dims[i] = zh_col_str(stmt, i);
        }
        if (keyed != NULL) {
            rc = zh_answer_take_key(a, d.dims, measure, zh_col_str(stmt, n),
                                    zh_col_i64(stmt, n + 1));
        } else {
            zh_cube_read_values(a->cube, stmt, n, &d);
            rc = zh_answer_take(a, &d);
        }
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

typedef struct newer_seen {
    size_t looked; /* rows of any register */
    size_t rows, bytes;
} newer_seen;

static bool too_many(const newer_seen *s)
{
    return s->looked > NEWER_LOOKED || s->rows > NEWER_MAX || s->bytes > NEWER_BYTES;
}

static zh_rc read_newer(zh_answering *a, const char *sql, const zh_sql_value *binds, size_t nbinds,
                        zh_deltas *into, newer_seen *seen)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(a->conn, zh_str_of(sql), binds, nbinds, &stmt, a->ctx->err);
    while (rc == ZH_OK && !too_many(seen) && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        bool other = zh_col_type(stmt, 0) == ZH_SQL_NULL;
        seen->looked++;
        seen->rows += !other;
        seen->bytes += other ? 0 : zh_col_str(stmt, 0).n;
        if (!other && !too_many(seen)) {
            rc = zh_deltas_decode(a->ctx->arena, a->q->reg, zh_col_str(stmt, 0), into, a->ctx->err);
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Deltas that the roll-up has not reached, sequenced or not; *many when a read should not add them,
 * or cannot read them. */
static zh_rc newer_deltas(zh_answering *a, int64_t stamp, zh_deltas *into, bool *many)
{
    zh_sql_value binds[] = {ZH_SQL_STR(a->q->reg->id), ZH_SQL_INT(stamp),
                            ZH_SQL_INT(NEWER_LOOKED + 1)};
    zh_sql_value fresh[] = {binds[0], binds[2]};
    zh_err before = *a->ctx->err;
    newer_seen seen = {0};
    int64_t size = 0;
    zh_rc rc = zh_log_size(a->conn, &size, a->ctx->err);
    if (rc != ZH_OK || size - stamp > NEWER_ENTRIES) {
        *many = true;
        return rc;
    }
    /* rows of every register are looked at: how many is known, whoever else writes */
    rc = read_newer(a,
                    "SELECT CASE WHEN register = ? THEN deltas END FROM zh_outbox WHERE pos >= ? "
                    "ORDER BY pos LIMIT ?",
                    binds, 3, into, &seen);
    if (rc == ZH_OK) {
        rc = read_newer(a,
                        "SELECT CASE WHEN register = ? THEN deltas END FROM zh_outbox WHERE pos "
                        "IS NULL ORDER BY batch LIMIT ?",
                        fresh, 2, into, &seen);
    }
    *many = too_many(&seen);
    if (rc == ZH_ECORRUPT) {
        *a->ctx->err = before;
        *many = true;
        return ZH_OK;
    }
    return rc;
}

zh_rc zh_answer_take_deltas(zh_answering *a, const zh_deltas *newer)
{
    zh_rc rc = ZH_OK;
    if (a->q->has_span) {
        zh_grain grain = a->cube->dims[a->time_at].grain;
        a->first = zh_grain_text(a->ctx->arena, a->q->first, grain);
        a->last = zh_grain_text(a->ctx->arena, a->q->last, grain);
    }
    for (size_t i = 0; i < newer->cells.n && rc == ZH_OK; i++) {
        if (newer->cells.p[i]->cube == a->cube) {
            rc = zh_answer_take(a, newer->cells.p[i]);
        }
    }
    for (size_t i = 0; i < newer->keys.n && rc == ZH_OK; i++) {
        const zh_delta_key *k = newer->keys.p[i];
        for (size_t m = 0; m < a->q->nmeasures && rc == ZH_OK && k->cube == a->cube; m++) {
            if (a->measure_at[m] == k->measure) {
                rc = zh_answer_take_key(a, k->dims, m, k->key, k->n);
            }
        }
    }
    return rc;
}

zh_rc zh_rollup_answer(zh_answering *a, bool *used)
{
    int64_t levels[ZH_CUBE_DIMS_MAX];
    int64_t stamp = 0;
    bool many = true;
    *used = false;
    for (size_t i = 0; i < a->q->nmeasures; i++) {
        if (a->q->measures[i]->kind == ZH_M_STOCK) {
            return ZH_OK; /* cumulated from the beginning: read from cells */
        }
    }
    if (!levels_of(a, levels)) {
        return ZH_OK;
    }
    zh_deltas *newer = zh_deltas_new(a->ctx->arena);
    zh_rc rc = zh_rollup_stamp(a->ctx, a->conn, a->q->reg, &stamp);
    if (rc == ZH_OK && stamp > 0) {
        rc = newer_deltas(a, stamp, newer, &many);
    }
    if (rc != ZH_OK || many) {
        return rc;
    }
    *used = true;
    if (a->q->has_span && levels[a->time_at] == LEVEL_YEAR) {
        a->first = zh_grain_text(a->ctx->arena, a->q->first, ZH_GRAIN_YEAR);
        a->last = zh_grain_text(a->ctx->arena, a->q->last, ZH_GRAIN_YEAR);
    }
    bool more = newer->cells.n + newer->keys.n > 0 || a->ctx->overlay != NULL;
    for (size_t i = 0; i < a->q->nmeasures; i++) {
        more = more || zh_measure_keyed(a->q->measures[i]);
    }
    decide_rolled(a, levels, more);
    rc = read_rolled(a, levels, NULL, 0);
    for (size_t i = 0; i < a->q->nmeasures && rc == ZH_OK; i++) {
        if (zh_measure_keyed(a->q->measures[i])) {
            rc = read_rolled(a, levels, a->q->measures[i], i);
        }
    }
    a->decided = a->grouped = a->one_each = false;
    return rc == ZH_OK ? zh_answer_take_deltas(a, newer) : rc;
}
