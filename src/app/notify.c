/* Settings of notices, and sending what waits. */
#include "app/notify.h"
#include "app/words.h"
#include "base/json.h"
#include "base/log.h"
#include "base/os.h"
#include "core/people/holder.h"
#include "core/people/lookup.h"
#include "core/read/read.h"
#include "model/title.h"
#include "net/client.h"
#include "proof/hash.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BODY_BYTES_MAX = 64 << 10, SECRET_BYTES_MAX = 256, NAME_BYTES_MAX = 64 };

/* ---- settings -------------------------------------------------------------------------------- */

static const zh_notify_setting settings_list[] = {
    {"url", "", "本系统的网址，写进邮件和 webhook 的链接"},
    {"smtp.host", "", "邮件服务器；空着就不发邮件"},
    {"smtp.port", "587", "它的端口"},
    {"smtp.security", "starttls", "starttls、tls 或 plain"},
    {"smtp.from", "", "发件地址"},
    {"smtp.from_name", "质衡", "发件人显示名"},
    {"smtp.user", "", "登录名；空着就不登录"},
    {"smtp.password_file", "", "口令所在的文件，只有服务进程能读"},
    {"letters.url", "", "短信或信件网关的网址；没有账号、只留电话的当事人由它通知"},
    {"letters.secret_file", "", "它的签名密钥所在的文件，只有服务进程能读"},
    {"digest.hour", "8", "每日汇总的钟点，0 至 23，只在工作日"},
    {"webhook.allow", "", "webhook 可以访问的内部地址，主机:端口，用空格隔开"},
};

const zh_notify_setting *zh_notify_setting_list(size_t *n)
{
    *n = ZH_COUNTOF(settings_list);
    return settings_list;
}

static zh_rc setting(zh_conn *conn, zh_arena *arena, const char *name, zh_str *out, zh_err *err)
{
    char full[NAME_BYTES_MAX];
    const char *otherwise = "";
    for (size_t i = 0; i < ZH_COUNTOF(settings_list); i++) {
        if (strcmp(settings_list[i].name, name) == 0) {
            otherwise = settings_list[i].otherwise;
        }
    }
    (void)snprintf(full, sizeof full, "notify.%s", name);
    zh_rc rc = zh_setting_get(conn, arena, full, out, err);
    if (rc == ZH_ENOTFOUND || (rc == ZH_OK && out->n == 0)) {
        *out = zh_str_of(otherwise);
        rc = ZH_OK;
    }
    return rc;
}

static bool security_of(zh_str text, zh_smtp_security *out)
{
    *out = zh_str_is(text, "tls")     ? ZH_SMTP_TLS
           : zh_str_is(text, "plain") ? ZH_SMTP_PLAIN
                                      : ZH_SMTP_STARTTLS;
    return *out != ZH_SMTP_STARTTLS || zh_str_is(text, "starttls");
}

zh_rc zh_notify_settings_read(zh_conn *conn, zh_arena *arena, zh_notify_settings *out, zh_err *err)
{
    zh_str security = ZH_STR("");
    zh_str hour = ZH_STR("");
    int64_t number = 0;
    *out = (zh_notify_settings){.hour = ZH_NOTIFY_DIGEST_HOUR};
    const struct {
        const char *name;
        zh_str *to;
    } texts[] = {{"url", &out->url},
                 {"smtp.host", &out->host},
                 {"smtp.port", &out->port},
                 {"smtp.from", &out->from},
                 {"smtp.from_name", &out->from_name},
                 {"smtp.user", &out->user},
                 {"smtp.password_file", &out->password_file},
                 {"webhook.allow", &out->webhooks},
                 {"letters.url", &out->letters},
                 {"letters.secret_file", &out->letters_secret_file},
                 {"smtp.security", &security},
                 {"digest.hour", &hour}};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(texts) && rc == ZH_OK; i++) {
        rc = setting(conn, arena, texts[i].name, texts[i].to, err);
    }
    (void)security_of(security, &out->security);
    if (zh_str_i64(hour, &number) == ZH_OK && number >= 0 && number <= 23) {
        out->hour = (int)number;
    }
    return rc;
}

