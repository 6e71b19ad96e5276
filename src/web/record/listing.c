/* The question of a list, from its URL. */
#include "web/record/listing.h"
#include "core/people/reading.h"
#include "core/read/permission.h"
#include "core/record/record.h"
#include "fmt/yaml.h"
#include <string.h>

enum { NEAR_MAX = 3, DEFAULT_FIELDS = 6 };

void zh_listing_refuse(zh_listing *q, const char *parameter, const zh_err *err)
{
    if (!q->refused) {
        q->refused = true;
        q->problem = *err;
        q->problem_in = parameter;
    }
}

/* ---- conditions ------------------------------------------------------------------------------ */

zh_rc zh_listing_compile(zh_ui *ui, const zh_register *reg, zh_str text, zh_program *out,
                         zh_err *err)
{
    zh_scope scope = {.model = ui->ctx.model, .reg = reg};
    zh_ctx own = ui->ctx;
    own.err = err;
    zh_rc rc = zh_expr_compile(ui->arena, &scope, text, out, err);
    if (rc == ZH_OK) {
        rc = zh_scope_allows(&own, out);
    }
    if (rc == ZH_OK && out->root->kind != ZH_BOOL) {
        rc = zh_err_set(err, ZH_EINVAL, "query.where", "“%.*s”不是一个条件", ZH_FMT(text));
        zh_err_fix(err, "条件是比较、in、within、is null，或用 and、or、not 连起来的几个");
    }
    return rc;
}

zh_str zh_listing_both(zh_ui *ui, zh_str a, zh_str b)
{
    return a.n == 0   ? b
           : b.n == 0 ? a
                      : zh_str_fmt(ui->arena, "(%.*s) and (%.*s)", ZH_FMT(a), ZH_FMT(b));
}

static bool word_at(zh_str text, size_t i, const char *word)
{
    size_t n = strlen(word);
    return i > 0 && i + n < text.n && memcmp(text.p + i, word, n) == 0 &&
           strchr(" \t\n)'\"", text.p[i - 1]) != NULL && strchr(" \t\n('\"", text.p[i + n]) != NULL;
}

static void add_piece(zh_listing *q, zh_str text, zh_piece *pieces, size_t *n, bool *good)
{
    zh_err ignored = {0};
    text = zh_str_trim(text);
    *good = *good && *n < ZH_LISTING_PIECES_MAX;
    if (*good) {
        zh_piece *piece = &pieces[(*n)++];
        piece->text = text;
        *good = zh_listing_compile(q->ui, q->reg, text, &piece->program, &ignored) == ZH_OK;
    }
}

/* Cuts a condition at the `and`s that stand outside brackets and quotes. What does not compile
 * piece by piece stays whole. */
static void cut(zh_listing *q, zh_str text, const zh_program *whole, zh_piece *pieces, size_t *n)
{
    size_t depth = 0;
    size_t start = 0;
    char quote = 0;
    bool good = true;
    for (size_t i = 0; i < text.n && whole->root->op == ZH_X_AND; i++) {
        char c = text.p[i];
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '(' || c == ')') {
            depth += c == '(' ? 1 : (size_t)-1;
        } else if (depth == 0 && word_at(text, i, "and")) {
            add_piece(q, zh_str_sub(text, start, i - start), pieces, n, &good);
            start = i + 3;
        }
    }
    add_piece(q, zh_str_sub(text, start, text.n), pieces, n, &good);
    if (!good) {
        *n = 1;
        pieces[0] = (zh_piece){.text = text, .program = *whole};
    }
}

/* A piece that binds less tightly than `and` needs brackets when others stand beside it. */
static zh_str bracketed(zh_ui *ui, zh_str text)
{
    zh_str rest = text;
    bool loose = false;
    for (size_t i = 0; i < rest.n; i++) {
        loose = loose || word_at(text, i, "or") || text.p[i] == '?';
    }
    bool already = text.n > 0 && text.p[0] == '(' && text.p[text.n - 1] == ')';
    return loose && !already ? zh_str_fmt(ui->arena, "(%.*s)", ZH_FMT(text)) : text;
}

