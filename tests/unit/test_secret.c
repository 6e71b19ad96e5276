/* Sealed secrets: they open for whom they were sealed and nowhere else, not without their key file,
 * and not when anything was changed; what stood in the clear is sealed at the next opening; another
 * key. Both databases when ZH_TEST_PG_URL is set. */
#include "base/os.h"
#include "core/instance/secret.h"
#include "core/notice/delivery.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static zh_str seal(fixture *f, const char *what, const char *whose, const char *plain)
{
    zh_str out;
    zh_err_clear(&f->err);
    assert_int_equal(
        zh_secret_seal(f->core, f->arena, what, zh_str_of(whose), zh_str_of(plain), &out, &f->err),
        ZH_OK);
    return out;
}

static zh_rc opened(fixture *f, const char *what, const char *whose, zh_str sealed, zh_str *out)
{
    zh_err_clear(&f->err);
    return zh_secret_open(f->core, f->arena, what, zh_str_of(whose), sealed, out, &f->err);
}

/* The only key file; its path in *path, names in the arena. */
static size_t key_files(fixture *f, const char **path)
{
    zh_str *names = NULL;
    size_t n = 0;
    zh_err none = {0};
    const char *folder = zh_str_fmt(f->arena, "%s/keys", f->folder).p;
    (void)!zh_dir_list(f->arena, folder, &names, &n, &none);
    *path = n > 0 ? zh_str_fmt(f->arena, "%s/%.*s", folder, ZH_FMT(names[0])).p : NULL;
    return n;
}

static void test_round_trip(void **state)
{
    (void)state;
    fixture f;
    zh_str out;
    const char *path;
    struct stat info;
    fx_open(&f, NULL);
    assert_int_equal(key_files(&f, &path), 0); /* no key before it is needed */
    zh_str one = seal(&f, ZH_SECRET_TOTP, "wang", "JBSWY3DPEHPK3PXP");
    zh_str two = seal(&f, ZH_SECRET_TOTP, "wang", "JBSWY3DPEHPK3PXP");
    assert_false(zh_str_eq(one, two)); /* a nonce of its own */
    assert_true(zh_str_find(one, ZH_STR("JBSW")) < 0);
    assert_int_equal(key_files(&f, &path), 1);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(opened(&f, ZH_SECRET_TOTP, "wang", one, &out), ZH_OK);
    assert_true(zh_str_is(out, "JBSWY3DPEHPK3PXP"));
    assert_int_equal(opened(&f, ZH_SECRET_TOTP, "li", one, &out), ZH_ECORRUPT);
    assert_int_equal(opened(&f, ZH_SECRET_HOOK, "wang", one, &out), ZH_ECORRUPT);
    assert_int_equal(opened(&f, ZH_SECRET_TOTP, "wang", ZH_STR("JBSWY3DPEHPK3PXP"), &out),
                     ZH_ECORRUPT); /* in the clear nothing is taken */
    assert_string_equal(f.err.rule, "secret.changed");
    assert_int_equal(opened(&f, ZH_SECRET_TOTP, "wang", ZH_STR(""), &out), ZH_OK);
    assert_int_equal(out.n, 0);
    for (size_t i = 0; i < one.n; i++) { /* every character matters */
        char *changed = ZH_NEW_N(f.arena, char, one.n);
        memcpy(changed, one.p, one.n);
        changed[i] = changed[i] == '0' ? '1' : '0';
        zh_rc rc = opened(&f, ZH_SECRET_TOTP, "wang", (zh_str){changed, one.n}, &out);
        assert_true(rc == ZH_ECORRUPT || rc == ZH_ENOTFOUND);
    }
    fx_close(&f);
}

static void test_caps(void **state)
{
    (void)state;
    fixture f;
    zh_str out;
    fx_open(&f, NULL);
    char *text = ZH_NEW_N(f.arena, char, ZH_SECRET_BYTES_MAX + 1);
    memset(text, 'x', ZH_SECRET_BYTES_MAX + 1);
    zh_str most = {text, ZH_SECRET_BYTES_MAX};
    zh_str over = {text, ZH_SECRET_BYTES_MAX + 1};
    assert_int_equal(
        zh_secret_seal(f.core, f.arena, ZH_SECRET_OIDC, ZH_STR(""), most, &out, &f.err), ZH_OK);
    assert_int_equal(opened(&f, ZH_SECRET_OIDC, "", out, &out), ZH_OK);
    assert_true(zh_str_eq(out, most));
    assert_int_equal(
        zh_secret_seal(f.core, f.arena, ZH_SECRET_OIDC, ZH_STR(""), over, &out, &f.err), ZH_ELIMIT);
    fx_close(&f);
}

