/* Counting the pairs of a detector, and what the evidence of those that stand out consists of.
 *
 * Two passes over the records: the first counts every row, column and pair, the second visits only
 * the evidence of the pairs that are kept. Counters live in an arena of the run; the context's
 * arena is rewound after every record. */
#include "app/signal/detect.h"
#include "app/signal/series.h"
#include "proof/hash.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct counter {
    int64_t n;
} counter;

typedef struct seen {
    zh_str row, column;
    counter *count;
} seen;

/* A kept pair while its evidence is collected. */
typedef struct kept {
    zh_detected pair;
    zh_hash hash;
    zh_map facets; /* "dim value" -> zh_facet */
    ZH_VEC(zh_facet *) order;
    ZH_VEC(zh_evidence_ref) refs;
} kept;

typedef struct run {
    const zh_detector *detector;
    zh_arena *arena; /* of the run */
    zh_conn *conn;
    int64_t position;
    int64_t records, units;
    zh_map rows, columns, pairs; /* -> counter, counter, seen */
    zh_map once;                 /* count_by: what was counted for a unit */
    zh_map series;               /* row -> zh_series */
    ZH_VEC(seen *) all;
    zh_map chosen; /* -> kept */
    ZH_VEC(kept *) keep;
} run;

/* The values of one record in one dimension, each once. */
typedef struct values {
    zh_str *p;
    size_t n;
} values;

/* ---- engines
 * ------------------------------------------------------------------------------------ */

typedef enum engine {
    ENGINE_PRR,
    ENGINE_COUNT,
    ENGINE_NONE,
} engine;

static engine engine_of(const zh_detector *d)
{
    if (zh_str_is(d->engine, "disproportionality.prr@1")) {
        return ENGINE_PRR;
    }
    return zh_str_is(d->engine, "count@1") ? ENGINE_COUNT : ENGINE_NONE;
}

bool zh_detector_has_ratio(const zh_detector *detector)
{
    return engine_of(detector) == ENGINE_PRR;
}

/* The result that a criterion names; NAN when it is undefined for this table. */
static bool result(const zh_detector *d, const zh_detected *p, zh_str name, double *out)
{
    const zh_disproportionality *s = &p->stats;
    const struct {
        const char *name;
        double value;
    } ratios[] = {
        {"prr", s->prr.value},
        {"prr_lower", s->prr.has_interval ? s->prr.interval.lower : (double)NAN},
        {"ror", s->ror.value},
        {"ror_lower", s->ror.has_interval ? s->ror.interval.lower : (double)NAN},
        {"chi2", s->has_chi2 ? s->chi2 : (double)NAN},
        {"chi2_yates", s->has_chi2 ? s->chi2_yates : (double)NAN},
    };
    if (zh_str_is(name, "n")) {
        *out = (double)p->table.a;
        return true;
    }
    for (size_t i = 0; i < ZH_COUNTOF(ratios) && zh_detector_has_ratio(d); i++) {
        if (zh_str_is(name, ratios[i].name)) {
            *out = ratios[i].value;
            return true;
        }
    }
    return false;
}

zh_rc zh_detector_check(const zh_detector *d, zh_err *err)
{
    zh_detected none = {0};
    double ignored;
    if (d->series.grain != ZH_SERIES_NONE) {
        return zh_series_check(d, err);
    }
    if (engine_of(d) == ENGINE_NONE) {
        zh_err_set(err, ZH_EINVAL, "detector.engine", "探测器“%.*s”的引擎“%.*s”不存在",
                   ZH_FMT(d->id), ZH_FMT(d->engine));
        zh_err_fix(err, "可用：disproportionality.prr@1、count@1");
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < d->ncriteria; i++) {
        if (!result(d, &none, d->criteria[i].name, &ignored)) {
            zh_err_set(err, ZH_EINVAL, "detector.criterion", "探测器“%.*s”的引擎 %.*s 不给出“%.*s”",
                       ZH_FMT(d->id), ZH_FMT(d->engine), ZH_FMT(d->criteria[i].name));
            zh_err_fix(err, zh_detector_has_ratio(d)
                                ? "可用：n、prr、prr_lower、ror、ror_lower、chi2、chi2_yates"
                                : "可用：n");
            return ZH_EINVAL;
        }
    }
    return ZH_OK;
}

