/* Comparing two models; see diff.h. Registers, fields, indexes and cubes are matched by id: a
 * renamed one is dropped and created, so renaming needs an explicit step. */
#include "model/diff.h"
#include "fmt/yaml.h"
#include "model/schema.h"

typedef struct job {
    zh_arena *arena;
    bool allow;
    const zh_register *reg; /* new */
    ZH_VEC(zh_model_change) changes;
} job;

static bool listed(const zh_register *reg, const char *key, zh_str id)
{
    const zh_yaml *migrate = reg == NULL ? NULL : zh_yaml_get(reg->declared, "migrate");
    const zh_yaml *item = migrate == NULL ? NULL : zh_first(migrate, key);
    for (; item != NULL; item = zh_next(item)) {
        if (zh_str_eq(item->text, id)) {
            return true;
        }
    }
    return false;
}

static void add(job *j, zh_model_change change)
{
    change.destructive = change.kind >= ZH_CHANGE_NARROW;
    zh_vec_push(j->arena, &j->changes, change);
}

static zh_str id_of(const job *j, const zh_field *f)
{
    if (f->table == NULL) {
        return f->id;
    }
    return zh_str_fmt(j->arena, "%.*s.%.*s", ZH_FMT(f->table->id), ZH_FMT(f->id));
}

static zh_str child_table(const job *j, const zh_register *reg, const zh_field *table)
{
    return zh_str_fmt(j->arena, "%.*s__%.*s", ZH_FMT(reg->table), ZH_FMT(table->column));
}

static zh_str table_of(const job *j, const zh_register *reg, const zh_field *f)
{
    return f->table == NULL ? reg->table : child_table(j, reg, f->table);
}

/* ---- fields ------------------------------------------------------------------------------------
 */

static const char *type_name(zh_type type)
{
    static const char *const names[] = {"string",  "text",     "code",  "date", "datetime",
                                        "decimal", "quantity", "bool",  "file", "geo",
                                        "ref",     "period",   "range", "table"};
    return names[type];
}

/* Storage classes of the physical layout: fields of one class keep their columns. */
static int storage(const zh_field *f)
{
    switch (f->type) {
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE: return 0;
    case ZH_TYPE_DATE: return 1;
    case ZH_TYPE_DATETIME: return 2;
    case ZH_TYPE_BOOL: return 3;
    case ZH_TYPE_DECIMAL: return 4;
    case ZH_TYPE_QUANTITY: return f->unit.n > 0 ? 5 : 6;
    case ZH_TYPE_REF: return 7;
    case ZH_TYPE_PERIOD: return 8;
    case ZH_TYPE_TABLE: return 9;
    }
    return 9;
}

static uint32_t length_of(const zh_field *f)
{
    return f->length_max > 0 ? f->length_max : f->type == ZH_TYPE_STRING ? 200 : 20000;
}

static void change_field(job *j, zh_change_kind kind, const zh_field *old, const zh_field *f,
                         int scale, zh_str what)
{
    zh_str id = id_of(j, f);
    zh_model_change change = {.kind = kind,
                              .reg = j->reg,
                              .field = f,
                              .previous = old,
                              .name = f->column,
                              .table = table_of(j, j->reg, f),
                              .scale = (int8_t)scale};
    change.allowed = j->allow || listed(j->reg, "narrow", id);
    change.text = zh_str_fmt(j->arena, "%.*s:字段「%.*s」(%.*s)%.*s", ZH_FMT(j->reg->id),
                             ZH_FMT(id), ZH_FMT(f->label.zh), ZH_FMT(what));
    add(j, change);
}

static void diff_text(job *j, const zh_field *old, const zh_field *f)
{
    bool stricter = f->type != old->type && (f->type == ZH_TYPE_CODE || f->type == ZH_TYPE_FILE ||
                                             f->type == ZH_TYPE_GEO || f->type == ZH_TYPE_RANGE);
    bool other_codes = f->type == ZH_TYPE_CODE && old->type == ZH_TYPE_CODE &&
                       !zh_str_eq(f->codes->id, old->codes->id);
    if (stricter || other_codes) {
        change_field(j, ZH_CHANGE_NARROW, old, f, 0,
                     zh_str_fmt(j->arena, "由 %s 改为 %s%s，已有的值可能不合新规定",
                                type_name(old->type), type_name(f->type),
                                other_codes ? "(换了编码体系)" : ""));
        return;
    }
    if (f->type == ZH_TYPE_CODE || f->type == ZH_TYPE_FILE || f->type == ZH_TYPE_GEO) {
        return;
    }
    if (length_of(f) < length_of(old) && old->type != ZH_TYPE_CODE) {
        change_field(j, ZH_CHANGE_NARROW, old, f, 0,
                     zh_str_fmt(j->arena, "最多字符数由 %u 减为 %u", length_of(old), length_of(f)));
    } else if (length_of(f) > length_of(old) || f->type != old->type) {
        change_field(
            j, ZH_CHANGE_WIDEN, old, f, 0,
            zh_str_fmt(j->arena, "放宽为 %s，至多 %u 个字符", type_name(f->type), length_of(f)));
    }
}

