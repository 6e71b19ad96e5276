/* Records by id, who refers to whom, sizes, and counts that look at no more than so many records.
 * Expected values are counted by hand from what each test writes. */
#include "core/cube/related.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 7 };

typedef struct world {
    fixture f;
    zh_conn *conn;
    zh_applied firm, other, samples[SAMPLES];
} world;

static void ok(world *w, zh_rc rc)
{
    if (rc != ZH_OK) {
        (void)printf("%s %s\n", w->f.err.rule, w->f.err.message);
    }
    assert_int_equal(rc, ZH_OK);
}

/* Seven samples of one firm, in two cities; none of the other firm. */
static int set_up(void **state)
{
    static world w;
    w = (world){0};
    *state = &w;
    fx_open(&w.f, NULL);
    ok(&w, fx_create(&w.f, "firm", &w.firm, "code", "F-1", "name", "甲厂", NULL));
    ok(&w, fx_create(&w.f, "firm", &w.other, "code", "F-2", "name", "乙厂", NULL));
    for (int i = 0; i < SAMPLES; i++) {
        char no[16];
        (void)snprintf(no, sizeof no, "R-%d", i);
        ok(&w, fx_create(&w.f, "sample", &w.samples[i], "report_no", no, "place",
                         i < 3 ? "420100" : "420500", "sampled_at", "2026-01-05 09:00", "firm",
                         "F-1", NULL));
    }
    ok(&w, zh_store_reader(zh_core_store(w.f.core), &w.conn, &w.f.err));
    ok(&w, zh_read_begin(w.conn, &w.f.err));
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    zh_read_end(w->conn);
    zh_store_release(w->conn);
    fx_close(&w->f);
    return 0;
}

static void many_records_by_id(void **state)
{
    world *w = *state;
    zh_record_id ids[SAMPLES + 2];
    zh_record *found[SAMPLES + 2];
    for (size_t i = 0; i < SAMPLES; i++) { /* backwards: the answer keeps the order asked for */
        ids[i] = (zh_record_id){w->samples[SAMPLES - 1 - i].office, w->samples[SAMPLES - 1 - i].id};
    }
    ids[SAMPLES] = (zh_record_id){w->samples[0].office, 1};
    ids[SAMPLES + 1] = (zh_record_id){w->samples[0].office + 1, w->samples[0].id};
    ok(w, zh_records_get(&w->f.ctx, w->conn, fx_reg(&w->f, "sample"), ids, SAMPLES + 2,
                         ZH_AS_OF_NOW, found));
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_non_null(found[i]);
        assert_int_equal(found[i]->id, w->samples[SAMPLES - 1 - i].id);
    }
    assert_null(found[SAMPLES]);
    assert_null(found[SAMPLES + 1]);
    ok(w, zh_records_get(&w->f.ctx, w->conn, fx_reg(&w->f, "sample"), ids, 0, ZH_AS_OF_NOW, found));
}

static void ids_have_a_cap(void **state)
{
    world *w = *state;
    zh_record_id *ids = ZH_NEW_N(w->f.arena, zh_record_id, ZH_RELATED_IDS_MAX + 1);
    zh_record **found = ZH_NEW_N(w->f.arena, zh_record *, ZH_RELATED_IDS_MAX + 1);
    for (size_t i = 0; i <= ZH_RELATED_IDS_MAX; i++) {
        ids[i] = (zh_record_id){w->samples[0].office, w->samples[0].id};
    }
    ok(w, zh_records_get(&w->f.ctx, w->conn, fx_reg(&w->f, "sample"), ids, ZH_RELATED_IDS_MAX,
                         ZH_AS_OF_NOW, found));
    assert_non_null(found[ZH_RELATED_IDS_MAX - 1]);
    assert_int_equal(zh_records_get(&w->f.ctx, w->conn, fx_reg(&w->f, "sample"), ids,
                                    ZH_RELATED_IDS_MAX + 1, ZH_AS_OF_NOW, found),
                     ZH_ELIMIT);
    assert_string_equal(w->f.err.rule, "read.ids");
}

