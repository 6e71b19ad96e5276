/* Listening addresses. */
#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static zh_rc bad(zh_str text, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "net.address", "“%.*s”不是监听地址", ZH_FMT(text));
    zh_err_fix(err, "写成 IP:端口，例如 127.0.0.1:8086 或 [::1]:8086");
    return ZH_EINVAL;
}

/* Cuts "host:port" or "[host]:port". */
static bool cut(zh_str text, zh_str *host, zh_str *port)
{
    if (text.n > 0 && text.p[0] == '[') {
        ptrdiff_t close = zh_str_chr(text, ']');
        if (close < 0 || (size_t)close + 1 >= text.n || text.p[close + 1] != ':') {
            return false;
        }
        *host = zh_str_sub(text, 1, (size_t)close - 1);
        *port = zh_str_sub(text, (size_t)close + 2, text.n);
        return true;
    }
    ptrdiff_t colon = zh_str_chr(text, ':');
    *host = colon > 0 ? zh_str_sub(text, 0, (size_t)colon) : ZH_STR("127.0.0.1");
    *port = zh_str_sub(text, (size_t)(colon + 1), text.n);
    return true;
}

zh_rc zh_address_parse(zh_str text, zh_address *out, zh_err *err)
{
    zh_str host;
    zh_str port;
    uint64_t number;
    *out = (zh_address){.host = ""};
    if (!cut(text, &host, &port) || zh_str_u64(port, &number) != ZH_OK || number > UINT16_MAX ||
        host.n >= sizeof out->host) {
        return bad(text, err);
    }
    if (zh_str_is(host, "localhost")) {
        host = ZH_STR("127.0.0.1");
    }
    char name[sizeof out->host];
    (void)snprintf(name, sizeof name, "%.*s", ZH_FMT(host));
    out->port = (uint16_t)number;
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, name, &v4) == 1) {
        out->is_loopback = (ntohl(v4.s_addr) >> 24) == 127;
        return inet_ntop(AF_INET, &v4, out->host, sizeof out->host) ? ZH_OK : bad(text, err);
    }
    if (inet_pton(AF_INET6, name, &v6) == 1) {
        out->is_v6 = true;
        out->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6);
        return inet_ntop(AF_INET6, &v6, out->host, sizeof out->host) ? ZH_OK : bad(text, err);
    }
    return bad(text, err);
}
