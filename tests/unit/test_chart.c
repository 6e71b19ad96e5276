/* Charts: geometry against positions worked out by hand from the contracts (a beam 112 wide has its
 * axis from 6 to 106, so 1 % is one unit), nice numbers against Heckbert's rule, and the rules that
 * hold for all charts: missing is hatched and named, too few is dotted, red only when asked. */
#include "fmt/chart.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "svg_reader.h"

static int set_up(void **state)
{
    *state = zh_arena_new((size_t)256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define INF        ((double)INFINITY)

static zh_reading reading(const char *label, double value, double low, double high)
{
    return (zh_reading){.label = zh_str_of(label),
                        .text = ZH_STR("v"),
                        .note = ZH_STR("n = 9"),
                        .href = ZH_STR("/records"),
                        .value = ZH_SOME(value),
                        .low = ZH_SOME(low),
                        .high = ZH_SOME(high)};
}

static void must(zh_rc rc, const zh_err *err)
{
    if (rc != ZH_OK) {
        fail_msg("%s", err->message);
    }
}

/* Draws, reads the SVG into s. */
#define READ(s, function, in, width)                                                               \
    do {                                                                                           \
        zh_draw *drawn = NULL;                                                                     \
        zh_err err_;                                                                               \
        zh_err_clear(&err_);                                                                       \
        must(function(*state, (in), (width), &drawn, &err_), &err_);                               \
        svg_read((s), drawn);                                                                      \
    } while (0)

#define REFUSED(rc_, rule_, function, in, width)                                                   \
    do {                                                                                           \
        zh_draw *drawn = NULL;                                                                     \
        zh_err err_;                                                                               \
        zh_err_clear(&err_);                                                                       \
        assert_int_equal(function(*state, (in), (width), &drawn, &err_), (rc_));                   \
        assert_string_equal(err_.rule, (rule_));                                                   \
        assert_true(err_.message[0] != '\0');                                                      \
        assert_null(drawn);                                                                        \
    } while (0)

#define AT(s, xpath, want) assert_true(fabs(svg_number((s), (xpath)) - (want)) < 0.011)

/* ---- axes ---- */

/* Heckbert 1990: range = nicenum(high - low, false), step = nicenum(range / (n - 1), true). The
 * first row is his example. */
static void nice_numbers(void **state)
{
    static const struct {
        double low, high;
        unsigned wanted;
        double from, to, step;
        int decimals;
    } cases[] = {
        {105, 543, 5, 100, 600, 100, 0}, {0, 13.1, 6, 0, 15, 5, 0},
        {0, 2.86, 5, 0, 3, 1, 0},        {0, 0.0286, 5, 0, 0.03, 0.01, 2},
        {14.3, 28.7, 5, 10, 30, 5, 0},   {-7, 3, 5, -8, 4, 2, 0},
        {0, 0.3, 4, 0, 0.4, 0.2, 1},     {0, 1, 2, 0, 1, 1, 0},
        {35, 91.6, 8, 30, 100, 10, 0},   {0, 6997389, 5, 0, 8000000, 2000000, 0},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_axis axis;
        assert_int_equal(zh_axis_nice(cases[i].low, cases[i].high, cases[i].wanted, &axis), ZH_OK);
        size_t n = (size_t)lround((cases[i].to - cases[i].from) / cases[i].step) + 1;
        if (axis.ticks_n != n || fabs(axis.low - cases[i].from) > 1e-12 ||
            fabs(axis.high - cases[i].to) > 1e-9 || axis.decimals != cases[i].decimals) {
            fail_msg("case %zu: %zu ticks from %g to %g, %d decimals", i, axis.ticks_n, axis.low,
                     axis.high, axis.decimals);
        }
        for (size_t k = 0; k < n; k++) {
            assert_true(fabs(axis.ticks[k] - (cases[i].from + (double)k * cases[i].step)) <
                        1e-9 * cases[i].step + 1e-12);
        }
    }
    (void)state;
}

static void nice_numbers_hold_for_any_range(void **state)
{
    uint64_t seed = 88172645463325252u;
    printf("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double a =
            ((double)(seed >> 11) / 9007199254740992.0 - 0.5) * pow(10, (int)(seed % 17) - 6);
        double b = a + fabs(a) * (double)(seed % 1000) / 700.0;
        unsigned wanted = 2 + (unsigned)(seed % 19);
        zh_axis axis;
        assert_int_equal(zh_axis_nice(a, b, wanted, &axis), ZH_OK);
        assert_true(axis.low < axis.high && axis.ticks_n >= 2 && axis.ticks_n <= ZH_AXIS_TICKS_MAX);
        double slack = 1e-8 * (axis.high - axis.low);
        assert_true(axis.low <= a + slack && axis.high >= b - slack);
        assert_true(fabs(axis.ticks[0] - axis.low) <= slack);
        assert_true(fabs(axis.ticks[axis.ticks_n - 1] - axis.high) <= slack);
    }
    (void)state;
}

static void bad_ranges_are_refused(void **state)
{
    zh_axis axis;
    assert_int_equal(zh_axis_nice(0, INF, 5, &axis), ZH_EINVAL);
    assert_int_equal(zh_axis_nice(1, 0, 5, &axis), ZH_EINVAL);
    assert_int_equal(zh_axis_nice(0, 1, 1, &axis), ZH_EINVAL);
    assert_int_equal(zh_axis_nice(0, 1, 20, &axis), ZH_OK);
    assert_int_equal(zh_axis_nice(0, 1, 21, &axis), ZH_EINVAL);
    assert_int_equal(zh_axis_nice(0, 1e15, 5, &axis), ZH_OK);
    assert_int_equal(zh_axis_nice(0, 1.1e15, 5, &axis), ZH_EINVAL);
    assert_int_equal(zh_axis_log(0, 10, &axis), ZH_EINVAL);
    assert_int_equal(zh_axis_log(1, 1e13, &axis), ZH_EINVAL);
    (void)state;
}

static void logarithmic_axes(void **state)
{
    zh_axis axis;
    char label[ZH_AXIS_LABEL_MAX];
    assert_int_equal(zh_axis_log(1.2, 28.5, &axis), ZH_OK);
    static const double want[] = {1, 2, 5, 10, 20, 50};
    assert_int_equal(axis.ticks_n, ZH_COUNTOF(want));
    for (size_t i = 0; i < ZH_COUNTOF(want); i++) {
        assert_true(fabs(axis.ticks[i] - want[i]) < 1e-12);
    }
    assert_true(fabs(zh_axis_at(&axis, sqrt(50.0), 0, 100) - 50) < 1e-9);
    assert_int_equal(zh_axis_log(0.02, 300, &axis), ZH_OK); /* 0.02 .. 500: 14 steps */
    assert_true(fabs(axis.low - 0.02) < 1e-12 && fabs(axis.high - 500) < 1e-9);
    assert_int_equal(axis.ticks_n, 4); /* 0.1, 1, 10, 100 */
    assert_int_equal(zh_axis_label(&axis, axis.ticks[0], label), 3);
    assert_string_equal(label, "0.1");
    assert_int_equal(zh_axis_log(1, 1, &axis), ZH_OK);
    assert_true(axis.low < axis.high);
    zh_axis_label(&axis, 1000, label);
    assert_string_equal(label, "1,000");
    (void)state;
}

/* ---- beam ---- */

static void a_beam_has_its_marks_where_the_numbers_say(void **state)
{
    svg s;
    zh_beam in = {.reading = reading("合格率", 40, 30, 60)};
    assert_int_equal(zh_axis_fixed(0, 100, 6, &in.axis), ZH_OK);
    in.reading.target = ZH_SOME(80);
    in.reading.compare = ZH_SOME(20);
    READ(&s, zh_chart_beam, &in, 112);
    AT(&s, "//rect[@opacity]/@x", 36);
    AT(&s, "//rect[@opacity]/@width", 30);
    assert_string_equal(svg_string(&s, "//rect[@opacity]/@class"), "f-qing");
    AT(&s, "//rect[not(@opacity)]/@x", 44.5); /* 46 in the middle of 3 */
    AT(&s, "//circle/@cx", 26);
    AT(&s, "//line[@x1 = 86]/@x2", 86);
    assert_true(strstr(svg_string(&s, "//path/@d"), "M86 ") != NULL);
    assert_int_equal(svg_count(&s, "//*[contains(@class, '-act')]"), 0);
    assert_string_equal(svg_string(&s, "/svg/a[@class='mark']/@href"), "/records");
    svg_free(&s);
    in.reading.value = ZH_SOME(41);
    in.reading.act = true;
    READ(&s, zh_chart_beam, &in, 112);
    AT(&s, "//rect[not(@opacity)]/@x", 45.5);
    assert_int_equal(svg_count(&s, "//rect[@class='f-act']"), 2);
    svg_free(&s);
}

static void a_beam_shows_what_is_not_there(void **state)
{
    svg s;
    zh_beam in = {.reading = {.label = ZH_STR("武汉")}};
    assert_int_equal(zh_axis_fixed(0, 100, 6, &in.axis), ZH_OK);
    READ(&s, zh_chart_beam, &in, 112);
    assert_int_equal(svg_count(&s, "//rect[@fill='url(#f-missing)']"), 1);
    assert_string_equal(svg_string(&s, "//text"), "未报");
    assert_string_equal(svg_string(&s, "//g[@class='mark']/title"), "武汉 未报");
    assert_int_equal(svg_count(&s, "//rect[@class='f-ink']"), 0);
    svg_free(&s);
    in.reading = reading("武汉", 40, 30, 60);
    in.reading.state = ZH_READING_FEW;
    READ(&s, zh_chart_beam, &in, 112);
    assert_int_equal(svg_count(&s, "//rect"), 0);
    AT(&s, "//circle/@cx", 46);
    AT(&s, "//line[@stroke-dasharray='1 2']/@x1", 36);
    assert_string_equal(svg_string(&s, "//a[@class='mark']/title"), "武汉 v 样本不足 n = 9");
    svg_free(&s);
    in.reading.value = in.reading.low = in.reading.high = ZH_ABSENT;
    READ(&s, zh_chart_beam, &in, 112);
    assert_int_equal(svg_count(&s, "//rect[@fill='url(#f-few)']"), 1);
    assert_string_equal(svg_string(&s, "//text"), "样本不足");
    svg_free(&s);
    in.reading.state = ZH_READING_ND;
    READ(&s, zh_chart_beam, &in, 112);
    assert_string_equal(svg_string(&s, "//text"), "未检出");
    svg_free(&s);
    in.reading.state = ZH_READING_NA;
    in.reading.word = ZH_STR("not applicable");
    READ(&s, zh_chart_beam, &in, 112);
    assert_string_equal(svg_string(&s, "//text"), "not applicable");
    svg_free(&s);
}

static void what_runs_off_the_axis_ends_in_an_arrow(void **state)
{
    svg s;
    zh_beam in = {.reading = reading("x", INF, 50, INF)};
    assert_int_equal(zh_axis_fixed(0, 100, 6, &in.axis), ZH_OK);
    READ(&s, zh_chart_beam, &in, 112);
    AT(&s, "//rect[@opacity]/@x + //rect[@opacity]/@width", 106);
    assert_string_equal(svg_string(&s, "//path/@d"), "M112 9L106 5.5 106 12.5Z");
    svg_free(&s);
    in.reading = reading("x", -5, -9, 1);
    READ(&s, zh_chart_beam, &in, 112);
    assert_string_equal(svg_string(&s, "//path/@d"), "M0 9L6 5.5 6 12.5Z");
    AT(&s, "//rect[@opacity]/@x", 6);
    svg_free(&s);
}

static void unsound_readings_are_refused(void **state)
{
    zh_beam in = {.reading = reading("x", 1, 2, 1)};
    assert_int_equal(zh_axis_fixed(0, 100, 6, &in.axis), ZH_OK);
    REFUSED(ZH_EINVAL, "chart.interval", zh_chart_beam, &in, 112);
    in.reading = reading("x", 1, 1, 1);
    in.reading.high = ZH_ABSENT;
    REFUSED(ZH_EINVAL, "chart.interval", zh_chart_beam, &in, 112);
    in.reading = reading("x", nan(""), 1, 1);
    REFUSED(ZH_EINVAL, "chart.number", zh_chart_beam, &in, 112);
    in.reading = reading("x", 1, -INF, 1);
    REFUSED(ZH_EINVAL, "chart.number", zh_chart_beam, &in, 112);
    in.reading = reading("x", 1, 1, 1);
    REFUSED(ZH_EINVAL, "chart.width", zh_chart_beam, &in, 79);
    in.axis.high = 0;
    REFUSED(ZH_EINVAL, "chart.axis", zh_chart_beam, &in, 112);
}

static void a_spark_line_breaks_where_values_are_missing(void **state)
{
    const zh_opt values[] = {ZH_SOME(0), ZH_SOME(10), ZH_ABSENT, ZH_SOME(5), ZH_SOME(10)};
    zh_spark in = {values, 5, ZH_STR("轨迹")};
    svg s;
    READ(&s, zh_chart_spark, &in, 106);
    assert_int_equal(svg_count(&s, "//path"), 2);
    assert_string_equal(svg_string(&s, "//path[1]/@d"), "M3 21L28 3");
    assert_string_equal(svg_string(&s, "//path[2]/@d"), "M78 12L103 3");
    AT(&s, "//circle/@cx", 103);
    svg_free(&s);
    const zh_opt none[] = {ZH_ABSENT};
    in = (zh_spark){none, 1, ZH_STR("轨迹")};
    READ(&s, zh_chart_spark, &in, 106);
    assert_string_equal(svg_string(&s, "//text"), "未报");
    svg_free(&s);
}

/* ---- rows ---- */

static void rows_share_one_axis(void **state)
{
    zh_reading r[] = {reading("茶叶", 13, 7, 24),
                      reading("酒类", 4, 2, 8),
                      reading("食糖", 0, 0, 79),
                      {.label = ZH_STR("肉")}};
    r[0].state = r[2].state = ZH_READING_FEW;
    zh_rank_rows in = {.title = ZH_STR("各类"),
                  .rows = r,
                  .n = 4,
                  .reference = ZH_SOME(1),
                  .reference_label = ZH_STR("全部 1%"),
                  .note_head = ZH_STR("n"),
                  .unit = ZH_STR("%")};
    svg s;
    READ(&s, zh_chart_rows, &in, 400);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), 4);
    /* 0 to 15: as far as the ring of 13; 24 and 79 run off and end in arrows. */
    assert_string_equal(svg_string(&s, "//g[@class='axis']/text[last()]"), "15%");
    assert_int_equal(svg_count(&s, "//a[1]/path"), 1);
    assert_int_equal(svg_count(&s, "//a[2]/path"), 0);
    double zero = svg_number(&s, "//g[@class='axis']/text[1]/@x");
    double end = svg_number(&s, "//g[@class='axis']/text[last()]/@x");
    AT(&s, "//a[2]/rect[@opacity]/@x", zero + (end - zero) * 2 / 15);
    AT(&s, "//a[2]/rect[@opacity]/@width", (end - zero) * 6 / 15);
    AT(&s, "//a[1]/circle/@cx", zero + (end - zero) * 13 / 15);
    AT(&s, "//a[3]/circle/@cx", zero);
    assert_int_equal(svg_count(&s, "//g[@class='mark']/rect[@fill='url(#f-missing)']"), 1);
    AT(&s, "//line[@stroke-dasharray='6 3']/@x1", zero + (end - zero) / 15);
    svg_free(&s);
    in.low = ZH_SOME(0);
    in.high = ZH_SOME(30);
    READ(&s, zh_chart_rows, &in, 400);
    AT(&s, "//a[2]/rect[@opacity]/@width", (end - zero) * 6 / 30);
    svg_free(&s);
}

