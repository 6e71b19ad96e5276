/* The frame of every page. */
#include "web/frame/page.h"
#include "app/english.h"
#include "app/words.h"
#include "core/ledger/ledger.h"
#include "core/notice/notice.h"
#include "core/people/identity.h"
#include "core/people/reading.h"
#include "core/record/record.h"
#include "web/frame/front_door.h"
#include "web/frame/part.h"
#include "web/frame/sample.h"
#include "web/frame/session.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { UNREAD_SHOWN = 99 };

/* ---- language and switches
 * ------------------------------------------------------------------------- */

/* The reader's switches: a parameter of the URL, remembered in a cookie. */
static const struct {
    const char *name;
    const char *values[3]; /* NULL: end */
} switches[] = {
    {"lang", {"zh", "en", NULL}},
    {"theme", {"dark", "light", NULL}},
    {"size", {"large", "normal", NULL}},
    {"density", {"comfortable", "compact", NULL}},
};

static const char *known(size_t which, zh_str value)
{
    for (size_t i = 0; switches[which].values[i] != NULL; i++) {
        if (zh_str_is(value, switches[which].values[i])) {
            return switches[which].values[i];
        }
    }
    return NULL;
}

/* The value of a switch; NULL: never set. */
static const char *switch_value(const zh_http_request *request, const char *name)
{
    for (size_t i = 0; i < ZH_COUNTOF(switches); i++) {
        if (strcmp(switches[i].name, name) == 0) {
            const char *asked = known(i, zh_http_param(request, name));
            return asked != NULL ? asked : known(i, zh_cookie_get(request->cookie, name));
        }
    }
    return NULL;
}

static void remember_switches(const zh_http_request *request, zh_http_response *response)
{
    for (size_t i = 0; i < ZH_COUNTOF(switches); i++) {
        const char *asked = known(i, zh_http_param(request, switches[i].name));
        if (asked != NULL) {
            zh_http_header_add(response, "Set-Cookie",
                               zh_str_fmt(request->arena,
                                          "%s=%s; Path=/; Max-Age=31536000; SameSite=Lax",
                                          switches[i].name, asked)
                                   .p);
        }
    }
}

/* Asked for, remembered, or what the browser prefers: English only when it comes before Chinese. */
static zh_lang language(const zh_http_request *request)
{
    const char *value = switch_value(request, "lang");
    if (value != NULL) {
        return strcmp(value, "en") == 0 ? ZH_LANG_EN : ZH_LANG_ZH;
    }
    ptrdiff_t zh = zh_str_find(request->accept_language, ZH_STR("zh"));
    ptrdiff_t en = zh_str_find(request->accept_language, ZH_STR("en"));
    return en >= 0 && zh >= 0 && en < zh ? ZH_LANG_EN : ZH_LANG_ZH;
}

bool zh_web_english(const zh_http_request *request)
{
    return language(request) == ZH_LANG_EN ||
           (switch_value(request, "lang") == NULL &&
            zh_str_find(request->accept_language, ZH_STR("en")) >= 0 &&
            zh_str_find(request->accept_language, ZH_STR("zh")) < 0);
}

bool zh_web_wants_html(const zh_http_request *request)
{
    ptrdiff_t html = zh_str_find(request->accept, ZH_STR("text/html"));
    ptrdiff_t json = zh_str_find(request->accept, ZH_STR("json"));
    return html >= 0 && (json < 0 || html < json) && !zh_str_starts(request->path, ZH_STR("/api/"));
}

/* ---- life of a page
 * -------------------------------------------------------------------------------- */

static zh_rc read_log(zh_ui *ui)
{
    uint64_t done = 0;
    uint64_t all = 0;
    bool checking = zh_ledger_checking(ui->web->core, &done, &all);
    ui->checked = checking ? (int)(done * 100 / all) : -1;
    zh_rc rc = zh_log_size(ui->conn, &ui->log_size, ui->err);
    if (rc == ZH_OK) {
        rc = zh_log_time(ui->conn, ui->log_size, &ui->log_time, ui->err);
    }
    ui->sealed = zh_ledger_sealed(ui->web->core);
    return rc == ZH_OK ? zh_log_waiting(ui->conn, &ui->waiting, ui->err) : rc;
}

