/* GET /notices: what one was told, by matter and record; POST /notices/read and /notices/mute. */
#include "core/people/identity.h"
#include "web/frame/form_part.h"
#include "web/frame/part.h"
#include "web/frame/show.h"
#include "web/people/notice_part.h"
#include <inttypes.h>

enum { SHOWN = 100, FORM_BYTES_MAX = 4096 };

static void act_form(zh_ui *ui, const char *action, zh_text_id text, const zh_notice_group *g)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", zh_str_of(action));
    if (g != NULL) {
        zh_form_hidden(ui, "record",
                       zh_str_fmt(ui->arena, "%.*s/%" PRId64 "-%" PRId64, ZH_FMT(g->reg->id),
                                  g->office, g->id));
    }
    zh_html_open(h, "button", "btn quiet");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, text));
    zh_html_close(h);
    zh_html_close(h);
}

static void one_row(zh_grid *grid, zh_show *show, const zh_notice_group *g)
{
    zh_ui *ui = grid->ui;
    zh_str text = zh_notice_text(ui, g);
    zh_grid_row(grid, NULL);
    zh_grid_value_link(grid, zh_url_record(ui->arena, g->reg->id, g->office, g->id),
                       zh_show_title(show, g->record));
    zh_grid_text(grid, g->n > 1 ? ZH_SAY(ui, ZH_T_NOTICE_N, text, zh_ui_count(ui, g->n)) : text);
    zh_grid_text(grid, zh_ui_time(ui, g->at));
    zh_grid_cell(grid);
    zh_html_open(&ui->html, "div", "bar");
    if (g->unread > 0) {
        act_form(ui, "/notices/read", ZH_T_NOTICE_READ, g);
    }
    act_form(ui, "/notices/mute", ZH_T_NOTICE_MUTE, g);
    zh_html_close(&ui->html);
}

static void grid(zh_ui *ui, zh_show *show, const zh_notice_list *list, const zh_str *matters)
{
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_NOTICE_RECORD), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_NOTICE_WHAT), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_NOTICE_WHEN), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_NOTICE_ACT), .css = "lab"},
    };
    zh_grid g;
    zh_part_section_open(ui, "notices", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < list->n; i++) {
        if (i == 0 || !zh_str_eq(matters[i], matters[i - 1])) {
            zh_grid_value_group(&g, matters[i]);
        }
        one_row(&g, show, &list->groups[i]);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static void tabs(zh_ui *ui, bool all)
{
    const zh_tab list[] = {
        {.label = zh_ui_text(ui, ZH_T_NOTICE_UNREAD),
         .url = ZH_STR("/notices"),
         .count = ui->unread,
         .current = !all},
        {.label = zh_ui_text(ui, ZH_T_NOTICE_ALL),
         .url = ZH_STR("/notices?see=all"),
         .count = -1,
         .current = all},
    };
    zh_part_tabs(ui, list, ZH_COUNTOF(list), zh_ui_text(ui, ZH_T_NOTICE_TABS));
}

static void below(zh_ui *ui, const zh_notice_list *list)
{
    zh_html *h = &ui->html;
    if (list->more) {
        zh_part_note(ui, ZH_NOTE_PLAIN, ZH_SAY(ui, ZH_T_NOTICE_MORE, zh_ui_count(ui, SHOWN)));
    }
    if (list->hidden > 0) {
        zh_part_note(ui, ZH_NOTE_PLAIN,
                     ZH_SAY(ui, ZH_T_NOTICE_HIDDEN, zh_ui_count(ui, (int64_t)list->hidden)));
    }
    zh_html_open(h, "div", "bar");
    if (ui->unread > 0) {
        act_form(ui, "/notices/read", ZH_T_NOTICE_READ_ALL, NULL);
    }
    zh_html_a(h, "btn quiet", ZH_STR("/notices/settings"), zh_ui_text(ui, ZH_T_NOTICE_SETTINGS));
    zh_html_close(h);
}

static zh_rc show(zh_ui *ui)
{
    zh_notice_list list = {0};
    zh_str *matters = NULL;
    bool all = zh_str_is(zh_http_param(ui->request, "see"), "all");
    zh_rc rc =
        ui->session != NULL && ui->session->post != NULL
            ? zh_notice_groups(&ui->ctx, ui->conn, all, SHOWN, ui->session->current.code, &list)
            : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_notice_by_matter(ui, list.groups, list.n, &matters);
    }
    zh_show names;
    zh_show_init(&names, ui, ZH_AS_OF_NOW);
    if (rc == ZH_OK) {
        rc = zh_notice_titles(&names, list.groups, list.n);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui,
               &(zh_ui_head_of){.nav = ZH_T_NAV_DESK,
                                .title = ui->unread == 0 ? zh_ui_text(ui, ZH_T_NOTICE_TITLE_NONE)
                                                         : ZH_SAY(ui, ZH_T_NOTICE_TITLE,
                                                                  zh_ui_count(ui, ui->unread)),
                                .lede = zh_ui_text(ui, ZH_T_NOTICE_LEDE)});
    zh_html_open(&ui->html, "div", "stack");
    tabs(ui, all);
    zh_notice_elsewhere_note(ui);
    if (list.n > 0) {
        grid(ui, &names, &list, matters);
    } else {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_NOTICE_EMPTY),
                      zh_ui_text(ui, ZH_T_NOTICE_EMPTY_TEXT), ZH_STR(""), ZH_STR(""));
    }
    below(ui, &list);
    zh_html_close(&ui->html);
    return ZH_OK;
}