static void too_many_marks_are_refused(void **state)
{
    size_t n = ZH_CHART_MARKS_MAX;
    zh_reading *r = zh_arena_alloc(*state, (n + 1) * sizeof(*r));
    for (size_t i = 0; i <= n; i++) {
        r[i] = (zh_reading){.value = ZH_SOME(1), .label = ZH_STR("x")};
    }
    zh_rank_rows in = {.title = ZH_STR("t"), .rows = r, .n = n};
    svg s;
    READ(&s, zh_chart_rows, &in, 400);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), n);
    svg_free(&s);
    in.n = n + 1;
    REFUSED(ZH_ELIMIT, "chart.marks", zh_chart_rows, &in, 400);
    in.n = 0;
    REFUSED(ZH_EINVAL, "chart.empty", zh_chart_rows, &in, 400);
}

static void a_forest_is_logarithmic_and_knows_infinity(void **state)
{
    zh_reading r[] = {reading("氰化物", 10, 5, 20), reading("某项", INF, 2, INF)};
    r[0].act = true;
    zh_forest in = {.title = ZH_STR("PRR"),
                    .rows = r,
                    .n = 2,
                    .threshold = ZH_SOME(2),
                    .low = ZH_SOME(1),
                    .high = ZH_SOME(100)};
    svg s;
    READ(&s, zh_chart_forest, &in, 400);
    double one = svg_number(&s, "//g[@class='axis']/text[1]/@x");
    double hundred = svg_number(&s, "//g[@class='axis']/text[last()]/@x");
    assert_string_equal(svg_string(&s, "//g[@class='axis']/text[1]"), "1");
    AT(&s, "//a[1]/rect[not(@opacity)]/@x", (one + hundred) / 2 - 1.5); /* 10 is halfway */
    AT(&s, "//a[1]/rect[@opacity]/@width", (hundred - one) * log10(4) / 2);
    assert_int_equal(svg_count(&s, "//a[1]/rect[@class='f-act']"), 2);
    assert_int_equal(svg_count(&s, "//a[2]//*[contains(@class, '-act')]"), 0);
    assert_string_equal(svg_string(&s, "//a[2]/text[last()]"), "∞");
    assert_int_equal(svg_count(&s, "//a[2]/path"), 1);
    AT(&s, "//line[@stroke-dasharray='6 3']/@x1", one + (hundred - one) * log10(2) / 2);
    svg_free(&s);
    r[0].value = ZH_SOME(0);
    REFUSED(ZH_EINVAL, "chart.ratio", zh_chart_forest, &in, 400);
}

