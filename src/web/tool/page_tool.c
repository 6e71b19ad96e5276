/* GET /tools/{id}: one tool with its question, its answer and a place to put one's own data.
 * POST /tools/{id}: pasted text or a file, which becomes an address of its own. */
#include "base/embedded.h"
#include "fmt/svg.h"
#include "web/frame/problem.h"
#include "web/tool/tool_view.h"

#include <string.h>

enum { ROWS_SHOWN = 200, FIELD_SHOWN = 64 << 10, OPTIONS_MAX = 300, URL_SHOWN = 400 };

static zh_str said(const zh_tool_view *v, zh_said s)
{
    return zh_bench_of(&v->bench, s);
}

/* ---- the question ---- */

static void ask_choice(const zh_tool_view *v, const zh_tool_ask *ask)
{
    zh_ui *ui = v->ui;
    zh_option *options = ZH_NEW_N(ui->arena, zh_option, OPTIONS_MAX);
    size_t n = 0;
    for (const zh_tool_choice *c = ask->choices; c->value != NULL && n < OPTIONS_MAX; c++) {
        options[n++] = (zh_option){zh_str_of(c->value), said(v, c->label)};
    }
    zh_part_ask_select(ui, ask->name, said(v, ask->label), options, n,
                       zh_bench_asked(&v->bench, ask->name));
}

/* Automatic, with the column that was found, then all of them. */
static void ask_column(const zh_tool_view *v, const zh_tool_ask *ask)
{
    zh_ui *ui = v->ui;
    const zh_sheet *sheet = v->bench.sheet;
    zh_option *options = ZH_NEW_N(ui->arena, zh_option, OPTIONS_MAX);
    size_t n = 0;
    zh_str found = ZH_STR("");
    for (size_t i = 0; i < v->bench.picks.n; i++) {
        if (strcmp(v->bench.picks.p[i].ask, ask->name) == 0) {
            found = v->bench.picks.p[i].column->name;
        }
    }
    zh_str automatic = zh_ui_text(ui, ZH_T_TOOLS_AUTO);
    options[n++] = (zh_option){
        ZH_STR(""), found.n > 0 ? ZH_SAY(ui, ZH_T_IN_BRACKETS, automatic, found) : automatic};
    for (size_t i = 0; sheet != NULL && i < sheet->ncolumns && n < OPTIONS_MAX; i++) {
        options[n++] = (zh_option){sheet->columns[i].name, sheet->columns[i].name};
    }
    zh_part_ask_select(ui, ask->name, said(v, ask->label), options, n,
                       zh_bench_asked(&v->bench, ask->name));
}

static void ask_text(const zh_tool_view *v, const zh_tool_ask *ask)
{
    zh_html *h = &v->ui->html;
    zh_html_open(h, "input", ask->kind == ZH_TOOL_TEXT ? "long" : NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", ask->name);
    if (ask->kind == ZH_TOOL_NUMBER) {
        zh_html_attr_z(h, "inputmode", "decimal");
    }
    zh_html_attr(h, "aria-label", said(v, ask->label));
    zh_html_attr(h, "value", zh_bench_asked(&v->bench, ask->name));
    zh_html_close(h);
}

static void question(const zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_part_ask_open(ui, zh_url_path(ui->arena, "/tools", zh_str_of(v->tool->id), ZH_STR_NONE));
    zh_part_ask_hidden(ui, "sample", zh_http_param(ui->request, "sample"));
    zh_part_ask_hidden(ui, "file", zh_http_param(ui->request, "file"));
    for (size_t i = 0; i < v->tool->nasks; i++) {
        const zh_tool_ask *ask = &v->tool->asks[i];
        if (!zh_bench_applies(&v->bench, ask)) {
            continue;
        }
        zh_html_open(h, "span", "pair");
        zh_part_ask_words(ui, said(v, ask->label));
        switch (ask->kind) {
        case ZH_TOOL_CHOICE: ask_choice(v, ask); break;
        case ZH_TOOL_COLUMN: ask_column(v, ask); break;
        case ZH_TOOL_NUMBER:
        case ZH_TOOL_TEXT: ask_text(v, ask); break;
        }
        zh_html_close(h);
    }
    zh_part_ask_hidden(ui, "data", v->data);
    const zh_download files[] = {{ZH_STR("XLSX"), zh_tool_view_url(v, "answer.xlsx")},
                                 {ZH_STR("PDF"), zh_tool_view_url(v, "answer.pdf")}};
    zh_part_ask_end(ui, files, ZH_COUNTOF(files));
}

/* ---- one's own data ---- */

static void hidden(zh_html *h, const char *name, zh_str value)
{
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "hidden");
    zh_html_attr_z(h, "name", name);
    zh_html_attr(h, "value", value);
    zh_html_close(h);
}

