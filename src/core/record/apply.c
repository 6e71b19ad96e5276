/* The one door: applying prepared writes inside a transaction.
 *
 * Writes are taken register by register and office by office; each such run becomes one row of the
 * outbox with a batch number of its own, greater than that of every version it supersedes. Tables
 * and cells are thus touched in the same order by every transaction. */
#include "base/log.h"
#include "core/read/read.h"
#include "core/record/commits.h"
#include "core/record/due.h"
#include "core/record/record.h"
#include "core/record/write_private.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_ARENA_BYTES = 1 << 30 };

static const char *const CLOCK_COLUMNS[] = {
    "office",       "register", "record", "clock",    "started_at", "due_at", "ended_at",
    "suspended_at", "breached", "passed", "extended", "spans",      "version"};
static const zh_sql_type CLOCK_TYPES[] = {
    ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_I64,  ZH_SQL_I64, ZH_SQL_I64,
    ZH_SQL_I64, ZH_SQL_I64,  ZH_SQL_I64, ZH_SQL_I64,  ZH_SQL_TEXT, ZH_SQL_I64};
static const char *const DUE_COLUMNS[] = {"office", "register", "record",  "kind",
                                          "name",   "due_at",   "fired_at"};
static const zh_sql_type DUE_TYPES[] = {ZH_SQL_I64,  ZH_SQL_TEXT, ZH_SQL_I64, ZH_SQL_TEXT,
                                        ZH_SQL_TEXT, ZH_SQL_I64,  ZH_SQL_I64};
static const char *const USE_COLUMNS[] = {"office", "digest", "register", "record"};
static const zh_sql_type USE_TYPES[] = {ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_TEXT, ZH_SQL_I64};

static const char *const NOTICE_COLUMNS[] = {"office",   "id",    "record", "version", "at",
                                             "register", "cause", "name",   "actor"};
static const zh_sql_type NOTICE_TYPES[] = {ZH_SQL_I64,  ZH_SQL_I64,  ZH_SQL_I64,
                                           ZH_SQL_I64,  ZH_SQL_I64,  ZH_SQL_TEXT,
                                           ZH_SQL_TEXT, ZH_SQL_TEXT, ZH_SQL_TEXT};

/* The bulk loads of one register. */
typedef struct loader {
    zh_ctx *ctx;
    zh_conn *conn;
    zh_arena *arena; /* of this call */
    const zh_plan *plan;
    zh_bulk *rows, *history, *grams, *clocks, *clocks_h, *dues, *uses, *notices;
    zh_bulk **children, **children_h;
    zh_err found;
} loader;

static zh_rc open_bulk(loader *l, zh_bulk **bulk, zh_bulk_mode mode, const zh_table_plan *t,
                       size_t nkeys)
{
    return *bulk != NULL ? ZH_OK
                         : zh_bulk_begin(l->conn, mode, t->name, t->columns, t->types, t->n, nkeys,
                                         bulk, &l->found);
}

static zh_rc put(loader *l, zh_bulk **bulk, zh_bulk_mode mode, const zh_table_plan *t, size_t nkeys,
                 const zh_sql_value *values)
{
    zh_rc rc = open_bulk(l, bulk, mode, t, nkeys);
    return rc == ZH_OK ? zh_bulk_row(*bulk, values, &l->found) : rc;
}

static void end_one(loader *l, zh_bulk **bulk, zh_rc *rc)
{
    if (*bulk != NULL) {
        zh_rc ended = zh_bulk_end(*bulk, &l->found);
        *rc = *rc == ZH_OK ? ended : *rc;
        *bulk = NULL;
    }
}

