/* Reading pasted and uploaded data; see sheet.h. */
#include "app/tool/sheet.h"

#include "base/csv.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fmt/table.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNIT_BYTES_MAX = 24 };

typedef struct row {
    const zh_str *cells;
    size_t n;
} row;

typedef struct rows {
    zh_arena *arena;
    ZH_VEC(row) all;
    size_t columns, cells;
} rows;

/* ---- cells ---- */

bool zh_sheet_is_missing(zh_str cell)
{
    static const char *const words[] = {"",     "-",    "--",   "—",    "——",   "/",   ".",
                                        "NA",   "N/A",  "n/a",  "na",   "NaN",  "nan", "null",
                                        "NULL", "缺测", "缺失", "未报", "未测", "无"};
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        if (zh_str_is(cell, words[i])) {
            return true;
        }
    }
    return false;
}

/* Units in Chinese that may follow a number; other Chinese words after a digit are names: 3号机. */
static bool is_chinese_unit(zh_str unit)
{
    static const char *const units[] = {
        "个",   "件",   "次",   "天",   "日",   "小时", "时", "分钟", "分", "秒", "克",
        "千克", "公斤", "毫克", "毫米", "厘米", "米",   "升", "毫升", "度", "元", "万元",
        "人",   "例",   "起",   "批",   "批次", "年",   "月", "周",   "台", "只", "套"};
    for (size_t i = 0; i < ZH_COUNTOF(units); i++) {
        if (zh_str_is(unit, units[i])) {
            return true;
        }
    }
    return false;
}

/* What may stand behind a number: a sign of censoring (+), a unit; no digits but as exponents. */
static bool is_unit(zh_str unit)
{
    if (unit.n > UNIT_BYTES_MAX) {
        return false;
    }
    for (size_t at = 0; at < unit.n;) {
        uint32_t c = zh_utf8_next(unit, &at);
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool sign = c == '%' || c == '/' || c == '+' || c == ' ' || c == 0xB0 || c == 0xB5 ||
                    c == 0xB2 || c == 0xB3 || c == 0x3BC || c == 0x2103 || c == 0x3A9 ||
                    c == 0x2126 || c == 0x2030;
        if (!letter && !sign) {
            return is_chinese_unit(unit);
        }
    }
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the number at the beginning: sign, digits with separators of thousands, fraction,
 * exponent. */
static size_t number_bytes(zh_str s)
{
    size_t i = 0;
    size_t digits = 0;
    i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == ',' && digits > 0)); i++) {
        digits += is_digit(s.p[i]);
    }
    if (i < s.n && s.p[i] == '.') {
        for (i++; i < s.n && is_digit(s.p[i]); i++) {
            digits++;
        }
    }
    if (digits == 0) {
        return 0;
    }
    if (i + 1 < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        size_t k = i + 1 + (s.p[i + 1] == '-' || s.p[i + 1] == '+');
        if (k < s.n && is_digit(s.p[k])) {
            for (i = k; i < s.n && is_digit(s.p[i]); i++) {
            }
        }
    }
    return i;
}

/* Commas only where they separate thousands: 1,234,567.8. */
static bool thousands(zh_str s)
{
    size_t run = 0;
    bool comma = false;
    for (size_t i = 0; i < s.n && s.p[i] != '.' && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
        if (s.p[i] == ',') {
            if (comma ? run != 3 : run == 0 || run > 3) {
                return false;
            }
            comma = true;
            run = 0;
        } else if (is_digit(s.p[i])) {
            run++;
        }
    }
    return !comma || run == 3;
}

bool zh_sheet_number(zh_arena *arena, zh_str cell, double *out, zh_str *unit)
{
    zh_str half;
    if (zh_utf8_halfwidth(arena, cell, &half) != ZH_OK) {
        return false;
    }
    half = zh_str_trim(half);
    size_t n = number_bytes(half);
    zh_str digits = zh_str_sub(half, 0, n);
    char plain[64];
    size_t at = 0;
    if (n == 0 || n >= sizeof plain || !thousands(digits)) {
        return false;
    }
    for (size_t i = digits.p[0] == '+' ? 1 : 0; i < n; i++) {
        if (digits.p[i] != ',') {
            plain[at++] = digits.p[i];
        }
    }
    zh_str after = zh_str_trim(zh_str_sub(half, n, half.n));
    *unit = after;
    return is_unit(after) && zh_str_double((zh_str){plain, at}, out) == ZH_OK;
}

/* ---- rows ---- */