static void pareto_bars_begin_at_nothing_and_hide_nothing(void **state)
{
    zh_reading r[] = {
        reading("苯甲酸", 30, 30, 30), reading("酸价", 15, 15, 15), {.label = ZH_STR("铅")}};
    r[0].text = r[1].text = ZH_STR_NONE;
    zh_pareto in = {.title = ZH_STR("帕累托"),
                    .rows = r,
                    .n = 3,
                    .rest = ZH_SOME(1455),
                    .rest_label = ZH_STR("其余 9 项")};
    svg s;
    READ(&s, zh_chart_pareto, &in, 400);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), 4);
    double left = svg_number(&s, "//a[1]/rect/@x");
    AT(&s, "//a[2]/rect/@x", left);
    AT(&s, "//a[1]/rect/@width div //a[2]/rect/@width", 2);
    assert_string_equal(svg_string(&s, "//a[1]/text[2]"), "30");
    assert_string_equal(svg_string(&s, "//a[1]/text[3]"), "2%"); /* 30 of 1,500 */
    assert_string_equal(svg_string(&s, "//a[2]/text[3]"), "3%");
    assert_string_equal(svg_string(&s, "//g[@class='mark'][1]/title"), "铅 未报");
    svg_free(&s);
}

static void status_rows_have_one_square_a_unit(void **state)
{
    zh_status_row rows[] = {{ZH_STR("Ⅱ类"), ZH_STR("/x"), ZH_STR_NONE, 1, ZH_ROLE_D7},
                            {ZH_STR("Ⅳ类"), ZH_STR("/x"), ZH_STR_NONE, 8, ZH_ROLE_D3},
                            {ZH_STR("未报"), ZH_STR("/x"), ZH_STR_NONE, 30, ZH_ROLE_MISSING}};
    zh_status in = {.title = ZH_STR("断面"),
                    .rows = rows,
                    .n = 3,
                    .divide_after = 1,
                    .divide_label = ZH_STR("以上达到Ⅲ类")};
    svg s;
    READ(&s, zh_chart_status, &in, 300);
    assert_int_equal(svg_count(&s, "//a[1]/rect"), 1);
    assert_int_equal(svg_count(&s, "//a[2]/rect"), 8);
    assert_int_equal(svg_count(&s, "//a[3]/rect[@fill='url(#f-missing)']"), 30);
    assert_int_equal(svg_count(&s, "//rect[@x + @width > 300]"), 0);
    assert_string_equal(svg_string(&s, "//a[2]/title"), "Ⅳ类 8");
    AT(&s, "//line[@stroke-dasharray]/@y1", 30);
    svg_free(&s);
    rows[1].count = ZH_STATUS_SQUARES;
    READ(&s, zh_chart_status, &in, 300);
    assert_int_equal(svg_count(&s, "//a[2]/rect"), ZH_STATUS_SQUARES);
    svg_free(&s);
    rows[1].count = ZH_STATUS_SQUARES + 1;
    READ(&s, zh_chart_status, &in, 300);
    assert_int_equal(svg_count(&s, "//a[2]/rect"), 1);
    AT(&s, "//a[2]/rect/@width div //a[3]/rect/@width", 6.7);
    svg_free(&s);
}

