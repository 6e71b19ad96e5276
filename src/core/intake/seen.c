/* Keys that were seen. See seen.h. */
#include "core/intake/seen.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SLOT_BYTES = 12,
    FIRST_SLOTS = 4096,
    WINDOW = 32, /* slots of one read: a table is three quarters full at most */
    BLOCK_WORDS = 8,
    PROBES = 6,
    SLOTS_PER_BLOCK = 64 /* 48 keys in 512 bits */
};

void zh_seen_init(zh_seen *s, size_t slots_max, const char *dir)
{
    zh_assert((slots_max & (slots_max - 1)) == 0 && (slots_max == 0 || slots_max >= 64));
    *s = (zh_seen){.slots_max = slots_max, .dir = dir, .fd = -1};
}

void zh_seen_free(zh_seen *s)
{
    for (size_t i = 0; i < s->segments; i++) {
        zh_dealloc(s->filters[i]);
    }
    zh_dealloc(s->filters);
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    zh_dealloc(s->keys);
    zh_dealloc(s->contents);
    zh_seen_init(s, s->slots_max, s->dir);
}

/* 0 marks a free slot. */
static uint64_t not_zero(uint64_t key)
{
    return key ? key : 1;
}

/* ---- filters --------------------------------------------------------------------------------- */

/* The block of a key, and the bits to be set in it: other bits of the key than its place in the
 * table, which is its low end. */
