/* Steps that look back and reach out: votes, withdrawals, returns, hand-overs, created records,
 * replacement, taking back, prev(version); on both databases. Expected outcomes follow from the
 * declaration below. */
#include "core/ledger/evidence.h"
#include "core/people/desk.h"
#include "core/record/bulk.h"
#include "core/record/pending.h"
#include "core/record/step.h"
#include "core_fixture.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char CASES[] =
    "registers:\n"
    "  - id: follow_up\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 后续\n"
    "    key: {business: [no]}\n"
    "    number: {field: no, pattern: \"F-{year}-{000}\"}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, max: 20}\n"
    "      - {id: of_case, label: 案件, type: ref, to: case_file, required: true}\n"
    "      - {id: about, label: 事由, type: string, max: 10, required: true}\n"
    "  - id: case_file\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 案件\n"
    "    key: {business: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, max: 20, required: true}\n"
    "      - {id: about, label: 事由, type: string, max: 40, required: true}\n"
    "      - {id: amount, label: 金额, type: decimal, digits: 0}\n"
    "      - {id: notice_no, label: 文号, type: string, max: 40}\n"
    "      - {id: notice, label: 文书, type: file}\n"
    "      - {id: instead, label: 取代, type: ref, to: case_file}\n"
    "    rules:\n"
    "      - {id: grows, test: \"prev(version).amount is null or amount >= prev(version).amount\", "
    "level: reject, message: 金额只能增加}\n"
    "    states:\n"
    "      - {id: open, label: 办理, initial: true}\n"
    "      - {id: review, label: 审查}\n"
    "      - {id: board, label: 合议}\n"
    "      - {id: done, label: 办结, terminal: true}\n"
    "      - {id: off, label: 撤回, terminal: true}\n"
    "      - {id: old, label: 被取代, terminal: true}\n"
    "    transitions:\n"
    "      - {id: submit, label: 提交, from: open, to: review}\n"
    "      - {id: withdraw, label: 撤回, kind: withdraw, from: [open, review], to: off}\n"
    "      - {id: refer, label: 送合议, from: review, to: board, guard: \"amount > 10\"}\n"
    "      - {id: decide, label: 决定, from: board, to: done, vote: {k: 2, of: 3, otherwise: "
    "review}, "
    "document: paper, creates: {register: follow_up, set: {about: about}}}\n"
    "      - {id: back, label: 退回, kind: return, from: [review, board], to: \"*\"}\n"
    "      - {id: hand, label: 转办, kind: reassign, from: review}\n"
    "      - {id: replaced, label: 被取代, kind: auto, from: [open, review], to: old}\n"
    "    replaces: {field: instead, transition: replaced}\n"
    "    documents:\n"
    "      - id: paper\n"
    "        label: 决定书\n"
    "        office: 某局\n"
    "        title: 关于{about}的决定\n"
    "        body: [\"编号{no}，金额{amount}元。\"]\n"
    "        number: {field: notice_no, pattern: \"决〔{year}〕{0}号\"}\n"
    "        file: notice\n"
    "    clocks:\n"
    "      - {id: review, label: 审查期限, start: submit, stop: [refer, back, withdraw], versions: "
    "[{from: 2026-01-01, amount: 10, unit: day, clause: 例}]}\n"
    "    measures: {cases: {kind: count, where: \"state = 'review'\"}}\n"
    "    cubes: [{id: by_state, dims: [{field: about, values: 10}], measures: [cases]}]\n";

static void open_cases(fixture *f)
{
    fx_open(f, CASES);
}

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s] %s\n", rc, f->err.rule, f->err.message, f->err.where,
                    f->findings.list.n > 0 ? f->findings.list.p[0].message.p : "");
    }
    assert_int_equal(rc, ZH_OK);
}

static const char *state_of(fixture *f, const zh_applied *a)
{
    zh_record *r = fx_get(f, "case_file", a);
    return zh_str_c(f->arena, r->reg->states[r->state].id);
}

