/* What a step does besides moving its record: votes, records it makes, documents; and the
 * register's documents and chain of replacements. */
#include "model/compile.h"
#include <string.h>

static size_t count_items(const zh_yaml *map, const char *key)
{
    size_t n = 0;
    for (const zh_yaml *i = zh_first(map, key); i != NULL; i = zh_next(i)) {
        n++;
    }
    return n;
}

/* ---- votes ----------------------------------------------------------------------------------- */

static void check_vote(zh_cx *cx, const zh_yaml *vote, const zh_transition *t)
{
    bool other = t->two_person || t->limit > 0 || t->reasons != NULL || t->has_when;
    if (t->vote.k == 0 || t->vote.k > t->vote.of) {
        zh_cx_error(cx, vote, "transition.vote", "写 k（通过票数）或 majority: true",
                    "表决通过票数应为 1 至参加人数");
    } else if (t->to < 0 || t->to_any) {
        zh_cx_error(cx, vote, "transition.vote", NULL, "表决的流转要写明通过后到哪个状态");
    } else if (other) {
        zh_cx_error(cx, vote, "transition.vote", NULL,
                    "表决不能同时是双人、限次、自动或有理由编码的流转");
    }
    for (size_t i = 0; i < t->nfrom && t->vote.otherwise >= 0; i++) {
        if (t->from[i] == (uint16_t)t->vote.otherwise) {
            zh_cx_error(cx, vote, "transition.vote", NULL, "表决未通过时应离开原来的状态");
        }
    }
}

/* The clock at whose end the vote is closed. */
static void read_close(zh_cx *cx, const zh_register *reg, const zh_yaml *vote, zh_transition *t)
{
    const zh_yaml *until = zh_yaml_get(vote, "until");
    t->vote.quorum = (uint32_t)zh_get_number(vote, "quorum", 0);
    for (size_t i = 0; until != NULL && i < reg->nclocks; i++) {
        if (zh_str_eq(reg->clocks[i].id, until->text)) {
            t->vote.until = (int16_t)i;
        }
    }
    if (until != NULL && t->vote.until < 0) {
        zh_cx_error(cx, until, "transition.vote", NULL, "没有时限「%.*s」", ZH_FMT(until->text));
    } else if (until != NULL && zh_yaml_get(vote, "otherwise") == NULL) {
        zh_cx_error(cx, vote, "transition.vote", "写 otherwise: 状态",
                    "有截止时间的表决要写明未通过时到哪个状态");
    } else if (t->vote.quorum > 0 && (until == NULL || t->vote.quorum > t->vote.of)) {
        zh_cx_error(cx, vote, "transition.vote", "写 until: 时限",
                    "「quorum」是截止时至少要有的票数：要有 until，且不超过参加人数");
    }
}

static void read_vote(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    const zh_yaml *vote = zh_yaml_get(node, "vote");
    t->vote.otherwise = -1;
    t->vote.until = -1;
    if (vote == NULL) {
        return;
    }
    t->vote.of = (uint32_t)zh_get_number(vote, "of", 0);
    t->vote.k = (uint32_t)zh_get_number(vote, "k", 0);
    if (zh_get_bool(vote, "majority", false)) {
        t->vote.k = t->vote.of / 2 + 1;
    }
    const zh_yaml *otherwise = zh_yaml_get(vote, "otherwise");
    if (otherwise != NULL) {
        t->vote.otherwise = (int16_t)zh_register_state(reg, otherwise->text);
        if (t->vote.otherwise < 0) {
            zh_cx_error(cx, otherwise, "state.unknown", NULL, "没有状态「%.*s」",
                        ZH_FMT(otherwise->text));
        }
    }
    read_close(cx, reg, vote, t);
    check_vote(cx, vote, t);
}

/* ---- signatures ------------------------------------------------------------------------------ */

/* The text field that receives what was signed: part of the version, so that its evidence covers
 * it. Nobody else's content may stand in it. */
