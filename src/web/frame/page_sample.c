/* GET /demo: the roles of the demonstration and what each does in it; POST /demo: act as one. */
#include "core/people/identity.h"
#include "core/record/record.h"
#include "web/frame/form_part.h"
#include "web/frame/part.h"
#include "web/frame/sample.h"
#include "web/frame/session.h"

enum { FORM_BYTES_MAX = 4 << 10 };

#define FIRM_USCC "91350100M000100Y43" /* the worked check character of GB 32100-2015 */

#define REGION "420000" /* where the sample offices are */

static const char cookie_name[] = "zh_sample";
static const char login_prefix[] = "sample.";

typedef struct sample {
    const char *role;
    zh_text_id name, task;
    const char *door; /* its front door */
    bool firm;        /* speaks for the sample enterprise */
} sample;

static const sample samples[] = {
    {"enterprise", ZH_T_SAMPLE_ENTERPRISE, ZH_T_SAMPLE_ENTERPRISE_TASK,
     "/registers/quality_promise", true},
    {"handler", ZH_T_SAMPLE_HANDLER, ZH_T_SAMPLE_HANDLER_TASK, "/desk?by=place", false},
    {"reviewer", ZH_T_SAMPLE_REVIEWER, ZH_T_SAMPLE_REVIEWER_TASK, "/desk", false},
    {"leader", ZH_T_SAMPLE_LEADER, ZH_T_SAMPLE_LEADER_TASK, "/", false},
    {"lab", ZH_T_SAMPLE_LAB, ZH_T_SAMPLE_LAB_TASK, "/registers/sampling_result", false},
    {"analyst", ZH_T_SAMPLE_ANALYST, ZH_T_SAMPLE_ANALYST_TASK, "/", false},
    {"consumer", ZH_T_SAMPLE_CONSUMER, ZH_T_SAMPLE_CONSUMER_TASK, "/lookup", false},
    {"verifier", ZH_T_SAMPLE_VERIFIER, ZH_T_SAMPLE_VERIFIER_TASK, "/verify", false},
};

/* ---- acting as one --------------------------------------------------------------------------- */

static zh_str chosen(const zh_http_request *request)
{
    zh_str rest = request->cookie;
    zh_str piece;
    while (rest.p != NULL && zh_str_split(&rest, ';', &piece)) {
        zh_str name;
        piece = zh_str_trim(piece);
        if (zh_str_split(&piece, '=', &name) && zh_str_is(name, cookie_name) && piece.p != NULL) {
            return piece;
        }
    }
    return ZH_STR("");
}

static const sample *sample_of(zh_str role)
{
    for (size_t i = 0; i < ZH_COUNTOF(samples); i++) {
        if (zh_str_is(role, samples[i].role)) {
            return &samples[i];
        }
    }
    return NULL;
}

/* The sample enterprise; NULL while nobody has chosen a role. */
static zh_rc find_firm(zh_ui *ui, zh_record **out)
{
    const zh_register *reg = zh_model_register(ui->ctx.model, ZH_STR("enterprise"));
    zh_str key = ZH_STR(FIRM_USCC);
    zh_err before = *ui->err;
    *out = NULL;
    zh_rc rc = reg != NULL ? zh_record_by_key(&ui->ctx, ui->conn, reg, &key, out) : ZH_ENOTFOUND;
    if (rc == ZH_ENOTFOUND) {
        *ui->err = before;
        *out = NULL;
        return ZH_OK;
    }
    return rc;
}

zh_rc zh_sample_begin(zh_ui *ui)
{
    const sample *s = ui->web->samples ? sample_of(chosen(ui->request)) : NULL;
    zh_record *firm = NULL;
    if (s == NULL) {
        return ZH_OK;
    }
    zh_rc rc = s->firm ? find_firm(ui, &firm) : ZH_OK;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_post *post = ZH_NEW(ui->arena, zh_post);
    zh_user_session *session = ZH_NEW(ui->arena, zh_user_session);
    bool own = zh_str_is(zh_str_of(s->role), "consumer");
    *post = (zh_post){.role = zh_str_of(s->role),
                      .scope = own ? ZH_SCOPE_OWN : ZH_SCOPE_ALL,
                      .office = zh_core_office(ui->web->core),
                      .region = ZH_STR(REGION),
                      .self = firm};
    *session = (zh_user_session){
        .login = zh_str_fmt(ui->arena, "%s%s", login_prefix, s->role),
        .name = ZH_SAY(ui, ZH_T_SAMPLE_WHO, zh_ui_text(ui, s->name)),
        .digest = ZH_STR(""),
        .post = post,
        .current = {.code = ZH_STR("sample"),
                    .role = post->role,
                    .place = post->region,
                    .role_label = {.zh = zh_ui_text(ui, s->name), .en = zh_ui_text(ui, s->name)},
                    .office = post->office}};
    ui->session = session;
    zh_ctx_end(&ui->ctx);
    ui->ctx = zh_ctx_session(ui->web->core, ui->arena, session, ui->err);
    return ZH_OK;
}

bool zh_sample_is(const zh_ui *ui)
{
    return ui->session != NULL && zh_str_starts(ui->session->login, zh_str_of(login_prefix)) &&
           ui->web->samples;
}

