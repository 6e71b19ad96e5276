/* On the page of a record: what it was judged, by which rows; on the page of a finding: whom it is
 * about, and the same judgement worked out again from the log as it stood. */
#include "core/judgement/judgement.h"
#include "web/frame/part.h"
#include "web/record/record.h"

static zh_str text_of(zh_shown_record *r, const zh_record *record, const char *field)
{
    const zh_field *f = zh_register_field(record->reg, zh_str_of(field));
    return f != NULL ? zh_show_text(&r->show, f, &record->values[f->index]) : ZH_STR("");
}

/* ---- records it rests on -------------------------------------------------------------------- */

/* A record that a row names; or a remark, such as how many more there are. */
typedef struct behind {
    size_t row;
    const zh_register *reg; /* NULL: text is a remark */
    zh_record_id id;
    zh_str text;
    zh_record *record; /* NULL: gone, or not for this reader */
} behind;

typedef struct grounds {
    ZH_VEC(behind) list;
} grounds;

static void split_row(zh_ui *ui, size_t row, zh_str evidence, grounds *out)
{
    zh_str rest = evidence;
    zh_str piece;
    while (rest.n > 0 && zh_str_split(&rest, ';', &piece)) {
        behind b = {.row = row, .text = zh_str_trim(piece)};
        if (!zh_judgement_ref(ui->ctx.model, b.text, &b.reg, &b.id.office, &b.id.id)) {
            b.reg = NULL;
        }
        zh_vec_push(ui->arena, &out->list, b);
    }
}

/* Those of one register, from a place in the list on, in one question. */
static zh_rc read_register(zh_shown_record *r, grounds *g, size_t from)
{
    zh_ui *ui = r->ui;
    zh_record_id *ids = ZH_NEW_N(ui->arena, zh_record_id, g->list.n + 1);
    zh_record **found = ZH_NEW_N(ui->arena, zh_record *, g->list.n + 1);
    const zh_register *reg = g->list.p[from].reg;
    size_t n = 0;
    for (size_t i = from; i < g->list.n; i++) {
        if (g->list.p[i].reg == reg) {
            ids[n++] = g->list.p[i].id;
        }
    }
    zh_rc rc = zh_records_get(&ui->ctx, ui->conn, reg, ids, n, r->show.as_of, found);
    n = 0;
    for (size_t i = from; i < g->list.n && rc == ZH_OK; i++) {
        if (g->list.p[i].reg == reg) {
            g->list.p[i].record = found[n++];
        }
    }
    return rc;
}

/* The records that rows of a finding name, with their titles, as far as the reader may see them. */
static zh_rc read_grounds(zh_shown_record *r, const zh_record *finding, grounds *out)
{
    zh_ui *ui = r->ui;
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    const zh_field *column = zh_register_field(finding->reg, ZH_STR("rows.evidence"));
    const zh_rows *rows = &finding->tables[table->index];
    zh_rc rc = ZH_OK;
    *out = (grounds){0};
    for (size_t i = 0; i < rows->n; i++) {
        split_row(ui, i, rows->values[i * table->ncolumns + column->index].text, out);
    }
    const zh_record **records = ZH_NEW_N(ui->arena, const zh_record *, out->list.n + 1);
    for (size_t i = 0; i < out->list.n && rc == ZH_OK; i++) {
        bool first = out->list.p[i].reg != NULL;
        for (size_t k = 0; k < i && first; k++) {
            first = out->list.p[k].reg != out->list.p[i].reg;
        }
        rc = first ? read_register(r, out, i) : ZH_OK;
    }
    for (size_t i = 0; i < out->list.n; i++) {
        records[i] = out->list.p[i].record;
    }
    return rc == ZH_OK ? zh_show_titles(&r->show, records, out->list.n) : rc;
}

