/* Spreadsheet numbers. Formats: ISO/IEC 29500-1:2016 18.8.30 (built-in ids, also the zh-cn list).
 * Serial dates: 18.17.4.1 (1900: 1 is 1900-01-01, 61 is 1900-03-01; 1904: 0 is 1904-01-01); the
 * examples 43831 = 2020-01-01 and 45658 = 2025-01-01 can be checked in any spreadsheet. Repaired
 * numbers: what a spreadsheet shows in its formula bar (15 digits) for the 17-digit text. */
#include "fmt/numfmt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const zh_numfmt plain = {ZH_NUMFMT_PLAIN, 0};

static void number(const char *raw, const char *want, bool want_lossy)
{
    char out[ZH_NUMFMT_TEXT_MAX];
    zh_str text;
    bool lossy;
    assert_int_equal(zh_numfmt_number(zh_str_of(raw), plain, out, &text, &lossy), ZH_OK);
    if (!zh_str_is(text, want)) {
        fail_msg("%s gives %.*s, not %s", raw, ZH_FMT(text), want);
    }
    assert_int_equal(lossy, want_lossy);
}

static void test_numbers(void **state)
{
    (void)state;
    number("0", "0", false);
    number("42", "42", false);
    number("-3.25", "-3.25", false);
    number("0.050", "0.050", false); /* as written */
    number("0.059999999999999998", "0.06", false);
    number("0.28999999999999998", "0.29", false);
    number("-1.1000000000000001", "-1.1", false);
    number("99.999999999999986", "100", false);
    number("2.2300000000000004", "2.23", false);
    number("1234.5678900000001", "1234.56789", false);
    number("0.000012300000000000001", "0.0000123", false);
    number("1.0000000000000001E-5", "0.00001", false);
    number("1E-3", "0.001", false);
    number("1.93228E+07", "19322800", false);
    number("1.5e2", "150", false);
    number("-2.5E-10", "-0.00000000025", false);
    number("0E+00", "0", false);
    number("1E-300", "1E-300", false); /* nobody writes that out */
    number("9.9999999999999995E+22", "99999999999999995000000", true);
    number("9.9999999999999995E+30", "9.9999999999999995E+30", true);
    /* 15 digits are kept, 16 are not */
    number("123456789012345", "123456789012345", false);
    number("1234567890123456", "1234567890123456", true);
    number("420106199001011234", "420106199001011234", true);
    number("4.2010619900101101E+17", "420106199001011010", true);
    number("-420106199001011234", "-420106199001011234", true);
    number("1234567890123456.5", "1234567890123456.5", true);
    number("1E+15", "1000000000000000", true);
    number("1E+14", "100000000000000", false);
    number("000000000000000000012", "000000000000000000012", false);
    number("999999999999999.96", "1000000000000000", false);
}

static void test_not_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    ".",   "-",     "abc",  "1 2", "1,5", "1e",
                                      "1e+", "--1", "1.2.3", "0x10", "NaN", "INF", "e5"};
    char out[ZH_NUMFMT_TEXT_MAX];
    zh_str text;
    bool lossy;
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_int_equal(zh_numfmt_number(zh_str_of(bad[i]), plain, out, &text, &lossy), ZH_EINVAL);
    }
}

/* Any binary64 of ordinary size printed with 17 digits comes back as printf's 15 say (same value;
 * the last digit may differ only where the 17-digit text is itself a tie). */
static void test_repair_against_printf(void **state)
{
    (void)state;
    uint64_t seed = 20240131;
    printf("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double v = (double)(seed >> 11) / 9007199254740992.0;
        v *= i % 3 == 0 ? 1.0 : i % 3 == 1 ? 1e6 : 1e-4;
        char long_text[40], want[40], out[ZH_NUMFMT_TEXT_MAX], shown[ZH_NUMFMT_TEXT_MAX + 1];
        snprintf(long_text, sizeof long_text, "%.16e", v);
        snprintf(want, sizeof want, "%.15g", v);
        zh_str text;
        bool lossy;
        assert_int_equal(zh_numfmt_number(zh_str_of(long_text), plain, out, &text, &lossy), ZH_OK);
        snprintf(shown, sizeof shown, "%.*s", ZH_FMT(text));
        bool tie = memcmp(strchr(long_text, 'e') - 2, "50", 2) == 0;
        if (!tie && strtod(shown, NULL) != strtod(want, NULL)) {
            fail_msg("%s gives %s, printf %s", long_text, shown, want);
        }
    }
}

