/* The one door: preparing a write.
 *
 * Preparation reads the record as it stands, merges what the writer gives, follows the transition,
 * computes, checks, resolves dimensions, advances clocks, and seals. Nothing is written but number
 * reservations. Any number of threads prepare at once, each with its own context. */
#include "core/record/record.h"
#include "base/os.h"
#include "core/instance/number.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/record/pending.h"
#include "core/record/step.h"
#include "core/record/write_private.h"
#include "model/contact.h"
#include <inttypes.h>
#include <string.h>

enum { BYTES_PER_VALUE = 1024, BYTES_PER_TEXT_BYTE = 48, BYTES_BASE = 256 << 10 };

const zh_record *zh_prepared_record(const zh_prepared *prepared)
{
    return prepared->record;
}

/* ---- the environment of a version being written --------------------------------------------- */

/* Callbacks of stored data, for records other than the one being written. */
static zh_env passed_on(const zh_env *env)
{
    const zh_write *w = env->user;
    zh_env stored = *env;
    stored.user = w->stored.user;
    stored.follow = w->stored.follow;
    stored.query = w->stored.query;
    stored.records = w->stored.records;
    stored.clock = w->stored.clock;
    stored.entered = w->stored.entered;
    stored.prev = w->stored.prev;
    return stored;
}

static zh_rc own_follow(zh_env *env, const zh_register *reg, int64_t office, int64_t id,
                        zh_time as_at, const zh_record **out, zh_err *err)
{
    zh_env stored = passed_on(env);
    zh_rc rc = stored.follow(&stored, reg, office, id, as_at, out, err);
    env->steps_left = stored.steps_left;
    return rc;
}

static zh_rc own_query(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    zh_env stored = passed_on(env);
    zh_rc rc = stored.query(&stored, node, out, err);
    env->steps_left = stored.steps_left;
    return rc;
}

static zh_rc own_records(zh_env *env, const zh_expr *node, const zh_record *const **out, size_t *n,
                         zh_err *err)
{
    zh_env stored = passed_on(env);
    zh_rc rc = stored.records(&stored, node, out, n, err);
    env->steps_left = stored.steps_left;
    return rc;
}

/* The clocks as this version leaves them. */
static zh_rc own_clock(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    const zh_write *w = env->user;
    if (env->record == w->record) {
        *out = zh_clock_value(&w->p->clocks[node->clock], node->attr);
        return ZH_OK;
    }
    zh_env stored = passed_on(env);
    return stored.clock(&stored, node, out, err);
}

/* A state that this version enters for the first time is entered now. */
static zh_rc own_entered(zh_env *env, zh_str state, zh_value *out, zh_err *err)
{
    const zh_write *w = env->user;
    zh_env stored = passed_on(env);
    *out = ZH_VALUE_NULL;
    zh_rc rc = w->old == NULL && env->record == w->record
                   ? ZH_OK
                   : stored.entered(&stored, state, out, err);
    if (rc == ZH_OK && out->kind == ZH_NULL && env->record == w->record &&
        zh_str_eq(w->reg->states[w->record->state].id, state)) {
        *out = zh_value_time(w->record->recorded_at);
    }
    return rc;
}

/* What the version being written supersedes. */
static zh_rc own_prev(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    const zh_write *w = env->user;
    if (node->field != NULL && env->record == w->record) {
        *out = w->old != NULL ? w->old->values[node->field->index] : ZH_VALUE_NULL;
        return ZH_OK;
    }
    zh_env stored = passed_on(env);
    return stored.prev(&stored, node, out, err);
}

static void open_env(zh_write *w)
{
    w->stored = zh_read_env(w->ctx, w->conn, ZH_AS_OF_NOW, w->record);
    w->stored.recorded_at = w->record->recorded_at;
    w->env = w->stored;
    w->env.user = w;
    w->env.follow = w->stored.follow != NULL ? own_follow : NULL;
    w->env.query = w->stored.query != NULL ? own_query : NULL;
    w->env.records = w->stored.records != NULL ? own_records : NULL;
    w->env.clock = own_clock;
    w->env.entered = w->stored.entered != NULL ? own_entered : NULL;
    w->env.prev = own_prev;
}

/* ---- rights --------------------------------------------------------------------------------- */

static zh_str verb_of(const zh_op *op)
{
    switch (op->kind) {
    case ZH_OP_CREATE: return ZH_STR("create");
    case ZH_OP_AMEND: return ZH_STR("amend");
    case ZH_OP_TRANSITION: return ZH_STR("transition");
    case ZH_OP_WITHDRAW: return ZH_STR("withdraw");
    case ZH_OP_UNDO: return ZH_STR("undo");
    case ZH_OP_ERASE: break;
    }
    return ZH_STR("erase");
}

static bool may(const zh_ctx *ctx, const zh_op *op)
{
    switch (op->kind) {
    case ZH_OP_CREATE:
    case ZH_OP_WITHDRAW: return (zh_rights(ctx, op->reg) & ZH_RIGHT_CREATE) != 0;
    case ZH_OP_AMEND: return (zh_rights(ctx, op->reg) & ZH_RIGHT_AMEND) != 0;
    case ZH_OP_UNDO:
    case ZH_OP_TRANSITION: return zh_may_take(ctx, op->reg, op->transition);
    case ZH_OP_ERASE: break;
    }
    unsigned rights = zh_rights(ctx, op->reg);
    bool two = op->second_actor.n > 0 && !zh_str_eq(op->second_actor, ctx->actor);
    return (rights & ZH_RIGHT_ERASE) != 0 || ((rights & ZH_RIGHT_ERASE_TWO) != 0 && two);
}

