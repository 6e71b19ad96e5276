/* Serving, as the verbs serve and demo do it. */
#ifndef ZH_CLI_SERVE_H
#define ZH_CLI_SERVE_H

#include "cli/session.h"
#include "net/address.h"

/* The options of a verb that serves. */
#define ZH_SERVE_OPTIONS                                                                                                              \
    {.name = "listen",                                                                                                                \
     .value = "ADDRESS",                                                                                                              \
     .kind = ZH_PARAM_TEXT,                                                                                                           \
     .otherwise = "127.0.0.1:8086",                                                                                                   \
     .zh = "监听地址；没有账户或没有 --proxy 时只能是本机；端口 0 为任选一个",                                                        \
     .en = "address; loopback only without accounts or --proxy"},                                                                     \
        {.name = "proxy",                                                                                                             \
         .value = "HOST",                                                                                                             \
         .kind = ZH_PARAM_TEXT,                                                                                                       \
         .zh = "前面的 TLS 反向代理对外的名称",                                                                                       \
         .en = "name of the TLS proxy in front"},                                                                                     \
        {.name = "public",                                                                                                            \
         .value = "URL",                                                                                                              \
         .kind = ZH_PARAM_TEXT,                                                                                                       \
         .zh =                                                                                                                        \
             "对外公布的地址，记在库里：报告的链接和二维码通向它；给了 --proxy 而没有声明过时取 " \
             "https://HOST",                                                                                                          \
         .en = "public address, kept: where links and QR codes lead"},                                                                \
    {                                                                                                                                 \
        .name = "threads", .value = "N", .kind = ZH_PARAM_NUMBER, .otherwise = "2",                                                   \
        .zh = "网络线程数", .en = "network threads"                                                                                   \
    }

/* Reads --listen and --threads; a usage error unless it is an address of this machine. */
zh_rc zh_serve_check(zh_cli *cli, zh_address *out) ZH_MUST;
/* Serves until SIGTERM or SIGINT, which are blocked from here on in every thread. The session must
 * not hold a connection. */
zh_rc zh_serve(zh_session *session, const zh_address *address) ZH_MUST;

#endif
