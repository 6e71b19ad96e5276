/* SQLite driver: one file, WAL, full sync, no shared cache, no implicit conversions.
 *
 * The library's defaults that would let the two databases differ are switched off: double-quoted
 * strings, foreign keys, untrusted schema functions; a REAL in a result is an error. */
#include "store/driver.h"
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    PAGE_BYTES = 8192,
    WRITER_CACHE_KIB = 131072,
    READER_CACHE_KIB = 8192,
    CHECKPOINT_PAGES = 4000, /* 32 MiB; see setup() */
    WAL_KEPT_BYTES = 256 << 20,
};

typedef struct sqlite_conn {
    zh_conn base;
    sqlite3 *db;
} sqlite_conn;

typedef struct sqlite_stmt {
    zh_stmt base;
    sqlite3_stmt *handle;
} sqlite_stmt;

typedef struct sqlite_bulk {
    zh_bulk base;
    sqlite_stmt *stmt;
} sqlite_bulk;

static zh_rc rc_of(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_ROWID: return ZH_ECONFLICT;
    default: break;
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ZH_EBUSY;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return ZH_EIO;
    case SQLITE_NOMEM: return ZH_ENOMEM;
    case SQLITE_TOOBIG: return ZH_ELIMIT;
    default: return ZH_EDB;
    }
}

static zh_rc failed(sqlite3 *db, zh_str sql, zh_err *err)
{
    bool io = (sqlite3_extended_errcode(db) & 0xff) == SQLITE_IOERR;
    if ((sqlite3_extended_errcode(db) & 0xff) == SQLITE_FULL ||
        (io && sqlite3_system_errno(db) == ENOSPC)) {
        return zh_store_full(err, "数据目录");
    }
    return zh_store_failed(err, rc_of(sqlite3_extended_errcode(db)), sqlite3_errmsg(db), sql);
}

static sqlite3 *db_of(const zh_conn *conn)
{
    return ((const sqlite_conn *)conn)->db;
}

/* ---- connections ---- */

/* zh_add(a, b): a + b in 64 bits, or an error; NULL if either is. */
static void add_exactly(sqlite3_context *context, int n, sqlite3_value **v)
{
    zh_assert(n == 2);
    int types[2] = {sqlite3_value_type(v[0]), sqlite3_value_type(v[1])};
    if (types[0] == SQLITE_NULL || types[1] == SQLITE_NULL) {
        sqlite3_result_null(context);
        return;
    }
    int64_t sum = 0;
    if (types[0] != SQLITE_INTEGER || types[1] != SQLITE_INTEGER ||
        __builtin_add_overflow(sqlite3_value_int64(v[0]), sqlite3_value_int64(v[1]), &sum)) {
        sqlite3_result_error(context, "integer out of range", -1);
        return;
    }
    sqlite3_result_int64(context, sum);
}

static zh_rc pragma(sqlite3 *db, const char *sql, zh_err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? ZH_OK
                                                                : failed(db, zh_str_of(sql), err);
}

static zh_rc pragma_number(sqlite3 *db, const char *name, int64_t value, zh_err *err)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA %s=%lld", name, (long long)value);
    return pragma(db, sql, err);
}

/* WAL needs shared memory beside the file, which some network file systems do not give. */
static zh_rc use_wal(sqlite3 *db, zh_err *err)
{
    static const char sql[] = "PRAGMA journal_mode=WAL";
    sqlite3_stmt *s = NULL;
    bool wal = false;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        const unsigned char *mode = sqlite3_column_text(s, 0);
        wal = mode != NULL && zh_str_is((zh_str){"wal", 3}, (const char *)mode);
    }
    zh_rc rc = ZH_OK;
    if (!wal && sqlite3_errcode(db) != SQLITE_OK && sqlite3_errcode(db) != SQLITE_ROW) {
        rc = failed(db, ZH_STR("PRAGMA journal_mode=WAL"), err);
    } else if (!wal) {
        rc = zh_store_failed(err, ZH_EIO, "此文件系统不支持 WAL 日志（不要放在网络盘上）",
                             ZH_STR_NONE);
    }
    sqlite3_finalize(s);
    return rc;
}

/* Another process may hold the file's one write lock, an import most of the time: between two of
 * its batches the lock is free for some milliseconds, so it is tried every millisecond and not with
 * SQLite's growing pauses. */
