/* Reading signals: fields of the judgement records, their statistics computed again from the stored
 * table, the newest task of each with its clock, and classes through the mapping registers. */
#include "app/signal/signal.h"
#include "app/signal/series.h"
#include "core/clock/clock.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 500 };

typedef ZH_VEC(zh_signal) signals;
typedef ZH_VEC(const zh_record *) records;

/* ---- fields
 * ------------------------------------------------------------------------------------- */

static zh_str text_of(const zh_record *r, const char *id)
{
    const zh_value *v = zh_record_value(r, id);
    return v->kind == ZH_TEXT ? v->text : ZH_STR_NONE;
}

static uint64_t count_of(const zh_record *r, const char *id)
{
    const zh_value *v = zh_record_value(r, id);
    bool whole = v->kind == ZH_DECIMAL && v->decimal.digits == 0 && v->decimal.scaled >= 0;
    return whole ? (uint64_t)v->decimal.scaled : 0;
}

static zh_label name_of(const zh_register *reg, const char *id, zh_str code)
{
    const zh_field *field = zh_register_field(reg, zh_str_of(id));
    const zh_code *found =
        field == NULL || field->codes == NULL ? NULL : zh_code_find(field->codes, code, INT32_MIN);
    if (found == NULL) {
        return (zh_label){.zh = code};
    }
    return found->label;
}

static zh_str label_of(const zh_register *reg, const char *id, zh_str code)
{
    return name_of(reg, id, code).zh;
}

/* ---- numbers as shown
 * --------------------------------------------------------------------------- */

/* One decimal from the exact quotient (GB/T 8170). */
static zh_str quotient(zh_arena *arena, zh_i128 num, zh_i128 den)
{
    zh_decimal d;
    return zh_i128_ratio(num, den, 1, ZH_ROUND_HALF_EVEN, &d) == ZH_OK ? zh_decimal_str(arena, d)
                                                                       : ZH_STR_NONE;
}

static void show(zh_arena *arena, zh_signal *s)
{
    const zh_two_by_two *t = &s->table;
    const zh_disproportionality *x = &s->stats;
    zh_i128 row = (zh_i128)t->a + (zh_i128)t->b;
    zh_i128 others = (zh_i128)t->c + (zh_i128)t->d;
    if (x->prr.state == ZH_RATIO_INFINITE) {
        s->prr_shown = ZH_STR("∞");
    } else if (x->prr.state == ZH_RATIO_FINITE) {
        s->prr_shown = quotient(arena, (zh_i128)t->a * others, (zh_i128)t->c * row);
    }
    s->expected_shown = quotient(arena, row * ((zh_i128)t->a + (zh_i128)t->c), row + others);
    if (x->prr.has_interval) {
        s->interval_shown =
            zh_str_fmt(arena, "%.1f–%.1f", x->prr.interval.lower, x->prr.interval.upper);
    }
    if (x->has_chi2) {
        s->chi2_shown = zh_str_fmt(arena, "%.1f", x->chi2_yates);
    }
}

/* ---- one signal
 * --------------------------------------------------------------------------------- */

static void read_facets(zh_ctx *ctx, const zh_record *r, zh_signal *s)
{
    const zh_field *table = zh_register_field(r->reg, ZH_STR("profile"));
    if (table == NULL || table->type != ZH_TYPE_TABLE || table->ncolumns != 4) {
        return;
    }
    const zh_rows *rows = &r->tables[table->index];
    s->facets = ZH_NEW_N(ctx->arena, zh_signal_facet, rows->n + 1);
    for (size_t i = 0; i < rows->n; i++) {
        const zh_value *v = &rows->values[4 * i];
        zh_signal_facet *f = &s->facets[s->nfacets++];
        *f = (zh_signal_facet){.facet = v[0].text,
                               .label_of_facet = v[0].text,
                               .value = v[1].kind == ZH_TEXT ? v[1].text : ZH_STR(""),
                               .label = v[2].text,
                               .n = v[3].decimal.scaled};
        for (size_t k = 0; s->declared != NULL && k < s->declared->nprofile; k++) {
            if (zh_str_eq(s->declared->profile[k].id, f->facet)) {
                f->label_of_facet = s->declared->profile[k].label.zh;
            }
        }
    }
}