static void who_refers_to_it(void **state)
{
    world *w = *state;
    zh_relation *list = NULL;
    size_t n = 0;
    ok(w,
       zh_relations(&w->f.ctx, w->conn, fx_get(&w->f, "firm", &w->firm), ZH_AS_OF_NOW, &list, &n));
    assert_int_equal(n, 1);
    assert_true(zh_str_is(list[0].field->id, "firm"));
    assert_int_equal(list[0].n, SAMPLES);
    assert_int_equal(list[0].nrecords, SAMPLES);
    assert_false(list[0].at_least || list[0].unknown);
    ok(w,
       zh_relations(&w->f.ctx, w->conn, fx_get(&w->f, "firm", &w->other), ZH_AS_OF_NOW, &list, &n));
    assert_int_equal(n, 0);
    ok(w, zh_relations(&w->f.ctx, w->conn, fx_get(&w->f, "sample", &w->samples[0]), ZH_AS_OF_NOW,
                       &list, &n));
    assert_int_equal(n, 0);
}

static void how_large_registers_are(void **state)
{
    world *w = *state;
    zh_register_size *sizes = NULL;
    bool more = false;
    const zh_register *sample = fx_reg(&w->f, "sample");
    ok(w, zh_register_sizes(&w->f.ctx, w->conn, 100, &sizes));
    assert_int_equal(sizes[sample->index].records, SAMPLES);
    assert_true(sizes[sample->index].last > 0);
    assert_int_equal(sizes[fx_reg(&w->f, "firm")->index].records, 2);
    ok(w, zh_register_sizes(&w->f.ctx, w->conn, 1, &sizes));
    assert_int_equal(sizes[fx_reg(&w->f, "firm")->index].records, 1); /* of the first one */
    assert_true(sizes[fx_reg(&w->f, "firm")->index].at_least);
    assert_int_equal(sizes[sample->index].records, SAMPLES); /* its cells know */
    assert_false(sizes[sample->index].at_least);
    ok(w, zh_register_exceeds(&w->f.ctx, w->conn, sample, SAMPLES, &more));
    assert_false(more);
    ok(w, zh_register_exceeds(&w->f.ctx, w->conn, sample, SAMPLES - 1, &more));
    assert_true(more);
}

static void counts_within_what_is_examined(void **state)
{
    world *w = *state;
    const zh_register *reg = fx_reg(&w->f, "sample");
    zh_group group = {.field = zh_register_field(reg, ZH_STR("place"))};
    zh_list_query query = {.reg = reg, .limit = 10, .as_of = ZH_AS_OF_NOW, .examine_max = SAMPLES};
    zh_counts counts = {0};
    ok(w, zh_count(&w->f.ctx, w->conn, &query, &group, 1, &counts));
    assert_false(counts.at_least);
    assert_int_equal(counts.total, SAMPLES);
    assert_int_equal(counts.rows[0].n, 4);
    assert_int_equal(counts.rows[1].n, 3);
    query.examine_max = SAMPLES - 1;
    ok(w, zh_count(&w->f.ctx, w->conn, &query, &group, 1, &counts));
    assert_true(counts.at_least);
    assert_int_equal(counts.total, SAMPLES - 1);
    query.examine_max = 0; /* all */
    ok(w, zh_count(&w->f.ctx, w->conn, &query, NULL, 0, &counts));
    assert_false(counts.at_least);
    assert_int_equal(counts.total, SAMPLES);
    query.search = ZH_STR("R-");
    query.examine_max = 5;
    ok(w, zh_count(&w->f.ctx, w->conn, &query, NULL, 0, &counts));
    assert_true(counts.at_least);
    assert_int_equal(counts.total, 5);
    query.examine_max = SAMPLES + 1;
    ok(w, zh_count(&w->f.ctx, w->conn, &query, NULL, 0, &counts));
    assert_false(counts.at_least);
    assert_int_equal(counts.total, SAMPLES);
}

static zh_kindred_asked ask_kindred(world *w, const char *id, const zh_record *record)
{
    const zh_register *reg = fx_reg(&w->f, "sample");
    zh_kindred_asked asked = {.where = ZH_STR("")};
    size_t found = 0;
    for (size_t i = 0; i < reg->nkindred; i++) {
        if (zh_str_is(reg->kindred[i].id, id)) {
            ok(w,
               zh_kindred_ask(&w->f.ctx, w->conn, record, ZH_AS_OF_NOW, &reg->kindred[i], &asked));
            found++;
        }
    }
    assert_int_equal(found, 1);
    return asked;
}

