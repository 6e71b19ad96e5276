/* Due events: which ones a record has, and writing those whose time has come.
 *
 * Rows of zh_due are replaced with every version of their record, in its transaction: a row that
 * stands is one whose cause stands. A field's event fires once for each value of the field; the row
 * stays with fired_at so that later versions do not fire it again. An event whose version is
 * refused keeps its row with the reason in `error` and rests until the record changes. */
#include "core/record/due.h"
#include "base/log.h"
#include "core/read/read.h"
#include "core/record/write_private.h"
#include <inttypes.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)

enum { PAGE = 256, ERROR_BYTES_MAX = 512 };

/* ---- what a record has due ------------------------------------------------------------------ */

/* The instant at which the field's date has passed; false when there is none. */
static bool passes_at(const zh_value *value, zh_time *out)
{
    switch (value->kind) {
    case ZH_DATE: *out = zh_date_start((zh_date)value->i) + DAY_US; return true;
    case ZH_TIME: *out = value->i; return true;
    case ZH_PERIOD:
        *out = value->to != ZH_OPEN_END ? zh_date_start(value->to) + DAY_US : 0;
        return value->to != ZH_OPEN_END;
    case ZH_NULL:
    case ZH_BOOL:
    case ZH_DECIMAL:
    case ZH_TEXT:
    case ZH_REF:
    case ZH_DURATION:
    case ZH_LIST: break;
    }
    return false;
}

/* The instant for which the rule's event was written before; 0: none. */
static zh_rc fired_before(zh_write *w, const zh_due_rule *rule, zh_time *out)
{
    *out = 0;
    if (w->old == NULL) {
        return ZH_OK;
    }
    zh_sql_value key[] = {ZH_SQL_INT(w->old->office), ZH_SQL_STR(w->reg->id),
                          ZH_SQL_INT(w->old->id), ZH_SQL_STR(ZH_STR(ZH_DUE_FIELD)),
                          ZH_SQL_STR(rule->id)};
    zh_rc rc = zh_query_i64(w->conn,
                            "SELECT COALESCE(fired_at, 0) FROM zh_due WHERE office = ? AND "
                            "register = ? AND record = ? AND kind = ? AND name = ?",
                            key, 5, out, w->ctx->err);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Warnings that lie ahead; one whose time has passed was given, or the period began after it. */
static size_t add_warnings(const zh_write *w, const zh_clock *clock, zh_time due, zh_due_row *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < clock->nwarn; i++) {
        zh_time at = 0;
        if (zh_clock_before(w->ctx->model->calendar, due, clock->warn[i], &at) &&
            at > w->record->recorded_at) {
            zh_str name = zh_str_fmt(w->ctx->arena, "%.*s/%zu", ZH_FMT(clock->id), i + 1);
            rows[n++] = (zh_due_row){ZH_DUE_WARN, name, at, false};
        }
    }
    return n;
}

zh_rc zh_due_rows(zh_write *w)
{
    const zh_register *reg = w->reg;
    zh_due_row *rows = ZH_NEW_N(w->ctx->arena, zh_due_row,
                                reg->nclocks * (1 + ZH_CLOCK_WARNS_MAX) + reg->ndues + 1);
    size_t n = 0;
    for (size_t i = 0; i < reg->nclocks; i++) {
        const zh_clock_state *s = &w->p->clocks[i];
        if (s->started && s->has_due && !s->ended && !s->breached) {
            rows[n++] = (zh_due_row){ZH_DUE_CLOCK, reg->clocks[i].id, s->due_at, false};
            n += add_warnings(w, &reg->clocks[i], s->due_at, rows + n);
        }
    }
    for (size_t i = 0; i < reg->ndues; i++) {
        const zh_due_rule *rule = &reg->dues[i];
        const zh_transition *t = zh_register_transition(reg, rule->transition);
        zh_time at = 0;
        if (t == NULL || !passes_at(&w->record->values[rule->field->index], &at)) {
            continue;
        }
        zh_time fired = 0;
        zh_rc rc = fired_before(w, rule, &fired);
        if (rc != ZH_OK) {
            return rc;
        }
        bool done = fired == at || w->fired == rule;
        if (done || zh_leaves_from(t, w->record->state)) {
            rows[n++] = (zh_due_row){ZH_DUE_FIELD, rule->id, at, done};
        }
    }
    w->p->dues = rows;
    w->p->ndues = n;
    return ZH_OK;
}

/* ---- writing them --------------------------------------------------------------------------- */

typedef struct event {
    int64_t office, record;
    zh_str reg, kind, name;
    zh_time at;
} event;

typedef ZH_VEC(event) events;

