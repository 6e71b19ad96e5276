/* GET /registers/{reg}/{id}: one record: facts, workflow, timeline, relations, proof. */
#include "core/people/reading.h"
#include "core/record/record.h"
#include "model/title.h"
#include "web/frame/part.h"
#include "web/frame/session.h"
#include "web/record/record.h"
#include <inttypes.h>

/* ---- which record ---------------------------------------------------------------------------- */

/* office-id or id; false: neither. */
static bool parse_id(zh_str text, int64_t *office, int64_t *id)
{
    ptrdiff_t dash = zh_str_chr(text, '-');
    *office = 0;
    if (dash > 0) {
        return zh_str_i64(zh_str_sub(text, 0, (size_t)dash), office) == ZH_OK && *office > 0 &&
               zh_str_i64(zh_str_sub(text, (size_t)dash + 1, text.n), id) == ZH_OK && *id > 0;
    }
    return zh_str_i64(text, id) == ZH_OK && *id > 0;
}

/* A number may also be the business key of a small register: the id is tried first. */
static zh_rc find(zh_ui *ui, const zh_register *reg, zh_str text, int64_t *office, int64_t *id)
{
    zh_record *record = NULL;
    zh_err before = *ui->err;
    bool is_id = parse_id(text, office, id);
    zh_rc rc = ZH_ENOTFOUND;
    if (is_id) {
        rc = zh_record_get(&ui->ctx, ui->conn, reg, *office, *id, ZH_AS_OF_NOW, &record);
    }
    if (rc == ZH_ENOTFOUND && is_id) {
        int64_t position = 0;
        *ui->err = before;
        rc = zh_record_withdrawn(&ui->ctx, ui->conn, reg, *office, *id, &position);
        rc = rc == ZH_OK ? zh_record_get(&ui->ctx, ui->conn, reg, *office, *id, position, &record)
                         : rc;
    }
    if (rc == ZH_ENOTFOUND && reg->nbusiness_key == 1) {
        *ui->err = before;
        rc = zh_record_by_key(&ui->ctx, ui->conn, reg, &text, &record);
        rc = rc == ZH_EINVAL ? ZH_ENOTFOUND : rc;
    }
    if (rc == ZH_ENOTFOUND) {
        *ui->err = before;
        zh_err_set(ui->err, rc, "record.unknown", "“%.*s”里没有记录“%.*s”",
                   ZH_FMT(zh_label_for(ui->err, reg->label)), ZH_FMT(text));
        zh_err_fix(ui->err, "地址是 /registers/%.*s/机构-记录号；到 /registers/%.*s 里找",
                   ZH_FMT(reg->id), ZH_FMT(reg->id));
    }
    if (rc == ZH_OK) {
        *office = record->office;
        *id = record->id;
    }
    return rc;
}

/* The version asked for by number; shown as of the end of its time. */
static bool find_version(zh_shown_record *r, zh_str text)
{
    int64_t n = 0;
    bool found = false;
    for (size_t i = 0; i < r->nversions && zh_str_i64(text, &n) == ZH_OK && !found; i++) {
        if (r->versions[i].record->version == n) {
            r->at = i;
            r->as_of = i + 1 < r->nversions && r->versions[i + 1].position >= 0
                           ? r->versions[i + 1].position
                           : ZH_AS_OF_NOW;
            found = true;
        }
    }
    return found;
}

/* The version that stood at a log size. */
static bool find_as_of(zh_shown_record *r, zh_str text)
{
    int64_t size = 0;
    bool found = false;
    if (zh_str_i64(text, &size) != ZH_OK || size < 0) {
        return false;
    }
    for (size_t i = 0; i < r->nversions; i++) {
        if (r->versions[i].position >= 0 && r->versions[i].position < size) {
            r->at = i;
            r->nknown = i + 1;
            found = true;
        }
    }
    r->as_of = size;
    return found;
}

