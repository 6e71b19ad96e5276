/* Addresses of pages: every page's whole question stands in its URL. */
#ifndef ZH_WEB_FRAME_URL_H
#define ZH_WEB_FRAME_URL_H

#include "model/model.h"
#include "net/http.h"

/* base, then "/" and each segment encoded: zh_url_path(arena, "/indicators", id, ZH_STR_NONE). A
 * segment with p == NULL is left out. Results are NUL-terminated. */
zh_str zh_url_path(zh_arena *arena, const char *base, zh_str first, zh_str second);
/* Adds name=value to a URL; an empty value adds nothing. */
zh_str zh_url_add(zh_arena *arena, zh_str url, const char *name, zh_str value);
zh_str zh_url_add_i(zh_arena *arena, zh_str url, const char *name, int64_t value);
/* A path of this server to go on to; empty for anything else (another site, a scheme, controls). */
zh_str zh_url_local(zh_str text);
/* This page's URL with one parameter changed (empty value: removed); the reader's switches (lang,
 * theme, size, density) and the cursor `after` are left out. */
zh_str zh_url_with(const zh_http_request *request, const char *name, zh_str value);

/* The list of a register's records for which `where` (an expression, empty = all) holds, as of a
 * log size (negative = now). */
zh_str zh_url_register(zh_arena *arena, zh_str reg, zh_str where, int64_t as_of);
/* One record: /registers/REG/OFFICE-ID. */
zh_str zh_url_record(zh_arena *arena, zh_str reg, int64_t office, int64_t id);
/* An indicator; region, period and by may be empty. */
zh_str zh_url_indicator(zh_arena *arena, zh_str id, zh_str region, zh_str period, zh_str by);

#endif
