/* GET /calendar: the working-day calendar by year, with how to take on another; POST /calendar: a
 * year from two sources, by whoever looks after the system. */
#include "app/holidays.h"
#include "core/adoption/calendar_years.h"
#include "core/people/identity.h"
#include "core/read/permission.h"
#include "web/frame/part.h"
#include <inttypes.h>

enum { YEARS_BACK = 7, YEARS_AHEAD = 3, SATURDAY = 6 };

#define FORM_BYTES_MAX (2 * ZH_HOLIDAYS_BYTES_MAX)

/* The local operator, or a post that may ask for a year; another one puts it in force. */
static bool may_import(const zh_ui *ui)
{
    const zh_register *reg = zh_model_register(ui->ctx.model, ZH_STR("calendar_year"));
    const zh_transition *apply = reg != NULL ? zh_register_transition(reg, ZH_STR("apply")) : NULL;
    return ui->session == NULL || (apply != NULL && zh_may_take(&ui->ctx, reg, apply));
}

typedef struct year_counts {
    bool covered;
    int64_t working, weekends, days_off;
} year_counts;

static year_counts count_year(const zh_calendar *calendar, int year)
{
    year_counts c = {.covered = calendar != NULL};
    for (zh_date d = zh_date_of(year, 1, 1); c.covered && d < zh_date_of(year + 1, 1, 1); d++) {
        bool working = false;
        bool weekday = zh_date_weekday(d) < SATURDAY;
        c.covered = zh_calendar_is_working(calendar, d, &working) == ZH_OK;
        c.working += working;
        c.weekends += working && !weekday;
        c.days_off += !working && weekday;
    }
    return c;
}

static void years(zh_ui *ui)
{
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_CALENDAR_YEAR), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_CALENDAR_WORKING), .number = true},
        {.label = zh_ui_text(ui, ZH_T_CALENDAR_WEEKENDS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_CALENDAR_OFF), .number = true},
    };
    int now = zh_time_civil(zh_now()).year;
    zh_grid g;
    zh_part_section_open(ui, "years", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (int year = now + YEARS_AHEAD; year >= now - YEARS_BACK; year--) {
        year_counts c = count_year(ui->ctx.model->calendar, year);
        if (!c.covered && year > now + 1) {
            continue;
        }
        zh_grid_row(&g, NULL);
        zh_grid_text(&g, zh_str_fmt(ui->arena, "%d", year));
        if (c.covered) {
            zh_grid_text(&g, zh_ui_count(ui, c.working));
            zh_grid_text(&g, zh_ui_count(ui, c.weekends));
            zh_grid_text(&g, zh_ui_count(ui, c.days_off));
        } else {
            zh_grid_cell(&g);
            zh_part_lamp(ui, ZH_LAMP_WATCH, zh_ui_text(ui, ZH_T_CALENDAR_MISSING));
            zh_grid_text(&g, ZH_STR("—"));
            zh_grid_text(&g, ZH_STR("—"));
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static void area(zh_ui *ui, zh_text_id label, const char *name)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, label));
    zh_html_open(h, "textarea", NULL);
    zh_html_attr_z(h, "name", name);
    zh_html_attr_z(h, "rows", "4");
    zh_html_attr_z(h, "required", "required");
    zh_html_close(h);
    zh_html_close(h);
}

static void import_form(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "import", zh_ui_text(ui, ZH_T_CALENDAR_IMPORT), false);
    zh_html_leaf(h, "p", "mu", zh_ui_text(ui, ZH_T_CALENDAR_HOW));
    if (ui->session != NULL) {
        zh_html_open(h, "p", NULL);
        zh_html_text(h, zh_ui_text(ui, ZH_T_CALENDAR_TWO));
        zh_html_a(h, NULL, ZH_STR("/registers/calendar_year"),
                  zh_ui_text(ui, ZH_T_CALENDAR_WAITING));
        zh_html_close(h);
    }
    zh_html_open(h, "form", "stack-s");
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", ZH_STR("/calendar"));
    zh_html_open(h, "label", "field");
    zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_CALENDAR_YEAR));
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "number");
    zh_html_attr_z(h, "name", "year");
    zh_html_attr_f(h, "value", "%d", zh_time_civil(zh_now()).year + 1);
    zh_html_close(h); /* the input */
    zh_html_close(h);
    area(ui, ZH_T_CALENDAR_FIRST, "first");
    area(ui, ZH_T_CALENDAR_SECOND, "second");
    zh_html_open(h, "p", "bar");
    zh_html_open(h, "button", "btn pri");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, ZH_T_CALENDAR_IMPORT));
    zh_html_close_to(h, h->depth - 3);
    zh_part_section_close(ui);
}

