/* Inputs by declared type, and reading them back. */
#include "web/frame/input.h"
#include "base/utf8.h"
#include "core/instance/schema.h"
#include "core/read/permission.h"
#include "model/contact.h"
#include "web/frame/part.h"
#include <inttypes.h>

/* ---- names ----------------------------------------------------------------------------------- */

static zh_str field_name(zh_ui *ui, const zh_field *field)
{
    return zh_str_fmt(ui->arena, "f.%.*s", ZH_FMT(field->id));
}

static zh_str cell_name(zh_ui *ui, const zh_field *table, size_t row, zh_str what)
{
    return zh_str_fmt(ui->arena, "t.%.*s.%zu.%.*s", ZH_FMT(table->id), row, ZH_FMT(what));
}

static zh_str get(const zh_inputs *in, zh_str name)
{
    return zh_pairs_get(in->sent, zh_str_c(in->ui->arena, name));
}

zh_str zh_input_sent(const zh_inputs *in, const zh_field *field)
{
    return get(in, field_name(in->ui, field));
}

static zh_str sent_rows(const zh_inputs *in, const zh_field *table)
{
    return get(in, zh_str_fmt(in->ui->arena, "t.%.*s.n", ZH_FMT(table->id)));
}

bool zh_input_was_sent(const zh_inputs *in, const zh_field *field)
{
    return (field->type == ZH_TYPE_TABLE ? sent_rows(in, field) : zh_input_sent(in, field)).p !=
           NULL;
}

bool zh_input_more_rows(const zh_inputs *in)
{
    return zh_pairs_get(in->sent, "rows").p != NULL;
}

static size_t base_rows(const zh_inputs *in, const zh_field *table)
{
    return in->base != NULL ? in->base->tables[table->index].n : 0;
}

static bool table_fits(const zh_inputs *in, const zh_field *table)
{
    size_t rows = base_rows(in, table) + ZH_INPUT_ROWS_NEW;
    bool fits = rows <= ZH_INPUT_ROWS_MAX && rows * table->ncolumns <= ZH_INPUT_CELLS_MAX;
    for (size_t c = 0; c < table->ncolumns && fits; c++) {
        fits = !zh_field_masked(&in->ui->ctx, &table->columns[c]) &&
               table->columns[c].type != ZH_TYPE_FILE;
    }
    return fits;
}

bool zh_input_possible(const zh_inputs *in, const zh_field *field)
{
    zh_contact contact;
    bool numbered = field == in->reg->number_field && in->reg->number_pattern.n > 0;
    bool given = zh_contact_of(in->reg, &contact) && contact.code == field; /* made with it */
    return field->table == NULL && !field->computed && !numbered && !given &&
           !zh_field_is_signature(field) && !zh_field_masked(&in->ui->ctx, field) &&
           (field->type != ZH_TYPE_TABLE || table_fits(in, field));
}

/* ---- showing --------------------------------------------------------------------------------- */

void zh_input_options(zh_ui *ui, const zh_codes *codes, zh_str chosen)
{
    zh_html *h = &ui->html;
    zh_date today = zh_time_date(zh_now());
    zh_html_open(h, "option", NULL);
    zh_html_attr_z(h, "value", "");
    zh_html_text(h, zh_ui_text(ui, ZH_T_ACT_CHOOSE));
    zh_html_close(h);
    for (uint32_t at = 0; at < codes->n; at++) { /* in the order declared */
        for (size_t i = 0; i < codes->n; i++) {
            const zh_code *code = &codes->codes[i];
            bool is = zh_str_eq(chosen, code->code) || zh_str_eq(chosen, code->label.zh) ||
                      zh_str_eq(chosen, code->label.en);
            if (code->position != at || (!is && (code->from > today || code->to < today))) {
                continue;
            }
            zh_html_open(h, "option", NULL);
            zh_html_attr(h, "value", code->code);
            if (chosen.n > 0 && is) {
                zh_html_flag(h, "selected");
            }
            zh_html_lang(h, zh_ui_label(ui, code->label));
            zh_html_text(h, zh_ui_label(ui, code->label));
            zh_html_close(h);
        }
    }
}

