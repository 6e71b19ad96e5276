/* From what was written to the judged records that it concerns. */
#include "core/judgement/affected.h"
#include "base/vec.h"
#include "core/read/read.h"
#include "proof/record.h"
#include <string.h>

enum { KEYS_MAX = 8, PAIRS_MAX = 4 * 20000 };

#define CLOCKS_APART_US ((zh_time)86400 * 1000000) /* what writers may differ by, well above it */

/* A register whose writes are events, and how a record of it names the judged one. */
typedef struct source {
    const zh_register *reg;
    const zh_expr *keys[KEYS_MAX];
    size_t nkeys;
    const zh_field *link; /* of a child register: leads to the judged record */
    bool itself;          /* the written record is the judged one */
    bool open;            /* it names none: every judged record may be concerned */
} source;

typedef struct sources {
    zh_arena *arena;
    const zh_judgement *j;
    ZH_VEC(source) list;
    ZH_VEC(const zh_expr *) inner; /* queries inside a query: `self` is another record there */
} sources;

/* ---- what the inputs look into --------------------------------------------------------------- */

static bool is_judged(const sources *s, const zh_expr *node)
{
    return node->op == ZH_X_SELF && node->n == 0 && node->target == s->j->each;
}

static bool names_judged(const sources *s, const zh_expr *node)
{
    return node->kind == ZH_REF && node->target == s->j->each && node->op != ZH_X_SELF;
}

/* True when every record for which the condition can hold names the judged one by a key. The depth
 * is that of a compiled expression. */
static bool find_keys(const sources *s, const zh_expr *node, source *out)
{
    bool found = node->op == ZH_X_OR;
    if (node->op == ZH_X_EQ) {
        const zh_expr *other = is_judged(s, node->a[0])   ? node->a[1]
                               : is_judged(s, node->a[1]) ? node->a[0]
                                                          : NULL;
        if (other == NULL || !names_judged(s, other) || out->nkeys == KEYS_MAX) {
            return false;
        }
        out->keys[out->nkeys++] = other;
        return true;
    }
    if (node->op != ZH_X_AND && node->op != ZH_X_OR) {
        return false;
    }
    for (size_t i = 0; i < node->n; i++) {
        bool one = find_keys(s, node->a[i], out);
        found = node->op == ZH_X_OR ? found && one : found || one;
    }
    return found;
}

static bool looks_elsewhere(const zh_expr *node)
{
    return node->op == ZH_X_QUERY || node->op == ZH_X_CHILDREN || node->op == ZH_X_RANK ||
           (node->op == ZH_X_GROUP && node->reg != NULL);
}

static void note_inner(void *user, const zh_expr *node)
{
    sources *s = user;
    if (looks_elsewhere(node)) {
        zh_vec_push(s->arena, &s->inner, node);
    }
}

static bool is_inner(const sources *s, const zh_expr *node)
{
    for (size_t i = 0; i < s->inner.n; i++) {
        if (s->inner.p[i] == node) {
            return true;
        }
    }
    return false;
}

static void add_source(void *user, const zh_expr *node)
{
    sources *s = user;
    if (!looks_elsewhere(node) || node->reg == NULL) {
        return;
    }
    source one = {.reg = node->reg};
    bool inner = is_inner(s, node);
    if (!inner && (node->op == ZH_X_CHILDREN || node->op == ZH_X_GROUP)) {
        one.link = node->reg->part_of_field;
    } else if (!inner && node->op == ZH_X_QUERY && node->a[0] != NULL) {
        one.nkeys = 0;
        one.open = !find_keys(s, node->a[0], &one);
    } else {
        one.open = true;
    }
    one.open = one.open || (one.link != NULL && one.link->target != s->j->each);
    zh_vec_push(s->arena, &s->list, one);
    for (size_t i = 0; i < node->n; i++) {
        if (node->a[i] != NULL) {
            zh_expr_walk(node->a[i], note_inner, s);
        }
    }
}

static void find_sources(zh_arena *arena, sources *s, const zh_judgement *j)
{
    const source judged = {.reg = j->each, .itself = true};
    *s = (sources){.arena = arena, .j = j};
    for (size_t i = 0; i < j->ninputs; i++) {
        if (j->inputs[i].triggers) {
            zh_expr_walk(j->inputs[i].value.root, add_source, s);
        }
    }
    zh_vec_push(arena, &s->list, judged);
}

