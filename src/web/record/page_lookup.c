/* GET /lookup: asks for a case's number and query code; POST /lookup: what is public of the case,
 * and a step of the party that the declaration opens to number and code.
 * The code stands in no URL, so that it is in no history and no log. */
#include "core/people/lookup.h"
#include "core/read/permission.h"
#include "core/record/step.h"
#include "model/contact.h"
#include "web/frame/form_part.h"
#include "web/frame/input.h"
#include "web/frame/problem.h"
#include "web/record/lookup.h"
#include <inttypes.h>
#include <string.h>

enum { FORM_BYTES_MAX = 4 << 10 };

/* ---- asking ---------------------------------------------------------------------------------- */

/* Where the reader may hand in a matter that gets a query code; NULL: nowhere. */
static const zh_register *where_to_report(const zh_ui *ui)
{
    const zh_model *model = ui->ctx.model;
    zh_contact contact;
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (zh_contact_of(reg, &contact) && (zh_rights(&ui->ctx, reg) & ZH_RIGHT_CREATE) != 0) {
            return reg;
        }
    }
    return NULL;
}

static void ask(zh_ui *ui, zh_str number)
{
    zh_form_open(ui, ZH_STR("/lookup"));
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOOKUP_NUMBER,
                                       .name = "no",
                                       .type = "text",
                                       .value = number,
                                       .hint = zh_ui_text(ui, ZH_T_LOOKUP_NUMBER_HINT)});
    zh_form_field(ui, &(zh_form_input){.label = ZH_T_LOOKUP_CODE,
                                       .name = "code",
                                       .type = "text",
                                       .hint = zh_ui_text(ui, ZH_T_LOOKUP_CODE_HINT)});
    zh_html_open(&ui->html, "p", "bar");
    zh_form_button(ui, ZH_T_LOOKUP_GO, "btn pri");
    const zh_register *reg = where_to_report(ui);
    if (reg != NULL) {
        zh_html_a(&ui->html, "btn", zh_str_fmt(ui->arena, "/registers/%.*s/new", ZH_FMT(reg->id)),
                  zh_ui_text(ui, ZH_T_LOOKUP_NEW));
    }
    zh_html_close(&ui->html);
    zh_html_close(&ui->html);
}

static void show_form(zh_ui *ui, const zh_err *err, zh_str number)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_LOOKUP,
                                    .title = zh_ui_text(ui, ZH_T_LOOKUP_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_LOOKUP_LEDE),
                                    .citizen = true});
    zh_part_section_open(ui, "ask", ZH_STR(""), false);
    zh_form_problem(ui, err);
    ask(ui, number);
    zh_part_section_close(ui);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static zh_str day(const zh_ui *ui, zh_time t)
{
    char text[16];
    (void)zh_date_format(zh_time_date(t), text);
    return zh_str_fmt(ui->arena, "%s", text);
}

static zh_str state_words(const zh_ui *ui, const zh_state *state)
{
    return zh_ui_label(ui, ui->lang == ZH_LANG_EN && state->public_name.en.n == 0
                               ? state->label
                               : state->public_name);
}

static zh_str clock_words(zh_ui *ui, const zh_clock_state *s)
{
    zh_time now = zh_now();
    if (s->ended) {
        return ZH_SAY(ui, s->breached ? ZH_T_LOOKUP_KEPT_LATE : ZH_T_LOOKUP_KEPT,
                      day(ui, s->ended_at));
    }
    if (s->suspended || !s->has_due) {
        return zh_ui_text(ui, s->suspended ? ZH_T_LOOKUP_STANDS : ZH_T_LOOKUP_OPEN);
    }
    if (s->due_at <= now) {
        return ZH_SAY(ui, ZH_T_LOOKUP_LATE, day(ui, s->due_at - 1));
    }
    int64_t left = zh_time_date(s->due_at - 1) - zh_time_date(now);
    return left == 0 ? zh_ui_text(ui, ZH_T_LOOKUP_DUE_TODAY)
                     : ZH_SAY(ui, ZH_T_LOOKUP_DUE, day(ui, s->due_at - 1), zh_ui_count(ui, left));
}

