/* Writing files to keep; see keep.h. */
#include "web/frame/keep.h"
#include "base/csv.h"
#include "base/decimal.h"
#include "fmt/pdf.h"
#include "fmt/svg.h"
#include "fmt/xlsx_out.h"
#include "web/frame/part.h"

enum { SHEET_BYTES_MAX = 32 << 20, MARGIN = 24, LINE = 18, WIDTH = 14, PNG_SCALE = 2 };

static const struct {
    const char *ending, *type, *label;
} forms[] = {
    [ZH_KEEP_CSV] = {".csv", "text/csv; charset=utf-8", "CSV"},
    [ZH_KEEP_XLSX] = {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                      "XLSX"},
    [ZH_KEEP_SVG] = {".svg", "image/svg+xml", "SVG"},
    [ZH_KEEP_PNG] = {".png", "image/png", "PNG"},
};

zh_rc zh_keep_form_of(zh_ui *ui, zh_str file, zh_keep_form *out, zh_str *stem)
{
    for (size_t i = 0; i < ZH_COUNTOF(forms); i++) {
        zh_str ending = zh_str_of(forms[i].ending);
        if (file.n > ending.n && zh_str_ends(file, ending)) {
            *out = (zh_keep_form)i;
            *stem = zh_str_sub(file, 0, file.n - ending.n);
            return ZH_OK;
        }
    }
    return zh_err_set(ui->err, ZH_ENOTFOUND, "keep.form", "没有这种文件：“%.*s”", ZH_FMT(file));
}

size_t zh_keep_downloads(zh_ui *ui, zh_str url, zh_str query, bool figure, bool table,
                         zh_download *out)
{
    static const zh_keep_form order[] = {ZH_KEEP_SVG, ZH_KEEP_PNG, ZH_KEEP_CSV, ZH_KEEP_XLSX};
    size_t n = 0;
    for (size_t i = 0; i < ZH_COUNTOF(order); i++) {
        bool picture = order[i] == ZH_KEEP_SVG || order[i] == ZH_KEEP_PNG;
        if (picture ? figure : table) {
            out[n++] = (zh_download){.label = zh_str_of(forms[order[i]].label),
                                     .url = zh_str_fmt(ui->arena, "%.*s%s%s%.*s", ZH_FMT(url),
                                                       forms[order[i]].ending,
                                                       query.n > 0 ? "?" : "", ZH_FMT(query))};
        }
    }
    return n;
}

static void to_keep(zh_ui *ui, zh_str name, zh_keep_form form)
{
    ui->response->type = forms[form].type;
    zh_http_header_add(
        ui->response, "Content-Disposition",
        zh_str_fmt(ui->arena, "attachment; filename=\"%.*s%s\"", ZH_FMT(name), forms[form].ending)
            .p);
}

/* ---- tables
 * ------------------------------------------------------------------------------------------- */

static bool is_number(zh_str text)
{
    zh_decimal number;
    return text.n > 0 && zh_decimal_parse(text, false, &number) == ZH_OK;
}

static void write_csv(const zh_keep_table *t, zh_buf *out)
{
    zh_buf_z(out, "\xef\xbb\xbf"); /* spreadsheets take UTF-8 for it only with this mark */
    for (size_t k = 0; k < t->ncolumns; k++) {
        zh_csv_write_cell(out, t->columns[k].name, ',', true);
        zh_buf_z(out, k + 1 == t->ncolumns ? "\r\n" : ",");
    }
    for (size_t i = 0; i < t->nrows * t->ncolumns; i++) {
        zh_csv_write_cell(out, t->cells[i], ',', !is_number(t->cells[i]));
        zh_buf_z(out, (i + 1) % t->ncolumns == 0 ? "\r\n" : ",");
    }
}

