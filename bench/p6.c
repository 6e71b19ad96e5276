/* Speed of the engines, for bench/p6.sh.
 *
 *   p6 call ENGINE.FUNCTION MEMBER FILE   runs the calculation for every line of FILE (JSON inputs)
 *       and prints the numbers of MEMBER of every result, one a line, NA for null. LIST.MEMBER:
 *       of the objects of LIST those named MEMBER.
 *   p6 NAME VARIANT COLUMNS FILE          a calculation of the C interface: least_squares,
 *       logistic, ears, weibull, kaplan_meier, chart, ebgm, scan. FILE: binary64, row by row; for
 * the regressions all rows of the design, then the response.
 *
 * To stderr: seconds of the calculation (best of up to 5 runs within 2 s), and how many of them are
 * spent on making numbers of the JSON text; parsing is counted in neither. */
#include "base/os.h"
#include "engine/engine.h"
#include "engine/ews.h"
#include "engine/mgps.h"
#include "engine/reliability.h"
#include "engine/scan.h"
#include "engine/scorecard.h"
#include "engine/spc.h"
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

/* ---- calculations of the C interface, from binary64 numbers ---- */

struct task {
    zh_arena *arena;
    zh_err err;
    const double *v; /* n numbers of the file */
    size_t n;
    size_t columns, rows;
    const char *what;
    double *out;
    size_t out_n;
};

static zh_rc least_squares(struct task *t)
{
    zh_matrix x = {t->rows, t->columns, (double *)(uintptr_t)t->v};
    zh_least_squares_fit fit;
    zh_rc rc = zh_least_squares(t->arena, &x, t->v + t->rows * t->columns, NULL, &fit, &t->err);
    t->out = fit.coef;
    t->out_n = t->columns;
    return rc;
}

static zh_rc logistic(struct task *t)
{
    zh_matrix x = {t->rows, t->columns, (double *)(uintptr_t)t->v};
    zh_logistic fit;
    zh_rc rc =
        zh_logistic_fit(t->arena, &x, t->v + t->rows * t->columns, t->rows, NULL, &fit, &t->err);
    t->out = fit.coef;
    t->out_n = t->columns + 1;
    return rc;
}

/* Series of `columns` weeks. */
static zh_rc ears(struct task *t)
{
    zh_ears settings = {.method = ZH_EARS_C1, .baseline = 7, .alpha = 0.001};
    if (strcmp(t->what, "C1") != 0) {
        settings.method = strcmp(t->what, "C2") == 0 ? ZH_EARS_C2 : ZH_EARS_C3;
        settings.alpha = settings.method == ZH_EARS_C3 ? 0.025 : 0.001;
    }
    size_t first = zh_ears_first(&settings);
    size_t points = t->columns - first;
    size_t *range = ZH_NEW_N(t->arena, size_t, points);
    t->out = ZH_NEW_N(t->arena, double, t->rows *points);
    t->out_n = t->rows * points;
    for (size_t i = 0; i < points; i++) {
        range[i] = first + i;
    }
    for (size_t i = 0; i < t->rows; i++) {
        zh_ears_run(t->v + i * t->columns, range, points, &settings, t->out + i * points);
    }
    return ZH_OK;
}

/* Each row: the times, then the events as 0 and 1. */
static const int64_t *events_of(struct task *t, size_t row, size_t n)
{
    int64_t *event = ZH_NEW_N(t->arena, int64_t, n);
    for (size_t i = 0; i < n; i++) {
        event[i] = (int64_t)t->v[row * t->columns + n + i];
    }
    return event;
}

static zh_rc weibull(struct task *t)
{
    zh_rc rc = ZH_OK;
    t->out = ZH_NEW_N(t->arena, double, t->rows);
    t->out_n = t->rows;
    for (size_t i = 0; i < t->rows && rc == ZH_OK; i++) {
        zh_weibull_fit fit;
        size_t n = t->columns / 2;
        rc = zh_weibull_mle(t->arena, t->v + i * t->columns, events_of(t, i, n), n, 0.95, &fit,
                            &t->err);
        t->out[i] = fit.scale;
    }
    return rc;
}

static zh_rc kaplan_meier(struct task *t)
{
    zh_survival curve;
    size_t n = t->columns / 2;
    zh_rc rc = zh_kaplan_meier(t->arena, t->v, events_of(t, 0, n), n, 0.95, &curve, &t->err);
    t->out_n = rc == ZH_OK ? curve.n : 0;
    t->out = ZH_NEW_N(t->arena, double, t->out_n + 1);
    for (size_t i = 0; i < t->out_n; i++) {
        t->out[i] = curve.steps[i].survival;
    }
    return rc;
}

/* Subgroups of `columns`. */
static zh_rc chart(struct task *t)
{
    zh_chart_type type = strcmp(t->what, "xbar") == 0 ? ZH_CHART_XBAR
                         : strcmp(t->what, "R") == 0  ? ZH_CHART_R
                                                      : ZH_CHART_S;
    zh_chart_options options = zh_chart_options_of(type);
    size_t *start = ZH_NEW_N(t->arena, size_t, t->rows + 1);
    for (size_t i = 0; i <= t->rows; i++) {
        start[i] = i * t->columns;
    }
    zh_subgroups groups = {t->rows, start, t->v};
    zh_chart result;
    zh_rc rc = zh_spc_chart(t->arena, &groups, &options, &result, &t->err);
    t->out = result.ucl;
    t->out_n = t->rows;
    return rc;
}

