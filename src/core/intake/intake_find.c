/* Which register a foreign file is for, from its first rows alone. */
#include "core/intake/intake_run.h"
#include <string.h>

enum {
    SHEETS_LOOKED_AT = 8,
    VARIANTS_MAX = 8,
    OWN_PERCENT = 50,     /* columns that a register must know for its own layout */
    RECIPE_SCORE = 10000, /* a recipe's headers were made for the file: before any register's own */
};

typedef struct candidate {
    const zh_register *reg;
    const zh_layout *const *layouts;
    size_t nlayouts;
    size_t score; /* 0: does not fit */
} candidate;

typedef struct search {
    zh_ctx *ctx;
    zh_arena *arena, *scratch;
    const char *path;
    zh_str name;
    candidate *candidates;
    size_t n;
    zh_table_options variants[VARIANTS_MAX];
    size_t nvariants;
} search;

static size_t score_of(zh_arena *scratch, const zh_mapping *m)
{
    const zh_str *unmapped = NULL;
    size_t nunmapped = 0;
    if (m->layout->ncolumns > 0) {
        return m->layout->file_regex != NULL ? RECIPE_SCORE : 0; /* any file so wide would fit */
    }
    if (m->layout->nheaders > 0) {
        return RECIPE_SCORE + m->layout->nheaders * 10 + (m->layout->file_regex != NULL);
    }
    zh_mapping_unmapped(scratch, m, &unmapped, &nunmapped);
    size_t named = 0;
    for (size_t i = 0; i < m->nheaders; i++) {
        named += m->headers[i].n > 0;
    }
    size_t known = named - nunmapped;
    return named > 0 && known * 100 > named * OWN_PERCENT ? known * 100 / named : 0;
}

static zh_rc look_at_row(search *s, const zh_table_row *row, const zh_table_info *info,
                         size_t sheet)
{
    const char *names[] = {zh_base_name(zh_str_c(s->arena, info->member)),
                           zh_str_c(s->arena, s->name)};
    zh_ctx ctx = *s->ctx;
    ctx.arena = s->scratch;
    for (size_t i = 0; i < s->n; i++) {
        candidate *c = &s->candidates[i];
        zh_intake_options o = {.reg = c->reg, .path = s->path};
        for (size_t k = 0; k < ZH_COUNTOF(names); k++) {
            zh_mapping *m = NULL;
            zh_arena_reset(s->scratch);
            zh_rc rc = names[k][0] == '\0' ? ZH_OK
                                           : zh_mapping_find(&ctx, &o, c->layouts, c->nlayouts, row,
                                                             names[k], info->sheets[sheet].name,
                                                             info->kind == ZH_TABLE_XLSX, &m);
            bool several = rc == ZH_EINVAL; /* of its recipes: the register is found all the same */
            if (rc != ZH_OK && !several) {
                return rc;
            }
            if (several) {
                zh_err_again(ctx.err);
            }
            size_t score = several ? RECIPE_SCORE : m != NULL ? score_of(s->scratch, m) : 0;
            c->score = score > c->score ? score : c->score;
        }
    }
    return ZH_OK;
}

