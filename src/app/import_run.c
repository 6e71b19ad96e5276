/* The threads that check and commit: each takes the oldest job that nobody has. */
#include "app/import_report.h"
#include "base/log.h"
#include "base/os.h"
#include "core/intake/undo.h"
#include "core/people/acting.h"
#include "core/record/record.h"
#include "model/recipe.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ADVANCE_EVERY_US = 400000, JOBS_LOOKED_AT = 200 };

struct zh_importer {
    zh_core *core;
    pthread_mutex_t lock;
    pthread_cond_t stop_asked;
    bool stopping;
    int64_t taken[ZH_IMPORT_WORKERS]; /* jobs in hand; 0 none */
    struct worker {
        zh_importer *importer;
        size_t at;
        pthread_t thread;
        bool started;
    } workers[ZH_IMPORT_WORKERS];
};

/* One run of a job. */
typedef struct run {
    zh_ctx ctx;
    zh_importer *importer; /* NULL: nobody will interrupt it */
    zh_job job;
    zh_import_ask ask;
    const zh_json *acting; /* whom it is done for */
    zh_import_found found;
    uint64_t advanced_at;
    bool cancelled;
} run;

static bool stopping(zh_importer *importer)
{
    if (importer == NULL) {
        return false;
    }
    pthread_mutex_lock(&importer->lock);
    bool stop = importer->stopping;
    pthread_mutex_unlock(&importer->lock);
    return stop;
}

/* Progress of what is not written in batches, and the lease, in a transaction of its own. */
static zh_rc advance(run *r, int64_t cursor, int64_t done, int64_t total)
{
    zh_conn *conn = NULL;
    zh_err err = {0};
    zh_ctx ctx = r->ctx;
    ctx.err = &err;
    zh_arena_mark mark = zh_arena_here(ctx.arena);
    zh_rc rc = zh_store_writer(zh_core_store(ctx.core), &conn, &err);
    if (rc == ZH_OK) {
        rc = zh_begin(conn, &err);
    }
    if (rc == ZH_OK) {
        zh_job job = r->job;
        rc = zh_job_advance(&ctx, conn, &job, cursor, done, total, r->job.result);
        if (rc == ZH_OK) {
            rc = zh_commit(conn, &err);
        } else {
            zh_rollback(conn);
        }
        if (rc == ZH_OK) {
            r->job.lease_until = job.lease_until;
        }
    }
    zh_store_release(conn);
    zh_arena_rewind(ctx.arena, mark);
    return rc;
}

/* A commit's own batches report for themselves; before them the cursor must stay where it is. */
static bool progress(void *user, const char *phase, int64_t rows, uint64_t bytes, uint64_t total)
{
    run *r = user;
    uint64_t now = zh_monotonic_us();
    if (stopping(r->importer)) {
        return false;
    }
    if (strcmp(phase, "提交") == 0 || now - r->advanced_at < ADVANCE_EVERY_US) {
        return true;
    }
    r->advanced_at = now;
    bool check = zh_str_is(r->job.kind, ZH_JOB_CHECK);
    zh_rc rc = advance(r, check ? rows : r->job.cursor, (int64_t)bytes, (int64_t)total);
    r->cancelled = rc == ZH_ECANCEL;
    return rc == ZH_OK || rc == ZH_EBUSY; /* a busy writer only delays the report */
}

static void finish(run *r, const char *state, const zh_err *err)
{
    zh_buf text;
    zh_jw w;
    zh_err own = {0};
    zh_ctx ctx = r->ctx;
    ctx.err = &own;
    const zh_intake_result *f = r->found.result;
    zh_buf_init(&text, 1 << 16);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    if (f != NULL) {
        zh_jw_kv(&w, "register", r->found.reg->id);
        zh_jw_ki(&w, "rows", f->rows);
        zh_jw_ki(&w, "new", f->fresh);
        zh_jw_ki(&w, "same", f->same);
        zh_jw_ki(&w, "changed", f->changed);
        zh_jw_ki(&w, "doubtful", f->doubtful);
        zh_jw_ki(&w, "refused", f->refused);
    }
    zh_jw_ki(&w, "log_size", r->found.log_to);
    if (err != NULL) {
        zh_import_error_json(&w, err);
    }
    zh_jw_object_end(&w);
    if (zh_job_finish(&ctx, &r->job, state, zh_str_dup(ctx.arena, zh_buf_view(&text))) != ZH_OK) {
        zh_log_err(ZH_WARN, "import.job", &own);
    }
    zh_buf_free(&text);
}