static zh_rc end_bulks(loader *l, zh_rc rc)
{
    end_one(l, &l->rows, &rc);
    end_one(l, &l->history, &rc);
    end_one(l, &l->grams, &rc);
    end_one(l, &l->clocks, &rc);
    end_one(l, &l->clocks_h, &rc);
    end_one(l, &l->dues, &rc);
    end_one(l, &l->uses, &rc);
    end_one(l, &l->notices, &rc);
    for (size_t i = 0; l->plan != NULL && i < l->plan->nchildren; i++) {
        end_one(l, &l->children[i], &rc);
        end_one(l, &l->children_h[i], &rc);
    }
    return rc;
}

static void begin_register(loader *l, const zh_plan *plan)
{
    l->plan = plan;
    l->children = ZH_NEW_N(l->arena, zh_bulk *, plan->nchildren + 1);
    l->children_h = ZH_NEW_N(l->arena, zh_bulk *, plan->nchildren + 1);
}

/* ---- one record ----------------------------------------------------------------------------- */

static zh_rc stale(loader *l, const zh_prepared *p)
{
    zh_err_set(&l->found, ZH_ECONFLICT, "record.stale",
               "记录 %" PRId64 " 刚刚被别人改过(不再是第 %" PRId32 " 版)", p->record->id,
               p->old->version);
    zh_err_fix(&l->found, "请重新打开记录，核对后再提交");
    return ZH_ECONFLICT;
}

static zh_rc update_current(loader *l, const zh_prepared *p)
{
    const zh_plan *plan = l->plan;
    zh_sql_value *values = ZH_NEW_N(l->arena, zh_sql_value, plan->current.n + 3);
    size_t n = 0;
    for (size_t i = ZH_COL_VERSION; i < plan->current.n; i++) {
        if (i != ZH_COL_CREATED) {
            values[n++] = p->row[i];
        }
    }
    values[n++] = p->row[ZH_COL_OFFICE];
    values[n++] = p->row[ZH_COL_ID];
    values[n++] = ZH_SQL_INT(p->old->version);
    int64_t changed = 0;
    zh_rc rc = zh_run(l->conn, plan->update_sql, values, n, &changed, &l->found);
    return rc == ZH_OK && changed != 1 ? stale(l, p) : rc;
}

static zh_rc put_children(loader *l, const zh_prepared *p)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < l->plan->nchildren && rc == ZH_OK; i++) {
        const zh_child_plan *child = &l->plan->children[i];
        const zh_child_rows *rows = &p->children[i];
        if (p->old != NULL && rows->changed) {
            zh_sql_value key[] = {p->row[ZH_COL_OFFICE], p->row[ZH_COL_ID]};
            rc = zh_run(l->conn, child->delete_sql, key, 2, NULL, &l->found);
        }
        for (size_t k = 0; k < rows->n && rc == ZH_OK; k++) {
            const zh_sql_value *values = rows->values + k * child->history.n;
            if (rows->changed) {
                rc = put(l, &l->children[i], ZH_BULK_INSERT, &child->current, 3, values);
            }
            if (rc == ZH_OK) {
                rc = put(l, &l->children_h[i], ZH_BULK_INSERT, &child->history, 4, values);
            }
        }
    }
    return rc;
}

static zh_rc drop_grams(loader *l, const zh_prepared *p)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < p->ngrams_out && rc == ZH_OK; i++) {
        zh_sql_value row[3] = {p->row[ZH_COL_OFFICE], ZH_SQL_STR(p->grams_out[i]),
                               p->row[ZH_COL_ID]};
        rc = zh_run(l->conn, l->plan->gram_delete_sql, row, 3, NULL, &l->found);
    }
    return rc;
}

typedef struct gram {
    zh_str text;
    uint64_t order; /* its bytes, most significant first: two characters are at most eight */
    int64_t id;
} gram;

static uint64_t order_of(zh_str text)
{
    uint64_t order = 0;
    for (size_t i = 0; i < sizeof order; i++) {
        order = order << 8 | (i < text.n ? (unsigned char)text.p[i] : 0);
    }
    return order;
}

