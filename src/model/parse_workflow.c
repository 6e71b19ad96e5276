/* States, transitions, clocks, due rules, validation rules and access. */
#include "model/compile.h"
#include <string.h>

static const char built_in_actions[] =
    "read|create|amend|transition|export|erase|erase_two|aggregate|publish|publish_two";

static size_t count_items(const zh_yaml *map, const char *key)
{
    size_t n = 0;
    for (const zh_yaml *i = zh_first(map, key); i != NULL; i = zh_next(i)) {
        n++;
    }
    return n;
}

/* ---- names -------------------------------------------------------------------------------------
 */

static void default_state(zh_cx *cx, zh_reg_build *b)
{
    b->states = ZH_NEW(cx->arena, zh_state);
    b->states[0].id = ZH_STR("recorded");
    b->states[0].label = (zh_label){ZH_STR("已登记"), ZH_STR("Recorded")};
    b->states[0].initial = true;
    b->reg->states = b->states;
    b->reg->nstates = 1;
}

static void parse_states(zh_cx *cx, zh_reg_build *b)
{
    size_t n = count_items(b->node, "states"), i = 0, initial = 0;
    if (n == 0) {
        default_state(cx, b);
        return;
    }
    b->states = ZH_NEW_N(cx->arena, zh_state, n);
    for (const zh_yaml *s = zh_first(b->node, "states"); s != NULL; s = zh_next(s)) {
        zh_state *state = &b->states[i++];
        state->id = zh_get_text(s, "id");
        state->label = zh_get_label(s, "label");
        state->public_name = zh_get_label(s, "public");
        state->initial = zh_get_bool(s, "initial", false);
        state->terminal = zh_get_bool(s, "terminal", false);
        state->frozen = zh_get_bool(s, "frozen", false);
        state->frozen_allow = zh_get_texts(cx->arena, s, "allow", &state->nfrozen_allow);
        initial += state->initial;
    }
    b->reg->states = b->states;
    b->reg->nstates = n;
    zh_cx_unique(cx, b->node, "states");
    if (initial != 1) {
        zh_cx_error(cx, zh_yaml_get(b->node, "states"), "state.initial",
                    "给一个状态写 initial: true", "应恰有一个初始状态，现有 %zu 个", initial);
    }
}

/* Ids only: expressions may name clocks and states before they are complete. */
void zh_parse_workflow(zh_cx *cx, zh_reg_build *b)
{
    parse_states(cx, b);
    size_t n = count_items(b->node, "transitions"), i = 0;
    b->transitions = ZH_NEW_N(cx->arena, zh_transition, n + 1);
    for (const zh_yaml *t = zh_first(b->node, "transitions"); t != NULL; t = zh_next(t)) {
        b->transitions[i].id = zh_get_text(t, "id");
        b->transitions[i].label = zh_get_label(t, "label");
        if (b->transitions[i].label.zh.n == 0) {
            b->transitions[i].label.zh = b->transitions[i].id;
        }
        i++;
    }
    b->reg->transitions = b->transitions;
    b->reg->ntransitions = n;
    n = count_items(b->node, "clocks");
    b->clocks = ZH_NEW_N(cx->arena, zh_clock, n + 1);
    i = 0;
    for (const zh_yaml *c = zh_first(b->node, "clocks"); c != NULL; c = zh_next(c)) {
        b->clocks[i].id = zh_get_text(c, "id");
        b->clocks[i].label = zh_get_label(c, "label");
        if (b->clocks[i].label.zh.n == 0) {
            b->clocks[i].label.zh = b->clocks[i].id;
        }
        i++;
    }
    b->reg->clocks = b->clocks;
    b->reg->nclocks = n;
    zh_cx_unique(cx, b->node, "transitions");
    zh_cx_unique(cx, b->node, "clocks");
    zh_cx_unique(cx, b->node, "rules");
    zh_cx_unique(cx, b->node, "dues");
    zh_cx_unique(cx, b->node, "cubes");
    zh_cx_unique(cx, b->node, "tests");
}

/* ---- transitions -------------------------------------------------------------------------------
 */

static int find_state(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    int s = zh_register_state(reg, node->text);
    if (s < 0) {
        zh_str known[64];
        size_t n = reg->nstates < ZH_COUNTOF(known) ? reg->nstates : ZH_COUNTOF(known);
        for (size_t i = 0; i < n; i++) {
            known[i] = reg->states[i].id;
        }
        zh_cx_error(cx, node, "state.unknown", zh_schema_nearest(cx->arena, node->text, known, n),
                    "没有状态「%.*s」", ZH_FMT(node->text));
    }
    return s;
}

