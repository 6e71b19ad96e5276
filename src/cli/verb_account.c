/* account: local accounts of people, and the one-time link that makes the first one. */
#include "app/oidc.h"
#include "base/json.h"
#include "base/os.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/instance/secret.h"
#include "core/people/account.h"
#include "core/people/apikey.h"
#include "core/people/password.h"
#include "core/people/reading.h"
#include "core/record/record.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* The password stands on the first line of standard input: never on the command line, where other
 * processes could read it. */
static zh_rc read_password(zh_cli *cli, zh_str *out)
{
    char *line = ZH_NEW_N(cli->arena, char, ZH_PASSWORD_BYTES_MAX + 2);
    size_t n = 0;
    ssize_t got = 1;
    if (isatty(STDIN_FILENO)) {
        zh_cli_note("口令（一行，输入可见）：");
    }
    while (n <= ZH_PASSWORD_BYTES_MAX && (got = read(STDIN_FILENO, line + n, 1)) == 1 &&
           line[n] != '\n') {
        n++;
    }
    *out = (zh_str){line, n};
    return got < 0 ? zh_err_set(&cli->err, ZH_EIO, "account.read", "标准输入读不了：%s",
                                strerror(errno))
                   : ZH_OK;
}

static zh_rc needed(zh_cli *cli, zh_str value, const char *name)
{
    return value.n > 0 ? ZH_OK : zh_cli_usage(cli, "cli.missing", "缺少 %s", name);
}

static zh_rc list(zh_session *s, zh_buf *out)
{
    static const char *const headers[] = {"登录名", "姓名", "状态", "动态码", "建立于"};
    zh_account *accounts = NULL;
    size_t n = 0;
    zh_text_table table;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = zh_accounts_list(s->conn, s->cli->arena, &accounts, &n, &s->cli->err);
    }
    zh_text_table_init(&table, s->cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        zh_text_table_add(&table, accounts[i].login);
        zh_text_table_add(&table, accounts[i].name);
        zh_text_table_add(&table, accounts[i].disabled ? ZH_STR("停用") : ZH_STR("可用"));
        zh_text_table_add(&table, accounts[i].has_totp ? ZH_STR("有") : ZH_STR("无"));
        zh_text_table_add(&table, zh_text_time(s->cli->arena, accounts[i].created_at));
    }
    zh_text_table_print(&table, out);
    return rc;
}

static zh_rc setup(zh_session *s, zh_buf *out)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_rc rc = zh_setup_begin(s->core, token, &s->cli->err);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "/setup?token=%s\n", token);
        zh_cli_note("在服务地址后面打开它，%d 小时内有效，只用一次", ZH_SETUP_S / 3600);
    }
    return rc;
}

static zh_rc totp(zh_session *s, zh_str login, zh_buf *out)
{
    uint8_t secret[ZH_TOTP_SECRET_BYTES];
    char text[33];
    zh_random(secret, sizeof secret);
    zh_totp_secret_text(secret, text);
    zh_rc rc = zh_account_totp(s->core, login, zh_str_of(text), &s->cli->err);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%.*s\n", ZH_FMT(zh_totp_uri(s->cli->arena, login, zh_str_of(text))));
    }
    return rc;
}

static zh_rc reset(zh_session *s, zh_str login, zh_buf *out)
{
    char token[2 * ZH_SESSION_TOKEN_BYTES + 1];
    zh_rc rc = zh_reset_begin(s->core, login, token, &s->cli->err);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "/reset?token=%s\n", token);
        zh_cli_note("在服务地址后面打开它，%d 分钟内有效，只用一次", ZH_RESET_S / 60);
    }
    return rc;
}

