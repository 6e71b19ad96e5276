/* Judgements: points from bounded queries with caps, overrides before bands, bands by date, the
 * finding with its rows as a record, replay, schedule and events. Expected points are worked out by
 * hand from the rule: 100 − 10 a fault, at most 5 faults counted; the engine's from Wilson 1927. */
#include "base/os.h"
#include "core/judgement/engine_names.h"
#include "core/judgement/judgement.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RESULTS "packs/foundation/judgement.yaml" /* the register that the program carries */

static const char REGION[] = "code,name,en,parent,from,to,aliases,successors\n"
                             "420000,湖北省,,,,,,\n"
                             "420100,武汉市,,420000,,,,\n";

static const char FIRM[] =
    "calendar: cn.txt\n"
    "codes:\n"
    "  - {id: region, label: 行政区划, levels: [province, city], file: region.csv}\n"
    "registers:\n"
    "  - id: enterprise\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 企业主体\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [uscc], row: [uscc]}\n"
    "    fields:\n"
    "      - {id: uscc, label: 代码, type: string, required: true}\n"
    "      - {id: name, label: 名称, type: string}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "  - id: firm\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 企业\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 代码, type: string, required: true}\n"
    "      - {id: name, label: 名称, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "      - {id: grade, label: 等级, type: string}\n"
    "      - {id: valid_to, label: 有效至, type: date}\n"
    "    judgements:\n"
    "      - id: credit\n"
    "        label: 信用等级\n"
    "        for_each: {register: firm, where: \"code != 'X'\"}\n"
    "        when: [yearly, fails]\n"
    "        inputs:\n"
    "          fails: \"count(fault where firm = self)\"\n"
    "          grave: \"any(fault where firm = self and grave = true)\"\n"
    "        points: \"100 - fails * 10\"\n"
    "        caps: {fails: \"5\"}\n"
    "        overrides: [{if: \"grave\", grade: D, clause: 第9条}]\n"
    "        bands:\n"
    "          - {from: 2020-01-01, grades: [{grade: A, min: \"90\"}, {grade: B, min: \"60\"}]}\n"
    "          - {from: 2027-01-01, grades: [{grade: A, min: \"95\"}, {grade: C, min: \"0\"}]}\n"
    "        effect: {register: firm, set: {grade: \"grade\"}}\n"
    "        expires: 1 year\n"
    "        objection: {within: 20 day}\n"
    "        repair: {after: 3 month, if: \"fails > 0 and grave = false\", points: \"100\"}\n"
    "      - id: sure\n"
    "        label: 合格把握\n"
    "        for_each: {register: firm, where: \"code = 'E'\"}\n"
    "        when: [fails]\n"
    "        inputs: {fails: \"count(fault where firm = self)\", lots: \"20\"}\n"
    "        engine: survey.proportion_ci@1\n"
    "        parameters: {x: \"$fails\", n: \"$lots\", confidence: \"0.9\"}\n"
    "        result: wilson.upper\n"
    "        points: \"100 * (1 - result)\"\n"
    "        bands: [{from: 2020-01-01, grades: [{grade: good, min: \"70\"}]}]\n"
    "      - id: missing\n"
    "        label: 没有的引擎\n"
    "        for_each: {register: firm}\n"
    "        when: yearly\n"
    "        inputs: {fails: \"count(fault where firm = self)\"}\n"
    "        engine: survey.nothing@1\n"
    "        result: x\n"
    "      - id: lately\n"
    "        label: 一年之内\n"
    "        for_each: {register: firm, where: \"code = 'L'\"}\n"
    "        when: yearly\n"
    "        inputs: {faults: \"count(fault where firm = self, within 12 month)\"}\n"
    "        points: \"100 - faults\"\n"
    "        bands: [{from: 2020-01-01, grades: [{grade: A, min: \"0\"}]}]\n"
    "      - id: expired\n"
    "        label: 证书过期\n"
    "        for_each: {register: firm, where: \"valid_to < date(judged_at)\"}\n"
    "        when: daily\n"
    "        inputs:\n"
    "          over: \"days(valid_to, date(judged_at))\"\n"
    "          since: \"count(fault where firm = self and found_on >= judged_at)\"\n"
    "        explain: {over: {label: {zh: 过期天数, en: Days over}}}\n"
    "        points: \"over\"\n"
    "        bands: [{from: 2020-01-01, grades: [{grade: A, min: \"0\"}]}]\n"
    "      - id: lapsed\n"
    "        label: 一年之内有过处罚\n"
    "        for_each: {register: firm, where: \"any(fault where firm = self, within 12 month)\"}\n"
    "        when: monthly\n"
    "        inputs: {faults: \"count(fault where firm = self, within 12 month)\"}\n"
    "        points: \"faults\"\n"
    "        bands: [{from: 2020-01-01, grades: [{grade: A, min: \"0\"}]}]\n"
    "  - id: fault\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 处罚\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    event_time: found_on\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: firm, label: 企业, type: ref, to: firm, required: true}\n"
    "      - {id: grave, label: 严重, type: bool}\n"
    "      - {id: found_on, label: 发现日, type: date}\n"
    "    indexes:\n"
    "      - {id: firm, fields: [firm]}\n";

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static void open_world(fixture *f)
{
    zh_err err = {0};
    zh_model *model = NULL;
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_str text = ZH_STR_NONE;
    assert_int_equal(zh_file_read(arena, RESULTS, 1 << 18, &text, &err), ZH_OK);
    zh_pack_file files[] = {
        {ZH_STR("cn.txt"), ZH_STR("cover 2026-01-01 2028-12-31\n2026-04-06 off 清明节\n")},
        {ZH_STR("region.csv"), zh_str_of(REGION)},
        {ZH_STR("firm.yaml"), zh_str_of(FIRM)},
        {ZH_STR("judgement.yaml"), text}};
    zh_rc rc = zh_model_compile(files, ZH_COUNTOF(files), &model, NULL, &err);
    if (rc != ZH_OK) {
        print_error("%s %s %s\n", err.rule, err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    fx_open_model(f, model);
    zh_model_release(model);
    zh_arena_free(arena);
}

static void run_at(fixture *f, const char *when, size_t judged, size_t written)
{
    zh_judgement_run done;
    ok(f, zh_judgements_run(f->core, fx_time(when), &done, &f->err));
    assert_int_equal(done.judged, judged);
    assert_int_equal(done.written, written);
}

/* The finding about a firm, with its rows. */
static zh_record *finding(fixture *f, zh_conn *conn, const zh_applied *firm)
{
    zh_record *found = NULL;
    zh_str key = zh_str_fmt(f->arena, "firm.credit/firm/%lld-%lld", (long long)firm->office,
                            (long long)firm->id);
    ok(f, zh_record_by_key(&f->ctx, conn, fx_reg(f, "judgement"), &key, &found));
    return found;
}

static void expect_finding(fixture *f, const zh_applied *firm, const char *points,
                           const char *grade, const char *counted)
{
    zh_conn *conn = NULL;
    zh_judgement *list;
    size_t n;
    bool same = false;
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    zh_record *found = finding(f, conn, firm);
    const zh_field *rows = zh_register_field(found->reg, ZH_STR("rows"));
    assert_string_equal(fx_text(f, found, "points"), points);
    assert_string_equal(fx_text(f, found, "grade"), grade);
    assert_int_equal(found->tables[rows->index].n, 2);
    assert_true(zh_str_is(found->tables[rows->index].values[2].text, counted));
    ok(f, zh_judgements(f->ctx.model, f->arena, &list, &n, &f->err));
    assert_int_equal(n, 6);
    zh_record *judged = NULL;
    ok(f, zh_record_get(&f->ctx, conn, fx_reg(f, "firm"), firm->office, firm->id, ZH_AS_OF_NOW,
                        &judged));
    ok(f, zh_judgement_replay(&f->ctx, &list[0], judged, found, &same));
    assert_true(same);
    /* An altered row gives another result. */
    found->tables[rows->index].values[1] = zh_value_text(ZH_STR("2"));
    found->tables[rows->index].values[4] = zh_value_text(ZH_STR("false"));
    ok(f, zh_judgement_replay(&f->ctx, &list[0], judged, found, &same));
    assert_false(same);
    assert_string_equal(fx_text(f, judged, "grade"), grade); /* the declared effect */
    zh_store_release(conn);
}

static void faults(fixture *f, const char *firm, int from, int to, const char *grave)
{
    for (int i = from; i < to; i++) {
        zh_applied at;
        zh_str no = zh_str_fmt(f->arena, "%s%d", firm, i);
        ok(f, fx_create(f, "fault", &at, "no", zh_str_c(f->arena, no), "firm", firm, "grave", grave,
                        NULL));
    }
}

static void test_life(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    zh_applied x;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &a, "code", "A", "name", "甲厂", "place", "武汉市", NULL));
    ok(&f, fx_create(&f, "firm", &b, "code", "B", "name", "乙厂", NULL));
    ok(&f, fx_create(&f, "firm", &x, "code", "X", "name", "不评", NULL));
    faults(&f, "A", 0, 1, "否");
    run_at(&f, "2026-03-01 09:00", 2, 2);
    expect_finding(&f, &a, "90.0000", "A", "1");
    expect_finding(&f, &b, "100.0000", "A", "0");
    run_at(&f, "2026-03-01 09:01", 0, 0); /* nothing new: not asked */
    /* An event: a penalty; only the firm that it is about is judged. */
    faults(&f, "A", 1, 9, "否");
    run_at(&f, "2026-03-02 09:00", 1, 1);
    expect_finding(&f, &a, "50.0000", "", "5"); /* 9 faults, 5 count; below every band */
    faults(&f, "B", 0, 1, "是");
    run_at(&f, "2026-03-03 09:00", 1, 1);
    expect_finding(&f, &b, "90.0000", "D", "1"); /* the override before the band */
    /* The next year: judged by schedule; expired findings come into force again, by the new band.
     */
    size_t done;
    ok(&f, zh_due_run(f.core, fx_time("2027-03-20 09:00"), &done, &f.err));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_judgement WHERE state = 'lapsed'"), 2);
    run_at(&f, "2027-03-20 10:00", 2, 2);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_judgement WHERE state = 'in_force'"), 2);
    expect_finding(&f, &a, "50.0000", "C", "5");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_judgement"), 2); /* X is not judged */
    fx_close(&f);
}

