/* Judgements at work: inputs are evaluated, points, overrides and bands applied, the finding and
 * its explanation rows written as a record of the register `judgement` (one for each rule and
 * judged record, amended when the finding changes), and the declared effect carried out.
 *
 * Decided: the first override that is true; else the points (an expression, the base and the lines
 * of a rule table, or the result of an engine), which are unknown when an input is; else no grade.
 * An input with a cap counts at most the cap.
 *
 * Every subject of a run is judged on the log as it stood when the run began (position), so that
 * the same question at that position gives the same rows, points and grade at any later time.
 * What a person decided on an objection, or a repair, stays in force until the finding by rule
 * changes; what the rule itself says stands beside it (rule_points, rule_grade). */
#ifndef ZH_CORE_JUDGEMENT_JUDGEMENT_H
#define ZH_CORE_JUDGEMENT_JUDGEMENT_H

#include "core/instance/core.h"
#include "model/judgement.h"

#define ZH_JUDGEMENT_SUBJECTS_MAX ((size_t)200000) /* records judged by one rule in a run */
#define ZH_JUDGEMENT_EVIDENCE_MAX ((size_t)5)      /* records named in a row; more are counted */

/* Why one input counts as it does. */
typedef struct zh_finding_row {
    bool has_points;
    zh_decimal points; /* that its lines of the rule table gave */
    zh_str clause;     /* of these lines */
    zh_date expires;   /* the earliest of them; 0 none */
    zh_str evidence;   /* records behind it, register/office-id; empty: none, or not evaluated */
} zh_finding_row;

typedef struct zh_finding_of {
    zh_value values[ZH_JUDGEMENT_INPUTS_MAX];      /* as evaluated */
    zh_value counted[ZH_JUDGEMENT_INPUTS_MAX + 1]; /* after the caps; one more for result, points */
    zh_finding_row rows[ZH_JUDGEMENT_INPUTS_MAX];
    bool has_points;
    zh_decimal points;                  /* 4 digits, half up */
    zh_str grade;                       /* empty: none */
    const struct zh_override *override; /* that decided, or NULL */
    zh_str engine_result;               /* as the engine wrote it; empty: none */
    bool repair_met;     /* a repair is open: its condition holds, its outcome differs */
    zh_date repair_from; /* first day of it; 0: the rule has no repair */
    bool has_repair_points;
    zh_decimal repair_points;
    zh_str repair_grade;
} zh_finding_of;

/* Judges one record, as of a log size or now, and writes nothing. at: the instant of judging. conn
 * is used while evaluating. ZH_EINVAL judgement.engine: no such engine, or it refused. */
zh_rc zh_judge(zh_ctx *ctx, zh_conn *conn, const zh_judgement *judgement, const zh_record *record,
               int64_t as_of, zh_time at, zh_finding_of *out) ZH_MUST;
/* Whether a rule is for a record (its `where`), as of a log size or now, at an instant of judging.
 */
zh_rc zh_judgement_meant(zh_ctx *ctx, zh_conn *conn, const zh_judgement *judgement,
                         const zh_record *record, int64_t as_of, zh_time at, bool *out) ZH_MUST;
/* Works points and grade out from inputs that are known: out->values are given. */
zh_rc zh_judge_values(zh_ctx *ctx, const zh_judgement *judgement, const zh_record *record,
                      zh_time at, zh_finding_of *out) ZH_MUST;
/* Judges again from the rows stored in a record of `judgement` (with its rows) and says whether
 * points and grade of the rule are those stored. record: the judged one, as it is or was. */
zh_rc zh_judgement_replay(zh_ctx *ctx, const zh_judgement *judgement, const zh_record *record,
                          const zh_record *stored, bool *same) ZH_MUST;

typedef struct zh_rejudged {
    bool same;     /* whom it is for, rows, points and grade of the rule */
    size_t differ; /* inputs with another value */
    int64_t position;
    zh_finding_of finding;
} zh_rejudged;

/* Evaluates the inputs of a stored finding again, as of its position, and compares. Reads with the
 * program's own sight, whatever the reader's: only whether it is the same may be shown to readers
 * of the finding. ZH_ENOTFOUND judgement.gone: the judged record or the rule is no longer there. */
zh_rc zh_judgement_again(zh_ctx *ctx, zh_conn *conn, const zh_judgement *judgement,
                         const zh_record *stored, zh_rejudged *out) ZH_MUST;

/* The rule of a stored finding among those of the model; NULL: it is gone. */
const zh_judgement *zh_judgement_of(const zh_judgement *list, size_t n, const zh_record *stored);
/* The judged record of a stored finding. False: it does not say one. */
bool zh_judgement_subject(const zh_record *stored, int64_t *office, int64_t *id);
/* A record as a finding names it, register/office-id. False: the text is none, or the model has no
 * such register. */
bool zh_judgement_ref(const zh_model *model, zh_str text, const zh_register **reg, int64_t *office,
                      int64_t *id);
/* How many records are behind a row, by its evidence: those it names, or the number it says. */
int64_t zh_judgement_records_behind(zh_str evidence);
/* The key of a finding: rule and judged record. Lives in the arena. */
zh_str zh_judgement_key(zh_arena *arena, const zh_judgement *judgement, const zh_record *record);

typedef struct zh_judgement_run {
    size_t judged, written;
} zh_judgement_run;

/* Runs what is due at an instant: schedules whose period has begun since their last run, and rules
 * of which the register of an input was written since; carries out what was decided since. A model
 * without the register `judgement` has no judgements. An error in one rule is logged and does not
 * stop the others. */
zh_rc zh_judgements_run(zh_core *core, zh_time now, zh_judgement_run *out, zh_err *err) ZH_MUST;

#endif
