/* POST /api/v1/registers/{reg}, /registers/{reg}: one record submitted, as JSON or as a form.
 *
 *   {"fields": {"code": "91…", "items": [{"item": "lead", "value": "0.05 mg/kg"}]},
 *    "justification": "…"}
 *
 * Values are what a person would type or an export says: codes by code or name, references by their
 * key or as {"office", "id"}, numbers exactly as written, tables as arrays of objects. A form sends
 * f.FIELD and justification. What is refused is a problem document with every reason. */
#include "core/instance/schema.h"
#include "core/people/lookup.h"
#include "web/frame/problem.h"
#include "web/frame/receipt.h"
#include "web/record/lookup.h"
#include <inttypes.h>

enum { SUBMIT_BYTES_MAX = 4 << 20 };

typedef struct submission {
    zh_ui own, *ui;
    zh_rc read; /* of what was sent; ui->err says what is wrong with it */
    zh_ctx ctx; /* of the write */
    const zh_register *reg;
    zh_change *changes;
    size_t nchanges;
    zh_date at; /* on which codes are read */
    zh_str justification;
    zh_findings findings;
} submission;

/* ---- reading what was sent ------------------------------------------------------------------- */

static void refuse(submission *s, zh_str field, const zh_err *err)
{
    zh_finding f = {.severity = ZH_REJECT,
                    .rule = zh_str_dup(s->ui->arena, zh_str_of(err->rule)),
                    .message = zh_str_dup(s->ui->arena, zh_str_of(err->message)),
                    .clause = ZH_STR_NONE,
                    .field = field,
                    .fix = zh_str_dup(s->ui->arena, zh_str_of(err->fix))};
    zh_vec_push(s->ui->arena, &s->findings.list, f);
    s->findings.rejected = true;
}

static void refuse_as(submission *s, zh_str field, const char *rule, const char *message)
{
    zh_err err = zh_err_beside(s->ui->err);
    zh_err_set(&err, ZH_EINVAL, rule, "%s", message);
    refuse(s, field, &err);
}

/* A value in words; refusals are collected, other errors end the request. */
static zh_rc read_text(submission *s, const zh_field *field, zh_str where, zh_str text,
                       zh_value *out)
{
    zh_err err = zh_err_beside(s->ui->err);
    char how = 0;
    zh_rc rc = zh_field_parse(s->ui->ctx.model, field, s->ui->arena, text, s->at, out, &how, &err);
    /* a code of the pilot years is in doubt: the door asks for the justification */
    bool doubtful = rc == ZH_ECONFLICT && field->type == ZH_TYPE_STRING && out->kind == ZH_TEXT;
    if (rc == ZH_OK || doubtful) {
        return ZH_OK;
    }
    if (rc == ZH_EINVAL || rc == ZH_ENOTFOUND || rc == ZH_ECONFLICT || rc == ZH_ELIMIT) {
        refuse(s, where, &err);
        return ZH_OK;
    }
    *s->ui->err = err;
    return rc;
}

static bool read_reference(const zh_json *json, zh_value *out)
{
    int64_t office = 0;
    int64_t id = 0;
    const zh_json *key = zh_json_get(json, "key");
    if (zh_str_i64(zh_json_str(zh_json_get(json, "office"), ZH_STR("")), &office) == ZH_OK &&
        zh_str_i64(zh_json_str(zh_json_get(json, "id"), ZH_STR("")), &id) == ZH_OK && office > 0 &&
        id > 0) {
        *out = (zh_value){.kind = ZH_REF, .office = office, .i = id};
        return true;
    }
    *out = (zh_value){.kind = ZH_REF, .text = zh_json_str(key, ZH_STR(""))};
    return out->text.n > 0;
}

static zh_rc read_value(submission *s, const zh_field *field, zh_str where, const zh_json *json,
                        zh_value *out)
{
    *out = ZH_VALUE_NULL;
    switch (json->kind) {
    case ZH_JSON_NULL: return ZH_OK;
    case ZH_JSON_BOOL:
        return read_text(s, field, where, json->boolean ? ZH_STR("true") : ZH_STR("false"), out);
    case ZH_JSON_NUMBER:
    case ZH_JSON_STRING: return read_text(s, field, where, json->text, out);
    case ZH_JSON_OBJECT:
        if (field->type == ZH_TYPE_REF && read_reference(json, out)) {
            return ZH_OK;
        }
        break;
    case ZH_JSON_ARRAY: break;
    }
    refuse_as(s, where, "api.value", "这个字段要一个文字、数字、真假或 null");
    return ZH_OK;
}