/* ---- values of a record
 * ------------------------------------------------------------------------- */

static zh_rc value_of(run *r, zh_ctx *ctx, const zh_program *program, const zh_record *record,
                      const zh_rows *rows, size_t row, zh_str *out)
{
    zh_env env = zh_read_env(ctx, r->conn, r->position, record);
    zh_value v;
    env.rows = rows;
    env.row = row;
    zh_rc rc = zh_eval(program, &env, &v, ctx->err);
    *out = rc == ZH_OK && v.kind == ZH_TEXT ? v.text : ZH_STR_NONE;
    if (rc == ZH_OK && out->n > ZH_DETECT_VALUE_BYTES) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "detector.value", "一个值超过 %zu 字节",
                          ZH_DETECT_VALUE_BYTES);
    }
    return rc;
}

static zh_rc values_of(run *r, zh_ctx *ctx, const zh_detector_dim *dim, const zh_record *record,
                       values *out)
{
    const zh_rows *rows = dim->table != NULL ? &record->tables[dim->table->index] : NULL;
    size_t n = rows != NULL ? rows->n : 1;
    zh_map distinct;
    *out = (values){.p = ZH_NEW_N(ctx->arena, zh_str, n + 1)};
    zh_map_init(&distinct, ctx->arena);
    for (size_t i = 0; i < n; i++) {
        zh_str value;
        zh_rc rc = value_of(r, ctx, &dim->value, record, rows, i, &value);
        if (rc != ZH_OK) {
            return rc;
        }
        if (value.n == 0 || zh_map_put(&distinct, value, out) != NULL) {
            continue;
        }
        if (out->n == ZH_DETECT_VALUES_MAX) {
            return zh_err_set(ctx->err, ZH_ELIMIT, "detector.values",
                              "一条记录的“%.*s”至多 %zu 个不同的值", ZH_FMT(dim->label.zh),
                              ZH_DETECT_VALUES_MAX);
        }
        out->p[out->n++] = value;
    }
    return ZH_OK;
}

/* Parts of a key with the lengths of all but the last, so that no two keys are the same text. */
static zh_str pair_key(zh_arena *arena, zh_str row, zh_str column)
{
    return zh_str_fmt(arena, "%zu:%.*s%.*s", row.n, ZH_FMT(row), ZH_FMT(column));
}

/* The values of a record's row: a series without one has everything in it. */
static zh_rc rows_of(run *r, zh_ctx *ctx, const zh_record *record, values *out)
{
    if (r->detector->row.id.n > 0) {
        return values_of(r, ctx, &r->detector->row, record, out);
    }
    *out = (values){.p = ZH_NEW(ctx->arena, zh_str), .n = 1};
    out->p[0] = zh_str_of(ZH_SERIES_ALL);
    return ZH_OK;
}

/* What a record adds to its period of a series; false: it takes no part. */
static zh_rc entry_of(run *r, zh_ctx *ctx, const zh_record *record, zh_series_entry *out,
                      bool *part)
{
    const zh_detector_series *s = &r->detector->series;
    zh_env env = zh_read_env(ctx, r->conn, r->position, record);
    zh_value v = {.kind = ZH_NULL};
    zh_rc rc = ZH_OK;
    *part = zh_series_bucket(r->detector, record, &out->bucket);
    out->counted = true;
    out->amount = 1;
    if (*part && s->has_event) {
        rc = zh_eval_true(&s->event, &env, &out->counted, ctx->err);
    }
    if (rc == ZH_OK && *part && s->has_amount) {
        rc = zh_eval(&s->amount, &env, &v, ctx->err);
        out->amount = v.kind == ZH_DECIMAL ? zh_decimal_double(v.decimal) : 0;
    }
    return rc;
}

