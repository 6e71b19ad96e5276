/* GET /indicators/ID/recount and …/revisions: 复算, 修订史. */
#include "base/json.h"
#include "core/instance/job.h"
#include "core/record/record.h"
#include "web/figure/page_indicator.h"
#include <inttypes.h>

enum { JOBS_MAX = 200, REVISIONS_MAX = 12 };

/* ---- recount
 * ---------------------------------------------------------------------------------------- */

static zh_str difference(zh_ui *ui, zh_str a, zh_str b)
{
    zh_decimal x;
    zh_decimal y;
    zh_decimal d;
    if (zh_str_eq(a, b)) {
        return ZH_STR("0");
    }
    return zh_decimal_parse(a, false, &x) == ZH_OK && zh_decimal_parse(b, false, &y) == ZH_OK &&
                   zh_decimal_sub(x, y, &d) == ZH_OK
               ? zh_decimal_str(ui->arena, d)
               : ZH_STR("≠");
}

static void compare_row(zh_grid *g, zh_str name, zh_str kept, zh_str counted)
{
    zh_ui *ui = g->ui;
    zh_grid_row(g, NULL);
    zh_grid_text(g, name);
    zh_grid_text(g, zh_ui_decimal(ui, kept));
    zh_grid_text(g, zh_ui_decimal(ui, counted));
    zh_grid_text(g, difference(ui, counted, kept));
}

static zh_str took(zh_ui *ui, uint64_t us)
{
    return zh_str_fmt(ui->arena, "%.2f ms", (double)us / 1000);
}

static void recount_head(zh_indicator_page *page, zh_str title, zh_str lede)
{
    zh_ui *ui = page->ui;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_BOARD,
                                    .title = title,
                                    .lede = lede,
                                    .above = zh_ui_label(ui, page->indicator->label),
                                    .above_url = zh_indicator_sub(page, "")});
}

static zh_rc show_recount(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_figure counted;
    zh_rc rc = zh_indicator_read(ui, page);
    uint64_t at = zh_monotonic_us();
    if (rc == ZH_OK) {
        rc = zh_indicator_ask(page);
    }
    uint64_t kept_us = zh_monotonic_us() - at;
    if (rc == ZH_OK) {
        zh_figure_query query = zh_indicator_query(page);
        query.recount = true;
        at = zh_monotonic_us();
        rc = zh_figure_ask(&ui->ctx, ui->conn, &query, &counted);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    uint64_t counted_us = zh_monotonic_us() - at;
    const zh_figure *kept = &page->figure;
    zh_str kept_value = kept->has_value ? zh_decimal_str(ui->arena, kept->value) : ZH_STR("");
    zh_str value = counted.has_value ? zh_decimal_str(ui->arena, counted.value) : ZH_STR("");
    bool same = zh_str_eq(kept_value, value) && zh_str_eq(kept->num, counted.num) &&
                zh_str_eq(kept->den, counted.den) && kept->n == counted.n;
    zh_str gap = zh_str_eq(kept_value, value) ? difference(ui, counted.num, kept->num)
                                              : difference(ui, value, kept_value);
    recount_head(
        page, ZH_SAY(ui, ZH_T_IND_RECOUNT_TITLE, gap),
        ZH_SAY(ui, ZH_T_IND_RECOUNT_LEDE,
               zh_str_fmt(ui->arena, "%.*s%.*s%.*s",
                          ZH_FMT(zh_ui_label(ui, page->indicator->label)),
                          ZH_FMT(zh_ui_text(ui, ZH_T_COMMA)), ZH_FMT(zh_indicator_scope(page)))));
    const zh_column columns[] = {
        {.label = ZH_STR("")},
        {.label = zh_ui_text(ui, ZH_T_IND_RECOUNT_ROLLUP), .number = true},
        {.label = zh_ui_text(ui, ZH_T_IND_RECOUNT_RECORDS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_IND_DIFFERENCE), .number = true},
    };
    zh_grid g;
    zh_part_section_open(ui, "recount", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), false,
                 zh_ui_text(ui, same ? ZH_T_IND_RECOUNT_SAME : ZH_T_IND_RECOUNT_DIFF));
    compare_row(&g, zh_ui_text(ui, ZH_T_COL_VALUE), kept_value, value);
    compare_row(&g, zh_ui_text(ui, ZH_T_IND_NUM), kept->num, counted.num);
    compare_row(&g, zh_ui_text(ui, ZH_T_IND_DEN), kept->den, counted.den);
    compare_row(&g, ZH_STR("n"), zh_str_fmt(ui->arena, "%" PRId64, kept->n),
                zh_str_fmt(ui->arena, "%" PRId64, counted.n));
    zh_grid_row(&g, NULL);
    zh_grid_text(&g, zh_ui_text(ui, ZH_T_IND_RECOUNT_TIME));
    zh_grid_text(&g, took(ui, kept_us));
    zh_grid_text(&g, took(ui, counted_us));
    zh_grid_text(&g, ZH_STR(""));
    zh_grid_close(&g);
    zh_part_section_close(ui);
    zh_html_open(&ui->html, "p", "gap");
    zh_html_a(&ui->html, "btn", zh_indicator_records(page, NULL, NULL),
              zh_ui_text(ui, ZH_T_IND_BEHIND));
    zh_html_close(&ui->html);
    return ZH_OK;
}

/* ---- revisions
 * -------------------------------------------------------------------------------------- */