static void start(zh_ui *ui, const zh_http_request *request, zh_http_response *response,
                  zh_err *err)
{
    *ui = (zh_ui){.request = request,
                  .response = response,
                  .web = zh_web_of(request),
                  .arena = request->arena,
                  .err = err,
                  .lang = language(request)};
    err->phrase = ui->lang == ZH_LANG_EN ? zh_english : NULL;
    zh_html_init(&ui->html, &response->body);
    ui->html.english = ui->lang == ZH_LANG_EN;
}

zh_rc zh_ui_read_again(zh_ui *ui)
{
    zh_ui_let_go(ui);
    zh_rc rc = zh_store_reader(zh_core_store(ui->web->core), &ui->conn, ui->err);
    return rc == ZH_OK ? zh_read_begin(ui->conn, ui->err) : rc;
}

void zh_ui_let_go(zh_ui *ui)
{
    if (ui->conn != NULL) {
        zh_read_end(ui->conn);
        zh_store_release(ui->conn);
        ui->conn = NULL;
    }
}

zh_rc zh_ui_begin_in(zh_ui *ui, const zh_http_request *request, zh_http_response *response,
                     zh_err *err, zh_conn *conn)
{
    start(ui, request, response, err);
    ui->ctx = zh_ctx_local(ui->web->core, ui->arena, err);
    ui->conn = conn;
    return zh_user_session_begin(ui);
}

zh_rc zh_ui_log_reading(zh_ui *ui, const zh_reading_note *note)
{
    if (!zh_reading_tells(&ui->ctx, note)) {
        return ZH_OK;
    }
    zh_ui_let_go(ui);
    zh_rc rc = zh_reading_add(&ui->ctx, note);
    return rc == ZH_OK ? zh_ui_read_again(ui) : rc;
}

/* The other posts in which the reader was told something; one that ended tells nothing more. */
static zh_rc read_elsewhere(zh_ui *ui)
{
    zh_notice_post *told = NULL;
    zh_post_of *posts = NULL;
    size_t ntold = 0;
    size_t nposts = 0;
    const zh_user_session *s = ui->session;
    zh_rc rc =
        zh_notice_elsewhere(ui->conn, ui->arena, s->login, s->current.code, &told, &ntold, ui->err);
    if (rc != ZH_OK || ntold == 0) {
        return rc;
    }
    zh_post_unread *list = ZH_NEW_N(ui->arena, zh_post_unread, ntold);
    rc = zh_posts_of(ui->web->core, ui->arena, s->login, &posts, &nposts, ui->err);
    for (size_t i = 0; i < ntold && rc == ZH_OK; i++) {
        for (size_t k = 0; k < nposts; k++) {
            if (!zh_str_eq(posts[k].code, told[i].post)) {
                continue;
            }
            list[ui->nelsewhere++] = (zh_post_unread){.code = posts[k].code,
                                                      .place = posts[k].place,
                                                      .role = posts[k].role_label,
                                                      .unread = told[i].unread};
            ui->unread_elsewhere += told[i].unread;
        }
    }
    ui->elsewhere = list;
    return rc;
}

zh_rc zh_ui_begin(zh_ui *ui, const zh_http_request *request, zh_http_response *response,
                  zh_err *err)
{
    start(ui, request, response, err);
    ui->ctx = zh_ctx_local(ui->web->core, ui->arena, err);
    zh_rc rc = zh_ui_read_again(ui);
    if (rc == ZH_OK) {
        rc = zh_user_session_begin(ui);
    }
    if (rc == ZH_OK && ui->session != NULL && ui->session->post != NULL) {
        rc = zh_notice_unread(ui->conn, ui->session->login, ui->session->current.code, &ui->unread,
                              err);
    }
    if (rc == ZH_OK && ui->session != NULL && ui->session->key == 0) {
        rc = read_elsewhere(ui);
    }
    return rc == ZH_OK ? read_log(ui) : rc;
}

void zh_ui_end(zh_ui *ui)
{
    zh_ui_let_go(ui);
    if (ui->ctx.model != NULL) {
        zh_ctx_end(&ui->ctx);
        ui->ctx.model = NULL;
    }
}

