/* PostgreSQL driver: libpq, server-side prepared statements, binary values, streamed results.
 *
 * A query streams its rows (single-row mode), so any result needs little memory; but a connection
 * carries one stream at a time. When another statement is run while one is open, the rest of the
 * open result is set aside first: PARK_BYTES in memory, the remainder in an unnamed temporary file.
 * So queries nest freely, inside a transaction or not; only a huge outer result with statements
 * inside its loop costs disk. Finishing a query early reads the rest of its rows and throws them
 * away: say LIMIT instead. Bulk loads are in postgres_bulk.c. */
#include "store/postgres.h"
#include "base/log.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    SERVER_VERSION_MIN = 150000,
    PARK_BYTES = 8 << 20,
    ROW_BYTES_MAX = 1 << 30,
    DISCARD_ROWS = 1000, /* read away before a cancel request is worth its connection */
};

/* pg_type.h */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_CHAR = 18,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_UNKNOWN = 705,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_NUMERIC = 1700,
};

/* ---- errors ---- */

static zh_rc rc_of(const char *state)
{
    static const struct {
        const char *prefix;
        zh_rc rc;
    } table[] = {
        {"23505", ZH_ECONFLICT}, /* unique_violation */
        {"40001", ZH_EBUSY},     /* serialization_failure */
        {"40P01", ZH_EBUSY},     /* deadlock_detected */
        {"55P03", ZH_EBUSY},     /* lock_not_available */
        {"53300", ZH_EBUSY},     /* too_many_connections */
        {"53200", ZH_ENOMEM},    /* out_of_memory */
        {"58030", ZH_EIO},       /* io_error */
        {"57P", ZH_EIO},         /* the server shuts down or has crashed */
        {"08", ZH_EIO},          /* connection */
        {"54", ZH_ELIMIT},       /* program_limit_exceeded */
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        if (strncmp(state, table[i].prefix, strlen(table[i].prefix)) == 0) {
            return table[i].rc;
        }
    }
    return ZH_EDB;
}

static zh_rc lost(pg_conn *c, zh_str sql, zh_err *err)
{
    c->base.broken = true;
    zh_str said = zh_str_trim(zh_str_of(PQerrorMessage(c->pq)));
    char *text = zh_alloc(said.n + 1);
    for (size_t i = 0; i < said.n; i++) {
        text[i] = said.p[i] == '\n' ? ' ' : said.p[i];
    }
    zh_rc rc = zh_store_failed(err, ZH_EIO, text, sql);
    zh_dealloc(text);
    return rc;
}

zh_rc zh_pg_failed(pg_conn *c, const PGresult *result, zh_str sql, zh_err *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (state == NULL || PQstatus(c->pq) == CONNECTION_BAD) {
        return lost(c, sql, err);
    }
    if (strcmp(state, "53100") == 0) { /* disk_full */
        return zh_store_full(err, "数据库服务");
    }
    /* The detail line would show values; the primary message names constraints and types only. */
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return zh_store_failed(err, rc_of(state), text ? text : state, sql);
}

