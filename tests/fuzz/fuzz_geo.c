/* GeoJSON and tile tables: what is accepted keeps the contracts of fmt/map.h, simplifying keeps
 * closed rings, and both can be drawn and written as SVG. */
// covers: src/fmt/geo.c src/fmt/map.c
#include "fmt/map.h"
#include "fmt/svg.h"
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_units(const zh_geo *geo)
{
    zh_assert(geo->n > 0 && geo->n <= ZH_GEO_UNITS_MAX);
    for (size_t i = 0; i < geo->n; i++) {
        const zh_geo_unit *unit = &geo->units[i];
        size_t from = 0;
        zh_assert(unit->code.n > 0 && unit->name.n > 0 && unit->rings_n > 0);
        for (size_t r = 0; r < unit->rings_n; r++) {
            size_t to = unit->ends[r];
            zh_assert(to >= from + 4 && to <= unit->points_n);
            zh_point a = unit->points[from];
            zh_point b = unit->points[to - 1];
            zh_assert(fabs(a.x - b.x) <= 0 && fabs(a.y - b.y) <= 0);
            from = to;
        }
        zh_assert(from == unit->points_n);
        for (size_t k = 0; k < unit->points_n; k++) {
            zh_assert(fabs(unit->points[k].x) <= 180 && fabs(unit->points[k].y) <= 90);
        }
    }
}

static void write_list(const zh_draw *list)
{
    zh_buf out;
    zh_buf_init(&out, (size_t)64 << 20);
    zh_assert(zh_svg_write(list, NULL, &out, NULL) == ZH_OK);
    zh_buf_free(&out);
}

/* Values for the first units, in every state. */
static void values_of(zh_map_value values[8], zh_str (*code)(const void *, size_t),
                      const void *source, size_t n, zh_map_in *in)
{
    in->n = n < 8 ? n : 8;
    for (size_t i = 0; i < in->n; i++) {
        values[i] = (zh_map_value){.code = code(source, i),
                                   .reading = {.value = ZH_SOME((double)i - 1),
                                               .state = (zh_reading_state)(i < 4 ? 0 : i - 3),
                                               .act = i == 2}};
    }
    in->values = values;
}

static zh_str geo_code(const void *source, size_t i)
{
    const zh_geo *geo = source;
    return geo->units[i].code;
}

static zh_str tile_code(const void *source, size_t i)
{
    const zh_tiles *tiles = source;
    return tiles->tiles[i].code;
}

/* Breaks ascend, and every value falls into a class. */
static void check_classes(const zh_geo_unit *unit)
{
    double v[64];
    size_t n = unit->points_n < 64 ? unit->points_n : 64;
    zh_classes classes;
    for (size_t i = 0; i < n; i++) {
        v[i] = unit->points[i].x;
    }
    zh_assert(zh_classes_quantile(v, n, 2 + (unsigned)(n % 6), &classes, NULL) == ZH_OK);
    for (size_t i = 1; i < classes.n; i++) {
        zh_assert(classes.breaks[i] > classes.breaks[i - 1]);
    }
    for (size_t i = 0; i < n; i++) {
        zh_assert(zh_classes_of(&classes, v[i]) <= classes.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str text = {(const char *)data, size};
    zh_map_value values[8];
    zh_map_in in = {.title = ZH_STR("t"),
                    .classes = {{0.5, 1.5}, 2},
                    .zero_apart = size % 2 == 0,
                    .diverging = size % 3 == 0,
                    .unit_href = ZH_STR("/map?unit=")};
    zh_geo *geo = NULL;
    zh_geo *simple = NULL;
    zh_tiles *tiles = NULL;
    zh_draw *list = NULL;
    if (zh_geo_parse(arena, text, &geo, NULL) == ZH_OK) {
        check_units(geo);
        if (zh_geo_simplify(arena, geo, (double)(size % 7) / 10, &simple, NULL) == ZH_OK) {
            check_units(simple);
        }
        const zh_geo *parts[] = {geo, geo};
        zh_assert(zh_geo_join(arena, parts, 1, &simple, NULL) == ZH_OK && simple->n == geo->n);
        zh_assert(zh_geo_join(arena, parts, 2, &simple, NULL) != ZH_OK);
        check_classes(&geo->units[0]);
        values_of(values, geo_code, geo, geo->n, &in);
        if (zh_map_areas(arena, &in, geo, 300, &list, NULL) == ZH_OK) {
            write_list(list);
        }
    }
    if (zh_tiles_parse(arena, text, &tiles, NULL) == ZH_OK) {
        values_of(values, tile_code, tiles, tiles->n, &in);
        if (zh_map_tiles(arena, &in, tiles, 300, &list, NULL) == ZH_OK) {
            write_list(list);
        }
    }
    zh_arena_free(arena);
    return 0;
}
