/* JSON structure from a stream. */
#include "fmt/jsonscan.h"
#include <string.h>

enum { NAME_BYTES_MAX = 64 << 10, NAME_ARENA = 1 << 20 };

void zh_jsonscan_init(zh_jsonscan *scan, zh_stream *stream, size_t value_max)
{
    *scan = (zh_jsonscan){.stream = stream, .line = 1};
    zh_buf_init(&scan->value, value_max);
    zh_buf_init(&scan->name, NAME_BYTES_MAX);
}

void zh_jsonscan_free(zh_jsonscan *scan)
{
    zh_buf_free(&scan->value);
    zh_buf_free(&scan->name);
}

zh_rc zh_jsonscan_refuse(const zh_jsonscan *scan, zh_rc rc, const char *rule, const char *what,
                         zh_err *err)
{
    (void)zh_err_set(err, rc, rule, "JSON 第 %zu 行：%s", scan->line, what);
    zh_err_where(err, "第%zu行", scan->line);
    return rc;
}

static zh_rc broken(const zh_jsonscan *scan, const char *what, zh_err *err)
{
    return zh_jsonscan_refuse(scan, ZH_EINVAL, "json.syntax", what, err);
}

zh_rc zh_jsonscan_peek(zh_jsonscan *scan, int *out, zh_err *err)
{
    for (;;) {
        zh_str text;
        zh_rc rc = zh_stream_peek(scan->stream, &text, err);
        if (rc != ZH_OK) {
            return rc;
        }
        if (text.n == 0) {
            *out = -1;
            return ZH_OK;
        }
        size_t i = 0;
        for (; i < text.n; i++) {
            char c = text.p[i];
            if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
                break;
            }
            scan->line += c == '\n';
        }
        *out = i < text.n ? (unsigned char)text.p[i] : -1;
        zh_stream_skip(scan->stream, i);
        if (*out >= 0) {
            return ZH_OK;
        }
    }
}

zh_rc zh_jsonscan_expect(zh_jsonscan *scan, char wanted, zh_err *err)
{
    int c;
    zh_rc rc = zh_jsonscan_peek(scan, &c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (c != (unsigned char)wanted) {
        char what[40] = "这里应当是 ' '";
        what[strlen(what) - 2] = wanted;
        return broken(scan, c < 0 ? "内容在中途结束" : what, err);
    }
    zh_stream_skip(scan->stream, 1);
    return ZH_OK;
}

/* Where the walk through one value stands. */
typedef struct walk {
    size_t depth;
    char closing[ZH_JSON_DEPTH_MAX];
    bool in_string, escaped, scalar, done;
} walk;

static zh_rc open_bracket(zh_jsonscan *scan, walk *w, char c, zh_err *err)
{
    if (w->depth == ZH_JSON_DEPTH_MAX) {
        return zh_jsonscan_refuse(scan, ZH_ELIMIT, "json.depth", "嵌套层次过深", err);
    }
    w->closing[w->depth++] = c == '{' ? '}' : ']';
    return ZH_OK;
}

static zh_rc close_bracket(zh_jsonscan *scan, walk *w, char c, zh_err *err)
{
    if (w->closing[w->depth - 1] != c) {
        return broken(scan, "括号不配对", err);
    }
    w->done = --w->depth == 0;
    return ZH_OK;
}

static void in_string(walk *w, char c)
{
    if (w->escaped) {
        w->escaped = false;
    } else if (c == '\\') {
        w->escaped = true;
    } else if (c == '"') {
        w->in_string = false;
        w->done = w->depth == 0;
    }
}

static bool ends_scalar(char c)
{
    return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Walks through text until the value is done; *used bytes of it belong to the value. */
static zh_rc walk_text(zh_jsonscan *scan, walk *w, zh_str text, size_t *used, zh_err *err)
{
    size_t i = 0;
    zh_rc rc = ZH_OK;
    for (; i < text.n && !w->done && rc == ZH_OK; i++) {
        char c = text.p[i];
        scan->line += c == '\n';
        if (w->in_string) {
            in_string(w, c);
        } else if (w->scalar) {
            w->done = ends_scalar(c);
            if (w->done) {
                scan->line -= c == '\n';
                break; /* it is not of the value */
            }
        } else if (c == '"') {
            w->in_string = true;
        } else if (c == '{' || c == '[') {
            rc = open_bracket(scan, w, c, err);
        } else if (w->depth > 0 && (c == '}' || c == ']')) {
            rc = close_bracket(scan, w, c, err);
        } else if (w->depth == 0) {
            w->scalar = true;
        }
    }
    *used = i;
    return rc;
}

zh_rc zh_jsonscan_value(zh_jsonscan *scan, bool keep, zh_err *err)
{
    int c;
    zh_rc rc = zh_jsonscan_peek(scan, &c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (c < 0 || ends_scalar((char)c)) {
        return broken(scan, "这里缺少一个值", err);
    }
    zh_buf_clear(&scan->value);
    walk w = {0};
    while (!w.done) {
        zh_str text;
        size_t used = 0;
        rc = zh_stream_peek(scan->stream, &text, err);
        if (rc == ZH_OK && text.n == 0) {
            return w.scalar ? ZH_OK : broken(scan, "内容在中途结束", err);
        }
        if (rc == ZH_OK) {
            rc = walk_text(scan, &w, text, &used, err);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        if (keep) {
            zh_buf_add(&scan->value, text.p, used);
        }
        if (scan->value.failed) {
            return zh_jsonscan_refuse(scan, ZH_ELIMIT, "json.record", "一条记录过大", err);
        }
        zh_stream_skip(scan->stream, used);
    }
    return ZH_OK;
}

zh_rc zh_jsonscan_step(zh_jsonscan *scan, char closing, bool first, bool *more, zh_err *err)
{
    int c;
    zh_rc rc = zh_jsonscan_peek(scan, &c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    *more = c != (unsigned char)closing;
    if (!*more) {
        zh_stream_skip(scan->stream, 1);
        return ZH_OK;
    }
    return first ? ZH_OK : zh_jsonscan_expect(scan, ',', err);
}

static zh_rc too_long(const zh_jsonscan *scan, zh_err *err)
{
    return zh_jsonscan_refuse(scan, ZH_ELIMIT, "json.name", "字段名过长", err);
}

zh_rc zh_jsonscan_name(zh_jsonscan *scan, zh_err *err)
{
    int c;
    zh_rc rc = zh_jsonscan_peek(scan, &c, err);
    if (rc == ZH_OK && c != '"') {
        rc = broken(scan, "这里应当是字段名", err);
    }
    if (rc == ZH_OK) {
        rc = zh_jsonscan_value(scan, true, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_arena *arena = zh_arena_new(NAME_ARENA);
    zh_json *text = NULL;
    zh_buf_clear(&scan->name);
    if (scan->value.n > NAME_BYTES_MAX) {
        rc = too_long(scan, err);
    } else if (zh_json_parse(arena, zh_buf_view(&scan->value), &text, NULL) != ZH_OK) {
        rc = broken(scan, "字段名不是合法的字符串", err);
    } else {
        zh_buf_str(&scan->name, text->text);
        rc = scan->name.failed ? too_long(scan, err) : ZH_OK;
    }
    zh_arena_free(arena);
    return rc == ZH_OK ? zh_jsonscan_expect(scan, ':', err) : rc;
}