/* Whoever has no event of its own is judged by what lies within the time before judging. */
static void test_lately(void **state)
{
    (void)state;
    static const char *const found_on[] = {"2025-02-01", "2025-06-01", "2026-02-20", "2026-03-05"};
    static const struct {
        const char *at;
        int64_t faults;
    } cases[] = {{"2025-01-31 09:00", 0}, {"2025-07-01 09:00", 2}, {"2026-01-31 09:00", 2},
                 {"2026-02-02 09:00", 1}, {"2026-03-04 09:00", 2}, {"2026-05-31 09:00", 3},
                 {"2026-06-02 09:00", 2}, {"2027-03-04 09:00", 1}, {"2027-03-06 09:00", 0}};
    fixture f;
    zh_applied firm;
    zh_applied at;
    zh_conn *conn = NULL;
    zh_judgement *list;
    size_t n;
    zh_record *judged = NULL;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &firm, "code", "L", "name", "己厂", NULL));
    for (size_t i = 0; i < ZH_COUNTOF(found_on); i++) {
        zh_str no = zh_str_fmt(f.arena, "L%zu", i);
        ok(&f, fx_create(&f, "fault", &at, "no", zh_str_c(f.arena, no), "firm", "L", "found_on",
                         found_on[i], NULL));
    }
    ok(&f, zh_judgements(f.ctx.model, f.arena, &list, &n, &f.err));
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_record_get(&f.ctx, conn, fx_reg(&f, "firm"), firm.office, firm.id, ZH_AS_OF_NOW,
                         &judged));
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_finding_of *found = ZH_NEW(f.arena, zh_finding_of);
        ok(&f, zh_judge(&f.ctx, conn, &list[3], judged, ZH_AS_OF_NOW, fx_time(cases[i].at), found));
        assert_int_equal(found->counted[0].decimal.scaled, cases[i].faults);
    }
    zh_store_release(conn);
    fx_close(&f);
}

