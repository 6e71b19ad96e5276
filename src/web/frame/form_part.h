/* Small forms: opened, filled with labelled fields, closed with zh_html_close. */
#ifndef ZH_WEB_FRAME_FORM_PART_H
#define ZH_WEB_FRAME_FORM_PART_H

#include "web/frame/part.h"

/* What a field of the request's form says; p NULL: it was not sent. */
zh_str zh_form_sent(const zh_ui *ui, const char *name);
/* A POST form. */
void zh_form_open(zh_ui *ui, zh_str action);
typedef struct zh_form_input {
    zh_text_id label;
    const char *name, *type;
    const char *autocomplete; /* as HTML names it; NULL: "off" */
    zh_str value;
    zh_str hint; /* below the label; may be empty */
} zh_form_input;
void zh_form_field(zh_ui *ui, const zh_form_input *input);
void zh_form_hidden(zh_ui *ui, const char *name, zh_str value);
void zh_form_button(zh_ui *ui, zh_text_id text, const char *css);
/* What went wrong, above the form; nothing when nothing did. */
void zh_form_problem(zh_ui *ui, const zh_err *err);

#endif
