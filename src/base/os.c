/* Files, directories and random bytes over POSIX. Messages name the path and the cause. */
#include "base/os.h"
#include "base/vec.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_FILE = 0640, MODE_DIRECTORY = 0750, TAG_BYTES = 6 };

static const char *cause(int code)
{
    switch (code) {
    case ENOENT: return "不存在";
    case EACCES:
    case EPERM: return "没有权限";
    case ENOSPC: return "磁盘已满";
    case EDQUOT: return "超过磁盘配额";
    case EROFS: return "文件系统只读";
    case EISDIR: return "是目录";
    case ENOTDIR: return "路径中有一段不是目录";
    case ENAMETOOLONG: return "路径过长";
    case EMFILE:
    case ENFILE: return "打开的文件过多";
    default: break;
    }
    const char *name = strerrorname_np(code);
    return name ? name : "系统错误";
}

static zh_rc failed(zh_err *err, int code, const char *path, const char *what)
{
    zh_rc rc = code == ENOENT ? ZH_ENOTFOUND : ZH_EIO;
    zh_err_set(err, rc,
               code == ENOENT                     ? "file.missing"
               : code == ENOSPC || code == EDQUOT ? "file.full"
                                                  : "file.io",
               "%s失败：%s", what, cause(code));
    zh_err_where(err, "%s", path);
    if (code == ENOSPC || code == EDQUOT) {
        zh_err_fix(err, "腾出这个磁盘的空间后再做一次");
    }
    return rc;
}

/* read(2) until size bytes are there or the file ends; -1 with errno. */
static ssize_t read_full(int fd, char *p, size_t size)
{
    size_t n = 0;
    while (n < size) {
        ssize_t got = read(fd, p + n, size - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : (ssize_t)n;
        }
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static zh_rc too_large(zh_err *err, const char *path, size_t max)
{
    zh_err_set(err, ZH_ELIMIT, "file.size", "文件超过 %zu 字节的上限", max);
    zh_err_where(err, "%s", path);
    return ZH_ELIMIT;
}

/* Reads an open file to its end. Its stated size is only a hint: it may grow, or be of /proc. */
static zh_rc read_all(zh_arena *arena, int fd, size_t hint, const char *path, size_t max,
                      zh_str *out, zh_err *err)
{
    size_t capacity = (hint < max ? hint : max) + 1; /* one more, to see that there is no more */
    size_t n = 0;
    char *p = NULL;
    for (;;) {
        char *grown = capacity < SIZE_MAX ? zh_arena_try(arena, capacity + 1) : NULL;
        if (grown == NULL) {
            zh_err_set(err, ZH_ENOMEM, "file.memory", "读取文件超过内存预算");
            zh_err_where(err, "%s", path);
            return ZH_ENOMEM;
        }
        if (n > 0) {
            memcpy(grown, p, n);
        }
        p = grown;
        ssize_t got = read_full(fd, p + n, capacity - n);
        if (got < 0) {
            return failed(err, errno, path, "读取文件");
        }
        n += (size_t)got;
        if (n > max) {
            return too_large(err, path, max);
        }
        if (n < capacity) {
            *out = (zh_str){p, n};
            return ZH_OK;
        }
        capacity = capacity > max / 2 ? max + 1 : capacity * 2;
    }
}

zh_rc zh_file_read(zh_arena *arena, const char *path, size_t max, zh_str *out, zh_err *err)
{
    zh_assert(max < SIZE_MAX);
    struct stat info;
    zh_rc rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failed(err, errno, path, "打开文件");
    }
    if (fstat(fd, &info) != 0) {
        rc = failed(err, errno, path, "读取文件");
    } else if (S_ISDIR(info.st_mode)) {
        rc = failed(err, EISDIR, path, "读取文件");
    } else if (info.st_size > 0 && (uint64_t)info.st_size > max) {
        rc = too_large(err, path, max);
    } else {
        rc = read_all(arena, fd, (size_t)info.st_size, path, max, out, err);
    }
    close(fd);
    return rc;
}

static bool write_full(int fd, zh_str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes = n > 0 ? zh_str_sub(bytes, (size_t)n, bytes.n) : bytes;
    }
    return true;
}