static zh_record *finding_of(fixture *f, zh_conn *conn, const char *rule, const zh_applied *firm)
{
    zh_record *found = NULL;
    zh_str key = zh_str_fmt(f->arena, "firm.%s/firm/%lld-%lld", rule, (long long)firm->office,
                            (long long)firm->id);
    ok(f, zh_record_by_key(&f->ctx, conn, fx_reg(f, "judgement"), &key, &found));
    ok(f, zh_rows_load(&f->ctx, conn, found, false));
    return found;
}

static void expect_again(fixture *f, zh_conn *conn, const zh_record *stored, bool same)
{
    zh_judgement *list;
    size_t n;
    zh_rejudged *again = ZH_NEW(f->arena, zh_rejudged);
    ok(f, zh_judgements(f->ctx.model, f->arena, &list, &n, &f->err));
    const zh_judgement *rule = zh_judgement_of(list, n, stored);
    assert_non_null(rule);
    ok(f, zh_judgement_again(&f->ctx, conn, rule, stored, again));
    assert_true(again->same == same);
}

/* An engine's result as points: the upper Wilson limit of 3 in 20 at 90 % is 0.3218280757 (Wilson
 * 1927, worked out in double precision by hand), so 67.8172 points and no grade. */
static void test_engine(void **state)
{
    (void)state;
    fixture f;
    zh_applied e;
    zh_conn *conn = NULL;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &e, "code", "E", "name", "戊厂", NULL));
    faults(&f, "E", 0, 3, "否");
    run_at(&f, "2026-03-01 09:00", 2, 2); /* the rule without an engine is logged and passed over */
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    zh_record *found = finding_of(&f, conn, "sure", &e);
    assert_string_equal(fx_text(&f, found, "points"), "67.8172");
    assert_string_equal(fx_text(&f, found, "grade"), "");
    assert_string_equal(fx_text(&f, found, "engine"), "survey.proportion_ci@1");
    /* A set of declarations with the third rule would not be adopted: it is told where it stands.
     */
    zh_buf report;
    zh_err err = {0};
    zh_buf_init(&report, 4096);
    assert_int_equal(zh_engine_names_check(f.ctx.model, &report, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "judgement.engine");
    assert_true(zh_str_starts(zh_str_of(err.where), ZH_STR("firm.yaml:")));
    assert_true(zh_str_find(zh_buf_view(&report), ZH_STR("survey.nothing@1")) > 0);
    zh_buf_free(&report);
    assert_string_equal(fx_text(&f, found, "engine_result"), "0.3218280756753067");
    expect_again(&f, conn, found, true);
    zh_store_release(conn);
    fx_close(&f);
}

