/* Running recipes: from the cells of a row to the text of a field. Pure over the source. */
#include "model/recipe.h"
#include "base/utf8.h"
#include <regex.h>
#include <string.h>

enum { MATCH_BYTES_MAX = 65536, ROW_TEXT_BYTES = 24 };

/* Tags away, the five XML entities and &nbsp; resolved. */
static zh_str strip_html(zh_arena *arena, zh_str s)
{
    static const struct {
        const char *entity, *text;
    } entities[] = {
        {"&lt;", "<"},    {"&gt;", ">"},   {"&amp;", "&"},
        {"&quot;", "\""}, {"&nbsp;", " "}, {"&#39;", "'"},
    };
    if (zh_str_chr(s, '<') < 0 && zh_str_chr(s, '&') < 0) {
        return s;
    }
    char *out = zh_arena_try(arena, s.n + 1);
    size_t n = 0;
    if (out == NULL) {
        return s;
    }
    for (size_t i = 0; i < s.n;) {
        zh_str rest = zh_str_sub(s, i, s.n);
        if (s.p[i] == '<') {
            ptrdiff_t end = zh_str_chr(rest, '>');
            if (end > 0) {
                i += (size_t)end + 1;
                continue;
            }
        }
        size_t e = 0;
        while (e < ZH_COUNTOF(entities) && !zh_str_starts(rest, zh_str_of(entities[e].entity))) {
            e++;
        }
        if (e < ZH_COUNTOF(entities)) {
            size_t length = strlen(entities[e].text);
            memcpy(out + n, entities[e].text, length);
            n += length;
            i += strlen(entities[e].entity);
        } else {
            out[n++] = s.p[i++];
        }
    }
    return zh_str_trim((zh_str){out, n});
}

zh_rc zh_header_fold(zh_arena *arena, zh_str header, zh_str *out)
{
    zh_str folded;
    zh_rc rc = zh_utf8_fold(arena, strip_html(arena, header), &folded);
    if (rc != ZH_OK) {
        return rc;
    }
    char *text = zh_arena_try(arena, folded.n + 1);
    size_t n = 0;
    if (text == NULL) {
        return ZH_ENOMEM;
    }
    for (size_t i = 0; i < folded.n; i++) {
        if (folded.p[i] != ' ' && folded.p[i] != '\n' && folded.p[i] != '\r') {
            text[n++] = folded.p[i];
        }
    }
    *out = (zh_str){text, n};
    return ZH_OK;
}

static bool matched(const void *regex, zh_arena *arena, zh_str text, regmatch_t *groups, size_t n)
{
    if (regex == NULL || text.n > MATCH_BYTES_MAX) {
        return false;
    }
    zh_str z;
    return zh_str_try_dup(arena, text, &z) && regexec(regex, z.p, n, groups, 0) == 0;
}

static zh_str group(zh_str text, const regmatch_t *m)
{
    return m->rm_so < 0 ? ZH_STR_NONE
                        : zh_str_sub(text, (size_t)m->rm_so, (size_t)(m->rm_eo - m->rm_so));
}

bool zh_layout_file_match(const zh_layout *layout, zh_arena *arena, const char *name,
                          zh_str *groups)
{
    regmatch_t m[ZH_PICK_COLUMNS_MAX + 1];
    if (layout->file_regex == NULL) {
        return true;
    }
    zh_str text = zh_str_dup(arena, zh_str_of(name));
    if (!matched(layout->file_regex, arena, text, m, layout->nfile_names + 1)) {
        return false;
    }
    for (size_t i = 0; i < layout->nfile_names; i++) {
        groups[i] = group(text, &m[i + 1]);
    }
    return true;
}

