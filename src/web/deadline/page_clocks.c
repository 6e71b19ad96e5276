/* GET /clocks: 时限口径 — every declared period with its clause, and whether somebody has checked
 * it against the official text. */
#include "core/read/clock_check.h"
#include "core/read/permission.h"
#include "web/frame/part.h"
#include "web/frame/words.h"

static zh_text_id unit_text(zh_unit_time unit)
{
    switch (unit) {
    case ZH_HOUR: return ZH_T_CLOCKS_HOURS;
    case ZH_DAY: return ZH_T_CLOCKS_DAYS;
    case ZH_WORKING_DAY: return ZH_T_CLOCKS_WORKING;
    case ZH_MONTH: return ZH_T_CLOCKS_MONTHS;
    case ZH_YEAR: break;
    }
    return ZH_T_CLOCKS_YEARS;
}

static zh_str period_words(zh_ui *ui, const zh_clock_version *v)
{
    if (v->fixed_month != 0) {
        return zh_str_fmt(ui->arena, "--%02d-%02d", v->fixed_month, v->fixed_day);
    }
    return ZH_SAY(ui, unit_text(v->unit),
                  v->amount_field != NULL ? zh_ui_label(ui, v->amount_field->label)
                                          : zh_ui_count(ui, v->amount));
}

static zh_str since(zh_ui *ui, const zh_clock_version *v)
{
    char date[16] = "—";
    if (v->from != INT32_MIN) {
        zh_date_format(v->from, date);
    }
    return zh_str_dup(ui->arena, zh_str_of(date));
}

static zh_str field_text(zh_ui *ui, const zh_record *record, const char *id)
{
    const zh_field *field = zh_register_field(record->reg, zh_str_of(id));
    return field != NULL ? zh_value_display(ui->arena, &record->values[field->index]) : ZH_STR("");
}

/* What is known of it, and the way to say more. */
static void status(zh_ui *ui, const zh_clock_version *v, const zh_clock_check *check, zh_str code)
{
    zh_html *h = &ui->html;
    const zh_register *checks = zh_model_register(ui->ctx.model, ZH_STR("clock_check"));
    if (check->record != NULL) {
        zh_part_lamp(ui, check->right ? ZH_LAMP_OK : ZH_LAMP_ACT,
                     zh_ui_text(ui, check->right ? ZH_T_CLOCKS_RIGHT : ZH_T_CLOCKS_WRONG));
        zh_html_z(h, " ");
        zh_html_a(h, NULL,
                  zh_url_record(ui->arena, check->record->reg->id, check->record->office,
                                check->record->id),
                  field_text(ui, check->record, "checked_on"));
        zh_html_leaf(h, "span", "why", field_text(ui, check->record, "source"));
        return;
    }
    if (!v->unverified) {
        zh_html_leaf(h, "span", "mu", zh_ui_text(ui, ZH_T_CLOCKS_DECLARED));
        return;
    }
    zh_part_tag(ui, ZH_TAG_WATCH, zh_ui_text(ui, ZH_T_RECORD_UNVERIFIED));
    zh_html_leaf(h, "span", "why", code);
    if (checks != NULL && (zh_rights(&ui->ctx, checks) & ZH_RIGHT_CREATE) != 0) {
        zh_html_z(h, " ");
        zh_html_a(h, "btn quiet",
                  zh_url_add(ui->arena, ZH_STR("/registers/clock_check/new"), "f.code", code),
                  zh_ui_text(ui, ZH_T_CLOCKS_CHECK));
    }
}

static zh_rc one_clock(zh_grid *g, const zh_register *reg, const zh_clock *clock, int64_t *open)
{
    zh_ui *ui = g->ui;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < clock->nversions && rc == ZH_OK; i++) {
        const zh_clock_version *v = &clock->versions[i];
        zh_clock_check check = {0};
        rc = zh_clock_checked(&ui->ctx, ui->conn, reg, clock, v, &check);
        *open += v->unverified && !(check.record != NULL && check.right);
        zh_grid_row(g, NULL);
        zh_grid_cell(g);
        zh_html_value(&ui->html, zh_ui_label(ui, clock->label));
        if (v->has_when) {
            zh_html_leaf_value(&ui->html, "span", "why", zh_words(ui, v->when.root));
        }
        zh_grid_text(g, since(ui, v));
        zh_grid_text(g, period_words(ui, v));
        zh_grid_value(g, zh_ui_label(ui, v->clause));
        zh_grid_cell(g);
        status(ui, v, &check, zh_clock_check_code(ui->arena, reg, clock, v));
    }
    return rc;
}

static zh_rc count_open(zh_ui *ui, int64_t *open)
{
    const zh_model *model = ui->ctx.model;
    zh_rc rc = ZH_OK;
    *open = 0;
    for (size_t r = 0; r < model->nregisters; r++) {
        const zh_register *reg = &model->registers[r];
        for (size_t c = 0; c < reg->nclocks; c++) {
            const zh_clock *clock = &reg->clocks[c];
            for (size_t v = 0; v < clock->nversions && rc == ZH_OK; v++) {
                bool is = false;
                rc = zh_clock_unverified(&ui->ctx, ui->conn, reg, clock, &clock->versions[v], &is);
                *open += is;
            }
        }
    }
    return rc;
}

static zh_rc show(zh_ui *ui)
{
    const zh_model *model = ui->ctx.model;
    int64_t open = 0;
    int64_t ignored = 0;
    zh_grid g;
    zh_rc rc = count_open(ui, &open);
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_DESK_KIND), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_CLOCKS_SINCE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_CLOCKS_PERIOD), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_CLOCKS_CLAUSE), .css = "lab"},
                                 {.label = zh_ui_text(ui, ZH_T_CLOCKS_STATE), .css = "full"}};
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REGISTERS,
                       .title = open == 0 ? zh_ui_text(ui, ZH_T_CLOCKS_TITLE_NONE)
                                          : ZH_SAY(ui, ZH_T_CLOCKS_TITLE, zh_ui_count(ui, open)),
                       .lede = zh_ui_text(ui, ZH_T_CLOCKS_LEDE)});
    zh_part_section_open(ui, "clocks", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t r = 0; r < model->nregisters && rc == ZH_OK; r++) {
        const zh_register *reg = &model->registers[r];
        if (reg->nclocks > 0) {
            zh_grid_value_group(&g, zh_ui_label(ui, reg->label));
        }
        for (size_t c = 0; c < reg->nclocks && rc == ZH_OK; c++) {
            rc = one_clock(&g, reg, &reg->clocks[c], &ignored);
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
    return rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_clocks) = {.method = "GET",
                         .path = "/clocks",
                         .en = "Every declared period and whether it has been checked, as a page",
                         .handle = handle};
