/* GET /registers/{reg}: the records of a register that a question finds. */
#include "core/cube/suppress.h"
#include "core/read/permission.h"
#include "core/record/record.h"
#include "fmt/yaml.h"
#include "model/title.h"
#include "web/frame/part.h"
#include "web/frame/session.h"
#include "web/frame/words.h"
#include "web/record/act.h"
#include "web/record/export.h"
#include "web/record/facet.h"
#include <inttypes.h>

enum { SUGGESTIONS_MAX = 6, DROPS_MAX = 6 };

typedef struct listing {
    zh_listing q;
    zh_page page;
    zh_counts total, all; /* of the question, of the whole register */
    zh_show show;
    bool picks; /* records can be chosen for a step */
} listing;

/* ---- head ------------------------------------------------------------------------------------ */

/* A page of this register with nothing but the view. */
static zh_str view_url(const zh_listing *q, zh_str view)
{
    zh_arena *arena = q->ui->arena;
    zh_str url = zh_url_path(arena, "/registers", q->reg->id, ZH_STR_NONE);
    return zh_url_add(arena, url, "view", view);
}

static zh_str printed(const zh_listing *q, zh_str where)
{
    zh_program program = {0};
    zh_err ignored = {0};
    return where.n > 0 && zh_listing_compile(q->ui, q->reg, where, &program, &ignored) == ZH_OK
               ? zh_expr_print(q->ui->arena, program.root)
               : ZH_STR("");
}

/* The view that is shown: also the saved one whose condition somebody has asked by hand. */
static const zh_view *view_of(const zh_listing *q)
{
    zh_str asked = q->view->where.n == 0 ? printed(q, q->where) : ZH_STR("");
    for (size_t i = 0; i < q->nviews && asked.n > 0; i++) {
        if (zh_str_eq(printed(q, q->views[i].where), asked)) {
            return &q->views[i];
        }
    }
    return q->view;
}

static zh_rc tabs(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    zh_tab *list = ZH_NEW_N(ui->arena, zh_tab, q->nviews + 1);
    const zh_view *shown = view_of(q);
    zh_rc rc = ZH_OK;
    zh_listing *plain = ZH_NEW(ui->arena, zh_listing);
    *plain = *q; /* a view's number does not depend on the question */
    plain->npieces = 0;
    plain->search = ZH_STR("");
    plain->as_of = ZH_AS_OF_NOW;
    for (size_t i = 0; i < q->nviews && rc == ZH_OK; i++) {
        const zh_view *view = &q->views[i];
        zh_counts counts = {0};
        zh_listing_turn(plain, view);
        rc = zh_facet_count(plain, NULL, NULL, &counts);
        zh_str label = zh_ui_label(ui, view->label);
        list[i] = (zh_tab){.label = label,
                           .url = view_url(q, view->id),
                           .count = counts.total,
                           .current = view == shown};
        if (counts.at_least) {
            list[i].label = zh_str_fmt(ui->arena, "%.*s ≥", ZH_FMT(label));
        }
        l->all = i == 0 ? counts : l->all;
    }
    if (rc == ZH_OK) {
        zh_part_tabs(ui, list, q->nviews, zh_ui_text(ui, ZH_T_REGISTER_VIEWS));
    }
    return rc;
}

/* ---- tools ----------------------------------------------------------------------------------- */

/* Carries the question through a form that changes one parameter of it. */
static void carry(zh_ui *ui, const char *changed)
{
    static const char *const names[] = {"view", "where", "search", "sort", "as_of", "limit"};
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        zh_str value = zh_http_param(ui->request, names[i]);
        if (!zh_str_is(zh_str_of(names[i]), changed)) {
            zh_part_ask_hidden(ui, names[i], value);
        }
    }
    zh_pairs params = ui->request->params;
    for (size_t i = 0; i < params.n && !zh_str_is(ZH_STR("columns"), changed); i++) {
        if (zh_str_is(params.p[i].name, "columns")) {
            zh_part_ask_hidden(ui, "columns", params.p[i].value);
        }
    }
}

static void form(zh_ui *ui, const char *css)
{
    zh_html_open(&ui->html, "form", css);
    zh_html_attr_z(&ui->html, "method", "get");
    zh_html_link(&ui->html, "action", ui->request->path);
}

static void search_box(zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    form(ui, "find");
    zh_html_attr_z(h, "role", "search");
    carry(ui, "search");
    zh_part_icon(ui, ZH_ICON_SEARCH);
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "search");
    zh_html_attr_z(h, "name", "search");
    zh_html_attr(h, "value", q->search);
    zh_html_attr(h, "aria-label", zh_ui_text(ui, ZH_T_REGISTER_SEARCH));
    zh_html_attr(h, "placeholder", zh_ui_text(ui, ZH_T_REGISTER_SEARCH_HINT));
    zh_html_close(h); /* the input */
    zh_html_close(h);
}

