/* GET /indicators/ID/data.csv, …/data.xlsx, …/figure.svg, …/slope.svg: the break-down as files to
 * keep. */
#include "base/csv.h"
#include "fmt/svg.h"
#include "fmt/xlsx_out.h"
#include "web/page_indicator.h"
#include <inttypes.h>

enum { COLUMNS = 14, SHEET_BYTES_MAX = 32 << 20, MARGIN = 24, LINE = 18, NOTES_MAX = 8 };

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
        f->sources,
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

static void to_keep(const zh_indicator_page *page, const char *type, const char *ending)
{
    zh_ui *ui = page->ui;
    ui->response->type = type;
    zh_http_header_add(ui->response, "Content-Disposition",
                       zh_str_fmt(ui->arena, "attachment; filename=\"%.*s%s\"",
                                  ZH_FMT(page->indicator->id), ending)
                           .p);
}

/* ---- CSV
 * -------------------------------------------------------------------------------------------- */

/* Words are guarded against being taken for formulas by a spreadsheet; numbers stay as they are. */
static void csv_cell(zh_buf *out, zh_str text, bool last)
{
    zh_decimal number;
    bool guard = zh_decimal_parse(text, false, &number) != ZH_OK;
    zh_csv_write_cell(out, text, ',', guard);
    zh_buf_z(out, last ? "\r\n" : ",");
}

static zh_rc show_csv(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_buf *out = &ui->response->body;
    zh_str row[COLUMNS];
    zh_rc rc = ask(ui, page);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf_z(out, "\xef\xbb\xbf"); /* spreadsheets take UTF-8 for it only with this mark */
    for (size_t k = 0; k < COLUMNS; k++) {
        csv_cell(out, zh_str_of(names[k]), k + 1 == COLUMNS);
    }
    for (size_t i = 0; i <= page->n; i++) {
        row_of(page, i, row);
        for (size_t k = 0; k < COLUMNS; k++) {
            csv_cell(out, row[k], k + 1 == COLUMNS);
        }
    }
    to_keep(page, "text/csv; charset=utf-8", ".csv");
    return ZH_OK;
}

/* ---- XLSX
 * ------------------------------------------------------------------------------------------- */

static bool is_number(size_t column)
{
    return (column >= 7 && column <= 12) || column == 5;
}

typedef struct note {
    zh_text_id name;
    zh_str text;
} note;

static size_t notes(const zh_indicator_page *page, note out[NOTES_MAX])
{
    zh_ui *ui = page->ui;
    const zh_figure *f = &page->figure;
    size_t n = 0;
    out[n++] = (note){ZH_T_COL_INDICATOR, zh_ui_label(ui, page->indicator->label)};
    out[n++] = (note){ZH_T_COL_SCOPE, zh_indicator_scope(page)};
    out[n++] = (note){ZH_T_IND_IN_WORDS, page->indicator->definition};
    out[n++] = (note){ZH_T_IND_FORMULA, f->formula};
    out[n++] = (note){ZH_T_IND_METHOD, f->method};
    out[n++] = (note){ZH_T_IND_SOURCE, f->sources};
    out[n++] = (note){ZH_T_IND_MODEL, f->model_digest};
    out[n++] = (note){ZH_T_STAMP, ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, f->log_size))};
    return n;
}

static void sheets(const zh_indicator_page *page, zh_xlsx_out *out)
{
    zh_ui *ui = page->ui;
    zh_str row[COLUMNS];
    note said[NOTES_MAX];
    zh_xlsx_out_sheet(out, zh_ui_text(ui, ZH_T_FIG_TABLE), false, 1);
    for (size_t k = 0; k < COLUMNS; k++) {
        zh_xlsx_out_column(out, k == 4 || k + 1 == COLUMNS ? 24 : 14, ZH_XLSX_PLAIN);
    }
    zh_xlsx_out_row(out);
    for (size_t k = 0; k < COLUMNS; k++) {
        zh_xlsx_out_text(out, zh_str_of(names[k]), ZH_XLSX_HEAD);
    }
    for (size_t i = 0; i <= page->n; i++) {
        row_of(page, i, row);
        zh_xlsx_out_row(out);
        for (size_t k = 0; k < COLUMNS; k++) {
            if (is_number(k) && row[k].n > 0) {
                zh_xlsx_out_number(out, row[k]);
            } else {
                zh_xlsx_out_text(out, row[k], ZH_XLSX_PLAIN);
            }
        }
    }
    zh_xlsx_out_sheet(out, zh_ui_text(ui, ZH_T_IND_DEFINITION), false, 0);
    zh_xlsx_out_column(out, 14, ZH_XLSX_PLAIN);
    zh_xlsx_out_column(out, 90, ZH_XLSX_WRAP);
    for (size_t i = 0, n = notes(page, said); i < n; i++) {
        zh_xlsx_out_row(out);
        zh_xlsx_out_text(out, zh_ui_text(ui, said[i].name), ZH_XLSX_HEAD);
        zh_xlsx_out_text(out, said[i].text, ZH_XLSX_WRAP);
    }
}