static void diff_number(job *j, const zh_field *old, const zh_field *f)
{
    int scale = (int)f->digits - (int)old->digits;
    if (!zh_str_eq(f->unit, old->unit)) {
        change_field(j, ZH_CHANGE_NARROW, old, f, scale,
                     zh_str_fmt(j->arena, "单位由 %.*s 改为 %.*s，已有的数值含义不同",
                                ZH_FMT(old->unit), ZH_FMT(f->unit)));
    } else if (scale > 0) {
        change_field(j, ZH_CHANGE_WIDEN, old, f, scale,
                     zh_str_fmt(j->arena, "小数位数由 %u 增为 %u", old->digits, f->digits));
    } else if (scale < 0) {
        change_field(j, ZH_CHANGE_NARROW, old, f, scale,
                     zh_str_fmt(j->arena, "小数位数由 %u 减为 %u", old->digits, f->digits));
    }
}

static void diff_field(job *j, const zh_field *old, const zh_field *f)
{
    if (storage(old) != storage(f)) {
        change_field(j, ZH_CHANGE_TYPE, old, f, 0,
                     zh_str_fmt(j->arena, "由 %s 改为 %s，存放方式不同", type_name(old->type),
                                type_name(f->type)));
        return;
    }
    if (storage(f) == 0) {
        diff_text(j, old, f);
    } else if (f->type == ZH_TYPE_DECIMAL || f->type == ZH_TYPE_QUANTITY) {
        diff_number(j, old, f);
    } else if (f->type == ZH_TYPE_REF && !zh_str_eq(f->target_id, old->target_id)) {
        change_field(j, ZH_CHANGE_NARROW, old, f, 0,
                     zh_str_fmt(j->arena, "改为引用 %.*s", ZH_FMT(f->target_id)));
    }
    if (f->required && !old->required) {
        change_field(j, ZH_CHANGE_NOTE, old, f, 0, ZH_STR("改为必填，已有记录可能缺值"));
    }
}

static void add_column(job *j, const zh_field *f)
{
    zh_model_change change = {.kind = ZH_CHANGE_ADD_COLUMN,
                              .reg = j->reg,
                              .field = f,
                              .name = f->column,
                              .table = table_of(j, j->reg, f)};
    change.text = zh_str_fmt(j->arena, "%.*s:增加字段「%.*s」(%.*s,%s)%s", ZH_FMT(j->reg->id),
                             ZH_FMT(id_of(j, f)), ZH_FMT(f->label.zh), type_name(f->type),
                             f->required ? ",已有记录缺此必填值" : "");
    add(j, change);
}

static void add_table(job *j, const zh_field *f)
{
    zh_str table = child_table(j, j->reg, f);
    zh_model_change change = {
        .kind = ZH_CHANGE_CREATE_TABLE, .reg = j->reg, .field = f, .name = table, .table = table};
    change.text = zh_str_fmt(j->arena, "%.*s:建立明细表「%.*s」(%.*s)", ZH_FMT(j->reg->id),
                             ZH_FMT(f->id), ZH_FMT(f->label.zh));
    add(j, change);
}

static void drop_field(job *j, const zh_register *old_reg, const zh_field *f)
{
    bool table = f->type == ZH_TYPE_TABLE;
    zh_model_change change = {.kind = table ? ZH_CHANGE_DROP_TABLE : ZH_CHANGE_DROP_COLUMN,
                              .reg = j->reg,
                              .field = f,
                              .name = table ? child_table(j, old_reg, f) : f->column,
                              .table =
                                  table ? child_table(j, old_reg, f) : table_of(j, old_reg, f)};
    change.allowed = j->allow || listed(j->reg, "drop", id_of(j, f));
    change.text = zh_str_fmt(j->arena, "%.*s:删除%s「%.*s」(%.*s)及其全部数据", ZH_FMT(j->reg->id),
                             table ? "明细表" : "字段", ZH_FMT(id_of(j, f)), ZH_FMT(f->label.zh));
    add(j, change);
}

static const zh_field *find(const zh_field *fields, size_t n, zh_str id)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(fields[i].id, id)) {
            return &fields[i];
        }
    }
    return NULL;
}