/* A finding is worked out again as of its own position, whatever came later. */
static void test_position(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_conn *conn = NULL;
    zh_version *versions = NULL;
    size_t n = 0;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &a, "code", "A", "name", "甲厂", NULL));
    faults(&f, "A", 0, 2, "否");
    run_at(&f, "2026-03-01 09:00", 1, 1);
    faults(&f, "A", 2, 4, "否");
    run_at(&f, "2026-03-02 09:00", 1, 1);
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    zh_record *now = finding_of(&f, conn, "credit", &a);
    assert_string_equal(fx_text(&f, now, "points"), "60.0000");
    expect_again(&f, conn, now, true);
    ok(&f, zh_record_history(&f.ctx, conn, now->reg, now->office, now->id, &versions, &n));
    assert_int_equal(n, 2);
    zh_record first = *versions[0].record;
    ok(&f, zh_rows_load(&f.ctx, conn, &first, true));
    assert_string_equal(fx_text(&f, &first, "points"), "80.0000");
    expect_again(&f, conn, &first, true); /* two faults, though there are four now */
    const zh_field *position = zh_register_field(first.reg, ZH_STR("position"));
    zh_value *values = ZH_NEW_N(f.arena, zh_value, first.reg->nfields);
    memcpy(values, first.values, first.reg->nfields * sizeof *values);
    values[position->index] = now->values[position->index];
    first.values = values;
    expect_again(&f, conn, &first, false); /* at the later position it is another finding */
    const zh_field *rows = zh_register_field(now->reg, ZH_STR("rows"));
    const zh_field *evidence = zh_register_field(now->reg, ZH_STR("rows.evidence"));
    const zh_value *named = &now->tables[rows->index].values[evidence->index];
    assert_true(zh_str_starts(named->text, ZH_STR("fault/")));
    zh_store_release(conn);
    fx_close(&f);
}

