/* Write-ahead file of a log; see wal.h for its bytes. */
#include "core/ledger/wal.h"
#include "base/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MAGIC[8] = "zhwal1\0";

/* RFC 3720 appendix B.4, reflected polynomial. */
#define CRC32C_POLYNOMIAL UINT32_C(0x82F63B78)

static void crc_tables(uint32_t (*crc)[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) {
            c = (c & 1) != 0 ? c >> 1 ^ CRC32C_POLYNOMIAL : c >> 1;
        }
        crc[0][i] = c;
    }
    for (size_t i = 0; i < 256; i++) {
        for (size_t t = 1; t < 4; t++) {
            crc[t][i] = crc[t - 1][i] >> 8 ^ crc[0][crc[t - 1][i] & 0xff];
        }
    }
}

/* Four bytes at a time. */
static uint32_t crc32c(uint32_t (*crc)[256], const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint32_t c = UINT32_MAX;
    for (; n >= 4; n -= 4, p += 4) {
        c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        c = crc[3][c & 0xff] ^ crc[2][c >> 8 & 0xff] ^ crc[1][c >> 16 & 0xff] ^ crc[0][c >> 24];
    }
    for (; n > 0; n--, p++) {
        c = c >> 8 ^ crc[0][(c ^ *p) & 0xff];
    }
    return ~c;
}

static uint64_t get_be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static zh_rc io(const zh_wal *wal, const char *what, zh_err *err)
{
    int code = errno;
    zh_rc rc = zh_err_set(err, ZH_EIO, code == ENOSPC ? "ledger.full" : "ledger.io",
                          "存证日志的预写文件%s失败：%s", what,
                          code == ENOSPC  ? "磁盘已满"
                          : code == EFBIG ? "超过文件大小限额"
                                          : strerrorname_np(code));
    zh_err_where(err, "%s", wal->path);
    zh_err_fix(err, "腾出空间或修好磁盘后会自动接着做，已提交的记录都在发件箱里，没有丢失");
    return rc;
}

zh_rc zh_wal_create(const char *path, uint64_t base, zh_err *err)
{
    uint32_t crc[4][256];
    zh_buf head;
    crc_tables(crc);
    zh_buf_init(&head, ZH_WAL_HEAD_BYTES);
    zh_buf_add(&head, MAGIC, sizeof MAGIC);
    zh_buf_u64be(&head, base);
    zh_buf_u32be(&head, crc32c(crc, head.p, head.n));
    zh_rc rc = zh_file_replace(path, zh_buf_view(&head), err);
    zh_buf_free(&head);
    return rc;
}

static zh_rc broken(const zh_wal *wal, const char *what, zh_err *err)
{
    zh_err_set(err, ZH_ECORRUPT, "ledger.wal", "存证日志的预写文件%s", what);
    zh_err_where(err, "%s", wal->path);
    return ZH_ECORRUPT;
}

static zh_rc read_head(zh_wal *wal, zh_str bytes, zh_err *err)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (bytes.n < ZH_WAL_HEAD_BYTES || memcmp(p, MAGIC, sizeof MAGIC) != 0 ||
        get_be(p + 16, 4) != crc32c(wal->crc, p, 16)) {
        return broken(wal, "开头不对，不是本程序写的", err);
    }
    wal->base = wal->end = get_be(p + 8, 8);
    wal->bytes = ZH_WAL_HEAD_BYTES;
    return ZH_OK;
}

/* The record at the front; false: cut or damaged. */
static bool read_record(zh_wal *wal, zh_str rest, zh_wal_batch *out, size_t *size)
{
    const uint8_t *p = (const uint8_t *)rest.p;
    if (rest.n < ZH_WAL_FRAME_BYTES) {
        return false;
    }
    size_t length = (size_t)get_be(p, 4);
    if (length < ZH_WAL_FRAME_BYTES - 8 || length > rest.n - 8 ||
        get_be(p + 4 + length, 4) != crc32c(wal->crc, p + 4, length)) {
        return false;
    }
    *out = (zh_wal_batch){
        .office = (int64_t)get_be(p + 4, 8),
        .batch = (int64_t)get_be(p + 12, 8),
        .pos = get_be(p + 20, 8),
        .until = (int64_t)get_be(p + 28, 8),
        .n = (uint32_t)get_be(p + 36, 4),
        .entries = p + 40,
    };
    *size = length + 8;
    return out->n <= ZH_WAL_BATCH_MAX && length == 36 + (size_t)out->n * ZH_RECORD_ENTRY_BYTES;
}

/* Whole records of `bytes`, which begin at wal->bytes of the file. */
static zh_rc take_records(zh_wal *wal, zh_str bytes, zh_wal_each each, void *user, zh_err *err)
{
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && bytes.n > 0) {
        zh_wal_batch batch;
        size_t size = 0;
        if (!read_record(wal, bytes, &batch, &size)) {
            break;
        }
        rc = batch.pos == wal->end ? each(user, &batch, err) : broken(wal, "里的位置不连续", err);
        if (rc == ZH_OK) {
            wal->bytes += size;
            wal->end += batch.n;
            bytes = zh_str_sub(bytes, size, bytes.n);
        }
    }
    return rc;
}

