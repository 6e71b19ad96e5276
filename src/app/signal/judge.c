/* From pairs that stand out to records: what a signal's fields are, what has changed since the last
 * run, and which tasks are missing. */
#include "app/signal/judge.h"
#include "core/record/record.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHANGES_MAX = 40, RATIO_DIGITS = 9, PAGE = 500 };

/* A signal or a task that is stored. */
typedef struct stored {
    const zh_record *record;
    zh_str key;
    size_t tasks;  /* of a signal: all rounds */
    size_t active; /* not withdrawn */
} stored;

typedef struct judge {
    zh_ctx *ctx; /* of the detector */
    const zh_detector *d;
    zh_conn *conn;
    zh_detection found;
    ZH_VEC(stored) signals;
    ZH_VEC(const zh_record *) tasks;
    zh_map by_key; /* -> stored */
    zh_signal_run *out;
} judge;

typedef struct changes {
    zh_change list[CHANGES_MAX];
    size_t n;
    zh_rc rc;
} changes;

static zh_str key_of(zh_arena *arena, zh_str row, zh_str column)
{
    return zh_str_fmt(arena, "%zu:%.*s%.*s", row.n, ZH_FMT(row), ZH_FMT(column));
}

/* ---- the fields of a signal
 * --------------------------------------------------------------------- */

static const zh_field *field_of(judge *j, const zh_register *reg, const char *id)
{
    const zh_field *field = zh_register_field(reg, zh_str_of(id));
    if (field == NULL) {
        zh_err_set(j->ctx->err, ZH_EINVAL, "detector.signals", "登记册“%.*s”没有字段“%s”",
                   ZH_FMT(reg->id), id);
        zh_err_fix(j->ctx->err, "评定登记册应有 risk_signal、risk_task 的字段");
    }
    return field;
}

static void put(judge *j, changes *c, const zh_register *reg, const char *id, zh_value value)
{
    const zh_field *field = c->rc == ZH_OK ? field_of(j, reg, id) : NULL;
    if (field == NULL) {
        c->rc = ZH_EINVAL;
        return;
    }
    zh_assert(c->n < CHANGES_MAX);
    c->list[c->n++] = (zh_change){.field = field, .value = value};
}

static zh_value whole(uint64_t n)
{
    return zh_value_int((int64_t)n);
}

/* A result with its digits; absent when it is undefined or does not fit 18 digits. */
static zh_value ratio(bool known, double value)
{
    char text[64];
    zh_decimal decimal;
    if (!known || !isfinite(value)) {
        return ZH_VALUE_NULL;
    }
    int n = snprintf(text, sizeof text, "%.*f", RATIO_DIGITS, value);
    if (n <= 0 || (size_t)n >= sizeof text ||
        zh_decimal_parse((zh_str){text, (size_t)n}, false, &decimal) != ZH_OK) {
        return ZH_VALUE_NULL;
    }
    return zh_value_decimal(decimal);
}

static zh_str subject_of(zh_arena *arena, const zh_detector *d, const zh_detected *p)
{
    bool flow = d->row.codes != NULL && d->row.codes == d->column.codes;
    if (d->series.grain != ZH_SERIES_NONE) {
        return d->row.id.n > 0
                   ? zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(p->row_label), ZH_FMT(p->column_label))
                   : p->column_label;
    }
    return zh_str_fmt(arena, "%.*s %s %.*s", ZH_FMT(p->row_label), flow ? "→" : "×",
                      ZH_FMT(p->column_label));
}

static void put_ratios(judge *j, changes *c, const zh_detected *p)
{
    const zh_register *reg = j->d->signals;
    const zh_disproportionality *s = &p->stats;
    bool has = zh_detector_has_ratio(j->d);
    zh_interval i = s->prr.interval;
    bool series = j->d->series.grain != ZH_SERIES_NONE;
    put(j, c, reg, "expected", series ? ratio(true, p->expected) : ratio(has, s->expected));
    put(j, c, reg, "bound", ratio(series, p->bound));
    put(j, c, reg, "prr", ratio(has && s->prr.state == ZH_RATIO_FINITE, s->prr.value));
    put(j, c, reg, "prr_infinite",
        has ? zh_value_bool(s->prr.state == ZH_RATIO_INFINITE) : ZH_VALUE_NULL);
    put(j, c, reg, "prr_lower", ratio(has && s->prr.has_interval, i.lower));
    put(j, c, reg, "prr_upper", ratio(has && s->prr.has_interval, i.upper));
    put(j, c, reg, "ror", ratio(has && s->ror.state == ZH_RATIO_FINITE, s->ror.value));
    put(j, c, reg, "chi2", ratio(has && s->has_chi2, s->chi2));
    put(j, c, reg, "chi2_yates", ratio(has && s->has_chi2, s->chi2_yates));
}