static zh_rc count_in_series(void *user, zh_ctx *ctx, const zh_record *record)
{
    run *r = user;
    zh_series_entry entry;
    values rows;
    bool part;
    zh_rc rc = entry_of(r, ctx, record, &entry, &part);
    if (rc == ZH_OK && part) {
        rc = rows_of(r, ctx, record, &rows);
    }
    if (rc != ZH_OK || !part) {
        return rc;
    }
    r->records++;
    r->units++;
    for (size_t i = 0; i < rows.n && rc == ZH_OK; i++) {
        rc = zh_series_add(r->arena, &r->series, rows.p[i], &entry, ctx->err);
    }
    return rc;
}

/* ---- first pass: counting
 * ----------------------------------------------------------------------- */

/* True the first time that `key` is met for this unit. Without count_by every record is a unit of
 * its own and its values are distinct already. */
static bool first_time(run *r, zh_ctx *ctx, const char *what, zh_str unit, zh_str key)
{
    if (!r->detector->has_count_by) {
        return true;
    }
    zh_str id = zh_str_fmt(ctx->arena, "%s%.*s", what, ZH_FMT(pair_key(ctx->arena, unit, key)));
    if (zh_map_get(&r->once, id) != NULL) {
        return false;
    }
    (void)zh_map_put(&r->once, zh_str_dup(r->arena, id), r);
    return true;
}

static void count_one(run *r, zh_map *map, zh_str key)
{
    counter *c = zh_map_get(map, key);
    if (c == NULL) {
        c = ZH_NEW(r->arena, counter);
        (void)zh_map_put(map, zh_str_dup(r->arena, key), c);
    }
    c->n++;
}

static zh_rc count_pair(run *r, zh_ctx *ctx, zh_str row, zh_str column)
{
    zh_str key = pair_key(ctx->arena, row, column);
    seen *s = zh_map_get(&r->pairs, key);
    if (s == NULL) {
        if (r->all.n == ZH_DETECT_PAIRS_MAX) {
            return zh_err_set(ctx->err, ZH_ELIMIT, "detector.pairs", "至多 %zu 对不同的值",
                              ZH_DETECT_PAIRS_MAX);
        }
        s = ZH_NEW(r->arena, seen);
        *s = (seen){zh_str_dup(r->arena, row), zh_str_dup(r->arena, column),
                    ZH_NEW(r->arena, counter)};
        (void)zh_map_put(&r->pairs, zh_str_dup(r->arena, key), s);
        zh_vec_push(r->arena, &r->all, s);
    }
    s->count->n++;
    return ZH_OK;
}

static zh_rc count_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    run *r = user;
    const zh_detector *d = r->detector;
    values rows, columns;
    zh_str unit = ZH_STR_NONE;
    zh_rc rc = ZH_OK;
    if (d->has_count_by) {
        rc = value_of(r, ctx, &d->count_by, record, NULL, 0, &unit);
    }
    if (rc == ZH_OK) {
        rc = values_of(r, ctx, &d->row, record, &rows);
    }
    if (rc == ZH_OK) {
        rc = values_of(r, ctx, &d->column, record, &columns);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (r->rows.n + r->columns.n > ZH_DETECT_PAIRS_MAX || r->once.n > ZH_DETECT_UNITS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "detector.values",
                          "探测器“%.*s”的维度取值太多，应改用较粗的层级", ZH_FMT(d->id));
    }
    r->records++;
    r->units += first_time(r, ctx, "u", unit, ZH_STR(""));
    for (size_t i = 0; i < rows.n; i++) {
        if (first_time(r, ctx, "r", unit, rows.p[i])) {
            count_one(r, &r->rows, rows.p[i]);
        }
    }
    for (size_t i = 0; i < columns.n; i++) {
        if (first_time(r, ctx, "c", unit, columns.p[i])) {
            count_one(r, &r->columns, columns.p[i]);
        }
    }
    for (size_t i = 0; i < rows.n; i++) {
        for (size_t k = 0; k < columns.n && rc == ZH_OK; k++) {
            if (first_time(r, ctx, "p", unit, pair_key(ctx->arena, rows.p[i], columns.p[k]))) {
                rc = count_pair(r, ctx, rows.p[i], columns.p[k]);
            }
        }
    }
    return rc;
}

