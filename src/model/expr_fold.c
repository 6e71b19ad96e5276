/* Evaluator of the expression language: folds over child rows, groups, lists, other records,
 * chains.
 *
 * What a fold makes of unknowns: any and all are three-valued; count counts known trues (or known
 * values); sum, avg, min, max and distinct look at known values and are unknown when there is none
 * (distinct: 0); first and last take what stands there, known or not. */
#include "model/expr_private.h"

typedef struct zh_fold_run folder;
struct zh_fold_run {
    const zh_expr *node;
    const zh_expr *type; /* of the values, for the order of grades */
    zh_env *env;
    zh_err *err;
    size_t seen; /* rows */
    int64_t count;
    int truth; /* any, all */
    bool have, done, unknown;
    bool copies; /* values do not outlive the row */
    zh_i128 sum;
    uint8_t digits;
    zh_str unit;
    zh_value best;
    zh_map keys;
};

static void folder_start(folder *f, const zh_expr *node, const zh_expr *body, zh_env *env,
                         zh_err *err)
{
    *f = (folder){.node = node, .type = body, .env = env, .err = err};
    f->truth = node->fold == ZH_FOLD_ALL;
    zh_map_init(&f->keys, env->arena);
}

static zh_rc fail_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "expr.limit.memory", "求值所需内存超过上限");
}

static zh_rc fail_sum(folder *f)
{
    return zh_err_set(f->err, ZH_EINVAL, "expr.overflow", "%s 的结果超过 18 位",
                      zh_expr_fold_name(f->node->fold));
}

static zh_rc add_sum(folder *f, const zh_value *v)
{
    zh_i128 term = v->decimal.scaled;
    uint8_t digits = v->decimal.digits;
    if (f->have && f->unit.n && v->unit.n && !zh_str_eq(f->unit, v->unit)) {
        return zh_err_set(f->err, ZH_EINVAL, "expr.unit", "单位 %.*s 与 %.*s 不同，不能求和",
                          ZH_FMT(f->unit), ZH_FMT(v->unit));
    }
    for (; f->digits < digits; f->digits++) {
        if (__builtin_mul_overflow(f->sum, (zh_i128)10, &f->sum)) {
            return fail_sum(f);
        }
    }
    for (; digits < f->digits; digits++) {
        term *= 10; /* at most 1e36 */
    }
    if (f->unit.n == 0 && v->unit.n) {
        f->unit = f->copies ? zh_str_dup(f->env->arena, v->unit) : v->unit;
    }
    f->have = true;
    f->count++;
    return zh_i128_add(f->sum, term, &f->sum) ? ZH_OK : fail_sum(f);
}

static void keep(folder *f, const zh_value *v)
{
    f->best = *v;
    if (f->copies && v->text.n) {
        f->best.text = zh_str_dup(f->env->arena, v->text);
    }
    if (f->copies && v->unit.n) {
        f->best.unit = zh_str_dup(f->env->arena, v->unit);
    }
}

static zh_rc add_extreme(folder *f, const zh_value *v)
{
    int order = 0;
    if (!f->have) {
        keep(f, v);
        f->have = true;
        return ZH_OK;
    }
    zh_rc rc = zh_expr_order(f->type, v, &f->best, &order);
    if (rc == ZH_EINVAL) {
        return zh_err_set(f->err, ZH_EINVAL, "expr.unit", "单位 %.*s 与 %.*s 不同，不能比大小",
                          ZH_FMT(v->unit), ZH_FMT(f->best.unit));
    }
    if (rc == ZH_OK && (f->node->fold == ZH_FOLD_MIN ? order < 0 : order > 0)) {
        keep(f, v);
    }
    return ZH_OK;
}

