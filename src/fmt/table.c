/* The front of the tabular formats: tells them apart and gives their rows one shape. */
#include "fmt/table.h"
#include "fmt/jsonrows.h"
#include "fmt/xlsx.h"
#include <stdio.h>
#include <string.h>

struct zh_table {
    zh_table_info info;
    zh_table_options options;
    char *path;
    zh_arena *kept; /* copies of the options' texts */
    zh_table_sheet *sheets;
    zh_table_sheet only; /* of sources without sheets */
    zh_stream *stream;   /* of delimited text */
    zh_csv *csv;
    zh_jsonrows *json;
    zh_xlsx *xlsx;
    zh_cell *cells;
    zh_str *columns; /* names of JSON columns, for zh_table_where; NULL until the header came */
    size_t columns_n;
};

const char *zh_table_kind_name(zh_table_kind kind)
{
    switch (kind) {
    case ZH_TABLE_CSV: return "csv";
    case ZH_TABLE_TSV: return "tsv";
    case ZH_TABLE_NDJSON: return "ndjson";
    case ZH_TABLE_JSON: return "json";
    case ZH_TABLE_XLSX: return "xlsx";
    }
    return "";
}

/* JSON begins with { or with [ and a value; a CSV header such as [编号] does not. */
static bool looks_like_json(zh_str text)
{
    text = zh_str_trim(text);
    if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '[')) {
        return false;
    }
    zh_str inside = zh_str_trim(zh_str_sub(text, 1, text.n));
    if (inside.n == 0) {
        return true;
    }
    const char *starts = text.p[0] == '{' ? "\"}" : "{[]\"-0123456789tfn";
    return strchr(starts, inside.p[0]) != NULL;
}

static void describe_stream(zh_table *t, const zh_stream *stream)
{
    t->info.container = zh_container_kind_of(zh_stream_container(stream));
    t->info.member = zh_container_member(zh_stream_container(stream));
    t->info.encoding = zh_stream_encoding(stream);
}

static zh_encoding wanted_encoding(const zh_table *t)
{
    return t->options.encoding_given ? t->options.encoding : ZH_ENC_UNKNOWN;
}

static zh_rc open_json(zh_table *t, zh_err *err)
{
    zh_rc rc = zh_jsonrows_open(t->path, wanted_encoding(t), t->options.max_bytes,
                                t->options.json_rows, t->options.json_header, &t->json, err);
    if (rc == ZH_OK) {
        t->info.kind = zh_jsonrows_is_lines(t->json) ? ZH_TABLE_NDJSON : ZH_TABLE_JSON;
        describe_stream(t, zh_jsonrows_stream(t->json));
    }
    return rc;
}

