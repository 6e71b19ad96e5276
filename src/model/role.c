/* Roles: which there are, and that every role a register names is one of them.
 *
 * They are the codes of the system `role`, to which every file may add those that its registers
 * need (`roles`). A role that nobody declared could be granted to nobody: whoever wrote it would
 * find out from an empty page. Where a set has no roles at all, nothing is checked. */
#include "model/codes.h"
#include "model/compile.h"

#define SYSTEM "role"

/* What the program itself acts as: named by steps, never granted to a person. */
static bool is_program(zh_str role)
{
    return zh_str_is(role, "system");
}

static bool same_label(const zh_label *a, const zh_label *b)
{
    return zh_str_eq(a->zh, b->zh) && zh_str_eq(a->en, b->en);
}

/* ---- what files add -------------------------------------------------------------------------- */

typedef struct roles {
    zh_cx *cx;
    ZH_VEC(zh_code_row) rows;
    zh_map by_id; /* id -> zh_label */
} roles;

static void keep_row(roles *all, const zh_code_row *row)
{
    zh_label *label = ZH_NEW(all->cx->arena, zh_label);
    label->zh = row->name;
    label->en = row->en;
    zh_vec_push(all->cx->arena, &all->rows, *row);
    (void)zh_map_put(&all->by_id, row->code, label);
}

/* The system as declared, in its order. */
static void take_declared(roles *all, const zh_codes *codes)
{
    zh_code_row *rows = ZH_NEW_N(all->cx->arena, zh_code_row, codes->n + 1);
    for (size_t i = 0; i < codes->n; i++) {
        const zh_code *code = &codes->codes[i];
        rows[code->position] = (zh_code_row){.code = code->code,
                                             .name = code->label.zh,
                                             .en = code->label.en,
                                             .from = code->from,
                                             .to = code->to,
                                             .aliases = code->aliases,
                                             .naliases = code->naliases};
        if (code->parent != NULL) {
            rows[code->position].parent = code->parent->code;
        }
    }
    for (size_t i = 0; i < codes->n; i++) {
        keep_row(all, &rows[i]);
    }
}

/* Two mechanisms may need the same role: it is the same when it is called the same. */
static void take_added(roles *all, const zh_yaml *node)
{
    zh_code_row row = {.code = zh_get_text(node, "id"),
                       .from = ZH_CODE_FROM_OPEN,
                       .to = ZH_OPEN_END,
                       .node = node};
    zh_label label = zh_get_label(node, "label");
    const zh_label *before = zh_map_get(&all->by_id, row.code);
    row.name = label.zh;
    row.en = label.en;
    if (row.code.n == 0 || row.name.n == 0) {
        return; /* reported by the schema */
    }
    if (is_program(row.code) || zh_str_is(row.code, "operator")) {
        zh_cx_error(all->cx, node, "role.reserved", "换一个标识",
                    "角色“%.*s”由程序自己使用，不能授予人", ZH_FMT(row.code));
    } else if (before == NULL) {
        keep_row(all, &row);
    } else if (!same_label(before, &label)) {
        zh_cx_error(all->cx, node, "role.duplicate", "用同一个名称，或换一个标识",
                    "角色“%.*s”已经声明，名称是“%.*s”", ZH_FMT(row.code), ZH_FMT(before->zh));
    }
}

void zh_parse_roles(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    roles all = {.cx = cx};
    zh_codes *codes = NULL;
    for (size_t i = 0; i < cx->model->nsystems; i++) {
        codes = zh_str_is(cx->systems[i].id, SYSTEM) ? &cx->systems[i] : codes;
    }
    zh_map_init(&all.by_id, cx->arena);
    if (codes != NULL) {
        take_declared(&all, codes);
    }
    size_t declared = all.rows.n;
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *a = zh_first(roots[r], "roles"); a != NULL; a = zh_next(a)) {
            if (codes == NULL) {
                zh_label label = {ZH_STR("角色"), ZH_STR("Role")};
                codes = zh_cx_add_codes(cx, a, ZH_STR(SYSTEM), label);
            }
            take_added(&all, a);
        }
    }
    if (all.rows.n > declared) {
        zh_codes_build(cx, codes, all.rows.p, all.rows.n, ZH_STR_NONE);
    }
}

/* ---- what registers name --------------------------------------------------------------------- */

/* The nearest, or all of them. */
static const char *suggest(zh_cx *cx, const zh_codes *codes, zh_str role)
{
    zh_str *known = ZH_NEW_N(cx->arena, zh_str, codes->n + 1);
    for (size_t i = 0; i < codes->n; i++) {
        known[codes->codes[i].position] = codes->codes[i].code;
    }
    const char *near = zh_schema_nearest(cx->arena, role, known, codes->n);
    zh_buf text;
    zh_buf_init(&text, 1024);
    zh_buf_fmt(&text, "%s要新的角色，在本文件写 roles: [{id: %.*s, label: 名称}]；已有：", near,
               ZH_FMT(role));
    for (size_t i = 0; i < codes->n; i++) {
        zh_buf_fmt(&text, "%s%.*s", i > 0 ? " " : "", ZH_FMT(known[i]));
    }
    const char *fix = zh_str_dup(cx->arena, zh_buf_view(&text)).p;
    zh_buf_free(&text);
    return fix;
}

static void check_role(zh_cx *cx, const zh_codes *codes, const zh_yaml *node, bool step)
{
    if (node == NULL || node->kind != ZH_YAML_SCALAR || node->text.n == 0 ||
        zh_codes_newest(codes, node->text) != NULL || (step && is_program(node->text))) {
        return;
    }
    zh_cx_error(cx, node, "role.unknown", suggest(cx, codes, node->text),
                "没有角色“%.*s”：授予不了这样的岗位", ZH_FMT(node->text));
}

void zh_check_roles(zh_cx *cx, zh_reg_build *b)
{
    const zh_codes *codes = zh_model_codes(cx->model, ZH_STR(SYSTEM));
    if (codes == NULL) {
        return;
    }
    for (const zh_yaml *a = zh_first(b->node, "access"); a != NULL; a = zh_next(a)) {
        check_role(cx, codes, zh_yaml_get(a, "role"), false);
    }
    for (const zh_yaml *t = zh_first(b->node, "transitions"); t != NULL; t = zh_next(t)) {
        for (const zh_yaml *r = zh_first(t, "roles"); r != NULL; r = zh_next(r)) {
            check_role(cx, codes, r, true);
        }
    }
    const zh_yaml *publication = zh_yaml_get(b->node, "publication");
    if (publication != NULL) {
        check_role(cx, codes, zh_yaml_get(publication, "approve"), false);
    }
}