static bool setting_fits(zh_str name, zh_str value)
{
    zh_smtp_security security;
    zh_client_authority authority;
    zh_err ignored = {0};
    uint64_t number = 0;
    for (size_t i = 0; i < value.n; i++) {
        if ((unsigned char)value.p[i] < ' ') {
            return false;
        }
    }
    if (value.n == 0) {
        return true;
    }
    if (zh_str_is(name, "url")) {
        return zh_client_url_check(value, &authority, &ignored) == ZH_OK &&
               !zh_str_ends(value, ZH_STR("/"));
    }
    if (zh_str_is(name, "smtp.port")) {
        return zh_str_u64(value, &number) == ZH_OK && number > 0 && number < 65536;
    }
    if (zh_str_is(name, "digest.hour")) {
        return zh_str_u64(value, &number) == ZH_OK && number < 24;
    }
    if (zh_str_is(name, "smtp.from")) {
        return zh_email_check(value, &ignored) == ZH_OK;
    }
    return value.n <= ZH_NOTIFY_SETTING_MAX &&
           (!zh_str_is(name, "smtp.security") || security_of(value, &security));
}

zh_rc zh_notify_setting_set(zh_core *core, zh_str name, zh_str value, zh_err *err)
{
    char full[NAME_BYTES_MAX];
    zh_conn *conn = NULL;
    bool known = false;
    for (size_t i = 0; i < ZH_COUNTOF(settings_list); i++) {
        known = known || zh_str_is(name, settings_list[i].name);
    }
    if (!known || !setting_fits(name, value)) {
        zh_err_set(err, ZH_EINVAL, "notify.setting",
                   known ? "“%.*s”不能是这个值" : "没有叫“%.*s”的通知设置", ZH_FMT(name));
        zh_err_fix(err, "zhiheng notify show 列出全部设置和可用的值");
        return ZH_EINVAL;
    }
    (void)snprintf(full, sizeof full, "notify.%.*s", ZH_FMT(name));
    zh_rc rc = zh_store_writer(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_begin(conn, err);
    }
    if (rc == ZH_OK) {
        rc = zh_setting_set(conn, full, value, err);
    }
    if (rc == ZH_OK) {
        rc = zh_commit(conn, err);
    }
    zh_store_release(conn); /* rolls back what is open */
    return rc;
}

/* ---- words ----------------------------------------------------------------------------------- */

