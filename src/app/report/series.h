/* Answers made from other answers or from pairs: control charts and early warning on a series,
 * published results beside computed ones, records that resemble each other. Private to the
 * questions of a report. Each fills `ask` (declared, name set) in ctx->arena; ZH_EINVAL with file
 * and line: the declaration. */
#ifndef ZH_APP_REPORT_SERIES_H
#define ZH_APP_REPORT_SERIES_H

#include "app/report/ask.h"

#define ZH_SIMILAR_RECORDS_MAX  ((size_t)20000)     /* compared */
#define ZH_SIMILAR_PAIRS_MAX    ((size_t)2000)      /* listed */
#define ZH_SIMILAR_GRAMS_MAX    ((size_t)400)       /* of one record */
#define ZH_SIMILAR_COMPARED_MAX ((uint64_t)5000000) /* pairs whose grams are counted */

/* control: NAME of a question by period; type p or u; baseline: first so many points. Limits of
 * engine spc (GB/T 17989.2), three sigma, stepped by n. */
zh_rc zh_ask_control(zh_ctx *ctx, zh_asks *asks, zh_ask *ask) ZH_MUST;
/* watch: NAME of a question by day; method ears_c1, ears_c2 or ears_c3; baseline: points; shock: a
 * day. Upper bounds of engine ews; latency = days from the shock to the first alarm on or after
 * it. A day without a record is no day of the series: ZH_EINVAL. */
zh_rc zh_ask_watch(zh_ctx *ctx, zh_asks *asks, zh_ask *ask) ZH_MUST;
/* published: DETECTOR, results: [{row, column, n, e, rr, prr}]: what was published beside what the
 * records give, to the digits published. */
zh_rc zh_ask_published(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks,
                       zh_ask *ask) ZH_MUST;
/* shrunk: DETECTOR, prior: {alpha1 beta1 alpha2 beta2 p}, within, results: [{row, column, n, ebgm,
 * eb05, eb95}]: empirical Bayes scores (engine mgps) of all pairs under the prior that was
 * published, beside the scores that were published with it; `within`: by how much a published
 * quantile may be off (it was bisected, not rounded). high: pairs whose EB05 is 2 or more. */
zh_rc zh_ask_shrunk(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks,
                    zh_ask *ask) ZH_MUST;
/* prior: DETECTOR, results: [{name, value}] with the five names above: the prior estimated from all
 * pairs (counts of zero absent) beside the one that was published. */
zh_rc zh_ask_prior(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks,
                   zh_ask *ask) ZH_MUST;
/* similar: REGISTER, fields: [FIELD …], show: [FIELD …], least: share from 0 to 1: pairs of records
 * by the Dice coefficient of the three-character grams of the fields' texts (L. R. Dice, Ecology 26
 * (1945) 297-302): letters and digits only, case folded. Strongest first. */
zh_rc zh_ask_similar(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks,
                     zh_ask *ask) ZH_MUST;

#endif