static void sample_links(const zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_str url = zh_url_path(ui->arena, "/tools", zh_str_of(v->tool->id), ZH_STR_NONE);
    zh_html_open(h, "p", "sm tools-samples");
    zh_html_text(h, zh_ui_text(ui, ZH_T_TOOLS_SAMPLES));
    zh_html_z(h, "　");
    for (size_t i = 0; i < v->tool->nsamples; i++) {
        zh_html_a(h, NULL, zh_url_add(ui->arena, url, "sample", zh_str_of(v->tool->samples[i].id)),
                  said(v, v->tool->samples[i].label));
    }
    zh_html_close(h);
}

static void paste_fields(const zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_buf own;
    zh_buf_init(&own, FIELD_SHOWN);
    if (v->bench.sample == NULL && v->bench.sheet != NULL && v->bench.sheet->nrows > 0) {
        zh_sheet_write(v->bench.sheet, &own);
    }
    zh_html_open(h, "label", "field");
    zh_html_open(h, "span", NULL);
    zh_html_text(h, zh_ui_text(ui, ZH_T_TOOLS_PASTE_HERE));
    zh_html_close(h);
    zh_html_open(h, "textarea", NULL);
    zh_html_attr_z(h, "name", "data");
    zh_html_attr_z(h, "rows", "9");
    zh_html_attr_z(h, "spellcheck", "false");
    zh_html_text(h, own.failed ? ZH_STR("") : zh_buf_view(&own));
    zh_html_close(h);
    zh_html_leaf(h, "span", "hint", said(v, v->tool->data));
    zh_html_close(h);
    zh_buf_free(&own);
    zh_html_open(h, "div", "bar");
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_TOOLS_FILE));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "file");
    zh_html_attr_z(h, "name", "file");
    zh_html_attr_z(h, "accept", ".csv,.tsv,.txt,.xlsx,.gz,.zip");
    zh_html_close(h);
    zh_html_close(h);
    zh_html_open(h, "button", "btn pri");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, ZH_T_TOOLS_GO));
    zh_html_close(h);
    zh_html_close(h);
}

static void paste(const zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    if (v->tool->data.zh == NULL) {
        zh_html_open(h, "div", "tools-paste");
        sample_links(v);
        zh_html_close(h);
        return;
    }
    zh_html_open(h, "details", "tools-paste");
    zh_html_attr_z(h, "id", "paste");
    if (v->rc != ZH_OK) {
        zh_html_flag(h, "open");
    }
    zh_html_leaf(h, "summary", NULL, zh_ui_text(ui, ZH_T_TOOLS_PASTE));
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_attr_z(h, "enctype", "multipart/form-data");
    zh_html_link(h, "action",
                 zh_url_path(ui->arena, "/tools", zh_str_of(v->tool->id), ZH_STR_NONE));
    /* What the reader chose goes along; what a sample brought with it, and columns, do not. */
    for (size_t i = 0; i < v->tool->nasks; i++) {
        const zh_tool_ask *ask = &v->tool->asks[i];
        zh_str chosen = zh_http_param(ui->request, ask->name);
        if (chosen.n > 0 && ask->kind != ZH_TOOL_COLUMN) {
            hidden(h, ask->name, chosen);
        }
    }
    paste_fields(v);
    zh_html_close(h);
    sample_links(v);
    zh_html_close(h);
}

/* ---- the answer ---- */

