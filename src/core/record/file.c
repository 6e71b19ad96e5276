/* Files by digest, outside the rows: files/ab/cd/<hex>, SHA-256, written once.
 *
 * A file is copied beside its place, synced, and renamed into it inside the transaction that notes
 * it; the sweep that removes an erased file holds the writer too, so the two never cross. */
#include "base/log.h"
#include "base/os.h"
#include "core/record/write_private.h"
#include "proof/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 256 << 10, NAME_BYTES_MAX = 255, HEX = 2 * ZH_DIGEST_BYTES };

static const char PREFIX[] = "sha256:";

static zh_rc no_folder(zh_err *err)
{
    return zh_err_set(err, ZH_EINVAL, "file.folder", "没有数据目录，不能保存文件");
}

static zh_rc io_failed(zh_err *err, const char *what, const char *path)
{
    int code = errno;
    zh_err_set(err, code == ENOENT ? ZH_ENOTFOUND : ZH_EIO, "file.io", "%s失败：%s", what,
               strerrorname_np(code));
    zh_err_where(err, "%s", path);
    return code == ENOENT ? ZH_ENOTFOUND : ZH_EIO;
}

static zh_rc write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno != EINTR) {
            return ZH_EIO;
        }
        bytes += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return ZH_OK;
}

/* Copies what `in` holds to `out`, hashing it. */
static zh_rc copy(zh_arena *arena, int in, int out, zh_digest *digest, uint64_t *bytes)
{
    char *buffer = zh_arena_alloc(arena, COPY_BYTES);
    zh_hash hash;
    zh_rc rc = ZH_OK;
    ssize_t got = 1;
    *bytes = 0;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    while (rc == ZH_OK && got > 0) {
        got = read(in, buffer, COPY_BYTES);
        if (got < 0) {
            rc = errno == EINTR ? ZH_OK : ZH_EIO;
            got = rc == ZH_OK ? 1 : got;
            continue;
        }
        *bytes += (uint64_t)got;
        zh_hash_add(&hash, buffer, (size_t)got);
        rc = *bytes > ZH_FILE_BYTES_MAX ? ZH_ELIMIT : write_all(out, buffer, (size_t)got);
    }
    zh_hash_end(&hash, digest);
    zh_hash_release(&hash);
    return rc == ZH_OK && fsync(out) != 0 ? ZH_EIO : rc;
}

typedef struct placing {
    zh_ctx *ctx;
    zh_str digest, name;
    const char *temporary, *path, *folder;
    uint64_t bytes;
} placing;

static zh_rc place(void *user, zh_conn *conn, zh_err *err)
{
    const placing *f = user;
    zh_sql_value row[] = {ZH_SQL_INT(f->ctx->office), ZH_SQL_STR(f->digest), ZH_SQL_STR(f->name),
                          ZH_SQL_INT((int64_t)f->bytes), ZH_SQL_INT(zh_now())};
    zh_rc rc = zh_run(conn,
                      "INSERT INTO zh_file (office, digest, name, bytes, at) VALUES "
                      "(?, ?, ?, ?, ?) ON CONFLICT (office, digest) DO UPDATE SET erased_at = NULL",
                      row, 5, NULL, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_path_exists(f->path)) {
        return ZH_OK; /* the same content; the copy is removed by the caller */
    }
    if (rename(f->temporary, f->path) != 0) {
        return io_failed(err, "保存文件", f->path);
    }
    int fd = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return synced ? ZH_OK : io_failed(err, "同步文件夹", f->folder);
}

static zh_str digest_text(zh_arena *arena, const zh_digest *digest)
{
    char hex[HEX + 1];
    zh_digest_hex(digest, hex);
    return zh_str_fmt(arena, "%s%s", PREFIX, hex);
}

static const char *folder_of(zh_ctx *ctx, zh_str digest)
{
    const char *hex = digest.p + sizeof PREFIX - 1;
    return zh_str_fmt(ctx->arena, "%s/files/%.2s/%.2s", zh_core_data_dir(ctx->core), hex, hex + 2)
        .p;
}

static zh_rc copy_in(zh_ctx *ctx, const char *from, const char *temporary, zh_digest *digest,
                     uint64_t *bytes)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return io_failed(ctx->err, "打开文件", from);
    }
    int out = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    zh_rc rc = out < 0 ? ZH_EIO : copy(ctx->arena, in, out, digest, bytes);
    if (rc == ZH_ELIMIT) {
        zh_err_set(ctx->err, rc, "file.bytes", "文件超过 %llu 字节",
                   (unsigned long long)ZH_FILE_BYTES_MAX);
        zh_err_where(ctx->err, "%s", from);
    } else if (rc != ZH_OK) {
        io_failed(ctx->err, "复制文件", temporary);
    }
    close(in);
    if (out >= 0) {
        close(out);
    }
    return rc;
}

zh_rc zh_file_store(zh_ctx *ctx, const char *path, zh_str name, zh_str *digest)
{
    return zh_file_store_in(ctx, NULL, path, name, digest);
}

