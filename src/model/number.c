/* Numbers as people write them in cells; see number.h. */
#include "model/number.h"
#include "base/utf8.h"
#include <string.h>

/* ---- marks -------------------------------------------------------------------------------------
 */

typedef struct word {
    const char *text; /* ASCII letters in lower case */
    zh_value_mark mark;
} word;

/* Half-width: every dash is '-' here. The list is documented in doc/declarations.md. */
static const word words[] = {
    {"未检出", ZH_MARK_NOT_DETECTED},     {"未检测出", ZH_MARK_NOT_DETECTED},
    {"检不出", ZH_MARK_NOT_DETECTED},     {"不检出", ZH_MARK_NOT_DETECTED},
    {"低于检出限", ZH_MARK_NOT_DETECTED}, {"小于检出限", ZH_MARK_NOT_DETECTED},
    {"nd", ZH_MARK_NOT_DETECTED},         {"n.d.", ZH_MARK_NOT_DETECTED},
    {"n.d", ZH_MARK_NOT_DETECTED},        {"not detected", ZH_MARK_NOT_DETECTED},
    {"<lod", ZH_MARK_NOT_DETECTED},       {"<loq", ZH_MARK_NOT_DETECTED},
    {"<mdl", ZH_MARK_NOT_DETECTED},       {"未测", ZH_MARK_NOT_MEASURED},
    {"未检", ZH_MARK_NOT_MEASURED},       {"未检测", ZH_MARK_NOT_MEASURED},
    {"未测定", ZH_MARK_NOT_MEASURED},     {"缺测", ZH_MARK_NOT_MEASURED},
    {"nm", ZH_MARK_NOT_MEASURED},         {"-", ZH_MARK_NOT_MEASURED},
    {"--", ZH_MARK_NOT_MEASURED},         {"---", ZH_MARK_NOT_MEASURED},
    {"不适用", ZH_MARK_NOT_APPLICABLE},   {"不涉及", ZH_MARK_NOT_APPLICABLE},
    {"na", ZH_MARK_NOT_APPLICABLE},       {"n/a", ZH_MARK_NOT_APPLICABLE},
    {"n.a.", ZH_MARK_NOT_APPLICABLE},     {"n.a", ZH_MARK_NOT_APPLICABLE},
    {"/", ZH_MARK_NOT_APPLICABLE},        {"\\", ZH_MARK_NOT_APPLICABLE},
    {"未报", ZH_MARK_NOT_REPORTED},       {"未报送", ZH_MARK_NOT_REPORTED},
    {"未填", ZH_MARK_NOT_REPORTED},       {"未填报", ZH_MARK_NOT_REPORTED},
    {"缺报", ZH_MARK_NOT_REPORTED},       {"无", ZH_MARK_NOT_REPORTED},
    {"无数据", ZH_MARK_NOT_REPORTED},     {"不详", ZH_MARK_NOT_REPORTED},
    {"缺失", ZH_MARK_NOT_REPORTED},       {"nr", ZH_MARK_NOT_REPORTED},
    {"null", ZH_MARK_NOT_REPORTED},       {"none", ZH_MARK_NOT_REPORTED},
    {"nil", ZH_MARK_NOT_REPORTED},        {"nan", ZH_MARK_NOT_REPORTED},
    {"…", ZH_MARK_NOT_REPORTED},          {"……", ZH_MARK_NOT_REPORTED},
    {"...", ZH_MARK_NOT_REPORTED},        {"......", ZH_MARK_NOT_REPORTED},
    {"?", ZH_MARK_NOT_REPORTED},
};

