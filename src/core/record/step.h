/* What a step asks beyond its state, roles and guard: how often it may be taken, votes, who may
 * withdraw, where a return may lead, who signs.
 *
 * A vote is a version by the voter that stays in the state, with the reason code yes or no, until
 * the vote is decided. A correction of the record begins the vote anew. Pure over the stored
 * history; any number of threads. */
#ifndef ZH_CORE_RECORD_STEP_H
#define ZH_CORE_RECORD_STEP_H

#include "core/read/read.h"

#define ZH_VOTE_YES          "yes"
#define ZH_VOTE_NO           "no"
#define ZH_STEP_VERSIONS_MAX ((size_t)20000) /* of one record, that are looked at */

typedef enum zh_obstacle {
    ZH_OBSTACLE_NONE,
    ZH_OBSTACLE_LIMIT,   /* taken as often as it may be */
    ZH_OBSTACLE_VOTED,   /* this person has voted */
    ZH_OBSTACLE_LOST,    /* the vote can no longer pass */
    ZH_OBSTACLE_OTHER,   /* withdraw: somebody else brought the record here */
    ZH_OBSTACLE_TOUCHED, /* withdraw: somebody else has acted since */
    ZH_OBSTACLE_NOWHERE, /* return: no earlier state */
} zh_obstacle;

typedef struct zh_ballot {
    zh_str actor, reason;
    bool yes;
    zh_time at;
} zh_ballot;

typedef struct zh_step_past {
    zh_obstacle obstacle;
    int64_t taken; /* times, those undone left out */
    const zh_ballot *ballots;
    size_t nballots, yes, no;
    zh_str who;            /* OTHER, TOUCHED: the person */
    const int16_t *passed; /* return to any: states passed, newest first */
    size_t npassed;
} zh_step_past;

/* Whether who takes the step in this role signs it. */
bool zh_step_signs(zh_str role, const zh_transition *transition);
/* Whether the field must be filled to take the step; whether the step asks for it: what must be
 * filled, and what may be. */
bool zh_step_needs(const zh_transition *transition, const zh_field *field);
bool zh_step_asks(const zh_transition *transition, const zh_field *field);
/* For ctx->actor and the version in hand, which is the current one. ZH_ELIMIT: the cap. */
zh_rc zh_step_look(zh_ctx *ctx, zh_conn *conn, const zh_record *record,
                   const zh_transition *transition, zh_step_past *out) ZH_MUST;

#endif