static zh_rc list_keys(zh_session *s, zh_str login, zh_buf *out)
{
    static const char *const headers[] = {"编号", "登录名", "用途",     "范围",
                                          "角色", "到期",   "最近使用", "状态"};
    zh_key *keys = NULL;
    size_t n = 0;
    zh_text_table table;
    zh_arena *arena = s->cli->arena;
    zh_rc rc = zh_keys_list(s->core, arena, login, &keys, &n, &s->cli->err);
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        bool over = keys[i].expires_at <= zh_now();
        zh_text_table_add(&table, zh_str_fmt(arena, "%" PRId64, keys[i].id));
        zh_text_table_add(&table, keys[i].login);
        zh_text_table_add(&table, keys[i].label);
        zh_text_table_add(&table, keys[i].scope);
        zh_text_table_add(&table, keys[i].role.n > 0 ? keys[i].role : ZH_STR("岗位已终止"));
        zh_text_table_add(&table, zh_text_time(arena, keys[i].expires_at));
        zh_text_table_add(&table, keys[i].used_at != 0 ? zh_text_time(arena, keys[i].used_at)
                                                       : ZH_STR("没有用过"));
        zh_text_table_add(&table, keys[i].ended_at != 0 ? ZH_STR("已作废")
                                  : over                ? ZH_STR("已到期")
                                                        : ZH_STR("有效"));
    }
    zh_text_table_print(&table, out);
    return rc;
}

static zh_rc readings(zh_session *s, zh_buf *out)
{
    int64_t n = 0;
    int64_t broken = 0;
    zh_rc rc = zh_readings_check(s->core, &n, &broken, &s->cli->err);
    if (rc == ZH_OK && broken == 0) {
        zh_buf_fmt(out, "个人信息的阅读记录 %" PRId64 " 条，链完整\n", n);
    }
    return rc == ZH_OK && broken != 0
               ? zh_err_set(&s->cli->err, ZH_ECORRUPT, "reading.chain",
                            "个人信息的阅读记录第 %" PRId64 " 条与链不符：有人改动、删去或插入过",
                            broken)
               : rc;
}

/* key LOGIN LABEL SCOPE [DAYS]; key alone lists; key LOGIN end ID revokes. */
static zh_rc key(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    char token[ZH_KEY_TOKEN_CHARS + 1];
    int64_t id = 0;
    zh_str days = zh_cli_argument(cli, 4);
    zh_key_new made = {.login = zh_cli_argument(cli, 1),
                       .label = zh_cli_argument(cli, 2),
                       .scope = zh_cli_argument(cli, 3),
                       .days = ZH_KEY_DAYS};
    if (made.label.n == 0) {
        return list_keys(s, made.login, out);
    }
    if (zh_str_is(made.label, "end")) {
        return zh_str_i64(made.scope, &id) == ZH_OK
                   ? zh_key_end(s->core, made.login, id, &cli->err)
                   : zh_cli_usage(cli, "cli.missing", "缺少密钥的编号，见 zhiheng account key");
    }
    if (days.n > 0 && zh_str_i64(days, &made.days) != ZH_OK) {
        return zh_cli_usage(cli, "cli.number", "有效天数“%.*s”不是整数", ZH_FMT(days));
    }
    zh_rc rc = zh_key_create(s->core, &made, token, &cli->err);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%s\n", token);
        zh_cli_note("只显示这一次；请求头写 Authorization: Bearer 密钥");
    }
    return rc;
}

static zh_change text_change(const zh_register *reg, const char *field, zh_str text)
{
    return (zh_change){.field = zh_register_field(reg, zh_str_of(field)),
                       .value = zh_value_text(text)};
}

static zh_rc activate(zh_session *s, const zh_register *reg, int64_t office, int64_t id)
{
    zh_applied at;
    zh_findings findings = {0};
    zh_op active = {.kind = ZH_OP_TRANSITION,
                    .reg = reg,
                    .office = office,
                    .id = id,
                    .transition = zh_register_transition(reg, ZH_STR("grant")),
                    .second_actor = ZH_STR("console")};
    return zh_record_apply(&s->ctx, &active, &findings, &at);
}

/* A post that was proposed for the login: its code stands where a role would. */
static zh_rc find_proposed(zh_session *s, const zh_register *reg, zh_str login, zh_str code,
                           zh_record **out)
{
    const zh_field *holder = zh_register_field(reg, ZH_STR("holder"));
    zh_err lost = {0};
    zh_ctx ctx = s->ctx;
    ctx.err = &lost;
    *out = NULL;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK && zh_record_by_key(&ctx, s->conn, reg, &code, out) == ZH_OK &&
        !zh_str_eq((*out)->values[holder->index].text, login)) {
        *out = NULL;
    }
    return rc;
}

