/* Clocks: choosing the version by its triggering date, ends of periods, suspension, events. */
#include "core/clock.h"
#include "core/core_private.h"
#include <string.h>

#define DAY_US  INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

/* Units; also what a declared amount field may say. With LAST_YEAR no end leaves the calendar. */
enum { AMOUNT_MAX = 36525, YEARS_MAX = 100, LAST_YEAR = 9890 };

/* ---- periods -------------------------------------------------------------------------------- */

/* The last day of a period in calendar units, moved to a working day where the calendar knows one.
 */
static zh_time after_day(const zh_calendar *calendar, zh_date last)
{
    zh_date rolled = last;
    if (calendar != NULL && zh_calendar_roll(calendar, last, &rolled) != ZH_OK) {
        rolled = last;
    }
    return zh_date_start(rolled) + DAY_US;
}

zh_rc zh_clock_end(const zh_calendar *calendar, zh_time trigger, int64_t amount, zh_unit_time unit,
                   zh_time *out)
{
    zh_date day = zh_time_date(trigger);
    zh_date last = day;
    int64_t longest = unit == ZH_MONTH ? AMOUNT_MAX / 30 : unit == ZH_YEAR ? YEARS_MAX : AMOUNT_MAX;
    if (amount < 0 || amount > longest || day > zh_date_of(LAST_YEAR, 1, 1)) {
        return ZH_ELIMIT;
    }
    switch (unit) {
    case ZH_HOUR: *out = trigger + amount * HOUR_US; return ZH_OK;
    case ZH_DAY: *out = after_day(calendar, day + (zh_date)amount); return ZH_OK;
    case ZH_MONTH: *out = after_day(calendar, zh_date_add_months(day, (int)amount)); return ZH_OK;
    case ZH_YEAR:
        *out = after_day(calendar, zh_date_add_months(day, (int)amount * 12));
        return ZH_OK;
    case ZH_WORKING_DAY: break;
    }
    if (calendar == NULL || zh_calendar_add_working(calendar, day, (int)amount, &last) != ZH_OK) {
        return ZH_ENOTFOUND;
    }
    *out = zh_date_start(last) + DAY_US;
    return ZH_OK;
}

/* The next --MM-DD on or after the trigger's date. */
static zh_time fixed_end(const zh_calendar *calendar, zh_time trigger, int month, int day)
{
    zh_date from = zh_time_date(trigger);
    int year;
    int m;
    int d;
    zh_date_civil(from, &year, &m, &d);
    for (;; year++) {
        int days = zh_days_in_month(year, month);
        zh_date end = zh_date_of(year, month, day < days ? day : days);
        if (end >= from) {
            return after_day(calendar, end);
        }
    }
}

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
    return whole.scaled >= 0 && whole.scaled <= AMOUNT_MAX;
}

/* Sets due_at from the trigger; a version without an end (or an amount not given) leaves none. */
static zh_rc set_due(const zh_env *env, const zh_clock *clock, const zh_record *record,
                     zh_clock_state *s, bool *uncovered, zh_err *err)
{
    const zh_clock_version *v = NULL;
    zh_rc rc = version_of(env, clock, s->started_at, &v, err);
    s->has_due = false;
    if (rc != ZH_OK || v == NULL) {
        return rc;
    }
    if (v->fixed_month != 0) {
        s->due_at = fixed_end(env->calendar, s->started_at, v->fixed_month, v->fixed_day);
        s->has_due = true;
        return ZH_OK;
    }
    int64_t amount = 0;
    if (!amount_of(v, record, &amount)) {
        return ZH_OK;
    }
    s->has_due = zh_clock_end(env->calendar, s->started_at, amount, v->unit, &s->due_at) == ZH_OK;
    *uncovered |= !s->has_due;
    return ZH_OK;
}

