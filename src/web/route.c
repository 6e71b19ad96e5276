/* Requests without an answer. */
#include "web/route.h"
#include "web/problem.h"

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
    case 413: zh_err_set(err, ZH_ELIMIT, "http.body", "请求正文超过这个地址的上限"); break;
    case 414:
        zh_err_set(err, ZH_ELIMIT, "http.path.length", "地址超过 %zu 字节", ZH_HTTP_PATH_BYTES_MAX);
        break;
    default: zh_err_set(err, ZH_EIO, "http.internal", "没有说明的错误"); break;
    }
}

void zh_web_fail(const zh_http_request *request, int status, const zh_err *err,
                 zh_http_response *response)
{
    zh_err found = *err;
    int code = status != 0 ? status : zh_problem_status(err->rc);
    if (found.rc == ZH_OK) {
        explain(request, code, &found);
    }
    zh_jw w;
    zh_jw_init(&w, &response->body, 0);
    zh_problem_write(&w, code, &found);
    zh_buf_c(&response->body, '\n');
    response->status = code;
    response->type = ZH_PROBLEM_TYPE;
}