static size_t findings_of(fixture *f, const char *rule)
{
    return (size_t)fx_count(
        f, zh_str_fmt(f->arena, "SELECT COUNT(*) FROM r_judgement WHERE rule = 'firm.%s'", rule).p);
}

/* Whom a rule is for is asked at the instant of judging, in SQL (valid_to < date(judged_at)) and in
 * the program (within), and asked again at that instant when the finding is worked out again. */
static void test_instant(void **state)
{
    (void)state;
    fixture f;
    zh_applied firm;
    zh_applied at;
    zh_conn *conn = NULL;
    zh_judgement *list;
    size_t n;
    bool meant = true;
    open_world(&f);
    ok(&f,
       fx_create(&f, "firm", &firm, "code", "X", "name", "不评", "valid_to", "2026-03-10", NULL));
    ok(&f, fx_create(&f, "fault", &at, "no", "X1", "firm", "X", "found_on", "2026-01-20", NULL));
    ok(&f, fx_create(&f, "fault", &at, "no", "X2", "firm", "X", "found_on", "2026-03-20", NULL));
    run_at(&f, "2026-03-10 09:00", 1, 1); /* within; not yet expired on the day itself */
    assert_int_equal(findings_of(&f, "expired"), 0);
    run_at(&f, "2026-03-12 09:00", 1, 1); /* daily; monthly again in April */
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    zh_record *found = finding_of(&f, conn, "expired", &firm);
    assert_string_equal(fx_text(&f, found, "points"), "2.0000");
    const zh_field *rows = zh_register_field(found->reg, ZH_STR("rows"));
    const zh_field *value = zh_register_field(found->reg, ZH_STR("rows.value"));
    const zh_value *since = &found->tables[rows->index].values[rows->ncolumns + value->index];
    assert_true(zh_str_is(since->text, "1")); /* of 20 March, seen from the 12th */
    expect_again(&f, conn, found, true);
    ok(&f, zh_judgements(f.ctx.model, f.arena, &list, &n, &f.err));
    assert_true(zh_str_is(list[4].inputs[0].label.en, "Days over"));
    assert_true(zh_str_is(zh_judgement_label(f.ctx.model, ZH_STR("firm.expired")).zh, "证书过期"));
    assert_int_equal(zh_judgement_label(f.ctx.model, ZH_STR("firm.none")).zh.n, 0);
    zh_record *judged = NULL;
    ok(&f, zh_record_get(&f.ctx, conn, fx_reg(&f, "firm"), firm.office, firm.id, ZH_AS_OF_NOW,
                         &judged));
    ok(&f, zh_judgement_meant(&f.ctx, conn, &list[4], judged, ZH_AS_OF_NOW,
                              fx_time("2026-03-09 09:00"), &meant));
    assert_false(meant);
    zh_store_release(conn);
    run_at(&f, "2027-03-21 09:00", 1, 1); /* the last fault is more than twelve months back */
    assert_int_equal(findings_of(&f, "lapsed") + findings_of(&f, "expired"), 2);
    fx_close(&f);
}

static void move(fixture *f, const zh_record *stored, const char *transition, const char *when, ...)
{
    zh_applied done;
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = stored->reg,
                .office = stored->office,
                .id = stored->id,
                .transition = zh_register_transition(stored->reg, zh_str_of(transition)),
                .at = fx_time(when)};
    assert_non_null(op.transition);
    op.reason_code = op.transition->reasons != NULL ? ZH_STR("fact") : ZH_STR_NONE;
    op.second_actor = op.transition->two_person ? ZH_STR("reviewer") : ZH_STR_NONE;
    va_list pairs;
    va_start(pairs, when);
    op.changes = fx_changes(f, op.reg, &op.nchanges, pairs);
    va_end(pairs);
    ok(f, zh_record_apply(&f->ctx, &op, &f->findings, &done));
}

static zh_record *now_of(fixture *f, const zh_applied *firm)
{
    zh_conn *conn = NULL;
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    zh_record *found = finding_of(f, conn, "credit", firm);
    zh_store_release(conn);
    return found;
}

