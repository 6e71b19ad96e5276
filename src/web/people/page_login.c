/* Logging in and out, the first account, and a forgotten password. */
#include "app/oidc.h"
#include "core/people/account.h"
#include "web/frame/form_part.h"
#include "web/frame/front_door.h"
#include "web/frame/session.h"
#include <string.h>

enum { FORM_BYTES_MAX = 16 << 10 };

/* ---- /login ---- */

/* The figures for those who look after them, the workbench for everybody else. */
#include "web/frame/front_door.h"
static zh_str front_door(zh_ui *ui, zh_str token)
{
    zh_user_session session;
    zh_err lost = {0};
    bool known =
        zh_user_session_find(ui->web->core, NULL, ui->arena, token, &session, &lost) == ZH_OK;
    return known && session.post != NULL ? zh_str_of(zh_front_door(session.post->role))
                                         : ZH_STR("/");
}

/* The way by the identity provider, where there is one. */
static void provider_link(zh_ui *ui, zh_str next)
{
    zh_oidc oidc;
    zh_err none = {0};
    if (zh_oidc_read(ui->web->core, ui->arena, &oidc, &none) == ZH_OK) {
        zh_html_open(&ui->html, "p", "gap");
        zh_html_a(&ui->html, "btn", zh_url_add(ui->arena, ZH_STR("/login/oidc"), "next", next),
                  zh_ui_text(ui, ZH_T_LOGIN_OIDC));
        zh_html_close(&ui->html);
    }
}

static void login_form(zh_ui *ui, const zh_err *err, zh_str next)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_LOGIN,
                                    .title = zh_ui_text(ui, ZH_T_LOGIN_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_LOGIN_LEDE)});
    zh_form_problem(ui, err);
    zh_form_open(ui, ZH_STR("/login"));
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOGIN_NAME,
                                       .name = "login",
                                       .type = "text",
                                       .autocomplete = "username",
                                       .value = zh_form_sent(ui, "login")});
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOGIN_PASSWORD,
                                       .name = "password",
                                       .type = "password",
                                       .autocomplete = "current-password"});
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOGIN_CODE,
                                       .name = "code",
                                       .type = "text",
                                       .autocomplete = "one-time-code"});
    zh_form_hidden(ui, "next", next);
    zh_form_button(ui, ZH_T_LOGIN_GO, "btn pri");
    zh_html_close(&ui->html);
    provider_link(ui, next);
}

static zh_rc show_login(zh_ui *ui)
{
    login_form(ui, &(zh_err){0}, zh_url_local(zh_http_param(ui->request, "next")));
    return ZH_OK;
}

static zh_rc do_login(zh_ui *ui)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_err why = zh_err_beside(ui->err);
    zh_str next = zh_url_local(zh_form_sent(ui, "next"));
    zh_rc rc = zh_login(ui->web->core, zh_form_sent(ui, "login"), zh_form_sent(ui, "password"),
                        zh_form_sent(ui, "code"), ui->request->user_agent, token, &why);
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
                    .reach = ZH_REACH_ENROL,
                    .path = "/logout",
                    .body_max = FORM_BYTES_MAX,
                    .en = "End the session",
                    .handle = post_logout};

/* ---- /setup ---- */

static void setup_form(zh_ui *ui, const zh_err *err, zh_str token)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_SETUP_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_SETUP_LEDE)});
    zh_form_problem(ui, err);
    zh_form_open(ui, ZH_STR("/setup"));
    zh_form_hidden(ui, "token", token);
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOGIN_NAME,
                                       .name = "login",
                                       .type = "text",
                                       .autocomplete = "username",
                                       .value = zh_form_sent(ui, "login")});
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_SETUP_PERSON,
                                       .name = "name",
                                       .type = "text",
                                       .autocomplete = "name",
                                       .value = zh_form_sent(ui, "name")});
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOGIN_PASSWORD,
                                       .name = "password",
                                       .type = "password",
                                       .autocomplete = "new-password"});
    zh_form_button(ui, ZH_T_SETUP_GO, "btn pri");
    zh_html_close(&ui->html);
}

static zh_rc show_setup(zh_ui *ui)
{
    setup_form(ui, &(zh_err){0}, zh_http_param(ui->request, "token"));
    return ZH_OK;
}

static zh_rc do_setup(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = zh_setup_finish(ui->web->core, zh_form_sent(ui, "token"), zh_form_sent(ui, "login"),
                               zh_form_sent(ui, "name"), zh_form_sent(ui, "password"), &why);
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/login"));
    }
    ui->response->status = rc == ZH_EDENIED ? 403 : 422;
    setup_form(ui, &why, zh_form_sent(ui, "token"));
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

/* ---- /reset ---- */

static void reset_form(zh_ui *ui, const zh_err *err, zh_str token)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_RESET_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_RESET_LEDE)});
    zh_form_problem(ui, err);
    zh_form_open(ui, ZH_STR("/reset"));
    zh_form_hidden(ui, "token", token);
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_ACCOUNT_NEW,
                                       .name = "password",
                                       .type = "password",
                                       .autocomplete = "new-password"});
    zh_form_button(ui, ZH_T_RESET_GO, "btn pri");
    zh_html_close(&ui->html);
}

static zh_rc show_reset(zh_ui *ui)
{
    reset_form(ui, &(zh_err){0}, zh_http_param(ui->request, "token"));
    return ZH_OK;
}

static zh_rc do_reset(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = zh_reset_finish(ui->web->core, zh_form_sent(ui, "token"),
                               zh_form_sent(ui, "password"), &why);
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/login"));
    }
    ui->response->status = rc == ZH_EDENIED ? 403 : 422;
    reset_form(ui, &why, zh_form_sent(ui, "token"));
    return ZH_OK;
}

static zh_rc get_reset(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_reset);
}

static zh_rc post_reset(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, do_reset);
}

ZH_ROUTE(page_reset) = {.method = "GET",
                        .reach = ZH_REACH_OPEN,
                        .path = "/reset",
                        .en = "The form to set a new password with a one-time link, as a page",
                        .handle = get_reset};
ZH_ROUTE(reset) = {.method = "POST",
                   .reach = ZH_REACH_OPEN,
                   .path = "/reset",
                   .body_max = FORM_BYTES_MAX,
                   .slow = true,
                   .en = "Set a new password with a one-time link",
                   .handle = post_reset};
