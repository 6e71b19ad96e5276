/* A year's holidays from two sources: they must agree on every day; the year becomes part of the
 * calendar that clocks count by, survives reopening, and can be stated anew. The files have the
 * form of the packages' data; their dates are the notice for 2026
 * (国务院办公厅关于2026年部分节假日安排的 通知), shifted to 2027 where a year is needed that the
 * fixture's calendar does not have. Both databases when ZH_TEST_PG_URL is set. */
#include "app/holidays.h"
#include "core/adoption/calendar_years.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char DAYS[] =
    "{\"holidays\":{\"2026-01-01\":\"New Year's Day,元旦,1\",\"2027-01-01\":\"New Year's "
    "Day,元旦,1\",\"2027-10-01\":\"National Day,国庆节,3\",\"2027-10-02\":\"National "
    "Day,国庆节,3\",\"2027-10-03\":\"National Day,国庆节,3\",\"2027-10-04\":\"National "
    "Day,国庆节,3\",\"2027-10-05\":\"National Day,国庆节,3\",\"2027-10-06\":\"National "
    "Day,国庆节,3\",\"2027-10-07\":\"National Day,国庆节,3\"},\"workdays\":{\"2027-10-09\":"
    "\"National Day,国庆节,3\"},\"inLieuDays\":{}}";

static const char CALENDAR[] =
    "{\"year\":2027,\"region\":\"CN\",\"dates\":[%s"
    "{\"date\":\"2027-01-01\",\"name\":\"元旦\",\"name_cn\":\"元旦\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-01\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-02\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-03\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-04\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-05\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-06\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-07\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},"
    "{\"date\":\"2027-10-09\",\"name_cn\":\"国庆节\",\"type\":\"transfer_workday\"}]}";

static zh_str second(zh_arena *arena, const char *more)
{
    zh_str form = zh_str_of(CALENDAR);
    ptrdiff_t at = zh_str_find(form, ZH_STR("%s"));
    return zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(zh_str_sub(form, 0, (size_t)at)), more,
                      ZH_FMT(zh_str_sub(form, (size_t)at + 2, form.n)));
}

static void test_agree(void **state)
{
    (void)state;
    zh_err err = {0};
    zh_str lines;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_str other = second(arena, "");
    assert_int_equal(zh_holidays_compare(arena, 2027, zh_str_of(DAYS), other, &lines, &err), ZH_OK);
    zh_str again;
    assert_int_equal(zh_holidays_compare(arena, 2027, other, zh_str_of(DAYS), &again, &err), ZH_OK);
    assert_true(zh_str_eq(lines, again)); /* in whatever order they come */
    assert_true(zh_str_find(lines, ZH_STR("cover 2027-01-01 2027-12-31\n2027-01-01 off 元旦\n")) >
                0);
    assert_true(zh_str_ends(lines, ZH_STR("2027-10-09 work 国庆节调休\n")));
    assert_true(zh_str_find(lines, ZH_STR("2026-")) < 0);
    zh_calendar *calendar = NULL;
    assert_int_equal(zh_calendar_parse(arena, lines, &calendar, &err), ZH_OK);
    zh_arena_free(arena);
}

