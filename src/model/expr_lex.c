/* Tokens of the expression language, with the position for messages and hints for signs that other
 * languages use. Limits: a name and a number are as long as the text, which is capped. */
#include "model/expr_private.h"
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t digits_at(zh_str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && is_digit(s.p[at + n])) {
        n++;
    }
    return n;
}

/* 2026-01-01 written without spaces; *n is its length. */
static bool looks_like_date(zh_str s, size_t at, size_t *n)
{
    enum { YEAR = 4, MONTH_AT = 5, DAY_AT = 8, LENGTH = 10 };
    if (at + LENGTH > s.n || digits_at(s, at) != YEAR || s.p[at + YEAR] != '-' ||
        digits_at(s, at + MONTH_AT) != 2 || s.p[at + MONTH_AT + 2] != '-' ||
        digits_at(s, at + DAY_AT) != 2) {
        return false;
    }
    *n = LENGTH;
    return true;
}

/* The time of day and zone after T: digits, ':' and '.', then Z or +hh:mm. */
static size_t clock_length(zh_str s, size_t at)
{
    size_t i = at + 1;
    while (i < s.n && (is_digit(s.p[i]) || s.p[i] == ':' || s.p[i] == '.')) {
        i++;
    }
    if (i < s.n && s.p[i] == 'Z') {
        return i + 1 - at;
    }
    enum { ZONE = 6 };
    if (i + ZONE <= s.n && (s.p[i] == '+' || s.p[i] == '-') && digits_at(s, i + 1) == 2 &&
        s.p[i + 3] == ':' && digits_at(s, i + 4) == 2) {
        i += ZONE;
    }
    return i - at;
}

static zh_rc read_date(zh_expr_job *job, size_t *at, size_t n, zh_token *out)
{
    zh_str s = job->text;
    bool instant = *at + n + 1 < s.n && s.p[*at + n] == 'T' && is_digit(s.p[*at + n + 1]);
    if (instant) {
        n += clock_length(s, *at + n);
    }
    out->kind = ZH_TOKEN_DATE;
    out->text = zh_str_sub(s, *at, n);
    zh_date date = 0;
    zh_time time = 0;
    zh_rc rc = instant ? zh_time_parse(out->text, &time) : zh_date_parse(out->text, &date);
    if (rc != ZH_OK) {
        return zh_expr_fail(job, out->at, "expr.literal.date", "日期 %.*s 不存在",
                            ZH_FMT(out->text));
    }
    out->value = instant ? zh_value_time(time) : zh_value_date(date);
    *at += n;
    return ZH_OK;
}

static void read_number(zh_expr_job *job, size_t *at, zh_token *out)
{
    zh_str s = job->text;
    size_t n = digits_at(s, *at);
    if (*at + n + 1 < s.n && s.p[*at + n] == '.' && is_digit(s.p[*at + n + 1])) {
        n += 1 + digits_at(s, *at + n + 1);
    }
    out->kind = ZH_TOKEN_NUMBER;
    out->text = zh_str_sub(s, *at, n);
    *at += n;
}

/* 'it''s': a doubled quote stands for one. */
static zh_rc read_text(zh_expr_job *job, size_t *at, zh_token *out)
{
    zh_str s = job->text;
    char quote = s.p[*at];
    size_t from = *at + 1;
    size_t i = from;
    size_t doubled = 0;
    for (;; i++) {
        if (i >= s.n) {
            return zh_expr_fail(job, out->at, "expr.syntax", "文本没有结束的引号 %c", quote);
        }
        if (s.p[i] == quote) {
            if (i + 1 < s.n && s.p[i + 1] == quote) {
                doubled++;
                i++;
                continue;
            }
            break;
        }
    }
    out->kind = ZH_TOKEN_TEXT;
    out->text = zh_str_sub(s, from, i - from);
    *at = i + 1;
    if (doubled) {
        char *copy = zh_arena_alloc(job->arena, out->text.n);
        size_t n = 0;
        for (size_t k = 0; k < out->text.n; k++) {
            copy[n++] = out->text.p[k];
            k += out->text.p[k] == quote;
        }
        out->text = (zh_str){copy, n};
    }
    return ZH_OK;
}

