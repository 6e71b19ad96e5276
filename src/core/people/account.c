/* One's own account: sessions, one-time codes, recovery codes, a forgotten password. */
#include "core/people/account.h"
#include "base/log.h"
#include "base/os.h"
#include "core/instance/core_private.h"
#include "core/instance/secret.h"
#include "core/people/identity_private.h"
#include "core/people/password.h"
#include <inttypes.h>
#include <string.h>

/* ---- sessions ---- */

zh_rc zh_own_sessions(zh_core *core, zh_arena *arena, zh_str login, zh_own_session **out, size_t *n,
                      zh_err *err)
{
    ZH_VEC(zh_own_session) list = {0};
    ZH_VEC(int64_t) posts = {0};
    ZH_VEC(int64_t) offices = {0};
    zh_stmt *stmt = NULL;
    zh_conn *conn = NULL;
    zh_sql_value values[] = {ZH_SQL_STR(login), ZH_SQL_INT(zh_now()), ZH_SQL_INT(zh_now())};
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc =
            zh_query(conn,
                     ZH_STR("SELECT s.token, s.client, s.created_at, s.seen_at, s.post, "
                            "s.post_office, s.emergency_until FROM zh_session s JOIN zh_account a "
                            "ON a.office = s.office AND a.id = s.account WHERE s.office = 0 AND "
                            "a.login = ? AND s.ended_at = 0 AND s.seen_at + s.idle_s * 1000000 > ? "
                            "AND s.created_at + s.absolute_s * 1000000 > ? ORDER BY s.seen_at "
                            "DESC, s.token LIMIT 200"),
                     values, ZH_COUNTOF(values), &stmt, err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_own_session one = {.digest = zh_str_dup(arena, zh_col_str(stmt, 0)),
                              .client = zh_str_dup(arena, zh_col_str(stmt, 1)),
                              .created_at = zh_col_i64(stmt, 2),
                              .seen_at = zh_col_i64(stmt, 3),
                              .emergency = zh_col_i64(stmt, 6) > zh_now()};
        zh_vec_push(arena, &list, one);
        zh_vec_push(arena, &posts, zh_col_i64(stmt, 4));
        zh_vec_push(arena, &offices, zh_col_i64(stmt, 5));
    }
    zh_finish(stmt);
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
        zh_user_session session = {.login = login};
        rc = zh_user_session_post(&ctx, conn, offices.p[i], posts.p[i], login, &session);
        list.p[i].role = session.post != NULL ? session.current.role_label.zh : ZH_STR("");
    }
    zh_ctx_end(&ctx);
    zh_store_release(conn);
    *out = list.p;
    *n = list.n;
    return rc;
}

/* ---- one row of the account ---- */

typedef struct change {
    const char *sql;
    const zh_sql_value *values;
    size_t n;
    int64_t changed;
} change;

static zh_rc carry_out(void *user, zh_conn *conn, zh_err *err)
{
    change *c = user;
    return zh_run(conn, c->sql, c->values, c->n, &c->changed, err);
}

static zh_rc run(zh_core *core, const char *sql, const zh_sql_value *values, size_t n,
                 int64_t *changed, zh_err *err)
{
    change c = {sql, values, n, 0};
    zh_rc rc = zh_core_write(core, carry_out, &c, err);
    *changed = c.changed;
    return rc;
}

zh_rc zh_own_session_end(zh_core *core, zh_str login, zh_str digest, zh_str keep, zh_err *err)
{
    int64_t changed = 0;
    bool one = digest.n > 0;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(login),
                             ZH_SQL_STR(one ? digest : keep)};
    zh_rc rc =
        run(core,
            one ? "UPDATE zh_session SET ended_at = ? WHERE office = 0 AND ended_at = 0 AND "
                  "account IN (SELECT id FROM zh_account WHERE office = 0 AND login = ?) AND "
                  "token = ?"
                : "UPDATE zh_session SET ended_at = ? WHERE office = 0 AND ended_at = 0 AND "
                  "account IN (SELECT id FROM zh_account WHERE office = 0 AND login = ?) AND "
                  "token <> ?",
            values, ZH_COUNTOF(values), &changed, err);
    if (rc == ZH_OK && one && changed == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "session.unknown", "没有这个登录，或它已经结束");
    }
    if (rc == ZH_OK) {
        zh_log(ZH_INFO, "identity.change", "%.*s 结束了 %" PRId64 " 个登录", ZH_FMT(login),
               changed);
    }
    return rc;
}

static size_t words(zh_str list)
{
    size_t n = 0;
    zh_str word;
    while (list.n > 0 && zh_str_split(&list, ' ', &word)) {
        n += word.n > 0;
    }
    return n;
}

