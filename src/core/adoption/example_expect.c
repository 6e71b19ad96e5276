/* What a test expects against what there is. */
#include "core/adoption/example_private.h"
#include "core/cube/cube.h"
#include "core/figure/indicator.h"
#include "core/judgement/judgement.h"
#include "core/judgement/obligation.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <stdio.h>

/* ---- errors
 * ----------------------------------------------------------------------------------------- */

zh_str zh_example_said(zh_runner *r, const zh_findings *findings)
{
    zh_str out = ZH_STR_NONE;
    for (size_t i = 0; i < findings->list.n; i++) {
        const zh_finding *f = &findings->list.p[i];
        out = zh_str_fmt(r->arena, "%.*s%s%.*s%s%.*s：%.*s", ZH_FMT(out), i > 0 ? "；" : "",
                         ZH_FMT(f->rule), f->field.n > 0 ? " " : "", ZH_FMT(f->field),
                         ZH_FMT(f->message));
    }
    if (out.n == 0 && r->err.rc != ZH_OK) {
        out = zh_str_fmt(r->arena, "%s%s%s：%s", r->err.rule, r->err.where[0] ? " " : "",
                         r->err.where, r->err.message);
    }
    return out.n > 0 ? out : ZH_STR("没有任何异议");
}

static bool is(const zh_yaml *want, zh_str got)
{
    return want == NULL || zh_str_eq(want->text, got);
}

/* One thing expected of an error beside what was found, when they differ. */
static void add_difference(zh_buf *out, const char *what, const zh_yaml *want, zh_str got)
{
    if (!is(want, got)) {
        zh_buf_fmt(out, "%s%s期望“%.*s”，得到“%.*s”", out->n > 0 ? "；" : "", what,
                   ZH_FMT(want->text), ZH_FMT(got));
    }
}

/* Says what differs from the finding that comes nearest: the same rule, else the first. */
static void fail_error(zh_runner *r, const zh_yaml *want, const zh_findings *findings)
{
    const zh_yaml *rule = zh_yaml_get(want, "rule");
    zh_finding found = {.rule = zh_str_of(r->err.rule),
                        .field = zh_str_of(r->err.where),
                        .message = zh_str_of(r->err.message)};
    bool chosen = false;
    for (size_t i = 0; i < findings->list.n; i++) {
        const zh_finding *f = &findings->list.p[i];
        if (i == 0 || (!chosen && is(rule, f->rule))) {
            found = *f;
            chosen = is(rule, f->rule);
        }
    }
    if (found.rule.n == 0) {
        zh_runner_fail(r, want, "期望规则 %.*s，得到 %.*s",
                       ZH_FMT(rule != NULL ? rule->text : ZH_STR("（任意）")),
                       ZH_FMT(zh_example_said(r, findings)));
        return;
    }
    zh_buf differences;
    zh_buf_init(&differences, 16 << 10);
    add_difference(&differences, "规则", rule, found.rule);
    add_difference(&differences, "字段", zh_yaml_get(want, "field"), found.field);
    add_difference(&differences, "文字", zh_yaml_get(want, "message"), found.message);
    zh_runner_fail(r, want, "%.*s（实际：%.*s）", ZH_FMT(zh_buf_view(&differences)),
                   ZH_FMT(zh_example_said(r, findings)));
    zh_buf_free(&differences);
}

void zh_example_error(zh_runner *r, const zh_yaml *want, const zh_findings *findings)
{
    const zh_yaml *rule = zh_yaml_get(want, "rule");
    const zh_yaml *field = zh_yaml_get(want, "field");
    const zh_yaml *message = zh_yaml_get(want, "message");
    for (size_t i = 0; i < findings->list.n; i++) {
        const zh_finding *f = &findings->list.p[i];
        if (is(rule, f->rule) && is(field, f->field) && is(message, f->message)) {
            return;
        }
    }
    if (r->err.rc != ZH_OK && is(rule, zh_str_of(r->err.rule)) &&
        is(field, zh_str_of(r->err.where)) && is(message, zh_str_of(r->err.message))) {
        return;
    }
    fail_error(r, want, findings);
}

