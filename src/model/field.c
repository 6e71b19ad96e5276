/* Values of fields: from the text a person or a file wrote, and checks of values that came another
 * way.
 *
 * This is the hot path of intake (20 cells a row, a million rows): text that is plain already
 * (ASCII digits, ISO dates, a code itself) is taken without a copy. Rules and marks are listed for
 * authors in doc/declarations.md, "How text becomes a value". */
#include "base/os.h"
#include "base/utf8.h"
#include "model/compile.h"
#include "model/number.h"
#include <string.h>

enum { STRING_MAX = 200, TEXT_MAX = 20000, KEY_MAX = 200, FILE_HEX = 64 };

typedef struct job {
    const zh_model *model;
    const zh_field *field;
    zh_arena *arena;
    zh_date at;
    zh_err *err;
} job;

ZH_PRINTF(4, 5)
static zh_rc fail(const job *j, zh_rc rc, const char *rule, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    zh_str message = zh_str_vfmt(j->arena, zh_err_text(j->err, format), args);
    va_end(args);
    (void)zh_err_set(j->err, rc, rule, "%.*s：%.*s", ZH_FMT(zh_label_for(j->err, j->field->label)),
                     ZH_FMT(message));
    zh_err_where(j->err, "%.*s", ZH_FMT(j->field->id));
    return rc;
}

static zh_str shown(zh_str text)
{
    zh_str cut = zh_str_sub(text, 0, 60);
    while (cut.n < text.n && cut.n > 0 && ((unsigned char)text.p[cut.n] & 0xC0u) == 0x80u) {
        cut.n--;
    }
    return cut;
}

/* How forms and tables write "nothing here", besides an empty cell. */
static bool is_blank_mark(zh_str s)
{
    static const char *const marks[] = {"-",  "--", "---", "/",    "\\",   "—",   "–",  "——",
                                        "――", "―",  "－",  "null", "NULL", "N/A", "NA", "n/a"};
    if (s.n > 6) {
        return false;
    }
    for (size_t i = 0; i < ZH_COUNTOF(marks); i++) {
        if (zh_str_is(s, marks[i])) {
            return true;
        }
    }
    return false;
}

/* 4.20106E+17: a spreadsheet turned a code into a float and lost its last digits. */
static bool is_scientific(zh_str s)
{
    size_t i = 0;
    while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.')) {
        i++;
    }
    if (i == 0 || i + 3 > s.n || (s.p[i] != 'E' && s.p[i] != 'e') || s.p[i + 1] != '+') {
        return false;
    }
    uint64_t exponent;
    return zh_str_u64(zh_str_sub(s, i + 2, s.n), &exponent) == ZH_OK;
}

static zh_rc refuse_scientific(const job *j, zh_str text)
{
    zh_rc rc = fail(j, ZH_EINVAL, "field.code.scientific",
                    "「%.*s」是电子表格改成的科学记数法，末尾数字已经丢失", ZH_FMT(shown(text)));
    zh_err_fix(j->err, "在源文件中把该列设为文本格式后重新导出");
    return rc;
}

/* ---- text --------------------------------------------------------------------------------------
 */

static zh_rc check_length(const job *j, zh_str text, size_t max)
{
    if (text.n <= max) {
        return ZH_OK; /* bytes are never fewer than characters */
    }
    size_t count = zh_utf8_count(text);
    if (count <= max) {
        return ZH_OK;
    }
    zh_rc rc = fail(j, ZH_EINVAL, "field.text.length", "有 %zu 个字符，至多 %zu 个", count, max);
    zh_err_fix(j->err, "缩短文字");
    return rc;
}

static size_t length_max(const zh_field *field)
{
    if (field->length_max > 0) {
        return field->length_max;
    }
    return field->type == ZH_TYPE_TEXT ? TEXT_MAX : STRING_MAX;
}

