/* Reading a log without appending: proofs, and walking all of it. */
#include "base/os.h"
#include "core/ledger/treelog_private.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROVE_BYTES = 64 << 20, SIGNATURES_CHECKED = 1000 };

/* ---- proving --------------------------------------------------------------------------------- */

zh_rc zh_treelog_prove(zh_arena *arena, const zh_treelog_view *view, uint64_t index, zh_buf *out,
                       zh_err *err)
{
    bool witnessed = view->policy->quorum != 0 && view->witnessed.p != NULL &&
                     index < view->witnessed_checkpoint.size;
    zh_str note = witnessed ? view->witnessed : view->note;
    uint64_t size = witnessed ? view->witnessed_checkpoint.size : view->checkpoint.size;
    if (note.p == NULL || index >= size) {
        zh_err_set(err, ZH_ENOTFOUND, "ledger.unsealed",
                   "第 %" PRIu64 " 条还没有签进日志（已签到 %" PRIu64 " 条）", index,
                   note.p == NULL ? 0 : size);
        zh_err_fix(err,
                   "过一会儿再取证明；服务没有运行时，用 zhiheng ledger checkpoint 定序并签名");
        return ZH_ENOTFOUND;
    }
    zh_tlog_proof proof = {.index = index, .note = note};
    zh_str entry;
    zh_buf extra;
    zh_hash hash;
    zh_tile_nodes *nodes = zh_tile_nodes_new(arena, view->identity.alg, &view->store, size);
    zh_tree_source source = zh_tile_nodes_source(nodes);
    zh_hash_begin(&hash, view->identity.alg);
    zh_buf_init(&extra, 256);
    zh_rc rc = zh_tree_prove_inclusion(&hash, &source, index, size, proof.path, &proof.path_n, err);
    if (rc == ZH_OK) {
        rc = zh_tile_entry(&view->store, size, index, arena, &entry, err);
    }
    if (rc == ZH_OK) {
        zh_base64_write(entry, &extra);
        proof.extra = zh_buf_view(&extra);
        zh_tlog_proof_write(&proof, out);
    }
    zh_buf_free(&extra);
    zh_hash_release(&hash);
    return rc;
}

/* ---- the checkpoints ever signed ------------------------------------------------------------- */

typedef struct history {
    char *bytes;
    size_t n;
    zh_str rest;
    zh_checkpoint next; /* the next one to be compared; size UINT64_MAX: none */
    zh_str note;
    uint64_t wrong, first_wrong, seen;
    uint64_t last; /* size of the one before */
} history;

static void next_checkpoint(history *h)
{
    zh_note note;
    zh_err ignored = {0};
    h->next.size = UINT64_MAX;
    while (zh_note_split(&h->rest, &h->note)) {
        zh_err_again(&ignored);
        if (zh_note_parse(h->note, &note, &ignored) == ZH_OK &&
            zh_checkpoint_parse(note.text, &h->next, &ignored) == ZH_OK) {
            h->seen++;
            return;
        }
        h->next.size = UINT64_MAX;
    }
}

static zh_rc open_history(const zh_treelog_view *view, zh_arena *arena, history *h, zh_err *err)
{
    const char *path = zh_treelog_path(arena, view->pub, "checkpoints");
    struct stat info;
    *h = (history){.next.size = UINT64_MAX};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ZH_OK;
    }
    zh_rc rc = fstat(fd, &info) == 0
                   ? ZH_OK
                   : zh_err_set(err, ZH_EIO, "ledger.io", "不能读历次检查点 %s", path);
    if (rc == ZH_OK && info.st_size > 0) {
        h->bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (h->bytes == MAP_FAILED) {
            h->bytes = NULL;
            rc = zh_err_set(err, ZH_EIO, "ledger.io", "不能读历次检查点 %s", path);
        } else {
            h->n = (size_t)info.st_size;
            h->rest = (zh_str){h->bytes, h->n};
            next_checkpoint(h);
        }
    }
    (void)close(fd);
    return rc;
}