static void records_behind(zh_shown_record *r, const grounds *g, size_t row)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    int64_t unseen = 0;
    zh_html_open(h, "ul", NULL);
    for (size_t i = 0; i < g->list.n; i++) {
        const behind *b = &g->list.p[i];
        if (b->row != row) {
            continue;
        }
        if (b->reg != NULL && b->record == NULL) {
            unseen++;
            continue;
        }
        zh_html_open(h, "li", NULL);
        int64_t all = zh_judgement_records_behind(b->text);
        if (b->reg == NULL && all > 1) {
            zh_html_leaf(h, "span", "mu", ZH_SAY(ui, ZH_T_JUDGEMENT_ALL, zh_ui_count(ui, all)));
        } else if (b->reg == NULL) {
            zh_html_leaf_value(h, "span", "mu", b->text);
        } else {
            zh_html_a_value(h, NULL, zh_url_record(ui->arena, b->reg->id, b->id.office, b->id.id),
                            zh_show_title(&r->show, b->record));
        }
        zh_html_close(h);
    }
    if (unseen > 0) {
        zh_html_leaf(h, "li", "mu", ZH_SAY(ui, ZH_T_JUDGEMENT_UNSEEN, zh_ui_count(ui, unseen)));
    }
    zh_html_close(h);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const zh_judgement_input *input_named(const zh_judgement *rule, zh_str name)
{
    for (size_t i = 0; rule != NULL && i < rule->ninputs; i++) {
        if (zh_str_eq(rule->inputs[i].name, name)) {
            return &rule->inputs[i];
        }
    }
    return NULL;
}

static zh_str input_label(const zh_ui *ui, const zh_judgement *rule, zh_str name)
{
    const zh_judgement_input *input = input_named(rule, name);
    return input != NULL && input->label.zh.n > 0 ? zh_ui_label(ui, input->label) : name;
}

static const struct {
    const char *column;
    zh_text_id title;
    bool number;
} row_columns[] = {
    {"input", ZH_T_JUDGEMENT_INPUT, false},    {"value", ZH_T_JUDGEMENT_VALUE, true},
    {"counted", ZH_T_JUDGEMENT_COUNTED, true}, {"points", ZH_T_JUDGEMENT_POINTS, true},
    {"clause", ZH_T_JUDGEMENT_CLAUSE, false},  {"evidence", ZH_T_JUDGEMENT_EVIDENCE, false}};
enum { SHOWN_INPUT = 0, SHOWN_POINTS = 3, SHOWN_EVIDENCE = 5 };

static void input_row(zh_shown_record *r, const zh_judgement *rule, const zh_record *finding,
                      const grounds *g, size_t row, zh_grid *grid)
{
    zh_ui *ui = r->ui;
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    const zh_rows *rows = &finding->tables[table->index];
    zh_grid_row(grid, NULL);
    for (size_t c = 0; c < ZH_COUNTOF(row_columns); c++) {
        const zh_field *column = zh_register_field(
            finding->reg, zh_str_fmt(ui->arena, "rows.%s", row_columns[c].column));
        const zh_value *value = &rows->values[row * table->ncolumns + column->index];
        zh_grid_cell(grid);
        if (value->kind == ZH_NULL) {
            zh_html_z(&ui->html, "—");
        } else if (c == SHOWN_INPUT) {
            zh_html_value(&ui->html, input_label(ui, rule, value->text));
        } else if (c == SHOWN_EVIDENCE) {
            records_behind(r, g, row);
        } else {
            zh_show_html(&r->show, column, value, false);
        }
    }
}

/* A row of the sum alone: where it begins, where it ends. */
static void sum_row(zh_ui *ui, zh_grid *grid, const char *css, zh_text_id name, zh_str points)
{
    zh_grid_row(grid, css);
    for (size_t c = 0; c < ZH_COUNTOF(row_columns); c++) {
        zh_grid_text(grid, c == SHOWN_INPUT    ? zh_ui_text(ui, name)
                           : c == SHOWN_POINTS ? points
                                               : ZH_STR(""));
    }
}

