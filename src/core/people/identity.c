/* Local accounts, sessions, and the post in which a session acts. */
#include "core/people/identity.h"
#include "base/log.h"
#include "base/os.h"
#include "core/instance/secret.h"
#include "core/people/account.h"
#include "core/people/emergency.h"
#include "core/people/identity_private.h"
#include "core/people/password.h"
#include "core/people/setting.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { SECONDS = 1000000, RENEW_S = 60 };

/* A verification takes 19 MiB: a flood of logins waits here, not in memory. */
static pthread_mutex_t verifying = PTHREAD_MUTEX_INITIALIZER;
/* … and not for long: more than this many are sent away at once. */
enum { VERIFYING_MAX = 16 };
static atomic_int verifiers;

zh_rc zh_login_check(zh_str login, zh_err *err)
{
    bool fits = login.n >= 3 && login.n <= 60 && login.p[0] >= 'a' && login.p[0] <= 'z';
    for (size_t i = 0; i < login.n && fits; i++) {
        char c = login.p[i];
        fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-@", c) != NULL;
    }
    if (!fits) {
        zh_err_set(err, ZH_EINVAL, "login.form", "登录名不合要求");
        zh_err_fix(err, "3 到 60 个小写字母、数字或 . _ - @，以字母开头");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

/* ---- one writing transaction ---- */

typedef struct writing {
    zh_conn *conn;
    zh_rc rc;
} writing;

static writing begin(zh_core *core, zh_err *err)
{
    writing w = {0};
    w.rc = zh_store_writer(zh_core_store(core), &w.conn, err);
    if (w.rc == ZH_OK) {
        w.rc = zh_begin(w.conn, err);
    }
    return w;
}

static zh_rc end(writing *w, zh_err *err)
{
    if (w->rc == ZH_OK) {
        w->rc = zh_commit(w->conn, err);
    }
    zh_store_release(w->conn); /* rolls back what is open */
    return w->rc;
}

static void run(writing *w, const char *sql, const zh_sql_value *values, size_t n, int64_t *changed,
                zh_err *err)
{
    if (w->rc == ZH_OK) {
        w->rc = zh_run(w->conn, sql, values, n, changed, err);
    }
}

/* ---- accounts ---- */

zh_rc zh_accounts_exist(zh_conn *conn, bool *out, zh_err *err)
{
    int64_t one = 0;
    zh_rc rc =
        zh_query_i64(conn, "SELECT 1 FROM zh_account WHERE office = 0 LIMIT 1", NULL, 0, &one, err);
    *out = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_password_scheme scheme_of(zh_conn *conn, zh_arena *arena)
{
    zh_password_scheme scheme = ZH_PASSWORD_ARGON2ID;
    zh_str name;
    zh_err ignored = {0};
    if (zh_setting_get(conn, arena, "identity.password", &name, &ignored) == ZH_OK) {
        (void)!zh_password_scheme_parse(name, &scheme);
    }
    return scheme;
}

/* The text to store, made before the writer is taken: it takes its time. */
static zh_rc stored_password(zh_core *core, zh_str password, char out[ZH_PASSWORD_STORED_MAX],
                             zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_password_check(password, err);
    if (rc == ZH_OK) {
        rc = zh_store_reader(zh_core_store(core), &conn, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_password_scheme scheme = scheme_of(conn, arena);
    zh_store_release(conn);
    zh_arena_free(arena);
    return zh_password_store(scheme, password, out, err);
}

zh_rc zh_account_create(zh_core *core, zh_str login, zh_str name, zh_str password, zh_err *err)
{
    char secret[ZH_PASSWORD_STORED_MAX];
    int64_t found = 0;
    zh_rc rc = zh_login_check(login, err);
    if (rc == ZH_OK) {
        rc = stored_password(core, password, secret, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    writing w = begin(core, err);
    zh_sql_value key = ZH_SQL_STR(login);
    if (w.rc == ZH_OK) {
        w.rc = zh_query_i64(w.conn, "SELECT id FROM zh_account WHERE office = 0 AND login = ?",
                            &key, 1, &found, err);
        w.rc = w.rc == ZH_ENOTFOUND ? ZH_OK
               : w.rc == ZH_OK      ? zh_err_set(err, ZH_ECONFLICT, "login.taken",
                                                 "登录名“%.*s”已经有了", ZH_FMT(login))
                                    : w.rc;
    }
    zh_sql_value row[] = {
        ZH_SQL_INT(zh_core_id(core, 0)), ZH_SQL_STR(login),    ZH_SQL_STR(name),
        ZH_SQL_STR(zh_str_of(secret)),   ZH_SQL_INT(zh_now()), ZH_SQL_INT(zh_now())};
    run(&w,
        "INSERT INTO zh_account (office, id, login, name, secret, totp, totp_last, failed, "
        "locked_until, created_at, password_at, disabled_at) VALUES (0, ?, ?, ?, ?, '', 0, 0, 0, "
        "?, ?, 0)",
        row, ZH_COUNTOF(row), NULL, err);
    return end(&w, err);
}

static zh_rc change_account(zh_core *core, const char *sql, const zh_sql_value *values, size_t n,
                            zh_str login, bool end_sessions, zh_err *err)
{
    int64_t changed = 0;
    zh_sql_value ending[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(login)};
    writing w = begin(core, err);
    run(&w, sql, values, n, &changed, err);
    if (w.rc == ZH_OK && changed == 0) {
        w.rc = zh_err_set(err, ZH_ENOTFOUND, "login.unknown", "没有登录名“%.*s”", ZH_FMT(login));
    }
    if (end_sessions) {
        run(&w,
            "UPDATE zh_session SET ended_at = ? WHERE ended_at = 0 AND account IN (SELECT id FROM "
            "zh_account WHERE login = ?)",
            ending, 2, NULL, err);
    }
    return end(&w, err);
}

zh_rc zh_account_password(zh_core *core, zh_str login, zh_str password, zh_err *err)
{
    char secret[ZH_PASSWORD_STORED_MAX];
    zh_rc rc = stored_password(core, password, secret, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_sql_value values[] = {ZH_SQL_STR(zh_str_of(secret)), ZH_SQL_INT(zh_now()),
                             ZH_SQL_STR(login)};
    return change_account(core,
                          "UPDATE zh_account SET secret = ?, password_at = ?, failed = 0, "
                          "locked_until = 0 WHERE office = 0 AND login = ?",
                          values, ZH_COUNTOF(values), login, true, err);
}

zh_rc zh_account_disable(zh_core *core, zh_str login, bool disabled, zh_err *err)
{
    zh_sql_value values[] = {ZH_SQL_INT(disabled ? zh_now() : 0), ZH_SQL_STR(login)};
    return change_account(core,
                          "UPDATE zh_account SET disabled_at = ? WHERE office = 0 AND login = ?",
                          values, ZH_COUNTOF(values), login, disabled, err);
}

zh_rc zh_account_totp(zh_core *core, zh_str login, zh_str secret, zh_err *err)
{
    uint8_t bytes[ZH_TOTP_SECRET_BYTES];
    if (secret.n > 0 && zh_totp_secret_parse(secret, bytes) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "login.totp", "动态码密钥要 32 个 base32 字符");
    }
    zh_str sealed;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_secret_seal(core, arena, ZH_SECRET_TOTP, login, secret, &sealed, err);
    zh_sql_value values[] = {ZH_SQL_STR(sealed), ZH_SQL_STR(login)};
    if (rc == ZH_OK) {
        rc = change_account(
            core, "UPDATE zh_account SET totp = ?, totp_last = 0 WHERE office = 0 AND login = ?",
            values, ZH_COUNTOF(values), login, false, err);
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_accounts_list(zh_conn *conn, zh_arena *arena, zh_account **out, size_t *n, zh_err *err)
{
    ZH_VEC(zh_account) list = {0};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT login, name, totp, disabled_at, created_at, locked_until "
                               "FROM zh_account WHERE office = 0 ORDER BY login"),
                        NULL, 0, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_account one = {.login = zh_str_dup(arena, zh_col_str(stmt, 0)),
                          .name = zh_str_dup(arena, zh_col_str(stmt, 1)),
                          .has_totp = zh_col_str(stmt, 2).n > 0,
                          .disabled = zh_col_i64(stmt, 3) != 0,
                          .created_at = zh_col_i64(stmt, 4),
                          .locked_until = zh_col_i64(stmt, 5)};
        zh_vec_push(arena, &list, one);
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- tokens ---- */

void zh_token_new(char token[2 * ZH_SESSION_TOKEN_BYTES + 1])
{
    uint8_t bytes[ZH_SESSION_TOKEN_BYTES];
    zh_random(bytes, sizeof bytes);
    zh_hex(bytes, sizeof bytes, token);
}

void zh_token_digest(zh_str token, char out[2 * ZH_DIGEST_BYTES + 1])
{
    zh_digest digest;
    zh_hash_of(ZH_HASH_SHA256, token, &digest);
    zh_digest_hex(&digest, out);
}

zh_rc zh_setup_begin(zh_core *core, char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    char value[2 * ZH_DIGEST_BYTES + 32];
    writing w = begin(core, err);
    zh_token_new(token);
    zh_token_digest(zh_str_of(token), digest);
    (void)snprintf(value, sizeof value, "%s %" PRId64, digest,
                   zh_now() + (int64_t)ZH_SETUP_S * SECONDS);
    if (w.rc == ZH_OK) {
        w.rc = zh_setting_set(w.conn, "identity.setup", zh_str_of(value), err);
    }
    return end(&w, err);
}

static zh_rc setup_allowed(zh_core *core, zh_str token, zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_conn *conn = NULL;
    bool any = false;
    zh_str stored = ZH_STR("");
    zh_str wanted = ZH_STR("");
    int64_t until = 0;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_accounts_exist(conn, &any, err);
    }
    if (rc == ZH_OK) {
        rc = zh_setting_get(conn, arena, "identity.setup", &stored, err);
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_token_digest(token, digest);
    bool fits = rc == ZH_OK && !any && zh_str_split(&stored, ' ', &wanted) &&
                zh_str_is(wanted, digest) && zh_str_i64(stored, &until) == ZH_OK &&
                zh_now() < until;
    zh_store_release(conn);
    zh_arena_free(arena);
    if (rc == ZH_OK && !fits) {
        zh_err_again(err);
        zh_err_set(err, ZH_EDENIED, "setup.token", "这个设置链接不能用：已用过、过期或不对");
        zh_err_fix(err, "在服务器上运行 zhiheng account setup 取新的链接");
        rc = ZH_EDENIED;
    }
    return rc;
}

zh_rc zh_setup_finish(zh_core *core, zh_str token, zh_str login, zh_str name, zh_str password,
                      zh_err *err)
{
    zh_rc rc = setup_allowed(core, token, err);
    if (rc == ZH_OK) {
        rc = zh_account_create(core, login, name, password, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    writing w = begin(core, err);
    if (w.rc == ZH_OK) {
        w.rc = zh_setting_set(w.conn, "identity.setup", ZH_STR(""), err);
    }
    return end(&w, err);
}

/* ---- logging in ---- */

static const char wait_rule[] = "login.wait";

typedef struct known {
    int64_t id, failed, locked_until, disabled_at, totp_last;
    zh_str secret, totp, recovery;
} known;

static zh_rc read_account(zh_conn *conn, zh_arena *arena, zh_str login, known *out, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key = ZH_SQL_STR(login);
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT id, failed, locked_until, disabled_at, totp_last, secret, "
                               "totp, recovery FROM zh_account WHERE office = 0 AND login = ?"),
                        &key, 1, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *out = (known){.id = zh_col_i64(stmt, 0),
                       .failed = zh_col_i64(stmt, 1),
                       .locked_until = zh_col_i64(stmt, 2),
                       .disabled_at = zh_col_i64(stmt, 3),
                       .totp_last = zh_col_i64(stmt, 4),
                       .secret = zh_str_dup(arena, zh_col_str(stmt, 5)),
                       .totp = zh_str_dup(arena, zh_col_str(stmt, 6)),
                       .recovery = zh_str_dup(arena, zh_col_str(stmt, 7))};
    }
    zh_finish(stmt);
    return rc;
}

/* The code of the moment, or one of the recovery codes, which then is used up: they go on when the
 * secret cannot be opened. */
static bool code_fits(zh_core *core, zh_str login, known *account, zh_arena *arena, zh_str code)
{
    uint8_t secret[ZH_TOTP_SECRET_BYTES];
    uint64_t last = (uint64_t)account->totp_last;
    zh_str text;
    zh_err why = {0};
    if (account->totp.n == 0) {
        return true;
    }
    if (zh_secret_open(core, arena, ZH_SECRET_TOTP, login, account->totp, &text, &why) != ZH_OK) {
        zh_log_err(ZH_ERROR, "identity.secret", &why);
    }
    bool fits = zh_totp_secret_parse(text, secret) == ZH_OK &&
                zh_totp_verify(secret, code, (uint64_t)(zh_now() / SECONDS), &last);
    explicit_bzero(secret, sizeof secret);
    account->totp_last = (int64_t)last;
    return fits || zh_recovery_take(arena, code, &account->recovery);
}

static zh_rc refused(zh_err *err)
{
    zh_err_set(err, ZH_EDENIED, "login.failed", "登录名、口令或动态码不对");
    zh_err_fix(err, "核对后再试；连错 %d 次要等一会儿。忘了口令请找系统管理员重设",
               ZH_LOGIN_FAILED_MAX);
    return ZH_EDENIED;
}

static zh_rc must_wait(const char *rule, int64_t locked_until, zh_err *err)
{
    int64_t left = (locked_until - zh_now()) / SECONDS + 1;
    zh_err_set(err, ZH_EBUSY, rule, "连续失败太多次，请等 %" PRId64 " 秒再试", left);
    return ZH_EBUSY;
}

/* Until when one waits after a failure: from the fifth on, twice as long each time. */
static int64_t wait_until(int64_t failed_before)
{
    int64_t over = failed_before + 1 - ZH_LOGIN_FAILED_MAX;
    int64_t wait = over < 0 ? 0 : over > 4 ? ZH_LOGIN_WAIT_MAX_S : 60 * (INT64_C(1) << over);
    wait = wait > ZH_LOGIN_WAIT_MAX_S ? ZH_LOGIN_WAIT_MAX_S : wait;
    return wait > 0 ? zh_now() + wait * SECONDS : 0;
}

zh_rc zh_stranger_try(zh_core *core, const char *rule, zh_str name, bool failed, zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    int64_t row[2] = {0, 0};
    zh_stmt *stmt = NULL;
    zh_token_digest(name, digest);
    zh_sql_value key = ZH_SQL_STR(zh_str_of(digest));
    writing w = begin(core, err);
    if (w.rc == ZH_OK) {
        w.rc = zh_query(w.conn,
                        ZH_STR("SELECT failed, locked_until FROM zh_stranger WHERE office = 0 AND "
                               "login = ?"),
                        &key, 1, &stmt, err);
    }
    if (w.rc == ZH_OK && (w.rc = zh_step(stmt, err)) == ZH_OK) {
        row[0] = zh_col_i64(stmt, 0);
        row[1] = zh_col_i64(stmt, 1);
    }
    zh_finish(stmt);
    w.rc = w.rc == ZH_ENOTFOUND ? ZH_OK : w.rc;
    if (w.rc == ZH_OK && row[1] > zh_now()) {
        (void)!end(&w, err);
        return must_wait(rule, row[1], err);
    }
    zh_sql_value old = ZH_SQL_INT(zh_now() - 2 * (int64_t)ZH_LOGIN_WAIT_MAX_S * SECONDS);
    zh_sql_value values[] = {key, ZH_SQL_INT(row[0] + 1), ZH_SQL_INT(wait_until(row[0])),
                             ZH_SQL_INT(zh_now())};
    if (failed) {
        run(&w, "DELETE FROM zh_stranger WHERE office = 0 AND at < ?", &old, 1, NULL, err);
        run(&w,
            "INSERT INTO zh_stranger (office, login, failed, locked_until, at) VALUES (0, ?, ?, ?, "
            "?) ON CONFLICT (office, login) DO UPDATE SET failed = excluded.failed, locked_until = "
            "excluded.locked_until, at = excluded.at",
            values, ZH_COUNTOF(values), NULL, err);
    }
    return end(&w, err);
}

/* One more failure of an account. */
static zh_rc note_failure(zh_core *core, const known *account, zh_err *err)
{
    zh_sql_value values[] = {ZH_SQL_INT(wait_until(account->failed)), ZH_SQL_INT(account->id)};
    writing w = begin(core, err);
    run(&w,
        "UPDATE zh_account SET failed = failed + 1, locked_until = ? WHERE office = 0 AND id = ?",
        values, ZH_COUNTOF(values), NULL, err);
    zh_rc rc = end(&w, err);
    return rc == ZH_OK ? refused(err) : rc;
}

/* How long sessions live, as it was set when they began. */
typedef struct limits {
    int64_t idle_s, absolute_s;
} limits;

static limits limits_of(zh_core *core, zh_arena *arena)
{
    return (limits){zh_setting_number(core, arena, "idle_minutes", ZH_SESSION_IDLE_S / 60) * 60,
                    zh_setting_number(core, arena, "session_hours", ZH_SESSION_ABSOLUTE_S / 3600) *
                        3600};
}

static zh_rc new_session(zh_core *core, const known *account, const zh_post_of *post, zh_str client,
                         limits live, char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_token_new(token);
    zh_token_digest(zh_str_of(token), digest);
    zh_sql_value row[] = {ZH_SQL_STR(zh_str_of(digest)),
                          ZH_SQL_INT(account->id),
                          ZH_SQL_INT(post != NULL ? post->id : 0),
                          ZH_SQL_INT(post != NULL ? post->office : 0),
                          ZH_SQL_INT(zh_now()),
                          ZH_SQL_INT(zh_now()),
                          ZH_SQL_STR(zh_str_sub(client, 0, 200)),
                          ZH_SQL_INT(live.idle_s),
                          ZH_SQL_INT(live.absolute_s)};
    zh_sql_value success[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(account->totp_last),
                              ZH_SQL_STR(account->recovery), ZH_SQL_INT(account->id)};
    writing w = begin(core, err);
    run(&w,
        "INSERT INTO zh_session (office, token, account, post, post_office, created_at, seen_at, "
        "ended_at, client, idle_s, absolute_s) VALUES (0, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
        row, ZH_COUNTOF(row), NULL, err);
    run(&w,
        "UPDATE zh_account SET last_before = last_at, last_failed = failed, last_at = ?, failed = "
        "0, locked_until = 0, totp_last = ?, recovery = ? WHERE office = 0 AND id = ?",
        success, ZH_COUNTOF(success), NULL, err);
    return end(&w, err);
}

/* inside: the login has a session already, opened by an identity provider perhaps. */
static zh_rc try_login(zh_core *core, zh_arena *arena, zh_str login, zh_str password, zh_str code,
                       bool inside, known *account, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = read_account(conn, arena, login, account, err);
    }
    zh_password_scheme scheme = conn != NULL ? scheme_of(conn, arena) : ZH_PASSWORD_ARGON2ID;
    zh_store_release(conn);
    if (rc == ZH_OK && account->locked_until > zh_now()) {
        return must_wait(wait_rule, account->locked_until, err);
    }
    if (rc == ZH_ENOTFOUND) {
        zh_rc waits = zh_stranger_try(core, wait_rule, login, false, err);
        rc = waits != ZH_OK ? waits : rc;
    }
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        return rc;
    }
    if (atomic_fetch_add(&verifiers, 1) >= VERIFYING_MAX) {
        atomic_fetch_sub(&verifiers, 1);
        zh_err_again(err);
        return zh_err_set(err, ZH_EBUSY, "login.flood", "同时登录的人太多，请过几秒再试");
    }
    pthread_mutex_lock(&verifying);
    bool right = false;
    if (rc == ZH_OK) {
        right = (inside && !zh_has_password(account->secret) && account->totp.n > 0) ||
                zh_password_verify(account->secret, password);
    } else if (rc == ZH_ENOTFOUND) {
        zh_password_waste(scheme, password);
    }
    pthread_mutex_unlock(&verifying);
    atomic_fetch_sub(&verifiers, 1);
    if (rc == ZH_ENOTFOUND) {
        zh_err_again(err);
        rc = zh_stranger_try(core, wait_rule, login, true, err);
        return rc == ZH_OK ? refused(err) : rc;
    }
    if (rc == ZH_OK &&
        !(right && account->disabled_at == 0 && code_fits(core, login, account, arena, code))) {
        rc = note_failure(core, account, err);
    }
    return rc;
}

/* A session of somebody who has proved who they are, in the first of their posts. */
static zh_rc enter(zh_core *core, zh_arena *arena, zh_str login, const known *account,
                   zh_str client, char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    zh_post_of *posts = NULL;
    size_t n = 0;
    zh_rc rc = zh_posts_of(core, arena, login, &posts, &n, err);
    return rc == ZH_OK ? new_session(core, account, n > 0 ? &posts[0] : NULL, client,
                                     limits_of(core, arena), token, err)
                       : rc;
}

zh_rc zh_login(zh_core *core, zh_str login, zh_str password, zh_str code, zh_str client,
               char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    known account = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = try_login(core, arena, login, password, code, false, &account, err);
    if (rc == ZH_OK) {
        rc = enter(core, arena, login, &account, client, token, err);
    }
    zh_arena_free(arena);
    if (rc == ZH_OK || rc == ZH_EDENIED || rc == ZH_EBUSY) {
        zh_log(ZH_INFO, "identity.login", "%.*s %s", ZH_FMT(zh_str_sub(login, 0, 60)),
               rc == ZH_OK        ? "进入"
               : rc == ZH_EDENIED ? "被拒"
                                  : "须等待");
    }
    return rc;
}

zh_rc zh_login_prove(zh_core *core, zh_str login, zh_str password, zh_str code, const char **how,
                     zh_err *err)
{
    known account = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = try_login(core, arena, login, password, code, true, &account, err);
    bool by_password = zh_has_password(account.secret);
    bool by_code = account.totp.n > 0;
    if (rc == ZH_EDENIED && !by_password && !by_code) {
        zh_err_again(err);
        zh_err_set(err, rc, "login.nothing",
                   "这个账号在本系统没有口令，也没有动态码，不能在这里核实本人");
        zh_err_fix(err, "请先在“我的账号”里设置动态码");
    }
    if (rc == ZH_OK) {
        zh_sql_value values[] = {ZH_SQL_INT(account.totp_last), ZH_SQL_STR(account.recovery),
                                 ZH_SQL_INT(account.id)};
        writing w = begin(core, err);
        run(&w,
            "UPDATE zh_account SET failed = 0, locked_until = 0, totp_last = ?, recovery = ? WHERE "
            "office = 0 AND id = ?",
            values, ZH_COUNTOF(values), NULL, err);
        rc = end(&w, err);
    }
    *how = by_password && by_code ? "口令和动态码" : by_password ? "口令" : "动态码";
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_user_session_open(zh_core *core, zh_str login, zh_str client,
                           char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    known account = {0};
    zh_conn *conn = NULL;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = read_account(conn, arena, login, &account, err);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && account.disabled_at != 0) {
        rc = refused(err);
    }
    if (rc == ZH_OK) {
        rc = enter(core, arena, login, &account, client, token, err);
    }
    zh_arena_free(arena);
    zh_log(ZH_INFO, "identity.login", "%.*s %s", ZH_FMT(zh_str_sub(login, 0, 60)),
           rc == ZH_OK ? "经统一认证进入" : "经统一认证被拒");
    return rc;
}

/* ---- posts ---- */

zh_str zh_post_text(const zh_record *record, const char *id)
{
    const zh_field *field = zh_register_field(record->reg, zh_str_of(id));
    const zh_value *value = field != NULL ? &record->values[field->index] : NULL;
    return value != NULL && value->kind == ZH_TEXT ? value->text : ZH_STR("");
}

bool zh_post_active(const zh_record *record)
{
    const zh_field *term = zh_register_field(record->reg, ZH_STR("term"));
    zh_date today = zh_time_date(zh_now());
    const zh_value *value = term != NULL ? &record->values[term->index] : NULL;
    return record->state >= 0 && zh_str_is(record->reg->states[record->state].id, "active") &&
           value != NULL && value->kind == ZH_PERIOD && value->i <= today && today <= value->to;
}

static zh_post_of offered(const zh_ctx *ctx, const zh_record *record)
{
    zh_post_of post = {.code = zh_post_text(record, "code"),
                       .role = zh_post_text(record, "role"),
                       .place = zh_post_text(record, "place"),
                       .office = record->office,
                       .id = record->id};
    const zh_codes *roles = zh_model_codes(ctx->model, ZH_STR("role"));
    const zh_code *role = roles != NULL ? zh_code_find(roles, post.role, INT32_MIN) : NULL;
    post.role_label = role != NULL ? role->label : (zh_label){.zh = post.role};
    return post;
}

/* holder = 'login', made as a tree: a login is data, never text of an expression. */
static zh_program held_by(zh_arena *arena, const zh_register *reg, zh_str login)
{
    zh_expr *node = ZH_NEW(arena, zh_expr);
    zh_expr *left = ZH_NEW(arena, zh_expr);
    zh_expr *right = ZH_NEW(arena, zh_expr);
    const zh_expr **sides = ZH_NEW_N(arena, const zh_expr *, 2);
    *left = (zh_expr){
        .op = ZH_X_FIELD, .kind = ZH_TEXT, .field = zh_register_field(reg, ZH_STR("holder"))};
    *right = (zh_expr){.op = ZH_X_LITERAL, .kind = ZH_TEXT, .value = zh_value_text(login)};
    sides[0] = left;
    sides[1] = right;
    *node = (zh_expr){.op = ZH_X_EQ, .kind = ZH_BOOL, .a = sides, .n = 2};
    return (zh_program){.root = node};
}

zh_rc zh_posts_of(zh_core *core, zh_arena *arena, zh_str login, zh_post_of **out, size_t *n,
                  zh_err *err)
{
    zh_conn *conn = NULL;
    zh_page page = {0};
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("post"));
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    *n = 0;
    *out = ZH_NEW_N(arena, zh_post_of, ZH_POSTS_MAX);
    if (rc == ZH_OK && reg != NULL) {
        zh_program where = held_by(arena, reg, login);
        zh_list_query list = {
            .reg = reg, .where = &where, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
        rc = zh_list(&ctx, conn, &list, &page);
    }
    for (size_t i = 0; i < page.n && rc == ZH_OK && *n < ZH_POSTS_MAX; i++) {
        if (zh_post_active(page.records[i])) {
            (*out)[(*n)++] = offered(&ctx, page.records[i]);
        }
    }
    zh_store_release(conn);
    zh_ctx_end(&ctx);
    return rc;
}

zh_rc zh_login_may_take(zh_ctx *ctx, zh_conn *conn, zh_str login, const zh_register *reg,
                        const zh_transition *transition, bool *out)
{
    known account = {0};
    zh_post_of *posts = NULL;
    size_t n = 0;
    zh_err lost = {0};
    bool accounts = false;
    zh_rc rc = zh_accounts_exist(conn, &accounts, ctx->err);
    *out = !accounts;
    if (rc != ZH_OK || *out) {
        return rc;
    }
    rc = read_account(conn, ctx->arena, login, &account, &lost);
    if (rc != ZH_OK || account.disabled_at != 0) {
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    rc = zh_posts_of(ctx->core, ctx->arena, login, &posts, &n, ctx->err);
    for (size_t i = 0; i < n && rc == ZH_OK && !*out; i++) {
        zh_post post = {.role = posts[i].role, .scope = ZH_SCOPE_ALL};
        zh_ctx as = *ctx;
        as.post = &post;
        as.role = post.role;
        *out = zh_may_take(&as, reg, transition);
    }
    return rc;
}

/* The enterprise that a post speaks for. */
static zh_rc read_self(zh_ctx *ctx, zh_conn *conn, const zh_record *post, const zh_record **out)
{
    const zh_field *field = zh_register_field(post->reg, ZH_STR("organisation"));
    const zh_value *value = field != NULL ? &post->values[field->index] : NULL;
    zh_record *self = NULL;
    *out = NULL;
    if (value == NULL || value->kind != ZH_REF || field->target == NULL) {
        return ZH_OK;
    }
    zh_rc rc =
        zh_record_get(ctx, conn, field->target, value->office, value->i, ZH_AS_OF_NOW, &self);
    *out = self;
    return rc;
}

/* The offices of a custom scope. */
static void chosen_offices(zh_arena *arena, const zh_record *record, zh_post *post)
{
    const zh_field *field = zh_register_field(record->reg, ZH_STR("offices"));
    const zh_rows *rows = field != NULL ? &record->tables[field->index] : NULL;
    int64_t *offices = ZH_NEW_N(arena, int64_t, ZH_POST_OFFICES_MAX);
    post->offices = offices;
    for (size_t i = 0; rows != NULL && i < rows->n && post->noffices < ZH_POST_OFFICES_MAX; i++) {
        const zh_value *value = &rows->values[i * rows->table->ncolumns];
        int64_t office = 0;
        if (value->kind == ZH_TEXT && zh_str_i64(value->text, &office) == ZH_OK) {
            offices[post->noffices++] = office;
        }
    }
}

zh_rc zh_post_read(zh_ctx *ctx, zh_conn *conn, const zh_record *record, const zh_post **out)
{
    zh_post *post = ZH_NEW(ctx->arena, zh_post);
    int64_t place = 0;
    *out = NULL;
    post->role = zh_post_text(record, "role");
    post->region = zh_post_text(record, "place");
    post->office = zh_str_i64(post->region, &place) == ZH_OK ? place : zh_core_office(ctx->core);
    post->own = record;
    chosen_offices(ctx->arena, record, post);
    zh_rc rc = read_self(ctx, conn, record, &post->self);
    if (rc == ZH_OK && zh_data_scope_parse(zh_post_text(record, "scope"), &post->scope) == ZH_OK) {
        *out = post;
    }
    return rc;
}

zh_rc zh_user_session_post(zh_ctx *ctx, zh_conn *conn, int64_t office, int64_t id, zh_str login,
                           zh_user_session *out)
{
    const zh_register *reg = zh_model_register(ctx->model, ZH_STR("post"));
    zh_record *record = NULL;
    if (reg == NULL || id == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_record_get(ctx, conn, reg, office, id, ZH_AS_OF_NOW, &record);
    if (rc != ZH_OK || !zh_post_active(record) ||
        !zh_str_eq(zh_post_text(record, "holder"), login)) {
        return rc;
    }
    out->current = offered(ctx, record);
    return zh_post_read(ctx, conn, record, &out->post);
}

/* ---- sessions ---- */

bool zh_has_password(zh_str secret)
{
    return zh_str_starts(secret, ZH_STR("$"));
}

bool zh_session_must_enrol(zh_core *core, zh_arena *arena, const zh_user_session *session,
                           bool beyond)
{
    static const char *const administrators[] = {"system_admin", "security_admin", "audit_admin"};
    bool one = false;
    for (size_t i = 0; session->post != NULL && i < ZH_COUNTOF(administrators); i++) {
        one = one || zh_str_is(session->post->role, administrators[i]);
    }
    return one && !session->has_totp && session->has_password &&
           zh_setting_number(core, arena, "admin_totp", beyond ? 1 : 0) != 0;
}

typedef struct session_row {
    int64_t post, post_office, created_at, seen_at, idle_s, absolute_s;
} session_row;

static zh_rc read_session(zh_conn *conn, zh_arena *arena, zh_str digest, session_row *row,
                          zh_user_session *out, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key = ZH_SQL_STR(digest);
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT s.post, s.post_office, s.created_at, s.seen_at, a.login, "
                               "a.name, s.idle_s, s.absolute_s, s.emergency, s.emergency_until, "
                               "a.totp, a.secret "
                               "FROM zh_session s JOIN zh_account a ON a.office = s.office "
                               "AND a.id = s.account WHERE s.office = 0 AND s.token = ? AND "
                               "s.ended_at = 0 AND a.disabled_at = 0"),
                        &key, 1, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *row = (session_row){zh_col_i64(stmt, 0),
                             zh_col_i64(stmt, 1),
                             zh_col_i64(stmt, 2),
                             zh_col_i64(stmt, 3),
                             zh_col_null(stmt, 6) ? ZH_SESSION_IDLE_S : zh_col_i64(stmt, 6),
                             zh_col_null(stmt, 7) ? ZH_SESSION_ABSOLUTE_S : zh_col_i64(stmt, 7)};
        *out = (zh_user_session){.login = zh_str_dup(arena, zh_col_str(stmt, 4)),
                                 .name = zh_str_dup(arena, zh_col_str(stmt, 5)),
                                 .digest = digest,
                                 .created_at = row->created_at,
                                 .seen_at = row->seen_at,
                                 .emergency = zh_col_i64(stmt, 8),
                                 .emergency_until = zh_col_i64(stmt, 9),
                                 .has_totp = zh_col_str(stmt, 10).n > 0,
                                 .has_password = zh_has_password(zh_col_str(stmt, 11))};
        bool over = out->emergency_until <= zh_now();
        out->emergency = over ? 0 : out->emergency;
    }
    zh_finish(stmt);
    bool old = rc == ZH_OK && (zh_now() - row->seen_at > row->idle_s * SECONDS ||
                               zh_now() - row->created_at > row->absolute_s * SECONDS);
    return old ? ZH_ENOTFOUND : rc;
}

static zh_rc renew(zh_core *core, zh_str digest, zh_err *err)
{
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(digest)};
    writing w = begin(core, err);
    run(&w, "UPDATE zh_session SET seen_at = ? WHERE office = 0 AND token = ? AND ended_at = 0",
        values, ZH_COUNTOF(values), NULL, err);
    return end(&w, err);
}

zh_rc zh_user_session_find(zh_core *core, zh_conn *conn, zh_arena *arena, zh_str token,
                           zh_user_session *out, zh_err *err)
{
    char *digest = ZH_NEW_N(arena, char, 2 * ZH_DIGEST_BYTES + 1);
    session_row row = {0};
    zh_conn *own = NULL;
    zh_rc rc = ZH_OK;
    zh_token_digest(token, digest);
    if (conn == NULL) {
        rc = zh_store_reader(zh_core_store(core), &own, err);
        conn = own;
    }
    if (rc == ZH_OK) {
        rc = read_session(conn, arena, zh_str_of(digest), &row, out, err);
    }
    if (rc == ZH_OK) {
        zh_ctx ctx = zh_ctx_local(core, arena, err);
        rc = zh_user_session_post(&ctx, conn, row.post_office, row.post, out->login, out);
        bool held = out->emergency != 0 && zh_emergency_holds(&ctx, conn, out->emergency);
        out->emergency = held ? out->emergency : 0;
        zh_ctx_end(&ctx);
    }
    if (rc == ZH_OK && out->post != NULL && out->emergency != 0) {
        zh_post *held = ZH_NEW(arena, zh_post);
        *held = *out->post;
        held->emergency = true;
        out->post = held;
    }
    zh_store_release(own);
    if (rc == ZH_OK && zh_now() - row.seen_at > (int64_t)RENEW_S * SECONDS) {
        zh_err busy = {0}; /* a long write is no reason to refuse the page: the next one renews */
        rc = renew(core, out->digest, &busy);
        rc = rc == ZH_EBUSY ? ZH_OK
             : rc != ZH_OK  ? zh_err_set(err, rc, busy.rule, "%s", busy.message)
                            : rc;
    }
    return rc;
}

zh_rc zh_user_session_end(zh_core *core, zh_str token, zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_token_digest(token, digest);
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(zh_str_of(digest))};
    writing w = begin(core, err);
    run(&w, "UPDATE zh_session SET ended_at = ? WHERE office = 0 AND token = ? AND ended_at = 0",
        values, ZH_COUNTOF(values), NULL, err);
    return end(&w, err);
}

zh_rc zh_user_session_switch(zh_core *core, zh_str token, zh_str post_code,
                             char fresh[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_user_session session;
    zh_post_of *posts = NULL;
    size_t n = 0;
    size_t chosen = 0;
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_rc rc = zh_user_session_find(core, NULL, arena, token, &session, err);
    if (rc == ZH_OK) {
        rc = zh_posts_of(core, arena, session.login, &posts, &n, err);
    }
    while (rc == ZH_OK && chosen < n && !zh_str_eq(posts[chosen].code, post_code)) {
        chosen++;
    }
    if (rc == ZH_OK && chosen == n) {
        rc = zh_err_set(err, ZH_EDENIED, "post.unknown", "你没有在任的岗位“%.*s”",
                        ZH_FMT(post_code));
    }
    if (rc == ZH_OK) {
        zh_token_new(fresh);
        zh_token_digest(zh_str_of(fresh), digest);
        zh_sql_value values[] = {ZH_SQL_STR(zh_str_of(digest)), ZH_SQL_INT(posts[chosen].id),
                                 ZH_SQL_INT(posts[chosen].office), ZH_SQL_STR(session.digest)};
        writing w = begin(core, err);
        run(&w,
            "UPDATE zh_session SET token = ?, post = ?, post_office = ?, emergency = 0, "
            "emergency_until = 0 WHERE office = 0 AND token = ? AND ended_at = 0",
            values, ZH_COUNTOF(values), NULL, err);
        rc = end(&w, err);
    }
    zh_arena_free(arena);
    return rc;
}

zh_ctx zh_ctx_session(zh_core *core, zh_arena *arena, const zh_user_session *session, zh_err *err)
{
    static const zh_post none = {.role = {"", 0}, .scope = ZH_SCOPE_OWN};
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    ctx.post = session->post != NULL ? session->post : &none;
    ctx.role = ctx.post->role;
    ctx.actor = session->login;
    ctx.purpose = ZH_STR("办理");
    ctx.office = session->post != NULL ? session->post->office : zh_core_office(core);
    return ctx;
}
