/* Reading: one record, its history, lists, counts, facets, search; now or as of a log size.
 *
 * Every call takes the reader's context; its row scope is one bound predicate used by all of them.
 */
#ifndef ZH_CORE_READ_READ_H
#define ZH_CORE_READ_READ_H

#include "core/instance/core.h"

#define ZH_AS_OF_NOW       ((int64_t)-1)
#define ZH_LIMIT_MAX       ((size_t)1000)
#define ZH_FACET_MAX       ((size_t)1000) /* groups returned; the rest is summed in `other` */
#define ZH_COUNT_EXACT_MAX 200000         /* beyond it a list's total may be a lower bound */

/* One record by id (office 0: any). ZH_ENOTFOUND also when the reader may not see it. */
zh_rc zh_record_get(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office, int64_t id,
                    int64_t as_of, zh_record **out) ZH_MUST;
/* By the business key, one text value a key field. */
zh_rc zh_record_by_key(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_str *key,
                       zh_record **out) ZH_MUST;

typedef struct zh_version {
    const zh_record *record;
    zh_str op, reason, reason_code;
    zh_str transition, declaration, justification, second_actor; /* empty: none */
    int64_t position; /* -1: accepted, not yet sequenced */
} zh_version;
/* Where in the log the record was withdrawn: as of that size it stood for the last time.
 * ZH_ENOTFOUND: it was not. */
zh_rc zh_record_withdrawn(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                          int64_t id, int64_t *position) ZH_MUST;
/* Every version, oldest first; also of a withdrawn record. */
zh_rc zh_record_history(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                        int64_t id, zh_version **out, size_t *n) ZH_MUST;

typedef struct zh_list_query {
    const zh_register *reg;
    const zh_program *where; /* NULL: all */
    zh_str search;           /* words, all must occur; two characters suffice */
    const zh_field *sort;    /* NULL: the register's default */
    bool descending;
    zh_str after;       /* opaque cursor of the previous page, empty = first */
    size_t limit;       /* 1 … ZH_LIMIT_MAX */
    int64_t as_of;      /* log size or ZH_AS_OF_NOW */
    bool with_tables;   /* load child rows */
    bool brief;         /* zh_list only: answer soon, with a short page and a cursor, rather than go
                           through a large register for rows that no index finds */
    zh_time judged_at;  /* zh_scan only: where is of a judgement, asked at this instant, which is
                           its parameter and what its `within` counts back from; 0: it is not */
    size_t examine_max; /* zh_count only: look at no more records than this (fewer where each is
                           looked up through an index); 0 = all */
} zh_list_query;

typedef struct zh_page {
    zh_record *const *records;
    size_t n;
    zh_str next; /* cursor, empty at the end */
} zh_page;

/* Keyset paging: stable under inserts; nulls last; ties by id. ZH_EINVAL: a filter that SQL cannot
 * express (rule query.unsupported), a foreign cursor. */
zh_rc zh_list(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_page *out) ZH_MUST;

/* Whether an index holds the register's rows in the order of the field. */
bool zh_list_indexed(const zh_register *reg, const zh_field *sort);

/* A grouping: a field (or state), optionally a code level or a time grain. */
typedef struct zh_group {
    const zh_field *field; /* NULL with is_state */
    bool is_state;
    uint16_t level;
    zh_grain grain;
} zh_group;

/* The text of the span that holds the date: 2025, 2025H1, 2025Q2, 2025-05, 2025-05-17. */
zh_str zh_grain_text(zh_arena *arena, zh_date date, zh_grain grain);
/* day, month, quarter, half, year; ZH_GRAIN_NONE: no such grain. */
zh_grain zh_grain_named(zh_str name);

typedef struct zh_count_row {
    zh_str keys[2], labels[2]; /* key p == NULL: no value */
    int64_t n;
} zh_count_row;

typedef struct zh_counts {
    zh_count_row *rows; /* most first, then by key */
    size_t n;
    int64_t total, other, distinct;
    bool complete; /* false when groups were cut at ZH_FACET_MAX */
    bool at_least; /* examine_max was reached: every number is a lower bound */
    bool from_cube;
} zh_counts;

/* Counts records by zero, one or two groupings. Same predicate as zh_list. With examine_max a
 * search is answered from the first ZH_LIMIT_MAX matches. */
zh_rc zh_count(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, const zh_group *groups,
               size_t ngroups, zh_counts *out) ZH_MUST;
/* Facets: one grouping each, all in one pass over the rows; without a search. ZH_EINVAL: a filter
 * that SQL cannot express (query.unsupported). */
zh_rc zh_count_each(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, const zh_group *groups,
                    size_t n, zh_counts *out) ZH_MUST;

/* Every matching record in id order, streamed; `each` may use ctx->arena, which is rewound after
 * each call. Filters SQL cannot express are evaluated in the program. */
typedef zh_rc (*zh_each_record)(void *user, zh_ctx *ctx, const zh_record *record);
zh_rc zh_scan(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_each_record each,
              void *user) ZH_MUST;

/* An evaluation environment over stored data for records of this context: references, bounded
 * queries, clocks, history. conn is used while evaluating; as_of applies to what is read. */
zh_env zh_read_env(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_record *record);

/* Reading a stored row: column list and decoding, shared by everything in core that selects
 * records. The columns of alias `a`, in the order zh_row_decode expects from statement column
 * `first`. */
void zh_row_columns(zh_buf *sql, const zh_register *reg, const char *alias);
zh_rc zh_row_decode(zh_ctx *ctx, const zh_register *reg, const zh_stmt *stmt, size_t first,
                    zh_record **out) ZH_MUST;
/* Loads child rows of a record at its version (history = read the _h tables). */
zh_rc zh_rows_load(zh_ctx *ctx, zh_conn *conn, zh_record *record, bool history) ZH_MUST;
/* The same of n different records of one register, ZH_ROWS_BATCH in a statement. */
#define ZH_ROWS_BATCH ((size_t)128)
zh_rc zh_rows_load_all(zh_ctx *ctx, zh_conn *conn, zh_record *const *records, size_t n,
                       bool history) ZH_MUST;
/* The FROM source for a register: its current table, or the versions in force at a log size as a
 * derived table. Appends SQL and parameters. */
typedef ZH_VEC(zh_sql_value) zh_binds;
void zh_from(zh_arena *arena, zh_buf *sql, zh_binds *binds, const zh_register *reg, int64_t as_of,
             const char *alias);

#endif