zh_str zh_listing_where(const zh_listing *q, const zh_piece *without, zh_str with)
{
    zh_ui *ui = q->ui;
    zh_str out = ZH_STR("");
    for (size_t i = 0; i <= q->npieces; i++) {
        bool added = i == q->npieces;
        zh_str text = added ? with : q->pieces[i].text;
        if (text.n == 0 || (!added && &q->pieces[i] == without)) {
            continue;
        }
        text = bracketed(ui, text);
        out = out.n == 0 ? text : zh_str_fmt(ui->arena, "%.*s and %.*s", ZH_FMT(out), ZH_FMT(text));
    }
    return out;
}

zh_str zh_listing_url(const zh_listing *q, zh_str where)
{
    return zh_url_with(q->ui->request, "where", where);
}

void zh_listing_turn(zh_listing *q, const zh_view *view)
{
    zh_program whole = {0};
    zh_err ignored = {0};
    q->view = view;
    q->nview_pieces = 0;
    if (view->where.n > 0 &&
        zh_listing_compile(q->ui, q->reg, view->where, &whole, &ignored) == ZH_OK) {
        cut(q, view->where, &whole, q->view_pieces, &q->nview_pieces);
    }
}

static void read_where(zh_listing *q)
{
    zh_err err = zh_err_beside(q->ui->err);
    zh_program whole = {0};
    q->where = zh_str_trim(zh_http_param(q->ui->request, "where"));
    if (q->where.n > 0) {
        if (zh_listing_compile(q->ui, q->reg, q->where, &whole, &err) != ZH_OK) {
            zh_listing_refuse(q, "where", &err);
            return;
        }
        cut(q, q->where, &whole, q->pieces, &q->npieces);
    }
    zh_str both = zh_listing_both(q->ui, q->view->where, q->where);
    if (both.n > 0 && zh_listing_compile(q->ui, q->reg, both, &q->program, &err) != ZH_OK) {
        zh_listing_refuse(q, "where", &err);
    }
}

/* ---- views ----------------------------------------------------------------------------------- */

static zh_str yaml_text(const zh_yaml *node, const char *key)
{
    const zh_yaml *found = zh_yaml_get(node, key);
    return found != NULL && found->kind == ZH_YAML_SCALAR ? found->text : ZH_STR("");
}

static zh_label yaml_label(const zh_yaml *node, zh_str otherwise)
{
    const zh_yaml *label = zh_yaml_get(node, "label");
    if (label != NULL && label->kind == ZH_YAML_SCALAR) {
        return (zh_label){.zh = label->text};
    }
    zh_str zh = label != NULL ? yaml_text(label, "zh") : ZH_STR("");
    return (zh_label){.zh = zh.n > 0 ? zh : otherwise,
                      .en = label != NULL ? yaml_text(label, "en") : ZH_STR("")};
}

/* Records without a value that an indicator is broken down by. */
static zh_str missing_condition(zh_ui *ui, const zh_register *reg)
{
    zh_str out = ZH_STR("");
    for (size_t f = 0; f < reg->nfields; f++) {
        const zh_field *field = &reg->fields[f];
        bool used = false;
        for (size_t c = 0; c < reg->ncubes && !used; c++) {
            for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
                used = used || reg->cubes[c].dims[d].field == field;
            }
        }
        if (used && !field->required && !field->computed && field->type != ZH_TYPE_TABLE &&
            field->table == NULL) {
            out = zh_str_fmt(ui->arena, "%.*s%s%.*s is null", ZH_FMT(out), out.n > 0 ? " or " : "",
                             ZH_FMT(field->id));
        }
    }
    return out;
}

static void add_view(zh_listing *q, zh_view view)
{
    if (q->nviews < ZH_LISTING_VIEWS_MAX) {
        q->views[q->nviews++] = view;
    }
}