static zh_rc choose_version(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_str version = zh_http_param(ui->request, "version");
    zh_str as_of = zh_http_param(ui->request, "as_of");
    r->at = r->nversions - 1;
    r->withdrawn = zh_str_is(r->versions[r->at].op, "withdraw");
    r->at -= r->withdrawn && version.n == 0 ? 1 : 0; /* its last version says nothing */
    r->nknown = r->nversions;
    r->as_of = ZH_AS_OF_NOW;
    r->instant = zh_now();
    bool found = version.n > 0 ? find_version(r, version)
                 : as_of.n > 0 ? find_as_of(r, as_of)
                               : true;
    if (!found) {
        zh_str asked = version.n > 0 ? version : as_of;
        zh_rc rc =
            zh_err_set(ui->err, ZH_ENOTFOUND, "record.version",
                       version.n > 0 ? "这条记录没有第“%.*s”版" : "账本第“%.*s”条时还没有这条记录",
                       ZH_FMT(asked));
        zh_err_fix(ui->err, "它有 %zu 版，去掉地址里的参数看现在的", r->nversions);
        return rc;
    }
    return r->as_of == ZH_AS_OF_NOW ? ZH_OK : zh_log_time(ui->conn, r->as_of, &r->instant, ui->err);
}

/* Every version is shown: what was once there and is no longer is read too. */
static zh_rc note_reading(zh_ui *ui, const zh_shown_record *r)
{
    zh_record **records = ZH_NEW_N(ui->arena, zh_record *, r->nversions);
    zh_reading_note note = {.reg = r->reg,
                            .records = records,
                            .n = 1,
                            .how = zh_str_starts(ui->request->path, ZH_STR("/api/")) ? "api"
                                                                                     : "record"};
    zh_rc rc = ZH_OK;
    bool told = false;
    for (size_t i = r->nversions; i > 0 && rc == ZH_OK && !told; i--) {
        zh_record *one = ZH_NEW(ui->arena, zh_record);
        *one = *r->versions[i - 1].record;
        records[0] = one;
        told = zh_reading_tells(&ui->ctx, &note);
        rc = told ? zh_ui_log_reading(ui, &note) : ZH_OK;
    }
    return rc;
}

