/* The desk: running clocks and records by whose turn it is, one statement a register. */
#include "core/people/desk.h"
#include "core/read/permission.h"
#include "core/read/read_private.h"
#include "core/record/step.h"
#include "core/record/write_private.h"
#include <stdlib.h>

#define DAY_US INT64_C(86400000000)

enum { SQL_MAX = 256 << 10, SUNDAY = 7 };

zh_desk_when zh_desk_when_of(zh_time now, zh_time due)
{
    zh_date today = zh_time_date(now);
    zh_time tomorrow = zh_date_start(today) + DAY_US;
    zh_time monday = tomorrow + (SUNDAY - zh_date_weekday(today)) * DAY_US;
    return due <= now        ? ZH_DESK_OVERDUE
           : due <= tomorrow ? ZH_DESK_TODAY
           : due <= monday   ? ZH_DESK_WEEK
                             : ZH_DESK_LATER;
}

bool zh_desk_turn(const zh_ctx *ctx, const zh_register *reg, int state)
{
    bool turn = false;
    for (size_t i = 0; i < reg->ntransitions && !reg->states[state].terminal && !turn; i++) {
        const zh_transition *t = &reg->transitions[i];
        turn =
            t->kind != ZH_TR_AUTO && zh_leaves_from(t, (int16_t)state) && zh_may_take(ctx, reg, t);
    }
    return turn;
}

/* ---- conditions ------------------------------------------------------------------------------ */

typedef struct asking {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_register *reg;
    zh_buf sql;
    zh_binds binds;
} asking;

static void ask_begin(asking *a)
{
    zh_buf_init(&a->sql, SQL_MAX);
    a->binds = (zh_binds){0};
}

static void bind(asking *a, zh_sql_value value)
{
    zh_vec_push(a->ctx->arena, &a->binds, value);
}

/* " AND a.state IN (…)": false when no state qualifies, then there is nothing to ask. */
static bool add_states(asking *a, bool (*qualifies)(const zh_ctx *, const zh_register *, int))
{
    const char *separator = " AND a.state IN (";
    for (size_t s = 0; s < a->reg->nstates; s++) {
        if (qualifies(a->ctx, a->reg, (int)s)) {
            zh_buf_fmt(&a->sql, "%s?", separator);
            bind(a, ZH_SQL_STR(a->reg->states[s].id));
            separator = ",";
        }
    }
    zh_buf_z(&a->sql, ")");
    return separator[0] == ',';
}

static bool is_open(const zh_ctx *ctx, const zh_register *reg, int state)
{
    (void)ctx;
    return !reg->states[state].terminal;
}

static bool has_turn(const zh_ctx *ctx, const zh_register *reg)
{
    bool any = false;
    for (size_t s = 0; s < reg->nstates && !any; s++) {
        any = zh_desk_turn(ctx, reg, (int)s);
    }
    return any && (zh_rights(ctx, reg) & ZH_RIGHT_READ) != 0;
}

static zh_rc add_reader(asking *a)
{
    return zh_scope_add(a->ctx, zh_conn_dialect(a->conn), &a->sql, &a->binds, a->reg, "a", false);
}

/* FROM … WHERE …: running clocks of records in which it is the reader's turn. */
static zh_rc add_clocks(asking *a)
{
    zh_buf_z(&a->sql, " FROM zh_clock c JOIN ");
    zh_sql_ident(&a->sql, a->reg->table);
    zh_buf_z(&a->sql, " a ON a.office = c.office AND a.id = c.record WHERE c.register = ? AND "
                      "c.ended_at IS NULL AND c.due_at IS NOT NULL AND c.suspended_at IS NULL");
    bind(a, ZH_SQL_STR(a->reg->id));
    (void)add_states(a, zh_desk_turn);
    return add_reader(a);
}

static zh_rc ask_run(asking *a, zh_stmt **out)
{
    return zh_query(a->conn, zh_buf_view(&a->sql), a->binds.p, a->binds.n, out, a->ctx->err);
}

