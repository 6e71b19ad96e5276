/* Files built into the program: the declarations below packs/.
 *
 * The table is written by tool/embed when the program is built; it is constant, sorted by path
 * (bytes), and any number of threads may read it. */
#ifndef ZH_BASE_EMBEDDED_H
#define ZH_BASE_EMBEDDED_H

#include "base/str.h"

typedef struct zh_embedded {
    const char *path; /* from the root of the source tree: "packs/foundation/region.yaml" */
    const unsigned char *bytes; /* a NUL byte follows the n bytes */
    size_t n;
} zh_embedded;

/* The file with exactly this path; NULL when none is embedded. */
const zh_embedded *zh_embedded_find(const char *path);

/* The files whose path begins with prefix ("" gives all): they stand together in path order.
 * Returns how many and sets *first, NULL when there are none. */
size_t zh_embedded_range(const char *prefix, const zh_embedded **first);

/* The content as a string, for parsers. */
zh_str zh_embedded_text(const zh_embedded *file);

#endif
