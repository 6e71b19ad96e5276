/* Keeping files that were sent, and ordering the jobs that check and commit them. */
#include "app/import.h"
#include "base/os.h"
#include "core/people/acting.h"
#include "core/record/record.h"
#include "model/recipe.h"
#include "proof/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DIGEST_PREFIX[] = "sha256:";

enum { READ_BYTES = 1 << 20, HEX_BYTES = 64 };

/* ---- files ----------------------------------------------------------------------------------- */

static zh_rc folder(zh_ctx *ctx, const char *name, const char **out)
{
    const char *data = zh_core_data_dir(ctx->core);
    if (data == NULL) {
        zh_err_set(ctx->err, ZH_EDENIED, "import.folder", "没有数据目录，不能接收文件");
        zh_err_fix(ctx->err, "启动服务时用 --data 给出目录");
        return ZH_EDENIED;
    }
    *out = zh_str_fmt(ctx->arena, "%s/%s", data, name).p;
    return zh_dir_make(*out, ctx->err);
}

static zh_rc digest_of(zh_ctx *ctx, const char *path, zh_str *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return zh_err_set(ctx->err, ZH_EIO, "import.read", "读不到收到的文件：%s",
                          strerrordesc_np(errno));
    }
    zh_hash hash;
    zh_digest digest;
    char *bytes = zh_alloc(READ_BYTES);
    size_t total = 0;
    ssize_t got = 0;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    while (total <= ZH_IMPORT_FILE_MAX && (got = read(fd, bytes, READ_BYTES)) > 0) {
        zh_hash_add(&hash, bytes, (size_t)got);
        total += (size_t)got;
    }
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    zh_dealloc(bytes);
    (void)close(fd);
    if (got < 0) {
        return zh_err_set(ctx->err, ZH_EIO, "import.read", "读不到收到的文件：%s",
                          strerrordesc_np(errno));
    }
    if (total == 0) {
        zh_err_set(ctx->err, ZH_EINVAL, "import.empty", "文件是空的，没有一个字节");
        zh_err_fix(ctx->err, "看看是不是选错了文件，或导出没有完成");
        return ZH_EINVAL;
    }
    if (total > ZH_IMPORT_FILE_MAX) {
        zh_err_set(ctx->err, ZH_ELIMIT, "import.size", "文件超过 %zu MB", ZH_IMPORT_FILE_MAX >> 20);
        zh_err_fix(ctx->err, "分成几份，或在服务器上用 zhiheng import");
        return ZH_ELIMIT;
    }
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_hex(digest.b, ZH_DIGEST_BYTES, hex);
    *out = zh_str_fmt(ctx->arena, "%s%s", DIGEST_PREFIX, hex);
    return ZH_OK;
}

static const char *path_of(zh_ctx *ctx, zh_str digest)
{
    const char *data = zh_core_data_dir(ctx->core);
    zh_str hex = zh_str_sub(digest, sizeof DIGEST_PREFIX - 1, digest.n);
    bool good =
        data != NULL && zh_str_starts(digest, zh_str_of(DIGEST_PREFIX)) && hex.n == HEX_BYTES;
    for (size_t i = 0; i < hex.n && good; i++) {
        good = strchr("0123456789abcdef", hex.p[i]) != NULL && hex.p[i] != '\0';
    }
    return good ? zh_str_fmt(ctx->arena, "%s/incoming/%.*s", data, ZH_FMT(hex)).p : NULL;
}

const char *zh_import_path(zh_ctx *ctx, zh_str digest)
{
    const char *path = path_of(ctx, digest);
    zh_str kept = ZH_STR_NONE;
    zh_err ignored = {0};
    zh_ctx quiet = *ctx;
    quiet.err = &ignored;
    if (path == NULL || zh_path_exists(path)) {
        return path;
    }
    return zh_file_path(&quiet, digest, &kept) == ZH_OK ? kept.p : NULL;
}

zh_rc zh_import_archive(zh_ctx *ctx, const char *path, zh_str name)
{
    zh_str digest = ZH_STR_NONE;
    if (zh_core_data_dir(ctx->core) == NULL) {
        return ZH_OK;
    }
    zh_rc rc = zh_file_store(ctx, path, name, &digest);
    const char *waiting = rc == ZH_OK ? path_of(ctx, digest) : NULL;
    if (waiting != NULL && unlink(waiting) != 0 && errno != ENOENT) {
        rc = zh_err_set(ctx->err, ZH_EIO, "import.keep", "收到的文件挪不走：%s",
                        strerrordesc_np(errno));
    }
    return rc;
}

