/* GET /go?q=: 去哪里. Pages, registers, indicators, codes and records by name, number, old name or
 * pinyin initials. A record that is named exactly is gone to at once. */
#include "web/frame/part.h"
#include "web/record/go_seek.h"

/* ---- the page -------------------------------------------------------------------------------- */

static void field(zh_ui *ui, zh_str q)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", "bar goto");
    zh_html_attr_z(h, "method", "get");
    zh_html_link(h, "action", ZH_STR("/go"));
    zh_html_attr_z(h, "role", "search");
    zh_html_open(h, "label", "field grow");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_GO_HINT));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "search");
    zh_html_attr_z(h, "name", "q");
    zh_html_attr_z(h, "maxlength", "100");
    zh_html_attr(h, "value", q);
    zh_html_close(h); /* the input */
    zh_html_close(h);
    zh_html_open(h, "button", "btn pri");
    zh_html_text(h, zh_ui_text(ui, ZH_T_GO_BUTTON));
    zh_html_close(h);
    zh_html_close(h);
}

static void section(zh_ui *ui, const char *id, zh_text_id title, const zh_go_hits *list)
{
    zh_html *h = &ui->html;
    if (list->n == 0) {
        return;
    }
    zh_part_section_open(ui, id, zh_ui_text(ui, title), false);
    zh_html_open(h, "ul", "stack-s");
    for (size_t i = 0; i < list->n; i++) {
        zh_html_open(h, "li", NULL);
        zh_html_flag(h, "data-row");
        zh_html_a_value(h, NULL, list->p[i].url, list->p[i].label);
        zh_html_z(h, " ");
        zh_html_leaf_value(h, "span", "mu sm", list->p[i].note);
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_part_section_close(ui);
}

static void sections(zh_ui *ui, const zh_go *go)
{
    section(ui, "records", ZH_T_GO_RECORDS, &go->records);
    section(ui, "filters", ZH_T_GO_FILTERS, &go->filters);
    section(ui, "pages", ZH_T_GO_PAGES, &go->pages);
    section(ui, "indicators", ZH_T_GO_INDICATORS, &go->indicators);
    section(ui, "registers", ZH_T_GO_REGISTERS, &go->registers);
    section(ui, "codes", ZH_T_GO_CODES, &go->codes);
}

static zh_rc show(zh_ui *ui)
{
    zh_go go;
    zh_rc rc = zh_go_seek(ui, zh_http_param(ui->request, "q"), &go);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = zh_go_found(&go);
    if (go.exact.n > 0 && n == 1) {
        return zh_http_see_other(ui->request, ui->response, go.exact);
    }
    zh_ui_head(
        ui, &(zh_ui_head_of){
                .nav = ZH_TEXT_N,
                .title = go.q.n == 0 ? zh_ui_text(ui, ZH_T_GO_TITLE)
                         : n == 0    ? ZH_SAY(ui, ZH_T_GO_NONE, go.q)
                                     : ZH_SAY(ui, ZH_T_GO_FOUND, go.q, zh_ui_count(ui, (int64_t)n)),
                .lede = zh_ui_text(ui, go.q.n > 0 && n == 0 ? ZH_T_GO_NONE_TEXT : ZH_T_GO_LEDE)});
    zh_html_open(&ui->html, "div", "stack");
    field(ui, go.q);
    sections(ui, &go);
    zh_html_close(&ui->html);
    return ZH_OK;
}

/* The same without a frame, for the palette of ui/base.js. */
static zh_rc show_list(zh_ui *ui)
{
    zh_go go;
    zh_rc rc = zh_go_seek(ui, zh_http_param(ui->request, "q"), &go);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_html_open(&ui->html, "div", NULL);
    if (go.exact.n > 0) {
        zh_html_attr(&ui->html, "data-exact", go.exact);
    }
    if (go.q.n > 0 && zh_go_found(&go) == 0) {
        zh_html_leaf(&ui->html, "p", "mu", ZH_SAY(ui, ZH_T_GO_NONE, go.q));
    }
    sections(ui, &go);
    zh_html_close_to(&ui->html, 0);
    ui->response->type = "text/html; charset=utf-8";
    zh_http_header_add(ui->response, "Cache-Control", "private, no-store");
    return ZH_OK;
}

static zh_rc handle_list(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_list);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_go) = {.method = "GET",
                     .path = "/go",
                     .slow = true,
                     .en = "Search over registers, records, indicators and codes, as a page",
                     .handle = handle};
ZH_ROUTE(go_list) = {.method = "GET",
                     .path = "/go/list",
                     .slow = true,
                     .en = "What the search finds, as a fragment for the palette",
                     .handle = handle_list};
