/* Bulk loads on PostgreSQL: COPY … (FORMAT binary) for plain inserts, one INSERT … SELECT FROM
 * unnest(arrays) … ON CONFLICT for the others.
 *
 * Rows wait in memory and travel at a flush, so several loads may be open on one connection: a COPY
 * in progress would block every other statement. */
#include "store/postgres.h"

enum {
    BUFFER_BYTES_MAX = 1 << 30, /* PostgreSQL's own cap of one value */
    ARRAY_COUNT_AT = 12,        /* of the element count in an array's head */
    COPY_PIECE_BYTES = 1 << 20,
};

typedef struct pg_bulk {
    zh_bulk base;
    zh_buf copy;    /* INSERT: tuples as COPY wants them */
    char *copy_sql; /* INSERT: the COPY command */
    zh_buf *arrays; /* others: one array for each column */
    pg_stmt *stmt;  /* others */
} pg_bulk;

/* Array types, by pg_type.h: int8[], text[], bytea[]; and their elements. */
static uint32_t element_oid(zh_sql_type type)
{
    return type == ZH_SQL_I64 ? 20 : type == ZH_SQL_TEXT ? 25 : 17;
}

static const char *array_name(zh_sql_type type)
{
    return type == ZH_SQL_I64 ? "int8[]" : type == ZH_SQL_TEXT ? "text[]" : "bytea[]";
}

/* Length (-1 for NULL) and bytes: the same in COPY and inside arrays. */
static void put_value(zh_buf *out, const zh_sql_value *v)
{
    switch (v->type) {
    case ZH_SQL_NULL: zh_buf_u32be(out, UINT32_MAX); break;
    case ZH_SQL_I64:
        zh_buf_u32be(out, 8);
        zh_buf_u64be(out, (uint64_t)v->i64);
        break;
    case ZH_SQL_TEXT:
    case ZH_SQL_BLOB:
        zh_buf_u32be(out, (uint32_t)v->bytes.n);
        zh_buf_str(out, v->bytes);
        break;
    }
}

static void copy_head(zh_buf *out)
{
    static const char signature[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', 0};
    zh_buf_clear(out);
    zh_buf_add(out, signature, sizeof signature);
    zh_buf_u64be(out, 0); /* flags, length of the header extension */
}

/* One dimension, may hold NULLs, element type; the count follows at the flush; lower bound 1. */
static void array_head(zh_buf *out, zh_sql_type type)
{
    zh_buf_clear(out);
    zh_buf_u32be(out, 1);
    zh_buf_u32be(out, 1);
    zh_buf_u32be(out, element_oid(type));
    zh_buf_u32be(out, 0);
    zh_buf_u32be(out, 1);
}

static zh_rc open_copy(pg_bulk *bulk, zh_err *err)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "COPY ");
    zh_sql_ident(&sql, zh_str_of(bulk->base.table));
    zh_buf_z(&sql, " (");
    zh_sql_columns(&sql, &bulk->base);
    zh_buf_z(&sql, ") FROM STDIN (FORMAT binary)");
    zh_buf_c(&sql, '\0');
    if (sql.failed) {
        zh_buf_free(&sql);
        return zh_store_failed(err, ZH_ENOMEM, "out of memory", zh_str_of(bulk->base.table));
    }
    bulk->copy_sql = sql.p;
    zh_buf_init(&bulk->copy, BUFFER_BYTES_MAX);
    copy_head(&bulk->copy);
    return ZH_OK;
}

static zh_rc open_arrays(pg_bulk *bulk, zh_err *err)
{
    const zh_bulk *plan = &bulk->base;
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "INSERT INTO ");
    zh_sql_ident(&sql, zh_str_of(plan->table));
    zh_buf_z(&sql, " (");
    zh_sql_columns(&sql, plan);
    zh_buf_z(&sql, ") SELECT * FROM unnest(");
    for (size_t i = 0; i < plan->ncolumns; i++) {
        zh_buf_z(&sql, i ? ",?::" : "?::");
        zh_buf_z(&sql, array_name(plan->types[i]));
    }
    zh_buf_c(&sql, ')');
    zh_sql_on_conflict(&sql, plan, false);
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_stmt_take(plan->conn, zh_buf_view(&sql), plan->ncolumns, &stmt, err);
    zh_buf_free(&sql);
    if (rc != ZH_OK) {
        return rc;
    }
    bulk->stmt = zh_pg_stmt(stmt);
    bulk->arrays = zh_alloc(plan->ncolumns * sizeof *bulk->arrays);
    for (size_t i = 0; i < plan->ncolumns; i++) {
        zh_buf_init(&bulk->arrays[i], BUFFER_BYTES_MAX);
        array_head(&bulk->arrays[i], plan->types[i]);
    }
    return ZH_OK;
}

