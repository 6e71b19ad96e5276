/* The directory of a log: identity, lock, keys, and the view of a reader. */
#include "base/os.h"
#include "base/time.h"
#include "core/ledger/treelog_private.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DIR_BYTES = 8 << 20, LOCK_WAIT_US = 1000, TAIL_BYTES = 64 << 10 };

void (*zh_treelog_step)(int step);
uint64_t zh_treelog_rotate_at = ZH_TREELOG_ROTATE_BYTES;

void zh_treelog_at(int step)
{
    if (zh_treelog_step != NULL) {
        zh_treelog_step(step);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

const char *zh_treelog_path(zh_arena *arena, const char *dir, const char *name)
{
    return zh_str_fmt(arena, "%s/%s", dir, name).p;
}

zh_rc zh_treelog_text(zh_arena *arena, const char *dir, const char *name, zh_str *out, zh_err *err)
{
    const char *path = zh_treelog_path(arena, dir, name);
    *out = ZH_STR_NONE;
    if (!zh_path_exists(path)) {
        return ZH_ENOTFOUND;
    }
    return zh_file_read(arena, path, ZH_TREELOG_TEXT_BYTES_MAX, out, err);
}

static zh_rc io(const char *path, const char *what, zh_err *err)
{
    int code = errno;
    zh_err_set(err, ZH_EIO, code == ENOSPC ? "ledger.full" : "ledger.io", "%s失败：%s", what,
               code == ENOSPC  ? "磁盘已满"
               : code == EFBIG ? "超过文件大小限额"
                               : strerrorname_np(code));
    zh_err_where(err, "%s", path);
    return ZH_EIO;
}

zh_rc zh_treelog_write(const char *path, zh_str bytes, bool sync, zh_err *err)
{
    char name[512];
    if (sync) {
        return zh_file_replace(path, bytes, err);
    }
    int n = snprintf(name, sizeof name, "%s.tmp", path);
    zh_assert(n > 0 && n < (int)sizeof name);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool good = fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n;
    int code = errno;
    good = (fd < 0 || close(fd) == 0) && good;
    if (!good || rename(name, path) != 0) {
        errno = good ? errno : code;
        zh_rc rc = io(path, "写入日志的文件", err);
        (void)unlink(name);
        return rc;
    }
    return ZH_OK;
}

/* ---- identity -------------------------------------------------------------------------------- */

static zh_rc bad_identity(const char *dir, zh_err *err)
{
    zh_err_set(err, ZH_ECORRUPT, "ledger.identity", "日志的身份文件读不懂");
    zh_err_where(err, "%s/log", dir);
    return ZH_ECORRUPT;
}

static bool take_line(zh_str *rest, const char *key, zh_str *value)
{
    zh_str line;
    zh_str name = zh_str_of(key);
    if (rest->p == NULL || !zh_str_split(rest, '\n', &line) || !zh_str_starts(line, name) ||
        line.n <= name.n) {
        return false;
    }
    *value = zh_str_sub(line, name.n, line.n);
    return true;
}

zh_rc zh_treelog_identify(const char *dir, zh_treelog_identity *out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_str text;
    zh_str value[5];
    struct stat info;
    uint64_t inode = 0;
    *out = (zh_treelog_identity){0};
    zh_rc rc = zh_treelog_text(arena, dir, "log", &text, err);
    if (rc == ZH_OK && (!zh_str_starts(text, ZH_STR("zhiheng log v1\n")) ||
                        stat(zh_treelog_path(arena, dir, "log"), &info) != 0)) {
        rc = bad_identity(dir, err);
    }
    zh_str rest = zh_str_sub(text, 15, text.n);
    if (rc == ZH_OK &&
        (!take_line(&rest, "id ", &value[0]) || !take_line(&rest, "epoch ", &value[1]) ||
         !take_line(&rest, "origin ", &value[2]) || !take_line(&rest, "hash ", &value[3]) ||
         !take_line(&rest, "inode ", &value[4]) || value[0].n != ZH_TREELOG_ID_CHARS ||
         value[2].n > ZH_TREELOG_ORIGIN_MAX || !zh_key_name_valid(value[2]) ||
         zh_str_u64(value[1], &out->epoch) != ZH_OK || zh_str_u64(value[4], &inode) != ZH_OK ||
         zh_hash_alg_parse(value[3], &out->alg) != ZH_OK)) {
        rc = bad_identity(dir, err);
    }
    if (rc == ZH_OK) {
        memcpy(out->id, value[0].p, value[0].n);
        memcpy(out->origin, value[2].p, value[2].n);
        out->copied = inode != (uint64_t)info.st_ino;
    }
    zh_arena_free(arena);
    return rc;
}

/* The inode stays the same when the file is renamed into place. */
static zh_rc write_identity(const char *dir, const zh_treelog_identity *identity, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    const char *path = zh_treelog_path(arena, dir, "log");
    const char *name = zh_treelog_path(arena, dir, "log.tmp");
    struct stat info;
    (void)unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    zh_rc rc = fd >= 0 && fstat(fd, &info) == 0 ? ZH_OK : io(name, "写身份文件", err);
    if (rc == ZH_OK) {
        zh_str text = zh_str_fmt(arena,
                                 "zhiheng log v1\nid %s\nepoch %" PRIu64
                                 "\norigin %s\nhash %s\ninode %" PRIu64 "\n",
                                 identity->id, identity->epoch, identity->origin,
                                 zh_hash_alg_name(identity->alg), (uint64_t)info.st_ino);
        rc = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0 &&
                     rename(name, path) == 0
                 ? ZH_OK
                 : io(name, "写身份文件", err);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)fsync(folder);
        (void)close(folder);
    }
    zh_arena_free(arena);
    return rc;
}

/* What an interrupted creation left: its key signed nothing. */
static zh_rc clear_keys(zh_arena *arena, const char *dir, zh_err *err)
{
    zh_str *names = NULL;
    size_t n = 0;
    const char *keys = zh_treelog_path(arena, dir, "keys");
    zh_rc rc = zh_dir_list(arena, keys, &names, &n, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        (void)unlink(zh_treelog_path(arena, keys, names[i].p));
    }
    return rc;
}

static zh_rc make_key(const char *dir, const char *origin, zh_hash_alg alg, zh_verifier *out,
                      zh_err *err)
{
    zh_signer signer;
    zh_buf text;
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_rc rc = zh_signer_generate(zh_str_of(origin),
                                  alg == ZH_HASH_SM3 ? ZH_KEY_SM2 : ZH_KEY_ED25519, &signer, err);
    if (rc == ZH_OK) {
        *out = signer.verifier;
        zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX + 1);
        zh_verifier_write(out, &text);
        zh_buf_c(&text, '\n');
        rc = zh_treelog_write(zh_str_fmt(arena, "%s/keys/%08" PRIx32 ".pub", dir, out->id).p,
                              zh_buf_view(&text), true, err);
        zh_buf_free(&text);
    }
    if (rc == ZH_OK) {
        rc = zh_signer_save(zh_str_fmt(arena, "%s/keys/%08" PRIx32 ".key", dir, out->id).p, &signer,
                            err);
    }
    zh_signer_wipe(&signer);
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_treelog_create(const char *dir, zh_hash_alg alg, zh_str id, zh_str origin, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_treelog_identity identity = {.epoch = 1, .alg = alg};
    zh_verifier key;
    zh_assert(id.n == ZH_TREELOG_ID_CHARS);
    memcpy(identity.id, id.p, id.n);
    zh_str name = origin.n > 0 ? origin : zh_str_fmt(arena, "zhiheng.local/%.*s", ZH_FMT(id));
    zh_rc rc = ZH_OK;
    if (name.n > ZH_TREELOG_ORIGIN_MAX - 8 || !zh_key_name_valid(name)) {
        rc = zh_err_set(err, ZH_EINVAL, "ledger.origin",
                        "日志名“%.*s”不能用：最长 %u 字节，不能有空白和加号", ZH_FMT(name),
                        ZH_TREELOG_ORIGIN_MAX - 8);
    }
    if (rc == ZH_OK) {
        memcpy(identity.origin, name.p, name.n);
        rc = zh_dir_make(zh_treelog_path(arena, dir, "keys"), err);
    }
    if (rc == ZH_OK) {
        rc = zh_dir_make(zh_treelog_path(arena, dir, "pub"), err);
    }
    if (rc == ZH_OK && zh_path_exists(zh_treelog_path(arena, dir, "pub/checkpoint"))) {
        zh_err_set(err, ZH_ECONFLICT, "ledger.identity",
                   "有签过名的检查点，日志的身份文件却不见了");
        zh_err_where(err, "%s/log", dir);
        zh_err_fix(err, "从备份恢复整个日志目录");
        rc = ZH_ECONFLICT;
    }
    if (rc == ZH_OK) {
        rc = clear_keys(arena, dir, err);
    }
    if (rc == ZH_OK) {
        rc = make_key(dir, identity.origin, alg, &key, err);
        zh_treelog_at(ZH_STEP_KEY);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_publish_keys(dir, err);
    }
    if (rc == ZH_OK) {
        rc = zh_wal_create(zh_treelog_path(arena, dir, "wal"), 0, err);
        zh_treelog_at(ZH_STEP_WAL_MADE);
    }
    if (rc == ZH_OK) {
        rc = write_identity(dir, &identity, err);
        zh_treelog_at(ZH_STEP_IDENTITY);
    }
    zh_arena_free(arena);
    return rc;
}

/* "NAME/eN" in the place of "NAME" or "NAME/eM". */
static void next_origin(zh_treelog_identity *identity)
{
    zh_str name = zh_str_of(identity->origin);
    char tail[32];
    int n = snprintf(tail, sizeof tail, "/e%" PRIu64, identity->epoch);
    zh_assert(n > 0 && n < (int)sizeof tail);
    if (identity->epoch > 1 && zh_str_ends(name, zh_str_of(tail))) {
        name.n -= (size_t)n;
    }
    identity->epoch++;
    size_t room = sizeof identity->origin - name.n;
    int m = snprintf(identity->origin + name.n, room, "/e%" PRIu64, identity->epoch);
    zh_assert(m > 0 && (size_t)m < room);
}

/* The old keys stop signing here: whoever has the original goes on with them. */
static zh_rc drop_secrets(zh_arena *arena, const char *dir, zh_err *err)
{
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    size_t n = 0;
    zh_rc rc = zh_treelog_keys(dir, keys, &n, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        const char *path =
            zh_str_fmt(arena, "%s/keys/%08" PRIx32 ".key", dir, keys[i].verifier.id).p;
        rc = unlink(path) == 0 || errno == ENOENT ? ZH_OK : io(path, "删除旧密钥", err);
    }
    return rc;
}

zh_rc zh_treelog_adopt(const char *dir, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_treelog_identity identity;
    zh_verifier key;
    zh_rc rc = zh_treelog_identify(dir, &identity, err);
    const char *pub = zh_treelog_path(arena, dir, "pub");
    const char *aside = zh_str_fmt(arena, "%s/before/e%" PRIu64, dir, identity.epoch).p;
    if (rc == ZH_OK) {
        next_origin(&identity);
        rc = zh_dir_make(zh_treelog_path(arena, dir, "before"), err);
    }
    if (rc == ZH_OK && !zh_path_exists(aside) && rename(pub, aside) != 0 && errno != ENOENT) {
        rc = io(pub, "搁置旧的日志", err);
    }
    if (rc == ZH_OK) {
        rc = zh_dir_make(pub, err);
    }
    if (rc == ZH_OK) {
        rc = drop_secrets(arena, dir, err);
    }
    if (rc == ZH_OK) {
        rc = make_key(dir, identity.origin, identity.alg, &key, err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_publish_keys(dir, err);
    }
    if (rc == ZH_OK) {
        rc = zh_wal_create(zh_treelog_path(arena, dir, "wal"), 0, err);
    }
    if (rc == ZH_OK) {
        rc = write_identity(dir, &identity, err);
    }
    zh_arena_free(arena);
    return rc;
}

/* ---- lock ------------------------------------------------------------------------------------ */

zh_rc zh_treelog_lock(const char *dir, int *lock, zh_err *err)
{
    zh_arena *arena = zh_arena_new(4096);
    const char *path = zh_treelog_path(arena, dir, "lock");
    const struct timespec pause = {.tv_nsec = LOCK_WAIT_US * 1000};
    uint64_t begun = zh_monotonic_us();
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    zh_rc rc = fd >= 0 ? ZH_OK : io(path, "打开日志的锁", err);
    while (rc == ZH_OK && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            rc = io(path, "锁日志", err);
        } else if (zh_monotonic_us() - begun > (uint64_t)ZH_TREELOG_LOCK_MS * 1000) {
            rc = zh_err_set(err, ZH_EBUSY, "ledger.lock", "另一个进程一直占着日志");
        } else {
            nanosleep(&pause, NULL);
        }
    }
    if (rc != ZH_OK && fd >= 0) {
        (void)close(fd);
        fd = -1;
    }
    *lock = fd;
    zh_arena_free(arena);
    return rc;
}

void zh_treelog_unlock(int lock)
{
    if (lock >= 0) {
        (void)close(lock); /* ends the flock */
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

zh_rc zh_treelog_keys(const char *dir, zh_treelog_key *out, size_t *n, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    const char *folder = zh_treelog_path(arena, dir, "keys");
    zh_str *names = NULL;
    size_t all = 0;
    *n = 0;
    zh_rc rc = zh_dir_list(arena, folder, &names, &all, err);
    for (size_t i = 0; i < all && rc == ZH_OK; i++) {
        zh_str text;
        if (!zh_str_ends(names[i], ZH_STR(".pub"))) {
            continue;
        }
        if (*n == ZH_TREELOG_KEYS_MAX) {
            rc = zh_err_set(err, ZH_ELIMIT, "ledger.keys", "一个日志最多 %u 把密钥",
                            ZH_TREELOG_KEYS_MAX);
            break;
        }
        const char *path = zh_treelog_path(arena, folder, names[i].p);
        rc = zh_file_read(arena, path, ZH_KEY_TEXT_BYTES_MAX + 1, &text, err);
        if (rc == ZH_OK) {
            rc = zh_verifier_parse(zh_str_trim(text), &out[*n].verifier, err);
            zh_err_where(err, "%s", path);
        }
        zh_str stem = zh_str_sub(names[i], 0, names[i].n - 4);
        out[*n].signs = zh_path_exists(zh_str_fmt(arena, "%s/%.*s.key", folder, ZH_FMT(stem)).p);
        (*n)++;
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_treelog_signers(const char *dir, const zh_treelog_identity *identity, zh_signer *out,
                         size_t *n, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    size_t all = 0;
    *n = 0;
    zh_rc rc = zh_treelog_keys(dir, keys, &all, err);
    for (size_t i = 0; i < all && rc == ZH_OK; i++) {
        if (!keys[i].signs || strcmp(keys[i].verifier.name, identity->origin) != 0) {
            continue;
        }
        if (*n == ZH_TREELOG_SIGNERS_MAX) {
            rc = zh_err_set(err, ZH_ELIMIT, "ledger.keys", "同时签名的密钥最多 %u 把",
                            ZH_TREELOG_SIGNERS_MAX);
            break;
        }
        rc = zh_signer_load(
            zh_str_fmt(arena, "%s/keys/%08" PRIx32 ".key", dir, keys[i].verifier.id).p, &out[*n],
            err);
        *n += rc == ZH_OK;
    }
    if (rc == ZH_OK && *n == 0) {
        zh_err_set(err, ZH_ENOTFOUND, "ledger.key", "日志没有签名密钥");
        zh_err_where(err, "%s/keys", dir);
        zh_err_fix(err, "从备份恢复密钥文件（属主是运行服务的用户，权限 0600）");
        rc = ZH_ENOTFOUND;
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_treelog_publish_keys(const char *dir, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    size_t n = 0;
    zh_buf text;
    zh_buf_init(&text, ZH_TREELOG_TEXT_BYTES_MAX);
    zh_rc rc = zh_treelog_keys(dir, keys, &n, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_buf_z(&text, "log ");
        zh_verifier_write(&keys[i].verifier, &text);
        zh_buf_c(&text, '\n');
    }
    zh_buf_z(&text, "quorum none\n");
    if (rc == ZH_OK) {
        rc = zh_treelog_write(zh_treelog_path(arena, dir, "pub/keys"), zh_buf_view(&text), true,
                              err);
    }
    zh_buf_free(&text);
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_treelog_key_add(const char *dir, zh_verifier *out, zh_err *err)
{
    zh_treelog_identity identity;
    zh_signer signers[ZH_TREELOG_SIGNERS_MAX];
    size_t n = 0;
    zh_rc rc = zh_treelog_identify(dir, &identity, err);
    if (rc == ZH_OK) {
        rc = zh_treelog_signers(dir, &identity, signers, &n, err);
    }
    for (size_t i = 0; i < n; i++) {
        zh_signer_wipe(&signers[i]);
    }
    if (rc == ZH_OK && n == ZH_TREELOG_SIGNERS_MAX) {
        rc = zh_err_set(err, ZH_ELIMIT, "ledger.keys", "同时签名的密钥最多 %u 把，先停用一把",
                        ZH_TREELOG_SIGNERS_MAX);
    }
    if (rc == ZH_OK) {
        rc = make_key(dir, identity.origin, identity.alg, out, err);
    }
    return rc == ZH_OK ? zh_treelog_publish_keys(dir, err) : rc;
}

zh_rc zh_treelog_key_retire(const char *dir, zh_str id, zh_err *err)
{
    static const char zeros[ZH_KEY_TEXT_BYTES_MAX];
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    char name[16];
    size_t n = 0;
    size_t signing = 0;
    bool found = false;
    zh_rc rc = zh_treelog_keys(dir, keys, &n, err);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "%08" PRIx32, keys[i].verifier.id);
        signing += keys[i].signs;
        found = found || (keys[i].signs && zh_str_is(id, name));
    }
    if (rc == ZH_OK && !found) {
        return zh_err_set(err, ZH_ENOTFOUND, "ledger.key", "没有正在签名的密钥 %.*s", ZH_FMT(id));
    }
    if (rc == ZH_OK && signing < 2) {
        zh_err_set(err, ZH_EINVAL, "ledger.key.last", "这是唯一的签名密钥");
        zh_err_fix(err, "先用 ledger keys --rotate 加一把新的，两把并签一段时间后再停用旧的");
        return ZH_EINVAL;
    }
    zh_arena *arena = zh_arena_new(4096);
    const char *path = zh_str_fmt(arena, "%s/keys/%.*s.key", dir, ZH_FMT(id)).p;
    int fd = rc == ZH_OK ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)!write(fd, zeros, sizeof zeros); /* best effort: the medium may keep old blocks */
        (void)fsync(fd);
        (void)close(fd);
    }
    if (rc == ZH_OK && unlink(path) != 0) {
        rc = io(path, "删除密钥", err);
    }
    zh_arena_free(arena);
    return rc;
}

/* ---- view ------------------------------------------------------------------------------------ */

zh_rc zh_treelog_policy(zh_arena *arena, const char *dir, zh_policy **out, zh_err *err)
{
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    size_t n = 0;
    zh_str more;
    zh_policy *policy = ZH_NEW(arena, zh_policy);
    zh_rc rc = zh_treelog_text(arena, dir, "policy", &more, err);
    if (rc == ZH_OK) {
        rc = zh_policy_parse(more, policy, err);
    }
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    if (rc == ZH_OK) {
        rc = zh_treelog_keys(dir, keys, &n, err);
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = zh_policy_add_log(policy, &keys[i].verifier, err);
    }
    *out = policy;
    return rc;
}

static zh_rc read_note(zh_arena *arena, const char *dir, const char *name, zh_str *note,
                       zh_checkpoint *checkpoint, zh_err *err)
{
    zh_note parsed;
    zh_rc rc = zh_treelog_text(arena, dir, name, note, err);
    if (rc == ZH_OK) {
        rc = zh_note_parse(*note, &parsed, err);
    }
    if (rc == ZH_OK) {
        rc = zh_checkpoint_parse(parsed.text, checkpoint, err);
    }
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        zh_err_where(err, "%s/%s", dir, name);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_treelog_view_open(zh_arena *arena, const char *dir, zh_treelog_view *out, zh_err *err)
{
    *out = (zh_treelog_view){.pub = zh_treelog_path(arena, dir, "pub")};
    out->store = zh_tile_directory(out->pub);
    zh_rc rc = zh_treelog_identify(dir, &out->identity, err);
    if (rc == ZH_OK) {
        rc = zh_treelog_policy(arena, dir, &out->policy, err);
    }
    if (rc == ZH_OK) {
        rc = read_note(arena, dir, "pub/checkpoint", &out->note, &out->checkpoint, err);
    }
    if (rc == ZH_OK) {
        rc = read_note(arena, dir, "pub/checkpoint.witnessed", &out->witnessed,
                       &out->witnessed_checkpoint, err);
    }
    return rc;
}

/* The note at the beginning of a text: up to the last of its signature lines. What follows was torn
 * and may have lost even its first line. */
static zh_str first_note(zh_str text)
{
    static const char dash[] = "\xe2\x80\x94 ";
    zh_str blank = ZH_STR("\n\n");
    size_t end = 0;
    while (end < text.n && !zh_str_starts(zh_str_sub(text, end, text.n), blank)) {
        end++;
    }
    end += blank.n;
    while (end < text.n && zh_str_starts(zh_str_sub(text, end, text.n), zh_str_of(dash))) {
        while (end < text.n && text.p[end] != '\n') {
            end++;
        }
        end++;
    }
    return zh_str_sub(text, 0, end < text.n ? end : text.n);
}

zh_rc zh_treelog_last_note(zh_arena *arena, const char *dir, zh_str *note, uint64_t *bytes,
                           zh_err *err)
{
    const char *path = zh_treelog_path(arena, dir, "pub/checkpoints");
    zh_treelog_identity identity;
    struct stat info;
    char *tail = ZH_NEW_N(arena, char, TAIL_BYTES);
    *note = ZH_STR_NONE;
    *bytes = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ZH_OK : io(path, "打开历次检查点", err);
    }
    zh_rc rc = zh_treelog_identify(dir, &identity, err);
    rc = rc == ZH_OK && fstat(fd, &info) != 0 ? io(path, "查看历次检查点", err) : rc;
    off_t from = rc == ZH_OK && info.st_size > TAIL_BYTES ? info.st_size - TAIL_BYTES : 0;
    ssize_t got = rc == ZH_OK ? pread(fd, tail, TAIL_BYTES, from) : 0;
    rc = got < 0 ? io(path, "读历次检查点", err) : rc;
    (void)close(fd);
    zh_str line = zh_str_fmt(arena, "%s\n", identity.origin);
    zh_str text = {tail, got > 0 ? (size_t)got : 0};
    while (rc == ZH_OK && text.n >= line.n) {
        size_t at = text.n - line.n + 1; /* the last line that is the origin */
        do {
            at--;
        } while (at > 0 &&
                 !((tail[at - 1] == '\n') && zh_str_starts(zh_str_sub(text, at, text.n), line)));
        zh_note parsed;
        zh_err ignored = {0};
        zh_str piece = first_note(zh_str_sub(text, at, text.n));
        if (zh_str_starts(piece, line) && zh_note_parse(piece, &parsed, &ignored) == ZH_OK) {
            *note = piece;
            *bytes = (uint64_t)from + at + piece.n;
            return ZH_OK;
        }
        if (at == 0) {
            break;
        }
        text.n = at; /* torn: the one before it */
    }
    return rc;
}

zh_rc zh_treelog_cosigned(const char *dir, zh_str note, zh_str lines, zh_err *err)
{
    zh_arena *arena = zh_arena_new(DIR_BYTES);
    zh_policy *policy = NULL;
    zh_opened opened;
    zh_str whole = zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(note), ZH_FMT(lines));
    zh_rc rc = zh_treelog_policy(arena, dir, &policy, err);
    if (rc == ZH_OK) {
        rc = zh_policy_open(policy, whole, &opened, err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_write(zh_treelog_path(arena, dir, "pub/checkpoint.witnessed"), whole, true,
                              err);
    }
    zh_arena_free(arena);
    return rc;
}