static bool same_word(zh_str s, const char *lower)
{
    if (s.n != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if ((char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != lower[i]) {
            return false;
        }
    }
    return true;
}

static bool find_word(zh_str s, zh_value_mark *mark)
{
    for (size_t i = 0; i < ZH_COUNTOF(words) && s.n <= 24; i++) {
        if (same_word(s, words[i].text)) {
            *mark = words[i].mark;
            return true;
        }
    }
    return false;
}

/* 未检出(<0.05), ND<0.05: leaves <0.05. */
static zh_str strip_not_detected(zh_str s)
{
    ptrdiff_t less = zh_str_chr(s, '<');
    if (less <= 0) {
        return s;
    }
    zh_str head = zh_str_trim(zh_str_sub(s, 0, (size_t)less));
    zh_str tail = zh_str_sub(s, (size_t)less, s.n);
    if (zh_str_ends(head, ZH_STR("(")) && zh_str_ends(tail, ZH_STR(")"))) {
        head = zh_str_trim(zh_str_sub(head, 0, head.n - 1));
        tail = zh_str_sub(tail, 0, tail.n - 1);
    }
    zh_value_mark mark;
    return find_word(head, &mark) && mark == ZH_MARK_NOT_DETECTED ? tail : s;
}

/* ---- scanning ----------------------------------------------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the number at the start of s, and whether it has thousands separators. 0: none, or
 * separators that do not stand every three digits. */
static size_t scan_number(zh_str s, bool *separated)
{
    size_t i = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-') ? 1 : 0, from = i, group = 0;
    *separated = false;
    for (; i < s.n && (is_digit(s.p[i]) || s.p[i] == ','); i++) {
        if (s.p[i] != ',') {
            group++;
            continue;
        }
        if (i == from || (*separated ? group != 3 : group > 3)) {
            return 0;
        }
        *separated = true;
        group = 0;
    }
    if (*separated && group != 3) {
        return 0;
    }
    bool any = i > from;
    if (i < s.n && s.p[i] == '.') {
        i++;
        while (i < s.n && is_digit(s.p[i])) {
            i++;
            any = true;
        }
    }
    if (!any) {
        return 0;
    }
    size_t e = i;
    if (e < s.n && (s.p[e] == 'e' || s.p[e] == 'E')) {
        e += e + 1 < s.n && (s.p[e + 1] == '+' || s.p[e + 1] == '-') ? 2 : 1;
        size_t digits = e;
        while (e < s.n && is_digit(s.p[e])) {
            e++;
        }
        i = e > digits ? e : i;
    }
    return i;
}

/* -12, 0.050: what zh_decimal_format would write, so that the text can be borrowed. */
static bool canonical(zh_str s)
{
    size_t i = s.n > 0 && s.p[0] == '-' ? 1 : 0, from = i;
    while (i < s.n && is_digit(s.p[i])) {
        i++;
    }
    if (i == from || (s.p[from] == '0' && i > from + 1)) {
        return false;
    }
    if (i == s.n) {
        return from == 0 || s.p[from] != '0';
    }
    size_t point = i++;
    while (i < s.n && is_digit(s.p[i])) {
        i++;
    }
    return s.p[point] == '.' && i == s.n && i > point + 1 && from == 0;
}

/* More digits than a decimal holds, of a number that will be rounded to `digits` places anyway: an
 * export writes -2.77555756156289e-17 for 0. Seventeen digits are kept and a last digit 1 stands
 * for whatever is cut off, so that rounding decides as if all were there, also after a change of
 * unit. ZH_ELIMIT: the whole part is too long, or what was cut off lies too near to the wanted
 * places. */
static zh_rc parse_cut(zh_str s, uint8_t digits, zh_decimal *out)
{
    enum { LAST = 1 - ZH_DECIMAL_DIGITS_MAX, SPARE = 6 };
    const int64_t full = INT64_C(10000000000000000);
    bool minus = s.p[0] == '-', cut = false;
    size_t e = 0;
    while (e < s.n && s.p[e] != 'e' && s.p[e] != 'E') {
        e++;
    }
    int64_t exponent = 0;
    zh_str power = zh_str_sub(s, e + 1 + (e + 1 < s.n && s.p[e + 1] == '+'), s.n);
    if (e < s.n && (zh_str_i64(power, &exponent) != ZH_OK || exponent > 999 || exponent < -999)) {
        return ZH_ELIMIT;
    }
    size_t from = minus || s.p[0] == '+' ? 1 : 0;
    ptrdiff_t dot = zh_str_chr(zh_str_sub(s, 0, e), '.');
    int64_t place = (dot < 0 ? (int64_t)e : dot) - (int64_t)from + exponent - 1;
    int64_t v = 0, last = LAST;
    for (size_t i = from; i < e; i++) {
        if (s.p[i] == '.') {
            continue;
        }
        if (v < full && place >= LAST) {
            v = v * 10 + (s.p[i] - '0');
            last = place;
        } else if (place >= 0) {
            return ZH_ELIMIT;
        } else {
            cut = cut || s.p[i] != '0';
        }
        place--;
    }
    if (last > 0 || (cut && digits + SPARE > 1 - last)) {
        return ZH_ELIMIT;
    }
    v = cut ? v * 10 + 1 : v;
    *out = (zh_decimal){minus ? -v : v, (uint8_t)(cut - last)};
    return ZH_OK;
}

static zh_rc parse_digits(const zh_field *field, zh_arena *arena, zh_str s, bool separated,
                          zh_decimal *out, bool *changed, zh_err *err)
{
    if (separated) {
        char *p = zh_arena_try(arena, s.n + 1);
        size_t n = 0;
        for (size_t i = 0; i < s.n && p != NULL; i++) {
            if (s.p[i] != ',') {
                p[n++] = s.p[i];
            }
        }
        s = (zh_str){p, n};
    }
    zh_rc rc = zh_decimal_parse(s, true, out);
    if (rc == ZH_ELIMIT && field->rounding != ZH_ROUND_REFUSE) {
        rc = parse_cut(s, field->digits, out);
        *changed = true;
    }
    if (rc == ZH_ELIMIT) {
        return zh_err_set(err, ZH_EINVAL, "field.decimal.size", "「%.*s」超过 18 位数字",
                          ZH_FMT(s));
    }
    return rc == ZH_OK ? ZH_OK
                       : zh_err_set(err, ZH_EINVAL, "field.decimal", "「%.*s」不是数", ZH_FMT(s));
}

/* ---- units -------------------------------------------------------------------------------------
 */

static zh_i128 gcd(zh_i128 a, zh_i128 b)
{
    while (b != 0) {
        zh_i128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static zh_i128 ten_to(unsigned n)
{
    zh_i128 v = 1;
    while (n-- > 0) {
        v *= 10;
    }
    return v;
}

static const zh_i128 limit_i128 = (zh_i128)1 << 125;

/* n when v = 10^n, else -1. */
static int log_ten(zh_i128 v)
{
    int n = 0;
    while (v > 1 && v % 10 == 0) {
        v /= 10;
        n++;
    }
    return v == 1 ? n : -1;
}

zh_rc zh_unit_convert(zh_decimal v, const struct zh_unit *from, const struct zh_unit *to,
                      uint8_t digits, zh_rounding rounding, zh_decimal *out)
{
    /* from/to = up/down in lowest terms */
    zh_i128 up = (zh_i128)from->factor.scaled * ten_to(to->factor.digits);
    zh_i128 down = (zh_i128)to->factor.scaled * ten_to(from->factor.digits);
    if (up <= 0 || down <= 0) {
        return ZH_EINVAL;
    }
    zh_i128 common = gcd(up, down);
    up /= common;
    down /= common;
    zh_i128 num = (zh_i128)v.scaled, den = ten_to(v.digits);
    if (up > limit_i128 / ten_to(18) || down > limit_i128 / den) {
        return ZH_ELIMIT;
    }
    num *= up;
    den *= down;
    /* A power of ten moves the point and keeps the digits that were written. */
    int shift = down == 1 ? -log_ten(up) : log_ten(down);
    bool power = (down == 1 && log_ten(up) >= 0) || (up == 1 && log_ten(down) >= 0);
    int first = power ? v.digits + shift : 0;
    for (int d = first < 0 ? 0 : first; d <= ZH_DECIMAL_DIGITS_MAX; d++) {
        zh_rc rc = zh_i128_ratio(num, den, (uint8_t)d, ZH_ROUND_REFUSE, out);
        if (rc != ZH_EINVAL) {
            return rc;
        }
    }
    return zh_i128_ratio(num, den, digits, rounding, out);
}

static const struct zh_unit *unit_of(const zh_model *model, zh_str name)
{
    return model == NULL ? NULL : zh_map_get(&model->unit_by_name, name);
}

/* 万 and 亿 after a number, when no unit explains them. */
static bool take_magnitude(zh_str *rest, int *tens)
{
    *tens = zh_str_starts(*rest, ZH_STR("万")) ? 4 : zh_str_starts(*rest, ZH_STR("亿")) ? 8 : 0;
    if (*tens == 0) {
        return false;
    }
    *rest = zh_str_trim(zh_str_sub(*rest, 3, rest->n));
    return true;
}

static zh_rc shift_up(zh_decimal *v, int tens)
{
    int cut = tens < v->digits ? tens : v->digits;
    v->digits = (uint8_t)(v->digits - cut);
    for (int i = cut; i < tens; i++) {
        if (v->scaled > INT64_C(99999999999999999) || v->scaled < INT64_C(-99999999999999999)) {
            return ZH_ELIMIT;
        }
        v->scaled *= 10;
    }
    return ZH_OK;
}

static zh_rc shift_down(zh_decimal *v, int tens)
{
    if (v->digits + tens > ZH_DECIMAL_DIGITS_MAX) {
        return ZH_ELIMIT;
    }
    v->digits = (uint8_t)(v->digits + tens);
    return ZH_OK;
}

static zh_rc too_big(zh_err *err)
{
    return zh_err_set(err, ZH_EINVAL, "field.decimal.size", "数值超过 18 位数字");
}

static zh_rc unknown_unit(const zh_field *field, zh_str unit, zh_err *err)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "field.quantity.unit", "不认识单位「%.*s」",
                          ZH_FMT(zh_str_sub(unit, 0, 40)));
    if (field->unit.n > 0) {
        zh_err_fix(err, "本字段的单位是 %.*s", ZH_FMT(field->unit));
    } else {
        zh_err_fix(err, "单位须在单位表中，如 mg/kg、μg/L、CFU/g");
    }
    return rc;
}

/* What stands after the number: nothing, a unit, a percent sign, a magnitude. */
static zh_rc apply_unit(const zh_model *model, const zh_field *field, zh_str rest, zh_value *v,
                        bool *changed, zh_err *err)
{
    const struct zh_unit *unit = rest.n == 0 ? NULL : unit_of(model, rest);
    int tens;
    if (unit == NULL && rest.n > 0 && !zh_str_eq(rest, field->unit) &&
        take_magnitude(&rest, &tens)) {
        *changed = true;
        if (shift_up(&v->decimal, tens) != ZH_OK) {
            return too_big(err);
        }
        unit = rest.n == 0 ? NULL : unit_of(model, rest);
    }
    if (rest.n == 0 || zh_str_eq(rest, field->unit)) {
        v->unit = field->unit;
        return ZH_OK;
    }
    if (field->type == ZH_TYPE_DECIMAL) {
        if (zh_str_is(rest, "%") || zh_str_is(rest, "‰")) {
            *changed = true;
            return shift_down(&v->decimal, rest.n == 1 ? 2 : 3) == ZH_OK ? ZH_OK : too_big(err);
        }
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "field.decimal.unit", "数字后面有多余的「%.*s」",
                              ZH_FMT(zh_str_sub(rest, 0, 40)));
        zh_err_fix(err, "本字段不带单位，只写数字");
        return rc;
    }
    if (unit == NULL) {
        return unknown_unit(field, rest, err);
    }
    v->unit = field->unit.n > 0 ? field->unit : unit->code;
    if (field->unit.n == 0 || zh_str_eq(unit->code, field->unit)) {
        return ZH_OK;
    }
    const struct zh_unit *to = unit_of(model, field->unit);
    if (to == NULL || !zh_str_eq(to->dimension, unit->dimension)) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "field.quantity.dimension", "%.*s 不能换算成 %.*s",
                              ZH_FMT(unit->code), ZH_FMT(field->unit));
        zh_err_fix(err, "本字段的单位是 %.*s", ZH_FMT(field->unit));
        return rc;
    }
    *changed = true;
    zh_rc rc = zh_unit_convert(v->decimal, unit, to, field->digits, field->rounding, &v->decimal);
    if (rc != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "field.quantity.convert",
                          "由 %.*s 换算成 %.*s 除不尽或超过 18 位", ZH_FMT(unit->code),
                          ZH_FMT(field->unit));
    }
    return ZH_OK;
}

