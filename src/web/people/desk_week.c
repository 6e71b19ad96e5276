/* This week and the next as a calendar: a number a day, as a link to what is due then. */
#include "web/people/desk_week.h"
#include "web/frame/part.h"

enum { WEEK = 7, BLOCKS_MAX = 5 };

static const zh_text_id weekdays[WEEK] = {ZH_T_DESK_MON, ZH_T_DESK_TUE, ZH_T_DESK_WED,
                                          ZH_T_DESK_THU, ZH_T_DESK_FRI, ZH_T_DESK_SAT,
                                          ZH_T_DESK_SUN};

/* Where the calendar does not reach, Saturday and Sunday are off. */
static bool is_off(const zh_ui *ui, zh_date day)
{
    const zh_calendar *calendar = ui->ctx.model->calendar;
    bool working = false;
    bool known = calendar != NULL && zh_calendar_is_working(calendar, day, &working) == ZH_OK;
    return known ? !working : zh_date_weekday(day) > 5;
}

static void heads(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "thead", NULL);
    zh_html_open(h, "tr", NULL);
    for (size_t i = 0; i < WEEK; i++) {
        zh_html_open(h, "th", NULL);
        zh_html_attr_z(h, "scope", "col");
        zh_html_text(h, zh_ui_text(ui, weekdays[i]));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

/* The number, and as many blocks, to be seen before it is read. */
static void due_on(zh_ui *ui, zh_str date, int64_t n)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "a", NULL);
    zh_html_link(h, "href", zh_url_add(ui->arena, ZH_STR("/desk"), "day", date));
    zh_html_attr(h, "aria-label", ZH_SAY(ui, ZH_T_DESK_DAY, date, zh_ui_count(ui, n)));
    zh_html_leaf(h, "b", NULL, zh_ui_count(ui, n));
    for (int64_t i = 0; i < n && i < BLOCKS_MAX; i++) {
        zh_html_leaf_z(h, "i", NULL, "");
    }
    zh_html_close(h);
}

static void one_day(zh_ui *ui, zh_date day, int64_t n, zh_date today, const zh_date *chosen)
{
    zh_html *h = &ui->html;
    char text[16];
    int year;
    int month;
    int of_month;
    (void)zh_date_format(day, text);
    zh_date_civil(day, &year, &month, &of_month);
    zh_html_open(h, "td", is_off(ui, day) ? "off" : NULL);
    if (n > 0 && day <= today) {
        zh_html_flag(h, "data-late");
    }
    if (day == today) {
        zh_html_attr_z(h, "aria-current", "date");
    }
    if (chosen != NULL && day == *chosen) {
        zh_html_flag(h, "data-chosen");
    }
    zh_html_open(h, "time", NULL);
    zh_html_attr_z(h, "datetime", text);
    if (of_month == 1) {
        zh_html_f(h, "%d-%02d", month, of_month);
    } else {
        zh_html_f(h, "%d", of_month);
    }
    zh_html_close(h);
    if (n > 0) {
        due_on(ui, zh_str_fmt(ui->arena, "%s", text), n);
    }
    zh_html_close(h);
}

void zh_desk_week(zh_ui *ui, const zh_desk_counts *counts, zh_time now, const zh_date *chosen)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "section", "plain");
    zh_html_leaf(h, "h2", NULL, zh_ui_text(ui, ZH_T_DESK_WEEKS));
    zh_html_open(h, "table", "fortnight");
    heads(ui);
    zh_html_open(h, "tbody", NULL);
    for (size_t i = 0; i < ZH_DESK_DAYS; i++) {
        if (i % WEEK == 0) {
            zh_html_open(h, "tr", NULL);
        }
        one_day(ui, counts->monday + (zh_date)i, counts->days[i], zh_time_date(now), chosen);
        if (i % WEEK == WEEK - 1) {
            zh_html_close(h);
        }
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_DESK_WEEKS_NOTE));
    zh_html_close(h);
}
