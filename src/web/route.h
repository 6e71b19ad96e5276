/* What every route shares: the opened core, and how requests without an answer are answered. */
#ifndef ZH_WEB_ROUTE_H
#define ZH_WEB_ROUTE_H

#include "core/core.h"
#include "net/http.h"

typedef struct zh_web {
    zh_core *core;
    zh_time started_at;
} zh_web;

/* The application a request belongs to. */
static inline zh_web *zh_web_of(const zh_http_request *request)
{
    return (zh_web *)request->app;
}

/* zh_http_options.fail: an RFC 9457 problem document. */
void zh_web_fail(const zh_http_request *request, int status, const zh_err *err,
                 zh_http_response *response);

#endif
