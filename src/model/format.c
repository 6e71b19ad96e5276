/* Formats of identifiers: shape, check characters and canonical form.
 *
 * Rules: GB 32100-2015 (uscc), GB 11714-1997 (org_code), GS1 General Specifications 7.9 / GB 12904
 * (gtin, gln, sscc), GB/T 2260 (region6), GB/T 4754-2017 (gbt4754), GB 11643-1999 (id18). All
 * tables are constant; any number of threads. */
#include "base/utf8.h"
#include "model/model.h"
#include <string.h>

enum { CANONICAL_MAX = 64 };

static bool digits_only(zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return s.n > 0;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static zh_rc bad(zh_err *err, zh_rc rc, const char *rule, const char *clause, const char *message,
                 const char *fix)
{
    (void)zh_err_set(err, rc, rule, "%s", zh_err_text(err, message));
    zh_err_clause(err, "%s", zh_err_text(err, clause));
    zh_err_fix(err, "%s", zh_err_text(err, fix));
    return rc;
}

/* Half-width, upper case, without the characters in `drop`. Borrows text when nothing changes. */
static zh_rc compact(zh_arena *arena, zh_str text, const char *drop, zh_str *out, zh_err *err)
{
    zh_rc rc = zh_utf8_halfwidth(arena, text, out);
    if (rc != ZH_OK) {
        return zh_err_set(err, rc, "format.text", "文字无法识别");
    }
    bool same = true;
    for (size_t i = 0; i < out->n; i++) {
        char c = out->p[i];
        same = same && !(c >= 'a' && c <= 'z') && (c == '\0' || strchr(drop, c) == NULL);
    }
    if (same) {
        return ZH_OK;
    }
    char *p = zh_arena_try(arena, out->n + 1);
    if (p == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "format.memory", "内存不足");
    }
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        char c = out->p[i];
        if (c != '\0' && strchr(drop, c) != NULL) {
            continue;
        }
        p[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    *out = (zh_str){p, n};
    return ZH_OK;
}

/* ---- organisations -----------------------------------------------------------------------------
 */

/* GB 11714: weights 3 7 9 10 5 8 4 2, letters A = 10 …; 10 is X, 11 is 0. */
static bool org_code_right(const char *p)
{
    static const int weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 8; i++) {
        if (!is_digit(p[i]) && !is_upper(p[i])) {
            return false;
        }
        sum += weights[i] * (is_digit(p[i]) ? p[i] - '0' : p[i] - 'A' + 10);
    }
    int check = 11 - sum % 11;
    return p[8] == (check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check));
}

static int uscc_value(char c)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);
    return at == NULL ? -1 : (int)(at - alphabet);
}

static bool uscc_right(zh_str s)
{
    static const int weights[17] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
    int sum = 0;
    for (int i = 0; i < 17; i++) {
        sum += weights[i] * uscc_value(s.p[i]);
    }
    return uscc_value(s.p[17]) == (31 - sum % 31) % 31;
}