static void footer(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_close_to(h, 2); /* html, body: main and whatever the page left open are closed */
    zh_html_open(h, "footer", "foot");
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "span", NULL,
                 ui->session == NULL && ui->ctx.post == NULL ? zh_ui_text(ui, ZH_T_FOOT_LOCAL)
                                                             : ZH_STR(""));
    zh_html_open(h, "span", NULL);
    if (ui->checked >= 0) {
        zh_html_text(h, ZH_SAY(ui, ZH_T_FOOT_CHECKING, zh_str_fmt(ui->arena, "%d", ui->checked)));
        zh_html_z(h, " · ");
    }
    if (ui->ctx.model != NULL) {
        zh_html_text(h, ZH_SAY(ui, ZH_T_FOOT_VERSION, zh_str_of(ZH_VERSION),
                               zh_str_sub(ui->ctx.model->digest, 0, 8)));
        zh_html_z(h, " · ");
    }
    zh_html_a(h, NULL, ZH_STR("/sources"), zh_ui_text(ui, ZH_T_FOOT_SOURCES));
    if (ui->web->samples) {
        zh_html_z(h, " · ");
        zh_html_a(h, NULL, ZH_STR("/demo"), zh_ui_text(ui, ZH_T_SAMPLE_LINK));
    }
    zh_html_close_to(h, 0);
    zh_buf_c(h->out, '\n');
}

/* What a kept page must agree in: key, what was asked by whom; state, of the data. */
static void cache_key(zh_ui *ui, zh_str *key, zh_str *state)
{
    const zh_http_request *r = ui->request;
    zh_str login = ui->session != NULL ? ui->session->login : ZH_STR("");
    zh_str post = ui->session != NULL ? ui->session->current.code : ZH_STR("");
    int64_t api = ui->session != NULL ? ui->session->key : 0;
    bool emergency = ui->session != NULL && ui->session->emergency != 0;
    *key = zh_str_fmt(ui->arena, "%.*s %.*s %" PRId64 " %d %.*s%.*s?%.*s %d", ZH_FMT(login),
                      ZH_FMT(post), api, (int)emergency, ZH_FMT(r->host), ZH_FMT(r->path),
                      ZH_FMT(r->query), (int)ui->lang);
    for (size_t i = 1; i < ZH_COUNTOF(switches); i++) {
        const char *value = switch_value(r, switches[i].name);
        *key = zh_str_fmt(ui->arena, "%.*s %s", ZH_FMT(*key), value != NULL ? value : "-");
    }
    bool sealed = ui->sealed >= ui->log_size;
    *state = zh_str_fmt(ui->arena, "%" PRId64 " %" PRId64 " %d %d %" PRId64 " %" PRId64 " %.*s",
                        ui->log_size, ui->waiting, (int)sealed, ui->checked, ui->unread,
                        ui->unread_elsewhere, ZH_FMT(ui->ctx.model->digest));
}

static void finish(const zh_http_request *request, zh_http_response *response)
{
    response->type = "text/html; charset=utf-8";
    response->etag = zh_str_fmt(request->arena, "W/\"%016" PRIx64 "\"",
                                zh_str_hash(zh_buf_view(&response->body)))
                         .p;
    zh_http_header_add(response, "Cache-Control", "private, no-cache");
    zh_http_header_add(response, "Vary", "Cookie, Accept-Language");
}

zh_rc zh_ui_answer(const zh_http_request *request, zh_http_response *response, zh_err *err,
                   zh_rc (*show)(zh_ui *ui))
{
    zh_ui ui;
    remember_switches(request, response);
    zh_rc rc = zh_ui_begin(&ui, request, response, err);
    if (rc == ZH_OK) {
        rc = show(&ui);
    }
    if (rc == ZH_OK && ui.html.depth > 0) {
        footer(&ui);
        finish(request, response);
    }
    zh_ui_end(&ui);
    return rc;
}

zh_rc zh_ui_answer_kept(const zh_http_request *request, zh_http_response *response, zh_err *err,
                        zh_rc (*show)(zh_ui *ui))
{
    zh_ui ui;
    zh_str key = ZH_STR_NONE;
    zh_str state = ZH_STR_NONE;
    zh_cache *cache = zh_web_of(request)->cache;
    remember_switches(request, response);
    zh_rc rc = zh_ui_begin(&ui, request, response, err);
    if (rc == ZH_OK) {
        cache_key(&ui, &key, &state);
    }
    if (rc == ZH_OK && !zh_cache_get(cache, key, state, &response->body)) {
        rc = show(&ui);
        if (rc == ZH_OK) {
            footer(&ui);
            zh_cache_put(cache, key, state, zh_buf_view(&response->body));
        }
    }
    if (rc == ZH_OK) {
        finish(request, response);
    }
    zh_ui_end(&ui);
    return rc;
}