static zh_rc look(search *s, const zh_table_options *options)
{
    zh_table *table = NULL;
    zh_table_row row;
    zh_rc rc = zh_table_open(s->path, options, &table, s->ctx->err);
    const zh_table_info *info = rc == ZH_OK ? zh_table_about(table) : NULL;
    for (size_t i = 0; rc == ZH_OK && i < info->sheets_n && i < SHEETS_LOOKED_AT; i++) {
        if (info->sheets[i].hidden) {
            continue;
        }
        rc = zh_table_begin(table, i, s->ctx->err);
        for (size_t k = 0; rc == ZH_OK && k < ZH_INTAKE_HEADER_ROWS; k++) {
            rc = zh_table_next(table, &row, s->ctx->err);
            if (rc == ZH_OK && !row.blank && row.error == NULL) {
                rc = look_at_row(s, &row, info, i);
            }
        }
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_table_close(table);
    return rc;
}

/* Places in a JSON document, and separators, that some layout names. */
static void add_variants(search *s, const candidate *c)
{
    for (size_t i = 0; i < c->nlayouts && s->nvariants < VARIANTS_MAX; i++) {
        const zh_layout *l = c->layouts[i];
        zh_table_options v = {
            .separator = l->separator, .json_rows = l->json_rows, .json_header = l->json_header};
        bool known = false;
        for (size_t k = 0; k < s->nvariants && !known; k++) {
            known = s->variants[k].separator == v.separator &&
                    zh_str_eq(s->variants[k].json_rows, v.json_rows) &&
                    zh_str_eq(s->variants[k].json_header, v.json_header);
        }
        if (!known) {
            s->variants[s->nvariants++] = v;
        }
    }
}

static zh_rc gather(search *s)
{
    const zh_model *model = s->ctx->model;
    zh_ctx ctx = *s->ctx;
    zh_rc rc = ZH_OK;
    ctx.arena = s->arena;
    s->candidates = ZH_NEW_N(s->arena, candidate, model->nregisters + 1);
    s->variants[s->nvariants++] = (zh_table_options){0};
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        candidate *c = &s->candidates[s->n++];
        c->reg = &model->registers[i];
        zh_intake_options o = {.reg = c->reg, .path = s->path};
        rc = zh_layouts_of(&ctx, &o, &c->layouts, &c->nlayouts);
        add_variants(s, c);
    }
    return rc;
}

static zh_rc decide(search *s, const zh_register **out)
{
    const candidate *best = NULL;
    const candidate *rival = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const candidate *c = &s->candidates[i];
        if (c->score > 0 && (best == NULL || c->score > best->score)) {
            best = c;
            rival = NULL;
        } else if (best != NULL && c->score == best->score) {
            rival = c;
        }
    }
    if (best != NULL && rival == NULL) {
        *out = best->reg;
        return ZH_OK;
    }
    if (best == NULL) {
        zh_err_set(s->ctx->err, ZH_EINVAL, "intake.register", "前 %zu 行里没有哪个登记册认得的表头",
                   ZH_INTAKE_HEADER_ROWS);
        zh_err_fix(s->ctx->err, "请指明登记册，或下载它的模板，把数据贴进去");
    } else {
        zh_err_set(s->ctx->err, ZH_EINVAL, "intake.register",
                   "这个文件“%.*s”和“%.*s”都认得，不能替您选",
                   ZH_FMT(zh_label_for(s->ctx->err, best->reg->label)),
                   ZH_FMT(zh_label_for(s->ctx->err, rival->reg->label)));
        zh_err_fix(s->ctx->err, "请指明登记册");
    }
    return ZH_EINVAL;
}

zh_rc zh_intake_find(zh_ctx *ctx, const char *path, zh_str file_name, const zh_register **out)
{
    search s = {.ctx = ctx,
                .arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES),
                .scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES),
                .path = path,
                .name = file_name.n > 0 ? file_name : zh_str_of(zh_base_name(path))};
    zh_err first = {0};
    zh_rc rc = gather(&s);
    size_t read = 0;
    for (size_t i = 0; i < s.nvariants && rc == ZH_OK; i++) {
        zh_err_again(ctx->err);
        if (look(&s, &s.variants[i]) == ZH_OK) {
            read++;
        } else if (first.rc == ZH_OK) {
            first = *ctx->err;
        }
    }
    if (rc == ZH_OK && read == 0) {
        *ctx->err = first;
        rc = first.rc;
    } else if (rc == ZH_OK) {
        zh_err_again(ctx->err);
        rc = decide(&s, out);
    }
    zh_arena_free(s.arena);
    zh_arena_free(s.scratch);
    return rc;
}
