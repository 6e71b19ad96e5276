/* GET /permissions, /permissions/{format}: 权限矩阵, roles × registers × verbs × rows × masks, from
 * the declarations in force. GET /registers/{reg}/{id}/access: 谁能看到这条记录, every active post
 * with the rule by which it sees the record. */
#include "base/csv.h"
#include "core/people/identity.h"
#include "fmt/xlsx_out.h"
#include "web/frame/part.h"
#include "web/frame/session.h"
#include "web/frame/words.h"
#include "web/record/record.h"
#include <string.h>

#define MATRIX_BYTES_MAX ((size_t)16 << 20)
enum { COLUMNS = 12, POSTS_MAX = 1000 };

/* ---- the matrix, row by row ---- */

typedef struct matrix {
    zh_ui *ui;
    zh_grid *grid; /* or */
    zh_buf *csv;   /* or */
    zh_xlsx_out *xlsx;
    size_t at;
} matrix;

static void cell(matrix *m, zh_str text, bool head)
{
    if (m->grid != NULL) {
        zh_grid_value(m->grid, text);
    } else if (m->xlsx != NULL) {
        zh_xlsx_out_text(m->xlsx, text, head ? ZH_XLSX_HEAD : ZH_XLSX_WRAP);
    } else {
        zh_buf_z(m->csv, m->at > 0 ? "," : "");
        zh_csv_write_cell(m->csv, text, ',', true);
    }
    m->at++;
}

static void row(matrix *m, const zh_str *cells, size_t n, bool head)
{
    m->at = 0;
    if (m->grid != NULL) {
        zh_grid_row(m->grid, NULL);
    } else if (m->xlsx != NULL) {
        zh_xlsx_out_row(m->xlsx);
    }
    for (size_t i = 0; i < n; i++) {
        cell(m, cells[i], head);
    }
    if (m->csv != NULL) {
        zh_buf_z(m->csv, "\r\n");
    }
}

static zh_str fields(zh_ui *ui, const zh_field *const *list, size_t n)
{
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < n; i++) {
        out = zh_ui_list(ui, out, zh_ui_label(ui, list[i]->label));
    }
    return out;
}

static zh_str role_name(zh_ui *ui, zh_str role)
{
    zh_str name = zh_ui_role(ui, role);
    return zh_str_eq(name, role) ? role
                                 : zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(name), ZH_FMT(role));
}

static bool can(const zh_access *access, const char *verb)
{
    return zh_str_among(zh_str_of(verb), access->can, access->ncan);
}

/* The transitions that are really open to the role: named, or all whose own roles allow it. */
static zh_str steps(zh_ui *ui, const zh_register *reg, const zh_access *access)
{
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < reg->ntransitions; i++) {
        const zh_transition *t = &reg->transitions[i];
        bool role = t->nroles == 0 || zh_str_among(access->role, t->roles, t->nroles);
        bool named = zh_str_among(t->id, access->can, access->ncan);
        if (role && (named || can(access, "transition"))) {
            zh_str label = zh_ui_label(ui, t->label);
            out = zh_ui_list(ui, out, t->two_person ? ZH_SAY(ui, ZH_T_ACCESS_TWO, label) : label);
        }
    }
    return out;
}

static void entry(matrix *m, const zh_register *reg, const zh_access *access)
{
    static const char *const verbs[] = {"read", "create", "amend", "export", "erase"};
    zh_ui *ui = m->ui;
    zh_str cells[COLUMNS];
    size_t n = 0;
    cells[n++] = zh_ui_label(ui, reg->label);
    cells[n++] = role_name(ui, access->role);
    for (size_t i = 0; i < ZH_COUNTOF(verbs); i++) {
        bool two = strcmp(verbs[i], "erase") == 0 && can(access, "erase_two");
        cells[n++] = can(access, verbs[i]) ? ZH_STR("✓")
                     : two                 ? zh_ui_text(ui, ZH_T_ACT_NEEDS_TWO)
                                           : ZH_STR("");
    }
    cells[n++] = steps(ui, reg, access);
    cells[n++] =
        access->has_rows ? zh_words(ui, access->rows.root) : zh_ui_text(ui, ZH_T_ACCESS_ALL_ROWS);
    cells[n++] = fields(ui, access->mask, access->nmask);
    cells[n++] = fields(ui, access->drop, access->ndrop);
    cells[n++] = zh_ui_label(ui, access->purpose);
    row(m, cells, n, false);
}