/* ---- time ---- */

static void segments_are_as_long_as_their_period(void **state)
{
    zh_segment a[] = {
        {zh_date_of(2020, 1, 1), zh_date_of(2020, 12, 31), reading("全国", 2, 1, 3), true, false},
        {zh_date_of(2021, 1, 1), zh_date_of(2021, 6, 30), reading("全国", 3, 2.5, 3.5), false,
         true},
        {zh_date_of(2022, 1, 1), zh_date_of(2022, 12, 31), {.label = ZH_STR("全国")}, false, true}};
    zh_segment b[] = {
        {zh_date_of(2020, 4, 1), zh_date_of(2020, 6, 30), reading("湖北", 1, 1, 1), true, false}};
    zh_segment_series series[] = {{ZH_STR("全国"), a, 3, ZH_ROLE_NONE},
                                  {ZH_STR("湖北"), b, 1, ZH_ROLE_NONE}};
    zh_periods in = {.title = ZH_STR("不合格率"),
                     .series = series,
                     .n = 2,
                     .unit = ZH_STR("%"),
                     .from_zero = true};
    svg s;
    READ(&s, zh_chart_periods, &in, 500);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), 4);
    double x1 = svg_number(&s, "//a[1]/line/@x1");
    double x2 = svg_number(&s, "//a[1]/line/@x2");
    AT(&s, "//a[2]/line/@x1", x2);                                      /* the next day */
    AT(&s, "//a[2]/line/@x2 - //a[2]/line/@x1", (x2 - x1) * 181 / 366); /* days of the period */
    AT(&s, "//a[3]/line/@x1", x1 + (x2 - x1) * 91 / 366);
    /* Axis 0 to 4: one percent is a quarter of the plot. */
    double quarter = svg_number(&s, "//a[1]/line/@y1") - svg_number(&s, "//a[2]/line/@y1");
    AT(&s, "//a[1]/rect/@height", quarter * 2);
    AT(&s, "//a[3]/line/@y1 - //a[1]/line/@y1", quarter);
    assert_string_equal(svg_string(&s, "//a[1]/line/@class"), "f-none k-c1");
    assert_string_equal(svg_string(&s, "//a[3]/line/@class"), "f-none k-c2");
    assert_int_equal(svg_count(&s, "//g[@class='mark']/rect[@fill='url(#f-missing)']"), 1);
    assert_int_equal(svg_count(&s, "//text[. = '未报']"), 1);
    assert_int_equal(svg_count(&s, "/svg/line[@stroke-width='1']"), 1); /* one join, not two */
    assert_int_equal(svg_count(&s, "/svg/text[. = '湖北 v']"), 1);
    svg_free(&s);
    a[0].last = zh_date_of(2019, 12, 31);
    REFUSED(ZH_EINVAL, "chart.period", zh_chart_periods, &in, 500);
    in.n = ZH_CHART_SERIES_MAX + 1;
    REFUSED(ZH_ELIMIT, "chart.series", zh_chart_periods, &in, 500);
    in.n = 0;
    REFUSED(ZH_EINVAL, "chart.series", zh_chart_periods, &in, 500);
}

