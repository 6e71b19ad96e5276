/* Acting on a record: where its forms are. */
#ifndef ZH_WEB_RECORD_ACT_H
#define ZH_WEB_RECORD_ACT_H

#include "web/record/record.h"

/* The form of a step, or of a correction (NULL). */
zh_str zh_act_url(zh_ui *ui, const zh_record *record, const zh_transition *transition);

/* Erasing personal values: whether the reader may for this record, and where. */
bool zh_erasing_possible(zh_shown_record *r);
zh_str zh_erasing_url(zh_ui *ui, const zh_record *record);

/* Steps that the reader may take for many records at once; at most max. */
size_t zh_bulk_steps(zh_ui *ui, const zh_register *reg, const zh_transition **out, size_t max);
/* Whether the register has documents whose files the reader may see: they can be printed together.
 */
bool zh_bulk_prints(const zh_ui *ui, const zh_register *reg);

#endif
