/* /account: one's own posts, sessions, password, one-time codes and API keys. Only what belongs to
 * the session's login is shown or changed: ids in a form never reach another account. */
#include "core/people/account.h"
#include "core/people/apikey.h"
#include "core/people/setting.h"
#include "fmt/qr.h"
#include "web/frame/form_part.h"
#include "web/frame/session.h"
#include <inttypes.h>

enum { FORM_BYTES_MAX = 16 << 10, CLIENT_SHOWN = 80, QR_SIZE = 220 };

static void one_button(zh_ui *ui, const char *action, const char *name, zh_str value,
                       zh_text_id text)
{
    zh_form_open(ui, zh_str_of(action));
    if (name != NULL) {
        zh_form_hidden(ui, name, value);
    }
    zh_form_button(ui, text, "btn");
    zh_html_close(&ui->html);
}

static void password_field(zh_ui *ui, zh_text_id label, const char *name, const char *autocomplete)
{
    zh_form_field(
        ui, &(zh_form_input){
                .label = label, .name = name, .type = "password", .autocomplete = autocomplete});
}

static void code_field(zh_ui *ui, zh_text_id label)
{
    zh_form_field(
        ui, &(zh_form_input){
                .label = label, .name = "code", .type = "text", .autocomplete = "one-time-code"});
}

/* ---- posts ---- */

static zh_rc posts(zh_ui *ui)
{
    zh_post_of *list = NULL;
    size_t n = 0;
    zh_grid g;
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_ACCOUNT_POST), .css = "mono"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_ROLE), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_PLACE), .css = "lab"},
                                 {.label = ZH_STR("")}};
    zh_rc rc = zh_posts_of(ui->web->core, ui->arena, ui->session->login, &list, &n, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_section_open(ui, "posts", zh_ui_text(ui, ZH_T_ACCOUNT_POSTS), n > 0);
    if (n == 0) {
        zh_html_leaf(&ui->html, "p", NULL, zh_ui_text(ui, ZH_T_ACCOUNT_NONE));
        zh_part_section_close(ui);
        return ZH_OK;
    }
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        bool now = ui->session->post != NULL && zh_str_eq(list[i].code, ui->session->current.code);
        zh_grid_row(&g, now ? "cur" : NULL);
        zh_grid_text(&g, list[i].code);
        zh_grid_text(&g, zh_ui_label(ui, list[i].role_label));
        zh_grid_value(&g, list[i].place.n > 0 ? zh_ui_region(ui, list[i].place) : ZH_STR("—"));
        zh_grid_cell(&g);
        if (now) {
            zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_ACCOUNT_NOW));
        } else {
            one_button(ui, "/account/post", "post", list[i].code, ZH_T_ACCOUNT_SWITCH);
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- sessions ---- */

static void one_session(zh_ui *ui, zh_grid *g, const zh_own_session *s)
{
    bool here = zh_str_eq(s->digest, ui->session->digest);
    zh_grid_row(g, here ? "cur" : NULL);
    zh_grid_text(g, s->client.n > 0 ? zh_str_sub(s->client, 0, CLIENT_SHOWN) : ZH_STR("—"));
    zh_grid_text(g, s->role.n > 0 ? s->role : ZH_STR("—"));
    zh_grid_text(g, zh_ui_time(ui, s->created_at));
    zh_grid_text(g, zh_ui_time(ui, s->seen_at));
    zh_grid_cell(g);
    if (here) {
        zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_ACCOUNT_THIS));
    } else {
        one_button(ui, "/account/sessions/end", "session", s->digest, ZH_T_ACCOUNT_END);
    }
}

static zh_rc sessions(zh_ui *ui, const zh_own_account *own)
{
    zh_own_session *list = NULL;
    size_t n = 0;
    zh_grid g;
    zh_html *h = &ui->html;
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_ACCOUNT_CLIENT), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_ROLE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_SINCE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_SEEN), .css = "lab"},
                                 {.label = ZH_STR("")}};
    zh_core *core = ui->web->core;
    zh_rc rc = zh_own_sessions(core, ui->arena, ui->session->login, &list, &n, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str failed = zh_ui_count(ui, own->last_failed);
    zh_part_section_open(ui, "sessions", zh_ui_text(ui, ZH_T_ACCOUNT_SESSIONS), false);
    zh_html_leaf(h, "p", NULL,
                 own->last_before != 0
                     ? ZH_SAY(ui, ZH_T_ACCOUNT_LAST, zh_ui_time(ui, own->last_before), failed)
                     : ZH_SAY(ui, ZH_T_ACCOUNT_LAST_FIRST, failed));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        one_session(ui, &g, &list[i]);
    }
    zh_grid_close(&g);
    if (n > 1) {
        one_button(ui, "/account/sessions/end", NULL, ZH_STR_NONE, ZH_T_ACCOUNT_END_OTHERS);
    }
    int64_t idle = zh_setting_number(core, ui->arena, "idle_minutes", ZH_SESSION_IDLE_S / 60);
    int64_t hours =
        zh_setting_number(core, ui->arena, "session_hours", ZH_SESSION_ABSOLUTE_S / 3600);
    zh_html_leaf(h, "p", "sm mu",
                 ZH_SAY(ui, ZH_T_ACCOUNT_LIMITS, zh_ui_count(ui, idle), zh_ui_count(ui, hours)));
    zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_ACCOUNT_THROTTLE));
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- password and one-time codes ---- */