static zh_rc explanation(zh_shown_record *r, const zh_judgement *rule, const zh_record *finding)
{
    zh_ui *ui = r->ui;
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    zh_str points = text_of(r, finding, "rule_points");
    bool summed = rule != NULL && rule->has_table;
    zh_column columns[ZH_COUNTOF(row_columns)];
    grounds behind_it;
    zh_grid grid;
    zh_rc rc = read_grounds(r, finding, &behind_it);
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t c = 0; c < ZH_COUNTOF(row_columns); c++) {
        columns[c] = (zh_column){.label = zh_ui_text(ui, row_columns[c].title),
                                 .number = row_columns[c].number,
                                 .css = c == SHOWN_INPUT ? "full" : "lab"};
    }
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(row_columns), true, ZH_STR(""));
    if (summed) {
        sum_row(ui, &grid, NULL, ZH_T_JUDGEMENT_BASE, zh_decimal_str(ui->arena, rule->base));
    }
    for (size_t i = 0; i < finding->tables[table->index].n; i++) {
        input_row(r, rule, finding, &behind_it, i, &grid);
    }
    if (summed && points.n > 0) {
        sum_row(ui, &grid, "sum", ZH_T_JUDGEMENT_SUM, points);
    }
    zh_grid_close(&grid);
    return ZH_OK;
}

/* ---- what changed between two versions ------------------------------------------------------- */

static zh_str cell_text(zh_shown_record *r, const zh_record *finding, size_t row,
                        const char *column)
{
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    const zh_field *f =
        zh_register_field(finding->reg, zh_str_fmt(r->ui->arena, "rows.%s", column));
    return zh_show_text(&r->show, f,
                        &finding->tables[table->index].values[row * table->ncolumns + f->index]);
}

/* The row of the same input; SIZE_MAX: the rule had no such input then. */
static size_t row_of(zh_shown_record *r, const zh_record *finding, zh_str input)
{
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    for (size_t i = 0; i < finding->tables[table->index].n; i++) {
        if (zh_str_eq(cell_text(r, finding, i, "input"), input)) {
            return i;
        }
    }
    return SIZE_MAX;
}

zh_rc zh_record_finding_change(zh_shown_record *r, const zh_record *old, const zh_record *now)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_judgement *list = NULL;
    size_t n = 0;
    grounds behind_it = {0};
    const zh_field *table = zh_register_field(now->reg, ZH_STR("rows"));
    zh_rc rc = zh_judgements(ui->ctx.model, ui->arena, &list, &n, ui->err);
    if (rc == ZH_OK) {
        rc = read_grounds(r, now, &behind_it);
    }
    const zh_judgement *rule = rc == ZH_OK ? zh_judgement_of(list, n, now) : NULL;
    for (size_t i = 0; i < now->tables[table->index].n && rc == ZH_OK; i++) {
        zh_str input = cell_text(r, now, i, "input");
        size_t was = row_of(r, old, input);
        zh_str before = was == SIZE_MAX ? ZH_STR("") : cell_text(r, old, was, "value");
        zh_str after = cell_text(r, now, i, "value");
        zh_str then = was == SIZE_MAX ? ZH_STR("") : cell_text(r, old, was, "evidence");
        if (zh_str_eq(before, after) && zh_str_eq(then, cell_text(r, now, i, "evidence"))) {
            continue;
        }
        zh_str none = zh_ui_text(ui, ZH_T_REGISTER_NOT_FILLED);
        zh_html_open(h, "div", "chg");
        zh_html_leaf_value(h, "b", NULL, input_label(ui, rule, input));
        zh_html_z(h, " ");
        zh_html_leaf_value(h, "del", NULL, before.n > 0 ? before : none);
        zh_html_z(h, " → ");
        zh_html_value(h, after.n > 0 ? after : none);
        records_behind(r, &behind_it, i);
        zh_html_close(h);
    }
    return rc;
}

