/* What is done with a check or a commit: order, check again, cancel, go on; its files; jobs as a
 * list and as JSON. */
#include "base/os.h"
#include "core/intake/undo.h"
#include "web/frame/problem.h"
#include "web/import/import_part.h"
#include <inttypes.h>

enum { JOBS_SHOWN = 100 };

/* ---- acting
 * --------------------------------------------------------------------------------------------- */

static zh_rc go_to(zh_ui *ui, int64_t job)
{
    return zh_http_see_other(ui->request, ui->response, zh_import_url(ui->arena, job, ""));
}

static zh_rc job_of_kind(zh_ui *ui, const char *kind, zh_job *out)
{
    zh_rc rc = zh_import_job_of(ui, out);
    if (rc == ZH_OK && !zh_str_is(out->kind, kind)) {
        rc = zh_err_set(ui->err, ZH_ECONFLICT, "import.kind", "任务 %" PRId64 " 不能这样做",
                        out->id);
    }
    return rc;
}

static zh_rc commit(zh_ui *ui)
{
    zh_job check;
    zh_job job;
    zh_str mode = zh_pairs_get(ui->request->form, "mode");
    zh_rc rc = job_of_kind(ui, ZH_JOB_CHECK, &check);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_str_is(mode, "none")) {
        rc = zh_import_discard(&ui->ctx, &check);
        return rc == ZH_OK
                   ? zh_http_see_other(ui->request, ui->response, ZH_STR("/import?discarded=1"))
                   : rc;
    }
    if (!zh_str_is(mode, "all") && !zh_str_is(mode, "clean")) {
        zh_err_set(ui->err, ZH_EINVAL, "import.mode", "没有说怎样提交");
        zh_err_fix(ui->err, "mode 写 all（全部）、clean（只要无误的）或 none（放弃）");
        return ZH_EINVAL;
    }
    rc =
        zh_import_commit(&ui->ctx, &check, zh_str_is(mode, "all") ? ZH_COMMIT_ALL : ZH_COMMIT_CLEAN,
                         zh_str_trim(zh_pairs_get(ui->request->form, "reason")), &job);
    return rc == ZH_OK ? go_to(ui, job.id) : rc;
}

static zh_rc check_again(zh_ui *ui)
{
    zh_job check;
    zh_job job;
    zh_import_ask ask = {0};
    zh_rc rc = job_of_kind(ui, ZH_JOB_CHECK, &check);
    if (rc == ZH_OK) {
        rc = zh_import_asked(&ui->ctx, &check, &ask);
    }
    zh_str reg = zh_pairs_get(ui->request->form, "register");
    zh_str recipe = zh_pairs_get(ui->request->form, "recipe");
    zh_str reason = zh_pairs_get(ui->request->form, "reason");
    ask.reg = reg.p != NULL ? reg : ask.reg;
    ask.recipe = recipe.p != NULL ? recipe : ask.recipe;
    ask.justification = reason.p != NULL ? zh_str_trim(reason) : ask.justification;
    if (rc == ZH_OK) {
        rc = zh_import_check(&ui->ctx, &ask, &job);
    }
    return rc == ZH_OK ? go_to(ui, job.id) : rc;
}

static zh_rc cancel(zh_ui *ui)
{
    zh_job job;
    zh_rc rc = zh_import_job_of(ui, &job);
    if (rc == ZH_OK && zh_import_open(&job)) {
        rc = zh_job_cancel(&ui->ctx, job.id);
    }
    return rc == ZH_OK ? go_to(ui, job.id) : rc;
}

static zh_rc resume(zh_ui *ui)
{
    zh_job job;
    zh_rc rc = job_of_kind(ui, ZH_JOB_IMPORT, &job);
    if (rc == ZH_OK) {
        rc = zh_import_resume(&ui->ctx, &job);
    }
    return rc == ZH_OK ? go_to(ui, job.id) : rc;
}

static zh_rc undo(zh_ui *ui)
{
    zh_job job;
    zh_job ordered;
    zh_rc rc = job_of_kind(ui, ZH_JOB_IMPORT, &job);
    if (rc == ZH_OK) {
        rc = zh_undo_order(&ui->ctx, &job, &ordered);
    }
    return rc == ZH_OK ? go_to(ui, job.id) : rc;
}

