/* Collecting pack files: from a folder on disk, or from the set built into the program. */
#ifndef ZH_MODEL_PACK_H
#define ZH_MODEL_PACK_H

#include "model/model.h"

#define ZH_PACK_FILE_BYTES_MAX ((size_t)16 << 20)
#define ZH_PACK_DEPTH_MAX      8 /* folders inside each other */

/* All .yaml .yml .csv .json .txt files below the folder, sorted by path; paths are relative to it.
 * Hidden files, other kinds, and folders named "data" are left out. Everything lives in the arena.
 * ZH_ENOTFOUND no such folder, ZH_ELIMIT a cap (file size, number of files, depth), ZH_EIO. */
zh_rc zh_pack_load_dir(zh_arena *arena, const char *dir, zh_pack_file **files, size_t *n,
                       zh_err *err) ZH_MUST;
/* The embedded files whose path begins with prefix ("packs/"), without it. Text is borrowed from
 * the program. ZH_ENOTFOUND when there are none. */
zh_rc zh_pack_load_embedded(zh_arena *arena, const char *prefix, zh_pack_file **files, size_t *n,
                            zh_err *err) ZH_MUST;

#endif