/* Text that is equal exactly when the values are: decimals without trailing zeros. */
static zh_str key_of(zh_arena *arena, const zh_value *v)
{
    char type;
    zh_value plain = *v;
    if (v->kind == ZH_DECIMAL) {
        plain.text = ZH_STR_NONE;
        while (plain.decimal.digits > 0 && plain.decimal.scaled % 10 == 0) {
            plain.decimal.scaled /= 10;
            plain.decimal.digits--;
        }
    }
    return zh_value_canonical(arena, &plain, &type);
}

static void add_truth(folder *f, const zh_value *v)
{
    int deciding = f->node->fold == ZH_FOLD_ANY;
    int t = v->kind == ZH_BOOL ? v->i != 0 : -1;
    if (t == deciding || t < 0) {
        f->truth = t;
    }
    f->done = t == deciding;
}

/* One row's value; v NULL: the row itself is counted. */
static zh_rc folder_add(folder *f, const zh_value *v)
{
    static const zh_value yes = {.kind = ZH_BOOL, .i = 1};
    v = v ? v : &yes;
    f->seen++;
    switch (f->node->fold) {
    case ZH_FOLD_ANY:
    case ZH_FOLD_ALL: add_truth(f, v); return ZH_OK;
    case ZH_FOLD_COUNT:
        f->count += zh_value_known(v) && (v->kind != ZH_BOOL || v->i != 0);
        return ZH_OK;
    case ZH_FOLD_SUM:
    case ZH_FOLD_AVG:
    case ZH_FOLD_MIN:
    case ZH_FOLD_MAX:
        f->unknown = f->unknown || !zh_value_known(v);
        if (f->unknown) {
            return ZH_OK;
        }
        return f->node->fold == ZH_FOLD_SUM || f->node->fold == ZH_FOLD_AVG ? add_sum(f, v)
                                                                            : add_extreme(f, v);
    case ZH_FOLD_FIRST:
        keep(f, v);
        f->done = true;
        return ZH_OK;
    case ZH_FOLD_LAST: keep(f, v); return ZH_OK;
    case ZH_FOLD_DISTINCT:
        if (zh_value_known(v)) {
            zh_str key = key_of(f->env->arena, v);
            if (zh_map_get(&f->keys, key) == NULL) {
                zh_map_put(&f->keys, f->copies ? zh_str_dup(f->env->arena, key) : key, f);
            }
        }
        return ZH_OK;
    }
    return ZH_OK;
}

static zh_rc sum_value(folder *f, zh_value *out)
{
    zh_i128 den = f->node->fold == ZH_FOLD_AVG ? f->count : 1;
    uint8_t digits = f->digits;
    if (f->unknown || (!f->have && f->node->fold == ZH_FOLD_AVG)) {
        return ZH_OK;
    }
    if (f->node->fold == ZH_FOLD_AVG && digits < ZH_EXPR_DIGITS_DEFAULT) {
        digits = ZH_EXPR_DIGITS_DEFAULT;
    }
    for (uint8_t i = 0; i < f->digits; i++) {
        if (__builtin_mul_overflow(den, (zh_i128)10, &den)) {
            return fail_sum(f);
        }
    }
    zh_decimal d;
    if (zh_i128_ratio(f->sum, den, digits, ZH_ROUND_HALF_EVEN, &d) != ZH_OK) {
        return fail_sum(f);
    }
    *out = zh_value_decimal(d);
    out->unit = f->unit;
    return ZH_OK;
}

static zh_rc folder_end(folder *f, zh_value *out)
{
    *out = ZH_VALUE_NULL;
    switch (f->node->fold) {
    case ZH_FOLD_ANY:
    case ZH_FOLD_ALL:
        *out = f->truth < 0 ? ZH_VALUE_NULL : zh_value_bool(f->truth != 0);
        return ZH_OK;
    case ZH_FOLD_COUNT: *out = zh_value_int(f->count); return ZH_OK;
    case ZH_FOLD_DISTINCT: *out = zh_value_int((int64_t)f->keys.n); return ZH_OK;
    case ZH_FOLD_SUM:
    case ZH_FOLD_AVG: return sum_value(f, out);
    case ZH_FOLD_MIN:
    case ZH_FOLD_MAX: *out = f->unknown ? ZH_VALUE_NULL : f->best; return ZH_OK;
    case ZH_FOLD_FIRST:
    case ZH_FOLD_LAST: *out = f->best; return ZH_OK;
    }
    return ZH_OK;
}

