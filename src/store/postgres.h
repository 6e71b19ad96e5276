/* What the two files of the PostgreSQL driver share; private to store/. */
#ifndef ZH_STORE_POSTGRES_H
#define ZH_STORE_POSTGRES_H

#include "store/driver.h"
#include <libpq-fe.h>
#include <stdio.h>

typedef struct pg_stmt pg_stmt;

/* Arguments of one call, binary; one block that begins at values. */
typedef struct pg_args {
    size_t capacity;
    const char **values;
    unsigned char (*ints)[8];
    int *lengths;
    int *formats;
} pg_args;

typedef struct pg_conn {
    zh_conn base;
    PGconn *pq;
    pg_stmt *live;  /* the statement whose result is still arriving */
    uint64_t names; /* of prepared statements, counted */
    pg_args args;
} pg_conn;

struct pg_stmt {
    zh_stmt base;
    char name[24];
    bool prepared;
    bool live;
    bool row_waits; /* row was received but not stepped to */
    bool parked;    /* the rest of the result was set aside */
    zh_rc lost;     /* why setting aside failed */
    zh_buf translated;
    Oid *types; /* of parameters; 0 while only NULL was given */
    Oid *oids;  /* of result columns */
    PGresult *row;
    zh_buf park; /* rows set aside */
    size_t park_at;
    FILE *spill; /* those that did not fit */
    zh_buf row_bytes;
};

static inline pg_conn *zh_pg_conn(zh_conn *conn)
{
    return (pg_conn *)conn;
}

static inline pg_stmt *zh_pg_stmt(zh_stmt *stmt)
{
    return (pg_stmt *)stmt;
}

/* Records the server's complaint, or the loss of the connection when there is none. */
zh_rc zh_pg_failed(pg_conn *c, const PGresult *result, zh_str sql, zh_err *err);
zh_rc zh_pg_stmt_failed(pg_stmt *stmt, const PGresult *result, zh_err *err);
zh_rc zh_pg_command(pg_conn *c, const char *sql, zh_err *err) ZH_MUST;
/* Sets aside the open result, if any, so that the connection can carry something else. */
zh_rc zh_pg_clear_way(pg_conn *c, zh_err *err) ZH_MUST;
/* values == NULL: parameter types are left to the server. */
zh_rc zh_pg_prepared(pg_stmt *stmt, const zh_sql_value *values, zh_err *err) ZH_MUST;
/* Room for the arguments of n parameters; contents are not kept. Lives until the next call. */
pg_args *zh_pg_args(pg_conn *c, size_t n);
/* The low n bytes of v, big-endian. */
void zh_pg_put_be(void *at, size_t n, uint64_t v);

zh_rc zh_pg_bulk_open(const zh_bulk *plan, zh_bulk **out, zh_err *err) ZH_MUST;
zh_rc zh_pg_bulk_row(zh_bulk *bulk, const zh_sql_value *values, zh_err *err) ZH_MUST;
zh_rc zh_pg_bulk_flush(zh_bulk *bulk, zh_err *err) ZH_MUST;
void zh_pg_bulk_close(zh_bulk *bulk);

#endif
