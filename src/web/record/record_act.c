/* Acting on one record: GET shows the form of a step or a correction, POST does it. What is sent
 * carries the version it was made on; when the record has moved on, both values are shown. A step
 * of two persons waits until another login confirms it. */
#include "base/json.h"
#include "core/people/account.h"
#include "core/read/permission.h"
#include "core/record/paper.h"
#include "core/record/pending.h"
#include "core/record/record.h"
#include "core/record/step.h"
#include "web/frame/input.h"
#include "web/frame/part.h"
#include "web/frame/problem.h"
#include "web/frame/receipt.h"
#include "web/frame/sample.h"
#include "web/frame/session.h"
#include "web/record/act.h"
#include <inttypes.h>
#include <string.h>

enum { FORM_BYTES_MAX = 256 << 10, UPLOAD_BYTES_MAX = 50 << 20 };

/* One request: what is to be done with which record. */
typedef struct act {
    zh_shown_record *r;
    const zh_transition *transition; /* NULL: a correction */
    const zh_field **fields;         /* offered, or that were sent */
    size_t nfields;
    const zh_record *base; /* the version on which the form was made */
    int32_t version;
    zh_inputs in;
    zh_step_past step; /* of the transition */
    zh_findings findings;
    zh_err why;
} act;

zh_str zh_act_url(zh_ui *ui, const zh_record *record, const zh_transition *transition)
{
    zh_str url = zh_url_record(ui->arena, record->reg->id, record->office, record->id);
    return transition == NULL ? zh_str_fmt(ui->arena, "%.*s/amend", ZH_FMT(url))
                              : zh_str_fmt(ui->arena, "%.*s/transitions/%.*s", ZH_FMT(url),
                                           ZH_FMT(transition->id));
}

/* ---- what is asked --------------------------------------------------------------------------- */

/* The fields of the form, and those that were sent. ZH_EDENIED permission.mask: one was sent that
 * this reader may not see, by hand or in a request of a person who may: it is not left out. */
static zh_rc choose_fields(act *a)
{
    zh_ui *ui = a->r->ui;
    const zh_register *reg = a->r->reg;
    a->nfields = 0;
    a->fields = ZH_NEW_N(ui->arena, const zh_field *, reg->nfields + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        bool sent = zh_input_was_sent(&a->in, field);
        bool wanted = a->transition == NULL || zh_step_asks(a->transition, field) || sent;
        if (sent && zh_mask_allows_field(&ui->ctx, field) != ZH_OK) {
            return ui->err->rc;
        }
        if (wanted && zh_input_possible(&a->in, field)) {
            a->fields[a->nfields++] = field;
        }
    }
    return ZH_OK;
}

static zh_rc find_transition(act *a)
{
    zh_ui *ui = a->r->ui;
    zh_str id = zh_http_arg(ui->request, "transition");
    a->transition = id.p != NULL ? zh_register_transition(a->r->reg, id) : NULL;
    if (id.p != NULL && a->transition == NULL) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "transition.unknown", "“%.*s”没有“%.*s”这一步",
                   ZH_FMT(zh_label_for(ui->err, a->r->reg->label)), ZH_FMT(id));
        return ZH_ENOTFOUND;
    }
    return ZH_OK;
}

/* Votes of others since the form was made change nothing that is voted on. */
static zh_rc skip_votes(act *a)
{
    const zh_transition *t = a->transition;
    bool only = t != NULL && t->vote.k > 0;
    for (size_t i = 0; i < a->r->nversions && only; i++) {
        const zh_version *v = &a->r->versions[i];
        only = v->record->version <= a->version ||
               (zh_str_eq(v->transition, t->id) && v->record->state == a->base->state);
    }
    a->version = only ? zh_shown(a->r)->version : a->version;
    return choose_fields(a);
}

