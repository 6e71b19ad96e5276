/* Clocks: choosing the version by its triggering date, ends of periods, suspension, events. */
#include "core/clock/clock.h"
#include "core/instance/core_private.h"
#include <inttypes.h>
#include <string.h>

/* ---- periods -------------------------------------------------------------------------------- */

static zh_rc version_of(const zh_env *env, const zh_clock *clock, zh_time trigger,
                        const zh_clock_version **out, zh_err *err)
{
    zh_date date = zh_time_date(trigger);
    *out = NULL;
    for (size_t i = 0; i < clock->nversions && *out == NULL; i++) {
        const zh_clock_version *v = &clock->versions[i];
        bool applies = date >= v->from && date <= v->to;
        if (applies && v->has_when) {
            zh_env scratch = *env;
            zh_rc rc = zh_eval_true(&v->when, &scratch, &applies, err);
            if (rc != ZH_OK) {
                return rc;
            }
        }
        *out = applies ? v : NULL;
    }
    return ZH_OK;
}

static bool amount_of(const zh_clock_version *v, const zh_record *record, int64_t *out)
{
    *out = v->amount;
    if (v->amount_field == NULL) {
        return true;
    }
    const zh_value *value = &record->values[v->amount_field->index];
    zh_decimal whole;
    if (value->kind != ZH_DECIMAL || value->mark != ZH_MARK_EXACT ||
        zh_decimal_rescale(value->decimal, 0, ZH_ROUND_UP, &whole) != ZH_OK) {
        return false;
    }
    *out = whole.scaled;
    return whole.scaled >= 0 && whole.scaled <= ZH_CLOCK_AMOUNT_MAX;
}

/* The spans that are over, and the one that lasts. */
static const zh_clock_span *all_spans(zh_arena *arena, const zh_clock_state *s, size_t *n)
{
    *n = s->nspans + s->suspended;
    if (!s->suspended) {
        return s->spans;
    }
    zh_clock_span *spans = ZH_NEW_N(arena, zh_clock_span, *n);
    for (size_t i = 0; i < s->nspans; i++) {
        spans[i] = s->spans[i];
    }
    spans[s->nspans] = (zh_clock_span){s->suspended_at, ZH_CLOCK_STANDING};
    return spans;
}

zh_rc zh_clock_add_up(const zh_env *env, const zh_record *record, const zh_clock *clock,
                      const zh_clock_state *s, zh_clock_sum *out, zh_err *err)
{
    *out = (zh_clock_sum){.rc = ZH_EINVAL};
    zh_clock_period *p = &out->period;
    zh_rc rc = version_of(env, clock, s->started_at, &out->version, err);
    const zh_clock_version *v = out->version;
    if (rc != ZH_OK || v == NULL) {
        return rc;
    }
    *p = (zh_clock_period){.calendar = env->calendar, .trigger = s->started_at};
    p->spans = all_spans(env->arena, s, &p->nspans);
    zh_clock_leg more = {(int64_t)clock->extend_amount * s->extended, clock->extend_unit};
    out->extension = more;
    if (v->fixed_month != 0) {
        out->rc = zh_clock_fixed_end(p, v->fixed_month, v->fixed_day,
                                     clock->every > 0 ? s->passed : 0, more, &out->ending);
        return ZH_OK;
    }
    int64_t amount = 0;
    if (!amount_of(v, record, &amount)) {
        return ZH_OK;
    }
    if (clock->every > 0 && s->passed > 0) {
        zh_clock_leg_add(p, (int64_t)clock->every * s->passed, clock->every_unit);
    }
    zh_clock_leg_add(p, amount, v->unit);
    if (more.amount > 0) {
        zh_clock_leg_add(p, more.amount, more.unit);
    }
    out->rc = zh_clock_period_end(p, &out->ending);
    return ZH_OK;
}

/* A version without an end, an amount not given and a clock that stands still leave none. */
static zh_rc set_due(const zh_env *env, const zh_clock *clock, const zh_record *record,
                     zh_clock_state *s, bool *uncovered, zh_err *err)
{
    zh_clock_sum sum;
    zh_rc rc = zh_clock_add_up(env, record, clock, s, &sum, err);
    if (rc != ZH_OK) {
        return rc;
    }
    s->has_due = sum.rc == ZH_OK;
    s->due_at = sum.ending.due;
    *uncovered |= sum.rc == ZH_ENOTFOUND || sum.rc == ZH_ELIMIT;
    return ZH_OK;
}