/* ---- putting it together -----------------------------------------------------------------------
 */

static zh_rc fit_digits(const zh_field *field, zh_value *v, bool *changed, zh_err *err)
{
    zh_decimal fitted;
    zh_rc rc = zh_decimal_rescale(v->decimal, field->digits, field->rounding, &fitted);
    if (rc == ZH_EINVAL) {
        char text[24];
        text[zh_decimal_format(v->decimal, text)] = '\0';
        rc = zh_err_set(err, ZH_EINVAL, "field.decimal.digits", "%s 的小数位数超过 %u 位", text,
                        field->digits);
        zh_err_fix(err, "按规定位数填写，或由登记册声明修约规则");
        return rc;
    }
    if (rc != ZH_OK) {
        return too_big(err);
    }
    *changed = *changed || zh_decimal_cmp(v->decimal, fitted) != 0;
    if (*changed && v->decimal.digits > fitted.digits) {
        v->decimal = fitted;
    }
    return ZH_OK;
}

/* The decimal keeps the written digits until here; then it takes the field's. */
static zh_rc finish(const zh_field *field, zh_arena *arena, zh_str written, bool changed,
                    zh_value *v, zh_err *err)
{
    zh_rc rc = fit_digits(field, v, &changed, err);
    if (rc != ZH_OK) {
        return rc;
    }
    v->text = !changed && canonical(written) ? written : zh_decimal_str(arena, v->decimal);
    return zh_decimal_rescale(v->decimal, field->digits, ZH_ROUND_REFUSE, &v->decimal);
}