zh_rc zh_ui_answer_bare(const zh_http_request *request, zh_http_response *response, zh_err *err,
                        zh_rc (*show)(zh_ui *ui))
{
    zh_ui ui;
    zh_rc rc = zh_ui_begin(&ui, request, response, err);
    if (rc == ZH_OK) {
        rc = show(&ui);
    }
    zh_ui_end(&ui);
    return rc;
}

/* ---- document head and masthead
 * -------------------------------------------------------------------- */

static void style_sheet(zh_ui *ui, zh_str name)
{
    zh_str url = zh_web_asset_url(ui->arena, ui->web, name);
    if (url.n > 0) {
        zh_html_open(&ui->html, "link", NULL);
        zh_html_attr_z(&ui->html, "rel", "stylesheet");
        zh_html_link(&ui->html, "href", url);
    }
}

static void script(zh_ui *ui, zh_str name)
{
    zh_str url = zh_web_asset_url(ui->arena, ui->web, name);
    if (url.n > 0) {
        zh_html_open(&ui->html, "script", NULL);
        zh_html_link(&ui->html, "src", url);
        zh_html_flag(&ui->html, "defer");
        zh_html_close(&ui->html);
    }
}

static void meta(zh_html *h, const char *name, const char *value)
{
    zh_html_open(h, "meta", NULL);
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "content", value);
}

static void document_head(zh_ui *ui, const zh_ui_head_of *head)
{
    zh_html *h = &ui->html;
    zh_buf_z(h->out, "<!doctype html>\n");
    zh_html_open(h, "html", NULL);
    zh_html_attr_z(h, "lang", ui->lang == ZH_LANG_EN ? "en" : "zh-Hans-CN");
    for (size_t i = 1; i < ZH_COUNTOF(switches); i++) {
        const char *value = switch_value(ui->request, switches[i].name);
        if (value != NULL) {
            zh_html_attr(h, zh_str_fmt(ui->arena, "data-%s", switches[i].name).p, zh_str_of(value));
        }
    }
    if (zh_http_param(ui->request, "display").p != NULL) {
        zh_html_attr_z(h, "data-display", "1");
    }
    zh_html_open(h, "head", NULL);
    zh_html_open(h, "meta", NULL);
    zh_html_attr_z(h, "charset", "utf-8");
    meta(h, "viewport", "width=device-width, initial-scale=1");
    meta(h, "color-scheme", "light dark");
    if (head->refresh_s > 0) {
        zh_html_open(h, "meta", NULL);
        zh_html_attr_z(h, "http-equiv", "refresh");
        zh_html_attr_f(h, "content", "%d", head->refresh_s);
    }
    zh_html_open(h, "title", NULL);
    zh_html_text(h, head->title);
    zh_html_z(h, " · ");
    zh_html_text(h, zh_ui_text(ui, ZH_T_BRAND));
    zh_html_close(h);
    zh_html_open(h, "link", NULL);
    zh_html_attr_z(h, "rel", "icon");
    zh_html_attr_z(h, "type", "image/svg+xml");
    zh_html_link(h, "href", zh_web_asset_url(ui->arena, ui->web, ZH_STR("logo.svg")));
    style_sheet(ui, ZH_STR("tokens.css"));
    style_sheet(ui, ZH_STR("base.css"));
    style_sheet(ui, ZH_STR("draw.css"));
    style_sheet(ui, head->css);
    script(ui, ZH_STR("base.js"));
    script(ui, head->script);
    zh_html_close(h);
}

static void logo(zh_html *h)
{
    static const char *const paths[] = {"M0 4.25h16v1.5H0z", "M5.25 0h1.5v5h-1.5z",
                                        "M2.25 5h1.5v2h-1.5z", "M0 7h6v6H0z", "M12.75 5h1v3.5h-1z"};
    zh_html_open(h, "svg", NULL);
    zh_html_attr_z(h, "viewBox", "0 0 16 16");
    zh_html_attr_z(h, "fill", "currentColor");
    zh_html_attr_z(h, "aria-hidden", "true");
    for (size_t i = 0; i < ZH_COUNTOF(paths); i++) {
        zh_html_open(h, "path", NULL);
        zh_html_attr_z(h, "d", paths[i]);
    }
    zh_html_open(h, "circle", NULL);
    zh_html_attr_z(h, "cx", "13.25");
    zh_html_attr_z(h, "cy", "10");
    zh_html_attr_z(h, "r", "2");
    zh_html_close(h); /* the circle */
    zh_html_close(h);
}