static void test_leading_zeros(void **state)
{
    (void)state;
    zh_numfmt six = zh_numfmt_parse(ZH_STR("000000"));
    assert_int_equal(six.kind, ZH_NUMFMT_ZEROS);
    char out[ZH_NUMFMT_TEXT_MAX];
    zh_str text;
    bool lossy;
    assert_int_equal(zh_numfmt_number(ZH_STR("42"), six, out, &text, &lossy), ZH_OK);
    assert_true(zh_str_is(text, "000042"));
    assert_int_equal(zh_numfmt_number(ZH_STR("1234567"), six, out, &text, &lossy), ZH_OK);
    assert_true(zh_str_is(text, "1234567"));
    assert_int_equal(zh_numfmt_number(ZH_STR("0"), six, out, &text, &lossy), ZH_OK);
    assert_true(zh_str_is(text, "000000"));
    assert_int_equal(zh_numfmt_number(ZH_STR("1.5"), six, out, &text, &lossy), ZH_OK);
    assert_true(zh_str_is(text, "1.5"));
}

static void kind(const char *code, zh_numfmt_kind want)
{
    zh_numfmt_kind got = zh_numfmt_parse(zh_str_of(code)).kind;
    if (got != want) {
        fail_msg("%s is kind %d, not %d", code, (int)got, (int)want);
    }
}

static void test_format_codes(void **state)
{
    (void)state;
    kind("General", ZH_NUMFMT_PLAIN);
    kind("G/通用格式", ZH_NUMFMT_PLAIN);
    kind("", ZH_NUMFMT_PLAIN);
    kind("@", ZH_NUMFMT_PLAIN);
    kind("0", ZH_NUMFMT_PLAIN);
    kind("0.00", ZH_NUMFMT_PLAIN);
    kind("#,##0.00_ ;[Red]\\-#,##0.00\\ ", ZH_NUMFMT_PLAIN);
    kind("0.00E+00", ZH_NUMFMT_PLAIN);
    kind("0\"d\"", ZH_NUMFMT_PLAIN);
    kind("0\\d", ZH_NUMFMT_PLAIN);
    kind("[Red]0.0", ZH_NUMFMT_PLAIN);
    kind("[$¥-804]#,##0", ZH_NUMFMT_PLAIN);
    kind("0000000000000000000", ZH_NUMFMT_PLAIN); /* wider than any kept integer */
    kind("0.00%", ZH_NUMFMT_PERCENT);
    kind("00", ZH_NUMFMT_ZEROS);
    kind("00000000", ZH_NUMFMT_ZEROS);
    kind("yyyy-mm-dd", ZH_NUMFMT_DATE);
    kind("yyyy/m/d;@", ZH_NUMFMT_DATE);
    kind("yyyy\"年\"m\"月\"d\"日\";@", ZH_NUMFMT_DATE);
    kind("[DBNum1][$-804]yyyy\"年\"m\"月\";@", ZH_NUMFMT_DATE);
    kind("yyyy年m月", ZH_NUMFMT_DATE);
    kind("m月", ZH_NUMFMT_DATE);
    kind("[$-409]mmm\\-yy;@", ZH_NUMFMT_DATE);
    kind("mmm", ZH_NUMFMT_DATE);
    kind("aaaa", ZH_NUMFMT_DATE);
    kind("YYYY-MM-DD HH:MM:SS", ZH_NUMFMT_DATE);
    kind("m/d/yy h:mm AM/PM", ZH_NUMFMT_DATE);
    kind("h:mm AM/PM", ZH_NUMFMT_TIME);
    kind("hh:mm:ss", ZH_NUMFMT_TIME);
    kind("mm:ss.0", ZH_NUMFMT_TIME);
    kind("[h]:mm:ss", ZH_NUMFMT_ELAPSED);
    kind("[mm]:ss", ZH_NUMFMT_ELAPSED);
    kind("[h", ZH_NUMFMT_ELAPSED); /* cut short, still read safely */
    kind("\"never closed", ZH_NUMFMT_PLAIN);
    kind("\\", ZH_NUMFMT_PLAIN);
}

