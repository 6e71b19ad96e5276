/* Targets: every form and comparator against figures worked out by hand, and the 205 targets of the
 * five outlines as they stand in the packs.
 *
 * The data: 2021 8 of 10 pass, 2022 17 of 20, 2023 9 of 10; the last record of every year in
 * December, of all on 2023-12-15. */
#include "lot_fixture.h"
#include "model/pack.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char EXTRA[] =
    "systems: [S22]\n"
    "indicators:\n"
    "  - {id: pass, label: 合格率, definition: d, kind: ratio, register: lot, num: passed,\n"
    "     den: batches, unit: \"%\", digits: 2}\n"
    "  - {id: fail, label: 不合格率, definition: d, kind: rate, register: lot, num: failed,\n"
    "     den: batches, where: \"kind = 'targeted'\", basis: targeted, unit: \"%\",\n"
    "     interval: wilson95}\n"
    "  - {id: lots, label: 批次数, definition: d, kind: count, register: lot, num: batches,\n"
    "     digits: 0}\n"
    "  - {id: cars, label: 童车批次, definition: d, kind: count, register: lot, num: batches,\n"
    "     where: \"class = 'T1'\", digits: 0}\n"
    "outlines: [outline.json]\n"
    "ties:\n"
    "  - {target: on-track, indicator: pass}\n"
    "  - {target: behind, indicator: pass}\n"
    "  - {target: met, indicator: pass}\n"
    "  - {target: early, indicator: pass}\n"
    "  - {target: missed, indicator: pass}\n"
    "  - {target: about, indicator: pass}\n"
    "  - {target: range, indicator: pass}\n"
    "  - {target: all, indicator: pass}\n"
    "  - {target: unsure, indicator: fail, basis: targeted}\n"
    "  - {target: sum-behind, indicator: lots}\n"
    "  - {target: sum-on-track, indicator: lots}\n"
    "  - {target: sum-met, indicator: lots}\n"
    "  - {target: sum-missed, indicator: lots}\n"
    "  - {target: yearly, indicator: lots}\n"
    "  - {target: yearly-met, indicator: lots}\n"
    "  - {target: yearly-missed, indicator: lots}\n"
    "  - {target: yearly-behind, indicator: lots}\n"
    "  - {target: rising, indicator: pass}\n"
    "  - {target: falling, indicator: pass}\n"
    "  - {target: overlap, indicator: fail, basis: targeted}\n"
    "  - {target: basis, indicator: fail, basis: random, basis_note: 口径不同、不作达标判断}\n"
    "  - {target: unit, indicator: pass}\n"
    "  - {target: nothing, indicator: cars}\n"
    "  - {target: words, indicator: lots}\n";

#define T(id, comparator, value, unit, deadline, more)                                             \
    "{\"id\": \"" id "\", \"name\": \"" id "\", \"comparator\": \"" comparator                     \
    "\", \"value\": " value ", \"unit\": \"" unit "\", \"deadline\": " deadline more "},"

static const char OUTLINE[] =
    "{\"id\": \"plan\", \"period\": {\"from\": 2021, \"to\": 2025}, \"region\": {\"code\": "
    "\"420000\"},"
    " \"targets\": [" T("on-track", ">=", "95", "%", "2025", "") T(
        "behind", ">=", "100", "%", "2024",
        "") T("met", ">=", "90", "%", "2023", "") T("early", ">=", "90", "%", "2025",
                                                    "") T("missed", ">=", "90.01", "%", "2023", "")
        T("about", ">=", "94", "%", "2023", ", \"approximate\": true") T(
            "range", ">=", "88", "%", "2023",
            ", \"value_max\": 93") T("all", "=", "100", "%", "2023", "")
            T("unsure", "<=", "15",
              "%", "2023", "") T("sum-behind", "cumulative>=", "100", "count", "2025",
                                 "") T("sum-on-track", "cumulative>=", "60", "count", "2025", "")
                T("sum-met", "cumulative>=", "40", "count", "2025",
                  "") T("sum-missed", "cumulative>=", "41", "count", "2023",
                        "") T("yearly", "per-year>=", "10", "count", "2025", "")
                    T("yearly-met", "per-year>=", "10", "count", "2023",
                      "") T("yearly-missed", "per-year>=", "11", "count", "2023", "")
                        T("yearly-behind", "per-year>=", "11", "count", "2025",
                          "") T("rising", ">=", "null", "trend", "2023",
                                "") T("falling", "<=", "null", "trend", "2025", "")
                            T("overlap", "<=", "null", "trend", "2025", "") T(
                                "basis", ">=", "98",
                                "%", "2025", "") T("unit", ">=", "3", "count", "2025", "")
                                T("nothing", ">=", "3", "count", "2025", "") T(
                                    "words", ">=", "null",
                                    "count", "2025", ", \"reference\": \"一批\"")
                                    T("level", ">=", "null", "level", "2025",
                                      ", \"reference\": \"全国前列\"")
                                        T("status", ">=", "null", "status", "2025",
                                          "") "{\"id\": \"untied\", \"name\": \"未挂\", "
                                              "\"comparator\": \">=\", \"value\": 3, \"unit\": "
                                              "\"count\","
                                              " \"deadline\": 2025}], \"facts\": [], \"tasks\": "
                                              "[{\"id\": \"task\", \"title\": \"任务\"}]}";

