/* Which layout a sheet of a foreign file has, and which of its columns and rows mean what. */
#include "core/intake/intake_private.h"
#include <string.h>

static zh_rc add_header_name(zh_ctx *ctx, zh_str *names, size_t *n, zh_str text)
{
    if (text.n == 0) {
        return ZH_OK;
    }
    return zh_header_fold(ctx->arena, text, &names[(*n)++]);
}

/* Columns named like the field: label, English label, id, aliases. */
static zh_rc own_pick(zh_ctx *ctx, const zh_field *field, zh_pick *out)
{
    zh_str *names = ZH_NEW_N(ctx->arena, zh_str, field->naliases + 3);
    *out = (zh_pick){.take = ZH_TAKE_COLUMN, .names = names};
    zh_rc rc = add_header_name(ctx, names, &out->nnames, field->label.zh);
    if (rc == ZH_OK) {
        rc = add_header_name(ctx, names, &out->nnames, field->label.en);
    }
    if (rc == ZH_OK) {
        rc = add_header_name(ctx, names, &out->nnames, field->id);
    }
    for (size_t i = 0; i < field->naliases && rc == ZH_OK; i++) {
        rc = add_header_name(ctx, names, &out->nnames, field->aliases[i]);
    }
    return rc;
}

/* The layout that a register has by itself. Lists (x[]) are cells separated by semicolons. */
#define OWN_LAYOUT "own"

static zh_rc own_layout(zh_ctx *ctx, const zh_register *reg, zh_layout **out)
{
    zh_layout *layout = ZH_NEW(ctx->arena, zh_layout);
    zh_set *sets = ZH_NEW_N(ctx->arena, zh_set, reg->nfields + 1);
    zh_table_set *tables = ZH_NEW_N(ctx->arena, zh_table_set, reg->nfields + 1);
    *layout = (zh_layout){.id = ZH_STR(OWN_LAYOUT), .reg = reg, .sets = sets, .tables = tables};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < reg->nfields && rc == ZH_OK; i++) {
        const zh_field *field = &reg->fields[i];
        if (field->computed || zh_field_is_signature(field) ||
            (field->type == ZH_TYPE_TABLE && !field->many_inline)) {
            continue;
        }
        if (field->type != ZH_TYPE_TABLE) {
            sets[layout->nsets].field = field;
            rc = own_pick(ctx, field, &sets[layout->nsets++].pick);
            continue;
        }
        zh_table_set *t = &tables[layout->ntables++];
        zh_row_set *one = ZH_NEW(ctx->arena, zh_row_set);
        *t = (zh_table_set){.table = field,
                            .separator = ZH_STR("；;"),
                            .into = &field->columns[0],
                            .rows = one,
                            .nrows = 1};
        rc = own_pick(ctx, field, &t->split);
    }
    *out = layout;
    return rc;
}

zh_rc zh_layouts_of(zh_ctx *ctx, const zh_intake_options *options, const zh_layout *const **out,
                    size_t *n)
{
    ZH_VEC(const zh_layout *) list = {0};
    const zh_recipe *named = NULL;
    if (options->recipe.n) {
        named = zh_model_recipe(ctx->model, options->recipe);
        if (named == NULL) {
            return zh_err_set(ctx->err, ZH_EINVAL, "intake.recipe", "没有配方“%.*s”",
                              ZH_FMT(options->recipe));
        }
    } else {
        zh_layout *own = NULL;
        zh_rc rc = own_layout(ctx, options->reg, &own);
        if (rc != ZH_OK) {
            return rc;
        }
        zh_vec_push(ctx->arena, &list, own);
    }
    for (size_t k = 0; k < 2 * ctx->model->nrecipes; k++) {
        const zh_recipe *recipe = &ctx->model->recipes[k % ctx->model->nrecipes];
        bool headless = k >= ctx->model->nrecipes;
        for (size_t i = 0; i < recipe->nlayouts && (named == NULL || named == recipe); i++) {
            const zh_layout *layout = &recipe->layouts[i];
            if (layout->reg == options->reg && (layout->ncolumns > 0) == headless) {
                zh_vec_push(ctx->arena, &list, layout);
            }
        }
    }
    if (list.n == 0) {
        return zh_err_set(ctx->err, ZH_EINVAL, "intake.recipe",
                          "配方“%.*s”没有用于登记册“%.*s”的版式", ZH_FMT(options->recipe),
                          ZH_FMT(options->reg->id));
    }
    *out = list.p;
    *n = list.n;
    return ZH_OK;
}

