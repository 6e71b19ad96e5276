/* Names during compilation: files, code systems, registers, fields, and expressions with the
 * position of their errors in the file. */
#include "model/compile.h"
#include <string.h>

/* ---- files -------------------------------------------------------------------------------------
 */

/* Resolves "../calendar/cn.txt" against "foundation/base.yaml"; false when it leaves the packs. */
static bool resolve(zh_arena *arena, zh_str base, zh_str name, zh_str *out)
{
    zh_str dir = base;
    while (dir.n > 0 && dir.p[dir.n - 1] != '/') {
        dir.n--;
    }
    zh_str path = zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(dir), ZH_FMT(name));
    char *p = zh_arena_alloc(arena, path.n + 2);
    size_t n = 0;
    zh_str piece;
    while (zh_str_split(&path, '/', &piece)) {
        if (piece.n == 0 || zh_str_is(piece, ".")) {
            continue;
        }
        if (zh_str_is(piece, "..")) {
            if (n == 0) {
                return false;
            }
            n--; /* the slash */
            while (n > 0 && p[n - 1] != '/') {
                n--;
            }
            continue;
        }
        memcpy(p + n, piece.p, piece.n);
        n += piece.n;
        p[n++] = '/';
    }
    *out = (zh_str){p, n == 0 ? 0 : n - 1};
    return n > 0;
}

const zh_pack_file *zh_cx_file(zh_cx *cx, const zh_yaml *name)
{
    zh_str path = ZH_STR_NONE;
    if (name->kind != ZH_YAML_SCALAR || name->text.n == 0) {
        return NULL; /* reported by the schema */
    }
    if (resolve(cx->arena, zh_str_of(name->file), name->text, &path)) {
        for (size_t i = 0; i < cx->nfiles; i++) {
            if (zh_str_eq(cx->files[i].path, path)) {
                return &cx->files[i];
            }
        }
    }
    zh_cx_error(cx, name, "model.file", "文件名相对于本声明文件", "没有文件「%.*s」",
                ZH_FMT(name->text));
    return NULL;
}

/* ---- code systems and registers
 * ------------------------------------------------------------------ */

zh_codes *zh_cx_add_codes(zh_cx *cx, const zh_yaml *node, zh_str id, zh_label label)
{
    if (zh_map_get(&cx->model->codes_by_id, id) != NULL) {
        zh_cx_error(cx, node, "codes.duplicate", NULL, "编码体系「%.*s」重复", ZH_FMT(id));
        return NULL;
    }
    zh_assert(cx->model->nsystems < cx->systems_max);
    zh_codes *codes = &cx->systems[cx->model->nsystems++];
    codes->id = id;
    codes->label = label;
    (void)zh_map_put(&cx->model->codes_by_id, id, codes);
    return codes;
}

const zh_codes *zh_cx_codes(zh_cx *cx, const zh_yaml *node, zh_str id)
{
    const zh_codes *codes = zh_model_codes(cx->model, id);
    if (codes == NULL && node->kind == ZH_YAML_SCALAR) {
        size_t n = cx->model->nsystems;
        zh_str *known = ZH_NEW_N(cx->arena, zh_str, n + 1);
        for (size_t i = 0; i < n; i++) {
            known[i] = cx->model->systems[i].id;
        }
        zh_cx_error(cx, node, "codes.unknown", zh_schema_nearest(cx->arena, id, known, n),
                    "没有编码体系「%.*s」", ZH_FMT(id));
    }
    return codes;
}

const zh_register *zh_cx_register(zh_cx *cx, const zh_yaml *node, zh_str id)
{
    const zh_register *reg = zh_model_register(cx->model, id);
    if (reg == NULL && node != NULL && node->kind == ZH_YAML_SCALAR) {
        size_t n = cx->model->nregisters;
        zh_str *known = ZH_NEW_N(cx->arena, zh_str, n + 1);
        for (size_t i = 0; i < n; i++) {
            known[i] = cx->model->registers[i].id;
        }
        zh_cx_error(cx, node, "register.unknown", zh_schema_nearest(cx->arena, id, known, n),
                    "没有登记册「%.*s」", ZH_FMT(id));
    }
    return reg;
}

const zh_str *zh_cx_systems(zh_cx *cx, const zh_yaml *root, size_t *n)
{
    return zh_get_texts(cx->arena, root, "systems", n);
}

/* ---- fields ------------------------------------------------------------------------------------
 */

static const char *nearest_field(zh_cx *cx, const zh_register *reg, zh_str id)
{
    zh_str *known = ZH_NEW_N(cx->arena, zh_str, ZH_FIELDS_MAX * 3);
    size_t n = 0;
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *f = &reg->fields[i];
        known[n++] = f->id;
        for (size_t c = 0; c < f->ncolumns && n + 2 < (size_t)ZH_FIELDS_MAX * 3; c++) {
            known[n++] =
                zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(f->id), ZH_FMT(f->columns[c].id));
        }
        if (n + 2 >= (size_t)ZH_FIELDS_MAX * 3) {
            break;
        }
    }
    return zh_schema_nearest(cx->arena, id, known, n);
}

const zh_field *zh_cx_field(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_str id)
{
    const zh_field *f = zh_register_field(reg, id);
    if (f == NULL && id.n > 0) {
        zh_cx_error(cx, node, "field.unknown", nearest_field(cx, reg, id),
                    "登记册「%.*s」没有字段「%.*s」", ZH_FMT(reg->id), ZH_FMT(id));
    }
    return f;
}