static void diff_columns(job *j, const zh_register *old_reg, const zh_field *old, const zh_field *f)
{
    for (size_t i = 0; i < f->ncolumns; i++) {
        const zh_field *was = find(old->columns, old->ncolumns, f->columns[i].id);
        if (was == NULL) {
            add_column(j, &f->columns[i]);
        } else {
            diff_field(j, was, &f->columns[i]);
        }
    }
    for (size_t i = 0; i < old->ncolumns; i++) {
        if (find(f->columns, f->ncolumns, old->columns[i].id) == NULL) {
            drop_field(j, old_reg, &old->columns[i]);
        }
    }
}

static void diff_fields(job *j, const zh_register *old)
{
    for (size_t i = 0; i < j->reg->nfields; i++) {
        const zh_field *f = &j->reg->fields[i];
        const zh_field *was = find(old->fields, old->nfields, f->id);
        if (was == NULL) {
            if (f->type == ZH_TYPE_TABLE) {
                add_table(j, f);
            } else {
                add_column(j, f);
            }
        } else if (f->type == ZH_TYPE_TABLE && was->type == ZH_TYPE_TABLE) {
            diff_columns(j, old, was, f);
        } else {
            diff_field(j, was, f);
        }
    }
    for (size_t i = 0; i < old->nfields; i++) {
        if (find(j->reg->fields, j->reg->nfields, old->fields[i].id) == NULL) {
            drop_field(j, old, &old->fields[i]);
        }
    }
}

/* ---- indexes and cubes -------------------------------------------------------------------------
 */

static bool same_index(const zh_index *a, const zh_index *b)
{
    bool same = a->nfields == b->nfields && a->unique == b->unique;
    for (size_t i = 0; same && i < a->nfields; i++) {
        same = zh_str_eq(a->fields[i]->id, b->fields[i]->id);
    }
    return same;
}

static const zh_index *find_index(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; reg != NULL && i < reg->nindexes; i++) {
        if (zh_str_eq(reg->indexes[i].id, id)) {
            return &reg->indexes[i];
        }
    }
    return NULL;
}

static void change_part(job *j, zh_change_kind kind, zh_str name, const char *verb, zh_str id)
{
    zh_model_change change = {.kind = kind, .reg = j->reg, .name = name, .table = j->reg->table};
    change.text = zh_str_fmt(j->arena, "%.*s:%s「%.*s」", ZH_FMT(j->reg->id), verb, ZH_FMT(id));
    add(j, change);
}

static void diff_indexes(job *j, const zh_register *old)
{
    for (size_t i = 0; old != NULL && i < old->nindexes; i++) {
        const zh_index *now = find_index(j->reg, old->indexes[i].id);
        if (now == NULL || !same_index(now, &old->indexes[i])) {
            change_part(j, ZH_CHANGE_DROP_INDEX, old->indexes[i].id, "撤去索引",
                        old->indexes[i].id);
        }
    }
    for (size_t i = 0; i < j->reg->nindexes; i++) {
        const zh_index *now = &j->reg->indexes[i], *was = find_index(old, now->id);
        if (was == NULL || !same_index(now, was)) {
            change_part(j, ZH_CHANGE_CREATE_INDEX, now->id, "建立索引", now->id);
        }
    }
}

static bool same_program(const zh_program *a, bool has_a, const zh_program *b, bool has_b)
{
    return has_a == has_b && (!has_a || zh_str_eq(a->source, b->source));
}

static bool same_measure(const zh_measure *a, const zh_measure *b)
{
    return zh_str_eq(a->id, b->id) && a->kind == b->kind && a->digits == b->digits &&
           (a->table == NULL) == (b->table == NULL) &&
           (a->table == NULL || zh_str_eq(a->table->id, b->table->id)) &&
           same_program(&a->filter, a->has_filter, &b->filter, b->has_filter) &&
           same_program(&a->value, a->has_value, &b->value, b->has_value);
}

static bool same_cube(const zh_register *ra, const zh_cube *a, const zh_register *rb,
                      const zh_cube *b)
{
    bool same =
        a->ndims == b->ndims && a->nmeasures == b->nmeasures &&
        same_program(&ra->count_when, ra->has_count_when, &rb->count_when, rb->has_count_when);
    for (size_t i = 0; same && i < a->ndims; i++) {
        same = zh_str_eq(a->dims[i].column, b->dims[i].column) &&
               zh_str_eq(a->dims[i].expr.source, b->dims[i].expr.source);
    }
    for (size_t i = 0; same && i < a->nmeasures; i++) {
        same = same_measure(a->measures[i], b->measures[i]);
    }
    return same;
}

