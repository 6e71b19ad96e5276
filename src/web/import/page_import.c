/* GET and POST /import: 导入. Template, file or pasted cells, and the job that checks them. */
#include "app/template.h"
#include "core/read/permission.h"
#include "fmt/cell.h"
#include "web/frame/problem.h"
#include "web/import/import_part.h"
#include <inttypes.h>
#include <string.h>

enum { RECENT = 6 };

/* ---- page
 * ------------------------------------------------------------------------------------------ */

static void choose_register(zh_ui *ui)
{
    zh_str asked = zh_http_param(ui->request, "register");
    zh_str sent = zh_pairs_get(ui->request->form, "register");
    zh_import_registers(ui, zh_ui_text(ui, ZH_T_IMPORT_REGISTER_FIND), sent.n > 0 ? sent : asked);
}

static void give_file(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "file", zh_ui_text(ui, ZH_T_IMPORT_FORM), false);
    zh_import_form(ui, ZH_STR("/import"), "stack-s");
    zh_html_attr_z(h, "enctype", "multipart/form-data");
    zh_html_open(h, "label", "field");
    zh_html_open(h, "span", NULL);
    zh_html_text(h, zh_ui_text(ui, ZH_T_IMPORT_FILE));
    zh_html_z(h, " ");
    zh_html_leaf(
        h, "small", "hint",
        ZH_SAY(ui, ZH_T_IMPORT_FILE_HINT, zh_str_fmt(ui->arena, "%zu", ZH_IMPORT_FILE_MAX >> 20)));
    zh_html_close(h);
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "file");
    zh_html_attr_z(h, "name", "file");
    zh_html_attr_z(h, "accept", ".csv,.tsv,.txt,.xlsx,.json,.ndjson,.geojson,.gz,.zip");
    zh_html_close(h); /* the input */
    zh_html_close(h);
    zh_html_open(h, "label", "field");
    zh_html_open(h, "span", NULL);
    zh_html_text(h, zh_ui_text(ui, ZH_T_IMPORT_PASTE));
    zh_html_z(h, " ");
    zh_html_leaf(h, "small", "hint", zh_ui_text(ui, ZH_T_IMPORT_PASTE_HINT));
    zh_html_close(h);
    zh_html_open(h, "textarea", "mono");
    zh_html_attr_z(h, "name", "cells");
    zh_html_attr_z(h, "rows", "5");
    zh_html_attr_z(h, "spellcheck", "false");
    zh_html_text(h, zh_pairs_get(ui->request->form, "cells"));
    zh_html_close(h);
    zh_html_close(h);
    zh_html_open(h, "div", "import-pair");
    choose_register(ui);
    zh_import_recipes(ui, zh_ui_text(ui, ZH_T_IMPORT_RECIPE_FIND),
                      zh_pairs_get(ui->request->form, "recipe"));
    zh_html_close(h);
    zh_import_button(ui, "btn pri", NULL, NULL, zh_ui_text(ui, ZH_T_IMPORT_GO), ZH_STR(""));
    zh_html_close(h);
    zh_part_section_close(ui);
}

static void template_links(zh_ui *ui, const zh_register *reg)
{
    static const char *const kinds[] = {"xlsx", "csv"};
    static const char *const names[] = {"XLSX", "CSV"};
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        zh_str file = zh_str_fmt(ui->arena, "%.*s.%s", ZH_FMT(reg->id), kinds[i]);
        zh_html_z(&ui->html, i > 0 ? " · " : "");
        zh_html_a(&ui->html, NULL, zh_url_path(ui->arena, "/import/templates", file, ZH_STR_NONE),
                  zh_str_of(names[i]));
    }
}