/* A post for a login, granted at the console: the way to the first administrators. */
static zh_rc grant(zh_session *s, zh_str login, zh_str role, zh_str scope, zh_str place)
{
    const zh_register *reg = NULL;
    zh_applied at;
    zh_findings findings = {0};
    zh_rc rc = zh_session_register(s, ZH_STR("post"), &reg);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_record *proposed = NULL;
    rc = find_proposed(s, reg, login, role, &proposed);
    if (rc != ZH_OK || proposed != NULL) {
        return rc == ZH_OK ? activate(s, reg, proposed->office, proposed->id) : rc;
    }
    zh_date today = zh_time_date(zh_now());
    zh_str code = zh_str_fmt(s->cli->arena, "%.*s-%.*s", ZH_FMT(login), ZH_FMT(role));
    zh_change changes[] = {
        text_change(reg, "code", code),
        text_change(reg, "holder", login),
        text_change(reg, "role", role),
        text_change(reg, "scope", scope),
        {.field = zh_register_field(reg, ZH_STR("term")),
         .value = {.kind = ZH_PERIOD, .i = today, .to = ZH_OPEN_END}},
        text_change(reg, "place", place),
    };
    zh_op create = {.kind = ZH_OP_CREATE,
                    .reg = reg,
                    .changes = changes,
                    .nchanges = ZH_COUNTOF(changes) - (place.n == 0)};
    rc = zh_record_apply(&s->ctx, &create, &findings, &at);
    if (rc != ZH_OK) {
        return rc;
    }
    return activate(s, reg, at.office, at.id);
}

/* A post may come before its account, as with logins of an identity provider: said, lest it is a
 * slip of the pen. */
static zh_rc note_stranger(zh_session *s, zh_str login)
{
    zh_own_account account;
    zh_err lost = {0};
    zh_rc rc = zh_own_account_get(s->core, s->cli->arena, login, &account, &lost);
    if (rc == ZH_ENOTFOUND) {
        zh_cli_note("还没有登录名“%.*s”的账户：岗位已授予，等它建立（account "
                    "add）或由身份提供方登录后才用得上",
                    ZH_FMT(login));
    }
    return ZH_OK;
}

/* oidc ISSUER CLIENT BASE CLAIM, the secret on standard input (an empty line: a public client);
 * oidc alone says what is set, oidc off takes it away. */
static zh_rc oidc(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    zh_str issuer = zh_cli_argument(cli, 1);
    zh_str claim = zh_cli_argument(cli, 4);
    zh_oidc set = {.issuer = zh_str_is(issuer, "off") ? ZH_STR("") : issuer,
                   .client_id = zh_cli_argument(cli, 2),
                   .base = zh_cli_argument(cli, 3),
                   .claim = claim.n > 0 ? claim : ZH_STR("sub")};
    if (issuer.n == 0) {
        zh_rc rc = zh_oidc_read(s->core, cli->arena, &set, &cli->err);
        if (rc == ZH_OK) {
            zh_buf_fmt(out, "%.*s %.*s %.*s %.*s\n", ZH_FMT(set.issuer), ZH_FMT(set.client_id),
                       ZH_FMT(set.base), ZH_FMT(set.claim));
        }
        return rc;
    }
    zh_rc rc = set.issuer.n > 0 ? read_password(cli, &set.secret) : ZH_OK;
    return rc == ZH_OK ? zh_oidc_write(s->core, cli->arena, &set, &cli->err) : rc;
}

/* rekey, or rekey lost when the old key cannot be had back. */
static zh_rc rekey(zh_session *s, zh_buf *out)
{
    size_t sealed = 0;
    size_t given_up = 0;
    zh_str how = zh_cli_argument(s->cli, 1);
    if (how.n > 0 && !zh_str_is(how, "lost")) {
        return zh_cli_usage(s->cli, "cli.choice", "rekey 后面只能写 lost：旧密钥找不回了");
    }
    zh_rc rc = zh_secrets_rekey(s->core, how.n > 0, &sealed, &given_up, &s->cli->err);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "重新封存 %zu 个秘密，作废 %zu 个\n", sealed, given_up);
        zh_cli_note("新密钥在数据目录的 keys/ 里，请放进备份，和数据库分开保管");
    }
    return rc;
}

