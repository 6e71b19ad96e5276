/* On the page of a record: what it was judged, by which rows; on the page of a finding: whom it is
 * about, and the same judgement worked out again from the log as it stood. */
#include "core/judgement.h"
#include "web/part.h"
#include "web/record.h"

static const zh_value *value_of(const zh_record *record, const char *field)
{
    const zh_field *f = zh_register_field(record->reg, zh_str_of(field));
    return f != NULL ? &record->values[f->index] : NULL;
}

static zh_str text_of(zh_shown_record *r, const zh_record *record, const char *field)
{
    const zh_field *f = zh_register_field(record->reg, zh_str_of(field));
    return f != NULL ? zh_show_text(&r->show, f, &record->values[f->index]) : ZH_STR("");
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void records_behind(zh_ui *ui, zh_str evidence)
{
    zh_html *h = &ui->html;
    zh_str rest = evidence;
    zh_str piece;
    bool first = true;
    zh_html_open(h, "div", NULL); /* one item of the card on a phone */
    while (rest.n > 0 && zh_str_split(&rest, ';', &piece)) {
        ptrdiff_t slash = zh_str_chr(piece, '/');
        piece = zh_str_trim(piece);
        zh_html_z(h, first ? "" : "、");
        first = false;
        if (slash > 0 && zh_model_register(ui->ctx.model, zh_str_sub(piece, 0, (size_t)slash))) {
            zh_html_a(h, "mono", zh_str_fmt(ui->arena, "/registers/%.*s", ZH_FMT(piece)), piece);
        } else {
            zh_html_text(h, piece);
        }
    }
    zh_html_close(h);
}

static void explanation(zh_shown_record *r, const zh_record *finding)
{
    static const struct {
        const char *column;
        zh_text_id title;
        bool number;
    } shown[] = {
        {"input", ZH_T_JUDGEMENT_INPUT, false},    {"value", ZH_T_JUDGEMENT_VALUE, true},
        {"counted", ZH_T_JUDGEMENT_COUNTED, true}, {"points", ZH_T_JUDGEMENT_POINTS, true},
        {"clause", ZH_T_JUDGEMENT_CLAUSE, false},  {"evidence", ZH_T_JUDGEMENT_EVIDENCE, false}};
    zh_ui *ui = r->ui;
    const zh_field *table = zh_register_field(finding->reg, ZH_STR("rows"));
    const zh_rows *rows = &finding->tables[table->index];
    zh_column columns[ZH_COUNTOF(shown)];
    zh_grid g;
    for (size_t c = 0; c < ZH_COUNTOF(shown); c++) {
        columns[c] = (zh_column){.label = zh_ui_text(ui, shown[c].title),
                                 .number = shown[c].number,
                                 .css = c == 0 ? "full" : "lab"};
    }
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(shown), true, ZH_STR(""));
    for (size_t i = 0; i < rows->n; i++) {
        zh_grid_row(&g, NULL);
        for (size_t c = 0; c < ZH_COUNTOF(shown); c++) {
            const zh_field *column =
                zh_register_field(finding->reg, zh_str_fmt(ui->arena, "rows.%s", shown[c].column));
            const zh_value *value = &rows->values[i * table->ncolumns + column->index];
            zh_grid_cell(&g);
            if (value->kind == ZH_NULL) {
                zh_html_z(&ui->html, "—");
            } else if (c + 1 == ZH_COUNTOF(shown)) {
                records_behind(ui, value->text);
            } else {
                zh_show_html(&r->show, column, value, false);
            }
        }
    }
    zh_grid_close(&g);
}

/* ---- of a judged record ---------------------------------------------------------------------- */

static void one_finding(zh_shown_record *r, const zh_judgement *rule, const zh_record *finding)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_str grade = text_of(r, finding, "grade");
    zh_str points = text_of(r, finding, "points");
    const zh_value *decided = value_of(finding, "decided");
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
    explanation(r, finding);
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
        one_finding(r, &list[i], finding);
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

static zh_rc of_finding(zh_shown_record *r, const zh_judgement *list, size_t n)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_judgement *rule = zh_judgement_of(list, n, zh_shown(r));
    zh_str subject = text_of(r, zh_shown(r), "subject_ref");
    zh_rc rc = ZH_OK;
    zh_part_section_open(ui, "again", zh_ui_text(ui, ZH_T_JUDGEMENT_AGAIN), false);
    zh_html_open(h, "p", "bar");
    zh_html_a(h, NULL, zh_str_fmt(ui->arena, "/registers/%.*s", ZH_FMT(subject)),
              text_of(r, zh_shown(r), "subject"));
    zh_html_leaf(h, "span", NULL,
                 rule != NULL ? zh_ui_label(ui, rule->label) : text_of(r, zh_shown(r), "rule"));
    zh_html_close(h);
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

zh_rc zh_record_judgements(zh_shown_record *r)
{
    zh_judgement *list = NULL;
    size_t n = 0;
    zh_rc rc = zh_judgements(r->ui->ctx.model, r->ui->arena, &list, &n, r->ui->err);
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    return zh_str_is(r->reg->id, "judgement") ? of_finding(r, list, n) : of_judged(r, list, n);
}
