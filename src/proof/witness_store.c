/* State of a witness as files. Compare and persist is one step because the process is the only one
 * (flock) and its calls come one after another. */
#include "proof/witness_store.h"
#include "base/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_BYTES 4096

static const char FIRST_LOGS[] =
    "# 受本见证方见证的日志，每行一个:log 公钥。改动后重启生效。\n"
    "# Logs this witness cosigns, one a line: log VKEY. Restart after a change.\n"
    "quorum none\n";

static zh_rc path_of(const char *dir, const char *name, char out[PATH_BYTES], zh_err *err)
{
    int n = snprintf(out, PATH_BYTES, "%s/%s", dir, name);
    return n > 0 && n < PATH_BYTES ? ZH_OK
                                   : zh_err_set(err, ZH_EINVAL, "file.path", "目录的路径过长");
}

zh_rc zh_witness_store_create(const char *dir, zh_str name, zh_signer *key, zh_err *err)
{
    char path[PATH_BYTES];
    zh_rc rc = zh_dir_make(dir, err);
    if (rc == ZH_OK) {
        rc = path_of(dir, "state", path, err);
    }
    if (rc == ZH_OK) {
        rc = zh_dir_make(path, err);
    }
    if (rc == ZH_OK) {
        rc = zh_signer_generate(name, ZH_KEY_COSIGNATURE, key, err);
    }
    if (rc == ZH_OK) {
        rc = path_of(dir, "key", path, err);
    }
    if (rc == ZH_OK) {
        rc = zh_signer_save(path, key, err);
    }
    if (rc == ZH_OK) {
        rc = path_of(dir, "logs", path, err);
    }
    if (rc == ZH_OK && !zh_path_exists(path)) {
        rc = zh_file_replace(path, zh_str_of(FIRST_LOGS), err);
    }
    return rc;
}

static zh_rc take_lock(const char *dir, int *lock, zh_err *err)
{
    char path[PATH_BYTES];
    zh_rc rc = path_of(dir, "lock", path, err);
    if (rc != ZH_OK) {
        return rc;
    }
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*lock < 0) {
        rc = errno == ENOENT ? ZH_ENOTFOUND : ZH_EIO;
        zh_err_set(err, rc, "file.io", "打不开见证目录的锁文件");
        zh_err_where(err, "%s", path);
    } else if (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        rc = zh_err_set(err, ZH_EBUSY, "witness.lock", "已有一个见证进程在使用该目录");
        zh_err_where(err, "%s", dir);
    }
    return rc;
}

zh_rc zh_witness_store_open(zh_arena *arena, const char *dir, zh_witness_store *out, zh_err *err)
{
    char path[PATH_BYTES];
    zh_str text;
    memset(out, 0, sizeof(*out));
    out->dir = dir;
    out->lock = -1;
    zh_rc rc = take_lock(dir, &out->lock, err);
    if (rc == ZH_OK) {
        rc = path_of(dir, "key", path, err);
    }
    if (rc == ZH_OK) {
        rc = zh_signer_load(path, &out->key, err);
    }
    if (rc == ZH_OK && out->key.verifier.type != ZH_KEY_COSIGNATURE) {
        rc = zh_err_set(err, ZH_EINVAL, "witness.key", "密钥不是见证密钥(类型 0x04)");
        zh_err_where(err, "%s", path);
    }
    if (rc == ZH_OK) {
        rc = path_of(dir, "logs", path, err);
    }
    if (rc == ZH_OK) {
        rc = zh_file_read(arena, path, ZH_POLICY_BYTES_MAX, &text, err);
    }
    if (rc == ZH_OK) {
        rc = zh_policy_parse(text, &out->logs, err);
    }
    return rc;
}

void zh_witness_store_close(zh_witness_store *store)
{
    if (store->lock >= 0) {
        (void)close(store->lock);
    }
    store->lock = -1;
    zh_signer_wipe(&store->key);
}

static zh_rc state_path(const zh_witness_store *store, zh_str origin, char out[PATH_BYTES],
                        zh_err *err)
{
    zh_digest digest;
    char name[sizeof("state/") + 2 * ZH_DIGEST_BYTES + 1] = "state/";
    zh_hash_of(ZH_HASH_SHA256, origin, &digest);
    zh_digest_hex(&digest, name + strlen(name));
    return path_of(store->dir, name, out, err);
}

static zh_rc read_state(void *context, zh_str origin, zh_witness_state *out, zh_err *err)
{
    const zh_witness_store *store = context;
    char path[PATH_BYTES];
    zh_str text;
    zh_note note;
    zh_checkpoint kept;
    zh_err missing = {0};
    *out = (zh_witness_state){.size = 0};
    zh_rc rc = state_path(store, origin, path, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_arena *arena = zh_arena_new(2 * ZH_NOTE_BYTES_MAX);
    rc = zh_file_read(arena, path, ZH_NOTE_BYTES_MAX, &text, &missing);
    if (rc == ZH_ENOTFOUND) { /* never cosigned */
        zh_arena_free(arena);
        return ZH_OK;
    }
    if (rc != ZH_OK && err) {
        *err = missing;
    }
    if (rc == ZH_OK &&
        (zh_note_parse(text, &note, NULL) != ZH_OK ||
         zh_note_check(&note, &store->key.verifier, NULL, NULL) != ZH_OK ||
         zh_checkpoint_parse(note.text, &kept, NULL) != ZH_OK || !zh_str_eq(kept.origin, origin))) {
        rc = zh_err_set(err, ZH_ECORRUPT, "witness.state",
                        "保存的检查点不是本见证方签名的：文件损坏或被改动，不再见证该日志");
        zh_err_where(err, "%s", path);
        zh_err_fix(err, "查明原因；确认后从备份取回较新的一份，不要删除");
    }
    if (rc == ZH_OK) {
        *out = (zh_witness_state){kept.size, kept.root};
    }
    zh_arena_free(arena);
    return rc;
}

static zh_rc keep_state(const zh_witness_store *store, const zh_witness_answer *answer, zh_str line,
                        zh_err *err)
{
    char path[PATH_BYTES];
    zh_buf note;
    zh_rc rc = state_path(store, answer->checkpoint.origin, path, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    zh_buf_str(&note, answer->text);
    zh_buf_c(&note, '\n');
    zh_buf_str(&note, line);
    rc = note.failed ? zh_err_set(err, ZH_ENOMEM, "memory.budget", "内存不足：保存检查点")
                     : zh_file_replace(path, zh_buf_view(&note), err);
    zh_buf_free(&note);
    return rc;
}

zh_rc zh_witness_store_answer(zh_witness_store *store, zh_str body, uint64_t time_s,
                              zh_witness_answer *out, zh_buf *line, zh_err *err)
{
    zh_rc rc = zh_witness_decide(body, &store->logs, read_state, store, out, err);
    if (rc != ZH_OK || out->status != 200) {
        return rc;
    }
    zh_buf signature;
    zh_buf_init(&signature, ZH_NOTE_BYTES_MAX);
    zh_note_sign(out->text, &store->key, time_s, &signature);
    rc = keep_state(store, out, zh_buf_view(&signature), err);
    if (rc == ZH_OK) {
        zh_buf_str(line, zh_buf_view(&signature));
    }
    zh_buf_free(&signature);
    return rc;
}