zh_rc zh_import_keep(zh_ctx *ctx, const char *path, zh_str *digest)
{
    const char *incoming = NULL;
    zh_rc rc = folder(ctx, "incoming", &incoming);
    if (rc == ZH_OK) {
        rc = digest_of(ctx, path, digest);
    }
    if (rc == ZH_OK && rename(path, path_of(ctx, *digest)) != 0) {
        rc =
            zh_err_set(ctx->err, ZH_EIO, "import.keep", "文件存不下来：%s", strerrordesc_np(errno));
    }
    return rc;
}

zh_rc zh_import_keep_text(zh_ctx *ctx, zh_str text, zh_str *digest)
{
    const char *incoming = NULL;
    zh_rc rc = folder(ctx, "incoming", &incoming);
    if (rc == ZH_OK && zh_str_trim(text).n == 0) {
        zh_err_set(ctx->err, ZH_EINVAL, "import.empty", "没有贴进任何内容");
        zh_err_fix(ctx->err, "在表格里选中连表头在内的单元格，复制后贴到框里");
        rc = ZH_EINVAL;
    } else if (rc == ZH_OK && text.n > ZH_IMPORT_TEXT_MAX) {
        zh_err_set(ctx->err, ZH_ELIMIT, "import.size", "贴进的内容超过 %zu MB",
                   ZH_IMPORT_TEXT_MAX >> 20);
        zh_err_fix(ctx->err, "存成文件再上传");
        rc = ZH_ELIMIT;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    zh_random(random, sizeof random);
    zh_hex(random, sizeof random, hex);
    const char *path = zh_str_fmt(ctx->arena, "%s/new-%s", incoming, hex).p;
    rc = zh_file_replace(path, text, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_import_keep(ctx, path, digest);
    }
    if (rc != ZH_OK) {
        (void)unlink(path);
    }
    return rc;
}

const char *zh_import_beside(zh_ctx *ctx, int64_t job, const char *suffix)
{
    const char *data = zh_core_data_dir(ctx->core);
    return zh_str_fmt(ctx->arena, "%s/jobs/%" PRId64 ".%s", data ? data : ".", job, suffix).p;
}

zh_rc zh_import_note(zh_ctx *ctx, int64_t job, const char *suffix, zh_json **out)
{
    zh_str text = ZH_STR_NONE;
    zh_rc rc = zh_file_read(ctx->arena, zh_import_beside(ctx, job, suffix), ZH_IMPORT_REPORT_MAX,
                            &text, ctx->err);
    return rc == ZH_OK ? zh_json_parse(ctx->arena, text, out, ctx->err) : rc;
}

/* ---- checks ---------------------------------------------------------------------------------- */

zh_rc zh_import_may(zh_ctx *ctx, zh_str id)
{
    const zh_register *reg = zh_model_register(ctx->model, id);
    if (ctx->post == NULL) {
        return ZH_OK;
    }
    if (reg == NULL) {
        zh_err_set(ctx->err, ZH_EINVAL, "import.register", "没有说明导入到哪个登记册");
        zh_err_fix(ctx->err, "选定登记册再上传");
        return ZH_EINVAL;
    }
    return zh_right_need(ctx, reg, ZH_RIGHT_CREATE);
}

static zh_rc validate(zh_ctx *ctx, const zh_import_ask *ask)
{
    if (ask->reg.n > 0 && zh_model_register(ctx->model, ask->reg) == NULL) {
        return zh_err_set(ctx->err, ZH_EINVAL, "import.register", "没有登记册“%.*s”",
                          ZH_FMT(zh_str_sub(ask->reg, 0, 80)));
    }
    if (ask->recipe.n > 0 && zh_model_recipe(ctx->model, ask->recipe) == NULL) {
        return zh_err_set(ctx->err, ZH_EINVAL, "import.recipe", "没有配方“%.*s”",
                          ZH_FMT(zh_str_sub(ask->recipe, 0, 80)));
    }
    if (ask->justification.n > ZH_IMPORT_REASON_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "import.reason", "说明超过 %zu 字节",
                          ZH_IMPORT_REASON_MAX);
    }
    if (zh_import_path(ctx, ask->digest) == NULL) {
        zh_err_set(ctx->err, ZH_ENOTFOUND, "import.gone", "文件已不在服务器上");
        zh_err_fix(ctx->err, "请再上传一次");
        return ZH_ENOTFOUND;
    }
    return zh_import_may(ctx, ask->reg);
}

static zh_str args_of(const zh_ctx *ctx, const zh_import_ask *ask)
{
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, 1 << 16);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", ask->reg);
    zh_jw_kv(&w, "recipe", ask->recipe);
    zh_jw_kv(&w, "file", ask->digest);
    zh_jw_kv(&w, "name", ask->name);
    zh_jw_kv(&w, "justification", ask->justification);
    zh_jw_key(&w, "acting");
    zh_acting_write(ctx, &w);
    zh_jw_object_end(&w);
    zh_str out = zh_str_dup(ctx->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc log_size(zh_ctx *ctx, int64_t *out)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_log_size(conn, out, ctx->err);
    }
    zh_store_release(conn);
    return rc;
}

