/* The expression language. Expected values of the examples are in doc/expressions.md and follow
 * from its text; those of powers and logarithms come from mpmath (tests/fixture/expr_math.tsv),
 * decimal arithmetic from Python's decimal module (tests/fixture/expr_decimal.tsv). */
#include "base/os.h"
#include "expr_world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct outcome {
    zh_rc rc;
    zh_value value;
    zh_err err;
    zh_program program;
} outcome;

static outcome run_on(world *w, const zh_record *record, zh_str text)
{
    outcome o = {0};
    const zh_scope scope = {.model = &w->model, .reg = record ? record->reg : NULL};
    o.rc = zh_expr_compile(w->arena, &scope, text, &o.program, &o.err);
    if (o.rc == ZH_OK) {
        zh_env env = world_env(w, record);
        o.rc = zh_eval(&o.program, &env, &o.value, &o.err);
    }
    return o;
}

static outcome run(world *w, const char *text)
{
    return run_on(w, w->report, zh_str_of(text));
}

/* As the examples write results: text in quotes, null, lists in brackets. */
static zh_str shown(zh_arena *arena, const zh_value *v)
{
    char type;
    if (v->kind == ZH_NULL) {
        return ZH_STR("null");
    }
    zh_str text = zh_value_canonical(arena, v, &type);
    if (v->kind != ZH_TEXT) {
        return text;
    }
    const zh_expr literal = {.op = ZH_X_LITERAL, .kind = ZH_TEXT, .value = *v};
    return zh_expr_print(arena, &literal);
}

/* ---- the examples --------------------------------------------------------------------------- */

static const zh_record *find_record(const world *w, zh_str reg, int64_t id)
{
    for (size_t i = 0; i < w->nrecords; i++) {
        if (zh_str_eq(w->records[i].reg->id, reg) && w->records[i].id == id) {
            return &w->records[i];
        }
    }
    return NULL;
}

/* "expr" or "expr instrument 300" after the fence. */
static const zh_record *record_of(const world *w, zh_str fence)
{
    zh_str word;
    int64_t id = 0;
    (void)!zh_str_split(&fence, ' ', &word);
    if (fence.p == NULL) {
        return w->report;
    }
    (void)!zh_str_split(&fence, ' ', &word);
    assert_int_equal(zh_str_i64(fence, &id), ZH_OK);
    return find_record(w, word, id);
}

/* A compiled expression prints to text that compiles and prints to the same text, and evaluates to
 * the same value. */
static bool survives_printing(world *w, const zh_record *record, const outcome *o)
{
    zh_str once = zh_expr_print(w->arena, o->program.root);
    outcome again = run_on(w, record, once);
    if (again.program.root == NULL || again.rc != o->rc) {
        print_error("printed %.*s: %s\n", ZH_FMT(once), again.err.message);
        return false;
    }
    zh_str twice = zh_expr_print(w->arena, again.program.root);
    if (!zh_str_eq(once, twice) || !zh_value_same(&o->value, &again.value)) {
        print_error("printed %.*s then %.*s\n", ZH_FMT(once), ZH_FMT(twice));
        return false;
    }
    return true;
}

static bool example(world *w, const zh_record *record, zh_str line)
{
    ptrdiff_t arrow = zh_str_find(line, ZH_STR(" => "));
    assert_true(arrow > 0);
    zh_str text = zh_str_sub(line, 0, (size_t)arrow);
    zh_str want = zh_str_sub(line, (size_t)arrow + 4, line.n);
    outcome o = run_on(w, record, text);
    if (zh_str_starts(want, ZH_STR("! "))) {
        want = zh_str_sub(want, 2, want.n);
        if (o.rc == ZH_OK || !zh_str_is(want, o.err.rule)) {
            print_error("%.*s: wanted %.*s, got %s %s\n", ZH_FMT(text), ZH_FMT(want), o.err.rule,
                        o.err.message);
            return false;
        }
        return o.err.message[0] != '\0';
    }
    zh_str got = o.rc == ZH_OK ? shown(w->arena, &o.value) : zh_str_of(o.err.message);
    if (o.rc != ZH_OK || !zh_str_eq(got, want)) {
        print_error("%.*s: wanted %.*s, got %.*s\n", ZH_FMT(text), ZH_FMT(want), ZH_FMT(got));
        return false;
    }
    return survives_printing(w, record, &o);
}

static void test_examples(void **state)
{
    (void)state;
    world *w = world_new();
    zh_str text = ZH_STR_NONE;
    zh_str line;
    zh_err err = {0};
    const zh_record *record = NULL;
    size_t done = 0;
    size_t failed = 0;
    zh_rc rc = zh_file_read(w->arena, "doc/expressions.md", 1 << 20, &text, &err);
    assert_int_equal(rc, ZH_OK);
    while (zh_str_split(&text, '\n', &line)) {
        if (zh_str_starts(line, ZH_STR("```expr"))) {
            record = record_of(w, zh_str_sub(line, 3, line.n));
            assert_non_null(record);
        } else if (zh_str_is(line, "```")) {
            record = NULL;
        } else if (record) {
            done++;
            failed += !example(w, record, line);
        }
    }
    print_message("%zu examples\n", done);
    assert_int_equal(failed, 0);
    assert_true(done > 250);
    world_free(w);
}