static void figure(const zh_tool_view *v, const zh_bench_block *drawn, size_t number)
{
    const zh_doc_block *block = &drawn->doc;
    static const char *const kinds[] = {"svg", "png"};
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    /* The main figure's finding is the page's title already. */
    bool said_above = zh_str_eq(block->text.text, v->bench.finding) && block->what.n > 0;
    zh_part_figure_open(ui, &(zh_fig_head){.title = said_above ? block->what : block->text.text,
                                           .what = said_above ? ZH_STR("") : block->what});
    zh_html_attr_z(h, "tabindex", "0"); /* a drawing wider than the phone is scrolled by keys */
    zh_html_attr_z(h, "role", "group");
    zh_html_attr(h, "aria-label", block->text.text);
    zh_part_drawing_both(ui, drawn->doc.draw, drawn->narrow, zh_str_fmt(ui->arena, "f%zu", number));
    zh_html_close(h);
    zh_html_open(h, "div", "furn");
    if (block->read.n > 0) {
        zh_html_leaf(h, "span", "read", block->read);
    }
    if (block->source.n > 0) {
        zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_FIG_SOURCE, block->source));
    }
    zh_html_open(h, "span", "dl");
    zh_html_a(h, NULL, ZH_STR("#data"), zh_ui_text(ui, ZH_T_FIG_TABLE));
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        zh_str file = zh_str_fmt(ui->arena, "figure-%zu.%s", number, kinds[i]);
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", zh_tool_view_url(v, file.p));
        zh_html_flag(h, "download");
        zh_html_z(h, i == 0 ? "SVG" : "PNG");
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h);
}

static void mark(zh_ui *ui, unsigned char row)
{
    if (row == ZH_ROW_ACT) {
        zh_part_lamp(ui, ZH_LAMP_ACT, ZH_STR(" "));
    } else if (row == ZH_ROW_WATCH) {
        zh_part_lamp(ui, ZH_LAMP_WATCH, ZH_STR(" "));
    }
}

/* Short names stay on one line beside their mark. */
static bool is_short(const zh_doc_table *t, size_t column)
{
    enum { SHORT_BYTES = 16 };
    for (size_t r = 0; r < t->nrows; r++) {
        if (t->cells[r * t->ncolumns + column].text.n > SHORT_BYTES) {
            return false;
        }
    }
    return true;
}

static void table(const zh_tool_view *v, const zh_bench_block *block, const char *id)
{
    zh_ui *ui = v->ui;
    const zh_doc_table *t = &block->doc.table;
    zh_column *columns = ZH_NEW_N(ui->arena, zh_column, t->ncolumns);
    size_t shown = t->nrows < ROWS_SHOWN ? t->nrows : ROWS_SHOWN;
    zh_grid g;
    for (size_t c = 0; c < t->ncolumns; c++) {
        columns[c] = (zh_column){.label = t->columns[c].label,
                                 .number = t->columns[c].number,
                                 .css = c == 0 && is_short(t, c) ? "nw" : NULL};
    }
    zh_part_section_open(ui, id, block->doc.text.text, true);
    zh_grid_open(&g, ui, columns, t->ncolumns, false, ZH_STR(""));
    for (size_t r = 0; r < shown; r++) {
        unsigned char look = block->marks != NULL ? block->marks[r] : (unsigned char)ZH_ROW_PLAIN;
        zh_grid_row(&g, NULL);
        for (size_t c = 0; c < t->ncolumns; c++) {
            zh_str text = t->cells[r * t->ncolumns + c].text;
            zh_grid_cell(&g);
            if (c == 0) {
                mark(ui, look);
            }
            zh_html_value(&ui->html, t->columns[c].number ? zh_ui_decimal(ui, text) : text);
        }
    }
    zh_grid_close(&g);
    if (shown < t->nrows) {
        zh_html_leaf(&ui->html, "p", "sm mu",
                     ZH_SAY(ui, ZH_T_TOOLS_ROWS, zh_ui_count(ui, (int64_t)shown),
                            zh_ui_count(ui, (int64_t)t->nrows)));
    }
    zh_part_section_close(ui);
}

static void files(const zh_tool_view *v)
{
    static const struct {
        const char *file, *name;
    } all[] = {{"answer.pdf", "PDF"}, {"answer.xlsx", "XLSX"}};
    zh_html *h = &v->ui->html;
    zh_part_kv_item(v->ui, zh_ui_text(v->ui, ZH_T_TOOLS_FILES));
    for (size_t i = 0; i < ZH_COUNTOF(all); i++) {
        zh_html_z(h, i > 0 ? " · " : "");
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", zh_tool_view_url(v, all[i].file));
        zh_html_flag(h, "download");
        zh_html_z(h, all[i].name);
        zh_html_close(h);
    }
    zh_html_close(h);
}

