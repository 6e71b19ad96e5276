/* Runs declared tests: one throw-away SQLite file for all of them, emptied between tests. */
#include "core/adoption/example.h"
#include "base/os.h"
#include "core/adoption/example_private.h"
#include "core/adoption/open.h"
#include "core/cube/cube.h"
#include "core/instance/core_private.h"
#include "core/instance/number.h"
#include "core/instance/remember.h"
#include "core/judgement/obligation.h"
#include "core/read/filter.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEST_BYTES = 256 << 20, LINE_BYTES_MAX = 4096, SCOPE_BYTES_MAX = 1 << 20 };

typedef struct run_state {
    zh_runner runner;
    zh_example_report *report;
    zh_example_fn each;
    void *user;
    char folder[64];
} run_state;

static const char *const SHARED_MEMORY = "/dev/shm";

void zh_runner_fail(zh_runner *r, const zh_yaml *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    zh_str what = zh_str_vfmt(r->arena, format, arguments);
    va_end(arguments);
    r->failed = true;
    zh_buf_fmt(r->failures, "%s:%zu:%zu: 检验 %.*s：%.*s\n", node->file != NULL ? node->file : "?",
               node->line, node->column, ZH_FMT(r->test), ZH_FMT(what));
}

/* ---- the throw-away database
 * ------------------------------------------------------------------------ */

static zh_rc open_core(run_state *s, zh_model *model, zh_err *err)
{
    bool fast = access(SHARED_MEMORY, W_OK) == 0;
    const char *base = fast ? SHARED_MEMORY : getenv("TMPDIR");
    int n = snprintf(s->folder, sizeof s->folder, "%s/zhiheng-test-XXXXXX",
                     base != NULL && base[0] != '\0' ? base : "/var/tmp");
    if (n < 0 || (size_t)n >= sizeof s->folder || mkdtemp(s->folder) == NULL) {
        s->folder[0] = '\0';
        return zh_err_set(err, ZH_EIO, "test.folder", "不能建立临时目录：%s", strerror(errno));
    }
    char url[96];
    (void)snprintf(url, sizeof url, "sqlite:%s/test.db", s->folder);
    zh_core_options options = {.db_url = url, .model = model, .relaxed_sync = true};
    return zh_core_open(&options, &s->runner.core, err);
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"test.db", "test.db-wal", "test.db-shm"};
    char path[96];
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static zh_rc empty_table(zh_conn *conn, zh_arena *arena, zh_str name, zh_err *err)
{
    return zh_exec(conn, zh_str_fmt(arena, "DELETE FROM %.*s", ZH_FMT(name)).p, err);
}

static zh_rc empty_register(zh_runner *r, zh_conn *conn, const zh_register *reg, zh_err *err)
{
    const zh_plan *plan = zh_plan_of(&r->ctx, reg);
    const char *names[] = {plan->current.name, plan->history.name, plan->grams.name};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(names) && rc == ZH_OK; i++) {
        rc = names[i] != NULL ? empty_table(conn, r->arena, zh_str_of(names[i]), err) : ZH_OK;
    }
    for (size_t i = 0; i < plan->nchildren && rc == ZH_OK; i++) {
        rc = empty_table(conn, r->arena, zh_str_of(plan->children[i].current.name), err);
        if (rc == ZH_OK) {
            rc = empty_table(conn, r->arena, zh_str_of(plan->children[i].history.name), err);
        }
    }
    for (size_t i = 0; i < reg->ncubes && rc == ZH_OK; i++) {
        rc = empty_table(conn, r->arena, reg->cubes[i].table, err);
        if (rc == ZH_OK) {
            zh_str keyed = zh_str_fmt(r->arena, "%.*s_k", ZH_FMT(reg->cubes[i].table));
            rc = empty_table(conn, r->arena, keyed, err);
        }
    }
    return rc;
}