/* ---- one value
 * -------------------------------------------------------------------------------------- */

static void differs(zh_runner *r, const zh_yaml *want, zh_str got)
{
    zh_runner_fail(r, want, "%.*s 期望“%.*s”，得到“%.*s”", ZH_FMT(want->key), ZH_FMT(want->text),
                   ZH_FMT(got));
}

static bool same_number(zh_str a, zh_str b)
{
    zh_decimal x;
    zh_decimal y;
    return zh_decimal_parse(a, false, &x) == ZH_OK && zh_decimal_parse(b, false, &y) == ZH_OK &&
           zh_decimal_cmp(x, y) == 0;
}

/* The canonical text, without the unit that the field fixes. */
static zh_str text_of(zh_runner *r, const zh_field *field, const zh_value *value)
{
    char type;
    zh_str text = value->kind == ZH_NULL ? ZH_STR("") : zh_value_canonical(r->arena, value, &type);
    if (field->unit.n > 0 && zh_str_ends(text, field->unit)) {
        text = zh_str_trim(zh_str_sub(text, 0, text.n - field->unit.n));
    }
    return text;
}

/* A reference is written by its business key, which the stored value does not hold. */
static bool same_ref(zh_runner *r, zh_conn *conn, const zh_field *field, const zh_value *wanted,
                     const zh_value *value)
{
    zh_record *target = NULL;
    if (wanted->i != 0) {
        return wanted->i == value->i;
    }
    if (field->target == NULL || field->target->nbusiness_key != 1 ||
        zh_record_by_key(&r->ctx, conn, field->target, &wanted->text, &target) != ZH_OK) {
        zh_err_again(&r->err);
        return false;
    }
    return target->id == value->i;
}

/* Written as a person would: 合格 for pass, 2026-02-13 15:00 for an instant, 是 for true. A decimal
 * is compared as written, because its digits say how precise it is. */
static bool same_value(zh_runner *r, zh_conn *conn, const zh_field *field, zh_str want,
                       const zh_value *value)
{
    zh_value wanted;
    int order = 1;
    if (value->kind == ZH_NULL || value->kind == ZH_DECIMAL) {
        return false;
    }
    zh_rc rc = zh_given_parse(r, field, want, zh_time_date(r->now), &wanted);
    zh_err_again(&r->err);
    if (rc != ZH_OK || wanted.kind == ZH_NULL) {
        return false;
    }
    if (value->kind == ZH_REF) {
        return same_ref(r, conn, field, &wanted, value);
    }
    return zh_value_cmp(&wanted, value, &order) == ZH_OK && order == 0;
}

static void expect_field(zh_runner *r, zh_conn *conn, const zh_record *record, const zh_yaml *want)
{
    const zh_field *field = zh_register_field(record->reg, want->key);
    if (field == NULL || field->type == ZH_TYPE_TABLE || field->table != NULL ||
        want->kind != ZH_YAML_SCALAR) {
        zh_runner_fail(r, want, "%.*s 不能这样检验", ZH_FMT(want->key));
        return;
    }
    const zh_value *value = &record->values[field->index];
    zh_str got = text_of(r, field, value);
    char type;
    zh_str whole = value->kind == ZH_NULL ? got : zh_value_canonical(r->arena, value, &type);
    if (!zh_str_eq(got, want->text) && !zh_str_eq(whole, want->text) &&
        !same_value(r, conn, field, want->text, value)) {
        differs(r, want, whole);
    }
}

/* ---- clocks, publication
 * --------------------------------------------------------------------------------- */