static bool ascii_printable(zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

static zh_rc parse_format(const job *j, zh_str text, zh_str *out)
{
    if (is_scientific(text)) {
        return refuse_scientific(j, text);
    }
    zh_rc rc = zh_format_check(j->arena, j->field->format, text, out, j->err);
    if (rc != ZH_OK) {
        zh_err_where(j->err, "%.*s", ZH_FMT(j->field->id));
    }
    return rc;
}

static zh_rc parse_text(const job *j, zh_str text, zh_value *out)
{
    if (!ascii_printable(text)) {
        if (!zh_utf8_clean(text)) {
            return fail(j, ZH_EINVAL, "field.text.character", "含有控制字符或不可见的方向控制符");
        }
        if (zh_utf8_nfc(j->arena, text, &text) != ZH_OK) {
            return fail(j, ZH_EINVAL, "field.text.character", "文字无法识别");
        }
    }
    zh_rc rc = ZH_OK;
    if (j->field->format.n > 0) {
        rc = parse_format(j, text, &text);
        if (rc != ZH_OK && rc != ZH_ECONFLICT) {
            return rc;
        }
    }
    *out = zh_value_text(text);
    zh_rc length = check_length(j, text, length_max(j->field));
    return length != ZH_OK ? length : rc;
}

/* ---- codes -------------------------------------------------------------------------------------
 */

static zh_rc check_place(const job *j, const zh_code *code)
{
    const zh_field *f = j->field;
    if (f->level > 0 && code->level != f->level) {
        zh_str name = f->codes->level_names != NULL && f->level <= f->codes->levels
                          ? f->codes->level_names[f->level - 1]
                          : ZH_STR_NONE;
        zh_rc rc =
            fail(j, ZH_EINVAL, "field.code.level", "「%.*s %.*s」在第 %u 级，应为第 %u 级 %.*s",
                 ZH_FMT(code->code), ZH_FMT(code->label.zh), code->level, f->level, ZH_FMT(name));
        zh_err_fix(j->err, "改用该层级的编码");
        return rc;
    }
    if (f->leaf && !code->leaf) {
        zh_rc rc =
            fail(j, ZH_EINVAL, "field.code.leaf", "「%.*s %.*s」下面还有细分，应选到最细一级",
                 ZH_FMT(code->code), ZH_FMT(code->label.zh));
        zh_err_fix(j->err, "选它的下级编码");
        return rc;
    }
    return ZH_OK;
}

static zh_rc parse_code(const job *j, zh_str text, zh_value *out, char *how)
{
    const zh_code *code = NULL;
    char match = 0;
    zh_err found = zh_err_beside(j->err);
    zh_rc rc = zh_code_match(j->field->codes, j->arena, text, j->at, &code, &match, &found);
    if (rc == ZH_ENOTFOUND && is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    if (rc == ZH_ENOTFOUND && is_scientific(text)) {
        return refuse_scientific(j, text);
    }
    if (rc != ZH_OK) {
        rc = fail(j, rc == ZH_ENOTFOUND ? ZH_EINVAL : rc, found.rule, "%s", found.message);
        zh_err_fix(j->err, "%s", found.fix);
        if (code == NULL) {
            return rc;
        }
    }
    if (how != NULL) {
        *how = match;
    }
    *out = zh_value_text(code->code);
    return rc != ZH_OK ? rc : check_place(j, code);
}

/* ---- dates -------------------------------------------------------------------------------------
 */

/* The digits of a number at *at, after one separator when `separated`; -1 when there are none. */
static int next_number(zh_str s, size_t *at, bool separated)
{
    int n = -1;
    if (separated && *at < s.n && (s.p[*at] == '-' || s.p[*at] == '/' || s.p[*at] == '.')) {
        ++*at;
    }
    for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && n < 10000; ++*at) {
        n = (n < 0 ? 0 : n) * 10 + (s.p[*at] - '0');
    }
    return n;
}

/* Which part of a date that has the form of one is wrong; empty when it has not. */
static zh_str wrong_part(const job *j, zh_str text)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    size_t at = 0;
    int year = next_number(text, &at, false);
    int month = at == 4 ? next_number(text, &at, true) : -1;
    int day = month >= 0 ? next_number(text, &at, true) : -1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 0) {
        return ZH_STR_NONE;
    }
    if (month < 1 || month > 12) {
        return zh_str_fmt(j->arena, "：没有 %d 月", month);
    }
    int last = days[month - 1] - (month == 2 && !leap);
    return day < 1 || day > last ? zh_str_fmt(j->arena, "：%d 年 %d 月没有 %d 日", year, month, day)
                                 : ZH_STR_NONE;
}

/* A spreadsheet counts days from 1899-12-30; a cell without a date format shows that number. It may
 * be another number, so it is only pointed out. */
static bool hint_serial(const job *j, zh_str text)
{
    enum { FROM = 20000, TO = 60000 }; /* 1954 … 2064 */
    int64_t serial = 0;
    char day[16];
    bool is = zh_str_i64(text, &serial) == ZH_OK && serial >= FROM && serial <= TO;
    if (is) {
        zh_date_format((zh_date)(zh_date_of(1899, 12, 30) + serial), day);
        zh_err_fix(j->err, "若是表格软件的日期序号，它是 %s：设成日期格式，或写成 %s", day, day);
    }
    return is;
}

