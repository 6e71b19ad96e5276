/* The holidays of a year from the data of two npm packages that other people compiled, compared day
 * by day: chinese-days (MIT; dist/chinese-days.json or dist/years/YEAR.json) and holiday-calendar
 * (MIT; data/CN/YEAR.json). Either file may come first. Pure. */
#ifndef ZH_APP_HOLIDAYS_H
#define ZH_APP_HOLIDAYS_H

#include "base/err.h"
#include "base/str.h"

#define ZH_HOLIDAYS_BYTES_MAX  ((size_t)2 << 20) /* of one file */
#define ZH_HOLIDAYS_YEAR_FIRST 2008 /* 全国年节及纪念日放假办法 as it stands since then */
#define ZH_HOLIDAYS_YEAR_LAST  2100
#define ZH_HOLIDAYS_OFF_MIN    7 /* days off that a year has at least, or the file is not of it */

/* Lines of a calendar table for the year, with a comment on their source and its cover line.
 * ZH_EINVAL calendar.data: not a file of such a package, or not of this year. ZH_ECONFLICT
 * calendar.differ: names the days on which they differ. */
zh_rc zh_holidays_compare(zh_arena *arena, int year, zh_str first, zh_str second, zh_str *lines,
                          zh_err *err) ZH_MUST;

#endif
