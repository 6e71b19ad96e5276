/* Checks of declared periods. */
#include "core/read/clock_check.h"

enum { DATE_BYTES = 16 };

zh_str zh_clock_check_code(zh_arena *arena, const zh_register *reg, const zh_clock *clock,
                           const zh_clock_version *version)
{
    char date[DATE_BYTES] = "";
    size_t nth = 1; /* of those that begin on the day */
    if (version->from != INT32_MIN) {
        zh_date_format(version->from, date);
    }
    for (size_t i = 0; i < clock->nversions && &clock->versions[i] != version; i++) {
        nth += clock->versions[i].from == version->from;
    }
    zh_str code = zh_str_fmt(arena, "%.*s.%.*s@%s", ZH_FMT(reg->id), ZH_FMT(clock->id), date);
    return nth == 1 ? code : zh_str_fmt(arena, "%.*s#%zu", ZH_FMT(code), nth);
}

static bool is_right(const zh_record *record)
{
    const zh_field *verdict = zh_register_field(record->reg, ZH_STR("verdict"));
    const zh_value *value = verdict != NULL ? &record->values[verdict->index] : NULL;
    return value != NULL && value->kind == ZH_TEXT && zh_str_is(value->text, "right");
}

zh_rc zh_clock_checked(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_clock *clock,
                       const zh_clock_version *version, zh_clock_check *out)
{
    const zh_register *checks = zh_model_register(ctx->model, ZH_STR("clock_check"));
    zh_str code = zh_clock_check_code(ctx->arena, reg, clock, version);
    zh_err found = {0};
    zh_record *record = NULL;
    zh_ctx system = zh_ctx_local(ctx->core, ctx->arena, &found);
    *out = (zh_clock_check){0};
    zh_rc rc =
        checks != NULL ? zh_record_by_key(&system, conn, checks, &code, &record) : ZH_ENOTFOUND;
    zh_ctx_end(&system);
    if (rc == ZH_OK && zh_str_is(record->reg->states[record->state].id, "in_force")) {
        *out = (zh_clock_check){record, is_right(record)};
    }
    return rc == ZH_OK || rc == ZH_ENOTFOUND
               ? ZH_OK
               : zh_err_set(ctx->err, rc, found.rule, "%s", found.message);
}

zh_rc zh_clock_unverified(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_clock *clock,
                          const zh_clock_version *version, bool *out)
{
    zh_clock_check check = {0};
    zh_rc rc =
        version->unverified ? zh_clock_checked(ctx, conn, reg, clock, version, &check) : ZH_OK;
    *out = version->unverified && !(check.record != NULL && check.right);
    return rc;
}
