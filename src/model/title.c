/* Titles of records and kindred questions: compiled with their register, and written. */
#include "model/title.h"
#include "model/compile.h"
#include <inttypes.h>

/* ---- compiling a title ----------------------------------------------------------------------- */

typedef struct titling {
    zh_cx *cx;
    zh_reg_build *b;
    const zh_yaml *node;
    zh_title_piece *pieces;
    size_t n, fields;
    uint16_t group; /* that is open, or 0 */
    uint16_t groups;
    bool failed;
} titling;

static void wrong(titling *t, const char *fix, const char *what)
{
    zh_cx_error(t->cx, t->node, "register.title", fix, "题名%s", what);
    t->failed = true;
}

static void add(titling *t, zh_title_piece piece)
{
    if (t->n == ZH_TITLE_PIECES_MAX) {
        zh_cx_error(t->cx, t->node, "register.title", NULL, "题名至多 %zu 段", ZH_TITLE_PIECES_MAX);
        t->failed = true;
        return;
    }
    piece.group = t->group;
    t->pieces[t->n++] = piece;
}

/* Titles stand in lists, notices and search, where nobody is asked what for: no personal data. */
static const zh_field *personal(const zh_field *field)
{
    const zh_field *found = zh_field_personal_source(field);
    for (size_t i = 0; i < field->ncolumns && found == NULL; i++) {
        found = zh_field_personal_source(&field->columns[i]);
    }
    return found;
}

static void add_field(titling *t, zh_str id)
{
    const unsigned long_ones = 1u << ZH_TYPE_TEXT | 1u << ZH_TYPE_FILE | 1u << ZH_TYPE_GEO;
    const zh_field *field = zh_cx_field(t->cx, t->b->reg, t->node, id);
    if (field == NULL) {
        t->failed = true;
    } else if (personal(field) != NULL || field->sealed) {
        wrong(t, "题名见于列表、通知和搜索，不记录谁看过", "不能用个人信息或密存的字段");
    } else if ((long_ones & 1u << field->type) != 0) {
        wrong(t, NULL, "不能用长文本、文件或坐标");
    } else {
        add(t, (zh_title_piece){.field = field});
        t->fields++;
    }
}

/* One of { [ ] at the start of rest; gives what follows. */
static zh_str sign(titling *t, zh_str rest)
{
    char c = rest.p[0];
    rest = zh_str_sub(rest, 1, rest.n);
    if (c == '[') {
        if (t->group != 0) {
            wrong(t, NULL, "的 [ ] 里不能再有 [ ]");
        }
        t->groups++;
        t->group = t->groups;
        if (t->groups > ZH_TITLE_PIECES_MAX) {
            wrong(t, NULL, "的 [ ] 太多");
        }
    } else if (c == ']') {
        if (t->group == 0) {
            wrong(t, NULL, "里的 ] 没有配对的 [");
        }
        t->group = 0;
    } else {
        ptrdiff_t close = zh_str_chr(rest, '}');
        if (close < 0) {
            wrong(t, NULL, "里的 { 没有配对的 }");
            return ZH_STR("");
        }
        add_field(t, zh_str_trim(zh_str_sub(rest, 0, (size_t)close)));
        rest = zh_str_sub(rest, (size_t)close + 1, rest.n);
    }
    return rest;
}

static size_t plain_run(zh_str text)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != '{' && text.p[n] != '[' && text.p[n] != ']') {
        n++;
    }
    return n;
}

static zh_title compile_title(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_str text)
{
    titling t = {.cx = cx,
                 .b = b,
                 .node = node,
                 .pieces = ZH_NEW_N(cx->arena, zh_title_piece, ZH_TITLE_PIECES_MAX)};
    while (text.n > 0 && !t.failed) {
        size_t n = plain_run(text);
        if (n > 0) {
            add(&t, (zh_title_piece){.text = zh_str_sub(text, 0, n)});
        }
        text = zh_str_sub(text, n, text.n);
        text = text.n > 0 && !t.failed ? sign(&t, text) : text;
    }
    if (!t.failed && t.group != 0) {
        wrong(&t, NULL, "里的 [ 没有配对的 ]");
    }
    if (!t.failed && t.fields == 0) {
        wrong(&t, "如 {product}{items}不合格[，{maker}生产]",
              "里没有字段：每条记录都会叫同一个名字");
    }
    if (t.failed) {
        return (zh_title){0};
    }
    return (zh_title){t.pieces, t.n};
}

void zh_compile_title(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *node = zh_yaml_get(b->node, "title");
    if (node == NULL) {
        return;
    }
    zh_label label = zh_get_label(b->node, "title");
    b->reg->title = compile_title(cx, b, node, label.zh);
    b->reg->title_en = label.en.n > 0 ? compile_title(cx, b, node, label.en) : b->reg->title;
}

/* ---- writing a title ------------------------------------------------------------------------- */

/* What may begin a title only because something before it is missing. */
static zh_str without_lead(zh_str text)
{
    static const char *const leads[] = {"，", "、", "；", "：", "·", ",", ";", ":", " "};
    for (size_t i = 0; i < ZH_COUNTOF(leads);) {
        zh_str lead = zh_str_of(leads[i]);
        bool begins = zh_str_starts(text, lead);
        text = begins ? zh_str_sub(text, lead.n, text.n) : text;
        i = begins ? 0 : i + 1;
    }
    return text;
}