static const zh_field *column_of(const zh_field *table, zh_str name)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        if (zh_str_eq(zh_child_name(&table->columns[i]), name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static zh_rc read_row(submission *s, const zh_field *table, size_t row, const zh_json *json,
                      zh_value *values)
{
    zh_rc rc = ZH_OK;
    for (const zh_json *m = json->first; m != NULL && rc == ZH_OK; m = m->next) {
        const zh_field *column = column_of(table, m->name);
        zh_str where =
            zh_str_fmt(s->ui->arena, "%.*s[%zu].%.*s", ZH_FMT(table->id), row + 1, ZH_FMT(m->name));
        if (column == NULL) {
            refuse_as(s, where, "api.column", "明细表没有这一列");
        } else if (m->kind != ZH_JSON_NULL) {
            rc = read_value(s, column, where, m, &values[column - table->columns]);
        }
    }
    return rc;
}

static zh_rc read_table(submission *s, const zh_field *table, const zh_json *json,
                        const zh_rows **out)
{
    zh_rows *rows = ZH_NEW(s->ui->arena, zh_rows);
    zh_rc rc = ZH_OK;
    if (json->kind != ZH_JSON_ARRAY || json->n > ZH_TABLE_ROWS_MAX) {
        refuse_as(s, table->id, "api.table", "明细表要一个数组，每行一个对象，行数不超过上限");
        return ZH_OK;
    }
    *rows = (zh_rows){.table = table, .n = json->n};
    rows->values = ZH_TRY_N(s->ui->arena, zh_value, json->n * table->ncolumns + 1);
    if (rows->values == NULL) {
        return zh_err_set(s->ui->err, ZH_ENOMEM, "api.memory", "明细表放不进内存");
    }
    const zh_json *row = json->first;
    for (size_t i = 0; i < json->n && rc == ZH_OK; i++, row = row->next) {
        if (row->kind != ZH_JSON_OBJECT) {
            refuse_as(s, table->id, "api.table", "明细表的每一行要一个对象");
            return ZH_OK;
        }
        rc = read_row(s, table, i, row, rows->values + i * table->ncolumns);
    }
    *out = rows;
    return rc;
}

static const zh_field *field_of(submission *s, zh_str name)
{
    const zh_field *field = zh_register_field(s->reg, name);
    if (field == NULL || field->table != NULL) {
        zh_err err = zh_err_beside(s->ui->err);
        zh_err_set(&err, ZH_EINVAL, "api.field", "“%.*s”没有字段“%.*s”",
                   ZH_FMT(zh_label_for(&err, s->reg->label)), ZH_FMT(name));
        zh_err_fix(&err, "字段见 /systems 的登记册说明");
        refuse(s, name, &err);
        return NULL;
    }
    return field;
}

static void give(submission *s, const zh_field *field, zh_value value, const zh_rows *rows)
{
    s->changes[s->nchanges++] = (zh_change){.field = field, .value = value, .rows = rows};
}

/* Codes are read as of the event when it is given, as the door will check them. */
static void date_codes(submission *s, zh_str text)
{
    zh_err ignored = {0};
    zh_value v = ZH_VALUE_NULL;
    char how = 0;
    if (text.n > 0 && zh_field_parse(s->ui->ctx.model, s->reg->event_time, s->ui->arena, text,
                                     s->at, &v, &how, &ignored) == ZH_OK) {
        s->at = v.kind == ZH_DATE ? (zh_date)v.i : v.kind == ZH_TIME ? zh_time_date(v.i) : s->at;
    }
}

static zh_rc read_json(submission *s)
{
    zh_ui *ui = s->ui;
    zh_json *json = NULL;
    zh_rc rc = zh_json_parse(ui->arena, ui->request->body, &json, ui->err);
    const zh_json *fields =
        rc == ZH_OK && json->kind == ZH_JSON_OBJECT ? zh_json_get(json, "fields") : NULL;
    if (rc == ZH_OK && (fields == NULL || fields->kind != ZH_JSON_OBJECT)) {
        rc = zh_err_set(ui->err, ZH_EINVAL, "api.fields", "正文要有对象 fields");
        zh_err_fix(ui->err, "{\"fields\": {\"字段\": \"值\"}, \"justification\": \"…\"}");
    }
    for (const zh_json *m = rc == ZH_OK ? json->first : NULL; m != NULL; m = m->next) {
        if (zh_str_is(m->name, "justification") && m->kind == ZH_JSON_STRING) {
            s->justification = zh_str_trim(m->text);
        } else if (m != fields) {
            refuse_as(s, m->name, "api.member", "不认识的成员；只有 fields 和 justification");
        }
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (s->reg->event_time != NULL) {
        date_codes(s, zh_json_str(zh_json_get(fields, zh_str_c(ui->arena, s->reg->event_time->id)),
                                  ZH_STR("")));
    }
    s->changes = ZH_NEW_N(ui->arena, zh_change, s->reg->nfields + 1);
    for (const zh_json *m = fields->first; m != NULL && rc == ZH_OK; m = m->next) {
        const zh_field *field = field_of(s, m->name);
        zh_value value = ZH_VALUE_NULL;
        const zh_rows *rows = NULL;
        if (field == NULL || m->kind == ZH_JSON_NULL) {
            continue;
        }
        rc = field->type == ZH_TYPE_TABLE ? read_table(s, field, m, &rows)
                                          : read_value(s, field, field->id, m, &value);
        give(s, field, value, rows);
    }
    return rc;
}

static zh_rc read_form(submission *s)
{
    zh_ui *ui = s->ui;
    const zh_pairs *form = &ui->request->form;
    zh_rc rc = ZH_OK;
    s->justification = zh_str_trim(zh_pairs_get(*form, "justification"));
    if (s->reg->event_time != NULL) {
        zh_str name = zh_str_fmt(ui->arena, "f.%.*s", ZH_FMT(s->reg->event_time->id));
        date_codes(s, zh_pairs_get(*form, name.p));
    }
    s->changes = ZH_NEW_N(ui->arena, zh_change, s->reg->nfields + 1);
    for (size_t i = 0; i < form->n && rc == ZH_OK; i++) {
        zh_str name = form->p[i].name;
        const zh_field *field = NULL;
        zh_value value = ZH_VALUE_NULL;
        if (zh_str_is(name, "justification")) {
            continue;
        }
        if (!zh_str_starts(name, ZH_STR("f."))) {
            refuse_as(s, name, "api.member", "不认识的参数；字段写作 f.字段");
            continue;
        }
        field = field_of(s, zh_str_sub(name, 2, name.n));
        if (field != NULL && s->nchanges == s->reg->nfields) {
            refuse_as(s, name, "api.twice", "同一字段不要给两次");
        } else if (field != NULL) {
            rc = read_text(s, field, field->id, form->p[i].value, &value);
            give(s, field, value, NULL);
        }
    }
    return rc;
}

/* ---- answering ------------------------------------------------------------------------------- */

static zh_rc answer_refused(submission *s, zh_rc rc, const zh_err *why)
{
    zh_http_response *response = s->ui->response;
    zh_jw w;
    if (zh_web_wants_html(s->ui->request)) {
        *s->ui->err = *why;
        return rc;
    }
    response->status = zh_problem_status_of(why);
    zh_jw_init(&w, &response->body, 0);
    zh_problem_write_findings(&w, response->status, why, &s->findings);
    zh_buf_c(&response->body, '\n');
    response->type = ZH_PROBLEM_TYPE;
    return ZH_OK;
}

static void put_hints(const submission *s, zh_jw *w)
{
    zh_jw_key(w, "hints");
    zh_jw_array(w);
    for (size_t i = 0; i < s->findings.list.n; i++) {
        zh_problem_finding(w, &s->findings.list.p[i]);
    }
    zh_jw_array_end(w);
}

/* For who may not read the record: what its party asks about it with. The record has been made,
 * whatever happens here. */
static void put_given(submission *s, const zh_applied *at, zh_jw *w)
{
    zh_ui *ui = s->ui;
    zh_err before = *ui->err;
    zh_str number;
    zh_str code;
    if (!zh_lookup_is_given(ui, s->reg)) {
        return;
    }
    if (zh_ui_read_again(ui) == ZH_OK &&
        zh_lookup_given(&ui->ctx, ui->conn, s->reg, at->office, at->id, &number, &code) == ZH_OK) {
        zh_jw_kv(w, "number", number);
        zh_jw_kv(w, "query_code", code);
    }
    *ui->err = before;
    zh_ui_let_go(ui);
}

static zh_rc answer_created(submission *s, const zh_submission *done)
{
    zh_ui *ui = s->ui;
    zh_http_response *response = ui->response;
    const zh_applied *at = &done->applied;
    zh_jw w;
    zh_str url = zh_url_record(ui->arena, s->reg->id, at->office, at->id);
    if (zh_web_wants_html(ui->request)) {
        return zh_http_see_other(ui->request, response, url);
    }
    zh_jw_init(&w, &response->body, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", s->reg->id);
    zh_jw_kv(&w, "office", zh_str_fmt(ui->arena, "%" PRId64, at->office));
    zh_jw_kv(&w, "id", zh_str_fmt(ui->arena, "%" PRId64, at->id));
    zh_jw_ki(&w, "version", at->version);
    put_hints(s, &w);
    put_given(s, at, &w);
    zh_rc rc = zh_receipt_put(ui, s->reg, at, done->place, &w);
    zh_jw_object_end(&w);
    zh_buf_c(&response->body, '\n');
    response->status = 201;
    response->type = "application/json; charset=utf-8";
    zh_http_header_add(response, "Location", zh_str_fmt(ui->arena, "/api/v1%.*s", ZH_FMT(url)).p);
    return rc;
}

static zh_rc answer(submission *s, const zh_submission *done)
{
    if (s->read != ZH_OK) { /* it did not come as far as a record */
        return s->read;
    }
    return done->rc == ZH_OK ? answer_created(s, done) : answer_refused(s, done->rc, &done->err);
}

/* ---- doing it -------------------------------------------------------------------------------- */

static bool is_form(const zh_http_request *request)
{
    return zh_str_starts(request->content_type, ZH_STR("application/x-www-form-urlencoded"));
}

static zh_rc read_submission(submission *s)
{
    zh_ui *ui = s->ui;
    zh_str name = zh_http_arg(ui->request, "reg");
    s->reg = zh_model_register(ui->ctx.model, name);
    s->at = zh_time_date(zh_now());
    if (s->reg == NULL) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "query.register", "没有登记册“%.*s”", ZH_FMT(name));
        zh_err_fix(ui->err, "全部登记册见 /api/v1/registers");
        return ZH_ENOTFOUND;
    }
    return is_form(ui->request) ? read_form(s) : read_json(s);
}

static void prepare(submission *s, zh_conn *conn, zh_submission *out)
{
    zh_op op = {.kind = ZH_OP_CREATE,
                .reg = s->reg,
                .changes = s->changes,
                .nchanges = s->nchanges,
                .justification = s->justification};
    if (s->findings.rejected) {
        out->rc = zh_err_set(&out->err, ZH_EINVAL, "api.refused", "有 %zu 处不能登记",
                             s->findings.list.n);
        return;
    }
    s->ctx = s->ui->ctx;
    s->ctx.err = &out->err;
    out->ctx = &s->ctx;
    out->rc = zh_record_prepare(&s->ctx, conn, &op, &s->findings, &out->prepared);
}

/* Reads and prepares what came at the same time, in one snapshot. */
static void prepare_all(const zh_http_turn *turns, submission *list, zh_submission *out, size_t n)
{
    zh_conn *conn = NULL;
    zh_err lost = {0};
    zh_rc got = zh_store_reader(zh_core_store(zh_web_of(turns[0].request)->core), &conn, &lost);
    got = got == ZH_OK ? zh_read_begin(conn, &lost) : got;
    for (size_t i = 0; i < n; i++) {
        submission *s = &list[i];
        const zh_http_turn *t = &turns[i];
        *s = (submission){.read = got};
        s->ui = &s->own;
        out[i] = (zh_submission){.rc = ZH_EINVAL};
        if (got != ZH_OK) {
            *t->err = lost;
            continue;
        }
        s->read = zh_ui_begin_in(s->ui, t->request, t->response, t->err, conn);
        if (s->read == ZH_OK) {
            s->read = read_submission(s);
        }
        if (s->read == ZH_OK) {
            prepare(s, conn, &out[i]);
        }
        s->ui->conn = NULL;
    }
    if (got == ZH_OK) {
        zh_read_end(conn);
    }
    zh_store_release(conn);
}

/* Those that only want it committed are answered before the others wait for the checkpoint. */
static void answer_all(zh_http_turn *turns, submission *list, const zh_submission *done, size_t n)
{
    bool wanted[ZH_HTTP_TURNS_MAX]; /* asked now: a request is gone once it has been answered */
    for (size_t i = 0; i < n; i++) {
        wanted[i] = zh_receipt_wanted(turns[i].request);
    }
    for (int waits = 0; waits < 2; waits++) {
        for (size_t i = 0; i < n; i++) {
            if (wanted[i] == (waits == 1)) {
                turns[i].rc = answer(&list[i], &done[i]);
                zh_ui_end(list[i].ui);
                turns[i].answer(&turns[i]);
            }
        }
    }
}

static void submit_all(zh_http_turn *turns, size_t n)
{
    submission list[ZH_HTTP_TURNS_MAX];
    zh_submission out[ZH_HTTP_TURNS_MAX];
    prepare_all(turns, list, out, n);
    zh_record_submit(zh_web_of(turns[0].request)->core, out, n);
    answer_all(turns, list, out, n);
}
_Static_assert(ZH_HTTP_TURNS_MAX <= ZH_SUBMISSIONS_MAX, "all that come together are committed");

ZH_ROUTE(api_submit) = {.method = "POST",
                        .path = "/api/v1/registers/{reg}",
                        .body_max = SUBMIT_BYTES_MAX,
                        .waits = true,
                        .en = "Submit one record: fields, justification; Prefer: wait until sealed",
                        .handle_all = submit_all};
ZH_ROUTE(register_submit) = {.method = "POST",
                             .path = "/registers/{reg}",
                             .body_max = SUBMIT_BYTES_MAX,
                             .waits = true,
                             .en = "The same as a browser's form: leads to the record",
                             .handle_all = submit_all};
