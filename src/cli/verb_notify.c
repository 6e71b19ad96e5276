/* notify: settings of notices, what was sent and what was not, digests and sending by hand. */
#include "app/notify.h"
#include "cli/print.h"
#include "cli/session.h"
#include <inttypes.h>

enum { LIMIT = 100 };

static zh_rc show(zh_session *s, zh_buf *out)
{
    static const char *const headers[] = {"设置", "值", "含义"};
    size_t n = 0;
    const zh_notify_setting *list = zh_notify_setting_list(&n);
    zh_text_table table;
    zh_rc rc = zh_session_read(s);
    zh_text_table_init(&table, s->cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_str value = ZH_STR("");
        zh_str name = zh_str_fmt(s->cli->arena, "notify.%s", list[i].name);
        rc = zh_setting_get(s->conn, s->cli->arena, name.p, &value, &s->cli->err);
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
        zh_text_table_add(&table, zh_str_of(list[i].name));
        zh_text_table_add(&table, value.n > 0 ? value : zh_str_of(list[i].otherwise));
        zh_text_table_add(&table, zh_str_of(list[i].zh));
    }
    zh_text_table_print(&table, out);
    return rc;
}

static zh_rc deliveries(zh_session *s, zh_str state, zh_buf *out)
{
    static const char *const headers[] = {"编号", "途径", "谁", "状态", "次数>", "建立于", "原因"};
    zh_delivery *list = NULL;
    size_t n = 0;
    zh_text_table table;
    zh_arena *arena = s->cli->arena;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = zh_delivery_list(s->conn, arena, state, ZH_STR(""), LIMIT, &list, &n, &s->cli->err);
    }
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        zh_text_table_add(&table, zh_str_fmt(arena, "%" PRId64, list[i].id));
        zh_text_table_add(&table, list[i].channel);
        zh_text_table_add(&table, list[i].login);
        zh_text_table_add(&table, list[i].state);
        zh_text_table_add(&table, zh_str_fmt(arena, "%" PRId64, list[i].tries));
        zh_text_table_add(&table, zh_text_time(arena, list[i].created_at));
        zh_text_table_add(&table, list[i].error);
    }
    zh_text_table_print(&table, out);
    return rc;
}

static zh_rc retry(zh_session *s, zh_str text)
{
    int64_t id = 0;
    if (zh_str_i64(text, &id) != ZH_OK) {
        return zh_cli_usage(s->cli, "cli.missing", "retry 后面写编号，见 zhiheng notify dead");
    }
    return zh_delivery_retry(s->core, id, &s->cli->err);
}

static zh_rc digest(zh_session *s, zh_str when, zh_buf *out)
{
    zh_time at = zh_now();
    size_t made = 0;
    if (when.n > 0 && zh_time_parse(when, &at) != ZH_OK) {
        return zh_cli_usage(s->cli, "cli.time", "“%.*s”不是时刻，写成 2026-11-23 08:00",
                            ZH_FMT(when));
    }
    zh_rc rc = zh_digests_run(s->core, at, &made, &s->cli->err);
    zh_buf_fmt(out, "%zu\n", made);
    return rc;
}

static zh_rc send_now(zh_session *s, zh_buf *out)
{
    size_t sent = 0;
    zh_notice_run told;
    zh_rc rc = zh_notices_run(s->core, zh_now(), &told, &s->cli->err);
    if (rc == ZH_OK) {
        rc = zh_deliveries_run(s->core, &sent, &s->cli->err);
    }
    zh_buf_fmt(out, "%zu\n", sent);
    return rc;
}

static zh_rc email(zh_session *s, zh_str login, zh_str address)
{
    zh_channel c = {.login = login, .email = address, .mailed = address.n > 0};
    return login.n > 0 ? zh_channel_set(s->core, &c, &s->cli->err)
                       : zh_cli_usage(s->cli, "cli.missing", "email 后面写登录名和地址");
}

static zh_rc hook(zh_session *s, zh_str login, zh_str url, zh_buf *out)
{
    char secret[2 * ZH_HOOK_SECRET_BYTES + 1];
    zh_notify_settings settings;
    bool declared = false;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = zh_notify_settings_read(s->conn, s->cli->arena, &settings, &s->cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_notify_url_check(&settings, s->cli->arena, url, &declared, &s->cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_hook_add(s->core, login, url, secret, &s->cli->err);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%s\n", secret);
        zh_cli_note("签名密钥只显示这一次");
    }
    return rc;
}

static zh_rc work(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    zh_str action = zh_cli_argument(cli, 0);
    zh_str name = zh_cli_argument(cli, 1);
    zh_str value = zh_cli_argument(cli, 2);
    if (action.n == 0 || zh_str_is(action, "show")) {
        return show(s, out);
    }
    if (zh_str_is(action, "set")) {
        return name.n > 0 ? zh_notify_setting_set(s->core, name, value, &cli->err)
                          : zh_cli_usage(cli, "cli.missing", "set 后面写设置名和值");
    }
    if (zh_str_is(action, "email")) {
        return email(s, name, value);
    }
    if (zh_str_is(action, "hook")) {
        return hook(s, name, value, out);
    }
    if (zh_str_is(action, "retry")) {
        return retry(s, name);
    }
    if (zh_str_is(action, "digest")) {
        return digest(s, name, out);
    }
    return zh_str_is(action, "send")
               ? send_now(s, out)
               : deliveries(s, zh_str_is(action, "dead") ? action : ZH_STR(""), out);
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, work);
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "show|set|email|hook|digest|send|list|dead|retry",
     .optional = true,
     .zh = "看设置、改设置、某人的邮箱、某人的 webhook、做当日汇总、送出、列出、列出未送达、重试",
     .en = "what to do"},
    {.name = "NAME",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "设置名、登录名、编号或汇总的时刻",
     .en = "setting, login, number, or instant of the digest"},
    {.name = "VALUE",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "值、邮箱地址或网址；空着是取消",
     .en = "value, address or URL"},
};

ZH_VERB(notify) = {
    .name = "notify",
    .zh = "通知：邮件与 webhook 的设置、每日汇总、未送达的",
    .en = "notices: settings, digests, deliveries",
    .text =
        "服务进程自己找出该通知谁、在设定的钟点做每日汇总、送出并按间隔重试。这里是设置它和看它做得"
        "怎样的地方。邮件口令不进数据库，写在只有服务进程能读的文件里。",
    .example = "zhiheng notify set smtp.host mail.example.org\n"
               "zhiheng notify set smtp.from zhiheng@example.org\n"
               "zhiheng notify email wang wang@example.org\n"
               "zhiheng notify dead",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
