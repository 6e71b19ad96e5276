/* GET /tools: 质量工具箱, what there is. GET /tools/methods/{name}: a method sheet. */
#include "app/tool/tool.h"
#include "base/embedded.h"
#include "web/frame/part.h"

static zh_str said(const zh_ui *ui, zh_said s)
{
    return zh_str_of(ui->lang == ZH_LANG_EN && s.en != NULL ? s.en : s.zh);
}

static void samples(zh_ui *ui, const zh_tool *tool, zh_str url)
{
    zh_html *h = &ui->html;
    for (size_t i = 0; i < tool->nsamples; i++) {
        zh_html_open(h, "div", NULL);
        zh_html_a(h, NULL, zh_url_add(ui->arena, url, "sample", zh_str_of(tool->samples[i].id)),
                  said(ui, tool->samples[i].label));
        zh_html_close(h);
    }
}

static zh_rc show(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_TOOLS,
                       .title = zh_ui_text(ui, ZH_T_TOOLS_TITLE),
                       .lede = ZH_SAY(ui, ZH_T_TOOLS_LEDE, zh_ui_count(ui, (int64_t)zh_tools_n)),
                       .css = ZH_STR("tools.css")});
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_TOOLS_NAME), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_TOOLS_ANSWERS)},
        {.label = zh_ui_text(ui, ZH_T_TOOLS_DATA)},
        {.label = zh_ui_text(ui, ZH_T_TOOLS_SAMPLES)},
    };
    zh_grid grid;
    zh_part_section_open(ui, "tools", ZH_STR(""), true);
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < zh_tools_n; i++) {
        const zh_tool *tool = zh_tools[i];
        zh_str url = zh_url_path(ui->arena, "/tools", zh_str_of(tool->id), ZH_STR_NONE);
        zh_grid_row(&grid, NULL);
        zh_grid_cell(&grid);
        zh_html_open(h, "b", "nw");
        zh_html_a(h, NULL, url, said(ui, tool->name));
        zh_html_close(h);
        zh_grid_text(&grid, said(ui, tool->answers));
        zh_grid_cell(&grid);
        zh_html_leaf(h, "span", "sm mu",
                     tool->data.zh != NULL ? said(ui, tool->data)
                                           : zh_ui_text(ui, ZH_T_TOOLS_NO_DATA));
        zh_grid_cell(&grid);
        samples(ui, tool, url);
    }
    zh_grid_close(&grid);
    zh_part_section_close(ui);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_tools) = {
    .method = "GET", .path = "/tools", .en = "The tool bench", .handle = handle};

static zh_rc show_sheet(zh_ui *ui)
{
    zh_str name = zh_http_arg(ui->request, "name");
    const zh_embedded *sheet = NULL;
    zh_str line;
    if (zh_str_chr(name, '/') < 0 && name.n < 64) {
        sheet = zh_embedded_find(zh_str_fmt(ui->arena, "doc/engine/%.*s.md", ZH_FMT(name)).p);
    }
    if (sheet == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "tool.sheet", "没有方法说明「%.*s」",
                          ZH_FMT(name));
    }
    zh_str rest = zh_embedded_text(sheet);
    (void)zh_str_split(&rest, '\n', &line);
    while (line.n > 0 && (line.p[0] == '#' || line.p[0] == ' ')) {
        line = zh_str_sub(line, 1, line.n);
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_TOOLS,
                                    .title = line,
                                    .above = zh_ui_text(ui, ZH_T_NAV_TOOLS),
                                    .above_url = ZH_STR("/tools"),
                                    .css = ZH_STR("tools.css")});
    zh_part_section_open(ui, NULL, ZH_STR(""), false);
    zh_html_open(&ui->html, "pre", "tools-sheet"); /* written in Chinese */
    zh_html_attr_z(&ui->html, "lang", "zh");
    zh_html_text(&ui->html, zh_str_trim(rest));
    zh_html_close(&ui->html);
    zh_part_section_close(ui);
    return ZH_OK;
}

static zh_rc handle_sheet(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_sheet);
}

ZH_ROUTE(page_tool_sheet) = {.method = "GET",
                             .path = "/tools/methods/{name}",
                             .en = "A method sheet of the engines",
                             .handle = handle_sheet};
