/* Delimited text (RFC 4180), streaming, any separator; input is UTF-8.
 *
 * Quoted fields may hold separators, quotes (doubled) and line breaks. CR, LF and CRLF end a row. A
 * quote inside an unquoted field is kept as text. Caps: cell bytes, cells in a row; the reader
 * names the row where a cap was reached. */
#ifndef ZH_BASE_CSV_H
#define ZH_BASE_CSV_H

#include "base/err.h"
#include "base/str.h"

#define ZH_CSV_CELL_BYTES_MAX ((size_t)1 << 20)
#define ZH_CSV_COLUMNS_MAX    ((size_t)4096)
#define ZH_CSV_ROW_BYTES_MAX  ((size_t)16 << 20) /* as written, quotes included */

typedef struct zh_csv zh_csv;

/* Pulls input by calling read(user, buffer, size, &got); got == 0 at the end. */
typedef zh_rc (*zh_read_fn)(void *user, char *buffer, size_t size, size_t *got, zh_err *err);

zh_csv *zh_csv_new(zh_read_fn read, void *user, char separator);
void zh_csv_free(zh_csv *csv);
/* The next row: cells stay valid until the next call. *line is the 1-based physical line where it
 * began. ZH_ENOTFOUND at the end of input, ZH_ELIMIT at a cap, ZH_EINVAL when a quoted cell is
 * never closed, or read's error; after an error the same is returned again. Rows that are wholly
 * empty (a blank line) come back with one empty cell. Text after a closing quote is kept as part of
 * the cell. */
zh_rc zh_csv_next(zh_csv *csv, const zh_str **cells, size_t *n, size_t *line, zh_err *err) ZH_MUST;
/* Whether a cell of the last row was written in quotes. */
bool zh_csv_quoted(const zh_csv *csv, size_t cell);
/* Byte offset just after the last row returned, for progress. */
uint64_t zh_csv_offset(const zh_csv *csv);
/* Comma, tab, semicolon or vertical bar: the one that gives the most regular rows in a sample. */
char zh_csv_guess_separator(zh_str sample);
/* Appends one cell, quoted when needed (also when it begins with = + - @ and `guard` is set, which
 * prefixes an apostrophe against formula injection in spreadsheets). */
void zh_csv_write_cell(zh_buf *out, zh_str cell, char separator, bool guard);

#endif
