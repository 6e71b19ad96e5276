/* The walk over a published log. The front that writes logs is fed with the entries, and its sink
 * compares instead of writing: what a correct log would have written must be what is there. */
#include "proof/log_check.h"
#include <string.h>

struct walk {
    const zh_tile_store *store;
    zh_policy signed_only; /* for the history: without a quorum */
    zh_tile_front front;
    zh_arena *arena; /* rewound bundle by bundle */
    zh_str history;
    bool has_next; /* `next` is the first checkpoint of the history not yet compared */
    zh_checkpoint next;
    zh_log_report *report;
};

static zh_rc compare_tile(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    struct walk *walk = context;
    zh_arena_mark mark = zh_arena_here(walk->arena);
    zh_str stored;
    zh_rc rc = zh_tile_get(walk->store, tile, walk->arena, &stored, err);
    if (rc == ZH_OK && !zh_str_eq(stored, bytes)) {
        char path[ZH_TILE_PATH_BYTES];
        zh_tile_path(tile, path);
        rc = zh_err_set(err, ZH_ECORRUPT, "log.tile",
                        "瓦片与由条目重算的不一致：瓦片或其下的条目被改动过");
        zh_err_where(err, "%s", path);
    }
    zh_arena_rewind(walk->arena, mark);
    walk->report->tiles++;
    return rc;
}

/* Moves on to the next checkpoint of the history. */
static zh_rc next_checkpoint(struct walk *walk, zh_err *err)
{
    zh_str bytes;
    zh_opened opened;
    uint64_t before = walk->has_next ? walk->next.size : 0;
    walk->has_next = zh_note_split(&walk->history, &bytes);
    if (!walk->has_next) {
        return ZH_OK;
    }
    zh_rc rc = zh_policy_open(&walk->signed_only, bytes, &opened, err);
    if (rc != ZH_OK) {
        zh_err_where(err, "checkpoints: %llu", (unsigned long long)(walk->report->checkpoints + 1));
        return rc;
    }
    walk->report->checkpoints++;
    walk->next = opened.checkpoint;
    const zh_checkpoint *newest = &walk->report->newest.checkpoint;
    if (opened.checkpoint.size < before || opened.checkpoint.size > newest->size ||
        !zh_str_eq(opened.checkpoint.origin, newest->origin)) {
        zh_err_set(err, ZH_ECORRUPT, "log.history",
                   "检查点历史不按大小递增，或大于最新检查点，或属于别的日志：日志被回退或拼接过");
        zh_err_where(err, "checkpoints: %llu,大小 %llu",
                     (unsigned long long)walk->report->checkpoints,
                     (unsigned long long)opened.checkpoint.size);
        rc = ZH_ECORRUPT;
    }
    return rc;
}

static zh_rc compare_root(struct walk *walk, const zh_checkpoint *checkpoint, zh_err *err)
{
    zh_digest root;
    zh_tile_front_root(&walk->front, &root);
    if (zh_digest_eq(&root, &checkpoint->root)) {
        return ZH_OK;
    }
    zh_err_set(
        err, ZH_ECORRUPT, "log.root",
        "由条目重算的树根与已签名的检查点不一致：条目被改动、调换或删除过，或历史有两个版本");
    zh_err_where(err, "大小 %llu", (unsigned long long)checkpoint->size);
    return ZH_ECORRUPT;
}

/* Every checkpoint of the history that was signed at the present size. */
static zh_rc compare_history(struct walk *walk, zh_err *err)
{
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && walk->has_next && walk->next.size == walk->front.edge.size) {
        rc = compare_root(walk, &walk->next, err);
        if (rc == ZH_OK) {
            rc = next_checkpoint(walk, err);
        }
    }
    return rc;
}

static void count_kind(struct walk *walk, zh_str entry)
{
    zh_record_entry record;
    bool known = zh_record_entry_read(entry, &record, NULL) == ZH_OK;
    walk->report->kinds[known ? record.kind : 0]++;
}