/* Rows of a count and its expected count. */
static zh_rc ebgm(struct task *t)
{
    const zh_mgps prior = {0.2, 0.1, 2.0, 4.0, 1.0 / 3.0};
    double *n = ZH_NEW_N(t->arena, double, t->rows);
    double *e = ZH_NEW_N(t->arena, double, t->rows);
    zh_mgps_score *scores = ZH_NEW_N(t->arena, zh_mgps_score, t->rows);
    for (size_t i = 0; i < t->rows; i++) {
        n[i] = t->v[2 * i];
        e[i] = t->v[2 * i + 1];
    }
    zh_rc rc = zh_mgps_scores(t->arena, &prior, n, e, t->rows, scores, &t->err);
    t->out = ZH_NEW_N(t->arena, double, t->rows);
    t->out_n = t->rows;
    for (size_t i = 0; i < t->rows; i++) {
        t->out[i] = scores[i].ebgm;
    }
    return rc;
}

/* Locations by rows, each with its coordinates and its counts by period; every population 1,000. */
static zh_rc scan(struct task *t)
{
    size_t periods = t->columns - 2;
    zh_matrix counts = zh_matrix_new(t->arena, periods, t->rows);
    zh_matrix people = zh_matrix_new(t->arena, periods, t->rows);
    zh_matrix baseline = zh_matrix_new(t->arena, periods, t->rows);
    zh_matrix coords = zh_matrix_new(t->arena, t->rows, 2);
    for (size_t i = 0; i < t->rows; i++) {
        const double *row = t->v + i * t->columns;
        coords.v[2 * i] = row[0];
        coords.v[2 * i + 1] = row[1];
        for (size_t d = 0; d < periods; d++) {
            counts.v[d * t->rows + i] = row[2 + d];
            people.v[d * t->rows + i] = 1000.0;
        }
    }
    zh_scan_circles circles;
    zh_scan result = {0};
    zh_rc rc = zh_scan_baseline(&counts, &people, &baseline, &t->err);
    if (rc == ZH_OK) {
        rc = zh_scan_nearest(t->arena, &coords, false, 15, &circles, &t->err);
    }
    if (rc == ZH_OK) {
        rc = zh_scan_poisson(t->arena, &counts, &baseline, &circles, periods, 999, 1, &result,
                             &t->err);
    }
    t->out = ZH_NEW_N(t->arena, double, 1);
    t->out_n = 1;
    t->out[0] = result.score;
    return rc;
}

static const struct {
    const char *name;
    zh_rc (*run)(struct task *task);
    bool response; /* a column more than the design has */
} tasks[] = {
    {"least_squares", least_squares, true},
    {"logistic", logistic, true},
    {"ears", ears, false},
    {"weibull", weibull, false},
    {"kaplan_meier", kaplan_meier, false},
    {"chart", chart, false},
    {"ebgm", ebgm, false},
    {"scan", scan, false},
};

static bool run_task(const char *name, const char *what, size_t columns, const char *path)
{
    size_t which = 0;
    while (which < ZH_COUNTOF(tasks) && strcmp(tasks[which].name, name) != 0) {
        which++;
    }
    if (which == ZH_COUNTOF(tasks) || columns == 0) {
        return false;
    }
    zh_arena *arena = zh_arena_new((size_t)4 << 30);
    size_t size;
    struct task t = {.arena = zh_arena_new(ZH_ARENA_JOB_BYTES), .what = what, .columns = columns};
    t.v = (const double *)(const void *)read_file(arena, path, &size);
    t.n = size / sizeof(double);
    t.rows = t.n / (columns + (tasks[which].response ? 1 : 0));
    double best = (double)INFINITY;
    for (double spent = 0.0; spent < RUN_SECONDS;) {
        bool first = isinf(best);
        double begun = now();
        if (tasks[which].run(&t) != ZH_OK) {
            stop(name, &t.err);
        }
        double seconds = now() - begun;
        for (size_t i = 0; first && i < t.out_n; i++) {
            if (isnan(t.out[i])) {
                printf("NA\n");
            } else {
                printf("%.15g\n", t.out[i]);
            }
        }
        best = fmin(best, seconds);
        spent += seconds;
        zh_arena_reset(t.arena);
    }
    fprintf(stderr, "%.6f 0 %s\n", best, name);
    zh_arena_free(t.arena);
    zh_arena_free(arena);
    return true;
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
        return 0;
    }
    if (argc != 5 || !run_task(argv[1], argv[2], number(argv[3]), argv[4])) {
        fprintf(stderr, "usage: p6 call ENGINE.FUNCTION MEMBER FILE | NAME VARIANT COLUMNS FILE\n");
        return 2;
    }
    return 0;
}