/* ---- how the grade follows --------------------------------------------------------------------
 */

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* An expression over the inputs with their labels in place of their names. */
static zh_str in_words(zh_ui *ui, const zh_judgement *rule, zh_str text)
{
    zh_buf out;
    zh_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < text.n;) {
        size_t end = i;
        while (end < text.n && name_char(text.p[end])) {
            end++;
        }
        zh_str name = zh_str_sub(text, i, end - i);
        bool compares = i + 1 < text.n && text.p[i + 1] == '=';
        if (end > i) {
            zh_buf_str(&out, input_label(ui, rule, name));
            i = end;
        } else if (compares && (text.p[i] == '<' || text.p[i] == '>' || text.p[i] == '!')) {
            zh_buf_z(&out, text.p[i] == '<' ? "≤" : text.p[i] == '>' ? "≥" : "≠");
            i += 2;
        } else if (text.p[i] == '*') {
            zh_buf_z(&out, "×");
            i++;
        } else {
            zh_buf_c(&out, text.p[i++]);
        }
    }
    zh_str words = zh_str_dup(ui->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return words;
}

/* A 不低于 85、B 不低于 70: the newest lines that were in force on the day. */
static zh_str bands_of(zh_ui *ui, const zh_judgement *rule, zh_date day)
{
    const struct zh_band *band = NULL;
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < rule->nbands; i++) {
        const struct zh_band *b = &rule->bands[i];
        band = b->from <= day && (band == NULL || b->from > band->from) ? b : band;
    }
    for (size_t i = 0; band != NULL && i < band->n; i++) {
        zh_str one = ZH_SAY(ui, ZH_T_JUDGEMENT_BAND, band->grades[i].grade,
                            zh_decimal_str(ui->arena, band->grades[i].min));
        out = zh_ui_list(ui, out, one);
    }
    return out;
}

static void fact_of(zh_ui *ui, zh_text_id name, zh_str text)
{
    if (text.n > 0) {
        zh_part_kv_item(ui, zh_ui_text(ui, name));
        zh_html_value(&ui->html, text);
        zh_html_close(&ui->html);
    }
}

/* Which override decided, when one did; else those that might have. */
static void overrides(zh_ui *ui, const zh_judgement *rule, const zh_record *finding)
{
    const zh_value *basis = zh_record_value(finding, "basis");
    zh_str decided = basis->kind == ZH_TEXT ? basis->text : ZH_STR("");
    for (size_t i = 0; i < rule->noverrides; i++) {
        const struct zh_override *o = &rule->overrides[i];
        bool this_one =
            decided.n > 0 && zh_str_eq(decided, o->clause.n > 0 ? o->clause : o->source);
        if (decided.n > 0 && !this_one) {
            continue;
        }
        fact_of(ui, ZH_T_JUDGEMENT_OVERRIDE,
                ZH_SAY(ui, this_one ? ZH_T_JUDGEMENT_OVERRIDES : ZH_T_JUDGEMENT_OVERRIDE_NOT,
                       in_words(ui, rule, o->source), o->grade, o->clause));
    }
}

static void how_it_follows(zh_shown_record *r, const zh_judgement *rule, const zh_record *finding)
{
    zh_ui *ui = r->ui;
    const zh_value *at = zh_record_value(finding, "judged_at");
    const zh_value *decided = zh_record_value(finding, "decided");
    zh_part_kv_open(ui);
    if (rule->engine.n > 0) {
        fact_of(ui, ZH_T_JUDGEMENT_ENGINE,
                zh_str_fmt(ui->arena, "%.*s · %.*s = %.*s", ZH_FMT(rule->engine),
                           ZH_FMT(rule->result), ZH_FMT(text_of(r, finding, "engine_result"))));
    }
    if (!rule->has_table && rule->has_points) {
        fact_of(ui, ZH_T_JUDGEMENT_FORMULA, in_words(ui, rule, rule->points.source));
    }
    fact_of(ui, ZH_T_JUDGEMENT_BANDS, bands_of(ui, rule, zh_time_date(at->i)));
    overrides(ui, rule, finding);
    if (decided->kind == ZH_TEXT && !zh_str_is(decided->text, "rule")) {
        fact_of(ui, ZH_T_JUDGEMENT_DECIDED,
                ZH_SAY(ui, ZH_T_JUDGEMENT_INSTEAD, text_of(r, finding, "decided"),
                       text_of(r, finding, "points"), text_of(r, finding, "grade"),
                       text_of(r, finding, "rule_points"), text_of(r, finding, "rule_grade")));
        fact_of(ui, ZH_T_JUDGEMENT_DECISION, text_of(r, finding, "decision"));
    }
    zh_part_kv_close(ui);
}