/* With a step come the fields it asks for; others are a correction, which is a right of its own. */
static zh_rc check_given(zh_ctx *ctx, const zh_op *op, const zh_field *field)
{
    const zh_transition *t = op->kind == ZH_OP_TRANSITION ? op->transition : NULL;
    bool asked = t == NULL || (zh_rights(ctx, op->reg) & ZH_RIGHT_AMEND) != 0;
    for (size_t i = 0; !asked && i < t->nneed; i++) {
        asked = t->need[i] == field;
    }
    for (size_t i = 0; !asked && i < t->noptional; i++) {
        asked = t->optional[i] == field;
    }
    return asked ? zh_mask_allows_field(ctx, field)
                 : zh_err_set(ctx->err, ZH_EDENIED, "record.denied",
                              "“%.*s”不要求填“%.*s”，角色“%.*s”不能随它更正",
                              ZH_FMT(zh_label_for(ctx->err, t->label)),
                              ZH_FMT(zh_label_for(ctx->err, field->label)), ZH_FMT(ctx->role));
}

static zh_rc check_op(zh_ctx *ctx, const zh_op *op, bool by_time)
{
    zh_assert((op->kind == ZH_OP_TRANSITION || op->kind == ZH_OP_UNDO) == (op->transition != NULL));
    zh_assert((op->kind == ZH_OP_CREATE) == (op->id == 0));
    if (!may(ctx, op)) {
        zh_err_set(ctx->err, ZH_EDENIED, "record.denied", "角色“%.*s”不能对“%.*s”做这项操作(%.*s)",
                   ZH_FMT(ctx->role), ZH_FMT(zh_label_for(ctx->err, op->reg->label)),
                   ZH_FMT(verb_of(op)));
        return ZH_EDENIED;
    }
    for (size_t i = 0; i < op->nchanges; i++) {
        const zh_field *field = op->changes[i].field;
        if (check_given(ctx, op, field) != ZH_OK) {
            return ZH_EDENIED;
        }
        if (ctx->post != NULL && op->kind != ZH_OP_CREATE && op->reg->number_pattern.n > 0 &&
            field == op->reg->number_field) {
            return zh_err_set(ctx->err, ZH_EDENIED, "record.number",
                              "“%.*s”由程序编号，编定后不能改",
                              ZH_FMT(zh_label_for(ctx->err, field->label)));
        }
    }
    bool needs_reason = op->kind != ZH_OP_CREATE && op->kind != ZH_OP_TRANSITION;
    if (needs_reason && !by_time && zh_str_trim(op->reason).n == 0) {
        zh_err_set(ctx->err, ZH_EINVAL, "record.reason", "更正、删除或撤回须写明理由");
        zh_err_fix(ctx->err, "请填写理由");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

/* Memory that the write may need at most, so that a large record is refused and not an abort. */
static zh_rc check_room(const zh_write *w)
{
    size_t values = w->reg->nfields;
    size_t bytes = 0;
    const zh_op *op = w->op;
    for (size_t i = 0; i < op->nchanges; i++) {
        const zh_rows *rows = op->changes[i].rows;
        size_t cells =
            rows != NULL && op->kind != ZH_OP_ERASE ? rows->n * rows->table->ncolumns : 0;
        values += cells;
        bytes += op->changes[i].value.text.n;
        for (size_t k = 0; k < cells; k++) {
            bytes += rows->values[k].text.n;
        }
    }
    for (size_t i = 0; w->old != NULL && i < w->reg->nfields; i++) {
        const zh_rows *rows = &w->old->tables[i];
        size_t cells = rows->table != NULL ? rows->n * rows->table->ncolumns : 0;
        values += cells;
        bytes += w->old->values[i].text.n;
        for (size_t k = 0; k < cells; k++) {
            bytes += rows->values[k].text.n;
        }
    }
    size_t need = BYTES_BASE + values * BYTES_PER_VALUE + bytes * BYTES_PER_TEXT_BYTE;
    if (need > zh_arena_left(w->ctx->arena)) {
        zh_err_set(w->ctx->err, ZH_ENOMEM, "record.memory", "记录太大，超出本次处理的内存限额");
        zh_err_fix(w->ctx->err, "请减少子表行数或把长文字作为附件");
        return ZH_ENOMEM;
    }
    return ZH_OK;
}

/* ---- the new record ------------------------------------------------------------------------- */

static int16_t initial_state(const zh_register *reg)
{
    for (size_t i = 0; i < reg->nstates; i++) {
        if (reg->states[i].initial) {
            return (int16_t)i;
        }
    }
    return 0;
}

static zh_rc load_old(zh_write *w)
{
    const zh_op *op = w->op;
    zh_record *old = NULL;
    zh_rc rc = zh_record_get(w->writer, w->conn, w->reg, op->office, op->id, ZH_AS_OF_NOW, &old);
    if (rc == ZH_OK && w->writer->post != NULL) { /* seen by the writer; now without masks */
        rc = zh_record_get(w->ctx, w->conn, w->reg, old->office, op->id, ZH_AS_OF_NOW, &old);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (old->state < 0) {
        return zh_err_set(w->ctx->err, ZH_ECORRUPT, "record.state",
                          "记录所在的状态已不在“%.*s”的声明里",
                          ZH_FMT(zh_label_for(w->ctx->err, w->reg->label)));
    }
    if (op->version_expected != 0 && op->version_expected != old->version) {
        zh_err_set(w->ctx->err, ZH_ECONFLICT, "record.stale",
                   "记录已被改到第 %" PRId32 " 版，您看到的是第 %" PRId32 " 版", old->version,
                   op->version_expected);
        zh_err_fix(w->ctx->err, "请重新打开记录，核对后再提交");
        return ZH_ECONFLICT;
    }
    zh_sql_value key[] = {ZH_SQL_INT(old->office), ZH_SQL_INT(old->id), ZH_SQL_INT(old->version)};
    rc = zh_query_i64(w->conn, w->plan->batch_sql, key, 3, &w->p->old_batch, w->ctx->err);
    if (rc == ZH_ENOTFOUND) {
        return zh_err_set(w->ctx->err, ZH_ECORRUPT, "record.history",
                          "记录 %" PRId64 " 的第 %" PRId32 " 版不在历史里", old->id, old->version);
    }
    w->old = w->p->old = old;
    return rc;
}

static zh_time recorded_now(const zh_write *w)
{
    zh_time now = w->op->at != 0 ? w->op->at : zh_now();
    return w->old != NULL && now < w->old->recorded_at ? w->old->recorded_at : now;
}

/* The record begins as a copy of the version it supersedes; child rows are shared until changed. */
static void begin_record(zh_write *w)
{
    zh_arena *arena = w->ctx->arena;
    size_t n = w->reg->nfields;
    zh_record *r = ZH_NEW(arena, zh_record);
    if (w->old != NULL) {
        *r = *w->old;
        r->version++;
    } else {
        r->reg = w->reg;
        r->id = zh_core_id(w->ctx->core, 0);
        r->version = 1;
        r->state = initial_state(w->reg);
        r->office = r->handler_office = w->ctx->office;
        r->created_at = recorded_now(w);
    }
    r->recorded_at = recorded_now(w);
    r->actor = w->ctx->actor;
    r->values = ZH_NEW_N(arena, zh_value, n + 1);
    r->tables = ZH_NEW_N(arena, zh_rows, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (w->old != NULL) {
            r->values[i] = w->old->values[i];
            r->tables[i] = w->old->tables[i];
        } else if (w->reg->fields[i].type == ZH_TYPE_TABLE) {
            r->tables[i].table = &w->reg->fields[i];
        }
    }
    w->record = w->p->record = r;
}

/* Row ids are never used again: new rows continue after the greatest that any version had. */
static zh_rc next_row_id(zh_write *w, const zh_field *table, int64_t *out)
{
    *out = 1;
    if (w->old == NULL) {
        return ZH_OK;
    }
    const zh_child_plan *child = &w->plan->children[w->plan->child_of[table->index]];
    zh_sql_value key[] = {ZH_SQL_INT(w->old->office), ZH_SQL_INT(w->old->id)};
    zh_rc rc = zh_query_i64(w->conn, child->last_row_sql, key, 2, out, w->ctx->err);
    ++*out;
    return rc;
}

static bool row_known(const zh_rows *rows, int64_t id)
{
    for (size_t i = 0; rows != NULL && i < rows->n; i++) {
        if (rows->ids[i] == id) {
            return true;
        }
    }
    return false;
}

static zh_rc give_row_ids(zh_write *w, const zh_rows *given, zh_rows *rows)
{
    const zh_rows *old = w->old != NULL ? &w->old->tables[rows->table->index] : NULL;
    int64_t next = 0;
    zh_rc rc = next_row_id(w, rows->table, &next);
    for (size_t i = 0; i < rows->n && rc == ZH_OK; i++) {
        int64_t id = given->ids != NULL ? given->ids[i] : 0;
        bool twice = false;
        for (size_t k = 0; k < i && id != 0 && !twice; k++) {
            twice = rows->ids[k] == id;
        }
        if (id != 0 && (twice || !row_known(old, id))) {
            zh_write_find(w, ZH_REJECT, ZH_STR("record.row"), rows->table->id, ZH_STR_NONE,
                          ZH_STR("新行不要给行号"), "“%.*s”的行号 %" PRId64 " 不存在或重复",
                          ZH_FMT(zh_label_for(w->ctx->err, rows->table->label)), id);
        }
        rows->ids[i] = id != 0 ? id : next++;
    }
    return rc;
}

/* A value that the writer gives. What is out of the writer's sight is refused in the words in which
 * what does not exist is. */
static zh_rc take_value(zh_write *w, const zh_field *field, size_t row, const zh_value *old,
                        zh_value *value)
{
    zh_value asked = *value;
    bool by_key = asked.kind == ZH_REF && asked.i == 0;
    bool kept = old != NULL && !by_key && zh_value_same(old, value);
    zh_rc rc = zh_write_normalise(w, field, value);
    if (rc == ZH_OK && value->kind == ZH_REF && !kept) {
        rc = zh_write_refer(w, field, by_key, value);
    }
    if (rc != ZH_ENOTFOUND) {
        return rc;
    }
    value->office = value->i = 0;
    if (by_key) {
        zh_write_find(w, ZH_REJECT, ZH_STR("field.ref.unknown"), zh_write_where(w, field, row),
                      ZH_STR_NONE, ZH_STR("先登记被引用的记录"), "“%.*s”找不到“%.*s”",
                      ZH_FMT(zh_label_for(w->ctx->err, field->label)), ZH_FMT(asked.text));
    } else {
        zh_write_find_ref(w, field, row, &asked);
    }
    return ZH_OK;
}

/* The cell that a row given with its id replaces; NULL: a new row. */
static const zh_value *old_cell(const zh_write *w, const zh_rows *given, size_t row, size_t column)
{
    const zh_field *table = given->table;
    const zh_rows *old = w->old != NULL && table != NULL ? &w->old->tables[table->index] : NULL;
    for (size_t i = 0; old != NULL && given->ids != NULL && i < old->n; i++) {
        if (given->ids[row] != 0 && old->ids[i] == given->ids[row]) {
            return &old->values[i * table->ncolumns + column];
        }
    }
    return NULL;
}

static zh_rc set_rows(zh_write *w, const zh_field *table, const zh_rows *given)
{
    if (given->n > ZH_TABLE_ROWS_MAX) {
        zh_write_find(w, ZH_REJECT, ZH_STR("field.rows"), table->id, ZH_STR_NONE, ZH_STR_NONE,
                      "“%.*s”超过 %d 行", ZH_FMT(zh_label_for(w->ctx->err, table->label)),
                      ZH_TABLE_ROWS_MAX);
        return ZH_OK;
    }
    size_t cells = given->n * table->ncolumns;
    zh_rows *rows = &w->record->tables[table->index];
    *rows = (zh_rows){.table = table, .n = given->n};
    rows->ids = ZH_NEW_N(w->ctx->arena, int64_t, given->n + 1);
    rows->values = ZH_NEW_N(w->ctx->arena, zh_value, cells + 1);
    for (size_t i = 0; i < cells; i++) {
        const zh_field *column = &table->columns[i % table->ncolumns];
        rows->values[i] = given->values[i];
        if (column->computed) {
            rows->values[i] = ZH_VALUE_NULL;
        }
        size_t row = i / table->ncolumns;
        bool refers = rows->values[i].kind == ZH_REF;
        zh_rc rc =
            take_value(w, column, row, refers ? old_cell(w, given, row, i % table->ncolumns) : NULL,
                       &rows->values[i]);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return give_row_ids(w, given, rows);
}

static const zh_state *frozen_in(const zh_write *w)
{
    const zh_state *state = w->old != NULL ? &w->reg->states[w->old->state] : NULL;
    bool frozen = state != NULL && state->frozen && w->op->kind == ZH_OP_AMEND;
    return frozen ? state : NULL;
}

/* In a frozen state rows may be appended to the tables it names, and nothing else. */
static bool only_appended(const zh_write *w, const zh_field *table, const zh_rows *given)
{
    const zh_rows *old = &w->old->tables[table->index];
    bool same = given->n >= old->n && given->ids != NULL;
    for (size_t i = 0; i < old->n && same; i++) {
        same = given->ids[i] == old->ids[i];
    }
    for (size_t i = 0; i < old->n * table->ncolumns && same; i++) {
        zh_value value = given->values[i];
        same =
            table->columns[i % table->ncolumns].computed || zh_value_same(&value, &old->values[i]);
    }
    return same;
}

static bool frozen_out(const zh_write *w, const zh_change *change)
{
    const zh_state *state = frozen_in(w);
    return state != NULL &&
           !(change->field->type == ZH_TYPE_TABLE && change->rows != NULL &&
             zh_str_among(change->field->id, state->frozen_allow, state->nfrozen_allow) &&
             only_appended(w, change->field, change->rows));
}

static zh_rc set_value(zh_write *w, const zh_change *change)
{
    const zh_field *field = change->field;
    zh_str no_fix = ZH_STR_NONE;
    if (field->computed) {
        zh_write_find(w, ZH_REJECT, ZH_STR("field.computed"), field->id, ZH_STR_NONE, no_fix,
                      "“%.*s”由系统推算，不能填写",
                      ZH_FMT(zh_label_for(w->ctx->err, field->label)));
        return ZH_OK;
    }
    if (zh_field_is_signature(field)) {
        zh_write_find(w, ZH_REJECT, ZH_STR("field.signature"), field->id, ZH_STR_NONE, no_fix,
                      "“%.*s”由签署人当场签署时写入，不能填写",
                      ZH_FMT(zh_label_for(w->ctx->err, field->label)));
        return ZH_OK;
    }
    if (frozen_out(w, change)) {
        zh_write_find(w, ZH_REJECT, ZH_STR("record.frozen"), field->id, ZH_STR_NONE, no_fix,
                      "记录已在“%.*s”状态冻结,“%.*s”不能再改(只能追加允许的明细行)",
                      ZH_FMT(zh_label_for(w->ctx->err, w->reg->states[w->old->state].label)),
                      ZH_FMT(zh_label_for(w->ctx->err, field->label)));
        return ZH_OK;
    }
    if (field->type == ZH_TYPE_TABLE) {
        static const zh_rows none;
        return set_rows(w, field, change->rows != NULL ? change->rows : &none);
    }
    zh_value *value = &w->record->values[field->index];
    *value = change->value;
    return take_value(w, field, 0, w->old != NULL ? &w->old->values[field->index] : NULL, value);
}

static zh_rc merge_changes(zh_write *w)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < w->op->nchanges && rc == ZH_OK; i++) {
        const zh_change *change = &w->op->changes[i];
        zh_assert(change->field->owner == w->reg && change->field->table == NULL);
        rc = set_value(w, change);
    }
    return rc;
}

/* The jurisdiction in which the record arises; it never changes afterwards. */
static void set_home(zh_write *w)
{
    const zh_field *home = w->reg->home_field;
    int64_t office = 0;
    if (w->old == NULL && home != NULL && w->record->values[home->index].kind == ZH_TEXT &&
        zh_str_i64(w->record->values[home->index].text, &office) == ZH_OK && office > 0) {
        w->record->office = office;
    }
}

static zh_rc set_defaults(zh_write *w)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < w->reg->nfields && rc == ZH_OK; i++) {
        const zh_field *field = &w->reg->fields[i];
        zh_value *value = &w->record->values[i];
        if (field->has_default && value->kind == ZH_NULL && !field->computed) {
            rc = zh_write_eval(w, &field->default_expr, NULL, 0, value);
            if (rc == ZH_OK) {
                rc = zh_write_normalise(w, field, value);
            }
        }
    }
    return rc;
}

