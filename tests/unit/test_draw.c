/* Drawing list and SVG. Expected markup follows SVG 1.1 and fmt/svg.h; colours are compared with
 * the design tokens; text widths with pango, which lays out the real font. */
#include "fmt/pdf.h"
#include "fmt/svg.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

static const zh_paint ink = {.fill = ZH_ROLE_INK};

static zh_draw *new_list(void **state)
{
    return zh_draw_new(*state, 100, 50, ZH_STR("图"));
}

static void every_shape_becomes_its_element(void **state)
{
    const zh_point points[] = {{1, 2}, {3, 4}, {5, 6}, {1, 1}, {2, 1}, {2, 2}};
    const size_t ends[] = {3, 6};
    zh_draw *d = new_list(state);
    zh_draw_rect(d, 1.005, 2, 3.5, 4, (zh_paint){.fill = ZH_ROLE_Q3, .tint = ZH_TINT_BAND});
    zh_draw_line(d, 0, -0.001, 10, 20.126,
                 (zh_paint){.stroke = ZH_ROLE_ACT, .width = 2, .dash = ZH_DASH_TARGET});
    zh_draw_circle(d, 5, 6, 7, (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK_2});
    zh_draw_polyline(d, points, 3, (zh_paint){.stroke = ZH_ROLE_C1});
    zh_draw_polygon(d, points, ends, 2, (zh_paint){.fill = ZH_ROLE_MISSING});
    zh_draw_text(d, 9, 8, ZH_STR("武汉 <&>\"'"),
                 (zh_text_at){.font = {.family = ZH_FAMILY_SONG, .weight = 600},
                              .anchor = ZH_ANCHOR_END,
                              .turn = -90});
    svg s;
    svg_read(&s, d);
    assert_string_equal(svg_string(&s, "/svg/@viewBox"), "0 0 100 50");
    assert_string_equal(svg_string(&s, "/svg/@role"), "img");
    assert_string_equal(svg_string(&s, "/svg/title[@id=/svg/@aria-labelledby]"), "图");
    assert_string_equal(svg_string(&s, "/svg/rect/@class"), "f-q3");
    assert_string_equal(svg_string(&s, "/svg/rect/@opacity"), "0.15");
    assert_string_equal(svg_string(&s, "/svg/rect/@width"), "3.5");
    assert_string_equal(svg_string(&s, "/svg/line/@class"), "f-none k-act");
    assert_string_equal(svg_string(&s, "/svg/line/@y1"), "0");
    assert_string_equal(svg_string(&s, "/svg/line/@y2"), "20.13");
    assert_string_equal(svg_string(&s, "/svg/line/@stroke-dasharray"), "6 3");
    assert_string_equal(svg_string(&s, "/svg/circle/@r"), "7");
    assert_string_equal(svg_string(&s, "/svg/path[1]/@d"), "M1 2L3 4 5 6");
    assert_string_equal(svg_string(&s, "/svg/path[2]/@d"), "M1 2L3 4 5 6ZM1 1L2 1 2 2Z");
    assert_string_equal(svg_string(&s, "/svg/path[2]/@fill-rule"), "evenodd");
    assert_string_equal(svg_string(&s, "/svg/path[2]/@fill"), "url(#f-missing)");
    assert_int_equal(svg_count(&s, "/svg/defs/pattern[@id='f-missing']"), 1);
    assert_string_equal(svg_string(&s, "/svg/text"), "武汉 <&>\"'");
    assert_string_equal(svg_string(&s, "/svg/text/@class"), "f-ink-2 song b");
    assert_string_equal(svg_string(&s, "/svg/text/@text-anchor"), "end");
    assert_string_equal(svg_string(&s, "/svg/text/@transform"), "rotate(-90 9 8)");
    svg_free(&s);
}