static void menus(zh_ui *ui, zh_text_id current)
{
    zh_menu items[ZH_MENUS_MAX];
    zh_html *h = &ui->html;
    zh_str role = ui->session == NULL         ? ZH_STR("")
                  : ui->session->post != NULL ? ui->session->post->role
                                              : ZH_STR("nobody");
    bool stranger = ui->session == NULL && ui->ctx.post != NULL; /* where there are accounts */
    size_t n = stranger ? zh_front_open(items) : zh_front_menus(role, items);
    zh_html_open(h, "nav", "nav");
    zh_html_attr(h, "aria-label", zh_ui_text(ui, ZH_T_NAV_LABEL));
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", zh_str_of(items[i].url));
        if (items[i].text == current) {
            zh_html_attr_z(h, "aria-current", "page");
        }
        zh_html_text(h, zh_ui_text(ui, items[i].text));
        zh_html_close(h);
    }
    zh_html_close(h);
}

/* A switch is a link that asks for the other value; the script sets it without loading the page. */
static void reader_switch(zh_ui *ui, zh_text_id text, const char *name, const char *on,
                          const char *off, zh_icon icon, const char *css)
{
    zh_html *h = &ui->html;
    const char *now = switch_value(ui->request, name);
    bool is_on = now != NULL && strcmp(now, on) == 0;
    zh_html_open(h, "a", css);
    zh_html_link(h, "href",
                 zh_url_add(ui->arena, zh_url_with(ui->request, name, ZH_STR("")), name,
                            zh_str_of(is_on ? off : on)));
    zh_html_attr_f(h, "data-set", "%s:%s:%s", name, on, off);
    zh_html_attr(h, "title", zh_ui_text(ui, text));
    zh_html_attr(h, "aria-label", zh_ui_text(ui, text));
    zh_html_attr_z(h, "role", "button");
    zh_html_attr_z(h, "aria-pressed", is_on ? "true" : "false");
    zh_part_icon(ui, icon);
    zh_html_close(h);
}

/* The way to everything: a field where there is room, else a link to its page. */
static void seek(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", "seek");
    zh_html_attr_z(h, "method", "get");
    zh_html_link(h, "action", ZH_STR("/go"));
    zh_html_attr_z(h, "role", "search");
    zh_part_icon(ui, ZH_ICON_SEARCH);
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "search");
    zh_html_attr_z(h, "name", "q");
    zh_html_attr_z(h, "maxlength", "100");
    zh_html_attr(h, "aria-label", zh_ui_text(ui, ZH_T_GO_FIND));
    zh_html_attr(h, "placeholder", zh_ui_text(ui, ZH_T_GO_WHAT));
    zh_html_close(h); /* the input */
    zh_html_open(h, "kbd", NULL);
    zh_html_attr_z(h, "aria-hidden", "true");
    zh_html_z(h, "/");
    zh_html_close(h);
    zh_html_close(h);
    zh_html_open(h, "a", "btn quiet icon toseek");
    zh_html_link(h, "href", ZH_STR("/go"));
    zh_html_attr(h, "title", zh_ui_text(ui, ZH_T_GO_FIND));
    zh_html_attr(h, "aria-label", zh_ui_text(ui, ZH_T_GO_FIND));
    zh_part_icon(ui, ZH_ICON_SEARCH);
    zh_html_close(h);
}

/* The way to the notices, with how many records have something unread, in whichever of the reader's
 * posts. */
static void notices(zh_ui *ui)
{
    zh_html *h = &ui->html;
    int64_t all = ui->unread + ui->unread_elsewhere;
    zh_str n = zh_ui_count(ui, all);
    zh_str label = ui->unread_elsewhere > 0
                       ? ZH_SAY(ui, ZH_T_NOTICE_NAV_POSTS, n, zh_ui_count(ui, ui->unread_elsewhere))
                   : all > 0 ? ZH_SAY(ui, ZH_T_NOTICE_NAV_N, n)
                             : zh_ui_text(ui, ZH_T_NOTICE_NAV);
    zh_html_open(h, "a", "btn quiet icon bell");
    zh_html_link(h, "href", ZH_STR("/notices"));
    zh_html_attr(h, "title", label);
    zh_html_attr(h, "aria-label", label);
    zh_part_icon(ui, ZH_ICON_BELL);
    if (all > 0) {
        zh_html_leaf(h, "b", NULL, all > UNREAD_SHOWN ? ZH_STR("99+") : n);
    }
    zh_html_close(h);
}