static zh_rc open_act(zh_ui *ui, act *a)
{
    int64_t version = 0;
    *a = (act){.r = ZH_NEW(ui->arena, zh_shown_record), .why = zh_err_beside(ui->err)};
    zh_rc rc = zh_shown_read(ui, a->r);
    a->in = (zh_inputs){.ui = ui,
                        .show = &a->r->show,
                        .reg = a->r->reg,
                        .sent = ui->request->form,
                        .findings = &a->findings};
    if (rc == ZH_OK) {
        rc = find_transition(a);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    a->r->at = a->r->nversions - 1;
    a->base = zh_shown(a->r);
    if (zh_str_i64(zh_pairs_get(a->in.sent, "version"), &version) == ZH_OK) {
        for (size_t i = 0; i < a->r->nversions; i++) {
            if (a->r->versions[i].record->version == version) {
                a->base = a->r->versions[i].record;
            }
        }
    }
    a->version = a->base->version;
    a->in.base = a->base;
    if (a->transition != NULL) {
        rc = zh_step_look(&ui->ctx, ui->conn, zh_shown(a->r), a->transition, &a->step);
    }
    return rc == ZH_OK ? skip_votes(a) : rc;
}

/* ---- the form -------------------------------------------------------------------------------- */

static zh_str shown_value(act *a, const zh_record *record, const zh_field *field)
{
    return zh_show_text(&a->r->show, field, &record->values[field->index]);
}

static void put_text(act *a, const char *name, zh_text_id label)
{
    zh_html *h = &a->r->ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(a->r->ui, label));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", name);
    zh_html_attr(h, "value", zh_pairs_get(a->in.sent, name));
    zh_html_close(h);
    zh_html_close(h);
}

/* Where the record has moved on: what it was, what it is, what is to be written. */
static void put_both(act *a)
{
    zh_ui *ui = a->r->ui;
    const zh_record *now = zh_shown(a->r);
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_ACT_FIELD), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_ACT_WAS), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_ACT_NOW), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_ACT_YOURS), .css = "lab"},
    };
    zh_grid g;
    zh_part_note(ui, ZH_NOTE_WATCH, ZH_SAY(ui, ZH_T_ACT_STALE, zh_ui_count(ui, now->version)));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < a->nfields; i++) {
        zh_str was = shown_value(a, a->base, a->fields[i]);
        zh_str is = shown_value(a, now, a->fields[i]);
        zh_str mine = zh_input_sent(&a->in, a->fields[i]);
        if (!zh_str_eq(was, is) || (mine.p != NULL && !zh_str_eq(mine, was))) {
            zh_grid_row(&g, NULL);
            zh_grid_value(&g, zh_ui_label(ui, a->fields[i]->label));
            zh_grid_text(&g, was);
            zh_grid_text(&g, is);
            zh_grid_text(&g, mine.p != NULL ? mine : is);
        }
    }
    zh_grid_close(&g);
}

static void put_choice(zh_ui *ui, zh_str value, zh_str label, bool chosen)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "option", NULL);
    zh_html_attr(h, "value", value);
    if (chosen) {
        zh_html_flag(h, "selected");
    }
    zh_html_lang(h, label);
    zh_html_text(h, label);
    zh_html_close(h);
}

static void open_choice(act *a, const char *name, zh_text_id label)
{
    zh_html *h = &a->r->ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(a->r->ui, label));
    zh_html_open(h, "select", NULL);
    zh_html_attr_z(h, "name", name);
    put_choice(a->r->ui, ZH_STR(""), zh_ui_text(a->r->ui, ZH_T_ACT_CHOOSE), false);
}

static void close_choice(act *a)
{
    zh_html_close(&a->r->ui->html);
    zh_html_close(&a->r->ui->html);
}

/* What a step asks that is no field: a vote, where to return to, whom to hand on to. */
static void put_choices(act *a, const zh_transition *t)
{
    zh_ui *ui = a->r->ui;
    if (t->vote.k > 0) {
        zh_str vote = zh_pairs_get(a->in.sent, "vote");
        open_choice(a, "vote", ZH_T_ACT_VOTE);
        put_choice(ui, ZH_STR(ZH_VOTE_YES), zh_ui_text(ui, ZH_T_ACT_VOTE_YES),
                   zh_str_is(vote, ZH_VOTE_YES));
        put_choice(ui, ZH_STR(ZH_VOTE_NO), zh_ui_text(ui, ZH_T_ACT_VOTE_NO),
                   zh_str_is(vote, ZH_VOTE_NO));
        close_choice(a);
    }
    if (t->to_any) {
        zh_str to = zh_pairs_get(a->in.sent, "to_state");
        open_choice(a, "to_state", ZH_T_ACT_TO);
        for (size_t i = 0; i < a->step.npassed; i++) {
            zh_str id = a->r->reg->states[a->step.passed[i]].id;
            put_choice(ui, id, zh_show_state(ui, a->r->reg, a->step.passed[i]), zh_str_eq(to, id));
        }
        close_choice(a);
    }
    if (t->kind == ZH_TR_REASSIGN && !t->has_handler) {
        put_text(a, "handler", ZH_T_ACT_HANDLER);
    }
}