/* ---- choosing
 * ------------------------------------------------------------------------------------- */

static uint64_t counted(const zh_map *map, zh_str key)
{
    const counter *c = zh_map_get(map, key);
    return c == NULL ? 0 : (uint64_t)c->n;
}

static zh_rc reported(run *r, zh_ctx *ctx, const zh_detected *p, bool *out)
{
    *out = true;
    if (!r->detector->has_report) {
        return ZH_OK;
    }
    zh_value parameters[] = {zh_value_text(p->row), zh_value_text(p->column)};
    zh_env env = {.arena = ctx->arena, .parameters = parameters};
    return zh_eval_true(&r->detector->report, &env, out, ctx->err);
}

static zh_rc judge(run *r, zh_ctx *ctx, zh_detected *p, uint64_t a)
{
    uint64_t row = counted(&r->rows, p->row);
    uint64_t column = counted(&r->columns, p->column);
    p->table = (zh_two_by_two){a, row - a, column - a, (uint64_t)r->units - row - column + a};
    zh_rc rc = reported(r, ctx, p, &p->passes);
    if (rc == ZH_OK && r->units > 0 && zh_detector_has_ratio(r->detector)) {
        rc = zh_disproportionality_of(&p->table, 0.95, &p->stats, ctx->err);
    }
    for (size_t i = 0; i < r->detector->ncriteria && rc == ZH_OK; i++) {
        const zh_criterion *criterion = &r->detector->criteria[i];
        double value = 0.0;
        p->passes = p->passes && result(r->detector, p, criterion->name, &value) &&
                    value >= zh_decimal_double(criterion->min);
    }
    return rc;
}

/* 'text' with quotes doubled, as the expression language reads it. */
static zh_str literal(zh_arena *arena, zh_str text)
{
    char *p = zh_arena_alloc(arena, 2 * text.n + 2);
    size_t n = 0;
    p[n++] = '\'';
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') {
            p[n++] = '\'';
        }
        p[n++] = text.p[i];
    }
    p[n++] = '\'';
    return (zh_str){p, n};
}

/* As declared where that can stand on its own; a column is named with its table. */
static zh_str condition(zh_arena *arena, const zh_detector_dim *dim, zh_str value)
{
    zh_expr_op op = dim->value.root->op;
    bool plain = dim->table == NULL && (op == ZH_X_FIELD || op == ZH_X_LEVEL || op == ZH_X_PATH);
    zh_str what = plain ? dim->value.source : zh_expr_print(arena, dim->value.root);
    zh_str is = zh_str_fmt(arena, "%.*s = %.*s", ZH_FMT(what), ZH_FMT(literal(arena, value)));
    return dim->table == NULL ? is : zh_str_fmt(arena, "any(%.*s)", ZH_FMT(is));
}

static zh_str evidence_of(zh_arena *arena, const zh_detector *d, const zh_detected *p)
{
    if (d->series.grain != ZH_SERIES_NONE) {
        zh_str row = d->row.id.n > 0 ? condition(arena, &d->row, p->row) : ZH_STR_NONE;
        return zh_series_where(arena, d, row, p->column);
    }
    zh_str both = zh_str_fmt(arena, "%.*s and %.*s", ZH_FMT(condition(arena, &d->row, p->row)),
                             ZH_FMT(condition(arena, &d->column, p->column)));
    return d->has_where
               ? zh_str_fmt(arena, "(%.*s) and %.*s", ZH_FMT(d->where.source), ZH_FMT(both))
               : both;
}

zh_str zh_detector_label(const zh_detector_dim *dim, zh_str value)
{
    const zh_code *code = dim->codes == NULL ? NULL : zh_code_find(dim->codes, value, INT32_MIN);
    return code == NULL ? value : code->label.zh;
}