zh_rc zh_wal_open(zh_wal *wal, const char *path, bool relaxed, zh_wal_each each, void *user,
                  uint64_t *torn, zh_err *err)
{
    struct stat info;
    zh_str bytes;
    *wal = (zh_wal){.path = path, .fd = -1, .relaxed = relaxed};
    crc_tables(wal->crc);
    zh_arena *arena = zh_arena_new(ZH_WAL_BYTES_MAX + 4096);
    zh_rc rc = zh_file_read(arena, path, ZH_WAL_BYTES_MAX, &bytes, err);
    if (rc == ZH_OK) {
        rc = read_head(wal, bytes, err);
    }
    if (rc == ZH_OK) {
        wal->fd = open(path, O_RDWR | O_CLOEXEC);
        rc = wal->fd >= 0 && fstat(wal->fd, &info) == 0 ? ZH_OK : io(wal, "打开", err);
    }
    if (rc == ZH_OK) {
        wal->inode = (uint64_t)info.st_ino;
        rc = take_records(wal, zh_str_sub(bytes, wal->bytes, bytes.n), each, user, err);
    }
    if (rc == ZH_OK) {
        if (torn != NULL) {
            *torn = bytes.n - wal->bytes;
        }
        rc = wal->bytes == bytes.n || ftruncate(wal->fd, (off_t)wal->bytes) == 0
                 ? ZH_OK
                 : io(wal, "截去残尾", err);
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_wal_more(zh_wal *wal, zh_wal_each each, void *user, zh_err *err)
{
    struct stat info;
    if (stat(wal->path, &info) != 0) {
        return io(wal, "查看", err);
    }
    if ((uint64_t)info.st_ino != wal->inode || (uint64_t)info.st_size < wal->bytes) {
        return ZH_ECONFLICT;
    }
    uint64_t more = (uint64_t)info.st_size - wal->bytes;
    if (more == 0) {
        return ZH_OK;
    }
    if (more > ZH_WAL_BYTES_MAX) {
        return broken(wal, "太长", err);
    }
    char *bytes = zh_alloc((size_t)more);
    ssize_t got = pread(wal->fd, bytes, (size_t)more, (off_t)wal->bytes);
    zh_rc rc = got == (ssize_t)more
                   ? take_records(wal, (zh_str){bytes, (size_t)more}, each, user, err)
                   : io(wal, "读取", err);
    zh_dealloc(bytes);
    /* a torn tail of a process that was killed */
    if (rc == ZH_OK && wal->bytes < (uint64_t)info.st_size &&
        ftruncate(wal->fd, (off_t)wal->bytes) != 0) {
        rc = io(wal, "截去残尾", err);
    }
    return rc;
}

static void put_record(zh_wal *wal, zh_buf *out, const zh_wal_batch *b)
{
    size_t entries = (size_t)b->n * ZH_RECORD_ENTRY_BYTES;
    zh_buf_u32be(out, (uint32_t)(36 + entries));
    size_t payload = out->n;
    zh_buf_u64be(out, (uint64_t)b->office);
    zh_buf_u64be(out, (uint64_t)b->batch);
    zh_buf_u64be(out, b->pos);
    zh_buf_u64be(out, (uint64_t)b->until);
    zh_buf_u32be(out, b->n);
    zh_buf_add(out, b->entries, entries);
    if (!out->failed) {
        zh_buf_u32be(out, crc32c(wal->crc, out->p + payload, out->n - payload));
    }
}

static bool write_all(int fd, uint64_t at, zh_str bytes)
{
    while (bytes.n > 0) {
        ssize_t done = pwrite(fd, bytes.p, bytes.n, (off_t)at);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            errno = done == 0 ? EIO : errno;
            return false;
        }
        at += (uint64_t)done;
        bytes = zh_str_sub(bytes, (size_t)done, bytes.n);
    }
    return true;
}

zh_rc zh_wal_append(zh_wal *wal, const zh_wal_batch *batches, size_t n, zh_err *err)
{
    zh_buf out;
    uint64_t end = wal->end;
    zh_rc rc = ZH_OK;
    zh_buf_init(&out, ZH_WAL_BYTES_MAX / 2);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_assert(batches[i].pos == end);
        rc = batches[i].n <= ZH_WAL_BATCH_MAX ? ZH_OK
                                              : zh_err_set(err, ZH_ELIMIT, "ledger.batch",
                                                           "一个批次最多 %u 条", ZH_WAL_BATCH_MAX);
        put_record(wal, &out, &batches[i]);
        end += batches[i].n;
    }
    if (rc == ZH_OK && out.failed) {
        rc = zh_err_set(err, ZH_ENOMEM, "ledger.memory", "一轮定序的条目放不进内存");
    }
    if (rc == ZH_OK && (!write_all(wal->fd, wal->bytes, zh_buf_view(&out)) ||
                        (!wal->relaxed && fdatasync(wal->fd) != 0))) {
        rc = io(wal, "写入", err);
        (void)!ftruncate(wal->fd, (off_t)wal->bytes); /* what stays is a torn tail */
    }
    if (rc == ZH_OK) {
        wal->bytes += out.n;
        wal->end = end;
    }
    zh_buf_free(&out);
    return rc;
}

void zh_wal_close(zh_wal *wal)
{
    if (wal->fd >= 0) {
        (void)close(wal->fd);
        wal->fd = -1;
    }
}
