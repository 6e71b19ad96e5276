/* /notices/settings: one's mail address, webhooks, and what was sent. */
#include "app/notify.h"
#include "core/people/identity.h"
#include "web/frame/form_part.h"
#include "web/frame/part.h"
#include <inttypes.h>

enum { SENT_SHOWN = 20, DEAD_SHOWN = 100, FORM_BYTES_MAX = 8192 };

typedef struct channels {
    zh_channel mail;
    zh_hook *hooks;
    size_t nhooks;
    zh_delivery *sent, *dead;
    size_t nsent, ndead;
    zh_notify_settings settings;
} channels;

static bool looks_after(const zh_ui *ui)
{
    return ui->session->post != NULL && zh_str_is(ui->session->post->role, "system_admin");
}

static zh_rc read(zh_ui *ui, channels *c)
{
    zh_str login = ui->session->login;
    zh_rc rc = zh_channel_get(ui->conn, ui->arena, login, &c->mail, ui->err);
    if (rc == ZH_OK) {
        rc = zh_hooks_of(ui->conn, ui->arena, login, &c->hooks, &c->nhooks, ui->err);
    }
    if (rc == ZH_OK) {
        rc = zh_delivery_list(ui->conn, ui->arena, ZH_STR(""), login, SENT_SHOWN, &c->sent,
                              &c->nsent, ui->err);
    }
    if (rc == ZH_OK && looks_after(ui)) {
        rc = zh_delivery_list(ui->conn, ui->arena, ZH_STR("dead"), ZH_STR(""), DEAD_SHOWN, &c->dead,
                              &c->ndead, ui->err);
    }
    return rc == ZH_OK ? zh_notify_settings_read(ui->conn, ui->arena, &c->settings, ui->err) : rc;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void form_open(zh_ui *ui, const char *action, const char *css)
{
    zh_html_open(&ui->html, "form", css);
    zh_html_attr_z(&ui->html, "method", "post");
    zh_html_link(&ui->html, "action", zh_str_of(action));
}

static void input(zh_ui *ui, zh_text_id label, const char *name, const char *type, zh_str value)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, label));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", type);
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "maxlength", "1000");
    zh_html_attr(h, "value", value);
    zh_html_close(h); /* the input */
    zh_html_close(h);
}

static void button(zh_ui *ui, zh_text_id text, const char *css)
{
    zh_html_open(&ui->html, "button", css);
    zh_html_attr_z(&ui->html, "type", "submit");
    zh_html_text(&ui->html, zh_ui_text(ui, text));
    zh_html_close(&ui->html);
}

static void id_button(zh_ui *ui, const char *action, zh_text_id text, int64_t id)
{
    form_open(ui, action, NULL);
    zh_form_hidden(ui, "id", zh_str_fmt(ui->arena, "%" PRId64, id));
    button(ui, text, "btn quiet");
    zh_html_close(&ui->html);
}

static void mail_part(zh_ui *ui, const channels *c)
{
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "mail", zh_ui_text(ui, ZH_T_NOTICE_MAIL), false);
    zh_html_leaf(h, "p", "mu",
                 ZH_SAY(ui, ZH_T_NOTICE_MAIL_TEXT, zh_str_fmt(ui->arena, "%d", c->settings.hour)));
    if (c->settings.host.n == 0) {
        zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_NOTICE_MAIL_OFF));
    }
    form_open(ui, "/notices/settings/mail", "stack-s login");
    input(ui, ZH_T_NOTICE_EMAIL, "email", "email", c->mail.email);
    zh_html_open(h, "label", "check");
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "checkbox");
    zh_html_attr_z(h, "name", "mailed");
    zh_html_attr_z(h, "value", "1");
    if (c->mail.mailed || c->mail.email.n == 0) {
        zh_html_flag(h, "checked");
    }
    zh_html_close(h); /* the input */
    zh_html_z(h, " ");
    zh_html_text(h, zh_ui_text(ui, ZH_T_NOTICE_WANT_MAIL));
    zh_html_close(h);
    zh_html_open(h, "p", "bar");
    button(ui, ZH_T_NOTICE_SAVE, "btn pri");
    zh_html_close(h);
    zh_html_close(h);
    zh_part_section_close(ui);
}