/* Only registers that were written to have rows. */
static zh_rc empty_database(void *user, zh_conn *conn, zh_err *err)
{
    static const char *const system[] = {"zh_outbox",  "zh_clock",    "zh_clock_h", "zh_due",
                                         "zh_counter", "zh_file_use", "zh_file",    "zh_notice"};
    zh_runner *r = user;
    zh_stmt *stmt = NULL;
    ZH_VEC(zh_str) touched = {0};
    zh_rc rc =
        zh_query(conn, ZH_STR("SELECT DISTINCT register FROM zh_outbox"), NULL, 0, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_vec_push(r->arena, &touched, zh_str_dup(r->arena, zh_col_str(stmt, 0)));
    }
    zh_finish(stmt);
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    for (size_t i = 0; i < touched.n && rc == ZH_OK; i++) {
        const zh_register *reg = zh_model_register(r->ctx.model, touched.p[i]);
        rc = reg != NULL ? empty_register(r, conn, reg, err) : ZH_OK;
    }
    for (size_t i = 0; i < ZH_COUNTOF(system) && rc == ZH_OK; i++) {
        rc = empty_table(conn, r->arena, zh_str_of(system[i]), err);
    }
    return rc == ZH_OK ? zh_forget(conn, err) : rc;
}

/* ---- writing
 * --------------------------------------------------------------------------------------- */

static zh_rc write_op(zh_runner *r, const zh_op *op, zh_str role, zh_str actor,
                      zh_findings *findings, zh_applied *out)
{
    zh_ctx ctx = r->ctx;
    ctx.actor = actor.n > 0 ? actor : ZH_STR("example");
    ctx.role = role.n > 0 ? role : ZH_STR("operator");
    return zh_record_apply(&ctx, op, findings, out);
}

static zh_rc create(zh_runner *r, const zh_givens *givens, zh_str role, zh_findings *findings,
                    zh_applied *out)
{
    zh_op op = {.kind = ZH_OP_CREATE, .reg = givens->reg, .at = r->now};
    zh_change *changes = NULL;
    zh_rc rc = zh_givens_changes(r, givens, false, &changes, &op.nchanges);
    op.changes = changes;
    return rc == ZH_OK ? write_op(r, &op, role, ZH_STR_NONE, findings, out) : rc;
}

/* A record that must exist before the test's own. */
static bool create_before(zh_runner *r, const zh_yaml *entry, const zh_yaml *map,
                          const zh_register *reg)
{
    zh_givens *givens = ZH_NEW(r->arena, zh_givens);
    zh_findings findings = {0};
    zh_applied applied = {0};
    const zh_yaml *name = zh_yaml_get(entry, "as");
    givens->reg = reg;
    if (!zh_givens_add(r, givens, map)) {
        return false;
    }
    if (create(r, givens, ZH_STR_NONE, &findings, &applied) != ZH_OK) {
        zh_runner_fail(r, entry, "先要有的 %.*s 记录没有写成：%.*s", ZH_FMT(reg->id),
                       ZH_FMT(zh_example_said(r, &findings)));
        return false;
    }
    if (name != NULL && map != entry && r->nnamed < ZH_EXAMPLE_NAMED_MAX) {
        r->named[r->nnamed++] = (zh_named){name->text, reg, applied.office, applied.id};
    }
    return true;
}

static bool create_all_before(zh_runner *r, const zh_yaml *before)
{
    bool ok = true;
    bool one = before != NULL && before->kind == ZH_YAML_MAPPING;
    for (const zh_yaml *i = one || before == NULL ? before : before->first; i != NULL && ok;
         i = one ? NULL : i->next) {
        const zh_yaml *id = zh_yaml_get(i, "register");
        const zh_register *reg = id != NULL ? zh_model_register(r->ctx.model, id->text) : NULL;
        zh_assert(reg != NULL); /* the compiler has checked it */
        ok = create_before(r, i, zh_yaml_get(i, "given"), reg);
    }
    return ok;
}

/* ---- steps
 * ----------------------------------------------------------------------------------------- */

static bool pass_time(zh_runner *r, const zh_yaml *step)
{
    const zh_yaml *at = zh_yaml_get(step, "at");
    size_t done = 0;
    zh_time until;
    if (at == NULL) {
        return true;
    }
    if (zh_time_parse(at->text, &until) != ZH_OK || until < r->now) {
        zh_runner_fail(r, at, "“%.*s”不是时刻，或早于前一步", ZH_FMT(at->text));
        return false;
    }
    r->now = until;
    if (zh_due_run(r->core, until, &done, &r->err) != ZH_OK) {
        zh_runner_fail(r, at, "到期事件没有写成：%s", r->err.message);
        return false;
    }
    return true;
}

