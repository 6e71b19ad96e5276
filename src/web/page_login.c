/* Logging in and out, one's own posts and password, and the first account. */
#include "core/identity.h"
#include "web/front_door.h"
#include "web/page.h"
#include "web/part.h"
#include "web/session.h"
#include <string.h>

enum { FORM_BYTES_MAX = 16 << 10 };

static zh_str sent(const zh_ui *ui, const char *name)
{
    return zh_pairs_get(ui->request->form, name);
}

static void form_open(zh_ui *ui, const char *action)
{
    zh_html_open(&ui->html, "form", "stack-s login");
    zh_html_attr_z(&ui->html, "method", "post");
    zh_html_link(&ui->html, "action", zh_str_of(action));
}

static void field(zh_ui *ui, zh_text_id label, const char *name, const char *type,
                  const char *autocomplete, zh_str value)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, label));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", type);
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "autocomplete", autocomplete);
    if (value.n > 0) {
        zh_html_attr(h, "value", value);
    }
    zh_html_close(h); /* the input */
    zh_html_close(h);
}

static void hidden(zh_ui *ui, const char *name, zh_str value)
{
    zh_html_open(&ui->html, "input", NULL);
    zh_html_attr_z(&ui->html, "type", "hidden");
    zh_html_attr_z(&ui->html, "name", name);
    zh_html_attr(&ui->html, "value", value);
    zh_html_close(&ui->html);
}

static void button(zh_ui *ui, zh_text_id text, const char *css)
{
    zh_html_open(&ui->html, "button", css);
    zh_html_attr_z(&ui->html, "type", "submit");
    zh_html_text(&ui->html, zh_ui_text(ui, text));
    zh_html_close(&ui->html);
}

/* What went wrong, above the form. */
static void problem(zh_ui *ui, const zh_err *err)
{
    if (err->rc == ZH_OK) {
        return;
    }
    zh_part_note_open(ui, ZH_NOTE_ACT);
    zh_html_text(&ui->html, zh_str_of(err->message));
    if (err->fix[0] != '\0') {
        zh_html_z(&ui->html, "；");
        zh_html_text(&ui->html, zh_str_of(err->fix));
    }
    zh_part_note_close(ui);
}

/* ---- /login ---- */

/* A path of this server to go on to; anything else is the role's front door. */
static zh_str next_of(zh_str text)
{
    bool local = text.n > 1 && text.p[0] == '/' && text.p[1] != '/' && text.p[1] != '\\';
    for (size_t i = 0; i < text.n && local; i++) {
        local = (unsigned char)text.p[i] > ' ';
    }
    return local ? text : ZH_STR("");
}

static zh_str front_door(zh_ui *ui, zh_str token)
{
    zh_user_session session;
    zh_err lost = {0};
    bool known =
        zh_user_session_find(ui->web->core, NULL, ui->arena, token, &session, &lost) == ZH_OK;
    return known && session.post != NULL ? zh_str_of(zh_front_door(session.post->role))
                                         : ZH_STR("/");
}

static void login_form(zh_ui *ui, const zh_err *err, zh_str next)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_LOGIN_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_LOGIN_LEDE)});
    problem(ui, err);
    form_open(ui, "/login");
    field(ui, ZH_T_LOGIN_NAME, "login", "text", "username", sent(ui, "login"));
    field(ui, ZH_T_LOGIN_PASSWORD, "password", "password", "current-password", ZH_STR_NONE);
    field(ui, ZH_T_LOGIN_CODE, "code", "text", "one-time-code", ZH_STR_NONE);
    hidden(ui, "next", next);
    button(ui, ZH_T_LOGIN_GO, "btn pri");
    zh_html_close(&ui->html);
}

static zh_rc show_login(zh_ui *ui)
{
    login_form(ui, &(zh_err){0}, next_of(zh_http_param(ui->request, "next")));
    return ZH_OK;
}

static zh_rc do_login(zh_ui *ui)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_err why = {0};
    zh_str next = next_of(sent(ui, "next"));
    zh_rc rc = zh_login(ui->web->core, sent(ui, "login"), sent(ui, "password"), sent(ui, "code"),
                        ui->request->user_agent, token, &why);
    if (rc == ZH_OK) {
        zh_user_session_cookie(ui->request, ui->response, zh_str_of(token));
        return zh_http_see_other(ui->request, ui->response,
                                 next.n > 0 ? next : front_door(ui, zh_str_of(token)));
    }
    ui->response->status = rc == ZH_EBUSY ? 429 : rc == ZH_EDENIED ? 403 : 500;
    login_form(ui, &why, next);
    return ZH_OK;
}

