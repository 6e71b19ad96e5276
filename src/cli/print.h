/* What people read on the terminal: tables whose columns stand under each other also with Chinese
 * text, and durations, counts and instants in one form everywhere. No colours, no escape
 * sequences. */
#ifndef ZH_CLI_PRINT_H
#define ZH_CLI_PRINT_H

#include "base/str.h"
#include "base/time.h"
#include "cli/verb.h"

#define ZH_TABLE_COLUMNS_MAX 64
#define ZH_OUTPUT_BYTES_MAX  ((size_t)256 << 20)

typedef struct zh_text_table {
    zh_arena *arena;
    size_t ncolumns;
    bool right[ZH_TABLE_COLUMNS_MAX]; /* numbers: aligned at their right end */
    zh_str *cells;                    /* row by row; the first row is the header */
    size_t nrows, capacity;
} zh_text_table;

/* Columns on a terminal: full-width characters take two, combining marks none, line breaks and tabs
 * one, because a table shows them as a space. */
size_t zh_text_width(zh_str s);

/* Header names end with '>' where the column is right-aligned: "数量>". */
void zh_text_table_init(zh_text_table *table, zh_arena *arena, const char *const *headers,
                        size_t n);
/* One cell more, row by row. Line breaks and tabs become spaces when printed. */
void zh_text_table_add(zh_text_table *table, zh_str cell);
void zh_text_table_print(const zh_text_table *table, zh_buf *out);

/* 1234567 as 1,234,567. */
zh_str zh_text_count(zh_arena *arena, int64_t n);
/* 2026-05-09 08:30:00; empty for 0. */
zh_str zh_text_time(zh_arena *arena, zh_time t);
/* 850 毫秒, 3.2 秒, 5 分 12 秒. */
zh_str zh_text_duration(zh_arena *arena, uint64_t us);

#endif