/* Runs text without parameters whose rows nobody wants. */
zh_rc zh_pg_command(pg_conn *c, const char *sql, zh_err *err)
{
    zh_rc rc = zh_pg_clear_way(c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    PGresult *result = PQexec(c->pq, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        rc = zh_pg_failed(c, result, zh_str_of(sql), err);
    }
    PQclear(result);
    return rc;
}

static zh_rc commandf(pg_conn *c, zh_err *err, const char *format, ...) ZH_PRINTF(3, 4);
static zh_rc commandf(pg_conn *c, zh_err *err, const char *format, ...)
{
    char sql[256];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    zh_assert(n > 0 && (size_t)n < sizeof sql);
    return zh_pg_command(c, sql, err);
}

/* ---- connections ---- */

static void on_notice(void *user, const PGresult *result)
{
    (void)user;
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    zh_log(ZH_DEBUG, "store.notice", "%s", text ? text : "");
}

static zh_rc use_schema(pg_conn *c, const char *schema, zh_err *err)
{
    zh_rc rc = ZH_OK;
    PGresult *found = PQexecParams(c->pq, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname=$1",
                                   1, NULL, &schema, NULL, NULL, 0);
    bool missing = PQresultStatus(found) == PGRES_TUPLES_OK && PQntuples(found) == 0;
    PQclear(found);
    if (missing) {
        rc = commandf(c, err, "CREATE SCHEMA IF NOT EXISTS \"%s\"", schema);
    }
    return rc != ZH_OK ? rc : commandf(c, err, "SET search_path TO \"%s\"", schema);
}

static zh_rc setup(pg_conn *c, const zh_store *store, bool writer, zh_err *err)
{
    const zh_store_options *options = zh_store_settings(store);
    if (PQserverVersion(c->pq) < SERVER_VERSION_MIN) {
        return zh_err_set(err, ZH_EDB, "store.server.version",
                          "PostgreSQL 版本过低（%d），需要 15 或更高", PQserverVersion(c->pq));
    }
    const char *encoding = PQparameterStatus(c->pq, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
        return zh_err_set(err, ZH_EDB, "store.server.encoding", "数据库的字符集是 %s，必须是 UTF8",
                          encoding ? encoding : "?");
    }
    zh_rc rc = ZH_OK;
    if (zh_store_schema(store) != NULL) {
        rc = use_schema(c, zh_store_schema(store), err);
    }
    return rc != ZH_OK ? rc
                       : commandf(c, err,
                                  "SET standard_conforming_strings=on; SET jit=off;"
                                  "SET lock_timeout=%u; SET synchronous_commit=%s;"
                                  "SET default_transaction_read_only=%s",
                                  options->busy_timeout_ms, options->relaxed_sync ? "off" : "on",
                                  writer ? "off" : "on");
}

static zh_rc pg_connect(zh_store *store, bool writer, zh_conn **out, zh_err *err)
{
    const char *const names[] = {"dbname", "client_encoding", "application_name", "connect_timeout",
                                 NULL};
    const char *const values[] = {zh_store_target(store), "UTF8", "zhiheng", "10", NULL};
    pg_conn *c = zh_alloc(sizeof *c);
    c->base.store = store;
    c->base.driver = &zh_driver_postgres;
    c->base.writer = writer;
    c->pq = PQconnectdbParams(names, values, 1);
    zh_rc rc = ZH_OK;
    if (PQstatus(c->pq) != CONNECTION_OK) {
        rc = lost(c, ZH_STR_NONE, err);
    } else {
        (void)PQsetNoticeReceiver(c->pq, on_notice, NULL);
        rc = setup(c, store, writer, err);
    }
    if (rc != ZH_OK) {
        PQfinish(c->pq);
        zh_dealloc(c);
        return rc;
    }
    *out = &c->base;
    return ZH_OK;
}

static void pg_disconnect(zh_conn *conn)
{
    pg_conn *c = zh_pg_conn(conn);
    PQfinish(c->pq);
    zh_dealloc(c->args.values);
    zh_dealloc(c);
}

/* An idle connection has nothing to say: input means notices, or that the server has gone. */
static bool pg_lend(zh_conn *conn)
{
    PGconn *pq = zh_pg_conn(conn)->pq;
    struct pollfd fd = {.fd = PQsocket(pq), .events = POLLIN};
    if (PQstatus(pq) == CONNECTION_OK && poll(&fd, 1, 0) > 0 && PQconsumeInput(pq) == 1) {
        (void)poll(&fd, 1, 0);
        if (fd.revents != 0) {
            (void)PQconsumeInput(pq); /* a second read sees the end of the stream */
        }
    }
    return PQstatus(pq) == CONNECTION_OK && PQtransactionStatus(pq) == PQTRANS_IDLE;
}

/* Stops the running statement; in a transaction that ends the transaction too. */
static void cancel(pg_conn *c)
{
    char text[128];
    PGcancel *handle = PQgetCancel(c->pq);
    if (handle != NULL) {
        (void)PQcancel(handle, text, sizeof text); /* too late is fine: the rows are read anyway */
        PQfreeCancel(handle);
    }
}

static void drain(pg_conn *c)
{
    PGresult *result;
    while ((result = PQgetResult(c->pq)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status == PGRES_COPY_IN && PQputCopyEnd(c->pq, "cancelled") < 0) {
            break;
        }
        if (PQstatus(c->pq) == CONNECTION_BAD) {
            c->base.broken = true;
            break;
        }
    }
    if (c->live != NULL) {
        c->live->live = false;
        c->live = NULL;
    }
}

static zh_rc commit(pg_conn *c, zh_err *err)
{
    static const zh_str sql = {"COMMIT", 6};
    PGresult *result = PQexec(c->pq, sql.p);
    zh_rc rc = ZH_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        rc = zh_pg_failed(c, result, sql, err);
    } else if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        rc = zh_store_failed(err, ZH_EDB, "the transaction had failed and was rolled back", sql);
    }
    PQclear(result);
    return rc;
}

