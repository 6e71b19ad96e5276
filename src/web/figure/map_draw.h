/* The picture of the map page: units with their values, drawn as squares or as areas. */
#ifndef ZH_WEB_FIGURE_MAP_DRAW_H
#define ZH_WEB_FIGURE_MAP_DRAW_H

#include "fmt/draw.h"

typedef struct zh_map_unit {
    zh_str code, name;
    zh_str group; /* printed above its units; empty: as the grid has it */
    bool has_value, few;
    double value;
    zh_str text, href, title; /* of a value */
} zh_map_unit;

/* The units there are, without values. In the arena; errors of zh_atlas_tiles. */
zh_rc zh_map_units(zh_arena *arena, zh_map_unit **out, size_t *n, zh_err *err) ZH_MUST;
/* At least one unit has a value; units in any order. decimals: of the classes in the legend.
 * english: the legend's words. */
zh_rc zh_map_picture(zh_arena *arena, zh_str title, const zh_map_unit *units, size_t n,
                     int decimals, bool areas, bool english, double width, zh_draw **out,
                     zh_err *err) ZH_MUST;

#endif
