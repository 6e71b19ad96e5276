/* OpenID Connect: asking the provider by discovery, and checking the word it gives. */
#include "app/oidc.h"
#include "base/json.h"
#include "base/os.h"
#include "base/time.h"
#include "net/client.h"
#include "net/form.h"
#include "proof/jwt.h"
#include "proof/note.h"

enum { RANDOM_BYTES = 32, CONFIG_BYTES_MAX = 8 << 10, FORM_BYTES_MAX = 16 << 10 };

/* ---- configuration ---- */

static zh_str text_of(const zh_json *object, const char *name)
{
    return zh_json_str(zh_json_get(object, name), ZH_STR(""));
}

/* Words that a person confided are not sent in the clear, except within this machine. */
static bool is_safe(zh_str url)
{
    static const char *const starts[] = {"https://", "http://127.0.0.1:", "http://127.0.0.1/",
                                         "http://localhost:", "http://[::1]:"};
    bool safe = false;
    for (size_t i = 0; i < ZH_COUNTOF(starts); i++) {
        safe = safe || zh_str_starts(url, zh_str_of(starts[i]));
    }
    return safe && zh_str_chr(url, ' ') < 0 && zh_str_chr(url, '#') < 0;
}

zh_rc zh_oidc_read(zh_core *core, zh_arena *arena, zh_oidc *out, zh_err *err)
{
    zh_str text;
    zh_json *json = NULL;
    zh_rc rc = zh_external_config(core, arena, &text, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (text.n == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "oidc.none", "没有设置统一认证");
    }
    rc = zh_json_parse(arena, text, &json, err);
    if (rc == ZH_OK) {
        *out = (zh_oidc){.issuer = text_of(json, "issuer"),
                         .client_id = text_of(json, "client_id"),
                         .secret = text_of(json, "secret"),
                         .claim = text_of(json, "claim"),
                         .base = text_of(json, "base")};
    }
    return rc;
}

zh_rc zh_oidc_write(zh_core *core, zh_arena *arena, const zh_oidc *oidc, zh_err *err)
{
    zh_buf text;
    zh_jw w;
    if (oidc->issuer.n == 0) {
        return zh_external_configure(core, ZH_STR(""), err);
    }
    if (!is_safe(oidc->issuer) || !is_safe(oidc->base) || oidc->client_id.n == 0 ||
        oidc->claim.n == 0 || zh_str_ends(oidc->base, ZH_STR("/"))) {
        zh_err_set(err, ZH_EINVAL, "oidc.config", "统一认证的设置不对");
        zh_err_fix(err, "身份源与本站地址以 https:// 开头（本机可用 http），本站地址末尾不带 /");
        return ZH_EINVAL;
    }
    zh_buf_init(&text, CONFIG_BYTES_MAX);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "issuer", oidc->issuer);
    zh_jw_kv(&w, "client_id", oidc->client_id);
    zh_jw_kv(&w, "secret", oidc->secret);
    zh_jw_kv(&w, "claim", oidc->claim);
    zh_jw_kv(&w, "base", oidc->base);
    zh_jw_object_end(&w);
    zh_str config = zh_str_dup(arena, zh_buf_view(&text));
    bool failed = text.failed;
    zh_buf_free(&text);
    return failed ? zh_err_set(err, ZH_ELIMIT, "oidc.config", "统一认证的设置太长")
                  : zh_external_configure(core, config, err);
}

/* ---- asking the provider ---- */

static zh_rc ask(zh_arena *arena, zh_client_request *request, const zh_json **out, zh_err *err)
{
    zh_client_answer answer = {0};
    zh_json *json = NULL;
    request->timeout_ms = ZH_OIDC_TIMEOUT_MS;
    zh_rc rc = zh_client_send(arena, request, &answer, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (answer.status != 200) {
        zh_err_set(err, ZH_EDENIED, "oidc.refused", "身份源没有给出应答（HTTP %d）", answer.status);
        zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(request->url, 0, 200)));
        return ZH_EDENIED;
    }
    rc = zh_json_parse(arena, answer.body, &json, err);
    *out = json;
    return rc;
}

