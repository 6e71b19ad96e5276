/* /readings: readings of personal data, for the audit administrator (and the operator of a server
 * without accounts); /account/readings: those that concern oneself, and one's own.
 * /account/emergency: taking an emergency right and giving it back. */
#include "core/people/emergency.h"
#include "core/people/reading.h"
#include "core/people/setting.h"
#include "web/frame/form_part.h"
#include "web/frame/show.h"
#include <inttypes.h>

enum { FORM_BYTES_MAX = 16 << 10, SHOWN = 100 };

/* ---- a table of readings ---- */

static zh_str how_of(zh_ui *ui, zh_str how)
{
    static const struct {
        const char *id;
        zh_text_id text;
    } known[] = {{"record", ZH_T_READING_RECORD},
                 {"list", ZH_T_READING_LIST},
                 {"export", ZH_T_READING_EXPORT},
                 {"api", ZH_T_READING_API}};
    for (size_t i = 0; i < ZH_COUNTOF(known); i++) {
        if (zh_str_is(how, known[i].id)) {
            return zh_ui_text(ui, known[i].text);
        }
    }
    return how;
}

static zh_str role_of(zh_ui *ui, zh_str role)
{
    const zh_codes *roles = zh_model_codes(ui->ctx.model, ZH_STR("role"));
    const zh_code *code = roles != NULL ? zh_code_find(roles, role, INT32_MIN) : NULL;
    return code != NULL ? zh_ui_label(ui, code->label) : role;
}

static void one_row(zh_ui *ui, zh_grid *g, const zh_reading_row *r, bool with_question)
{
    zh_html *h = &ui->html;
    const zh_register *reg = zh_model_register(ui->ctx.model, r->reg);
    zh_str label = reg != NULL ? zh_ui_label(ui, reg->label) : r->reg;
    zh_grid_row(g, NULL);
    zh_grid_text(g, zh_ui_time(ui, r->at));
    zh_grid_cell(g);
    zh_html_text(h, r->login);
    zh_html_leaf(h, "span", "why", role_of(ui, r->post));
    if (r->emergency != 0) {
        zh_part_tag(ui, ZH_TAG_WATCH, zh_ui_text(ui, ZH_T_READING_EMERGENCY));
    }
    zh_grid_cell(g);
    zh_html_text(h, r->records == 1
                        ? zh_str_fmt(ui->arena, "%.*s %" PRId64, ZH_FMT(label), r->record)
                        : ZH_SAY(ui, ZH_T_READING_MANY, label, zh_ui_count(ui, r->records)));
    if (with_question && r->question.n > 0) {
        zh_html_leaf(h, "span", "why", r->question);
    }
    zh_grid_text(g, how_of(ui, r->how));
    zh_grid_text(g, r->purpose);
}

/* with_question: what was asked of a list may itself be personal: for the auditor, not the subject.
 */
static zh_rc table(zh_ui *ui, const char *id, zh_str title, zh_readings_query query,
                   bool with_question, zh_str path)
{
    zh_reading_row *rows = NULL;
    size_t n = 0;
    zh_grid g;
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_READING_AT), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_READING_WHO), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_READING_WHAT), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_READING_HOW), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_READING_FOR), .css = "lab"}};
    query.limit = SHOWN;
    zh_rc rc = zh_readings_list(&ui->ctx, ui->conn, &query, &rows, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_section_open(ui, id, title, n > 0);
    if (n == 0) {
        zh_html_leaf(&ui->html, "p", NULL, zh_ui_text(ui, ZH_T_READING_NONE));
    } else {
        zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
        for (size_t i = 0; i < n; i++) {
            one_row(ui, &g, &rows[i], with_question);
        }
        zh_grid_close(&g);
    }
    zh_part_section_close(ui);
    if (n == SHOWN && path.n > 0) {
        zh_html_open(&ui->html, "p", "bar");
        zh_html_a(&ui->html, "btn", zh_url_add_i(ui->arena, path, "before", rows[n - 1].seq),
                  zh_ui_text(ui, ZH_T_READING_OLDER));
        zh_html_close(&ui->html);
    }
    return ZH_OK;
}

