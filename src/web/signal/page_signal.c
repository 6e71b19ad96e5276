/* GET /signals/{id}: one signal. Observed and expected, the four-fold table, what the evidence is
 * made of, the records, the task with its clock, how it was computed, and what it does not mean. */
#include "web/frame/show.h"
#include "web/signal/page_signals.h"
#include <inttypes.h>

enum { RECORDS_SHOWN = 20, FACET_ROWS = 12, DIGEST_SHOWN = 16, FOREST_WIDTH = 640 };

static void fact(zh_ui *ui, zh_text_id label, zh_str value, zh_str unit, zh_str url, zh_str small)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "p", "l", zh_ui_text(ui, label));
    zh_html_open(h, "p", "big");
    zh_part_number(ui, value, unit, url);
    zh_html_close(h);
    if (small.n > 0) {
        zh_html_leaf(h, "p", "s", small);
    }
    zh_html_close(h);
}

static void facts(zh_ui *ui, const zh_signal *s, zh_str evidence)
{
    zh_html_open(&ui->html, "div", "facts");
    fact(ui, ZH_T_SIGNALS_OBSERVED, zh_ui_count(ui, (int64_t)s->table.a), zh_signal_unit(ui, s),
         evidence, ZH_STR(""));
    if (s->is_period) {
        fact(ui, ZH_T_SIGNALS_EXPECTED, zh_ui_decimal(ui, s->expected_shown), zh_signal_unit(ui, s),
             ZH_STR(""), ZH_STR(""));
        fact(ui, ZH_T_SIGNALS_BOUND, zh_ui_decimal(ui, s->bound_shown), zh_signal_unit(ui, s),
             ZH_STR(""), ZH_STR(""));
    }
    if (s->has_ratio) {
        fact(ui, ZH_T_SIGNALS_EXPECTED, s->expected_shown, zh_signal_unit(ui, s), ZH_STR(""),
             ZH_STR(""));
        fact(ui, ZH_T_SIGNALS_PRR, s->prr_shown, ZH_STR(""), ZH_STR(""), s->interval_shown);
        fact(ui, ZH_T_SIGNALS_YATES, s->chi2_shown, ZH_STR(""), ZH_STR(""), ZH_STR(""));
    }
    zh_html_close(&ui->html);
}

static zh_str percent(const zh_ui *ui, uint64_t part, uint64_t whole)
{
    zh_decimal d;
    return whole > 0 && zh_i128_ratio((zh_i128)part * 100, (zh_i128)whole, 2, ZH_ROUND_HALF_EVEN,
                                      &d) == ZH_OK
               ? zh_str_fmt(ui->arena, "%.*s%%", ZH_FMT(zh_decimal_str(ui->arena, d)))
               : ZH_STR("—");
}

static zh_str counted(const zh_ui *ui, uint64_t n)
{
    return zh_ui_count(ui, (int64_t)n);
}

static void four_fold(zh_ui *ui, const zh_signal *s, zh_str evidence)
{
    const zh_two_by_two *t = &s->table;
    const zh_detector *d = s->declared;
    zh_grid g;
    const zh_column columns[] = {
        {.label = d != NULL ? zh_ui_label(ui, d->row.label) : ZH_STR("")},
        {.label = d != NULL ? zh_signal_value(ui, &d->column, s->column) : s->column_label,
         .number = true},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_OTHER_COLUMNS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_SHARE), .number = true},
    };
    zh_html_open(&ui->html, "div", NULL);
    zh_html_leaf(&ui->html, "h3", NULL, zh_ui_text(ui, ZH_T_SIGNALS_TABLE));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), false, ZH_STR(""));
    zh_grid_row(&g, NULL);
    zh_grid_value(&g, d != NULL ? zh_signal_value(ui, &d->row, s->row) : s->row_label);
    zh_grid_cell(&g);
    zh_part_number(ui, counted(ui, t->a), ZH_STR(""), evidence);
    zh_grid_text(&g, counted(ui, t->b));
    zh_grid_text(&g, percent(ui, t->a, t->a + t->b));
    zh_grid_row(&g, NULL);
    zh_grid_text(&g, zh_ui_text(ui, ZH_T_SIGNALS_OTHER_ROWS));
    zh_grid_text(&g, counted(ui, t->c));
    zh_grid_text(&g, counted(ui, t->d));
    zh_grid_text(&g, percent(ui, t->c, t->c + t->d));
    zh_grid_close(&g);
    zh_html_leaf(&ui->html, "p", "sm mu",
                 ZH_SAY(ui, ZH_T_SIGNALS_ARITHMETIC, counted(ui, t->a), counted(ui, t->a + t->b),
                        counted(ui, t->c), counted(ui, t->c + t->d), s->prr_shown));
    zh_html_close(&ui->html);
}