void zh_input_reasons(zh_ui *ui, const zh_codes *reasons, zh_str chosen)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_ACT_REASON_CODE));
    zh_html_open(h, "select", NULL);
    zh_html_attr_z(h, "name", "reason_code");
    zh_input_options(ui, reasons, chosen);
    zh_html_close(h);
    zh_html_close(h);
}

static void findings_at(const zh_inputs *in, zh_str field)
{
    for (size_t i = 0; i < in->findings->list.n; i++) {
        const zh_finding *f = &in->findings->list.p[i];
        if (zh_str_eq(f->field, field) && f->severity != ZH_HINT) {
            zh_html *h = &in->ui->html;
            zh_html_open(h, "span", "msg");
            zh_html_value(h, f->message);
            if (f->fix.n > 0) {
                zh_html_text(h, zh_ui_text(in->ui, ZH_T_SEMICOLON));
                zh_html_value(h, f->fix);
            }
            zh_html_close(h);
        }
    }
}

/* The field of the form at which a finding is shown; NULL: at none. */
static const zh_field *shown_at(const zh_finding *f, const zh_field *const *fields, size_t n)
{
    ptrdiff_t bracket = zh_str_chr(f->field, '[');
    zh_str id = bracket >= 0 ? zh_str_sub(f->field, 0, (size_t)bracket) : f->field;
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(fields[i]->id, id)) {
            return fields[i];
        }
    }
    return NULL;
}

/* Text and remedy of a problem that belongs to no field. */
static void said(zh_ui *ui, zh_str message, zh_str fix)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "p", NULL);
    zh_html_value(h, message);
    if (fix.n > 0) {
        zh_html_text(h, zh_ui_text(ui, ZH_T_SEMICOLON));
        zh_html_value(h, fix);
    }
    zh_html_close(h);
}

static bool is_listed(const zh_field *const *list, size_t n, const zh_field *field)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == field) {
            return true;
        }
    }
    return false;
}

static void field_links(zh_ui *ui, const zh_field *const *wrong, size_t n)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "p", NULL);
    zh_html_text(h, ZH_SAY(ui, ZH_T_NEW_WRONG, zh_ui_count(ui, (int64_t)n)));
    for (size_t i = 0; i < n; i++) {
        zh_html_text(h, i > 0 ? zh_ui_text(ui, ZH_T_SEP) : ZH_STR(""));
        zh_html_a_value(h, NULL, zh_str_fmt(ui->arena, "#f.%.*s", ZH_FMT(wrong[i]->id)),
                        zh_ui_label(ui, wrong[i]->label));
    }
    zh_html_close(h);
}

void zh_input_problems(const zh_inputs *in, const zh_err *why, const zh_field *const *fields,
                       size_t n)
{
    zh_ui *ui = in->ui;
    const zh_field **wrong = ZH_NEW_N(ui->arena, const zh_field *, n + 1);
    size_t nwrong = 0;
    bool told = false; /* what the error says stands among the findings */
    if (why->rc == ZH_OK) {
        return;
    }
    zh_part_note_open(ui, ZH_NOTE_ACT);
    for (size_t i = 0; i < in->findings->list.n; i++) {
        const zh_finding *f = &in->findings->list.p[i];
        const zh_field *at = shown_at(f, fields, n);
        if (f->severity == ZH_HINT) {
            continue;
        }
        told = told || zh_str_is(f->message, why->message);
        if (at == NULL) {
            said(ui, f->message, f->fix);
        } else if (!is_listed(wrong, nwrong, at)) {
            wrong[nwrong++] = at;
        }
    }
    if (!told) {
        said(ui, zh_str_of(why->message), zh_str_of(why->fix));
    }
    if (nwrong > 0) {
        field_links(ui, wrong, nwrong);
    }
    zh_part_note_close(ui);
}

static bool is_wrong(const zh_inputs *in, zh_str field)
{
    for (size_t i = 0; i < in->findings->list.n; i++) {
        const zh_finding *f = &in->findings->list.p[i];
        if (zh_str_eq(f->field, field) && f->severity != ZH_HINT) {
            return true;
        }
    }
    return false;
}