/* One step by a person; the rule that refused it, or "". */
static const char *take(fixture *f, const char *actor, const zh_applied *at, const char *step,
                        zh_op more, zh_applied *out)
{
    zh_err err = {0};
    zh_findings findings = {0};
    zh_applied ignored;
    zh_ctx ctx = f->ctx;
    ctx.actor = zh_str_of(actor);
    ctx.err = &err;
    more.kind = ZH_OP_TRANSITION;
    more.reg = fx_reg(f, "case_file");
    more.office = at->office;
    more.id = at->id;
    more.transition = zh_register_transition(more.reg, zh_str_of(step));
    assert_non_null(more.transition);
    zh_rc rc = zh_record_apply(&ctx, &more, &findings, out != NULL ? out : &ignored);
    if (rc == ZH_OK) {
        return "";
    }
    zh_str rule = findings.list.n > 0 ? findings.list.p[0].rule : zh_str_of(err.rule);
    return zh_str_c(f->arena, rule);
}

static zh_applied made(fixture *f, const char *no)
{
    zh_applied a;
    ok(f, fx_create(f, "case_file", &a, "no", no, "about", "短缺", "amount", "20", NULL));
    return a;
}

#define FOR     ((zh_op){.vote = ZH_VOTE_FOR})
#define AGAINST ((zh_op){.vote = ZH_VOTE_AGAINST})
#define PLAIN   ((zh_op){0})

static void test_vote(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a = made(&f, "C-1");
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "wang", &a, "refer", PLAIN, NULL), "");
    assert_string_equal(take(&f, "one", &a, "decide", PLAIN, NULL), "transition.vote");
    assert_string_equal(take(&f, "one", &a, "decide", FOR, NULL), "");
    assert_string_equal(state_of(&f, &a), "board");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_follow_up"), 0);
    assert_string_equal(take(&f, "one", &a, "decide", FOR, NULL), "transition.vote.twice");
    assert_string_equal(take(&f, "two", &a, "decide", AGAINST, NULL), "");
    assert_string_equal(take(&f, "three", &a, "decide", FOR, NULL), "");
    assert_string_equal(state_of(&f, &a), "done");
    /* each vote is a version with its voter */
    assert_int_equal(
        fx_count(&f, "SELECT COUNT(DISTINCT actor) FROM r_case_file_h WHERE transition = 'decide'"),
        3);
    zh_record *r = fx_get(&f, "case_file", &a);
    assert_non_null(strstr(fx_text(&f, r, "notice_no"), "〕1号"));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_follow_up WHERE about = '短缺'"), 1);
    /* two against: it can no longer pass */
    zh_applied b = made(&f, "C-2");
    assert_string_equal(take(&f, "wang", &b, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "wang", &b, "refer", PLAIN, NULL), "");
    assert_string_equal(take(&f, "one", &b, "decide", AGAINST, NULL), "");
    assert_string_equal(take(&f, "two", &b, "decide", AGAINST, NULL), "");
    assert_string_equal(state_of(&f, &b), "review");
    /* a new round: those who voted before vote again */
    assert_string_equal(take(&f, "wang", &b, "refer", PLAIN, NULL), "");
    assert_string_equal(take(&f, "one", &b, "decide", FOR, NULL), "");
    /* a correction begins the vote anew; who may vote is told of each round and of the correction
     */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_notice WHERE cause = 'vote'"), 3);
    ok(&f, fx_amend(&f, "case_file", &(zh_applied){b.office, b.id, 0}, &b, "amount", "30", NULL));
    assert_string_equal(take(&f, "one", &b, "decide", FOR, NULL), "");
    assert_string_equal(state_of(&f, &b), "board");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_notice WHERE cause = 'vote'"), 4);
    fx_close(&f);
}

/* The second record's text is longer than the created register allows: nothing is written at all.
 */
