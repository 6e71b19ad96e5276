/* The JSON door of the engines. */
#include "engine/door.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

zh_door zh_door_open(zh_arena *arena, const zh_json *input, zh_err *err)
{
    return (zh_door){.arena = arena, .input = input, .err = err, .rc = ZH_OK};
}

static const zh_json *member(const zh_door *door, const char *name)
{
    const zh_json *value = zh_json_get(door->input, name);
    return value != NULL && value->kind != ZH_JSON_NULL ? value : NULL;
}

bool zh_door_has(const zh_door *door, const char *name)
{
    return member(door, name) != NULL;
}

zh_rc zh_door_refuse(zh_door *door, const char *name, const char *format, ...)
{
    char text[512];
    va_list list;
    if (door->rc != ZH_OK) {
        return door->rc;
    }
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), zh_err_text(door->err, format), list);
    va_end(list);
    door->rc = zh_err_set(door->err, ZH_EINVAL, "calc.input", "%s：%s", name, text);
    zh_err_where(door->err, "%s", name);
    return door->rc;
}

static const zh_json *required(zh_door *door, const char *name, const char *what)
{
    const zh_json *value = member(door, name);
    if (value == NULL) {
        (void)zh_door_refuse(door, name, "输入缺少它，要%s", zh_err_text(door->err, what));
    }
    return value;
}

static double number_of(zh_door *door, const char *name, const zh_json *value)
{
    double x = 0.0;
    if (zh_json_double(value, &x) != ZH_OK || !isfinite(x)) {
        (void)zh_door_refuse(door, name, "不是有限的数（第 %zu 行第 %zu 列）", value->line,
                             value->column);
        return 0.0;
    }
    return x;
}

double zh_door_number(zh_door *door, const char *name)
{
    const zh_json *value = required(door, name, "一个数");
    return value != NULL ? number_of(door, name, value) : 0.0;
}

double zh_door_number_or(zh_door *door, const char *name, double otherwise)
{
    return zh_door_has(door, name) ? zh_door_number(door, name) : otherwise;
}

double zh_door_between(zh_door *door, const char *name, double lower, double upper)
{
    double x = zh_door_number(door, name);
    if (door->rc == ZH_OK && !(x > lower && x < upper)) {
        (void)zh_door_refuse(door, name, "%g 不在 %g 与 %g 之间（不含两端）", x, lower, upper);
    }
    return x;
}

double zh_door_between_or(zh_door *door, const char *name, double lower, double upper,
                          double otherwise)
{
    return zh_door_has(door, name) ? zh_door_between(door, name, lower, upper) : otherwise;
}

static int64_t integer_of(zh_door *door, const char *name, const zh_json *value, int64_t lower,
                          int64_t upper)
{
    int64_t x = 0;
    double d = 0.0;
    bool whole = zh_json_i64(value, &x) == ZH_OK;
    /* 3.0 and 1e3 are integers too. */
    if (!whole && zh_json_double(value, &d) == ZH_OK && fabs(d) < 9e15 && floor(d) == d) {
        x = (int64_t)d;
        whole = true;
    }
    if (!whole || x < lower || x > upper) {
        (void)zh_door_refuse(door, name, "要 %lld 到 %lld 的整数（第 %zu 行第 %zu 列）",
                             (long long)lower, (long long)upper, value->line, value->column);
        return lower;
    }
    return x;
}

int64_t zh_door_integer(zh_door *door, const char *name, int64_t lower, int64_t upper)
{
    const zh_json *value = required(door, name, "一个整数");
    return value != NULL ? integer_of(door, name, value, lower, upper) : lower;
}

int64_t zh_door_integer_or(zh_door *door, const char *name, int64_t lower, int64_t upper,
                           int64_t otherwise)
{
    return zh_door_has(door, name) ? zh_door_integer(door, name, lower, upper) : otherwise;
}

bool zh_door_flag(zh_door *door, const char *name, bool otherwise)
{
    const zh_json *value = member(door, name);
    if (value == NULL) {
        return otherwise;
    }
    if (value->kind != ZH_JSON_BOOL) {
        (void)zh_door_refuse(door, name, "要 true 或 false");
    }
    return value->boolean;
}

zh_str zh_door_word(zh_door *door, const char *name)
{
    const zh_json *value = required(door, name, "一段文字");
    if (value != NULL && value->kind != ZH_JSON_STRING) {
        (void)zh_door_refuse(door, name, "要一段文字");
        return ZH_STR_NONE;
    }
    return value != NULL ? value->text : ZH_STR_NONE;
}

