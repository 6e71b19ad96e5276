/* Recipes from declarations: schema, columns, steps. Running them is in recipe.c. */
#include "base/utf8.h"
#include "model/recipe.h"
#include <regex.h>
#include <string.h>

enum { MAP_ROWS_MAX = 100000 };

static const zh_key pick_keys[] = {
    {.name = "column", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "columns", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "join", .arg = ZH_ARG_ANY},
    {.name = "file", .arg = ZH_ARG_TEXT},
    {.name = "value", .arg = ZH_ARG_ANY},
    {.name = "sheet", .arg = ZH_ARG_BOOL},
    {.name = "row", .arg = ZH_ARG_BOOL},
    {.name = "piece", .arg = ZH_ARG_BOOL},
    {.name = "template", .arg = ZH_ARG_TEXT},
    {.name = "try", .arg = ZH_ARG_ANY, .many = true},
    {.name = "strip", .arg = ZH_ARG_CHOICE, .choices = "html"},
    {.name = "match", .arg = ZH_ARG_TEXT},
    {.name = "null", .arg = ZH_ARG_ANY, .many = true},
    {.name = "map", .arg = ZH_ARG_TEXTS},
    {.name = "map_file", .arg = ZH_ARG_TEXT},
    {.name = "otherwise", .arg = ZH_ARG_CHOICE, .choices = "keep|null|refuse"},
    {.name = "cut", .arg = ZH_ARG_ANY},
    {.name = "dates", .arg = ZH_ARG_CHOICE, .choices = "ymd|dmy|mdy"},
    {.name = "scale", .arg = ZH_ARG_DECIMAL},
    {.name = "unit", .arg = ZH_ARG_TEXT},
    {.name = "prefix", .arg = ZH_ARG_ANY},
    {.name = "suffix", .arg = ZH_ARG_ANY},
    {.name = "upper", .arg = ZH_ARG_BOOL},
    {.name = "lower", .arg = ZH_ARG_BOOL},
    {.name = "day_of_year", .arg = ZH_ARG_ANY},
    {.name = "replace", .arg = ZH_ARG_ANY},
    {.name = "check", .arg = ZH_ARG_NAME},
    {.name = "default", .arg = ZH_ARG_TEXT},
};
static const zh_schema pick_schema = {"取值", pick_keys, ZH_COUNTOF(pick_keys)};

static const zh_key json_keys[] = {
    {.name = "rows", .arg = ZH_ARG_TEXT},
    {.name = "header", .arg = ZH_ARG_TEXT},
};
static const zh_schema json_schema = {"JSON 位置", json_keys, ZH_COUNTOF(json_keys)};

static const zh_key file_keys[] = {
    {.name = "pattern", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "names", .arg = ZH_ARG_TEXT, .many = true, .required = true},
};
static const zh_schema file_schema = {"文件名", file_keys, ZH_COUNTOF(file_keys)};

static const zh_key skip_keys[] = {
    {.name = "column", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "in", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "empty", .arg = ZH_ARG_BOOL},
};
static const zh_schema skip_schema = {"跳过的行", skip_keys, ZH_COUNTOF(skip_keys)};

static const zh_key total_keys[] = {
    {.name = "column", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "is", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "sums", .arg = ZH_ARG_TEXT, .many = true},
};
static const zh_schema total_schema = {"合计行", total_keys, ZH_COUNTOF(total_keys)};

static const zh_key layout_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "headers", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "columns", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "json", .arg = ZH_ARG_MAP, .sub = &json_schema},
    {.name = "sheet", .arg = ZH_ARG_TEXT},
    {.name = "separator", .arg = ZH_ARG_ANY},
    {.name = "file", .arg = ZH_ARG_MAP, .sub = &file_schema},
    {.name = "set", .arg = ZH_ARG_ANY, .required = true},
    {.name = "skip", .arg = ZH_ARG_MAP, .sub = &skip_schema, .many = true},
    {.name = "total", .arg = ZH_ARG_MAP, .sub = &total_schema},
};
static const zh_schema layout_schema = {"版式", layout_keys, ZH_COUNTOF(layout_keys)};

