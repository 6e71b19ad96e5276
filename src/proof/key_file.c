/* Key files. A secret that others can read is no secret, so loading refuses it; a key that was
 * overwritten cannot be had back, so saving never replaces a file. */
#include "proof/key_file.h"
#include "proof/key.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

static zh_rc file_failed(const char *path, const char *what, int code, zh_err *err)
{
    const char *name = strerrorname_np(code);
    zh_rc rc = code == ENOENT ? ZH_ENOTFOUND : ZH_EIO;
    zh_err_set(err, rc, code == ENOENT ? "file.missing" : "file.io", "%s失败：%s", what,
               code == ENOENT ? "不存在" : (name ? name : "系统错误"));
    zh_err_where(err, "%s", path);
    return rc;
}

static zh_rc check_mode(int fd, const char *path, zh_err *err)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return file_failed(path, "读取密钥文件", errno, err);
    }
    if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid() || (stat.st_mode & 077) != 0) {
        zh_err_set(err, ZH_EDENIED, "key.file.mode",
                   "密钥文件不安全：应是运行用户自己的普通文件，且只有其本人可读写(现为 %04o)",
                   (unsigned)(stat.st_mode & 07777));
        zh_err_where(err, "%s", path);
        zh_err_fix(err, "如未曾泄露:chown 给运行用户并 chmod 600；如他人可能读过：更换密钥");
        return ZH_EDENIED;
    }
    return ZH_OK;
}

zh_rc zh_key_file_read(const char *path, char text[ZH_KEY_FILE_BYTES_MAX], size_t *n, zh_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *n = 0;
    if (fd < 0) {
        return file_failed(path, "打开密钥文件", errno, err);
    }
    zh_rc rc = check_mode(fd, path, err);
    ssize_t got = 0;
    if (rc == ZH_OK) {
        got = read(fd, text,
                   ZH_KEY_FILE_BYTES_MAX); /* a regular file this short comes in one piece */
        rc = got < 0 ? file_failed(path, "读取密钥文件", errno, err) : ZH_OK;
    }
    (void)close(fd);
    if (rc == ZH_OK) {
        *n = (size_t)got;
        *n -= *n > 0 && text[*n - 1] == '\n';
    }
    return rc;
}

zh_rc zh_signer_load(const char *path, zh_signer *out, zh_err *err)
{
    char text[ZH_KEY_FILE_BYTES_MAX];
    size_t n = 0;
    zh_rc rc = zh_key_file_read(path, text, &n, err);
    if (rc == ZH_OK) {
        rc = zh_signer_parse((zh_str){text, n}, out, err);
        zh_err_where(err, "%s", path);
    }
    explicit_bzero(text, sizeof(text));
    return rc;
}

/* Makes the new name itself durable. */
static zh_rc sync_directory(const char *path, zh_err *err)
{
    char directory[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int n = slash ? snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + 1, path)
                  : snprintf(directory, sizeof(directory), ".");
    int fd = n > 0 && (size_t)n < sizeof(directory)
                 ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : -1;
    if (fd < 0 || fsync(fd) != 0) {
        int code = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return file_failed(path, "写密钥文件所在目录", code, err);
    }
    (void)close(fd);
    return ZH_OK;
}

zh_rc zh_key_file_write(const char *path, zh_str text, zh_err *err)
{
    char line[ZH_KEY_FILE_BYTES_MAX];
    zh_assert(text.n < sizeof(line));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST) {
        zh_err_set(err, ZH_ECONFLICT, "key.file.exists", "密钥文件已存在，不会覆盖");
        zh_err_where(err, "%s", path);
        zh_err_fix(err, "换一个文件名；确要停用旧密钥，先把它移走保存");
        return ZH_ECONFLICT;
    }
    if (fd < 0) {
        return file_failed(path, "新建密钥文件", errno, err);
    }
    memcpy(line, text.p, text.n);
    line[text.n] = '\n';
    bool good = write(fd, line, text.n + 1) == (ssize_t)text.n + 1 && fsync(fd) == 0;
    int code = errno;
    explicit_bzero(line, sizeof(line));
    good = close(fd) == 0 && good;
    if (!good) {
        (void)unlink(path); /* a piece of a key is none */
        return file_failed(path, "写密钥文件", code, err);
    }
    return sync_directory(path, err);
}

zh_rc zh_signer_save(const char *path, const zh_signer *signer, zh_err *err)
{
    zh_buf text;
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX + 2);
    zh_signer_write(signer, &text);
    zh_assert(!text.failed);
    zh_rc rc = zh_key_file_write(path, zh_buf_view(&text), err);
    explicit_bzero(text.p, text.n);
    zh_buf_free(&text);
    return rc;
}
