/* Running a detector over stored records, without writing.
 *
 * A detector over time sums its records by equal periods of their event time; the pair is then a
 * value of the row (全部 without one) and a period that its own past did not let expect. The table
 * of such a pair: a = counted in the period, b = the period's other records, c and d = the same of
 * all other periods.
 *
 * Every record that takes part is one unit of count, or all records with the same count_by text
 * are. A unit counts once in a row, once in a column and once in a pair, however often a value
 * stands in it; a record without a value belongs to no row (or column) but to the total. The table
 * of a pair: a = units with both, a + b = units of the row, a + c = units of the column, N = all
 * units. */
#ifndef ZH_APP_SIGNAL_DETECT_H
#define ZH_APP_SIGNAL_DETECT_H

#include "core/read/read.h"
#include "engine/disproportionality.h"

#define ZH_DETECT_VALUES_MAX  ((size_t)1000)    /* different values of one record in a dimension */
#define ZH_DETECT_PAIRS_MAX   ((size_t)1000000) /* different pairs of one run */
#define ZH_DETECT_UNITS_MAX   ((size_t)4000000) /* with count_by: units times their values */
#define ZH_DETECT_SIGNALS_MAX ((size_t)10000)   /* pairs that a run may give */
#define ZH_DETECT_REFS_MAX    ((size_t)1000)    /* records named one by one */
#define ZH_DETECT_VALUE_BYTES ((size_t)1000)    /* of one value */

/* Records of the evidence by one facet of the detector's profile. */
typedef struct zh_facet {
    const zh_detector_dim *dim;
    zh_str value, label; /* value empty: records that have none */
    int64_t n;
} zh_facet;

/* A record of the evidence. */
typedef struct zh_evidence_ref {
    int64_t office, id;
    zh_str key; /* business key, its parts joined by '/' */
} zh_evidence_ref;

typedef struct zh_detected {
    zh_str row, column;             /* values */
    zh_str row_label, column_label; /* as shown */
    zh_two_by_two table;
    zh_disproportionality stats; /* of engine disproportionality.prr */
    double expected, bound;      /* of a series' period; NAN: not judged */
    bool passes;                 /* reported, and every criterion is met */
    bool dated;
    zh_date first, last;   /* event times of the evidence; with dated */
    zh_str where;          /* condition that gives exactly the evidence, as of the position */
    char digest[65];       /* SHA-256 over "office:id\n" of the evidence, ascending */
    zh_evidence_ref *refs; /* the first ZH_DETECT_REFS_MAX, by office and id */
    size_t nrefs;
    zh_facet *facets; /* in the order of the profile, most records first */
    size_t nfacets;
} zh_detected;

/* A pair by its values. */
typedef struct zh_pair_key {
    zh_str row, column;
} zh_pair_key;

typedef struct zh_detection {
    const zh_detector *detector;
    int64_t position; /* log size that was read */
    int64_t records, units;
    zh_detected *pairs; /* that pass, and those asked for; by row, then column */
    size_t n;
} zh_detection;

/* Looks through the records as of a log size. `asked`: pairs whose present table is wanted also
 * when they do not pass. Everything lives in ctx->arena. ZH_EINVAL: rules detector.engine,
 * detector.criterion (unknown name); ZH_ELIMIT: one of the caps above. conn should be inside
 * zh_read_begin. */
zh_rc zh_detect(zh_ctx *ctx, zh_conn *conn, const zh_detector *detector, int64_t position,
                const zh_pair_key *asked, size_t nasked, zh_detection *out) ZH_MUST;

/* A pair that was seen, with its table. */
typedef struct zh_pair_table {
    zh_str row, column;
    zh_two_by_two table;
} zh_pair_table;
/* The tables of all pairs, whether they pass or not, for an engine that fits itself to all of them;
 * in the order of row, then column. units: of count. ZH_EINVAL for a detector over time; otherwise
 * as zh_detect. */
zh_rc zh_detect_tables(zh_ctx *ctx, zh_conn *conn, const zh_detector *detector, int64_t position,
                       zh_pair_table **out, size_t *n, int64_t *units) ZH_MUST;

/* Every judged period of a detector over time, in order of row and time: expected, bound, passes.
 * Nothing else is filled in. ZH_EINVAL for a detector of pairs; otherwise as zh_detect. */
zh_rc zh_detect_periods(zh_ctx *ctx, zh_conn *conn, const zh_detector *detector, int64_t position,
                        zh_detected **out, size_t *n) ZH_MUST;
/* Whether there is its engine, which gives its criteria: ZH_EINVAL as zh_detect. Thread-safe. */
zh_rc zh_detector_check(const zh_detector *detector, zh_err *err) ZH_MUST;
/* Whether the engine compares shares (a ratio exists), or only counts. */
bool zh_detector_has_ratio(const zh_detector *detector);
/* A value as people read it: the label of its code, else itself. */
zh_str zh_detector_label(const zh_detector_dim *dim, zh_str value);
/* The criteria as text: "n ≥ 5，PRR ≥ 2", in English "n ≥ 5, PRR ≥ 2". */
zh_str zh_detector_criteria(zh_arena *arena, const zh_detector *detector, bool english);

#endif