/* ---- the page -------------------------------------------------------------------------------- */

static zh_rc only_here(zh_ui *ui)
{
    bool accounts = false;
    zh_rc rc = zh_accounts_exist(ui->conn, &accounts, ui->err);
    if (rc == ZH_OK && (accounts || !ui->web->samples)) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "demo.none",
                        "示例岗位只在本机的演示（zhiheng demo）里有，而且还没有账户的时候");
    }
    return rc;
}

static void choose_button(zh_ui *ui, zh_str role, zh_text_id text, bool now)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ZH_STR("/demo"));
    zh_form_hidden(ui, "role", role);
    zh_html_open(h, "button", now ? "btn" : "btn pri");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, text));
    zh_html_close(h);
    zh_html_close(h);
}

static void one_role(zh_grid *g, const sample *s)
{
    zh_ui *ui = g->ui;
    bool now = ui->session != NULL && zh_str_is(ui->session->current.role, s->role);
    zh_grid_row(g, now ? "cur" : NULL);
    zh_grid_cell(g);
    zh_html_leaf(&ui->html, "b", NULL, zh_ui_text(ui, s->name));
    zh_grid_cell(g);
    zh_html_text(&ui->html, zh_ui_text(ui, s->task));
    zh_grid_cell(g);
    choose_button(ui, zh_str_of(s->role), now ? ZH_T_SAMPLE_NOW : ZH_T_SAMPLE_CHOOSE, now);
}

static zh_rc show(zh_ui *ui)
{
    zh_rc rc = only_here(ui);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_SAMPLE_ROLE), .css = "full"},
                           {.label = zh_ui_text(ui, ZH_T_SAMPLE_TASK), .css = "full"},
                           {.label = ZH_STR(""), .css = "full"}};
    zh_grid g;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_SAMPLE_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_SAMPLE_LEDE)});
    zh_part_section_open(ui, "roles", ZH_STR(""), false);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < ZH_COUNTOF(samples); i++) {
        one_role(&g, &samples[i]);
    }
    zh_grid_close(&g);
    zh_html_leaf(&ui->html, "p", "sm mu", zh_ui_text(ui, ZH_T_SAMPLE_NOTE));
    if (zh_sample_is(ui)) {
        choose_button(ui, ZH_STR(""), ZH_T_SAMPLE_LEAVE, true);
    }
    zh_part_section_close(ui);
    return ZH_OK;
}

static zh_rc get_demo(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* What the sample enterprise is; it is made when a role is first chosen, by the local operator. */
static zh_rc make_firm(zh_ui *ui)
{
    static const char *const values[][2] = {
        {"uscc", FIRM_USCC}, {"name", "示例电池有限公司（示例，非真实企业）"}, {"place", "420102"}};
    zh_ctx ctx = zh_ctx_local(ui->web->core, ui->arena, ui->err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("enterprise"));
    zh_change changes[ZH_COUNTOF(values)];
    zh_findings findings = {0};
    zh_applied applied;
    size_t n = 0;
    for (size_t i = 0; i < ZH_COUNTOF(values) && reg != NULL; i++) {
        const zh_field *field = zh_register_field(reg, zh_str_of(values[i][0]));
        if (field != NULL) {
            changes[n++] =
                (zh_change){.field = field, .value = zh_value_text(zh_str_of(values[i][1]))};
        }
    }
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = n};
    zh_rc rc = reg != NULL ? zh_record_apply(&ctx, &op, &findings, &applied) : ZH_OK;
    zh_ctx_end(&ctx);
    return rc;
}

static zh_rc choose(zh_ui *ui)
{
    zh_str role = zh_pairs_get(ui->request->form, "role");
    const sample *s = sample_of(role);
    zh_record *firm = NULL;
    zh_rc rc = only_here(ui);
    if (rc == ZH_OK && s == NULL && role.n > 0) {
        rc = zh_err_set(ui->err, ZH_EINVAL, "demo.role", "没有示例岗位“%.*s”", ZH_FMT(role));
    }
    if (rc == ZH_OK && s != NULL) {
        zh_ctx own = ui->ctx;
        ui->ctx.post = NULL;
        rc = find_firm(ui, &firm);
        ui->ctx = own;
    }
    if (rc == ZH_OK && s != NULL && firm == NULL) {
        rc = make_firm(ui);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str cookie = zh_str_fmt(ui->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d",
                               cookie_name, ZH_FMT(role), s != NULL ? ZH_SESSION_ABSOLUTE_S : 0);
    zh_http_header_add(ui->response, "Set-Cookie", cookie.p);
    return zh_http_see_other(ui->request, ui->response,
                             s != NULL ? zh_str_of(s->door) : ZH_STR("/demo"));
}

static zh_rc post_demo(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, choose);
}

ZH_ROUTE(page_demo) = {.method = "GET",
                       .path = "/demo",
                       .en = "The roles of the demonstration, as a page",
                       .handle = get_demo};
ZH_ROUTE(demo_role) = {.method = "POST",
                       .path = "/demo",
                       .body_max = FORM_BYTES_MAX,
                       .en = "Look at the demonstration as one of its roles",
                       .handle = post_demo};
