/* Erasing the personal values of a record: GET shows which there are and asks why, POST destroys
 * values and salts in every version. Entry, proofs and published figures stay as they are; that it
 * happened is a version of its own. */
#include "base/json.h"
#include "core/read/permission.h"
#include "core/record/pending.h"
#include "core/record/record.h"
#include "web/frame/form_part.h"
#include "web/frame/part.h"
#include "web/frame/problem.h"
#include "web/frame/receipt.h"
#include "web/frame/session.h"
#include "web/record/act.h"
#include <inttypes.h>

enum { FORM_BYTES_MAX = 64 << 10, ERASES = ZH_RIGHT_ERASE | ZH_RIGHT_ERASE_TWO };

typedef struct personal {
    const zh_field *field;
    zh_str name; /* of the form: FIELD, TABLE.COLUMN */
    zh_str label;
} personal;

typedef struct erasing {
    zh_shown_record *r;
    personal *fields;
    size_t n;
    zh_pairs sent; /* the form, or what somebody asked for */
    bool two;      /* the reader needs a second person */
    zh_err why;
} erasing;

/* ---- what is personal ------------------------------------------------------------------------ */

static void add(erasing *e, const zh_field *field, const zh_field *table)
{
    zh_ui *ui = e->r->ui;
    zh_str label = zh_ui_label(ui, field->label);
    personal *p = &e->fields[e->n++];
    p->field = field;
    p->name = table == NULL
                  ? field->id
                  : zh_str_fmt(ui->arena, "%.*s.%.*s", ZH_FMT(table->id), ZH_FMT(field->id));
    p->label = table == NULL ? label
                             : zh_str_fmt(ui->arena, "%.*s · %.*s",
                                          ZH_FMT(zh_ui_label(ui, table->label)), ZH_FMT(label));
}

static void find_personal(erasing *e)
{
    const zh_register *reg = e->r->reg;
    size_t most = 0;
    for (size_t i = 0; i < reg->nfields; i++) {
        most += 1 + reg->fields[i].ncolumns;
    }
    e->fields = ZH_NEW_N(e->r->ui->arena, personal, most + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        if (field->pipl != ZH_PIPL_NONE) {
            add(e, field, NULL);
            continue;
        }
        for (size_t c = 0; c < field->ncolumns; c++) {
            if (field->columns[c].pipl != ZH_PIPL_NONE) {
                add(e, &field->columns[c], field);
            }
        }
    }
}

static zh_rc open_erasing(zh_ui *ui, erasing *e)
{
    *e = (erasing){.r = ZH_NEW(ui->arena, zh_shown_record), .why = zh_err_beside(ui->err)};
    zh_rc rc = zh_shown_read(ui, e->r);
    if (rc != ZH_OK) {
        return rc;
    }
    unsigned rights = zh_rights(&ui->ctx, e->r->reg);
    e->sent = ui->request->form;
    e->two = (rights & ZH_RIGHT_ERASE) == 0;
    if ((rights & ERASES) == 0) {
        zh_err_set(ui->err, ZH_EDENIED, "record.denied", "您的角色不能删除“%.*s”的个人信息",
                   ZH_FMT(zh_ui_label(ui, e->r->reg->label)));
        zh_err_fix(ui->err, "由登记册 access 里有 erase 或 erase_two（两人）的岗位办理");
        return ZH_EDENIED;
    }
    e->r->at = e->r->nversions - 1;
    find_personal(e);
    if (e->n == 0) {
        return zh_err_set(ui->err, ZH_EINVAL, "record.erase", "“%.*s”没有个人信息字段",
                          ZH_FMT(zh_ui_label(ui, e->r->reg->label)));
    }
    return ZH_OK;
}

bool zh_erasing_possible(zh_shown_record *r)
{
    erasing e = {.r = r, .why = zh_err_beside(r->ui->err)};
    find_personal(&e);
    return e.n > 0 && zh_shown_is_live(r) && (zh_rights(&r->ui->ctx, r->reg) & ERASES) != 0;
}

zh_str zh_erasing_url(zh_ui *ui, const zh_record *record)
{
    return zh_str_fmt(
        ui->arena, "%.*s/erase",
        ZH_FMT(zh_url_record(ui->arena, record->reg->id, record->office, record->id)));
}

/* ---- the form -------------------------------------------------------------------------------- */