static void read_refs(zh_ctx *ctx, const zh_record *r, zh_signal *s)
{
    const zh_field *table = zh_register_field(r->reg, ZH_STR("evidence"));
    if (table == NULL || table->type != ZH_TYPE_TABLE || table->ncolumns != 2) {
        return;
    }
    const zh_rows *rows = &r->tables[table->index];
    s->refs = ZH_NEW_N(ctx->arena, zh_evidence_ref, rows->n + 1);
    for (size_t i = 0; i < rows->n; i++) {
        const zh_value *v = &rows->values[2 * i];
        ptrdiff_t colon = zh_str_chr(v[0].text, ':');
        zh_evidence_ref ref = {.key = v[1].kind == ZH_TEXT ? v[1].text : ZH_STR("")};
        if (colon > 0 &&
            zh_str_i64(zh_str_sub(v[0].text, 0, (size_t)colon), &ref.office) == ZH_OK &&
            zh_str_i64(zh_str_sub(v[0].text, (size_t)colon + 1, v[0].text.n), &ref.id) == ZH_OK) {
            s->refs[s->nrefs++] = ref;
        }
    }
}

/* One decimal of a stored result; empty when there is none. */
static zh_str rounded(zh_ctx *ctx, const zh_record *r, const char *id)
{
    const zh_value *v = zh_record_value(r, id);
    return v->kind == ZH_DECIMAL ? zh_str_fmt(ctx->arena, "%.1f", zh_decimal_double(v->decimal))
                                 : ZH_STR_NONE;
}

static zh_rc read_signal(zh_ctx *ctx, const zh_record *r, zh_signal *s)
{
    const zh_state *state = &r->reg->states[r->state];
    const zh_value *period = zh_record_value(r, "period");
    *s = (zh_signal){
        .office = r->office,
        .id = r->id,
        .version = r->version,
        .recorded_at = r->recorded_at,
        .detector = text_of(r, "detector"),
        .detector_version = text_of(r, "detector_version"),
        .engine = text_of(r, "engine"),
        .criteria = text_of(r, "criteria"),
        .source = text_of(r, "source"),
        .subject = text_of(r, "subject"),
        .unit = text_of(r, "unit"),
        .row = text_of(r, "row_value"),
        .row_label = text_of(r, "row_label"),
        .column = text_of(r, "column_value"),
        .column_label = text_of(r, "column_label"),
        .region = text_of(r, "region"),
        .table = {count_of(r, "a"), count_of(r, "b"), count_of(r, "c"), count_of(r, "d")},
        .where = text_of(r, "evidence_where"),
        .position = (int64_t)count_of(r, "evidence_at"),
        .digest = text_of(r, "evidence_digest"),
        .finding = text_of(r, "finding"),
        .state = state->id,
        .state_label = state->label.zh,
        .state_name = state->label,
        .lapsed = zh_str_is(state->id, "lapsed"),
    };
    if (period->kind == ZH_PERIOD) {
        s->dated = true;
        s->first = (zh_date)period->i;
        s->last = period->to;
    }
    s->declared = zh_model_detector(ctx->model, s->detector);
    s->has_ratio = zh_str_starts(s->engine, ZH_STR("disproportionality."));
    s->is_period = zh_str_starts(s->engine, ZH_STR("control_chart.")) ||
                   zh_str_starts(s->engine, ZH_STR("early_warning."));
    if (s->is_period) {
        s->expected_shown = rounded(ctx, r, "expected");
        s->bound_shown = rounded(ctx, r, "bound");
    }
    read_facets(ctx, r, s);
    read_refs(ctx, r, s);
    if (!s->has_ratio) {
        return ZH_OK;
    }
    zh_rc rc = zh_disproportionality_of(&s->table, 0.95, &s->stats, ctx->err);
    if (rc == ZH_OK) {
        show(ctx->arena, s);
    }
    return rc;
}