/* An office is its region: by code or name. */
static int64_t handler_of(act *a)
{
    zh_ui *ui = a->r->ui;
    zh_str text = zh_str_trim(zh_pairs_get(a->in.sent, "handler"));
    const zh_codes *regions = zh_model_codes(ui->ctx.model, ZH_STR("region"));
    const zh_code *code = NULL;
    zh_err ignored = {0};
    char how = 0;
    int64_t office = 0;
    if (text.n > 0 && regions != NULL &&
        zh_code_match(regions, ui->arena, text, zh_time_date(zh_now()), &code, &how, &ignored) ==
            ZH_OK) {
        office = zh_str_i64(code->code, &office) == ZH_OK ? office : 0;
    }
    return office;
}

/* Whether the reader signs the step. */
static bool signs(const act *a)
{
    return a->transition != NULL && zh_step_signs(a->r->ui->ctx.role, a->transition);
}

static void put_secret(act *a, const char *name, const char *complete, zh_text_id label)
{
    zh_html *h = &a->r->ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(a->r->ui, label));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", strcmp(name, "password") == 0 ? "password" : "text");
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "autocomplete", complete);
    zh_html_flag(h, "required");
    zh_html_close(h);
    zh_html_close(h);
}

/* Who signs proves again who they are: by what their account has. */
static zh_rc put_signature(act *a)
{
    zh_ui *ui = a->r->ui;
    zh_own_account own = {0};
    if (!signs(a) || ui->session == NULL) {
        return ZH_OK;
    }
    if (zh_sample_is(ui)) {
        zh_html_leaf(&ui->html, "p", "wide sm mu", zh_ui_text(ui, ZH_T_ACT_SIGN_SAMPLE));
        return ZH_OK;
    }
    zh_rc rc = zh_own_account_get(ui->web->core, ui->arena, ui->session->login, &own, ui->err);
    if (rc == ZH_OK) {
        zh_html_leaf(&ui->html, "p", "wide sm mu", zh_ui_text(ui, ZH_T_ACT_SIGN));
    }
    if (rc == ZH_OK && own.has_password) {
        put_secret(a, "password", "current-password", ZH_T_ACT_SIGN_PASSWORD);
    }
    if (rc == ZH_OK && own.has_totp) {
        put_secret(a, "code", "one-time-code", ZH_T_ACT_SIGN_CODE);
    }
    return rc;
}

static void put_inputs(act *a)
{
    zh_ui *ui = a->r->ui;
    const zh_transition *t = a->transition;
    for (size_t i = 0; i < a->nfields; i++) {
        zh_input_field(&a->in, a->fields[i],
                       t != NULL ? zh_step_needs(t, a->fields[i]) : a->fields[i]->required);
    }
    if (t != NULL && t->reasons != NULL) {
        zh_input_reasons(ui, t->reasons, zh_pairs_get(a->in.sent, "reason_code"));
    }
    if (t != NULL) {
        put_choices(a, t);
    }
    put_text(a, "reason", ZH_T_ACT_REASON);
    put_text(a, "justification", ZH_T_ACT_JUSTIFY);
}

/* The same form, sent for a look at the document instead. */
static void put_preview(act *a)
{
    zh_html *h = &a->r->ui->html;
    zh_html_open(h, "button", "btn");
    zh_html_attr_z(h, "type", "submit");
    zh_html_link(h, "formaction",
                 zh_str_fmt(a->r->ui->arena, "%.*s/preview",
                            ZH_FMT(zh_act_url(a->r->ui, zh_shown(a->r), a->transition))));
    zh_html_attr_z(h, "formtarget", "_blank");
    zh_html_flag(h, "formnovalidate");
    zh_html_value(
        h, ZH_SAY(a->r->ui, ZH_T_ACT_PREVIEW, zh_ui_label(a->r->ui, a->transition->paper->label)));
    zh_html_close(h);
}