/* ---- events --------------------------------------------------------------------------------- */

static bool state_is(const zh_record *record, zh_str id)
{
    return record->state >= 0 && zh_str_eq(record->reg->states[record->state].id, id);
}

/* Whether the event `name` happened in this version, and when. A field happens at its own instant.
 */
static bool happened(const zh_clock_event *e, zh_str name, zh_time *at)
{
    *at = e->record->recorded_at;
    if (e->transition != NULL && zh_str_eq(e->transition->id, name)) {
        return true;
    }
    if (state_is(e->record, name)) {
        return e->old == NULL || e->old->state != e->record->state;
    }
    const zh_field *field = zh_register_field(e->record->reg, name);
    if (field == NULL || field->table != NULL || field->type == ZH_TYPE_TABLE) {
        return false;
    }
    const zh_value *value = &e->record->values[field->index];
    if (value->kind == ZH_NULL ||
        (e->old != NULL && zh_value_same(&e->old->values[field->index], value))) {
        return false;
    }
    if (value->kind == ZH_DATE) {
        *at = zh_date_start((zh_date)value->i);
    } else if (value->kind == ZH_TIME) {
        *at = value->i;
    }
    return true;
}

static bool any_happened(const zh_clock_event *e, const zh_str *names, size_t n, zh_time *at)
{
    for (size_t i = 0; i < n; i++) {
        if (happened(e, names[i], at)) {
            return true;
        }
    }
    return false;
}

static bool stands_still(const zh_clock *clock, const zh_record *record)
{
    for (size_t i = 0; i < clock->nsuspend; i++) {
        if (state_is(record, clock->suspend[i])) {
            return true;
        }
    }
    return false;
}

/* The starting field had a value already: another one corrects the trigger, unless it lies after
 * the end, which makes it a new event. */
static bool corrects(const zh_clock_event *e, const zh_clock *clock, const zh_clock_state *s,
                     zh_time at)
{
    const zh_field *field = zh_register_field(e->record->reg, clock->start);
    bool had = e->old != NULL && field != NULL && field->table == NULL &&
               field->type != ZH_TYPE_TABLE && e->old->values[field->index].kind != ZH_NULL;
    return had && s->started && !(s->ended && at > s->ended_at);
}

static void start(const zh_clock_event *e, const zh_clock *clock, zh_time at, zh_clock_state *s)
{
    if (corrects(e, clock, s, at)) {
        s->started_at = at;
        s->passed = 0;
        s->breached = false;
    } else {
        *s = (zh_clock_state){.started = true, .started_at = at};
    }
}

static zh_rc end_span(const zh_env *env, zh_time now, zh_clock_state *s, zh_err *err)
{
    if (s->nspans == ZH_CLOCK_SPANS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "clock.spans", "时限已停过 %zu 次，不能再停",
                          ZH_CLOCK_SPANS_MAX);
    }
    zh_clock_span *spans = ZH_NEW_N(env->arena, zh_clock_span, s->nspans + 1);
    for (size_t i = 0; i < s->nspans; i++) {
        spans[i] = s->spans[i];
    }
    spans[s->nspans++] = (zh_clock_span){s->suspended_at, now};
    s->spans = spans;
    s->suspended = false;
    return ZH_OK;
}

static bool extends(const zh_clock_event *e, const zh_clock *clock, const zh_clock_state *s)
{
    return s->started && !s->ended && e->transition != NULL && clock->extend_by.n > 0 &&
           zh_str_eq(e->transition->id, clock->extend_by) &&
           (uint32_t)s->extended < clock->extend_limit;
}

static zh_rc advance_one(const zh_env *env, const zh_clock_event *e, const zh_clock *clock,
                         zh_clock_state *s, bool *uncovered, zh_err *err)
{
    zh_time at = 0;
    zh_time now = e->record->recorded_at;
    zh_rc rc = ZH_OK;
    if (e->breached == clock) { /* a recurring clock goes on to its next period */
        s->passed += clock->every > 0;
        s->breached = clock->every == 0;
    }
    /* going back to the state it began in ends a suspension, it does not begin anew */
    bool back = s->suspended && state_is(e->record, clock->start);
    bool started = !back && happened(e, clock->start, &at);
    if (started) {
        start(e, clock, at, s);
    }
    s->extended += extends(e, clock, s);
    bool still = s->started && !s->ended && stands_still(clock, e->record);
    if (still && !s->suspended) {
        s->suspended = true;
        s->suspended_at = now;
    } else if (!still && s->suspended) {
        rc = end_span(env, now, s, err);
    }
    if (rc == ZH_OK && s->started && !s->breached && (started || !s->ended)) {
        rc = set_due(env, clock, e->record, s, uncovered, err);
    }
    if (rc == ZH_OK && s->started && !s->ended && any_happened(e, clock->stop, clock->nstop, &at)) {
        s->ended = true;
        s->ended_at = at;
        s->suspended = false;
    }
    return rc;
}