zh_rc zh_pg_bulk_open(const zh_bulk *plan, zh_bulk **out, zh_err *err)
{
    pg_bulk *bulk = zh_alloc(sizeof *bulk);
    bulk->base = *plan;
    zh_rc rc = plan->mode == ZH_BULK_INSERT ? open_copy(bulk, err) : open_arrays(bulk, err);
    if (rc != ZH_OK) {
        zh_dealloc(bulk);
        return rc;
    }
    *out = &bulk->base;
    return ZH_OK;
}

zh_rc zh_pg_bulk_row(zh_bulk *base, const zh_sql_value *values, zh_err *err)
{
    pg_bulk *bulk = (pg_bulk *)base;
    bool failed = false;
    if (bulk->arrays == NULL) {
        zh_buf_u16be(&bulk->copy, (uint16_t)base->ncolumns);
    }
    for (size_t i = 0; i < base->ncolumns; i++) {
        zh_buf *out = bulk->arrays ? &bulk->arrays[i] : &bulk->copy;
        put_value(out, &values[i]);
        failed = failed || out->failed;
    }
    return failed ? zh_store_failed(err, ZH_ELIMIT, "row too large", zh_str_of(base->table))
                  : ZH_OK;
}

static zh_rc send_copy(pg_bulk *bulk, zh_err *err)
{
    pg_conn *c = zh_pg_conn(bulk->base.conn);
    zh_str sql = zh_str_of(bulk->copy_sql);
    zh_rc rc = zh_pg_clear_way(c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    PGresult *result = PQexec(c->pq, bulk->copy_sql);
    if (PQresultStatus(result) != PGRES_COPY_IN) {
        rc = zh_pg_failed(c, result, sql, err);
        PQclear(result);
        return rc;
    }
    PQclear(result);
    zh_buf_u16be(&bulk->copy, UINT16_MAX);
    bool sent = !bulk->copy.failed;
    zh_str rest = zh_buf_view(&bulk->copy);
    while (sent && rest.n > 0) {
        zh_str piece = zh_str_sub(rest, 0, COPY_PIECE_BYTES);
        sent = PQputCopyData(c->pq, piece.p, (int)piece.n) == 1;
        rest = zh_str_sub(rest, piece.n, rest.n);
    }
    if (PQputCopyEnd(c->pq, sent ? NULL : "cancelled") != 1) {
        rc = zh_pg_failed(c, NULL, sql, err);
    }
    while ((result = PQgetResult(c->pq)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && rc == ZH_OK) {
            rc = zh_pg_failed(c, result, sql, err);
        }
        PQclear(result);
        if (PQstatus(c->pq) == CONNECTION_BAD) {
            break;
        }
    }
    return rc;
}

static zh_rc send_arrays(pg_bulk *bulk, zh_err *err)
{
    pg_conn *c = zh_pg_conn(bulk->base.conn);
    size_t n = bulk->base.ncolumns;
    zh_rc rc = zh_pg_clear_way(c, err);
    rc = rc != ZH_OK ? rc : zh_pg_prepared(bulk->stmt, NULL, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const pg_args *a = zh_pg_args(c, n);
    for (size_t i = 0; i < n; i++) {
        zh_pg_put_be(bulk->arrays[i].p + ARRAY_COUNT_AT, 4, bulk->base.rows);
        a->values[i] = bulk->arrays[i].p;
        a->lengths[i] = (int)bulk->arrays[i].n;
        a->formats[i] = 1;
    }
    PGresult *result =
        PQexecPrepared(c->pq, bulk->stmt->name, (int)n, a->values, a->lengths, a->formats, 1);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        rc = zh_pg_stmt_failed(bulk->stmt, result, err);
    }
    PQclear(result);
    return rc;
}

zh_rc zh_pg_bulk_flush(zh_bulk *base, zh_err *err)
{
    pg_bulk *bulk = (pg_bulk *)base;
    zh_rc rc;
    if (bulk->arrays == NULL) {
        rc = send_copy(bulk, err);
        copy_head(&bulk->copy);
        return rc;
    }
    rc = send_arrays(bulk, err);
    for (size_t i = 0; i < base->ncolumns; i++) {
        array_head(&bulk->arrays[i], base->types[i]);
    }
    return rc;
}

void zh_pg_bulk_close(zh_bulk *base)
{
    pg_bulk *bulk = (pg_bulk *)base;
    for (size_t i = 0; bulk->arrays != NULL && i < base->ncolumns; i++) {
        zh_buf_free(&bulk->arrays[i]);
    }
    zh_dealloc(bulk->arrays);
    zh_dealloc(bulk->copy_sql);
    zh_buf_free(&bulk->copy);
    if (bulk->stmt != NULL) {
        zh_stmt_give(&bulk->stmt->base);
    }
    zh_dealloc(bulk);
}
