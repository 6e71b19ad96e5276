/* GET /tools/{id}/figure-N.svg, figure-N.png, answer.pdf, answer.xlsx: what a tool answers, to
 * keep. */
#include "fmt/svg.h"
#include "web/tool/tool_view.h"

enum { PNG_SCALE = 2, ROWS_ON_PAPER = 500 };

static void to_keep(zh_ui *ui, const char *type, zh_str tool, zh_str file)
{
    ui->response->type = type;
    zh_http_header_add(
        ui->response, "Content-Disposition",
        zh_str_fmt(ui->arena, "attachment; filename=\"%.*s-%.*s\"", ZH_FMT(tool), ZH_FMT(file)).p);
}

/* N of figure-N.KIND; 0: it is no such name. */
static size_t figure_number(zh_str file, const char *ending)
{
    static const char begin[] = "figure-";
    size_t from = sizeof begin - 1;
    uint64_t n = 0;
    zh_str end = zh_str_of(ending);
    if (!zh_str_starts(file, zh_str_of(begin)) || !zh_str_ends(file, end) ||
        file.n <= from + end.n ||
        zh_str_u64(zh_str_sub(file, from, file.n - from - end.n), &n) != ZH_OK || n > 99) {
        return 0;
    }
    return (size_t)n;
}

static zh_rc write_file(zh_tool_view *v, zh_str file)
{
    zh_ui *ui = v->ui;
    zh_buf *out = &ui->response->body;
    zh_str id = zh_str_of(v->tool->id);
    size_t svg = figure_number(file, ".svg");
    size_t png = figure_number(file, ".png");
    const zh_draw *plate = svg + png > 0 ? zh_bench_plate(&v->bench, svg + png - 1) : NULL;
    if (plate != NULL && svg > 0) {
        to_keep(ui, "image/svg+xml", id, file);
        return zh_svg_write(plate, &(zh_svg_options){.standalone = true}, out, ui->err);
    }
    if (plate != NULL) {
        to_keep(ui, "image/png", id, file);
        return zh_png_write(plate, PNG_SCALE, out, ui->err);
    }
    if (zh_str_is(file, "answer.pdf")) {
        zh_doc doc = zh_bench_doc(&v->bench, zh_tool_view_url(v, NULL), ZH_STR(""), ui->log_time,
                                  ROWS_ON_PAPER);
        to_keep(ui, "application/pdf", id, file);
        size_t pages;
        return zh_doc_pdf(ui->arena, &doc, out, &pages, ui->err);
    }
    if (zh_str_is(file, "answer.xlsx")) {
        to_keep(ui, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", id, file);
        return zh_bench_xlsx(&v->bench, zh_tool_view_url(v, NULL), out, ui->err);
    }
    return zh_err_set(ui->err, ZH_ENOTFOUND, "tool.file", "没有这个文件");
}

static zh_rc show(zh_ui *ui)
{
    zh_tool_view *v = ZH_NEW(ui->arena, zh_tool_view);
    zh_rc rc = zh_tool_view_of(ui, v);
    if (rc == ZH_OK && v->rc != ZH_OK) {
        *ui->err = v->refused;
        return v->rc;
    }
    return rc == ZH_OK ? write_file(v, zh_http_arg(ui->request, "file")) : rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show);
}

ZH_ROUTE(page_tool_file) = {.method = "GET",
                            .path = "/tools/{id}/{file}",
                            .slow = true,
                            .en = "The answer of a tool as SVG, PNG, PDF or XLSX",
                            .handle = handle};