/* ---- messages ------------------------------------------------------------------------------- */

static void test_messages(void **state)
{
    (void)state;
    world *w = world_new();
    static const struct {
        const char *text, *where, *part, *fix;
    } cases[] = {
        {"totl > 1", "1:1", "totl", "total"},
        {"1 +\n  totl", "2:3", "totl", "total"},
        {"'文' & totl", "1:7", "totl", "total"},
        {"basis_kind = 'randon'", "1:14", "randon", "random"},
        {"basis_kind = '随机'", "1:14", "随机", "random"},
        {"state = '已送达'", "1:9", "已送达", "served"},
        {"lenght(no)", "1:1", "lenght", "len"},
        {"no == 'a'", "1:4", "==", "="},
        {"now()", "1:1", "now", "recorded_at"},
        {"place@cty", "1:7", "cty", "city"},
        {"convert(pm, 'mg/k')", "1:13", "mg/k", "mg/kg"},
        {"count(penalty where org = producer)", "1:27", "producer", "self.producer"},
        {"any(penalty where severity = 'x', within 1 year)", "1:1", "penalty",
         "indexes: [{id: severity, fields: [severity, decided_on]}]"},
        {"any(report where total > 1)", "1:1", "report", "="},
        {"received - sampled_at", "1:10", "日期", "days("},
        {"enterprise", "1:1", "enterprise", "where"},
        {"items.pct > 1", "1:1", "items", "any("},
        {"amount = null", "1:10", "空值", "is null"},
        {"group items by item: pct", "1:22", "pct", "max(pct)"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        outcome o = run(w, cases[i].text);
        bool ok = o.rc == ZH_EINVAL && strcmp(o.err.where, cases[i].where) == 0 &&
                  strstr(o.err.message, cases[i].part) && strstr(o.err.fix, cases[i].fix);
        if (!ok) {
            print_error("%s: [%s] %s | %s\n", cases[i].text, o.err.where, o.err.message, o.err.fix);
        }
        assert_true(ok);
    }
    world_free(w);
}

static const char *const refusals[][2] = {
    {"字段 > 1", "expr.syntax"},
    {"a # b", "expr.syntax"},
    {"1 + and", "expr.syntax"},
    {"(1, 2)", "expr.syntax"},
    {"total is 1", "expr.syntax"},
    {"no.'x'", "expr.syntax"},
    {"prev(period).'x'", "expr.syntax"},
    {"group items item: 1", "expr.syntax"},
    {"rank(total)", "expr.syntax"},
    {"1.12345678901234567 %", "expr.literal.number"},
    {"count(report where edition = '1', within 3)", "expr.literal.duration"},
    {"count(report where edition = '1', within 0 day)", "expr.literal.duration"},
    {"count(report where edition = '1', within 100001 day)", "expr.literal.duration"},
    {"round('a', 2)", "expr.type"},
    {"starts(1, 'a')", "expr.type"},
    {"year(1)", "expr.type"},
    {"cert overlaps 1", "expr.type"},
    {"covers(1, 2)", "expr.type"},
    {"date(1)", "expr.type"},
    {"decay('a', 2)", "expr.type"},
    {"convert(pm, no)", "expr.arguments"},
    {"len(6 month)", "expr.type"},
    {"mark(no)", "expr.type"},
    {"abs(group items by item: count())", "expr.type"},
    {"no & (group items by item: count())", "expr.type"},
    {"abs(1, 2)", "expr.arguments"},
    {"round(1)", "expr.arguments"},
    {"round(1, 2, 'up', 3)", "expr.arguments"},
    {"abs(1: 2)", "expr.arguments"},
    {"min(1)", "expr.aggregate"},
    {"sum(items: group items by item: count())", "expr.type"},
    {"max(items: verdict)", "expr.type"},
    {"max(items: maker)", "expr.type"},
    {"count(items, 1 = 1, 2 = 2)", "expr.arguments"},
    {"count(items, 1)", "expr.type"},
    {"count(items, within 1 day)", "expr.arguments"},
    {"count(items where pct > 1)", "expr.query"},
    {"count(1 where 1 = 1)", "expr.query"},
    {"group items by item: max(pct, 1 = 1: 2)", "expr.group"},
    {"group items by (group items by item: 1): count()", "expr.group"},
    {"group recheck.lines by item: record.total", "expr.name"},
    {"count()", "expr.arguments"},
    {"any(items.pct > 1, 2)", "expr.arguments"},
    {"entered(1)", "expr.arguments"},
    {"entered()", "expr.arguments"},
    {"count(report where edition = '1', 2, 3)", "expr.arguments"},
    {"count(report where edition in (self.edition, product.class))", "expr.index"},
    {"count(report where 1)", "expr.type"},
    {"count(penalty where org = self.producer: pints)", "expr.name"},
    {"count(recheck where any(chain(report): 1 = 1))", "expr.nested"},
    {"count(recheck where rank(score within report) = 1)", "expr.nested"},
    {"count(recheck, clock.objection.open)", "expr.name"},
    {"count(recheck, entered('served') is null)", "expr.arguments"},
    {"rank(total within total + 1)", "expr.arguments"},
    {"rank(no within edition)", "expr.type"},
    {"prev(week).rate", "expr.arguments"},
    {"prev(period)", "expr.arguments"},
    {"change(1)", "expr.arguments"},
    {"change(prev(period).rte)", "expr.name"},
    {"clock.objection", "expr.clock"},
    {"state.open", "expr.name"},
    {"received = 'soon'", "expr.literal.date"},
    {"6 month > 5 month", "expr.type"},
    {"urgent < true", "expr.type"},
    {"producer < producer", "expr.type"},
    {"producer = 1", "expr.type"},
    {"cert < cert", "expr.type"},
    {"cert = 1", "expr.type"},
    {"no + 1", "expr.type"},
    {"-no", "expr.type"},
    {"not total", "expr.type"},
    {"total and urgent", "expr.type"},
    {"(group items by item: count()) is null", "expr.type"},
    {"(group items by item: count()) in (1)", "expr.type"},
    {"urgent ? 1 : 'a'", "expr.type"},
    {"total ? 1 : 2", "expr.type"},
    {"urgent ? (group items by item: 1) : null", "expr.type"},
    {"place within grade", "expr.code"},
    {"place within 1", "expr.type"},
    {"no@2", "expr.level"},
    {"place@1.5", "expr.level"},
    {"place @ now", "expr.present_time"},
    {"producer.industry @ received @ received", "expr.as_at"},
    {"pm > convert(cadmium, 'g/kg')", "expr.unit"},
    {"today()", "expr.present_time"},
};

static void test_refusals(void **state)
{
    (void)state;
    world *w = world_new();
    size_t failed = 0;
    for (size_t i = 0; i < ZH_COUNTOF(refusals); i++) {
        outcome o = run(w, refusals[i][0]);
        bool ok = o.program.root == NULL && strcmp(o.err.rule, refusals[i][1]) == 0 &&
                  o.err.message[0] && o.err.where[0];
        if (!ok) {
            print_error("%s: %s %s\n", refusals[i][0], o.err.rule, o.err.message);
        }
        failed += !ok;
    }
    assert_int_equal(failed, 0);
    world_free(w);
}

/* What the examples do not show. */
static void test_more_values(void **state)
{
    (void)state;
    world *w = world_new();
    static const char *const cases[][2] = {
        {"version", "1"},
        {"office", "420000"},
        {"handler_office", "420106"},
        {"created_at", "2026-03-06T10:00:00+08:00"},
        {"sampled_at = '2026-03-05T09:30'", "true"},
        {"sampled_at = '2026-03-05T01:30Z'", "true"},
        {"items.pct is null", NULL},
        {"state.frozen", "false"},
        {"max(1, 2, 3, 4, 5, 6, 7, 8)", "8"},
        {"max('B', grade)", "'B'"},
        {"max(grade, 'A')", "'A'"},
        {"producer = '91420100FIRM'", "null"},
        {"any(items, maker = record.producer)", "true"},
        {"count(report where edition in (self.edition, '11') and total > 1)", "3"},
        {"all(recheck, score > 50)", "true"},
        {"count(recheck where report = self)", "2"},
        {"decay(10.5, 21)", "0.250000"},
        {"decay(1 working_day, 1)", "null"},
        {"sum(group items by item: count())", "4"},
        {"first(group items by item: count())", "2"},
        {"distinct(group items by item: sum(weight))", "2"},
        {"sqrt(0, 2)", "0.00"},
        {"exp(-60, 18)", "0.000000000000000000"},
        {"months(0001-01-31, 9999-12-30)", "119986"},
        {"working_days(2026-05-09, 2026-04-30)", "-6"},
        {"hours(2026-01-02, 2026-01-01)", "-24.000000"},
        {"abs(pm)", "35.5 ug/m3"},
        {"round(pm, 0)", "36 ug/m3"},
        {"sum(recheck: score) / 2", "72.750000"},
        {"1 / 0 ?? 7", "7"},
        {"note & 'x' is null", "true"},
        {"distinct(items: maker)", "1"},
        {"count(penalty where org = self.producer and severity = '严重', within 3 year)", "1"},
    };
    size_t failed = 0;
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        outcome o = run(w, cases[i][0]);
        zh_str got = o.rc == ZH_OK ? shown(w->arena, &o.value) : ZH_STR_NONE;
        bool ok = cases[i][1] ? o.rc == ZH_OK && zh_str_is(got, cases[i][1]) : o.rc != ZH_OK;
        if (!ok) {
            print_error("%s: %.*s %s\n", cases[i][0], ZH_FMT(got), o.err.message);
        }
        failed += !ok;
    }
    assert_int_equal(failed, 0);
    world_free(w);
}

