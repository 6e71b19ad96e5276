/* One step for many records of a list. GET /registers/{reg}/bulk asks, POST does it,
 * /registers/{reg}/bulk/{bulk} says what became of each; /undo takes it back. */
#include "app/paper.h"
#include "core/cube/related.h"
#include "core/read/permission.h"
#include "core/record/bulk.h"
#include "core/record/paper.h"
#include "web/frame/input.h"
#include "web/frame/part.h"
#include "web/frame/problem.h"
#include "web/record/act.h"
#include <inttypes.h>

enum { FORM_BYTES_MAX = 64 << 10, PRINTS_MAX = 100 };

static zh_rc find_register(zh_ui *ui, const zh_register **out)
{
    zh_str name = zh_http_arg(ui->request, "reg");
    *out = zh_model_register(ui->ctx.model, name);
    return *out != NULL ? ZH_OK
                        : zh_err_set(ui->err, ZH_ENOTFOUND, "query.register", "没有登记册“%.*s”",
                                     ZH_FMT(name));
}

/* Steps that the reader may take for many. */
size_t zh_bulk_steps(zh_ui *ui, const zh_register *reg, const zh_transition **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < reg->ntransitions && n < max; i++) {
        const zh_transition *t = &reg->transitions[i];
        if (zh_bulk_fits(t) && zh_may_take(&ui->ctx, reg, t)) {
            out[n++] = t;
        }
    }
    return n;
}

/* OFFICE-ID or OFFICE-ID.VERSION */
static bool parse_item(zh_str text, zh_bulk_item *out)
{
    ptrdiff_t dash = zh_str_chr(text, '-');
    ptrdiff_t dot = zh_str_chr(text, '.');
    size_t end = dot < 0 ? text.n : (size_t)dot;
    int64_t version = 0;
    *out = (zh_bulk_item){.said = ZH_STR("")};
    if (dash <= 0 || (size_t)dash >= end ||
        zh_str_i64(zh_str_sub(text, 0, (size_t)dash), &out->office) != ZH_OK ||
        zh_str_i64(zh_str_sub(text, (size_t)dash + 1, end - (size_t)dash - 1), &out->record) !=
            ZH_OK) {
        return false;
    }
    if (dot >= 0 && (zh_str_i64(zh_str_sub(text, end + 1, text.n), &version) != ZH_OK ||
                     version < 1 || version > INT32_MAX)) {
        return false;
    }
    out->version = (int32_t)version;
    return out->office > 0 && out->record > 0;
}

static zh_rc read_items(zh_ui *ui, zh_pairs from, zh_bulk_item *items, size_t *n)
{
    for (size_t i = 0; i < from.n; i++) {
        if (!zh_str_is(from.p[i].name, "id")) {
            continue;
        }
        if (*n == ZH_BULK_MAX) {
            return zh_err_set(ui->err, ZH_ELIMIT, "bulk.items", "一次至多办 %zu 条", ZH_BULK_MAX);
        }
        if (!parse_item(from.p[i].value, &items[(*n)++])) {
            return zh_err_set(ui->err, ZH_EINVAL, "bulk.item", "“%.*s”不是记录的编号",
                              ZH_FMT(from.p[i].value));
        }
    }
    if (*n == 0) {
        zh_err_set(ui->err, ZH_EINVAL, "bulk.none", "没有选记录");
        zh_err_fix(ui->err, "在列表里勾选要办的记录");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static zh_rc find_step(zh_ui *ui, const zh_register *reg, zh_pairs from, const zh_transition **out)
{
    zh_str id = zh_pairs_get(from, "transition");
    *out = id.n > 0 ? zh_register_transition(reg, id) : NULL;
    if (*out == NULL) {
        return zh_err_set(ui->err, ZH_EINVAL, "transition.unknown", "“%.*s”没有“%.*s”这一步",
                          ZH_FMT(zh_label_for(ui->err, reg->label)), ZH_FMT(id));
    }
    if (!zh_may_take(&ui->ctx, reg, *out)) {
        return zh_err_set(ui->err, ZH_EDENIED, "record.denied", "角色“%.*s”不能办“%.*s”",
                          ZH_FMT(ui->ctx.role), ZH_FMT(zh_label_for(ui->err, (*out)->label)));
    }
    return ZH_OK;
}

/* The records that the reader sees, in the order chosen; NULL: none of theirs. */
static zh_rc load(zh_ui *ui, const zh_register *reg, const zh_bulk_item *items, size_t n,
                  zh_record ***out)
{
    zh_record_id *ids = ZH_NEW_N(ui->arena, zh_record_id, n + 1);
    *out = ZH_NEW_N(ui->arena, zh_record *, n + 1);
    for (size_t i = 0; i < n; i++) {
        ids[i] = (zh_record_id){items[i].office, items[i].record};
    }
    return zh_records_get(&ui->ctx, ui->conn, reg, ids, n, ZH_AS_OF_NOW, *out);
}

static void put_reasons(zh_ui *ui, const zh_transition *t)
{
    zh_html *h = &ui->html;
    if (t->reasons != NULL) {
        zh_input_reasons(ui, t->reasons, ZH_STR_NONE);
    }
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_ACT_REASON));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "text");
    zh_html_attr_z(h, "name", "reason");
    zh_html_close(h);
    zh_html_close(h);
}

