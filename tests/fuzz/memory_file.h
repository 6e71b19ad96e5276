/* Bytes as a file that can be opened by path and never touches a disk. */
#ifndef ZH_FUZZ_MEMORY_FILE_H
#define ZH_FUZZ_MEMORY_FILE_H

#include "base/str.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The descriptor to close afterwards; until then the file can be opened by path. */
static inline int memory_file(zh_str bytes, char path[64])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    zh_assert(fd >= 0);
    for (size_t at = 0; at < bytes.n;) {
        ssize_t wrote = write(fd, bytes.p + at, bytes.n - at);
        zh_assert(wrote > 0);
        at += (size_t)wrote;
    }
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