static void year(lots *l, const char *day, int passed, int failed)
{
    for (int i = 0; i < passed + failed; i++) {
        lots_create(l, NULL, "place", "420100", "class", "F1", "kind", "targeted", "on_day", day,
                    "items", i < passed ? "铅,1,pass" : "铅,1,fail", NULL);
    }
}

static lots *open_plan(void)
{
    lots *l = lots_open(EXTRA, OUTLINE, 1);
    year(l, "2021-12-02", 8, 2);
    year(l, "2022-12-03", 17, 3);
    year(l, "2023-12-15", 9, 1);
    lots_create(l, NULL, "place", "430100", "on_day", "2023-06-01", "items", "铅,1,fail", NULL);
    return l;
}

typedef struct targets {
    zh_target *list;
    size_t n;
} targets;

static targets all(lots *l, const char *at, int64_t as_of)
{
    zh_conn *conn = lots_read(l);
    targets t;
    zh_date date = 0;
    if (at != NULL) {
        assert_int_equal(zh_date_parse(zh_str_of(at), &date), ZH_OK);
    }
    lots_ok(l, zh_targets(&l->f.ctx, conn, ZH_STR("plan"), date, as_of, &t.list, &t.n));
    lots_done(conn);
    return t;
}

static const zh_target *target(const targets *t, const char *id)
{
    for (size_t i = 0; i < t->n; i++) {
        if (zh_str_is(t->list[i].item->id, id)) {
            return &t->list[i];
        }
    }
    print_error("no target %s\n", id);
    fail();
    return NULL;
}

static const char *decimal(lots *l, zh_decimal d)
{
    return zh_decimal_str(l->f.arena, d).p;
}

typedef struct wanted {
    const char *id, *form;
    zh_target_status status;
    const char *shown, *gap, *required; /* NULL: none */
} wanted;

/* The straight line from 80 % on 2021-12-15's year end … is taken between the dates to which the
 * first and the newest figure reach: 2021-12-31 and 2023-12-15, 714 days; to the end of 2025 1,461,
 * of 2024 1,096. Elapsed of 2021-2025: 1,079 of 1,826 days. */
static const wanted cases[] = {
    {"on-track", "numeric", ZH_TARGET_ON_TRACK, "90.00", "-5.0000", "87.3306"},
    {"behind", "numeric", ZH_TARGET_BEHIND, "90.00", "-10.0000", "93.0292"},
    {"met", "numeric", ZH_TARGET_MET, "90.00", "0.0000", NULL},
    {"early", "numeric", ZH_TARGET_MET, "90.00", "0.0000", NULL},
    {"missed", "numeric", ZH_TARGET_MISSED, "90.00", "-0.0100", NULL},
    {"about", "numeric", ZH_TARGET_MET, "90.00", "-4.0000", NULL},
    {"range", "range", ZH_TARGET_MET, "90.00", "2.0000", NULL},
    {"all", "numeric", ZH_TARGET_MISSED, "90.00", "-10.0000", NULL},
    {"unsure", "numeric", ZH_TARGET_UNCERTAIN, "10.00", "5.0000", NULL},
    {"sum-behind", "cumulative", ZH_TARGET_BEHIND, "40", "-60.00", "59.09"},
    {"sum-on-track", "cumulative", ZH_TARGET_ON_TRACK, "40", "-20.00", "35.45"},
    {"sum-met", "cumulative", ZH_TARGET_MET, "40", "0.00", NULL},
    {"sum-missed", "cumulative", ZH_TARGET_MISSED, "40", "-1.00", NULL},
    {"yearly", "per_year", ZH_TARGET_ON_TRACK, "10", "0.00", "10.00"},
    {"yearly-met", "per_year", ZH_TARGET_MET, "10", "0.00", "10.00"},
    {"yearly-missed", "per_year", ZH_TARGET_MISSED, "10", "-1.00", "11.00"},
    {"yearly-behind", "per_year", ZH_TARGET_BEHIND, "10", "-1.00", "11.00"},
    {"rising", "trend", ZH_TARGET_MET, "90.00", NULL, "85.0000"},
    {"falling", "trend", ZH_TARGET_BEHIND, "90.00", NULL, "85.0000"},
    {"overlap", "trend", ZH_TARGET_UNCERTAIN, "10.00", NULL, "15.0000"},
    {"basis", "numeric", ZH_TARGET_OTHER_BASIS, "10.00", NULL, NULL},
    {"unit", "numeric", ZH_TARGET_OTHER_BASIS, "90.00", NULL, NULL},
    {"nothing", "numeric", ZH_TARGET_NO_DATA, NULL, NULL, NULL},
    {"words", "numeric", ZH_TARGET_NO_VALUE, "10", NULL, NULL},
    {"level", "rank", ZH_TARGET_NEEDS_EVIDENCE, NULL, NULL, NULL},
    {"status", "status", ZH_TARGET_NEEDS_EVIDENCE, NULL, NULL, NULL},
    {"untied", "numeric", ZH_TARGET_NO_INDICATOR, NULL, NULL, NULL},
};