zh_rc zh_shown_read(zh_ui *ui, zh_shown_record *out)
{
    int64_t office = 0;
    int64_t id = 0;
    zh_str name = zh_http_arg(ui->request, "reg");
    zh_version *versions = NULL;
    *out = (zh_shown_record){.ui = ui, .reg = zh_model_register(ui->ctx.model, name)};
    if (out->reg == NULL) {
        zh_rc rc =
            zh_err_set(ui->err, ZH_ENOTFOUND, "query.register", "没有登记册“%.*s”", ZH_FMT(name));
        zh_err_fix(ui->err, "全部登记册见 /registers");
        return rc;
    }
    zh_rc rc = find(ui, out->reg, zh_http_arg(ui->request, "id"), &office, &id);
    if (rc == ZH_OK) {
        rc =
            zh_record_history(&ui->ctx, ui->conn, out->reg, office, id, &versions, &out->nversions);
    }
    out->versions = versions;
    if (rc == ZH_OK) {
        rc = choose_version(out);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = note_reading(ui, out);
    if (rc != ZH_OK) {
        return rc;
    }
    /* a page of one version still shows what came after it, so its names are those of now */
    bool past = zh_http_param(ui->request, "version").n == 0;
    zh_show_init(&out->show, ui, past ? out->as_of : ZH_AS_OF_NOW);
    for (size_t i = 0; i < out->nknown; i++) {
        zh_show_want(&out->show, out->versions[i].record);
    }
    rc = zh_show_load(&out->show);
    const zh_record *shown = zh_shown(out);
    return rc == ZH_OK ? zh_show_titles(&out->show, &shown, 1) : rc;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static void source_mark(zh_ui *ui, const zh_field *field)
{
    static const zh_text_id words[] = {
        [ZH_SRC_FORM] = ZH_T_RECORD_SRC_FORM,
        [ZH_SRC_INTERFACE] = ZH_T_RECORD_SRC_INTERFACE,
        [ZH_SRC_DERIVED] = ZH_T_RECORD_SRC_DERIVED,
        [ZH_SRC_REFERENCE] = ZH_T_RECORD_SRC_REFERENCE,
    };
    bool derived = field->computed;
    zh_html_leaf(&ui->html, "span", "src",
                 zh_ui_text(ui, derived ? ZH_T_RECORD_SRC_DERIVED : words[field->source]));
}

/* Opens the file as this version has it; its digest stands beside it. */
static void file_link(zh_shown_record *r, const zh_field *field, zh_str digest)
{
    enum { DIGEST_SHOWN = 19 };
    zh_ui *ui = r->ui;
    const zh_record *record = zh_shown(r);
    zh_str url =
        zh_str_fmt(ui->arena, "%.*s/files/%.*s",
                   ZH_FMT(zh_url_record(ui->arena, r->reg->id, record->office, record->id)),
                   ZH_FMT(field->id));
    if (!zh_shown_is_current(r)) {
        url = zh_url_add_i(ui->arena, url, "version", record->version);
    }
    zh_html_a(&ui->html, NULL, url, zh_ui_text(ui, ZH_T_RECORD_FILE));
    zh_html_z(&ui->html, " ");
    zh_html_open(&ui->html, "span", "sm mu mono");
    zh_html_attr(&ui->html, "title", digest);
    zh_html_text(&ui->html, zh_str_sub(digest, 0, DIGEST_SHOWN));
    zh_html_z(&ui->html, "…");
    zh_html_close(&ui->html);
}

static void fact(zh_shown_record *r, const zh_field *field)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "dt", NULL);
    if (field->help.zh.n > 0) {
        zh_html_attr(h, "title", zh_ui_label(ui, field->help));
    }
    zh_html_value(h, zh_ui_label(ui, field->label));
    zh_html_close(h);
    zh_html_open(h, "dd", field->type == ZH_TYPE_TEXT ? "longtext" : NULL);
    source_mark(ui, field);
    const zh_value *value = &zh_shown(r)->values[field->index];
    if (field->type == ZH_TYPE_TABLE || field->type == ZH_TYPE_DECIMAL) {
        zh_show_field(&r->show, zh_shown(r), field);
    } else if (field->type == ZH_TYPE_FILE && value->kind == ZH_TEXT) {
        file_link(r, field, value->text);
    } else {
        zh_show_html(&r->show, field, value, true);
    }
    zh_html_close(h);
}

static void child_table(zh_shown_record *r, const zh_field *table)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_rows *rows = &zh_shown(r)->tables[table->index];
    size_t ncolumns = table->ncolumns < ZH_GRID_COLUMNS_MAX ? table->ncolumns : ZH_GRID_COLUMNS_MAX;
    zh_column *columns = ZH_NEW_N(ui->arena, zh_column, ncolumns + 1);
    size_t shown = rows->n < ZH_RECORD_ROWS_SHOWN ? rows->n : ZH_RECORD_ROWS_SHOWN;
    zh_html_open(h, "div", "sub");
    zh_html_leaf_value(h, "h3", NULL, zh_ui_label(ui, table->label));
    for (size_t c = 0; c < ncolumns; c++) {
        columns[c] = (zh_column){.label = zh_ui_label(ui, table->columns[c].label),
                                 .number = zh_show_is_number(&table->columns[c]),
                                 .css = c == 0 ? "full" : "lab"};
    }
    if (rows->n == 0) {
        zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, ZH_T_RECORD_NO_ROWS));
    } else {
        zh_grid g;
        zh_grid_open(&g, ui, columns, ncolumns, true, ZH_STR(""));
        for (size_t i = 0; i < shown; i++) {
            zh_grid_row(&g, NULL);
            for (size_t c = 0; c < ncolumns; c++) {
                zh_grid_cell(&g);
                zh_show_html(&r->show, &table->columns[c], &rows->values[i * table->ncolumns + c],
                             false);
            }
        }
        zh_grid_close(&g);
    }
    if (shown < rows->n) {
        zh_html_leaf(h, "p", "sm mu",
                     ZH_SAY(ui, ZH_T_RECORD_ROWS_CUT, zh_ui_count(ui, (int64_t)shown),
                            zh_ui_count(ui, (int64_t)rows->n)));
    }
    zh_html_close(h);
}

