/* Write histories: random sequences of creations, amendments, transitions, erasures, batches and
 * the passing of time, the same on both databases. */
#include "core/instance/number.h"
#include "world.h"
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 8, BATCH_MAX = 12, CHANGES_MAX = 64, TOUCHED_MAX = 64 };

typedef struct history {
    world *w;
    known touched[TOUCHED_MAX];
    const zh_register *regs[TOUCHED_MAX];
    size_t ntouched;
} history;

static void touch(history *h, const zh_register *reg, int64_t office, int64_t id)
{
    for (size_t i = 0; i < h->ntouched; i++) {
        if (h->touched[i].id == id) {
            return;
        }
    }
    if (h->ntouched < TOUCHED_MAX) {
        h->regs[h->ntouched] = reg;
        h->touched[h->ntouched++] = (known){office, id};
    }
}

static void pass_time(world *w)
{
    w->now += (zh_time)below(w, 43200) * 1000000 + (zh_time)below(w, 1000000);
    if (chance(w, 10)) {
        w->now += (zh_time)below(w, 5) * INT64_C(86400000000);
    }
}

/* ---- what is written ------------------------------------------------------------------------- */

static zh_value report_number(world *w)
{
    static const char *const prefixes[] = {"R-", "r-", "报告", "R'", "\xF0\x9F\x98\x80-"};
    size_t n = w->reports > 0 && chance(w, 4) ? below(w, w->reports) : w->reports++;
    /* the prefix depends on the number alone: a number drawn again is a duplicate */
    return zh_value_text(zh_str_fmt(w->step, "%s%zu", prefixes[n * 7 % ZH_COUNTOF(prefixes)], n));
}

static bool in_list(const zh_field *const *list, size_t n, const zh_field *field)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == field) {
            return true;
        }
    }
    return false;
}

static void add_change(world *w, zh_op *op, zh_change *changes, const zh_field *field,
                       const zh_record *old)
{
    zh_change *c = &changes[op->nchanges++];
    c->field = field;
    if (field->type == ZH_TYPE_TABLE) {
        c->rows = random_rows(w, field, old ? &old->tables[field->index] : NULL);
    } else if (in_list(op->reg->business_key, op->reg->nbusiness_key, field)) {
        c->value = report_number(w);
    } else if (chance(w, old ? 85 : 100)) {
        c->value = random_value(w, field);
    }
}

static zh_op make_create(world *w)
{
    static const char *const kinds[] = {"sample", "sample", "sample", "firm", "visit"};
    const char *kind = pick(w, kinds, ZH_COUNTOF(kinds));
    if (w->records[world_register(w, "firm")->index].n < 5) {
        kind = "firm";
    } else if (w->records[world_register(w, "sample")->index].n == 0) {
        kind = "sample";
    }
    const zh_register *reg = world_register(w, kind);
    zh_change *changes = ZH_NEW_N(w->step, zh_change, CHANGES_MAX);
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .at = w->now};
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *f = &reg->fields[i];
        bool number = f == reg->number_field;
        if (chance(w, f->computed || number ? 1 : f->required ? 98 : 70)) {
            add_change(w, &op, changes, f, NULL);
        }
    }
    op.justification = chance(w, 70) ? ZH_STR("核对无误") : ZH_STR_NONE;
    return op;
}

/* The record as it stands, read on the first side. */
static const zh_record *current(world *w, const zh_register *reg, known k)
{
    side *s = &w->sides[SQLITE];
    zh_ctx ctx = s->ctx;
    zh_conn *conn = NULL;
    zh_record *r = NULL;
    zh_err err = {0};
    ctx.arena = w->step;
    ctx.err = &err;
    zh_rc rc = zh_store_reader(zh_core_store(s->core), &conn, &err);
    if (rc == ZH_OK) {
        rc = zh_record_get(&ctx, conn, reg, k.office, k.id, ZH_AS_OF_NOW, &r);
    }
    zh_store_release(conn);
    zh_assert(rc == ZH_OK);
    return r;
}

static void expect_version(world *w, zh_op *op, const zh_record *old)
{
    if (chance(w, 60)) {
        op->version_expected = old->version;
    } else if (chance(w, 20)) {
        op->version_expected = chance(w, 50) ? old->version + 1 : old->version - 1;
    }
}

