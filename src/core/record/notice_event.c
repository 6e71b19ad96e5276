/* What a write tells is put down with it, in its own transaction; see notice.h. */
#include "core/record/notice_event.h"
#include "core/record/write_private.h"

/* The record comes to a state in which it is voted on, or what is voted on has been corrected. */
static zh_notice_of ballot_of(const zh_write *w)
{
    const zh_record *r = w->record;
    bool entered = w->old == NULL || w->old->state != r->state;
    zh_notice_of none = {0};
    for (size_t i = 0; (entered || w->op->kind == ZH_OP_AMEND) && i < w->reg->ntransitions; i++) {
        const zh_transition *t = &w->reg->transitions[i];
        if (t->vote.k > 0 && zh_leaves_from(t, r->state)) {
            return (zh_notice_of){ZH_NOTICE_VOTE, t->id};
        }
    }
    return none;
}

void zh_notice_prepare(zh_write *w)
{
    const zh_transition *t = w->op->kind == ZH_OP_TRANSITION ? w->op->transition : NULL;
    zh_notice_of *told = &w->p->notice;
    *told = (zh_notice_of){0};
    w->p->ballot = (zh_notice_of){0};
    if (zh_now() - w->record->recorded_at > ZH_NOTICE_FRESH_US) {
        return;
    }
    w->p->ballot = ballot_of(w);
    if (w->breached != NULL) {
        *told = (zh_notice_of){ZH_NOTICE_BREACH, w->breached->id};
    } else if (t != NULL && (t->notify.n > 0 || t->kind == ZH_TR_RETURN)) {
        *told = (zh_notice_of){ZH_NOTICE_TRANSITION, t->id};
    } else if (w->op->kind == ZH_OP_CREATE && w->reg->notify.n > 0) {
        *told = (zh_notice_of){ZH_NOTICE_CREATED, ZH_STR("")};
    }
}

zh_rc zh_notice_add(zh_conn *conn, const zh_notice_event *e, zh_err *err)
{
    zh_sql_value row[] = {ZH_SQL_INT(e->office),  ZH_SQL_INT(e->id),   ZH_SQL_INT(e->record),
                          ZH_SQL_INT(e->version), ZH_SQL_INT(e->at),   ZH_SQL_STR(e->reg),
                          ZH_SQL_STR(e->cause),   ZH_SQL_STR(e->name), ZH_SQL_STR(e->actor)};
    return zh_run(conn,
                  "INSERT INTO zh_notice (office, id, record, version, at, register, cause, name, "
                  "actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  row, ZH_COUNTOF(row), NULL, err);
}
