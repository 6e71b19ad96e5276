/* Judgements of the declarations (评定): how records of a register are judged by inputs, points,
 * overrides and bands. Read from the checked declarations of a compiled model. Thread-safe. */
#ifndef ZH_MODEL_JUDGEMENT_H
#define ZH_MODEL_JUDGEMENT_H

#include "model/model.h"

#define ZH_JUDGEMENT_INPUTS_MAX  ((size_t)32)
#define ZH_JUDGEMENT_LINES_MAX   ((size_t)64) /* of a rule table */
#define ZH_JUDGEMENT_OBJECT_DAYS 30           /* to object where the rule does not say */

typedef struct zh_judgement_input {
    zh_str name, source;
    zh_label label;   /* what people call it; zh empty: nothing is declared */
    zh_program value; /* over the judged record, which is `self` */
    bool triggers;    /* named under `when`: its change is an event */
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
    bool by_event;        /* an input triggers */
    zh_judgement_input *inputs;
    size_t ninputs;
    zh_str engine; /* name@version; empty: points or a rule table */
    struct zh_engine_parameter {
        zh_str name, text; /* JSON in which $input stands for an input's number, or a text */
    } * parameters;
    size_t nparameters;
    zh_str result;     /* of the engine: path of the member that is `result` in points */
    zh_program points; /* over the inputs (and result, last) as parameters; has_points */
    bool has_points;
    zh_decimal base; /* of a rule table */
    struct zh_point_line {
        size_t input;      /* whose row it explains */
        zh_program test;   /* has_test: only while true */
        zh_program points; /* added to the base */
        bool has_test;
        zh_str clause;
        int32_t expires; /* 0 never */
        zh_unit_time expires_unit;
    } * lines;
    size_t nlines;
    bool has_table;
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
    int32_t object_days; /* in which the judged party may object */
    struct zh_repair {
        bool allowed;
        int32_t after; /* waiting time from the judgement */
        zh_unit_time after_unit;
        zh_program test;   /* has_test: the condition, over the inputs */
        zh_program points; /* has_points: after the repair, over the inputs and `points` */
        bool has_test, has_points;
        zh_str grade, clause; /* grade: after the repair, else by the bands */
    } repair;
    const zh_field *party;     /* of the judged register: whose judgement it is; NULL itself */
    const zh_register *effect; /* register that it writes, or NULL */
    const zh_transition *transition;
    struct zh_effect_set {
        const zh_field *field;
        zh_program value; /* over the judged record and the parameters points, grade */
    } * set;
    size_t nset;
} zh_judgement;

/* Names of an expression that is asked of records when they are judged (`where` and inputs): beside
 * the record's own, `judged_at`, the instant of judging, as the only parameter. self: what `self`
 * means; NULL: nothing. */
zh_scope zh_judgement_scope(const zh_model *model, const zh_register *each,
                            const zh_register *self);

/* What the rule register.id is called; zh empty: the model has no such rule. */
zh_label zh_judgement_label(const zh_model *model, zh_str name);

/* All of a model, in the order of registers; expressions are compiled into the arena. */
zh_rc zh_judgements(const zh_model *model, zh_arena *arena, zh_judgement **out, size_t *n,
                    zh_err *err) ZH_MUST;

/* The grade of a number of points on a day: of the newest band that was in force, the first whose
 * minimum is reached; empty when there is none. */
zh_str zh_judgement_grade(const zh_judgement *judgement, zh_decimal points, zh_date day);

#endif