/* With the number of the record, the lookup code lets the party without an account ask about it: 50
 * random bits without letters that look alike. */
static void give_code(zh_write *w)
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    enum { CODE_CHARS = 10, LETTERS = 32 };
    zh_contact contact;
    uint8_t random[CODE_CHARS];
    char code[CODE_CHARS];
    if (!zh_contact_of(w->reg, &contact)) {
        return;
    }
    zh_random(random, sizeof random);
    for (size_t i = 0; i < CODE_CHARS; i++) {
        code[i] = letters[random[i] % LETTERS];
    }
    w->record->values[contact.code->index] =
        zh_value_text(zh_str_dup(w->ctx->arena, (zh_str){code, CODE_CHARS}));
}

/* ---- computed fields ------------------------------------------------------------------------ */

static zh_rc compute_row(zh_write *w, const zh_field *table, size_t row, bool *changed)
{
    zh_rows *rows = &w->record->tables[table->index];
    zh_rc rc = ZH_OK;
    for (size_t c = 0; c < table->ncolumns && rc == ZH_OK; c++) {
        const zh_field *column = &table->columns[c];
        zh_value *value = &rows->values[row * table->ncolumns + c];
        if (column->computed) {
            zh_value before = *value;
            rc = zh_write_eval(w, &column->expr, rows, row, value);
            if (rc == ZH_OK) {
                rc = zh_write_normalise(w, column, value);
            }
            *changed |= rc == ZH_OK && !zh_value_same(&before, value);
        }
    }
    return rc;
}

