/* GET /registers: all registers by area, with their size, owner and last write. */
#include "core/cube/related.h"
#include "web/frame/part.h"
#include "web/outline/page_systems.h"

enum { COUNT_MAX = 200000 };

/* The area of the mechanisms the register serves. */
static zh_str area_of(zh_ui *ui, const zh_register *reg)
{
    const zh_model *model = ui->ctx.model;
    for (size_t s = 0; s < reg->nsystems; s++) {
        for (size_t i = 0; i < model->nmechanisms; i++) {
            if (zh_str_eq(model->mechanisms[i].id, reg->systems[s])) {
                return model->mechanisms[i].area;
            }
        }
    }
    return zh_ui_text(ui, ZH_T_REGISTERS_BASE);
}

static void mechanisms(zh_ui *ui, const zh_register *reg)
{
    zh_html *h = &ui->html;
    for (size_t i = 0; i < reg->nsystems; i++) {
        zh_html_z(h, i > 0 ? " " : "");
        zh_html_a(h, "mono", zh_url_path(ui->arena, "/systems", reg->systems[i], ZH_STR_NONE),
                  reg->systems[i]);
    }
}

static void one(zh_grid *g, const zh_register *reg, const zh_register_size *size)
{
    zh_ui *ui = g->ui;
    zh_html *h = &ui->html;
    zh_str url = zh_url_register(ui->arena, reg->id, ZH_STR(""), -1);
    zh_grid_row(g, NULL);
    zh_grid_cell(g);
    zh_html_a_value(h, "t", url, zh_ui_label(ui, reg->label));
    zh_html_leaf_value(h, "span", "why", zh_ui_label(ui, reg->purpose));
    zh_grid_cell(g);
    zh_html_z(h, size->at_least ? "≥ " : "");
    zh_part_number(ui, zh_ui_count(ui, size->records), ZH_STR(""), url);
    zh_grid_value(g, zh_ui_label(ui, reg->owner));
    zh_grid_text(g, size->last != 0 ? zh_ui_time(ui, size->last)
                                    : zh_ui_text(ui, ZH_T_REGISTERS_NEVER));
    zh_grid_cell(g);
    mechanisms(ui, reg);
}

static void table(zh_ui *ui, const zh_register_size *sizes)
{
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_REGISTERS_NAME), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_REGISTERS_RECORDS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_REGISTERS_OWNER), .css = "lab nw"},
        {.label = zh_ui_text(ui, ZH_T_REGISTERS_LAST), .css = "lab nw"},
        {.label = zh_ui_text(ui, ZH_T_REGISTERS_MECHANISMS), .css = "lab mechs"},
    };
    bool *done = ZH_NEW_N(ui->arena, bool, model->nregisters + 1);
    zh_grid g;
    zh_part_section_open(ui, "registers", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < model->nregisters; i++) {
        done[i] = false;
    }
    for (size_t i = 0; i < model->nregisters; i++) {
        zh_str area = area_of(ui, &model->registers[i]);
        if (done[i]) {
            continue;
        }
        zh_grid_group(&g, zh_system_area(ui, area));
        for (size_t k = i; k < model->nregisters; k++) {
            if (!done[k] && zh_str_eq(area_of(ui, &model->registers[k]), area)) {
                one(&g, &model->registers[k], &sizes[k]);
                done[k] = true;
            }
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_rc show(zh_ui *ui)
{
    const zh_model *model = ui->ctx.model;
    zh_register_size *sizes = NULL;
    zh_rc rc = zh_register_sizes(&ui->ctx, ui->conn, COUNT_MAX, &sizes);
    if (rc != ZH_OK) {
        return rc;
    }
    int64_t filled = 0;
    for (size_t i = 0; i < model->nregisters; i++) {
        filled += sizes[i].records > 0;
    }
    zh_ui_head(ui,
               &(zh_ui_head_of){
                   .nav = ZH_T_NAV_REGISTERS,
                   .title = ZH_SAY(
                       ui, ui->ctx.post != NULL ? ZH_T_REGISTERS_TITLE_SEEN : ZH_T_REGISTERS_TITLE,
                       zh_ui_count(ui, (int64_t)model->nregisters), zh_ui_count(ui, filled)),
                   .lede = zh_ui_text(ui, ZH_T_REGISTERS_LEDE),
                   .css = ZH_STR("register.css"),
               });
    if (model->nregisters == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_REGISTERS_EMPTY), ZH_STR(""),
                      ZH_STR(""), ZH_STR(""));
    } else {
        table(ui, sizes);
    }
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_registers) = {.method = "GET",
                            .path = "/registers",
                            .en = "All registers by area, as a page",
                            .handle = handle};