zh_rc zh_own_account_get(zh_core *core, zh_arena *arena, zh_str login, zh_own_account *out,
                         zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_conn *conn = NULL;
    zh_sql_value key = ZH_SQL_STR(login);
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_query(conn,
                      ZH_STR("SELECT totp, totp_new, recovery, password_at, last_at, last_before, "
                             "last_failed, subject, secret FROM zh_account WHERE office = 0 AND "
                             "login = ?"),
                      &key, 1, &stmt, err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *out = (zh_own_account){.has_totp = zh_col_str(stmt, 0).n > 0,
                                .enrolling = zh_col_str(stmt, 1).n > 0,
                                .has_password = zh_has_password(zh_col_str(stmt, 8)),
                                .totp_sealed = zh_str_dup(arena, zh_col_str(stmt, 1)),
                                .recovery = words(zh_col_str(stmt, 2)),
                                .password_at = zh_col_i64(stmt, 3),
                                .last_at = zh_col_i64(stmt, 4),
                                .last_before = zh_col_i64(stmt, 5),
                                .last_failed = zh_col_i64(stmt, 6),
                                .subject = zh_str_dup(arena, zh_col_str(stmt, 7))};
    }
    zh_finish(stmt);
    zh_store_release(conn);
    if (rc == ZH_ENOTFOUND) {
        return zh_err_set(err, rc, "login.unknown", "没有这个账户");
    }
    zh_err gone = {0}; /* a secret that cannot be opened is begun anew */
    out->enrolling = rc == ZH_OK && out->enrolling &&
                     zh_secret_open(core, arena, ZH_SECRET_TOTP, login, out->totp_sealed,
                                    &out->totp_new, &gone) == ZH_OK;
    return rc;
}

/* ---- one-time codes ---- */

zh_rc zh_totp_begin(zh_core *core, zh_str login, zh_err *err)
{
    uint8_t secret[ZH_TOTP_SECRET_BYTES];
    char text[33];
    int64_t changed = 0;
    zh_random(secret, sizeof secret);
    zh_totp_secret_text(secret, text);
    zh_str sealed;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_secret_seal(core, arena, ZH_SECRET_TOTP, login, zh_str_of(text), &sealed, err);
    zh_sql_value values[] = {ZH_SQL_STR(sealed), ZH_SQL_STR(login)};
    if (rc == ZH_OK) {
        rc = run(core, "UPDATE zh_account SET totp_new = ? WHERE office = 0 AND login = ?", values,
                 ZH_COUNTOF(values), &changed, err);
    }
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(text, sizeof text);
    zh_arena_free(arena);
    return rc;
}

/* Letters and digits of a recovery code, four by four. */
static zh_str recovery_code(zh_arena *arena)
{
    static const char letters[] =
        "abcdefghijkmnpqrstuvwxyz23456789"; /* 32, none looks like another */
    uint8_t bytes[ZH_RECOVERY_CHARS];
    zh_buf out;
    zh_random(bytes, sizeof bytes);
    zh_buf_init(&out, 64);
    for (size_t i = 0; i < ZH_RECOVERY_CHARS; i++) {
        zh_buf_c(&out, i % 5 == 4 ? '-' : letters[bytes[i] % 32]);
    }
    zh_str code = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return code;
}

bool zh_recovery_take(zh_arena *arena, zh_str code, zh_str *list)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_str rest = *list;
    zh_str left = ZH_STR("");
    zh_str word;
    bool found = false;
    code = zh_str_lower_ascii(arena, zh_str_trim(code));
    if (code.n != ZH_RECOVERY_CHARS) {
        return false;
    }
    zh_token_digest(code, digest);
    while (rest.n > 0 && zh_str_split(&rest, ' ', &word)) {
        bool is = zh_str_is(word, digest);
        found = found || is;
        if (!is && word.n > 0) {
            left =
                zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(left), left.n > 0 ? " " : "", ZH_FMT(word));
        }
    }
    *list = found ? left : *list;
    return found;
}

