/* Proving again who one is, for a signature: by password, by password and one-time code, by the
 * code alone where there is no password; wrong ones are refused and counted as at a login. Codes by
 * RFC 6238, of a secret of the test. */
#include "core/people/identity.h"
#include "core/people/password.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOGIN  ZH_STR("bao.zheng")
#define SECRET ZH_STR("一句只有测试知道的话")

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s\n", rc, f->err.rule, f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
}

static zh_rc prove(fixture *f, zh_str password, zh_str code, const char **how)
{
    zh_err_clear(&f->err);
    return zh_login_prove(f->core, LOGIN, password, code, how, &f->err);
}

static void code_now(const uint8_t secret[ZH_TOTP_SECRET_BYTES], int64_t steps, char out[7])
{
    zh_totp_code(secret, (uint64_t)(zh_now() / 1000000 / 30 + steps), out);
}

static void test_prove(void **state)
{
    (void)state;
    static const uint8_t secret[ZH_TOTP_SECRET_BYTES] = {1, 2, 3, 4, 5};
    fixture f;
    const char *how = NULL;
    char text[33];
    char code[7];
    zh_conn *conn = NULL;
    fx_open(&f, NULL);
    ok(&f, zh_account_create(f.core, LOGIN, ZH_STR("包"), SECRET, &f.err));
    ok(&f, prove(&f, SECRET, ZH_STR(""), &how));
    assert_string_equal(how, "口令");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_session"), 0); /* nobody is let in */
    assert_int_equal(prove(&f, ZH_STR("另一句话"), ZH_STR(""), &how), ZH_EDENIED);
    assert_string_equal(f.err.rule, "login.failed");
    assert_int_equal(fx_count(&f, "SELECT failed FROM zh_account"), 1);
    ok(&f, prove(&f, SECRET, ZH_STR(""), &how));
    assert_int_equal(fx_count(&f, "SELECT failed FROM zh_account"), 0);
    /* with one-time codes both are asked for, and a code serves once */
    zh_totp_secret_text(secret, text);
    ok(&f, zh_account_totp(f.core, LOGIN, zh_str_of(text), &f.err));
    assert_int_equal(prove(&f, SECRET, ZH_STR(""), &how), ZH_EDENIED);
    code_now(secret, 0, code);
    ok(&f, prove(&f, SECRET, zh_str_of(code), &how));
    assert_string_equal(how, "口令和动态码");
    assert_int_equal(prove(&f, SECRET, zh_str_of(code), &how), ZH_EDENIED);
    /* an account of an identity provider: the code alone; without codes there is nothing */
    ok(&f, zh_store_writer(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_exec(conn, "UPDATE zh_account SET secret = ''", &f.err));
    zh_store_release(conn);
    code_now(secret, 1, code);
    ok(&f, prove(&f, ZH_STR(""), zh_str_of(code), &how));
    assert_string_equal(how, "动态码");
    assert_int_equal(prove(&f, ZH_STR(""), ZH_STR("000000"), &how), ZH_EDENIED);
    ok(&f, zh_account_totp(f.core, LOGIN, ZH_STR(""), &f.err));
    assert_int_equal(prove(&f, ZH_STR(""), ZH_STR(""), &how), ZH_EDENIED);
    assert_string_equal(f.err.rule, "login.nothing");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_prove)};
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