static void read_views(zh_listing *q)
{
    zh_ui *ui = q->ui;
    const zh_yaml *views = zh_yaml_get(q->reg->declared, "views");
    zh_str everything = zh_ui_text(ui, ZH_T_REGISTER_ALL);
    add_view(q, (zh_view){.id = ZH_STR(""), .label = {everything, everything}});
    for (const zh_yaml *v = views == NULL ? NULL : views->first; v != NULL; v = v->next) {
        if (zh_str_is(v->key, "default")) {
            q->views[0].node = v;
        } else {
            add_view(q, (zh_view){.id = v->key,
                                  .label = yaml_label(v, v->key),
                                  .where = yaml_text(v, "where"),
                                  .node = v});
        }
    }
    zh_str missing = missing_condition(ui, q->reg);
    if (missing.n > 0) {
        zh_str label = zh_ui_text(ui, ZH_T_REGISTER_INCOMPLETE);
        add_view(q,
                 (zh_view){.id = ZH_STR("incomplete"), .label = {label, label}, .where = missing});
    }
    zh_str asked = zh_http_param(ui->request, "view");
    const zh_view *view = &q->views[0];
    for (size_t i = 0; i < q->nviews; i++) {
        view = zh_str_eq(q->views[i].id, asked) ? &q->views[i] : view;
    }
    zh_listing_turn(q, view);
    if (asked.n > 0 && q->view == &q->views[0]) {
        zh_err err = zh_err_beside(ui->err);
        (void)zh_err_set(&err, ZH_EINVAL, "query.view", "这本登记册没有视图“%.*s”", ZH_FMT(asked));
        zh_err_fix(&err, "从上面的视图里选一个");
        zh_listing_refuse(q, "view", &err);
    }
}

/* ---- columns and order ----------------------------------------------------------------------- */

static const struct {
    const char *id;
    zh_asked_kind kind;
    zh_text_id text;
} own_columns[] = {
    {"state", ZH_ASKED_STATE, ZH_T_REGISTER_STATE},
    {"version", ZH_ASKED_VERSION, ZH_T_REGISTER_VERSION},
    {"created_at", ZH_ASKED_CREATED, ZH_T_REGISTER_CREATED},
    {"recorded_at", ZH_ASKED_RECORDED, ZH_T_REGISTER_RECORDED},
    {"actor", ZH_ASKED_ACTOR, ZH_T_REGISTER_ACTOR},
    {"office", ZH_ASKED_OFFICE, ZH_T_REGISTER_OFFICE},
    {"id", ZH_ASKED_ID, ZH_T_REGISTER_ID},
};

zh_str zh_listing_header(const zh_listing *q, const zh_asked *column)
{
    if (column->kind == ZH_ASKED_FIELD) {
        return zh_ui_label(q->ui, column->field->label);
    }
    return zh_ui_text(q->ui, own_columns[column->kind - ZH_ASKED_STATE].text);
}

size_t zh_listing_choices(const zh_register *reg, zh_asked *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < reg->nfields && n < max; i++) {
        out[n++] = (zh_asked){ZH_ASKED_FIELD, &reg->fields[i], reg->fields[i].id};
    }
    for (size_t i = 0; i < ZH_COUNTOF(own_columns) && n < max; i++) {
        if (own_columns[i].kind != ZH_ASKED_STATE || reg->nstates > 1) {
            out[n++] = (zh_asked){own_columns[i].kind, NULL, zh_str_of(own_columns[i].id)};
        }
    }
    return n;
}

static bool add_column(zh_listing *q, zh_str id)
{
    const zh_field *field = zh_register_field(q->reg, id);
    zh_asked column = {.id = id, .field = field};
    bool known = field != NULL && field->table == NULL;
    for (size_t i = 0; i < ZH_COUNTOF(own_columns) && !known; i++) {
        if (zh_str_is(id, own_columns[i].id)) {
            column.kind = own_columns[i].kind;
            known = true;
        }
    }
    for (size_t i = 0; i < q->ncolumns; i++) {
        if (zh_str_eq(q->columns[i].id, id)) {
            return true;
        }
    }
    if (known && q->ncolumns < ZH_LISTING_COLUMNS_MAX) {
        q->with_tables = q->with_tables || (field != NULL && field->type == ZH_TYPE_TABLE);
        q->columns[q->ncolumns++] = column;
    }
    return known;
}

static void refuse_column(zh_listing *q, zh_str id)
{
    zh_err err = zh_err_beside(q->ui->err);
    (void)zh_err_set(&err, ZH_EINVAL, "query.columns", "“%.*s”没有可作列的字段“%.*s”",
                     ZH_FMT(zh_label_for(&err, q->reg->label)), ZH_FMT(id));
    zh_err_fix(&err, "在“列”里勾选");
    zh_listing_refuse(q, "columns", &err);
}

