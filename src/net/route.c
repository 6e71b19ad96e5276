/* Which route answers: literal segments, {names} and a trailing star. */
#include "base/utf8.h"
#include "net/http.h"
#include <arpa/inet.h>
#include <string.h>

/* One pattern against one path. `literal`: bytes that are the same in both; the pattern with more
 * of them is the more particular one. */
static bool matches(zh_arena *arena, const char *pattern, zh_str path, zh_pair *args, size_t *nargs,
                    size_t *literal)
{
    zh_str p = zh_str_of(pattern);
    size_t at = 0;
    *nargs = 0;
    *literal = 0;
    for (size_t i = 0; i < p.n;) {
        bool star = p.p[i] == '*' && i + 1 == p.n;
        if (p.p[i] != '{' && !star) {
            if (at == path.n || path.p[at] != p.p[i]) {
                return false;
            }
            i++;
            at++;
            (*literal)++;
            continue;
        }
        size_t from = at;
        while (at < path.n && (star || path.p[at] != '/')) {
            at++;
        }
        zh_str close = zh_str_sub(p, i, p.n);
        size_t width = star ? 1 : (size_t)zh_str_chr(close, '}') + 1;
        zh_assert(*nargs < ZH_HTTP_ARGS_MAX && width > 0);
        zh_pair *arg = &args[(*nargs)++];
        zh_err ignored = {0};
        arg->name = star ? ZH_STR("*") : zh_str_sub(p, i + 1, width - 2);
        if (at == from || zh_form_decode(arena, zh_str_sub(path, from, at - from), false,
                                         &arg->value, &ignored) != ZH_OK) {
            return false;
        }
        i += width;
    }
    return at == path.n;
}

static bool method_matches(const zh_route *route, zh_str method)
{
    return zh_str_is(method, route->method) ||
           (zh_str_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

const zh_route *zh_route_find(const zh_route *const *routes, size_t n, zh_arena *arena,
                              zh_str method, zh_str path, zh_pairs *args, const char **allow)
{
    const zh_route *best = NULL;
    size_t best_literal = 0;
    zh_str allowed = ZH_STR_NONE;
    *args = (zh_pairs){0};
    for (size_t i = 0; i < n; i++) {
        zh_pair found[ZH_HTTP_ARGS_MAX];
        size_t nfound;
        size_t literal;
        if (!matches(arena, routes[i]->path, path, found, &nfound, &literal)) {
            continue;
        }
        const char *head = strcmp(routes[i]->method, "GET") == 0 ? ", HEAD" : "";
        allowed = zh_str_fmt(arena, "%.*s%s%s%s", ZH_FMT(allowed), allowed.n > 0 ? ", " : "",
                             routes[i]->method, head);
        if (method_matches(routes[i], method) && (best == NULL || literal > best_literal)) {
            zh_pair *kept = ZH_NEW_N(arena, zh_pair, ZH_HTTP_ARGS_MAX);
            memcpy(kept, found, nfound * sizeof *found);
            *args = (zh_pairs){kept, nfound};
            best = routes[i];
            best_literal = literal;
        }
    }
    *allow = allowed.n > 0 ? allowed.p : NULL;
    return best;
}

bool zh_http_host_allowed(const zh_address *address, zh_str host)
{
    char name[64];
    struct in_addr v4;
    struct in6_addr v6;
    if (host.n > 0 && host.p[0] == '[') {
        ptrdiff_t close = zh_str_chr(host, ']');
        host = zh_str_sub(host, 1, close > 0 ? (size_t)close - 1 : 0);
    } else {
        ptrdiff_t colon = zh_str_chr(host, ':');
        host = colon >= 0 ? zh_str_sub(host, 0, (size_t)colon) : host;
    }
    if (host.n == 0 || host.n >= sizeof name || zh_str_chr(host, '\0') >= 0) {
        return false;
    }
    memcpy(name, host.p, host.n);
    name[host.n] = '\0';
    if (strcmp(name, address->host) == 0 || strcasecmp(name, "localhost") == 0) {
        return address->is_loopback || strcasecmp(name, "localhost") != 0;
    }
    if (!address->is_loopback) {
        return false;
    }
    return (inet_pton(AF_INET, name, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127) ||
           (inet_pton(AF_INET6, name, &v6) == 1 && memcmp(&v6, &in6addr_loopback, sizeof v6) == 0);
}

zh_str zh_http_arg(const zh_http_request *request, const char *name)
{
    return zh_pairs_get(request->args, name);
}

zh_str zh_http_param(const zh_http_request *request, const char *name)
{
    return zh_pairs_get(request->params, name);
}
