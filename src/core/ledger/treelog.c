/* A log as a directory: appending, publishing, recovering. See treelog.h. */
#include "core/ledger/treelog.h"
#include "base/log.h"
#include "base/os.h"
#include "base/time.h"
#include "core/ledger/treelog_private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_BYTES = 96 << 20, PATH_BYTES = 512 };

static zh_rc io(const char *path, const char *what, zh_err *err)
{
    int code = errno;
    zh_err_set(err, ZH_EIO, code == ENOSPC ? "ledger.full" : "ledger.io", "%s失败：%s", what,
               code == ENOSPC  ? "磁盘已满"
               : code == EFBIG ? "超过文件大小限额"
                               : strerrorname_np(code));
    zh_err_where(err, "%s", path);
    if (code == ENOSPC) {
        zh_err_fix(err, "腾出日志目录所在磁盘的空间，服务自己接着封入；已登记的都在发件箱里");
    }
    return ZH_EIO;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

static const char *tile_path(const zh_treelog *log, const zh_tile *tile, char out[PATH_BYTES])
{
    char name[ZH_TILE_PATH_BYTES];
    (void)zh_tile_path(tile, name);
    int n = snprintf(out, PATH_BYTES, "%s/%s", log->pub, name);
    zh_assert(n > 0 && n < PATH_BYTES);
    return out;
}

/* Without sync, see treelog.h; folders are made when they are missing. */
static zh_rc put_tile(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    const zh_treelog *log = context;
    char path[PATH_BYTES];
    zh_err tried = {0};
    zh_rc rc = zh_treelog_write(tile_path(log, tile, path), bytes, false, &tried);
    if (rc != ZH_OK && errno == ENOENT) {
        char folder[PATH_BYTES];
        memcpy(folder, path, sizeof folder);
        *strrchr(folder, '/') = '\0';
        zh_err_again(&tried);
        rc = zh_dir_make(folder, &tried);
        rc = rc == ZH_OK ? zh_treelog_write(path, bytes, false, &tried) : rc;
    }
    if (rc != ZH_OK) {
        *err = tried;
    }
    return rc;
}

/* After a crash what is there may be missing, short or empty: it is written anew. */
static zh_rc mend_tile(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    const zh_treelog *log = context;
    char path[PATH_BYTES];
    zh_str there = ZH_STR_NONE;
    zh_err ignored = {0};
    zh_arena_mark mark = zh_arena_here(log->arena);
    tile_path(log, tile, path);
    bool same = zh_path_exists(path) &&
                zh_file_read(log->arena, path, ZH_BUNDLE_BYTES_MAX, &there, &ignored) == ZH_OK &&
                zh_str_eq(there, bytes);
    if (!same && there.n > 0) {
        zh_log(ZH_WARN, "ledger.tile", "按预写文件重写日志的分块 %s", path);
    }
    zh_arena_rewind(log->arena, mark);
    return same ? ZH_OK : put_tile(context, tile, bytes, err);
}

static zh_rc skip_tile(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    (void)context;
    (void)tile;
    (void)bytes;
    (void)err;
    return ZH_OK;
}

static zh_rc add_entries(zh_treelog *log, const zh_wal_batch *batch, const zh_tile_sink *sink,
                         zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < batch->n && rc == ZH_OK; i++) {
        const uint8_t *entry = batch->entries + i * ZH_RECORD_ENTRY_BYTES;
        rc = zh_tile_front_add(&log->front, (zh_str){(const char *)entry, ZH_RECORD_ENTRY_BYTES},
                               sink, err);
    }
    return rc;
}

/* ---- opening --------------------------------------------------------------------------------- */

typedef struct replay {
    zh_treelog *log;
    zh_tile_sink sink;
    uint64_t signed_size; /* of the newest checkpoint */
    zh_digest root;       /* of the tree at that size, once it is passed */
    bool passed;
    zh_wal_each each;
    void *user;
} replay;

static void look_at_size(replay *r)
{
    if (!r->passed && r->log->front.edge.size == r->signed_size) {
        zh_tile_front_root(&r->log->front, &r->root);
        r->passed = true;
    }
}

/* The front stands at the WAL's base once the first record comes. */
static zh_rc load_front(replay *r, zh_err *err)
{
    zh_treelog *log = r->log;
    zh_tile_store store = zh_tile_directory(log->pub);
    zh_rc rc = zh_tile_front_load(&log->front, &store, log->wal.base, err);
    look_at_size(r);
    return rc;
}

