/* verify: recounts everything that is kept as a number and compares. */
#include "base/json.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/verify/verify.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { PROGRESS_EVERY_US = 200000 };

typedef struct watcher {
    uint64_t last_us;
    bool shown;
} watcher;

static void progress(void *user, const char *what, int64_t done, int64_t total)
{
    watcher *watch = user;
    uint64_t now = zh_monotonic_us();
    if (now - watch->last_us < PROGRESS_EVERY_US) {
        return;
    }
    watch->last_us = now;
    watch->shown = true;
    (void)fprintf(stderr, "\r%s %" PRId64 "/%" PRId64 "        ", what, done, total);
}

static void print_report(zh_cli *cli, const zh_verify_report *r, const zh_buf *lines, uint64_t took,
                         zh_buf *out)
{
    zh_arena *a = cli->arena;
    zh_buf_str(out, zh_buf_view(lines));
    zh_buf_fmt(
        out,
        "复核 %.*s 个登记册，%.*s 条记录，%.*s 个版本，%.*s 个单元格，%.*s 条账本条目，用时 %.*s\n",
        ZH_FMT(zh_text_count(a, r->registers)), ZH_FMT(zh_text_count(a, r->records)),
        ZH_FMT(zh_text_count(a, r->versions)), ZH_FMT(zh_text_count(a, r->cells)),
        ZH_FMT(zh_text_count(a, r->entries)), ZH_FMT(zh_text_duration(a, took)));
    if (r->sealed > 0) {
        zh_buf_fmt(out, "签名的存证日志 %.*s 条，分块、根与历次检查点都已重算\n",
                   ZH_FMT(zh_text_count(a, r->sealed)));
    }
    if (r->readings > 0) {
        zh_buf_fmt(out, "个人信息的阅读记录 %.*s 条，链已重算\n",
                   ZH_FMT(zh_text_count(a, r->readings)));
    }
    zh_buf_fmt(out, r->differences == 0 ? "没有差异\n" : "差异 %.*s 处\n",
               ZH_FMT(zh_text_count(a, r->differences)));
}

static void json_report(const zh_verify_report *r, const zh_buf *lines, uint64_t took, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_ki(&w, "registers", r->registers);
    zh_jw_ki(&w, "records", r->records);
    zh_jw_ki(&w, "versions", r->versions);
    zh_jw_ki(&w, "cells", r->cells);
    zh_jw_ki(&w, "entries", r->entries);
    zh_jw_ki(&w, "sealed", r->sealed);
    zh_jw_ki(&w, "readings", r->readings);
    zh_jw_ki(&w, "differences", r->differences);
    zh_jw_ki(&w, "took_us", (int64_t)took);
    zh_jw_key(&w, "lines");
    zh_jw_array(&w);
    zh_str rest = zh_buf_view(lines);
    zh_str line;
    while (rest.n > 0 && zh_str_split(&rest, '\n', &line)) {
        zh_jw_str(&w, line);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static int report(zh_cli *cli, const zh_verify_report *r, const zh_buf *lines, uint64_t took)
{
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    if (cli->json) {
        json_report(r, lines, took, &out);
    } else {
        print_report(cli, r, lines, took, &out);
    }
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    return code != ZH_EXIT_OK ? code : r->differences == 0 ? ZH_EXIT_OK : ZH_EXIT_NO;
}

static int run(zh_cli *cli)
{
    zh_session s;
    zh_buf lines;
    watcher watch = {.last_us = zh_monotonic_us()};
    zh_verify_report r = {0};
    uint64_t begun = zh_monotonic_us();
    zh_buf_init(&lines, ZH_OUTPUT_BYTES_MAX / 2);
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = zh_verify(&s.ctx, &lines, &r, isatty(STDERR_FILENO) ? progress : NULL, &watch);
    }
    if (watch.shown) {
        (void)fputs("\r\033[K", stderr); /* only ever on a terminal */
    }
    int code = rc == ZH_OK ? report(cli, &r, &lines, zh_monotonic_us() - begun) : zh_cli_fail(cli);
    zh_buf_free(&lines);
    zh_session_close(&s);
    return code;
}

ZH_VERB(verify) = {
    .name = "verify",
    .zh = "复核：单元格、汇总、版本、账本条目全部重算，逐一比对",
    .en = "recount everything and compare",
    .text = "有任何一处对不上就逐行列出，退出码为 1。",
    .example = "zhiheng verify --data ./data",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .run = run,
};
