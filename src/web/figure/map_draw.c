/* Squares and areas of the map page; see map_draw.h. */
#include "web/figure/map_draw.h"
#include "app/report/atlas.h"
#include <math.h>

enum { CLASSES = 6 };

zh_rc zh_map_units(zh_arena *arena, zh_map_unit **out, size_t *n, zh_err *err)
{
    zh_tiles *tiles = NULL;
    zh_rc rc = zh_atlas_tiles(arena, &tiles, err);
    if (rc != ZH_OK) {
        return rc;
    }
    *out = ZH_NEW_N(arena, zh_map_unit, tiles->n + 1);
    *n = tiles->n;
    for (size_t i = 0; i < tiles->n; i++) {
        (*out)[i] = (zh_map_unit){.code = tiles->tiles[i].code, .name = tiles->tiles[i].name};
    }
    return ZH_OK;
}

static zh_rc draw_tiles(zh_arena *arena, const zh_map_in *in, const zh_map_unit *units, size_t n,
                        double width, zh_draw **out, zh_err *err)
{
    zh_tiles *tiles = NULL;
    zh_rc rc = zh_atlas_tiles(arena, &tiles, err);
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        for (size_t k = 0; k < tiles->n; k++) {
            zh_tile *tile = &tiles->tiles[k];
            if (zh_str_eq(tile->code, units[i].code)) {
                tile->name = units[i].name;
                tile->group = units[i].group.n > 0 ? units[i].group : tile->group;
            }
        }
    }
    return rc == ZH_OK ? zh_map_tiles(arena, in, tiles, width, out, err) : rc;
}

static zh_rc draw_areas(zh_arena *arena, const zh_map_in *in, double width, zh_draw **out,
                        zh_err *err)
{
    zh_geo *geo = NULL;
    zh_rc rc = zh_atlas_areas(arena, &geo, err);
    return rc == ZH_OK ? zh_map_areas(arena, in, geo, width, out, err) : rc;
}

zh_rc zh_map_picture(zh_arena *arena, zh_str title, const zh_map_unit *units, size_t n,
                     int decimals, bool areas, bool english, double width, zh_draw **out,
                     zh_err *err)
{
    zh_map_value *values = ZH_NEW_N(arena, zh_map_value, n + 1);
    double *numbers = ZH_NEW_N(arena, double, n + 1);
    zh_map_in in = {.title = title, .english = english, .values = values, .decimals = decimals};
    for (size_t i = 0; i < n; i++) {
        if (!units[i].has_value) {
            continue;
        }
        numbers[in.n] = units[i].value;
        values[in.n].code = units[i].code;
        values[in.n++].reading = (zh_reading){
            .label = units[i].name,
            .text = units[i].text,
            .href = units[i].href,
            .title = units[i].title,
            .value = ZH_SOME(units[i].value),
            .state = units[i].few ? ZH_READING_FEW : ZH_READING_OK,
        };
    }
    zh_rc rc = zh_classes_quantile(numbers, in.n, CLASSES, &in.classes, err);
    if (rc == ZH_OK) {
        double lowest = numbers[0];
        for (size_t i = 1; i < in.n; i++) {
            lowest = fmin(lowest, numbers[i]);
        }
        zh_classes_round(&in.classes, lowest);
        bool whole = true;
        for (size_t i = 0; i < in.classes.n; i++) {
            whole = whole && floor(in.classes.breaks[i]) >= in.classes.breaks[i];
        }
        in.decimals = whole ? 0 : in.decimals;
        rc = areas ? draw_areas(arena, &in, width, out, err)
                   : draw_tiles(arena, &in, units, n, width, out, err);
    }
    return rc;
}
