/* job: long work in the database: list, show, cancel, resume; undo of an import. */
#include "base/json.h"
#include "base/os.h"
#include "cli/import.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/intake/undo.h"
#include "core/record/record.h"
#include "proof/hash.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 1000, READ_BYTES = 256 << 10 };

static const char *state_zh(zh_str state)
{
    static const struct {
        const char *id, *zh;
    } states[] = {{"queued", "等待"}, {"running", "进行中"},   {"done", "完成"},
                  {"failed", "失败"}, {"cancelled", "已取消"}, {ZH_JOB_STATE_UNDONE, "已撤销"}};
    for (size_t i = 0; i < ZH_COUNTOF(states); i++) {
        if (zh_str_is(state, states[i].id)) {
            return states[i].zh;
        }
    }
    return "不明";
}

static zh_str kind_zh(zh_str kind)
{
    return zh_str_is(kind, "import")      ? ZH_STR("导入")
           : zh_str_is(kind, ZH_JOB_UNDO) ? ZH_STR("撤销导入")
                                          : kind;
}

static zh_str progress(zh_arena *arena, const zh_job *job)
{
    zh_str done = zh_text_count(arena, job->progress);
    return job->total > 0 ? zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(done),
                                       ZH_FMT(zh_text_count(arena, job->total)))
                          : done;
}

/* "food_failure · cn-food-noncompliance · clean": what the job is about, without digests. */
static zh_str about(zh_arena *arena, const zh_job *job)
{
    static const char *const members[] = {"register", "recipe", "commit"};
    zh_json *args = NULL;
    zh_str out = ZH_STR_NONE;
    if (zh_json_parse(arena, job->args, &args, NULL) != ZH_OK) {
        return ZH_STR_NONE; /* --json has the arguments */
    }
    for (size_t i = 0; i < ZH_COUNTOF(members); i++) {
        zh_str text = zh_json_str(zh_json_get(args, members[i]), ZH_STR(""));
        if (text.n > 0) {
            out =
                zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(out), out.n > 0 ? " · " : "", ZH_FMT(text));
        }
    }
    return out;
}

static void print_jobs(zh_cli *cli, const zh_job *jobs, size_t n, zh_buf *out)
{
    static const char *const headers[] = {"任务", "种类", "状态", "进度>", "更新于", "内容"};
    zh_text_table table;
    zh_text_table_init(&table, cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        const zh_job *job = &jobs[i];
        const char *state =
            job->cancel && zh_str_is(job->state, "running") ? "正在取消" : state_zh(job->state);
        zh_text_table_add(&table, zh_str_fmt(cli->arena, "%" PRId64, job->id));
        zh_text_table_add(&table, kind_zh(job->kind));
        zh_text_table_add(&table, zh_str_of(state));
        zh_text_table_add(&table, progress(cli->arena, job));
        zh_text_table_add(&table, zh_text_time(cli->arena, job->updated_at));
        zh_text_table_add(&table, about(cli->arena, job));
    }
    zh_text_table_print(&table, out);
}

/* Arguments and result are JSON already: put in as a value where they parse, else as text. */
static void put_json(zh_arena *arena, zh_jw *w, const char *name, zh_str text);

static void put_tree(zh_jw *w, const zh_json *value, unsigned depth)
{
    zh_assert(depth <= ZH_JSON_DEPTH_MAX); /* the reader's cap */
    switch (value->kind) {
    case ZH_JSON_NULL: zh_jw_null(w); break;
    case ZH_JSON_BOOL: zh_jw_bool(w, value->boolean); break;
    case ZH_JSON_NUMBER: zh_jw_raw_number(w, value->text); break;
    case ZH_JSON_STRING: zh_jw_str(w, value->text); break;
    case ZH_JSON_ARRAY:
        zh_jw_array(w);
        for (const zh_json *i = value->first; i != NULL; i = i->next) {
            put_tree(w, i, depth + 1);
        }
        zh_jw_array_end(w);
        break;
    case ZH_JSON_OBJECT:
        zh_jw_object(w);
        for (const zh_json *i = value->first; i != NULL; i = i->next) {
            zh_jw_key_str(w, i->name);
            put_tree(w, i, depth + 1);
        }
        zh_jw_object_end(w);
        break;
    }
}

static void put_json(zh_arena *arena, zh_jw *w, const char *name, zh_str text)
{
    zh_json *tree = NULL;
    zh_jw_key(w, name);
    if (text.n == 0) {
        zh_jw_null(w);
    } else if (zh_json_parse(arena, text, &tree, NULL) == ZH_OK) {
        put_tree(w, tree, 0);
    } else {
        zh_jw_str(w, text);
    }
}