static bool pick_present(const zh_pick *pick, const zh_map *columns)
{
    bool any = pick->nnames == 0;
    for (size_t i = 0; i < pick->nnames && !any; i++) {
        any = zh_map_get(columns, pick->names[i]) != NULL;
    }
    return any;
}

/* Whether every column the layout cannot do without is there. The register's own layout wants its
 * required fields and, whatever is required, at least one column it knows. */
static bool fits(const zh_intake_options *options, const zh_layout *layout, const zh_map *columns)
{
    for (size_t i = 0; i < layout->nheaders; i++) {
        if (zh_map_get(columns, layout->headers[i]) == NULL) {
            return false;
        }
    }
    if (layout->nheaders > 0) {
        return true;
    }
    size_t known = 0;
    for (size_t i = 0; i < layout->nsets; i++) {
        bool present = pick_present(&layout->sets[i].pick, columns);
        for (size_t k = 0; k < options->nset && !present; k++) {
            present = zh_str_eq(options->set_names[k], layout->sets[i].field->id);
        }
        known += present;
        if (!present && layout->sets[i].field->required && !layout->sets[i].field->has_default &&
            layout->sets[i].field != layout->reg->number_field) {
            return false;
        }
    }
    return known > 0;
}

static zh_rc header_map(zh_ctx *ctx, zh_mapping *m)
{
    zh_map_init(&m->column_of, ctx->arena);
    m->numbers = ZH_NEW_N(ctx->arena, size_t, m->nheaders + 1);
    for (size_t i = 0; i < m->nheaders; i++) {
        zh_str name = ZH_STR_NONE;
        zh_rc rc = zh_header_fold(ctx->arena, m->headers[i], &name);
        if (rc != ZH_OK) {
            return zh_err_set(ctx->err, rc, "intake.header", "表头第 %zu 列不是有效的文本", i + 1);
        }
        m->numbers[i] = i;
        if (name.n && zh_map_get(&m->column_of, name) == NULL) {
            zh_map_put(&m->column_of, name, &m->numbers[i]);
        }
    }
    return ZH_OK;
}

zh_str zh_layout_recipe(const zh_model *model, const zh_layout *layout)
{
    for (size_t r = 0; r < model->nrecipes; r++) {
        const zh_recipe *recipe = &model->recipes[r];
        if (layout >= recipe->layouts && layout < recipe->layouts + recipe->nlayouts) {
            return recipe->id;
        }
    }
    return ZH_STR("");
}

/* The columns of a layout as they stand in `row`; *good when all it needs is there. */
static zh_rc try_layout(zh_ctx *ctx, const zh_intake_options *options, const zh_layout *layout,
                        const zh_table_row *row, const char *file_name, zh_mapping *m, bool *good)
{
    bool headless = layout->ncolumns > 0;
    m->layout = layout;
    m->nheaders = headless ? layout->ncolumns : row->n;
    zh_str *headers = ZH_NEW_N(ctx->arena, zh_str, m->nheaders + 1);
    for (size_t k = 0; k < m->nheaders; k++) {
        headers[k] =
            headless ? layout->columns[k] : zh_str_dup(ctx->arena, zh_str_trim(row->cells[k].text));
    }
    m->headers = headers;
    zh_rc rc = header_map(ctx, m);
    *good = rc == ZH_OK &&
            (headless ? row->n == layout->ncolumns : fits(options, layout, &m->column_of)) &&
            zh_layout_file_match(layout, ctx->arena, file_name, m->file_parts);
    return rc;
}

static zh_rc ambiguous(zh_ctx *ctx, zh_str one, zh_str other)
{
    zh_err_set(ctx->err, ZH_EINVAL, "intake.ambiguous", "配方 %.*s 与 %.*s 都适合这个文件",
               ZH_FMT(one), ZH_FMT(other));
    zh_err_fix(ctx->err, "用 --recipe %.*s 或 --recipe %.*s 指明", ZH_FMT(one), ZH_FMT(other));
    return ZH_EINVAL;
}

