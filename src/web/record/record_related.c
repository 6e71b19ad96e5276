/* What a record is tied to: records of its kind, signals that rest on it, records that refer to it,
 * and the indicators it counts in. */
#include "app/signal/signal.h"
#include "web/frame/part.h"
#include "web/record/facet.h"
#include "web/record/record.h"
#include "web/signal/page_signals.h"

enum { LINKS_SHOWN = 5 };

/* ---- records that refer to it ---------------------------------------------------------------- */

static void relation(zh_shown_record *r, const zh_relation *one)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_str register_label = zh_ui_label(ui, one->field->owner->label);
    zh_html_open(h, "tr", NULL);
    zh_html_leaf_value(
        h, "td", "mu",
        ZH_SAY(ui, ZH_T_RECORD_REFERS, register_label, zh_ui_label(ui, one->field->label)));
    zh_html_open(h, "td", NULL);
    if (one->unknown) {
        zh_part_nil(ui, ZH_NIL_FEW, zh_ui_text(ui, ZH_T_RECORD_REFERS_UNKNOWN));
    } else {
        zh_str n = zh_ui_count(ui, one->n);
        n = one->at_least ? zh_str_fmt(ui->arena, "≥ %.*s", ZH_FMT(n)) : n;
        zh_html_text(h, ZH_SAY(ui, ZH_T_RECORD_REFERS_N, n));
    }
    for (size_t i = 0; i < one->nrecords && i < LINKS_SHOWN; i++) {
        const zh_record *record = one->records[i];
        zh_html_text(h, zh_ui_text(ui, i == 0 ? ZH_T_COLON : ZH_T_SEP));
        zh_str url = zh_url_record(ui->arena, record->reg->id, record->office, record->id);
        zh_html_a_value(h, NULL,
                        r->as_of == ZH_AS_OF_NOW ? url
                                                 : zh_url_add_i(ui->arena, url, "as_of", r->as_of),
                        zh_show_key(ui, record));
    }
    zh_html_close(h);
    zh_html_close(h);
}

static zh_rc referring(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_relation *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_relations(&ui->ctx, ui->conn, zh_shown(r), r->as_of, &list, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        relation(r, &list[i]);
    }
    if (rc == ZH_OK && n == 0) {
        zh_html_open(h, "tr", NULL);
        zh_html_leaf(h, "td", "mu nw", zh_ui_text(ui, ZH_T_RECORD_REFERRED));
        zh_html_leaf(h, "td", "mu", zh_ui_text(ui, ZH_T_RECORD_NO_RELATED));
        zh_html_close(h);
    }
    return rc;
}

/* ---- records of its kind --------------------------------------------------------------------- */

static zh_str value_text(const zh_ui *ui, const zh_value *value, const zh_codes *codes)
{
    const zh_code *code = codes != NULL && value->kind == ZH_TEXT
                              ? zh_code_find(codes, value->text, INT32_MIN)
                              : NULL;
    return code != NULL ? zh_ui_label(ui, code->label)
           : value->kind == ZH_BOOL
               ? zh_ui_text(ui, value->i ? ZH_T_REGISTER_YES : ZH_T_REGISTER_NO)
               : zh_value_display(ui->arena, value);
}

/* 湖北省、酒类、氰化物 */
static zh_str values_text(const zh_ui *ui, const zh_kindred_asked *asked)
{
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < asked->nsame; i++) {
        const zh_kindred_value *same = &asked->same[i];
        for (size_t k = 0; k < same->n; k++) {
            zh_str sep = k > 0   ? zh_ui_text(ui, ZH_T_RECORD_KINDRED_OR)
                         : i > 0 ? zh_ui_text(ui, ZH_T_SEP)
                                 : ZH_STR("");
            out = zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(out), ZH_FMT(sep),
                             ZH_FMT(value_text(ui, &same->values[k], same->codes)));
        }
    }
    return out;
}