static void close_history(history *h)
{
    if (h->bytes != NULL) {
        (void)munmap(h->bytes, h->n);
    }
}

/* ---- walking --------------------------------------------------------------------------------- */

typedef struct walk {
    const zh_treelog_view *view;
    zh_arena *arena; /* rewound bundle by bundle */
    zh_tile_front front;
    history history;
    zh_treelog_say say;
    void *user;
} walk;

/* What was computed from the entries against what is stored. */
static zh_rc compare_tile(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    walk *w = context;
    char path[ZH_TILE_PATH_BYTES];
    zh_str stored;
    zh_err ignored = {0};
    (void)err;
    if (tile->entries) {
        return ZH_OK; /* read from there */
    }
    zh_arena_mark mark = zh_arena_here(w->arena);
    (void)zh_tile_path(tile, path);
    uint64_t unit = UINT64_C(1) << 8 * tile->level;
    uint64_t first = tile->index * ZH_TILE_WIDTH * unit;
    if (zh_tile_get(&w->view->store, tile, w->arena, &stored, &ignored) != ZH_OK) {
        w->say(w->user, first, tile->width * unit, "日志分块 %s 缺失或读不懂", path);
    } else {
        for (size_t i = 0; i < tile->width; i++) {
            if (memcmp(stored.p + i * ZH_DIGEST_BYTES, bytes.p + i * ZH_DIGEST_BYTES,
                       ZH_DIGEST_BYTES) != 0) {
                w->say(w->user, first + i * unit, unit,
                       "日志分块 %s 的第 %zu 个散列与条目重算的不同", path, i);
                break;
            }
        }
    }
    zh_arena_rewind(w->arena, mark);
    return ZH_OK;
}

static void compare_checkpoints(walk *w)
{
    history *h = &w->history;
    while (h->next.size <= w->front.edge.size) {
        zh_digest root;
        bool wrong = h->next.size < w->front.edge.size;
        if (!wrong) {
            zh_tile_front_root(&w->front, &root);
            wrong = !zh_digest_eq(&root, &h->next.root) ||
                    !zh_str_is(h->next.origin, w->view->identity.origin);
        }
        if (wrong && h->wrong++ == 0) {
            h->first_wrong = h->next.size;
        }
        next_checkpoint(h);
    }
}

static zh_rc walk_bundle(walk *w, uint64_t size, zh_treelog_entries each, zh_err *err)
{
    uint64_t first = w->front.edge.size;
    zh_tile tile = {.entries = true,
                    .index = first / ZH_TILE_WIDTH,
                    .width = zh_tile_width(size, 0, first / ZH_TILE_WIDTH)};
    zh_tile_sink sink = {compare_tile, w};
    zh_err ignored = {0};
    zh_str bytes = ZH_STR_NONE;
    zh_str entry;
    uint8_t *entries = zh_arena_alloc(w->arena, ZH_TILE_WIDTH * ZH_RECORD_ENTRY_BYTES);
    zh_rc rc = zh_tile_get(&w->view->store, &tile, w->arena, &bytes, &ignored);
    bool good = rc == ZH_OK;
    rc = ZH_OK;
    for (size_t i = 0; i < tile.width && rc == ZH_OK; i++) {
        good = good && zh_bundle_next(&bytes, &entry, &ignored) == ZH_OK &&
               entry.n == ZH_RECORD_ENTRY_BYTES;
        if (good) {
            memcpy(entries + i * ZH_RECORD_ENTRY_BYTES, entry.p, entry.n);
        }
        entry = (zh_str){(const char *)entries + i * ZH_RECORD_ENTRY_BYTES, ZH_RECORD_ENTRY_BYTES};
        rc = zh_tile_front_add(&w->front, entry, &sink, err);
        compare_checkpoints(w);
    }
    if (rc == ZH_OK && !good) {
        char path[ZH_TILE_PATH_BYTES];
        (void)zh_tile_path(&tile, path);
        w->say(w->user, first, tile.width, "日志的条目分块 %s 缺失或读不懂", path);
    }
    return rc == ZH_OK && each != NULL
               ? each(w->user, first, good ? entries : NULL, tile.width, err)
               : rc;
}

