/* Small forms: fields with labels, hidden values, buttons, and what went wrong. */
#include "web/frame/form_part.h"

zh_str zh_form_sent(const zh_ui *ui, const char *name)
{
    return zh_pairs_get(ui->request->form, name);
}

void zh_form_open(zh_ui *ui, zh_str action)
{
    zh_html_open(&ui->html, "form", "stack-s narrow");
    zh_html_attr_z(&ui->html, "method", "post");
    zh_html_link(&ui->html, "action", action);
}

void zh_form_field(zh_ui *ui, const zh_form_input *input)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf_value(h, "span", NULL, zh_ui_text(ui, input->label));
    if (input->hint.n > 0) {
        zh_html_leaf(h, "span", "hint", input->hint);
    }
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", input->type);
    zh_html_attr_z(h, "name", input->name);
    zh_html_attr_z(h, "autocomplete", input->autocomplete != NULL ? input->autocomplete : "off");
    if (input->value.n > 0) {
        zh_html_attr(h, "value", input->value);
    }
    zh_html_close(h); /* the input */
    zh_html_close(h);
}

void zh_form_hidden(zh_ui *ui, const char *name, zh_str value)
{
    zh_html_open(&ui->html, "input", NULL);
    zh_html_attr_z(&ui->html, "type", "hidden");
    zh_html_attr_z(&ui->html, "name", name);
    zh_html_attr(&ui->html, "value", value);
    zh_html_close(&ui->html);
}

void zh_form_button(zh_ui *ui, zh_text_id text, const char *css)
{
    zh_html_open(&ui->html, "button", css);
    zh_html_attr_z(&ui->html, "type", "submit");
    zh_html_text(&ui->html, zh_ui_text(ui, text));
    zh_html_close(&ui->html);
}

void zh_form_problem(zh_ui *ui, const zh_err *err)
{
    if (err->rc == ZH_OK) {
        return;
    }
    zh_part_note_open(ui, ZH_NOTE_ACT);
    zh_html_value(&ui->html, zh_str_of(err->message));
    if (err->fix[0] != '\0') {
        zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_SEMICOLON));
        zh_html_value(&ui->html, zh_str_of(err->fix));
    }
    zh_part_note_close(ui);
}
