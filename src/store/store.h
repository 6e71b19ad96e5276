/* SQL store: SQLite (embedded) and PostgreSQL behind one interface; the only place that sees a
 * driver.
 *
 * SQL text uses '?' placeholders and the subset common to SQLite 3.40 and PostgreSQL 15. Values are
 * 64-bit integers, UTF-8 text, and bytes; text sorts and compares by bytes on both. Nothing is
 * rounded or typed by the database. A connection belongs to one thread at a time.
 *
 * What callers keep to, so that both databases give the same answers:
 * - ORDER BY c IS NULL, c [DESC]: alone, "ORDER BY c" puts NULLs first on one and last on the
 * other.
 * - No LIKE, lower(), upper(), avg(), and no real numbers: a result column that is neither integer
 *   (within 64 bits, sum(bigint) included), text nor bytes is ZH_EDB. Guard a/b by nullif(b,0), and
 *   a+b where it may leave 64 bits.
 * - Text columns are declared by zh_sql_type_name; an integer column gets integers, a text column
 *   text. Where a NULL parameter stands alone ("? IS NULL") write CAST(? AS BIGINT) IS NULL.
 * - After any failed statement a transaction can only be rolled back (ZH_EDB store.tx.failed).
 * - A table is not written to while a query over it is open on the same connection. */
#ifndef ZH_STORE_STORE_H
#define ZH_STORE_STORE_H

#include "base/err.h"
#include "base/str.h"

#define ZH_STORE_SQL_BYTES_MAX   ((size_t)1 << 20)  /* text of one statement */
#define ZH_STORE_VALUE_BYTES_MAX ((size_t)64 << 20) /* one text or blob */
#define ZH_STORE_PARAMETERS_MAX  32766              /* of one statement (SQLite's own cap) */
#define ZH_STORE_COLUMNS_MAX     1600               /* of one table or result (PostgreSQL's cap) */
#define ZH_STORE_STATEMENTS_MAX  256                /* prepared on one connection, open or cached */
#define ZH_STORE_BULK_ROWS       1000 /* a bulk load is flushed at this many rows … */
#define ZH_STORE_BULK_BYTES      ((size_t)4 << 20) /* … or at this many bytes */
#define ZH_STORE_SLOW_US         200000            /* statements above go to the log (store.slow) */

typedef enum zh_dialect { ZH_SQLITE, ZH_POSTGRES } zh_dialect;

typedef struct zh_store zh_store; /* an opened database: thread-safe */
typedef struct zh_conn zh_conn;   /* one connection: one thread at a time */
typedef struct zh_stmt zh_stmt;   /* prepared statement, cached in its connection by SQL text */

typedef enum zh_sql_type { ZH_SQL_NULL, ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_BLOB } zh_sql_type;

typedef struct zh_sql_value {
    zh_sql_type type;
    int64_t i64;
    zh_str bytes; /* text or blob, borrowed */
} zh_sql_value;

#define ZH_SQL_INT(v)   ((zh_sql_value){.type = ZH_SQL_I64, .i64 = (v)})
#define ZH_SQL_STR(v)   ((zh_sql_value){.type = ZH_SQL_TEXT, .bytes = (v)})
#define ZH_SQL_BYTES(v) ((zh_sql_value){.type = ZH_SQL_BLOB, .bytes = (v)})
#define ZH_SQL_NONE     ((zh_sql_value){.type = ZH_SQL_NULL})

typedef struct zh_store_options {
    unsigned readers_max;     /* pooled connections, 0 = 8 */
    unsigned busy_timeout_ms; /* 0 = 10,000 */
    bool relaxed_sync;        /* tests and throw-away databases only: SQLite NORMAL */
} zh_store_options;

/* url: "sqlite:PATH", "sqlite::memory:" (one shared connection) or "postgresql://…" (a search_path
 * may be given as ?schema=name, which is created). SQLite opens with WAL, synchronous FULL, foreign
 * keys off. ZH_EIO, ZH_EDB. */
zh_rc zh_store_open(const char *url, const zh_store_options *options, zh_store **out,
                    zh_err *err) ZH_MUST;
void zh_store_close(zh_store *store); /* all connections must have been released */
zh_dialect zh_store_dialect(const zh_store *store);

/* A connection for reading (a consistent snapshot between zh_read_begin and zh_read_end), or for
 * writing. SQLite has one writer, PostgreSQL readers_max of each: the call waits its turn, first
 * come first served, and gives ZH_EBUSY after busy_timeout_ms. So a thread that holds a writer may
 * take a reader, but not a second writer; of "sqlite::memory:" it can hold one connection in all. A
 * reader refuses to write. Releasing asserts that every query and bulk has been finished. */
zh_rc zh_store_reader(zh_store *store, zh_conn **out, zh_err *err) ZH_MUST;
zh_rc zh_store_writer(zh_store *store, zh_conn **out, zh_err *err) ZH_MUST;
void zh_store_release(zh_conn *conn); /* rolls back what is open; NULL is allowed */
zh_dialect zh_conn_dialect(const zh_conn *conn);
/* Gives back the memory of pages that were read: after a pass over much that nobody reads again. */
void zh_conn_shrink(zh_conn *conn);

/* Transactions. PostgreSQL writers run REPEATABLE READ; a serialization failure or deadlock comes
 * back as ZH_EBUSY from any call: roll back and run the transaction again. The snapshot of
 * zh_read_begin is taken at once. Commit asserts that every query and bulk has been finished; a
 * commit that fails leaves the transaction to be rolled back. */