static void segments_have_a_cap(void **state)
{
    size_t n = ZH_CHART_SEGMENTS_MAX;
    zh_segment *a = zh_arena_alloc(*state, (n + 1) * sizeof(*a));
    for (size_t i = 0; i <= n; i++) {
        zh_date day = zh_date_of(2020, 1, 1) + (zh_date)i;
        a[i] = (zh_segment){day, day, reading("x", 1, 1, 1), true, false};
    }
    zh_segment_series series = {ZH_STR("x"), a, n, ZH_ROLE_NONE};
    zh_periods in = {.title = ZH_STR("t"), .series = &series, .n = 1};
    svg s;
    READ(&s, zh_chart_periods, &in, 500);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), n);
    svg_free(&s);
    series.n = n + 1;
    REFUSED(ZH_ELIMIT, "chart.marks", zh_chart_periods, &in, 500);
}

static void slope_labels_never_overlap(void **state)
{
    zh_slope_line lines[10];
    for (size_t i = 0; i < 10; i++) {
        lines[i] = (zh_slope_line){.label = ZH_STR("市"),
                                   .left = ZH_SOME(50.0 + (double)i / 10),
                                   .right = ZH_SOME(60.0),
                                   .left_text = ZH_STR("1"),
                                   .right_text = ZH_STR("2"),
                                   .named = i < 8};
    }
    lines[9].right = ZH_ABSENT;
    zh_slope in = {.title = ZH_STR("t"),
                   .left_head = ZH_STR("2014"),
                   .right_head = ZH_STR("2015"),
                   .lines = lines,
                   .n = 10,
                   .standard = ZH_SOME(35),
                   .standard_label = ZH_STR("二级标准 35")};
    svg s;
    READ(&s, zh_chart_slope, &in, 360);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), 10);
    assert_int_equal(svg_count(&s, "//*[@class='mark']/line"), 9);
    assert_int_equal(svg_count(&s, "//*[@class='mark']/circle"), 1);
    assert_string_equal(svg_string(&s, "//*[@class='mark'][circle]/title"), "市 1 → 未报");
    for (int i = 2; i <= 8; i++) {
        char xpath[128];
        (void)snprintf(xpath, sizeof(xpath),
                       "//text[@text-anchor='end'][%d]/@y - //text[@text-anchor='end'][%d]/@y", i,
                       i - 1);
        assert_true(svg_number(&s, xpath) >= 13 - 0.011);
    }
    assert_int_equal(svg_count(&s, "//line[@stroke-dasharray='6 3']"), 1);
    svg_free(&s);
    lines[8].named = true;
    REFUSED(ZH_ELIMIT, "chart.named", zh_chart_slope, &in, 360);
}