static int wait_for_lock(void *user, int tried)
{
    const zh_store_options *options = user;
    struct timespec pause = {0, 1000000};
    (void)nanosleep(&pause, NULL);
    return (unsigned)tried < options->busy_timeout_ms;
}

/* Page size and checkpoint interval were measured: 1 M rows of 20 columns with an index on random
 * integers, FULL sync, commits of 10,000 rows. 4 KiB pages: 86, 90 and 111 thousand rows/s at
 * 1,000, 4,000 and 16,000 pages; 8 KiB pages: 108, 138 and 150. The last would make the longest
 * pause of a commit, and recovery after a crash, four times longer. */
static zh_rc setup(sqlite3 *db, const zh_store *store, bool writer, zh_err *err)
{
    const zh_store_options *options = zh_store_settings(store);
    zh_rc rc = ZH_OK;
    sqlite3_busy_handler(db, wait_for_lock, (void *)(uintptr_t)options);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    if (sqlite3_create_function_v2(db, "zh_add", 2,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                   add_exactly, NULL, NULL, NULL) != SQLITE_OK) {
        return failed(db, ZH_STR_NONE, err);
    }
    if (writer) {
        rc = pragma_number(db, "page_size", PAGE_BYTES, err);
        if (rc == ZH_OK && !zh_store_shared(store)) {
            rc = use_wal(db, err);
        }
        rc = rc != ZH_OK ? rc : pragma_number(db, "secure_delete", 1, err); /* erased is gone */
        rc = rc != ZH_OK ? rc : pragma_number(db, "wal_autocheckpoint", CHECKPOINT_PAGES, err);
        rc = rc != ZH_OK ? rc : pragma_number(db, "journal_size_limit", WAL_KEPT_BYTES, err);
        rc =
            rc != ZH_OK ? rc : pragma_number(db, "synchronous", options->relaxed_sync ? 1 : 2, err);
    } else {
        rc = pragma(db, "PRAGMA query_only=1", err);
    }
    int64_t cache_kib = writer ? WRITER_CACHE_KIB : READER_CACHE_KIB;
    return rc != ZH_OK ? rc : pragma_number(db, "cache_size", -cache_kib, err);
}

/* Its statistics take one lock of the whole process at every allocation. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static zh_rc sqlite_connect(zh_store *store, bool writer, zh_conn **out, zh_err *err)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_EXRESCODE | (writer ? SQLITE_OPEN_CREATE : 0);
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    (void)pthread_once(&configured, configure);
    zh_rc rc = ZH_OK;
    if (sqlite3_open_v2(zh_store_target(store), &db, flags, NULL) != SQLITE_OK) {
        zh_assert(db != NULL);
        rc = failed(db, ZH_STR_NONE, err);
    }
    rc = rc != ZH_OK ? rc : setup(db, store, writer || zh_store_shared(store), err);
    if (rc != ZH_OK) {
        sqlite3_close_v2(db);
        return rc;
    }
    sqlite_conn *conn = zh_alloc(sizeof *conn);
    conn->base.store = store;
    conn->base.driver = &zh_driver_sqlite;
    conn->base.writer = writer;
    conn->db = db;
    *out = &conn->base;
    return ZH_OK;
}

static void sqlite_disconnect(zh_conn *conn)
{
    zh_assert(sqlite3_close(db_of(conn)) == SQLITE_OK);
    zh_dealloc(conn);
}

static void sqlite_shrink(zh_conn *conn)
{
    (void)sqlite3_db_release_memory(db_of(conn));
}

static bool sqlite_lend(zh_conn *conn)
{
    if (!zh_store_shared(conn->store)) {
        return true;
    }
    return pragma_number(db_of(conn), "query_only", !conn->writer, NULL) == ZH_OK;
}

static zh_rc sqlite_exec(zh_conn *conn, const char *sql, zh_err *err)
{
    return pragma(db_of(conn), sql, err);
}

static zh_rc sqlite_control(zh_conn *conn, zh_tx_verb verb, zh_err *err)
{
    sqlite3 *db = db_of(conn);
    switch (verb) {
    case ZH_VERB_BEGIN: return pragma(db, "BEGIN IMMEDIATE", err);
    case ZH_VERB_READ: {
        /* A deferred transaction takes its snapshot at the first read. */
        zh_rc rc = pragma(db, "BEGIN", err);
        if (rc == ZH_OK) {
            rc = pragma(db, "SELECT 1 FROM sqlite_schema LIMIT 1", err);
            if (rc != ZH_OK) {
                (void)pragma(db, "ROLLBACK", NULL);
            }
        }
        return rc;
    }
    case ZH_VERB_COMMIT: return pragma(db, "COMMIT", err);
    case ZH_VERB_ROLLBACK:
        /* Some failures (disk full, for one) have rolled back already. */
        return sqlite3_get_autocommit(db) ? ZH_OK : pragma(db, "ROLLBACK", err);
    }
    return ZH_EDB;
}