zh_rc zh_clock_advance(const zh_env *env, const zh_clock_event *event, const zh_clock_state *before,
                       zh_clock_state *after, bool *uncovered, zh_err *err)
{
    const zh_register *reg = event->record->reg;
    *uncovered = false;
    for (size_t i = 0; i < reg->nclocks; i++) {
        after[i] = before[i];
        zh_rc rc = advance_one(env, event, &reg->clocks[i], &after[i], uncovered, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

bool zh_clock_same(const zh_clock_state *a, const zh_clock_state *b)
{
    return a->started == b->started && a->has_due == b->has_due && a->ended == b->ended &&
           a->suspended == b->suspended && a->breached == b->breached &&
           a->started_at == b->started_at && (!a->has_due || a->due_at == b->due_at) &&
           (!a->ended || a->ended_at == b->ended_at) &&
           (!a->suspended || a->suspended_at == b->suspended_at) && a->passed == b->passed &&
           a->extended == b->extended && a->nspans == b->nspans;
}

zh_value zh_clock_value(const zh_clock_state *s, zh_clock_attr attr)
{
    if (!s->started) {
        return ZH_VALUE_NULL;
    }
    bool late = s->ended && s->has_due && s->ended_at >= s->due_at;
    switch (attr) {
    case ZH_CLOCK_DUE:
        return s->has_due ? zh_value_date(zh_time_date(s->due_at - 1)) : ZH_VALUE_NULL;
    case ZH_CLOCK_OPEN: return zh_value_bool(!s->ended && !s->breached);
    case ZH_CLOCK_MET: return zh_value_bool(s->ended && !late);
    case ZH_CLOCK_BREACHED: return zh_value_bool(s->breached || late);
    case ZH_CLOCK_EXPIRED: break;
    }
    return zh_value_bool(s->breached);
}

/* ---- stored --------------------------------------------------------------------------------- */

static const zh_clock *clock_named(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->nclocks; i++) {
        if (zh_str_eq(reg->clocks[i].id, id)) {
            return &reg->clocks[i];
        }
    }
    return NULL; /* no longer declared */
}

zh_str zh_clock_spans_text(zh_arena *arena, const zh_clock_state *s)
{
    zh_str out = ZH_STR_NONE;
    if (s->nspans > 0) {
        zh_buf text;
        zh_buf_init(&text, s->nspans * 48);
        for (size_t i = 0; i < s->nspans; i++) {
            zh_buf_fmt(&text, "%s%" PRId64 " %" PRId64, i > 0 ? " " : "", s->spans[i].from,
                       s->spans[i].to);
        }
        out = zh_str_dup(arena, zh_buf_view(&text));
        zh_buf_free(&text);
    }
    return out;
}

static zh_rc read_spans(zh_arena *arena, zh_str text, zh_clock_state *s)
{
    zh_clock_span *spans = ZH_NEW_N(arena, zh_clock_span, text.n / 4 + 1);
    zh_str from;
    zh_str to;
    s->spans = spans;
    while (text.n > 0 && zh_str_split(&text, ' ', &from)) {
        zh_clock_span *span = &spans[s->nspans++];
        if (!zh_str_split(&text, ' ', &to) || zh_str_i64(from, &span->from) != ZH_OK ||
            zh_str_i64(to, &span->to) != ZH_OK) {
            return ZH_ECORRUPT;
        }
    }
    return ZH_OK;
}

/* Reads the rows of a statement that selects clock, started_at … spans, record. */
static zh_rc read_states(zh_ctx *ctx, zh_stmt *stmt, const zh_record *const *records, size_t n,
                         zh_clock_state *out)
{
    const zh_register *reg = records[0]->reg;
    zh_rc rc = ZH_OK;
    while ((rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        const zh_clock *clock = clock_named(reg, zh_col_str(stmt, 0));
        for (size_t i = 0; i < n && clock != NULL; i++) {
            if (records[i]->id == zh_col_i64(stmt, 9)) {
                zh_clock_state *s = &out[i * reg->nclocks + (size_t)(clock - reg->clocks)];
                *s = (zh_clock_state){
                    .started = zh_col_i64(stmt, 1) != 0, /* 0: taken back */
                    .has_due = !zh_col_null(stmt, 2),
                    .ended = !zh_col_null(stmt, 3),
                    .suspended = !zh_col_null(stmt, 4),
                    .breached = zh_col_i64(stmt, 5) != 0,
                    .started_at = zh_col_i64(stmt, 1),
                    .due_at = zh_col_i64(stmt, 2),
                    .ended_at = zh_col_i64(stmt, 3),
                    .suspended_at = zh_col_i64(stmt, 4),
                    .passed = (int32_t)zh_col_i64(stmt, 6),
                    .extended = (int32_t)zh_col_i64(stmt, 7),
                };
                if (read_spans(ctx->arena, zh_col_str(stmt, 8), s) != ZH_OK) {
                    return zh_err_set(ctx->err, ZH_ECORRUPT, "clock.spans",
                                      "时限“%.*s”的停表区间读不出来", ZH_FMT(clock->id));
                }
            }
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Records of one office, at most a batch. */
static zh_rc load_batch(zh_ctx *ctx, zh_conn *conn, const zh_record *const *records, size_t n,
                        zh_clock_state *out)
{
    zh_sql_value values[ZH_CLOCK_BATCH + 2];
    zh_str sql = ZH_STR("SELECT clock, started_at, due_at, ended_at, suspended_at, breached, "
                        "passed, extended, spans, record "
                        "FROM zh_clock WHERE office = ? AND register = ? AND record IN (");
    zh_buf text;
    zh_stmt *stmt = NULL;
    zh_buf_init(&text, sql.n + 2 * ZH_CLOCK_BATCH + 2);
    zh_buf_str(&text, sql);
    values[0] = ZH_SQL_INT(records[0]->office);
    values[1] = ZH_SQL_STR(records[0]->reg->id);
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(&text, i > 0 ? ",?" : "?");
        values[i + 2] = ZH_SQL_INT(records[i]->id);
    }
    zh_buf_c(&text, ')');
    zh_rc rc = zh_query(conn, zh_buf_view(&text), values, n + 2, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = read_states(ctx, stmt, records, n, out);
    }
    zh_finish(stmt);
    zh_buf_free(&text);
    return rc;
}

zh_rc zh_clock_load_all(zh_ctx *ctx, zh_conn *conn, const zh_record *const *records, size_t n,
                        zh_clock_state *out)
{
    zh_rc rc = ZH_OK;
    for (size_t from = 0, to = 0; from < n && rc == ZH_OK; from = to) {
        size_t clocks = records[from]->reg->nclocks;
        while (to < n && to - from < ZH_CLOCK_BATCH &&
               records[to]->office == records[from]->office) {
            to++;
        }
        memset(out + from * clocks, 0, (to - from) * clocks * sizeof *out);
        rc = clocks > 0 ? load_batch(ctx, conn, records + from, to - from, out + from * clocks)
                        : ZH_OK;
    }
    return rc;
}

zh_rc zh_clock_load(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_clock_state *out)
{
    return zh_clock_load_all(ctx, conn, &record, 1, out);
}

zh_rc zh_clock_load_version(zh_ctx *ctx, zh_conn *conn, const zh_record *record,
                            zh_clock_state *out)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_INT(record->office), ZH_SQL_STR(record->reg->id),
                          ZH_SQL_INT(record->id), ZH_SQL_INT(record->version)};
    if (record->reg->nclocks == 0) {
        return ZH_OK;
    }
    memset(out, 0, record->reg->nclocks * sizeof *out);
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT clock, started_at, due_at, ended_at, suspended_at, "
                               "breached, passed, extended, spans, record FROM zh_clock_h h WHERE "
                               "office = ? AND register = ? AND record = ? AND version = (SELECT "
                               "MAX(k.version) FROM zh_clock_h k WHERE k.office = h.office AND "
                               "k.register = h.register AND k.record = h.record AND k.clock = "
                               "h.clock AND k.version <= ?)"),
                        key, ZH_COUNTOF(key), &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = read_states(ctx, stmt, &record, 1, out);
    }
    zh_finish(stmt);
    return rc;
}