/* What the background would do by then. */
static bool run_background(zh_runner *r, const zh_yaml *step)
{
    const zh_yaml *what = zh_yaml_get(step, "run");
    zh_judgement_run judged;
    zh_obligation_run owed;
    zh_rc rc = ZH_OK;
    if (what == NULL) {
        return true;
    }
    rc = zh_str_is(what->text, "judgements") ? zh_judgements_run(r->core, r->now, &judged, &r->err)
                                             : zh_obligations_run(r->core, r->now, &owed, &r->err);
    if (rc != ZH_OK) {
        zh_runner_fail(r, what, "%.*s 没有做成：%s", ZH_FMT(what->text), r->err.message);
    }
    return rc == ZH_OK;
}

/* On which record a step acts: the test's, or the finding about it. */
static bool step_target(zh_runner *r, const zh_yaml *step, zh_op *op)
{
    const zh_yaml *rule = zh_yaml_get(step, "judgement");
    const zh_judgement *judgement;
    zh_record *finding = NULL;
    zh_conn *conn = NULL;
    op->reg = r->reg;
    op->office = r->record.office;
    op->id = r->record.id;
    if (rule == NULL) {
        return true;
    }
    if (zh_store_reader(zh_core_store(r->core), &conn, &r->err) != ZH_OK) {
        return false;
    }
    bool found = zh_example_finding(r, conn, rule, rule->text, &judgement, &finding);
    zh_store_release(conn);
    if (found) {
        op->reg = finding->reg;
        op->office = finding->office;
        op->id = finding->id;
    }
    return found;
}

static zh_rc fill_reason(zh_runner *r, const zh_transition *t, zh_str reason, zh_op *op)
{
    const zh_code *code = NULL;
    char how;
    if (t == NULL || t->reasons == NULL || reason.n == 0) {
        op->reason = reason;
        return ZH_OK;
    }
    zh_rc rc =
        zh_code_match(t->reasons, r->arena, reason, zh_time_date(r->now), &code, &how, &r->err);
    op->reason_code = rc == ZH_OK ? code->code : ZH_STR_NONE;
    return rc;
}

static zh_str text_of(const zh_yaml *node)
{
    return node != NULL ? node->text : ZH_STR_NONE;
}

/* One write of a step: an amendment, or a transition with what it sets. */
static zh_rc step_write(zh_runner *r, const zh_yaml *step, const zh_yaml *transition,
                        const zh_yaml *values, zh_findings *findings)
{
    zh_givens *givens = ZH_NEW(r->arena, zh_givens);
    const zh_yaml *role = zh_yaml_get(step, "role");
    const zh_yaml *reason = zh_yaml_get(step, "reason");
    zh_change *changes = NULL;
    zh_applied applied = {0};
    zh_op op = {
        .kind = transition != NULL ? ZH_OP_TRANSITION : ZH_OP_AMEND,
        .at = r->now,
    };
    if (!step_target(r, step, &op)) {
        return zh_err_set(&r->err, ZH_EINVAL, "test.judgement", "没有这份评定");
    }
    if (transition != NULL) {
        op.transition = zh_register_transition(op.reg, transition->text);
        zh_assert(op.transition != NULL); /* the compiler has checked it */
        op.second_actor = op.transition->two_person ? ZH_STR("example-second") : ZH_STR_NONE;
        zh_str vote = text_of(zh_yaml_get(step, "vote"));
        op.vote = vote.n == 0              ? ZH_VOTE_NONE
                  : zh_str_is(vote, "yes") ? ZH_VOTE_FOR
                                           : ZH_VOTE_AGAINST;
        op.to_state = text_of(zh_yaml_get(step, "to"));
        op.proved = op.transition->nsign > 0 ? ZH_STR("口令") : ZH_STR_NONE;
    }
    givens->reg = op.reg;
    if (!zh_givens_add(r, givens, values)) {
        return zh_err_set(&r->err, ZH_EINVAL, "test.given", "字段不对");
    }
    zh_rc rc = zh_givens_changes(r, givens, true, &changes, &op.nchanges);
    op.changes = changes;
    if (rc == ZH_OK) {
        zh_str text = reason != NULL       ? reason->text
                      : transition == NULL ? ZH_STR("示例更正")
                                           : ZH_STR_NONE;
        rc = fill_reason(r, op.transition, text, &op);
    }
    if (rc == ZH_OK) {
        rc = write_op(r, &op, text_of(role), text_of(zh_yaml_get(step, "actor")), findings,
                      &applied);
    }
    return rc;
}