/* Errors that only values can cause. */
static void test_value_errors(void **state)
{
    (void)state;
    world *w = world_new();
    zh_field *pct = &w->columns[REPORT][WORLD_FIELDS - 1][0];
    for (size_t i = 0; i < w->report->reg->nfields; i++) {
        if (zh_str_is(w->report->reg->fields[i].id, "items")) {
            zh_rows *rows = &w->report->tables[i];
            pct = &w->columns[REPORT][i][1];
            rows->values[1].unit = ZH_STR("g");
            rows->values[5 + 1].unit = ZH_STR("kg");
            rows->values[15 + 1] = world_decimal("1.000");
        }
    }
    assert_true(zh_str_is(pct->id, "pct"));
    static const char *const cases[][2] = {
        {"sum(items: pct)", "expr.unit"},
        {"max(items: pct)", "expr.unit"},
        {"any(items, pct > convert(record.cadmium, 'g/kg'))", "expr.unit"},
        {"first(items: pct) + cadmium", "expr.unit"},
        {"min(first(items: pct), cadmium)", "expr.unit"},
        {"sum(items: 999999999999999999)", "expr.overflow"},
        {"avg(items: 999999999999999999)", "expr.overflow"},
        {"999999999999999999 * 999999999999999999", "expr.overflow"},
        {"hours(0001-01-01, 9999-12-31) * 99999999999", "expr.overflow"},
        {"convert(cadmium * 999999999999999, 'mg/kg', 18)", "expr.overflow"},
        {"0001-01-01 - 1 month", "expr.overflow"},
        {"9999-12-31 + 24 hour", "expr.overflow"},
        {"received + 5000000 * 1 day", "expr.overflow"},
        {"received + 50000 * 1 working_day", "expr.calendar"},
        {"2026-01-01 - 1 working_day", "expr.calendar"},
        {"working_days(2025-12-30, 2026-01-05)", "expr.calendar"},
        {"received + 9999999999999 * 9999999 day", "expr.duration"},
        {"count(report where edition = self.edition, within 3000 year)", "expr.calendar"},
    };
    size_t failed = 0;
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        outcome o = run(w, cases[i][0]);
        bool ok = o.program.root && o.rc != ZH_OK && strcmp(o.err.rule, cases[i][1]) == 0;
        if (!ok) {
            print_error("%s: %s %s\n", cases[i][0], o.err.rule, o.err.message);
        }
        failed += !ok;
    }
    assert_int_equal(failed, 0);
    world_free(w);
}