/* ---- what was written ------------------------------------------------------------------------ */

typedef struct pairs {
    int64_t *list;
    size_t n; /* numbers, two a record */
} pairs;

static int by_record(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    int office = (x[0] > y[0]) - (x[0] < y[0]);
    return office != 0 ? office : (x[1] > y[1]) - (x[1] < y[1]);
}

static void unite(pairs *p)
{
    size_t kept = 0;
    zh_sort(p->list, p->n / 2, 2 * sizeof *p->list, by_record);
    for (size_t i = 0; i < p->n; i += 2) {
        if (kept == 0 || by_record(&p->list[kept - 2], &p->list[i]) != 0) {
            memmove(&p->list[kept], &p->list[i], 2 * sizeof *p->list);
            kept += 2;
        }
    }
    p->n = kept;
}

/* False: there are too many to follow one by one. */
static bool add_pair(pairs *p, int64_t office, int64_t id)
{
    if (p->n == PAIRS_MAX) {
        unite(p);
    }
    if (p->n / 2 > ZH_AFFECTED_MAX) {
        return false;
    }
    p->list[p->n++] = office;
    p->list[p->n++] = id;
    return true;
}

static bool add_value(pairs *p, const zh_value *value)
{
    return value->kind != ZH_REF || value->i == 0 || add_pair(p, value->office, value->i);
}

/* The judged records that one version names; `before`: one that the span supersedes. */
static zh_rc take_version(zh_ctx *ctx, zh_conn *conn, const source *s, const zh_record *version,
                          bool before, int64_t as_of, pairs *p, bool *all)
{
    bool room = true;
    if (s->itself) {
        room = before || zh_str_is(version->actor, "clock") ||
               add_pair(p, version->office, version->id);
    } else if (s->link != NULL) {
        room = add_value(p, &version->values[s->link->index]);
    }
    for (size_t i = 0; i < s->nkeys && room; i++) {
        zh_value named = ZH_VALUE_NULL;
        zh_env env = zh_read_env(ctx, conn, as_of, version);
        zh_rc rc = zh_eval_node(s->keys[i], &env, &named, ctx->err);
        if (rc != ZH_OK) {
            return rc;
        }
        room = add_value(p, &named);
    }
    *all = !room;
    return ZH_OK;
}

/* What the events are looked for in: positions from .. to of the log, written at `since` or later.
 */
typedef struct span {
    int64_t from, to;
    zh_time since;
} span;

/* The records of a register of which versions stand in the span, by the log's entries. */
static zh_rc read_written(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, span in, pairs *out,
                          bool *all)
{
    zh_stmt *stmt = NULL;
    zh_sql_value binds[] = {ZH_SQL_STR(reg->id), ZH_SQL_INT(in.since), ZH_SQL_INT(in.from),
                            ZH_SQL_INT(in.to)};
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT office, entries FROM zh_outbox WHERE register = ? AND at >= "
                               "? AND pos >= ? AND pos < ?"),
                        binds, ZH_COUNTOF(binds), &stmt, ctx->err);
    while (rc == ZH_OK && !*all && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_str entries = zh_col_str(stmt, 1);
        for (; entries.n >= ZH_RECORD_ENTRY_BYTES && rc == ZH_OK && !*all;
             entries = zh_str_sub(entries, ZH_RECORD_ENTRY_BYTES, entries.n)) {
            zh_record_entry entry;
            rc = zh_record_entry_read(zh_str_sub(entries, 0, ZH_RECORD_ENTRY_BYTES), &entry,
                                      ctx->err);
            *all = rc == ZH_OK && !add_pair(out, zh_col_i64(stmt, 0), (int64_t)entry.subject);
        }
    }
    zh_finish(stmt);
    unite(out);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The versions of one record in the span, and the one that the first of them supersedes. */
