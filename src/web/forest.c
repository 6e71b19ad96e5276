/* Rows to readings, readings to a drawing list, the list to SVG. */
#include "web/forest.h"
#include "fmt/chart.h"
#include "fmt/svg.h"

enum { SVG_BYTES_MAX = 1 << 20 };

zh_rc zh_forest_svg(zh_arena *arena, zh_str title, const zh_forest_row *rows, size_t n,
                    double threshold, double width, const char *id, zh_str *out, zh_err *err)
{
    zh_reading *readings = ZH_NEW_N(arena, zh_reading, n + 1);
    for (size_t i = 0; i < n; i++) {
        const zh_forest_row *r = &rows[i];
        readings[i] = (zh_reading){
            .label = r->label,
            .note = r->note,
            .text = r->text,
            .href = r->url,
            .value = ZH_SOME(r->value),
            .low = r->has_interval ? ZH_SOME(r->low) : ZH_ABSENT,
            .high = r->has_interval ? ZH_SOME(r->high) : ZH_ABSENT,
        };
    }
    zh_forest in = {.title = title,
                    .rows = readings,
                    .n = n,
                    .threshold = threshold > 0.0 ? ZH_SOME(threshold) : ZH_ABSENT};
    zh_draw *list = NULL;
    zh_buf svg;
    zh_buf_init(&svg, SVG_BYTES_MAX);
    zh_rc rc = zh_chart_forest(arena, &in, width, &list, err);
    if (rc == ZH_OK) {
        rc = zh_svg_write(list, &(zh_svg_options){.id = zh_str_of(id)}, &svg, err);
    }
    if (rc == ZH_OK) {
        *out = zh_str_dup(arena, zh_buf_view(&svg));
    }
    zh_buf_free(&svg);
    return rc;
}
