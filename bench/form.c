/* How long a form submission takes while something else, an import above all, writes.
 *
 *   form DATA PACKS SECONDS  creates one record of p1_firm every 20 ms and prints, as milliseconds,
 *                           n, median, 99th percentile and the longest */
#include "base/time.h"
#include "core/adoption/open.h"
#include "core/record/record.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EVERY_MS = 20, MOST = 100000 };

static void stop(const char *what, const zh_err *err)
{
    fprintf(stderr, "%s: %s %s\n", what, err->rule, err->message);
    exit(2);
}

static int order(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static zh_change change_of(zh_ctx *ctx, const zh_register *reg, const char *id, zh_str text)
{
    zh_change change = {.field = zh_register_field(reg, zh_str_of(id))};
    char how = 0;
    if (zh_field_parse(ctx->model, change.field, ctx->arena, text, INT32_MIN, &change.value, &how,
                       ctx->err) != ZH_OK) {
        stop(id, ctx->err);
    }
    return change;
}

/* One firm with a number of its own whose check character is right (GB 32100-2015, 5.2). */
static zh_str uscc_of(zh_arena *arena, uint64_t n)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    static const unsigned weights[17] = {1,  3,  9,  27, 19, 26, 16, 17, 20,
                                         29, 25, 13, 8,  24, 10, 30, 28};
    char code[19] = "91420100";
    unsigned sum = 0;
    for (size_t i = 16; i >= 8; i--) {
        code[i] = (char)('0' + n % 10);
        n /= 10;
    }
    for (size_t i = 0; i < 17; i++) {
        sum += (unsigned)(code[i] - '0') * weights[i];
    }
    code[17] = alphabet[(31 - sum % 31) % 31];
    return zh_str_fmt(arena, "%.18s", code);
}

static void create(zh_core *core, uint64_t n)
{
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, &err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("p1_firm"));
    zh_change changes[] = {change_of(&ctx, reg, "code", uscc_of(arena, n)),
                           change_of(&ctx, reg, "name", ZH_STR("表单新增企业"))};
    zh_op op = {
        .kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = ZH_COUNTOF(changes)};
    zh_findings findings = {0};
    zh_applied applied;
    if (zh_record_apply(&ctx, &op, &findings, &applied) != ZH_OK) {
        stop("create", &err);
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: form DATA PACKS SECONDS\n");
        return 2;
    }
    zh_err err = {0};
    zh_core *core = NULL;
    zh_core_options options = {.data_dir = argv[1], .packs = argv[2]};
    if (zh_core_open(&options, &core, &err) != ZH_OK) {
        stop("open", &err);
    }
    uint64_t *took = zh_alloc(MOST * sizeof *took);
    uint64_t begun = zh_monotonic_us();
    uint64_t until = begun + strtoull(argv[3], NULL, 10) * 1000000u;
    uint64_t first = (uint64_t)zh_now() / 1000 % 1000000000u;
    size_t n = 0;
    while (n < MOST && zh_monotonic_us() < until) {
        uint64_t from = zh_monotonic_us();
        create(core, first + n);
        took[n++] = zh_monotonic_us() - from;
        struct timespec pause = {0, EVERY_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    qsort(took, n, sizeof *took, order);
    printf("forms: n %zu, median %.1f ms, 99 %% %.1f ms, longest %.1f ms\n", n,
           (double)took[n / 2] / 1000, (double)took[n * 99 / 100] / 1000,
           (double)took[n - 1] / 1000);
    zh_dealloc(took);
    zh_core_close(core);
    return 0;
}
