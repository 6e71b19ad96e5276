/* Reading judgements from checked declarations. */
#include "model/judgement.h"
#include "model/schema.h"

enum { JUDGEMENTS_MAX = 1000 };

typedef struct reading {
    const zh_model *model;
    zh_arena *arena;
    zh_judgement *j;
    zh_str names[ZH_JUDGEMENT_INPUTS_MAX];
    zh_kind kinds[ZH_JUDGEMENT_INPUTS_MAX];
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

static zh_rc read_inputs(reading *r, const zh_yaml *node)
{
    zh_judgement *j = r->j;
    const zh_yaml *inputs = zh_yaml_get(node, "inputs");
    const zh_yaml *caps = zh_yaml_get(node, "caps");
    zh_scope scope = {.model = r->model, .reg = j->each, .self = j->each};
    zh_rc rc = ZH_OK;
    j->inputs = ZH_NEW_N(r->arena, zh_judgement_input, items_of(inputs) + 1);
    for (const zh_yaml *i = inputs == NULL ? NULL : inputs->first;
         i != NULL && j->ninputs < ZH_JUDGEMENT_INPUTS_MAX && rc == ZH_OK; i = i->next) {
        zh_judgement_input *input = &j->inputs[j->ninputs];
        *input = (zh_judgement_input){.name = i->key, .source = i->text};
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
        r->j->by_event = r->j->by_event || which < 0;
    }
}

static zh_rc read_one(reading *r, const zh_register *owner, const zh_yaml *node)
{
    zh_judgement *j = r->j;
    const zh_yaml *each = zh_yaml_get(node, "for_each");
    zh_str points = zh_get_text(node, "points");
    *j = (zh_judgement){.id = zh_get_text(node, "id"),
                        .label = zh_get_label(node, "label"),
                        .owner = owner,
                        .each = zh_model_register(r->model, zh_get_text(each, "register")),
                        .where_source = zh_get_text(each, "where"),
                        .engine = zh_get_text(node, "engine")};
    j->name = zh_str_fmt(r->arena, "%.*s.%.*s", ZH_FMT(owner->id), ZH_FMT(j->id));
    j->label = j->label.zh.n > 0 ? j->label : owner->label;
    j->has_where = j->where_source.n > 0;
    j->has_points = points.n > 0;
    (void)zh_get_duration(node, "expires", &j->expires, &j->expires_unit);
    read_when(r, node);
    read_bands(r, node);
    zh_rc rc = read_inputs(r, node);
    zh_scope scope = {.model = r->model,
                      .reg = j->each,
                      .self = j->each,
                      .parameters = r->names,
                      .nparameters = j->ninputs,
                      .parameter_kinds = r->kinds};
    if (rc == ZH_OK && j->has_where) {
        zh_scope who = {.model = r->model, .reg = j->each};
        rc = zh_expr_compile(r->arena, &who, j->where_source, &j->where, r->err);
    }
    if (rc == ZH_OK && j->has_points) {
        rc = zh_expr_compile(r->arena, &scope, points, &j->points, r->err);
    }
    if (rc == ZH_OK) {
        rc = read_overrides(r, node, &scope);
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