static void head(zh_ui *ui, const zh_register *reg, zh_str title)
{
    zh_str label = zh_ui_label(ui, reg->label);
    zh_ui_head(ui,
               &(zh_ui_head_of){.nav = ZH_T_NAV_REGISTERS,
                                .title = title,
                                .above = label,
                                .above_url = zh_url_register(ui->arena, reg->id, ZH_STR(""), -1),
                                .css = ZH_STR("register.css")});
}

static zh_rc ask(zh_ui *ui)
{
    const zh_register *reg = NULL;
    const zh_transition *t = NULL;
    zh_bulk_item *items = ZH_NEW_N(ui->arena, zh_bulk_item, ZH_BULK_MAX);
    zh_record **records = NULL;
    size_t n = 0;
    zh_html *h = &ui->html;
    zh_rc rc = find_register(ui, &reg);
    if (rc == ZH_OK) {
        rc = find_step(ui, reg, ui->request->params, &t);
    }
    if (rc == ZH_OK) {
        rc = read_items(ui, ui->request->params, items, &n);
    }
    if (rc == ZH_OK) {
        rc = load(ui, reg, items, n, &records);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    head(ui, reg,
         ZH_SAY(ui, ZH_T_BULK_TITLE, zh_ui_label(ui, t->label), zh_ui_count(ui, (int64_t)n)));
    zh_html_open(h, "form", "sheet formgrid");
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ui->request->path);
    zh_form_hidden(ui, "transition", t->id);
    zh_html_open(h, "ul", "wide");
    for (size_t i = 0; i < n; i++) {
        if (records[i] == NULL) {
            continue;
        }
        zh_html_open(h, "li", NULL);
        zh_form_hidden(ui, "id",
                       zh_str_fmt(ui->arena, "%" PRId64 "-%" PRId64 ".%" PRId32, records[i]->office,
                                  records[i]->id, records[i]->version));
        zh_html_a_value(h, NULL,
                        zh_url_record(ui->arena, reg->id, records[i]->office, records[i]->id),
                        zh_show_key(ui, records[i]));
        zh_html_z(h, " ");
        zh_html_leaf(h, "span", "mu", zh_show_state(ui, reg, records[i]->state));
        zh_html_close(h);
    }
    zh_html_close(h);
    put_reasons(ui, t);
    zh_html_open(h, "p", "bar wide");
    zh_html_leaf(h, "button", "btn pri", zh_ui_text(ui, ZH_T_ACT_GO));
    zh_html_leaf(h, "span", "sm mu", zh_ui_text(ui, ZH_T_BULK_HOW));
    zh_html_close(h);
    zh_html_close(h);
    return ZH_OK;
}

static zh_str bulk_url(zh_ui *ui, zh_str reg, int64_t id)
{
    return zh_str_fmt(ui->arena, "/registers/%.*s/bulk/%" PRId64, ZH_FMT(reg), id);
}

static zh_rc take(zh_ui *ui)
{
    const zh_register *reg = NULL;
    const zh_transition *t = NULL;
    zh_bulk_item *items = ZH_NEW_N(ui->arena, zh_bulk_item, ZH_BULK_MAX);
    size_t n = 0;
    int64_t id = 0;
    zh_rc rc = find_register(ui, &reg);
    if (rc == ZH_OK) {
        rc = find_step(ui, reg, ui->request->form, &t);
    }
    if (rc == ZH_OK) {
        rc = read_items(ui, ui->request->form, items, &n);
    }
    if (rc == ZH_OK) {
        zh_op op = {.kind = ZH_OP_TRANSITION,
                    .reg = reg,
                    .transition = t,
                    .reason = zh_str_trim(zh_pairs_get(ui->request->form, "reason")),
                    .reason_code = zh_pairs_get(ui->request->form, "reason_code")};
        zh_ui_let_go(ui);
        rc = zh_bulk_take(&ui->ctx, &op, items, n, &id);
    }
    return rc == ZH_OK ? zh_http_see_other(ui->request, ui->response, bulk_url(ui, reg->id, id))
                       : rc;
}