static int gram_order(const void *a, const void *b)
{
    const gram *x = a;
    const gram *y = b;
    return x->order != y->order ? (x->order > y->order) - (x->order < y->order)
                                : (x->id > y->id) - (x->id < y->id);
}

/* Those of a whole run in the order of their table: neighbours fall on the same page. */
static zh_rc put_grams(loader *l, zh_prepared *const *run, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += run[i]->ngrams_in;
    }
    gram *grams = total > 0 ? ZH_TRY_N(l->arena, gram, total) : NULL;
    if (grams == NULL) {
        return total == 0 ? ZH_OK
                          : zh_err_set(&l->found, ZH_ENOMEM, "record.memory",
                                       "一批写入的检索词放不进内存");
    }
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t g = 0; g < run[i]->ngrams_in; g++) {
            zh_str text = run[i]->grams_in[g];
            grams[k++] = (gram){text, order_of(text), run[i]->record->id};
        }
    }
    if (n > 1) {
        zh_sort(grams, total, sizeof *grams, gram_order);
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < total && rc == ZH_OK; i++) {
        zh_sql_value row[3] = {ZH_SQL_INT(run[0]->record->office), ZH_SQL_STR(grams[i].text),
                               ZH_SQL_INT(grams[i].id)};
        rc = put(l, &l->grams, ZH_BULK_INSERT, &l->plan->grams, 3, row);
    }
    return rc;
}

static zh_sql_value time_or_null(bool has, zh_time t)
{
    return has ? ZH_SQL_INT(t) : ZH_SQL_NONE;
}

static zh_rc put_clocks(loader *l, const zh_prepared *p)
{
    const zh_register *reg = l->plan->reg;
    static const zh_table_plan now = {"zh_clock", CLOCK_COLUMNS, CLOCK_TYPES,
                                      ZH_COUNTOF(CLOCK_COLUMNS) - 1};
    static const zh_table_plan history = {"zh_clock_h", CLOCK_COLUMNS, CLOCK_TYPES,
                                          ZH_COUNTOF(CLOCK_COLUMNS)};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < reg->nclocks && rc == ZH_OK; i++) {
        const zh_clock_state *s = &p->clocks[i];
        if (zh_clock_same(s, &p->clocks_before[i])) {
            continue;
        }
        zh_sql_value row[] = {
            p->row[ZH_COL_OFFICE],
            ZH_SQL_STR(reg->id),
            p->row[ZH_COL_ID],
            ZH_SQL_STR(reg->clocks[i].id),
            ZH_SQL_INT(s->started_at),
            time_or_null(s->has_due, s->due_at),
            time_or_null(s->ended, s->ended_at),
            time_or_null(s->suspended, s->suspended_at),
            ZH_SQL_INT(s->breached),
            ZH_SQL_INT(s->passed),
            ZH_SQL_INT(s->extended),
            s->nspans > 0 ? ZH_SQL_STR(zh_clock_spans_text(l->arena, s)) : ZH_SQL_NONE,
            p->row[ZH_COL_VERSION],
        };
        rc = put(l, &l->clocks, ZH_BULK_REPLACE, &now, 4, row);
        if (rc == ZH_OK) {
            rc = put(l, &l->clocks_h, ZH_BULK_INSERT, &history, 4, row);
        }
    }
    return rc;
}