static void test_created_or_nothing(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a;
    ok(&f, fx_create(&f, "case_file", &a, "no", "C-1", "about", "一二三四五六七八九十一", "amount",
                     "20", NULL));
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "wang", &a, "refer", PLAIN, NULL), "");
    assert_string_equal(take(&f, "one", &a, "decide", FOR, NULL), "");
    assert_string_equal(take(&f, "two", &a, "decide", FOR, NULL), "follow.refused");
    assert_string_equal(state_of(&f, &a), "board");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_follow_up"), 0);
    fx_close(&f);
}

static void test_withdraw_and_return(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a = made(&f, "C-1");
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "li", &a, "withdraw", PLAIN, NULL), "transition.withdraw");
    assert_string_equal(take(&f, "li", &a, "hand", PLAIN, NULL), "transition.handler");
    int64_t home = a.office;
    assert_string_equal(take(&f, "li", &a, "hand", (zh_op){.handler_office = 420500}, &a), "");
    zh_record *r = fx_get(&f, "case_file", &a);
    assert_int_equal(r->office, home); /* the home office stays */
    assert_int_equal(r->handler_office, 420500);
    assert_string_equal(take(&f, "wang", &a, "withdraw", PLAIN, NULL), "transition.withdraw");
    assert_string_equal(take(&f, "wang", &a, "refer", PLAIN, NULL), "");
    assert_string_equal(take(&f, "li", &a, "back", (zh_op){.to_state = ZH_STR("done")}, NULL),
                        "transition.to");
    assert_string_equal(take(&f, "li", &a, "back", PLAIN, NULL), "transition.to");
    assert_string_equal(take(&f, "li", &a, "back", (zh_op){.to_state = ZH_STR("open")}, NULL), "");
    assert_string_equal(state_of(&f, &a), "open");
    zh_applied b = made(&f, "C-2");
    assert_string_equal(take(&f, "wang", &b, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "wang", &b, "withdraw", PLAIN, NULL), "");
    assert_string_equal(state_of(&f, &b), "off");
    fx_close(&f);
}

static void test_replace(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a = made(&f, "C-1");
    zh_applied b;
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), "");
    const char *sum = zh_str_fmt(f.arena, "SELECT SUM(cases) /* exact: integer */ FROM %.*s",
                                 ZH_FMT(fx_reg(&f, "case_file")->cubes[0].table))
                          .p;
    assert_int_equal(fx_count(&f, sum), 1);
    ok(&f, fx_create(&f, "case_file", &b, "no", "C-1B", "about", "短缺", "amount", "25", "instead",
                     "C-1", NULL));
    assert_string_equal(state_of(&f, &a), "old");
    assert_int_equal(fx_count(&f, sum), 0); /* what counted it was told in the same transaction */
    zh_applied c;
    assert_int_equal(fx_create(&f, "case_file", &c, "no", "C-1C", "about", "短缺", "amount", "25",
                               "instead", "C-1", NULL),
                     ZH_EINVAL);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_case_file"), 2);
    fx_close(&f);
}

static void test_previous_version(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a = made(&f, "C-1");
    assert_int_equal(fx_amend(&f, "case_file", &a, &a, "amount", "19", NULL), ZH_EINVAL);
    zh_err_clear(&f.err);
    ok(&f, fx_amend(&f, "case_file", &a, &a, "amount", "21", NULL));
    zh_program program;
    zh_scope scope = {.model = f.ctx.model, .reg = fx_reg(&f, "case_file")};
    ok(&f, zh_expr_compile(f.arena, &scope, ZH_STR("prev(version).amount"), &program, &f.err));
    zh_conn *conn = NULL;
    zh_value v;
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    zh_env env = zh_read_env(&f.ctx, conn, ZH_AS_OF_NOW, fx_get(&f, "case_file", &a));
    ok(&f, zh_eval(&program, &env, &v, &f.err));
    zh_store_release(conn);
    assert_string_equal(zh_value_display(f.arena, &v).p, "20");
    assert_string_equal(zh_expr_print(f.arena, program.root).p, "prev(version).amount");
    fx_close(&f);
}

