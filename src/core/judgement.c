/* Evaluating and writing judgements. */
#include "core/judgement.h"
#include "base/log.h"
#include "core/read.h"
#include "core/record.h"
#include "core/remember.h"
#include "model/obligation.h"
#include <inttypes.h>
#include <string.h>

enum { CHANGES_MAX = 24, POINT_DIGITS = 4, ROW_COLUMNS = 3 };

/* ---- judging --------------------------------------------------------------------------------- */

static zh_value capped(const zh_judgement_input *input, const zh_value *value)
{
    bool over = input->has_cap && value->kind == ZH_DECIMAL && value->mark == ZH_MARK_EXACT &&
                zh_decimal_cmp(value->decimal, input->cap) > 0;
    return over ? zh_value_decimal(input->cap) : *value;
}

static zh_rc decide(const zh_judgement *j, zh_env *env, zh_time at, zh_finding_of *out, zh_err *err)
{
    zh_value points = ZH_VALUE_NULL;
    zh_rc rc = zh_eval(&j->points, env, &points, err);
    out->has_points = rc == ZH_OK && zh_value_known(&points) && points.kind == ZH_DECIMAL;
    out->grade = ZH_STR("");
    out->override = NULL;
    if (out->has_points) {
        rc = zh_decimal_rescale(points.decimal, POINT_DIGITS, ZH_ROUND_HALF_UP, &out->points);
    }
    for (size_t i = 0; i < j->noverrides && rc == ZH_OK && out->override == NULL; i++) {
        bool holds = false;
        rc = zh_eval_true(&j->overrides[i].test, env, &holds, err);
        out->override = holds ? &j->overrides[i] : NULL;
    }
    if (rc == ZH_OK && out->override != NULL) {
        out->grade = out->override->grade;
    } else if (rc == ZH_OK && out->has_points) {
        out->grade = zh_judgement_grade(j, out->points, zh_time_date(at));
    }
    return rc;
}

zh_rc zh_judge_values(zh_ctx *ctx, const zh_judgement *j, const zh_record *record, zh_time at,
                      zh_finding_of *out)
{
    for (size_t i = 0; i < j->ninputs; i++) {
        out->counted[i] = capped(&j->inputs[i], &out->values[i]);
    }
    zh_env env = {.arena = ctx->arena,
                  .record = record,
                  .self = record,
                  .recorded_at = at,
                  .parameters = out->counted,
                  .calendar = ctx->model->calendar};
    return j->has_points ? decide(j, &env, at, out, ctx->err)
                         : zh_err_set(ctx->err, ZH_EINVAL, "judgement.engine",
                                      "评定“%.*s”用引擎 %.*s，评定还不能调用引擎", ZH_FMT(j->name),
                                      ZH_FMT(j->engine));
}

zh_rc zh_judge(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, const zh_record *record,
               zh_time now, zh_finding_of *out)
{
    zh_rc rc = ZH_OK;
    *out = (zh_finding_of){.has_points = false};
    for (size_t i = 0; i < j->ninputs && rc == ZH_OK; i++) {
        zh_env env = zh_read_env(ctx, conn, ZH_AS_OF_NOW, record);
        env.self = record;
        env.recorded_at = now;
        rc = zh_eval(&j->inputs[i].value, &env, &out->values[i], ctx->err);
    }
    return rc == ZH_OK ? zh_judge_values(ctx, j, record, now, out) : rc;
}

/* ---- replay ---------------------------------------------------------------------------------- */

static const zh_value *value_of(const zh_record *record, const char *field)
{
    const zh_field *f = zh_register_field(record->reg, zh_str_of(field));
    return &record->values[f->index];
}

/* A stored value read back as the kind its input has. */
static zh_rc read_back(zh_arena *arena, zh_kind kind, const zh_value *stored, zh_value *out)
{
    zh_decimal d;
    zh_date day;
    zh_time at;
    zh_str text = stored->text;
    *out = ZH_VALUE_NULL;
    if (stored->kind != ZH_TEXT) {
        return ZH_OK;
    }
    switch (kind) {
    case ZH_DECIMAL:
        if (zh_decimal_parse(text, false, &d) != ZH_OK) {
            return ZH_EINVAL;
        }
        *out = zh_value_decimal(d);
        return ZH_OK;
    case ZH_BOOL: *out = zh_value_bool(zh_str_is(text, "true")); return ZH_OK;
    case ZH_DATE:
        if (zh_date_parse(text, &day) != ZH_OK) {
            return ZH_EINVAL;
        }
        *out = zh_value_date(day);
        return ZH_OK;
    case ZH_TIME:
        if (zh_time_parse(text, &at) != ZH_OK) {
            return ZH_EINVAL;
        }
        *out = zh_value_time(at);
        return ZH_OK;
    case ZH_TEXT: *out = zh_value_text(zh_str_dup(arena, text)); return ZH_OK;
    case ZH_NULL:
    case ZH_REF:
    case ZH_PERIOD:
    case ZH_DURATION:
    case ZH_LIST: break;
    }
    return ZH_EINVAL;
}

