/* Numbers, units, periods and instants as people read them in Chinese: the same on pages and in
 * reports. Pure; results are in the arena or borrowed. */
#ifndef ZH_APP_WORDS_H
#define ZH_APP_WORDS_H

#include "model/model.h"

/* Integer with separators from 1,000. */
zh_str zh_words_count(zh_arena *arena, int64_t n);
/* Decimal text with separators in its whole part; anything else unchanged. */
zh_str zh_words_decimal(zh_arena *arena, zh_str decimal);
/* A unit as it is shown: μg/m³ for ug/m3; "count" and the like are not shown. */
zh_str zh_words_unit(const zh_model *model, zh_str unit);
/* 2020 年二季度, 2016 年 1 月; both 0: 全部时期. */
zh_str zh_words_period(zh_arena *arena, zh_date first, zh_date last);
/* 2026-11-22 09:14 at +08:00. */
zh_str zh_words_time(zh_arena *arena, zh_time t);

#endif
