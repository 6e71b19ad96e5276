/* Where the data of the demo come from: publisher, way, commit, licence. */
#ifndef ZH_APP_DEMO_ORIGIN_H
#define ZH_APP_DEMO_ORIGIN_H

#include "base/err.h"
#include "base/str.h"

/* SOURCE.json of a data set. */
typedef struct zh_demo_origin {
    zh_str set, title, title_en, publisher, via, commit, letter, terms, period, retrieved, note;
    zh_str publisher_en, period_en, note_en; /* the same as above where nothing else is said */
} zh_demo_origin;

/* The data set that a step of the demo fills a register from; NULL and ZH_OK when none does.
 * ZH_ENOTFOUND: the set has no SOURCE.json. In the arena. */
zh_rc zh_demo_origin_find(zh_arena *arena, zh_str reg, zh_demo_origin **out, zh_err *err) ZH_MUST;

#endif
