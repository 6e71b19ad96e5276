/* Byte strings and capped buffers. Nothing here allocates outside an arena or a zh_buf. */
#include "base/str.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOUBLE_TEXT_MAX = 400 }; /* more than the longest exact decimal text of use */

zh_str zh_str_of(const char *z)
{
    return z ? (zh_str){z, strlen(z)} : ZH_STR_NONE;
}

bool zh_str_eq(zh_str a, zh_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool zh_str_is(zh_str a, const char *z)
{
    return zh_str_eq(a, zh_str_of(z));
}

bool zh_str_among(zh_str s, const zh_str *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(s, list[i])) {
            return true;
        }
    }
    return false;
}

int zh_str_cmp(zh_str a, zh_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (a.n > b.n) - (a.n < b.n);
}

bool zh_str_starts(zh_str s, zh_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool zh_str_ends(zh_str s, zh_str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

zh_str zh_str_sub(zh_str s, size_t from, size_t count)
{
    if (from >= s.n) {
        return (zh_str){s.p ? s.p + s.n : NULL, 0};
    }
    return (zh_str){s.p + from, count < s.n - from ? count : s.n - from};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

zh_str zh_str_trim(zh_str s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

ptrdiff_t zh_str_find(zh_str s, zh_str needle)
{
    if (needle.n == 0) {
        return 0;
    }
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? hit - s.p : -1;
}

ptrdiff_t zh_str_chr(zh_str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? hit - s.p : -1;
}

bool zh_str_split(zh_str *rest, char separator, zh_str *piece)
{
    if (rest->p == NULL) {
        return false;
    }
    ptrdiff_t at = zh_str_chr(*rest, separator);
    if (at < 0) {
        *piece = *rest;
        *rest = ZH_STR_NONE;
        return true;
    }
    *piece = zh_str_sub(*rest, 0, (size_t)at);
    *rest = (zh_str){rest->p + at + 1, rest->n - (size_t)at - 1};
    return true;
}

uint64_t zh_str_hash(zh_str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    }
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

bool zh_str_try_dup(zh_arena *arena, zh_str s, zh_str *out)
{
    if (s.n == SIZE_MAX) {
        return false;
    }
    char *p = zh_arena_try(arena, s.n + 1);
    if (p == NULL) {
        return false;
    }
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    *out = (zh_str){p, s.n};
    return true;
}

zh_str zh_str_dup(zh_arena *arena, zh_str s)
{
    char *p = zh_arena_alloc(arena, s.n + 1);
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    return (zh_str){p, s.n};
}

const char *zh_str_c(zh_arena *arena, zh_str s)
{
    return zh_str_dup(arena, s).p;
}

zh_str zh_str_vfmt(zh_arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    zh_assert(n >= 0);
    char *p = zh_arena_alloc(arena, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, arguments);
    return (zh_str){p, (size_t)n};
}

zh_str zh_str_fmt(zh_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    zh_str s = zh_str_vfmt(arena, format, arguments);
    va_end(arguments);
    return s;
}

zh_str zh_str_lower_ascii(zh_arena *arena, zh_str s)
{
    char *p = zh_arena_alloc(arena, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        p[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return (zh_str){p, s.n};
}

zh_rc zh_str_u64(zh_str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0) {
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10) {
            return ZH_EINVAL;
        }
        v = v * 10 + digit;
    }
    *out = v;
    return ZH_OK;
}

zh_rc zh_str_i64(zh_str s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        s = zh_str_sub(s, 1, s.n);
    }
    uint64_t v;
    if (zh_str_u64(s, &v) != ZH_OK || v > (uint64_t)INT64_MAX + minus) {
        return ZH_EINVAL;
    }
    *out = minus ? (int64_t)(~v + 1) : (int64_t)v;
    return ZH_OK;
}

zh_rc zh_str_double(zh_str s, double *out)
{
    char text[DOUBLE_TEXT_MAX + 1];
    if (s.n == 0 || s.n > DOUBLE_TEXT_MAX) {
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < s.n; i++) { /* strtod would take white space, hexadecimal and nan too */
        if ((s.p[i] < '0' || s.p[i] > '9') && memchr("+-.eE", s.p[i], 5) == NULL) {
            return ZH_EINVAL;
        }
        text[i] = s.p[i];
    }
    text[s.n] = '\0';
    char *end;
    double v = strtod(text, &end);
    if (end != text + s.n || !isfinite(v)) {
        return ZH_EINVAL;
    }
    *out = v;
    return ZH_OK;
}

size_t zh_str_distance(zh_str a, zh_str b, size_t limit)
{
    enum { LENGTH_MAX = 64 };
    size_t row[LENGTH_MAX + 1];
    if (a.n > LENGTH_MAX || b.n > LENGTH_MAX) {
        return limit + 1;
    }
    for (size_t j = 0; j <= b.n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t substitute = diagonal + (a.p[i - 1] != b.p[j - 1]);
            diagonal = row[j];
            size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = substitute < best ? substitute : best;
        }
    }
    return row[b.n] > limit ? limit + 1 : row[b.n];
}

void zh_buf_init(zh_buf *buf, size_t max)
{
    zh_assert(max < SIZE_MAX);
    *buf = (zh_buf){.max = max};
}

void zh_buf_free(zh_buf *buf)
{
    zh_dealloc(buf->p);
    *buf = (zh_buf){.max = buf->max};
}

void zh_buf_clear(zh_buf *buf)
{
    buf->n = 0;
    buf->failed = false;
}

/* Room for `more` bytes and, beyond them, for the NUL that vsnprintf writes. */
static bool reserve(zh_buf *buf, size_t more)
{
    if (buf->failed || more > buf->max || buf->n > buf->max - more) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->n + more;
    if (need >= buf->capacity) {
        if (zh_alloc_fails()) {
            buf->failed = true;
            return false;
        }
        size_t capacity = buf->capacity ? buf->capacity : 64;
        while (capacity <= need) {
            capacity = capacity > buf->max / 2 ? buf->max + 1 : capacity * 2;
        }
        buf->p = zh_realloc(buf->p, capacity);
        buf->capacity = capacity;
    }
    return true;
}

void zh_buf_add(zh_buf *buf, const void *bytes, size_t n)
{
    if (n && reserve(buf, n)) {
        memcpy(buf->p + buf->n, bytes, n);
        buf->n += n;
    }
}

void zh_buf_str(zh_buf *buf, zh_str s)
{
    zh_buf_add(buf, s.p, s.n);
}

void zh_buf_c(zh_buf *buf, char c)
{
    zh_buf_add(buf, &c, 1);
}

void zh_buf_z(zh_buf *buf, const char *z)
{
    zh_buf_add(buf, z, strlen(z));
}

void zh_buf_fmt(zh_buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    zh_assert(n >= 0);
    if (!reserve(buf, (size_t)n)) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(buf->p + buf->n, (size_t)n + 1, format, arguments);
    va_end(arguments);
    buf->n += (size_t)n;
}

zh_str zh_buf_view(const zh_buf *buf)
{
    return (zh_str){buf->p, buf->n};
}

static void add_be(zh_buf *buf, uint64_t v, unsigned bytes)
{
    unsigned char out[8];
    for (unsigned i = 0; i < bytes; i++) {
        out[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
    }
    zh_buf_add(buf, out, bytes);
}

void zh_buf_u16be(zh_buf *buf, uint16_t v)
{
    add_be(buf, v, 2);
}

void zh_buf_u32be(zh_buf *buf, uint32_t v)
{
    add_be(buf, v, 4);
}

void zh_buf_u64be(zh_buf *buf, uint64_t v)
{
    add_be(buf, v, 8);
}

void zh_buf_varint(zh_buf *buf, uint64_t v)
{
    unsigned char out[10];
    size_t n = 0;
    do {
        out[n] = (unsigned char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
        n++;
    } while (v != 0);
    zh_buf_add(buf, out, n);
}

void zh_buf_zigzag(zh_buf *buf, int64_t v)
{
    uint64_t u = (uint64_t)v;
    zh_buf_varint(buf, (u << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

bool zh_read_varint(zh_str *in, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < in->n && i < 10; i++) {
        uint64_t byte = (unsigned char)in->p[i];
        if (i == 9 && byte > 1) {
            return false;
        }
        v |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *in = zh_str_sub(*in, i + 1, in->n);
            *out = v;
            return true;
        }
    }
    return false;
}

bool zh_read_zigzag(zh_str *in, int64_t *out)
{
    uint64_t u;
    if (!zh_read_varint(in, &u)) {
        return false;
    }
    *out = (int64_t)((u >> 1) ^ (~(u & 1) + 1));
    return true;
}
