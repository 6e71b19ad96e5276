/* Questions out of URLs, and conditions out of figures. */
#include "web/frame/question.h"
#include <inttypes.h>

uint16_t zh_question_level(const zh_codes *codes, const char *name)
{
    for (uint16_t i = 0; codes != NULL && i < codes->levels; i++) {
        if (zh_str_is(codes->level_names[i], name)) {
            return (uint16_t)(i + 1);
        }
    }
    return 0;
}

static zh_rc read_region(zh_ui *ui, zh_question *out)
{
    zh_str text = zh_http_param(ui->request, "region");
    const zh_codes *regions = zh_model_codes(ui->ctx.model, ZH_STR("region"));
    const zh_code *found = NULL;
    zh_err ignored = {0};
    char how;
    if (text.n == 0) {
        return ZH_OK;
    }
    if (regions == NULL ||
        zh_code_match(regions, ui->arena, text, INT32_MIN, &found, &how, &ignored) != ZH_OK) {
        zh_err_set(ui->err, ZH_EINVAL, "question.region", "没有地区“%.*s”", ZH_FMT(text));
        zh_err_fix(ui->err, "用名称或 GB/T 2260 六位代码，例如 湖北 或 420000");
        return ZH_EINVAL;
    }
    bool everything = found->level == zh_question_level(regions, "country");
    out->region = everything ? ZH_STR("") : found->code;
    return ZH_OK;
}

static zh_rc read_period(zh_ui *ui, zh_question *out)
{
    zh_str text = zh_http_param(ui->request, "period");
    if (text.n == 0) {
        return ZH_OK;
    }
    if (zh_period_parse(text, &out->first, &out->last) != ZH_OK) {
        zh_err_set(ui->err, ZH_EINVAL, "question.period", "“%.*s”不是期间", ZH_FMT(text));
        zh_err_fix(ui->err, "写成 2024、2024H1、2024Q2、2024-03 或 2024-01/2024-10");
        return ZH_EINVAL;
    }
    out->period = zh_period_format(ui->arena, out->first, out->last);
    return ZH_OK;
}

static zh_rc read_as_of(zh_ui *ui, zh_question *out)
{
    zh_str text = zh_http_param(ui->request, "as_of");
    out->as_of = ZH_AS_OF_NOW;
    if (text.n == 0) {
        return ZH_OK;
    }
    if (zh_str_i64(text, &out->as_of) != ZH_OK || out->as_of < 0 || out->as_of > ui->log_size) {
        zh_err_set(ui->err, ZH_EINVAL, "question.as_of",
                   "账本现有 %" PRId64 " 条，不能按“%.*s”回答", ui->log_size, ZH_FMT(text));
        zh_err_fix(ui->err, "as_of 写账本条数，从 0 到 %" PRId64, ui->log_size);
        return ZH_EINVAL;
    }
    return ZH_OK;
}

zh_rc zh_question_read(zh_ui *ui, zh_question *out)
{
    *out = (zh_question){.region = ZH_STR(""), .period = ZH_STR("")};
    zh_rc rc = read_region(ui, out);
    if (rc == ZH_OK) {
        rc = read_period(ui, out);
    }
    return rc == ZH_OK ? read_as_of(ui, out) : rc;
}

/* ---- conditions
 * ------------------------------------------------------------------------------------- */

zh_str zh_question_and(zh_ui *ui, zh_str a, zh_str b)
{
    if (a.n == 0 || b.n == 0) {
        return a.n > 0 ? a : b;
    }
    return zh_str_fmt(ui->arena, "%.*s and %.*s", ZH_FMT(a), ZH_FMT(b));
}

static const zh_dim *find_dim(const zh_register *reg, zh_str id)
{
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            if (zh_str_eq(reg->cubes[c].dims[d].id, id)) {
                return &reg->cubes[c].dims[d];
            }
        }
    }
    return NULL;
}

