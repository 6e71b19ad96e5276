/* Readings of personal data: who looked, when, at which records, what for.
 *
 * - zh_reading: office 0, seq (1, 2, 3 …), at, records (how many), record (when it is one),
 *   emergency (1: under an emergency right), login, post (its role), register, how (record list
 *   export api), purpose, question (of a list), digest (of the register and the records' ids),
 *   chain
 * - zh_reading_of: office 0, register, record, seq
 * Rows are only ever added: chain = SHA-256(chain of seq - 1 ‖ the row), so that a row that was
 * changed, left out, put in between or moved is found. The end of the chain goes into the ledger
 * (register reading_anchor) with the first reading of a day, after every ZH_READING_ANCHOR_EVERY,
 * and by the background of a server, so that nobody can make the whole chain anew or cut it off
 * before there. What came since the last anchor can be cut off by who changes zh_reading,
 * zh_reading_of and zh_counter together.
 *
 * Logged are registers that declare `privacy: {read_log: true}`, for readers with a post, when a
 * personal field that the post does not see masked has a value in what is shown. Thread-safe. */
#ifndef ZH_CORE_PEOPLE_READING_H
#define ZH_CORE_PEOPLE_READING_H

#include "core/read/read.h"

#define ZH_READING_ANCHOR_EVERY 200

typedef struct zh_reading_note { /* what is about to be shown */
    const zh_register *reg;
    zh_record *const *records;
    size_t n;
    const zh_field *const *shown; /* fields that are shown; NULL: all */
    size_t nshown;
    const char *how;
    zh_str question;
} zh_reading_note;

/* Whether there is anything to write down. */
bool zh_reading_tells(const zh_ctx *ctx, const zh_reading_note *note);
/* Writes the reading down before it is shown. An error means that it must not be shown. */
zh_rc zh_reading_add(zh_ctx *ctx, const zh_reading_note *note) ZH_MUST;

/* Puts the end of the chain into the ledger unless it is there. Nothing to do is ZH_OK. */
zh_rc zh_readings_anchor(zh_core *core, zh_err *err) ZH_MUST;

typedef struct zh_reading_row {
    int64_t seq, records, emergency;
    zh_time at;
    zh_str login, post, reg, how, purpose, question;
    int64_t record; /* of a single one, or the one asked for; 0: many */
} zh_reading_row;

#define ZH_READINGS_MAX ((size_t)500)

/* Which readings; empty and 0: any. Newest first, `before` a seq (0: the newest). */
typedef struct zh_readings_query {
    zh_str login;   /* of the reader */
    zh_str subject; /* login of the person whom the records concern: persons with this login, and
                       what the login itself entered in a logged register */
    zh_str reg;
    int64_t record;
    int64_t before;
    size_t limit;
} zh_readings_query;
/* ZH_ELIMIT: limit above ZH_READINGS_MAX. Who may ask is the caller's to know. */
zh_rc zh_readings_list(zh_ctx *ctx, zh_conn *conn, const zh_readings_query *query,
                       zh_reading_row **out, size_t *n) ZH_MUST;

/* what: words behind “阅读记录第 seq 条”. */
typedef void (*zh_reading_fault)(void *user, int64_t seq, const char *what);
/* Recomputes the chain from its beginning, compares it with what the ledger anchors, and tells
 * every fault, in the caller's snapshot. *n: readings there are. */
zh_rc zh_readings_verify(zh_ctx *ctx, zh_conn *conn, int64_t *n, zh_reading_fault tell,
                         void *user) ZH_MUST;
/* The same in short. *broken: the first seq that does not fit; 0: all do. */
zh_rc zh_readings_check(zh_core *core, int64_t *n, int64_t *broken, zh_err *err) ZH_MUST;

#endif
