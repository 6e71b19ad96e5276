/* Running the steps of the demo; see demo.h. */
#include "app/demo/demo.h"
#include "app/demo/source.h"
#include "app/import.h"
#include "base/os.h"
#include "core/intake/intake.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <string.h>

static const char mark_of_demo[] = "demo";
static const char begun[] = "begun ";
static const char done[] = "done ";

typedef struct run {
    zh_ctx *ctx;
    const zh_demo_options *o;
    const char *root; /* folder of the sets */
    size_t number, total;
} run;

/* ---- whose data these are
 * --------------------------------------------------------------------------- */

zh_rc zh_demo_check_dir(zh_arena *arena, const char *dir, zh_err *err)
{
    static const char *const own[] = {"files", "jobs", "demo", "report", "log"};
    zh_str *names = NULL;
    size_t n = 0;
    zh_str database = zh_str_fmt(arena, "%s/zhiheng.db", dir);
    if (!zh_path_exists(dir) || zh_path_exists(database.p)) {
        return ZH_OK; /* the records of a database tell whose it is */
    }
    zh_rc rc = zh_dir_list(arena, dir, &names, &n, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        bool known = false;
        for (size_t k = 0; k < ZH_COUNTOF(own) && !known; k++) {
            known = zh_str_is(names[i], own[k]);
        }
        if (!known) {
            zh_err_set(err, ZH_ECONFLICT, "demo.directory", "目录 %s 里有别的东西：%s", dir,
                       names[i].p);
            zh_err_fix(err, "演示只在空目录里建立；用 --data 指明一个新目录");
            rc = ZH_ECONFLICT;
        }
    }
    return rc;
}

static zh_rc mark_read(zh_ctx *ctx, const char *name, zh_str *out)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_setting_get(conn, ctx->arena, name, out, ctx->err);
    }
    zh_store_release(conn);
    if (rc == ZH_ENOTFOUND) {
        *out = ZH_STR("");
        rc = ZH_OK;
    }
    return rc;
}

static zh_rc mark_write(zh_ctx *ctx, const char *name, zh_str value)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_writer(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_begin(conn, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_setting_set(conn, name, value, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_commit(conn, ctx->err);
    }
    zh_store_release(conn);
    return rc;
}

static zh_rc nothing_recorded(zh_ctx *ctx)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    for (size_t i = 0; i < ctx->model->nregisters && rc == ZH_OK; i++) {
        const zh_register *reg = &ctx->model->registers[i];
        zh_list_query query = {.reg = reg, .limit = 1, .as_of = ZH_AS_OF_NOW};
        zh_page page;
        rc = zh_list(ctx, conn, &query, &page);
        if (rc == ZH_OK && page.n > 0) {
            zh_err_set(ctx->err, ZH_ECONFLICT, "demo.records", "库里已有别的数据：%.*s（%.*s）",
                       ZH_FMT(reg->label.zh), ZH_FMT(reg->id));
            zh_err_fix(ctx->err,
                       "演示只在空库里建立；用 --data 指明一个新目录。只想看这里的数据，用 "
                       "zhiheng serve");
            rc = ZH_ECONFLICT;
        }
    }
    zh_store_release(conn);
    return rc;
}

/* Makes the database one of the demo, or finds that it is. */
static zh_rc claim(zh_ctx *ctx)
{
    zh_str mark;
    zh_rc rc = mark_read(ctx, mark_of_demo, &mark);
    if (rc == ZH_OK && mark.n == 0) {
        rc = nothing_recorded(ctx);
        if (rc == ZH_OK) {
            rc = mark_write(ctx, mark_of_demo, ZH_STR("1"));
        }
    }
    return rc;
}

/* ---- telling
 * ---------------------------------------------------------------------------------------- */

/* A step under way, over all its files. */
typedef struct course {
    run *run;
    zh_demo_event event;
    uint64_t started_us;
    uint64_t before, bytes, all; /* of the files before this one, of this one, of all */
} course;

static void tell(course *c, zh_demo_state state)
{
    c->event.state = state;
    c->event.phase = state == ZH_DEMO_RUNNING ? c->event.phase : NULL;
    c->event.took_us = zh_monotonic_us() - c->started_us;
    if (c->run->o->tell != NULL) {
        c->run->o->tell(c->run->o->user, &c->event);
    }
}

static course begin(run *r, const zh_demo_step *step)
{
    return (course){
        .run = r,
        .event = {.step = step, .number = r->number, .total = r->total},
        .started_us = zh_monotonic_us(),
    };
}