/* Two of three are done and taken back; the one that changed in between is left. */
static void test_bulk(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a = made(&f, "C-1");
    zh_applied b = made(&f, "C-2");
    zh_applied c = made(&f, "C-3");
    int64_t id = 0;
    assert_string_equal(take(&f, "wang", &c, "submit", PLAIN, NULL), "");
    zh_bulk_item items[] = {{.office = a.office, .record = a.id, .version = 1},
                            {.office = b.office, .record = b.id, .version = 1},
                            {.office = c.office, .record = c.id, .version = 1}};
    zh_op op = {.kind = ZH_OP_TRANSITION, .reg = fx_reg(&f, "case_file")};
    op.transition = zh_register_transition(op.reg, ZH_STR("decide"));
    assert_int_equal(zh_bulk_take(&f.ctx, &op, items, 3, &id), ZH_EINVAL);
    zh_err_clear(&f.err);
    op.transition = zh_register_transition(op.reg, ZH_STR("submit"));
    assert_int_equal(zh_bulk_take(&f.ctx, &op, items, ZH_BULK_MAX + 1, &id), ZH_ELIMIT);
    zh_err_clear(&f.err);
    ok(&f, zh_bulk_take(&f.ctx, &op, items, 3, &id));
    assert_string_equal(state_of(&f, &a), "review");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_clock WHERE started_at > 0"), 3);
    assert_string_equal(take(&f, "li", &b, "refer", PLAIN, NULL), "");
    zh_conn *conn = NULL;
    zh_bulk bulk = {0};
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_bulk_get(&f.ctx, conn, id, &bulk));
    zh_store_release(conn);
    assert_int_equal(bulk.n, 3);
    assert_int_equal(bulk.items[2].version, 0);
    assert_true(bulk.items[2].said.n > 0);
    ok(&f, zh_bulk_undo(&f.ctx, &bulk));
    assert_string_equal(state_of(&f, &a), "open");
    assert_string_equal(state_of(&f, &b), "board"); /* a later change is left */
    assert_true(bulk.items[0].undone && !bulk.items[1].undone && bulk.items[1].said.n > 0);
    /* the clock of what was taken back has not begun */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_clock WHERE started_at > 0"), 2);
    assert_int_equal(zh_bulk_undo(&f.ctx, &bulk), ZH_ECONFLICT);
    zh_err_clear(&f.err);
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), ""); /* and goes on */
    fx_close(&f);
}

typedef struct racer {
    fixture f;
    const zh_applied *at;
    const char *who, *said;
} racer;

static void *race(void *argument)
{
    racer *r = argument;
    r->said = take(&r->f, r->who, r->at, "decide", FOR, NULL);
    return NULL;
}

/* Two deciding votes at the same time: the second finds it decided or votes on the newer version;
 * the record it makes is made once. */
static void test_race(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a = made(&f, "C-1");
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "wang", &a, "refer", PLAIN, NULL), "");
    assert_string_equal(take(&f, "one", &a, "decide", FOR, NULL), "");
    racer racers[2] = {{.at = &a, .who = "two"}, {.at = &a, .who = "three"}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        fx_begin_thread(&f, &racers[i].f);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    size_t taken = 0;
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        taken += racers[i].said[0] == '\0';
        fx_end_thread(&racers[i].f);
    }
    assert_int_equal(taken, 1);
    assert_string_equal(state_of(&f, &a), "done");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_follow_up"), 1);
    fx_close(&f);
}

