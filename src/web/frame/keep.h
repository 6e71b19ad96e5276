/* Files to keep: a table as CSV or a workbook, a drawing with its furniture as SVG or PNG. Fill the
 * response of a download (zh_ui_answer_bare). */
#ifndef ZH_WEB_FRAME_KEEP_H
#define ZH_WEB_FRAME_KEEP_H

#include "fmt/draw.h"
#include "web/frame/page.h"

typedef enum zh_keep_form { ZH_KEEP_CSV, ZH_KEEP_XLSX, ZH_KEEP_SVG, ZH_KEEP_PNG } zh_keep_form;

typedef struct zh_keep_column {
    zh_str name;
    bool number;    /* in a workbook a cell that reads as a number becomes one */
    unsigned width; /* in characters; 0: 14 */
} zh_keep_column;

typedef struct zh_keep_note {
    zh_str name, text;
} zh_keep_note;

typedef struct zh_keep_table {
    const zh_keep_column *columns;
    size_t ncolumns;
    const zh_str *cells; /* row by row */
    size_t nrows;
    const zh_keep_note *notes; /* second sheet: what the table is, its source, as of when */
    size_t nnotes;
} zh_keep_table;

typedef struct zh_keep_figure {
    zh_str title, what, read, source, n;
    const zh_draw *list; /* NULL: there is nothing to draw */
} zh_keep_figure;

/* The form that a file name ends in; ZH_ENOTFOUND (keep.form) for others. *stem: without it. */
zh_rc zh_keep_form_of(zh_ui *ui, zh_str file, zh_keep_form *out, zh_str *stem) ZH_MUST;
/* name: of the file, without ending. CSV text that a spreadsheet would take for a formula is
 * guarded. ZH_ELIMIT: a workbook above 32 MiB. */
zh_rc zh_keep_table_as(zh_ui *ui, zh_str name, const zh_keep_table *table,
                       zh_keep_form form) ZH_MUST;
/* ZH_ENOTFOUND (keep.figure) without a drawing; ZH_EIO: PNG without fonts. */
zh_rc zh_keep_figure_as(zh_ui *ui, zh_str name, const zh_keep_figure *figure,
                        zh_keep_form form) ZH_MUST;
/* The labels and addresses of downloads below `url`: files STEM.svg, .png, .csv, .xlsx, with the
 * question `query` (without ?; may be empty). figure: also the pictures. Returns how many, at most
 * four. */
struct zh_download;
size_t zh_keep_downloads(zh_ui *ui, zh_str url, zh_str query, bool figure, bool table,
                         struct zh_download *out);

#endif