#define ACT(name)                                                                                  \
    static zh_rc handle_##name(const zh_http_request *request, zh_http_response *response,         \
                               zh_err *err)                                                        \
    {                                                                                              \
        return zh_ui_answer_bare(request, response, err, name);                                    \
    }
ACT(commit)
ACT(check_again)
ACT(cancel)
ACT(resume)
ACT(undo)

ZH_ROUTE(import_commit) = {.method = "POST",
                           .path = "/import/{job}/commit",
                           .body_max = 65536,
                           .en = "commit what a check found: mode=all|clean|none",
                           .handle = handle_commit};
ZH_ROUTE(import_check) = {.method = "POST",
                          .path = "/import/{job}/check",
                          .body_max = 65536,
                          .en = "check the same file again, otherwise",
                          .handle = handle_check_again};
ZH_ROUTE(import_cancel) = {.method = "POST",
                           .path = "/import/{job}/cancel",
                           .body_max = 65536,
                           .en = "stop a check or a commit",
                           .handle = handle_cancel};
ZH_ROUTE(import_resume) = {.method = "POST",
                           .path = "/import/{job}/resume",
                           .body_max = 65536,
                           .en = "go on with a commit that stopped on an error",
                           .handle = handle_resume};
ZH_ROUTE(import_undo) = {.method = "POST",
                         .path = "/import/{job}/undo",
                         .body_max = 65536,
                         .en = "take a commit back on the day it was made",
                         .handle = handle_undo};

/* ---- files beside a job
 * ------------------------------------------------------------------------------------- */

/* The file that an import read, under the name it came with. */
static zh_rc original(zh_ui *ui, const zh_job *job)
{
    zh_json *args = NULL;
    zh_str text = ZH_STR_NONE;
    zh_rc rc = zh_json_parse(ui->arena, job->args, &args, ui->err);
    const char *path = rc == ZH_OK ? zh_import_path(&ui->ctx, zh_import_text(args, "file")) : NULL;
    if (rc == ZH_OK && path == NULL) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "import.gone", "文件已不在服务器上");
    }
    if (rc == ZH_OK) {
        rc = zh_file_read(ui->arena, path, ZH_ARENA_REQUEST_BYTES / 2, &text, ui->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str escaped = zh_url_path(ui->arena, "", zh_import_name(ui, job), ZH_STR_NONE);
    ui->response->type = "application/octet-stream";
    zh_http_header_add(ui->response, "Content-Disposition",
                       zh_str_fmt(ui->arena, "attachment; filename*=UTF-8''%.*s",
                                  ZH_FMT(zh_str_sub(escaped, 1, escaped.n)))
                           .p);
    zh_buf_str(&ui->response->body, text);
    return ZH_OK;
}

static zh_rc download(zh_ui *ui)
{
    zh_job job;
    zh_str text = ZH_STR_NONE;
    zh_str file = zh_http_arg(ui->request, "file");
    bool errors = zh_str_is(file, "errors.csv");
    zh_rc rc = zh_import_job_of(ui, &job);
    if (rc == ZH_OK && zh_str_is(file, "file")) {
        return original(ui, &job);
    }
    if (rc == ZH_OK && !errors && !zh_str_is(file, "rows.csv")) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "import.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = zh_file_read(ui->arena,
                          zh_import_beside(&ui->ctx, job.id, errors ? "errors.csv" : "rows.csv"),
                          ZH_ARENA_REQUEST_BYTES / 2, &text, ui->err);
    }
    if (rc == ZH_ELIMIT) {
        zh_err_again(ui->err);
        zh_err_set(ui->err, rc, "import.file", "这个表太大，不能从页面下载");
        zh_err_fix(ui->err, "它在服务器数据目录的 jobs/%" PRId64 ".%.*s", job.id, ZH_FMT(file));
    }
    if (rc != ZH_OK) {
        return rc;
    }
    ui->response->type = "text/csv; charset=utf-8";
    zh_http_header_add(
        ui->response, "Content-Disposition",
        zh_str_fmt(ui->arena, "attachment; filename=\"%" PRId64 "-%.*s\"", job.id, ZH_FMT(file)).p);
    zh_buf_str(&ui->response->body, text);
    return ZH_OK;
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, download);
}

ZH_ROUTE(import_file) = {
    .method = "GET",
    .path = "/import/{job}/{file}",
    .slow = true,
    .en = "errors.csv: every problem; rows.csv: rows to be corrected; file: what was read",
    .handle = handle_file};