/* The case as a sentence: where it is, and the next public end. */
static zh_str finding(zh_ui *ui, const zh_lookup *found)
{
    zh_str what = zh_ui_label(ui, found->reg->label);
    zh_str state = found->nsteps > 0 ? state_words(ui, found->steps[found->nsteps - 1].state)
                                     : zh_ui_text(ui, ZH_T_LOOKUP_STEPS);
    zh_time due = 0;
    for (size_t i = 0; i < found->nclocks && !found->ended; i++) {
        const zh_clock_state *s = &found->clocks[i].state;
        bool open = !s->ended && !s->suspended && s->has_due && s->due_at > zh_now();
        due = open && (due == 0 || s->due_at < due) ? s->due_at : due;
    }
    return due == 0 ? ZH_SAY(ui, ZH_T_LOOKUP_STATE, what, state)
                    : ZH_SAY(ui, ZH_T_LOOKUP_STATE_DUE, what, state, day(ui, due - 1));
}

static void facts(zh_ui *ui, const zh_lookup *found)
{
    zh_html *h = &ui->html;
    zh_str office = zh_str_fmt(ui->arena, "%" PRId64, found->handler_office);
    zh_str place = zh_ui_region(ui, office);
    zh_part_section_open(ui, "facts", ZH_STR(""), false);
    zh_part_kv_open(ui);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_LOOKUP_NUMBER));
    zh_html_leaf_value(h, "span", "mono", found->number);
    zh_html_close(h);
    if (!zh_str_eq(place, office)) { /* else the office is no place */
        zh_part_kv(ui, zh_ui_text(ui, ZH_T_LOOKUP_WHERE), place);
    }
    for (size_t i = 0; i < found->nclocks; i++) {
        const zh_lookup_clock *c = &found->clocks[i];
        zh_part_kv(ui, zh_ui_label(ui, c->clock->label), clock_words(ui, &c->state));
    }
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void steps(zh_ui *ui, const zh_lookup *found)
{
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "steps", zh_ui_text(ui, ZH_T_LOOKUP_STEPS), false);
    zh_part_timeline_open(ui);
    for (size_t i = 0; i < found->nsteps; i++) {
        const zh_lookup_step *s = &found->steps[i];
        zh_part_timeline_item(ui, i + 1 < found->nsteps ? ZH_STEP_DONE : ZH_STEP_NOW, ZH_STR(""));
        zh_html_leaf_value(h, "b", NULL, state_words(ui, s->state));
        zh_html_open(h, "p", NULL);
        zh_html_leaf(h, "time", NULL, zh_ui_time(ui, s->at));
        zh_html_z(h, " ");
        zh_part_seal(ui, zh_part_sealed(ui, s->position));
        zh_html_close(h);
        zh_html_close(h);
    }
    zh_part_timeline_close(ui);
    zh_part_section_close(ui);
}

/* ---- what the party may do ------------------------------------------------------------------ */

/* One step that was asked for, or is offered. */
typedef struct party_step {
    const zh_transition *transition;
    const zh_field **fields;
    size_t nfields;
    zh_show show;
    zh_findings findings;
    zh_inputs in;
    zh_err why;
    bool done;
} party_step;

static void open_step(zh_ui *ui, const zh_lookup *found, const zh_transition *t, party_step *s)
{
    *s = (party_step){.transition = t, .why = zh_err_beside(ui->err)};
    zh_show_init(&s->show, ui, ZH_AS_OF_NOW);
    s->in = (zh_inputs){.ui = ui, .show = &s->show, .reg = found->reg, .findings = &s->findings};
    s->fields = ZH_NEW_N(ui->arena, const zh_field *, found->reg->nfields + 1);
    for (size_t i = 0; i < found->reg->nfields; i++) {
        if (zh_step_asks(t, &found->reg->fields[i])) {
            s->fields[s->nfields++] = &found->reg->fields[i];
        }
    }
}

