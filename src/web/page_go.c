/* GET /go?q=: 去哪里. Registers, indicators, codes and records by name, number, old name or pinyin
 * initials. A record that is named exactly is gone to at once. */
#include "base/utf8.h"
#include "core/permission.h"
#include "web/part.h"
#include "web/show.h"

enum { Q_BYTES_MAX = 300, EACH_MAX = 12, RECORDS_EACH = 5, CODES_MAX = 12, INITIALS_MIN = 2 };

typedef struct hit {
    zh_str label, url, note;
} hit;

typedef ZH_VEC(hit) hits;

typedef struct seeking {
    zh_ui *ui;
    zh_str q, folded;
    hits registers, indicators, codes, records;
    zh_str exact; /* URL of a record that is named exactly; empty: none */
} seeking;

static void found(seeking *s, hits *list, zh_str label, zh_str url, zh_str note)
{
    if (list->n < EACH_MAX) {
        hit h = {label, url, note};
        zh_vec_push(s->ui->arena, list, h);
    }
}

static bool may_read(const seeking *s, const zh_register *reg)
{
    return (zh_rights(&s->ui->ctx, reg) & ZH_RIGHT_READ) != 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_in(seeking *s, zh_str text)
{
    zh_str folded = ZH_STR_NONE;
    return text.n > 0 && zh_utf8_fold(s->ui->arena, text, &folded) == ZH_OK &&
           zh_str_find(folded, s->folded) >= 0;
}

static bool named(seeking *s, zh_str id, zh_label label)
{
    zh_str initials = zh_pinyin_initials(s->ui->arena, label.zh);
    return zh_str_eq(id, s->folded) || is_in(s, label.zh) || is_in(s, label.en) ||
           (s->folded.n >= INITIALS_MIN && zh_str_starts(initials, s->folded));
}

static void seek_names(seeking *s)
{
    zh_ui *ui = s->ui;
    const zh_model *model = ui->ctx.model;
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (may_read(s, reg) && named(s, reg->id, reg->label)) {
            found(s, &s->registers, zh_ui_label(ui, reg->label),
                  zh_url_register(ui->arena, reg->id, ZH_STR(""), -1), reg->purpose);
        }
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *ind = &model->indicators[i];
        if ((ind->reg == NULL || may_read(s, ind->reg)) && named(s, ind->id, ind->label)) {
            found(s, &s->indicators, zh_ui_label(ui, ind->label),
                  zh_url_indicator(ui->arena, ind->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
                  ind->definition);
        }
    }
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* Records with the code, in the first registers that have a field of its system. */
static void seek_uses(seeking *s, const zh_codes *codes, const zh_code *code)
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
                found(s, &s->codes,
                      ZH_SAY(ui, ZH_T_GO_CODE_IN, zh_ui_label(ui, reg->label),
                             zh_ui_label(ui, field->label), zh_ui_label(ui, code->label)),
                      zh_url_register(ui->arena, reg->id, where, -1), codes->label.zh);
                break;
            }
        }
    }
}

static void seek_codes(seeking *s)
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

static void found_record(seeking *s, const zh_record *record)
{
    zh_ui *ui = s->ui;
    found(s, &s->records, zh_show_key(ui, record),
          zh_url_record(ui->arena, record->reg->id, record->office, record->id),
          zh_ui_label(ui, record->reg->label));
}

static zh_rc seek_exact(seeking *s, const zh_register *reg)
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
        found_record(s, record);
    } else if (rc == ZH_ENOTFOUND || rc == ZH_EINVAL) { /* no such key; none of its form */
        zh_err_clear(ui->err);
        rc = ZH_OK;
    }
    return rc;
}

