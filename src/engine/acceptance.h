/* Acceptance sampling: plans by attributes (single, double, multiple) and by variables, their
 * operating characteristics, plans from two risk points, the tables and switching rules of GB/T
 * 2828.1-2012 (ISO 2859-1:1999), plans of GB/T 2828.4.
 *
 * Pure, deterministic, any number of threads. Refusals are ZH_EINVAL with rule acceptance.*. */
#ifndef ZH_ENGINE_ACCEPTANCE_H
#define ZH_ENGINE_ACCEPTANCE_H

#include "base/err.h"

#define ZH_PLAN_STAGES_MAX  ((size_t)10)
#define ZH_PLAN_N_MAX       INT64_C(1000000000) /* units of a sample or lot */
#define ZH_PLAN_AC_MAX      INT64_C(20000)      /* rejection number */
#define ZH_PLAN_FIND_AC_MAX INT64_C(5000)       /* acceptance number of a plan looked for */
#define ZH_PLAN_VARIABLES_N INT64_C(100000)     /* units of a sample by variables */

/* ---- operating characteristics ---- */

typedef enum zh_count_model {
    ZH_COUNT_BINOMIAL,       /* nonconforming units of a long series of lots; quality: share */
    ZH_COUNT_HYPERGEOMETRIC, /* nonconforming units of one lot; quality: units of the lot */
    ZH_COUNT_POISSON,        /* nonconformities; quality: nonconformities a unit */
} zh_count_model;

/* Stage i takes n[i] more units; accept when the nonconforming so far are <= ac[i], reject when >=
 * re[i], go on between. Numbers are cumulative, the sample sizes are not. */
typedef struct zh_attribute_plan {
    size_t stages;
    int64_t n[ZH_PLAN_STAGES_MAX], ac[ZH_PLAN_STAGES_MAX], re[ZH_PLAN_STAGES_MAX];
} zh_attribute_plan;

typedef struct zh_plan_result {
    double p_accept;
    double asn; /* average sample number, every begun sample inspected to its end */
    double aoq; /* average outgoing quality with rectification; NAN without a lot */
    double ati; /* average total inspection, rejected lots inspected whole; NAN without a lot */
} zh_plan_result;

/* ZH_EINVAL: sizes not positive, numbers not 0 <= ac < re or falling, the last stage undecided,
 * more units than lot_size (0: no lot). ZH_ELIMIT: a cap. */
zh_rc zh_plan_check(const zh_attribute_plan *plan, int64_t lot_size, zh_err *err) ZH_MUST;

/* Convolution of the stages: E. G. Schilling, D. V. Neubauer, Acceptance Sampling in Quality
 * Control, 2nd ed., chapters 5 and 6. Quality as the model says; hypergeometric needs lot_size, and
 * quality is rounded to whole units. The plan must have passed zh_plan_check (asserted where
 * cheap). ZH_EINVAL: quality that cannot be. Relative accuracy 1e-12. */
zh_rc zh_plan_evaluate(const zh_attribute_plan *plan, zh_count_model model, int64_t lot_size,
                       double quality, zh_plan_result *out, zh_err *err) ZH_MUST;

/* P(accept) of a plan by variables, one limit, accept when the mean is at least k deviations inside
 * it, p being the share beyond the limit: sigma known Phi(-(k + z_p) sqrt n), unknown by noncentral
 * t. D. B. Owen, Technometrics 9 (1967) 417-430; GB/T 6378.1 (ISO 3951-1). */
zh_rc zh_variables_accept(int64_t n, double k, bool sigma_known, double p, double *out,
                          zh_err *err) ZH_MUST;

/* ---- plans from two points ---- */

/* Quality that is to be accepted with probability >= prp_accept, and quality that is to be accepted
 * with probability <= crp_accept. */
typedef struct zh_risk_points {
    double prp_quality, prp_accept, crp_quality, crp_accept; /* shares; Poisson: rates */
} zh_risk_points;

/* Single plan with the smallest n that meets both: for rising ac the smallest n that meets the
 * second point, until it meets the first (W. C. Guenther, J. Quality Technology 1 (1969) 105-109).
 * hypergeometric needs lot_size. ZH_EINVAL: points that cannot be met; ZH_ELIMIT: ac or n beyond
 * the caps. */
zh_rc zh_plan_find(const zh_risk_points *points, zh_count_model model, int64_t lot_size,
                   zh_attribute_plan *out, zh_err *err) ZH_MUST;
/* The same by variables; k meets the first point exactly. */
zh_rc zh_variables_find(const zh_risk_points *points, bool sigma_known, int64_t *n, double *k,
                        zh_err *err) ZH_MUST;
/* The smallest plan by variables that discriminates like this single plan by attributes (n, ac):
 * it accepts at least 95 of 100 lots of the quality of which that one accepts 95, and at most 10 of
 * that of which it accepts 10 (binomial). So ISO 3951-1 matches its plans to those of ISO 2859-1;
 * its printed n and k are rounded otherwise and are not these. points: the two qualities. */
zh_rc zh_variables_like(int64_t n, int64_t ac, bool sigma_known, zh_risk_points *points,
                        int64_t *variables_n, double *k, zh_err *err) ZH_MUST;

/* ---- GB/T 2828.1-2012 ---- */

typedef enum zh_inspection_level {
    ZH_LEVEL_S1,
    ZH_LEVEL_S2,
    ZH_LEVEL_S3,
    ZH_LEVEL_S4,
    ZH_LEVEL_I,
    ZH_LEVEL_II,
    ZH_LEVEL_III,
} zh_inspection_level;

typedef enum zh_inspection {
    ZH_INSPECTION_NORMAL,
    ZH_INSPECTION_TIGHTENED,
    ZH_INSPECTION_REDUCED,
    ZH_INSPECTION_DISCONTINUED, /* of zh_switching only */
} zh_inspection;