/* Filter and body of one row or record in `env`. */
static zh_rc fold_one(folder *f, const zh_expr *filter, const zh_expr *body, zh_env *env)
{
    zh_value v = zh_value_bool(true);
    zh_rc rc = filter ? zh_expr_eval(filter, env, &v, f->err) : ZH_OK;
    if (rc != ZH_OK || v.kind != ZH_BOOL || v.i == 0) {
        return rc;
    }
    if (env->matched != NULL && f->node->op == ZH_X_QUERY) {
        env->matched(env->matched_user, f->node, env->record);
    }
    if (body == NULL) {
        return folder_add(f, NULL);
    }
    rc = zh_expr_eval(body, env, &v, f->err);
    return rc == ZH_OK ? folder_add(f, &v) : rc;
}

/* ---- rows and lists ------------------------------------------------------------------------- */

static zh_rc fold_items(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value list;
    folder f;
    zh_rc rc = zh_expr_eval(node->a[0], env, &list, err);
    folder_start(&f, node, node->a[0], env, err);
    for (size_t i = 0; rc == ZH_OK && i < list.n && !f.done; i++) {
        rc = folder_add(&f, &list.items[i]);
    }
    return rc == ZH_OK ? folder_end(&f, out) : rc;
}

static const zh_rows *rows_of(const zh_record *record, const zh_field *table)
{
    return record && record->tables ? &record->tables[table->index] : NULL;
}

zh_rc zh_eval_fold(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    if (node->table == NULL) {
        return fold_items(node, env, out, err);
    }
    zh_env inner = *env;
    folder f;
    zh_rc rc = ZH_OK;
    inner.rows = node->grouped ? env->rows : rows_of(env->record, node->table);
    folder_start(&f, node, node->a[0], env, err);
    for (size_t i = 0; inner.rows && rc == ZH_OK && i < inner.rows->n && !f.done; i++) {
        inner.row = i;
        rc = fold_one(&f, node->a[1], node->a[0], &inner);
    }
    env->steps_left = inner.steps_left;
    return rc == ZH_OK ? folder_end(&f, out) : rc;
}

/* ---- groups --------------------------------------------------------------------------------- */

typedef struct group {
    zh_rows rows;
    size_t capacity;
} group;

typedef struct grouping {
    const zh_expr *node;
    zh_env *env;
    zh_err *err;
    zh_map by_key;
    group **list; /* in order of first row */
    size_t n, capacity;
} grouping;

static group *group_for(grouping *g, zh_str key)
{
    group *found = zh_map_get(&g->by_key, key);
    if (found) {
        return found;
    }
    if (g->n == g->capacity) {
        size_t more = g->capacity ? g->capacity * 2 : 16;
        group **list = ZH_TRY_N(g->env->arena, group *, more);
        if (list == NULL) {
            return NULL;
        }
        for (size_t i = 0; i < g->n; i++) {
            list[i] = g->list[i];
        }
        g->list = list;
        g->capacity = more;
    }
    found = zh_arena_try(g->env->arena, sizeof *found);
    if (found) {
        found->rows.table = g->node->table;
        g->list[g->n++] = found;
        zh_map_put(&g->by_key, key, found);
    }
    return found;
}