static bool was_sent(const erasing *e, const personal *p)
{
    for (size_t i = 0; i < e->sent.n; i++) {
        if (zh_str_is(e->sent.p[i].name, "erase") &&
            (zh_str_eq(e->sent.p[i].value, p->name) || zh_str_is(e->sent.p[i].value, "*"))) {
            return true;
        }
    }
    return false;
}

/* One box to tick: none is ticked by itself. */
static void choice(erasing *e, const personal *p)
{
    zh_ui *ui = e->r->ui;
    zh_html *h = &ui->html;
    const zh_record *now = zh_shown(e->r);
    zh_html_open(h, "label", "check");
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "checkbox");
    zh_html_attr_z(h, "name", "erase");
    zh_html_attr(h, "value", p->name);
    if (was_sent(e, p)) {
        zh_html_flag(h, "checked");
    }
    zh_html_close(h);
    zh_html_z(h, " ");
    zh_html_text(h, p->label);
    if (p->field->table == NULL && p->field->type != ZH_TYPE_TABLE) {
        zh_str value = zh_show_text(&e->r->show, p->field, &now->values[p->field->index]);
        zh_html_z(h, " ");
        zh_html_leaf_value(h, "span", "mu", value);
    }
    zh_html_close(h);
}

static void put_reason(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field wide");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_ERASE_REASON));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", "reason");
    zh_html_flag(h, "required");
    zh_html_attr(h, "value", zh_pairs_get(ui->request->form, "reason"));
    zh_html_close(h);
    zh_html_close(h);
}

/* ---- the second person ----------------------------------------------------------------------- */

/* Under which a request to erase from this record waits. */
static zh_str subject_of(const erasing *e)
{
    const zh_record *now = zh_shown(e->r);
    return zh_str_fmt(e->r->ui->arena, "_erase/%.*s/%" PRId64 "-%" PRId64, ZH_FMT(e->r->reg->id),
                      now->office, now->id);
}

static bool same_rows(const zh_record *a, const zh_record *b, const zh_field *column)
{
    const zh_field *table = column->table;
    const zh_rows *before = &a->tables[table->index];
    const zh_rows *now = &b->tables[table->index];
    bool same = before->n == now->n;
    for (size_t i = 0; i < before->n && same; i++) {
        size_t at = i * table->ncolumns + column->index;
        same = zh_value_same(&before->values[at], &now->values[at]);
    }
    return same;
}

static bool is_same(const erasing *e, const zh_record *then, const zh_field *field)
{
    const zh_record *now = zh_shown(e->r);
    if (then == now) {
        return true;
    }
    if (zh_field_masked(&e->r->ui->ctx, field)) {
        return false; /* the reader cannot tell */
    }
    if (field->table != NULL) {
        return same_rows(then, now, field);
    }
    bool same = true;
    for (size_t c = 0; c < field->ncolumns && same; c++) {
        same = same_rows(then, now, &field->columns[c]);
    }
    return same && (field->type == ZH_TYPE_TABLE ||
                    zh_value_same(&then->values[field->index], &now->values[field->index]));
}

/* A request holds for the values on which it was made: a step or a time limit may have made another
 * version since, a correction of what is to be erased ends it. */
static bool holds(erasing *e, zh_pairs form)
{
    int64_t version = 0;
    const zh_record *then = NULL;
    zh_pairs own = e->sent;
    zh_rc rc = zh_str_i64(zh_pairs_get(form, "version"), &version);
    for (size_t i = 0; rc == ZH_OK && i < e->r->nversions; i++) {
        const zh_record *record = e->r->versions[i].record;
        then = record->version == version ? record : then;
    }
    bool same = then != NULL;
    e->sent = form;
    for (size_t i = 0; i < e->n && same; i++) {
        same = !was_sent(e, &e->fields[i]) || is_same(e, then, e->fields[i].field);
    }
    e->sent = own;
    return same;
}

static zh_str labels_of(erasing *e, zh_pairs form)
{
    zh_ui *ui = e->r->ui;
    zh_pairs own = e->sent;
    zh_str out = ZH_STR("");
    e->sent = form;
    for (size_t i = 0; i < e->n; i++) {
        if (was_sent(e, &e->fields[i])) {
            out = zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(out),
                             ZH_FMT(out.n > 0 ? zh_ui_text(ui, ZH_T_SEP) : out),
                             ZH_FMT(e->fields[i].label));
        }
    }
    e->sent = own;
    return out;
}

