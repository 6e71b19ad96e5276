/* One run of declared tests, shared by example.c (tests and steps), example_given.c (what a person
 * would write becomes changes) and example_expect.c (comparisons). Private to src/core. */
#ifndef ZH_CORE_ADOPTION_EXAMPLE_PRIVATE_H
#define ZH_CORE_ADOPTION_EXAMPLE_PRIVATE_H

#include "core/adoption/example.h"
#include "core/judgement/judgement.h"
#include "core/record/record.h"
#include "fmt/yaml.h"

#define ZH_EXAMPLE_FIELDS_MAX ((size_t)ZH_FIELDS_MAX)
#define ZH_EXAMPLE_CHAIN_MAX  16 /* given_from of a given_from … */
#define ZH_EXAMPLE_NAMED_MAX  64 /* records named by `as` in one test */

/* A record that a test named. */
typedef struct zh_named {
    zh_str name;
    const zh_register *reg;
    int64_t office, id;
} zh_named;

typedef struct zh_runner {
    zh_core *core;
    zh_ctx ctx;      /* arena and err are the test's */
    zh_arena *arena; /* of one test */
    zh_err err;
    zh_buf *failures;
    const zh_register *reg; /* being tested */
    zh_str test;            /* its id */
    bool failed;
    zh_named named[ZH_EXAMPLE_NAMED_MAX];
    size_t nnamed;
    zh_applied record; /* of the test */
    zh_time now;       /* last instant of the test */
} zh_runner;

/* A line of failure at a node of the declaration. */
void zh_runner_fail(zh_runner *r, const zh_yaml *node, const char *format, ...) ZH_PRINTF(3, 4);

/* What was given for a field; a later one replaces an earlier one. */
typedef struct zh_given {
    const zh_field *field;
    const zh_yaml *node;
} zh_given;

typedef struct zh_givens {
    const zh_register *reg;
    zh_given list[ZH_EXAMPLE_FIELDS_MAX];
    size_t n;
} zh_givens;

/* Adds the entries of a mapping. False (reported) when a name is not a field. */
bool zh_givens_add(zh_runner *r, zh_givens *givens, const zh_yaml *map);
/* As changes of a write. Empty values are left out, or given as null when `clear` is set. ZH_EINVAL
 * with r->err when a text is not a value of its field. */
zh_rc zh_givens_changes(zh_runner *r, const zh_givens *givens, bool clear, zh_change **out,
                        size_t *n) ZH_MUST;
/* The value of one field from text as a person would write it, valid codes as on that date. */
zh_rc zh_given_parse(zh_runner *r, const zh_field *field, zh_str text, zh_date at,
                     zh_value *out) ZH_MUST;

/* The finding about the test's record by a rule's id, and the rule: for steps and expectations.
 * False (reported) when there is none. Lives in the test's arena. */
bool zh_example_finding(zh_runner *r, zh_conn *conn, const zh_yaml *at, zh_str id,
                        const zh_judgement **rule, zh_record **finding);

/* Compares the test's record with an `expect` mapping. */
void zh_example_expect(zh_runner *r, const zh_yaml *expect);
/* Compares a figure with the `expect` mapping of an indicator's test. */
void zh_example_figure(zh_runner *r, const zh_indicator *indicator, const zh_yaml *test);
/* Whether what was found is what `expect_error` wants; reports when it is not. */
void zh_example_error(zh_runner *r, const zh_yaml *want, const zh_findings *findings);
/* What a write said: every finding, else the error. */
zh_str zh_example_said(zh_runner *r, const zh_findings *findings);

#endif