static void put_step(zh_ui *ui, const zh_lookup *found, party_step *s)
{
    zh_html *h = &ui->html;
    const zh_transition *t = s->transition;
    zh_part_section_open(ui, t->id.p, zh_ui_label(ui, t->label), false);
    zh_input_problems(&s->in, &s->why, s->fields, s->nfields);
    zh_html_open(h, "form", "sheet formgrid");
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ZH_STR("/lookup"));
    zh_form_hidden(ui, "no", zh_form_sent(ui, "no"));
    zh_form_hidden(ui, "code", zh_form_sent(ui, "code"));
    zh_form_hidden(ui, "step", t->id);
    zh_form_hidden(ui, "version", zh_str_fmt(ui->arena, "%" PRId32, found->version));
    for (size_t i = 0; i < s->nfields; i++) {
        zh_input_field(&s->in, s->fields[i], zh_step_needs(t, s->fields[i]));
    }
    if (t->reasons != NULL) {
        zh_input_reasons(ui, t->reasons, zh_pairs_get(s->in.sent, "reason_code"));
    }
    zh_html_open(h, "p", "bar wide");
    zh_form_button(ui, ZH_T_ACT_GO, "btn pri");
    zh_html_close(h);
    zh_html_close(h);
    zh_part_section_close(ui);
}

/* Each step that is open; the one that was refused as it was sent. */
static void put_steps(zh_ui *ui, const zh_lookup *found, party_step *sent)
{
    for (size_t i = 0; i < found->nmay; i++) {
        party_step *s = sent;
        if (sent == NULL || sent->transition != found->may[i] || sent->done) {
            s = ZH_NEW(ui->arena, party_step);
            open_step(ui, found, found->may[i], s);
        }
        put_step(ui, found, s);
    }
}

/* Takes the step on the version that its form was made on. */
static zh_rc take(zh_ui *ui, zh_lookup *found, party_step *s)
{
    zh_ctx ctx = ui->ctx;
    zh_applied done;
    int64_t version = 0;
    zh_change *changes = ZH_NEW_N(ui->arena, zh_change, s->nfields + 1);
    zh_op op = {.changes = changes, .reason_code = zh_form_sent(ui, "reason_code")};
    zh_lookup then = *found;
    ctx.err = &s->why;
    s->in.sent = ui->request->form;
    if (zh_str_i64(zh_form_sent(ui, "version"), &version) == ZH_OK && version > 0 &&
        version <= INT32_MAX) {
        then.version = (int32_t)version;
    }
    zh_rc rc = zh_input_read(&s->in, s->fields, s->nfields, changes, &op.nchanges, &s->why);
    if (rc == ZH_OK) {
        zh_ui_let_go(ui);
        rc = zh_lookup_act(&ctx, &then, s->transition, &op, &s->findings, &done);
    }
    s->done = rc == ZH_OK;
    ui->response->status = s->done ? 200 : zh_problem_status_of(&s->why);
    rc = ui->conn == NULL ? zh_ui_read_again(ui) : ZH_OK;
    ctx.err = ui->err;
    return rc == ZH_OK && s->done ? zh_lookup_find(&ctx, ui->conn, zh_form_sent(ui, "no"),
                                                   zh_form_sent(ui, "code"), found)
                                  : rc;
}

/* The step that was sent with number and code. ZH_EDENIED lookup.step: it is not open now. */
static zh_rc take_sent(zh_ui *ui, zh_lookup *found, party_step **out)
{
    zh_str id = zh_form_sent(ui, "step");
    *out = NULL;
    if (id.n == 0) {
        return ZH_OK;
    }
    for (size_t i = 0; i < found->nmay; i++) {
        if (zh_str_eq(found->may[i]->id, id)) {
            *out = ZH_NEW(ui->arena, party_step);
            open_step(ui, found, found->may[i], *out);
            return take(ui, found, *out);
        }
    }
    zh_err_set(ui->err, ZH_EDENIED, "lookup.step", "这一步现在不能凭查询码办理");
    zh_err_fix(ui->err, "凭编号和查询码再查一次，看现在办到哪一步、可以做什么");
    return ZH_EDENIED;
}

