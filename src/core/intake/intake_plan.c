/* Finding which layout a file has, sheet by sheet, and the row that is its header. */
#include "core/intake/intake_run.h"
#include <string.h>

enum { VARIANTS_MAX = 8, SHEETS_MAX = 256 };

const char *zh_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Options under which the file may be opened: as it is, and as each recipe's JSON places say. */
static size_t variants_of(const zh_intake_run *in, const zh_layout *const *layouts, size_t n,
                          zh_table_options *out)
{
    size_t count = 0;
    if (in->o->recipe.n == 0) {
        out[count++] = (zh_table_options){0};
    }
    for (size_t i = 0; i < n && count < VARIANTS_MAX; i++) {
        zh_table_options v = {.separator = layouts[i]->separator,
                              .json_rows = layouts[i]->json_rows,
                              .json_header = layouts[i]->json_header};
        bool known = false;
        for (size_t k = 0; k < count && !known; k++) {
            known = out[k].separator == v.separator && zh_str_eq(out[k].json_rows, v.json_rows) &&
                    zh_str_eq(out[k].json_header, v.json_header);
        }
        if (!known) {
            out[count++] = v;
        }
    }
    return count;
}

/* The text of a row for the message that no layout fits. */
static zh_str row_text(zh_arena *arena, const zh_table_row *row)
{
    zh_buf text;
    zh_buf_init(&text, 512);
    for (size_t i = 0; i < row->n && i < 12 && !text.failed; i++) {
        zh_buf_z(&text, i ? "、" : "");
        zh_buf_str(&text, zh_cell_clip(row->cells[i].text, 60));
    }
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

/* What a layout wants to know from the file's name may stand in that of the file inside a zip. */
static zh_rc find_mapping(zh_intake_run *in, const zh_layout *const *layouts, size_t nlayouts,
                          const zh_table_row *row, const zh_table_info *info, size_t sheet,
                          zh_mapping **out)
{
    zh_ctx ctx = *in->ctx;
    ctx.arena = in->plan_arena;
    const char *names[] = {zh_base_name(zh_str_c(ctx.arena, info->member)),
                           zh_intake_file_name(in)};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(names) && rc == ZH_OK && *out == NULL; i++) {
        if (names[i][0] != '\0') {
            rc = zh_mapping_find(&ctx, in->o, layouts, nlayouts, row, names[i],
                                 info->sheets[sheet].name, info->kind == ZH_TABLE_XLSX, out);
        }
    }
    return rc;
}

