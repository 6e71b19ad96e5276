/* Running judgements and writing what they found. */
#include "core/judgement/judgement.h"
#include "base/log.h"
#include "core/instance/remember.h"
#include "core/judgement/affected.h"
#include "core/read/read.h"
#include "core/record/record.h"
#include "model/obligation.h"
#include "model/title.h"
#include <inttypes.h>
#include <string.h>

enum { CHANGES_MAX = 32, REGISTERS_MAX = 64 };

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct run {
    zh_ctx *ctx;
    const zh_register *results; /* judgement */
    const zh_judgement *j;
    zh_time now;
    int64_t size;      /* of the log when the run of the rule began: what is judged */
    zh_str *registers; /* that the inputs look into */
    size_t nregisters;
    zh_judgement_run *out;
} run;

typedef struct changes {
    zh_change list[CHANGES_MAX];
    size_t n;
} changes;

static void put(const run *r, changes *c, const char *field, zh_value value)
{
    const zh_field *f = zh_register_field(r->results, zh_str_of(field));
    if (f != NULL && c->n < CHANGES_MAX) {
        c->list[c->n++] = (zh_change){.field = f, .value = value};
    }
}

static zh_str ref_text(zh_arena *arena, const zh_record *record)
{
    return zh_str_fmt(arena, "%.*s/%" PRId64 "-%" PRId64, ZH_FMT(record->reg->id), record->office,
                      record->id);
}

/* Whose judgement it is: the judged record, or the one its declared party field names. */
static zh_value party_of(const run *r, const zh_record *record)
{
    const zh_field *ours = zh_register_field(r->results, ZH_STR("firm"));
    const zh_field *theirs = r->j->party;
    if (ours == NULL || ours->target == NULL) {
        return ZH_VALUE_NULL;
    }
    if (record->reg == ours->target) {
        return (zh_value){.kind = ZH_REF, .office = record->office, .i = record->id};
    }
    return theirs != NULL && theirs->target == ours->target ? record->values[theirs->index]
                                                            : ZH_VALUE_NULL;
}

static zh_value text_or_null(zh_arena *arena, const zh_value *value)
{
    char type;
    return value->kind == ZH_NULL ? ZH_VALUE_NULL
                                  : zh_value_text(zh_value_canonical(arena, value, &type));
}

static zh_value some_text(zh_str text)
{
    return text.n > 0 ? zh_value_text(text) : ZH_VALUE_NULL;
}

static zh_value some_points(bool has, zh_decimal points)
{
    return has ? zh_value_decimal(points) : ZH_VALUE_NULL;
}

static void put_cell(const run *r, zh_value *row, const char *column, zh_value value)
{
    const zh_field *f = zh_register_field(r->results, zh_str_fmt(r->ctx->arena, "rows.%s", column));
    if (f != NULL) {
        row[f->index] = value;
    }
}

static void put_rows(const run *r, changes *c, const zh_finding_of *f)
{
    zh_arena *arena = r->ctx->arena;
    const zh_field *table = zh_register_field(r->results, ZH_STR("rows"));
    zh_rows *rows = ZH_NEW(arena, zh_rows);
    if (table == NULL || c->n == CHANGES_MAX) {
        return;
    }
    *rows = (zh_rows){.table = table,
                      .ids = ZH_NEW_N(arena, int64_t, r->j->ninputs + 1),
                      .values = ZH_NEW_N(arena, zh_value, (r->j->ninputs + 1) * table->ncolumns),
                      .n = r->j->ninputs};
    for (size_t i = 0; i < r->j->ninputs; i++) {
        const zh_finding_row *why = &f->rows[i];
        zh_value *row = rows->values + i * table->ncolumns;
        rows->ids[i] = 0;
        for (size_t k = 0; k < table->ncolumns; k++) {
            row[k] = ZH_VALUE_NULL;
        }
        put_cell(r, row, "input", zh_value_text(r->j->inputs[i].name));
        put_cell(r, row, "value", text_or_null(arena, &f->values[i]));
        put_cell(r, row, "counted", text_or_null(arena, &f->counted[i]));
        put_cell(r, row, "points", some_points(why->has_points, why->points));
        put_cell(r, row, "clause", some_text(why->clause));
        put_cell(r, row, "expires",
                 why->expires != 0 ? zh_value_date(why->expires) : ZH_VALUE_NULL);
        put_cell(r, row, "evidence", some_text(why->evidence));
    }
    c->list[c->n++] = (zh_change){.field = table, .rows = rows};
}