/* Signatures of the newest ones: what is older is proved by the roots. */
static void check_signatures(walk *w)
{
    const history *h = &w->history;
    uint64_t skip = h->seen > SIGNATURES_CHECKED ? h->seen - SIGNATURES_CHECKED : 0;
    zh_policy policy = *w->view->policy;
    zh_str rest = {h->bytes, h->n};
    zh_str note;
    uint64_t last = 0;
    policy.quorum = 0;
    for (uint64_t i = 0; rest.n > 0 && zh_note_split(&rest, &note); i++) {
        zh_opened opened;
        zh_err found = {0};
        if (i < skip) {
            continue;
        }
        if (zh_policy_open(&policy, note, &opened, &found) != ZH_OK) {
            w->say(w->user, 0, 0, "历次检查点的第 %" PRIu64 " 个没有这个日志的签名：%s", i + 1,
                   found.message);
        } else if (opened.checkpoint.size < last) {
            w->say(w->user, 0, 0, "历次检查点的第 %" PRIu64 " 个比前一个小", i + 1);
        } else {
            last = opened.checkpoint.size;
        }
    }
    if (last > w->view->checkpoint.size) {
        w->say(w->user, w->view->checkpoint.size, last - w->view->checkpoint.size,
               "检查点被换成了旧的：现在是 %" PRIu64 " 条，签过 %" PRIu64 " 条",
               w->view->checkpoint.size, last);
    }
}

static void check_newest(walk *w)
{
    zh_policy policy = *w->view->policy;
    zh_opened opened;
    zh_err found = {0};
    zh_digest root;
    policy.quorum = 0;
    if (zh_policy_open(&policy, w->view->note, &opened, &found) != ZH_OK) {
        w->say(w->user, 0, 0, "检查点的签名不对：%s", found.message);
        return;
    }
    zh_tile_front_root(&w->front, &root);
    if (!zh_digest_eq(&root, &opened.checkpoint.root)) {
        w->say(w->user, 0, 0, "按条目重算的根与检查点（%" PRIu64 " 条）不同",
               opened.checkpoint.size);
    }
}

static zh_rc walk_all(walk *w, zh_treelog_entries each, zh_err *err)
{
    uint64_t size = w->view->checkpoint.size;
    zh_tile_sink sink = {compare_tile, w};
    zh_rc rc = ZH_OK;
    compare_checkpoints(w);
    zh_arena_mark mark = zh_arena_here(w->arena);
    while (w->front.edge.size < size && rc == ZH_OK) {
        rc = walk_bundle(w, size, each, err);
        zh_arena_rewind(w->arena, mark);
    }
    if (rc == ZH_OK && size > 0) {
        rc = zh_tile_front_flush(&w->front, &sink, err);
    }
    if (rc == ZH_OK) {
        check_newest(w);
        if (w->history.wrong > 0) {
            w->say(w->user, 0, 0,
                   "签过名的检查点有 %" PRIu64 " 个与条目重算的根不同，最早的是 %" PRIu64 " 条",
                   w->history.wrong, w->history.first_wrong);
        }
        check_signatures(w);
    }
    return rc;
}

zh_rc zh_treelog_check(const zh_treelog_view *view, zh_treelog_entries each, zh_treelog_say say,
                       void *user, zh_err *err)
{
    if (view->note.p == NULL) {
        return ZH_OK;
    }
    zh_arena *arena = zh_arena_new(PROVE_BYTES);
    walk *w = zh_alloc(sizeof *w);
    *w = (walk){.view = view, .arena = arena, .say = say, .user = user};
    zh_tile_front_init(&w->front, view->identity.alg);
    zh_rc rc = open_history(view, arena, &w->history, err);
    if (rc == ZH_OK) {
        rc = walk_all(w, each, err);
    }
    close_history(&w->history);
    zh_tile_front_free(&w->front);
    zh_dealloc(w);
    zh_arena_free(arena);
    return rc;
}
