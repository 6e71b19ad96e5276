/* Items of a declaration that later work enforces (publication, obligations, judgements, retention,
 * privacy, evidence, exchange) and its tests: every name and expression in them is checked now, and
 * the trees are kept. */
#include "model/compile.h"
#include "model/contact.h"
#include "model/grammar.h"
#include "model/judgement.h"
#include <string.h>

/* What every record has besides its fields. */
static bool is_meta(zh_str name)
{
    return zh_choice("id|state|version|created_at|recorded_at|office|handler_office", name) >= 0;
}

/* "place" or "place@city": the level must exist. */
static void check_field_at_level(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    ptrdiff_t at = zh_str_chr(node->text, '@');
    zh_str name = at < 0 ? node->text : zh_str_sub(node->text, 0, (size_t)at);
    const zh_field *field = NULL;
    ptrdiff_t dot = zh_str_chr(name, '.');
    if (is_meta(name)) {
        return;
    }
    if (zh_register_field(reg, name) == NULL &&
        dot > 0) { /* sampled_org.name: a field of a target */
        const zh_field *ref = zh_register_field(reg, zh_str_sub(name, 0, (size_t)dot));
        if (ref != NULL && ref->target != NULL) {
            reg = ref->target;
            name = zh_str_sub(name, (size_t)dot + 1, name.n);
        }
    } else if (dot < 0 && zh_register_field(reg, name) == NULL) {
        size_t n;
        const zh_field *const *group = zh_cx_group(cx, reg, name, &n);
        if (group != NULL) {
            return;
        }
    }
    field = zh_cx_field(cx, reg, node, name);
    if (field == NULL || at < 0) {
        return;
    }
    zh_str level = zh_str_sub(node->text, (size_t)at + 1, node->text.n);
    if (field->codes == NULL || zh_codes_level(field->codes, level) == 0) {
        zh_cx_error(cx, node, "field.level", NULL, "「%.*s」没有层级「%.*s」", ZH_FMT(field->id),
                    ZH_FMT(level));
    }
}

static void check_fields_at_level(zh_cx *cx, const zh_register *reg, const zh_yaml *map,
                                  const char *key)
{
    for (const zh_yaml *f = zh_first(map, key); f != NULL; f = zh_next(f)) {
        check_field_at_level(cx, reg, f);
    }
}

static void check_field_list(zh_cx *cx, const zh_register *reg, const zh_yaml *map, const char *key)
{
    size_t n;
    (void)zh_cx_fields(cx, reg, map, key, &n);
}

/* ---- publication -------------------------------------------------------------------------------
 */

/* Fields, perhaps at a level, and at most one period; no more than a cube can hold. */
static void check_release(zh_cx *cx, const zh_register *reg, const zh_yaml *aggregate)
{
    size_t n = 0;
    size_t periods = 0;
    for (const zh_yaml *d = zh_first(aggregate, "dims"); d != NULL; d = zh_next(d)) {
        bool period = zh_choice("day|month|quarter|half|year", d->text) >= 0 &&
                      zh_register_field(reg, d->text) == NULL;
        periods += period;
        if (!period) {
            check_field_at_level(cx, reg, d);
        }
        if (++n > ZH_CUBE_DIMS_MAX || periods > 1) {
            zh_cx_error(cx, d, "publication.dims", NULL, "汇总公开至多 %d 个维度，其中至多一个期间",
                        ZH_CUBE_DIMS_MAX);
            return;
        }
    }
}

static void check_publication(zh_cx *cx, const zh_reg_build *b)
{
    const zh_yaml *p = zh_yaml_get(b->node, "publication");
    if (p == NULL) {
        return;
    }
    zh_scope scope = {.model = cx->model, .reg = b->reg};
    zh_program when;
    (void)zh_cx_expr(cx, &scope, p, "records_when", ZH_BOOL, &when);
    check_fields_at_level(cx, b->reg, p, "fields");
    const zh_yaml *aggregate = zh_yaml_get(p, "aggregate");
    if (aggregate != NULL) {
        check_release(cx, b->reg, aggregate);
        if (zh_get_number(aggregate, "k", 1) < 1) {
            zh_cx_error(cx, aggregate, "publication.k", NULL, "k 应不小于 1");
        }
    }
    const zh_yaml *transform = zh_yaml_get(p, "transform");
    for (const zh_yaml *t = transform == NULL ? NULL : transform->first; t != NULL; t = t->next) {
        (void)zh_cx_field(cx, b->reg, t, t->key);
    }
    const zh_yaml *internal = zh_yaml_get(p, "internal_only");
    if (internal != NULL && zh_choice("true|false|yes|no|是|否", internal->text) < 0) {
        check_field_list(cx, b->reg, p, "internal_only");
    }
}

