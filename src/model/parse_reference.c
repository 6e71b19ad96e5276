/* What registers rest on: units, the calendar, code systems, mechanisms; and the policy outlines
 * with their ties to indicators. */
#include "base/csv.h"
#include "base/json.h"
#include "model/compile.h"
#include <string.h>

/* ---- units and calendar ------------------------------------------------------------------------
 */

static size_t count_all(const zh_yaml *const *roots, size_t n, const char *key)
{
    size_t count = 0;
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *i = zh_first(roots[r], key); i != NULL; i = zh_next(i)) {
            count++;
        }
    }
    return count;
}

static void name_unit(zh_cx *cx, const zh_yaml *node, zh_str name, struct zh_unit *unit)
{
    if (name.n > 0 && zh_map_put(&cx->model->unit_by_name, name, unit) != NULL) {
        zh_cx_error(cx, node, "unit.duplicate", NULL, "单位写法「%.*s」重复", ZH_FMT(name));
    }
}

void zh_parse_units(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    struct zh_unit *units = ZH_NEW_N(cx->arena, struct zh_unit, count_all(roots, n, "units") + 1);
    zh_map_init(&cx->model->unit_by_name, cx->arena);
    cx->model->units = units;
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *u = zh_first(roots[r], "units"); u != NULL; u = zh_next(u)) {
            struct zh_unit *unit = &units[cx->model->nunits++];
            unit->code = zh_get_text(u, "code");
            unit->dimension = zh_get_text(u, "dimension");
            unit->label = zh_get_label(u, "label");
            unit->aliases = zh_get_texts(cx->arena, u, "aliases", &unit->naliases);
            if (zh_decimal_parse(zh_get_text(u, "factor"), false, &unit->factor) == ZH_OK &&
                unit->factor.scaled <= 0) {
                zh_cx_error(cx, u, "unit.factor", NULL, "单位换算系数应大于 0");
            }
            name_unit(cx, u, unit->code, unit);
            for (size_t a = 0; a < unit->naliases; a++) {
                name_unit(cx, u, unit->aliases[a], unit);
            }
        }
    }
}

void zh_parse_calendar(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        const zh_yaml *name = zh_yaml_get(roots[r], "calendar");
        const zh_pack_file *file = name == NULL ? NULL : zh_cx_file(cx, name);
        if (file == NULL) {
            continue;
        }
        if (cx->model->calendar != NULL) {
            zh_cx_error(cx, name, "calendar.duplicate", NULL, "工作日历只能声明一次");
            continue;
        }
        zh_calendar *calendar;
        zh_err err;
        zh_err_clear(&err);
        if (zh_calendar_parse(cx->arena, file->text, &calendar, &err) == ZH_OK) {
            cx->model->calendar = calendar;
        } else {
            zh_cx_forward(cx, name, &err);
        }
    }
}

/* ---- code systems ------------------------------------------------------------------------------
 */

static void read_levels(zh_cx *cx, const zh_yaml *node, zh_codes *codes)
{
    size_t n;
    codes->level_names = zh_get_texts(cx->arena, node, "levels", &n);
    if (n > ZH_CODE_LEVELS_MAX) {
        zh_cx_error(cx, node, "codes.levels", NULL, "至多 %d 级", ZH_CODE_LEVELS_MAX);
        n = ZH_CODE_LEVELS_MAX;
    }
    codes->levels = (uint16_t)n;
}

static void read_system(zh_cx *cx, const zh_yaml *node)
{
    const zh_yaml *id = zh_yaml_get(node, "id");
    const zh_yaml *values = zh_yaml_get(node, "values"), *file = zh_yaml_get(node, "file");
    if (id == NULL || id->text.n == 0) {
        return;
    }
    zh_codes *codes = zh_cx_add_codes(cx, id, id->text, zh_get_label(node, "label"));
    if (codes == NULL) {
        return;
    }
    codes->codes_are_ordered = zh_get_bool(node, "ordered", false);
    read_levels(cx, node, codes);
    if ((values == NULL) == (file == NULL)) {
        zh_cx_error(cx, node, "codes.source", NULL, "编码体系应恰有「values」与「file」中的一个");
        zh_codes_build(cx, codes, NULL, 0, ZH_STR_NONE);
    } else if (values != NULL) {
        zh_codes_read_values(cx, codes, values);
    } else {
        const zh_pack_file *csv = zh_cx_file(cx, file);
        if (csv != NULL) {
            zh_codes_read_csv(cx, codes, csv);
        } else {
            zh_codes_build(cx, codes, NULL, 0, ZH_STR_NONE);
        }
    }
}