/* ---- printing together ----------------------------------------------------------------------- */

bool zh_bulk_prints(const zh_ui *ui, const zh_register *reg)
{
    for (size_t i = 0; i < reg->ndocuments; i++) {
        const zh_field *file = reg->documents[i].file;
        if (file != NULL && !zh_field_masked(&ui->ctx, file)) {
            return true;
        }
    }
    return false;
}

/* The newest document of each; a record that has none is left out. */
static zh_rc compose(zh_ui *ui, zh_record *const *records, size_t n, zh_paper *papers, size_t *out)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_err none = {0};
        zh_ctx own = ui->ctx;
        own.err = &none;
        rc = records[i] != NULL ? zh_paper_issued(&own, ui->conn, records[i], &papers[*out])
                                : ZH_ENOTFOUND;
        *out += rc == ZH_OK;
        if (rc == ZH_ENOTFOUND) {
            rc = ZH_OK;
        } else if (rc != ZH_OK) {
            *ui->err = none;
        }
    }
    return rc;
}

static zh_rc answer_print(zh_ui *ui, const zh_paper *papers, size_t n)
{
    zh_str base;
    zh_buf pdf;
    zh_rc rc = zh_paper_base(&ui->ctx, &base);
    zh_buf_init(&pdf, ZH_PAPER_BYTES_MAX);
    if (rc == ZH_OK) {
        rc = zh_papers_pdf(ui->arena, papers, n, base, &pdf, ui->err);
    }
    if (rc == ZH_OK) {
        zh_buf_str(&ui->response->body, zh_buf_view(&pdf));
        ui->response->type = "application/pdf";
    }
    zh_buf_free(&pdf);
    return rc;
}

/* The documents issued about the records chosen, one after the other, for one print. */
static zh_rc print(zh_ui *ui)
{
    const zh_register *reg = NULL;
    zh_bulk_item *items = ZH_NEW_N(ui->arena, zh_bulk_item, ZH_BULK_MAX);
    zh_paper *papers = ZH_NEW_N(ui->arena, zh_paper, ZH_BULK_MAX);
    zh_record **records = NULL;
    size_t n = 0;
    size_t found = 0;
    zh_rc rc = find_register(ui, &reg);
    if (rc == ZH_OK) {
        rc = read_items(ui, ui->request->params, items, &n);
    }
    if (rc == ZH_OK && n > PRINTS_MAX) {
        rc = zh_err_set(ui->err, ZH_ELIMIT, "bulk.items", "一次至多打印 %d 份", PRINTS_MAX);
    }
    if (rc == ZH_OK) {
        rc = load(ui, reg, items, n, &records);
    }
    if (rc == ZH_OK) {
        rc = compose(ui, records, n, papers, &found);
    }
    if (rc == ZH_OK && found == 0) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "document.none", "选中的 %zu 条记录都没有您可以看的文书",
                   n);
        zh_err_fix(ui->err, "文书由流转生成；先办那一步");
        rc = ZH_ENOTFOUND;
    }
    return rc == ZH_OK ? answer_print(ui, papers, found) : rc;
}

/* ---- what became of it ----------------------------------------------------------------------- */

static zh_rc find_bulk(zh_ui *ui, const zh_register **reg, zh_bulk *out)
{
    int64_t id = 0;
    zh_rc rc = find_register(ui, reg);
    if (rc == ZH_OK && zh_str_i64(zh_http_arg(ui->request, "bulk"), &id) != ZH_OK) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "bulk.unknown", "没有您办的这一批");
    }
    if (rc == ZH_OK) {
        rc = zh_bulk_get(&ui->ctx, ui->conn, id, out);
    }
    return rc == ZH_OK && !zh_str_eq(out->reg, (*reg)->id)
               ? zh_err_set(ui->err, ZH_ENOTFOUND, "bulk.unknown", "没有您办的这一批")
               : rc;
}

static void put_undo(zh_ui *ui, const zh_bulk *b)
{
    zh_html *h = &ui->html;
    if (b->undone_at != 0 || zh_now() - b->at > ZH_BULK_UNDO_US) {
        return;
    }
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action",
                 zh_str_fmt(ui->arena, "%.*s/undo", ZH_FMT(bulk_url(ui, b->reg, b->id))));
    zh_html_leaf(h, "button", "btn",
                 ZH_SAY(ui, ZH_T_BULK_UNDO, zh_ui_time(ui, b->at + ZH_BULK_UNDO_US)));
    zh_html_close(h);
}

