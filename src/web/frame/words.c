/* Conditions in words. Recursion follows the tree, whose depth the compiler caps. */
#include "web/frame/words.h"
#include "web/frame/show.h"
#include <string.h>

enum { ITEMS_SHOWN = 8 };

zh_str zh_words_level(zh_ui *ui, const zh_codes *codes, uint16_t level)
{
    static const struct {
        const char *name;
        zh_text_id text;
    } known[] = {{"province", ZH_T_REGISTER_LEVEL_PROVINCE}, {"city", ZH_T_REGISTER_LEVEL_CITY},
                 {"county", ZH_T_REGISTER_LEVEL_COUNTY},     {"street", ZH_T_REGISTER_LEVEL_STREET},
                 {"group", ZH_T_REGISTER_LEVEL_GROUP},       {"class", ZH_T_REGISTER_LEVEL_CLASS}};
    if (codes == NULL || codes->level_names == NULL || level == 0 || level > codes->levels) {
        return ZH_SAY(ui, ZH_T_REGISTER_LEVEL_N, zh_ui_count(ui, level));
    }
    zh_str name = codes->level_names[level - 1];
    for (size_t i = 0; i < ZH_COUNTOF(known); i++) {
        if (zh_str_is(name, known[i].name)) {
            return zh_ui_text(ui, known[i].text);
        }
    }
    return name;
}

zh_str zh_words_field(zh_ui *ui, const zh_field *field, uint16_t level)
{
    zh_str label = zh_ui_label(ui, field->label);
    return level == 0
               ? label
               : ZH_SAY(ui, ZH_T_REGISTER_AT_LEVEL, label, zh_words_level(ui, field->codes, level));
}

static zh_str as_written(zh_ui *ui, const zh_expr *node)
{
    return zh_expr_print(ui->arena, node);
}

/* A field, a level of it, or the record's own state, instants and so on; empty: none of these. */
static zh_str subject(zh_ui *ui, const zh_expr *node)
{
    if (node->op == ZH_X_FIELD) {
        return zh_words_field(ui, node->field, 0);
    }
    if (node->op == ZH_X_LEVEL && node->a[0]->op == ZH_X_FIELD && node->a[1] == NULL) {
        return zh_words_field(ui, node->a[0]->field, node->level);
    }
    if (node->op == ZH_X_PARAMETER) { /* of row scopes: what they say of the reader */
        zh_str name = as_written(ui, node);
        return zh_str_is(name, "office_region") ? zh_ui_text(ui, ZH_T_ACCESS_OFFICE_REGION)
               : zh_str_is(name, "reader")      ? zh_ui_text(ui, ZH_T_ACCESS_READER)
                                                : ZH_STR("");
    }
    if (node->op == ZH_X_META) {
        static const zh_text_id names[] = {
            [ZH_META_STATE] = ZH_T_REGISTER_STATE,
            [ZH_META_VERSION] = ZH_T_REGISTER_VERSION,
            [ZH_META_CREATED_AT] = ZH_T_REGISTER_CREATED,
            [ZH_META_RECORDED_AT] = ZH_T_REGISTER_RECORDED,
            [ZH_META_OFFICE] = ZH_T_REGISTER_OFFICE,
            [ZH_META_HANDLER] = ZH_T_REGISTER_HANDLER,
            [ZH_META_ID] = ZH_T_REGISTER_ID,
            [ZH_META_ACTOR] = ZH_T_REGISTER_ACTOR,
        };
        return zh_ui_text(ui, names[node->meta]);
    }
    return ZH_STR("");
}

/* What a literal means where it stands beside a field of codes or a state. */
static zh_str object(zh_ui *ui, const zh_expr *literal, const zh_expr *beside)
{
    const zh_value *v = &literal->value;
    if (literal->op != ZH_X_LITERAL) {
        zh_str name = subject(ui, literal);
        return name.n > 0 ? name : as_written(ui, literal);
    }
    if (v->kind == ZH_TEXT && beside->codes != NULL) {
        const zh_code *code = zh_code_find(beside->codes, v->text, INT32_MIN);
        return code != NULL ? zh_ui_label(ui, code->label) : v->text;
    }
    if (v->kind == ZH_TEXT && beside->states != NULL) {
        int state = zh_register_state(beside->states, v->text);
        return state >= 0 ? zh_show_state(ui, beside->states, state) : v->text;
    }
    zh_show show = {.ui = ui};
    zh_map_init(&show.names, ui->arena);
    static const zh_field plain = {.type = ZH_TYPE_STRING};
    return zh_show_text(&show, &plain, v);
}

static zh_str compare(zh_ui *ui, const zh_expr *node)
{
    static const struct {
        zh_expr_op op;
        zh_text_id text;
    } signs[] = {{ZH_X_EQ, ZH_T_REGISTER_IS},      {ZH_X_NE, ZH_T_REGISTER_IS_NOT},
                 {ZH_X_LT, ZH_T_REGISTER_LESS},    {ZH_X_LE, ZH_T_REGISTER_AT_MOST},
                 {ZH_X_GT, ZH_T_REGISTER_GREATER}, {ZH_X_GE, ZH_T_REGISTER_AT_LEAST}};
    zh_str left = subject(ui, node->a[0]);
    for (size_t i = 0; i < ZH_COUNTOF(signs) && left.n > 0; i++) {
        if (signs[i].op == node->op) {
            return ZH_SAY(ui, signs[i].text, left, object(ui, node->a[1], node->a[0]));
        }
    }
    return as_written(ui, node);
}