static zh_rc parse_instant(const job *j, zh_str text, zh_value *out)
{
    bool date_only = j->field->type == ZH_TYPE_DATE, has_clock;
    zh_date date;
    zh_time t;
    if (zh_date_parse(text, &date) == ZH_OK) {
        *out = date_only ? zh_value_date(date) : zh_value_time(zh_date_start(date));
        return ZH_OK;
    }
    if (is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    zh_str plain;
    if (zh_time_parse(text, &t) != ZH_OK &&
        (zh_utf8_halfwidth(j->arena, text, &plain) != ZH_OK ||
         zh_time_parse_loose(zh_str_trim(plain), "ymd", &t, &has_clock) != ZH_OK)) {
        zh_rc rc = fail(j, ZH_EINVAL, "field.date", "「%.*s」不是日期%.*s", ZH_FMT(shown(text)),
                        ZH_FMT(wrong_part(j, text)));
        if (!hint_serial(j, text)) {
            zh_err_fix(j->err, date_only ? "写成 2026-03-05" : "写成 2026-03-05 08:30");
        }
        return rc;
    }
    *out = date_only ? zh_value_date(zh_time_date(t)) : zh_value_time(t);
    return ZH_OK;
}

static bool is_open_end(zh_str s)
{
    static const char *const words[] = {"..", "长期", "长期有效", "至今", "不限", "永久"};
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        if (zh_str_is(s, words[i])) {
            return true;
        }
    }
    return false;
}

/* One end of a period; `last` asks for the last day of a named one (2026-03). */
static bool parse_end(zh_str text, bool last, zh_date *out)
{
    zh_date from, to;
    zh_time t;
    bool has_clock;
    text = zh_str_trim(text);
    if (last && is_open_end(text)) {
        *out = ZH_OPEN_END;
        return true;
    }
    if (zh_period_parse(text, &from, &to) == ZH_OK) {
        *out = last ? to : from;
        return true;
    }
    if (zh_time_parse_loose(text, "ymd", &t, &has_clock) == ZH_OK) {
        *out = zh_time_date(t);
        return true;
    }
    return false;
}