/* Writes and fsyncs a new file; false with errno. */
static bool write_new(const char *path, zh_str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_FILE);
    if (fd < 0) {
        return false;
    }
    bool done = write_full(fd, bytes) && fsync(fd) == 0;
    int code = errno;
    if (close(fd) != 0 && done) {
        done = false;
        code = errno;
    }
    errno = code;
    return done;
}

/* Makes a rename in the directory of path durable. */
static bool sync_directory(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (n >= sizeof directory) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(directory, n ? path : ".", n ? n : 1);
    directory[n ? n : 1] = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool done = fsync(fd) == 0;
    int code = errno;
    close(fd);
    errno = code;
    return done;
}

zh_rc zh_file_replace(const char *path, zh_str bytes, zh_err *err)
{
    char name[PATH_MAX];
    unsigned char tag[TAG_BYTES];
    char hex[2 * TAG_BYTES + 1];
    zh_random(tag, sizeof tag);
    zh_hex(tag, sizeof tag, hex);
    int n = snprintf(name, sizeof name, "%s.%s.tmp", path, hex);
    if (n < 0 || (size_t)n >= sizeof name) {
        return failed(err, ENAMETOOLONG, path, "写入文件");
    }
    if (!write_new(name, bytes) || rename(name, path) != 0) {
        int code = errno;
        unlink(name);
        return failed(err, code, path, "写入文件");
    }
    return sync_directory(path) ? ZH_OK : failed(err, errno, path, "写入目录");
}

zh_rc zh_dir_make(const char *path, zh_err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) {
        return failed(err, n ? ENAMETOOLONG : ENOENT, path, "建立目录");
    }
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0') {
            continue;
        }
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, MODE_DIRECTORY) != 0 && errno != EEXIST) {
            return failed(err, errno, path, "建立目录");
        }
        part[i] = kept;
    }
    return zh_path_is_dir(path) ? ZH_OK : failed(err, ENOTDIR, path, "建立目录");
}

static int by_bytes(const void *a, const void *b)
{
    const zh_str *x = a;
    const zh_str *y = b;
    return zh_str_cmp(*x, *y);
}

zh_rc zh_dir_list(zh_arena *arena, const char *path, zh_str **names, size_t *n, zh_err *err)
{
    ZH_VEC(zh_str) list = {0};
    zh_rc rc = ZH_OK;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return failed(err, errno, path, "列出目录");
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            rc = errno ? failed(err, errno, path, "列出目录") : ZH_OK;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (list.n == ZH_DIR_ENTRIES_MAX) {
            rc = zh_err_set(err, ZH_ELIMIT, "dir.entries", "目录中的文件超过 %d 个",
                            ZH_DIR_ENTRIES_MAX);
            zh_err_where(err, "%s", path);
            break;
        }
        zh_vec_push(arena, &list, zh_str_dup(arena, zh_str_of(entry->d_name)));
    }
    closedir(directory);
    if (rc == ZH_OK) {
        if (list.n > 0) {
            zh_sort(list.p, list.n, sizeof *list.p, by_bytes);
        }
        *names = list.p;
        *n = list.n;
    }
    return rc;
}

bool zh_path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool zh_path_is_dir(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

void zh_memory_trim(void)
{
    (void)malloc_trim(0);
}

void zh_random(void *out, size_t n)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        zh_assert(got > 0 || (got < 0 && errno == EINTR));
        p += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
}

void zh_hex(const void *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    char letter = (char)(c | 32);
    return c >= '0' && c <= '9' ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool zh_unhex(zh_str hex, void *out, size_t n)
{
    unsigned char *p = out;
    if (hex.n != 2 * n || n > SIZE_MAX / 2) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(hex.p[2 * i]);
        int low = hex_value(hex.p[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        p[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