static bool group_push(grouping *g, group *to, const zh_value *row)
{
    size_t columns = g->node->table->ncolumns;
    if (to->rows.n == to->capacity) {
        size_t more = to->capacity ? to->capacity * 2 : 4;
        zh_value *values = ZH_TRY_N(g->env->arena, zh_value, more * columns);
        if (values == NULL) {
            return false;
        }
        for (size_t i = 0; i < to->rows.n * columns; i++) {
            values[i] = to->rows.values[i];
        }
        to->rows.values = values;
        to->capacity = more;
    }
    for (size_t i = 0; i < columns; i++) {
        to->rows.values[to->rows.n * columns + i] = row[i];
    }
    to->rows.n++;
    return true;
}

/* Rows whose key is unknown form a group of their own. */
static zh_rc group_rows(grouping *g, zh_env *inner)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; inner->rows && rc == ZH_OK && i < inner->rows->n; i++) {
        zh_value key;
        inner->row = i;
        rc = zh_expr_eval(g->node->a[0], inner, &key, g->err);
        if (rc != ZH_OK) {
            break;
        }
        zh_str text = zh_value_known(&key)
                          ? zh_str_fmt(g->env->arena, "=%.*s", ZH_FMT(key_of(g->env->arena, &key)))
                          : ZH_STR("?");
        group *to = group_for(g, text);
        if (to == NULL || !group_push(g, to, &inner->rows->values[i * g->node->table->ncolumns])) {
            rc = fail_memory(g->err);
        }
    }
    return rc;
}

static zh_rc load_records(const zh_expr *node, zh_env *env, const zh_record *const **out, size_t *n,
                          zh_err *err)
{
    if (env->records == NULL) {
        return zh_err_set(err, ZH_EINVAL, "expr.env", "求值时缺少读取登记册 %.*s 的途径",
                          ZH_FMT(node->reg->id));
    }
    zh_rc rc = env->records(env, node, out, n, err);
    if (rc == ZH_OK && *n > ZH_EXPR_RECORDS_MAX) {
        rc = zh_err_set(err, ZH_ELIMIT, "expr.limit.records", "查询 %.*s 得到的记录超过 %zu 条",
                        ZH_FMT(node->reg->id), ZH_EXPR_RECORDS_MAX);
    }
    return rc;
}

static zh_rc group_all(grouping *g)
{
    const zh_record *const *records = NULL;
    size_t n = 0;
    zh_env inner = *g->env;
    zh_rc rc = ZH_OK;
    if (g->node->reg == NULL) {
        inner.rows = rows_of(g->env->record, g->node->table);
        rc = group_rows(g, &inner);
    } else {
        rc = load_records(g->node, g->env, &records, &n, g->err);
        for (size_t i = 0; rc == ZH_OK && i < n; i++) {
            zh_env_enter(&inner, &inner, records[i]);
            inner.self = g->env->record;
            inner.rows = rows_of(records[i], g->node->table);
            rc = group_rows(g, &inner);
        }
    }
    g->env->steps_left = inner.steps_left;
    return rc;
}

zh_rc zh_eval_group(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    grouping g = {.node = node, .env = env, .err = err};
    zh_map_init(&g.by_key, env->arena);
    zh_rc rc = group_all(&g);
    zh_value *items = g.n ? ZH_TRY_N(env->arena, zh_value, g.n) : NULL;
    if (rc == ZH_OK && g.n && items == NULL) {
        rc = fail_memory(err);
    }
    zh_env inner = *env;
    if (node->reg) {
        inner.self = env->record;
    }
    for (size_t i = 0; rc == ZH_OK && i < g.n; i++) {
        inner.rows = &g.list[i]->rows;
        inner.row = 0;
        rc = zh_expr_eval(node->a[1], &inner, &items[i], err);
    }
    env->steps_left = inner.steps_left;
    *out = (zh_value){.kind = ZH_LIST, .items = items, .n = rc == ZH_OK ? g.n : 0};
    return rc;
}

/* ---- other records -------------------------------------------------------------------------- */