static zh_rc put_dues(loader *l, const zh_prepared *p)
{
    const zh_register *reg = l->plan->reg;
    static const zh_table_plan dues = {"zh_due", DUE_COLUMNS, DUE_TYPES, ZH_COUNTOF(DUE_COLUMNS)};
    zh_rc rc = ZH_OK;
    if (p->old != NULL && (reg->nclocks > 0 || reg->ndues > 0)) {
        zh_sql_value key[] = {p->row[ZH_COL_OFFICE], ZH_SQL_STR(reg->id), p->row[ZH_COL_ID]};
        rc = zh_run(l->conn, "DELETE FROM zh_due WHERE office = ? AND register = ? AND record = ?",
                    key, 3, NULL, &l->found);
    }
    for (size_t i = 0; i < p->ndues && rc == ZH_OK; i++) {
        zh_sql_value row[] = {
            p->row[ZH_COL_OFFICE],
            ZH_SQL_STR(reg->id),
            p->row[ZH_COL_ID],
            ZH_SQL_STR(zh_str_of(p->dues[i].kind)),
            ZH_SQL_STR(p->dues[i].name),
            time_or_null(!p->dues[i].fired, p->dues[i].at),
            time_or_null(p->dues[i].fired, p->dues[i].at),
        };
        rc = put(l, &l->dues, ZH_BULK_INSERT, &dues, 5, row);
    }
    return rc;
}

static zh_rc put_uses(loader *l, const zh_prepared *p)
{
    static const zh_table_plan uses = {"zh_file_use", USE_COLUMNS, USE_TYPES,
                                       ZH_COUNTOF(USE_COLUMNS)};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < p->nfiles && rc == ZH_OK; i++) {
        bool twice = false;
        for (size_t k = 0; k < i && !twice; k++) {
            twice = zh_str_eq(p->files[k], p->files[i]);
        }
        zh_sql_value row[] = {p->row[ZH_COL_OFFICE], ZH_SQL_STR(p->files[i]),
                              ZH_SQL_STR(l->plan->reg->id), p->row[ZH_COL_ID]};
        if (!twice) {
            rc = put(l, &l->uses, ZH_BULK_IGNORE, &uses, 4, row);
        }
    }
    return rc;
}

static zh_rc put_notice(loader *l, const zh_prepared *p, const zh_notice_of *told)
{
    static const zh_table_plan notices = {"zh_notice", NOTICE_COLUMNS, NOTICE_TYPES,
                                          ZH_COUNTOF(NOTICE_COLUMNS)};
    if (told->cause == NULL) {
        return ZH_OK;
    }
    zh_sql_value row[] = {
        p->row[ZH_COL_OFFICE],
        ZH_SQL_INT(zh_core_id(l->ctx->core, 0)),
        p->row[ZH_COL_ID],
        p->row[ZH_COL_VERSION],
        p->row[ZH_COL_RECORDED],
        ZH_SQL_STR(l->plan->reg->id),
        ZH_SQL_STR(zh_str_of(told->cause)),
        ZH_SQL_STR(told->name),
        p->row[ZH_COL_ACTOR],
    };
    return put(l, &l->notices, ZH_BULK_INSERT, &notices, 2, row);
}

/* The current row of a withdrawn record and what hangs on it; its versions stay. Child rows, grams
 * and dues go the way of every version that has none. */
static zh_rc remove_current(loader *l, const zh_prepared *p)
{
    zh_sql_value key[] = {p->row[ZH_COL_OFFICE], p->row[ZH_COL_ID], ZH_SQL_INT(p->old->version)};
    zh_sql_value clocks[] = {p->row[ZH_COL_OFFICE], ZH_SQL_STR(l->plan->reg->id),
                             p->row[ZH_COL_ID]};
    int64_t changed = 0;
    zh_rc rc = zh_run(l->conn, l->plan->remove_sql, key, 3, &changed, &l->found);
    if (rc == ZH_OK && changed != 1) {
        return stale(l, p);
    }
    if (rc == ZH_OK && l->plan->reg->nclocks > 0) {
        rc =
            zh_run(l->conn, "DELETE FROM zh_clock WHERE office = ? AND register = ? AND record = ?",
                   clocks, 3, NULL, &l->found);
    }
    zh_ref_forget(l->ctx->core, l->plan->reg, p->record->office, p->record->id);
    return rc;
}

static zh_rc put_current(loader *l, const zh_prepared *p)
{
    if (p->kind == ZH_OP_WITHDRAW) {
        return remove_current(l, p);
    }
    return p->old == NULL ? put(l, &l->rows, ZH_BULK_INSERT, &l->plan->current, 2, p->row)
                          : update_current(l, p);
}

