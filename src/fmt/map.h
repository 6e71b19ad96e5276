/* Maps: the tile grid (equal squares placed by hand) and the choropleth, both with the same
 * classes, and the readers of what they need.
 *
 * A map of China may be published in China only with an approval number (地图管理条例, 2015, art.
 * 15 and 42): a choropleth without one carries a note that says so. The tile grid is no map of
 * borders. Thread-safe. */
#ifndef ZH_FMT_MAP_H
#define ZH_FMT_MAP_H

#include "fmt/chart.h"

#define ZH_GEO_BYTES_MAX  ((size_t)16 << 20)
#define ZH_GEO_UNITS_MAX  5000
#define ZH_GEO_RINGS_MAX  50000
#define ZH_GEO_POINTS_MAX 400000
#define ZH_GEO_RING_MAX   20000 /* positions of one ring */
#define ZH_TILES_MAX      1000
#define ZH_TILE_CELL_MAX  200 /* column and row of a tile */
#define ZH_MAP_CLASSES    7

/* ---- areas ---- */

typedef struct zh_geo_unit {
    zh_str code;      /* feature id, properties.adcode or properties.code */
    zh_str name;      /* properties.name */
    zh_point *points; /* degrees, x longitude, y latitude */
    size_t points_n;
    size_t *ends; /* one past the last point of each ring, outer and inner alike */
    size_t rings_n;
    zh_point label; /* middle of the largest ring's bounding box */
} zh_geo_unit;

typedef struct zh_geo {
    zh_geo_unit *units;
    size_t n;
    double west, south, east, north;
} zh_geo;

/* Reads a GeoJSON FeatureCollection (RFC 7946) of Polygons and MultiPolygons; a feature with null
 * geometry is left out. Everything is copied into the arena. A third coordinate is ignored.
 * ZH_EINVAL with the line: not GeoJSON, another geometry, a ring of fewer than 4 positions or not
 * closed, a longitude beyond 180 or latitude beyond 90 degrees, a feature without code and name, a
 * code twice; ZH_ELIMIT: caps; ZH_ENOMEM. */
zh_rc zh_geo_parse(zh_arena *arena, zh_str json, zh_geo **out, zh_err *err) ZH_MUST;
/* The units of several collections as one, in order. Units are shared, not copied. ZH_EINVAL: a
 * code twice; ZH_ELIMIT. */
zh_rc zh_geo_join(zh_arena *arena, const zh_geo *const *parts, size_t n, zh_geo **out,
                  zh_err *err) ZH_MUST;
/* Drops points that are less than `tolerance` degrees off the line (D. H. Douglas, T. K. Peucker,
 * Cartographica 10(2), 1973, 112-122). A ring keeps at least 4 positions; a ring smaller than the
 * tolerance stays unless the unit has a larger one. */
zh_rc zh_geo_simplify(zh_arena *arena, const zh_geo *geo, double tolerance, zh_geo **out,
                      zh_err *err) ZH_MUST;

/* Albers' equal-area conic projection of the sphere of radius 1 (J. P. Snyder, Map Projections: A
 * Working Manual, USGS Professional Paper 1395, 1987, equations 14-1 to 14-6); degrees. */
typedef struct zh_albers {
    double n, c, rho0, lambda0; /* made by zh_albers_of */
} zh_albers;

zh_albers zh_albers_of(double parallel1, double parallel2, double latitude0, double longitude0);
zh_point zh_albers_at(const zh_albers *projection, double longitude, double latitude);

/* ---- tiles ---- */

typedef struct zh_tile {
    zh_str code;
    zh_str name;  /* short: 武汉 */
    zh_str group; /* printed once above the group's first row: 湖北 */
    int column, row;
} zh_tile;

typedef struct zh_tiles {
    zh_tile *tiles;
    size_t n;
    int columns, rows;
} zh_tiles;

/* Reads the table "group,code,name,column,row" with that head line, # lines are comments
 * (packs/foundation/tiles.csv). ZH_EINVAL with the line: a field missing, a cell or code twice;
 * ZH_ELIMIT. */
zh_rc zh_tiles_parse(zh_arena *arena, zh_str text, zh_tiles **out, zh_err *err) ZH_MUST;

/* ---- classes ---- */

typedef struct zh_classes {
    double breaks[ZH_MAP_CLASSES]; /* ascending; class i is [breaks[i-1], breaks[i]) */
    size_t n;                      /* breaks; there are n + 1 classes */
} zh_classes;

/* Quantile breaks for `classes` (2 to 7) classes: the values at i/classes of the sorted data
 * (Hyndman and Fan 1996, type 7), equal ones merged, so that there may be fewer classes. Absent and
 * infinite values are left out. ZH_EINVAL: no value. */
zh_rc zh_classes_quantile(const double *values, size_t n, unsigned classes, zh_classes *out,
                          zh_err *err) ZH_MUST;
/* Class of a value, 0 for the lowest. */
/* Rounds the breaks to multiples of the greatest 1, 2 or 5 times a power of ten that is not
 * wider than a class and leaves them apart and above `lowest`, the smallest value: classes that
 * people can say. */
void zh_classes_round(zh_classes *classes, double lowest);
size_t zh_classes_of(const zh_classes *classes, double value);
/* The role a class is filled with: q1..q7 spread so that the highest is always q7; or d1..d7. */
zh_role zh_classes_role(const zh_classes *classes, size_t index, bool diverging);

/* ---- drawing ---- */

typedef struct zh_map_value {
    zh_str code;
    zh_reading reading; /* label: short name; empty takes the unit's. Only OK is coloured */
} zh_map_value;

typedef struct zh_map_in {
    zh_str title;
    const zh_map_value *values; /* units without one are 未报; codes the map lacks are ignored */
    size_t n;
    zh_classes classes;
    bool diverging;
    bool zero_apart;  /* 0 has a class of its own, white with a border: none found is not few */
    int decimals;     /* of the class bounds in the legend */
    bool english;     /* words of the legend and the note */
    zh_str approval;  /* 审图号 of the borders, choropleth only; empty: the 示意图 note */
    zh_str unit_href; /* choropleth and tiles: address of a unit without value, its code appended;
                         empty: no link */
} zh_map_in;

/* Legend, squares with name and value inside, hatch where nothing was reported. Names can be read
 * from a width of about 40 a column: where that is not there, as on a phone, the groups stand below
 * each other. */
zh_rc zh_map_tiles(zh_arena *arena, const zh_map_in *in, const zh_tiles *tiles, double width,
                   zh_draw **out, zh_err *err) ZH_MUST;
/* Legend, areas in Albers' projection (parallels 25 and 47 degrees north, central meridian of the
 * data), simplified to half a unit of the drawing, with name and value where they fit, and the
 * approval number or the note 示意图. */
zh_rc zh_map_areas(zh_arena *arena, const zh_map_in *in, const zh_geo *geo, double width,
                   zh_draw **out, zh_err *err) ZH_MUST;

#endif
