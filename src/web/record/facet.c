/* Filters beside a list. */
#include "web/record/facet.h"
#include "core/cube/cube.h"
#include "core/cube/suppress.h"
#include "core/read/permission.h"
#include "web/frame/part.h"
#include "web/frame/words.h"
#include <stdlib.h>
#include <string.h>

typedef struct facet {
    zh_group group;
    zh_str key;  /* names it in more=KEY */
    zh_str left; /* of its conditions: maker_place@province */
    zh_str title;
} facet;

typedef struct facets {
    const zh_listing *q;
    facet list[ZH_FACETS_MAX];
    size_t n;
} facets;

zh_str zh_facet_number(zh_ui *ui, int64_t n, bool at_least)
{
    zh_str count = zh_ui_count(ui, n);
    return at_least ? zh_str_fmt(ui->arena, "≥ %.*s", ZH_FMT(count)) : count;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* A condition that one code field is a value: field = 'x' (level 0), field@level = 'x', or field
 * within 'x', which is the same as at the level of x. */
typedef struct code_is {
    const zh_field *field;
    uint16_t level;
    zh_str value;
} code_is;

/* false: something else. */
static bool simple(const zh_expr *node, code_is *out)
{
    bool within = node->op == ZH_X_WITHIN;
    if ((node->op != ZH_X_EQ && !within) || node->a[1]->op != ZH_X_LITERAL ||
        node->a[1]->kind != ZH_TEXT) {
        return false;
    }
    const zh_expr *left = node->a[0];
    bool level = left->op == ZH_X_LEVEL && left->a[1] == NULL && left->a[0]->op == ZH_X_FIELD;
    if ((!level && left->op != ZH_X_FIELD) || (level && within)) {
        return false;
    }
    *out = (code_is){.field = level ? left->a[0]->field : left->field,
                     .level = level ? left->level : 0,
                     .value = node->a[1]->value.text};
    if (out->field->table != NULL || out->field->type != ZH_TYPE_CODE) {
        return false;
    }
    if (within) {
        const zh_code *code = zh_code_find(out->field->codes, out->value, INT32_MIN);
        out->level = code != NULL ? code->level : 0;
    }
    return out->level > 0 || !within;
}

/* The plain dimension of a cube that says what the field is at a level (0: as recorded). */
static const zh_dim *dim_of(const zh_cube *cube, const zh_field *field, uint16_t level)
{
    for (size_t i = 0; i < cube->ndims; i++) {
        const zh_dim *d = &cube->dims[i];
        if (d->field == field && d->expr.root == NULL && d->grain == ZH_GRAIN_NONE &&
            (d->level == level || (d->level == 0 && level > 0) ||
             (d->level > level && level > 0))) {
            return d;
        }
    }
    return NULL;
}

typedef struct cell_asking {
    zh_cell_filter filters[2 * ZH_LISTING_PIECES_MAX];
    zh_cell_group group;
    zh_cell_query query;
} cell_asking;

/* Time dimensions are of the event time, as the filter by years is. */
static bool has_time(const zh_cube *cube)
{
    bool any = false;
    for (size_t i = 0; i < cube->ndims; i++) {
        any = any || cube->dims[i].grain != ZH_GRAIN_NONE;
    }
    return any;
}

/* Whether this cube answers it all; fills the query. */
static bool cube_fits(const zh_listing *q, const zh_cube *cube, const zh_piece *without,
                      const zh_group *group, cell_asking *out)
{
    size_t n = 0;
    zh_date first = 0;
    zh_date last = 0;
    bool spanned = false;
    bool years = group != NULL && group->grain == ZH_GRAIN_YEAR;
    if (years && !has_time(cube)) {
        return false;
    }
    if (group != NULL && !years) {
        const zh_dim *d = dim_of(cube, group->field, group->level);
        if (d == NULL || group->field->type != ZH_TYPE_CODE) {
            return false;
        }
        out->group = (zh_cell_group){.dim = d->id, .level = group->level};
    }
    for (size_t i = 0; i < q->nview_pieces + q->npieces; i++) {
        code_is is;
        const zh_piece *piece =
            i < q->nview_pieces ? &q->view_pieces[i] : &q->pieces[i - q->nview_pieces];
        if (piece == without) {
            continue;
        }
        if (!spanned && has_time(cube) &&
            zh_words_year(piece->program.root, q->reg->event_time, &first, &last)) {
            spanned = true;
            continue;
        }
        if (!simple(piece->program.root, &is)) {
            return false;
        }
        const zh_dim *d = dim_of(cube, is.field, is.level);
        if (d == NULL) {
            return false;
        }
        out->filters[n++] =
            (zh_cell_filter){.dim = d->id, .value = is.value, .subtree = is.level > 0};
    }
    out->query = (zh_cell_query){.reg = q->reg,
                                 .filters = out->filters,
                                 .nfilters = n,
                                 .groups = &out->group,
                                 .ngroups = group != NULL && !years,
                                 .by = years ? ZH_GRAIN_YEAR : ZH_GRAIN_NONE,
                                 .has_span = spanned,
                                 .first = first,
                                 .last = last,
                                 .as_of = ZH_AS_OF_NOW};
    return true;
}

static int most_first(const void *a, const void *b)
{
    const zh_count_row *x = a;
    const zh_count_row *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : zh_str_cmp(x->keys[0], y->keys[0]);
}

static zh_rc count_cells(const zh_listing *q, const zh_group *group, const zh_cell_query *query,
                         zh_counts *out)
{
    zh_ui *ui = q->ui;
    zh_cell_answer answer;
    zh_rc rc = zh_cells(&ui->ctx, ui->conn, query, &answer);
    if (rc != ZH_OK) {
        return rc;
    }
    *out = (zh_counts){.complete = true, .from_cube = answer.cube != NULL};
    out->rows = ZH_NEW_N(ui->arena, zh_count_row, answer.n + 1);
    for (size_t i = 0; i < answer.n; i++) {
        out->total += answer.cells[i].n;
        if (group == NULL || answer.cells[i].n == 0) {
            continue;
        }
        zh_str key = answer.cells[i].groups[0];
        const zh_code *code =
            group->field->codes != NULL ? zh_code_find(group->field->codes, key, INT32_MIN) : NULL;
        zh_count_row *row = &out->rows[out->n++];
        *row = (zh_count_row){.n = answer.cells[i].n};
        row->keys[0] = key.n > 0 ? key : ZH_STR_NONE;
        row->labels[0] = code != NULL ? code->label.zh : key;
    }
    out->distinct = (int64_t)out->n;
    zh_sort(out->rows, out->n, sizeof *out->rows, most_first);
    return ZH_OK;
}

static bool is_plain(const zh_listing *q)
{
    return q->search.n == 0 && q->as_of == ZH_AS_OF_NOW && !q->reg->has_count_when;
}

/* Cells answer, or nothing else may. */
static bool from_cells(const zh_listing *q, const zh_cell_query *query)
{
    return zh_aggregate_only(&q->ui->ctx, q->reg) || zh_cells_held(&q->ui->ctx, query);
}

/* What is not released to a reader of counts is not counted. */
static zh_rc withheld(zh_ui *ui, zh_rc rc, zh_counts *out)
{
    if (rc != ZH_EDENIED || !zh_str_starts(zh_str_of(ui->err->rule), ZH_STR(ZH_AGGREGATE_RULE))) {
        return rc;
    }
    zh_err_again(ui->err);
    *out = (zh_counts){.complete = true};
    return ZH_OK;
}

/* From the first cube that holds it all; *done: one did. */
static zh_rc count_by_cube(const zh_listing *q, const zh_piece *without, const zh_group *group,
                           zh_counts *out, bool *done)
{
    *done = false;
    for (size_t i = 0; is_plain(q) && (group == NULL || !group->is_state) && i < q->reg->ncubes;
         i++) {
        cell_asking asking;
        if (cube_fits(q, &q->reg->cubes[i], without, group, &asking) &&
            from_cells(q, &asking.query)) {
            *done = true;
            return withheld(q->ui, count_cells(q, group, &asking.query, out), out);
        }
    }
    return ZH_OK;
}

/* The question of a count from the records. */
static zh_rc record_query(const zh_listing *q, const zh_piece *without, zh_program *program,
                          zh_list_query *out)
{
    zh_ui *ui = q->ui;
    zh_str where = zh_listing_both(ui, q->view->where, zh_listing_where(q, without, ZH_STR("")));
    *out = zh_listing_list(q);
    out->where = NULL;
    out->after = ZH_STR("");
    out->with_tables = false;
    out->examine_max = q->large || q->search.n > 0 ? ZH_LISTING_EXAMINE_MAX : 0;
    if (where.n == 0) {
        return ZH_OK;
    }
    out->where = program;
    return zh_listing_compile(ui, q->reg, where, program, ui->err);
}

zh_rc zh_facet_count(const zh_listing *q, const zh_piece *without, const zh_group *group,
                     zh_counts *out)
{
    zh_ui *ui = q->ui;
    bool done = false;
    zh_program program = {0};
    zh_list_query query;
    zh_rc rc = count_by_cube(q, without, group, out, &done);
    if (rc != ZH_OK || done) {
        return rc;
    }
    rc = record_query(q, without, &program, &query);
    return rc == ZH_OK ? zh_count(&ui->ctx, ui->conn, &query, group, group != NULL, out) : rc;
}

/* ---- which filters --------------------------------------------------------------------------- */

static void add(facets *f, zh_group group)
{
    zh_ui *ui = f->q->ui;
    if (f->n == ZH_FACETS_MAX) {
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        const zh_group *g = &f->list[i].group;
        if (g->is_state == group.is_state && g->field == group.field && g->level == group.level &&
            g->grain == group.grain) {
            return;
        }
    }
    facet *one = &f->list[f->n++];
    *one = (facet){.group = group};
    if (group.is_state) {
        one->key = one->left = ZH_STR("state");
        one->title = zh_ui_text(ui, ZH_T_REGISTER_STATE);
        return;
    }
    one->key = one->left = group.field->id;
    one->title = zh_words_field(ui, group.field, group.level);
    if (group.grain == ZH_GRAIN_YEAR) {
        one->key = zh_str_fmt(ui->arena, "%.*s:year", ZH_FMT(group.field->id));
        one->title =
            ZH_SAY(ui, ZH_T_REGISTER_AT_LEVEL, one->title, zh_ui_text(ui, ZH_T_REGISTER_YEAR));
    }
    if (group.level > 0) {
        one->key = one->left = zh_str_fmt(ui->arena, "%.*s@%.*s", ZH_FMT(group.field->id),
                                          ZH_FMT(group.field->codes->level_names[group.level - 1]));
    }
}

/* The level to count a code field at: small systems as they are, large ones by their upper level.
 */
static void add_field(facets *f, const zh_field *field, uint16_t level)
{
    bool code = field->type == ZH_TYPE_CODE && field->codes != NULL;
    if (field->table != NULL || (!code && field->type != ZH_TYPE_BOOL)) {
        return;
    }
    level = code && field->codes->level_names != NULL ? level : 0;
    add(f, (zh_group){.field = field, .level = level});
    const zh_listing *q = f->q;
    for (size_t i = 0;
         i < q->nview_pieces + q->npieces && level > 0 && level < field->codes->levels; i++) {
        code_is is;
        const zh_piece *piece =
            i < q->nview_pieces ? &q->view_pieces[i] : &q->pieces[i - q->nview_pieces];
        if (simple(piece->program.root, &is) && is.field == field && is.level == level) {
            add(f, (zh_group){.field = field, .level = (uint16_t)(level + 1)});
        }
    }
}

static void choose(facets *f)
{
    const zh_register *reg = f->q->reg;
    if (reg->nstates > 1) {
        add(f, (zh_group){.is_state = true});
    }
    if (reg->event_time != NULL && reg->event_time->table == NULL) {
        add(f, (zh_group){.field = reg->event_time, .grain = ZH_GRAIN_YEAR});
    }
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            const zh_dim *dim = &reg->cubes[c].dims[d];
            if (dim->field != NULL && dim->expr.root == NULL && dim->grain == ZH_GRAIN_NONE) {
                add_field(f, dim->field, dim->level);
            }
        }
    }
    for (size_t i = 0; i < reg->ndefault_columns; i++) {
        const zh_field *field = reg->default_columns[i];
        bool large = field->codes != NULL && field->codes->levels > 1;
        if (!large) {
            add_field(f, field, 0);
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static zh_str condition(const facet *one, zh_ui *ui, zh_str key)
{
    if (key.p == NULL) {
        return zh_str_fmt(ui->arena, "%.*s is null",
                          ZH_FMT(one->group.is_state ? one->left : one->group.field->id));
    }
    if (one->group.grain == ZH_GRAIN_YEAR) {
        uint64_t year = 0;
        return zh_str_u64(key, &year) != ZH_OK
                   ? ZH_STR("")
                   : zh_str_fmt(ui->arena, "(%.*s >= %04u-01-01 and %.*s < %04u-01-01)",
                                ZH_FMT(one->left), (unsigned)year, ZH_FMT(one->left),
                                (unsigned)year + 1);
    }
    bool flag = !one->group.is_state && one->group.field->type == ZH_TYPE_BOOL;
    zh_buf quoted;
    zh_buf_init(&quoted, 4096);
    for (size_t i = 0; i < key.n; i++) {
        zh_buf_add(&quoted, "''", key.p[i] == '\'' ? 1 : 0);
        zh_buf_c(&quoted, key.p[i]);
    }
    zh_str text = zh_str_fmt(ui->arena, flag ? "%.*s = %.*s" : "%.*s = '%.*s'", ZH_FMT(one->left),
                             ZH_FMT(zh_buf_view(&quoted)));
    zh_buf_free(&quoted);
    return text;
}

/* The piece of the question that this filter made. */
static const zh_piece *own_piece(const zh_listing *q, const facet *one)
{
    bool year = one->group.grain == ZH_GRAIN_YEAR;
    zh_str equals = zh_str_fmt(q->ui->arena, year ? "(%.*s >= " : "%.*s = ", ZH_FMT(one->left));
    zh_str none = condition(one, q->ui, ZH_STR_NONE);
    for (size_t i = 0; i < q->npieces; i++) {
        code_is is;
        bool same = !one->group.is_state && simple(q->pieces[i].program.root, &is) &&
                    is.field == one->group.field && is.level == one->group.level;
        if (same || zh_str_starts(q->pieces[i].text, equals) ||
            zh_str_eq(q->pieces[i].text, none)) {
            return &q->pieces[i];
        }
    }
    return NULL;
}

/* Whether the piece chose this value. */
static bool is_on(const zh_piece *own, zh_str text, zh_str key)
{
    code_is is;
    return own != NULL &&
           (zh_str_eq(own->text, text) ||
            (key.p != NULL && simple(own->program.root, &is) && zh_str_eq(is.value, key)));
}

static zh_str value_label(const facet *one, zh_ui *ui, const zh_register *reg,
                          const zh_count_row *row)
{
    if (row->keys[0].p == NULL) {
        return zh_ui_text(ui, ZH_T_REGISTER_NOT_FILLED);
    }
    const zh_field *field = one->group.field;
    if (!one->group.is_state && field->codes != NULL) {
        const zh_code *code = zh_code_find(field->codes, row->keys[0], INT32_MIN);
        return code != NULL ? zh_ui_label(ui, code->label) : row->keys[0];
    }
    if (one->group.grain == ZH_GRAIN_YEAR) {
        return row->keys[0];
    }
    if (!one->group.is_state) {
        return zh_ui_text(ui,
                          zh_str_is(row->keys[0], "true") ? ZH_T_REGISTER_YES : ZH_T_REGISTER_NO);
    }
    int state = zh_register_state(reg, row->keys[0]);
    return state >= 0 ? zh_ui_label(ui, reg->states[state].label) : row->keys[0];
}

static void write_rest(const zh_listing *q, const facet *one, int64_t rest, bool opened)
{
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    zh_str count = zh_ui_count(ui, rest);
    if (rest > 0 && opened) {
        zh_html_leaf(h, "p", "sm mu", ZH_SAY(ui, ZH_T_FACET_REST, count));
    } else if (rest > 0) {
        zh_html_open(h, "p", "sm");
        zh_html_a(h, NULL, zh_url_with(ui->request, "more", one->key),
                  ZH_SAY(ui, ZH_T_FACET_REST, count));
        zh_html_close(h);
    }
}

static void write_facet(const zh_listing *q, const facet *one, const zh_counts *counts)
{
    zh_ui *ui = q->ui;
    const zh_piece *own = own_piece(q, one);
    bool opened = zh_str_eq(zh_http_param(ui->request, "more"), one->key);
    size_t max = opened ? ZH_FACET_SHOWN_MAX : ZH_FACET_SHOWN;
    zh_facet_item *items = ZH_NEW_N(ui->arena, zh_facet_item, max + 2);
    size_t n = 0;
    for (size_t i = 0; i < counts->n; i++) {
        zh_str text = condition(one, ui, counts->rows[i].keys[0]);
        bool on = is_on(own, text, counts->rows[i].keys[0]);
        if (n >= max && !on) {
            continue; /* the chosen value is always there */
        }
        zh_str where = zh_listing_where(q, own, on ? ZH_STR("") : text);
        items[n++] = (zh_facet_item){.label = value_label(one, ui, q->reg, &counts->rows[i]),
                                     .url = zh_listing_url(q, where),
                                     .count = counts->rows[i].n,
                                     .on = on};
        max += on && n > max;
    }
    zh_str title = counts->at_least ? ZH_SAY(ui, ZH_T_REGISTER_FACET_CUT, one->title) : one->title;
    zh_part_facet(ui, title, items, n, 0);
    write_rest(q, one, counts->distinct - (int64_t)n, opened);
}

/* Those that no cube answers and that no condition of the question is left out for: one pass. */
static zh_rc count_together(const zh_listing *q, const facets *f, const bool *left,
                            zh_counts *counts)
{
    zh_ui *ui = q->ui;
    zh_group groups[ZH_FACETS_MAX];
    zh_counts found[ZH_FACETS_MAX];
    size_t n = 0;
    zh_program program = {0};
    zh_list_query query;
    for (size_t i = 0; i < f->n; i++) {
        if (left[i]) {
            groups[n++] = f->list[i].group;
        }
    }
    zh_rc rc = n > 0 ? record_query(q, NULL, &program, &query) : ZH_OK;
    if (rc == ZH_OK && n > 0) {
        rc = zh_count_each(&ui->ctx, ui->conn, &query, groups, n, found);
    }
    for (size_t i = f->n; i-- > 0 && rc == ZH_OK;) {
        if (left[i]) {
            counts[i] = found[--n];
        }
    }
    return rc;
}

static zh_rc count_all(const zh_listing *q, const facets *f, zh_counts *counts)
{
    bool left[ZH_FACETS_MAX] = {false};
    bool any = false;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < f->n && rc == ZH_OK; i++) {
        const zh_piece *own = own_piece(q, &f->list[i]);
        const zh_group *group = &f->list[i].group;
        bool done = false;
        if (own == NULL && q->search.n == 0) {
            rc = count_by_cube(q, NULL, group, &counts[i], &done);
            left[i] = !done;
            any = any || left[i];
        } else {
            rc = zh_facet_count(q, own, group, &counts[i]);
        }
    }
    zh_err before = *q->ui->err;
    rc = rc == ZH_OK && any ? count_together(q, f, left, counts) : rc;
    bool each = rc == ZH_EINVAL && strcmp(q->ui->err->rule, "query.unsupported") == 0;
    if (each) { /* what only the program can decide is counted by a scan */
        *q->ui->err = before;
        rc = ZH_OK;
    }
    for (size_t i = 0; i < f->n && each && rc == ZH_OK; i++) {
        rc = left[i] ? zh_facet_count(q, NULL, &f->list[i].group, &counts[i]) : ZH_OK;
    }
    return rc;
}

zh_rc zh_facets_write(const zh_listing *q)
{
    facets f = {.q = q};
    zh_counts counts[ZH_FACETS_MAX] = {{0}};
    if (q->large && q->as_of != ZH_AS_OF_NOW) { /* each would go through the whole history */
        zh_html_leaf(&q->ui->html, "p", "sm mu", zh_ui_text(q->ui, ZH_T_REGISTER_FACETS_THEN));
        return ZH_OK;
    }
    choose(&f);
    zh_rc rc = count_all(q, &f, counts);
    for (size_t i = 0; i < f.n && rc == ZH_OK; i++) {
        if (counts[i].n > 0) {
            write_facet(q, &f.list[i], &counts[i]);
        }
    }
    return rc;
}
