/* Intake phases: identify the file, find its layout, 预检, 提交 as a job. */
#include "core/intake/intake.h"
#include "base/json.h"
#include "base/os.h"
#include "core/intake/intake_run.h"
#include "proof/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_BUDGET = 256 << 20, /* everything made from a batch */
    DRAIN_REPORT = 10000,     /* rows between reports of progress */
};

static zh_rc digest_file(zh_intake_run *in, int fd, zh_str *out)
{
    zh_hash hash;
    zh_digest digest;
    size_t size = (size_t)1 << 20;
    char *bytes = zh_alloc(size);
    ssize_t got = 0;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    while ((got = read(fd, bytes, size)) > 0) {
        zh_hash_add(&hash, bytes, (size_t)got);
    }
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    zh_dealloc(bytes);
    if (got < 0) {
        return zh_err_set(in->ctx->err, ZH_EIO, "intake.read", "读文件失败：%s",
                          strerrordesc_np(errno));
    }
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_hex(digest.b, ZH_DIGEST_BYTES, hex);
    *out = zh_str_fmt(in->ctx->arena, "sha256:%s", hex);
    return ZH_OK;
}

static zh_rc identify(zh_intake_run *in)
{
    int fd = open(in->o->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        zh_err_set(in->ctx->err, errno == ENOENT ? ZH_ENOTFOUND : ZH_EIO, "intake.open",
                   "打不开文件 %s：%s", in->o->path, strerrordesc_np(errno));
        return in->ctx->err->rc;
    }
    zh_rc rc = ZH_OK;
    if (fstat(fd, &in->file) != 0 || !S_ISREG(in->file.st_mode)) {
        rc = zh_err_set(in->ctx->err, ZH_EINVAL, "intake.open", "%s 不是普通文件", in->o->path);
    }
    if (rc == ZH_OK) {
        rc = digest_file(in, fd, &in->out->digest);
    }
    (void)close(fd);
    return rc;
}

/* A file that grew or was replaced while it was read is not the file that was checked. */
static zh_rc unchanged(zh_intake_run *in)
{
    struct stat now;
    if (stat(in->o->path, &now) != 0 || now.st_size != in->file.st_size ||
        now.st_mtim.tv_sec != in->file.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != in->file.st_mtim.tv_nsec) {
        zh_err_set(in->ctx->err, ZH_ECONFLICT, "intake.file_changed", "文件在读取过程中被改动");
        zh_err_fix(in->ctx->err, "等它写完后重新导入");
        return ZH_ECONFLICT;
    }
    return ZH_OK;
}

zh_str zh_intake_job_args(zh_arena *arena, const zh_intake_options *o, const zh_intake_result *r)
{
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, 1 << 20);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", o->reg->id);
    zh_jw_kv(&w, "recipe", r->recipe);
    zh_jw_kv(&w, "layout", r->layout);
    zh_jw_kv(&w, "file", r->digest);
    zh_jw_kz(&w, "commit", o->commit == ZH_COMMIT_ALL ? "all" : "clean");
    zh_jw_kv(&w, "justification", o->justification);
    if (o->for_whom.n > 0) {
        zh_jw_kv(&w, "for", o->for_whom);
    }
    for (size_t i = 0; i < o->nset; i++) {
        zh_jw_key_str(&w, zh_str_fmt(arena, "set.%.*s", ZH_FMT(o->set_names[i])));
        zh_jw_str(&w, o->set_values[i]);
    }
    zh_jw_object_end(&w);
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

zh_rc zh_intake_job(zh_ctx *ctx, const zh_intake_options *options, const zh_intake_result *result,
                    zh_job *out)
{
    zh_str args = zh_intake_job_args(ctx->arena, options, result);
    bool any_state = options->reg->nrow_key == 0;
    zh_rc rc = zh_job_open(ctx, ZH_STR("import"), args, any_state, out);
    bool open = zh_str_is(out->state, "queued") || zh_str_is(out->state, "running");
    if (rc == ZH_OK && any_state && !open && !zh_str_is(out->state, "done")) {
        rc = zh_job_open(ctx, ZH_STR("import"), args, false, out);
    }
    return rc;
}

