/* Values of records as people read them. */
#include "web/frame/show.h"
#include "core/judgement/judgement.h"
#include "core/people/lookup.h"
#include "core/read/permission.h"
#include "model/title.h"
#include "web/frame/part.h"
#include <inttypes.h>

/* ---- references ------------------------------------------------------------------------------ */

void zh_show_init(zh_show *show, zh_ui *ui, int64_t as_of)
{
    *show = (zh_show){.ui = ui, .as_of = as_of};
    zh_map_init(&show->names, ui->arena);
    zh_map_init(&show->titles, ui->arena);
}

static void want(zh_show *show, const zh_field *field, const zh_value *value)
{
    if (field->type == ZH_TYPE_REF && field->target != NULL && value->kind == ZH_REF &&
        value->i != 0 && show->refs.n < ZH_SHOW_REFS_MAX) {
        zh_vec_push(show->ui->arena, &show->refs, value);
        zh_vec_push(show->ui->arena, &show->targets, field->target);
    }
    show->cut = show->cut || show->refs.n == ZH_SHOW_REFS_MAX;
}

void zh_show_want(zh_show *show, const zh_record *record)
{
    for (size_t i = 0; i < record->reg->nfields; i++) {
        const zh_field *field = &record->reg->fields[i];
        const zh_rows *rows = &record->tables[i];
        want(show, field, &record->values[i]);
        for (size_t k = 0; field->type == ZH_TYPE_TABLE && k < rows->n * field->ncolumns; k++) {
            want(show, &field->columns[k % field->ncolumns], &rows->values[k]);
        }
    }
}

static zh_str ref_key(zh_arena *arena, const zh_register *reg, int64_t office, int64_t id)
{
    return zh_str_fmt(arena, "%.*s %" PRId64 " %" PRId64, ZH_FMT(reg->id), office, id);
}

static void keep_name(zh_show *show, const zh_record *record, const zh_record_id *id, bool opens)
{
    zh_arena *arena = show->ui->arena;
    zh_shown_name *name = ZH_NEW(arena, zh_shown_name);
    name->text = zh_show_key(show->ui, record);
    name->opens = opens;
    zh_map_put(&show->names, ref_key(arena, record->reg, id->office, id->id), name);
}

/* What everybody may know who sees the reference: an identity that is declared public, unless a
 * person is named in it. */
static bool may_be_named(const zh_register *reg)
{
    const zh_field *name = zh_register_field(reg, ZH_STR("name"));
    return reg->public_key && (name == NULL || name->pipl == ZH_PIPL_NONE);
}

/* The references to one register, at most as many as one statement takes. */
static zh_rc load_some(zh_show *show, const zh_register *reg, const zh_record_id *ids, size_t n)
{
    zh_ui *ui = show->ui;
    zh_record **records = ZH_NEW_N(ui->arena, zh_record *, n + 1);
    zh_rc rc = zh_records_get(&ui->ctx, ui->conn, reg, ids, n, show->as_of, records);
    zh_record_id *hidden = ZH_NEW_N(ui->arena, zh_record_id, n + 1);
    size_t nhidden = 0;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (records[i] != NULL) {
            keep_name(show, records[i], &ids[i], true);
        } else {
            hidden[nhidden++] = ids[i];
        }
    }
    if (rc != ZH_OK || nhidden == 0 || ui->ctx.post == NULL || !may_be_named(reg)) {
        return rc;
    }
    zh_ctx whole = ui->ctx;
    whole.post = NULL;
    whole.rows = NULL;
    whole.role = ZH_STR("system");
    rc = zh_records_get(&whole, ui->conn, reg, hidden, nhidden, show->as_of, records);
    for (size_t i = 0; i < nhidden && rc == ZH_OK; i++) {
        if (records[i] != NULL) {
            keep_name(show, records[i], &hidden[i], false);
        }
    }
    return rc;
}