/* What the evidence is made of, as bars; none of it can be asked further than all of it. */
static void profile(zh_ui *ui, const zh_signal *s, zh_str all)
{
    for (size_t i = 0; i < s->nfacets;) {
        zh_str facet = s->facets[i].facet;
        zh_str label = s->facets[i].label_of_facet;
        zh_facet_item items[FACET_ROWS];
        size_t n = 0;
        int64_t rest = 0;
        for (size_t k = 0; s->declared != NULL && k < s->declared->nprofile; k++) {
            if (zh_str_eq(s->declared->profile[k].id, facet)) {
                label = zh_ui_label(ui, s->declared->profile[k].label);
            }
        }
        for (; i < s->nfacets && zh_str_eq(s->facets[i].facet, facet); i++) {
            if (n < FACET_ROWS) {
                items[n++] = (zh_facet_item){.label = zh_signal_facet_text(ui, s, &s->facets[i]),
                                             .url = all,
                                             .count = s->facets[i].n};
            } else {
                rest++;
            }
        }
        zh_part_facet(ui, label, items, n, rest);
    }
}

static void meaning(zh_ui *ui, const zh_signal *s, const zh_register *source)
{
    zh_html *h = &ui->html;
    zh_str what = source != NULL ? zh_ui_label(ui, source->label) : s->source;
    if (!s->is_period) {
        zh_part_note_open(ui, ZH_NOTE_QING);
        zh_html_leaf(h, "b", NULL, zh_ui_text(ui, ZH_T_SIGNALS_MEANS));
        zh_html_z(h, " ");
        zh_html_text(h, ZH_SAY(ui, ZH_T_SIGNALS_MEANS_TEXT, what));
        zh_part_note_close(ui);
    }
    if (s->declared != NULL && s->declared->note.zh.n > 0) {
        zh_part_note_open(ui, ZH_NOTE_WATCH);
        zh_html_leaf(h, "b", NULL, zh_ui_text(ui, ZH_T_SIGNALS_NOT));
        zh_html_z(h, " ");
        zh_html_value(h, zh_ui_label(ui, s->declared->note));
        zh_part_note_close(ui);
    }
}

