/* JSON reader without recursion: one pass over the text, open containers on a fixed stack. Strings
 * are scanned by words of eight bytes; UTF-8 is checked on the way. */
#include "base/json.h"
#include "base/double.h"
#include "base/utf8.h"
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONES  0x0101010101010101u
#define HIGHS 0x8080808080808080u

enum {
    COMPARE_MAX = 64, /* members compared with each other before sorting is cheaper */
    NAMES_BITS = 256, /* of the filter that tells most new names from the earlier ones */
    QUOTED_MAX = 60   /* bytes of a name shown in an error */
};

typedef struct frame {
    zh_json *container;
    zh_json *last;
    uint64_t seen[NAMES_BITS / 64];
} frame;

typedef struct reader {
    const char *p;
    const char *end;
    const char *line_start;
    size_t line;
    size_t tails; /* UTF-8 continuation bytes since line_start: they are not columns */
    zh_arena *arena;
    zh_err *err;
    size_t depth;
    frame stack[ZH_JSON_DEPTH_MAX];
} reader;

static size_t column(const reader *r, const char *at)
{
    return (size_t)(at - r->line_start) + 1 - r->tails;
}

static zh_rc refuse_at(reader *r, zh_rc rc, const char *rule, size_t line, size_t col,
                       const char *what)
{
    zh_err_set(r->err, rc, rule, "JSON 第 %zu 行第 %zu 列：%s", line, col,
               zh_err_text(r->err, what));
    zh_err_where(r->err, "%zu:%zu", line, col);
    return rc;
}

static zh_rc refuse(reader *r, const char *at, const char *what)
{
    return refuse_at(r, ZH_EINVAL, "json.syntax", r->line, column(r, at), what);
}

static zh_rc no_memory(reader *r)
{
    return refuse_at(r, ZH_ENOMEM, "json.memory", r->line, column(r, r->p), "超过内存预算");
}

static void skip_space(reader *r)
{
    while (r->p < r->end) {
        char c = *r->p;
        if (c == '\n') {
            r->line++;
            r->line_start = r->p + 1;
            r->tails = 0;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return;
        }
        r->p++;
    }
}

/* --- strings --- */

/* A bit in the high position of every byte that needs a look: quote, backslash, control, non-ASCII.
 * Only the lowest set bit is exact. */
static inline uint64_t special_bytes(uint64_t word)
{
    uint64_t quote = word ^ (ONES * '"');
    uint64_t slash = word ^ (ONES * '\\');
    uint64_t found = ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | (word - ONES * 0x20);
    return (found | word) & HIGHS;
}

/* The first byte from p on that special_bytes looks for, or end. */
static inline const char *skip_plain(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        uint64_t found = special_bytes(le64toh(word));
        if (found != 0) {
            return p + (__builtin_ctzll(found) >> 3);
        }
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 &&
           (unsigned char)*p < 0x80) {
        p++;
    }
    return p;
}

/* Bytes of the run of valid multi-byte sequences at p; 0 when the first is invalid. */
static size_t multibyte_run(const char *p, const char *end)
{
    const char *from = p;
    /* Most are E4..E9: Chinese characters, any continuation is valid. */
    while (end - p >= 3 && (unsigned char)p[0] - 0xE4u <= 5 &&
           ((unsigned char)p[1] & 0xC0) == 0x80 && ((unsigned char)p[2] & 0xC0) == 0x80) {
        p += 3;
    }
    if (p == from) {
        unsigned char lead = (unsigned char)*p;
        size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if ((size_t)(end - p) < n || !zh_utf8_valid((zh_str){p, n})) {
            return 0;
        }
        p += n;
    }
    return (size_t)(p - from);
}

static bool hex4(const char *p, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        char letter = (char)(c | 32);
        if (c >= '0' && c <= '9') {
            *out = *out << 4 | (uint32_t)(c - '0');
        } else if (letter >= 'a' && letter <= 'f') {
            *out = *out << 4 | (uint32_t)(letter - 'a' + 10);
        } else {
            return false;
        }
    }
    return true;
}

