/* serve: the HTTP server with its background work, until SIGTERM or SIGINT. */
#include "app/background.h"
#include "base/log.h"
#include "base/os.h"
#include "cli/serve.h"
#include "core/ledger/ledger.h"
#include "core/people/identity.h"
#include "web/frame/route.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STOP_GRACE_MS = 5000, UPLOAD_KEPT_SECONDS = 24 * 3600 };

/* Blocked before any thread is started, so that only sigwait ever takes them. */
static void block_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error of its connection */
}

static int wait_for_end(const sigset_t *set)
{
    int received = 0;
    while (sigwait(set, &received) != 0) {
    }
    return received;
}

static zh_rc listen_address(zh_cli *cli, zh_address *out)
{
    const char *text = zh_cli_text(cli, "listen");
    zh_rc rc = zh_address_parse(zh_str_of(text), out, &cli->err);
    if (rc == ZH_OK && !out->is_loopback && zh_cli_text(cli, "proxy") == NULL) {
        zh_err_set(&cli->err, ZH_EDENIED, "serve.loopback",
                   "只在本机监听，不能用 %s：这里不加密，没有账户时谁连上谁就是操作员", text);
        zh_err_fix(&cli->err,
                   "用 127.0.0.1:端口；要从别处访问，先建立账户，再在前面放 TLS 反向代理，"
                   "用 --proxy 写明它的名称");
        rc = ZH_EDENIED;
    }
    cli->usage = rc != ZH_OK;
    return rc;
}

/* Where files that are sent stand until their request ends: beside the data, so that keeping one is
 * a rename. What a killed server left there goes after a day (another server may be at work). NULL
 * without a data directory. */
static zh_rc uploads_directory(zh_session *s, const char **out)
{
    const char *data = zh_core_data_dir(s->core);
    zh_arena *arena = s->cli->arena;
    zh_str *names = NULL;
    size_t n = 0;
    *out = NULL;
    if (data == NULL) {
        return ZH_OK;
    }
    const char *directory = zh_str_fmt(arena, "%s/uploads", data).p;
    zh_rc rc = zh_dir_make(directory, &s->cli->err);
    if (rc == ZH_OK) {
        rc = zh_dir_list(arena, directory, &names, &n, &s->cli->err);
    }
    for (size_t i = 0; i < n; i++) {
        const char *path = zh_str_fmt(arena, "%s/%s", directory, names[i].p).p;
        struct stat info;
        if (zh_str_starts(names[i], ZH_STR("upload-")) && stat(path, &info) == 0 &&
            zh_now() / 1000000 - info.st_mtime > UPLOAD_KEPT_SECONDS) {
            (void)unlink(path);
        }
    }
    *out = directory;
    return rc;
}

/* Beyond this machine only people with accounts are served. */
static zh_rc need_accounts(zh_session *s, const zh_address *address)
{
    zh_conn *conn = NULL;
    bool any = address->is_loopback && zh_cli_text(s->cli, "proxy") == NULL;
    zh_rc rc = any ? ZH_OK : zh_store_reader(zh_core_store(s->core), &conn, &s->cli->err);
    if (rc == ZH_OK && !any) {
        rc = zh_accounts_exist(conn, &any, &s->cli->err);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && !any) {
        zh_err_set(&s->cli->err, ZH_EDENIED, "serve.accounts",
                   "还没有账户：经代理或在本机之外服务，谁连上谁就是操作员");
        zh_err_fix(&s->cli->err, "先用 zhiheng account setup 建立第一个账户");
        rc = ZH_EDENIED;
    }
    return rc;
}

/* ---- the public address ---------------------------------------------------------------------- */

enum { PUBLIC_BYTES_MAX = 200 };

/* http(s)://host[:port], nothing behind it but slashes, which are cut off. */
static zh_rc public_address(zh_cli *cli, zh_str text, zh_str *out)
{
    zh_str host = zh_str_starts(text, ZH_STR("https://"))  ? zh_str_sub(text, 8, text.n)
                  : zh_str_starts(text, ZH_STR("http://")) ? zh_str_sub(text, 7, text.n)
                                                           : ZH_STR_NONE;
    while (host.n > 0 && host.p[host.n - 1] == '/') {
        host.n--;
        text.n--;
    }
    bool good = host.n > 0 && text.n <= PUBLIC_BYTES_MAX;
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        good =
            good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == ':' || c == '[' || c == ']');
    }
    *out = text;
    return good ? ZH_OK
                : zh_cli_usage(cli, "cli.public",
                               "--public 要 https://名称 或 https://名称:端口，给出的是“%.*s”",
                               ZH_FMT(text));
}

