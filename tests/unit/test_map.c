/* Maps: GeoJSON by RFC 7946 and the caps of fmt/map.h; Albers' projection against the numerical
 * example of Snyder 1987, page 291; quantiles against the worked values of type 7; tiles against
 * the shipped table of 47 cities. */
#include "fmt/map.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "svg_reader.h"

static int set_up(void **state)
{
    *state = zh_arena_new((size_t)512 << 20);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

#define TEST(name)         cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define AT(s, xpath, want) assert_true(fabs(svg_number((s), (xpath)) - (want)) < 0.011)

static void must(zh_rc rc, const zh_err *err)
{
    if (rc != ZH_OK) {
        fail_msg("%s %s", err->message, err->where);
    }
}

static zh_geo *geo_of(zh_arena *arena, zh_str text)
{
    zh_geo *geo = NULL;
    zh_err err;
    zh_err_clear(&err);
    must(zh_geo_parse(arena, text, &geo, &err), &err);
    return geo;
}

#define RING "[[110,30],[112,30],[112,31],[110,31],[110,30]]"
#define FEATURE(code, name, type, coordinates)                                                     \
    "{\"type\":\"Feature\",\"id\":\"" code "\",\"properties\":{\"name\":\"" name "\"},"            \
    "\"geometry\":{\"type\":\"" type "\",\"coordinates\":" coordinates "}}"
#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"

#define HOLE      "[[110.5,30.5,9],[111,30.5],[111,30.8],[110.5,30.5]]"
#define WITH_HOLE FEATURE("420100", "武汉", "Polygon", "[" RING "," HOLE "]")
#define FAR_RING  "[[1,2],[3,2],[3,3],[1,2]]"
#define TWO_PARTS FEATURE("1", "B", "MultiPolygon", "[[" RING "],[" FAR_RING "]]")
#define NO_PLACE  "{\"type\":\"Feature\",\"geometry\":null}"
#define EAST_RING "[[112,30],[114,30],[114,31],[112,31],[112,30]]"
#define TWO_UNITS                                                                                  \
    FEATURE("1", "甲", "Polygon", "[" RING "]") "," FEATURE("2", "乙", "Polygon", "[" EAST_RING "]")

static void polygons_are_read(void **state)
{
    zh_geo *geo = geo_of(*state, ZH_STR(COLLECTION(WITH_HOLE "," TWO_PARTS "," NO_PLACE)));
    assert_int_equal(geo->n, 2);
    assert_true(zh_str_is(geo->units[0].code, "420100"));
    assert_true(zh_str_is(geo->units[0].name, "武汉"));
    assert_int_equal(geo->units[0].rings_n, 2);
    assert_int_equal(geo->units[0].ends[0], 5);
    assert_int_equal(geo->units[0].points_n, 9);
    assert_true(fabs(geo->units[0].label.x - 111) < 1e-12);
    assert_true(fabs(geo->units[0].label.y - 30.5) < 1e-12);
    assert_int_equal(geo->units[1].rings_n, 2);
    assert_true(fabs(geo->west - 1) < 1e-12 && fabs(geo->east - 112) < 1e-12);
    assert_true(fabs(geo->south - 2) < 1e-12 && fabs(geo->north - 31) < 1e-12);
}

static void the_code_may_stand_in_three_places(void **state)
{
    zh_geo *geo =
        geo_of(*state,
               ZH_STR(COLLECTION("{\"type\":\"Feature\",\"id\":7,\"properties\":{\"adcode\":420000,"
                                 "\"code\":\"x\",\"name\":\"湖北\"},\"geometry\":{\"type\":"
                                 "\"Polygon\",\"coordinates\":[" RING "]}}")));
    assert_true(zh_str_is(geo->units[0].code, "420000"));
}

static void what_is_no_map_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"type\":\"FeatureCollection\"}",
        COLLECTION(""),
        COLLECTION("1"),
        COLLECTION("{}"),
        COLLECTION("{\"type\":\"Feature\",\"id\":\"1\",\"geometry\":3}"),
        COLLECTION("{\"type\":\"Feature\",\"geometry\":null}"),
        COLLECTION(FEATURE("", "A", "Polygon", "[" RING "]")),
        COLLECTION(FEATURE("1", "", "Polygon", "[" RING "]")),
        COLLECTION(FEATURE("1", "A", "Point", "[1,2]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "3")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[3]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[[[1,2],[3,4],[1,2]]]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[[[1,2],[3,4],[5,6],[7,8]]]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[[[1,2],[3,4],[5,91],[1,2]]]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[[[1,2],[3,4],[181,6],[1,2]]]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[[[1,2],[3,4],[5],[1,2]]]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[[[1,2],[3,4],[\"5\",6],[1,2]]]")),
        COLLECTION(FEATURE("1", "A", "MultiPolygon", "[[3]]")),
        COLLECTION(FEATURE("1", "A", "Polygon", "[" RING "]") "," FEATURE("1", "B", "Polygon",
                                                                          "[" RING "]")),
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_geo *geo = NULL;
        zh_err err;
        zh_err_clear(&err);
        if (zh_geo_parse(*state, zh_str_of(bad[i]), &geo, &err) != ZH_EINVAL ||
            err.message[0] == '\0' || geo != NULL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

/* A feature with rings of so many positions. */
static void add_feature(zh_buf *out, size_t code, size_t rings, size_t positions)
{
    zh_buf_fmt(out,
               "%s{\"type\":\"Feature\",\"id\":%zu,\"properties\":{\"name\":\"x\"},\"geometry\":{"
               "\"type\":\"Polygon\",\"coordinates\":[",
               code > 1 ? "," : "", code);
    for (size_t r = 0; r < rings; r++) {
        zh_buf_z(out, r > 0 ? ",[" : "[");
        for (size_t i = 0; i + 1 < positions; i++) {
            zh_buf_fmt(out, "[%zu,%zu],", i % 100, i % 7);
        }
        zh_buf_z(out, "[0,0]]");
    }
    zh_buf_z(out, "]}}");
}

static zh_rc parse_made(size_t units, size_t rings, size_t positions)
{
    zh_arena *arena = zh_arena_new((size_t)512 << 20);
    zh_geo *geo;
    zh_buf text;
    zh_buf_init(&text, ZH_GEO_BYTES_MAX);
    zh_buf_z(&text, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (size_t i = 1; i <= units; i++) {
        add_feature(&text, i, rings, positions);
    }
    zh_buf_z(&text, "]}");
    assert_false(text.failed);
    zh_rc rc = zh_geo_parse(arena, zh_buf_view(&text), &geo, NULL);
    zh_buf_free(&text);
    zh_arena_free(arena);
    return rc;
}

static void map_caps_hold(void **state)
{
    assert_int_equal(parse_made(1, 1, ZH_GEO_RING_MAX), ZH_OK);
    assert_int_equal(parse_made(1, 1, ZH_GEO_RING_MAX + 1), ZH_ELIMIT);
    assert_int_equal(parse_made(20, 1, ZH_GEO_POINTS_MAX / 20), ZH_OK);
    assert_int_equal(parse_made(21, 1, ZH_GEO_POINTS_MAX / 20), ZH_ELIMIT);
    assert_int_equal(parse_made(2, ZH_GEO_RINGS_MAX / 2, 4), ZH_OK);
    assert_int_equal(parse_made(2, ZH_GEO_RINGS_MAX / 2 + 1, 4), ZH_ELIMIT);
    assert_int_equal(parse_made(ZH_GEO_UNITS_MAX, 1, 4), ZH_OK);
    assert_int_equal(parse_made(ZH_GEO_UNITS_MAX + 1, 1, 4), ZH_ELIMIT);
    char *blank = zh_arena_alloc(*state, ZH_GEO_BYTES_MAX + 1);
    memset(blank, ' ', ZH_GEO_BYTES_MAX + 1);
    zh_geo *geo;
    assert_int_equal(zh_geo_parse(*state, (zh_str){blank, ZH_GEO_BYTES_MAX}, &geo, NULL),
                     ZH_EINVAL);
    assert_int_equal(zh_geo_parse(*state, (zh_str){blank, ZH_GEO_BYTES_MAX + 1}, &geo, NULL),
                     ZH_ELIMIT);
}

static void memory_may_run_out_while_reading(void **state)
{
    static const char text[] = COLLECTION(FEATURE("1", "A", "Polygon", "[" RING "]"));
    for (uint64_t fail = 1; fail < 60; fail++) {
        zh_arena *arena = zh_arena_new(1 << 20);
        zh_geo *geo;
        zh_alloc_fail_at(fail);
        zh_rc rc = zh_geo_parse(arena, zh_str_of(text), &geo, NULL);
        uint64_t counted = zh_alloc_fail_at(0);
        assert_int_equal(rc, counted >= fail ? ZH_ENOMEM : ZH_OK);
        zh_arena_free(arena);
    }
    (void)state;
}

static void simplifying_keeps_corners(void **state)
{
    /* A square of side 1 with a dent of 0.01 in its lower edge and a crumb of 0.001 beside it. */
    zh_geo *geo = geo_of(
        *state, ZH_STR(COLLECTION(FEATURE("1", "A", "MultiPolygon",
                                          "[[[[0,0],[0.5,0.01],[1,0],[1,1],[0.5,1],[0,1],[0,0]]],"
                                          "[[[2,2],[2.001,2],[2.001,2.001],[2,2]]]]"))));
    zh_geo *simple;
    zh_err err;
    zh_err_clear(&err);
    must(zh_geo_simplify(*state, geo, 0.02, &simple, &err), &err);
    assert_int_equal(simple->units[0].rings_n, 1);
    assert_int_equal(simple->units[0].points_n, 5);
    static const zh_point want[] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}};
    for (size_t i = 0; i < 5; i++) {
        assert_true(fabs(simple->units[0].points[i].x - want[i].x) < 1e-12);
        assert_true(fabs(simple->units[0].points[i].y - want[i].y) < 1e-12);
    }
    must(zh_geo_simplify(*state, geo, 0.005, &simple, &err), &err);
    assert_int_equal(simple->units[0].points_n, 6); /* the dent stays */
    must(zh_geo_simplify(*state, geo, 100, &simple, &err), &err);
    assert_int_equal(simple->units[0].rings_n, 1);
    assert_true(simple->units[0].points_n >= 4);
    assert_int_equal(zh_geo_simplify(*state, geo, -1, &simple, NULL), ZH_EINVAL);
}

/* Snyder 1987, page 291: parallels 29.5 and 45.5, origin 23 north 96 west, point 35 north 75 west;
 * n 0.6028370, C 1.3512213, rho0 1.5562263. */
static void albers_is_snyders(void **state)
{
    zh_albers a = zh_albers_of(29.5, 45.5, 23, -96);
    zh_point p = zh_albers_at(&a, -75, 35);
    assert_true(fabs(a.n - 0.6028370) < 5e-8);
    assert_true(fabs(a.c - 1.3512213) < 5e-8);
    assert_true(fabs(a.rho0 - 1.5562263) < 5e-8);
    assert_true(fabs(p.x - 0.2952720) < 5e-8);
    assert_true(fabs(p.y - 0.2416774) < 5e-8);
    (void)state;
}

/* By hand: twos are the widest step not wider than a class of these; whole numbers stay; what no
 * step keeps apart is left as it was. */
static void rounded_classes(void **state)
{
    (void)state;
    zh_classes c = {.breaks = {52.2, 56.3, 58.7, 62.1, 69.1}, .n = 5};
    const double wanted[] = {52, 56, 58, 62, 70};
    zh_classes_round(&c, 49.2);
    for (size_t i = 0; i < c.n; i++) {
        assert_true(c.breaks[i] == wanted[i]);
    }
    zh_classes tenths = {.breaks = {0.58, 0.83}, .n = 2};
    zh_classes_round(&tenths, 0.3);
    assert_true(tenths.breaks[0] == 0.6 && tenths.breaks[1] == 0.8);
    zh_classes counts = {.breaks = {1, 3, 1000}, .n = 3};
    zh_classes_round(&counts, 0);
    assert_true(counts.breaks[0] == 1 && counts.breaks[1] == 3 && counts.breaks[2] == 1000);
    zh_classes near = {.breaks = {1000000.25, 1000000.5}, .n = 2};
    zh_classes_round(&near, 1000000);
    assert_true(near.breaks[0] == 1000000.25 && near.breaks[1] == 1000000.5);
    zh_classes none = {.n = 0};
    zh_classes_round(&none, 1);
    assert_int_equal(none.n, 0);
}

/* Type 7 of 1..10: the median is 5.5, the quartiles 3.25 and 7.75 (R's quantile help page). */
static void quantile_classes(void **state)
{
    static const double v[] = {10, 1, 9, 2, 8, 3, 7, 4, 6, 5};
    zh_classes c;
    assert_int_equal(zh_classes_quantile(v, 10, 4, &c, NULL), ZH_OK);
    assert_int_equal(c.n, 3);
    assert_true(fabs(c.breaks[0] - 3.25) < 1e-12 && fabs(c.breaks[1] - 5.5) < 1e-12 &&
                fabs(c.breaks[2] - 7.75) < 1e-12);
    assert_int_equal(zh_classes_of(&c, 3.2), 0);
    assert_int_equal(zh_classes_of(&c, 3.25), 1);
    assert_int_equal(zh_classes_of(&c, 100), 3);
    static const double same[] = {5, 5, 5, 5};
    assert_int_equal(zh_classes_quantile(same, 4, 4, &c, NULL), ZH_OK);
    assert_int_equal(c.n, 0);
    const double none[] = {nan(""), (double)INFINITY};
    assert_int_equal(zh_classes_quantile(none, 2, 4, &c, NULL), ZH_EINVAL);
    assert_int_equal(zh_classes_quantile(v, 10, 1, &c, NULL), ZH_EINVAL);
    assert_int_equal(zh_classes_quantile(v, 10, 8, &c, NULL), ZH_EINVAL);
    (void)state;
}

static void the_highest_class_is_the_darkest(void **state)
{
    for (size_t n = 1; n < ZH_MAP_CLASSES; n++) {
        zh_classes c = {.n = n};
        assert_int_equal(zh_classes_role(&c, n, false), ZH_ROLE_Q7);
        assert_int_equal(zh_classes_role(&c, 0, true), ZH_ROLE_D1);
        assert_int_equal(zh_classes_role(&c, n, true), ZH_ROLE_D7);
        for (size_t i = 1; i <= n; i++) {
            assert_true(zh_classes_role(&c, i, false) > zh_classes_role(&c, i - 1, false));
        }
    }
    (void)state;
}

static zh_tiles *shipped_tiles(zh_arena *arena)
{
    const zh_embedded *file = zh_embedded_find("packs/foundation/tiles.csv");
    zh_tiles *tiles = NULL;
    zh_err err;
    assert_non_null(file);
    zh_err_clear(&err);
    must(zh_tiles_parse(arena, zh_embedded_text(file), &tiles, &err), &err);
    return tiles;
}

static void the_shipped_grid_has_the_47_cities(void **state)
{
    zh_tiles *tiles = shipped_tiles(*state);
    size_t provinces[3] = {0};
    assert_int_equal(tiles->n, 47);
    for (size_t i = 0; i < tiles->n; i++) {
        zh_str code = tiles->tiles[i].code;
        assert_int_equal(code.n, 6);
        provinces[0] += zh_str_starts(code, ZH_STR("42"));
        provinces[1] += zh_str_starts(code, ZH_STR("43"));
        provinces[2] += zh_str_starts(code, ZH_STR("34"));
    }
    assert_int_equal(provinces[0], 17);
    assert_int_equal(provinces[1], 14);
    assert_int_equal(provinces[2], 16);
}

#define HEAD "group,code,name,column,row\n"

static void tile_tables_are_checked(void **state)
{
    static const char *const bad[] = {"",
                                      HEAD,
                                      "a,1,x,0,0\n",
                                      HEAD "a,1,x,0\n",
                                      HEAD "a,1,x,0,0,0\n",
                                      HEAD "a,,x,0,0\n",
                                      HEAD "a,1,,0,0\n",
                                      HEAD "a,1,x,-1,0\n",
                                      HEAD "a,1,x,0,201\n",
                                      HEAD "a,1,x,0,0\na,2,y,0,0\n",
                                      HEAD "a,1,x,0,0\na,1,y,1,0\n",
                                      HEAD "a,1,\xff,0,0\n"};
    zh_tiles *tiles = NULL;
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_int_equal(zh_tiles_parse(*state, zh_str_of(bad[i]), &tiles, NULL), ZH_EINVAL);
    }
    assert_int_equal(
        zh_tiles_parse(*state, ZH_STR(HEAD "# c\r\n\r\na, 1 ,x,200,200\r\n"), &tiles, NULL), ZH_OK);
    assert_int_equal(tiles->columns, 201);
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_z(&text, HEAD);
    for (int i = 0; i < ZH_TILES_MAX; i++) {
        zh_buf_fmt(&text, "a,%d,x,%d,%d\n", i, i % 100, i / 100);
    }
    assert_int_equal(zh_tiles_parse(*state, zh_buf_view(&text), &tiles, NULL), ZH_OK);
    zh_buf_z(&text, "a,9999,x,150,150\n");
    assert_int_equal(zh_tiles_parse(*state, zh_buf_view(&text), &tiles, NULL), ZH_ELIMIT);
    zh_buf_free(&text);
}