static zh_rc ask_end(asking *a, zh_stmt *stmt, zh_rc rc)
{
    zh_finish(stmt);
    zh_buf_free(&a->sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static const zh_clock *clock_named(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->nclocks; i++) {
        if (zh_str_eq(reg->clocks[i].id, id)) {
            return &reg->clocks[i];
        }
    }
    return NULL;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void count_one(zh_desk_kind *kinds, const zh_register *reg, zh_stmt *stmt, zh_time now,
                      zh_desk_counts *out)
{
    const zh_clock *clock = clock_named(reg, zh_col_str(stmt, 0));
    if (clock != NULL) {
        zh_desk_when when = zh_desk_when_of(now, zh_col_i64(stmt, 1));
        zh_desk_kind *kind = &kinds[clock - reg->clocks];
        kind->reg = reg;
        kind->clock = clock;
        kind->n[when] += zh_col_i64(stmt, 2);
        out->n[when] += zh_col_i64(stmt, 2);
        int64_t day = zh_time_date(zh_col_i64(stmt, 1) - 1) - out->monday;
        if (day >= 0 && day < ZH_DESK_DAYS) {
            out->days[day] += zh_col_i64(stmt, 2);
        }
    }
}

/* Ends are instants of whole days but for clocks in hours, so groups are few. */
static zh_rc count_register(asking *a, zh_time now, zh_desk_counts *out)
{
    zh_desk_kind *kinds = ZH_NEW_N(a->ctx->arena, zh_desk_kind, a->reg->nclocks);
    zh_stmt *stmt = NULL;
    int64_t examined = 0;
    for (size_t i = 0; i < a->reg->nclocks; i++) {
        kinds[i] = (zh_desk_kind){0};
    }
    ask_begin(a);
    zh_buf_z(&a->sql, "SELECT clock, due_at, COUNT(*) FROM (SELECT c.clock, c.due_at");
    zh_rc rc = add_clocks(a);
    zh_buf_fmt(&a->sql, " ORDER BY c.due_at LIMIT %zu) d GROUP BY clock, due_at",
               ZH_DESK_EXAMINE_MAX + 1);
    rc = rc == ZH_OK ? ask_run(a, &stmt) : rc;
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        count_one(kinds, a->reg, stmt, now, out);
        examined += zh_col_i64(stmt, 2);
    }
    out->at_least = out->at_least || examined > (int64_t)ZH_DESK_EXAMINE_MAX;
    for (size_t i = 0; i < a->reg->nclocks; i++) {
        if (kinds[i].clock != NULL) {
            out->kinds[out->nkinds++] = kinds[i];
        }
    }
    return ask_end(a, stmt, rc);
}

zh_rc zh_desk_count(zh_ctx *ctx, zh_conn *conn, zh_time now, zh_desk_counts *out)
{
    asking a = {.ctx = ctx, .conn = conn};
    size_t clocks = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ctx->model->nregisters; i++) {
        clocks += ctx->model->registers[i].nclocks;
    }
    zh_date today = zh_time_date(now);
    *out = (zh_desk_counts){.kinds = ZH_NEW_N(ctx->arena, zh_desk_kind, clocks + 1),
                            .monday = today - (zh_date_weekday(today) - 1)};
    for (size_t i = 0; i < ctx->model->nregisters && rc == ZH_OK; i++) {
        a.reg = &ctx->model->registers[i];
        if (a.reg->nclocks > 0 && has_turn(ctx, a.reg)) {
            rc = count_register(&a, now, out);
        }
    }
    return rc;
}

/* ---- lists ----------------------------------------------------------------------------------- */

typedef ZH_VEC(zh_desk_item) items;

static zh_rc read_item(asking *a, zh_stmt *stmt, size_t first, zh_desk_item item, items *out)
{
    zh_record *record = NULL;
    zh_rc rc = zh_row_decode(a->ctx, a->reg, stmt, first, &record);
    if (rc == ZH_OK) {
        zh_mask_record(a->ctx, record);
        item.reg = a->reg;
        item.record = record;
        zh_vec_push(a->ctx->arena, out, item);
    }
    return rc;
}

/* The stretch of time as bounds of due_at: from < due_at <= to. */
static void bounds_of(zh_time now, zh_desk_when when, zh_time *from, zh_time *to)
{
    zh_date today = zh_time_date(now);
    zh_time tomorrow = zh_date_start(today) + DAY_US;
    zh_time monday = tomorrow + (SUNDAY - zh_date_weekday(today)) * DAY_US;
    const zh_time ends[ZH_DESK_WHENS] = {now, tomorrow, monday, INT64_MAX};
    *from = when == ZH_DESK_OVERDUE || when == ZH_DESK_ANY ? INT64_MIN : ends[when - 1];
    *to = when == ZH_DESK_ANY ? INT64_MAX : ends[when];
}