/* ---- of a judged record ---------------------------------------------------------------------- */

static zh_rc one_finding(zh_shown_record *r, const zh_judgement *rule, const zh_record *finding)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_str grade = text_of(r, finding, "grade");
    zh_str points = text_of(r, finding, "points");
    const zh_value *decided = zh_record_value(finding, "decided");
    zh_html_open(h, "p", "bar");
    zh_html_a_value(h, NULL,
                    zh_url_record(ui->arena, finding->reg->id, finding->office, finding->id),
                    zh_ui_label(ui, rule->label));
    zh_html_leaf(h, "b", NULL, grade.n > 0 ? grade : zh_ui_text(ui, ZH_T_JUDGEMENT_NO_GRADE));
    if (points.n > 0) {
        zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_JUDGEMENT_OF_POINTS, points));
    }
    zh_part_tag(ui, ZH_TAG_PLAIN, zh_show_state(ui, finding->reg, finding->state));
    if (decided->kind == ZH_TEXT && !zh_str_is(decided->text, "rule")) {
        zh_part_tag(ui, ZH_TAG_QING, text_of(r, finding, "decided"));
    }
    zh_html_leaf(h, "span", "sm mu", text_of(r, finding, "judged_at"));
    zh_html_close(h);
    return explanation(r, rule, finding);
}

static zh_rc of_judged(zh_shown_record *r, const zh_judgement *list, size_t n)
{
    zh_ui *ui = r->ui;
    const zh_register *findings = zh_model_register(ui->ctx.model, ZH_STR("judgement"));
    bool any = false;
    for (size_t i = 0; i < n && findings != NULL; i++) {
        zh_record *finding = NULL;
        zh_err before = *ui->err;
        if (list[i].each != r->reg) {
            continue;
        }
        zh_str key = zh_judgement_key(ui->arena, &list[i], zh_shown(r));
        zh_rc rc = zh_record_by_key(&ui->ctx, ui->conn, findings, &key, &finding);
        if (rc == ZH_OK) {
            rc = zh_rows_load(&ui->ctx, ui->conn, finding, false);
        }
        if (rc == ZH_ENOTFOUND || rc == ZH_EDENIED) { /* not judged, or not for this reader */
            *ui->err = before;
            continue;
        }
        if (rc != ZH_OK) {
            return rc;
        }
        if (!any) {
            zh_part_section_open(ui, "judgements", zh_ui_text(ui, ZH_T_JUDGEMENT_TITLE), false);
        }
        any = true;
        rc = one_finding(r, &list[i], finding);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    if (any) {
        zh_part_section_close(ui);
    }
    return ZH_OK;
}

/* ---- of a finding ---------------------------------------------------------------------------- */

static zh_rc worked_out_again(zh_shown_record *r, const zh_judgement *rule)
{
    zh_ui *ui = r->ui;
    zh_rejudged *again = ZH_NEW(ui->arena, zh_rejudged);
    zh_err before = *ui->err;
    zh_rc rc = rule != NULL ? zh_judgement_again(&ui->ctx, ui->conn, rule, zh_shown(r), again)
                            : ZH_ENOTFOUND;
    if (rc == ZH_ENOTFOUND) {
        *ui->err = before;
        zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_JUDGEMENT_GONE));
        return ZH_OK;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str position = zh_ui_count(ui, again->position);
    zh_part_note(ui, again->same ? ZH_NOTE_QING : ZH_NOTE_ACT,
                 again->same ? ZH_SAY(ui, ZH_T_JUDGEMENT_SAME, position)
                             : ZH_SAY(ui, ZH_T_JUDGEMENT_DIFFERS, position,
                                      zh_ui_count(ui, (int64_t)again->differ)));
    return ZH_OK;
}