static zh_rc load_register(zh_show *show, const zh_register *reg)
{
    zh_arena *arena = show->ui->arena;
    zh_record_id *ids = ZH_NEW_N(arena, zh_record_id, show->refs.n + 1);
    zh_map seen;
    zh_map_init(&seen, arena);
    size_t n = 0;
    for (size_t i = 0; i < show->refs.n; i++) {
        const zh_value *v = show->refs.p[i];
        zh_str key = ref_key(arena, reg, v->office, v->i);
        if (show->targets.p[i] == reg && zh_map_get(&seen, key) == NULL) {
            zh_map_put(&seen, key, ids);
            ids[n++] = (zh_record_id){v->office, v->i};
        }
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i += ZH_RELATED_IDS_MAX) {
        rc = load_some(show, reg, ids + i, n - i < ZH_RELATED_IDS_MAX ? n - i : ZH_RELATED_IDS_MAX);
    }
    return rc;
}

zh_rc zh_show_load(zh_show *show)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < show->refs.n && rc == ZH_OK; i++) {
        bool done = false;
        for (size_t k = 0; k < i && !done; k++) {
            done = show->targets.p[k] == show->targets.p[i];
        }
        if (!done) {
            rc = load_register(show, show->targets.p[i]);
        }
    }
    show->refs.n = 0;
    show->targets.n = 0;
    show->looked_up = true;
    return rc;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* A number in a business key names the record; it is no quantity and gets no separators. */
static bool is_key_number(const zh_register *reg, const zh_field *field)
{
    bool found = false;
    for (size_t i = 0; i < reg->nbusiness_key && field->type == ZH_TYPE_DECIMAL; i++) {
        found = found || reg->business_key[i] == field;
    }
    return found;
}

typedef struct keyed {
    zh_ui *ui;
    const zh_record *record;
} keyed;

static zh_str key_part(void *user, const zh_field *field)
{
    const keyed *k = user;
    const zh_value *value = &k->record->values[field->index];
    zh_show none = {.ui = k->ui};
    zh_map_init(&none.names, k->ui->arena);
    return is_key_number(k->record->reg, field) ? zh_value_display(k->ui->arena, value)
                                                : zh_show_text(&none, field, value);
}

zh_str zh_show_key(zh_ui *ui, const zh_record *record)
{
    keyed k = {ui, record};
    return zh_title_key(ui->arena, record, key_part, &k);
}

bool zh_show_is_number(const zh_field *field)
{
    return field != NULL && (field->type == ZH_TYPE_DECIMAL || field->type == ZH_TYPE_QUANTITY);
}