zh_str zh_detector_criteria(zh_arena *arena, const zh_detector *detector, bool english)
{
    static const char *const shown[][3] = {{"prr", "PRR", "PRR"},
                                           {"prr_lower", "PRR 区间下限", "lower limit of PRR"},
                                           {"ror", "ROR", "ROR"},
                                           {"ror_lower", "ROR 区间下限", "lower limit of ROR"},
                                           {"chi2", "χ²（未校正）", "χ² (uncorrected)"},
                                           {"chi2_yates", "χ²", "χ²"}};
    bool series = detector->series.grain != ZH_SERIES_NONE;
    zh_str out = series ? zh_series_criteria(arena, detector, english) : ZH_STR_NONE;
    for (size_t i = 0; i < detector->ncriteria; i++) {
        zh_str name = detector->criteria[i].name;
        zh_str min = zh_decimal_str(arena, detector->criteria[i].min);
        for (size_t k = 0; k < ZH_COUNTOF(shown); k++) {
            name = zh_str_is(name, shown[k][0]) ? zh_str_of(shown[k][english ? 2 : 1]) : name;
        }
        out = zh_str_fmt(arena, "%.*s%s%.*s ≥ %.*s", ZH_FMT(out),
                         i == 0 && !series ? ""
                         : english         ? ", "
                                           : "，",
                         ZH_FMT(name), ZH_FMT(min));
    }
    return out;
}

/* Keeps a judged pair whose evidence is to be collected; once. */
static zh_rc keep(run *r, zh_ctx *ctx, const zh_detected *judged)
{
    zh_str row = judged->row;
    zh_str column = judged->column;
    zh_str key = pair_key(ctx->arena, row, column);
    if (zh_map_get(&r->chosen, key) != NULL) {
        return ZH_OK;
    }
    if (r->keep.n == ZH_DETECT_SIGNALS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "detector.signals",
                          "探测器“%.*s”的信号超过 %zu 个，应提高判据", ZH_FMT(r->detector->id),
                          ZH_DETECT_SIGNALS_MAX);
    }
    kept *k = ZH_NEW(r->arena, kept);
    k->pair = *judged;
    k->pair.row = zh_str_dup(r->arena, row);
    k->pair.column = zh_str_dup(r->arena, column);
    k->pair.row_label = zh_detector_label(&r->detector->row, k->pair.row);
    k->pair.column_label = zh_detector_label(&r->detector->column, k->pair.column);
    k->pair.where = evidence_of(r->arena, r->detector, &k->pair);
    zh_hash_begin(&k->hash, ZH_HASH_SHA256);
    zh_map_init(&k->facets, r->arena);
    (void)zh_map_put(&r->chosen, zh_str_dup(r->arena, key), k);
    zh_vec_push(r->arena, &r->keep, k);
    return ZH_OK;
}

static zh_rc choose(run *r, zh_ctx *ctx, zh_str row, zh_str column, uint64_t a, bool wanted)
{
    zh_detected p = {.row = row, .column = column};
    zh_rc rc = judge(r, ctx, &p, a);
    return rc == ZH_OK && (p.passes || wanted) ? keep(r, ctx, &p) : rc;
}

/* Periods of a series: those that alarm, and those asked for. */
static zh_rc choose_periods(run *r, zh_ctx *ctx, const zh_pair_key *asked, size_t nasked)
{
    zh_detected *found;
    size_t n;
    zh_rc rc = zh_series_judge(r->arena, r->detector, &r->series, &found, &n, ctx->err);
    zh_map wanted;
    zh_map_init(&wanted, r->arena);
    for (size_t i = 0; i < nasked; i++) {
        (void)zh_map_put(&wanted, pair_key(r->arena, asked[i].row, asked[i].column), r);
    }
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        bool is_asked =
            zh_map_get(&wanted, pair_key(ctx->arena, found[i].row, found[i].column)) != NULL;
        rc = found[i].passes || is_asked ? keep(r, ctx, &found[i]) : ZH_OK;
    }
    return rc;
}

