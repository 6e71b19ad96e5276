/* Verifying a database: the outbox, the cells, the roll-ups, the clocks; the records themselves are
 * walked by verify_rows.c. See verify.h for what is proved and balance.h for how two sides are
 * compared without holding either. */
#include "core/verify/verify.h"
#include "core/figure/publish.h"
#include "core/people/reading.h"
#include "core/read/read.h"
#include "core/verify/verify_private.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_BYTES = 1 << 16,
    WIDE_BITS = 16,
    NARROW_BITS = 10, /* one balance a register during the pass over the outbox */
    ENTRY_NUMBERS = ZH_RECORD_ENTRY_BYTES / 8,
    ENTRY_EVENT_BYTES = 19, /* kind, time, subject, number of fields */
    CELL_NUMBERS_MAX = 1 + 2 * ZH_ANSWER_MEASURES_MAX * 4,
};

#define VERIFY_BYTES ((size_t)4 << 30)

/* ---- saying ---------------------------------------------------------------------------------- */

static void add_line(zh_verifying *v, const char *format, va_list arguments) ZH_PRINTF(2, 0);
static void add_line(zh_verifying *v, const char *format, va_list arguments)
{
    zh_arena_mark mark = zh_arena_here(v->arena);
    zh_buf_str(v->lines, zh_str_vfmt(v->arena, format, arguments));
    zh_buf_c(v->lines, '\n');
    zh_arena_rewind(v->arena, mark);
}

void zh_verify_say(zh_verifying *v, const char *format, ...)
{
    va_list arguments;
    v->report->differences++;
    if (v->report->differences <= ZH_VERIFY_LINES_MAX) {
        va_start(arguments, format);
        add_line(v, format, arguments);
        va_end(arguments);
    }
}

/* Remarkable, and no difference. */
static void note(zh_verifying *v, const char *format, ...) ZH_PRINTF(2, 3);
static void note(zh_verifying *v, const char *format, ...)
{
    va_list arguments;
    v->report->notices++;
    if (v->report->notices <= ZH_VERIFY_LINES_MAX) {
        va_start(arguments, format);
        add_line(v, format, arguments);
        va_end(arguments);
    }
}

/* ---- keys and numbers ------------------------------------------------------------------------ */

void zh_verify_part(zh_verifying *v, zh_str part)
{
    zh_buf_c(&v->key, 0x1f);
    zh_buf_str(&v->key, part);
}

void zh_verify_number(zh_verifying *v, int64_t part)
{
    char digits[24]; /* several a gram: not through printf */
    size_t at = sizeof digits;
    uint64_t rest = part < 0 ? (uint64_t)0 - (uint64_t)part : (uint64_t)part;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (part < 0) {
        digits[--at] = '-';
    }
    zh_verify_part(v, (zh_str){digits + at, sizeof digits - at});
}

void zh_verify_key(zh_verifying *v, zh_str table, int64_t office)
{
    zh_buf_clear(&v->key);
    zh_buf_str(&v->key, table);
    zh_verify_number(v, office);
}

/* Names of the numbers of a cell: records, then value and number of values of each measure. */
static const zh_str *cell_names(zh_verifying *v, const zh_cube *cube)
{
    zh_str key = {(const char *)&cube, sizeof cube};
    zh_str *names = zh_map_get(&v->names, key);
    if (names == NULL) {
        names = ZH_NEW_N(v->arena, zh_str, 1 + 2 * cube->nmeasures);
        names[0] = ZH_STR("n_");
        for (size_t i = 0; i < cube->nmeasures; i++) {
            names[1 + 2 * i] = cube->measures[i]->id;
            names[2 + 2 * i] = zh_str_fmt(v->arena, "%.*s_n", ZH_FMT(cube->measures[i]->id));
        }
        zh_map_put(&v->names, zh_str_dup(v->arena, key), names);
    }
    return names;
}

static size_t cell_numbers(const zh_delta *cell, zh_i128 *out)
{
    size_t n = 0;
    zh_assert(1 + 2 * cell->cube->nmeasures <= CELL_NUMBERS_MAX);
    out[n++] = cell->n;
    for (size_t i = 0; i < cell->cube->nmeasures; i++) {
        out[n++] = cell->values[i];
        out[n++] = cell->counts[i];
    }
    return n;
}

void zh_verify_cell(zh_verifying *v, zh_balance *b, zh_side side, int64_t office,
                    const zh_delta *cell)
{
    zh_i128 numbers[CELL_NUMBERS_MAX];
    size_t n = cell_numbers(cell, numbers);
    zh_verify_key(v, cell->cube->table, office);
    for (size_t i = 0; i < cell->cube->ndims; i++) {
        zh_verify_part(v, cell->dims[i]);
    }
    zh_balance_put(b, side, zh_buf_view(&v->key), numbers, cell_names(v, cell->cube), n,
                   ZH_STR_NONE);
}