static zh_rc read_events(zh_conn *conn, zh_arena *arena, zh_str sql, const zh_sql_value *binds,
                         size_t n, events *out, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, sql, binds, n, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        event e = {
            .office = zh_col_i64(stmt, 0),
            .record = zh_col_i64(stmt, 1),
            .reg = zh_str_dup(arena, zh_col_str(stmt, 2)),
            .kind = zh_str_dup(arena, zh_col_str(stmt, 3)),
            .name = zh_str_dup(arena, zh_col_str(stmt, 4)),
            .at = zh_col_i64(stmt, 5),
        };
        zh_vec_push(arena, out, e);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

typedef struct note {
    const event *e;
    zh_str error; /* p == NULL: the cause is no longer declared, the row goes */
    zh_core *core;
} note;

static zh_rc write_note(void *user, zh_conn *conn, zh_err *err)
{
    const note *n = user;
    zh_sql_value binds[] = {ZH_SQL_STR(n->error),   ZH_SQL_INT(n->e->office),
                            ZH_SQL_STR(n->e->reg),  ZH_SQL_INT(n->e->record),
                            ZH_SQL_STR(n->e->kind), ZH_SQL_STR(n->e->name)};
    return n->error.p == NULL
               ? zh_run(conn,
                        "DELETE FROM zh_due WHERE office = ? AND register = ? AND record = ? AND "
                        "kind = ? AND name = ?",
                        binds + 1, 5, NULL, err)
               : zh_run(conn,
                        "UPDATE zh_due SET error = ? WHERE office = ? AND register = ? AND "
                        "record = ? AND kind = ? AND name = ?",
                        binds, 6, NULL, err);
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

static const zh_due_rule *rule_named(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->ndues; i++) {
        if (zh_str_eq(reg->dues[i].id, id)) {
            return &reg->dues[i];
        }
    }
    return NULL;
}

/* The version that an event means. False: nothing declared stands behind it. */
static bool describe(const zh_ctx *ctx, const event *e, zh_op *op, zh_write_mode *mode)
{
    const zh_register *reg = zh_model_register(ctx->model, e->reg);
    if (reg == NULL) {
        return false;
    }
    *op =
        (zh_op){.kind = ZH_OP_AMEND, .reg = reg, .office = e->office, .id = e->record, .at = e->at};
    *mode = (zh_write_mode){.by_time = true};
    zh_str transition = ZH_STR_NONE;
    if (zh_str_is(e->kind, ZH_DUE_CLOCK)) {
        mode->breached = clock_named(reg, e->name);
        if (mode->breached == NULL) {
            return false;
        }
        transition = mode->breached->on_breach;
        op->reason = zh_str_fmt(ctx->arena, "时限届满：%.*s", ZH_FMT(mode->breached->label.zh));
    } else {
        mode->fired = rule_named(reg, e->name);
        if (mode->fired == NULL) {
            return false;
        }
        transition = mode->fired->transition;
        op->reason = zh_str_fmt(ctx->arena, "到期：%.*s", ZH_FMT(mode->fired->field->label.zh));
    }
    op->transition = transition.n > 0 ? zh_register_transition(reg, transition) : NULL;
    op->kind = op->transition != NULL ? ZH_OP_TRANSITION : ZH_OP_AMEND;
    return true;
}

/* A breach whose transition is not open is still a breach and is written as such. */
static zh_rc write_event(zh_ctx *ctx, const zh_op *described, zh_write_mode mode)
{
    zh_findings findings = {0};
    zh_applied applied;
    zh_op op = *described;
    zh_rc rc = zh_write_once(ctx, &op, mode, &findings, &applied, NULL);
    if (rc == ZH_EINVAL && op.kind == ZH_OP_TRANSITION && mode.breached != NULL) {
        zh_err_again(ctx->err);
        op.kind = ZH_OP_AMEND;
        op.transition = NULL;
        rc = zh_write_once(ctx, &op, mode, &findings, &applied, NULL);
    }
    return rc;
}

/* A warning is told, and its row goes. */
static zh_rc give_warning(void *user, zh_conn *conn, zh_err *err)
{
    const note *n = user;
    int64_t changed = 0;
    zh_sql_value key[] = {ZH_SQL_INT(n->e->office), ZH_SQL_STR(n->e->reg), ZH_SQL_INT(n->e->record),
                          ZH_SQL_STR(n->e->kind), ZH_SQL_STR(n->e->name)};
    zh_rc rc = zh_run(conn,
                      "DELETE FROM zh_due WHERE office = ? AND register = ? AND record = ? AND "
                      "kind = ? AND name = ?",
                      key, 5, &changed, err);
    zh_notice_event told = {.office = n->e->office,
                            .id = zh_core_id(n->core, 0),
                            .record = n->e->record,
                            .at = n->e->at,
                            .reg = n->e->reg,
                            .cause = ZH_STR(ZH_NOTICE_WARN),
                            .name = n->e->name,
                            .actor = ZH_STR("clock")};
    return rc == ZH_OK && changed > 0 ? zh_notice_add(conn, &told, err) : rc;
}

/* *written: a version was written (otherwise the event was dropped or put aside). */
static zh_rc run_event(zh_ctx *caller, const event *e, bool *written)
{
    zh_err found = {0};
    zh_ctx ctx = *caller;
    if (zh_str_is(e->kind, ZH_DUE_WARN)) {
        note warning = {e, ZH_STR_NONE, caller->core};
        *written = true;
        return zh_core_write(caller->core, give_warning, &warning, caller->err);
    }
    ctx.actor = ZH_STR("clock");
    ctx.role = ZH_STR("system");
    ctx.rows = NULL;
    ctx.post = NULL;
    ctx.err = &found;
    zh_op op;
    zh_write_mode mode;
    bool declared = describe(&ctx, e, &op, &mode);
    zh_rc rc = declared ? write_event(&ctx, &op, mode) : ZH_ENOTFOUND;
    *written = rc == ZH_OK;
    if (rc != ZH_EINVAL && rc != ZH_ENOTFOUND) {
        if (rc != ZH_OK && caller->err != NULL && caller->err->rc == ZH_OK) {
            *caller->err = found;
        }
        return rc;
    }
    note n = {e, ZH_STR_NONE, ctx.core};
    if (declared) {
        zh_log_err(ZH_WARN, "due.refused", &found);
        n.error = zh_str_sub(zh_str_of(found.message), 0, ERROR_BYTES_MAX);
    }
    return zh_core_write(ctx.core, write_note, &n, caller->err);
}

static zh_rc run_events(zh_ctx *ctx, const events *list, size_t *done)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < list->n && rc == ZH_OK; i++) {
        zh_arena_mark mark = zh_arena_here(ctx->arena);
        bool written = false;
        rc = run_event(ctx, &list->p[i], &written);
        *done += written;
        zh_arena_rewind(ctx->arena, mark);
    }
    return rc;
}