static zh_rc parse_period(const job *j, zh_str text, zh_value *out)
{
    static const char *const separators[] = {"至", "~", "到", "/", " - "};
    zh_date from = 0, to = 0;
    zh_str plain;
    bool right = zh_period_parse(text, &from, &to) == ZH_OK;
    if (!right && is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    if (!right && zh_utf8_halfwidth(j->arena, text, &plain) == ZH_OK) {
        for (size_t i = 0; i < ZH_COUNTOF(separators) && !right; i++) {
            zh_str separator = zh_str_of(separators[i]);
            ptrdiff_t cut = zh_str_find(plain, separator);
            right = cut > 0 && parse_end(zh_str_sub(plain, 0, (size_t)cut), false, &from) &&
                    parse_end(zh_str_sub(plain, (size_t)cut + separator.n, plain.n), true, &to);
        }
    }
    if (!right || from > to) {
        zh_rc rc = fail(j, ZH_EINVAL, "field.period",
                        right ? "「%.*s」的起始晚于截止" : "「%.*s」不是期间", ZH_FMT(shown(text)));
        zh_err_fix(j->err, "写成 2026-01-01/2026-12-31、2026-01-01/..(长期)、2026Q1 或 2026-03");
        return rc;
    }
    *out = (zh_value){.kind = ZH_PERIOD, .i = from, .to = to};
    return ZH_OK;
}

/* ---- the others --------------------------------------------------------------------------------
 */

static zh_rc parse_bool(const job *j, zh_str text, zh_value *out)
{
    static const char *const words[] = {"否", "是", "无", "有", "false", "true", "no", "yes", "n",
                                        "y",  "0",  "1",  "×",  "√",     "✗",    "✓",  "x",   "v"};
    zh_str folded;
    if (zh_utf8_fold(j->arena, text, &folded) == ZH_OK) {
        for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
            if (zh_str_is(folded, words[i]) || zh_str_is(text, words[i])) {
                *out = zh_value_bool(i % 2 == 1);
                return ZH_OK;
            }
        }
    }
    if (is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    zh_rc rc = fail(j, ZH_EINVAL, "field.bool", "「%.*s」不是「是」或「否」", ZH_FMT(shown(text)));
    zh_err_fix(j->err, "写 是 或 否");
    return rc;
}

static bool degree(zh_str text, int limit, zh_decimal *out)
{
    if (zh_decimal_parse(zh_str_trim(text), false, out) != ZH_OK) {
        return false;
    }
    zh_decimal size = *out;
    size.scaled = size.scaled < 0 ? -size.scaled : size.scaled;
    return zh_decimal_cmp(size, (zh_decimal){limit, 0}) <= 0;
}

static zh_rc parse_geo(const job *j, zh_str text, zh_value *out)
{
    zh_str plain = ZH_STR_NONE;
    zh_decimal longitude, latitude;
    if (is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    bool right = zh_utf8_halfwidth(j->arena, text, &plain) == ZH_OK;
    bool point = zh_str_starts(plain, ZH_STR("POINT")) && zh_str_ends(plain, ZH_STR(")"));
    if (point) {
        ptrdiff_t open = zh_str_chr(plain, '(');
        plain = zh_str_trim(zh_str_sub(plain, (size_t)(open + 1), plain.n - (size_t)open - 2));
    }
    ptrdiff_t cut = zh_str_chr(plain, point ? ' ' : ',');
    right = right && cut > 0 && degree(zh_str_sub(plain, 0, (size_t)cut), 180, &longitude) &&
            degree(zh_str_sub(plain, (size_t)cut + 1, plain.n), 90, &latitude);
    if (!right) {
        zh_rc rc =
            fail(j, ZH_EINVAL, "field.geo", "「%.*s」不是「经度,纬度」", ZH_FMT(shown(text)));
        zh_err_fix(j->err, "先经度后纬度，单位为度，如 114.30,30.60");
        return rc;
    }
    *out =
        zh_value_text(zh_str_fmt(j->arena, "%.*s,%.*s", ZH_FMT(zh_decimal_str(j->arena, longitude)),
                                 ZH_FMT(zh_decimal_str(j->arena, latitude))));
    return ZH_OK;
}

static bool is_digest(zh_str s)
{
    ptrdiff_t colon = zh_str_chr(s, ':');
    zh_str hex = zh_str_sub(s, (size_t)(colon + 1), s.n);
    unsigned char bytes[FILE_HEX / 2];
    return hex.n == FILE_HEX && zh_unhex(hex, bytes, sizeof(bytes));
}

static zh_rc parse_file(const job *j, zh_str text, zh_value *out)
{
    if (is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    if (!is_digest(text)) {
        zh_rc rc = fail(j, ZH_EINVAL, "field.file", "「%.*s」不是文件摘要", ZH_FMT(shown(text)));
        zh_err_fix(j->err, "先上传文件，这里写它的 64 位十六进制摘要");
        return rc;
    }
    *out = zh_value_text(text);
    return ZH_OK;
}

static zh_rc parse_ref(const job *j, zh_str text, zh_value *out)
{
    if (is_blank_mark(text)) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    if (is_scientific(text)) {
        return refuse_scientific(j, text);
    }
    if (!ascii_printable(text) &&
        (!zh_utf8_clean(text) || zh_utf8_nfc(j->arena, text, &text) != ZH_OK)) {
        return fail(j, ZH_EINVAL, "field.text.character", "文字无法识别");
    }
    *out = (zh_value){.kind = ZH_REF, .text = text};
    return check_length(j, text, KEY_MAX);
}

static zh_rc parse_number(const job *j, zh_str text, zh_value *out)
{
    zh_err found = zh_err_beside(j->err);
    zh_rc rc = zh_number_parse(j->model, j->field, j->arena, text, out, &found);
    if (rc == ZH_OK) {
        return ZH_OK;
    }
    (void)fail(j, rc, found.rule, "%s", found.message);
    zh_err_fix(j->err, "%s", found.fix);
    return rc;
}

zh_rc zh_field_parse(const zh_model *model, const zh_field *field, zh_arena *arena, zh_str text,
                     zh_date at, zh_value *out, char *how, zh_err *err)
{
    job j = {model, field, arena, at, err};
    *out = ZH_VALUE_NULL;
    if (how != NULL) {
        *how = 0;
    }
    text = zh_str_trim(text);
    while (zh_str_starts(text, ZH_STR("\xE3\x80\x80"))) { /* ideographic space */
        text = zh_str_trim(zh_str_sub(text, 3, text.n));
    }
    while (zh_str_ends(text, ZH_STR("\xE3\x80\x80"))) {
        text = zh_str_trim(zh_str_sub(text, 0, text.n - 3));
    }
    if (text.n == 0) {
        return ZH_OK;
    }
    switch (field->type) {
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_RANGE: return parse_text(&j, text, out);
    case ZH_TYPE_CODE: return parse_code(&j, text, out, how);
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME: return parse_instant(&j, text, out);
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY: return parse_number(&j, text, out);
    case ZH_TYPE_BOOL: return parse_bool(&j, text, out);
    case ZH_TYPE_FILE: return parse_file(&j, text, out);
    case ZH_TYPE_GEO: return parse_geo(&j, text, out);
    case ZH_TYPE_REF: return parse_ref(&j, text, out);
    case ZH_TYPE_PERIOD: return parse_period(&j, text, out);
    case ZH_TYPE_TABLE: break;
    }
    return fail(&j, ZH_EINVAL, "field.table", "是明细表，不能从一个单元格读取");
}

/* ---- checks of typed values --------------------------------------------------------------------
 */

zh_kind zh_field_kind(const zh_field *field)
{
    switch (field->type) {
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE: return ZH_TEXT;
    case ZH_TYPE_DATE: return ZH_DATE;
    case ZH_TYPE_DATETIME: return ZH_TIME;
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY: return ZH_DECIMAL;
    case ZH_TYPE_BOOL: return ZH_BOOL;
    case ZH_TYPE_REF: return ZH_REF;
    case ZH_TYPE_PERIOD: return ZH_PERIOD;
    case ZH_TYPE_TABLE: return ZH_NULL;
    }
    return ZH_NULL;
}

static zh_rc check_text(const job *j, const zh_value *value)
{
    if (j->field->type == ZH_TYPE_CODE) {
        const zh_code *code = zh_code_find(j->field->codes, value->text, j->at);
        if (code == NULL) {
            return fail(j, ZH_EINVAL, "code.unknown", "「%.*s」不是当时有效的编码",
                        ZH_FMT(shown(value->text)));
        }
        return check_place(j, code);
    }
    if (!zh_utf8_valid(value->text) || !zh_utf8_clean(value->text)) {
        return fail(j, ZH_EINVAL, "field.text.character", "含有控制字符或无法识别的文字");
    }
    if (j->field->type == ZH_TYPE_FILE && !is_digest(value->text)) {
        return fail(j, ZH_EINVAL, "field.file", "不是文件摘要");
    }
    zh_str normal = value->text;
    if (j->field->format.n > 0) {
        zh_rc rc = parse_format(j, value->text, &normal);
        if (rc != ZH_OK) {
            return rc;
        }
        if (!zh_str_eq(normal, value->text)) {
            return fail(j, ZH_EINVAL, "field.format", "「%.*s」的规范写法是「%.*s」",
                        ZH_FMT(shown(value->text)), ZH_FMT(normal));
        }
    }
    return check_length(j, value->text, length_max(j->field));
}

static zh_rc check_number(const job *j, const zh_value *value)
{
    zh_decimal scaled;
    if (j->field->type == ZH_TYPE_QUANTITY && j->field->unit.n > 0 &&
        !zh_str_eq(value->unit, j->field->unit)) {
        return fail(j, ZH_EINVAL, "field.quantity.unit", "单位应为 %.*s", ZH_FMT(j->field->unit));
    }
    bool has_number = value->mark == ZH_MARK_EXACT || value->mark == ZH_MARK_BELOW ||
                      value->mark == ZH_MARK_ABOVE;
    if (has_number &&
        zh_decimal_rescale(value->decimal, j->field->digits, ZH_ROUND_REFUSE, &scaled) != ZH_OK) {
        return fail(j, ZH_EINVAL, "field.decimal.digits", "至多 %u 位小数，总位数至多 18",
                    j->field->digits);
    }
    return ZH_OK;
}

zh_rc zh_field_check(const zh_model *model, const zh_field *field, const zh_value *value,
                     zh_date at, zh_err *err)
{
    if (value->kind == ZH_NULL) {
        return ZH_OK;
    }
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    job j = {model, field, arena, at, err};
    zh_rc rc;
    if (value->kind != zh_field_kind(field)) {
        rc = fail(&j, ZH_EINVAL, "field.type", "值的类型与字段不符");
    } else if (value->kind == ZH_TEXT) {
        rc = check_text(&j, value);
    } else if (value->kind == ZH_DECIMAL) {
        rc = check_number(&j, value);
    } else if (value->kind == ZH_PERIOD && value->i > value->to) {
        rc = fail(&j, ZH_EINVAL, "field.period", "起始晚于截止");
    } else {
        rc = ZH_OK;
    }
    zh_arena_free(arena);
    return rc;
}
