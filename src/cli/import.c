/* Intake as seen from the command line: progress, then a summary that says what was wrong where. */
#include "cli/import.h"
#include "base/json.h"
#include "cli/print.h"
#include "core/cube/cube.h"
#include "core/record/record.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { PROGRESS_TTY_US = 200000, PROGRESS_LINE_US = 2000000, ERRORS_SHOWN = 20 };

/* ---- progress
 * --------------------------------------------------------------------------------------- */

typedef struct watcher {
    bool tty, shown;
    uint64_t begun_us, last_us;
} watcher;

static bool show_progress(void *user, const char *phase, int64_t rows, uint64_t bytes,
                          uint64_t total)
{
    watcher *watch = user;
    uint64_t now = zh_monotonic_us();
    if (now - watch->last_us < (watch->tty ? PROGRESS_TTY_US : PROGRESS_LINE_US)) {
        return true;
    }
    watch->last_us = now;
    watch->shown = true;
    uint64_t percent = total > 0 ? bytes * 100 / total : 0;
    uint64_t per_second = (uint64_t)rows * 1000000 / (now - watch->begun_us + 1);
    (void)fprintf(stderr, "%s%s %" PRId64 " 行，%" PRIu64 "%%，每秒 %" PRIu64 " 行%s",
                  watch->tty ? "\r" : "", phase, rows, percent, per_second,
                  watch->tty ? "    " : "\n");
    return true;
}

/* ---- people
 * ----------------------------------------------------------------------------------------- */

static const char *severity_zh(char severity)
{
    return severity == 'r' ? "拒绝" : severity == 'd' ? "存疑" : "提示";
}

static void print_how(const zh_intake_options *o, const zh_intake_result *r, zh_buf *out)
{
    zh_buf_fmt(out, "%.*s ← %s（", ZH_FMT(o->reg->id), o->path);
    if (r->recipe.n > 0) {
        zh_buf_fmt(out, "配方 %.*s，", ZH_FMT(r->recipe));
    }
    if (r->layout.n > 0) {
        zh_buf_fmt(out, "版式 %.*s，", ZH_FMT(r->layout));
    }
    zh_buf_fmt(out, "%.*s，%.*s）\n", ZH_FMT(r->format), ZH_FMT(r->encoding));
    if (r->nunmapped > 0) {
        zh_buf_z(out, "没有用到的列：");
        for (size_t i = 0; i < r->nunmapped; i++) {
            zh_buf_fmt(out, "%s%.*s", i > 0 ? "、" : "", ZH_FMT(r->unmapped[i]));
        }
        zh_buf_c(out, '\n');
    }
}

static void print_counts(zh_cli *cli, const zh_intake_result *r, zh_buf *out)
{
    static const char *const headers[] = {"行>",   "新增>", "相同>", "变更>",
                                          "存疑>", "拒绝>", "跳过>", "写入>"};
    const int64_t counts[] = {r->rows,     r->fresh,   r->same,    r->changed,
                              r->doubtful, r->refused, r->skipped, r->written};
    zh_text_table table;
    zh_text_table_init(&table, cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < ZH_COUNTOF(counts); i++) {
        zh_text_table_add(&table, zh_text_count(cli->arena, counts[i]));
    }
    zh_text_table_print(&table, out);
}

/* One part of what is said about a row; a column that no row fills is left out. */
static zh_str error_part(zh_arena *arena, const zh_intake_error *e, size_t part)
{
    switch (part) {
    case 0: return zh_str_of(severity_zh(e->severity));
    case 1: return e->sheet;
    case 2: return zh_str_fmt(arena, "%zu", e->row);
    case 3:
        return zh_str_trim(zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(e->column), ZH_FMT(e->header)));
    case 4: return e->rule;
    case 5: return e->message;
    default: return e->fix;
    }
}