static const zh_field *find_signature(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    const zh_field *f = zh_cx_field(cx, reg, node, node->text);
    if (f != NULL && (f->type != ZH_TYPE_TEXT || f->table != NULL || f->computed || f->required ||
                      f->has_required_when || f->sealed || f->pipl != ZH_PIPL_NONE)) {
        zh_cx_error(cx, node, "transition.sign", "另设一个 type: text 的字段，不要必填",
                    "「%.*s」不能存放签署的内容", ZH_FMT(f->id));
        return NULL;
    }
    return f;
}

static void read_sign(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    const zh_yaml *sign = zh_yaml_get(node, "sign");
    const zh_yaml *signature = zh_yaml_get(node, "signature");
    t->sign = zh_get_texts(cx->arena, node, "sign", &t->nsign);
    t->signature = signature != NULL ? find_signature(cx, reg, signature) : NULL;
    if ((sign != NULL) != (signature != NULL)) {
        zh_cx_error(cx, sign != NULL ? sign : signature, "transition.sign",
                    "写 sign: [角色] 和 signature: 字段",
                    "签署要写明由哪些角色签（sign），和签署的内容存在哪个字段（signature）");
    }
    for (size_t i = 0; i < t->nsign && t->nroles > 0; i++) {
        if (!zh_str_among(t->sign[i], t->roles, t->nroles)) {
            zh_cx_error(cx, sign, "transition.sign", "把它写进这一步的 roles",
                        "角色「%.*s」不办这一步，不能签署", ZH_FMT(t->sign[i]));
        }
    }
    if (t->nsign > 0 && (t->two_person || t->has_when || t->kind == ZH_TR_AUTO)) {
        zh_cx_error(cx, sign, "transition.sign", NULL,
                    "签署的是当场办理的人：双人或自动的流转不能签署");
    }
}

/* ---- records it makes ------------------------------------------------------------------------ */

/* The field of the new record that leads back: as named, else its only reference to this register.
 */
static const zh_field *find_link(zh_cx *cx, const zh_register *reg, const zh_register *target,
                                 const zh_yaml *node)
{
    const zh_yaml *named = zh_yaml_get(node, "link");
    const zh_field *found = named != NULL ? zh_cx_field(cx, target, named, named->text) : NULL;
    size_t n = found != NULL;
    for (size_t i = 0; i < target->nfields && named == NULL; i++) {
        const zh_field *f = &target->fields[i];
        if (f->type == ZH_TYPE_REF && zh_str_eq(f->target_id, reg->id)) {
            found = f;
            n++;
        }
    }
    bool leads = n == 1 && found->type == ZH_TYPE_REF && found->table == NULL &&
                 zh_str_eq(found->target_id, reg->id);
    if (!leads && (named == NULL || found != NULL)) {
        zh_cx_error(cx, named != NULL ? named : node, "transition.creates",
                    "写 link: 新记录里引用本册的字段", "「%.*s」里应有一个引用「%.*s」的字段",
                    ZH_FMT(target->id), ZH_FMT(reg->id));
    }
    return leads ? found : NULL;
}

static void read_creation(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_creation *out)
{
    const zh_yaml *name = zh_yaml_get(node, "register");
    out->reg = name != NULL ? zh_cx_register(cx, name, name->text) : NULL;
    if (name == NULL) {
        zh_cx_error(cx, node, "transition.creates", NULL, "creates 应写明 register");
    }
    if (out->reg == NULL) {
        return;
    }
    out->link = find_link(cx, reg, out->reg, node);
    const zh_yaml *set = zh_yaml_get(node, "set");
    struct zh_assignment *list =
        ZH_NEW_N(cx->arena, struct zh_assignment, set != NULL ? set->n + 1 : 1);
    zh_scope scope = {.model = cx->model, .reg = reg};
    for (const zh_yaml *s = set != NULL ? set->first : NULL; s != NULL; s = s->next) {
        const zh_field *f = zh_cx_field_key(cx, out->reg, s, s->key);
        if (f == NULL) {
            continue;
        }
        if (f->computed || f->type == ZH_TYPE_TABLE || f->table != NULL || f == out->link) {
            zh_cx_key_error(cx, s, "transition.set", NULL, "不能给「%.*s」赋值", ZH_FMT(f->id));
        } else if (zh_cx_expr_node(cx, &scope, s, zh_field_kind(f), &list[out->nset].value)) {
            list[out->nset++].field = f;
        }
    }
    out->set = list;
    for (const zh_yaml *k = node->first; k != NULL; k = k->next) {
        if (zh_choice("register|link|set", k->key) < 0) {
            zh_cx_key_error(cx, k, "model.key", "可用：register、link、set", "creates 没有「%.*s」",
                            ZH_FMT(k->key));
        }
    }
}