static void groups_carry_link_title_and_name(void **state)
{
    zh_draw *d = new_list(state);
    zh_mark mark = {.href = ZH_STR("/r?a=1&b=\"2\""),
                    .title = ZH_STR("武汉 <69.0>"),
                    .desc = ZH_STR("说明"),
                    .name = ZH_STR("m-1"),
                    .kind = "mark"};
    zh_draw_open(d, &mark);
    zh_draw_rect(d, 0, 0, 1, 1, ink);
    zh_draw_close(d);
    zh_draw_open(d, NULL);
    zh_draw_close(d);
    svg s;
    svg_read(&s, d);
    assert_string_equal(svg_string(&s, "/svg/@role"), "group"); /* the link must stay reachable */
    assert_string_equal(svg_string(&s, "/svg/a/@href"), "/r?a=1&b=\"2\"");
    assert_string_equal(svg_string(&s, "/svg/a[@id='m-1']/title"), "武汉 <69.0>");
    assert_string_equal(svg_string(&s, "/svg/a/desc"), "说明");
    assert_int_equal(svg_count(&s, "/svg/a/rect"), 1);
    assert_int_equal(svg_count(&s, "/svg/g"), 1);
    svg_free(&s);
}

static void placed_lists_are_moved_and_scaled(void **state)
{
    zh_draw *inner = new_list(state);
    zh_draw_rect(inner, 0, 0, 1, 1, (zh_paint){.fill = ZH_ROLE_FEW});
    zh_draw *d = new_list(state);
    zh_draw_place(d, inner, 10, 20.5, 0.75);
    zh_draw_place(d, inner, 0, 0, 1);
    svg s;
    svg_read(&s, d);
    assert_string_equal(svg_string(&s, "/svg/g[1]/@transform"), "translate(10 20.5) scale(0.7500)");
    assert_string_equal(svg_string(&s, "/svg/g[2]/@transform"), "translate(0 0)");
    assert_int_equal(svg_count(&s, "/svg/g/rect"), 2);
    assert_int_equal(svg_count(&s, "/svg/defs/pattern[@id='f-few']"), 1);
    svg_free(&s);
}

static zh_rc write_as(const zh_draw *d, zh_svg_options o, zh_buf *out, zh_err *err)
{
    zh_err_clear(err);
    zh_buf_init(out, 1 << 20);
    return zh_svg_write(d, &o, out, err);
}

static void a_file_of_its_own_has_colours(void **state)
{
    zh_draw *d = new_list(state);
    zh_mark mark = {.href = ZH_STR("https://example.org/")};
    zh_buf a;
    zh_buf b;
    zh_err err;
    zh_draw_open(d, &mark);
    zh_draw_rect(d, 0, 0, 1, 1, (zh_paint){.fill = ZH_ROLE_QING});
    zh_draw_close(d);
    assert_int_equal(write_as(d, (zh_svg_options){.standalone = true}, &a, &err), ZH_OK);
    assert_int_equal(write_as(d, (zh_svg_options){.standalone = true}, &b, &err), ZH_OK);
    zh_str text = zh_buf_view(&a);
    assert_true(zh_str_eq(text, zh_buf_view(&b)));
    assert_true(
        zh_str_starts(text, ZH_STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=")));
    assert_true(zh_str_find(text, ZH_STR("fill=\"#0b5a6a\"")) > 0);
    assert_true(zh_str_find(text, ZH_STR("class=")) < 0);
    assert_true(zh_str_find(text, ZH_STR("style")) < 0);
    zh_buf_free(&a);
    zh_buf_free(&b);
    assert_int_equal(write_as(d, (zh_svg_options){.decorative = true}, &a, &err), ZH_OK);
    assert_true(zh_str_find(zh_buf_view(&a), ZH_STR("aria-hidden=\"true\"")) > 0);
    assert_true(zh_str_find(zh_buf_view(&a), ZH_STR("<title")) < 0);
    zh_buf_free(&a);
}

static void addresses_and_ids_are_checked(void **state)
{
    static const struct {
        const char *href;
        bool good;
    } cases[] = {{"/a:b", true},          {"?a=x:y", true},        {"#a", true},
                 {"a/b", true},           {"http://x/", true},     {"https://x/", true},
                 {"mailto:a@b", true},    {"javascript:x", false}, {"data:text/html,x", false},
                 {"JavaScript:x", false}, {"vbscript:x", false}};
    zh_buf out;
    zh_err err;
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_draw *inner = new_list(state);
        zh_draw *d = new_list(state);
        zh_mark mark = {.href = zh_str_of(cases[i].href)};
        zh_draw_open(inner, &mark);
        zh_draw_close(inner);
        zh_draw_place(d, inner, 0, 0, 1);
        zh_rc rc = write_as(d, (zh_svg_options){0}, &out, &err);
        assert_int_equal(rc, cases[i].good ? ZH_OK : ZH_EINVAL);
        assert_string_equal(err.rule, cases[i].good ? "" : "draw.href");
        zh_buf_free(&out);
    }
    zh_draw *d = new_list(state);
    static const char *const bad[] = {"1a", "a b", "a\"", "-a"};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_int_equal(write_as(d, (zh_svg_options){.id = zh_str_of(bad[i])}, &out, &err),
                         ZH_EINVAL);
        zh_buf_free(&out);
    }
    zh_buf_init(&out, 20);
    zh_err_clear(&err);
    assert_int_equal(zh_svg_write(d, NULL, &out, &err), ZH_ELIMIT);
    zh_buf_free(&out);
}

