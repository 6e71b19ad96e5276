/* Reading judgements from checked declarations. */
#include "model/judgement.h"
#include "model/schema.h"

enum { JUDGEMENTS_MAX = 1000 };

typedef struct reading {
    const zh_model *model;
    zh_arena *arena;
    zh_judgement *j;
    zh_str names[ZH_JUDGEMENT_INPUTS_MAX + 1]; /* and `result` or `points` behind them */
    zh_kind kinds[ZH_JUDGEMENT_INPUTS_MAX + 1];
    zh_err *err;
} reading;

static size_t items_of(const zh_yaml *map)
{
    size_t n = 0;
    for (const zh_yaml *i = map == NULL ? NULL : map->first; i != NULL; i = i->next) {
        n++;
    }
    return n;
}

zh_scope zh_judgement_scope(const zh_model *model, const zh_register *each, const zh_register *self)
{
    static const zh_str names[] = {{"judged_at", sizeof "judged_at" - 1}};
    static const zh_kind kinds[] = {ZH_TIME};
    return (zh_scope){.model = model,
                      .reg = each,
                      .self = self,
                      .parameters = names,
                      .nparameters = ZH_COUNTOF(names),
                      .parameter_kinds = kinds};
}

static zh_rc read_inputs(reading *r, const zh_yaml *node)
{
    zh_judgement *j = r->j;
    const zh_yaml *inputs = zh_yaml_get(node, "inputs");
    const zh_yaml *caps = zh_yaml_get(node, "caps");
    const zh_yaml *explain = zh_yaml_get(node, "explain");
    zh_scope scope = zh_judgement_scope(r->model, j->each, j->each);
    zh_rc rc = ZH_OK;
    j->inputs = ZH_NEW_N(r->arena, zh_judgement_input, items_of(inputs) + 1);
    for (const zh_yaml *i = inputs == NULL ? NULL : inputs->first;
         i != NULL && j->ninputs < ZH_JUDGEMENT_INPUTS_MAX && rc == ZH_OK; i = i->next) {
        zh_judgement_input *input = &j->inputs[j->ninputs];
        *input = (zh_judgement_input){.name = i->key, .source = i->text};
        const zh_yaml *words = explain != NULL ? zh_yaml_get(explain, i->key.p) : NULL;
        input->label = words != NULL ? zh_get_label(words, "label") : input->label;
        rc = zh_expr_compile(r->arena, &scope, i->text, &input->value, r->err);
        zh_str cap = caps != NULL ? zh_get_text(caps, i->key.p) : ZH_STR_NONE;
        input->has_cap = cap.n > 0 && zh_decimal_parse(cap, false, &input->cap) == ZH_OK;
        r->names[j->ninputs] = i->key;
        r->kinds[j->ninputs] = rc == ZH_OK ? input->value.root->kind : ZH_DECIMAL;
        j->ninputs++;
    }
    return rc;
}

static zh_rc read_overrides(reading *r, const zh_yaml *node, const zh_scope *scope)
{
    zh_judgement *j = r->j;
    zh_rc rc = ZH_OK;
    j->overrides =
        ZH_NEW_N(r->arena, struct zh_override, items_of(zh_yaml_get(node, "overrides")) + 1);
    for (const zh_yaml *o = zh_first(node, "overrides"); o != NULL && rc == ZH_OK; o = zh_next(o)) {
        struct zh_override *override = &j->overrides[j->noverrides++];
        *override = (struct zh_override){.source = zh_get_text(o, "if"),
                                         .grade = zh_get_text(o, "grade"),
                                         .clause = zh_get_text(o, "clause")};
        rc = zh_expr_compile(r->arena, scope, override->source, &override->test, r->err);
    }
    return rc;
}

