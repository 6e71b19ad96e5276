/* What follows from a write in the same transaction: the records a step makes, the record that one
 * replaces; and what a step asks of the past. */
#include "core/read/ahead.h"
#include "core/read/read.h"
#include "core/record/step.h"
#include "core/record/write_private.h"
#include <inttypes.h>

/* ---- what a step asks ------------------------------------------------------------------------ */

static void refuse(zh_write *w, const char *rule, zh_str why)
{
    zh_write_find(w, ZH_REJECT, zh_str_of(rule), w->op->transition->id, ZH_STR_NONE, ZH_STR_NONE,
                  "不能“%.*s”:%.*s", ZH_FMT(zh_label_for(w->ctx->err, w->op->transition->label)),
                  ZH_FMT(why));
}

static void refuse_as(zh_write *w, const char *rule, const char *why)
{
    refuse(w, rule, zh_str_of(zh_err_text(w->ctx->err, why)));
}

static void refuse_obstacle(zh_write *w, const zh_step_past *s)
{
    zh_arena *arena = w->ctx->arena;
    const zh_err *err = w->ctx->err;
    switch (s->obstacle) {
    case ZH_OBSTACLE_NONE: break;
    case ZH_OBSTACLE_LIMIT:
        refuse(w, "transition.limit",
               zh_str_fmt(arena, zh_err_text(err, "至多 %u 次，已做过 %" PRId64 " 次"),
                          w->op->transition->limit, s->taken));
        break;
    case ZH_OBSTACLE_VOTED: refuse_as(w, "transition.vote.twice", "您已经投过票"); break;
    case ZH_OBSTACLE_LOST: refuse_as(w, "transition.vote.lost", "反对票已使它不能通过"); break;
    case ZH_OBSTACLE_OTHER:
        refuse(w, "transition.withdraw",
               zh_str_fmt(arena, zh_err_text(err, "只有提交的人可以撤回，提交的是 %.*s"),
                          ZH_FMT(s->who)));
        break;
    case ZH_OBSTACLE_TOUCHED:
        refuse(w, "transition.withdraw",
               zh_str_fmt(arena, zh_err_text(err, "%.*s 已经办理过，不能再撤回"), ZH_FMT(s->who)));
        break;
    case ZH_OBSTACLE_NOWHERE: refuse_as(w, "transition.to", "还没有经过可以退回的状态"); break;
    }
}

static void take_vote(zh_write *w, const zh_step_past *s)
{
    const zh_transition *t = w->op->transition;
    bool votes = t->vote.k > 0;
    if (votes != (w->op->vote != ZH_VOTE_NONE)) {
        refuse_as(w, "transition.vote", votes ? "须写明同意或不同意" : "这一步不表决");
        return;
    }
    if (votes) {
        size_t yes = s->yes + (w->op->vote == ZH_VOTE_FOR);
        size_t no = s->no + (w->op->vote == ZH_VOTE_AGAINST);
        w->waits = yes < t->vote.k;
        w->lands = !w->waits ? t->to : no > t->vote.of - t->vote.k ? t->vote.otherwise : -1;
    }
}

/* The term of the vote has ended: the majority of those who voted decides when they are enough. */
static void close_vote(zh_write *w, const zh_step_past *s)
{
    const struct zh_vote_rule *vote = &w->op->transition->vote;
    bool passes = vote->quorum > 0 && s->yes + s->no >= vote->quorum && s->yes > s->no;
    w->waits = !passes;
    w->lands = passes ? w->op->transition->to : vote->otherwise;
}

static void take_return(zh_write *w, const zh_step_past *s)
{
    int state = zh_register_state(w->reg, w->op->to_state);
    for (size_t i = 0; i < s->npassed; i++) {
        if (s->passed[i] == state) {
            w->lands = (int16_t)state;
            return;
        }
    }
    refuse_as(w, "transition.to", "须选一个记录经过的状态");
}

/* The office by its code, as the declaration computes it or the writer says. */
static zh_rc take_handler(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    int64_t office = w->op->handler_office;
    zh_value v = ZH_VALUE_NULL;
    zh_rc rc = t->has_handler ? zh_write_eval(w, &t->handler, NULL, 0, &v) : ZH_OK;
    if (rc == ZH_OK && t->has_handler && v.kind == ZH_TEXT) {
        office = zh_str_i64(v.text, &office) == ZH_OK ? office : 0;
    }
    if (rc == ZH_OK && office <= 0) {
        refuse_as(w, "transition.handler", "须写明转给哪个机构");
    }
    w->handler = office;
    return rc;
}

zh_rc zh_follow_check(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    zh_step_past s;
    w->lands = t->to;
    zh_rc rc = zh_step_look(w->ctx, w->conn, w->old, t, &s);
    if (rc == ZH_OK && w->by_time && t->vote.k > 0) {
        close_vote(w, &s);
    }
    if (rc != ZH_OK || w->by_time) {
        return rc;
    }
    if (s.obstacle != ZH_OBSTACLE_NONE) {
        refuse_obstacle(w, &s);
        return ZH_OK;
    }
    take_vote(w, &s);
    if (t->to_any) {
        take_return(w, &s);
    }
    return t->kind == ZH_TR_REASSIGN ? take_handler(w) : ZH_OK;
}

/* ---- records that follow --------------------------------------------------------------------- */

/* One more write, in the name of the same person by the declaration's order, not by their rights.
 */