zh_rc zh_judgement_replay(zh_ctx *ctx, const zh_judgement *j, const zh_record *record,
                          const zh_record *stored, bool *same)
{
    const zh_field *table = zh_register_field(stored->reg, ZH_STR("rows"));
    const zh_rows *rows = &stored->tables[table->index];
    zh_finding_of f = {.has_points = false};
    zh_rc rc = rows->n == j->ninputs
                   ? ZH_OK
                   : zh_err_set(ctx->err, ZH_EINVAL, "judgement.rows",
                                "说明行 %zu 行，规则有 %zu 个输入", rows->n, j->ninputs);
    for (size_t i = 0; i < j->ninputs && rc == ZH_OK; i++) {
        rc = read_back(ctx->arena, j->inputs[i].value.root->kind,
                       &rows->values[i * table->ncolumns + 1], &f.values[i]);
        if (rc != ZH_OK) {
            zh_err_set(ctx->err, rc, "judgement.rows", "说明行“%.*s”的数值不能重算",
                       ZH_FMT(j->inputs[i].name));
        }
    }
    if (rc == ZH_OK) {
        rc = zh_judge_values(ctx, j, record, value_of(stored, "judged_at")->i, &f);
    }
    const zh_value *points = value_of(stored, "points");
    const zh_value *grade = value_of(stored, "grade");
    bool points_same =
        f.has_points ? points->kind == ZH_DECIMAL && zh_decimal_cmp(points->decimal, f.points) == 0
                     : points->kind == ZH_NULL;
    *same = rc == ZH_OK && points_same &&
            zh_str_eq(grade->kind == ZH_TEXT ? grade->text : ZH_STR(""), f.grade);
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct run {
    zh_ctx *ctx;
    const zh_register *results; /* judgement */
    const zh_judgement *j;
    zh_time now;
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

static zh_str subject_name(const run *r, const zh_record *record)
{
    const zh_field *name = zh_register_field(record->reg, ZH_STR("name"));
    if (name == NULL && record->reg->nbusiness_key > 0) {
        name = record->reg->business_key[0];
    }
    const zh_value *value = name != NULL ? &record->values[name->index] : NULL;
    return value != NULL && value->kind == ZH_TEXT ? value->text : ref_text(r->ctx->arena, record);
}

static zh_value text_or_null(zh_arena *arena, const zh_value *value)
{
    char type;
    return value->kind == ZH_NULL ? ZH_VALUE_NULL
                                  : zh_value_text(zh_value_canonical(arena, value, &type));
}

static void put_rows(const run *r, changes *c, const zh_finding_of *f)
{
    zh_arena *arena = r->ctx->arena;
    const zh_field *table = zh_register_field(r->results, ZH_STR("rows"));
    zh_rows *rows = ZH_NEW(arena, zh_rows);
    if (table == NULL || table->ncolumns != ROW_COLUMNS || c->n == CHANGES_MAX) {
        return;
    }
    *rows = (zh_rows){.table = table,
                      .ids = ZH_NEW_N(arena, int64_t, r->j->ninputs + 1),
                      .values = ZH_NEW_N(arena, zh_value, (r->j->ninputs + 1) * ROW_COLUMNS),
                      .n = r->j->ninputs};
    for (size_t i = 0; i < r->j->ninputs; i++) {
        zh_value *row = rows->values + i * ROW_COLUMNS;
        rows->ids[i] = 0;
        row[0] = zh_value_text(r->j->inputs[i].name);
        row[1] = text_or_null(arena, &f->values[i]);
        row[2] = text_or_null(arena, &f->counted[i]);
    }
    c->list[c->n++] = (zh_change){.field = table, .rows = rows};
}

static void describe(const run *r, const zh_record *record, const zh_finding_of *f, changes *c)
{
    zh_arena *arena = r->ctx->arena;
    const zh_field *place = zh_register_field(record->reg, ZH_STR("place"));
    const zh_field *ours = zh_register_field(r->results, ZH_STR("place"));
    zh_time expires = 0;
    *c = (changes){.n = 0};
    put(r, c, "code",
        zh_value_text(
            zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(r->j->name), ZH_FMT(ref_text(arena, record)))));
    put(r, c, "rule", zh_value_text(r->j->name));
    put(r, c, "subject", zh_value_text(subject_name(r, record)));
    put(r, c, "subject_ref", zh_value_text(ref_text(arena, record)));
    if (place != NULL && ours != NULL && place->codes == ours->codes) {
        put(r, c, "place", record->values[place->index]);
    }
    put(r, c, "judged_at", zh_value_time(r->now));
    put(r, c, "points", f->has_points ? zh_value_decimal(f->points) : ZH_VALUE_NULL);
    put(r, c, "grade", f->grade.n > 0 ? zh_value_text(f->grade) : ZH_VALUE_NULL);
    put(r, c, "basis",
        f->override == NULL         ? ZH_VALUE_NULL
        : f->override->clause.n > 0 ? zh_value_text(f->override->clause)
                                    : zh_value_text(f->override->source));
    if (r->j->expires > 0 && zh_time_shift(r->ctx->model->calendar, r->now, r->j->expires,
                                           r->j->expires_unit, &expires) == ZH_OK) {
        put(r, c, "expires_on", zh_value_date(zh_time_date(expires)));
    }
    put_rows(r, c, f);
}

static bool same_finding(const run *r, const zh_record *stored, const zh_finding_of *f)
{
    const zh_field *table = zh_register_field(r->results, ZH_STR("rows"));
    const zh_rows *rows = &stored->tables[table->index];
    const zh_value *points = value_of(stored, "points");
    const zh_value *grade = value_of(stored, "grade");
    bool same = rows->n == r->j->ninputs &&
                zh_str_eq(grade->kind == ZH_TEXT ? grade->text : ZH_STR(""), f->grade) &&
                (f->has_points
                     ? points->kind == ZH_DECIMAL && zh_decimal_cmp(points->decimal, f->points) == 0
                     : points->kind == ZH_NULL);
    for (size_t i = 0; i < r->j->ninputs && same; i++) {
        zh_value now = text_or_null(r->ctx->arena, &f->values[i]);
        const zh_value *then = &rows->values[i * table->ncolumns + 1];
        same = now.kind == then->kind && (now.kind == ZH_NULL || zh_str_eq(now.text, then->text));
    }
    return same;
}

/* The finding as a record: new, amended when it changed, or taken into force again. */
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
    describe(r, record, f, &c);
    zh_op op = {.kind = stored == NULL ? ZH_OP_CREATE : ZH_OP_TRANSITION,
                .reg = r->results,
                .office = stored != NULL ? stored->office : 0,
                .id = stored != NULL ? stored->id : 0,
                .transition =
                    stored != NULL ? zh_register_transition(r->results, ZH_STR("renew")) : NULL,
                .changes = c.list,
                .nchanges = c.n,
                .reason = ZH_STR("重新评定"),
                .at = r->now};
    zh_rc rc = zh_record_apply(r->ctx, &op, &findings, &applied);
    r->out->written += rc == ZH_OK;
    return rc;
}

