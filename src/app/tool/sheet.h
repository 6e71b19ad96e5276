/* Data as people paste or upload them: columns with a name, a unit, texts and numbers.
 *
 * Pasted text may be separated by tabs, commas, semicolons, bars, Chinese punctuation or blanks;
 * digits, signs and separators may be full-width; numbers may carry a unit or separators of
 * thousands; the first row may be a heading, with units in brackets or after a stroke. A cell that
 * says that nothing is there (empty, -, NA, 缺测 …) is missing. Anything else that is no number
 * stays a word, and whoever needs a number there says which cell it is. */
#ifndef ZH_APP_TOOL_SHEET_H
#define ZH_APP_TOOL_SHEET_H

#include "base/err.h"
#include "base/str.h"

#define ZH_SHEET_BYTES_MAX   ((size_t)8 << 20)
#define ZH_SHEET_ROWS_MAX    ((size_t)200000)
#define ZH_SHEET_COLUMNS_MAX ((size_t)256)
#define ZH_SHEET_CELLS_MAX   ((size_t)2000000)

typedef struct zh_sheet_column {
    zh_str name; /* without its unit; 列 1 when there is no heading */
    zh_str unit; /* of the heading, else the one that all numbers carry; may be empty */
    const zh_str *text;
    const double *number; /* NAN: missing or a word */
    size_t numbers, words;
} zh_sheet_column;

typedef struct zh_sheet {
    const zh_sheet_column *columns;
    size_t ncolumns, nrows;
    bool headed;
} zh_sheet;

/* Everything lives in the arena. ZH_EINVAL (tool.data): not clean UTF-8, nothing in it; ZH_ELIMIT:
 * a cap above. */
zh_rc zh_sheet_parse(zh_arena *arena, zh_str text, zh_sheet *out, zh_err *err) ZH_MUST;
/* The same of a file: CSV in any usual encoding, XLSX, plain or packed. */
zh_rc zh_sheet_open(zh_arena *arena, const char *path, zh_sheet *out, zh_err *err) ZH_MUST;
/* And of such a file in memory. */
zh_rc zh_sheet_bytes(zh_arena *arena, const void *bytes, size_t n, zh_sheet *out,
                     zh_err *err) ZH_MUST;
/* As text that zh_sheet_parse reads back: tabs between cells, a heading if there was one. */
void zh_sheet_write(const zh_sheet *sheet, zh_buf *out);

/* Whether no cell of the column is a word and some are numbers. */
bool zh_sheet_is_numeric(const zh_sheet_column *column);
/* One cell: a number, possibly with a unit behind it. false: missing or a word. */
bool zh_sheet_number(zh_arena *arena, zh_str cell, double *out, zh_str *unit);
bool zh_sheet_is_missing(zh_str cell);

#endif
