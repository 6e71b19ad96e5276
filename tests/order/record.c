/* Records every write, sync and change of name that a program makes below one folder, in the order
 * in which the kernel did them: LD_PRELOAD=record.so ORDER_ROOT=/folder/ ORDER_TRACE=file program …
 *
 * One event: u8 kind, u32 id of the file, i64 offset (new size for 't'), u32 n, n bytes. Kinds:
 *   'n' a file was made or opened for writing (bytes: its name below the folder), 'x' the same,
 * made anew 'w' bytes at an offset, 't' truncated, 's' synced (file or directory) 'r' renamed
 * (bytes: old name, zero, new name), 'u' removed (bytes: its name) A mutex is held over the call
 * and its event, so the trace has the order of the calls. Mappings are not seen: SQLite's only one
 * is the index of its WAL, which it makes anew after a crash. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t file_of[FILES]; /* by descriptor; 0: not below the folder */
static uint32_t names;
static int trace = -1;

/* What nobody recorded must not pass for a complete trace. */
static void give_up(const char *why)
{
    fprintf(stderr, "record: %s\n", why);
    abort();
}

static void put(char kind, uint32_t id, int64_t at, const void *bytes, size_t n)
{
    unsigned char head[17];
    uint32_t length = (uint32_t)n;
    head[0] = (unsigned char)kind;
    memcpy(head + 1, &id, 4);
    memcpy(head + 5, &at, 8);
    memcpy(head + 13, &length, 4);
    struct iovec parts[] = {{head, sizeof head}, {(void *)(uintptr_t)bytes, n}};
    if (syscall(SYS_writev, trace, parts, 2) != (long)(sizeof head + n)) {
        give_up("short write of the trace");
    }
}

/* The name below the folder, or NULL. */
static const char *below(int dir, const char *path, char *out)
{
    const char *root = getenv("ORDER_ROOT");
    char link[64];
    size_t n = 0;
    if (root == NULL) {
        return NULL;
    }
    if (path[0] != '/') {
        snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
        ssize_t got = readlink(link, out, PATH_MAX);
        if (got < 0 || (size_t)got + strlen(path) + 2 > PATH_MAX) {
            return NULL;
        }
        n = (size_t)got;
        out[n++] = '/';
    }
    snprintf(out + n, PATH_MAX - n, "%s", path);
    size_t length = strlen(root);
    if (trace < 0) {
        trace = (int)syscall(SYS_openat, AT_FDCWD, getenv("ORDER_TRACE"),
                             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    return strncmp(out, root, length) == 0 ? out + length : NULL;
}

static int opened(int dir, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    const char *name = below(dir, path, full);
    pthread_mutex_lock(&lock);
    struct stat before;
    int there = name != NULL && fstatat(dir, path, &before, 0) == 0;
    int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= FILES) {
        give_up("too many descriptors");
    }
    if (fd >= 0) {
        file_of[fd] = 0;
        int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY) != 0;
        struct stat now;
        if (name != NULL && fstat(fd, &now) == 0 && (writes || S_ISDIR(now.st_mode))) {
            file_of[fd] = ++names;
            put(there && (flags & O_TRUNC) == 0 ? 'n' : 'x', file_of[fd], S_ISDIR(now.st_mode),
                name, strlen(name));
        }
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(rest, unsigned) : 0;
}
#define OPEN(NAME, PARAMETERS, DIR)                                                                \
    int NAME PARAMETERS;                                                                           \
    int NAME PARAMETERS                                                                            \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return opened(DIR, path, flags, mode);                                                     \
    }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int dir, const char *path, int flags, ...), dir)
OPEN(openat64, (int dir, const char *path, int flags, ...), dir)

/* What _FORTIFY_SOURCE makes of a call without a mode. */
#define OPEN_2(NAME, PARAMETERS, DIR)                                                              \
    int NAME PARAMETERS;                                                                           \
    int NAME PARAMETERS                                                                            \
    {                                                                                              \
        return opened(DIR, path, flags, 0);                                                        \
    }
OPEN_2(__open_2, (const char *path, int flags), AT_FDCWD)
OPEN_2(__open64_2, (const char *path, int flags), AT_FDCWD)
OPEN_2(__openat_2, (int dir, const char *path, int flags), dir)
OPEN_2(__openat64_2, (int dir, const char *path, int flags), dir)

int close(int fd)
{
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FILES) {
        file_of[fd] = 0;
    }
    int rc = (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&lock);
    return rc;
}

static uint32_t traced(int fd)
{
    return fd >= 0 && fd < FILES ? file_of[fd] : 0;
}

static ssize_t wrote(int fd, const void *bytes, size_t n, int64_t at)
{
    pthread_mutex_lock(&lock);
    int64_t to = at;
    if (at < 0 && traced(fd) != 0) {
        struct stat now;
        int appends = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
        to = appends && fstat(fd, &now) == 0 ? now.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done =
        at < 0 ? syscall(SYS_write, fd, bytes, n) : syscall(SYS_pwrite64, fd, bytes, n, at);
    if (done > 0 && traced(fd) != 0) {
        put('w', file_of[fd], to, bytes, (size_t)done);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return wrote(fd, bytes, n, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return wrote(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return wrote(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    if (traced(fd) != 0) {
        give_up("writev is not recorded");
    }
    return syscall(SYS_writev, fd, parts, n);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    if (traced(fd) != 0) {
        give_up("fallocate is not recorded");
    }
    return (int)syscall(SYS_fallocate, fd, mode, at, n);
}

static int noted(char kind, int fd, int64_t at, long call)
{
    pthread_mutex_lock(&lock);
    int rc = (int)(kind == 't' ? syscall(call, fd, at) : syscall(call, fd));
    if (rc == 0 && traced(fd) != 0) {
        put(kind, file_of[fd], at, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

int ftruncate(int fd, off_t size)
{
    return noted('t', fd, size, SYS_ftruncate);
}

int ftruncate64(int fd, off64_t size)
{
    return noted('t', fd, size, SYS_ftruncate);
}

int fsync(int fd)
{
    return noted('s', fd, 0, SYS_fsync);
}

int fdatasync(int fd)
{
    return noted('s', fd, 0, SYS_fdatasync);
}

static int renamed(int from_dir, const char *from, int to_dir, const char *to)
{
    char one[PATH_MAX];
    char two[PATH_MAX];
    char both[2 * PATH_MAX];
    const char *old = below(from_dir, from, one);
    const char *new = below(to_dir, to, two);
    pthread_mutex_lock(&lock);
    int rc = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
    if (rc == 0 && old != NULL && new != NULL) {
        size_t n = strlen(old) + 1;
        memcpy(both, old, n);
        memcpy(both + n, new, strlen(new));
        put('r', 0, 0, both, n + strlen(new));
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

int rename(const char *from, const char *to)
{
    return renamed(AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return renamed(from_dir, from, to_dir, to);
}

static int removed(int dir, const char *path, int flags)
{
    char full[PATH_MAX];
    const char *name = below(dir, path, full);
    pthread_mutex_lock(&lock);
    int rc = (int)syscall(SYS_unlinkat, dir, path, flags);
    if (rc == 0 && name != NULL) {
        put('u', 0, 0, name, strlen(name));
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

int unlink(const char *path)
{
    return removed(AT_FDCWD, path, 0);
}

int unlinkat(int dir, const char *path, int flags)
{
    return removed(dir, path, flags);
}
