/* GET /registers/{reg}/new: the form of a new record, made from the declaration; POST makes it.
 * GET /registers/{reg}/choices/{field}: codes and records that a text may mean, for the inputs.
 * GET /registers/{reg}/{id}/files/{field}: the file of a record. */
#include "base/json.h"
#include "base/os.h"
#include "base/utf8.h"
#include "core/read/permission.h"
#include "web/frame/input.h"
#include "web/frame/part.h"
#include "web/frame/problem.h"
#include "web/frame/session.h"
#include "web/record/act.h"
#include "web/record/lookup.h"
#include <inttypes.h>
#include <string.h>

enum { FORM_BYTES_MAX = 1 << 20, UPLOAD_BYTES_MAX = 50 << 20, SERVED_BYTES_MAX = 60 << 20 };

typedef struct making {
    zh_ui *ui;
    const zh_register *reg;
    const zh_field **fields; /* that this reader may fill */
    size_t nfields;
    zh_show show;
    zh_findings findings;
    zh_inputs in;
    zh_err why;
} making;

static zh_rc find_register(zh_ui *ui, const zh_register **out)
{
    zh_str name = zh_http_arg(ui->request, "reg");
    *out = zh_model_register(ui->ctx.model, name);
    if (*out == NULL) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "query.register", "没有登记册“%.*s”", ZH_FMT(name));
        zh_err_fix(ui->err, "全部登记册见 /registers");
        return ZH_ENOTFOUND;
    }
    return ZH_OK;
}