/* ---- caps ----------------------------------------------------------------------------------- */

static void repeat(zh_buf *buf, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(buf, piece);
    }
}

/* before × n, middle, after × n */
static outcome run_repeated(world *w, const char *before, const char *middle, const char *after,
                            size_t n)
{
    zh_buf buf;
    zh_buf_init(&buf, 1 << 20);
    repeat(&buf, before, n);
    zh_buf_z(&buf, middle);
    repeat(&buf, after, n);
    outcome o = run_on(w, w->report, zh_str_dup(w->arena, zh_buf_view(&buf)));
    zh_buf_free(&buf);
    return o;
}

static void assert_limit(world *w, const char *before, const char *middle, const char *after,
                         size_t most, const char *rule)
{
    outcome at = run_repeated(w, before, middle, after, most);
    outcome above = run_repeated(w, before, middle, after, most + 1);
    if (at.rc != ZH_OK) {
        print_error("%s%s%s × %zu: %s\n", before, middle, after, most, at.err.message);
    }
    assert_int_equal(at.rc, ZH_OK);
    assert_int_equal(above.rc, ZH_EINVAL);
    assert_string_equal(above.err.rule, rule);
}

static void test_caps(void **state)
{
    (void)state;
    world *w = world_new();
    size_t depth = ZH_EXPR_DEPTH_MAX;
    assert_limit(w, " ", "1", "", ZH_EXPR_BYTES_MAX - 1, "expr.limit.bytes");
    assert_limit(w, "(", "1", ")", depth, "expr.limit.depth");
    assert_limit(w, "-", "1", "", depth - 1, "expr.limit.depth");
    assert_limit(w, "not ", "true", "", depth - 1, "expr.limit.depth");
    assert_limit(w, "1 ?? ", "1", "", depth - 1, "expr.limit.depth");
    assert_limit(w, "true ? 1 : ", "1", "", depth - 1, "expr.limit.depth");
    assert_limit(w, "", "1", " + 1", depth - 1, "expr.limit.depth");
    assert_limit(w, "abs(", "1", ")", depth - 1, "expr.limit.depth");
    outcome wide = run_repeated(w, "true and ", "true", "", 500);
    assert_int_equal(wide.rc, ZH_OK);
    world_free(w);
}

static outcome run_list(world *w, size_t items)
{
    zh_buf buf;
    zh_buf_init(&buf, 1 << 20);
    zh_buf_z(&buf, "0 in (1");
    repeat(&buf, ",1", items - 1);
    zh_buf_z(&buf, ")");
    outcome o = run_on(w, w->report, zh_str_dup(w->arena, zh_buf_view(&buf)));
    zh_buf_free(&buf);
    return o;
}

static void test_node_cap(void **state)
{
    (void)state;
    world *w = world_new();
    assert_int_equal(run_list(w, ZH_EXPR_NODES_MAX - 2).rc, ZH_OK);
    outcome above = run_list(w, ZH_EXPR_NODES_MAX - 1);
    assert_int_equal(above.rc, ZH_EINVAL);
    assert_string_equal(above.err.rule, "expr.limit.nodes");
    world_free(w);
}

