/* A zip archive written by hand (APPNOTE 4.3), so that tests of the reader do not depend on the
 * library that reads: members stored or deflated, with the few lies that hostile files tell. */
#ifndef ZH_TEST_ZIP_WRITER_H
#define ZH_TEST_ZIP_WRITER_H

#include "base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

typedef struct zip_member {
    const char *name;
    zh_str data;
    bool deflate;
    bool wrong_crc;
    bool encrypted; /* only the flag */
} zip_member;

static inline void zip_le(zh_buf *out, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        zh_buf_c(out, (char)(value >> (8 * i) & 0xff));
    }
}

/* Raw deflate of data (RFC 1951). */
static inline void zip_deflate(zh_str data, zh_buf *out)
{
    z_stream z = {0};
    (void)deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    uLong bound = deflateBound(&z, data.n);
    unsigned char *packed = zh_alloc(bound);
    unsigned char *plain = zh_alloc(data.n + 1);
    if (data.n > 0) {
        memcpy(plain, data.p, data.n);
    }
    z.next_in = plain;
    z.avail_in = (uInt)data.n;
    z.next_out = packed;
    z.avail_out = (uInt)bound;
    (void)deflate(&z, Z_FINISH);
    zh_buf_add(out, packed, z.total_out);
    (void)deflateEnd(&z);
    zh_dealloc(packed);
    zh_dealloc(plain);
}

/* The fields that the local and the central header share. */
static inline void zip_common(zh_buf *out, const zip_member *m, uint32_t crc, size_t packed)
{
    zip_le(out, 20, 2);
    zip_le(out, m->encrypted ? 1 : 0, 2);
    zip_le(out, m->deflate ? 8 : 0, 2);
    zip_le(out, 0, 4);
    zip_le(out, m->wrong_crc ? ~crc : crc, 4);
    zip_le(out, (uint32_t)packed, 4);
    zip_le(out, (uint32_t)m->data.n, 4);
    zip_le(out, (uint32_t)strlen(m->name), 2);
    zip_le(out, 0, 2);
}

/* Appends an archive of n members (at most 64). */
static inline void zip_write(zh_buf *out, const zip_member *members, size_t n)
{
    zh_buf central;
    zh_buf_init(&central, (size_t)1 << 20);
    for (size_t i = 0; i < n; i++) {
        const zip_member *m = &members[i];
        zh_buf packed;
        zh_buf_init(&packed, (size_t)1 << 30);
        if (m->deflate) {
            zip_deflate(m->data, &packed);
        } else {
            zh_buf_str(&packed, m->data);
        }
        uint32_t crc = (uint32_t)crc32_z(0, (const unsigned char *)m->data.p, m->data.n);
        zh_buf_z(&central, "PK\x01\x02");
        zip_le(&central, 20, 2);
        zip_common(&central, m, crc, packed.n);
        zip_le(&central, 0, 4); /* comment length, disk */
        zip_le(&central, 0, 2); /* internal attributes */
        zip_le(&central, 0, 4); /* external attributes */
        zip_le(&central, (uint32_t)out->n, 4);
        zh_buf_z(&central, m->name);
        zh_buf_z(out, "PK\x03\x04");
        zip_common(out, m, crc, packed.n);
        zh_buf_z(out, m->name);
        zh_buf_str(out, zh_buf_view(&packed));
        zh_buf_free(&packed);
    }
    size_t at = out->n;
    zh_buf_str(out, zh_buf_view(&central));
    zh_buf_z(out, "PK\x05\x06");
    zip_le(out, 0, 4);
    zip_le(out, (uint32_t)n, 2);
    zip_le(out, (uint32_t)n, 2);
    zip_le(out, (uint32_t)central.n, 4);
    zip_le(out, (uint32_t)at, 4);
    zip_le(out, 0, 2);
    zh_buf_free(&central);
}

/* A new temporary file with these bytes; path needs 64 bytes. Remove it with unlink. */
static inline const char *temp_file(char path[64], zh_str bytes)
{
    snprintf(path, 64, "%s/zh-fmt-XXXXXX", P_tmpdir);
    int fd = mkstemp(path);
    zh_assert(fd >= 0);
    for (size_t at = 0; at < bytes.n;) {
        ssize_t wrote = write(fd, bytes.p + at, bytes.n - at);
        zh_assert(wrote > 0);
        at += (size_t)wrote;
    }
    close(fd);
    return path;
}

#endif
