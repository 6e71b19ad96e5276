/* zh_str: a borrowed run of bytes, by value. zh_buf: a growable byte buffer with a cap.
 *
 * Text inside the program is UTF-8, checked once where it enters (base/utf8.h). A zh_str is not
 * NUL-terminated unless the function that made it says so. */
#ifndef ZH_BASE_STR_H
#define ZH_BASE_STR_H

#include "base/arena.h"
#include "base/base.h"
#include <stdarg.h>

typedef struct zh_str {
    const char *p;
    size_t n;
} zh_str;

#define ZH_STR(literal) ((zh_str){"" literal "", sizeof(literal) - 1})
#define ZH_STR_NONE     ((zh_str){0, 0})
/* For printf: "%.*s", ZH_FMT(s) */
#define ZH_FMT(s) (int)((s).n > 2147483647u ? 2147483647u : (s).n), ((s).p ? (s).p : "")

zh_str zh_str_of(const char *nul_terminated); /* NULL gives the empty string */
bool zh_str_eq(zh_str a, zh_str b);
bool zh_str_is(zh_str a, const char *nul_terminated);
bool zh_str_among(zh_str s, const zh_str *list, size_t n);
int zh_str_cmp(zh_str a, zh_str b); /* by bytes, shorter first; <0, 0, >0 */
bool zh_str_starts(zh_str s, zh_str prefix);
bool zh_str_ends(zh_str s, zh_str suffix);
zh_str zh_str_sub(zh_str s, size_t from, size_t count); /* clipped to s */
zh_str zh_str_trim(zh_str s);                           /* ASCII white space */
ptrdiff_t zh_str_find(zh_str s, zh_str needle);         /* -1 when absent */
ptrdiff_t zh_str_chr(zh_str s, char c);                 /* -1 when absent */
/* Cuts *rest at the first separator and returns what stood before it; false when *rest is used up
 * (p == NULL). "a,,b" gives a, empty, b; "" gives one empty piece. */
bool zh_str_split(zh_str *rest, char separator, zh_str *piece);
uint64_t zh_str_hash(zh_str s); /* FNV-1a 64 followed by a mix; stable across runs */

/* Copies. The result is NUL-terminated after its n bytes. The try form returns false at the arena's
 * budget. */
zh_str zh_str_dup(zh_arena *arena, zh_str s);
bool zh_str_try_dup(zh_arena *arena, zh_str s, zh_str *out) ZH_MUST;
const char *zh_str_c(zh_arena *arena, zh_str s); /* NUL-terminated copy */
zh_str zh_str_fmt(zh_arena *arena, const char *format, ...) ZH_PRINTF(2, 3);
zh_str zh_str_vfmt(zh_arena *arena, const char *format, va_list arguments) ZH_PRINTF(2, 0);
zh_str zh_str_lower_ascii(zh_arena *arena, zh_str s);

/* Whole string as a decimal integer; optional sign; ZH_EINVAL on anything else or on overflow. */
zh_rc zh_str_i64(zh_str s, int64_t *out) ZH_MUST;
zh_rc zh_str_u64(zh_str s, uint64_t *out) ZH_MUST;
/* Whole string as a finite binary64, decimal notation only (for engines and settings, never for
 * stored decimals). ZH_EINVAL. */
zh_rc zh_str_double(zh_str s, double *out) ZH_MUST;

/* Edit distance for "did you mean": at most `limit` (then limit + 1 is returned). */
size_t zh_str_distance(zh_str a, zh_str b, size_t limit);

/* Growable buffer. After the first failed append it keeps `failed` set and ignores further appends,
 * so a caller may check once at the end. */
typedef struct zh_buf {
    char *p;
    size_t n;
    size_t capacity;
    size_t max; /* cap in bytes, mandatory */
    bool failed;
} zh_buf;

void zh_buf_init(zh_buf *buf, size_t max);
void zh_buf_free(zh_buf *buf);
void zh_buf_clear(zh_buf *buf); /* n = 0, failed = false, keeps the memory */
void zh_buf_add(zh_buf *buf, const void *bytes, size_t n);
void zh_buf_str(zh_buf *buf, zh_str s);
void zh_buf_c(zh_buf *buf, char c);
void zh_buf_z(zh_buf *buf, const char *nul_terminated);
void zh_buf_fmt(zh_buf *buf, const char *format, ...) ZH_PRINTF(2, 3);
zh_str zh_buf_view(const zh_buf *buf); /* valid until the next append */
/* Integers, big-endian, for proof formats; and little-endian base-128 varints for our own blobs. */
void zh_buf_u16be(zh_buf *buf, uint16_t v);
void zh_buf_u32be(zh_buf *buf, uint32_t v);
void zh_buf_u64be(zh_buf *buf, uint64_t v);
void zh_buf_varint(zh_buf *buf, uint64_t v);
void zh_buf_zigzag(zh_buf *buf, int64_t v);
/* Reads back and advances *in; false when malformed or short. */
bool zh_read_varint(zh_str *in, uint64_t *out) ZH_MUST;
bool zh_read_zigzag(zh_str *in, int64_t *out) ZH_MUST;

#endif