static zh_rc choose_all(run *r, zh_ctx *ctx, const zh_pair_key *asked, size_t nasked)
{
    zh_rc rc = ZH_OK;
    if (r->detector->series.grain != ZH_SERIES_NONE) {
        return choose_periods(r, ctx, asked, nasked);
    }
    for (size_t i = 0; i < r->all.n && rc == ZH_OK; i++) {
        const seen *s = r->all.p[i];
        rc = choose(r, ctx, s->row, s->column, (uint64_t)s->count->n, false);
    }
    for (size_t i = 0; i < nasked && rc == ZH_OK; i++) {
        const seen *s = zh_map_get(&r->pairs, pair_key(ctx->arena, asked[i].row, asked[i].column));
        rc = choose(r, ctx, asked[i].row, asked[i].column, s ? (uint64_t)s->count->n : 0, true);
    }
    return rc;
}

/* ---- second pass: the evidence
 * ------------------------------------------------------------------ */

static zh_rc add_facets(run *r, zh_ctx *ctx, kept *k, const zh_record *record)
{
    for (size_t i = 0; i < r->detector->nprofile; i++) {
        const zh_detector_dim *dim = &r->detector->profile[i];
        values found;
        zh_rc rc = values_of(r, ctx, dim, record, &found);
        if (rc != ZH_OK) {
            return rc;
        }
        if (found.n == 0) {
            found.p[found.n++] = ZH_STR("");
        }
        for (size_t v = 0; v < found.n; v++) {
            zh_str key = pair_key(ctx->arena, dim->id, found.p[v]);
            zh_facet *f = zh_map_get(&k->facets, key);
            if (f == NULL) {
                f = ZH_NEW(r->arena, zh_facet);
                zh_str value = zh_str_dup(r->arena, found.p[v]);
                *f = (zh_facet){.dim = dim, .value = value};
                f->label = value.n > 0 ? zh_detector_label(dim, value) : ZH_STR("（无值）");
                (void)zh_map_put(&k->facets, zh_str_dup(r->arena, key), f);
                zh_vec_push(r->arena, &k->order, f);
            }
            f->n++;
        }
    }
    return ZH_OK;
}

static void add_ref(run *r, zh_ctx *ctx, kept *k, const zh_record *record)
{
    const zh_register *reg = record->reg;
    zh_str line = zh_str_fmt(ctx->arena, "%" PRId64 ":%" PRId64 "\n", record->office, record->id);
    zh_str key = ZH_STR_NONE;
    zh_hash_add(&k->hash, line.p, line.n);
    if (k->refs.n == ZH_DETECT_REFS_MAX) {
        return;
    }
    for (size_t i = 0; i < reg->nbusiness_key; i++) {
        char type;
        zh_str part =
            zh_value_canonical(ctx->arena, &record->values[reg->business_key[i]->index], &type);
        key = zh_str_fmt(ctx->arena, "%.*s%s%.*s", ZH_FMT(key), i > 0 ? "/" : "", ZH_FMT(part));
    }
    zh_evidence_ref ref = {record->office, record->id, zh_str_dup(r->arena, key)};
    zh_vec_push(r->arena, &k->refs, ref);
}

static void add_date(kept *k, const zh_record *record)
{
    const zh_field *field = record->reg->event_time;
    const zh_value *v = field == NULL ? NULL : &record->values[field->index];
    if (v == NULL || (v->kind != ZH_DATE && v->kind != ZH_TIME)) {
        return;
    }
    zh_date day = v->kind == ZH_DATE ? (zh_date)v->i : zh_time_date((zh_time)v->i);
    k->pair.first = k->pair.dated && k->pair.first < day ? k->pair.first : day;
    k->pair.last = k->pair.dated && k->pair.last > day ? k->pair.last : day;
    k->pair.dated = true;
}

/* The period of a record that a series counts, as its one column value. */
static zh_rc periods_of(run *r, zh_ctx *ctx, const zh_record *record, values *out)
{
    zh_series_entry entry;
    bool part;
    zh_rc rc = entry_of(r, ctx, record, &entry, &part);
    *out = (values){.p = ZH_NEW(ctx->arena, zh_str)};
    if (rc == ZH_OK && part && entry.counted) {
        out->p[out->n++] = zh_series_period(ctx->arena, r->detector, entry.bucket);
    }
    return rc;
}