zh_str zh_show_unit(zh_ui *ui, zh_str unit)
{
    const struct zh_unit *found = zh_map_get(&ui->ctx.model->unit_by_name, unit);
    if (zh_str_chr(unit, '/') < 0) {
        return found != NULL ? zh_ui_label(ui, found->label) : unit;
    }
    zh_buf out; /* ug/m3 is shown as μg/m³ */
    zh_buf_init(&out, 256);
    for (size_t i = 0; i < unit.n; i++) {
        bool starts = i == 0 || unit.p[i - 1] == '/';
        char c = unit.p[i];
        if (starts && c == 'u' && i + 1 < unit.n) {
            zh_buf_z(&out, "μ");
        } else if (!starts && (c == '2' || c == '3')) {
            zh_buf_z(&out, c == '2' ? "²" : "³");
        } else {
            zh_buf_c(&out, c);
        }
    }
    zh_str shown = zh_str_dup(ui->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return shown;
}

zh_str zh_show_state(zh_ui *ui, const zh_register *reg, int state)
{
    return zh_ui_label(ui, reg->states[state].label);
}

zh_str zh_show_actor(zh_ui *ui, zh_str actor)
{
    return zh_str_is(actor, "operator")        ? zh_ui_text(ui, ZH_T_REGISTER_OPERATOR)
           : zh_str_is(actor, ZH_LOOKUP_ACTOR) ? zh_ui_text(ui, ZH_T_REGISTER_PARTY)
           : zh_str_is(actor, "clock")         ? zh_ui_text(ui, ZH_T_REGISTER_CLOCK)
                                               : actor;
}

static const zh_code *code_of(const zh_field *field, const zh_value *value)
{
    return field->codes != NULL && value->kind == ZH_TEXT
               ? zh_code_find(field->codes, value->text, INT32_MIN)
               : NULL;
}

/* The number without its unit; separators in the whole part. */
static zh_str number_of(zh_ui *ui, const zh_value *value)
{
    zh_value bare = *value;
    bare.unit = ZH_STR("");
    return zh_ui_decimal(ui, zh_value_display(ui->arena, &bare));
}

/* NULL: the reader may not know what it is. */
static const zh_shown_name *name_of(const zh_show *show, const zh_field *field,
                                    const zh_value *value)
{
    return field->target == NULL ? NULL
                                 : zh_map_get(&show->names, ref_key(show->ui->arena, field->target,
                                                                    value->office, value->i));
}

static zh_str ref_name(zh_show *show, const zh_field *field, const zh_value *value)
{
    zh_ui *ui = show->ui;
    const zh_shown_name *name = name_of(show, field, value);
    bool hidden = field->target != NULL && show->looked_up && !show->cut;
    return name != NULL        ? name->text
           : value->text.n > 0 ? value->text
           : hidden ? ZH_SAY(ui, ZH_T_REGISTER_REF_HIDDEN, zh_ui_label(ui, field->target->label))
                    : zh_str_fmt(ui->arena, "%" PRId64, value->i);
}

/* Of findings: the rule by its label, the records behind a row by their number; empty: neither. */
static zh_str of_finding(const zh_ui *ui, const zh_field *field, const zh_value *value)
{
    if (value->kind != ZH_TEXT || field->owner == NULL ||
        !zh_str_is(field->owner->id, "judgement")) {
        return ZH_STR("");
    }
    if (zh_str_is(field->id, "rule")) {
        return zh_ui_label(ui, zh_judgement_label(ui->ctx.model, value->text));
    }
    return field->table != NULL && zh_str_is(field->id, "evidence")
               ? ZH_SAY(ui, ZH_T_JUDGEMENT_BEHIND,
                        zh_ui_count(ui, zh_judgement_records_behind(value->text)))
               : ZH_STR("");
}

zh_str zh_show_text(zh_show *show, const zh_field *field, const zh_value *value)
{
    zh_ui *ui = show->ui;
    const zh_code *code = code_of(field, value);
    zh_str named = of_finding(ui, field, value);
    if (named.n > 0) {
        return named;
    }
    if (code != NULL) {
        return zh_ui_label(ui, code->label);
    }
    if (value->kind == ZH_REF) {
        return ref_name(show, field, value);
    }
    if (value->kind == ZH_BOOL) {
        return zh_ui_text(ui, value->i ? ZH_T_REGISTER_YES : ZH_T_REGISTER_NO);
    }
    if (value->kind == ZH_TIME) {
        return zh_ui_time(ui, value->i);
    }
    if (value->kind == ZH_DECIMAL && value->mark == ZH_MARK_EXACT) {
        zh_str number = number_of(ui, value);
        return value->unit.n == 0 ? number
                                  : zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(number),
                                               ZH_FMT(zh_show_unit(ui, value->unit)));
    }
    return zh_value_display(ui->arena, value);
}

/* ---- titles ---------------------------------------------------------------------------------- */

static const zh_title *title_of(const zh_ui *ui, const zh_register *reg)
{
    return ui->lang == ZH_LANG_EN ? &reg->title_en : &reg->title;
}

typedef ZH_VEC(zh_record *) own_records;

/* The records once each, with tables of their own: what is loaded for a title is shown nowhere
 * else. Only where the title lists child rows. */
static void add_own(zh_show *show, const zh_record *record, own_records *out)
{
    zh_arena *arena = show->ui->arena;
    for (size_t i = 0; i < out->n; i++) {
        if (out->p[i]->office == record->office && out->p[i]->id == record->id) {
            return;
        }
    }
    zh_record *own = ZH_NEW(arena, zh_record);
    *own = *record;
    own->tables = ZH_NEW_N(arena, zh_rows, record->reg->nfields + 1);
    zh_vec_push(arena, out, own);
}

typedef struct titled {
    zh_show *show;
    const zh_record *record;
} titled;

/* One column of a child table, its different values in the order of the rows. */
static zh_str column_values(zh_show *show, const zh_record *record, const zh_field *column)
{
    const zh_rows *rows = &record->tables[column->table->index];
    zh_str seen[ZH_SHOW_ROWS_LINE];
    size_t n = 0;
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < rows->n && n < ZH_SHOW_ROWS_LINE; i++) {
        const zh_value *value = &rows->values[i * column->table->ncolumns + column->index];
        zh_str text = value->kind == ZH_NULL ? ZH_STR("") : zh_show_text(show, column, value);
        if (text.n > 0 && !zh_str_among(text, seen, n)) {
            out = zh_ui_list(show->ui, out, text);
            seen[n++] = text;
        }
    }
    return out;
}

