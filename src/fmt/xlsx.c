/* Sheets of a workbook, streamed: cells into a row of slots, merged ranges laid over them. */
#include "fmt/xlsx.h"
#include "fmt/container.h"
#include "fmt/workbook.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_BYTES = 64 << 10 };

typedef struct range {
    uint32_t row, column, row_last, column_last; /* columns from 0 */
} range;

/* What a column holds below the first row of a merged range. */
typedef struct owner {
    uint32_t row_last; /* 0: none */
    unsigned flags;
    const char *fixed; /* text of the shared table, or NULL: in `held` */
    size_t at, n;
} owner;

typedef struct slot {
    const char *fixed; /* text of the shared table, or NULL: in `text` */
    size_t at, n;
    unsigned flags;
    bool used;
} slot;

struct zh_xlsx {
    zh_workbook *book;
    size_t sheet;
    zh_part part;
    zh_xml *xml;
    bool in_data, ended;
    size_t row, column; /* being read; column from 0 */
    bool row_hidden;
    size_t next_column; /* for a cell without reference */
    size_t used_n;      /* slots [0, used_n) belong to the row */
    uint64_t given;     /* text bytes given out so far, shared strings counted each time */
    zh_buf text;        /* of the row's own cells */
    zh_buf value;       /* of the cell being read */
    range *merges;      /* by first row, then column */
    size_t merges_n, merges_capacity, merges_next;
    uint64_t merged_area;
    uint32_t open_row_last; /* last row, and one past the last column, of the open ranges */
    size_t open_columns;
    zh_buf held; /* text of the open ranges */
    slot slots[ZH_CELL_COLUMNS_MAX];
    owner owners[ZH_CELL_COLUMNS_MAX];
    zh_cell cells[ZH_CELL_COLUMNS_MAX];
};

size_t zh_xlsx_cell_name(size_t row, size_t column, char out[32])
{
    char letters[8];
    size_t n = 0;
    for (size_t c = column + 1; c > 0 && n < sizeof letters; c = (c - 1) / 26) {
        letters[n++] = (char)('A' + (c - 1) % 26);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = letters[n - 1 - i];
    }
    int more = row > 0 ? snprintf(out + n, 32 - n, "%zu", row) : 0;
    out[n + (size_t)more] = '\0';
    return n + (size_t)more;
}

/* A1-style reference without $; both parts are needed. Column from 0. */
static bool read_reference(zh_str text, size_t *row, size_t *column)
{
    size_t i = 0, c = 0;
    for (; i < text.n && text.p[i] >= 'A' && text.p[i] <= 'Z' && i < 4; i++) {
        c = c * 26 + (size_t)(text.p[i] - 'A' + 1);
    }
    uint64_t r = 0;
    if (c == 0 || zh_str_u64(zh_str_sub(text, i, text.n), &r) != ZH_OK || r == 0) {
        return false;
    }
    *column = c - 1;
    *row = (size_t)r;
    return true;
}

static zh_str sheet_name(const zh_xlsx *x)
{
    size_t n;
    return zh_workbook_sheets(x->book, &n)[x->sheet].name;
}

/* Adds sheet!cell to the error and returns its code. */
static zh_rc at_cell(const zh_xlsx *x, zh_rc rc, zh_err *err)
{
    char name[32];
    zh_xlsx_cell_name(x->row, x->column, name);
    zh_err_where(err, "%.*s!%s", ZH_FMT(sheet_name(x)), name);
    return rc;
}

static zh_rc at_sheet(const zh_xlsx *x, zh_rc rc, zh_err *err)
{
    zh_err_where(err, "%.*s", ZH_FMT(sheet_name(x)));
    return rc;
}

static zh_rc limit(zh_err *err, const char *rule, const char *what, uint64_t max)
{
    zh_rc rc = zh_err_set(err, ZH_ELIMIT, rule, "%s超过 %llu", what, (unsigned long long)max);
    zh_err_fix(err, "拆分工作表，或另存为 CSV 后导入");
    return rc;
}

/* ---- merged ranges ---- */

