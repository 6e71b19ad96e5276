/* demo: an empty database becomes the picture of real public data; then it is served. */
#include "app/demo/demo.h"
#include "app/demo/summary.h"
#include "base/os.h"
#include "cli/figure.h"
#include "cli/print.h"
#include "cli/serve.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LABEL_COLUMNS = 18, ORIGINS_MAX = 32, PROGRESS_TTY_US = 150000 };

/* ---- progress: one line a step
 * ---------------------------------------------------------------------- */

typedef struct watcher {
    bool tty;
    uint64_t shown_us;
    size_t before; /* steps that were done already */
} watcher;

static void print_event(const watcher *watch, zh_arena *arena, const zh_demo_event *e)
{
    zh_str label = zh_str_of(e->step->label);
    size_t width = zh_text_width(label);
    int pad = width < LABEL_COLUMNS ? (int)(LABEL_COLUMNS - width) : 0;
    zh_str rate = ZH_STR("");
    if (e->step->run == NULL) {
        uint64_t per_second = (uint64_t)e->rows * 1000000 / (e->took_us + 1);
        rate =
            zh_str_fmt(arena, "%7.*s 行/秒  ", ZH_FMT(zh_text_count(arena, (int64_t)per_second)));
    }
    (void)fprintf(stderr, "%s[%2zu/%zu] %s%*s %s%8.*s %s  %3u%%  %.*s%.*s%s",
                  watch->tty ? "\r\033[K" : "", e->number, e->total, label.p, pad, "",
                  e->phase != NULL ? e->phase : "    ", ZH_FMT(zh_text_count(arena, e->rows)),
                  e->step->run == NULL ? "行" : "条", e->percent, ZH_FMT(rate),
                  ZH_FMT(zh_text_duration(arena, e->took_us)),
                  e->state == ZH_DEMO_RUNNING ? "" : "\n");
}

static void watch_step(void *user, const zh_demo_event *event)
{
    watcher *watch = user;
    uint64_t now = zh_monotonic_us();
    bool running = event->state == ZH_DEMO_RUNNING;
    if (event->state == ZH_DEMO_BEFORE) {
        watch->before++;
        return;
    }
    if (running && (!watch->tty || now - watch->shown_us < PROGRESS_TTY_US)) {
        return;
    }
    watch->shown_us = now;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    print_event(watch, arena, event);
    zh_arena_free(arena);
}

/* ---- the summary for people
 * -------------------------------------------------------------------------- */

typedef struct origins {
    const zh_demo_origin *list[ORIGINS_MAX];
    size_t n;
} origins;

/* The number under which an origin is listed; 0: it has none. */
static size_t number_of(origins *known, const zh_demo_origin *origin)
{
    for (size_t i = 0; i < known->n; i++) {
        if (known->list[i] == origin) {
            return i + 1;
        }
    }
    if (origin == NULL || known->n == ORIGINS_MAX) {
        return 0;
    }
    known->list[known->n++] = origin;
    return known->n;
}

static zh_str shown_value(zh_arena *arena, const zh_figure *f)
{
    if (!f->has_value) {
        return zh_str_of(zh_figure_status_zh(f->status));
    }
    zh_str unit = f->indicator->unit;
    return zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(f->shown),
                      unit.n == 0 || zh_str_is(unit, "%") ? "" : " ", ZH_FMT(unit));
}

static void add_figure(zh_text_table *table, zh_arena *arena, const zh_demo_answer *a,
                       size_t origin)
{
    const zh_figure *f = &a->figure;
    zh_str title =
        a->key.n > 0 ? zh_str_fmt(arena, "%.*s：%.*s", ZH_FMT(a->title), ZH_FMT(a->key)) : a->title;
    zh_str fraction =
        f->den.n > 0 ? zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(f->num), ZH_FMT(f->den)) : f->num;
    zh_text_table_add(table, title);
    zh_text_table_add(table, a->region.n > 0 ? a->region : ZH_STR("全部"));
    zh_text_table_add(table, a->period);
    zh_text_table_add(table, shown_value(arena, f));
    zh_text_table_add(table, f->has_interval ? f->interval_shown : ZH_STR(""));
    zh_text_table_add(table, f->has_value ? fraction : ZH_STR(""));
    zh_text_table_add(table, zh_text_count(arena, f->n));
    zh_text_table_add(table, zh_str_fmt(arena, "[%zu]", origin));
}

static void print_lines(const zh_demo_answer *a, zh_buf *out)
{
    zh_buf_fmt(out, "%.*s：", ZH_FMT(a->title));
    for (size_t i = 0; i < a->nlines; i++) {
        zh_buf_fmt(out, "%s%.*s", i > 0 ? "；" : "", ZH_FMT(a->lines[i]));
    }
    zh_buf_z(out, a->nlines > 0 ? "\n" : "没有\n");
}