/* A finished check still says what is so when nothing was written since. */
static bool still_true(zh_ctx *ctx, const zh_job *job)
{
    zh_json *result = NULL;
    zh_err ignored = {0};
    int64_t then = -1;
    int64_t now = 0;
    zh_ctx quiet = *ctx;
    quiet.err = &ignored;
    return zh_str_is(job->state, "done") &&
           zh_json_parse(ctx->arena, job->result, &result, &ignored) == ZH_OK &&
           zh_json_get(result, "log_size") != NULL &&
           zh_json_i64(zh_json_get(result, "log_size"), &then) == ZH_OK &&
           log_size(&quiet, &now) == ZH_OK && now == then;
}

zh_rc zh_import_check(zh_ctx *ctx, const zh_import_ask *ask, zh_job *out)
{
    const char *jobs = NULL;
    zh_rc rc = validate(ctx, ask);
    if (rc == ZH_OK) {
        rc = folder(ctx, "jobs", &jobs);
    }
    zh_str args = args_of(ctx, ask);
    if (rc == ZH_OK) {
        rc = zh_job_open(ctx, ZH_STR(ZH_JOB_CHECK), args, true, out);
    }
    bool open =
        rc == ZH_OK && (zh_str_is(out->state, "queued") || zh_str_is(out->state, "running"));
    if (rc == ZH_OK && !open && !still_true(ctx, out)) {
        rc = zh_job_open(ctx, ZH_STR(ZH_JOB_CHECK), args, false, out);
    }
    return rc;
}

static zh_str member(const zh_json *object, const char *name)
{
    return zh_json_str(zh_json_get(object, name), ZH_STR(""));
}

zh_rc zh_import_asked(zh_ctx *ctx, const zh_job *check, zh_import_ask *out)
{
    zh_json *args = NULL;
    zh_rc rc = zh_json_parse(ctx->arena, check->args, &args, ctx->err);
    if (rc == ZH_OK) {
        *out = (zh_import_ask){.digest = member(args, "file"),
                               .name = member(args, "name"),
                               .reg = member(args, "register"),
                               .recipe = member(args, "recipe"),
                               .justification = member(args, "justification")};
    }
    return rc;
}

/* ---- commits --------------------------------------------------------------------------------- */

zh_str zh_import_for(const zh_ctx *ctx)
{
    const zh_post *post = ctx->post;
    bool part = post != NULL && post->scope != ZH_SCOPE_ALL;
    return part ? zh_str_fmt(ctx->arena, "%.*s %.*s %s %" PRId64, ZH_FMT(ctx->actor),
                             ZH_FMT(post->role), zh_data_scope_name(post->scope), post->office)
                : ZH_STR("");
}

static int64_t number(const zh_json *object, const char *name)
{
    int64_t out = 0;
    const zh_json *v = zh_json_get(object, name);
    return v != NULL && zh_json_i64(v, &out) == ZH_OK ? out : 0;
}

static zh_rc note_order(zh_ctx *ctx, const zh_job *check, const zh_job *job, const zh_json *report)
{
    int64_t size = 0;
    zh_rc rc = log_size(ctx, &size);
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, 1 << 16);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "name", member(report, "file_name"));
    zh_jw_ki(&w, "check", check->id);
    zh_jw_ki(&w, "rows", number(report, "rows"));
    zh_jw_ki(&w, "log_size", size);
    zh_jw_key(&w, "acting");
    zh_acting_write(ctx, &w);
    zh_jw_object_end(&w);
    if (rc == ZH_OK) {
        rc = zh_file_replace(zh_import_beside(ctx, job->id, "upload.json"), zh_buf_view(&text),
                             ctx->err);
    }
    zh_buf_clear(&text);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_ki(&w, "job", job->id);
    zh_jw_kv(&w, "args", job->args);
    zh_jw_object_end(&w);
    if (rc == ZH_OK) {
        rc = zh_file_replace(zh_import_beside(ctx, check->id, "order.json"), zh_buf_view(&text),
                             ctx->err);
    }
    zh_buf_free(&text);
    return rc;
}

static zh_rc may_commit(zh_ctx *ctx, const zh_job *check, const zh_json *report,
                        zh_commit_mode mode, zh_str justification)
{
    int64_t blocked = number(report, "refused");
    blocked += justification.n > 0 ? 0 : number(report, "doubtful");
    if (!zh_str_is(check->state, "done")) {
        zh_err_set(ctx->err, ZH_ECONFLICT, "import.unchecked", "预检还没有完成，不能提交");
        zh_err_fix(ctx->err, "等预检做完再提交");
        return ZH_ECONFLICT;
    }
    if (mode == ZH_COMMIT_ALL && blocked > 0) {
        zh_err_set(ctx->err, ZH_ECONFLICT, "import.blocked",
                   "有 %" PRId64 " 行被拒绝或存疑，不能全部提交", blocked);
        zh_err_fix(ctx->err, "改正后重新上传，给存疑的行写说明，或只提交没有问题的行");
        return ZH_ECONFLICT;
    }
    if (justification.n > ZH_IMPORT_REASON_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "import.reason", "说明超过 %zu 字节",
                          ZH_IMPORT_REASON_MAX);
    }
    return ZH_OK;
}