static void read_bands(reading *r, const zh_yaml *node)
{
    zh_judgement *j = r->j;
    j->bands = ZH_NEW_N(r->arena, struct zh_band, items_of(zh_yaml_get(node, "bands")) + 1);
    for (const zh_yaml *b = zh_first(node, "bands"); b != NULL; b = zh_next(b)) {
        struct zh_band *band = &j->bands[j->nbands++];
        *band = (struct zh_band){.from = zh_get_date(b, "from", INT32_MIN)};
        band->grades = ZH_NEW_N(r->arena, struct zh_grade, items_of(zh_yaml_get(b, "grades")) + 1);
        for (const zh_yaml *g = zh_first(b, "grades"); g != NULL; g = zh_next(g)) {
            struct zh_grade *grade = &band->grades[band->n];
            grade->grade = zh_get_text(g, "grade");
            band->n += zh_decimal_parse(zh_get_text(g, "min"), false, &grade->min) == ZH_OK;
        }
    }
}

/* The scope of the inputs, with one more decimal behind them when it has a name. */
static zh_scope scope_of(reading *r, const char *more)
{
    size_t n = r->j->ninputs;
    if (more != NULL) {
        r->names[n] = zh_str_of(more);
        r->kinds[n++] = ZH_DECIMAL;
    }
    return (zh_scope){.model = r->model,
                      .reg = r->j->each,
                      .self = r->j->each,
                      .parameters = r->names,
                      .nparameters = n,
                      .parameter_kinds = r->kinds};
}

static size_t input_of(const zh_judgement *j, zh_str name)
{
    size_t i = 0;
    while (i + 1 < j->ninputs && !zh_str_eq(j->inputs[i].name, name)) {
        i++;
    }
    return i;
}

static zh_rc read_table(reading *r, const zh_yaml *node, const zh_scope *scope)
{
    zh_judgement *j = r->j;
    const zh_yaml *table = zh_yaml_get(node, "table");
    zh_str base = zh_get_text(node, "base");
    zh_rc rc = ZH_OK;
    j->has_table = table != NULL;
    j->base = (zh_decimal){0, 0};
    if (base.n > 0 && zh_decimal_parse(base, false, &j->base) != ZH_OK) {
        j->base = (zh_decimal){0, 0};
    }
    j->lines = ZH_NEW_N(r->arena, struct zh_point_line, items_of(table) + 1);
    for (const zh_yaml *l = zh_first(node, "table");
         l != NULL && j->nlines < ZH_JUDGEMENT_LINES_MAX && rc == ZH_OK; l = zh_next(l)) {
        struct zh_point_line *line = &j->lines[j->nlines++];
        zh_str test = zh_get_text(l, "if");
        *line = (struct zh_point_line){.input = input_of(j, zh_get_text(l, "input")),
                                       .has_test = test.n > 0,
                                       .clause = zh_get_text(l, "clause")};
        (void)zh_get_duration(l, "expires", &line->expires, &line->expires_unit);
        if (line->has_test) {
            rc = zh_expr_compile(r->arena, scope, test, &line->test, r->err);
        }
        if (rc == ZH_OK) {
            rc = zh_expr_compile(r->arena, scope, zh_get_text(l, "points"), &line->points, r->err);
        }
    }
    return rc;
}

static zh_rc read_engine(reading *r, const zh_yaml *node)
{
    zh_judgement *j = r->j;
    const zh_yaml *parameters = zh_yaml_get(node, "parameters");
    zh_str points = zh_get_text(node, "points");
    j->engine = zh_get_text(node, "engine");
    j->result = zh_get_text(node, "result");
    j->has_points = points.n > 0 || j->engine.n > 0;
    j->parameters = ZH_NEW_N(r->arena, struct zh_engine_parameter, items_of(parameters) + 1);
    for (const zh_yaml *p = parameters == NULL ? NULL : parameters->first; p != NULL; p = p->next) {
        j->parameters[j->nparameters++] = (struct zh_engine_parameter){p->key, p->text};
    }
    zh_scope scope = scope_of(r, j->engine.n > 0 ? "result" : NULL);
    return j->has_points
               ? zh_expr_compile(r->arena, &scope, points.n > 0 ? points : ZH_STR("result"),
                                 &j->points, r->err)
               : ZH_OK;
}