static zh_rc not_a_number(zh_str text, zh_err *err)
{
    static const char *const limits[] = {"≤", "≥", "<=", ">=", "±", "~", "约"};
    zh_str cut = zh_str_sub(text, 0, 60);
    for (size_t i = 0; i < ZH_COUNTOF(limits); i++) {
        if (zh_str_find(text, zh_str_of(limits[i])) >= 0) {
            zh_rc rc = zh_err_set(err, ZH_EINVAL, "field.decimal.limit",
                                  "「%.*s」是限值、区间或约数的写法，不是一个测得值", ZH_FMT(cut));
            zh_err_fix(err, "写数值本身；低于检出限写 <0.05 或 未检出");
            return rc;
        }
    }
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "field.decimal", "「%.*s」不是数", ZH_FMT(cut));
    zh_err_fix(err, "写数字；没有数时写 未检出、未测、不适用 或 未报");
    return rc;
}

/* In environmental reports 0.05L, without a space, means "below the detection limit 0.05" (HJ/T
 * 91-2002). */
static bool is_limit_letter(const zh_model *model, const zh_field *field, zh_str rest)
{
    if (!zh_str_is(rest, "L")) {
        return false;
    }
    const struct zh_unit *unit = unit_of(model, field->unit);
    return unit == NULL || !zh_str_is(unit->dimension, "volume");
}