static void method(const zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_str sheet = zh_str_fmt(ui->arena, "doc/engine/%s.md", v->tool->sheet);
    zh_str url = zh_tool_view_url(v, NULL);
    zh_part_section_open(ui, "method", zh_ui_text(ui, ZH_T_TOOLS_METHOD), false);
    zh_part_kv_open(ui);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_TOOLS_SOURCES), said(v, v->tool->method));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_TOOLS_LIMITS), said(v, v->tool->limits));
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TOOLS_ENGINES));
    zh_html_leaf_z(h, "code", NULL, v->tool->engines);
    zh_html_close(h);
    if (zh_embedded_find(sheet.p) != NULL) {
        zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TOOLS_SHEET));
        zh_html_a(h, NULL,
                  zh_url_path(ui->arena, "/tools/methods", zh_str_of(v->tool->sheet), ZH_STR_NONE),
                  zh_str_of(v->tool->sheet));
        zh_html_close(h);
    }
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TOOLS_AGAIN));
    zh_html_leaf(h, "span", "sm mu",
                 zh_ui_text(ui, v->kept ? ZH_T_TOOLS_AGAIN_KEPT : ZH_T_TOOLS_AGAIN_TEXT));
    zh_html_open(h, "div", "tools-url");
    zh_html_a(h, NULL, url,
              url.n > URL_SHOWN ? zh_str_fmt(ui->arena, "%.*s…", URL_SHOWN, url.p) : url);
    zh_html_close(h);
    zh_html_close(h);
    if (v->rc == ZH_OK) {
        files(v);
    }
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void answer(const zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_bench *b = &v->bench;
    size_t figures = 0;
    bool first = true;
    zh_html_open(h, "div", "stack");
    for (size_t i = 0; i < b->blocks.n; i++) {
        if (b->blocks.p[i].doc.kind == ZH_DOC_FIGURE) {
            figure(v, &b->blocks.p[i], ++figures);
        }
    }
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w5 stack");
    for (size_t i = 0; i < b->blocks.n; i++) {
        const zh_bench_block *block = &b->blocks.p[i];
        if (block->doc.kind == ZH_DOC_TABLE && !block->data) {
            table(v, block, NULL);
        } else if (block->doc.kind == ZH_DOC_NOTE) {
            zh_part_note(ui, ZH_NOTE_WATCH, block->doc.text.text);
        }
    }
    method(v);
    zh_html_close(h);
    zh_html_open(h, "div", "w7 stack");
    for (size_t i = 0; i < b->blocks.n; i++) {
        if (b->blocks.p[i].doc.kind == ZH_DOC_TABLE && b->blocks.p[i].data) {
            table(v, &b->blocks.p[i], first ? "data" : NULL);
            first = false;
        }
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h);
}

static void refusal(const zh_tool_view *v)
{
    zh_html *h = &v->ui->html;
    zh_part_note_open(v->ui, ZH_NOTE_ACT);
    zh_html_leaf(h, "b", NULL, zh_ui_text(v->ui, ZH_T_TOOLS_REFUSED));
    zh_html_z(h, " ");
    zh_html_z(h, v->refused.message);
    if (v->refused.fix[0] != '\0') {
        zh_html_z(h, "　");
        zh_html_z(h, v->refused.fix);
    }
    zh_part_note_close(v->ui);
}

static zh_rc page(zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    const zh_sheet *sheet = v->bench.sheet;
    zh_str name = said(v, v->tool->name);
    bool ok = v->rc == ZH_OK;
    zh_str lede = v->bench.sample != NULL
                      ? ZH_SAY(ui, ZH_T_TOOLS_SAMPLE_IS, said(v, v->tool->answers),
                               said(v, v->bench.sample->source))
                  : sheet != NULL ? ZH_SAY(ui, ZH_T_TOOLS_OWN, said(v, v->tool->answers),
                                           zh_ui_count(ui, (int64_t)sheet->nrows),
                                           zh_ui_count(ui, (int64_t)sheet->ncolumns))
                                  : ZH_SAY(ui, ZH_T_TOOLS_PARAMETERS, said(v, v->tool->answers));
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_TOOLS,
                       .title = ok ? v->bench.finding : ZH_SAY(ui, ZH_T_TOOLS_NOT_YET, name),
                       .lede = lede,
                       .above = zh_str_fmt(ui->arena, "%.*s / %.*s",
                                           ZH_FMT(zh_ui_text(ui, ZH_T_NAV_TOOLS)), ZH_FMT(name)),
                       .above_url = ZH_STR("/tools"),
                       .css = ZH_STR("tools.css")});
    question(v);
    if (!ok) {
        refusal(v);
    }
    paste(v);
    if (ok) {
        answer(v);
    } else {
        method(v);
    }
    return ZH_OK;
}

