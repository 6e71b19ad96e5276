/* Judging: from inputs to points, grade and explanation, and judging again. */
#include "core/judgement/engine_names.h"
#include "core/judgement/judgement.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BEHIND_ALL "共 " /* how many records are behind a row that names only the first */

enum { POINT_DIGITS = 4, JSON_BYTES = 1 << 20, NAMES_MAX = 300 };

/* ---- points ---------------------------------------------------------------------------------- */

static zh_value capped(const zh_judgement_input *input, const zh_value *value)
{
    bool over = input->has_cap && value->kind == ZH_DECIMAL && value->mark == ZH_MARK_EXACT &&
                zh_decimal_cmp(value->decimal, input->cap) > 0;
    return over ? zh_value_decimal(input->cap) : *value;
}

static zh_rc take_points(const zh_value *value, bool *has, zh_decimal *points)
{
    *has = zh_value_known(value) && value->kind == ZH_DECIMAL;
    return *has ? zh_decimal_rescale(value->decimal, POINT_DIGITS, ZH_ROUND_HALF_UP, points)
                : ZH_OK;
}

static zh_rc add_line(const struct zh_point_line *line, zh_env *env, zh_time at, zh_finding_of *out,
                      zh_err *err)
{
    zh_finding_row *row = &out->rows[line->input];
    bool holds = true;
    zh_value value = ZH_VALUE_NULL;
    zh_decimal points;
    bool known = false;
    zh_time until = 0;
    zh_rc rc = line->has_test ? zh_eval_true(&line->test, env, &holds, err) : ZH_OK;
    if (rc != ZH_OK || !holds) {
        return rc;
    }
    rc = zh_eval(&line->points, env, &value, err);
    if (rc == ZH_OK) {
        rc = take_points(&value, &known, &points);
    }
    if (rc != ZH_OK || !known) {
        out->has_points = false;
        return rc;
    }
    rc = zh_decimal_add(out->points, points, &out->points);
    if (rc == ZH_OK) {
        rc = zh_decimal_add(row->has_points ? row->points : (zh_decimal){0, 0}, points,
                            &row->points);
    }
    row->has_points = true;
    if (line->clause.n > 0) {
        row->clause = row->clause.n == 0 ? line->clause
                                         : zh_str_fmt(env->arena, "%.*s、%.*s", ZH_FMT(row->clause),
                                                      ZH_FMT(line->clause));
    }
    if (line->expires > 0 &&
        zh_time_shift(env->calendar, at, line->expires, line->expires_unit, &until) == ZH_OK) {
        zh_date day = zh_time_date(until);
        row->expires = row->expires == 0 || day < row->expires ? day : row->expires;
    }
    return rc;
}

static zh_rc add_table(const zh_judgement *j, zh_env *env, zh_time at, zh_finding_of *out,
                       zh_err *err)
{
    zh_rc rc = zh_decimal_rescale(j->base, POINT_DIGITS, ZH_ROUND_HALF_UP, &out->points);
    out->has_points = true;
    for (size_t i = 0; i < j->nlines && rc == ZH_OK; i++) {
        rc = add_line(&j->lines[i], env, at, out, err);
    }
    return rc;
}

/* ---- engines --------------------------------------------------------------------------------- */

static zh_str json_of(zh_arena *arena, const zh_value *value)
{
    char type;
    if (value->kind == ZH_BOOL) {
        return value->i != 0 ? ZH_STR("true") : ZH_STR("false");
    }
    if (!zh_value_known(value)) {
        return ZH_STR("null");
    }
    if (value->kind == ZH_DECIMAL) {
        return zh_decimal_str(arena, value->decimal);
    }
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, JSON_BYTES);
    zh_jw_init(&w, &text, 0);
    zh_jw_str(&w, zh_value_canonical(arena, value, &type));
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The text of a parameter with $input replaced by its value; marks the inputs that it used. */
static void fill_in(zh_arena *arena, const zh_judgement *j, const zh_finding_of *f, zh_str text,
                    bool *used, zh_buf *out)
{
    for (size_t i = 0; i < text.n;) {
        size_t end = i + 1;
        while (text.p[i] == '$' && end < text.n && name_char(text.p[end])) {
            end++;
        }
        zh_str name = zh_str_sub(text, i + 1, end);
        size_t at = j->ninputs;
        for (size_t k = 0; k < j->ninputs && text.p[i] == '$'; k++) {
            at = zh_str_eq(j->inputs[k].name, name) ? k : at;
        }
        if (at < j->ninputs) {
            used[at] = true;
            zh_buf_str(out, json_of(arena, &f->counted[at]));
            i = end;
        } else {
            zh_buf_c(out, text.p[i++]);
        }
    }
}