/* The scalar value of the escape \uXXXX[\uXXXX] at p; 0 is returned as length when it is malformed
 * or half of a surrogate pair. */
static size_t unicode_escape(const char *p, const char *end, uint32_t *scalar)
{
    uint32_t low;
    if (end - p < 6 || !hex4(p + 2, scalar)) {
        return 0;
    }
    if (*scalar < 0xD800 || *scalar > 0xDFFF) {
        return 6;
    }
    if (*scalar >= 0xDC00 || end - p < 12 || p[6] != '\\' || p[7] != 'u' || !hex4(p + 8, &low) ||
        low < 0xDC00 || low > 0xDFFF) {
        return 0;
    }
    *scalar = 0x10000 + ((*scalar - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

/* The character that a one-letter escape stands for; 0 when there is none of that letter. */
static char short_escape(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
    }
}

/* Resolves the escapes of a string whose extent and escapes have been checked. */
static zh_rc resolve(reader *r, zh_str raw, zh_str *out)
{
    char *text = zh_arena_try(r->arena, raw.n + 1);
    if (text == NULL) {
        return no_memory(r);
    }
    const char *end = raw.p + raw.n;
    size_t n = 0;
    for (const char *p = raw.p; p < end;) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(text + n, p, plain);
        n += plain;
        p += plain;
        if (slash == NULL) {
            break;
        }
        if (p[1] == 'u') {
            uint32_t scalar = 0;
            p += unicode_escape(p, end, &scalar);
            n += zh_utf8_encode(scalar, text + n);
        } else {
            text[n++] = short_escape(p[1]);
            p += 2;
        }
    }
    *out = (zh_str){text, n};
    return ZH_OK;
}

/* r->p is at the opening quote. */
static zh_rc read_string(reader *r, zh_str *out)
{
    const char *from = r->p + 1;
    const char *p = from;
    bool escaped = false;
    size_t tails = 0;
    for (;;) {
        p = skip_plain(p, r->end);
        if (p == r->end) {
            return refuse(r, r->p, "字符串没有结束的引号");
        }
        unsigned char c = (unsigned char)*p;
        if (c == '"') {
            break;
        }
        if (c == '\\') {
            uint32_t scalar;
            size_t n = r->end - p >= 2 && short_escape(p[1]) != '\0' ? 2
                       : r->end - p >= 2 && p[1] == 'u' ? unicode_escape(p, r->end, &scalar)
                                                        : 0;
            if (n == 0) {
                r->tails += tails;
                return refuse(r, p, "无效的转义，或不成对的代理码元");
            }
            escaped = true;
            p += n;
        } else if (c >= 0x80) {
            size_t n = multibyte_run(p, r->end);
            if (n == 0) {
                r->tails += tails;
                return refuse(r, p, "不是有效的 UTF-8");
            }
            tails += n - zh_utf8_count((zh_str){p, n});
            p += n;
        } else {
            r->tails += tails;
            return refuse(r, p, "字符串里的控制字符要写成转义");
        }
    }
    r->p = p + 1;
    r->tails += tails;
    *out = (zh_str){from, (size_t)(p - from)};
    return escaped ? resolve(r, *out, out) : ZH_OK;
}

/* --- numbers and words --- */

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

/* Length of the JSON number at the front of s; 0 when there is none. */
static size_t number_length(zh_str s)
{
    const char *end = s.p + s.n;
    const char *p = s.p;
    p += p < end && *p == '-';
    const char *from = p;
    p = skip_digits(p, end);
    if (p == from || (*from == '0' && p - from > 1)) {
        return 0;
    }
    if (p < end && *p == '.') {
        from = p + 1;
        p = skip_digits(from, end);
        if (p == from) {
            return 0;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        from = p + 1;
        from += from < end && (*from == '+' || *from == '-');
        p = skip_digits(from, end);
        if (p == from) {
            return 0;
        }
    }
    return (size_t)(p - s.p);
}

static zh_rc read_scalar(reader *r, zh_json *value)
{
    zh_str rest = {r->p, (size_t)(r->end - r->p)};
    char c = rest.p[0];
    if (c == '"') {
        value->kind = ZH_JSON_STRING;
        return read_string(r, &value->text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        size_t n = number_length(rest);
        value->kind = ZH_JSON_NUMBER;
        value->text = (zh_str){rest.p, n};
        r->p += n;
        return n ? ZH_OK : refuse(r, rest.p, "数字的写法不对");
    }
    static const struct {
        zh_str word;
        zh_json_kind kind;
        bool boolean;
    } words[] = {
        {{"true", 4}, ZH_JSON_BOOL, true},
        {{"false", 5}, ZH_JSON_BOOL, false},
        {{"null", 4}, ZH_JSON_NULL, false},
    };
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        if (zh_str_starts(rest, words[i].word)) {
            value->kind = words[i].kind;
            value->boolean = words[i].boolean;
            r->p += words[i].word.n;
            return ZH_OK;
        }
    }
    return refuse(r, rest.p, "这里应是一个值");
}

/* --- members --- */

static zh_rc refuse_twice(reader *r, const zh_json *member)
{
    char what[QUOTED_MAX + 32];
    size_t n = member->name.n < QUOTED_MAX ? member->name.n : QUOTED_MAX;
    while (n < member->name.n && ((unsigned char)member->name.p[n] & 0xC0) == 0x80) {
        n--;
    }
    snprintf(what, sizeof what, "名称“%.*s”重复", (int)n, n ? member->name.p : "");
    return refuse_at(r, ZH_EINVAL, "json.duplicate", member->line, member->column, what);
}

/* Refuses a member whose name an earlier one of a small object has. A filter of bits, one set for
 * each name, answers for most names that they are new. */
static zh_rc check_name(reader *r, frame *f, const zh_json *member)
{
    zh_str name = member->name;
    uint32_t mixed = (uint32_t)name.n * 31u;
    if (name.n > 0) {
        mixed += (unsigned char)name.p[0] * 7u + (unsigned char)name.p[name.n - 1] * 13u +
                 (unsigned char)name.p[name.n / 2] * 61u;
    }
    uint64_t *word = &f->seen[mixed / 64 % ZH_COUNTOF(f->seen)];
    uint64_t bit = UINT64_C(1) << (mixed % 64);
    bool maybe = (*word & bit) != 0;
    *word |= bit;
    if (!maybe || f->container->n > COMPARE_MAX) {
        return ZH_OK;
    }
    for (const zh_json *m = f->container->first; m != NULL; m = m->next) {
        if (m != member && zh_str_eq(m->name, name)) {
            return refuse_twice(r, member);
        }
    }
    return ZH_OK;
}

static int by_name(const void *a, const void *b)
{
    const zh_json *const *x = a;
    const zh_json *const *y = b;
    int d = zh_str_cmp((*x)->name, (*y)->name);
    if (d == 0) { /* then in document order, so that the second is named in the error */
        d = ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
    }
    return d != 0 ? d : ((*x)->column > (*y)->column) - ((*x)->column < (*y)->column);
}

/* The same for a large object, when it is complete: sorted, so that no choice of names is slow. */
static zh_rc check_names(reader *r, const zh_json *object)
{
    zh_arena_mark mark = zh_arena_here(r->arena);
    const zh_json **members = ZH_TRY_N(r->arena, const zh_json *, object->n);
    if (members == NULL) {
        return no_memory(r);
    }
    size_t n = 0;
    for (const zh_json *m = object->first; m != NULL; m = m->next) {
        members[n++] = m;
    }
    zh_sort(members, n, sizeof *members, by_name);
    zh_rc rc = ZH_OK;
    for (size_t i = 1; i < n && rc == ZH_OK; i++) {
        if (zh_str_eq(members[i]->name, members[i - 1]->name)) {
            rc = refuse_twice(r, members[i]);
        }
    }
    zh_arena_rewind(r->arena, mark);
    return rc;
}

/* --- structure --- */

static void append(frame *f, zh_json *value)
{
    if (f->last == NULL) {
        f->container->first = value;
    } else {
        f->last->next = value;
    }
    f->last = value;
    f->container->n++;
}

/* Reads the name and the colon of a member; the name goes into value. */
static zh_rc read_name(reader *r, zh_json *value)
{
    if (r->p == r->end || *r->p != '"') {
        return refuse(r, r->p, "这里应是带引号的名称");
    }
    zh_rc rc = read_string(r, &value->name);
    if (rc != ZH_OK) {
        return rc;
    }
    skip_space(r);
    if (r->p == r->end || *r->p != ':') {
        return refuse(r, r->p, "名称后缺少冒号");
    }
    r->p++;
    skip_space(r);
    return ZH_OK;
}

/* Closes the containers that end here and reads the comma if one follows. *open tells whether
 * another value must be read. */
static zh_rc after_value(reader *r, bool *open)
{
    for (;;) {
        if (r->depth == 0) {
            *open = false;
            return ZH_OK;
        }
        skip_space(r);
        frame *f = &r->stack[r->depth - 1];
        bool object = f->container->kind == ZH_JSON_OBJECT;
        char c = r->p < r->end ? *r->p : '\0';
        if (c == ',') {
            r->p++;
            skip_space(r);
            *open = true;
            return ZH_OK;
        }
        if (c != (object ? '}' : ']')) {
            return refuse(r, r->p, object ? "缺少逗号或右花括号" : "缺少逗号或右方括号");
        }
        r->p++;
        r->depth--;
        if (object && f->container->n > COMPARE_MAX) {
            zh_rc rc = check_names(r, f->container);
            if (rc != ZH_OK) {
                return rc;
            }
        }
    }
}

/* Reads one value, or the opening of a container; *opened tells which. */
static zh_rc read_value(reader *r, zh_json **out, bool *opened)
{
    zh_json *value = ZH_TRY_N(r->arena, zh_json, 1);
    zh_rc rc = ZH_OK;
    if (value == NULL) {
        return no_memory(r);
    }
    frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;
    bool member = f != NULL && f->container->kind == ZH_JSON_OBJECT;
    if (member && (rc = read_name(r, value)) != ZH_OK) {
        return rc;
    }
    if (r->p == r->end) {
        return refuse(r, r->p, "文本提前结束");
    }
    value->line = r->line;
    value->column = column(r, r->p);
    *out = value;
    if (f != NULL) {
        append(f, value);
    }
    if (member && (rc = check_name(r, f, value)) != ZH_OK) {
        return rc;
    }
    *opened = *r->p == '{' || *r->p == '[';
    if (!*opened) {
        return read_scalar(r, value);
    }
    if (r->depth == ZH_JSON_DEPTH_MAX) {
        return refuse_at(r, ZH_ELIMIT, "json.depth", r->line, column(r, r->p), "嵌套超过 128 层");
    }
    value->kind = *r->p == '{' ? ZH_JSON_OBJECT : ZH_JSON_ARRAY;
    r->stack[r->depth++] = (frame){.container = value};
    r->p++;
    skip_space(r);
    return ZH_OK;
}

static zh_rc read_tree(reader *r, zh_json **out)
{
    bool open = true;
    zh_json *root = NULL;
    while (open) {
        zh_json *value = NULL;
        bool opened;
        zh_rc rc = read_value(r, &value, &opened);
        if (rc != ZH_OK) {
            return rc;
        }
        root = root == NULL ? value : root;
        char close = value->kind == ZH_JSON_OBJECT ? '}' : ']';
        if (opened && !(r->p < r->end && *r->p == close)) {
            continue; /* its first member or element */
        }
        rc = after_value(r, &open);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    *out = root;
    return ZH_OK;
}

/* Reads the value at the front of text and the white space around it. */
static zh_rc read_front(reader *r, zh_arena *arena, zh_str text, zh_json **out, zh_err *err)
{
    r->p = text.n ? text.p : "";
    r->end = r->p + text.n;
    r->line_start = r->p;
    r->line = 1;
    r->tails = 0;
    r->arena = arena;
    r->err = err;
    r->depth = 0; /* frames are set as they come into use */
    skip_space(r);
    if (r->p == r->end) {
        return refuse(r, r->p, "没有内容");
    }
    zh_rc rc = read_tree(r, out);
    if (rc == ZH_OK) {
        skip_space(r);
    }
    return rc;
}

zh_rc zh_json_parse(zh_arena *arena, zh_str text, zh_json **out, zh_err *err)
{
    reader r;
    zh_rc rc = read_front(&r, arena, text, out, err);
    return rc == ZH_OK && r.p != r.end ? refuse(&r, r.p, "值之后还有多余的内容") : rc;
}

zh_rc zh_json_parse_prefix(zh_arena *arena, zh_str *text, zh_json **out, zh_err *err)
{
    reader r;
    zh_rc rc = read_front(&r, arena, *text, out, err);
    if (rc == ZH_OK) {
        *text = (zh_str){r.p, (size_t)(r.end - r.p)};
    }
    return rc;
}

/* --- access --- */

const zh_json *zh_json_get(const zh_json *object, const char *name)
{
    if (object == NULL || object->kind != ZH_JSON_OBJECT) {
        return NULL;
    }
    zh_str wanted = zh_str_of(name);
    for (const zh_json *m = object->first; m != NULL; m = m->next) {
        if (zh_str_eq(m->name, wanted)) {
            return m;
        }
    }
    return NULL;
}

const zh_json *zh_json_at(const zh_json *array, size_t index)
{
    if (array == NULL || array->kind != ZH_JSON_ARRAY || index >= array->n) {
        return NULL;
    }
    const zh_json *element = array->first;
    while (index-- > 0) {
        element = element->next;
    }
    return element;
}

zh_str zh_json_str(const zh_json *value, zh_str otherwise)
{
    return value != NULL && value->kind == ZH_JSON_STRING ? value->text : otherwise;
}

zh_rc zh_json_i64(const zh_json *value, int64_t *out)
{
    return value != NULL && value->kind == ZH_JSON_NUMBER ? zh_str_i64(value->text, out)
                                                          : ZH_EINVAL;
}

zh_rc zh_json_double(const zh_json *value, double *out)
{
    if (value != NULL && value->kind == ZH_JSON_NUMBER) {
        return zh_str_double(value->text, out);
    }
    zh_str text = zh_json_str(value, ZH_STR_NONE);
    if (!zh_str_is(text, "Inf") && !zh_str_is(text, "-Inf")) {
        return ZH_EINVAL;
    }
    *out = text.p[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    return ZH_OK;
}

/* --- writer --- */

void zh_jw_init(zh_jw *w, zh_buf *out, unsigned indent)
{
    *w = (zh_jw){.out = out, .indent = indent};
}

static void new_line(zh_jw *w)
{
    static const char spaces[] = "                                ";
    if (w->indent == 0) {
        return;
    }
    zh_buf_c(w->out, '\n');
    for (size_t left = (size_t)w->depth * w->indent; left > 0;) {
        size_t n = left < sizeof spaces - 1 ? left : sizeof spaces - 1;
        zh_buf_add(w->out, spaces, n);
        left -= n;
    }
}

/* What stands before a name, an element or the value at the top. */
static void separate(zh_jw *w)
{
    zh_assert(w->depth > 0 || !w->after_value);
    if (w->after_value) {
        zh_buf_c(w->out, ',');
    }
    if (w->depth > 0) {
        new_line(w);
    }
}

static void before_value(zh_jw *w)
{
    if (!w->after_key) {
        separate(w);
    }
    w->after_key = false;
    w->after_value = true;
}

static void open_container(zh_jw *w, char bracket)
{
    before_value(w);
    zh_buf_c(w->out, bracket);
    w->depth++;
    w->after_value = false;
}

static void close_container(zh_jw *w, char bracket)
{
    zh_assert(w->depth > 0 && !w->after_key);
    w->depth--;
    if (w->after_value) {
        new_line(w);
    }
    zh_buf_c(w->out, bracket);
    w->after_value = true;
}

void zh_jw_object(zh_jw *w)
{
    open_container(w, '{');
}

void zh_jw_object_end(zh_jw *w)
{
    close_container(w, '}');
}

void zh_jw_array(zh_jw *w)
{
    open_container(w, '[');
}

void zh_jw_array_end(zh_jw *w)
{
    close_container(w, ']');
}

/* Writes the escape of a byte that cannot stand in a string. */
static void add_escape(zh_buf *out, unsigned char c)
{
    static const char letters[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        char text[2] = {'\\', (char)c};
        zh_buf_add(out, text, 2);
    } else if (letters[c] != '\0') {
        char text[2] = {'\\', letters[c]};
        zh_buf_add(out, text, 2);
    } else {
        char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        zh_buf_add(out, text, 6);
    }
}

static void add_string(zh_buf *out, zh_str s)
{
    const char *end = s.p + s.n;
    zh_buf_c(out, '"');
    for (const char *p = s.p; p < end;) {
        const char *stop = p;
        for (;;) {
            stop = skip_plain(stop, end);
            if (stop == end || (unsigned char)*stop < 0x80) {
                break;
            }
            size_t n = multibyte_run(stop, end);
            zh_assert(n != 0); /* text is checked where it enters */
            stop += n;
        }
        zh_buf_add(out, p, (size_t)(stop - p));
        if (stop < end) {
            add_escape(out, (unsigned char)*stop++);
        }
        p = stop;
    }
    zh_buf_c(out, '"');
}

void zh_jw_key_str(zh_jw *w, zh_str name)
{
    zh_assert(w->depth > 0 && !w->after_key);
    separate(w);
    add_string(w->out, name);
    zh_buf_add(w->out, ": ", w->indent ? 2 : 1);
    w->after_key = true;
    w->after_value = false;
}

void zh_jw_key(zh_jw *w, const char *name)
{
    zh_jw_key_str(w, zh_str_of(name));
}

void zh_jw_str(zh_jw *w, zh_str value)
{
    before_value(w);
    add_string(w->out, value);
}

void zh_jw_z(zh_jw *w, const char *value)
{
    if (value == NULL) {
        zh_jw_null(w);
    } else {
        zh_jw_str(w, zh_str_of(value));
    }
}

void zh_jw_i64(zh_jw *w, int64_t value)
{
    before_value(w);
    zh_buf_fmt(w->out, "%lld", (long long)value);
}

void zh_jw_u64(zh_jw *w, uint64_t value)
{
    before_value(w);
    zh_buf_fmt(w->out, "%llu", (unsigned long long)value);
}

void zh_jw_double(zh_jw *w, double value)
{
    char text[ZH_DOUBLE_TEXT_MAX];
    if (!isfinite(value)) {
        zh_jw_z(w, isnan(value) ? NULL : value < 0 ? "-Inf" : "Inf");
        return;
    }
    size_t n = zh_double_text(value, text);
    before_value(w);
    zh_buf_add(w->out, text, n);
}

void zh_jw_raw_number(zh_jw *w, zh_str text)
{
    if (text.n == 0 || number_length(text) != text.n) {
        zh_jw_str(w, text);
        return;
    }
    before_value(w);
    zh_buf_str(w->out, text);
}

void zh_jw_bool(zh_jw *w, bool value)
{
    before_value(w);
    zh_buf_z(w->out, value ? "true" : "false");
}

void zh_jw_null(zh_jw *w)
{
    before_value(w);
    zh_buf_z(w->out, "null");
}

void zh_jw_kv(zh_jw *w, const char *name, zh_str value)
{
    zh_jw_key(w, name);
    zh_jw_str(w, value);
}

void zh_jw_kz(zh_jw *w, const char *name, const char *value)
{
    zh_jw_key(w, name);
    zh_jw_z(w, value);
}

void zh_jw_ki(zh_jw *w, const char *name, int64_t value)
{
    zh_jw_key(w, name);
    zh_jw_i64(w, value);
}
