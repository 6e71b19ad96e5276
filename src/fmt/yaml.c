/* YAML reader: libyaml's events, with a stack of open collections. */
#include "fmt/yaml.h"
#include "base/vec.h"
#include <string.h>
#include <yaml.h>

typedef struct reader {
    yaml_parser_t parser;
    zh_arena *arena;
    const char *file;
    zh_err *err;
    zh_yaml *root;
    zh_yaml *open[ZH_YAML_DEPTH_MAX]; /* collections that are not closed yet */
    zh_yaml *last[ZH_YAML_DEPTH_MAX]; /* their newest child */
    zh_str key;                       /* of the mapping entry whose value comes next */
    size_t key_line, key_column;
    bool has_key;
    size_t depth, nodes, documents;
} reader;

static void at(reader *r, yaml_mark_t mark)
{
    zh_err_where(r->err, "%s:%zu:%zu", r->file, mark.line + 1, mark.column + 1);
}

void zh_yaml_where(const zh_yaml *node, zh_err *err)
{
    zh_err_where(err, "%s:%zu:%zu", node->file, node->line, node->column);
}

void zh_yaml_key_where(const zh_yaml *node, zh_err *err)
{
    if (node->key.p == NULL) {
        zh_yaml_where(node, err);
        return;
    }
    zh_err_where(err, "%s:%zu:%zu", node->file, node->key_line, node->key_column);
}

static zh_rc refuse(reader *r, yaml_mark_t mark, const char *rule, const char *message,
                    const char *fix)
{
    zh_rc rc = zh_err_set(r->err, ZH_EINVAL, rule, "%s", message);
    zh_err_fix(r->err, "%s", fix);
    at(r, mark);
    return rc;
}

static zh_rc refuse_budget(reader *r, yaml_mark_t mark)
{
    zh_rc rc = zh_err_set(r->err, ZH_ENOMEM, "yaml.memory", "YAML 内容超出可用内存");
    zh_err_fix(r->err, "把文件拆成几个较小的文件");
    at(r, mark);
    return rc;
}

static zh_rc copy_text(reader *r, const yaml_event_t *event, zh_str *out)
{
    zh_str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    return zh_str_try_dup(r->arena, text, out) ? ZH_OK : refuse_budget(r, event->start_mark);
}

/* Checks what every node has in common: no anchor, no tag, within the node cap. */
static zh_rc check_node(reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                        const yaml_char_t *tag)
{
    if (anchor != NULL) {
        return refuse(r, event->start_mark, "yaml.anchor", "不允许使用锚点 (&)",
                      "把内容直接写在用到的地方");
    }
    if (tag != NULL) {
        return refuse(r, event->start_mark, "yaml.tag", "不允许使用类型标签 (!)",
                      "删去标签，类型由声明的规则决定");
    }
    if (++r->nodes > ZH_YAML_NODES_MAX) {
        zh_rc rc =
            zh_err_set(r->err, ZH_ELIMIT, "yaml.nodes", "节点超过 %zu 个", ZH_YAML_NODES_MAX);
        zh_err_fix(r->err, "把文件拆成几个较小的文件");
        at(r, event->start_mark);
        return rc;
    }
    return ZH_OK;
}

/* Hangs a new node under the open collection, or makes it the root. */
static zh_rc add_node(reader *r, const yaml_event_t *event, zh_yaml_kind kind, zh_yaml **out)
{
    zh_yaml *node = zh_arena_try(r->arena, sizeof *node);
    if (node == NULL) {
        return refuse_budget(r, event->start_mark);
    }
    *node = (zh_yaml){
        .kind = kind,
        .line = event->start_mark.line + 1,
        .column = event->start_mark.column + 1,
        .file = r->file,
    };
    if (r->depth == 0) {
        r->root = node;
        *out = node;
        return ZH_OK;
    }
    zh_yaml *parent = r->open[r->depth - 1];
    zh_yaml **last = &r->last[r->depth - 1];
    node->parent = parent;
    if (parent->kind == ZH_YAML_MAPPING) {
        node->key = r->key;
        node->key_line = r->key_line;
        node->key_column = r->key_column;
        r->has_key = false;
    }
    if (*last == NULL) {
        parent->first = node;
    } else {
        (*last)->next = node;
    }
    *last = node;
    parent->n++;
    *out = node;
    return ZH_OK;
}

static bool expects_key(const reader *r)
{
    return r->depth > 0 && r->open[r->depth - 1]->kind == ZH_YAML_MAPPING && !r->has_key;
}