static void kindred_questions_name_the_values(void **state)
{
    world *w = *state;
    zh_record *record = NULL;
    ok(w, zh_record_get(&w->f.ctx, w->conn, fx_reg(&w->f, "sample"), w->samples[0].office,
                        w->samples[0].id, ZH_AS_OF_NOW, &record));
    zh_kindred_asked near = ask_kindred(w, "near", record);
    assert_true(zh_str_is(near.where, "place@province = '420000' and verdict = 'pass'"));
    assert_int_equal(near.nsame, 2);
    assert_non_null(near.same[0].codes);
    assert_true(ask_kindred(w, "tested", record).where.n == 0); /* no row: no question */
    zh_rows *rows = &record->tables[zh_register_field(record->reg, ZH_STR("items"))->index];
    const zh_field *items = zh_register_field(record->reg, ZH_STR("items"));
    zh_value *values = ZH_NEW_N(w->f.ctx.arena, zh_value, 3 * items->ncolumns);
    values[0] = (zh_value){.kind = ZH_TEXT, .text = ZH_STR("铅")};
    values[items->ncolumns] = (zh_value){.kind = ZH_TEXT, .text = ZH_STR("it's")};
    values[2 * items->ncolumns] = values[0];
    *rows = (zh_rows){.table = items, .values = values, .n = 3};
    zh_kindred_asked tested = ask_kindred(w, "tested", record);
    assert_true(zh_str_is(tested.where, "(place within '420000') and (any(items.item = '铅') or "
                                        "any(items.item = 'it''s'))"));
    assert_int_equal(tested.same[0].n, 2);
}

/* ---- the past -------------------------------------------------------------------------------- */

static const char VISITS[] = "registers:\n"
                             "  - id: visit\n"
                             "    version: 1.0.0\n"
                             "    effective: 2020-01-01\n"
                             "    label: 走访\n"
                             "    owner: 处\n"
                             "    purpose: 测试\n"
                             "    key: {business: [no], row: [no]}\n"
                             "    fields:\n"
                             "      - {id: no, label: 编号, type: string, required: true}\n"
                             "      - id: stops\n"
                             "        label: 到过\n"
                             "        type: table\n"
                             "        fields:\n"
                             "          - {id: firm, label: 企业, type: ref, to: firm}\n";

enum { FIRMS = 3, OTHERS = 6, STEPS = 60, ASKED = 80 };

/* What is expected, kept beside the database: which firm each sample names, which firms each visit
 * stopped at, after every step. */
typedef struct past {
    fixture f;
    zh_applied firms[FIRMS], samples[OTHERS], visits[OTHERS];
    int sample_firm[OTHERS], visit_firms[OTHERS]; /* -1: not yet written; a set of bits */
    int64_t size[STEPS];                          /* of the log after the step */
    int64_t by_sample[STEPS][FIRMS], by_visit[STEPS][FIRMS];
    uint64_t dice;
} past;

static unsigned throw(past * p, unsigned n)
{
    p->dice = p->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(p->dice >> 33) % n;
}

static void write_sample(past *p, unsigned i)
{
    char no[16];
    char firm[16];
    int next = (int) throw(p, FIRMS);
    if (next == p->sample_firm[i]) {
        next = (next + 1) % FIRMS; /* a correction changes something */
    }
    (void)snprintf(no, sizeof no, "R-%u", i);
    (void)snprintf(firm, sizeof firm, "F-%d", next);
    zh_rc rc = p->sample_firm[i] < 0
                   ? fx_create(&p->f, "sample", &p->samples[i], "report_no", no, "place", "420100",
                               "sampled_at", "2026-01-05 09:00", "firm", firm, NULL)
                   : fx_amend(&p->f, "sample", &p->samples[i], &p->samples[i], "firm", firm, NULL);
    assert_int_equal(rc, ZH_OK);
    p->sample_firm[i] = next;
}