static zh_str title_value(void *user, const zh_field *field)
{
    const titled *t = user;
    const zh_ctx *ctx = &t->show->ui->ctx;
    bool masked =
        zh_field_masked(ctx, field) || (field->table != NULL && zh_field_masked(ctx, field->table));
    for (size_t i = 0; i < field->ncolumns && !masked; i++) {
        masked = zh_field_masked(ctx, &field->columns[i]);
    }
    if (masked) {
        return ZH_STR("");
    }
    if (field->table != NULL) {
        return column_values(t->show, t->record, field);
    }
    bool none = field->type != ZH_TYPE_TABLE && t->record->values[field->index].kind == ZH_NULL;
    return none ? ZH_STR("") : zh_show_field_text(t->show, t->record, field);
}

static zh_str write_title(zh_show *show, const zh_record *record)
{
    titled t = {show, record};
    zh_str title =
        zh_title_write(show->ui->arena, title_of(show->ui, record->reg), title_value, &t);
    return title.n > 0 ? title : zh_show_key(show->ui, record);
}

/* Those of one register: their rows and names together, then the titles. */
static zh_rc titles_of(zh_show *show, const zh_register *reg, const zh_record *const *records,
                       size_t n)
{
    zh_ui *ui = show->ui;
    const zh_title *title = title_of(ui, reg);
    own_records own = {0};
    for (size_t i = 0; i < n; i++) {
        if (records[i] != NULL && records[i]->reg == reg) {
            add_own(show, records[i], &own);
        }
    }
    zh_rc rc = zh_title_has_table(title)
                   ? zh_rows_load_all(&ui->ctx, ui->conn, own.p, own.n, show->as_of != ZH_AS_OF_NOW)
                   : ZH_OK;
    for (size_t i = 0; i < own.n && rc == ZH_OK; i++) {
        for (size_t k = 0; k < title->n; k++) {
            const zh_field *field = title->pieces[k].field;
            if (field != NULL && field->table == NULL) {
                want(show, field, &own.p[i]->values[field->index]);
            }
        }
    }
    rc = rc == ZH_OK ? zh_show_load(show) : rc;
    for (size_t i = 0; i < own.n && rc == ZH_OK; i++) {
        zh_str *text = ZH_NEW(ui->arena, zh_str);
        *text = write_title(show, own.p[i]);
        zh_map_put(&show->titles, ref_key(ui->arena, reg, own.p[i]->office, own.p[i]->id), text);
    }
    return rc;
}

zh_rc zh_show_titles(zh_show *show, const zh_record *const *records, size_t n)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        bool done = records[i] == NULL || title_of(show->ui, records[i]->reg)->n == 0;
        for (size_t k = 0; k < i && !done; k++) {
            done = records[k] != NULL && records[k]->reg == records[i]->reg;
        }
        rc = done ? ZH_OK : titles_of(show, records[i]->reg, records, n);
    }
    return rc;
}

zh_str zh_show_title(zh_show *show, const zh_record *record)
{
    const zh_str *title = zh_map_get(
        &show->titles, ref_key(show->ui->arena, record->reg, record->office, record->id));
    return title != NULL ? *title : zh_show_key(show->ui, record);
}

zh_rc zh_show_title_of(zh_ui *ui, const zh_record *record, zh_str *out)
{
    zh_show show;
    zh_show_init(&show, ui, ZH_AS_OF_NOW);
    zh_rc rc = zh_show_titles(&show, &record, 1);
    *out = rc == ZH_OK ? zh_show_title(&show, record) : ZH_STR("");
    return rc;
}

/* ---- on the page ----------------------------------------------------------------------------- */

