/* Streaming over every matching record in (office, id) order, in bounded memory.
 *
 * Records are read a chunk of one office at a time; the chunk's child rows come from one statement
 * a table that walks in the same order. What SQL cannot say is evaluated in the program. */
#include "core/read/filter.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include <string.h>

enum { CHUNK = 64 };

typedef struct child {
    const zh_field *table;
    zh_str sql;
    zh_stmt *stmt;
    bool pending; /* the statement stands on a row not yet taken */
} child;

typedef struct scanner {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_list_query *q;
    bool history;
    zh_stmt *stmt;
    bool pending, ended;
    zh_record *records[CHUNK];
    size_t n;
    child *children; /* none: child rows are not wanted */
    size_t nchildren;
    bool filter_here; /* where is evaluated in the program */
    zh_value judged_at;
    zh_str words[ZH_SEARCH_WORDS_MAX];
    size_t nwords;
} scanner;

static zh_rc where_add(scanner *s, zh_buf *sql, zh_binds *binds)
{
    const zh_program *where = s->q->where;
    zh_dialect dialect = zh_conn_dialect(s->conn);
    zh_env env = {.arena = s->ctx->arena, .parameters = &s->judged_at};
    if (where == NULL || s->q->judged_at == 0) {
        return zh_where_add(s->ctx, dialect, sql, binds, s->q->reg, where, "a", s->history);
    }
    zh_buf_z(sql, " AND (");
    zh_rc rc = zh_filter_sql_env(&env, where->root, s->q->reg, "a", dialect, s->history, sql, binds,
                                 s->ctx->err);
    zh_buf_c(sql, ')');
    return rc;
}

static zh_rc open_rows(scanner *s)
{
    const zh_register *reg = s->q->reg;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "a");
    zh_buf_z(&sql, " FROM ");
    zh_from(s->ctx->arena, &sql, &binds, reg, s->q->as_of, "a");
    zh_buf_z(&sql, " WHERE 1 = 1");
    zh_dialect dialect = zh_conn_dialect(s->conn);
    zh_rc rc = zh_scope_add(s->ctx, dialect, &sql, &binds, reg, "a", s->history);
    if (rc == ZH_OK && !s->filter_here) {
        rc = where_add(s, &sql, &binds);
    }
    zh_buf_z(&sql, " ORDER BY a.office, a.id");
    if (rc == ZH_OK) {
        rc = zh_query(s->conn, zh_buf_view(&sql), binds.p, binds.n, &s->stmt, s->ctx->err);
    }
    zh_buf_free(&sql);
    return rc;
}

/* The statements of child rows: office, and the ids of a chunk. */
static void plan_children(scanner *s)
{
    const zh_register *reg = s->q->reg;
    s->children = ZH_NEW_N(s->ctx->arena, child, reg->nfields);
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *table = &reg->fields[i];
        if (table->type != ZH_TYPE_TABLE) {
            continue;
        }
        zh_buf sql;
        zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
        zh_buf_fmt(&sql, "SELECT c.parent, %s, ", s->history ? "c.version" : "0");
        zh_child_columns(&sql, table, "c");
        zh_buf_fmt(&sql, " FROM %.*s__%.*s%s c WHERE c.office = ? AND c.parent IN (?",
                   ZH_FMT(reg->table), ZH_FMT(table->column), s->history ? "_h" : "");
        for (size_t k = 1; k < CHUNK; k++) {
            zh_buf_z(&sql, ",?");
        }
        zh_buf_fmt(&sql, ") ORDER BY c.parent, %sc.ord", s->history ? "c.version, " : "");
        s->children[s->nchildren++] =
            (child){.table = table, .sql = zh_str_dup(s->ctx->arena, zh_buf_view(&sql))};
        zh_buf_free(&sql);
    }
}

static zh_rc open_children(scanner *s)
{
    zh_sql_value binds[CHUNK + 1] = {ZH_SQL_INT(s->records[0]->office)};
    for (size_t i = 0; i < CHUNK; i++) {
        binds[i + 1] = ZH_SQL_INT(s->records[i < s->n ? i : s->n - 1]->id);
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < s->nchildren && rc == ZH_OK; i++) {
        child *c = &s->children[i];
        c->pending = false;
        rc = zh_query(s->conn, c->sql, binds, CHUNK + 1, &c->stmt, s->ctx->err);
    }
    return rc;
}

static void close_children(scanner *s)
{
    for (size_t i = 0; i < s->nchildren; i++) {
        zh_finish(s->children[i].stmt);
        s->children[i].stmt = NULL;
    }
}