static zh_rc register_empty(zh_intake_run *in, bool *out)
{
    zh_conn *conn = NULL;
    int64_t one = 0;
    zh_str sql =
        zh_str_fmt(in->ctx->arena, "SELECT 1 FROM %.*s LIMIT 1", ZH_FMT(in->o->reg->table));
    zh_rc rc = zh_store_reader(zh_core_store(in->ctx->core), &conn, in->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, sql.p, NULL, 0, &one, in->ctx->err);
    }
    zh_store_release(conn);
    *out = rc == ZH_ENOTFOUND;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static void copy_counts(zh_intake_run *in)
{
    zh_intake_result *out = in->out;
    out->rows = in->counts.rows;
    out->fresh = in->counts.fresh;
    out->same = in->counts.same;
    out->changed = in->counts.changed;
    out->doubtful = in->counts.doubtful;
    out->refused = in->counts.refused;
    out->skipped = in->counts.skipped;
    out->written = in->counts.written;
    out->errors = in->kept.p;
    out->nerrors = in->kept.n;
    out->by_rule = in->rules;
    out->nby_rule = in->nrules;
}

/* A register without a row key knows a file only by its digest. */
static bool already_taken(zh_intake_run *in)
{
    if (in->o->reg->nrow_key > 0 || !zh_str_is(in->job.state, "done")) {
        return false;
    }
    zh_tally_read(in->ctx->arena, in->job.result, &in->counts);
    in->out->already = true;
    in->out->committed = true;
    in->out->job = in->job.id;
    copy_counts(in);
    return true;
}

static zh_rc begin_job(zh_intake_run *in, bool *finished)
{
    zh_rc rc = zh_intake_job(in->ctx, in->o, in->out, &in->job);
    *finished = rc == ZH_OK && already_taken(in);
    if (rc != ZH_OK || *finished) {
        return rc;
    }
    rc = zh_job_take(in->ctx, &in->job);
    if (rc == ZH_OK) {
        in->out->job = in->job.id;
        in->resume_at = in->job.cursor;
        in->out->resumed = in->job.cursor > 0;
        zh_tally_read(in->ctx->arena, in->job.result, &in->resumed);
    }
    return rc;
}

static zh_rc finish_job(zh_intake_run *in, zh_rc rc)
{
    zh_err kept = *in->ctx->err;
    zh_buf result;
    zh_buf_init(&result, 4096);
    zh_tally_json(&in->counts, zh_str_of(zh_intake_file_name(in)), &result);
    zh_err_again(in->ctx->err);
    bool interrupted =
        rc == ZH_ECANCEL && in->o->keep_job && strcmp(kept.rule, "intake.cancelled") == 0;
    if ((rc == ZH_OK || rc == ZH_ECANCEL) && !interrupted) {
        zh_rc end = zh_job_finish(in->ctx, &in->job, rc == ZH_OK ? "done" : "cancelled",
                                  zh_buf_view(&result));
        if (rc == ZH_OK) {
            rc = end;
        }
    }
    zh_buf_free(&result);
    if (rc != ZH_OK && kept.rc != ZH_OK) {
        *in->ctx->err = kept;
    }
    return rc;
}

static zh_rc commit_phase(zh_intake_run *in)
{
    bool finished = false;
    zh_rc rc = begin_job(in, &finished);
    if (rc != ZH_OK || finished) {
        return rc;
    }
    bool empty = false;
    rc = register_empty(in, &empty);
    in->look_up = !empty;
    in->writing = true;
    if (rc == ZH_OK && in->errors_file == NULL) {
        rc = zh_intake_errors_open(in, in->out->resumed);
    }
    if (rc == ZH_OK) {
        rc = zh_intake_pass(in);
    }
    if (rc == ZH_OK) {
        rc = unchanged(in);
    }
    rc = finish_job(in, rc);
    in->out->committed = rc == ZH_OK;
    return rc;
}

