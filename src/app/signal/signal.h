/* Signals as they are read: by the command line and the page. */
#ifndef ZH_APP_SIGNAL_SIGNAL_H
#define ZH_APP_SIGNAL_SIGNAL_H

#include "app/signal/detect.h"

#define ZH_SIGNALS_LISTED_MAX ((size_t)20000)

/* A class of another code system that a facet's value corresponds to. */
typedef struct zh_mapped {
    zh_str code, label;
} zh_mapped;

typedef struct zh_signal_facet {
    zh_str facet, label_of_facet, value, label;
    int64_t n;
    const zh_mapped *mapped;
    size_t nmapped;
} zh_signal_facet;

typedef struct zh_signal_task {
    int64_t office, id;
    zh_str no, kind, kind_label, state, state_label, place, place_label;
    zh_label kind_name, state_name; /* the same in both languages */
    bool has_due, ended, late;
    zh_time opened_at, due_at;
} zh_signal_task;

typedef struct zh_signal {
    int64_t office, id;
    int32_t version;
    zh_time recorded_at;
    zh_str detector, detector_version, engine, criteria, source, subject, unit;
    const zh_detector *declared; /* NULL: no longer declared */
    zh_str row, row_label, column, column_label, region;
    zh_two_by_two table;
    bool has_ratio;
    bool is_period;              /* of a detector over time: the column is a period */
    zh_str bound_shown;          /* is_period: what was passed */
    zh_disproportionality stats; /* computed again from the table */
    zh_str prr_shown, interval_shown, chi2_shown, expected_shown; /* "10.6" "∞"; empty: none */
    bool dated;
    zh_date first, last;
    zh_str where; /* the evidence: this condition, as of the position */
    int64_t position;
    zh_evidence_ref *refs; /* the first of them, in the order of their ids */
    size_t nrefs;
    zh_str digest, finding;
    zh_str state, state_label;
    zh_label state_name;
    bool lapsed;
    zh_signal_facet *facets;
    size_t nfacets;
    bool has_task;
    zh_signal_task task; /* the newest */
} zh_signal;

typedef struct zh_signals_query {
    const zh_detector *detector; /* NULL: all that are declared */
    zh_str region;               /* code; the signal's region is it or lies below it */
    bool with_lapsed;
} zh_signals_query;

/* Signals of the declared detectors: in the order of their declaration, the strongest first (an
 * infinite PRR, then by corrected chi-square, then by count). Lives in ctx->arena; ZH_ELIMIT above
 * ZH_SIGNALS_LISTED_MAX. conn should be inside zh_read_begin. */
zh_rc zh_signals_list(zh_ctx *ctx, zh_conn *conn, const zh_signals_query *query, zh_signal **out,
                      size_t *n) ZH_MUST;
/* One signal by the id of its record, lapsed ones included. ZH_ENOTFOUND. */
zh_rc zh_signal_get(zh_ctx *ctx, zh_conn *conn, int64_t id, zh_signal *out) ZH_MUST;
/* The signals in force that a record is evidence of: by its place among the records they name, and
 * beyond ZH_DETECT_REFS_MAX of these by the stored condition. The record must hold its child rows.
 * In the order of zh_signals_list, without tasks and mapped classes. */
zh_rc zh_signals_of(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_signal **out,
                    size_t *n) ZH_MUST;
/* The records a signal rests on, exactly: its stored condition as of its position. */
zh_rc zh_signal_evidence(zh_ctx *ctx, zh_conn *conn, const zh_signal *signal, zh_str after,
                         size_t limit, bool with_tables, zh_page *out) ZH_MUST;

#endif
