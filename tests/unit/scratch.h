/* A new empty folder for a test, below TMPDIR; the test removes it. */
#ifndef ZH_TEST_SCRATCH_H
#define ZH_TEST_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

#define SCRATCH_BYTES 64

static inline void scratch_folder(char out[SCRATCH_BYTES])
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(out, SCRATCH_BYTES, "%.40s/zh-test-XXXXXX", base != NULL ? base : P_tmpdir);
    if (mkdtemp(out) == NULL) {
        perror(out);
        abort();
    }
}

#endif