/* Rows shared with the superseded version are copied before their computed columns are set. */
static void own_rows(zh_write *w, const zh_field *table)
{
    zh_rows *rows = &w->record->tables[table->index];
    if (w->old != NULL && rows->values == w->old->tables[table->index].values && rows->n > 0) {
        size_t cells = rows->n * table->ncolumns;
        zh_value *copy = ZH_NEW_N(w->ctx->arena, zh_value, cells);
        memcpy(copy, rows->values, cells * sizeof *copy);
        rows->values = copy;
    }
}

static bool has_computed_column(const zh_field *table)
{
    for (size_t c = 0; c < table->ncolumns; c++) {
        if (table->columns[c].computed) {
            return true;
        }
    }
    return false;
}

static zh_rc compute_table(zh_write *w, const zh_field *table, bool *changed)
{
    if (!has_computed_column(table)) {
        return ZH_OK;
    }
    own_rows(w, table);
    zh_rc rc = ZH_OK;
    for (size_t row = 0; row < w->record->tables[table->index].n && rc == ZH_OK; row++) {
        rc = compute_row(w, table, row, changed);
    }
    return rc;
}

/* Until nothing changes: a computed field may rest on another. The compiler excludes circles, so a
 * chain settles within as many rounds as there are fields. */
static zh_rc compute(zh_write *w)
{
    bool changed = true;
    zh_rc rc = ZH_OK;
    for (size_t round = 0; changed && rc == ZH_OK && round <= w->reg->nfields; round++) {
        changed = false;
        for (size_t i = 0; i < w->reg->nfields && rc == ZH_OK; i++) {
            const zh_field *field = &w->reg->fields[i];
            zh_value *value = &w->record->values[i];
            if (field->type == ZH_TYPE_TABLE) {
                rc = compute_table(w, field, &changed);
            } else if (field->computed && field != w->reg->number_field) {
                zh_value before = *value;
                rc = zh_write_eval(w, &field->expr, NULL, 0, value);
                if (rc == ZH_OK) {
                    rc = zh_write_normalise(w, field, value);
                }
                changed |= rc == ZH_OK && !zh_value_same(&before, value);
            }
        }
    }
    return rc;
}

