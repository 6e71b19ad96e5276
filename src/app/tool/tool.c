/* The tools and what they share: parameters, columns, sentences, tables. */
#include "app/tool/tool.h"

#include "app/tool/tools.h"
#include "base/embedded.h"
#include "fmt/cell.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PATHS_WIDTH 720.0 /* a path diagram cannot be read in less */

const zh_tool *const zh_tools[] = {
    &zh_tool_control,       &zh_tool_capability, &zh_tool_plan,        &zh_tool_life,
    &zh_tool_uncertainty,   &zh_tool_gauge,      &zh_tool_proficiency, &zh_tool_satisfaction,
    &zh_tool_early_warning, &zh_tool_imbalance,
};
const size_t zh_tools_n = ZH_COUNTOF(zh_tools);

const zh_tool *zh_tool_find(zh_str id)
{
    for (size_t i = 0; i < zh_tools_n; i++) {
        if (zh_str_is(id, zh_tools[i]->id)) {
            return zh_tools[i];
        }
    }
    return NULL;
}

const zh_tool_sample *zh_tool_sample_find(const zh_tool *tool, zh_str id)
{
    for (size_t i = 0; i < tool->nsamples; i++) {
        if (zh_str_is(id, tool->samples[i].id)) {
            return &tool->samples[i];
        }
    }
    return NULL;
}

zh_rc zh_tool_sample_sheet(zh_arena *arena, const zh_tool_sample *sample, const zh_sheet **sheet,
                           zh_err *err)
{
    if (sample->path == NULL) {
        return ZH_OK;
    }
    const zh_embedded *file = zh_embedded_find(sample->path);
    zh_assert(file != NULL);
    zh_sheet *out = ZH_NEW(arena, zh_sheet);
    *sheet = out;
    return zh_sheet_bytes(arena, file->bytes, file->n, out, err);
}

/* ---- asking ---- */

static const zh_tool_ask *ask_of(const zh_bench *b, const char *name)
{
    for (size_t i = 0; i < b->tool->nasks; i++) {
        if (strcmp(b->tool->asks[i].name, name) == 0) {
            return &b->tool->asks[i];
        }
    }
    zh_panic(__FILE__, __LINE__, name);
}

zh_str zh_bench_asked(const zh_bench *b, const char *name)
{
    for (size_t i = 0; i < b->nasked; i++) {
        zh_str value = zh_pairs_get(b->asked[i], name);
        if (value.p != NULL) {
            return zh_str_trim(value);
        }
    }
    return zh_str_of(ask_of(b, name)->initial);
}

bool zh_bench_applies(const zh_bench *b, const zh_tool_ask *ask)
{
    if (ask->when == NULL) {
        return true;
    }
    zh_str rest = zh_str_of(ask->when);
    zh_str name;
    zh_str value;
    (void)zh_str_split(&rest, '=', &name);
    zh_str now = zh_bench_asked(b, zh_str_c(b->arena, name));
    while (zh_str_split(&rest, '|', &value)) {
        if (zh_str_eq(value, now)) {
            return true;
        }
    }
    return false;
}

zh_rc zh_bench_refuse(zh_bench *b, const char *rule, const char *fix, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    zh_str text = zh_str_vfmt(b->arena, zh_err_text(b->err, format), arguments);
    va_end(arguments);
    zh_err_set(b->err, ZH_EINVAL, rule, "%.*s", ZH_FMT(text));
    if (fix != NULL) {
        zh_err_fix(b->err, "%s", zh_err_text(b->err, fix));
    }
    return ZH_EINVAL;
}

static const char *label_of(const zh_bench *b, const zh_tool_ask *ask)
{
    return b->english && ask->label.en != NULL ? ask->label.en : ask->label.zh;
}

zh_rc zh_bench_choice(zh_bench *b, const char *name, size_t *out)
{
    const zh_tool_ask *ask = ask_of(b, name);
    zh_str value = zh_bench_asked(b, name);
    for (size_t i = 0; ask->choices[i].value != NULL; i++) {
        if (zh_str_is(value, ask->choices[i].value)) {
            *out = i;
            return ZH_OK;
        }
    }
    return zh_bench_refuse(b, "tool.choice", "从页面上的选项里选", "「%s」没有「%.*s」这一项",
                           label_of(b, ask), ZH_FMT(zh_cell_clip(value, 60)));
}