static void write_sheets(zh_ui *ui, const zh_keep_table *t, zh_xlsx_out *out)
{
    zh_xlsx_out_sheet(out, zh_ui_text(ui, ZH_T_FIG_TABLE), false, 1);
    for (size_t k = 0; k < t->ncolumns; k++) {
        zh_xlsx_out_column(out, t->columns[k].width > 0 ? t->columns[k].width : WIDTH,
                           ZH_XLSX_PLAIN);
    }
    zh_xlsx_out_row(out);
    for (size_t k = 0; k < t->ncolumns; k++) {
        zh_xlsx_out_text(out, t->columns[k].name, ZH_XLSX_HEAD);
    }
    for (size_t i = 0; i < t->nrows * t->ncolumns; i++) {
        if (i % t->ncolumns == 0) {
            zh_xlsx_out_row(out);
        }
        if (t->columns[i % t->ncolumns].number && is_number(t->cells[i])) {
            zh_xlsx_out_number(out, t->cells[i]);
        } else {
            zh_xlsx_out_text(out, t->cells[i], ZH_XLSX_PLAIN);
        }
    }
    if (t->nnotes == 0) {
        return;
    }
    zh_xlsx_out_sheet(out, zh_ui_text(ui, ZH_T_KEEP_NOTES), false, 0);
    zh_xlsx_out_column(out, WIDTH, ZH_XLSX_PLAIN);
    zh_xlsx_out_column(out, 90, ZH_XLSX_WRAP);
    for (size_t i = 0; i < t->nnotes; i++) {
        zh_xlsx_out_row(out);
        zh_xlsx_out_text(out, t->notes[i].name, ZH_XLSX_HEAD);
        zh_xlsx_out_text(out, t->notes[i].text, ZH_XLSX_WRAP);
    }
}

zh_rc zh_keep_table_as(zh_ui *ui, zh_str name, const zh_keep_table *table, zh_keep_form form)
{
    zh_rc rc = ZH_OK;
    if (form == ZH_KEEP_XLSX) {
        zh_xlsx_out *out = zh_xlsx_out_new(SHEET_BYTES_MAX);
        write_sheets(ui, table, out);
        rc = zh_xlsx_out_finish(out, &ui->response->body, ui->err);
        zh_xlsx_out_free(out);
    } else {
        write_csv(table, &ui->response->body);
    }
    to_keep(ui, name, form);
    return rc;
}

/* ---- drawings
 * ------------------------------------------------------------------------------------------- */

static void line(zh_draw *d, double y, zh_str text, zh_font font)
{
    zh_draw_text(d, MARGIN, y, zh_draw_text_fit(d->arena, text, font.size, d->width - 2 * MARGIN),
                 (zh_text_at){.font = font});
}

/* A drawing that leaves its page takes its furniture along: finding, what it is, how to read it,
 * source, as of when. */
static zh_draw *with_furniture(zh_ui *ui, const zh_keep_figure *f)
{
    const zh_font small = {.size = 12, .role = ZH_ROLE_INK_3};
    double top = MARGIN + 52;
    double bottom = top + f->list->height + 12;
    zh_draw *d = zh_draw_new(ui->arena, f->list->width + 2 * MARGIN, bottom + 3 * LINE + MARGIN - 6,
                             f->title);
    zh_draw_rect(d, 0, 0, d->width, d->height, (zh_paint){.fill = ZH_ROLE_PAPER});
    zh_draw_line(d, MARGIN, MARGIN - 10, d->width - MARGIN, MARGIN - 10,
                 (zh_paint){.stroke = ZH_ROLE_INK, .width = 2});
    line(d, MARGIN + 14, f->title,
         (zh_font){.family = ZH_FAMILY_SONG, .size = 18, .weight = 600, .role = ZH_ROLE_INK});
    line(d, MARGIN + 35, f->what, (zh_font){.size = 12, .role = ZH_ROLE_INK_2});
    zh_draw_place(d, f->list, MARGIN, top, 1);
    zh_draw_line(d, MARGIN, bottom, d->width - MARGIN, bottom, (zh_paint){.stroke = ZH_ROLE_RULE});
    line(d, bottom + LINE, f->read, (zh_font){.size = 12, .role = ZH_ROLE_INK_2});
    line(d, bottom + 2 * LINE, ZH_SAY(ui, ZH_T_FIG_SOURCE, f->source), small);
    line(d, bottom + 3 * LINE,
         zh_str_fmt(ui->arena, "%.*s  %.*s", ZH_FMT(f->n),
                    ZH_FMT(ZH_SAY(ui, ZH_T_FIG_AS_OF, zh_ui_count(ui, ui->log_size)))),
         small);
    return d;
}

zh_rc zh_keep_figure_as(zh_ui *ui, zh_str name, const zh_keep_figure *figure, zh_keep_form form)
{
    if (figure->list == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "keep.figure", "这个问题没有可画的图");
    }
    zh_draw *d = with_furniture(ui, figure);
    to_keep(ui, name, form);
    return form == ZH_KEEP_PNG ? zh_png_write(d, PNG_SCALE, &ui->response->body, ui->err)
                               : zh_svg_write(d, &(zh_svg_options){.standalone = true},
                                              &ui->response->body, ui->err);
}