static zh_rc collect(void *user, zh_ctx *ctx, const zh_record *record)
{
    run *r = user;
    values rows, columns;
    zh_rc rc = rows_of(r, ctx, record, &rows);
    if (rc == ZH_OK) {
        rc = r->detector->series.grain != ZH_SERIES_NONE
                 ? periods_of(r, ctx, record, &columns)
                 : values_of(r, ctx, &r->detector->column, record, &columns);
    }
    for (size_t i = 0; rc == ZH_OK && i < rows.n; i++) {
        for (size_t c = 0; rc == ZH_OK && c < columns.n; c++) {
            kept *k = zh_map_get(&r->chosen, pair_key(ctx->arena, rows.p[i], columns.p[c]));
            if (k != NULL) {
                add_ref(r, ctx, k, record);
                add_date(k, record);
                rc = add_facets(r, ctx, k, record);
            }
        }
    }
    return rc;
}

/* ---- the run
 * -------------------------------------------------------------------------------------- */

static int by_facet(const void *a, const void *b)
{
    const zh_facet *x = a, *y = b;
    if (x->dim != y->dim) {
        return x->dim < y->dim ? -1 : 1; /* both in the profile's array */
    }
    if (x->n != y->n) {
        return x->n > y->n ? -1 : 1;
    }
    return zh_str_cmp(x->value, y->value);
}

static int by_values(const void *a, const void *b)
{
    const zh_detected *x = a, *y = b;
    int order = zh_str_cmp(x->row, y->row);
    return order != 0 ? order : zh_str_cmp(x->column, y->column);
}

/* Labels are the model's or copies of values. */
static void finish_pair(zh_arena *arena, kept *k, zh_detected *out)
{
    zh_digest digest;
    *out = k->pair;
    zh_hash_end(&k->hash, &digest);
    zh_digest_hex(&digest, out->digest);
    out->row = zh_str_dup(arena, out->row);
    out->column = zh_str_dup(arena, out->column);
    out->row_label = zh_str_dup(arena, out->row_label);
    out->column_label = zh_str_dup(arena, out->column_label);
    out->where = zh_str_dup(arena, out->where);
    out->nrefs = k->refs.n;
    out->refs = ZH_NEW_N(arena, zh_evidence_ref, k->refs.n + 1);
    for (size_t i = 0; i < k->refs.n; i++) {
        out->refs[i] = k->refs.p[i];
        out->refs[i].key = zh_str_dup(arena, k->refs.p[i].key);
    }
    out->facets = ZH_NEW_N(arena, zh_facet, k->order.n + 1);
    out->nfacets = k->order.n;
    for (size_t i = 0; i < k->order.n; i++) {
        out->facets[i] = *k->order.p[i];
        out->facets[i].value = zh_str_dup(arena, k->order.p[i]->value);
        out->facets[i].label = zh_str_dup(arena, k->order.p[i]->label);
    }
    zh_sort(out->facets, out->nfacets, sizeof *out->facets, by_facet);
}

static void finish(run *r, zh_ctx *ctx, zh_detection *out)
{
    *out = (zh_detection){
        .detector = r->detector,
        .position = r->position,
        .records = r->records,
        .units = r->units,
        .pairs = ZH_NEW_N(ctx->arena, zh_detected, r->keep.n + 1),
        .n = r->keep.n,
    };
    for (size_t i = 0; i < r->keep.n; i++) {
        finish_pair(ctx->arena, r->keep.p[i], &out->pairs[i]);
    }
    zh_sort(out->pairs, out->n, sizeof *out->pairs, by_values);
}

/* Memory of a run and what it reads. */
static zh_list_query open_run(run *r)
{
    zh_map *maps[] = {&r->rows, &r->columns, &r->pairs, &r->once, &r->chosen, &r->series};
    r->arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    for (size_t i = 0; i < ZH_COUNTOF(maps); i++) {
        zh_map_init(maps[i], r->arena);
    }
    return (zh_list_query){.reg = r->detector->reg,
                           .where = r->detector->has_where ? &r->detector->where : NULL,
                           .as_of = r->position,
                           .with_tables = true};
}