zh_rc zh_mapping_find(zh_ctx *ctx, const zh_intake_options *options,
                      const zh_layout *const *layouts, size_t nlayouts, const zh_table_row *row,
                      const char *file_name, zh_str sheet, bool xlsx, zh_mapping **out)
{
    *out = NULL;
    zh_str first = ZH_STR_NONE;
    zh_mapping *m = ZH_NEW(ctx->arena, zh_mapping);
    if (row->n > ZH_INTAKE_WIDTH_MAX) {
        zh_err_set(ctx->err, ZH_ELIMIT, "intake.columns", "第 %zu 行有 %zu 列，最多 %zu 列",
                   row->number, row->n, ZH_INTAKE_WIDTH_MAX);
        zh_err_fix(ctx->err, "%s", "只留下登记册要的列");
        return ZH_ELIMIT;
    }
    for (size_t i = 0; i < nlayouts; i++) {
        zh_arena_mark before = zh_arena_here(ctx->arena);
        zh_str recipe = zh_layout_recipe(ctx->model, layouts[i]);
        bool good = false;
        if (*out != NULL && zh_str_eq(recipe, first)) {
            continue; /* the layouts of one recipe go in their order */
        }
        *m = (zh_mapping){.sheet = zh_str_dup(ctx->arena, sheet), .xlsx = xlsx};
        zh_rc rc = try_layout(ctx, options, layouts[i], row, file_name, m, &good);
        if (rc != ZH_OK) {
            return rc;
        }
        if (good && *out != NULL) {
            return ambiguous(ctx, first, recipe);
        }
        if (good) {
            *out = m;
            first = recipe;
            if (recipe.n == 0 || options->recipe.n > 0) {
                return ZH_OK;
            }
            m = ZH_NEW(ctx->arena, zh_mapping);
        } else {
            zh_arena_rewind(ctx->arena, before); /* many wide rows may have to be looked at */
        }
    }
    return ZH_OK;
}

static bool template_uses(zh_str text, zh_str header)
{
    zh_arena *scratch = zh_arena_new((size_t)1 << 20);
    bool used = false;
    for (ptrdiff_t open; !used && (open = zh_str_chr(text, '{')) >= 0;) {
        text = zh_str_sub(text, (size_t)open + 1, text.n);
        ptrdiff_t close = zh_str_chr(text, '}');
        zh_str name = ZH_STR_NONE;
        used = close > 0 &&
               zh_header_fold(scratch, zh_str_sub(text, 0, (size_t)close), &name) == ZH_OK &&
               zh_str_eq(name, header);
    }
    zh_arena_free(scratch);
    return used;
}

static bool uses(const zh_pick *pick, zh_str header)
{
    if (pick->take == ZH_TAKE_TEMPLATE) {
        return template_uses(pick->names[0], header);
    }
    for (size_t i = 0; i < pick->nnames; i++) {
        if ((pick->take == ZH_TAKE_COLUMN || pick->take == ZH_TAKE_COLUMNS) &&
            zh_str_eq(pick->names[i], header)) {
            return true;
        }
    }
    for (size_t i = 0; i < pick->nsteps; i++) {
        if (pick->steps[i].kind == ZH_STEP_DAY_OF_YEAR && zh_str_eq(pick->steps[i].text, header)) {
            return true;
        }
    }
    for (size_t i = 0; i < pick->ntries; i++) {
        if (uses(&pick->tries[i], header)) { /* depth bounded by ZH_PICK_DEPTH_MAX */
            return true;
        }
    }
    return false;
}

static bool layout_uses(const zh_layout *layout, zh_str header)
{
    bool used = zh_str_eq(layout->total_column, header);
    for (size_t i = 0; i < layout->nsets && !used; i++) {
        used = uses(&layout->sets[i].pick, header);
    }
    for (size_t i = 0; i < layout->nskips && !used; i++) {
        used = zh_str_eq(layout->skips[i].column, header);
    }
    for (size_t t = 0; t < layout->ntables && !used; t++) {
        used = uses(&layout->tables[t].split, header);
        for (size_t i = 0; i < layout->tables[t].nrows && !used; i++) {
            for (size_t k = 0; k < layout->tables[t].rows[i].nsets && !used; k++) {
                used = uses(&layout->tables[t].rows[i].sets[k].pick, header);
            }
        }
    }
    return used;
}

void zh_mapping_unmapped(zh_arena *arena, const zh_mapping *m, const zh_str **out, size_t *n)
{
    zh_str *list = ZH_NEW_N(arena, zh_str, m->nheaders + 1);
    *n = 0;
    for (size_t i = 0; i < m->nheaders; i++) {
        zh_str folded;
        if (zh_header_fold(arena, m->headers[i], &folded) == ZH_OK && folded.n &&
            !layout_uses(m->layout, folded)) {
            list[(*n)++] = m->headers[i];
        }
    }
    *out = list;
}

static void note_field(const zh_pick *pick, zh_str header, const zh_field *field,
                       zh_intake_column *column)
{
    if (uses(pick, header)) {
        column->field = column->field != NULL ? column->field : field;
        column->nfields++;
    }
}

