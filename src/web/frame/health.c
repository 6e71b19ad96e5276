/* GET /health and /api/v1/health: whether the server can answer, and with what. */
#include "base/json.h"
#include "core/ledger/ledger.h"
#include "core/record/record.h"
#include "web/frame/route.h"

static zh_rc log_size(zh_core *core, int64_t *size, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_log_size(conn, size, err);
        zh_store_release(conn);
    }
    return rc;
}

/* Only while the ledger is being recomputed after a start: nothing is sealed meanwhile. */
static void put_check(const zh_core *core, zh_jw *w)
{
    uint64_t done = 0;
    uint64_t all = 0;
    if (zh_ledger_checking(core, &done, &all)) {
        zh_jw_kz(w, "ledger", "checking");
        zh_jw_ki(w, "ledger_checked", (int64_t)done);
        zh_jw_ki(w, "ledger_to_check", (int64_t)all);
    }
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)err;
    zh_web *web = zh_web_of(request);
    zh_err failed = {0};
    int64_t size = 0;
    zh_rc rc = log_size(web->core, &size, &failed);
    zh_model *model = zh_core_model(web->core);
    char started[40];
    zh_time_format(web->started_at, started);
    zh_jw w;
    zh_jw_init(&w, &response->body, 0);
    zh_jw_object(&w);
    zh_jw_kz(&w, "status", rc == ZH_OK ? "ok" : "failing");
    zh_jw_kz(&w, "version", ZH_VERSION);
    zh_jw_kv(&w, "model", model->digest);
    zh_jw_kz(&w, "database",
             zh_store_dialect(zh_core_store(web->core)) == ZH_SQLITE ? "sqlite" : "postgresql");
    zh_jw_kz(&w, "started_at", started);
    put_check(web->core, &w);
    if (rc == ZH_OK) {
        zh_jw_ki(&w, "log_size", size);
    } else {
        zh_jw_kz(&w, "detail", failed.message);
    }
    zh_jw_object_end(&w);
    zh_buf_c(&response->body, '\n');
    zh_model_release(model);
    response->status = rc == ZH_OK ? 200 : 503;
    response->type = "application/json; charset=utf-8";
    return ZH_OK;
}

ZH_ROUTE(health) = {
    .method = "GET",
    .reach = ZH_REACH_OPEN,
    .path = "/health",
    .en = "health of the server",
    .handle = handle,
};

ZH_ROUTE(api_v1_health) = {
    .method = "GET",
    .reach = ZH_REACH_OPEN,
    .path = "/api/v1/health",
    .en = "health of the server",
    .handle = handle,
};