zh_rc zh_begin(zh_conn *conn, zh_err *err) ZH_MUST;
zh_rc zh_commit(zh_conn *conn, zh_err *err) ZH_MUST;
void zh_rollback(zh_conn *conn);
zh_rc zh_read_begin(zh_conn *conn, zh_err *err) ZH_MUST;
void zh_read_end(zh_conn *conn);

/* One or more statements without parameters and results (DDL). */
zh_rc zh_exec(zh_conn *conn, const char *sql, zh_err *err) ZH_MUST;
/* A statement with parameters, run to its end; *changed (may be NULL) = rows affected. */
zh_rc zh_run(zh_conn *conn, const char *sql, const zh_sql_value *values, size_t n, int64_t *changed,
             zh_err *err) ZH_MUST;

/* Query: prepare (cached), bind and start; then step until ZH_ENOTFOUND. Column text and bytes are
 * valid until the next step. Queries nest freely, also the same text; at most
 * ZH_STORE_STATEMENTS_MAX are open at once. A result of any size needs bounded memory: PostgreSQL
 * rows are streamed, and when another statement is run on the connection, the rest is set aside (8
 * MiB in memory, then a temporary file). Leaving a large result early reads the rest away: use
 * LIMIT. Finish every query, also after an error. */
zh_rc zh_query(zh_conn *conn, zh_str sql, const zh_sql_value *values, size_t n, zh_stmt **out,
               zh_err *err) ZH_MUST;
zh_rc zh_step(zh_stmt *stmt, zh_err *err) ZH_MUST; /* ZH_OK a row, ZH_ENOTFOUND the end */
void zh_finish(zh_stmt *stmt);                     /* NULL is allowed */
size_t zh_columns(const zh_stmt *stmt);
zh_sql_type zh_col_type(const zh_stmt *stmt, size_t column);
int64_t zh_col_i64(const zh_stmt *stmt, size_t column); /* NULL reads 0 */
zh_str zh_col_str(const zh_stmt *stmt, size_t column);  /* text or bytes; NULL reads p == NULL */
bool zh_col_null(const zh_stmt *stmt, size_t column);
/* One row, at most ncols integers; ZH_ENOTFOUND when there is none. */
zh_rc zh_query_i64(zh_conn *conn, const char *sql, const zh_sql_value *values, size_t n,
                   int64_t *out, zh_err *err) ZH_MUST;

/* Many rows into one table. Modes: insert (a duplicate key is ZH_ECONFLICT); insert or add (rows
 * that exist get add-columns increased: cells and counters; key columns are the first `nkeys`);
 * insert or replace all non-key columns; insert or leave alone. SQLite steps a prepared statement
 * (cached); PostgreSQL uses COPY BINARY for plain inserts and unnest arrays for the others, flushed
 * every ZH_STORE_BULK_ROWS rows or ZH_STORE_BULK_BYTES, so errors may come, and rows become
 * visible, only then. Within one flush a key may occur once only (callers aggregate). All inside
 * the caller's transaction; several may be open at once, with other statements in between. Column
 * types: one zh_sql_type each; ADD refuses sums beyond 64 bits (ZH_EDB). A row refused with
 * ZH_EINVAL or ZH_ELIMIT (NUL in text, size) was not taken and the load can go on. */
typedef enum zh_bulk_mode {
    ZH_BULK_INSERT,
    ZH_BULK_ADD,
    ZH_BULK_REPLACE,
    ZH_BULK_IGNORE
} zh_bulk_mode;
typedef struct zh_bulk zh_bulk;
zh_rc zh_bulk_begin(zh_conn *conn, zh_bulk_mode mode, const char *table, const char *const *columns,
                    const zh_sql_type *types, size_t ncolumns, size_t nkeys, zh_bulk **out,
                    zh_err *err) ZH_MUST;
zh_rc zh_bulk_row(zh_bulk *bulk, const zh_sql_value *values, zh_err *err) ZH_MUST;
/* Flushes and frees; must be called also after an error (then it only frees). */
zh_rc zh_bulk_end(zh_bulk *bulk, zh_err *err) ZH_MUST;

/* Schema introspection. */
zh_rc zh_table_exists(zh_conn *conn, const char *table, bool *out, zh_err *err) ZH_MUST;
zh_rc zh_table_columns(zh_conn *conn, zh_arena *arena, const char *table, zh_str **names, size_t *n,
                       zh_err *err) ZH_MUST;
/* The column type keyword for CREATE TABLE: "BIGINT", "TEXT" (PostgreSQL: TEXT COLLATE "C"),
 * "BLOB"/"BYTEA". */
const char *zh_sql_type_name(zh_dialect dialect, zh_sql_type type);
/* Double-quoted identifier check: [a-z_][a-z0-9_]{0,62}; anything else is an assertion. Every
 * identifier put into SQL text passes through it; it writes to out. */
void zh_sql_ident(zh_buf *out, zh_str name);
/* The plan as text, one line a node, for tests that pin plans. */
zh_rc zh_explain(zh_conn *conn, zh_arena *arena, zh_str sql, const zh_sql_value *values, size_t n,
                 zh_str *out, zh_err *err) ZH_MUST;

/* Test hook: the n-th step, commit or bulk flush from now on fails with ZH_EDB; 0 = off. Returns
 * the number counted since the last call. Process-wide. */
uint64_t zh_store_fail_at(uint64_t n);

#endif