static void password(zh_ui *ui, const zh_own_account *own)
{
    zh_part_section_open(ui, "password", zh_ui_text(ui, ZH_T_ACCOUNT_PASSWORD), false);
    zh_form_open(ui, ZH_STR("/account/password"));
    password_field(ui, ZH_T_ACCOUNT_OLD, "old", "current-password");
    if (own->has_totp) {
        code_field(ui, ZH_T_LOGIN_CODE);
    }
    password_field(ui, ZH_T_ACCOUNT_NEW, "new", "new-password");
    zh_form_button(ui, ZH_T_ACCOUNT_CHANGE, "btn");
    zh_html_close(&ui->html);
    zh_part_section_close(ui);
}

static zh_rc enrolment(zh_ui *ui, const zh_own_account *own)
{
    zh_html *h = &ui->html;
    const zh_draw *qr = NULL;
    zh_str uri = zh_totp_uri(ui->arena, ui->session->login, own->totp_new);
    zh_rc rc =
        zh_qr_draw(ui->arena, uri, QR_SIZE, zh_ui_text(ui, ZH_T_ACCOUNT_TOTP_QR), &qr, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_html_leaf(h, "p", NULL, zh_ui_text(ui, ZH_T_ACCOUNT_TOTP_SCAN));
    zh_html_open(h, "div", "qr");
    zh_part_drawing(ui, qr, ZH_STR("totp"));
    zh_html_close(h);
    zh_html_open(h, "p", "sm");
    zh_html_text(h, zh_ui_text(ui, ZH_T_ACCOUNT_TOTP_SECRET));
    zh_html_leaf(h, "span", "mono", own->totp_new);
    zh_html_close(h);
    zh_form_open(ui, ZH_STR("/account/totp/confirm"));
    code_field(ui, ZH_T_ACCOUNT_TOTP_CODE);
    zh_form_button(ui, ZH_T_ACCOUNT_TOTP_CONFIRM, "btn pri");
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc codes(zh_ui *ui, const zh_own_account *own)
{
    zh_html *h = &ui->html;
    zh_rc rc = ZH_OK;
    zh_part_section_open(ui, "totp", zh_ui_text(ui, ZH_T_ACCOUNT_TOTP), false);
    zh_html_leaf(h, "p", NULL,
                 own->has_totp
                     ? ZH_SAY(ui, ZH_T_ACCOUNT_TOTP_ON, zh_ui_count(ui, (int64_t)own->recovery))
                     : zh_ui_text(ui, ZH_T_ACCOUNT_TOTP_OFF));
    if (own->enrolling) {
        rc = enrolment(ui, own);
    } else {
        one_button(ui, "/account/totp/begin", NULL, ZH_STR_NONE,
                   own->has_totp ? ZH_T_ACCOUNT_TOTP_AGAIN : ZH_T_ACCOUNT_TOTP_BEGIN);
    }
    if (own->has_totp) {
        zh_form_open(ui, ZH_STR("/account/totp/stop"));
        password_field(ui, ZH_T_ACCOUNT_OLD, "old", "current-password");
        code_field(ui, ZH_T_LOGIN_CODE);
        zh_form_button(ui, ZH_T_ACCOUNT_TOTP_STOP, "btn");
        zh_html_close(h);
    }
    zh_part_section_close(ui);
    return rc;
}

/* ---- API keys ---- */

static void one_key(zh_ui *ui, zh_grid *g, const zh_key *key)
{
    bool over = key->expires_at <= zh_now();
    zh_grid_row(g, NULL);
    zh_grid_text(g, key->label);
    zh_grid_cell(g);
    zh_html_leaf(&ui->html, "span", "mono", key->scope);
    zh_grid_text(g, key->role.n > 0 ? key->role : zh_ui_text(ui, ZH_T_ACCOUNT_KEY_POST_OVER));
    zh_grid_text(g, zh_ui_time(ui, key->expires_at));
    zh_grid_text(g, key->used_at != 0 ? zh_ui_time(ui, key->used_at)
                                      : zh_ui_text(ui, ZH_T_ACCOUNT_KEY_NEVER));
    zh_grid_cell(g);
    if (key->ended_at != 0 || over) {
        zh_html_text(&ui->html, zh_ui_text(ui, key->ended_at != 0 ? ZH_T_ACCOUNT_KEY_ENDED
                                                                  : ZH_T_ACCOUNT_KEY_OVER));
    } else {
        one_button(ui, "/account/keys/end", "key", zh_str_fmt(ui->arena, "%" PRId64, key->id),
                   ZH_T_ACCOUNT_KEY_REVOKE);
    }
}

static zh_rc keys(zh_ui *ui)
{
    zh_key *list = NULL;
    size_t n = 0;
    zh_grid g;
    zh_html *h = &ui->html;
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_ACCOUNT_KEY_LABEL), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_KEY_SCOPE), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_KEY_POST), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_KEY_EXPIRES), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_KEY_USED), .css = "lab"},
                                 {.label = ZH_STR("")}};
    zh_rc rc = zh_keys_list(ui->web->core, ui->arena, ui->session->login, &list, &n, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_section_open(ui, "keys", zh_ui_text(ui, ZH_T_ACCOUNT_KEYS), false);
    zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_ACCOUNT_KEYS_LEDE));
    if (n == 0) {
        zh_html_leaf(h, "p", NULL, zh_ui_text(ui, ZH_T_ACCOUNT_KEY_NONE));
    } else {
        zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
        for (size_t i = 0; i < n; i++) {
            one_key(ui, &g, &list[i]);
        }
        zh_grid_close(&g);
    }
    zh_form_open(ui, ZH_STR("/account/keys"));
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_ACCOUNT_KEY_LABEL,
                                       .name = "label",
                                       .type = "text",
                                       .value = zh_form_sent(ui, "label")});
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_ACCOUNT_KEY_SCOPE,
                                       .name = "scope",
                                       .type = "text",
                                       .value = zh_form_sent(ui, "scope"),
                                       .hint = zh_ui_text(ui, ZH_T_ACCOUNT_KEY_SCOPE_HINT)});
    zh_str days = zh_form_sent(ui, "days");
    zh_form_field(ui, &(zh_form_input){
                          .label = ZH_T_ACCOUNT_KEY_DAYS,
                          .name = "days",
                          .type = "number",
                          .value = days.n > 0 ? days : zh_str_fmt(ui->arena, "%d", ZH_KEY_DAYS)});
    zh_form_button(ui, ZH_T_ACCOUNT_KEY_MAKE, "btn");
    zh_html_close(h);
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- the page ---- */