static void panels_share_one_scale(void **state)
{
    const zh_opt a[] = {ZH_SOME(0), ZH_SOME(100), ZH_ABSENT, ZH_SOME(100)};
    const zh_opt b[] = {ZH_SOME(50), ZH_SOME(50)};
    const zh_opt c[] = {ZH_ABSENT, ZH_ABSENT};
    zh_panel panels[] = {{.label = ZH_STR("荆州"), .values = a, .n = 4, .last_text = ZH_STR("100")},
                         {.label = ZH_STR("宜昌"), .values = b, .n = 2, .last_text = ZH_STR("50")},
                         {.label = ZH_STR("恩施"), .values = c, .n = 2}};
    zh_panels in = {
        .title = ZH_STR("t"), .panels = panels, .n = 3, .standard = ZH_SOME(75), .from_zero = true};
    svg s;
    READ(&s, zh_chart_panels, &in, 420);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), 3);
    assert_string_equal(svg_string(&s, "/svg/g[2]//path/@d"), "M0 47L96 47"); /* 72 to 22 */
    assert_string_equal(svg_string(&s, "/svg/g[1]//path/@d"), "M0 72L32 22");
    AT(&s, "/svg/g[1]//circle/@cy", 22);
    AT(&s, "/svg/g[1]//line[@stroke-dasharray]/@y1", 34.5);
    assert_string_equal(svg_string(&s, "/svg/g[3]//title"), "恩施 未报");
    assert_int_equal(svg_count(&s, "/svg/g[3]//rect[@fill='url(#f-missing)']"), 1);
    svg_free(&s);
    zh_panel *many = zh_arena_alloc(*state, (ZH_CHART_PANELS_MAX + 1) * sizeof(*many));
    for (size_t i = 0; i <= ZH_CHART_PANELS_MAX; i++) {
        many[i] = panels[1];
    }
    in.panels = many;
    in.n = ZH_CHART_PANELS_MAX;
    READ(&s, zh_chart_panels, &in, 420);
    svg_free(&s);
    in.n = ZH_CHART_PANELS_MAX + 1;
    REFUSED(ZH_ELIMIT, "chart.panels", zh_chart_panels, &in, 420);
}

