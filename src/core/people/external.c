/* Logging in by an identity provider. */
#include "core/people/external.h"
#include "base/log.h"
#include "core/instance/core_private.h"
#include "core/instance/secret.h"
#include "core/people/identity_private.h"

typedef struct work {
    zh_arena *arena;
    zh_str state; /* digest */
    const zh_external *kept;
    zh_external *out;
    zh_str subject, claimed, login;
    zh_str config;
} work;

/* ---- between leaving and coming back ---- */

static zh_rc keep(void *user, zh_conn *conn, zh_err *err)
{
    const work *w = user;
    zh_sql_value old = ZH_SQL_INT(zh_now() - ZH_EXTERNAL_S * ZH_SECOND);
    zh_sql_value row[] = {ZH_SQL_STR(w->state), ZH_SQL_STR(w->kept->nonce),
                          ZH_SQL_STR(w->kept->verifier), ZH_SQL_STR(w->kept->next),
                          ZH_SQL_INT(zh_now())};
    zh_rc rc = zh_run(conn, "DELETE FROM zh_oidc WHERE office = 0 AND at < ?", &old, 1, NULL, err);
    return rc == ZH_OK ? zh_run(conn,
                                "INSERT INTO zh_oidc (office, state, nonce, verifier, next, at) "
                                "VALUES (0, ?, ?, ?, ?, ?)",
                                row, ZH_COUNTOF(row), NULL, err)
                       : rc;
}

zh_rc zh_external_keep(zh_core *core, zh_str state, const zh_external *kept, zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_token_digest(state, digest);
    work w = {.state = zh_str_of(digest), .kept = kept};
    return zh_core_write(core, keep, &w, err);
}

static zh_rc take(void *user, zh_conn *conn, zh_err *err)
{
    work *w = user;
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_STR(w->state), ZH_SQL_INT(zh_now() - ZH_EXTERNAL_S * ZH_SECOND)};
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT nonce, verifier, next FROM zh_oidc WHERE office = 0 AND "
                               "state = ? AND at > ?"),
                        key, 2, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *w->out = (zh_external){.nonce = zh_str_dup(w->arena, zh_col_str(stmt, 0)),
                                .verifier = zh_str_dup(w->arena, zh_col_str(stmt, 1)),
                                .next = zh_str_dup(w->arena, zh_col_str(stmt, 2))};
    }
    zh_finish(stmt);
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(err, ZH_EDENIED, "oidc.state",
                   "这次统一认证的登录不是从这里开始的，或已用过、过期");
        zh_err_fix(err, "回到登录页重新开始");
        return ZH_EDENIED;
    }
    return rc == ZH_OK ? zh_run(conn, "DELETE FROM zh_oidc WHERE office = 0 AND state = ?", key, 1,
                                NULL, err)
                       : rc;
}

zh_rc zh_external_take(zh_core *core, zh_arena *arena, zh_str state, zh_external *out, zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_token_digest(state, digest);
    work w = {.arena = arena, .state = zh_str_of(digest), .out = out};
    return zh_core_write(core, take, &w, err);
}

/* ---- which account ---- */

static zh_rc find(zh_conn *conn, zh_arena *arena, const char *sql, zh_str key, zh_str *login,
                  zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value value = ZH_SQL_STR(key);
    zh_rc rc = zh_query(conn, zh_str_of(sql), &value, 1, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *login = zh_str_dup(arena, zh_col_str(stmt, 0));
    }
    zh_finish(stmt);
    return rc;
}

static zh_rc link(void *user, zh_conn *conn, zh_err *err)
{
    work *w = user;
    int64_t changed = 0;
    zh_rc rc = find(conn, w->arena,
                    "SELECT login FROM zh_account WHERE office = 0 AND subject = ? AND disabled_at "
                    "= 0",
                    w->subject, &w->login, err);
    if (rc != ZH_ENOTFOUND) {
        return rc;
    }
    zh_sql_value values[] = {ZH_SQL_STR(w->subject), ZH_SQL_STR(w->claimed)};
    rc = w->claimed.n == 0
             ? ZH_OK
             : zh_run(conn,
                      "UPDATE zh_account SET subject = ? WHERE office = 0 AND login = ? AND "
                      "disabled_at = 0 AND (subject IS NULL OR subject = '')",
                      values, 2, &changed, err);
    if (rc == ZH_OK && changed == 0) {
        zh_err_set(err, ZH_EDENIED, "oidc.unknown", "统一认证认得您，这里却没有与之对应的账户");
        zh_err_fix(err, "请系统管理员先建立账户；登录名要与统一认证给出的一致");
        return ZH_EDENIED;
    }
    w->login = w->claimed;
    return rc;
}

zh_rc zh_external_login(zh_core *core, zh_arena *arena, zh_str subject, zh_str claimed,
                        zh_str *login, zh_err *err)
{
    work w = {.arena = arena, .subject = subject, .claimed = claimed};
    zh_rc rc = zh_core_write(core, link, &w, err);
    *login = w.login;
    return rc;
}

zh_rc zh_external_open(zh_core *core, zh_str login, zh_str client,
                       char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    return zh_user_session_open(core, login, client, token, err);
}

/* ---- the provider ---- */

static zh_rc configure(void *user, zh_conn *conn, zh_err *err)
{
    const work *w = user;
    return zh_setting_set(conn, "identity.oidc", w->config, err);
}

zh_rc zh_external_configure(zh_core *core, zh_str config, zh_err *err)
{
    zh_str sealed;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_secret_seal(core, arena, ZH_SECRET_OIDC, ZH_STR(""), config, &sealed, err);
    work w = {.config = sealed};
    if (rc == ZH_OK) {
        rc = zh_core_write(core, configure, &w, err);
    }
    zh_arena_free(arena);
    zh_log(ZH_WARN, "identity.change", "%s", config.n > 0 ? "设置统一认证" : "停用统一认证");
    return rc;
}

zh_rc zh_external_config(zh_core *core, zh_arena *arena, zh_str *out, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    *out = ZH_STR("");
    if (rc == ZH_OK) {
        rc = zh_setting_get(conn, arena, "identity.oidc", out, err);
    }
    zh_store_release(conn);
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    return rc == ZH_OK ? zh_secret_open(core, arena, ZH_SECRET_OIDC, ZH_STR(""), *out, out, err)
                       : rc;
}