/* Commits by their first characters, as repositories show them; SOURCE.json has all of them. */
static void print_commits(zh_str commits, zh_buf *out)
{
    enum { SHOWN = 7 };
    zh_str piece;
    while (zh_str_split(&commits, ';', &piece)) {
        piece = zh_str_trim(piece);
        if (piece.n > 0) {
            zh_buf_fmt(out, " @%.*s", ZH_FMT(zh_str_sub(piece, 0, SHOWN)));
        }
    }
}

static void print_origins(const origins *known, zh_buf *out)
{
    zh_buf_z(out, "\n来源\n");
    for (size_t i = 0; i < known->n; i++) {
        const zh_demo_origin *o = known->list[i];
        zh_buf_fmt(out, "[%zu] %.*s，%.*s；%.*s", i + 1, ZH_FMT(o->title), ZH_FMT(o->publisher),
                   ZH_FMT(o->via));
        print_commits(o->commit, out);
        zh_buf_fmt(out, "；许可 %.*s：%.*s。%.*s\n", ZH_FMT(o->letter), ZH_FMT(o->terms),
                   ZH_FMT(o->note));
    }
}

static void print_summary(zh_cli *cli, const zh_demo_answer *answers, size_t n, zh_buf *out)
{
    static const char *const headers[] = {"项目", "地区",       "期间", "值>",
                                          "区间", "分子/分母>", "n>",   "来源"};
    origins known = {.n = 0};
    for (size_t from = 0; from < n;) {
        size_t to = from;
        zh_text_table table;
        zh_text_table_init(&table, cli->arena, headers, ZH_COUNTOF(headers));
        for (; to < n && zh_str_eq(answers[to].group, answers[from].group); to++) {
            if (!answers[to].is_list) {
                add_figure(&table, cli->arena, &answers[to], number_of(&known, answers[to].origin));
            }
        }
        zh_buf_fmt(out, "\n%.*s\n", ZH_FMT(answers[from].group));
        zh_text_table_print(&table, out);
        for (size_t i = from; i < to; i++) {
            if (answers[i].is_list) {
                print_lines(&answers[i], out);
            }
        }
        from = to;
    }
    print_origins(&known, out);
}

/* ---- and for programs
 * ------------------------------------------------------------------------------- */

static void json_origin(zh_jw *w, const zh_demo_origin *o)
{
    zh_jw_key(w, "source");
    if (o == NULL) {
        zh_jw_null(w);
        return;
    }
    zh_jw_object(w);
    zh_jw_kv(w, "set", o->set);
    zh_jw_kv(w, "publisher", o->publisher);
    zh_jw_kv(w, "via", o->via);
    zh_jw_kv(w, "commit", o->commit);
    zh_jw_kv(w, "licence", o->letter);
    zh_jw_kv(w, "terms", o->terms);
    zh_jw_kv(w, "retrieved", o->retrieved);
    zh_jw_object_end(w);
}

static void json_answer(zh_jw *w, const zh_demo_answer *a)
{
    zh_jw_object(w);
    zh_jw_kv(w, "group", a->group);
    zh_jw_kv(w, "title", a->title);
    zh_jw_kv(w, "where", a->where);
    zh_jw_kv(w, "filter", a->filter);
    zh_jw_kv(w, "by", a->by);
    zh_jw_kv(w, "key", a->key_code);
    zh_jw_kv(w, "key_label", a->key);
    zh_jw_kv(w, "period", a->period);
    if (a->is_list) {
        zh_jw_key(w, "lines");
        zh_jw_array(w);
        for (size_t i = 0; i < a->nlines; i++) {
            zh_jw_str(w, a->lines[i]);
        }
        zh_jw_array_end(w);
    } else {
        zh_figure_json(w, &a->figure);
    }
    json_origin(w, a->origin);
    zh_jw_object_end(w);
}

static void json_summary(zh_str tour, const zh_demo_answer *answers, size_t n, uint64_t took_us,
                         zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "tour", tour);
    zh_jw_ki(&w, "took_us", (int64_t)took_us);
    zh_jw_key(&w, "summary");
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_answer(&w, &answers[i]);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