static const zh_key recipe_keys[] = {
    {.name = "id", .arg = ZH_ARG_NAME, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "source", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "licence", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "layouts", .arg = ZH_ARG_MAP, .sub = &layout_schema, .many = true, .required = true},
};
static const zh_schema recipe_schema = {"接收配方", recipe_keys, ZH_COUNTOF(recipe_keys)};

static void free_regex(void *regex)
{
    regfree(regex);
}

static regex_t *compile_regex(zh_cx *cx, const zh_yaml *node, zh_str pattern)
{
    regex_t *regex = ZH_NEW(cx->arena, regex_t);
    int rc = regcomp(regex, zh_str_c(cx->arena, pattern), REG_EXTENDED);
    if (rc != 0) {
        char why[128];
        (void)regerror(rc, regex, why, sizeof why);
        zh_cx_error(cx, node, "recipe.pattern", "用 POSIX 扩展正则表达式", "模式“%.*s”不成立：%s",
                    ZH_FMT(pattern), why);
        return NULL;
    }
    zh_arena_defer(cx->arena, free_regex, regex);
    return regex;
}

static const zh_str *folded(zh_cx *cx, const zh_str *texts, size_t n)
{
    zh_str *out = ZH_NEW_N(cx->arena, zh_str, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (zh_header_fold(cx->arena, texts[i], &out[i]) != ZH_OK) {
            out[i] = texts[i];
        }
    }
    return out;
}

static const zh_str *folded_texts(zh_cx *cx, const zh_yaml *map, const char *key, size_t *n)
{
    const zh_str *texts = zh_get_texts(cx->arena, map, key, n);
    return folded(cx, texts, *n);
}

static void map_put(zh_cx *cx, zh_pick_step *step, zh_str key, zh_str value)
{
    zh_str name;
    zh_str *kept = ZH_NEW(cx->arena, zh_str);
    *kept = zh_str_dup(cx->arena, value);
    if (zh_utf8_fold(cx->arena, key, &name) == ZH_OK) {
        zh_map_put(&step->map, zh_str_dup(cx->arena, name), kept);
    }
}

/* A look-up table beside the pack: two columns, key and value, with a header line. */
static void map_file(zh_cx *cx, const zh_yaml *node, zh_pick_step *step)
{
    zh_str dir = zh_str_of(node->file);
    while (dir.n && dir.p[dir.n - 1] != '/') {
        dir.n--;
    }
    zh_str path = zh_str_fmt(cx->arena, "%.*s%.*s", ZH_FMT(dir), ZH_FMT(node->text));
    for (size_t i = 0; i < cx->nfiles; i++) {
        if (!zh_str_eq(cx->files[i].path, path)) {
            continue;
        }
        zh_str rest = cx->files[i].text;
        zh_str line;
        for (size_t n = 0; zh_str_split(&rest, '\n', &line) && n <= MAP_ROWS_MAX; n++) {
            ptrdiff_t comma = zh_str_chr(line, ',');
            if (n > 0 && comma > 0 && line.p[0] != '#') {
                map_put(cx, step, zh_str_trim(zh_str_sub(line, 0, (size_t)comma)),
                        zh_str_trim(zh_str_sub(line, (size_t)comma + 1, line.n)));
            }
        }
        return;
    }
    zh_cx_error(cx, node, "recipe.map_file", "把文件放在声明旁边", "找不到对照表 %.*s",
                ZH_FMT(path));
}

static void build_map(zh_cx *cx, const zh_yaml *node, const zh_yaml *pick, zh_pick_step *step)
{
    int otherwise = zh_choice("keep|null|refuse", zh_get_text(pick, "otherwise"));
    step->otherwise = otherwise < 0 ? ZH_ELSE_REFUSE : (zh_otherwise)otherwise;
    if (node->kind == ZH_YAML_SCALAR) {
        map_file(cx, node, step);
    }
    for (const zh_yaml *i = node->first; i != NULL; i = i->next) {
        map_put(cx, step, i->key, i->text);
    }
}