static zh_rc add_row(rows *r, const zh_str *cells, size_t n, zh_err *err)
{
    while (n > 0 && zh_str_trim(cells[n - 1]).n == 0) {
        n--; /* separators at the end of a line */
    }
    if (n == 0) {
        return ZH_OK;
    }
    if (r->all.n > ZH_SHEET_ROWS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "tool.data", "至多 %zu 行", ZH_SHEET_ROWS_MAX);
    }
    if (n > ZH_SHEET_COLUMNS_MAX && r->all.n > 0) {
        return zh_err_set(err, ZH_ELIMIT, "tool.data", "至多 %zu 列", ZH_SHEET_COLUMNS_MAX);
    }
    r->cells += n;
    if (r->cells > ZH_SHEET_CELLS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "tool.data", "至多 %zu 格", ZH_SHEET_CELLS_MAX);
    }
    zh_str *copy = ZH_TRY_N(r->arena, zh_str, n);
    if (copy == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    for (size_t i = 0; i < n; i++) {
        zh_str cell = zh_str_trim(cells[i]);
        if (!zh_utf8_clean(cell)) {
            return zh_err_set(err, ZH_EINVAL, "tool.data", "第 %zu 行第 %zu 格有不能显示的字符",
                              r->all.n + 1, i + 1);
        }
        if (!zh_str_try_dup(r->arena, cell, &copy[i])) {
            return zh_err_set(err, ZH_ENOMEM, "tool.data", "数据太大");
        }
    }
    zh_vec_push(r->arena, &r->all, (row){copy, n});
    r->columns = n > r->columns ? n : r->columns;
    return ZH_OK;
}

typedef struct feed {
    zh_str rest;
} feed;

static zh_rc read_text(void *user, char *buffer, size_t size, size_t *got, zh_err *err)
{
    (void)err;
    feed *f = user;
    *got = f->rest.n < size ? f->rest.n : size;
    memcpy(buffer, f->rest.p, *got);
    f->rest = zh_str_sub(f->rest, *got, f->rest.n);
    return ZH_OK;
}

/* Every line is one number with separators of thousands: then commas do not separate cells. */
static bool is_thousands_column(zh_arena *arena, zh_str text)
{
    zh_str line;
    bool some = false;
    while (zh_str_split(&text, '\n', &line)) {
        double ignored;
        zh_str unit;
        line = zh_str_trim(line);
        if (line.n == 0) {
            continue;
        }
        if (!zh_sheet_number(arena, line, &ignored, &unit)) {
            return false;
        }
        some = some || zh_str_chr(line, ',') >= 0;
    }
    return some;
}

static zh_str replace(zh_arena *arena, zh_str text, const char *const *from, size_t n, char to)
{
    zh_str out = {ZH_NEW_N(arena, char, text.n + 1), 0};
    char *p = (char *)(uintptr_t)out.p;
    for (size_t i = 0; i < text.n;) {
        size_t k = 0;
        for (; k < n; k++) {
            if (zh_str_starts(zh_str_sub(text, i, 4), zh_str_of(from[k]))) {
                break;
            }
        }
        p[out.n++] = k < n ? to : text.p[i];
        i += k < n ? strlen(from[k]) : 1;
    }
    return out;
}

/* The text with one kind of separator, which is returned. */
static char separator_of(zh_arena *arena, zh_str *text)
{
    static const char *const chinese[] = {"，", "；", "、"};
    static const char *const blanks[] = {" ", "\xe3\x80\x80", "\xc2\xa0"};
    if (zh_str_chr(*text, '\t') >= 0) {
        return '\t';
    }
    if (zh_str_chr(*text, ',') >= 0 || zh_str_chr(*text, ';') >= 0 || zh_str_chr(*text, '|') >= 0) {
        return is_thousands_column(arena, *text) ? '\t' : zh_csv_guess_separator(*text);
    }
    for (size_t i = 0; i < ZH_COUNTOF(chinese); i++) {
        if (zh_str_find(*text, zh_str_of(chinese[i])) >= 0) {
            *text = replace(arena, *text, chinese, ZH_COUNTOF(chinese), ',');
            return ',';
        }
    }
    *text = replace(arena, *text, blanks, ZH_COUNTOF(blanks), ' ');
    return ' ';
}

/* Blanks in a row are one separator. */
static size_t squeeze(zh_str *cells, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (zh_str_trim(cells[i]).n > 0) {
            cells[kept++] = cells[i];
        }
    }
    return kept;
}

