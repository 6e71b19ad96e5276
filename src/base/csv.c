/* Delimited text. The row being read lies in one buffer that is moved and refilled as needed; cells
 * point into it. Separators, quotes and line ends are looked for eight bytes at a time. */
#include "base/csv.h"
#include <endian.h>
#include <string.h>

#define ONES  0x0101010101010101u
#define HIGHS 0x8080808080808080u

enum {
    BUFFER_FIRST = 64 << 10,
    PAD = 8, /* readable bytes behind the data, for whole words */
    CELLS_FIRST = 64
};

struct zh_csv {
    zh_read_fn read;
    void *user;
    char *buffer;
    size_t capacity; /* without the pad */
    size_t filled;
    size_t at;        /* the next byte to look at */
    size_t row;       /* where the row began */
    size_t cell;      /* where the cell began */
    size_t lines;     /* line ends before `at` */
    uint64_t dropped; /* bytes before buffer[0] */
    bool ended;       /* read gave its last byte */
    zh_rc failed;
    char separator;
    zh_str *cells;
    size_t cells_n, cells_capacity;
};

zh_csv *zh_csv_new(zh_read_fn read, void *user, char separator)
{
    zh_csv *csv = zh_alloc(sizeof *csv);
    zh_assert(separator != '"' && separator != '\n' && separator != '\r');
    csv->read = read;
    csv->user = user;
    csv->separator = separator;
    csv->capacity = BUFFER_FIRST;
    csv->buffer = zh_alloc(csv->capacity + PAD);
    csv->cells_capacity = CELLS_FIRST;
    csv->cells = zh_alloc(csv->cells_capacity * sizeof *csv->cells);
    return csv;
}

void zh_csv_free(zh_csv *csv)
{
    if (csv != NULL) {
        zh_dealloc(csv->cells);
        zh_dealloc(csv->buffer);
        zh_dealloc(csv);
    }
}

static zh_rc refuse(zh_rc rc, const char *rule, size_t line, const char *what, zh_err *err)
{
    zh_err_set(err, rc, rule, "第 %zu 行开始的记录：%s", line, what);
    zh_err_where(err, "%zu", line);
    return rc;
}

/* Moves the row to the front of a buffer that has room behind it, and the cells found so far with
 * it. */
static void make_room(zh_csv *csv)
{
    char *before = csv->buffer;
    const char *row = csv->buffer + csv->row;
    size_t kept = csv->filled - csv->row;
    if (csv->row == 0 && csv->filled == csv->capacity) {
        csv->capacity *= 2;
        csv->buffer = zh_alloc(csv->capacity + PAD);
    }
    memmove(csv->buffer, row, kept);
    for (size_t i = 0; i < csv->cells_n; i++) {
        csv->cells[i].p = csv->buffer + (csv->cells[i].p - row);
    }
    if (csv->buffer != before) {
        zh_dealloc(before);
    }
    csv->filled = kept;
    csv->at -= csv->row;
    csv->cell -= csv->row;
    csv->dropped += csv->row;
    csv->row = 0;
}

/* Reads more behind the row; at the end of input sets `ended`. The row and its unfinished cell may
 * not grow for ever. */