static void heads(zh_ui *ui, zh_str out[COLUMNS])
{
    static const zh_text_id ids[COLUMNS] = {
        ZH_T_ACCESS_REGISTER, ZH_T_ACCESS_ROLE,   ZH_T_ACCESS_READ,    ZH_T_ACCESS_CREATE,
        ZH_T_ACCESS_AMEND,    ZH_T_ACCESS_EXPORT, ZH_T_ACCESS_ERASE,   ZH_T_ACCESS_STEPS,
        ZH_T_ACCESS_ROWS,     ZH_T_ACCESS_MASKED, ZH_T_ACCESS_DROPPED, ZH_T_ACCESS_PURPOSE};
    for (size_t i = 0; i < COLUMNS; i++) {
        out[i] = zh_ui_text(ui, ids[i]);
    }
}

/* The role asked for; empty: all. */
static void all_entries(matrix *m)
{
    zh_ui *ui = m->ui;
    const zh_model *model = ui->ctx.model;
    zh_str role = zh_http_param(ui->request, "role");
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        for (size_t k = 0; k < reg->naccess; k++) {
            if (role.n == 0 || zh_str_eq(role, reg->access[k].role)) {
                entry(m, reg, &reg->access[k]);
            }
        }
    }
}

static void choose_role(zh_ui *ui)
{
    enum { ROLES_MAX = 64 };
    const zh_codes *roles = zh_model_codes(ui->ctx.model, ZH_STR("role"));
    zh_option options[ROLES_MAX + 1] = {{ZH_STR(""), zh_ui_text(ui, ZH_T_ACCESS_ALL_ROLES)}};
    size_t n = 1;
    for (size_t i = 0; roles != NULL && i < roles->n && n <= ROLES_MAX; i++) {
        options[n++] = (zh_option){roles->codes[i].code, zh_ui_label(ui, roles->codes[i].label)};
    }
    zh_part_ask_open(ui, ZH_STR("/permissions"));
    zh_part_ask_select(ui, "role", zh_ui_text(ui, ZH_T_ACCESS_ROLE), options, n,
                       zh_http_param(ui->request, "role"));
    zh_part_ask_close(ui);
}

static zh_rc show_matrix(zh_ui *ui)
{
    zh_grid grid;
    zh_str names[COLUMNS];
    zh_column columns[COLUMNS];
    matrix m = {.ui = ui, .grid = &grid};
    zh_html *h = &ui->html;
    zh_str role = zh_http_param(ui->request, "role");
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_TEXT_N,
                                    .title = zh_ui_text(ui, ZH_T_ACCESS_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_ACCESS_LEDE),
                                    .css = ZH_STR("register.css")});
    choose_role(ui);
    zh_html_open(h, "div", "stack");
    zh_html_open(h, "p", "bar");
    static const char *const formats[] = {"csv", "xlsx"};
    for (size_t i = 0; i < ZH_COUNTOF(formats); i++) {
        zh_str url = zh_str_fmt(ui->arena, "/permissions/%s", formats[i]);
        zh_html_a(h, "btn", role.n > 0 ? zh_url_add(ui->arena, url, "role", role) : url,
                  i == 0 ? ZH_STR("CSV") : ZH_STR("XLSX"));
    }
    zh_html_close(h);
    heads(ui, names);
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i] = (zh_column){.label = names[i], .css = i < 2 ? "full" : "lab"};
    }
    zh_part_section_open(ui, "matrix", ZH_STR(""), true);
    zh_grid_open(&grid, ui, columns, COLUMNS, true, ZH_STR(""));
    all_entries(&m);
    zh_grid_close(&grid);
    zh_part_section_close(ui);
    zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_ACCESS_SCOPES));
    return ZH_OK;
}

static zh_rc matrix_csv(zh_ui *ui)
{
    zh_str names[COLUMNS];
    matrix m = {.ui = ui, .csv = &ui->response->body};
    heads(ui, names);
    zh_buf_z(m.csv, "\xEF\xBB\xBF"); /* or Excel takes it for GBK */
    row(&m, names, COLUMNS, true);
    all_entries(&m);
    ui->response->type = "text/csv; charset=utf-8";
    return ZH_OK;
}

