/* How a party without an account asks about its own matter: by the record's number and the lookup
 * code that was made with it (`contact` of the register). What it learns is what the declaration
 * calls public: names of states, when they were entered, and time limits; nothing that anybody
 * wrote. It may take the steps that the declaration opens to it (`steps` of the contact). A wrong
 * code and a number that does not exist get the same answer and wait alike. */
#ifndef ZH_CORE_PEOPLE_LOOKUP_H
#define ZH_CORE_PEOPLE_LOOKUP_H

#include "core/clock/clock.h"
#include "core/read/read.h"
#include "core/record/record.h"

#define ZH_LOOKUP_NUMBER_MAX   60u
#define ZH_LOOKUP_STEPS_MAX    ((size_t)100) /* shown, the newest */
#define ZH_LOOKUP_FAILURES_MAX 300           /* numbers that fail within a minute */

/* Who acted, where the party did by number and code: no login has a blank. */
#define ZH_LOOKUP_ACTOR "by code"

typedef struct zh_lookup_step {
    const zh_state *state; /* with a public name */
    zh_time at;
    int64_t position; /* -1: not sequenced yet */
} zh_lookup_step;

typedef struct zh_lookup_clock {
    const zh_clock *clock; /* declared public; it has started */
    zh_clock_state state;
} zh_lookup_clock;

typedef struct zh_lookup {
    const zh_register *reg;
    zh_str number;
    int64_t handler_office;
    bool ended;            /* in a terminal state */
    zh_lookup_step *steps; /* oldest first; a state that has no public name is left out */
    size_t nsteps;
    zh_lookup_clock *clocks;
    size_t nclocks;
    int64_t office, id;
    int32_t version;
    const zh_transition **may; /* steps that the party may take now */
    size_t nmay;
} zh_lookup;

/* Reads with conn beyond the context's own rights; the model and arena are the context's. Blanks
 * and hyphens within the code and the case of letters do not matter. ZH_EDENIED lookup.none: no
 * such number, or another code; ZH_EBUSY lookup.wait: too many failures of the number. */
zh_rc zh_lookup_find(zh_ctx *ctx, zh_conn *conn, zh_str number, zh_str code,
                     zh_lookup *out) ZH_MUST;

/* Takes one of found->may as the party, in the role that the contact names. Of op only what the
 * party sent counts: changes of fields that the step asks for, its coded reason and its words.
 * Errors as zh_record_apply; ZH_ECONFLICT record.stale: the record has moved on since `found`.
 * Waits for the write: hold no connection of a reader. */
zh_rc zh_lookup_act(zh_ctx *ctx, const zh_lookup *found, const zh_transition *transition,
                    const zh_op *op, zh_findings *findings, zh_applied *out) ZH_MUST;

/* What the party is given when its record has been made. ZH_ENOTFOUND: the register has no lookup
 * code. For the answer to who made it, and for nobody else. */
zh_rc zh_lookup_given(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                      int64_t id, zh_str *number, zh_str *code) ZH_MUST;

/* A record's number as its party knows it: the business key where it says nothing about a person,
 * else its id. */
zh_str zh_lookup_number(zh_arena *arena, const zh_record *record);

#endif