/* What is only asked for is checked and writes nothing. */
static void test_asked_for(void **state)
{
    (void)state;
    fixture f;
    open_cases(&f);
    zh_applied a;
    ok(&f, fx_create(&f, "case_file", &a, "no", "C-1", "about", "短缺", "amount", "5", NULL));
    assert_string_equal(take(&f, "wang", &a, "submit", PLAIN, NULL), "");
    assert_string_equal(take(&f, "wang", &a, "refer", PLAIN, NULL), "transition.guard");
    fx_close(&f);
}

static const char MOTIONS[] =
    "calendar: cn.txt\n"
    "registers:\n"
    "  - id: motion\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 议案\n"
    "    key: {business: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, max: 20, required: true}\n"
    "      - {id: put_on, label: 提交日, type: date, required: true}\n"
    "    states:\n"
    "      - {id: put, label: 表决中, initial: true}\n"
    "      - {id: carried, label: 通过, terminal: true}\n"
    "      - {id: lost, label: 未通过, terminal: true}\n"
    "    transitions:\n"
    "      - {id: carry, label: 表决, from: put, to: carried, vote: {majority: true, of: 5, "
    "otherwise: lost, until: term, quorum: 3}}\n"
    "    clocks:\n"
    "      - {id: term, label: 表决期, start: put_on, stop: [carried, lost], versions: [{amount: "
    "5, unit: day}]}\n";

static size_t asked_of(fixture *f, const char *who)
{
    zh_conn *conn = NULL;
    zh_desk_list list;
    zh_ctx ctx = f->ctx;
    ctx.actor = zh_str_of(who);
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_desk_votes(&ctx, conn, 10, &list));
    zh_store_release(conn);
    return list.n;
}

static void cast(fixture *f, const zh_applied *at, const char *who, zh_vote vote)
{
    zh_applied done;
    zh_ctx ctx = f->ctx;
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = fx_reg(f, "motion"),
                .office = at->office,
                .id = at->id,
                .transition = zh_register_transition(fx_reg(f, "motion"), ZH_STR("carry")),
                .vote = vote,
                .at = fx_time("2026-03-03 09:00")};
    ctx.actor = zh_str_of(who);
    ok(f, zh_record_apply(&ctx, &op, &f->findings, &done));
}

/* At the end of its term a vote is decided by the majority of those cast when they are a quorum of
 * 3, and is lost otherwise; before it by 3 of 5. */
static void test_vote_term(void **state)
{
    (void)state;
    static const struct {
        size_t yes, no;
        const char *before, *after;
    } cases[] = {
        {2, 0, "put", "lost"}, {2, 1, "put", "carried"},     {1, 2, "put", "lost"},
        {2, 2, "put", "lost"}, {3, 0, "carried", "carried"}, {0, 3, "lost", "lost"},
        {0, 0, "put", "lost"},
    };
    static const char *const names[] = {"one", "two", "three", "four", "five"};
    fixture f;
    zh_err err = {0};
    zh_model *model = NULL;
    zh_applied at[ZH_COUNTOF(cases)];
    size_t done = 0;
    zh_pack_file files[] = {
        {ZH_STR("cn.txt"), ZH_STR("cover 2026-01-01 2026-12-31\n2026-04-06 off 清明节\n")},
        {ZH_STR("motion.yaml"), zh_str_of(MOTIONS)}};
    ok(&f, zh_model_compile(files, ZH_COUNTOF(files), &model, NULL, &err));
    fx_open_model(&f, model);
    zh_model_release(model);
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_str no = zh_str_fmt(f.arena, "M-%zu", i);
        ok(&f, fx_create(&f, "motion", &at[i], "no", zh_str_c(f.arena, no), "put_on", "2026-03-02",
                         NULL));
        for (size_t v = 0; v < cases[i].yes + cases[i].no; v++) {
            cast(&f, &at[i], names[v], v < cases[i].yes ? ZH_VOTE_FOR : ZH_VOTE_AGAINST);
        }
        const zh_record *r = fx_get(&f, "motion", &at[i]);
        assert_string_equal(r->reg->states[r->state].id.p, cases[i].before);
    }
    assert_int_equal(asked_of(&f, "one"), 1);  /* the last, on which nobody has voted */
    assert_int_equal(asked_of(&f, "five"), 5); /* all that are still open */
    ok(&f, zh_due_run(f.core, fx_time("2026-03-16 09:00"), &done, &f.err));
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        const zh_record *r = fx_get(&f, "motion", &at[i]);
        assert_string_equal(r->reg->states[r->state].id.p, cases[i].after);
    }
    assert_int_equal(asked_of(&f, "five"), 0);
    fx_close(&f);
}

