/* Parts of the import pages. */
#include "web/import/import_part.h"
#include "core/intake/undo.h"
#include "core/read/permission.h"
#include "model/recipe.h"
#include "web/frame/session.h"
#include <inttypes.h>
#include <string.h>

enum { OTHERS_READ = 1000 }; /* jobs of everybody among which the reader's own are looked for */

zh_rc zh_import_job_of(zh_ui *ui, zh_job *out)
{
    int64_t id = 0;
    zh_str text = zh_http_arg(ui->request, "job");
    if (zh_str_i64(text, &id) != ZH_OK) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "job.unknown", "没有编号为“%.*s”的任务",
                          ZH_FMT(zh_str_sub(text, 0, 60)));
    }
    zh_rc rc = zh_job_get(&ui->ctx, id, out);
    bool ours = rc == ZH_OK && zh_import_seen(ui, out) &&
                (zh_str_is(out->kind, ZH_JOB_CHECK) || zh_str_is(out->kind, ZH_JOB_IMPORT));
    if (rc == ZH_OK && !ours) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "job.unknown", "没有编号为“%.*s”的导入任务",
                        ZH_FMT(zh_str_sub(text, 0, 60)));
    }
    return rc;
}

bool zh_import_seen(const zh_ui *ui, const zh_job *job)
{
    return zh_ui_whole(ui) || (ui->ctx.actor.n > 0 && zh_str_eq(job->actor, ui->ctx.actor));
}

zh_rc zh_import_jobs_seen(zh_ui *ui, size_t limit, zh_job **out, size_t *n)
{
    zh_rc rc = zh_job_list(&ui->ctx, zh_ui_whole(ui) ? limit : OTHERS_READ, out, n);
    size_t seen = 0;
    for (size_t i = 0; i < *n && rc == ZH_OK && seen < limit; i++) {
        if (zh_import_seen(ui, &(*out)[i])) {
            (*out)[seen++] = (*out)[i];
        }
    }
    *n = seen;
    return rc;
}

bool zh_import_possible(const zh_ui *ui)
{
    const zh_model *model = ui->ctx.model;
    for (size_t i = 0; i < model->nregisters; i++) {
        if ((zh_rights(&ui->ctx, &model->registers[i]) & ZH_RIGHT_CREATE) != 0) {
            return true;
        }
    }
    return false;
}

bool zh_import_open(const zh_job *job)
{
    return zh_str_is(job->state, "queued") || zh_str_is(job->state, "running");
}

zh_str zh_import_url(zh_arena *arena, int64_t job, const char *rest)
{
    return zh_str_fmt(arena, "/import/%" PRId64 "%s", job, rest);
}

zh_str zh_import_text(const zh_json *object, const char *name)
{
    return zh_json_str(zh_json_get(object, name), ZH_STR(""));
}

int64_t zh_import_number(const zh_json *object, const char *name)
{
    int64_t out = 0;
    const zh_json *v = zh_json_get(object, name);
    return v != NULL && zh_json_i64(v, &out) == ZH_OK ? out : 0;
}

bool zh_import_flag(const zh_json *object, const char *name)
{
    const zh_json *v = zh_json_get(object, name);
    return v != NULL && v->kind == ZH_JSON_BOOL && v->boolean;
}

void zh_import_steps(zh_ui *ui, size_t now, zh_str file)
{
    zh_stage steps[] = {
        {zh_ui_text(ui, ZH_T_IMPORT_STEP_TEMPLATE), zh_ui_text(ui, ZH_T_IMPORT_STEP_TEMPLATE_NOTE),
         ZH_STEP_TODO},
        {zh_ui_text(ui, ZH_T_IMPORT_STEP_FILE),
         file.n > 0 ? file : zh_ui_text(ui, ZH_T_IMPORT_STEP_FILE_NOTE), ZH_STEP_TODO},
        {zh_ui_text(ui, ZH_T_IMPORT_STEP_CHECK), zh_ui_text(ui, ZH_T_IMPORT_STEP_CHECK_NOTE),
         ZH_STEP_TODO},
        {zh_ui_text(ui, ZH_T_IMPORT_STEP_COMMIT), zh_ui_text(ui, ZH_T_IMPORT_STEP_COMMIT_NOTE),
         ZH_STEP_TODO},
    };
    for (size_t i = 0; i < ZH_COUNTOF(steps); i++) {
        steps[i].state = i < now ? ZH_STEP_DONE : i == now ? ZH_STEP_NOW : ZH_STEP_TODO;
    }
    zh_html_open(&ui->html, "div", "import-steps");
    zh_part_steps(ui, steps, ZH_COUNTOF(steps));
    zh_html_close(&ui->html);
}