static zh_rc open_text(zh_table *t, zh_err *err)
{
    zh_rc rc = zh_stream_open(t->path, wanted_encoding(t), t->options.max_bytes, &t->stream, err);
    zh_str sample;
    rc = rc == ZH_OK ? zh_stream_peek(t->stream, &sample, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    if (t->options.separator == '\0' && looks_like_json(sample)) {
        zh_stream_close(t->stream);
        t->stream = NULL;
        return open_json(t, err);
    }
    char separator = t->options.separator;
    if (separator == '"' || separator == '\n' || separator == '\r') {
        return zh_err_set(err, ZH_EINVAL, "table.separator", "这个字符不能作分隔符");
    }
    separator = separator != '\0' ? separator : zh_csv_guess_separator(sample);
    t->info.separator = separator;
    t->info.kind = separator == '\t' ? ZH_TABLE_TSV : ZH_TABLE_CSV;
    describe_stream(t, t->stream);
    t->csv = zh_csv_new(zh_stream_read, t->stream, separator);
    t->cells = zh_alloc(ZH_CSV_COLUMNS_MAX * sizeof *t->cells);
    return ZH_OK;
}

static zh_rc choose_sheet(zh_table *t, size_t *out, zh_err *err)
{
    const zh_table_options *o = &t->options;
    for (size_t i = 0; i < t->info.sheets_n; i++) {
        const zh_table_sheet *s = &t->sheets[i];
        bool wanted = o->sheet.n > 0        ? zh_str_eq(s->name, o->sheet)
                      : o->sheet_number > 0 ? i + 1 == o->sheet_number
                                            : !s->hidden;
        if (wanted) {
            *out = i;
            return ZH_OK;
        }
    }
    if (o->sheet.n == 0 && o->sheet_number == 0) {
        *out = 0; /* every sheet is hidden */
        return ZH_OK;
    }
    zh_rc rc =
        o->sheet.n > 0
            ? zh_err_set(err, ZH_ENOTFOUND, "table.sheet", "没有名为「%.*s」的工作表",
                         ZH_FMT(zh_cell_clip(o->sheet, 80)))
            : zh_err_set(err, ZH_ENOTFOUND, "table.sheet", "没有第 %zu 张工作表", o->sheet_number);
    zh_err_fix(err, "共 %zu 张工作表，第一张是「%.*s」", t->info.sheets_n,
               ZH_FMT(t->sheets[0].name));
    return rc;
}

static zh_rc open_xlsx(zh_table *t, zh_err *err)
{
    zh_rc rc = zh_xlsx_open(t->path, &t->xlsx, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = 0;
    const zh_xlsx_sheet *sheets = zh_xlsx_sheets(t->xlsx, &n);
    t->sheets = zh_alloc(n * sizeof *t->sheets);
    for (size_t i = 0; i < n; i++) {
        t->sheets[i] = (zh_table_sheet){sheets[i].name, sheets[i].state != ZH_XLSX_VISIBLE};
    }
    t->info.kind = ZH_TABLE_XLSX;
    t->info.container = ZH_CONTAINER_XLSX;
    t->info.encoding = ZH_ENC_UTF8;
    t->info.sheets = t->sheets;
    t->info.sheets_n = n;
    size_t sheet = 0;
    rc = choose_sheet(t, &sheet, err);
    return rc == ZH_OK ? zh_table_begin(t, sheet, err) : rc;
}

static zh_rc open_source(zh_table *t, zh_err *err)
{
    zh_container *container = NULL;
    zh_rc rc = zh_container_open(t->path, t->options.max_bytes, &container, err);
    if (rc != ZH_OK) {
        return rc;
    }
    bool workbook = zh_container_kind_of(container) == ZH_CONTAINER_XLSX;
    zh_container_close(container);
    return workbook ? open_xlsx(t, err) : open_text(t, err);
}

zh_rc zh_table_open(const char *path, const zh_table_options *options, zh_table **out, zh_err *err)
{
    zh_table *t = zh_alloc(sizeof *t);
    t->kept = zh_arena_new((size_t)64 << 20);
    t->path = zh_alloc(strlen(path) + 1);
    memcpy(t->path, path, strlen(path) + 1);
    if (options != NULL) {
        t->options = *options;
    }
    t->info.sheets = &t->only;
    t->info.sheets_n = 1;
    zh_rc rc = zh_str_try_dup(t->kept, t->options.sheet, &t->options.sheet) &&
                       zh_str_try_dup(t->kept, t->options.json_rows, &t->options.json_rows) &&
                       zh_str_try_dup(t->kept, t->options.json_header, &t->options.json_header)
                   ? open_source(t, err)
                   : zh_err_set(err, ZH_ENOMEM, "table.memory", "内存不足");
    if (rc != ZH_OK) {
        zh_table_close(t);
        return rc;
    }
    *out = t;
    return ZH_OK;
}

static void close_text(zh_table *t)
{
    zh_csv_free(t->csv);
    zh_stream_close(t->stream);
    zh_jsonrows_close(t->json);
    zh_dealloc(t->cells);
    zh_dealloc(t->columns);
    t->csv = NULL;
    t->stream = NULL;
    t->json = NULL;
    t->cells = NULL;
    t->columns = NULL;
    t->columns_n = 0;
}

void zh_table_close(zh_table *t)
{
    if (t == NULL) {
        return;
    }
    close_text(t);
    zh_xlsx_close(t->xlsx);
    zh_arena_free(t->kept);
    zh_dealloc(t->sheets);
    zh_dealloc(t->path);
    zh_dealloc(t);
}

const zh_table_info *zh_table_about(const zh_table *t)
{
    return &t->info;
}

zh_rc zh_table_begin(zh_table *t, size_t sheet, zh_err *err)
{
    zh_assert(sheet < t->info.sheets_n);
    t->info.sheet = sheet;
    if (t->xlsx != NULL) {
        return zh_xlsx_begin(t->xlsx, sheet, err);
    }
    close_text(t);
    return open_text(t, err);
}

/* The line of a delimited row in the words of this module. */
static zh_rc next_csv(zh_table *t, zh_table_row *out, zh_err *err)
{
    const zh_str *texts;
    size_t n = 0, line = 0;
    zh_err inner = {0};
    zh_rc rc = zh_csv_next(t->csv, &texts, &n, &line, &inner);
    if (rc != ZH_OK) {
        if (rc != ZH_ENOTFOUND) {
            (void)zh_err_set(err, rc, inner.rule, "%s", inner.message);
            zh_err_where(err,
                         zh_str_starts(zh_str_of(inner.rule), ZH_STR("csv.")) ? "第%s行" : "%s",
                         inner.where);
            zh_err_fix(err, "%s", inner.fix);
        }
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        t->cells[i] = (zh_cell){texts[i], zh_csv_quoted(t->csv, i) ? ZH_CELL_QUOTED : 0u};
    }
    *out = (zh_table_row){.cells = t->cells, .n = n, .number = line};
    return ZH_OK;
}

static void keep_columns(zh_table *t, const zh_jsonrow *row)
{
    zh_dealloc(t->columns);
    t->columns = zh_alloc(row->n * sizeof *t->columns);
    t->columns_n = row->n;
    for (size_t i = 0; i < row->n; i++) {
        t->columns[i] = row->cells[i].text; /* lives as long as the reader */
    }
}

static zh_rc next_json(zh_table *t, zh_table_row *out, zh_err *err)
{
    zh_jsonrow row;
    zh_rc rc = zh_jsonrows_next(t->json, &row, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (row.header) {
        keep_columns(t, &row);
    }
    *out = (zh_table_row){.cells = row.cells,
                          .n = row.n,
                          .number = (size_t)row.record,
                          .header = row.header,
                          .error = row.error};
    return ZH_OK;
}

static zh_rc next_xlsx(zh_table *t, zh_table_row *out, zh_err *err)
{
    zh_xlsx_row row;
    zh_rc rc = zh_xlsx_next(t->xlsx, &row, err);
    if (rc == ZH_OK) {
        *out = (zh_table_row){
            .cells = row.cells, .n = row.n, .number = row.number, .hidden = row.hidden};
    }
    return rc;
}

zh_rc zh_table_next(zh_table *t, zh_table_row *out, zh_err *err)
{
    zh_rc rc = t->xlsx != NULL   ? next_xlsx(t, out, err)
               : t->json != NULL ? next_json(t, out, err)
                                 : next_csv(t, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    out->blank = true;
    for (size_t i = 0; i < out->n && out->blank; i++) {
        out->blank = out->cells[i].text.n == 0;
    }
    return ZH_OK;
}

void zh_table_progress(const zh_table *t, uint64_t *done, uint64_t *total)
{
    if (t->xlsx != NULL) {
        zh_xlsx_progress(t->xlsx, done, total);
        return;
    }
    const zh_stream *stream = t->json != NULL ? zh_jsonrows_stream(t->json) : t->stream;
    zh_container_progress(zh_stream_container(stream), done, total);
}

const char *zh_table_where(const zh_table *t, const zh_table_row *row, size_t column, char *out,
                           size_t size)
{
    char text[512], name[32];
    bool whole = column == SIZE_MAX;
    if (t->xlsx != NULL) {
        zh_str sheet = zh_cell_clip(t->sheets[t->info.sheet].name, 200);
        zh_xlsx_cell_name(row->number, whole ? 0 : column, name);
        snprintf(text, sizeof text, "%.*s!%s", ZH_FMT(sheet),
                 whole ? name + strcspn(name, "0123456789") : name);
    } else if (t->json != NULL && !whole && column < t->columns_n) {
        snprintf(text, sizeof text, "第%zu条 %.*s", row->number,
                 ZH_FMT(zh_cell_clip(t->columns[column], 200)));
    } else {
        const char *unit = t->json != NULL ? "条" : "行";
        int n = snprintf(text, sizeof text, "第%zu%s", row->number, unit);
        if (!whole) {
            snprintf(text + n, sizeof text - (size_t)n, "第%zu列", column + 1);
        }
    }
    zh_str cut = zh_cell_clip(zh_str_of(text), size - 1);
    memcpy(out, cut.p, cut.n);
    out[cut.n] = '\0';
    return out;
}
