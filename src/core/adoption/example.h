/* The tests that declarations carry, run against a throw-away database.
 *
 * A register's test creates a record from what a person would write, lets time pass, takes
 * transitions, and compares fields, state, clocks, measures and indicators with what is expected;
 * an indicator's test counts given records and compares the figure. Nothing is kept. */
#ifndef ZH_CORE_ADOPTION_EXAMPLE_H
#define ZH_CORE_ADOPTION_EXAMPLE_H

#include "model/model.h"

/* One test that was run. */
typedef struct zh_example {
    const zh_register *reg;        /* NULL for an indicator's test */
    const zh_indicator *indicator; /* NULL for a register's test */
    zh_str id;                     /* of a register's test */
    bool life;                     /* has steps: part of a record's life */
    bool passed;
} zh_example;

typedef struct zh_example_report {
    int64_t tests, failed;
} zh_example_report;

typedef void (*zh_example_fn)(void *user, const zh_example *example);

/* Runs the tests of one register (and of the indicators over it), or of all with reg NULL. Every
 * difference is appended to `failures` as a line "file:line:column: test: expected …, got …". each
 * may be NULL. ZH_OK also when tests failed; errors are those of the throw-away database. Thread
 * rule: any, but it takes seconds. */
zh_rc zh_examples_run(zh_model *model, const zh_register *reg, zh_buf *failures,
                      zh_example_report *report, zh_example_fn each, void *user,
                      zh_err *err) ZH_MUST;

#endif
