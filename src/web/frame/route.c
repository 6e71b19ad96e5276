/* Requests without an answer. */
#include "web/frame/route.h"
#include "app/english.h"
#include "web/frame/page.h"
#include "web/frame/problem.h"
#include "web/frame/url.h"
#include <string.h>

static void explain(const zh_http_request *request, int status, zh_err *err)
{
    switch (status) {
    case 404:
        zh_err_set(err, ZH_ENOTFOUND, "http.path", "没有 %.*s 这个地址", ZH_FMT(request->path));
        break;
    case 405:
        zh_err_set(err, ZH_EINVAL, "http.method", "%.*s 不支持 %.*s", ZH_FMT(request->path),
                   ZH_FMT(request->method));
        zh_err_fix(err, "可用的方法见回答的 Allow 头");
        break;
    case 403:
        zh_err_set(err, ZH_EDENIED, "http.cross_site", "别的网站的页面不能替您提交到这里");
        zh_err_fix(err, "从本站的页面上提交");
        break;
    case 421:
        zh_err_set(err, ZH_EDENIED, "http.host", "“%.*s”不是这个服务的名称",
                   (int)(request->host.n > 100 ? 100 : request->host.n),
                   request->host.p != NULL ? request->host.p : "");
        zh_err_fix(err, "用启动时印出的地址，例如 http://127.0.0.1:8086/");
        break;
    case 503:
        zh_err_set(err, ZH_EBUSY, "http.parked", "等待处理的请求超过 %u 个", ZH_HTTP_PARKED_MAX);
        zh_err_fix(err, "过几秒再来");
        break;
    case 413: zh_err_set(err, ZH_ELIMIT, "http.body", "请求正文超过这个地址的上限"); break;
    case 414:
        zh_err_set(err, ZH_ELIMIT, "http.path.length", "地址超过 %zu 字节，或查询超过 %zu 字节",
                   ZH_HTTP_PATH_BYTES_MAX, ZH_HTTP_QUERY_BYTES_MAX);
        break;
    default: zh_err_set(err, ZH_EIO, "http.internal", "没有说明的错误"); break;
    }
}

void zh_web_fail(const zh_http_request *request, int status, const zh_err *err,
                 zh_http_response *response)
{
    zh_err found = *err;
    int code = status != 0 ? status : zh_problem_status_of(err);
    if (found.rc == ZH_OK) {
        bool english = zh_web_wants_html(request) && zh_web_english(request);
        found.phrase = english ? zh_english : NULL;
        explain(request, code, &found);
    }
    if (strcmp(found.rule, "login.needed") == 0) {
        code = 401;
        zh_http_header_add(response, "WWW-Authenticate", "Bearer");
        if (zh_web_wants_html(request) && zh_str_is(request->method, "GET")) {
            zh_str here = zh_str_fmt(request->arena, "%.*s%s%.*s", ZH_FMT(request->path),
                                     request->query.n > 0 ? "?" : "", ZH_FMT(request->query));
            zh_str url = zh_url_add(request->arena, ZH_STR("/login"), "next", here);
            if (zh_http_see_other(request, response, url) == ZH_OK) {
                return;
            }
        }
    }
    bool enrols = strcmp(found.rule, "login.enrol") == 0 && zh_web_wants_html(request) &&
                  zh_str_is(request->method, "GET");
    if (enrols && zh_http_see_other(request, response, ZH_STR("/account")) == ZH_OK) {
        return;
    }
    response->status = code;
    if (zh_web_wants_html(request)) {
        zh_page_error(request, response, code, &found);
        return;
    }
    zh_jw w;
    zh_jw_init(&w, &response->body, 0);
    zh_problem_write(&w, code, &found);
    zh_buf_c(&response->body, '\n');
    response->type = ZH_PROBLEM_TYPE;
}