static zh_op make_amend(world *w, const zh_register *reg, const zh_record *old)
{
    zh_change *changes = ZH_NEW_N(w->step, zh_change, CHANGES_MAX);
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = reg,
                .office = chance(w, 80) ? old->office : 0,
                .id = old->id,
                .changes = changes,
                .at = w->now};
    size_t n = 1 + below(w, 4);
    for (size_t i = 0; i < n; i++) {
        const zh_field *f = &reg->fields[below(w, reg->nfields)];
        if ((!f->computed && f != reg->home_field) || chance(w, 10)) {
            add_change(w, &op, changes, f, old);
        }
    }
    op.reason = chance(w, 95) ? ZH_STR("核对后更正") : ZH_STR("  ");
    op.justification = chance(w, 60) ? ZH_STR("核对无误") : ZH_STR_NONE;
    expect_version(w, &op, old);
    return op;
}

static bool leaves(const zh_transition *t, int16_t state)
{
    bool from = t->from_any;
    for (size_t i = 0; i < t->nfrom; i++) {
        from = from || t->from[i] == (uint16_t)state;
    }
    return from;
}

static zh_op make_transition(world *w, const zh_register *reg, const zh_record *old)
{
    static const char *const reasons[] = {"late", "doubt", "late", "other"};
    zh_change *changes = ZH_NEW_N(w->step, zh_change, CHANGES_MAX);
    const zh_transition *t = &reg->transitions[below(w, reg->ntransitions)];
    for (size_t i = 0; i < 20 && !leaves(t, old->state); i++) {
        t = &reg->transitions[below(w, reg->ntransitions)];
    }
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = reg,
                .office = old->office,
                .id = old->id,
                .transition = t,
                .changes = changes,
                .at = w->now};
    for (size_t i = 0; i < t->nneed; i++) {
        if (chance(w, 90)) {
            add_change(w, &op, changes, t->need[i], old);
        }
    }
    if (t->reasons != NULL || chance(w, 3)) {
        op.reason_code = zh_str_of(pick(w, reasons, ZH_COUNTOF(reasons)));
    }
    if (t->two_person) {
        op.second_actor = chance(w, 85) ? ZH_STR("reviewer") : ZH_STR("operator");
    }
    if (chance(w, 10)) {
        op.handler_office = 420500;
    }
    expect_version(w, &op, old);
    return op;
}

/* Dimensions stay what they were when their source is erased: the two would then contradict. */
static bool is_counted_by(const zh_register *reg, const zh_field *field)
{
    for (size_t i = 0; i < reg->nderived; i++) {
        if (reg->derived[i]->field == field) {
            return true;
        }
    }
    return false;
}

static zh_op make_erase(world *w, const zh_register *reg, const zh_record *old)
{
    zh_change *changes = ZH_NEW_N(w->step, zh_change, CHANGES_MAX);
    zh_op op = {.kind = ZH_OP_ERASE,
                .reg = reg,
                .office = old->office,
                .id = old->id,
                .changes = changes,
                .reason = ZH_STR("本人申请"),
                .at = w->now};
    for (size_t i = 0; chance(w, 50) && i < 3; i++) {
        const zh_field *f = &reg->fields[below(w, reg->nfields)];
        if (!is_counted_by(reg, f)) {
            changes[op.nchanges++].field = f;
        }
    }
    expect_version(w, &op, old);
    return op;
}

static zh_op make_change(history *h)
{
    world *w = h->w;
    const zh_register *reg = &w->model->registers[below(w, w->model->nregisters)];
    if (h->ntouched > 0 && chance(w, 80)) {
        reg = h->regs[below(w, h->ntouched)];
    }
    if (w->records[reg->index].n == 0) {
        return make_create(w);
    }
    size_t n = w->records[reg->index].n;
    known k =
        w->records[reg->index].p[chance(w, 70) ? n - 1 - below(w, n < 4 ? n : 4) : below(w, n)];
    const zh_record *old = current(w, reg, k);
    touch(h, reg, k.office, k.id);
    if (reg->ntransitions > 0 && chance(w, 55)) {
        return make_transition(w, reg, old);
    }
    return chance(w, 10) ? make_erase(w, reg, old) : make_amend(w, reg, old);
}

/* ---- writing it ------------------------------------------------------------------------------ */

static void say_applied(zh_jw *j, const zh_applied *applied)
{
    zh_jw_key(j, "applied");
    zh_jw_array(j);
    zh_jw_i64(j, applied->office);
    zh_jw_i64(j, applied->id);
    zh_jw_i64(j, applied->version);
    zh_jw_array_end(j);
}