static zh_rc parse_loose(const zh_model *model, const zh_field *field, zh_arena *arena, zh_str text,
                         zh_value *out, zh_err *err)
{
    zh_str s;
    zh_rc rc = zh_utf8_halfwidth(arena, text, &s);
    if (rc != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "field.text.character", "文字无法识别");
    }
    s = zh_str_trim(s);
    *out = (zh_value){.kind = ZH_DECIMAL, .unit = field->unit};
    if (find_word(s, &out->mark)) {
        return ZH_OK;
    }
    s = strip_not_detected(s);
    if (zh_str_starts(s, ZH_STR("﹤")) || zh_str_starts(s, ZH_STR("﹥"))) { /* small forms */
        out->mark = zh_str_starts(s, ZH_STR("﹤")) ? ZH_MARK_BELOW : ZH_MARK_ABOVE;
        s = zh_str_trim(zh_str_sub(s, 3, s.n));
    } else if (s.n > 1 && (s.p[0] == '<' || s.p[0] == '>') && s.p[1] != '=') {
        out->mark = s.p[0] == '<' ? ZH_MARK_BELOW : ZH_MARK_ABOVE;
        s = zh_str_trim(zh_str_sub(s, 1, s.n));
    }
    bool separated, changed = false;
    size_t n = scan_number(s, &separated);
    if (n == 0) {
        return not_a_number(text, err);
    }
    zh_str written = zh_str_sub(s, 0, n), rest = zh_str_trim(zh_str_sub(s, n, s.n));
    rc = parse_digits(field, arena, written, separated, &out->decimal, &changed, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (out->mark == ZH_MARK_EXACT && is_limit_letter(model, field, zh_str_sub(s, n, s.n))) {
        out->mark = ZH_MARK_BELOW;
        rest = ZH_STR_NONE;
    }
    if (rest.n > 0 && (is_digit(rest.p[0]) || strchr("+-~,.", rest.p[0]) != NULL ||
                       zh_str_starts(rest, ZH_STR("±")))) {
        return not_a_number(text, err);
    }
    rc = apply_unit(model, field, rest, out, &changed, err);
    return rc == ZH_OK ? finish(field, arena, written, changed, out, err) : rc;
}

zh_rc zh_number_parse(const zh_model *model, const zh_field *field, zh_arena *arena, zh_str text,
                      zh_value *out, zh_err *err)
{
    if (canonical(text)) {
        *out = (zh_value){.kind = ZH_DECIMAL, .unit = field->unit};
        zh_rc rc = zh_decimal_parse(text, false, &out->decimal);
        if (rc == ZH_OK) {
            return finish(field, arena, text, false, out, err);
        }
    }
    return parse_loose(model, field, arena, text, out, err);
}
