/* Who holds posts: the records of the register `post` with the accounts of their holders. */
#include "core/holder.h"
#include "base/vec.h"
#include "core/identity.h"

static const zh_value *value_of(const zh_record *record, const char *id)
{
    const zh_field *field = zh_register_field(record->reg, zh_str_of(id));
    return field != NULL ? &record->values[field->index] : NULL;
}

static zh_str text_of(const zh_record *record, const char *id)
{
    const zh_value *value = value_of(record, id);
    return value != NULL && value->kind == ZH_TEXT ? value->text : ZH_STR("");
}

static bool is_active(const zh_record *record)
{
    const zh_value *term = value_of(record, "term");
    zh_date today = zh_time_date(zh_now());
    return record->state >= 0 && zh_str_is(record->reg->states[record->state].id, "active") &&
           term != NULL && term->kind == ZH_PERIOD && term->i <= today && today <= term->to;
}

typedef struct collecting {
    zh_arena *arena; /* of the caller: the scan's own is rewound */
    ZH_VEC(zh_record) posts;
} collecting;

static zh_rc collect(void *user, zh_ctx *ctx, const zh_record *record)
{
    collecting *c = user;
    if (!is_active(record)) {
        return ZH_OK;
    }
    if (c->posts.n == ZH_HOLDERS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "post.holders", "在任的岗位超过 %zu 个",
                          ZH_HOLDERS_MAX);
    }
    zh_record kept = *record;
    kept.values = ZH_NEW_N(c->arena, zh_value, record->reg->nfields);
    for (size_t i = 0; i < record->reg->nfields; i++) {
        kept.values[i] = record->values[i];
        kept.values[i].text = zh_str_dup(c->arena, record->values[i].text);
    }
    zh_vec_push(c->arena, &c->posts, kept);
    return ZH_OK;
}

/* What a post lets its holder see. *complete: false when it names no data scope. */
static zh_rc describe(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_post *post,
                      bool *complete)
{
    const zh_value *self = value_of(record, "organisation");
    const zh_field *field = zh_register_field(record->reg, ZH_STR("organisation"));
    zh_record *found = NULL;
    int64_t place = 0;
    *post = (zh_post){.role = text_of(record, "role"), .region = text_of(record, "place")};
    post->office = zh_str_i64(post->region, &place) == ZH_OK ? place : zh_core_office(ctx->core);
    *complete = zh_data_scope_parse(text_of(record, "scope"), &post->scope) == ZH_OK;
    zh_rc rc =
        self != NULL && self->kind == ZH_REF && field->target != NULL
            ? zh_record_get(ctx, conn, field->target, self->office, self->i, ZH_AS_OF_NOW, &found)
            : ZH_OK;
    post->self = found;
    return rc;
}

/* Accounts that may be used, by login. */
static zh_rc usable_accounts(zh_ctx *ctx, zh_conn *conn, zh_map *out)
{
    zh_account *accounts = NULL;
    size_t n = 0;
    zh_rc rc = zh_accounts_list(conn, ctx->arena, &accounts, &n, ctx->err);
    zh_map_init(out, ctx->arena);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (!accounts[i].disabled) {
            zh_map_put(out, accounts[i].login, &accounts[i]);
        }
    }
    return rc;
}

static zh_rc scan_posts(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, collecting *all)
{
    zh_arena *scratch = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx scanning = *ctx;
    zh_list_query query = {.reg = reg, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
    scanning.arena = scratch;
    zh_rc rc = zh_scan(&scanning, conn, &query, collect, all);
    zh_arena_free(scratch);
    return rc;
}

zh_rc zh_holders(zh_ctx *ctx, zh_conn *conn, zh_holder **out, size_t *n)
{
    const zh_register *reg = zh_model_register(ctx->model, ZH_STR("post"));
    collecting all = {.arena = ctx->arena};
    zh_map accounts;
    zh_rc rc = usable_accounts(ctx, conn, &accounts);
    *n = 0;
    if (rc == ZH_OK && reg != NULL) {
        rc = scan_posts(ctx, conn, reg, &all);
    }
    *out = ZH_NEW_N(ctx->arena, zh_holder, all.posts.n + 1);
    for (size_t i = 0; i < all.posts.n && rc == ZH_OK; i++) {
        const zh_record *record = &all.posts.p[i];
        const zh_account *account = zh_map_get(&accounts, text_of(record, "holder"));
        zh_holder *holder = &(*out)[*n];
        bool complete = false;
        if (account != NULL) {
            *holder = (zh_holder){
                .login = account->login, .name = account->name, .code = text_of(record, "code")};
            rc = describe(ctx, conn, record, &holder->post, &complete);
            *n += complete;
        }
    }
    return rc;
}

zh_ctx zh_ctx_as(const zh_ctx *ctx, const zh_holder *holder)
{
    zh_ctx as = *ctx;
    as.post = &holder->post;
    as.role = holder->post.role;
    as.actor = holder->login;
    as.purpose = ZH_STR("办理");
    as.office = holder->post.office;
    return as;
}