static zh_rc need_session(zh_ui *ui)
{
    return ui->session != NULL ? ZH_OK
                               : zh_err_set(ui->err, ZH_ENOTFOUND, "account.none",
                                            "这台服务器还没有账户：本机操作员不用登录");
}

static void links(zh_ui *ui)
{
    static const struct {
        const char *url;
        zh_text_id text;
        bool auditor;
    } items[] = {{"/account/readings", ZH_T_READING_ME, false},
                 {"/permissions", ZH_T_ACCESS_TITLE, false},
                 {"/account/emergency", ZH_T_EMERGENCY_TITLE, false},
                 {"/readings", ZH_T_READING_TITLE, true}};
    bool auditor = ui->session->post != NULL && zh_str_is(ui->session->post->role, "audit_admin");
    zh_html_open(&ui->html, "p", "bar");
    for (size_t i = 0; i < ZH_COUNTOF(items); i++) {
        if (!items[i].auditor || auditor) {
            zh_html_a(&ui->html, "btn quiet", zh_str_of(items[i].url),
                      zh_ui_text(ui, items[i].text));
        }
    }
    zh_html_close(&ui->html);
}

/* What is not open to an administrator who has no one-time codes yet. */
static zh_rc everything(zh_ui *ui, const zh_own_account *own)
{
    zh_rc rc = sessions(ui, own);
    if (rc == ZH_OK && own->has_password) {
        password(ui, own);
        rc = codes(ui, own);
    }
    rc = rc == ZH_OK ? keys(ui) : rc;
    links(ui);
    return rc;
}

