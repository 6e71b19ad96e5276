/* Settings in force, read from the register of settings that two persons change. */
#include "core/people/setting.h"
#include "core/read/read.h"

static bool whole(const zh_value *value, int64_t *out)
{
    bool fits = value->kind == ZH_DECIMAL && value->decimal.digits == 0;
    *out = fits ? value->decimal.scaled : 0;
    return fits;
}

int64_t zh_setting_number(zh_core *core, zh_arena *arena, const char *name, int64_t otherwise)
{
    zh_err ignored = {0};
    zh_conn *conn = NULL;
    zh_record *record = NULL;
    zh_str key = zh_str_of(name);
    int64_t found = 0;
    zh_ctx ctx = zh_ctx_local(core, arena, &ignored);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("setting"));
    zh_rc rc = reg == NULL ? ZH_ENOTFOUND : zh_store_reader(zh_core_store(core), &conn, &ignored);
    if (rc == ZH_OK) {
        rc = zh_record_by_key(&ctx, conn, reg, &key, &record);
    }
    const zh_field *field = reg != NULL ? zh_register_field(reg, ZH_STR("value")) : NULL;
    bool holds = rc == ZH_OK && field != NULL && record->state >= 0 &&
                 zh_str_is(reg->states[record->state].id, "in_force") &&
                 whole(&record->values[field->index], &found);
    zh_store_release(conn);
    zh_ctx_end(&ctx);
    return holds ? found : otherwise;
}
