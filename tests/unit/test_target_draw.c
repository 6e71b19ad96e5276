/* Drawings of targets: well-formed, every mark where the arithmetic puts it, caps. The plot of a
 * chart 760 wide goes from 48 to 664; positions below are worked out by hand from that. */
#include "fmt/svg.h"
#include "web/outline/target_draw.h"
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static zh_target_period year(int y, double value)
{
    return (zh_target_period){.first = zh_date_of(y, 1, 1),
                              .last = zh_date_of(y, 12, 31),
                              .value = value,
                              .low = value - 5,
                              .high = value + 5,
                              .text = ZH_STR("v"),
                              .href = ZH_STR("/indicators/x"),
                              .title = ZH_STR("t<&>")};
}

static zh_target_picture plan(const zh_target_period *periods, size_t n)
{
    return (zh_target_picture){.title = ZH_STR("目标"),
                               .periods = periods,
                               .n = n,
                               .from = 2021,
                               .to = 2025,
                               .has_goal = true,
                               .goal = 100,
                               .goal_text = ZH_STR("≥ 100"),
                               .missing = ZH_STR("未报")};
}

static int count(zh_str svg, const char *path)
{
    xmlDocPtr doc = xmlReadMemory(svg.p, (int)svg.n, "f.svg", NULL, XML_PARSE_NONET);
    assert_non_null(doc);
    xmlXPathContextPtr context = xmlXPathNewContext(doc);
    xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)path, context);
    assert_non_null(found);
    int n = found->nodesetval == NULL ? 0 : found->nodesetval->nodeNr;
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    return n;
}

typedef struct drawn {
    zh_arena *arena;
    zh_buf out;
    zh_err err;
    zh_rc rc;
} drawn;

static void draw(drawn *d, const zh_target_picture *in)
{
    *d = (drawn){.arena = zh_arena_new((size_t)64 << 20)};
    zh_buf_init(&d->out, (size_t)4 << 20);
    zh_draw *list = NULL;
    d->rc = zh_target_path(d->arena, in, 760, &list, &d->err);
    if (d->rc == ZH_OK) {
        d->rc = zh_svg_write(list, &(zh_svg_options){.id = ZH_STR("path")}, &d->out, &d->err);
    }
}

static void done(drawn *d)
{
    zh_buf_free(&d->out);
    zh_arena_free(d->arena);
}

static bool holds(const drawn *d, const char *text)
{
    return zh_str_find(zh_buf_view(&d->out), zh_str_of(text)) >= 0;
}

/* Values 80, none, 90 of 2021 to 2023 and a goal of 100. A twentieth of room below makes it 79 to
 * 100, which Heckbert's rule with five ticks widens to 70 to 100, over 200 units (y 220 to 20): 90
 * stands at 86.67, 95 at 53.33. 2021 to 2025 are 1,825 days apart over 616 units; 2023 begins 730
 * days in, at 48 + 246.4. */
static void marks_stand_where_the_numbers_say(void **state)
{
    (void)state;
    const zh_target_period periods[] = {year(2021, 80), year(2023, 90)};
    zh_target_picture in = plan(periods, 2);
    drawn d;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_OK);
    zh_str svg = zh_buf_view(&d.out);
    assert_true(holds(&d, "x1=\"295.4\" y1=\"86.67\""));
    assert_false(holds(&d, "style="));
    assert_true(holds(&d, "2022 未报"));
    assert_true(holds(&d, "t&lt;&amp;&gt;"));
    assert_int_equal(count(svg, "//*[local-name()='a']"), 2);
    done(&d);

    const zh_target_period moved[] = {year(2021, 80), year(2023, 95)};
    in = plan(moved, 2);
    draw(&d, &in);
    assert_true(holds(&d, "x1=\"295.4\" y1=\"53.33\""));
    done(&d);
}

/* The line begins at 80 at the end of 2021 and ends at the goal at the end of 2025. */
static void the_path_is_drawn_only_when_there_is_one(void **state)
{
    (void)state;
    const zh_target_period periods[] = {year(2021, 80), year(2022, 85)};
    zh_target_picture in = plan(periods, 2);
    drawn d;
    draw(&d, &in);
    assert_false(holds(&d, "应达"));
    done(&d);
    in.has_line = true;
    in.line_from = zh_date_of(2021, 12, 31);
    in.line_at = zh_date_of(2022, 12, 31);
    in.line_to = zh_date_of(2025, 12, 31);
    in.line_start = 80;
    in.required = 85;
    in.required_text = ZH_STR("应达 85");
    draw(&d, &in);
    assert_true(holds(&d, "应达 85"));
    assert_true(holds(&d, "x2=\"664\" y2=\"20\""));
    done(&d);
}