static zh_rc show_xlsx(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_rc rc = ask(ui, page);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_xlsx_out *out = zh_xlsx_out_new(SHEET_BYTES_MAX);
    sheets(page, out);
    rc = zh_xlsx_out_finish(out, &ui->response->body, ui->err);
    zh_xlsx_out_free(out);
    to_keep(page, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx");
    return rc;
}

/* ---- SVG
 * -------------------------------------------------------------------------------------------- */

static void line(zh_draw *d, double y, zh_str text, zh_font font)
{
    zh_draw_text(d, MARGIN, y, zh_draw_text_fit(d->arena, text, font.size, d->width - 2 * MARGIN),
                 (zh_text_at){.font = font});
}

/* A drawing that leaves its page takes its furniture along: finding, what it is, how to read it,
 * source, as of when. */
static zh_draw *with_furniture(const zh_indicator_page *page, const zh_indicator_figure *figure)
{
    zh_ui *ui = page->ui;
    const zh_font small = {.size = 12, .role = ZH_ROLE_INK_3};
    double top = MARGIN + 52;
    double bottom = top + figure->list->height + 12;
    zh_draw *d = zh_draw_new(ui->arena, figure->list->width + 2 * MARGIN,
                             bottom + 3 * LINE + MARGIN - 6, figure->title);
    zh_draw_rect(d, 0, 0, d->width, d->height, (zh_paint){.fill = ZH_ROLE_PAPER});
    zh_draw_line(d, MARGIN, MARGIN - 10, d->width - MARGIN, MARGIN - 10,
                 (zh_paint){.stroke = ZH_ROLE_INK, .width = 2});
    line(d, MARGIN + 14, figure->title,
         (zh_font){.family = ZH_FAMILY_SONG, .size = 18, .weight = 600, .role = ZH_ROLE_INK});
    line(d, MARGIN + 35, figure->what, (zh_font){.size = 12, .role = ZH_ROLE_INK_2});
    zh_draw_place(d, figure->list, MARGIN, top, 1);
    zh_draw_line(d, MARGIN, bottom, d->width - MARGIN, bottom, (zh_paint){.stroke = ZH_ROLE_RULE});
    line(d, bottom + LINE, figure->read, (zh_font){.size = 12, .role = ZH_ROLE_INK_2});
    line(d, bottom + 2 * LINE, ZH_SAY(ui, ZH_T_FIG_SOURCE, page->figure.sources), small);
    line(d, bottom + 3 * LINE,
         zh_str_fmt(ui->arena, "n = %.*s  %.*s", ZH_FMT(zh_ui_count(ui, page->figure.n)),
                    ZH_FMT(ZH_SAY(ui, ZH_T_FIG_AS_OF, zh_ui_count(ui, ui->log_size)))),
         small);
    return d;
}

static zh_rc write_svg(zh_indicator_page *page, const zh_indicator_figure *figure,
                       const char *ending)
{
    zh_ui *ui = page->ui;
    if (figure->list == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "indicator.figure", "这个问题没有可画的图");
    }
    to_keep(page, "image/svg+xml", ending);
    return zh_svg_write(with_furniture(page, figure), &(zh_svg_options){.standalone = true},
                        &ui->response->body, ui->err);
}

static zh_rc show_figure(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_indicator_figure figure;
    zh_rc rc = ask(ui, page);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_indicator_draw(page, false, &figure);
    return write_svg(page, &figure, ".svg");
}

static zh_rc show_slope(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_indicator_figure figure;
    zh_rc rc = ask(ui, page);
    if (rc == ZH_OK) {
        rc = zh_indicator_years(page);
    }
    if (rc == ZH_OK) {
        rc = zh_indicator_draw_years(page, false, &figure);
    }
    return rc == ZH_OK ? write_svg(page, &figure, "-slope.svg") : rc;
}

/* ---- routes
 * ----------------------------------------------------------------------------------------- */

static zh_rc csv(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_csv);
}

static zh_rc xlsx(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_xlsx);
}

static zh_rc figure(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_figure);
}

static zh_rc slope(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_slope);
}

ZH_ROUTE(page_indicator_csv) = {
    .method = "GET",
    .path = "/indicators/{id}/data.csv",
    .en = "an indicator and its break-down as CSV",
    .slow = true,
    .handle = csv,
};

ZH_ROUTE(page_indicator_xlsx) = {
    .method = "GET",
    .path = "/indicators/{id}/data.xlsx",
    .en = "an indicator and its break-down as a workbook",
    .slow = true,
    .handle = xlsx,
};

ZH_ROUTE(page_indicator_figure) = {
    .method = "GET",
    .path = "/indicators/{id}/figure.svg",
    .en = "the drawing of an indicator's break-down",
    .slow = true,
    .handle = figure,
};

ZH_ROUTE(page_indicator_slope) = {
    .method = "GET",
    .path = "/indicators/{id}/slope.svg",
    .en = "the drawing of a mean by places in two years",
    .slow = true,
    .handle = slope,
};