void zh_parse_codes(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *c = zh_first(roots[r], "codes"); c != NULL; c = zh_next(c)) {
            read_system(cx, c);
        }
    }
}

/* ---- mechanisms --------------------------------------------------------------------------------
 */

static zh_str keep(zh_cx *cx, const zh_str *cells, size_t n, size_t i)
{
    return i < n ? zh_str_dup(cx->arena, zh_str_trim(cells[i])) : ZH_STR_NONE;
}

static void read_mechanisms(zh_cx *cx, const zh_yaml *name, const zh_pack_file *file)
{
    static const char header[] = "id|zh|en|area|does|users|clauses|depth|does_zh";
    ZH_VEC(struct zh_mechanism) list = {0};
    zh_text_source source = {file->text};
    zh_csv *csv = zh_csv_new(zh_text_read, &source, ',');
    const zh_str *cells;
    size_t n, line, rows = 0;
    zh_err err;
    zh_err_clear(&err);
    zh_rc rc;
    while ((rc = zh_csv_next(csv, &cells, &n, &line, &err)) == ZH_OK) {
        for (size_t i = 0; rows == 0 && i < n; i++) {
            if (zh_choice(header, cells[i]) != (int)i) {
                zh_cx_line_error(cx, file->path, line, "mechanisms.column",
                                 "列应依次为 id zh en area does users clauses depth"
                                 "，可再加 does_zh");
                break;
            }
        }
        if (rows++ > 0 && n >= 8) {
            struct zh_mechanism m = {.id = keep(cx, cells, n, 0),
                                     .label = {keep(cx, cells, n, 1), keep(cx, cells, n, 2)},
                                     .area = keep(cx, cells, n, 3),
                                     .does = {keep(cx, cells, n, 8), keep(cx, cells, n, 4)},
                                     .users = keep(cx, cells, n, 5),
                                     .clauses = keep(cx, cells, n, 6),
                                     .depth = keep(cx, cells, n, 7)};
            zh_vec_push(cx->arena, &list, m);
        } else if (rows > 1 && (n > 1 || cells[0].n > 0)) {
            zh_cx_line_error(cx, file->path, line, "mechanisms.column", "应有 8 或 9 列");
        }
    }
    zh_csv_free(csv);
    if (rc != ZH_ENOTFOUND) {
        zh_cx_forward(cx, name, &err);
    }
    cx->model->mechanisms = list.p;
    cx->model->nmechanisms = list.n;
}

void zh_parse_mechanisms(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        const zh_yaml *name = zh_yaml_get(roots[r], "mechanisms");
        const zh_pack_file *file = name == NULL ? NULL : zh_cx_file(cx, name);
        if (file == NULL) {
            continue;
        }
        if (cx->model->mechanisms != NULL) {
            zh_cx_error(cx, name, "mechanisms.duplicate", NULL, "机制清单只能声明一次");
            continue;
        }
        read_mechanisms(cx, name, file);
    }
}

/* ---- outlines ----------------------------------------------------------------------------------
 */

typedef struct outlines {
    zh_cx *cx;
    const zh_yaml *name; /* where the file is named */
    const zh_pack_file *file;
    zh_str id, region;
    int32_t from; /* year in which the period begins; 0 not said */
    zh_map by_id;
    ZH_VEC(zh_outline_item) items;
    ZH_VEC(zh_outline) documents;
} outlines;

static void outline_error(outlines *o, const zh_json *at, const char *rule, const char *message)
{
    zh_cx_line_error(o->cx, o->file->path, at == NULL ? 1 : at->line, rule, "%s", message);
}

