/* Limits of engine spc; see limits.h. Apart from the questions, whose headers it shares no names
 * with. */
#include "app/report/limits.h"
#include "engine/spc.h"
#include <string.h>

zh_rc zh_limits_of_counts(zh_arena *arena, const double *counts, const double *sizes, size_t n,
                          bool share, size_t baseline, double *centre, double *lower, double *upper,
                          bool *beyond, zh_err *err)
{
    zh_chart_options options = zh_chart_options_of(share ? ZH_CHART_P : ZH_CHART_U);
    zh_chart chart = {0};
    options.baseline = baseline;
    zh_rc rc = zh_spc_count_chart(arena, counts, sizes, n, &options, &chart, err);
    if (rc != ZH_OK) {
        return rc;
    }
    *centre = chart.center;
    memcpy(lower, chart.lcl, n * sizeof *lower);
    memcpy(upper, chart.ucl, n * sizeof *upper);
    memcpy(beyond, chart.beyond, n * sizeof *beyond);
    return ZH_OK;
}
