/* POST /figures: publishes an indicator's answer, or with board=1 everything the board shows, when
 * the reader's role may by itself; else it is asked for, and POST /figures/asked/{id} of a second
 * person decides. GET /publications/{id}: what was published together, a page of its own. */
#include "app/report/report.h"
#include "core/read/permission.h"
#include "core/record/pending.h"
#include "web/figure/figures.h"
#include "web/frame/session.h"
#include <inttypes.h>

enum { FORM_BYTES = 65536 };

#define ASKED "_figure" /* of the requests that wait, see core/record/pending.h */

static zh_str publication_url(zh_arena *arena, zh_str publication)
{
    return zh_url_path(arena, "/publications", publication, ZH_STR_NONE);
}

void zh_publication_link(zh_grid *g, zh_str publication)
{
    if (publication.n > 0) {
        zh_grid_link(g, publication_url(g->ui->arena, publication), publication);
    } else {
        zh_grid_text(g, ZH_STR(""));
    }
}

/* ---- what is asked --------------------------------------------------------------------------- */

typedef struct asked {
    zh_publish_ask ask;
    bool board, report, english;
    bool two; /* this reader needs a second person */
} asked;

static zh_str given(zh_pairs form, const char *name)
{
    zh_str value = zh_pairs_get(form, name);
    return value.p != NULL ? zh_str_trim(value) : ZH_STR("");
}

/* Whether the reader may publish it, for the board every indicator that has a value may be on it.
 */
static zh_rc check_right(zh_ctx *ctx, asked *a)
{
    const zh_model *model = ctx->model;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nindicators && rc == ZH_OK; i++) {
        bool two = false;
        if (a->board || a->report || a->ask.query.indicator == &model->indicators[i]) {
            rc = zh_publish_right(ctx, &model->indicators[i], &two);
        }
        a->two = a->two || two;
    }
    return rc;
}

static zh_rc read_asked(zh_ctx *ctx, zh_pairs form, asked *out)
{
    zh_str id = given(form, "indicator");
    zh_str period = given(form, "period");
    zh_str region = given(form, "region");
    zh_figure_query *q = &out->ask.query;
    *out = (asked){.board = zh_str_is(given(form, "board"), "1"),
                   .report = zh_str_is(given(form, "report"), "1"),
                   .english = zh_str_is(given(form, "lang"), "en")};
    *q = (zh_figure_query){
        .indicator = zh_model_indicator(ctx->model, id), .region = region, .as_of = ZH_AS_OF_NOW};
    if (q->indicator == NULL && !out->board && !out->report) {
        return zh_err_set(ctx->err, ZH_EINVAL, "indicator.unknown", "没有指标“%.*s”", ZH_FMT(id));
    }
    if (period.n > 0 && zh_period_parse(period, &q->first, &q->last) != ZH_OK) {
        return zh_err_set(ctx->err, ZH_EINVAL, "indicator.period", "“%.*s”不是期间",
                          ZH_FMT(period));
    }
    return check_right(ctx, out);
}

static zh_rc publish_report(zh_ctx *ctx, const asked *a, zh_str *url)
{
    const char *data = zh_core_data_dir(ctx->core);
    zh_report report;
    zh_report_options options = {.as_of = ZH_AS_OF_NOW, .publish = true, .english = a->english};
    if (data == NULL) {
        return zh_err_set(ctx->err, ZH_EINVAL, "report.directory", "%.*s",
                          ZH_FMT(zh_text_of(ZH_LANG_ZH, ZH_T_REPORT_NO_DIR)));
    }
    options.out = zh_str_fmt(ctx->arena, "%s/report", data).p;
    *url = ZH_STR("/report");
    return zh_report_build(ctx, &options, &report);
}

/* Publishes with the actor of ctx; *url: where it can be seen. */
static zh_rc publish_now(zh_ctx *ctx, asked *a, zh_arena *arena, zh_str *url)
{
    zh_published *list = ZH_NEW_N(ctx->arena, zh_published, ctx->model->nindicators + 1);
    size_t n = 0;
    if (a->report) {
        return publish_report(ctx, a, url);
    }
    zh_rc rc = a->board ? zh_publish_board(ctx, &a->ask, list, &n) : zh_publish(ctx, &a->ask, list);
    if (rc == ZH_OK && a->board && n == 0) {
        rc = zh_err_set(ctx->err, ZH_EINVAL, "figure.none", "这个地区和期间没有一项指标有数");
    }
    if (rc == ZH_OK) {
        *url = a->board ? publication_url(arena, a->ask.publication)
                        : zh_str_fmt(arena, "/figures/%" PRId64, list[0].id);
    }
    return rc;
}

/* The form again, in one order: the same request is the same text. */
static zh_str form_text(zh_arena *arena, zh_pairs form)
{
    static const char *const names[] = {"board", "report", "lang", "indicator", "region", "period"};
    zh_buf text;
    zh_buf_init(&text, FORM_BYTES * 3);
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        zh_buf_fmt(&text, "%s%s=", i > 0 ? "&" : "", names[i]);
        zh_form_encode(&text, given(form, names[i]));
    }
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

