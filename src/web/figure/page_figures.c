/* GET /figures: published figures. GET /figures/{id}: one of them, proven and counted again, down
 * to its records. GET /figures/{id}/file: the file for somebody without this system. Publishing is
 * in page_publication.c. */
#include "core/figure/publish.h"
#include "core/ledger/prove.h"
#include "web/figure/figures.h"
#include "web/frame/form_part.h"
#include "web/frame/part.h"
#include "web/frame/session.h"
#include <inttypes.h>

enum { LINES_SHOWN = 50, CORRECTIONS_SHOWN = 50, HASH_SHOWN = 16 };

static zh_str figure_url(zh_arena *arena, int64_t id)
{
    return zh_str_fmt(arena, "/figures/%" PRId64, id);
}

static zh_str scope_text(zh_ui *ui, const zh_published *p)
{
    zh_str region = zh_ui_region(ui, p->region);
    zh_str comma = p->region.n > 0 && p->period.n > 0 ? zh_ui_text(ui, ZH_T_COMMA) : ZH_STR("");
    return zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(p->region.n > 0 ? region : ZH_STR("")),
                      ZH_FMT(comma), ZH_FMT(p->period));
}

/* ---- all ------------------------------------------------------------------------------------- */

static void row(zh_ui *ui, zh_grid *g, const zh_published *p)
{
    zh_grid_row(g, NULL);
    zh_grid_link(g, figure_url(ui->arena, p->id), p->title);
    zh_grid_cell(g);
    zh_part_number(ui, zh_ui_decimal(ui, p->value), zh_ui_unit(ui, p->unit), ZH_STR(""));
    zh_grid_text(g, scope_text(ui, p));
    zh_grid_text(g, zh_ui_count(ui, (int64_t)p->details));
    zh_grid_text(g, zh_ui_count(ui, p->size));
    zh_publication_link(g, p->publication);
    zh_grid_text(g, zh_ui_time(ui, p->at));
    zh_grid_cell(g);
    zh_part_seal(ui, zh_part_sealed(ui, p->position));
}

void zh_figures_table(zh_ui *ui, const zh_published *list, size_t n)
{
    zh_grid g;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_FIGURES_NAME), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_FIGURES_VALUE), .number = true},
        {.label = zh_ui_text(ui, ZH_T_FIGURES_SCOPE)},
        {.label = zh_ui_text(ui, ZH_T_FIGURES_RECORDS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_FIGURES_SIZE), .number = true},
        {.label = zh_ui_text(ui, ZH_T_FIGURES_PUBLICATION)},
        {.label = zh_ui_text(ui, ZH_T_FIGURES_AT)},
        {.label = zh_ui_text(ui, ZH_T_RECORD_PROOF)},
    };
    zh_part_section_open(ui, "figures", zh_ui_text(ui, ZH_T_REPORT_FIGURES), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        row(ui, &g, &list[i]);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_rc show_list(zh_ui *ui)
{
    zh_published *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_published_list(&ui->ctx, ui->conn, ZH_STR(""), ZH_FIGURE_LIST_MAX, &list, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REPORT,
                       .title = n > 0 ? ZH_SAY(ui, ZH_T_FIGURES_TITLE, zh_ui_count(ui, (int64_t)n))
                                      : zh_ui_text(ui, ZH_T_FIGURES_NONE)});
    zh_html_open(&ui->html, "div", "stack");
    if (n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_FIGURES_NONE),
                      zh_ui_text(ui, ZH_T_FIGURES_NONE_TEXT), ZH_STR("/report"),
                      zh_ui_text(ui, ZH_T_NAV_REPORT));
    } else {
        zh_figures_table(ui, list, n);
    }
    return zh_publication_ask(ui);
}

/* ---- one ------------------------------------------------------------------------------------- */

static void proven(zh_ui *ui, bool good, zh_str what)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "p", NULL);
    zh_part_lamp(ui, good ? ZH_LAMP_OK : ZH_LAMP_ACT,
                 zh_ui_text(ui, good ? ZH_T_FIGURE_YES : ZH_T_FIGURE_NO));
    zh_html_z(h, " ");
    zh_html_text(h, what);
    zh_html_close(h);
}

