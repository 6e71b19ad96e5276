/* Every tabular input as one source of rows: CSV, TSV, NDJSON, JSON and XLSX, plain, gzip or zip.
 *
 * Rows come as they stand in the file: which of them is the header, and what the cells mean, is for
 * the recipe of the intake to say. Only JSON objects have no header row of their own; one is made
 * from their field names and marked. The source is streamed; memory is bounded by the caps of
 * base/csv.h, fmt/jsonrows.h and fmt/xlsx.h. */
#ifndef ZH_FMT_TABLE_H
#define ZH_FMT_TABLE_H

#include "base/utf8.h"
#include "fmt/cell.h"
#include "fmt/container.h"

typedef enum zh_table_kind {
    ZH_TABLE_CSV, /* any separator but a tab */
    ZH_TABLE_TSV,
    ZH_TABLE_NDJSON,
    ZH_TABLE_JSON,
    ZH_TABLE_XLSX,
} zh_table_kind;

/* Zeroed means: find out everything. */
typedef struct zh_table_options {
    bool encoding_given;
    zh_encoding encoding;
    char separator; /* '\0': guess; given, the file is delimited text even if it begins with [ */
    zh_str sheet;   /* XLSX: name of the sheet; empty: by sheet_number */
    size_t sheet_number; /* XLSX: 1-based tab; 0: the first visible one */
    zh_str json_rows;    /* JSON: path to the rows, see fmt/jsonrows.h */
    zh_str json_header;  /* JSON: path to the header of rows that are arrays */
    uint64_t max_bytes;  /* expanded; 0: ZH_CONTAINER_BYTES_MAX */
} zh_table_options;

typedef struct zh_table_sheet {
    zh_str name; /* empty but for XLSX */
    bool hidden;
} zh_table_sheet;

/* What the file turned out to be. */
typedef struct zh_table_info {
    zh_table_kind kind;
    zh_container_kind container;
    zh_encoding encoding; /* ZH_ENC_UTF8 for XLSX */
    char separator;       /* of CSV and TSV */
    zh_str member;        /* name of the file inside a zip */
    const zh_table_sheet *sheets;
    size_t sheets_n; /* 1 but for XLSX */
    size_t sheet;    /* the one being read */
} zh_table_info;

typedef struct zh_table_row {
    const zh_cell *cells;
    size_t n;
    size_t number;       /* line of CSV, row of XLSX, record of JSON (0: its made-up header) */
    bool header;         /* made from the field names of JSON */
    bool hidden;         /* a hidden row of XLSX */
    bool blank;          /* no cell has text */
    const zh_err *error; /* this row alone is wrong; reading may go on */
} zh_table_row;

typedef struct zh_table zh_table; /* one thread at a time */

/* Opens a file and goes to its first row. options may be NULL. Errors as in the modules beneath,
 * and ZH_ENOTFOUND for a sheet that is not there. Close with zh_table_close. */
zh_rc zh_table_open(const char *path, const zh_table_options *options, zh_table **out,
                    zh_err *err) ZH_MUST;
void zh_table_close(zh_table *table); /* NULL is allowed */
const zh_table_info *zh_table_about(const zh_table *table);
const char *zh_table_kind_name(zh_table_kind kind);

/* Goes to the first row of another sheet (XLSX), or of the same one again. */
zh_rc zh_table_begin(zh_table *table, size_t sheet, zh_err *err) ZH_MUST;
/* The next row, valid until the next call; ZH_ENOTFOUND after the last. ZH_EINVAL and ZH_ELIMIT end
 * the reading; a damaged archive may show itself only at the end, so nothing may be kept before
 * ZH_ENOTFOUND has come. */
zh_rc zh_table_next(zh_table *table, zh_table_row *out, zh_err *err) ZH_MUST;
/* Work done out of the whole, for progress (bytes; the unit depends on the container). */
void zh_table_progress(const zh_table *table, uint64_t *done, uint64_t *total);

/* Where a cell stands, for a person: 抽检!C12, 第12行第3列, 第5条 a.b; column SIZE_MAX: the row.
 * NUL terminated, cut to size. Returns out. */
const char *zh_table_where(const zh_table *table, const zh_table_row *row, size_t column, char *out,
                           size_t size);

#endif