static void chip(zh_ui *ui, zh_str words, zh_str url)
{
    zh_html *h = &ui->html;
    zh_str label = ZH_SAY(ui, ZH_T_REGISTER_DROP, words);
    zh_html_open(h, "span", "chip");
    zh_html_leaf_value(h, "span", NULL, words);
    zh_html_open(h, "a", "x");
    zh_html_link(h, "href", url);
    zh_html_attr(h, "aria-label", label);
    zh_html_attr(h, "title", label);
    zh_html_z(h, "×");
    zh_html_close(h);
    zh_html_close(h);
}

static void chips(zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    for (size_t i = 0; i < q->npieces; i++) {
        chip(ui, zh_words(ui, q->pieces[i].program.root),
             zh_listing_url(q, zh_listing_where(q, &q->pieces[i], ZH_STR(""))));
    }
    if (q->search.n > 0) {
        chip(ui, ZH_SAY(ui, ZH_T_REGISTER_SEARCH_FOR, q->search),
             zh_url_with(ui->request, "search", ZH_STR("")));
    }
    if (q->as_of != ZH_AS_OF_NOW) {
        chip(ui, ZH_SAY(ui, ZH_T_REGISTER_AS_OF_CHIP, zh_ui_count(ui, q->as_of)),
             zh_url_with(ui->request, "as_of", ZH_STR("")));
    }
    if (q->npieces > 0 || q->search.n > 0 || q->as_of != ZH_AS_OF_NOW || q->refused) {
        zh_html_a(h, "sm", view_url(q, q->view->id), zh_ui_text(ui, ZH_T_REGISTER_CLEAR));
    }
}

static void button(zh_ui *ui, zh_str url, zh_icon icon, zh_str text, zh_str title)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "a", "btn");
    zh_html_link(h, "href", url);
    if (title.n > 0) {
        zh_html_attr(h, "title", title);
    }
    zh_part_icon(ui, icon);
    zh_html_text(h, text);
    zh_html_close(h);
}

static void choose_columns(zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    zh_asked *choices = ZH_NEW_N(ui->arena, zh_asked, ZH_FIELDS_MAX);
    size_t n = zh_listing_choices(q->reg, choices, ZH_FIELDS_MAX);
    zh_html_open(h, "details", "menu");
    zh_html_open(h, "summary", "btn");
    zh_part_icon(ui, ZH_ICON_TABLE);
    zh_html_text(h, zh_ui_text(ui, ZH_T_REGISTER_COLUMNS));
    zh_html_close(h);
    form(ui, "pane");
    carry(ui, "columns");
    zh_html_open(h, "div", "picks");
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "label", NULL);
        zh_html_open(h, "input", NULL);
        zh_html_attr_z(h, "type", "checkbox");
        zh_html_attr_z(h, "name", "columns");
        zh_html_attr(h, "value", choices[i].id);
        for (size_t c = 0; c < q->ncolumns; c++) {
            if (zh_str_eq(q->columns[c].id, choices[i].id)) {
                zh_html_flag(h, "checked");
            }
        }
        zh_html_z(h, " ");
        zh_html_text(h, zh_listing_header(q, &choices[i]));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_open(h, "div", "bar");
    zh_html_leaf(h, "button", "btn pri", zh_ui_text(ui, ZH_T_REGISTER_COLUMNS_APPLY));
    zh_html_a(h, "sm", zh_url_with(ui->request, "columns", ZH_STR("")),
              zh_ui_text(ui, ZH_T_REGISTER_COLUMNS_DEFAULT));
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h);
}

/* A condition of this register, to show the form. */
static zh_str example(zh_ui *ui, const zh_register *reg)
{
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        if (field->type == ZH_TYPE_CODE && field->codes != NULL && field->codes->n > 0) {
            return zh_str_fmt(ui->arena, "%.*s = '%.*s'", ZH_FMT(field->id),
                              ZH_FMT(field->codes->codes[0].code));
        }
    }
    return ZH_STR("recorded_at >= 2026-01-01");
}

