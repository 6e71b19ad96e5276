/* The table of strings. */
#include "web/text/text.h"

static const struct {
    const char *zh, *en;
} texts[ZH_TEXT_N] = {
#define ZH_TEXT(id, zh, en) {zh, en},
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
};

zh_str zh_text_of(zh_lang lang, zh_text_id id)
{
    return zh_str_of(lang == ZH_LANG_EN ? texts[id].en : texts[id].zh);
}

zh_str zh_text_fill(zh_arena *arena, zh_str text, const zh_str *arguments, size_t n)
{
    zh_buf out;
    zh_buf_init(&out, (size_t)1 << 20);
    for (size_t i = 0; i < text.n; i++) {
        bool is_slot = text.p[i] == '{' && i + 2 < text.n && text.p[i + 2] == '}' &&
                       text.p[i + 1] >= '1' && text.p[i + 1] <= '9';
        size_t slot = is_slot ? (size_t)(text.p[i + 1] - '1') : n;
        if (slot < n) {
            zh_buf_str(&out, arguments[slot]);
            i += 2;
        } else {
            zh_buf_c(&out, text.p[i]);
        }
    }
    zh_str filled = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return filled;
}
