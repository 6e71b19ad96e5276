/* API keys: made, listed, ended, and the session in which one acts. */
#include "core/people/apikey.h"
#include "base/log.h"
#include "core/instance/core_private.h"
#include "core/people/identity_private.h"
#include "core/people/setting.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RENEW_S = 60, DAY_S = 86400 };

/* ---- making and ending ---- */

static zh_rc check_new(zh_core *core, zh_arena *arena, const zh_key_new *key, zh_err *err)
{
    const zh_grant *grants = NULL;
    size_t n = 0;
    int64_t most = zh_setting_number(core, arena, "key_days", ZH_KEY_DAYS_MAX);
    if (zh_str_trim(key->label).n == 0 || key->label.n > ZH_KEY_LABEL_MAX) {
        return zh_err_set(err, ZH_EINVAL, "key.label", "写明这个密钥做什么用，不超过 %d 字节",
                          ZH_KEY_LABEL_MAX);
    }
    if (key->days < 1 || key->days > most) {
        return zh_err_set(err, ZH_EINVAL, "key.days", "有效期要在 1 到 %" PRId64 " 天之间", most);
    }
    if (key->scope.n > ZH_KEY_SCOPE_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "key.scope", "范围超过 %d 字节", ZH_KEY_SCOPE_MAX);
    }
    zh_model *model = zh_core_model(core);
    zh_rc rc = zh_grants_parse(arena, model, key->scope, &grants, &n, err);
    zh_model_release(model);
    return rc;
}

typedef struct creating {
    zh_core *core;
    const zh_key_new *key;
    const zh_post_of *post;
    zh_str digest;
} creating;

static zh_rc create(void *user, zh_conn *conn, zh_err *err)
{
    const creating *c = user;
    int64_t account = 0;
    int64_t living = 0;
    zh_sql_value login = ZH_SQL_STR(c->key->login);
    zh_rc rc = zh_query_i64(conn, "SELECT id FROM zh_account WHERE office = 0 AND login = ?",
                            &login, 1, &account, err);
    if (rc == ZH_ENOTFOUND) {
        return zh_err_set(err, rc, "login.unknown", "没有登录名“%.*s”", ZH_FMT(c->key->login));
    }
    zh_sql_value of[] = {ZH_SQL_INT(account), ZH_SQL_INT(zh_now())};
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn,
                          "SELECT COUNT(*) FROM zh_key WHERE office = 0 AND account = ? AND "
                          "ended_at = 0 AND expires_at > ?",
                          of, 2, &living, err);
    }
    if (rc == ZH_OK && living >= ZH_KEYS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "key.many", "一个账户最多有 %d 个有效的接口密钥",
                          ZH_KEYS_MAX);
    }
    zh_sql_value row[] = {ZH_SQL_INT(zh_core_id(c->core, 0)),
                          ZH_SQL_INT(account),
                          ZH_SQL_INT(c->post->id),
                          ZH_SQL_INT(c->post->office),
                          ZH_SQL_INT(zh_now()),
                          ZH_SQL_INT(zh_now() + c->key->days * DAY_S * ZH_SECOND),
                          ZH_SQL_STR(zh_str_trim(c->key->label)),
                          ZH_SQL_STR(zh_str_trim(c->key->scope)),
                          ZH_SQL_STR(c->digest)};
    return rc == ZH_OK ? zh_run(conn,
                                "INSERT INTO zh_key (office, id, account, post, post_office, "
                                "created_at, expires_at, used_at, ended_at, label, scope, digest) "
                                "VALUES (0, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)",
                                row, ZH_COUNTOF(row), NULL, err)
                       : rc;
}

/* The post by its code, the first one when the code is empty. */
static zh_rc choose_post(zh_core *core, zh_arena *arena, const zh_key_new *key, zh_post_of **out,
                         zh_err *err)
{
    zh_post_of *posts = NULL;
    size_t n = 0;
    size_t at = 0;
    zh_rc rc = zh_posts_of(core, arena, key->login, &posts, &n, err);
    while (rc == ZH_OK && at < n && key->post.n > 0 && !zh_str_eq(posts[at].code, key->post)) {
        at++;
    }
    if (rc == ZH_OK && at >= n) {
        rc = zh_err_set(err, ZH_EDENIED, "post.unknown", "“%.*s”没有在任的岗位“%.*s”",
                        ZH_FMT(key->login), ZH_FMT(key->post));
        zh_err_fix(err, "密钥以持有人的一个岗位办事，先要有在任的岗位");
    }
    *out = rc == ZH_OK ? &posts[at] : NULL;
    return rc;
}

