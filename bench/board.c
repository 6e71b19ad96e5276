/* The indicator board over what is stored: every indicator of the register p1_sample, by city, for
 * each of the last 24 months with data.
 *
 *   board DATA PACKS ROUNDS   prints, as milliseconds, median and 95th percentile of a whole board
 *                             (asked a month at a time, and an indicator at a time) and of one
 *                             question (one indicator, one month, all cities), how many
 *                             figures a board holds, and the sum of the batches in them, which
 *                             bench/p2.sh compares with a recount in SQL */
#include "base/time.h"
#include "core/adoption/open.h"
#include "core/figure/indicator.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MONTHS = 24, ROUNDS_MAX = 10000 };

struct board {
    zh_core *core;
    zh_date months[MONTHS][2]; /* first and last day */
    uint64_t *asked;           /* µs of each question */
    size_t nasked;
    uint64_t figures, batches;
};

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

/* The last 24 months up to the one of the newest record. */
static void find_months(struct board *board)
{
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = zh_ctx_local(board->core, arena, &err);
    zh_conn *conn = NULL;
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("p1_sample"));
    zh_page page = {0};
    zh_list_query newest = {
        .reg = reg, .sort = reg->event_time, .descending = true, .limit = 1, .as_of = ZH_AS_OF_NOW};
    if (zh_store_reader(zh_core_store(board->core), &conn, &err) != ZH_OK ||
        zh_list(&ctx, conn, &newest, &page) != ZH_OK || page.n != 1) {
        stop("newest record", &err);
    }
    zh_date first = (zh_date)page.records[0]->values[reg->event_time->index].i;
    int year;
    int month;
    int day;
    zh_date_civil(first, &year, &month, &day);
    first = zh_date_of(year, month, 1);
    for (int i = 0; i < MONTHS; i++) {
        board->months[i][0] = zh_date_add_months(first, i + 1 - MONTHS);
        board->months[i][1] = zh_date_add_months(first, i + 2 - MONTHS) - 1;
    }
    zh_store_release(conn);
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
}

static void ask(struct board *board, zh_ctx *ctx, zh_conn *conn, const zh_indicator *indicator,
                const zh_date month[2])
{
    zh_figure_query query = {
        .indicator = indicator, .first = month[0], .last = month[1], .as_of = ZH_AS_OF_NOW};
    zh_str *values;
    zh_figure *figures;
    size_t n;
    uint64_t from = zh_monotonic_us();
    if (zh_figure_by(ctx, conn, &query, ZH_STR("place@city"), &values, &figures, &n) != ZH_OK) {
        stop("board", ctx->err);
    }
    board->asked[board->nasked++] = zh_monotonic_us() - from;
    board->figures += n;
    for (size_t i = 0; i < n && zh_str_is(indicator->id, "p1_batches"); i++) {
        board->batches += (uint64_t)figures[i].n;
    }
}

/* A whole indicator: every city and month in one question. */
static void ask_all(struct board *board, zh_ctx *ctx, zh_conn *conn, const zh_indicator *indicator)
{
    zh_figure_query query = {.indicator = indicator,
                             .first = board->months[0][0],
                             .last = board->months[MONTHS - 1][1],
                             .as_of = ZH_AS_OF_NOW};
    zh_str *values;
    zh_figure *figures;
    size_t n;
    if (zh_figure_table(ctx, conn, &query, ZH_STR("place@city"), ZH_GRAIN_MONTH, &values, &figures,
                        &n) != ZH_OK) {
        stop("board", ctx->err);
    }
    board->figures += n;
    for (size_t i = 0; i < n && zh_str_is(indicator->id, "p1_batches"); i++) {
        board->batches += (uint64_t)figures[i].n;
    }
}

/* One board, in one snapshot; returns its µs. by_month: a question a month. */
static uint64_t show(struct board *board, bool by_month)
{
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(board->core, arena, &err);
    zh_conn *conn = NULL;
    uint64_t from = zh_monotonic_us();
    board->figures = 0;
    board->batches = 0;
    if (zh_store_reader(zh_core_store(board->core), &conn, &err) != ZH_OK ||
        zh_read_begin(conn, &err) != ZH_OK) {
        stop("reader", &err);
    }
    for (size_t i = 0; i < ctx.model->nindicators; i++) {
        const zh_indicator *indicator = &ctx.model->indicators[i];
        if (indicator->reg == NULL || !zh_str_is(indicator->reg->id, "p1_sample")) {
            continue;
        }
        for (size_t m = 0; m < MONTHS && by_month; m++) {
            ask(board, &ctx, conn, indicator, board->months[m]);
        }
        if (!by_month) {
            ask_all(board, &ctx, conn, indicator);
        }
    }
    zh_store_release(conn);
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return zh_monotonic_us() - from;
}

static void print(const char *what, uint64_t *us, size_t n)
{
    qsort(us, n, sizeof *us, order);
    printf("%s: n %zu, median %.2f ms, 95 %% %.2f ms\n", what, n, (double)us[n / 2] / 1000,
           (double)us[n * 95 / 100] / 1000);
}

int main(int argc, char **argv)
{
    size_t rounds = argc == 4 ? (size_t)strtoul(argv[3], NULL, 10) : 0;
    if (rounds == 0 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: board DATA PACKS ROUNDS\n");
        return 2;
    }
    zh_err err = {0};
    struct board board = {0};
    zh_core_options options = {.data_dir = argv[1], .packs = argv[2]};
    if (zh_core_open(&options, &board.core, &err) != ZH_OK) {
        stop("open", &err);
    }
    find_months(&board);
    uint64_t *boards = zh_alloc(rounds * sizeof *boards);
    board.asked = zh_alloc(rounds * MONTHS * 64 * sizeof *board.asked);
    for (size_t i = 0; i < rounds; i++) {
        boards[i] = show(&board, true);
    }
    uint64_t figures = board.figures;
    uint64_t batches = board.batches;
    print("board, a question a month", boards, rounds);
    for (size_t i = 0; i < rounds; i++) {
        boards[i] = show(&board, false);
    }
    if (board.figures != figures || board.batches != batches) {
        fprintf(stderr, "the two boards differ\n");
        return 1;
    }
    char day[16];
    (void)zh_date_format(board.months[0][0], day);
    print("board", boards, rounds);
    print("question", board.asked, board.nasked);
    printf("figures %" PRIu64 ", batches %" PRIu64 " since %s\n", board.figures, board.batches,
           day);
    zh_dealloc(boards);
    zh_dealloc(board.asked);
    zh_core_close(board.core);
    return 0;
}
