/* GET /export/{reg}/{format}: the answer to a list's question as CSV or XLSX, in the list's order.
 *
 * Records are read a page at a time and forgotten once written. A code stands as its name, with the
 * code in a column of its own, so that the file can be read and imported again. */
#include "web/record/export.h"
#include "base/csv.h"
#include "core/read/permission.h"
#include "fmt/xlsx_out.h"
#include "fmt/yaml.h"
#include "web/frame/session.h"
#include "web/frame/words.h"
#include <inttypes.h>

#define EXPORT_BYTES_MAX ((size_t)60 << 20)

typedef struct exporting {
    zh_listing *q;
    zh_buf *csv; /* or */
    zh_xlsx_out *xlsx;
    size_t rows;
    bool cut;
} exporting;

zh_str zh_export_url(const zh_listing *q, const char *format)
{
    zh_ui *ui = q->ui;
    zh_pairs params = ui->request->params;
    zh_str url = zh_url_path(ui->arena, "/export", q->reg->id, zh_str_of(format));
    static const char *const kept[] = {"view", "where", "search", "columns", "sort", "as_of"};
    for (size_t i = 0; i < params.n; i++) {
        for (size_t k = 0; k < ZH_COUNTOF(kept); k++) {
            if (zh_str_is(params.p[i].name, kept[k])) {
                url = zh_url_add(ui->arena, url, kept[k], params.p[i].value);
            }
        }
    }
    return url;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void cell(exporting *e, zh_str text, size_t column)
{
    if (e->xlsx != NULL) {
        zh_xlsx_out_text(e->xlsx, text, ZH_XLSX_PLAIN);
        return;
    }
    zh_buf_z(e->csv, column > 0 ? "," : "");
    zh_csv_write_cell(e->csv, text, ',', true);
}

static bool has_code(const zh_asked *asked)
{
    return asked->kind == ZH_ASKED_FIELD && asked->field->type == ZH_TYPE_CODE;
}

static void header(exporting *e)
{
    zh_ui *ui = e->q->ui;
    size_t at = 0;
    for (size_t i = 0; i < e->q->ncolumns; i++) {
        zh_str name = zh_listing_header(e->q, &e->q->columns[i]);
        const zh_field *field = e->q->columns[i].field;
        if (field != NULL && field->unit.n > 0) {
            name = zh_str_fmt(ui->arena, "%.*s(%.*s)", ZH_FMT(name),
                              ZH_FMT(zh_show_unit(ui, field->unit)));
        }
        cell(e, name, at++);
        if (has_code(&e->q->columns[i])) {
            cell(e, ZH_SAY(ui, ZH_T_REGISTER_CODE_OF, name), at++);
        }
    }
}

static zh_str own_text(zh_ui *ui, const zh_record *record, zh_asked_kind kind)
{
    switch (kind) {
    case ZH_ASKED_FIELD: break;
    case ZH_ASKED_STATE: return zh_show_state(ui, record->reg, record->state);
    case ZH_ASKED_VERSION: return zh_str_fmt(ui->arena, "%d", record->version);
    case ZH_ASKED_CREATED: return zh_ui_time(ui, record->created_at);
    case ZH_ASKED_RECORDED: return zh_ui_time(ui, record->recorded_at);
    case ZH_ASKED_ACTOR: return record->actor;
    case ZH_ASKED_OFFICE: return zh_str_fmt(ui->arena, "%" PRId64, record->office);
    case ZH_ASKED_ID: return zh_str_fmt(ui->arena, "%" PRId64, record->id);
    }
    return ZH_STR("");
}

/* A number as it was written, without separators; its unit stands in the heading when fixed. */
static void number_cell(exporting *e, const zh_field *field, const zh_value *v, size_t column)
{
    zh_value bare = *v;
    if (field->unit.n > 0) {
        bare.unit = ZH_STR("");
    }
    zh_str text = v->kind == ZH_NULL ? ZH_STR("") : zh_value_display(e->q->ui->arena, &bare);
    if (e->xlsx != NULL && v->kind == ZH_DECIMAL && v->mark == ZH_MARK_EXACT && bare.unit.n == 0) {
        zh_xlsx_out_number(e->xlsx, text);
    } else if (e->xlsx == NULL && v->mark == ZH_MARK_EXACT) {
        zh_buf_z(e->csv, column > 0 ? "," : "");
        zh_csv_write_cell(e->csv, text, ',', false); /* a minus sign is not a formula */
    } else {
        cell(e, text, column);
    }
}

static void row(exporting *e, zh_show *show, const zh_record *record)
{
    size_t at = 0;
    for (size_t i = 0; i < e->q->ncolumns; i++) {
        const zh_asked *asked = &e->q->columns[i];
        if (asked->kind != ZH_ASKED_FIELD) {
            cell(e, own_text(e->q->ui, record, asked->kind), at++);
            continue;
        }
        if (zh_show_is_number(asked->field)) {
            number_cell(e, asked->field, &record->values[asked->field->index], at++);
            continue;
        }
        cell(e, zh_show_field_text(show, record, asked->field), at++);
        if (has_code(asked)) {
            const zh_value *v = &record->values[asked->field->index];
            cell(e, v->kind == ZH_TEXT ? v->text : ZH_STR(""), at++);
        }
    }
}

static void begin_row(exporting *e)
{
    if (e->xlsx != NULL) {
        zh_xlsx_out_row(e->xlsx);
    }
}

static void end_row(exporting *e)
{
    if (e->xlsx == NULL) {
        zh_buf_z(e->csv, "\r\n");
    }
}

/* ---- records --------------------------------------------------------------------------------- */

/* One page; *after is the cursor of the next, empty at the end. */
static zh_rc page(exporting *e, zh_list_query *query, zh_buf *after)
{
    zh_ui *ui = e->q->ui;
    zh_page found = {0};
    zh_show show;
    query->after = zh_buf_view(after);
    zh_rc rc = zh_list(&ui->ctx, ui->conn, query, &found);
    if (rc == ZH_OK) {
        rc = zh_listing_note(e->q, found.records, found.n, "export");
    }
    zh_show_init(&show, ui, e->q->as_of);
    for (size_t i = 0; i < found.n && rc == ZH_OK; i++) {
        zh_show_want(&show, found.records[i]);
    }
    if (rc == ZH_OK) {
        rc = zh_show_load(&show);
    }
    for (size_t i = 0; i < found.n && rc == ZH_OK && e->rows < ZH_EXPORT_ROWS_MAX; i++) {
        begin_row(e);
        row(e, &show, found.records[i]);
        end_row(e);
        e->rows++;
    }
    zh_buf_clear(after);
    zh_buf_str(after, found.next);
    return rc;
}

static zh_rc records(exporting *e)
{
    zh_ui *ui = e->q->ui;
    zh_list_query query = zh_listing_list(e->q);
    zh_buf after;
    zh_rc rc = ZH_OK;
    zh_buf_init(&after, 1 << 20);
    query.limit = ZH_LIMIT_MAX;
    query.brief = false;
    do {
        zh_arena_mark mark = zh_arena_here(ui->arena);
        rc = page(e, &query, &after);
        zh_arena_rewind(ui->arena, mark);
    } while (rc == ZH_OK && after.n > 0 && e->rows < ZH_EXPORT_ROWS_MAX);
    e->cut = after.n > 0;
    zh_buf_free(&after);
    return rc;
}

/* ---- workbook -------------------------------------------------------------------------------- */

static void about(exporting *e, zh_text_id name, zh_str value)
{
    if (value.n > 0) {
        zh_xlsx_out_row(e->xlsx);
        zh_xlsx_out_text(e->xlsx, zh_ui_text(e->q->ui, name), ZH_XLSX_HEAD);
        zh_xlsx_out_text(e->xlsx, value, ZH_XLSX_WRAP);
    }
}

static void about_sheet(exporting *e)
{
    zh_listing *q = e->q;
    zh_ui *ui = q->ui;
    zh_xlsx_out_sheet(e->xlsx, zh_ui_text(ui, ZH_T_REGISTER_SHEET_ABOUT), false, 0);
    zh_xlsx_out_column(e->xlsx, 16, ZH_XLSX_PLAIN);
    zh_xlsx_out_column(e->xlsx, 80, ZH_XLSX_WRAP);
    about(e, ZH_T_REGISTER_ABOUT_REGISTER, zh_ui_label(ui, q->reg->label));
    about(e, ZH_T_REGISTER_ABOUT_VERSION, q->reg->version);
    about(e, ZH_T_REGISTER_ABOUT_QUESTION,
          q->program.root != NULL ? zh_words(ui, q->program.root)
                                  : zh_ui_text(ui, ZH_T_REGISTER_ALL));
    about(e, ZH_T_REGISTER_ABOUT_SEARCH, q->search);
    about(e, ZH_T_REGISTER_ABOUT_AS_OF,
          zh_str_fmt(
              ui->arena, "#%" PRId64 "  %.*s", q->as_of == ZH_AS_OF_NOW ? ui->log_size : q->as_of,
              ZH_FMT(q->as_of == ZH_AS_OF_NOW && ui->log_time != 0 ? zh_ui_time(ui, ui->log_time)
                                                                   : ZH_STR(""))));
    zh_str rows = zh_ui_count(ui, (int64_t)e->rows);
    about(e, ZH_T_REGISTER_ABOUT_ROWS, e->cut ? ZH_SAY(ui, ZH_T_REGISTER_ABOUT_CUT, rows) : rows);
    about(e, ZH_T_REGISTER_ABOUT_BIAS, zh_ui_label(ui, q->reg->bias));
    about(e, ZH_T_REGISTER_ABOUT_ADDRESS,
          zh_str_fmt(ui->arena, "/registers/%.*s?%.*s", ZH_FMT(q->reg->id),
                     ZH_FMT(ui->request->query)));
}

static zh_rc workbook(exporting *e, zh_buf *out)
{
    zh_ui *ui = e->q->ui;
    e->xlsx = zh_xlsx_out_new(EXPORT_BYTES_MAX);
    zh_xlsx_out_sheet(e->xlsx, zh_ui_text(ui, ZH_T_REGISTER_SHEET_DATA), false, 1);
    for (size_t i = 0; i < e->q->ncolumns; i++) {
        zh_xlsx_out_column(e->xlsx, 16, ZH_XLSX_PLAIN);
    }
    begin_row(e);
    header(e);
    zh_rc rc = records(e);
    if (rc == ZH_OK) {
        about_sheet(e);
        rc = zh_xlsx_out_finish(e->xlsx, out, ui->err);
    }
    zh_xlsx_out_free(e->xlsx);
    return rc;
}

static zh_rc text(exporting *e, zh_buf *out)
{
    e->csv = out;
    zh_buf_z(out, "\xEF\xBB\xBF"); /* or Excel takes it for GBK */
    header(e);
    end_row(e);
    zh_rc rc = records(e);
    if (rc == ZH_OK && out->failed) {
        rc = zh_err_set(e->q->ui->err, ZH_ELIMIT, "export.size", "导出的文件太大");
        zh_err_fix(e->q->ui->err, "少选几列，或加条件分几次导出");
    }
    return rc;
}

/* ---- answer ---------------------------------------------------------------------------------- */

static void name_file(const exporting *e, const char *format)
{
    const zh_ui *ui = e->q->ui;
    zh_buf name;
    zh_buf_init(&name, 4096);
    zh_buf_fmt(&name, "attachment; filename=\"%.*s.%s\"; filename*=UTF-8''", ZH_FMT(e->q->reg->id),
               format);
    zh_form_encode(&name, e->q->reg->label.zh);
    if (e->cut) {
        zh_form_encode(&name, zh_str_fmt(ui->arena, " 前%zu条", e->rows));
    }
    zh_buf_fmt(&name, ".%s", format);
    zh_http_header_add(ui->response, "Content-Disposition",
                       zh_str_dup(ui->arena, zh_buf_view(&name)).p);
    zh_http_header_add(ui->response, "X-Zhiheng-Rows",
                       zh_str_fmt(ui->arena, "%zu%s", e->rows, e->cut ? "; cut" : "").p);
    zh_buf_free(&name);
}

static zh_rc show(zh_ui *ui)
{
    zh_listing *q = ZH_NEW(ui->arena, zh_listing);
    zh_str format = zh_http_arg(ui->request, "format");
    bool xlsx = zh_str_is(format, "xlsx");
    if (!xlsx && !zh_str_is(format, "csv")) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "export.format",
                          "不能导出为“%.*s”，只有 csv、xlsx", ZH_FMT(format));
    }
    zh_rc rc = zh_listing_read(ui, q);
    if (rc == ZH_OK && q->refused) {
        *ui->err = q->problem;
        return ui->err->rc;
    }
    exporting e = {.q = q};
    if (rc == ZH_OK) {
        rc = zh_right_need(&ui->ctx, q->reg, ZH_RIGHT_EXPORT);
    }
    if (rc == ZH_OK) {
        rc = xlsx ? workbook(&e, &ui->response->body) : text(&e, &ui->response->body);
    }
    if (rc == ZH_OK) {
        name_file(&e, xlsx ? "xlsx" : "csv");
        ui->response->type =
            xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                 : "text/csv; charset=utf-8";
    }
    return rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show);
}

ZH_ROUTE(export_register) = {.method = "GET",
                             .path = "/export/{reg}/{format}",
                             .slow = true,
                             .en = "The records of a question as CSV or XLSX",
                             .may_wait = zh_ui_may_log,
                             .handle = handle};