/* How many records have the same values, this one among them. */
static zh_rc count_kindred(zh_shown_record *r, zh_str where, zh_counts *out)
{
    zh_ui *ui = r->ui;
    zh_program program = {0};
    zh_list_query query = {.reg = r->reg, .where = &program, .as_of = r->as_of};
    bool large = false;
    zh_rc rc = zh_listing_compile(ui, r->reg, where, &program, ui->err);
    if (rc == ZH_OK) {
        rc = zh_register_exceeds(&ui->ctx, ui->conn, r->reg, ZH_COUNT_EXACT_MAX, &large);
    }
    query.examine_max = large ? ZH_LISTING_EXAMINE_MAX : 0;
    return rc == ZH_OK ? zh_count(&ui->ctx, ui->conn, &query, NULL, 0, out) : rc;
}

static zh_rc kindred(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < r->reg->nkindred && rc == ZH_OK; i++) {
        zh_kindred_asked asked;
        zh_counts counts = {0};
        rc = zh_kindred_ask(&ui->ctx, ui->conn, zh_shown(r), r->as_of, &r->reg->kindred[i], &asked);
        if (rc == ZH_OK && asked.where.n > 0) {
            rc = count_kindred(r, asked.where, &counts);
        }
        if (rc != ZH_OK || asked.where.n == 0) {
            continue;
        }
        zh_html_open(h, "tr", NULL);
        zh_html_leaf_value(h, "td", "mu nw", zh_ui_label(ui, r->reg->kindred[i].label));
        zh_html_open(h, "td", NULL);
        zh_html_value(h, values_text(ui, &asked));
        if (counts.total == 1 && !counts.at_least) {
            zh_html_leaf(h, "span", "mu", zh_ui_text(ui, ZH_T_RECORD_KINDRED_ALONE));
        } else {
            zh_html_text(h, zh_ui_text(ui, ZH_T_RECORD_KINDRED_ALL));
            zh_html_a(h, NULL, zh_url_register(ui->arena, r->reg->id, asked.where, r->as_of),
                      ZH_SAY(ui, ZH_T_REGISTER_COUNT_ONLY,
                             zh_facet_number(ui, counts.total, counts.at_least)));
        }
        zh_html_close(h);
        zh_html_close(h);
    }
    return rc;
}

/* ---- signals --------------------------------------------------------------------------------- */

static void one_signal(zh_ui *ui, const zh_signal *s)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", NULL);
    zh_html_a_value(h, NULL, zh_signal_url(ui->arena, s), zh_signal_subject(ui, s));
    if (s->has_ratio && s->prr_shown.n > 0) {
        zh_html_text(h, ZH_SAY(ui, ZH_T_RECORD_SIGNAL_PRR, s->prr_shown));
        if (s->chi2_shown.n > 0) {
            zh_html_text(h, ZH_SAY(ui, ZH_T_RECORD_SIGNAL_CHI2, s->chi2_shown));
        }
    }
    zh_html_z(h, " ");
    zh_signal_lamp(ui, s);
    zh_html_close(h);
}