static void test_refused(void **state)
{
    (void)state;
    zh_str lines;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_str days = zh_str_of(DAYS);
    zh_str other = second(arena, "");
    /* 2027-10-08 is a Friday */
    zh_str differs = second(
        arena, "{\"date\":\"2027-10-08\",\"name_cn\":\"国庆节\",\"type\":\"public_holiday\"},");
    const struct {
        int year;
        zh_str first, second;
        zh_rc rc;
        const char *rule;
    } cases[] = {
        {2027, days, differs, ZH_ECONFLICT, "calendar.differ"},
        {2028, days, other, ZH_EINVAL, "calendar.data"}, /* neither has it */
        {2026, days, other, ZH_EINVAL, "calendar.data"}, /* one day off is not a year */
        {2027, days, days, ZH_EINVAL, "calendar.same"},
        {2027, days, ZH_STR(""), ZH_EINVAL, "calendar.data"},
        {2027, ZH_STR("[]"), other, ZH_EINVAL, "calendar.data"},
        {2027, ZH_STR("{\"holidays\":7}"), other, ZH_EINVAL, "calendar.data"},
        {1999, days, other, ZH_EINVAL, "calendar.year"},
        {9999, days, other, ZH_EINVAL, "calendar.year"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_err err = {0};
        zh_rc rc = zh_holidays_compare(arena, cases[i].year, cases[i].first, cases[i].second,
                                       &lines, &err);
        if (rc != cases[i].rc || strcmp(err.rule, cases[i].rule) != 0) {
            fail_msg("case %zu: %d %s", i, rc, err.rule);
        }
    }
    zh_err err = {0};
    assert_int_equal(zh_holidays_compare(arena, 2027, days, differs, &lines, &err), ZH_ECONFLICT);
    assert_non_null(strstr(err.message, "1 日不一致：2027-10-08"));
    zh_arena_free(arena);
}

static void test_overlay(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str table =
        ZH_STR("# a\ncover 2025-01-01 2026-12-31\n2025-01-01 off 元旦\n2026-01-01 off 元旦\n");
    assert_true(zh_str_eq(zh_calendar_overlay(arena, table, ZH_STR("")), table));
    zh_str once = zh_calendar_overlay(arena, table,
                                      ZH_STR("cover 2026-01-01 2026-12-31\n2026-01-02 off 元旦\n"));
    assert_string_equal(once.p, "# a\ncover 2025-01-01 2026-12-31\n2025-01-01 off 元旦\n"
                                "cover 2026-01-01 2026-12-31\n2026-01-02 off 元旦\n");
    zh_arena_free(arena);
}

static bool covered(fixture *f, const char *date, bool *working)
{
    zh_date day = 0;
    zh_model *model = zh_core_model(f->core);
    assert_int_equal(zh_date_parse(zh_str_of(date), &day), ZH_OK);
    bool is = zh_calendar_is_working(model->calendar, day, working) == ZH_OK;
    zh_model_release(model);
    return is;
}

static void test_taken(void **state)
{
    (void)state;
    fixture f;
    bool working = false;
    zh_str lines;
    fx_open(&f, NULL);
    assert_false(covered(&f, "2027-10-08", &working)); /* nothing is guessed */
    assert_int_equal(
        zh_holidays_compare(f.arena, 2027, zh_str_of(DAYS), second(f.arena, ""), &lines, &f.err),
        ZH_OK);
    zh_rc rc = zh_calendar_year_set(f.core, lines, &f.err);
    if (rc != ZH_OK) {
        print_error("%s %s\n", f.err.rule, f.err.message);
    }
    assert_int_equal(rc, ZH_OK);
    assert_true(covered(&f, "2027-10-08", &working) && working);
    assert_true(covered(&f, "2027-10-09", &working) && working); /* a Saturday */
    assert_true(covered(&f, "2027-10-07", &working) && !working);
    assert_true(covered(&f, "2026-05-09", &working) && working); /* the other years stay */
    /* stated anew: the 8th is off after all */
    assert_int_equal(
        zh_calendar_year_set(f.core, ZH_STR("cover 2027-01-01 2027-12-31\n2027-10-08 off 国庆节\n"),
                             &f.err),
        ZH_OK);
    assert_true(covered(&f, "2027-10-08", &working) && !working);
    assert_true(covered(&f, "2027-10-09", &working) && !working);
    assert_int_equal(zh_calendar_year_set(f.core, ZH_STR("2028-13-01 off x\n"), &f.err), ZH_EINVAL);
    zh_err_clear(&f.err);
    assert_true(covered(&f, "2027-10-08", &working) && !working); /* and nothing has changed */
    fx_close(&f);
}

int main(void)
{
    static const struct CMUnitTest pure[] = {
        cmocka_unit_test(test_agree),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_overlay),
    };
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = cmocka_run_group_tests(pure, NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        printf("on %s\n", backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