/* ---- lists of records
 * --------------------------------------------------------------------------- */

static zh_rc read_records(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_str where,
                          bool with_tables, records *out)
{
    zh_arena *arena = ctx->arena;
    zh_scope scope = {.model = ctx->model, .reg = reg};
    zh_program *program = where.n > 0 ? ZH_NEW(arena, zh_program) : NULL;
    zh_page page;
    zh_rc rc = program == NULL ? ZH_OK : zh_expr_compile(arena, &scope, where, program, ctx->err);
    zh_list_query q = {.reg = reg,
                       .where = program,
                       .limit = PAGE,
                       .as_of = ZH_AS_OF_NOW,
                       .with_tables = with_tables};
    do {
        rc = rc == ZH_OK ? zh_list(ctx, conn, &q, &page) : rc;
        for (size_t i = 0; rc == ZH_OK && i < page.n; i++) {
            zh_vec_push(arena, out, page.records[i]);
        }
        q.after = rc == ZH_OK ? page.next : ZH_STR_NONE;
        if (rc == ZH_OK && out->n > ZH_SIGNALS_LISTED_MAX) {
            return zh_err_set(ctx->err, ZH_ELIMIT, "signals.limit", "信号超过 %zu 个，请加条件",
                              ZH_SIGNALS_LISTED_MAX);
        }
    } while (q.after.n > 0);
    return rc;
}

/* ---- mapping of classes
 * ------------------------------------------------------------------------- */

static void map_facet(zh_ctx *ctx, const zh_detector_dim *dim, const records *rows,
                      zh_signal_facet *f)
{
    ZH_VEC(zh_mapped) found = {0};
    for (size_t i = 0; i < rows->n; i++) {
        const zh_value *v = rows->p[i]->values;
        if (zh_str_eq(v[dim->map_from->index].text, f->value)) {
            zh_str code = v[dim->map_to->index].text;
            const zh_code *c = zh_code_find(dim->map_to->codes, code, INT32_MIN);
            zh_mapped one = {code, c == NULL ? code : c->label.zh};
            zh_vec_push(ctx->arena, &found, one);
        }
    }
    f->mapped = found.p;
    f->nmapped = found.n;
}

static zh_rc map_facets(zh_ctx *ctx, zh_conn *conn, const zh_detector *d, zh_signal *list, size_t n)
{
    zh_rc rc = ZH_OK;
    for (size_t k = 0; k < d->nprofile && rc == ZH_OK; k++) {
        const zh_detector_dim *dim = &d->profile[k];
        records rows = {0};
        if (dim->map == NULL || dim->map_from == NULL || dim->map_to == NULL) {
            continue;
        }
        rc = read_records(ctx, conn, dim->map, ZH_STR_NONE, false, &rows);
        for (size_t i = 0; rc == ZH_OK && i < n; i++) {
            for (size_t f = 0; f < list[i].nfacets && list[i].declared == d; f++) {
                if (zh_str_eq(list[i].facets[f].facet, dim->id)) {
                    map_facet(ctx, dim, &rows, &list[i].facets[f]);
                }
            }
        }
    }
    return rc;
}

/* ---- tasks
 * -------------------------------------------------------------------------------------- */

static void read_task(const zh_record *r, const zh_clock_state *clocks, zh_signal_task *out)
{
    const zh_state *state = &r->reg->states[r->state];
    zh_str kind = text_of(r, "kind");
    zh_str place = text_of(r, "place");
    *out = (zh_signal_task){
        .office = r->office,
        .id = r->id,
        .no = text_of(r, "no"),
        .kind = kind,
        .kind_label = label_of(r->reg, "kind", kind),
        .kind_name = name_of(r->reg, "kind", kind),
        .state = state->id,
        .state_label = state->label.zh,
        .state_name = state->label,
        .place = place,
        .place_label = label_of(r->reg, "place", place),
        .opened_at = (zh_time)zh_record_value(r, "opened_at")->i,
    };
    if (r->reg->nclocks > 0) {
        out->has_due = clocks[0].has_due;
        out->due_at = clocks[0].due_at;
        out->ended = clocks[0].ended;
        out->late = clocks[0].breached;
    }
}

