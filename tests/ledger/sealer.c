/* Writes and seals until it is killed; what was signed and told is noted.
 *
 *   sealer DATA DB PACKS TOLD STEP NTH SEED
 *
 * One thread creates and amends records of the register `entry`, the other seals them as the
 * service does. After every round the newest checkpoint is appended to TOLD, "SIZE ROOT" in hex,
 * synced: from then on somebody may hold it. At the NTH time that STEP (1 … ZH_TREELOG_STEPS) is
 * passed the process kills itself; STEP 0: it waits to be killed. DB "-": SQLite in DATA. The WAL
 * is rotated every few kilobytes, so that these steps come too. */
#include "core/adoption/open.h"
#include "core/ledger/ledger.h"
#include "core/record/record.h"
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 160, ROTATE_BYTES = 6000, RECORDS = 16 };

static int fatal_step;
static atomic_int passes_left;

static void at_step(int step)
{
    if (step == fatal_step && atomic_fetch_sub(&passes_left, 1) == 1) {
        (void)kill(getpid(), SIGKILL);
        (void)pause();
    }
}

static void stop(const char *what, const zh_err *err)
{
    fprintf(stderr, "%s: %s %s %s\n", what, err->rule, err->message, err->where);
    exit(2);
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

typedef struct job {
    zh_core *core;
    const char *seed;
} job;

static void *write_on(void *user)
{
    const job *j = user;
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = zh_ctx_local(j->core, arena, &err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("entry"));
    zh_applied made[RECORDS];
    size_t n = 0;
    for (uint64_t i = 0;; i++) {
        zh_arena_reset(arena);
        char text[40];
        char amount[24];
        zh_findings findings = {0};
        snprintf(text, sizeof text, "%s-%" PRIu64, j->seed, i);
        snprintf(amount, sizeof amount, "%" PRIu64 ".%02u", i, (unsigned)(i % 100));
        zh_change changes[] = {
            change_of(&ctx, reg, "no", text), change_of(&ctx, reg, "place", "east"),
            change_of(&ctx, reg, "day", "2026-03-04"), change_of(&ctx, reg, "amount", amount)};
        zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = 4};
        zh_applied *at = &made[i % RECORDS];
        if (n == RECORDS && i % 3 != 0) {
            op = (zh_op){.kind = ZH_OP_AMEND,
                         .reg = reg,
                         .office = at->office,
                         .id = at->id,
                         .changes = &changes[3],
                         .nchanges = 1,
                         .reason = ZH_STR("更正")};
        }
        if (zh_record_apply(&ctx, &op, &findings, at) != ZH_OK) {
            stop("write", &err);
        }
        n += n < RECORDS;
    }
    return NULL;
}

static void tell(zh_core *core, int told)
{
    zh_err err = {0};
    zh_treelog_view view;
    char root[2 * ZH_DIGEST_BYTES + 1];
    char line[LINE];
    zh_arena *arena = zh_arena_new((size_t)4 << 20);
    if (zh_ledger_view(core, arena, &view, &err) != ZH_OK) {
        stop("view", &err);
    }
    if (view.note.p != NULL) {
        zh_digest_hex(&view.checkpoint.root, root);
        int n = snprintf(line, sizeof line, "%" PRIu64 " %s\n", view.checkpoint.size, root);
        if (write(told, line, (size_t)n) != n || fdatasync(told) != 0) {
            perror("told");
            exit(2);
        }
    }
    zh_arena_free(arena);
}

int main(int argc, char **argv)
{
    zh_err err = {0};
    zh_core *core = NULL;
    pthread_t thread;
    if (argc != 8) {
        fprintf(stderr, "usage: sealer DATA DB PACKS TOLD STEP NTH SEED\n");
        return 2;
    }
    int told = open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    fatal_step = (int)strtol(argv[5], NULL, 10);
    passes_left = (int)strtol(argv[6], NULL, 10);
    zh_treelog_step = at_step;
    zh_treelog_rotate_at = ROTATE_BYTES;
    zh_core_options options = {.data_dir = argv[1],
                               .db_url = strcmp(argv[2], "-") == 0 ? NULL : argv[2],
                               .packs = argv[3]};
    if (told < 0 || zh_core_open(&options, &core, &err) != ZH_OK) {
        stop("open", &err);
    }
    job j = {core, argv[7]};
    if (pthread_create(&thread, NULL, write_on, &j) != 0) {
        return 2;
    }
    while (true) {
        int64_t size = 0;
        bool more = false;
        zh_err_clear(&err);
        zh_rc rc = zh_ledger_round(core, &size, &more, &err);
        if (rc != ZH_OK && rc != ZH_EBUSY) {
            stop("seal", &err);
        }
        tell(core, told);
    }
}