static void print_errors(zh_cli *cli, const zh_intake_result *r, zh_buf *out)
{
    static const char *const headers[] = {"级别", "表", "行>", "列", "规则", "问题", "处理"};
    const char *used[ZH_COUNTOF(headers)];
    size_t parts[ZH_COUNTOF(headers)];
    size_t n = 0;
    zh_text_table table;
    if (r->nerrors == 0) {
        return;
    }
    size_t shown = r->nerrors < ERRORS_SHOWN ? r->nerrors : ERRORS_SHOWN;
    for (size_t p = 0; p < ZH_COUNTOF(headers); p++) {
        bool any = false;
        for (size_t i = 0; i < shown && !any; i++) {
            any = error_part(cli->arena, &r->errors[i], p).n > 0;
        }
        if (any) {
            used[n] = headers[p];
            parts[n++] = p;
        }
    }
    zh_text_table_init(&table, cli->arena, used, n);
    for (size_t i = 0; i < shown; i++) {
        for (size_t p = 0; p < n; p++) {
            zh_text_table_add(&table, error_part(cli->arena, &r->errors[i], parts[p]));
        }
    }
    zh_buf_c(out, '\n');
    zh_text_table_print(&table, out);
    zh_buf_fmt(out, "问题共 %" PRId64 " 处", r->errors_total);
    if (r->errors_total > (int64_t)shown) {
        zh_buf_fmt(out, "，以上是前 %zu 处", shown);
    }
    for (size_t i = 0; i < r->nby_rule; i++) {
        zh_buf_fmt(out, "%s%.*s %" PRId64, i > 0 ? "，" : "；按规则：", ZH_FMT(r->by_rule[i].rule),
                   r->by_rule[i].n);
    }
    zh_buf_c(out, '\n');
    if (r->errors_file.n > 0) {
        zh_buf_fmt(out, "全部问题：%.*s\n", ZH_FMT(r->errors_file));
    }
}

static void print_outcome(zh_cli *cli, const zh_intake_options *o, const zh_intake_result *r,
                          zh_buf *out)
{
    if (o->commit == ZH_COMMIT_NONE) {
        zh_buf_z(out, "预检：没有写入任何数据");
    } else if (r->already) {
        zh_buf_z(out, "这个文件以前已经导入过，没有再写");
    } else if (r->committed) {
        zh_buf_fmt(out, "已提交%s", r->resumed ? "（接着上次中断处）" : "");
    } else {
        zh_buf_z(out,
                 "没有提交：有被拒绝或存疑的行。改正后重来，或 --commit clean 只收没有问题的行，"
                 "存疑的行可用 --justify 说明后收下");
    }
    if (r->job != 0) {
        zh_buf_fmt(out, "，任务 %" PRId64, r->job);
    }
    zh_buf_fmt(out, "，用时 %.*s\n", ZH_FMT(zh_text_duration(cli->arena, r->took_us)));
}

/* ---- JSON
 * ------------------------------------------------------------------------------------------ */

