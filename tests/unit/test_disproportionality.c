/* PRR, ROR and chi-square of a two-by-two table.
 *
 * Expected values:
 * - A, B: cases two_by_two of the shared vectors (stats/disproportionality.json), made with the
 *   formulas of PhViD 1.0.8 and stats::chisq.test of R;
 * - C: five pairs published by openEBGM 0.9.1, vignette "Processing Raw Data with openEBGM", output
 *   of processRaw on 17 reports (E to seven decimals, RR and PRR to two);
 * - D: pairs of CAERS 2012 as openEBGM's vignettes print them (3,356 reports; RR 27.74, PRR 27.96);
 * - E: counted by hand. */
#include "engine/disproportionality.h"
#include "engine/engine.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static zh_disproportionality of(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    zh_err err = {0};
    zh_disproportionality r;
    zh_two_by_two t = {a, b, c, d};
    assert_int_equal(zh_disproportionality_of(&t, 0.95, &r, &err), ZH_OK);
    return r;
}

static void near(double given, double wanted, double relative)
{
    if (!(fabs(given - wanted) <= relative * fabs(wanted) + 1e-12)) {
        fail_msg("%.17g, wanted %.17g", given, wanted);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    const struct {
        zh_two_by_two t;
        double e, rrr, prr, prr_low, prr_high, ror, ror_low, ror_high, chi2, yates;
    } cases[] = {
        {{10, 90, 100, 9800},
         1.1,
         9.09090909090909,
         9.9,
         5.32840973085166,
         18.3938557563468,
         10.8888888888889,
         5.50341125262629,
         21.544437766301,
         73.5454554739416,
         65.5140429016704},
        {{4, 26, 35, 1200},
         0.924901185770751,
         4.32478632478632,
         4.7047619047619,
         1.78527931617378,
         12.3984994280549,
         5.27472527472527,
         1.74701059938311,
         15.9259060784464,
         10.8055390865424,
         7.57732796133036},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_disproportionality r = of(cases[i].t.a, cases[i].t.b, cases[i].t.c, cases[i].t.d);
        near(r.expected, cases[i].e, 1e-9);
        near(r.relative, cases[i].rrr, 1e-9);
        near(r.prr.value, cases[i].prr, 1e-9);
        near(r.prr.interval.lower, cases[i].prr_low, 1e-9);
        near(r.prr.interval.upper, cases[i].prr_high, 1e-9);
        near(r.ror.value, cases[i].ror, 1e-9);
        near(r.ror.interval.lower, cases[i].ror_low, 1e-9);
        near(r.ror.interval.upper, cases[i].ror_high, 1e-9);
        near(r.chi2, cases[i].chi2, 1e-9);
        near(r.chi2_yates, cases[i].yates, 1e-9);
    }
}

static void test_published(void **state)
{
    (void)state;
    const struct {
        zh_two_by_two t;
        const char *e, *rr, *prr;
    } cases[] = {
        {{5, 4, 4, 4}, "4.7647059", "1.05", "1.11"},
        {{4, 5, 4, 4}, "4.2352941", "0.94", "0.89"},
        {{3, 4, 6, 4}, "3.7058824", "0.81", "0.71"},
        {{4, 3, 4, 6}, "3.2941176", "1.21", "1.43"},
        {{1, 0, 8, 8}, "0.5294118", "1.89", "2.00"},
        {{1, 0, 120, 3235}, "0.0360548", "27.74", "27.96"},
        {{1, 0, 12, 3343}, "0.0038737", "258.15", "279.58"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char text[64];
        zh_disproportionality r = of(cases[i].t.a, cases[i].t.b, cases[i].t.c, cases[i].t.d);
        snprintf(text, sizeof text, "%.7f", r.expected);
        assert_string_equal(text, cases[i].e);
        snprintf(text, sizeof text, "%.2f", r.relative);
        assert_string_equal(text, cases[i].rr);
        snprintf(text, sizeof text, "%.2f", r.prr.value);
        assert_string_equal(text, cases[i].prr);
    }
    /* "11 UNSPECIFIED VITAMINS" and "CARDIAC FUNCTION TEST": RR 3356, PRR Inf. */
    zh_disproportionality r = of(1, 0, 0, 3355);
    near(r.relative, 3356.0, 1e-15);
    assert_int_equal(r.prr.state, ZH_RATIO_INFINITE);
}

/* Exact behaviour at zero cells. */
static void test_zero_cells(void **state)
{
    (void)state;
    const struct {
        zh_two_by_two t;
        zh_ratio_state prr, ror;
        bool prr_interval, ror_interval, chi2;
    } cases[] = {
        {{5, 5, 0, 90}, ZH_RATIO_INFINITE, ZH_RATIO_INFINITE, false, false, true},
        {{0, 5, 5, 90}, ZH_RATIO_FINITE, ZH_RATIO_FINITE, false, false, true},
        {{0, 5, 0, 90}, ZH_RATIO_UNDEFINED, ZH_RATIO_UNDEFINED, false, false, false},
        {{5, 0, 5, 90}, ZH_RATIO_FINITE, ZH_RATIO_INFINITE, true, false, true},
        {{5, 5, 5, 0}, ZH_RATIO_FINITE, ZH_RATIO_FINITE, true, false, true},
        {{5, 5, 0, 0}, ZH_RATIO_UNDEFINED, ZH_RATIO_UNDEFINED, false, false, false},
        {{0, 0, 5, 90}, ZH_RATIO_UNDEFINED, ZH_RATIO_UNDEFINED, false, false, false},
        {{5, 0, 0, 90}, ZH_RATIO_INFINITE, ZH_RATIO_INFINITE, false, false, true},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_disproportionality r = of(cases[i].t.a, cases[i].t.b, cases[i].t.c, cases[i].t.d);
        assert_int_equal(r.prr.state, cases[i].prr);
        assert_int_equal(r.ror.state, cases[i].ror);
        assert_int_equal(r.prr.has_interval, cases[i].prr_interval);
        assert_int_equal(r.ror.has_interval, cases[i].ror_interval);
        assert_int_equal(r.has_chi2, cases[i].chi2);
        assert_int_equal(r.prr.state == ZH_RATIO_INFINITE, isinf(r.prr.value) != 0);
    }
    assert_true(of(0, 5, 5, 90).prr.value == 0.0);
}

/* Yates' correction never passes zero: (2, 3, 4, 6) has |ad - bc| = 0, (3, 2, 4, 6) 10 <= N/2. */
static void test_correction_stops_at_zero(void **state)
{
    (void)state;
    assert_true(of(2, 3, 4, 6).chi2_yates == 0.0);
    zh_disproportionality r = of(2, 2, 4, 6);
    near(r.chi2, 14.0 * 16.0 / (4.0 * 10.0 * 6.0 * 8.0), 1e-15);
    assert_true(r.chi2_yates == 0.0);
}

static uint64_t draw(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % n;
}

/* Exchanging rows and columns together with their order keeps ROR and chi-square; exchanging the
 * two rows inverts the ratios; k times every count keeps the ratios and multiplies chi-square by k.
 */
static void test_properties(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL);
    printf("seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 20000; i++) {
        uint64_t a = 1 + draw(&seed, 300), b = 1 + draw(&seed, 3000);
        uint64_t c = 1 + draw(&seed, 300), d = 1 + draw(&seed, 30000), k = 2 + draw(&seed, 9);
        zh_disproportionality r = of(a, b, c, d), turned = of(a, c, b, d), rows = of(c, d, a, b);
        zh_disproportionality scaled = of(k * a, k * b, k * c, k * d);
        near(turned.ror.value, r.ror.value, 1e-14);
        near(turned.expected, r.expected, 1e-14);
        near(turned.chi2, r.chi2, 1e-13);
        near(turned.chi2_yates, r.chi2_yates, 1e-13);
        near(rows.prr.value, 1.0 / r.prr.value, 1e-14);
        near(rows.ror.value, 1.0 / r.ror.value, 1e-14);
        near(rows.prr.interval.lower, 1.0 / r.prr.interval.upper, 1e-12);
        near(rows.chi2_yates, r.chi2_yates, 1e-13);
        near(scaled.prr.value, r.prr.value, 1e-14);
        near(scaled.chi2, (double)k * r.chi2, 1e-13);
        assert_true(r.chi2_yates <= r.chi2);
        assert_true(r.prr.interval.lower < r.prr.value && r.prr.value < r.prr.interval.upper);
        assert_int_equal(r.prr.value > 1.0, r.ror.value > 1.0);
    }
}

/* A PRR that is exactly 2 is 2: criteria compare without a margin. */
static void test_exact_at_the_criterion(void **state)
{
    (void)state;
    for (uint64_t k = 1; k < 2000; k += 7) {
        assert_true(of(2 * k, 10 * k, 3 * k, 33 * k).prr.value == 2.0);
    }
}

static void refused(zh_two_by_two t, double confidence, zh_rc rc, const char *rule)
{
    zh_err err = {0};
    zh_disproportionality r;
    assert_int_equal(zh_disproportionality_of(&t, confidence, &r, &err), rc);
    assert_string_equal(err.rule, rule);
}

static void test_refusals(void **state)
{
    (void)state;
    zh_two_by_two good = {1, 2, 3, 4};
    refused((zh_two_by_two){0, 0, 0, 0}, 0.95, ZH_EINVAL, "disproportionality.empty");
    refused(good, 0.0, ZH_EINVAL, "disproportionality.confidence");
    refused(good, 1.0, ZH_EINVAL, "disproportionality.confidence");
    refused(good, (double)NAN, ZH_EINVAL, "disproportionality.confidence");
    refused((zh_two_by_two){1, 0, 0, ZH_TWO_BY_TWO_N_MAX}, 0.95, ZH_ELIMIT, "disproportionality.n");
    refused((zh_two_by_two){UINT64_MAX, 1, 0, 0}, 0.95, ZH_ELIMIT, "disproportionality.n");
    zh_disproportionality r = of(1, 0, 0, ZH_TWO_BY_TWO_N_MAX - 1); /* at the cap */
    near(r.relative, (double)ZH_TWO_BY_TWO_N_MAX, 1e-15);
}

static zh_str calc(zh_arena *arena, const char *input, zh_rc wanted)
{
    zh_err err = {0};
    zh_json *json = NULL;
    zh_buf out;
    zh_jw w;
    zh_buf_init(&out, 1 << 16);
    zh_jw_init(&w, &out, 0);
    const zh_engine *engine = NULL;
    for (size_t i = 0; i < zh_engines_n; i++) {
        engine =
            strcmp(zh_engines[i]->name, "disproportionality.prr") == 0 ? zh_engines[i] : engine;
    }
    assert_non_null(engine);
    assert_int_equal(zh_json_parse(arena, zh_str_of(input ? input : engine->input), &json, &err),
                     ZH_OK);
    assert_int_equal(engine->run(arena, json, &w, &err), wanted);
    zh_str text = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

/* Hubei and cyanide, as the design states them: PRR 10.6, chi-square 49.9. */
static void test_by_name(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_err err = {0};
    zh_json *json = NULL;
    double prr = 0.0, yates = 0.0;
    assert_int_equal(zh_json_parse(arena, calc(arena, NULL, ZH_OK), &json, &err), ZH_OK);
    assert_int_equal(zh_json_double(zh_json_get(json, "prr"), &prr), ZH_OK);
    assert_int_equal(zh_json_double(zh_json_get(json, "chi2_yates"), &yates), ZH_OK);
    near(prr, (10.0 / 201.0) / (18.0 / 3831.0), 1e-15);
    assert_true(fabs(prr - 10.6) < 0.05 && fabs(yates - 49.9) < 0.05);
    zh_str none = calc(arena, "{\"a\":5,\"b\":1,\"c\":0,\"d\":9}", ZH_OK);
    assert_true(zh_str_find(none, ZH_STR("\"prr\":null,\"prr_state\":\"infinite\"")) >= 0);
    (void)calc(arena, "{\"a\":5,\"b\":1,\"c\":0}", ZH_EINVAL);
    (void)calc(arena, "{\"a\":5,\"b\":1,\"c\":0,\"d\":-1}", ZH_EINVAL);
    (void)calc(arena, "{\"a\":5,\"b\":1,\"c\":0,\"d\":1,\"confidence\":\"x\"}", ZH_EINVAL);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),    cmocka_unit_test(test_published),
        cmocka_unit_test(test_zero_cells), cmocka_unit_test(test_correction_stops_at_zero),
        cmocka_unit_test(test_properties), cmocka_unit_test(test_exact_at_the_criterion),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