static zh_rc discover(zh_arena *arena, const zh_oidc *oidc, const zh_json **out, zh_err *err)
{
    static const char *const needed[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    zh_client_request request = {
        .method = "GET",
        .url = zh_str_fmt(arena, "%.*s%s.well-known/openid-configuration", ZH_FMT(oidc->issuer),
                          zh_str_ends(oidc->issuer, ZH_STR("/")) ? "" : "/")};
    zh_rc rc = ask(arena, &request, out, err);
    bool right = rc == ZH_OK && zh_str_eq(text_of(*out, "issuer"), oidc->issuer);
    for (size_t i = 0; i < ZH_COUNTOF(needed) && right; i++) {
        right = is_safe(text_of(*out, needed[i]));
    }
    return rc != ZH_OK || right ? rc
                                : zh_err_set(err, ZH_EDENIED, "oidc.discovery",
                                             "身份源的说明与设置不符，或它的地址不安全");
}

static zh_str random_text(zh_arena *arena)
{
    uint8_t bytes[RANDOM_BYTES];
    zh_random(bytes, sizeof bytes);
    return zh_base64url(arena, (zh_str){(const char *)bytes, sizeof bytes});
}

static zh_str redirect_uri(zh_arena *arena, const zh_oidc *oidc)
{
    return zh_str_fmt(arena, "%.*s/login/oidc/back", ZH_FMT(oidc->base));
}

static void pair(zh_buf *out, const char *name, zh_str value)
{
    zh_buf_z(out, out->n > 0 ? "&" : "");
    zh_buf_z(out, name);
    zh_buf_c(out, '=');
    zh_form_encode(out, value);
}

zh_rc zh_oidc_leave(zh_core *core, zh_arena *arena, zh_str next, zh_str *url, zh_str *state,
                    zh_err *err)
{
    zh_oidc oidc;
    const zh_json *provider = NULL;
    zh_external kept = {.nonce = random_text(arena), .verifier = random_text(arena), .next = next};
    zh_buf query;
    zh_rc rc = zh_oidc_read(core, arena, &oidc, err);
    if (rc == ZH_OK) {
        rc = discover(arena, &oidc, &provider, err);
    }
    *state = random_text(arena);
    if (rc == ZH_OK) {
        rc = zh_external_keep(core, *state, &kept, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf_init(&query, FORM_BYTES_MAX);
    pair(&query, "response_type", ZH_STR("code"));
    pair(&query, "client_id", oidc.client_id);
    pair(&query, "redirect_uri", redirect_uri(arena, &oidc));
    pair(&query, "scope",
         zh_str_is(oidc.claim, "email") ? ZH_STR("openid email") : ZH_STR("openid profile"));
    pair(&query, "state", *state);
    pair(&query, "nonce", kept.nonce);
    pair(&query, "code_challenge", zh_pkce_challenge(arena, kept.verifier));
    pair(&query, "code_challenge_method", ZH_STR("S256"));
    zh_str endpoint = text_of(provider, "authorization_endpoint");
    *url = zh_str_fmt(arena, "%.*s%c%.*s", ZH_FMT(endpoint),
                      zh_str_chr(endpoint, '?') >= 0 ? '&' : '?', ZH_FMT(zh_buf_view(&query)));
    zh_buf_free(&query);
    return ZH_OK;
}

/* ---- coming back ---- */

/* client_secret_basic of RFC 6749 section 2.3.1, or a public client without a secret. */
static zh_str authorization(zh_arena *arena, const zh_oidc *oidc)
{
    zh_buf plain;
    zh_buf text;
    if (oidc->secret.n == 0) {
        return ZH_STR("");
    }
    zh_buf_init(&plain, CONFIG_BYTES_MAX);
    zh_buf_init(&text, (size_t)CONFIG_BYTES_MAX * 2);
    zh_form_encode(&plain, oidc->client_id);
    zh_buf_c(&plain, ':');
    zh_form_encode(&plain, oidc->secret);
    zh_buf_z(&text, "Authorization: Basic ");
    zh_base64_write(zh_buf_view(&plain), &text);
    zh_buf_z(&text, "\r\n");
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&plain);
    zh_buf_free(&text);
    return out;
}

static zh_rc redeem(zh_arena *arena, const zh_oidc *oidc, const zh_json *provider, zh_str code,
                    zh_str verifier, zh_str *token, zh_err *err)
{
    const zh_json *answer = NULL;
    zh_buf form;
    zh_buf_init(&form, FORM_BYTES_MAX);
    pair(&form, "grant_type", ZH_STR("authorization_code"));
    pair(&form, "code", code);
    pair(&form, "redirect_uri", redirect_uri(arena, oidc));
    pair(&form, "code_verifier", verifier);
    if (oidc->secret.n == 0) {
        pair(&form, "client_id", oidc->client_id);
    }
    zh_client_request request = {.method = "POST",
                                 .url = text_of(provider, "token_endpoint"),
                                 .type = "application/x-www-form-urlencoded",
                                 .headers = authorization(arena, oidc),
                                 .body = zh_str_dup(arena, zh_buf_view(&form))};
    bool failed = form.failed;
    zh_buf_free(&form);
    zh_rc rc = failed ? zh_err_set(err, ZH_ELIMIT, "oidc.code", "身份源给的授权码太长")
                      : ask(arena, &request, &answer, err);
    *token = rc == ZH_OK ? text_of(answer, "id_token") : ZH_STR("");
    return rc;
}

/* aud is the client or a list that holds it; with several, azp is the client. */
static bool is_for(const zh_json *claims, zh_str client)
{
    const zh_json *aud = zh_json_get(claims, "aud");
    zh_str azp = text_of(claims, "azp");
    bool found = aud != NULL && aud->kind == ZH_JSON_STRING && zh_str_eq(aud->text, client);
    bool several = false;
    for (const zh_json *one = aud != NULL && aud->kind == ZH_JSON_ARRAY ? aud->first : NULL;
         one != NULL; one = one->next) {
        found = found || zh_str_eq(zh_json_str(one, ZH_STR("")), client);
        several = several || one->next != NULL;
    }
    return found && (several || azp.n > 0 ? zh_str_eq(azp, client) : true);
}

static bool in_time(const zh_json *claims)
{
    int64_t now = zh_now() / 1000000;
    int64_t exp = 0;
    int64_t iat = 0;
    int64_t nbf = 0;
    const zh_json *before = zh_json_get(claims, "nbf");
    return zh_json_i64(zh_json_get(claims, "exp"), &exp) == ZH_OK &&
           zh_json_i64(zh_json_get(claims, "iat"), &iat) == ZH_OK && now < exp + ZH_OIDC_SKEW_S &&
           iat < now + ZH_OIDC_SKEW_S && iat > now - 3600 &&
           (before == NULL || (zh_json_i64(before, &nbf) == ZH_OK && nbf < now + ZH_OIDC_SKEW_S));
}

static zh_rc check_claims(const zh_oidc *oidc, const zh_json *claims, zh_str nonce, zh_err *err)
{
    const char *wrong = !zh_str_eq(text_of(claims, "iss"), oidc->issuer) ? "签发者不对"
                        : !is_for(claims, oidc->client_id)               ? "不是发给本站的"
                        : !in_time(claims)                            ? "过期或还没有生效"
                        : !zh_str_eq(text_of(claims, "nonce"), nonce) ? "不是为这次登录签的"
                        : text_of(claims, "sub").n == 0               ? "没有写是谁"
                                                                      : NULL;
    return wrong == NULL ? ZH_OK : zh_err_set(err, ZH_EDENIED, "oidc.token", "身份令牌%s", wrong);
}

/* The login that the declared claim names; an e-mail counts only when the provider verified it. */
static zh_str claimed_login(zh_arena *arena, const zh_oidc *oidc, const zh_json *claims)
{
    const zh_json *verified = zh_json_get(claims, "email_verified");
    zh_err ignored = {0};
    zh_str login = zh_str_lower_ascii(arena, text_of(claims, zh_str_c(arena, oidc->claim)));
    bool unverified = zh_str_is(oidc->claim, "email") &&
                      (verified == NULL || verified->kind != ZH_JSON_BOOL || !verified->boolean);
    return unverified || zh_login_check(login, &ignored) != ZH_OK ? ZH_STR("") : login;
}

static zh_rc prove(zh_arena *arena, const zh_oidc *oidc, const zh_oidc_return *answer,
                   const zh_external *kept, const zh_json **claims, zh_err *err)
{
    const zh_json *provider = NULL;
    const zh_json *jwks = NULL;
    zh_str token;
    zh_rc rc = discover(arena, oidc, &provider, err);
    if (rc == ZH_OK) {
        rc = redeem(arena, oidc, provider, answer->code, kept->verifier, &token, err);
    }
    if (rc == ZH_OK) {
        zh_client_request request = {.method = "GET", .url = text_of(provider, "jwks_uri")};
        rc = ask(arena, &request, &jwks, err);
    }
    if (rc == ZH_OK) {
        rc = zh_jwt_verify(arena, token, jwks, claims, err);
    }
    return rc == ZH_OK ? check_claims(oidc, *claims, kept->nonce, err) : rc;
}

zh_rc zh_oidc_come_back(zh_core *core, zh_arena *arena, const zh_oidc_return *answer, zh_str *login,
                        zh_str *next, zh_err *err)
{
    zh_oidc oidc;
    zh_external kept = {0};
    const zh_json *claims = NULL;
    zh_rc rc = zh_oidc_read(core, arena, &oidc, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (answer->state.n == 0 || !zh_str_eq(answer->state, answer->cookie)) {
        return zh_err_set(err, ZH_EDENIED, "oidc.state",
                          "这次统一认证的登录不是从这个浏览器开始的");
    }
    rc = zh_external_take(core, arena, answer->state, &kept, err);
    if (rc == ZH_OK && (answer->error.n > 0 || answer->code.n == 0)) {
        rc = zh_err_set(err, ZH_EDENIED, "oidc.refused", "统一认证没有放行：%.*s",
                        ZH_FMT(zh_str_sub(answer->error, 0, 60)));
    }
    if (rc == ZH_OK && answer->iss.n > 0 && !zh_str_eq(answer->iss, oidc.issuer)) {
        rc = zh_err_set(err, ZH_EDENIED, "oidc.refused", "应答来自另一个身份源");
    }
    if (rc == ZH_OK) {
        rc = prove(arena, &oidc, answer, &kept, &claims, err);
    }
    if (rc == ZH_OK) {
        zh_str subject =
            zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(oidc.issuer), ZH_FMT(text_of(claims, "sub")));
        rc = zh_external_login(core, arena, subject, claimed_login(arena, &oidc, claims), login,
                               err);
    }
    *next = kept.next;
    return rc;
}