/* Takes this record's rows from a statement that walks in the same order. */
static zh_rc take_children(scanner *s, child *c, zh_record *r)
{
    zh_rows *rows = &r->tables[c->table->index];
    *rows = (zh_rows){.table = c->table};
    zh_value *values = ZH_NEW_N(s->ctx->arena, zh_value, c->table->ncolumns + 1);
    int64_t version = s->history ? r->version : 0;
    size_t capacity = 0;
    while (c->stmt != NULL) {
        zh_rc rc = c->pending ? ZH_OK : zh_step(c->stmt, s->ctx->err);
        if (rc == ZH_ENOTFOUND) {
            zh_finish(c->stmt);
            c->stmt = NULL;
            return ZH_OK;
        }
        if (rc != ZH_OK) {
            return rc;
        }
        int64_t parent = zh_col_i64(c->stmt, 0);
        int64_t of = zh_col_i64(c->stmt, 1);
        c->pending = parent > r->id || (parent == r->id && of > version);
        if (c->pending) {
            return ZH_OK;
        }
        if (parent == r->id && of == version) {
            rc = zh_rows_read(s->ctx, rows, &capacity, c->stmt, 2, values);
            if (rc != ZH_OK) {
                return rc;
            }
        }
    }
    return ZH_OK;
}

/* The next records of one office; few when they are large. */
static zh_rc read_chunk(scanner *s)
{
    const zh_arena *arena = s->ctx->arena;
    s->n = 0;
    while (s->n == 0 || (s->n < CHUNK && zh_arena_used(arena) < zh_arena_left(arena))) {
        zh_rc rc = s->pending ? ZH_OK : zh_step(s->stmt, s->ctx->err);
        if (rc == ZH_ENOTFOUND) {
            s->ended = true;
            return ZH_OK;
        }
        if (rc != ZH_OK) {
            return rc;
        }
        s->pending = s->n > 0 && zh_col_i64(s->stmt, 0) != s->records[0]->office;
        if (s->pending) {
            return ZH_OK;
        }
        rc = zh_row_decode(s->ctx, s->q->reg, s->stmt, 0, &s->records[s->n]);
        if (rc != ZH_OK) {
            return rc;
        }
        s->n++;
    }
    return ZH_OK;
}

static zh_rc keep(scanner *s, zh_record *r, bool *out)
{
    *out = true;
    if (s->filter_here) {
        zh_env env = zh_read_env(s->ctx, s->conn, s->q->as_of, r);
        env.judged_at = s->q->judged_at;
        env.parameters = s->q->judged_at != 0 ? &s->judged_at : NULL;
        zh_rc rc = zh_eval_true(s->q->where, &env, out, s->ctx->err);
        if (rc != ZH_OK || !*out) {
            return rc;
        }
    }
    *out = s->nwords == 0 || zh_record_has_words(s->ctx->arena, r, s->words, s->nwords);
    return ZH_OK;
}

static zh_rc visit(scanner *s, zh_record *r, zh_each_record each, void *user)
{
    bool wanted = true;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < s->nchildren && rc == ZH_OK; i++) {
        rc = take_children(s, &s->children[i], r);
    }
    if (rc == ZH_OK) {
        zh_mask_record(s->ctx, r);
        rc = keep(s, r, &wanted);
    }
    return rc == ZH_OK && wanted ? each(user, s->ctx, r) : rc;
}

static zh_rc rows(scanner *s, zh_each_record each, void *user)
{
    if (s->q->with_tables || s->filter_here || s->nwords) {
        plan_children(s);
    }
    zh_arena_mark mark = zh_arena_here(s->ctx->arena);
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && !s->ended) {
        rc = read_chunk(s);
        if (rc == ZH_OK && s->n > 0) {
            rc = open_children(s);
        }
        zh_arena_mark read = zh_arena_here(s->ctx->arena);
        for (size_t i = 0; i < s->n && rc == ZH_OK; i++) {
            rc = visit(s, s->records[i], each, user);
            zh_arena_rewind(s->ctx->arena, read);
        }
        close_children(s);
        zh_arena_rewind(s->ctx->arena, mark);
    }
    return rc;
}

zh_rc zh_scan(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_each_record each,
              void *user)
{
    scanner s = {.ctx = ctx,
                 .conn = conn,
                 .q = query,
                 .history = query->as_of != ZH_AS_OF_NOW,
                 .judged_at = zh_value_time(query->judged_at)};
    zh_arena_mark mark = zh_arena_here(ctx->arena);
    zh_rc rc = zh_search_words(ctx, query->search, s.words, &s.nwords);
    if (rc == ZH_OK) {
        rc = zh_mask_allows(ctx, query->where);
    }
    if (rc == ZH_OK) {
        zh_err before = *ctx->err;
        rc = open_rows(&s);
        if (rc == ZH_EINVAL && strcmp(ctx->err->rule, "query.unsupported") == 0) {
            *ctx->err = before;
            s.filter_here = true;
            rc = open_rows(&s);
        }
    }
    if (rc == ZH_OK) {
        rc = rows(&s, each, user);
    }
    zh_finish(s.stmt);
    zh_arena_rewind(ctx->arena, mark);
    return rc;
}
