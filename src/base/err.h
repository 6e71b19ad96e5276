/* Error details for a person: what is wrong, where, by which rule, what to do.
 *
 * A zh_err lives in the request or job context. The first error wins; later ones are ignored until
 * zh_err_clear. Text is Chinese first. No globals. */
#ifndef ZH_BASE_ERR_H
#define ZH_BASE_ERR_H

#include "base/str.h"

/* A text in another language: the same conversions in the same order, or the text itself where it
 * has none. Pure. */
typedef const char *zh_phrase_fn(const char *text) __attribute__((format_arg(1)));

typedef struct zh_err {
    zh_rc rc;          /* ZH_OK: no error recorded */
    char rule[64];     /* stable id, such as "field.decimal.digits" */
    char message[768]; /* what is wrong, Chinese */
    char fix[384];     /* what to do, Chinese; may be empty */
    char where[256];   /* field path, file:line:column, sheet!cell; may be empty */
    char clause[128];  /* clause of the rule that was broken; may be empty */
    /* The reader's language; NULL: as written. Whoever answers the reader sets it beforehand. */
    zh_phrase_fn *phrase;
} zh_err;

/* Also forgets the language: *err need not be initialised. */
void zh_err_clear(zh_err *err);

/* Forgets the error, so that another can be recorded for the same reader. */
void zh_err_again(zh_err *err);

/* No error yet, for the same reader. err may be NULL. */
zh_err zh_err_beside(const zh_err *err);

/* A text that becomes part of a message, in the reader's language. err may be NULL. */
const char *zh_err_text(const zh_err *err, const char *text) __attribute__((format_arg(2)));

/* Records an error unless one is recorded already; returns rc so that callers can write
 * `return zh_err_set(...)`. err may be NULL. Long text is cut at a character border. */
zh_rc zh_err_set(zh_err *err, zh_rc rc, const char *rule, const char *format, ...) ZH_PRINTF(4, 5);
/* These add to the error that is recorded and do nothing when none is or when already filled. */
void zh_err_where(zh_err *err, const char *format, ...) ZH_PRINTF(2, 3);
void zh_err_fix(zh_err *err, const char *format, ...) ZH_PRINTF(2, 3);
void zh_err_clause(zh_err *err, const char *format, ...) ZH_PRINTF(2, 3);

#endif
