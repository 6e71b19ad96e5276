/* Seeking names, codes and records. */
#include "web/record/go_seek.h"
#include "base/utf8.h"
#include "core/read/permission.h"
#include "model/schema.h"
#include "web/frame/show.h"

enum { RECORDS_EACH = 5, CODES_MAX = 12, INITIALS_MIN = 2, MEANING_MIN = 5 };

void zh_go_add(zh_go *s, zh_go_hits *list, zh_str label, zh_str url, zh_str note)
{
    if (list->n < ZH_GO_EACH_MAX) {
        zh_go_hit h = {label, url, note};
        zh_vec_push(s->ui->arena, list, h);
    }
}

size_t zh_go_found(const zh_go *s)
{
    return s->pages.n + s->filters.n + s->registers.n + s->indicators.n + s->codes.n + s->records.n;
}

static bool may_read(const zh_go *s, const zh_register *reg)
{
    return (zh_rights(&s->ui->ctx, reg) & ZH_RIGHT_READ) != 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_in(zh_go *s, zh_str text)
{
    zh_str folded = ZH_STR_NONE;
    return text.n > 0 && zh_utf8_fold(s->ui->arena, text, &folded) == ZH_OK &&
           zh_str_find(folded, s->folded) >= 0;
}

bool zh_go_named(zh_go *s, zh_str text)
{
    zh_str initials = zh_pinyin_initials(s->ui->arena, text);
    return is_in(s, text) || (s->folded.n >= INITIALS_MIN && zh_str_starts(initials, s->folded));
}

/* Terms of the register's glossary: what people call it. */
static bool known_as(zh_go *s, const zh_register *reg)
{
    const zh_yaml *glossary = zh_yaml_get(reg->declared, "glossary");
    for (const zh_yaml *g = glossary != NULL ? glossary->first : NULL; g != NULL; g = g->next) {
        if (zh_go_named(s, g->key)) {
            return true;
        }
    }
    return s->folded.n > MEANING_MIN && (is_in(s, reg->purpose.zh) || is_in(s, reg->purpose.en));
}

static bool named(zh_go *s, zh_str id, zh_label label)
{
    return zh_str_eq(id, s->folded) || zh_go_named(s, label.zh) || is_in(s, label.en);
}

static void seek_names(zh_go *s)
{
    zh_ui *ui = s->ui;
    const zh_model *model = ui->ctx.model;
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (may_read(s, reg) && (named(s, reg->id, reg->label) || known_as(s, reg))) {
            zh_go_add(s, &s->registers, zh_ui_label(ui, reg->label),
                      zh_url_register(ui->arena, reg->id, ZH_STR(""), -1),
                      zh_ui_label(ui, reg->purpose));
        }
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *ind = &model->indicators[i];
        if ((ind->reg == NULL || may_read(s, ind->reg)) && named(s, ind->id, ind->label)) {
            zh_go_add(s, &s->indicators, zh_ui_label(ui, ind->label),
                      zh_url_indicator(ui->arena, ind->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
                      zh_ui_label(ui, ind->definition));
        }
    }
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* Records with the code, in the first registers that have a field of its system. */
static void seek_uses(zh_go *s, const zh_codes *codes, const zh_code *code)
{
    zh_ui *ui = s->ui;
    const zh_model *model = ui->ctx.model;
    for (size_t i = 0; i < model->nregisters && s->codes.n < CODES_MAX; i++) {
        const zh_register *reg = &model->registers[i];
        for (size_t f = 0; f < reg->nfields; f++) {
            const zh_field *field = &reg->fields[f];
            if (field->type == ZH_TYPE_CODE && field->codes == codes && !field->many_inline &&
                may_read(s, reg) && !zh_field_masked(&ui->ctx, field)) {
                zh_str where = zh_str_fmt(ui->arena, "%.*s %s '%.*s'", ZH_FMT(field->id),
                                          code->leaf ? "=" : "within", ZH_FMT(code->code));
                zh_go_add(s, &s->codes,
                          ZH_SAY(ui, ZH_T_GO_CODE_IN, zh_ui_label(ui, reg->label),
                                 zh_ui_label(ui, field->label), zh_ui_label(ui, code->label)),
                          zh_url_register(ui->arena, reg->id, where, -1),
                          zh_ui_label(ui, codes->label));
                break;
            }
        }
    }
}

static void seek_codes(zh_go *s)
{
    const zh_model *model = s->ui->ctx.model;
    for (size_t i = 0; i < model->nsystems && s->codes.n < CODES_MAX; i++) {
        const zh_code *code = NULL;
        zh_err ignored = {0};
        char how = 0;
        zh_rc rc = zh_code_match(&model->systems[i], s->ui->arena, s->q, zh_time_date(zh_now()),
                                 &code, &how, &ignored);
        if (rc == ZH_OK && code != NULL) {
            seek_uses(s, &model->systems[i], code);
        }
    }
}

/* ---- records --------------------------------------------------------------------------------- */

/* By its title; what was searched by, the key, stands beside the register's name. */
static zh_rc found_records(zh_go *s, const zh_record *const *records, size_t n)
{
    zh_ui *ui = s->ui;
    zh_show show;
    zh_show_init(&show, ui, ZH_AS_OF_NOW);
    zh_rc rc = zh_show_titles(&show, records, n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        const zh_register *reg = records[i]->reg;
        zh_str key = zh_show_key(ui, records[i]);
        zh_str title = zh_show_title(&show, records[i]);
        zh_str label = zh_ui_label(ui, reg->label);
        zh_go_add(s, &s->records, title,
                  zh_url_record(ui->arena, reg->id, records[i]->office, records[i]->id),
                  zh_str_eq(title, key) ? label : ZH_SAY(ui, ZH_T_RECORD_TITLE, label, key));
    }
    return rc;
}

static zh_rc seek_exact(zh_go *s, const zh_register *reg)
{
    zh_ui *ui = s->ui;
    zh_record *record = NULL;
    zh_rc rc = ZH_ENOTFOUND;
    if (reg->nbusiness_key == 1 && reg->business_key[0]->type == ZH_TYPE_STRING &&
        !zh_field_masked(&ui->ctx, reg->business_key[0])) {
        rc = zh_record_by_key(&ui->ctx, ui->conn, reg, &s->q, &record);
    }
    if (rc == ZH_OK) {
        s->exact = s->exact.n == 0 ? zh_url_record(ui->arena, reg->id, record->office, record->id)
                                   : s->exact;
        const zh_record *found = record;
        rc = found_records(s, &found, 1);
    } else if (rc == ZH_ENOTFOUND || rc == ZH_EINVAL) { /* no such key; none of its form */
        zh_err_again(ui->err);
        rc = ZH_OK;
    }
    return rc;
}

static zh_rc seek_words(zh_go *s, const zh_register *reg)
{
    zh_ui *ui = s->ui;
    zh_page page = {.n = 0};
    zh_list_query query = {
        .reg = reg, .search = s->q, .limit = RECORDS_EACH, .as_of = ZH_AS_OF_NOW};
    zh_rc rc = zh_list(&ui->ctx, ui->conn, &query, &page);
    if (rc == ZH_OK) {
        rc = found_records(s, (const zh_record *const *)page.records, page.n);
    }
    if (rc == ZH_EINVAL || rc == ZH_ELIMIT || rc == ZH_EDENIED) {
        zh_err_again(ui->err); /* one character, too many words, a masked field: not searched */
        rc = ZH_OK;
    }
    return rc;
}

static bool searchable(const zh_register *reg)
{
    bool any = false;
    for (size_t i = 0; i < reg->nfields && !any; i++) {
        any = reg->fields[i].searchable && reg->fields[i].type != ZH_TYPE_TABLE;
    }
    return any;
}

static zh_rc seek_records(zh_go *s)
{
    const zh_model *model = s->ui->ctx.model;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        rc = may_read(s, &model->registers[i]) ? seek_exact(s, &model->registers[i]) : ZH_OK;
    }
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK && s->exact.n == 0; i++) {
        const zh_register *reg = &model->registers[i];
        if (s->records.n < ZH_GO_EACH_MAX && may_read(s, reg) && searchable(reg)) {
            rc = seek_words(s, reg);
        }
    }
    return rc;
}

/* ---- everything ------------------------------------------------------------------------------ */

zh_rc zh_go_seek(zh_ui *ui, zh_str q, zh_go *out)
{
    *out = (zh_go){.ui = ui, .q = zh_str_trim(q)};
    if (out->q.n > ZH_GO_BYTES_MAX) {
        return zh_err_set(ui->err, ZH_ELIMIT, "go.length", "要找的字太长，至多 %d 字节",
                          ZH_GO_BYTES_MAX);
    }
    zh_rc rc = zh_utf8_fold(ui->arena, out->q, &out->folded);
    if (rc != ZH_OK || out->folded.n == 0) {
        return rc;
    }
    zh_go_pages(out);
    zh_go_filters(out);
    seek_names(out);
    seek_codes(out);
    return seek_records(out);
}