/* What may follow: until when to object, and when a repair may be asked for. The waiting time runs
 * from the first finding of the same grade. */
static void put_remedies(const run *r, const zh_record *stored, const zh_finding_of *f, changes *c)
{
    const zh_value *grade = stored != NULL ? zh_record_value(stored, "rule_grade") : NULL;
    const zh_value *since = stored != NULL ? zh_record_value(stored, "repair_from") : NULL;
    bool same = grade != NULL && grade->kind == ZH_TEXT && zh_str_eq(grade->text, f->grade) &&
                since->kind == ZH_DATE && since->i < f->repair_from;
    zh_date from = same ? (zh_date)since->i : f->repair_from;
    put(r, c, "objection_days",
        zh_value_decimal((zh_decimal){.scaled = r->j->object_days, .digits = 0}));
    if (!r->j->repair.allowed) {
        return;
    }
    put(r, c, "repair_from", from != 0 ? zh_value_date(from) : ZH_VALUE_NULL);
    put(r, c, "repair_met", zh_value_bool(f->repair_met));
    put(r, c, "repair_points", some_points(f->has_repair_points, f->repair_points));
    put(r, c, "repair_grade", some_text(f->repair_grade));
    put(r, c, "repair_clause", some_text(r->j->repair.clause));
}

static void describe(const run *r, const zh_record *record, const zh_record *stored,
                     const zh_finding_of *f, changes *c)
{
    zh_arena *arena = r->ctx->arena;
    const zh_field *place = zh_register_field(record->reg, ZH_STR("place"));
    const zh_field *ours = zh_register_field(r->results, ZH_STR("place"));
    zh_time expires = 0;
    *c = (changes){.n = 0};
    put(r, c, "code", zh_value_text(zh_judgement_key(arena, r->j, record)));
    put(r, c, "rule", zh_value_text(r->j->name));
    put(r, c, "subject", zh_value_text(zh_title_plain(arena, record)));
    put(r, c, "subject_ref", zh_value_text(ref_text(arena, record)));
    put(r, c, "firm", party_of(r, record));
    if (place != NULL && ours != NULL && place->codes == ours->codes) {
        put(r, c, "place", record->values[place->index]);
    }
    put(r, c, "judged_at", zh_value_time(r->now));
    put(r, c, "position", zh_value_decimal((zh_decimal){.scaled = r->size, .digits = 0}));
    put(r, c, "points", some_points(f->has_points, f->points));
    put(r, c, "grade", some_text(f->grade));
    put(r, c, "rule_points", some_points(f->has_points, f->points));
    put(r, c, "rule_grade", some_text(f->grade));
    put(r, c, "decided", zh_value_text(ZH_STR("rule")));
    put(r, c, "decided_at", ZH_VALUE_NULL);
    put(r, c, "engine", some_text(r->j->engine));
    put(r, c, "engine_result", some_text(f->engine_result));
    put(r, c, "basis",
        f->override == NULL         ? ZH_VALUE_NULL
        : f->override->clause.n > 0 ? zh_value_text(f->override->clause)
                                    : zh_value_text(f->override->source));
    if (r->j->expires > 0 && zh_time_shift(r->ctx->model->calendar, r->now, r->j->expires,
                                           r->j->expires_unit, &expires) == ZH_OK) {
        put(r, c, "expires_on", zh_value_date(zh_time_date(expires)));
    }
    put_remedies(r, stored, f, c);
    put_rows(r, c, f);
}

static bool same_finding(const run *r, const zh_record *stored, const zh_finding_of *f)
{
    const zh_field *table = zh_register_field(r->results, ZH_STR("rows"));
    const zh_field *column = zh_register_field(r->results, ZH_STR("rows.value"));
    const zh_rows *rows = &stored->tables[table->index];
    const zh_value *points = zh_record_value(stored, "rule_points");
    const zh_value *grade = zh_record_value(stored, "rule_grade");
    bool same = rows->n == r->j->ninputs &&
                zh_str_eq(grade->kind == ZH_TEXT ? grade->text : ZH_STR(""), f->grade) &&
                (f->has_points
                     ? points->kind == ZH_DECIMAL && zh_decimal_cmp(points->decimal, f->points) == 0
                     : points->kind == ZH_NULL);
    for (size_t i = 0; i < r->j->ninputs && same; i++) {
        zh_value now = text_or_null(r->ctx->arena, &f->values[i]);
        const zh_value *then = &rows->values[i * table->ncolumns + column->index];
        same = now.kind == then->kind && (now.kind == ZH_NULL || zh_str_eq(now.text, then->text));
    }
    return same;
}