zh_rc zh_bench_number(zh_bench *b, const char *name, double *out)
{
    zh_str value = zh_bench_asked(b, name);
    zh_str unit;
    *out = (double)NAN;
    if (value.n == 0) {
        return ZH_OK;
    }
    if (!zh_sheet_number(b->arena, value, out, &unit)) {
        *out = (double)NAN;
        return zh_bench_refuse(b, "tool.number", "写一个数，例如 3 或 0.05",
                               "「%s」要一个数，写的是「%.*s」", label_of(b, ask_of(b, name)),
                               ZH_FMT(zh_cell_clip(value, 60)));
    }
    return ZH_OK;
}

zh_rc zh_bench_between(zh_bench *b, const char *name, double low, double high, double *out)
{
    zh_rc rc = zh_bench_number(b, name, out);
    if (rc == ZH_OK && !(*out >= low && *out <= high)) {
        rc = zh_bench_refuse(b, "tool.number", NULL, "「%s」要从 %.10g 到 %.10g",
                             label_of(b, ask_of(b, name)), low, high);
    }
    return rc;
}

zh_rc zh_bench_whole(zh_bench *b, const char *name, int64_t low, int64_t high, int64_t *out)
{
    double v;
    zh_rc rc = zh_bench_between(b, name, (double)low, (double)high, &v);
    *out = rc == ZH_OK ? (int64_t)llround(v) : low;
    if (rc == ZH_OK && (floor(v) < v || floor(v) > v)) {
        rc = zh_bench_refuse(b, "tool.number", NULL, "「%s」要一个整数",
                             label_of(b, ask_of(b, name)));
    }
    return rc;
}

const zh_sheet_column *zh_bench_nth(const zh_bench *b, size_t n, bool numeric)
{
    for (size_t i = 0; b->sheet != NULL && i < b->sheet->ncolumns; i++) {
        if (zh_sheet_is_numeric(&b->sheet->columns[i]) == numeric && n-- == 0) {
            return &b->sheet->columns[i];
        }
    }
    return NULL;
}

zh_rc zh_bench_column(zh_bench *b, const char *name, const zh_sheet_column *otherwise,
                      const zh_sheet_column **out)
{
    zh_str value = zh_bench_asked(b, name);
    uint64_t number;
    *out = otherwise;
    if (value.n > 0 && b->sheet != NULL) {
        *out = NULL;
        for (size_t i = 0; i < b->sheet->ncolumns && *out == NULL; i++) {
            if (zh_str_eq(b->sheet->columns[i].name, value)) {
                *out = &b->sheet->columns[i];
            }
        }
        if (*out == NULL && zh_str_u64(value, &number) == ZH_OK && number >= 1 &&
            number <= b->sheet->ncolumns) {
            *out = &b->sheet->columns[number - 1];
        }
        if (*out == NULL) {
            return zh_bench_refuse(b, "tool.column", "从页面上列出的列里选",
                                   "数据里没有「%.*s」这一列", ZH_FMT(zh_cell_clip(value, 60)));
        }
    }
    if (*out != NULL) {
        zh_vec_push(b->arena, &b->picks, (zh_tool_pick){name, *out});
    }
    return ZH_OK;
}

zh_rc zh_bench_numbers(zh_bench *b, const char *name, const zh_sheet_column *otherwise, bool gaps,
                       const zh_sheet_column **out)
{
    const char *label = label_of(b, ask_of(b, name));
    zh_rc rc = zh_bench_column(b, name, otherwise, out);
    if (rc == ZH_OK && *out == NULL) {
        rc = zh_bench_refuse(b, "tool.column", "贴一列数，第一行可以是表头",
                             "数据里没有一列是数，「%s」要一列数", label);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < b->sheet->nrows; i++) {
        if (isfinite((*out)->number[i]) || (gaps && zh_sheet_is_missing((*out)->text[i]))) {
            continue;
        }
        return zh_bench_refuse(b, "tool.number",
                               gaps ? "缺测写 - 或留空" : "补上这一格，或删去这一行",
                               "「%.*s」第 %zu 行写的是「%.*s」，不是数", ZH_FMT((*out)->name),
                               i + 1, ZH_FMT(zh_cell_clip((*out)->text[i], 60)));
    }
    return ZH_OK;
}