static void proof(zh_ui *ui, const zh_published *p, const zh_reopened *r)
{
    zh_part_section_open(ui, "proof", zh_ui_text(ui, ZH_T_FIGURE_PROOF), false);
    proven(ui, r->entry, zh_ui_text(ui, ZH_T_FIGURE_ENTRY));
    proven(ui, r->sealed, ZH_SAY(ui, ZH_T_FIGURE_SEALED, zh_ui_count(ui, p->position)));
    proven(ui, r->lists, zh_ui_text(ui, ZH_T_FIGURE_LISTS));
    if (r->recounted) {
        proven(ui, r->same, ZH_SAY(ui, ZH_T_FIGURE_SAME, zh_ui_count(ui, p->size)));
    } else {
        zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_FIGURE_CHANGED));
    }
    if (!zh_str_is(p->fold, "sum")) {
        zh_part_note(ui, ZH_NOTE_PLAIN, ZH_SAY(ui, ZH_T_FIGURE_KIND, p->fold));
    }
    zh_html_open(&ui->html, "p", "sm");
    zh_html_a(&ui->html, "btn",
              zh_str_fmt(ui->arena, "%.*s/file", ZH_FMT(figure_url(ui->arena, p->id))),
              zh_ui_text(ui, ZH_T_FIGURE_FILE));
    zh_html_z(&ui->html, " ");
    zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_FIGURE_FILE_HELP));
    zh_html_close(&ui->html);
    zh_part_section_close(ui);
}

static void facts(zh_ui *ui, const zh_published *p)
{
    zh_part_section_open(ui, "what", zh_ui_text(ui, ZH_T_FIGURE_WHAT), false);
    zh_part_kv_open(ui);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURES_SCOPE), scope_text(ui, p));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURE_NUM), zh_ui_decimal(ui, p->num));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURE_DEN), zh_ui_decimal(ui, p->den));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURE_COUNTED), zh_ui_count(ui, (int64_t)p->details));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURE_LEFT),
               zh_ui_count(ui, (int64_t)(p->frames - p->details)));
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_FIGURE_FORMULA));
    zh_html_a(&ui->html, NULL,
              zh_url_indicator(ui->arena, p->indicator, p->region, ZH_STR(""), ZH_STR("")),
              p->indicator);
    zh_html_z(&ui->html, " ");
    zh_html_leaf(&ui->html, "code", NULL, p->formula_text);
    zh_html_close(&ui->html);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURE_FORMULA_HASH), p->formula);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURES_SIZE), zh_ui_count(ui, p->size));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURES_AT), zh_ui_time(ui, p->at));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURE_ACTOR), p->actor);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_FIGURES_PUBLICATION), p->publication);
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void since(zh_ui *ui, const zh_published *p, const zh_reopened *r)
{
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "since",
                         r->corrected > 0
                             ? ZH_SAY(ui, ZH_T_FIGURE_CORRECTED, zh_ui_count(ui, r->corrected))
                             : zh_ui_text(ui, ZH_T_FIGURE_CORRECTED_NONE),
                         false);
    if (r->has_now) {
        zh_html_open(h, "p", NULL);
        zh_html_text(h, zh_ui_text(ui, ZH_T_FIGURE_NOW));
        zh_html_z(h, "　");
        zh_part_figure_value(
            ui, &r->now,
            zh_url_indicator(ui->arena, p->indicator, p->region, ZH_STR(""), ZH_STR("")));
        zh_html_close(h);
    }
    zh_html_open(h, "ul", "sm");
    for (size_t i = 0; i < r->ncorrections && i < CORRECTIONS_SHOWN; i++) {
        const zh_figure_correction *c = &r->corrections[i];
        zh_str url = zh_url_record(ui->arena, p->reg, c->office, c->id);
        zh_html_open(h, "li", NULL);
        zh_html_a(h, NULL, zh_url_add_i(ui->arena, url, "version", c->version),
                  ZH_SAY(ui, ZH_T_RECORD_VERSION_N, zh_ui_count(ui, c->version)));
        zh_html_z(h, " ");
        zh_html_text(h, zh_ui_time(ui, c->at));
        zh_html_z(h, " ");
        zh_html_text(h, ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, c->index)));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_part_section_close(ui);
}

