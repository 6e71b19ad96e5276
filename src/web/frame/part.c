/* Small components: marks, messages, navigation, questions, records. */
#include "web/frame/part.h"
#include "core/read/permission.h"
#include <inttypes.h>

/* ---- words and marks
 * -------------------------------------------------------------------------------- */

void zh_part_icon(zh_ui *ui, zh_icon icon)
{
    static const char *const paths[] = {
        [ZH_ICON_ROWS] = "M2 3.5h12M2 8h12M2 12.5h12",
        [ZH_ICON_SIZE] = "m1.5 13 3-9h1l3 9M2.5 10h5M10 13l2-5.5h.6l2 5.5M10.6 11.5H14",
        [ZH_ICON_MOON] = "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z",
        [ZH_ICON_DOWN] = "M8 2v8m-3.5-3L8 10.5 11.5 7M2.5 13.5h11",
        [ZH_ICON_UP] = "M8 11V3M4.5 6 8 2.5 11.5 6M2.5 13.5h11",
        [ZH_ICON_LINK] = ("M6.5 9.5 9.5 6.5M5 7.5 3 9.5a2.5 2.5 0 0 0 3.5 3.5l2-2m2.5-2.5 "
                          "2-2A2.5 2.5 0 0 0 9.5 3l-2 2"),
        [ZH_ICON_SEARCH] = "M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0M10.5 10.5l4 4",
        [ZH_ICON_TABLE] = "M2 3h12v10H2zM2 6.5h12M2 9.8h12M6.5 3v10",
        [ZH_ICON_MAP] = "M1.5 3.5 6 2l4 1.5L14.5 2v10.5L10 14l-4-1.5L1.5 14zM6 2v10.5M10 3.5V14",
        [ZH_ICON_PRINT] = "M4.5 6V2h7v4M4.5 11.5H2V6h12v5.5h-2.5M4.5 9.5h7V14h-7z",
        [ZH_ICON_BELL] = "M2.5 12h11l-1.5-2V7a4 4 0 0 0-8 0v3zM6.5 14h3",
    };
    zh_html *h = &ui->html;
    zh_html_open(h, "svg", "ico");
    zh_html_attr_z(h, "viewBox", "0 0 16 16");
    zh_html_attr_z(h, "aria-hidden", "true");
    zh_html_open(h, "path", NULL);
    zh_html_attr_z(h, "d", paths[icon]);
    zh_html_close(h);
    zh_html_close(h);
}

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-' || c == '/' || c == '%';
}

/* The end of what must stay together from a digit on: 2012-10-29, 22 个, 70.21 μ. */
static size_t number_end(zh_str text, size_t at)
{
    while (at < text.n && in_number(text.p[at])) {
        at++;
    }
    if (at + 1 < text.n && text.p[at] == ' ') {
        at += 2;
        while (at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80) {
            at++;
        }
    }
    return at;
}

static void title_piece(zh_html *h, zh_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        size_t end = text.p[i] >= '0' && text.p[i] <= '9' ? number_end(text, i) : 0;
        if (end > i + 1) {
            zh_html_value(h, zh_str_sub(text, from, i - from));
            zh_html_leaf_value(h, "span", "nw", zh_str_sub(text, i, end - i));
            from = end;
        }
        i = end > i ? end - 1 : i;
    }
    zh_html_value(h, zh_str_sub(text, from, text.n));
}

void zh_part_title(zh_ui *ui, const char *element, zh_str text, const zh_title_link *links,
                   size_t nlinks)
{
    zh_html *h = &ui->html;
    size_t at = 0;
    zh_html_open(h, element, NULL);
    for (size_t i = 0; i < nlinks; i++) {
        title_piece(h, zh_str_sub(text, at, links[i].from - at));
        zh_html_a_value(h, "n", links[i].url, zh_str_sub(text, links[i].from, links[i].n));
        at = links[i].from + links[i].n;
    }
    title_piece(h, zh_str_sub(text, at, text.n));
    zh_html_close(h);
}

void zh_part_number(zh_ui *ui, zh_str value, zh_str unit, zh_str url)
{
    zh_html *h = &ui->html;
    zh_str shown = zh_ui_decimal(ui, value);
    if (url.n > 0) {
        zh_html_a(h, "n", url, shown);
    } else {
        zh_html_leaf(h, "span", "nw", shown);
    }
    if (unit.n > 0) {
        zh_html_leaf(h, "span", "u", unit);
    }
}