/* Asked in a snapshot of its own, so that serving holds none. */
static zh_rc summarise(zh_session *s, zh_str tour, uint64_t started_us)
{
    zh_conn *conn = NULL;
    zh_demo_answer *answers = NULL;
    size_t n = 0;
    zh_rc rc = zh_store_reader(zh_core_store(s->core), &conn, &s->cli->err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, &s->cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_demo_summary(&s->ctx, conn, tour, &answers, &n);
        zh_read_end(conn);
    }
    zh_store_release(conn);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf out;
    uint64_t took = zh_monotonic_us() - started_us;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    if (s->cli->json) {
        json_summary(tour, answers, n, took, &out);
    } else {
        print_summary(s->cli, answers, n, &out);
        zh_buf_fmt(&out, "\n用时 %.*s\n", ZH_FMT(zh_text_duration(s->cli->arena, took)));
    }
    bool printed = zh_cli_print(zh_buf_view(&out)) == ZH_EXIT_OK;
    zh_buf_free(&out);
    return printed ? ZH_OK : zh_err_set(&s->cli->err, ZH_EIO, "demo.print", "概览写不出去");
}

static zh_rc build(zh_session *s, uint64_t started_us)
{
    watcher watch = {.tty = isatty(STDERR_FILENO) != 0};
    zh_demo_options options = {
        .tour = zh_str_of(zh_cli_text(s->cli, "tour")),
        .source = zh_cli_text(s->cli, "source"),
        .tell = watch_step,
        .user = &watch,
    };
    zh_rc rc = zh_demo_run(&s->ctx, &options);
    if (rc != ZH_OK && watch.shown_us != 0 && watch.tty) {
        (void)fputc('\n', stderr);
    }
    if (rc == ZH_OK && watch.before > 0) {
        zh_cli_note("以前做完的 %zu 步没有再做", watch.before);
    }
    return rc == ZH_OK ? summarise(s, options.tour, started_us) : rc;
}

static zh_rc check(zh_cli *cli, zh_address *address)
{
    const char *source = zh_cli_text(cli, "source");
    if (source != NULL && !zh_path_is_dir(source)) {
        return zh_cli_usage(cli, "cli.source", "没有目录 %s", source);
    }
    if (source == NULL && zh_cli_given(cli, "db") && !zh_cli_given(cli, "data")) {
        return zh_cli_usage(cli, "cli.data", "用 --db 时还要 --data，演示数据放在那里");
    }
    zh_rc rc = zh_serve_check(cli, address);
    if (rc == ZH_OK && (!zh_cli_given(cli, "db") || zh_cli_given(cli, "data"))) {
        rc = zh_demo_check_dir(cli->arena, zh_cli_text(cli, "data"), &cli->err);
        cli->usage = rc != ZH_OK;
    }
    return rc;
}

static int run(zh_cli *cli)
{
    uint64_t started_us = zh_monotonic_us();
    zh_address address;
    zh_session s = {0};
    zh_rc rc = check(cli, &address);
    if (rc == ZH_OK) {
        rc = zh_session_open(cli, &s);
    }
    if (rc == ZH_OK) {
        rc = build(&s, started_us);
        cli->usage = rc == ZH_ECONFLICT;
    }
    if (rc == ZH_OK && !zh_cli_flag(cli, "no-serve")) {
        s.samples = true;
        rc = zh_serve(&s, &address);
    }
    int code = rc == ZH_OK ? ZH_EXIT_OK : zh_cli_fail(cli);
    zh_session_close(&s);
    return code;
}

static const zh_param options[] = {
    {.name = "tour",
     .value = "TOUR",
     .kind = ZH_PARAM_CHOICE,
     .choices = "report|bench",
     .otherwise = "report",
     .zh = "report：鄂湘皖食品与环境质量；bench：监管工具台（境外数据）",
     .en = "which tour"},
    {.name = "source",
     .value = "DIR",
     .kind = ZH_PARAM_FOLDER,
     .zh = "数据取自这个目录（与 packs/demo/data 同样排列）；省略则用程序自带的",
     .en = "folder of the data sets"},
    {.name = "no-serve",
     .kind = ZH_PARAM_FLAG,
     .zh = "做完就结束，不启动服务",
     .en = "do not serve"},
    ZH_SERVE_OPTIONS,
};

ZH_VERB(demo) = {
    .name = "demo",
    .zh = "用真实公开数据建一个演示库，给出概览，然后启动服务",
    .en = "build a database from real public data, show a summary, serve it",
    .text =
        "只在空目录里建立；目录里有别的数据就拒绝。中断后用同样的命令接着做；已经做完的不再做。\n"
        "数据文件放在 DIR/demo/，每个数据集旁边的 SOURCE.json 写明出处、许可和摘要。\n"
        "概览里的每个值都由库里的记录算出，带期间、n、区间和来源；没有数据的格写明没有，不写 0。",
    .example = "zhiheng demo --data ./data\n"
               "zhiheng demo --tour bench --no-serve  # 第二程，只建库、看概览",
    .uses = ZH_MAKES_DATA | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