zh_str zh_title_write(zh_arena *arena, const zh_title *title, zh_title_value value, void *user)
{
    zh_str values[ZH_TITLE_PIECES_MAX];
    bool drop[ZH_TITLE_PIECES_MAX + 1] = {false}; /* by group */
    bool any = false;
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < title->n; i++) {
        const zh_title_piece *piece = &title->pieces[i];
        values[i] = piece->field == NULL ? piece->text : value(user, piece->field);
        drop[piece->group] = drop[piece->group] || (piece->group > 0 && values[i].n == 0);
        any = any || (piece->field != NULL && values[i].n > 0);
    }
    for (size_t i = 0; i < title->n && any; i++) {
        if (!drop[title->pieces[i].group]) {
            out = zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(out), ZH_FMT(values[i]));
        }
    }
    return without_lead(out);
}

zh_str zh_title_key(zh_arena *arena, const zh_record *record, zh_title_value value, void *user)
{
    const zh_register *reg = record->reg;
    const zh_value *name = zh_record_value(record, "name");
    zh_str key = ZH_STR("");
    if (name->kind == ZH_TEXT) {
        return name->text;
    }
    for (size_t i = 0; i < reg->nbusiness_key; i++) {
        zh_str part = value(user, reg->business_key[i]);
        if (part.n > 0) {
            key = key.n == 0 ? part : zh_str_fmt(arena, "%.*s／%.*s", ZH_FMT(key), ZH_FMT(part));
        }
    }
    return key.n > 0 ? key : zh_str_fmt(arena, "%" PRId64, record->id);
}

typedef struct plain {
    zh_arena *arena;
    const zh_record *record;
} plain;

static zh_str plain_part(void *user, const zh_field *field)
{
    const plain *p = user;
    return zh_value_display(p->arena, &p->record->values[field->index]);
}

zh_str zh_title_plain(zh_arena *arena, const zh_record *record)
{
    plain p = {arena, record};
    return zh_title_key(arena, record, plain_part, &p);
}

bool zh_title_names(const zh_title *title, const zh_field *field)
{
    bool found = false;
    for (size_t i = 0; i < title->n; i++) {
        found = found || title->pieces[i].field == field;
    }
    return found;
}

bool zh_title_has_table(const zh_title *title)
{
    bool found = false;
    for (size_t i = 0; i < title->n; i++) {
        const zh_field *field = title->pieces[i].field;
        found = found || (field != NULL && (field->type == ZH_TYPE_TABLE || field->table != NULL));
    }
    return found;
}

/* ---- kindred questions ----------------------------------------------------------------------- */

/* What a list can be filtered by and a value can be written for. */
static bool comparable(const zh_expr *root)
{
    bool kind = root->kind == ZH_TEXT || root->kind == ZH_BOOL || root->kind == ZH_DATE;
    return kind && (root->op == ZH_X_FIELD || root->op == ZH_X_LEVEL);
}

static void add_same(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_kindred *out)
{
    struct zh_same *same = &out->same[out->nsame];
    ptrdiff_t level = zh_str_chr(node->text, '@');
    zh_str id = level < 0 ? node->text : zh_str_sub(node->text, 0, (size_t)level);
    const zh_field *column = zh_register_field(b->reg, id);
    if (out->nsame == ZH_KINDRED_SAME_MAX) {
        zh_cx_error(cx, node, "register.related", NULL, "至多比较 %zu 项", ZH_KINDRED_SAME_MAX);
        return;
    }
    same->table = column != NULL ? column->table : NULL;
    zh_scope scope = {.model = cx->model, .reg = b->reg, .table = same->table};
    if (!zh_cx_expr_node(cx, &scope, node, ZH_NULL, &same->value)) {
        return;
    }
    if (!comparable(same->value.root)) {
        zh_cx_error(cx, node, "register.related",
                    "写编码、短文本、日期或是非字段，如 maker_place@province",
                    "「%.*s」不能用来找同类记录", ZH_FMT(node->text));
        return;
    }
    out->nsame++;
}

void zh_compile_kindred(zh_cx *cx, zh_reg_build *b)
{
    zh_scope scope = {.model = cx->model, .reg = b->reg};
    zh_kindred *list = ZH_NEW_N(cx->arena, zh_kindred, ZH_KINDRED_MAX);
    zh_cx_unique(cx, b->node, "related");
    for (const zh_yaml *k = zh_first(b->node, "related"); k != NULL; k = zh_next(k)) {
        if (b->reg->nkindred == ZH_KINDRED_MAX) {
            zh_cx_error(cx, k, "register.related", NULL, "至多 %zu 个", ZH_KINDRED_MAX);
            break;
        }
        zh_kindred *one = &list[b->reg->nkindred++];
        *one = (zh_kindred){.id = zh_get_text(k, "id"), .label = zh_get_label(k, "label")};
        for (const zh_yaml *s = zh_first(k, "same"); s != NULL; s = zh_next(s)) {
            add_same(cx, b, s, one);
        }
        zh_program where;
        if (zh_cx_expr(cx, &scope, k, "where", ZH_BOOL, &where)) {
            one->where = where.source;
        }
    }
    b->reg->kindred = list;
}