static zh_rc matrix_xlsx(zh_ui *ui)
{
    static const unsigned widths[COLUMNS] = {20, 20, 6, 6, 6, 6, 6, 30, 40, 24, 24, 20};
    zh_str names[COLUMNS];
    matrix m = {.ui = ui, .xlsx = zh_xlsx_out_new(MATRIX_BYTES_MAX)};
    heads(ui, names);
    zh_xlsx_out_sheet(m.xlsx, zh_ui_text(ui, ZH_T_ACCESS_TITLE), false, 1);
    for (size_t i = 0; i < COLUMNS; i++) {
        zh_xlsx_out_column(m.xlsx, widths[i], ZH_XLSX_WRAP);
    }
    row(&m, names, COLUMNS, true);
    all_entries(&m);
    zh_xlsx_out_sheet(m.xlsx, zh_ui_text(ui, ZH_T_REGISTER_SHEET_ABOUT), false, 0);
    zh_xlsx_out_column(m.xlsx, 90, ZH_XLSX_WRAP);
    const zh_str about[] = {zh_ui_text(ui, ZH_T_ACCESS_LEDE), zh_ui_text(ui, ZH_T_ACCESS_SCOPES),
                            ui->ctx.model->digest, zh_ui_time(ui, zh_now())};
    for (size_t i = 0; i < ZH_COUNTOF(about); i++) {
        row(&m, &about[i], 1, false);
    }
    zh_rc rc = zh_xlsx_out_finish(m.xlsx, &ui->response->body, ui->err);
    zh_xlsx_out_free(m.xlsx);
    ui->response->type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    return rc;
}

static zh_rc matrix_file(zh_ui *ui)
{
    zh_str format = zh_http_arg(ui->request, "format");
    bool csv = zh_str_is(format, "csv");
    if (!csv && !zh_str_is(format, "xlsx")) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "export.format",
                          "不能导出为“%.*s”，只有 csv、xlsx", ZH_FMT(format));
    }
    zh_http_header_add(ui->response, "Content-Disposition",
                       csv ? "attachment; filename=\"permissions.csv\""
                           : "attachment; filename=\"permissions.xlsx\"");
    return csv ? matrix_csv(ui) : matrix_xlsx(ui);
}

/* ---- who can see this record ---- */

typedef struct seeing {
    zh_shown_record *r;
    zh_grid *grid;
    zh_ctx *system; /* reads posts, and what they stand for */
    size_t n, see;
} seeing;

static zh_str text_field(const zh_record *record, const char *id)
{
    const zh_field *field = zh_register_field(record->reg, zh_str_of(id));
    const zh_value *value = field != NULL ? &record->values[field->index] : NULL;
    return value != NULL && value->kind == ZH_TEXT ? value->text : ZH_STR("");
}

static bool in_office(const zh_record *post)
{
    const zh_field *term = zh_register_field(post->reg, ZH_STR("term"));
    const zh_value *value = term != NULL ? &post->values[term->index] : NULL;
    zh_date today = zh_time_date(zh_now());
    return post->state >= 0 && zh_str_is(post->reg->states[post->state].id, "active") &&
           value != NULL && value->kind == ZH_PERIOD && value->i <= today && today <= value->to;
}

/* The rule in words: rows of the entry, and the data scope of the post. */
static zh_str rule_of(zh_ui *ui, const zh_ctx *reader, const zh_register *reg, zh_str scope)
{
    zh_str rules = ZH_STR("");
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *access = &reg->access[i];
        if (zh_access_applies(reader, reg, access)) {
            rules = zh_ui_list(ui, rules,
                               access->has_rows ? zh_words(ui, access->rows.root)
                                                : zh_ui_text(ui, ZH_T_ACCESS_ALL_ROWS));
        }
    }
    return ZH_SAY(ui, ZH_T_ACCESS_RULE, rules, scope);
}

static zh_str masked_for(zh_ui *ui, const zh_ctx *reader, const zh_register *reg)
{
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < reg->nfields; i++) {
        if (zh_field_masked(reader, &reg->fields[i])) {
            out = zh_ui_list(ui, out, zh_ui_label(ui, reg->fields[i].label));
        }
    }
    return out;
}

