/* Every string of the user interface, in Chinese and English.
 *
 * One list a page, so that pages grow without touching each other: web/text/text_<page>.inc holds
 * lines ZH_TEXT(ID, "中文", "English") and is included here once. {1} … {9} stand for what
 * zh_ui_say fills in. Labels of registers, fields and codes come from the declarations, not from
 * here. */
#ifndef ZH_WEB_TEXT_TEXT_H
#define ZH_WEB_TEXT_TEXT_H

#include "base/str.h"

typedef enum zh_lang { ZH_LANG_ZH, ZH_LANG_EN } zh_lang;

typedef enum zh_text_id {
#define ZH_TEXT(id, zh, en) ZH_T_##id,
#include "web/text/text_account.inc"
#include "web/text/text_act.inc"
#include "web/text/text_board.inc"
#include "web/text/text_desk.inc"
#include "web/text/text_frame.inc"
#include "web/text/text_go.inc"
#include "web/text/text_import.inc"
#include "web/text/text_ledger.inc"
#include "web/text/text_login.inc"
#include "web/text/text_lookup.inc"
#include "web/text/text_map.inc"
#include "web/text/text_notice.inc"
#include "web/text/text_obligation.inc"
#include "web/text/text_register.inc"
#include "web/text/text_report.inc"
#include "web/text/text_signals.inc"
#include "web/text/text_sources.inc"
#include "web/text/text_study.inc"
#include "web/text/text_systems.inc"
#include "web/text/text_targets.inc"
#include "web/text/text_tools.inc"
#include "web/text/text_verify.inc"
#undef ZH_TEXT
    ZH_TEXT_N
} zh_text_id;

zh_str zh_text_of(zh_lang lang, zh_text_id id);
/* The string with {1} … {n} replaced by the arguments; a placeholder without one stays as it is. */
zh_str zh_text_fill(zh_arena *arena, zh_str text, const zh_str *arguments, size_t n);

#endif