static void expect(const zh_draw *d, zh_rc rc, const char *rule)
{
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_draw_check(d, &err), rc);
    assert_string_equal(err.rule, rule);
}

static void unsound_items_are_refused(void **state)
{
    zh_draw *d = new_list(state);
    zh_draw_rect(d, nan(""), 0, 1, 1, ink);
    zh_draw_rect(d, 0, 0, -1, 1, ink); /* the first failure is kept */
    expect(d, ZH_EINVAL, "draw.number");
    assert_int_equal(d->items_n, 0);
    d = new_list(state);
    zh_draw_rect(d, 0, 0, -1, 1, ink);
    expect(d, ZH_EINVAL, "draw.size");
    d = new_list(state);
    zh_draw_line(d, 0, 0, ZH_DRAW_EXTENT_MAX, 0, ink);
    expect(d, ZH_OK, "");
    zh_draw_line(d, 0, 0, ZH_DRAW_EXTENT_MAX + 1, 0, ink);
    expect(d, ZH_EINVAL, "draw.number");
    d = new_list(state);
    zh_draw_close(d);
    expect(d, ZH_EINVAL, "draw.group");
    d = new_list(state);
    zh_draw_open(d, NULL);
    expect(d, ZH_EINVAL, "draw.group");
    d = new_list(state);
    zh_draw_text(d, 0, 0, ZH_STR("a\x01"), (zh_text_at){0});
    expect(d, ZH_EINVAL, "draw.text.clean");
    d = new_list(state);
    zh_draw_text(d, 0, 0, ZH_STR("\xff"), (zh_text_at){0});
    expect(d, ZH_EINVAL, "draw.text.clean");
    d = new_list(state);
    zh_mark mark = {.name = ZH_STR("a b")};
    zh_draw_open(d, &mark);
    zh_draw_close(d);
    expect(d, ZH_EINVAL, "draw.name");
    d = zh_draw_new(*state, 0, 10, ZH_STR_NONE);
    expect(d, ZH_EINVAL, "draw.size");
    d = new_list(state);
    zh_draw_circle(d, 0, 0, -1, ink);
    expect(d, ZH_EINVAL, "draw.size");
    const size_t ends[] = {2, 1};
    const zh_point points[] = {{0, 0}, {1, 1}};
    d = new_list(state);
    zh_draw_polygon(d, points, ends, 2, ink);
    expect(d, ZH_EINVAL, "draw.rings");
}