/* The same order given again while, or after, it was carried out. */
static bool ordered_before(const zh_ctx *ctx, const zh_job *check, zh_str args, zh_job *out)
{
    zh_json *order = NULL;
    zh_err ignored = {0};
    zh_ctx quiet = *ctx;
    quiet.err = &ignored;
    return zh_import_note(&quiet, check->id, "order.json", &order) == ZH_OK &&
           zh_str_eq(member(order, "args"), args) &&
           zh_job_get(&quiet, number(order, "job"), out) == ZH_OK &&
           !zh_str_is(out->state, "failed") && !zh_str_is(out->state, "cancelled");
}

zh_rc zh_import_commit(zh_ctx *ctx, const zh_job *check, zh_commit_mode mode, zh_str justification,
                       zh_job *out)
{
    zh_json *report = NULL;
    zh_import_ask ask = {0};
    zh_rc rc = zh_import_asked(ctx, check, &ask);
    if (rc == ZH_OK) {
        rc = zh_import_note(ctx, check->id, "report.json", &report);
    }
    if (rc == ZH_ENOTFOUND) {
        zh_err_again(ctx->err);
        return zh_err_set(ctx->err, ZH_ECONFLICT, "import.unchecked", "预检还没有完成，不能提交");
    }
    justification = justification.n > 0 ? justification : ask.justification;
    if (rc == ZH_OK) {
        rc = may_commit(ctx, check, report, mode, justification);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    ask.reg = member(report, "register");
    ask.recipe = ZH_STR("");
    rc = validate(ctx, &ask);
    if (rc == ZH_OK) {
        zh_intake_options o = {.reg = zh_model_register(ctx->model, ask.reg),
                               .commit = mode,
                               .for_whom = zh_import_for(ctx),
                               .justification = justification};
        zh_intake_result found = {.recipe = member(report, "recipe"),
                                  .layout = member(report, "layout"),
                                  .digest = ask.digest};
        if (ordered_before(ctx, check, zh_intake_job_args(ctx->arena, &o, &found), out)) {
            return ZH_OK;
        }
        rc = zh_intake_job(ctx, &o, &found, out);
    }
    bool done = rc == ZH_OK && zh_str_is(out->state, "done");
    return rc == ZH_OK && !done ? note_order(ctx, check, out, report) : rc;
}

zh_rc zh_import_resume(zh_ctx *ctx, const zh_job *job)
{
    if (!zh_path_exists(zh_import_beside(ctx, job->id, "upload.json"))) {
        zh_err_set(ctx->err, ZH_ECONFLICT, "import.elsewhere", "这个任务的文件不在服务器上");
        zh_err_fix(ctx->err, "把同一个文件再上传一次并提交，会从中断处接着做");
        return ZH_ECONFLICT;
    }
    const char *stalled = zh_import_beside(ctx, job->id, "stalled.json");
    if (unlink(stalled) != 0 && errno != ENOENT) {
        return zh_err_set(ctx->err, ZH_EIO, "import.resume", "不能继续：%s",
                          strerrordesc_np(errno));
    }
    return ZH_OK;
}

zh_rc zh_import_discard(zh_ctx *ctx, const zh_job *check)
{
    zh_import_ask ask = {0};
    zh_job *open = NULL;
    size_t n = 0;
    zh_rc rc = zh_import_asked(ctx, check, &ask);
    if (rc == ZH_OK) {
        rc = zh_job_unfinished(ctx, ZH_DIR_ENTRIES_MAX, &open, &n);
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (ask.digest.n > 0 && zh_str_find(open[i].args, ask.digest) >= 0) {
            zh_err_set(ctx->err, ZH_ECONFLICT, "import.busy", "任务 %" PRId64 " 还要用这个文件",
                       open[i].id);
            zh_err_fix(ctx->err, "先取消那个任务，或等它做完");
            rc = ZH_ECONFLICT;
        }
    }
    const char *path = path_of(ctx, ask.digest);
    if (rc == ZH_OK && path != NULL && unlink(path) != 0 && errno != ENOENT) {
        rc = zh_err_set(ctx->err, ZH_EIO, "import.discard", "删不掉文件：%s",
                        strerrordesc_np(errno));
    }
    return rc;
}