/* The same content under the same name: its value can be taken over. */
static bool takes_over(const zh_field *from, const zh_field *to)
{
    return from != NULL && from->table == NULL && from->type == to->type &&
           from->codes == to->codes && zh_str_eq(from->target_id, to->target_id) &&
           zh_str_eq(from->unit, to->unit) && !from->sealed;
}

static bool can_be_set(const zh_field *f)
{
    return !f->computed && f->type != ZH_TYPE_TABLE && f->table == NULL;
}

/* A register's id alone: its fields take over those of the same name. What it must have and this
 * register has not is asked for here, not of whoever takes the step. */
static void create_by_name(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_creation *out)
{
    out->reg = zh_cx_register(cx, node, node->text);
    out->link = out->reg != NULL ? find_link(cx, reg, out->reg, node) : NULL;
    if (out->link == NULL) {
        return;
    }
    struct zh_assignment *list = ZH_NEW_N(cx->arena, struct zh_assignment, out->reg->nfields + 1);
    zh_scope scope = {.model = cx->model, .reg = reg};
    for (size_t i = 0; i < out->reg->nfields; i++) {
        const zh_field *to = &out->reg->fields[i];
        zh_err ignored = {0};
        if (to == out->link || to == out->reg->number_field || !can_be_set(to)) {
            continue;
        }
        if (takes_over(zh_register_field(reg, to->id), to) &&
            zh_expr_compile(cx->arena, &scope, to->id, &list[out->nset].value, &ignored) == ZH_OK) {
            list[out->nset++].field = to;
        } else if (to->required && !to->has_default) {
            zh_cx_error(cx, node, "transition.creates",
                        zh_str_fmt(cx->arena, "写成 {register: %.*s, set: {%.*s: …}}",
                                   ZH_FMT(out->reg->id), ZH_FMT(to->id))
                            .p,
                        "「%.*s」必填的「%.*s」在本册没有同名同类的字段", ZH_FMT(out->reg->id),
                        ZH_FMT(to->id));
        }
    }
    out->set = list;
}

static void read_creates(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    const zh_yaml *creates = zh_yaml_get(node, "creates");
    if (creates == NULL) {
        return;
    }
    if (creates->kind == ZH_YAML_SCALAR) {
        zh_creation *one = ZH_NEW(cx->arena, zh_creation);
        create_by_name(cx, reg, creates, one);
        t->nmakes = one->link != NULL;
        t->makes = one;
        return;
    }
    bool one = creates->kind == ZH_YAML_MAPPING;
    zh_creation *list = ZH_NEW_N(cx->arena, zh_creation, (one ? 1 : creates->n) + 1);
    for (const zh_yaml *c = one ? creates : creates->first; c != NULL; c = one ? NULL : c->next) {
        if (c->kind != ZH_YAML_MAPPING) {
            zh_cx_error(cx, c, "transition.creates", NULL, "应为 {register: …, set: {…}}");
        } else if (t->nmakes == ZH_CREATIONS_MAX) {
            zh_cx_error(cx, c, "transition.creates", NULL, "一步至多建立 %d 条记录",
                        ZH_CREATIONS_MAX);
            break;
        } else {
            read_creation(cx, reg, c, &list[t->nmakes]);
            t->nmakes += list[t->nmakes].link != NULL;
        }
    }
    t->makes = list;
}

/* ---- documents ------------------------------------------------------------------------------- */