static void test_key_file(void **state)
{
    (void)state;
    fixture f;
    zh_str out;
    const char *path;
    fx_open(&f, NULL);
    zh_str one = seal(&f, ZH_SECRET_OIDC, "", "geheim");
    assert_int_equal(key_files(&f, &path), 1);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(opened(&f, ZH_SECRET_OIDC, "", one, &out), ZH_EDENIED);
    assert_string_equal(f.err.rule, "key.file.mode");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(opened(&f, ZH_SECRET_OIDC, "", one, &out), ZH_OK);
    const char *away = zh_str_fmt(f.arena, "%s/away", f.folder).p;
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(opened(&f, ZH_SECRET_OIDC, "", one, &out), ZH_ENOTFOUND);
    assert_string_equal(f.err.rule, "secret.key.lost");
    assert_non_null(strstr(f.err.fix, "account rekey lost"));
    FILE *other = fopen(path, "w"); /* another key under its name */
    assert_non_null(other);
    for (size_t i = 0; i < 32; i++) {
        assert_true(fputs("ab", other) >= 0);
    }
    assert_int_equal(fclose(other), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(opened(&f, ZH_SECRET_OIDC, "", one, &out), ZH_ECORRUPT);
    assert_string_equal(f.err.rule, "secret.key.form");
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(opened(&f, ZH_SECRET_OIDC, "", one, &out), ZH_OK);
    fx_close(&f);
}

static zh_str hook_secret(fixture *f, int64_t id)
{
    zh_conn *conn = NULL;
    zh_hook hook = {0};
    zh_err_clear(&f->err);
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    zh_rc rc = zh_hook_get(f->core, conn, f->arena, id, &hook, &f->err);
    zh_store_release(conn);
    return rc == ZH_OK ? hook.secret : ZH_STR("(not opened)");
}

static void test_another_key(void **state)
{
    (void)state;
    fixture f;
    char secret[2 * ZH_HOOK_SECRET_BYTES + 1];
    const char *before;
    const char *after;
    size_t sealed = 0;
    size_t given_up = 0;
    fx_open(&f, NULL);
    assert_int_equal(
        zh_hook_add(f.core, ZH_STR("wang"), ZH_STR("https://example.org/"), secret, &f.err), ZH_OK);
    int64_t id = fx_count(&f, "SELECT id FROM zh_hook WHERE office = 0");
    assert_true(zh_str_is(hook_secret(&f, id), secret));
    assert_int_equal(key_files(&f, &before), 1);
    assert_int_equal(zh_secrets_rekey(f.core, false, &sealed, &given_up, &f.err), ZH_OK);
    assert_int_equal(sealed, 1);
    assert_int_equal(given_up, 0);
    assert_int_equal(key_files(&f, &after), 1);
    assert_string_not_equal(before, after);
    assert_true(zh_str_is(hook_secret(&f, id), secret));
    assert_int_equal(unlink(after), 0); /* lost */
    assert_int_equal(zh_secrets_rekey(f.core, false, &sealed, &given_up, &f.err), ZH_ENOTFOUND);
    assert_int_equal(key_files(&f, &before), 0); /* and nothing has begun */
    zh_err_clear(&f.err);
    assert_int_equal(zh_secrets_rekey(f.core, true, &sealed, &given_up, &f.err), ZH_OK);
    assert_int_equal(given_up, 1);
    assert_int_equal(hook_secret(&f, id).n, 0);
    assert_int_equal(key_files(&f, &after), 1);
    fx_close(&f);
}

/* A hook in the clear, as they were stored before there were keys. */
static void test_from_before(void **state)
{
    (void)state;
    fixture f;
    zh_model *model = NULL;
    zh_conn *conn = NULL;
    const char *path;
    fx_open(&f, NULL);
    assert_int_equal(zh_store_writer(zh_core_store(f.core), &conn, &f.err), ZH_OK);
    assert_int_equal(zh_exec(conn,
                             "INSERT INTO zh_hook (office, id, login, url, secret, created_at, "
                             "ended_at) VALUES (0, 7, 'wang', 'https://example.org/', "
                             "'0123456789abcdef', 1, 0)",
                             &f.err),
                     ZH_OK);
    zh_store_release(conn);
    assert_int_equal(key_files(&f, &path), 0);
    assert_int_equal(fx_compile(NULL, &model, &f.err), ZH_OK);
    fx_reopen(&f, model);
    zh_model_release(model);
    assert_int_equal(key_files(&f, &path), 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_hook WHERE secret LIKE 'sealed1.%'"), 1);
    assert_true(zh_str_is(hook_secret(&f, 7), "0123456789abcdef"));
    fx_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_caps),
        cmocka_unit_test(test_key_file),    cmocka_unit_test(test_another_key),
        cmocka_unit_test(test_from_before),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        printf("on %s\n", backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