/* The expression as it stands in the URL, to be read and changed. */
static void expression(zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    bool wrong = q->refused && zh_str_is(zh_str_of(q->problem_in), "where");
    zh_html_open(h, "details", "expr");
    if (wrong) {
        zh_html_flag(h, "open");
    }
    zh_html_leaf(h, "summary", "sm", zh_ui_text(ui, ZH_T_REGISTER_EXPRESSION));
    form(ui, "bar");
    carry(ui, "where");
    zh_html_open(h, "label", wrong ? "field grow err" : "field grow");
    zh_html_open(h, "span", NULL);
    zh_html_leaf(h, "span", "hint", ZH_SAY(ui, ZH_T_REGISTER_EXPRESSION_HINT, example(ui, q->reg)));
    zh_html_close(h);
    zh_html_open(h, "input", "mono");
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", "where");
    zh_html_attr_z(h, "spellcheck", "false");
    zh_html_attr(h, "aria-label", zh_ui_text(ui, ZH_T_REGISTER_EXPRESSION_LABEL));
    zh_html_attr(h, "value", q->where);
    zh_html_close(h); /* the input */
    zh_html_close(h);
    zh_html_leaf(h, "button", "btn", zh_ui_text(ui, ZH_T_REGISTER_APPLY));
    zh_html_close(h);
    zh_html_close(h);
}

/* What the reader may not do here, grey; why and who can stands below the bar. */
static void grey(zh_ui *ui, zh_icon icon, zh_text_id label, zh_str why)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "span", "btn");
    zh_html_attr_z(h, "aria-disabled", "true");
    zh_html_attr(h, "title", why);
    zh_part_icon(ui, icon);
    zh_html_text(h, zh_ui_text(ui, label));
    zh_html_close(h);
}

static void exchange(listing *l, zh_str said, zh_str no_import, zh_str no_export)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    static const struct {
        const char *format;
        zh_text_id label;
    } files[] = {{"csv", ZH_T_REGISTER_EXPORT_CSV}, {"xlsx", ZH_T_REGISTER_EXPORT_XLSX}};
    if (no_import.n == 0) {
        button(ui, zh_url_add(ui->arena, ZH_STR("/import"), "register", q->reg->id), ZH_ICON_UP,
               zh_ui_text(ui, ZH_T_REGISTER_IMPORT), ZH_STR(""));
    } else {
        grey(ui, ZH_ICON_UP, ZH_T_REGISTER_IMPORT, no_import);
    }
    for (size_t i = 0; i < ZH_COUNTOF(files) && !q->refused; i++) {
        if (no_export.n == 0) {
            button(ui, zh_export_url(q, files[i].format), ZH_ICON_DOWN,
                   zh_ui_text(ui, files[i].label), said);
        } else {
            grey(ui, ZH_ICON_DOWN, files[i].label, no_export);
        }
    }
}

static void why_not(zh_ui *ui, zh_text_id label, zh_str why)
{
    if (why.n > 0) {
        zh_html_leaf(&ui->html, "p", "sm mu",
                     ZH_SAY(ui, ZH_T_REGISTER_WHY_NOT, zh_ui_text(ui, label), why));
    }
}

static void tools(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    bool cut = l->total.at_least || l->total.total > ZH_EXPORT_ROWS_MAX;
    zh_str said = cut ? ZH_SAY(ui, ZH_T_REGISTER_EXPORT_CUT, zh_ui_count(ui, ZH_EXPORT_ROWS_MAX))
                      : ZH_SAY(ui, ZH_T_REGISTER_EXPORT_ALL, zh_ui_count(ui, l->total.total));
    zh_str no_import = zh_part_who_can(ui, q->reg, ZH_RIGHT_CREATE);
    zh_str no_export = zh_part_who_can(ui, q->reg, ZH_RIGHT_EXPORT);
    zh_html_open(h, "div", "bar sp asking");
    zh_html_open(h, "div", "bar");
    search_box(q);
    chips(q);
    zh_html_close(h);
    zh_html_open(h, "div", "bar");
    zh_html_open(h, "span", "only-s");
    button(ui, ZH_STR("#facets"), ZH_ICON_ROWS, zh_ui_text(ui, ZH_T_REGISTER_FACETS), ZH_STR(""));
    zh_html_close(h);
    choose_columns(q);
    if ((zh_rights(&ui->ctx, q->reg) & ZH_RIGHT_CREATE) != 0) {
        zh_html_a(h, "btn pri", zh_url_path(ui->arena, "/registers", q->reg->id, ZH_STR("new")),
                  zh_ui_text(ui, ZH_T_NEW_LINK));
    }
    exchange(l, said, no_import, no_export);
    if (!q->refused) {
        zh_part_link(ui);
    }
    zh_html_close(h);
    zh_html_close(h);
    why_not(ui, ZH_T_REGISTER_IMPORT, no_import);
    why_not(ui, ZH_T_REGISTER_EXPORT, no_export);
    expression(q);
    if (cut && !q->refused) {
        zh_html_leaf(h, "p", "sm mu", said);
    }
}

