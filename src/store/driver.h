/* What store.c and the two drivers share; private to store/.
 *
 * store.c keeps everything that both databases have in common (pools, the statement cache, checks
 * of values, the state of a transaction, failure injection, the slow log); a driver translates
 * calls. A driver's structures begin with the common part, so that a pointer to one is a pointer to
 * both. */
#ifndef ZH_STORE_DRIVER_H
#define ZH_STORE_DRIVER_H

#include "store/store.h"

#define ZH_CACHE_BUCKETS 512 /* a power of two */

typedef struct zh_driver zh_driver;
typedef struct zh_pool zh_pool;

typedef enum zh_tx { ZH_TX_NONE, ZH_TX_READ, ZH_TX_WRITE } zh_tx;

struct zh_conn {
    zh_store *store;
    const zh_driver *driver;
    zh_pool *pool;
    zh_conn *next_idle;
    bool writer;
    bool broken; /* closed instead of being lent again */
    zh_tx tx;
    bool tx_failed;     /* a statement failed: only a rollback is left, as PostgreSQL has it */
    uint64_t tx_serial; /* counts transactions, so that a bulk knows its own */
    size_t open;        /* statements in use */
    size_t bulks;       /* bulk loads in use */
    size_t cached;      /* statements in the cache, idle or in use */
    zh_stmt *buckets[ZH_CACHE_BUCKETS];
    zh_stmt *newest, *oldest; /* idle statements by last use */
};

struct zh_stmt {
    zh_conn *conn;
    char *text; /* owned, NUL-terminated */
    zh_str sql; /* the same */
    uint64_t hash;
    zh_stmt *chain;         /* the next of the bucket */
    zh_stmt *newer, *older; /* among the idle */
    bool in_use;
    bool stale;         /* not to be kept after use */
    bool done;          /* the end was reached or a step failed */
    uint64_t tx_serial; /* of the transaction the query began in; 0: none */
    size_t nparams;     /* placeholders */
    size_t ncolumns;    /* of the running query */
    size_t cells_capacity;
    zh_sql_value *cells; /* the current row */
    uint64_t busy_us;    /* time spent in the database */
};

struct zh_bulk {
    zh_conn *conn;
    zh_bulk_mode mode;
    char *table;                /* owned */
    const char *const *columns; /* only while it is being opened */
    zh_sql_type *types;         /* owned */
    size_t ncolumns, nkeys;
    size_t rows, bytes; /* since the last flush */
    uint64_t tx_serial;
    zh_rc rc; /* the first failure */
};

typedef enum zh_tx_verb {
    ZH_VERB_BEGIN,
    ZH_VERB_READ,
    ZH_VERB_COMMIT,
    ZH_VERB_ROLLBACK
} zh_tx_verb;

struct zh_driver {
    zh_dialect dialect;
    /* Opens one connection; the first of a store also prepares the database. */
    zh_rc (*connect)(zh_store *store, bool writer, zh_conn **out, zh_err *err);
    void (*disconnect)(zh_conn *conn);
    void (*shrink)(zh_conn *conn); /* NULL: keeps no pages */
    /* Before a pooled connection is lent again: false when it is dead. conn->writer says for what.
     */
    bool (*lend)(zh_conn *conn);
    zh_rc (*control)(zh_conn *conn, zh_tx_verb verb, zh_err *err);
    zh_rc (*exec)(zh_conn *conn, const char *sql, zh_err *err);
    /* Statements: a new one from its text (stmt->sql and nparams are filled in by the caller). */
    zh_stmt *(*create)(void);
    zh_rc (*prepare)(zh_stmt *stmt, zh_err *err);
    void (*destroy)(zh_stmt *stmt);
    zh_rc (*run)(zh_stmt *stmt, const zh_sql_value *values, int64_t *changed, zh_err *err);
    zh_rc (*start)(zh_stmt *stmt, const zh_sql_value *values, zh_err *err);
    zh_rc (*step)(zh_stmt *stmt, zh_err *err); /* fills cells */
    void (*reset)(zh_stmt *stmt);
    /* Bulk: open copies *plan to the beginning of a structure of its own. */
    zh_rc (*bulk_open)(const zh_bulk *plan, zh_bulk **out, zh_err *err);
    zh_rc (*bulk_row)(zh_bulk *bulk, const zh_sql_value *values, zh_err *err);
    zh_rc (*bulk_flush)(zh_bulk *bulk, zh_err *err);
    void (*bulk_close)(zh_bulk *bulk);
};

extern const zh_driver zh_driver_sqlite;
extern const zh_driver zh_driver_postgres;

/* What the URL said. */
const char *zh_store_target(const zh_store *store); /* file path, ":memory:", or libpq URL */
const char *zh_store_schema(const zh_store *store); /* NULL when none was named */
bool zh_store_shared(const zh_store *store);        /* one connection for everybody */
const zh_store_options *zh_store_settings(const zh_store *store);

/* Records that the disk of `disk` is full, rule store.full, which answers HTTP 507; ZH_EIO. */
zh_rc zh_store_full(zh_err *err, const char *disk);
/* Records an error with the lead text that belongs to rc; `text` is the database's own message. */
zh_rc zh_store_failed(zh_err *err, zh_rc rc, const char *text, zh_str sql);

/* The beginning of SQL text for errors and the log, cut at a character border. */
zh_str zh_sql_cut(zh_str sql);

/* Counts placeholders and, when out is given, writes the text with $1, $2 … in their place. String
 * literals, quoted identifiers and comments are copied as they are. ZH_EDB on what the common
 * subset does not have: ?1, $1, an unfinished literal or comment, a NUL byte. */
zh_rc zh_sql_translate(zh_str sql, zh_buf *out, size_t *placeholders, zh_err *err) ZH_MUST;

/* A statement by its text: taken from the cache or prepared. Give it back when done. */
zh_rc zh_stmt_take(zh_conn *conn, zh_str sql, size_t nvalues, zh_stmt **out, zh_err *err) ZH_MUST;
void zh_stmt_give(zh_stmt *stmt);
/* Drops every idle statement; those in use go when they are given back. */
void zh_stmt_forget(zh_conn *conn);
/* Room for n cells. */
void zh_stmt_cells(zh_stmt *stmt, size_t n);

/* "a","b","c" */
void zh_sql_columns(zh_buf *out, const zh_bulk *plan);
/* The ON CONFLICT clause of a bulk mode (nothing for plain inserts). SQLite adds by the function
 * zh_add, which refuses overflow; its own "+" would silently go on in floating point. */
void zh_sql_on_conflict(zh_buf *out, const zh_bulk *plan, bool add_by_function);

#endif