void zh_import_select(zh_ui *ui, const char *name, zh_str label, const zh_option *options, size_t n,
                      zh_str selected)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, label);
    zh_html_open(h, "select", NULL);
    zh_html_attr_z(h, "name", name);
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "option", NULL);
        zh_html_attr(h, "value", options[i].value);
        if (zh_str_eq(options[i].value, selected)) {
            zh_html_flag(h, "selected");
        }
        zh_html_lang(h, options[i].label);
        zh_html_text(h, options[i].label);
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

void zh_import_registers(zh_ui *ui, zh_str none, zh_str selected)
{
    const zh_model *model = ui->ctx.model;
    zh_option *options = ZH_NEW_N(ui->arena, zh_option, model->nregisters + 1);
    size_t n = 1;
    options[0] = (zh_option){ZH_STR(""), none};
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if ((zh_rights(&ui->ctx, reg) & ZH_RIGHT_CREATE) != 0) {
            options[n++] = (zh_option){reg->id, zh_ui_label(ui, reg->label)};
        }
    }
    zh_import_select(ui, "register", zh_ui_text(ui, ZH_T_IMPORT_REGISTER), options, n, selected);
}

void zh_import_recipes(zh_ui *ui, zh_str none, zh_str selected)
{
    const zh_model *model = ui->ctx.model;
    zh_option *options = ZH_NEW_N(ui->arena, zh_option, model->nrecipes + 1);
    options[0] = (zh_option){ZH_STR(""), none};
    for (size_t i = 0; i < model->nrecipes; i++) {
        const zh_recipe *recipe = &model->recipes[i];
        options[i + 1] = (zh_option){recipe->id, zh_ui_label(ui, recipe->label)};
    }
    zh_import_select(ui, "recipe", zh_ui_text(ui, ZH_T_IMPORT_RECIPE), options, model->nrecipes + 1,
                     selected);
}

void zh_import_form(zh_ui *ui, zh_str action, const char *css)
{
    zh_html_open(&ui->html, "form", css);
    zh_html_attr_z(&ui->html, "method", "post");
    zh_html_link(&ui->html, "action", action);
}

void zh_import_button(zh_ui *ui, const char *css, const char *name, const char *value, zh_str label,
                      zh_str why)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "button", css);
    if (why.n > 0) {
        zh_html_attr_z(h, "type", "button");
        zh_html_attr_z(h, "aria-disabled", "true");
        zh_html_attr(h, "title", why);
    } else {
        zh_html_attr_z(h, "type", "submit");
    }
    if (name != NULL && why.n == 0) {
        zh_html_attr_z(h, "name", name);
        zh_html_attr_z(h, "value", value);
    }
    zh_html_text(h, label);
    if (why.n > 0) {
        zh_html_open(h, "small", "why");
        zh_html_text(h, why);
        zh_html_close(h);
    }
    zh_html_close(h);
}

void zh_import_error(zh_ui *ui, zh_str title, const zh_err *err)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "import-error");
    zh_html_attr_z(h, "role", "alert");
    zh_part_note_open(ui, ZH_NOTE_ACT);
    zh_html_leaf(h, "b", NULL, title);
    zh_html_leaf_value(h, "p", NULL, zh_str_of(err->message));
    if (err->where[0] != '\0') {
        zh_html_open(h, "p", "sm mu");
        zh_html_text(h, zh_ui_text(ui, ZH_T_ERR_WHERE));
        zh_html_z(h, " ");
        zh_html_z(h, err->where);
        zh_html_close(h);
    }
    if (err->fix[0] != '\0') {
        zh_html_leaf_value(h, "p", NULL, zh_str_of(err->fix));
    }
    zh_html_open(h, "p", "sm mu");
    zh_html_text(h, zh_ui_text(ui, ZH_T_ERR_RULE));
    zh_html_z(h, " ");
    zh_html_leaf_z(h, "span", "mono", err->rule);
    zh_html_close(h);
    zh_part_note_close(ui);
    zh_html_close(h);
}

