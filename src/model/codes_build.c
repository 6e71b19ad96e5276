/* Building code systems from CSV files and YAML mappings: validity, parents, levels, successors and
 * the name index. A system of 50,000 codes must load in well under 150 ms (tested), so rows are
 * sorted once and every look-up is by hash. */
#include "base/csv.h"
#include "base/utf8.h"
#include "model/codes.h"
#include "model/grammar.h"
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_BYTES = 1 << 30, PACK_BYTES = 64 << 10 };

static void row_error(zh_cx *cx, const zh_code_row *row, zh_str file, const char *rule,
                      const char *message)
{
    if (row->node != NULL) {
        zh_cx_key_error(cx, row->node, rule, NULL, "%s", message);
    } else {
        zh_cx_line_error(cx, file, row->line, rule, "%s", message);
    }
}

static int by_code_and_from(const void *a, const void *b)
{
    const zh_code_row *x = *(const zh_code_row *const *)a, *y = *(const zh_code_row *const *)b;
    int order = zh_str_cmp(x->code, y->code);
    if (order != 0) {
        return order;
    }
    return (x->from > y->from) - (x->from < y->from);
}

/* ---- hierarchy ---------------------------------------------------------------------------------
 */

typedef struct builder {
    zh_cx *cx;
    zh_codes *codes;
    zh_code *all;             /* sorted */
    const zh_code_row **rows; /* the same order */
    zh_str file;
} builder;

static const zh_code *code_for(const builder *b, zh_str code, const zh_code *child)
{
    zh_date at = child->to == ZH_OPEN_END ? child->from : child->to;
    const zh_code *found = NULL;
    if (child->to == ZH_OPEN_END) {
        found = zh_code_find(b->codes, code, INT32_MAX - 1); /* what is valid without end */
    }
    if (found == NULL) {
        found = zh_code_find(b->codes, code, at);
    }
    return found != NULL ? found : zh_code_find(b->codes, code, ZH_CODE_FROM_OPEN);
}

static void link_parents(const builder *b)
{
    for (size_t i = 0; i < b->codes->n; i++) {
        zh_str parent = b->rows[i]->parent;
        if (parent.n == 0) {
            continue;
        }
        const zh_code *p = code_for(b, parent, &b->all[i]);
        if (p == NULL || p == &b->all[i]) {
            row_error(b->cx, b->rows[i], b->file, "code.parent",
                      zh_str_fmt(b->cx->arena, "「%.*s」的上级「%.*s」不在本体系中",
                                 ZH_FMT(b->all[i].code), ZH_FMT(parent))
                          .p);
            continue;
        }
        b->all[i].parent = p;
        b->all[p - b->all].leaf = false;
    }
}

static uint16_t declared_level(const builder *b, size_t i)
{
    zh_str text = b->rows[i]->level;
    if (text.n == 0) {
        return 0;
    }
    uint16_t level = zh_codes_level(b->codes, text);
    if (level == 0) {
        row_error(b->cx, b->rows[i], b->file, "code.level",
                  zh_str_fmt(b->cx->arena, "「%.*s」的层级「%.*s」没有声明", ZH_FMT(b->all[i].code),
                             ZH_FMT(text))
                      .p);
    }
    return level;
}

static void set_level(const builder *b, size_t i, uint16_t declared_max)
{
    zh_code *code = &b->all[i];
    uint16_t above = code->parent == NULL ? 0 : code->parent->level;
    uint16_t level = declared_level(b, i);
    if (level != 0 && level <= above) {
        row_error(b->cx, b->rows[i], b->file, "code.level",
                  zh_str_fmt(b->cx->arena, "「%.*s」的层级不低于它的上级", ZH_FMT(code->code)).p);
        level = 0;
    }
    code->level = level != 0 ? level : (uint16_t)(above + 1);
    if (declared_max > 0 && code->level > declared_max) {
        row_error(b->cx, b->rows[i], b->file, "code.level",
                  zh_str_fmt(b->cx->arena, "「%.*s」在第 %u 级，只声明了 %u 级", ZH_FMT(code->code),
                             code->level, declared_max)
                      .p);
    }
    if (code->level > b->codes->levels) {
        b->codes->levels = code->level;
    }
}

