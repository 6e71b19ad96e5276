/* Reading the embedded tiles and areas; see atlas.h. */
#include "app/report/atlas.h"
#include "base/embedded.h"

static zh_rc embedded(const char *path, zh_str *out, zh_err *err)
{
    const zh_embedded *file = zh_embedded_find(path);
    if (file == NULL) {
        return zh_err_set(err, ZH_ENOTFOUND, "atlas.file", "程序里没有 %s", path);
    }
    *out = zh_embedded_text(file);
    return ZH_OK;
}

zh_rc zh_atlas_tiles(zh_arena *arena, zh_tiles **out, zh_err *err)
{
    zh_str text;
    zh_rc rc = embedded("packs/foundation/tiles.csv", &text, err);
    return rc == ZH_OK ? zh_tiles_parse(arena, text, out, err) : rc;
}

zh_rc zh_atlas_areas(zh_arena *arena, zh_geo **out, zh_err *err)
{
    static const char *const files[] = {
        "packs/demo/data/cn-geo-hubei-hunan-anhui/34_cities.geojson",
        "packs/demo/data/cn-geo-hubei-hunan-anhui/42_cities.geojson",
        "packs/demo/data/cn-geo-hubei-hunan-anhui/43_cities.geojson",
    };
    zh_geo *parts[ZH_COUNTOF(files)];
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(files) && rc == ZH_OK; i++) {
        zh_str text;
        rc = embedded(files[i], &text, err);
        if (rc == ZH_OK) {
            rc = zh_geo_parse(arena, text, &parts[i], err);
        }
    }
    return rc == ZH_OK
               ? zh_geo_join(arena, (const zh_geo *const *)parts, ZH_COUNTOF(files), out, err)
               : rc;
}