/* ---- processes ---- */

static void control_limits_step_and_flags_have_shapes(void **state)
{
    zh_control_point p[4];
    static const double values[] = {20, 22, 10, 24};
    for (size_t i = 0; i < 4; i++) {
        double half = i == 1 ? 5 : 8;
        p[i] = (zh_control_point){.reading = reading("11 月", values[i], values[i], values[i]),
                                  .n = 100.0 * (double)(i + 1),
                                  .lower = ZH_SOME(20 - half),
                                  .upper = ZH_SOME(20 + half)};
    }
    p[2].flag = ZH_CONTROL_OUT;
    p[3].flag = ZH_CONTROL_RUN;
    zh_control in = {.title = ZH_STR("p 图"),
                     .points = p,
                     .n = 4,
                     .centre = 20,
                     .centre_label = ZH_STR("基线 20%"),
                     .upper_label = ZH_STR("上限"),
                     .lower_label = ZH_STR("下限"),
                     .unit = ZH_STR("%"),
                     .baseline = 2,
                     .baseline_label = ZH_STR("基线期"),
                     .after_label = ZH_STR("其后")};
    svg s;
    READ(&s, zh_chart_control, &in, 600);
    assert_int_equal(svg_count(&s, "//a[@class='mark']"), 4);
    assert_int_equal(svg_count(&s, "//a[1]/circle[contains(@class, 'f-ink')]"), 1);
    assert_int_equal(svg_count(&s, "//a[3]/rect[@class='f-act']"), 1);
    assert_int_equal(svg_count(&s, "//*[contains(@class, '-act')]"), 1);
    assert_string_equal(svg_string(&s, "//a[4]/circle/@class"), "f-paper k-ink");
    /* Axis 10 to 30 over a plot from 26 to 206: one percent is nine units. */
    AT(&s, "//a[1]/circle/@cy", 116);
    AT(&s, "//a[2]/circle/@cy", 98);
    AT(&s, "//a[3]/rect[@class='f-act']/@y + 4.5", 206);
    assert_int_equal(svg_count(&s, "/svg/path[@stroke-dasharray='4 3']"), 2);
    assert_true(strstr(svg_string(&s, "/svg/path[@stroke-dasharray='4 3'][1]/@d"), " 44 ") != NULL);
    assert_true(strstr(svg_string(&s, "/svg/path[@stroke-dasharray='4 3'][1]/@d"), " 71 ") != NULL);
    AT(&s, "//a[4]/rect/@height div //a[1]/rect/@height", 4); /* n: 400 to 100 */
    assert_int_equal(svg_count(&s, "/svg/rect[@class='f-watch-t']"), 1);
    svg_free(&s);
    p[1].reading = (zh_reading){.label = ZH_STR("12 月")};
    READ(&s, zh_chart_control, &in, 600);
    assert_int_equal(svg_count(&s, "//g[@class='mark']/rect[@fill='url(#f-missing)']"), 1);
    svg_free(&s);
    p[0].n = -1;
    REFUSED(ZH_EINVAL, "chart.number", zh_chart_control, &in, 600);
}

