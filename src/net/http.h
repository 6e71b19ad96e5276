/* HTTP server: libmicrohttpd's epoll pool behind routes, requests and responses of our own.
 *
 * A route is a constant descriptor beside its code, ZH_ROUTE(name) = {…}, collected by tool/index.
 * Handlers run on a thread of the pool and must be short (net.slow_inline is logged above 5 ms).
 * Caps: connections, header bytes, body bytes of the route, response bytes, idle seconds. Every
 * response carries the security headers. */
#ifndef ZH_NET_HTTP_H
#define ZH_NET_HTTP_H

#include "base/err.h"
#include "base/str.h"
#include "base/version.h"
#include "net/address.h"

#define ZH_HTTP_CONNECTIONS_MAX    1000u
#define ZH_HTTP_THREADS_MAX        64u
#define ZH_HTTP_HEADER_BYTES_MAX   ((size_t)32 << 10) /* of one request, its first line included */
#define ZH_HTTP_PATH_BYTES_MAX     ((size_t)2048)
#define ZH_HTTP_BODY_BYTES_MAX     ((size_t)64 << 20) /* that a route may ask for */
#define ZH_HTTP_RESPONSE_BYTES_MAX ((size_t)64 << 20)
#define ZH_HTTP_IDLE_SECONDS       30u
#define ZH_HTTP_HEADERS_MAX        16 /* set by a handler */
#define ZH_HTTP_SLOW_US            5000u

typedef struct zh_http zh_http;

typedef struct zh_http_request {
    zh_arena *arena; /* of this request */
    void *app;       /* as given to zh_http_start */
    zh_str method;
    zh_str path; /* as sent, without the query, not decoded */
    zh_str body;
} zh_http_request;

typedef struct zh_http_header {
    const char *name, *value;
} zh_http_header;

typedef struct zh_http_response {
    int status;       /* 200 unless set */
    const char *type; /* content type, constant */
    zh_buf body;
    zh_http_header headers[ZH_HTTP_HEADERS_MAX]; /* text in the request's arena or constant */
    size_t nheaders;
} zh_http_response;

typedef struct zh_route {
    const char *method; /* GET also answers HEAD */
    const char *path;   /* exact */
    size_t body_max;    /* 0: no body is taken */
    const char *en;     /* what it is, for the description of the API */
    zh_rc (*handle)(const zh_http_request *request, zh_http_response *response, zh_err *err);
} zh_route;

#define ZH_ROUTE(id) const zh_route zh_route_##id

extern const zh_route *const zh_routes[];
extern const size_t zh_routes_n;

typedef struct zh_http_options {
    zh_address address;
    unsigned threads; /* 0: 2 */
    const zh_route *const *routes;
    size_t nroutes;
    void *app;
    /* Fills the response to a request that has no answer: no route (404), wrong method (405), too
     * large (413), too long (414), or a handler's error (status 0: by err->rc). */
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
zh_library zh_http_library(void);

#endif
