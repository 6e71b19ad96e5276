/* Making and settling expected items. */
#include "core/judgement/obligation.h"
#include "base/log.h"
#include "core/clock/clock.h"
#include "core/instance/remember.h"
#include "core/read/read.h"
#include "core/record/record.h"
#include "model/title.h"
#include <inttypes.h>

#define DAY_US INT64_C(86400000000)

enum { CHANGES_MAX = 16 };

typedef struct run {
    zh_ctx *ctx;
    const zh_register *items; /* expected_item */
    const zh_obligation *o;
    zh_time now;
    zh_obligation_run *out;
} run;

/* ---- what an obligation remembers ------------------------------------------------------------ */

static zh_str memory_name(zh_arena *arena, const zh_obligation *o, const char *what)
{
    return zh_str_fmt(arena, "obligation.%s.%.*s", what, ZH_FMT(o->name));
}

static zh_str setting_name(const run *r, const char *what)
{
    return memory_name(r->ctx->arena, r->o, what);
}

/* ---- writing items --------------------------------------------------------------------------- */

typedef struct changes {
    zh_change list[CHANGES_MAX];
    size_t n;
} changes;

static void put(const run *r, changes *c, const char *field, zh_value value)
{
    const zh_field *f = zh_register_field(r->items, zh_str_of(field));
    if (f != NULL && c->n < CHANGES_MAX) {
        c->list[c->n++] = (zh_change){.field = f, .value = value};
    }
}

static zh_str ref_text(zh_arena *arena, const zh_register *reg, int64_t office, int64_t id)
{
    return zh_str_fmt(arena, "%.*s/%" PRId64 "-%" PRId64, ZH_FMT(reg->id), office, id);
}

static zh_str party_place(const run *r, const zh_record *party)
{
    const zh_field *place = zh_register_field(party->reg, ZH_STR("place"));
    const zh_field *ours = zh_register_field(r->items, ZH_STR("place"));
    const zh_value *value = place != NULL ? &party->values[place->index] : NULL;
    return value != NULL && value->kind == ZH_TEXT && ours != NULL && place->codes == ours->codes
               ? zh_str_dup(r->ctx->arena, value->text)
               : ZH_STR_NONE;
}

typedef struct party {
    zh_str ref, name, place;
    int64_t office, id;
} party;
typedef ZH_VEC(party) parties;

/* The last day on which an item is in time. False: the calendar does not reach. */
static bool due_day(const zh_model *model, const zh_obligation *o, zh_date last, zh_date *out)
{
    zh_clock_period period = {.calendar = model->calendar, .trigger = zh_date_start(last)};
    zh_clock_ending ending;
    zh_clock_leg_add(&period, o->due, o->due_unit);
    if (zh_clock_period_end(&period, &ending) != ZH_OK) {
        return false;
    }
    *out = ending.rolled;
    return true;
}

static void describe(const run *r, const party *p, zh_date first, zh_date last, zh_date due,
                     zh_time now, changes *c)
{
    static const char *const reminders[ZH_OBLIGATION_REMINDERS_MAX] = {"remind_1", "remind_2",
                                                                       "remind_3"};
    char day[16];
    zh_date_format(first, day);
    *c = (changes){.n = 0};
    put(r, c, "code",
        zh_value_text(
            zh_str_fmt(r->ctx->arena, "%.*s/%s/%.*s", ZH_FMT(r->o->name), day, ZH_FMT(p->ref))));
    put(r, c, "duty", zh_value_text(r->o->name));
    put(r, c, "party", zh_value_text(p->name));
    put(r, c, "party_ref", zh_value_text(p->ref));
    const zh_field *firm = zh_register_field(r->items, ZH_STR("firm"));
    if (firm != NULL && firm->target == r->o->who) {
        put(r, c, "firm", (zh_value){.kind = ZH_REF, .office = p->office, .i = p->id});
    }
    if (p->place.n > 0) {
        put(r, c, "place", zh_value_text(p->place));
    }
    put(r, c, "from", zh_value_date(first));
    put(r, c, "to", zh_value_date(last));
    put(r, c, "due_on", zh_value_date(due));
    for (size_t i = 0; i < r->o->nremind; i++) {
        zh_time at;
        if (zh_clock_before(r->ctx->model->calendar, zh_date_start(due) + DAY_US, r->o->remind[i],
                            &at) &&
            at > now) {
            put(r, c, reminders[i], zh_value_time(at));
        }
    }
}