/* Signs of other languages and of Chinese keyboards, and what to write instead. */
static const struct foreign {
    const char *sign, *fix;
} foreign_signs[] = {
    {"==", "相等写成 ="},     {"&&", "并且写成 and"},
    {"||", "或者写成 or"},    {"**", "乘方写成 pow(x, y, 位数)"},
    {"<>", "不等写成 !="},    {"!", "否定写成 not"},
    {"（", "请用半角括号 ("}, {"）", "请用半角括号 )"},
    {"，", "请用半角逗号 ,"}, {"：", "请用半角冒号 :"},
    {"“", "请用半角引号 '"},  {"”", "请用半角引号 '"},
    {"‘", "请用半角引号 '"},  {"’", "请用半角引号 '"},
    {"≤", "写成 <="},         {"≥", "写成 >="},
    {"≠", "写成 !="},         {"？", "请用半角问号 ?"},
    {"＝", "请用半角等号 ="},
};

static const char *const signs[] = {"??", "!=", "<=", ">=", "(", ")", ",", ".", ":", "?",
                                    "@",  "&",  "+",  "-",  "*", "/", "%", "=", "<", ">"};

static zh_rc read_sign(zh_expr_job *job, size_t *at, zh_token *out)
{
    zh_str rest = zh_str_sub(job->text, *at, job->text.n);
    for (size_t i = 0; i < ZH_COUNTOF(foreign_signs); i++) {
        zh_str sign = zh_str_of(foreign_signs[i].sign);
        if (zh_str_starts(rest, sign) && !zh_str_starts(rest, ZH_STR("!="))) {
            zh_rc rc = zh_expr_fail(job, out->at, "expr.syntax", "这里不能用 %.*s", ZH_FMT(sign));
            zh_err_fix(job->err, "%s", zh_err_text(job->err, foreign_signs[i].fix));
            return rc;
        }
    }
    for (size_t i = 0; i < ZH_COUNTOF(signs); i++) {
        zh_str sign = zh_str_of(signs[i]);
        if (zh_str_starts(rest, sign)) {
            out->kind = ZH_TOKEN_SIGN;
            out->text = sign;
            *at += sign.n;
            return ZH_OK;
        }
    }
    if ((unsigned char)rest.p[0] >= 0x80) {
        zh_rc rc = zh_expr_fail(job, out->at, "expr.syntax", "引号外不能出现汉字或全角符号");
        zh_err_fix(job->err, "文本请放进引号，字段用声明中的 id");
        return rc;
    }
    return zh_expr_fail(job, out->at, "expr.syntax", "不认识的字符(编码 %u)",
                        (unsigned)(unsigned char)rest.p[0]);
}

zh_rc zh_expr_token(zh_expr_job *job, size_t *at, zh_token *out)
{
    zh_str s = job->text;
    while (*at < s.n && is_space(s.p[*at])) {
        ++*at;
    }
    *out = (zh_token){.at = (uint32_t)*at};
    if (*at >= s.n) {
        return ZH_OK;
    }
    size_t n = 0;
    if (looks_like_date(s, *at, &n)) {
        return read_date(job, at, n, out);
    }
    if (is_digit(s.p[*at])) {
        read_number(job, at, out);
        return ZH_OK;
    }
    if (s.p[*at] == '\'' || s.p[*at] == '"') {
        return read_text(job, at, out);
    }
    if (is_letter(s.p[*at])) {
        while (*at + n < s.n && (is_letter(s.p[*at + n]) || is_digit(s.p[*at + n]))) {
            n++;
        }
        out->kind = ZH_TOKEN_NAME;
        out->text = zh_str_sub(s, *at, n);
        *at += n;
        return ZH_OK;
    }
    return read_sign(job, at, out);
}