void zh_part_interval(zh_ui *ui, zh_str interval)
{
    if (interval.n > 0) {
        zh_html_open(&ui->html, "span", "iv");
        zh_html_attr(&ui->html, "title", zh_ui_text(ui, ZH_T_INTERVAL95));
        zh_html_text(&ui->html, interval);
        zh_html_close(&ui->html);
    }
}

void zh_part_stamp(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "p", "stamp");
    if (ui->log_size == 0) {
        zh_html_text(h, zh_ui_text(ui, ZH_T_LEDGER_EMPTY));
        zh_html_close(h);
        return;
    }
    zh_html_text(h, zh_ui_text(ui, ZH_T_STAMP));
    zh_html_z(h, " ");
    zh_html_leaf(h, "b", NULL, ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, ui->log_size)));
    zh_html_leaf(h, "span", NULL, zh_ui_time(ui, ui->log_time));
    zh_part_seal(ui, zh_part_sealed_all(ui, ui->log_size));
    zh_html_close(h);
}

zh_seal zh_part_sealed(const zh_ui *ui, int64_t position)
{
    return position >= 0 && position < ui->sealed ? ZH_SEAL_DONE : ZH_SEAL_WAIT;
}

zh_seal zh_part_sealed_all(const zh_ui *ui, int64_t size)
{
    return size <= ui->sealed ? ZH_SEAL_DONE : ZH_SEAL_WAIT;
}

void zh_part_seal(zh_ui *ui, zh_seal state)
{
    static const char *const css[] = {"seal wait", "seal", "seal ok", "seal bad"};
    static const zh_text_id words[] = {ZH_T_SEAL_WAIT, ZH_T_SEAL_DONE, ZH_T_SEAL_OK, ZH_T_SEAL_BAD};
    zh_html *h = &ui->html;
    zh_html_open(h, "span", css[state]);
    zh_html_attr_z(h, "role", "img");
    zh_html_attr(h, "title", zh_ui_text(ui, words[state]));
    zh_html_attr(h, "aria-label", zh_ui_text(ui, words[state]));
    zh_html_text(h, zh_ui_text(ui, ZH_T_SEAL));
    zh_html_close(h);
}

void zh_part_tag(zh_ui *ui, zh_tag_look look, zh_str text)
{
    static const char *const css[] = {"tag", "tag ink", "tag qing", "tag watch", "tag act"};
    zh_html_leaf(&ui->html, "span", css[look], text);
}

void zh_part_mock(zh_ui *ui)
{
    zh_html_leaf(&ui->html, "span", "mock", zh_ui_text(ui, ZH_T_MOCK));
}

void zh_part_lamp(zh_ui *ui, zh_lamp lamp, zh_str text)
{
    static const char *const css[] = {"lamp act", "lamp watch", "lamp ok", "lamp done", "lamp nil"};
    static const zh_text_id words[] = {ZH_T_LAMP_ACT, ZH_T_LAMP_WATCH, ZH_T_LAMP_OK, ZH_T_LAMP_DONE,
                                       ZH_T_LAMP_NIL};
    zh_html_leaf(&ui->html, "span", css[lamp], text.n > 0 ? text : zh_ui_text(ui, words[lamp]));
}

void zh_part_nil(zh_ui *ui, zh_nil kind, zh_str text)
{
    static const char *const css[] = {"na nd", "na few", "na skip-", "na none", "na hidden"};
    static const zh_text_id words[] = {ZH_T_NIL_ND, ZH_T_NIL_FEW, ZH_T_NIL_SKIP, ZH_T_NIL_NONE,
                                       ZH_T_NIL_HIDDEN};
    zh_html_leaf(&ui->html, "span", css[kind], text.n > 0 ? text : zh_ui_text(ui, words[kind]));
}

/* ---- messages
 * --------------------------------------------------------------------------------------- */

void zh_part_note_open(zh_ui *ui, zh_note_look look)
{
    static const char *const css[] = {"note", "note qing", "note watch", "note act"};
    zh_html_open(&ui->html, "div", css[look]);
    if (look == ZH_NOTE_ACT) {
        zh_html_attr_z(&ui->html, "role", "alert");
    }
}