/* The judged record by its title, linked; where the reader has no such record, by the name that the
 * finding says. */
static zh_rc subject(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_register *reg = NULL;
    zh_record_id id;
    zh_record *record = NULL;
    zh_str name = text_of(r, zh_shown(r), "subject");
    zh_rc rc = ZH_OK;
    if (zh_judgement_ref(ui->ctx.model, zh_record_value(zh_shown(r), "subject_ref")->text, &reg,
                         &id.office, &id.id)) {
        rc = zh_records_get(&ui->ctx, ui->conn, reg, &id, 1, r->show.as_of, &record);
    }
    const zh_record *titled = record;
    rc = rc == ZH_OK ? zh_show_titles(&r->show, &titled, 1) : rc;
    if (rc == ZH_OK && record != NULL) {
        zh_html_a_value(h, NULL, zh_url_record(ui->arena, reg->id, id.office, id.id),
                        zh_show_title(&r->show, record));
    } else if (rc == ZH_OK) {
        zh_html_leaf_value(h, "span", NULL, name);
    }
    return rc;
}

static zh_rc why(zh_shown_record *r, const zh_judgement *rule)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_record *finding = zh_shown(r);
    zh_str points = text_of(r, finding, "points");
    zh_str grade = text_of(r, finding, "grade");
    zh_part_section_open(ui, "why", zh_ui_text(ui, ZH_T_JUDGEMENT_WHY), false);
    zh_html_open(h, "p", "bar");
    zh_rc rc = subject(r);
    zh_html_leaf_value(h, "span", NULL, text_of(r, finding, "rule"));
    zh_html_leaf_value(h, "b", NULL, grade.n > 0 ? grade : zh_ui_text(ui, ZH_T_JUDGEMENT_NO_GRADE));
    if (points.n > 0) {
        zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_JUDGEMENT_OF_POINTS, points));
    }
    zh_html_leaf(h, "span", "sm mu", text_of(r, finding, "judged_at"));
    zh_html_close(h);
    if (rc == ZH_OK) {
        rc = explanation(r, rule, finding);
    }
    if (rc == ZH_OK && rule != NULL) {
        how_it_follows(r, rule, finding);
    }
    zh_part_section_close(ui);
    return rc;
}

static zh_rc of_finding(zh_shown_record *r, const zh_judgement *list, size_t n)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_judgement *rule = zh_judgement_of(list, n, zh_shown(r));
    zh_rc rc = why(r, rule);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_section_open(ui, "again", zh_ui_text(ui, ZH_T_JUDGEMENT_AGAIN), false);
    if (zh_http_param(ui->request, "again").n > 0) {
        rc = worked_out_again(r, rule);
    } else {
        zh_html_open(h, "p", NULL);
        zh_html_a(h, "btn",
                  zh_str_fmt(ui->arena, "%.*s#again",
                             ZH_FMT(zh_url_with(ui->request, "again", ZH_STR("1")))),
                  zh_ui_text(ui, ZH_T_JUDGEMENT_DO_AGAIN));
        zh_html_close(h);
        zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_JUDGEMENT_AGAIN_TEXT));
    }
    zh_part_section_close(ui);
    return rc;
}

bool zh_record_is_finding(const zh_register *reg)
{
    return zh_str_is(reg->id, "judgement");
}

zh_rc zh_record_judgements(zh_shown_record *r)
{
    zh_judgement *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_judgements(r->ui->ctx.model, r->ui->arena, &list, &n, r->ui->err);
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    return zh_record_is_finding(r->reg) ? of_finding(r, list, n) : of_judged(r, list, n);
}