/* ---- jobs as a table
 * ------------------------------------------------------------------------------- */

static void state_of(zh_ui *ui, const zh_job *job)
{
    if (zh_str_is(job->state, "running") || zh_str_is(job->state, "queued")) {
        zh_part_lamp(ui, ZH_LAMP_OK,
                     zh_ui_text(ui, job->cancel                        ? ZH_T_JOBS_CANCELLING
                                    : zh_str_is(job->state, "running") ? ZH_T_JOBS_RUNNING
                                                                       : ZH_T_JOBS_QUEUED));
    } else if (zh_str_is(job->state, "done")) {
        zh_part_lamp(ui, ZH_LAMP_DONE, zh_ui_text(ui, ZH_T_JOBS_DONE));
    } else if (zh_str_is(job->state, ZH_JOB_STATE_UNDONE)) {
        zh_part_lamp(ui, ZH_LAMP_NIL, zh_ui_text(ui, ZH_T_JOBS_UNDONE));
    } else {
        bool failed = zh_str_is(job->state, "failed");
        zh_part_lamp(ui, failed ? ZH_LAMP_ACT : ZH_LAMP_NIL,
                     zh_ui_text(ui, failed ? ZH_T_JOBS_FAILED : ZH_T_JOBS_CANCELLED));
    }
}

static zh_str progress_of(zh_ui *ui, const zh_job *job)
{
    if (job->total > 0 && zh_import_open(job)) {
        int64_t done = job->progress < job->total ? job->progress : job->total;
        return zh_str_fmt(ui->arena, "%" PRId64 "%%", done * 100 / job->total);
    }
    return ZH_STR("");
}

static void result_of(zh_ui *ui, const zh_job *job)
{
    zh_json *result = NULL;
    zh_err ignored = {0};
    if (job->result.n == 0 || zh_json_parse(ui->arena, job->result, &result, &ignored) != ZH_OK) {
        return;
    }
    const zh_json *error = zh_json_get(result, "error");
    if (error != NULL) {
        zh_html_value(&ui->html, zh_import_text(error, "message"));
    } else if (zh_json_get(result, "rows") != NULL) {
        zh_html_text(&ui->html,
                     ZH_SAY(ui, ZH_T_JOBS_COUNTS, zh_ui_count(ui, zh_import_number(result, "rows")),
                            zh_ui_count(ui, zh_import_number(result, "new")),
                            zh_ui_count(ui, zh_import_number(result, "same")),
                            zh_ui_count(ui, zh_import_number(result, "changed")),
                            zh_ui_count(ui, zh_import_number(result, "doubtful")),
                            zh_ui_count(ui, zh_import_number(result, "refused"))));
    } else if (zh_json_get(result, "withdrawn") != NULL) {
        zh_html_text(&ui->html, ZH_SAY(ui, ZH_T_JOBS_UNDO_COUNTS,
                                       zh_ui_count(ui, zh_import_number(result, "withdrawn")),
                                       zh_ui_count(ui, zh_import_number(result, "restored")),
                                       zh_ui_count(ui, zh_import_number(result, "left"))));
    }
}

static void what_of(zh_ui *ui, const zh_job *job, const zh_json *args, const zh_json *result)
{
    bool check = zh_str_is(job->kind, ZH_JOB_CHECK);
    bool import = zh_str_is(job->kind, ZH_JOB_IMPORT);
    bool undo = zh_str_is(job->kind, ZH_JOB_UNDO);
    int64_t undone = 0;
    zh_str id = zh_import_text(args, "register");
    id = id.n > 0 ? id : zh_import_text(result, "register");
    const zh_register *reg = id.n > 0 ? zh_model_register(ui->ctx.model, id) : NULL;
    zh_str kind = check    ? zh_ui_text(ui, ZH_T_JOBS_KIND_CHECK)
                  : import ? zh_ui_text(ui, ZH_T_JOBS_KIND_IMPORT)
                  : undo   ? zh_ui_text(ui, ZH_T_JOBS_KIND_UNDO)
                           : job->kind;
    zh_str text = reg != NULL ? zh_str_fmt(ui->arena, "%.*s · %.*s", ZH_FMT(kind),
                                           ZH_FMT(zh_ui_label(ui, reg->label)))
                              : kind;
    if (check || import) {
        zh_html_a(&ui->html, "t", zh_import_url(ui->arena, job->id, ""), text);
    } else if (undo && zh_str_i64(zh_import_text(args, "import"), &undone) == ZH_OK) {
        zh_html_a(&ui->html, "t", zh_import_url(ui->arena, undone, ""), text);
    } else {
        zh_html_text(&ui->html, text);
    }
}