static zh_rc read_page(zh_ctx *ctx, zh_time until, events *out)
{
    zh_conn *conn = NULL;
    zh_sql_value bind = ZH_SQL_INT(until);
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        zh_str sql = zh_str_fmt(ctx->arena,
                                "SELECT office, record, register, kind, name, due_at FROM zh_due "
                                "WHERE due_at <= ? AND error IS NULL ORDER BY due_at, office, "
                                "register, record, kind, name LIMIT %d",
                                PAGE);
        rc = read_events(conn, ctx->arena, sql, &bind, 1, out, ctx->err);
        zh_store_release(conn);
    }
    return rc;
}

zh_rc zh_due_run(zh_core *core, zh_time until, size_t *done, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    *done = 0;
    zh_rc rc = ZH_OK;
    for (bool more = true; more && rc == ZH_OK;) {
        zh_arena_mark mark = zh_arena_here(arena);
        events page = {0};
        rc = read_page(&ctx, until, &page);
        if (rc == ZH_OK) {
            rc = run_events(&ctx, &page, done);
        }
        more = page.n > 0; /* an event may have brought another one that is also due */
        zh_arena_rewind(arena, mark);
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    zh_file_sweep(core);
    return rc;
}

zh_rc zh_due_catch_up(zh_ctx *ctx, const zh_register *reg, int64_t office, int64_t id,
                      zh_time until)
{
    zh_sql_value binds[] = {ZH_SQL_INT(id), ZH_SQL_STR(reg->id), ZH_SQL_INT(until),
                            ZH_SQL_INT(office)};
    zh_str sql = zh_str_fmt(ctx->arena,
                            "SELECT office, record, register, kind, name, due_at FROM zh_due "
                            "WHERE record = ? AND register = ? AND due_at <= ? AND error IS NULL%s "
                            "ORDER BY due_at, office, kind, name LIMIT 1",
                            office != 0 ? " AND office = ?" : "");
    zh_rc rc = ZH_OK;
    for (bool more = true; more && rc == ZH_OK;) {
        events list = {0};
        size_t done = 0;
        zh_conn *conn = NULL;
        rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
        if (rc == ZH_OK) {
            rc = read_events(conn, ctx->arena, sql, binds, office != 0 ? 4 : 3, &list, ctx->err);
            zh_store_release(conn);
        }
        if (rc == ZH_OK) {
            rc = run_events(ctx, &list, &done);
        }
        more = list.n > 0;
    }
    return rc;
}