/* Room for the rows of a child table of signals, at most as many as it takes, as one more change.
 * NULL when the register has no such table: c->rc says so. */
static zh_rows *rows_for(judge *j, changes *c, const char *name, size_t columns, size_t wanted)
{
    const zh_field *table = c->rc == ZH_OK ? field_of(j, j->d->signals, name) : NULL;
    if (table == NULL || table->type != ZH_TYPE_TABLE || table->ncolumns != columns) {
        c->rc = ZH_EINVAL;
        return NULL;
    }
    zh_arena *arena = j->ctx->arena;
    size_t n = wanted < table->rows_max ? wanted : table->rows_max;
    zh_rows *rows = ZH_NEW(arena, zh_rows);
    *rows = (zh_rows){.table = table,
                      .ids = ZH_NEW_N(arena, int64_t, n + 1),
                      .values = ZH_NEW_N(arena, zh_value, columns * n + 1),
                      .n = n};
    zh_assert(c->n < CHANGES_MAX);
    c->list[c->n++] = (zh_change){.field = table, .rows = rows};
    return rows;
}

static void put_profile(judge *j, changes *c, const zh_detected *p)
{
    zh_rows *rows = rows_for(j, c, "profile", 4, p->nfacets);
    for (size_t i = 0; rows != NULL && i < rows->n; i++) {
        const zh_facet *f = &p->facets[i];
        rows->values[4 * i] = zh_value_text(f->dim->id);
        rows->values[4 * i + 1] = f->value.n > 0 ? zh_value_text(f->value) : ZH_VALUE_NULL;
        rows->values[4 * i + 2] = zh_value_text(f->label);
        rows->values[4 * i + 3] = zh_value_int(f->n);
    }
}

/* The records themselves, named one by one; the stored query gives also those beyond the cap. */
static void put_refs(judge *j, changes *c, const zh_detected *p)
{
    zh_rows *rows = rows_for(j, c, "evidence", 2, p->nrefs);
    zh_arena *arena = j->ctx->arena;
    for (size_t i = 0; rows != NULL && i < rows->n; i++) {
        const zh_evidence_ref *ref = &p->refs[i];
        rows->values[2 * i] =
            zh_value_text(zh_str_fmt(arena, "%" PRId64 ":%" PRId64, ref->office, ref->id));
        rows->values[2 * i + 1] = ref->key.n > 0 ? zh_value_text(ref->key) : ZH_VALUE_NULL;
    }
}

static zh_rc fields_of(judge *j, const zh_detected *p, changes *c)
{
    const zh_detector *d = j->d;
    const zh_register *reg = d->signals;
    zh_arena *arena = j->ctx->arena;
    const struct {
        const char *id;
        zh_str text;
    } texts[] = {
        {"detector", d->id},
        {"detector_version", d->version},
        {"engine", d->engine},
        {"criteria", zh_detector_criteria(arena, d, false)},
        {"subject", subject_of(arena, d, p)},
        {"source", d->reg->id},
        {"row_value", p->row},
        {"row_label", p->row_label},
        {"column_value", p->column},
        {"column_label", p->column_label},
        {"unit", d->unit.zh},
        {"evidence_where", p->where},
        {"evidence_digest", zh_str_dup(arena, zh_str_of(p->digest))},
    };
    const struct {
        const char *id;
        uint64_t n;
    } cells[] = {{"a", p->table.a}, {"b", p->table.b}, {"c", p->table.c}, {"d", p->table.d}};
    bool placed = d->row.codes != NULL && zh_str_is(d->row.codes->id, "region");
    *c = (changes){0};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        put(j, c, reg, texts[i].id, zh_value_text(texts[i].text));
    }
    for (size_t i = 0; i < ZH_COUNTOF(cells); i++) {
        put(j, c, reg, cells[i].id, whole(cells[i].n));
    }
    put(j, c, reg, "region", placed ? zh_value_text(p->row) : ZH_VALUE_NULL);
    put(j, c, reg, "period",
        p->dated ? (zh_value){.kind = ZH_PERIOD, .i = p->first, .to = p->last} : ZH_VALUE_NULL);
    put_ratios(j, c, p);
    put_profile(j, c, p);
    put_refs(j, c, p);
    put(j, c, reg, "evidence_at", zh_value_int(j->found.position));
    return c->rc;
}

