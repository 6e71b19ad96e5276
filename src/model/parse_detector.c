/* Detectors: which records take part, by which two values they are told apart, and where a pair
 * that stands out is written. The engine's name and its criteria are looked up when it runs:
 * engines are no part of the model. */
#include "model/compile.h"

enum { CRITERIA_MAX = 16, PROFILE_MAX = 8 };

const zh_detector *zh_model_detector(const zh_model *model, zh_str id)
{
    for (size_t i = 0; i < model->ndetectors; i++) {
        if (zh_str_eq(model->detectors[i].id, id)) {
            return &model->detectors[i];
        }
    }
    return NULL;
}

static void read_map(zh_cx *cx, const zh_yaml *node, zh_detector_dim *out)
{
    const zh_yaml *map = zh_yaml_get(node, "map");
    const zh_yaml *name = map == NULL ? NULL : zh_yaml_get(map, "register");
    out->map = name == NULL ? NULL : zh_cx_register(cx, name, name->text);
    if (out->map == NULL) {
        return;
    }
    const zh_yaml *from = zh_yaml_get(map, "from");
    const zh_yaml *to = zh_yaml_get(map, "to");
    out->map_from = from == NULL ? NULL : zh_cx_field(cx, out->map, from, from->text);
    out->map_to = to == NULL ? NULL : zh_cx_field(cx, out->map, to, to->text);
    if (out->map_from != NULL && out->map_to != NULL &&
        (out->map_from->codes == NULL || out->map_from->codes != out->codes ||
         out->map_to->codes == NULL)) {
        zh_cx_error(cx, map, "detector.map", NULL,
                    "对照的「from」应与「expr」同一编码体系，「to」应是编码字段");
    }
}

static void read_dim(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_detector_dim *out)
{
    *out = (zh_detector_dim){.id = zh_get_text(node, "id"), .label = zh_get_label(node, "label")};
    const zh_yaml *rows = zh_yaml_get(node, "rows");
    if (rows != NULL) {
        out->table = zh_cx_field(cx, reg, rows, rows->text);
        if (out->table != NULL && out->table->type != ZH_TYPE_TABLE) {
            zh_cx_error(cx, rows, "detector.rows", NULL, "「%.*s」不是明细表", ZH_FMT(rows->text));
            out->table = NULL;
            return;
        }
    }
    zh_scope scope = {.model = cx->model, .reg = reg, .table = out->table};
    if (zh_cx_expr(cx, &scope, node, "expr", ZH_TEXT, &out->value)) {
        out->codes = out->value.root->codes;
        zh_cx_pure(cx, node, "expr", &out->value);
        read_map(cx, node, out);
    }
}

static void read_criteria(zh_cx *cx, const zh_yaml *node, const char *key, const zh_criterion **to,
                          size_t *n)
{
    const zh_yaml *map = zh_yaml_get(node, key);
    zh_criterion *all = ZH_NEW_N(cx->arena, zh_criterion, CRITERIA_MAX);
    for (const zh_yaml *c = map == NULL ? NULL : map->first; c != NULL; c = c->next) {
        if (*n == CRITERIA_MAX) {
            zh_cx_error(cx, c, "detector.criteria", NULL, "至多 %d 个判据", CRITERIA_MAX);
            break;
        }
        zh_criterion *out = &all[(*n)++];
        out->name = c->key;
        if (zh_decimal_parse(c->text, false, &out->min) != ZH_OK) {
            zh_cx_error(cx, c, "detector.criteria", NULL, "判据应是「名称: 下限」，下限是一个数");
        }
    }
    *to = all;
}

/* A detector over time: by the register's event time, with neither column nor pairs. */
static void read_series(zh_cx *cx, const zh_yaml *node, const zh_scope *scope, zh_detector *d)
{
    const zh_yaml *series = zh_yaml_get(node, "series");
    zh_str grain = zh_get_text(series, "grain");
    zh_detector_series *out = &d->series;
    out->grain = zh_str_is(grain, "day")    ? ZH_SERIES_DAY
                 : zh_str_is(grain, "week") ? ZH_SERIES_WEEK
                                            : ZH_SERIES_MONTH;
    if (d->reg->event_time == NULL) {
        zh_cx_error(cx, series, "detector.series", NULL, "登记册「%.*s」没有事件时间，成不了序列",
                    ZH_FMT(d->reg->id));
    }
    if (zh_yaml_get(node, "column") != NULL) {
        zh_cx_error(cx, series, "detector.series", NULL, "「series」与「column」只能有一个");
    }
    out->has_amount = zh_cx_expr(cx, scope, series, "amount", ZH_DECIMAL, &out->amount);
    out->has_event = zh_cx_expr(cx, scope, series, "event", ZH_BOOL, &out->event);
    if (out->has_amount) {
        zh_cx_pure(cx, series, "amount", &out->amount);
    }
    read_criteria(cx, series, "parameters", &out->parameters, &out->nparameters);
}

