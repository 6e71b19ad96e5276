/* Series of a detector: records summed by periods, periods judged by an engine. Private to
 * app/signal.
 *
 * Engines, each of version 1: control_chart.p, .np, .c, .u (events of the records of a period; u
 * and p against the number of records) with parameters baseline (first periods that estimate the
 * limits; absent: all) and nsigmas; early_warning.c1, .c2, .c3, .farrington, .farrington_flexible
 * with baseline, frequency, years, alpha. A control chart alarms on both sides, early warning
 * above. */
#ifndef ZH_APP_SIGNAL_SERIES_H
#define ZH_APP_SIGNAL_SERIES_H

#include "app/signal/detect.h"
#include "base/vec.h"

#define ZH_SERIES_ALL         "全部"           /* the row of a series without one */
#define ZH_SERIES_ROWS_MAX    ((size_t)2000)   /* series of one detector */
#define ZH_SERIES_PERIODS_MAX ((int32_t)20000) /* from the first to the last */
#define ZH_SERIES_CELLS_MAX   ((size_t)2000000)

/* What one record adds. */
typedef struct zh_series_entry {
    int32_t bucket; /* number of its period */
    double amount;
    bool counted; /* an event */
} zh_series_entry;

/* ZH_EINVAL (detector.engine, detector.criterion, detector.parameter) naming what is possible. */
zh_rc zh_series_check(const zh_detector *detector, zh_err *err) ZH_MUST;
/* false: the record has no event time. */
bool zh_series_bucket(const zh_detector *detector, const zh_record *record, int32_t *out);
/* 2012-12, 2012-10-27, 2012-10-22/2012-10-28 */
zh_str zh_series_period(zh_arena *arena, const zh_detector *detector, int32_t bucket);
/* Adds to the series of a row in the map (row -> series). ZH_ELIMIT. */
zh_rc zh_series_add(zh_arena *arena, zh_map *all, zh_str row, const zh_series_entry *entry,
                    zh_err *err) ZH_MUST;
/* Every judged period of every series, with table, expected and bound; passes: it alarms and the
 * criteria are met. Periods without records between the first and the last of all count as 0. */
zh_rc zh_series_judge(zh_arena *arena, const zh_detector *detector, const zh_map *all,
                      zh_detected **out, size_t *n, zh_err *err) ZH_MUST;
/* The condition of a period's counted records. row: condition of the row; may be empty. */
zh_str zh_series_where(zh_arena *arena, const zh_detector *detector, zh_str row, zh_str period);
/* The rule in words: 早期预警 C1，baseline 3，alpha 0.001 */
zh_str zh_series_criteria(zh_arena *arena, const zh_detector *detector, bool english);

#endif