static zh_rc pg_control(zh_conn *conn, zh_tx_verb verb, zh_err *err)
{
    pg_conn *c = zh_pg_conn(conn);
    switch (verb) {
    case ZH_VERB_BEGIN:
        return zh_pg_command(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE", err);
    case ZH_VERB_READ: {
        /* The snapshot is taken by the first query. */
        zh_rc rc =
            zh_pg_command(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1", err);
        if (rc != ZH_OK && PQtransactionStatus(c->pq) != PQTRANS_IDLE) {
            c->base.broken = zh_pg_command(c, "ROLLBACK", NULL) != ZH_OK;
        }
        return rc;
    }
    case ZH_VERB_COMMIT: return commit(c, err);
    case ZH_VERB_ROLLBACK:
        if (c->live != NULL) {
            cancel(c);
            drain(c);
        }
        if (PQstatus(c->pq) != CONNECTION_OK) {
            return ZH_EIO;
        }
        return PQtransactionStatus(c->pq) == PQTRANS_IDLE ? ZH_OK
                                                          : zh_pg_command(c, "ROLLBACK", err);
    }
    return ZH_EDB;
}

static zh_rc pg_exec(zh_conn *conn, const char *sql, zh_err *err)
{
    return zh_pg_command(zh_pg_conn(conn), sql, err);
}

/* ---- values in ---- */

void zh_pg_put_be(void *at, size_t n, uint64_t v)
{
    unsigned char *out = at;
    for (size_t i = n; i-- > 0; v >>= 8) {
        out[i] = (unsigned char)v;
    }
}

static uint64_t get_be(const char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

pg_args *zh_pg_args(pg_conn *c, size_t n)
{
    pg_args *a = &c->args;
    if (n > a->capacity) {
        size_t capacity = n + 16;
        zh_dealloc(a->values);
        char *block = zh_alloc(capacity * (sizeof *a->values + sizeof *a->ints +
                                           sizeof *a->lengths + sizeof *a->formats));
        a->values = (const char **)(void *)block;
        block += capacity * sizeof *a->values;
        a->ints = (unsigned char(*)[8])(void *)block;
        block += capacity * sizeof *a->ints;
        a->lengths = (int *)(void *)block;
        block += capacity * sizeof *a->lengths;
        a->formats = (int *)(void *)block;
        a->capacity = capacity;
    }
    return a;
}

static pg_args *args_of(pg_conn *c, const zh_sql_value *values, size_t n)
{
    pg_args *a = zh_pg_args(c, n);
    for (size_t i = 0; i < n; i++) {
        const zh_sql_value *v = &values[i];
        a->formats[i] = 1;
        a->lengths[i] = (int)v->bytes.n;
        a->values[i] = v->bytes.p ? v->bytes.p : "";
        if (v->type == ZH_SQL_NULL) {
            a->values[i] = NULL;
        } else if (v->type == ZH_SQL_I64) {
            zh_pg_put_be(a->ints[i], 8, (uint64_t)v->i64);
            a->values[i] = (const char *)a->ints[i];
            a->lengths[i] = 8;
        }
    }
    return a;
}

static Oid oid_of(zh_sql_type type)
{
    switch (type) {
    case ZH_SQL_I64: return OID_INT8;
    case ZH_SQL_TEXT: return OID_TEXT;
    case ZH_SQL_BLOB: return OID_BYTEA;
    case ZH_SQL_NULL: break;
    }
    return 0; /* the server decides by the place it stands in */
}

/* ---- statements ---- */

static zh_stmt *pg_create(void)
{
    pg_stmt *stmt = zh_alloc(sizeof *stmt);
    zh_buf_init(&stmt->park, PARK_BYTES);
    zh_buf_init(&stmt->row_bytes, ROW_BYTES_MAX);
    return &stmt->base;
}

/* The server prepares it at the first use, when the types of the values are known. */
static zh_rc pg_prepare(zh_stmt *base, zh_err *err)
{
    pg_stmt *stmt = zh_pg_stmt(base);
    size_t n;
    zh_buf_init(&stmt->translated, 4 * ZH_STORE_SQL_BYTES_MAX);
    zh_rc rc = zh_sql_translate(base->sql, &stmt->translated, &n, err);
    zh_buf_c(&stmt->translated, '\0');
    if (rc == ZH_OK && stmt->translated.failed) {
        rc = zh_store_failed(err, ZH_ENOMEM, "out of memory", base->sql);
    }
    stmt->types = zh_alloc((n + 1) * sizeof *stmt->types);
    snprintf(stmt->name, sizeof stmt->name, "s%llu",
             (unsigned long long)++zh_pg_conn(base->conn)->names);
    return rc;
}

/* Gives room on the server back where that cannot disturb: not in a failed transaction. */
static void deallocate(pg_stmt *stmt)
{
    pg_conn *c = zh_pg_conn(stmt->base.conn);
    if (stmt->prepared && !c->base.broken && PQtransactionStatus(c->pq) != PQTRANS_INERROR) {
        (void)commandf(c, NULL, "DEALLOCATE %s", stmt->name);
    }
    stmt->prepared = false;
}

static void pg_destroy(zh_stmt *base)
{
    pg_stmt *stmt = zh_pg_stmt(base);
    deallocate(stmt);
    zh_buf_free(&stmt->translated);
    zh_buf_free(&stmt->park);
    zh_buf_free(&stmt->row_bytes);
    zh_dealloc(stmt->types);
    zh_dealloc(stmt->oids);
    zh_dealloc(stmt);
}

/* Prepares on the server; again when a parameter that was NULL so far shows its type. */
zh_rc zh_pg_prepared(pg_stmt *stmt, const zh_sql_value *values, zh_err *err)
{
    pg_conn *c = zh_pg_conn(stmt->base.conn);
    bool again = !stmt->prepared;
    for (size_t i = 0; values != NULL && i < stmt->base.nparams; i++) {
        Oid type = oid_of(values[i].type);
        if (type != 0 && type != stmt->types[i]) {
            stmt->types[i] = type;
            again = true;
        }
    }
    if (!again) {
        return ZH_OK;
    }
    if (stmt->prepared) {
        deallocate(stmt);
        snprintf(stmt->name, sizeof stmt->name, "s%llu", (unsigned long long)++c->names);
    }
    PGresult *result =
        PQprepare(c->pq, stmt->name, stmt->translated.p, (int)stmt->base.nparams, stmt->types);
    zh_rc rc = ZH_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        rc = zh_pg_failed(c, result, stmt->base.sql, err);
        stmt->base.stale = true;
    } else {
        stmt->prepared = true;
    }
    PQclear(result);
    return rc;
}

/* As zh_pg_failed; a plan that a change of the schema has overtaken means "try again". */
zh_rc zh_pg_stmt_failed(pg_stmt *stmt, const PGresult *result, zh_err *err)
{
    pg_conn *c = zh_pg_conn(stmt->base.conn);
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (state != NULL && strcmp(state, "0A000") == 0) {
        stmt->base.stale = true;
        return zh_store_failed(err, ZH_EBUSY, "表结构刚刚改变", stmt->base.sql);
    }
    return zh_pg_failed(c, result, stmt->base.sql, err);
}

static zh_rc pg_run(zh_stmt *base, const zh_sql_value *values, int64_t *changed, zh_err *err)
{
    pg_stmt *stmt = zh_pg_stmt(base);
    pg_conn *c = zh_pg_conn(base->conn);
    zh_rc rc = zh_pg_clear_way(c, err);
    rc = rc != ZH_OK ? rc : zh_pg_prepared(stmt, values, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const pg_args *a = args_of(c, values, base->nparams);
    PGresult *result =
        PQexecPrepared(c->pq, stmt->name, (int)base->nparams, a->values, a->lengths, a->formats, 1);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        rc = zh_pg_stmt_failed(stmt, result, err);
    } else if (strncmp(PQcmdStatus(result), "SELECT", 6) != 0) {
        *changed = 0;
        zh_str rows = zh_str_of(PQcmdTuples(result)); /* empty for DDL */
        if (rows.n != 0 && zh_str_i64(rows, changed) != ZH_OK) {
            *changed = 0;
        }
    }
    PQclear(result);
    return rc;
}

/* ---- rows out ---- */

/* numeric, as sum(bigint) gives it: base-10000 digits, weight of the first, sign, scale. */
static bool read_numeric(const char *p, size_t n, int64_t *out)
{
    if (n < 8) {
        return false;
    }
    size_t ndigits = (size_t)get_be(p, 2);
    int weight = (int16_t)get_be(p + 2, 2);
    uint64_t sign = get_be(p + 4, 2);
    if (n != 8 + 2 * ndigits || (sign != 0 && sign != 0x4000) || weight > 4) {
        return false;
    }
    __extension__ __int128 v = 0;
    for (int i = 0; i <= weight || (size_t)i < ndigits; i++) {
        uint64_t digit = (size_t)i < ndigits ? get_be(p + 8 + 2 * i, 2) : 0;
        if (i > weight && digit != 0) {
            return false; /* a fraction */
        }
        v = i > weight ? v : v * 10000 + (int64_t)digit;
    }
    v = sign ? -v : v;
    *out = (int64_t)v;
    return v >= INT64_MIN && v <= INT64_MAX;
}

static bool read_cell(Oid type, const char *p, size_t n, zh_sql_value *out)
{
    *out = (zh_sql_value){.type = ZH_SQL_I64, .bytes = {p, n}};
    switch (type) {
    case OID_INT8: out->i64 = (int64_t)get_be(p, 8); return n == 8;
    case OID_INT4: out->i64 = (int32_t)get_be(p, 4); return n == 4;
    case OID_INT2: out->i64 = (int16_t)get_be(p, 2); return n == 2;
    case OID_BOOL: out->i64 = p[0]; return n == 1;
    case OID_NUMERIC: return read_numeric(p, n, &out->i64);
    case OID_TEXT:
    case OID_CHAR:
    case OID_NAME:
    case OID_UNKNOWN:
    case OID_BPCHAR:
    case OID_VARCHAR: out->type = ZH_SQL_TEXT; return true;
    case OID_BYTEA: out->type = ZH_SQL_BLOB; return true;
    default: return false;
    }
}

static zh_rc wrong_cell(const pg_stmt *stmt, zh_err *err)
{
    return zh_store_failed(err, ZH_EDB,
                           "a result column is neither integer (within 64 bits), text nor bytes",
                           stmt->base.sql);
}

static zh_rc cells_of_result(pg_stmt *stmt, const PGresult *row, zh_err *err)
{
    for (size_t i = 0; i < stmt->base.ncolumns; i++) {
        zh_sql_value *cell = &stmt->base.cells[i];
        *cell = (zh_sql_value){0};
        if (!PQgetisnull(row, 0, (int)i) && !read_cell(stmt->oids[i], PQgetvalue(row, 0, (int)i),
                                                       (size_t)PQgetlength(row, 0, (int)i), cell)) {
            return wrong_cell(stmt, err);
        }
    }
    return ZH_OK;
}

static void learn_columns(pg_stmt *stmt, const PGresult *result)
{
    size_t n = (size_t)PQnfields(result);
    zh_stmt_cells(&stmt->base, n);
    stmt->oids = zh_realloc(stmt->oids, (n + 1) * sizeof *stmt->oids);
    for (size_t i = 0; i < n; i++) {
        stmt->oids[i] = PQftype(result, (int)i);
    }
}

/* Takes the next result of the stream into stmt->row. ZH_ENOTFOUND: the stream has ended. */
static zh_rc pull(pg_stmt *stmt, zh_err *err)
{
    pg_conn *c = zh_pg_conn(stmt->base.conn);
    PQclear(stmt->row);
    stmt->row = PQgetResult(c->pq);
    ExecStatusType status = PQresultStatus(stmt->row);
    if (status == PGRES_SINGLE_TUPLE) {
        return ZH_OK;
    }
    zh_rc rc = ZH_ENOTFOUND;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        rc = zh_pg_stmt_failed(stmt, stmt->row, err);
    }
    drain(c);
    return rc;
}

static zh_rc pg_start(zh_stmt *base, const zh_sql_value *values, zh_err *err)
{
    pg_stmt *stmt = zh_pg_stmt(base);
    pg_conn *c = zh_pg_conn(base->conn);
    zh_rc rc = zh_pg_clear_way(c, err);
    rc = rc != ZH_OK ? rc : zh_pg_prepared(stmt, values, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const pg_args *a = args_of(c, values, base->nparams);
    if (PQsendQueryPrepared(c->pq, stmt->name, (int)base->nparams, a->values, a->lengths,
                            a->formats, 1) != 1) {
        return lost(c, base->sql, err);
    }
    zh_assert(PQsetSingleRowMode(c->pq) == 1);
    c->live = stmt;
    stmt->live = true;
    rc = pull(stmt, err);
    if (rc == ZH_OK || rc == ZH_ENOTFOUND) {
        learn_columns(stmt, stmt->row);
        stmt->row_waits = rc == ZH_OK;
        return ZH_OK;
    }
    return rc;
}

/* ---- setting a result aside ---- */

/* One row as parked: total length, then each cell's length (-1 for NULL) and bytes. */
static void encode_row(const PGresult *row, zh_buf *out)
{
    size_t start = out->n;
    zh_buf_u32be(out, 0);
    for (int i = 0; i < PQnfields(row); i++) {
        bool null = PQgetisnull(row, 0, i) == 1;
        int length = PQgetlength(row, 0, i);
        zh_buf_u32be(out, null ? UINT32_MAX : (uint32_t)length);
        zh_buf_add(out, PQgetvalue(row, 0, i), null ? 0 : (size_t)length);
    }
    if (!out->failed) {
        zh_pg_put_be(out->p + start, 4, out->n - start - 4);
    }
}

/* The first rows go to memory while they fit, all later ones to the file. */
static zh_rc park_row(pg_stmt *stmt, zh_err *err)
{
    if (stmt->spill == NULL) {
        size_t before = stmt->park.n;
        encode_row(stmt->row, &stmt->park);
        if (!stmt->park.failed) {
            return ZH_OK;
        }
        stmt->park.n = before;
        stmt->park.failed = false;
        stmt->spill = tmpfile();
    }
    zh_buf_clear(&stmt->row_bytes);
    encode_row(stmt->row, &stmt->row_bytes);
    if (stmt->row_bytes.failed) {
        return zh_store_failed(err, ZH_ELIMIT, "row too large", stmt->base.sql);
    }
    if (stmt->spill == NULL ||
        fwrite(stmt->row_bytes.p, 1, stmt->row_bytes.n, stmt->spill) != stmt->row_bytes.n) {
        return zh_store_failed(err, ZH_EIO, "写不了临时文件", stmt->base.sql);
    }
    return ZH_OK;
}

zh_rc zh_pg_clear_way(pg_conn *c, zh_err *err)
{
    pg_stmt *stmt = c->live;
    if (stmt == NULL) {
        return ZH_OK;
    }
    /* The row that the caller is looking at stays in place. */
    PGresult *current = stmt->row_waits ? NULL : stmt->row;
    zh_rc rc = ZH_OK;
    if (stmt->row_waits) {
        rc = park_row(stmt, err);
        stmt->row_waits = false;
    } else {
        stmt->row = NULL;
    }
    stmt->parked = true;
    while (rc == ZH_OK && (rc = pull(stmt, err)) == ZH_OK) {
        rc = park_row(stmt, err);
    }
    if (c->live != NULL) {
        drain(c);
    }
    PQclear(stmt->row);
    stmt->row = current;
    if (rc == ZH_ENOTFOUND && stmt->spill != NULL && fseek(stmt->spill, 0, SEEK_SET) != 0) {
        rc = zh_store_failed(err, ZH_EIO, "读不了临时文件", stmt->base.sql);
    }
    if (rc != ZH_ENOTFOUND) {
        stmt->lost = rc;
        return rc;
    }
    return ZH_OK;
}

static zh_rc cells_of_bytes(pg_stmt *stmt, zh_str bytes, zh_err *err)
{
    for (size_t i = 0; i < stmt->base.ncolumns; i++) {
        zh_sql_value *cell = &stmt->base.cells[i];
        *cell = (zh_sql_value){0};
        uint32_t n = (uint32_t)get_be(bytes.p, 4);
        bytes = zh_str_sub(bytes, 4, bytes.n);
        if (n == UINT32_MAX) {
            continue;
        }
        if (!read_cell(stmt->oids[i], bytes.p, n, cell)) {
            return wrong_cell(stmt, err);
        }
        bytes = zh_str_sub(bytes, n, bytes.n);
    }
    return ZH_OK;
}

static zh_rc step_parked(pg_stmt *stmt, zh_err *err)
{
    PQclear(stmt->row);
    stmt->row = NULL;
    if (stmt->lost != ZH_OK) {
        return zh_err_set(err, stmt->lost, "store.query.lost", "查询在读完之前失败");
    }
    if (stmt->park_at < stmt->park.n) {
        size_t n = (size_t)get_be(stmt->park.p + stmt->park_at, 4);
        zh_str row = zh_str_sub(zh_buf_view(&stmt->park), stmt->park_at + 4, n);
        stmt->park_at += 4 + n;
        return cells_of_bytes(stmt, row, err);
    }
    char head[4];
    if (stmt->spill == NULL) {
        return ZH_ENOTFOUND;
    }
    if (fread(head, 1, sizeof head, stmt->spill) != sizeof head) {
        return feof(stmt->spill) ? ZH_ENOTFOUND
                                 : zh_store_failed(err, ZH_EIO, "读不了临时文件", stmt->base.sql);
    }
    size_t n = (size_t)get_be(head, 4);
    zh_assert(n <= stmt->row_bytes.capacity); /* every spilled row was encoded there */
    if (fread(stmt->row_bytes.p, 1, n, stmt->spill) != n) {
        return zh_store_failed(err, ZH_EIO, "读不了临时文件", stmt->base.sql);
    }
    return cells_of_bytes(stmt, (zh_str){stmt->row_bytes.p, n}, err);
}

static zh_rc pg_step(zh_stmt *base, zh_err *err)
{
    pg_stmt *stmt = zh_pg_stmt(base);
    if (stmt->parked) {
        return step_parked(stmt, err);
    }
    if (!stmt->row_waits) {
        if (!stmt->live) {
            return ZH_ENOTFOUND;
        }
        zh_rc rc = pull(stmt, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    stmt->row_waits = false;
    return cells_of_result(stmt, stmt->row, err);
}

static void pg_reset(zh_stmt *base)
{
    pg_stmt *stmt = zh_pg_stmt(base);
    pg_conn *c = zh_pg_conn(base->conn);
    for (int i = 0; stmt->live && i < DISCARD_ROWS; i++) {
        (void)pull(stmt, NULL);
    }
    if (stmt->live && base->conn->tx == ZH_TX_NONE) {
        cancel(c); /* only this statement's own transaction is lost */
    }
    if (stmt->live) {
        drain(c);
    }
    PQclear(stmt->row);
    stmt->row = NULL;
    stmt->row_waits = stmt->parked = false;
    stmt->lost = ZH_OK;
    zh_buf_free(&stmt->park);
    stmt->park_at = 0;
    if (stmt->spill != NULL) {
        (void)fclose(stmt->spill); /* its contents are not needed any more */
        stmt->spill = NULL;
    }
    zh_buf_free(&stmt->row_bytes);
}

const zh_driver zh_driver_postgres = {
    .dialect = ZH_POSTGRES,
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .lend = pg_lend,
    .control = pg_control,
    .exec = pg_exec,
    .create = pg_create,
    .prepare = pg_prepare,
    .destroy = pg_destroy,
    .run = pg_run,
    .start = pg_start,
    .step = pg_step,
    .reset = pg_reset,
    .bulk_open = zh_pg_bulk_open,
    .bulk_row = zh_pg_bulk_row,
    .bulk_flush = zh_pg_bulk_flush,
    .bulk_close = zh_pg_bulk_close,
};
