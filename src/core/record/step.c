/* Steps that look back: limits, votes, withdrawals, returns. */
#include "core/record/step.h"
#include "base/vec.h"

typedef struct past {
    int state;
    zh_str op, actor, transition, code, reason;
    zh_time at;
} past;

typedef ZH_VEC(past) pasts;

static zh_str copied(zh_arena *arena, const zh_stmt *stmt, size_t column)
{
    return zh_col_null(stmt, column) ? ZH_STR_NONE : zh_str_dup(arena, zh_col_str(stmt, column));
}

/* Versions up to the one in hand, newest first. */
static zh_rc read_past(zh_ctx *ctx, zh_conn *conn, const zh_record *r, pasts *out)
{
    zh_str sql = zh_str_fmt(ctx->arena,
                            "SELECT state, op, actor, transition, reason_code, reason, recorded_at "
                            "FROM %.*s_h WHERE office = ? AND id = ? AND version <= ? "
                            "ORDER BY version DESC LIMIT %zu",
                            ZH_FMT(r->reg->table), ZH_STEP_VERSIONS_MAX + 1);
    zh_sql_value key[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id), ZH_SQL_INT(r->version)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, sql, key, 3, &stmt, ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        past p = {.state = zh_register_state(r->reg, zh_col_str(stmt, 0)),
                  .op = copied(ctx->arena, stmt, 1),
                  .actor = copied(ctx->arena, stmt, 2),
                  .transition = copied(ctx->arena, stmt, 3),
                  .code = copied(ctx->arena, stmt, 4),
                  .reason = copied(ctx->arena, stmt, 5),
                  .at = zh_col_i64(stmt, 6)};
        zh_vec_push(ctx->arena, out, p);
    }
    zh_finish(stmt);
    if (out->n > ZH_STEP_VERSIONS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "step.versions", "记录超过 %zu 版",
                          ZH_STEP_VERSIONS_MAX);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* How many of the newest versions stand in the present state without a break. */
static size_t run_of(const pasts *list, int state)
{
    size_t n = 0;
    while (n < list->n && list->p[n].state == state) {
        n++;
    }
    return n;
}

static void look_limit(const pasts *list, const zh_transition *t, zh_step_past *out)
{
    for (size_t i = 0; i < list->n; i++) {
        if (zh_str_eq(list->p[i].transition, t->id)) {
            out->taken += zh_str_is(list->p[i].op, "undo") ? -1 : 1;
        }
    }
    if (t->limit > 0 && out->taken >= (int64_t)t->limit) {
        out->obstacle = ZH_OBSTACLE_LIMIT;
    }
}

static bool is_program(zh_str actor)
{
    return zh_str_is(actor, "clock") || zh_str_is(actor, "system");
}

static void look_vote(zh_ctx *ctx, const pasts *list, size_t run, const zh_transition *t,
                      zh_step_past *out)
{
    zh_ballot *ballots = ZH_NEW_N(ctx->arena, zh_ballot, run + 1);
    bool voted = false;
    for (size_t i = 0; i + 1 < list->n && i + 1 < run; i++) { /* the oldest entered the state */
        const past *p = &list->p[i];
        if (zh_str_is(p->op, "amend") || zh_str_is(p->op, "undo")) {
            break; /* what was voted on is not what stands */
        }
        if (zh_str_eq(p->transition, t->id) && !is_program(p->actor)) {
            bool yes = zh_str_is(p->code, ZH_VOTE_YES);
            ballots[out->nballots++] = (zh_ballot){p->actor, p->reason, yes, p->at};
            out->yes += yes;
            out->no += !yes;
            voted = voted || zh_str_eq(p->actor, ctx->actor);
        }
    }
    out->ballots = ballots;
    out->obstacle = out->no > t->vote.of - t->vote.k ? ZH_OBSTACLE_LOST
                    : voted                          ? ZH_OBSTACLE_VOTED
                                                     : out->obstacle;
}

/* Open to who brought the record to where it stands, as long as nobody else has written to it; at
 * its beginning, to who made it. */
static void look_withdraw(const zh_ctx *ctx, const pasts *list, size_t run, bool initial,
                          zh_step_past *out)
{
    const past *brought = &list->p[initial ? list->n - 1 : run - 1];
    if (!zh_str_eq(brought->actor, ctx->actor)) {
        out->obstacle = ZH_OBSTACLE_OTHER;
        out->who = brought->actor;
        return;
    }
    for (size_t i = 0; i + 1 < run && !initial; i++) {
        if (!zh_str_eq(list->p[i].actor, ctx->actor) && !is_program(list->p[i].actor)) {
            out->obstacle = ZH_OBSTACLE_TOUCHED;
            out->who = list->p[i].actor;
            return;
        }
    }
}

static void look_return(zh_ctx *ctx, const zh_register *reg, const pasts *list, int now,
                        zh_step_past *out)
{
    int16_t *passed = ZH_NEW_N(ctx->arena, int16_t, reg->nstates + 1);
    for (size_t i = 0; i < list->n; i++) {
        int state = list->p[i].state;
        bool known = state < 0 || state == now || reg->states[state].terminal;
        for (size_t k = 0; k < out->npassed && !known; k++) {
            known = passed[k] == state;
        }
        if (!known) {
            passed[out->npassed++] = (int16_t)state;
        }
    }
    out->passed = passed;
    out->obstacle = out->npassed == 0 ? ZH_OBSTACLE_NOWHERE : out->obstacle;
}

static bool holds(const zh_field *const *list, size_t n, const zh_field *field)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == field) {
            return true;
        }
    }
    return false;
}

bool zh_step_needs(const zh_transition *transition, const zh_field *field)
{
    return holds(transition->need, transition->nneed, field);
}

bool zh_step_asks(const zh_transition *transition, const zh_field *field)
{
    return zh_step_needs(transition, field) ||
           holds(transition->optional, transition->noptional, field);
}

bool zh_step_signs(zh_str role, const zh_transition *t)
{
    return zh_str_among(role, t->sign, t->nsign);
}

zh_rc zh_step_look(zh_ctx *ctx, zh_conn *conn, const zh_record *record, const zh_transition *t,
                   zh_step_past *out)
{
    *out = (zh_step_past){.obstacle = ZH_OBSTACLE_NONE};
    bool withdraws = t->kind == ZH_TR_WITHDRAW;
    if (t->limit == 0 && t->vote.k == 0 && !withdraws && !t->to_any) {
        return ZH_OK;
    }
    pasts list = {0};
    zh_rc rc = read_past(ctx, conn, record, &list);
    size_t run = run_of(&list, record->state);
    if (rc != ZH_OK || run == 0) {
        return rc;
    }
    look_limit(&list, t, out);
    if (t->vote.k > 0) {
        look_vote(ctx, &list, run, t, out);
    }
    if (withdraws) {
        look_withdraw(ctx, &list, run, record->reg->states[record->state].initial, out);
    }
    if (t->to_any) {
        look_return(ctx, record->reg, &list, record->state, out);
    }
    return ZH_OK;
}