static zh_rc due_of_register(asking *a, const zh_clock *clock, zh_time from, zh_time to,
                             size_t limit, items *out)
{
    zh_stmt *stmt = NULL;
    ask_begin(a);
    zh_buf_z(&a->sql, "SELECT c.clock, c.started_at, c.due_at, c.breached, ");
    zh_row_columns(&a->sql, a->reg, "a");
    zh_rc rc = add_clocks(a);
    zh_buf_z(&a->sql, " AND c.due_at > ? AND c.due_at <= ?");
    bind(a, ZH_SQL_INT(from));
    bind(a, ZH_SQL_INT(to));
    if (clock != NULL) {
        zh_buf_z(&a->sql, " AND c.clock = ?");
        bind(a, ZH_SQL_STR(clock->id));
    }
    zh_buf_fmt(&a->sql, " ORDER BY c.due_at, c.record LIMIT %zu", limit + 1);
    rc = rc == ZH_OK ? ask_run(a, &stmt) : rc;
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        zh_desk_item item = {.clock = clock_named(a->reg, zh_col_str(stmt, 0)),
                             .state = {.started = true,
                                       .has_due = true,
                                       .started_at = zh_col_i64(stmt, 1),
                                       .due_at = zh_col_i64(stmt, 2),
                                       .breached = zh_col_i64(stmt, 3) != 0}};
        rc = item.clock != NULL ? read_item(a, stmt, 4, item, out) : ZH_OK;
    }
    return ask_end(a, stmt, rc);
}

static int by_due(const void *x, const void *y)
{
    const zh_desk_item *a = x;
    const zh_desk_item *b = y;
    if (a->state.due_at != b->state.due_at) {
        return a->state.due_at < b->state.due_at ? -1 : 1;
    }
    return a->record->id < b->record->id ? -1 : a->record->id > b->record->id;
}

static int by_newest(const void *x, const void *y)
{
    const zh_record *a = ((const zh_desk_item *)x)->record;
    const zh_record *b = ((const zh_desk_item *)y)->record;
    return a->recorded_at > b->recorded_at ? -1 : a->recorded_at < b->recorded_at;
}

static int by_oldest(const void *x, const void *y)
{
    return by_newest(y, x);
}

static void finish(items *found, size_t limit, int (*order)(const void *, const void *),
                   zh_desk_list *out)
{
    if (found->n > 1) {
        zh_sort(found->p, found->n, sizeof *found->p, order);
    }
    *out = (zh_desk_list){found->p, found->n < limit ? found->n : limit, found->n > limit};
}

static zh_rc check_limit(zh_ctx *ctx, size_t limit)
{
    return limit >= 1 && limit <= ZH_DESK_ITEMS_MAX
               ? ZH_OK
               : zh_err_set(ctx->err, ZH_ELIMIT, "desk.limit", "一次最多列 %zu 件",
                            ZH_DESK_ITEMS_MAX);
}

static zh_rc due_between(zh_ctx *ctx, zh_conn *conn, const zh_time bounds[2],
                         const zh_register *reg, const zh_clock *clock, size_t limit,
                         zh_desk_list *out)
{
    asking a = {.ctx = ctx, .conn = conn};
    items found = {0};
    zh_rc rc = check_limit(ctx, limit);
    for (size_t i = 0; i < ctx->model->nregisters && rc == ZH_OK; i++) {
        a.reg = &ctx->model->registers[i];
        if (a.reg->nclocks > 0 && (reg == NULL || reg == a.reg) && has_turn(ctx, a.reg)) {
            rc = due_of_register(&a, clock, bounds[0], bounds[1], limit, &found);
        }
    }
    finish(&found, limit, by_due, out);
    return rc;
}

zh_rc zh_desk_due(zh_ctx *ctx, zh_conn *conn, zh_time now, zh_desk_when when,
                  const zh_register *reg, const zh_clock *clock, size_t limit, zh_desk_list *out)
{
    zh_time bounds[2];
    bounds_of(now, when, &bounds[0], &bounds[1]);
    return due_between(ctx, conn, bounds, reg, clock, limit, out);
}