static zh_rc read_repair(reading *r, const zh_yaml *node)
{
    struct zh_repair *repair = &r->j->repair;
    const zh_yaml *from = zh_yaml_get(node, "repair");
    zh_rc rc = ZH_OK;
    if (from == NULL) {
        return ZH_OK;
    }
    zh_str test = zh_get_text(from, "if");
    zh_str points = zh_get_text(from, "points");
    *repair = (struct zh_repair){.allowed = true,
                                 .has_test = test.n > 0,
                                 .has_points = points.n > 0,
                                 .grade = zh_get_text(from, "grade"),
                                 .clause = zh_get_text(from, "clause")};
    (void)zh_get_duration(from, "after", &repair->after, &repair->after_unit);
    if (repair->has_test) {
        zh_scope scope = scope_of(r, NULL);
        rc = zh_expr_compile(r->arena, &scope, test, &repair->test, r->err);
    }
    if (rc == ZH_OK && repair->has_points) {
        zh_scope scope = scope_of(r, "points");
        rc = zh_expr_compile(r->arena, &scope, points, &repair->points, r->err);
    }
    return rc;
}

static void read_objection(reading *r, const zh_yaml *node)
{
    const zh_yaml *from = zh_yaml_get(node, "objection");
    zh_unit_time unit = ZH_DAY;
    r->j->object_days = ZH_JUDGEMENT_OBJECT_DAYS;
    if (from != NULL) {
        (void)zh_get_duration(from, "within", &r->j->object_days, &unit);
    }
}

static zh_rc read_effect(reading *r, const zh_yaml *node)
{
    static const zh_kind kinds[] = {ZH_DECIMAL, ZH_TEXT};
    const zh_str names[] = {ZH_STR("points"), ZH_STR("grade")};
    zh_judgement *j = r->j;
    const zh_yaml *effect = zh_yaml_get(node, "effect");
    const zh_yaml *set = effect != NULL ? zh_yaml_get(effect, "set") : NULL;
    zh_rc rc = ZH_OK;
    if (effect == NULL) {
        return ZH_OK;
    }
    zh_scope scope = {.model = r->model,
                      .reg = j->each,
                      .self = j->each,
                      .parameters = names,
                      .nparameters = ZH_COUNTOF(names),
                      .parameter_kinds = kinds};
    j->effect = zh_model_register(r->model, zh_get_text(effect, "register"));
    j->transition = zh_register_transition(j->effect, zh_get_text(effect, "transition"));
    j->set = ZH_NEW_N(r->arena, struct zh_effect_set, items_of(set) + 1);
    for (const zh_yaml *s = set == NULL ? NULL : set->first; s != NULL && rc == ZH_OK;
         s = s->next) {
        struct zh_effect_set *one = &j->set[j->nset++];
        one->field = zh_register_field(j->effect, s->key);
        rc = zh_expr_compile(r->arena, &scope, s->text, &one->value, r->err);
    }
    return rc;
}

static void read_when(reading *r, const zh_yaml *node)
{
    static const char *const schedules[] = {"daily", "monthly", "quarterly", "yearly"};
    for (const zh_yaml *w = zh_first(node, "when"); w != NULL; w = zh_next(w)) {
        int which = zh_choice("daily|monthly|quarterly|yearly", w->text);
        r->j->schedule = which >= 0 ? schedules[which] : r->j->schedule;
        for (size_t i = 0; i < r->j->ninputs && which < 0; i++) {
            r->j->inputs[i].triggers |= zh_str_eq(r->j->inputs[i].name, w->text);
        }
        r->j->by_event = r->j->by_event || which < 0;
    }
}

