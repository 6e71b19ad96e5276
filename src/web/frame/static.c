/* GET /static/NAME: the files of ui/, built into the program, compressed at build time. With the
 * version of their content in the URL they are kept for good. */
#include "web/frame/route.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void zh_web_init(zh_web *out, zh_core *core)
{
    const zh_embedded *files = NULL;
    size_t n = zh_embedded_range("ui/", &files);
    *out = (zh_web){.core = core, .started_at = zh_now(), .cache = zh_cache_new()};
    for (size_t i = 0; i < n; i++) {
        if (zh_str_ends(zh_str_of(files[i].path), ZH_STR(".gz"))) {
            continue;
        }
        char compressed[256];
        zh_assert(out->nassets < ZH_ASSETS_MAX);
        zh_asset *asset = &out->assets[out->nassets++];
        (void)snprintf(compressed, sizeof compressed, "%s.gz", files[i].path);
        asset->name = files[i].path + strlen("ui/");
        asset->plain = &files[i];
        asset->gzip = zh_embedded_find(compressed);
        (void)snprintf(asset->version, sizeof asset->version, "%016" PRIx64,
                       zh_str_hash(zh_embedded_text(&files[i])));
    }
}

void zh_web_end(zh_web *web)
{
    zh_cache_free(web->cache);
}

const zh_asset *zh_web_asset(const zh_web *web, zh_str name)
{
    for (size_t i = 0; i < web->nassets; i++) {
        if (zh_str_is(name, web->assets[i].name)) {
            return &web->assets[i];
        }
    }
    return NULL;
}

zh_str zh_web_asset_url(zh_arena *arena, const zh_web *web, zh_str name)
{
    const zh_asset *asset = zh_web_asset(web, name);
    return asset != NULL ? zh_str_fmt(arena, "/static/%s?v=%s", asset->name, asset->version)
                         : ZH_STR("");
}

static const char *type_of(const char *name)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json; charset=utf-8"},
        {".png", "image/png"},
        {".woff2", "font/woff2"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(types); i++) {
        if (zh_str_ends(zh_str_of(name), zh_str_of(types[i].end))) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* RFC 9110 section 12.5.3, as far as it matters: gzip named and not with q=0. */
static bool takes_gzip(zh_str accept_encoding)
{
    zh_str rest = accept_encoding;
    zh_str piece;
    while (rest.p != NULL && zh_str_split(&rest, ',', &piece)) {
        piece = zh_str_trim(piece);
        if (zh_str_starts(piece, ZH_STR("gzip"))) {
            return zh_str_find(piece, ZH_STR("q=0")) < 0 || zh_str_find(piece, ZH_STR("q=0.")) >= 0;
        }
    }
    return false;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    zh_str name = zh_http_arg(request, "name");
    const zh_asset *asset = zh_web_asset(zh_web_of(request), name);
    if (asset == NULL) {
        return zh_err_set(err, ZH_ENOTFOUND, "http.path", "没有文件 %.*s", ZH_FMT(name));
    }
    bool gzip = asset->gzip != NULL && takes_gzip(request->accept_encoding);
    bool pinned = zh_str_is(zh_http_param(request, "v"), asset->version);
    zh_buf_str(&response->body, zh_embedded_text(gzip ? asset->gzip : asset->plain));
    response->type = type_of(asset->name);
    response->etag = zh_str_fmt(request->arena, "\"%s%s\"", asset->version, gzip ? "-gz" : "").p;
    zh_http_header_add(response, "Vary", "Accept-Encoding");
    zh_http_header_add(response, "Cache-Control",
                       pinned ? "public, max-age=31536000, immutable" : "no-cache");
    if (gzip) {
        zh_http_header_add(response, "Content-Encoding", "gzip");
    }
    return ZH_OK;
}

ZH_ROUTE(static_file) = {
    .method = "GET",
    .reach = ZH_REACH_OPEN,
    .path = "/static/{name}",
    .en = "style sheets, scripts and pictures of the pages",
    .handle = handle,
};