static void verdict(zh_ui *ui, const char *value, zh_text_id text)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "button", "btn");
    zh_html_attr_z(h, "type", "submit");
    zh_html_attr_z(h, "name", "verdict");
    zh_html_attr_z(h, "value", value);
    zh_html_text(h, zh_ui_text(ui, text));
    zh_html_close(h);
}

/* What somebody has asked for and another has yet to confirm. */
static zh_rc waiting(erasing *e)
{
    zh_ui *ui = e->r->ui;
    zh_html *h = &ui->html;
    zh_pending *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_pending_asked(&ui->ctx, ui->conn, subject_of(e), &list, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_pairs form = {0};
        rc = zh_form_parse(ui->arena, list[i].form, &form, ui->err);
        bool own = zh_str_eq(list[i].actor, ui->ctx.actor);
        bool stands = rc == ZH_OK && holds(e, form);
        if (rc != ZH_OK || (!stands && !own)) {
            continue;
        }
        zh_part_note_open(ui, ZH_NOTE_WATCH);
        zh_html_leaf_value(h, "p", NULL,
                           ZH_SAY(ui, ZH_T_ERASE_WAITS, zh_show_actor(ui, list[i].actor),
                                  zh_ui_time(ui, list[i].at), labels_of(e, form),
                                  zh_pairs_get(form, "reason")));
        zh_html_open(h, "form", "bar");
        zh_html_attr_z(h, "method", "post");
        zh_html_link(h, "action", zh_erasing_url(ui, zh_shown(e->r)));
        zh_form_hidden(ui, "asked", zh_str_fmt(ui->arena, "%" PRId64, list[i].id));
        if (own) {
            zh_html_leaf(h, "span", "why",
                         zh_ui_text(ui, stands ? ZH_T_ACT_OWN : ZH_T_ERASE_LAPSED));
        } else {
            verdict(ui, "take", ZH_T_ACT_CONFIRM);
        }
        verdict(ui, "return", ZH_T_ACT_REJECT);
        zh_html_close(h);
        zh_part_note_close(ui);
    }
    return rc;
}

static zh_rc show_form(zh_ui *ui, erasing *e)
{
    zh_html *h = &ui->html;
    const zh_record *now = zh_shown(e->r);
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REGISTERS,
                       .title = ZH_SAY(ui, ZH_T_ERASE_TITLE, zh_ui_label(ui, e->r->reg->label),
                                       zh_show_key(ui, now)),
                       .above = zh_ui_text(ui, ZH_T_ACT_BACK),
                       .above_url = zh_url_record(ui->arena, e->r->reg->id, now->office, now->id),
                       .css = ZH_STR("register.css")});
    if (e->why.rc != ZH_OK) {
        zh_part_note(ui, ZH_NOTE_ACT,
                     e->why.fix[0] == '\0'
                         ? zh_str_of(e->why.message)
                         : zh_str_fmt(ui->arena, "%s；%s", e->why.message, e->why.fix));
    }
    zh_rc rc = waiting(e);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_ERASE_WARN));
    if (e->two) {
        zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_ACT_TWO));
    }
    zh_html_open(h, "form", "sheet formgrid");
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", zh_erasing_url(ui, now));
    zh_form_hidden(ui, "version", zh_str_fmt(ui->arena, "%" PRId32, now->version));
    zh_html_open(h, "fieldset", "rows wide");
    zh_html_leaf(h, "legend", NULL, zh_ui_text(ui, ZH_T_ERASE_WHICH));
    for (size_t i = 0; i < e->n; i++) {
        zh_html_open(h, "p", NULL);
        choice(e, &e->fields[i]);
        zh_html_close(h);
    }
    zh_html_close(h);
    put_reason(ui);
    zh_html_open(h, "p", "bar wide");
    zh_html_open(h, "button", "btn pri");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, e->two ? ZH_T_ACT_ASK : ZH_T_ERASE_GO));
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc form(zh_ui *ui)
{
    erasing e;
    zh_rc rc = open_erasing(ui, &e);
    return rc == ZH_OK ? show_form(ui, &e) : rc;
}

/* ---- doing it -------------------------------------------------------------------------------- */