/* The finding as a record: new, amended when it changed (an objection or a repair that is under way
 * goes on), or taken into force again. */
static zh_rc write_finding(run *r, const zh_record *record, const zh_record *stored,
                           const zh_finding_of *f, bool *written)
{
    zh_findings findings = {0};
    zh_applied applied;
    changes c;
    bool lapsed = stored != NULL && zh_str_is(r->results->states[stored->state].id, "lapsed");
    *written = stored == NULL || lapsed || !same_finding(r, stored, f);
    if (!*written) {
        return ZH_OK;
    }
    describe(r, record, stored, f, &c);
    zh_op op = {.kind = stored == NULL ? ZH_OP_CREATE : ZH_OP_TRANSITION,
                .reg = r->results,
                .office = stored != NULL ? stored->office : 0,
                .id = stored != NULL ? stored->id : 0,
                .transition = stored == NULL
                                  ? NULL
                                  : zh_register_transition(r->results, lapsed ? ZH_STR("renew")
                                                                              : ZH_STR("update")),
                .changes = c.list,
                .nchanges = c.n,
                .reason = ZH_STR("重新评定"),
                .at = r->now};
    zh_rc rc = zh_record_apply(r->ctx, &op, &findings, &applied);
    r->out->written += rc == ZH_OK;
    return rc;
}

/* The declared effect: on the judged record when it is of that register, else a new record. */
static zh_rc carry_out(run *r, const zh_record *record, const zh_value parameters[2])
{
    const zh_judgement *j = r->j;
    bool own = j->effect == record->reg;
    zh_change *list = ZH_NEW_N(r->ctx->arena, zh_change, j->nset + 1);
    zh_findings findings = {0};
    zh_applied applied;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < j->nset && rc == ZH_OK; i++) {
        zh_env env = {.arena = r->ctx->arena,
                      .record = record,
                      .self = record,
                      .recorded_at = r->now,
                      .parameters = parameters,
                      .calendar = r->ctx->model->calendar};
        list[i] = (zh_change){.field = j->set[i].field};
        rc = zh_eval(&j->set[i].value, &env, &list[i].value, r->ctx->err);
    }
    zh_op op = {.kind = !own                    ? ZH_OP_CREATE
                        : j->transition != NULL ? ZH_OP_TRANSITION
                                                : ZH_OP_AMEND,
                .reg = j->effect,
                .office = own ? record->office : 0,
                .id = own ? record->id : 0,
                .transition = own ? j->transition : NULL,
                .changes = list,
                .nchanges = j->nset,
                .reason = ZH_STR("评定结果")};
    rc = rc == ZH_OK ? zh_record_apply(r->ctx, &op, &findings, &applied) : rc;
    if (rc == ZH_EINVAL) { /* the finding stands; what it would do is not open to this record */
        if (strcmp(r->ctx->err->rule, "record.unchanged") != 0) {
            zh_log_err(ZH_WARN, "judgement.effect", r->ctx->err);
        }
        zh_err_again(r->ctx->err);
        rc = ZH_OK;
    }
    return rc;
}

static zh_rc carry_out_finding(run *r, const zh_record *record, const zh_finding_of *f)
{
    const zh_value parameters[2] = {some_points(f->has_points, f->points), some_text(f->grade)};
    return carry_out(r, record, parameters);
}

/* ---- judging at a position ------------------------------------------------------------------- */

static void add_register(void *user, const zh_expr *node)
{
    run *r = user;
    if (node->reg == NULL || zh_str_among(node->reg->id, r->registers, r->nregisters) ||
        r->nregisters == REGISTERS_MAX) {
        return;
    }
    r->registers[r->nregisters++] = node->reg->id;
}

/* Whether a register that the inputs look into was written behind the position: then the inputs are
 * asked as of it, else what is stored now is the same and quicker. */