static zh_rc text_rows(rows *r, zh_str text, zh_err *err)
{
    char separator = separator_of(r->arena, &text);
    feed f = {text};
    zh_csv *csv = zh_csv_new(read_text, &f, separator);
    const zh_str *cells;
    size_t n;
    size_t line;
    zh_rc rc;
    while ((rc = zh_csv_next(csv, &cells, &n, &line, err)) == ZH_OK) {
        if (separator == ' ') {
            zh_str *kept = ZH_TRY_N(r->arena, zh_str, n + 1);
            if (kept == NULL) {
                rc = zh_err_set(err, ZH_ENOMEM, "tool.data", "数据太大");
                break;
            }
            memcpy(kept, cells, n * sizeof *kept);
            n = squeeze(kept, n);
            cells = kept;
        }
        rc = add_row(r, cells, n, err);
        if (rc != ZH_OK) {
            break;
        }
    }
    zh_csv_free(csv);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc table_rows(rows *r, zh_table *table, zh_err *err)
{
    zh_table_row in;
    zh_rc rc;
    while ((rc = zh_table_next(table, &in, err)) == ZH_OK) {
        zh_str cells[ZH_SHEET_COLUMNS_MAX];
        if (in.error != NULL) {
            *err = *in.error;
            return in.error->rc;
        }
        if (in.n > ZH_SHEET_COLUMNS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "tool.data", "至多 %zu 列", ZH_SHEET_COLUMNS_MAX);
        }
        for (size_t i = 0; i < in.n; i++) {
            cells[i] = (in.cells[i].flags & (ZH_CELL_NULL | ZH_CELL_ERROR)) != 0 ? ZH_STR("")
                                                                                 : in.cells[i].text;
        }
        rc = add_row(r, cells, in.n, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- columns ---- */

/* One row of numbers is one column of them. */
static void turn(rows *r)
{
    double ignored;
    zh_str unit;
    if (r->all.n != 1 || r->columns < 2) {
        return;
    }
    row only = r->all.p[0];
    for (size_t i = 0; i < only.n; i++) {
        if (!zh_sheet_number(r->arena, only.cells[i], &ignored, &unit) &&
            !zh_sheet_is_missing(only.cells[i])) {
            return;
        }
    }
    r->all.n = 0;
    r->columns = 1;
    for (size_t i = 0; i < only.n; i++) {
        zh_vec_push(r->arena, &r->all, (row){&only.cells[i], 1});
    }
}

static zh_str cell_at(const rows *r, size_t i, size_t column)
{
    return column < r->all.p[i].n ? r->all.p[i].cells[column] : ZH_STR("");
}

/* The first row is a heading when none of its cells is a number, or one of them is a word above
 * numbers only. */
static bool has_heading(const rows *r)
{
    double ignored;
    zh_str unit;
    bool number = false;
    if (r->all.n < 2) {
        return false;
    }
    for (size_t c = 0; c < r->columns; c++) {
        zh_str head = cell_at(r, 0, c);
        bool is_number = zh_sheet_number(r->arena, head, &ignored, &unit);
        number = number || is_number;
        if (is_number || zh_sheet_is_missing(head)) {
            continue;
        }
        size_t numbers = 0;
        size_t words = 0;
        for (size_t i = 1; i < r->all.n; i++) {
            zh_str cell = cell_at(r, i, c);
            bool missing = zh_sheet_is_missing(cell);
            bool is = !missing && zh_sheet_number(r->arena, cell, &ignored, &unit);
            numbers += is;
            words += !is && !missing;
        }
        if (numbers > 0 && words == 0) {
            return true;
        }
    }
    return !number;
}

/* 直径（mm）, diameter [mm], 电压/V: the unit apart from the name. */
static void split_heading(zh_arena *arena, zh_str head, zh_sheet_column *out)
{
    zh_str half;
    out->name = head;
    if (zh_utf8_halfwidth(arena, head, &half) != ZH_OK || half.n == 0) {
        return;
    }
    char last = half.p[half.n - 1];
    char first = last == ')' ? '(' : last == ']' ? '[' : '\0';
    for (size_t i = half.n; first != '\0' && i-- > 0;) {
        if (half.p[i] == first) {
            out->name = zh_str_trim(zh_str_sub(half, 0, i));
            out->unit = zh_str_trim(zh_str_sub(half, i + 1, half.n - i - 2));
            return;
        }
    }
    for (size_t i = half.n; i-- > 1;) {
        zh_str unit = zh_str_sub(half, i + 1, half.n);
        if (half.p[i] == '/' && unit.n > 0 && unit.n <= 6 && is_unit(unit)) {
            out->name = zh_str_trim(zh_str_sub(half, 0, i));
            out->unit = unit;
            return;
        }
    }
}

static zh_rc column_of(const rows *r, size_t c, size_t from, zh_sheet_column *out, zh_err *err)
{
    size_t n = r->all.n - from;
    zh_str *text = ZH_TRY_N(r->arena, zh_str, n + 1);
    double *number = ZH_TRY_N(r->arena, double, n + 1);
    zh_str unit = ZH_STR_NONE;
    bool same = true;
    if (text == NULL || number == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    for (size_t i = 0; i < n; i++) {
        zh_str own;
        text[i] = cell_at(r, i + from, c);
        number[i] = (double)NAN;
        if (zh_sheet_is_missing(text[i])) {
            continue;
        }
        if (!zh_sheet_number(r->arena, text[i], &number[i], &own)) {
            number[i] = (double)NAN;
            out->words++;
            continue;
        }
        same = same && (out->numbers == 0 || zh_str_eq(own, unit));
        unit = own;
        out->numbers++;
    }
    if (out->unit.n == 0 && same && out->words == 0 && !zh_str_is(unit, "+")) {
        out->unit = unit;
    }
    out->text = text;
    out->number = number;
    return ZH_OK;
}

static zh_rc finish(rows *r, zh_sheet *out, zh_err *err)
{
    turn(r);
    *out = (zh_sheet){.headed = has_heading(r)};
    size_t from = out->headed ? 1 : 0;
    if (r->all.n == from) {
        return zh_err_set(err, ZH_EINVAL, "tool.data", "没有数据");
    }
    zh_sheet_column *columns = ZH_NEW_N(r->arena, zh_sheet_column, ZH_SHEET_COLUMNS_MAX);
    for (size_t c = 0; c < r->columns; c++) {
        if (out->headed) {
            split_heading(r->arena, cell_at(r, 0, c), &columns[c]);
        }
        if (columns[c].name.n == 0) {
            columns[c].name = zh_str_fmt(r->arena, "列 %zu", c + 1);
        }
        zh_rc rc = column_of(r, c, from, &columns[c], err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    out->columns = columns;
    out->ncolumns = r->columns;
    out->nrows = r->all.n - from;
    return ZH_OK;
}

zh_rc zh_sheet_parse(zh_arena *arena, zh_str text, zh_sheet *out, zh_err *err)
{
    rows r = {.arena = arena};
    if (text.n > ZH_SHEET_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "tool.data", "数据超过 %zu MB", ZH_SHEET_BYTES_MAX >> 20);
    }
    if (!zh_utf8_valid(text)) {
        return zh_err_set(err, ZH_EINVAL, "tool.data", "数据不是 UTF-8 文字");
    }
    zh_rc rc = text_rows(&r, text, err);
    return rc == ZH_OK ? finish(&r, out, err) : rc;
}

zh_rc zh_sheet_open(zh_arena *arena, const char *path, zh_sheet *out, zh_err *err)
{
    rows r = {.arena = arena};
    zh_table *table;
    const zh_table_options options = {.max_bytes = ZH_SHEET_BYTES_MAX};
    zh_rc rc = zh_table_open(path, &options, &table, err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = table_rows(&r, table, err);
    zh_table_close(table);
    return rc == ZH_OK ? finish(&r, out, err) : rc;
}

/* The readers of packed files and workbooks take paths: a file that exists only in memory has one.
 */
zh_rc zh_sheet_bytes(zh_arena *arena, const void *bytes, size_t n, zh_sheet *out, zh_err *err)
{
    char path[40];
    int fd = memfd_create("sheet", MFD_CLOEXEC);
    size_t done = 0;
    zh_rc rc = ZH_OK;
    while (fd >= 0 && done < n) {
        ssize_t wrote = write(fd, (const char *)bytes + done, n - done);
        if (wrote <= 0) {
            break;
        }
        done += (size_t)wrote;
    }
    if (fd < 0 || done < n) {
        rc = zh_err_set(err, ZH_EIO, "tool.data", "读不了这份数据");
    }
    if (rc == ZH_OK) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        rc = zh_sheet_open(arena, path, out, err);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* ---- writing ---- */

static void write_cell(zh_buf *out, zh_str cell, bool last)
{
    zh_csv_write_cell(out, cell, '\t', false);
    zh_buf_c(out, last ? '\n' : '\t');
}

void zh_sheet_write(const zh_sheet *sheet, zh_buf *out)
{
    for (size_t c = 0; sheet->headed && c < sheet->ncolumns; c++) {
        const zh_sheet_column *column = &sheet->columns[c];
        bool last = c + 1 == sheet->ncolumns;
        zh_buf head;
        zh_buf_init(&head, 1 << 16);
        zh_buf_str(&head, column->name);
        if (column->unit.n > 0) {
            zh_buf_fmt(&head, "[%.*s]", ZH_FMT(column->unit));
        }
        write_cell(out, zh_buf_view(&head), last);
        zh_buf_free(&head);
    }
    /* A single column of words may hold blanks: the tab says that they do not separate. */
    bool alone = sheet->ncolumns == 1 && sheet->columns[0].words > 0;
    for (size_t i = 0; i < sheet->nrows; i++) {
        for (size_t c = 0; c < sheet->ncolumns; c++) {
            write_cell(out, sheet->columns[c].text[i], c + 1 == sheet->ncolumns && !alone);
        }
        zh_buf_z(out, alone ? "\n" : "");
    }
}

bool zh_sheet_is_numeric(const zh_sheet_column *column)
{
    return column->words == 0 && column->numbers > 0;
}
