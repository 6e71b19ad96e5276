/* Names of the expression language: columns, fields, reference paths, meta names, clocks,
 * parameters; and the message for a name that does not exist. */
#include "model/compile.h"
#include "model/expr_private.h"

zh_expr *zh_expr_node(zh_checker *c, zh_expr_op op, zh_kind kind, uint32_t at, size_t n)
{
    if (++c->job->nodes > ZH_EXPR_NODES_MAX) {
        (void)zh_expr_fail(c->job, at, "expr.limit.nodes", "表达式超过 %zu 个成分",
                           ZH_EXPR_NODES_MAX);
        return NULL;
    }
    zh_expr *node = ZH_NEW(c->job->arena, zh_expr);
    node->op = op;
    node->kind = kind;
    node->at = at;
    node->a = n ? ZH_NEW_N(c->job->arena, const zh_expr *, n) : NULL;
    node->n = n;
    return node;
}

void zh_expr_put(zh_expr *node, size_t i, const zh_expr *operand)
{
    zh_assert(i < node->n);
    node->a[i] = operand;
}

void zh_expr_type_from(zh_expr *node, const zh_expr *from)
{
    node->kind = from->kind;
    node->item = from->item;
    node->codes = from->codes;
    node->states = from->states;
    node->target = from->target;
    node->unit = from->unit;
}

/* ---- look-up -------------------------------------------------------------------------------- */

const zh_field *zh_expr_field(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; reg && i < reg->nfields; i++) {
        if (zh_str_eq(reg->fields[i].id, id)) {
            return &reg->fields[i];
        }
    }
    return NULL;
}

zh_str zh_expr_column_id(const zh_field *column)
{
    zh_str table = column->table ? column->table->id : ZH_STR_NONE;
    if (table.n && column->id.n > table.n && zh_str_starts(column->id, table) &&
        column->id.p[table.n] == '.') {
        return zh_str_sub(column->id, table.n + 1, column->id.n);
    }
    return column->id;
}