static const zh_cube *find_cube(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; reg != NULL && i < reg->ncubes; i++) {
        if (zh_str_eq(reg->cubes[i].id, id)) {
            return &reg->cubes[i];
        }
    }
    return NULL;
}

static void diff_cubes(job *j, const zh_register *old)
{
    for (size_t i = 0; old != NULL && i < old->ncubes; i++) {
        const zh_cube *now = find_cube(j->reg, old->cubes[i].id);
        if (now == NULL || !same_cube(old, &old->cubes[i], j->reg, now)) {
            change_part(j, ZH_CHANGE_DROP_CUBE, old->cubes[i].table, "撤去立方", old->cubes[i].id);
        }
    }
    for (size_t i = 0; i < j->reg->ncubes; i++) {
        const zh_cube *now = &j->reg->cubes[i], *was = find_cube(old, now->id);
        if (was == NULL || !same_cube(old, was, j->reg, now)) {
            change_part(j, ZH_CHANGE_BUILD_CUBE, now->table,
                        old == NULL ? "建立立方" : "由记录重新统计立方", now->id);
        }
    }
}

/* ---- registers ---------------------------------------------------------------------------------
 */

static void diff_register(job *j, const zh_register *old)
{
    if (old == NULL) {
        zh_model_change change = {.kind = ZH_CHANGE_CREATE_TABLE,
                                  .reg = j->reg,
                                  .name = j->reg->table,
                                  .table = j->reg->table};
        change.text = zh_str_fmt(j->arena, "%.*s:建立登记册「%.*s」，%zu 个字段",
                                 ZH_FMT(j->reg->id), ZH_FMT(j->reg->label.zh), j->reg->nfields);
        add(j, change);
        for (size_t i = 0; i < j->reg->nfields; i++) {
            if (j->reg->fields[i].type == ZH_TYPE_TABLE) {
                add_table(j, &j->reg->fields[i]);
            }
        }
    } else {
        diff_fields(j, old);
    }
    diff_indexes(j, old);
    diff_cubes(j, old);
}

static void drop_register(job *j, const zh_register *old)
{
    zh_model_change change = {.kind = ZH_CHANGE_DROP_TABLE,
                              .reg = old,
                              .name = old->table,
                              .table = old->table,
                              .allowed = j->allow};
    change.text = zh_str_fmt(j->arena, "%.*s:删除登记册「%.*s」及其全部数据", ZH_FMT(old->id),
                             ZH_FMT(old->label.zh));
    add(j, change);
}

zh_rc zh_model_diff(zh_arena *arena, const zh_model *before, const zh_model *after,
                    bool allow_destructive, zh_diff *out, zh_err *err)
{
    job j = {.arena = arena, .allow = allow_destructive};
    for (size_t i = 0; i < after->nregisters; i++) {
        j.reg = &after->registers[i];
        diff_register(&j, before == NULL ? NULL : zh_model_register(before, j.reg->id));
    }
    for (size_t i = 0; before != NULL && i < before->nregisters; i++) {
        if (zh_model_register(after, before->registers[i].id) == NULL) {
            drop_register(&j, &before->registers[i]);
        }
    }
    *out = (zh_diff){.changes = j.changes.p, .n = j.changes.n};
    const zh_model_change *first = NULL;
    for (size_t i = 0; i < out->n; i++) {
        const zh_model_change *c = &out->changes[i];
        out->destructive += c->destructive;
        out->refused += c->destructive && !c->allowed;
        first = first == NULL && c->destructive && !c->allowed ? c : first;
    }
    if (first == NULL) {
        return ZH_OK;
    }
    (void)zh_err_set(err, ZH_ECONFLICT, "model.diff.destructive",
                     "有 %zu 处会丢失数据的变更没有写明，第一处：%.*s", out->refused,
                     ZH_FMT(first->text));
    zh_err_where(err, "%.*s", ZH_FMT(first->reg->file));
    zh_err_fix(
        err,
        "确要如此时，在该登记册写 migrate: {drop: […]} 或 {narrow: […]};删除整册须用明示的开关");
    return ZH_ECONFLICT;
}

void zh_diff_print(const zh_diff *diff, zh_buf *out)
{
    for (size_t i = 0; i < diff->n; i++) {
        const zh_model_change *c = &diff->changes[i];
        const char *sign = !c->destructive ? "  " : c->allowed ? "! " : "✗ ";
        zh_buf_fmt(out, "%s%.*s\n", sign, ZH_FMT(c->text));
    }
    zh_buf_fmt(out, "共 %zu 处变更，其中丢失数据的 %zu 处，未获许可的 %zu 处\n", diff->n,
               diff->destructive, diff->refused);
}
