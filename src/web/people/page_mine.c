/* GET /mine: 我的企业 — the front door of those who speak for an enterprise or a laboratory: what
 * is due from it, what it was told, and where its records are. */
#include "core/people/desk.h"
#include "core/people/identity.h"
#include "core/read/permission.h"
#include "web/frame/part.h"
#include "web/frame/show.h"

typedef struct own {
    const zh_register *reg;
    int64_t n;
} own;

static zh_rc count_records(zh_ui *ui, const zh_register *reg, int64_t *n)
{
    zh_counts counts = {0};
    zh_list_query query = {
        .reg = reg, .limit = 1, .as_of = ZH_AS_OF_NOW, .examine_max = ZH_COUNT_EXACT_MAX};
    zh_rc rc = zh_count(&ui->ctx, ui->conn, &query, NULL, 0, &counts);
    *n = counts.total;
    return rc;
}

/* Registers that the post may read, with how many records of each it sees. */
static zh_rc find_own(zh_ui *ui, own *list, size_t *n)
{
    const zh_model *model = ui->ctx.model;
    zh_rc rc = ZH_OK;
    *n = 0;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        own *one = &list[*n];
        one->reg = &model->registers[i];
        if ((zh_rights(&ui->ctx, one->reg) & ZH_RIGHT_READ) != 0) {
            rc = count_records(ui, one->reg, &one->n);
            (*n)++;
        }
    }
    return rc;
}

static void fact(zh_ui *ui, zh_text_id name, int64_t n, zh_str url)
{
    zh_part_kv_item(ui, zh_ui_text(ui, name));
    zh_part_number(ui, zh_ui_count(ui, n), ZH_STR(""), url);
    zh_html_close(&ui->html);
}

static void due(zh_ui *ui, const zh_desk_counts *counts)
{
    zh_part_section_open(ui, "due", zh_ui_text(ui, ZH_T_MINE_DUE), false);
    zh_part_kv_open(ui);
    fact(ui, ZH_T_DESK_OVERDUE, counts->n[ZH_DESK_OVERDUE], ZH_STR("/desk?see=overdue"));
    fact(ui, ZH_T_DESK_TODAY, counts->n[ZH_DESK_TODAY], ZH_STR("/desk?see=today"));
    fact(ui, ZH_T_DESK_WEEK, counts->n[ZH_DESK_WEEK], ZH_STR("/desk?see=week"));
    fact(ui, ZH_T_DESK_LATER, counts->n[ZH_DESK_LATER], ZH_STR("/desk?see=later"));
    fact(ui, ZH_T_NOTICE_NAV, ui->unread, ZH_STR("/notices"));
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void records(zh_ui *ui, const own *list, size_t n)
{
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_MINE_REGISTER), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_MINE_RECORDS), .number = true}};
    zh_grid g;
    zh_part_section_open(ui, "records", zh_ui_text(ui, ZH_T_MINE_OURS), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        zh_str url = zh_url_register(ui->arena, list[i].reg->id, ZH_STR(""), -1);
        zh_grid_row(&g, NULL);
        zh_grid_cell(&g);
        zh_html_a_value(&ui->html, NULL, url, zh_ui_label(ui, list[i].reg->label));
        zh_html_leaf_value(&ui->html, "span", "why", zh_ui_label(ui, list[i].reg->purpose));
        zh_grid_cell(&g);
        zh_part_number(ui, zh_ui_count(ui, list[i].n), ZH_STR(""), url);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_rc show(zh_ui *ui)
{
    zh_desk_counts counts = {0};
    own *list = ZH_NEW_N(ui->arena, own, ui->ctx.model->nregisters + 1);
    size_t n = 0;
    const zh_record *self = ui->ctx.post != NULL ? ui->ctx.post->self : NULL;
    if (self == NULL) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "mine.none", "您现在的岗位不代表企业或机构");
        zh_err_fix(ui->err, "到“今天”看待办，或在账户页换岗位");
        return ZH_ENOTFOUND;
    }
    zh_rc rc = zh_desk_count(&ui->ctx, ui->conn, zh_now(), &counts);
    if (rc == ZH_OK) {
        rc = find_own(ui, list, &n);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_MINE,
                                    .title = ZH_SAY(ui, ZH_T_MINE_TITLE, zh_show_key(ui, self),
                                                    zh_ui_count(ui, counts.n[ZH_DESK_TODAY]),
                                                    zh_ui_count(ui, counts.n[ZH_DESK_OVERDUE])),
                                    .lede = zh_ui_text(ui, ZH_T_MINE_LEDE)});
    zh_html_open(&ui->html, "div", "stack");
    due(ui, &counts);
    records(ui, list, n);
    zh_html_close(&ui->html);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_mine) = {.method = "GET",
                       .path = "/mine",
                       .slow = true,
                       .en = "What concerns the reader's own enterprise, as a page",
                       .handle = handle};