static void test_steps(void **state)
{
    (void)state;
    world *w = world_new();
    const zh_scope scope = {.model = &w->model, .reg = w->report->reg};
    zh_program p;
    zh_err err = {0};
    zh_value v;
    zh_env env = world_env(w, w->report);
    assert_int_equal(zh_expr_compile(w->arena, &scope, ZH_STR("1 + 2 + 3"), &p, &err), ZH_OK);
    env.steps_left = 5;
    assert_int_equal(zh_eval(&p, &env, &v, &err), ZH_OK);
    env.steps_left = 4;
    assert_int_equal(zh_eval(&p, &env, &v, &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "expr.limit.steps");
    err = (zh_err){0};
    env.steps_left = 0; /* its own budget every time */
    for (size_t i = 0; i < 300000; i++) {
        assert_int_equal(zh_eval(&p, &env, &v, &err), ZH_OK);
    }
    world_free(w);
}

/* A chain of n standards below an instrument; the last may lead back. */
static outcome run_chain(const char *text, size_t n, bool cycle)
{
    world *w = world_new();
    zh_record first = {0};
    for (size_t i = 0; i < w->nrecords; i++) {
        if (w->records[i].id == 300) {
            first = w->records[i];
        }
    }
    w->nrecords = 1; /* make room */
    w->records[0] = first;
    zh_record *tool = &w->records[0];
    zh_record *last = tool;
    for (size_t i = 0; i < n; i++) {
        zh_record *next = world_record(w, STANDARD, 1000 + (int64_t)i);
        *world_value(last, "calibrated_by") = world_to(next);
        *world_value(next, "u") = world_decimal("0.001");
        last = next;
    }
    if (cycle) {
        *world_value(last, "calibrated_by") = world_to(&w->records[1]);
    }
    outcome o = run_on(w, tool, zh_str_of(text));
    o.program.root = NULL;
    o.value.text = ZH_STR_NONE;
    world_free(w);
    return o;
}

static void test_chain(void **state)
{
    (void)state;
    outcome full = run_chain("count(chain(calibrated_by))", ZH_EXPR_CHAIN_MAX, false);
    assert_int_equal(full.rc, ZH_OK);
    assert_int_equal(full.value.decimal.scaled, ZH_EXPR_CHAIN_MAX);
    outcome longer = run_chain("count(chain(calibrated_by))", ZH_EXPR_CHAIN_MAX + 1, false);
    assert_int_equal(longer.rc, ZH_EINVAL);
    assert_string_equal(longer.err.rule, "expr.limit.chain");
    outcome cut = run_chain("count(chain(calibrated_by, 16))", ZH_EXPR_CHAIN_MAX + 1, false);
    assert_int_equal(cut.rc, ZH_OK);
    outcome cycle = run_chain("any(chain(calibrated_by): u < 1)", 3, true);
    assert_int_equal(cycle.rc, ZH_EINVAL);
    assert_string_equal(cycle.err.rule, "expr.chain.cycle");
}

/* ---- scopes --------------------------------------------------------------------------------- */

static void test_parameters(void **state)
{
    (void)state;
    world *w = world_new();
    const zh_str names[] = {ZH_STR("batches"), ZH_STR("office_region"), ZH_STR("period_end")};
    const zh_kind kinds[] = {ZH_DECIMAL, ZH_TEXT, ZH_DATE};
    const zh_value values[] = {zh_value_int(40), world_text("420000"), world_date(2026, 3, 31)};
    const zh_scope scope = {.model = &w->model,
                            .reg = w->report->reg,
                            .parameters = names,
                            .nparameters = 3,
                            .parameter_kinds = kinds,
                            .self = &w->regs[ENTERPRISE]};
    static const char *const cases[][2] = {
        {"div(3, batches, 4)", "0.0750"},
        {"place within office_region", "true"},
        {"age_at(period_end)", "26"},
        {"producer = self", "true"},
        {"self.region = place", "true"},
        {"self.industry", "'C14'"},
        {"decay(half_life 12 month, age_at(period_end))", "0.951855"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_program p;
        zh_err err = {0};
        zh_value v;
        zh_env env = world_env(w, w->report);
        env.parameters = values;
        env.self = &w->records[1];
        zh_rc rc = zh_expr_compile(w->arena, &scope, zh_str_of(cases[i][0]), &p, &err);
        rc = rc == ZH_OK ? zh_eval(&p, &env, &v, &err) : rc;
        if (rc != ZH_OK) {
            print_error("%s: %s\n", cases[i][0], err.message);
        }
        assert_int_equal(rc, ZH_OK);
        zh_str got = shown(w->arena, &v);
        if (!zh_str_is(got, cases[i][1])) {
            print_error("%s: %.*s\n", cases[i][0], ZH_FMT(got));
        }
        assert_true(zh_str_is(got, cases[i][1]));
    }
    world_free(w);
}

static void test_row_scope(void **state)
{
    (void)state;
    world *w = world_new();
    const zh_field *items = NULL;
    for (size_t i = 0; i < w->report->reg->nfields; i++) {
        if (zh_str_is(w->report->reg->fields[i].id, "items")) {
            items = &w->report->reg->fields[i];
        }
    }
    assert_non_null(items);
    const zh_scope scope = {.model = &w->model, .reg = w->report->reg, .table = items};
    zh_program p;
    zh_err err = {0};
    zh_value v;
    zh_str text = ZH_STR("verdict = 'fail' and items.pct > 40 and record.verdict is null and "
                         "total = 880 and count(items.verdict = 'fail') = 1");
    assert_int_equal(zh_expr_compile(w->arena, &scope, text, &p, &err), ZH_OK);
    assert_false(p.needs_store);
    for (size_t row = 0; row < 3; row++) {
        zh_env env = world_env(w, w->report);
        env.rows = &w->report->tables[items->index];
        env.row = row;
        assert_int_equal(zh_eval(&p, &env, &v, &err), ZH_OK);
        assert_int_equal(v.i, row == 1);
    }
    world_free(w);
}

static void test_needs_store(void **state)
{
    (void)state;
    world *w = world_new();
    static const struct {
        const char *text;
        bool needs;
    } cases[] = {{"total > 1 and any(items.pct > 1)", false},
                 {"producer.name = 'x'", true},
                 {"count(recheck) > 1", true},
                 {"clock.objection.open", true},
                 {"entered('served') is null", true},
                 {"rank(total within edition)", true}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        outcome o = run(w, cases[i].text);
        assert_int_equal(o.rc, ZH_OK);
        assert_int_equal(o.program.needs_store, cases[i].needs);
    }
    world_free(w);
}

static void test_missing_environment(void **state)
{
    (void)state;
    world *w = world_new();
    static const char *const texts[] = {"producer.name", "count(recheck)", "clock.objection.open",
                                        "entered('served')", "prev(period).rate"};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        outcome o = run(w, texts[i]);
        zh_env env = {.arena = w->arena, .record = w->report};
        zh_err err = {0};
        assert_int_equal(zh_eval(&o.program, &env, &o.value, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "expr.env");
    }
    world_free(w);
}

/* Without its event time a record has no "now": within finds nothing, a path reads the present. */
static void test_no_event(void **state)
{
    (void)state;
    world *w = world_new();
    *world_value(w->report, "sampled_at") = ZH_VALUE_NULL;
    static const char *const cases[][2] = {
        {"age_at(2026-03-31)", "null"},
        {"producer.industry", "'C14'"},
        {"count(report where edition = self.edition, within 9 year)", "0"},
        {"count(report where edition = self.edition)", "3"},
        {"place@city", "'420100'"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        outcome o = run(w, cases[i][0]);
        assert_int_equal(o.rc, ZH_OK);
        assert_true(zh_str_is(shown(w->arena, &o.value), cases[i][1]));
    }
    world_free(w);
}

static zh_rc fixed_answer(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    (void)env;
    (void)err;
    *out = zh_value_int(7);
    return node->op == ZH_X_CHILDREN ? ZH_ENOTFOUND : ZH_OK; /* leaves children to records */
}

static zh_rc too_many(zh_env *env, const zh_expr *node, const zh_record *const **out, size_t *n,
                      zh_err *err)
{
    zh_rc rc = world_query(env, node, out, n, err);
    *n = ZH_EXPR_RECORDS_MAX + 1;
    return rc;
}

static void test_query_callback(void **state)
{
    (void)state;
    world *w = world_new();
    static const char *const texts[] = {"count(report where edition = '10')",
                                        "rank(total within edition)", "count(recheck)"};
    static const int64_t wanted[] = {7, 7, 2};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        outcome o = run(w, texts[i]);
        zh_env env = world_env(w, w->report);
        env.query = fixed_answer;
        assert_int_equal(zh_eval(&o.program, &env, &o.value, &o.err), ZH_OK);
        assert_int_equal(o.value.decimal.scaled, wanted[i]);
        env.query = NULL;
        env.records = too_many;
        assert_int_equal(zh_eval(&o.program, &env, &o.value, &o.err), ZH_ELIMIT);
        assert_string_equal(o.err.rule, "expr.limit.records");
    }
    world_free(w);
}

static void test_eval_true(void **state)
{
    (void)state;
    world *w = world_new();
    static const char *const texts[] = {"1 = 1", "1 = 2", "verdict = 'fail'"};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        outcome o = run(w, texts[i]);
        zh_env env = world_env(w, w->report);
        bool is_true = true;
        assert_int_equal(zh_eval_true(&o.program, &env, &is_true, &o.err), ZH_OK);
        assert_int_equal(is_true, i == 0);
    }
    world_free(w);
}

/* Many groups of many rows, then the same within too small a budget. */
static void test_memory(void **state)
{
    (void)state;
    world *w = world_new();
    enum { MANY = 5000, GROUPS = 40 };
    zh_value *v = world_rows(w, w->report, "items", MANY);
    for (size_t i = 0; i < MANY; i++, v += 5) {
        v[0] = zh_value_text(zh_str_fmt(w->arena, "item %zu", i % GROUPS));
        v[3] = zh_value_int(1);
    }
    outcome o = run(w, "group items by item: sum(weight)");
    assert_int_equal(o.rc, ZH_OK);
    assert_int_equal(o.value.n, GROUPS);
    assert_int_equal(o.value.items[GROUPS - 1].decimal.scaled, MANY / GROUPS);
    zh_env env = world_env(w, w->report);
    zh_err err = {0};
    env.arena = zh_arena_new((size_t)1 << 20);
    assert_int_equal(zh_eval(&o.program, &env, &o.value, &err), ZH_ENOMEM);
    assert_string_equal(err.rule, "expr.limit.memory");
    zh_arena_free(env.arena);
    world_free(w);
}

static void test_text_cap(void **state)
{
    (void)state;
    world *w = world_new();
    outcome o = run(w, "no & note");
    zh_err err = {0};
    char *text = zh_arena_alloc(w->arena, ZH_EXPR_TEXT_MAX);
    memset(text, 'x', ZH_EXPR_TEXT_MAX);
    zh_env env = world_env(w, w->report);
    *world_value(w->report, "no") = world_text("1");
    *world_value(w->report, "note") = zh_value_text((zh_str){text, ZH_EXPR_TEXT_MAX - 1});
    assert_int_equal(zh_eval(&o.program, &env, &o.value, &err), ZH_OK);
    assert_int_equal(o.value.text.n, ZH_EXPR_TEXT_MAX);
    world_value(w->report, "note")->text.n++;
    assert_int_equal(zh_eval(&o.program, &env, &o.value, &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "expr.limit.text");
    world_free(w);
}

/* ---- streaming folds ------------------------------------------------------------------------ */

static void test_fold_run(void **state)
{
    (void)state;
    world *w = world_new();
    outcome o = run(w, "last(recheck: verdict)");
    zh_env env = world_env(w, w->report);
    zh_fold_run *fold = zh_fold_start(o.program.root, &env, &o.err);
    char text[8];
    for (size_t i = 0; i < w->nrecords; i++) {
        if (w->records[i].reg == &w->regs[RECHECK]) {
            zh_record copy = w->records[i]; /* its text dies after the call */
            zh_value values[4];
            memcpy(values, copy.values, sizeof values);
            snprintf(text, sizeof text, "%.*s", ZH_FMT(values[1].text));
            values[1].text = zh_str_of(text);
            copy.values = values;
            assert_int_equal(zh_fold_record(fold, &copy), ZH_OK);
            memset(text, 'x', sizeof text);
        }
    }
    zh_value v;
    assert_int_equal(zh_fold_finish(fold, &v), ZH_OK);
    assert_true(zh_str_is(v.text, "pass"));
    world_free(w);
}

/* ---- logic ---------------------------------------------------------------------------------- */

static const char *const truths[] = {"false", "(null = 1)", "true"};

static int truth_of(world *w, zh_str text)
{
    outcome o = run_on(w, w->report, text);
    assert_int_equal(o.rc, ZH_OK);
    return o.value.kind == ZH_NULL ? 1 : o.value.i ? 2 : 0;
}

/* Kleene's tables (S. C. Kleene, Introduction to Metamathematics, §64): and is the minimum, or the
 * maximum, not the mirror image, of false < unknown < true. */
static void test_kleene(void **state)
{
    (void)state;
    world *w = world_new();
    const char *unknown = "(verdict = 'fail')";
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            const char *x = a == 1 ? unknown : truths[a];
            const char *y = b == 1 ? unknown : truths[b];
            int least = a < b ? a : b;
            int most = a > b ? a : b;
            assert_int_equal(truth_of(w, zh_str_fmt(w->arena, "%s and %s", x, y)), least);
            assert_int_equal(truth_of(w, zh_str_fmt(w->arena, "%s or %s", x, y)), most);
            assert_int_equal(truth_of(w, zh_str_fmt(w->arena, "not %s", x)), 2 - a);
            /* De Morgan */
            assert_int_equal(truth_of(w, zh_str_fmt(w->arena, "not (%s and %s)", x, y)), 2 - least);
            assert_int_equal(truth_of(w, zh_str_fmt(w->arena, "not %s or not %s", x, y)),
                             2 - least);
            assert_int_equal(truth_of(w, zh_str_fmt(w->arena, "not %s and not %s", x, y)),
                             2 - most);
        }
    }
    world_free(w);
}

