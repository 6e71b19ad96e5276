/* Rows of a JSON document or of newline-delimited JSON, streamed: one record in memory at a time.
 *
 * A path names where the rows are: "tbody", "data.list", "features[].properties"; a name goes into
 * an object, [] goes through an array (added at the end when the path has none). Without a path the
 * rows are the elements of the top-level array, or the values of NDJSON. Rows that are objects get
 * their columns from the field names of the first ZH_JSONROWS_SAMPLE rows; nested objects become
 * a.b, arrays of plain values one text joined by "; ", other arrays their JSON text. Rows that are
 * arrays keep their order; their header may stand elsewhere in the document. */
#ifndef ZH_FMT_JSONROWS_H
#define ZH_FMT_JSONROWS_H

#include "fmt/cell.h"
#include "fmt/stream.h"

#define ZH_JSONROWS_SAMPLE       ((size_t)1000)
#define ZH_JSONROWS_RECORD_MAX   ((size_t)16 << 20) /* bytes of one record */
#define ZH_JSONROWS_STEPS_MAX    16
#define ZH_JSONROWS_NAME_MAX     ((size_t)1024)
#define ZH_JSONROWS_HEADER_BYTES ((size_t)16 << 20)

typedef struct zh_jsonrow {
    const zh_cell *cells;
    size_t n;
    uint64_t record;     /* 1-based number of the record; 0 for the header */
    size_t line;         /* where the record begins */
    bool header;         /* the cells are column names */
    const zh_err *error; /* what is wrong with this row alone, or NULL */
} zh_jsonrow;

typedef struct zh_jsonrows zh_jsonrows; /* one thread at a time */

/* rows and header: paths, empty for none. encoding and max_bytes as for zh_stream_open. ZH_EINVAL
 * no JSON, or nothing at a path (the fix names the arrays that there are); ZH_ELIMIT a cap. */
zh_rc zh_jsonrows_open(const char *path, zh_encoding encoding, uint64_t max_bytes, zh_str rows,
                       zh_str header, zh_jsonrows **out, zh_err *err) ZH_MUST;
void zh_jsonrows_close(zh_jsonrows *rows); /* NULL is allowed */

/* The next row, the header first when there is one; valid until the next call. ZH_ENOTFOUND after
 * the last. A field that is not among the columns, a row of another shape, or a missing part of the
 * path is the row's own error; broken JSON ends the reading. */
zh_rc zh_jsonrows_next(zh_jsonrows *rows, zh_jsonrow *out, zh_err *err) ZH_MUST;

bool zh_jsonrows_is_lines(const zh_jsonrows *rows); /* NDJSON: several values */
const zh_stream *zh_jsonrows_stream(const zh_jsonrows *rows);

#endif