/* ---- what the searched words may mean -------------------------------------------------------- */

static bool suggest(zh_listing *q, const zh_field *field, bool first)
{
    zh_ui *ui = q->ui;
    zh_err ignored = {0};
    const zh_code *code = NULL;
    char how = 0;
    if (field->type != ZH_TYPE_CODE || field->codes == NULL ||
        zh_code_match(field->codes, ui->arena, q->search, INT32_MIN, &code, &how, &ignored) !=
            ZH_OK) {
        return false;
    }
    zh_str test =
        zh_str_fmt(ui->arena, "%.*s %s '%.*s'", ZH_FMT(field->id),
                   field->codes->levels > 1 && !code->leaf ? "within" : "=", ZH_FMT(code->code));
    zh_program program = {0};
    if (field->table != NULL) {
        test = zh_str_fmt(ui->arena, "any(%.*s)", ZH_FMT(test));
    }
    if (zh_listing_compile(ui, q->reg, test, &program, &ignored) != ZH_OK) {
        return false;
    }
    if (first) {
        zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_REGISTER_DID_YOU_MEAN));
    }
    zh_html_z(&ui->html, " ");
    zh_str url =
        zh_url_add(ui->arena, view_url(q, q->view->id), "where", zh_listing_where(q, NULL, test));
    zh_html_a_value(&ui->html, "tag qing", url, zh_words(ui, program.root));
    return true;
}

/* Codes are not searched by their names; who searches one is offered the filter. */
static void suggestions(zh_listing *q)
{
    size_t n = 0;
    if (q->search.n == 0) {
        return;
    }
    size_t depth = q->ui->html.depth;
    zh_html_open(&q->ui->html, "p", "sm suggest");
    for (size_t i = 0; i < q->reg->nfields && n < SUGGESTIONS_MAX; i++) {
        const zh_field *field = &q->reg->fields[i];
        n += suggest(q, field, n == 0);
        for (size_t c = 0;
             c < field->ncolumns && field->type == ZH_TYPE_TABLE && n < SUGGESTIONS_MAX; c++) {
            n += suggest(q, &field->columns[c], n == 0);
        }
    }
    zh_html_close_to(&q->ui->html, depth);
}

/* ---- table ----------------------------------------------------------------------------------- */

static bool is_sortable(const zh_listing *q, const zh_field *field)
{
    return field != NULL && field->table == NULL && field->type != ZH_TYPE_TABLE &&
           (!q->large || zh_list_indexed(q->reg, field));
}

/* Values that stand on one line: a small list of short names, dates. */
static bool is_short(const zh_field *field)
{
    enum { CODES_MAX = 40, LABEL_MAX = 24 };
    if (field == NULL || field->type == ZH_TYPE_DATE || field->type == ZH_TYPE_DATETIME) {
        return true;
    }
    bool fits = field->type == ZH_TYPE_CODE && field->codes != NULL && field->codes->n <= CODES_MAX;
    for (size_t i = 0; fits && i < field->codes->n; i++) {
        fits = field->codes->codes[i].label.zh.n <= LABEL_MAX;
    }
    return fits;
}

static void columns_of(listing *l, zh_column *columns)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    for (size_t i = 0; i < q->ncolumns; i++) {
        const zh_asked *asked = &q->columns[i];
        bool sorted = asked->field != NULL && asked->field == q->sort;
        bool said = asked->field != NULL && zh_title_names(&q->reg->title, asked->field);
        columns[i] = (zh_column){.label = zh_listing_header(q, asked),
                                 .number = zh_show_is_number(asked->field),
                                 .css = i == 0                   ? "full"
                                        : said                   ? "hide-s"
                                        : is_short(asked->field) ? "lab nw"
                                                                 : "lab",
                                 .sorted = sorted ? (q->descending ? -1 : 1) : 0};
        if (is_sortable(q, asked->field)) {
            zh_str to = zh_str_fmt(ui->arena, "%s%.*s", sorted && !q->descending ? "-" : "",
                                   ZH_FMT(asked->field->id));
            columns[i].sort_url = zh_url_with(ui->request, "sort", to);
        }
    }
    columns[q->ncolumns] = (zh_column){.label = zh_ui_text(ui, ZH_T_REGISTER_SEAL), .css = "hide"};
}

