/* Emergency rights: taken and given back in a session, each a record of its register. */
#include "core/people/emergency.h"
#include "base/log.h"
#include "core/instance/core_private.h"
#include "core/people/identity_private.h"
#include "core/people/setting.h"
#include "core/record/record.h"
#include <inttypes.h>

static zh_change text(const zh_register *reg, const char *field, zh_str value)
{
    return (zh_change){.field = zh_register_field(reg, zh_str_of(field)),
                       .value = zh_value_text(value)};
}

typedef struct holding {
    zh_str digest;
    int64_t id;
    zh_time until;
} holding;

static zh_rc hold(void *user, zh_conn *conn, zh_err *err)
{
    const holding *h = user;
    zh_sql_value values[] = {ZH_SQL_INT(h->id), ZH_SQL_INT(h->until), ZH_SQL_STR(h->digest)};
    return zh_run(conn,
                  "UPDATE zh_session SET emergency = ?, emergency_until = ? WHERE office = 0 AND "
                  "token = ? AND ended_at = 0",
                  values, ZH_COUNTOF(values), NULL, err);
}

/* Acts as the program, in the person's name: the post itself may not write the register. */
static zh_ctx acting(zh_core *core, zh_arena *arena, const zh_user_session *session, zh_err *err)
{
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    ctx.role = ZH_STR("system");
    ctx.actor = session->login;
    ctx.office = session->post != NULL ? session->post->office : zh_core_office(core);
    return ctx;
}

static zh_rc move(zh_ctx *ctx, const zh_register *reg, int64_t id, const char *transition)
{
    zh_findings findings = {0};
    zh_applied out;
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = reg,
                .id = id,
                .transition = zh_register_transition(reg, zh_str_of(transition))};
    return zh_record_apply(ctx, &op, &findings, &out);
}

static zh_rc record(zh_ctx *ctx, const zh_register *reg, const zh_user_session *session,
                    zh_str reason, zh_time until, int64_t *id)
{
    zh_findings findings = {0};
    zh_applied out;
    zh_str code = zh_str_fmt(ctx->arena, "E-%" PRId64, zh_core_id(ctx->core, 0));
    zh_change changes[] = {
        text(reg, "code", code),
        text(reg, "holder", session->login),
        text(reg, "post", session->current.code),
        text(reg, "role", session->post->role),
        text(reg, "reason", reason),
        {.field = zh_register_field(reg, ZH_STR("until")), .value = {.kind = ZH_TIME, .i = until}},
    };
    zh_op op = {
        .kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = ZH_COUNTOF(changes)};
    zh_rc rc = zh_record_apply(ctx, &op, &findings, &out);
    *id = out.id;
    return rc == ZH_OK ? move(ctx, reg, out.id, "take") : rc;
}

zh_rc zh_emergency_take(zh_core *core, zh_arena *arena, const zh_user_session *session,
                        zh_str reason, zh_err *err)
{
    int64_t minutes = zh_setting_number(core, arena, "emergency_minutes", ZH_EMERGENCY_MINUTES);
    holding h = {.digest = session->digest, .until = zh_now() + minutes * 60 * ZH_SECOND};
    if (session->post == NULL || session->key != 0) {
        return zh_err_set(err, ZH_EDENIED, "emergency.post", "先要有在任的岗位，才能取得紧急授权");
    }
    if (session->emergency != 0) {
        return zh_err_set(err, ZH_ECONFLICT, "emergency.held", "这个登录已经持有紧急授权");
    }
    zh_ctx ctx = acting(core, arena, session, err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("emergency"));
    zh_rc rc = reg == NULL ? zh_err_set(err, ZH_ENOTFOUND, "emergency.none",
                                        "现行声明里没有登记册 emergency，不能紧急授权")
                           : record(&ctx, reg, session, zh_str_trim(reason), h.until, &h.id);
    if (rc == ZH_OK) {
        rc = zh_core_write(core, hold, &h, err);
    }
    if (rc == ZH_OK) {
        zh_log(ZH_WARN, "identity.change", "%.*s 取得紧急授权 %" PRId64, ZH_FMT(session->login),
               h.id);
    }
    zh_ctx_end(&ctx);
    return rc;
}

zh_rc zh_emergency_give_back(zh_core *core, zh_arena *arena, const zh_user_session *session,
                             zh_err *err)
{
    holding none = {.digest = session->digest};
    zh_rc rc = ZH_OK;
    if (session->emergency == 0) {
        return ZH_OK;
    }
    zh_ctx ctx = acting(core, arena, session, err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("emergency"));
    rc = reg != NULL ? move(&ctx, reg, session->emergency, "give_back") : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_core_write(core, hold, &none, err);
    }
    zh_ctx_end(&ctx);
    return rc;
}

bool zh_emergency_holds(zh_ctx *ctx, zh_conn *conn, int64_t id)
{
    const zh_register *reg = zh_model_register(ctx->model, ZH_STR("emergency"));
    zh_record *found = NULL;
    zh_err ignored = {0};
    zh_ctx own = *ctx;
    own.err = &ignored;
    return reg != NULL && zh_record_get(&own, conn, reg, 0, id, ZH_AS_OF_NOW, &found) == ZH_OK &&
           found->state >= 0 && zh_str_is(reg->states[found->state].id, "held");
}
