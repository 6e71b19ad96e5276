/* Declarations: where they are read from, and how a database takes them on. */
#ifndef ZH_CORE_ADOPT_H
#define ZH_CORE_ADOPT_H

#include "core/core.h"

#define ZH_PACK_FILES_MAX ((size_t)10000)
#define ZH_PACK_BYTES_MAX ((size_t)64 << 20) /* of one file */
#define ZH_PACK_DEPTH_MAX 8                  /* folders in folders */

/* The declaration files below a directory (.yaml .yml .csv .txt .json), by path in byte order; with
 * directory NULL those embedded in the program. Text lives in the arena or in the program. */
zh_rc zh_packs_read(zh_arena *arena, const char *directory, zh_pack_file **out, size_t *n,
                    zh_err *err) ZH_MUST;

/* Chooses the model as the options say and migrates when the database has another. */
zh_rc zh_adopt_at_open(zh_core *core, const zh_core_options *options, zh_err *err) ZH_MUST;

#endif