static zh_rc take_scalar(reader *r, const yaml_event_t *event)
{
    zh_rc rc = check_node(r, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (rc != ZH_OK) {
        return rc;
    }
    if (expects_key(r)) {
        r->has_key = true;
        r->key_line = event->start_mark.line + 1;
        r->key_column = event->start_mark.column + 1;
        return copy_text(r, event, &r->key);
    }
    zh_yaml *node;
    rc = add_node(r, event, ZH_YAML_SCALAR, &node);
    if (rc != ZH_OK) {
        return rc;
    }
    yaml_scalar_style_t style = event->data.scalar.style;
    bool block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    bool plain = style == YAML_PLAIN_SCALAR_STYLE;
    node->style = block ? ZH_YAML_BLOCK : plain ? ZH_YAML_PLAIN : ZH_YAML_QUOTED;
    return copy_text(r, event, &node->text);
}

static zh_rc open_collection(reader *r, const yaml_event_t *event, zh_yaml_kind kind,
                             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    zh_rc rc = check_node(r, event, anchor, tag);
    if (rc != ZH_OK) {
        return rc;
    }
    if (expects_key(r)) {
        return refuse(r, event->start_mark, "yaml.key", "键必须是一个标量，不能是列表或映射",
                      "改用一个名称作键");
    }
    if (r->depth == ZH_YAML_DEPTH_MAX) {
        rc = zh_err_set(r->err, ZH_ELIMIT, "yaml.depth", "嵌套超过 %zu 层", ZH_YAML_DEPTH_MAX);
        zh_err_fix(r->err, "减少嵌套层次");
        at(r, event->start_mark);
        return rc;
    }
    zh_yaml *node;
    rc = add_node(r, event, kind, &node);
    if (rc == ZH_OK) {
        r->open[r->depth] = node;
        r->last[r->depth] = NULL;
        r->depth++;
    }
    return rc;
}

static zh_rc close_collection(reader *r)
{
    const zh_yaml *node = r->open[--r->depth];
    if (node->kind != ZH_YAML_MAPPING) {
        return ZH_OK;
    }
    /* On the heap: its size depends on input, and it is needed only here. */
    zh_map seen;
    zh_map_init(&seen, NULL);
    zh_rc rc = ZH_OK;
    for (zh_yaml *child = node->first; child != NULL && rc == ZH_OK; child = child->next) {
        const zh_yaml *before = zh_map_put(&seen, child->key, child);
        if (before != NULL) {
            rc = zh_err_set(r->err, ZH_EINVAL, "yaml.duplicate", "键「%.*s」重复，第 %zu 行已写过",
                            ZH_FMT(child->key), before->key_line);
            zh_err_fix(r->err, "合并两处，或删去其中之一");
            zh_yaml_key_where(child, r->err);
        }
    }
    zh_map_free(&seen);
    return rc;
}

static zh_rc start_document(reader *r, const yaml_event_t *event)
{
    if (++r->documents > 1) {
        return refuse(r, event->start_mark, "yaml.documents", "一个文件只能有一个 YAML 文档",
                      "把 --- 之后的内容移到另一个文件");
    }
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end) {
        return refuse(r, event->start_mark, "yaml.tag", "不允许使用 %TAG 指令", "删去该行");
    }
    return ZH_OK;
}

static zh_rc take(reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT: return start_document(r, event);
    case YAML_ALIAS_EVENT:
        return refuse(r, event->start_mark, "yaml.alias", "不允许使用别名 (*)",
                      "把内容直接写在用到的地方；以 * 开头的文字请加引号");
    case YAML_SCALAR_EVENT: return take_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(r, event, ZH_YAML_SEQUENCE, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_collection(r, event, ZH_YAML_MAPPING, event->data.mapping_start.anchor,
                               event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return close_collection(r);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return ZH_OK;
}

static zh_rc syntax_error(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        return zh_err_set(r->err, ZH_ENOMEM, "yaml.memory", "YAML 内容超出可用内存");
    }
    const char *problem = p->problem != NULL ? p->problem : "unknown";
    if (p->error == YAML_READER_ERROR) {
        zh_rc rc =
            zh_err_set(r->err, ZH_EINVAL, "yaml.encoding",
                       "第 %zu 字节起不是合法的 UTF-8 文本 (%s)", p->problem_offset + 1, problem);
        zh_err_fix(r->err, "把文件另存为 UTF-8，并删去控制字符");
        at(r, p->mark);
        return rc;
    }
    zh_rc rc = zh_err_set(r->err, ZH_EINVAL, "yaml.syntax", "YAML 语法错误：%s%s%s", problem,
                          p->context != NULL ? "，" : "", p->context != NULL ? p->context : "");
    zh_err_fix(r->err, "检查缩进、冒号后的空格与引号；含特殊字符的文字请加引号");
    at(r, p->problem_mark);
    return rc;
}

static zh_rc run(reader *r)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event)) {
            return syntax_error(r);
        }
        bool end = event.type == YAML_STREAM_END_EVENT;
        zh_rc rc = take(r, &event);
        yaml_event_delete(&event);
        if (rc != ZH_OK || end) {
            return rc;
        }
    }
}

zh_rc zh_yaml_parse(zh_arena *arena, zh_str text, const char *file, zh_yaml **root, zh_err *err)
{
    if (text.n > ZH_YAML_BYTES_MAX) {
        zh_rc rc =
            zh_err_set(err, ZH_ELIMIT, "yaml.size", "文件超过 %zu MiB", ZH_YAML_BYTES_MAX >> 20);
        zh_err_where(err, "%s", file);
        zh_err_fix(err, "把文件拆成几个较小的文件");
        return rc;
    }
    reader r = {.arena = arena, .err = err, .file = zh_str_c(arena, zh_str_of(file))};
    if (!yaml_parser_initialize(&r.parser)) {
        return zh_err_set(err, ZH_ENOMEM, "yaml.memory", "YAML 内容超出可用内存");
    }
    /* Named, so that libyaml does not read a UTF-16 byte order mark. */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    zh_rc rc = run(&r);
    yaml_parser_delete(&r.parser);
    if (rc == ZH_OK && r.root == NULL) {
        rc = zh_err_set(err, ZH_EINVAL, "yaml.empty", "文件是空的");
        zh_err_where(err, "%s:1:1", file);
    }
    if (rc == ZH_OK) {
        *root = r.root;
    }
    return rc;
}

const zh_yaml *zh_yaml_get(const zh_yaml *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != ZH_YAML_MAPPING) {
        return NULL;
    }
    for (const zh_yaml *child = mapping->first; child != NULL; child = child->next) {
        if (zh_str_is(child->key, key)) {
            return child;
        }
    }
    return NULL;
}
