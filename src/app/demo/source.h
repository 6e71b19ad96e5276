/* Where the data of the demo come from: the sets built into the program, laid out in a folder, or a
 * folder of the same layout; and what is known about their origin. Private to app/demo. */
#ifndef ZH_APP_DEMO_SOURCE_H
#define ZH_APP_DEMO_SOURCE_H

#include "app/demo/demo.h"

/* Writes the files of a set to <dir>/SET/ unless they stand there already, byte by byte. */
zh_rc zh_demo_lay_out(zh_arena *arena, const char *dir, const char *set, zh_err *err) ZH_MUST;

typedef struct zh_demo_file {
    const char *path;
    uint64_t bytes;
} zh_demo_file;

/* The files of a step below a folder of sets, by name, and the digest of names and contents.
 * ZH_ENOTFOUND: a beginning that no file has. */
zh_rc zh_demo_files(zh_arena *arena, const char *root, const zh_demo_step *step,
                    zh_demo_file files[ZH_DEMO_FILES_MAX], size_t *n, zh_str *digest,
                    zh_err *err) ZH_MUST;

#endif