static void json_job(zh_cli *cli, zh_jw *w, const zh_job *job)
{
    char at[40];
    zh_jw_object(w);
    zh_jw_kv(w, "id", zh_str_fmt(cli->arena, "%" PRId64, job->id));
    zh_jw_kv(w, "kind", job->kind);
    zh_jw_kv(w, "state", job->state);
    zh_jw_key(w, "cancel");
    zh_jw_bool(w, job->cancel);
    zh_jw_ki(w, "progress", job->progress);
    zh_jw_ki(w, "total", job->total);
    zh_jw_ki(w, "cursor", job->cursor);
    zh_time_format(job->created_at, at);
    zh_jw_kz(w, "created_at", at);
    zh_time_format(job->updated_at, at);
    zh_jw_kz(w, "updated_at", at);
    put_json(cli->arena, w, "args", job->args);
    put_json(cli->arena, w, "result", job->result);
    zh_jw_object_end(w);
}

static zh_rc list(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    uint64_t limit = zh_cli_number(cli, "limit", LIMIT_DEFAULT);
    if (limit < 1 || limit > LIMIT_MAX) {
        return zh_cli_usage(cli, "cli.limit", "--limit 要在 1 到 %d 之间", LIMIT_MAX);
    }
    zh_job *jobs = NULL;
    size_t n = 0;
    zh_rc rc = zh_job_list(&s->ctx, (size_t)limit, &jobs, &n);
    if (rc != ZH_OK || !cli->json) {
        if (rc == ZH_OK) {
            print_jobs(cli, jobs, n, out);
        }
        return rc;
    }
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_job(cli, &w, &jobs[i]);
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
    return ZH_OK;
}

/* The counts of an import by their names; anything else as it is. */
static void print_result(zh_arena *arena, zh_str result, zh_buf *out)
{
    static const struct {
        const char *id, *zh;
    } names[] = {{"rows", "行"},       {"new", "新增"},     {"same", "相同"},   {"changed", "变更"},
                 {"doubtful", "存疑"}, {"refused", "拒绝"}, {"written", "写入"}};
    zh_json *tree = NULL;
    bool counts = zh_json_parse(arena, result, &tree, NULL) == ZH_OK &&
                  tree->kind == ZH_JSON_OBJECT && zh_json_get(tree, "rows") != NULL;
    zh_buf_z(out, "结果：");
    for (size_t i = 0, k = 0; counts && i < ZH_COUNTOF(names); i++) {
        const zh_json *v = zh_json_get(tree, names[i].id);
        int64_t n = 0;
        if (v != NULL && zh_json_i64(v, &n) == ZH_OK) {
            zh_buf_fmt(out, "%s%s %" PRId64, k++ > 0 ? "，" : "", names[i].zh, n);
        }
    }
    zh_buf_fmt(out, "%.*s\n", ZH_FMT(counts ? ZH_STR_NONE : result));
}

static zh_rc show(zh_session *s, int64_t id, zh_buf *out)
{
    zh_job job;
    zh_rc rc = zh_job_get(&s->ctx, id, &job);
    if (rc == ZH_OK && s->cli->json) {
        zh_jw w;
        zh_jw_init(&w, out, 2);
        json_job(s->cli, &w, &job);
        zh_buf_c(out, '\n');
    } else if (rc == ZH_OK) {
        print_jobs(s->cli, &job, 1, out);
        if (job.result.n > 0) {
            print_result(s->cli->arena, job.result, out);
        }
    }
    return rc;
}

static zh_rc cancel(zh_session *s, int64_t id, zh_buf *out)
{
    zh_rc rc = zh_job_cancel(&s->ctx, id);
    return rc == ZH_OK ? show(s, id, out) : rc;
}

/* ---- resume
 * ----------------------------------------------------------------------------------------- */

/* What defined the import is in its arguments; only the file has to be shown again. */
static zh_rc import_options(zh_session *s, const zh_json *args, zh_intake_options *o)
{
    zh_arena *arena = s->cli->arena;
    zh_str *names = ZH_NEW_N(arena, zh_str, args->n + 1);
    zh_str *values = ZH_NEW_N(arena, zh_str, args->n + 1);
    o->recipe = zh_json_str(zh_json_get(args, "recipe"), ZH_STR(""));
    o->justification = zh_json_str(zh_json_get(args, "justification"), ZH_STR(""));
    o->commit = zh_str_is(zh_json_str(zh_json_get(args, "commit"), ZH_STR("")), "clean")
                    ? ZH_COMMIT_CLEAN
                    : ZH_COMMIT_ALL;
    for (const zh_json *m = args->first; m != NULL; m = m->next) {
        if (zh_str_starts(m->name, ZH_STR("set."))) {
            names[o->nset] = zh_str_sub(m->name, 4, m->name.n);
            values[o->nset++] = zh_json_str(m, ZH_STR(""));
        }
    }
    o->set_names = names;
    o->set_values = values;
    return zh_session_register(s, zh_json_str(zh_json_get(args, "register"), ZH_STR("")), &o->reg);
}