static zh_rc follow_record(zh_ctx *ctx, zh_conn *conn, const sources *s, const zh_register *reg,
                           const int64_t id[2], span in, pairs *p, bool *all)
{
    zh_buf sql;
    zh_stmt *stmt = NULL;
    bool before = false;
    zh_sql_value binds[] = {ZH_SQL_INT(id[0]), ZH_SQL_INT(id[1])};
    zh_buf_init(&sql, (size_t)256 << 10);
    zh_buf_z(&sql, "SELECT o.pos, ");
    zh_row_columns(&sql, reg, "h");
    zh_buf_fmt(&sql,
               " FROM %.*s_h h JOIN zh_outbox o ON o.office = h.office AND o.batch = h.batch WHERE "
               "h.office = ? AND h.id = ? ORDER BY h.version DESC",
               ZH_FMT(reg->table));
    zh_rc rc = zh_query(conn, zh_buf_view(&sql), binds, ZH_COUNTOF(binds), &stmt, ctx->err);
    while (rc == ZH_OK && !*all && !before && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_record *version = NULL;
        if (zh_col_null(stmt, 0) || zh_col_i64(stmt, 0) >= in.to) {
            continue;
        }
        before = zh_col_i64(stmt, 0) < in.from;
        rc = zh_row_decode(ctx, reg, stmt, 1, &version);
        for (size_t i = 0; i < s->list.n && rc == ZH_OK && !*all; i++) {
            if (s->list.p[i].reg == reg) {
                rc = take_version(ctx, conn, &s->list.p[i], version, before, in.to, p, all);
            }
        }
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static bool is_open(const sources *s, const zh_register *reg)
{
    bool open = false;
    for (size_t i = 0; i < s->list.n; i++) {
        open = open || (s->list.p[i].reg == reg && s->list.p[i].open);
    }
    return open;
}

static bool done_before(const sources *s, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (s->list.p[i].reg == s->list.p[at].reg) {
            return true;
        }
    }
    return false;
}

static zh_rc follow_register(zh_ctx *ctx, zh_conn *conn, const sources *s, const zh_register *reg,
                             span in, pairs *p, bool *all)
{
    pairs written = {.list = ZH_NEW_N(ctx->arena, int64_t, PAIRS_MAX)};
    zh_rc rc = read_written(ctx, conn, reg, in, &written, all);
    *all = *all || (written.n > 0 && is_open(s, reg));
    for (size_t i = 0; i < written.n && rc == ZH_OK && !*all; i += 2) {
        zh_arena_mark mark = zh_arena_here(ctx->arena);
        rc = follow_record(ctx, conn, s, reg, &written.list[i], in, p, all);
        zh_arena_rewind(ctx->arena, mark);
    }
    return rc;
}

zh_rc zh_affected_by(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, int64_t from, int64_t to,
                     zh_time since, zh_affected *out)
{
    const span in = {from, to, since - CLOCKS_APART_US};
    sources *s = ZH_NEW(ctx->arena, sources);
    pairs p = {.list = ZH_NEW_N(ctx->arena, int64_t, PAIRS_MAX)};
    zh_rc rc = ZH_OK;
    *out = (zh_affected){.n = 0};
    find_sources(ctx->arena, s, j);
    for (size_t i = 0; i < s->list.n && rc == ZH_OK && !out->all; i++) {
        if (!done_before(s, i)) {
            rc = follow_register(ctx, conn, s, s->list.p[i].reg, in, &p, &out->all);
        }
    }
    unite(&p);
    out->pairs = p.list;
    out->n = p.n / 2;
    out->all = out->all || out->n > ZH_AFFECTED_MAX;
    return rc;
}

zh_rc zh_affected_newest(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, int64_t to,
                         zh_time *out)
{
    sources *s = ZH_NEW(ctx->arena, sources);
    zh_rc rc = ZH_OK;
    *out = 0;
    find_sources(ctx->arena, s, j);
    for (size_t i = 0; i < s->list.n && rc == ZH_OK; i++) {
        int64_t at = 0;
        zh_sql_value binds[] = {ZH_SQL_STR(s->list.p[i].reg->id), ZH_SQL_INT(to)};
        rc = zh_query_i64(
            conn,
            "SELECT at FROM zh_outbox WHERE register = ? AND pos < ? ORDER BY at DESC LIMIT 1",
            binds, ZH_COUNTOF(binds), &at, ctx->err);
        if (rc == ZH_ENOTFOUND) {
            zh_err_again(ctx->err);
            rc = ZH_OK;
        }
        *out = at > *out ? at : *out;
    }
    return rc;
}