static void text_input(zh_inputs *in, const zh_field *field, zh_str value)
{
    zh_html *h = &in->ui->html;
    const char *type = field->type == ZH_TYPE_DATE   ? "date"
                       : field->type == ZH_TYPE_FILE ? "file"
                                                     : "text";
    bool iso = field->type != ZH_TYPE_DATE || value.n == 0 ||
               (value.n == 10 && value.p[4] == '-' && value.p[7] == '-');
    zh_html_attr_z(h, "type", iso ? type : "text"); /* a date input shows nothing else */
    if (field->type == ZH_TYPE_DECIMAL || field->type == ZH_TYPE_QUANTITY) {
        zh_html_attr_z(h, "inputmode", "decimal");
    }
    if (field->type == ZH_TYPE_DATETIME) {
        zh_html_attr_z(h, "placeholder", "2026-03-02 09:00");
    }
    if (field->type == ZH_TYPE_PERIOD) {
        zh_html_attr_z(h, "placeholder", "2026-01-01/2026-12-31");
    }
    if (field->type == ZH_TYPE_GEO) {
        zh_html_attr_z(h, "placeholder", "114.30,30.60");
    }
    if (field->type == ZH_TYPE_REF || field->type == ZH_TYPE_CODE) {
        zh_str url = zh_str_fmt(in->ui->arena, "/registers/%.*s/choices/%.*s", ZH_FMT(in->reg->id),
                                ZH_FMT(field->id));
        zh_html_attr(h, "data-choices", url);
        zh_html_attr_z(h, "autocomplete", "off");
    }
    if (field->type != ZH_TYPE_FILE) {
        zh_html_attr(h, "value", value);
    }
}

static void bool_options(zh_inputs *in, zh_str value)
{
    static const zh_text_id words[] = {ZH_T_ACT_CHOOSE, ZH_T_NEW_YES, ZH_T_NEW_NO};
    static const char *const values[] = {"", "true", "false"};
    zh_html *h = &in->ui->html;
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        zh_html_open(h, "option", NULL);
        zh_html_attr_z(h, "value", values[i]);
        zh_str text = zh_ui_text(in->ui, words[i]);
        if (i > 0 && (zh_str_is(value, values[i]) || zh_str_eq(value, text))) {
            zh_html_flag(h, "selected");
        }
        zh_html_text(h, text);
        zh_html_close(h);
    }
}

/* The input alone. */
static void put_input(zh_inputs *in, const zh_field *field, zh_str name, zh_str value, zh_str label,
                      bool required)
{
    zh_html *h = &in->ui->html;
    const zh_codes *codes = field->type == ZH_TYPE_CODE ? field->codes : NULL;
    bool list = (codes != NULL && codes->n <= ZH_INPUT_LIST_MAX) || field->type == ZH_TYPE_BOOL;
    bool area = field->type == ZH_TYPE_TEXT;
    zh_html_open(h, list ? "select" : area ? "textarea" : "input", NULL);
    zh_html_attr(h, "name", name);
    zh_html_attr(h, "id", name); /* where the list of problems leads */
    if (label.n > 0) {
        zh_html_attr(h, "aria-label", label);
    }
    if (required) {
        zh_html_attr_z(h, "aria-required", "true");
    }
    if (is_wrong(in, field->id)) {
        zh_html_attr_z(h, "aria-invalid", "true");
    }
    if (area) {
        zh_html_attr_z(h, "rows", "4");
        zh_html_text(h, value);
    } else if (codes != NULL && list) {
        zh_input_options(in->ui, codes, value);
    } else if (list) {
        bool_options(in, value);
    } else {
        text_input(in, field, value);
    }
    zh_html_close(h);
}

static zh_str shown(const zh_inputs *in, const zh_field *field, const zh_value *value)
{
    if (field->type == ZH_TYPE_CODE && field->codes != NULL &&
        field->codes->n > ZH_INPUT_LIST_MAX && value->kind == ZH_TEXT) {
        return value->text; /* names of a large list stand several times in it */
    }
    return zh_show_text(in->show, field, value);
}