/* An item that is there already is left as it is. */
static zh_rc make_item(run *r, const party *p, zh_date first, zh_date last, zh_date due,
                       zh_time now)
{
    changes c;
    zh_conn *conn = NULL;
    zh_record *there = NULL;
    describe(r, p, first, last, due, now, &c);
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_record_by_key(r->ctx, conn, r->items, &c.list[0].value.text, &there);
        zh_store_release(conn);
    }
    if (rc != ZH_ENOTFOUND) {
        return rc;
    }
    zh_err_again(r->ctx->err);
    zh_findings findings = {0};
    zh_applied applied;
    zh_op op = {
        .kind = ZH_OP_CREATE, .reg = r->items, .changes = c.list, .nchanges = c.n, .at = now};
    rc = zh_record_apply(r->ctx, &op, &findings, &applied);
    r->out->made += rc == ZH_OK;
    return rc;
}

/* ---- who owes -------------------------------------------------------------------------------- */

typedef struct collecting {
    run *r;
    zh_arena *arena;
    parties list;
} collecting;

static zh_rc collect(void *user, zh_ctx *ctx, const zh_record *record)
{
    collecting *c = user;
    if (c->list.n == ZH_OBLIGATION_PARTIES_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "obligation.parties",
                          "填报义务“%.*s”的义务人超过 %zu 个", ZH_FMT(c->r->o->name),
                          ZH_OBLIGATION_PARTIES_MAX);
    }
    party p = {zh_str_dup(c->arena, ref_text(ctx->arena, record->reg, record->office, record->id)),
               zh_str_dup(c->arena, zh_title_plain(ctx->arena, record)),
               zh_str_dup(c->arena, party_place(c->r, record)), record->office, record->id};
    zh_vec_push(c->arena, &c->list, p);
    return ZH_OK;
}

/* Who owes for the period that begins on a day: asked of the log as it stood then. */
static zh_rc question(zh_ctx *ctx, zh_conn *conn, const zh_obligation *o, zh_date first,
                      zh_list_query *out)
{
    int64_t size = 0;
    zh_rc rc = zh_log_size_at(conn, zh_date_start(first), &size, ctx->err);
    *out = (zh_list_query){.reg = o->who,
                           .where = o->has_where ? &o->where : NULL,
                           .limit = ZH_LIMIT_MAX,
                           .as_of = size > 0 ? size : ZH_AS_OF_NOW};
    return rc;
}

zh_rc zh_obligation_parties(zh_ctx *ctx, zh_conn *conn, const zh_obligation *o, zh_date first,
                            int64_t *out)
{
    zh_list_query query;
    zh_counts counts = {0};
    zh_rc rc = question(ctx, conn, o, first, &query);
    rc = rc == ZH_OK ? zh_count(ctx, conn, &query, NULL, 0, &counts) : rc;
    *out = counts.total;
    return rc;
}

static zh_rc who_owes(run *r, zh_arena *arena, zh_date first, parties *out)
{
    collecting c = {.r = r, .arena = arena};
    zh_conn *conn = NULL;
    zh_list_query query;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = question(r->ctx, conn, r->o, first, &query);
    if (rc == ZH_OK) {
        rc = zh_scan(r->ctx, conn, &query, collect, &c);
    }
    zh_store_release(conn);
    *out = c.list;
    return rc;
}

