/* Sealed secrets; see secret.h. */
#include "core/instance/secret.h"
#include "base/log.h"
#include "base/os.h"
#include "core/instance/core_private.h"
#include "proof/aead.h"
#include "proof/hash.h"
#include "proof/key_file.h"
#include "proof/note.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "sealed1."

enum { ID_BYTES = 4, ID_CHARS = 2 * ID_BYTES, EXTRA = ZH_AEAD_NONCE_BYTES + ZH_AEAD_TAG_BYTES };

typedef struct secret_key {
    uint8_t bytes[ZH_AEAD_KEY_BYTES];
    char id[ID_CHARS + 1];
} secret_key;

/* ---- key files ------------------------------------------------------------------------------- */

static void name_key(secret_key *key)
{
    static const char domain[] = "zhiheng secret key\n";
    zh_digest digest;
    zh_hash hash;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    zh_hash_add(&hash, domain, sizeof domain - 1);
    zh_hash_add(&hash, key->bytes, sizeof key->bytes);
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    zh_hex(digest.b, ID_BYTES, key->id);
}

static zh_rc need_folder(const zh_core *core, zh_err *err)
{
    if (zh_core_data_dir(core) != NULL) {
        return ZH_OK;
    }
    zh_err_set(err, ZH_EINVAL, "secret.where", "没有数据目录，封存秘密的密钥无处可取");
    zh_err_fix(err, "在有数据目录的那台服务器上办，加上 --data");
    return ZH_EINVAL;
}

static const char *key_path(const zh_core *core, zh_arena *arena, zh_str id)
{
    return zh_str_fmt(arena, "%s/keys/%.*s.secret", zh_core_data_dir(core), ZH_FMT(id)).p;
}

static zh_rc lost(const char *path, zh_str id, zh_err *err)
{
    zh_err_again(err);
    zh_err_set(err, ZH_ENOTFOUND, "secret.key.lost", "封存动态码等秘密的密钥 %.*s 不在数据目录里",
               ZH_FMT(id));
    zh_err_where(err, "%s", path);
    zh_err_fix(err, "从备份放回原处并 chmod 600；找不回时运行 zhiheng account rekey lost，"
                    "再由本人重新启用动态码、重设统一认证和 webhook");
    return ZH_ENOTFOUND;
}