void zh_mapping_columns(zh_arena *arena, const zh_mapping *m, const zh_intake_column **out,
                        size_t *n)
{
    const zh_layout *layout = m->layout;
    *n = m->nheaders < ZH_INTAKE_COLUMNS_MAX ? m->nheaders : ZH_INTAKE_COLUMNS_MAX;
    zh_intake_column *list = ZH_NEW_N(arena, zh_intake_column, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        zh_str folded = ZH_STR_NONE;
        list[i].header = zh_str_dup(arena, zh_cell_clip(m->headers[i], ZH_INTAKE_CELL_BYTES));
        if (zh_header_fold(arena, m->headers[i], &folded) != ZH_OK || folded.n == 0) {
            continue;
        }
        for (size_t k = 0; k < layout->nsets; k++) {
            note_field(&layout->sets[k].pick, folded, layout->sets[k].field, &list[i]);
        }
        for (size_t t = 0; t < layout->ntables; t++) {
            const zh_table_set *table = &layout->tables[t];
            note_field(&table->split, folded, table->table, &list[i]);
            for (size_t k = 0; k < table->nrows; k++) {
                for (size_t s = 0; s < table->rows[k].nsets; s++) {
                    note_field(&table->rows[k].sets[s].pick, folded, table->table, &list[i]);
                }
            }
        }
        list[i].used = list[i].field != NULL || layout_uses(layout, folded);
    }
    *out = list;
}

bool zh_row_cell(const zh_mapping *m, const zh_cell *cells, size_t n, zh_str header, zh_str *out,
                 size_t *column)
{
    const size_t *at = zh_map_get(&m->column_of, header);
    uint64_t position = 0;
    *out = ZH_STR_NONE;
    if (at == NULL && header.n > 1 && header.p[0] == '#' && /* #3: the third column */
        zh_str_u64(zh_str_sub(header, 1, header.n), &position) == ZH_OK && position >= 1 &&
        position <= m->nheaders) {
        at = &m->numbers[position - 1];
    }
    if (at == NULL) {
        return false;
    }
    *column = *at;
    if (*at < n && !(cells[*at].flags & ZH_CELL_NULL)) {
        *out = cells[*at].text;
    }
    return true;
}

/* In a sheet with the register's own headers nobody has declared what is no record: a row that
 * begins with 合计, and one that has nothing but a remark. */
static bool is_total_or_remark(zh_arena *arena, const zh_table_row *row, size_t columns)
{
    static const char *const totals[] = {"合计", "总计", "小计", "total"};
    static const char *const remarks[] = {"注:", "注：", "备注", "说明", "制表", "填表"};
    zh_str first = ZH_STR_NONE;
    zh_str folded;
    size_t filled = 0;
    for (size_t i = 0; i < row->n; i++) {
        zh_str text =
            row->cells[i].flags & ZH_CELL_NULL ? ZH_STR_NONE : zh_str_trim(row->cells[i].text);
        first = filled == 0 && text.n > 0 ? text : first;
        filled += text.n > 0;
    }
    bool is = false;
    for (size_t i = 0; i < ZH_COUNTOF(totals) && filled > 0 && !is; i++) {
        is = zh_header_fold(arena, first, &folded) == ZH_OK && zh_str_is(folded, totals[i]);
    }
    for (size_t i = 0; i < ZH_COUNTOF(remarks) && filled == 1 && columns > 1 && !is; i++) {
        is = zh_str_starts(first, zh_str_of(remarks[i]));
    }
    return is;
}

bool zh_row_skipped(zh_arena *arena, const zh_mapping *m, const zh_table_row *row, bool *total)
{
    *total = false;
    size_t column = 0;
    zh_str cell;
    zh_str folded;
    if (row->blank) {
        return true;
    }
    if (m->layout->total_column.n &&
        zh_row_cell(m, row->cells, row->n, m->layout->total_column, &cell, &column) &&
        zh_header_fold(arena, cell, &folded) == ZH_OK && zh_str_eq(folded, m->layout->total_is)) {
        *total = true;
        return true;
    }
    if (zh_str_is(m->layout->id, OWN_LAYOUT) && is_total_or_remark(arena, row, m->nheaders)) {
        return true;
    }
    for (size_t i = 0; i < m->layout->nskips; i++) {
        const zh_skip *skip = &m->layout->skips[i];
        if (!zh_row_cell(m, row->cells, row->n, skip->column, &cell, &column)) {
            continue;
        }
        if (skip->empty && zh_str_trim(cell).n == 0) {
            return true;
        }
        bool in = false;
        for (size_t k = 0; k < skip->nin && zh_header_fold(arena, cell, &folded) == ZH_OK && !in;
             k++) {
            in = zh_str_eq(folded, skip->in[k]);
        }
        if (in) {
            return true;
        }
    }
    return false;
}