static zh_map_value value(const char *code, double v)
{
    return (zh_map_value){zh_str_of(code),
                          {.value = ZH_SOME(v), .href = ZH_STR("/r"), .text = ZH_STR("t")}};
}

static void tiles_show_values_and_gaps(void **state)
{
    zh_map_value values[] = {value("420100", 69),
                             value("420500", 40),
                             value("421000", 0),
                             {ZH_STR("430100"), {.state = ZH_READING_FEW}},
                             value("999999", 1)};
    zh_map_in in = {.title = ZH_STR("PM2.5"),
                    .values = values,
                    .n = 5,
                    .classes = {{50}, 1},
                    .zero_apart = true,
                    .unit_href = ZH_STR("/map?unit=")};
    zh_err err;
    zh_draw *d;
    svg s;
    zh_err_clear(&err);
    must(zh_map_tiles(*state, &in, shipped_tiles(*state), 627, &d, &err), &err);
    svg_read(&s, d);
    assert_int_equal(svg_count(&s, "//*[@class='mark']"), 47);
    assert_int_equal(svg_count(&s, "//a[@class='mark']"), 46); /* too few has no address here */
    assert_string_equal(svg_string(&s, "//a[title='武汉 t']/rect/@class"), "f-q7");
    assert_string_equal(svg_string(&s, "//a[title='宜昌 t']/rect/@class"), "f-q2");
    assert_string_equal(svg_string(&s, "//a[title='荆州 t']/rect/@class"), "f-paper k-rule-2");
    assert_string_equal(svg_string(&s, "//a[title='十堰 未报']/@href"), "/map?unit=420300");
    assert_int_equal(svg_count(&s, "//a/rect[@fill='url(#f-missing)']"), 43);
    assert_int_equal(svg_count(&s, "//g[title='长沙 样本不足']/rect[@fill='url(#f-few)']"), 1);
    assert_int_equal(svg_count(&s, "/svg/text[. = '未报 43']"), 1);
    /* Column 4 and column 1 of eleven, 57 + 3/11 apart in 630. */
    AT(&s, "//a[title='武汉 t']/rect/@x - //a[title='宜昌 t']/rect/@x", 3 * 630.0 / 11);
    AT(&s, "//a[title='荆州 t']/rect/@y - //a[title='宜昌 t']/rect/@y", 630.0 / 11);
    svg_free(&s);
    values[1].reading.value = ZH_SOME(60);
    must(zh_map_tiles(*state, &in, shipped_tiles(*state), 627, &d, &err), &err);
    svg_read(&s, d);
    assert_string_equal(svg_string(&s, "//a[title='宜昌 t']/rect/@class"), "f-q7");
    svg_free(&s);
    in.classes = (zh_classes){{50, 50}, 2};
    assert_int_equal(zh_map_tiles(*state, &in, shipped_tiles(*state), 627, &d, NULL), ZH_EINVAL);
    in.classes.n = ZH_MAP_CLASSES;
    assert_int_equal(zh_map_tiles(*state, &in, shipped_tiles(*state), 627, &d, NULL), ZH_ELIMIT);
}

