/* Writing XLSX workbooks (ISO/IEC 29500-1 SpreadsheetML, transitional) into memory: text and number
 * cells, column widths and formats, a frozen head, hidden sheets, drop-down lists.
 *
 * Strings stand in the cells (inlineStr), so that rows are written once as they come. The same
 * calls give the same bytes. Text that XML cannot hold is left out of it. One thread at a time. */
#ifndef ZH_FMT_XLSX_OUT_H
#define ZH_FMT_XLSX_OUT_H

#include "base/err.h"
#include "base/str.h"

#define ZH_XLSX_OUT_SHEETS_MAX ((size_t)16)
#define ZH_XLSX_OUT_CELL_MAX   ((size_t)32767) /* characters, Excel's own cap; longer text is cut */

typedef enum zh_xlsx_style {
    ZH_XLSX_PLAIN,
    ZH_XLSX_TEXT,     /* as it is typed: leading zeros stay */
    ZH_XLSX_HEAD,     /* heading of a column */
    ZH_XLSX_REQUIRED, /* heading of a column that must be filled */
    ZH_XLSX_WRAP,
    ZH_XLSX_TITLE,
    ZH_XLSX_DATE, /* yyyy-mm-dd */
} zh_xlsx_style;

typedef struct zh_xlsx_out zh_xlsx_out;

/* max: bytes of one sheet's XML, and of the finished workbook. Never NULL. */
zh_xlsx_out *zh_xlsx_out_new(size_t max);
void zh_xlsx_out_free(zh_xlsx_out *out); /* NULL is allowed */
/* Begins a sheet; what follows belongs to it. name: cut to 31 characters, []:*?/\ replaced. */
void zh_xlsx_out_sheet(zh_xlsx_out *out, zh_str name, bool hidden, unsigned frozen_rows);
/* The next column's width in characters and format of its empty cells; before the first row. */
void zh_xlsx_out_column(zh_xlsx_out *out, unsigned width, zh_xlsx_style style);
void zh_xlsx_out_row(zh_xlsx_out *out);
void zh_xlsx_out_text(zh_xlsx_out *out, zh_str text, zh_xlsx_style style); /* the next cell */
/* Decimal text of at most 15 significant digits as a number, longer as text. */
void zh_xlsx_out_number(zh_xlsx_out *out, zh_str decimal);
/* A drop-down on rows first … last (from 1) of a column (from 0): formula is a range such as
 * 代码!$A$2:$A$9. Other values are allowed after a warning that says prompt. */
void zh_xlsx_out_list(zh_xlsx_out *out, size_t column, size_t first, size_t last, zh_str formula,
                      zh_str prompt);
/* Appends the workbook's bytes. ZH_ELIMIT: a cap; ZH_EIO. */
zh_rc zh_xlsx_out_finish(zh_xlsx_out *out, zh_buf *bytes, zh_err *err) ZH_MUST;

#endif
