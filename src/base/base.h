/* Result codes, attributes and assertions shared by every module.
 *
 * A function that can fail returns zh_rc: ZH_OK or a negative code. What went wrong for a person is
 * in the zh_err of the request or job. Assertions are for programmer errors and stay on in release;
 * bad input is never an assertion. */
#ifndef ZH_BASE_BASE_H
#define ZH_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef enum zh_rc {
    ZH_OK = 0,
    ZH_EINVAL = -1,    /* input breaks a rule */
    ZH_ENOTFOUND = -2, /* nothing by that name or key */
    ZH_ECONFLICT = -3, /* stale version, duplicate key, another body under the same key */
    ZH_ELIMIT = -4,    /* a declared cap was reached */
    ZH_EIO = -5,       /* file system, socket */
    ZH_EDB = -6,       /* the database refused or failed */
    ZH_EBUSY = -7,     /* lease held elsewhere, try again */
    ZH_ECANCEL = -8,   /* somebody cancelled it */
    ZH_EDENIED = -9,   /* reader or actor may not */
    ZH_ENOMEM = -10,   /* byte budget or memory exhausted */
    ZH_ECORRUPT = -11, /* stored data contradict themselves */
} zh_rc;

#define ZH_MUST           __attribute__((warn_unused_result))
#define ZH_PRINTF(f, a)   __attribute__((format(printf, f, a)))
#define ZH_NORETURN       __attribute__((noreturn))
#define ZH_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

/* Prints the failed condition to stderr and aborts. */
ZH_NORETURN void zh_panic(const char *file, int line, const char *what);

#define zh_assert(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            zh_panic(__FILE__, __LINE__, #condition);                                              \
        }                                                                                          \
    } while (0)

/* qsort that takes nothing as well: (NULL, 0). */
static inline void zh_sort(void *first, size_t n, size_t size,
                           int (*order)(const void *, const void *))
{
    if (n > 1) {
        qsort(first, n, size, order);
    }
}

#endif
