/* Years that an installation adds to the calendar of its declarations, or states anew. They are
 * kept as lines in the setting calendar.years and are part of the declarations that are compiled:
 * the model's digest names them, and every process adopts them like any other change. */
#ifndef ZH_CORE_ADOPTION_CALENDAR_YEARS_H
#define ZH_CORE_ADOPTION_CALENDAR_YEARS_H

#include "core/record/record.h"

#define ZH_CALENDAR_YEARS_BYTES_MAX ((size_t)1 << 20)

/* The table with the lines of those years instead of its own. */
zh_str zh_calendar_overlay(zh_arena *arena, zh_str table, zh_str years);
/* Puts the kept years into the calendar file among the declarations, if there is one. */
zh_rc zh_calendar_overlay_files(zh_conn *conn, zh_arena *arena, zh_pack_file *files, size_t n,
                                zh_err *err) ZH_MUST;
/* Takes on the lines of a year (comments, its cover line, its days) and the declarations with them.
 * ZH_EINVAL: they are not a calendar; ZH_ENOTFOUND: the declarations have no calendar. */
zh_rc zh_calendar_year_set(zh_core *core, zh_str lines, zh_err *err) ZH_MUST;

/* The lines of a year, asked for by ctx->actor: a record of the register calendar_year that waits
 * for the second person, who puts it in force like any step of two. *out: the record. ZH_EDENIED:
 * the post may not; ZH_ECONFLICT: somebody else asks at this moment. */
zh_rc zh_calendar_year_ask(zh_ctx *ctx, int year, zh_str lines, zh_applied *out) ZH_MUST;
/* Takes on the years that were put in force since the last time. Nothing to do is ZH_OK. */
zh_rc zh_calendar_follow(zh_core *core, zh_err *err) ZH_MUST;

#endif