zh_rc zh_key_create(zh_core *core, const zh_key_new *key, char token[ZH_KEY_TOKEN_CHARS + 1],
                    zh_err *err)
{
    char secret[2 * ZH_SESSION_TOKEN_BYTES + 1];
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_post_of *post = NULL;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = check_new(core, arena, key, err);
    if (rc == ZH_OK) {
        rc = choose_post(core, arena, key, &post, err);
    }
    if (rc == ZH_OK) {
        zh_token_new(secret);
        (void)snprintf(token, ZH_KEY_TOKEN_CHARS + 1, ZH_KEY_PREFIX "%s", secret);
        zh_token_digest(zh_str_of(token), digest);
        creating c = {core, key, post, zh_str_of(digest)};
        rc = zh_core_write(core, create, &c, err);
    }
    if (rc == ZH_OK) {
        zh_log(ZH_INFO, "identity.change", "%.*s 建立接口密钥", ZH_FMT(key->login));
    }
    zh_arena_free(arena);
    return rc;
}

typedef struct ending {
    zh_str login;
    int64_t id;
} ending;

static zh_rc end_key(void *user, zh_conn *conn, zh_err *err)
{
    const ending *e = user;
    int64_t changed = 0;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(e->id), ZH_SQL_STR(e->login)};
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_key SET ended_at = ? WHERE office = 0 AND id = ? AND ended_at = 0 "
                      "AND account IN (SELECT id FROM zh_account WHERE office = 0 AND login = ?)",
                      values, ZH_COUNTOF(values), &changed, err);
    return rc == ZH_OK && changed == 0
               ? zh_err_set(err, ZH_ENOTFOUND, "key.unknown", "没有这个有效的接口密钥")
               : rc;
}

zh_rc zh_key_end(zh_core *core, zh_str login, int64_t id, zh_err *err)
{
    ending e = {login, id};
    zh_rc rc = zh_core_write(core, end_key, &e, err);
    if (rc == ZH_OK) {
        zh_log(ZH_INFO, "identity.change", "%.*s 作废接口密钥 %" PRId64, ZH_FMT(login), id);
    }
    return rc;
}

/* ---- listing ---- */

