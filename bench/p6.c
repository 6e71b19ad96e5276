/* Speed of the engines, for bench/p6.sh.
 *
 *   p6 call ENGINE.FUNCTION MEMBER FILE   runs the calculation for every line of FILE (JSON inputs)
 *       and prints the numbers of MEMBER of every result, one a line, NA for null. LIST.MEMBER:
 *       of the objects of LIST those named MEMBER.
 *   p6 least_squares ROWS COLUMNS FILE    FILE: binary64, the design row by row, then the response
 *   p6 logistic ROWS COLUMNS FILE         likewise, without the column of ones
 *
 * To stderr: seconds of the calculation (best of up to 5 runs within 2 s), and how many of them are
 * spent on making numbers of the JSON text; parsing is counted in neither. */
#include "base/os.h"
#include "engine/engine.h"
#include "engine/scorecard.h"
#include "num/matrix.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 5, BYTES_MAX = 1 << 30 };
#define RUN_SECONDS 2.0

struct line {
    zh_json *input;
    zh_buf result;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop(const char *what, const zh_err *err)
{
    fprintf(stderr, "p6: %s: %s %s\n", what, err->rule, err->message);
    exit(2);
}

static char *read_file(zh_arena *arena, const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        *n = (size_t)ftell(file);
        rewind(file);
        bytes = zh_arena_try(arena, *n + 1);
    }
    if (bytes == NULL || fread(bytes, 1, *n, file) != *n) {
        fprintf(stderr, "p6: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

static const zh_engine *find(const char *name)
{
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (strcmp(zh_engines[i]->name, name) == 0) {
            return zh_engines[i];
        }
    }
    fprintf(stderr, "p6: no calculation %s\n", name);
    exit(3);
}

/* Values nest at most ZH_JSON_DEPTH_MAX deep. */
static double sum_numbers(const zh_json *value)
{
    double sum = 0.0;
    double x = 0.0;
    if (value->kind == ZH_JSON_NUMBER && zh_json_double(value, &x) == ZH_OK) {
        return x;
    }
    for (const zh_json *child = value->first; child != NULL; child = child->next) {
        sum += sum_numbers(child);
    }
    return sum;
}

/* Those named `only` when that is not empty. */
static void print_numbers(const zh_json *value, zh_str only)
{
    double x = 0.0;
    bool wanted = only.n == 0 || zh_str_eq(value->name, only);
    if (wanted && value->kind == ZH_JSON_NULL) {
        printf("NA\n");
    } else if (wanted && value->kind == ZH_JSON_NUMBER && zh_json_double(value, &x) == ZH_OK) {
        printf("%.15g\n", x);
    }
    for (const zh_json *child = value->first; child != NULL; child = child->next) {
        print_numbers(child, only);
    }
}

static double run_all(const zh_engine *engine, zh_arena *work, struct line *lines, size_t n)
{
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        zh_err err = {0};
        zh_jw out;
        zh_buf_clear(&lines[i].result);
        zh_jw_init(&out, &lines[i].result, 0);
        double begun = now();
        if (engine->run(work, lines[i].input, &out, &err) != ZH_OK) {
            stop(engine->name, &err);
        }
        total += now() - begun;
        zh_arena_reset(work);
    }
    return total;
}

static void call(const char *name, const char *member, const char *path)
{
    const zh_engine *engine = find(name);
    zh_arena *arena = zh_arena_new((size_t)4 << 30);
    zh_arena *work = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_err err = {0};
    size_t size;
    char *bytes = read_file(arena, path, &size);
    zh_str text = {bytes, size};
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        n += bytes[i] == '\n' ? 1 : 0;
    }
    struct line *lines = ZH_NEW_N(arena, struct line, n + 1);
    for (n = 0; text.n > 0; n++) {
        if (zh_json_parse_prefix(arena, &text, &lines[n].input, &err) != ZH_OK) {
            stop(path, &err);
        }
        zh_buf_init(&lines[n].result, BYTES_MAX);
    }
    char list[64] = "";
    size_t length = strcspn(member, ".");
    (void)snprintf(list, sizeof(list), "%.*s", (int)length, member);
    zh_str only = zh_str_of(member + length + (member[length] == '.' ? 1 : 0));
    double sum = 0.0;
    double begun = now();
    for (size_t i = 0; i < n; i++) {
        sum += sum_numbers(lines[i].input);
    }
    double reading = now() - begun;
    double best = run_all(engine, work, lines, n);
    double spent = best;
    for (int run = 1; run < RUNS && spent < RUN_SECONDS; run++) {
        double seconds = run_all(engine, work, lines, n);
        spent += seconds;
        best = fmin(best, seconds);
    }
    for (size_t i = 0; i < n; i++) {
        zh_json *result = NULL;
        if (zh_json_parse(arena, zh_buf_view(&lines[i].result), &result, &err) != ZH_OK) {
            stop("result", &err);
        }
        const zh_json *value = zh_json_get(result, list);
        if (value == NULL) {
            fprintf(stderr, "p6: %s has no %s\n", name, member);
            exit(2);
        }
        print_numbers(value, only);
        zh_buf_free(&lines[i].result);
    }
    fprintf(stderr, "%.6f %.6f %s\n", best, isnan(sum) ? 0.0 : reading, name);
    zh_arena_free(work);
    zh_arena_free(arena);
}

static void regression(bool logistic, size_t rows, size_t columns, const char *path)
{
    zh_arena *arena = zh_arena_new((size_t)4 << 30);
    zh_arena *work = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_err err = {0};
    size_t size;
    double *v = (double *)(void *)read_file(arena, path, &size);
    zh_matrix x = {rows, columns, v};
    const double *y = v + rows * columns;
    double best = (double)INFINITY;
    if (size != (rows * columns + rows) * sizeof(double)) {
        fprintf(stderr, "p6: %s has another size\n", path);
        exit(2);
    }
    for (double spent = 0.0; spent < RUN_SECONDS;) {
        bool first = isinf(best);
        zh_least_squares_fit line;
        zh_logistic odds;
        double begun = now();
        zh_rc rc = logistic ? zh_logistic_fit(work, &x, y, rows, NULL, &odds, &err)
                            : zh_least_squares(work, &x, y, NULL, &line, &err);
        double seconds = now() - begun;
        if (rc != ZH_OK) {
            stop("regression", &err);
        }
        for (size_t j = 0; first && j < columns + (logistic ? 1 : 0); j++) {
            printf("%.15g\n", logistic ? odds.coef[j] : line.coef[j]);
        }
        best = fmin(best, seconds);
        spent += seconds;
        zh_arena_reset(work);
    }
    fprintf(stderr, "%.6f 0 %s\n", best, logistic ? "logistic" : "least_squares");
    zh_arena_free(work);
    zh_arena_free(arena);
}

static size_t number(const char *text)
{
    uint64_t value = 0;
    if (zh_str_u64(zh_str_of(text), &value) != ZH_OK) {
        fprintf(stderr, "p6: %s is not a number\n", text);
        exit(2);
    }
    return (size_t)value;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "call") == 0) {
        call(argv[2], argv[3], argv[4]);
    } else if (argc == 5 &&
               (strcmp(argv[1], "least_squares") == 0 || strcmp(argv[1], "logistic") == 0)) {
        regression(argv[1][0] == 'l' && argv[1][1] == 'o', number(argv[2]), number(argv[3]),
                   argv[4]);
    } else {
        fprintf(stderr, "usage: p6 call ENGINE.FUNCTION MEMBER FILE | least_squares ROWS COLUMNS "
                        "FILE | logistic ROWS COLUMNS FILE\n");
        return 2;
    }
    return 0;
}