static void templates(zh_ui *ui)
{
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_IMPORT_REGISTER)},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_TEMPLATES), .css = "nw"},
    };
    zh_grid grid;
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "templates", zh_ui_text(ui, ZH_T_IMPORT_TEMPLATES), true);
    zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_IMPORT_TEMPLATES_NOTE));
    zh_html_open(h, "div", "import-templates");
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), false, ZH_STR(""));
    for (size_t i = 0; i < model->nregisters; i++) {
        if ((zh_rights(&ui->ctx, &model->registers[i]) & ZH_RIGHT_CREATE) == 0) {
            continue;
        }
        zh_grid_row(&grid, NULL);
        zh_grid_link(&grid,
                     zh_url_register(ui->arena, model->registers[i].id, ZH_STR(""), ZH_AS_OF_NOW),
                     zh_ui_label(ui, model->registers[i].label));
        zh_grid_cell(&grid);
        template_links(ui, &model->registers[i]);
    }
    zh_grid_close(&grid);
    zh_html_close(h);
    zh_part_section_close(ui);
}

static zh_rc recent(zh_ui *ui)
{
    zh_job *jobs = NULL;
    size_t n = 0;
    zh_html *h = &ui->html;
    zh_rc rc = zh_import_jobs_seen(ui, RECENT, &jobs, &n);
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    zh_part_section_open(ui, "recent", zh_ui_text(ui, ZH_T_IMPORT_RECENT), true);
    zh_import_jobs(ui, jobs, n);
    zh_html_open(h, "p", "sm import-more");
    zh_html_a(h, NULL, ZH_STR("/jobs"), zh_ui_text(ui, ZH_T_IMPORT_RECENT_ALL));
    zh_html_close(h);
    zh_part_section_close(ui);
    return ZH_OK;
}

/* Why the post imports nothing, and who does. */
static zh_rc closed(zh_ui *ui)
{
    const zh_register *reg =
        zh_model_register(ui->ctx.model, zh_http_param(ui->request, "register"));
    zh_str who = reg != NULL ? zh_part_who_can(ui, reg, ZH_RIGHT_CREATE)
                             : zh_ui_text(ui, ZH_T_IMPORT_CLOSED_TEXT);
    zh_part_empty(ui, ZH_EMPTY_DENIED, zh_ui_text(ui, ZH_T_IMPORT_CLOSED), who,
                  ui->web->samples ? ZH_STR("/demo") : ZH_STR("/account"),
                  zh_ui_text(ui, ZH_T_REGISTER_EMPTY_POSTS));
    return ZH_OK;
}

static zh_rc page(zh_ui *ui, const zh_err *refused)
{
    zh_html *h = &ui->html;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_IMPORT,
                                    .title = zh_ui_text(ui, ZH_T_IMPORT_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_IMPORT_LEDE),
                                    .css = ZH_STR("import.css")});
    zh_import_steps(ui, 1, ZH_STR(""));
    if (refused != NULL) {
        zh_import_error(ui, zh_ui_text(ui, ZH_T_IMPORT_NOT), refused);
    } else if (zh_http_param(ui->request, "discarded").p != NULL) {
        zh_part_note(ui, ZH_NOTE_QING, zh_ui_text(ui, ZH_T_IMPORT_DISCARDED));
    }
    if (!zh_import_possible(ui)) {
        return closed(ui);
    }
    zh_html_open(h, "div", "stack");
    if (ui->ctx.post != NULL && ui->ctx.post->scope != ZH_SCOPE_ALL) {
        zh_part_note(ui, ZH_NOTE_QING, zh_ui_text(ui, ZH_T_IMPORT_SCOPE));
    }
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w8");
    give_file(ui);
    zh_html_close(h);
    zh_html_open(h, "div", "w4");
    templates(ui);
    zh_html_close(h);
    zh_html_close(h);
    return recent(ui);
}

static zh_rc show(zh_ui *ui)
{
    return page(ui, NULL);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_import) = {
    .method = "GET", .path = "/import", .en = "choose a file to import", .handle = handle};

/* ---- taking a file
 * ------------------------------------------------------------------------------------------ */