/* Publishes as `actor`, who sees everything: a figure is counted over all records. */
static zh_rc publish_as(zh_ui *ui, zh_pairs form, zh_str actor, zh_str *url)
{
    asked a;
    zh_ctx whole = zh_ctx_local(ui->web->core, zh_arena_new(ZH_ARENA_JOB_BYTES), ui->err);
    whole.actor = actor;
    zh_rc rc = read_asked(&whole, form, &a);
    if (rc == ZH_OK) {
        rc = publish_now(&whole, &a, ui->arena, url);
    }
    zh_arena *arena = whole.arena;
    zh_ctx_end(&whole);
    zh_arena_free(arena);
    return rc;
}

static zh_rc publish(zh_ui *ui)
{
    asked a;
    zh_str url = ZH_STR("/figures");
    zh_rc rc = read_asked(&ui->ctx, ui->request->form, &a);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_let_go(ui);
    rc = a.two ? zh_pending_ask(&ui->ctx, ZH_STR(ASKED), ZH_STR("publish"),
                                form_text(ui->arena, ui->request->form), NULL)
               : publish_as(ui, ui->request->form, ui->ctx.actor, &url);
    return rc == ZH_OK ? zh_http_see_other(ui->request, ui->response, url) : rc;
}

/* ---- the second person ----------------------------------------------------------------------- */

static zh_rc find_asked(zh_ui *ui, zh_pending *out)
{
    zh_pending *list = NULL;
    size_t n = 0;
    int64_t id = 0;
    zh_str text = zh_http_arg(ui->request, "id");
    zh_rc rc = zh_pending_asked(&ui->ctx, ui->conn, ZH_STR(ASKED), &list, &n);
    for (size_t i = 0; i < n && rc == ZH_OK && zh_str_i64(text, &id) == ZH_OK; i++) {
        if (list[i].id == id) {
            *out = list[i];
            return ZH_OK;
        }
    }
    return rc != ZH_OK ? rc
                       : zh_err_set(ui->err, ZH_ENOTFOUND, "pending.none",
                                    "没有等待复核的这一项发布：已处理过了");
}

/* verdict=take publishes in the names of both, verdict=return sends it back. */
static zh_rc decide(zh_ui *ui)
{
    zh_pending p;
    asked a;
    zh_pairs form = {0};
    zh_str url = ZH_STR("/figures");
    bool take = zh_str_is(zh_pairs_get(ui->request->form, "verdict"), "take");
    zh_rc rc = find_asked(ui, &p);
    if (rc == ZH_OK) {
        rc = zh_form_parse(ui->arena, p.form, &form, ui->err);
    }
    if (rc == ZH_OK) {
        rc = read_asked(&ui->ctx, form, &a); /* the second needs the same right */
    }
    if (rc == ZH_OK && take && zh_str_eq(p.actor, ui->ctx.actor)) {
        rc = zh_err_set(ui->err, ZH_EDENIED, "pending.self", "不能复核自己提请的事项");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_let_go(ui);
    if (take) {
        zh_str both = zh_str_fmt(ui->arena, "%.*s、%.*s", ZH_FMT(p.actor), ZH_FMT(ui->ctx.actor));
        rc = publish_as(ui, form, both, &url);
    }
    if (rc == ZH_OK) {
        rc = zh_pending_decide(&ui->ctx, &p, take);
    }
    return rc == ZH_OK ? zh_http_see_other(ui->request, ui->response, url) : rc;
}

/* ---- on the page of figures ------------------------------------------------------------------ */

static void button(zh_ui *ui, const char *css, const char *name, const char *value, zh_text_id text)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "button", css);
    zh_html_attr_z(h, "type", "submit");
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "value", value);
    zh_html_text(h, zh_ui_text(ui, text));
    zh_html_close(h);
}

static zh_str what_is_asked(zh_ui *ui, zh_pairs form)
{
    const zh_indicator *ind = zh_model_indicator(ui->ctx.model, given(form, "indicator"));
    zh_str what = zh_str_is(given(form, "board"), "1")    ? zh_ui_text(ui, ZH_T_PUBLICATION_BOARD)
                  : zh_str_is(given(form, "report"), "1") ? zh_ui_text(ui, ZH_T_NAV_REPORT)
                  : ind != NULL                           ? zh_ui_label(ui, ind->label)
                                                          : given(form, "indicator");
    zh_str region = given(form, "region");
    return zh_str_fmt(ui->arena, "%.*s %.*s %.*s", ZH_FMT(what),
                      ZH_FMT(region.n > 0 ? zh_ui_region(ui, region) : region),
                      ZH_FMT(given(form, "period")));
}