/* What stands out, and has this record among its evidence. */
static zh_rc signals(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_signal *list = NULL;
    size_t n = 0;
    bool watched = false;
    for (size_t i = 0; i < ui->ctx.model->ndetectors; i++) {
        watched = watched || ui->ctx.model->detectors[i].reg == r->reg;
    }
    if (!watched || r->as_of != ZH_AS_OF_NOW) {
        return ZH_OK;
    }
    zh_rc rc = zh_signals_of(&ui->ctx, ui->conn, zh_shown(r), &list, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_html_open(h, "tr", NULL);
    zh_html_leaf(h, "td", "mu nw", zh_ui_text(ui, ZH_T_NAV_SIGNALS));
    zh_html_open(h, "td", NULL);
    for (size_t i = 0; i < n; i++) {
        one_signal(ui, &list[i]);
    }
    if (n == 0) {
        zh_html_leaf(h, "span", "mu", zh_ui_text(ui, ZH_T_RECORD_NO_SIGNAL));
    }
    zh_html_close(h);
    zh_html_close(h);
    return rc;
}

/* ---- indicators ------------------------------------------------------------------------------ */

typedef enum part_in { PART_NO, PART_YES, PART_UNKNOWN } part_in;

typedef struct asking {
    zh_shown_record *r;
    zh_env env;
    part_in part; /* of any measure met so far */
} asking;

static part_in holds(asking *a, const zh_program *program)
{
    zh_err ignored = {0};
    bool yes = false;
    zh_rc rc = zh_eval_true(program, &a->env, &yes, &ignored);
    return rc != ZH_OK ? PART_UNKNOWN : yes ? PART_YES : PART_NO;
}

static part_in measured(asking *a, const zh_measure *m)
{
    if (m->table == NULL) {
        return m->has_filter ? holds(a, &m->filter) : PART_YES;
    }
    const zh_rows *rows = &zh_shown(a->r)->tables[m->table->index];
    part_in found = PART_NO;
    a->env.rows = rows;
    for (size_t i = 0; i < rows->n && found != PART_YES; i++) {
        a->env.row = i;
        part_in here = m->has_filter ? holds(a, &m->filter) : PART_YES;
        found = here != PART_NO ? here : found;
    }
    a->env.rows = NULL;
    a->env.row = 0;
    return found;
}

static void meet(void *user, const zh_expr *node)
{
    asking *a = user;
    if (node->op == ZH_X_PARAMETER && a->part != PART_YES && node->index < a->r->reg->nmeasures) {
        part_in here = measured(a, &a->r->reg->measures[node->index]);
        a->part = here != PART_NO ? here : a->part;
    }
}

static part_in part_of(asking *a, const zh_program *program)
{
    a->part = PART_NO;
    zh_expr_walk(program->root, meet, a);
    return a->part;
}

static zh_text_id verdict(asking *a, const zh_indicator *ind)
{
    part_in all = a->r->reg->has_count_when ? holds(a, &a->r->reg->count_when) : PART_YES;
    if (all == PART_YES && ind->has_filter) {
        all = holds(a, &ind->filter);
    }
    if (all != PART_YES) {
        return all == PART_NO ? ZH_T_RECORD_IN_NONE : ZH_T_RECORD_IN_UNKNOWN;
    }
    part_in num = ind->has_num ? part_of(a, &ind->num) : PART_NO;
    part_in den = ind->has_den ? part_of(a, &ind->den) : PART_NO;
    if (num == PART_UNKNOWN || den == PART_UNKNOWN) {
        return ZH_T_RECORD_IN_UNKNOWN;
    }
    if (!ind->has_den) {
        return num == PART_YES || !ind->has_num ? ZH_T_RECORD_IN_VALUE : ZH_T_RECORD_IN_NONE;
    }
    return num == PART_YES && den == PART_YES ? ZH_T_RECORD_IN_BOTH
           : num == PART_YES                  ? ZH_T_RECORD_IN_NUM
           : den == PART_YES                  ? ZH_T_RECORD_IN_DEN
                                              : ZH_T_RECORD_IN_NONE;
}

static void indicators(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_model *model = ui->ctx.model;
    asking a = {.r = r, .env = zh_read_env(&ui->ctx, ui->conn, r->as_of, zh_shown(r))};
    bool any = false;
    zh_html_open(h, "tr", NULL);
    zh_html_leaf(h, "td", "mu nw", zh_ui_text(ui, ZH_T_RECORD_COUNTS_IN));
    zh_html_open(h, "td", NULL);
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *ind = &model->indicators[i];
        if (ind->reg == r->reg) {
            zh_text_id word = verdict(&a, ind);
            zh_html_open(h, "div", NULL);
            zh_html_a_value(
                h, NULL, zh_url_indicator(ui->arena, ind->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
                zh_ui_label(ui, ind->label));
            zh_html_z(h, "　");
            zh_html_leaf(h, "span", word == ZH_T_RECORD_IN_NONE ? "mu" : NULL,
                         zh_ui_text(ui, word));
            zh_html_close(h);
            any = true;
        }
    }
    if (!any) {
        zh_html_leaf(h, "span", "mu", zh_ui_text(ui, ZH_T_RECORD_NO_INDICATOR));
    }
    zh_html_close(h);
    zh_html_close(h);
}

zh_rc zh_record_related(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "related", zh_ui_text(ui, ZH_T_RECORD_RELATED), false);
    zh_html_open(h, "table", NULL);
    zh_html_open(h, "tbody", NULL);
    zh_rc rc = kindred(r);
    rc = rc == ZH_OK ? signals(r) : rc;
    rc = rc == ZH_OK ? referring(r) : rc;
    if (rc == ZH_OK) {
        indicators(r);
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_part_section_close(ui);
    return rc;
}