/* ---- fixtures ------------------------------------------------------------------------------- */

/* Lines "expression <tab> result"; '#' comments. */
static void run_fixture(const char *path, size_t least)
{
    world *w = world_new();
    zh_str text = ZH_STR_NONE;
    zh_str line;
    zh_err err = {0};
    size_t done = 0;
    size_t failed = 0;
    assert_int_equal(zh_file_read(w->arena, path, 4 << 20, &text, &err), ZH_OK);
    while (zh_str_split(&text, '\n', &line)) {
        zh_str expression;
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        assert_true(zh_str_split(&line, '\t', &expression));
        outcome o = run_on(w, NULL, expression);
        zh_str got = o.rc == ZH_OK ? shown(w->arena, &o.value) : zh_str_of(o.err.rule);
        if (!zh_str_eq(got, line)) {
            print_error("%.*s: wanted %.*s, got %.*s\n", ZH_FMT(expression), ZH_FMT(line),
                        ZH_FMT(got));
            failed++;
        }
        done++;
    }
    assert_int_equal(failed, 0);
    assert_true(done >= least);
    world_free(w);
}

static void test_math_fixture(void **state)
{
    (void)state;
    run_fixture("tests/fixture/expr_math.tsv", 400);
}

static void test_decimal_fixture(void **state)
{
    (void)state;
    run_fixture("tests/fixture/expr_decimal.tsv", 400);
}

