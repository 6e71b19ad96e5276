/* Measured values as a series or in subgroups, out of whatever shape was pasted. */
#ifndef ZH_APP_TOOL_SUBGROUP_H
#define ZH_APP_TOOL_SUBGROUP_H

#include "app/tool/tool.h"
#include "engine/spc.h"

typedef struct zh_grouped {
    zh_subgroups data;
    const zh_str *labels; /* of each subgroup */
    zh_str name, unit;    /* of the quantity */
} zh_grouped;

/* One value after the other: the column `value`, else the first of numbers; a block of numbers
 * without a heading is read row by row. Missing cells are left out. */
zh_rc zh_bench_series(zh_bench *b, zh_grouped *out) ZH_MUST;
/* Subgroups: by the column `group`; else every row of a table with two or more columns of numbers;
 * else `size` values in a row (a last incomplete one is kept when it has two values). */
zh_rc zh_bench_subgroups(zh_bench *b, zh_grouped *out) ZH_MUST;
/* A column of names for rows: words, or numbers headed 序号, 编号, No. and the like; NULL: none. */
const zh_sheet_column *zh_bench_labels(const zh_bench *b);
/* The nth column of numbers that is no such column of names; NULL: none. */
const zh_sheet_column *zh_bench_measured(const zh_bench *b, size_t n);
/* Label of a row: of that column (may be NULL), else its number. */
zh_str zh_bench_row_label(const zh_bench *b, const zh_sheet_column *labels, size_t row);

#endif