void zh_part_note_close(zh_ui *ui)
{
    zh_html_close(&ui->html);
}

void zh_part_note(zh_ui *ui, zh_note_look look, zh_str text)
{
    zh_part_note_open(ui, look);
    zh_html_leaf_value(&ui->html, "p", NULL, text);
    zh_part_note_close(ui);
}

zh_str zh_part_who_can(const zh_ui *ui, const zh_register *reg, unsigned rights)
{
    zh_str roles = ZH_STR("");
    if ((zh_rights(&ui->ctx, reg) & rights) != 0) {
        return roles;
    }
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *access = &reg->access[i];
        if ((zh_access_rights(access) & rights) == 0) {
            continue;
        }
        roles = zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(roles),
                           ZH_FMT(roles.n > 0 ? zh_ui_text(ui, ZH_T_SEP) : ZH_STR("")),
                           ZH_FMT(zh_ui_role(ui, access->role)));
    }
    return roles.n > 0 ? ZH_SAY(ui, ZH_T_ACT_ROLE, zh_ui_role(ui, ui->ctx.role), roles)
                       : ZH_SAY(ui, ZH_T_ACT_NOBODY, zh_ui_role(ui, ui->ctx.role));
}

void zh_part_greyed(zh_ui *ui, zh_str label, zh_str why)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "span", "btn");
    zh_html_attr_z(h, "aria-disabled", "true");
    zh_html_attr(h, "title", why);
    zh_html_text(h, label);
    zh_html_close(h);
    zh_html_leaf_value(h, "span", "why", why);
}

void zh_part_empty(zh_ui *ui, zh_empty kind, zh_str title, zh_str text, zh_str url, zh_str link)
{
    static const char *const css[] = {"empty data", "empty denied", "empty filter"};
    zh_html *h = &ui->html;
    zh_html_open(h, "div", css[kind]);
    if (kind == ZH_EMPTY_DATA) {
        zh_html_leaf(h, "span", "na none big-na", ZH_STR(""));
    }
    zh_html_leaf(h, "h3", NULL, title);
    zh_html_open(h, "p", NULL);
    zh_html_text(h, text);
    if (url.n > 0) {
        zh_html_z(h, text.n > 0 ? " " : "");
        zh_html_a(h, NULL, url, link);
    }
    zh_html_close(h);
    zh_html_close(h);
}

void zh_part_progress(zh_ui *ui, int64_t done, int64_t total, zh_str text)
{
    zh_html *h = &ui->html;
    zh_html_leaf(h, "p", "sm", text);
    zh_html_open(h, "progress", NULL);
    zh_html_attr_f(h, "max", "%" PRId64, total > 0 ? total : 1);
    if (total > 0) {
        zh_html_attr_f(h, "value", "%" PRId64, done < total ? done : total);
    }
    zh_html_attr(h, "aria-label", text);
    zh_html_close(h);
}

/* ---- navigation and questions
 * ----------------------------------------------------------------------- */

void zh_part_tabs(zh_ui *ui, const zh_tab *tabs, size_t n, zh_str label)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "nav", "tabs");
    zh_html_attr(h, "aria-label", label);
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", tabs[i].url);
        if (tabs[i].current) {
            zh_html_attr_z(h, "aria-current", "true");
        }
        zh_html_text(h, tabs[i].label);
        if (tabs[i].count >= 0) {
            zh_html_leaf(h, "b", NULL, zh_ui_count(ui, tabs[i].count));
        }
        zh_html_close(h);
    }
    zh_html_close(h);
}

static void facet_bar(zh_html *h, int64_t count, int64_t most)
{
    zh_html_open(h, "svg", "hb");
    zh_html_attr_z(h, "aria-hidden", "true");
    zh_html_open(h, "rect", NULL);
    zh_html_attr_f(h, "width", "%.1f%%", 100 * (double)count / (double)(most > 0 ? most : 1));
    zh_html_attr_z(h, "height", "2");
    zh_html_close(h);
    zh_html_close(h);
}

