/* Two-sided sums. Keys are hashed with the seed in front; number k of a key has a factor of its
 * own. */
#include "core/verify/balance.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

#define PRIME (((uint64_t)1 << 61) - 1)

__extension__ typedef unsigned __int128 u128;

static uint64_t mix(uint64_t x)
{
    /* splitmix64 (S. Vigna, public domain) */
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t hash_of(const zh_balance *b, zh_str key)
{
    return mix(zh_str_hash(key) ^ mix(b->seed) ^ mix((uint64_t)key.n + b->seed));
}

static size_t bucket_of(const zh_balance *b, uint64_t hash)
{
    return (size_t)(hash >> (64 - b->bits));
}

void zh_balance_open(zh_balance *b, zh_arena *arena, unsigned bits)
{
    zh_assert(bits >= 8 && bits <= 16);
    *b = (zh_balance){.arena = arena, .bits = bits};
    b->sums = ZH_NEW_N(arena, uint64_t, (size_t)1 << bits);
    zh_random(&b->seed, sizeof b->seed);
    zh_map_init(&b->named, arena);
}

static uint64_t modulo(zh_i128 v)
{
    zh_i128 r = v % (zh_i128)PRIME;
    return (uint64_t)(r < 0 ? r + (zh_i128)PRIME : r);
}

static void add_up(zh_balance *b, zh_side side, uint64_t hash, const zh_i128 *numbers, size_t n)
{
    uint64_t *sum = &b->sums[bucket_of(b, hash)];
    for (size_t i = 0; i < n; i++) {
        uint64_t factor = mix(hash + i + 1) % PRIME;
        zh_i128 number = side == ZH_COUNTED ? numbers[i] : -numbers[i];
        uint64_t term = (uint64_t)((u128)factor * modulo(number) % PRIME);
        *sum = (*sum + term) % PRIME;
    }
}

static void add_named(zh_balance *b, zh_side side, zh_str key, const zh_i128 *numbers,
                      const zh_str *names, size_t n, zh_str label)
{
    zh_named *named = zh_map_get(&b->named, key);
    if (named == NULL) {
        if (b->list.n == ZH_BALANCE_NAMED_MAX) {
            b->cut = true;
            return;
        }
        named = ZH_NEW(b->arena, zh_named);
        named->key = zh_str_dup(b->arena, key);
        named->names = names;
        named->n = n;
        named->sums[0] = ZH_NEW_N(b->arena, zh_i128, n + 1);
        named->sums[1] = ZH_NEW_N(b->arena, zh_i128, n + 1);
        zh_map_put(&b->named, named->key, named);
        zh_vec_push(b->arena, &b->list, named);
    }
    if (named->label.n == 0 && label.n > 0) {
        named->label = zh_str_dup(b->arena, label);
    }
    for (size_t i = 0; i < n && i < named->n; i++) {
        named->sums[side][i] += numbers[i];
    }
}

bool zh_balance_wants(const zh_balance *b, zh_str key)
{
    return !b->naming || b->sums[bucket_of(b, hash_of(b, key))] != 0;
}

void zh_balance_put(zh_balance *b, zh_side side, zh_str key, const zh_i128 *numbers,
                    const zh_str *names, size_t n, zh_str label)
{
    uint64_t hash = hash_of(b, key);
    if (!b->naming) {
        add_up(b, side, hash, numbers, n);
    } else if (b->sums[bucket_of(b, hash)] != 0) {
        add_named(b, side, key, numbers, names, n, label);
    }
}

bool zh_balance_even(zh_balance *b)
{
    for (size_t i = 0; i < (size_t)1 << b->bits; i++) {
        if (b->sums[i] != 0) {
            b->naming = true;
            return false;
        }
    }
    return true;
}

static int by_key(const void *p, const void *q)
{
    return zh_str_cmp((*(zh_named *const *)p)->key, (*(zh_named *const *)q)->key);
}

void zh_balance_differences(zh_balance *b, void (*each)(void *user, const zh_named *named),
                            void *user)
{
    if (b->list.n > 1) {
        zh_sort(b->list.p, b->list.n, sizeof *b->list.p, by_key);
    }
    for (size_t i = 0; i < b->list.n; i++) {
        const zh_named *named = b->list.p[i];
        if (memcmp(named->sums[0], named->sums[1], named->n * sizeof(zh_i128)) != 0) {
            each(user, named);
        }
    }
}