static void member(zh_buf *out, zh_str name)
{
    zh_buf_fmt(out, "%s\"%.*s\": ", out->n > 1 ? ", " : "", ZH_FMT(name));
}

/* The engine's input: the parameters, and every input that none of them speaks of. */
static void engine_input(zh_ctx *ctx, const zh_judgement *j, const zh_finding_of *f, zh_buf *out)
{
    bool used[ZH_JUDGEMENT_INPUTS_MAX] = {false};
    zh_buf_c(out, '{');
    for (size_t i = 0; i < j->nparameters; i++) {
        zh_buf text;
        zh_json *parsed = NULL;
        zh_err ignored = {0};
        zh_buf_init(&text, JSON_BYTES);
        fill_in(ctx->arena, j, f, j->parameters[i].text, used, &text);
        zh_str filled = zh_str_dup(ctx->arena, zh_buf_view(&text));
        zh_buf_free(&text);
        zh_value word = zh_value_text(filled);
        bool json = zh_json_parse(ctx->arena, filled, &parsed, &ignored) == ZH_OK;
        member(out, j->parameters[i].name);
        zh_buf_str(out, json ? filled : json_of(ctx->arena, &word));
    }
    for (size_t i = 0; i < j->ninputs; i++) {
        if (!used[i]) {
            member(out, j->inputs[i].name);
            zh_buf_str(out, json_of(ctx->arena, &f->counted[i]));
        }
    }
    zh_buf_c(out, '}');
}

static const zh_json *walk(const zh_json *from, zh_str path)
{
    zh_str piece;
    while (from != NULL && zh_str_split(&path, '.', &piece)) {
        char name[NAMES_MAX];
        uint64_t at = 0;
        (void)snprintf(name, sizeof name, "%.*s", ZH_FMT(piece));
        from = from->kind == ZH_JSON_ARRAY && zh_str_u64(piece, &at) == ZH_OK
                   ? zh_json_at(from, (size_t)at)
                   : zh_json_get(from, name);
    }
    return from;
}

static zh_rc read_result(zh_ctx *ctx, const zh_judgement *j, zh_str answer, zh_finding_of *f)
{
    zh_json *root = NULL;
    double number = 0;
    char text[48];
    zh_rc rc = zh_json_parse(ctx->arena, answer, &root, ctx->err);
    const zh_json *found = rc == ZH_OK ? walk(root, j->result) : NULL;
    f->counted[j->ninputs] = ZH_VALUE_NULL;
    if (rc == ZH_OK && found == NULL) {
        rc = zh_err_set(ctx->err, ZH_EINVAL, "judgement.result", "引擎 %.*s 的结果里没有 %.*s",
                        ZH_FMT(j->engine), ZH_FMT(j->result));
        zh_err_fix(ctx->err, "用 zhiheng calc 看它的结果有哪些项");
    }
    if (rc != ZH_OK || found->kind != ZH_JSON_NUMBER || zh_json_double(found, &number) != ZH_OK) {
        return rc;
    }
    (void)snprintf(text, sizeof text, "%.10f", number);
    zh_decimal value;
    if (zh_decimal_parse(zh_str_of(text), false, &value) != ZH_OK) {
        return zh_err_set(ctx->err, ZH_EINVAL, "judgement.result",
                          "引擎的结果 %.*s 太大，不能作得分", ZH_FMT(found->text));
    }
    f->engine_result = zh_str_dup(ctx->arena, found->text);
    f->counted[j->ninputs] = zh_value_decimal(value);
    return ZH_OK;
}

static zh_rc run_engine(zh_ctx *ctx, const zh_judgement *j, zh_finding_of *f)
{
    const zh_engine *engine = zh_engine_named(j->engine);
    zh_buf input;
    zh_buf answer;
    if (engine == NULL) {
        zh_rc rc = zh_err_set(ctx->err, ZH_EINVAL, "judgement.engine", "评定“%.*s”：没有引擎 %.*s",
                              ZH_FMT(j->name), ZH_FMT(j->engine));
        zh_err_fix(ctx->err, "zhiheng calc 列出全部引擎；版本现在都是 @1");
        return rc;
    }
    zh_buf_init(&input, JSON_BYTES);
    zh_buf_init(&answer, 16 * (size_t)JSON_BYTES);
    engine_input(ctx, j, f, &input);
    zh_rc rc = zh_engine_run(engine, ctx->arena, zh_buf_view(&input), 0, &answer, ctx->err);
    if (rc == ZH_OK) {
        rc = read_result(ctx, j, zh_str_dup(ctx->arena, zh_buf_view(&answer)), f);
    }
    zh_buf_free(&input);
    zh_buf_free(&answer);
    return rc;
}