static zh_str value_of(const zh_inputs *in, const zh_field *field)
{
    zh_str sent = zh_input_sent(in, field);
    return sent.p != NULL || in->base == NULL ? sent
                                              : shown(in, field, &in->base->values[field->index]);
}

static void label_line(zh_inputs *in, const zh_field *field, bool required)
{
    zh_ui *ui = in->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "span", NULL);
    zh_html_value(h, zh_ui_label(ui, field->label));
    if (field->unit.n > 0 && field->type == ZH_TYPE_QUANTITY) {
        zh_html_text(h, ZH_SAY(ui, ZH_T_IN_BRACKETS, ZH_STR(""), zh_show_unit(ui, field->unit)));
    }
    if (required) {
        zh_html_z(h, " ");
        zh_html_leaf(h, "b", "req", zh_ui_text(ui, ZH_T_NEW_REQUIRED));
    }
    if (field->help.zh.n > 0) {
        zh_html_z(h, " ");
        zh_html_leaf_value(h, "span", "hint", zh_ui_label(ui, field->help));
    }
    if (field->has_required_when && !required) {
        zh_html_z(h, " ");
        zh_html_leaf(h, "span", "hint", zh_ui_text(ui, ZH_T_NEW_REQUIRED_WHEN));
    }
    if (field->type == ZH_TYPE_REF && field->target != NULL) {
        zh_html_z(h, " ");
        zh_html_leaf_value(h, "span", "hint",
                           ZH_SAY(ui, ZH_T_NEW_REF, zh_ui_label(ui, field->target->label)));
    }
    zh_html_close(h);
}

/* ---- child rows ------------------------------------------------------------------------------ */

static size_t rows_shown(const zh_inputs *in, const zh_field *table)
{
    int64_t n = 0;
    size_t shows = base_rows(in, table) + (table->rows_min > 1 ? table->rows_min : 1);
    if (zh_str_i64(sent_rows(in, table), &n) == ZH_OK && n > 0) {
        shows = (size_t)n < ZH_INPUT_ROWS_MAX ? (size_t)n : ZH_INPUT_ROWS_MAX;
    }
    if (zh_str_eq(zh_pairs_get(in->sent, "rows"), table->id)) {
        shows += ZH_INPUT_ROWS_NEW;
    }
    size_t most = ZH_INPUT_CELLS_MAX / (table->ncolumns > 0 ? table->ncolumns : 1);
    most = most < ZH_INPUT_ROWS_MAX ? most : ZH_INPUT_ROWS_MAX;
    return shows < most ? shows : most;
}

static zh_str cell_value(const zh_inputs *in, const zh_field *table, size_t row, size_t c)
{
    const zh_field *column = &table->columns[c];
    zh_str sent = get(in, cell_name(in->ui, table, row, zh_child_name(column)));
    if (sent.p != NULL || row >= base_rows(in, table)) {
        return sent;
    }
    return shown(in, column, &in->base->tables[table->index].values[row * table->ncolumns + c]);
}

static bool is_filled(const zh_inputs *in, const zh_field *table, size_t row)
{
    bool any = false;
    for (size_t c = 0; c < table->ncolumns; c++) {
        zh_str name = cell_name(in->ui, table, row, zh_child_name(&table->columns[c]));
        any = any || zh_str_trim(get(in, name)).n > 0;
    }
    return any;
}

/* given: rows before it that are not empty, which is how findings count them. */
static void put_row(zh_inputs *in, zh_grid *g, const zh_field *table, size_t row, size_t given)
{
    zh_ui *ui = in->ui;
    zh_str id = get(in, cell_name(ui, table, row, ZH_STR("id")));
    bool id_put = false;
    if (id.p == NULL && row < base_rows(in, table)) {
        id = zh_str_fmt(ui->arena, "%" PRId64, in->base->tables[table->index].ids[row]);
    }
    zh_grid_row(g, NULL);
    for (size_t c = 0; c < table->ncolumns; c++) {
        const zh_field *column = &table->columns[c];
        if (column->computed) {
            continue;
        }
        zh_grid_cell(g);
        if (id.n > 0 && !id_put) {
            zh_form_hidden(ui, cell_name(ui, table, row, ZH_STR("id")).p, id);
            id_put = true;
        }
        put_input(in, column, cell_name(ui, table, row, zh_child_name(column)),
                  cell_value(in, table, row, c), zh_ui_label(ui, column->label), column->required);
        findings_at(in, zh_str_fmt(ui->arena, "%.*s[%zu].%.*s", ZH_FMT(table->id), given,
                                   ZH_FMT(zh_child_name(column))));
    }
}