static zh_str text(outlines *o, const zh_json *item, const char *key)
{
    return zh_str_dup(o->cx->arena, zh_json_str(zh_json_get(item, key), ZH_STR_NONE));
}

static bool number(const zh_json *item, const char *key, zh_decimal *out)
{
    const zh_json *v = zh_json_get(item, key);
    return v != NULL && v->kind == ZH_JSON_NUMBER && zh_decimal_parse(v->text, true, out) == ZH_OK;
}

static int32_t year_of(const zh_json *value)
{
    int64_t year = 0;
    bool good = value != NULL && zh_json_i64(value, &year) == ZH_OK && year > 1900 && year < 3000;
    return good ? (int32_t)year : 0;
}

/* Units and comparators are declared as code systems, so that each has a meaning in words. */
static void check_vocabulary(outlines *o, const zh_json *at, const char *system, zh_str value)
{
    const zh_codes *codes = zh_model_codes(o->cx->model, zh_str_of(system));
    if (value.n == 0 || (codes != NULL && zh_code_find(codes, value, ZH_CODE_FROM_OPEN) != NULL)) {
        return;
    }
    outline_error(
        o, at, "outline.vocabulary",
        zh_str_fmt(o->cx->arena, "「%.*s」没有定义：编码体系 %s 里没有它", ZH_FMT(value), system)
            .p);
}

static void read_item(outlines *o, const zh_json *j, const char *kind)
{
    zh_outline_item item = {.id = text(o, j, "id"), .outline = o->id, .kind = zh_str_of(kind)};
    bool task = strcmp(kind, "task") == 0;
    item.name.zh = text(o, j, task ? "title" : "name");
    item.name.en = text(o, j, "name_en");
    item.dimension = text(o, j, "dimension");
    item.clause = text(o, j, "clause");
    item.quote = text(o, j, "quote");
    item.summary.zh = text(o, j, "summary");
    item.scope.zh = text(o, j, "scope");
    item.unit = text(o, j, "unit");
    item.comparator = text(o, j, "comparator");
    item.reference.zh = text(o, j, "reference");
    item.obligation = task ? ZH_STR_NONE : text(o, j, "kind");
    item.responsible.zh = text(o, j, "responsible");
    item.has_value = number(j, "value", &item.value);
    item.has_value_max = number(j, "value_max", &item.value_max);
    const zh_json *approximate = zh_json_get(j, "approximate");
    item.approximate =
        approximate != NULL && approximate->kind == ZH_JSON_BOOL && approximate->boolean;
    item.deadline = year_of(zh_json_get(j, "deadline"));
    item.from = o->from;
    item.region = o->region;
    check_vocabulary(o, j, "target_unit", item.unit);
    check_vocabulary(o, j, "target_comparator", item.comparator);
    if (item.id.n == 0 || item.name.zh.n == 0) {
        outline_error(o, j, "outline.item", "条目缺少 id 或名称");
        return;
    }
    if (zh_map_put(&o->by_id, item.id, o->cx) != NULL) {
        outline_error(o, j, "outline.duplicate",
                      zh_str_fmt(o->cx->arena, "条目「%.*s」重复", ZH_FMT(item.id)).p);
    }
    zh_vec_push(o->cx->arena, &o->items, item);
}