static zh_rc make_period(run *r, zh_date first, zh_date last, zh_date due, zh_time now)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    parties list = {0};
    zh_rc rc = who_owes(r, arena, first, &list);
    for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
        zh_arena_mark mark = zh_arena_here(r->ctx->arena);
        rc = make_item(r, &list.p[i], first, last, due, now);
        zh_arena_rewind(r->ctx->arena, mark);
    }
    zh_arena_free(arena);
    return rc;
}

/* The first period to make: the current one, or what follows the last that was made. */
static zh_rc next_period(zh_ctx *ctx, zh_conn *conn, const zh_obligation *o, zh_time now,
                         zh_date *first, zh_date *last)
{
    int64_t made = 0;
    zh_rc rc = zh_remembered(ctx, conn, memory_name(ctx->arena, o, "made"), &made);
    zh_every_of(o->every, zh_time_date(now), first, last);
    if (rc == ZH_OK && made != 0) {
        zh_every_of(o->every, (zh_date)made, first, last);
        zh_every_of(o->every, *last + 1, first, last);
    }
    return rc;
}

zh_rc zh_obligation_waiting(zh_ctx *ctx, zh_conn *conn, const zh_obligation *o, zh_time now,
                            zh_obligation_wait *out)
{
    enum { YEARS_AHEAD_DAYS = 36600 };
    zh_date due = 0;
    bool working = false;
    int month = 0;
    int of_month = 0;
    *out = (zh_obligation_wait){.waits = false};
    zh_rc rc = next_period(ctx, conn, o, now, &out->first, &out->last);
    if (rc != ZH_OK || out->first > zh_time_date(now) || due_day(ctx->model, o, out->last, &due)) {
        return rc;
    }
    zh_date day = out->last;
    while (day < out->last + YEARS_AHEAD_DAYS && ctx->model->calendar != NULL &&
           zh_calendar_is_working(ctx->model->calendar, day, &working) == ZH_OK) {
        day++;
    }
    zh_date_civil(day, &out->year, &month, &of_month);
    out->waits = true;
    return ZH_OK;
}

/* Said once for a period. What was never made begins with this period, however late it is made. */
static zh_rc wait_for_calendar(run *r, zh_date first)
{
    int64_t told = 0;
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_remembered(r->ctx, conn, setting_name(r, "waits"), &told);
        zh_store_release(conn);
    }
    if (rc != ZH_OK || told == first) {
        return rc;
    }
    zh_log(ZH_WARN, "obligation.calendar", "填报义务%.*s：日历没有覆盖到最迟日，这一期还没有生成",
           ZH_FMT(r->o->name));
    rc = zh_remember(r->ctx, setting_name(r, "made"), first - 1);
    return rc == ZH_OK ? zh_remember(r->ctx, setting_name(r, "waits"), first) : rc;
}

static zh_rc make_items(run *r, zh_time now)
{
    zh_conn *conn = NULL;
    zh_date first = 0;
    zh_date last = 0;
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc == ZH_OK) {
        rc = next_period(r->ctx, conn, r->o, now, &first, &last);
        zh_store_release(conn);
    }
    for (int i = 0; i < ZH_OBLIGATION_PERIODS_MAX && first <= zh_time_date(now) && rc == ZH_OK;
         i++) {
        zh_date due = 0;
        if (!due_day(r->ctx->model, r->o, last, &due)) {
            return wait_for_calendar(r, first);
        }
        rc = make_period(r, first, last, due, now);
        if (rc == ZH_OK) {
            rc = zh_remember(r->ctx, setting_name(r, "made"), first);
        }
        zh_every_of(r->o->every, last + 1, &first, &last);
    }
    return rc;
}

/* ---- what came in ---------------------------------------------------------------------------- */

typedef struct open_item {
    int64_t office, id;
    zh_date from, to, due;
    zh_str party;
    int64_t item_office, item; /* the record that settles it; 0 none */
    zh_time reported_at;
} open_item;

typedef struct settling {
    run *r;
    zh_arena *arena;
    ZH_VEC(open_item *) items;
    zh_map by_party; /* "party from" -> open_item */
    zh_date first, last;
} settling;