static void build_cut(zh_cx *cx, const zh_yaml *node, zh_pick_step *step)
{
    zh_str take = zh_get_text(node, "take");
    uint64_t n = 1;
    step->text = zh_get_text(node, "by");
    bool numbered = zh_str_u64(take, &n) == ZH_OK && n > 0 && n < 1000;
    step->number = zh_str_is(take, "last") ? -1 : numbered ? (int32_t)n : 1;
    if (step->text.n == 0) {
        zh_cx_error(cx, node, "recipe.cut", "写成 cut: {by: \"-->\", take: last}",
                    "cut 缺少分隔符 by");
    }
}

static void build_replace(zh_cx *cx, const zh_yaml *node, zh_pick_step *step)
{
    zh_str *froms = ZH_NEW_N(cx->arena, zh_str, node->n + 1);
    zh_str *tos = ZH_NEW_N(cx->arena, zh_str, node->n + 1);
    for (const zh_yaml *i = node->first; i != NULL; i = i->next) {
        froms[step->nfroms] = i->key;
        tos[step->nfroms++] = i->text;
    }
    step->froms = froms;
    step->tos = tos;
}

static bool step_kind(zh_str key, zh_pick_step_kind *out)
{
    static const struct {
        const char *key;
        zh_pick_step_kind kind;
    } kinds[] = {
        {"strip", ZH_STEP_STRIP},     {"match", ZH_STEP_MATCH},
        {"null", ZH_STEP_NULL},       {"map", ZH_STEP_MAP},
        {"map_file", ZH_STEP_MAP},    {"cut", ZH_STEP_CUT},
        {"dates", ZH_STEP_DATES},     {"scale", ZH_STEP_SCALE},
        {"unit", ZH_STEP_UNIT},       {"prefix", ZH_STEP_PREFIX},
        {"suffix", ZH_STEP_SUFFIX},   {"upper", ZH_STEP_UPPER},
        {"lower", ZH_STEP_LOWER},     {"day_of_year", ZH_STEP_DAY_OF_YEAR},
        {"default", ZH_STEP_DEFAULT}, {"replace", ZH_STEP_REPLACE},
        {"check", ZH_STEP_CHECK},
    };
    for (size_t k = 0; k < ZH_COUNTOF(kinds); k++) {
        if (zh_str_is(key, kinds[k].key)) {
            *out = kinds[k].kind;
            return true;
        }
    }
    return false;
}

static bool step_from(zh_cx *cx, const zh_yaml *node, const zh_yaml *pick, zh_pick_step *step)
{
    zh_pick_step_kind kind;
    if (!step_kind(node->key, &kind)) {
        return false;
    }
    *step = (zh_pick_step){.kind = kind, .text = node->text};
    zh_map_init(&step->map, cx->arena);
    switch (kind) {
    case ZH_STEP_MATCH: step->regex = compile_regex(cx, node, node->text); break;
    case ZH_STEP_NULL: step->texts = zh_get_texts(cx->arena, pick, "null", &step->ntexts); break;
    case ZH_STEP_MAP: build_map(cx, node, pick, step); break;
    case ZH_STEP_CUT: build_cut(cx, node, step); break;
    case ZH_STEP_REPLACE: build_replace(cx, node, step); break;
    case ZH_STEP_SCALE:
        if (zh_decimal_parse(node->text, false, &step->factor) != ZH_OK) {
            step->factor = (zh_decimal){1, 0}; /* the schema has said what is wrong */
        }
        break;
    case ZH_STEP_DAY_OF_YEAR: {
        zh_str year = zh_get_text(node, "year");
        step->text = folded(cx, &year, 1)[0];
        step->number = (int32_t)zh_get_number(node, "of", 365);
        break;
    }
    case ZH_STEP_CHECK:
    case ZH_STEP_STRIP:
    case ZH_STEP_DATES:
    case ZH_STEP_UNIT:
    case ZH_STEP_PREFIX:
    case ZH_STEP_SUFFIX:
    case ZH_STEP_UPPER:
    case ZH_STEP_LOWER:
    case ZH_STEP_DEFAULT: break;
    }
    return true;
}

static void build_pick(zh_cx *cx, const zh_yaml *node, zh_pick *out, unsigned depth);