static zh_rc prepare_more(zh_write *w, const zh_op *op, const char *what)
{
    zh_ahead ahead;
    zh_findings findings = {0};
    zh_err found = zh_err_beside(w->ctx->err);
    zh_ctx ctx = *w->ctx;
    ctx.role = ZH_STR("system");
    ctx.post = NULL;
    ctx.rows = NULL;
    ctx.office = w->record->office;
    ctx.err = &found;
    ctx.ahead = &ahead;
    zh_ahead_init(&ahead, w->reg);
    zh_rc rc = zh_ahead_put(&ahead, ctx.arena, w->record, &found);
    if (rc == ZH_OK) {
        zh_write_mode mode = {.inside = w->inside};
        rc = zh_write_prepare(&ctx, w->conn, op, mode, &findings, &w->p->more[w->p->nmore]);
    }
    zh_ahead_clear(&ahead);
    if (rc == ZH_OK && w->p->more[w->p->nmore]->nmore > 0) {
        rc = zh_err_set(&found, ZH_EINVAL, "follow.chain", "它自己又牵连别的记录");
    }
    if (rc == ZH_OK) {
        w->p->nmore++;
        return ZH_OK;
    }
    zh_str why = findings.list.n > 0 ? findings.list.p[0].message : zh_str_of(found.message);
    zh_write_find(w, ZH_REJECT, ZH_STR("follow.refused"), ZH_STR_NONE, ZH_STR_NONE, ZH_STR_NONE,
                  "%s“%.*s”:%.*s", zh_err_text(w->ctx->err, what),
                  ZH_FMT(zh_label_for(w->ctx->err, op->reg->label)), ZH_FMT(why));
    bool refused = rc == ZH_EINVAL || rc == ZH_ENOTFOUND || rc == ZH_ECONFLICT;
    if (!refused && w->ctx->err != NULL) {
        *w->ctx->err = found;
    }
    return refused ? ZH_OK : rc;
}

static zh_value own_ref(const zh_write *w)
{
    return (zh_value){.kind = ZH_REF, .i = w->record->id, .office = w->record->office};
}

static zh_rc make(zh_write *w, const zh_creation *c)
{
    zh_change *changes = ZH_NEW_N(w->ctx->arena, zh_change, c->nset + 1);
    zh_op op = {.kind = ZH_OP_CREATE,
                .reg = c->reg,
                .changes = changes,
                .at = w->record->recorded_at,
                .justification =
                    zh_str_fmt(w->ctx->arena, "随“%.*s”建立", ZH_FMT(w->op->transition->label.zh))};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < c->nset && rc == ZH_OK; i++) {
        changes[op.nchanges].field = c->set[i].field;
        rc = zh_write_eval(w, &c->set[i].value, NULL, 0, &changes[op.nchanges].value);
        op.nchanges++;
    }
    changes[op.nchanges++] = (zh_change){.field = c->link, .value = own_ref(w)};
    return rc == ZH_OK ? prepare_more(w, &op, "随之建立") : rc;
}

/* The record that this one replaces takes its step; it must be one that the writer sees. */
static zh_rc replace(zh_write *w)
{
    const zh_field *field = w->reg->replaces_field;
    const zh_value *now = field != NULL ? &w->record->values[field->index] : NULL;
    const zh_value *was = w->old != NULL && field != NULL ? &w->old->values[field->index] : NULL;
    if (now == NULL || now->kind != ZH_REF || (was != NULL && zh_value_same(now, was))) {
        return ZH_OK;
    }
    zh_record *old = NULL;
    zh_err ignored = {0};
    zh_ctx reader = *w->writer;
    reader.err = &ignored;
    zh_rc rc = zh_record_get(&reader, w->conn, w->reg, now->office, now->i, ZH_AS_OF_NOW, &old);
    if (rc != ZH_OK || old->state == w->reg->replaced_by->to || old->id == w->record->id) {
        zh_write_find(w, ZH_REJECT, ZH_STR("record.replaces"), field->id, ZH_STR_NONE, ZH_STR_NONE,
                      rc != ZH_OK ? "“%.*s”里没有这条记录" : "“%.*s”的这条记录已被取代",
                      ZH_FMT(zh_label_for(w->ctx->err, w->reg->label)));
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = w->reg,
                .office = old->office,
                .id = old->id,
                .version_expected = old->version,
                .transition = w->reg->replaced_by,
                .at = w->op->at != 0 ? w->record->recorded_at : 0,
                .reason = zh_str_fmt(w->ctx->arena, "由 %" PRId64 "-%" PRId64 " 取代",
                                     w->record->office, w->record->id)};
    return prepare_more(w, &op, "被取代的");
}

zh_rc zh_follow_prepare(zh_write *w)
{
    const zh_transition *t = w->op->kind == ZH_OP_TRANSITION ? w->op->transition : NULL;
    bool writes = w->op->kind == ZH_OP_CREATE || w->op->kind == ZH_OP_AMEND || t != NULL;
    size_t most = (t != NULL ? t->nmakes : 0) + 1;
    zh_rc rc = ZH_OK;
    w->p->more = ZH_NEW_N(w->ctx->arena, zh_prepared *, most);
    for (size_t i = 0; t != NULL && i < t->nmakes && !w->waits && rc == ZH_OK; i++) {
        rc = make(w, &t->makes[i]);
    }
    return rc == ZH_OK && writes ? replace(w) : rc;
}