static const char RULINGS[] =
    "registers:\n"
    "  - id: ruling\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 裁定\n"
    "    key: {business: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, max: 20, required: true}\n"
    "      - {id: holding, label: 主文, type: string}\n"
    "      - {id: signed, label: 签署, type: text}\n"
    "    states:\n"
    "      - {id: open, label: 办理, initial: true}\n"
    "      - {id: given, label: 已裁定}\n"
    "    transitions:\n"
    "      - {id: give, label: 裁定, from: open, to: given, roles: [judge, clerk], sign: [judge], "
    "signature: signed, need: [holding]}\n"
    "      - {id: reopen, label: 重开, from: given, to: open, roles: [clerk]}\n"
    "    access:\n"
    "      - {role: judge, can: [read, create, give]}\n"
    "      - {role: clerk, can: [read, create, amend, give, reopen]}\n";

/* The root in the statement, worked out again from what is stored: the version's own salt, its
 * fields with the statement taken out, through the commitments of record.h. */
static void expect_signed_root(fixture *f, const zh_applied *at, zh_str statement)
{
    zh_conn *conn = NULL;
    zh_stored_version v;
    zh_shape shape;
    zh_record_field *fields = NULL;
    size_t n = 0;
    zh_digest salt;
    uint8_t entry[ZH_RECORD_ENTRY_BYTES];
    zh_digest root;
    char hex[2 * ZH_DIGEST_BYTES + 1];
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_version_load(&f->ctx, conn, fx_reg(f, "ruling"), at->office, at->id, at->version, &v));
    ok(f, zh_shape_of(&f->ctx, conn, v.record->reg, v.declaration, &shape));
    v.record->values[zh_register_field(v.record->reg, ZH_STR("signed"))->index] = ZH_VALUE_NULL;
    ok(f, zh_evidence_fields(f->arena, &shape, v.record, v.declaration, &fields, &n, &f->err));
    assert_int_equal(v.salt.n, sizeof salt.b);
    memcpy(salt.b, v.salt.p, sizeof salt.b);
    zh_hash_alg alg = zh_str_find(statement, ZH_STR("sm3:")) > 0 ? ZH_HASH_SM3 : ZH_HASH_SHA256;
    ok(f, zh_evidence_entry(f->arena, alg, &salt, fields, n, v.record, ZH_ENTRY_CORRECTION, entry,
                            &f->err));
    memcpy(root.b, entry + sizeof entry - sizeof root.b, sizeof root.b);
    zh_digest_hex(&root, hex);
    assert_true(zh_str_find(statement, zh_str_of(hex)) > 0);
    zh_store_release(conn);
}

/* Taken in a role that signs it is refused without a proof of the person, and with one states what
 * was signed; a role that does not sign leaves no statement. */