static void tools(zh_ui *ui)
{
    zh_html *h = &ui->html;
    bool english = ui->lang == ZH_LANG_EN;
    zh_html_open(h, "div", "tools");
    seek(ui);
    reader_switch(ui, ZH_T_SWITCH_DENSITY, "density", "comfortable", "compact", ZH_ICON_ROWS,
                  "btn quiet icon hide-s");
    reader_switch(ui, ZH_T_SWITCH_SIZE, "size", "large", "normal", ZH_ICON_SIZE, "btn quiet icon");
    reader_switch(ui, ZH_T_SWITCH_THEME, "theme", "dark", "light", ZH_ICON_MOON, "btn quiet icon");
    if (ui->session != NULL) {
        notices(ui);
        zh_html_a(h, "btn quiet who", zh_sample_is(ui) ? ZH_STR("/demo") : ZH_STR("/account"),
                  ui->session->name);
    } else if (ui->web->samples) {
        zh_html_a(h, "btn quiet hide-s", ZH_STR("/demo"), zh_ui_text(ui, ZH_T_SAMPLE_LINK));
    }
    zh_html_open(h, "a", "btn quiet");
    zh_html_attr_z(h, "hreflang", english ? "zh-Hans-CN" : "en");
    zh_html_attr_z(h, "lang", english ? "zh-Hans-CN" : "en");
    zh_html_link(h, "href",
                 zh_url_add(ui->arena, zh_url_with(ui->request, "lang", ZH_STR("")), "lang",
                            english ? ZH_STR("zh") : ZH_STR("en")));
    zh_html_text(h, zh_ui_text(ui, ZH_T_LANG_OTHER));
    zh_html_close(h);
    zh_html_close(h);
}

/* On every page, for as long as the right is held. */
static void emergency_banner(zh_ui *ui)
{
    zh_html *h = &ui->html;
    if (ui->session == NULL || ui->session->emergency == 0) {
        return;
    }
    zh_part_note_open(ui, ZH_NOTE_ACT);
    zh_html_leaf(h, "p", NULL,
                 ZH_SAY(ui, ZH_T_EMERGENCY_BANNER, zh_ui_time(ui, ui->session->emergency_until)));
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ZH_STR("/account/emergency/back"));
    zh_html_open(h, "button", "btn");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, ZH_T_EMERGENCY_BACK));
    zh_html_close(h);
    zh_html_close(h);
    zh_part_note_close(ui);
}

void zh_ui_head(zh_ui *ui, const zh_ui_head_of *head)
{
    zh_html *h = &ui->html;
    document_head(ui, head);
    zh_html_open(h, "body", head->citizen ? "pub" : NULL);
    zh_html_a(h, "skip", ZH_STR("#main"), zh_ui_text(ui, ZH_T_SKIP));
    zh_html_open(h, "header", "mast");
    zh_html_open(h, "div", NULL);
    zh_html_open(h, "a", "brand");
    zh_html_attr_z(h, "href", "/");
    logo(h);
    zh_html_text(h, zh_ui_text(ui, ZH_T_BRAND));
    zh_html_close(h);
    menus(ui, head->nav);
    tools(ui);
    zh_html_close(h);
    zh_html_close(h);
    zh_html_open(h, "main", NULL);
    zh_html_attr_z(h, "id", "main");
    emergency_banner(ui);
    if (head->above.n > 0) {
        zh_html_open(h, "p", "crumb");
        zh_html_a_value(h, NULL, head->above_url, head->above);
        zh_html_close(h);
    }
    zh_html_open(h, "div", "head");
    zh_part_title(ui, "h1", head->title, head->links, head->nlinks);
    if (ui->conn != NULL) {
        zh_part_stamp(ui);
    }
    if (head->lede.n > 0) {
        zh_html_leaf_value(h, "p", "lede", head->lede);
    }
    zh_html_close(h);
}

/* ---- words and numbers
 * ------------------------------------------------------------------------------ */

zh_str zh_ui_text(const zh_ui *ui, zh_text_id id)
{
    return zh_text_of(ui->lang, id);
}

zh_str zh_ui_fill(const zh_ui *ui, zh_text_id id, const zh_str *arguments, size_t n)
{
    return zh_text_fill(ui->arena, zh_text_of(ui->lang, id), arguments, n);
}