/* ---- the finding ----------------------------------------------------------------------------- */

static zh_rc repair_of(const zh_judgement *j, zh_env *env, zh_time at, zh_finding_of *out,
                       zh_err *err)
{
    const struct zh_repair *repair = &j->repair;
    zh_time from = 0;
    zh_value points = ZH_VALUE_NULL;
    zh_rc rc = ZH_OK;
    if (!repair->allowed) {
        return ZH_OK;
    }
    out->repair_met = !repair->has_test;
    if (repair->has_test) {
        rc = zh_eval_true(&repair->test, env, &out->repair_met, err);
    }
    out->has_repair_points = out->has_points;
    out->repair_points = out->points;
    if (rc == ZH_OK && repair->has_points) {
        out->counted[j->ninputs] = out->has_points ? zh_value_decimal(out->points) : ZH_VALUE_NULL;
        rc = zh_eval(&repair->points, env, &points, err);
        rc = rc == ZH_OK ? take_points(&points, &out->has_repair_points, &out->repair_points) : rc;
    }
    out->repair_grade = repair->grade.n > 0 ? repair->grade
                        : out->has_repair_points
                            ? zh_judgement_grade(j, out->repair_points, zh_time_date(at))
                            : ZH_STR("");
    if (zh_time_shift(env->calendar, at, repair->after, repair->after_unit, &from) == ZH_OK) {
        out->repair_from = zh_time_date(from);
    }
    bool points_same = out->has_points == out->has_repair_points &&
                       (!out->has_points || zh_decimal_cmp(out->points, out->repair_points) == 0);
    out->repair_met = out->repair_met && out->repair_from != 0 &&
                      !(points_same && zh_str_eq(out->grade, out->repair_grade));
    return rc;
}

static zh_rc decide(const zh_judgement *j, zh_env *env, zh_time at, zh_finding_of *out, zh_err *err)
{
    zh_value points = ZH_VALUE_NULL;
    zh_rc rc = ZH_OK;
    out->has_points = false;
    out->grade = ZH_STR("");
    out->override = NULL;
    if (j->has_table) {
        rc = add_table(j, env, at, out, err);
    } else {
        rc = zh_eval(&j->points, env, &points, err);
        rc = rc == ZH_OK ? take_points(&points, &out->has_points, &out->points) : rc;
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
    return rc == ZH_OK ? repair_of(j, env, at, out, err) : rc;
}

zh_rc zh_judge_values(zh_ctx *ctx, const zh_judgement *j, const zh_record *record, zh_time at,
                      zh_finding_of *out)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < j->ninputs; i++) {
        out->counted[i] = capped(&j->inputs[i], &out->values[i]);
        out->rows[i].has_points = false;
        out->rows[i].clause = ZH_STR("");
        out->rows[i].expires = 0;
    }
    out->counted[j->ninputs] = ZH_VALUE_NULL;
    out->engine_result = ZH_STR("");
    zh_env env = {.arena = ctx->arena,
                  .record = record,
                  .self = record,
                  .recorded_at = at,
                  .parameters = out->counted,
                  .calendar = ctx->model->calendar};
    if (j->engine.n > 0) {
        rc = run_engine(ctx, j, out);
    }
    return rc == ZH_OK ? decide(j, &env, at, out, ctx->err) : rc;
}

typedef struct witness {
    zh_arena *arena;
    zh_str names;
    size_t n;
} witness;

static void note(void *user, const zh_expr *node, const zh_record *record)
{
    witness *w = user;
    (void)node;
    if (w->n++ < ZH_JUDGEMENT_EVIDENCE_MAX) {
        w->names = zh_str_fmt(w->arena, "%.*s%s%.*s/%" PRId64 "-%" PRId64, ZH_FMT(w->names),
                              w->names.n > 0 ? ";" : "", ZH_FMT(record->reg->id), record->office,
                              record->id);
    }
}

