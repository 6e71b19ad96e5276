/* Shared between the files of core that select or store rows. */
#ifndef ZH_CORE_READ_READ_PRIVATE_H
#define ZH_CORE_READ_READ_PRIVATE_H

#include "core/instance/schema.h"
#include "core/read/read.h"

/* Child rows: column list (row_id first), decoding of one row, appending to a record's rows. */
void zh_child_columns(zh_buf *sql, const zh_field *table, const char *alias);
zh_rc zh_child_decode(zh_ctx *ctx, const zh_field *table, const zh_stmt *stmt, size_t first,
                      int64_t *row_id, zh_value *values) ZH_MUST;
void zh_rows_push(zh_arena *arena, zh_rows *rows, size_t *capacity, int64_t id,
                  const zh_value *values);

/* Decodes a child row and appends it; `values` has room for one row. ZH_ELIMIT read.budget. */
zh_rc zh_rows_read(zh_ctx *ctx, zh_rows *rows, size_t *capacity, const zh_stmt *stmt, size_t first,
                   zh_value *values) ZH_MUST;

/* Appends " AND (…)" for a program; nothing when it is NULL. */
zh_rc zh_where_add(zh_ctx *ctx, zh_dialect dialect, zh_buf *sql, zh_binds *binds,
                   const zh_register *reg, const zh_program *program, const char *alias,
                   bool history) ZH_MUST;

/* Distinct grams of the searchable text of a record and its child rows, in byte order. */
typedef ZH_VEC(zh_str) zh_grams;
zh_rc zh_record_grams(zh_arena *arena, const zh_record *record, zh_grams *out) ZH_MUST;

/* The folded words of a search, at most ZH_SEARCH_WORDS_MAX (ZH_ELIMIT query.search.words). */
#define ZH_SEARCH_WORDS_MAX 16
zh_rc zh_search_words(zh_ctx *ctx, zh_str search, zh_str *words, size_t *n) ZH_MUST;
/* Whether every folded word occurs in a searchable field or child column of the record. */
bool zh_record_has_words(zh_arena *arena, const zh_record *r, const zh_str *words, size_t nwords);
/* The database's plan for a page of a list, in the first of its offices: what tests pin. */
zh_rc zh_list_plan(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_str *out) ZH_MUST;
/* The declared index that begins with a code field which the filter or the row scope narrows to the
 * fewest codes, at most max of them; with `ordered`, only one that goes on in the order of `sort`
 * (NULL: of ids). NULL: none. *name: of the index in the database. */
const zh_index *zh_driving_index(zh_ctx *ctx, const zh_register *reg, const zh_program *where,
                                 bool ordered, const zh_field *sort, zh_str *codes, size_t max,
                                 size_t *n, const char **name);
/* The offices that have rows in the register, ascending. */
zh_rc zh_register_offices(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t **out,
                          size_t *n) ZH_MUST;

#endif