/* ---- obligations and judgements -----------------------------------------------------------------
 */

/* {register, where}: who is meant. */
/* judged: of a judgement, which is asked at an instant. */
static const zh_register *check_who(zh_cx *cx, const zh_yaml *who, bool judged)
{
    const zh_yaml *name = who == NULL ? NULL : zh_yaml_get(who, "register");
    const zh_register *reg = name == NULL ? NULL : zh_cx_register(cx, name, name->text);
    if (reg != NULL) {
        zh_scope plain = {.model = cx->model, .reg = reg};
        zh_scope scope = judged ? zh_judgement_scope(cx->model, reg, NULL) : plain;
        zh_program where;
        (void)zh_cx_expr(cx, &scope, who, "where", ZH_BOOL, &where);
    }
    return reg;
}

static void check_obligation(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    const zh_register *who = check_who(cx, zh_yaml_get(node, "who"), false);
    const zh_yaml *party = zh_yaml_get(node, "party"), *period = zh_yaml_get(node, "period");
    const zh_field *f = party == NULL ? NULL : zh_cx_field(cx, reg, party, party->text);
    if (f != NULL && who != NULL && f->target != who) {
        zh_cx_error(cx, party, "obligation.party", NULL, "「%.*s」应是引用「%.*s」的字段",
                    ZH_FMT(f->id), ZH_FMT(who->id));
    }
    f = period == NULL ? NULL : zh_cx_field(cx, reg, period, period->text);
    if (f != NULL && f->type != ZH_TYPE_PERIOD) {
        zh_cx_error(cx, period, "obligation.period", NULL, "「%.*s」不是 period 字段",
                    ZH_FMT(f->id));
    } else if (period == NULL && reg->event_time == NULL) {
        zh_cx_error(cx, node, "obligation.period", NULL,
                    "填报义务需要 period 字段，或登记册的 event_time");
    }
}

/* Inputs become decimal names of the formula. */
static size_t read_inputs(zh_cx *cx, const zh_register *each, const zh_yaml *node, zh_str *names,
                          zh_kind *kinds, size_t max)
{
    const zh_yaml *inputs = zh_yaml_get(node, "inputs");
    zh_scope scope = zh_judgement_scope(cx->model, each, each);
    size_t n = 0;
    for (const zh_yaml *i = inputs == NULL ? NULL : inputs->first; i != NULL; i = i->next) {
        zh_program program;
        if (n == max) {
            zh_cx_error(cx, i, "judgement.inputs", NULL, "评定至多 %zu 个输入", max);
            break;
        }
        names[n] = i->key;
        kinds[n] =
            zh_cx_expr_node(cx, &scope, i, ZH_NULL, &program) ? program.root->kind : ZH_DECIMAL;
        n++;
    }
    return n;
}

static bool engine_name(zh_str s)
{
    ptrdiff_t at = zh_str_chr(s, '@');
    uint64_t version;
    return at > 0 && zh_str_u64(zh_str_sub(s, (size_t)at + 1, s.n), &version) == ZH_OK;
}

static void check_effect(zh_cx *cx, const zh_yaml *node, const zh_register *each)
{
    const zh_yaml *effect = zh_yaml_get(node, "effect");
    const zh_yaml *name = effect == NULL ? NULL : zh_yaml_get(effect, "register");
    const zh_register *reg = name == NULL ? NULL : zh_cx_register(cx, name, name->text);
    if (reg == NULL) {
        return;
    }
    const zh_yaml *t = zh_yaml_get(effect, "transition");
    if (t != NULL && zh_register_transition(reg, t->text) == NULL) {
        zh_cx_error(cx, t, "transition.unknown", NULL, "登记册「%.*s」没有流转「%.*s」",
                    ZH_FMT(reg->id), ZH_FMT(t->text));
    }
    /* Values may name the judged record's fields and the results points, grade. */
    const zh_str names[] = {ZH_STR("points"), ZH_STR("grade")};
    const zh_kind kinds[] = {ZH_DECIMAL, ZH_TEXT};
    zh_scope scope = {.model = cx->model,
                      .reg = each,
                      .self = each,
                      .parameters = names,
                      .nparameters = ZH_COUNTOF(names),
                      .parameter_kinds = kinds};
    const zh_yaml *set = zh_yaml_get(effect, "set");
    for (const zh_yaml *s = set == NULL ? NULL : set->first; s != NULL; s = s->next) {
        const zh_field *f = zh_cx_field(cx, reg, s, s->key);
        zh_program value;
        if (f != NULL) {
            (void)zh_cx_expr_node(cx, &scope, s, zh_field_kind(f), &value);
        }
    }
}