static zh_rc read_range(const zh_xlsx *x, zh_str ref, range *out, zh_err *err)
{
    zh_str last = ref, first = ZH_STR_NONE;
    size_t r1, c1, r2, c2;
    (void)zh_str_split(&last, ':', &first);
    if (!read_reference(first, &r1, &c1) ||
        !read_reference(last.p != NULL ? last : first, &r2, &c2) || r2 < r1 || c2 < c1 ||
        r2 > ZH_XLSX_ROWS_MAX || c2 >= ZH_CELL_COLUMNS_MAX) {
        return at_sheet(x,
                        zh_err_set(err, ZH_EINVAL, "xlsx.merge", "合并单元格的范围「%.*s」不正确",
                                   ZH_FMT(zh_cell_clip(ref, 40))),
                        err);
    }
    *out = (range){(uint32_t)r1, (uint32_t)c1, (uint32_t)r2, (uint32_t)c2};
    return ZH_OK;
}

static zh_rc add_merge(zh_xlsx *x, zh_str ref, zh_err *err)
{
    range one;
    zh_rc rc = read_range(x, ref, &one, err);
    if (rc != ZH_OK) {
        return rc;
    }
    x->merged_area += (uint64_t)(one.row_last - one.row + 1) * (one.column_last - one.column + 1);
    if (x->merges_n == ZH_XLSX_MERGES_MAX || x->merged_area > ZH_XLSX_MERGED_AREA_MAX) {
        return at_sheet(
            x, limit(err, "xlsx.merge", "合并单元格覆盖的格数", ZH_XLSX_MERGED_AREA_MAX), err);
    }
    if (x->merges_n == x->merges_capacity) {
        x->merges_capacity = x->merges_capacity > 0 ? x->merges_capacity * 2 : 64;
        x->merges = zh_realloc(x->merges, x->merges_capacity * sizeof *x->merges);
    }
    x->merges[x->merges_n++] = one;
    return ZH_OK;
}

static int by_position(const void *a, const void *b)
{
    const range *l = a, *r = b;
    if (l->row != r->row) {
        return l->row < r->row ? -1 : 1;
    }
    return l->column < r->column ? -1 : l->column > r->column;
}

/* Whether the sheet's bytes can hold merged ranges; reads all of it, so the check sum is compared
 * before the first row is given out. */
static zh_rc scan_raw(zh_xlsx *x, bool *may_merge, zh_err *err)
{
    static const char mark[] = "mergeCell";
    enum { KEEP = sizeof mark - 2 };
    *may_merge = false;
    zh_rc rc = zh_workbook_sheet_part(x->book, x->sheet, &x->part, err);
    char *raw = zh_alloc(KEEP + RAW_BYTES);
    size_t kept = 0, got = 1;
    for (bool first = true; rc == ZH_OK && got > 0; first = false) {
        rc = zh_part_read(&x->part, raw + kept, RAW_BYTES, &got, err);
        if (rc != ZH_OK || got == 0) {
            break;
        }
        size_t n = kept + got;
        /* UTF-16 hides the word: a second byte of 0 or a byte order mark. */
        bool wide = first && n >= 2 &&
                    (raw[0] == '\0' || raw[1] == '\0' || raw[0] == '\xFE' || raw[0] == '\xFF');
        *may_merge = *may_merge || wide || memmem(raw, n, mark, sizeof mark - 1) != NULL;
        kept = n < KEEP ? n : KEEP;
        memmove(raw, raw + n - kept, kept);
    }
    zh_dealloc(raw);
    zh_part_close(&x->part);
    return rc;
}

static zh_rc open_sheet(zh_xlsx *x, zh_err *err)
{
    zh_rc rc = zh_workbook_sheet_part(x->book, x->sheet, &x->part, err);
    return rc == ZH_OK ? zh_xml_new(zh_part_read, &x->part, "worksheet.xml", &x->xml, err) : rc;
}

static void close_sheet(zh_xlsx *x)
{
    zh_xml_free(x->xml);
    x->xml = NULL;
    zh_part_close(&x->part);
}

static zh_rc read_merges(zh_xlsx *x, zh_err *err)
{
    zh_rc rc = open_sheet(x, err);
    zh_xml_event event = ZH_XML_START;
    while (rc == ZH_OK && event != ZH_XML_EOF) {
        rc = zh_xml_next(x->xml, &event, err);
        if (rc == ZH_OK && event == ZH_XML_START && zh_xml_depth(x->xml) == 2 &&
            zh_xml_is(x->xml, "mergeCell")) {
            rc = add_merge(x, zh_xml_attr(x->xml, "ref"), err);
        }
    }
    close_sheet(x);
    if (x->merges_n > 1) {
        zh_sort(x->merges, x->merges_n, sizeof *x->merges, by_position);
    }
    return rc;
}

