/* Detectors over time, and the early warning they share with the tool bench. */
#include "app/signal/series.h"
#include "app/tool/sheet.h"
#include "base/embedded.h"
#include "engine/warning.h"
#include "fmt/chart_xy.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static zh_arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static zh_criterion number(const char *name, const char *text)
{
    zh_criterion out = {.name = zh_str_of(name)};
    assert_int_equal(zh_decimal_parse(zh_str_of(text), false, &out.min), ZH_OK);
    return out;
}

static void add(zh_map *all, const char *row, int32_t bucket, bool counted, double amount)
{
    zh_err err = {0};
    const zh_series_entry entry = {bucket, amount, counted};
    assert_int_equal(zh_series_add(arena, all, zh_str_of(row), &entry, &err), ZH_OK);
}

/* Chicago by month against its first 14: the seven months of the acceptance value, 2012-12,
 * 2013-01, 2013-04, 2013-05, 2013-10, 2013-11, 2013-12. */
static void test_control_chart(void **state)
{
    (void)state;
    static const char *const wanted[] = {"2012-12", "2013-01", "2013-04", "2013-05",
                                         "2013-10", "2013-11", "2013-12"};
    const zh_embedded *file = zh_embedded_find("packs/tools/data/chicago_monthly.csv");
    zh_sheet s;
    zh_err err = {0};
    zh_map all;
    zh_detected *found;
    size_t n;
    const zh_criterion baseline = number("baseline", "14");
    const zh_criterion least = number("n", "1");
    const zh_detector d = {.id = ZH_STR("x"),
                           .engine = ZH_STR("control_chart.p@1"),
                           .criteria = &least,
                           .ncriteria = 1,
                           .series = {.grain = ZH_SERIES_MONTH,
                                      .has_event = true,
                                      .parameters = &baseline,
                                      .nparameters = 1}};
    assert_non_null(file);
    assert_int_equal(zh_sheet_bytes(arena, file->bytes, file->n, &s, &err), ZH_OK);
    assert_int_equal(zh_series_check(&d, &err), ZH_OK);
    zh_map_init(&all, arena);
    for (size_t i = 0; i < s.nrows; i++) {
        int32_t bucket = (int32_t)(2011 * 12 + 8 + i); /* from September 2011 */
        assert_true(zh_str_eq(zh_series_period(arena, &d, bucket), s.columns[0].text[i]));
        add(&all, "a", bucket, true, s.columns[2].number[i]);
        add(&all, "a", bucket, false, s.columns[1].number[i] - s.columns[2].number[i]);
    }
    assert_int_equal(zh_series_judge(arena, &d, &all, &found, &n, &err), ZH_OK);
    assert_int_equal(n, 14); /* the baseline itself is not judged */
    size_t hits = 0;
    for (size_t i = 0; i < n; i++) {
        if (found[i].passes) {
            assert_true(hits < ZH_COUNTOF(wanted) && zh_str_is(found[i].column, wanted[hits]));
            assert_true((double)found[i].table.a < found[i].bound &&
                        found[i].bound < found[i].expected);
            hits++;
        }
    }
    assert_int_equal(hits, ZH_COUNTOF(wanted));
}

/* Days without records count as 0; each row is a series of its own; a minimum of n is kept. */
static void test_early_warning(void **state)
{
    (void)state;
    zh_err err = {0};
    zh_map all;
    zh_detected *found;
    size_t n;
    const zh_criterion least = number("n", "10");
    const zh_detector d = {.id = ZH_STR("x"),
                           .engine = ZH_STR("early_warning.c1@1"),
                           .criteria = &least,
                           .ncriteria = 1,
                           .series = {.grain = ZH_SERIES_DAY}};
    zh_map_init(&all, arena);
    int32_t day = (int32_t)zh_date_of(2024, 2, 20);
    for (int32_t i = 0; i < 20; i++) {
        if (i != 5) {
            add(&all, "b", day + i, true, i == 15 ? 40 : 3);
        }
    }
    add(&all, "c", day + 12, true, 9); /* above its bound, below n */
    add(&all, "c", day + 14, true, 20);
    assert_int_equal(zh_series_judge(arena, &d, &all, &found, &n, &err), ZH_OK);
    assert_int_equal(n, 26); /* 13 judged days of each */
    for (size_t i = 0; i < n; i++) {
        bool burst = i == 15 - 7 || i == 13 + 14 - 7;
        assert_int_equal(found[i].passes, burst);
        assert_true(zh_str_is(found[i].row, i < 13 ? "b" : "c"));
    }
    assert_true(zh_str_is(found[8].column, "2024-03-06")); /* leap year */
    assert_true(fabs(found[8].expected - 3) < 1e-12);
}