/* 10, 20 and 10 add up to 40 of 60: the axis is 0 to 60, 30 in the middle (y 120). */
static void totals_run(void **state)
{
    (void)state;
    const zh_target_period periods[] = {year(2021, 10), year(2022, 20), year(2023, 10)};
    zh_target_picture in = plan(periods, 3);
    in.running = true;
    in.goal = 60;
    in.total = 40;
    in.total_text = ZH_STR("40");
    drawn d;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_OK);
    assert_true(holds(&d, "cy=\"120\""));
    assert_int_equal(count(zh_buf_view(&d.out), "//*[local-name()='circle']"), 3);
    done(&d);
}

static void caps_hold(void **state)
{
    (void)state;
    zh_target_period *periods = calloc(ZH_TARGET_PERIODS_MAX + 1, sizeof *periods);
    assert_non_null(periods);
    for (size_t i = 0; i <= ZH_TARGET_PERIODS_MAX; i++) {
        periods[i] = year(2021, 80);
    }
    zh_target_picture in = plan(periods, ZH_TARGET_PERIODS_MAX);
    drawn d;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_OK);
    done(&d);
    in.n = ZH_TARGET_PERIODS_MAX + 1;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_ELIMIT);
    done(&d);
    in.n = 0;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_EINVAL);
    done(&d);
    in.n = 1;
    in.to = 2021 + ZH_TARGET_YEARS_MAX - 1;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_OK);
    done(&d);
    in.to++;
    draw(&d, &in);
    assert_int_equal(d.rc, ZH_ELIMIT);
    assert_string_equal(d.err.rule, "target.years");
    done(&d);
    free(periods);
}

static void small_ones(void **state)
{
    (void)state;
    const zh_target_period periods[] = {year(2021, 10), year(2022, 20)};
    zh_target_picture in = plan(periods, 2);
    zh_arena *arena = zh_arena_new((size_t)16 << 20);
    zh_err err = {0};
    zh_buf out;
    zh_buf_init(&out, (size_t)1 << 20);
    assert_int_equal(zh_target_running_svg(arena, &in, ZH_STR("r"), &out, &err), ZH_EINVAL);
    in.has_line = true;
    in.line_from = zh_date_of(2021, 1, 1);
    in.line_at = zh_date_of(2022, 12, 31);
    in.line_to = zh_date_of(2025, 12, 31);
    in.total = 30;
    assert_int_equal(zh_target_running_svg(arena, &in, ZH_STR("r"), &out, &err), ZH_OK);
    assert_int_equal(count(zh_buf_view(&out), "//*[local-name()='line']"), 3);
    zh_buf_free(&out);
    zh_buf_init(&out, (size_t)1 << 20);
    assert_int_equal(zh_target_spark_svg(arena, &in, ZH_STR("s"), &out, &err), ZH_OK);
    zh_buf_free(&out);
    zh_buf_init(&out, (size_t)1 << 20);
    const zh_target_bar bars[] = {
        {ZH_STR("2020"), ZH_STR("94"), ZH_STR("/targets?year=2020"), 94},
        {ZH_STR("2025"), ZH_STR("81"), ZH_STR("/targets?year=2025"), 81},
    };
    zh_draw *list = NULL;
    assert_int_equal(
        zh_target_columns(arena, ZH_STR("期限"), bars, 2, 2, ZH_STR("今天"), 440, &list, &err),
        ZH_OK);
    assert_int_equal(zh_svg_write(list, &(zh_svg_options){.id = ZH_STR("due")}, &out, &err), ZH_OK);
    assert_int_equal(count(zh_buf_view(&out), "//*[local-name()='a']"), 2);
    assert_true(zh_str_find(zh_buf_view(&out), ZH_STR("今天")) >= 0);
    zh_buf_free(&out);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_stand_where_the_numbers_say),
        cmocka_unit_test(the_path_is_drawn_only_when_there_is_one),
        cmocka_unit_test(totals_run),
        cmocka_unit_test(caps_hold),
        cmocka_unit_test(small_ones),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xmlCleanupParser();
    return failed;
}