static void task(zh_ui *ui, const zh_signal *s)
{
    const zh_signal_task *t = &s->task;
    zh_part_section_open(ui, "task", zh_ui_text(ui, ZH_T_SIGNALS_TASK), false);
    if (!s->has_task || s->declared == NULL || s->declared->tasks == NULL) {
        zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, ZH_T_SIGNALS_NO_TASK));
        zh_part_section_close(ui);
        return;
    }
    zh_part_kv_open(ui);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_SIGNALS_TASK_NO));
    zh_html_a(&ui->html, NULL, zh_url_record(ui->arena, s->declared->tasks->id, t->office, t->id),
              t->no);
    zh_html_close(&ui->html);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_TASK_KIND), zh_ui_label(ui, t->kind_name));
    if (t->place.n > 0) {
        zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_TASK_PLACE), zh_ui_region(ui, t->place));
    }
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_TASK_OPENED), zh_ui_time(ui, t->opened_at));
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_SIGNALS_TASK_DUE));
    zh_signal_due(ui, t);
    zh_html_close(&ui->html);
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void how(zh_ui *ui, const zh_signal *s, const zh_register *source)
{
    zh_str version = ZH_SAY(ui, ZH_T_SIGNALS_VERSION, s->detector_version);
    zh_str name = s->declared != NULL ? zh_ui_label(ui, s->declared->label) : s->detector;
    zh_part_section_open(ui, "how", zh_ui_text(ui, ZH_T_SIGNALS_HOW), false);
    zh_part_kv_open(ui);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_DETECTOR),
               ZH_SAY(ui, ZH_T_IN_BRACKETS, name,
                      zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(s->detector),
                                 ZH_FMT(zh_ui_text(ui, ZH_T_COMMA)), ZH_FMT(version))));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_ENGINE), s->engine);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_CRITERIA), s->criteria);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_PERIOD),
               s->dated ? zh_ui_period(ui, s->first, s->last)
                        : zh_ui_text(ui, ZH_T_SIGNALS_NO_PERIOD));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SIGNALS_SOURCE),
               source != NULL ? zh_ui_label(ui, source->label) : s->source);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_SIGNALS_DIGEST));
    zh_html_leaf(&ui->html, "code", NULL,
                 zh_str_fmt(ui->arena, "%.*s…", ZH_FMT(zh_str_sub(s->digest, 0, DIGEST_SHOWN))));
    zh_html_close(&ui->html);
    if (s->declared != NULL) {
        zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_SIGNALS_RECORD_OF));
        zh_html_a(&ui->html, NULL,
                  zh_url_record(ui->arena, s->declared->signals->id, s->office, s->id),
                  ZH_SAY(ui, ZH_T_SIGNALS_VERSION, zh_ui_count(ui, s->version)));
        zh_html_close(&ui->html);
    }
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

/* The records by their titles; what the reader may not see by its key alone. */
static zh_rc evidence_titles(zh_ui *ui, const zh_signal *s, size_t n, zh_str *out)
{
    const zh_register *source = zh_model_register(ui->ctx.model, s->source);
    zh_record_id *ids = ZH_NEW_N(ui->arena, zh_record_id, n + 1);
    zh_record **records = ZH_NEW_N(ui->arena, zh_record *, n + 1);
    zh_show show;
    zh_show_init(&show, ui, ZH_AS_OF_NOW);
    for (size_t i = 0; i < n; i++) {
        const zh_evidence_ref *ref = &s->refs[i];
        ids[i] = (zh_record_id){ref->office, ref->id};
        out[i] = ref->key.n > 0 ? ref->key : zh_str_fmt(ui->arena, "%" PRId64, ref->id);
    }
    if (source == NULL || source->title.n == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_records_get(&ui->ctx, ui->conn, source, ids, n, ZH_AS_OF_NOW, records);
    if (rc == ZH_OK) {
        rc = zh_show_titles(&show, (const zh_record *const *)records, n);
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        out[i] = records[i] != NULL ? zh_show_title(&show, records[i]) : out[i];
    }
    return rc;
}

static zh_rc evidence(zh_ui *ui, const zh_signal *s, zh_str all)
{
    zh_html *h = &ui->html;
    zh_str titles[RECORDS_SHOWN];
    size_t n = s->nrefs < RECORDS_SHOWN ? s->nrefs : RECORDS_SHOWN;
    zh_rc rc = evidence_titles(ui, s, n, titles);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_section_open(
        ui, "evidence",
        ZH_SAY(ui, ZH_T_SIGNALS_EVIDENCE,
               counted(ui, s->is_period && s->nrefs < ZH_DETECT_REFS_MAX ? s->nrefs : s->table.a)),
        false);
    zh_html_open(h, "ul", "records");
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "li", NULL);
        zh_html_a_value(h, NULL,
                        zh_url_record(ui->arena, s->source, s->refs[i].office, s->refs[i].id),
                        titles[i]);
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_open(h, "p", "sm");
    if (s->table.a > RECORDS_SHOWN) {
        zh_html_text(h, ZH_SAY(ui, ZH_T_SIGNALS_EVIDENCE_CUT, counted(ui, RECORDS_SHOWN)));
        zh_html_z(h, " ");
    }
    zh_html_a(h, NULL, all, ZH_SAY(ui, ZH_T_SIGNALS_EVIDENCE_ALL, zh_ui_count(ui, s->position)));
    zh_html_close(h);
    zh_part_section_close(ui);
    return rc;
}

