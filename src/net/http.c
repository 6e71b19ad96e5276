/* libmicrohttpd adapter. A request lives from its first header line to the end of its response, on
 * one thread of the pool; a slow one is suspended while a worker has it. */
#include "net/http.h"
#include "base/log.h"
#include "base/time.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS_DEFAULT = 2,
    WORKERS_DEFAULT = 2,
    DISCARD_MAX = 8 << 20, /* of a body that is too large, before the connection is dropped */
    STOP_POLL_MS = 5,
    TURN_THREADS = 3,
    LATE_MS = 50,
};

/* One request. */
typedef struct exchange {
    zh_http *http;
    struct MHD_Connection *connection;
    zh_http_request request;
    zh_http_response response;
    zh_err err;
    const zh_route *route;
    bool answered;           /* by a worker: the response is complete */
    zh_multipart *multipart; /* NULL: the body is kept in memory */
    zh_buf body;
    uint64_t body_n;
    size_t discarded;
    int refused;       /* status with which it will be refused; 0: it will be answered */
    const char *allow; /* of a 405 */
    uint64_t parked_us;
    struct exchange *next;
} exchange;

/* Threads and what is parked for them. */
typedef struct lane {
    zh_http *http;
    pthread_t threads[ZH_HTTP_WRITERS_MAX];
    unsigned n, most, idle; /* started, at most, waiting for work */
    pthread_cond_t more;
    exchange *first, *last; /* parked */
    size_t parked;
} lane;

struct zh_http {
    zh_http_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
    atomic_uint in_progress; /* requests begun and not yet completed */
    pthread_mutex_t lock;    /* of what follows */
    lane workers, writers;
    bool stopping;
};
_Static_assert(ZH_HTTP_WORKERS_MAX <= ZH_HTTP_WRITERS_MAX, "a lane has room for either");

