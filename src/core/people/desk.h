/* A person's desk: what is due, what came back, what they began. All of it from the records that
 * the context's reader may see, and among these from those in which it is the reader's turn: in
 * the record's state there is a transition, not an automatic one, that the reader may take.
 *
 * A due item is a running clock of such a record: started, with an end, neither ended nor standing
 * still. Every figure and list costs at most one statement a register that has any. */
#ifndef ZH_CORE_PEOPLE_DESK_H
#define ZH_CORE_PEOPLE_DESK_H

#include "core/clock/clock.h"
#include "core/read/read.h"

#define ZH_DESK_ITEMS_MAX   ((size_t)200)   /* of one list */
#define ZH_DESK_EXAMINE_MAX ((size_t)50000) /* clocks of a register that are counted */
#define ZH_DESK_DAYS        14              /* of the counts by day: this week and the next */

typedef enum zh_desk_when {
    ZH_DESK_OVERDUE, /* the end has passed */
    ZH_DESK_TODAY,   /* ends today */
    ZH_DESK_WEEK,    /* ends later this week (to Sunday) */
    ZH_DESK_LATER,
    ZH_DESK_WHENS,
    ZH_DESK_ANY = ZH_DESK_WHENS,
} zh_desk_when;

/* One kind of time limit with what it has on the desk; kinds without any are left out. */
typedef struct zh_desk_kind {
    const zh_register *reg;
    const zh_clock *clock;
    int64_t n[ZH_DESK_WHENS];
} zh_desk_kind;

typedef struct zh_desk_counts {
    zh_desk_kind *kinds; /* in the order of registers and their clocks */
    size_t nkinds;
    int64_t n[ZH_DESK_WHENS];
    zh_date monday; /* of this week: days[0] */
    int64_t days[ZH_DESK_DAYS];
    bool at_least; /* a register has more than ZH_DESK_EXAMINE_MAX: numbers are lower bounds */
} zh_desk_counts;

typedef struct zh_desk_item {
    const zh_register *reg;
    const zh_clock *clock; /* NULL: of a list that is not by time */
    zh_clock_state state;
    const zh_record *record; /* without child rows */
    zh_str transition;       /* returned: by which transition; to vote on: which; else empty */
    size_t yes, no;          /* to vote on: votes so far */
} zh_desk_item;

typedef struct zh_desk_list {
    zh_desk_item *items;
    size_t n;
    bool more; /* there are more than were asked for */
} zh_desk_list;

/* In which stretch of time an end falls, seen from `now`. */
zh_desk_when zh_desk_when_of(zh_time now, zh_time due);

zh_rc zh_desk_count(zh_ctx *ctx, zh_conn *conn, zh_time now, zh_desk_counts *out) ZH_MUST;
/* Due items, the earliest end first; of one kind when clock is not NULL. limit: 1 …
 * ZH_DESK_ITEMS_MAX. ZH_ELIMIT above it. */
zh_rc zh_desk_due(zh_ctx *ctx, zh_conn *conn, zh_time now, zh_desk_when when,
                  const zh_register *reg, const zh_clock *clock, size_t limit,
                  zh_desk_list *out) ZH_MUST;
/* The same of ends on one day: its last instant is in the day. */
zh_rc zh_desk_due_on(zh_ctx *ctx, zh_conn *conn, zh_date day, const zh_register *reg,
                     const zh_clock *clock, size_t limit, zh_desk_list *out) ZH_MUST;
/* Records whose newest version is a return (退回) into a state in which it is the reader's turn;
 * the newest first. */
zh_rc zh_desk_returned(zh_ctx *ctx, zh_conn *conn, size_t limit, zh_desk_list *out) ZH_MUST;
/* Records that the actor created and that are not at their end, the longest waiting first. Empty
 * for the local operator, who created everything that was imported. */
zh_rc zh_desk_begun(zh_ctx *ctx, zh_conn *conn, size_t limit, zh_desk_list *out) ZH_MUST;

/* Records on which the reader may vote and has not, the longest waiting first; with the votes so
 * far and, where the vote has a term, its clock. */
zh_rc zh_desk_votes(zh_ctx *ctx, zh_conn *conn, size_t limit, zh_desk_list *out) ZH_MUST;

/* Whether it is the reader's turn in a state of the register. */
bool zh_desk_turn(const zh_ctx *ctx, const zh_register *reg, int state);

#endif