zh_rc zh_desk_due_on(zh_ctx *ctx, zh_conn *conn, zh_date day, const zh_register *reg,
                     const zh_clock *clock, size_t limit, zh_desk_list *out)
{
    const zh_time bounds[2] = {zh_date_start(day), zh_date_start(day) + DAY_US};
    return due_between(ctx, conn, bounds, reg, clock, limit, out);
}

/* FROM …: the current version of records beside its row of the history, which says how it came. */
static void add_versions(asking *a, const char *on)
{
    zh_buf_z(&a->sql, " FROM ");
    zh_sql_ident(&a->sql, zh_str_fmt(a->ctx->arena, "%.*s_h", ZH_FMT(a->reg->table)));
    zh_buf_z(&a->sql, " h JOIN ");
    zh_sql_ident(&a->sql, a->reg->table);
    zh_buf_fmt(&a->sql, " a ON a.office = h.office AND a.id = h.id%s WHERE ", on);
}

/* "h.transition IN (…)": false when the register declares no return. */
static bool add_returns(asking *a)
{
    const char *separator = "h.transition IN (";
    for (size_t i = 0; i < a->reg->ntransitions; i++) {
        if (a->reg->transitions[i].kind == ZH_TR_RETURN) {
            zh_buf_fmt(&a->sql, "%s?", separator);
            bind(a, ZH_SQL_STR(a->reg->transitions[i].id));
            separator = ",";
        }
    }
    zh_buf_z(&a->sql, ")");
    return separator[0] == ',';
}

/* The condition on h has been written; the rest, run and read. */
static zh_rc read_versions(asking *a, const char *order, size_t limit, items *out)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = add_reader(a);
    zh_buf_fmt(&a->sql, " ORDER BY a.recorded_at%s LIMIT %zu", order, limit + 1);
    rc = rc == ZH_OK ? ask_run(a, &stmt) : rc;
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        zh_desk_item item = {.transition = zh_str_dup(a->ctx->arena, zh_col_str(stmt, 0))};
        rc = read_item(a, stmt, 1, item, out);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc returned_of(asking *a, size_t limit, items *out)
{
    zh_rc rc = ZH_OK;
    ask_begin(a);
    zh_buf_z(&a->sql, "SELECT h.transition, ");
    zh_row_columns(&a->sql, a->reg, "a");
    add_versions(a, " AND a.version = h.version");
    if (add_returns(a) && add_states(a, zh_desk_turn)) {
        rc = read_versions(a, " DESC", limit, out);
    }
    zh_buf_free(&a->sql);
    return rc;
}

zh_rc zh_desk_returned(zh_ctx *ctx, zh_conn *conn, size_t limit, zh_desk_list *out)
{
    asking a = {.ctx = ctx, .conn = conn};
    items found = {0};
    zh_rc rc = check_limit(ctx, limit);
    for (size_t i = 0; i < ctx->model->nregisters && rc == ZH_OK; i++) {
        a.reg = &ctx->model->registers[i];
        if (has_turn(ctx, a.reg)) {
            rc = returned_of(&a, limit, &found);
        }
    }
    finish(&found, limit, by_newest, out);
    return rc;
}

/* ---- votes ----------------------------------------------------------------------------------- */

static const zh_transition *vote_in(const zh_ctx *ctx, const zh_register *reg, int state)
{
    for (size_t i = 0; i < reg->ntransitions; i++) {
        const zh_transition *t = &reg->transitions[i];
        if (t->vote.k > 0 && zh_leaves_from(t, (int16_t)state) && zh_may_take(ctx, reg, t)) {
            return t;
        }
    }
    return NULL;
}

static bool is_voted_on(const zh_ctx *ctx, const zh_register *reg, int state)
{
    return vote_in(ctx, reg, state) != NULL;
}

static bool has_votes(const zh_ctx *ctx, const zh_register *reg)
{
    bool any = false;
    for (size_t s = 0; s < reg->nstates && !any; s++) {
        any = is_voted_on(ctx, reg, (int)s);
    }
    return any && (zh_rights(ctx, reg) & ZH_RIGHT_READ) != 0;
}