/* ---- transitions ---------------------------------------------------------------------------- */

static zh_rc refuse_transition(zh_write *w, const char *rule, const char *why)
{
    zh_write_find(w, ZH_REJECT, zh_str_of(rule), w->op->transition->id, ZH_STR_NONE, ZH_STR_NONE,
                  "不能“%.*s”:%s", ZH_FMT(zh_label_for(w->ctx->err, w->op->transition->label)),
                  zh_err_text(w->ctx->err, why));
    return ZH_OK;
}

bool zh_leaves_from(const zh_transition *t, int16_t state)
{
    bool from = t->from_any;
    for (size_t i = 0; i < t->nfrom && !from; i++) {
        from = t->from[i] == (uint16_t)state;
    }
    return from;
}

static void check_need(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    for (size_t i = 0; i < t->nneed; i++) {
        const zh_field *field = t->need[i];
        bool filled = field->type == ZH_TYPE_TABLE
                          ? w->record->tables[field->index].n > 0
                          : w->record->values[field->index].kind != ZH_NULL;
        if (!filled) {
            zh_write_find(w, ZH_REJECT, ZH_STR("transition.need"), field->id, ZH_STR_NONE,
                          ZH_STR("请一并填写"), "“%.*s”要填“%.*s”",
                          ZH_FMT(zh_label_for(w->ctx->err, t->label)),
                          ZH_FMT(zh_label_for(w->ctx->err, field->label)));
        }
    }
}