/* ---- /readings ---- */

static zh_rc auditor_only(zh_ui *ui)
{
    const zh_post *post = ui->ctx.post;
    if (post == NULL || zh_str_is(post->role, "audit_admin")) {
        return ZH_OK;
    }
    return zh_err_set(ui->err, ZH_EDENIED, "reading.auditor", "全部阅读记录只有审计员能看");
}

static zh_rc check(zh_ui *ui)
{
    int64_t n = 0;
    int64_t broken = 0;
    if (zh_http_param(ui->request, "check").p == NULL) {
        zh_html_open(&ui->html, "p", "bar");
        zh_html_a(&ui->html, "btn", ZH_STR("/readings?check=1"),
                  zh_ui_text(ui, ZH_T_READING_CHECK));
        zh_html_close(&ui->html);
        return ZH_OK;
    }
    zh_rc rc = zh_readings_check(ui->web->core, &n, &broken, ui->err);
    if (rc == ZH_OK) {
        zh_part_note(ui, broken == 0 ? ZH_NOTE_QING : ZH_NOTE_ACT,
                     broken == 0 ? ZH_SAY(ui, ZH_T_READING_WHOLE, zh_ui_count(ui, n))
                                 : ZH_SAY(ui, ZH_T_READING_BROKEN, zh_ui_count(ui, broken)));
    }
    return rc;
}

static zh_rc show_all(zh_ui *ui)
{
    zh_readings_query query = {.login = zh_http_param(ui->request, "login"),
                               .reg = zh_http_param(ui->request, "register")};
    zh_rc rc = auditor_only(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    (void)!zh_str_i64(zh_http_param(ui->request, "before"), &query.before);
    (void)!zh_str_i64(zh_http_param(ui->request, "record"), &query.record);
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_READING_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_READING_LEDE),
                                    .css = ZH_STR("register.css")});
    zh_part_ask_open(ui, ZH_STR("/readings"));
    zh_part_ask_input(ui, "login", zh_ui_text(ui, ZH_T_READING_WHO), query.login, "text");
    zh_part_ask_input(ui, "register", zh_ui_text(ui, ZH_T_ACCESS_REGISTER), query.reg, "text");
    zh_part_ask_close(ui);
    zh_html_open(&ui->html, "div", "stack");
    rc = check(ui);
    return rc == ZH_OK ? table(ui, "all", ZH_STR(""), query, true,
                               zh_url_with(ui->request, "before", ZH_STR("")))
                       : rc;
}

/* ---- /account/readings ---- */

static zh_rc need_session(zh_ui *ui)
{
    return ui->session != NULL ? ZH_OK
                               : zh_err_set(ui->err, ZH_ENOTFOUND, "account.none",
                                            "这台服务器还没有账户：本机操作员不用登录");
}

static zh_rc show_own(zh_ui *ui)
{
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str login = ui->session->login;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_READING_ME),
                                    .lede = zh_ui_text(ui, ZH_T_READING_ME_LEDE),
                                    .above = ZH_SAY(ui, ZH_T_ACCOUNT_TITLE, ui->session->name),
                                    .above_url = ZH_STR("/account"),
                                    .css = ZH_STR("register.css")});
    zh_html_open(&ui->html, "div", "stack");
    rc = table(ui, "me", ZH_STR(""), (zh_readings_query){.subject = login}, false, ZH_STR(""));
    if (rc == ZH_OK) {
        rc = table(ui, "mine", zh_ui_text(ui, ZH_T_READING_MINE),
                   (zh_readings_query){.login = login}, true, ZH_STR(""));
    }
    zh_html_close(&ui->html);
    return rc;
}

/* ---- /account/emergency ---- */