static int by_id(const void *a, const void *b)
{
    const zh_signal *const *x = a;
    const zh_signal *const *y = b;
    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* The newest task of each signal: two questions, however many there are. */
static zh_rc add_tasks(zh_ctx *ctx, zh_conn *conn, const zh_detector *d, zh_signal *list, size_t n)
{
    records tasks = {0};
    zh_str where = zh_str_fmt(ctx->arena, "detector = '%.*s'", ZH_FMT(d->id));
    zh_rc rc = d->tasks == NULL ? ZH_OK : read_records(ctx, conn, d->tasks, where, false, &tasks);
    if (rc != ZH_OK || tasks.n == 0) {
        return rc;
    }
    size_t nclocks = d->tasks->nclocks;
    zh_clock_state *clocks = ZH_NEW_N(ctx->arena, zh_clock_state, tasks.n * nclocks + 1);
    zh_signal **sorted = ZH_NEW_N(ctx->arena, zh_signal *, n);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &list[i];
    }
    zh_sort(sorted, n, sizeof *sorted, by_id);
    rc = zh_clock_load_all(ctx, conn, (const zh_record *const *)tasks.p, tasks.n, clocks);
    for (size_t t = 0; t < tasks.n && rc == ZH_OK; t++) {
        const zh_signal key = {.id = zh_record_value(tasks.p[t], "signal")->i};
        const zh_signal *wanted = &key;
        zh_signal **found = bsearch(&wanted, sorted, n, sizeof *sorted, by_id);
        if (found != NULL && (!(*found)->has_task || (*found)->task.id < tasks.p[t]->id)) {
            (*found)->has_task = true;
            read_task(tasks.p[t], clocks + t * nclocks, &(*found)->task);
        }
    }
    return rc;
}

/* ---- listing
 * ------------------------------------------------------------------------------------ */

static double strength(const zh_signal *s)
{
    return s->has_ratio && s->stats.has_chi2 ? s->stats.chi2_yates : -1.0;
}

static int by_strength(const void *a, const void *b)
{
    const zh_signal *x = a, *y = b;
    bool infinite = x->has_ratio && x->stats.prr.state == ZH_RATIO_INFINITE;
    bool other = y->has_ratio && y->stats.prr.state == ZH_RATIO_INFINITE;
    if (infinite != other) {
        return infinite ? -1 : 1;
    }
    if (strength(x) < strength(y) || strength(x) > strength(y)) {
        return strength(x) > strength(y) ? -1 : 1;
    }
    if (x->is_period && y->is_period && !zh_str_eq(x->column, y->column)) {
        return zh_str_cmp(y->column, x->column); /* the newest first */
    }
    if (x->table.a != y->table.a) {
        return x->table.a > y->table.a ? -1 : 1;
    }
    return zh_str_cmp(x->subject, y->subject);
}

static bool in_region(const zh_ctx *ctx, const zh_signal *s, zh_str region)
{
    const zh_codes *codes = zh_model_codes(ctx->model, ZH_STR("region"));
    if (region.n == 0) {
        return true;
    }
    const zh_code *own = codes == NULL ? NULL : zh_code_find(codes, s->region, INT32_MIN);
    const zh_code *asked = codes == NULL ? NULL : zh_code_find(codes, region, INT32_MIN);
    return own != NULL && asked != NULL && zh_code_within(own, asked);
}

