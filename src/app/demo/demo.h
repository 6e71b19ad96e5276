/* The demo: an empty database becomes the picture of real public data, step by step.
 *
 * Steps stand in one table (steps.c). A data step takes the files of a public data set in through
 * the intake door; a work step is a function. What is done is remembered in the database with the
 * digest of the files, so that a second run does nothing, an interrupted one goes on where it
 * stopped, and other data are refused instead of mixed in. The data are built into the program
 * (packs/demo/data) and laid out in <data>/demo/SET/, or come from a folder of the same layout. */
#ifndef ZH_APP_DEMO_DEMO_H
#define ZH_APP_DEMO_DEMO_H

#include "core/instance/core.h"

#define ZH_DEMO_FILES_MAX      64 /* of one step */
#define ZH_DEMO_FILE_BYTES_MAX ((size_t)256 << 20)

/* One line of the progress. Either set, files and reg are given, or run. */
typedef struct zh_demo_step {
    const char *tour; /* NULL: of every tour */
    const char *id;
    const char *label;
    const char *set;   /* folder of the data set, and the recipe by which it is read; without such a
                          recipe its columns are the register's own */
    const char *files; /* beginnings of the names of its files: "samr_|hubei_" */
    const char *reg;
    /* Work that is no intake; *done = what it wrote. May be called again on what it made: it must
     * then change nothing. */
    zh_rc (*run)(zh_ctx *ctx, int64_t *done);
    bool always; /* run: also when it has been done with this model */
} zh_demo_step;

extern const zh_demo_step zh_demo_steps[];
extern const size_t zh_demo_steps_n;

typedef enum zh_demo_state {
    ZH_DEMO_RUNNING,
    ZH_DEMO_DONE,
    ZH_DEMO_BEFORE, /* nothing to do: an earlier run did it */
} zh_demo_state;

typedef struct zh_demo_event {
    const zh_demo_step *step;
    size_t number, total; /* number from 1 */
    zh_demo_state state;
    const char *phase; /* while running: 预检, 提交; NULL: none */
    int64_t rows; /* read in this phase; at the end those of all its files, or what run wrote */
    unsigned percent;
    uint64_t took_us;
} zh_demo_event;

typedef struct zh_demo_options {
    zh_str tour;        /* "report", "bench" */
    const char *source; /* folder with a folder a set; NULL: the data built in */
    /* Called from the calling thread; may be NULL. */
    void (*tell)(void *user, const zh_demo_event *event);
    void *user;
} zh_demo_options;

/* Whether the demo may be made in this directory: it is absent, empty, or holds what an
 * installation makes. ZH_ECONFLICT: it holds something else. To be called before the core is opened
 * there. */
zh_rc zh_demo_check_dir(zh_arena *arena, const char *dir, zh_err *err) ZH_MUST;

/* Runs the steps of a tour. ZH_ECONFLICT: the database holds records of others, or a demo made from
 * other data; ZH_EINVAL: rows of the data were refused; ZH_ENOTFOUND: a file or register is
 * missing. What was done stays. */
zh_rc zh_demo_run(zh_ctx *ctx, const zh_demo_options *options) ZH_MUST;

#endif