static void test_where(void **state)
{
    (void)state;
    const zh_field time = {.id = ZH_STR("day"), .type = ZH_TYPE_DATE};
    const zh_field instant = {.id = ZH_STR("at"), .type = ZH_TYPE_DATETIME};
    zh_register reg = {.event_time = &time};
    zh_detector d = {.reg = &reg, .series = {.grain = ZH_SERIES_WEEK}};
    assert_true(zh_str_is(zh_series_where(arena, &d, ZH_STR_NONE, ZH_STR("2012-12")),
                          "day >= 2012-12-01 and day <= 2012-12-31"));
    reg.event_time = &instant;
    assert_true(zh_str_is(zh_series_where(arena, &d, ZH_STR("a = 'b'"), ZH_STR("2012-12-31")),
                          "a = 'b' and at >= 2012-12-31T00:00 and at < 2013-01-01T00:00"));
    int32_t monday = (int32_t)zh_date_of(2024, 1, 1);
    zh_str week = zh_series_period(arena, &d, monday);
    zh_date first;
    zh_date last;
    assert_int_equal(zh_period_parse(week, &first, &last), ZH_OK);
    assert_true(first == monday && last == monday + 6);
}

static void test_declarations_refused(void **state)
{
    (void)state;
    static const char *const engines[] = {"control_chart.q@1",
                                          "early_warning.c9@1",
                                          "control_chart.p@2",
                                          "control_chart.p",
                                          "count@1",
                                          "early_warning@1",
                                          "@1",
                                          ""};
    for (size_t i = 0; i < ZH_COUNTOF(engines); i++) {
        zh_err err = {0};
        zh_detector d = {.id = ZH_STR("x"), .engine = zh_str_of(engines[i])};
        assert_int_equal(zh_series_check(&d, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "detector.engine");
    }
    zh_err err = {0};
    const zh_criterion wrong = number("alpha", "0.1");
    zh_detector d = {.engine = ZH_STR("control_chart.p@1"),
                     .series = {.parameters = &wrong, .nparameters = 1}};
    assert_int_equal(zh_series_check(&d, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "detector.parameter");
    err = (zh_err){0};
    d = (zh_detector){.engine = ZH_STR("early_warning.c1@1"), .criteria = &wrong, .ncriteria = 1};
    assert_int_equal(zh_series_check(&d, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "detector.criterion");
}

static void test_caps(void **state)
{
    (void)state;
    zh_err err = {0};
    zh_map all;
    zh_detected *found;
    size_t n;
    const zh_detector d = {.engine = ZH_STR("early_warning.c1@1"),
                           .series = {.grain = ZH_SERIES_DAY}};
    zh_map_init(&all, arena);
    add(&all, "a", 0, true, 1);
    add(&all, "a", ZH_SERIES_PERIODS_MAX - 1, true, 1);
    assert_int_equal(zh_series_judge(arena, &d, &all, &found, &n, &err), ZH_OK);
    add(&all, "a", ZH_SERIES_PERIODS_MAX, true, 1);
    assert_int_equal(zh_series_judge(arena, &d, &all, &found, &n, &err), ZH_ELIMIT);
    zh_map_init(&all, arena);
    for (size_t i = 0; i < ZH_SERIES_ROWS_MAX; i++) {
        char row[24];
        (void)snprintf(row, sizeof row, "%zu", i);
        add(&all, row, 0, true, 1);
    }
    err = (zh_err){0};
    const zh_series_entry entry = {0, 1, true};
    assert_int_equal(zh_series_add(arena, &all, ZH_STR("one more"), &entry, &err), ZH_ELIMIT);
}

/* C1 by hand: baseline 1..7 has mean 4 and standard deviation 2.160247; z(0.999) = 3.090232. */
static void test_warning(void **state)
{
    (void)state;
    const double counts[] = {1, 2, 3, 4, 5, 6, 7, 11, 10};
    zh_warning_point p[9];
    zh_err err = {0};
    zh_warning w = zh_warning_defaults(ZH_WARNING_C1, 52);
    assert_int_equal(zh_warning_run(arena, counts, 9, &w, p, &err), ZH_OK);
    assert_true(p[6].alarm == ZH_ALARM_UNKNOWN && p[7].alarm == ZH_ALARM_YES);
    assert_true(fabs(p[7].expected - 4) < 1e-12 && fabs(p[7].bound - 10.675665) < 1e-5);
    assert_int_equal(zh_warning_run(arena, counts, 7, &w, p, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "ews.short");
    for (unsigned i = 0; i < ZH_WARNING_N; i++) {
        zh_warning_method method;
        assert_true(zh_warning_find(zh_str_of(zh_warning_name((zh_warning_method)i)), &method));
        assert_int_equal(method, i);
    }
    err = (zh_err){0};
    w.alpha = 0;
    assert_int_equal(zh_warning_run(arena, counts, 9, &w, p, &err), ZH_EINVAL);
}

/* ---- the charts that they are drawn with ---- */

static void test_charts(void **state)
{
    (void)state;
    const double x[] = {1, 2, (double)NAN, 4, 5};
    const double y[] = {0, 900, 3, (double)NAN, -900};
    const zh_xy_series all[] = {
        {.kind = ZH_XY_LINE, .x = x, .y = y, .n = 5, .role = ZH_ROLE_C1, .label = ZH_STR("线")},
        {.kind = ZH_XY_STEP, .x = x, .y = y, .n = 5, .role = ZH_ROLE_C1},
        {.kind = ZH_XY_POINTS, .x = x, .y = y, .n = 5, .role = ZH_ROLE_C1},
        {.kind = ZH_XY_COLUMNS, .x = x, .y = y, .n = 5, .role = ZH_ROLE_C1, .width = 0.5},
        {.kind = ZH_XY_BAND, .x = x, .y = y, .high = y, .n = 5, .role = ZH_ROLE_C1, .step = true},
    };
    zh_err err = {0};
    zh_draw *d;
    /* Nothing leaves the plot, however far values lie beyond an axis that was asked for. */
    zh_xy in = {.title = ZH_STR("t"),
                .series = all,
                .nseries = ZH_COUNTOF(all),
                .y = {.low = ZH_SOME(-1), .high = ZH_SOME(1)}};
    assert_int_equal(zh_chart_xy(arena, &in, 600, &d, &err), ZH_OK);
    assert_int_equal(zh_draw_check(d, &err), ZH_OK);
    for (const zh_draw_item *item = d->first; item != NULL; item = item->next) {
        for (size_t i = 0; i < item->points_n; i++) {
            assert_true(item->points[i].y >= 0 && item->points[i].y <= d->height);
        }
        if (item->kind == ZH_DRAW_RECT) {
            assert_true(item->b >= 0 && item->b + item->d <= d->height);
        }
    }
    in.nseries = 0;
    assert_int_equal(zh_chart_xy(arena, &in, 600, &d, &err), ZH_EINVAL);
    err = (zh_err){0};
    in.nseries = ZH_XY_SERIES_MAX + 1;
    assert_int_equal(zh_chart_xy(arena, &in, 600, &d, &err), ZH_ELIMIT);
}

static void test_paths(void **state)
{
    (void)state;
    const zh_path_node nodes[] = {
        {.label = ZH_STR("a")}, {.label = ZH_STR("b")}, {.label = ZH_STR("c")}};
    zh_path_edge edges[] = {
        {.from = 0, .to = 1, .coefficient = 0.5}, {.from = 1, .to = 2}, {.from = 0, .to = 2}};
    zh_path_diagram in = {
        .title = ZH_STR("t"), .nodes = nodes, .nnodes = 3, .edges = edges, .nedges = 3};
    zh_err err = {0};
    zh_draw *d;
    assert_int_equal(zh_chart_paths(arena, &in, 700, &d, &err), ZH_OK);
    edges[2] = (zh_path_edge){.from = 2, .to = 0};
    assert_int_equal(zh_chart_paths(arena, &in, 700, &d, &err), ZH_EINVAL); /* a circle */
    err = (zh_err){0};
    edges[2] = (zh_path_edge){.from = 2, .to = 3};
    assert_int_equal(zh_chart_paths(arena, &in, 700, &d, &err), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_control_chart, begin, end),
        cmocka_unit_test_setup_teardown(test_early_warning, begin, end),
        cmocka_unit_test_setup_teardown(test_where, begin, end),
        cmocka_unit_test_setup_teardown(test_declarations_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_caps, begin, end),
        cmocka_unit_test_setup_teardown(test_warning, begin, end),
        cmocka_unit_test_setup_teardown(test_charts, begin, end),
        cmocka_unit_test_setup_teardown(test_paths, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