static uint64_t *block_of(const zh_seen *s, uint64_t *filter, uint64_t key, uint64_t *bits)
{
    uint64_t high = key * UINT64_C(0x9E3779B97F4A7C15);
    *bits = (key ^ key >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    *bits ^= *bits >> 32;
    size_t blocks = s->slots_max / SLOTS_PER_BLOCK;
    return filter + (size_t)(high >> 32) % blocks * BLOCK_WORDS;
}

static void filter_add(const zh_seen *s, uint64_t *filter, uint64_t key)
{
    uint64_t bits;
    uint64_t *block = block_of(s, filter, key, &bits);
    for (int i = 0; i < PROBES; i++, bits >>= 9) {
        block[bits >> 6 & 7] |= UINT64_C(1) << (bits & 63);
    }
}

static bool filter_may_have(const zh_seen *s, uint64_t *filter, uint64_t key)
{
    uint64_t bits;
    const uint64_t *block = block_of(s, filter, key, &bits);
    bool all = true;
    for (int i = 0; i < PROBES; i++, bits >>= 9) {
        all = all && (block[bits >> 6 & 7] >> (bits & 63) & 1) != 0;
    }
    return all;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int open_nameless(const char *dir)
{
    return dir == NULL ? -1 : open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
}

static int open_file(const char *dir)
{
    int fd = open_nameless(dir);
    fd = fd >= 0 ? fd : open_nameless(getenv("TMPDIR"));
    return fd >= 0 ? fd : open_nameless(P_tmpdir);
}

static bool write_all(int fd, const unsigned char *bytes, size_t n, off_t at)
{
    while (n > 0) {
        ssize_t put = pwrite(fd, bytes, n, at);
        if (put == 0 || (put < 0 && errno != EINTR)) {
            return false;
        }
        size_t done = put > 0 ? (size_t)put : 0;
        bytes += done;
        n -= done;
        at += (off_t)done;
    }
    return true;
}

static off_t offset_of(const zh_seen *s, size_t segment, size_t slot)
{
    return (off_t)((segment * s->slots_max + slot) * SLOT_BYTES);
}

/* The table becomes a segment and is emptied. */
static void spill(zh_seen *s)
{
    unsigned char bytes[SLOT_BYTES * 1024];
    size_t at = 0;
    uint64_t *filter = zh_alloc(s->slots_max / SLOTS_PER_BLOCK * BLOCK_WORDS * sizeof *filter);
    bool good =
        s->segments < ZH_SEEN_SEGMENTS_MAX && (s->fd >= 0 || (s->fd = open_file(s->dir)) >= 0);
    for (size_t i = 0; i < s->capacity && good; i++) {
        memcpy(bytes + at, &s->keys[i], sizeof s->keys[i]);
        memcpy(bytes + at + sizeof s->keys[i], &s->contents[i], sizeof s->contents[i]);
        at += SLOT_BYTES;
        if (s->keys[i] != 0) {
            filter_add(s, filter, s->keys[i]);
        }
        if (at == sizeof bytes || i + 1 == s->capacity) {
            size_t first = i + 1 - at / SLOT_BYTES;
            good = write_all(s->fd, bytes, at, offset_of(s, s->segments, first));
            at = 0;
        }
    }
    if (!good) {
        s->failed = s->segments == ZH_SEEN_SEGMENTS_MAX ? EFBIG : errno != 0 ? errno : EIO;
        zh_dealloc(filter);
    } else {
        s->filters = zh_realloc(s->filters, (s->segments + 1) * sizeof *s->filters);
        s->filters[s->segments++] = filter;
    }
    memset(s->keys, 0, s->capacity * sizeof *s->keys);
    s->n = 0;
}

static bool read_window(zh_seen *s, size_t segment, size_t slot, size_t slots, unsigned char *out)
{
    size_t n = slots * SLOT_BYTES;
    off_t at = offset_of(s, segment, slot);
    s->reads++;
    while (n > 0) {
        ssize_t got = pread(s->fd, out, n, at);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            s->failed = got == 0 ? EIO : errno;
            return false;
        }
        size_t done = got > 0 ? (size_t)got : 0;
        out += done;
        n -= done;
        at += (off_t)done;
    }
    return true;
}

/* Goes on from the key's place to the first free slot, around the end of the segment. */
static bool find_in_segment(zh_seen *s, size_t segment, uint64_t key, uint32_t *content)
{
    unsigned char window[WINDOW * SLOT_BYTES];
    size_t slot = (size_t)key & (s->slots_max - 1);
    for (size_t looked = 0; looked < s->slots_max;) {
        size_t slots = s->slots_max - slot < WINDOW ? s->slots_max - slot : WINDOW;
        if (!read_window(s, segment, slot, slots, window)) {
            return false;
        }
        for (size_t i = 0; i < slots; i++) {
            uint64_t there;
            memcpy(&there, window + i * SLOT_BYTES, sizeof there);
            if (there == key) {
                memcpy(content, window + i * SLOT_BYTES + sizeof there, sizeof *content);
                return true;
            }
            if (there == 0) {
                return false;
            }
        }
        looked += slots;
        slot = (slot + slots) & (s->slots_max - 1);
    }
    return false;
}

/* ---- the table ------------------------------------------------------------------------------- */

static size_t slot_of(const zh_seen *s, uint64_t key)
{
    size_t i = (size_t)key & (s->capacity - 1);
    while (s->keys[i] != 0 && s->keys[i] != key) {
        i = (i + 1) & (s->capacity - 1);
    }
    return i;
}

static void put(zh_seen *s, uint64_t key, uint32_t content)
{
    size_t i = slot_of(s, key);
    s->keys[i] = key;
    s->contents[i] = content;
    s->n++;
}

static void make_room(zh_seen *s)
{
    if (s->slots_max != 0 && s->capacity == s->slots_max) {
        spill(s);
        return;
    }
    size_t first = s->slots_max != 0 && s->slots_max < FIRST_SLOTS ? s->slots_max : FIRST_SLOTS;
    zh_seen grown = {.capacity = s->capacity ? s->capacity * 2 : first};
    grown.keys = zh_alloc(grown.capacity * sizeof *grown.keys);
    grown.contents = zh_alloc(grown.capacity * sizeof *grown.contents);
    for (size_t i = 0; i < s->capacity; i++) {
        if (s->keys[i] != 0) {
            put(&grown, s->keys[i], s->contents[i]);
        }
    }
    zh_dealloc(s->keys);
    zh_dealloc(s->contents);
    s->keys = grown.keys;
    s->contents = grown.contents;
    s->capacity = grown.capacity;
}

void zh_seen_add(zh_seen *s, uint64_t key, uint32_t content)
{
    if ((s->n + 1) * 4 > s->capacity * 3) {
        make_room(s);
    }
    put(s, not_zero(key), content);
}

void zh_seen_add_all(zh_seen *s, const zh_seen *from)
{
    for (size_t i = 0; i < from->capacity; i++) {
        if (from->keys[i] != 0) {
            zh_seen_add(s, from->keys[i], from->contents[i]);
        }
    }
}

bool zh_seen_find(zh_seen *s, uint64_t key, uint32_t *content)
{
    key = not_zero(key);
    if (s->n > 0) {
        size_t i = slot_of(s, key);
        if (s->keys[i] == key) {
            *content = s->contents[i];
            return true;
        }
    }
    for (size_t i = 0; i < s->segments; i++) {
        if (filter_may_have(s, s->filters[i], key) && find_in_segment(s, i, key, content)) {
            return true;
        }
    }
    return false;
}

zh_rc zh_seen_check(const zh_seen *s, zh_err *err)
{
    if (s->failed == 0) {
        return ZH_OK;
    }
    zh_err_set(err, ZH_EIO, "intake.seen", "不能写或读临时文件（文件里见过的行）：%s",
               s->failed == ENOSPC ? "磁盘已满" : strerrordesc_np(s->failed));
    zh_err_where(err, "%s", s->dir != NULL ? s->dir : P_tmpdir);
    zh_err_fix(err, "腾出数据目录所在磁盘的空间（一百万行约 16 MB），再导入一次，从断处接着做");
    return ZH_EIO;
}