/* Record and reason of a line of the lists: "INDEX NUM DEN" or "INDEX - REASON". */
static zh_rc line_row(zh_ui *ui, zh_grid *g, zh_str line)
{
    zh_str rest = line;
    zh_str index;
    int64_t position = 0;
    zh_proved at;
    zh_err found = zh_err_beside(ui->err);
    zh_ctx own = ui->ctx;
    own.err = &found;
    if (!zh_str_split(&rest, ' ', &index) || zh_str_i64(index, &position) != ZH_OK) {
        return ZH_OK;
    }
    zh_rc rc = zh_prove_find(&own, ui->conn, position, &at);
    zh_grid_row(g, NULL);
    if (rc == ZH_OK) {
        zh_str url = zh_url_record(ui->arena, at.reg->id, at.office, at.id);
        zh_grid_link(g, zh_url_add_i(ui->arena, url, "version", at.version),
                     ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, position)));
    } else {
        zh_grid_text(g, ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, position)));
    }
    zh_grid_text(g, zh_str_starts(rest, ZH_STR("- ")) ? zh_str_sub(rest, 2, rest.n) : rest);
    return ZH_OK;
}

static void lines(zh_ui *ui, zh_text_id title, zh_str text, bool left_out)
{
    zh_grid g;
    zh_str line;
    size_t n = 0;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SEALBAR_POS)},
        {.label = left_out
                      ? zh_ui_text(ui, ZH_T_FIGURE_REASON)
                      : zh_str_fmt(ui->arena, "%.*s　%.*s", ZH_FMT(zh_ui_text(ui, ZH_T_FIGURE_NUM)),
                                   ZH_FMT(zh_ui_text(ui, ZH_T_FIGURE_DEN)))}};
    zh_part_section_open(ui, left_out ? "left" : "used",
                         ZH_SAY(ui, title, zh_ui_count(ui, LINES_SHOWN)), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), false, ZH_STR(""));
    while (text.n > 0 && n < LINES_SHOWN && zh_str_split(&text, '\n', &line)) {
        if (left_out && zh_str_find(line, ZH_STR(" + ")) < 0 && !zh_str_ends(line, ZH_STR(" +"))) {
            (void)line_row(ui, &g, line);
            n++;
        } else if (!left_out) {
            (void)line_row(ui, &g, line);
            n++;
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_rc read_id(zh_ui *ui, zh_ctx *ctx, zh_published *out)
{
    int64_t id = 0;
    zh_str text = zh_http_arg(ui->request, "id");
    if (zh_str_i64(text, &id) != ZH_OK || id <= 0) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "figure.unknown", "没有已发布数字“%.*s”", ZH_FMT(text));
        zh_err_fix(ui->err, "已发布的见 /figures");
        return ZH_ENOTFOUND;
    }
    return zh_published_get(ctx, ui->conn, id, out);
}

static zh_text_id title_of(const zh_reopened *r)
{
    return !r->entry || !r->lists || (r->recounted && !r->same) ? ZH_T_FIGURE_BAD
           : !r->sealed                                         ? ZH_T_FIGURE_WAIT
           : r->recounted                                       ? ZH_T_FIGURE_OK
                                                                : ZH_T_FIGURE_PROVEN;
}

