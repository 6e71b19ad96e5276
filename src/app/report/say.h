/* Sentences of a report, filled from its answers.
 *
 * A template is text with places in braces:
 *
 *   {NAME}             the value with its unit, or the count
 *   {NAME.PROP}        value interval n num den period region title key; count above below fell
 * rose both; of pairs row column ratio low high chi2 units list and the ids of the detector's
 * profile; of a series centre out shock alarm latency; of published or similar pairs out and same
 * (those that are not out), of shrunk ones also total and high; of a target target clause quote
 * note {NAME[2].PROP}     the second row (from the end when negative) or the row with that key
 * {A?B|lower|higher|same}   three words by comparing two values: the third also when both have an
 * interval and these overlap
 *
 * Every value leads to the question it answers (#n-NAME). */
#ifndef ZH_APP_REPORT_SAY_H
#define ZH_APP_REPORT_SAY_H

#include "app/report/ask.h"
#include "app/report/doc.h"

#define ZH_SAY_BYTES_MAX ((size_t)64 << 10)
#define ZH_SAY_LINKS_MAX ((size_t)200)

typedef struct zh_said {
    zh_doc_text text;
    zh_str missing; /* what had no value, in words; empty: everything was there */
} zh_said;

/* ZH_EINVAL with the template's line: an unknown name, property or row number, a brace left open.
 * A row that does not exist is missing, not an error. In ctx->arena. */
zh_rc zh_report_say(zh_ctx *ctx, const zh_asks *asks, const zh_yaml *sentence,
                    zh_said *out) ZH_MUST;
/* The text under a key, filled; what is missing stands in it as its word. Empty without the key. */
zh_rc zh_report_say_key(zh_ctx *ctx, const zh_asks *asks, const zh_yaml *mapping, const char *key,
                        zh_doc_text *out) ZH_MUST;
/* A ratio with one decimal; ∞ when the comparator has none. */
zh_str zh_report_ratio(zh_arena *arena, const zh_ratio *ratio);

#endif