static void read_profile(zh_cx *cx, const zh_yaml *node, zh_detector *d)
{
    zh_detector_dim *all = ZH_NEW_N(cx->arena, zh_detector_dim, PROFILE_MAX);
    zh_cx_unique(cx, node, "profile");
    for (const zh_yaml *p = zh_first(node, "profile"); p != NULL; p = zh_next(p)) {
        if (d->nprofile == PROFILE_MAX) {
            zh_cx_error(cx, p, "detector.profile", NULL, "至多 %d 个侧面", PROFILE_MAX);
            break;
        }
        read_dim(cx, d->reg, p, &all[d->nprofile++]);
    }
    d->profile = all;
}

static void read_task(zh_cx *cx, const zh_yaml *node, const zh_scope *scope, zh_detector *d)
{
    const zh_yaml *task = zh_yaml_get(node, "task");
    const zh_yaml *name = task == NULL ? NULL : zh_yaml_get(task, "register");
    if (name != NULL) {
        d->tasks = zh_cx_register(cx, name, name->text);
        d->task_kind = zh_get_text(task, "kind");
        d->has_task_place = zh_cx_expr(cx, scope, task, "place", ZH_TEXT, &d->task_place);
    }
}

static void read_detector(zh_cx *cx, const zh_yaml *root, const zh_yaml *node, zh_detector *d)
{
    static const zh_str pair[] = {{"row", 3}, {"column", 6}};
    static const zh_kind kinds[] = {ZH_TEXT, ZH_TEXT};
    const zh_scope over_pair = {.model = cx->model,
                                .parameters = pair,
                                .nparameters = ZH_COUNTOF(pair),
                                .parameter_kinds = kinds};
    const zh_yaml *source = zh_yaml_get(node, "register");
    const zh_yaml *signals = zh_yaml_get(node, "signals");
    *d = (zh_detector){
        .id = zh_get_text(node, "id"),
        .version = zh_get_text(node, "version"),
        .label = zh_get_label(node, "label"),
        .purpose = zh_get_label(node, "purpose"),
        .note = zh_get_label(node, "note"),
        .unit = zh_get_label(node, "unit"),
        .engine = zh_get_text(node, "engine"),
        .reg = source == NULL ? NULL : zh_cx_register(cx, source, source->text),
        .signals = signals == NULL ? NULL : zh_cx_register(cx, signals, signals->text),
    };
    d->systems = zh_cx_systems(cx, root, &d->nsystems);
    const zh_yaml *row = zh_yaml_get(node, "row");
    const zh_yaml *column = zh_yaml_get(node, "column");
    bool series = zh_yaml_get(node, "series") != NULL;
    if (!series && (row == NULL || column == NULL)) {
        zh_cx_error(cx, node, "detector.dims", NULL, "缺少「row」与「column」，或「series」");
    }
    if (d->reg == NULL || (!series && (row == NULL || column == NULL))) {
        return; /* reported */
    }
    zh_scope scope = {.model = cx->model, .reg = d->reg};
    d->has_where = zh_cx_expr(cx, &scope, node, "where", ZH_BOOL, &d->where);
    d->has_count_by = zh_cx_expr(cx, &scope, node, "count_by", ZH_TEXT, &d->count_by);
    d->has_report = zh_cx_expr(cx, &over_pair, node, "report", ZH_BOOL, &d->report);
    if (row != NULL) {
        read_dim(cx, d->reg, row, &d->row);
    }
    if (series) {
        read_series(cx, node, &scope, d);
    } else {
        read_dim(cx, d->reg, column, &d->column);
    }
    read_criteria(cx, node, "criteria", &d->criteria, &d->ncriteria);
    read_profile(cx, node, d);
    read_task(cx, node, &over_pair, d);
    ptrdiff_t at = zh_str_chr(d->engine, '@');
    uint64_t version;
    if (at <= 0 ||
        zh_str_u64(zh_str_sub(d->engine, (size_t)at + 1, d->engine.n), &version) != ZH_OK) {
        zh_cx_error(cx, zh_yaml_get(node, "engine"), "detector.engine", NULL,
                    "引擎应写成「名称@版本」，如 disproportionality.prr@1");
    }
}

void zh_parse_detectors(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (const zh_yaml *d = zh_first(roots[i], "detectors"); d != NULL; d = zh_next(d)) {
            count++;
        }
    }
    zh_detector *all = ZH_NEW_N(cx->arena, zh_detector, count + 1);
    cx->model->detectors = all;
    for (size_t i = 0; i < n; i++) {
        for (const zh_yaml *d = zh_first(roots[i], "detectors"); d != NULL; d = zh_next(d)) {
            zh_detector *out = &all[cx->model->ndetectors];
            read_detector(cx, roots[i], d, out);
            if (zh_model_detector(cx->model, out->id) != NULL) {
                zh_cx_error(cx, zh_yaml_get(d, "id"), "detector.duplicate", NULL,
                            "探测器「%.*s」重复", ZH_FMT(out->id));
            }
            cx->model->ndetectors++;
        }
    }
}