/* ---- values --------------------------------------------------------------------------------- */

static void test_value_order(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        zh_rc rc;
        int order;
    } cases[] = {
        {"0.050", "0.05", ZH_OK, 0},   {"<0.05", "0.1", ZH_OK, -1},
        {"<0.05", "0.05", ZH_OK, -1},  {"<0.05", "0.01", ZH_ENOTFOUND, 0},
        {">5", "5", ZH_OK, 1},         {">5", "6", ZH_ENOTFOUND, 0},
        {"0.1", "<0.05", ZH_OK, 1},    {"5", ">5", ZH_OK, -1},
        {"<1", ">2", ZH_OK, -1},       {"<3", ">2", ZH_ENOTFOUND, 0},
        {"<1", "<1", ZH_ENOTFOUND, 0}, {">2", "<1", ZH_OK, 1},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_value a = world_decimal(cases[i].a);
        zh_value b = world_decimal(cases[i].b);
        int order = 0;
        assert_int_equal(zh_value_cmp(&a, &b, &order), cases[i].rc);
        assert_int_equal(order, cases[i].order);
    }
    zh_value mg = world_decimal("1");
    zh_value g = world_decimal("1");
    int order;
    mg.unit = ZH_STR("mg");
    g.unit = ZH_STR("g");
    assert_int_equal(zh_value_cmp(&mg, &g, &order), ZH_EINVAL);
    zh_value date = world_date(2026, 3, 5);
    zh_value time = world_moment("2026-03-05T00:00:00");
    assert_int_equal(zh_value_cmp(&date, &time, &order), ZH_OK);
    assert_int_equal(order, 0);
    zh_value text = world_text("a");
    assert_int_equal(zh_value_cmp(&date, &text, &order), ZH_EINVAL);
}

