/* libmicrohttpd adapter. A request lives from its first header line to the end of its response, on
 * one thread of the pool. */
#include "net/http.h"
#include "base/log.h"
#include "base/time.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS_DEFAULT = 2,
    DISCARD_MAX = 8 << 20, /* of a body that is too large, before the connection is dropped */
    STOP_POLL_MS = 5,
};

struct zh_http {
    zh_http_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
    atomic_uint in_progress; /* requests begun and not yet completed */
};

/* One request. */
typedef struct exchange {
    zh_http *http;
    zh_http_request request;
    const zh_route *route;
    zh_buf body;
    size_t discarded;
    int refused;       /* status with which it will be refused; 0: it will be answered */
    const char *allow; /* of a 405 */
} exchange;

static const zh_http_header security[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

/* ---- responses
 * ------------------------------------------------------------------------------------- */

void zh_http_header_add(zh_http_response *response, const char *name, const char *value)
{
    zh_assert(response->nheaders < ZH_HTTP_HEADERS_MAX);
    response->headers[response->nheaders++] = (zh_http_header){name, value};
}

static bool is_set(const zh_http_response *response, const char *name)
{
    for (size_t i = 0; i < response->nheaders; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum MHD_Result send_response(struct MHD_Connection *connection, zh_http_response *response)
{
    struct MHD_Response *out =
        MHD_create_response_from_buffer(response->body.n, response->body.p, MHD_RESPMEM_MUST_COPY);
    if (out == NULL) {
        return MHD_NO;
    }
    bool ok = response->type == NULL ||
              MHD_add_response_header(out, "Content-Type", response->type) == MHD_YES;
    for (size_t i = 0; i < response->nheaders; i++) {
        const zh_http_header *header = &response->headers[i];
        ok = MHD_add_response_header(out, header->name, header->value) == MHD_YES && ok;
    }
    for (size_t i = 0; i < ZH_COUNTOF(security); i++) {
        ok = (is_set(response, security[i].name) ||
              MHD_add_response_header(out, security[i].name, security[i].value) == MHD_YES) &&
             ok;
    }
    enum MHD_Result sent =
        ok ? MHD_queue_response(connection, (unsigned)response->status, out) : MHD_NO;
    MHD_destroy_response(out);
    return sent;
}

static void response_init(zh_http_response *response)
{
    *response = (zh_http_response){.status = 200};
    zh_buf_init(&response->body, ZH_HTTP_RESPONSE_BYTES_MAX);
}

static enum MHD_Result refuse(exchange *e, struct MHD_Connection *connection)
{
    zh_http_response response;
    zh_err err = {0};
    response_init(&response);
    response.status = e->refused;
    if (e->allow != NULL) {
        zh_http_header_add(&response, "Allow", e->allow);
    }
    e->http->options.fail(&e->request, e->refused, &err, &response);
    enum MHD_Result sent = send_response(connection, &response);
    zh_buf_free(&response.body);
    return sent;
}

static enum MHD_Result answer(exchange *e, struct MHD_Connection *connection)
{
    zh_http_response response;
    zh_err err = {0};
    uint64_t begun = zh_monotonic_us();
    response_init(&response);
    zh_rc rc = e->route->handle(&e->request, &response, &err);
    if (rc == ZH_OK && response.body.failed) {
        rc = zh_err_set(&err, ZH_ELIMIT, "http.response", "回答超过 %zu 字节",
                        ZH_HTTP_RESPONSE_BYTES_MAX);
    }
    if (rc != ZH_OK) {
        zh_buf_clear(&response.body);
        response.nheaders = 0;
        e->http->options.fail(&e->request, 0, &err, &response);
    }
    uint64_t took = zh_monotonic_us() - begun;
    if (took > ZH_HTTP_SLOW_US) {
        zh_log(ZH_WARN, "net.slow_inline", "%s %" PRIu64 " µs", e->route->path, took);
    }
    enum MHD_Result sent = send_response(connection, &response);
    zh_buf_free(&response.body);
    return sent;
}

/* ---- routing
 * --------------------------------------------------------------------------------------- */

static bool method_matches(const zh_route *route, zh_str method)
{
    return zh_str_is(method, route->method) ||
           (zh_str_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

/* Methods of all routes with this path, for 405; NULL when there is no such path. */
static const char *allowed(const zh_http *http, zh_arena *arena, zh_str path)
{
    zh_str list = ZH_STR_NONE;
    for (size_t i = 0; i < http->options.nroutes; i++) {
        const zh_route *route = http->options.routes[i];
        if (zh_str_is(path, route->path)) {
            const char *head = strcmp(route->method, "GET") == 0 ? ", HEAD" : "";
            list = zh_str_fmt(arena, "%.*s%s%s%s", ZH_FMT(list), list.n > 0 ? ", " : "",
                              route->method, head);
        }
    }
    return list.n > 0 ? list.p : NULL;
}

static const zh_route *find_route(const zh_http *http, zh_str method, zh_str path)
{
    for (size_t i = 0; i < http->options.nroutes; i++) {
        const zh_route *route = http->options.routes[i];
        if (zh_str_is(path, route->path) && method_matches(route, method)) {
            return route;
        }
    }
    return NULL;
}

static bool announced_too_large(const exchange *e, struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    uint64_t announced = 0;
    return length != NULL &&
           (zh_str_u64(zh_str_of(length), &announced) != ZH_OK || announced > e->route->body_max);
}

/* The headers have come. A body that is announced too large is refused before it is sent; other
 * refusals wait for the end of the request, so that the connection can be used again. */
static enum MHD_Result begin(exchange *e, struct MHD_Connection *connection)
{
    e->route = find_route(e->http, e->request.method, e->request.path);
    if (e->request.path.n > ZH_HTTP_PATH_BYTES_MAX) {
        e->refused = 414;
    } else if (e->route == NULL) {
        e->allow = allowed(e->http, e->request.arena, e->request.path);
        e->refused = e->allow != NULL ? 405 : 404;
    } else if (announced_too_large(e, connection)) {
        e->refused = 413;
        return refuse(e, connection);
    }
    zh_buf_init(&e->body, e->route != NULL ? e->route->body_max : 0);
    return MHD_YES;
}

static exchange *exchange_new(zh_http *http, const char *url, const char *method)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    exchange *e = ZH_NEW(arena, exchange);
    e->http = http;
    e->request = (zh_http_request){
        .arena = arena,
        .app = http->options.app,
        .method = zh_str_dup(arena, zh_str_of(method)),
        .path = zh_str_dup(arena, zh_str_of(url)),
    };
    atomic_fetch_add(&http->in_progress, 1);
    return e;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **slot)
{
    (void)version;
    exchange *e = *slot;
    if (e == NULL) {
        e = exchange_new(user, url, method);
        *slot = e;
        return begin(e, connection);
    }
    if (*data_n > 0) {
        zh_buf_add(&e->body, data, *data_n);
        e->discarded += e->body.failed ? *data_n : 0;
        *data_n = 0;
        return e->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
    }
    if (e->refused == 0 && e->body.failed) {
        e->refused = 413;
    }
    if (e->refused != 0) {
        return refuse(e, connection);
    }
    e->request.body = zh_buf_view(&e->body);
    return answer(e, connection);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode how)
{
    (void)connection;
    (void)how;
    zh_http *http = user;
    exchange *e = *slot;
    if (e != NULL) {
        *slot = NULL;
        zh_buf_free(&e->body);
        zh_arena_free(e->request.arena); /* the exchange itself lives in it */
        atomic_fetch_sub(&http->in_progress, 1);
    }
}

/* Paths are matched as they were sent: nothing is decoded behind our back. */
static size_t keep_escapes(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

/* ---- start and stop
 * ------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(zh_http *http, const struct sockaddr *address)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
    if (http->options.address.is_v6) {
        flags |= MHD_USE_IPv6;
    }
    unsigned threads = http->options.threads > 0 ? http->options.threads : THREADS_DEFAULT;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_SOCK_ADDR, 0, (void *)(uintptr_t)address},
        {MHD_OPTION_CONNECTION_LIMIT, ZH_HTTP_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, ZH_HTTP_IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, ZH_HTTP_HEADER_BYTES_MAX, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        /* a pool of one is what MHD makes without this option */
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, http->options.address.port, NULL, NULL, on_request, http,
                            MHD_OPTION_ARRAY, items, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                            http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
}

static const struct sockaddr *socket_address(const zh_address *address,
                                             struct sockaddr_storage *room)
{
    if (address->is_v6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)room;
        *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        int ok = inet_pton(AF_INET6, address->host, &v6->sin6_addr);
        zh_assert(ok == 1);
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)room;
        *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(address->port)};
        int ok = inet_pton(AF_INET, address->host, &v4->sin_addr);
        zh_assert(ok == 1);
    }
    return (const struct sockaddr *)room;
}

zh_rc zh_http_start(const zh_http_options *options, zh_http **out, zh_err *err)
{
    zh_http *http = zh_alloc(sizeof(*http));
    *http = (zh_http){.options = *options};
    atomic_init(&http->in_progress, 0);
    struct sockaddr_storage room = {0};
    errno = 0;
    http->daemon = start_daemon(http, socket_address(&options->address, &room));
    if (http->daemon == NULL) {
        zh_err_set(err, ZH_EIO, "net.listen", "不能在 %s:%u 上监听：%s", options->address.host,
                   options->address.port, errno != 0 ? strerror(errno) : "原因不明");
        zh_err_fix(err, "换一个端口，或停掉占用它的程序");
        zh_dealloc(http);
        return ZH_EIO;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info != NULL ? info->port : options->address.port;
    *out = http;
    return ZH_OK;
}

uint16_t zh_http_port(const zh_http *http)
{
    return http->port;
}

void zh_http_stop(zh_http *http, unsigned grace_ms)
{
    if (http == NULL) {
        return;
    }
    int listening = MHD_quiesce_daemon(http->daemon);
    struct timespec pause = {.tv_nsec = STOP_POLL_MS * 1000000L};
    for (unsigned waited = 0; waited < grace_ms && atomic_load(&http->in_progress) > 0;
         waited += STOP_POLL_MS) {
        (void)nanosleep(&pause, NULL);
    }
    MHD_stop_daemon(http->daemon);
    if (listening >= 0) {
        (void)close(listening);
    }
    zh_dealloc(http);
}

zh_library zh_http_library(void)
{
    zh_library library = {.name = "libmicrohttpd", .licence = "LGPL-2.1-or-later"};
    (void)snprintf(library.version, sizeof library.version, "%s", MHD_get_version());
    return library;
}