void zh_part_facet(zh_ui *ui, zh_str title, const zh_facet_item *items, size_t n, int64_t rest)
{
    zh_html *h = &ui->html;
    int64_t most = 0;
    for (size_t i = 0; i < n; i++) {
        most = items[i].count > most ? items[i].count : most;
    }
    zh_html_open(h, "section", "facet");
    zh_html_leaf(h, "h3", NULL, title);
    zh_html_open(h, "ul", NULL);
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "li", items[i].on ? "on" : items[i].count == 0 ? "zero" : NULL);
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", items[i].url);
        if (items[i].on) {
            zh_html_attr_z(h, "aria-current", "true");
        }
        zh_html_value(h, items[i].label);
        zh_html_close(h);
        zh_html_leaf(h, "span", "ct", zh_ui_count(ui, items[i].count));
        facet_bar(h, items[i].count, most);
        zh_html_close(h);
    }
    zh_html_close(h);
    if (rest > 0) {
        zh_html_leaf(h, "p", "sm mu", ZH_SAY(ui, ZH_T_FACET_REST, zh_ui_count(ui, rest)));
    }
    zh_html_close(h);
}

void zh_part_ask_open(zh_ui *ui, zh_str action)
{
    zh_html_open(&ui->html, "form", "ask");
    zh_html_attr_z(&ui->html, "method", "get");
    zh_html_link(&ui->html, "action", action);
}

void zh_part_ask_words(zh_ui *ui, zh_str words)
{
    zh_html_leaf(&ui->html, "span", NULL, words);
}

void zh_part_ask_select(zh_ui *ui, const char *name, zh_str label, const zh_option *options,
                        size_t n, zh_str selected)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "select", NULL);
    zh_html_attr_z(h, "name", name);
    zh_html_attr(h, "aria-label", label);
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "option", NULL);
        zh_html_attr(h, "value", options[i].value);
        if (zh_str_eq(options[i].value, selected)) {
            zh_html_flag(h, "selected");
        }
        zh_html_lang(h, options[i].label);
        zh_html_text(h, options[i].label);
        zh_html_close(h);
    }
    zh_html_close(h);
}

void zh_part_ask_input(zh_ui *ui, const char *name, zh_str label, zh_str value, const char *type)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", type);
    zh_html_attr_z(h, "name", name);
    zh_html_attr(h, "aria-label", label);
    zh_html_attr(h, "placeholder", label);
    zh_html_attr(h, "value", value);
}

void zh_part_ask_hidden(zh_ui *ui, const char *name, zh_str value)
{
    zh_html *h = &ui->html;
    if (value.n > 0) {
        zh_html_open(h, "input", NULL);
        zh_html_attr_z(h, "type", "hidden");
        zh_html_attr_z(h, "name", name);
        zh_html_attr(h, "value", value);
    }
}

static void ask_button(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "button", "btn pri");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, ZH_T_ASK_GO));
    zh_html_close(h);
}

void zh_part_ask_close(zh_ui *ui)
{
    ask_button(ui);
    zh_html_close(&ui->html);
}

void zh_part_ask_end(zh_ui *ui, const struct zh_download *files, size_t n)
{
    zh_html *h = &ui->html;
    ask_button(ui);
    zh_html_open(h, "span", "acts");
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "a", "btn quiet");
        zh_html_link(h, "href", files[i].url);
        zh_html_flag(h, "download");
        zh_part_icon(ui, ZH_ICON_DOWN);
        zh_html_text(h, ZH_SAY(ui, ZH_T_ASK_EXPORT, files[i].label));
        zh_html_close(h);
    }
    zh_part_link(ui);
    zh_html_close(h);
    zh_html_close(h);
}

void zh_part_link(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_str here = zh_url_with(ui->request, "after", ZH_STR(""));
    zh_html_open(h, "details", "link");
    zh_html_open(h, "summary", "btn quiet");
    zh_html_attr(h, "data-done", zh_ui_text(ui, ZH_T_ASK_LINK_DONE));
    zh_part_icon(ui, ZH_ICON_LINK);
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_ASK_LINK));
    zh_html_close(h);
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_flag(h, "readonly");
    zh_html_attr(h, "aria-label", zh_ui_text(ui, ZH_T_ASK_LINK_LABEL));
    zh_html_attr(h, "value",
                 zh_str_fmt(ui->arena, "%s://%.*s%.*s", ui->web->behind_proxy ? "https" : "http",
                            ZH_FMT(ui->request->host), ZH_FMT(here)));
    zh_html_close(h);
    zh_html_close(h);
}

