/* Series and subgroups; see subgroup.h. */
#include "app/tool/subgroup.h"

#include <math.h>

static bool names_rows(const zh_sheet_column *column)
{
    static const char *const heads[] = {
        "序号", "编号", "子组",     "组",     "组号",  "批号", "样本", "点号", "No",   "no",
        "No.",  "ID",   "subgroup", "sample", "index", "年",   "year", "date", "日期", "week"};
    for (size_t i = 0; i < ZH_COUNTOF(heads); i++) {
        if (zh_str_is(column->name, heads[i])) {
            return true;
        }
    }
    return !zh_sheet_is_numeric(column);
}

const zh_sheet_column *zh_bench_labels(const zh_bench *b)
{
    for (size_t i = 0; i < b->sheet->ncolumns; i++) {
        if (names_rows(&b->sheet->columns[i])) {
            return &b->sheet->columns[i];
        }
    }
    return NULL;
}

const zh_sheet_column *zh_bench_measured(const zh_bench *b, size_t n)
{
    for (size_t i = 0; i < b->sheet->ncolumns; i++) {
        if (!names_rows(&b->sheet->columns[i]) && n-- == 0) {
            return &b->sheet->columns[i];
        }
    }
    return NULL;
}

zh_str zh_bench_row_label(const zh_bench *b, const zh_sheet_column *labels, size_t row)
{
    return labels != NULL ? labels->text[row] : zh_str_fmt(b->arena, "%zu", row + 1);
}

/* Room for `values` numbers in `groups` subgroups. */
static zh_rc room(zh_bench *b, size_t groups, size_t values, size_t **start, double **v,
                  zh_str **labels)
{
    *start = ZH_TRY_N(b->arena, size_t, groups + 1);
    *v = ZH_TRY_N(b->arena, double, values + 1);
    *labels = ZH_TRY_N(b->arena, zh_str, groups + 1);
    return *start != NULL && *v != NULL && *labels != NULL
               ? ZH_OK
               : zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
}

/* Whether the sheet is a bare block of numbers to be read row by row. */
static bool is_block(const zh_bench *b)
{
    bool all = !b->sheet->headed && b->sheet->ncolumns > 1 && zh_bench_asked(b, "value").n == 0;
    for (size_t i = 0; i < b->sheet->ncolumns && all; i++) {
        all = zh_sheet_is_numeric(&b->sheet->columns[i]);
    }
    return all;
}

zh_rc zh_bench_series(zh_bench *b, zh_grouped *out)
{
    const zh_sheet *s = b->sheet;
    const zh_sheet_column *value;
    const zh_sheet_column *labels = zh_bench_labels(b);
    bool block = is_block(b);
    zh_rc rc = zh_bench_numbers(b, "value", zh_bench_measured(b, 0), true, &value);
    size_t *start;
    double *v;
    zh_str *names;
    size_t n = 0;
    size_t columns = block ? s->ncolumns : 1;
    if (rc == ZH_OK) {
        rc = room(b, s->nrows * columns, s->nrows * columns, &start, &v, &names);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < s->nrows; i++) {
        for (size_t c = 0; c < columns; c++) {
            double x = block ? s->columns[c].number[i] : value->number[i];
            if (isfinite(x)) {
                names[n] =
                    block ? zh_str_fmt(b->arena, "%zu", n + 1) : zh_bench_row_label(b, labels, i);
                start[n] = n;
                v[n++] = x;
            }
        }
    }
    start[n] = n;
    *out = (zh_grouped){{n, start, v}, names, value->name, value->unit};
    return ZH_OK;
}

static zh_rc by_column(zh_bench *b, const zh_sheet_column *group, zh_grouped *out)
{
    const zh_sheet_column *value;
    size_t *of;
    size_t groups = 0;
    size_t *start;
    double *v;
    zh_str *names;
    zh_str *labels;
    const zh_sheet_column *first = zh_bench_measured(b, 0);
    first = first == group ? zh_bench_measured(b, 1) : first;
    zh_rc rc = zh_bench_numbers(b, "value", first, true, &value);
    if (rc == ZH_OK) {
        rc = zh_bench_groups(b, group, &of, &names, &groups);
    }
    if (rc == ZH_OK) {
        rc = room(b, groups, b->sheet->nrows, &start, &v, &labels);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t *next = ZH_TRY_N(b->arena, size_t, groups + 1);
    if (next == NULL) {
        return zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    for (size_t i = 0; i < b->sheet->nrows; i++) {
        start[of[i] + 1] += isfinite(value->number[i]) ? 1u : 0u;
    }
    for (size_t g = 0; g < groups; g++) {
        start[g + 1] += start[g];
        next[g] = start[g];
        labels[g] = names[g];
    }
    for (size_t i = 0; i < b->sheet->nrows; i++) {
        if (isfinite(value->number[i])) {
            v[next[of[i]]++] = value->number[i];
        }
    }
    *out = (zh_grouped){{groups, start, v}, labels, value->name, value->unit};
    return ZH_OK;
}

static zh_rc by_row(zh_bench *b, size_t columns, zh_grouped *out)
{
    const zh_sheet *s = b->sheet;
    size_t *start;
    double *v;
    zh_str *labels;
    size_t n = 0;
    size_t at = 0;
    const zh_sheet_column *names = zh_bench_labels(b);
    zh_rc rc = room(b, s->nrows, s->nrows * columns, &start, &v, &labels);
    for (size_t i = 0; i < s->nrows && rc == ZH_OK; i++) {
        start[n] = at;
        for (size_t c = 0; c < columns; c++) {
            double x = zh_bench_measured(b, c)->number[i];
            if (isfinite(x)) {
                v[at++] = x;
            }
        }
        if (at > start[n]) {
            labels[n++] = zh_bench_row_label(b, names, i);
        }
    }
    if (rc == ZH_OK) {
        start[n] = at;
        *out = (zh_grouped){{n, start, v}, labels, ZH_STR(""), zh_bench_measured(b, 0)->unit};
    }
    return rc;
}

static zh_rc by_size(zh_bench *b, zh_grouped *out)
{
    int64_t size;
    zh_grouped series;
    zh_str *labels;
    zh_rc rc = zh_bench_whole(b, "size", 2, 1000, &size);
    if (rc == ZH_OK) {
        rc = zh_bench_series(b, &series);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    size_t each = (size_t)size;
    size_t n = series.data.n / each;
    size_t rest = series.data.n % each;
    size_t *start;
    double *v;
    rc = room(b, n + 1, series.data.n, &start, &v, &labels);
    if (rc != ZH_OK) {
        return rc;
    }
    n += rest >= 2;
    for (size_t i = 0; i < n; i++) {
        start[i] = i * each;
        labels[i] = series.labels[i * each];
    }
    start[n] = rest >= 2 ? series.data.n : n * each;
    *out = (zh_grouped){{n, start, series.data.v}, labels, series.name, series.unit};
    return ZH_OK;
}

zh_rc zh_bench_subgroups(zh_bench *b, zh_grouped *out)
{
    const zh_sheet_column *group;
    size_t columns = 0;
    zh_rc rc = zh_bench_column(b, "group", NULL, &group);
    if (rc != ZH_OK) {
        return rc;
    }
    while (zh_bench_measured(b, columns) != NULL) {
        columns++;
    }
    if (group != NULL) {
        return by_column(b, group, out);
    }
    return columns >= 2 && zh_bench_asked(b, "value").n == 0 ? by_row(b, columns, out)
                                                             : by_size(b, out);
}