/* A list of single values, such as the claims of a complaint, reads as one fact. */
static bool is_table(const zh_shown_record *r, const zh_field *field)
{
    return field->type == ZH_TYPE_TABLE &&
           (field->ncolumns > 1 || zh_shown(r)->tables[field->index].n > ZH_SHOW_ROWS_LINE);
}

static void facts(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_part_section_open(ui, "facts", zh_ui_text(ui, ZH_T_RECORD_FACTS), false);
    zh_part_kv_open(ui);
    for (size_t i = 0; i < r->reg->nfields; i++) {
        bool said = zh_record_is_finding(r->reg) &&
                    zh_str_is(r->reg->fields[i].id, "subject_ref"); /* linked where it says why */
        if (!is_table(r, &r->reg->fields[i]) && !said) {
            fact(r, &r->reg->fields[i]);
        }
    }
    zh_part_kv_close(ui);
    for (size_t i = 0; i < r->reg->nfields; i++) {
        if (is_table(r, &r->reg->fields[i]) && !zh_record_is_finding(r->reg)) {
            child_table(r, &r->reg->fields[i]);
        }
    }
    zh_part_section_close(ui);
}

/* ---- page ------------------------------------------------------------------------------------ */

/* A sentence made of its values, where the register declares one; else what register and key say.
 */
static zh_str title(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    return r->reg->title.n > 0 ? zh_show_title(&r->show, zh_shown(r))
                               : ZH_SAY(ui, ZH_T_RECORD_TITLE, zh_ui_label(ui, r->reg->label),
                                        zh_show_key(ui, zh_shown(r)));
}

/* Under the title: key, state, and the list's codes that the title does not say, by their names. */
static void tags(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_record *record = zh_shown(r);
    zh_str key = zh_show_key(ui, record);
    zh_html_open(h, "p", "bar sp tags");
    zh_html_open(h, "span", "bar");
    if (r->reg->title.n > 0 && !zh_str_eq(key, title(r)) && !zh_record_is_finding(r->reg)) {
        zh_html_leaf_value(h, "span", "tag qing", key);
    }
    if (r->reg->nstates > 1) {
        zh_part_tag(ui, ZH_TAG_INK, zh_show_state(ui, r->reg, record->state));
    }
    for (size_t i = 0; i < r->reg->ndefault_columns; i++) {
        const zh_field *field = r->reg->default_columns[i];
        if (field->type == ZH_TYPE_CODE && field->table == NULL &&
            !zh_title_names(&r->reg->title, field) &&
            record->values[field->index].kind != ZH_NULL) {
            zh_str text = zh_show_text(&r->show, field, &record->values[field->index]);
            zh_html_open(h, "span", "tag");
            zh_html_leaf_value(h, "span", "mu", zh_ui_label(ui, field->label));
            zh_html_z(h, " ");
            zh_html_value(h, text);
            zh_html_close(h);
        }
    }
    zh_html_close(h);
    zh_html_close(h);
}

static void old_note(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    const zh_record *record = zh_shown(r);
    zh_html *h = &ui->html;
    zh_part_note_open(ui, ZH_NOTE_WATCH);
    zh_html_open(h, "p", NULL);
    if (r->nknown < r->nversions || zh_shown_is_current(r)) {
        zh_html_leaf(h, "b", NULL, ZH_SAY(ui, ZH_T_REGISTER_AS_OF_NOTE, zh_ui_count(ui, r->as_of)));
        zh_html_z(h, " ");
    }
    if (!zh_shown_is_current(r)) {
        zh_html_leaf(h, "b", NULL,
                     ZH_SAY(ui, ZH_T_RECORD_OLD, zh_ui_count(ui, record->version),
                            zh_ui_count(ui, r->versions[r->nversions - 1].record->version)));
        zh_html_z(h, " ");
    }
    zh_html_a(h, NULL, zh_url_record(ui->arena, r->reg->id, record->office, record->id),
              zh_ui_text(ui, ZH_T_RECORD_NOW));
    zh_html_z(h, " ");
    zh_html_text(h, zh_ui_text(ui, ZH_T_RECORD_CHANGED_HERE));
    zh_html_close(h);
    zh_part_note_close(ui);
}