void zh_part_pager(zh_ui *ui, size_t shown, int64_t total, zh_str after)
{
    zh_html *h = &ui->html;
    zh_str here = zh_ui_count(ui, (int64_t)shown);
    bool is_first = zh_http_param(ui->request, "after").n == 0;
    zh_html_open(h, "nav", "pager");
    zh_html_leaf(h, "span", NULL,
                 total >= 0 ? ZH_SAY(ui, ZH_T_PAGER_OF, here, zh_ui_count(ui, total))
                            : ZH_SAY(ui, ZH_T_PAGER_SHOWN, here));
    zh_html_open(h, "span", "bar");
    if (!is_first) {
        zh_html_a(h, "btn", zh_url_with(ui->request, "after", ZH_STR("")),
                  zh_ui_text(ui, ZH_T_PAGER_FIRST));
    }
    if (after.n > 0) {
        zh_html_open(h, "a", "btn");
        zh_html_attr_z(h, "rel", "next");
        zh_html_link(h, "href", zh_url_with(ui->request, "after", after));
        zh_html_text(h, zh_ui_text(ui, ZH_T_PAGER_NEXT));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

/* ---- records
 * ---------------------------------------------------------------------------------------- */

void zh_part_kv_open(zh_ui *ui)
{
    zh_html_open(&ui->html, "dl", "kv");
}

void zh_part_kv_item(zh_ui *ui, zh_str name)
{
    zh_html_leaf(&ui->html, "dt", NULL, name);
    zh_html_open(&ui->html, "dd", NULL);
}

void zh_part_kv(zh_ui *ui, zh_str name, zh_str value)
{
    zh_part_kv_item(ui, name);
    zh_html_value(&ui->html, value);
    zh_html_close(&ui->html);
}

void zh_part_kv_close(zh_ui *ui)
{
    zh_html_close(&ui->html);
}

void zh_part_steps(zh_ui *ui, const zh_stage *steps, size_t n)
{
    static const char *const css[] = {"todo", "now", "done"};
    zh_html *h = &ui->html;
    zh_html_open(h, "ol", "steps");
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "li", css[steps[i].state]);
        if (steps[i].state == ZH_STEP_NOW) {
            zh_html_attr_z(h, "aria-current", "step");
        }
        zh_html_text(h, steps[i].label);
        if (steps[i].note.n > 0) {
            zh_html_leaf_value(h, "small", NULL, steps[i].note);
        }
        zh_html_close(h);
    }
    zh_html_close(h);
}

void zh_part_timeline_open(zh_ui *ui)
{
    zh_html_open(&ui->html, "ol", "tl");
}

void zh_part_timeline_item(zh_ui *ui, zh_step_state state, zh_str time)
{
    static const char *const css[] = {"todo", "now", "done"};
    zh_html_open(&ui->html, "li", css[state]);
    if (time.n > 0) {
        zh_html_leaf(&ui->html, "time", NULL, time);
        zh_html_z(&ui->html, " ");
    }
}

void zh_part_timeline_close(zh_ui *ui)
{
    zh_html_close(&ui->html);
}

void zh_part_sealbar(zh_ui *ui, int64_t position, zh_str digest)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "sealbar");
    zh_part_seal(ui, zh_part_sealed(ui, position));
    zh_html_open(h, "span", NULL);
    zh_html_text(h, zh_ui_text(ui, ZH_T_SEALBAR_POS));
    zh_html_z(h, " ");
    zh_html_leaf(h, "b", NULL,
                 position >= 0 ? zh_ui_count(ui, position) : zh_ui_text(ui, ZH_T_SEALBAR_WAIT));
    zh_html_close(h);
    if (digest.n > 0) {
        zh_html_leaf(h, "span", "mono", digest);
    }
    bool done = zh_part_sealed(ui, position) == ZH_SEAL_DONE;
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, done ? ZH_T_SEAL_DONE : ZH_T_SEAL_WAIT));
    zh_html_close(h);
}
