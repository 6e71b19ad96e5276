/* Who holds posts: the records of the register `post` with the accounts of their holders. */
#include "core/people/holder.h"
#include "base/vec.h"
#include "core/people/identity_private.h"

typedef struct place {
    int64_t office, id;
} place;

typedef struct collecting {
    zh_arena *arena; /* of the caller: the scan's own is rewound */
    ZH_VEC(place) posts;
} collecting;

static zh_rc collect(void *user, zh_ctx *ctx, const zh_record *record)
{
    collecting *c = user;
    if (!zh_post_active(record)) {
        return ZH_OK;
    }
    if (c->posts.n == ZH_HOLDERS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "post.holders", "在任的岗位超过 %zu 个",
                          ZH_HOLDERS_MAX);
    }
    zh_vec_push(c->arena, &c->posts, ((place){record->office, record->id}));
    return ZH_OK;
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

/* The holder of a post, when their account may be used and the post names a data scope. */
static zh_rc add_holder(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_map *accounts,
                        place at, zh_holder *holder, size_t *n)
{
    zh_record *record = NULL;
    const zh_post *post = NULL;
    zh_rc rc = zh_record_get(ctx, conn, reg, at.office, at.id, ZH_AS_OF_NOW, &record);
    const zh_account *account =
        rc == ZH_OK ? zh_map_get(accounts, zh_post_text(record, "holder")) : NULL;
    if (account != NULL) {
        rc = zh_post_read(ctx, conn, record, &post);
    }
    if (rc == ZH_OK && post != NULL) {
        *holder = (zh_holder){.login = account->login,
                              .name = account->name,
                              .code = zh_post_text(record, "code"),
                              .post = *post};
        (*n)++;
    }
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
        rc = add_holder(ctx, conn, reg, &accounts, all.posts.p[i], &(*out)[*n], n);
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