static void put_outcome(zh_ui *ui, const zh_bulk_item *item)
{
    if (item->undone) {
        zh_part_lamp(ui, ZH_LAMP_DONE, zh_ui_text(ui, ZH_T_BULK_UNDONE));
    } else if (item->version == 0) {
        zh_part_lamp(ui, ZH_LAMP_WATCH, zh_ui_text(ui, ZH_T_BULK_REFUSED));
    } else {
        zh_part_lamp(ui, ZH_LAMP_OK, zh_ui_text(ui, ZH_T_BULK_DONE));
    }
    if (item->said.n > 0) {
        zh_html_leaf(&ui->html, "span", "why", item->said);
    }
}

static zh_rc show(zh_ui *ui)
{
    const zh_register *reg = NULL;
    zh_bulk b = {0};
    zh_record **records = NULL;
    size_t done = 0;
    zh_rc rc = find_bulk(ui, &reg, &b);
    if (rc == ZH_OK) {
        rc = load(ui, reg, b.items, b.n, &records);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < b.n; i++) {
        done += b.items[i].version != 0;
    }
    const zh_transition *t = zh_register_transition(reg, b.transition);
    zh_str what = t != NULL ? zh_ui_label(ui, t->label) : b.transition;
    head(ui, reg,
         ZH_SAY(ui, ZH_T_BULK_RESULT, what, zh_ui_count(ui, (int64_t)done),
                zh_ui_count(ui, (int64_t)(b.n - done))));
    put_undo(ui, &b);
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_BULK_RECORD), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_BULK_STATE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_BULK_OUTCOME), .css = "lab"}};
    zh_grid g;
    zh_part_section_open(ui, "outcomes", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < b.n; i++) {
        zh_grid_row(&g, NULL);
        if (records[i] != NULL) {
            zh_grid_value_link(
                &g, zh_url_record(ui->arena, reg->id, b.items[i].office, b.items[i].record),
                zh_show_key(ui, records[i]));
            zh_grid_text(&g, zh_show_state(ui, reg, records[i]->state));
        } else {
            zh_grid_text(&g, zh_ui_text(ui, ZH_T_BULK_UNSEEN));
            zh_grid_text(&g, ZH_STR("—"));
        }
        zh_grid_cell(&g);
        put_outcome(ui, &b.items[i]);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
    return ZH_OK;
}

static zh_rc undo(zh_ui *ui)
{
    const zh_register *reg = NULL;
    zh_bulk b = {0};
    zh_rc rc = find_bulk(ui, &reg, &b);
    if (rc == ZH_OK) {
        zh_ui_let_go(ui);
        rc = zh_bulk_undo(&ui->ctx, &b);
    }
    return rc == ZH_OK ? zh_http_see_other(ui->request, ui->response, bulk_url(ui, reg->id, b.id))
                       : rc;
}

/* ---- routes ---------------------------------------------------------------------------------- */

#define BULK(name, answer)                                                                         \
    static zh_rc handle_##name(const zh_http_request *request, zh_http_response *response,         \
                               zh_err *err)                                                        \
    {                                                                                              \
        return zh_ui_answer(request, response, err, answer);                                       \
    }
BULK(ask, ask)
BULK(take, take)
BULK(show, show)
BULK(print, print)
BULK(undo, undo)

ZH_ROUTE(page_bulk) = {.method = "GET",
                       .path = "/registers/{reg}/bulk",
                       .en = "One step for many records: what is asked, as a page",
                       .handle = handle_ask};
ZH_ROUTE(bulk_take) = {.method = "POST",
                       .path = "/registers/{reg}/bulk",
                       .body_max = FORM_BYTES_MAX,
                       .waits = true,
                       .en = "Take a step for many: transition, id (OFFICE-ID.VERSION, repeated), "
                             "reason_code, reason",
                       .handle = handle_take};
ZH_ROUTE(papers) = {.method = "GET",
                    .path = "/registers/{reg}/papers",
                    .waits = true,
                    .en = "The documents issued about several records as one PDF: id (OFFICE-ID, "
                          "repeated)",
                    .handle = handle_print};
ZH_ROUTE(page_bulk_outcome) = {.method = "GET",
                               .path = "/registers/{reg}/bulk/{bulk}",
                               .en = "What became of each record of a step for many, as a page",
                               .handle = handle_show};
ZH_ROUTE(bulk_undo) = {.method = "POST",
                       .path = "/registers/{reg}/bulk/{bulk}/undo",
                       .body_max = FORM_BYTES_MAX,
                       .waits = true,
                       .en = "Take back a step for many, but for records that changed since",
                       .handle = handle_undo};
