/* A register with every kind of measure, and random histories over it, for the tests of cells,
 * indicators, targets and verification. */
#ifndef ZH_TEST_LOT_FIXTURE_H
#define ZH_TEST_LOT_FIXTURE_H

#include "core/figure/indicator.h"
#include "core_fixture.h"

#define LOT_MAX 4000 /* records of one history */

/* What the test itself knows of a record, in plain C. */
typedef struct lot {
    zh_applied at;
    const char *place, *class_, *kind, *maker; /* NULL: no value */
    zh_date on;                                /* INT32_MIN: none */
    int64_t amount;                            /* six digits; has_amount */
    bool has_amount, has_valid, fails, is_void, flag;
    zh_date valid_from, valid_to; /* ZH_OPEN_END */
    int64_t size;                 /* two digits, > 0; 0 none */
    int items, items_failed;
    int64_t items_value; /* two digits, over those that are numbers */
} lot;

typedef struct lots {
    fixture f;
    uint64_t seed;
    lot all[LOT_MAX];
    size_t n;
    int serial;
} lots;

/* The model: lot, its weights register, and `extra` (may be NULL), e.g. indicators. outline: JSON
 * of an outline named by extra as "outline.json", or NULL. */
zh_model *lot_model(const char *extra, const char *outline);
/* Opens a database with it. seed 0: from ZH_TEST_SEED or the time; it is printed. */
lots *lots_open(const char *extra, const char *outline, uint64_t seed);
void lots_close(lots *l);

uint64_t lots_random(lots *l, uint64_t below);
/* One random write: create, amend, void, restore or erase. */
void lots_step(lots *l);
/* One record with given values; the others empty. */
void lots_create(lots *l, lot *out, ...);
int64_t lots_sequence(lots *l);

/* Readers: a connection inside a snapshot. */
zh_conn *lots_read(lots *l);
void lots_done(zh_conn *conn);

#define lots_ok(l, call)                                                                           \
    do {                                                                                           \
        zh_rc rc_ = (call);                                                                        \
        if (rc_ != ZH_OK) {                                                                        \
            print_error("rc %d %s %s [%s]\n", (int)rc_, (l)->f.err.rule, (l)->f.err.message,       \
                        (l)->f.err.where);                                                         \
        }                                                                                          \
        assert_int_equal(rc_, ZH_OK);                                                              \
    } while (0)

#endif