static void areas_carry_their_approval_or_the_note(void **state)
{
    zh_geo *geo = geo_of(*state, ZH_STR(COLLECTION(TWO_UNITS)));
    zh_map_value values[] = {value("1", 3)};
    zh_map_in in = {.title = ZH_STR("t"), .values = values, .n = 1, .classes = {{1, 2}, 2}};
    zh_err err;
    zh_draw *d;
    svg s;
    zh_err_clear(&err);
    must(zh_map_areas(*state, &in, geo, 400, &d, &err), &err);
    svg_read(&s, d);
    assert_string_equal(svg_string(&s, "//a[title='甲 t']/path/@class"), "f-q7 k-paper");
    assert_string_equal(svg_string(&s, "//g[title='乙 未报']/path/@fill"), "url(#f-missing)");
    assert_int_equal(svg_count(&s, "//g[@class='names']/text"), 2);
    assert_true(strstr(svg_string(&s, "//g[@class='approval']/text"), "示意图") != NULL);
    svg_free(&s);
    in.approval = ZH_STR("GS(2024)0650号");
    must(zh_map_areas(*state, &in, geo, 400, &d, &err), &err);
    svg_read(&s, d);
    assert_string_equal(svg_string(&s, "//g[@class='approval']/text"), "审图号：GS(2024)0650号");
    svg_free(&s);
}

