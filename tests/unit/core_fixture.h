/* A throw-away province for tests of the spine: a small model, on SQLite or PostgreSQL. */
#ifndef ZH_TEST_CORE_FIXTURE_H
#define ZH_TEST_CORE_FIXTURE_H

#include "core/read/read.h"
#include "core/record/record.h"
#include "scratch.h"

typedef struct fixture {
    zh_core *core;
    zh_arena *arena;
    zh_err err;
    zh_ctx ctx;
    zh_findings findings;
    char folder[SCRATCH_BYTES];
    char url[512];
} fixture;

/* Which database the tests that follow use: "sqlite" or "postgres". */
void fx_use(const char *backend);
/* "sqlite", and "postgres" when ZH_TEST_PG_URL is set (a skip is printed otherwise). */
size_t fx_backends(const char *const **out);

/* The files of the test model; `extra` (may be NULL) is a further YAML file. */
zh_rc fx_compile(const char *extra, zh_model **out, zh_err *err);
/* Compiles YAML text alone. */
zh_rc fx_compile_text(const char *yaml, zh_model **out, zh_err *err);
void fx_open(fixture *f, const char *extra);
void fx_open_model(fixture *f, zh_model *model);
/* Closes and opens the same database again. */
void fx_reopen(fixture *f, zh_model *model);
void fx_close(fixture *f);

const zh_register *fx_reg(const fixture *f, const char *id);
/* A context of another thread, on the same core; release with fx_end. */
void fx_begin_thread(const fixture *f, fixture *mine);
void fx_end_thread(fixture *mine);

/* Changes from pairs of field id and text, ended by NULL; the text is read as a person writes it.
 * A text of "" clears the field. For a table the text is rows separated by ';', cells by ','. */
zh_change *fx_changes(fixture *f, const zh_register *reg, size_t *n, va_list pairs);
zh_rc fx_create(fixture *f, const char *reg, zh_applied *out, ...);
zh_rc fx_amend(fixture *f, const char *reg, const zh_applied *at, zh_applied *out, ...);
zh_rc fx_move(fixture *f, const char *reg, const zh_applied *at, const char *transition,
              zh_time when, zh_applied *out, ...);
/* Fields by id, ended by NULL; none: all personal ones. */
zh_rc fx_erase(fixture *f, const char *reg, const zh_applied *at, zh_applied *out, ...);

/* One integer by SQL; -1 when there is no row. */
int64_t fx_count(fixture *f, const char *sql);
zh_record *fx_get(fixture *f, const char *reg, const zh_applied *at);
/* Display text of a field of a record. */
const char *fx_text(fixture *f, const zh_record *record, const char *field);
zh_time fx_time(const char *text);

#endif