static zh_str in_list(zh_ui *ui, const zh_expr *node)
{
    zh_str left = subject(ui, node->a[0]);
    zh_str items = ZH_STR("");
    if (left.n == 0) {
        return as_written(ui, node);
    }
    for (size_t i = 1; i < node->n && i <= ITEMS_SHOWN; i++) {
        items = zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(items),
                           ZH_FMT(i > 1 ? zh_ui_text(ui, ZH_T_SEP) : ZH_STR("")),
                           ZH_FMT(object(ui, node->a[i], node->a[0])));
    }
    if (node->n > ITEMS_SHOWN + 1) {
        zh_str rest = zh_ui_count(ui, (int64_t)node->n - ITEMS_SHOWN - 1);
        items = zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(items),
                           ZH_FMT(ZH_SAY(ui, ZH_T_FACET_REST, rest)));
    }
    return ZH_SAY(ui, ZH_T_REGISTER_ONE_OF, left, items);
}

bool zh_words_year(const zh_expr *node, const zh_field *field, zh_date *first, zh_date *last)
{
    char text[2][16];
    if (node->op != ZH_X_AND || node->n != 2 || node->a[0]->op != ZH_X_GE ||
        node->a[1]->op != ZH_X_LT) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        const zh_expr *side = node->a[i];
        if (side->a[0]->op != ZH_X_FIELD || side->a[0]->field != field ||
            side->a[1]->op != ZH_X_LITERAL || side->a[1]->value.kind != ZH_DATE) {
            return false;
        }
        (void)zh_date_format((zh_date)side->a[1]->value.i, text[i]);
    }
    *first = (zh_date)node->a[0]->a[1]->value.i;
    *last = (zh_date)node->a[1]->a[1]->value.i - 1;
    return memcmp(text[0] + 4, "-01-01", 6) == 0 && memcmp(text[1] + 4, "-01-01", 6) == 0 &&
           *last > *first && *last - *first < 366;
}

/* A whole year in words; empty: something else. */
static zh_str whole_year(zh_ui *ui, const zh_expr *node)
{
    zh_date first = 0;
    zh_date last = 0;
    char text[16];
    const zh_expr *left = node->op == ZH_X_AND && node->a[0]->n > 0 ? node->a[0]->a[0] : NULL;
    if (left == NULL || left->op != ZH_X_FIELD ||
        !zh_words_year(node, left->field, &first, &last)) {
        return ZH_STR("");
    }
    (void)zh_date_format(first, text);
    return ZH_SAY(ui, ZH_T_REGISTER_IN_YEAR, zh_words_field(ui, left->field, 0),
                  zh_str_dup(ui->arena, (zh_str){text, 4}));
}

static zh_str joined(zh_ui *ui, const zh_expr *node)
{
    zh_str year = whole_year(ui, node);
    if (year.n > 0) {
        return year;
    }
    zh_str out = ZH_STR("");
    zh_str word = zh_ui_text(ui, node->op == ZH_X_AND ? ZH_T_REGISTER_AND : ZH_T_REGISTER_OR);
    for (size_t i = 0; i < node->n; i++) {
        bool other = node->a[i]->op == (node->op == ZH_X_AND ? ZH_X_OR : ZH_X_AND);
        zh_str part = zh_words(ui, node->a[i]);
        part = other ? ZH_SAY(ui, ZH_T_REGISTER_GROUP, part) : part;
        out = i == 0
                  ? part
                  : zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(out), ZH_FMT(word), ZH_FMT(part));
    }
    return out;
}

/* any, all and count over the rows of a child table. */
static zh_str fold(zh_ui *ui, const zh_expr *node)
{
    if (node->table == NULL || node->grouped || node->a[1] != NULL || node->a[0] == NULL ||
        (node->fold != ZH_FOLD_ANY && node->fold != ZH_FOLD_ALL)) {
        return as_written(ui, node);
    }
    return ZH_SAY(ui, node->fold == ZH_FOLD_ANY ? ZH_T_REGISTER_SOME_ROW : ZH_T_REGISTER_EVERY_ROW,
                  zh_ui_label(ui, node->table->label), zh_words(ui, node->a[0]));
}

zh_str zh_words(zh_ui *ui, const zh_expr *node)
{
    zh_str left;
    switch ((int)node->op) {
    case ZH_X_EQ:
    case ZH_X_NE:
    case ZH_X_LT:
    case ZH_X_LE:
    case ZH_X_GT:
    case ZH_X_GE: return compare(ui, node);
    case ZH_X_IN: return in_list(ui, node);
    case ZH_X_AND:
    case ZH_X_OR: return joined(ui, node);
    case ZH_X_NOT: return ZH_SAY(ui, ZH_T_REGISTER_NONE_OF, zh_words(ui, node->a[0]));
    case ZH_X_FOLD: return fold(ui, node);
    case ZH_X_IS_NULL:
        left = subject(ui, node->a[0]);
        return left.n > 0 ? ZH_SAY(ui, ZH_T_REGISTER_MISSING, left) : as_written(ui, node);
    case ZH_X_WITHIN:
        left = subject(ui, node->a[0]);
        return left.n > 0
                   ? ZH_SAY(ui, ZH_T_REGISTER_WITHIN, left, object(ui, node->a[1], node->a[0]))
                   : as_written(ui, node);
    case ZH_X_FIELD:
    case ZH_X_META:
        left = subject(ui, node);
        return node->kind == ZH_BOOL && left.n > 0
                   ? ZH_SAY(ui, ZH_T_REGISTER_IS, left, zh_ui_text(ui, ZH_T_REGISTER_YES))
                   : left;
    default: return as_written(ui, node);
    }
}
