/* Form-like single writes that are killed, and the check of what was acknowledged.
 *
 *   writes write DB PACKS LOG SEED    creates, amends and finishes records of the register `entry`
 * in two threads until it is killed; what succeeded goes to LOG, one line a version, synced before
 * the next write begins writes check DB PACKS LOG LOOSE   every version of LOG is there with what
 * it said, versions have no gap, nothing is doubled, and at most LOOSE records and as many versions
 * exist that nobody was told of
 *
 * DB is sqlite:FILE or postgresql://…; the last line of check is "N passed, N failed". */
#include "core/adoption/open.h"
#include "core/read/read.h"
#include "core/record/record.h"
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 2, HELD = 64, LINE = 160, FIELDS = 5 };

typedef struct writer {
    zh_core *core;
    int log;
    unsigned thread;
    uint64_t state; /* of the generator */
    const char *seed;
} writer;

typedef struct held {
    int64_t id;
    int32_t version;
} held;

static void stop(const char *what, const zh_err *err)
{
    fprintf(stderr, "%s: %s %s\n", what, err->rule, err->message);
    exit(2);
}

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static zh_change change_of(zh_ctx *ctx, const zh_register *reg, const char *id, const char *text)
{
    zh_change change = {.field = zh_register_field(reg, zh_str_of(id))};
    char how = 0;
    if (zh_field_parse(ctx->model, change.field, ctx->arena, zh_str_of(text), INT32_MIN,
                       &change.value, &how, ctx->err) != ZH_OK) {
        stop(id, ctx->err);
    }
    return change;
}

/* The promise to the client: it survives whatever happens to this process from now on. */
static void acknowledge(const writer *w, const zh_applied *at, const char *no, const char *amount,
                        const char *state)
{
    char line[LINE];
    int n = snprintf(line, sizeof line, "%" PRId64 " %d %s %s %s\n", at->id, at->version, no,
                     amount, state);
    if (n <= 0 || n >= LINE || write(w->log, line, (size_t)n) != n || fdatasync(w->log) != 0) {
        perror("log");
        exit(2);
    }
}

static void apply(zh_ctx *ctx, const zh_op *op, zh_applied *out)
{
    zh_findings findings = {0};
    if (zh_record_apply(ctx, op, &findings, out) != ZH_OK) {
        stop("write", ctx->err);
    }
}

static void *write_on(void *user)
{
    writer *w = user;
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = zh_ctx_local(w->core, arena, &err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("entry"));
    static const char *const places[] = {"east", "south", "west", "north"};
    held open[HELD];
    char names[HELD][40];
    size_t n = 0;
    for (uint64_t count = 0;; count++) {
        zh_arena_reset(arena);
        char amount[24];
        uint64_t dice = draw(&w->state) % 10;
        snprintf(amount, sizeof amount, "%u.%02u", (unsigned)(draw(&w->state) % 100000),
                 (unsigned)(draw(&w->state) % 100));
        zh_applied at;
        if (n == 0 || (dice < 5 && n < HELD)) {
            char no[40];
            snprintf(no, sizeof no, "%s-%u-%" PRIu64, w->seed, w->thread, count);
            zh_change changes[] = {change_of(&ctx, reg, "no", no),
                                   change_of(&ctx, reg, "place", places[draw(&w->state) % 4]),
                                   change_of(&ctx, reg, "day", "2026-03-04"),
                                   change_of(&ctx, reg, "amount", amount)};
            zh_op op = {.kind = ZH_OP_CREATE,
                        .reg = reg,
                        .changes = changes,
                        .nchanges = ZH_COUNTOF(changes)};
            apply(&ctx, &op, &at);
            acknowledge(w, &at, no, amount, "open");
            memcpy(names[n], no, sizeof no);
            open[n++] = (held){at.id, at.version};
            continue;
        }
        size_t i = draw(&w->state) % n;
        zh_change change = change_of(&ctx, reg, "amount", amount);
        bool finish = dice == 9;
        zh_op op = {.kind = finish ? ZH_OP_TRANSITION : ZH_OP_AMEND,
                    .reg = reg,
                    .office = zh_core_office(w->core),
                    .id = open[i].id,
                    .version_expected = open[i].version,
                    .transition = finish ? &reg->transitions[0] : NULL,
                    .changes = &change,
                    .nchanges = 1,
                    .reason = ZH_STR("更正")};
        apply(&ctx, &op, &at);
        acknowledge(w, &at, names[i], amount, finish ? "done" : "open");
        open[i].version = at.version;
        if (finish) {
            open[i] = open[--n];
            memcpy(names[i], names[n], sizeof names[i]);
        }
    }
    return NULL;
}

