/* Delimited text: the rows do not depend on how the input is cut into pieces, and rows that are
 * written and read again are the same. The first two bytes choose separator and piece size. */
// covers: src/base/csv.c
#include "base/csv.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct source {
    zh_str rest;
    size_t step;
} source;

static zh_rc pull(void *user, char *buffer, size_t size, size_t *got, zh_err *err)
{
    source *s = user;
    (void)err;
    size_t n = s->step < size ? s->step : size;
    n = n < s->rest.n ? n : s->rest.n;
    if (n > 0) {
        memcpy(buffer, s->rest.p, n);
    }
    s->rest = zh_str_sub(s->rest, n, s->rest.n);
    *got = n;
    return ZH_OK;
}

/* Reads all rows and writes them out in one form; returns the code that ended the reading. */
static zh_rc rewrite(zh_str text, size_t step, char separator, zh_buf *out, size_t *rows)
{
    source s = {text, step};
    zh_csv *csv = zh_csv_new(pull, &s, separator);
    const zh_str *cells;
    size_t n, line, last_line = 0;
    uint64_t offset = 0;
    zh_err err;
    zh_rc rc;
    zh_err_clear(&err);
    *rows = 0;
    while ((rc = zh_csv_next(csv, &cells, &n, &line, &err)) == ZH_OK) {
        zh_assert(n >= 1 && n <= ZH_CSV_COLUMNS_MAX && line > last_line);
        zh_assert(zh_csv_offset(csv) > offset && zh_csv_offset(csv) <= text.n);
        last_line = line;
        offset = zh_csv_offset(csv);
        for (size_t i = 0; i < n; i++) {
            zh_assert(cells[i].n <= ZH_CSV_CELL_BYTES_MAX);
            if (i > 0) {
                zh_buf_c(out, separator);
            }
            zh_csv_write_cell(out, cells[i], separator, false);
        }
        zh_buf_c(out, '\n');
        ++*rows;
    }
    zh_assert(rc == ZH_ENOTFOUND ? offset == text.n && err.rc == ZH_OK : err.rc == rc);
    zh_csv_free(csv);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = {',', '\t', ';', '|'};
    if (size < 2) {
        return 0;
    }
    char separator = separators[data[0] % sizeof separators];
    size_t step = data[1] == 0 ? 1 : data[1];
    zh_str text = {(const char *)data + 2, size - 2};
    zh_buf whole, pieces, again;
    size_t rows, rows_pieces, rows_again;
    zh_buf_init(&whole, 8 * size + 64);
    zh_buf_init(&pieces, 8 * size + 64);
    zh_buf_init(&again, 8 * size + 64);
    zh_rc rc = rewrite(text, SIZE_MAX, separator, &whole, &rows);
    zh_assert(rewrite(text, step, separator, &pieces, &rows_pieces) == rc);
    zh_assert(rows == rows_pieces && zh_str_eq(zh_buf_view(&whole), zh_buf_view(&pieces)));
    zh_assert(!whole.failed && !pieces.failed);
    /* A first cell that begins with a quote is quoted when written, so rows survive. */
    zh_assert(rewrite(zh_buf_view(&whole), step, separator, &again, &rows_again) == ZH_ENOTFOUND);
    zh_assert(rows == rows_again && zh_str_eq(zh_buf_view(&whole), zh_buf_view(&again)));
    char guess = zh_csv_guess_separator(text);
    zh_assert(memchr(separators, guess, sizeof separators) != NULL);
    zh_buf_free(&whole);
    zh_buf_free(&pieces);
    zh_buf_free(&again);
    return 0;
}
