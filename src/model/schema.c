/* Table-driven checks of declaration YAML; see schema.h. */
#include "model/schema.h"
#include <stdio.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------------------------------
 */

static void emit(zh_cx *cx, const zh_err *one)
{
    cx->errors++;
    if (cx->rc == ZH_OK) {
        cx->rc = one->rc;
    }
    if (cx->err != NULL && cx->err->rc == ZH_OK) {
        *cx->err = *one;
    }
    if (cx->report == NULL || cx->errors > ZH_MODEL_ERRORS_MAX) {
        return;
    }
    zh_buf_fmt(cx->report, "%s: %s [%s]", one->where, one->message, one->rule);
    if (one->fix[0] != '\0') {
        zh_buf_fmt(cx->report, " %s", one->fix);
    }
    zh_buf_c(cx->report, '\n');
    if (cx->errors == ZH_MODEL_ERRORS_MAX) {
        zh_buf_fmt(cx->report, "已有 %d 处错误，不再列出其余\n", ZH_MODEL_ERRORS_MAX);
    }
}

ZH_PRINTF(4, 0)
static void fill(zh_err *one, const char *rule, const char *fix, const char *format, va_list args)
{
    char message[sizeof(one->message)];
    (void)vsnprintf(message, sizeof(message), format, args);
    *one = (zh_err){0};
    (void)zh_err_set(one, ZH_EINVAL, rule, "%s", message);
    if (fix != NULL && fix[0] != '\0') {
        zh_err_fix(one, "%s", fix);
    }
}

void zh_cx_error(zh_cx *cx, const zh_yaml *node, const char *rule, const char *fix,
                 const char *format, ...)
{
    zh_err one;
    va_list args;
    va_start(args, format);
    fill(&one, rule, fix, format, args);
    va_end(args);
    zh_yaml_where(node, &one);
    emit(cx, &one);
}

void zh_cx_key_error(zh_cx *cx, const zh_yaml *node, const char *rule, const char *fix,
                     const char *format, ...)
{
    zh_err one;
    va_list args;
    va_start(args, format);
    fill(&one, rule, fix, format, args);
    va_end(args);
    zh_yaml_key_where(node, &one);
    emit(cx, &one);
}

void zh_cx_line_error(zh_cx *cx, zh_str file, size_t line, const char *rule, const char *format,
                      ...)
{
    zh_err one;
    va_list args;
    va_start(args, format);
    fill(&one, rule, NULL, format, args);
    va_end(args);
    zh_err_where(&one, "%.*s:%zu:1", ZH_FMT(file), line);
    emit(cx, &one);
}

void zh_cx_forward(zh_cx *cx, const zh_yaml *node, const zh_err *found)
{
    zh_err one = *found;
    if (one.where[0] == '\0') {
        zh_yaml_where(node, &one);
    }
    emit(cx, &one);
}

/* ---- scalars -----------------------------------------------------------------------------------
 */

bool zh_id_valid(zh_str s)
{
    if (s.n == 0 || s.n > ZH_ID_BYTES_MAX || s.p[0] < 'a' || s.p[0] > 'z' || s.p[s.n - 1] == '_') {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!letter && (s.p[i] != '_' || s.p[i + 1] == '_')) {
            return false;
        }
    }
    return true;
}

static bool path_valid(zh_str s)
{
    ptrdiff_t dot = zh_str_chr(s, '.');
    if (dot < 0) {
        return zh_id_valid(s);
    }
    return zh_id_valid(zh_str_sub(s, 0, (size_t)dot)) &&
           zh_id_valid(zh_str_sub(s, (size_t)dot + 1, s.n));
}

static bool name_valid(zh_str s)
{
    if (s.n == 0 || s.n > 200) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ') {
            return false;
        }
    }
    return true;
}

int zh_choice(const char *choices, zh_str text)
{
    zh_str rest = zh_str_of(choices), piece;
    for (int i = 0; zh_str_split(&rest, '|', &piece); i++) {
        if (zh_str_eq(piece, text)) {
            return i;
        }
    }
    return -1;
}

#define BOOLS "false|true|no|yes|否|是" /* odd positions are true */