/* The declared effect: on the judged record when it is of that register, else a new record. */
static zh_rc carry_out(run *r, const zh_record *record, const zh_finding_of *f)
{
    const zh_judgement *j = r->j;
    bool own = j->effect == record->reg;
    zh_value parameters[2] = {f->has_points ? zh_value_decimal(f->points) : ZH_VALUE_NULL,
                              f->grade.n > 0 ? zh_value_text(f->grade) : ZH_VALUE_NULL};
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
        zh_err_clear(r->ctx->err);
        rc = ZH_OK;
    }
    return rc;
}

static zh_rc read_stored(run *r, zh_conn *conn, const zh_record *record, zh_record **out)
{
    zh_str key = zh_str_fmt(r->ctx->arena, "%.*s/%.*s", ZH_FMT(r->j->name),
                            ZH_FMT(ref_text(r->ctx->arena, record)));
    zh_rc rc = zh_record_by_key(r->ctx, conn, r->results, &key, out);
    if (rc == ZH_ENOTFOUND) {
        *out = NULL;
        zh_err_clear(r->ctx->err);
        return ZH_OK;
    }
    return rc;
}

static zh_rc judge_one(run *r, int64_t office, int64_t id)
{
    zh_record *record = NULL;
    zh_record *stored = NULL;
    zh_finding_of f;
    zh_conn *conn = NULL;
    bool written = false;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_record_get(r->ctx, conn, r->j->each, office, id, ZH_AS_OF_NOW, &record);
    if (rc == ZH_OK) {
        rc = zh_judge(r->ctx, conn, r->j, record, r->now, &f);
    }
    if (rc == ZH_OK) {
        rc = read_stored(r, conn, record, &stored);
    }
    zh_store_release(conn);
    r->out->judged += rc == ZH_OK;
    if (rc == ZH_OK) {
        rc = write_finding(r, record, stored, &f, &written);
    }
    return rc == ZH_OK && written && r->j->effect != NULL ? carry_out(r, record, &f) : rc;
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

static zh_rc judge_all(run *r)
{
    subjects s = {.arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    zh_conn *conn = NULL;
    zh_list_query query = {.reg = r->j->each,
                           .where = r->j->has_where ? &r->j->where : NULL,
                           .limit = ZH_LIMIT_MAX,
                           .as_of = ZH_AS_OF_NOW};
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_scan(r->ctx, conn, &query, collect, &s);
        zh_store_release(conn);
    }
    for (size_t i = 0; i + 1 < s.ids.n && rc == ZH_OK; i += 2) {
        zh_arena_mark mark = zh_arena_here(r->ctx->arena);
        rc = judge_one(r, s.ids.p[i], s.ids.p[i + 1]);
        zh_arena_rewind(r->ctx->arena, mark);
    }
    zh_arena_free(s.arena);
    return rc;
}

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

typedef struct newest_of {
    run *r;
    zh_conn *conn;
    int64_t at;
    zh_rc rc;
} newest_of;

static void look_at(void *user, const zh_expr *node)
{
    newest_of *w = user;
    int64_t at = 0;
    if (w->rc == ZH_OK && node->op == ZH_X_QUERY && node->reg != NULL) {
        zh_sql_value key = ZH_SQL_STR(node->reg->id);
        w->rc =
            zh_query_i64(w->conn, "SELECT COALESCE(MAX(at), 0) FROM zh_outbox WHERE register = ?",
                         &key, 1, &at, w->r->ctx->err);
        w->at = at > w->at ? at : w->at;
    }
}

/* When the newest record of the inputs' registers was written. */
static zh_rc newest_input(run *r, int64_t *out)
{
    newest_of w = {.r = r};
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &w.conn, r->ctx->err);
    for (size_t i = 0; i < r->j->ninputs && rc == ZH_OK; i++) {
        zh_expr_walk(r->j->inputs[i].value.root, look_at, &w);
        rc = w.rc;
    }
    zh_store_release(w.conn);
    *out = w.at;
    return rc;
}

static zh_str memory_name(const run *r, const char *what)
{
    return zh_str_fmt(r->ctx->arena, "judgement.%s.%.*s", what, ZH_FMT(r->j->name));
}

static zh_rc run_rule(run *r)
{
    zh_conn *conn = NULL;
    int64_t period = 0;
    int64_t seen = 0;
    int64_t newest = 0;
    int64_t begun = r->j->schedule != NULL ? period_of(r->j->schedule, r->now) : 0;
    zh_rc rc = r->j->by_event ? newest_input(r, &newest) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_remembered(r->ctx, conn, memory_name(r, "period"), &period);
    if (rc == ZH_OK) {
        rc = zh_remembered(r->ctx, conn, memory_name(r, "seen"), &seen);
    }
    zh_store_release(conn);
    bool scheduled = begun != period;
    bool event = newest != seen;
    if (rc == ZH_OK && (scheduled || event)) {
        rc = judge_all(r);
    }
    if (rc == ZH_OK && scheduled) {
        rc = zh_remember(r->ctx, memory_name(r, "period"), begun);
    }
    return rc == ZH_OK && event ? zh_remember(r->ctx, memory_name(r, "seen"), newest) : rc;
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
            zh_err_clear(err);
            rc = ZH_OK;
        }
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