static void set_actor(world *w, zh_str role, int64_t office)
{
    for (size_t i = 0; i < SIDES; i++) {
        w->sides[i].ctx.role = role;
        w->sides[i].ctx.office = office;
    }
}

static void remember(history *h, const zh_op *op, const zh_applied *applied)
{
    world *w = h->w;
    if (op->kind == ZH_OP_CREATE) {
        known k = {applied->office, applied->id};
        zh_vec_push(w->arena, &w->records[op->reg->index], k);
    }
    touch(h, op->reg, applied->office, applied->id);
}

static void write_one(history *h, const zh_op *op)
{
    world *w = h->w;
    zh_rc rc[SIDES];
    zh_applied applied[SIDES] = {{0}};
    for (size_t i = 0; i < SIDES; i++) {
        side *s = &w->sides[i];
        zh_findings findings = {0};
        zh_jw j;
        side_fresh(s);
        rc[i] = zh_record_apply(&s->ctx, op, &findings, &applied[i]);
        zh_jw_init(&j, &s->said, 0);
        zh_jw_object(&j);
        say_error(&j, rc[i], &s->err);
        say_findings(&j, &findings);
        if (rc[i] == ZH_OK) {
            say_applied(&j, &applied[i]);
        }
        zh_jw_object_end(&j);
        if (rc[i] == ZH_EDB || rc[i] == ZH_EIO || rc[i] == ZH_ECORRUPT) {
            world_fails(w, "%s: %s %s", s->name, s->err.rule, s->err.message);
        }
    }
    if (world_agrees(w, "write %d to %.*s", op->kind, ZH_FMT(op->reg->id)) && rc[0] == ZH_OK) {
        remember(h, op, &applied[0]);
    }
}

/* Prepares all, applies those that were not refused in one transaction. */
static zh_rc write_batch(side *s, const zh_op *ops, size_t n, zh_applied *applied, bool *taken)
{
    zh_prepared *list[BATCH_MAX];
    size_t good = 0;
    size_t culprit = 0;
    zh_conn *conn = NULL;
    zh_jw j;
    side_fresh(s);
    zh_jw_init(&j, &s->said, 0);
    zh_jw_array(&j);
    for (size_t i = 0; i < n; i++) {
        zh_findings findings = {0};
        zh_err_clear(&s->err);
        zh_rc rc = zh_record_prepare(&s->ctx, NULL, &ops[i], &findings, &list[good]);
        taken[i] = rc == ZH_OK;
        zh_jw_object(&j);
        say_error(&j, rc, &s->err);
        say_findings(&j, &findings);
        zh_jw_object_end(&j);
        if (taken[i]) {
            const zh_record *r = zh_prepared_record(list[good++]);
            applied[i] = (zh_applied){r->office, r->id, r->version};
        }
    }
    zh_err_clear(&s->err);
    zh_rc rc = zh_store_writer(zh_core_store(s->core), &conn, &s->err);
    zh_assert(rc == ZH_OK);
    rc = zh_begin(conn, &s->err);
    if (rc == ZH_OK) {
        rc = zh_record_apply_batch(&s->ctx, conn, list, good, &culprit);
    }
    if (rc == ZH_OK) {
        rc = zh_commit(conn, &s->err);
    }
    if (rc != ZH_OK) {
        zh_rollback(conn);
    }
    zh_store_release(conn);
    zh_jw_object(&j);
    say_error(&j, rc, &s->err);
    zh_jw_ki(&j, "culprit", (int64_t)culprit);
    zh_jw_object_end(&j);
    zh_jw_array_end(&j);
    return rc;
}

static void batch(history *h)
{
    world *w = h->w;
    zh_op ops[BATCH_MAX];
    zh_applied applied[BATCH_MAX] = {{0}};
    bool taken[BATCH_MAX];
    zh_rc rc[SIDES];
    size_t n = 1 + below(w, BATCH_MAX);
    for (size_t i = 0; i < n; i++) {
        ops[i] = chance(w, 70) ? make_create(w) : make_change(h);
    }
    for (size_t i = 0; i < SIDES; i++) {
        rc[i] = write_batch(&w->sides[i], ops, n, applied, taken);
    }
    if (world_agrees(w, "a batch of %zu", n) && rc[0] == ZH_OK) {
        for (size_t i = 0; i < n; i++) {
            if (taken[i]) {
                remember(h, &ops[i], &applied[i]);
            }
        }
    }
}