static void expect_program(zh_runner *r, zh_conn *conn, const zh_record *record,
                           const zh_yaml *want, zh_str source)
{
    zh_scope scope = {.model = r->ctx.model, .reg = record->reg};
    zh_program program;
    zh_value v;
    zh_rc rc = zh_expr_compile(r->arena, &scope, source, &program, &r->err);
    if (rc == ZH_OK) {
        zh_env env = zh_read_env(&r->ctx, conn, ZH_AS_OF_NOW, record);
        rc = zh_eval(&program, &env, &v, &r->err);
    }
    if (rc != ZH_OK) {
        zh_runner_fail(r, want, "%.*s 算不出来：%s", ZH_FMT(want->key), r->err.message);
        zh_err_again(&r->err);
        return;
    }
    char type;
    zh_str got = v.kind == ZH_NULL ? ZH_STR("") : zh_value_canonical(r->arena, &v, &type);
    if (!zh_str_eq(got, want->text)) {
        differs(r, want, got);
    }
}

static void expect_clock(zh_runner *r, zh_conn *conn, const zh_record *record, const zh_yaml *want)
{
    zh_str name = zh_str_sub(want->key, sizeof("clock.") - 1, want->key.n);
    bool due = zh_str_chr(name, '.') < 0;
    expect_program(r, conn, record, want,
                   due ? zh_str_fmt(r->arena, "%.*s.due", ZH_FMT(want->key)) : want->key);
}

static void expect_published(zh_runner *r, zh_conn *conn, const zh_record *record,
                             const zh_yaml *want)
{
    const zh_yaml *publication = zh_yaml_get(record->reg->declared, "publication");
    const zh_yaml *when = publication != NULL ? zh_yaml_get(publication, "records_when") : NULL;
    if (when == NULL) {
        if (!zh_str_is(want->text, "false")) {
            differs(r, want, ZH_STR("false"));
        }
        return;
    }
    expect_program(r, conn, record, want, when->text);
}

/* ---- measures, indicators
 * --------------------------------------------------------------------------------- */

static zh_str measured(zh_runner *r, const zh_measure *m, const zh_cell_answer *answer)
{
    char text[48];
    if (m->kind == ZH_M_COUNT || m->kind == ZH_M_STOCK || m->kind == ZH_M_SUM ||
        m->kind == ZH_M_SUMSQ) {
        zh_i128 total = answer->n > 0 ? answer->cells[0].values[0] : 0;
        uint8_t digits = m->kind == ZH_M_SUM ? m->digits : 0;
        digits = m->kind == ZH_M_SUMSQ ? (uint8_t)(2 * m->digits) : digits;
        size_t n = zh_i128_format(total, digits, text);
        return zh_str_dup(r->arena, (zh_str){text, n});
    }
    size_t keys = answer->n > 0 ? answer->cells[0].nkeys[0] : 0;
    return zh_str_fmt(r->arena, "%zu", keys);
}

static void expect_measure(zh_runner *r, zh_conn *conn, const zh_yaml *want)
{
    zh_str id = zh_str_sub(want->key, sizeof("measure.") - 1, want->key.n);
    const zh_measure *measure = NULL;
    for (size_t i = 0; i < r->reg->nmeasures; i++) {
        measure = zh_str_eq(r->reg->measures[i].id, id) ? &r->reg->measures[i] : measure;
    }
    if (measure == NULL || measure->kind == ZH_M_QUANTILE) {
        zh_runner_fail(r, want, "%.*s 不能这样检验", ZH_FMT(want->key));
        return;
    }
    zh_cell_query query = {
        .reg = r->reg, .measures = &measure, .nmeasures = 1, .as_of = ZH_AS_OF_NOW};
    if (measure->kind == ZH_M_STOCK) {
        query.has_span = true;
        query.first = zh_date_of(1, 1, 1);
        query.last = zh_time_date(r->now);
    }
    zh_cell_answer answer;
    zh_rc rc = zh_cells(&r->ctx, conn, &query, &answer);
    if (rc != ZH_OK) {
        zh_runner_fail(r, want, "%.*s 算不出来：%s", ZH_FMT(want->key), r->err.message);
        zh_err_again(&r->err);
        return;
    }
    zh_str got = measured(r, measure, &answer);
    if (!zh_str_eq(got, want->text) && !same_number(got, want->text)) {
        differs(r, want, got);
    }
}