static void set_levels(const builder *b)
{
    uint16_t declared_max = b->codes->levels;
    for (size_t i = 0; i < b->codes->n; i++) {
        size_t chain[ZH_CODE_LEVELS_MAX];
        size_t depth = 0;
        for (const zh_code *c = &b->all[i]; c != NULL && c->level == 0; c = c->parent) {
            if (depth == ZH_CODE_LEVELS_MAX) {
                row_error(b->cx, b->rows[i], b->file, "code.cycle",
                          zh_str_fmt(b->cx->arena, "「%.*s」的上级关系成环，或超过 %d 级",
                                     ZH_FMT(b->all[i].code), ZH_CODE_LEVELS_MAX)
                              .p);
                b->all[i].parent = NULL;
                depth = 0;
                chain[depth++] = i;
                break;
            }
            chain[depth++] = (size_t)(c - b->all);
        }
        while (depth > 0) {
            set_level(b, chain[--depth], declared_max);
        }
    }
}

static void link_successors(const builder *b)
{
    for (size_t i = 0; i < b->codes->n; i++) {
        const zh_code_row *row = b->rows[i];
        if (row->nsuccessors == 0) {
            continue;
        }
        const zh_code **list = ZH_NEW_N(b->cx->arena, const zh_code *, row->nsuccessors);
        size_t n = 0;
        for (size_t s = 0; s < row->nsuccessors; s++) {
            list[n] = zh_codes_newest(b->codes, row->successors[s]);
            if (list[n] == NULL) {
                row_error(b->cx, row, b->file, "code.successor",
                          zh_str_fmt(b->cx->arena, "「%.*s」的承接编码「%.*s」不在本体系中",
                                     ZH_FMT(row->code), ZH_FMT(row->successors[s]))
                              .p);
            } else {
                n++;
            }
        }
        b->all[i].successors = list;
        b->all[i].nsuccessors = (uint32_t)n;
    }
}

/* ---- names -------------------------------------------------------------------------------------
 */

typedef struct naming {
    const builder *b;
    zh_arena *scratch; /* of the list while it grows */
    ZH_VEC(zh_code_name) names;
} naming;

static void add_name(naming *to, zh_str name, size_t code, char how)
{
    zh_str folded;
    if (name.n == 0 || zh_codes_fold(to->b->cx->arena, name, &folded) != ZH_OK || folded.n == 0) {
        return;
    }
    zh_code_name entry = {
        .name = folded.p, .n = (uint32_t)folded.n, .code = (uint32_t)code, .how = how};
    zh_vec_push(to->scratch, &to->names, entry);
}

