/* The parts of a workbook around its sheets: relationships, sheet list, number formats, shared
 * strings. Inside of fmt/xlsx; others use fmt/xlsx.h. */
#ifndef ZH_FMT_WORKBOOK_H
#define ZH_FMT_WORKBOOK_H

#include "fmt/numfmt.h"
#include "fmt/xlsx.h"
#include "fmt/xml.h"

#define ZH_WORKBOOK_NAME_MAX  ((size_t)1024) /* bytes of a part or sheet name */
#define ZH_WORKBOOK_LINKS_MAX ((size_t)8192)

typedef struct zh_workbook zh_workbook;

/* One part as a byte stream (a zh_read_fn with the zh_part * as user). */
typedef struct zh_part {
    void *entry; /* zip_file_t */
    uint64_t expanded, packed, total;
} zh_part;

zh_rc zh_workbook_open(const char *path, zh_workbook **out, zh_err *err) ZH_MUST;
void zh_workbook_close(zh_workbook *book); /* NULL is allowed */

const zh_xlsx_sheet *zh_workbook_sheets(const zh_workbook *book, size_t *n);
bool zh_workbook_date1904(const zh_workbook *book);
/* The number format of a cell style; plain for a style that is not there. */
zh_numfmt zh_workbook_format(const zh_workbook *book, uint64_t style);
/* ZH_EINVAL when the workbook has no such string (rule xlsx.shared). Valid until closed. */
zh_rc zh_workbook_shared(const zh_workbook *book, uint64_t index, zh_str *out, zh_err *err) ZH_MUST;

/* Opens the XML of a sheet; close with zh_part_close. */
zh_rc zh_workbook_sheet_part(zh_workbook *book, size_t sheet, zh_part *out, zh_err *err) ZH_MUST;
zh_rc zh_part_read(void *part, char *buffer, size_t size, size_t *got, zh_err *err) ZH_MUST;
void zh_part_close(zh_part *part);

/* Appends text with the escapes _xHHHH_ of ST_Xstring (22.9.2.19) resolved. */
void zh_workbook_unescape(zh_str text, zh_buf *out);

#endif