/* ZH_EDENIED permission.mask: a field was sent that the reader may not see; it is not left out. */
static zh_rc open_making(zh_ui *ui, making *m)
{
    *m = (making){.ui = ui, .why = zh_err_beside(ui->err)};
    zh_rc rc = find_register(ui, &m->reg);
    if (rc == ZH_OK) {
        rc = zh_right_need(&ui->ctx, m->reg, ZH_RIGHT_CREATE);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_show_init(&m->show, ui, ZH_AS_OF_NOW);
    m->in = (zh_inputs){.ui = ui,
                        .show = &m->show,
                        .reg = m->reg,
                        .sent = ui->request->form,
                        .findings = &m->findings};
    m->fields = ZH_NEW_N(ui->arena, const zh_field *, m->reg->nfields + 1);
    for (size_t i = 0; i < m->reg->nfields && rc == ZH_OK; i++) {
        const zh_field *field = &m->reg->fields[i];
        if (zh_input_possible(&m->in, field)) {
            m->fields[m->nfields++] = field;
        } else if (zh_input_was_sent(&m->in, field)) {
            rc = zh_mask_allows_field(&ui->ctx, field);
            rc = rc == ZH_OK ? zh_err_set(ui->err, ZH_EDENIED, "field.computed",
                                          "“%.*s”由系统推算，不能填写",
                                          ZH_FMT(zh_label_for(ui->err, field->label)))
                             : rc;
        }
    }
    return rc;
}

/* Values that a link brought: ?f.FIELD=…, of a record that leads to this one. Who speaks for one
 * enterprise, laboratory … writes about it: a reference to its register names it already. */
static void take_given(making *m)
{
    zh_ui *ui = m->ui;
    zh_pairs given = ui->request->params;
    const zh_record *self = ui->ctx.post != NULL ? ui->ctx.post->self : NULL;
    zh_pair *pairs = ZH_NEW_N(ui->arena, zh_pair, given.n + m->nfields + 1);
    size_t n = given.n;
    if (n > 0) {
        memcpy(pairs, given.p, n * sizeof(*pairs));
    }
    for (size_t i = 0; i < m->nfields && self != NULL; i++) {
        const zh_field *field = m->fields[i];
        if (field->type == ZH_TYPE_REF && field->required && field->target == self->reg) {
            zh_str name = zh_str_fmt(ui->arena, "f.%.*s", ZH_FMT(field->id));
            pairs[n++] = (zh_pair){name, zh_show_key(ui, self)};
        }
    }
    m->in.sent = (zh_pairs){pairs, n};
}

/* Filled at a later step, or by one. */
static bool is_later(const zh_register *reg, const zh_field *field)
{
    bool later = false;
    for (size_t i = 0; i < reg->ntransitions && !field->required; i++) {
        const zh_transition *t = &reg->transitions[i];
        for (size_t k = 0; k < t->nneed; k++) {
            later = later || t->need[k] == field;
        }
        for (size_t k = 0; k < t->noptional; k++) {
            later = later || t->optional[k] == field;
        }
        for (size_t k = 0; k < t->nset; k++) {
            later = later || t->set[k].field == field;
        }
    }
    for (size_t i = 0; i < reg->ndocuments; i++) {
        const zh_document *d = &reg->documents[i];
        later = later || d->file == field || d->number_field == field;
    }
    return later;
}

static void put_fields(making *m, bool later)
{
    for (size_t i = 0; i < m->nfields; i++) {
        const zh_field *field = m->fields[i];
        if (is_later(m->reg, field) == later) {
            zh_input_field(&m->in, field,
                           field->required ||
                               (field->type == ZH_TYPE_TABLE && field->rows_min > 0));
        }
    }
}

/* Folded, unless something in it is filled already. */
static void put_later(making *m)
{
    zh_html *h = &m->ui->html;
    size_t n = 0;
    bool filled = false;
    for (size_t i = 0; i < m->nfields; i++) {
        bool later = is_later(m->reg, m->fields[i]);
        n += later;
        filled = filled || (later && zh_input_sent(&m->in, m->fields[i]).n > 0);
    }
    if (n == 0) {
        return;
    }
    zh_html_open(h, "details", "wide");
    if (filled) {
        zh_html_flag(h, "open");
    }
    zh_html_leaf(h, "summary", NULL, ZH_SAY(m->ui, ZH_T_NEW_LATER, zh_ui_count(m->ui, (int64_t)n)));
    zh_html_open(h, "div", "formgrid");
    put_fields(m, true);
    zh_html_close(h);
    zh_html_close(h);
}

static void put_justification(making *m)
{
    zh_html *h = &m->ui->html;
    zh_str given = zh_pairs_get(m->in.sent, "justification");
    if (!m->findings.doubtful && given.n == 0) {
        return;
    }
    zh_html_open(h, "label", "field wide");
    zh_html_leaf(h, "span", NULL, zh_ui_text(m->ui, ZH_T_ACT_JUSTIFY));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", "justification");
    zh_html_attr(h, "value", given);
    zh_html_close(h);
    zh_html_close(h);
}

static zh_rc show_form(making *m)
{
    zh_ui *ui = m->ui;
    zh_html *h = &ui->html;
    zh_str label = zh_ui_label(ui, m->reg->label);
    zh_ui_head(ui,
               &(zh_ui_head_of){.nav = ZH_T_NAV_REGISTERS,
                                .title = ZH_SAY(ui, ZH_T_NEW_TITLE, label),
                                .lede = zh_ui_label(ui, m->reg->purpose),
                                .above = label,
                                .above_url = zh_url_register(ui->arena, m->reg->id, ZH_STR(""), -1),
                                .css = ZH_STR("register.css"),
                                .script = ZH_STR("form.js")});
    zh_input_problems(&m->in, &m->why, m->fields, m->nfields);
    zh_html_open(h, "form", "sheet formgrid");
    zh_html_attr_z(h, "method", "post");
    zh_html_attr_z(h, "data-draft", m->why.rc != ZH_OK ? "refused" : "");
    zh_html_link(h, "action", ui->request->path);
    zh_input_enctype(&m->in, m->fields, m->nfields);
    /* Enter in a field presses the first button: it must be the one that saves */
    zh_html_open(h, "button", "sr");
    zh_html_attr_z(h, "type", "submit");
    zh_html_attr_z(h, "tabindex", "-1");
    zh_html_text(h, zh_ui_text(ui, ZH_T_NEW_GO));
    zh_html_close(h);
    put_fields(m, false);
    put_later(m);
    put_justification(m);
    zh_html_open(h, "p", "bar wide");
    zh_html_leaf(h, "button", "btn pri", zh_ui_text(ui, ZH_T_NEW_GO));
    zh_html_a(h, "btn quiet", zh_url_register(ui->arena, m->reg->id, ZH_STR(""), -1),
              zh_ui_text(ui, ZH_T_NEW_CANCEL));
    zh_html_close(h);
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc form(zh_ui *ui)
{
    making m;
    zh_rc rc = open_making(ui, &m);
    if (rc == ZH_OK) {
        take_given(&m);
        rc = show_form(&m);
    }
    return rc;
}

/* ---- making it ------------------------------------------------------------------------------- */

static zh_rc make(making *m, zh_applied *out)
{
    zh_ui *ui = m->ui;
    zh_ctx ctx = ui->ctx;
    zh_change *changes = ZH_NEW_N(ui->arena, zh_change, m->nfields + 1);
    zh_op op = {.kind = ZH_OP_CREATE,
                .reg = m->reg,
                .changes = changes,
                .justification = zh_str_trim(zh_pairs_get(m->in.sent, "justification"))};
    ctx.err = &m->why;
    zh_rc rc = zh_input_files(&m->in, m->fields, m->nfields, &m->why);
    if (rc == ZH_OK) {
        rc = zh_input_read(&m->in, m->fields, m->nfields, changes, &op.nchanges, &m->why);
    }
    if (rc == ZH_OK) {
        zh_ui_let_go(ui);
        rc = zh_record_apply(&ctx, &op, &m->findings, out);
    }
    return rc;
}

static zh_rc answer_made(making *m, const zh_applied *made)
{
    zh_ui *ui = m->ui;
    if (zh_web_wants_html(ui->request) && zh_lookup_is_given(ui, m->reg)) {
        return zh_lookup_made(ui, m->reg, made);
    }
    if (zh_web_wants_html(ui->request)) {
        return zh_http_see_other(ui->request, ui->response,
                                 zh_url_record(ui->arena, m->reg->id, made->office, made->id));
    }
    zh_jw w;
    zh_jw_init(&w, &ui->response->body, 0);
    zh_jw_object(&w);
    zh_jw_ki(&w, "office", made->office);
    zh_jw_kv(&w, "id", zh_str_fmt(ui->arena, "%" PRId64, made->id));
    zh_jw_ki(&w, "version", made->version);
    zh_jw_object_end(&w);
    ui->response->status = 201;
    ui->response->type = "application/json; charset=utf-8";
    return ZH_OK;
}

static zh_rc create(zh_ui *ui)
{
    making m;
    zh_applied made;
    zh_rc rc = open_making(ui, &m);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_input_more_rows(&m.in)) {
        rc = zh_input_files(&m.in, m.fields, m.nfields, ui->err);
        return rc == ZH_OK ? show_form(&m) : rc;
    }
    rc = make(&m, &made);
    if (rc == ZH_OK) {
        return answer_made(&m, &made);
    }
    if (!zh_web_wants_html(ui->request) || m.why.rc == ZH_OK) {
        *ui->err = m.why;
        return rc;
    }
    ui->response->status = zh_problem_status(rc);
    rc = zh_ui_read_again(ui);
    return rc == ZH_OK ? show_form(&m) : rc;
}

/* ---- choices --------------------------------------------------------------------------------- */

static void put_choice(zh_jw *w, zh_str value, zh_str label)
{
    zh_jw_object(w);
    zh_jw_kv(w, "value", value);
    zh_jw_kv(w, "label", label);
    zh_jw_object_end(w);
}

static bool holds(zh_ui *ui, zh_str text, zh_str folded)
{
    zh_str own = ZH_STR_NONE;
    return text.n > 0 && zh_utf8_fold(ui->arena, text, &own) == ZH_OK &&
           zh_str_find(own, folded) >= 0;
}

static zh_str path_of(zh_ui *ui, const zh_code *code)
{
    zh_str path = zh_ui_label(ui, code->label);
    for (const zh_code *up = code->parent; up != NULL && path.n < 200; up = up->parent) {
        path = zh_str_fmt(ui->arena, "%.*s%.*s", ZH_FMT(zh_ui_label(ui, up->label)), ZH_FMT(path));
    }
    return path;
}

static void choose_codes(zh_ui *ui, zh_jw *w, const zh_field *field, zh_str folded)
{
    zh_date today = zh_time_date(zh_now());
    size_t n = 0;
    for (size_t i = 0; i < field->codes->n && n < ZH_CHOICES_MAX; i++) {
        const zh_code *code = &field->codes->codes[i];
        bool fits = (field->level == 0 || code->level == field->level) &&
                    (!field->leaf || code->leaf) && code->from <= today && code->to >= today;
        bool found =
            fits && (zh_str_starts(code->code, folded) || holds(ui, code->label.zh, folded) ||
                     holds(ui, code->label.en, folded) || zh_str_starts(code->initials, folded));
        for (size_t a = 0; fits && !found && a < code->naliases; a++) {
            found = holds(ui, code->aliases[a], folded);
        }
        if (found) {
            put_choice(w, code->code, path_of(ui, code));
            n++;
        }
    }
}

static zh_rc choose_records(zh_ui *ui, zh_jw *w, const zh_field *field, zh_str text)
{
    const zh_register *target = field->target;
    zh_page page = {.n = 0};
    if (target == NULL || (zh_rights(&ui->ctx, target) & ZH_RIGHT_READ) == 0) {
        return ZH_OK;
    }
    zh_list_query q = {
        .reg = target, .search = text, .limit = ZH_CHOICES_MAX, .as_of = ZH_AS_OF_NOW};
    zh_rc rc = zh_list(&ui->ctx, ui->conn, &q, &page);
    for (size_t i = 0; i < page.n && rc == ZH_OK; i++) {
        const zh_record *record = page.records[i];
        zh_str key = zh_show_key(ui, record);
        zh_str words = key;
        for (size_t f = 0; f < target->nfields; f++) {
            const zh_field *other = &target->fields[f];
            const zh_value *value = &record->values[f];
            if (other->type == ZH_TYPE_STRING && value->kind == ZH_TEXT &&
                zh_str_find(words, value->text) < 0 && words.n < 120) {
                words = zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(words), ZH_FMT(value->text));
            }
        }
        put_choice(w, key, words);
    }
    return rc;
}

