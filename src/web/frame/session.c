/* The session of a request. */
#include "web/frame/session.h"
#include "core/people/apikey.h"
#include "core/people/identity.h"
#include "web/frame/sample.h"
#include <string.h>

/* Behind TLS the name binds the cookie to this host, whatever a neighbour's page sets. */
static const char *cookie_name(const zh_http_request *request)
{
    const zh_web *web = request->app;
    return web->behind_proxy ? "__Host-zh_session" : "zh_session";
}

zh_str zh_user_session_token(const zh_http_request *request)
{
    zh_str rest = request->cookie;
    zh_str piece;
    while (rest.p != NULL && zh_str_split(&rest, ';', &piece)) {
        zh_str name;
        piece = zh_str_trim(piece);
        if (zh_str_split(&piece, '=', &name) && zh_str_is(name, cookie_name(request)) &&
            piece.p != NULL) {
            return piece;
        }
    }
    return ZH_STR("");
}

void zh_user_session_cookie(const zh_http_request *request, zh_http_response *response,
                            zh_str token)
{
    const zh_web *web = request->app;
    zh_str text =
        zh_str_fmt(request->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                   cookie_name(request), ZH_FMT(token), token.n > 0 ? ZH_SESSION_ABSOLUTE_S : 0,
                   web->behind_proxy ? "; Secure" : "");
    zh_http_header_add(response, "Set-Cookie", text.p);
}

static zh_reach reach_of(const zh_http_request *request)
{
    return request->route != NULL ? request->route->reach : ZH_REACH_READER;
}

bool zh_ui_whole(const zh_ui *ui)
{
    const zh_post *post = ui->ctx.post;
    if (post == NULL) {
        return true;
    }
    bool whole = post->scope == ZH_SCOPE_ALL && !post->limited;
    for (size_t i = 0; post->limited && i < post->ngrants && post->scope == ZH_SCOPE_ALL; i++) {
        whole = whole || zh_str_is(post->grants[i].reg, "*");
    }
    return whole;
}

static zh_rc whole_only(zh_ui *ui)
{
    if (reach_of(ui->request) != ZH_REACH_WHOLE || zh_ui_whole(ui)) {
        return ZH_OK;
    }
    zh_err_set(ui->err, ZH_EDENIED, "permission.whole",
               "这项工作要看到全部数据，你的岗位的数据范围不是全部");
    zh_err_fix(ui->err, "换到数据范围为“全部”的岗位，或请有这样岗位的同事来做");
    return ZH_EDENIED;
}

/* The token of an API key; p NULL: none was sent. */
static zh_str bearer(const zh_http_request *request)
{
    static const char scheme[] = "Bearer ";
    zh_str text = request->authorization;
    return text.p != NULL && zh_str_starts(text, zh_str_of(scheme))
               ? zh_str_trim(zh_str_sub(text, sizeof scheme - 1, text.n))
               : ZH_STR_NONE;
}

static zh_rc find_session(zh_ui *ui, zh_user_session *session, zh_err *lost)
{
    zh_core *core = ui->web->core;
    zh_str key = bearer(ui->request);
    zh_str token = zh_user_session_token(ui->request);
    if (key.p != NULL) {
        return zh_key_session(core, ui->conn, ui->arena, key, session, lost);
    }
    return token.n > 0 ? zh_user_session_find(core, ui->conn, ui->arena, token, session, lost)
                       : ZH_ENOTFOUND;
}

bool zh_ui_must_enrol(zh_ui *ui)
{
    return ui->session != NULL &&
           zh_session_must_enrol(ui->web->core, ui->arena, ui->session, ui->web->behind_proxy);
}

static zh_rc codes_first(zh_ui *ui)
{
    zh_reach reach = reach_of(ui->request);
    if (reach == ZH_REACH_OPEN || reach == ZH_REACH_ENROL || !zh_ui_must_enrol(ui)) {
        return ZH_OK;
    }
    zh_err_set(ui->err, ZH_EDENIED, "login.enrol", "管理员要先启用动态码，才能办别的事");
    zh_err_fix(ui->err, "登录后在 /account 取一个密钥，用手机上的动态码启用");
    return ZH_EDENIED;
}

/* What the reader says they read for: a few words at least. */
static void state_purpose(zh_ui *ui)
{
    enum { PURPOSE_MIN = 6 }; /* bytes: two characters of Chinese */
    zh_str said = zh_str_trim(zh_http_param(ui->request, "purpose"));
    if (said.n >= PURPOSE_MIN) {
        ui->ctx.purpose = zh_str_sub(said, 0, 200);
        ui->ctx.stated = true;
    }
}

zh_rc zh_user_session_begin(zh_ui *ui)
{
    static const zh_user_session nobody = {.login = {"", 0}};
    bool accounts = false;
    zh_core *core = ui->web->core;
    zh_user_session *session = ZH_NEW(ui->arena, zh_user_session);
    zh_err lost = {0};
    zh_rc rc = zh_accounts_exist(ui->conn, &accounts, ui->err);
    if (rc == ZH_OK && !accounts) {
        rc = zh_sample_begin(ui);
        return rc == ZH_OK && ui->session != NULL ? whole_only(ui) : rc;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = find_session(ui, session, &lost);
    if (rc == ZH_ENOTFOUND && reach_of(ui->request) != ZH_REACH_OPEN) {
        return zh_err_set(ui->err, ZH_EDENIED, "login.needed", "请先登录");
    }
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        return zh_err_set(ui->err, rc, lost.rule, "%s", lost.message);
    }
    zh_reach reach = reach_of(ui->request);
    if (rc == ZH_OK && session->key != 0 && (reach == ZH_REACH_PERSON || reach == ZH_REACH_ENROL)) {
        return zh_err_set(ui->err, ZH_EDENIED, "key.person",
                          "接口密钥不能动账户：这里要本人登录后来办");
    }
    ui->session = rc == ZH_OK ? session : NULL;
    zh_ctx_end(&ui->ctx);
    ui->ctx = zh_ctx_session(core, ui->arena, rc == ZH_OK ? session : &nobody, ui->err);
    state_purpose(ui);
    rc = codes_first(ui);
    return rc == ZH_OK ? whole_only(ui) : rc;
}

bool zh_ui_may_log(const zh_http_request *request)
{
    if (bearer(request).p == NULL && zh_user_session_token(request).n == 0) {
        return false; /* the local operator's readings are not written down */
    }
    zh_model *model = zh_core_model(zh_web_of(request)->core);
    const zh_register *reg = zh_model_register(model, zh_http_arg(request, "reg"));
    bool logged = reg != NULL && reg->read_log;
    zh_model_release(model);
    return logged;
}

zh_rc zh_user_session_need(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    zh_ui ui;
    zh_rc rc = zh_ui_begin(&ui, request, response, err);
    zh_ui_end(&ui);
    return rc;
}