/* ---- jobs
 * -----------------------------------------------------------------------------------------------
 */

static zh_rc list(zh_ui *ui)
{
    zh_job *jobs = NULL;
    size_t n = 0;
    int64_t running = 0;
    zh_rc rc = zh_import_jobs_seen(ui, JOBS_SHOWN, &jobs, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        running += zh_import_open(&jobs[i]);
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_IMPORT,
                                    .title = running > 0 ? ZH_SAY(ui, ZH_T_JOBS_TITLE_RUNNING,
                                                                  zh_ui_count(ui, running))
                                                         : zh_ui_text(ui, ZH_T_JOBS_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_JOBS_LEDE),
                                    .above = zh_ui_text(ui, ZH_T_NAV_IMPORT),
                                    .above_url = ZH_STR("/import"),
                                    .css = ZH_STR("import.css"),
                                    .refresh_s = running > 0 ? 5 : 0});
    if (n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_JOBS_EMPTY),
                      zh_ui_text(ui, ZH_T_JOBS_EMPTY_TEXT), ZH_STR("/import"),
                      zh_ui_text(ui, ZH_T_NAV_IMPORT));
        return ZH_OK;
    }
    zh_part_section_open(ui, "jobs", ZH_STR(""), true);
    zh_import_jobs(ui, jobs, n);
    zh_part_section_close(ui);
    return ZH_OK;
}

static zh_rc handle_list(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, list);
}

ZH_ROUTE(page_jobs) = {
    .method = "GET", .path = "/jobs", .en = "long-running jobs", .handle = handle_list};

static void json_job(zh_jw *w, const zh_job *job)
{
    char id[24];
    char at[40];
    zh_buf text;
    zh_buf_init(&text, sizeof id - 1);
    zh_buf_fmt(&text, "%" PRId64, job->id);
    zh_jw_object(w);
    zh_jw_kv(w, "id", zh_buf_view(&text)); /* 64 bits: more than a number of JavaScript holds */
    zh_buf_free(&text);
    zh_jw_kv(w, "kind", job->kind);
    zh_jw_kv(w, "state", job->state);
    zh_jw_key(w, "cancel");
    zh_jw_bool(w, job->cancel);
    zh_jw_ki(w, "progress", job->progress);
    zh_jw_ki(w, "total", job->total);
    zh_jw_ki(w, "cursor", job->cursor);
    (void)zh_time_format(job->created_at, at);
    zh_jw_kz(w, "created_at", at);
    (void)zh_time_format(job->updated_at, at);
    zh_jw_kz(w, "updated_at", at);
    zh_jw_object_end(w);
}

static zh_rc one_json(zh_ui *ui)
{
    zh_jw w;
    zh_job job;
    int64_t id = 0;
    zh_str text = zh_http_arg(ui->request, "job");
    zh_rc rc = zh_str_i64(text, &id) == ZH_OK
                   ? zh_job_get(&ui->ctx, id, &job)
                   : zh_err_set(ui->err, ZH_ENOTFOUND, "job.unknown", "任务号不对");
    if (rc == ZH_OK && !zh_import_seen(ui, &job)) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "job.unknown", "没有编号为 %" PRId64 " 的任务", id);
    }
    if (rc == ZH_OK) {
        ui->response->type = "application/json; charset=utf-8";
        zh_jw_init(&w, &ui->response->body, 0);
        json_job(&w, &job);
    }
    return rc;
}

static zh_rc all_json(zh_ui *ui)
{
    zh_jw w;
    zh_job *jobs = NULL;
    size_t n = 0;
    zh_rc rc = zh_import_jobs_seen(ui, JOBS_SHOWN, &jobs, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    ui->response->type = "application/json; charset=utf-8";
    zh_jw_init(&w, &ui->response->body, 0);
    zh_jw_object(&w);
    zh_jw_key(&w, "jobs");
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_job(&w, &jobs[i]);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    return ZH_OK;
}

static zh_rc handle_one(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, one_json);
}

static zh_rc handle_all(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, all_json);
}

ZH_ROUTE(api_job) = {.method = "GET",
                     .path = "/api/v1/jobs/{job}",
                     .en = "state and progress of a job",
                     .handle = handle_one};
ZH_ROUTE(api_jobs) = {
    .method = "GET", .path = "/api/v1/jobs", .en = "newest jobs", .handle = handle_all};