/* Of a field that the reader may not write there is nothing to choose. */
static zh_rc may_write(zh_ui *ui, const zh_register *reg, const zh_field *field)
{
    unsigned writes = ZH_RIGHT_CREATE | ZH_RIGHT_AMEND | ZH_RIGHT_TRANSITION;
    bool may = (zh_rights(&ui->ctx, reg) & writes) != 0;
    for (size_t i = 0; i < reg->ntransitions && !may; i++) {
        may = zh_may_take(&ui->ctx, reg, &reg->transitions[i]);
    }
    return may ? zh_mask_allows_field(&ui->ctx, field)
               : zh_right_need(&ui->ctx, reg, ZH_RIGHT_CREATE);
}

static zh_rc choices(zh_ui *ui)
{
    const zh_register *reg = NULL;
    zh_str text = zh_str_trim(zh_http_param(ui->request, "q"));
    zh_str folded = ZH_STR_NONE;
    zh_rc rc = find_register(ui, &reg);
    const zh_field *field =
        rc == ZH_OK ? zh_register_field(reg, zh_http_arg(ui->request, "field")) : NULL;
    if (rc == ZH_OK &&
        (field == NULL || (field->type != ZH_TYPE_CODE && field->type != ZH_TYPE_REF))) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "choices.field", "没有可以选的字段");
    }
    if (rc == ZH_OK) {
        rc = may_write(ui, reg, field);
    }
    if (rc == ZH_OK && text.n > 200) {
        rc = zh_err_set(ui->err, ZH_ELIMIT, "choices.length", "检索的文字超过 200 字节");
    }
    if (rc == ZH_OK) {
        rc = zh_utf8_fold(ui->arena, text, &folded);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw w;
    zh_jw_init(&w, &ui->response->body, 0);
    zh_jw_object(&w);
    zh_jw_key(&w, "choices");
    zh_jw_array(&w);
    if (text.n > 0 && field->type == ZH_TYPE_CODE && field->codes != NULL) {
        choose_codes(ui, &w, field, folded);
    } else if (text.n > 0 && field->type == ZH_TYPE_REF) {
        rc = choose_records(ui, &w, field, text);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    ui->response->type = "application/json; charset=utf-8";
    return rc;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Shown in place only when a browser cannot run what is in it. */
static const char *type_of(zh_str bytes)
{
    if (zh_str_starts(bytes, ZH_STR("%PDF-"))) {
        return "application/pdf";
    }
    if (zh_str_starts(bytes, ZH_STR("\x89PNG\r\n"))) {
        return "image/png";
    }
    return zh_str_starts(bytes, ZH_STR("\xff\xd8\xff")) ? "image/jpeg" : "application/octet-stream";
}

static zh_rc file(zh_ui *ui)
{
    zh_shown_record *r = ZH_NEW(ui->arena, zh_shown_record);
    zh_str path;
    zh_str bytes;
    zh_rc rc = zh_shown_read(ui, r);
    const zh_field *field =
        rc == ZH_OK ? zh_register_field(r->reg, zh_http_arg(ui->request, "field")) : NULL;
    if (rc == ZH_OK &&
        (field == NULL || field->type != ZH_TYPE_FILE || field->table != NULL ||
         zh_field_masked(&ui->ctx, field) || zh_shown(r)->values[field->index].kind != ZH_TEXT)) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "file.unknown", "这条记录没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = zh_file_path(&ui->ctx, zh_shown(r)->values[field->index].text, &path);
    }
    if (rc == ZH_OK) {
        rc = zh_file_read(ui->arena, path.p, SERVED_BYTES_MAX, &bytes, ui->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    ui->response->type = type_of(bytes);
    zh_http_header_add(ui->response, "Content-Disposition",
                       strcmp(ui->response->type, "application/octet-stream") == 0 ? "attachment"
                                                                                   : "inline");
    zh_buf_str(&ui->response->body, bytes);
    return ZH_OK;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_form(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, form);
}

static zh_rc handle_create(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, create);
}

static zh_rc handle_choices(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, choices);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, file);
}

ZH_ROUTE(page_new) = {.method = "GET",
                      .path = "/registers/{reg}/new",
                      .en = "The form of a new record, as a page; f.FIELD fills it in",
                      .handle = handle_form};
ZH_ROUTE(record_new) = {.method = "POST",
                        .path = "/registers/{reg}/new",
                        .body_max = FORM_BYTES_MAX,
                        .upload_max = UPLOAD_BYTES_MAX,
                        .waits = true,
                        .en = "Make a record: f.FIELD, t.TABLE.n, t.TABLE.ROW.COLUMN, "
                              "justification",
                        .handle = handle_create};
ZH_ROUTE(field_choices) = {.method = "GET",
                           .path = "/registers/{reg}/choices/{field}",
                           .en = "Codes and records that a text may mean in a field: q",
                           .handle = handle_choices};
ZH_ROUTE(record_file) = {.method = "GET",
                         .path = "/registers/{reg}/{id}/files/{field}",
                         .en = "The file of a record's field",
                         .may_wait = zh_ui_may_log,
                         .handle = handle_file};
