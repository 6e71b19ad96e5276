/* Notices as they stand on pages. */
#include "web/people/notice_part.h"
#include "web/frame/form_part.h"

static zh_str clock_label(zh_ui *ui, const zh_register *reg, zh_str name)
{
    ptrdiff_t slash = zh_str_chr(name, '/');
    zh_str id = slash >= 0 ? zh_str_sub(name, 0, (size_t)slash) : name;
    for (size_t i = 0; i < reg->nclocks; i++) {
        if (zh_str_eq(reg->clocks[i].id, id)) {
            return zh_ui_label(ui, reg->clocks[i].label);
        }
    }
    return name;
}

zh_str zh_notice_text(zh_ui *ui, const zh_notice_group *g)
{
    const zh_transition *t = zh_register_transition(g->reg, g->name);
    zh_str step = t != NULL ? zh_ui_label(ui, t->label) : g->name;
    if (zh_str_is(g->cause, ZH_NOTICE_CREATED)) {
        return zh_ui_text(ui, ZH_T_NOTICE_CREATED);
    }
    if (zh_str_is(g->cause, ZH_NOTICE_BREACH)) {
        return ZH_SAY(ui, ZH_T_NOTICE_BREACH, clock_label(ui, g->reg, g->name));
    }
    if (zh_str_is(g->cause, ZH_NOTICE_WARN)) {
        return ZH_SAY(ui, ZH_T_NOTICE_WARN, clock_label(ui, g->reg, g->name));
    }
    if (zh_str_is(g->cause, ZH_NOTICE_ERASE)) {
        return zh_ui_text(ui, ZH_T_NOTICE_ERASE);
    }
    if (zh_str_is(g->cause, ZH_NOTICE_VOTE)) {
        return ZH_SAY(ui, ZH_T_NOTICE_VOTE, step);
    }
    return zh_str_is(g->cause, ZH_NOTICE_SECOND) ? ZH_SAY(ui, ZH_T_NOTICE_SECOND, step) : step;
}

static zh_str matter_of(zh_ui *ui, const zh_notice_group *g, const zh_obligation *list, size_t n)
{
    const zh_field *duty =
        zh_str_is(g->reg->id, "expected_item") ? zh_register_field(g->reg, ZH_STR("duty")) : NULL;
    for (size_t i = 0; i < n && duty != NULL; i++) {
        const zh_value *value = &g->record->values[duty->index];
        if (value->kind == ZH_TEXT && zh_str_eq(value->text, list[i].name)) {
            return zh_ui_label(ui, list[i].label);
        }
    }
    return zh_ui_label(ui, g->reg->label);
}

zh_rc zh_notice_by_matter(zh_ui *ui, zh_notice_group *groups, size_t n, zh_str **matters)
{
    zh_obligation *list = NULL;
    size_t nlist = 0;
    size_t at = 0;
    zh_notice_group *sorted = ZH_NEW_N(ui->arena, zh_notice_group, n + 1);
    zh_str *labels = ZH_NEW_N(ui->arena, zh_str, n + 1);
    bool *placed = ZH_NEW_N(ui->arena, bool, n + 1);
    zh_rc rc = zh_obligations(ui->ctx.model, ui->arena, &list, &nlist, ui->err);
    *matters = ZH_NEW_N(ui->arena, zh_str, n + 1);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        labels[i] = matter_of(ui, &groups[i], list, nlist);
        placed[i] = false;
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        for (size_t k = i; k < n && !placed[i]; k++) {
            if (!placed[k] && k != i && zh_str_eq(labels[k], labels[i])) {
                (*matters)[at] = labels[i];
                sorted[at++] = groups[k];
                placed[k] = true;
            } else if (k == i) {
                (*matters)[at] = labels[i];
                sorted[at++] = groups[i];
            }
        }
        placed[i] = true;
    }
    for (size_t i = 0; i < at; i++) {
        groups[i] = sorted[i];
    }
    return rc;
}

zh_rc zh_notice_titles(zh_show *show, const zh_notice_group *groups, size_t n)
{
    const zh_record **records = ZH_NEW_N(show->ui->arena, const zh_record *, n + 1);
    for (size_t i = 0; i < n; i++) {
        records[i] = groups[i].record;
    }
    return zh_show_titles(show, records, n);
}

void zh_notice_elsewhere_note(zh_ui *ui)
{
    zh_html *h = &ui->html;
    for (size_t i = 0; i < ui->nelsewhere; i++) {
        const zh_post_unread *post = &ui->elsewhere[i];
        zh_str who = post->place.n > 0
                         ? ZH_SAY(ui, ZH_T_NOTICE_POST_PLACE, zh_ui_region(ui, post->place),
                                  zh_ui_label(ui, post->role))
                         : zh_ui_label(ui, post->role);
        zh_part_note_open(ui, ZH_NOTE_QING);
        zh_html_open(h, "div", "bar");
        zh_html_leaf_value(
            h, "span", NULL,
            ZH_SAY(ui, ZH_T_NOTICE_ELSEWHERE, who, post->code, zh_ui_count(ui, post->unread)));
        zh_form_open(ui, ZH_STR("/account/post"));
        zh_form_hidden(ui, "post", post->code);
        zh_form_hidden(ui, "next", ZH_STR("/notices"));
        zh_form_button(ui, ZH_T_NOTICE_TO_POST, "btn");
        zh_html_close(h);
        zh_html_close(h);
        zh_part_note_close(ui);
    }
}
