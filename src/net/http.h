/* HTTP server: libmicrohttpd's epoll pool behind routes, requests and responses of our own.
 *
 * A route is a constant descriptor beside its code, ZH_ROUTE(name) = {…}, collected by tool/index.
 * Handlers run on a thread of the pool and must be short (net.slow_inline is logged above 5 ms);
 * those of a route marked `slow` run on a worker while the connection is parked. What mostly waits,
 * for the disk or for others, is marked `waits` and has threads of its own, started when they are
 * needed: as many may wait at once as there are threads, and none keeps the workers busy.
 * Caps: connections, header bytes, query bytes, body bytes of the route, response bytes, parked
 * requests, idle seconds. Every response carries the security headers.
 * Refused before any handler: a Host that does not name this listener (a foreign name resolved to
 * the loopback address, DNS rebinding) with 421, and a request other than GET and HEAD that a page
 * of another site made (Sec-Fetch-Site, Origin) with 403. */
#ifndef ZH_NET_HTTP_H
#define ZH_NET_HTTP_H

#include "base/err.h"
#include "base/str.h"
#include "base/version.h"
#include "net/address.h"
#include "net/form.h"

#define ZH_HTTP_CONNECTIONS_MAX    1000u
#define ZH_HTTP_THREADS_MAX        64u
#define ZH_HTTP_HEADER_BYTES_MAX   ((size_t)32 << 10) /* of one request, its first line included */
#define ZH_HTTP_PATH_BYTES_MAX     ((size_t)2048)
#define ZH_HTTP_QUERY_BYTES_MAX    ((size_t)8192)
#define ZH_HTTP_PARAMS_MAX         ((size_t)128)      /* of the query */
#define ZH_HTTP_BODY_BYTES_MAX     ((size_t)64 << 20) /* that a route may ask for */
#define ZH_HTTP_RESPONSE_BYTES_MAX ((size_t)64 << 20)
#define ZH_HTTP_IDLE_SECONDS       30u
#define ZH_HTTP_HEADERS_MAX        16 /* set by a handler */
#define ZH_HTTP_SLOW_US            5000u
#define ZH_HTTP_WORKERS_MAX        32u
#define ZH_HTTP_WRITERS_MAX        128u
#define ZH_HTTP_PARKED_MAX         256u /* requests waiting for a worker; more get 503 */
#define ZH_HTTP_ARGS_MAX           8    /* {names} in the path of a route */

typedef struct zh_http zh_http;

typedef struct zh_http_request {
    zh_arena *arena;              /* of this request */
    const struct zh_route *route; /* that answers it; NULL while none was found */
    void *app;                    /* as given to zh_http_start */
    zh_str method;
    zh_str path;  /* as sent, without the query, not decoded */
    zh_str query; /* as sent, without '?' */
    zh_str body;
    zh_pairs args;   /* of the route's path: its {names}, and "*" for what a trailing one took */
    zh_pairs params; /* of the query */
    zh_pairs form;   /* of a urlencoded or multipart body */
    const zh_upload *files;
    size_t nfiles;
    /* Headers; p == NULL when not sent. */
    zh_str host, cookie, accept, accept_encoding, accept_language, if_none_match, content_type,
        user_agent, prefer, authorization;
} zh_http_request;

typedef struct zh_http_header {
    const char *name, *value;
} zh_http_header;

typedef struct zh_http_response {
    int status;       /* 200 unless set */
    const char *type; /* content type, constant */
    const char *etag; /* quoted; NULL: none. A 200 to a request that has it becomes a 304 */
    zh_buf body;
    zh_http_header headers[ZH_HTTP_HEADERS_MAX]; /* text in the request's arena or constant */
    size_t nheaders;
} zh_http_response;

/* Who a route answers, once the application tells people apart. */
typedef enum zh_reach {
    ZH_REACH_READER, /* everybody who has a session, within what the session's reader may see */
    ZH_REACH_OPEN,   /* everybody: it leads to a session, or says nothing about the data */
    ZH_REACH_WHOLE,  /* readers of all data only: work over everything, and its files */
    ZH_REACH_PERSON, /* people who logged in themselves: their own account, never an API key */
    ZH_REACH_ENROL,  /* the same, also an administrator who has yet to take one-time codes into use
                      */
} zh_reach;