static void expect_indicator(zh_runner *r, zh_conn *conn, const zh_yaml *want)
{
    zh_str id = zh_str_sub(want->key, sizeof("indicator.") - 1, want->key.n);
    zh_figure_query query = {.indicator = zh_model_indicator(r->ctx.model, id),
                             .as_of = ZH_AS_OF_NOW};
    if (query.indicator == NULL) {
        zh_runner_fail(r, want, "没有指标 %.*s", ZH_FMT(id));
        return;
    }
    if (query.indicator->kind == ZH_I_STOCK) {
        query.first = zh_date_of(1, 1, 1);
        query.last = zh_time_date(r->now);
    }
    zh_figure figure;
    zh_rc rc = zh_figure_ask(&r->ctx, conn, &query, &figure);
    if (rc != ZH_OK) {
        zh_runner_fail(r, want, "%.*s 算不出来：%s", ZH_FMT(want->key), r->err.message);
        zh_err_again(&r->err);
        return;
    }
    zh_str got = figure.has_value ? figure.shown : ZH_STR("");
    if (!zh_str_eq(got, want->text)) {
        differs(r, want, got);
    }
}

/* ---- a record
 * --------------------------------------------------------------------------------------- */

static void expect_of(zh_runner *r, zh_conn *conn, const zh_record *record, const zh_yaml *want);

/* Whom a rule judges: the test's record, or the one it refers to. Of that record, only register,
 * office and id. */
static bool judged_by(zh_runner *r, zh_conn *conn, const zh_judgement *rule, zh_record *out)
{
    zh_record *record = NULL;
    *out = (zh_record){.reg = rule->each, .office = r->record.office, .id = r->record.id};
    if (rule->each == r->reg) {
        return true;
    }
    zh_rc rc =
        zh_record_get(&r->ctx, conn, r->reg, r->record.office, r->record.id, ZH_AS_OF_NOW, &record);
    for (size_t i = 0; i < r->reg->nfields && rc == ZH_OK; i++) {
        const zh_field *f = &r->reg->fields[i];
        const zh_value *v = &record->values[i];
        if (f->type == ZH_TYPE_REF && f->target == rule->each && v->kind == ZH_REF) {
            out->office = v->office;
            out->id = v->i;
            return true;
        }
    }
    zh_err_again(&r->err);
    return false;
}

bool zh_example_finding(zh_runner *r, zh_conn *conn, const zh_yaml *at, zh_str id,
                        const zh_judgement **rule, zh_record **finding)
{
    zh_judgement *list = NULL;
    size_t n = 0;
    zh_record self;
    zh_rc rc = zh_judgements(r->ctx.model, r->arena, &list, &n, &r->err);
    *rule = NULL;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        bool named = zh_str_eq(list[i].id, id);
        bool nearer = *rule == NULL || list[i].each == r->reg || list[i].owner == r->reg;
        *rule = named && nearer ? &list[i] : *rule;
    }
    if (rc == ZH_OK && (*rule == NULL || !judged_by(r, conn, *rule, &self))) {
        zh_runner_fail(r, at, "没有对 %.*s 的评定 %.*s", ZH_FMT(r->reg->id), ZH_FMT(id));
        return false;
    }
    if (rc == ZH_OK) {
        const zh_register *findings = zh_model_register(r->ctx.model, ZH_STR("judgement"));
        zh_str key = zh_judgement_key(r->arena, *rule, &self);
        rc = zh_record_by_key(&r->ctx, conn, findings, &key, finding);
    }
    if (rc == ZH_OK) {
        rc = zh_rows_load(&r->ctx, conn, *finding, false);
    }
    if (rc != ZH_OK) {
        zh_runner_fail(r, at, "评定 %.*s 还没有作出（步骤里要有 run: judgements）", ZH_FMT(id));
        zh_err_again(&r->err);
    }
    return rc == ZH_OK;
}