static void put_table(zh_inputs *in, const zh_field *table, bool required)
{
    zh_ui *ui = in->ui;
    zh_html *h = &ui->html;
    size_t n = rows_shown(in, table);
    size_t ncolumns = 0;
    zh_column *columns = ZH_NEW_N(ui->arena, zh_column, table->ncolumns + 1);
    for (size_t c = 0; c < table->ncolumns; c++) {
        const zh_field *column = &table->columns[c];
        if (!column->computed) {
            zh_str label = zh_ui_label(ui, column->label);
            columns[ncolumns++] = (zh_column){
                .label = column->required ? zh_str_fmt(ui->arena, "%.*s *", ZH_FMT(label)) : label,
                .css = "full"};
        }
    }
    zh_html_open(h, "fieldset", is_wrong(in, table->id) ? "field rows err" : "field rows");
    zh_html_attr(h, "id", field_name(ui, table));
    zh_html_open(h, "legend", NULL);
    label_line(in, table, required);
    zh_html_close(h);
    findings_at(in, table->id);
    zh_form_hidden(ui, zh_str_fmt(ui->arena, "t.%.*s.n", ZH_FMT(table->id)).p,
                   zh_str_fmt(ui->arena, "%zu", n));
    zh_grid g;
    zh_grid_open(&g, ui, columns, ncolumns, true, ZH_STR(""));
    size_t given = 0;
    for (size_t row = 0; row < n; row++) {
        put_row(in, &g, table, row, given);
        given += is_filled(in, table, row);
    }
    zh_grid_close(&g);
    zh_html_open(h, "button", "btn quiet");
    zh_html_attr_z(h, "type", "submit");
    zh_html_attr_z(h, "name", "rows");
    zh_html_attr(h, "value", table->id);
    zh_html_value(h, ZH_SAY(ui, ZH_T_NEW_MORE_ROWS, zh_ui_label(ui, table->label)));
    zh_html_close(h);
    zh_html_close(h);
}

void zh_input_field(zh_inputs *in, const zh_field *field, bool required)
{
    zh_ui *ui = in->ui;
    zh_html *h = &ui->html;
    if (field->type == ZH_TYPE_TABLE) {
        put_table(in, field, required);
        return;
    }
    bool wrong = is_wrong(in, field->id);
    bool wide = field->type == ZH_TYPE_TEXT;
    zh_html_open(h, "label",
                 wrong ? (wide ? "field wide err" : "field err") : (wide ? "field wide" : "field"));
    label_line(in, field, required);
    findings_at(in, field->id);
    zh_str value = value_of(in, field);
    put_input(in, field, field_name(ui, field), value, ZH_STR_NONE, required);
    if (field->type == ZH_TYPE_FILE && value.n > 0 && zh_str_starts(value, ZH_STR("sha256:"))) {
        zh_form_hidden(ui, zh_str_fmt(ui->arena, "d.%.*s", ZH_FMT(field->id)).p, value);
        zh_html_leaf(h, "span", "hint", zh_ui_text(ui, ZH_T_NEW_FILE_KEPT));
    }
    zh_html_close(h);
}

void zh_input_enctype(const zh_inputs *in, const zh_field *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i]->type == ZH_TYPE_FILE) {
            zh_html_attr_z(&in->ui->html, "enctype", "multipart/form-data");
            return;
        }
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static void find(zh_inputs *in, zh_str field, const zh_err *err)
{
    zh_finding f = {.severity = ZH_REJECT,
                    .field = zh_str_dup(in->ui->arena, field),
                    .rule = zh_str_dup(in->ui->arena, zh_str_of(err->rule)),
                    .message = zh_str_dup(in->ui->arena, zh_str_of(err->message)),
                    .fix = zh_str_dup(in->ui->arena, zh_str_of(err->fix))};
    zh_vec_push(in->ui->arena, &in->findings->list, f);
    in->findings->rejected = true;
}