zh_rc zh_judgement_meant(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, const zh_record *record,
                         int64_t as_of, zh_time at, bool *out)
{
    zh_env env = zh_read_env(ctx, conn, as_of, record);
    zh_value instant = zh_value_time(at);
    env.judged_at = at;
    env.parameters = &instant;
    *out = true;
    return j->has_where ? zh_eval_true(&j->where, &env, out, ctx->err) : ZH_OK;
}

zh_rc zh_judge(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, const zh_record *record,
               int64_t as_of, zh_time at, zh_finding_of *out)
{
    zh_rc rc = ZH_OK;
    zh_value instant = zh_value_time(at);
    *out = (zh_finding_of){.has_points = false};
    for (size_t i = 0; i < j->ninputs && rc == ZH_OK; i++) {
        witness w = {.arena = ctx->arena, .names = ZH_STR("")};
        zh_env env = zh_read_env(ctx, conn, as_of, record);
        env.self = record;
        env.recorded_at = at;
        env.judged_at = at;
        env.parameters = &instant;
        env.matched = note;
        env.matched_user = &w;
        rc = zh_eval(&j->inputs[i].value, &env, &out->values[i], ctx->err);
        out->rows[i].evidence =
            w.n <= ZH_JUDGEMENT_EVIDENCE_MAX
                ? w.names
                : zh_str_fmt(ctx->arena, "%.*s;" BEHIND_ALL "%zu 条", ZH_FMT(w.names), w.n);
    }
    return rc == ZH_OK ? zh_judge_values(ctx, j, record, at, out) : rc;
}

/* ---- again ----------------------------------------------------------------------------------- */