/* One request in the hands of a handler that takes several. */
typedef struct zh_http_turn {
    const zh_http_request *request;
    zh_http_response *response;
    zh_err *err;
    zh_rc rc;                                  /* as a handler would return it */
    void (*answer)(struct zh_http_turn *turn); /* sends it; the turn is over */
    void *held;                                /* the server's own */
} zh_http_turn;
#define ZH_HTTP_TURNS_MAX 64

typedef struct zh_route {
    const char *method; /* GET also answers HEAD */
    /* Literal segments match as they were sent, {name} one segment, a last segment * all the rest
     * (at least one byte). Where several routes match, the one with the longest literal start wins.
     */
    const char *path;
    size_t body_max;   /* 0: no body is taken */
    size_t upload_max; /* of a multipart body, whose files go to disk; 0: files are refused */
    bool slow;         /* handled on a worker thread */
    bool waits;        /* the same, on a thread of those that may wait: writes */
    bool (*may_wait)(const zh_http_request *request); /* asked of each request; NULL: as `waits` */
    zh_reach reach;
    const char *en; /* what it is, for the description of the API */
    zh_rc (*handle)(const zh_http_request *request, zh_http_response *response, zh_err *err);
    /* Of a route that waits, instead of handle: takes 1 … ZH_HTTP_TURNS_MAX requests that stand
     * parked at the same time, and calls answer of each exactly once. */
    void (*handle_all)(zh_http_turn *turns, size_t n);
} zh_route;

#define ZH_ROUTE(id) const zh_route zh_route_##id

extern const zh_route *const zh_routes[];
extern const size_t zh_routes_n;

typedef struct zh_http_options {
    zh_address address;
    unsigned threads;    /* 0: 2 */
    unsigned workers;    /* for slow routes; 0: 2 */
    unsigned writers;    /* at most so many at once for routes that wait; 0: ZH_HTTP_WRITERS_MAX */
    const char *proxy;   /* name under which a TLS proxy in front is reached; NULL: there is none */
    const char *uploads; /* directory for files that are sent; NULL: files are refused */
    const zh_route *const *routes;
    size_t nroutes;
    void *app;
    /* Fills the response to a request that has no answer: not a form (400), from another site
     * (403), no route (404), wrong method (405), too large (413), too long (414), for another host
     * (421), no worker free (503), or a handler's error (status 0: by err->rc). */
    void (*fail)(const zh_http_request *request, int status, const zh_err *err,
                 zh_http_response *response);
} zh_http_options;

/* ZH_EIO: the address cannot be bound. Routes, app and their descriptors must outlive the server.
 */
zh_rc zh_http_start(const zh_http_options *options, zh_http **out, zh_err *err) ZH_MUST;
uint16_t zh_http_port(const zh_http *http); /* the port really bound */
/* Takes no new connections, waits until those in progress are answered, at most grace_ms, and
 * frees the server. NULL is allowed. */
void zh_http_stop(zh_http *http, unsigned grace_ms);
/* Adds a header to a response; further ones than ZH_HTTP_HEADERS_MAX are an assertion. */
void zh_http_header_add(zh_http_response *response, const char *name, const char *value);
/* 303 See Other to a path of this server. */
zh_rc zh_http_see_other(const zh_http_request *request, zh_http_response *response,
                        zh_str location) ZH_MUST;
/* A value of the route's path, of the query; ZH_STR_NONE (p == NULL) when there is none. */
zh_str zh_http_arg(const zh_http_request *request, const char *name);
zh_str zh_http_param(const zh_http_request *request, const char *name);
zh_library zh_http_library(void);

/* Whether the Host header names a listener on this address: the address itself, and on a loopback
 * listener any loopback address and localhost; the port is not looked at. */
bool zh_http_host_allowed(const zh_address *address, zh_str host);
/* Finds the route for a method and path and decodes its args into the arena. NULL, and *allow the
 * methods of the routes with this path (NULL when there is none). */
const zh_route *zh_route_find(const zh_route *const *routes, size_t n, zh_arena *arena,
                              zh_str method, zh_str path, zh_pairs *args, const char **allow);

#endif