static void build_tries(zh_cx *cx, const zh_yaml *node, zh_pick *out, unsigned depth)
{
    zh_pick *tries = ZH_NEW_N(cx->arena, zh_pick, node->n + 1);
    if (depth >= ZH_PICK_DEPTH_MAX) {
        zh_cx_error(cx, node, "recipe.depth", "", "try 套得太深");
        return;
    }
    for (const zh_yaml *i = node->first; i != NULL; i = i->next) {
        build_pick(cx, i, &tries[out->ntries++], depth + 1);
    }
    out->tries = tries;
}

static void build_pick(zh_cx *cx, const zh_yaml *node, zh_pick *out, unsigned depth)
{
    *out = (zh_pick){.take = ZH_TAKE_VALUE};
    if (node->kind == ZH_YAML_SCALAR) { /* a bare text is a column */
        out->take = ZH_TAKE_COLUMN;
        out->names = folded(cx, &node->text, 1);
        out->nnames = 1;
        return;
    }
    zh_schema_check(cx, node, &pick_schema);
    zh_pick_step *steps = ZH_NEW_N(cx->arena, zh_pick_step, node->n + 1);
    out->steps = steps;
    bool found = false;
    for (const zh_yaml *i = node->first; i != NULL; i = i->next) {
        static const struct {
            const char *key;
            zh_take take;
        } takes[] = {
            {"column", ZH_TAKE_COLUMN},     {"columns", ZH_TAKE_COLUMNS},
            {"file", ZH_TAKE_FILE},         {"value", ZH_TAKE_VALUE},
            {"sheet", ZH_TAKE_SHEET},       {"row", ZH_TAKE_ROW},
            {"try", ZH_TAKE_TRY},           {"piece", ZH_TAKE_PIECE},
            {"template", ZH_TAKE_TEMPLATE},
        };
        size_t t = 0;
        while (t < ZH_COUNTOF(takes) && !zh_str_is(i->key, takes[t].key)) {
            t++;
        }
        if (t == ZH_COUNTOF(takes)) {
            out->nsteps += step_from(cx, i, node, &steps[out->nsteps]);
            continue;
        }
        found = true;
        out->take = takes[t].take;
        if (out->take == ZH_TAKE_TRY) {
            build_tries(cx, i, out, depth);
        } else if (out->take == ZH_TAKE_COLUMN || out->take == ZH_TAKE_COLUMNS) {
            out->names = folded_texts(cx, node, takes[t].key, &out->nnames);
        } else {
            zh_str *text = ZH_NEW(cx->arena, zh_str);
            *text = i->text;
            out->names = text;
            out->nnames = 1;
        }
    }
    out->join = zh_yaml_get(node, "join") ? zh_yaml_get(node, "join")->text : ZH_STR(" ");
    if (!found || out->nnames > ZH_PICK_COLUMNS_MAX) {
        zh_cx_error(cx, node, "recipe.take",
                    "写 column、columns、file、value、sheet、row 或 try 之一",
                    "没有说明取值来自哪里，或列太多");
    }
}

static const zh_field *child_field(zh_cx *cx, const zh_yaml *node, const zh_field *table, zh_str id)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        zh_str name = table->columns[i].id;
        ptrdiff_t dot = zh_str_chr(name, '.');
        zh_str last = dot >= 0 ? zh_str_sub(name, (size_t)dot + 1, name.n) : name;
        if (zh_str_eq(name, id) || zh_str_eq(last, id)) {
            return &table->columns[i];
        }
    }
    zh_cx_error(cx, node, "recipe.column", "", "子表“%.*s”没有列“%.*s”", ZH_FMT(table->id),
                ZH_FMT(id));
    return NULL;
}

static void build_row_set(zh_cx *cx, const zh_yaml *node, const zh_field *table, zh_row_set *out)
{
    zh_set *sets = ZH_NEW_N(cx->arena, zh_set, node->n + 1);
    out->sets = sets;
    for (const zh_yaml *i = node->first; i != NULL; i = i->next) {
        if (zh_str_is(i->key, "unless_null")) {
            out->unless_null = child_field(cx, i, table, i->text);
            continue;
        }
        zh_set *set = &sets[out->nsets];
        set->field = child_field(cx, i, table, i->key);
        build_pick(cx, i, &set->pick, 0);
        out->nsets += set->field != NULL;
    }
}