static zh_rc replay_batch(void *user, const zh_wal_batch *batch, zh_err *err)
{
    replay *r = user;
    zh_treelog *log = r->log;
    zh_rc rc = ZH_OK;
    if (batch->pos == log->wal.base) {
        rc = load_front(r, err);
    }
    for (size_t i = 0; i < batch->n && rc == ZH_OK; i++) {
        zh_wal_batch one = *batch;
        one.entries += i * ZH_RECORD_ENTRY_BYTES;
        one.n = 1;
        rc = add_entries(log, &one, &r->sink, err);
        look_at_size(r);
    }
    return rc == ZH_OK && r->each != NULL ? r->each(r->user, batch, err) : rc;
}

static zh_rc incident(const zh_treelog *log, const char *rule, const char *fix, zh_err *err,
                      zh_str message)
{
    zh_err_set(err, ZH_ECORRUPT, rule, "%.*s", ZH_FMT(message));
    zh_err_where(err, "%s", log->dir);
    zh_err_fix(err, "%s", fix);
    return ZH_ECORRUPT;
}

static const char ROLLBACK_FIX[] =
    "不要继续写入：先保全现场，找出是谁把哪一边换成了旧的，把数据库和日志目录从同一时刻的备份恢复；"
    "丢失的部分确实找不回来时，用 zhiheng ledger adopt 另起一个纪元（日志改名，外人看得见）";

/* The newest checkpoint: signed by this log and not older than what was signed last. */
static zh_rc read_signed(zh_treelog *log, zh_checkpoint *out, zh_err *err)
{
    zh_treelog_view view;
    zh_opened opened;
    zh_str last = ZH_STR_NONE;
    uint64_t bytes = 0;
    zh_note note;
    zh_checkpoint before = {.size = 0};
    *out = (zh_checkpoint){.size = 0};
    zh_rc rc = zh_treelog_view_open(log->arena, log->dir, &view, err);
    if (rc == ZH_OK) {
        rc = zh_treelog_last_note(log->arena, log->dir, &last, &bytes, err);
    }
    if (rc == ZH_OK && last.p != NULL) {
        rc = zh_note_parse(last, &note, err);
        rc = rc == ZH_OK ? zh_checkpoint_parse(note.text, &before, err) : rc;
    }
    if (rc == ZH_OK && view.note.p != NULL) {
        view.policy->quorum = 0;
        rc = zh_policy_open(view.policy, view.note, &opened, err);
        if (rc == ZH_OK && !zh_str_is(opened.checkpoint.origin, log->identity.origin)) {
            rc = zh_err_set(err, ZH_ECORRUPT, "ledger.rollback", "检查点是“%.*s”的，不是这个日志的",
                            ZH_FMT(opened.checkpoint.origin));
        }
        if (rc == ZH_OK) {
            *out = opened.checkpoint;
        }
    }
    if (rc == ZH_OK && before.size > out->size) {
        rc = incident(log, "ledger.rollback", ROLLBACK_FIX, err,
                      zh_str_fmt(log->arena,
                                 "检查点只到 %" PRIu64 " 条，而此前签过 %" PRIu64
                                 " 条的检查点：它被换成了旧的",
                                 out->size, before.size));
    }
    return rc;
}

/* Cuts a torn note off the checkpoints ever signed, and adds the newest when a crash kept it out.
 */
