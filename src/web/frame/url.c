/* Addresses of pages: paths and queries, percent-encoded. */
#include "web/frame/url.h"
#include <inttypes.h>
#include <string.h>

#define URL_MAX ((size_t)64 << 10)

/* Copies the buffer into the arena and frees it. */
static zh_str finish(zh_arena *arena, zh_buf *url)
{
    zh_str out = zh_str_dup(arena, zh_buf_view(url));
    zh_buf_free(url);
    return out;
}

static void segment(zh_buf *url, zh_str text)
{
    if (text.p != NULL) {
        zh_buf_c(url, '/');
        zh_form_encode(url, text);
    }
}

zh_str zh_url_path(zh_arena *arena, const char *base, zh_str first, zh_str second)
{
    zh_buf url;
    zh_buf_init(&url, URL_MAX);
    zh_buf_z(&url, base);
    segment(&url, first);
    segment(&url, second);
    return finish(arena, &url);
}

static void add(zh_buf *url, zh_str name, zh_str value)
{
    zh_buf_c(url, zh_str_chr(zh_buf_view(url), '?') >= 0 ? '&' : '?');
    zh_form_encode(url, name);
    zh_buf_c(url, '=');
    zh_form_encode(url, value);
}

zh_str zh_url_add(zh_arena *arena, zh_str base, const char *name, zh_str value)
{
    if (value.n == 0) {
        return base;
    }
    zh_buf url;
    zh_buf_init(&url, URL_MAX);
    zh_buf_str(&url, base);
    add(&url, zh_str_of(name), value);
    return finish(arena, &url);
}

zh_str zh_url_add_i(zh_arena *arena, zh_str url, const char *name, int64_t value)
{
    return zh_url_add(arena, url, name, zh_str_fmt(arena, "%" PRId64, value));
}

zh_str zh_url_with(const zh_http_request *request, const char *name, zh_str value)
{
    static const char *const left_out[] = {"lang", "theme", "size", "density", "after"};
    zh_buf url;
    zh_buf_init(&url, URL_MAX);
    zh_buf_str(&url, request->path);
    for (size_t i = 0; i < request->params.n; i++) {
        zh_pair pair = request->params.p[i];
        bool skip = zh_str_is(pair.name, name) || pair.value.n == 0;
        for (size_t k = 0; k < ZH_COUNTOF(left_out); k++) {
            skip = skip || zh_str_is(pair.name, left_out[k]);
        }
        if (!skip) {
            add(&url, pair.name, pair.value);
        }
    }
    if (value.n > 0) {
        add(&url, zh_str_of(name), value);
    }
    return finish(request->arena, &url);
}

zh_str zh_url_register(zh_arena *arena, zh_str reg, zh_str where, int64_t as_of)
{
    zh_str url = zh_url_path(arena, "/registers", reg, ZH_STR_NONE);
    url = zh_url_add(arena, url, "where", where);
    return as_of >= 0 ? zh_url_add_i(arena, url, "as_of", as_of) : url;
}

zh_str zh_url_record(zh_arena *arena, zh_str reg, int64_t office, int64_t id)
{
    return zh_url_path(arena, "/registers", reg,
                       zh_str_fmt(arena, "%" PRId64 "-%" PRId64, office, id));
}

zh_str zh_url_indicator(zh_arena *arena, zh_str id, zh_str region, zh_str period, zh_str by)
{
    zh_str url = zh_url_path(arena, "/indicators", id, ZH_STR_NONE);
    url = zh_url_add(arena, url, "region", region);
    url = zh_url_add(arena, url, "period", period);
    return zh_url_add(arena, url, "by", by);
}

zh_str zh_url_local(zh_str text)
{
    bool local = text.n > 1 && text.p[0] == '/' && text.p[1] != '/' && text.p[1] != '\\';
    for (size_t i = 0; i < text.n && local; i++) {
        local = (unsigned char)text.p[i] > ' ';
    }
    return local ? text : ZH_STR("");
}