static zh_rc emergency_page(zh_ui *ui, const zh_err *why)
{
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    int64_t minutes =
        zh_setting_number(ui->web->core, ui->arena, "emergency_minutes", ZH_EMERGENCY_MINUTES);
    zh_ui_head(ui,
               &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                .title = zh_ui_text(ui, ZH_T_EMERGENCY_TITLE),
                                .lede = ZH_SAY(ui, ZH_T_EMERGENCY_LEDE, zh_ui_count(ui, minutes)),
                                .above = ZH_SAY(ui, ZH_T_ACCOUNT_TITLE, ui->session->name),
                                .above_url = ZH_STR("/account")});
    zh_form_problem(ui, why);
    if (ui->session->emergency == 0) {
        zh_form_open(ui, ZH_STR("/account/emergency"));
        zh_form_field(ui, &(zh_form_input){.label = ZH_T_EMERGENCY_REASON,
                                           .name = "reason",
                                           .type = "text",
                                           .value = zh_form_sent(ui, "reason")});
        zh_form_button(ui, ZH_T_EMERGENCY_TAKE, "btn pri");
        zh_html_close(&ui->html);
    }
    return ZH_OK;
}

static zh_rc show_emergency(zh_ui *ui)
{
    return emergency_page(ui, &(zh_err){0});
}

static zh_rc answer(zh_ui *ui, zh_rc rc, const zh_err *why, const char *next)
{
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, zh_str_of(next));
    }
    ui->response->status = rc == ZH_EINVAL ? 422 : rc == ZH_ECONFLICT ? 409 : 403;
    return emergency_page(ui, why);
}

static zh_rc take(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = need_session(ui);
    return rc == ZH_OK ? answer(ui,
                                zh_emergency_take(ui->web->core, ui->arena, ui->session,
                                                  zh_form_sent(ui, "reason"), &why),
                                &why, "/desk")
                       : rc;
}

static zh_rc give_back(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = need_session(ui);
    return rc == ZH_OK
               ? answer(ui, zh_emergency_give_back(ui->web->core, ui->arena, ui->session, &why),
                        &why, "/account")
               : rc;
}

/* ---- routes ---- */

#define ACT(name, show)                                                                            \
    static zh_rc handle_##name(const zh_http_request *request, zh_http_response *response,         \
                               zh_err *err)                                                        \
    {                                                                                              \
        return zh_ui_answer(request, response, err, show);                                         \
    }
ACT(all, show_all)
ACT(own, show_own)
ACT(emergency, show_emergency)
ACT(take, take)
ACT(give_back, give_back)

ZH_ROUTE(page_readings) = {
    .method = "GET",
    .path = "/readings",
    .slow = true, /* checking the chain reads all of it */
    .en = "Readings of personal data, for the audit administrator, as a page",
    .handle = handle_all};
ZH_ROUTE(page_own_readings) = {.method = "GET",
                               .reach = ZH_REACH_PERSON,
                               .path = "/account/readings",
                               .en = "Who read the data that concern oneself, as a page",
                               .handle = handle_own};
ZH_ROUTE(page_emergency) = {.method = "GET",
                            .reach = ZH_REACH_PERSON,
                            .path = "/account/emergency",
                            .en = "The form to take an emergency right, as a page",
                            .handle = handle_emergency};
ZH_ROUTE(emergency_take) = {.method = "POST",
                            .reach = ZH_REACH_PERSON,
                            .path = "/account/emergency",
                            .body_max = FORM_BYTES_MAX,
                            .slow = true,
                            .en = "Take an emergency right: reason",
                            .handle = handle_take};
ZH_ROUTE(emergency_back) = {.method = "POST",
                            .reach = ZH_REACH_PERSON,
                            .path = "/account/emergency/back",
                            .body_max = FORM_BYTES_MAX,
                            .slow = true,
                            .en = "Give the emergency right back",
                            .handle = handle_give_back};