#define ZH_AQL_N 26
/* Preferred AQLs, 0.010 to 1000, rising: percent nonconforming up to 10, otherwise nonconformities
 * a hundred units. Table 2, headings. */
extern const double zh_aql[ZH_AQL_N];

/* Code letter of a lot, A to R without I and O. Table 1. ZH_EINVAL: lot_size < 2. */
zh_rc zh_code_letter(int64_t lot_size, zh_inspection_level level, char *out, zh_err *err) ZH_MUST;

typedef struct zh_single_plan {
    char letter; /* after the arrows */
    int64_t n, ac, re;
    bool inspect_all; /* n >= lot_size */
} zh_single_plan;

/* Single sampling plan of tables 2-A, 2-B, 2-C after following the arrows. ZH_EINVAL: the AQL is
 * not one of zh_aql, lot_size < 2, inspection discontinued. */
zh_rc zh_single_plan_of(int64_t lot_size, zh_inspection_level level, double aql,
                        zh_inspection inspection, zh_single_plan *out, zh_err *err) ZH_MUST;

/* Whose numbers a staged plan has. ISO 2859-1:1999 changed some double plans of the 1963 tables
 * (those of single plans with Ac 3 and 7) to inspect less on average. */
typedef enum zh_plan_edition {
    ZH_EDITION_ISO_1999, /* GB/T 2828.1-2012, tables 3-A and 3-B: confirmed cells only */
    ZH_EDITION_MIL_105E, /* MIL-STD-105E, tables III-A, III-B, IV-A, IV-B */
} zh_plan_edition;

typedef struct zh_staged_plan {
    char letter; /* after the arrows */
    zh_attribute_plan plan;
    zh_single_plan single; /* the single plan of the same cell */
    bool inspect_all;      /* all stages together >= lot_size */
} zh_staged_plan;

/* Double sampling plan of normal or tightened inspection: both samples have the size of the letter
 * before, acceptance and rejection numbers belong to those of the single plan of the cell. Where
 * the tables say so (Ac 0, letter A) it is the single plan. ZH_EINVAL: as zh_single_plan_of;
 * reduced inspection; a cell of ISO 2859-1:1999 whose numbers are not confirmed (Ac 8, 12, 18 and
 * above 21). */
zh_rc zh_double_plan_of(int64_t lot_size, zh_inspection_level level, double aql,
                        zh_inspection inspection, zh_plan_edition edition, zh_staged_plan *out,
                        zh_err *err) ZH_MUST;
/* Multiple plan of seven samples, each of the size three letters before; letters B and C have the
 * double plan instead, A and Ac 0 the single. MIL-STD-105E only: those of ISO 2859-1:1999 have five
 * samples and are not confirmed. A first acceptance number of -1: not before a later sample. */
zh_rc zh_multiple_plan_of(int64_t lot_size, zh_inspection_level level, double aql,
                          zh_inspection inspection, zh_staged_plan *out, zh_err *err) ZH_MUST;

/* ---- switching rules, clause 9.3 ---- */

typedef struct zh_switching {
    zh_inspection inspection; /* of the next lot */
    int64_t score;            /* switching score of 9.3.3.2, normal inspection */
    unsigned outcomes;       /* last five lots under this inspection, bit 0 the latest: 1 refused */
    int64_t accepted_in_row; /* tightened */
    int64_t refused;         /* tightened, cumulative */
} zh_switching;

typedef struct zh_lot_result {
    bool accepted;
    /* Score of the plan, 9.3.3.2: single with ac >= 2: 3 if it would be accepted at the next lower
     * AQL; single with ac 0 or 1: 2 if accepted; double: 3 if accepted by the first sample;
     * multiple: 3 if by the third at the latest; otherwise 0, which sets the score back to 0. */
    int64_t gain;
    bool steady;          /* production is steady, 9.3.3.1 b, 9.3.4 b */
    bool reduced_allowed; /* the responsible authority wants reduced inspection, 9.3.3.1 c */
} zh_lot_result;

/* Normal inspection, score 0. */
zh_switching zh_switching_start(void);
/* The state after one more lot, original inspection. Normal to tightened: 2 of 5 or fewer lots in a
 * row refused; back: 5 in a row accepted; normal to reduced: score >= 30, steady, allowed; back: a
 * lot refused or not steady; discontinued (9.4): 5 lots refused on tightened inspection;
 * discontinued stays. */
zh_switching zh_switching_next(zh_switching state, const zh_lot_result *lot);
/* The supplier has acted and the authority agrees, 9.4: tightened inspection begins anew. */
zh_switching zh_switching_resume(zh_switching state);

/* ---- GB/T 2828.4-2008 ---- */

typedef struct zh_audit_plan {
    int64_t limit;       /* L: nonconforming units allowed in the sample */
    int64_t n;           /* largest n with P(d <= L at the DQL) >= 0.95 */
    int64_t n_preferred; /* the largest of 2, 3, 5, 8, 13, … not above n; 0: none */
    double risk;         /* P(d > L at the DQL) with n */
    double lqr;          /* quality found acceptable with probability 0.10, over the DQL, with n */
} zh_audit_plan;

/* Plan to test a declared quality level (percent nonconforming, 0 < dql <= 20) at LQR level 1, 2 or
 * 3, by the property that the standard states for these levels: a true declaration is contradicted
 * with probability <= 0.05. The standard prints a table; its sample sizes are not confirmed here.
 * ZH_EINVAL: level 0, whose sizes follow from another property. */
zh_rc zh_audit_plan_of(double dql, int level, zh_audit_plan *out, zh_err *err) ZH_MUST;

#endif