/* Makes the slots of the row reach n columns. */
static void extend(zh_xlsx *x, size_t n)
{
    for (; x->used_n < n; x->used_n++) {
        x->slots[x->used_n] = (slot){0};
    }
}

/* Gives the ranges that begin in this row to their columns. */
static zh_rc open_range(zh_xlsx *x, const range *r, zh_err *err)
{
    extend(x, (size_t)r->column_last + 1);
    const slot *from = &x->slots[r->column];
    owner own = {.row_last = r->row_last,
                 .flags = (from->used ? from->flags : ZH_CELL_NULL) | ZH_CELL_MERGED};
    if (from->used) {
        own.fixed = from->fixed;
        own.n = from->n;
        if (own.fixed == NULL) {
            own.at = x->held.n;
            zh_buf_add(&x->held, x->text.p + from->at, from->n);
        }
    }
    if (x->held.failed) {
        return at_sheet(x, limit(err, "xlsx.merge", "合并单元格文字字节数", ZH_XLSX_HELD_BYTES_MAX),
                        err);
    }
    for (size_t c = r->column; c <= r->column_last; c++) {
        if (x->owners[c].row_last >= x->row) {
            x->column = c;
            return at_cell(x, zh_err_set(err, ZH_EINVAL, "xlsx.merge", "合并单元格互相重叠"), err);
        }
        x->owners[c] = own;
    }
    if (r->row_last > x->open_row_last) {
        x->open_row_last = r->row_last;
    }
    if (r->column_last + 1 > x->open_columns) {
        x->open_columns = r->column_last + 1;
    }
    return ZH_OK;
}

static void lay_over(zh_xlsx *x)
{
    extend(x, x->open_columns);
    for (size_t c = 0; c < x->open_columns; c++) {
        const owner *own = &x->owners[c];
        if (own->row_last < x->row) {
            continue;
        }
        size_t at = own->at;
        if (own->fixed == NULL && own->n > 0) {
            at = x->text.n;
            zh_buf_add(&x->text, x->held.p + own->at, own->n);
        }
        x->slots[c] = (slot){own->fixed, at, own->n, own->flags, true};
    }
}

static zh_rc apply_merges(zh_xlsx *x, zh_err *err)
{
    if (x->row > x->open_row_last) {
        zh_buf_clear(&x->held);
        x->open_columns = 0;
    }
    /* A range whose first row is not in the file has no value to give. */
    while (x->merges_next < x->merges_n && x->merges[x->merges_next].row <= x->row) {
        const range *r = &x->merges[x->merges_next++];
        zh_rc rc = r->row == x->row ? open_range(x, r, err) : ZH_OK;
        if (rc != ZH_OK) {
            return rc;
        }
    }
    lay_over(x);
    return ZH_OK;
}

/* ---- cells ---- */

typedef struct cell {
    char kind[12]; /* the t attribute */
    uint64_t style;
    bool formula;
    bool has_value;
} cell;

static zh_rc begin_cell(zh_xlsx *x, cell *out, zh_err *err)
{
    *out = (cell){0};
    zh_str ref = zh_xml_attr(x->xml, "r");
    size_t row = x->row;
    x->column = x->next_column;
    if (ref.p != NULL && (!read_reference(ref, &row, &x->column) || row != x->row)) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "xlsx.cell.reference",
                              "第 %zu 行里的单元格坐标「%.*s」不正确", x->row,
                              ZH_FMT(zh_cell_clip(ref, 20)));
        return at_sheet(x, rc, err);
    }
    if (x->column >= ZH_CELL_COLUMNS_MAX) {
        return at_cell(x, limit(err, "xlsx.columns", "列数", ZH_CELL_COLUMNS_MAX), err);
    }
    if (x->column < x->used_n && x->slots[x->column].used) {
        return at_cell(x, zh_err_set(err, ZH_EINVAL, "xlsx.cell.duplicate", "同一单元格出现两次"),
                       err);
    }
    x->next_column = x->column + 1;
    zh_str style = zh_xml_attr(x->xml, "s");
    if (style.p != NULL && zh_str_u64(style, &out->style) != ZH_OK) {
        return at_cell(x, zh_err_set(err, ZH_EINVAL, "xlsx.cell.style", "单元格样式号不正确"), err);
    }
    zh_str kind = zh_xml_attr(x->xml, "t");
    kind = zh_cell_clip(kind, sizeof out->kind - 1);
    if (kind.n > 0) {
        memcpy(out->kind, kind.p, kind.n); /* zeroed above */
    }
    return ZH_OK;
}