static zh_rc show(zh_ui *ui)
{
    zh_tool_view *v = ZH_NEW(ui->arena, zh_tool_view);
    zh_rc rc = zh_tool_view_of(ui, v);
    return rc == ZH_OK ? page(v) : rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_tool) = {.method = "GET",
                       .path = "/tools/{id}",
                       .slow = true,
                       .en = "One tool of the bench, with what it was asked",
                       .handle = handle};

/* ---- taking data ---- */

static zh_rc given(zh_ui *ui, zh_sheet *out)
{
    const zh_http_request *r = ui->request;
    if (r->nfiles > 0 && r->files[0].size > 0) {
        return zh_sheet_open(ui->arena, r->files[0].path.p, out, ui->err);
    }
    return zh_sheet_parse(ui->arena, zh_pairs_get(r->form, "data"), out, ui->err);
}

static size_t encoded_bytes(zh_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        n += plain ? 1 : 3;
    }
    return n;
}

static zh_rc take(zh_ui *ui)
{
    const zh_tool *tool = zh_tool_find(zh_http_arg(ui->request, "id"));
    zh_sheet sheet;
    zh_buf text;
    zh_str digest;
    if (tool == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "tool.unknown", "没有这件工具");
    }
    zh_rc rc = given(ui, &sheet);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str url = zh_url_path(ui->arena, "/tools", zh_str_of(tool->id), ZH_STR_NONE);
    for (size_t i = 0; i < tool->nasks; i++) {
        zh_str value = zh_pairs_get(ui->request->form, tool->asks[i].name);
        if (value.n > 0 && value.n < 200 && !zh_str_is(value, tool->asks[i].initial)) {
            url = zh_url_add(ui->arena, url, tool->asks[i].name, value);
        }
    }
    zh_buf_init(&text, ZH_SHEET_BYTES_MAX);
    zh_sheet_write(&sheet, &text);
    zh_str data = zh_str_trim(zh_buf_view(&text));
    if (text.failed) {
        rc = zh_err_set(ui->err, ZH_ELIMIT, "tool.data", "数据太大");
    } else if (encoded_bytes(data) <= ZH_TOOL_URL_DATA_MAX) {
        url = zh_url_add(ui->arena, url, "data", data);
    } else {
        rc = zh_tool_keep(ui, zh_buf_view(&text), &digest);
        url = rc == ZH_OK ? zh_url_add(ui->arena, url, "file", digest) : url;
    }
    zh_buf_free(&text);
    return rc == ZH_OK ? zh_http_see_other(ui->request, ui->response, url) : rc;
}

/* A refusal shows the page again with what is wrong, where a person can read it. */
static zh_rc receive(zh_ui *ui)
{
    zh_rc rc = take(ui);
    bool persons = rc == ZH_EINVAL || rc == ZH_ELIMIT;
    if (rc == ZH_OK || !persons || !zh_web_wants_html(ui->request)) {
        return rc;
    }
    zh_err refused = *ui->err;
    zh_err_again(ui->err);
    ui->err->phrase = refused.phrase;
    zh_tool_view *v = ZH_NEW(ui->arena, zh_tool_view);
    zh_rc shown = zh_tool_view_of(ui, v);
    if (shown != ZH_OK) {
        return shown;
    }
    v->rc = rc;
    v->refused = refused;
    ui->response->status = zh_problem_status(rc);
    return page(v);
}

static zh_rc handle_post(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, receive);
}

ZH_ROUTE(page_tool_post) = {.method = "POST",
                            .path = "/tools/{id}",
                            .body_max = ZH_SHEET_BYTES_MAX,
                            .upload_max = ZH_SHEET_BYTES_MAX,
                            .slow = true,
                            .en = "Data for a tool: pasted text or a file",
                            .handle = handle_post};
