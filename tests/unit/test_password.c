/* Stored passwords and one-time codes. Expected values: RFC 6238 appendix B (SHA-1 rows; the last
 * six of the eight digits), RFC 4648 section 10; a PBKDF2-HMAC-SM3 and an Argon2id text made by
 * other programs (openssl kdf 3.0, the argon2 command 20171227). */
#include "core/people/password.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PBKDF2_OTHER                                                                               \
    "$pbkdf2-sm3$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$oIXNfDYj8xefUPmBV6nW0eKRMq9gQtTp+MwlCf0aEa8"
#define ARGON2_OTHER                                                                               \
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/"      \
    "S2U1OhTsM0"

static void totp_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *code;
    } cases[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                 {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    const uint8_t *secret = (const uint8_t *)"12345678901234567890";
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char code[7];
        uint64_t last = 0;
        zh_totp_code(secret, cases[i].seconds / ZH_TOTP_STEP_S, code);
        assert_string_equal(code, cases[i].code);
        assert_true(zh_totp_verify(secret, zh_str_of(code), cases[i].seconds + 30, &last));
        assert_false(
            zh_totp_verify(secret, zh_str_of(code), cases[i].seconds + 30, &last)); /* once */
        last = 0;
        assert_false(zh_totp_verify(secret, zh_str_of(code), cases[i].seconds + 90, &last));
    }
    char text[33];
    uint8_t back[ZH_TOTP_SECRET_BYTES];
    zh_totp_secret_text(secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_int_equal(zh_totp_secret_parse(zh_str_of(text), back), ZH_OK);
    assert_memory_equal(back, secret, sizeof back);
    assert_int_equal(zh_totp_secret_parse(ZH_STR("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"), back),
                     ZH_EINVAL);
}

static void stored_and_verified(void **state)
{
    (void)state;
    static const zh_password_scheme schemes[] = {ZH_PASSWORD_ARGON2ID, ZH_PASSWORD_PBKDF2_SM3};
    zh_str password = ZH_STR("今天也要好好检验");
    for (size_t i = 0; i < ZH_COUNTOF(schemes); i++) {
        char stored[ZH_PASSWORD_STORED_MAX];
        char again[ZH_PASSWORD_STORED_MAX];
        assert_int_equal(zh_password_store(schemes[i], password, stored, NULL), ZH_OK);
        assert_int_equal(zh_password_store(schemes[i], password, again, NULL), ZH_OK);
        assert_string_not_equal(stored, again); /* another salt */
        assert_true(zh_password_verify(zh_str_of(stored), password));
        assert_false(zh_password_verify(zh_str_of(stored), ZH_STR("今天也要好好检查")));
        stored[strlen(stored) - 2] ^= 1;
        assert_false(zh_password_verify(zh_str_of(stored), password));
    }
}

static void made_by_others(void **state)
{
    (void)state;
    assert_true(zh_password_verify(ZH_STR(PBKDF2_OTHER), ZH_STR("correct horse battery staple")));
    assert_true(zh_password_verify(ZH_STR(ARGON2_OTHER), ZH_STR("correct horse battery staple")));
    assert_false(zh_password_verify(ZH_STR("$scrypt$x"), ZH_STR("x")));
    assert_false(zh_password_verify(ZH_STR(""), ZH_STR("")));
    assert_false(zh_password_verify(ZH_STR("$pbkdf2-sm3$i=1$$"), ZH_STR("x")));
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        const char *rule;
    } cases[] = {{"", "password.length"},
                 {"elevenbytes", "password.length"},
                 {"PASSWORD1234", "password.common"},
                 {"zzzzzzzzzzzz", "password.common"},
                 {"\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd", "password.length"}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_err err = {0};
        assert_int_equal(zh_password_check(zh_str_of(cases[i].password), &err), ZH_EINVAL);
        assert_string_equal(err.rule, cases[i].rule);
    }
    char longest[ZH_PASSWORD_BYTES_MAX + 2];
    zh_err err = {0};
    memset(longest, 'a', sizeof longest);
    longest[0] = 'b';
    assert_int_equal(zh_password_check((zh_str){longest, ZH_PASSWORD_BYTES_MAX}, &err), ZH_OK);
    assert_int_equal(zh_password_check((zh_str){longest, ZH_PASSWORD_BYTES_MAX + 1}, &err),
                     ZH_EINVAL);
    err = (zh_err){0};
    assert_int_equal(zh_password_check(ZH_STR("twelve bytes"), &err), ZH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totp_of_the_rfc),
        cmocka_unit_test(stored_and_verified),
        cmocka_unit_test(made_by_others),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