static void json_errors(zh_jw *w, const zh_intake_result *r)
{
    zh_jw_key(w, "errors");
    zh_jw_array(w);
    for (size_t i = 0; i < r->nerrors; i++) {
        const zh_intake_error *e = &r->errors[i];
        zh_jw_object(w);
        zh_jw_kz(w, "severity",
                 e->severity == 'r'   ? "refused"
                 : e->severity == 'd' ? "doubtful"
                                      : "hint");
        zh_jw_kv(w, "sheet", e->sheet);
        zh_jw_ki(w, "row", (int64_t)e->row);
        zh_jw_kv(w, "column", e->column);
        zh_jw_kv(w, "header", e->header);
        zh_jw_kv(w, "rule", e->rule);
        zh_jw_kv(w, "message", e->message);
        zh_jw_kv(w, "fix", e->fix);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
    zh_jw_key(w, "by_rule");
    zh_jw_object(w);
    for (size_t i = 0; i < r->nby_rule; i++) {
        zh_jw_key_str(w, r->by_rule[i].rule);
        zh_jw_i64(w, r->by_rule[i].n);
    }
    zh_jw_object_end(w);
}

static void json_result(zh_cli *cli, const zh_intake_options *o, const zh_intake_result *r,
                        zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", o->reg->id);
    zh_jw_kv(&w, "recipe", r->recipe);
    zh_jw_kv(&w, "layout", r->layout);
    zh_jw_kv(&w, "format", r->format);
    zh_jw_kv(&w, "encoding", r->encoding);
    zh_jw_kv(&w, "digest", r->digest);
    zh_jw_ki(&w, "rows", r->rows);
    zh_jw_ki(&w, "new", r->fresh);
    zh_jw_ki(&w, "same", r->same);
    zh_jw_ki(&w, "changed", r->changed);
    zh_jw_ki(&w, "doubtful", r->doubtful);
    zh_jw_ki(&w, "refused", r->refused);
    zh_jw_ki(&w, "skipped", r->skipped);
    zh_jw_ki(&w, "written", r->written);
    zh_jw_key(&w, "committed");
    zh_jw_bool(&w, r->committed);
    zh_jw_key(&w, "resumed");
    zh_jw_bool(&w, r->resumed);
    zh_jw_key(&w, "already");
    zh_jw_bool(&w, r->already);
    zh_jw_kz(&w, "job", r->job != 0 ? zh_str_fmt(cli->arena, "%" PRId64, r->job).p : NULL);
    zh_jw_key(&w, "unmapped");
    zh_jw_array(&w);
    for (size_t i = 0; i < r->nunmapped; i++) {
        zh_jw_str(&w, r->unmapped[i]);
    }
    zh_jw_array_end(&w);
    zh_jw_ki(&w, "errors_total", r->errors_total);
    json_errors(&w, r);
    zh_jw_kv(&w, "errors_file", r->errors_file);
    zh_jw_ki(&w, "took_us", (int64_t)r->took_us);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- the run
 * ---------------------------------------------------------------------------------------- */

/* New batches get their positions here, also when no server is running. */
static zh_rc settle(zh_session *s, const zh_intake_result *r)
{
    int64_t size = 0;
    if (!r->committed || r->already) {
        return ZH_OK;
    }
    return zh_sequence(s->core, &size, &s->cli->err);
}

static int exit_of(const zh_intake_options *o, const zh_intake_result *r)
{
    bool clean = r->refused == 0 && r->doubtful == 0;
    bool ok = o->commit == ZH_COMMIT_NONE ? clean : r->committed;
    return ok ? ZH_EXIT_OK : ZH_EXIT_NO;
}

zh_rc zh_import(zh_session *s, const zh_intake_options *asked, bool progress, int *code)
{
    zh_intake_options options = *asked;
    watcher watch = {.tty = isatty(STDERR_FILENO) != 0, .begun_us = zh_monotonic_us()};
    watch.last_us = watch.begun_us;
    options.progress = watch.tty || progress ? show_progress : NULL;
    options.user = &watch;
    zh_intake_result result;
    zh_rc rc = options.commit != ZH_COMMIT_NONE ? zh_session_may_write(s) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_intake(&s->ctx, &options, &result);
    }
    if (rc == ZH_OK) {
        rc = settle(s, &result);
    }
    if (watch.shown && watch.tty) {
        (void)fputs("\r\033[K", stderr); /* only ever on a terminal */
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    if (s->cli->json) {
        json_result(s->cli, &options, &result, &out);
    } else {
        print_how(&options, &result, &out);
        print_counts(s->cli, &result, &out);
        print_errors(s->cli, &result, &out);
        print_outcome(s->cli, &options, &result, &out);
    }
    *code = zh_cli_print(zh_buf_view(&out));
    *code = *code == ZH_EXIT_OK ? exit_of(&options, &result) : *code;
    zh_buf_free(&out);
    return ZH_OK;
}