/* Collects what is inside <c> up to its end; the value's text ends up in x->value. */
static zh_rc read_cell(zh_xlsx *x, cell *c, zh_err *err)
{
    zh_buf_clear(&x->value);
    bool value = false, text = false, phonetic = false;
    for (;;) {
        zh_xml_event event;
        zh_rc rc = zh_xml_next(x->xml, &event, err);
        if (rc != ZH_OK) {
            return at_cell(x, rc, err);
        }
        bool start = event == ZH_XML_START;
        if (event == ZH_XML_TEXT) {
            if (value) {
                zh_buf_str(&x->value, zh_xml_text(x->xml));
            } else if (text && !phonetic) {
                zh_workbook_unescape(zh_xml_text(x->xml), &x->value);
            }
        } else if (zh_xml_is(x->xml, "v")) {
            value = start;
            c->has_value = true;
        } else if (zh_xml_is(x->xml, "t")) {
            text = start;
            c->has_value = true;
        } else if (zh_xml_is(x->xml, "rPh")) {
            phonetic = start;
        } else if (zh_xml_is(x->xml, "f")) {
            c->formula = true;
        } else if (zh_xml_is(x->xml, "c") && !start) {
            break;
        }
        if (x->value.failed || x->value.n > ZH_CELL_BYTES_MAX) {
            return at_cell(x, limit(err, "xlsx.cell.size", "单元格字节数", ZH_CELL_BYTES_MAX), err);
        }
    }
    return ZH_OK;
}

static void put_text(zh_xlsx *x, zh_str text, unsigned flags)
{
    slot *s = &x->slots[x->column];
    *s = (slot){NULL, x->text.n, text.n, flags, true};
    zh_buf_str(&x->text, text);
}

static zh_rc put_number(zh_xlsx *x, const cell *c, zh_err *err)
{
    zh_str raw = zh_str_trim(zh_buf_view(&x->value));
    zh_numfmt format = zh_workbook_format(x->book, c->style);
    char out[ZH_NUMFMT_TEXT_MAX];
    zh_str text;
    bool lossy;
    if (zh_numfmt_number(raw, format, out, &text, &lossy) != ZH_OK) {
        return at_cell(x,
                       zh_err_set(err, ZH_EINVAL, "xlsx.cell.number",
                                  "数值单元格的内容「%.*s」不是数", ZH_FMT(zh_cell_clip(raw, 40))),
                       err);
    }
    unsigned flags = ZH_CELL_NUMBER | (lossy ? ZH_CELL_LOSSY : 0u);
    bool timed = format.kind == ZH_NUMFMT_DATE || format.kind == ZH_NUMFMT_TIME ||
                 format.kind == ZH_NUMFMT_ELAPSED;
    size_t n = 0;
    if (timed && zh_numfmt_date(raw, format, zh_workbook_date1904(x->book), out, &n)) {
        put_text(x, (zh_str){out, n}, ZH_CELL_DATE);
        return ZH_OK;
    }
    if (format.kind == ZH_NUMFMT_PERCENT) {
        flags |= ZH_CELL_PERCENT;
    }
    put_text(x, text, flags);
    return ZH_OK;
}

static zh_rc put_shared(zh_xlsx *x, zh_err *err)
{
    uint64_t index = 0;
    zh_str text;
    if (zh_str_u64(zh_str_trim(zh_buf_view(&x->value)), &index) != ZH_OK) {
        return at_cell(x, zh_err_set(err, ZH_EINVAL, "xlsx.shared", "共享文字的序号不正确"), err);
    }
    zh_rc rc = zh_workbook_shared(x->book, index, &text, err);
    if (rc != ZH_OK) {
        return at_cell(x, rc, err);
    }
    x->slots[x->column] = (slot){text.p, 0, text.n, ZH_CELL_QUOTED, true};
    return ZH_OK;
}