static zh_rc get_login(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_login);
}

static zh_rc post_login(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, do_login);
}

ZH_ROUTE(page_login) = {.method = "GET",
                        .reach = ZH_REACH_OPEN,
                        .path = "/login",
                        .en = "The form to log in, as a page",
                        .handle = get_login};
ZH_ROUTE(login) = {.method = "POST",
                   .reach = ZH_REACH_OPEN,
                   .path = "/login",
                   .body_max = FORM_BYTES_MAX,
                   .slow = true, /* a verification takes tens of milliseconds on purpose */
                   .en = "Log in; answers with the session cookie",
                   .handle = post_login};

/* ---- /logout ---- */

static zh_rc do_logout(zh_ui *ui)
{
    zh_rc rc = zh_user_session_end(ui->web->core, zh_user_session_token(ui->request), ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_user_session_cookie(ui->request, ui->response, ZH_STR(""));
    return zh_http_see_other(ui->request, ui->response, ZH_STR("/login"));
}

static zh_rc post_logout(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, do_logout);
}

ZH_ROUTE(logout) = {.method = "POST",
                    .path = "/logout",
                    .body_max = FORM_BYTES_MAX,
                    .en = "End the session",
                    .handle = post_logout};

/* ---- /account ---- */

static void post_row(zh_ui *ui, const zh_post_of *post)
{
    zh_html *h = &ui->html;
    bool now = ui->session->post != NULL && zh_str_eq(post->code, ui->session->current.code);
    zh_html_open(h, "tr", NULL);
    zh_html_leaf(h, "td", "mono", post->code);
    zh_html_leaf(h, "td", NULL, zh_ui_label(ui, post->role_label));
    zh_html_leaf(h, "td", NULL, post->place.n > 0 ? zh_ui_region(ui, post->place) : ZH_STR("—"));
    zh_html_open(h, "td", NULL);
    if (now) {
        zh_html_text(h, zh_ui_text(ui, ZH_T_ACCOUNT_NOW));
    } else {
        form_open(ui, "/account/post");
        hidden(ui, "post", post->code);
        button(ui, ZH_T_ACCOUNT_SWITCH, "btn");
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

static zh_rc posts(zh_ui *ui)
{
    static const zh_text_id headers[] = {ZH_T_ACCOUNT_POST, ZH_T_ACCOUNT_ROLE, ZH_T_ACCOUNT_PLACE};
    zh_html *h = &ui->html;
    zh_post_of *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_posts_of(ui->web->core, ui->arena, ui->session->login, &list, &n, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_section_open(ui, "posts", zh_ui_text(ui, ZH_T_ACCOUNT_POSTS), false);
    if (n == 0) {
        zh_html_leaf(h, "p", NULL, zh_ui_text(ui, ZH_T_ACCOUNT_NONE));
    } else {
        zh_html_open(h, "table", "grid");
        zh_html_open(h, "thead", NULL);
        zh_html_open(h, "tr", NULL);
        for (size_t i = 0; i < ZH_COUNTOF(headers); i++) {
            zh_html_leaf(h, "th", NULL, zh_ui_text(ui, headers[i]));
        }
        zh_html_leaf_z(h, "th", NULL, "");
        zh_html_close(h);
        zh_html_close(h);
        zh_html_open(h, "tbody", NULL);
        for (size_t i = 0; i < n; i++) {
            post_row(ui, &list[i]);
        }
        zh_html_close(h);
        zh_html_close(h);
    }
    zh_part_section_close(ui);
    return ZH_OK;
}

static zh_rc account(zh_ui *ui, const zh_err *err)
{
    if (ui->session == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "account.none",
                          "这台服务器还没有账户：本机操作员不用登录");
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = ZH_SAY(ui, ZH_T_ACCOUNT_TITLE, ui->session->name),
                                    .lede = zh_ui_text(ui, ZH_T_ACCOUNT_LEDE)});
    problem(ui, err);
    zh_rc rc = posts(ui);
    zh_part_section_open(ui, "password", zh_ui_text(ui, ZH_T_ACCOUNT_PASSWORD), false);
    form_open(ui, "/account/password");
    field(ui, ZH_T_ACCOUNT_OLD, "old", "password", "current-password", ZH_STR_NONE);
    field(ui, ZH_T_ACCOUNT_NEW, "new", "password", "new-password", ZH_STR_NONE);
    button(ui, ZH_T_ACCOUNT_CHANGE, "btn");
    zh_html_close(&ui->html);
    zh_part_section_close(ui);
    form_open(ui, "/logout");
    button(ui, ZH_T_LOGOUT, "btn");
    zh_html_close(&ui->html);
    return rc;
}

static zh_rc show_account(zh_ui *ui)
{
    return account(ui, &(zh_err){0});
}

static zh_rc switch_post(zh_ui *ui)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_rc rc = zh_user_session_switch(ui->web->core, zh_user_session_token(ui->request),
                                      sent(ui, "post"), token, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_user_session_cookie(ui->request, ui->response, zh_str_of(token));
    return zh_http_see_other(ui->request, ui->response, ZH_STR("/account"));
}

static zh_rc change_password(zh_ui *ui)
{
    zh_err why = {0};
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    if (ui->session == NULL) {
        return account(ui, &why);
    }
    /* The old one is asked for as a login is, with the same limits. */
    zh_rc rc = zh_login(ui->web->core, ui->session->login, sent(ui, "old"), sent(ui, "code"),
                        ui->request->user_agent, token, &why);
    if (rc == ZH_OK) {
        rc = zh_account_password(ui->web->core, ui->session->login, sent(ui, "new"), &why);
    }
    if (rc == ZH_OK) {
        zh_user_session_cookie(ui->request, ui->response, ZH_STR(""));
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/login"));
    }
    ui->response->status = rc == ZH_EINVAL ? 422 : 403;
    return account(ui, &why);
}

static zh_rc get_account(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_account);
}

