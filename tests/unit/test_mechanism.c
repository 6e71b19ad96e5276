/* The standing of mechanisms: what a pack declares and what its examples show, in every
 * combination; and the 156 of the packs. The declarations are written here, so every expected state
 * follows from the rule in core/adoption/mechanism.h by counting. */
#include "core/adoption/adopt.h"
#include "core/adoption/mechanism.h"
#include "core_fixture.h"
#include "model/pack.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char LIST[] = "id,zh,en,area,does,users,clauses,depth\n"
                           "M1,甲,A,领域,做,人,\"P1 §一(二), §39; P2 §(三)\",register\n"
                           "M2,乙,B,领域,做,人,P2 §(三),register\n"
                           "M3,丙,C,领域,做,人,P1 §3,register\n";
static const char PLAN1[] =
    "{\"id\": \"plan-1\", \"title\": \"规划一\", \"issued\": \"2021-01-05\","
    " \"period\": {\"from\": 2021, \"to\": 2025}, \"region\": {\"code\": "
    "\"420000\"}, \"targets\": [], \"tasks\": []}";
static const char PLAN2[] = "{\"id\": \"plan-2\", \"title\": \"规划二\"}";
static const char HEAD[] =
    "mechanisms: list.csv\n"
    "outlines: [plan1.json, plan2.json]\n"
    "outline_tags: [{tag: P1, outline: plan-1}, {tag: P2, outline: plan-2}]\n";

/* A register with one record's life. WORKFLOW, EXAMPLE and INDICATOR are put in or left out. */
#define REGISTER                                                                                   \
    "systems: [M1]\n"                                                                              \
    "registers:\n"                                                                                 \
    "  - id: thing\n"                                                                              \
    "    version: 1.0.0\n"                                                                         \
    "    effective: 2021-01-01\n"                                                                  \
    "    label: {zh: 事, en: Thing}\n"                                                            \
    "    purpose: p\n"                                                                             \
    "    key: {business: [no], row: [no]}\n"                                                       \
    "    fields:\n"                                                                                \
    "      - {id: no, label: 编号, type: string, max: 20, required: true}\n"                     \
    "    measures:\n"                                                                              \
    "      things: {kind: count}\n"
#define WORKFLOW                                                                                   \
    "    states:\n"                                                                                \
    "      - {id: open, label: 待办, initial: true}\n"                                           \
    "      - {id: closed, label: 办结, terminal: true}\n"                                        \
    "    transitions:\n"                                                                           \
    "      - {id: close, label: 办结, from: open, to: closed, roles: [handler]}\n"               \
    "    access:\n"                                                                                \
    "      - {role: handler, can: [read, create, amend, transition]}\n"
#define EXAMPLE(id, state)                                                                         \
    "      - id: " id "\n"                                                                         \
    "        recorded_at: 2026-02-03 10:00\n"                                                      \
    "        given: {no: T-1}\n"                                                                   \
    "        steps:\n"                                                                             \
    "          - {transition: close, role: handler, at: 2026-02-06 09:00, expect: {state: " state  \
    "}}\n"
#define TESTS "    tests:\n"
/* No steps: a test, but no life. */
#define STILL                                                                                      \
    "      - id: still\n"                                                                          \
    "        recorded_at: 2026-02-03 10:00\n"                                                      \
    "        given: {no: T-1}\n"                                                                   \
    "        expect: {no: T-1}\n"
#define INDICATOR                                                                                  \
    "indicators:\n"                                                                                \
    "  - {id: things, label: 事数, definition: d, kind: count, register: thing, num: things,\n"  \
    "     digits: 0}\n"

typedef struct surveyed {
    fixture f;
    const zh_survey *survey;
} surveyed;