bool zh_duration_parse(zh_str text, int32_t *amount, zh_unit_time *unit)
{
    ptrdiff_t space = zh_str_chr(text, ' ');
    int64_t n;
    if (space <= 0 || zh_str_i64(zh_str_sub(text, 0, (size_t)space), &n) != ZH_OK || n < 0 ||
        n > 1000000) {
        return false;
    }
    int u = zh_choice("hour|day|working_day|month|year",
                      zh_str_trim(zh_str_sub(text, (size_t)space, text.n)));
    if (u < 0) {
        return false;
    }
    *amount = (int32_t)n;
    *unit = (zh_unit_time)u;
    return true;
}

static bool number_parse(zh_str text, uint32_t *out)
{
    uint64_t n;
    if (zh_str_u64(text, &n) != ZH_OK || n > 4000000000u) {
        return false;
    }
    *out = (uint32_t)n;
    return true;
}

/* ---- checks ------------------------------------------------------------------------------------
 */

const char *zh_schema_nearest(zh_arena *arena, zh_str wanted, const zh_str *known, size_t n)
{
    size_t best = 3;
    const zh_str *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = zh_str_distance(wanted, known[i], best);
        if (d < best && d * 3 <= wanted.n + 1) { /* a short word has few letters to be wrong in */
            best = d;
            nearest = &known[i];
        }
    }
    if (nearest == NULL) {
        return "";
    }
    return zh_str_fmt(arena, "是不是「%.*s」?", ZH_FMT(*nearest)).p;
}

static const char *expected(zh_arg arg)
{
    switch (arg) {
    case ZH_ARG_ID: return "标识(小写字母开头，由小写字母、数字和单个下划线组成，至多 40 个字符)";
    case ZH_ARG_PATH: return "字段标识，可写成「表.列」";
    case ZH_ARG_NAME: return "不含空白的名称";
    case ZH_ARG_TEXT: return "文字";
    case ZH_ARG_LABEL: return "名称：文字，或 {zh: 中文, en: English}";
    case ZH_ARG_BOOL: return "true 或 false";
    case ZH_ARG_NUMBER: return "不带符号的整数";
    case ZH_ARG_DECIMAL: return "小数";
    case ZH_ARG_DATE: return "日期 YYYY-MM-DD";
    case ZH_ARG_DURATION: return "时长，如 15 working_day(单位 hour day working_day month year)";
    case ZH_ARG_CHOICE: return "列出的取值之一";
    case ZH_ARG_MAP:
    case ZH_ARG_DICT:
    case ZH_ARG_TEXTS: return "一组「键: 值」";
    case ZH_ARG_ANY: return "值";
    }
    return "值";
}

static bool scalar_fits(const zh_key *key, zh_str text)
{
    zh_decimal d;
    zh_date date;
    int32_t amount;
    uint32_t number;
    zh_unit_time unit;
    switch (key->arg) {
    case ZH_ARG_ID: return zh_id_valid(text);
    case ZH_ARG_PATH: return path_valid(text);
    case ZH_ARG_NAME: return name_valid(text);
    case ZH_ARG_TEXT:
    case ZH_ARG_LABEL: return text.n > 0;
    case ZH_ARG_BOOL: return zh_choice(BOOLS, text) >= 0;
    case ZH_ARG_NUMBER: return number_parse(text, &number);
    case ZH_ARG_DECIMAL: return zh_decimal_parse(text, false, &d) == ZH_OK;
    case ZH_ARG_DATE: return zh_date_parse(text, &date) == ZH_OK;
    case ZH_ARG_DURATION: return zh_duration_parse(text, &amount, &unit);
    case ZH_ARG_CHOICE: return zh_choice(key->choices, text) >= 0;
    case ZH_ARG_MAP:
    case ZH_ARG_DICT:
    case ZH_ARG_TEXTS: return false;
    case ZH_ARG_ANY: return true;
    }
    return false;
}

static const zh_key label_keys[] = {
    {.name = "zh", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "en", .arg = ZH_ARG_TEXT},
};
static const zh_schema label_schema = {"名称", label_keys, ZH_COUNTOF(label_keys)};