static void show_opened(zh_ui *ui, const zh_published *p, const zh_reopened *r, zh_str detail,
                        zh_str frame)
{
    zh_str value = zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(zh_ui_decimal(ui, p->value)),
                              ZH_FMT(zh_ui_unit(ui, p->unit)));
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_REPORT,
                                    .title = ZH_SAY(ui, title_of(r), p->title, zh_str_trim(value)),
                                    .lede = scope_text(ui, p),
                                    .above = zh_ui_text(ui, ZH_T_REPORT_FIGURES),
                                    .above_url = ZH_STR("/figures")});
    zh_html_open(&ui->html, "div", "stack");
    proof(ui, p, r);
    facts(ui, p);
    since(ui, p, r);
    if (p->details > 0) {
        lines(ui, ZH_T_FIGURE_DETAIL, detail, false);
    }
    if (p->frames > p->details) {
        lines(ui, ZH_T_FIGURE_FRAME, frame, true);
    }
    zh_html_close(&ui->html);
}

/* The lists may be larger than a page's own memory. */
static zh_rc show_one(zh_ui *ui)
{
    zh_published p;
    zh_reopened r;
    zh_str detail = ZH_STR("");
    zh_str frame = ZH_STR("");
    zh_ctx ctx = ui->ctx;
    ctx.arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_rc rc = read_id(ui, &ctx, &p);
    if (rc == ZH_OK) {
        rc = zh_published_check(&ctx, ui->conn, &p, &r);
    }
    if (rc == ZH_OK && r.lists) {
        rc = zh_published_lines(&ctx, ui->conn, &p, &detail, &frame);
    }
    if (rc == ZH_OK) {
        show_opened(ui, &p, &r, detail, frame);
    }
    zh_arena_free(ctx.arena);
    return rc;
}

/* ---- the file -------------------------------------------------------------------------------- */

static zh_rc show_file(zh_ui *ui)
{
    zh_published p;
    zh_opening_file *file = ZH_NEW(ui->arena, zh_opening_file);
    zh_jw w;
    zh_ctx ctx = ui->ctx;
    ctx.arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_rc rc = read_id(ui, &ctx, &p);
    if (rc == ZH_OK) {
        rc = zh_published_file(&ctx, ui->conn, &p, 0, NULL, 0, file);
    }
    if (rc == ZH_OK) {
        zh_jw_init(&w, &ui->response->body, 2);
        zh_opening_write(file, &w);
        zh_buf_c(&ui->response->body, '\n');
        ui->response->type = "application/json; charset=utf-8";
        zh_http_header_add(
            ui->response, "Content-Disposition",
            zh_str_fmt(ui->arena, "attachment; filename=\"%" PRId64 ".figure.json\"", p.id).p);
    }
    zh_arena_free(ctx.arena);
    return rc;
}

/* ---- publishing ------------------------------------------------------------------------------ */

void zh_figures_form(zh_ui *ui, zh_str indicator, zh_str region, zh_str period)
{
    zh_html *h = &ui->html;
    const struct {
        const char *name;
        zh_str value;
    } hidden[] = {{"indicator", indicator}, {"region", region}, {"period", period}};
    zh_str why = zh_publication_why(ui, zh_model_indicator(ui->ctx.model, indicator));
    if (why.n > 0) {
        zh_html_open(h, "p", "bar");
        zh_part_greyed(ui, zh_ui_text(ui, ZH_T_FIGURE_PUBLISH), why);
        zh_html_close(h);
        return;
    }
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ZH_STR("/figures"));
    for (size_t i = 0; i < ZH_COUNTOF(hidden); i++) {
        zh_form_hidden(ui, hidden[i].name,
                       hidden[i].value.p != NULL ? hidden[i].value : ZH_STR(""));
    }
    zh_html_open(h, "button", "btn");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, ZH_T_FIGURE_PUBLISH));
    zh_html_close(h);
    zh_html_close(h);
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_list(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_list);
}

static zh_rc handle_one(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_one);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_file);
}

ZH_ROUTE(page_figures) = {
    .method = "GET", .path = "/figures", .en = "Published figures", .handle = handle_list};
ZH_ROUTE(page_figure) = {.method = "GET",
                         .path = "/figures/{id}",
                         .slow = true,
                         .en = "A published figure, opened to its records",
                         .handle = handle_one};
ZH_ROUTE(page_figure_file) = {.method = "GET",
                              .path = "/figures/{id}/file",
                              .slow = true,
                              .en = "A published figure as one file for outsiders",
                              .handle = handle_file};