static void default_columns(zh_listing *q)
{
    const zh_register *reg = q->reg;
    const zh_yaml *node = q->view->node != NULL ? q->view->node : q->views[0].node;
    node = node != NULL && zh_yaml_get(node, "columns") != NULL ? node : q->views[0].node;
    const zh_yaml *columns = node != NULL ? zh_yaml_get(node, "columns") : NULL;
    for (const zh_yaml *c = columns != NULL ? columns->first : NULL; c != NULL; c = c->next) {
        (void)add_column(q, c->text); /* clocks are columns of another page */
    }
    for (size_t i = 0; q->ncolumns < DEFAULT_FIELDS && columns == NULL && i < reg->nfields; i++) {
        (void)add_column(q, reg->fields[i].id);
    }
    if (reg->nstates > 1) {
        (void)add_column(q, ZH_STR("state"));
    }
    if (q->ncolumns == 0) {
        (void)add_column(q, ZH_STR("id"));
    }
}

static void read_columns(zh_listing *q)
{
    zh_pairs params = q->ui->request->params;
    for (size_t i = 0; i < params.n; i++) {
        zh_str rest = params.p[i].value;
        zh_str piece;
        while (zh_str_is(params.p[i].name, "columns") && rest.n > 0 &&
               zh_str_split(&rest, ',', &piece)) {
            piece = zh_str_trim(piece);
            if (piece.n > 0 && !add_column(q, piece)) {
                refuse_column(q, piece);
            }
        }
    }
    if (q->ncolumns == 0) {
        default_columns(q);
    }
}

static void read_sort(zh_listing *q)
{
    const zh_yaml *node = q->view->node;
    zh_str asked = zh_http_param(q->ui->request, "sort");
    zh_str text = asked;
    if (asked.n == 0 && q->view != &q->views[0] && node != NULL) {
        zh_str declared = yaml_text(node, "sort");
        (void)zh_str_split(&declared, ',', &text);
    }
    if (text.n == 0) {
        q->sort = q->reg->default_sort;
        q->descending = q->reg->default_sort_descending;
        return;
    }
    q->descending = text.p[0] == '-';
    zh_str id = zh_str_trim(zh_str_sub(text, q->descending, text.n));
    q->sort = zh_register_field(q->reg, id);
    bool sortable = q->sort != NULL && q->sort->table == NULL && q->sort->type != ZH_TYPE_TABLE;
    if (!sortable) {
        q->sort = NULL;
    }
    if (!sortable && asked.n > 0) {
        zh_err err = zh_err_beside(q->ui->err);
        (void)zh_err_set(&err, ZH_EINVAL, "query.sort", "不能按“%.*s”排序", ZH_FMT(id));
        zh_err_fix(&err, "点列名可以排序");
        zh_listing_refuse(q, "sort", &err);
    }
}

/* A large register is shown in an order that an index holds, never sorted. */
static void check_sort(zh_listing *q)
{
    if (!q->large || zh_list_indexed(q->reg, q->sort)) {
        return;
    }
    if (zh_http_param(q->ui->request, "sort").n > 0) {
        zh_err err = zh_err_beside(q->ui->err);
        (void)zh_err_set(&err, ZH_EINVAL, "query.sort.large",
                         "这本登记册很大，“%.*s”没有索引，不能按它排序",
                         ZH_FMT(zh_label_for(&err, q->sort->label)));
        zh_err_fix(&err, "点可以点的列名，或在声明里给它加索引（indexes）");
        zh_listing_refuse(q, "sort", &err);
    }
    q->sort = q->reg->default_sort;
    q->descending = q->reg->default_sort_descending;
}

/* ---- position -------------------------------------------------------------------------------- */

