/* What a record is called: a sentence made of its values, as its register declares it.
 *
 *   {category}{items}不合格[，{maker_place}生产][，{sale_place}抽到]
 *
 * {id} stands for a field; of a table or one of its columns the rows are listed. What stands in [ ]
 * is left out when one of its fields is empty; outside, an empty field is nothing. A title of which
 * no field has a value is none. */
#ifndef ZH_MODEL_TITLE_H
#define ZH_MODEL_TITLE_H

#include "model/model.h"

/* The value of a field as text; empty: none, or not to be shown. */
typedef zh_str (*zh_title_value)(void *user, const zh_field *field);

/* The title in the arena; empty when none is declared or no field has a value. Punctuation that
 * begins it because what stood before was left out is cut off. */
zh_str zh_title_write(zh_arena *arena, const zh_title *title, zh_title_value value, void *user);
/* What a record is called in short: its name, else its business key, else its id. */
zh_str zh_title_key(zh_arena *arena, const zh_record *record, zh_title_value value, void *user);
/* The same for who has no language: codes and numbers as they are stored. */
zh_str zh_title_plain(zh_arena *arena, const zh_record *record);
bool zh_title_names(const zh_title *title, const zh_field *field);
/* Whether it needs child rows. */
bool zh_title_has_table(const zh_title *title);

#endif