static void own_cell(listing *l, const zh_record *record, zh_asked_kind kind)
{
    zh_ui *ui = l->q.ui;
    zh_html *h = &ui->html;
    switch (kind) {
    case ZH_ASKED_FIELD: break;
    case ZH_ASKED_STATE: zh_html_text(h, zh_show_state(ui, l->q.reg, record->state)); break;
    case ZH_ASKED_VERSION: zh_html_f(h, "%d", record->version); break;
    case ZH_ASKED_CREATED: zh_html_text(h, zh_ui_time(ui, record->created_at)); break;
    case ZH_ASKED_RECORDED: zh_html_text(h, zh_ui_time(ui, record->recorded_at)); break;
    case ZH_ASKED_ACTOR: zh_html_text(h, zh_show_actor(ui, record->actor)); break;
    case ZH_ASKED_OFFICE: zh_html_f(h, "%" PRId64, record->office); break;
    case ZH_ASKED_ID: zh_html_f(h, "%" PRId64, record->id); break;
    }
}

static zh_str record_url(const listing *l, const zh_record *record)
{
    zh_arena *arena = l->q.ui->arena;
    zh_str url = zh_url_record(arena, l->q.reg->id, record->office, record->id);
    return l->q.as_of == ZH_AS_OF_NOW ? url : zh_url_add_i(arena, url, "as_of", l->q.as_of);
}

/* The first cell opens the record. */
static void first_cell(listing *l, const zh_record *record, const zh_asked *asked)
{
    zh_ui *ui = l->q.ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "a", NULL);
    zh_html_link(h, "href", record_url(l, record));
    if (asked->kind != ZH_ASKED_FIELD) {
        own_cell(l, record, asked->kind);
    } else {
        zh_str text = zh_show_field_text(&l->show, record, asked->field);
        zh_html_value(h, text.n > 0 ? text : zh_show_key(ui, record));
    }
    zh_html_close(h);
    if (l->q.reg->title.n > 0) { /* the card's heading, where the columns are no columns */
        zh_html_a_value(h, "called", record_url(l, record), zh_show_title(&l->show, record));
    }
}

/* Chosen for one step for many. */
static void pick(listing *l, const zh_record *record)
{
    zh_html *h = &l->q.ui->html;
    zh_html_open(h, "input", "pick");
    zh_html_attr_z(h, "type", "checkbox");
    zh_html_attr_z(h, "form", "bulk");
    zh_html_attr_z(h, "name", "id");
    zh_html_attr_f(h, "value", "%" PRId64 "-%" PRId64, record->office, record->id);
    zh_html_attr(h, "aria-label", ZH_SAY(l->q.ui, ZH_T_BULK_PICK, zh_show_key(l->q.ui, record)));
    zh_html_close(h);
    zh_html_z(h, " ");
}

static void bulk_steps(zh_ui *ui, const zh_transition **steps, size_t n)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", NULL);
    zh_html_text(h, zh_ui_text(ui, ZH_T_BULK_CHOSEN));
    zh_html_z(h, " ");
    zh_html_open(h, "select", NULL);
    zh_html_attr_z(h, "name", "transition");
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "option", NULL);
        zh_html_attr(h, "value", steps[i]->id);
        zh_html_lang(h, zh_ui_label(ui, steps[i]->label));
        zh_html_text(h, zh_ui_label(ui, steps[i]->label));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_html_leaf(h, "button", "btn", zh_ui_text(ui, ZH_T_BULK_NEXT));
}

/* What may be done with what was chosen: steps, and printing its documents. */
static void bulk_bar(listing *l)
{
    enum { STEPS_MAX = 40 };
    zh_ui *ui = l->q.ui;
    zh_html *h = &ui->html;
    const zh_transition *steps[STEPS_MAX];
    size_t n = l->picks ? zh_bulk_steps(ui, l->q.reg, steps, STEPS_MAX) : 0;
    if (!l->picks) {
        return;
    }
    zh_html_open(h, "form", "bar bulk");
    zh_html_attr_z(h, "id", "bulk");
    zh_html_attr_z(h, "method", "get");
    zh_html_link(h, "action", zh_str_fmt(ui->arena, "/registers/%.*s/bulk", ZH_FMT(l->q.reg->id)));
    if (n > 0) {
        bulk_steps(ui, steps, n);
    }
    if (zh_bulk_prints(ui, l->q.reg)) {
        zh_html_open(h, "button", "btn");
        zh_html_attr_z(h, "type", "submit");
        zh_html_link(h, "formaction",
                     zh_str_fmt(ui->arena, "/registers/%.*s/papers", ZH_FMT(l->q.reg->id)));
        zh_html_attr_z(h, "formtarget", "_blank");
        zh_html_text(h, zh_ui_text(ui, ZH_T_BULK_PRINT));
        zh_html_close(h);
    }
    zh_html_close(h);
}