/* items: {column: adulterant, split: ";", unique: true, into: item}  or  items: {rows: [{…}, …]} */
static void build_table(zh_cx *cx, const zh_yaml *node, const zh_field *table, zh_table_set *out)
{
    *out = (zh_table_set){.table = table};
    const zh_yaml *rows = zh_yaml_get(node, "rows");
    if (rows != NULL) {
        zh_row_set *list = ZH_NEW_N(cx->arena, zh_row_set, rows->n + 1);
        for (const zh_yaml *i = rows->first; i != NULL; i = i->next) {
            build_row_set(cx, i, table, &list[out->nrows++]);
        }
        out->rows = list;
        return;
    }
    const zh_yaml *split = zh_yaml_get(node, "split");
    const zh_yaml *pick = zh_yaml_get(node, "pick");
    const zh_yaml *into = zh_yaml_get(node, "into");
    if (split == NULL || split->text.n == 0 || pick == NULL || into == NULL) {
        zh_cx_error(cx, node, "recipe.table",
                    "写成 {pick: {column: …}, split: \";\", into: 列} 或 {rows: [...]}",
                    "子表“%.*s”的取法不完整", ZH_FMT(table->id));
        return;
    }
    out->separator = split->text;
    out->unique = zh_get_bool(node, "unique", false);
    out->keep_in_numbers = zh_get_bool(node, "keep_in_numbers", false);
    out->into = child_field(cx, into, table, into->text);
    build_pick(cx, pick, &out->split, 0);
    zh_row_set *one = ZH_NEW(cx->arena, zh_row_set);
    zh_set *sets = ZH_NEW_N(cx->arena, zh_set, node->n + 1);
    one->sets = sets;
    const zh_yaml *also = zh_yaml_get(node, "also");
    for (const zh_yaml *i = also ? also->first : NULL; i != NULL && one->nsets < node->n;
         i = i->next) {
        zh_set *set = &sets[one->nsets];
        set->field = child_field(cx, i, table, i->key);
        build_pick(cx, i, &set->pick, 0);
        one->nsets += set->field != NULL;
    }
    out->rows = one;
    out->nrows = 1;
}

static void build_sets(zh_cx *cx, const zh_yaml *node, zh_layout *out)
{
    zh_set *sets = ZH_NEW_N(cx->arena, zh_set, node->n + 1);
    zh_table_set *tables = ZH_NEW_N(cx->arena, zh_table_set, node->n + 1);
    out->sets = sets;
    out->tables = tables;
    for (const zh_yaml *i = node->first; i != NULL; i = i->next) {
        const zh_field *field = zh_register_field(out->reg, i->key);
        if (field == NULL || field->table != NULL) {
            zh_cx_key_error(cx, i, "recipe.field", "", "登记册“%.*s”没有字段“%.*s”",
                            ZH_FMT(out->reg->id), ZH_FMT(i->key));
        } else if (field->type == ZH_TYPE_TABLE) {
            build_table(cx, i, field, &tables[out->ntables++]);
        } else {
            sets[out->nsets].field = field;
            build_pick(cx, i, &sets[out->nsets++].pick, 0);
        }
    }
}

static void build_skips(zh_cx *cx, const zh_yaml *node, zh_layout *out)
{
    const zh_yaml *list = zh_yaml_get(node, "skip");
    zh_skip *skips = ZH_NEW_N(cx->arena, zh_skip, list ? list->n + 1 : 1);
    out->skips = skips;
    for (const zh_yaml *i = zh_first(node, "skip"); i != NULL; i = zh_next(i)) {
        zh_skip *skip = &skips[out->nskips++];
        zh_str column = zh_get_text(i, "column");
        skip->column = folded(cx, &column, 1)[0];
        skip->in = folded_texts(cx, i, "in", &skip->nin);
        skip->empty = zh_get_bool(i, "empty", false);
    }
    const zh_yaml *total = zh_yaml_get(node, "total");
    if (total != NULL) {
        zh_str texts[] = {zh_get_text(total, "column"), zh_get_text(total, "is")};
        const zh_str *names = folded(cx, texts, 2);
        out->total_column = names[0];
        out->total_is = names[1];
        out->total_sums = folded_texts(cx, total, "sums", &out->ntotal_sums);
    }
}