/* A size, a date (its end) or an instant. */
static void read_as_of(zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_str text = zh_str_trim(zh_http_param(ui->request, "as_of"));
    zh_err err = zh_err_beside(ui->err);
    zh_date date;
    zh_time at = 0;
    q->as_of = ZH_AS_OF_NOW;
    if (text.n == 0) {
        return;
    }
    if (zh_str_i64(text, &q->as_of) == ZH_OK && q->as_of >= 0 && q->as_of <= ui->log_size) {
        return;
    }
    if (zh_date_parse(text, &date) == ZH_OK) {
        at = zh_date_start(date + 1) - 1;
    }
    if ((at != 0 || zh_time_parse(text, &at) == ZH_OK) &&
        zh_log_size_at(ui->conn, at, &q->as_of, &err) == ZH_OK) {
        return;
    }
    q->as_of = ZH_AS_OF_NOW;
    (void)zh_err_set(&err, ZH_EINVAL, "query.as_of", "不能按“%.*s”回看，账本现有 %lld 条",
                     ZH_FMT(text), (long long)ui->log_size);
    zh_err_fix(&err, "as_of 是账本条数、日期（2026-05-09）或时刻（2026-05-09T08:30:00）");
    zh_listing_refuse(q, "as_of", &err);
}

static void read_limit(zh_listing *q)
{
    uint64_t limit = 0;
    zh_str text = zh_http_param(q->ui->request, "limit");
    q->limit = ZH_LISTING_LIMIT;
    if (text.n > 0 && zh_str_u64(text, &limit) == ZH_OK && limit >= 1) {
        q->limit = limit < ZH_LISTING_LIMIT_MAX ? (size_t)limit : ZH_LISTING_LIMIT_MAX;
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static zh_rc find_register(zh_ui *ui, const zh_register **out)
{
    const zh_model *model = ui->ctx.model;
    zh_str id = zh_http_arg(ui->request, "reg");
    *out = zh_model_register(model, id);
    if (*out != NULL) {
        return ZH_OK;
    }
    zh_rc rc = zh_err_set(ui->err, ZH_ENOTFOUND, "query.register", "没有登记册“%.*s”", ZH_FMT(id));

    for (size_t i = 0; i < model->nregisters; i++) {
        if (zh_str_distance(id, model->registers[i].id, NEAR_MAX) <= NEAR_MAX) {
            zh_err_fix(ui->err, "是不是 /registers/%.*s？", ZH_FMT(model->registers[i].id));
        }
    }
    zh_err_fix(ui->err, "全部登记册见 /registers"); /* when none is near */
    return rc;
}

zh_rc zh_listing_read(zh_ui *ui, zh_listing *out)
{
    *out = (zh_listing){.ui = ui};
    zh_rc rc = find_register(ui, &out->reg);
    if (rc != ZH_OK) {
        return rc;
    }
    out->search = zh_str_trim(zh_http_param(ui->request, "search"));
    out->after = zh_http_param(ui->request, "after");
    read_views(out);
    read_where(out);
    read_columns(out);
    read_sort(out);
    read_as_of(out);
    read_limit(out);
    rc = zh_register_exceeds(&ui->ctx, ui->conn, out->reg, ZH_LISTING_EXAMINE_MAX, &out->large);
    check_sort(out);
    return rc;
}

zh_list_query zh_listing_list(const zh_listing *q)
{
    return (zh_list_query){.reg = q->reg,
                           .where = q->program.root != NULL ? &q->program : NULL,
                           .search = q->search,
                           .sort = q->sort == q->reg->default_sort &&
                                           q->descending == q->reg->default_sort_descending
                                       ? NULL
                                       : q->sort,
                           .descending = q->descending,
                           .after = q->after,
                           .limit = q->limit,
                           .as_of = q->as_of,
                           .with_tables = q->with_tables,
                           .brief = true};
}

zh_rc zh_listing_note(const zh_listing *q, zh_record *const *records, size_t n, const char *how)
{
    zh_ui *ui = q->ui;
    const zh_field **shown = ZH_NEW_N(ui->arena, const zh_field *, q->ncolumns + 1);
    zh_reading_note note = {.reg = q->reg,
                            .records = records,
                            .n = n,
                            .shown = shown,
                            .how = how,
                            .question = ui->request->query};
    for (size_t i = 0; i < q->ncolumns; i++) {
        if (q->columns[i].kind == ZH_ASKED_FIELD) {
            shown[note.nshown++] = q->columns[i].field;
        }
    }
    note.shown = strcmp(how, "api") == 0 ? NULL : shown; /* which tells every field */
    return zh_ui_log_reading(ui, &note);
}