static void hooks_part(zh_ui *ui, const channels *c, zh_str secret)
{
    zh_html *h = &ui->html;
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_NOTICE_HOOK_URL), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_NOTICE_HOOK_SINCE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_NOTICE_ACT), .css = "lab"}};
    zh_part_section_open(ui, "hooks", zh_ui_text(ui, ZH_T_NOTICE_HOOKS), false);
    zh_html_leaf(h, "p", "mu", zh_ui_text(ui, ZH_T_NOTICE_HOOKS_TEXT));
    if (secret.n > 0) {
        zh_part_note(ui, ZH_NOTE_QING, ZH_SAY(ui, ZH_T_NOTICE_HOOK_SECRET, secret));
    }
    if (c->nhooks > 0) {
        zh_grid g;
        zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
        for (size_t i = 0; i < c->nhooks; i++) {
            zh_grid_row(&g, NULL);
            zh_grid_text(&g, c->hooks[i].url);
            zh_grid_text(&g, zh_ui_time(ui, c->hooks[i].created_at));
            zh_grid_cell(&g);
            id_button(ui, "/notices/settings/hook/end", ZH_T_NOTICE_HOOK_END, c->hooks[i].id);
        }
        zh_grid_close(&g);
    }
    form_open(ui, "/notices/settings/hook", "stack-s login");
    input(ui, ZH_T_NOTICE_HOOK_URL, "url", "url", ZH_STR(""));
    button(ui, ZH_T_NOTICE_HOOK_ADD, "btn");
    zh_html_close(h);
    zh_part_section_close(ui);
}

static zh_str state_text(zh_ui *ui, zh_str state)
{
    static const struct {
        const char *state;
        zh_text_id text;
    } states[] = {{"waiting", ZH_T_NOTICE_ST_WAITING},
                  {"sent", ZH_T_NOTICE_ST_SENT},
                  {"dead", ZH_T_NOTICE_ST_DEAD},
                  {"void", ZH_T_NOTICE_ST_VOID},
                  {"nothing", ZH_T_NOTICE_ST_NOTHING}};
    for (size_t i = 0; i < ZH_COUNTOF(states); i++) {
        if (zh_str_is(state, states[i].state)) {
            return zh_ui_text(ui, states[i].text);
        }
    }
    return state;
}

static void deliveries(zh_ui *ui, const char *id, zh_text_id title, const zh_delivery *list,
                       size_t n)
{
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_NOTICE_WHEN), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_NOTICE_WHO), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_NOTICE_CHANNEL), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_NOTICE_STATE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_NOTICE_WHY), .css = "lab"}};
    zh_grid g;
    if (n == 0) {
        return;
    }
    zh_part_section_open(ui, id, zh_ui_text(ui, title), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        bool dead = zh_str_is(list[i].state, "dead");
        zh_grid_row(&g, NULL);
        zh_grid_text(&g, zh_ui_time(ui, list[i].created_at));
        zh_grid_text(&g, list[i].login);
        zh_grid_text(&g, list[i].channel);
        zh_grid_cell(&g);
        bool sent = zh_str_is(list[i].state, "sent");
        zh_part_lamp(ui,
                     dead   ? ZH_LAMP_ACT
                     : sent ? ZH_LAMP_DONE
                            : ZH_LAMP_NIL,
                     state_text(ui, list[i].state));
        zh_grid_cell(&g);
        zh_html_text(&ui->html, list[i].error);
        if (dead) {
            id_button(ui, "/notices/settings/retry", ZH_T_NOTICE_RETRY, list[i].id);
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_rc page(zh_ui *ui, const zh_err *why, zh_str secret)
{
    channels c = {.nhooks = 0};
    if (ui->session == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "account.none",
                          "这台服务器还没有账户：本机操作员没有通知");
    }
    zh_rc rc = read(ui, &c);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_DESK,
                                    .title = zh_ui_text(ui, ZH_T_NOTICE_SETTINGS),
                                    .lede = zh_ui_text(ui, ZH_T_NOTICE_SETTINGS_LEDE),
                                    .above = zh_ui_text(ui, ZH_T_NOTICE_NAV),
                                    .above_url = ZH_STR("/notices")});
    zh_html_open(&ui->html, "div", "stack");
    if (why->rc != ZH_OK) {
        zh_part_note_open(ui, ZH_NOTE_ACT);
        zh_html_leaf_value(&ui->html, "p", NULL, zh_str_of(why->message));
        zh_html_leaf_value(&ui->html, "p", NULL, zh_str_of(why->fix));
        zh_part_note_close(ui);
    }
    mail_part(ui, &c);
    hooks_part(ui, &c, secret);
    deliveries(ui, "sent", ZH_T_NOTICE_SENT, c.sent, c.nsent);
    deliveries(ui, "dead", ZH_T_NOTICE_SENT_ALL, c.dead, c.ndead);
    zh_html_close(&ui->html);
    return ZH_OK;
}

static zh_rc show(zh_ui *ui)
{
    return page(ui, &(zh_err){0}, ZH_STR(""));
}

/* ---- acting ---------------------------------------------------------------------------------- */