static zh_rc work(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    zh_str action = zh_cli_argument(cli, 0);
    zh_str login = zh_cli_argument(cli, 1);
    zh_str name = zh_cli_argument(cli, 2);
    zh_str password;
    if (action.n == 0 || zh_str_is(action, "list")) {
        return list(s, out);
    }
    if (zh_str_is(action, "setup")) {
        return setup(s, out);
    }
    if (zh_str_is(action, "oidc")) {
        return oidc(s, out);
    }
    if (zh_str_is(action, "readings")) {
        return readings(s, out);
    }
    if (zh_str_is(action, "rekey")) {
        return rekey(s, out);
    }
    if (zh_str_is(action, "key")) {
        return key(s, out);
    }
    zh_rc rc = needed(cli, login, "LOGIN");
    if (rc == ZH_OK && (zh_str_is(action, "add") || zh_str_is(action, "grant"))) {
        rc = needed(cli, name, zh_str_is(action, "add") ? "NAME" : "ROLE");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_str_is(action, "grant")) {
        zh_str scope = zh_cli_argument(cli, 3);
        scope = scope.n > 0 ? scope : ZH_STR("all");
        rc = zh_session_may_write(s);
        rc = rc == ZH_OK ? grant(s, login, name, scope, zh_cli_argument(cli, 4)) : rc;
        return rc == ZH_OK ? note_stranger(s, login) : rc;
    }
    if (zh_str_is(action, "totp")) {
        return totp(s, login, out);
    }
    if (zh_str_is(action, "reset")) {
        return reset(s, login, out);
    }
    if (zh_str_is(action, "disable") || zh_str_is(action, "enable")) {
        return zh_account_disable(s->core, login, zh_str_is(action, "disable"), &cli->err);
    }
    rc = read_password(cli, &password);
    if (rc != ZH_OK) {
        return rc;
    }
    return zh_str_is(action, "add") ? zh_account_create(s->core, login, name, password, &cli->err)
                                    : zh_account_password(s->core, login, password, &cli->err);
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, work);
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "list|setup|add|grant|password|reset|totp|key|oidc|readings|rekey|disable|enable",
     .optional = true,
     .zh = "列出、首次设置链接、建立、授予岗位、换口令、重设口令的链接、动态码、接口密钥、"
           "统一认证、核对阅读记录、换封存秘密的密钥、停用、启用；省略为列出",
     .en = "what to do"},
    {.name = "LOGIN", .kind = ZH_PARAM_TEXT, .optional = true, .zh = "登录名", .en = "login"},
    {.name = "NAME",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "姓名；授予岗位时是角色，或已提出的岗位的编号；接口密钥的用途，或 end 作废",
     .en = "name, the role to grant, what a key is for, or end"},
    {.name = "SCOPE",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "授予岗位时：数据范围 all subtree office own，省略为 all；接口密钥的范围，作废时是编号",
     .en = "data scope of the post; scope of a key, or the number of the key to end"},
    {.name = "PLACE",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "授予岗位时：机构所在区划的代码；接口密钥的有效天数",
     .en = "region code of the post; days of a key"},
};

ZH_VERB(account) = {
    .name = "account",
    .zh = "本地账户：首次设置链接、建立、换口令、停用",
    .en = "local accounts",
    .text = "口令从标准输入读一行。建立账户之后，服务要求登录；岗位（角色与数据范围）在登记册“岗位”"
            "里由两人授予。统一认证：account oidc 身份源 客户端 本站地址 "
            "作登录名的声明，密钥从标准输入读一行；"
            "account oidc off 停用。动态码、统一认证、webhook 的秘密用数据目录 keys/ 里的密钥封存；"
            "account rekey 换一把，account rekey lost 在密钥找不回时用。",
    .example = "zhiheng account setup\necho '一句只有我记得的话' | zhiheng account add wang 王某\n"
               "zhiheng account grant wang analyst subtree 420100\n"
               "zhiheng account key wang 夜间取数 complaint:read,export 30",
    .uses = ZH_MAKES_DATA | ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