static zh_date date_of(const zh_record *record, const char *field)
{
    const zh_field *f = zh_register_field(record->reg, zh_str_of(field));
    return (zh_date)record->values[f->index].i;
}

static zh_str item_key(zh_arena *arena, zh_str party_ref, zh_date from)
{
    return zh_str_fmt(arena, "%.*s %d", ZH_FMT(party_ref), (int)from);
}

static zh_rc note_open(void *user, zh_ctx *ctx, const zh_record *record)
{
    settling *s = user;
    const zh_field *ref = zh_register_field(record->reg, ZH_STR("party_ref"));
    if (s->items.n == ZH_OBLIGATION_OPEN_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "obligation.open",
                          "填报义务“%.*s”未了结的应报事项超过 %zu 项", ZH_FMT(s->r->o->name),
                          ZH_OBLIGATION_OPEN_MAX);
    }
    open_item *o = ZH_NEW(s->arena, open_item);
    *o = (open_item){.office = record->office,
                     .id = record->id,
                     .from = date_of(record, "from"),
                     .to = date_of(record, "to"),
                     .due = date_of(record, "due_on"),
                     .party = zh_str_dup(s->arena, record->values[ref->index].text)};
    s->first = s->items.n == 0 || o->from < s->first ? o->from : s->first;
    s->last = s->items.n == 0 || o->to > s->last ? o->to : s->last;
    zh_vec_push(s->arena, &s->items, o);
    zh_map_put(&s->by_party, item_key(s->arena, o->party, o->from), o);
    return ZH_OK;
}

/* The day by which a record belongs to a period. */
static bool day_of(const run *r, const zh_record *record, zh_date *out)
{
    if (r->o->period != NULL) {
        const zh_value *value = &record->values[r->o->period->index];
        *out = (zh_date)value->i;
        return value->kind == ZH_PERIOD;
    }
    zh_time at;
    bool known = zh_record_event(record, &at) == ZH_OK;
    *out = known ? zh_time_date(at) : 0;
    return known;
}

static zh_rc note_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    settling *s = user;
    const zh_value *who = &record->values[s->r->o->party->index];
    zh_date day;
    zh_date first;
    zh_date last;
    if (who->kind != ZH_REF || who->i == 0 || !day_of(s->r, record, &day)) {
        return ZH_OK;
    }
    zh_every_of(s->r->o->every, day, &first, &last);
    zh_str ref = ref_text(ctx->arena, s->r->o->who, who->office, who->i);
    open_item *o = zh_map_get(&s->by_party, item_key(ctx->arena, ref, first));
    if (o != NULL && (o->item == 0 || record->created_at < o->reported_at)) {
        o->item_office = record->office;
        o->item = record->id;
        o->reported_at = record->created_at;
    }
    return ZH_OK;
}

static zh_rc settle_item(run *r, const open_item *o)
{
    changes c = {.n = 0};
    zh_findings findings = {0};
    zh_applied applied;
    bool late = o->reported_at >= zh_date_start(o->due) + DAY_US;
    put(r, &c, "reported_at", zh_value_time(o->reported_at));
    put(r, &c, "item", zh_value_text(ref_text(r->ctx->arena, r->o->reg, o->item_office, o->item)));
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = r->items,
                .office = o->office,
                .id = o->id,
                .transition = zh_register_transition(r->items, late ? ZH_STR("receive_late")
                                                                    : ZH_STR("receive")),
                .changes = c.list,
                .nchanges = c.n,
                .reason = ZH_STR("报送到达"),
                .at = r->now};
    zh_rc rc = zh_record_apply(r->ctx, &op, &findings, &applied);
    r->out->settled += rc == ZH_OK;
    return rc;
}

