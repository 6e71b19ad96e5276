/* Published figures: a number that can be opened down to the records it was counted from.
 *
 * Publishing asks an indicator as of a log size S that is sealed, lists what every record in scope
 * contributed, and appends an entry of kind 4 whose fields hold the value, both counts, S and the
 * roots of the two lists (proof/opening.h). The lists and the fields with their salt are kept, so
 * that the figure opens without recounting; recounting as of S must give them again.
 *
 * Scope (the frame): records in force at S that pass the question's region, period, filters and
 * condition. Of these, left out with a reason: what the register does not count, what the
 * indicator's own filter leaves out, what has no value for it. An indicator that is not a sum over
 * records (growth, composite, weighted, quantile …) names its kind in `fold`; its lists say what
 * was looked at, and its value is recounted by the program only.
 *
 * Fields of the record, beside those of proof/opening.h: actor, fold, filter (JSON of the
 * question), formula_text (whose SHA-256 is formula), period, publication, region, register, title,
 * unit. */
#ifndef ZH_CORE_FIGURE_PUBLISH_H
#define ZH_CORE_FIGURE_PUBLISH_H

#include "core/figure/indicator.h"
#include "core/ledger/ledger.h"
#include "proof/opening.h"

#define ZH_FIGURE_REGISTER        "_figure"          /* of outbox rows */
#define ZH_FIGURE_LINES_MAX       ((size_t)60 << 20) /* bytes of one list */
#define ZH_FIGURE_LIST_MAX        ((size_t)500)      /* figures of one listing */
#define ZH_FIGURE_CORRECTIONS_MAX 1000               /* listed; more are only counted */

typedef struct zh_publish_ask {
    zh_figure_query query; /* as_of: ZH_AS_OF_NOW or a log size; where borrows its source */
    zh_str title;          /* as it is published; empty: the indicator's label */
    zh_str publication;    /* id of the report, board …; may be empty */
} zh_publish_ask;

typedef struct zh_published {
    int64_t office, id;
    int64_t batch, position; /* position -1: not sequenced yet */
    zh_time at;
    int64_t size; /* checkpoint_size */
    zh_str indicator, title, publication, region, period, unit, actor;
    zh_str value, num, den, fold, formula, formula_text, reg, filter;
    uint64_t details, frames;
    zh_digest detail_root, frame_root, salt;
    const zh_record_field *fields; /* all of them, in order */
    size_t nfields;
    uint8_t entry[ZH_RECORD_ENTRY_BYTES];
} zh_published;

/* Sequences, and gives the size that holds all records: entries behind it are published figures, so
 * that publishing again without new records finds the same figures. What ZH_AS_OF_NOW means to
 * zh_publish. */
zh_rc zh_publish_size(zh_core *core, int64_t *size, zh_err *err) ZH_MUST;

/* Publishes, or finds that the same figure (question, size, formula, publication) is published
 * already. Seals what is committed first. Everything lives in ctx->arena. ZH_EINVAL
 * (figure.none): there is no value; ZH_ELIMIT (figure.records): lists above the caps; errors of
 * zh_figure_ask and of sealing. Not inside a transaction of this thread. */
zh_rc zh_publish(zh_ctx *ctx, const zh_publish_ask *ask, zh_published *out) ZH_MUST;

/* Whether ctx may publish figures of the indicator: by a `publish` entry of its register's access,
 * or by `publish_two` with a second person (*two). Where the register declares neither for anybody,
 * whoever sees all data may. ZH_EDENIED. */
zh_rc zh_publish_right(zh_ctx *ctx, const zh_indicator *indicator, bool *two) ZH_MUST;
/* Every indicator that has a value, as of one size: what the board shows. list has room for all
 * indicators of the model. An empty publication becomes "board-SIZE". */
zh_rc zh_publish_board(zh_ctx *ctx, zh_publish_ask *ask, zh_published *list, size_t *n) ZH_MUST;

/* ZH_ENOTFOUND. */
zh_rc zh_published_get(zh_ctx *ctx, zh_conn *conn, int64_t id, zh_published *out) ZH_MUST;
/* Newest first; publication empty: all. */
zh_rc zh_published_list(zh_ctx *ctx, zh_conn *conn, zh_str publication, size_t limit,
                        zh_published **out, size_t *n) ZH_MUST;
zh_rc zh_published_lines(zh_ctx *ctx, zh_conn *conn, const zh_published *p, zh_str *detail,
                         zh_str *frame) ZH_MUST;

/* The entry of kind 4 by one hash function. */
zh_rc zh_published_entry(zh_ctx *ctx, const zh_published *p, zh_hash_alg alg,
                         uint8_t out[ZH_RECORD_ENTRY_BYTES]) ZH_MUST;
/* Whether these are the two lists whose roots the entry has. */
bool zh_published_holds(const zh_published *p, zh_hash_alg alg, zh_str detail, zh_str frame);

/* A record that was corrected, erased or moved on after the figure was published. */
typedef struct zh_figure_correction {
    int64_t office, id;
    int32_t version;
    zh_str op;
    zh_time at;
    int64_t index; /* of the version that was counted, or left out */
} zh_figure_correction;

typedef struct zh_reopened {
    bool entry;           /* the fields give the entry that the outbox has */
    bool sealed;          /* and the signed log holds it */
    bool lists;           /* both lists have the roots of the entry */
    bool formula;         /* the indicator is still defined like this */
    bool recounted, same; /* lists and value, counted again as of `size`; meaningful with formula */
    bool has_now;
    zh_figure now; /* the same question today */
    zh_figure_correction *corrections;
    size_t ncorrections;
    int64_t corrected; /* all of them */
} zh_reopened;

/* Proves the figure again from what is stored, counts it again as of its size, and looks at what
 * happened since. ZH_OK also when something differs. conn inside zh_read_begin. */
zh_rc zh_published_check(zh_ctx *ctx, zh_conn *conn, const zh_published *p,
                         zh_reopened *out) ZH_MUST;

/* The file for somebody without this system; at most `records` of the records it was counted from,
 * each with the fields asked for (core/ledger/prove.h). ZH_ENOTFOUND (ledger.unsealed). */
zh_rc zh_published_file(zh_ctx *ctx, zh_conn *conn, const zh_published *p, size_t records,
                        const zh_str *fields, size_t nfields, zh_opening_file *out) ZH_MUST;

#endif