static zh_rc page(zh_ui *ui, const zh_err *why)
{
    int now = zh_time_civil(zh_now()).year;
    bool next = count_year(ui->ctx.model->calendar, now + 1).covered;
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_TEXT_N,
                       .title = ZH_SAY(ui, next ? ZH_T_CALENDAR_TITLE : ZH_T_CALENDAR_TITLE_MISSING,
                                       zh_str_fmt(ui->arena, "%d", now + 1)),
                       .lede = zh_ui_text(ui, ZH_T_CALENDAR_LEDE)});
    zh_html_open(&ui->html, "div", "stack");
    if (why->rc != ZH_OK) {
        zh_part_note_open(ui, ZH_NOTE_ACT);
        zh_html_leaf_value(&ui->html, "p", NULL, zh_str_of(why->message));
        zh_html_leaf_value(&ui->html, "p", NULL, zh_str_of(why->fix));
        zh_part_note_close(ui);
    }
    years(ui);
    if (may_import(ui)) {
        import_form(ui);
    }
    zh_html_close(&ui->html);
    return ZH_OK;
}

static zh_rc show(zh_ui *ui)
{
    return page(ui, &(zh_err){0});
}

/* The local operator acts alone: there is nobody else. Of persons one asks and another decides, on
 * the page of the record. */
static zh_rc set_or_ask(zh_ui *ui, int year, zh_str lines, zh_str *back, zh_err *why)
{
    zh_applied at;
    zh_ctx ctx = ui->ctx;
    ctx.err = why;
    zh_ui_let_go(ui);
    if (ui->session == NULL) {
        return zh_calendar_year_set(ui->web->core, lines, why);
    }
    zh_rc rc = zh_calendar_year_ask(&ctx, year, lines, &at);
    if (rc == ZH_OK) {
        *back = zh_url_record(ui->arena, ZH_STR("calendar_year"), at.office, at.id);
    }
    return rc;
}

static zh_rc take(zh_ui *ui)
{
    zh_err why = zh_err_beside(ui->err);
    zh_str lines = ZH_STR("");
    int64_t year = 0;
    zh_pairs form = ui->request->form;
    if (!may_import(ui)) {
        return zh_err_set(ui->err, ZH_EDENIED, "calendar.who",
                          "工作日历由系统管理员或安全管理员导入，另一人复核");
    }
    zh_str first = zh_pairs_get(form, "first");
    zh_str second = zh_pairs_get(form, "second");
    (void)!zh_str_i64(zh_str_trim(zh_pairs_get(form, "year")), &year);
    zh_rc rc =
        zh_holidays_compare(ui->arena, (int)(year % 10000), first.p != NULL ? first : ZH_STR(""),
                            second.p != NULL ? second : ZH_STR(""), &lines, &why);
    zh_str back = ZH_STR("/calendar");
    if (rc == ZH_OK) {
        rc = set_or_ask(ui, (int)year, lines, &back, &why);
    }
    if (rc == ZH_OK) {
        return zh_http_see_other(ui->request, ui->response, back);
    }
    zh_rc again = zh_ui_read_again(ui);
    if (again != ZH_OK) {
        return again;
    }
    ui->response->status = rc == ZH_ECONFLICT ? 409 : 422;
    return page(ui, &why);
}

static zh_rc get_page(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

static zh_rc post_page(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, take);
}

ZH_ROUTE(page_calendar) = {.method = "GET",
                           .path = "/calendar",
                           .en = "The working-day calendar by year, as a page",
                           .handle = get_page};
ZH_ROUTE(calendar_import) = {.method = "POST",
                             .path = "/calendar",
                             .body_max = FORM_BYTES_MAX,
                             .slow = true,
                             .en = "Take on a year's holidays from two sources that agree",
                             .handle = post_page};