static void write_visit(past *p, unsigned i)
{
    char no[16];
    char stops[64] = "";
    int next = (int) throw(p, 1u << FIRMS);
    next = next == p->visit_firms[i] ? next ^ 1 : next;
    (void)snprintf(no, sizeof no, "V-%u", i);
    for (int k = 0; k < FIRMS; k++) {
        size_t n = strlen(stops);
        if ((next >> k & 1) != 0) {
            (void)snprintf(stops + n, sizeof stops - n, "%sF-%d", n > 0 ? ";" : "", k);
        }
    }
    zh_rc rc = p->visit_firms[i] < 0
                   ? fx_create(&p->f, "visit", &p->visits[i], "no", no, "stops", stops, NULL)
                   : fx_amend(&p->f, "visit", &p->visits[i], &p->visits[i], "stops", stops, NULL);
    assert_int_equal(rc, ZH_OK);
    p->visit_firms[i] = next;
}

static void note(past *p, size_t step)
{
    assert_int_equal(zh_sequence(p->f.core, &p->size[step], &p->f.err), ZH_OK);
    for (int k = 0; k < FIRMS; k++) {
        for (size_t i = 0; i < OTHERS; i++) {
            p->by_sample[step][k] += p->sample_firm[i] == k;
            p->by_visit[step][k] += p->visit_firms[i] >= 0 && (p->visit_firms[i] >> k & 1) != 0;
        }
    }
}

static void ask(past *p, zh_conn *conn, int64_t size)
{
    size_t step = STEPS;
    for (size_t i = 0; i < STEPS && p->size[i] <= size; i++) {
        step = i;
    }
    for (int k = 0; k < FIRMS; k++) {
        zh_relation *list = NULL;
        size_t n = 0;
        int64_t samples = 0;
        int64_t visits = 0;
        zh_record *firm = fx_get(&p->f, "firm", &p->firms[k]);
        assert_int_equal(zh_relations(&p->f.ctx, conn, firm, size, &list, &n), ZH_OK);
        for (size_t i = 0; i < n; i++) {
            bool table = list[i].field->table != NULL;
            assert_false(list[i].unknown || list[i].at_least);
            assert_int_equal(list[i].n, list[i].nrecords);
            samples += table ? 0 : list[i].n;
            visits += table ? list[i].n : 0;
        }
        assert_int_equal(samples, step < STEPS ? p->by_sample[step][k] : 0);
        assert_int_equal(visits, step < STEPS ? p->by_visit[step][k] : 0);
    }
}

static void related_at_any_position(void **state)
{
    static past p;
    zh_conn *conn = NULL;
    (void)state;
    p = (past){.dice = 20261122};
    (void)printf("seed %llu\n", (unsigned long long)p.dice);
    fx_open(&p.f, VISITS);
    for (int k = 0; k < FIRMS; k++) {
        char code[16];
        (void)snprintf(code, sizeof code, "F-%d", k);
        assert_int_equal(fx_create(&p.f, "firm", &p.firms[k], "code", code, "name", "厂", NULL),
                         ZH_OK);
    }
    for (size_t i = 0; i < OTHERS; i++) {
        p.sample_firm[i] = p.visit_firms[i] = -1;
    }
    for (size_t step = 0; step < STEPS; step++) {
        unsigned i = throw(&p, OTHERS);
        if (throw(&p, 2) == 0) {
            write_sample(&p, i);
        } else {
            write_visit(&p, i);
        }
        note(&p, step);
    }
    assert_int_equal(zh_store_reader(zh_core_store(p.f.core), &conn, &p.f.err), ZH_OK);
    for (size_t i = 0; i < ASKED; i++) {
        ask(&p, conn, (int64_t) throw(&p, (unsigned)p.size[STEPS - 1] + 1));
    }
    ask(&p, conn, p.size[STEPS - 1]);
    zh_store_release(conn);
    fx_close(&p.f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_records_by_id),
        TEST(ids_have_a_cap),
        TEST(who_refers_to_it),
        TEST(how_large_registers_are),
        TEST(counts_within_what_is_examined),
        TEST(kindred_questions_name_the_values),
        cmocka_unit_test(related_at_any_position),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