/* actor: who asked for it, with the reader as the second person; empty: the reader alone. */
static zh_rc erase(erasing *e, zh_str actor, zh_applied *out)
{
    zh_ui *ui = e->r->ui;
    zh_ctx ctx = ui->ctx;
    zh_findings findings = {0};
    int64_t version = 0;
    zh_change *changes = ZH_NEW_N(ui->arena, zh_change, e->n + 1);
    zh_op op = {.kind = ZH_OP_ERASE,
                .reg = e->r->reg,
                .office = zh_shown(e->r)->office,
                .id = zh_shown(e->r)->id,
                .changes = changes,
                .reason = zh_str_trim(zh_pairs_get(e->sent, "reason"))};
    ctx.err = &e->why;
    if (actor.n > 0) {
        op.second_actor = ctx.actor;
        ctx.actor = actor;
    }
    for (size_t i = 0; i < e->n; i++) {
        if (was_sent(e, &e->fields[i])) {
            changes[op.nchanges++] = (zh_change){.field = e->fields[i].field};
        }
    }
    if (op.nchanges == 0) { /* the core would take all of them */
        zh_err_set(&e->why, ZH_EINVAL, "record.erase", "没有选要删除的字段");
        zh_err_fix(&e->why, "勾选字段；程序用 erase=字段，可重复，* 指全部");
        return ZH_EINVAL;
    }
    if (zh_str_i64(zh_pairs_get(e->sent, "version"), &version) == ZH_OK && version > 0 &&
        version <= INT32_MAX) {
        op.version_expected = actor.n > 0 ? zh_shown(e->r)->version : (int32_t)version;
    }
    zh_ui_let_go(ui);
    return zh_record_apply(&ctx, &op, &findings, out);
}

static zh_rc answer_done(erasing *e, const zh_applied *done)
{
    zh_ui *ui = e->r->ui;
    if (zh_web_wants_html(ui->request)) {
        zh_str url = zh_url_record(ui->arena, e->r->reg->id, done->office, done->id);
        return zh_http_see_other(ui->request, ui->response, url);
    }
    zh_jw w;
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "office", zh_str_fmt(ui->arena, "%" PRId64, done->office));
    zh_jw_kv(&w, "id", zh_str_fmt(ui->arena, "%" PRId64, done->id));
    zh_jw_ki(&w, "version", done->version);
    zh_rc rc = zh_receipt_put(ui, e->r->reg, done, (zh_place){0, 0}, &w);
    zh_jw_object_end(&w);
    zh_buf_c(&ui->response->body, '\n');
    ui->response->type = "application/json; charset=utf-8";
    return rc;
}