/* "{year}-{month} {file.part}": columns by folded name. Empty when everything in braces is. */
static zh_rc template_text(const zh_pick *pick, const zh_pick_source *source, zh_arena *arena,
                           zh_str *out, zh_err *err)
{
    zh_str rest = pick->names[0];
    bool filled = false;
    zh_buf text;
    zh_buf_init(&text, MATCH_BYTES_MAX);
    while (rest.n > 0) {
        ptrdiff_t open = zh_str_chr(rest, '{');
        ptrdiff_t close = open < 0 ? -1 : zh_str_chr(rest, '}');
        zh_buf_str(&text, zh_str_sub(rest, 0, close > open && open >= 0 ? (size_t)open : rest.n));
        if (open < 0 || close < open) {
            break;
        }
        zh_str name = zh_str_sub(rest, (size_t)open + 1, (size_t)(close - open - 1));
        zh_str cell = ZH_STR_NONE;
        zh_str column = ZH_STR_NONE;
        if (zh_str_starts(name, ZH_STR("file."))) {
            cell = source->file_part(source->user, zh_str_sub(name, 5, name.n));
        } else if (zh_header_fold(arena, name, &column) != ZH_OK ||
                   !source->column(source->user, column, &cell)) {
            zh_buf_free(&text);
            return zh_err_set(err, ZH_ENOTFOUND, "intake.column", "文件里没有列“%.*s”",
                              ZH_FMT(name));
        }
        cell = zh_str_trim(cell);
        filled = filled || cell.n > 0;
        zh_buf_str(&text, cell);
        rest = zh_str_sub(rest, (size_t)close + 1, rest.n);
    }
    bool good = !text.failed && (!filled || zh_str_try_dup(arena, zh_buf_view(&text), out));
    zh_buf_free(&text);
    return good ? ZH_OK : zh_err_set(err, ZH_ELIMIT, "intake.cell", "合并后的单元格太长");
}

static zh_rc begin(const zh_pick *pick, const zh_pick_source *source, zh_arena *arena, zh_str *out,
                   zh_err *err)
{
    *out = ZH_STR_NONE;
    bool any = false;
    switch (pick->take) {
    case ZH_TAKE_VALUE: *out = pick->names[0]; return ZH_OK;
    case ZH_TAKE_SHEET: *out = source->sheet; return ZH_OK;
    case ZH_TAKE_ROW: *out = zh_str_fmt(arena, "%zu", source->row); return ZH_OK;
    case ZH_TAKE_PIECE: *out = source->piece; return ZH_OK;
    case ZH_TAKE_TEMPLATE: return template_text(pick, source, arena, out, err);
    case ZH_TAKE_FILE: *out = source->file_part(source->user, pick->names[0]); return ZH_OK;
    case ZH_TAKE_COLUMN:
        for (size_t i = 0; i < pick->nnames && !any; i++) {
            any = source->column(source->user, pick->names[i], out);
        }
        break;
    case ZH_TAKE_COLUMNS: {
        zh_buf text;
        bool filled = false;
        zh_buf_init(&text, MATCH_BYTES_MAX);
        for (size_t i = 0; i < pick->nnames; i++) {
            zh_str cell = ZH_STR_NONE;
            any = source->column(source->user, pick->names[i], &cell) || any;
            if (i) {
                zh_buf_str(&text, pick->join);
            }
            cell = zh_str_trim(cell);
            filled = filled || cell.n > 0;
            zh_buf_str(&text, cell);
        }
        bool good = !text.failed && (!filled || zh_str_try_dup(arena, zh_buf_view(&text), out));
        zh_buf_free(&text);
        if (!good) {
            return zh_err_set(err, ZH_ELIMIT, "intake.cell", "合并后的单元格太长");
        }
        break;
    }
    case ZH_TAKE_TRY:
        for (size_t i = 0; i < pick->ntries; i++) {
            zh_err ignored = {0};
            zh_rc rc = zh_pick_run(&pick->tries[i], source, arena, out, &ignored);
            if (rc == ZH_OK && zh_str_trim(*out).n > 0) {
                return ZH_OK;
            }
            if (rc != ZH_OK && i + 1 == pick->ntries) {
                *err = ignored;
                return rc;
            }
        }
        *out = ZH_STR_NONE;
        return ZH_OK;
    }
    if (!any) {
        return zh_err_set(err, ZH_ENOTFOUND, "intake.column", "文件里没有列“%.*s”",
                          ZH_FMT(pick->names[0]));
    }
    return ZH_OK;
}