size_t zh_door_choice(zh_door *door, const char *name, const char *const *choices, size_t otherwise)
{
    if (!zh_door_has(door, name)) {
        return otherwise;
    }
    zh_str word = zh_door_word(door, name);
    char list[320] = "";
    size_t used = 0;
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (zh_str_is(word, choices[i])) {
            return i;
        }
        int more = snprintf(list + used, sizeof(list) - used, "%s%s",
                            i > 0 ? zh_err_text(door->err, "、") : "", choices[i]);
        used = more > 0 && (size_t)more < sizeof(list) - used ? used + (size_t)more : used;
    }
    (void)zh_door_refuse(door, name, "没有“%.*s”，可用：%s", ZH_FMT(word), list);
    return otherwise;
}

/* ---- vectors ---- */

double *zh_door_room(zh_door *door, size_t n)
{
    double *v = n <= SIZE_MAX / sizeof(double) - 1 ? ZH_TRY_N(door->arena, double, n + 1) : NULL;
    if (v == NULL && door->rc == ZH_OK) {
        door->rc = zh_err_set(door->err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    return v;
}

/* The elements of a vector: those of an array, or the one bare value itself. */
static const zh_json *elements(zh_door *door, const char *name, size_t *n)
{
    const zh_json *value = required(door, name, "一列值");
    *n = 0;
    if (value == NULL) {
        return NULL;
    }
    bool array = value->kind == ZH_JSON_ARRAY;
    *n = array ? value->n : 1;
    if (*n > ZH_DOOR_NUMBERS_MAX) {
        door->rc = zh_err_set(door->err, ZH_ELIMIT, "calc.size", "%s 有 %zu 个值，最多 %zu 个",
                              name, *n, ZH_DOOR_NUMBERS_MAX);
        *n = 0;
    }
    return array ? value->first : value;
}

enum numbers_kind { FINITE, GAPS, LIMITS };

static zh_numbers numbers(zh_door *door, const char *name, enum numbers_kind kind)
{
    zh_numbers out = {0};
    size_t n;
    const zh_json *value = elements(door, name, &n);
    out.v = zh_door_room(door, n);
    if (out.v == NULL || door->rc != ZH_OK) {
        return (zh_numbers){0, out.v};
    }
    for (out.n = 0; out.n < n; out.n++, value = value->next) {
        double x = 0.0;
        if (kind == GAPS && value->kind == ZH_JSON_NULL) {
            x = (double)NAN;
        } else if (kind != LIMITS || zh_json_double(value, &x) != ZH_OK || !isinf(x)) {
            x = number_of(door, name, value);
        }
        out.v[out.n] = x;
    }
    return out;
}

zh_numbers zh_door_numbers(zh_door *door, const char *name)
{
    return numbers(door, name, FINITE);
}

zh_numbers zh_door_numbers_gaps(zh_door *door, const char *name)
{
    return numbers(door, name, GAPS);
}

zh_numbers zh_door_numbers_limits(zh_door *door, const char *name)
{
    return numbers(door, name, LIMITS);
}

zh_counts zh_door_counts(zh_door *door, const char *name, int64_t lower, int64_t upper)
{
    zh_counts out = {0};
    size_t n;
    const zh_json *value = elements(door, name, &n);
    out.v = ZH_TRY_N(door->arena, int64_t, n + 1);
    if (out.v == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
    }
    if (door->rc != ZH_OK) {
        return (zh_counts){0, out.v};
    }
    for (out.n = 0; out.n < n; out.n++, value = value->next) {
        out.v[out.n] = integer_of(door, name, value, lower, upper);
    }
    return out;
}

zh_words zh_door_words(zh_door *door, const char *name)
{
    zh_words out = {0};
    size_t n;
    const zh_json *value = elements(door, name, &n);
    out.v = door->rc == ZH_OK ? ZH_TRY_N(door->arena, zh_str, n + 1) : NULL;
    if (out.v == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return out;
    }
    for (; out.n < n; out.n++, value = value->next) {
        switch (value->kind) {
        case ZH_JSON_STRING:
        case ZH_JSON_NUMBER: out.v[out.n] = value->text; break;
        case ZH_JSON_BOOL: out.v[out.n] = value->boolean ? ZH_STR("true") : ZH_STR("false"); break;
        case ZH_JSON_NULL: out.v[out.n] = ZH_STR_NONE; break;
        case ZH_JSON_ARRAY:
        case ZH_JSON_OBJECT:
            (void)zh_door_refuse(door, name, "要一列文字或数");
            out.v[out.n] = ZH_STR_NONE;
            break;
        }
    }
    return out;
}

/* ---- matrices and groups ---- */

static bool read_row(zh_door *door, const char *name, const zh_json *row, zh_matrix *m, size_t at)
{
    const zh_json *value = row->kind == ZH_JSON_ARRAY ? row->first : row;
    size_t n = row->kind == ZH_JSON_ARRAY ? row->n : 1;
    if (n != m->cols) {
        (void)zh_door_refuse(door, name, "第 %zu 行有 %zu 个值，第 1 行有 %zu 个", at + 1, n,
                             m->cols);
        return false;
    }
    for (size_t j = 0; j < n; j++, value = value->next) {
        m->v[at * n + j] = number_of(door, name, value);
    }
    return door->rc == ZH_OK;
}

zh_matrix zh_door_matrix(zh_door *door, const char *name)
{
    zh_matrix m = {0};
    size_t rows;
    const zh_json *row = elements(door, name, &rows);
    if (door->rc != ZH_OK || rows == 0) {
        m.v = zh_door_room(door, 0);
        return m;
    }
    m.cols = row->kind == ZH_JSON_ARRAY ? row->n : 1;
    if (m.cols > 0 && rows > ZH_DOOR_NUMBERS_MAX / m.cols) {
        door->rc =
            zh_err_set(door->err, ZH_ELIMIT, "calc.size", "%s 有 %zu × %zu 个值，最多 %zu 个", name,
                       rows, m.cols, ZH_DOOR_NUMBERS_MAX);
        return (zh_matrix){0};
    }
    m.v = zh_door_room(door, rows * m.cols);
    if (m.v == NULL) {
        return (zh_matrix){0};
    }
    for (; m.rows < rows && read_row(door, name, row, &m, m.rows); row = row->next) {
        m.rows++;
    }
    return m;
}

struct place {
    zh_str word;
    size_t at;
};

static int by_word(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    int order = zh_str_cmp(x->word, y->word);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

size_t *zh_door_groups(zh_door *door, zh_words words, size_t *groups)
{
    *groups = 0;
    struct place *places = ZH_TRY_N(door->arena, struct place, words.n + 1);
    size_t *first = ZH_TRY_N(door->arena, size_t, words.n + 1);
    size_t *group = ZH_TRY_N(door->arena, size_t, words.n + 1);
    if (places == NULL || first == NULL || group == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return NULL;
    }
    for (size_t i = 0; i < words.n; i++) {
        places[i] = (struct place){words.v[i], i};
    }
    zh_sort(places, words.n, sizeof(*places), by_word);
    for (size_t i = 0, head = 0; i < words.n; i++) {
        head = i > 0 && zh_str_eq(places[i].word, places[i - 1].word) ? head : places[i].at;
        first[places[i].at] = head;
    }
    for (size_t i = 0; i < words.n; i++) {
        group[i] = first[i] == i ? (*groups)++ : group[first[i]];
    }
    return group;
}

/* ---- writing ---- */

void zh_put_number(zh_jw *out, const char *name, double value)
{
    zh_jw_key(out, name);
    zh_jw_double(out, value);
}

void zh_put_count(zh_jw *out, const char *name, int64_t value)
{
    zh_jw_ki(out, name, value);
}

void zh_put_flag(zh_jw *out, const char *name, bool value)
{
    zh_jw_key(out, name);
    zh_jw_bool(out, value);
}

void zh_put_text(zh_jw *out, const char *name, const char *value)
{
    zh_jw_kz(out, name, value);
}

static void put_list(zh_jw *out, const char *name, const double *v, size_t n)
{
    if (name != NULL) {
        zh_jw_key(out, name);
    }
    zh_jw_array(out);
    for (size_t i = 0; i < n; i++) {
        zh_jw_double(out, v[i]);
    }
    zh_jw_array_end(out);
}

void zh_put_numbers(zh_jw *out, const char *name, const double *v, size_t n)
{
    put_list(out, name, v, n);
}

void zh_put_counts(zh_jw *out, const char *name, const int64_t *v, size_t n)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < n; i++) {
        zh_jw_i64(out, v[i]);
    }
    zh_jw_array_end(out);
}

void zh_put_positions(zh_jw *out, const char *name, const bool *v, size_t n)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < n; i++) {
        if (v[i]) {
            zh_jw_u64(out, i + 1);
        }
    }
    zh_jw_array_end(out);
}

void zh_put_flags(zh_jw *out, const char *name, const bool *v, size_t n)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < n; i++) {
        zh_jw_bool(out, v[i]);
    }
    zh_jw_array_end(out);
}

void zh_put_matrix(zh_jw *out, const char *name, const zh_matrix *m)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < m->rows; i++) {
        put_list(out, NULL, zh_matrix_row(m, i), m->cols);
    }
    zh_jw_array_end(out);
}