static zh_rc check_persons(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    zh_str second = w->op->second_actor;
    if (t->two_person && !w->by_time && (second.n == 0 || zh_str_eq(second, w->ctx->actor))) {
        return refuse_transition(w, "transition.two_person", "须由另一人复核，不能自己复核自己");
    }
    if (t->reasons != NULL && !w->by_time) {
        zh_date today = zh_time_date(w->record->recorded_at);
        if (zh_code_find(t->reasons, w->op->reason_code, today) == NULL) {
            return refuse_transition(w, "transition.reason", "须从规定的理由中选一项");
        }
    } else if (w->op->reason_code.n > 0 && t->reasons == NULL) {
        return refuse_transition(w, "transition.reason", "这一步没有规定理由编码");
    }
    if (zh_step_signs(w->writer->role, t) && w->op->proved.n == 0 && !w->by_time) {
        return refuse_transition(w, "transition.sign",
                                 "须由您签署：请当场用口令（和动态码）核实本人");
    }
    return ZH_OK;
}

/* Conditions of the transition, on the record with what was given now and the state of before. */
static zh_rc check_transition(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    if (!zh_leaves_from(t, w->old->state)) {
        zh_str why =
            zh_str_fmt(w->ctx->arena, zh_err_text(w->ctx->err, "记录现在是“%.*s”"),
                       ZH_FMT(zh_label_for(w->ctx->err, w->reg->states[w->old->state].label)));
        return refuse_transition(w, "transition.from", why.p);
    }
    zh_rc rc = check_persons(w);
    if (rc == ZH_OK) {
        check_need(w);
        rc = zh_follow_check(w);
    }
    if (rc == ZH_OK && t->has_guard) {
        zh_value v;
        rc = zh_write_eval(w, &t->guard, NULL, 0, &v);
        if (rc == ZH_OK && (v.kind != ZH_BOOL || v.i == 0)) {
            return refuse_transition(w, "transition.guard", "条件不满足");
        }
    }
    return rc;
}

static zh_rc follow_transition(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    zh_rc rc = ZH_OK;
    if (w->lands >= 0) {
        w->record->state = w->lands;
    }
    if (w->waits) {
        return ZH_OK;
    }
    for (size_t i = 0; i < t->nset && rc == ZH_OK; i++) {
        const zh_field *field = t->set[i].field;
        zh_value *value = &w->record->values[field->index];
        rc = zh_write_eval(w, &t->set[i].value, NULL, 0, value);
        if (rc == ZH_OK) {
            rc = zh_write_normalise(w, field, value);
        }
    }
    int64_t handler = w->handler != 0 ? w->handler : w->op->handler_office;
    if (handler != 0) {
        w->record->handler_office = handler;
    }
    return rc;
}

/* ---- clocks --------------------------------------------------------------------------------- */

static zh_rc advance_clocks(zh_write *w)
{
    size_t n = w->reg->nclocks;
    if (n == 0) {
        return ZH_OK;
    }
    if (w->op->kind == ZH_OP_UNDO) {
        zh_record before = *w->old;
        before.version--;
        return zh_clock_load_version(w->ctx, w->conn, &before, w->p->clocks);
    }
    zh_clock_event event = {w->old, w->record, w->waits ? NULL : w->op->transition, w->breached};
    bool uncovered = false;
    zh_rc rc = zh_clock_advance(&w->env, &event, w->p->clocks_before, w->p->clocks, &uncovered,
                                w->ctx->err);
    if (rc == ZH_OK && uncovered && !w->warned_calendar) {
        w->warned_calendar = true;
        zh_write_find(w, ZH_HINT, ZH_STR("clock.calendar"), ZH_STR_NONE, ZH_STR_NONE,
                      ZH_STR("请补充工作日历"), "工作日历未覆盖到期日，时限暂不能确定");
    }
    return rc;
}