/* A damaged archive shows itself only at its end: it is read through before anything is written. */
static zh_rc drain(zh_intake_run *in)
{
    zh_table *table = NULL;
    zh_table_row row;
    zh_rc rc = zh_table_open(in->o->path, &in->table_options, &table, in->ctx->err);
    uint64_t done = 0;
    uint64_t total = 0;
    bool plain = rc != ZH_OK || zh_table_about(table)->container == ZH_CONTAINER_PLAIN;
    for (size_t i = 0; i < in->nplans && rc == ZH_OK && !plain; i++) {
        rc = zh_table_begin(table, in->plans[i].sheet, in->ctx->err);
        for (int64_t rows = 0; rc == ZH_OK; rows++) {
            rc = zh_table_next(table, &row, in->ctx->err);
            if (rc == ZH_OK && rows % DRAIN_REPORT == 0 && in->o->progress != NULL) {
                zh_table_progress(table, &done, &total);
                rc = in->o->progress(in->o->user, "查验", rows, done, total)
                         ? ZH_OK
                         : zh_err_set(in->ctx->err, ZH_ECANCEL, "intake.cancelled", "导入已取消");
            }
        }
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_table_close(table);
    return rc;
}

static zh_rc phases(zh_intake_run *in)
{
    zh_rc rc = zh_intake_plan(in);
    bool check = in->o->commit != ZH_COMMIT_CLEAN;
    if (rc == ZH_OK && check) {
        bool empty = false;
        rc = register_empty(in, &empty);
        in->look_up = !empty;
        if (rc == ZH_OK && (in->o->commit == ZH_COMMIT_NONE || in->o->errors_path != NULL)) {
            rc = zh_intake_errors_open(in, false);
        }
        if (rc == ZH_OK && in->o->rows_path != NULL) {
            rc = zh_intake_rows_open(in);
        }
        if (rc == ZH_OK) {
            rc = zh_intake_pass(in);
        }
        if (rc == ZH_OK) {
            rc = unchanged(in);
        }
        in->rows_expected = in->counts.rows;
        copy_counts(in);
    } else if (rc == ZH_OK) {
        rc = drain(in);
    }
    bool blocked = in->o->commit == ZH_COMMIT_ALL && (in->counts.refused || in->counts.doubtful);
    if (rc == ZH_OK && in->o->commit != ZH_COMMIT_NONE && !blocked) {
        rc = commit_phase(in);
        copy_counts(in);
    }
    return rc;
}

static bool refers_to_itself(const zh_register *reg)
{
    for (size_t i = 0; i < reg->nfields; i++) {
        bool own = reg->fields[i].target == reg;
        for (size_t k = 0; k < reg->fields[i].ncolumns && !own; k++) {
            own = reg->fields[i].columns[k].target == reg;
        }
        if (own) {
            return true;
        }
    }
    return false;
}

zh_rc zh_intake(zh_ctx *ctx, const zh_intake_options *options, zh_intake_result *out)
{
    uint64_t started = zh_monotonic_us();
    zh_intake_run *in = zh_alloc(sizeof *in);
    *out = (zh_intake_result){0};
    in->ctx = ctx;
    in->o = options;
    in->out = out;
    in->plan_arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    in->refs = zh_ref_cache_new();
    in->self_refers = refers_to_itself(options->reg);
    in->ahead_arena = zh_arena_new(ZH_AHEAD_BYTES);
    zh_ahead_init(&in->ahead, options->reg);
    in->now = zh_now();
    in->rows_expected = options->rows_expected;
    in->reason = zh_str_fmt(ctx->arena, "导入 %s", zh_intake_file_name(in));
    zh_seen_init(&in->seen, ZH_SEEN_SLOTS, zh_core_data_dir(ctx->core));
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->moved, NULL);
    for (size_t i = 0; i < ZH_INTAKE_SLOTS; i++) {
        in->slots[i].arena = zh_arena_new(BATCH_BUDGET);
    }
    zh_rc rc = identify(in);
    if (rc == ZH_OK) {
        rc = phases(in);
    }
    /* names that the caller keeps must not live in the plan's arena */
    out->layout = zh_str_dup(ctx->arena, out->layout);
    zh_str *unmapped = ZH_NEW_N(ctx->arena, zh_str, out->nunmapped + 1);
    for (size_t i = 0; i < out->nunmapped; i++) {
        unmapped[i] = zh_str_dup(ctx->arena, out->unmapped[i]);
    }
    out->unmapped = unmapped;
    zh_intake_rule_count *rules = ZH_NEW_N(ctx->arena, zh_intake_rule_count, in->nrules + 1);
    memcpy(rules, in->rules, in->nrules * sizeof *rules);
    out->by_rule = rules;
    if (in->errors_file != NULL && fclose(in->errors_file) != 0 && rc == ZH_OK) {
        rc = zh_err_set(ctx->err, ZH_EIO, "intake.errors", "错误清单没有写完整");
    }
    if (in->rows_file != NULL && fclose(in->rows_file) != 0 && rc == ZH_OK) {
        rc = zh_err_set(ctx->err, ZH_EIO, "intake.rows", "有问题的行没有写完整");
    }
    for (size_t i = 0; i < ZH_INTAKE_SLOTS; i++) {
        zh_arena_free(in->slots[i].arena);
    }
    pthread_cond_destroy(&in->moved);
    pthread_mutex_destroy(&in->lock);
    zh_ref_cache_free(in->refs);
    zh_ahead_clear(&in->ahead);
    zh_arena_free(in->ahead_arena);
    zh_arena_free(in->plan_arena);
    zh_seen_free(&in->seen);
    zh_dealloc(in);
    out->took_us = zh_monotonic_us() - started;
    return rc;
}