zh_str zh_notify_words(zh_arena *arena, const zh_register *reg, zh_str cause, zh_str name)
{
    const zh_transition *t = zh_register_transition(reg, name);
    zh_str what = t != NULL                           ? t->label.zh
                  : zh_str_is(cause, ZH_NOTICE_ERASE) ? ZH_STR("删除个人信息")
                                                      : name;
    ptrdiff_t slash = zh_str_chr(name, '/');
    zh_str id = slash >= 0 ? zh_str_sub(name, 0, (size_t)slash) : name;
    for (size_t i = 0; i < reg->nclocks && t == NULL; i++) {
        what = zh_str_eq(reg->clocks[i].id, id) ? reg->clocks[i].label.zh : what;
    }
    const char *form = zh_str_is(cause, ZH_NOTICE_CREATED)  ? "新登记%.*s"
                       : zh_str_is(cause, ZH_NOTICE_BREACH) ? "%.*s届满"
                       : zh_str_is(cause, ZH_NOTICE_WARN)   ? "%.*s将届满"
                       : zh_str_is(cause, ZH_NOTICE_SECOND) || zh_str_is(cause, ZH_NOTICE_ERASE)
                           ? "%.*s等待第二人"
                       : zh_str_is(cause, ZH_NOTICE_VOTE) ? "%.*s待您表决"
                                                          : "%.*s";
    zh_buf text;
    zh_buf_init(&text, 1024);
    ptrdiff_t at = zh_str_find(zh_str_of(form), ZH_STR("%.*s"));
    zh_buf_str(&text, zh_str_sub(zh_str_of(form), 0, (size_t)at));
    zh_buf_str(&text, what);
    zh_buf_str(&text, zh_str_sub(zh_str_of(form), (size_t)at + 4, SIZE_MAX));
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

/* ---- webhooks -------------------------------------------------------------------------------- */

zh_str zh_webhook_signature(zh_arena *arena, zh_str secret, int64_t seconds, zh_str body)
{
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_hmac hmac;
    zh_digest digest;
    zh_str text = zh_str_fmt(arena, "%" PRId64 ".%.*s", seconds, ZH_FMT(body));
    zh_hmac_begin(&hmac, ZH_HASH_SHA256, secret.p, secret.n);
    zh_hmac_of(&hmac, text.p, text.n, &digest);
    zh_hmac_release(&hmac);
    zh_digest_hex(&digest, hex);
    return zh_str_fmt(arena, "v1=%s", hex);
}

zh_rc zh_notify_url_check(const zh_notify_settings *settings, zh_arena *arena, zh_str url,
                          bool *declared, zh_err *err)
{
    zh_client_authority to;
    zh_str rest = settings->webhooks;
    zh_str piece;
    *declared = false;
    zh_rc rc = zh_client_url_check(url, &to, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str wanted = zh_str_fmt(arena, "%s:%s", to.host, to.port);
    while (rest.n > 0 && zh_str_split(&rest, ' ', &piece)) {
        *declared = *declared || zh_str_eq(piece, wanted);
    }
    if (!*declared && !to.tls) {
        zh_err_set(err, ZH_EDENIED, "hook.plain", "webhook 的网址要以 https:// 开头");
        zh_err_fix(err, "内部地址请系统管理员登记：zhiheng notify set webhook.allow %.*s",
                   ZH_FMT(wanted));
        return ZH_EDENIED;
    }
    return ZH_OK;
}

typedef struct sending {
    zh_core *core;
    zh_ctx *ctx; /* sees everything */
    zh_conn *conn;
    zh_notify_settings settings;
    const zh_delivery *d;
    zh_err *why;
} sending;

/* The record as the owner of the hook may see it, in one of their posts. */
static zh_rc as_owner(sending *s, const zh_notice_event *e, zh_record **out)
{
    zh_holder *holders = NULL;
    size_t n = 0;
    const zh_register *reg = zh_model_register(s->ctx->model, e->reg);
    zh_rc rc = zh_holders(s->ctx, s->conn, &holders, &n);
    bool found = false;
    for (size_t i = 0; i < n && rc == ZH_OK && reg != NULL && !found; i++) {
        zh_err refused = {0};
        zh_ctx owner = zh_ctx_as(s->ctx, &holders[i]);
        owner.err = &refused;
        found =
            zh_str_eq(holders[i].login, s->d->login) &&
            (zh_rights(&owner, reg) & ZH_RIGHT_READ) != 0 &&
            zh_record_get(&owner, s->conn, reg, e->office, e->record, ZH_AS_OF_NOW, out) == ZH_OK;
    }
    return rc == ZH_OK && !found ? ZH_ENOTFOUND : rc;
}

static zh_str record_url(zh_arena *arena, const zh_notify_settings *settings, const zh_record *r)
{
    return zh_str_fmt(arena, "%.*s/registers/%.*s/%" PRId64 "-%" PRId64, ZH_FMT(settings->url),
                      ZH_FMT(r->reg->id), r->office, r->id);
}

static zh_str webhook_body(sending *s, const zh_notice_event *e, const zh_record *record)
{
    zh_arena *arena = s->ctx->arena;
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, BODY_BYTES_MAX);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "id", s->d->once);
    zh_jw_kv(&w, "at", zh_words_time(arena, e->at));
    zh_jw_kv(&w, "to", s->d->login);
    zh_jw_kv(&w, "register", record->reg->id);
    zh_jw_kv(&w, "register_label", record->reg->label.zh);
    zh_jw_kv(&w, "record", zh_str_fmt(arena, "%" PRId64 "-%" PRId64, record->office, record->id));
    zh_jw_kv(&w, "record_label", zh_title_plain(arena, record));
    zh_jw_kv(&w, "cause", e->cause);
    zh_jw_kv(&w, "name", e->name);
    zh_jw_kv(&w, "text", zh_notify_words(arena, record->reg, e->cause, e->name));
    zh_jw_kv(&w, "state", record->reg->states[record->state].id);
    zh_jw_kv(&w, "url", record_url(arena, &s->settings, record));
    zh_jw_object_end(&w);
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc post_webhook(sending *s, const zh_hook *hook, zh_str body, bool declared, int *status)
{
    zh_arena *arena = s->ctx->arena;
    zh_client_answer answer = {0};
    int64_t seconds = zh_now() / 1000000;
    zh_client_request request = {
        .method = "POST",
        .url = hook->url,
        .type = "application/json; charset=utf-8",
        .headers = zh_str_fmt(arena,
                              "User-Agent: zhiheng\r\nIdempotency-Key: %.*s\r\nZhiheng-Timestamp: "
                              "%" PRId64 "\r\nZhiheng-Signature: %.*s\r\n",
                              ZH_FMT(s->d->once), seconds,
                              ZH_FMT(zh_webhook_signature(arena, hook->secret, seconds, body))),
        .body = body,
        .public_only = !declared,
        .timeout_ms = ZH_NOTIFY_TIMEOUT_MS};
    zh_rc rc = zh_client_send(arena, &request, &answer, s->why);
    *status = answer.status;
    if (rc == ZH_OK && (answer.status < 200 || answer.status > 299)) {
        rc = zh_err_set(s->why, ZH_EIO, "hook.status", "对方回答 %d", answer.status);
    }
    return rc;
}

/* The state in which the delivery ends. */
static const char *send_webhook(sending *s)
{
    zh_hook hook;
    zh_notice_event event;
    zh_record *record = NULL;
    bool declared = false;
    int status = 0;
    zh_arena *arena = s->ctx->arena;
    zh_rc rc = zh_hook_get(s->ctx->core, s->conn, arena, s->d->hook, &hook, s->why);
    if (rc == ZH_OK) {
        rc = zh_notice_event_get(s->conn, arena, s->d->event, &event, s->why);
    }
    if (rc == ZH_OK) {
        rc = as_owner(s, &event, &record);
    }
    if (rc == ZH_OK) {
        rc = zh_notify_url_check(&s->settings, arena, hook.url, &declared, s->why);
        rc = rc == ZH_OK
                 ? post_webhook(s, &hook, webhook_body(s, &event, record), declared, &status)
                 : rc;
    }
    return rc == ZH_OK          ? "sent"
           : rc == ZH_ENOTFOUND ? "void" /* ended, forgotten, or no longer to be seen */
           : rc == ZH_EDENIED || status == 410 ? "dead"
                                               : "waiting";
}

/* ---- mail ------------------------------------------------------------------------------------ */

static zh_rc read_secret(sending *s, zh_str file, zh_str *out)
{
    zh_arena *arena = s->ctx->arena;
    *out = ZH_STR("");
    if (file.n == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_file_read(arena, zh_str_c(arena, file), SECRET_BYTES_MAX, out, s->why);
    *out = zh_str_trim(*out);
    return rc;
}

static zh_rc mail(sending *s, zh_str to, zh_str subject, zh_str text)
{
    zh_arena *arena = s->ctx->arena;
    zh_str password;
    zh_buf message;
    zh_mail m = {.from = s->settings.from,
                 .from_name = s->settings.from_name,
                 .to = to,
                 .subject = subject,
                 .id = s->d->once,
                 .date = s->d->created_at,
                 .text = text};
    zh_rc rc = read_secret(s, s->settings.password_file, &password);
    zh_buf_init(&message, ZH_MAIL_MESSAGE_BYTES_MAX);
    if (rc == ZH_OK) {
        rc = zh_mail_write(&m, &message, s->why);
    }
    if (rc == ZH_OK) {
        zh_smtp_server server = {.host = zh_str_c(arena, s->settings.host),
                                 .port = zh_str_c(arena, s->settings.port),
                                 .security = s->settings.security,
                                 .user = zh_str_c(arena, s->settings.user),
                                 .password = zh_str_c(arena, password),
                                 .timeout_ms = ZH_NOTIFY_TIMEOUT_MS};
        rc = zh_smtp_send(&server, m.from, m.to, zh_buf_view(&message), s->why);
    }
    zh_buf_free(&message);
    return rc;
}

static const char *send_mail(sending *s, zh_str to, zh_str subject, zh_str text)
{
    if (s->settings.host.n == 0 || s->settings.from.n == 0) {
        zh_err_set(s->why, ZH_EIO, "mail.none", "还没有设置邮件服务器和发件地址");
        return "waiting";
    }
    zh_rc rc = mail(s, to, subject, text);
    return rc == ZH_OK ? "sent" : rc == ZH_EINVAL || rc == ZH_ELIMIT ? "dead" : "waiting";
}

/* ---- parties without an account -------------------------------------------------------------- */

zh_str zh_notify_contact_text(zh_arena *arena, const zh_notify_settings *settings,
                              const zh_record *record, const zh_contact *contact)
{
    zh_str state =
        record->state >= 0 ? record->reg->states[record->state].public_name.zh : ZH_STR("");
    const zh_value *code = &record->values[contact->code->index];
    return zh_str_fmt(arena,
                      "【%.*s】您反映的事项（编号 %.*s）有新进展%s%.*s。查询码 "
                      "%.*s，请凭编号和查询码查询%s%.*s%s",
                      ZH_FMT(settings->from_name), ZH_FMT(zh_lookup_number(arena, record)),
                      state.n > 0 ? "：" : "", ZH_FMT(state),
                      ZH_FMT(code->kind == ZH_TEXT ? code->text : ZH_STR("")),
                      settings->url.n > 0 ? "：" : "", ZH_FMT(settings->url),
                      settings->url.n > 0 ? "/lookup" : "");
}

static zh_rc contact_record(sending *s, zh_notice_event *event, zh_record **out)
{
    zh_rc rc = zh_notice_event_get(s->conn, s->ctx->arena, s->d->event, event, s->why);
    const zh_register *reg = rc == ZH_OK ? zh_model_register(s->ctx->model, event->reg) : NULL;
    if (rc == ZH_OK && reg == NULL) {
        return ZH_ENOTFOUND;
    }
    return rc == ZH_OK ? zh_record_get(s->ctx, s->conn, reg, event->office, event->record,
                                       ZH_AS_OF_NOW, out)
                       : rc;
}

/* To the gateway, signed as a webhook: it turns the row into a message or a letter. */
static zh_rc post_letter(sending *s, const zh_notice_event *e, zh_str phone, zh_str said,
                         int *status)
{
    zh_arena *arena = s->ctx->arena;
    zh_hook hook = {.url = s->settings.letters};
    zh_buf text;
    zh_jw w;
    bool declared = false;
    zh_rc rc = read_secret(s, s->settings.letters_secret_file, &hook.secret);
    if (rc == ZH_OK && (hook.url.n == 0 || hook.secret.n == 0)) {
        rc = zh_err_set(s->why, ZH_EIO, "letters.none",
                        "还没有设置短信或信件网关（letters.url、letters.secret_file）");
    }
    if (rc == ZH_OK) {
        rc = zh_notify_url_check(&s->settings, arena, hook.url, &declared, s->why);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf_init(&text, BODY_BYTES_MAX);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "id", s->d->once);
    zh_jw_kv(&w, "at", zh_words_time(arena, e->at));
    zh_jw_kv(&w, "phone", phone);
    zh_jw_kv(&w, "text", said);
    zh_jw_object_end(&w);
    rc = post_webhook(s, &hook, zh_str_dup(arena, zh_buf_view(&text)), declared, status);
    zh_buf_free(&text);
    return rc;
}

/* By mail where the record has an address, else by the gateway. */
static const char *send_contact(sending *s)
{
    zh_notice_event event;
    zh_record *record = NULL;
    zh_contact contact;
    int status = 0;
    zh_rc rc = contact_record(s, &event, &record);
    if (rc != ZH_OK || !zh_contact_of(record->reg, &contact)) {
        return rc == ZH_OK || rc == ZH_ENOTFOUND ? "void" : "waiting";
    }
    const zh_value none = ZH_VALUE_NULL;
    const zh_value *email = contact.email != NULL ? &record->values[contact.email->index] : &none;
    const zh_value *phone = contact.phone != NULL ? &record->values[contact.phone->index] : &none;
    zh_str said = zh_notify_contact_text(s->ctx->arena, &s->settings, record, &contact);
    if (email->kind == ZH_TEXT && email->text.n > 0) {
        return send_mail(s, email->text, ZH_STR("您反映的事项有新进展"), said);
    }
    if (phone->kind != ZH_TEXT || phone->text.n == 0) {
        return "void"; /* taken away since */
    }
    rc = post_letter(s, &event, phone->text, said, &status);
    return rc == ZH_OK ? "sent" : rc == ZH_EDENIED || status == 410 ? "dead" : "waiting";
}

/* ---- a round --------------------------------------------------------------------------------- */

static zh_rc send_one(zh_core *core, zh_arena *arena, const zh_delivery *d, size_t *sent,
                      zh_err *err)
{
    zh_err why = {0};
    zh_ctx ctx = zh_ctx_local(core, arena, &why);
    sending s = {.core = core, .ctx = &ctx, .d = d, .why = &why};
    const char *state = "waiting";
    zh_rc rc = zh_store_reader(zh_core_store(core), &s.conn, err);
    if (rc == ZH_OK) {
        rc = zh_notify_settings_read(s.conn, arena, &s.settings, err);
    }
    if (rc == ZH_OK) {
        state = zh_str_is(d->channel, ZH_DELIVERY_MAIL)
                    ? send_mail(&s, d->target, d->subject, d->body)
                : zh_str_is(d->channel, ZH_DELIVERY_CONTACT) ? send_contact(&s)
                                                             : send_webhook(&s);
    }
    zh_store_release(s.conn);
    zh_ctx_end(&ctx);
    *sent += strcmp(state, "sent") == 0;
    if (strcmp(state, "sent") != 0 && why.rc != ZH_OK) {
        zh_log(ZH_WARN, "notify.delivery", "%.*s：%s [%s]", ZH_FMT(d->once), why.message, why.rule);
    }
    return rc == ZH_OK ? zh_delivery_end(core, d, state, zh_str_of(why.message), zh_now(), err)
                       : rc;
}

zh_rc zh_deliveries_run(zh_core *core, size_t *sent, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_rc rc = ZH_OK;
    uint64_t until = zh_monotonic_us() + ZH_NOTIFY_ROUND_US;
    *sent = 0;
    for (int i = 0; i < ZH_NOTIFY_RUN_MAX && rc == ZH_OK && zh_monotonic_us() < until; i++) {
        zh_arena_mark mark = zh_arena_here(arena);
        zh_delivery d;
        rc = zh_delivery_take(core, arena, zh_now(), &d, err);
        if (rc == ZH_OK) {
            rc = send_one(core, arena, &d, sent, err);
        }
        zh_arena_rewind(arena, mark);
    }
    zh_arena_free(arena);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}