static void read_outline(outlines *o)
{
    static const char *const lists[] = {"targets", "facts", "tasks"};
    static const char *const kinds[] = {"target", "fact", "task"};
    zh_json *root;
    zh_err err;
    zh_err_clear(&err);
    if (zh_json_parse(o->cx->arena, o->file->text, &root, &err) != ZH_OK) {
        zh_cx_line_error(o->cx, o->file->path, 1, "outline.json", "%s %s", err.message, err.where);
        return;
    }
    o->id = text(o, root, "id");
    const zh_json *region = zh_json_get(root, "region");
    o->region = region == NULL ? ZH_STR_NONE : text(o, region, "code");
    const zh_json *period = zh_json_get(root, "period");
    o->from = period == NULL ? 0 : year_of(zh_json_get(period, "from"));
    if (o->id.n == 0) {
        outline_error(o, root, "outline.id", "纲要文件缺少 id");
    }
    zh_outline document = {.id = o->id,
                           .title.zh = text(o, root, "title"),
                           .issuer.zh = text(o, root, "issuer"),
                           .number = text(o, root, "document_number"),
                           .issued = text(o, root, "issued"),
                           .region = o->region,
                           .from = o->from,
                           .to = period == NULL ? 0 : year_of(zh_json_get(period, "to"))};
    zh_vec_push(o->cx->arena, &o->documents, document);
    for (size_t l = 0; l < ZH_COUNTOF(lists); l++) {
        const zh_json *list = zh_json_get(root, lists[l]);
        for (const zh_json *j = list == NULL ? NULL : list->first; j != NULL; j = j->next) {
            read_item(o, j, kinds[l]);
        }
    }
}

/* ---- English -----------------------------------------------------------------------------------
 */

/* Titles and summaries by id; phrases (scope, reference, office in charge) by their Chinese. */
static void put_english(outlines *o, const zh_json *phrases)
{
    for (size_t i = 0; i < o->items.n; i++) {
        zh_label *labels[] = {&o->items.p[i].scope, &o->items.p[i].reference,
                              &o->items.p[i].responsible};
        for (size_t k = 0; k < ZH_COUNTOF(labels); k++) {
            if (labels[k]->zh.n > 0 && labels[k]->en.n == 0) {
                labels[k]->en = text(o, phrases, labels[k]->zh.p);
            }
        }
    }
}

static void english_document(outlines *o, const zh_json *j)
{
    for (size_t i = 0; i < o->documents.n; i++) {
        zh_outline *document = &o->documents.p[i];
        if (zh_str_eq(document->id, j->name)) {
            document->title.en = text(o, j, "title");
            document->issuer.en = text(o, j, "issuer");
            return;
        }
    }
    outline_error(o, j, "outline.unknown", "没有这份纲要");
}

static void english_item(outlines *o, const zh_json *j)
{
    for (size_t i = 0; i < o->items.n; i++) {
        zh_outline_item *item = &o->items.p[i];
        if (zh_str_eq(item->id, j->name)) {
            item->name.en = text(o, j, "title");
            item->summary.en = text(o, j, "summary");
            return;
        }
    }
    outline_error(o, j, "outline.item", "纲要里没有这个条目");
}

static void read_english(outlines *o)
{
    zh_json *root;
    zh_err err;
    zh_err_clear(&err);
    if (zh_json_parse(o->cx->arena, o->file->text, &root, &err) != ZH_OK) {
        zh_cx_line_error(o->cx, o->file->path, 1, "outline.json", "%s %s", err.message, err.where);
        return;
    }
    const zh_json *documents = zh_json_get(root, "outlines");
    const zh_json *items = zh_json_get(root, "tasks");
    const zh_json *phrases = zh_json_get(root, "phrases");
    for (const zh_json *j = documents == NULL ? NULL : documents->first; j != NULL; j = j->next) {
        english_document(o, j);
    }
    for (const zh_json *j = items == NULL ? NULL : items->first; j != NULL; j = j->next) {
        english_item(o, j);
    }
    if (phrases != NULL) {
        put_english(o, phrases);
    }
}

/* ---- ties --------------------------------------------------------------------------------------
 */