static void check_transition_ref(zh_cx *cx, const zh_register *reg, const zh_yaml *map,
                                 const char *key)
{
    const zh_yaml *node = zh_yaml_get(map, key);
    if (node != NULL && zh_register_transition(reg, node->text) == NULL) {
        zh_str known[64];
        size_t n = reg->ntransitions < ZH_COUNTOF(known) ? reg->ntransitions : ZH_COUNTOF(known);
        for (size_t i = 0; i < n; i++) {
            known[i] = reg->transitions[i].id;
        }
        zh_cx_error(cx, node, "transition.unknown",
                    zh_schema_nearest(cx->arena, node->text, known, n), "没有流转「%.*s」",
                    ZH_FMT(node->text));
    }
}

static void read_from(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    uint16_t *from = ZH_NEW_N(cx->arena, uint16_t, count_items(node, "from") + 1);
    for (const zh_yaml *f = zh_first(node, "from"); f != NULL; f = zh_next(f)) {
        if (zh_str_is(f->text, "*")) {
            t->from_any = true;
            continue;
        }
        int state = find_state(cx, reg, f);
        if (state >= 0) {
            from[t->nfrom++] = (uint16_t)state;
        }
    }
    t->from = from;
}

static void read_reasons(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    const zh_yaml *reasons = zh_yaml_get(node, "reasons");
    if (reasons == NULL) {
        return;
    }
    if (reasons->kind == ZH_YAML_SCALAR) {
        t->reasons = zh_cx_codes(cx, reasons, reasons->text);
        return;
    }
    zh_str id = zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(reg->id), ZH_FMT(t->id));
    zh_codes *codes = zh_cx_add_codes(cx, reasons, id, t->label);
    if (codes != NULL) {
        zh_codes_read_values(cx, codes, reasons);
        t->reasons = codes;
    }
}

static void read_set(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    const zh_yaml *set = zh_yaml_get(node, "set");
    if (set == NULL) {
        return;
    }
    struct zh_assignment *list = ZH_NEW_N(cx->arena, struct zh_assignment, set->n + 1);
    zh_scope scope = {.model = cx->model, .reg = reg};
    for (const zh_yaml *s = set->first; s != NULL; s = s->next) {
        const zh_field *f = zh_cx_field(cx, reg, s, s->key);
        if (f == NULL) {
            continue;
        }
        if (f->computed || f->type == ZH_TYPE_TABLE || f->table != NULL) {
            zh_cx_key_error(cx, s, "transition.set", NULL, "不能给「%.*s」赋值：它是推算字段或明细",
                            ZH_FMT(f->id));
        } else if (zh_cx_expr_node(cx, &scope, s, zh_field_kind(f), &list[t->nset].value)) {
            list[t->nset++].field = f;
        }
    }
    t->set = list;
}

static zh_audience read_audience(zh_cx *cx, const zh_yaml *node)
{
    zh_audience audience = {0};
    audience.words = zh_get_texts(cx->arena, node, "notify", &audience.n);
    return audience;
}

/* Beside `need`: what may be filled in with the step by whoever takes it. */
static void read_optional(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    t->optional = zh_cx_fields(cx, reg, node, "optional", &t->noptional);
    for (size_t i = 0; i < t->noptional; i++) {
        const zh_field *field = t->optional[i];
        if (field->computed || field->table != NULL) {
            zh_cx_error(cx, zh_yaml_get(node, "optional"), "transition.optional", NULL,
                        "“%.*s”不能随流转填写：它是推算字段或明细表的列", ZH_FMT(field->id));
        }
        for (size_t k = 0; k < t->nneed; k++) {
            if (t->need[k] == field) {
                zh_cx_error(cx, zh_yaml_get(node, "optional"), "transition.optional",
                            "必填的留在 need，可填的写在 optional",
                            "“%.*s”同时写在 need 和 optional 里", ZH_FMT(field->id));
            }
        }
    }
    if (t->noptional > 0 && t->kind == ZH_TR_AUTO) {
        zh_cx_error(cx, zh_yaml_get(node, "optional"), "transition.optional", NULL,
                    "自动的流转没有人填写");
    }
}