typedef struct revision {
    int64_t size;
    zh_time at;
    zh_str cause;
    zh_figure figure;
} revision;

static zh_str job_text(zh_ui *ui, zh_str json, const char *name)
{
    zh_json *root = NULL;
    zh_err ignored = {0};
    if (json.n == 0 || zh_json_parse(ui->arena, json, &root, &ignored) != ZH_OK) {
        return ZH_STR("");
    }
    const zh_json *found = zh_json_get(root, name);
    return found != NULL && found->kind == ZH_JSON_STRING ? found->text : ZH_STR("");
}

/* The ledger as it stood after each finished import into this register, newest first; then asked
 * oldest first. */
static zh_rc positions(zh_indicator_page *page, revision *out, size_t *n)
{
    zh_ui *ui = page->ui;
    zh_job *jobs = NULL;
    size_t njobs = 0;
    zh_rc rc = zh_job_list(&ui->ctx, JOBS_MAX, &jobs, &njobs);
    *n = 0;
    for (size_t i = 0; i < njobs && rc == ZH_OK && *n < REVISIONS_MAX; i++) {
        zh_str reg = job_text(ui, jobs[i].args, "register");
        if (!zh_str_is(jobs[i].kind, "import") || !zh_str_is(jobs[i].state, "done") ||
            !zh_str_eq(reg, page->indicator->reg->id)) {
            continue;
        }
        int64_t size = 0;
        rc = zh_log_size_at(ui->conn, jobs[i].updated_at, &size, ui->err);
        if (rc == ZH_OK && (*n == 0 || out[*n - 1].size != size)) {
            out[(*n)++] = (revision){.size = size,
                                     .at = jobs[i].updated_at,
                                     .cause = job_text(ui, jobs[i].args, "recipe")};
        }
    }
    return rc;
}

static zh_rc ask_revisions(zh_indicator_page *page, revision *list, size_t n, size_t *distinct)
{
    zh_str last = ZH_STR_NONE;
    zh_rc rc = ZH_OK;
    *distinct = 0;
    for (size_t i = n; i-- > 0 && rc == ZH_OK;) {
        zh_figure_query query = zh_indicator_query(page);
        query.as_of = list[i].size;
        rc = zh_figure_ask(&page->ui->ctx, page->ui->conn, &query, &list[i].figure);
        zh_str shown = list[i].figure.has_value ? list[i].figure.shown : ZH_STR("");
        *distinct += rc == ZH_OK && (last.p == NULL || !zh_str_eq(shown, last));
        last = shown;
    }
    return rc;
}

static void revision_row(zh_indicator_page *page, zh_grid *g, const revision *r)
{
    zh_ui *ui = page->ui;
    zh_indicator_page then = *page;
    then.q.as_of = r->size;
    zh_grid_row(g, NULL);
    zh_grid_link(g, zh_indicator_sub(&then, ""),
                 ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, r->size)));
    zh_grid_text(g, zh_ui_time(ui, r->at));
    zh_grid_cell(g);
    zh_part_figure_value(ui, &r->figure, zh_indicator_sub(&then, ""));
    zh_grid_cell(g);
    zh_part_number(ui, zh_str_fmt(ui->arena, "%" PRId64, r->figure.n), ZH_STR(""),
                   zh_indicator_records(&then, NULL, NULL));
    zh_grid_text(g, r->cause);
}

static zh_rc show_revisions(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    revision *list = ZH_NEW_N(ui->arena, revision, REVISIONS_MAX + 1);
    size_t n = 0;
    size_t distinct = 0;
    zh_rc rc = zh_indicator_read(ui, page);
    if (rc == ZH_OK && page->indicator->reg != NULL) {
        rc = positions(page, list, &n);
    }
    if (rc == ZH_OK) {
        rc = ask_revisions(page, list, n, &distinct);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    recount_head(page,
                 ZH_SAY(ui, ZH_T_IND_REVISIONS_TITLE, zh_ui_label(ui, page->indicator->label),
                        zh_ui_count(ui, (int64_t)distinct)),
                 ZH_SAY(ui, ZH_T_IND_REVISIONS_LEDE, zh_indicator_scope(page)));
    if (n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_IND_NO_REVISION), ZH_STR(""),
                      ZH_STR("/import"), zh_ui_text(ui, ZH_T_BOARD_IMPORT));
        return ZH_OK;
    }
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_IND_POSITION)},
        {.label = zh_ui_text(ui, ZH_T_IND_AT), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_COL_VALUE), .number = true},
        {.label = ZH_STR("n"), .number = true},
        {.label = zh_ui_text(ui, ZH_T_IND_CAUSE)},
    };
    zh_grid g;
    zh_part_section_open(ui, "revisions", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        revision_row(page, &g, &list[i]);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- routes
 * ----------------------------------------------------------------------------------------- */

static zh_rc recount(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_recount);
}

static zh_rc revisions(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_revisions);
}

ZH_ROUTE(page_indicator_recount) = {
    .method = "GET",
    .path = "/indicators/{id}/recount",
    .en = "an indicator counted again from the records",
    .slow = true,
    .handle = recount,
};

ZH_ROUTE(page_indicator_revisions) = {
    .method = "GET",
    .path = "/indicators/{id}/revisions",
    .en = "an indicator's values by the ledger as it stood",
    .slow = true,
    .handle = revisions,
};
