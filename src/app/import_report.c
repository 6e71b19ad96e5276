/* The report of a run as JSON beside its job. */
#include "app/import_report.h"
#include "base/os.h"
#include <inttypes.h>

static void json_columns(zh_jw *w, const zh_intake_result *r)
{
    zh_jw_key(w, "columns");
    zh_jw_array(w);
    for (size_t i = 0; i < r->ncolumns; i++) {
        const zh_intake_column *c = &r->columns[i];
        zh_jw_object(w);
        zh_jw_kv(w, "header", c->header);
        zh_jw_kv(w, "field", c->field != NULL ? c->field->id : ZH_STR(""));
        zh_jw_ki(w, "fields", (int64_t)c->nfields);
        zh_jw_key(w, "used");
        zh_jw_bool(w, c->used);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
}

static void json_strings(zh_jw *w, const char *name, const zh_str *texts, size_t n)
{
    zh_jw_key(w, name);
    zh_jw_array(w);
    for (size_t i = 0; i < n; i++) {
        zh_jw_str(w, texts[i]);
    }
    zh_jw_array_end(w);
}

static void json_errors(zh_jw *w, const zh_intake_result *r)
{
    zh_jw_key(w, "errors");
    zh_jw_array(w);
    for (size_t i = 0; i < r->nerrors; i++) {
        const zh_intake_error *e = &r->errors[i];
        char severity[2] = {e->severity, '\0'};
        zh_jw_object(w);
        zh_jw_kz(w, "severity", severity);
        zh_jw_kv(w, "sheet", e->sheet);
        zh_jw_ki(w, "row", (int64_t)e->row);
        zh_jw_ki(w, "ordinal", e->ordinal);
        zh_jw_kv(w, "column", e->column);
        zh_jw_kv(w, "header", e->header);
        zh_jw_ki(w, "at", e->at == SIZE_MAX ? -1 : (int64_t)e->at);
        zh_jw_kv(w, "rule", e->rule);
        zh_jw_kv(w, "message", e->message);
        zh_jw_kv(w, "fix", e->fix);
        zh_jw_kv(w, "where", e->where);
        json_strings(w, "cells", e->cells, e->ncells);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
    zh_jw_key(w, "by_rule");
    zh_jw_array(w);
    for (size_t i = 0; i < r->nby_rule; i++) {
        zh_jw_object(w);
        zh_jw_kv(w, "rule", r->by_rule[i].rule);
        zh_jw_ki(w, "n", r->by_rule[i].n);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
}

static void json_figure(zh_jw *w, const char *name, const zh_figure *f)
{
    zh_jw_key(w, name);
    zh_jw_object(w);
    zh_jw_key(w, "has_value");
    zh_jw_bool(w, f->has_value);
    zh_jw_kv(w, "shown", f->shown);
    zh_jw_kv(w, "interval", f->interval_shown);
    zh_jw_ki(w, "status", (int64_t)f->status);
    zh_jw_ki(w, "n", f->n);
    zh_jw_object_end(w);
}

static void json_effects(zh_jw *w, const zh_import_found *found)
{
    zh_jw_key(w, "effects");
    zh_jw_array(w);
    for (size_t i = 0; i < found->neffects; i++) {
        const zh_effect *e = &found->effects[i];
        zh_jw_object(w);
        zh_jw_kv(w, "indicator", e->indicator->id);
        zh_jw_key(w, "known");
        zh_jw_bool(w, e->known);
        zh_jw_key(w, "changed");
        zh_jw_bool(w, e->changed);
        json_figure(w, "before", &e->before);
        json_figure(w, "after", &e->after);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
}

static void json_result(zh_jw *w, const zh_intake_result *r)
{
    zh_jw_kv(w, "recipe", r->recipe);
    zh_jw_kv(w, "layout", r->layout);
    zh_jw_kv(w, "format", r->format);
    zh_jw_kv(w, "encoding", r->encoding);
    zh_jw_kv(w, "digest", r->digest);
    zh_jw_ki(w, "rows", r->rows);
    zh_jw_ki(w, "new", r->fresh);
    zh_jw_ki(w, "same", r->same);
    zh_jw_ki(w, "changed", r->changed);
    zh_jw_ki(w, "doubtful", r->doubtful);
    zh_jw_ki(w, "refused", r->refused);
    zh_jw_ki(w, "skipped", r->skipped);
    zh_jw_ki(w, "written", r->written);
    zh_jw_ki(w, "errors_total", r->errors_total);
    zh_jw_ki(w, "took_us", (int64_t)r->took_us);
    zh_jw_key(w, "already");
    zh_jw_bool(w, r->already);
    zh_jw_key(w, "resumed");
    zh_jw_bool(w, r->resumed);
    zh_jw_key(w, "deltas_partial");
    zh_jw_bool(w, r->deltas_partial);
    json_strings(w, "headers", r->headers, r->nheaders);
    json_strings(w, "sheets", r->sheets, r->nsheets);
    json_strings(w, "unmapped", r->unmapped, r->nunmapped);
    json_columns(w, r);
    json_errors(w, r);
}

void zh_import_error_json(zh_jw *w, const zh_err *err)
{
    zh_jw_key(w, "error");
    zh_jw_object(w);
    zh_jw_kz(w, "rule", err->rule);
    zh_jw_kz(w, "message", err->message);
    zh_jw_kz(w, "fix", err->fix);
    zh_jw_kz(w, "where", err->where);
    zh_jw_object_end(w);
}

zh_rc zh_import_report(zh_ctx *ctx, int64_t job, const zh_import_found *found)
{
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, ZH_IMPORT_REPORT_MAX);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", found->reg != NULL ? found->reg->id : ZH_STR(""));
    zh_jw_kv(&w, "file_name", found->name);
    zh_jw_ki(&w, "bytes", (int64_t)found->bytes);
    zh_jw_ki(&w, "log_from", found->log_from);
    zh_jw_ki(&w, "log_to", found->log_to);
    if (found->result != NULL) {
        json_result(&w, found->result);
    }
    json_effects(&w, found);
    if (found->err != NULL) {
        zh_import_error_json(&w, found->err);
    }
    zh_jw_object_end(&w);
    zh_rc rc = text.failed ? zh_err_set(ctx->err, ZH_ELIMIT, "import.report", "报告太大，写不下")
                           : zh_file_replace(zh_import_beside(ctx, job, "report.json"),
                                             zh_buf_view(&text), ctx->err);
    zh_buf_free(&text);
    return rc;
}