/* The role of the post a key acts in; empty when that is no longer active. */
static zh_rc role_of(zh_ctx *ctx, zh_conn *conn, int64_t office, int64_t post, zh_str login,
                     zh_str *out)
{
    zh_user_session session = {.login = login};
    zh_rc rc = zh_user_session_post(ctx, conn, office, post, login, &session);
    *out = session.post != NULL ? session.post->role : ZH_STR("");
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

typedef struct key_posts {
    ZH_VEC(int64_t) ids, offices;
} key_posts;

static zh_rc read_keys(zh_conn *conn, zh_arena *arena, zh_str login, zh_key **out, size_t *n,
                       key_posts *posts, zh_err *err)
{
    ZH_VEC(zh_key) list = {0};
    zh_stmt *stmt = NULL;
    zh_sql_value values[] = {ZH_SQL_STR(login), ZH_SQL_STR(login)};
    zh_rc rc = zh_query(
        conn,
        ZH_STR("SELECT k.id, a.login, k.label, k.scope, k.created_at, k.expires_at, k.used_at, "
               "k.ended_at, k.post, k.post_office FROM zh_key k JOIN zh_account a ON a.office = "
               "k.office AND a.id = k.account WHERE k.office = 0 AND (a.login = ? OR ? = '') ORDER "
               "BY k.id DESC LIMIT 1000"),
        values, ZH_COUNTOF(values), &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_key one = {.id = zh_col_i64(stmt, 0),
                      .login = zh_str_dup(arena, zh_col_str(stmt, 1)),
                      .label = zh_str_dup(arena, zh_col_str(stmt, 2)),
                      .scope = zh_str_dup(arena, zh_col_str(stmt, 3)),
                      .created_at = zh_col_i64(stmt, 4),
                      .expires_at = zh_col_i64(stmt, 5),
                      .used_at = zh_col_i64(stmt, 6),
                      .ended_at = zh_col_i64(stmt, 7)};
        zh_vec_push(arena, &list, one);
        zh_vec_push(arena, &posts->ids, zh_col_i64(stmt, 8));
        zh_vec_push(arena, &posts->offices, zh_col_i64(stmt, 9));
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_keys_list(zh_core *core, zh_arena *arena, zh_str login, zh_key **out, size_t *n,
                   zh_err *err)
{
    key_posts posts = {0};
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    *n = 0;
    if (rc == ZH_OK) {
        rc = read_keys(conn, arena, login, out, n, &posts, err);
    }
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    for (size_t i = 0; i < *n && rc == ZH_OK; i++) {
        rc = role_of(&ctx, conn, posts.offices.p[i], posts.ids.p[i], (*out)[i].login,
                     &(*out)[i].role);
    }
    zh_ctx_end(&ctx);
    zh_store_release(conn);
    return rc;
}

/* ---- using one ---- */

typedef struct found {
    int64_t post, post_office, used_at;
    zh_str scope;
} found;

static zh_rc read_key(zh_conn *conn, zh_arena *arena, zh_str digest, found *row,
                      zh_user_session *out, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value values[] = {ZH_SQL_STR(digest), ZH_SQL_INT(zh_now())};
    zh_rc rc = zh_query(
        conn,
        ZH_STR(
            "SELECT k.id, k.post, k.post_office, k.used_at, k.scope, a.login, "
            "a.name, k.created_at, a.totp, a.secret FROM zh_key k JOIN zh_account a ON a.office = "
            "k.office AND a.id = k.account WHERE k.office = 0 AND k.digest = ? "
            "AND k.ended_at = 0 AND k.expires_at > ? AND a.disabled_at = 0"),
        values, ZH_COUNTOF(values), &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *out = (zh_user_session){.key = zh_col_i64(stmt, 0),
                                 .login = zh_str_dup(arena, zh_col_str(stmt, 5)),
                                 .name = zh_str_dup(arena, zh_col_str(stmt, 6)),
                                 .digest = digest,
                                 .created_at = zh_col_i64(stmt, 7),
                                 .has_totp = zh_col_str(stmt, 8).n > 0,
                                 .has_password = zh_has_password(zh_col_str(stmt, 9)),
                                 .seen_at = zh_now()};
        *row = (found){zh_col_i64(stmt, 1), zh_col_i64(stmt, 2), zh_col_i64(stmt, 3),
                       zh_str_dup(arena, zh_col_str(stmt, 4))};
    }
    zh_finish(stmt);
    return rc;
}

static zh_rc note_use(void *user, zh_conn *conn, zh_err *err)
{
    const int64_t *id = user;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(*id)};
    return zh_run(conn, "UPDATE zh_key SET used_at = ? WHERE office = 0 AND id = ?", values, 2,
                  NULL, err);
}

/* A register that is declared no longer is granted to nobody: names are not looked up again. */
static zh_rc narrow(zh_arena *arena, zh_str scope, zh_user_session *out, zh_err *err)
{
    zh_post *post = ZH_NEW(arena, zh_post);
    if (out->post == NULL) {
        return ZH_OK;
    }
    *post = *out->post;
    post->limited = true;
    out->post = post;
    return zh_grants_parse(arena, NULL, scope, &post->grants, &post->ngrants, err);
}

zh_rc zh_key_session(zh_core *core, zh_conn *conn, zh_arena *arena, zh_str token,
                     zh_user_session *out, zh_err *err)
{
    char *digest = ZH_NEW_N(arena, char, 2 * ZH_DIGEST_BYTES + 1);
    found row = {0};
    zh_token_digest(token, digest);
    zh_rc rc = read_key(conn, arena, zh_str_of(digest), &row, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    rc = zh_user_session_post(&ctx, conn, row.post_office, row.post, out->login, out);
    if (rc == ZH_OK) {
        rc = narrow(arena, row.scope, out, err);
    }
    zh_ctx_end(&ctx);
    if (rc == ZH_OK && zh_now() - row.used_at > (int64_t)RENEW_S * ZH_SECOND) {
        zh_err busy = {0}; /* a long write is no reason to refuse: the next use notes it */
        (void)!zh_core_write(core, note_use, &out->key, &busy);
    }
    return rc;
}