static bool run_step(zh_runner *r, const zh_yaml *step)
{
    const zh_yaml *transition = zh_yaml_get(step, "transition");
    const zh_yaml *amend = zh_yaml_get(step, "amend");
    const zh_yaml *want_error = zh_yaml_get(step, "expect_error");
    const zh_yaml *expect = zh_yaml_get(step, "expect");
    zh_findings findings = {0};
    zh_rc rc = ZH_OK;
    if (!pass_time(r, step) || !create_all_before(r, zh_yaml_get(step, "add")) ||
        !run_background(r, step)) {
        return false;
    }
    if (amend != NULL) {
        rc = step_write(r, step, NULL, amend, &findings);
    }
    if (rc == ZH_OK && transition != NULL) {
        rc = step_write(r, step, transition, zh_yaml_get(step, "set"), &findings);
    }
    if (want_error != NULL) {
        zh_example_error(r, want_error, &findings);
    } else if (rc != ZH_OK) {
        zh_runner_fail(r, step, "这一步没有做成：%.*s", ZH_FMT(zh_example_said(r, &findings)));
        return false;
    }
    zh_err_again(&r->err);
    if (expect != NULL) {
        zh_example_expect(r, expect);
    }
    return !r->failed;
}

/* ---- tests of a register
 * -------------------------------------------------------------------------- */

/* The test and those it starts from, the oldest first. */
static size_t chain_of(const zh_register *reg, const zh_test *test,
                       const zh_test *chain[ZH_EXAMPLE_CHAIN_MAX])
{
    const zh_test *newest_first[ZH_EXAMPLE_CHAIN_MAX];
    size_t n = 0;
    for (const zh_test *t = test; t != NULL && n < ZH_EXAMPLE_CHAIN_MAX;
         t = t->given_from >= 0 ? &reg->tests[t->given_from] : NULL) {
        newest_first[n++] = t;
    }
    for (size_t i = 0; i < n; i++) {
        chain[i] = newest_first[n - 1 - i];
    }
    return n;
}

static bool set_time(zh_runner *r, zh_str recorded_at, const zh_yaml *node)
{
    r->now = zh_now();
    if (recorded_at.n > 0 && zh_time_parse(recorded_at, &r->now) != ZH_OK) {
        zh_runner_fail(r, node, "recorded_at“%.*s”不是时刻", ZH_FMT(recorded_at));
        return false;
    }
    return true;
}

static const zh_yaml *node_of(const zh_register *reg, const zh_test *test)
{
    const zh_yaml *any = test->given != NULL ? test->given : test->change;
    any = any != NULL ? any : test->steps != NULL ? test->steps : reg->declared;
    return any;
}

static void run_steps(zh_runner *r, const zh_test *test)
{
    bool one = test->steps != NULL && test->steps->kind == ZH_YAML_MAPPING;
    const zh_yaml *step = one || test->steps == NULL ? test->steps : test->steps->first;
    bool ok = true;
    while (step != NULL && ok) {
        ok = run_step(r, step);
        step = one ? NULL : step->next;
    }
    if (ok && test->expect != NULL) {
        zh_example_expect(r, test->expect);
    }
}

