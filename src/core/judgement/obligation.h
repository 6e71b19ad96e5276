/* Reporting obligations at work: expected items are made, and settled by what comes in.
 *
 * For every period that has begun, one record of the register `expected_item` is made for each
 * obliged party: the records of `who` that satisfied its condition at the period's start (as of the
 * log at that instant; where the log is younger, as it is now). It is settled by the first record
 * of the obliged register that names the party and the period: received up to the due day, late
 * after it; what is not there when the due day has passed is missing, by the due rule of
 * expected_item. A period whose due day the calendar does not reach is made when the calendar has
 * that year. Running it twice changes nothing. A model without expected_item has no
 * obligations. */
#ifndef ZH_CORE_JUDGEMENT_OBLIGATION_H
#define ZH_CORE_JUDGEMENT_OBLIGATION_H

#include "core/instance/core.h"
#include "model/obligation.h"

#define ZH_OBLIGATION_PARTIES_MAX ((size_t)200000) /* of one obligation and period */
#define ZH_OBLIGATION_OPEN_MAX    ((size_t)500000) /* unsettled items of one obligation */
#define ZH_OBLIGATION_PERIODS_MAX 400              /* made in one run after a long silence */

typedef struct zh_obligation_run {
    size_t made, settled;
} zh_obligation_run;

/* The earliest period that has begun and whose items cannot be made, because its due day lies in a
 * year that the calendar lacks; it and what follows are made once the year is imported. */
typedef struct zh_obligation_wait {
    bool waits;
    zh_date first, last;
    int year;
} zh_obligation_wait;

/* Whether an obligation waits for its calendar at an instant. */
zh_rc zh_obligation_waiting(zh_ctx *ctx, zh_conn *conn, const zh_obligation *obligation,
                            zh_time now, zh_obligation_wait *out) ZH_MUST;
/* How many owe for a period that begins on a day, as far as the reader sees them: what would be
 * owed while nothing is made. */
zh_rc zh_obligation_parties(zh_ctx *ctx, zh_conn *conn, const zh_obligation *obligation,
                            zh_date first, int64_t *out) ZH_MUST;

/* Makes and settles what stands at an instant. ZH_ELIMIT above the caps; what was made before an
 * error stands, running again completes it. One run at a time in a process; of several processes
 * the unique key of the items lets one win. */
zh_rc zh_obligations_run(zh_core *core, zh_time now, zh_obligation_run *out, zh_err *err) ZH_MUST;

#endif