/* ---- checking -------------------------------------------------------------------------------- */

/* Effects are a help: when they cannot be told the check stands without them. They are figures over
 * everything, so whoever sees a part (whole false) is not told. */
static void add_effects(run *r, const zh_deltas *deltas, bool whole)
{
    zh_conn *conn = NULL;
    zh_err err = {0};
    zh_ctx ctx = r->ctx;
    zh_effect *effects = NULL;
    ctx.err = &err;
    zh_rc rc = zh_store_reader(zh_core_store(ctx.core), &conn, &err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, &err);
    }
    if (rc == ZH_OK) {
        rc = zh_log_size(conn, &r->found.log_to, &err);
    }
    if (rc == ZH_OK && whole && !r->found.result->deltas_partial) {
        rc = zh_effects(&ctx, conn, r->found.reg, deltas, &effects, &r->found.neffects);
        r->found.effects = effects;
    }
    if (rc != ZH_OK) {
        r->found.neffects = 0;
        zh_log_err(ZH_WARN, "import.job", &err);
    }
    if (conn != NULL) {
        zh_read_end(conn);
    }
    zh_store_release(conn);
}

/* A recipe whose layouts are all of one register says which. */
static const zh_register *register_of_recipe(const zh_model *model, zh_str id)
{
    const zh_recipe *recipe = id.n > 0 ? zh_model_recipe(model, id) : NULL;
    const zh_register *only =
        recipe != NULL && recipe->nlayouts > 0 ? recipe->layouts[0].reg : NULL;
    for (size_t i = 0; only != NULL && i < recipe->nlayouts; i++) {
        only = recipe->layouts[i].reg == only ? only : NULL;
    }
    return only;
}

static zh_rc check_file(run *r, zh_intake_result *result, zh_arena *cells)
{
    zh_ctx *ctx = &r->ctx;
    const char *path = zh_import_path(ctx, r->ask.digest);
    zh_deltas *deltas = zh_deltas_new(cells);
    zh_rc rc = ZH_OK;
    struct stat about;
    if (path == NULL || stat(path, &about) != 0) {
        zh_err_set(ctx->err, ZH_ENOTFOUND, "import.gone", "文件已不在服务器上");
        zh_err_fix(ctx->err, "请再上传一次");
        return ZH_ENOTFOUND;
    }
    r->found.bytes = (uint64_t)about.st_size;
    if (r->ask.reg.n > 0) {
        r->found.reg = zh_model_register(ctx->model, r->ask.reg);
    } else if ((r->found.reg = register_of_recipe(ctx->model, r->ask.recipe)) == NULL) {
        rc = zh_intake_find(ctx, path, r->ask.name, &r->found.reg);
    }
    if (rc == ZH_OK && r->found.reg == NULL) {
        rc = zh_err_set(ctx->err, ZH_EINVAL, "import.register", "没有登记册“%.*s”",
                        ZH_FMT(r->ask.reg));
    }
    zh_intake_options o = {.reg = r->found.reg,
                           .path = path,
                           .file_name = r->ask.name,
                           .recipe = r->ask.recipe,
                           .justification = r->ask.justification,
                           .errors_path = zh_import_beside(ctx, r->job.id, "errors.csv"),
                           .rows_path = zh_import_beside(ctx, r->job.id, "rows.csv"),
                           .deltas = deltas,
                           .progress = progress,
                           .user = r};
    zh_ctx orderer = *ctx;
    if (rc == ZH_OK) {
        rc = zh_acting_take(&orderer, r->acting);
    }
    if (rc == ZH_OK) {
        rc = zh_intake(&orderer, &o, result);
    }
    if (rc == ZH_OK) {
        r->found.result = result;
        add_effects(r, deltas, zh_import_for(&orderer).n == 0);
    }
    return rc;
}