static zh_rc list_detector(zh_ctx *ctx, zh_conn *conn, const zh_signals_query *q,
                           const zh_detector *d, signals *out)
{
    records found = {0};
    size_t first = out->n;
    zh_str where = zh_str_fmt(ctx->arena, "detector = '%.*s'%s", ZH_FMT(d->id),
                              q->with_lapsed ? "" : " and state != 'lapsed'");
    zh_rc rc = read_records(ctx, conn, d->signals, where, true, &found);
    for (size_t i = 0; i < found.n && rc == ZH_OK; i++) {
        zh_signal s;
        rc = read_signal(ctx, found.p[i], &s);
        if (rc == ZH_OK && in_region(ctx, &s, q->region)) {
            zh_vec_push(ctx->arena, out, s);
        }
    }
    if (rc != ZH_OK || out->n == first) {
        return rc;
    }
    zh_sort(out->p + first, out->n - first, sizeof *out->p, by_strength);
    rc = map_facets(ctx, conn, d, out->p + first, out->n - first);
    return rc == ZH_OK ? add_tasks(ctx, conn, d, out->p + first, out->n - first) : rc;
}

zh_rc zh_signals_list(zh_ctx *ctx, zh_conn *conn, const zh_signals_query *query, zh_signal **out,
                      size_t *n)
{
    signals all = {0};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ctx->model->ndetectors && rc == ZH_OK; i++) {
        const zh_detector *d = &ctx->model->detectors[i];
        if (query->detector == NULL || query->detector == d) {
            rc = list_detector(ctx, conn, query, d, &all);
        }
    }
    *out = all.p;
    *n = all.n;
    return rc;
}

zh_rc zh_signal_get(zh_ctx *ctx, zh_conn *conn, int64_t id, zh_signal *out)
{
    for (size_t i = 0; i < ctx->model->ndetectors; i++) {
        const zh_detector *d = &ctx->model->detectors[i];
        zh_err before = *ctx->err;
        zh_record *record = NULL;
        zh_rc rc = zh_record_get(ctx, conn, d->signals, 0, id, ZH_AS_OF_NOW, &record);
        if (rc == ZH_ENOTFOUND) {
            *ctx->err = before;
            continue;
        }
        rc = rc == ZH_OK ? read_signal(ctx, record, out) : rc;
        if (rc == ZH_OK && out->declared != NULL) {
            rc = map_facets(ctx, conn, out->declared, out, 1);
            rc = rc == ZH_OK ? add_tasks(ctx, conn, out->declared, out, 1) : rc;
        }
        return rc;
    }
    return zh_err_set(ctx->err, ZH_ENOTFOUND, "signals.unknown", "没有信号 %" PRId64, id);
}

/* ---- signals of a record ------------------------------------------------------------------------
 */

/* 'text' with quotes doubled. */
static zh_str literal(zh_arena *arena, zh_str text)
{
    zh_str out = ZH_STR("'");
    zh_str piece;
    bool first = true;
    while (zh_str_split(&text, '\'', &piece)) {
        out = zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(out), first ? "" : "''", ZH_FMT(piece));
        first = false;
    }
    return zh_str_fmt(arena, "%.*s'", ZH_FMT(out));
}

/* The detector's rows that the record belongs to, as a list of literals; empty: to none. */
static zh_rc rows_of(zh_ctx *ctx, zh_conn *conn, const zh_detector *d, const zh_record *record,
                     zh_str *out)
{
    zh_env env = zh_read_env(ctx, conn, ZH_AS_OF_NOW, record);
    const zh_field *table = d->row.table;
    size_t n = table != NULL ? record->tables[table->index].n : 1;
    zh_rc rc = ZH_OK;
    *out = d->row.id.n > 0 ? ZH_STR("") : literal(ctx->arena, zh_str_of(ZH_SERIES_ALL));
    env.rows = table != NULL ? &record->tables[table->index] : NULL;
    for (size_t i = 0; d->row.id.n > 0 && i < n && i < ZH_DETECT_VALUES_MAX && rc == ZH_OK; i++) {
        zh_value v = {.kind = ZH_NULL};
        env.row = i;
        rc = zh_eval(&d->row.value, &env, &v, ctx->err);
        if (rc == ZH_OK && v.kind == ZH_TEXT) {
            *out = zh_str_fmt(ctx->arena, "%.*s%s%.*s", ZH_FMT(*out), out->n > 0 ? ", " : "",
                              ZH_FMT(literal(ctx->arena, v.text)));
        }
    }
    return rc;
}