/* again: the inputs as of the stored position. rows: from what is stored. */
static void expect_replay(zh_runner *r, zh_conn *conn, const zh_judgement *rule,
                          const zh_record *finding, const zh_yaml *want)
{
    zh_rejudged *again = ZH_NEW(r->arena, zh_rejudged);
    int64_t office = 0;
    int64_t id = 0;
    zh_record *record = NULL;
    bool rows = false;
    zh_rc rc = zh_judgement_subject(finding, &office, &id)
                   ? zh_record_get(&r->ctx, conn, rule->each, office, id, ZH_AS_OF_NOW, &record)
                   : ZH_ENOTFOUND;
    if (rc == ZH_OK) {
        rc = zh_judgement_replay(&r->ctx, rule, record, finding, &rows);
    }
    if (rc == ZH_OK) {
        rc = zh_judgement_again(&r->ctx, conn, rule, finding, again);
    }
    if (rc != ZH_OK) {
        zh_runner_fail(r, want, "不能重算：%s", r->err.message);
        zh_err_again(&r->err);
        return;
    }
    zh_str got = rows && again->same ? ZH_STR("true") : ZH_STR("false");
    if (!zh_str_eq(got, want->text)) {
        differs(r, want, got);
    }
}

/* row.INPUT.COLUMN of a finding */
static void expect_row(zh_runner *r, const zh_record *finding, zh_str name, const zh_yaml *want)
{
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    const zh_rows *rows = &finding->tables[table->index];
    ptrdiff_t dot = zh_str_chr(name, '.');
    zh_str input = dot < 0 ? name : zh_str_sub(name, 0, (size_t)dot);
    const zh_field *column = zh_register_field(
        finding->reg,
        zh_str_fmt(r->arena, "rows.%.*s",
                   ZH_FMT(dot < 0 ? ZH_STR("value") : zh_str_sub(name, (size_t)dot + 1, name.n))));
    for (size_t i = 0; i < rows->n && column != NULL; i++) {
        const zh_value *row = rows->values + i * table->ncolumns;
        if (zh_str_eq(row[0].text, input)) {
            zh_str got = text_of(r, column, &row[column->index]);
            if (!zh_str_eq(got, want->text) && !same_number(got, want->text)) {
                differs(r, want, got);
            }
            return;
        }
    }
    zh_runner_fail(r, want, "评定没有说明行 %.*s", ZH_FMT(name));
}

/* judgement.ID.WHAT */
static void expect_judgement(zh_runner *r, zh_conn *conn, const zh_yaml *want)
{
    zh_str name = zh_str_sub(want->key, sizeof("judgement.") - 1, want->key.n);
    ptrdiff_t dot = zh_str_chr(name, '.');
    zh_str id = dot < 0 ? name : zh_str_sub(name, 0, (size_t)dot);
    zh_yaml inner = *want;
    const zh_judgement *rule;
    zh_record *finding = NULL;
    inner.key = dot < 0 ? ZH_STR("grade") : zh_str_sub(name, (size_t)dot + 1, name.n);
    if (!zh_example_finding(r, conn, want, id, &rule, &finding)) {
        return;
    }
    if (zh_str_is(inner.key, "replay")) {
        expect_replay(r, conn, rule, finding, &inner);
    } else if (zh_str_starts(inner.key, ZH_STR("row."))) {
        expect_row(r, finding, zh_str_sub(inner.key, sizeof("row.") - 1, inner.key.n), &inner);
    } else {
        expect_of(r, conn, finding, &inner);
    }
}

/* The newest expected item of an obligation whose party is the test's record or is named in it. */
static zh_rc find_item(zh_runner *r, zh_conn *conn, const zh_record *record,
                       const zh_obligation *duty, zh_page *page)
{
    const zh_register *items = zh_model_register(r->ctx.model, ZH_STR("expected_item"));
    const zh_value *named = duty->reg == record->reg ? &record->values[duty->party->index] : NULL;
    int64_t office = named != NULL ? named->office : record->office;
    int64_t id = named != NULL ? named->i : record->id;
    zh_scope scope = {.model = r->ctx.model, .reg = items};
    zh_program where;
    zh_rc rc = zh_expr_compile(
        r->arena, &scope,
        zh_str_fmt(r->arena, "duty = '%.*s' and party_ref = '%.*s/%" PRId64 "-%" PRId64 "'",
                   ZH_FMT(duty->name), ZH_FMT(duty->who->id), office, id),
        &where, &r->err);
    zh_list_query query = {.reg = items,
                           .where = &where,
                           .sort = zh_register_field(items, ZH_STR("from")),
                           .descending = true,
                           .limit = 1,
                           .as_of = ZH_AS_OF_NOW};
    return rc == ZH_OK ? zh_list(&r->ctx, conn, &query, page) : rc;
}