static void row(listing *l, zh_grid *g, const zh_record *record)
{
    zh_grid_row(g, NULL);
    for (size_t i = 0; i < l->q.ncolumns; i++) {
        const zh_asked *asked = &l->q.columns[i];
        zh_grid_cell(g);
        if (i == 0 && l->picks) {
            pick(l, record);
        }
        if (i == 0) {
            first_cell(l, record, asked);
        } else if (asked->kind == ZH_ASKED_FIELD) {
            zh_show_field(&l->show, record, asked->field);
        } else {
            own_cell(l, record, asked->kind);
        }
    }
    zh_grid_cell(g);
    const zh_ui *ui = l->q.ui; /* the row's own position is not asked for: all or none */
    zh_part_seal(l->q.ui, ui->waiting == 0 ? zh_part_sealed_all(ui, ui->log_size) : ZH_SEAL_WAIT);
}

/* "201 条，占全部 4,032 条的 5.0%" and the order. */
static void summary(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    zh_str n = zh_facet_number(ui, l->total.total, l->total.at_least);
    bool part = !l->total.at_least && !l->all.at_least && l->all.total > l->total.total;
    zh_html_open(h, "div", "bar sp sm mu");
    zh_html_open(h, "span", "count");
    if (part) {
        int64_t tenths = (l->total.total * 1000 + l->all.total / 2) / l->all.total;
        zh_str share = zh_str_fmt(ui->arena, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
        zh_html_text(h,
                     ZH_SAY(ui, ZH_T_REGISTER_LEDE_COUNT, n, zh_ui_count(ui, l->all.total), share));
    } else {
        zh_html_text(h, ZH_SAY(ui, ZH_T_REGISTER_COUNT_ONLY, n));
    }
    zh_html_close(h);
    if (q->sort != NULL) {
        zh_str name = zh_ui_label(ui, q->sort->label);
        name = q->descending ? ZH_SAY(ui, ZH_T_REGISTER_DOWN, name) : name;
        zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_REGISTER_SORTED, name));
    }
    zh_html_close(h);
}

static void records(listing *l)
{
    zh_listing *q = &l->q;
    zh_column columns[ZH_LISTING_COLUMNS_MAX + 1];
    zh_grid g;
    const zh_transition *any;
    l->picks = q->as_of == ZH_AS_OF_NOW &&
               (zh_bulk_steps(q->ui, q->reg, &any, 1) > 0 || zh_bulk_prints(q->ui, q->reg));
    columns_of(l, columns);
    zh_part_section_open(q->ui, "records", ZH_STR(""), true);
    summary(l);
    zh_grid_open(&g, q->ui, columns, q->ncolumns + 1, true, ZH_STR(""));
    for (size_t i = 0; i < l->page.n; i++) {
        row(l, &g, l->page.records[i]);
    }
    zh_grid_close(&g);
    bulk_bar(l);
    if (l->page.n < q->limit && l->page.next.n > 0) {
        zh_html_leaf(&q->ui->html, "p", "sm mu", zh_ui_text(q->ui, ZH_T_REGISTER_SO_FAR));
    }
    zh_part_pager(q->ui, l->page.n, l->total.at_least ? -1 : l->total.total, l->page.next);
    zh_part_section_close(q->ui);
}

/* ---- nothing found --------------------------------------------------------------------------- */

static void drop(zh_ui *ui, zh_str words, const zh_counts *counts, zh_str url)
{
    if (counts->total > 0) {
        zh_html_open(&ui->html, "li", NULL);
        zh_html_a_value(&ui->html, NULL, url,
                        ZH_SAY(ui, ZH_T_REGISTER_EMPTY_DROP, words,
                               zh_facet_number(ui, counts->total, counts->at_least)));
        zh_html_close(&ui->html);
    }
}

static zh_rc drop_search(const zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_counts counts = {0};
    zh_listing *other = ZH_NEW(ui->arena, zh_listing);
    *other = *q;
    other->search = ZH_STR("");
    zh_rc rc = zh_facet_count(other, NULL, NULL, &counts);
    if (rc == ZH_OK) {
        drop(ui, ZH_SAY(ui, ZH_T_REGISTER_SEARCH_FOR, q->search), &counts,
             zh_url_with(ui->request, "search", ZH_STR("")));
    }
    return rc;
}

static zh_rc drops(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "ul", "drops");
    zh_rc rc = q->search.n > 0 ? drop_search(q) : ZH_OK;
    for (size_t i = 0; i < q->npieces && i < DROPS_MAX && rc == ZH_OK; i++) {
        const zh_piece *piece = &q->pieces[i];
        zh_counts counts = {0};
        rc = zh_facet_count(q, piece, NULL, &counts);
        if (rc == ZH_OK) {
            drop(ui, zh_words(ui, piece->program.root), &counts,
                 zh_listing_url(q, zh_listing_where(q, piece, ZH_STR(""))));
        }
    }
    zh_html_close(h);
    return rc;
}