static void test_builtin_ids(void **state)
{
    (void)state;
    for (unsigned id = 0; id < 200; id++) {
        bool date = (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 ||
                    (id >= 50 && id <= 54) || id == 57 || id == 58;
        bool time = (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 ||
                    id == 55 || id == 56;
        zh_numfmt_kind want = date                  ? ZH_NUMFMT_DATE
                              : time                ? ZH_NUMFMT_TIME
                              : id == 46            ? ZH_NUMFMT_ELAPSED
                              : id == 9 || id == 10 ? ZH_NUMFMT_PERCENT
                                                    : ZH_NUMFMT_PLAIN;
        assert_int_equal(zh_numfmt_builtin(id).kind, want);
    }
}

static void serial(const char *raw, zh_numfmt_kind format, bool date1904, const char *want)
{
    char out[ZH_NUMFMT_TEXT_MAX];
    size_t n = 0;
    bool good = zh_numfmt_date(zh_str_of(raw), (zh_numfmt){format, 0}, date1904, out, &n);
    if (want == NULL) {
        assert_false(good);
        return;
    }
    assert_true(good);
    if (!zh_str_is((zh_str){out, n}, want)) {
        fail_msg("%s gives %.*s, not %s", raw, (int)n, out, want);
    }
}

static void test_dates(void **state)
{
    (void)state;
    const zh_numfmt_kind date = ZH_NUMFMT_DATE, time = ZH_NUMFMT_TIME, span = ZH_NUMFMT_ELAPSED;
    serial("1", date, false, "1900-01-01");
    serial("59", date, false, "1900-02-28");
    serial("60", date, false, NULL); /* 1900-02-29 */
    serial("61", date, false, "1900-03-01");
    serial("43831", date, false, "2020-01-01");
    serial("45658", date, false, "2025-01-01");
    serial("2958465", date, false, "9999-12-31");
    serial("2958466", date, false, NULL);
    serial("0", date, false, NULL);
    serial("0.5", date, false, NULL);
    serial("-1", date, false, NULL);
    serial("x", date, false, NULL);
    serial("99999999", date, false, NULL);
    serial("0", date, true, "1904-01-01");
    serial("42369", date, true, "2020-01-01"); /* 43831 - 1462 */
    serial("2957003", date, true, "9999-12-31");
    serial("2957004", date, true, NULL);
    serial("43831.5", date, false, "2020-01-01T12:00:00");
    serial("4.38315E+4", date, false, "2020-01-01T12:00:00");
    serial("45658.687881944446", date, false, "2025-01-01T16:30:33");
    serial("43830.999999999996", date, false, "2020-01-01");
    serial("43831.000011574076", date, false, "2020-01-01T00:00:01");
    serial("43831.5000057870", date, false, "2020-01-01T12:00:00.500");
    serial("0.75", time, false, "18:00:00");
    serial("0.000011574074074", time, false, "00:00:01");
    serial("0.99999999999", time, false, "1900-01-01"); /* rounds up to the next day */
    serial("43831.25", time, false, "2020-01-01T06:00:00");
    serial("1.5", span, false, "36:00:00");
    serial("0.25", span, false, "06:00:00");
    serial("100", span, false, "2400:00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_not_numbers),
        cmocka_unit_test(test_repair_against_printf),
        cmocka_unit_test(test_leading_zeros),
        cmocka_unit_test(test_format_codes),
        cmocka_unit_test(test_builtin_ids),
        cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests_name("numfmt", tests, NULL, NULL);
}
