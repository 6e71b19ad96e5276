/* Files and random bytes: the few calls of the operating system that the rest may use. */
#ifndef ZH_BASE_OS_H
#define ZH_BASE_OS_H

#include "base/err.h"
#include "base/str.h"

#define ZH_DIR_ENTRIES_MAX 100000

/* Whole file, at most max bytes (ZH_ELIMIT above it). ZH_ENOTFOUND, ZH_EIO, ZH_ENOMEM. The bytes
 * are followed by a NUL. */
zh_rc zh_file_read(zh_arena *arena, const char *path, size_t max, zh_str *out, zh_err *err) ZH_MUST;
/* Writes to a temporary name in the same directory, fsyncs, renames, fsyncs the directory. Mode
 * 0640. ZH_ENOTFOUND when the directory is missing, ZH_EIO. */
zh_rc zh_file_replace(const char *path, zh_str bytes, zh_err *err) ZH_MUST;
/* Makes the directory and its parents (mode 0750). */
zh_rc zh_dir_make(const char *path, zh_err *err) ZH_MUST;
/* Names of the entries of a directory (not . and ..), sorted by bytes, NUL-terminated. ZH_ELIMIT
 * above ZH_DIR_ENTRIES_MAX, ZH_ENOTFOUND, ZH_EIO. */
zh_rc zh_dir_list(zh_arena *arena, const char *path, zh_str **names, size_t *n,
                  zh_err *err) ZH_MUST;
bool zh_path_exists(const char *path);
bool zh_path_is_dir(const char *path);
/* getrandom(2); aborts when the kernel cannot give any. */
void zh_random(void *out, size_t n);
/* Gives memory that is free in the process back to the system. Any thread. */
void zh_memory_trim(void);
void zh_hex(const void *bytes, size_t n, char *out);    /* 2n + 1 bytes, lower case */
bool zh_unhex(zh_str hex, void *out, size_t n) ZH_MUST; /* exactly n bytes; either case */

#endif