static void caps_hold(void **state)
{
    zh_draw *d = new_list(state);
    for (size_t i = 0; i < ZH_DRAW_ITEMS_MAX; i++) {
        zh_draw_rect(d, 0, 0, 1, 1, ink);
    }
    expect(d, ZH_OK, "");
    zh_draw_rect(d, 0, 0, 1, 1, ink);
    expect(d, ZH_ELIMIT, "draw.items");
    d = new_list(state);
    for (int i = 0; i < ZH_DRAW_DEPTH_MAX; i++) {
        zh_draw_open(d, NULL);
    }
    assert_int_equal(d->rc, ZH_OK);
    zh_draw_open(d, NULL);
    assert_int_equal(d->rc, ZH_ELIMIT);
    zh_draw *inner = new_list(state);
    for (int i = 0; i < ZH_DRAW_DEPTH_MAX; i++) {
        d = new_list(state);
        zh_draw_place(d, inner, 0, 0, 1);
        expect(d, ZH_OK, "");
        inner = d;
    }
    d = new_list(state);
    zh_draw_place(d, inner, 0, 0, 1);
    expect(d, ZH_ELIMIT, "draw.depth");
    /* Doubling by placing a list twice in the next one must not outgrow the cap either. */
    inner = new_list(state);
    zh_draw_rect(inner, 0, 0, 1, 1, ink);
    zh_rc rc = ZH_OK;
    for (int i = 0; i < 40 && rc == ZH_OK; i++) {
        d = new_list(state);
        for (int k = 0; k < 20; k++) {
            zh_draw_place(d, inner, 0, 0, 1);
        }
        rc = zh_draw_check(d, NULL);
        inner = d;
    }
    assert_int_equal(rc, ZH_ELIMIT);
    char *text = zh_arena_alloc(*state, ZH_DRAW_TEXT_MAX + 1);
    memset(text, 'x', ZH_DRAW_TEXT_MAX + 1);
    d = new_list(state);
    zh_draw_text(d, 0, 0, (zh_str){text, ZH_DRAW_TEXT_MAX}, (zh_text_at){0});
    expect(d, ZH_OK, "");
    zh_draw_text(d, 0, 0, (zh_str){text, ZH_DRAW_TEXT_MAX + 1}, (zh_text_at){0});
    expect(d, ZH_ELIMIT, "draw.text.length");
    zh_point *points = zh_arena_alloc(*state, (ZH_DRAW_POINTS_MAX + 1) * sizeof(*points));
    d = new_list(state);
    zh_draw_polyline(d, points, ZH_DRAW_POINTS_MAX, ink);
    expect(d, ZH_OK, "");
    zh_draw_polyline(d, points, 2, ink);
    expect(d, ZH_ELIMIT, "draw.points");
}

static void memory_may_run_out_anywhere(void **state)
{
    for (uint64_t fail = 1; fail < 40; fail++) {
        zh_arena *arena = zh_arena_new(1 << 20);
        const zh_point points[] = {{1, 2}, {3, 4}, {5, 6}};
        const size_t end = 3;
        zh_mark mark = {.href = ZH_STR("/a"), .title = ZH_STR("t"), .name = ZH_STR("n")};
        zh_draw *d = zh_draw_new(arena, 10, 10, ZH_STR("t"));
        zh_alloc_fail_at(fail);
        zh_draw_open(d, &mark);
        zh_draw_polygon(d, points, &end, 1, ink);
        zh_draw_polyline(d, points, 3, ink);
        zh_draw_text(d, 0, 0, ZH_STR("x"), (zh_text_at){0});
        zh_draw_close(d);
        uint64_t counted = zh_alloc_fail_at(0);
        assert_int_equal(zh_draw_check(d, NULL), counted >= fail ? ZH_ENOMEM : ZH_OK);
        zh_arena_free(arena);
    }
    (void)state;
}

static zh_str read_file(zh_arena *arena, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return ZH_STR_NONE;
    }
    char *text = zh_arena_alloc(arena, 1 << 16);
    size_t n = fread(text, 1, 1 << 16, in);
    (void)fclose(in);
    return (zh_str){text, n};
}