static zh_rc seek_words(seeking *s, const zh_register *reg)
{
    zh_ui *ui = s->ui;
    zh_page page = {.n = 0};
    zh_list_query query = {
        .reg = reg, .search = s->q, .limit = RECORDS_EACH, .as_of = ZH_AS_OF_NOW};
    zh_rc rc = zh_list(&ui->ctx, ui->conn, &query, &page);
    for (size_t i = 0; i < page.n && rc == ZH_OK; i++) {
        found_record(s, page.records[i]);
    }
    if (rc == ZH_EINVAL || rc == ZH_ELIMIT || rc == ZH_EDENIED) {
        zh_err_clear(ui->err); /* one character, too many words, a masked field: not searched */
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

static zh_rc seek_records(seeking *s)
{
    const zh_model *model = s->ui->ctx.model;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        rc = may_read(s, &model->registers[i]) ? seek_exact(s, &model->registers[i]) : ZH_OK;
    }
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK && s->exact.n == 0; i++) {
        const zh_register *reg = &model->registers[i];
        if (s->records.n < EACH_MAX && may_read(s, reg) && searchable(reg)) {
            rc = seek_words(s, reg);
        }
    }
    return rc;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void field(zh_ui *ui, zh_str q)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", "bar goto");
    zh_html_attr_z(h, "method", "get");
    zh_html_link(h, "action", ZH_STR("/go"));
    zh_html_attr_z(h, "role", "search");
    zh_html_open(h, "label", "field grow");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_GO_HINT));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "search");
    zh_html_attr_z(h, "name", "q");
    zh_html_attr_z(h, "maxlength", "100");
    zh_html_attr(h, "value", q);
    zh_html_close(h); /* the input */
    zh_html_close(h);
    zh_html_open(h, "button", "btn pri");
    zh_html_text(h, zh_ui_text(ui, ZH_T_GO_BUTTON));
    zh_html_close(h);
    zh_html_close(h);
}

static void section(zh_ui *ui, const char *id, zh_text_id title, const hits *list)
{
    zh_html *h = &ui->html;
    if (list->n == 0) {
        return;
    }
    zh_part_section_open(ui, id, zh_ui_text(ui, title), false);
    zh_html_open(h, "ul", "stack-s");
    for (size_t i = 0; i < list->n; i++) {
        zh_html_open(h, "li", NULL);
        zh_html_flag(h, "data-row");
        zh_html_a(h, NULL, list->p[i].url, list->p[i].label);
        zh_html_z(h, " ");
        zh_html_leaf(h, "span", "mu sm", list->p[i].note);
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_part_section_close(ui);
}

static zh_rc seek(seeking *s)
{
    zh_ui *ui = s->ui;
    if (s->q.n > Q_BYTES_MAX) {
        return zh_err_set(ui->err, ZH_ELIMIT, "go.length", "要找的字太长，至多 %d 字节",
                          Q_BYTES_MAX);
    }
    zh_rc rc = zh_utf8_fold(ui->arena, s->q, &s->folded);
    if (rc != ZH_OK || s->folded.n == 0) {
        return rc;
    }
    seek_names(s);
    seek_codes(s);
    return seek_records(s);
}

static zh_rc show(zh_ui *ui)
{
    seeking s = {.ui = ui, .q = zh_str_trim(zh_http_param(ui->request, "q"))};
    zh_rc rc = seek(&s);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = s.registers.n + s.indicators.n + s.codes.n + s.records.n;
    if (s.exact.n > 0 && n == 1) {
        return zh_http_see_other(ui->request, ui->response, s.exact);
    }
    zh_ui_head(ui,
               &(zh_ui_head_of){
                   .nav = ZH_TEXT_N,
                   .title = s.q.n == 0 ? zh_ui_text(ui, ZH_T_GO_TITLE)
                            : n == 0   ? ZH_SAY(ui, ZH_T_GO_NONE, s.q)
                                     : ZH_SAY(ui, ZH_T_GO_FOUND, s.q, zh_ui_count(ui, (int64_t)n)),
                   .lede = zh_ui_text(ui, s.q.n > 0 && n == 0 ? ZH_T_GO_NONE_TEXT : ZH_T_GO_LEDE)});
    zh_html_open(&ui->html, "div", "stack");
    field(ui, s.q);
    section(ui, "records", ZH_T_GO_RECORDS, &s.records);
    section(ui, "indicators", ZH_T_GO_INDICATORS, &s.indicators);
    section(ui, "registers", ZH_T_GO_REGISTERS, &s.registers);
    section(ui, "codes", ZH_T_GO_CODES, &s.codes);
    zh_html_close(&ui->html);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_go) = {.method = "GET",
                     .path = "/go",
                     .slow = true,
                     .en = "Search over registers, records, indicators and codes, as a page",
                     .handle = handle};