/* A file is read twice: checked, then written. */
static bool under_way(void *user, const char *phase, int64_t rows, uint64_t bytes, uint64_t total)
{
    course *c = user;
    uint64_t half = total > 0 ? bytes * 100 / total : 0;
    uint64_t percent = strcmp(phase, "提交") == 0 ? 50 + half / 2 : half / 2;
    c->event.phase = phase;
    c->event.rows = rows;
    c->event.percent = (unsigned)((c->before * 100 + c->bytes * percent) / (c->all + 1));
    tell(c, ZH_DEMO_RUNNING);
    return true;
}

/* ---- steps
 * ------------------------------------------------------------------------------------------ */

static zh_rc refused(zh_ctx *ctx, const char *path, const zh_intake_result *result)
{
    const zh_intake_error *first = result->nerrors > 0 ? &result->errors[0] : NULL;
    zh_err_set(ctx->err, ZH_EINVAL, "demo.refused",
               "%s 有 %" PRId64 " 行被拒绝、%" PRId64 " 行存疑，没有导入：第 %zu 行，%.*s", path,
               result->refused, result->doubtful, first != NULL ? first->row : 0,
               ZH_FMT(first != NULL ? first->message : ZH_STR("没有说明")));
    if (first != NULL) {
        zh_err_where(ctx->err, "%.*s %.*s", ZH_FMT(first->column), ZH_FMT(first->header));
    }
    zh_err_fix(ctx->err, "改正数据，或用 zhiheng import --dry-run 看全部问题");
    return ZH_EINVAL;
}

static zh_rc take_file(course *c, const zh_register *reg, const zh_demo_file *file, int64_t *rows)
{
    zh_ctx *ctx = c->run->ctx;
    zh_str set = zh_str_of(c->event.step->set);
    bool foreign = zh_map_get(&ctx->model->recipe_by_id, set) != NULL;
    zh_intake_options options = {
        .reg = reg,
        .path = file->path,
        .recipe = foreign ? set : ZH_STR_NONE,
        .commit = ZH_COMMIT_ALL,
        .progress = under_way,
        .user = c,
    };
    zh_intake_result result;
    c->bytes = file->bytes;
    zh_rc rc = zh_intake(ctx, &options, &result);
    if (rc == ZH_OK && !result.committed) {
        rc = refused(ctx, file->path, &result);
    }
    if (rc == ZH_OK) {
        const char *slash = strrchr(file->path, '/');
        rc = zh_import_archive(ctx, file->path, zh_str_of(slash != NULL ? slash + 1 : file->path));
    }
    c->before += file->bytes;
    *rows += result.rows;
    return rc;
}

static zh_rc take_files(course *c, const zh_demo_file *files, size_t n)
{
    zh_ctx *ctx = c->run->ctx;
    zh_str id = zh_str_of(c->event.step->reg);
    const zh_register *reg = zh_model_register(ctx->model, id);
    int64_t rows = 0;
    if (reg == NULL) {
        zh_err_set(ctx->err, ZH_ENOTFOUND, "demo.register", "声明里没有登记册 %.*s", ZH_FMT(id));
        zh_err_fix(ctx->err, "演示要用程序自带的声明，不要 --packs");
        return ZH_ENOTFOUND;
    }
    for (size_t i = 0; i < n; i++) {
        c->all += files[i].bytes;
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = take_file(c, reg, &files[i], &rows);
    }
    c->event.rows = rows;
    return rc;
}

/* What an earlier run left about a step: nothing, begun or done, with these data. */
static zh_rc compare_mark(zh_ctx *ctx, const zh_demo_step *step, zh_str mark, zh_str digest,
                          bool *finished)
{
    bool was_done = zh_str_starts(mark, zh_str_of(done));
    zh_str of = zh_str_sub(mark, was_done ? strlen(done) : strlen(begun), mark.n);
    *finished = was_done && zh_str_eq(of, digest);
    if (mark.n > 0 && !zh_str_eq(of, digest)) {
        zh_err_set(ctx->err, ZH_ECONFLICT, "demo.other_data",
                   "“%s”在这个库里是用另一份数据建立的，不能混在一起", step->label);
        zh_err_fix(ctx->err, "用 --data 指明一个新目录");
        return ZH_ECONFLICT;
    }
    return ZH_OK;
}