static void run_test(zh_runner *r, const zh_register *reg, const zh_test *test)
{
    const zh_test *chain[ZH_EXAMPLE_CHAIN_MAX];
    size_t n = chain_of(reg, test, chain);
    zh_givens *givens = ZH_NEW(r->arena, zh_givens);
    zh_findings findings = {0};
    zh_str recorded_at = ZH_STR_NONE;
    zh_str role = ZH_STR_NONE;
    bool ok = true;
    givens->reg = reg;
    for (size_t i = 0; i < n; i++) {
        recorded_at = chain[i]->recorded_at.n > 0 ? chain[i]->recorded_at : recorded_at;
        role = chain[i]->role.n > 0 ? chain[i]->role : role;
    }
    ok = set_time(r, recorded_at, node_of(reg, test));
    for (size_t i = 0; i < n && ok; i++) {
        ok = create_all_before(r, chain[i]->before) && zh_givens_add(r, givens, chain[i]->given) &&
             zh_givens_add(r, givens, chain[i]->change);
    }
    if (!ok) {
        return;
    }
    zh_rc rc = create(r, givens, role, &findings, &r->record);
    bool wanted = test->expect_error != NULL;
    if (wanted) {
        zh_example_error(r, test->expect_error, &findings);
    } else if (rc != ZH_OK) {
        zh_runner_fail(r, node_of(reg, test), "记录没有写成：%.*s",
                       ZH_FMT(zh_example_said(r, &findings)));
    }
    zh_err_again(&r->err);
    if (rc == ZH_OK && !r->failed) {
        run_steps(r, test);
    }
}

/* ---- tests of an indicator
 * ------------------------------------------------------------------------ */

/* The register that its records belong to; of another indicator for what is made from others. */
static const zh_register *register_of(const zh_model *model, const zh_indicator *indicator)
{
    const zh_indicator *i = indicator;
    for (size_t depth = 0; i != NULL && i->reg == NULL && depth < ZH_EXAMPLE_CHAIN_MAX; depth++) {
        zh_str next = i->growth_of.n > 0   ? i->growth_of
                      : i->ncomponents > 0 ? i->components[0].indicator
                                           : ZH_STR_NONE;
        i = zh_model_indicator(model, next);
    }
    return i != NULL ? i->reg : NULL;
}

static void run_figure(zh_runner *r, const zh_indicator *indicator, const zh_yaml *test)
{
    const zh_yaml *given = zh_yaml_get(test, "given");
    bool ok = given != NULL && set_time(r, ZH_STR_NONE, test);
    for (const zh_yaml *i = ok ? given->first : NULL; i != NULL && ok; i = i->next) {
        const zh_yaml *id = zh_yaml_get(i, "register");
        const zh_yaml *map = zh_yaml_get(i, "given");
        bool other = id != NULL && map != NULL && map->kind == ZH_YAML_MAPPING;
        const zh_register *reg = other ? zh_model_register(r->ctx.model, id->text)
                                       : register_of(r->ctx.model, indicator);
        if (reg == NULL) {
            zh_runner_fail(r, i, "不知道这条记录属于哪个登记册");
            return;
        }
        ok = create_before(r, i, other ? map : i, reg);
    }
    if (ok) {
        zh_example_figure(r, indicator, test);
    }
}

/* ---- all
 * ------------------------------------------------------------------------------------------- */

static zh_rc begin(run_state *s, const zh_register *reg, zh_str name, zh_err *err)
{
    zh_runner *r = &s->runner;
    zh_number_return(s->runner.core); /* so that every test counts from one */
    zh_rc rc = zh_core_write(r->core, empty_database, r, err);
    zh_arena_reset(r->arena);
    zh_err_again(&r->err);
    r->reg = reg;
    r->test = zh_str_dup(r->arena, name);
    r->failed = false;
    r->nnamed = 0;
    r->record = (zh_applied){0};
    return rc;
}

static void end(run_state *s, zh_example *example)
{
    example->passed = !s->runner.failed;
    s->report->tests++;
    s->report->failed += s->runner.failed;
    if (s->each != NULL) {
        s->each(s->user, example);
    }
}

static zh_rc run_register(run_state *s, const zh_register *reg, zh_err *err)
{
    zh_rc rc = ZH_OK;
    char name[128];
    for (size_t i = 0; i < reg->ntests && rc == ZH_OK; i++) {
        const zh_test *test = &reg->tests[i];
        zh_example example = {.reg = reg, .id = test->id, .life = test->steps != NULL};
        (void)snprintf(name, sizeof name, "%.*s.%.*s", ZH_FMT(reg->id), ZH_FMT(test->id));
        rc = begin(s, reg, zh_str_of(name), err);
        if (rc == ZH_OK) {
            run_test(&s->runner, reg, test);
            end(s, &example);
        }
    }
    return rc;
}