const zh_field *zh_expr_column(const zh_field *table, zh_str id)
{
    for (size_t i = 0; table && i < table->ncolumns; i++) {
        if (zh_str_eq(zh_expr_column_id(&table->columns[i]), id)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

const zh_field *zh_expr_table(const zh_register *reg, zh_str id)
{
    const zh_field *field = zh_expr_field(reg, id);
    return field && field->type == ZH_TYPE_TABLE ? field : NULL;
}

const zh_field *zh_expr_only_column(const zh_field *table)
{
    bool only = table && table->ncolumns == 1;
    return only ? zh_expr_column(table, ZH_STR("value")) : NULL;
}

const zh_register *zh_expr_register(const zh_checker *c, zh_str id)
{
    return c->scope->model ? zh_model_register(c->scope->model, id) : NULL;
}

static const struct meta_name {
    const char *name;
    zh_meta meta;
    zh_kind kind;
} meta_names[] = {
    {"state", ZH_META_STATE, ZH_TEXT},
    {"version", ZH_META_VERSION, ZH_DECIMAL},
    {"created_at", ZH_META_CREATED_AT, ZH_TIME},
    {"recorded_at", ZH_META_RECORDED_AT, ZH_TIME},
    {"office", ZH_META_OFFICE, ZH_DECIMAL},
    {"handler_office", ZH_META_HANDLER, ZH_DECIMAL},
    {"id", ZH_META_ID, ZH_DECIMAL},
    {"actor", ZH_META_ACTOR, ZH_TEXT},
};

static const struct meta_name *meta_of(zh_str name)
{
    for (size_t i = 0; i < ZH_COUNTOF(meta_names); i++) {
        if (zh_str_is(name, meta_names[i].name)) {
            return &meta_names[i];
        }
    }
    return NULL;
}

static bool parameter_of(const zh_checker *c, zh_str name, size_t *index)
{
    for (size_t i = 0; i < c->scope->nparameters; i++) {
        if (zh_str_eq(c->scope->parameters[i], name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* The register whose fields plain names mean. */
static const zh_register *plain_register(const zh_names *names)
{
    return names->qualified ? names->self : names->reg;
}

bool zh_expr_name_known(const zh_checker *c, const zh_names *names, zh_str name)
{
    size_t index;
    const zh_register *reg = plain_register(names);
    return parameter_of(c, name, &index) ||
           (names->columns_first && zh_expr_column(names->table, name)) ||
           zh_expr_field(reg, name) || (reg && meta_of(name)) || zh_str_is(name, "self") ||
           (names->table && zh_str_eq(names->table->id, name));
}

/* ---- unknown names -------------------------------------------------------------------------- */

static bool is_present_time(zh_str name)
{
    static const char *const words[] = {"now", "today", "current_date", "current_time", "sysdate"};
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        if (zh_str_is(name, words[i])) {
            return true;
        }
    }
    return false;
}

zh_rc zh_expr_fail_present(zh_expr_job *job, uint32_t at, zh_str name)
{
    zh_rc rc =
        zh_expr_fail(job, at, "expr.present_time",
                     "表达式不能读取当前时间 %.*s:同一记录在任何时候须得出同一结果", ZH_FMT(name));
    zh_err_fix(
        job->err,
        "登记时刻用 recorded_at；期限用 clock.名称.expired；到期用 dues 声明；评定中用 judged_at");
    return rc;
}

bool zh_expr_is_present_time(zh_str name)
{
    return is_present_time(name);
}

static void try_fields(zh_nearest *nearest, const zh_register *reg)
{
    for (size_t i = 0; reg && i < reg->nfields; i++) {
        zh_nearest_try(nearest, reg->fields[i].id);
    }
    for (size_t i = 0; reg && i < ZH_COUNTOF(meta_names); i++) {
        zh_nearest_try(nearest, zh_str_of(meta_names[i].name));
    }
}

static zh_str joined(zh_checker *c, const zh_syn *syn, size_t from, size_t to)
{
    if (to == from + 1) {
        return syn->parts[from];
    }
    zh_buf buf;
    zh_buf_init(&buf, ZH_EXPR_BYTES_MAX);
    for (size_t i = from; i < to; i++) {
        if (i > from) {
            zh_buf_c(&buf, '.');
        }
        zh_buf_str(&buf, syn->parts[i]);
    }
    zh_str out = zh_str_dup(c->job->scratch, zh_buf_view(&buf));
    zh_buf_free(&buf);
    return out;
}

static zh_rc unknown_field(zh_checker *c, const zh_register *reg, const zh_syn *syn, size_t from)
{
    zh_str name = joined(c, syn, from, syn->nparts);
    zh_nearest nearest = {.wanted = name};
    zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.name", "登记册 %.*s 没有名为 %.*s 的字段",
                            ZH_FMT(reg->id), ZH_FMT(name));
    try_fields(&nearest, reg);
    if (nearest.best.p == NULL) {
        nearest.wanted = syn->parts[from];
        try_fields(&nearest, reg);
    }
    zh_nearest_say(&nearest, c->job->err);
    return rc;
}

static zh_rc unknown_name(zh_checker *c, const zh_names *names, const zh_syn *syn)
{
    zh_str head = syn->parts[0];
    if (is_present_time(head)) {
        return zh_expr_fail_present(c->job, syn->at, head);
    }
    const zh_register *other = zh_expr_register(c, head);
    if (other) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.name", "%.*s 是另一登记册", ZH_FMT(head));
        zh_err_fix(c->job->err, "放进 any/all/count/sum/last/max/min,如 count(%.*s where …)",
                   ZH_FMT(head));
        return rc;
    }
    zh_str name = joined(c, syn, 0, syn->nparts);
    zh_rc rc =
        zh_expr_fail(c->job, syn->at, "expr.name", "没有名为 %.*s 的字段或参数", ZH_FMT(name));
    if (names->remote && !names->qualified && zh_expr_field(names->self, head)) {
        zh_err_fix(c->job->err, "外层记录的字段写成 self.%.*s", ZH_FMT(head));
    }
    zh_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < c->scope->nparameters; i++) {
        zh_nearest_try(&nearest, c->scope->parameters[i]);
    }
    for (size_t i = 0; names->table && i < names->table->ncolumns; i++) {
        zh_nearest_try(&nearest, zh_expr_column_id(&names->table->columns[i]));
    }
    try_fields(&nearest, plain_register(names));
    zh_nearest_say(&nearest, c->job->err);
    return rc;
}

static zh_rc fail_table(zh_checker *c, const zh_field *table, uint32_t at)
{
    zh_rc rc = zh_expr_fail(c->job, at, "expr.table", "子表 %.*s 有多行，不能当作一个值",
                            ZH_FMT(table->id));
    zh_err_fix(c->job->err, "放进 any/all/count/sum/min/max/first/last,如 any(%.*s.列 = …)",
               ZH_FMT(table->id));
    return rc;
}

/* ---- paths ---------------------------------------------------------------------------------- */

static zh_rc on_register(zh_checker *c, const zh_register *reg, const zh_syn *syn, size_t from,
                         unsigned steps, zh_expr **out);

static zh_rc field_node(zh_checker *c, const zh_field *field, uint32_t at, zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, ZH_X_FIELD, zh_field_kind(field), at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->field = field;
    node->table = field->table;
    node->codes = field->codes;
    node->target = field->target;
    node->unit = field->unit;
    *out = node;
    return ZH_OK;
}

/* Puts PATH or SELF around inner. Around the value only, when inner is start or end of a period or
 * a kind of state, so that these always stand outermost. */
static zh_expr *wrap(zh_expr *outer, zh_expr *inner)
{
    bool derived = inner->op == ZH_X_CALL || inner->op == ZH_X_IN;
    const zh_expr *core = derived ? inner->a[0] : inner;
    zh_expr_type_from(outer, core);
    zh_expr_put(outer, 0, core);
    if (derived) {
        zh_expr_put(inner, 0, outer);
    }
    return derived ? inner : outer;
}

static zh_rc step(zh_checker *c, const zh_field *field, const zh_syn *syn, size_t from,
                  unsigned steps, zh_expr **out)
{
    if (steps >= ZH_EXPR_PATH_MAX) {
        return zh_expr_fail(c->job, syn->at, "expr.limit.path", "引用路径超过 %d 步",
                            ZH_EXPR_PATH_MAX);
    }
    if (field->target == NULL) {
        return zh_expr_fail(c->job, syn->at, "expr.name", "引用 %.*s 的目标登记册 %.*s 不存在",
                            ZH_FMT(field->id), ZH_FMT(field->target_id));
    }
    zh_expr *inner = NULL;
    zh_rc rc = on_register(c, field->target, syn, from, steps + 1, &inner);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_expr *node = zh_expr_node(c, ZH_X_PATH, inner->kind, syn->at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->field = field;
    node->table = field->table;
    node->reg = field->target;
    c->needs_store = true;
    *out = wrap(node, inner);
    return ZH_OK;
}

/* What follows a field in a dotted name: nothing, a step to the referenced record, from/to of a
 * period. */
static zh_rc tail(zh_checker *c, const zh_field *field, const zh_syn *syn, size_t from,
                  unsigned steps, zh_expr **out)
{
    if (field->type == ZH_TYPE_TABLE) {
        return fail_table(c, field, syn->at);
    }
    if (from == syn->nparts) {
        return field_node(c, field, syn->at, out);
    }
    if (field->type == ZH_TYPE_REF) {
        return step(c, field, syn, from, steps, out);
    }
    bool start = zh_str_is(syn->parts[from], "from");
    if (field->type == ZH_TYPE_PERIOD && from + 1 == syn->nparts &&
        (start || zh_str_is(syn->parts[from], "to"))) {
        zh_expr *period = NULL;
        zh_rc rc = field_node(c, field, syn->at, &period);
        zh_expr *node = rc == ZH_OK ? zh_expr_node(c, ZH_X_CALL, ZH_DATE, syn->at, 1) : NULL;
        if (node == NULL) {
            return ZH_EINVAL;
        }
        node->fn = start ? ZH_FN_START : ZH_FN_END;
        zh_expr_put(node, 0, period);
        *out = node;
        return ZH_OK;
    }
    return zh_expr_fail(c->job, syn->at, "expr.name", "%.*s 不是引用，后面不能再接 .%.*s",
                        ZH_FMT(field->id), ZH_FMT(syn->parts[from]));
}

/* state.terminal, state.initial, state.frozen: state in (those that are). */
static zh_rc state_kind(zh_checker *c, zh_expr *state, const zh_syn *syn, zh_expr **out)
{
    zh_str kind = syn->parts[syn->nparts - 1];
    const zh_register *reg = state->states;
    zh_expr *list = zh_expr_node(c, ZH_X_IN, ZH_BOOL, syn->at, reg->nstates + 1);
    if (list == NULL) {
        return ZH_EINVAL;
    }
    size_t n = 1;
    zh_expr_put(list, 0, state);
    bool terminal = zh_str_is(kind, "terminal");
    bool initial = zh_str_is(kind, "initial");
    if (!terminal && !initial && !zh_str_is(kind, "frozen")) {
        return zh_expr_fail(c->job, syn->at, "expr.name",
                            "state 后面只能接 terminal、initial 或 frozen，却是 %.*s",
                            ZH_FMT(kind));
    }
    for (size_t i = 0; i < reg->nstates; i++) {
        const zh_state *s = &reg->states[i];
        if (terminal ? s->terminal : initial ? s->initial : s->frozen) {
            zh_expr *literal = zh_expr_node(c, ZH_X_LITERAL, ZH_TEXT, syn->at, 0);
            if (literal == NULL) {
                return ZH_EINVAL;
            }
            literal->value = zh_value_text(s->id);
            literal->states = reg;
            zh_expr_put(list, n++, literal);
        }
    }
    list->n = n;
    if (n == 1) { /* the register has no such state */
        list->op = ZH_X_LITERAL;
        list->n = 0;
        list->value = zh_value_bool(false);
    }
    *out = list;
    return ZH_OK;
}

static zh_rc meta_node(zh_checker *c, const zh_register *reg, const struct meta_name *meta,
                       const zh_syn *syn, size_t from, zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, ZH_X_META, meta->kind, syn->at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->meta = meta->meta;
    node->reg = reg;
    node->states = meta->meta == ZH_META_STATE ? reg : NULL;
    *out = node;
    return from + 1 == syn->nparts ? ZH_OK : state_kind(c, node, syn, out);
}

/* parts[from …] as a field of the register, by the longest dotted id that exists, or a meta name.
 */
static zh_rc on_register(zh_checker *c, const zh_register *reg, const zh_syn *syn, size_t from,
                         unsigned steps, zh_expr **out)
{
    for (size_t to = syn->nparts; to > from; to--) {
        const zh_field *field = zh_expr_field(reg, joined(c, syn, from, to));
        if (field) {
            return tail(c, field, syn, to, steps, out);
        }
    }
    const struct meta_name *meta = meta_of(syn->parts[from]);
    size_t more = syn->nparts - from - 1;
    if (meta && (more == 0 || (more == 1 && meta->meta == ZH_META_STATE))) {
        return meta_node(c, reg, meta, syn, from, out);
    }
    if (more && reg->part_of_field && zh_str_is(syn->parts[from], "parent")) {
        return tail(c, reg->part_of_field, syn, from + 1, steps, out);
    }
    return unknown_field(c, reg, syn, from);
}

static zh_rc column(zh_checker *c, const zh_names *names, const zh_field *found, const zh_syn *syn,
                    size_t from, zh_expr **out)
{
    if (names->in_group) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.group", "分组后一组有多行，%.*s 不是一个值",
                                ZH_FMT(zh_expr_column_id(found)));
        zh_err_fix(c->job->err, "写成 max(%.*s)、min(…)、sum(…)、count()",
                   ZH_FMT(zh_expr_column_id(found)));
        return rc;
    }
    return tail(c, found, syn, from, 0, out);
}

/* ---- special heads -------------------------------------------------------------------------- */

static zh_rc wrap_self(zh_checker *c, const zh_register *self, zh_expr *inner, uint32_t at,
                       zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, ZH_X_SELF, ZH_REF, at, inner ? 1 : 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->reg = self;
    node->target = self;
    *out = inner ? wrap(node, inner) : node;
    return ZH_OK;
}

static zh_rc self_name(zh_checker *c, const zh_names *names, const zh_syn *syn, size_t from,
                       zh_expr **out)
{
    if (names->self == NULL) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.self", "这里没有外层记录，不能用 self");
        zh_err_fix(c->job->err, "self 用在 any(登记册 where …) 等查询之内；本记录的字段直接写名称");
        return rc;
    }
    zh_expr *inner = NULL;
    if (from < syn->nparts) {
        zh_rc rc = on_register(c, names->self, syn, from, 0, &inner);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return wrap_self(c, names->self, inner, syn->at, out);
}

static zh_rc clock_name(zh_checker *c, const zh_register *reg, const zh_syn *syn, zh_expr **out)
{
    static const char *const attributes[] = {"due", "open", "met", "breached", "expired"};
    enum { PARTS = 3 };
    size_t index = 0;
    int attr = -1;
    if (syn->nparts != PARTS) {
        return zh_expr_fail(c->job, syn->at, "expr.clock",
                            "写成 clock.时限.due|open|met|breached|expired");
    }
    while (index < reg->nclocks && !zh_str_eq(reg->clocks[index].id, syn->parts[1])) {
        index++;
    }
    if (index == reg->nclocks) {
        zh_nearest nearest = {.wanted = syn->parts[1]};
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.clock", "登记册 %.*s 没有时限 %.*s",
                                ZH_FMT(reg->id), ZH_FMT(syn->parts[1]));
        for (size_t i = 0; i < reg->nclocks; i++) {
            zh_nearest_try(&nearest, reg->clocks[i].id);
        }
        zh_nearest_say(&nearest, c->job->err);
        return rc;
    }
    for (size_t i = 0; i < ZH_COUNTOF(attributes); i++) {
        attr = zh_str_is(syn->parts[2], attributes[i]) ? (int)i : attr;
    }
    if (attr < 0) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.clock", "时限没有 %.*s 一项",
                                ZH_FMT(syn->parts[2]));
        zh_err_fix(c->job->err, "可用 due、open、met、breached、expired");
        return rc;
    }
    zh_expr *node =
        zh_expr_node(c, ZH_X_CLOCK, attr == ZH_CLOCK_DUE ? ZH_TIME : ZH_BOOL, syn->at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->attr = (zh_clock_attr)attr;
    node->clock = (uint16_t)index;
    node->reg = reg;
    node->name = reg->clocks[index].id;
    c->needs_store = true;
    *out = node;
    return ZH_OK;
}