static void run_check(run *r)
{
    zh_ctx *ctx = &r->ctx;
    zh_intake_result result = {0};
    zh_arena *cells = zh_arena_new(ZH_IMPORT_EFFECT_BYTES);
    zh_json *args = NULL;
    zh_rc rc = zh_import_asked(ctx, &r->job, &r->ask);
    if (rc == ZH_OK) {
        rc = zh_json_parse(ctx->arena, r->job.args, &args, ctx->err);
    }
    r->acting = zh_json_get(args, "acting");
    r->found.name = r->ask.name;
    if (rc == ZH_OK) {
        rc = check_file(r, &result, cells);
    }
    zh_err err = *ctx->err;
    zh_err own = {0};
    zh_ctx quiet = *ctx;
    quiet.err = &own;
    r->found.err = rc == ZH_OK ? NULL : &err;
    if (rc == ZH_ECANCEL && !r->cancelled) {
        /* the server stops: the next one begins again */
    } else if (rc == ZH_ECANCEL) {
        finish(r, "cancelled", NULL);
    } else if (zh_import_report(&quiet, r->job.id, &r->found) != ZH_OK) {
        finish(r, "failed", &own);
    } else {
        finish(r, rc == ZH_OK ? "done" : "failed", r->found.err);
    }
    r->found.err = NULL;
    zh_arena_free(cells);
}

/* ---- committing ------------------------------------------------------------------------------ */

