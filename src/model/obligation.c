/* Reading obligations from checked declarations. */
#include "model/obligation.h"
#include "model/schema.h"

enum { MONTHS = 12, WEEK = 7, OBLIGATIONS_MAX = 1000 };

static int civil_year(zh_date date, int *month)
{
    int year;
    int day;
    zh_date_civil(date, &year, month, &day);
    return year;
}

void zh_every_of(zh_every every, zh_date date, zh_date *first, zh_date *last)
{
    static const int months[] = {[ZH_EVERY_MONTH] = 1,
                                 [ZH_EVERY_QUARTER] = 3,
                                 [ZH_EVERY_HALF] = 6,
                                 [ZH_EVERY_YEAR] = MONTHS};
    int month;
    int year = civil_year(date, &month);
    switch (every) {
    case ZH_EVERY_DAY: *first = *last = date; return;
    case ZH_EVERY_WEEK:
        *first = date - (zh_date_weekday(date) - 1);
        *last = *first + WEEK - 1;
        return;
    case ZH_EVERY_MONTH:
    case ZH_EVERY_QUARTER:
    case ZH_EVERY_HALF:
    case ZH_EVERY_YEAR: break;
    }
    *first = zh_date_of(year, (month - 1) / months[every] * months[every] + 1, 1);
    *last = zh_date_add_months(*first, months[every]) - 1;
}

static zh_rc read_one(const zh_model *model, zh_arena *arena, const zh_register *reg,
                      const zh_yaml *node, zh_obligation *o, zh_err *err)
{
    const zh_yaml *who = zh_yaml_get(node, "who");
    *o = (zh_obligation){.id = zh_get_text(node, "id"),
                         .label = zh_get_label(node, "label"),
                         .reg = reg,
                         .who = zh_model_register(model, zh_get_text(who, "register")),
                         .where_source = zh_get_text(who, "where"),
                         .party = zh_register_field(reg, zh_get_text(node, "party")),
                         .period = zh_register_field(reg, zh_get_text(node, "period"))};
    o->name = zh_str_fmt(arena, "%.*s.%.*s", ZH_FMT(reg->id), ZH_FMT(o->id));
    o->label = o->label.zh.n > 0 ? o->label : reg->label;
    o->every = (zh_every)zh_choice("day|week|month|quarter|half|year", zh_get_text(node, "every"));
    (void)zh_get_duration(node, "due", &o->due, &o->due_unit);
    for (const zh_yaml *r = zh_first(node, "remind");
         r != NULL && o->nremind < ZH_OBLIGATION_REMINDERS_MAX; r = zh_next(r)) {
        zh_reminder *reminder = &o->remind[o->nremind];
        o->nremind += zh_duration_parse(r->text, &reminder->amount, &reminder->unit);
    }
    o->has_where = o->where_source.n > 0;
    if (!o->has_where) {
        return ZH_OK;
    }
    zh_scope scope = {.model = model, .reg = o->who};
    return zh_expr_compile(arena, &scope, o->where_source, &o->where, err);
}

zh_rc zh_obligations(const zh_model *model, zh_arena *arena, zh_obligation **out, size_t *n,
                     zh_err *err)
{
    ZH_VEC(zh_obligation) list = {0};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        for (const zh_yaml *node = zh_first(reg->declared, "obligations");
             node != NULL && rc == ZH_OK && list.n < OBLIGATIONS_MAX; node = zh_next(node)) {
            zh_obligation o;
            rc = read_one(model, arena, reg, node, &o, err);
            zh_vec_push(arena, &list, o);
        }
    }
    *out = list.p;
    *n = list.n;
    return rc;
}