static void columns_begin_at_zero(void **state)
{
    zh_reading r[] = {
        reading("1 月", 10, 10, 10), reading("2 月", 20, 20, 20), {.label = ZH_STR("3 月")}};
    zh_bar_columns in = {.title = ZH_STR("t"),
                     .columns = r,
                     .n = 3,
                     .today = 3,
                     .reference = ZH_SOME(15),
                     .reference_label = ZH_STR("均值")};
    svg s;
    READ(&s, zh_chart_columns, &in, 300);
    AT(&s, "//a[2]/rect/@height div //a[1]/rect/@height", 2);
    AT(&s, "//a[1]/rect/@y + //a[1]/rect/@height", 136);
    assert_int_equal(svg_count(&s, "//g[@class='mark']/rect[@fill='url(#f-missing)']"), 1);
    assert_string_equal(svg_string(&s, "//g[@class='mark']/title"), "3 月 未报");
    assert_int_equal(svg_count(&s, "//text[. = '今天']"), 1);
    AT(&s, "//line[@stroke-dasharray='6 3'][2]/@x1", 200);
    svg_free(&s);
    r[0].value = r[0].low = r[0].high = ZH_SOME(-1);
    REFUSED(ZH_EINVAL, "chart.count", zh_chart_columns, &in, 300);
}

static void small_widths_still_draw(void **state)
{
    zh_reading r[] = {reading("一个很长很长很长的名称", 10, 5, 20), {.label = ZH_STR("x")}};
    zh_rank_rows rows = {.title = ZH_STR("t"), .rows = r, .n = 2, .note_head = ZH_STR("不合格／抽检")};
    zh_forest forest = {.title = ZH_STR("t"), .rows = r, .n = 2};
    zh_pareto pareto = {.title = ZH_STR("t"), .rows = r, .n = 2, .rest = ZH_SOME(3)};
    zh_bar_columns columns = {.title = ZH_STR("t"), .columns = r, .n = 2};
    svg s;
    READ(&s, zh_chart_rows, &rows, ZH_CHART_WIDTH_MIN);
    svg_free(&s);
    READ(&s, zh_chart_forest, &forest, ZH_CHART_WIDTH_MIN);
    svg_free(&s);
    READ(&s, zh_chart_pareto, &pareto, ZH_CHART_WIDTH_MIN);
    svg_free(&s);
    READ(&s, zh_chart_columns, &columns, ZH_CHART_WIDTH_MIN);
    svg_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nice_numbers),
        TEST(nice_numbers_hold_for_any_range),
        TEST(bad_ranges_are_refused),
        TEST(logarithmic_axes),
        TEST(a_beam_has_its_marks_where_the_numbers_say),
        TEST(a_beam_shows_what_is_not_there),
        TEST(what_runs_off_the_axis_ends_in_an_arrow),
        TEST(unsound_readings_are_refused),
        TEST(a_spark_line_breaks_where_values_are_missing),
        TEST(rows_share_one_axis),
        TEST(too_many_marks_are_refused),
        TEST(a_forest_is_logarithmic_and_knows_infinity),
        TEST(pareto_bars_begin_at_nothing_and_hide_nothing),
        TEST(status_rows_have_one_square_a_unit),
        TEST(segments_are_as_long_as_their_period),
        TEST(segments_have_a_cap),
        TEST(slope_labels_never_overlap),
        TEST(panels_share_one_scale),
        TEST(control_limits_step_and_flags_have_shapes),
        TEST(columns_begin_at_zero),
        TEST(small_widths_still_draw),
    };
    return cmocka_run_group_tests_name("chart", tests, NULL, NULL);
}
