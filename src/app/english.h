/* Refusals in English, for a reader who asked for it. */
#ifndef ZH_APP_ENGLISH_H
#define ZH_APP_ENGLISH_H

#include "base/err.h"

/* The English of a refusal's text of the calculations, the tool bench and the pages, with the same
 * conversions in the same order; the text itself where it has none. For zh_err.phrase. Pure. */
const char *zh_english(const char *text) __attribute__((format_arg(1)));

typedef struct zh_english_pair {
    const char *zh, *en;
} zh_english_pair;

/* The whole table, for tests. */
const zh_english_pair *zh_english_pairs(size_t *n);

#endif
