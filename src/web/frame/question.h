/* What a page is asked: region, period and log size out of its URL; and the way back, from a figure
 * to the expression that selects the records behind it. */
#ifndef ZH_WEB_FRAME_QUESTION_H
#define ZH_WEB_FRAME_QUESTION_H

#include "core/figure/indicator.h"
#include "web/frame/part.h"

typedef struct zh_question {
    zh_str region; /* code; empty: everything the reader sees */
    zh_str period; /* canonical text; empty: not asked */
    zh_date first, last;
    int64_t as_of; /* log size or ZH_AS_OF_NOW */
} zh_question;

/* region by code, name, alias or pinyin initials; period as zh_period_parse; as_of: a log size.
 * ZH_EINVAL (question.region, question.period, question.as_of). */
zh_rc zh_question_read(zh_ui *ui, zh_question *out) ZH_MUST;

/* The conditions of records, joined by `and`; parts that do not apply to the register are left out.
 * The result is an expression of doc/expressions.md, empty for all records. */
typedef struct zh_condition {
    const zh_register *reg;
    zh_str region;
    zh_date first, last;           /* both 0: of all time */
    const zh_program *programs[4]; /* further conditions; NULL: none */
} zh_condition;
zh_str zh_question_where(zh_ui *ui, const zh_condition *condition);
/* field = 'value' or field within 'value' for a dimension's value; empty when the dimension cannot
 * be put to records (derived ones). */
zh_str zh_question_dim(zh_ui *ui, const zh_register *reg, zh_str dim, zh_str value);
/* a and b, either may be empty. */
zh_str zh_question_and(zh_ui *ui, zh_str a, zh_str b);

/* Which level of the codes has that name (province, city …); 0: none. */
uint16_t zh_question_level(const zh_codes *codes, const char *name);
/* The provinces for a select, after a first option "everywhere", and the selected region when it is
 * none of them. */
void zh_question_regions(zh_ui *ui, zh_str selected, zh_option **out, size_t *n);
/* The same, and below the selected province its cities, below the selected city its counties, as
 * deep as the cells of the register are kept. */
void zh_question_areas(zh_ui *ui, const zh_register *reg, zh_str selected, zh_option **out,
                       size_t *n);

#endif
