/* Seeking over everything: pages, registers, indicators, codes, records, and sentences of words
 * that together are a filter. Only what the reader may see is looked at. */
#ifndef ZH_WEB_RECORD_GO_SEEK_H
#define ZH_WEB_RECORD_GO_SEEK_H

#include "web/frame/page.h"

#define ZH_GO_BYTES_MAX 300
#define ZH_GO_EACH_MAX  12

typedef struct zh_go_hit {
    zh_str label, url, note;
} zh_go_hit;
typedef ZH_VEC(zh_go_hit) zh_go_hits;

typedef struct zh_go {
    zh_ui *ui;
    zh_str q, folded;
    zh_go_hits pages, filters, registers, indicators, codes, records;
    zh_str exact; /* URL of a record that is named exactly; empty: none */
} zh_go;

/* q: as it was typed. ZH_ELIMIT go.length. */
zh_rc zh_go_seek(zh_ui *ui, zh_str q, zh_go *out) ZH_MUST;
size_t zh_go_found(const zh_go *go);

/* Adds a hit unless the list is full. */
void zh_go_add(zh_go *go, zh_go_hits *list, zh_str label, zh_str url, zh_str note);
/* Whether a name, a synonym or pinyin initials are meant. */
bool zh_go_named(zh_go *go, zh_str text);
/* Pages of the program. */
void zh_go_pages(zh_go *go);
/* 宜昌 不合格 2025: registers in which every word but at most two is a value of a field or a year.
 */
void zh_go_filters(zh_go *go);

#endif