static void test_value_text(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_value below = world_decimal("<0.05");
    zh_value none = {.kind = ZH_DECIMAL, .mark = ZH_MARK_NOT_REPORTED};
    zh_value quantity = world_decimal("0.050");
    zh_value open = world_period(world_date(2026, 1, 1), ZH_VALUE_NULL);
    zh_value ref = {.kind = ZH_REF, .office = 420000, .i = 7, .text = ZH_STR("91420100FIRM")};
    zh_value time = world_moment("2026-05-09T08:30:00");
    zh_value yes = zh_value_bool(true);
    zh_value null = ZH_VALUE_NULL;
    quantity.unit = ZH_STR("mg/kg");
    const struct {
        const zh_value *value;
        char type;
        const char *canonical, *display;
    } cases[] = {
        {&below, 'd', "<0.05", "<0.05"},
        {&none, 'd', "NR", "未报"},
        {&quantity, 'd', "0.050 mg/kg", "0.050 mg/kg"},
        {&open, 't', "2026-01-01/..", "2026-01-01/.."},
        {&ref, 't', "420000:7", "91420100FIRM"},
        {&time, 't', "2026-05-09T08:30:00+08:00", "2026-05-09 08:30"},
        {&yes, 't', "true", "是"},
        {&null, 'n', "", ""},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char type = 0;
        assert_true(
            zh_str_is(zh_value_canonical(arena, cases[i].value, &type), cases[i].canonical));
        assert_int_equal(type, cases[i].type);
        assert_true(zh_str_is(zh_value_display(arena, cases[i].value), cases[i].display));
    }
    zh_arena_free(arena);
}

static void test_value_same(void **state)
{
    (void)state;
    zh_value a = world_decimal("0.050");
    zh_value b = world_decimal("0.05");
    zh_value computed = zh_value_decimal((zh_decimal){50, 3});
    assert_false(zh_value_same(&a, &b)); /* another stated precision */
    assert_true(zh_value_same(&a, &computed));
    zh_value marked = world_decimal("<0.050");
    assert_false(zh_value_same(&a, &marked));
    zh_value nd = {.kind = ZH_DECIMAL, .mark = ZH_MARK_NOT_DETECTED};
    zh_value nr = {.kind = ZH_DECIMAL, .mark = ZH_MARK_NOT_REPORTED};
    assert_false(zh_value_same(&nd, &nr));
    assert_true(zh_value_same(&nd, &nd));
}

static void count_node(void *user, const zh_expr *node)
{
    (void)node;
    ++*(size_t *)user;
}

static void test_walk(void **state)
{
    (void)state;
    world *w = world_new();
    size_t n = 0;
    outcome o = run(w, "any(items, pct > 1: verdict = 'fail') and total in (1, 2)");
    zh_expr_walk(o.program.root, count_node, &n);
    assert_int_equal(n, 1 + (1 + 3 + 3) + 4);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_more_values),
        cmocka_unit_test(test_value_errors),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_node_cap),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_row_scope),
        cmocka_unit_test(test_needs_store),
        cmocka_unit_test(test_missing_environment),
        cmocka_unit_test(test_no_event),
        cmocka_unit_test(test_query_callback),
        cmocka_unit_test(test_eval_true),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_text_cap),
        cmocka_unit_test(test_fold_run),
        cmocka_unit_test(test_kleene),
        cmocka_unit_test(test_math_fixture),
        cmocka_unit_test(test_decimal_fixture),
        cmocka_unit_test(test_value_order),
        cmocka_unit_test(test_value_text),
        cmocka_unit_test(test_value_same),
        cmocka_unit_test(test_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
