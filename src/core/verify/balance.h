/* Comparing two multisets of named numbers in bounded memory: what is counted anew and what is
 * stored.
 *
 * First pass: every number is put in, one side positive, the other negative, into the bucket that
 * its key falls into, as a random linear sum modulo the prime 2^61 - 1 (random by a seed drawn for
 * this comparison). If all sums of a key are equal on both sides its bucket stays zero; if they are
 * not, it does so with probability 2^-61. Second pass, only when a bucket is not zero: the same
 * numbers are put in again, those of such buckets are kept by name, and what differs is told.
 * One thread. */
#ifndef ZH_CORE_VERIFY_BALANCE_H
#define ZH_CORE_VERIFY_BALANCE_H

#include "base/decimal.h"
#include "base/vec.h"

#define ZH_BALANCE_NAMED_MAX ((size_t)20000) /* keys kept by name; more are only said to exist */

typedef enum zh_side { ZH_COUNTED, ZH_STORED } zh_side;

typedef struct zh_balance {
    zh_arena *arena;
    uint64_t seed;
    unsigned bits; /* 2^bits buckets */
    uint64_t *sums;
    bool naming;
    zh_map named;
    ZH_VEC(struct zh_named *) list;
    bool cut; /* more keys than ZH_BALANCE_NAMED_MAX */
} zh_balance;

/* bits: 8 … 16. Everything lives in the arena. */
void zh_balance_open(zh_balance *b, zh_arena *arena, unsigned bits);
/* Adds numbers under a key (any bytes). names: one for each number, kept borrowed; label: what else
 * identifies the key, copied, may be empty. */
void zh_balance_put(zh_balance *b, zh_side side, zh_str key, const zh_i128 *numbers,
                    const zh_str *names, size_t n, zh_str label);
/* Whether the key would be kept now: the second pass need not work out numbers of others. */
bool zh_balance_wants(const zh_balance *b, zh_str key);
/* True when both sides are equal so far; else the next pass names what differs. */
bool zh_balance_even(zh_balance *b);

/* A key whose numbers differ. */
typedef struct zh_named {
    zh_str key, label;
    const zh_str *names;
    size_t n;
    zh_i128 *sums[2]; /* by side */
} zh_named;
/* After the second pass: calls each for every key that differs, in order of keys. */
void zh_balance_differences(zh_balance *b, void (*each)(void *user, const zh_named *named),
                            void *user);

#endif
