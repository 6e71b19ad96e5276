/* GET /api/v1/calc: the calculations that can be called. POST /api/v1/calc/{name}: one of them, its
 * JSON input as the body, its JSON answer; a refusal is a problem document. */
#include "app/english.h"
#include "base/json.h"
#include "engine/engine.h"
#include "web/frame/session.h"

/* A number costs about 100 bytes while it is read: a full body fits the arena. */
#define INPUT_BYTES_MAX ((size_t)8 << 20)
#define ARENA_BYTES     ((size_t)512 << 20)

static zh_rc list(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)request;
    (void)err;
    zh_jw w;
    zh_jw_init(&w, &response->body, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < zh_engines_n; i++) {
        zh_jw_object(&w);
        zh_jw_kz(&w, "name", zh_engines[i]->name);
        zh_jw_kz(&w, "title", zh_engines[i]->zh);
        zh_jw_kz(&w, "method", zh_engines[i]->method);
        zh_jw_kz(&w, "input", zh_engines[i]->input);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_buf_c(&response->body, '\n');
    response->type = "application/json; charset=utf-8";
    return ZH_OK;
}

static zh_rc calculate(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    if (zh_user_session_need(request, response, err) != ZH_OK) {
        return err->rc; /* a calculation costs: not for everybody who can connect */
    }
    err->phrase = zh_web_english(request) ? zh_english : NULL;
    zh_str name = zh_http_arg(request, "name");
    const zh_engine *engine = zh_engine_find(name);
    if (engine == NULL) {
        return zh_err_set(err, ZH_ENOTFOUND, "calc.function", "没有计算“%.*s”，全部见 /api/v1/calc",
                          ZH_FMT(name));
    }
    zh_arena *arena = zh_arena_new(ARENA_BYTES);
    zh_rc rc = zh_engine_run(engine, arena, request->body, 0, &response->body, err);
    zh_arena_free(arena);
    response->type = "application/json; charset=utf-8";
    return rc;
}

ZH_ROUTE(api_calc_list) = {.method = "GET",
                           .reach = ZH_REACH_OPEN,
                           .path = "/api/v1/calc",
                           .en = "The calculations by name",
                           .handle = list};
ZH_ROUTE(api_calc) = {.method = "POST",
                      .path = "/api/v1/calc/{name}",
                      .body_max = INPUT_BYTES_MAX,
                      .slow = true,
                      .en = "One calculation: JSON in, JSON out",
                      .handle = calculate};