static zh_rc apply_one(loader *l, const zh_prepared *p, int64_t batch, int64_t ord)
{
    zh_sql_value *extra = &p->row[l->plan->current.n];
    extra[ZH_HIST_BATCH] = ZH_SQL_INT(batch);
    extra[ZH_HIST_ORD] = ZH_SQL_INT(ord);
    zh_rc rc = put_current(l, p);
    if (rc == ZH_OK && p->erasure != NULL) {
        rc = zh_erase_apply(l->conn, p, &l->found);
    }
    if (rc == ZH_OK) {
        rc = put(l, &l->history, ZH_BULK_INSERT, &l->plan->history, 3, p->row);
    }
    if (rc == ZH_OK) {
        rc = put_children(l, p);
    }
    if (rc == ZH_OK) {
        rc = drop_grams(l, p);
    }
    if (rc == ZH_OK) {
        rc = put_clocks(l, p);
    }
    if (rc == ZH_OK) {
        rc = put_dues(l, p);
    }
    if (rc == ZH_OK) {
        rc = put_notice(l, p, &p->notice);
    }
    if (rc == ZH_OK) {
        rc = put_notice(l, p, &p->ballot);
    }
    return rc == ZH_OK ? put_uses(l, p) : rc;
}

/* ---- a run: one register, one office -------------------------------------------------------- */

/* entries: of both logs; the second empty when it is not kept. */
static zh_rc put_outbox(loader *l, int64_t office, int64_t batch, size_t n, const zh_buf entries[2],
                        const zh_deltas *deltas)
{
    zh_buf encoded;
    zh_buf_init(&encoded, ZH_STORE_VALUE_BYTES_MAX);
    zh_deltas_encode(deltas, l->plan->reg, &encoded);
    zh_rc rc = ZH_OK;
    if (encoded.failed || entries[0].failed || entries[1].failed) {
        rc = zh_err_set(&l->found, ZH_ENOMEM, "record.memory", "一批写入的凭证放不进内存");
    } else {
        zh_sql_value row[] = {
            ZH_SQL_INT(office),
            ZH_SQL_INT(batch),
            ZH_SQL_STR(l->plan->reg->id),
            ZH_SQL_INT((int64_t)n),
            ZH_SQL_INT(zh_now()),
            ZH_SQL_BYTES(zh_buf_view(&entries[0])),
            ZH_SQL_BYTES(zh_buf_view(&encoded)),
            entries[1].n > 0 ? ZH_SQL_BYTES(zh_buf_view(&entries[1])) : ZH_SQL_NONE,
            l->ctx->job != 0 ? ZH_SQL_INT(l->ctx->job) : ZH_SQL_NONE,
        };
        rc = zh_run(l->conn,
                    "INSERT INTO zh_outbox (office, batch, register, n, at, entries, deltas, "
                    "entries_gm, job) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row, ZH_COUNTOF(row), NULL, &l->found);
        atomic_store_explicit(&l->ctx->core->placing, true, memory_order_relaxed);
    }
    zh_buf_free(&encoded);
    return rc;
}

static zh_rc apply_run(loader *l, zh_prepared *const *run, size_t n, size_t *culprit)
{
    int64_t office = run[0]->record->office;
    int64_t after = 0;
    zh_deltas *deltas = zh_deltas_new(l->arena);
    zh_buf entries[2];
    bool gm = true;
    zh_buf_init(&entries[0], (size_t)ZH_APPLY_MAX * ZH_RECORD_ENTRY_BYTES);
    zh_buf_init(&entries[1], (size_t)ZH_APPLY_MAX * ZH_RECORD_ENTRY_BYTES);
    for (size_t i = 0; i < n; i++) {
        gm = gm && run[i]->has_gm; /* one prepared before it was switched on: filled in later */
    }
    for (size_t i = 0; i < n; i++) {
        after = run[i]->old_batch > after ? run[i]->old_batch : after;
        zh_deltas_merge(deltas, run[i]->deltas);
        zh_buf_add(&entries[0], run[i]->entry, sizeof run[i]->entry);
        if (gm) {
            zh_buf_add(&entries[1], run[i]->entry_gm, sizeof run[i]->entry_gm);
        }
    }
    int64_t batch = zh_core_id(l->ctx->core, after);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = apply_one(l, run[i], batch, (int64_t)i);
        if (rc != ZH_OK) {
            *culprit = i;
        }
    }
    if (rc == ZH_OK) {
        rc = put_grams(l, run, n);
    }
    if (rc == ZH_OK) {
        zh_ctx ctx = *l->ctx;
        ctx.arena = l->arena;
        ctx.err = &l->found;
        rc = zh_deltas_apply(&ctx, l->conn, office, deltas);
    }
    if (rc == ZH_OK) {
        rc = put_outbox(l, office, batch, n, entries, deltas);
    }
    zh_buf_free(&entries[0]);
    zh_buf_free(&entries[1]);
    return rc;
}