/* ---- what has changed
 * --------------------------------------------------------------------------- */

static bool same_value(const zh_value *a, const zh_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case ZH_NULL: return true;
    case ZH_DECIMAL: return zh_decimal_cmp(a->decimal, b->decimal) == 0;
    case ZH_TEXT: return zh_str_eq(a->text, b->text);
    case ZH_PERIOD: return a->i == b->i && a->to == b->to;
    case ZH_BOOL:
    case ZH_DATE:
    case ZH_TIME:
    case ZH_REF:
    case ZH_DURATION:
    case ZH_LIST: break;
    }
    return a->i == b->i;
}

static bool same_rows(const zh_rows *a, const zh_rows *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n * b->table->ncolumns; i++) {
        if (!same_value(&a->values[i], &b->values[i])) {
            return false;
        }
    }
    return true;
}

static bool is_same(const zh_record *record, const zh_change *change)
{
    uint16_t index = change->field->index;
    return change->rows != NULL ? same_rows(&record->tables[index], change->rows)
                                : same_value(&record->values[index], &change->value);
}

/* Keeps only what differs; the position follows when anything else does. The reason names it. */
static zh_str keep_changed(judge *j, const zh_record *record, changes *c)
{
    zh_arena *arena = j->ctx->arena;
    zh_str reason = ZH_STR_NONE;
    changes kept = {0};
    for (size_t i = 0; i < c->n; i++) {
        const zh_change *change = &c->list[i];
        const zh_field *f = change->field;
        bool position = zh_str_is(f->id, "evidence_at");
        if (position ? kept.n == 0 : is_same(record, change)) {
            continue;
        }
        kept.list[kept.n++] = *change;
        if (position) {
            continue;
        }
        zh_str what = f->label.zh;
        if (f->type == ZH_TYPE_DECIMAL && f->digits == 0) {
            const zh_value *old = &record->values[f->index];
            what = zh_str_fmt(arena, "%.*s %.*s→%.*s", ZH_FMT(what),
                              ZH_FMT(zh_value_display(arena, old)),
                              ZH_FMT(zh_decimal_str(arena, change->value.decimal)));
        }
        reason =
            zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(reason), reason.n > 0 ? "、" : "", ZH_FMT(what));
    }
    *c = kept;
    return zh_str_fmt(arena, "按账本 %" PRId64 " 条复测：%.*s", j->found.position, ZH_FMT(reason));
}

/* ---- writing
 * ------------------------------------------------------------------------------------ */

static zh_rc write_op(judge *j, const zh_op *op, zh_applied *out)
{
    zh_findings findings = {0};
    return zh_record_apply(j->ctx, op, &findings, out);
}

static zh_rc take(judge *j, const zh_record *record, const char *id, zh_str reason)
{
    zh_applied applied;
    const zh_transition *t = zh_register_transition(record->reg, zh_str_of(id));
    if (t == NULL) {
        return zh_err_set(j->ctx->err, ZH_EINVAL, "detector.signals", "登记册“%.*s”没有流转“%s”",
                          ZH_FMT(record->reg->id), id);
    }
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = record->reg,
                .office = record->office,
                .id = record->id,
                .transition = t,
                .reason = reason};
    return write_op(j, &op, &applied);
}

static bool state_is(const zh_record *record, const char *id)
{
    return zh_str_is(record->reg->states[record->state].id, id);
}

static bool is_open(const zh_record *signal)
{
    return state_is(signal, "new") || state_is(signal, "verifying");
}

static zh_rc withdraw_tasks(judge *j, const zh_record *signal)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < j->tasks.n && rc == ZH_OK; i++) {
        const zh_record *task = j->tasks.p[i];
        const zh_field *ref = zh_register_field(task->reg, ZH_STR("signal"));
        if (ref != NULL && task->values[ref->index].i == signal->id &&
            !task->reg->states[task->state].terminal) {
            rc = take(j, task, "withdraw", ZH_STR("信号已不成立"));
            j->out->withdrawn += rc == ZH_OK;
        }
    }
    return rc;
}