static zh_rc import_options(run *r, zh_intake_options *o)
{
    zh_ctx *ctx = &r->ctx;
    zh_json *args = NULL;
    zh_json *order = NULL;
    zh_rc rc = zh_json_parse(ctx->arena, r->job.args, &args, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_import_note(ctx, r->job.id, "upload.json", &order);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str none = ZH_STR("");
    r->found.name = zh_json_str(zh_json_get(order, "name"), none);
    r->found.reg = zh_model_register(ctx->model, zh_json_str(zh_json_get(args, "register"), none));
    r->acting = zh_json_get(order, "acting");
    const zh_json *rows = zh_json_get(order, "rows");
    const zh_json *size = zh_json_get(order, "log_size");
    bool numbers = rows != NULL && size != NULL && zh_json_i64(rows, &o->rows_expected) == ZH_OK &&
                   zh_json_i64(size, &r->found.log_from) == ZH_OK;
    o->path = zh_import_path(ctx, zh_json_str(zh_json_get(args, "file"), none));
    if (o->path == NULL || r->found.reg == NULL || !numbers) {
        zh_err_set(ctx->err, ZH_ENOTFOUND, "import.gone", "文件或登记册已不在服务器上");
        zh_err_fix(ctx->err, "把同一个文件再上传一次并提交，会从中断处接着做");
        return ZH_ENOTFOUND;
    }
    o->reg = r->found.reg;
    o->file_name = r->found.name;
    o->recipe = zh_json_str(zh_json_get(args, "recipe"), none);
    o->justification = zh_json_str(zh_json_get(args, "justification"), none);
    o->for_whom = zh_json_str(zh_json_get(args, "for"), none);
    bool clean = zh_str_is(zh_json_str(zh_json_get(args, "commit"), none), "clean");
    o->commit = clean ? ZH_COMMIT_CLEAN : ZH_COMMIT_ALL;
    o->keep_job = true;
    o->progress = progress;
    o->user = r;
    return ZH_OK;
}

/* An import that stopped with rows written stays open, so that going on does not write twice. */
static void stall(run *r, const zh_err *err)
{
    zh_buf text;
    zh_jw w;
    zh_err own = {0};
    zh_ctx ctx = r->ctx;
    ctx.err = &own;
    zh_buf_init(&text, 1 << 14);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_import_error_json(&w, err);
    zh_jw_object_end(&w);
    if (zh_file_replace(zh_import_beside(&ctx, r->job.id, "stalled.json"), zh_buf_view(&text),
                        &own) != ZH_OK) {
        zh_log_err(ZH_WARN, "import.job", &own);
    }
    zh_buf_free(&text);
}

/* The ledger's size once everything this run wrote has its position: the server's own sequencer may
 * be at it. */
static int64_t settled_size(run *r)
{
    enum { TRIES = 40, PAUSE_US = 50000 };
    int64_t size = 0;
    zh_err ignored = {0};
    int64_t written = r->found.result != NULL ? r->found.result->written : 0;
    for (int i = 0; i < TRIES; i++) {
        zh_err_again(&ignored);
        if (zh_sequence(r->ctx.core, &size, &ignored) == ZH_OK &&
            size - r->found.log_from >= written) {
            break;
        }
        (void)usleep(PAUSE_US);
    }
    return size;
}

/* The rows are written; a file that cannot be kept is only worth a warning. */
static void archive(const run *r, const char *path)
{
    zh_err own = {0};
    zh_ctx quiet = r->ctx;
    quiet.err = &own;
    if (path != NULL && zh_import_archive(&quiet, path, r->found.name) != ZH_OK) {
        zh_log_err(ZH_WARN, "import.job", &own);
    }
}

static void end_import(run *r, zh_rc rc, bool committed)
{
    zh_ctx *ctx = &r->ctx;
    zh_err err = *ctx->err;
    zh_err own = {0};
    zh_ctx quiet = *ctx;
    quiet.err = &own;
    if (rc == ZH_OK && !committed) {
        rc = zh_err_set(&err, ZH_ECONFLICT, "import.blocked",
                        "预检之后登记册有变动，现在有不能写入的行，没有写入任何数据");
        zh_err_fix(&err, "再预检一次，看看哪些行现在不行");
    }
    r->found.err = rc == ZH_OK ? NULL : &err;
    if (rc == ZH_OK) {
        r->found.log_to = settled_size(r);
    }
    zh_rc noted = zh_import_report(&quiet, r->job.id, &r->found);
    if (rc != ZH_OK && zh_job_get(&quiet, r->job.id, &r->job) == ZH_OK) {
        bool open = zh_str_is(r->job.state, "queued") || zh_str_is(r->job.state, "running");
        if (open && r->job.cancel) {
            finish(r, "cancelled", NULL);
        } else if (open && rc != ZH_EBUSY && rc != ZH_ECANCEL && r->job.cursor == 0) {
            finish(r, "failed", &err);
        } else if (open && rc != ZH_EBUSY && rc != ZH_ECANCEL) {
            stall(r, &err);
        }
    }
    if (noted != ZH_OK) {
        zh_log_err(ZH_WARN, "import.job", &own);
    }
    r->found.err = NULL;
}

static void run_import(run *r)
{
    zh_intake_options o = {0};
    zh_intake_result result = {0};
    zh_rc rc = import_options(r, &o);
    zh_ctx orderer = r->ctx;
    if (rc == ZH_OK) {
        rc = zh_acting_take(&orderer, r->acting);
    }
    if (rc == ZH_OK) {
        rc = zh_intake(&orderer, &o, &result);
        r->found.result = &result;
    }
    if (rc == ZH_OK && result.committed) {
        archive(r, o.path);
    }
    end_import(r, rc, result.committed);
    r->found.result = NULL;
}

/* ---- undoing --------------------------------------------------------------------------------- */

static bool undo_progress(void *user, int64_t done, int64_t all)
{
    const run *r = user;
    (void)done;
    (void)all;
    return !stopping(r->importer);
}

/* Interrupted it stays open, to go on; what cannot be done ends it with the reason. */
static void run_undo(run *r)
{
    zh_undo_result result;
    zh_err own = {0};
    zh_ctx quiet = r->ctx;
    quiet.err = &own;
    zh_rc rc = zh_undo_run(&r->ctx, &r->job, undo_progress, r, &result);
    if (rc == ZH_OK) {
        (void)settled_size(r);
    } else if (rc != ZH_EBUSY && rc != ZH_ECANCEL) {
        zh_log_err(ZH_WARN, "import.job", r->ctx.err);
        finish(r, "failed", r->ctx.err);
    } else if (rc == ZH_ECANCEL && zh_job_get(&quiet, r->job.id, &r->job) == ZH_OK &&
               r->job.cancel) {
        finish(r, "cancelled", NULL);
    }
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool ours(zh_ctx *ctx, const zh_job *job)
{
    bool check = zh_str_is(job->kind, ZH_JOB_CHECK);
    bool undo = zh_str_is(job->kind, ZH_JOB_UNDO);
    if (!check && !undo && !zh_str_is(job->kind, ZH_JOB_IMPORT)) {
        return false;
    }
    return zh_job_free(ctx, job) &&
           (check || undo ||
            (zh_path_exists(zh_import_beside(ctx, job->id, "upload.json")) &&
             !zh_path_exists(zh_import_beside(ctx, job->id, "stalled.json"))));
}

static bool claim(zh_importer *importer, size_t at, int64_t job)
{
    if (importer == NULL) {
        return true;
    }
    pthread_mutex_lock(&importer->lock);
    bool free = !importer->stopping;
    for (size_t i = 0; i < ZH_IMPORT_WORKERS; i++) {
        free = free && importer->taken[i] != job;
    }
    if (free) {
        importer->taken[at] = job;
    }
    pthread_mutex_unlock(&importer->lock);
    return free;
}

static void unclaim(zh_importer *importer, size_t at)
{
    if (importer != NULL) {
        pthread_mutex_lock(&importer->lock);
        importer->taken[at] = 0;
        pthread_mutex_unlock(&importer->lock);
    }
}

/* Runs one job that is ours; what it was is read again after the claim. */
static bool run_job(zh_ctx *ctx, zh_importer *importer, size_t at, int64_t id)
{
    run r = {.ctx = *ctx, .importer = importer};
    if (!claim(importer, at, id)) {
        return false;
    }
    bool ran = zh_job_get(ctx, id, &r.job) == ZH_OK && ours(ctx, &r.job);
    r.ctx.office = r.job.office;
    if (ran && r.job.cancel) {
        finish(&r, "cancelled", NULL);
    } else if (ran && zh_str_is(r.job.kind, ZH_JOB_CHECK)) {
        ran = zh_job_take(ctx, &r.job) == ZH_OK;
        if (ran) {
            run_check(&r);
        }
    } else if (ran && zh_str_is(r.job.kind, ZH_JOB_UNDO)) {
        run_undo(&r);
    } else if (ran) {
        run_import(&r);
    }
    unclaim(importer, at);
    zh_err_again(ctx->err);
    return ran;
}

static zh_rc run_one(zh_core *core, zh_importer *importer, size_t at, bool *ran, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    zh_job *jobs = NULL;
    size_t n = 0;
    *ran = false;
    zh_rc rc = zh_job_unfinished(&ctx, JOBS_LOOKED_AT, &jobs, &n);
    for (size_t i = 0; i < n && rc == ZH_OK && !*ran; i++) {
        if (ours(&ctx, &jobs[i])) {
            *ran = run_job(&ctx, importer, at, jobs[i].id);
        }
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_import_run_one(zh_core *core, bool *ran, zh_err *err)
{
    return run_one(core, NULL, 0, ran, err);
}

static bool wait_ms(zh_importer *importer, unsigned ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&importer->lock);
    int waited = 0;
    while (!importer->stopping && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&importer->stop_asked, &importer->lock, &until);
    }
    bool go_on = !importer->stopping;
    pthread_mutex_unlock(&importer->lock);
    return go_on;
}

static void *work(void *user)
{
    struct worker *w = user;
    zh_err last = {0};
    bool ran = false;
    do {
        zh_err err = {0};
        zh_rc rc = run_one(w->importer->core, w->importer, w->at, &ran, &err);
        if (rc != ZH_OK && rc != ZH_EBUSY && strcmp(last.message, err.message) != 0) {
            zh_log_err(ZH_ERROR, "import.job", &err);
            last = err;
        }
    } while (wait_ms(w->importer, ran ? 1 : ZH_IMPORT_POLL_MS));
    return NULL;
}

zh_rc zh_importer_start(zh_core *core, zh_importer **out, zh_err *err)
{
    zh_importer *importer = zh_alloc(sizeof *importer);
    importer->core = core;
    pthread_mutex_init(&importer->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&importer->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < ZH_IMPORT_WORKERS; i++) {
        struct worker *w = &importer->workers[i];
        w->importer = importer;
        w->at = i;
        w->started = pthread_create(&w->thread, NULL, work, w) == 0;
        if (!w->started) {
            zh_importer_stop(importer);
            return zh_err_set(err, ZH_EIO, "background.thread", "不能启动导入线程");
        }
    }
    *out = importer;
    return ZH_OK;
}

void zh_importer_stop(zh_importer *importer)
{
    if (importer == NULL) {
        return;
    }
    pthread_mutex_lock(&importer->lock);
    importer->stopping = true;
    pthread_cond_broadcast(&importer->stop_asked);
    pthread_mutex_unlock(&importer->lock);
    for (size_t i = 0; i < ZH_IMPORT_WORKERS; i++) {
        if (importer->workers[i].started) {
            pthread_join(importer->workers[i].thread, NULL);
        }
    }
    pthread_cond_destroy(&importer->stop_asked);
    pthread_mutex_destroy(&importer->lock);
    zh_dealloc(importer);
}