static zh_rc load_key(const zh_core *core, zh_arena *arena, zh_str id, secret_key *out, zh_err *err)
{
    char text[ZH_KEY_FILE_BYTES_MAX];
    size_t n = 0;
    zh_rc rc = need_folder(core, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const char *path = key_path(core, arena, id);
    rc = zh_key_file_read(path, text, &n, err);
    if (rc == ZH_ENOTFOUND) {
        return lost(path, id, err);
    }
    if (rc == ZH_OK && !zh_unhex((zh_str){text, n}, out->bytes, sizeof out->bytes)) {
        rc = ZH_ECORRUPT;
    }
    if (rc == ZH_OK) {
        name_key(out);
        rc = zh_str_is(id, out->id) ? ZH_OK : ZH_ECORRUPT;
    }
    explicit_bzero(text, sizeof text);
    if (rc == ZH_ECORRUPT) {
        zh_err_set(err, rc, "secret.key.form", "这个文件不是密钥 %.*s", ZH_FMT(id));
        zh_err_where(err, "%s", path);
        zh_err_fix(err, "从备份放回原来的文件");
    }
    return rc;
}

static zh_rc make_key(const zh_core *core, zh_arena *arena, secret_key *out, zh_err *err)
{
    char hex[2 * ZH_AEAD_KEY_BYTES + 1];
    zh_rc rc = need_folder(core, err);
    if (rc == ZH_OK) {
        rc = zh_dir_make(zh_str_fmt(arena, "%s/keys", zh_core_data_dir(core)).p, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_random(out->bytes, sizeof out->bytes);
    name_key(out);
    zh_hex(out->bytes, sizeof out->bytes, hex);
    rc = zh_key_file_write(key_path(core, arena, zh_str_of(out->id)), zh_str_of(hex), err);
    explicit_bzero(hex, sizeof hex);
    return rc;
}

static void drop_key(const zh_core *core, zh_arena *arena, const char *id)
{
    if (id[0] != '\0') {
        (void)unlink(key_path(core, arena, zh_str_of(id)));
    }
}

/* ---- one text -------------------------------------------------------------------------------- */

static bool is_sealed(zh_str text)
{
    return zh_str_starts(text, ZH_STR(PREFIX));
}

static zh_str bound_to(zh_arena *arena, const char *what, zh_str whose)
{
    return zh_str_fmt(arena, "%s\n%.*s", what, ZH_FMT(whose));
}

static zh_str seal_with(const secret_key *key, zh_arena *arena, zh_str bound, zh_str plain)
{
    uint8_t *bytes = ZH_NEW_N(arena, uint8_t, plain.n + EXTRA);
    zh_buf text;
    zh_random(bytes, ZH_AEAD_NONCE_BYTES);
    zh_aead_seal(key->bytes, bytes, bound, plain, bytes + ZH_AEAD_NONCE_BYTES);
    zh_buf_init(&text, 2 * (plain.n + EXTRA) + sizeof PREFIX + ID_CHARS + 8);
    zh_buf_fmt(&text, PREFIX "%s.", key->id);
    zh_base64_write((zh_str){(const char *)bytes, plain.n + EXTRA}, &text);
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc changed(const char *what, zh_err *err)
{
    zh_err_set(err, ZH_ECORRUPT, "secret.changed", "库里封存的秘密（%s）被改动过，或不是给这里的",
               what);
    zh_err_fix(err, "重新设置它；并查清谁改过数据库");
    return ZH_ECORRUPT;
}

/* The id of the key that a text was sealed with, and the sealed bytes in base64. */
static bool take_apart(zh_str sealed, zh_str *id, zh_str *body)
{
    *body = zh_str_sub(sealed, sizeof PREFIX - 1, sealed.n);
    bool good = is_sealed(sealed) && zh_str_split(body, '.', id) && id->n == ID_CHARS;
    for (size_t i = 0; good && i < id->n; i++) { /* it becomes part of a path */
        good = (id->p[i] >= '0' && id->p[i] <= '9') || (id->p[i] >= 'a' && id->p[i] <= 'f');
    }
    return good;
}

zh_rc zh_secret_open(zh_core *core, zh_arena *arena, const char *what, zh_str whose, zh_str sealed,
                     zh_str *out, zh_err *err)
{
    secret_key key;
    zh_str id;
    zh_str body;
    size_t n = 0;
    *out = ZH_STR("");
    if (sealed.n == 0) {
        return ZH_OK;
    }
    uint8_t *bytes = ZH_NEW_N(arena, uint8_t, sealed.n + 1);
    if (!take_apart(sealed, &id, &body) || !zh_base64_read(body, bytes, sealed.n, &n) ||
        n < EXTRA) {
        return changed(what, err);
    }
    zh_rc rc = load_key(core, arena, id, &key, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str text = {(const char *)bytes + ZH_AEAD_NONCE_BYTES, n - ZH_AEAD_NONCE_BYTES};
    char *plain = ZH_NEW_N(arena, char, n);
    rc = zh_aead_open(key.bytes, bytes, bound_to(arena, what, whose), text, (uint8_t *)plain);
    explicit_bzero(&key, sizeof key);
    *out = (zh_str){plain, n - EXTRA};
    return rc == ZH_OK ? ZH_OK : changed(what, err);
}

/* ---- the key in use -------------------------------------------------------------------------- */

typedef struct work {
    zh_core *core;
    zh_arena *arena;
    secret_key key; /* id empty: not yet known */
    bool fresh;     /* made here: its file goes when it is not taken into use */
    bool renew, give_up;
    size_t sealed, given_up;
    ZH_VEC(zh_str) old; /* ids of keys that are no longer needed */
} work;

static zh_rc use_fresh(work *w, zh_conn *conn, zh_err *err)
{
    zh_rc rc = w->fresh ? ZH_OK : make_key(w->core, w->arena, &w->key, err);
    w->fresh = rc == ZH_OK;
    return rc == ZH_OK ? zh_setting_set(conn, ZH_SET_SECRET_KEY, zh_str_of(w->key.id), err) : rc;
}

/* The key in use, in a writing transaction; the first one is made. */
static zh_rc current_key(work *w, zh_conn *conn, zh_err *err)
{
    zh_str id = ZH_STR("");
    zh_rc rc = zh_setting_get(conn, w->arena, ZH_SET_SECRET_KEY, &id, err);
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        return rc;
    }
    if (rc == ZH_OK && !w->renew && !(w->fresh && zh_str_is(id, w->key.id))) {
        if (w->fresh) { /* somebody else was first */
            drop_key(w->core, w->arena, w->key.id);
            w->fresh = false;
        }
        return load_key(w->core, w->arena, id, &w->key, err);
    }
    return use_fresh(w, conn, err);
}

static zh_rc first_key(void *user, zh_conn *conn, zh_err *err)
{
    return current_key(user, conn, err);
}

/* The key in use; the first one is made. */
static zh_rc key_in_use(zh_core *core, zh_arena *arena, secret_key *out, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_str id = ZH_STR("");
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_setting_get(conn, arena, ZH_SET_SECRET_KEY, &id, err);
    }
    zh_store_release(conn);
    if (rc != ZH_ENOTFOUND) {
        return rc == ZH_OK ? load_key(core, arena, id, out, err) : rc;
    }
    work w = {.core = core, .arena = arena};
    rc = zh_core_write(core, first_key, &w, err);
    if (rc != ZH_OK && w.fresh) {
        drop_key(core, arena, w.key.id);
    }
    *out = w.key;
    explicit_bzero(&w.key, sizeof w.key);
    return rc;
}

zh_rc zh_secret_seal(zh_core *core, zh_arena *arena, const char *what, zh_str whose, zh_str plain,
                     zh_str *out, zh_err *err)
{
    secret_key key;
    *out = ZH_STR("");
    if (plain.n == 0) {
        return ZH_OK;
    }
    if (plain.n > ZH_SECRET_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "secret.length", "秘密超过 %zu 字节",
                          ZH_SECRET_BYTES_MAX);
    }
    zh_rc rc = need_folder(core, err);
    if (rc == ZH_OK) {
        rc = key_in_use(core, arena, &key, err);
    }
    if (rc == ZH_OK) {
        *out = seal_with(&key, arena, bound_to(arena, what, whose), plain);
        explicit_bzero(&key, sizeof key);
    }
    return rc;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Where secrets stand: rows of (whose, text), and how one is replaced. */
static const struct place {
    const char *what, *select, *update;
} places[] = {
    {ZH_SECRET_TOTP, "SELECT login, totp FROM zh_account WHERE office = 0 AND totp <> ''",
     "UPDATE zh_account SET totp = ? WHERE office = 0 AND login = ?"},
    {ZH_SECRET_TOTP, "SELECT login, totp_new FROM zh_account WHERE office = 0 AND totp_new <> ''",
     "UPDATE zh_account SET totp_new = ? WHERE office = 0 AND login = ?"},
    {ZH_SECRET_OIDC,
     "SELECT '', value FROM zh_setting WHERE office = 0 AND name = 'identity.oidc' AND value <> ''",
     "UPDATE zh_setting SET value = ? WHERE office = 0 AND name = 'identity.oidc' AND ? = ''"},
    {ZH_SECRET_HOOK, "SELECT id, secret FROM zh_hook WHERE office = 0 AND secret <> ''",
     "UPDATE zh_hook SET secret = ? WHERE office = 0 AND id = ?"},
};

typedef struct held {
    zh_str whose, text;
    int64_t id; /* of a webhook */
} held;
typedef ZH_VEC(held) held_list;

static zh_rc read_place(zh_conn *conn, zh_arena *arena, const struct place *place, held_list *out,
                        zh_err *err)
{
    zh_stmt *stmt = NULL;
    bool numbered = strcmp(place->what, ZH_SECRET_HOOK) == 0;
    zh_rc rc = zh_query(conn, zh_str_of(place->select), NULL, 0, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        held one = {.text = zh_str_dup(arena, zh_col_str(stmt, 1))};
        one.id = numbered ? zh_col_i64(stmt, 0) : 0;
        one.whose = numbered ? zh_str_fmt(arena, "%" PRId64, one.id)
                             : zh_str_dup(arena, zh_col_str(stmt, 0));
        zh_vec_push(arena, out, one);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static void note_old(work *w, zh_str text)
{
    zh_str id;
    zh_str body;
    bool known = !take_apart(text, &id, &body);
    for (size_t i = 0; i < w->old.n && !known; i++) {
        known = zh_str_eq(w->old.p[i], id);
    }
    if (!known && !zh_str_is(id, w->key.id)) {
        zh_vec_push(w->arena, &w->old, zh_str_dup(w->arena, id));
    }
}

/* Whether a failure means that no key opens the text. */
static bool is_gone(zh_rc rc)
{
    return rc == ZH_ENOTFOUND || rc == ZH_ECORRUPT;
}

static zh_rc renew_one(work *w, zh_conn *conn, const struct place *place, const held *one,
                       zh_err *err)
{
    zh_err why = {0};
    zh_str plain = one->text;
    zh_str text = ZH_STR("");
    zh_rc rc = is_sealed(one->text) ? zh_secret_open(w->core, w->arena, place->what, one->whose,
                                                     one->text, &plain, &why)
                                    : ZH_OK;
    if (rc != ZH_OK && !(w->give_up && is_gone(rc))) {
        *err = why;
        return rc;
    }
    note_old(w, one->text);
    if (rc == ZH_OK) {
        text = seal_with(&w->key, w->arena, bound_to(w->arena, place->what, one->whose), plain);
    }
    w->sealed += rc == ZH_OK;
    w->given_up += rc != ZH_OK;
    bool numbered = strcmp(place->what, ZH_SECRET_HOOK) == 0;
    zh_sql_value values[] = {ZH_SQL_STR(text),
                             numbered ? ZH_SQL_INT(one->id) : ZH_SQL_STR(one->whose)};
    return zh_run(conn, place->update, values, ZH_COUNTOF(values), NULL, err);
}

static zh_rc seal_all(void *user, zh_conn *conn, zh_err *err)
{
    work *w = user;
    w->sealed = w->given_up = 0;
    zh_rc rc = current_key(w, conn, err);
    for (size_t p = 0; p < ZH_COUNTOF(places) && rc == ZH_OK; p++) {
        held_list list = {0};
        rc = read_place(conn, w->arena, &places[p], &list, err);
        for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
            if (w->renew || !is_sealed(list.p[i].text)) {
                rc = renew_one(w, conn, &places[p], &list.p[i], err);
            }
        }
    }
    return rc;
}

static zh_rc any_in_clear(zh_core *core, zh_arena *arena, bool *out, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    *out = false;
    for (size_t p = 0; p < ZH_COUNTOF(places) && rc == ZH_OK && !*out; p++) {
        held_list list = {0};
        rc = read_place(conn, arena, &places[p], &list, err);
        for (size_t i = 0; i < list.n && !*out; i++) {
            *out = !is_sealed(list.p[i].text);
        }
    }
    zh_store_release(conn);
    return rc;
}

static zh_rc run(work *w, zh_err *err)
{
    zh_rc rc = zh_core_write(w->core, seal_all, w, err);
    if (rc != ZH_OK && w->fresh) {
        drop_key(w->core, w->arena, w->key.id);
    }
    for (size_t i = 0; rc == ZH_OK && i < w->old.n; i++) {
        drop_key(w->core, w->arena, zh_str_c(w->arena, w->old.p[i]));
    }
    explicit_bzero(&w->key, sizeof w->key);
    return rc;
}

zh_rc zh_secrets_adopt(zh_core *core, zh_err *err)
{
    bool any = false;
    if (zh_core_data_dir(core) == NULL) {
        return ZH_OK;
    }
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    work w = {.core = core, .arena = arena};
    zh_rc rc = any_in_clear(core, arena, &any, err);
    if (rc == ZH_OK && any) {
        rc = run(&w, err);
        zh_log(ZH_WARN, "identity.secret", "%zu 个秘密从明文改为封存", w.sealed);
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_secrets_rekey(zh_core *core, bool give_up, size_t *sealed, size_t *given_up, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    work w = {.core = core, .arena = arena, .renew = true, .give_up = give_up};
    zh_rc rc = need_folder(core, err);
    if (rc == ZH_OK) {
        rc = run(&w, err);
    }
    *sealed = w.sealed;
    *given_up = w.given_up;
    if (rc == ZH_OK) {
        zh_log(ZH_WARN, "identity.secret", "换了封存秘密的密钥：%zu 个重新封存，%zu 个作废",
               w.sealed, w.given_up);
    }
    zh_arena_free(arena);
    return rc;
}
