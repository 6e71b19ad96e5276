/* Working days: the notices of the State Council's General Office for 2020, 2024, 2025 and 2026, a
 * plain recount, refusals. */
#include "base/calendar.h"
#include "base/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

static zh_date day(const char *text)
{
    zh_date date;
    assert_int_equal(zh_date_parse(zh_str_of(text), &date), ZH_OK);
    return date;
}

static zh_calendar *national(zh_arena *arena)
{
    zh_str text;
    zh_calendar *calendar;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_file_read(arena, "packs/foundation/calendar/cn.txt", 1 << 20, &text, &err),
                     ZH_OK);
    assert_int_equal(zh_calendar_parse(arena, text, &calendar, &err), ZH_OK);
    return calendar;
}

static void follows_the_notices(void **state)
{
    static const struct {
        const char *date;
        bool working;
    } table[] = {
        {"2020-01-19", true}, {"2020-02-02", false}, {"2020-02-03", true},  {"2024-02-04", true},
        {"2024-02-09", true}, {"2024-02-16", false}, {"2024-02-18", true},  {"2024-04-07", true},
        {"2024-10-12", true}, {"2025-01-26", true},  {"2025-02-04", false}, {"2025-05-05", false},
        {"2025-09-28", true}, {"2025-10-08", false}, {"2025-10-11", true},  {"2026-01-02", false},
        {"2026-01-04", true}, {"2026-02-14", true},  {"2026-02-23", false}, {"2026-02-28", true},
        {"2026-05-09", true}, {"2026-03-14", false}, {"2026-03-16", true},
    };
    zh_calendar *calendar = national(*state);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        bool working;
        assert_int_equal(zh_calendar_is_working(calendar, day(table[i].date), &working), ZH_OK);
        if (working != table[i].working) {
            fail_msg("%s", table[i].date);
        }
    }
}

static void adds_working_days(void **state)
{
    static const struct {
        const char *from;
        int days;
        const char *want;
    } table[] = {
        {"2025-09-30", 1, "2025-10-09"}, {"2025-09-30", 3, "2025-10-11"},
        {"2024-02-09", 1, "2024-02-18"}, {"2025-10-01", 0, "2025-10-09"},
        {"2025-10-09", 0, "2025-10-09"}, {"2025-10-09", 5, "2025-10-15"},
        {"2026-02-13", 2, "2026-02-24"},
    };
    zh_calendar *calendar = national(*state);
    zh_date got;
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        assert_int_equal(zh_calendar_add_working(calendar, day(table[i].from), table[i].days, &got),
                         ZH_OK);
        assert_int_equal(got, day(table[i].want));
    }
    for (zh_date from = day("2020-01-01"); from < day("2026-09-01"); from += 5) {
        int counted = 0;
        bool working;
        assert_int_equal(zh_calendar_add_working(calendar, from, 20, &got), ZH_OK);
        for (zh_date date = from + 1; date <= got; date++) {
            assert_int_equal(zh_calendar_is_working(calendar, date, &working), ZH_OK);
            counted += working;
        }
        assert_true(counted == 20 && working);
    }
    assert_int_equal(zh_calendar_roll(calendar, day("2026-02-15"), &got), ZH_OK);
    assert_int_equal(got, day("2026-02-24"));
}

static void never_guesses(void **state)
{
    zh_calendar *calendar = national(*state);
    zh_date got;
    bool working;
    assert_int_equal(zh_calendar_is_working(calendar, day("2019-12-31"), &working), ZH_ENOTFOUND);
    assert_int_equal(zh_calendar_is_working(calendar, day("2027-01-01"), &working), ZH_ENOTFOUND);
    assert_int_equal(zh_calendar_add_working(calendar, day("2026-12-31"), 1, &got), ZH_ENOTFOUND);
    assert_int_equal(zh_calendar_add_working(calendar, day("2020-01-01"), 1000000, &got),
                     ZH_ENOTFOUND);
    assert_int_equal(zh_calendar_add_working(calendar, day("2026-01-05"), -1, &got), ZH_EINVAL);
}