static void build_layout(zh_cx *cx, const zh_yaml *node, zh_layout *out)
{
    *out = (zh_layout){.id = zh_get_text(node, "id")};
    out->reg = zh_model_register(cx->model, zh_get_text(node, "register"));
    if (out->reg == NULL) {
        zh_cx_error(cx, node, "recipe.register", "", "没有登记册“%.*s”",
                    ZH_FMT(zh_get_text(node, "register")));
        return;
    }
    out->headers = folded_texts(cx, node, "headers", &out->nheaders);
    out->columns = folded_texts(cx, node, "columns", &out->ncolumns);
    if (out->nheaders == 0 && out->ncolumns == 0) {
        zh_cx_error(cx, node, "recipe.headers",
                    "写 headers（表头里必有的列）或 columns（无表头时的列名）",
                    "版式没有说明如何辨认");
    }
    const zh_yaml *json = zh_yaml_get(node, "json");
    out->json_rows = zh_get_text(json, "rows");
    out->json_header = zh_get_text(json, "header");
    out->sheet = zh_get_text(node, "sheet");
    const zh_yaml *separator = zh_yaml_get(node, "separator");
    out->separator = separator && separator->text.n == 1 ? separator->text.p[0] : '\0';
    const zh_yaml *file = zh_yaml_get(node, "file");
    if (file != NULL) {
        out->file_pattern = zh_get_text(file, "pattern");
        out->file_regex = compile_regex(cx, file, out->file_pattern);
        out->file_names = zh_get_texts(cx->arena, file, "names", &out->nfile_names);
        if (out->nfile_names > ZH_PICK_COLUMNS_MAX) {
            zh_cx_error(cx, file, "recipe.file", "", "文件名取的部分太多");
            out->nfile_names = ZH_PICK_COLUMNS_MAX;
        }
    }
    const zh_yaml *set = zh_yaml_get(node, "set");
    if (set == NULL || set->kind != ZH_YAML_MAPPING) {
        zh_cx_error(cx, node, "recipe.set", "写成 set: {字段: 取值}", "版式没有 set");
        return;
    }
    build_sets(cx, set, out);
    build_skips(cx, node, out);
}

void zh_recipes_build(zh_cx *cx)
{
    zh_model *model = cx->model;
    zh_recipe *recipes = ZH_NEW_N(cx->arena, zh_recipe, model->nrecipe_nodes + 1);
    zh_map_init(&model->recipe_by_id, cx->arena);
    for (size_t r = 0; r < model->nrecipe_nodes; r++) {
        const zh_yaml *node = model->recipe_nodes[r];
        zh_recipe *recipe = &recipes[r];
        zh_schema_check(cx, node, &recipe_schema);
        recipe->id = zh_get_text(node, "id");
        recipe->label = zh_get_label(node, "label");
        recipe->source = zh_get_label(node, "source");
        recipe->licence = zh_get_label(node, "licence");
        const zh_yaml *layouts = zh_yaml_get(node, "layouts");
        zh_layout *list = ZH_NEW_N(cx->arena, zh_layout, layouts ? layouts->n + 1 : 1);
        for (const zh_yaml *i = zh_first(node, "layouts"); i != NULL; i = zh_next(i)) {
            build_layout(cx, i, &list[recipe->nlayouts++]);
        }
        recipe->layouts = list;
        if (recipe->id.n && zh_map_put(&model->recipe_by_id, recipe->id, recipe) != NULL) {
            zh_cx_error(cx, node, "recipe.twice", "", "配方“%.*s”写了两次", ZH_FMT(recipe->id));
        }
    }
    model->recipes = recipes;
    model->nrecipes = model->nrecipe_nodes;
}

const zh_recipe *zh_model_recipe(const zh_model *model, zh_str id)
{
    return zh_map_get(&model->recipe_by_id, id);
}