static zh_rc show_form(zh_ui *ui, act *a)
{
    zh_html *h = &ui->html;
    const zh_record *now = zh_shown(a->r);
    const zh_transition *t = a->transition;
    zh_str what = t != NULL ? zh_ui_label(ui, t->label) : zh_ui_text(ui, ZH_T_ACT_AMEND);
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REGISTERS,
                       .title = ZH_SAY(ui, ZH_T_ACT_TITLE, what, zh_ui_label(ui, a->r->reg->label),
                                       zh_show_key(ui, now)),
                       .above = zh_ui_text(ui, ZH_T_ACT_BACK),
                       .above_url = zh_url_record(ui->arena, a->r->reg->id, now->office, now->id),
                       .css = ZH_STR("register.css"),
                       .script = ZH_STR("form.js")});
    zh_input_problems(&a->in, &a->why, a->fields, a->nfields);
    if (a->version != now->version) {
        put_both(a);
    }
    if (t != NULL && t->two_person) {
        zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_ACT_TWO));
    }
    zh_html_open(h, "form", "sheet formgrid");
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", zh_act_url(ui, now, t));
    zh_input_enctype(&a->in, a->fields, a->nfields);
    zh_html_open(h, "button", "sr"); /* what Enter presses: not the one for more rows */
    zh_html_attr_z(h, "type", "submit");
    zh_html_attr_z(h, "tabindex", "-1");
    zh_html_text(h, zh_ui_text(ui, ZH_T_ACT_GO));
    zh_html_close(h);
    zh_form_hidden(ui, "version", zh_str_fmt(ui->arena, "%" PRId32, now->version));
    put_inputs(a);
    zh_rc rc = put_signature(a);
    zh_html_open(h, "p", "bar wide");
    if (t != NULL && t->paper != NULL) {
        put_preview(a);
    }
    zh_html_open(h, "button", "btn pri");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, t != NULL && t->two_person ? ZH_T_ACT_ASK
                                   : signs(a)                 ? ZH_T_ACT_SIGN_GO
                                                              : ZH_T_ACT_GO));
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h);
    return rc;
}

static zh_rc form(zh_ui *ui)
{
    act a;
    zh_rc rc = open_act(ui, &a);
    return rc == ZH_OK ? show_form(ui, &a) : rc;
}

/* ---- doing it -------------------------------------------------------------------------------- */

/* What a->in.sent says; second: the person who confirms, empty for none. */
static zh_rc read_op(act *a, zh_str second, zh_op *op)
{
    zh_ui *ui = a->r->ui;
    zh_change *changes = ZH_NEW_N(ui->arena, zh_change, a->nfields + 1);
    *op = (zh_op){.kind = a->transition != NULL ? ZH_OP_TRANSITION : ZH_OP_AMEND,
                  .reg = a->r->reg,
                  .office = zh_shown(a->r)->office,
                  .id = zh_shown(a->r)->id,
                  .version_expected = a->version,
                  .transition = a->transition,
                  .changes = changes,
                  .reason = zh_str_trim(zh_pairs_get(a->in.sent, "reason")),
                  .reason_code = zh_pairs_get(a->in.sent, "reason_code"),
                  .justification = zh_str_trim(zh_pairs_get(a->in.sent, "justification")),
                  .second_actor = second};
    if (a->transition != NULL) {
        zh_str vote = zh_pairs_get(a->in.sent, "vote");
        op->vote = zh_str_is(vote, ZH_VOTE_YES)  ? ZH_VOTE_FOR
                   : zh_str_is(vote, ZH_VOTE_NO) ? ZH_VOTE_AGAINST
                                                 : ZH_VOTE_NONE;
        op->to_state = zh_pairs_get(a->in.sent, "to_state");
        op->handler_office = a->transition->kind == ZH_TR_REASSIGN ? handler_of(a) : 0;
    }
    return zh_input_read(&a->in, a->fields, a->nfields, changes, &op->nchanges, &a->why);
}

