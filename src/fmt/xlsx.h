/* XLSX workbooks (ISO/IEC 29500-1 SpreadsheetML), row by row.
 *
 * Shared strings are held (ZH_XLSX_SHARED_BYTES_MAX), a sheet is streamed; merged ranges, which the
 * format puts behind the rows, are found by a pass before. Phonetic runs are left out, rich text is
 * joined, formulas give their stored values. Numbers, percentages, leading zeros and dates follow
 * fmt/numfmt. Rows must ascend; cells may stand in any order, with or without their references.
 * Rows that are not in the file are not made up, not even inside a merged range. */
#ifndef ZH_FMT_XLSX_H
#define ZH_FMT_XLSX_H

#include "base/err.h"
#include "fmt/cell.h"

#define ZH_XLSX_ROWS_MAX         ((size_t)1048576)
#define ZH_XLSX_ROW_BYTES_MAX    ((size_t)64 << 20)
#define ZH_XLSX_SHARED_BYTES_MAX ((size_t)256 << 20) /* each string counts 16 bytes more */
#define ZH_XLSX_SHEETS_MAX       ((size_t)4096)
#define ZH_XLSX_STYLES_MAX       ((size_t)65536)
#define ZH_XLSX_MERGES_MAX       ((size_t)1048576)
#define ZH_XLSX_MERGED_AREA_MAX  ((uint64_t)16 << 20) /* cells in all merged ranges of a sheet */
#define ZH_XLSX_HELD_BYTES_MAX   ((size_t)64 << 20)   /* text of merged ranges still open */

typedef enum zh_xlsx_state {
    ZH_XLSX_VISIBLE,
    ZH_XLSX_HIDDEN,
    ZH_XLSX_VERY_HIDDEN, /* can be shown only by a program */
} zh_xlsx_state;

typedef struct zh_xlsx_sheet {
    zh_str name;
    zh_xlsx_state state;
} zh_xlsx_sheet;

typedef struct zh_xlsx_row {
    size_t number;        /* 1-based, as the spreadsheet shows it */
    bool hidden;          /* filtered out or hidden by hand */
    const zh_cell *cells; /* column A first; up to the last one that is not empty */
    size_t n;
} zh_xlsx_row;

typedef struct zh_xlsx zh_xlsx; /* one thread at a time */

/* Opens a workbook and reads everything but its sheets. ZH_EINVAL damaged or not a workbook,
 * ZH_ELIMIT a cap, ZH_ENOTFOUND, ZH_EIO. Close with zh_xlsx_close. */
zh_rc zh_xlsx_open(const char *path, zh_xlsx **out, zh_err *err) ZH_MUST;
void zh_xlsx_close(zh_xlsx *xlsx); /* NULL is allowed */

/* The worksheets in the order of their tabs; chart sheets are left out. Valid until closed. */
const zh_xlsx_sheet *zh_xlsx_sheets(const zh_xlsx *xlsx, size_t *n);
/* Goes to the first row of a sheet; reads it once for merged ranges and for its check sum. */
zh_rc zh_xlsx_begin(zh_xlsx *xlsx, size_t sheet, zh_err *err) ZH_MUST;
/* The next row, valid until the next call. ZH_ENOTFOUND after the last. Errors name sheet!cell. */
zh_rc zh_xlsx_next(zh_xlsx *xlsx, zh_xlsx_row *out, zh_err *err) ZH_MUST;
/* Bytes of the sheet's XML done out of total. */
void zh_xlsx_progress(const zh_xlsx *xlsx, uint64_t *done, uint64_t *total);

/* "C12" for row 12 and column 2; row 0 gives only the letters. Returns the length. */
size_t zh_xlsx_cell_name(size_t row, size_t column, char out[32]);

#endif
