/* What a file is by its first bytes, and its contents as one stream: plain, gzip, or a zip with one
 * file inside. A workbook (.xlsx) is recognised and left to fmt/xlsx.
 *
 * Nothing is unpacked to disk or held whole in memory. Against decompression bombs the expanded
 * bytes are counted: above max_bytes, or above ZH_CONTAINER_RATIO_MAX times the packed bytes once
 * ZH_CONTAINER_RATIO_FREE have come out, reading stops with ZH_ELIMIT. (Deflate cannot exceed about
 * 1032:1; highly repetitive real tables reach about 200:1.) Archives inside archives, several files
 * in one archive, encrypted members, tar, .xls, .xlsb, .ods and encrypted workbooks are refused
 * with what to do instead. */
#ifndef ZH_FMT_CONTAINER_H
#define ZH_FMT_CONTAINER_H

#include "base/csv.h"
#include "base/err.h"

#define ZH_CONTAINER_BYTES_MAX   ((uint64_t)8 << 30) /* expanded, when the caller gives no cap */
#define ZH_CONTAINER_RATIO_MAX   ((uint64_t)500)
#define ZH_CONTAINER_RATIO_FREE  ((uint64_t)16 << 20)
#define ZH_CONTAINER_MEMBERS_MAX 10000
#define ZH_CONTAINER_HEAD        ((size_t)64 << 10)

typedef enum zh_container_kind {
    ZH_CONTAINER_PLAIN,
    ZH_CONTAINER_GZIP,
    ZH_CONTAINER_ZIP,
    ZH_CONTAINER_XLSX, /* nothing to read here: open it with zh_xlsx_open */
} zh_container_kind;

typedef struct zh_container zh_container; /* one thread at a time */

/* Opens a file; max_bytes caps the expanded size (0: ZH_CONTAINER_BYTES_MAX). ZH_ENOTFOUND, ZH_EIO,
 * ZH_EINVAL a kind of file that is refused or a damaged one, ZH_ELIMIT. Close with
 * zh_container_close. */
zh_rc zh_container_open(const char *path, uint64_t max_bytes, zh_container **out,
                        zh_err *err) ZH_MUST;
void zh_container_close(zh_container *container); /* NULL is allowed */

zh_container_kind zh_container_kind_of(const zh_container *container);
const char *zh_container_kind_name(zh_container_kind kind);
/* The name of the file inside a zip; empty otherwise. Valid until closed. */
zh_str zh_container_member(const zh_container *container);
/* Up to ZH_CONTAINER_HEAD first bytes, without consuming them; fewer only if the file is shorter.
 */
zh_str zh_container_head(const zh_container *container);
/* A zh_read_fn (user is the zh_container *). A damaged or cut archive gives ZH_EINVAL, at the
 * latest at its end, where the check sum is compared: rows that were read before must not be kept.
 */
zh_rc zh_container_read(void *container, char *buffer, size_t size, size_t *got,
                        zh_err *err) ZH_MUST;
/* Bytes done out of total, for progress: of the file, or of the member of a zip. */
void zh_container_progress(const zh_container *container, uint64_t *done, uint64_t *total);

/* Whether `expanded` bytes out of `packed` bytes are within the caps; ZH_ELIMIT otherwise. For
 * readers that open the members of an archive themselves. */
zh_rc zh_container_check(uint64_t expanded, uint64_t packed, uint64_t max_bytes,
                         zh_err *err) ZH_MUST;

#endif