static void wrong_kind(zh_cx *cx, const zh_yaml *node, const zh_key *key)
{
    if (key->arg == ZH_ARG_CHOICE) {
        const char *fix = zh_str_fmt(cx->arena, "可用的值：%s", key->choices).p;
        zh_cx_error(cx, node, "model.choice", fix, "「%s」不能是「%.*s」", key->name,
                    ZH_FMT(node->text));
        return;
    }
    if (node->kind == ZH_YAML_SCALAR) {
        zh_cx_error(cx, node, "model.type", NULL, "「%s」应为%s,不是「%.*s」", key->name,
                    expected(key->arg), ZH_FMT(zh_str_sub(node->text, 0, 80)));
    } else {
        zh_cx_error(cx, node, "model.type", NULL, "「%s」应为%s,不是%s", key->name,
                    expected(key->arg), node->kind == ZH_YAML_SEQUENCE ? "列表" : "一组键值");
    }
}

static void check_dict(zh_cx *cx, const zh_yaml *node, const zh_key *key)
{
    for (const zh_yaml *item = node->first; item != NULL; item = item->next) {
        if (!zh_id_valid(item->key)) {
            zh_cx_key_error(cx, item, "model.id", NULL, "「%.*s」不是合法的标识：应为%s",
                            ZH_FMT(item->key), expected(ZH_ARG_ID));
        }
        if (item->kind != ZH_YAML_MAPPING) {
            zh_cx_error(cx, item, "model.type", NULL, "「%.*s」应为一组「键: 值」",
                        ZH_FMT(item->key));
        } else {
            zh_schema_check(cx, item, key->sub);
        }
    }
}

static void check_one(zh_cx *cx, const zh_yaml *node, const zh_key *key)
{
    if (key->arg == ZH_ARG_ANY) {
        return;
    }
    if (node->kind == ZH_YAML_SCALAR) {
        if (!scalar_fits(key, node->text)) {
            wrong_kind(cx, node, key);
        }
        return;
    }
    if (node->kind == ZH_YAML_SEQUENCE) {
        wrong_kind(cx, node, key);
        return;
    }
    switch (key->arg) {
    case ZH_ARG_LABEL: zh_schema_check(cx, node, &label_schema); break;
    case ZH_ARG_MAP: zh_schema_check(cx, node, key->sub); break;
    case ZH_ARG_DICT: check_dict(cx, node, key); break;
    case ZH_ARG_TEXTS:
        for (const zh_yaml *item = node->first; item != NULL; item = item->next) {
            if (item->kind != ZH_YAML_SCALAR) {
                zh_cx_error(cx, item, "model.type", NULL, "「%.*s」应为文字", ZH_FMT(item->key));
            }
        }
        break;
    case ZH_ARG_ID:
    case ZH_ARG_PATH:
    case ZH_ARG_NAME:
    case ZH_ARG_TEXT:
    case ZH_ARG_BOOL:
    case ZH_ARG_NUMBER:
    case ZH_ARG_DECIMAL:
    case ZH_ARG_DATE:
    case ZH_ARG_DURATION:
    case ZH_ARG_CHOICE:
    case ZH_ARG_ANY:
    default: wrong_kind(cx, node, key); break;
    }
}

static void unknown_key(zh_cx *cx, const zh_yaml *child, const zh_schema *schema)
{
    zh_str known[64] = {{0}};
    size_t n = 0;
    for (size_t k = 0; k < schema->n && n < ZH_COUNTOF(known); k++) {
        known[n++] = zh_str_of(schema->keys[k].name);
    }
    const char *fix = zh_schema_nearest(cx->arena, child->key, known, n);
    if (fix[0] == '\0') {
        zh_buf all;
        zh_buf_init(&all, 2048);
        zh_buf_z(&all, "可用的键:");
        for (size_t k = 0; k < n; k++) {
            zh_buf_fmt(&all, "%s%.*s", k == 0 ? "" : " ", ZH_FMT(known[k]));
        }
        fix = zh_str_dup(cx->arena, zh_buf_view(&all)).p;
        zh_buf_free(&all);
    }
    zh_cx_key_error(cx, child, "model.key.unknown", fix, "%s没有「%.*s」这个键", schema->what,
                    ZH_FMT(child->key));
}

static const zh_key *find_key(const zh_schema *schema, zh_str name)
{
    for (size_t k = 0; k < schema->n; k++) {
        if (zh_str_is(name, schema->keys[k].name)) {
            return &schema->keys[k];
        }
    }
    return NULL;
}

