/* Values of records as people read them: codes by name, units by label, marks in words, references
 * by the name of what they point to (looked up together, never one by one). */
#ifndef ZH_WEB_FRAME_SHOW_H
#define ZH_WEB_FRAME_SHOW_H

#include "core/cube/related.h"
#include "web/frame/page.h"

#define ZH_SHOW_REFS_MAX  ((size_t)5000) /* references named at once; more show their id */
#define ZH_SHOW_ROWS_LINE ((size_t)6)    /* child rows written into one line */

/* What a reference is called. Identities that are declared public are named to everybody; only what
 * the reader may see opens. */
typedef struct zh_shown_name {
    zh_str text;
    bool opens;
} zh_shown_name;

typedef struct zh_show {
    zh_ui *ui;
    int64_t as_of;
    ZH_VEC(const zh_value *) refs;       /* wanted, with … */
    ZH_VEC(const zh_register *) targets; /* … where they point to */
    zh_map names;                        /* "register office id" -> zh_shown_name * */
    bool looked_up, cut; /* names were looked up; there were more than ZH_SHOW_REFS_MAX */
    zh_map titles;       /* the same of zh_show_titles */
} zh_show;

void zh_show_init(zh_show *show, zh_ui *ui, int64_t as_of);
/* Notes the references of a record (its child rows too, when they are loaded). */
void zh_show_want(zh_show *show, const zh_record *record);
/* Looks up the names of everything wanted. */
zh_rc zh_show_load(zh_show *show) ZH_MUST;

/* What people call a record in short: its name, else its business key, else its id. */
zh_str zh_show_key(zh_ui *ui, const zh_record *record);
/* Writes the titles that registers declare for these records (NULL entries are left out), in the
 * reader's language. What is masked for the reader is left out, like what is empty. */
zh_rc zh_show_titles(zh_show *show, const zh_record *const *records, size_t n) ZH_MUST;
/* The title of a record that zh_show_titles was given; without one the key. */
zh_str zh_show_title(zh_show *show, const zh_record *record);
/* The same of one record by itself. */
zh_rc zh_show_title_of(zh_ui *ui, const zh_record *record, zh_str *out) ZH_MUST;
/* The value as plain text; empty for none. */
zh_str zh_show_text(zh_show *show, const zh_field *field, const zh_value *value);
/* The same as content of the page: none of the four kinds of nothing is blank, references are
 * links. full: codes stand beside their names. */
void zh_show_html(zh_show *show, const zh_field *field, const zh_value *value, bool full);
/* A table field of a record in one line: rows separated by 、, the rest counted. */
zh_str zh_show_rows(zh_show *show, const zh_record *record, const zh_field *table);
/* A field of a record, whatever it is. */
void zh_show_field(zh_show *show, const zh_record *record, const zh_field *field);
zh_str zh_show_field_text(zh_show *show, const zh_record *record, const zh_field *field);
/* A unit as it is written beside a number: 元, mg/kg, μg/m³. */
zh_str zh_show_unit(zh_ui *ui, zh_str unit);
/* A state's label in the reader's language. */
zh_str zh_show_state(zh_ui *ui, const zh_register *reg, int state);
/* Who wrote: the program's own actors by a word, others as they are named. */
zh_str zh_show_actor(zh_ui *ui, zh_str actor);
bool zh_show_is_number(const zh_field *field);

#endif