zh_str zh_ui_list(const zh_ui *ui, zh_str list, zh_str item)
{
    return list.n == 0 ? item
                       : zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(list),
                                    ZH_FMT(zh_ui_text(ui, ZH_T_SEP)), ZH_FMT(item));
}

zh_str zh_ui_label(const zh_ui *ui, zh_label label)
{
    return ui->lang == ZH_LANG_EN && label.en.n > 0 ? label.en : label.zh;
}

zh_str zh_ui_role(const zh_ui *ui, zh_str role)
{
    const zh_codes *roles = zh_model_codes(ui->ctx.model, ZH_STR("role"));
    const zh_code *code = roles != NULL ? zh_code_find(roles, role, INT32_MIN) : NULL;
    return code != NULL ? zh_ui_label(ui, code->label) : role;
}

zh_str zh_ui_decimal(const zh_ui *ui, zh_str decimal)
{
    return zh_words_decimal(ui->arena, decimal);
}

zh_str zh_ui_unit(const zh_ui *ui, zh_str unit)
{
    return zh_words_unit(ui->ctx.model, unit);
}

zh_str zh_ui_count(const zh_ui *ui, int64_t n)
{
    return zh_words_count(ui->arena, n);
}

zh_str zh_ui_time(const zh_ui *ui, zh_time t)
{
    return zh_words_time(ui->arena, t);
}

zh_str zh_ui_period(const zh_ui *ui, zh_date first, zh_date last)
{
    if (ui->lang == ZH_LANG_EN) {
        return first == 0 && last == 0 ? ZH_STR("all time")
                                       : zh_period_format(ui->arena, first, last);
    }
    return zh_words_period(ui->arena, first, last);
}

zh_str zh_ui_region(const zh_ui *ui, zh_str code)
{
    const zh_codes *regions = zh_model_codes(ui->ctx.model, ZH_STR("region"));
    const zh_code *found = regions != NULL ? zh_code_find(regions, code, INT32_MIN) : NULL;
    return found != NULL ? zh_ui_label(ui, found->label) : code;
}

/* ---- errors
 * ----------------------------------------------------------------------------------------- */

static zh_text_id error_title(int status)
{
    switch (status) {
    case 400: return ZH_T_ERR_TITLE_400;
    case 403:
    case 405: return ZH_T_ERR_TITLE_403;
    case 404: return ZH_T_ERR_TITLE_404;
    case 409: return ZH_T_ERR_TITLE_409;
    case 413:
    case 414: return ZH_T_ERR_TITLE_413;
    case 421: return ZH_T_ERR_TITLE_421;
    case 422: return ZH_T_ERR_TITLE_422;
    case 503: return ZH_T_ERR_TITLE_503;
    default: return ZH_T_ERR_TITLE_500;
    }
}

void zh_page_error(const zh_http_request *request, zh_http_response *response, int status,
                   const zh_err *err)
{
    zh_ui ui;
    zh_html *h = &ui.html;
    zh_err ignored = {0};
    start(&ui, request, response, &ignored);
    zh_ui_head(&ui,
               &(zh_ui_head_of){.nav = ZH_TEXT_N, .title = zh_ui_text(&ui, error_title(status))});
    zh_part_note_open(&ui, ZH_NOTE_ACT);
    /* What was refused before the reader's language was known is looked up here. */
    zh_html_leaf_value(h, "p", NULL, zh_str_of(zh_err_text(&ignored, err->message)));
    if (err->fix[0] != '\0') {
        zh_html_leaf_value(h, "p", NULL, zh_str_of(zh_err_text(&ignored, err->fix)));
    }
    zh_html_open(h, "p", "sm");
    zh_html_text(h, zh_ui_text(&ui, ZH_T_ERR_RULE));
    zh_html_f(h, " %s", err->rule);
    if (err->where[0] != '\0') {
        zh_html_z(h, " · ");
        zh_html_text(h, zh_ui_text(&ui, ZH_T_ERR_WHERE));
        zh_html_f(h, " %s", err->where);
    }
    zh_html_close(h);
    zh_part_note_close(&ui);
    zh_html_open(h, "p", "gap");
    zh_html_a(h, "btn", ZH_STR("/"), zh_ui_text(&ui, ZH_T_ERR_HOME));
    zh_html_close(h);
    footer(&ui);
    response->type = "text/html; charset=utf-8";
}