static void check_bands(zh_cx *cx, const zh_yaml *node)
{
    for (const zh_yaml *band = zh_first(node, "bands"); band != NULL; band = zh_next(band)) {
        zh_decimal last = {0, 0}, min;
        bool first = true;
        for (const zh_yaml *g = zh_first(band, "grades"); g != NULL; g = zh_next(g)) {
            if (zh_decimal_parse(zh_get_text(g, "min"), false, &min) != ZH_OK) {
                continue;
            }
            if (!first && zh_decimal_cmp(min, last) >= 0) {
                zh_cx_error(cx, g, "judgement.bands", NULL, "等级应从高分到低分排列");
            }
            last = min;
            first = false;
        }
    }
}

static void check_overrides(zh_cx *cx, const zh_scope *scope, const zh_yaml *node)
{
    for (const zh_yaml *o = zh_first(node, "overrides"); o != NULL; o = zh_next(o)) {
        zh_program program;
        (void)zh_cx_expr(cx, scope, o, "if", ZH_BOOL, &program);
    }
}

static void check_triggers(zh_cx *cx, const zh_yaml *node, const zh_str *names, size_t n)
{
    for (const zh_yaml *w = zh_first(node, "when"); w != NULL; w = zh_next(w)) {
        bool known = zh_choice("daily|monthly|quarterly|yearly", w->text) >= 0;
        for (size_t i = 0; i < n; i++) {
            known = known || zh_str_eq(names[i], w->text);
        }
        if (!known) {
            zh_cx_error(cx, w, "judgement.when",
                        "可用:daily monthly quarterly yearly，或某个输入的名字",
                        "评定没有叫「%.*s」的时机", ZH_FMT(w->text));
        }
    }
}

typedef struct judging {
    zh_cx *cx;
    const zh_register *each;
    const zh_yaml *node;
    zh_str names[ZH_JUDGEMENT_INPUTS_MAX + 1];
    zh_kind kinds[ZH_JUDGEMENT_INPUTS_MAX + 1];
    size_t n;
} judging;

/* The inputs, and one more decimal behind them when it has a name. */
static zh_scope inputs_scope(judging *j, const char *more)
{
    if (more != NULL) {
        j->names[j->n] = zh_str_of(more);
        j->kinds[j->n] = ZH_DECIMAL;
    }
    return (zh_scope){.model = j->cx->model,
                      .reg = j->each,
                      .self = j->each,
                      .parameters = j->names,
                      .nparameters = j->n + (more != NULL),
                      .parameter_kinds = j->kinds};
}