static const zh_rows *rows_of(const zh_record *stored, const zh_field **table)
{
    *table = zh_register_field(stored->reg, ZH_STR("rows"));
    return &stored->tables[(*table)->index];
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

/* Whether points and grade of the rule are those stored. */
static bool as_stored(const zh_record *stored, const zh_finding_of *f)
{
    const zh_value *points = zh_record_value(stored, "rule_points");
    const zh_value *grade = zh_record_value(stored, "rule_grade");
    bool points_same = f->has_points ? points->kind == ZH_DECIMAL &&
                                           zh_decimal_cmp(points->decimal, f->points) == 0
                                     : points->kind == ZH_NULL;
    return points_same && zh_str_eq(grade->kind == ZH_TEXT ? grade->text : ZH_STR(""), f->grade);
}

zh_rc zh_judgement_replay(zh_ctx *ctx, const zh_judgement *j, const zh_record *record,
                          const zh_record *stored, bool *same)
{
    const zh_field *table;
    const zh_rows *rows = rows_of(stored, &table);
    const zh_field *column = zh_register_field(stored->reg, ZH_STR("rows.value"));
    zh_finding_of *f = ZH_NEW(ctx->arena, zh_finding_of);
    *f = (zh_finding_of){.has_points = false};
    zh_rc rc = rows->n == j->ninputs
                   ? ZH_OK
                   : zh_err_set(ctx->err, ZH_EINVAL, "judgement.rows",
                                "说明行 %zu 行，规则有 %zu 个输入", rows->n, j->ninputs);
    for (size_t i = 0; i < j->ninputs && rc == ZH_OK; i++) {
        rc = read_back(ctx->arena, j->inputs[i].value.root->kind,
                       &rows->values[i * table->ncolumns + column->index], &f->values[i]);
        if (rc != ZH_OK) {
            zh_err_set(ctx->err, rc, "judgement.rows", "说明行“%.*s”的数值不能重算",
                       ZH_FMT(j->inputs[i].name));
        }
    }
    if (rc == ZH_OK) {
        rc = zh_judge_values(ctx, j, record, zh_record_value(stored, "judged_at")->i, f);
    }
    *same = rc == ZH_OK && as_stored(stored, f);
    return rc;
}

static size_t rows_differ(zh_ctx *ctx, const zh_judgement *j, const zh_record *stored,
                          const zh_finding_of *f)
{
    const zh_field *table;
    const zh_rows *rows = rows_of(stored, &table);
    const zh_field *column = zh_register_field(stored->reg, ZH_STR("rows.value"));
    size_t differ = rows->n == j->ninputs ? 0 : j->ninputs;
    char type;
    for (size_t i = 0; i < j->ninputs && rows->n == j->ninputs; i++) {
        const zh_value *then = &rows->values[i * table->ncolumns + column->index];
        zh_str now = f->values[i].kind == ZH_NULL
                         ? ZH_STR("")
                         : zh_value_canonical(ctx->arena, &f->values[i], &type);
        differ += !zh_str_eq(then->kind == ZH_TEXT ? then->text : ZH_STR(""), now);
    }
    return differ;
}

/* register/office-id */
static bool read_ref(zh_str text, zh_str *reg, int64_t *office, int64_t *id)
{
    ptrdiff_t slash = zh_str_chr(text, '/');
    zh_str rest = slash < 0 ? text : zh_str_sub(text, (size_t)slash + 1, text.n);
    ptrdiff_t dash = zh_str_chr(rest, '-');
    *reg = slash > 0 ? zh_str_sub(text, 0, (size_t)slash) : ZH_STR_NONE;
    return slash > 0 && dash > 0 &&
           zh_str_i64(zh_str_sub(rest, 0, (size_t)dash), office) == ZH_OK &&
           zh_str_i64(zh_str_sub(rest, (size_t)dash + 1, rest.n), id) == ZH_OK;
}

bool zh_judgement_subject(const zh_record *stored, int64_t *office, int64_t *id)
{
    zh_str reg;
    return read_ref(zh_record_value(stored, "subject_ref")->text, &reg, office, id);
}

bool zh_judgement_ref(const zh_model *model, zh_str text, const zh_register **reg, int64_t *office,
                      int64_t *id)
{
    zh_str name;
    bool good = read_ref(text, &name, office, id);
    *reg = good ? zh_model_register(model, name) : NULL;
    return *reg != NULL;
}

int64_t zh_judgement_records_behind(zh_str evidence)
{
    zh_str rest = evidence;
    zh_str piece;
    int64_t n = 0;
    while (rest.n > 0 && zh_str_split(&rest, ';', &piece)) {
        int64_t all = 0;
        zh_str number = zh_str_starts(piece, ZH_STR(BEHIND_ALL))
                            ? zh_str_sub(piece, sizeof BEHIND_ALL - 1, piece.n)
                            : ZH_STR("");
        ptrdiff_t space = zh_str_chr(number, ' ');
        bool says = space > 0 && zh_str_i64(zh_str_sub(number, 0, (size_t)space), &all) == ZH_OK;
        n = says ? all : n + 1;
    }
    return n;
}

zh_rc zh_judgement_again(zh_ctx *ctx, zh_conn *conn, const zh_judgement *j, const zh_record *stored,
                         zh_rejudged *out)
{
    zh_ctx own = *ctx;
    zh_record *record = NULL;
    int64_t office = 0;
    int64_t id = 0;
    bool meant = true;
    const zh_value *position = zh_record_value(stored, "position");
    *out = (zh_rejudged){.same = false};
    own.post = NULL;
    own.rows = NULL;
    own.role = ZH_STR("system");
    if (position->kind != ZH_DECIMAL || !zh_judgement_subject(stored, &office, &id)) {
        return zh_err_set(ctx->err, ZH_ENOTFOUND, "judgement.gone", "这份评定没有记下账本位置");
    }
    out->position = position->decimal.scaled;
    zh_rc rc = zh_record_get(&own, conn, j->each, office, id, out->position, &record);
    if (rc == ZH_OK) {
        rc = zh_rows_load(&own, conn, record, true);
    }
    zh_time at = zh_record_value(stored, "judged_at")->i;
    if (rc == ZH_OK) {
        rc = zh_judgement_meant(&own, conn, j, record, out->position, at, &meant);
    }
    if (rc == ZH_OK) {
        rc = zh_judge(&own, conn, j, record, out->position, at, &out->finding);
    }
    if (rc == ZH_OK) {
        out->differ = rows_differ(ctx, j, stored, &out->finding);
        out->same = meant && out->differ == 0 && as_stored(stored, &out->finding);
    }
    return rc;
}

const zh_judgement *zh_judgement_of(const zh_judgement *list, size_t n, const zh_record *stored)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(list[i].name, zh_record_value(stored, "rule")->text)) {
            return &list[i];
        }
    }
    return NULL;
}

zh_str zh_judgement_key(zh_arena *arena, const zh_judgement *j, const zh_record *record)
{
    return zh_str_fmt(arena, "%.*s/%.*s/%" PRId64 "-%" PRId64, ZH_FMT(j->name),
                      ZH_FMT(record->reg->id), record->office, record->id);
}