static zh_rc read_open(settling *s, zh_conn *conn)
{
    run *r = s->r;
    zh_program where;
    zh_scope scope = {.model = r->ctx->model, .reg = r->items};
    zh_str text = zh_str_fmt(r->ctx->arena, "duty = '%.*s' and state in ('expected', 'missing')",
                             ZH_FMT(r->o->name));
    zh_rc rc = zh_expr_compile(r->ctx->arena, &scope, text, &where, r->ctx->err);
    zh_list_query query = {
        .reg = r->items, .where = &where, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
    return rc == ZH_OK ? zh_scan(r->ctx, conn, &query, note_open, s) : rc;
}

/* The records that may settle: by event time only those of the open periods. */
static zh_rc read_records(settling *s, zh_conn *conn)
{
    run *r = s->r;
    zh_program where;
    zh_list_query query = {.reg = r->o->reg, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
    zh_rc rc = ZH_OK;
    if (r->o->period == NULL) {
        char first[16];
        char after[16];
        zh_scope scope = {.model = r->ctx->model, .reg = r->o->reg};
        zh_date_format(s->first, first);
        zh_date_format(s->last + 1, after);
        rc = zh_expr_compile(r->ctx->arena, &scope,
                             zh_str_fmt(r->ctx->arena, "%.*s >= %s and %.*s < %s",
                                        ZH_FMT(r->o->reg->event_time->id), first,
                                        ZH_FMT(r->o->reg->event_time->id), after),
                             &where, r->ctx->err);
        query.where = &where;
    }
    return rc == ZH_OK ? zh_scan(r->ctx, conn, &query, note_record, s) : rc;
}

/* Reads what is open and what may settle it, when the register was written since the last look. */
static zh_rc look(settling *s, int64_t *newest)
{
    run *r = s->r;
    zh_conn *conn = NULL;
    int64_t seen = 0;
    zh_sql_value key = ZH_SQL_STR(r->o->reg->id);
    zh_rc rc = zh_store_reader(zh_core_store(r->ctx->core), &conn, r->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_remembered(r->ctx, conn, setting_name(r, "seen"), &seen);
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, "SELECT COALESCE(MAX(at), 0) FROM zh_outbox WHERE register = ?",
                          &key, 1, newest, r->ctx->err);
    }
    if (rc == ZH_OK && *newest == seen && r->out->made == 0) {
        *newest = 0;
    } else if (rc == ZH_OK) {
        rc = read_open(s, conn);
        rc = rc == ZH_OK && s->items.n > 0 ? read_records(s, conn) : rc;
    }
    zh_store_release(conn);
    return rc;
}

static zh_rc settle(run *r)
{
    settling s = {.r = r, .arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    int64_t newest = 0;
    zh_map_init(&s.by_party, s.arena);
    zh_rc rc = look(&s, &newest);
    for (size_t i = 0; i < s.items.n && rc == ZH_OK; i++) {
        zh_arena_mark mark = zh_arena_here(r->ctx->arena);
        rc = s.items.p[i]->item != 0 ? settle_item(r, s.items.p[i]) : ZH_OK;
        zh_arena_rewind(r->ctx->arena, mark);
    }
    zh_arena_free(s.arena);
    return rc == ZH_OK && newest != 0 ? zh_remember(r->ctx, setting_name(r, "seen"), newest) : rc;
}

/* ---- the run --------------------------------------------------------------------------------- */

zh_rc zh_obligations_run(zh_core *core, zh_time now, zh_obligation_run *out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    zh_obligation *list = NULL;
    size_t n = 0;
    ctx.actor = ZH_STR("clock");
    ctx.role = ZH_STR("system");
    *out = (zh_obligation_run){0};
    run r = {.ctx = &ctx,
             .items = zh_model_register(ctx.model, ZH_STR("expected_item")),
             .now = now,
             .out = out};
    zh_rc rc = r.items != NULL ? zh_obligations(ctx.model, arena, &list, &n, err) : ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        r.o = &list[i];
        rc = make_items(&r, now);
        if (rc == ZH_OK) {
            rc = settle(&r);
        }
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