static zh_rc rests_on(zh_ctx *ctx, zh_conn *conn, const zh_signal *s, const zh_record *record,
                      bool *out)
{
    *out = false;
    for (size_t i = 0; i < s->nrefs && !*out; i++) {
        *out = s->refs[i].office == record->office && s->refs[i].id == record->id;
    }
    if (*out || s->nrefs < ZH_DETECT_REFS_MAX) {
        return ZH_OK;
    }
    zh_scope scope = {.model = ctx->model, .reg = record->reg};
    zh_program where;
    zh_env env = zh_read_env(ctx, conn, ZH_AS_OF_NOW, record);
    zh_rc rc = zh_expr_compile(ctx->arena, &scope, s->where, &where, ctx->err);
    return rc == ZH_OK ? zh_eval_true(&where, &env, out, ctx->err) : rc;
}

static zh_rc signals_of(zh_ctx *ctx, zh_conn *conn, const zh_detector *d, const zh_record *record,
                        signals *out)
{
    records found = {0};
    size_t first = out->n;
    zh_str rows;
    zh_rc rc = rows_of(ctx, conn, d, record, &rows);
    if (rc == ZH_OK && rows.n > 0) {
        zh_str where = zh_str_fmt(ctx->arena,
                                  "detector = '%.*s' and row_value in (%.*s) and state != 'lapsed'",
                                  ZH_FMT(d->id), ZH_FMT(rows));
        rc = read_records(ctx, conn, d->signals, where, true, &found);
    }
    for (size_t i = 0; i < found.n && rc == ZH_OK; i++) {
        zh_signal s;
        bool holds = false;
        rc = read_signal(ctx, found.p[i], &s);
        rc = rc == ZH_OK ? rests_on(ctx, conn, &s, record, &holds) : rc;
        if (rc == ZH_OK && holds) {
            zh_vec_push(ctx->arena, out, s);
        }
    }
    if (rc == ZH_OK && out->n > first) {
        zh_sort(out->p + first, out->n - first, sizeof *out->p, by_strength);
    }
    return rc;
}

zh_rc zh_signals_of(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_signal **out, size_t *n)
{
    signals all = {0};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ctx->model->ndetectors && rc == ZH_OK; i++) {
        const zh_detector *d = &ctx->model->detectors[i];
        if (d->reg == record->reg) {
            rc = signals_of(ctx, conn, d, record, &all);
        }
    }
    *out = all.p;
    *n = all.n;
    return rc;
}

zh_rc zh_signal_evidence(zh_ctx *ctx, zh_conn *conn, const zh_signal *signal, zh_str after,
                         size_t limit, bool with_tables, zh_page *out)
{
    const zh_register *reg = zh_model_register(ctx->model, signal->source);
    if (reg == NULL) {
        return zh_err_set(ctx->err, ZH_ENOTFOUND, "signals.source", "没有来源登记册“%.*s”",
                          ZH_FMT(signal->source));
    }
    zh_scope scope = {.model = ctx->model, .reg = reg};
    zh_program *where = ZH_NEW(ctx->arena, zh_program);
    zh_rc rc = zh_expr_compile(ctx->arena, &scope, signal->where, where, ctx->err);
    zh_list_query q = {.reg = reg,
                       .where = where,
                       .after = after,
                       .limit = limit,
                       .as_of = signal->position,
                       .with_tables = with_tables};
    return rc == ZH_OK ? zh_list(ctx, conn, &q, out) : rc;
}