zh_rc zh_totp_confirm(zh_core *core, zh_arena *arena, zh_str login, zh_str code,
                      zh_str recovery[ZH_RECOVERY_CODES], zh_err *err)
{
    zh_own_account account;
    uint8_t secret[ZH_TOTP_SECRET_BYTES];
    uint64_t last = 0;
    int64_t changed = 0;
    zh_str digests = ZH_STR("");
    zh_rc rc = zh_own_account_get(core, arena, login, &account, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!account.enrolling || zh_totp_secret_parse(account.totp_new, secret) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "login.totp", "先取一个新的密钥，再填动态码");
    }
    if (!zh_totp_verify(secret, zh_str_trim(code), (uint64_t)(zh_now() / ZH_SECOND), &last)) {
        zh_err_set(err, ZH_EDENIED, "login.totp", "动态码不对");
        zh_err_fix(err, "核对手机的时间是否准确，再填最新的六位数字");
        return ZH_EDENIED;
    }
    for (size_t i = 0; i < ZH_RECOVERY_CODES; i++) {
        char digest[2 * ZH_DIGEST_BYTES + 1];
        recovery[i] = recovery_code(arena);
        zh_token_digest(recovery[i], digest);
        digests = zh_str_fmt(arena, "%.*s%s%s", ZH_FMT(digests), i > 0 ? " " : "", digest);
    }
    zh_sql_value values[] = {ZH_SQL_STR(account.totp_sealed), ZH_SQL_INT((int64_t)last),
                             ZH_SQL_STR(digests), ZH_SQL_STR(login),
                             ZH_SQL_STR(account.totp_sealed)};
    rc = run(core,
             "UPDATE zh_account SET totp = ?, totp_new = '', totp_last = ?, recovery = ? WHERE "
             "office = 0 AND login = ? AND totp_new = ?",
             values, ZH_COUNTOF(values), &changed, err);
    if (rc == ZH_OK) {
        zh_log(ZH_INFO, "identity.change", "%.*s 启用动态码", ZH_FMT(login));
    }
    return rc;
}

zh_str zh_totp_uri(zh_arena *arena, zh_str login, zh_str secret)
{
    return zh_str_fmt(arena, "otpauth://totp/Zhiheng:%.*s?secret=%.*s&issuer=Zhiheng",
                      ZH_FMT(login), ZH_FMT(secret));
}

/* ---- a forgotten password ---- */

zh_rc zh_reset_begin(zh_core *core, zh_str login, char token[2 * ZH_SESSION_TOKEN_BYTES + 1],
                     zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    int64_t changed = 0;
    zh_token_new(token);
    zh_token_digest(zh_str_of(token), digest);
    zh_sql_value values[] = {ZH_SQL_STR(zh_str_of(digest)),
                             ZH_SQL_INT(zh_now() + ZH_RESET_S * ZH_SECOND), ZH_SQL_STR(login)};
    zh_rc rc = run(core,
                   "UPDATE zh_account SET reset = ?, reset_until = ? WHERE office = 0 AND login = "
                   "? AND disabled_at = 0",
                   values, ZH_COUNTOF(values), &changed, err);
    return rc == ZH_OK && changed == 0 ? zh_err_set(err, ZH_ENOTFOUND, "login.unknown",
                                                    "没有可用的账户“%.*s”", ZH_FMT(login))
                                       : rc;
}

static zh_rc take_reset(zh_core *core, zh_arena *arena, zh_str token, zh_str *login, zh_err *err)
{
    char digest[2 * ZH_DIGEST_BYTES + 1];
    zh_stmt *stmt = NULL;
    zh_conn *conn = NULL;
    zh_token_digest(token, digest);
    zh_sql_value values[] = {ZH_SQL_STR(zh_str_of(digest)), ZH_SQL_INT(zh_now())};
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_query(conn,
                      ZH_STR("SELECT login FROM zh_account WHERE office = 0 AND reset = ? AND "
                             "reset_until > ? AND disabled_at = 0"),
                      values, ZH_COUNTOF(values), &stmt, err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    *login = rc == ZH_OK ? zh_str_dup(arena, zh_col_str(stmt, 0)) : ZH_STR("");
    zh_finish(stmt);
    zh_store_release(conn);
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(err, ZH_EDENIED, "reset.token", "这个链接不能用：已用过、过期或不对");
        zh_err_fix(err, "请系统管理员再给一个");
        return ZH_EDENIED;
    }
    return rc;
}

zh_rc zh_reset_finish(zh_core *core, zh_str token, zh_str password, zh_err *err)
{
    zh_str login;
    int64_t changed = 0;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = take_reset(core, arena, token, &login, err);
    if (rc == ZH_OK) {
        rc = zh_account_password(core, login, password, err);
    }
    zh_sql_value key = ZH_SQL_STR(login);
    if (rc == ZH_OK) {
        rc = run(core,
                 "UPDATE zh_account SET reset = '', reset_until = 0 WHERE office = 0 AND login = ?",
                 &key, 1, &changed, err);
        zh_log(ZH_INFO, "identity.change", "%.*s 凭一次性链接换了口令", ZH_FMT(login));
    }
    zh_arena_free(arena);
    return rc;
}