static void read_tie(zh_cx *cx, outlines *o, const zh_yaml *tie)
{
    const zh_yaml *target = zh_yaml_get(tie, "target"), *id = zh_yaml_get(tie, "indicator");
    zh_outline_item *item = NULL;
    if (target == NULL || id == NULL) {
        return;
    }
    for (size_t i = 0; i < o->items.n; i++) {
        item = zh_str_eq(o->items.p[i].id, target->text) ? &o->items.p[i] : item;
    }
    if (item == NULL) {
        zh_cx_error(cx, target, "tie.target", NULL, "纲要里没有目标「%.*s」", ZH_FMT(target->text));
        return;
    }
    const zh_indicator *ind = zh_model_indicator(cx->model, id->text);
    if (ind == NULL) {
        zh_cx_error(cx, id, "indicator.unknown", NULL, "没有指标「%.*s」", ZH_FMT(id->text));
        return;
    }
    if (item->indicator.n > 0) {
        zh_cx_error(cx, target, "tie.duplicate", NULL, "目标「%.*s」已挂接指标", ZH_FMT(item->id));
    }
    int basis = zh_choice("random|targeted|mixed", zh_get_text(tie, "basis"));
    zh_basis of_target = basis < 0 ? ZH_BASIS_RANDOM : (zh_basis)(basis + 1);
    item->indicator = ind->id;
    item->basis_note = zh_get_label(tie, "basis_note");
    if (ind->basis != ZH_BASIS_NONE && ind->basis != of_target && item->basis_note.zh.n == 0) {
        zh_cx_error(cx, tie, "tie.basis", "写 basis_note 说明口径差别；页面将只并列、不作达标判断",
                    "目标「%.*s」与指标「%.*s」的抽样性质不同", ZH_FMT(item->id), ZH_FMT(ind->id));
    }
}

/* ---- tags: what the clause lists of the mechanisms call each document -------------------------
 */

static void read_tag(zh_cx *cx, outlines *o, const zh_yaml *entry)
{
    const zh_yaml *tag = zh_yaml_get(entry, "tag");
    const zh_yaml *id = zh_yaml_get(entry, "outline");
    if (tag == NULL || id == NULL) {
        return;
    }
    for (size_t i = 0; i < o->documents.n; i++) {
        if (zh_str_eq(o->documents.p[i].id, id->text)) {
            o->documents.p[i].tag = tag->text;
            return;
        }
    }
    zh_cx_error(cx, id, "outline.unknown", NULL, "没有纲要「%.*s」", ZH_FMT(id->text));
}

/* A clause of a document that nobody can open would be a dead link on the mechanism list. */
static void check_clauses(zh_cx *cx, const zh_yaml *tags)
{
    for (size_t i = 0; i < cx->model->nmechanisms; i++) {
        const struct zh_mechanism *m = &cx->model->mechanisms[i];
        zh_str rest = m->clauses;
        zh_str piece;
        while (zh_str_split(&rest, ';', &piece)) {
            zh_str tail = zh_str_trim(piece);
            zh_str tag;
            if (zh_str_split(&tail, ' ', &tag) && tag.n > 0 &&
                zh_model_outline_by_tag(cx->model, tag) == NULL) {
                zh_cx_error(cx, tags, "mechanisms.clause", "在 outline_tags 里写明它是哪份纲要",
                            "机制 %.*s 的条款「%.*s」用了没有声明的文件代号", ZH_FMT(m->id),
                            ZH_FMT(zh_str_trim(piece)));
            }
        }
    }
}

void zh_parse_outlines(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    outlines o = {.cx = cx};
    zh_map_init(&o.by_id, cx->arena);
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *name = zh_first(roots[r], "outlines"); name != NULL;
             name = zh_next(name)) {
            o.name = name;
            o.file = zh_cx_file(cx, name);
            if (o.file != NULL) {
                read_outline(&o);
            }
        }
    }
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *name = zh_first(roots[r], "outlines_en"); name != NULL;
             name = zh_next(name)) {
            o.name = name;
            o.file = zh_cx_file(cx, name);
            if (o.file != NULL) {
                read_english(&o);
            }
        }
    }
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *tie = zh_first(roots[r], "ties"); tie != NULL; tie = zh_next(tie)) {
            read_tie(cx, &o, tie);
        }
    }
    cx->model->outline_items = o.items.p;
    cx->model->noutline_items = o.items.n;
    cx->model->outlines = o.documents.p;
    cx->model->noutlines = o.documents.n;
    const zh_yaml *tags = NULL;
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *tag = zh_first(roots[r], "outline_tags"); tag != NULL;
             tag = zh_next(tag)) {
            read_tag(cx, &o, tag);
            tags = tags == NULL ? tag : tags;
        }
    }
    if (tags != NULL) {
        check_clauses(cx, tags);
    }
}