static void compile_transition(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_transition *t)
{
    static const char kinds[] =
        "handle|countersign|return|withdraw|reassign|auto|办理|会签|退回|撤回|"
        "转办|自动";
    zh_scope scope = {.model = cx->model, .reg = b->reg};
    int kind = zh_choice(kinds, zh_get_text(node, "kind"));
    read_from(cx, b->reg, node, t);
    const zh_yaml *to = zh_yaml_get(node, "to");
    t->to = to == NULL || zh_str_is(to->text, "*") ? -1 : (int16_t)find_state(cx, b->reg, to);
    t->roles = zh_get_texts(cx->arena, node, "roles", &t->nroles);
    t->has_guard = zh_cx_expr(cx, &scope, node, "guard", ZH_BOOL, &t->guard);
    t->has_when = zh_cx_expr(cx, &scope, node, "when", ZH_BOOL, &t->when);
    t->kind = kind < 0 ? (t->has_when ? ZH_TR_AUTO : ZH_TR_HANDLE) : (zh_transition_kind)(kind % 6);
    if (t->has_when && t->kind != ZH_TR_AUTO) {
        zh_cx_error(cx, zh_yaml_get(node, "when"), "transition.when", "改为 guard,或写 kind: auto",
                    "有「when」的流转会自动发生，种类须为 auto");
    }
    t->need = zh_cx_fields(cx, b->reg, node, "need", &t->nneed);
    read_optional(cx, b->reg, node, t);
    read_reasons(cx, b->reg, node, t);
    read_set(cx, b->reg, node, t);
    t->two_person = zh_get_bool(node, "two_person", false);
    t->limit = zh_get_number(node, "limit", 0);
    t->notify = read_audience(cx, node);
    zh_compile_step(cx, b, node, t);
}

/* ---- clocks ------------------------------------------------------------------------------------
 */

/* An event is the filling of a field, a transition or the entry into a state. */
static void check_event(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    const zh_field *f = zh_register_field(reg, node->text);
    bool date = f != NULL && f->table == NULL && f->type != ZH_TYPE_TABLE;
    if (!date && zh_register_transition(reg, node->text) == NULL &&
        zh_register_state(reg, node->text) < 0) {
        zh_cx_error(cx, node, "clock.event", NULL, "「%.*s」不是本册的字段、流转或状态",
                    ZH_FMT(node->text));
    }
}

static bool read_yearly_date(zh_str text, zh_clock_version *v)
{
    int64_t month, day;
    if (text.n != 7 || !zh_str_starts(text, ZH_STR("--")) || text.p[4] != '-' ||
        zh_str_i64(zh_str_sub(text, 2, 2), &month) != ZH_OK ||
        zh_str_i64(zh_str_sub(text, 5, 2), &day) != ZH_OK || month < 1 || month > 12 ||
        !zh_date_valid(2024, (int)month, (int)day)) {
        return false;
    }
    v->fixed_month = (int8_t)month;
    v->fixed_day = (int8_t)day;
    return true;
}

static void check_amount(zh_cx *cx, const zh_yaml *node, zh_clock_version *v)
{
    const zh_yaml *date = zh_yaml_get(node, "date");
    int ways = (zh_yaml_get(node, "amount") != NULL) + (zh_yaml_get(node, "amount_field") != NULL) +
               (date != NULL);
    if (ways != 1) {
        zh_cx_error(cx, node, "clock.amount", NULL,
                    "时限版本应恰有 amount、amount_field、date 中的一个");
    } else if (date == NULL && zh_yaml_get(node, "unit") == NULL) {
        zh_cx_error(cx, node, "clock.amount", "写 unit: day 或 working_day 等", "时限缺少单位");
    } else if (date != NULL && !read_yearly_date(date->text, v)) {
        zh_cx_error(cx, date, "clock.date", NULL, "每年的日期应写成 --06-30");
    }
    if (v->amount_field != NULL && v->amount_field->type != ZH_TYPE_DECIMAL &&
        v->amount_field->type != ZH_TYPE_QUANTITY) {
        zh_cx_error(cx, zh_yaml_get(node, "amount_field"), "clock.amount", NULL,
                    "「%.*s」不是数值字段", ZH_FMT(v->amount_field->id));
    }
}

