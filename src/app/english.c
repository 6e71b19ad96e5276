/* Refusals in English: a table by the Chinese text. */
#include "app/english.h"
#include <inttypes.h>
#include <string.h>

static const zh_english_pair pairs[] = {
#include "app/english.inc"
#include "app/english_core.inc"
};

const zh_english_pair *zh_english_pairs(size_t *n)
{
    *n = ZH_COUNTOF(pairs);
    return pairs;
}

const char *zh_english(const char *text)
{
    for (size_t i = 0; i < ZH_COUNTOF(pairs); i++) {
        if (strcmp(pairs[i].zh, text) == 0) {
            return pairs[i].en;
        }
    }
    return text;
}