/* Text with {expression} in it. */
static bool read_text(zh_cx *cx, const zh_scope *scope, const zh_yaml *node, zh_document_text *out)
{
    *out = (zh_document_text){0};
    if (node == NULL || node->kind != ZH_YAML_SCALAR) {
        return node == NULL;
    }
    zh_document_piece *list = ZH_NEW_N(cx->arena, zh_document_piece, node->text.n + 1);
    zh_str rest = node->text;
    while (rest.n > 0) {
        ptrdiff_t open = zh_str_chr(rest, '{');
        size_t plain = open < 0 ? rest.n : (size_t)open;
        if (plain > 0) {
            list[out->n++].text = zh_str_sub(rest, 0, plain);
        }
        rest = zh_str_sub(rest, open < 0 ? rest.n : plain + 1, rest.n);
        if (open < 0) {
            break;
        }
        ptrdiff_t close = zh_str_chr(rest, '}');
        if (close < 0) {
            zh_cx_error(cx, node, "document.text", NULL, "文书里的 { 没有配对的 }");
            return false;
        }
        zh_err err = {0};
        zh_str source = zh_str_sub(rest, 0, (size_t)close);
        if (zh_expr_compile(cx->arena, scope, source, &list[out->n].value, &err) != ZH_OK) {
            zh_cx_error(cx, node, "document.text", NULL, "文书里的“%.*s”：%s", ZH_FMT(source),
                        err.message);
            return false;
        }
        list[out->n++].is_value = true;
        rest = zh_str_sub(rest, (size_t)close + 1, rest.n);
    }
    out->pieces = list;
    return true;
}

static const zh_field *typed(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_type type,
                             const char *what)
{
    const zh_field *f = node != NULL ? zh_cx_field(cx, reg, node, node->text) : NULL;
    if (f != NULL && (f->type != type || f->table != NULL || f->computed)) {
        zh_cx_error(cx, node, "document.field", NULL, "「%.*s」应是%s", ZH_FMT(f->id), what);
        return NULL;
    }
    return f;
}

static void read_rows(zh_cx *cx, const zh_register *reg, const zh_yaml *node,
                      zh_document_block *out)
{
    const zh_yaml *rows = zh_yaml_get(node, "rows");
    out->table = rows != NULL ? zh_cx_field(cx, reg, rows, rows->text) : NULL;
    if (out->table == NULL || out->table->type != ZH_TYPE_TABLE) {
        zh_cx_error(cx, node, "document.rows", NULL, "应为 {rows: 明细表, columns: […]}");
        out->table = NULL;
        return;
    }
    const zh_field **columns =
        ZH_NEW_N(cx->arena, const zh_field *, out->table->ncolumns + count_items(node, "columns"));
    for (const zh_yaml *c = zh_first(node, "columns"); c != NULL; c = zh_next(c)) {
        zh_str id = zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(out->table->id), ZH_FMT(c->text));
        const zh_field *f = zh_cx_field(cx, reg, c, id);
        if (f != NULL) {
            columns[out->ncolumns++] = f;
        }
    }
    for (size_t i = 0; i < out->table->ncolumns && zh_yaml_get(node, "columns") == NULL; i++) {
        columns[out->ncolumns++] = &out->table->columns[i];
    }
    out->columns = columns;
}

static void read_document(zh_cx *cx, const zh_reg_build *b, const zh_yaml *node, zh_document *out)
{
    zh_scope scope = {.model = cx->model, .reg = b->reg};
    const zh_yaml *number = zh_yaml_get(node, "number");
    out->id = zh_get_text(node, "id");
    out->label = zh_get_label(node, "label");
    out->file = typed(cx, b->reg, zh_yaml_get(node, "file"), ZH_TYPE_FILE, "file 字段");
    if (number != NULL) {
        out->number_field =
            typed(cx, b->reg, zh_yaml_get(number, "field"), ZH_TYPE_STRING, "string 字段");
        out->number_pattern = zh_get_text(number, "pattern");
        if (zh_str_find(out->number_pattern, ZH_STR("{0")) < 0) {
            zh_cx_error(cx, number, "document.number", "如 鄂质诺告〔{year}〕{0}号",
                        "文号应有一段流水号 {0} 或 {000}");
        }
    }
    bool good = read_text(cx, &scope, zh_yaml_get(node, "office"), &out->office) &&
                read_text(cx, &scope, zh_yaml_get(node, "title"), &out->title) &&
                read_text(cx, &scope, zh_yaml_get(node, "to"), &out->to);
    zh_document_block *list = ZH_NEW_N(cx->arena, zh_document_block, count_items(node, "body") + 1);
    for (const zh_yaml *i = zh_first(node, "body"); i != NULL && good; i = zh_next(i)) {
        zh_document_block *block = &list[out->nbody];
        if (i->kind == ZH_YAML_MAPPING) {
            read_rows(cx, b->reg, i, block);
        } else {
            good = read_text(cx, &scope, i, &block->text);
        }
        out->nbody++;
    }
    out->body = list;
}

