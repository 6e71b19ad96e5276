/* Do both databases do the same? Random write histories and random questions, put to SQLite and
 * PostgreSQL side by side and compared byte for byte.
 *
 *   conformance DECLARATIONS [HISTORIES QUESTIONS]
 *
 * The numbers are those of one round. ZH_TEST_PG_URL names the server, ZH_TEST_SEED the first seed
 * (printed otherwise), ZH_LONG=1 runs ten times as many rounds. The last line is "N passed, N
 * failed". */
#include "world.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A round is a province of its own: many small ones cost less than a large one, and see more. */
enum { ROUNDS = 4, ROUNDS_LONG = 40, HISTORIES = 250, QUESTIONS = 1250 };

static uint64_t number(const char *text, uint64_t otherwise)
{
    uint64_t n = otherwise;
    if (text != NULL && zh_str_u64(zh_str_of(text), &n) != ZH_OK) {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return n;
}

/* One province lived through and asked. The sums go into *passed and *failed. */
static void run_round(uint64_t seed, const char *declarations, size_t histories, size_t questions,
                      size_t *passed, size_t *failed)
{
    world w;
    uint64_t begun = zh_monotonic_us();
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
    world_open(&w, seed, declarations);
    histories_run(&w, histories);
    if (w.failed == 0) {
        histories_compare_tables(&w);
    }
    size_t records = 0;
    for (size_t i = 0; i < w.model->nregisters; i++) {
        records += w.records[i].n;
    }
    uint64_t written = zh_monotonic_us();
    printf("%zu histories, %zu records: %" PRIu64 " ms\n", histories, records,
           (written - begun) / 1000);
    fflush(stdout);
    if (w.failed == 0) {
        questions_run(&w, questions);
    }
    printf("questions: %" PRIu64 " ms\n", (zh_monotonic_us() - written) / 1000);
    *passed += w.passed;
    *failed += w.failed;
    world_close(&w);
}

int main(int argc, char **argv)
{
    if (argc < 2 || getenv("ZH_TEST_PG_URL") == NULL) {
        fprintf(stderr,
                "usage: ZH_TEST_PG_URL=... conformance DECLARATIONS [HISTORIES QUESTIONS]\n");
        return 2;
    }
    uint64_t seed = number(getenv("ZH_TEST_SEED"), (uint64_t)zh_now());
    const char *more = getenv("ZH_LONG");
    size_t rounds = more != NULL && strcmp(more, "1") == 0 ? ROUNDS_LONG : ROUNDS;
    size_t passed = 0;
    size_t failed = 0;
    for (size_t i = 0; i < rounds; i++) {
        run_round(seed + i, argv[1], number(argc > 2 ? argv[2] : NULL, HISTORIES),
                  number(argc > 3 ? argv[3] : NULL, QUESTIONS), &passed, &failed);
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0;
}