const zh_field *zh_cx_field_key(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_str id)
{
    const zh_field *f = zh_register_field(reg, id);
    if (f == NULL && id.n > 0) {
        zh_cx_key_error(cx, node, "field.unknown", nearest_field(cx, reg, id),
                        "登记册「%.*s」没有字段「%.*s」", ZH_FMT(reg->id), ZH_FMT(id));
    }
    return f;
}

const zh_field *const *zh_cx_group(zh_cx *cx, const zh_register *reg, zh_str id, size_t *n)
{
    const zh_field **list = NULL;
    *n = 0;
    for (size_t i = 0; i < reg->nfields && id.n > 0; i++) {
        zh_str other = reg->fields[i].id;
        if (other.n > id.n + 1 && other.p[id.n] == '.' && zh_str_starts(other, id)) {
            if (list == NULL) {
                list = ZH_NEW_N(cx->arena, const zh_field *, reg->nfields);
            }
            list[(*n)++] = &reg->fields[i];
        }
    }
    return list;
}

const zh_field *const *zh_cx_fields(zh_cx *cx, const zh_register *reg, const zh_yaml *map,
                                    const char *key, size_t *n)
{
    ZH_VEC(const zh_field *) list = {0};
    for (const zh_yaml *i = zh_first(map, key); i != NULL; i = zh_next(i)) {
        size_t ngroup;
        const zh_field *const *group = zh_cx_group(cx, reg, i->text, &ngroup);
        for (size_t g = 0; g < ngroup; g++) {
            zh_vec_push(cx->arena, &list, group[g]);
        }
        const zh_field *f = ngroup > 0 ? NULL : zh_cx_field(cx, reg, i, i->text);
        if (f != NULL) {
            zh_vec_push(cx->arena, &list, f);
        }
    }
    *n = list.n;
    return list.p;
}

/* ---- expressions -------------------------------------------------------------------------------
 */

/* The expression's error stands at line:column of its text; the text begins after the quote of a
 * quoted scalar, and one line below the `|` of a block. */
static void place(const zh_yaml *node, zh_err *err)
{
    zh_str rest = zh_str_of(err->where), line, column;
    int64_t l = 1, c = 1;
    if (zh_str_split(&rest, ':', &line) && zh_str_split(&rest, ':', &column)) {
        if (zh_str_i64(line, &l) != ZH_OK || zh_str_i64(column, &c) != ZH_OK) {
            l = c = 1;
        }
    }
    err->where[0] = '\0';
    if (node->style == ZH_YAML_BLOCK) {
        zh_err_where(err, "%s:%zu:%zu", node->file, node->line + (size_t)l, (size_t)c);
    } else if (l > 1) {
        zh_err_where(err, "%s:%zu:%zu", node->file, node->line + (size_t)l - 1, (size_t)c);
    } else {
        size_t quote = node->style == ZH_YAML_QUOTED ? 1 : 0;
        zh_err_where(err, "%s:%zu:%zu", node->file, node->line,
                     node->column + quote + (size_t)c - 1);
    }
}

static const char *kind_name(zh_kind kind)
{
    static const char *const names[] = {"空",   "是否", "数值", "文字", "日期",
                                        "时刻", "引用", "期间", "时长", "列表"};
    return names[kind];
}

static void note_period(void *user, const zh_expr *node)
{
    bool *found = user;
    *found = *found || (node->op == ZH_X_PREV && node->field == NULL);
}

/* No declared expression has periods: a record has versions, an indicator its growth. */
static bool has_period(zh_cx *cx, const zh_yaml *node, const zh_program *program)
{
    bool found = false;
    zh_expr_walk(program->root, note_period, &found);
    if (found) {
        zh_cx_error(
            cx, node, "expr.period",
            "同一主体的前期值写成有界查询，如 last(本册 where firm = self.firm, within 4 month: "
            "rate)；指标与前期相比，用 kind: growth 的指标",
            "声明里的表达式没有“本期”：不能用 prev(period)、prev(year)、this(period) 和 change()");
    }
    return found;
}

bool zh_cx_expr_node(zh_cx *cx, const zh_scope *scope, const zh_yaml *node, zh_kind want,
                     zh_program *out)
{
    zh_err err = {0};
    if (node->kind != ZH_YAML_SCALAR) {
        zh_cx_error(cx, node, "model.type", NULL, "应为一个表达式");
        return false;
    }
    zh_rc rc = zh_expr_compile(cx->arena, scope, node->text, out, &err);
    if (rc != ZH_OK) {
        place(node, &err);
        zh_cx_forward(cx, node, &err);
        return false;
    }
    if (want != ZH_NULL && out->root->kind != want && out->root->kind != ZH_NULL) {
        zh_cx_error(cx, node, "expr.kind", NULL, "表达式应得出%s，实际得出%s", kind_name(want),
                    kind_name(out->root->kind));
        return false;
    }
    return !has_period(cx, node, out);
}

bool zh_cx_expr(zh_cx *cx, const zh_scope *scope, const zh_yaml *map, const char *key, zh_kind want,
                zh_program *out)
{
    const zh_yaml *node = zh_yaml_get(map, key);
    return node != NULL && zh_cx_expr_node(cx, scope, node, want, out);
}

void zh_cx_unique(zh_cx *cx, const zh_yaml *map, const char *key)
{
    zh_map seen;
    zh_map_init(&seen, cx->arena);
    for (const zh_yaml *i = zh_first(map, key); i != NULL; i = zh_next(i)) {
        zh_str id = zh_get_text(i, "id");
        if (id.n > 0 && zh_map_put(&seen, id, cx) != NULL) {
            zh_cx_error(cx, zh_yaml_get(i, "id"), "model.duplicate", NULL, "「%.*s」在 %s 里重复",
                        ZH_FMT(id), key);
        }
    }
}