static zh_rc waiting(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_pending *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_pending_asked(&ui->ctx, ui->conn, ZH_STR(ASKED), &list, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_pairs form = {0};
        rc = zh_form_parse(ui->arena, list[i].form, &form, ui->err);
        zh_part_note_open(ui, ZH_NOTE_WATCH);
        zh_html_leaf(h, "p", NULL,
                     ZH_SAY(ui, ZH_T_PUBLICATION_WAITS, list[i].actor, zh_ui_time(ui, list[i].at),
                            what_is_asked(ui, form)));
        zh_html_open(h, "form", "bar");
        zh_html_attr_z(h, "method", "post");
        zh_html_link(h, "action", zh_str_fmt(ui->arena, "/figures/asked/%" PRId64, list[i].id));
        if (!zh_str_eq(list[i].actor, ui->ctx.actor)) {
            button(ui, "btn", "verdict", "take", ZH_T_ACT_CONFIRM);
        }
        button(ui, "btn quiet", "verdict", "return", ZH_T_ACT_REJECT);
        zh_html_close(h);
        zh_part_note_close(ui);
    }
    return rc;
}

static void input(zh_ui *ui, const char *name, zh_text_id label)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, label));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "maxlength", "40");
    zh_html_close(h);
    zh_html_close(h);
}

zh_str zh_publication_why(zh_ui *ui, const zh_indicator *indicator)
{
    const zh_model *model = ui->ctx.model;
    zh_err ignored = {0};
    zh_ctx quiet = ui->ctx;
    quiet.err = &ignored;
    if (!zh_ui_whole(ui)) {
        return zh_ui_text(ui, ZH_T_FIGURE_WHOLE);
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *one = &model->indicators[i];
        bool two = false;
        if ((indicator == NULL || indicator == one) &&
            zh_publish_right(&quiet, one, &two) != ZH_OK) {
            return one->reg == NULL ? zh_ui_text(ui, ZH_T_FIGURE_WHOLE)
                                    : zh_part_who_can(ui, one->reg,
                                                      (unsigned)ZH_RIGHT_PUBLISH |
                                                          (unsigned)ZH_RIGHT_PUBLISH_TWO);
        }
    }
    return ZH_STR("");
}

zh_rc zh_publication_ask(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_rc rc = waiting(ui);
    zh_part_section_open(ui, "board", zh_ui_text(ui, ZH_T_PUBLICATION_BOARD), false);
    zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_PUBLICATION_BOARD_HELP));
    zh_str why = zh_publication_why(ui, NULL);
    if (why.n > 0) {
        zh_part_greyed(ui, zh_ui_text(ui, ZH_T_PUBLICATION_GO), why);
        zh_part_section_close(ui);
        return rc;
    }
    zh_html_open(h, "form", "stack-s");
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ZH_STR("/figures"));
    input(ui, "region", ZH_T_PUBLICATION_REGION);
    input(ui, "period", ZH_T_PUBLICATION_PERIOD);
    button(ui, "btn", "board", "1", ZH_T_PUBLICATION_GO);
    zh_html_close(h);
    zh_part_section_close(ui);
    return rc;
}

/* ---- a publication --------------------------------------------------------------------------- */

static zh_rc show(zh_ui *ui)
{
    zh_published *list = NULL;
    size_t n = 0;
    zh_str id = zh_http_arg(ui->request, "id");
    zh_rc rc = zh_published_list(&ui->ctx, ui->conn, id, ZH_FIGURE_LIST_MAX, &list, &n);
    if (rc == ZH_OK && n == 0) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "publication.unknown", "没有发布物“%.*s”", ZH_FMT(id));
        zh_err_fix(ui->err, "全部已发布的数字见 /figures");
        rc = ZH_ENOTFOUND;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool board = zh_str_starts(id, ZH_STR("board-"));
    zh_str number = zh_ui_count(ui, (int64_t)n);
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_REPORT,
                                    .title = board ? ZH_SAY(ui, ZH_T_PUBLICATION_TITLE_BOARD,
                                                            zh_ui_count(ui, list[0].size), number)
                                                   : ZH_SAY(ui, ZH_T_PUBLICATION_TITLE, id, number),
                                    .lede = ZH_SAY(ui, ZH_T_PUBLICATION_LEDE, list[n - 1].actor,
                                                   zh_ui_time(ui, list[n - 1].at)),
                                    .above = zh_ui_text(ui, ZH_T_REPORT_FIGURES),
                                    .above_url = ZH_STR("/figures")});
    zh_figures_table(ui, list, n);
    return ZH_OK;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_publish(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, publish);
}

static zh_rc handle_decide(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, decide);
}

static zh_rc handle_show(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_figure_publish) = {.method = "POST",
                                 .reach = ZH_REACH_WHOLE,
                                 .path = "/figures",
                                 .slow = true,
                                 .body_max = FORM_BYTES,
                                 .en = "Publishes an indicator's answer, or the board",
                                 .handle = handle_publish};
ZH_ROUTE(figure_decide) = {.method = "POST",
                           .reach = ZH_REACH_WHOLE,
                           .path = "/figures/asked/{id}",
                           .slow = true,
                           .body_max = FORM_BYTES,
                           .en = "The second person of a publication: verdict=take or return",
                           .handle = handle_decide};
ZH_ROUTE(page_publication) = {.method = "GET",
                              .path = "/publications/{id}",
                              .en = "What was published together",
                              .handle = handle_show};