static zh_rc parameter(zh_checker *c, size_t index, uint32_t at, zh_expr **out)
{
    const zh_kind *kinds = c->scope->parameter_kinds;
    zh_expr *node = zh_expr_node(c, ZH_X_PARAMETER, kinds ? kinds[index] : ZH_DECIMAL, at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->index = (uint16_t)index;
    node->name = c->scope->parameters[index];
    *out = node;
    return ZH_OK;
}

/* A column of the row in hand, plain or as table.column; *found NULL when it is none. */
static const zh_field *row_column(const zh_names *names, const zh_syn *syn, size_t *from)
{
    const zh_field *found =
        names->columns_first ? zh_expr_column(names->table, syn->parts[0]) : NULL;
    *from = 1;
    if (found == NULL && names->table && zh_str_eq(names->table->id, syn->parts[0])) {
        if (syn->nparts == 1) {
            return zh_expr_only_column(names->table);
        }
        *from = 2;
        found = zh_expr_column(names->table, syn->parts[1]);
    }
    return found;
}

/* A plain name of the record, or of the outer record where the target's are qualified. */
static zh_rc record_name(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    const zh_register *reg = plain_register(names);
    bool exists = zh_expr_field(reg, syn->parts[0]) || meta_of(syn->parts[0]) ||
                  zh_str_is(syn->parts[0], "parent");
    for (size_t to = syn->nparts; !exists && to > 1; to--) {
        exists = zh_expr_field(reg, joined(c, syn, 0, to)) != NULL;
    }
    if (!exists) {
        return unknown_name(c, names, syn);
    }
    if (!names->qualified) {
        return on_register(c, reg, syn, 0, 0, out);
    }
    zh_expr *inner = NULL;
    zh_rc rc = on_register(c, reg, syn, 0, 0, &inner);
    return rc == ZH_OK ? wrap_self(c, reg, inner, syn->at, out) : rc;
}

zh_rc zh_expr_check_name(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_str head = syn->parts[0];
    size_t index;
    if (syn->nparts == 1 && parameter_of(c, head, &index)) {
        return parameter(c, index, syn->at, out);
    }
    size_t from = 1;
    const zh_field *found = row_column(names, syn, &from);
    if (found) {
        return column(c, names, found, syn, from, out);
    }
    if (zh_str_is(head, "self") && !zh_expr_field(names->reg, head)) {
        return self_name(c, names, syn, 1, out);
    }
    if (names->reg == NULL) {
        return unknown_name(c, names, syn);
    }
    bool more = syn->nparts > 1 && zh_expr_field(names->reg, head) == NULL;
    if (more && (zh_str_is(head, "record") || (names->remote && zh_str_eq(head, names->reg->id)))) {
        return on_register(c, names->reg, syn, 1, 0, out);
    }
    if (more && zh_str_is(head, "clock") && !names->remote) {
        return clock_name(c, names->reg, syn, out);
    }
    return record_name(c, names, syn, out);
}