/* What a person decides on an objection is carried out and stays until the facts change. */
static void test_decided(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &a, "code", "A", "name", "甲厂", NULL));
    faults(&f, "A", 0, 2, "否");
    run_at(&f, "2026-03-01 09:00", 1, 1);
    assert_string_equal(fx_text(&f, fx_get(&f, "firm", &a), "grade"), "B");
    f.ctx.role = ZH_STR("operator");
    move(&f, now_of(&f, &a), "object", "2026-03-03 09:00", "objection", "批号有误", NULL);
    run_at(&f, "2026-03-03 10:00", 0, 0);
    move(&f, now_of(&f, &a), "revise", "2026-03-05 09:00", "decision", "属实", "grade", "A",
         "points", "88", NULL);
    run_at(&f, "2026-03-05 10:00", 0, 0);
    zh_record *found = now_of(&f, &a);
    assert_string_equal(fx_text(&f, found, "grade"), "A");
    assert_string_equal(fx_text(&f, found, "rule_grade"), "B");
    assert_string_equal(fx_text(&f, fx_get(&f, "firm", &a), "grade"), "A"); /* the effect */
    faults(&f, "A", 2, 3, "否");
    run_at(&f, "2026-03-06 10:00", 1, 1); /* new facts, a new finding by rule */
    found = now_of(&f, &a);
    assert_string_equal(fx_text(&f, found, "grade"), "B");
    assert_string_equal(fx_text(&f, found, "points"), "70.0000");
    assert_string_equal(fx_text(&f, fx_get(&f, "firm", &a), "grade"), "B");
    fx_close(&f);
}

static void change(fixture *f, const char *reg, const zh_applied *at, ...)
{
    zh_applied done;
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = fx_reg(f, reg),
                .office = at->office,
                .id = at->id,
                .reason = ZH_STR("更正")};
    va_list pairs;
    va_start(pairs, at);
    op.changes = fx_changes(f, op.reg, &op.nchanges, pairs);
    va_end(pairs);
    ok(f, zh_record_apply(&f->ctx, &op, &f->findings, &done));
}

/* Whom an event concerns: who the record names, who it named before, the record itself when it is a
 * judged one; nobody for whom the rule is not. */
static void test_affected(void **state)
{
    (void)state;
    fixture f;
    zh_applied firms[4];
    zh_applied moved;
    zh_applied late;
    open_world(&f);
    static const char *const names[] = {"A", "B", "C", "X"};
    for (size_t i = 0; i < ZH_COUNTOF(firms); i++) {
        ok(&f, fx_create(&f, "firm", &firms[i], "code", names[i], "name", "厂", NULL));
    }
    ok(&f, fx_create(&f, "fault", &moved, "no", "F1", "firm", "A", "grave", "否", NULL));
    run_at(&f, "2026-03-01 09:00", 3, 3);
    change(&f, "fault", &moved, "firm", "B", NULL);
    run_at(&f, "2026-03-02 09:00", 2, 2); /* A, which it no longer names, and B */
    expect_finding(&f, &firms[0], "100.0000", "A", "0");
    expect_finding(&f, &firms[1], "90.0000", "A", "1");
    faults(&f, "X", 0, 1, "否");
    run_at(&f, "2026-03-03 09:00", 0, 0); /* the rule is not for X */
    ok(&f, fx_create(&f, "firm", &late, "code", "L", "name", "新厂", NULL));
    run_at(&f, "2026-03-04 09:00", 1, 1); /* a new subject, before the next year begins */
    change(&f, "firm", &firms[2], "name", "丙厂", NULL);
    run_at(&f, "2026-03-05 09:00", 1, 0);
    run_at(&f, "2026-03-05 09:01", 0, 0); /* what the rule itself wrote is no event */
    fx_close(&f);
}

static void test_without(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    run_at(&f, "2026-03-01 09:00", 0, 0);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),    cmocka_unit_test(test_engine),
        cmocka_unit_test(test_lately),  cmocka_unit_test(test_position),
        cmocka_unit_test(test_decided), cmocka_unit_test(test_affected),
        cmocka_unit_test(test_instant), cmocka_unit_test(test_without),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