/* Whether the record's event lies in (t - within, t], t being the outer record's. */
static zh_rc in_time(const zh_expr *node, zh_env *env, const zh_record *r, bool *out, zh_err *err)
{
    zh_time first = 0;
    zh_time last = 0;
    zh_time from = 0;
    zh_time event = 0;
    *out = true;
    if (node->within == 0) {
        return ZH_OK;
    }
    if (!zh_env_event(env, &first, &last)) { /* no instant to count back from */
        *out = false;
        return ZH_OK;
    }
    if (zh_time_shift(env->calendar, first, -node->within, node->within_unit, &from) != ZH_OK) {
        return zh_err_set(err, ZH_ENOTFOUND, "expr.calendar", "within 的起点超出日历");
    }
    *out = zh_record_event(r, &event) == ZH_OK && event > from && event <= last;
    return ZH_OK;
}

static bool same_record(const zh_record *a, const zh_record *b)
{
    return a == b ||
           (a && b && a->reg == b->reg && a->id == b->id && a->office == b->office && a->id != 0);
}

static zh_rc fold_record(folder *f, const zh_record *record)
{
    zh_env *env = f->env;
    bool near = false;
    if (f->done || same_record(record, env->record)) {
        return ZH_OK;
    }
    zh_rc rc = in_time(f->node, env, record, &near, f->err);
    if (rc == ZH_OK && near) {
        zh_env inner;
        zh_env_enter(&inner, env, record);
        inner.self = env->record;
        rc = fold_one(f, f->node->a[0], f->node->a[1], &inner);
        env->steps_left = inner.steps_left;
    }
    return rc;
}

zh_fold_run *zh_fold_start(const zh_expr *node, zh_env *env, zh_err *err)
{
    folder *f = ZH_NEW(env->arena, folder);
    folder_start(f, node, node->a[1], env, err);
    f->copies = true;
    return f;
}

zh_rc zh_fold_record(zh_fold_run *run, const zh_record *record)
{
    bool fresh = run->env->steps_left == 0;
    if (fresh) {
        run->env->steps_left = ZH_EXPR_STEPS_MAX;
    }
    zh_rc rc = fold_record(run, record);
    if (fresh) {
        run->env->steps_left = 0;
    }
    return rc;
}

zh_rc zh_fold_finish(zh_fold_run *run, zh_value *out)
{
    return folder_end(run, out);
}

static zh_rc fold_records(const zh_expr *node, zh_env *env, const zh_record *const *records,
                          size_t n, zh_value *out, zh_err *err)
{
    folder f;
    zh_rc rc = ZH_OK;
    folder_start(&f, node, node->a[1], env, err);
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        rc = fold_record(&f, records[i]);
    }
    return rc == ZH_OK ? folder_end(&f, out) : rc;
}

zh_rc zh_eval_query(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    const zh_record *const *records = NULL;
    size_t n = 0;
    if (env->query) {
        zh_rc rc = env->query(env, node, out, err);
        if (rc != ZH_ENOTFOUND) {
            return rc;
        }
    }
    zh_rc rc = load_records(node, env, &records, &n, err);
    return rc == ZH_OK ? fold_records(node, env, records, n, out, err) : rc;
}

zh_rc zh_eval_rank(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    const zh_record *const *records = NULL;
    size_t n = 0;
    zh_value mine[2];
    int64_t above = 0;
    if (env->query) {
        zh_rc rc = env->query(env, node, out, err);
        if (rc != ZH_ENOTFOUND) {
            return rc;
        }
    }
    zh_rc rc = zh_expr_eval(node->a[0], env, &mine[0], err);
    if (rc == ZH_OK) {
        rc = zh_expr_eval(node->a[1], env, &mine[1], err);
    }
    *out = ZH_VALUE_NULL;
    if (rc != ZH_OK || !zh_value_known(&mine[0]) || !zh_value_known(&mine[1])) {
        return rc;
    }
    rc = load_records(node, env, &records, &n, err);
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        zh_value v, part;
        int same = 1;
        int order = 0;
        zh_env inner;
        zh_env_enter(&inner, env, records[i]);
        rc = zh_expr_eval(node->a[1], &inner, &part, err);
        if (rc == ZH_OK && zh_value_cmp(&part, &mine[1], &same) == ZH_OK && same == 0) {
            rc = zh_expr_eval(node->a[0], &inner, &v, err);
            above += rc == ZH_OK && zh_value_cmp(&v, &mine[0], &order) == ZH_OK && order > 0;
        }
        env->steps_left = inner.steps_left;
    }
    *out = zh_value_int(above + 1);
    return rc;
}

