/* Judgements of the declarations (评定): how records of a register are judged by inputs, points,
 * overrides and bands. Read from the checked declarations of a compiled model. Thread-safe. */
#ifndef ZH_MODEL_JUDGEMENT_H
#define ZH_MODEL_JUDGEMENT_H

#include "model/model.h"

#define ZH_JUDGEMENT_INPUTS_MAX ((size_t)32)

typedef struct zh_judgement_input {
    zh_str name, source;
    zh_program value; /* over the judged record, which is `self` */
    bool has_cap;
    zh_decimal cap; /* more of it does not count */
} zh_judgement_input;

typedef struct zh_judgement {
    zh_str name; /* register.id, unique in the model */
    zh_str id;
    zh_label label;
    const zh_register *owner; /* that declares it */
    const zh_register *each;  /* the judged … */
    zh_program where;         /* … among them; has_where */
    bool has_where;
    zh_str where_source;
    const char *schedule; /* "daily" "monthly" "quarterly" "yearly", or NULL */
    bool by_event;        /* an input's register was written */
    zh_judgement_input *inputs;
    size_t ninputs;
    zh_str engine;     /* name@version; empty: points */
    zh_program points; /* over the inputs as parameters; has_points */
    bool has_points;
    struct zh_override {
        zh_program test;
        zh_str source, grade, clause;
    } * overrides; /* in order: the first that is true decides */
    size_t noverrides;
    struct zh_band {
        zh_date from;
        struct zh_grade {
            zh_str grade;
            zh_decimal min;
        } * grades; /* from high to low */
        size_t n;
    } * bands;
    size_t nbands;
    int32_t expires; /* after the judgement; 0 never */
    zh_unit_time expires_unit;
    const zh_register *effect; /* register that it writes, or NULL */
    const zh_transition *transition;
    struct zh_effect_set {
        const zh_field *field;
        zh_program value; /* over the judged record and the parameters points, grade */
    } * set;
    size_t nset;
} zh_judgement;

/* All of a model, in the order of registers; expressions are compiled into the arena. */
zh_rc zh_judgements(const zh_model *model, zh_arena *arena, zh_judgement **out, size_t *n,
                    zh_err *err) ZH_MUST;

/* The grade of a number of points on a day: of the newest band that was in force, the first whose
 * minimum is reached; empty when there is none. */
zh_str zh_judgement_grade(const zh_judgement *judgement, zh_decimal points, zh_date day);

#endif
