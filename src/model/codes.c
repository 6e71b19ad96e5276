/* Code systems: finding a code by code, name, old name, synonym, path of names or pinyin initials.
 *
 * Names are folded and found by hash; the strongest way to match wins. Codes need no name of their
 * own for their letters: the table of codes is one for capital and small ones. A look-up of text
 * that is folded already (plain Chinese) allocates nothing. */
#include "model/codes.h"
#include "base/utf8.h"
#include <string.h>

static bool valid_at(const zh_code *code, zh_date at)
{
    return at == ZH_CODE_FROM_OPEN || (code->from <= at && at <= code->to);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static unsigned char small(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

uint64_t zh_codes_hash(zh_str code)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < code.n; i++) {
        h = (h ^ small(code.p[i])) * UINT64_C(0x100000001b3);
    }
    h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

/* NULL: the slot is free. */
static const zh_code *code_from(const zh_codes *codes, size_t slot)
{
    uint32_t at = codes->ncode_slots > 0 ? codes->code_slots[slot] : 0;
    return at != 0 ? &codes->codes[at - 1] : NULL;
}

static size_t first_slot(const zh_codes *codes, zh_str code)
{
    return codes->ncode_slots > 0 ? (size_t)zh_codes_hash(code) & (codes->ncode_slots - 1) : 0;
}

static size_t next_slot(const zh_codes *codes, size_t slot)
{
    return (slot + 1) & (codes->ncode_slots - 1);
}

const zh_code *zh_codes_newest(const zh_codes *codes, zh_str code)
{
    size_t slot = first_slot(codes, code);
    const zh_code *c;
    while ((c = code_from(codes, slot)) != NULL && !zh_str_eq(c->code, code)) {
        slot = next_slot(codes, slot);
    }
    return c;
}

size_t zh_codes_name_slot(const zh_codes *codes, zh_str folded)
{
    size_t slot = (size_t)zh_str_hash(folded) & (codes->nname_slots - 1);
    for (uint32_t at; (at = codes->name_slots[slot]) != 0;) {
        const zh_code_name *name = &codes->names[at - 1];
        if (zh_str_eq((zh_str){name->name, name->n}, folded)) {
            break;
        }
        slot = (slot + 1) & (codes->nname_slots - 1);
    }
    return slot;
}

static const zh_code_name *name_at(const zh_codes *codes, uint32_t at)
{
    return at != 0 ? &codes->names[at - 1] : NULL;
}

static const zh_code_name *first_name(const zh_codes *codes, zh_str folded)
{
    return codes->nname_slots > 0
               ? name_at(codes, codes->name_slots[zh_codes_name_slot(codes, folded)])
               : NULL;
}

/* Equal but for letters A to Z, which are small in `folded`. */
static bool same_but_case(zh_str code, zh_str folded)
{
    bool same = code.n == folded.n;
    for (size_t i = 0; i < code.n && same; i++) {
        same = small(code.p[i]) == (unsigned char)folded.p[i];
    }
    return same;
}

/* ---- finding --------------------------------------------------------------------------------- */

const zh_code *zh_code_find(const zh_codes *codes, zh_str code, zh_date at)
{
    const zh_code *newest = zh_codes_newest(codes, code);
    for (const zh_code *c = newest; c != NULL; c--) {
        if (!zh_str_eq(c->code, code)) {
            return NULL;
        }
        if (valid_at(c, at)) {
            return c;
        }
        if (c == codes->codes) {
            return NULL;
        }
    }
    return NULL;
}

/* Where a level is skipped (a town right below a city), the code above stands for the missing one,
 * so that sums over lower codes still add up to the higher. */
const zh_code *zh_code_at_level(const zh_code *code, uint16_t level)
{
    if (code == NULL || code->level < level) {
        return NULL;
    }
    while (code->level > level && code->parent != NULL) {
        code = code->parent;
    }
    return code->level > level ? NULL : code;
}

bool zh_code_within(const zh_code *code, const zh_code *ancestor)
{
    for (const zh_code *c = code; c != NULL; c = c->parent) {
        if (c == ancestor || zh_str_eq(c->code, ancestor->code)) {
            return true;
        }
    }
    return false;
}

uint16_t zh_codes_level(const zh_codes *codes, zh_str level)
{
    for (uint16_t i = 0; i < codes->levels && codes->level_names != NULL; i++) {
        if (zh_str_eq(codes->level_names[i], level)) {
            return (uint16_t)(i + 1);
        }
    }
    uint64_t n;
    return zh_str_u64(level, &n) == ZH_OK && n >= 1 && n <= codes->levels ? (uint16_t)n : 0;
}

static bool folded_already(zh_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        if ((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9')) {
            i++;
        } else if (i + 2 < s.n &&
                   ((p[i] == 0xE4 && p[i + 1] >= 0xB8) || (p[i] > 0xE4 && p[i] < 0xE9) ||
                    (p[i] == 0xE9 && p[i + 1] < 0xBF))) {
            i += 3; /* U+4E00 .. U+9FBF: no decomposition, no case */
        } else {
            return false;
        }
    }
    return true;
}

zh_rc zh_codes_fold(zh_arena *arena, zh_str s, zh_str *out)
{
    if (folded_already(s)) {
        *out = s;
        return ZH_OK;
    }
    return zh_utf8_fold(arena, s, out);
}

/* ---- matching ----------------------------------------------------------------------------------
 */

typedef struct candidates {
    const zh_code *first;
    const zh_code *shown[5];
    size_t n;
    char how;
    const zh_code *expired; /* matched, but not on the date */
    bool expired_by_name;
} candidates;

static int rank(char how)
{
    return how == 'c' ? 0 : how == 'n' ? 1 : how == 'a' ? 2 : 3;
}

static void add_candidate(candidates *found, const zh_code *code, char how, zh_date at)
{
    if (!valid_at(code, at)) {
        if (found->expired == NULL || code->to > found->expired->to) {
            found->expired = code;
            found->expired_by_name = how == 'n' || how == 'a';
        }
        return;
    }
    if (found->n > 0 && rank(how) > rank(found->how)) {
        return;
    }
    if (found->n > 0 && rank(how) < rank(found->how)) {
        found->n = 0;
    }
    for (size_t i = 0; i < found->n && i < ZH_COUNTOF(found->shown); i++) {
        if (zh_str_eq(found->shown[i]->code, code->code)) {
            if (found->shown[i]->from < code->from) {
                found->shown[i] = code;
                found->first = found->shown[0];
            }
            return;
        }
    }
    if (found->n < ZH_COUNTOF(found->shown)) {
        found->shown[found->n] = code;
    }
    found->n++;
    found->first = found->shown[0];
    found->how = how;
}

static bool ends_with_name(const zh_code *code, zh_str text, size_t *name_bytes)
{
    *name_bytes = 0;
    if (zh_str_ends(text, code->label.zh)) {
        *name_bytes = code->label.zh.n;
    }
    for (size_t i = 0; i < code->naliases; i++) {
        if (code->aliases[i].n > *name_bytes && zh_str_ends(text, code->aliases[i])) {
            *name_bytes = code->aliases[i].n;
        }
    }
    return *name_bytes > 0;
}

static zh_str cut_separator(zh_str s)
{
    while (s.n > 0 && strchr("/>-| ", s.p[s.n - 1]) != NULL) {
        s.n--;
    }
    return s;
}

/* Is `prefix` made of the names of ancestors of code, nearest last, some of them left out? */
static bool names_ancestors(const zh_code *code, zh_str prefix)
{
    prefix = cut_separator(prefix);
    for (const zh_code *a = code->parent; a != NULL && prefix.n > 0; a = a->parent) {
        size_t bytes;
        if (ends_with_name(a, prefix, &bytes)) {
            prefix = cut_separator(zh_str_sub(prefix, 0, prefix.n - bytes));
        }
    }
    return prefix.n == 0;
}

/* Everything found under a folded text; with `before` only what its ancestors explain. */
static void add_named(const zh_codes *codes, zh_str folded, const zh_str *before, zh_date at,
                      candidates *found)
{
    const zh_code *c;
    for (size_t slot = first_slot(codes, folded); (c = code_from(codes, slot)) != NULL;
         slot = next_slot(codes, slot)) {
        if (!same_but_case(c->code, folded) || zh_str_eq(c->code, folded)) {
            continue; /* as it is written: found before */
        }
        for (size_t i = (size_t)(c - codes->codes) + 1; i > 0; i--) { /* its validities */
            const zh_code *v = &codes->codes[i - 1];
            if (!zh_str_eq(v->code, c->code)) {
                break;
            }
            if (before == NULL || names_ancestors(v, *before)) {
                add_candidate(found, v, before == NULL ? 'c' : 'n', at);
            }
        }
    }
    for (const zh_code_name *name = first_name(codes, folded); name != NULL;
         name = name_at(codes, name->next)) {
        const zh_code *code = &codes->codes[name->code];
        if (before == NULL) {
            add_candidate(found, code, name->how, at);
        } else if (name->how != 'p' && names_ancestors(code, *before)) {
            add_candidate(found, code, name->how == 'c' ? 'n' : name->how, at);
        }
    }
}

/* 湖北省武汉市江岸区: the longest suffix that is a name and whose ancestors explain the rest. */
static void match_path(const zh_codes *codes, zh_str text, zh_date at, candidates *found)
{
    if (codes->levels < 2 || text.n > 256) {
        return;
    }
    for (size_t cut = 1; cut < text.n && found->n == 0; cut++) {
        if (((unsigned char)text.p[cut] & 0xC0u) == 0x80u) {
            continue;
        }
        zh_str before = zh_str_sub(text, 0, cut);
        add_named(codes, zh_str_sub(text, cut, text.n), &before, at, found);
    }
}

static zh_rc ambiguous(zh_str text, const candidates *found, zh_err *err)
{
    zh_buf list;
    zh_buf_init(&list, 600);
    for (size_t i = 0; i < found->n && i < ZH_COUNTOF(found->shown); i++) {
        const zh_code *c = found->shown[i];
        zh_buf_fmt(&list, "%s%.*s ", i == 0 ? "" : "、", ZH_FMT(c->code));
        if (c->parent != NULL) {
            zh_buf_str(&list, c->parent->label.zh);
        }
        zh_buf_str(&list, c->label.zh);
    }
    zh_rc rc = zh_err_set(err, ZH_ECONFLICT, "code.ambiguous", "「%.*s」对应 %zu 个编码：%.*s%s",
                          ZH_FMT(zh_str_sub(text, 0, 80)), found->n, ZH_FMT(zh_buf_view(&list)),
                          found->n > ZH_COUNTOF(found->shown) ? " 等" : "");
    zh_err_fix(err, "写编码，或带上级名称，如「上级名称+名称」");
    zh_buf_free(&list);
    return rc;
}

static zh_rc expired(const zh_code *code, zh_date at, zh_err *err)
{
    char day[16];
    day[zh_date_format(at, day)] = '\0';
    zh_rc rc = zh_err_set(err, ZH_ENOTFOUND, "code.expired", "%.*s「%.*s」在 %s 无效",
                          ZH_FMT(code->code), ZH_FMT(zh_label_for(err, code->label)), day);
    if (code->nsuccessors > 0) {
        const zh_code *next = code->successors[0];
        zh_err_fix(err, "已由 %.*s「%.*s」%s承接", ZH_FMT(next->code),
                   ZH_FMT(zh_label_for(err, next->label)), code->nsuccessors > 1 ? "等" : "");
    } else {
        zh_err_fix(err, "核对日期，或改用当时有效的编码");
    }
    return rc;
}

static zh_rc unknown(const zh_codes *codes, zh_str text, zh_err *err)
{
    zh_rc rc = zh_err_set(err, ZH_ENOTFOUND, "code.unknown", "「%.*s」不在编码体系「%.*s」中",
                          ZH_FMT(zh_str_sub(text, 0, 80)), ZH_FMT(zh_label_for(err, codes->label)));
    if (err != NULL && codes->n <= 30) {
        zh_buf list;
        zh_buf_init(&list, 300);
        for (size_t i = 0; i < codes->n; i++) {
            zh_buf_fmt(&list, " %.*s(%.*s)", ZH_FMT(codes->codes[i].code),
                       ZH_FMT(codes->codes[i].label.zh));
        }
        zh_err_fix(err, "可用的值：%.*s", ZH_FMT(zh_buf_view(&list)));
        zh_buf_free(&list);
    }
    return rc;
}

/* A name that went out of use with one successor is an old name of that successor. */
static const zh_code *heir(const candidates *found, zh_date at)
{
    const zh_code *old = found->expired;
    bool one = found->n == 0 && found->expired_by_name && old->nsuccessors == 1 && at > old->to &&
               valid_at(old->successors[0], at);
    return one ? old->successors[0] : NULL;
}

zh_rc zh_code_match(const zh_codes *codes, zh_arena *scratch, zh_str text, zh_date at,
                    const zh_code **out, char *how, zh_err *err)
{
    candidates found = {0};
    text = zh_str_trim(text);
    *out = zh_code_find(codes, text, at);
    if (*out != NULL) {
        *how = 'c';
        return ZH_OK;
    }
    found.expired = zh_codes_newest(codes, text);
    zh_str folded;
    zh_rc rc = zh_codes_fold(scratch, text, &folded);
    if (rc != ZH_OK) {
        return zh_err_set(err, rc, "code.text", "编码文字无法识别");
    }
    const zh_code *same = folded.p == text.p ? NULL : zh_code_find(codes, folded, at);
    if (same != NULL) { /* full-width digits */
        add_candidate(&found, same, 'c', at);
    }
    add_named(codes, folded, NULL, at, &found);
    if (found.n == 0) {
        match_path(codes, folded, at, &found);
    }
    *out = heir(&found, at);
    if (*out != NULL) {
        *how = 'a';
        return ZH_OK;
    }
    if (found.n == 0) {
        return found.expired != NULL ? expired(found.expired, at, err) : unknown(codes, text, err);
    }
    *out = found.first;
    *how = found.how;
    return found.n > 1 ? ambiguous(text, &found, err) : ZH_OK;
}
