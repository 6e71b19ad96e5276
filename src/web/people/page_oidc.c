/* /login/oidc leaves for the identity provider, /login/oidc/back is where the browser comes back.
 */
#include "app/oidc.h"
#include "web/frame/part.h"
#include "web/frame/session.h"

static const char cookie_name[] = "zh_oidc";

/* Bound to this browser: a link that somebody else made does not log in here. */
static void keep_state(zh_ui *ui, zh_str state)
{
    zh_str cookie = zh_str_fmt(
        ui->arena, "%s=%.*s; Path=/login/oidc; HttpOnly; SameSite=Lax; Max-Age=%d%s", cookie_name,
        ZH_FMT(state), state.n > 0 ? ZH_EXTERNAL_S : 0, ui->web->behind_proxy ? "; Secure" : "");
    zh_http_header_add(ui->response, "Set-Cookie", cookie.p);
}

static zh_rc leave(zh_ui *ui)
{
    zh_str url;
    zh_str state;
    zh_str next = zh_url_local(zh_http_param(ui->request, "next"));
    zh_rc rc = zh_oidc_leave(ui->web->core, ui->arena, next, &url, &state, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    keep_state(ui, state);
    ui->response->status = 303;
    zh_http_header_add(ui->response, "Location", zh_str_c(ui->arena, url));
    return ZH_OK;
}

static zh_rc come_back(zh_ui *ui)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_str login;
    zh_str next;
    zh_oidc_return answer = {.code = zh_http_param(ui->request, "code"),
                             .state = zh_http_param(ui->request, "state"),
                             .iss = zh_http_param(ui->request, "iss"),
                             .error = zh_http_param(ui->request, "error"),
                             .cookie = zh_cookie_get(ui->request->cookie, cookie_name)};
    zh_rc rc = zh_oidc_come_back(ui->web->core, ui->arena, &answer, &login, &next, ui->err);
    if (rc == ZH_OK) {
        rc = zh_external_open(ui->web->core, login, ui->request->user_agent, token, ui->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    keep_state(ui, ZH_STR(""));
    zh_user_session_cookie(ui->request, ui->response, zh_str_of(token));
    return zh_http_see_other(ui->request, ui->response, next.n > 0 ? next : ZH_STR("/desk"));
}

static zh_rc handle_leave(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, leave);
}

static zh_rc handle_back(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, come_back);
}

ZH_ROUTE(oidc_leave) = {.method = "GET",
                        .reach = ZH_REACH_OPEN,
                        .path = "/login/oidc",
                        .slow = true, /* asks the provider */
                        .en = "Leave for the identity provider",
                        .handle = handle_leave};
ZH_ROUTE(oidc_back) = {.method = "GET",
                       .reach = ZH_REACH_OPEN,
                       .path = "/login/oidc/back",
                       .slow = true,
                       .en = "Come back from the identity provider: code, state",
                       .handle = handle_back};