/* ---- statements ---- */

static sqlite_stmt *sqlite_of(zh_stmt *stmt)
{
    return (sqlite_stmt *)stmt;
}

static zh_stmt *sqlite_create(void)
{
    sqlite_stmt *stmt = zh_alloc(sizeof *stmt);
    return &stmt->base;
}

static zh_rc sqlite_prepare(zh_stmt *stmt, zh_err *err)
{
    sqlite3 *db = db_of(stmt->conn);
    const char *tail = NULL;
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v3(db, stmt->sql.p, (int)stmt->sql.n + 1, SQLITE_PREPARE_PERSISTENT,
                           &handle, &tail) != SQLITE_OK) {
        return failed(db, stmt->sql, err);
    }
    sqlite_of(stmt)->handle = handle;
    if (handle == NULL || zh_str_trim(zh_str_of(tail)).n != 0) {
        return zh_store_failed(err, ZH_EDB, "not exactly one statement", stmt->sql);
    }
    if (sqlite3_bind_parameter_count(handle) != (int)stmt->nparams) {
        return zh_store_failed(err, ZH_EDB, "named parameters are not in the subset", stmt->sql);
    }
    return ZH_OK;
}

static void sqlite_destroy(zh_stmt *stmt)
{
    sqlite3_finalize(sqlite_of(stmt)->handle);
    zh_dealloc(stmt);
}

/* lifetime: SQLITE_STATIC when the statement is run to its end before the caller goes on. */
static zh_rc bind(zh_stmt *stmt, const zh_sql_value *values, sqlite3_destructor_type lifetime,
                  zh_err *err)
{
    sqlite3_stmt *s = sqlite_of(stmt)->handle;
    for (size_t i = 0; i < stmt->nparams; i++) {
        const zh_sql_value *v = &values[i];
        const char *p = v->bytes.p ? v->bytes.p : ""; /* empty is not NULL */
        int at = (int)i + 1;
        int code = SQLITE_OK;
        switch (v->type) {
        case ZH_SQL_NULL: code = sqlite3_bind_null(s, at); break;
        case ZH_SQL_I64: code = sqlite3_bind_int64(s, at, v->i64); break;
        case ZH_SQL_TEXT: code = sqlite3_bind_text(s, at, p, (int)v->bytes.n, lifetime); break;
        case ZH_SQL_BLOB: code = sqlite3_bind_blob(s, at, p, (int)v->bytes.n, lifetime); break;
        }
        if (code != SQLITE_OK) {
            return failed(db_of(stmt->conn), stmt->sql, err);
        }
    }
    return ZH_OK;
}

static void sqlite_reset(zh_stmt *stmt)
{
    sqlite3_reset(sqlite_of(stmt)->handle); /* its code repeats what the step has said */
}

static zh_rc sqlite_run(zh_stmt *stmt, const zh_sql_value *values, int64_t *changed, zh_err *err)
{
    sqlite3 *db = db_of(stmt->conn);
    sqlite3_stmt *s = sqlite_of(stmt)->handle;
    int64_t before = sqlite3_total_changes64(db);
    zh_rc rc = bind(stmt, values, SQLITE_STATIC, err);
    if (rc != ZH_OK) {
        return rc;
    }
    int code;
    do {
        code = sqlite3_step(s);
    } while (code == SQLITE_ROW);
    if (code != SQLITE_DONE) {
        return failed(db, stmt->sql, err);
    }
    *changed = sqlite3_total_changes64(db) - before;
    return ZH_OK;
}

static zh_rc sqlite_start(zh_stmt *stmt, const zh_sql_value *values, zh_err *err)
{
    zh_rc rc = bind(stmt, values, SQLITE_TRANSIENT, err);
    if (rc == ZH_OK) {
        zh_stmt_cells(stmt, (size_t)sqlite3_column_count(sqlite_of(stmt)->handle));
    }
    return rc;
}