static void same_text(const char *id, const char *what, const char *got, const char *wanted_text)
{
    if ((got == NULL) != (wanted_text == NULL) || (got != NULL && strcmp(got, wanted_text) != 0)) {
        print_error("%s %s: got %s, wanted %s\n", id, what, got ? got : "none",
                    wanted_text ? wanted_text : "none");
    }
    assert_true((got == NULL) == (wanted_text == NULL));
    if (got != NULL) {
        assert_string_equal(got, wanted_text);
    }
}

static void test_every_form(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = open_plan();
        targets t = all(l, NULL, ZH_AS_OF_NOW);
        assert_int_equal(t.n, ZH_COUNTOF(cases));
        for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
            const wanted *w = &cases[i];
            const zh_target *got = target(&t, w->id);
            if (got->status != w->status) {
                print_error("%s: %d %.*s\n", w->id, (int)got->status, ZH_FMT(got->status_zh));
            }
            assert_int_equal(got->status, w->status);
            assert_true(got->status_zh.n > 0);
            assert_true(zh_str_is(got->form, w->form));
            same_text(w->id, "shown",
                      got->has_figure && got->figure.has_value ? got->figure.shown.p : NULL,
                      w->shown);
            same_text(w->id, "gap", got->has_gap ? decimal(l, got->gap) : NULL, w->gap);
            same_text(w->id, "required", got->has_path ? decimal(l, got->required) : NULL,
                      w->required);
            assert_true(!got->has_path || got->required_note.n > 0);
        }
        assert_true(zh_str_is(target(&t, "basis")->status_zh, "口径不同、不作达标判断"));
        lots_close(l);
    }
}

/* At an earlier date, and as of an earlier position, the same questions have earlier answers. */
static void test_at_a_date_and_as_of(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(EXTRA, OUTLINE, 1);
    targets t = all(l, NULL, ZH_AS_OF_NOW);
    assert_int_equal(target(&t, "on-track")->status, ZH_TARGET_NO_DATA);
    year(l, "2021-12-02", 8, 2);
    int64_t first = lots_sequence(l);
    t = all(l, NULL, ZH_AS_OF_NOW); /* one figure makes no path */
    assert_int_equal(target(&t, "on-track")->status, ZH_TARGET_UNCERTAIN);
    assert_int_equal(target(&t, "rising")->status, ZH_TARGET_NO_DATA);
    year(l, "2022-12-03", 17, 3);
    year(l, "2023-12-15", 9, 1);
    (void)lots_sequence(l);
    t = all(l, NULL, first);
    assert_int_equal(target(&t, "on-track")->status, ZH_TARGET_UNCERTAIN);
    assert_true(zh_str_is(target(&t, "on-track")->figure.shown, "80.00"));
    t = all(l, "2022-12-31", ZH_AS_OF_NOW);
    assert_true(zh_str_is(target(&t, "on-track")->figure.shown, "85.00"));
    assert_true(zh_str_is(target(&t, "sum-on-track")->figure.shown, "30"));
    assert_int_equal(target(&t, "missed")->status, ZH_TARGET_BEHIND); /* not due yet */
    t = all(l, "2022-06-30", ZH_AS_OF_NOW);                           /* nothing of 2022 yet */
    assert_true(zh_str_is(target(&t, "sum-on-track")->figure.shown, "10"));
    assert_true(zh_str_is(target(&t, "on-track")->figure.shown, "80.00"));
    lots_close(l);
}

/* Another basis from before the period is shown without a verdict; a target that could be judged
 * has no data then. */