static zh_rc post_switch(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, switch_post);
}

static zh_rc post_password(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, change_password);
}

ZH_ROUTE(page_account) = {.method = "GET",
                          .path = "/account",
                          .en = "One's own posts and password, as a page",
                          .handle = get_account};
ZH_ROUTE(account_post) = {.method = "POST",
                          .path = "/account/post",
                          .body_max = FORM_BYTES_MAX,
                          .en = "Act in another of one's posts",
                          .handle = post_switch};
ZH_ROUTE(account_password) = {.method = "POST",
                              .path = "/account/password",
                              .body_max = FORM_BYTES_MAX,
                              .slow = true,
                              .en = "Change one's password and end every session",
                              .handle = post_password};

/* ---- /setup ---- */

static void setup_form(zh_ui *ui, const zh_err *err, zh_str token)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_SETUP_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_SETUP_LEDE)});
    problem(ui, err);
    form_open(ui, "/setup");
    hidden(ui, "token", token);
    field(ui, ZH_T_LOGIN_NAME, "login", "text", "username", sent(ui, "login"));
    field(ui, ZH_T_SETUP_PERSON, "name", "text", "name", sent(ui, "name"));
    field(ui, ZH_T_LOGIN_PASSWORD, "password", "password", "new-password", ZH_STR_NONE);
    button(ui, ZH_T_SETUP_GO, "btn pri");
    zh_html_close(&ui->html);
}

static zh_rc show_setup(zh_ui *ui)
{
    setup_form(ui, &(zh_err){0}, zh_http_param(ui->request, "token"));
    return ZH_OK;
}

static zh_rc do_setup(zh_ui *ui)
{
    zh_err why = {0};
    zh_rc rc = zh_setup_finish(ui->web->core, sent(ui, "token"), sent(ui, "login"),
                               sent(ui, "name"), sent(ui, "password"), &why);
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/login"));
    }
    ui->response->status = rc == ZH_EDENIED ? 403 : 422;
    setup_form(ui, &why, sent(ui, "token"));
    return ZH_OK;
}

static zh_rc get_setup(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_setup);
}

static zh_rc post_setup(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, do_setup);
}

ZH_ROUTE(page_setup) = {.method = "GET",
                        .reach = ZH_REACH_OPEN,
                        .path = "/setup",
                        .en = "The form for the first account, as a page",
                        .handle = get_setup};
ZH_ROUTE(setup) = {.method = "POST",
                   .reach = ZH_REACH_OPEN,
                   .path = "/setup",
                   .body_max = FORM_BYTES_MAX,
                   .slow = true,
                   .en = "Create the first account with the one-time link",
                   .handle = post_setup};