zh_rc zh_input_files(zh_inputs *in, const zh_field *const *fields, size_t n, zh_err *err)
{
    zh_ui *ui = in->ui;
    zh_ctx ctx = ui->ctx;
    ctx.err = err;
    size_t most = in->sent.n + n;
    zh_pair *pairs = ZH_NEW_N(ui->arena, zh_pair, most + 1);
    size_t npairs = 0;
    for (size_t i = 0; i < n; i++) {
        if (fields[i]->type != ZH_TYPE_FILE) {
            continue;
        }
        zh_str name = field_name(ui, fields[i]);
        zh_str digest =
            get(in, zh_str_fmt(ui->arena, "d.%.*s", ZH_FMT(fields[i]->id))); /* kept from before */
        for (size_t k = 0; k < ui->request->nfiles; k++) {
            const zh_upload *file = &ui->request->files[k];
            if (zh_str_eq(file->field, name) && file->size > 0) {
                zh_rc rc = zh_file_store(&ctx, file->path.p, file->file_name, &digest);
                if (rc != ZH_OK) {
                    return rc;
                }
            }
        }
        if (digest.n > 0) {
            pairs[npairs++] = (zh_pair){name, digest};
        }
    }
    for (size_t i = 0; i < in->sent.n; i++) { /* the first of a name counts */
        pairs[npairs++] = in->sent.p[i];
    }
    in->sent = (zh_pairs){pairs, npairs};
    return ZH_OK;
}

/* A name that is no key: the one record that bears it. */
static void resolve_name(zh_inputs *in, const zh_field *field, zh_str where, zh_value *value)
{
    zh_ui *ui = in->ui;
    const zh_register *target = field->target;
    zh_err err = zh_err_beside(ui->err);
    zh_ctx ctx = ui->ctx;
    zh_record *record = NULL;
    ctx.err = &err;
    zh_rc rc = target == NULL || target->nbusiness_key != 1
                   ? ZH_ENOTFOUND
                   : zh_record_by_key(&ctx, ui->conn, target, &value->text, &record);
    zh_page page = {.n = 0};
    if (rc != ZH_OK && target != NULL) {
        zh_list_query q = {
            .reg = target, .search = value->text, .limit = ZH_CHOICES_MAX, .as_of = ZH_AS_OF_NOW};
        zh_err_again(&err);
        rc = zh_list(&ctx, ui->conn, &q, &page);
    }
    size_t exact = 0;
    for (size_t i = 0; rc == ZH_OK && i < page.n; i++) {
        if (zh_str_eq(zh_show_key(ui, page.records[i]), value->text)) {
            record = page.records[i];
            exact++;
        }
    }
    if (exact == 0 && page.n == 1) {
        record = page.records[0];
    }
    if (record != NULL && exact < 2) {
        value->i = record->id;
        value->office = record->office;
    } else if (rc == ZH_OK && page.n > 1) {
        zh_str names = ZH_STR("");
        for (size_t i = 0; i < page.n && i < 5; i++) {
            names = zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(names), i > 0 ? "、" : "",
                               ZH_FMT(zh_show_key(ui, page.records[i])));
        }
        zh_err_set(&err, ZH_EINVAL, "field.ref.several", "“%.*s”对上几条记录：%.*s",
                   ZH_FMT(value->text), ZH_FMT(names));
        zh_err_fix(&err, "请写全名或编号");
        find(in, where, &err);
    } /* else: the one door says that there is none */
}

static void parse(zh_inputs *in, const zh_field *field, zh_str where, zh_str text, zh_value *value)
{
    zh_ui *ui = in->ui;
    zh_err err = zh_err_beside(ui->err);
    char how = 0;
    zh_date today = zh_time_date(zh_now());
    if (zh_field_parse(ui->ctx.model, field, ui->arena, text, today, value, &how, &err) != ZH_OK) {
        *value = ZH_VALUE_NULL;
        find(in, where, &err);
    } else if (value->kind == ZH_REF && value->i == 0) {
        resolve_name(in, field, where, value);
    }
}