/* obligation.ID.WHAT */
static void expect_obligation(zh_runner *r, zh_conn *conn, const zh_record *record,
                              const zh_yaml *want)
{
    zh_str name = zh_str_sub(want->key, sizeof("obligation.") - 1, want->key.n);
    ptrdiff_t dot = zh_str_chr(name, '.');
    zh_str id = dot < 0 ? name : zh_str_sub(name, 0, (size_t)dot);
    zh_obligation *list = NULL;
    const zh_obligation *duty = NULL;
    zh_yaml inner = *want;
    zh_page page = {0};
    size_t n = 0;
    zh_rc rc = zh_obligations(r->ctx.model, r->arena, &list, &n, &r->err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        bool ours = list[i].who == record->reg || list[i].reg == record->reg;
        duty = ours && zh_str_eq(list[i].id, id) ? &list[i] : duty;
    }
    inner.key = dot < 0 ? ZH_STR("state") : zh_str_sub(name, (size_t)dot + 1, name.n);
    if (rc == ZH_OK && duty != NULL) {
        rc = find_item(r, conn, record, duty, &page);
    }
    if (rc != ZH_OK || page.n == 0) {
        zh_runner_fail(r, want, "没有 %.*s 的应报事项（步骤里要有 run: obligations）", ZH_FMT(id));
        zh_err_again(&r->err);
        return;
    }
    expect_of(r, conn, page.records[0], &inner);
}

static void expect_of(zh_runner *r, zh_conn *conn, const zh_record *record, const zh_yaml *want)
{
    zh_str state = record->state >= 0 ? record->reg->states[record->state].id : ZH_STR("");
    if (zh_str_is(want->key, "state")) {
        if (!zh_str_eq(state, want->text)) {
            differs(r, want, state);
        }
    } else if (zh_str_is(want->key, "published")) {
        expect_published(r, conn, record, want);
    } else if (zh_str_starts(want->key, ZH_STR("clock."))) {
        expect_clock(r, conn, record, want);
    } else {
        expect_field(r, conn, record, want);
    }
}

static void expect_one(zh_runner *r, zh_conn *conn, const zh_record *record, const zh_yaml *want)
{
    if (zh_str_starts(want->key, ZH_STR("measure."))) {
        expect_measure(r, conn, want);
    } else if (zh_str_starts(want->key, ZH_STR("indicator."))) {
        expect_indicator(r, conn, want);
    } else if (zh_str_starts(want->key, ZH_STR("judgement."))) {
        expect_judgement(r, conn, want);
    } else if (zh_str_starts(want->key, ZH_STR("obligation."))) {
        expect_obligation(r, conn, record, want);
    } else {
        expect_of(r, conn, record, want);
    }
}

void zh_example_expect(zh_runner *r, const zh_yaml *expect)
{
    zh_conn *conn = NULL;
    zh_record *record = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(r->core), &conn, &r->err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, &r->err);
    }
    if (rc == ZH_OK) {
        rc = zh_record_get(&r->ctx, conn, r->reg, r->record.office, r->record.id, ZH_AS_OF_NOW,
                           &record);
    }
    if (rc == ZH_OK) {
        rc = zh_rows_load(&r->ctx, conn, record, false);
    }
    if (rc != ZH_OK) {
        zh_runner_fail(r, expect, "读不到记录：%s", r->err.message);
    }
    for (const zh_yaml *i = expect->first; i != NULL && rc == ZH_OK; i = i->next) {
        expect_one(r, conn, record, i);
    }
    if (conn != NULL) {
        zh_read_end(conn);
        zh_store_release(conn);
    }
}

