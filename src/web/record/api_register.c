/* GET /api/v1/registers, …/{reg}, …/{reg}/{id}: what the pages of registers and records show, for
 * programs. Values are the ledger's canonical text, as `query --json` prints them. */
#include "base/json.h"
#include "core/clock/clock.h"
#include "core/instance/schema.h"
#include "web/frame/session.h"
#include "web/record/facet.h"
#include "web/record/record.h"
#include <inttypes.h>

enum { COUNT_MAX = 200000 };

static zh_str id_text(zh_ui *ui, int64_t id)
{
    return zh_str_fmt(ui->arena, "%" PRId64, id); /* beyond what a double holds: text */
}

static void put_value(zh_show *show, zh_jw *w, const zh_field *field, const zh_value *v)
{
    zh_ui *ui = show->ui;
    char type;
    if (v->kind == ZH_NULL) {
        zh_jw_null(w);
    } else if (v->kind == ZH_BOOL) {
        zh_jw_bool(w, v->i != 0);
    } else if (v->kind == ZH_REF) {
        zh_jw_object(w);
        zh_jw_kv(w, "office", id_text(ui, v->office));
        zh_jw_kv(w, "id", id_text(ui, v->i));
        zh_jw_kv(w, "key", zh_show_text(show, field, v));
        zh_jw_object_end(w);
    } else {
        zh_jw_str(w, zh_value_canonical(ui->arena, v, &type));
    }
}