void zh_schema_check(zh_cx *cx, const zh_yaml *node, const zh_schema *schema)
{
    if (node->kind != ZH_YAML_MAPPING) {
        zh_cx_error(cx, node, "model.type", NULL, "%s应为一组「键: 值」", schema->what);
        return;
    }
    for (const zh_yaml *child = node->first; child != NULL; child = child->next) {
        const zh_key *key = find_key(schema, child->key);
        if (key == NULL) {
            unknown_key(cx, child, schema);
        } else if (key->many && child->kind == ZH_YAML_SEQUENCE) {
            for (const zh_yaml *item = child->first; item != NULL; item = item->next) {
                check_one(cx, item, key);
            }
        } else {
            check_one(cx, child, key);
        }
    }
    for (size_t k = 0; k < schema->n; k++) {
        if (schema->keys[k].required && zh_yaml_get(node, schema->keys[k].name) == NULL) {
            zh_cx_error(cx, node, "model.key.missing", NULL, "%s缺少「%s」", schema->what,
                        schema->keys[k].name);
        }
    }
}

/* ---- getters -----------------------------------------------------------------------------------
 */

zh_str zh_get_text(const zh_yaml *map, const char *key)
{
    const zh_yaml *node = zh_yaml_get(map, key);
    return node != NULL && node->kind == ZH_YAML_SCALAR ? node->text : ZH_STR_NONE;
}

bool zh_get_bool(const zh_yaml *map, const char *key, bool otherwise)
{
    int i = zh_choice(BOOLS, zh_get_text(map, key));
    return i < 0 ? otherwise : i % 2 == 1;
}

uint32_t zh_get_number(const zh_yaml *map, const char *key, uint32_t otherwise)
{
    uint32_t n;
    return number_parse(zh_get_text(map, key), &n) ? n : otherwise;
}

zh_date zh_get_date(const zh_yaml *map, const char *key, zh_date otherwise)
{
    zh_date d;
    return zh_date_parse(zh_get_text(map, key), &d) == ZH_OK ? d : otherwise;
}

zh_label zh_label_of(const zh_yaml *node)
{
    if (node == NULL) {
        return (zh_label){0};
    }
    if (node->kind == ZH_YAML_SCALAR) {
        return (zh_label){.zh = node->text};
    }
    return (zh_label){.zh = zh_get_text(node, "zh"), .en = zh_get_text(node, "en")};
}

zh_label zh_get_label(const zh_yaml *map, const char *key)
{
    return zh_label_of(zh_yaml_get(map, key));
}

bool zh_get_duration(const zh_yaml *map, const char *key, int32_t *amount, zh_unit_time *unit)
{
    return zh_duration_parse(zh_get_text(map, key), amount, unit);
}

const zh_yaml *zh_first(const zh_yaml *map, const char *key)
{
    const zh_yaml *node = zh_yaml_get(map, key);
    return node != NULL && node->kind == ZH_YAML_SEQUENCE ? node->first : node;
}

const zh_yaml *zh_next(const zh_yaml *item)
{
    return item->parent != NULL && item->parent->kind == ZH_YAML_SEQUENCE ? item->next : NULL;
}

const zh_label *zh_get_labels(zh_arena *arena, const zh_yaml *map, const char *key, size_t *n)
{
    size_t count = 0;
    *n = 0;
    for (const zh_yaml *i = zh_first(map, key); i != NULL; i = zh_next(i)) {
        count++;
    }
    zh_label *out = count > 0 ? ZH_TRY_N(arena, zh_label, count) : NULL;
    for (const zh_yaml *i = zh_first(map, key); i != NULL && out != NULL; i = zh_next(i)) {
        out[(*n)++] = zh_label_of(i);
    }
    return out;
}

const zh_str *zh_get_texts(zh_arena *arena, const zh_yaml *map, const char *key, size_t *n)
{
    size_t count = 0;
    *n = 0;
    for (const zh_yaml *i = zh_first(map, key); i != NULL; i = zh_next(i)) {
        count++;
    }
    if (count == 0) {
        return NULL;
    }
    zh_str *out = ZH_TRY_N(arena, zh_str, count);
    for (const zh_yaml *i = zh_first(map, key); i != NULL && out != NULL; i = zh_next(i)) {
        if (i->kind == ZH_YAML_SCALAR) {
            out[(*n)++] = i->text;
        }
    }
    return out;
}
