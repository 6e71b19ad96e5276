/* Reporting obligations of the declarations (填报义务): who owes a record of a register, for every
 * period, by when. Read from the checked declarations of a compiled model. Thread-safe. */
#ifndef ZH_MODEL_OBLIGATION_H
#define ZH_MODEL_OBLIGATION_H

#include "model/model.h"

#define ZH_OBLIGATION_REMINDERS_MAX 3

typedef enum zh_every {
    ZH_EVERY_DAY,
    ZH_EVERY_WEEK, /* Monday to Sunday */
    ZH_EVERY_MONTH,
    ZH_EVERY_QUARTER,
    ZH_EVERY_HALF,
    ZH_EVERY_YEAR,
} zh_every;

typedef struct zh_obligation {
    zh_str name; /* register.id, unique in the model */
    zh_str id;
    zh_label label;
    const zh_register *reg; /* whose record is owed */
    const zh_register *who; /* the obliged … */
    zh_program where;       /* … among them; has_where */
    bool has_where;
    zh_str where_source;
    zh_every every;
    int32_t due; /* after the period's end */
    zh_unit_time due_unit;
    const zh_field *party;  /* of reg: reference to who */
    const zh_field *period; /* of reg: NULL = the event time */
    zh_reminder remind[ZH_OBLIGATION_REMINDERS_MAX];
    size_t nremind;
} zh_obligation;

/* All of a model, in the order of registers; conditions are compiled into the arena. Further
 * reminders than ZH_OBLIGATION_REMINDERS_MAX are left out. */
zh_rc zh_obligations(const zh_model *model, zh_arena *arena, zh_obligation **out, size_t *n,
                     zh_err *err) ZH_MUST;

/* The period of the kind that holds a date: first and last day. */
void zh_every_of(zh_every every, zh_date date, zh_date *first, zh_date *last);

#endif