zh_rc zh_bench_groups(zh_bench *b, const zh_sheet_column *column, size_t **out, zh_str **names,
                      size_t *n)
{
    size_t rows = b->sheet->nrows;
    zh_map map;
    *out = ZH_TRY_N(b->arena, size_t, rows + 1);
    *names = ZH_TRY_N(b->arena, zh_str, rows + 1);
    *n = 0;
    if (*out == NULL || *names == NULL) {
        return zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    zh_map_init(&map, b->arena);
    for (size_t i = 0; i < rows; i++) {
        zh_str *known = zh_map_get(&map, column->text[i]);
        if (known == NULL) {
            known = &(*names)[(*n)++];
            *known = column->text[i];
            (void)zh_map_put(&map, column->text[i], known);
        }
        (*out)[i] = (size_t)(known - *names);
    }
    return ZH_OK;
}

/* ---- saying ---- */

zh_str zh_bench_of(const zh_bench *b, zh_said said)
{
    return zh_str_of(b->english && said.en != NULL ? said.en : said.zh);
}

zh_str zh_bench_say(const zh_bench *b, const char *zh, const char *en, ...)
{
    va_list arguments;
    va_start(arguments, en);
    zh_str text = zh_str_vfmt(b->arena, b->english ? en : zh, arguments);
    va_end(arguments);
    return text;
}

zh_str zh_bench_n(const zh_bench *b, size_t n)
{
    zh_str digits = zh_str_fmt(b->arena, "%zu", n);
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < digits.n; i++) {
        bool comma = i > 0 && (digits.n - i) % 3 == 0;
        out = zh_str_fmt(b->arena, "%.*s%s%c", ZH_FMT(out), comma ? "," : "", digits.p[i]);
    }
    return out;
}

zh_str zh_bench_fixed(const zh_bench *b, double v, int decimals)
{
    if (!isfinite(v)) {
        return isnan(v) ? ZH_STR("—") : v > 0 ? ZH_STR("∞") : ZH_STR("-∞");
    }
    zh_str text = zh_str_fmt(b->arena, "%.*f", decimals, v);
    bool zero = text.p[0] == '-';
    for (size_t i = 1; i < text.n && zero; i++) {
        zero = text.p[i] == '0' || text.p[i] == '.';
    }
    return zero ? zh_str_sub(text, 1, text.n) : text;
}

/* Without the zeros that end a fraction. */
static zh_str bare(zh_str text)
{
    while (zh_str_chr(text, '.') >= 0 && (text.p[text.n - 1] == '0' || text.p[text.n - 1] == '.')) {
        bool point = text.p[--text.n] == '.';
        if (point) {
            break;
        }
    }
    return text;
}

zh_str zh_bench_digits(const zh_bench *b, double v, int significant)
{
    if (!isfinite(v) || !(fabs(v) > 0)) {
        return isfinite(v) ? ZH_STR("0") : zh_bench_fixed(b, v, 0);
    }
    if (fabs(v) < 1e-5 || fabs(v) >= 1e15) {
        return zh_str_fmt(b->arena, "%.*g", significant, v);
    }
    int whole = (int)floor(log10(fabs(v))) + 1;
    int decimals = significant - whole;
    zh_str text = zh_bench_fixed(b, v, decimals < 0 ? 0 : decimals > 12 ? 12 : decimals);
    return significant > ZH_TOOL_DIGITS ? bare(text) : text;
}