/* ---- acting ---------------------------------------------------------------------------------- */

/* register/office-id. ZH_EINVAL: not of this form. */
static zh_rc record_named(zh_ui *ui, zh_str text, const zh_register **reg, int64_t *office,
                          int64_t *id)
{
    zh_str rest = text;
    zh_str name = ZH_STR("");
    zh_str place = ZH_STR("");
    bool fits = zh_str_split(&rest, '/', &name) && zh_str_split(&rest, '-', &place) &&
                zh_str_i64(place, office) == ZH_OK && zh_str_i64(rest, id) == ZH_OK;
    *reg = fits ? zh_model_register(ui->ctx.model, name) : NULL;
    return *reg != NULL ? ZH_OK
                        : zh_err_set(ui->err, ZH_EINVAL, "notice.record", "没有说明是哪条记录");
}

static zh_rc act(zh_ui *ui, bool mute)
{
    const zh_register *reg = NULL;
    int64_t office = 0;
    int64_t id = 0;
    zh_str record = zh_pairs_get(ui->request->form, "record");
    bool everything = record.p == NULL && !mute;
    zh_rc rc = everything ? ZH_OK : record_named(ui, record, &reg, &office, &id);
    if (rc == ZH_OK && mute) {
        rc = zh_notice_mute(&ui->ctx, reg, office, id, true);
    }
    if (rc == ZH_OK && !everything) {
        rc = zh_notice_read(&ui->ctx, reg, office, id);
    } else if (rc == ZH_OK && ui->session != NULL) {
        rc = zh_notice_read_all(&ui->ctx, ui->session->current.code);
    }
    return rc == ZH_OK ? zh_http_see_other(ui->request, ui->response, ZH_STR("/notices")) : rc;
}

static zh_rc do_read(zh_ui *ui)
{
    return act(ui, false);
}

static zh_rc do_mute(zh_ui *ui)
{
    return act(ui, true);
}

static zh_rc get_notices(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

static zh_rc post_read(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, do_read);
}

static zh_rc post_mute(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, do_mute);
}

ZH_ROUTE(page_notices) = {.method = "GET",
                          .path = "/notices",
                          .en = "What one was told, by matter and record, as a page",
                          .handle = get_notices};
ZH_ROUTE(notices_read) = {.method = "POST",
                          .reach = ZH_REACH_PERSON,
                          .path = "/notices/read",
                          .body_max = FORM_BYTES_MAX,
                          .en = "Mark the notices of a record, or all, as read",
                          .handle = post_read};
ZH_ROUTE(notices_mute) = {.method = "POST",
                          .reach = ZH_REACH_PERSON,
                          .path = "/notices/mute",
                          .body_max = FORM_BYTES_MAX,
                          .en = "Be told nothing more of a record",
                          .handle = post_mute};