/* Moves the end by the time the clock stood still. */
static zh_rc resume(const zh_env *env, const zh_clock *clock, zh_time now, zh_clock_state *s,
                    bool *uncovered, zh_err *err)
{
    zh_time since = s->suspended_at;
    const zh_clock_version *v = NULL;
    s->suspended = false;
    zh_rc rc = s->has_due ? version_of(env, clock, s->started_at, &v, err) : ZH_OK;
    if (rc != ZH_OK || v == NULL) {
        return rc;
    }
    zh_date from = zh_time_date(since);
    zh_date to = zh_time_date(now);
    zh_date last = zh_time_date(s->due_at - 1);
    if (v->unit == ZH_HOUR && v->fixed_month == 0) {
        s->due_at += now - since;
    } else if (v->unit != ZH_WORKING_DAY || v->fixed_month != 0) {
        s->due_at = after_day(env->calendar, last + (to - from));
    } else {
        int days = 0;
        bool known = env->calendar != NULL;
        for (zh_date d = from + 1; d <= to && known; d++) {
            bool working = false;
            known = zh_calendar_is_working(env->calendar, d, &working) == ZH_OK;
            days += working;
        }
        known = known &&
                (days == 0 || zh_calendar_add_working(env->calendar, last, days, &last) == ZH_OK);
        s->has_due = known;
        s->due_at = zh_date_start(last) + DAY_US;
        *uncovered |= !known;
    }
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

/* The due event itself: a recurring clock goes on to its next period, another is breached. */
static zh_rc breach(const zh_env *env, const zh_clock *clock, zh_clock_state *s, bool *uncovered)
{
    if (clock->every == 0) {
        s->breached = true;
        return ZH_OK;
    }
    zh_time trigger = s->due_at - 1; /* within the last day of the period that ended */
    if (clock->every_unit == ZH_HOUR) {
        trigger = s->due_at;
    }
    s->has_due =
        zh_clock_end(env->calendar, trigger, clock->every, clock->every_unit, &s->due_at) == ZH_OK;
    *uncovered |= !s->has_due;
    return ZH_OK;
}

static zh_rc advance_one(const zh_env *env, const zh_clock_event *e, const zh_clock *clock,
                         zh_clock_state *s, bool *uncovered, zh_err *err)
{
    zh_time at = 0;
    zh_time now = e->record->recorded_at;
    zh_rc rc = ZH_OK;
    if (e->breached == clock) {
        rc = breach(env, clock, s, uncovered);
    }
    if (rc == ZH_OK && happened(e, clock->start, &at)) {
        *s = (zh_clock_state){.started = true, .started_at = at};
        rc = set_due(env, clock, e->record, s, uncovered, err);
    } else if (rc == ZH_OK && clock->every == 0 && s->started && !s->ended && !s->has_due) {
        rc = set_due(env, clock, e->record, s, uncovered, err); /* the calendar may cover it now */
    }
    if (rc == ZH_OK && s->started && !s->ended && any_happened(e, clock->stop, clock->nstop, &at)) {
        s->ended = true;
        s->ended_at = at;
        s->suspended = false;
    }
    bool still = s->started && !s->ended && stands_still(clock, e->record);
    if (rc == ZH_OK && still && !s->suspended) {
        s->suspended = true;
        s->suspended_at = now;
    } else if (rc == ZH_OK && !still && s->suspended) {
        rc = resume(env, clock, now, s, uncovered, err);
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
           (!a->suspended || a->suspended_at == b->suspended_at);
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

/* Reads the rows of a statement that selects clock, started_at … breached, record. */
static zh_rc read_states(zh_ctx *ctx, zh_stmt *stmt, const zh_record *const *records, size_t n,
                         zh_clock_state *out)
{
    const zh_register *reg = records[0]->reg;
    zh_rc rc = ZH_OK;
    while ((rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        const zh_clock *clock = clock_named(reg, zh_col_str(stmt, 0));
        for (size_t i = 0; i < n && clock != NULL; i++) {
            if (records[i]->id == zh_col_i64(stmt, 6)) {
                out[i * reg->nclocks + (size_t)(clock - reg->clocks)] = (zh_clock_state){
                    .started = true,
                    .has_due = !zh_col_null(stmt, 2),
                    .ended = !zh_col_null(stmt, 3),
                    .suspended = !zh_col_null(stmt, 4),
                    .breached = zh_col_i64(stmt, 5) != 0,
                    .started_at = zh_col_i64(stmt, 1),
                    .due_at = zh_col_i64(stmt, 2),
                    .ended_at = zh_col_i64(stmt, 3),
                    .suspended_at = zh_col_i64(stmt, 4),
                };
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
    zh_str sql =
        ZH_STR("SELECT clock, started_at, due_at, ended_at, suspended_at, breached, record "
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