void zh_verify_counter(zh_verifying *v, zh_balance *b, zh_side side, int64_t office,
                       const zh_cube *cube, const zh_str *dims, zh_str measure, zh_str key,
                       int64_t n)
{
    zh_i128 number = n;
    zh_verify_key(v, cube->table, office);
    for (size_t i = 0; i < cube->ndims; i++) {
        zh_verify_part(v, dims[i]);
    }
    zh_verify_part(v, measure);
    zh_verify_part(v, key);
    zh_balance_put(b, side, zh_buf_view(&v->key), &number, cell_names(v, cube), 1, ZH_STR_NONE);
}

void zh_verify_entry_key(zh_verifying *v, bool gm, int64_t office, int64_t batch, int64_t ord)
{
    zh_verify_key(v, gm ? ZH_STR("zh_outbox_gm") : ZH_STR("zh_outbox"), office);
    zh_verify_number(v, batch);
    zh_verify_number(v, ord);
}

void zh_verify_entry(zh_verifying *v, zh_side side, int64_t office, int64_t batch, int64_t ord,
                     const uint8_t *entry, zh_str label)
{
    static const zh_str names[ENTRY_NUMBERS] = {{0, 0}};
    zh_i128 numbers[ENTRY_NUMBERS];
    for (size_t i = 0; i < ENTRY_NUMBERS; i++) {
        uint64_t word = 0;
        for (size_t k = 0; k < 8; k++) {
            word = word << 8 | entry[8 * i + k];
        }
        numbers[i] = word;
    }
    zh_verify_entry_key(v, v->ctx.core->gm && entry[4] == ZH_HASH_SM3, office, batch, ord);
    zh_balance_put(v->entries, side, zh_buf_view(&v->key), numbers, names, ENTRY_NUMBERS, label);
}

/* ---- telling differences --------------------------------------------------------------------- */