/* t="str": the text a formula gave. */
static void put_formula_text(zh_xlsx *x)
{
    size_t at = x->text.n;
    zh_workbook_unescape(zh_buf_view(&x->value), &x->text);
    x->slots[x->column] = (slot){NULL, at, x->text.n - at, ZH_CELL_QUOTED, true};
}

static zh_rc put_cell(zh_xlsx *x, const cell *c, zh_err *err)
{
    zh_str value = zh_buf_view(&x->value);
    const char *kind = c->kind;
    bool number = kind[0] == '\0' || strcmp(kind, "n") == 0;
    if (!c->has_value || (number && value.n == 0)) {
        put_text(x, ZH_STR(""), c->formula ? ZH_CELL_ERROR | ZH_CELL_NULL : ZH_CELL_NULL);
    } else if (number) {
        return put_number(x, c, err);
    } else if (strcmp(kind, "s") == 0) {
        return put_shared(x, err);
    } else if (strcmp(kind, "inlineStr") == 0) {
        put_text(x, value, ZH_CELL_QUOTED);
    } else if (strcmp(kind, "str") == 0) {
        put_formula_text(x);
    } else if (strcmp(kind, "b") == 0) {
        put_text(
            x, zh_str_is(value, "1") || zh_str_is(value, "true") ? ZH_STR("TRUE") : ZH_STR("FALSE"),
            ZH_CELL_BOOL);
    } else if (strcmp(kind, "e") == 0) {
        put_text(x, value, ZH_CELL_ERROR);
    } else if (strcmp(kind, "d") == 0) {
        put_text(x, value, ZH_CELL_DATE);
    } else {
        return at_cell(
            x, zh_err_set(err, ZH_EINVAL, "xlsx.cell.type", "不认识的单元格类型「%s」", kind), err);
    }
    return ZH_OK;
}

static zh_rc take_cell(zh_xlsx *x, zh_err *err)
{
    cell c;
    zh_rc rc = begin_cell(x, &c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    extend(x, x->column + 1);
    rc = read_cell(x, &c, err);
    return rc == ZH_OK ? put_cell(x, &c, err) : rc;
}

/* ---- rows ---- */

static zh_rc begin_row(zh_xlsx *x, zh_err *err)
{
    size_t before = x->row;
    zh_str number = zh_xml_attr(x->xml, "r");
    uint64_t row = before + 1;
    if (number.p != NULL && (zh_str_u64(number, &row) != ZH_OK || row <= before)) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "xlsx.row.order", "第 %zu 行之后的行号「%.*s」不正确",
                              before, ZH_FMT(zh_cell_clip(number, 20)));
        zh_err_fix(err, "用制表软件打开后另存为 .xlsx");
        return at_sheet(x, rc, err);
    }
    if (row > ZH_XLSX_ROWS_MAX) {
        return at_sheet(x, limit(err, "xlsx.rows", "行数", ZH_XLSX_ROWS_MAX), err);
    }
    x->row = (size_t)row;
    zh_str hidden = zh_xml_attr(x->xml, "hidden");
    x->row_hidden = zh_str_is(hidden, "1") || zh_str_is(hidden, "true");
    x->next_column = 0;
    x->used_n = 0;
    zh_buf_clear(&x->text);
    return ZH_OK;
}