static zh_rc plan_sheet(zh_intake_run *in, zh_table *table, size_t sheet,
                        const zh_layout *const *layouts, size_t nlayouts, zh_str *first_row)
{
    zh_ctx ctx = *in->ctx;
    ctx.arena = in->plan_arena;
    const zh_table_info *info = zh_table_about(table);
    zh_table_row row;
    zh_mapping *mapping = NULL;
    zh_rc rc = zh_table_begin(table, sheet, ctx.err);
    for (size_t i = 0; rc == ZH_OK && i < ZH_INTAKE_HEADER_ROWS && mapping == NULL; i++) {
        rc = zh_table_next(table, &row, ctx.err);
        if (rc != ZH_OK || row.blank || row.error != NULL) {
            continue;
        }
        if (first_row->p == NULL) {
            *first_row = row_text(in->plan_arena, &row);
        }
        rc = find_mapping(in, layouts, nlayouts, &row, info, sheet, &mapping);
        if (rc == ZH_OK && mapping != NULL) {
            bool headless = mapping->layout->ncolumns > 0;
            in->plans[in->nplans++] = (zh_sheet_plan){sheet, i + !headless, mapping};
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static const char *encoding_label(const zh_table_info *info)
{
    return info->kind == ZH_TABLE_XLSX ? "" : zh_encoding_name(info->encoding);
}

static zh_rc plan_variant(zh_intake_run *in, const zh_table_options *options,
                          const zh_layout *const *layouts, size_t nlayouts, zh_str *first_row)
{
    zh_table *table = NULL;
    zh_rc rc = zh_table_open(in->o->path, options, &table, in->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_table_info *info = zh_table_about(table);
    size_t headed = 0; /* layouts without a header stand last: they would take a title for a row */
    while (headed < nlayouts && layouts[headed]->ncolumns == 0) {
        headed++;
    }
    for (int turn = 0; turn < 2 && rc == ZH_OK && in->nplans == 0; turn++) {
        const zh_layout *const *some = turn ? layouts + headed : layouts;
        size_t n = turn ? nlayouts - headed : headed;
        for (size_t s = 0; n > 0 && s < info->sheets_n && s < SHEETS_MAX && rc == ZH_OK; s++) {
            if (!info->sheets[s].hidden) {
                rc = plan_sheet(in, table, s, some, n, first_row);
            }
        }
    }
    if (rc == ZH_OK && in->nplans > 0) {
        zh_arena *arena = in->ctx->arena;
        in->table_options = *options;
        in->out->format = zh_str_dup(arena, zh_str_of(zh_table_kind_name(info->kind)));
        in->out->encoding = zh_str_dup(arena, zh_str_of(encoding_label(info)));
    }
    zh_table_close(table);
    return rc;
}

static zh_rc no_layout(zh_intake_run *in, const zh_layout *layout, zh_str first_row)
{
    zh_err *err = in->ctx->err;
    zh_buf wanted;
    zh_buf_init(&wanted, 360);
    if (layout->nheaders > 0) {
        for (size_t i = 0; i < layout->nheaders; i++) {
            zh_buf_fmt(&wanted, "%s%.*s", i ? "、" : "", ZH_FMT(layout->headers[i]));
        }
    } else {
        for (size_t i = 0, k = 0; i < layout->nsets; i++) {
            if (layout->sets[i].field->required) {
                zh_buf_fmt(&wanted, "%s%.*s", k++ ? "、" : "",
                           ZH_FMT(layout->sets[i].field->label.zh));
            }
        }
    }
    if (first_row.n > 0) {
        zh_err_set(err, ZH_EINVAL, "intake.layout",
                   "前 %zu 行里没有找到“%.*s”要的表头；文件的第一行是：%.*s", ZH_INTAKE_HEADER_ROWS,
                   ZH_FMT(zh_label_for(err, in->o->reg->label)), ZH_FMT(first_row));
    } else {
        zh_err_set(err, ZH_EINVAL, "intake.layout", "文件里没有一行数据");
    }
    zh_err_fix(err, "表头应有：%.*s；或用 --recipe 指明配方", (int)wanted.n,
               wanted.p ? wanted.p : "");
    zh_err_where(err, "%s", zh_intake_file_name(in));
    zh_buf_free(&wanted);
    return ZH_EINVAL;
}

zh_rc zh_intake_plan(zh_intake_run *in)
{
    const zh_layout *const *layouts = NULL;
    size_t nlayouts = 0;
    zh_ctx ctx = *in->ctx;
    ctx.arena = in->plan_arena;
    zh_rc rc = zh_layouts_of(&ctx, in->o, &layouts, &nlayouts);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_table_options variants[VARIANTS_MAX];
    size_t nvariants = variants_of(in, layouts, nlayouts, variants);
    zh_str first_row = ZH_STR_NONE;
    zh_err first_error = {0};
    in->plans = ZH_NEW_N(in->plan_arena, zh_sheet_plan, SHEETS_MAX);
    for (size_t v = 0; v < nvariants && in->nplans == 0; v++) {
        zh_err_again(in->ctx->err);
        rc = plan_variant(in, &variants[v], layouts, nlayouts, &first_row);
        if (rc != ZH_OK && strcmp(in->ctx->err->rule, "intake.ambiguous") == 0) {
            return rc; /* another way to open the file does not settle it */
        }
        if (rc != ZH_OK && first_error.rc == ZH_OK) {
            first_error = *in->ctx->err;
        }
    }
    if (in->nplans == 0 && first_error.rc != ZH_OK && first_row.p == NULL) {
        *in->ctx->err = first_error;
        return first_error.rc;
    }
    zh_err_again(in->ctx->err);
    if (in->nplans == 0) {
        return no_layout(in, layouts[0], first_row);
    }
    const zh_mapping *first = in->plans[0].mapping;
    zh_mapping_unmapped(in->ctx->arena, first, &in->out->unmapped, &in->out->nunmapped);
    zh_mapping_columns(in->ctx->arena, first, &in->out->columns, &in->out->ncolumns);
    in->out->headers = first->layout->headers;
    in->out->nheaders = first->layout->nheaders;
    zh_str *sheets = ZH_NEW_N(in->ctx->arena, zh_str, in->nplans);
    for (size_t i = 0; i < in->nplans; i++) {
        sheets[i] = zh_str_dup(in->ctx->arena, in->plans[i].mapping->sheet);
    }
    in->out->sheets = sheets;
    in->out->nsheets = in->nplans;
    in->out->layout = first->layout->id;
    in->out->recipe = zh_layout_recipe(in->ctx->model, first->layout);
    return ZH_OK;
}
