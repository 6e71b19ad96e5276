/* Opening a province: its folders and database, who this process is, the declarations in force. */
#include "core/adoption/open.h"
#include "base/os.h"
#include "core/adoption/adopt.h"
#include "core/instance/core_private.h"
#include "core/instance/number.h"
#include "core/instance/secret.h"
#include "core/ledger/gm.h"
#include "core/ledger/ledger.h"
#include "core/ledger/seals.h"
#include "core/record/commits.h"
#include <inttypes.h>
#include <string.h>

enum { CORE_BYTES = 64 << 20, FIRST_OFFICE = 1 };

static zh_rc setting_i64(zh_conn *conn, zh_arena *arena, const char *name, int64_t otherwise,
                         int64_t *out, zh_err *err)
{
    zh_str text;
    zh_rc rc = zh_setting_get(conn, arena, name, &text, err);
    if (rc == ZH_ENOTFOUND) {
        *out = otherwise;
        return ZH_OK;
    }
    if (rc == ZH_OK && zh_str_i64(text, out) != ZH_OK) {
        return zh_err_set(err, ZH_ECORRUPT, "core.setting", "设置“%s”的内容“%.*s”不是整数", name,
                          ZH_FMT(text));
    }
    return rc;
}

static zh_rc open_store(zh_core *core, const zh_core_options *options, zh_err *err)
{
    if (options->data_dir == NULL && options->db_url == NULL) {
        return zh_err_set(err, ZH_EINVAL, "core.where", "没有指定数据目录，也没有指定数据库");
    }
    const char *url = options->db_url;
    if (options->data_dir != NULL) {
        core->data_dir = zh_str_c(core->arena, zh_str_of(options->data_dir));
        static const char *const folders[] = {"files", "jobs"};
        for (size_t i = 0; i < ZH_COUNTOF(folders); i++) {
            zh_rc rc =
                zh_dir_make(zh_str_fmt(core->arena, "%s/%s", core->data_dir, folders[i]).p, err);
            if (rc != ZH_OK) {
                return rc;
            }
        }
        if (url == NULL) {
            url = zh_str_fmt(core->arena, "sqlite:%s/zhiheng.db", core->data_dir).p;
        }
    }
    zh_store_options store = {.relaxed_sync = options->relaxed_sync};
    return zh_store_open(url, &store, &core->store, err);
}

typedef struct identity {
    zh_core *core;
    const zh_core_options *options;
} identity;

static zh_rc choose_hash(zh_core *core, zh_conn *conn, zh_arena *arena, const char *wanted,
                         zh_err *err)
{
    zh_str stored;
    zh_rc rc = zh_setting_get(conn, arena, "hash", &stored, err);
    if (rc == ZH_ENOTFOUND) {
        stored = zh_str_of(wanted != NULL ? wanted : "sha256");
        rc = zh_setting_set(conn, "hash", stored, err);
    } else if (rc == ZH_OK && wanted != NULL && !zh_str_is(stored, wanted)) {
        return zh_err_set(err, ZH_EINVAL, "core.hash", "此库的存证算法是 %.*s，建库后不能改成 %s",
                          ZH_FMT(stored), wanted);
    }
    if (rc == ZH_OK && zh_hash_alg_parse(stored, &core->alg) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "core.hash", "不认识的存证算法“%.*s”(sha256 或 sm3)",
                          ZH_FMT(stored));
    }
    return rc;
}

/* Settles office, hash and node. Every opening takes the next node number, so that two processes on
 * one database never make the same id. */
static zh_rc settle(void *user, zh_conn *conn, zh_err *err)
{
    const identity *who = user;
    zh_core *core = who->core;
    zh_arena *arena = zh_arena_new((size_t)64 << 10);
    int64_t office = 0;
    int64_t node = 0;
    zh_rc rc = zh_schema_system(conn, err);
    if (rc == ZH_OK) {
        rc = setting_i64(conn, arena, "office", 0, &office, err);
    }
    if (rc == ZH_OK && office == 0) {
        office = who->options->office ? who->options->office : FIRST_OFFICE;
        rc = zh_setting_set(conn, "office", zh_str_fmt(arena, "%" PRId64, office), err);
    }
    core->office = who->options->office ? who->options->office : office;
    if (rc == ZH_OK) {
        rc = choose_hash(core, conn, arena, who->options->hash, err);
    }
    if (rc == ZH_OK) {
        rc = zh_gm_kept(core, conn, err);
    }
    if (rc == ZH_OK) {
        rc = setting_i64(conn, arena, "node", 0, &node, err);
    }
    if (rc == ZH_OK) {
        node = node % (ZH_NODES - 1) + 1;
        core->node = who->options->node ? who->options->node : (unsigned)node;
        rc = zh_setting_set(conn, "node", zh_str_fmt(arena, "%" PRId64, node), err);
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_core_open(const zh_core_options *options, zh_core **out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(CORE_BYTES);
    zh_core *core = ZH_NEW(arena, zh_core);
    core->arena = arena;
    pthread_mutex_init(&core->lock, NULL);
    pthread_mutex_init(&core->adopting, NULL);
    pthread_mutex_init(&core->waking, NULL);
    core->commits = zh_commits_new(arena);
    core->seals = zh_seals_new(arena);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&core->awake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    zh_rc rc = ZH_OK;
    if (options->node >= ZH_NODES) {
        rc = zh_err_set(err, ZH_EINVAL, "core.node", "节点号须在 1 到 %u 之间", ZH_NODES - 1);
    }
    if (rc == ZH_OK) {
        rc = open_store(core, options, err);
    }
    core->ledger = zh_ledger_new(arena, core->data_dir, options->relaxed_sync);
    if (rc == ZH_OK) {
        identity who = {core, options};
        rc = zh_core_write(core, settle, &who, err);
    }
    if (rc == ZH_OK) {
        rc = zh_adopt_at_open(core, options, err);
    }
    if (rc == ZH_OK) {
        rc = zh_secrets_adopt(core, err);
    }
    if (rc != ZH_OK) {
        zh_core_close(core);
        return rc;
    }
    *out = core;
    return ZH_OK;
}

void zh_core_close(zh_core *core)
{
    if (core == NULL) {
        return;
    }
    if (core->store != NULL) {
        zh_number_return(core);
        zh_store_close(core->store);
    }
    zh_ledger_end(core->ledger);
    zh_snapshot_release(core->snapshot);
    pthread_mutex_destroy(&core->lock);
    pthread_mutex_destroy(&core->adopting);
    pthread_mutex_destroy(&core->waking);
    zh_commits_end(core->commits);
    zh_seals_end(core->seals);
    pthread_cond_destroy(&core->awake);
    zh_arena_free(core->arena);
}