static zh_rc step_map(const zh_pick_step *step, zh_arena *arena, zh_str *text, zh_err *err)
{
    zh_str key;
    if (zh_utf8_fold(arena, *text, &key) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "intake.text", "不是有效的文本");
    }
    const zh_str *found = zh_map_get(&step->map, key);
    if (found != NULL) {
        *text = *found;
        return ZH_OK;
    }
    if (step->otherwise == ZH_ELSE_NULL) {
        *text = ZH_STR_NONE;
    }
    if (step->otherwise == ZH_ELSE_REFUSE) {
        zh_err_set(err, ZH_EINVAL, "intake.map", "对照表里没有“%.*s”", ZH_FMT(*text));
        zh_err_fix(err, "在配方的对照表里补一行，或更正这个值");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static zh_str step_cut(const zh_pick_step *step, zh_str text)
{
    zh_str piece = ZH_STR_NONE;
    zh_str rest = text;
    for (int32_t n = 1; rest.p != NULL; n++) {
        ptrdiff_t at = zh_str_find(rest, step->text);
        piece = at < 0 ? rest : zh_str_sub(rest, 0, (size_t)at);
        rest = at < 0 ? ZH_STR_NONE : zh_str_sub(rest, (size_t)at + step->text.n, rest.n);
        if (n == step->number) {
            return zh_str_trim(piece);
        }
    }
    return step->number < 0 ? zh_str_trim(piece) : ZH_STR_NONE;
}

static zh_rc step_dates(const zh_pick_step *step, zh_arena *arena, zh_str *text, zh_err *err)
{
    zh_time t = 0;
    bool clock = false;
    char order[4] = {0};
    memcpy(order, step->text.p, step->text.n < 3 ? step->text.n : 3);
    zh_str half;
    if (zh_utf8_halfwidth(arena, *text, &half) != ZH_OK ||
        zh_time_parse_loose(zh_str_trim(half), order, &t, &clock) != ZH_OK) {
        zh_err_set(err, ZH_EINVAL, "intake.date", "“%.*s”不是日期", ZH_FMT(*text));
        zh_err_fix(err, "按 2026-05-09 这样书写");
        return ZH_EINVAL;
    }
    char out[40];
    size_t n = clock ? zh_time_format(t, out) : zh_date_format(zh_time_date(t), out);
    *text = zh_str_dup(arena, (zh_str){out, n});
    return ZH_OK;
}

static zh_rc step_scale(const zh_pick_step *step, zh_arena *arena, zh_str *text, zh_err *err)
{
    zh_decimal d;
    zh_rc rc = zh_decimal_parse(zh_str_trim(*text), true, &d);
    if (rc == ZH_EINVAL) {
        return ZH_OK; /* a mark such as 未检出: the field decides */
    }
    uint8_t digits = (uint8_t)(d.digits + step->factor.digits);
    if (rc != ZH_OK || digits > ZH_DECIMAL_DIGITS_MAX ||
        zh_decimal_mul(d, step->factor, digits, ZH_ROUND_REFUSE, &d) != ZH_OK) {
        return zh_err_set(err, ZH_EINVAL, "intake.scale", "“%.*s”换算后超出精度", ZH_FMT(*text));
    }
    /* a factor of a power of ten states no digits of its own: 900 × 0.001 is 0.900, 4 × 1000 is
     * 4000 */
    *text = zh_decimal_str(arena, d);
    return ZH_OK;
}

static zh_str step_unit(const zh_pick_step *step, zh_arena *arena, zh_str text)
{
    zh_decimal d;
    return zh_decimal_parse(zh_str_trim(text), true, &d) == ZH_OK
               ? zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(text), ZH_FMT(step->text))
               : text;
}

/* k/days of a year, rounded to the nearest k, is day k of that year (1 January is day 1). */
static zh_rc step_day_of_year(const zh_pick_step *step, const zh_pick_source *source,
                              zh_arena *arena, zh_str *text, zh_err *err)
{
    zh_str cell = ZH_STR_NONE;
    double fraction = 0;
    int64_t year = 0;
    bool good = source->column(source->user, step->text, &cell) &&
                zh_str_i64(zh_str_trim(cell), &year) == ZH_OK && year >= 1 && year <= 9999 &&
                zh_str_double(zh_str_trim(*text), &fraction) == ZH_OK;
    double day = fraction * step->number;
    int64_t k = good && day > -1 && day < 1000 ? (int64_t)(day + 0.5) : 0;
    double off = day - (double)k;
    if (!good || k < 1 || k > step->number || off > 0.01 || off < -0.01) {
        return zh_err_set(err, ZH_EINVAL, "intake.day", "“%.*s”不是一年 %d 天中的某一天",
                          ZH_FMT(*text), step->number);
    }
    char out[16];
    size_t n = zh_date_format(zh_date_of((int)year, 1, 1) + (zh_date)k - 1, out);
    *text = zh_str_dup(arena, (zh_str){out, n});
    return ZH_OK;
}

static zh_str upper_ascii(zh_arena *arena, zh_str s)
{
    zh_str out = zh_str_dup(arena, s);
    char *p = zh_arena_alloc(arena, out.n + 1);
    for (size_t i = 0; i < out.n; i++) {
        p[i] = out.p[i] >= 'a' && out.p[i] <= 'z' ? (char)(out.p[i] - 32) : out.p[i];
    }
    return (zh_str){p, out.n};
}