static void let_due(world *w)
{
    for (size_t i = 0; i < SIDES; i++) {
        side *s = &w->sides[i];
        size_t done = 0;
        zh_jw j;
        side_fresh(s);
        zh_rc rc = zh_due_run(s->core, w->now, &done, &s->err);
        zh_jw_init(&j, &s->said, 0);
        zh_jw_object(&j);
        say_error(&j, rc, &s->err);
        zh_jw_ki(&j, "done", (int64_t)done);
        zh_jw_object_end(&j);
    }
    (void)world_agrees(w, "due events");
}

static void sequence(world *w)
{
    for (size_t i = 0; i < SIDES; i++) {
        side *s = &w->sides[i];
        int64_t size = 0;
        side_fresh(s);
        zh_rc rc = zh_sequence(s->core, &size, &s->err);
        zh_buf_fmt(&s->said, "%d %lld", rc, (long long)size);
    }
    (void)world_agrees(w, "sequencing");
}

static void fold(world *w)
{
    for (size_t i = 0; i < SIDES; i++) {
        side *s = &w->sides[i];
        side_fresh(s);
        zh_rc rc = zh_rollup_fold(s->core, &s->err);
        zh_buf_fmt(&s->said, "%d %s %s", rc, s->err.rule, s->err.message);
    }
    (void)world_agrees(w, "folding roll-ups");
}

static void compare_touched(history *h)
{
    world *w = h->w;
    for (size_t k = 0; k < SIDES; k++) {
        side *s = &w->sides[k];
        zh_jw j;
        side_ask(s);
        zh_jw_init(&j, &s->said, 0);
        zh_jw_array(&j);
        for (size_t i = 0; i < h->ntouched; i++) {
            say_life(&j, s, h->regs[i], h->touched[i].office, h->touched[i].id);
        }
        zh_jw_array_end(&j);
        side_done(s);
    }
    (void)world_agrees(w, "%zu records after a history", h->ntouched);
}

static void run_history(world *w)
{
    static const char *const roles[] = {"handler", "nobody"};
    history h = {.w = w};
    size_t passed = w->passed;
    size_t failed = w->failed;
    size_t steps = 2 + below(w, STEPS_MAX);
    zh_str role = chance(w, 92) ? ZH_STR("operator") : zh_str_of(pick(w, roles, 2));
    set_actor(w, role, chance(w, 70) ? 420000 : 430000);
    zh_arena_reset(w->step);
    for (size_t i = 0; i < steps && w->failed == failed; i++) {
        pass_time(w);
        world_same_ids(w);
        if (chance(w, 8)) {
            batch(&h);
        } else if (chance(w, 6)) {
            let_due(w);
        } else {
            zh_op op = i == 0 || chance(w, 25) ? make_create(w) : make_change(&h);
            write_one(&h, &op);
        }
    }
    if (chance(w, 20)) {
        sequence(w);
    }
    if (chance(w, 2)) {
        fold(w);
    }
    compare_touched(&h);
    w->passed = passed + (w->failed == failed); /* a history is one test */
}

void histories_run(world *w, size_t n)
{
    for (size_t i = 0; i < n && w->failed < FAILURES_SHOWN; i++) {
        run_history(w);
    }
    set_actor(w, ZH_STR("operator"), 420000);
    sequence(w);
}

/* ---- the whole ------------------------------------------------------------------------------- */

void histories_compare_tables(world *w)
{
    side *first = &w->sides[SQLITE];
    zh_arena *arena = w->arena;
    ZH_VEC(zh_str) names = {0};
    zh_stmt *stmt = NULL;
    for (size_t i = 0; i < SIDES; i++) {
        zh_number_return(w->sides[i].core);
    }
    side_ask(first);
    zh_rc rc = zh_query(first->conn,
                        ZH_STR("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"),
                        NULL, 0, &stmt, &first->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, &first->err)) == ZH_OK) {
        zh_vec_push(arena, &names, zh_str_dup(arena, zh_col_str(stmt, 0)));
    }
    zh_finish(stmt);
    side_done(first);
    for (size_t i = 0; i < names.n; i++) {
        if (zh_str_starts(names.p[i], ZH_STR("sqlite_"))) {
            continue;
        }
        for (size_t k = 0; k < SIDES; k++) {
            side_ask(&w->sides[k]);
            say_table(&w->sides[k], names.p[i]);
            side_done(&w->sides[k]);
        }
        (void)world_agrees(w, "table %.*s", ZH_FMT(names.p[i]));
    }
}