static zh_rc open_task(judge *j, const zh_detected *p, const zh_applied *signal, size_t round)
{
    const zh_register *reg = j->d->tasks;
    zh_arena *arena = j->ctx->arena;
    changes c = {0};
    zh_value place = ZH_VALUE_NULL;
    if (j->d->has_task_place) {
        zh_value parameters[] = {zh_value_text(p->row), zh_value_text(p->column)};
        zh_env env = {.arena = arena, .parameters = parameters};
        zh_rc rc = zh_eval(&j->d->task_place, &env, &place, j->ctx->err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    zh_str key =
        zh_str_fmt(arena, "%.*s/%.*s/%.*s", ZH_FMT(j->d->id), ZH_FMT(p->row), ZH_FMT(p->column));
    put(j, &c, reg, "signal",
        (zh_value){.kind = ZH_REF, .i = signal->id, .office = signal->office});
    put(j, &c, reg, "detector", zh_value_text(j->d->id));
    put(j, &c, reg, "signal_key", zh_value_text(key));
    put(j, &c, reg, "round", whole(round));
    put(j, &c, reg, "kind", zh_value_text(j->d->task_kind));
    put(j, &c, reg, "subject", zh_value_text(subject_of(arena, j->d, p)));
    put(j, &c, reg, "place", place);
    put(j, &c, reg, "opened_at", zh_value_time(zh_now()));
    if (c.rc != ZH_OK) {
        return c.rc;
    }
    zh_applied applied;
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = c.list, .nchanges = c.n};
    zh_rc rc = write_op(j, &op, &applied);
    j->out->opened += rc == ZH_OK;
    return rc;
}

static zh_rc create(judge *j, const changes *c, zh_applied *out)
{
    zh_op op = {.kind = ZH_OP_CREATE, .reg = j->d->signals, .changes = c->list, .nchanges = c->n};
    zh_rc rc = write_op(j, &op, out);
    j->out->created += rc == ZH_OK;
    return rc;
}

static zh_rc amend(judge *j, const zh_record *record, changes *c)
{
    zh_applied applied;
    zh_str reason = keep_changed(j, record, c);
    if (c->n == 0) {
        j->out->same++;
        return ZH_OK;
    }
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = record->reg,
                .office = record->office,
                .id = record->id,
                .changes = c->list,
                .nchanges = c->n,
                .reason = reason};
    zh_rc rc = write_op(j, &op, &applied);
    j->out->amended += rc == ZH_OK;
    return rc;
}

static zh_rc write_pair(judge *j, const zh_detected *p)
{
    changes c;
    zh_applied at = {0};
    stored *old = zh_map_get(&j->by_key, key_of(j->ctx->arena, p->row, p->column));
    bool wanted = p->passes;
    zh_rc rc = fields_of(j, p, &c);
    j->out->passing += p->passes;
    if (rc != ZH_OK) {
        return rc;
    }
    if (old == NULL) {
        rc = create(j, &c, &at);
    } else {
        const zh_record *r = old->record;
        at = (zh_applied){r->office, r->id, r->version};
        rc = amend(j, r, &c);
        if (rc == ZH_OK && p->passes && state_is(r, "lapsed")) {
            rc = take(j, r, "revive", ZH_STR("复测后重新达到判据"));
            j->out->revived += rc == ZH_OK;
        } else if (rc == ZH_OK && !p->passes && is_open(r)) {
            rc = take(j, r, "lapse", ZH_STR("复测后达不到判据"));
            j->out->lapsed += rc == ZH_OK;
        }
        if (rc == ZH_OK && !p->passes) {
            rc = withdraw_tasks(j, r); /* also what an interrupted run left */
        }
        wanted = p->passes && (is_open(r) || state_is(r, "lapsed"));
    }
    if (rc == ZH_OK && j->d->tasks != NULL && wanted && (old == NULL || old->active == 0)) {
        rc = open_task(j, p, &at, old == NULL ? 1 : old->tasks + 1);
    }
    return rc;
}

/* ---- what is stored
 * ----------------------------------------------------------------------------- */

typedef zh_rc (*each_stored)(judge *j, const zh_record *record);

static zh_rc all_of(judge *j, const zh_register *reg, bool with_tables, each_stored each)
{
    zh_arena *arena = j->ctx->arena;
    zh_scope scope = {.model = j->ctx->model, .reg = reg};
    zh_program *where = ZH_NEW(arena, zh_program);
    zh_page page;
    zh_rc rc =
        zh_expr_compile(arena, &scope, zh_str_fmt(arena, "detector = '%.*s'", ZH_FMT(j->d->id)),
                        where, j->ctx->err);
    zh_list_query q = {.reg = reg,
                       .where = where,
                       .limit = PAGE,
                       .as_of = ZH_AS_OF_NOW,
                       .with_tables = with_tables};
    do {
        rc = rc == ZH_OK ? zh_list(j->ctx, j->conn, &q, &page) : rc;
        for (size_t i = 0; rc == ZH_OK && i < page.n; i++) {
            rc = each(j, page.records[i]);
        }
        q.after = rc == ZH_OK ? page.next : ZH_STR_NONE;
    } while (q.after.n > 0);
    return rc;
}

