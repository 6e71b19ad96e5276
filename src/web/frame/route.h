/* What every route shares: the opened core, the files of ui/, and how requests without an answer
 * are answered. */
#ifndef ZH_WEB_FRAME_ROUTE_H
#define ZH_WEB_FRAME_ROUTE_H

#include "base/embedded.h"
#include "core/instance/core.h"
#include "net/http.h"
#include "web/frame/cache.h"

#define ZH_ASSETS_MAX 64

/* A file of ui/ built into the program. */
typedef struct zh_asset {
    const char *name; /* below ui/ */
    const zh_embedded *plain, *gzip;
    char version[20]; /* of its content, for the URL */
} zh_asset;

typedef struct zh_web {
    zh_core *core;
    zh_time started_at;
    zh_asset assets[ZH_ASSETS_MAX];
    size_t nassets;
    zh_cache *cache;
    bool samples;      /* a demonstration on loopback: web/frame/sample.h */
    bool behind_proxy; /* reached over TLS, through a proxy that was declared */
} zh_web;

/* Fills *out; core is borrowed. End with zh_web_end. */
void zh_web_init(zh_web *out, zh_core *core);
void zh_web_end(zh_web *web);
/* A file of ui/ by name; NULL when there is none. */
const zh_asset *zh_web_asset(const zh_web *web, zh_str name);
/* Its URL, /static/NAME?v=VERSION; empty when there is none. */
zh_str zh_web_asset_url(zh_arena *arena, const zh_web *web, zh_str name);

/* The application a request belongs to. */
static inline zh_web *zh_web_of(const zh_http_request *request)
{
    return (zh_web *)request->app;
}

/* zh_http_options.fail: a page for a browser, an RFC 9457 problem document for others. */
void zh_web_fail(const zh_http_request *request, int status, const zh_err *err,
                 zh_http_response *response);

#endif