/* Of two that begin on one day the first that holds counts: without a condition it always does. */
static void check_reached(zh_cx *cx, const zh_yaml *node, const zh_clock_version *list, size_t n)
{
    const zh_clock_version *v = &list[n];
    for (size_t i = 0; i < n; i++) {
        bool same =
            list[i].has_when && v->has_when && zh_str_eq(list[i].when.source, v->when.source);
        if (list[i].from == v->from && (!list[i].has_when || same)) {
            zh_cx_error(cx, node, "clock.version",
                        "改起始日期；同日起的两种情形用不同的 when 分开，没有条件的写在最后",
                        "时限的第 %zu 个版本与第 %zu 个同日开始，轮不到它", n + 1, i + 1);
            return;
        }
    }
}

static void read_versions(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_clock *clock)
{
    zh_clock_version *list =
        ZH_NEW_N(cx->arena, zh_clock_version, count_items(node, "versions") + 1);
    zh_scope scope = {.model = cx->model, .reg = reg};
    for (const zh_yaml *n = zh_first(node, "versions"); n != NULL; n = zh_next(n)) {
        zh_clock_version *v = &list[clock->nversions++];
        v->from = zh_get_date(n, "from", INT32_MIN);
        v->to = zh_get_date(n, "to", ZH_OPEN_END);
        v->has_when = zh_cx_expr(cx, &scope, n, "when", ZH_BOOL, &v->when);
        v->amount = (int32_t)(zh_get_number(n, "amount", 0) % 1000000);
        const zh_yaml *field = zh_yaml_get(n, "amount_field");
        v->amount_field = field == NULL ? NULL : zh_cx_field(cx, reg, field, field->text);
        int unit = zh_choice("hour|day|working_day|month|year", zh_get_text(n, "unit"));
        v->unit = unit < 0 ? ZH_DAY : (zh_unit_time)unit;
        v->clause = zh_get_label(n, "clause");
        v->unverified = zh_get_bool(n, "unverified", false);
        check_amount(cx, n, v);
        if (v->from > v->to) {
            zh_cx_error(cx, n, "clock.validity", NULL, "时限版本的起始日期晚于截止日期");
        }
        check_reached(cx, n, list, clock->nversions - 1);
    }
    clock->versions = list;
}

/* Whoever takes the transition extends the period; it must be open to the approver. */
static void read_extend(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_clock *clock)
{
    const zh_yaml *extend = zh_yaml_get(node, "extend");
    if (extend == NULL) {
        return;
    }
    check_transition_ref(cx, reg, extend, "by");
    zh_str approve = zh_get_text(extend, "approve");
    clock->extend_by = zh_get_text(extend, "by");
    clock->extend_limit = zh_get_number(extend, "limit", 1);
    (void)zh_get_duration(extend, "amount", &clock->extend_amount, &clock->extend_unit);
    const zh_transition *t = zh_register_transition(reg, clock->extend_by);
    if (t != NULL && !zh_str_among(approve, t->roles, t->nroles)) {
        zh_cx_error(cx, extend, "clock.extend", "把批准人写进这个流转的 roles",
                    "延期的流转「%.*s」不由「%.*s」办理", ZH_FMT(t->id), ZH_FMT(approve));
    }
    if (clock->extend_unit == ZH_HOUR &&
        (clock->nversions > 0 && clock->versions[0].fixed_month != 0)) {
        zh_cx_error(cx, extend, "clock.extend", NULL, "定在某一日的时限不能按小时延期");
    }
}

static void read_warnings(zh_cx *cx, const zh_yaml *node, zh_clock *clock)
{
    for (const zh_yaml *w = zh_first(node, "warn"); w != NULL; w = zh_next(w)) {
        if (clock->nwarn == ZH_CLOCK_WARNS_MAX) {
            zh_cx_error(cx, w, "clock.warn", NULL, "一个时限最多预警 %d 次", ZH_CLOCK_WARNS_MAX);
            return;
        }
        zh_reminder *warn = &clock->warn[clock->nwarn];
        clock->nwarn += zh_duration_parse(w->text, &warn->amount, &warn->unit);
    }
}

static void compile_clock(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_clock *clock)
{
    const zh_yaml *start = zh_yaml_get(node, "start");
    if (start != NULL && start->kind == ZH_YAML_SCALAR) {
        check_event(cx, b->reg, start);
        clock->start = start->text;
    }
    for (const zh_yaml *s = zh_first(node, "stop"); s != NULL; s = zh_next(s)) {
        check_event(cx, b->reg, s);
    }
    clock->stop = zh_get_texts(cx->arena, node, "stop", &clock->nstop);
    for (const zh_yaml *s = zh_first(node, "suspend"); s != NULL; s = zh_next(s)) {
        (void)find_state(cx, b->reg, s);
    }
    clock->suspend = zh_get_texts(cx->arena, node, "suspend", &clock->nsuspend);
    (void)zh_get_duration(node, "every", &clock->every, &clock->every_unit);
    read_versions(cx, b->reg, node, clock);
    read_extend(cx, b->reg, node, clock);
    check_transition_ref(cx, b->reg, node, "on_breach");
    clock->on_breach = zh_get_text(node, "on_breach");
    clock->notify = read_audience(cx, node);
    read_warnings(cx, node, clock);
    clock->is_public = zh_get_bool(node, "public", false);
}