static zh_rc nothing(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    if ((zh_rights(&ui->ctx, q->reg) & ZH_RIGHT_READ) == 0) {
        zh_part_empty(ui, ZH_EMPTY_DENIED, zh_ui_text(ui, ZH_T_REGISTER_EMPTY_DENIED),
                      zh_ui_text(ui, zh_aggregate_only(&ui->ctx, q->reg)
                                         ? ZH_T_REGISTER_EMPTY_COUNTS
                                         : ZH_T_REGISTER_EMPTY_DENIED_TEXT),
                      ui->web->samples ? ZH_STR("/demo") : ZH_STR("/account"),
                      zh_ui_text(ui, ZH_T_REGISTER_EMPTY_POSTS));
        return ZH_OK;
    }
    if (l->all.total == 0 && !zh_scope_is_all(&ui->ctx, q->reg)) {
        zh_part_empty(ui, ZH_EMPTY_FILTER, zh_ui_text(ui, ZH_T_REGISTER_EMPTY_SCOPE),
                      zh_ui_text(ui, ZH_T_REGISTER_EMPTY_SCOPE_TEXT),
                      ui->web->samples ? ZH_STR("/demo") : ZH_STR("/account"),
                      zh_ui_text(ui, ZH_T_REGISTER_EMPTY_POSTS));
        return ZH_OK;
    }
    if (l->all.total == 0) {
        bool no_import = (zh_rights(&ui->ctx, q->reg) & ZH_RIGHT_CREATE) == 0;
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_REGISTER_EMPTY_DATA),
                      zh_ui_text(ui, ZH_T_REGISTER_EMPTY_DATA_TEXT),
                      no_import ? ZH_STR("")
                                : zh_url_add(ui->arena, ZH_STR("/import"), "register", q->reg->id),
                      zh_ui_text(ui, ZH_T_REGISTER_EMPTY_IMPORT));
        return ZH_OK;
    }
    if (l->page.next.n > 0) {
        zh_part_empty(ui, ZH_EMPTY_FILTER, zh_ui_text(ui, ZH_T_REGISTER_EMPTY_SO_FAR),
                      zh_ui_text(ui, ZH_T_REGISTER_SO_FAR),
                      zh_url_with(ui->request, "after", l->page.next),
                      zh_ui_text(ui, ZH_T_REGISTER_GO_ON));
        return ZH_OK;
    }
    zh_str all = zh_facet_number(ui, l->all.total, l->all.at_least);
    zh_str title = q->after.n > 0 ? zh_ui_text(ui, ZH_T_REGISTER_EMPTY_LAST)
                   : q->as_of != ZH_AS_OF_NOW
                       ? ZH_SAY(ui, ZH_T_REGISTER_EMPTY_THEN, zh_ui_count(ui, q->as_of))
                       : zh_ui_text(ui, ZH_T_REGISTER_EMPTY_FILTER);
    zh_part_empty(ui, ZH_EMPTY_FILTER, title, ZH_STR(""), view_url(q, ZH_STR("")),
                  ZH_SAY(ui, ZH_T_REGISTER_EMPTY_CLEAR, all));
    return drops(l);
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void problem(zh_listing *q)
{
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    zh_part_note_open(ui, ZH_NOTE_ACT);
    zh_html_open(h, "p", NULL);
    zh_html_leaf(h, "b", NULL, zh_ui_text(ui, ZH_T_REGISTER_REFUSED));
    zh_html_close(h);
    zh_html_leaf_value(h, "p", NULL, zh_str_of(q->problem.message));
    if (q->problem.fix[0] != '\0') {
        zh_html_leaf_value(h, "p", NULL, zh_str_of(q->problem.fix));
    }
    zh_html_open(h, "p", "sm mono");
    zh_html_text(h, ZH_SAY(ui, ZH_T_REGISTER_PARAMETER, zh_str_of(q->problem_in)));
    zh_html_z(h, " · ");
    zh_html_z(h, q->problem.rule);
    if (q->problem.where[0] != '\0') {
        zh_html_z(h, " · ");
        zh_html_z(h, q->problem.where);
    }
    zh_html_close(h);
    zh_part_note_close(ui);
}