/* Keeps what --public says; the name of the proxy when nothing has been said so far. */
static zh_rc keep_public(zh_session *s)
{
    zh_cli *cli = s->cli;
    const char *given = zh_cli_text(cli, "public");
    const char *proxy = zh_cli_text(cli, "proxy");
    zh_conn *conn = NULL;
    zh_str address = ZH_STR_NONE;
    if (given == NULL && proxy == NULL) {
        return ZH_OK;
    }
    zh_err before = {0};
    zh_rc rc = zh_store_reader(zh_core_store(s->core), &conn, &cli->err);
    if (rc != ZH_OK) {
        return rc;
    }
    bool declared = zh_setting_get(conn, cli->arena, ZH_SET_PUBLIC, &address, &before) == ZH_OK;
    zh_store_release(conn);
    if (given == NULL && declared) {
        return ZH_OK;
    }
    zh_str text = given != NULL ? zh_str_of(given) : zh_str_fmt(cli->arena, "https://%s", proxy);
    rc = public_address(cli, text, &address);
    return rc == ZH_OK ? zh_core_set(s->core, ZH_SET_PUBLIC, address, &cli->err) : rc;
}

static zh_rc serve(zh_session *s, const zh_address *address, const sigset_t *signals)
{
    const char *uploads = NULL;
    zh_rc rc = need_accounts(s, address);
    if (rc == ZH_OK) {
        rc = keep_public(s);
    }
    if (rc == ZH_OK) {
        rc = uploads_directory(s, &uploads);
    }
    if (rc == ZH_OK && zh_ledger_dir(s->core) != NULL) {
        rc = zh_ledger_start(s->core, &s->cli->err);
    } else if (rc == ZH_OK) {
        zh_cli_note("没有数据目录：只定序，不生成签名的存证日志；要签名就加上 --data");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_web web;
    zh_web_init(&web, s->core);
    web.samples = s->samples && address->is_loopback && zh_cli_text(s->cli, "proxy") == NULL;
    web.behind_proxy = zh_cli_text(s->cli, "proxy") != NULL;
    zh_http_options options = {
        .address = *address,
        .threads = (unsigned)zh_cli_number(s->cli, "threads", 0),
        .routes = zh_routes,
        .nroutes = zh_routes_n,
        .proxy = zh_cli_text(s->cli, "proxy"),
        .uploads = uploads,
        .app = &web,
        .fail = zh_web_fail,
    };
    zh_http *http = NULL;
    zh_background *background = NULL;
    rc = zh_http_start(&options, &http, &s->cli->err);
    if (rc == ZH_OK) {
        rc = zh_background_start(s->core, &background, &s->cli->err);
    }
    if (rc == ZH_OK) {
        const char *open = address->is_v6 ? "[" : "";
        const char *close = address->is_v6 ? "]" : "";
        (void)printf("质衡：http://%s%s%s:%u/\n", open, address->host, close, zh_http_port(http));
        (void)fflush(stdout);
        zh_log(ZH_INFO, "net.listen", "%s:%u", address->host, zh_http_port(http));
        int received = wait_for_end(signals);
        rc = zh_background_incident(background, &s->cli->err);
        if (rc == ZH_OK) {
            zh_cli_note("收到%s，正在停止", received == SIGINT ? "中断" : "停止信号");
        }
    }
    zh_http_stop(http, STOP_GRACE_MS);
    zh_background_stop(background);
    zh_web_end(&web);
    return rc;
}

zh_rc zh_serve_check(zh_cli *cli, zh_address *out)
{
    if (zh_cli_number(cli, "threads", 1) > ZH_HTTP_THREADS_MAX) {
        return zh_cli_usage(cli, "cli.threads", "--threads 最多 %u", ZH_HTTP_THREADS_MAX);
    }
    return listen_address(cli, out);
}

zh_rc zh_serve(zh_session *session, const zh_address *address)
{
    sigset_t signals;
    block_signals(&signals);
    zh_log_level(ZH_INFO);
    zh_rc rc = serve(session, address, &signals);
    session->cli->usage = rc != ZH_OK;
    return rc;
}

static int run(zh_cli *cli)
{
    zh_address address;
    zh_session s = {0};
    sigset_t signals;
    if (zh_serve_check(cli, &address) != ZH_OK) {
        return zh_cli_fail(cli);
    }
    block_signals(&signals); /* also one that comes while the data are opened ends it in order */
    zh_log_level(ZH_INFO);
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = zh_serve(&s, &address);
    }
    int code = rc == ZH_OK ? ZH_EXIT_OK : zh_cli_fail(cli);
    zh_session_close(&s);
    return code;
}

static const zh_param options[] = {
    ZH_SERVE_OPTIONS,
};

ZH_VERB(serve) = {
    .name = "serve",
    .zh = "启动服务，直到 SIGTERM 或 Ctrl-C",
    .en = "serve HTTP",
    .text = "页面在 /，健康状况在 /health。后台给已提交的数据定序并签进存证日志（数据目录的 "
            "log/）、写到期事件、折叠汇总。最后签名的检查点不能从数据重算出来时拒绝启动；"
            "超过 50 万条的日志先答复、在后台重算，算完以前不签新的检查点，算出不同就停止。",
    .example = "zhiheng serve --data ./data --listen 127.0.0.1:8086",
    .uses = ZH_MAKES_DATA | ZH_USES_DATA | ZH_USES_PACKS,
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