static const zh_http_header security[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    /* Under "no-referrer" browsers send "Origin: null" with our own forms, which we refuse. */
    {"Referrer-Policy", "same-origin"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
     "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
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

zh_rc zh_http_see_other(const zh_http_request *request, zh_http_response *response, zh_str location)
{
    zh_assert(location.n > 0 && location.p[0] == '/' && (location.n == 1 || location.p[1] != '/'));
    response->status = 303;
    zh_http_header_add(response, "Location", zh_str_dup(request->arena, location).p);
    return ZH_OK;
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

/* RFC 9110 section 13.1.2: weak comparison with each of the list, or "*". */
static bool has_already(zh_str if_none_match, const char *etag)
{
    zh_str rest = if_none_match;
    zh_str piece;
    zh_str ours = zh_str_of(strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag);
    while (rest.p != NULL && zh_str_split(&rest, ',', &piece)) {
        piece = zh_str_trim(piece);
        piece = zh_str_starts(piece, ZH_STR("W/")) ? zh_str_sub(piece, 2, piece.n) : piece;
        if (zh_str_eq(piece, ours) || zh_str_is(piece, "*")) {
            return true;
        }
    }
    return false;
}

/* Reached by the name of the TLS proxy that was declared. */
static bool through_proxy(const exchange *e)
{
    const char *proxy = e->http->options.proxy;
    return proxy != NULL && e->request.host.n == strlen(proxy) &&
           strncasecmp(e->request.host.p, proxy, e->request.host.n) == 0;
}

static void apply_etag(const exchange *e, zh_http_response *response)
{
    if (through_proxy(e)) {
        zh_http_header_add(response, "Strict-Transport-Security", "max-age=31536000");
    }
    if (response->etag == NULL || response->status != 200) {
        return;
    }
    zh_http_header_add(response, "ETag", response->etag);
    if (has_already(e->request.if_none_match, response->etag)) {
        response->status = 304;
        response->type = NULL;
        zh_buf_clear(&response->body);
    }
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

/* Fills the response of a request that is refused or failed. */
static void fail(exchange *e, int status)
{
    zh_http_response *response = &e->response;
    zh_buf_clear(&response->body);
    response->nheaders = 0;
    response->type = NULL;
    response->etag = NULL;
    response->status = status;
    if (e->allow != NULL) {
        zh_http_header_add(response, "Allow", e->allow);
    }
    e->http->options.fail(&e->request, status, &e->err, response);
}

static enum MHD_Result send_answer(exchange *e)
{
    apply_etag(e, &e->response);
    return send_response(e->connection, &e->response);
}

static enum MHD_Result refuse(exchange *e)
{
    fail(e, e->refused);
    return send_answer(e);
}

static void finish_handler(exchange *e, zh_rc rc)
{
    if (rc == ZH_OK && e->response.body.failed) {
        rc = zh_err_set(&e->err, ZH_ELIMIT, "http.response", "回答超过 %zu 字节",
                        ZH_HTTP_RESPONSE_BYTES_MAX);
    }
    if (rc != ZH_OK) {
        fail(e, 0);
    }
}

static void run_handler(exchange *e)
{
    finish_handler(e, e->route->handle(&e->request, &e->response, &e->err));
}

/* ---- workers
 * --------------------------------------------------------------------------------------- */

/* The first that is parked, and those behind it that its route takes together with it: a fair share
 * for each thread that stands idle. */
static size_t pop(lane *l, exchange **out)
{
    const zh_route *route = l->first->route;
    size_t share = l->parked / (l->idle + 1) + 1;
    size_t most = route->handle_all == NULL ? 1 : share;
    size_t n = 0;
    while (l->first != NULL && n < most && n < ZH_HTTP_TURNS_MAX && l->first->route == route) {
        out[n++] = l->first;
        l->first = l->first->next;
    }
    l->last = l->first != NULL ? l->last : NULL;
    l->parked -= n;
    return n;
}

/* 0: the server stops and nothing is parked any more. */
static size_t take_parked(lane *l, exchange **out)
{
    zh_http *http = l->http;
    (void)pthread_mutex_lock(&http->lock);
    l->idle++;
    while (l->first == NULL && !http->stopping) {
        (void)pthread_cond_wait(&l->more, &http->lock);
    }
    l->idle--;
    size_t n = l->first != NULL ? pop(l, out) : 0;
    (void)pthread_mutex_unlock(&http->lock);
    return n;
}

static void resume(exchange *e)
{
    e->answered = true;
    MHD_resume_connection(e->connection);
}

static void answer_turn(zh_http_turn *turn)
{
    exchange *e = turn->held;
    finish_handler(e, turn->rc);
    resume(e);
}

static void run_together(exchange *const *list, size_t n)
{
    zh_http_turn turns[ZH_HTTP_TURNS_MAX];
    for (size_t i = 0; i < n; i++) {
        exchange *e = list[i];
        turns[i] = (zh_http_turn){.request = &e->request,
                                  .response = &e->response,
                                  .err = &e->err,
                                  .answer = answer_turn,
                                  .held = e};
    }
    list[0]->route->handle_all(turns, n);
}

/* Works until the server stops and nothing is parked any more. */
static void *work(void *user)
{
    lane *l = user;
    exchange *list[ZH_HTTP_TURNS_MAX];
    size_t n;
    while ((n = take_parked(l, list)) > 0) {
        if (list[0]->route->handle_all != NULL) {
            run_together(list, n);
        } else {
            run_handler(list[0]);
            resume(list[0]);
        }
    }
    return NULL;
}

static int start_thread(lane *l)
{
    int failed = pthread_create(&l->threads[l->n], NULL, work, l);
    l->n += failed == 0;
    return failed;
}

/* Requests that are taken together need few threads, unless those that there are stand waiting. */
static bool wants_thread(const lane *l, const zh_route *route)
{
    bool late =
        l->first != NULL && zh_monotonic_us() - l->first->parked_us > (uint64_t)LATE_MS * 1000;
    return l->parked >= l->idle && l->n < l->most &&
           (route->handle_all == NULL || l->n < TURN_THREADS || late);
}

static bool waits(const exchange *e)
{
    return e->route->waits || (e->route->may_wait != NULL && e->route->may_wait(&e->request));
}

/* Suspends first: a worker may be done before this returns. False: too many are waiting. */
static bool park(exchange *e)
{
    zh_http *http = e->http;
    lane *l = waits(e) ? &http->writers : &http->workers;
    (void)pthread_mutex_lock(&http->lock);
    if (!http->stopping && wants_thread(l, e->route)) {
        (void)start_thread(l); /* those that run will do when there can be no more */
    }
    bool room = l->parked < ZH_HTTP_PARKED_MAX && l->n > 0 && !http->stopping;
    if (room) {
        MHD_suspend_connection(e->connection);
        e->next = NULL;
        e->parked_us = zh_monotonic_us();
        if (l->last != NULL) {
            l->last->next = e;
        } else {
            l->first = e;
        }
        l->last = e;
        l->parked++;
        (void)pthread_cond_signal(&l->more);
    }
    (void)pthread_mutex_unlock(&http->lock);
    return room;
}

static enum MHD_Result answer(exchange *e)
{
    if (e->route->slow || waits(e)) {
        e->refused = park(e) ? 0 : 503;
        return e->refused == 0 ? MHD_YES : refuse(e);
    }
    uint64_t begun = zh_monotonic_us();
    run_handler(e);
    uint64_t took = zh_monotonic_us() - begun;
    if (took > ZH_HTTP_SLOW_US) {
        zh_log(ZH_WARN, "net.slow_inline", "%s %" PRIu64 " µs", e->route->path, took);
    }
    return send_answer(e);
}

/* ---- requests
 * -------------------------------------------------------------------------------------- */

static zh_str header(exchange *e, const char *name)
{
    const char *value = MHD_lookup_connection_value(e->connection, MHD_HEADER_KIND, name);
    return value != NULL ? zh_str_dup(e->request.arena, zh_str_of(value)) : ZH_STR_NONE;
}

static void take_headers(exchange *e)
{
    zh_http_request *r = &e->request;
    r->host = header(e, "Host");
    r->cookie = header(e, "Cookie");
    r->accept = header(e, "Accept");
    r->accept_encoding = header(e, "Accept-Encoding");
    r->accept_language = header(e, "Accept-Language");
    r->if_none_match = header(e, "If-None-Match");
    r->user_agent = header(e, "User-Agent");
    r->content_type = header(e, "Content-Type");
    r->authorization = header(e, "Authorization");
    r->prefer = header(e, "Prefer");
}

static bool is_safe(zh_str method)
{
    return zh_str_is(method, "GET") || zh_str_is(method, "HEAD");
}

/* A browser says where a request comes from; other programs say nothing and are let through. */
static bool from_another_site(exchange *e)
{
    zh_str site = header(e, "Sec-Fetch-Site");
    zh_str origin = header(e, "Origin");
    if (is_safe(e->request.method)) {
        return false;
    }
    if (site.p != NULL && !zh_str_is(site, "same-origin") && !zh_str_is(site, "none")) {
        return true;
    }
    zh_str scheme = through_proxy(e) ? ZH_STR("https://") : ZH_STR("http://");
    return origin.p != NULL &&
           (!zh_str_starts(origin, scheme) ||
            !zh_str_eq(zh_str_sub(origin, scheme.n, origin.n), e->request.host));
}

static bool is_type(zh_str content_type, const char *type)
{
    size_t n = strlen(type);
    return content_type.n >= n && strncasecmp(content_type.p, type, n) == 0 &&
           (content_type.n == n || content_type.p[n] == ';' || content_type.p[n] == ' ');
}

static uint64_t body_cap(const exchange *e)
{
    return e->multipart != NULL ? e->route->upload_max : e->route->body_max;
}

static bool announced_too_large(const exchange *e)
{
    const char *length =
        MHD_lookup_connection_value(e->connection, MHD_HEADER_KIND, "Content-Length");
    uint64_t announced = 0;
    return length != NULL &&
           (zh_str_u64(zh_str_of(length), &announced) != ZH_OK || announced > body_cap(e));
}

/* The status with which the request line and headers are refused; 0 when they are not. */
static int check(exchange *e)
{
    zh_http_request *r = &e->request;
    const zh_http_options *options = &e->http->options;
    if (r->path.n > ZH_HTTP_PATH_BYTES_MAX || r->query.n > ZH_HTTP_QUERY_BYTES_MAX) {
        return 414;
    }
    /* known before a route is, because the page that says there is none speaks a language */
    zh_err misread = {0};
    zh_rc rc = zh_form_parse(r->arena, r->query, &r->params, &misread);
    if (!through_proxy(e) && !zh_http_host_allowed(&options->address, r->host)) {
        return 421;
    }
    e->route = zh_route_find(options->routes, options->nroutes, r->arena, r->method, r->path,
                             &r->args, &e->allow);
    if (e->route == NULL) {
        return e->allow != NULL ? 405 : 404;
    }
    e->allow = NULL;
    r->route = e->route;
    if (from_another_site(e)) {
        return 403;
    }
    if (rc != ZH_OK) {
        e->err = misread;
        return 400;
    }
    if (r->params.n > ZH_HTTP_PARAMS_MAX) {
        zh_err_set(&e->err, ZH_ELIMIT, "http.params", "查询的参数超过 %zu 个", ZH_HTTP_PARAMS_MAX);
        return 400;
    }
    if (e->route->upload_max > 0 && is_type(r->content_type, "multipart/form-data") &&
        zh_multipart_new(r->arena, r->content_type, options->uploads, &e->multipart, &e->err) !=
            ZH_OK) {
        return 400;
    }
    return 0;
}

/* The headers have come. A body that is announced too large is refused before it is sent; other
 * refusals wait for the end of the request, so that the connection can be used again. */
static enum MHD_Result begin(exchange *e)
{
    take_headers(e);
    e->refused = check(e);
    if (e->route != NULL && announced_too_large(e)) {
        e->refused = 413;
        return refuse(e);
    }
    zh_buf_init(&e->body, e->route != NULL ? e->route->body_max : 0);
    return MHD_YES;
}

/* Takes the next bytes of the body; those nobody wants are counted, so that an endless body ends
 * with its connection. */
static enum MHD_Result take_body(exchange *e, zh_str bytes)
{
    e->body_n += bytes.n;
    if (e->refused == 0 && e->body_n > body_cap(e)) {
        e->refused = 413;
    }
    if (e->refused != 0) {
        e->discarded += bytes.n;
    } else if (e->multipart != NULL) {
        e->refused = zh_multipart_push(e->multipart, bytes, &e->err) == ZH_OK ? 0
                     : e->err.rc == ZH_ELIMIT                                 ? 413
                     : e->err.rc == ZH_EIO                                    ? 500
                                                                              : 400;
    } else {
        zh_buf_add(&e->body, bytes.p, bytes.n);
    }
    return e->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static void finish_body(exchange *e)
{
    zh_http_request *r = &e->request;
    zh_rc rc = ZH_OK;
    r->body = zh_buf_view(&e->body);
    if (e->multipart != NULL) {
        rc = zh_multipart_end(e->multipart, &r->form, &r->files, &r->nfiles, &e->err);
    } else if (is_type(r->content_type, "application/x-www-form-urlencoded")) {
        rc = zh_form_parse(r->arena, r->body, &r->form, &e->err);
    }
    if (rc != ZH_OK) {
        e->refused = rc == ZH_ELIMIT || rc == ZH_ENOMEM ? 413 : 400;
    }
}

/* One parameter, undecoded; only its pluses are spaces by now. */
static void add_sent(zh_buf *query, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zh_buf_c(query, text[i] == ' ' ? '+' : text[i]);
    }
}

static enum MHD_Result add_param(void *user, enum MHD_ValueKind kind, const char *name,
                                 size_t name_n, const char *value, size_t value_n)
{
    zh_buf *query = user;
    (void)kind;
    zh_buf_z(query, query->n > 0 ? "&" : "");
    add_sent(query, name, name_n);
    if (value != NULL) {
        zh_buf_c(query, '=');
        add_sent(query, value, value_n);
    }
    return MHD_YES;
}

/* The query as it was sent, put together again. (The callback that has it whole is also called for
 * requests whose end is never told.) */
static zh_str query_of(zh_arena *arena, struct MHD_Connection *connection)
{
    zh_buf query;
    zh_buf_init(&query, ZH_HTTP_HEADER_BYTES_MAX);
    (void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, add_param, &query);
    zh_str text = zh_str_dup(arena, zh_buf_view(&query));
    zh_buf_free(&query);
    return text;
}

static exchange *exchange_new(zh_http *http, struct MHD_Connection *connection, const char *url,
                              const char *method)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    exchange *e = ZH_NEW(arena, exchange);
    e->http = http;
    e->connection = connection;
    e->response.status = 200;
    e->request = (zh_http_request){
        .arena = arena,
        .app = http->options.app,
        .method = zh_str_dup(arena, zh_str_of(method)),
        .path = zh_str_dup(arena, zh_str_of(url)),
        .query = query_of(arena, connection),
    };
    zh_buf_init(&e->response.body, ZH_HTTP_RESPONSE_BYTES_MAX);
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
        e = exchange_new(user, connection, url, method);
        *slot = e;
        return begin(e);
    }
    if (*data_n > 0) {
        zh_str bytes = {data, *data_n};
        *data_n = 0;
        return take_body(e, bytes);
    }
    if (e->answered) {
        return send_answer(e);
    }
    if (e->refused == 0) {
        finish_body(e);
    }
    return e->refused != 0 ? refuse(e) : answer(e);
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
        zh_buf_free(&e->response.body);
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
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
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

static void join_lane(lane *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        (void)pthread_join(l->threads[i], NULL);
    }
    l->n = 0;
}

/* Ends the workers after everything parked has been answered. */
static void stop_workers(zh_http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    http->stopping = true;
    (void)pthread_cond_broadcast(&http->workers.more);
    (void)pthread_cond_broadcast(&http->writers.more);
    (void)pthread_mutex_unlock(&http->lock);
    join_lane(&http->workers);
    join_lane(&http->writers);
}

static void http_free(zh_http *http)
{
    stop_workers(http);
    (void)pthread_cond_destroy(&http->workers.more);
    (void)pthread_cond_destroy(&http->writers.more);
    (void)pthread_mutex_destroy(&http->lock);
    zh_dealloc(http);
}

/* The workers stand ready; those that wait are started when they are needed. */
static zh_rc start_workers(zh_http *http, zh_err *err)
{
    const zh_http_options *o = &http->options;
    http->workers = (lane){.http = http, .most = o->workers > 0 ? o->workers : WORKERS_DEFAULT};
    http->writers = (lane){.http = http, .most = o->writers > 0 ? o->writers : ZH_HTTP_WRITERS_MAX};
    zh_assert(http->workers.most <= ZH_HTTP_WORKERS_MAX &&
              http->writers.most <= ZH_HTTP_WRITERS_MAX);
    (void)pthread_cond_init(&http->workers.more, NULL);
    (void)pthread_cond_init(&http->writers.more, NULL);
    (void)pthread_mutex_lock(&http->lock);
    int failed = 0;
    while (http->workers.n < http->workers.most && failed == 0) {
        failed = start_thread(&http->workers);
    }
    (void)pthread_mutex_unlock(&http->lock);
    return failed == 0
               ? ZH_OK
               : zh_err_set(err, ZH_EIO, "net.worker", "不能启动工作线程：%s", strerror(failed));
}

zh_rc zh_http_start(const zh_http_options *options, zh_http **out, zh_err *err)
{
    zh_http *http = zh_alloc(sizeof(*http));
    *http = (zh_http){.options = *options};
    atomic_init(&http->in_progress, 0);
    (void)pthread_mutex_init(&http->lock, NULL);
    zh_rc rc = start_workers(http, err);
    struct sockaddr_storage room = {0};
    errno = 0;
    if (rc == ZH_OK) {
        http->daemon = start_daemon(http, socket_address(&options->address, &room));
    }
    if (rc == ZH_OK && http->daemon == NULL) {
        rc = zh_err_set(err, ZH_EIO, "net.listen", "不能在 %s:%u 上监听：%s", options->address.host,
                        options->address.port, errno != 0 ? strerror(errno) : "原因不明");
        zh_err_fix(err, "换一个端口，或停掉占用它的程序");
    }
    if (rc != ZH_OK) {
        http_free(http);
        return rc;
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
    stop_workers(http); /* a suspended connection would outlive the server */
    MHD_stop_daemon(http->daemon);
    if (listening >= 0) {
        (void)close(listening);
    }
    http_free(http);
}

zh_library zh_http_library(void)
{
    zh_library library = {.name = "libmicrohttpd", .licence = "LGPL-2.1-or-later"};
    (void)snprintf(library.version, sizeof library.version, "%s", MHD_get_version());
    return library;
}