static zh_str title_of(zh_ui *ui, const zh_signal *s)
{
    zh_str subject = zh_signal_subject(ui, s);
    zh_str n = counted(ui, s->table.a);
    if (s->is_period) {
        return ZH_SAY(ui, ZH_T_SIGNALS_ONE_PERIOD, subject, n, zh_signal_unit(ui, s),
                      zh_ui_decimal(ui, s->expected_shown), zh_ui_decimal(ui, s->bound_shown));
    }
    return s->has_ratio ? ZH_SAY(ui, ZH_T_SIGNALS_ONE_TITLE, subject, n, zh_signal_unit(ui, s),
                                 s->expected_shown)
                        : ZH_SAY(ui, ZH_T_SIGNALS_ONE_FLOW, subject, n, zh_signal_unit(ui, s));
}

static zh_rc write_signal(zh_ui *ui, const zh_signal *s)
{
    zh_html *h = &ui->html;
    zh_rc rc = ZH_OK;
    const zh_register *source = zh_model_register(ui->ctx.model, s->source);
    zh_str all = zh_url_register(ui->arena, s->source, s->where, s->position);
    zh_ui_head(ui,
               &(zh_ui_head_of){
                   .nav = ZH_T_NAV_SIGNALS,
                   .title = title_of(ui, s),
                   .above = zh_ui_text(ui, ZH_T_NAV_SIGNALS),
                   .above_url = zh_url_add(ui->arena, ZH_STR("/signals"), "detector", s->detector),
               });
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w7 stack");
    zh_part_section_open(ui, NULL, ZH_STR(""), false);
    zh_html_open(h, "div", "stack");
    zh_html_open(h, "p", NULL);
    zh_signal_lamp(ui, s);
    zh_html_close(h);
    facts(ui, s, all);
    if (s->has_ratio) {
        four_fold(ui, s, all);
        rc = zh_signal_forest(ui, s, 1, FOREST_WIDTH);
    }
    if (s->is_period && s->declared != NULL && rc == ZH_OK) {
        rc = zh_signal_past(ui, s->declared);
    }
    meaning(ui, s, source);
    zh_html_close(h);
    zh_part_section_close(ui);
    if (s->nfacets > 0) {
        zh_part_section_open(ui, "profile", zh_ui_text(ui, ZH_T_SIGNALS_COL_MADE_OF), false);
        zh_html_open(h, "div", "facets2");
        profile(ui, s, all);
        zh_html_close(h);
        zh_part_section_close(ui);
    }
    zh_html_close(h);
    zh_html_open(h, "div", "w5 stack");
    task(ui, s);
    how(ui, s, source);
    rc = rc == ZH_OK ? evidence(ui, s, all) : rc;
    zh_html_close(h);
    zh_html_close(h);
    return rc;
}

static zh_rc show(zh_ui *ui)
{
    zh_signal s;
    int64_t id = 0;
    zh_str text = zh_http_arg(ui->request, "id");
    if (zh_str_i64(text, &id) != ZH_OK) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "signals.unknown", "没有信号“%.*s”", ZH_FMT(text));
    }
    zh_rc rc = zh_signal_get(&ui->ctx, ui->conn, id, &s);
    return rc == ZH_OK ? write_signal(ui, &s) : rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_signal) = {
    .method = "GET", .path = "/signals/{id}", .en = "One signal", .handle = handle};