/* The same request is the same text. */
static zh_str asked_text(const erasing *e)
{
    zh_buf text;
    zh_buf_init(&text, (size_t)FORM_BYTES_MAX * 3);
    zh_buf_fmt(&text, "version=%" PRId32 "&reason=", zh_shown(e->r)->version);
    zh_form_encode(&text, zh_str_trim(zh_pairs_get(e->sent, "reason")));
    for (size_t i = 0; i < e->n; i++) {
        if (was_sent(e, &e->fields[i])) {
            zh_buf_z(&text, "&erase=");
            zh_form_encode(&text, e->fields[i].name);
        }
    }
    zh_str out = zh_str_dup(e->r->ui->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

/* Kept for the second person; what would be refused then is refused now. */
static zh_rc ask_second(erasing *e)
{
    zh_ui *ui = e->r->ui;
    zh_ctx ctx = ui->ctx;
    size_t chosen = 0;
    ctx.err = &e->why;
    for (size_t i = 0; i < e->n; i++) {
        chosen += was_sent(e, &e->fields[i]);
    }
    zh_str version = zh_pairs_get(e->sent, "version");
    if (chosen == 0) {
        zh_err_set(&e->why, ZH_EINVAL, "record.erase", "没有选要删除的字段");
        zh_err_fix(&e->why, "勾选字段；程序用 erase=字段，可重复，* 指全部");
        return ZH_EINVAL;
    }
    if (zh_str_trim(zh_pairs_get(e->sent, "reason")).n == 0) {
        return zh_err_set(&e->why, ZH_EINVAL, "record.reason", "更正、删除或撤回须写明理由");
    }
    if (version.n > 0 && !holds(e, e->sent)) {
        return zh_err_set(&e->why, ZH_ECONFLICT, "record.stale",
                          "所选字段已被别人改动，请核对后再提请");
    }
    zh_str subject = subject_of(e);
    zh_str text = asked_text(e);
    zh_ui_let_go(ui);
    return zh_pending_ask(&ctx, subject, ZH_STR("erase"), text, zh_shown(e->r));
}

static zh_rc find_asked(erasing *e, zh_pending *out)
{
    zh_ui *ui = e->r->ui;
    zh_pending *list = NULL;
    size_t n = 0;
    int64_t id = 0;
    zh_rc rc = zh_str_i64(zh_pairs_get(e->sent, "asked"), &id) == ZH_OK
                   ? zh_pending_asked(&ui->ctx, ui->conn, subject_of(e), &list, &n)
                   : ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (list[i].id == id) {
            *out = list[i];
            return ZH_OK;
        }
    }
    return rc == ZH_OK ? zh_err_set(&e->why, ZH_ENOTFOUND, "pending.none",
                                    "没有等待复核的这一项：已处理过了")
                       : rc;
}

/* verdict=take erases in the names of both, verdict=return sends it back. */
static zh_rc decide(erasing *e, zh_applied *done, bool *taken)
{
    zh_ui *ui = e->r->ui;
    zh_pending p;
    zh_ctx ctx = ui->ctx;
    ctx.err = &e->why;
    *taken = zh_str_is(zh_pairs_get(e->sent, "verdict"), "take");
    zh_rc rc = find_asked(e, &p);
    if (rc == ZH_OK && *taken && zh_str_eq(p.actor, ctx.actor)) {
        rc = zh_err_set(&e->why, ZH_EDENIED, "pending.self", "不能复核自己提请的事项");
    }
    if (rc == ZH_OK) {
        rc = zh_form_parse(ui->arena, p.form, &e->sent, &e->why);
    }
    if (rc == ZH_OK && *taken && !holds(e, e->sent)) {
        zh_err_set(&e->why, ZH_ECONFLICT, "record.stale",
                   "提请之后所选字段已被更正，这项提请不再有效");
        zh_err_fix(&e->why, "请退回，由提请人核对后重新提请");
        rc = ZH_ECONFLICT;
    }
    if (rc == ZH_OK && *taken) {
        rc = erase(e, p.actor, done);
    } else if (rc == ZH_OK) {
        zh_ui_let_go(ui);
    }
    return rc == ZH_OK ? zh_pending_decide(&ctx, &p, *taken) : rc;
}

/* Asked for, or sent back: nothing has been erased. */
static zh_rc answer_waiting(erasing *e, bool asked)
{
    zh_ui *ui = e->r->ui;
    if (zh_web_wants_html(ui->request)) {
        return zh_http_see_other(ui->request, ui->response, zh_erasing_url(ui, zh_shown(e->r)));
    }
    zh_jw w;
    ui->response->status = asked ? 202 : 200;
    ui->response->type = "application/json; charset=utf-8";
    zh_jw_init(&w, &ui->response->body, 0);
    zh_jw_object(&w);
    zh_jw_kz(&w, "state", asked ? "waits for a second person" : "returned");
    zh_jw_object_end(&w);
    return ZH_OK;
}

static zh_rc erase_now(zh_ui *ui)
{
    erasing e;
    zh_applied done;
    zh_rc rc = open_erasing(ui, &e);
    if (rc != ZH_OK) {
        return rc;
    }
    bool decided = zh_pairs_get(e.sent, "verdict").n > 0;
    bool taken = !decided;
    rc = decided ? decide(&e, &done, &taken)
         : e.two ? ask_second(&e)
                 : erase(&e, ZH_STR(""), &done);
    if (rc == ZH_OK && (decided ? !taken : e.two)) {
        return answer_waiting(&e, !decided);
    }
    if (rc == ZH_OK) {
        return answer_done(&e, &done);
    }
    if (!zh_web_wants_html(ui->request)) {
        *ui->err = e.why;
        return rc;
    }
    ui->response->status = zh_problem_status_of(&e.why);
    rc = zh_ui_read_again(ui);
    return rc == ZH_OK ? show_form(ui, &e) : rc;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_form(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, form);
}
static zh_rc handle_erase(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, erase_now);
}

ZH_ROUTE(page_erase) = {.method = "GET",
                        .path = "/registers/{reg}/{id}/erase",
                        .en = "The form to erase personal values of a record, as a page",
                        .may_wait = zh_ui_may_log,
                        .handle = handle_form};
ZH_ROUTE(record_erase) = {
    .method = "POST",
    .path = "/registers/{reg}/{id}/erase",
    .body_max = FORM_BYTES_MAX,
    .waits = true,
    .en = "Erase personal values for good: version, reason, erase=FIELD or TABLE.COLUMN or *",
    .handle = handle_erase};