static zh_rc step_replace(const zh_pick_step *step, zh_arena *arena, zh_str *text, zh_err *err)
{
    zh_buf out;
    zh_buf_init(&out, MATCH_BYTES_MAX * 2);
    for (size_t i = 0; i < text->n;) {
        size_t k = 0;
        while (k < step->nfroms &&
               (step->froms[k].n == 0 ||
                !zh_str_starts(zh_str_sub(*text, i, text->n), step->froms[k]))) {
            k++;
        }
        if (k < step->nfroms) {
            zh_buf_str(&out, step->tos[k]);
            i += step->froms[k].n;
        } else {
            zh_buf_c(&out, text->p[i++]);
        }
    }
    bool good = !out.failed && zh_str_try_dup(arena, zh_buf_view(&out), text);
    zh_buf_free(&out);
    return good ? ZH_OK : zh_err_set(err, ZH_ELIMIT, "intake.cell", "替换后的单元格太长");
}

/* The verdict on an identifier as a text, for registers that keep what failed. */
static zh_str step_check(const zh_pick_step *step, zh_arena *arena, zh_str text)
{
    zh_err why = {0};
    zh_str normal;
    if (zh_format_check(arena, step->text, text, &normal, &why) == ZH_OK) {
        return ZH_STR("ok");
    }
    return strstr(why.rule, ".pilot") != NULL ? ZH_STR("doubtful") : ZH_STR("bad");
}

static bool is_null_text(const zh_pick_step *step, zh_str text)
{
    for (size_t i = 0; i < step->ntexts; i++) {
        if (zh_str_eq(step->texts[i], text)) {
            return true;
        }
    }
    return false;
}

static zh_rc run_step(const zh_pick_step *step, const zh_pick_source *source, zh_arena *arena,
                      zh_str *text, zh_err *err)
{
    regmatch_t m[2];
    switch (step->kind) {
    case ZH_STEP_STRIP: *text = strip_html(arena, *text); return ZH_OK;
    case ZH_STEP_MATCH: {
        zh_str kept = *text;
        if (!matched(step->regex, arena, kept, m, 2)) {
            *text = ZH_STR_NONE;
            return ZH_OK;
        }
        *text = group(kept, m[1].rm_so >= 0 ? &m[1] : &m[0]);
        return ZH_OK;
    }
    case ZH_STEP_NULL:
        if (is_null_text(step, *text)) {
            *text = ZH_STR_NONE;
        }
        return ZH_OK;
    case ZH_STEP_MAP: return step_map(step, arena, text, err);
    case ZH_STEP_CUT: *text = step_cut(step, *text); return ZH_OK;
    case ZH_STEP_DATES: return step_dates(step, arena, text, err);
    case ZH_STEP_SCALE: return step_scale(step, arena, text, err);
    case ZH_STEP_UNIT: *text = step_unit(step, arena, *text); return ZH_OK;
    case ZH_STEP_PREFIX:
        *text = zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(step->text), ZH_FMT(*text));
        return ZH_OK;
    case ZH_STEP_SUFFIX:
        *text = zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(*text), ZH_FMT(step->text));
        return ZH_OK;
    case ZH_STEP_UPPER: *text = upper_ascii(arena, *text); return ZH_OK;
    case ZH_STEP_LOWER: *text = zh_str_lower_ascii(arena, *text); return ZH_OK;
    case ZH_STEP_DAY_OF_YEAR: return step_day_of_year(step, source, arena, text, err);
    case ZH_STEP_REPLACE: return step_replace(step, arena, text, err);
    case ZH_STEP_CHECK: *text = step_check(step, arena, *text); return ZH_OK;
    case ZH_STEP_DEFAULT: return ZH_OK;
    }
    return ZH_OK;
}

zh_rc zh_pick_run(const zh_pick *pick, const zh_pick_source *source, zh_arena *arena, zh_str *out,
                  zh_err *err)
{
    zh_rc rc = begin(pick, source, arena, out, err);
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < pick->nsteps && rc == ZH_OK; i++) {
        const zh_pick_step *step = &pick->steps[i];
        *out = zh_str_trim(*out);
        if (out->n > MATCH_BYTES_MAX && step->kind != ZH_STEP_NULL) {
            return zh_err_set(err, ZH_ELIMIT, "intake.cell", "单元格太长，不能换算");
        }
        if (step->kind == ZH_STEP_DEFAULT) {
            *out = out->n ? *out : step->text;
        } else if (out->n > 0) {
            rc = run_step(step, source, arena, out, err);
        }
    }
    return rc;
}