/* The person at the keyboard, not a session left open and not a key. */
static zh_rc prove(act *a, zh_op *op)
{
    zh_ui *ui = a->r->ui;
    const char *how = "";
    if (!signs(a)) {
        return ZH_OK;
    }
    if (zh_sample_is(ui)) {
        op->proved = ZH_STR("示例岗位（没有口令）");
        return ZH_OK;
    }
    if (ui->session == NULL || ui->session->key != 0) {
        return zh_err_set(&a->why, ZH_EDENIED, "transition.sign",
                          "这一步须本人登录后当场签署，密钥不能代签");
    }
    zh_rc rc =
        zh_login_prove(ui->web->core, ui->session->login, zh_pairs_get(a->in.sent, "password"),
                       zh_str_trim(zh_pairs_get(a->in.sent, "code")), &how, &a->why);
    op->proved = zh_str_of(how);
    return rc;
}

static zh_rc apply(act *a, zh_str actor, zh_str second, zh_applied *out)
{
    zh_ctx ctx = a->r->ui->ctx;
    zh_op op;
    ctx.actor = actor;
    ctx.err = &a->why;
    zh_rc rc = read_op(a, second, &op);
    if (rc == ZH_OK) {
        zh_ui_let_go(a->r->ui);
        rc = prove(a, &op);
    }
    if (rc == ZH_OK) {
        rc = zh_record_apply(&ctx, &op, &a->findings, out);
    }
    return rc;
}

static zh_rc answer_done(act *a, const zh_applied *done)
{
    zh_ui *ui = a->r->ui;
    if (zh_web_wants_html(ui->request)) {
        zh_str url = zh_url_record(ui->arena, a->r->reg->id, done->office, done->id);
        return zh_http_see_other(ui->request, ui->response, url);
    }
    zh_jw w;
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "office", zh_str_fmt(ui->arena, "%" PRId64, done->office));
    zh_jw_kv(&w, "id", zh_str_fmt(ui->arena, "%" PRId64, done->id));
    zh_jw_ki(&w, "version", done->version);
    zh_jw_key(&w, "pending");
    bool pending = done->version == zh_shown(a->r)->version;
    zh_jw_bool(&w, pending);
    zh_rc rc = pending ? ZH_OK : zh_receipt_put(ui, a->r->reg, done, (zh_place){0, 0}, &w);
    zh_jw_object_end(&w);
    zh_buf_c(&ui->response->body, '\n');
    ui->response->type = "application/json; charset=utf-8";
    return rc;
}

/* A person sees the form again with what is wrong; a program gets the problem document. */
static zh_rc answer_refused(act *a, zh_rc rc)
{
    zh_ui *ui = a->r->ui;
    if (!zh_web_wants_html(ui->request)) {
        *ui->err = a->why;
        return rc;
    }
    ui->response->status = zh_problem_status_of(&a->why);
    rc = zh_ui_read_again(ui);
    return rc == ZH_OK ? show_form(ui, a) : rc;
}

