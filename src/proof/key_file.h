/* Files that hold a secret as one line of text. Loading refuses what is not a regular file of the
 * running user or what others may read; saving makes a new file and never replaces one. */
#ifndef ZH_PROOF_KEY_FILE_H
#define ZH_PROOF_KEY_FILE_H

#include "base/err.h"
#include "base/str.h"

#define ZH_KEY_FILE_BYTES_MAX ((size_t)1024)

/* The file's text without its last newline; the buffer is wiped by the caller. ZH_ENOTFOUND
 * (file.missing), ZH_EDENIED (key.file.mode), ZH_EIO. */
zh_rc zh_key_file_read(const char *path, char text[ZH_KEY_FILE_BYTES_MAX], size_t *n,
                       zh_err *err) ZH_MUST;
/* The text and a newline in a new file, mode 0600; fsync of file and directory. ZH_ECONFLICT
 * (key.file.exists), ZH_EIO. */
zh_rc zh_key_file_write(const char *path, zh_str text, zh_err *err) ZH_MUST;

#endif