static zh_rc load_clocks(zh_write *w)
{
    size_t n = w->reg->nclocks;
    w->p->clocks_before = ZH_NEW_N(w->ctx->arena, zh_clock_state, n + 1);
    w->p->clocks = ZH_NEW_N(w->ctx->arena, zh_clock_state, n + 1);
    if (n == 0 || w->old == NULL) {
        return ZH_OK;
    }
    zh_rc rc = zh_clock_load(w->ctx, w->conn, w->old, w->p->clocks_before);
    memcpy(w->p->clocks, w->p->clocks_before, n * sizeof *w->p->clocks);
    return rc;
}

/* ---- prepare -------------------------------------------------------------------------------- */

static bool rows_same(const zh_rows *a, const zh_rows *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++) {
        same = a->ids[i] == b->ids[i];
    }
    size_t cells = a->table != NULL ? a->n * a->table->ncolumns : 0;
    for (size_t i = 0; i < cells && same; i++) {
        same = zh_value_same(&a->values[i], &b->values[i]);
    }
    return same;
}

static bool unchanged(const zh_write *w)
{
    for (size_t i = 0; i < w->reg->nfields; i++) {
        if (!zh_value_same(&w->old->values[i], &w->record->values[i]) ||
            !rows_same(&w->old->tables[i], &w->record->tables[i])) {
            return false;
        }
    }
    return true;
}

/* A withdrawn record says nothing: that its last version is empty can be proved from the log. */
static void empty_record(zh_write *w)
{
    zh_record *r = w->record;
    for (size_t i = 0; i < w->reg->nfields; i++) {
        r->values[i] = ZH_VALUE_NULL;
        r->tables[i] = (zh_rows){.table = r->tables[i].table};
    }
    r->derived = ZH_NEW_N(w->ctx->arena, zh_str, w->reg->nderived + 1);
}

/* The step that the newest version took is taken back by who took it: the version before it stands
 * again. What the step made elsewhere stays, so of such a step there is no taking back. */