static int by_pair(const void *a, const void *b)
{
    const zh_pair_table *x = a;
    const zh_pair_table *y = b;
    int order = zh_str_cmp(x->row, y->row);
    return order != 0 ? order : zh_str_cmp(x->column, y->column);
}

zh_rc zh_detect_tables(zh_ctx *ctx, zh_conn *conn, const zh_detector *detector, int64_t position,
                       zh_pair_table **out, size_t *n, int64_t *units)
{
    zh_rc rc = detector->series.grain != ZH_SERIES_NONE
                   ? zh_err_set(ctx->err, ZH_EINVAL, "detector.series",
                                "探测器“%.*s”看的是时间，不是配对", ZH_FMT(detector->id))
                   : zh_detector_check(detector, ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    run r = {.detector = detector, .conn = conn, .position = position};
    zh_list_query query = open_run(&r);
    rc = zh_scan(ctx, conn, &query, count_record, &r);
    *n = rc == ZH_OK ? r.all.n : 0;
    *units = r.units;
    *out = ZH_TRY_N(ctx->arena, zh_pair_table, *n + 1);
    if (rc == ZH_OK && *out == NULL) {
        rc = zh_err_set(ctx->err, ZH_ENOMEM, "detector.memory", "配对太多，放不进内存");
    }
    for (size_t i = 0; i < *n && rc == ZH_OK; i++) {
        const seen *s = r.all.p[i];
        zh_detected p = {.row = s->row, .column = s->column};
        rc = judge(&r, ctx, &p, (uint64_t)s->count->n);
        (*out)[i] = (zh_pair_table){zh_str_dup(ctx->arena, s->row),
                                    zh_str_dup(ctx->arena, s->column), p.table};
    }
    if (rc == ZH_OK && *n > 1) {
        zh_sort(*out, *n, sizeof **out, by_pair);
    }
    zh_arena_free(r.arena);
    return rc;
}

zh_rc zh_detect(zh_ctx *ctx, zh_conn *conn, const zh_detector *detector, int64_t position,
                const zh_pair_key *asked, size_t nasked, zh_detection *out)
{
    zh_rc rc = zh_detector_check(detector, ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    run r = {.detector = detector, .conn = conn, .position = position};
    bool series = detector->series.grain != ZH_SERIES_NONE;
    zh_list_query query = open_run(&r);
    rc = zh_scan(ctx, conn, &query, series ? count_in_series : count_record, &r);
    if (rc == ZH_OK) {
        rc = choose_all(&r, ctx, asked, nasked);
    }
    if (rc == ZH_OK && r.keep.n > 0) {
        rc = zh_scan(ctx, conn, &query, collect, &r);
    }
    if (rc == ZH_OK) {
        finish(&r, ctx, out);
    }
    for (size_t i = 0; i < r.keep.n; i++) {
        zh_hash_release(&r.keep.p[i]->hash);
    }
    zh_arena_free(r.arena);
    return rc;
}

zh_rc zh_detect_periods(zh_ctx *ctx, zh_conn *conn, const zh_detector *detector, int64_t position,
                        zh_detected **out, size_t *n)
{
    zh_rc rc = detector->series.grain == ZH_SERIES_NONE
                   ? zh_err_set(ctx->err, ZH_EINVAL, "detector.series", "探测器“%.*s”不看时间",
                                ZH_FMT(detector->id))
                   : zh_detector_check(detector, ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    run r = {.detector = detector, .conn = conn, .position = position};
    zh_list_query query = open_run(&r);
    zh_detected *found = NULL;
    rc = zh_scan(ctx, conn, &query, count_in_series, &r);
    if (rc == ZH_OK) {
        rc = zh_series_judge(r.arena, detector, &r.series, &found, n, ctx->err);
    }
    if (rc == ZH_OK) {
        *out = ZH_NEW_N(ctx->arena, zh_detected, *n + 1);
        for (size_t i = 0; i < *n; i++) {
            (*out)[i] = found[i];
            (*out)[i].row = zh_str_dup(ctx->arena, found[i].row);
            (*out)[i].column = zh_str_dup(ctx->arena, found[i].column);
        }
    }
    zh_arena_free(r.arena);
    return rc;
}