static void test_other_basis_before_the_period(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(EXTRA, OUTLINE, 1);
    year(l, "2019-12-02", 5, 5);
    year(l, "2020-06-02", 8, 2);
    targets t = all(l, NULL, ZH_AS_OF_NOW);
    const zh_target *got = target(&t, "basis");
    assert_int_equal(got->status, ZH_TARGET_OTHER_BASIS);
    assert_true(got->outside && got->has_figure && !got->has_gap && !got->has_path);
    assert_true(zh_str_is(got->figure.shown, "20.00"));
    assert_int_equal(got->figure.first, zh_date_of(2020, 4, 1));
    assert_int_equal(got->nyears, 2);
    got = target(&t, "on-track");
    assert_int_equal(got->status, ZH_TARGET_NO_DATA);
    assert_true(!got->outside && !got->has_figure && got->nyears == 0);
    lots_close(l);
}

static void test_one_target(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = open_plan();
    zh_target one;
    zh_conn *conn = lots_read(l);
    lots_ok(l, zh_target_ask(&l->f.ctx, conn, ZH_STR("on-track"), 0, ZH_AS_OF_NOW, &one));
    assert_int_equal(one.status, ZH_TARGET_ON_TRACK);
    assert_int_equal(one.nyears, 3);
    assert_true(zh_str_is(one.years[0].shown, "80.00"));
    assert_true(zh_str_is(one.years[2].shown, "90.00"));
    assert_true(one.has_line && zh_decimal_double(one.line_start) == 80);
    assert_int_equal(one.line_from, zh_date_of(2021, 12, 31));
    assert_int_equal(one.line_at, zh_date_of(2023, 12, 15));
    assert_int_equal(one.line_to, zh_date_of(2025, 12, 31));
    assert_int_equal(zh_target_ask(&l->f.ctx, conn, ZH_STR("no-such"), 0, ZH_AS_OF_NOW, &one),
                     ZH_ENOTFOUND);
    assert_string_equal(l->f.err.rule, "target.unknown");
    lots_done(conn);
    lots_close(l);
}

static void test_unknown_outline(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(EXTRA, OUTLINE, 1);
    zh_conn *conn = lots_read(l);
    targets t;
    assert_int_equal(zh_targets(&l->f.ctx, conn, ZH_STR("no-such"), 0, ZH_AS_OF_NOW, &t.list, &t.n),
                     ZH_ENOTFOUND);
    assert_string_equal(l->f.err.rule, "target.outline");
    lots_done(conn);
    lots_close(l);
}

/* The outlines in the packs, on an empty database: nothing is claimed. 20 level and 4 status
 * targets need evidence; 11 have no number; the ties have no data. */
static void test_the_205_targets(void **state)
{
    (void)state;
    fx_use("sqlite");
    zh_arena *arena = zh_arena_new((size_t)256 << 20);
    zh_err err = {0};
    zh_pack_file *files = NULL;
    size_t nfiles = 0;
    zh_model *model = NULL;
    assert_int_equal(zh_pack_load_dir(arena, "packs", &files, &nfiles, &err), ZH_OK);
    zh_rc rc = zh_model_compile(files, nfiles, &model, NULL, &err);
    if (rc != ZH_OK) {
        print_error("%s %s\n", err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    lots *l = calloc(1, sizeof *l);
    assert_non_null(l);
    fx_open_model(&l->f, model);
    targets t;
    zh_conn *conn = lots_read(l);
    lots_ok(l, zh_targets(&l->f.ctx, conn, ZH_STR_NONE, 0, ZH_AS_OF_NOW, &t.list, &t.n));
    lots_done(conn);
    assert_int_equal(t.n, 205);
    size_t by_status[ZH_TARGET_UNCERTAIN + 1] = {0};
    size_t ties = 0;
    for (size_t i = 0; i < t.n; i++) {
        by_status[t.list[i].status]++;
        ties += t.list[i].item->indicator.n > 0;
        assert_true(t.list[i].status_zh.n > 0);
        assert_true(t.list[i].item->from >= 2011 && t.list[i].item->from <= 2023);
    }
    assert_int_equal(by_status[ZH_TARGET_NEEDS_EVIDENCE], 24);
    assert_int_equal(by_status[ZH_TARGET_NO_DATA], ties);
    assert_int_equal(by_status[ZH_TARGET_NO_VALUE], 11);
    assert_int_equal(by_status[ZH_TARGET_NO_INDICATOR], 205 - 24 - 11 - ties);
    lots_close(l);
    zh_model_release(model);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_at_a_date_and_as_of),
        cmocka_unit_test(test_other_basis_before_the_period),
        cmocka_unit_test(test_one_target),
        cmocka_unit_test(test_unknown_outline),
        cmocka_unit_test(test_the_205_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