static void test_sign(void **state)
{
    (void)state;
    fixture f;
    zh_model *model = NULL;
    zh_err err = {0};
    zh_applied a;
    zh_applied done;
    assert_int_equal(fx_compile_text(RULINGS, &model, &err), ZH_OK);
    fx_open_model(&f, model);
    zh_model_release(model);
    ok(&f, fx_create(&f, "ruling", &a, "no", "R-1", "holding", "驳回", NULL));
    f.ctx.role = ZH_STR("judge");
    f.ctx.actor = ZH_STR("bao");
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = fx_reg(&f, "ruling"),
                .office = a.office,
                .id = a.id,
                .transition = zh_register_transition(fx_reg(&f, "ruling"), ZH_STR("give"))};
    assert_int_equal(zh_record_apply(&f.ctx, &op, &f.findings, &done), ZH_EINVAL);
    assert_string_equal(f.err.rule, "transition.sign");
    zh_err_clear(&f.err);
    op.proved = ZH_STR("口令和动态码");
    ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &done));
    zh_str statement = zh_str_of(fx_text(&f, fx_get(&f, "ruling", &a), "signed"));
    assert_true(zh_str_starts(statement, ZH_STR("bao 以“judge”的身份签署“裁定”：裁定 ")));
    assert_true(zh_str_find(statement, ZH_STR("第 2 版")) > 0);
    assert_true(zh_str_ends(statement, ZH_STR("以口令和动态码核实本人")));
    expect_signed_root(&f, &done, statement);
    /* Nobody writes there by hand. */
    f.ctx.role = ZH_STR("operator");
    assert_int_equal(fx_amend(&f, "ruling", &done, &done, "signed", "本人同意", NULL), ZH_EINVAL);
    assert_string_equal(f.err.rule, "field.signature");
    zh_err_clear(&f.err);
    f.ctx.role = ZH_STR("clerk");
    op.proved = ZH_STR_NONE;
    op.transition = zh_register_transition(op.reg, ZH_STR("reopen"));
    ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &done));
    op.transition = zh_register_transition(op.reg, ZH_STR("give"));
    ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &done));
    assert_string_equal(fx_text(&f, fx_get(&f, "ruling", &a), "signed"), "");
    fx_close(&f);
}

static void test_refused_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"sign: [judge], signature: signed", "sign: [judge]"},
        {"sign: [judge], signature: signed", "signature: signed"},
        {"sign: [judge], signature: signed", "sign: [warden], signature: signed"},
        {"sign: [judge], signature: signed", "sign: [judge], signature: holding"},
        {"sign: [judge], signature: signed", "sign: [judge], signature: signed, two_person: true"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_err err = {0};
        zh_model *model = NULL;
        char text[4096];
        const char *at = strstr(RULINGS, cases[i].from);
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - RULINGS), RULINGS, cases[i].to,
                       at + strlen(cases[i].from));
        assert_int_equal(fx_compile_text(text, &model, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "transition.sign");
    }
}

/* creates: ID takes over what has the same name and type, and refuses what would be missing. */
static void test_creates_by_name(void **state)
{
    (void)state;
    static const char form[] =
        "registers:\n"
        "  - id: letter\n"
        "    version: 1.0.0\n"
        "    effective: 2026-01-01\n"
        "    label: 函\n"
        "    key: {business: [no]}\n"
        "    number: {field: no, pattern: \"L-{year}-{000}\"}\n"
        "    fields:\n"
        "      - {id: no, label: 编号, type: string, max: 20}\n"
        "      - {id: report, label: 报告, type: ref, to: report, required: true}\n"
        "      - {id: about, label: 事由, type: string, required: true}\n"
        "      - {id: day, label: 日期, type: date}\n"
        "  - id: report\n"
        "    version: 1.0.0\n"
        "    effective: 2026-01-01\n"
        "    label: 报告\n"
        "    key: {business: [no]}\n"
        "    fields:\n"
        "      - {id: no, label: 编号, type: string, max: 20, required: true}\n"
        "      - {id: about, label: 事由, type: %s}\n"
        "      - {id: day, label: 日期, type: date}\n"
        "    states:\n"
        "      - {id: open, label: 办理, initial: true}\n"
        "      - {id: sent, label: 已发, terminal: true}\n"
        "    transitions:\n"
        "      - {id: send, label: 发函, from: open, to: sent, creates: letter}\n";
    static const char *const types[] = {"string", "date"};
    for (size_t i = 0; i < ZH_COUNTOF(types); i++) {
        zh_err err = {0};
        zh_model *model = NULL;
        char text[2048];
        (void)snprintf(text, sizeof text, form, types[i]);
        zh_rc rc = fx_compile_text(text, &model, &err);
        if (i == 1) { /* another type: the letter's required 事由 would be missing */
            assert_int_equal(rc, ZH_EINVAL);
            assert_string_equal(err.rule, "transition.creates");
            assert_non_null(strstr(err.message, "about"));
            continue;
        }
        assert_int_equal(rc, ZH_OK);
        const zh_transition *t =
            zh_register_transition(zh_model_register(model, ZH_STR("report")), ZH_STR("send"));
        assert_int_equal(t->nmakes, 1);
        assert_true(zh_str_is(t->makes[0].link->id, "report"));
        assert_int_equal(t->makes[0].nset, 2); /* about and day; no is a number of its own */
        zh_model_release(model);
    }
}

