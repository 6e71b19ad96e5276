/* RFC 9457 problem documents out of zh_err. */
#include "web/frame/problem.h"
#include "base/str.h"

int zh_problem_status(zh_rc rc)
{
    switch (rc) {
    case ZH_OK: return 200;
    case ZH_EINVAL: return 422;
    case ZH_ENOTFOUND: return 404;
    case ZH_ECONFLICT: return 409;
    case ZH_ELIMIT:
    case ZH_ENOMEM: return 413;
    case ZH_EBUSY: return 503;
    case ZH_EDENIED: return 403;
    case ZH_EIO:
    case ZH_EDB:
    case ZH_ECANCEL:
    case ZH_ECORRUPT: break;
    }
    return 500;
}

int zh_problem_status_of(const zh_err *err)
{
    return zh_str_ends(zh_str_of(err->rule), ZH_STR(".full")) ? 507 : zh_problem_status(err->rc);
}

const char *zh_problem_title(int status)
{
    switch (status) {
    case 400: return "请求有误";
    case 401: return "要先登录";
    case 403: return "没有权限";
    case 404: return "没有这个资源";
    case 405: return "不支持这个方法";
    case 409: return "与现有数据冲突";
    case 413: return "超过大小上限";
    case 414: return "地址太长";
    case 421: return "不是这个服务的名称";
    case 422: return "数据不符合规则";
    case 503: return "暂时忙";
    case 507: return "磁盘已满";
    default: return "服务器内部错误";
    }
}

static void put(zh_jw *w, const char *name, const char *text)
{
    if (text[0] != '\0') {
        zh_jw_kz(w, name, text);
    }
}

static void put_str(zh_jw *w, const char *name, zh_str text)
{
    if (text.n > 0) {
        zh_jw_kv(w, name, text);
    }
}

static void begin(zh_jw *w, int status, const zh_err *err)
{
    zh_jw_object(w);
    zh_jw_kz(w, "type", "about:blank");
    zh_jw_kz(w, "title", zh_err_text(err, zh_problem_title(status)));
    zh_jw_ki(w, "status", status);
    put(w, "detail", err->message);
    put(w, "code", err->rule);
    zh_jw_key(w, "errors");
    zh_jw_array(w);
}

static void end(zh_jw *w)
{
    zh_jw_array_end(w);
    zh_jw_object_end(w);
}

void zh_problem_write(zh_jw *w, int status, const zh_err *err)
{
    begin(w, status, err);
    if (err->where[0] != '\0' || err->fix[0] != '\0' || err->clause[0] != '\0') {
        zh_jw_object(w);
        put(w, "pointer", err->where);
        put(w, "rule", err->rule);
        put(w, "message", err->message);
        put(w, "clause", err->clause);
        put(w, "fix", err->fix);
        zh_jw_object_end(w);
    }
    end(w);
}

void zh_problem_finding(zh_jw *w, const zh_finding *finding)
{
    static const char *const severities[] = {
        [ZH_REJECT] = "reject", [ZH_JUSTIFY] = "justify", [ZH_HINT] = "hint"};
    zh_jw_object(w);
    put_str(w, "pointer", finding->field);
    put_str(w, "rule", finding->rule);
    put_str(w, "message", finding->message);
    put_str(w, "clause", finding->clause);
    put_str(w, "fix", finding->fix);
    zh_jw_kz(w, "severity", severities[finding->severity]);
    zh_jw_object_end(w);
}

void zh_problem_write_findings(zh_jw *w, int status, const zh_err *err, const zh_findings *findings)
{
    if (findings->list.n == 0) {
        zh_problem_write(w, status, err);
        return;
    }
    begin(w, status, err);
    for (size_t i = 0; i < findings->list.n; i++) {
        zh_problem_finding(w, &findings->list.p[i]);
    }
    end(w);
}