static void show_found(zh_ui *ui, const zh_lookup *found, party_step *sent)
{
    zh_html *h = &ui->html;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_LOOKUP,
                                    .title = finding(ui, found),
                                    .above = zh_ui_text(ui, ZH_T_NAV_LOOKUP),
                                    .above_url = ZH_STR("/lookup"),
                                    .css = ZH_STR("register.css"),
                                    .citizen = true});
    zh_html_open(h, "div", "stack");
    if (sent != NULL && sent->done) {
        zh_part_note(ui, ZH_NOTE_QING,
                     ZH_SAY(ui, ZH_T_LOOKUP_DONE, zh_ui_label(ui, sent->transition->label)));
    }
    facts(ui, found);
    put_steps(ui, found, sent);
    steps(ui, found);
    zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_LOOKUP_ONLY));
    zh_html_open(h, "p", NULL);
    zh_html_a(h, "btn", ZH_STR("/lookup"), zh_ui_text(ui, ZH_T_LOOKUP_AGAIN));
    zh_html_close(h);
    zh_html_close(h);
}

static zh_rc get(zh_ui *ui)
{
    zh_str number = zh_str_sub(zh_http_param(ui->request, "no"), 0, ZH_LOOKUP_NUMBER_MAX);
    show_form(ui, &(zh_err){0}, number);
    return ZH_OK;
}

static zh_rc find(zh_ui *ui)
{
    zh_lookup found;
    zh_err why = {0};
    zh_ctx ctx = ui->ctx;
    zh_str number = zh_form_sent(ui, "no");
    ctx.err = &why;
    zh_rc rc = zh_lookup_find(&ctx, ui->conn, number, zh_form_sent(ui, "code"), &found);
    if (rc == ZH_OK) {
        party_step *sent = NULL;
        rc = take_sent(ui, &found, &sent);
        if (rc == ZH_OK) {
            show_found(ui, &found, sent);
        }
        return rc;
    }
    if (rc != ZH_EDENIED && rc != ZH_EBUSY) {
        *ui->err = why;
        return rc;
    }
    ui->response->status = rc == ZH_EBUSY ? 429 : 403;
    show_form(ui, &why, zh_str_sub(number, 0, ZH_LOOKUP_NUMBER_MAX));
    return ZH_OK;
}

/* ---- what is given with a new case ----------------------------------------------------------- */

bool zh_lookup_is_given(const zh_ui *ui, const zh_register *reg)
{
    zh_contact contact;
    return zh_contact_of(reg, &contact) && (zh_rights(&ui->ctx, reg) & ZH_RIGHT_READ) == 0;
}

zh_rc zh_lookup_made(zh_ui *ui, const zh_register *reg, const zh_applied *made)
{
    zh_html *h = &ui->html;
    zh_str number;
    zh_str code;
    zh_rc rc = ui->conn == NULL ? zh_ui_read_again(ui) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_lookup_given(&ui->ctx, ui->conn, reg, made->office, made->id, &number, &code);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    ui->response->status = 201;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_LOOKUP,
                                    .title = ZH_SAY(ui, ZH_T_LOOKUP_MADE, number),
                                    .lede = zh_ui_text(ui, ZH_T_LOOKUP_MADE_LEDE),
                                    .citizen = true});
    zh_part_section_open(ui, "given", ZH_STR(""), false);
    zh_html_open(h, "dl", "kv given");
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_LOOKUP_NUMBER));
    zh_html_leaf_value(h, "b", "mono", number);
    zh_html_close(h);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_LOOKUP_CODE));
    zh_html_leaf_value(h, "b", "mono", code);
    zh_html_close(h);
    zh_html_close(h);
    zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_LOOKUP_MADE_ONCE));
    zh_form_open(ui, ZH_STR("/lookup"));
    zh_form_hidden(ui, "no", number);
    zh_form_hidden(ui, "code", code);
    zh_form_button(ui, ZH_T_LOOKUP_SEE, "btn pri");
    zh_html_close(h);
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_get(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, get);
}

static zh_rc handle_find(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, find);
}

ZH_ROUTE(page_lookup) = {.method = "GET",
                         .reach = ZH_REACH_OPEN,
                         .path = "/lookup",
                         .en = "The form to find one's own case, as a page; no fills in the number",
                         .handle = handle_get};
ZH_ROUTE(lookup) = {.method = "POST",
                    .reach = ZH_REACH_OPEN,
                    .path = "/lookup",
                    .body_max = FORM_BYTES_MAX,
                    .waits = true,
                    .en = "What is public of a case, by its number and query code: no, code; step, "
                          "version and f.FIELD "
                          "take a step that its party may",
                    .handle = handle_find};