/* ---- a figure
 * --------------------------------------------------------------------------------------- */

static zh_str figure_part(zh_runner *r, const zh_figure *f, zh_str name)
{
    int digits = f->indicator->digits;
    if (zh_str_is(name, "value")) {
        return f->has_value ? f->shown : ZH_STR("");
    }
    if (zh_str_is(name, "num")) {
        return f->num;
    }
    if (zh_str_is(name, "den")) {
        return f->den;
    }
    if (zh_str_is(name, "n")) {
        return zh_str_fmt(r->arena, "%" PRId64, f->n);
    }
    if (zh_str_is(name, "note")) {
        return f->note.zh;
    }
    if (zh_str_is(name, "status")) {
        return zh_str_of(zh_figure_status_id(f->status));
    }
    if (zh_str_is(name, "se")) {
        return zh_str_fmt(r->arena, "%.*f", digits, f->se);
    }
    if (!f->has_interval) {
        return ZH_STR("");
    }
    if (zh_str_is(name, "interval")) {
        return f->interval_shown;
    }
    return zh_str_fmt(r->arena, "%.*f", digits, zh_str_is(name, "low") ? f->low : f->high);
}

typedef struct asking {
    zh_figure_query query;
    zh_cell_filter filters[ZH_CUBE_DIMS_MAX];
} asking;

static zh_rc read_question(zh_runner *r, const zh_yaml *question, asking *a)
{
    zh_figure_query *q = &a->query;
    q->filters = a->filters;
    for (const zh_yaml *i = question != NULL ? question->first : NULL; i != NULL; i = i->next) {
        if (zh_str_is(i->key, "region")) {
            q->region = i->text;
        } else if (zh_str_is(i->key, "period")) {
            if (zh_period_parse(i->text, &q->first, &q->last) != ZH_OK) {
                return zh_err_set(&r->err, ZH_EINVAL, "test.question", "“%.*s”不是期间",
                                  ZH_FMT(i->text));
            }
        } else if (zh_str_is(i->key, "where")) {
            zh_scope scope = {.model = r->ctx.model, .reg = q->indicator->reg};
            zh_program *where = ZH_NEW(r->arena, zh_program);
            zh_rc rc = zh_expr_compile(r->arena, &scope, i->text, where, &r->err);
            if (rc != ZH_OK) {
                return rc;
            }
            q->where = where;
        } else if (q->nfilters < ZH_CUBE_DIMS_MAX) {
            a->filters[q->nfilters++] =
                (zh_cell_filter){.dim = i->key, .value = i->text, .subtree = true};
        }
    }
    return ZH_OK;
}

void zh_example_figure(zh_runner *r, const zh_indicator *indicator, const zh_yaml *test)
{
    const zh_yaml *expect = zh_yaml_get(test, "expect");
    asking a = {.query = {.indicator = indicator, .as_of = ZH_AS_OF_NOW}};
    zh_figure figure;
    zh_conn *conn = NULL;
    zh_rc rc = read_question(r, zh_yaml_get(test, "question"), &a);
    if (rc == ZH_OK) {
        rc = zh_store_reader(zh_core_store(r->core), &conn, &r->err);
    }
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, &r->err);
    }
    if (rc == ZH_OK) {
        rc = zh_figure_ask(&r->ctx, conn, &a.query, &figure);
    }
    if (rc != ZH_OK) {
        zh_runner_fail(r, test, "算不出来：%s", r->err.message);
    }
    for (const zh_yaml *i = expect != NULL ? expect->first : NULL; i != NULL && rc == ZH_OK;
         i = i->next) {
        zh_str got = figure_part(r, &figure, i->key);
        bool exact = zh_str_is(i->key, "num") || zh_str_is(i->key, "den");
        if (!zh_str_eq(got, i->text) && !(exact && same_number(got, i->text))) {
            differs(r, i, got);
        }
    }
    if (conn != NULL) {
        zh_read_end(conn);
        zh_store_release(conn);
    }
}