static void write_all(zh_core *core, const char *log, const char *seed)
{
    pthread_t threads[THREADS];
    writer writers[THREADS];
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        perror(log);
        exit(2);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (writer){core, fd, i, zh_str_hash(zh_str_of(seed)) + i, seed};
        if (pthread_create(&threads[i], NULL, write_on, &writers[i]) != 0) {
            exit(2);
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* ---- checking -------------------------------------------------------------------------------- */

typedef struct ack {
    int64_t id, version;
    zh_str no, amount, state;
} ack;

typedef ZH_VEC(ack) acks;

static int ack_order(const void *a, const void *b)
{
    const ack *x = a;
    const ack *y = b;
    if (x->id != y->id) {
        return x->id < y->id ? -1 : 1;
    }
    return x->version < y->version ? -1 : x->version > y->version;
}

static void read_log(zh_arena *arena, const char *path, acks *out)
{
    FILE *file = fopen(path, "r");
    char line[LINE];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        zh_str rest = zh_str_trim(zh_str_of(line));
        zh_str words[FIELDS];
        ack a = {0};
        size_t n = 0;
        while (n < FIELDS && zh_str_split(&rest, ' ', &words[n])) {
            n++;
        }
        if (n != FIELDS || zh_str_i64(words[0], &a.id) != ZH_OK ||
            zh_str_i64(words[1], &a.version) != ZH_OK) {
            fprintf(stderr, "the log is torn: %s\n", line);
            exit(2);
        }
        a.no = zh_str_dup(arena, words[2]);
        a.amount = zh_str_dup(arena, words[3]);
        a.state = zh_str_dup(arena, words[4]);
        zh_vec_push(arena, out, a);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

typedef struct checker {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_register *reg;
    int64_t passed, failed, loose_versions;
} checker;

static void wrong(checker *c, const ack *a, const char *what)
{
    c->failed++;
    printf("FAILED: %.*s, record %" PRId64 " version %" PRId64 ": %s\n", ZH_FMT(a->no), a->id,
           a->version, what);
}

static bool says(const checker *c, const zh_record *r, const ack *a)
{
    const zh_value *no = &r->values[zh_register_field(c->reg, ZH_STR("no"))->index];
    const zh_value *amount = &r->values[zh_register_field(c->reg, ZH_STR("amount"))->index];
    zh_decimal told;
    return zh_str_eq(no->text, a->no) && zh_decimal_parse(a->amount, false, &told) == ZH_OK &&
           zh_decimal_cmp(amount->decimal, told) == 0 &&
           zh_str_eq(c->reg->states[r->state].id, a->state);
}

/* All acknowledged versions of one record: list[0..n). */
static void check_record(checker *c, const ack *list, size_t n)
{
    zh_version *versions = NULL;
    size_t nversions = 0;
    if (zh_record_history(c->ctx, c->conn, c->reg, c->ctx->office, list[0].id, &versions,
                          &nversions) != ZH_OK) {
        wrong(c, &list[0], c->ctx->err->message);
        zh_err_clear(c->ctx->err);
        return;
    }
    for (size_t i = 0; i < nversions; i++) {
        if (versions[i].record->version != (int32_t)i + 1) {
            wrong(c, &list[0], "a gap or a repetition among its versions");
            return;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (list[i].version < 1 || (size_t)list[i].version > nversions) {
            wrong(c, &list[i], "acknowledged and missing");
        } else if (!says(c, versions[list[i].version - 1].record, &list[i])) {
            wrong(c, &list[i], "does not say what was acknowledged");
        } else {
            c->passed++;
        }
    }
    c->loose_versions += (int64_t)nversions - (int64_t)n;
}

static int64_t ask(checker *c, const char *sql)
{
    int64_t n = -1;
    if (zh_query_i64(c->conn, sql, NULL, 0, &n, c->ctx->err) != ZH_OK) {
        stop(sql, c->ctx->err);
    }
    return n;
}

static void expect(checker *c, bool good, const char *what, int64_t n)
{
    c->passed += good;
    c->failed += !good;
    if (!good) {
        printf("FAILED: %s (%" PRId64 ")\n", what, n);
    }
}

static int check_all(zh_core *core, const char *log, const char *loose_text)
{
    zh_err err = {0};
    zh_arena *all = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, &err);
    checker c = {.ctx = &ctx, .reg = zh_model_register(ctx.model, ZH_STR("entry"))};
    acks list = {0};
    int64_t loose = 0;
    int64_t records = 0;
    read_log(all, log, &list);
    if (zh_str_i64(zh_str_of(loose_text), &loose) != ZH_OK ||
        zh_store_reader(zh_core_store(core), &c.conn, &err) != ZH_OK) {
        stop("check", &err);
    }
    if (list.n > 0) {
        qsort(list.p, list.n, sizeof *list.p, ack_order);
    }
    for (size_t from = 0; from < list.n; records++) {
        size_t to = from + 1;
        while (to < list.n && list.p[to].id == list.p[from].id) {
            to++;
        }
        zh_arena_reset(arena);
        check_record(&c, list.p + from, to - from);
        from = to;
    }
    int64_t unknown = ask(&c, "SELECT count(*) FROM r_entry") - records;
    expect(&c, unknown >= 0 && unknown <= loose, "records that nobody was told of", unknown);
    expect(&c, c.loose_versions >= 0 && c.loose_versions <= loose,
           "versions that nobody was told of", c.loose_versions);
    int64_t doubled = ask(&c, "SELECT count(*) - count(DISTINCT no) FROM r_entry");
    expect(&c, doubled == 0, "doubled records", doubled);
    printf("%" PRId64 " passed, %" PRId64 " failed\n", c.passed, c.failed);
    zh_store_release(c.conn);
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    zh_arena_free(all);
    return c.failed != 0;
}

int main(int argc, char **argv)
{
    zh_err err = {0};
    zh_core *core = NULL;
    if (argc != 6 || (strcmp(argv[1], "write") != 0 && strcmp(argv[1], "check") != 0)) {
        fprintf(stderr, "usage: writes write|check DB PACKS LOG SEED|LOOSE\n");
        return 2;
    }
    zh_core_options options = {.db_url = argv[2], .packs = argv[3]};
    if (zh_core_open(&options, &core, &err) != ZH_OK) {
        stop("open", &err);
    }
    int code = 0;
    if (strcmp(argv[1], "write") == 0) {
        write_all(core, argv[4], argv[5]);
    } else {
        code = check_all(core, argv[4], argv[5]);
    }
    zh_core_close(core);
    return code;
}