static zh_label label_of(const zh_register *owner, const zh_yaml *node)
{
    zh_label label = zh_get_label(node, "label");
    return label.zh.n > 0 ? label : owner->label;
}

zh_label zh_judgement_label(const zh_model *model, zh_str name)
{
    ptrdiff_t dot = zh_str_chr(name, '.');
    const zh_register *owner =
        dot > 0 ? zh_model_register(model, zh_str_sub(name, 0, (size_t)dot)) : NULL;
    if (owner == NULL) {
        return (zh_label){ZH_STR_NONE, ZH_STR_NONE};
    }
    zh_str id = zh_str_sub(name, (size_t)dot + 1, name.n);
    const zh_yaml *node = zh_first(owner->declared, "judgements");
    while (node != NULL && !zh_str_eq(zh_get_text(node, "id"), id)) {
        node = zh_next(node);
    }
    return node != NULL ? label_of(owner, node) : (zh_label){ZH_STR_NONE, ZH_STR_NONE};
}

static zh_rc read_one(reading *r, const zh_register *owner, const zh_yaml *node)
{
    zh_judgement *j = r->j;
    const zh_yaml *each = zh_yaml_get(node, "for_each");
    zh_str party = zh_get_text(node, "party");
    *j = (zh_judgement){.id = zh_get_text(node, "id"),
                        .owner = owner,
                        .each = zh_model_register(r->model, zh_get_text(each, "register")),
                        .where_source = zh_get_text(each, "where")};
    j->name = zh_str_fmt(r->arena, "%.*s.%.*s", ZH_FMT(owner->id), ZH_FMT(j->id));
    j->label = label_of(owner, node);
    j->has_where = j->where_source.n > 0;
    j->party = party.n > 0 ? zh_register_field(j->each, party) : NULL;
    (void)zh_get_duration(node, "expires", &j->expires, &j->expires_unit);
    read_bands(r, node);
    read_objection(r, node);
    zh_rc rc = read_inputs(r, node);
    read_when(r, node);
    zh_scope scope = scope_of(r, NULL);
    if (rc == ZH_OK && j->has_where) {
        zh_scope who = zh_judgement_scope(r->model, j->each, NULL);
        rc = zh_expr_compile(r->arena, &who, j->where_source, &j->where, r->err);
    }
    if (rc == ZH_OK) {
        rc = read_table(r, node, &scope);
    }
    if (rc == ZH_OK) {
        rc = read_engine(r, node);
    }
    if (rc == ZH_OK) {
        rc = read_overrides(r, node, &scope);
    }
    if (rc == ZH_OK) {
        rc = read_repair(r, node);
    }
    return rc == ZH_OK ? read_effect(r, node) : rc;
}

zh_rc zh_judgements(const zh_model *model, zh_arena *arena, zh_judgement **out, size_t *n,
                    zh_err *err)
{
    ZH_VEC(zh_judgement) list = {0};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        for (const zh_yaml *node = zh_first(reg->declared, "judgements");
             node != NULL && rc == ZH_OK && list.n < JUDGEMENTS_MAX; node = zh_next(node)) {
            zh_judgement j = {0};
            reading r = {.model = model, .arena = arena, .j = &j, .err = err};
            rc = read_one(&r, reg, node);
            zh_vec_push(arena, &list, j);
        }
    }
    *out = list.p;
    *n = list.n;
    return rc;
}

zh_str zh_judgement_grade(const zh_judgement *judgement, zh_decimal points, zh_date day)
{
    const struct zh_band *band = NULL;
    for (size_t i = 0; i < judgement->nbands; i++) {
        const struct zh_band *b = &judgement->bands[i];
        band = b->from <= day && (band == NULL || b->from > band->from) ? b : band;
    }
    for (size_t i = 0; band != NULL && i < band->n; i++) {
        if (zh_decimal_cmp(points, band->grades[i].min) >= 0) {
            return band->grades[i].grade;
        }
    }
    return ZH_STR("");
}