static zh_rc compile(const char *more, zh_model **out, zh_err *err)
{
    zh_pack_file files[] = {
        {ZH_STR("head.yaml"), zh_str_of(HEAD)},   {ZH_STR("list.csv"), zh_str_of(LIST)},
        {ZH_STR("plan1.json"), zh_str_of(PLAN1)}, {ZH_STR("plan2.json"), zh_str_of(PLAN2)},
        {ZH_STR("more.yaml"), zh_str_of(more)},
    };
    return zh_model_compile(files, ZH_COUNTOF(files), out, NULL, err);
}

static void look(surveyed *s, const char *more)
{
    zh_err err = {0};
    zh_model *model = NULL;
    zh_rc rc = compile(more, &model, &err);
    if (rc != ZH_OK) {
        print_error("%s %s\n", err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    fx_open_model(&s->f, model);
    zh_model_release(model);
    rc = zh_survey_of(&s->f.ctx, &s->survey);
    if (rc != ZH_OK) {
        print_error("%s\n", s->f.err.message);
    }
    assert_int_equal(rc, ZH_OK);
}

static const zh_standing *standing(const surveyed *s, const char *id)
{
    for (size_t i = 0; i < s->survey->n; i++) {
        if (zh_str_is(s->survey->standings[i].mechanism->id, id)) {
            return &s->survey->standings[i];
        }
    }
    fail_msg("no mechanism %s", id);
    return NULL;
}

static void states_follow_from_the_pack(void **state)
{
    (void)state;
    static const struct {
        const char *pack;
        zh_mechanism_state state;
        unsigned lacks;
        size_t passed, failed;
    } cases[] = {
        {"systems: [M2]\n", ZH_MECHANISM_ABSENT, ZH_LACKS_REGISTER | ZH_LACKS_INDICATOR, 0, 0},
        {REGISTER, ZH_MECHANISM_PARTIAL, ZH_LACKS_WORKFLOW | ZH_LACKS_INDICATOR, 0, 0},
        {REGISTER INDICATOR, ZH_MECHANISM_PARTIAL, ZH_LACKS_WORKFLOW, 0, 0},
        {REGISTER WORKFLOW, ZH_MECHANISM_PARTIAL, ZH_LACKS_INDICATOR | ZH_LACKS_EXAMPLE, 0, 0},
        {REGISTER WORKFLOW INDICATOR, ZH_MECHANISM_PARTIAL, ZH_LACKS_EXAMPLE, 0, 0},
        {REGISTER WORKFLOW TESTS STILL INDICATOR, ZH_MECHANISM_PARTIAL, ZH_LACKS_EXAMPLE, 0, 0},
        {REGISTER WORKFLOW TESTS EXAMPLE("life", "closed"), ZH_MECHANISM_PARTIAL,
         ZH_LACKS_INDICATOR, 1, 0},
        {REGISTER WORKFLOW TESTS EXAMPLE("life", "closed") INDICATOR, ZH_MECHANISM_RUNNING, 0, 1,
         0},
        {REGISTER WORKFLOW TESTS EXAMPLE("life", "open") INDICATOR, ZH_MECHANISM_PARTIAL,
         ZH_LACKS_PASS, 0, 1},
        {REGISTER WORKFLOW TESTS EXAMPLE("life", "closed") EXAMPLE("other", "open") INDICATOR,
         ZH_MECHANISM_PARTIAL, ZH_LACKS_PASS, 1, 1},
    };
    fx_use("sqlite");
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        surveyed s = {0};
        look(&s, cases[i].pack);
        const zh_standing *m1 = standing(&s, "M1");
        if (m1->state != cases[i].state || m1->lacks != cases[i].lacks) {
            print_error("case %zu: state %d lacks %u\n", i, (int)m1->state, m1->lacks);
        }
        assert_int_equal(m1->state, cases[i].state);
        assert_int_equal(m1->lacks, cases[i].lacks);
        assert_int_equal(m1->passed, cases[i].passed);
        assert_int_equal(m1->failed, cases[i].failed);
        assert_int_equal(standing(&s, "M2")->state, ZH_MECHANISM_ABSENT);
        assert_int_equal(s.survey->counts[ZH_MECHANISM_ABSENT] +
                             s.survey->counts[ZH_MECHANISM_PARTIAL] +
                             s.survey->counts[ZH_MECHANISM_RUNNING],
                         3);
        assert_int_equal(cases[i].failed > 0,
                         zh_str_find(s.survey->failures, ZH_STR(" thing.")) >= 0);
        fx_close(&s.f);
    }
}

/* Once for a model, for every context of it; another model that is adopted has its own. */
static void survey_belongs_to_the_model(void **state)
{
    (void)state;
    fx_use("sqlite");
    surveyed s = {0};
    look(&s, REGISTER WORKFLOW TESTS EXAMPLE("life", "closed") INDICATOR);
    const zh_survey *again = NULL;
    assert_int_equal(zh_survey_of(&s.f.ctx, &again), ZH_OK);
    assert_ptr_equal(again, s.survey);
    assert_int_equal(again->counts[ZH_MECHANISM_RUNNING], 1);

    zh_model *model = NULL;
    assert_int_equal(
        compile(REGISTER WORKFLOW TESTS EXAMPLE("life", "open") INDICATOR, &model, &s.f.err),
        ZH_OK);
    assert_int_equal(zh_core_adopt(s.f.core, model, false, &s.f.err), ZH_OK);
    zh_model_release(model);
    zh_ctx later = zh_ctx_local(s.f.core, s.f.arena, &s.f.err);
    assert_int_equal(zh_survey_of(&later, &again), ZH_OK);
    assert_int_equal(again->counts[ZH_MECHANISM_RUNNING], 0);
    assert_int_equal(again->counts[ZH_MECHANISM_PARTIAL], 1);
    assert_int_equal(s.survey->counts[ZH_MECHANISM_RUNNING], 1); /* still held by its context */
    zh_ctx_end(&later);
    fx_close(&s.f);
}

static void cites_lead_to_documents(void **state)
{
    (void)state;
    fx_use("sqlite");
    surveyed s = {0};
    look(&s, "systems: [M2]\n");
    size_t n = 0;
    const zh_cite *cites =
        zh_mechanism_cites(s.f.ctx.model, s.f.arena, standing(&s, "M1")->mechanism, &n);
    assert_int_equal(n, 2);
    assert_true(zh_str_is(cites[0].outline->id, "plan-1"));
    assert_true(zh_str_is(cites[0].outline->title.zh, "规划一"));
    assert_int_equal(cites[0].outline->to, 2025);
    assert_true(zh_str_is(cites[1].outline->id, "plan-2"));
    zh_str rest = cites[0].clauses;
    zh_str clause;
    assert_true(zh_cite_next(&rest, &clause) && zh_str_is(clause, "一(二)"));
    assert_true(zh_cite_next(&rest, &clause) && zh_str_is(clause, "39"));
    assert_false(zh_cite_next(&rest, &clause));
    assert_true(zh_clause_within(ZH_STR("二(三)1"), ZH_STR("二(三)")));
    assert_true(zh_clause_within(ZH_STR("二(三)"), ZH_STR("二")));
    assert_true(zh_clause_within(ZH_STR("39"), ZH_STR("39")));
    assert_false(zh_clause_within(ZH_STR("39"), ZH_STR("3")));
    assert_false(zh_clause_within(ZH_STR("3"), ZH_STR("39")));
    assert_false(zh_clause_within(ZH_STR("3"), ZH_STR("")));
    fx_close(&s.f);
}

static void cites_are_capped(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_model model = {0};
    zh_buf text;
    zh_buf_init(&text, 1 << 16);
    size_t n = 0;
    for (size_t i = 1; i <= ZH_MECHANISM_CITES_MAX + 1; i++) {
        zh_buf_fmt(&text, "%sP%zu §1", i > 1 ? "; " : "", i);
        struct zh_mechanism m = {.clauses = zh_buf_view(&text)};
        (void)zh_mechanism_cites(&model, arena, &m, &n);
        assert_int_equal(n, i <= ZH_MECHANISM_CITES_MAX ? i : ZH_MECHANISM_CITES_MAX);
    }
    struct zh_mechanism odd = {.clauses = ZH_STR(";; ;P1;P1 ")};
    (void)zh_mechanism_cites(&model, arena, &odd, &n);
    assert_true(n <= 2);
    zh_buf_free(&text);
    zh_arena_free(arena);
}

static void undeclared_documents_are_refused(void **state)
{
    (void)state;
    zh_err err = {0};
    zh_model *model = NULL;
    assert_int_equal(compile("outline_tags: [{tag: P9, outline: plan-9}]\n", &model, &err),
                     ZH_EINVAL);
    assert_string_equal(err.rule, "outline.unknown");
    zh_pack_file files[] = {
        {ZH_STR("head.yaml"), ZH_STR("mechanisms: list.csv\noutlines: [plan1.json]\n"
                                     "outline_tags: [{tag: P1, outline: plan-1}]\n")},
        {ZH_STR("list.csv"), zh_str_of(LIST)},
        {ZH_STR("plan1.json"), zh_str_of(PLAN1)},
    };
    zh_err_clear(&err);
    assert_int_equal(zh_model_compile(files, ZH_COUNTOF(files), &model, NULL, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "mechanisms.clause");
}

/* Counted in the documents: 156 mechanisms; HB11 names 120 of them, HN17 110, HB23 105, AH13 96,
 * HB15 87. Whatever runs must have all three. */
static void the_156(void **state)
{
    (void)state;
    fx_use("sqlite");
    zh_arena *arena = zh_arena_new((size_t)256 << 20);
    zh_err err = {0};
    zh_pack_file *files = NULL;
    size_t nfiles = 0;
    zh_model *model = NULL;
    assert_int_equal(zh_pack_load_dir(arena, "packs", &files, &nfiles, &err), ZH_OK);
    assert_int_equal(zh_model_compile(files, nfiles, &model, NULL, &err), ZH_OK);
    surveyed s = {0};
    fx_open_model(&s.f, model);
    assert_int_equal(zh_survey_of(&s.f.ctx, &s.survey), ZH_OK);
    assert_int_equal(s.survey->n, 156);
    static const struct {
        const char *outline;
        size_t n;
    } named[] = {{"hubei-2011", 120},
                 {"hunan-2017", 110},
                 {"hubei-2023", 105},
                 {"anhui-2013", 96},
                 {"hubei-2015", 87}};
    size_t counts[ZH_COUNTOF(named)] = {0};
    for (size_t i = 0; i < s.survey->n; i++) {
        const zh_standing *m = &s.survey->standings[i];
        size_t n = 0;
        const zh_cite *cites = zh_mechanism_cites(model, s.f.arena, m->mechanism, &n);
        for (size_t k = 0; k < n; k++) {
            assert_non_null(cites[k].outline);
            for (size_t o = 0; o < ZH_COUNTOF(named); o++) {
                counts[o] += zh_str_is(cites[k].outline->id, named[o].outline);
            }
        }
        assert_int_equal(m->state == ZH_MECHANISM_RUNNING,
                         m->workflows > 0 && m->indicators > 0 && m->passed > 0 && m->failed == 0);
    }
    for (size_t o = 0; o < ZH_COUNTOF(named); o++) {
        assert_int_equal(counts[o], named[o].n);
    }
    fx_close(&s.f);
    zh_model_release(model);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_follow_from_the_pack),
        cmocka_unit_test(survey_belongs_to_the_model),
        cmocka_unit_test(cites_lead_to_documents),
        cmocka_unit_test(cites_are_capped),
        cmocka_unit_test(undeclared_documents_are_refused),
        cmocka_unit_test(the_156),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
