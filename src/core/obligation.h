/* Reporting obligations at work: expected items are made, and settled by what comes in.
 *
 * For every period that has begun, one record of the register `expected_item` is made for each
 * obliged party: the records of `who` that satisfied its condition at the period's start (as of the
 * log at that instant; where the log is younger, as it is now). It is settled by the first record
 * of the obliged register that names the party and the period: received up to the due day, late
 * after it; what is not there when the due day has passed is missing, by the due rule of
 * expected_item. Running it twice changes nothing. A model without expected_item has no
 * obligations. */
#ifndef ZH_CORE_OBLIGATION_H
#define ZH_CORE_OBLIGATION_H

#include "core/core.h"
#include "model/obligation.h"

#define ZH_OBLIGATION_PARTIES_MAX ((size_t)200000) /* of one obligation and period */
#define ZH_OBLIGATION_OPEN_MAX    ((size_t)500000) /* unsettled items of one obligation */
#define ZH_OBLIGATION_PERIODS_MAX 400              /* made in one run after a long silence */

typedef struct zh_obligation_run {
    size_t made, settled;
} zh_obligation_run;

/* Makes and settles what stands at an instant. ZH_ELIMIT above the caps; what was made before an
 * error stands, running again completes it. One run at a time in a process; of several processes
 * the unique key of the items lets one win. */
zh_rc zh_obligations_run(zh_core *core, zh_time now, zh_obligation_run *out, zh_err *err) ZH_MUST;

#endif