static zh_rc read_cell(sqlite3_stmt *s, int column, zh_sql_value *out)
{
    *out = (zh_sql_value){0};
    switch (sqlite3_column_type(s, column)) {
    case SQLITE_NULL: return ZH_OK;
    case SQLITE_INTEGER:
        out->type = ZH_SQL_I64;
        out->i64 = sqlite3_column_int64(s, column);
        return ZH_OK;
    case SQLITE_TEXT:
        out->type = ZH_SQL_TEXT;
        out->bytes.p = (const char *)sqlite3_column_text(s, column);
        break;
    case SQLITE_BLOB:
        out->type = ZH_SQL_BLOB;
        out->bytes.p = sqlite3_column_blob(s, column);
        break;
    default: return ZH_EDB;
    }
    out->bytes.n = (size_t)sqlite3_column_bytes(s, column);
    if (out->bytes.p == NULL) {
        out->bytes.p = out->bytes.n == 0 ? "" : NULL;
    }
    return out->bytes.p != NULL ? ZH_OK : ZH_ENOMEM;
}

static zh_rc sqlite_step(zh_stmt *stmt, zh_err *err)
{
    sqlite3_stmt *s = sqlite_of(stmt)->handle;
    int code = sqlite3_step(s);
    if (code == SQLITE_DONE) {
        sqlite3_reset(s); /* gives the snapshot back */
        return ZH_ENOTFOUND;
    }
    if (code != SQLITE_ROW) {
        return failed(db_of(stmt->conn), stmt->sql, err);
    }
    zh_stmt_cells(stmt, (size_t)sqlite3_data_count(s));
    for (size_t i = 0; i < stmt->ncolumns; i++) {
        zh_rc rc = read_cell(s, (int)i, &stmt->cells[i]);
        if (rc != ZH_OK) {
            return zh_store_failed(err, rc, "a result column is neither integer, text nor bytes",
                                   stmt->sql);
        }
    }
    return ZH_OK;
}

/* ---- bulk ---- */

static zh_rc sqlite_bulk_open(const zh_bulk *plan, zh_bulk **out, zh_err *err)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "INSERT INTO ");
    zh_sql_ident(&sql, zh_str_of(plan->table));
    zh_buf_z(&sql, " (");
    zh_sql_columns(&sql, plan);
    zh_buf_z(&sql, ") VALUES (");
    for (size_t i = 0; i < plan->ncolumns; i++) {
        zh_buf_z(&sql, i ? ",?" : "?");
    }
    zh_buf_c(&sql, ')');
    zh_sql_on_conflict(&sql, plan, true);
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_stmt_take(plan->conn, zh_buf_view(&sql), plan->ncolumns, &stmt, err);
    zh_buf_free(&sql);
    if (rc != ZH_OK) {
        return rc;
    }
    sqlite_bulk *bulk = zh_alloc(sizeof *bulk);
    bulk->base = *plan;
    bulk->stmt = sqlite_of(stmt);
    *out = &bulk->base;
    return ZH_OK;
}

static zh_rc sqlite_bulk_row(zh_bulk *bulk, const zh_sql_value *values, zh_err *err)
{
    sqlite_stmt *stmt = ((sqlite_bulk *)bulk)->stmt;
    zh_rc rc = bind(&stmt->base, values, SQLITE_STATIC, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (sqlite3_step(stmt->handle) != SQLITE_DONE) {
        rc = failed(db_of(bulk->conn), stmt->base.sql, err);
    }
    sqlite3_reset(stmt->handle);
    return rc;
}

/* Rows are in the table as soon as they are given. */
static zh_rc sqlite_bulk_flush(zh_bulk *bulk, zh_err *err)
{
    (void)bulk;
    (void)err;
    return ZH_OK;
}

static void sqlite_bulk_close(zh_bulk *bulk)
{
    zh_stmt_give(&((sqlite_bulk *)bulk)->stmt->base);
    zh_dealloc(bulk);
}

const zh_driver zh_driver_sqlite = {
    .dialect = ZH_SQLITE,
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .shrink = sqlite_shrink,
    .lend = sqlite_lend,
    .control = sqlite_control,
    .exec = sqlite_exec,
    .create = sqlite_create,
    .prepare = sqlite_prepare,
    .destroy = sqlite_destroy,
    .run = sqlite_run,
    .start = sqlite_start,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .bulk_open = sqlite_bulk_open,
    .bulk_row = sqlite_bulk_row,
    .bulk_flush = sqlite_bulk_flush,
    .bulk_close = sqlite_bulk_close,
};