static zh_rc refill(zh_csv *csv, size_t line, zh_err *err)
{
    if (csv->filled - csv->cell > 2 * ZH_CSV_CELL_BYTES_MAX + 2) { /* even if all quotes double */
        return refuse(ZH_ELIMIT, "csv.cell", line, "有单元格超过 1 MiB 的上限", err);
    }
    if (csv->filled - csv->row >= ZH_CSV_ROW_BYTES_MAX) {
        return refuse(ZH_ELIMIT, "csv.row", line, "超过 16 MiB 的上限", err);
    }
    make_room(csv);
    size_t got = 0;
    zh_rc rc =
        csv->read(csv->user, csv->buffer + csv->filled, csv->capacity - csv->filled, &got, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_assert(got <= csv->capacity - csv->filled);
    csv->filled += got;
    csv->ended = got == 0;
    memset(csv->buffer + csv->filled, 0, PAD);
    return ZH_OK;
}

static inline uint64_t equal_bytes(uint64_t word, uint64_t pattern)
{
    uint64_t x = word ^ pattern;
    return (x - ONES) & ~x & HIGHS; /* the lowest set bit is exact */
}

/* The first position from `at` that holds a, b or c, or `filled`. */
static inline size_t scan(const zh_csv *csv, size_t at, char a, char b, char c)
{
    const uint64_t pa = ONES * (unsigned char)a;
    const uint64_t pb = ONES * (unsigned char)b;
    const uint64_t pc = ONES * (unsigned char)c;
    while (at < csv->filled) {
        uint64_t word;
        memcpy(&word, csv->buffer + at, 8);
        word = le64toh(word);
        uint64_t found = equal_bytes(word, pa) | equal_bytes(word, pb) | equal_bytes(word, pc);
        if (found != 0) {
            at += (size_t)__builtin_ctzll(found) >> 3;
            break;
        }
        at += 8;
    }
    return at < csv->filled ? at : csv->filled;
}

/* Removes one quote of each doubled pair in [from, to); returns the new end. */
static size_t undouble(char *p, size_t from, size_t to)
{
    size_t n = from;
    for (size_t i = from; i < to; i++) {
        p[n++] = p[i];
        i += p[i] == '"';
    }
    return n;
}

static zh_rc add_cell(zh_csv *csv, size_t from, size_t to, size_t line, zh_err *err)
{
    if (to - from > ZH_CSV_CELL_BYTES_MAX) {
        return refuse(ZH_ELIMIT, "csv.cell", line, "有单元格超过 1 MiB 的上限", err);
    }
    if (csv->cells_n == csv->cells_capacity) {
        if (csv->cells_n == ZH_CSV_COLUMNS_MAX) {
            return refuse(ZH_ELIMIT, "csv.columns", line, "超过 4096 列的上限", err);
        }
        csv->cells_capacity *= 2;
        csv->cells = zh_realloc(csv->cells, csv->cells_capacity * sizeof *csv->cells);
    }
    csv->cells[csv->cells_n++] = (zh_str){csv->buffer + from, to - from};
    return ZH_OK;
}

/* Moves `at` to the separator or line end that closes the plain text there, or to the end of input.
 * An unfinished cell may not grow for ever. */
static zh_rc find_end(zh_csv *csv, size_t line, zh_err *err)
{
    for (;;) {
        csv->at = scan(csv, csv->at, csv->separator, '\n', '\r');
        if (csv->at < csv->filled || csv->ended) {
            return ZH_OK;
        }
        zh_rc rc = refill(csv, line, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
}

/* Moves `at` to the quote that closes the cell. Counts line ends on the way. */
static zh_rc find_quote(zh_csv *csv, bool *doubled, size_t line, zh_err *err)
{
    for (;;) {
        csv->at = scan(csv, csv->at, '"', '\n', '\r');
        /* what a quote or CR means depends on the byte after it */
        if (csv->at + 1 >= csv->filled && !csv->ended) {
            zh_rc rc = refill(csv, line, err);
            if (rc != ZH_OK) {
                return rc;
            }
            continue;
        }
        if (csv->at == csv->filled) {
            return refuse(ZH_EINVAL, "csv.quote", line, "引号没有闭合", err);
        }
        char c = csv->buffer[csv->at];
        char after = csv->at + 1 < csv->filled ? csv->buffer[csv->at + 1] : '\0';
        if (c == '"' && after != '"') {
            return ZH_OK;
        }
        *doubled = *doubled || c == '"';
        csv->lines += c == '\n' || (c == '\r' && after != '\n');
        csv->at += c == '"' ? 2 : 1;
    }
}

/* Reads one cell and leaves `at` behind it, on a separator, a line end or the end of input. */
static zh_rc read_cell(zh_csv *csv, size_t line, zh_err *err)
{
    csv->cell = csv->at;
    if (csv->at == csv->filled || csv->buffer[csv->at] != '"') {
        zh_rc rc = find_end(csv, line, err);
        return rc == ZH_OK ? add_cell(csv, csv->cell, csv->at, line, err) : rc;
    }
    bool doubled = false;
    csv->at++;
    zh_rc rc = find_quote(csv, &doubled, line, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t quote = csv->at - csv->cell; /* relative: the row may move */
    csv->at++;
    rc = find_end(csv, line, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t from = csv->cell + 1;
    size_t to = csv->cell + quote;
    to = doubled ? undouble(csv->buffer, from, to) : to;
    size_t rest = csv->cell + quote + 1;
    memmove(csv->buffer + to, csv->buffer + rest, csv->at - rest); /* what follows the quote */
    return add_cell(csv, from, to + (csv->at - rest), line, err);
}

/* Steps over the line end at `at`, if one is there. */
static zh_rc end_row(zh_csv *csv, size_t line, zh_err *err)
{
    if (csv->at == csv->filled) {
        return ZH_OK;
    }
    char c = csv->buffer[csv->at++];
    csv->lines++;
    if (c == '\r' && csv->at == csv->filled && !csv->ended) {
        zh_rc rc = refill(csv, line, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    if (c == '\r' && csv->at < csv->filled && csv->buffer[csv->at] == '\n') {
        csv->at++;
    }
    return ZH_OK;
}

static zh_rc read_row(zh_csv *csv, size_t *line, zh_err *err)
{
    csv->row = csv->cell = csv->at;
    csv->cells_n = 0;
    *line = csv->lines + 1;
    if (csv->at == csv->filled && !csv->ended) {
        zh_rc rc = refill(csv, *line, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    if (csv->at == csv->filled) {
        return ZH_ENOTFOUND;
    }
    for (;;) {
        if (csv->at == csv->filled && !csv->ended) { /* the cell's first byte decides its kind */
            zh_rc rc = refill(csv, *line, err);
            if (rc != ZH_OK) {
                return rc;
            }
        }
        zh_rc rc = read_cell(csv, *line, err);
        if (rc != ZH_OK) {
            return rc;
        }
        if (csv->at == csv->filled || csv->buffer[csv->at] != csv->separator) {
            return end_row(csv, *line, err);
        }
        csv->at++;
    }
}

zh_rc zh_csv_next(zh_csv *csv, const zh_str **cells, size_t *n, size_t *line, zh_err *err)
{
    if (csv->failed != ZH_OK) {
        return csv->failed == ZH_ENOTFOUND
                   ? ZH_ENOTFOUND
                   : zh_err_set(err, csv->failed, "csv.stopped", "读取已因前面的错误停止");
    }
    csv->failed = read_row(csv, line, err);
    if (csv->failed != ZH_OK) {
        return csv->failed;
    }
    *cells = csv->cells;
    *n = csv->cells_n;
    return ZH_OK;
}

/* A quoted cell begins behind its quote; before any other stands a separator or a line end. */
bool zh_csv_quoted(const zh_csv *csv, size_t cell)
{
    zh_assert(cell < csv->cells_n);
    const char *p = csv->cells[cell].p;
    return p > csv->buffer && p[-1] == '"';
}

uint64_t zh_csv_offset(const zh_csv *csv)
{
    return csv->dropped + csv->at;
}

/* --- guessing the separator --- */

static zh_rc read_text(void *user, char *buffer, size_t size, size_t *got, zh_err *err)
{
    zh_str *rest = user;
    (void)err;
    *got = rest->n < size ? rest->n : size;
    if (*got > 0) {
        memcpy(buffer, rest->p, *got);
    }
    *rest = zh_str_sub(*rest, *got, rest->n);
    return ZH_OK;
}

/* How regular the sample is when cut at this separator: a thousand times the share of rows that
 * have the most frequent number of cells, if that is above one, and the number itself to break
 * ties. */
static size_t regularity(zh_str sample, char separator)
{
    enum { ROWS_MAX = 100, WIDTH_MAX = 255 };
    size_t seen[WIDTH_MAX + 1] = {0};
    size_t rows = 0;
    const zh_str *cells;
    size_t n, line;
    size_t last = 0;
    bool cut = sample.n > 0 && sample.p[sample.n - 1] != '\n' && sample.p[sample.n - 1] != '\r';
    zh_csv *csv = zh_csv_new(read_text, &sample, separator);
    while (rows < ROWS_MAX && zh_csv_next(csv, &cells, &n, &line, NULL) == ZH_OK) {
        if (n == 1 && cells[0].n == 0) {
            continue;
        }
        last = n < WIDTH_MAX ? n : WIDTH_MAX;
        seen[last]++;
        rows++;
    }
    bool at_end = csv->at == csv->filled;
    zh_csv_free(csv);
    if (cut && at_end && rows > 1) { /* the sample may end inside its last row */
        seen[last]--;
        rows--;
    }
    size_t mode = 0;
    for (size_t width = 2; width <= WIDTH_MAX; width++) {
        mode = seen[width] > 0 && seen[width] >= seen[mode] ? width : mode;
    }
    return mode < 2 ? 0 : seen[mode] * 1000 / rows * (WIDTH_MAX + 1) + mode;
}

char zh_csv_guess_separator(zh_str sample)
{
    static const char candidates[] = {',', '\t', ';', '|'};
    char best = ',';
    size_t best_score = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t score = regularity(sample, candidates[i]);
        if (score > best_score) {
            best = candidates[i];
            best_score = score;
        }
    }
    return best;
}

/* --- writing --- */

void zh_csv_write_cell(zh_buf *out, zh_str cell, char separator, bool guard)
{
    bool formula = guard && cell.n > 0 && memchr("=+-@", cell.p[0], 4) != NULL;
    bool quoted = zh_str_chr(cell, separator) >= 0 || zh_str_chr(cell, '"') >= 0 ||
                  zh_str_chr(cell, '\n') >= 0 || zh_str_chr(cell, '\r') >= 0;
    if (quoted || formula) {
        zh_buf_c(out, '"');
    }
    if (formula) {
        zh_buf_c(out, '\'');
    }
    zh_str piece;
    for (bool first = true; zh_str_split(&cell, '"', &piece); first = false) {
        if (!first) {
            zh_buf_add(out, "\"\"", 2);
        }
        zh_buf_str(out, piece);
    }
    if (quoted || formula) {
        zh_buf_c(out, '"');
    }
}
