/* zhiheng-witness: a C2SP tlog-witness for an auditor to run: cosigns checkpoints of the logs it
 * knows, each only when it continues the one cosigned before.
 *
 *   zhiheng-witness init DIR --name NAME        a new key and an empty list of logs
 *   zhiheng-witness key DIR                     the verifier key
 *   zhiheng-witness serve DIR [--listen ADDR]   answers POST /add-checkpoint, until SIGTERM
 *
 * Exit 0: done; 1: refused or failed; 2: wrong use. */
#include "base/log.h"
#include "base/os.h"
#include "base/time.h"
#include "base/version.h"
#include "net/http.h"
#include "proof/witness_store.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { DONE = 0, FAILED = 1, MISUSED = 2, STOP_GRACE_MS = 3000 };

static const char USAGE[] =
    "用法 usage:\n"
    "  zhiheng-witness init 目录 --name 名称         新建密钥(名称形如 witness.example.cn/shenji)\n"
    "  zhiheng-witness key 目录                      显示公钥 prints the verifier key\n"
    "  zhiheng-witness serve 目录 [--listen 地址]    应答见证请求，默认 127.0.0.1:8097\n"
    "\n"
    "在 目录/logs 中写明见证哪些日志(每行 log 公钥)，重启生效。\n"
    "只有检查点延续上次见证的那个时才签名；签名前先落盘。\n"
    "Cosigns a checkpoint only when it continues the last one cosigned (C2SP tlog-witness).\n";

struct witness {
    zh_witness_store store;
    pthread_mutex_t mutex; /* one request at a time: compare and persist is one step */
};

static int failed(const zh_err *err)
{
    (void)fprintf(stderr, "%s%s%s\n", err->message, err->where[0] ? ": " : "", err->where);
    if (err->fix[0] != '\0') {
        (void)fprintf(stderr, "%s\n", err->fix);
    }
    return FAILED;
}

/* ---- HTTP ---- */

static zh_rc add_checkpoint(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    struct witness *witness = request->app;
    zh_witness_answer answer;
    zh_err why = {0};
    (void)pthread_mutex_lock(&witness->mutex);
    zh_rc rc =
        zh_witness_store_answer(&witness->store, request->body, (uint64_t)(zh_now() / 1000000),
                                &answer, &response->body, &why);
    (void)pthread_mutex_unlock(&witness->mutex);
    if (rc != ZH_OK) {
        zh_log_err(ZH_ERROR, "witness.state", &why);
        return zh_err_set(err, rc, why.rule, "%s", why.message);
    }
    response->status = answer.status;
    response->type = "text/plain; charset=utf-8";
    if (answer.status == 409) {
        response->type = "text/x.tlog.size";
        zh_buf_fmt(&response->body, "%llu\n", (unsigned long long)answer.kept);
    } else if (answer.status != 200) {
        zh_buf_fmt(&response->body, "%s\n", why.message);
    }
    /* A log that shows two histories is what a witness is for: it must not go unnoticed. */
    if (answer.status == 422 || (answer.status == 409 && strcmp(why.rule, "witness.fork") == 0)) {
        zh_log_err(ZH_ERROR, "witness.refused", &why);
    }
    return ZH_OK;
}

static const zh_route ADD_CHECKPOINT = {
    .method = "POST",
    .path = "/add-checkpoint",
    .body_max = ZH_WITNESS_BODY_BYTES,
    .slow = true, /* it waits for the disk */
    .en = "cosign a checkpoint (C2SP tlog-witness)",
    .handle = add_checkpoint,
};

static void fail(const zh_http_request *request, int status, const zh_err *err,
                 zh_http_response *response)
{
    (void)request;
    response->status = status != 0 ? status : 500;
    response->type = "text/plain; charset=utf-8";
    zh_buf_fmt(&response->body, "%s\n",
               err && err->message[0] != '\0' ? err->message : "只接受 POST /add-checkpoint");
}

static int serve(const char *dir, const char *listen)
{
    zh_err err = {0};
    zh_address address;
    struct witness witness = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    const zh_route *routes[] = {&ADD_CHECKPOINT};
    zh_http *http = NULL;
    sigset_t signals;
    int received = 0;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    zh_log_level(ZH_INFO);
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_address_parse(zh_str_of(listen), &address, &err);
    witness.store.lock = -1;
    if (rc == ZH_OK) {
        rc = zh_witness_store_open(arena, dir, &witness.store, &err);
    }
    if (rc == ZH_OK) {
        zh_http_options options = {.address = address,
                                   .threads = 1,
                                   .workers = 1,
                                   .routes = routes,
                                   .nroutes = ZH_COUNTOF(routes),
                                   .app = &witness,
                                   .fail = fail};
        rc = zh_http_start(&options, &http, &err);
    }
    if (rc == ZH_OK) {
        const char *open = address.is_v6 ? "[" : "";
        const char *close = address.is_v6 ? "]" : "";
        (void)printf("见证 witness %s: http://%s%s%s:%u/ (%zu 个日志 logs)\n",
                     witness.store.key.verifier.name, open, address.host, close, zh_http_port(http),
                     witness.store.logs.nlogs);
        (void)fflush(stdout);
        while (sigwait(&signals, &received) != 0) {
        }
    }
    zh_http_stop(http, STOP_GRACE_MS);
    zh_witness_store_close(&witness.store);
    zh_arena_free(arena);
    return rc == ZH_OK ? DONE : failed(&err);
}

/* ---- the rest ---- */

static void print_key(const zh_signer *key)
{
    zh_buf text;
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX + 1);
    zh_verifier_write(&key->verifier, &text);
    (void)printf("%.*s\n", ZH_FMT(zh_buf_view(&text)));
    zh_buf_free(&text);
}

static int init(const char *dir, const char *name)
{
    zh_signer key;
    zh_err err = {0};
    if (zh_witness_store_create(dir, zh_str_of(name), &key, &err) != ZH_OK) {
        return failed(&err);
    }
    print_key(&key);
    zh_signer_wipe(&key);
    return DONE;
}

static int show_key(const char *dir)
{
    zh_signer key;
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_signer_load(zh_str_fmt(arena, "%s/key", dir).p, &key, &err);
    zh_arena_free(arena);
    if (rc != ZH_OK) {
        return failed(&err);
    }
    print_key(&key);
    zh_signer_wipe(&key);
    return DONE;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--help") == 0) {
        (void)fputs(USAGE, stdout);
        return DONE;
    }
    if (strcmp(verb, "--version") == 0) {
        (void)puts("zhiheng-witness " ZH_VERSION);
        return DONE;
    }
    if (strcmp(verb, "init") == 0 && argc == 5 && strcmp(argv[3], "--name") == 0) {
        return init(argv[2], argv[4]);
    }
    if (strcmp(verb, "key") == 0 && argc == 3) {
        return show_key(argv[2]);
    }
    if (strcmp(verb, "serve") == 0 && argc == 3) {
        return serve(argv[2], "127.0.0.1:8097");
    }
    if (strcmp(verb, "serve") == 0 && argc == 5 && strcmp(argv[3], "--listen") == 0) {
        return serve(argv[2], argv[4]);
    }
    (void)fputs(USAGE, stderr);
    return MISUSED;
}