/* Whether folding a code does more than to write A to Z small, which the table of codes does. */
static bool folds_further(zh_str code, zh_str folded)
{
    bool further = code.n != folded.n;
    for (size_t i = 0; i < code.n && !further; i++) {
        char c = code.p[i];
        further = folded.p[i] != (c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    return further;
}

static void name_code(naming *to, size_t i)
{
    const builder *b = to->b;
    zh_code *c = &b->all[i];
    zh_str folded;
    zh_arena_mark mark = zh_arena_here(b->cx->arena);
    bool further =
        zh_codes_fold(b->cx->arena, c->code, &folded) == ZH_OK && folds_further(c->code, folded);
    if (further) {
        add_name(to, folded, i, 'c');
    } else {
        zh_arena_rewind(b->cx->arena, mark);
    }
    add_name(to, c->label.zh, i, 'n');
    if (c->label.en.n > 0) {
        add_name(to, c->label.en, i, 'a');
    }
    for (size_t a = 0; a < c->naliases; a++) {
        add_name(to, c->aliases[a], i, 'a');
    }
    c->initials = zh_pinyin_initials(b->cx->arena, c->label.zh);
    if (c->initials.n > 1 && !zh_str_eq(c->initials, c->label.zh)) {
        add_name(to, c->initials, i, 'p');
    }
}

/* Slots for n entries: a power of two, at most seven tenths taken. */
static size_t slots_for(size_t n)
{
    size_t slots = 16;
    while (n * 10 > slots * 7) {
        slots *= 2;
    }
    return slots;
}

/* The list in one piece, and the table: those that are alike stand behind the first. */
static void index_names(const builder *b)
{
    naming to = {.b = b, .scratch = zh_arena_new(SCRATCH_BYTES)};
    zh_codes *codes = b->codes;
    for (size_t i = 0; i < codes->n; i++) {
        name_code(&to, i);
    }
    size_t slots = slots_for(to.names.n);
    zh_code_name *names = ZH_TRY_N(b->cx->arena, zh_code_name, to.names.n + 1);
    uint32_t *table = ZH_TRY_N(b->cx->arena, uint32_t, slots);
    if (names == NULL || table == NULL) {
        b->cx->rc = ZH_ENOMEM;
        zh_arena_free(to.scratch);
        return;
    }
    if (to.names.n > 0) {
        memcpy(names, to.names.p, to.names.n * sizeof *names);
    }
    codes->names = names;
    codes->nnames = to.names.n;
    codes->name_slots = table;
    codes->nname_slots = slots;
    for (size_t i = 0; i < to.names.n; i++) {
        size_t slot = zh_codes_name_slot(codes, (zh_str){names[i].name, names[i].n});
        if (table[slot] == 0) {
            table[slot] = (uint32_t)i + 1;
        } else {
            zh_code_name *first = &names[table[slot] - 1];
            names[i].next = first->next;
            first->next = (uint32_t)i + 1;
        }
    }
    zh_arena_free(to.scratch);
}

/* Every code once: the last one put in is the newest. */
static bool index_codes(const builder *b)
{
    zh_codes *codes = b->codes;
    size_t slots = slots_for(codes->n);
    uint32_t *table = ZH_TRY_N(b->cx->arena, uint32_t, slots);
    if (table == NULL) {
        b->cx->rc = ZH_ENOMEM;
        return false;
    }
    for (size_t i = 0; i < codes->n; i++) {
        size_t slot = (size_t)zh_codes_hash(b->all[i].code) & (slots - 1);
        while (table[slot] != 0 && !zh_str_eq(b->all[table[slot] - 1].code, b->all[i].code)) {
            slot = (slot + 1) & (slots - 1);
        }
        table[slot] = (uint32_t)i + 1;
    }
    codes->code_slots = table;
    codes->ncode_slots = slots;
    return true;
}

/* ---- building ----------------------------------------------------------------------------------
 */

static void copy_row(zh_code *code, const zh_code_row *row, uint32_t position)
{
    code->code = row->code;
    code->label = (zh_label){.zh = row->name, .en = row->en};
    code->from = row->from;
    code->to = row->to;
    code->aliases = row->aliases;
    code->naliases = (uint32_t)row->naliases;
    code->position = position;
    code->leaf = true;
}

/* Codes that stand twice must have validities that do not overlap. */
static void check_validity(const builder *b, size_t i)
{
    const zh_code *code = &b->all[i];
    if (code->from > code->to) {
        row_error(b->cx, b->rows[i], b->file, "code.validity",
                  zh_str_fmt(b->cx->arena, "「%.*s」的起始日期晚于截止日期", ZH_FMT(code->code)).p);
    }
    if (i > 0 && zh_str_eq(code[-1].code, code->code) && code[-1].to >= code->from) {
        row_error(b->cx, b->rows[i], b->file, "code.duplicate",
                  zh_str_fmt(b->cx->arena, "编码「%.*s」重复，有效期重叠", ZH_FMT(code->code)).p);
    }
}

void zh_codes_build(zh_cx *cx, zh_codes *codes, const zh_code_row *rows, size_t n, zh_str file)
{
    const zh_code_row **sorted = zh_alloc((n + 1) * sizeof(*sorted));
    zh_code *all = ZH_TRY_N(cx->arena, zh_code, n + 1);
    if (all == NULL) {
        zh_dealloc(sorted);
        cx->rc = ZH_ENOMEM;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &rows[i];
    }
    if (n > 1) {
        zh_sort(sorted, n, sizeof(*sorted), by_code_and_from);
    }
    codes->codes = all;
    codes->n = n;
    builder b = {cx, codes, all, sorted, file};
    for (size_t i = 0; i < n; i++) {
        copy_row(&all[i], sorted[i], (uint32_t)(sorted[i] - rows));
        check_validity(&b, i);
    }
    if (index_codes(&b)) {
        link_parents(&b);
        set_levels(&b);
        link_successors(&b);
        index_names(&b);
    }
    zh_dealloc(sorted);
}

/* ---- CSV ---------------------------------------------------------------------------------------
 */

static const char *const columns[] = {"code", "name", "en",      "parent",    "level",
                                      "from", "to",   "aliases", "successors"};
enum { CODE, NAME, EN, PARENT, LEVEL, FROM, TO, ALIASES, SUCCESSORS };

zh_rc zh_text_read(void *user, char *buffer, size_t size, size_t *got, zh_err *err)
{
    (void)err;
    zh_text_source *r = user;
    *got = size < r->rest.n ? size : r->rest.n;
    if (*got > 0) {
        memcpy(buffer, r->rest.p, *got);
    }
    r->rest = zh_str_sub(r->rest, *got, r->rest.n);
    return ZH_OK;
}

typedef struct csv_load {
    zh_cx *cx;
    zh_codes *codes;
    zh_str file;
    int position[ZH_COUNTOF(columns)]; /* of each known column, or -1 */
    zh_arena *scratch;                 /* of the rows */
    char *pack;                        /* texts that are kept stand one behind the other … */
    size_t pack_left;                  /* … in blocks: they are many and short */
    ZH_VEC(zh_code_row) rows;
} csv_load;

static bool read_header(csv_load *load, const zh_str *cells, size_t n, size_t line)
{
    for (size_t c = 0; c < ZH_COUNTOF(columns); c++) {
        load->position[c] = -1;
    }
    for (size_t i = 0; i < n; i++) {
        int column = -1;
        for (size_t c = 0; c < ZH_COUNTOF(columns); c++) {
            column = zh_str_is(zh_str_trim(cells[i]), columns[c]) ? (int)c : column;
        }
        if (column < 0) {
            zh_cx_line_error(
                load->cx, load->file, line, "code.column",
                "编码文件没有「%.*s」这一列；可用的列:code name en parent level from to "
                "aliases successors",
                ZH_FMT(cells[i]));
        } else {
            load->position[column] = (int)i;
        }
    }
    if (load->position[CODE] < 0 || load->position[NAME] < 0) {
        zh_cx_line_error(load->cx, load->file, line, "code.column", "编码文件缺少 code 或 name 列");
        return false;
    }
    return true;
}

/* What stands in the column; borrowed until the next row. */
static zh_str read_cell(const csv_load *load, const zh_str *cells, size_t n, int column)
{
    int at = load->position[column];
    return at < 0 || (size_t)at >= n ? ZH_STR_NONE : zh_str_trim(cells[at]);
}

static zh_str cell(const csv_load *load, zh_arena *arena, const zh_str *cells, size_t n, int column)
{
    zh_str text = read_cell(load, cells, n, column);
    return text.n == 0 ? ZH_STR_NONE : zh_str_dup(arena, text);
}

static zh_str packed_cell(csv_load *load, const zh_str *cells, size_t n, int column)
{
    zh_str text = read_cell(load, cells, n, column);
    if (text.n == 0) {
        return ZH_STR_NONE;
    }
    if (load->pack_left < text.n + 1) {
        load->pack_left = text.n + 1 > PACK_BYTES ? text.n + 1 : PACK_BYTES;
        load->pack = zh_arena_alloc(load->cx->arena, load->pack_left);
    }
    char *p = memcpy(load->pack, text.p, text.n);
    p[text.n] = '\0';
    load->pack += text.n + 1;
    load->pack_left -= text.n + 1;
    return (zh_str){p, text.n};
}

static zh_date cell_date(const csv_load *load, zh_str text, zh_date open, size_t line)
{
    zh_date d = open;
    if (text.n > 0 && zh_date_parse(text, &d) != ZH_OK) {
        zh_cx_line_error(load->cx, load->file, line, "code.date", "「%.*s」不是日期 YYYY-MM-DD",
                         ZH_FMT(text));
    }
    return d;
}

static const zh_str *split_list(zh_arena *arena, zh_str text, size_t *n)
{
    ZH_VEC(zh_str) list = {0};
    zh_str piece;
    while (text.n > 0 && zh_str_split(&text, ';', &piece)) {
        if (zh_str_trim(piece).n > 0) {
            zh_vec_push(arena, &list, zh_str_trim(piece));
        }
    }
    *n = list.n;
    return list.p;
}

static void read_row(csv_load *load, const zh_str *cells, size_t n, size_t line)
{
    zh_arena *kept = load->cx->arena;
    zh_code_row row = {.code = packed_cell(load, cells, n, CODE),
                       .name = packed_cell(load, cells, n, NAME),
                       .en = packed_cell(load, cells, n, EN),
                       .parent = cell(load, load->scratch, cells, n, PARENT),
                       .level = cell(load, load->scratch, cells, n, LEVEL),
                       .line = line};
    row.from = cell_date(load, read_cell(load, cells, n, FROM), ZH_CODE_FROM_OPEN, line);
    row.to = cell_date(load, read_cell(load, cells, n, TO), ZH_OPEN_END, line);
    row.aliases = split_list(kept, cell(load, kept, cells, n, ALIASES), &row.naliases);
    row.successors = split_list(kept, cell(load, kept, cells, n, SUCCESSORS), &row.nsuccessors);
    if (row.code.n == 0 || row.name.n == 0) {
        zh_cx_line_error(load->cx, load->file, line, "code.empty", "编码或名称为空");
        return;
    }
    zh_vec_push(load->scratch, &load->rows, row);
}

void zh_codes_read_csv(zh_cx *cx, zh_codes *codes, const zh_pack_file *file)
{
    csv_load load = {
        .cx = cx, .codes = codes, .file = file->path, .scratch = zh_arena_new(SCRATCH_BYTES)};
    zh_text_source reader = {file->text};
    zh_csv *csv = zh_csv_new(zh_text_read, &reader, ',');
    const zh_str *cells;
    size_t n, line;
    bool header = false;
    zh_err err = {0};
    zh_rc rc;
    while ((rc = zh_csv_next(csv, &cells, &n, &line, &err)) == ZH_OK) {
        if (!header) {
            if (!read_header(&load, cells, n, line)) {
                break;
            }
            header = true;
        } else if (n > 1 || cells[0].n > 0) {
            read_row(&load, cells, n, line);
        }
        if (load.rows.n > ZH_CODES_MAX) {
            zh_cx_line_error(cx, file->path, line, "code.limit", "一个编码体系至多 %zu 个编码",
                             ZH_CODES_MAX);
            break;
        }
    }
    zh_csv_free(csv);
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        zh_cx_line_error(cx, file->path, 1, "code.file", "%s", err.message);
    }
    zh_codes_build(cx, codes, load.rows.p, load.rows.n, file->path);
    zh_arena_free(load.scratch);
}

/* ---- YAML --------------------------------------------------------------------------------------
 */

void zh_codes_read_values(zh_cx *cx, zh_codes *codes, const zh_yaml *values)
{
    if (values->kind != ZH_YAML_MAPPING || values->n == 0) {
        zh_cx_error(cx, values, "model.type", NULL, "编码应为一组「编码: 名称」");
        zh_codes_build(cx, codes, NULL, 0, ZH_STR_NONE);
        return;
    }
    zh_code_row *rows = ZH_NEW_N(cx->arena, zh_code_row, values->n);
    size_t n = 0;
    for (const zh_yaml *v = values->first; v != NULL; v = v->next) {
        zh_code_row *row = &rows[n++];
        row->code = v->key;
        row->node = v;
        row->from = zh_get_date(v, "from", ZH_CODE_FROM_OPEN);
        row->to = zh_get_date(v, "to", ZH_OPEN_END);
        row->name = zh_label_of(v).zh;
        row->en = zh_label_of(v).en;
        row->parent = zh_get_text(v, "parent");
        row->level = zh_get_text(v, "level");
        row->aliases = zh_get_texts(cx->arena, v, "aliases", &row->naliases);
        row->successors = zh_get_texts(cx->arena, v, "successors", &row->nsuccessors);
        if (v->kind != ZH_YAML_SCALAR) {
            zh_schema_check(cx, v, zh_grammar_code());
        } else if (v->text.n == 0) {
            zh_cx_error(cx, v, "code.empty", NULL, "编码「%.*s」没有名称", ZH_FMT(v->key));
        }
    }
    zh_codes_build(cx, codes, rows, n, ZH_STR_NONE);
}
