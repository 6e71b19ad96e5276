/* The units of the demo's three provinces as they are drawn: equal squares, and areas. */
#ifndef ZH_APP_REPORT_ATLAS_H
#define ZH_APP_REPORT_ATLAS_H

#include "fmt/map.h"

/* packs/foundation/tiles.csv. In the arena; errors of zh_tiles_parse. */
zh_rc zh_atlas_tiles(zh_arena *arena, zh_tiles **out, zh_err *err) ZH_MUST;
/* The prefecture-level units of cn-geo-hubei-hunan-anhui. In the arena; errors of zh_geo_parse. */
zh_rc zh_atlas_areas(zh_arena *arena, zh_geo **out, zh_err *err) ZH_MUST;

#endif