static zh_rc run_indicator(run_state *s, const zh_indicator *indicator, zh_err *err)
{
    const zh_yaml *tests =
        indicator->declared != NULL ? zh_yaml_get(indicator->declared, "tests") : NULL;
    bool one = tests != NULL && tests->kind == ZH_YAML_MAPPING;
    const zh_yaml *test = one || tests == NULL ? tests : tests->first;
    zh_rc rc = ZH_OK;
    while (test != NULL && rc == ZH_OK) {
        zh_example example = {.indicator = indicator};
        rc = begin(s, indicator->reg, indicator->id, err);
        if (rc == ZH_OK) {
            run_figure(&s->runner, indicator, test);
            end(s, &example);
        }
        test = one ? NULL : test->next;
    }
    return rc;
}

/* A row scope stands in every list, count and search of its role: one that SQL cannot say would
 * refuse them all. Asked with a reader's record that holds nothing. */
static void check_scopes(run_state *s, const zh_register *reg)
{
    zh_runner *r = &s->runner;
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *access = &reg->access[i];
        const zh_register *own = access->self;
        zh_value parameters[2] = {zh_value_text(ZH_STR("")), zh_value_text(ZH_STR(""))};
        zh_record self = {.reg = own};
        zh_binds binds = {0};
        zh_err err = {0};
        zh_buf sql;
        if (!access->has_rows) {
            continue;
        }
        zh_arena_reset(r->arena);
        if (own != NULL) {
            self.values = ZH_NEW_N(r->arena, zh_value, own->nfields + 1);
            self.tables = ZH_NEW_N(r->arena, zh_rows, own->nfields + 1);
        }
        zh_env env = {.arena = r->arena, .parameters = parameters, .self = own ? &self : NULL};
        zh_buf_init(&sql, SCOPE_BYTES_MAX);
        zh_rc rc = zh_filter_sql_env(&env, access->rows.root, reg, "t", ZH_SQLITE, false, &sql,
                                     &binds, &err);
        if (rc != ZH_OK && strcmp(err.rule, "query.unsupported") == 0) {
            s->report->tests++;
            s->report->failed++;
            zh_buf_fmt(r->failures,
                       "%.*s: 角色“%.*s”的行范围做不成筛选，这个角色什么也列不出：%s；"
                       "把要经过引用才读到的字段放进本登记册\n",
                       ZH_FMT(reg->id), ZH_FMT(access->role), err.message);
        }
        zh_buf_free(&sql);
    }
}

static zh_rc run_all(run_state *s, zh_model *model, const zh_register *only, zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        const zh_register *reg = &model->registers[i];
        if (only == NULL || reg == only) {
            check_scopes(s, reg);
            rc = run_register(s, reg, err);
        }
    }
    for (size_t i = 0; i < model->nindicators && rc == ZH_OK; i++) {
        const zh_indicator *indicator = &model->indicators[i];
        bool wanted = only == NULL || register_of(model, indicator) == only;
        rc = wanted ? run_indicator(s, indicator, err) : ZH_OK;
    }
    return rc;
}

zh_rc zh_examples_run(zh_model *model, const zh_register *reg, zh_buf *failures,
                      zh_example_report *report, zh_example_fn each, void *user, zh_err *err)
{
    run_state *s = zh_alloc(sizeof(*s));
    *s = (run_state){.report = report, .each = each, .user = user};
    zh_runner *r = &s->runner;
    r->failures = failures;
    r->arena = zh_arena_new(TEST_BYTES);
    *report = (zh_example_report){0};
    zh_rc rc = open_core(s, model, err);
    if (rc == ZH_OK) {
        r->ctx = zh_ctx_local(r->core, r->arena, &r->err);
        rc = run_all(s, model, reg, err);
        zh_ctx_end(&r->ctx);
    }
    zh_core_close(r->core);
    if (s->folder[0] != '\0') {
        remove_folder(s->folder);
    }
    zh_arena_free(r->arena);
    zh_dealloc(s);
    return rc;
}