static void put_rows(zh_show *show, zh_jw *w, const zh_field *table, const zh_rows *rows)
{
    zh_jw_array(w);
    for (size_t i = 0; i < rows->n; i++) {
        zh_jw_object(w);
        for (size_t c = 0; c < table->ncolumns; c++) {
            zh_jw_key_str(w, zh_child_name(&table->columns[c]));
            put_value(show, w, &table->columns[c], &rows->values[i * table->ncolumns + c]);
        }
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
}

static void put_record(zh_show *show, zh_jw *w, const zh_record *record)
{
    zh_ui *ui = show->ui;
    char at[40];
    zh_jw_kv(w, "office", id_text(ui, record->office));
    zh_jw_kv(w, "id", id_text(ui, record->id));
    zh_jw_ki(w, "version", record->version);
    zh_jw_kv(w, "state", record->reg->states[record->state].id);
    zh_time_format(record->created_at, at);
    zh_jw_kz(w, "created_at", at);
    zh_time_format(record->recorded_at, at);
    zh_jw_kz(w, "recorded_at", at);
    zh_jw_kv(w, "actor", record->actor);
    zh_jw_key(w, "fields");
    zh_jw_object(w);
    for (size_t i = 0; i < record->reg->nfields; i++) {
        const zh_field *field = &record->reg->fields[i];
        zh_jw_key_str(w, field->id);
        if (field->type == ZH_TYPE_TABLE) {
            put_rows(show, w, field, &record->tables[i]);
        } else {
            put_value(show, w, field, &record->values[i]);
        }
    }
    zh_jw_object_end(w);
}

static zh_rc finish(zh_ui *ui)
{
    zh_buf_c(&ui->response->body, '\n');
    ui->response->type = "application/json; charset=utf-8";
    return ui->response->body.failed
               ? zh_err_set(ui->err, ZH_ELIMIT, "api.size", "答复太大，请用 limit 减少条数")
               : ZH_OK;
}

/* ---- all registers --------------------------------------------------------------------------- */

static zh_rc registers(zh_ui *ui)
{
    const zh_model *model = ui->ctx.model;
    zh_register_size *sizes = NULL;
    zh_jw w;
    zh_rc rc = zh_register_sizes(&ui->ctx, ui->conn, COUNT_MAX, &sizes);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_ki(&w, "log_size", ui->log_size);
    zh_jw_key(&w, "registers");
    zh_jw_array(&w);
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        zh_jw_object(&w);
        zh_jw_kv(&w, "id", reg->id);
        zh_jw_kv(&w, "label", reg->label.zh);
        zh_jw_kv(&w, "version", reg->version);
        zh_jw_kv(&w, "owner", reg->owner.zh);
        zh_jw_ki(&w, "records", sizes[i].records);
        zh_jw_key(&w, "at_least");
        zh_jw_bool(&w, sizes[i].at_least);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    return finish(ui);
}

/* ---- a list ---------------------------------------------------------------------------------- */

static zh_rc find(zh_listing *q, zh_show *show, zh_page *page, zh_counts *total)
{
    zh_ui *ui = q->ui;
    zh_list_query query = zh_listing_list(q);
    query.with_tables = true;
    zh_rc rc = zh_list(&ui->ctx, ui->conn, &query, page);
    if (rc == ZH_OK) {
        rc = zh_listing_note(q, page->records, page->n, "api");
    }
    zh_show_init(show, ui, q->as_of);
    for (size_t i = 0; i < page->n && rc == ZH_OK; i++) {
        zh_show_want(show, page->records[i]);
    }
    if (rc == ZH_OK) {
        rc = zh_show_load(show);
    }
    return rc == ZH_OK ? zh_facet_count(q, NULL, NULL, total) : rc;
}

static zh_rc list(zh_ui *ui)
{
    zh_listing *q = ZH_NEW(ui->arena, zh_listing);
    zh_show show;
    zh_page page = {0};
    zh_counts total = {0};
    zh_jw w;
    zh_rc rc = zh_listing_read(ui, q);
    if (rc == ZH_OK && q->refused) {
        *ui->err = q->problem;
        rc = q->problem.rc;
    }
    if (rc == ZH_OK) {
        rc = find(q, &show, &page, &total);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", q->reg->id);
    zh_jw_ki(&w, "as_of", q->as_of == ZH_AS_OF_NOW ? ui->log_size : q->as_of);
    zh_jw_ki(&w, "total", total.total);
    zh_jw_key(&w, "at_least");
    zh_jw_bool(&w, total.at_least);
    zh_jw_key(&w, "records");
    zh_jw_array(&w);
    for (size_t i = 0; i < page.n; i++) {
        zh_jw_object(&w);
        put_record(&show, &w, page.records[i]);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_kz(&w, "next", page.next.n > 0 ? zh_str_c(ui->arena, page.next) : NULL);
    zh_jw_object_end(&w);
    return finish(ui);
}

/* ---- a record -------------------------------------------------------------------------------- */

static void put_version(zh_shown_record *r, zh_jw *w, const zh_version *v)
{
    char at[40];
    zh_time_format(v->record->recorded_at, at);
    zh_jw_object(w);
    zh_jw_ki(w, "version", v->record->version);
    zh_jw_kv(w, "op", v->op);
    zh_jw_kv(w, "transition", v->transition);
    zh_jw_kv(w, "state", r->reg->states[v->record->state].id);
    zh_jw_kz(w, "recorded_at", at);
    zh_jw_kv(w, "actor", v->record->actor);
    zh_jw_kv(w, "reason", v->reason);
    zh_jw_kv(w, "reason_code", v->reason_code);
    if (v->position >= 0) {
        zh_jw_ki(w, "position", v->position);
    }
    zh_jw_object_end(w);
}

static void put_time(zh_jw *w, const char *key, bool known, zh_time at)
{
    char text[40];
    zh_time_format(at, text);
    zh_jw_kz(w, key, known ? text : NULL);
}

/* The arithmetic of the clocks that have started; due is the first instant after the period. */
static zh_rc put_clocks(zh_shown_record *r, zh_jw *w)
{
    zh_ui *ui = r->ui;
    zh_clock_state *states = ZH_NEW_N(ui->arena, zh_clock_state, r->reg->nclocks + 1);
    zh_rc rc = zh_shown_is_live(r) ? zh_clock_load(&ui->ctx, ui->conn, zh_shown(r), states)
                                   : zh_clock_load_version(&ui->ctx, ui->conn, zh_shown(r), states);
    zh_jw_key(w, "clocks");
    zh_jw_object(w);
    for (size_t i = 0; i < r->reg->nclocks && rc == ZH_OK; i++) {
        zh_clock_line *lines = NULL;
        size_t n = 0;
        zh_env env = zh_read_env(&ui->ctx, ui->conn, r->as_of, zh_shown(r));
        rc = zh_clock_explain(&env, zh_shown(r), &r->reg->clocks[i], &states[i], &lines, &n,
                              ui->err);
        if (rc != ZH_OK || n == 0) {
            continue;
        }
        zh_jw_key_str(w, r->reg->clocks[i].id);
        zh_jw_object(w);
        put_time(w, "started_at", true, states[i].started_at);
        put_time(w, "due", states[i].has_due, states[i].due_at);
        put_time(w, "ended_at", states[i].ended, states[i].ended_at);
        zh_jw_key(w, "suspended");
        zh_jw_bool(w, states[i].suspended);
        zh_jw_key(w, "breached");
        zh_jw_bool(w, states[i].breached);
        zh_jw_key(w, "arithmetic");
        zh_jw_array(w);
        for (size_t k = 0; k < n; k++) {
            zh_jw_object(w);
            zh_jw_kv(w, "line", lines[k].text);
            zh_jw_kv(w, "clause", lines[k].clause);
            zh_jw_key(w, "unverified");
            zh_jw_bool(w, lines[k].unverified);
            zh_jw_object_end(w);
        }
        zh_jw_array_end(w);
        zh_jw_object_end(w);
    }
    zh_jw_object_end(w);
    return rc;
}

static zh_rc record(zh_ui *ui)
{
    zh_shown_record *r = ZH_NEW(ui->arena, zh_shown_record);
    zh_jw w;
    zh_rc rc = zh_shown_read(ui, r);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", r->reg->id);
    zh_jw_key(&w, "current");
    zh_jw_bool(&w, zh_shown_is_current(r));
    if (r->as_of != ZH_AS_OF_NOW) {
        zh_jw_ki(&w, "as_of", r->as_of);
    }
    put_record(&r->show, &w, zh_shown(r));
    zh_jw_key(&w, "versions");
    zh_jw_array(&w);
    for (size_t i = 0; i < r->nknown; i++) {
        put_version(r, &w, &r->versions[i]);
    }
    zh_jw_array_end(&w);
    if (r->reg->nclocks > 0) {
        rc = put_clocks(r, &w);
    }
    zh_jw_object_end(&w);
    return rc == ZH_OK ? finish(ui) : rc;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_registers(const zh_http_request *request, zh_http_response *response,
                              zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, registers);
}

static zh_rc handle_list(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, list);
}

static zh_rc handle_record(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, record);
}

ZH_ROUTE(api_registers) = {.method = "GET",
                           .path = "/api/v1/registers",
                           .en = "All registers with their sizes",
                           .handle = handle_registers};
ZH_ROUTE(api_register) = {.method = "GET",
                          .path = "/api/v1/registers/{reg}",
                          .slow = true, /* a search of history may take its time */
                          .en = "The records of a register that a question finds",
                          .may_wait = zh_ui_may_log,
                          .handle = handle_list};
ZH_ROUTE(api_record) = {.method = "GET",
                        .path = "/api/v1/registers/{reg}/{id}",
                        .en = "One record and its versions",
                        .may_wait = zh_ui_may_log,
                        .handle = handle_record};