static zh_rc one_post(seeing *s, const zh_record *record)
{
    zh_ui *ui = s->r->ui;
    zh_err ignored = {0};
    zh_ctx reader = *s->system;
    const zh_post *post = NULL;
    zh_rc rc = in_office(record) ? zh_post_read(s->system, ui->conn, record, &post) : ZH_OK;
    if (rc != ZH_OK || post == NULL) {
        return rc;
    }
    reader.post = post;
    reader.role = post->role;
    reader.actor = text_field(record, "holder");
    reader.err = &ignored;
    zh_env env = zh_read_env(s->system, ui->conn, ZH_AS_OF_NOW, zh_shown(s->r));
    s->n++;
    if (zh_scope_holds(&reader, &env, zh_shown(s->r)) != ZH_OK) {
        return ZH_OK;
    }
    const zh_field *scope = zh_register_field(record->reg, ZH_STR("scope"));
    zh_str scope_text = zh_show_text(&s->r->show, scope, &record->values[scope->index]);
    zh_grid_row(s->grid, NULL);
    zh_grid_text(s->grid, reader.actor);
    zh_grid_text(s->grid, role_name(ui, post->role));
    zh_grid_value(s->grid, post->region.n > 0 ? zh_ui_region(ui, post->region) : ZH_STR("—"));
    zh_grid_text(s->grid, rule_of(ui, &reader, s->r->reg, scope_text));
    zh_grid_text(s->grid, masked_for(ui, &reader, s->r->reg));
    s->see++;
    return ZH_OK;
}

static zh_rc all_posts(seeing *s)
{
    zh_ui *ui = s->r->ui;
    const zh_register *reg = zh_model_register(ui->ctx.model, ZH_STR("post"));
    zh_page page = {0};
    zh_list_query query = {
        .reg = reg, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW, .with_tables = true};
    zh_rc rc = reg != NULL ? zh_list(s->system, ui->conn, &query, &page) : ZH_OK;
    for (size_t i = 0; i < page.n && i < POSTS_MAX && rc == ZH_OK; i++) {
        rc = one_post(s, page.records[i]);
    }
    return rc;
}

static zh_rc show_who(zh_ui *ui)
{
    zh_shown_record *r = ZH_NEW(ui->arena, zh_shown_record);
    zh_grid grid;
    zh_rc rc = zh_shown_read(ui, r);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_record *record = zh_shown(r);
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_ACCESS_PERSON), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCESS_ROLE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCOUNT_PLACE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCESS_BY), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_ACCESS_NOT_SHOWN), .css = "lab"}};
    zh_ctx system = zh_ctx_local(ui->web->core, ui->arena, ui->err);
    seeing s = {.r = r, .grid = &grid, .system = &system};
    zh_ui_head(ui,
               &(zh_ui_head_of){
                   .nav = ZH_T_NAV_REGISTERS,
                   .title = ZH_SAY(ui, ZH_T_ACCESS_WHO, zh_ui_label(ui, r->reg->label),
                                   zh_show_key(ui, record)),
                   .lede = zh_ui_text(ui, ZH_T_ACCESS_WHO_LEDE),
                   .above = zh_ui_text(ui, ZH_T_ACT_BACK),
                   .above_url = zh_url_record(ui->arena, r->reg->id, record->office, record->id),
                   .css = ZH_STR("register.css")});
    zh_part_section_open(ui, "who", ZH_STR(""), true);
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    rc = all_posts(&s);
    zh_grid_close(&grid);
    zh_part_section_close(ui);
    zh_html_leaf(&ui->html, "p", "sm mu",
                 ZH_SAY(ui, ZH_T_ACCESS_WHO_N, zh_ui_count(ui, (int64_t)s.see),
                        zh_ui_count(ui, (int64_t)s.n)));
    zh_ctx_end(&system);
    return rc;
}

/* ---- routes ---- */

static zh_rc handle_matrix(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_matrix);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, matrix_file);
}

static zh_rc handle_who(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_who);
}

ZH_ROUTE(page_permissions) = {.method = "GET",
                              .path = "/permissions",
                              .en = "Roles × registers × verbs × rows × masks, as a page",
                              .handle = handle_matrix};
ZH_ROUTE(permissions_file) = {.method = "GET",
                              .path = "/permissions/{format}",
                              .en = "The same as CSV or XLSX",
                              .handle = handle_file};
ZH_ROUTE(page_record_access) = {.method = "GET",
                                .path = "/registers/{reg}/{id}/access",
                                .slow = true, /* asks every post */
                                .en = "Who can see a record, and by which rule, as a page",
                                .may_wait = zh_ui_may_log,
                                .handle = handle_who};
