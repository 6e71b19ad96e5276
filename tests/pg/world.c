/* The two sides of the conformance test: opening, equal ids, comparing what they say. */
#include "world.h"
#include "base/os.h"
#include "core/adoption/open.h"
#include "model/pack.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = 64 << 20, SHOWN_BEFORE = 200, SHOWN_AFTER = 400, NODE = 1, ID_STEP_MS = 4 };

static void stop(const char *what, const zh_err *err)
{
    fprintf(stderr, "%s: %s %s %s\n", what, err->rule, err->message, err->where);
    exit(2);
}

static void must(zh_rc rc, const char *what, const zh_err *err)
{
    if (rc != ZH_OK) {
        stop(what, err);
    }
}

static void open_side(world *w, side *s, const char *name, const char *data, const char *url)
{
    zh_core_options options = {
        .data_dir = data,
        .db_url = url,
        .model = w->model,
        .office = 420000,
        .node = NODE,
        .relaxed_sync = true,
    };
    s->name = name;
    s->arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    must(zh_core_open(&options, &s->core, &s->err), name, &s->err);
    s->ctx = zh_ctx_local(s->core, s->arena, &s->err);
    zh_assert(s->ctx.model == w->model);
    zh_buf_init(&s->said, SAID_MAX);
}

/* The same files on both sides, so that a digest may be one that exists. */
static void store_files(world *w)
{
    for (size_t i = 0; i < FILES; i++) {
        const char *path = zh_str_fmt(w->arena, "%s/file%zu", w->folder, i).p;
        zh_str content = zh_str_fmt(w->arena, "file %zu", i);
        for (size_t k = 0; k < SIDES; k++) {
            side *s = &w->sides[k];
            zh_str digest = ZH_STR_NONE;
            must(zh_file_replace(path, content, &s->err), path, &s->err);
            must(zh_file_store(&s->ctx, path, ZH_STR("file"), &digest), path, &s->err);
            w->files[i] = zh_str_dup(w->arena, digest);
        }
    }
}

void world_open(world *w, uint64_t seed, const char *declarations)
{
    zh_err err = {0};
    zh_pack_file *files = NULL;
    size_t n = 0;
    const char *url = getenv("ZH_TEST_PG_URL");
    *w = (world){.random = seed};
    w->arena = zh_arena_new((size_t)4 << 30);
    w->step = zh_arena_new(ZH_ARENA_JOB_BYTES);
    must(zh_pack_load_dir(w->arena, declarations, &files, &n, &err), declarations, &err);
    must(zh_model_compile(files, n, &w->model, NULL, &err), declarations, &err);
    zh_assert(w->model->nregisters <= REGISTERS_MAX);
    snprintf(w->folder, sizeof w->folder, "%s/zh_conformance_XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(w->folder) == NULL) {
        stop("mkdtemp", &err);
    }
    snprintf(w->url, sizeof w->url, "%s%cschema=conformance_%d", url, strchr(url, '?') ? '&' : '?',
             (int)getpid());
    open_side(w, &w->sides[SQLITE], "sqlite", zh_str_fmt(w->arena, "%s/sqlite", w->folder).p, NULL);
    open_side(w, &w->sides[POSTGRES], "postgres", zh_str_fmt(w->arena, "%s/postgres", w->folder).p,
              w->url);
    w->id_ms = (int64_t)20 * 365 * 86400 * 1000; /* from 2020: later than this test is run */
    w->now = zh_date_start(zh_date_of(2020, 1, 1));
    store_files(w);
}

static void drop_schema(world *w)
{
    side *s = &w->sides[POSTGRES];
    zh_conn *conn = NULL;
    char sql[128];
    snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", strstr(w->url, "schema=") + 7);
    zh_err_clear(&s->err);
    must(zh_store_writer(zh_core_store(s->core), &conn, &s->err), sql, &s->err);
    must(zh_exec(conn, sql, &s->err), sql, &s->err);
    zh_store_release(conn);
}

static void remove_tree(const char *path)
{
    zh_arena *arena = zh_arena_new((size_t)16 << 20);
    zh_str *names = NULL;
    size_t n = 0;
    if (zh_path_is_dir(path) && zh_dir_list(arena, path, &names, &n, NULL) == ZH_OK) {
        for (size_t i = 0; i < n; i++) {
            remove_tree(zh_str_fmt(arena, "%s/%.*s", path, ZH_FMT(names[i])).p);
        }
    }
    (void)remove(path);
    zh_arena_free(arena);
}

void world_close(world *w)
{
    for (size_t i = 0; i < SIDES; i++) {
        side *s = &w->sides[i];
        zh_ctx_end(&s->ctx);
        if (i == POSTGRES) {
            drop_schema(w);
        }
        zh_core_close(s->core);
        zh_buf_free(&s->said);
        zh_arena_free(s->arena);
    }
    zh_model_release(w->model);
    zh_arena_free(w->step);
    zh_arena_free(w->arena);
    remove_tree(w->folder);
}

/* An id greater than a given one of the same node follows it immediately. */
void world_same_ids(world *w)
{
    w->id_ms += ID_STEP_MS;
    for (size_t i = 0; i < SIDES; i++) {
        int64_t after = w->id_ms << 22 | (int64_t)NODE << 12;
        int64_t got = zh_core_id(w->sides[i].core, after);
        zh_assert(got == after + 1);
    }
}

void side_fresh(side *s)
{
    zh_arena_reset(s->arena);
    zh_err_clear(&s->err);
    zh_buf_clear(&s->said);
}

void side_ask(side *s)
{
    side_fresh(s);
    must(zh_store_reader(zh_core_store(s->core), &s->conn, &s->err), s->name, &s->err);
    must(zh_read_begin(s->conn, &s->err), s->name, &s->err);
}

void side_done(side *s)
{
    zh_read_end(s->conn);
    zh_store_release(s->conn);
    s->conn = NULL;
}

static void show(const char *name, zh_str text, size_t at)
{
    size_t from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
    zh_str part = zh_str_sub(text, from, at - from + SHOWN_AFTER);
    printf("    %s (%zu bytes, from %zu): %.*s\n", name, text.n, from, ZH_FMT(part));
}

void world_fails(world *w, const char *format, ...)
{
    w->failed++;
    if (w->failed <= FAILURES_SHOWN) {
        va_list args;
        va_start(args, format);
        printf("FAILED: ");
        vprintf(format, args);
        printf("\n");
        va_end(args);
        fflush(stdout);
    }
}

bool world_agrees(world *w, const char *format, ...)
{
    zh_str a = zh_buf_view(&w->sides[SQLITE].said);
    zh_str b = zh_buf_view(&w->sides[POSTGRES].said);
    zh_assert(!w->sides[SQLITE].said.failed && !w->sides[POSTGRES].said.failed);
    if (zh_str_eq(a, b)) {
        w->passed++;
        return true;
    }
    va_list args;
    va_start(args, format);
    zh_str what = zh_str_vfmt(w->step, format, args);
    va_end(args);
    world_fails(w, "the databases differ: %.*s", ZH_FMT(what));
    if (w->failed <= FAILURES_SHOWN) {
        size_t at = 0;
        while (at < a.n && at < b.n && a.p[at] == b.p[at]) {
            at++;
        }
        show("sqlite", a, at);
        show("postgres", b, at);
        fflush(stdout);
    }
    return false;
}

const zh_register *world_register(const world *w, const char *id)
{
    const zh_register *reg = zh_model_register(w->model, zh_str_of(id));
    zh_assert(reg != NULL);
    return reg;
}