/* What was sent, as a form again: also when it came as multipart. */
static zh_str sent_text(const act *a)
{
    zh_buf text;
    zh_buf_init(&text, FORM_BYTES_MAX * 3);
    for (size_t i = 0; i < a->in.sent.n; i++) {
        zh_buf_z(&text, i > 0 ? "&" : "");
        zh_form_encode(&text, a->in.sent.p[i].name);
        zh_buf_c(&text, '=');
        zh_form_encode(&text, a->in.sent.p[i].value);
    }
    zh_str out = zh_str_dup(a->r->ui->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

/* A step of two persons is kept for the second. Everything is asked now as it will be asked again
 * then: rights, state, guard, what must be filled. */
static zh_rc ask_second(act *a)
{
    zh_ui *ui = a->r->ui;
    zh_ctx ctx = ui->ctx;
    zh_op op;
    zh_prepared *prepared = NULL;
    ctx.err = &a->why;
    zh_rc rc = read_op(a, ZH_STR(ZH_PENDING_SOMEBODY), &op);
    op.rehearsal = true;
    if (rc == ZH_OK) {
        rc = zh_record_prepare(&ctx, NULL, &op, &a->findings, &prepared);
    }
    return rc == ZH_OK ? zh_pending_add(&ctx, zh_shown(a->r), a->transition, sent_text(a)) : rc;
}

/* ---- the document before it is issued -------------------------------------------------------- */

static void paper_table(zh_html *h, const struct zh_paper_block *b)
{
    zh_html_open(h, "table", NULL);
    zh_html_open(h, "tr", NULL);
    for (size_t c = 0; c < b->ncolumns; c++) {
        zh_html_leaf(h, "th", NULL, b->heads[c]);
    }
    zh_html_close(h);
    for (size_t i = 0; i < b->nrows; i++) {
        zh_html_open(h, "tr", NULL);
        for (size_t c = 0; c < b->ncolumns; c++) {
            zh_html_leaf(h, "td", NULL, b->cells[i * b->ncolumns + c]);
        }
        zh_html_close(h);
    }
    zh_html_close(h);
}

/* The sheet as it will be set, with a gap where the number goes. */
static zh_rc show_paper(act *a, const zh_paper *p)
{
    zh_ui *ui = a->r->ui;
    zh_html *h = &ui->html;
    const zh_record *now = zh_shown(a->r);
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REGISTERS,
                       .title = ZH_SAY(ui, ZH_T_ACT_PREVIEW_TITLE,
                                       zh_ui_label(ui, a->transition->paper->label)),
                       .above = zh_ui_text(ui, ZH_T_ACT_BACK),
                       .above_url = zh_url_record(ui->arena, a->r->reg->id, now->office, now->id),
                       .css = ZH_STR("register.css")});
    zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_ACT_PREVIEW_HOW));
    zh_html_open(h, "article", "paper");
    zh_html_attr_z(h, "lang", "zh-CN");
    zh_html_leaf(h, "p", "office", p->office);
    if (a->transition->paper->number_pattern.n > 0) {
        zh_html_leaf(h, "p", "number", zh_ui_text(ui, ZH_T_ACT_PREVIEW_NUMBER));
    }
    zh_html_leaf(h, "h2", NULL, p->title);
    if (p->to.n > 0) {
        zh_html_leaf(h, "p", "to", p->to);
    }
    for (size_t i = 0; i < p->nblocks; i++) {
        if (p->blocks[i].ncolumns > 0) {
            paper_table(h, &p->blocks[i]);
        } else {
            zh_html_leaf(h, "p", NULL, p->blocks[i].text);
        }
    }
    zh_html_open(h, "p", "close");
    zh_html_text(h, p->office);
    zh_html_leaf(h, "span", NULL, p->date);
    zh_html_close(h);
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc preview(zh_ui *ui)
{
    act a;
    zh_op op;
    zh_paper paper;
    zh_rc rc = open_act(ui, &a);
    zh_ctx ctx = ui->ctx;
    ctx.err = &a.why;
    if (rc == ZH_OK) {
        rc = zh_input_files(&a.in, a.fields, a.nfields, ui->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = read_op(&a, ZH_STR_NONE, &op);
    if (rc == ZH_OK) {
        rc = zh_paper_preview(&ctx, ui->conn, &op, &a.findings, &paper);
    }
    return rc == ZH_OK ? show_paper(&a, &paper) : answer_refused(&a, rc);
}

/* ---- taking it ------------------------------------------------------------------------------- */

static zh_rc act_now(zh_ui *ui)
{
    act a;
    zh_rc rc = open_act(ui, &a);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_record *now = zh_shown(a.r);
    zh_applied done = {now->office, now->id, now->version};
    rc = zh_input_files(&a.in, a.fields, a.nfields, ui->err);
    if (rc != ZH_OK || zh_input_more_rows(&a.in)) {
        return rc == ZH_OK ? show_form(ui, &a) : rc;
    }
    rc = a.transition != NULL && a.transition->two_person
             ? ask_second(&a)
             : apply(&a, ui->ctx.actor, ZH_STR_NONE, &done);
    return rc == ZH_OK ? answer_done(&a, &done) : answer_refused(&a, rc);
}

/* ---- the second person ----------------------------------------------------------------------- */

static zh_rc find_pending(act *a, zh_pending *out)
{
    zh_ui *ui = a->r->ui;
    zh_pending *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_pending_list(&ui->ctx, ui->conn, zh_shown(a->r), &list, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (zh_str_eq(list[i].transition, a->transition->id)) {
            *out = list[i];
            return ZH_OK;
        }
    }
    return rc != ZH_OK ? rc
                       : zh_err_set(ui->err, ZH_ENOTFOUND, "pending.none",
                                    "没有等待复核的提请：已处理，或记录已经变了");
}

/* The first person's right must still be there: a post may have ended since. */
static zh_rc first_may_still(act *a, const zh_pending *p)
{
    zh_ui *ui = a->r->ui;
    bool may = false;
    zh_rc rc = zh_login_may_take(&ui->ctx, ui->conn, p->actor, a->r->reg, a->transition, &may);
    if (rc == ZH_OK && !may) {
        zh_err_set(ui->err, ZH_EDENIED, "pending.first", "提请人“%.*s”现在已无权办这一步",
                   ZH_FMT(p->actor));
        zh_err_fix(ui->err, "请退回这项提请，由有权的人重新提");
        rc = ZH_EDENIED;
    }
    return rc;
}

/* verdict=take applies what the first person asked for, verdict=return sends it back. */
static zh_rc second(zh_ui *ui)
{
    act a;
    zh_pending p;
    zh_rc rc = open_act(ui, &a);
    if (rc == ZH_OK) {
        rc = find_pending(&a, &p);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_applied done = {p.office, p.record, p.version};
    bool take = zh_str_is(zh_pairs_get(ui->request->form, "verdict"), "take");
    if (take && zh_str_eq(p.actor, ui->ctx.actor)) {
        return zh_err_set(ui->err, ZH_EDENIED, "pending.self", "不能复核自己提请的事项");
    }
    if (!take && !zh_str_eq(p.actor, ui->ctx.actor) &&
        !zh_may_take(&ui->ctx, a.r->reg, a.transition)) {
        return zh_err_set(ui->err, ZH_EDENIED, "record.denied", "您的角色不能退回这项提请");
    }
    if (take) {
        rc = zh_form_parse(ui->arena, p.form, &a.in.sent, ui->err);
        if (rc == ZH_OK) {
            rc = choose_fields(&a);
        }
        if (rc == ZH_OK) {
            rc = first_may_still(&a, &p);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        a.version = p.version;
        rc = apply(&a, p.actor, ui->ctx.actor, &done);
        if (rc != ZH_OK) {
            return answer_refused(&a, rc);
        }
    }
    rc = zh_pending_decide(&ui->ctx, &p, take);
    return rc == ZH_OK ? answer_done(&a, &done) : rc;
}

/* ---- routes ---------------------------------------------------------------------------------- */

#define ACT(name, show)                                                                            \
    static zh_rc handle_##name(const zh_http_request *request, zh_http_response *response,         \
                               zh_err *err)                                                        \
    {                                                                                              \
        return zh_ui_answer(request, response, err, show);                                         \
    }
ACT(form, form)
ACT(act, act_now)
ACT(second, second)
ACT(preview, preview)

ZH_ROUTE(page_step) = {.method = "GET",
                       .path = "/registers/{reg}/{id}/transitions/{transition}",
                       .en = "The form of a step of a record, as a page",
                       .may_wait = zh_ui_may_log,
                       .handle = handle_form};
ZH_ROUTE(record_step) = {.method = "POST",
                         .path = "/registers/{reg}/{id}/transitions/{transition}",
                         .body_max = FORM_BYTES_MAX,
                         .waits = true,
                         .upload_max = UPLOAD_BYTES_MAX,
                         .en = "Take a step: version, reason_code, reason, justification, f.FIELD",
                         .handle = handle_act};
ZH_ROUTE(page_preview) = {.method = "POST",
                          .path = "/registers/{reg}/{id}/transitions/{transition}/preview",
                          .body_max = FORM_BYTES_MAX,
                          .waits = true,
                          .upload_max = UPLOAD_BYTES_MAX,
                          .en = "The document of a step as it would be issued, as a page",
                          .handle = handle_preview};
ZH_ROUTE(record_second) = {.method = "POST",
                           .path = "/registers/{reg}/{id}/transitions/{transition}/second",
                           .body_max = FORM_BYTES_MAX,
                           .waits = true,
                           .en = "The second person of a step: verdict=take or return",
                           .handle = handle_second};
ZH_ROUTE(page_amend) = {.method = "GET",
                        .path = "/registers/{reg}/{id}/amend",
                        .en = "The form to correct a record, as a page",
                        .may_wait = zh_ui_may_log,
                        .handle = handle_form};
ZH_ROUTE(record_amend) = {.method = "POST",
                          .path = "/registers/{reg}/{id}/amend",
                          .body_max = FORM_BYTES_MAX,
                          .waits = true,
                          .upload_max = UPLOAD_BYTES_MAX,
                          .en = "Correct a record: version, reason, justification, f.FIELD",
                          .handle = handle_act};