static zh_rc mend_history(zh_treelog *log, zh_err *err)
{
    zh_str last = ZH_STR_NONE;
    zh_str newest = ZH_STR_NONE;
    uint64_t bytes = 0;
    const char *path = zh_treelog_path(log->arena, log->pub, "checkpoints");
    zh_rc rc = zh_treelog_last_note(log->arena, log->dir, &last, &bytes, err);
    if (rc == ZH_OK && zh_path_exists(path) && truncate(path, (off_t)bytes) != 0) {
        rc = io(path, "截去残尾", err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_text(log->arena, log->dir, "pub/checkpoint", &newest, err);
    }
    if (rc == ZH_OK && !zh_str_eq(last, newest)) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        rc = fd >= 0 && write(fd, newest.p, newest.n) == (ssize_t)newest.n
                 ? ZH_OK
                 : io(path, "记检查点", err);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc prove_signed(zh_treelog *log, const replay *r, const zh_checkpoint *signed_one,
                          zh_err *err)
{
    if (signed_one->size > log->front.edge.size || (signed_one->size < log->wal.base)) {
        return incident(log, "ledger.rollback", ROLLBACK_FIX, err,
                        zh_str_fmt(log->arena,
                                   "最后签名的检查点是 %" PRIu64 " 条，日志里能重建的是 %" PRIu64
                                   " 条：日志目录被换成了旧的，或者丢了一段",
                                   signed_one->size, log->front.edge.size));
    }
    zh_assert(r->passed);
    if (signed_one->size > 0 && !zh_digest_eq(&r->root, &signed_one->root)) {
        return incident(log, "ledger.root", ROLLBACK_FIX, err,
                        zh_str_fmt(log->arena,
                                   "按日志里的 %" PRIu64
                                   " 条重算的根，与最后签名的检查点不同：日志被改过",
                                   signed_one->size));
    }
    return ZH_OK;
}

static zh_rc refuse_copy(const zh_treelog *log, zh_err *err)
{
    return incident(log, "ledger.copied",
                    "这里是原件且已不在别处运行，就用 zhiheng ledger adopt 认领；只想查看就用只读的"
                    "命令",
                    err, ZH_STR("日志目录是复制或恢复出来的：两处都接着签名，同一个日志就会分叉"));
}

static zh_rc check_identity(zh_treelog *log, zh_err *err)
{
    zh_rc rc = zh_treelog_identify(log->dir, &log->identity, err);
    return rc == ZH_OK && log->identity.copied ? refuse_copy(log, err) : rc;
}

zh_rc zh_treelog_original(const char *dir, zh_err *err)
{
    zh_treelog log = {.dir = dir};
    zh_err ignored = {0};
    zh_rc rc = zh_treelog_identify(dir, &log.identity, &ignored);
    return rc == ZH_OK && log.identity.copied ? refuse_copy(&log, err) : ZH_OK;
}

zh_rc zh_treelog_open(zh_treelog *log, const char *dir, bool relaxed, zh_wal_each each, void *user,
                      zh_err *err)
{
    zh_checkpoint newest;
    uint64_t torn = 0;
    *log = (zh_treelog){.arena = zh_arena_new(LOG_BYTES), .relaxed = relaxed, .wal.fd = -1};
    log->dir = zh_str_c(log->arena, zh_str_of(dir));
    log->pub = zh_treelog_path(log->arena, dir, "pub");
    log->wal_path = zh_treelog_path(log->arena, dir, "wal");
    zh_rc rc = check_identity(log, err);
    zh_tile_front_init(&log->front,
                       log->identity.alg == ZH_HASH_SM3 ? ZH_HASH_SM3 : ZH_HASH_SHA256);
    if (rc == ZH_OK) {
        rc = zh_treelog_signers(dir, &log->identity, log->signers, &log->nsigners, err);
    }
    if (rc == ZH_OK) {
        rc = read_signed(log, &newest, err);
    }
    replay r = {.log = log,
                .sink = {mend_tile, log},
                .signed_size = rc == ZH_OK ? newest.size : 0,
                .each = each,
                .user = user};
    if (rc == ZH_OK) {
        rc = zh_wal_open(&log->wal, log->wal_path, relaxed, replay_batch, &r, &torn, err);
    }
    if (rc == ZH_OK && log->wal.end == log->wal.base) {
        rc = load_front(&r, err);
    }
    if (rc == ZH_OK) {
        rc = prove_signed(log, &r, &newest, err);
    }
    if (rc == ZH_OK) {
        /* The partial tiles of the newest checkpoint had no sync of their own either. */
        rc = zh_tile_front_flush(&log->front, &r.sink, err);
    }
    if (rc == ZH_OK && torn > 0) {
        zh_log(ZH_WARN, "ledger.torn", "预写文件末尾有 %" PRIu64 " 字节没有写完，已截去", torn);
    }
    if (rc == ZH_OK) {
        log->published = newest.size;
        rc = mend_history(log, err);
    }
    return rc;
}

void zh_treelog_close(zh_treelog *log)
{
    if (log->arena == NULL) {
        return;
    }
    zh_wal_close(&log->wal);
    zh_tile_front_free(&log->front);
    for (size_t i = 0; i < ZH_TREELOG_SIGNERS_MAX; i++) {
        zh_signer_wipe(&log->signers[i]);
    }
    zh_arena_free(log->arena);
    *log = (zh_treelog){.wal.fd = -1};
}

static zh_rc take_over(void *user, const zh_wal_batch *batch, zh_err *err)
{
    static const zh_tile_sink nowhere = {skip_tile, NULL}; /* the other process wrote them */
    return add_entries(user, batch, &nowhere, err);
}

zh_rc zh_treelog_refresh(zh_treelog *log, zh_err *err)
{
    zh_str text = ZH_STR_NONE;
    zh_note note;
    zh_checkpoint newest = {.size = 0};
    uint64_t before = log->front.edge.size;
    zh_rc rc = zh_wal_more(&log->wal, take_over, log, err);
    if (rc != ZH_OK || log->front.edge.size == before) {
        return rc;
    }
    zh_arena_mark mark = zh_arena_here(log->arena);
    rc = zh_treelog_text(log->arena, log->dir, "pub/checkpoint", &text, err);
    if (rc == ZH_OK) {
        rc = zh_note_parse(text, &note, err);
        rc = rc == ZH_OK ? zh_checkpoint_parse(note.text, &newest, err) : rc;
    }
    zh_arena_rewind(log->arena, mark);
    log->published = rc == ZH_OK ? newest.size : log->published;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- appending ------------------------------------------------------------------------------- */

zh_rc zh_treelog_append(zh_treelog *log, const zh_wal_batch *batches, size_t n, zh_err *err)
{
    zh_assert(log->front.edge.size == log->wal.end);
    zh_rc rc = zh_wal_append(&log->wal, batches, n, err);
    if (rc == ZH_OK) {
        zh_treelog_at(ZH_STEP_WAL);
    }
    return rc;
}

zh_rc zh_treelog_fold(zh_treelog *log, const zh_wal_batch *batches, size_t n, zh_err *err)
{
    zh_tile_sink sink = {put_tile, log};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = add_entries(log, &batches[i], &sink, err);
    }
    zh_treelog_at(ZH_STEP_FOLDED);
    return rc;
}

static void remove_folder(const char *path)
{
    char name[PATH_BYTES];
    DIR *dir = opendir(path);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        int n = snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (n > 0 && n < (int)sizeof name && e->d_name[0] != '.') {
            (void)unlink(name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
        (void)rmdir(path);
    }
}

/* Partial tiles whose full one is on the disk now. */
static void sweep_partial(const zh_treelog *log, uint64_t from)
{
    zh_tile_growth growth;
    zh_tile tile;
    char path[PATH_BYTES];
    zh_tile_growth_begin(&growth, from, log->front.edge.size);
    while (zh_tile_growth_next(&growth, &tile)) {
        if (tile.width == ZH_TILE_WIDTH) {
            size_t n = strlen(tile_path(log, &tile, path));
            if (n + 3 < sizeof path) {
                memcpy(path + n, ".p", 3);
                remove_folder(path);
            }
        }
    }
}

/* Everything up to now stands in synced tiles: the WAL begins anew. */
static zh_rc rotate(zh_treelog *log, zh_err *err)
{
    uint64_t from = log->wal.base;
    uint64_t torn = 0;
    int folder = log->relaxed ? -1 : open(log->pub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!log->relaxed) {
        bool good = folder >= 0 && syncfs(folder) == 0;
        zh_rc rc = good ? ZH_OK : io(log->pub, "把日志分块写到盘上", err);
        if (folder >= 0) {
            (void)close(folder);
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    zh_treelog_at(ZH_STEP_SYNCED);
    zh_rc rc = zh_wal_create(log->wal_path, log->front.edge.size, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_treelog_at(ZH_STEP_ROTATED);
    zh_wal_close(&log->wal);
    rc = zh_wal_open(&log->wal, log->wal_path, log->relaxed, take_over, log, &torn, err);
    sweep_partial(log, from);
    zh_treelog_at(ZH_STEP_SWEPT);
    return rc;
}

static zh_rc sign(zh_treelog *log, zh_err *err)
{
    zh_checkpoint checkpoint = {.origin = zh_str_of(log->identity.origin),
                                .size = log->front.edge.size};
    zh_buf note;
    zh_tile_front_root(&log->front, &checkpoint.root);
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    zh_checkpoint_sign(&checkpoint, log->signers, log->nsigners, (uint64_t)(zh_now() / 1000000),
                       &note);
    zh_arena_mark mark = zh_arena_here(log->arena);
    zh_rc rc = zh_treelog_write(zh_treelog_path(log->arena, log->pub, "checkpoint"),
                                zh_buf_view(&note), !log->relaxed, err);
    zh_treelog_at(ZH_STEP_CHECKPOINT);
    if (rc == ZH_OK) {
        const char *path = zh_treelog_path(log->arena, log->pub, "checkpoints");
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        /* Synced: what somebody may have been told is still among those signed after a power cut.
         */
        bool good = fd >= 0 && write(fd, note.p, note.n) == (ssize_t)note.n &&
                    (log->relaxed || fdatasync(fd) == 0);
        rc = good ? ZH_OK : io(path, "记检查点", err);
        if (fd >= 0) {
            (void)close(fd);
        }
        zh_treelog_at(ZH_STEP_HISTORY);
    }
    zh_arena_rewind(log->arena, mark);
    zh_buf_free(&note);
    return rc;
}

zh_rc zh_treelog_publish(zh_treelog *log, zh_err *err)
{
    zh_tile_sink sink = {put_tile, log};
    if (log->published == log->front.edge.size) {
        return ZH_OK;
    }
    zh_rc rc = zh_tile_front_flush(&log->front, &sink, err);
    zh_treelog_at(ZH_STEP_PARTIAL);
    if (rc == ZH_OK) {
        rc = sign(log, err);
    }
    if (rc == ZH_OK) {
        log->published = log->front.edge.size;
        rc = log->wal.bytes > zh_treelog_rotate_at ? rotate(log, err) : ZH_OK;
    }
    return rc;
}