static zh_rc check_uscc(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    static const char clause[] = "GB 32100-2015";
    zh_rc rc = compact(arena, text, " -", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (normal->n != 18) {
        return bad(err, ZH_EINVAL, "format.uscc.length", clause, "统一社会信用代码应为 18 位",
                   "按营业执照逐位核对");
    }
    for (size_t i = 0; i < 18; i++) {
        if (uscc_value(normal->p[i]) < 0 || (i >= 2 && i < 8 && !is_digit(normal->p[i]))) {
            return bad(err, ZH_EINVAL, "format.uscc.character", clause,
                       "统一社会信用代码不用字母 I O S V Z，第 3 至 8 位应为数字",
                       "核对是否把 0 写成 O、1 写成 I、2 写成 Z、5 写成 S");
        }
    }
    if (uscc_right(*normal)) {
        return ZH_OK;
    }
    if (org_code_right(normal->p + 8)) {
        return bad(err, ZH_ECONFLICT, "format.uscc.pilot", clause,
                   "统一社会信用代码校验位不符，但第 9 至 17 位是正确的组织机构代码",
                   "早期试点发放的代码可能如此，请对照证照确认");
    }
    return bad(err, ZH_EINVAL, "format.uscc.check", clause, "统一社会信用代码校验位不符",
               "按营业执照逐位核对，常见为一位写错或相邻两位颠倒");
}

static zh_rc check_org_code(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    zh_str s;
    zh_rc rc = compact(arena, text, " -", &s, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (s.n != 9 || !org_code_right(s.p)) {
        return bad(err, ZH_EINVAL, "format.org_code.check", "GB 11714-1997",
                   "组织机构代码应为 8 位本体加 1 位校验码，校验不符",
                   "写成 XXXXXXXX-X 并逐位核对");
    }
    *normal = zh_str_fmt(arena, "%.8s-%c", s.p, s.p[8]);
    return ZH_OK;
}

/* ---- GS1 ---------------------------------------------------------------------------------------
 */

/* From the right, without the check digit: weights 3, 1, 3, 1 … */
static bool gs1_right(zh_str s)
{
    int sum = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        sum += (s.p[s.n - 2 - i] - '0') * (i % 2 == 0 ? 3 : 1);
    }
    return (10 - sum % 10) % 10 == s.p[s.n - 1] - '0';
}

static zh_rc check_gs1(zh_arena *arena, zh_str text, zh_str format, zh_str *normal, zh_err *err)
{
    static const char clause[] = "GB 12904 / GS1 通用规范 7.9";
    bool gtin = zh_str_is(format, "gtin");
    size_t length = zh_str_is(format, "sscc") ? 18 : 13;
    zh_rc rc = compact(arena, text, " -", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    bool length_right =
        gtin ? normal->n == 8 || (normal->n >= 12 && normal->n <= 14) : normal->n == length;
    if (!length_right || !digits_only(*normal)) {
        return bad(
            err, ZH_EINVAL, "format.gs1.length", clause,
            gtin ? "商品条码应为 8、12、13 或 14 位数字"
                 : (length == 18 ? "系列货运包装箱代码应为 18 位数字" : "全球位置码应为 13 位数字"),
            "按条码下方的数字逐位填写，不要丢掉前导零");
    }
    if (!gs1_right(*normal)) {
        return bad(err, ZH_EINVAL, "format.gs1.check", clause, "条码校验位不符", "按条码逐位核对");
    }
    if (gtin && normal->n < 14) {
        *normal =
            zh_str_fmt(arena, "%.*s%.*s", (int)(14 - normal->n), "00000000000000", ZH_FMT(*normal));
    }
    return ZH_OK;
}

/* ---- places and industries ---------------------------------------------------------------------
 */

static zh_rc check_region6(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    static const char provinces[] =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
        "50 51 52 53 54 61 62 63 64 65 71 81 82 ";
    zh_rc rc = compact(arena, text, " ", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    bool shape = normal->n == 6 && digits_only(*normal);
    bool known = false;
    for (size_t i = 0; shape && i + 2 < sizeof(provinces); i += 3) {
        known = known || memcmp(provinces + i, normal->p, 2) == 0;
    }
    /* A city part of 00 may not have a county part. */
    if (!known || (memcmp(normal->p + 2, "00", 2) == 0 && memcmp(normal->p + 4, "00", 2) != 0)) {
        return bad(err, ZH_EINVAL, "format.region6", "GB/T 2260",
                   "行政区划代码应为 6 位数字：省 2 位、地 2 位、县 2 位", "核对省级代码与位数");
    }
    return ZH_OK;
}

/* Section letter of a two-digit division of GB/T 4754-2017, or 0. */
static char section_of(int division)
{
    static const struct {
        int last;
        char section;
    } sections[] = {{5, 'A'},  {12, 'B'}, {43, 'C'}, {46, 'D'}, {50, 'E'}, {52, 'F'}, {60, 'G'},
                    {62, 'H'}, {65, 'I'}, {69, 'J'}, {70, 'K'}, {72, 'L'}, {75, 'M'}, {79, 'N'},
                    {82, 'O'}, {83, 'P'}, {85, 'Q'}, {90, 'R'}, {96, 'S'}, {97, 'T'}};
    for (size_t i = 0; i < ZH_COUNTOF(sections) && division > 0; i++) {
        if (division <= sections[i].last) {
            return sections[i].section;
        }
    }
    return 0;
}

static zh_rc check_gbt4754(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    static const char clause[] = "GB/T 4754-2017";
    zh_rc rc = compact(arena, text, " ", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str s = *normal;
    char letter = s.n > 0 && is_upper(s.p[0]) ? s.p[0] : 0;
    zh_str number = letter != 0 ? zh_str_sub(s, 1, s.n) : s;
    if (letter >= 'A' && letter <= 'T' && number.n == 0) {
        return ZH_OK;
    }
    if (number.n < 2 || number.n > 4 || !digits_only(number)) {
        return bad(err, ZH_EINVAL, "format.gbt4754", clause,
                   "行业代码应为门类字母，或 2 至 4 位数字(大类、中类、小类)",
                   "如 C、13、131、1311");
    }
    char section = section_of((number.p[0] - '0') * 10 + number.p[1] - '0');
    if (section == 0 || (letter != 0 && letter != section)) {
        return bad(err, ZH_EINVAL, "format.gbt4754.section", clause,
                   "行业大类不存在，或与门类字母不符", "核对门类与大类");
    }
    *normal = number;
    return ZH_OK;
}

/* ---- standards ---------------------------------------------------------------------------------
 */

/* Advances past "digits(.digits)*-yyyy" which must end the text. */
static bool number_and_year(zh_str s)
{
    size_t i = 0;
    for (;;) {
        size_t from = i;
        while (i < s.n && is_digit(s.p[i])) {
            i++;
        }
        if (i == from) {
            return false;
        }
        if (i < s.n && s.p[i] == '.') {
            i++;
            continue;
        }
        break;
    }
    zh_str year = zh_str_sub(s, i, s.n);
    return year.n == 5 && year.p[0] == '-' && digits_only(zh_str_sub(year, 1, 4));
}

static bool enterprise_number(zh_str s)
{
    for (size_t i = 0; i + 5 < s.n; i++) {
        if (!is_digit(s.p[i]) && !is_upper(s.p[i]) && s.p[i] != '.') {
            return false;
        }
    }
    return s.n > 5 && s.p[s.n - 5] == '-' && digits_only(zh_str_sub(s, s.n - 4, 4));
}

/* The prefix of a standard's number (GB/T, DB42/T, T/CAS, Q/ABC, JJG(鄂) …), whether it is one. */
static bool standard_prefix(zh_str prefix)
{
    size_t letters = 0;
    while (letters < prefix.n && is_upper(prefix.p[letters])) {
        letters++;
    }
    zh_str head = zh_str_sub(prefix, 0, letters), tail = zh_str_sub(prefix, letters, prefix.n);
    bool recommended = tail.n == 0 || zh_str_is(tail, "/T");
    if (zh_str_is(head, "T") && tail.n >= 3 && tail.n <= 11 && tail.p[0] == '/') {
        for (size_t i = 1; i < tail.n; i++) {
            if (!is_upper(tail.p[i]) && !is_digit(tail.p[i])) {
                return false;
            }
        }
        return true;
    }
    if (zh_str_is(head, "DB")) {
        size_t n = 0;
        while (n < tail.n && is_digit(tail.p[n])) {
            n++;
        }
        zh_str rest = zh_str_sub(tail, n, tail.n);
        return (n == 2 || n == 4) && (rest.n == 0 || zh_str_is(rest, "/T"));
    }
    if (zh_str_is(head, "JJG") || zh_str_is(head, "JJF")) {
        return tail.n == 0 || (tail.n > 2 && tail.p[0] == '(' && tail.p[tail.n - 1] == ')');
    }
    return head.n >= 2 && head.n <= 3 && (recommended || zh_str_is(tail, "/Z"));
}

/* Q/<firm> <number>-<year>: the firm may hold spaces, the number letters. */
static bool enterprise_standard(zh_str s)
{
    if (!zh_str_starts(s, ZH_STR("Q/")) || s.n < 9) {
        return false;
    }
    size_t last = s.n;
    while (last > 2 && s.p[last - 1] != ' ') {
        last--;
    }
    zh_str firm = zh_str_trim(zh_str_sub(s, 2, last - 2)), number = zh_str_sub(s, last, s.n);
    if (last == 2) { /* written without a space: the firm's letters, then the number */
        size_t i = 2;
        while (i < s.n && is_upper(s.p[i])) {
            i++;
        }
        firm = zh_str_sub(s, 2, i - 2);
        number = zh_str_sub(s, i, s.n);
    }
    return firm.n >= 1 && firm.n <= 16 && enterprise_number(number);
}

static zh_rc check_standard(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    zh_str s;
    zh_rc rc = compact(arena, zh_str_trim(text), "", &s, err);
    if (rc != ZH_OK) {
        return rc;
    }
    s = zh_str_trim(s);
    if (enterprise_standard(s)) {
        *normal = s;
        return ZH_OK;
    }
    /* The number begins at the last run of digits and dots before the year. */
    size_t i = s.n >= 5 ? s.n - 5 : 0;
    while (i > 0 && (is_digit(s.p[i - 1]) || s.p[i - 1] == '.')) {
        i--;
    }
    zh_str prefix = zh_str_trim(zh_str_sub(s, 0, i)), number = zh_str_sub(s, i, s.n);
    if (prefix.n == 0 || !standard_prefix(prefix) || !number_and_year(number)) {
        return bad(
            err, ZH_EINVAL, "format.standard_no", "标准编号规则",
            "标准编号写法不对：应为「代号 顺序号-年份」",
            "如 GB/T 19001-2016、DB42/T 1234-2023、T/CAS 123-2020、Q/ABC 001-2024、JJG 646-2006");
    }
    *normal = zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(prefix), ZH_FMT(number));
    return ZH_OK;
}

/* ---- certificates, persons, contact ------------------------------------------------------------
 */

static zh_rc check_ccc(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    zh_rc rc = compact(arena, text, " -", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    int year = 0;
    for (size_t i = 0; i < 4 && normal->n == 16 && digits_only(*normal); i++) {
        year = year * 10 + normal->p[i] - '0';
    }
    if (year < 2002 || year > 2099) { /* the scheme began in 2002 */
        return bad(err, ZH_EINVAL, "format.ccc_no", "强制性产品认证证书编号",
                   "CCC 证书编号应为 16 位数字：年 4、机构 2、产品类 4、流水 6", "按证书逐位核对");
    }
    return ZH_OK;
}

static zh_rc check_permit(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    zh_rc rc = compact(arena, text, " -", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str uscc, s = *normal;
    zh_err inner = {0};
    bool right = s.n == 22 && digits_only(zh_str_sub(s, 18, 3)) && is_upper(s.p[21]);
    rc = right ? check_uscc(arena, zh_str_sub(s, 0, 18), &uscc, &inner) : ZH_EINVAL;
    if (rc != ZH_OK) {
        return bad(err, rc, "format.permit_no", "排污许可证编号",
                   "排污许可证编号应为 22 位：统一社会信用代码 18 位、3 位数字、1 位字母",
                   "按证书逐位核对");
    }
    return ZH_OK;
}

static zh_rc check_xk(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    zh_rc rc = compact(arena, text, " ", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str s = *normal;
    ptrdiff_t close = s.n > 0 && s.p[0] == '(' ? zh_str_chr(s, ')') : -1;
    zh_str rest = zh_str_sub(s, (size_t)(close + 1), s.n);
    bool right = (s.n > 0 && s.p[0] != '(') || close == 4; /* one Chinese character */
    static const char shape[] = "XK##-###-#####";
    right = right && rest.n == sizeof(shape) - 1;
    for (size_t i = 0; right && i < rest.n; i++) {
        right = shape[i] == '#' ? is_digit(rest.p[i]) : rest.p[i] == shape[i];
    }
    if (!right) {
        return bad(err, ZH_EINVAL, "format.xk_no", "工业产品生产许可证编号",
                   "生产许可证编号应为 XK##-###-#####,省级发证的前面有(省简称)",
                   "如 XK16-114-00001");
    }
    return ZH_OK;
}

static zh_rc check_id18(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    zh_rc rc = compact(arena, text, " ", normal, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str s = *normal;
    bool right = s.n == 18 && digits_only(zh_str_sub(s, 0, 17));
    if (right) {
        int sum = 0, birth = 0;
        for (int i = 0; i < 17; i++) {
            sum += weights[i] * (s.p[i] - '0');
            birth = i >= 6 && i < 14 ? birth * 10 + s.p[i] - '0' : birth;
        }
        right = s.p[17] == "10X98765432"[sum % 11] &&
                zh_date_valid(birth / 10000, birth / 100 % 100, birth % 100);
    }
    return right ? ZH_OK
                 : bad(err, ZH_EINVAL, "format.id18", "GB 11643-1999",
                       "公民身份号码应为 18 位，校验码或出生日期不符", "按证件逐位核对");
}

static zh_rc check_phone(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err)
{
    zh_str s;
    zh_rc rc = compact(arena, text, " -()", &s, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_str_starts(s, ZH_STR("+86"))) {
        s = zh_str_sub(s, 3, s.n);
    } else if (zh_str_starts(s, ZH_STR("0086"))) {
        s = zh_str_sub(s, 4, s.n);
    }
    bool digits = digits_only(s);
    if (digits && s.n == 11 && s.p[0] == '1' && s.p[1] >= '3') {
        *normal = s;
        return ZH_OK;
    }
    if (digits && s.n == 10 &&
        (zh_str_starts(s, ZH_STR("400")) || zh_str_starts(s, ZH_STR("800")))) {
        *normal = s;
        return ZH_OK;
    }
    if (digits && s.p[0] == '0' && s.n >= 10 && s.n <= 12) {
        /* Beijing and the 02x cities have a three-digit area code, the others four digits. */
        size_t area = s.p[1] == '1' || s.p[1] == '2' ? 3 : 4;
        if (s.n - area == 7 || s.n - area == 8) {
            *normal = zh_str_fmt(arena, "%.*s-%.*s", (int)area, s.p, (int)(s.n - area), s.p + area);
            return ZH_OK;
        }
    }
    return bad(err, ZH_EINVAL, "format.cn_phone", "电话号码写法",
               "电话应为 11 位手机号、区号加座机号，或 400/800 号码",
               "如 13800000000、027-87654321");
}

static zh_rc check_email(zh_str text, zh_str *normal, zh_err *err)
{
    zh_str s = zh_str_trim(text);
    ptrdiff_t at = zh_str_chr(s, '@');
    zh_str domain = zh_str_sub(s, at < 0 ? s.n : (size_t)at + 1, s.n);
    if (at <= 0 || s.n > 254 || zh_str_chr(domain, '.') <= 0 || zh_str_chr(domain, '@') >= 0 ||
        zh_str_chr(s, ' ') >= 0 || domain.p[domain.n - 1] == '.') {
        return bad(err, ZH_EINVAL, "format.email", "RFC 5321", "电子邮箱写法不对",
                   "如 name@example.gov.cn");
    }
    *normal = s;
    return ZH_OK;
}

static zh_rc check_url(zh_str text, zh_str *normal, zh_err *err)
{
    zh_str s = zh_str_trim(text);
    bool scheme = zh_str_starts(s, ZH_STR("https://")) || zh_str_starts(s, ZH_STR("http://"));
    if (!scheme || s.n > 2000 || zh_str_chr(s, ' ') >= 0 || s.n < 10) {
        return bad(err, ZH_EINVAL, "format.url", "RFC 3986", "网址应以 http:// 或 https:// 开头",
                   "复制浏览器地址栏的完整网址");
    }
    *normal = s;
    return ZH_OK;
}

zh_rc zh_format_check(zh_arena *arena, zh_str format, zh_str text, zh_str *normal, zh_err *err)
{
    static const struct {
        const char *name;
        zh_rc (*check)(zh_arena *arena, zh_str text, zh_str *normal, zh_err *err);
    } formats[] = {{"uscc", check_uscc},
                   {"org_code", check_org_code},
                   {"region6", check_region6},
                   {"gbt4754", check_gbt4754},
                   {"standard_no", check_standard},
                   {"ccc_no", check_ccc},
                   {"permit_no", check_permit},
                   {"xk_no", check_xk},
                   {"id18", check_id18},
                   {"cn_phone", check_phone}};
    for (size_t i = 0; i < ZH_COUNTOF(formats); i++) {
        if (zh_str_is(format, formats[i].name)) {
            return formats[i].check(arena, text, normal, err);
        }
    }
    if (zh_str_is(format, "gtin") || zh_str_is(format, "gln") || zh_str_is(format, "sscc")) {
        return check_gs1(arena, text, format, normal, err);
    }
    if (zh_str_is(format, "email")) {
        return check_email(text, normal, err);
    }
    if (zh_str_is(format, "url")) {
        return check_url(text, normal, err);
    }
    return zh_err_set(err, ZH_ENOTFOUND, "format.unknown", "没有「%.*s」这种格式", ZH_FMT(format));
}