zh_rc zh_file_store_in(zh_ctx *ctx, zh_conn *writer, const char *path, zh_str name, zh_str *digest)
{
    if (zh_core_data_dir(ctx->core) == NULL) {
        return no_folder(ctx->err);
    }
    uint8_t random[8];
    char hex[17];
    zh_random(random, sizeof random);
    zh_hex(random, sizeof random, hex);
    placing f = {.ctx = ctx, .name = zh_str_sub(name, 0, NAME_BYTES_MAX)};
    f.temporary = zh_str_fmt(ctx->arena, "%s/files/new-%s", zh_core_data_dir(ctx->core), hex).p;
    zh_digest found;
    zh_rc rc = copy_in(ctx, path, f.temporary, &found, &f.bytes);
    if (rc == ZH_OK) {
        f.digest = digest_text(ctx->arena, &found);
        f.folder = folder_of(ctx, f.digest);
        f.path = zh_str_fmt(ctx->arena, "%s/%s", f.folder, f.digest.p + sizeof PREFIX - 1).p;
        rc = zh_dir_make(f.folder, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = writer != NULL ? place(&f, writer, ctx->err)
                            : zh_core_write(ctx->core, place, &f, ctx->err);
    }
    (void)unlink(f.temporary); /* gone already when it was renamed */
    *digest = f.digest;
    return rc;
}

static bool well_formed(zh_str digest)
{
    zh_digest parsed;
    return zh_str_starts(digest, zh_str_of(PREFIX)) &&
           zh_digest_parse(zh_str_sub(digest, sizeof PREFIX - 1, digest.n), &parsed) == ZH_OK;
}

zh_rc zh_file_path(zh_ctx *ctx, zh_str digest, zh_str *path)
{
    if (zh_core_data_dir(ctx->core) == NULL) {
        return no_folder(ctx->err);
    }
    const char *full = NULL;
    if (well_formed(digest)) {
        full = zh_str_fmt(ctx->arena, "%s/%.*s", folder_of(ctx, digest),
                          ZH_FMT(zh_str_sub(digest, sizeof PREFIX - 1, digest.n)))
                   .p;
    }
    if (full == NULL || !zh_path_exists(full)) {
        zh_err_set(ctx->err, ZH_ENOTFOUND, "file.unknown", "没有摘要为“%.*s”的文件",
                   ZH_FMT(zh_str_sub(digest, 0, 80)));
        return ZH_ENOTFOUND;
    }
    *path = zh_str_of(full);
    return ZH_OK;
}

/* ---- after an erasure ----------------------------------------------------------------------- */

typedef struct sweep {
    zh_ctx *ctx;
    bool more;
} sweep;

static zh_rc sweep_one(void *user, zh_conn *conn, zh_err *err)
{
    sweep *s = user;
    zh_stmt *stmt = NULL;
    zh_str digest = ZH_STR_NONE;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT digest FROM zh_file WHERE erased_at IS NOT NULL ORDER BY "
                               "erased_at LIMIT 1"),
                        NULL, 0, &stmt, err);
    if (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        digest = zh_str_dup(s->ctx->arena, zh_col_str(stmt, 0));
    }
    zh_finish(stmt);
    s->more = rc == ZH_OK;
    if (rc != ZH_OK) {
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_sql_value key = ZH_SQL_STR(digest);
    int64_t living = 0;
    rc = zh_query_i64(conn, "SELECT COUNT(*) FROM zh_file WHERE digest = ? AND erased_at IS NULL",
                      &key, 1, &living, err);
    if (rc == ZH_OK) {
        rc = zh_run(conn, "DELETE FROM zh_file WHERE digest = ? AND erased_at IS NOT NULL", &key, 1,
                    NULL, err);
    }
    zh_str path;
    zh_ctx quiet = *s->ctx;
    quiet.err = NULL;
    if (rc == ZH_OK && living == 0 && zh_file_path(&quiet, digest, &path) == ZH_OK &&
        unlink(path.p) != 0 && errno != ENOENT) {
        rc = io_failed(err, "删除文件", path.p);
    }
    return rc;
}

void zh_file_sweep(zh_core *core)
{
    zh_err err = {0};
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    zh_conn *conn = NULL;
    int64_t one = 0;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, &err);
    if (rc == ZH_OK) { /* nothing to do is the rule: do not take the writer for it */
        rc = zh_query_i64(conn, "SELECT 1 FROM zh_file WHERE erased_at IS NOT NULL LIMIT 1", NULL,
                          0, &one, &err);
    }
    zh_store_release(conn);
    if (rc == ZH_OK) {
        zh_ctx ctx = zh_ctx_local(core, arena, NULL);
        sweep s = {&ctx, true};
        while (s.more && rc == ZH_OK) {
            zh_arena_mark mark = zh_arena_here(arena);
            rc = zh_core_write(core, sweep_one, &s, &err);
            zh_arena_rewind(arena, mark);
        }
        zh_ctx_end(&ctx);
    }
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        zh_log_err(ZH_WARN, "file.sweep", &err);
    }
    zh_arena_free(arena);
}