static zh_str quoted(zh_ui *ui, zh_str value)
{
    zh_buf out;
    zh_buf_init(&out, 2 * value.n + 3);
    zh_buf_c(&out, '\'');
    for (size_t i = 0; i < value.n; i++) {
        zh_buf_z(&out, value.p[i] == '\'' ? "'" : "");
        zh_buf_c(&out, value.p[i]);
    }
    zh_buf_c(&out, '\'');
    zh_str text = zh_str_dup(ui->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

zh_str zh_question_dim(zh_ui *ui, const zh_register *reg, zh_str dim, zh_str value)
{
    ptrdiff_t at = zh_str_chr(dim, '@');
    zh_str id = at >= 0 ? zh_str_sub(dim, 0, (size_t)at) : dim;
    const zh_dim *found = find_dim(reg, id);
    const zh_field *field = found != NULL ? found->field : zh_register_field(reg, id);
    /* No value at a level is a code above it, which no condition of one field says. */
    if (field == NULL || (found != NULL && found->expr.root != NULL) || (at >= 0 && value.n == 0)) {
        return ZH_STR("");
    }
    if (value.n == 0) {
        return zh_str_fmt(ui->arena, "%.*s is null", ZH_FMT(field->id));
    }
    if (field->type == ZH_TYPE_BOOL) {
        return zh_str_fmt(ui->arena, "%.*s = %.*s", ZH_FMT(field->id), ZH_FMT(value));
    }
    return zh_str_fmt(ui->arena, "%.*s %s %.*s", ZH_FMT(field->id),
                      field->codes != NULL && field->codes->levels > 1 ? "within" : "=",
                      ZH_FMT(quoted(ui, value)));
}

static zh_str within_period(zh_ui *ui, const zh_field *time, zh_date first, zh_date last)
{
    char from[16];
    char to[16];
    bool instant = time->type == ZH_TYPE_DATETIME;
    (void)zh_date_format(first, from);
    (void)zh_date_format(instant ? last + 1 : last, to);
    return zh_str_fmt(ui->arena, "%.*s >= %s%s and %.*s %s %s%s", ZH_FMT(time->id), from,
                      instant ? "T00:00" : "", ZH_FMT(time->id), instant ? "<" : "<=", to,
                      instant ? "T00:00" : "");
}

zh_str zh_question_where(zh_ui *ui, const zh_condition *c)
{
    zh_str where = ZH_STR("");
    zh_str dim = zh_figure_region_dim(c->reg);
    if (c->region.n > 0 && dim.n > 0) {
        where = zh_question_and(ui, where, zh_question_dim(ui, c->reg, dim, c->region));
    }
    if ((c->first != 0 || c->last != 0) && c->reg->event_time != NULL) {
        where =
            zh_question_and(ui, where, within_period(ui, c->reg->event_time, c->first, c->last));
    }
    if (c->reg->has_count_when) {
        where = zh_question_and(ui, where,
                                zh_str_fmt(ui->arena, "(%.*s)", ZH_FMT(c->reg->count_when.source)));
    }
    for (size_t i = 0; i < ZH_COUNTOF(c->programs); i++) {
        if (c->programs[i] != NULL && c->programs[i]->source.n > 0) {
            where = zh_question_and(
                ui, where, zh_str_fmt(ui->arena, "(%.*s)", ZH_FMT(c->programs[i]->source)));
        }
    }
    return where;
}

/* ---- selects
 * ---------------------------------------------------------------------------------------- */

void zh_question_regions(zh_ui *ui, zh_str selected, zh_option **out, size_t *n)
{
    enum { PROVINCES_MAX = 64 };
    const zh_codes *regions = zh_model_codes(ui->ctx.model, ZH_STR("region"));
    uint16_t level = zh_question_level(regions, "province");
    bool listed = selected.n == 0;
    *out = ZH_NEW_N(ui->arena, zh_option, PROVINCES_MAX + 2);
    *n = 0;
    (*out)[(*n)++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_REGION_ALL)};
    for (size_t i = 0; regions != NULL && i < regions->n; i++) {
        const zh_code *code = &regions->codes[i];
        if (code->level != level || code->to != ZH_OPEN_END || *n > PROVINCES_MAX) {
            continue;
        }
        listed = listed || zh_str_eq(code->code, selected);
        (*out)[(*n)++] = (zh_option){code->code, zh_ui_label(ui, code->label)};
    }
    if (!listed) {
        (*out)[(*n)++] = (zh_option){selected, zh_ui_region(ui, selected)};
    }
}

/* The level of regions down to which cells of the register are kept; 0: it has none. */
static uint16_t deepest_level(const zh_register *reg, const zh_codes *regions)
{
    uint16_t deepest = 0;
    for (size_t c = 0; reg != NULL && c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            const zh_dim *dim = &reg->cubes[c].dims[d];
            uint16_t level = dim->level > 0 ? dim->level : regions->levels;
            deepest = dim->codes == regions && level > deepest ? level : deepest;
        }
    }
    return deepest;
}

/* Whether the code is offered: a province, or a child of one the selected code lies in. */
static bool is_offered(const zh_code *code, uint16_t province, uint16_t deepest,
                       const zh_code *selected)
{
    return code->to == ZH_OPEN_END &&
           (code->level == province ||
            (code->level > province && code->level <= deepest && selected != NULL &&
             code->parent != NULL && zh_code_within(selected, code->parent)));
}

void zh_question_areas(zh_ui *ui, const zh_register *reg, zh_str selected, zh_option **out,
                       size_t *n)
{
    enum { AREAS_MAX = 500 };
    static const char *const indents[] = {"", "　", "　　"};
    const zh_codes *regions = zh_model_codes(ui->ctx.model, ZH_STR("region"));
    uint16_t province = zh_question_level(regions, "province");
    uint16_t county = zh_question_level(regions, "county");
    uint16_t deepest = regions != NULL ? deepest_level(reg, regions) : 0;
    const zh_code *chosen =
        regions != NULL && selected.n > 0 ? zh_code_find(regions, selected, INT32_MIN) : NULL;
    bool listed = selected.n == 0;
    deepest = deepest > county ? county : deepest;
    *out = ZH_NEW_N(ui->arena, zh_option, AREAS_MAX + 2);
    *n = 0;
    (*out)[(*n)++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_REGION_ALL)};
    for (size_t i = 0; regions != NULL && province > 0 && i < regions->n && *n <= AREAS_MAX; i++) {
        const zh_code *code = &regions->codes[i];
        if (is_offered(code, province, deepest, chosen)) {
            size_t depth = (size_t)(code->level - province);
            listed = listed || zh_str_eq(code->code, selected);
            (*out)[(*n)++] = (zh_option){
                code->code,
                zh_str_fmt(ui->arena, "%s%.*s",
                           indents[depth < ZH_COUNTOF(indents) ? depth : ZH_COUNTOF(indents) - 1],
                           ZH_FMT(zh_ui_label(ui, code->label)))};
        }
    }
    if (!listed) {
        (*out)[(*n)++] = (zh_option){selected, zh_ui_region(ui, selected)};
    }
}