/* ---- chains --------------------------------------------------------------------------------- */

typedef struct chain {
    const zh_record *passed[ZH_EXPR_CHAIN_MAX + 1];
    size_t n;
} chain;

static bool passed_before(const chain *c, const zh_register *reg, const zh_value *ref)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->passed[i]->reg == reg && c->passed[i]->id == ref->i &&
            c->passed[i]->office == ref->office) {
            return true;
        }
    }
    return false;
}

/* The reference from the last record of the chain; kind ZH_NULL at its end. */
static zh_value chain_next(const zh_expr *node, const chain *c)
{
    const zh_record *last = c->passed[c->n - 1];
    const zh_field *field = c->n == 1 ? node->field : zh_expr_field(last->reg, node->field->id);
    bool ref = field && field->type == ZH_TYPE_REF && last->values[field->index].kind == ZH_REF &&
               last->values[field->index].i != 0;
    return ref ? last->values[field->index] : ZH_VALUE_NULL;
}

static zh_rc chain_step(const zh_expr *node, zh_env *env, chain *c, const zh_value *ref,
                        const zh_record **target, zh_err *err)
{
    zh_time first = 0;
    zh_time as_at = 0;
    if (passed_before(c, node->reg, ref)) {
        return zh_err_set(err, ZH_EINVAL, "expr.chain.cycle", "%.*s 的链条成环，回到 %lld:%lld",
                          ZH_FMT(node->field->id), (long long)ref->office, (long long)ref->i);
    }
    if (c->n > node->level) {
        return zh_err_set(err, ZH_EINVAL, "expr.limit.chain", "%.*s 的链条超过 %d 级",
                          ZH_FMT(node->field->id), ZH_EXPR_CHAIN_MAX);
    }
    if (env->follow == NULL) {
        return zh_err_set(err, ZH_EINVAL, "expr.env", "求值时缺少读取引用记录的途径");
    }
    if (env->record->reg->event_time) {
        (void)zh_env_event(env, &first, &as_at);
    }
    return env->follow(env, node->reg, ref->office, ref->i, as_at, target, err);
}

zh_rc zh_eval_chain(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    chain c = {.passed = {env->record}, .n = 1};
    folder f;
    zh_rc rc = ZH_OK;
    if (env->record == NULL) {
        return zh_err_set(err, ZH_EINVAL, "expr.env", "求值时缺少当前记录");
    }
    folder_start(&f, node, node->a[0], env, err);
    for (;;) { /* to its end even when the fold is decided, so that a cycle never hides */
        const zh_record *target = NULL;
        zh_value ref = chain_next(node, &c);
        bool cut = node->within && c.n > node->level;
        if (ref.kind == ZH_NULL || cut) {
            break;
        }
        rc = chain_step(node, env, &c, &ref, &target, err);
        if (rc != ZH_OK || target == NULL) {
            break;
        }
        c.passed[c.n++] = target;
        if (!f.done) {
            zh_env inner;
            zh_env_enter(&inner, env, target);
            inner.self = env->record;
            rc = fold_one(&f, NULL, node->a[0], &inner);
            env->steps_left = inner.steps_left;
        }
        if (rc != ZH_OK) {
            break;
        }
    }
    return rc == ZH_OK ? folder_end(&f, out) : rc;
}