static zh_str readable(zh_verifying *v, zh_str key)
{
    zh_buf text;
    zh_buf_init(&text, KEY_BYTES * 4);
    for (size_t i = 0; i < key.n; i++) {
        zh_buf_z(&text, key.p[i] == 0x1f ? "｜" : "");
        if (key.p[i] != 0x1f) {
            zh_buf_c(&text, key.p[i]);
        }
    }
    zh_str out = zh_str_dup(v->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static void say_numbers(void *user, const zh_named *named)
{
    zh_verifying *v = user;
    zh_buf text;
    zh_buf_init(&text, KEY_BYTES);
    for (size_t i = 0; i < named->n; i++) {
        char counted[48];
        char stored[48];
        if (named->sums[ZH_COUNTED][i] != named->sums[ZH_STORED][i]) {
            size_t n = zh_i128_format(named->sums[ZH_COUNTED][i], 0, counted);
            size_t m = zh_i128_format(named->sums[ZH_STORED][i], 0, stored);
            zh_buf_fmt(&text, " %.*s 重算 %.*s、存 %.*s;", ZH_FMT(named->names[i]), (int)n, counted,
                       (int)m, stored);
        }
    }
    zh_verify_say(v, "%s %.*s：%.*s", v->what, ZH_FMT(readable(v, named->key)),
                  ZH_FMT(zh_buf_view(&text)));
    zh_buf_free(&text);
}

static bool any(const zh_i128 *numbers, size_t n)
{
    bool some = false;
    for (size_t i = 0; i < n; i++) {
        some = some || numbers[i] != 0;
    }
    return some;
}

static void say_entry(void *user, const zh_named *named)
{
    zh_verifying *v = user;
    zh_str key = readable(v, named->key);
    if (!any(named->sums[ZH_COUNTED], named->n)) {
        zh_verify_say(v, "%.*s 的凭证 %.*s：没有对应的版本，或版本的凭证无法重算",
                      ZH_FMT(named->label), ZH_FMT(key));
    } else if (!any(named->sums[ZH_STORED], named->n)) {
        zh_verify_say(v, "%.*s：发件箱里没有它的凭证（%.*s）", ZH_FMT(named->label), ZH_FMT(key));
    } else {
        zh_verify_say(v, "%.*s：内容与凭证（%.*s）不符", ZH_FMT(named->label), ZH_FMT(key));
    }
}

static void tell(zh_verifying *v, zh_balance *b, const char *what,
                 void (*each)(void *user, const zh_named *named))
{
    v->what = what;
    zh_balance_differences(b, each, v);
    if (b->cut) {
        zh_verify_say(v, "%s：差异太多，未逐一列出", what);
    }
}

/* ---- the outbox ------------------------------------------------------------------------------ */

static int batch_order(const void *p, const void *q)
{
    const zh_batch *a = p;
    const zh_batch *b = q;
    if (a->office != b->office) {
        return a->office < b->office ? -1 : 1;
    }
    return (a->batch > b->batch) - (a->batch < b->batch);
}

const zh_batch *zh_verify_batch(const zh_verifying *v, int64_t office, int64_t batch)
{
    zh_batch key = {.office = office, .batch = batch};
    return v->nbatches ? bsearch(&key, v->batches, v->nbatches, sizeof key, batch_order) : NULL;
}

static zh_rc add_deltas(zh_verifying *v, const zh_register *reg, int64_t office, int64_t batch,
                        zh_str bytes)
{
    zh_balance *b = &v->deltas[reg->index];
    if (!zh_deltas_current(reg, bytes)) {
        v->restated[reg->index] = true; /* its cubes have changed: cells were counted anew then */
        return ZH_OK;
    }
    zh_deltas *d = zh_deltas_new(v->ctx.arena);
    zh_rc rc = zh_deltas_decode(v->ctx.arena, reg, bytes, d, v->ctx.err);
    if (rc == ZH_ECORRUPT) {
        zh_err_again(v->ctx.err);
        zh_verify_say(v, "批次 %" PRId64 "/%" PRId64 "：单元变动读不懂", office, batch);
        return ZH_OK;
    }
    for (size_t i = 0; i < d->cells.n && rc == ZH_OK; i++) {
        zh_verify_cell(v, b, ZH_COUNTED, office, d->cells.p[i]);
    }
    for (size_t i = 0; i < d->keys.n && rc == ZH_OK; i++) {
        const zh_delta_key *k = d->keys.p[i];
        zh_verify_counter(v, b, ZH_COUNTED, office, k->cube, k->dims,
                          k->cube->measures[k->measure]->id, k->key, k->n);
    }
    return rc;
}

/* The record that an entry of the outbox speaks of. */
static zh_str entry_name(zh_verifying *v, zh_str reg, int64_t office, const uint8_t *bytes)
{
    zh_record_entry entry;
    zh_err ignored = {0};
    if (zh_record_entry_read((zh_str){(const char *)bytes, ZH_RECORD_ENTRY_BYTES}, &entry,
                             &ignored) != ZH_OK) {
        return ZH_STR_NONE;
    }
    return zh_str_fmt(v->ctx.arena, "%.*s/%" PRId64 "/%" PRIu64, ZH_FMT(reg), office,
                      entry.subject);
}

/* The entries of the second log: the same event at every position, apart from hash and root. */
static void take_gm(zh_verifying *v, const zh_stmt *s, bool first)
{
    zh_str entries = zh_col_str(s, 5);
    zh_str gm = zh_col_str(s, 7);
    int64_t office = zh_col_i64(s, 0);
    int64_t batch = zh_col_i64(s, 1);
    if (gm.n != entries.n) {
        if (first && !(zh_col_null(s, 7) && zh_col_null(s, 4))) {
            zh_verify_say(v, "批次 %" PRId64 "/%" PRId64 "：没有国密条目，或条数不符", office,
                          batch);
        }
        return;
    }
    for (size_t i = 0; i < gm.n / ZH_RECORD_ENTRY_BYTES; i++) {
        const uint8_t *one = (const uint8_t *)entries.p + i * ZH_RECORD_ENTRY_BYTES;
        const uint8_t *two = (const uint8_t *)gm.p + i * ZH_RECORD_ENTRY_BYTES;
        zh_str name = entry_name(v, zh_col_str(s, 2), office, one);
        if (first && (memcmp(one, two, 4) != 0 || two[4] != ZH_HASH_SM3 ||
                      memcmp(one + 5, two + 5, ENTRY_EVENT_BYTES) != 0)) {
            zh_verify_say(v, "%.*s：国密条目（批次 %" PRId64 "/%" PRId64 "）说的不是同一件事",
                          ZH_FMT(name), office, batch);
        }
        if (v->entries != NULL) {
            zh_verify_entry(v, ZH_STORED, office, batch, (int64_t)i, two,
                            v->entries->naming ? name : ZH_STR_NONE);
        }
    }
}

static zh_rc take_batch(zh_verifying *v, const zh_stmt *s, bool first)
{
    int64_t office = zh_col_i64(s, 0);
    int64_t batch = zh_col_i64(s, 1);
    zh_str id = zh_col_str(s, 2);
    int64_t n = zh_col_i64(s, 3);
    zh_str entries = zh_col_str(s, 5);
    const zh_register *reg = zh_model_register(v->ctx.model, id);
    if (first) {
        v->report->entries += n;
        v->batches[v->nbatches++] =
            (zh_batch){office, batch, zh_col_null(s, 4) ? -1 : zh_col_i64(s, 4), (int32_t)n,
                       reg != NULL ? reg->index : UINT32_MAX};
        if (reg == NULL && !zh_str_is(id, ZH_FIGURE_REGISTER)) {
            zh_verify_say(v, "批次 %" PRId64 "/%" PRId64 "：没有登记册“%.*s”", office, batch,
                          ZH_FMT(id));
        }
        if (n < 1 || n > INT32_MAX || entries.n != (size_t)n * ZH_RECORD_ENTRY_BYTES) {
            zh_verify_say(v, "批次 %" PRId64 "/%" PRId64 "：条数与凭证的长度不符", office, batch);
        }
    }
    for (size_t i = 0; i < entries.n / ZH_RECORD_ENTRY_BYTES && v->entries != NULL; i++) {
        const uint8_t *entry = (const uint8_t *)entries.p + i * ZH_RECORD_ENTRY_BYTES;
        zh_verify_entry(v, ZH_STORED, office, batch, (int64_t)i, entry,
                        v->entries->naming ? entry_name(v, id, office, entry) : ZH_STR_NONE);
    }
    if (v->ctx.core->gm) {
        take_gm(v, s, first);
    }
    bool deltas = reg != NULL && (first || v->deltas[reg->index].naming);
    return deltas ? add_deltas(v, reg, office, batch, zh_col_str(s, 6)) : ZH_OK;
}

/* Every batch, in key order. first: learns them; later passes only put numbers in again. */
static zh_rc walk_outbox(zh_verifying *v, bool first)
{
    int64_t count = 0;
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query_i64(v->conn, "SELECT COUNT(*) FROM zh_outbox", NULL, 0, &count, v->ctx.err);
    if (rc == ZH_OK && first) {
        v->batches = ZH_TRY_N(v->arena, zh_batch, (size_t)count + 1);
        rc = v->batches != NULL ? ZH_OK
                                : zh_err_set(v->ctx.err, ZH_ENOMEM, "verify.memory",
                                             "发件箱太大，放不进核验的内存限额");
    }
    if (rc == ZH_OK) {
        rc = zh_query(v->conn,
                      ZH_STR("SELECT office, batch, register, n, pos, entries, deltas, entries_gm "
                             "FROM zh_outbox ORDER BY office, batch"),
                      NULL, 0, &stmt, v->ctx.err);
    }
    zh_arena_mark mark = zh_arena_here(v->ctx.arena);
    while (rc == ZH_OK && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        rc = take_batch(v, stmt, first);
        zh_arena_rewind(v->ctx.arena, mark);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Positions: dense from 0, in order of batches within an office; `until` the latest time so far. */
static zh_rc check_positions(zh_verifying *v)
{
    zh_stmt *stmt = NULL;
    int64_t next = 0;
    int64_t until = INT64_MIN;
    int64_t size = 0;
    zh_arena_mark mark = zh_arena_here(v->ctx.arena);
    zh_sql_value log[] = {ZH_SQL_INT(0), ZH_SQL_STR(ZH_STR("log"))};
    zh_rc rc = zh_query(v->conn,
                        ZH_STR("SELECT office, batch, pos, n, at, until, register, entries FROM "
                               "zh_outbox WHERE pos IS NOT NULL ORDER BY pos, office, batch"),
                        NULL, 0, &stmt, v->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        int64_t pos = zh_col_i64(stmt, 2);
        int64_t at = zh_col_i64(stmt, 4);
        if (pos != next) {
            zh_verify_say(v, "批次 %" PRId64 "/%" PRId64 "：日志位置 %" PRId64 "，应为 %" PRId64,
                          zh_col_i64(stmt, 0), zh_col_i64(stmt, 1), pos, next);
        }
        if (until != INT64_MIN && at < until - ZH_VERIFY_CLOCK_US) {
            zh_str entries = zh_col_str(stmt, 7);
            zh_str name = entries.n >= ZH_RECORD_ENTRY_BYTES
                              ? entry_name(v, zh_col_str(stmt, 6), zh_col_i64(stmt, 0),
                                           (const uint8_t *)entries.p)
                              : ZH_STR_NONE;
            note(v,
                 "注意：账本第 %" PRId64 " 条（%.*s）提交时，时钟比此前的条目倒退了 %" PRId64 " 秒",
                 pos, ZH_FMT(name), (until - at) / 1000000);
        }
        until = at > until ? at : until;
        if (zh_col_null(stmt, 5) || zh_col_i64(stmt, 5) < until) {
            zh_verify_say(v, "批次 %" PRId64 "/%" PRId64 "：截至时间早于此前的批次",
                          zh_col_i64(stmt, 0), zh_col_i64(stmt, 1));
        }
        next = pos + zh_col_i64(stmt, 3);
        zh_arena_rewind(v->ctx.arena, mark);
    }
    zh_finish(stmt);
    if (rc != ZH_ENOTFOUND) {
        return rc;
    }
    rc = zh_query_i64(v->conn, "SELECT next FROM zh_counter WHERE office = ? AND name = ?", log, 2,
                      &size, v->ctx.err);
    if ((rc == ZH_OK || rc == ZH_ENOTFOUND) && size != next) {
        zh_verify_say(v, "日志长度记为 %" PRId64 "，批次合计 %" PRId64, size, next);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- cells ----------------------------------------------------------------------------------- */

typedef zh_rc (*each_cell)(zh_verifying *v, zh_balance *b, int64_t office, const zh_delta *cell);
typedef zh_rc (*each_counter)(zh_verifying *v, zh_balance *b, int64_t office, const zh_cube *cube,
                              const zh_str *dims, zh_str measure, zh_str key, int64_t n);

/* Every stored cell, or counter, of a cube. */
static zh_rc walk_cells(zh_verifying *v, zh_balance *b, const zh_cube *cube, each_cell cell,
                        each_counter counter)
{
    zh_buf sql;
    zh_delta d = {.cube = cube,
                  .values = ZH_NEW_N(v->ctx.arena, zh_i128, cube->nmeasures + 1),
                  .counts = ZH_NEW_N(v->ctx.arena, int64_t, cube->nmeasures + 1)};
    zh_buf_init(&sql, 64 << 10);
    zh_cube_select(v->ctx.arena, &sql, cube, counter != NULL);
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(v->conn, zh_buf_view(&sql), NULL, 0, &stmt, v->ctx.err);
    zh_arena_mark mark = zh_arena_here(v->ctx.arena);
    while (rc == ZH_OK && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        size_t n = 1 + cube->ndims;
        for (size_t i = 0; i < cube->ndims; i++) {
            d.dims[i] = zh_str_dup(v->ctx.arena, zh_col_str(stmt, 1 + i));
        }
        if (counter != NULL) {
            rc = counter(v, b, zh_col_i64(stmt, 0), cube, d.dims, zh_col_str(stmt, n),
                         zh_col_str(stmt, n + 1), zh_col_i64(stmt, n + 2));
        } else {
            zh_cube_read_values(cube, stmt, n, &d);
            rc = cell(v, b, zh_col_i64(stmt, 0), &d);
        }
        zh_arena_rewind(v->ctx.arena, mark);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc stored_cell(zh_verifying *v, zh_balance *b, int64_t office, const zh_delta *cell)
{
    zh_verify_cell(v, b, ZH_STORED, office, cell);
    v->report->cells += v->checking && b != NULL;
    return ZH_OK;
}

static zh_rc stored_counter(zh_verifying *v, zh_balance *b, int64_t office, const zh_cube *cube,
                            const zh_str *dims, zh_str measure, zh_str key, int64_t n)
{
    zh_verify_counter(v, b, ZH_STORED, office, cube, dims, measure, key, n);
    return ZH_OK;
}

static zh_rc walk_cubes(zh_verifying *v, zh_balance *b, const zh_register *reg, each_cell cell,
                        each_counter counter)
{
    zh_rc rc = ZH_OK;
    for (size_t c = 0; c < reg->ncubes && rc == ZH_OK; c++) {
        rc = walk_cells(v, b, &reg->cubes[c], cell, NULL);
        if (rc == ZH_OK) {
            rc = walk_cells(v, b, &reg->cubes[c], NULL, counter);
        }
    }
    return rc;
}

/* ---- roll-ups -------------------------------------------------------------------------------- */

typedef struct rolling {
    zh_verifying *v;
    zh_balance *b;
    const zh_cube *cube;
    const zh_i128 *numbers;
    size_t n;
    zh_str measure, key; /* of a counter; p NULL for a cell */
    zh_side side;
} rolling;

static void put_rolled(void *user, const zh_str *values, const int64_t *levels)
{
    const rolling *r = user;
    zh_verify_key(r->v, r->cube->table, 0);
    for (size_t i = 0; i < r->cube->ndims; i++) {
        zh_verify_part(r->v, values[i]);
        zh_verify_number(r->v, levels[i]);
    }
    if (r->measure.p != NULL) {
        zh_verify_part(r->v, r->measure);
        zh_verify_part(r->v, r->key);
    }
    zh_balance_put(r->b, r->side, zh_buf_view(&r->v->key), r->numbers, cell_names(r->v, r->cube),
                   r->n, ZH_STR_NONE);
}

static void roll_cell(zh_verifying *v, zh_balance *b, const zh_delta *cell, int sign)
{
    zh_i128 numbers[CELL_NUMBERS_MAX];
    rolling r = {.v = v, .b = b, .cube = cell->cube, .numbers = numbers, .side = ZH_COUNTED};
    r.n = cell_numbers(cell, numbers);
    for (size_t i = 0; i < r.n; i++) {
        numbers[i] *= sign;
    }
    zh_rollup_each(v->ctx.arena, cell->cube, cell->dims, put_rolled, &r);
}

static void roll_counter(zh_verifying *v, zh_balance *b, const zh_cube *cube, const zh_str *dims,
                         zh_str measure, zh_str key, zh_i128 n)
{
    rolling r = {v, b, cube, &n, 1, measure, key, ZH_COUNTED};
    zh_rollup_each(v->ctx.arena, cube, dims, put_rolled, &r);
}

static zh_rc counted_cell(zh_verifying *v, zh_balance *b, int64_t office, const zh_delta *cell)
{
    (void)office;
    roll_cell(v, b, cell, 1);
    return ZH_OK;
}

static zh_rc counted_counter(zh_verifying *v, zh_balance *b, int64_t office, const zh_cube *cube,
                             const zh_str *dims, zh_str measure, zh_str key, int64_t n)
{
    (void)office;
    roll_counter(v, b, cube, dims, measure, key, n);
    return ZH_OK;
}

/* What the cells hold and the roll-up has not taken yet. *readable: the present cubes wrote it. */
static zh_rc less_newer(zh_verifying *v, zh_balance *b, const zh_register *reg, int64_t stamp,
                        bool *current)
{
    zh_sql_value binds[] = {ZH_SQL_STR(reg->id), ZH_SQL_INT(stamp)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(v->conn,
                        ZH_STR("SELECT deltas FROM zh_outbox WHERE register = ? AND (pos >= ? OR "
                               "pos IS NULL)"),
                        binds, 2, &stmt, v->ctx.err);
    zh_arena_mark mark = zh_arena_here(v->ctx.arena);
    while (rc == ZH_OK && *current && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        zh_deltas *d = zh_deltas_new(v->ctx.arena);
        *current = zh_deltas_current(reg, zh_col_str(stmt, 0));
        if (*current) {
            rc = zh_deltas_decode(v->ctx.arena, reg, zh_col_str(stmt, 0), d, v->ctx.err);
        }
        for (size_t i = 0; i < d->cells.n && rc == ZH_OK; i++) {
            roll_cell(v, b, d->cells.p[i], -1);
        }
        for (size_t i = 0; i < d->keys.n && rc == ZH_OK; i++) {
            const zh_delta_key *k = d->keys.p[i];
            roll_counter(v, b, k->cube, k->dims, k->cube->measures[k->measure]->id, k->key, -k->n);
        }
        if (rc == ZH_ECORRUPT) { /* told when the outbox was walked */
            zh_err_again(v->ctx.err);
            rc = ZH_OK;
        }
        zh_arena_rewind(v->ctx.arena, mark);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc stored_rolled(zh_verifying *v, zh_balance *b, const zh_cube *cube, bool keyed)
{
    zh_i128 numbers[CELL_NUMBERS_MAX];
    zh_buf sql;
    zh_delta d = {.cube = cube,
                  .values = ZH_NEW_N(v->ctx.arena, zh_i128, cube->nmeasures + 1),
                  .counts = ZH_NEW_N(v->ctx.arena, int64_t, cube->nmeasures + 1)};
    zh_buf_init(&sql, 64 << 10);
    zh_cube_select_rolled(v->ctx.arena, &sql, cube, keyed);
    rolling r = {.v = v, .b = b, .cube = cube, .numbers = numbers, .side = ZH_STORED};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(v->conn, zh_buf_view(&sql), NULL, 0, &stmt, v->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        zh_str values[ZH_CUBE_DIMS_MAX];
        int64_t levels[ZH_CUBE_DIMS_MAX];
        size_t n = 1;
        for (size_t i = 0; i < cube->ndims; i++) {
            values[i] = zh_col_str(stmt, n++);
            levels[i] = zh_col_i64(stmt, n++);
        }
        if (keyed) {
            r.measure = zh_col_str(stmt, n);
            r.key = zh_col_str(stmt, n + 1);
            numbers[0] = zh_col_i64(stmt, n + 2);
            r.n = 1;
        } else {
            zh_cube_read_values(cube, stmt, n, &d);
            r.n = cell_numbers(&d, numbers);
        }
        put_rolled(&r, values, levels);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc put_rollups(zh_verifying *v, zh_balance *b, const zh_register *reg, int64_t stamp,
                         bool *current)
{
    zh_rc rc = ZH_OK;
    *current = true;
    if (stamp > 0) {
        rc = less_newer(v, b, reg, stamp, current);
        if (rc == ZH_OK) {
            rc = walk_cubes(v, b, reg, counted_cell, counted_counter);
        }
    }
    for (size_t c = 0; c < reg->ncubes && rc == ZH_OK; c++) {
        rc = stored_rolled(v, b, &reg->cubes[c], false);
        if (rc == ZH_OK) {
            rc = stored_rolled(v, b, &reg->cubes[c], true);
        }
    }
    return rc;
}

static zh_rc verify_rollups(zh_verifying *v, const zh_register *reg)
{
    zh_balance b;
    int64_t stamp = 0;
    bool current = true;
    zh_arena *arena = zh_arena_new(VERIFY_BYTES);
    zh_balance_open(&b, arena, WIDE_BITS);
    zh_rc rc = zh_rollup_stamp(&v->ctx, v->conn, reg, &stamp);
    current = stamp >= 0; /* half folded: it is not read, and finished by the next fold */
    if (rc == ZH_OK && current) {
        rc = put_rollups(v, &b, reg, stamp, &current);
    }
    if (rc == ZH_OK && current && !zh_balance_even(&b)) {
        rc = put_rollups(v, &b, reg, stamp, &current);
        tell(v, &b, "汇总", say_numbers);
    }
    zh_arena_free(arena);
    return rc;
}

/* ---- clocks ---------------------------------------------------------------------------------- */

/* A withdrawn record has no clocks any more; whether it was is said by its versions. */
static zh_rc is_current(zh_verifying *v, zh_str reg_id, int64_t office, int64_t id, bool *out)
{
    const zh_register *reg = zh_model_register(v->ctx.model, reg_id);
    zh_sql_value key[] = {ZH_SQL_INT(office), ZH_SQL_INT(id)};
    int64_t one = 0;
    *out = reg == NULL;
    if (reg == NULL) {
        return ZH_OK;
    }
    zh_rc rc =
        zh_query_i64(v->conn, zh_plan_of(&v->ctx, reg)->exists_sql, key, 2, &one, v->ctx.err);
    *out = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc say_clocks(zh_verifying *v, const char *sql, const char *what)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(v->conn, zh_str_of(sql), NULL, 0, &stmt, v->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        bool current = true;
        rc = is_current(v, zh_str_dup(v->arena, zh_col_str(stmt, 1)), zh_col_i64(stmt, 0),
                        zh_col_i64(stmt, 2), &current);
        if (rc != ZH_OK || !current) {
            continue;
        }
        zh_verify_say(v, "%.*s/%" PRId64 "/%" PRId64 " 时限“%.*s”：%s", ZH_FMT(zh_col_str(stmt, 1)),
                      zh_col_i64(stmt, 0), zh_col_i64(stmt, 2), ZH_FMT(zh_col_str(stmt, 3)), what);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc verify_clocks(zh_verifying *v)
{
    zh_rc rc = say_clocks(
        v,
        "SELECT c.office, c.register, c.record, c.clock FROM zh_clock c WHERE NOT EXISTS (SELECT 1 "
        "FROM zh_clock_h h WHERE h.office = c.office AND h.register = c.register AND h.record = "
        "c.record AND h.clock = c.clock AND h.version = (SELECT MAX(k.version) FROM zh_clock_h k "
        "WHERE k.office = c.office AND k.register = c.register AND k.record = c.record AND k.clock "
        "= c.clock) AND h.started_at = c.started_at AND h.breached = c.breached AND "
        "COALESCE(h.due_at, -1) = COALESCE(c.due_at, -1) AND COALESCE(h.ended_at, -1) = "
        "COALESCE(c.ended_at, -1) AND COALESCE(h.suspended_at, -1) = COALESCE(c.suspended_at, -1) "
        "AND COALESCE(h.passed, 0) = COALESCE(c.passed, 0) AND COALESCE(h.extended, 0) = "
        "COALESCE(c.extended, 0) AND COALESCE(h.spans, '') = COALESCE(c.spans, '')) "
        "ORDER BY c.office, c.register, c.record, c.clock",
        "与最新的变动不符");
    return rc == ZH_OK
               ? say_clocks(v,
                            "SELECT DISTINCT h.office, h.register, h.record, h.clock FROM "
                            "zh_clock_h h WHERE NOT EXISTS (SELECT 1 FROM zh_clock c WHERE "
                            "c.office = h.office AND c.register = h.register AND c.record = "
                            "h.record AND c.clock = h.clock) ORDER BY 1, 2, 3, 4",
                            "有变动而没有现状")
               : rc;
}

/* ---- readings of personal data ----------------------------------------------------------------
 */

static void say_reading(void *user, int64_t seq, const char *what)
{
    zh_verify_say(user, "阅读记录第 %" PRId64 " 条%s", seq, what);
}

/* ---- a register ------------------------------------------------------------------------------ */

/* The cell changes in the outbox against the cells. */
static zh_rc stored_deltas(zh_verifying *v, const zh_register *reg)
{
    bool counting = v->checking;
    v->checking = false; /* cells are counted once */
    zh_rc rc = walk_cubes(v, &v->deltas[reg->index], reg, stored_cell, stored_counter);
    v->checking = counting;
    return rc;
}

/* Names what differs; *even: the cells are right. */
static zh_rc name_rows(zh_verifying *v, const zh_register *reg, zh_balance *cells,
                       zh_balance *grams, bool *even)
{
    v->checking = false;
    zh_balance *entries = v->entries;
    v->entries = NULL;
    *even = zh_balance_even(cells);
    v->cells = *even ? NULL : cells;
    v->grams = zh_balance_even(grams) ? NULL : grams;
    zh_rc rc = ZH_OK;
    if (v->cells != NULL || v->grams != NULL) {
        rc = zh_verify_rows(v, reg);
    }
    if (rc == ZH_OK && v->cells != NULL) {
        rc = walk_cubes(v, cells, reg, stored_cell, stored_counter);
        tell(v, cells, "单元", say_numbers);
    }
    if (rc == ZH_OK && v->grams != NULL) {
        tell(v, grams, "检索词", say_numbers);
    }
    v->entries = entries;
    v->checking = true;
    return rc;
}

static zh_rc verify_register(zh_verifying *v, const zh_register *reg)
{
    zh_balance cells;
    zh_balance grams;
    zh_arena *arena = zh_arena_new(VERIFY_BYTES);
    zh_balance_open(&cells, arena, WIDE_BITS);
    zh_balance_open(&grams, arena, WIDE_BITS);
    v->checking = true;
    v->cells = reg->ncubes > 0 ? &cells : NULL;
    v->grams = &grams;
    v->report->registers++;
    bool even = true;
    zh_rc rc = zh_verify_rows(v, reg);
    if (rc == ZH_OK) {
        rc = walk_cubes(v, &cells, reg, stored_cell, stored_counter);
    }
    if (rc == ZH_OK) {
        rc = name_rows(v, reg, &cells, &grams, &even);
    }
    v->cells = v->grams = NULL;
    zh_arena_free(arena);
    if (rc != ZH_OK || !even) { /* what is compared with wrong cells would differ as well */
        v->restated[reg->index] = true;
        return rc;
    }
    if (reg->ncubes > 0 && !v->restated[reg->index]) {
        rc = stored_deltas(v, reg);
    }
    return rc == ZH_OK ? verify_rollups(v, reg) : rc;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static zh_rc name_deltas(zh_verifying *v)
{
    const zh_model *model = v->ctx.model;
    bool uneven = false;
    for (size_t i = 0; i < model->nregisters; i++) {
        uneven = (!v->restated[i] && !zh_balance_even(&v->deltas[i])) || uneven;
    }
    v->entries = NULL;
    zh_rc rc = uneven ? walk_outbox(v, false) : ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK && uneven; i++) {
        if (v->deltas[i].naming) {
            rc = stored_deltas(v, &model->registers[i]);
            tell(v, &v->deltas[i], "发件箱的单元变动合计", say_numbers);
        }
    }
    return rc;
}

static zh_rc name_entries(zh_verifying *v, zh_balance *entries)
{
    const zh_model *model = v->ctx.model;
    if (zh_balance_even(entries)) {
        return ZH_OK;
    }
    v->checking = false;
    v->cells = NULL;
    v->grams = NULL;
    v->entries = entries;
    for (size_t i = 0; i < model->nregisters; i++) {
        v->deltas[i].naming = false;
    }
    zh_rc rc = ZH_OK; /* the rows first: they say which version it is */
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        rc = zh_verify_rows(v, &model->registers[i]);
    }
    if (rc == ZH_OK) {
        rc = zh_verify_figures(v, false);
    }
    if (rc == ZH_OK) {
        rc = walk_outbox(v, false);
    }
    tell(v, entries, "凭证", say_entry);
    return rc;
}

static zh_rc count_records(zh_verifying *v)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < v->ctx.model->nregisters && rc == ZH_OK && v->progress != NULL; i++) {
        int64_t n = 0;
        zh_str sql = zh_str_fmt(v->arena, "SELECT COUNT(*) FROM %.*s",
                                ZH_FMT(v->ctx.model->registers[i].table));
        rc = zh_query_i64(v->conn, sql.p, NULL, 0, &n, v->ctx.err);
        v->total += n;
    }
    return rc;
}

static zh_rc verify_all(zh_verifying *v)
{
    const zh_model *model = v->ctx.model;
    zh_balance *entries = ZH_NEW(v->arena, zh_balance);
    zh_balance_open(entries, v->arena, WIDE_BITS);
    v->entries = entries;
    v->deltas = ZH_NEW_N(v->arena, zh_balance, model->nregisters + 1);
    v->restated = ZH_NEW_N(v->arena, bool, model->nregisters + 1);
    for (size_t i = 0; i < model->nregisters; i++) {
        zh_balance_open(&v->deltas[i], v->arena, NARROW_BITS);
    }
    zh_rc rc = count_records(v);
    if (rc == ZH_OK) {
        rc = walk_outbox(v, true);
    }
    if (rc == ZH_OK) {
        rc = check_positions(v);
    }
    if (rc == ZH_OK) {
        rc = zh_verify_log(v, false);
    }
    if (rc == ZH_OK && v->ctx.core->gm) {
        rc = zh_verify_log(v, true);
    }
    if (rc == ZH_OK) {
        rc = zh_verify_figures(v, true);
    }
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        rc = verify_register(v, &model->registers[i]);
    }
    if (rc == ZH_OK) {
        rc = verify_clocks(v);
    }
    if (rc == ZH_OK) {
        rc = zh_readings_verify(&v->ctx, v->conn, &v->report->readings, say_reading, v);
    }
    if (rc == ZH_OK) {
        rc = name_deltas(v);
    }
    return rc == ZH_OK ? name_entries(v, entries) : rc;
}

zh_rc zh_verify(zh_ctx *ctx, zh_buf *lines, zh_verify_report *report, zh_verify_progress progress,
                void *user)
{
    *report = (zh_verify_report){0};
    zh_verifying v = {.ctx = *ctx,
                      .arena = zh_arena_new(VERIFY_BYTES),
                      .lines = lines,
                      .report = report,
                      .progress = progress,
                      .user = user};
    v.ctx.rows = NULL;
    v.ctx.arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_map_init(&v.shapes, v.arena);
    zh_map_init(&v.names, v.arena);
    zh_buf_init(&v.key, KEY_BYTES);
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &v.conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(v.conn, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = verify_all(&v);
        zh_read_end(v.conn);
    }
    zh_store_release(v.conn);
    zh_buf_free(&v.key);
    zh_arena_free(v.ctx.arena);
    zh_arena_free(v.arena);
    return rc;
}