static void notes(zh_listing *q)
{
    zh_ui *ui = q->ui;
    if (q->as_of != ZH_AS_OF_NOW) {
        zh_part_note_open(ui, ZH_NOTE_WATCH);
        zh_html_open(&ui->html, "p", NULL);
        zh_html_text(&ui->html, ZH_SAY(ui, ZH_T_REGISTER_AS_OF_NOTE, zh_ui_count(ui, q->as_of)));
        zh_html_a(&ui->html, NULL, zh_url_with(ui->request, "as_of", ZH_STR("")),
                  zh_ui_text(ui, ZH_T_REGISTER_AS_OF_NOW));
        zh_html_close(&ui->html);
        zh_part_note_close(ui);
    }
    if (q->refused) {
        problem(q);
    }
}

/* ---- page ------------------------------------------------------------------------------------ */

/* What only the database knows to be wrong (a filter it cannot say, a foreign cursor) is shown in
 * place as well. */
static zh_rc ask(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    if (q->refused) {
        return ZH_OK;
    }
    zh_list_query query = zh_listing_list(q);
    zh_err before = *ui->err;
    zh_rc rc = zh_list(&ui->ctx, ui->conn, &query, &l->page);
    if (rc == ZH_EINVAL || rc == ZH_ELIMIT) {
        zh_listing_refuse(q,
                          zh_str_is(zh_str_of(ui->err->rule), "query.cursor") ? "after"
                          : q->search.n > 0                                   ? "search"
                                                                              : "where",
                          ui->err);
        *ui->err = before;
        return ZH_OK;
    }
    if (rc == ZH_OK) {
        rc = zh_listing_note(q, l->page.records, l->page.n, "list");
    }
    zh_show_init(&l->show, ui, q->as_of);
    for (size_t i = 0; i < l->page.n && rc == ZH_OK; i++) {
        zh_show_want(&l->show, l->page.records[i]);
    }
    if (rc == ZH_OK) {
        rc = zh_show_load(&l->show);
    }
    if (rc == ZH_OK) {
        rc = zh_show_titles(&l->show, (const zh_record *const *)l->page.records, l->page.n);
    }
    return rc == ZH_OK ? zh_facet_count(q, NULL, NULL, &l->total) : rc;
}

static zh_rc body(listing *l)
{
    zh_listing *q = &l->q;
    zh_ui *ui = q->ui;
    zh_html *h = &ui->html;
    zh_rc rc = ZH_OK;
    if (q->refused) {
        return ZH_OK;
    }
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "section", "w9 first");
    if (l->page.n > 0) {
        records(l);
    } else {
        rc = nothing(l);
    }
    zh_str bias = zh_ui_label(ui, q->reg->bias);
    if (bias.n > 0 && l->page.n > 0) {
        zh_part_note_open(ui, ZH_NOTE_PLAIN);
        zh_html_leaf(h, "b", NULL, zh_ui_text(ui, ZH_T_REGISTER_BIAS));
        zh_html_z(h, " ");
        zh_html_value(h, bias);
        zh_part_note_close(ui);
    }
    zh_html_close(h);
    zh_html_open(h, "aside", "w3 facets");
    zh_html_attr_z(h, "id", "facets");
    zh_html_leaf(h, "h2", "vh", zh_ui_text(ui, ZH_T_REGISTER_FACETS));
    if (rc == ZH_OK) {
        rc = zh_facets_write(q);
    }
    return rc;
}

static zh_rc show(zh_ui *ui)
{
    listing *l = ZH_NEW(ui->arena, listing);
    *l = (listing){0};
    zh_rc rc = zh_listing_read(ui, &l->q);
    if (rc == ZH_OK) {
        rc = ask(l);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_register *reg = l->q.reg;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_REGISTERS,
                                    .title = zh_ui_label(ui, reg->label),
                                    .lede = zh_ui_label(ui, reg->purpose),
                                    .above = zh_ui_text(ui, ZH_T_NAV_REGISTERS),
                                    .above_url = ZH_STR("/registers"),
                                    .css = ZH_STR("register.css")});
    ui->response->status = l->q.refused ? 422 : 200;
    rc = tabs(l);
    if (rc == ZH_OK) {
        tools(l);
        notes(&l->q);
        suggestions(&l->q);
        rc = body(l);
    }
    return rc;
}

/* A list whose readings are written down is made anew for each. */
static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    zh_model *model = zh_core_model(zh_web_of(request)->core);
    const zh_register *reg = zh_model_register(model, zh_http_arg(request, "reg"));
    bool noted = reg != NULL && reg->read_log;
    zh_model_release(model);
    return noted ? zh_ui_answer(request, response, err, show)
                 : zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_register) = {.method = "GET",
                           .path = "/registers/{reg}",
                           .slow = true, /* a search of history may take its time */
                           .en = "The records of a register that a question finds, as a page",
                           .may_wait = zh_ui_may_log,
                           .handle = handle};