/* The printed colours are the tokens of the light theme, the first block of tokens.css. */
static void colours_are_the_tokens(void **state)
{
    zh_str css = read_file(*state, "ui/tokens.css");
    if (css.n == 0) {
        const char *shared = getenv("ZH_SHARED");
        zh_str path = zh_str_fmt(*state, "%s/design/visual/tokens.css",
                                 shared != NULL ? shared : "../shared");
        css = read_file(*state, path.p);
    }
    if (css.n == 0) {
        printf("skipped: no tokens.css\n");
        return;
    }
    for (int role = ZH_ROLE_INK; role < ZH_ROLE_MISSING; role++) {
        zh_str name = zh_str_fmt(*state, "--%s: #", zh_role_name((zh_role)role));
        ptrdiff_t at = zh_str_find(css, name);
        assert_true(at >= 0);
        zh_str want = zh_str_sub(css, (size_t)at + name.n, 6);
        zh_str have = zh_str_fmt(*state, "%06x", (unsigned)zh_draw_rgb((zh_role)role));
        assert_memory_equal(have.p, want.p, 6);
    }
}

/* ui/draw.css knows every class that the writer can produce. */
static void every_role_has_its_rule(void **state)
{
    zh_str css = read_file(*state, "ui/draw.css");
    assert_true(css.n > 0);
    for (int role = ZH_ROLE_INK; role < ZH_ROLE_MISSING; role++) {
        const char *name = zh_role_name((zh_role)role);
        assert_true(
            zh_str_find(css, zh_str_fmt(*state, ".f-%s { fill: var(--%s); }", name, name)) >= 0);
        assert_true(
            zh_str_find(css, zh_str_fmt(*state, ".k-%s { stroke: var(--%s); }", name, name)) >= 0);
    }
}

static void estimated_widths_are_near_the_font(void **state)
{
    static const char *const texts[] = {"武汉 69.0 μg/m³",
                                        "湖北 2020 年二季度 1.84%（1.70–2.00）",
                                        "n = 30,154",
                                        "Hubei Province",
                                        "≥ 70",
                                        "2014 → 2015",
                                        "茶叶及其相关制品、咖啡"};
    zh_ruler *ruler;
    zh_err err;
    zh_err_clear(&err);
    if (zh_ruler_open(*state, &ruler, &err) != ZH_OK) {
        printf("skipped: %s\n", err.message);
        return;
    }
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        zh_str text = zh_str_of(texts[i]);
        zh_text_size size;
        zh_font font = {.size = 12};
        assert_int_equal(zh_text_measure(ruler, text, font, &size, &err), ZH_OK);
        double estimate = zh_draw_text_width(text, 12);
        if (fabs(estimate - size.width) > size.width * 0.04) {
            fail_msg("%s: %.1f, measured %.1f", texts[i], estimate, size.width);
        }
    }
}

static void long_text_is_cut_with_dots(void **state)
{
    zh_str text = ZH_STR("茶叶及其相关制品");
    assert_true(zh_str_eq(zh_draw_text_fit(*state, text, 10, 80), text)); /* eight of 10 */
    assert_true(zh_str_is(zh_draw_text_fit(*state, text, 10, 79), "茶叶及其相关…"));
    assert_true(zh_str_is(zh_draw_text_fit(*state, text, 10, 5), "…"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_shape_becomes_its_element),
        TEST(groups_carry_link_title_and_name),
        TEST(placed_lists_are_moved_and_scaled),
        TEST(a_file_of_its_own_has_colours),
        TEST(addresses_and_ids_are_checked),
        TEST(unsound_items_are_refused),
        TEST(caps_hold),
        TEST(memory_may_run_out_anywhere),
        TEST(colours_are_the_tokens),
        TEST(every_role_has_its_rule),
        TEST(estimated_widths_are_near_the_font),
        TEST(long_text_is_cut_with_dots),
    };
    return cmocka_run_group_tests_name("draw", tests, NULL, NULL);
}
