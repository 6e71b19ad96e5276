/* Judgements at work: inputs are evaluated, points, overrides and bands applied, the finding and
 * its explanation rows written as a record of the register `judgement` (one for each rule and
 * judged record, amended when the finding changes), and the declared effect carried out.
 *
 * Decided: the first override that is true; else the points (an engine is not run yet: ZH_EINVAL
 * judgement.engine), which are unknown when an input is; else no grade. An input with a cap counts
 * at most the cap. Replaying the stored rows gives the same points and grade. */
#ifndef ZH_CORE_JUDGEMENT_H
#define ZH_CORE_JUDGEMENT_H

#include "core/core.h"
#include "model/judgement.h"

#define ZH_JUDGEMENT_SUBJECTS_MAX ((size_t)200000) /* records judged by one rule in a run */

typedef struct zh_finding_of {
    zh_value values[ZH_JUDGEMENT_INPUTS_MAX];  /* as evaluated */
    zh_value counted[ZH_JUDGEMENT_INPUTS_MAX]; /* after the caps */
    bool has_points;
    zh_decimal points;                  /* 4 digits, half up */
    zh_str grade;                       /* empty: none */
    const struct zh_override *override; /* that decided, or NULL */
} zh_finding_of;

/* Judges one record now, and writes nothing. conn is used while evaluating. */
zh_rc zh_judge(zh_ctx *ctx, zh_conn *conn, const zh_judgement *judgement, const zh_record *record,
               zh_time now, zh_finding_of *out) ZH_MUST;
/* Works points and grade out from inputs that are known: out->values are given. */
zh_rc zh_judge_values(zh_ctx *ctx, const zh_judgement *judgement, const zh_record *record,
                      zh_time at, zh_finding_of *out) ZH_MUST;
/* Judges again from the rows stored in a record of `judgement` (with its rows) and says whether
 * points and grade are those stored. record: the judged one, as it is or was. */
zh_rc zh_judgement_replay(zh_ctx *ctx, const zh_judgement *judgement, const zh_record *record,
                          const zh_record *stored, bool *same) ZH_MUST;

typedef struct zh_judgement_run {
    size_t judged, written;
} zh_judgement_run;

/* Runs what is due at an instant: schedules whose period has begun since their last run, and rules
 * of which the register of an input was written since. A model without the register `judgement`
 * has no judgements. An error in one rule is logged and does not stop the others. */
zh_rc zh_judgements_run(zh_core *core, zh_time now, zh_judgement_run *out, zh_err *err) ZH_MUST;

#endif