static void show_decimal(zh_show *show, const zh_value *value)
{
    zh_ui *ui = show->ui;
    switch (value->mark) {
    case ZH_MARK_NOT_DETECTED: zh_part_nil(ui, ZH_NIL_ND, ZH_STR("")); return;
    case ZH_MARK_NOT_MEASURED:
        zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, ZH_T_REGISTER_NOT_MEASURED));
        return;
    case ZH_MARK_NOT_APPLICABLE: zh_part_nil(ui, ZH_NIL_SKIP, ZH_STR("")); return;
    case ZH_MARK_NOT_REPORTED: zh_part_nil(ui, ZH_NIL_NONE, ZH_STR("")); return;
    case ZH_MARK_EXACT:
    case ZH_MARK_BELOW:
    case ZH_MARK_ABOVE: break;
    }
    zh_part_number(ui, number_of(ui, value),
                   value->unit.n > 0 ? zh_show_unit(ui, value->unit) : ZH_STR(""), ZH_STR(""));
}

static bool opens(const zh_show *show, const zh_field *field, const zh_value *value)
{
    const zh_shown_name *name = name_of(show, field, value);
    return name != NULL ? name->opens : !show->looked_up || show->cut;
}

void zh_show_html(zh_show *show, const zh_field *field, const zh_value *value, bool full)
{
    zh_ui *ui = show->ui;
    zh_html *h = &ui->html;
    if (value->kind == ZH_NULL) {
        zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, ZH_T_REGISTER_NOT_FILLED));
    } else if (value->kind == ZH_DECIMAL) {
        show_decimal(show, value);
    } else if (value->kind == ZH_REF && field->target != NULL && !opens(show, field, value)) {
        zh_html_leaf_value(h, "span", name_of(show, field, value) != NULL ? NULL : "mu",
                           ref_name(show, field, value));
    } else if (value->kind == ZH_REF && field->target != NULL) {
        zh_html_a_value(h, NULL,
                        zh_url_record(ui->arena, field->target->id, value->office, value->i),
                        ref_name(show, field, value));
    } else {
        zh_html_value(h, zh_show_text(show, field, value));
        if (full && code_of(field, value) != NULL) {
            zh_html_z(h, " ");
            zh_html_leaf(h, "span", "mu mono", value->text);
        }
    }
}

zh_str zh_show_rows(zh_show *show, const zh_record *record, const zh_field *table)
{
    zh_arena *arena = show->ui->arena;
    const zh_rows *rows = &record->tables[table->index];
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < rows->n && i < ZH_SHOW_ROWS_LINE; i++) {
        zh_str line = ZH_STR("");
        for (size_t c = 0; c < table->ncolumns; c++) {
            const zh_value *v = &rows->values[i * table->ncolumns + c];
            if (v->kind != ZH_NULL) {
                zh_str text = zh_show_text(show, &table->columns[c], v);
                line = zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(line), line.n > 0 ? " " : "",
                                  ZH_FMT(text));
            }
        }
        out = zh_str_fmt(arena, "%.*s%.*s%.*s", ZH_FMT(out),
                         ZH_FMT(i > 0 ? zh_ui_text(show->ui, ZH_T_SEP) : ZH_STR("")), ZH_FMT(line));
    }
    if (rows->n > ZH_SHOW_ROWS_LINE) {
        zh_str rest = zh_ui_count(show->ui, (int64_t)(rows->n - ZH_SHOW_ROWS_LINE));
        out = zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(out),
                         ZH_FMT(ZH_SAY(show->ui, ZH_T_FACET_REST, rest)));
    }
    return out;
}

zh_str zh_show_field_text(zh_show *show, const zh_record *record, const zh_field *field)
{
    if (is_key_number(record->reg, field)) {
        return zh_value_display(show->ui->arena, &record->values[field->index]);
    }
    return field->type == ZH_TYPE_TABLE ? zh_show_rows(show, record, field)
                                        : zh_show_text(show, field, &record->values[field->index]);
}

void zh_show_field(zh_show *show, const zh_record *record, const zh_field *field)
{
    if (is_key_number(record->reg, field)) {
        zh_html_value(&show->ui->html,
                      zh_value_display(show->ui->arena, &record->values[field->index]));
    } else if (field->type != ZH_TYPE_TABLE) {
        zh_show_html(show, field, &record->values[field->index], false);
    } else if (record->tables[field->index].n == 0) {
        zh_part_nil(show->ui, ZH_NIL_NONE, zh_ui_text(show->ui, ZH_T_REGISTER_NOT_FILLED));
    } else {
        zh_html_value(&show->ui->html, zh_show_rows(show, record, field));
    }
}