static void joins_spans(void **state)
{
    zh_calendar *calendar;
    bool working;
    zh_date got;
    assert_int_equal(zh_calendar_parse(*state,
                                       ZH_STR("cover 2025-01-01 2025-12-31\r\n"
                                              "cover 2023-01-01 2023-12-31 # 注\n\n"
                                              "cover 2024-01-01 2024-12-31\n"
                                              "cover 2024-06-01 2024-07-01\n"
                                              "  2024-05-11 work\n"),
                                       &calendar, NULL),
                     ZH_OK);
    assert_int_equal(zh_calendar_is_working(calendar, day("2024-05-11"), &working), ZH_OK);
    assert_true(working);
    assert_int_equal(zh_calendar_add_working(calendar, day("2024-12-31"), 1, &got), ZH_OK);
    assert_int_equal(got, day("2025-01-01")); /* no holiday in this table */
    assert_int_equal(zh_calendar_parse(*state, ZH_STR(""), &calendar, NULL), ZH_OK);
    assert_int_equal(zh_calendar_is_working(calendar, day("2024-05-11"), &working), ZH_ENOTFOUND);
}

static void refuses_bad_tables(void **state)
{
    static const struct {
        const char *text;
        const char *rule;
        const char *line;
    } table[] = {
        {"2024-02-30 off x", "calendar.date", "1"},
        {"2024-1-1 off x", "calendar.date", "1"},
        {"cover 2024-01-01 2024-12-31\n2024-01-01 free", "calendar.kind", "2"},
        {"cover 2024-01-01 2024-12-31\n2024-01-01", "calendar.kind", "2"},
        {"cover 2024-01-01", "calendar.cover", "1"},
        {"cover 2024-12-31 2024-01-01", "calendar.cover", "1"},
        {"cover 2024-01-01 2024-12-31 x", "calendar.cover", "1"},
        {"cover 2024-01-01 2024-12-31\n2024-01-01 off a\n# c\n2024-01-01 off a", "calendar.twice",
         "4"},
        {"2024-01-01 off 元旦\ncover 2025-01-01 2025-12-31", "calendar.outside", "1"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_calendar *calendar;
        zh_err err;
        zh_err_clear(&err);
        assert_int_equal(zh_calendar_parse(*state, zh_str_of(table[i].text), &calendar, &err),
                         ZH_EINVAL);
        assert_string_equal(err.rule, table[i].rule);
        assert_string_equal(err.where, table[i].line);
    }
}

static void keeps_its_caps(void **state)
{
    zh_buf text;
    zh_calendar *calendar;
    zh_buf_init(&text, 4 << 20);
    for (int i = 0; i < ZH_CALENDAR_SPANS_MAX; i++) {
        zh_buf_z(&text, "cover 2000-01-01 2099-12-31\n");
    }
    for (int i = 0; i < ZH_CALENDAR_DAYS_MAX; i++) {
        char date[16];
        zh_date_format(zh_date_of(2000, 1, 1) + i, date);
        zh_buf_fmt(&text, "%s off\n", date);
    }
    size_t full = text.n;
    assert_int_equal(zh_calendar_parse(*state, zh_buf_view(&text), &calendar, NULL), ZH_OK);
    zh_buf_z(&text, "2099-01-01 off\n");
    assert_int_equal(zh_calendar_parse(*state, zh_buf_view(&text), &calendar, NULL), ZH_ELIMIT);
    text.n = full;
    zh_buf_z(&text, "cover 2000-01-01 2099-12-31\n");
    assert_int_equal(zh_calendar_parse(*state, zh_buf_view(&text), &calendar, NULL), ZH_ELIMIT);
    zh_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(follows_the_notices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(adds_working_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_guesses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_spans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_its_caps, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