static zh_rc account(zh_ui *ui, const zh_err *err)
{
    zh_own_account own;
    zh_rc rc = need_session(ui);
    if (rc == ZH_OK) {
        rc = zh_own_account_get(ui->web->core, ui->arena, ui->session->login, &own, ui->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = ZH_SAY(ui, ZH_T_ACCOUNT_TITLE, ui->session->name),
                                    .lede = zh_ui_text(ui, ZH_T_ACCOUNT_LEDE)});
    zh_form_problem(ui, err);
    bool enrols = zh_ui_must_enrol(ui);
    zh_html_open(&ui->html, "div", "stack");
    if (enrols) {
        zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_ACCOUNT_ENROL));
        rc = codes(ui, &own);
    }
    rc = rc == ZH_OK ? posts(ui) : rc;
    rc = rc == ZH_OK && !enrols ? everything(ui, &own) : rc;
    one_button(ui, "/logout", NULL, ZH_STR_NONE, ZH_T_LOGOUT);
    zh_html_close(&ui->html);
    return rc;
}

static zh_rc show_account(zh_ui *ui)
{
    return account(ui, &(zh_err){0});
}

/* Back to the page, which now shows what was done; or the page with what is wrong. */
static zh_rc answer(zh_ui *ui, zh_rc rc, const zh_err *why)
{
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/account"));
    }
    ui->response->status = rc == ZH_EINVAL   ? 422
                           : rc == ZH_EBUSY  ? 429
                           : rc == ZH_ELIMIT ? 413
                                             : 403;
    return account(ui, why);
}

/* What is secret and shown once: a page of its own, which a reload does not show again. */
static void shown_once(zh_ui *ui, zh_text_id title, zh_text_id lede, const zh_str *lines, size_t n)
{
    zh_html *h = &ui->html;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, title),
                                    .lede = zh_ui_text(ui, lede)});
    zh_html_open(h, "ul", "once");
    for (size_t i = 0; i < n; i++) {
        zh_html_leaf(h, "li", "mono", lines[i]);
    }
    zh_html_close(h);
    zh_html_open(h, "p", "gap");
    zh_html_a(h, "btn pri", ZH_STR("/account"), zh_ui_text(ui, ZH_T_ACCOUNT_BACK));
    zh_html_close(h);
}

/* ---- acts ---- */

static zh_rc switch_post(zh_ui *ui)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_rc rc = zh_user_session_switch(ui->web->core, zh_user_session_token(ui->request),
                                      zh_form_sent(ui, "post"), token, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_user_session_cookie(ui->request, ui->response, zh_str_of(token));
    bool notices = zh_str_is(zh_form_sent(ui, "next"), "/notices");
    return zh_http_see_other(ui->request, ui->response,
                             notices ? ZH_STR("/notices") : ZH_STR("/account"));
}

/* The password is asked for as a login is, with the same limits; the session that this makes is
 * ended at once. */
static zh_rc prove(zh_ui *ui, zh_err *why)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_rc rc = zh_login(ui->web->core, ui->session->login, zh_form_sent(ui, "old"),
                        zh_form_sent(ui, "code"), ui->request->user_agent, token, why);
    return rc == ZH_OK ? zh_user_session_end(ui->web->core, zh_str_of(token), why) : rc;
}

static zh_rc change_password(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = prove(ui, &why);
    if (rc == ZH_OK) {
        rc = zh_account_password(ui->web->core, ui->session->login, zh_form_sent(ui, "new"), &why);
    }
    if (rc == ZH_OK) {
        zh_user_session_cookie(ui->request, ui->response, ZH_STR(""));
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/login"));
    }
    return answer(ui, rc, &why);
}

static zh_rc end_session(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = need_session(ui);
    if (rc == ZH_OK) {
        rc = zh_own_session_end(ui->web->core, ui->session->login, zh_form_sent(ui, "session"),
                                ui->session->digest, &why);
        return answer(ui, rc, &why);
    }
    return rc;
}

static zh_rc begin_totp(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = need_session(ui);
    return rc == ZH_OK ? answer(ui, zh_totp_begin(ui->web->core, ui->session->login, &why), &why)
                       : rc;
}

static zh_rc confirm_totp(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_str recovery[ZH_RECOVERY_CODES];
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_totp_confirm(ui->web->core, ui->arena, ui->session->login, zh_form_sent(ui, "code"),
                         recovery, &why);
    if (rc != ZH_OK) {
        return answer(ui, rc, &why);
    }
    shown_once(ui, ZH_T_ACCOUNT_RECOVERY_TITLE, ZH_T_ACCOUNT_RECOVERY_LEDE, recovery,
               ZH_RECOVERY_CODES);
    return ZH_OK;
}