static zh_rc end_row(zh_xlsx *x, zh_xlsx_row *out, zh_err *err)
{
    zh_rc rc = apply_merges(x, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = 0, bytes = 0;
    for (size_t c = 0; c < x->used_n && !x->text.failed; c++) {
        const slot *s = &x->slots[c];
        zh_str text = {s->fixed != NULL ? s->fixed : s->n > 0 ? x->text.p + s->at : "", s->n};
        x->cells[c] = (zh_cell){text, s->used ? s->flags : ZH_CELL_NULL};
        bytes += s->n;
        if (s->n > 0 || (s->flags & ZH_CELL_ERROR) != 0) {
            n = c + 1;
        }
    }
    if (x->text.failed || bytes > ZH_XLSX_ROW_BYTES_MAX) {
        return at_sheet(x, limit(err, "xlsx.row.size", "一行的字节数", ZH_XLSX_ROW_BYTES_MAX), err);
    }
    x->given += bytes;
    if (x->given > ZH_CONTAINER_BYTES_MAX) {
        return at_sheet(x, limit(err, "container.size", "展开后的字节数", ZH_CONTAINER_BYTES_MAX),
                        err);
    }
    *out = (zh_xlsx_row){x->row, x->row_hidden, x->cells, n};
    return ZH_OK;
}

static zh_rc read_row(zh_xlsx *x, zh_xlsx_row *out, zh_err *err)
{
    zh_rc rc = begin_row(x, err);
    while (rc == ZH_OK) {
        zh_xml_event event;
        rc = zh_xml_next(x->xml, &event, err);
        if (rc != ZH_OK) {
            return at_sheet(x, rc, err);
        }
        if (event == ZH_XML_START && zh_xml_depth(x->xml) == 3 && zh_xml_is(x->xml, "c")) {
            rc = take_cell(x, err);
        } else if (event == ZH_XML_END && zh_xml_depth(x->xml) == 2) {
            return end_row(x, out, err);
        }
    }
    return rc;
}

zh_rc zh_xlsx_next(zh_xlsx *x, zh_xlsx_row *out, zh_err *err)
{
    zh_assert(x->xml != NULL || x->ended);
    while (!x->ended) {
        zh_xml_event event;
        zh_rc rc = zh_xml_next(x->xml, &event, err);
        if (rc != ZH_OK) {
            return at_sheet(x, rc, err);
        }
        if (event == ZH_XML_EOF) {
            x->ended = true;
            break;
        }
        int depth = zh_xml_depth(x->xml);
        if (event != ZH_XML_TEXT && depth == 1) {
            x->in_data = event == ZH_XML_START && zh_xml_is(x->xml, "sheetData");
        } else if (event == ZH_XML_START && depth == 2 && x->in_data && zh_xml_is(x->xml, "row")) {
            return read_row(x, out, err);
        }
    }
    return ZH_ENOTFOUND;
}

/* ---- opening ---- */

zh_rc zh_xlsx_open(const char *path, zh_xlsx **out, zh_err *err)
{
    zh_workbook *book = NULL;
    zh_rc rc = zh_workbook_open(path, &book, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_xlsx *x = zh_alloc(sizeof *x);
    x->book = book;
    x->ended = true;
    zh_buf_init(&x->text, ZH_XLSX_ROW_BYTES_MAX);
    zh_buf_init(&x->value, ZH_XML_RUN_MAX + ZH_CELL_BYTES_MAX);
    zh_buf_init(&x->held, ZH_XLSX_HELD_BYTES_MAX);
    *out = x;
    return ZH_OK;
}

void zh_xlsx_close(zh_xlsx *x)
{
    if (x == NULL) {
        return;
    }
    close_sheet(x);
    zh_workbook_close(x->book);
    zh_buf_free(&x->text);
    zh_buf_free(&x->value);
    zh_buf_free(&x->held);
    zh_dealloc(x->merges);
    zh_dealloc(x);
}

const zh_xlsx_sheet *zh_xlsx_sheets(const zh_xlsx *x, size_t *n)
{
    return zh_workbook_sheets(x->book, n);
}

zh_rc zh_xlsx_begin(zh_xlsx *x, size_t sheet, zh_err *err)
{
    close_sheet(x);
    x->sheet = sheet;
    x->row = x->column = 0;
    x->in_data = x->ended = false;
    x->used_n = 0;
    x->given = 0;
    x->merges_n = x->merges_next = 0;
    x->merged_area = 0;
    x->open_row_last = 0;
    x->open_columns = 0;
    zh_buf_clear(&x->held);
    memset(x->owners, 0, sizeof x->owners);
    bool may_merge = false;
    zh_rc rc = scan_raw(x, &may_merge, err);
    if (rc == ZH_OK && may_merge) {
        rc = read_merges(x, err);
    }
    if (rc == ZH_OK) {
        rc = open_sheet(x, err);
    }
    if (rc != ZH_OK) {
        close_sheet(x);
        x->ended = true;
        return at_sheet(x, rc, err);
    }
    return ZH_OK;
}

void zh_xlsx_progress(const zh_xlsx *x, uint64_t *done, uint64_t *total)
{
    *done = x->part.expanded;
    *total = x->part.total;
}