static zh_rc data_step(run *r, const zh_demo_step *step)
{
    zh_ctx *ctx = r->ctx;
    course c = begin(r, step);
    zh_demo_file *files = ZH_NEW_N(ctx->arena, zh_demo_file, ZH_DEMO_FILES_MAX);
    const char *name = zh_str_fmt(ctx->arena, "demo.%s", step->id).p;
    size_t n = 0;
    zh_str digest;
    zh_str mark;
    bool finished = false;
    zh_rc rc = zh_demo_files(ctx->arena, r->root, step, files, &n, &digest, ctx->err);
    if (rc == ZH_OK) {
        rc = mark_read(ctx, name, &mark);
    }
    if (rc == ZH_OK) {
        rc = compare_mark(ctx, step, mark, digest, &finished);
    }
    if (rc != ZH_OK || finished) {
        tell(&c, finished ? ZH_DEMO_BEFORE : ZH_DEMO_RUNNING);
        return rc;
    }
    tell(&c, ZH_DEMO_RUNNING);
    rc = mark_write(ctx, name, zh_str_fmt(ctx->arena, "%s%.*s", begun, ZH_FMT(digest)));
    if (rc == ZH_OK) {
        rc = take_files(&c, files, n);
    }
    if (rc == ZH_OK) {
        rc = mark_write(ctx, name, zh_str_fmt(ctx->arena, "%s%.*s", done, ZH_FMT(digest)));
    }
    c.event.percent = rc == ZH_OK ? 100 : c.event.percent;
    tell(&c, rc == ZH_OK ? ZH_DEMO_DONE : ZH_DEMO_RUNNING);
    return rc;
}

/* Work is done anew when the declarations have changed. */
static zh_rc work_step(run *r, const zh_demo_step *step)
{
    zh_ctx *ctx = r->ctx;
    course c = begin(r, step);
    const char *name = zh_str_fmt(ctx->arena, "demo.%.*s.%s", ZH_FMT(r->o->tour), step->id).p;
    zh_str value = zh_str_fmt(ctx->arena, "%s%.*s", done, ZH_FMT(ctx->model->digest));
    zh_str mark;
    zh_rc rc = mark_read(ctx, name, &mark);
    bool finished = rc == ZH_OK && !step->always && zh_str_eq(mark, value);
    tell(&c, finished ? ZH_DEMO_BEFORE : ZH_DEMO_RUNNING);
    if (rc != ZH_OK || finished) {
        return rc;
    }
    rc = step->run(ctx, &c.event.rows);
    if (rc == ZH_OK && !step->always) {
        rc = mark_write(ctx, name, value);
    }
    c.event.percent = rc == ZH_OK ? 100 : 0;
    tell(&c, rc == ZH_OK ? ZH_DEMO_DONE : ZH_DEMO_RUNNING);
    return rc;
}

/* ---- the tour
 * --------------------------------------------------------------------------------------- */

static bool takes_part(const run *r, const zh_demo_step *step)
{
    return step->tour == NULL || zh_str_is(r->o->tour, step->tour);
}

static zh_rc prepare(run *r)
{
    zh_ctx *ctx = r->ctx;
    zh_rc rc = ZH_OK;
    if (r->o->source != NULL) {
        r->root = r->o->source;
    } else {
        zh_assert(zh_core_data_dir(ctx->core) != NULL);
        r->root = zh_str_fmt(ctx->arena, "%s/demo", zh_core_data_dir(ctx->core)).p;
    }
    for (size_t i = 0; i < zh_demo_steps_n && rc == ZH_OK; i++) {
        const zh_demo_step *step = &zh_demo_steps[i];
        if (takes_part(r, step)) {
            r->total++;
            if (step->set != NULL && r->o->source == NULL) {
                rc = zh_demo_lay_out(ctx->arena, r->root, step->set, ctx->err);
            }
        }
    }
    return rc;
}

zh_rc zh_demo_run(zh_ctx *ctx, const zh_demo_options *options)
{
    run r = {.ctx = ctx, .o = options};
    zh_rc rc = claim(ctx);
    if (rc == ZH_OK) {
        rc = prepare(&r);
    }
    for (size_t i = 0; i < zh_demo_steps_n && rc == ZH_OK; i++) {
        const zh_demo_step *step = &zh_demo_steps[i];
        if (takes_part(&r, step)) {
            r.number++;
            rc = step->run != NULL ? work_step(&r, step) : data_step(&r, step);
        }
    }
    return rc;
}
