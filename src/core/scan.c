/* Streaming over every matching record in (office, id) order, in bounded memory.
 *
 * Child rows are read by parallel statements that walk in the same order when the whole register is
 * scanned, else record by record. What SQL cannot say is evaluated in the program. */
#include "core/read.h"
#include "core/read_private.h"
#include <string.h>

typedef struct child {
    const zh_field *table;
    zh_stmt *stmt;
    bool pending; /* the statement stands on a row not yet taken */
} child;

typedef struct scanner {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_list_query *q;
    zh_stmt *stmt;
    child *children; /* lockstep statements; NULL: load one by one */
    size_t nchildren;
    bool filter_here; /* where is evaluated in the program */
    zh_str words[ZH_SEARCH_WORDS_MAX];
    size_t nwords;
} scanner;

static bool has_tables(const zh_register *reg)
{
    for (size_t i = 0; i < reg->nfields; i++) {
        if (reg->fields[i].type == ZH_TYPE_TABLE) {
            return true;
        }
    }
    return false;
}

static zh_rc open_rows(scanner *s)
{
    const zh_register *reg = s->q->reg;
    bool history = s->q->as_of != ZH_AS_OF_NOW;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "a");
    zh_buf_z(&sql, " FROM ");
    zh_from(s->ctx->arena, &sql, &binds, reg, s->q->as_of, "a");
    zh_buf_z(&sql, " WHERE 1 = 1");
    zh_dialect dialect = zh_conn_dialect(s->conn);
    zh_rc rc = zh_where_add(s->ctx, dialect, &sql, &binds, reg, s->ctx->rows, "a", history);
    if (rc == ZH_OK && !s->filter_here) {
        rc = zh_where_add(s->ctx, dialect, &sql, &binds, reg, s->q->where, "a", history);
    }
    zh_buf_z(&sql, " ORDER BY a.office, a.id");
    if (rc == ZH_OK) {
        rc = zh_query(s->conn, zh_buf_view(&sql), binds.p, binds.n, &s->stmt, s->ctx->err);
    }
    zh_buf_free(&sql);
    return rc;
}

static zh_rc open_children(scanner *s)
{
    const zh_register *reg = s->q->reg;
    s->children = ZH_NEW_N(s->ctx->arena, child, reg->nfields);
    for (size_t i = 0; i < reg->nfields; i++) {
        if (reg->fields[i].type != ZH_TYPE_TABLE) {
            continue;
        }
        child *c = &s->children[s->nchildren++];
        c->table = &reg->fields[i];
        zh_buf sql;
        zh_buf_init(&sql, 64 << 10);
        zh_buf_z(&sql, "SELECT c.office, c.parent, ");
        zh_child_columns(&sql, c->table, "c");
        zh_buf_fmt(&sql, " FROM %.*s__%.*s c ORDER BY c.office, c.parent, c.ord",
                   ZH_FMT(reg->table), ZH_FMT(c->table->column));
        zh_rc rc = zh_query(s->conn, zh_buf_view(&sql), NULL, 0, &c->stmt, s->ctx->err);
        zh_buf_free(&sql);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

/* Takes this record's rows from a statement that walks in the same order. */
static zh_rc take_children(scanner *s, child *c, zh_record *r)
{
    zh_rows *rows = &r->tables[c->table->index];
    *rows = (zh_rows){.table = c->table};
    zh_value *values = ZH_NEW_N(s->ctx->arena, zh_value, c->table->ncolumns + 1);
    size_t capacity = 0;
    while (c->stmt != NULL) {
        if (!c->pending) {
            zh_rc rc = zh_step(c->stmt, s->ctx->err);
            if (rc == ZH_ENOTFOUND) {
                zh_finish(c->stmt);
                c->stmt = NULL;
                return ZH_OK;
            }
            if (rc != ZH_OK) {
                return rc;
            }
        }
        int64_t office = zh_col_i64(c->stmt, 0);
        int64_t parent = zh_col_i64(c->stmt, 1);
        int after = office != r->office ? (office > r->office ? 1 : -1)
                                        : (parent > r->id) - (parent < r->id);
        c->pending = after > 0;
        if (after > 0) {
            return ZH_OK;
        }
        if (after == 0) {
            int64_t row_id = 0;
            zh_rc rc = zh_child_decode(s->ctx, c->table, c->stmt, 2, &row_id, values);
            if (rc != ZH_OK) {
                return rc;
            }
            zh_rows_push(s->ctx->arena, rows, &capacity, row_id, values);
        }
    }
    return ZH_OK;
}

static zh_rc load(scanner *s, zh_record *r)
{
    if (s->children == NULL) {
        return zh_rows_load(s->ctx, s->conn, r, s->q->as_of != ZH_AS_OF_NOW);
    }
    for (size_t i = 0; i < s->nchildren; i++) {
        zh_rc rc = take_children(s, &s->children[i], r);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

static zh_rc keep(scanner *s, zh_record *r, bool *out)
{
    *out = true;
    if (s->filter_here) {
        zh_env env = zh_read_env(s->ctx, s->conn, s->q->as_of, r);
        zh_rc rc = zh_eval_true(s->q->where, &env, out, s->ctx->err);
        if (rc != ZH_OK || !*out) {
            return rc;
        }
    }
    *out = s->nwords == 0 || zh_record_has_words(s->ctx->arena, r, s->words, s->nwords);
    return ZH_OK;
}

static zh_rc rows(scanner *s, zh_each_record each, void *user)
{
    bool tables = (s->q->with_tables || s->filter_here || s->nwords) && has_tables(s->q->reg);
    zh_rc rc = ZH_OK;
    if (tables && s->q->as_of == ZH_AS_OF_NOW && s->q->where == NULL && s->ctx->rows == NULL) {
        rc = open_children(s);
    }
    zh_arena_mark mark = zh_arena_here(s->ctx->arena);
    while (rc == ZH_OK && (rc = zh_step(s->stmt, s->ctx->err)) == ZH_OK) {
        zh_record *r = NULL;
        bool wanted = true;
        rc = zh_row_decode(s->ctx, s->q->reg, s->stmt, 0, &r);
        if (rc == ZH_OK && tables) {
            rc = load(s, r);
        }
        if (rc == ZH_OK) {
            rc = keep(s, r, &wanted);
        }
        if (rc == ZH_OK && wanted) {
            rc = each(user, s->ctx, r);
        }
        zh_arena_rewind(s->ctx->arena, mark);
    }
    for (size_t i = 0; i < s->nchildren; i++) {
        zh_finish(s->children[i].stmt);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_scan(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_each_record each,
              void *user)
{
    scanner s = {.ctx = ctx, .conn = conn, .q = query};
    zh_arena_mark mark = zh_arena_here(ctx->arena);
    zh_rc rc = zh_search_words(ctx, query->search, s.words, &s.nwords);
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
