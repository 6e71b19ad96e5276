/* Numbers between the rounds of the background, as settings. */
#include "core/instance/remember.h"
#include "core/instance/core_private.h"
#include <inttypes.h>

typedef struct memory {
    const char *name;
    zh_str value;
} memory;

zh_rc zh_remembered(zh_ctx *ctx, zh_conn *conn, zh_str name, int64_t *out)
{
    zh_str text = ZH_STR_NONE;
    *out = 0;
    zh_rc rc = zh_setting_get(conn, ctx->arena, zh_str_c(ctx->arena, name), &text, ctx->err);
    if (rc == ZH_ENOTFOUND) {
        zh_err_again(ctx->err);
        return ZH_OK;
    }
    return rc == ZH_OK ? zh_str_i64(text, out) : rc;
}

static zh_rc write_setting(void *user, zh_conn *conn, zh_err *err)
{
    const memory *m = user;
    return zh_setting_set(conn, m->name, m->value, err);
}

zh_rc zh_remember(zh_ctx *ctx, zh_str name, int64_t value)
{
    memory m = {zh_str_c(ctx->arena, name), zh_str_fmt(ctx->arena, "%" PRId64, value)};
    return zh_core_write(ctx->core, write_setting, &m, ctx->err);
}

zh_rc zh_forget(zh_conn *conn, zh_err *err)
{
    return zh_exec(conn,
                   "DELETE FROM zh_setting WHERE name LIKE 'judgement.%' OR name LIKE "
                   "'obligation.%'",
                   err);
}