static zh_rc add_signal(judge *j, const zh_record *record)
{
    const zh_field *row = field_of(j, record->reg, "row_value");
    const zh_field *column = field_of(j, record->reg, "column_value");
    if (row == NULL || column == NULL) {
        return ZH_EINVAL;
    }
    stored s = {.record = record,
                .key = key_of(j->ctx->arena, record->values[row->index].text,
                              record->values[column->index].text)};
    zh_vec_push(j->ctx->arena, &j->signals, s);
    return ZH_OK;
}

static zh_rc add_task(judge *j, const zh_record *record)
{
    const zh_field *ref = field_of(j, record->reg, "signal");
    if (ref == NULL) {
        return ZH_EINVAL;
    }
    zh_vec_push(j->ctx->arena, &j->tasks, record);
    for (size_t i = 0; i < j->signals.n; i++) {
        if (j->signals.p[i].record->id == record->values[ref->index].i) {
            j->signals.p[i].tasks++;
            j->signals.p[i].active += !state_is(record, "withdrawn");
        }
    }
    return ZH_OK;
}

/* A condition that lists cannot answer would leave signals without evidence: refused before any is
 * written. */
static zh_rc check_evidence(judge *j)
{
    zh_arena *arena = j->ctx->arena;
    zh_scope scope = {.model = j->ctx->model, .reg = j->d->reg};
    zh_program *where = ZH_NEW(arena, zh_program);
    zh_page page;
    if (j->found.n == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_expr_compile(arena, &scope, j->found.pairs[0].where, where, j->ctx->err);
    zh_list_query q = {.reg = j->d->reg, .where = where, .limit = 1, .as_of = j->out->position};
    return rc == ZH_OK ? zh_list(j->ctx, j->conn, &q, &page) : rc;
}

static zh_rc read_all(judge *j)
{
    zh_arena *arena = j->ctx->arena;
    zh_rc rc = all_of(j, j->d->signals, true, add_signal);
    if (rc == ZH_OK && j->d->tasks != NULL) {
        rc = all_of(j, j->d->tasks, false, add_task);
    }
    zh_pair_key *asked = ZH_NEW_N(arena, zh_pair_key, j->signals.n + 1);
    for (size_t i = 0; rc == ZH_OK && i < j->signals.n; i++) {
        const zh_record *r = j->signals.p[i].record;
        asked[i].row = r->values[zh_register_field(r->reg, ZH_STR("row_value"))->index].text;
        asked[i].column = r->values[zh_register_field(r->reg, ZH_STR("column_value"))->index].text;
        (void)zh_map_put(&j->by_key, j->signals.p[i].key, &j->signals.p[i]);
    }
    if (rc == ZH_OK) {
        rc = zh_detect(j->ctx, j->conn, j->d, j->out->position, asked, j->signals.n, &j->found);
    }
    return rc == ZH_OK ? check_evidence(j) : rc;
}

zh_rc zh_signals_run(zh_ctx *ctx, const zh_detector *detector, zh_signal_run *out)
{
    zh_ctx own = *ctx;
    judge j = {.ctx = &own, .d = detector, .out = out};
    *out = (zh_signal_run){.detector = detector};
    own.actor = zh_str_fmt(ctx->arena, "detector:%.*s", ZH_FMT(detector->id));
    own.role = ZH_STR("system");
    own.purpose = ZH_STR("风险探测");
    zh_map_init(&j.by_key, ctx->arena);
    zh_rc rc = zh_sequence(ctx->core, &out->position, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_store_reader(zh_core_store(ctx->core), &j.conn, ctx->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_read_begin(j.conn, ctx->err);
    if (rc == ZH_OK) {
        rc = read_all(&j);
        zh_read_end(j.conn);
    }
    zh_store_release(j.conn);
    out->records = j.found.records;
    out->units = j.found.units;
    for (size_t i = 0; i < j.found.n && rc == ZH_OK; i++) {
        rc = write_pair(&j, &j.found.pairs[i]);
    }
    return rc == ZH_OK ? zh_sequence(ctx->core, &j.found.position, ctx->err) : rc;
}