static zh_rc after(zh_ui *ui, zh_rc rc, const zh_err *why)
{
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, ZH_STR("/notices/settings"));
    }
    ui->response->status = rc == ZH_ENOTFOUND ? 404 : rc == ZH_EDENIED ? 403 : 422;
    return page(ui, why, ZH_STR(""));
}

static zh_rc set_mail(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    if (ui->session == NULL) {
        return show(ui);
    }
    zh_str email = zh_str_trim(zh_pairs_get(ui->request->form, "email"));
    zh_channel c = {.login = ui->session->login,
                    .email = email.p != NULL ? email : ZH_STR(""),
                    .mailed = zh_pairs_get(ui->request->form, "mailed").p != NULL};
    return after(ui, zh_channel_set(ui->web->core, &c, &why), &why);
}

static zh_rc add_hook(zh_ui *ui)
{
    char secret[2 * ZH_HOOK_SECRET_BYTES + 1];
    zh_err why = zh_err_beside(ui->err);
    zh_notify_settings settings;
    bool declared = false;
    zh_str url = zh_str_trim(zh_pairs_get(ui->request->form, "url"));
    if (ui->session == NULL) {
        return show(ui);
    }
    zh_rc rc = zh_notify_settings_read(ui->conn, ui->arena, &settings, &why);
    if (rc == ZH_OK) {
        rc = zh_notify_url_check(&settings, ui->arena, url, &declared, &why);
    }
    if (rc == ZH_OK) {
        rc = zh_hook_add(ui->web->core, ui->session->login, url, secret, &why);
    }
    return rc == ZH_OK ? page(ui, &why, zh_str_dup(ui->arena, zh_str_of(secret)))
                       : after(ui, rc, &why);
}

static zh_rc end_hook(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    int64_t id = 0;
    if (ui->session == NULL) {
        return show(ui);
    }
    zh_rc rc = zh_str_i64(zh_pairs_get(ui->request->form, "id"), &id);
    rc = rc == ZH_OK ? zh_hook_end(ui->web->core, ui->session->login, id, &why)
                     : zh_err_set(&why, ZH_EINVAL, "hook.unknown", "没有说明是哪个 webhook");
    return after(ui, rc, &why);
}

/* One's own, or anybody's by whoever looks after the system. */
static zh_rc retry(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    channels c = {.nhooks = 0};
    int64_t id = 0;
    bool found = false;
    if (ui->session == NULL) {
        return show(ui);
    }
    zh_rc rc = read(ui, &c);
    if (rc != ZH_OK) {
        return rc;
    }
    (void)!zh_str_i64(zh_pairs_get(ui->request->form, "id"), &id);
    for (size_t i = 0; i < c.nsent; i++) {
        found = found || c.sent[i].id == id;
    }
    for (size_t i = 0; i < c.ndead; i++) {
        found = found || c.dead[i].id == id;
    }
    rc = found ? zh_delivery_retry(ui->web->core, id, &why)
               : zh_err_set(&why, ZH_ENOTFOUND, "delivery.unknown", "没有这件未送达的通知");
    return after(ui, rc, &why);
}

static zh_rc get_page(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

static zh_rc post_mail(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, set_mail);
}

static zh_rc post_hook(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, add_hook);
}

static zh_rc post_end(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, end_hook);
}

static zh_rc post_retry(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, retry);
}

ZH_ROUTE(page_notice_settings) = {.method = "GET",
                                  .path = "/notices/settings",
                                  .en = "How one is told, and what was sent, as a page",
                                  .handle = get_page};
ZH_ROUTE(notice_mail) = {.method = "POST",
                         .reach = ZH_REACH_PERSON,
                         .path = "/notices/settings/mail",
                         .body_max = FORM_BYTES_MAX,
                         .en = "Set one's address for the daily digest",
                         .handle = post_mail};
ZH_ROUTE(notice_hook) = {.method = "POST",
                         .reach = ZH_REACH_PERSON,
                         .path = "/notices/settings/hook",
                         .body_max = FORM_BYTES_MAX,
                         .en = "Add a webhook for one's notices; shows its secret once",
                         .handle = post_hook};
ZH_ROUTE(notice_hook_end) = {.method = "POST",
                             .reach = ZH_REACH_PERSON,
                             .path = "/notices/settings/hook/end",
                             .body_max = FORM_BYTES_MAX,
                             .en = "End one's webhook",
                             .handle = post_end};
ZH_ROUTE(notice_retry) = {.method = "POST",
                          .reach = ZH_REACH_PERSON,
                          .path = "/notices/settings/retry",
                          .body_max = FORM_BYTES_MAX,
                          .en = "Try an undelivered notice again",
                          .handle = post_retry};