static void test_refused_declarations(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *rule;
    } cases[] = {
        {"vote: {k: 2, of: 3, otherwise: review}", "vote: {k: 4, of: 3}", "transition.vote"},
        {"vote: {k: 2, of: 3, otherwise: review}", "vote: {k: 2, of: 3}, two_person: true",
         "transition.vote"},
        {"vote: {k: 2, of: 3, otherwise: review}", "vote: {k: 2, of: 3, until: nothing}",
         "transition.vote"},
        {"vote: {k: 2, of: 3, otherwise: review}", "vote: {k: 2, of: 3, quorum: 2}",
         "transition.vote"},
        {"creates: {register: follow_up, set: {about: about}}",
         "creates: {register: follow_up, link: about}", "transition.creates"},
        {"creates: {register: follow_up, set: {about: about}}",
         "creates: {register: follow_up, set: {no: about}, more: 1}", "model.key"},
        {"prev(version).amount is null or amount >= prev(version).amount",
         "change(prev(period).amount) > 50 %", "expr.period"},
        {"kind: return, from: [review, board], to: \"*\"", "from: [review, board], to: \"*\"",
         "transition.to"},
        {"title: 关于{about}的决定", "title: 关于{abut}的决定", "document.text"},
        {"file: notice", "file: about", "document.field"},
        {"{0}号", "号", "document.number"},
        {"replaces: {field: instead, transition: replaced}",
         "replaces: {field: about, transition: replaced}", "register.replaces"},
        {"prev(version).amount is null", "prev(version).nothing is null", "expr.name"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_err err = {0};
        zh_model *model = NULL;
        zh_buf text;
        zh_str source = zh_str_of(CASES);
        ptrdiff_t at = zh_str_find(source, zh_str_of(cases[i].from));
        assert_true(at >= 0);
        zh_buf_init(&text, 64 << 10);
        zh_buf_str(&text, zh_str_sub(source, 0, (size_t)at));
        zh_buf_z(&text, cases[i].to);
        zh_buf_str(&text, zh_str_sub(source, (size_t)at + strlen(cases[i].from), source.n));
        zh_buf_c(&text, '\0');
        assert_int_not_equal(fx_compile_text(text.p, &model, &err), ZH_OK);
        if (strcmp(err.rule, cases[i].rule) != 0) {
            print_error("%s: %s %s\n", cases[i].to, err.rule, err.message);
        }
        assert_string_equal(err.rule, cases[i].rule);
        zh_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vote),
        cmocka_unit_test(test_created_or_nothing),
        cmocka_unit_test(test_withdraw_and_return),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_previous_version),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_race),
        cmocka_unit_test(test_asked_for),
        cmocka_unit_test(test_creates_by_name),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_vote_term),
        cmocka_unit_test(test_refused_signatures),
        cmocka_unit_test(test_refused_declarations),
    };
    const char *const *backends = NULL;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