/* Personal data of some registers are shown once the reader says what for. */
static void ask_purpose(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    if (!r->reg->ask_purpose || ui->ctx.post == NULL || ui->ctx.stated) {
        return;
    }
    zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_PURPOSE_ASK));
    zh_part_ask_open(ui,
                     zh_url_record(ui->arena, r->reg->id, zh_shown(r)->office, zh_shown(r)->id));
    zh_part_ask_input(ui, "purpose", zh_ui_text(ui, ZH_T_PURPOSE_LABEL), ZH_STR(""), "text");
    zh_part_ask_close(ui);
}

/* A chain of replacements: what replaced this record, what it replaces. */
static zh_rc chain_note(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    const zh_record *record = zh_shown(r);
    const zh_field *field = r->reg->replaces_field;
    zh_relation *relations = NULL;
    size_t n = 0;
    if (field == NULL || record->state != r->reg->replaced_by->to) {
        return ZH_OK;
    }
    zh_rc rc = zh_relations(&ui->ctx, ui->conn, record, r->as_of, &relations, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        for (size_t k = 0; k < relations[i].nrecords && relations[i].field == field; k++) {
            const zh_record *next = relations[i].records[k];
            zh_part_note_open(ui, ZH_NOTE_WATCH);
            zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_ACT_REPLACED));
            zh_html_a_value(&ui->html, NULL,
                            zh_url_record(ui->arena, r->reg->id, next->office, next->id),
                            zh_show_key(ui, next));
            zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_SEMICOLON));
            zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_ACT_REPLACED_TELLS));
            zh_part_note_close(ui);
        }
    }
    return rc;
}

static void withdrawn_note(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    const zh_version *last = &r->versions[r->nversions - 1];
    zh_part_note(
        ui, ZH_NOTE_WATCH,
        ZH_SAY(ui, ZH_T_RECORD_WITHDRAWN, zh_ui_time(ui, last->record->recorded_at), last->reason));
}

static zh_rc show(zh_ui *ui)
{
    zh_shown_record *r = ZH_NEW(ui->arena, zh_shown_record);
    zh_html *h = &ui->html;
    zh_rc rc = zh_shown_read(ui, r);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str label = zh_ui_label(ui, r->reg->label);
    zh_ui_head(ui,
               &(zh_ui_head_of){.nav = ZH_T_NAV_REGISTERS,
                                .title = title(r),
                                .above = label,
                                .above_url = zh_url_register(ui->arena, r->reg->id, ZH_STR(""), -1),
                                .css = ZH_STR("register.css")});
    tags(r);
    if (r->withdrawn) {
        withdrawn_note(r);
    } else if (!zh_shown_is_live(r)) {
        old_note(r);
    }
    ask_purpose(r);
    rc = chain_note(r);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_html_open(h, "div", "cols record");
    zh_html_open(h, "div", "w7 stack");
    bool finding = zh_record_is_finding(r->reg);
    if (finding) {
        rc = zh_record_judgements(r);
    }
    facts(r);
    if (!finding) {
        rc = zh_record_judgements(r);
    }
    if (rc == ZH_OK) {
        rc = zh_record_related(r);
    }
    zh_html_close(h);
    zh_html_open(h, "div", "w5 stack");
    if (rc == ZH_OK) {
        rc = zh_record_flow(r);
    }
    if (rc == ZH_OK) {
        rc = zh_record_timeline(r);
    }
    zh_html_close(h);
    zh_html_close(h);
    return rc == ZH_OK ? zh_record_proof(r) : rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_record) = {.method = "GET",
                         .path = "/registers/{reg}/{id}",
                         .en = "One record with its workflow, history, relations and proof",
                         .may_wait = zh_ui_may_log,
                         .handle = handle};