static zh_rc find_voted_on(asking *a, size_t limit, items *out)
{
    zh_stmt *stmt = NULL;
    ask_begin(a);
    zh_buf_z(&a->sql, "SELECT ");
    zh_row_columns(&a->sql, a->reg, "a");
    zh_buf_z(&a->sql, " FROM ");
    zh_sql_ident(&a->sql, a->reg->table);
    zh_buf_z(&a->sql, " a WHERE a.id > 0");
    (void)add_states(a, is_voted_on);
    zh_rc rc = add_reader(a);
    zh_buf_fmt(&a->sql, " ORDER BY a.recorded_at LIMIT %zu", limit);
    rc = rc == ZH_OK ? ask_run(a, &stmt) : rc;
    while (rc == ZH_OK && (rc = zh_step(stmt, a->ctx->err)) == ZH_OK) {
        rc = read_item(a, stmt, 0, (zh_desk_item){0}, out);
    }
    return ask_end(a, stmt, rc);
}

/* Whether the reader's vote is still asked for; fills in votes and term. */
static zh_rc ask_vote(asking *a, zh_desk_item *item, bool *open)
{
    const zh_transition *t = vote_in(a->ctx, a->reg, item->record->state);
    zh_clock_state *clocks = ZH_NEW_N(a->ctx->arena, zh_clock_state, a->reg->nclocks + 1);
    zh_step_past past;
    zh_env env = zh_read_env(a->ctx, a->conn, ZH_AS_OF_NOW, item->record);
    zh_rc rc = zh_step_look(a->ctx, a->conn, item->record, t, &past);
    *open = rc == ZH_OK && past.obstacle == ZH_OBSTACLE_NONE;
    if (*open && t->has_guard) {
        rc = zh_eval_true(&t->guard, &env, open, a->ctx->err);
    }
    if (rc == ZH_OK && *open && t->vote.until >= 0) {
        rc = zh_clock_load(a->ctx, a->conn, item->record, clocks);
        item->clock = &a->reg->clocks[t->vote.until];
        item->state = clocks[t->vote.until];
    }
    item->transition = t->id;
    item->yes = past.yes;
    item->no = past.no;
    return rc;
}

zh_rc zh_desk_votes(zh_ctx *ctx, zh_conn *conn, size_t limit, zh_desk_list *out)
{
    enum { VOTED_ALREADY = 4 }; /* as many again may be looked at for one that is open */
    asking a = {.ctx = ctx, .conn = conn};
    items open = {0};
    zh_rc rc = check_limit(ctx, limit);
    for (size_t i = 0; i < ctx->model->nregisters && rc == ZH_OK; i++) {
        items found = {0};
        a.reg = &ctx->model->registers[i];
        if (has_votes(ctx, a.reg)) {
            rc = find_voted_on(&a, VOTED_ALREADY * limit + 1, &found);
        }
        for (size_t k = 0; k < found.n && rc == ZH_OK; k++) {
            bool asked = false;
            rc = ask_vote(&a, &found.p[k], &asked);
            if (rc == ZH_OK && asked) {
                zh_vec_push(ctx->arena, &open, found.p[k]);
            }
        }
    }
    finish(&open, limit, by_oldest, out);
    return rc;
}

static zh_rc begun_of(asking *a, size_t limit, items *out)
{
    zh_rc rc = ZH_OK;
    ask_begin(a);
    zh_buf_z(&a->sql, "SELECT h.op, ");
    zh_row_columns(&a->sql, a->reg, "a");
    add_versions(a, "");
    /* the literal repeats the condition of the index, see zh_index_plan_make */
    zh_buf_z(&a->sql, "h.actor = ? AND h.version = 1 AND h.actor <> 'operator'");
    bind(a, ZH_SQL_STR(a->ctx->actor));
    if (add_states(a, is_open)) {
        rc = read_versions(a, "", limit, out);
    }
    zh_buf_free(&a->sql);
    return rc;
}

zh_rc zh_desk_begun(zh_ctx *ctx, zh_conn *conn, size_t limit, zh_desk_list *out)
{
    asking a = {.ctx = ctx, .conn = conn};
    items found = {0};
    zh_rc rc = check_limit(ctx, limit);
    for (size_t i = 0; i < ctx->model->nregisters && ctx->post != NULL && rc == ZH_OK; i++) {
        a.reg = &ctx->model->registers[i];
        if (a.reg->nstates > 1 && (zh_rights(ctx, a.reg) & ZH_RIGHT_READ) != 0) {
            rc = begun_of(&a, limit, &found);
        }
    }
    for (size_t i = 0; i < found.n; i++) {
        found.p[i].transition = ZH_STR("");
    }
    finish(&found, limit, by_oldest, out);
    return rc;
}