zh_str zh_bench_list(const zh_bench *b, const zh_str *names, size_t n, size_t most)
{
    zh_buf out;
    size_t shown = n < most ? n : most;
    zh_buf_init(&out, 4096);
    for (size_t i = 0; i < shown; i++) {
        zh_buf_z(&out, i == 0 ? "" : b->english ? ", " : "、");
        zh_buf_str(&out, zh_cell_clip(names[i], 200));
    }
    zh_str text = zh_str_dup(b->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return n == shown ? text
                      : zh_bench_say(b, "%.*s 等 %zu 个", "%.*s … %zu in all", ZH_FMT(text), n);
}

static void add_figure(zh_bench *b, const zh_draw *draw, const zh_draw *narrow, zh_str title,
                       zh_str what, zh_str read)
{
    zh_str source = b->sample != NULL ? zh_bench_of(b, b->sample->source) : ZH_STR("");
    zh_bench_block block = {.doc = {.kind = ZH_DOC_FIGURE,
                                    .text = {.text = title},
                                    .what = what,
                                    .read = read,
                                    .source = source,
                                    .draw = draw},
                            .narrow = narrow};
    zh_vec_push(b->arena, &b->blocks, block);
}

/* One body for the four kinds of charts: drawn at the bench's widths by `chart`. */
#define FIGURE(chart, least)                                                                       \
    zh_draw *draw = NULL;                                                                          \
    zh_draw *narrow = NULL;                                                                        \
    zh_rc rc = chart(b->arena, in, b->width, &draw, b->err);                                       \
    if (rc == ZH_OK && b->narrow > 0) {                                                            \
        rc = chart(b->arena, in, fmax(b->narrow, least), &narrow, b->err);                         \
    }                                                                                              \
    if (rc == ZH_OK) {                                                                             \
        add_figure(b, draw, narrow, title, what, read);                                            \
    }                                                                                              \
    return rc

zh_rc zh_bench_xy(zh_bench *b, const zh_xy *in, zh_str title, zh_str what, zh_str read)
{
    FIGURE(zh_chart_xy, 0);
}

zh_rc zh_bench_control(zh_bench *b, const zh_control *in, zh_str title, zh_str what, zh_str read)
{
    FIGURE(zh_chart_control, 0);
}

zh_rc zh_bench_forest(zh_bench *b, const zh_forest *in, zh_str title, zh_str what, zh_str read)
{
    FIGURE(zh_chart_forest, 0);
}

zh_rc zh_bench_paths(zh_bench *b, const zh_path_diagram *in, zh_str title, zh_str what, zh_str read)
{
    FIGURE(zh_chart_paths, PATHS_WIDTH);
}

void zh_bench_note(zh_bench *b, zh_str text)
{
    zh_bench_block block = {.doc = {.kind = ZH_DOC_NOTE, .text = {.text = text}}};
    zh_vec_push(b->arena, &b->blocks, block);
}

zh_bench_table zh_bench_table_of(zh_bench *b, zh_str title, zh_str what, bool data)
{
    return (zh_bench_table){.b = b, .title = title, .what = what, .data = data};
}

void zh_bench_head(zh_bench_table *t, zh_str label, bool number)
{
    zh_assert(t->ncolumns < ZH_TOOL_COLUMNS_MAX);
    t->columns[t->ncolumns++] = (zh_doc_column){label, number};
}

void zh_bench_line(zh_bench_table *t, zh_row_mark mark)
{
    if (t->marks.n == ZH_TOOL_ROWS_MAX) {
        t->left_out++;
        return;
    }
    zh_vec_push(t->b->arena, &t->marks, (unsigned char)mark);
}

void zh_bench_cell(zh_bench_table *t, zh_str text)
{
    if (t->left_out == 0) {
        zh_vec_push(t->b->arena, &t->cells, (zh_doc_cell){.text = text});
    }
}

void zh_bench_value(zh_bench_table *t, double v, int significant)
{
    if (t->left_out == 0) {
        zh_bench_cell(t, isnan(v) ? ZH_STR("—") : zh_bench_digits(t->b, v, significant));
    }
}

void zh_bench_count(zh_bench_table *t, int64_t n)
{
    zh_bench_cell(t, zh_str_fmt(t->b->arena, "%" PRId64, n));
}

void zh_bench_end(zh_bench_table *t)
{
    zh_bench *b = t->b;
    zh_assert(t->cells.n == t->marks.n * t->ncolumns);
    zh_doc_column *columns = ZH_NEW_N(b->arena, zh_doc_column, t->ncolumns);
    memcpy(columns, t->columns, t->ncolumns * sizeof *columns);
    zh_bench_block block = {
        .doc = {.kind = ZH_DOC_TABLE,
                .text = {.text = t->title},
                .what = t->what,
                .table = {.columns = columns,
                          .ncolumns = t->ncolumns,
                          .cells = t->cells.p,
                          .nrows = t->marks.n}},
        .marks = t->marks.p,
        .data = t->data,
    };
    if (t->left_out > 0) {
        block.doc.read =
            zh_bench_say(b, "另有 %zu 行没有列出", "%zu more rows are not listed", t->left_out);
    }
    zh_vec_push(b->arena, &b->blocks, block);
}

zh_rc zh_bench_run(zh_bench *bench)
{
    if (bench->tool->data.zh != NULL && !bench->tool->may_lack && bench->sheet == NULL) {
        return zh_bench_refuse(bench, "tool.data", bench->tool->data.zh, "还没有数据");
    }
    bench->width = bench->width < ZH_TOOL_WIDTH_MIN ? ZH_TOOL_WIDTH_PAPER : bench->width;
    return bench->tool->run(bench);
}