/* ---- a batch -------------------------------------------------------------------------------- */

typedef struct item {
    zh_prepared *p;
    size_t index; /* of the write it belongs to */
    size_t order;
} item;

static int item_order(const void *a, const void *b)
{
    const item *x = a;
    const item *y = b;
    if (x->p->plan != y->p->plan) {
        return x->p->plan < y->p->plan ? -1 : 1;
    }
    int64_t one = x->p->record->office;
    int64_t two = y->p->record->office;
    if (one != two) {
        return one < two ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static zh_rc apply_sorted(loader *l, const item *items, zh_prepared *const *sorted, size_t n,
                          size_t *culprit)
{
    zh_rc rc = ZH_OK;
    for (size_t from = 0; from < n && rc == ZH_OK;) {
        size_t to = from + 1;
        while (to < n && sorted[to]->plan == sorted[from]->plan &&
               sorted[to]->record->office == sorted[from]->record->office) {
            to++;
        }
        if (l->plan != sorted[from]->plan) {
            rc = end_bulks(l, rc);
            begin_register(l, sorted[from]->plan);
        }
        size_t within = SIZE_MAX;
        if (rc == ZH_OK) {
            rc = apply_run(l, sorted + from, to - from, &within);
        }
        if (rc != ZH_OK && within != SIZE_MAX) {
            *culprit = items[from + within].index;
        }
        from = to;
    }
    return end_bulks(l, rc);
}

/* What a person can do about a unique key that is taken; other errors go up as they are. */
static void explain(zh_ctx *ctx, const loader *l, zh_rc rc)
{
    if (ctx->err == NULL || ctx->err->rc != ZH_OK) {
        return;
    }
    if (rc == ZH_ECONFLICT && strcmp(l->found.rule, "record.stale") != 0 && l->plan != NULL) {
        zh_err_set(ctx->err, rc, "record.duplicate", "“%.*s”里已有同样业务键的记录",
                   ZH_FMT(zh_label_for(ctx->err, l->plan->reg->label)));
        zh_err_fix(ctx->err, "请查找已有的记录，确需更正时在原记录上更正");
        return;
    }
    *ctx->err = l->found;
}

/* PostgreSQL refuses a flush of many rows: says which write it was, and why. */
static void find_conflict(loader *l, const item *items, zh_prepared *const *sorted, size_t n,
                          size_t *culprit)
{
    zh_ctx ctx = *l->ctx;
    size_t at = 0;
    bool is_stale = false;
    ctx.arena = l->arena;
    if (zh_conflict_find(&ctx, sorted, n, &at, &is_stale) == ZH_OK) {
        *culprit = items[at].index;
        l->plan = sorted[at]->plan;
        zh_err_again(&l->found);
        if (is_stale) {
            (void)stale(l, sorted[at]);
        }
    }
}

zh_rc zh_record_apply_batch(zh_ctx *ctx, zh_conn *conn, zh_prepared *const *prepared, size_t n,
                            size_t *culprit)
{
    size_t ignored = SIZE_MAX;
    size_t *at = culprit != NULL ? culprit : &ignored;
    *at = SIZE_MAX;
    if (n > ZH_APPLY_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "record.batch", "一批至多写入 %d 条", ZH_APPLY_MAX);
    }
    zh_arena *arena = zh_arena_new(BATCH_ARENA_BYTES);
    loader l = {.ctx = ctx, .conn = conn, .arena = arena, .found = zh_err_beside(ctx->err)};
    size_t given = n;
    for (size_t i = 0; i < given; i++) {
        n += prepared[i]->nmore;
    }
    item *items = ZH_NEW_N(arena, item, n + 1);
    zh_prepared **sorted = ZH_NEW_N(arena, zh_prepared *, n + 1);
    n = 0;
    for (size_t i = 0; i < given; i++) {
        items[n] = (item){prepared[i], i, n};
        n++;
        for (size_t k = 0; k < prepared[i]->nmore; k++) {
            items[n] = (item){prepared[i]->more[k], i, n};
            n++;
        }
    }
    if (n > 1) {
        zh_sort(items, n, sizeof *items, item_order);
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = items[i].p;
    }
    zh_rc rc = apply_sorted(&l, items, sorted, n, at);
    if (rc == ZH_ECONFLICT && zh_conn_dialect(conn) == ZH_POSTGRES) {
        find_conflict(&l, items, sorted, n, at);
    }
    if (rc != ZH_OK) {
        explain(ctx, &l, rc);
    }
    zh_arena_free(arena);
    return rc;
}

/* ---- one write ------------------------------------------------------------------------------ */

/* The automatic transition that is open to the record now, or NULL. */
static zh_rc find_automatic(zh_ctx *ctx, zh_conn *conn, const zh_record *record,
                            const zh_transition **out)
{
    const zh_register *reg = record->reg;
    *out = NULL;
    for (size_t i = 0; i < reg->ntransitions && *out == NULL; i++) {
        const zh_transition *t = &reg->transitions[i];
        bool open = t->kind == ZH_TR_AUTO && t->has_when && zh_leaves_from(t, record->state);
        if (open) {
            zh_env env = zh_read_env(ctx, conn, ZH_AS_OF_NOW, record);
            zh_rc rc = zh_eval_true(&t->when, &env, &open, ctx->err);
            if (rc == ZH_OK && open && t->has_guard) {
                zh_env again = zh_read_env(ctx, conn, ZH_AS_OF_NOW, record);
                rc = zh_eval_true(&t->guard, &again, &open, ctx->err);
            }
            if (rc != ZH_OK) {
                return rc;
            }
        }
        *out = open ? t : NULL;
    }
    return ZH_OK;
}

static bool has_automatic(const zh_register *reg)
{
    for (size_t i = 0; i < reg->ntransitions; i++) {
        if (reg->transitions[i].kind == ZH_TR_AUTO && reg->transitions[i].has_when) {
            return true;
        }
    }
    return false;
}

static zh_rc follow_automatic(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_applied *out)
{
    zh_ctx system = *ctx;
    system.actor = system.role = ZH_STR("system");
    system.rows = NULL;
    system.post = NULL;
    zh_rc rc = has_automatic(record->reg) ? ZH_OK : ZH_ENOTFOUND;
    for (size_t i = 0; rc == ZH_OK; i++) {
        const zh_transition *t = NULL;
        rc = find_automatic(&system, conn, record, &t);
        if (rc != ZH_OK || t == NULL) {
            return rc;
        }
        if (i == ZH_AUTOMATIC_MAX) {
            return zh_err_set(ctx->err, ZH_ELIMIT, "record.automatic",
                              "“%.*s”的自动流转连续超过 %d 步",
                              ZH_FMT(zh_label_for(ctx->err, record->reg->label)), ZH_AUTOMATIC_MAX);
        }
        zh_op op = {.kind = ZH_OP_TRANSITION,
                    .reg = record->reg,
                    .office = record->office,
                    .id = record->id,
                    .transition = t,
                    .at = record->recorded_at};
        zh_findings findings = {0};
        zh_prepared *prepared = NULL;
        zh_write_mode mode = {.inside = true};
        rc = zh_write_prepare(&system, conn, &op, mode, &findings, &prepared);
        if (rc == ZH_OK) {
            rc = zh_record_apply_batch(&system, conn, &prepared, 1, NULL);
        }
        if (rc == ZH_OK) {
            record = prepared->record;
            out->version = record->version;
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_write_follow(zh_ctx *ctx, zh_conn *conn, const zh_prepared *prepared, zh_applied *out)
{
    zh_applied other;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < prepared->nmore && rc == ZH_OK; i++) {
        rc = follow_automatic(ctx, conn, prepared->more[i]->record, &other);
    }
    return rc == ZH_OK ? follow_automatic(ctx, conn, prepared->record, out) : rc;
}

zh_place zh_write_place(const zh_prepared *p, const zh_applied *at)
{
    const zh_sql_value *extra = &p->row[p->plan->current.n];
    return at->version != p->record->version
               ? (zh_place){0, 0}
               : (zh_place){extra[ZH_HIST_BATCH].i64, extra[ZH_HIST_ORD].i64};
}

zh_rc zh_write_once(zh_ctx *ctx, const zh_op *op, zh_write_mode mode, zh_findings *findings,
                    zh_applied *out, zh_place *place)
{
    zh_err tried = zh_err_beside(ctx->err);
    zh_ctx attempt = *ctx;
    attempt.err = &tried;
    zh_rc rc = ZH_ECONFLICT;
    for (unsigned try = 0; rc == ZH_ECONFLICT && try < ZH_TRIES_MAX; try++) {
        zh_prepared *prepared = NULL;
        zh_err_again(&tried);
        *findings = (zh_findings){0};
        rc = zh_write_prepare(&attempt, NULL, op, mode, findings, &prepared);
        if (rc == ZH_OK) {
            rc = zh_commits_write(&attempt, prepared, out, &tried);
            if (rc == ZH_OK && place != NULL) {
                *place = zh_write_place(prepared, out);
            }
        }
        /* whoever names a version, or makes a record, is told; others write on the newer version */
        if (op->version_expected != 0 || op->kind == ZH_OP_CREATE) {
            break;
        }
    }
    if (rc != ZH_OK && ctx->err != NULL && ctx->err->rc == ZH_OK) {
        *ctx->err = tried;
    }
    return rc;
}

zh_rc zh_record_apply(zh_ctx *ctx, const zh_op *op, zh_findings *findings, zh_applied *out)
{
    return zh_record_apply_placed(ctx, op, findings, out, NULL);
}

zh_rc zh_record_apply_placed(zh_ctx *ctx, const zh_op *op, zh_findings *findings, zh_applied *out,
                             zh_place *place)
{
    const zh_register *reg = op->reg;
    zh_rc rc = ZH_OK;
    if (op->id != 0 && op->at == 0 && (reg->nclocks > 0 || reg->ndues > 0)) {
        rc = zh_due_catch_up(ctx, reg, op->office, op->id, zh_now());
    }
    if (rc == ZH_OK) {
        rc = zh_write_once(ctx, op, (zh_write_mode){0}, findings, out, place);
    }
    if (rc == ZH_OK && op->kind == ZH_OP_ERASE) {
        zh_file_sweep(ctx->core);
    }
    return rc;
}