static bool is_input(const judging *j, zh_str name)
{
    for (size_t i = 0; i < j->n; i++) {
        if (zh_str_eq(j->names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Points come from an expression, from a rule table, or from an engine's result. */
static void check_points(judging *j)
{
    const zh_yaml *engine = zh_yaml_get(j->node, "engine");
    const zh_yaml *points = zh_yaml_get(j->node, "points");
    const zh_yaml *table = zh_yaml_get(j->node, "table");
    zh_scope scope = inputs_scope(j, engine != NULL ? "result" : NULL);
    zh_program program;
    (void)zh_cx_expr(j->cx, &scope, j->node, "points", ZH_DECIMAL, &program);
    if (engine != NULL ? table != NULL : (points == NULL) == (table == NULL)) {
        zh_cx_error(j->cx, j->node, "judgement.points", "引擎之上可以再有「points」，用它的 result",
                    "评定应恰有「engine」「points」「table」中的一个");
    } else if (engine != NULL && !engine_name(engine->text)) {
        zh_cx_error(j->cx, engine, "judgement.engine", NULL,
                    "引擎应写成「名称@版本」，如 survey.proportion_ci@1");
    } else if (engine != NULL && zh_yaml_get(j->node, "result") == NULL) {
        zh_cx_error(j->cx, engine, "judgement.result", NULL,
                    "要用「result」说明引擎结果里哪一项是得分，如 result: lower");
    }
}

static void check_table(judging *j)
{
    zh_scope scope = inputs_scope(j, NULL);
    size_t n = 0;
    for (const zh_yaml *l = zh_first(j->node, "table"); l != NULL; l = zh_next(l)) {
        zh_program program;
        zh_str input = zh_get_text(l, "input");
        if (!is_input(j, input)) {
            zh_cx_error(j->cx, zh_yaml_get(l, "input") != NULL ? zh_yaml_get(l, "input") : l,
                        "judgement.table", NULL, "评定没有叫「%.*s」的输入", ZH_FMT(input));
        }
        (void)zh_cx_expr(j->cx, &scope, l, "if", ZH_BOOL, &program);
        (void)zh_cx_expr(j->cx, &scope, l, "points", ZH_DECIMAL, &program);
        if (++n == ZH_JUDGEMENT_LINES_MAX + 1) {
            zh_cx_error(j->cx, l, "judgement.table", NULL, "评分表至多 %zu 行",
                        ZH_JUDGEMENT_LINES_MAX);
        }
    }
}

static void check_remedies(judging *j)
{
    const zh_yaml *repair = zh_yaml_get(j->node, "repair");
    const zh_yaml *objection = zh_yaml_get(j->node, "objection");
    const zh_yaml *party = zh_yaml_get(j->node, "party");
    zh_scope scope = inputs_scope(j, NULL);
    zh_scope after = inputs_scope(j, "points");
    zh_program program;
    int32_t days;
    zh_unit_time unit = ZH_DAY;
    if (repair != NULL) {
        scope.nparameters = j->n;
        (void)zh_cx_expr(j->cx, &scope, repair, "if", ZH_BOOL, &program);
        (void)zh_cx_expr(j->cx, &after, repair, "points", ZH_DECIMAL, &program);
        if (zh_yaml_get(repair, "points") == NULL && zh_yaml_get(repair, "grade") == NULL) {
            zh_cx_error(j->cx, repair, "judgement.repair", NULL,
                        "修复要说明修复后的得分「points」或等级「grade」");
        }
    }
    if (objection != NULL && zh_get_duration(objection, "within", &days, &unit) && unit != ZH_DAY) {
        zh_cx_error(j->cx, zh_yaml_get(objection, "within"), "judgement.objection", NULL,
                    "提出异议的期限以日计");
    }
    const zh_field *f = party == NULL ? NULL : zh_cx_field(j->cx, j->each, party, party->text);
    if (f != NULL && f->type != ZH_TYPE_REF) {
        zh_cx_error(j->cx, party, "judgement.party", NULL, "「%.*s」不是引用字段", ZH_FMT(f->id));
    }
}

static void check_caps(judging *j)
{
    const zh_yaml *caps = zh_yaml_get(j->node, "caps");
    for (const zh_yaml *c = caps == NULL ? NULL : caps->first; c != NULL; c = c->next) {
        zh_decimal d;
        if (!is_input(j, c->key) || zh_decimal_parse(c->text, false, &d) != ZH_OK) {
            zh_cx_error(j->cx, c, "judgement.caps", NULL, "「caps」应是「输入: 数」");
        }
    }
}

static void check_explained(judging *j)
{
    const zh_yaml *explain = zh_yaml_get(j->node, "explain");
    for (const zh_yaml *e = explain == NULL ? NULL : explain->first; e != NULL; e = e->next) {
        if (!is_input(j, e->key)) {
            zh_cx_key_error(j->cx, e, "judgement.explain", NULL, "评定没有叫「%.*s」的输入",
                            ZH_FMT(e->key));
        }
    }
}

static void check_judgement(zh_cx *cx, const zh_yaml *node)
{
    judging j = {
        .cx = cx, .node = node, .each = check_who(cx, zh_yaml_get(node, "for_each"), true)};
    if (j.each == NULL) {
        return;
    }
    j.n = read_inputs(cx, j.each, node, j.names, j.kinds, ZH_JUDGEMENT_INPUTS_MAX);
    zh_scope scope = inputs_scope(&j, NULL);
    check_points(&j);
    check_table(&j);
    check_caps(&j);
    check_explained(&j);
    check_overrides(cx, &scope, node);
    check_triggers(cx, node, j.names, j.n);
    check_bands(cx, node);
    check_remedies(&j);
    check_effect(cx, node, j.each);
}

/* ---- retention, privacy, evidence, exchange
 * ------------------------------------------------------ */

static void check_keeping(zh_cx *cx, const zh_reg_build *b)
{
    const zh_yaml *retention = zh_yaml_get(b->node, "retention");
    const zh_yaml *start = retention == NULL ? NULL : zh_yaml_get(retention, "start");
    if (start != NULL && zh_register_state(b->reg, start->text) < 0) {
        (void)zh_cx_field(cx, b->reg, start, start->text);
    }
    const zh_yaml *redact = retention == NULL ? NULL : zh_yaml_get(retention, "redact_after");
    if (redact != NULL) {
        check_field_list(cx, b->reg, redact, "fields");
    }
    const zh_yaml *privacy = zh_yaml_get(b->node, "privacy");
    if (privacy != NULL) {
        check_field_list(cx, b->reg, privacy, "subjects");
        b->reg->read_log = zh_get_bool(privacy, "read_log", false);
        b->reg->ask_purpose = zh_get_bool(privacy, "ask_purpose", false);
    }
    const zh_yaml *evidence = zh_yaml_get(b->node, "evidence");
    const zh_yaml *ledger = evidence == NULL ? NULL : zh_yaml_get(evidence, "ledger");
    if (evidence != NULL) {
        check_field_list(cx, b->reg, evidence, "digest");
    }
    if (ledger != NULL && ledger->kind == ZH_YAML_MAPPING) {
        zh_schema_check(cx, ledger, zh_grammar_ledger());
        check_field_list(cx, b->reg, ledger, "drop");
        check_field_list(cx, b->reg, ledger, "salted");
    } else if (ledger != NULL && !zh_str_is(ledger->text, "all")) {
        zh_cx_error(cx, ledger, "evidence.ledger", NULL,
                    "「ledger」应是 all,或 {drop: […], salted: […]}");
    }
}

static void check_contact_field(zh_cx *cx, const zh_register *reg, const zh_yaml *contact,
                                const char *key)
{
    const zh_yaml *node = zh_yaml_get(contact, key);
    const zh_field *f = node != NULL ? zh_cx_field(cx, reg, node, node->text) : NULL;
    if (f != NULL && (f->type != ZH_TYPE_STRING || f->table != NULL || f->computed)) {
        zh_cx_error(cx, node, "contact.field", NULL, "「%.*s」应是 string 字段", ZH_FMT(f->id));
    }
}

/* A step that the party may take by number and code: its role may, nobody else is needed, and what
 * it asks for can be typed by somebody who sees nothing of the record. */
static void check_contact_step(zh_cx *cx, const zh_register *reg, zh_str audience,
                               const zh_yaml *node)
{
    const zh_transition *t = zh_register_transition(reg, node->text);
    if (t == NULL) {
        zh_cx_error(cx, node, "contact.steps", "写本册 transitions 里的 id", "没有步骤「%.*s」",
                    ZH_FMT(node->text));
        return;
    }
    bool may = t->nroles == 0 || zh_str_among(audience, t->roles, t->nroles);
    bool granted = false;
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *a = &reg->access[i];
        granted = granted || (zh_str_eq(a->role, audience) &&
                              (zh_str_among(t->id, a->can, a->ncan) ||
                               zh_str_among(ZH_STR("transition"), a->can, a->ncan)));
    }
    if (!may || !granted) {
        zh_cx_error(cx, node, "contact.steps", "在步骤的 roles 和 access 的 can 里写明",
                    "角色「%.*s」不能办「%.*s」", ZH_FMT(audience), ZH_FMT(t->id));
    }
    if ((t->kind != ZH_TR_HANDLE && t->kind != ZH_TR_RETURN) || t->to_any || t->two_person ||
        t->vote.k > 0 || t->signature != NULL) {
        zh_cx_error(cx, node, "contact.steps", "凭查询码只能办一个人当场办完的步骤",
                    "「%.*s」要另一个人、签署、表决或选去处", ZH_FMT(t->id));
    }
    for (size_t i = 0; i < t->nneed + t->noptional; i++) {
        const zh_field *f = i < t->nneed ? t->need[i] : t->optional[i - t->nneed];
        if (!zh_contact_asks(f)) {
            zh_cx_error(cx, node, "contact.steps", "只能要文字、编码、日期、数和是否",
                        "「%.*s」要填「%.*s」，凭查询码填不了", ZH_FMT(t->id), ZH_FMT(f->id));
        }
    }
}

/* How the party of an audience is told that has no account. */
static void check_contact(zh_cx *cx, const zh_reg_build *b)
{
    const zh_yaml *contact = zh_yaml_get(b->node, "contact");
    zh_str audience = contact != NULL ? zh_get_text(contact, "audience") : ZH_STR_NONE;
    bool known = false;
    if (contact == NULL) {
        return;
    }
    check_contact_field(cx, b->reg, contact, "email");
    check_contact_field(cx, b->reg, contact, "phone");
    check_contact_field(cx, b->reg, contact, "code");
    for (size_t i = 0; i < b->reg->naccess; i++) {
        known = known || zh_str_eq(b->reg->access[i].role, audience);
    }
    if (!known) {
        zh_cx_error(cx, zh_yaml_get(contact, "audience"), "contact.audience",
                    "写本册 access 里的角色", "没有角色「%.*s」", ZH_FMT(audience));
    }
    for (const zh_yaml *s = zh_first(contact, "steps"); s != NULL; s = zh_next(s)) {
        check_contact_step(cx, b->reg, audience, s);
    }
    if (zh_yaml_get(contact, "email") == NULL && zh_yaml_get(contact, "phone") == NULL) {
        zh_cx_error(cx, contact, "contact.field", "写 email: 字段 或 phone: 字段",
                    "联系方式至少要有邮箱或电话");
    }
}

static void check_exchange(zh_cx *cx, const zh_reg_build *b)
{
    const zh_yaml *exchange = zh_yaml_get(b->node, "exchange");
    for (const zh_yaml *o = exchange == NULL ? NULL : zh_first(exchange, "out"); o != NULL;
         o = zh_next(o)) {
        check_fields_at_level(cx, b->reg, o, "fields");
        const zh_yaml *map = zh_yaml_get(o, "map");
        for (const zh_yaml *m = map == NULL ? NULL : map->first; m != NULL; m = m->next) {
            if (!is_meta(m->key)) {
                (void)zh_cx_field_key(cx, b->reg, m, m->key);
            }
        }
    }
    for (const zh_yaml *i = exchange == NULL ? NULL : zh_first(exchange, "in"); i != NULL;
         i = zh_next(i)) {
        bool found = false;
        for (size_t r = 0; r < cx->model->nrecipe_nodes && !found; r++) {
            found = zh_str_eq(zh_get_text(cx->model->recipe_nodes[r], "id"), i->text);
        }
        if (!found) {
            zh_cx_error(cx, i, "exchange.recipe", NULL, "没有导入配方「%.*s」", ZH_FMT(i->text));
        }
    }
}

/* ---- tests -------------------------------------------------------------------------------------
 */

void zh_cx_given_key(zh_cx *cx, const zh_register *reg, const zh_yaml *entry)
{
    const zh_field *f = zh_register_field(reg, entry->key);
    size_t n;
    if (f == NULL && entry->kind == ZH_YAML_MAPPING &&
        zh_cx_group(cx, reg, entry->key, &n) != NULL) {
        for (const zh_yaml *e = entry->first; e != NULL; e = e->next) {
            zh_str path = zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(entry->key), ZH_FMT(e->key));
            (void)zh_cx_field_key(cx, reg, e, path);
        }
        return;
    }
    f = zh_cx_field_key(cx, reg, entry, entry->key);
    if (f == NULL || f->type != ZH_TYPE_TABLE) {
        return;
    }
    if (entry->kind != ZH_YAML_SEQUENCE) {
        zh_cx_error(cx, entry, "test.given", NULL, "「%.*s」应是列表", ZH_FMT(f->id));
        return;
    }
    for (const zh_yaml *row = entry->first; row != NULL && !f->many_inline; row = row->next) {
        for (const zh_yaml *c = row->kind == ZH_YAML_MAPPING ? row->first : NULL; c != NULL;
             c = c->next) {
            zh_str path = zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(f->id), ZH_FMT(c->key));
            (void)zh_cx_field_key(cx, reg, c, path);
        }
        if (row->kind != ZH_YAML_MAPPING) {
            zh_cx_error(cx, row, "test.given", NULL, "明细行应是「列: 值」");
        }
    }
}

static void check_given(zh_cx *cx, const zh_register *reg, const zh_yaml *given)
{
    if (given == NULL) {
        return;
    }
    if (given->kind != ZH_YAML_MAPPING) {
        zh_cx_error(cx, given, "test.given", NULL, "应是「字段: 值」");
        return;
    }
    for (const zh_yaml *f = given->first; f != NULL; f = f->next) {
        zh_cx_given_key(cx, reg, f);
    }
}

static bool clock_name(const zh_register *reg, zh_str name)
{
    ptrdiff_t dot = zh_str_chr(name, '.');
    zh_str id = dot < 0 ? name : zh_str_sub(name, 0, (size_t)dot);
    zh_str attribute = dot < 0 ? ZH_STR("due") : zh_str_sub(name, (size_t)dot + 1, name.n);
    for (size_t i = 0; i < reg->nclocks; i++) {
        if (zh_str_eq(reg->clocks[i].id, id)) {
            return zh_choice("due|open|met|breached|expired", attribute) >= 0;
        }
    }
    return false;
}

static bool measure_name(const zh_register *reg, zh_str name)
{
    for (size_t i = 0; i < reg->nmeasures; i++) {
        if (zh_str_eq(reg->measures[i].id, name)) {
            return true;
        }
    }
    return false;
}

/* "ID.what" of a judgement or obligation that some register declares. */
static bool declared_name(zh_cx *cx, const char *list, zh_str name)
{
    ptrdiff_t dot = zh_str_chr(name, '.');
    zh_str id = dot < 0 ? name : zh_str_sub(name, 0, (size_t)dot);
    for (size_t i = 0; i < cx->model->nregisters; i++) {
        for (const zh_yaml *d = zh_first(cx->model->registers[i].declared, list); d != NULL;
             d = zh_next(d)) {
            if (zh_str_eq(zh_get_text(d, "id"), id)) {
                return true;
            }
        }
    }
    return false;
}

static void check_expect(zh_cx *cx, const zh_register *reg, const zh_yaml *expect)
{
    for (const zh_yaml *e = expect == NULL ? NULL : expect->first; e != NULL; e = e->next) {
        zh_str key = e->key;
        bool known = zh_str_is(key, "published");
        if (zh_str_is(key, "state")) {
            known = zh_register_state(reg, e->text) >= 0;
        } else if (zh_str_starts(key, ZH_STR("clock."))) {
            known = clock_name(reg, zh_str_sub(key, 6, key.n));
        } else if (zh_str_starts(key, ZH_STR("indicator."))) {
            known = zh_model_indicator(cx->model, zh_str_sub(key, 10, key.n)) != NULL;
        } else if (zh_str_starts(key, ZH_STR("measure."))) {
            known = measure_name(reg, zh_str_sub(key, 8, key.n));
        } else if (zh_str_starts(key, ZH_STR("judgement."))) {
            known = declared_name(cx, "judgements", zh_str_sub(key, 10, key.n));
        } else if (zh_str_starts(key, ZH_STR("obligation."))) {
            known = declared_name(cx, "obligations", zh_str_sub(key, 11, key.n));
        } else if (!known) {
            known = zh_cx_field_key(cx, reg, e, key) != NULL;
            if (!known) {
                continue;
            }
        }
        if (!known) {
            zh_cx_key_error(cx, e, "test.expect", NULL, "没有「%.*s」(%.*s)可供检验", ZH_FMT(key),
                            ZH_FMT(e->text));
        }
    }
}

static void check_expect_error(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    const zh_yaml *rule = node == NULL ? NULL : zh_yaml_get(node, "rule");
    if (rule == NULL) {
        return;
    }
    bool known = zh_str_chr(rule->text, '.') > 0; /* a rule of the program: field.code … */
    for (size_t i = 0; i < reg->nrules; i++) {
        known = known || zh_str_eq(reg->rules[i].id, rule->text);
    }
    if (!known) {
        zh_cx_error(cx, rule, "test.rule", NULL, "本册没有规则「%.*s」", ZH_FMT(rule->text));
    }
}

static void check_before(zh_cx *cx, const zh_yaml *test, const char *key)
{
    for (const zh_yaml *b = zh_first(test, key); b != NULL; b = zh_next(b)) {
        const zh_yaml *name = zh_yaml_get(b, "register");
        const zh_register *reg = name == NULL ? NULL : zh_cx_register(cx, name, name->text);
        if (reg != NULL) {
            check_given(cx, reg, zh_yaml_get(b, "given"));
        }
    }
}

/* A step acts on the test's record, or on the finding about it. */
static const zh_register *step_target(zh_cx *cx, const zh_register *reg, const zh_yaml *step)
{
    const zh_yaml *rule = zh_yaml_get(step, "judgement");
    const zh_register *findings = zh_model_register(cx->model, ZH_STR("judgement"));
    if (rule == NULL) {
        return reg;
    }
    if (findings == NULL || !declared_name(cx, "judgements", rule->text)) {
        zh_cx_error(cx, rule, "test.judgement", NULL, "没有评定「%.*s」", ZH_FMT(rule->text));
    }
    return findings;
}

static void check_step(zh_cx *cx, const zh_register *reg, const zh_yaml *s)
{
    const zh_register *target = step_target(cx, reg, s);
    const zh_yaml *t = zh_yaml_get(s, "transition");
    const zh_yaml *at = zh_yaml_get(s, "at");
    zh_time when;
    if (target != NULL && t != NULL && zh_register_transition(target, t->text) == NULL) {
        zh_cx_error(cx, t, "transition.unknown", NULL, "没有流转「%.*s」", ZH_FMT(t->text));
    }
    if (at != NULL && zh_time_parse(at->text, &when) != ZH_OK) {
        zh_cx_error(cx, at, "test.at", NULL, "「%.*s」不是时刻", ZH_FMT(at->text));
    }
    check_before(cx, s, "add");
    if (target != NULL) {
        check_given(cx, target, zh_yaml_get(s, "set"));
        check_given(cx, target, zh_yaml_get(s, "amend"));
        check_expect_error(cx, target, zh_yaml_get(s, "expect_error"));
    }
    check_expect(cx, reg, zh_yaml_get(s, "expect"));
}

static void check_steps(zh_cx *cx, const zh_register *reg, const zh_yaml *test)
{
    for (const zh_yaml *s = zh_first(test, "steps"); s != NULL; s = zh_next(s)) {
        check_step(cx, reg, s);
    }
}

static void read_tests(zh_cx *cx, zh_reg_build *b)
{
    size_t n = 0;
    for (const zh_yaml *t = zh_first(b->node, "tests"); t != NULL; t = zh_next(t)) {
        n++;
    }
    zh_test *tests = ZH_NEW_N(cx->arena, zh_test, n + 1);
    b->reg->tests = tests;
    for (const zh_yaml *t = zh_first(b->node, "tests"); t != NULL; t = zh_next(t)) {
        zh_test *test = &tests[b->reg->ntests];
        *test = (zh_test){.id = zh_get_text(t, "id"),
                          .given_from = -1,
                          .recorded_at = zh_get_text(t, "recorded_at"),
                          .role = zh_get_text(t, "role"),
                          .given = zh_yaml_get(t, "given"),
                          .change = zh_yaml_get(t, "change"),
                          .before = zh_yaml_get(t, "before"),
                          .steps = zh_yaml_get(t, "steps"),
                          .expect = zh_yaml_get(t, "expect"),
                          .expect_error = zh_yaml_get(t, "expect_error")};
        const zh_yaml *from = zh_yaml_get(t, "given_from");
        for (size_t i = 0; from != NULL && i < b->reg->ntests; i++) {
            test->given_from = zh_str_eq(tests[i].id, from->text) ? (int32_t)i : test->given_from;
        }
        if (from != NULL && test->given_from < 0) {
            zh_cx_error(cx, from, "test.given_from", NULL, "前面没有叫「%.*s」的检验",
                        ZH_FMT(from->text));
        }
        b->reg->ntests++;
        check_before(cx, t, "before");
        check_given(cx, b->reg, test->given);
        check_given(cx, b->reg, test->change);
        check_steps(cx, b->reg, t);
        check_expect(cx, b->reg, test->expect);
        check_expect_error(cx, b->reg, test->expect_error);
    }
}

void zh_check_declared(zh_cx *cx, zh_reg_build *b)
{
    check_publication(cx, b);
    for (const zh_yaml *o = zh_first(b->node, "obligations"); o != NULL; o = zh_next(o)) {
        check_obligation(cx, b->reg, o);
    }
    for (const zh_yaml *j = zh_first(b->node, "judgements"); j != NULL; j = zh_next(j)) {
        check_judgement(cx, j);
    }
    check_keeping(cx, b);
    check_contact(cx, b);
    check_exchange(cx, b);
    read_tests(cx, b);
}