static zh_rc file_digest(zh_cli *cli, const char *path, zh_str *out)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return zh_cli_usage(cli, "cli.file", "打不开文件 %s：%s", path, strerror(errno));
    }
    char *chunk = ZH_NEW_N(cli->arena, char, READ_BYTES);
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_digest digest;
    zh_hash hash;
    size_t got;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    while ((got = fread(chunk, 1, READ_BYTES, file)) > 0) {
        zh_hash_add(&hash, chunk, got);
    }
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    zh_hex(digest.b, ZH_DIGEST_BYTES, hex);
    *out = zh_str_fmt(cli->arena, "sha256:%s", hex);
    return failed ? zh_cli_usage(cli, "cli.file", "文件 %s 读不了", path) : ZH_OK;
}

/* Another file would be another import. What a post with a part of the data began is gone on with
 * in that post: the console sees everything. */
static zh_rc check_file(zh_cli *cli, const zh_json *args, const char *path)
{
    zh_str digest;
    if (zh_json_get(args, "for") != NULL) {
        zh_err_set(&cli->err, ZH_ECONFLICT, "job.post", "这次导入只做它的岗位看得到的那一部分");
        zh_err_fix(&cli->err, "由提交的人在导入页上继续");
        return ZH_ECONFLICT;
    }
    zh_rc rc = file_digest(cli, path, &digest);
    if (rc == ZH_OK && !zh_str_eq(digest, zh_json_str(zh_json_get(args, "file"), ZH_STR("")))) {
        rc = zh_err_set(&cli->err, ZH_ECONFLICT, "job.file", "%s 不是这个任务原来的文件", path);
        zh_err_fix(&cli->err, "要导入这个文件，用 zhiheng import");
    }
    return rc;
}

static zh_rc resume(zh_session *s, int64_t id, int *code)
{
    zh_cli *cli = s->cli;
    zh_job job;
    zh_json *args = NULL;
    zh_intake_options o = {.path = zh_cli_argument(cli, 2).p};
    zh_rc rc = zh_job_get(&s->ctx, id, &job);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!zh_str_is(job.kind, "import")) {
        return zh_cli_usage(cli, "cli.job", "“%.*s”任务由服务自己接着做，不用手工继续",
                            ZH_FMT(job.kind));
    }
    if (!zh_str_is(job.state, "queued") && !zh_str_is(job.state, "running")) {
        return zh_err_set(&cli->err, ZH_ECONFLICT, "job.ended", "任务 %" PRId64 " 已经是“%s”", id,
                          state_zh(job.state));
    }
    if (o.path[0] == '\0' || !zh_path_exists(o.path)) {
        return zh_cli_usage(cli, "cli.file",
                            "继续导入要再给出原来的文件：zhiheng job resume %" PRId64 " 文件", id);
    }
    rc = zh_json_parse(cli->arena, job.args, &args, &cli->err);
    if (rc == ZH_OK) {
        rc = check_file(cli, args, o.path);
    }
    if (rc == ZH_OK) {
        rc = import_options(s, args, &o);
    }
    return rc == ZH_OK ? zh_import(s, &o, false, code) : rc;
}

/* ---- undo
 * ------------------------------------------------------------------------------------------- */