static zh_str read_file(zh_arena *arena, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return ZH_STR_NONE;
    }
    char *text = zh_arena_alloc(arena, 1 << 20);
    size_t n = fread(text, 1, 1 << 20, in);
    (void)fclose(in);
    return (zh_str){text, n};
}

/* The demonstration borders: 17, 14 and 16 units, each the same code as a tile. */
static void real_borders_match_the_tiles(void **state)
{
    static const char *const provinces[] = {"42", "43", "34"};
    static const size_t units[] = {17, 14, 16};
    const char *shared = getenv("ZH_SHARED");
    zh_geo *parts[3];
    for (size_t i = 0; i < 3; i++) {
        zh_str path = zh_str_fmt(*state, "%s/data/cn-geo-hubei-hunan-anhui/%s_cities.geojson",
                                 shared != NULL ? shared : "../shared", provinces[i]);
        zh_str text = read_file(*state, path.p);
        if (text.n == 0) {
            printf("skipped: no shared borders\n");
            return;
        }
        parts[i] = geo_of(*state, text);
        assert_int_equal(parts[i]->n, units[i]);
    }
    zh_geo *all;
    zh_err err;
    zh_err_clear(&err);
    must(zh_geo_join(*state, (const zh_geo *const *)parts, 3, &all, &err), &err);
    zh_tiles *tiles = shipped_tiles(*state);
    for (size_t i = 0; i < all->n; i++) {
        bool found = false;
        for (size_t k = 0; k < tiles->n && !found; k++) {
            found = zh_str_eq(all->units[i].code, tiles->tiles[k].code) &&
                    zh_str_starts(all->units[i].name, tiles->tiles[k].name);
        }
        assert_true(found);
    }
    zh_map_in in = {.title = ZH_STR("t")};
    zh_draw *d;
    svg s;
    must(zh_map_areas(*state, &in, all, 620, &d, &err), &err);
    svg_read(&s, d);
    assert_int_equal(svg_count(&s, "//g[@class='mark']/path"), 47);
    printf("areas: %zu bytes\n", s.text.n);
    assert_true(s.text.n < 120000); /* simplified: the borders have 344 kB */
    svg_free(&s);
    const zh_geo *twice[] = {parts[0], parts[0]};
    assert_int_equal(zh_geo_join(*state, twice, 2, &all, NULL), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(polygons_are_read),
        TEST(the_code_may_stand_in_three_places),
        TEST(what_is_no_map_is_refused),
        TEST(map_caps_hold),
        TEST(memory_may_run_out_while_reading),
        TEST(simplifying_keeps_corners),
        TEST(albers_is_snyders),
        TEST(quantile_classes),
        TEST(rounded_classes),
        TEST(the_highest_class_is_the_darkest),
        TEST(the_shipped_grid_has_the_47_cities),
        TEST(tile_tables_are_checked),
        TEST(tiles_show_values_and_gaps),
        TEST(areas_carry_their_approval_or_the_note),
        TEST(real_borders_match_the_tiles),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