/* A name to show and to match: without a folder, control characters or a cut character. */
static zh_str clean_name(zh_arena *arena, zh_str name)
{
    zh_buf out;
    zh_buf_init(&out, ZH_IMPORT_NAME_MAX * 2);
    name = zh_cell_clip(zh_str_trim(name), ZH_IMPORT_NAME_MAX);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        zh_buf_c(&out, (unsigned char)c < 0x20 || c == '/' || c == '\\' || c == 0x7f ? '_' : c);
    }
    zh_str text = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text.n > 0 ? text : ZH_STR("未命名");
}

static zh_rc take(zh_ui *ui, zh_job *job)
{
    const zh_upload *file = NULL;
    for (size_t i = 0; i < ui->request->nfiles && file == NULL; i++) {
        const zh_upload *f = &ui->request->files[i];
        bool chosen = zh_str_is(f->field, "file") && (f->file_name.n > 0 || f->size > 0);
        file = chosen ? f : NULL;
    }
    zh_import_ask ask = {
        .name = file != NULL ? clean_name(ui->arena, file->file_name) : ZH_STR("粘贴.tsv"),
        .reg = zh_pairs_get(ui->request->form, "register"),
        .recipe = zh_pairs_get(ui->request->form, "recipe"),
        .justification = zh_str_trim(zh_pairs_get(ui->request->form, "reason")),
    };
    zh_rc rc = zh_import_may(&ui->ctx, ask.reg); /* before anything is kept */
    if (rc == ZH_OK) {
        rc = file != NULL ? zh_import_keep(&ui->ctx, file->path.p, &ask.digest)
                          : zh_import_keep_text(&ui->ctx, zh_pairs_get(ui->request->form, "cells"),
                                                &ask.digest);
    }
    return rc == ZH_OK ? zh_import_check(&ui->ctx, &ask, job) : rc;
}

static zh_rc receive(zh_ui *ui)
{
    zh_job job;
    zh_rc rc = take(ui, &job);
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, zh_import_url(ui->arena, job.id, ""));
    }
    bool persons = rc == ZH_EINVAL || rc == ZH_ELIMIT || rc == ZH_EDENIED || rc == ZH_ENOTFOUND;
    if (!persons || !zh_web_wants_html(ui->request)) {
        return rc;
    }
    zh_err refused = *ui->err;
    zh_err_again(ui->err);
    ui->response->status = zh_problem_status(rc);
    return page(ui, &refused);
}

static zh_rc handle_post(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, receive);
}

ZH_ROUTE(page_import_post) = {.method = "POST",
                              .path = "/import",
                              .body_max = ZH_IMPORT_TEXT_MAX * 2,
                              .upload_max = ZH_IMPORT_FILE_MAX,
                              .slow = true,
                              .en = "send a file to be checked",
                              .handle = handle_post};

/* ---- templates
 * ------------------------------------------------------------------------------------------ */

static zh_rc template_file(zh_ui *ui)
{
    zh_str file = zh_http_arg(ui->request, "file");
    bool xlsx = zh_str_ends(file, ZH_STR(".xlsx"));
    bool csv = zh_str_ends(file, ZH_STR(".csv"));
    zh_str id = zh_str_sub(file, 0, file.n > 5 ? file.n - (xlsx ? 5 : 4) : 0);
    const zh_register *reg = xlsx || csv ? zh_model_register(ui->ctx.model, id) : NULL;
    if (reg == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "import.template", "没有这个模板");
    }
    zh_http_header_add(ui->response, "Content-Disposition",
                       zh_str_fmt(ui->arena, "attachment; filename=\"%.*s\"", ZH_FMT(file)).p);
    if (csv) {
        ui->response->type = "text/csv; charset=utf-8";
        zh_template_csv(reg, &ui->response->body);
        return ZH_OK;
    }
    ui->response->type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    return zh_template_xlsx(reg, zh_time_date(zh_now()), &ui->response->body, ui->err);
}

static zh_rc handle_template(const zh_http_request *request, zh_http_response *response,
                             zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, template_file);
}

ZH_ROUTE(import_template) = {.method = "GET",
                             .path = "/import/templates/{file}",
                             .slow = true,
                             .en = "a template made from a register, .xlsx or .csv",
                             .handle = handle_template};