static void json_undo(zh_cli *cli, const zh_undo_result *r, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "job", zh_str_fmt(cli->arena, "%" PRId64, r->job));
    zh_jw_kv(&w, "register", r->reg != NULL ? r->reg->id : ZH_STR(""));
    zh_jw_ki(&w, "withdrawn", r->withdrawn);
    zh_jw_ki(&w, "restored", r->restored);
    zh_jw_ki(&w, "left", r->left);
    zh_jw_key(&w, "already");
    zh_jw_bool(&w, r->already);
    zh_jw_key(&w, "list");
    zh_jw_array(&w);
    for (size_t i = 0; i < r->nlist; i++) {
        zh_jw_object(&w);
        zh_jw_kv(&w, "record",
                 zh_str_fmt(cli->arena, "%" PRId64 "-%" PRId64, r->list[i].office, r->list[i].id));
        zh_jw_kv(&w, "why", r->list[i].why);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static void print_undo(zh_cli *cli, const zh_undo_result *r, zh_buf *out)
{
    static const char *const headers[] = {"没有撤销的记录", "为什么"};
    zh_text_table table;
    zh_buf_fmt(out,
               "%s：撤回 %" PRId64 " 条，退回原值 %" PRId64 " 条，留下 %" PRId64
               " 条；任务 %" PRId64 "\n",
               r->already ? "以前已经撤销" : "已撤销", r->withdrawn, r->restored, r->left, r->job);
    if (r->nlist > 0) {
        zh_text_table_init(&table, cli->arena, headers, ZH_COUNTOF(headers));
        for (size_t i = 0; i < r->nlist; i++) {
            zh_text_table_add(&table,
                              zh_str_fmt(cli->arena, "%.*s/%" PRId64 "-%" PRId64,
                                         ZH_FMT(r->reg->id), r->list[i].office, r->list[i].id));
            zh_text_table_add(&table, r->list[i].why);
        }
        zh_text_table_print(&table, out);
    }
}

/* New versions get their positions here, also when no server is running. */
static zh_rc undo(zh_session *s, int64_t id, zh_buf *out)
{
    zh_job import;
    zh_job job;
    zh_undo_result result = {0};
    int64_t size = 0;
    zh_rc rc = zh_session_may_write(s);
    if (rc == ZH_OK) {
        rc = zh_job_get(&s->ctx, id, &import);
    }
    if (rc == ZH_OK) {
        rc = zh_undo_order(&s->ctx, &import, &job);
    }
    if (rc == ZH_OK) {
        rc = zh_undo_run(&s->ctx, &job, NULL, NULL, &result);
    }
    if (rc == ZH_OK) {
        rc = zh_sequence(s->core, &size, &s->cli->err);
    }
    if (rc == ZH_OK && s->cli->json) {
        json_undo(s->cli, &result, out);
    } else if (rc == ZH_OK) {
        print_undo(s->cli, &result, out);
    }
    return rc;
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc work(zh_session *s, zh_buf *out, int *code)
{
    zh_cli *cli = s->cli;
    zh_str action = zh_cli_argument(cli, 0);
    zh_str text = zh_cli_argument(cli, 1);
    int64_t id = 0;
    if (action.n == 0 || zh_str_is(action, "list")) {
        return text.n == 0 ? list(s, out)
                           : zh_cli_usage(cli, "cli.argument", "多余的参数“%.*s”", ZH_FMT(text));
    }
    if (zh_cli_argument(cli, 2).n > 0 && !zh_str_is(action, "resume")) {
        return zh_cli_usage(cli, "cli.argument", "多余的参数“%.*s”",
                            ZH_FMT(zh_cli_argument(cli, 2)));
    }
    if (text.n == 0 || zh_str_i64(text, &id) != ZH_OK) {
        return zh_cli_usage(cli, "cli.job", "要一个任务号，见 zhiheng job list");
    }
    if (zh_str_is(action, "show")) {
        return show(s, id, out);
    }
    if (zh_str_is(action, "undo")) {
        return undo(s, id, out);
    }
    return zh_str_is(action, "cancel") ? cancel(s, id, out) : resume(s, id, code);
}

static int run(zh_cli *cli)
{
    zh_session s;
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    int code = ZH_EXIT_OK;
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = work(&s, &out, &code);
    }
    if (rc != ZH_OK) {
        code = zh_cli_fail(cli);
    } else if (out.n > 0) {
        code = zh_cli_print(zh_buf_view(&out));
    }
    zh_buf_free(&out);
    zh_session_close(&s);
    return code;
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "list|show|cancel|resume|undo",
     .optional = true,
     .zh = "列出、查看、取消、继续、撤销（导入）；省略为列出",
     .en = "what to do"},
    {.name = "JOB", .kind = ZH_PARAM_TEXT, .optional = true, .zh = "任务号", .en = "job id"},
    {.name = "FILE",
     .kind = ZH_PARAM_FILE,
     .optional = true,
     .zh = "继续导入时：原来的文件",
     .en = "the file, when an import goes on"},
};

static const zh_param options[] = {
    {.name = "limit",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .otherwise = "20",
     .zh = "最多列几个",
     .en = "how many"},
};

ZH_VERB(job) = {
    .name = "job",
    .zh = "长任务：列出、查看、取消、继续，撤销当天的导入",
    .en = "long-running jobs; undo an import",
    .text =
        "undo 把一次导入整批撤销，只限当天、本人：新增的记录撤回，变更的退回原值，历史都留着；\n"
        "此后有人改过的和被引用的留下并列出。中断后再来一次会接着做。",
    .example = "zhiheng job list\nzhiheng job cancel 7023518201856\nzhiheng job undo 7023518201856",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