static void compile_dues(zh_cx *cx, zh_reg_build *b)
{
    zh_due_rule *list = ZH_NEW_N(cx->arena, zh_due_rule, count_items(b->node, "dues") + 1);
    for (const zh_yaml *d = zh_first(b->node, "dues"); d != NULL; d = zh_next(d)) {
        zh_due_rule *due = &list[b->reg->ndues];
        const zh_yaml *field = zh_yaml_get(d, "field");
        due->id = zh_get_text(d, "id");
        due->transition = zh_get_text(d, "transition");
        due->field = field == NULL ? NULL : zh_cx_field(cx, b->reg, field, field->text);
        check_transition_ref(cx, b->reg, d, "transition");
        if (due->field == NULL) {
            continue;
        }
        if (due->field->table != NULL ||
            (due->field->type != ZH_TYPE_DATE && due->field->type != ZH_TYPE_DATETIME &&
             due->field->type != ZH_TYPE_PERIOD)) {
            zh_cx_error(cx, field, "due.field", NULL, "到期字段应是 date、datetime 或 period");
        }
        b->reg->ndues++;
    }
    b->reg->dues = list;
}

/* ---- rules and access --------------------------------------------------------------------------
 */

static void compile_rules(zh_cx *cx, zh_reg_build *b)
{
    zh_rule *list = ZH_NEW_N(cx->arena, zh_rule, count_items(b->node, "rules") + 1);
    for (const zh_yaml *r = zh_first(b->node, "rules"); r != NULL; r = zh_next(r)) {
        zh_rule *rule = &list[b->reg->nrules];
        rule->id = zh_get_text(r, "id");
        int level = zh_choice("reject|justify|hint|拒绝|存疑须说明|提示", zh_get_text(r, "level"));
        rule->severity = level < 0 ? ZH_REJECT : (zh_severity)(level % 3);
        rule->message = zh_get_label(r, "message");
        rule->clause = zh_get_label(r, "clause");
        const zh_yaml *rows = zh_yaml_get(r, "rows");
        rule->table = rows == NULL ? NULL : zh_cx_field(cx, b->reg, rows, rows->text);
        if (rule->table != NULL && rule->table->type != ZH_TYPE_TABLE) {
            zh_cx_error(cx, rows, "rule.rows", NULL, "「%.*s」不是明细表", ZH_FMT(rows->text));
            continue;
        }
        zh_scope scope = {.model = cx->model, .reg = b->reg, .table = rule->table};
        if (zh_cx_expr(cx, &scope, r, "test", ZH_BOOL, &rule->test)) {
            b->reg->nrules++;
        }
    }
    b->reg->rules = list;
}

static void check_can(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    for (const zh_yaml *c = zh_first(node, "can"); c != NULL; c = zh_next(c)) {
        if (zh_choice(built_in_actions, c->text) < 0 &&
            zh_register_transition(reg, c->text) == NULL) {
            const char *fix = zh_str_fmt(cx->arena, "可用：%s，以及本册的流转", built_in_actions).p;
            zh_cx_error(cx, c, "access.can", fix, "「%.*s」不是动作或流转", ZH_FMT(c->text));
        }
    }
}