static zh_rc stop_totp(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = prove(ui, &why);
    if (rc == ZH_OK) {
        rc = zh_account_totp(ui->web->core, ui->session->login, ZH_STR(""), &why);
    }
    return answer(ui, rc, &why);
}

static zh_rc make_key(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    char token[ZH_KEY_TOKEN_CHARS + 1];
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_key_new key = {.login = ui->session->login,
                      .label = zh_form_sent(ui, "label"),
                      .scope = zh_form_sent(ui, "scope"),
                      .post = ui->session->current.code};
    if (zh_str_i64(zh_str_trim(zh_form_sent(ui, "days")), &key.days) != ZH_OK) {
        key.days = 0;
    }
    rc = zh_key_create(ui->web->core, &key, token, &why);
    if (rc != ZH_OK) {
        return answer(ui, rc, &why);
    }
    zh_str line = zh_str_of(token);
    shown_once(ui, ZH_T_ACCOUNT_KEY_MADE, ZH_T_ACCOUNT_KEY_SHOWN, &line, 1);
    return ZH_OK;
}

static zh_rc end_key(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    int64_t id = 0;
    zh_rc rc = need_session(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    (void)!zh_str_i64(zh_form_sent(ui, "key"), &id);
    return answer(ui, zh_key_end(ui->web->core, ui->session->login, id, &why), &why);
}

/* ---- routes ---- */

#define ACT(name, show)                                                                            \
    static zh_rc handle_##name(const zh_http_request *request, zh_http_response *response,         \
                               zh_err *err)                                                        \
    {                                                                                              \
        return zh_ui_answer(request, response, err, show);                                         \
    }
ACT(account, show_account)
ACT(post, switch_post)
ACT(password, change_password)
ACT(session_end, end_session)
ACT(totp_begin, begin_totp)
ACT(totp_confirm, confirm_totp)
ACT(totp_stop, stop_totp)
ACT(key, make_key)
ACT(key_end, end_key)

ZH_ROUTE(page_account) = {.method = "GET",
                          .reach = ZH_REACH_ENROL,
                          .path = "/account",
                          .en = "One's own posts, sessions, password, codes and keys, as a page",
                          .handle = handle_account};
ZH_ROUTE(account_post) = {.method = "POST",
                          .reach = ZH_REACH_ENROL,
                          .path = "/account/post",
                          .body_max = FORM_BYTES_MAX,
                          .en = "Act in another of one's posts",
                          .handle = handle_post};
ZH_ROUTE(account_password) = {.method = "POST",
                              .reach = ZH_REACH_PERSON,
                              .path = "/account/password",
                              .body_max = FORM_BYTES_MAX,
                              .slow = true,
                              .en = "Change one's password and end every session",
                              .handle = handle_password};
ZH_ROUTE(account_session_end) = {.method = "POST",
                                 .reach = ZH_REACH_PERSON,
                                 .path = "/account/sessions/end",
                                 .body_max = FORM_BYTES_MAX,
                                 .en = "End one of one's sessions (session), or all others",
                                 .handle = handle_session_end};
ZH_ROUTE(account_totp_begin) = {.method = "POST",
                                .reach = ZH_REACH_ENROL,
                                .path = "/account/totp/begin",
                                .body_max = FORM_BYTES_MAX,
                                .en = "Get a new secret of one-time codes",
                                .handle = handle_totp_begin};
ZH_ROUTE(account_totp_confirm) = {.method = "POST",
                                  .reach = ZH_REACH_ENROL,
                                  .path = "/account/totp/confirm",
                                  .body_max = FORM_BYTES_MAX,
                                  .en = "Take the new secret into use: code",
                                  .handle = handle_totp_confirm};
ZH_ROUTE(account_totp_stop) = {.method = "POST",
                               .reach = ZH_REACH_PERSON,
                               .path = "/account/totp/stop",
                               .body_max = FORM_BYTES_MAX,
                               .slow = true,
                               .en = "Stop using one-time codes: old, code",
                               .handle = handle_totp_stop};
ZH_ROUTE(account_key) = {.method = "POST",
                         .reach = ZH_REACH_PERSON,
                         .path = "/account/keys",
                         .body_max = FORM_BYTES_MAX,
                         .en = "Make an API key: label, scope, days",
                         .handle = handle_key};
ZH_ROUTE(account_key_end) = {.method = "POST",
                             .reach = ZH_REACH_PERSON,
                             .path = "/account/keys/end",
                             .body_max = FORM_BYTES_MAX,
                             .en = "Revoke an API key: key",
                             .handle = handle_key_end};