static bool read_row(zh_inputs *in, const zh_field *table, size_t row, size_t to, zh_rows *rows)
{
    bool any = is_filled(in, table, row);
    for (size_t c = 0; c < table->ncolumns && any; c++) {
        const zh_field *column = &table->columns[c];
        zh_str text = zh_str_trim(get(in, cell_name(in->ui, table, row, zh_child_name(column))));
        zh_value *value = &rows->values[to * table->ncolumns + c];
        *value = ZH_VALUE_NULL;
        bool known = row < base_rows(in, table);
        const zh_value *was =
            known ? &in->base->tables[table->index].values[row * table->ncolumns + c] : NULL;
        if (known && (column->computed || zh_str_eq(text, shown(in, column, was)))) {
            *value = *was;
        } else if (!column->computed) {
            zh_str where = zh_str_fmt(in->ui->arena, "%.*s[%zu].%.*s", ZH_FMT(table->id), to,
                                      ZH_FMT(zh_child_name(column)));
            parse(in, column, where, text, value);
        }
    }
    return any;
}

static bool same_as_base(const zh_inputs *in, const zh_rows *rows)
{
    if (in->base == NULL) {
        return false;
    }
    const zh_rows *base = &in->base->tables[rows->table->index];
    bool same = base->n == rows->n;
    for (size_t i = 0; i < rows->n && same; i++) {
        same = base->ids[i] == rows->ids[i];
    }
    for (size_t i = 0; same && i < rows->n * rows->table->ncolumns; i++) {
        same = zh_value_same(&base->values[i], &rows->values[i]);
    }
    return same;
}

static void read_table(zh_inputs *in, const zh_field *table, zh_change *changes, size_t *n)
{
    zh_arena *arena = in->ui->arena;
    int64_t sent = 0;
    if (zh_str_i64(sent_rows(in, table), &sent) != ZH_OK || sent < 0) {
        return;
    }
    size_t most = (size_t)sent < ZH_INPUT_ROWS_MAX ? (size_t)sent : ZH_INPUT_ROWS_MAX;
    zh_rows *rows = ZH_NEW(arena, zh_rows);
    *rows = (zh_rows){.table = table,
                      .ids = ZH_NEW_N(arena, int64_t, most + 1),
                      .values = ZH_NEW_N(arena, zh_value, most * table->ncolumns + 1)};
    for (size_t row = 0; row < most; row++) {
        if (read_row(in, table, row, rows->n, rows)) {
            int64_t id = 0;
            bool known =
                zh_str_i64(get(in, cell_name(in->ui, table, row, ZH_STR("id"))), &id) == ZH_OK;
            rows->ids[rows->n++] = known ? id : 0;
        }
    }
    bool none = in->base == NULL && rows->n == 0;
    if (!none && !same_as_base(in, rows)) {
        changes[(*n)++] = (zh_change){.field = table, .rows = rows};
    }
}

zh_rc zh_input_read(zh_inputs *in, const zh_field *const *fields, size_t n, zh_change *changes,
                    size_t *nchanges, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const zh_field *field = fields[i];
        if (field->type == ZH_TYPE_TABLE) {
            read_table(in, field, changes, nchanges);
            continue;
        }
        zh_str text = zh_input_sent(in, field);
        if (text.p == NULL) {
            continue;
        }
        text = zh_str_trim(text);
        zh_value value = ZH_VALUE_NULL;
        const zh_value *was = in->base != NULL ? &in->base->values[field->index] : NULL;
        if (was != NULL && zh_str_eq(text, shown(in, field, was))) {
            continue;
        }
        parse(in, field, field->id, text, &value);
        bool same = was != NULL ? zh_value_same(&value, was) : value.kind == ZH_NULL;
        if (!same) {
            changes[(*nchanges)++] = (zh_change){.field = field, .value = value};
        }
    }
    if (in->findings->rejected) {
        return zh_err_set(err, ZH_EINVAL, "form.values", "有 %zu 处填写不对，逐处说明在下面",
                          in->findings->list.n);
    }
    return ZH_OK;
}