static void compile_access(zh_cx *cx, zh_reg_build *b)
{
    zh_access *list = ZH_NEW_N(cx->arena, zh_access, count_items(b->node, "access") + 1);
    const zh_str names[] = {ZH_STR("office_region"), ZH_STR("reader")};
    const zh_kind kinds[] = {ZH_TEXT, ZH_TEXT};
    zh_scope scope = {.model = cx->model,
                      .reg = b->reg,
                      .parameters = names,
                      .nparameters = ZH_COUNTOF(names),
                      .parameter_kinds = kinds};
    for (const zh_yaml *a = zh_first(b->node, "access"); a != NULL; a = zh_next(a)) {
        zh_access *access = &list[b->reg->naccess++];
        const zh_yaml *self = zh_yaml_get(a, "self");
        access->role = zh_get_text(a, "role");
        access->self = self != NULL ? zh_cx_register(cx, self, self->text)
                                    : zh_model_register(cx->model, access->role);
        scope.self = access->self;
        access->has_rows = zh_cx_expr(cx, &scope, a, "rows", ZH_BOOL, &access->rows);
        check_can(cx, b->reg, a);
        access->can = zh_get_texts(cx->arena, a, "can", &access->ncan);
        access->mask = zh_cx_fields(cx, b->reg, a, "mask", &access->nmask);
        access->drop = zh_cx_fields(cx, b->reg, a, "drop", &access->ndrop);
        access->purpose = zh_get_label(a, "purpose");
    }
    b->reg->access = list;
}

static bool is_audience(const zh_register *reg, zh_str word)
{
    bool known = zh_str_is(word, "creator") || zh_str_is(word, "turn") ||
                 zh_register_field(reg, word) != NULL;
    for (size_t i = 0; i < reg->naccess && !known; i++) {
        known = zh_str_eq(reg->access[i].role, word);
    }
    return known;
}

static void check_audience(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    for (const zh_yaml *w = zh_first(node, "notify"); w != NULL; w = zh_next(w)) {
        if (!is_audience(reg, w->text)) {
            zh_cx_error(cx, w, "notify.audience",
                        "写本册 access 里的角色、字段，或 creator（登记人）、turn（轮到谁）",
                        "「%.*s」不是可以通知的对象", ZH_FMT(w->text));
        }
    }
}

/* When roles and fields are known. */
static void check_audiences(zh_cx *cx, zh_reg_build *b)
{
    b->reg->notify = read_audience(cx, b->node);
    check_audience(cx, b->reg, b->node);
    for (const zh_yaml *t = zh_first(b->node, "transitions"); t != NULL; t = zh_next(t)) {
        check_audience(cx, b->reg, t);
    }
    for (const zh_yaml *c = zh_first(b->node, "clocks"); c != NULL; c = zh_next(c)) {
        check_audience(cx, b->reg, c);
    }
}

static void check_frozen_allow(zh_cx *cx, zh_reg_build *b)
{
    for (const zh_yaml *s = zh_first(b->node, "states"); s != NULL; s = zh_next(s)) {
        size_t n;
        const zh_field *const *allow = zh_cx_fields(cx, b->reg, s, "allow", &n);
        for (size_t i = 0; i < n; i++) {
            if (allow[i]->type != ZH_TYPE_TABLE) {
                zh_cx_error(cx, zh_yaml_get(s, "allow"), "state.allow", NULL,
                            "冻结后只能追加明细表的行，「%.*s」不是明细表", ZH_FMT(allow[i]->id));
            }
        }
    }
}

/* The end of its clock closes a vote. */
static void link_votes(zh_cx *cx, zh_reg_build *b)
{
    for (size_t i = 0; i < b->reg->ntransitions; i++) {
        const zh_transition *t = &b->transitions[i];
        zh_clock *clock = t->vote.k > 0 && t->vote.until >= 0 ? &b->clocks[t->vote.until] : NULL;
        if (clock != NULL && clock->on_breach.n > 0 && !zh_str_eq(clock->on_breach, t->id)) {
            zh_cx_error(cx, zh_yaml_get(b->node, "clocks"), "transition.vote", "给表决单设一个时限",
                        "时限「%.*s」届满时已有流转，不能又结束表决「%.*s」", ZH_FMT(clock->id),
                        ZH_FMT(t->id));
        } else if (clock != NULL) {
            clock->on_breach = t->id;
        }
    }
}

void zh_compile_workflow(zh_cx *cx, zh_reg_build *b)
{
    size_t i = 0;
    zh_compile_documents(cx, b);
    for (const zh_yaml *t = zh_first(b->node, "transitions"); t != NULL; t = zh_next(t)) {
        compile_transition(cx, b, t, &b->transitions[i++]);
    }
    i = 0;
    for (const zh_yaml *c = zh_first(b->node, "clocks"); c != NULL; c = zh_next(c)) {
        compile_clock(cx, b, c, &b->clocks[i++]);
    }
    link_votes(cx, b);
    check_frozen_allow(cx, b);
    zh_compile_replaces(cx, b);
    compile_dues(cx, b);
    compile_rules(cx, b);
    compile_access(cx, b);
    check_audiences(cx, b);
}
