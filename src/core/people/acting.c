/* Posts as text beside a job. */
#include "core/people/acting.h"
#include "core/read/read.h"

/* ---- writing --------------------------------------------------------------------------------- */

static void write_record(zh_jw *w, const char *name, const zh_record *record)
{
    zh_jw_key(w, name);
    if (record == NULL) {
        zh_jw_null(w);
        return;
    }
    zh_jw_object(w);
    zh_jw_kv(w, "register", record->reg->id);
    zh_jw_ki(w, "office", record->office);
    zh_jw_ki(w, "id", record->id);
    zh_jw_object_end(w);
}

static void write_grants(zh_jw *w, const zh_post *post)
{
    zh_jw_key(w, "grants");
    if (!post->limited) {
        zh_jw_null(w);
        return;
    }
    zh_jw_array(w);
    for (size_t i = 0; i < post->ngrants; i++) {
        zh_jw_object(w);
        zh_jw_kv(w, "register", post->grants[i].reg);
        zh_jw_ki(w, "rights", post->grants[i].rights);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
}

void zh_acting_write(const zh_ctx *ctx, zh_jw *w)
{
    const zh_post *post = ctx->post;
    if (post == NULL) {
        zh_jw_null(w);
        return;
    }
    zh_jw_object(w);
    zh_jw_kv(w, "actor", ctx->actor);
    zh_jw_kv(w, "role", post->role);
    zh_jw_kz(w, "scope", zh_data_scope_name(post->scope));
    zh_jw_ki(w, "office", post->office);
    zh_jw_kv(w, "region", post->region);
    zh_jw_key(w, "offices");
    zh_jw_array(w);
    for (size_t i = 0; i < post->noffices; i++) {
        zh_jw_i64(w, post->offices[i]);
    }
    zh_jw_array_end(w);
    write_record(w, "self", post->self);
    write_record(w, "own", post->own);
    write_grants(w, post);
    zh_jw_object_end(w);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static zh_rc damaged(zh_ctx *ctx)
{
    return zh_err_set(ctx->err, ZH_EINVAL, "acting.form", "任务记下的岗位读不出来");
}

static zh_str text_of(const zh_json *kept, const char *name)
{
    return zh_json_str(zh_json_get(kept, name), ZH_STR(""));
}

/* Read as the system: it is what the post is, not what it asks for. */
static zh_rc take_record(zh_ctx *ctx, const zh_json *kept, const zh_record **out)
{
    zh_ctx whole = *ctx;
    zh_record *record = NULL;
    int64_t office = 0;
    int64_t id = 0;
    if (kept == NULL || kept->kind != ZH_JSON_OBJECT) {
        return ZH_OK;
    }
    whole.post = NULL;
    whole.role = ZH_STR("system");
    const zh_register *reg = zh_model_register(ctx->model, text_of(kept, "register"));
    if (reg == NULL || zh_json_i64(zh_json_get(kept, "office"), &office) != ZH_OK ||
        zh_json_i64(zh_json_get(kept, "id"), &id) != ZH_OK) {
        return damaged(ctx);
    }
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_record_get(&whole, conn, reg, office, id, ZH_AS_OF_NOW, &record);
    }
    zh_store_release(conn);
    if (rc == ZH_ENOTFOUND) {
        zh_err_clear(ctx->err);
        zh_err_set(ctx->err, ZH_EDENIED, "acting.gone", "提交这项任务的岗位所代表的记录已不在");
        zh_err_fix(ctx->err, "请重新登录后再提交一次");
        return ZH_EDENIED;
    }
    *out = record;
    return rc;
}

static zh_rc take_grants(zh_ctx *ctx, const zh_json *kept, zh_post *post)
{
    zh_grant *grants = ZH_NEW_N(ctx->arena, zh_grant, ZH_GRANTS_MAX);
    const zh_json *one;
    if (kept == NULL || kept->kind != ZH_JSON_ARRAY) {
        return ZH_OK;
    }
    post->limited = true;
    post->grants = grants;
    for (size_t i = 0; i < ZH_GRANTS_MAX && (one = zh_json_at(kept, i)) != NULL; i++) {
        int64_t rights = 0;
        if (zh_json_i64(zh_json_get(one, "rights"), &rights) != ZH_OK || rights < 0) {
            return damaged(ctx);
        }
        grants[post->ngrants++] =
            (zh_grant){.reg = text_of(one, "register"), .rights = (unsigned)rights};
    }
    return ZH_OK;
}

static zh_rc take_offices(zh_ctx *ctx, const zh_json *kept, zh_post *post)
{
    int64_t *offices = ZH_NEW_N(ctx->arena, int64_t, ZH_POST_OFFICES_MAX);
    const zh_json *one;
    post->offices = offices;
    for (size_t i = 0; i < ZH_POST_OFFICES_MAX && (one = zh_json_at(kept, i)) != NULL; i++) {
        if (zh_json_i64(one, &offices[post->noffices++]) != ZH_OK) {
            return damaged(ctx);
        }
    }
    return ZH_OK;
}

zh_rc zh_acting_take(zh_ctx *ctx, const zh_json *kept)
{
    if (kept == NULL || kept->kind == ZH_JSON_NULL) {
        return ZH_OK;
    }
    zh_post *post = ZH_NEW(ctx->arena, zh_post);
    post->role = text_of(kept, "role");
    post->region = text_of(kept, "region");
    const zh_json *offices = zh_json_get(kept, "offices");
    if (kept->kind != ZH_JSON_OBJECT || offices == NULL || offices->kind != ZH_JSON_ARRAY ||
        zh_data_scope_parse(text_of(kept, "scope"), &post->scope) != ZH_OK ||
        zh_json_i64(zh_json_get(kept, "office"), &post->office) != ZH_OK) {
        return damaged(ctx);
    }
    zh_rc rc = take_offices(ctx, offices, post);
    if (rc == ZH_OK) {
        rc = take_grants(ctx, zh_json_get(kept, "grants"), post);
    }
    if (rc == ZH_OK) {
        rc = take_record(ctx, zh_json_get(kept, "self"), &post->self);
    }
    if (rc == ZH_OK) {
        rc = take_record(ctx, zh_json_get(kept, "own"), &post->own);
    }
    if (rc == ZH_OK) {
        ctx->post = post;
        ctx->role = post->role;
        ctx->actor = text_of(kept, "actor");
        ctx->office = post->office;
    }
    return rc;
}