static zh_rc walk_bundle(struct walk *walk, const zh_tile *bundle, zh_err *err)
{
    zh_arena_mark mark = zh_arena_here(walk->arena);
    zh_tile_sink sink = {compare_tile, walk};
    zh_str rest;
    zh_str entry;
    zh_rc rc = zh_tile_get(walk->store, bundle, walk->arena, &rest, err);
    while (rc == ZH_OK && rest.n > 0) {
        rc = zh_bundle_next(&rest, &entry, err);
        if (rc == ZH_OK) {
            count_kind(walk, entry);
            rc = zh_tile_front_add(&walk->front, entry, &sink, err);
        }
        if (rc == ZH_OK) {
            rc = compare_history(walk, err);
        }
    }
    zh_arena_rewind(walk->arena, mark);
    return rc;
}

static zh_rc walk_all(struct walk *walk, zh_err *err)
{
    const zh_checkpoint *newest = &walk->report->newest.checkpoint;
    zh_tile_sink sink = {compare_tile, walk};
    zh_rc rc = next_checkpoint(walk, err);
    if (rc == ZH_OK) {
        rc = compare_history(walk, err);
    }
    zh_tile bundle = {.entries = true};
    for (; rc == ZH_OK && bundle.index * ZH_TILE_WIDTH < newest->size; bundle.index++) {
        bundle.width = zh_tile_width(newest->size, 0, bundle.index);
        rc = walk_bundle(walk, &bundle, err);
    }
    if (rc == ZH_OK) {
        rc = compare_root(walk, newest, err);
    }
    return rc == ZH_OK ? zh_tile_front_flush(&walk->front, &sink, err) : rc;
}

zh_rc zh_log_check(const zh_tile_store *store, const zh_policy *policy, zh_str newest,
                   zh_str history, zh_log_report *out, zh_err *err)
{
    memset(out, 0, sizeof(*out));
    zh_rc rc = zh_policy_open(policy, newest, &out->newest, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    struct walk *walk = ZH_NEW(arena, struct walk);
    walk->store = store;
    walk->signed_only = *policy;
    walk->signed_only.quorum = 0;
    walk->arena = arena;
    walk->history = history;
    walk->report = out;
    zh_tile_front_init(&walk->front, zh_key_tree_alg(out->newest.log->type));
    rc = walk_all(walk, err);
    zh_tile_front_free(&walk->front);
    zh_arena_free(arena);
    return rc;
}

/* ---- the twin ---- */

static bool same_event(zh_str a, zh_str b)
{
    zh_record_entry one;
    zh_record_entry two;
    return zh_record_entry_read(a, &one, NULL) == ZH_OK &&
           zh_record_entry_read(b, &two, NULL) == ZH_OK && one.alg == ZH_HASH_SHA256 &&
           two.alg == ZH_HASH_SM3 && one.kind == two.kind && one.time_ms == two.time_ms &&
           one.subject == two.subject && one.n == two.n;
}

zh_rc zh_log_check_twin(const zh_tile_store *sha256, const zh_tile_store *sm3, uint64_t size,
                        zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_tile bundle = {.entries = true};
    zh_rc rc = ZH_OK;
    for (; rc == ZH_OK && bundle.index * ZH_TILE_WIDTH < size; bundle.index++) {
        zh_str one;
        zh_str two;
        bundle.width = zh_tile_width(size, 0, bundle.index);
        rc = zh_tile_get(sha256, &bundle, arena, &one, err);
        if (rc == ZH_OK) {
            rc = zh_tile_get(sm3, &bundle, arena, &two, err);
        }
        for (unsigned i = 0; rc == ZH_OK && i < bundle.width; i++) {
            zh_str a;
            zh_str b;
            if (zh_bundle_next(&one, &a, err) != ZH_OK || zh_bundle_next(&two, &b, err) != ZH_OK ||
                !same_event(a, b)) {
                zh_err_set(err, ZH_ECORRUPT, "log.twin",
                           "国密日志与主日志在同一位置不是同一事件(种类、时间、主体或字段数不同)");
                zh_err_where(err, "位置 %llu",
                             (unsigned long long)(bundle.index * ZH_TILE_WIDTH + i));
                rc = ZH_ECORRUPT;
            }
        }
        zh_arena_reset(arena);
    }
    zh_arena_free(arena);
    return rc;
}
