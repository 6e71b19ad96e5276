/* Fills a data directory with complaints at different points of their lives, for the tests of the
 * pages: what no import can make (transitions, a correction with a reason, references).
 *
 *   lives DIR */
#include "core/adoption/open.h"
#include "core/record/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES_MAX = 24 };

typedef struct world {
    zh_core *core;
    zh_arena *arena;
    zh_err err;
    zh_ctx ctx;
} world;

static void must(world *w, zh_rc rc, const char *what)
{
    if (rc != ZH_OK) {
        (void)fprintf(stderr, "%s: %s %s\n", what, w->err.rule, w->err.message);
        exit(1);
    }
}

/* pairs: field, text, field, text … NULL */
static size_t changes(world *w, const zh_register *reg, const char *const *pairs, zh_change *out)
{
    size_t n = 0;
    for (; pairs[0] != NULL; pairs += 2) {
        const zh_field *field = zh_register_field(reg, zh_str_of(pairs[0]));
        char how = 0;
        if (field == NULL || n == CHANGES_MAX) {
            (void)fprintf(stderr, "no field %s\n", pairs[0]);
            exit(1);
        }
        out[n] = (zh_change){.field = field};
        if (field->type == ZH_TYPE_TABLE) { /* one row of one value */
            zh_rows *rows = ZH_NEW(w->arena, zh_rows);
            *rows = (zh_rows){.table = field,
                              .ids = ZH_NEW(w->arena, int64_t),
                              .values = ZH_NEW_N(w->arena, zh_value, field->ncolumns),
                              .n = 1};
            rows->ids[0] = 0;
            must(w,
                 zh_field_parse(w->ctx.model, &field->columns[0], w->arena, zh_str_of(pairs[1]),
                                INT32_MIN, &rows->values[0], &how, &w->err),
                 pairs[0]);
            out[n].rows = rows;
        } else {
            must(w,
                 zh_field_parse(w->ctx.model, field, w->arena, zh_str_of(pairs[1]), INT32_MIN,
                                &out[n].value, &how, &w->err),
                 pairs[0]);
        }
        n++;
    }
    return n;
}

static zh_applied write_one(world *w, zh_op op, const char *const *pairs, const char *at)
{
    zh_change list[CHANGES_MAX];
    zh_findings findings = {0};
    zh_applied applied = {0};
    op.changes = list;
    op.nchanges = changes(w, op.reg, pairs, list);
    must(w, zh_time_parse(zh_str_of(at), &op.at), at);
    zh_rc rc = zh_record_apply(&w->ctx, &op, &findings, &applied);
    for (size_t i = 0; i < findings.list.n && rc != ZH_OK; i++) {
        (void)fprintf(stderr, "%.*s: %.*s\n", ZH_FMT(findings.list.p[i].rule),
                      ZH_FMT(findings.list.p[i].message));
    }
    must(w, rc, at);
    return applied;
}

static void step(world *w, const zh_register *reg, zh_applied at, const char *transition,
                 const char *const *pairs, const char *when)
{
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = reg,
                .office = at.office,
                .id = at.id,
                .transition = zh_register_transition(reg, zh_str_of(transition)),
                .second_actor = ZH_STR("second")};
    w->ctx.role = op.transition != NULL && op.transition->nroles > 0 ? op.transition->roles[0]
                                                                     : ZH_STR("operator");
    (void)write_one(w, op, pairs, when);
    w->ctx.role = ZH_STR("operator");
}

/* An injury that the complaint tells of. */
static void hurt_by(world *w, zh_applied complaint)
{
    const zh_register *injuries = zh_model_register(w->ctx.model, ZH_STR("injury"));
    static const char *const burn[] = {
        "no", "SH-1", "happened_on", "2026-04-18", "product", "电热水壶", "severity", "一般", NULL};
    zh_applied hurt =
        write_one(w, (zh_op){.kind = ZH_OP_CREATE, .reg = injuries}, burn, "2026-04-20T12:00:00");
    zh_change link = {.field = zh_register_field(injuries, ZH_STR("complaint")),
                      .value = {.kind = ZH_REF, .office = complaint.office, .i = complaint.id}};
    zh_findings findings = {0};
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = injuries,
                .office = hurt.office,
                .id = hurt.id,
                .changes = &link,
                .nchanges = 1,
                .reason = ZH_STR("与投诉对上")};
    must(w, zh_record_apply(&w->ctx, &op, &findings, &hurt), "link");
}

static void fill(world *w)
{
    const zh_register *reg = zh_model_register(w->ctx.model, ZH_STR("complaint"));
    static const char *const none[] = {NULL};
    static const char *const kettle[] = {"source",
                                         "portal",
                                         "source_no",
                                         "A-1",
                                         "received_at",
                                         "2026-04-20 09:30",
                                         "consumer.name",
                                         "测试员甲",
                                         "consumer.phone",
                                         "13900000000",
                                         "product",
                                         "电热水壶",
                                         "claim",
                                         "退款",
                                         "facts",
                                         "烧水时底部漏水 <b>烫伤</b> 手背，多次联系商家不予处理。",
                                         "amount",
                                         "129.00",
                                         "place",
                                         "420102",
                                         NULL};
    static const char *const lamp[] = {"source",
                                       "portal",
                                       "source_no",
                                       "A-2",
                                       "received_at",
                                       "2026-05-06 10:00",
                                       "consumer.name",
                                       "测试员乙",
                                       "consumer.phone",
                                       "13800000000",
                                       "claim",
                                       "换货",
                                       "facts",
                                       "台灯用了三天就不亮，商家说人为损坏。",
                                       "amount",
                                       "59.50",
                                       "place",
                                       "420500",
                                       NULL};
    static const char *const dearer[] = {"amount", "219.00", NULL};
    static const char *const settled[] = {"outcome", "达成协议", NULL};
    zh_applied a =
        write_one(w, (zh_op){.kind = ZH_OP_CREATE, .reg = reg}, kettle, "2026-04-20T09:40:00");
    (void)write_one(w, (zh_op){.kind = ZH_OP_CREATE, .reg = reg}, lamp, "2026-05-06T10:05:00");
    step(w, reg, a, "accept", none, "2026-04-21T10:00:00");
    (void)write_one(w,
                    (zh_op){.kind = ZH_OP_AMEND,
                            .reg = reg,
                            .office = a.office,
                            .id = a.id,
                            .reason = ZH_STR("发票金额与填报不符")},
                    dearer, "2026-04-21T11:00:00");
    step(w, reg, a, "mediate", none, "2026-04-22T10:00:00");
    step(w, reg, a, "finish", settled, "2026-04-28T15:00:00");
    hurt_by(w, a);
}

int main(int argc, char **argv)
{
    world w = {.arena = zh_arena_new((size_t)256 << 20)};
    int64_t size = 0;
    if (argc != 2) {
        return 2;
    }
    must(&w, zh_core_open(&(zh_core_options){.data_dir = argv[1], .packs = NULL}, &w.core, &w.err),
         "open");
    w.ctx = zh_ctx_local(w.core, w.arena, &w.err);
    fill(&w);
    must(&w, zh_sequence(w.core, &size, &w.err), "sequence");
    (void)printf("%lld\n", (long long)size);
    zh_ctx_end(&w.ctx);
    zh_core_close(w.core);
    zh_arena_free(w.arena);
    return 0;
}
