/* How a target is shown: its kind, what it wants in words, its verdict, its drawing. Shared by the
 * list of targets and the page of one. */
#ifndef ZH_WEB_OUTLINE_TARGET_VIEW_H
#define ZH_WEB_OUTLINE_TARGET_VIEW_H

#include "web/frame/part.h"
#include "web/outline/target_draw.h"

/* What is shown in which way; a status is never a bar. */
typedef enum zh_target_kind {
    ZH_KIND_NUMERIC,
    ZH_KIND_RANGE,
    ZH_KIND_CUMULATIVE,
    ZH_KIND_PER_YEAR,
    ZH_KIND_RANK,
    ZH_KIND_LEVEL,
    ZH_KIND_TREND,
    ZH_KIND_STATUS,
    ZH_KIND_N
} zh_target_kind;

#define ZH_TARGET_STATUS_N (ZH_TARGET_UNCERTAIN + 1)

zh_target_kind zh_target_kind_of(const zh_target *target);
/* "per_year", as in a URL. */
const char *zh_target_kind_id(zh_target_kind kind);
zh_text_id zh_target_kind_name(zh_target_kind kind);
zh_text_id zh_target_kind_help(zh_target_kind kind);
zh_text_id zh_target_status_name(zh_target_status status);
/* Whether data decided it: met, on track, behind or missed. */
bool zh_target_decided(zh_target_status status);

/* An area of the documents (food-drug) in the reader's language; the id when it is not known. */
zh_str zh_target_area(const zh_ui *ui, zh_str dimension);
/* 湖北 2023 */
zh_str zh_outline_short(const zh_ui *ui, const zh_outline *outline);
/* /targets/OUTLINE/ID and /targets/OUTLINE?clause=… */
zh_str zh_target_url(zh_arena *arena, const zh_outline_item *item);
zh_str zh_clause_url(zh_arena *arena, zh_str outline, zh_str clause);

/* ≥ 95 without its unit; 累计 ≥ 300, 较上期提高, 全面建成 … */
zh_str zh_target_wanted(const zh_ui *ui, const zh_outline_item *item);
/* Unit of a target as shown after a number; empty for words. */
zh_str zh_target_unit(const zh_ui *ui, const zh_outline_item *item);
/* Level, rank, status, or a target without a number: people decide on evidence. */
bool zh_target_needs_evidence(const zh_target *target);
/* A number beside the target's figure, with the digits of its indicator. */
zh_str zh_target_number(const zh_ui *ui, const zh_target *target, zh_decimal value);
void zh_target_lamp(zh_ui *ui, const zh_target *target);
/* Value, interval; the word for nothing where there is none. */
void zh_target_value(zh_ui *ui, const zh_target *target);
/* The small drawing of a row by kind: beam, running total, cells, words; nothing for a target that
 * has no verdict to draw. */
void zh_target_course(zh_ui *ui, const zh_target *target);
/* What the chart of a target is drawn from: false when there is nothing to draw for this kind, or
 * no value, or no comparison to be made. In ui->arena. */
bool zh_target_picture_of(zh_ui *ui, const zh_target *target, zh_target_picture *out);

#endif
