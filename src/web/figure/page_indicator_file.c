/* GET /indicators/ID/data.csv, data.xlsx, figure.svg, figure.png, slope.svg, slope.png: the
 * break-down as files to keep. */
#include "web/figure/page_indicator.h"
#include "web/frame/keep.h"
#include <inttypes.h>

enum { COLUMNS = 14, NOTES_MAX = 8 };

static const char *const names[COLUMNS] = {"indicator", "region", "period", "key",   "label",
                                           "value",     "unit",   "low",    "high",  "num",
                                           "den",       "n",      "as_of",  "source"};

static zh_str plain(zh_ui *ui, bool has, double v)
{
    return has ? zh_str_fmt(ui->arena, "%.10g", v) : ZH_STR("");
}

static void cells(const zh_indicator_page *page, zh_str key, zh_str label, const zh_figure *f,
                  zh_str out[COLUMNS])
{
    zh_ui *ui = page->ui;
    const zh_str row[COLUMNS] = {
        page->indicator->id,
        f->region,
        f->first == 0 && f->last == 0 ? ZH_STR("") : zh_period_format(ui->arena, f->first, f->last),
        key,
        label,
        f->has_value ? f->shown : ZH_STR(""),
        page->indicator->unit,
        plain(ui, f->has_interval, f->low),
        plain(ui, f->has_interval, f->high),
        f->num,
        f->den,
        zh_str_fmt(ui->arena, "%" PRId64, f->n),
        zh_str_fmt(ui->arena, "%" PRId64, f->log_size),
        zh_ui_label(ui, (zh_label){f->sources, f->sources_en}),
    };
    for (size_t i = 0; i < COLUMNS; i++) {
        out[i] = row[i];
    }
}

/* Row 0 is the whole, the others are its parts. */
static void row_of(const zh_indicator_page *page, size_t i, zh_str out[COLUMNS])
{
    if (i == 0) {
        cells(page, ZH_STR(""), ZH_STR(""), &page->figure, out);
    } else {
        cells(page, page->values[i - 1], zh_indicator_value(page, page->values[i - 1]),
              &page->figures[i - 1], out);
    }
}

static zh_rc ask(zh_ui *ui, zh_indicator_page *page)
{
    zh_rc rc = zh_indicator_read(ui, page);
    if (rc == ZH_OK) {
        rc = zh_indicator_ask(page);
    }
    return rc == ZH_OK ? zh_indicator_break(page) : rc;
}

/* ---- files
 * ------------------------------------------------------------------------------------------- */

static bool is_number(size_t column)
{
    return (column >= 7 && column <= 12) || column == 5;
}

static size_t notes(const zh_indicator_page *page, zh_keep_note out[NOTES_MAX])
{
    zh_ui *ui = page->ui;
    const zh_figure *f = &page->figure;
    size_t n = 0;
    out[n++] =
        (zh_keep_note){zh_ui_text(ui, ZH_T_COL_INDICATOR), zh_ui_label(ui, page->indicator->label)};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_COL_SCOPE), zh_indicator_scope(page)};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_IND_IN_WORDS),
                              zh_ui_label(ui, page->indicator->definition)};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_IND_FORMULA), zh_indicator_made(ui, f->formula)};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_IND_METHOD), zh_indicator_made(ui, f->method)};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_IND_SOURCE),
                              zh_ui_label(ui, (zh_label){f->sources, f->sources_en})};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_IND_MODEL), f->model_digest};
    out[n++] = (zh_keep_note){zh_ui_text(ui, ZH_T_STAMP),
                              ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, f->log_size))};
    return n;
}

static zh_rc show_table(zh_indicator_page *page, zh_keep_form form)
{
    zh_keep_column columns[COLUMNS];
    zh_keep_note said[NOTES_MAX];
    zh_str *cell = ZH_TRY_N(page->ui->arena, zh_str, (page->n + 1) * COLUMNS);
    if (cell == NULL) {
        return zh_err_set(page->ui->err, ZH_ELIMIT, "indicator.file", "分开看的项太多，不能成文件");
    }
    for (size_t k = 0; k < COLUMNS; k++) {
        columns[k] = (zh_keep_column){.name = zh_str_of(names[k]),
                                      .number = is_number(k),
                                      .width = k == 4 || k + 1 == COLUMNS ? 24 : 0};
    }
    for (size_t i = 0; i <= page->n; i++) {
        row_of(page, i, cell + i * COLUMNS);
    }
    return zh_keep_table_as(page->ui, page->indicator->id,
                            &(zh_keep_table){.columns = columns,
                                             .ncolumns = COLUMNS,
                                             .cells = cell,
                                             .nrows = page->n + 1,
                                             .notes = said,
                                             .nnotes = notes(page, said)},
                            form);
}

static zh_rc show_drawing(zh_indicator_page *page, zh_str stem, zh_keep_form form)
{
    zh_ui *ui = page->ui;
    zh_indicator_figure figure = {0};
    zh_rc rc = ZH_OK;
    if (zh_str_is(stem, "slope")) {
        rc = zh_indicator_years(page);
        rc = rc == ZH_OK ? zh_indicator_draw_years(page, false, &figure) : rc;
    } else if (zh_str_is(stem, "funnel")) {
        zh_indicator_draw_funnel(page, false, &figure);
    } else {
        zh_indicator_draw(page, false, &figure);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool plain = zh_str_is(stem, "figure");
    zh_str name = zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(page->indicator->id), plain ? "" : "-",
                             ZH_FMT(plain ? ZH_STR("") : stem));
    return zh_keep_figure_as(
        ui, name,
        &(zh_keep_figure){
            .title = figure.title,
            .what = figure.what,
            .read = figure.read,
            .source = zh_ui_label(ui, (zh_label){page->figure.sources, page->figure.sources_en}),
            .n = zh_str_fmt(ui->arena, "n = %.*s", ZH_FMT(zh_ui_count(ui, page->figure.n))),
            .list = figure.list},
        form);
}

static bool is_drawing(zh_str stem)
{
    return zh_str_is(stem, "figure") || zh_str_is(stem, "slope") || zh_str_is(stem, "funnel");
}

static zh_rc show(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_keep_form form = ZH_KEEP_CSV;
    zh_str stem = ZH_STR("");
    zh_rc rc = zh_keep_form_of(ui, zh_http_arg(ui->request, "file"), &form, &stem);
    bool table = form == ZH_KEEP_CSV || form == ZH_KEEP_XLSX;
    if (rc == ZH_OK && !(table ? zh_str_is(stem, "data") : is_drawing(stem))) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "indicator.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = ask(ui, page);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    return table ? show_table(page, form) : show_drawing(page, stem, form);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show);
}

ZH_ROUTE(page_indicator_file) = {
    .method = "GET",
    .path = "/indicators/{id}/{file}",
    .en = "an indicator and its break-down as a table or a picture",
    .slow = true,
    .handle = handle,
};