/* A step names a document by its id or its Chinese label; any other text is the name of a paper
 * that is made outside. */
static void link_document(const zh_register *reg, const zh_yaml *node, zh_transition *t)
{
    t->document = zh_get_text(node, "document");
    for (size_t i = 0; i < reg->ndocuments && t->document.n > 0; i++) {
        const zh_document *d = &reg->documents[i];
        if (zh_str_eq(d->id, t->document) || zh_str_eq(d->label.zh, t->document)) {
            t->paper = d;
        }
    }
}

void zh_compile_documents(zh_cx *cx, zh_reg_build *b)
{
    zh_document *list = ZH_NEW_N(cx->arena, zh_document, count_items(b->node, "documents") + 1);
    for (const zh_yaml *d = zh_first(b->node, "documents"); d != NULL; d = zh_next(d)) {
        read_document(cx, b, d, &list[b->reg->ndocuments++]);
    }
    b->reg->documents = list;
    zh_cx_unique(cx, b->node, "documents");
}

/* ---- the step -------------------------------------------------------------------------------- */

static void check_kind(zh_cx *cx, const zh_yaml *node, const zh_transition *t)
{
    if (t->to_any && t->kind != ZH_TR_RETURN) {
        zh_cx_error(cx, zh_yaml_get(node, "to"), "transition.to", "写 kind: return",
                    "只有退回可以回到经过的任一状态");
    }
    if (t->has_handler && t->kind != ZH_TR_REASSIGN) {
        zh_cx_error(cx, zh_yaml_get(node, "handler"), "transition.handler", "写 kind: reassign",
                    "只有转办可以改变办理机构");
    }
}

void zh_compile_step(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_transition *t)
{
    zh_scope scope = {.model = cx->model, .reg = b->reg};
    const zh_yaml *to = zh_yaml_get(node, "to");
    t->to_any = to != NULL && zh_str_is(to->text, "*");
    t->has_handler = zh_cx_expr(cx, &scope, node, "handler", ZH_NULL, &t->handler);
    read_vote(cx, b->reg, node, t);
    read_sign(cx, b->reg, node, t);
    read_creates(cx, b->reg, node, t);
    link_document(b->reg, node, t);
    check_kind(cx, node, t);
}

/* replaces: {field: …, transition: …}: the record that the field names takes the transition when
 * this one is made. */
void zh_compile_replaces(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *node = zh_yaml_get(b->node, "replaces");
    const zh_yaml *field = node != NULL ? zh_yaml_get(node, "field") : NULL;
    const zh_yaml *by = node != NULL ? zh_yaml_get(node, "transition") : NULL;
    if (field == NULL || by == NULL) {
        return;
    }
    const zh_field *f = zh_cx_field(cx, b->reg, field, field->text);
    if (f != NULL &&
        (f->type != ZH_TYPE_REF || f->table != NULL || !zh_str_eq(f->target_id, b->reg->id))) {
        zh_cx_error(cx, field, "register.replaces", NULL, "「%.*s」应是引用本册的字段",
                    ZH_FMT(f->id));
        return;
    }
    const zh_transition *t = zh_register_transition(b->reg, by->text);
    if (t == NULL || t->to < 0 || t->nmakes > 0 || t->two_person || t->vote.k > 0) {
        zh_cx_error(cx, by, "register.replaces", "写 kind: auto 的一步，到一个终结状态",
                    "「%.*s」应是一步由系统办的流转", ZH_FMT(by->text));
        return;
    }
    b->reg->replaces_field = f;
    b->reg->replaced_by = t;
}
