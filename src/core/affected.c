/* From what was written to the judged records that it concerns. */
#include "core/affected.h"
#include "base/vec.h"
#include "core/read.h"
#include <stdlib.h>
#include <string.h>

enum { SOURCES_MAX = 64, KEYS_MAX = 8, PAIRS_MAX = 4 * 20000 };

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
    const zh_judgement *j;
    source list[SOURCES_MAX];
    size_t n;
    const zh_expr *inner[SOURCES_MAX]; /* queries inside a query: `self` is another record there */
    size_t ninner;
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
    if (looks_elsewhere(node) && s->ninner < SOURCES_MAX) {
        s->inner[s->ninner++] = node;
    }
}

static bool is_inner(const sources *s, const zh_expr *node)
{
    for (size_t i = 0; i < s->ninner; i++) {
        if (s->inner[i] == node) {
            return true;
        }
    }
    return false;
}

static void add_source(void *user, const zh_expr *node)
{
    sources *s = user;
    if (!looks_elsewhere(node) || node->reg == NULL || s->n == SOURCES_MAX) {
        return;
    }
    source *one = &s->list[s->n++];
    *one = (source){.reg = node->reg};
    bool inner = is_inner(s, node);
    if (!inner && (node->op == ZH_X_CHILDREN || node->op == ZH_X_GROUP)) {
        one->link = node->reg->part_of_field;
    } else if (!inner && node->op == ZH_X_QUERY && node->a[0] != NULL) {
        one->nkeys = 0;
        one->open = !find_keys(s, node->a[0], one);
    } else {
        one->open = true;
    }
    one->open = one->open || (one->link != NULL && one->link->target != s->j->each);
    for (size_t i = 0; i < node->n; i++) {
        if (node->a[i] != NULL) {
            zh_expr_walk(node->a[i], note_inner, s);
        }
    }
}

static void find_sources(sources *s, const zh_judgement *j)
{
    *s = (sources){.j = j};
    for (size_t i = 0; i < j->ninputs; i++) {
        if (j->inputs[i].triggers) {
            zh_expr_walk(j->inputs[i].value.root, add_source, s);
        }
    }
    if (s->n < SOURCES_MAX) {
        s->list[s->n++] = (source){.reg = j->each, .itself = true};
    }
}

/* ---- what was written ------------------------------------------------------------------------ */

typedef struct pairs {
    zh_arena *arena; /* outlives the rows */
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
    qsort(p->list, p->n / 2, 2 * sizeof *p->list, by_record);
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

/* The judged records that one version names. */
static zh_rc take_version(zh_ctx *ctx, zh_conn *conn, const source *s, const zh_record *version,
                          int64_t as_of, pairs *p, bool *all)
{
    bool room = true;
    if (s->itself) {
        room = zh_str_is(version->actor, "clock") || add_pair(p, version->office, version->id);
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

/* The versions written, or those that they supersede. */
static zh_rc read_versions(zh_ctx *ctx, zh_conn *conn, const source *s, const int64_t span[2],
                           bool superseded, pairs *p, bool *all)
{
    zh_buf sql;
    zh_stmt *stmt = NULL;
    zh_sql_value binds[] = {ZH_SQL_STR(s->reg->id), ZH_SQL_INT(span[0]), ZH_SQL_INT(span[1])};
    zh_buf_init(&sql, (size_t)256 << 10);
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, s->reg, superseded ? "g" : "h");
    zh_buf_fmt(&sql, " FROM zh_outbox o JOIN %.*s_h h ON h.office = o.office AND h.batch = o.batch",
               ZH_FMT(s->reg->table));
    if (superseded) {
        zh_buf_fmt(&sql,
                   " JOIN %.*s_h g ON g.office = h.office AND g.id = h.id AND g.version = "
                   "h.version - 1",
                   ZH_FMT(s->reg->table));
    }
    zh_buf_z(&sql, " WHERE o.register = ? AND o.pos >= ? AND o.pos < ?");
    zh_rc rc = zh_query(conn, zh_buf_view(&sql), binds, ZH_COUNTOF(binds), &stmt, ctx->err);
    while (rc == ZH_OK && !*all && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_arena_mark mark = zh_arena_here(ctx->arena);
        zh_record *version = NULL;
        rc = zh_row_decode(ctx, s->reg, stmt, 0, &version);
        if (rc == ZH_OK) {
            rc = take_version(ctx, conn, s, version, span[1], p, all);
        }
        zh_arena_rewind(ctx->arena, mark);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc any_written(zh_ctx *ctx, zh_conn *conn, const source *s, const int64_t span[2],
                         bool *out)
{
    zh_sql_value binds[] = {ZH_SQL_STR(s->reg->id), ZH_SQL_INT(span[0]), ZH_SQL_INT(span[1])};
    int64_t one = 0;
    zh_rc rc = zh_query_i64(
        conn, "SELECT 1 FROM zh_outbox WHERE register = ? AND pos >= ? AND pos < ? LIMIT 1", binds,
        ZH_COUNTOF(binds), &one, ctx->err);
    *out = one != 0;
    if (rc == ZH_ENOTFOUND) {
        zh_err_clear(ctx->err);
        rc = ZH_OK;
    }
    return rc;
}

zh_rc zh_affected_by(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, int64_t from, int64_t to,
                     zh_affected *out)
{
    const int64_t span[2] = {from, to};
    sources *s = ZH_NEW(ctx->arena, sources);
    pairs p = {.arena = ctx->arena, .list = ZH_NEW_N(ctx->arena, int64_t, PAIRS_MAX)};
    zh_rc rc = ZH_OK;
    *out = (zh_affected){.n = 0};
    find_sources(s, j);
    for (size_t i = 0; i < s->n && rc == ZH_OK && !out->all; i++) {
        bool written = false;
        rc = any_written(ctx, conn, &s->list[i], span, &written);
        if (rc != ZH_OK || !written) {
            continue;
        }
        out->all = s->list[i].open;
        if (!out->all) {
            rc = read_versions(ctx, conn, &s->list[i], span, false, &p, &out->all);
        }
        if (rc == ZH_OK && !out->all && !s->list[i].itself) {
            rc = read_versions(ctx, conn, &s->list[i], span, true, &p, &out->all);
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
    find_sources(s, j);
    for (size_t i = 0; i < s->n && rc == ZH_OK; i++) {
        int64_t at = 0;
        zh_sql_value binds[] = {ZH_SQL_STR(s->list[i].reg->id), ZH_SQL_INT(to)};
        rc = zh_query_i64(
            conn,
            "SELECT at FROM zh_outbox WHERE register = ? AND pos < ? ORDER BY at DESC LIMIT 1",
            binds, ZH_COUNTOF(binds), &at, ctx->err);
        if (rc == ZH_ENOTFOUND) {
            zh_err_clear(ctx->err);
            rc = ZH_OK;
        }
        *out = at > *out ? at : *out;
    }
    return rc;
}