static zh_rc moved_on(const run *r, zh_conn *conn, bool *out)
{
    *out = false;
    for (size_t i = 0; i < r->nregisters && !*out; i++) {
        int64_t n = 0;
        zh_sql_value key[] = {ZH_SQL_STR(r->registers[i]), ZH_SQL_INT(r->size)};
        zh_rc rc =
            zh_query_i64(conn, "SELECT COUNT(*) FROM zh_outbox WHERE register = ? AND pos >= ?",
                         key, 2, &n, r->ctx->err);
        *out = n > 0;
        if (rc == ZH_OK && !*out) {
            rc = zh_query_i64(conn,
                              "SELECT COUNT(*) FROM zh_outbox WHERE register = ? AND pos IS NULL",
                              key, 1, &n, r->ctx->err);
            *out = n > 0;
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

static zh_rc read_stored(run *r, zh_conn *conn, const zh_record *record, zh_record **out)
{
    zh_str key = zh_judgement_key(r->ctx->arena, r->j, record);
    zh_rc rc = zh_record_by_key(r->ctx, conn, r->results, &key, out);
    if (rc == ZH_ENOTFOUND) {
        *out = NULL;
        zh_err_again(r->ctx->err);
        return ZH_OK;
    }
    return rc;
}

static zh_rc look_at_one(run *r, zh_conn *conn, int64_t office, int64_t id, bool ask,
                         zh_record **record, zh_record **stored, zh_finding_of *f)
{
    bool moved = false;
    bool meant = true;
    zh_rc rc = zh_record_get(r->ctx, conn, r->j->each, office, id, r->size, record);
    if (rc == ZH_ENOTFOUND && ask) { /* withdrawn */
        zh_err_again(r->ctx->err);
        *record = NULL;
        return ZH_OK;
    }
    if (rc == ZH_OK) {
        rc = zh_rows_load(r->ctx, conn, *record, true);
    }
    if (rc == ZH_OK && ask) {
        rc = zh_judgement_meant(r->ctx, conn, r->j, *record, r->size, r->now, &meant);
    }
    if (rc == ZH_OK && !meant) {
        *record = NULL;
        return ZH_OK;
    }
    if (rc == ZH_OK) {
        rc = moved_on(r, conn, &moved);
    }
    if (rc == ZH_OK) {
        rc = zh_judge(r->ctx, conn, r->j, *record, moved ? r->size : ZH_AS_OF_NOW, r->now, f);
    }
    return rc == ZH_OK ? read_stored(r, conn, *record, stored) : rc;
}

/* ask: whether the rule is for it is not known yet; if it is not, nothing happens. */
static zh_rc judge_one(run *r, int64_t office, int64_t id, bool ask)
{
    zh_record *record = NULL;
    zh_record *stored = NULL;
    zh_finding_of *f = ZH_NEW(r->ctx->arena, zh_finding_of);
    zh_conn *conn = NULL;
    bool written = false;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_read_begin(conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = look_at_one(r, conn, office, id, ask, &record, &stored, f);
        zh_read_end(conn);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && record == NULL) {
        return ZH_OK;
    }
    r->out->judged += rc == ZH_OK;
    if (rc == ZH_OK) {
        rc = write_finding(r, record, stored, f, &written);
    }
    return rc == ZH_OK && written && r->j->effect != NULL ? carry_out_finding(r, record, f) : rc;
}

/* ---- when ------------------------------------------------------------------------------------ */

typedef struct subjects {
    zh_arena *arena;
    ZH_VEC(int64_t) ids; /* office, id, office, id … */
} subjects;

static zh_rc collect(void *user, zh_ctx *ctx, const zh_record *record)
{
    subjects *s = user;
    if (s->ids.n / 2 == ZH_JUDGEMENT_SUBJECTS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "judgement.subjects", "评定对象超过 %zu 个",
                          ZH_JUDGEMENT_SUBJECTS_MAX);
    }
    zh_vec_push(s->arena, &s->ids, record->office);
    zh_vec_push(s->arena, &s->ids, record->id);
    return ZH_OK;
}

/* The registers that the inputs look into: whether they move on while the run goes. */
static void find_registers(run *r, zh_str registers[REGISTERS_MAX])
{
    r->registers = registers;
    r->nregisters = 0;
    for (size_t i = 0; i < r->j->ninputs; i++) {
        zh_expr_walk(r->j->inputs[i].value.root, add_register, r);
    }
}

static zh_rc judge_all(run *r)
{
    subjects s = {.arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    zh_conn *conn = NULL;
    zh_str registers[REGISTERS_MAX];
    find_registers(r, registers);
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        zh_list_query query = {.reg = r->j->each,
                               .where = r->j->has_where ? &r->j->where : NULL,
                               .limit = ZH_LIMIT_MAX,
                               .as_of = r->size,
                               .judged_at = r->now};
        rc = zh_scan(r->ctx, conn, &query, collect, &s);
        zh_store_release(conn);
    }
    for (size_t i = 0; i + 1 < s.ids.n && rc == ZH_OK; i += 2) {
        zh_arena_mark mark = zh_arena_here(r->ctx->arena);
        rc = judge_one(r, s.ids.p[i], s.ids.p[i + 1], false);
        zh_arena_rewind(r->ctx->arena, mark);
    }
    zh_arena_free(s.arena);
    return rc;
}

static zh_rc judge_affected(run *r, const zh_affected *whom)
{
    zh_str registers[REGISTERS_MAX];
    zh_rc rc = ZH_OK;
    find_registers(r, registers);
    for (size_t i = 0; i < whom->n && rc == ZH_OK; i++) {
        zh_arena_mark mark = zh_arena_here(r->ctx->arena);
        rc = judge_one(r, whom->pairs[2 * i], whom->pairs[2 * i + 1], true);
        zh_arena_rewind(r->ctx->arena, mark);
    }
    return rc;
}

/* ---- what persons decided -------------------------------------------------------------------- */

typedef struct deciding {
    run *r;
    zh_arena *arena;
    int64_t after, newest; /* decided_at */
    ZH_VEC(zh_record *) list;
} deciding;

static zh_rc note_decided(void *user, zh_ctx *ctx, const zh_record *record)
{
    deciding *d = user;
    const zh_value *at = zh_record_value(record, "decided_at");
    zh_record *copy = NULL;
    if (at->kind != ZH_TIME || at->i <= d->after ||
        !zh_str_eq(zh_record_value(record, "rule")->text, d->r->j->name)) {
        return ZH_OK;
    }
    if (d->list.n == ZH_JUDGEMENT_SUBJECTS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "judgement.subjects", "评定对象超过 %zu 个",
                          ZH_JUDGEMENT_SUBJECTS_MAX);
    }
    d->newest = at->i > d->newest ? at->i : d->newest;
    copy = ZH_NEW(d->arena, zh_record);
    *copy = (zh_record){.reg = record->reg, .office = record->office, .id = record->id};
    zh_vec_push(d->arena, &d->list, copy);
    return ZH_OK;
}

/* The effect of a finding as it was decided: on the judged record, with the decided grade. */
static zh_rc carry_out_decided(run *r, const zh_record *finding)
{
    zh_conn *conn = NULL;
    zh_record *stored = NULL;
    zh_record *record = NULL;
    int64_t office = 0;
    int64_t id = 0;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_record_get(r->ctx, conn, r->results, finding->office, finding->id, ZH_AS_OF_NOW,
                           &stored);
    }
    if (rc == ZH_OK && zh_judgement_subject(stored, &office, &id)) {
        rc = zh_record_get(r->ctx, conn, r->j->each, office, id, ZH_AS_OF_NOW, &record);
    }
    zh_store_release(conn);
    if (rc != ZH_OK || record == NULL) {
        zh_err_again(r->ctx->err);
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    const zh_value parameters[2] = {*zh_record_value(stored, "points"),
                                    *zh_record_value(stored, "grade")};
    return carry_out(r, record, parameters);
}

static zh_str memory_name(const run *r, const char *what)
{
    return zh_str_fmt(r->ctx->arena, "judgement.%s.%.*s", what, ZH_FMT(r->j->name));
}

static zh_rc find_decided(deciding *d, zh_conn *conn)
{
    run *r = d->r;
    zh_program where;
    zh_scope scope = {.model = r->ctx->model, .reg = r->results};
    zh_list_query query = {
        .reg = r->results, .where = &where, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
    zh_rc rc = zh_remembered(r->ctx, conn, memory_name(r, "decided"), &d->after);
    if (rc == ZH_OK) {
        rc = zh_expr_compile(
            r->ctx->arena, &scope,
            zh_str_fmt(r->ctx->arena, "rule = '%.*s' and decided != 'rule'", ZH_FMT(r->j->name)),
            &where, r->ctx->err);
    }
    return rc == ZH_OK ? zh_scan(r->ctx, conn, &query, note_decided, d) : rc;
}

/* Effects of what was decided since the last look. */
static zh_rc follow_decisions(run *r)
{
    deciding d = {.r = r, .arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = find_decided(&d, conn);
        zh_store_release(conn);
    }
    for (size_t i = 0; i < d.list.n && rc == ZH_OK; i++) {
        rc = carry_out_decided(r, d.list.p[i]);
    }
    if (rc == ZH_OK && d.list.n > 0) {
        rc = zh_remember(r->ctx, memory_name(r, "decided"), d.newest);
    }
    zh_arena_free(d.arena);
    return rc;
}

/* ---- the run --------------------------------------------------------------------------------- */

/* The first day of the period that runs, of a schedule. */
static zh_date period_of(const char *schedule, zh_time now)
{
    zh_every every = strcmp(schedule, "daily") == 0       ? ZH_EVERY_DAY
                     : strcmp(schedule, "monthly") == 0   ? ZH_EVERY_MONTH
                     : strcmp(schedule, "quarterly") == 0 ? ZH_EVERY_QUARTER
                                                          : ZH_EVERY_YEAR;
    zh_date first;
    zh_date last;
    zh_every_of(every, zh_time_date(now), &first, &last);
    return first;
}

/* What the background remembers of a rule. */
typedef struct memory {
    int64_t period; /* of the schedule, run last */
    int64_t seen;   /* when the newest event was written that has been looked at */
    int64_t heard;  /* the log up to here has been looked at for events; 0 never */
} memory;

static zh_rc recall(const run *r, zh_conn *conn, memory *m)
{
    zh_rc rc = zh_remembered(r->ctx, conn, memory_name(r, "period"), &m->period);
    if (rc == ZH_OK) {
        rc = zh_remembered(r->ctx, conn, memory_name(r, "seen"), &m->seen);
    }
    return rc == ZH_OK ? zh_remembered(r->ctx, conn, memory_name(r, "heard"), &m->heard) : rc;
}

static zh_rc keep(const run *r, const memory *before, const memory *after)
{
    zh_rc rc = before->period != after->period
                   ? zh_remember(r->ctx, memory_name(r, "period"), after->period)
                   : ZH_OK;
    if (rc == ZH_OK && before->heard != after->heard) {
        rc = zh_remember(r->ctx, memory_name(r, "heard"), after->heard);
    }
    return rc == ZH_OK && before->seen != after->seen
               ? zh_remember(r->ctx, memory_name(r, "seen"), after->seen)
               : rc;
}

/* What the rule has to judge: all when its period has begun or it has never listened, else whom the
 * events since concern. */
static zh_rc look_out(run *r, memory *before, memory *after, zh_affected *whom)
{
    zh_conn *conn = NULL;
    *whom = (zh_affected){.n = 0};
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = recall(r, conn, before);
    *after = *before;
    after->period = r->j->schedule != NULL ? period_of(r->j->schedule, r->now) : 0;
    if (rc == ZH_OK && r->j->by_event) {
        rc = zh_affected_newest(r->ctx, conn, r->j, r->size, &after->seen);
    }
    bool event = after->seen != before->seen;
    whom->all = after->period != before->period || (event && before->heard == 0);
    if (rc == ZH_OK && event && !whom->all) {
        rc = zh_affected_by(r->ctx, conn, r->j, before->heard, r->size, before->seen, whom);
    }
    after->heard = r->j->by_event && (event || whom->all) ? r->size : before->heard;
    zh_store_release(conn);
    return rc;
}

static zh_rc run_rule(run *r)
{
    memory before = {0};
    memory after = {0};
    zh_affected whom;
    zh_rc rc = zh_sequence(r->ctx->core, &r->size, r->ctx->err);
    if (rc == ZH_OK) {
        rc = look_out(r, &before, &after, &whom);
    }
    if (rc == ZH_OK) {
        rc = whom.all ? judge_all(r) : judge_affected(r, &whom);
    }
    if (rc == ZH_OK) {
        rc = keep(r, &before, &after);
    }
    return rc == ZH_OK && r->j->effect != NULL ? follow_decisions(r) : rc;
}

zh_rc zh_judgements_run(zh_core *core, zh_time now, zh_judgement_run *out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    zh_judgement *list = NULL;
    size_t n = 0;
    ctx.actor = ZH_STR("clock");
    ctx.role = ZH_STR("system");
    *out = (zh_judgement_run){0};
    run r = {.ctx = &ctx,
             .results = zh_model_register(ctx.model, ZH_STR("judgement")),
             .now = now,
             .out = out};
    zh_rc rc = r.results != NULL ? zh_judgements(ctx.model, arena, &list, &n, err) : ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        r.j = &list[i];
        rc = run_rule(&r);
        if (rc == ZH_EINVAL || rc == ZH_ELIMIT) {
            zh_log_err(ZH_WARN, "judgement.refused", err);
            zh_err_again(err);
            rc = ZH_OK;
        }
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