zh_str zh_import_name(zh_ui *ui, const zh_job *job)
{
    zh_json *parsed = NULL;
    zh_err ignored = {0};
    zh_ctx quiet = ui->ctx;
    quiet.err = &ignored;
    zh_str name = ZH_STR("");
    if (zh_json_parse(ui->arena, job->args, &parsed, &ignored) == ZH_OK) {
        name = zh_import_text(parsed, "name");
    }
    if (name.n == 0 && zh_json_parse(ui->arena, job->result, &parsed, &ignored) == ZH_OK) {
        name = zh_import_text(parsed, "name");
    }
    if (name.n == 0 && zh_str_is(job->kind, ZH_JOB_IMPORT) &&
        zh_import_note(&quiet, job->id, "upload.json", &parsed) == ZH_OK) {
        name = zh_import_text(parsed, "name");
    }
    return name;
}

/* What is 0 is left out. */
static zh_str counted(zh_ui *ui, const zh_json *result)
{
    static const struct {
        const char *key;
        zh_text_id text;
    } parts[] = {{"new", ZH_T_JOBS_NEW},
                 {"changed", ZH_T_JOBS_CHANGED},
                 {"same", ZH_T_JOBS_SAME},
                 {"doubtful", ZH_T_JOBS_DOUBTFUL},
                 {"refused", ZH_T_JOBS_REFUSED}};
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < ZH_COUNTOF(parts); i++) {
        int64_t n = zh_import_number(result, parts[i].key);
        if (n > 0) {
            out = zh_ui_list(ui, out, ZH_SAY(ui, parts[i].text, zh_ui_count(ui, n)));
        }
    }
    return out;
}

void zh_import_lines(zh_ui *ui, const zh_job *jobs, size_t n)
{
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_AT), .css = "nw mu"},
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_WHAT), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_RESULT), .css = "full"},
    };
    zh_grid grid;
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        zh_err ignored = {0};
        zh_json none = {.kind = ZH_JSON_OBJECT};
        zh_json *args = NULL;
        zh_json *result = NULL;
        bool read = zh_json_parse(ui->arena, jobs[i].args, &args, &ignored) == ZH_OK;
        bool ended = jobs[i].result.n > 0 &&
                     zh_json_parse(ui->arena, jobs[i].result, &result, &ignored) == ZH_OK;
        zh_grid_row(&grid, NULL);
        zh_grid_text(&grid, zh_ui_time(ui, jobs[i].updated_at));
        zh_grid_cell(&grid);
        what_of(ui, &jobs[i], read ? args : &none, ended ? result : &none);
        zh_grid_text(&grid, ended ? counted(ui, result) : ZH_STR(""));
    }
    zh_grid_close(&grid);
}

void zh_import_jobs(zh_ui *ui, const zh_job *jobs, size_t n)
{
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_WHAT), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_STATE), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_RESULT), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_FILE), .css = "full mu"},
        {.label = zh_ui_text(ui, ZH_T_JOBS_COL_AT), .css = "nw mu"},
    };
    zh_grid grid;
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        const zh_job *job = &jobs[i];
        zh_err ignored = {0};
        zh_json *args = NULL;
        zh_json *result = NULL;
        zh_json none = {.kind = ZH_JSON_OBJECT};
        if (zh_json_parse(ui->arena, job->args, &args, &ignored) != ZH_OK) {
            args = &none;
        }
        if (job->result.n == 0 ||
            zh_json_parse(ui->arena, job->result, &result, &ignored) != ZH_OK) {
            result = &none;
        }
        zh_grid_row(&grid, NULL);
        zh_grid_cell(&grid);
        what_of(ui, job, args, result);
        zh_grid_cell(&grid);
        state_of(ui, job);
        zh_html_z(&ui->html, " ");
        zh_html_text(&ui->html, progress_of(ui, job));
        zh_grid_cell(&grid);
        result_of(ui, job);
        zh_grid_value(&grid, zh_import_name(ui, job));
        zh_grid_text(&grid, zh_ui_time(ui, job->updated_at));
    }
    zh_grid_close(&grid);
}