static zh_rc take_back(zh_write *w)
{
    const zh_transition *t = w->op->transition;
    zh_version *versions = NULL;
    size_t n = 0;
    zh_rc rc =
        zh_record_history(w->ctx, w->conn, w->reg, w->old->office, w->old->id, &versions, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_version *last = n > 1 ? &versions[n - 1] : NULL;
    if (last == NULL || !zh_str_is(last->op, "transition") || !zh_str_eq(last->transition, t->id) ||
        !zh_str_eq(last->record->actor, w->ctx->actor) || t->nmakes > 0 || t->paper != NULL ||
        t->two_person || t->vote.k > 0) {
        return refuse_transition(w, "record.undo", "只能撤销自己刚办、没有别的后果的一步");
    }
    const zh_record *before = versions[n - 2].record;
    w->record->values = before->values;
    w->record->tables = before->tables;
    w->record->state = before->state;
    w->record->handler_office = before->handler_office;
    return ZH_OK;
}

/* What the writer gives, what the transition does, what follows from both. */
static zh_rc build(zh_write *w)
{
    if (w->op->kind == ZH_OP_WITHDRAW) {
        empty_record(w);
        return ZH_OK;
    }
    zh_rc rc = w->op->kind == ZH_OP_ERASE ? zh_erase_prepare(w) : merge_changes(w);
    if (w->op->kind == ZH_OP_ERASE) {
        return rc;
    }
    if (rc == ZH_OK && w->op->kind == ZH_OP_UNDO) {
        rc = take_back(w);
    }
    set_home(w);
    if (rc == ZH_OK && w->old == NULL) {
        rc = set_defaults(w);
        give_code(w);
    }
    if (rc == ZH_OK) {
        rc = compute(w);
    }
    if (rc == ZH_OK && w->op->kind == ZH_OP_TRANSITION) {
        rc = check_transition(w);
        if (rc == ZH_OK && !w->findings->rejected) {
            rc = follow_transition(w);
        }
    }
    if (rc == ZH_OK) {
        rc = advance_clocks(w);
    }
    if (rc == ZH_OK && w->op->kind != ZH_OP_UNDO &&
        (w->op->kind == ZH_OP_TRANSITION || w->reg->nclocks > 0)) {
        rc = compute(w); /* state and clocks are new */
    }
    if (rc == ZH_OK && w->op->kind == ZH_OP_AMEND && !w->by_time && !w->findings->rejected &&
        unchanged(w)) {
        zh_write_find(w, ZH_REJECT, ZH_STR("record.unchanged"), ZH_STR_NONE, ZH_STR_NONE,
                      ZH_STR_NONE, "更正没有改动任何内容");
    }
    return rc == ZH_OK ? zh_check_record(w) : rc;
}

static zh_rc number_record(zh_write *w)
{
    const zh_field *field = w->reg->number_field;
    if (w->old != NULL || field == NULL || w->reg->number_pattern.n == 0 || w->op->rehearsal ||
        w->record->values[field->index].kind != ZH_NULL) {
        return ZH_OK;
    }
    zh_str number;
    zh_rc rc = zh_number_next(w->ctx, w->inside ? w->conn : NULL, w->record, w->reg->number_pattern,
                              &number);
    if (rc == ZH_OK) {
        w->record->values[field->index] = zh_value_text(number);
        rc = compute(w);
    }
    return rc;
}

static zh_rc count_cells(zh_write *w)
{
    w->p->deltas = zh_deltas_new(w->ctx->arena);
    zh_rc rc = ZH_OK;
    bool gone = w->op->kind == ZH_OP_WITHDRAW;
    if (w->op->kind != ZH_OP_ERASE && !gone && w->reg->nderived > 0) {
        zh_env env = w->env;
        rc = zh_cube_resolve(w->ctx, &env, w->record);
    }
    if (rc != ZH_OK || w->reg->ncubes == 0) {
        return rc;
    }
    if (w->old != NULL) {
        rc = zh_cube_contribute(w->ctx, w->old, -1, w->p->deltas);
    }
    return rc == ZH_OK && !gone ? zh_cube_contribute(w->ctx, w->record, 1, w->p->deltas) : rc;
}

static zh_rc prepare(zh_write *w)
{
    zh_rc rc = w->op->kind == ZH_OP_CREATE ? ZH_OK : load_old(w);
    if (rc == ZH_OK) {
        rc = check_room(w);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    begin_record(w);
    open_env(w);
    rc = load_clocks(w);
    if (rc == ZH_OK) {
        rc = build(w);
    }
    if (rc == ZH_OK && w->findings->rejected) {
        return ZH_EINVAL;
    }
    if (rc == ZH_OK && w->findings->doubtful) {
        zh_err_set(w->ctx->err, ZH_EINVAL, "record.doubtful", "有存疑之处，须写明情况后才能保存");
        zh_err_fix(w->ctx->err, "请核对；确实无误的，填写说明");
        return ZH_EINVAL;
    }
    if (rc == ZH_OK) {
        rc = number_record(w);
    }
    if (rc == ZH_OK) {
        rc = zh_paper_prepare(w);
    }
    if (rc == ZH_OK) {
        rc = zh_follow_prepare(w);
    }
    if (rc == ZH_OK && w->findings->rejected) {
        return ZH_EINVAL;
    }
    if (rc == ZH_OK) {
        rc = count_cells(w);
    }
    if (rc == ZH_OK && w->op->kind != ZH_OP_WITHDRAW) {
        rc = zh_due_rows(w);
        zh_notice_prepare(w);
    }
    if (rc == ZH_OK) {
        rc = zh_seal_record(w, w->op->kind == ZH_OP_CREATE  ? ZH_ENTRY_EVIDENCE
                               : w->op->kind == ZH_OP_ERASE ? ZH_ENTRY_ERASURE
                                                            : ZH_ENTRY_CORRECTION);
    }
    return rc;
}

zh_rc zh_write_prepare(zh_ctx *ctx, zh_conn *conn, const zh_op *op, zh_write_mode mode,
                       zh_findings *findings, zh_prepared **out)
{
    /* An emergency right reads; it writes nothing that the post itself could not. */
    zh_ctx writer = *ctx;
    zh_post ordinary = ctx->post != NULL ? *ctx->post : (zh_post){0};
    ordinary.emergency = false;
    writer.stated = true; /* to write is a purpose */
    writer.post = ctx->post != NULL ? &ordinary : NULL;
    zh_rc rc = check_op(&writer, op, mode.by_time);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_conn *own = NULL;
    if (conn == NULL) {
        rc = zh_store_reader(zh_core_store(ctx->core), &own, ctx->err);
        if (rc != ZH_OK) {
            return rc;
        }
        conn = own;
    }
    zh_prepared *p = ZH_NEW(ctx->arena, zh_prepared);
    p->kind = op->kind;
    p->plan = zh_plan_of(ctx, op->reg);
    /* What a write reads follows from the record, not from what its writer may see. */
    zh_ctx whole = *ctx;
    whole.post = NULL;
    whole.rows = NULL;
    zh_write w = {
        .ctx = &whole,
        .writer = &writer,
        .conn = conn,
        .op = op,
        .findings = findings,
        .p = p,
        .plan = p->plan,
        .reg = op->reg,
        .breached = mode.breached,
        .fired = mode.fired,
        .by_time = mode.by_time,
        .inside = mode.inside,
        .asked = zh_str_is(op->second_actor, ZH_PENDING_SOMEBODY),
    };
    rc = prepare(&w);
    if (rc == ZH_OK && op->kind == ZH_OP_CREATE) {
        rc = zh_scope_takes(&writer, &w.env, w.record);
    }
    zh_store_release(own);
    *out = rc == ZH_OK ? p : NULL;
    return rc;
}

zh_rc zh_record_prepare(zh_ctx *ctx, zh_conn *conn, const zh_op *op, zh_findings *findings,
                        zh_prepared **out)
{
    return zh_write_prepare(ctx, conn, op, (zh_write_mode){0}, findings, out);
}
