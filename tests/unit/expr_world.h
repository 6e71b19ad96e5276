/* A small world for the tests of the expression language: code systems, registers and records,
 * built by hand so that these tests rest on nothing but the language. doc/expressions.md describes
 * it. */
#ifndef ZH_TEST_EXPR_WORLD_H
#define ZH_TEST_EXPR_WORLD_H

#include "base/vec.h"
#include "model/codes.h"
#include "model/model.h"
#include <string.h>

enum { WORLD_REGISTERS = 6, WORLD_FIELDS = 24, WORLD_COLUMNS = 6, WORLD_RECORDS = 24 };

enum { ENTERPRISE, REPORT, RECHECK, INSTRUMENT, STANDARD, PENALTY };

typedef struct world {
    zh_arena *arena;
    zh_model model;
    zh_register regs[WORLD_REGISTERS];
    zh_field fields[WORLD_REGISTERS][WORLD_FIELDS];
    zh_field columns[WORLD_REGISTERS][WORLD_FIELDS][WORLD_COLUMNS];
    zh_codes verdict, basis, region, grade, industry;
    zh_record records[WORLD_RECORDS];
    size_t nrecords;
    zh_record *report; /* the record of the examples */
    zh_calendar *calendar;
} world;

/* ---- codes ---------------------------------------------------------------------------------- */

typedef struct code_row {
    const char *code, *label, *parent;
    unsigned position;
} code_row;

/* The table by which codes are found; every code has one validity. */
static inline void world_code_slots(world *w, zh_codes *codes)
{
    codes->ncode_slots = 4;
    while (codes->ncode_slots < 2 * codes->n) {
        codes->ncode_slots *= 2;
    }
    uint32_t *slots = ZH_NEW_N(w->arena, uint32_t, codes->ncode_slots);
    for (size_t i = 0; i < codes->n; i++) {
        size_t slot = (size_t)zh_codes_hash(codes->codes[i].code) & (codes->ncode_slots - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (codes->ncode_slots - 1);
        }
        slots[slot] = (uint32_t)i + 1;
    }
    codes->code_slots = slots;
}

static inline void world_codes(world *w, zh_codes *codes, const char *id, const code_row *rows,
                               size_t n, bool ordered)
{
    zh_code *list = ZH_NEW_N(w->arena, zh_code, n);
    codes->id = zh_str_of(id);
    codes->codes = list;
    codes->n = n;
    codes->codes_are_ordered = ordered;
    for (size_t i = 0; i < n; i++) { /* rows are sorted by code */
        zh_code *c = &list[i];
        c->code = zh_str_of(rows[i].code);
        c->label.zh = zh_str_of(rows[i].label);
        c->level = 1;
        c->position = rows[i].position;
        c->from = INT32_MIN;
        c->to = ZH_OPEN_END;
    }
    world_code_slots(w, codes);
    for (size_t i = 0; i < n; i++) {
        zh_str parent = zh_str_of(rows[i].parent);
        list[i].parent = parent.n ? zh_codes_newest(codes, parent) : NULL;
    }
    for (size_t i = 0; i < n; i++) {
        for (const zh_code *p = list[i].parent; p; p = p->parent) {
            list[i].level++;
        }
    }
}

static inline void world_all_codes(world *w)
{
    static const code_row verdict[] = {
        {"fail", "不合格", NULL, 1}, {"na", "不判定", NULL, 2}, {"pass", "合格", NULL, 0}};
    static const code_row basis[] = {{"random", "随机", NULL, 0}, {"targeted", "定向", NULL, 1}};
    static const code_row grade[] = {
        {"A", "优", NULL, 3}, {"B", "良", NULL, 2}, {"C", "中", NULL, 1}, {"D", "差", NULL, 0}};
    static const code_row region[] = {
        {"110000", "北京市", NULL, 0},     {"110100", "市辖区", "110000", 1},
        {"110101", "东城区", "110100", 2}, {"420000", "湖北省", NULL, 3},
        {"420100", "武汉市", "420000", 4}, {"420106", "武昌区", "420100", 5},
        {"420111", "洪山区", "420100", 6}, {"420500", "宜昌市", "420000", 7},
        {"420502", "西陵区", "420500", 8}};
    static const code_row industry[] = {{"C", "制造业", NULL, 0},
                                        {"C13", "农副食品加工", "C", 1},
                                        {"C14", "食品制造", "C", 2},
                                        {"D", "电热水", NULL, 3}};
    static const zh_str region_levels[] = {{"province", 8}, {"city", 4}, {"county", 6}};
    static const zh_str industry_levels[] = {{"section", 7}, {"division", 8}};
    world_codes(w, &w->verdict, "verdict", verdict, ZH_COUNTOF(verdict), false);
    world_codes(w, &w->basis, "basis", basis, ZH_COUNTOF(basis), false);
    world_codes(w, &w->grade, "grade", grade, ZH_COUNTOF(grade), true);
    world_codes(w, &w->region, "region", region, ZH_COUNTOF(region), false);
    world_codes(w, &w->industry, "industry", industry, ZH_COUNTOF(industry), false);
    w->region.level_names = region_levels;
    w->region.levels = 3;
    w->industry.level_names = industry_levels;
    w->industry.levels = 2;
    w->grade.levels = w->verdict.levels = w->basis.levels = 1;
}

/* ---- registers ------------------------------------------------------------------------------ */

static inline zh_str world_column(world *w, const char *id)
{
    zh_buf buf;
    zh_buf_init(&buf, 128);
    for (const char *p = id; *p; p++) {
        zh_buf_add(&buf, *p == '.' ? "__" : p, *p == '.' ? 2 : 1);
    }
    zh_str out = zh_str_dup(w->arena, zh_buf_view(&buf));
    zh_buf_free(&buf);
    return out;
}

static inline zh_field *world_field(world *w, int reg, const char *id, zh_type type)
{
    zh_register *r = &w->regs[reg];
    zh_field *f = &w->fields[reg][r->nfields];
    f->id = zh_str_of(id);
    f->column = world_column(w, id);
    f->type = type;
    f->owner = r;
    f->index = (uint16_t)r->nfields++;
    f->columns = w->columns[reg][f->index];
    r->fields = w->fields[reg];
    return f;
}

static inline zh_field *world_child(world *w, zh_field *table, const char *id, zh_type type)
{
    zh_field *f = &w->columns[table->owner->index][table->index][table->ncolumns];
    f->id = zh_str_of(id);
    f->column = f->id;
    f->type = type;
    f->owner = table->owner;
    f->table = table;
    f->index = (uint16_t)table->ncolumns++;
    return f;
}

static inline void world_ref(world *w, zh_field *f, int target)
{
    f->target = &w->regs[target];
    f->target_id = w->regs[target].id;
}

static inline void world_index(world *w, int reg, const char *id, const zh_field *a,
                               const zh_field *b, const zh_field *c)
{
    zh_register *r = &w->regs[reg];
    zh_index *list = ZH_NEW_N(w->arena, zh_index, r->nindexes + 1);
    const zh_field **fields = ZH_NEW_N(w->arena, const zh_field *, 3);
    if (r->nindexes) {
        memcpy(list, r->indexes, r->nindexes * sizeof *list);
    }
    fields[0] = a;
    fields[1] = b;
    fields[2] = c;
    list[r->nindexes].id = zh_str_of(id);
    list[r->nindexes].fields = fields;
    list[r->nindexes].nfields = c ? 3 : b ? 2 : 1;
    r->indexes = list;
    r->nindexes++;
}

static inline void world_enterprise(world *w)
{
    zh_field *uscc = world_field(w, ENTERPRISE, "uscc", ZH_TYPE_STRING);
    world_field(w, ENTERPRISE, "name", ZH_TYPE_STRING);
    world_field(w, ENTERPRISE, "industry", ZH_TYPE_CODE)->codes = &w->industry;
    world_field(w, ENTERPRISE, "region", ZH_TYPE_CODE)->codes = &w->region;
    world_ref(w, world_field(w, ENTERPRISE, "holder", ZH_TYPE_REF), ENTERPRISE);
    world_field(w, ENTERPRISE, "cert", ZH_TYPE_PERIOD);
    const zh_field **key = ZH_NEW(w->arena, const zh_field *);
    *key = uscc;
    w->regs[ENTERPRISE].business_key = key;
    w->regs[ENTERPRISE].nbusiness_key = 1;
}

static inline void world_report_tables(world *w)
{
    zh_field *items = world_field(w, REPORT, "items", ZH_TYPE_TABLE);
    world_child(w, items, "item", ZH_TYPE_STRING);
    world_child(w, items, "pct", ZH_TYPE_DECIMAL)->digits = 2;
    world_child(w, items, "verdict", ZH_TYPE_CODE)->codes = &w->verdict;
    world_child(w, items, "weight", ZH_TYPE_DECIMAL)->digits = 1;
    world_ref(w, world_child(w, items, "maker", ZH_TYPE_REF), ENTERPRISE);
    zh_field *samplers = world_field(w, REPORT, "samplers", ZH_TYPE_TABLE);
    world_child(w, samplers, "value", ZH_TYPE_STRING);
}

static inline void world_report(world *w)
{
    world_field(w, REPORT, "no", ZH_TYPE_STRING);
    zh_field *place = world_field(w, REPORT, "place", ZH_TYPE_CODE);
    place->codes = &w->region;
    place->as_of_field = ZH_STR("sampled_at");
    zh_field *producer = world_field(w, REPORT, "producer", ZH_TYPE_REF);
    world_ref(w, producer, ENTERPRISE);
    zh_field *event = world_field(w, REPORT, "sampled_at", ZH_TYPE_DATETIME);
    world_field(w, REPORT, "received", ZH_TYPE_DATE);
    world_field(w, REPORT, "basis_kind", ZH_TYPE_CODE)->codes = &w->basis;
    zh_field *class = world_field(w, REPORT, "product.class", ZH_TYPE_STRING);
    world_field(w, REPORT, "product.batch", ZH_TYPE_STRING);
    world_field(w, REPORT, "amount", ZH_TYPE_DECIMAL)->digits = 3;
    zh_field *pm = world_field(w, REPORT, "pm", ZH_TYPE_QUANTITY);
    pm->digits = 1;
    pm->unit = ZH_STR("ug/m3");
    world_field(w, REPORT, "lead", ZH_TYPE_QUANTITY)->digits = 4;
    world_field(w, REPORT, "cadmium", ZH_TYPE_QUANTITY)->digits = 4;
    world_field(w, REPORT, "urgent", ZH_TYPE_BOOL);
    world_field(w, REPORT, "note", ZH_TYPE_TEXT);
    world_field(w, REPORT, "cert", ZH_TYPE_PERIOD);
    world_field(w, REPORT, "scope", ZH_TYPE_RANGE);
    world_field(w, REPORT, "verdict", ZH_TYPE_CODE)->codes = &w->verdict;
    world_field(w, REPORT, "grade", ZH_TYPE_CODE)->codes = &w->grade;
    world_field(w, REPORT, "total", ZH_TYPE_DECIMAL)->digits = 0;
    zh_field *edition = world_field(w, REPORT, "edition", ZH_TYPE_STRING);
    world_report_tables(w);
    w->regs[REPORT].event_time = event;
    world_index(w, REPORT, "firm_product", producer, class, event);
    world_index(w, REPORT, "edition", edition, NULL, NULL);
}

static inline void world_others(world *w)
{
    zh_field *report = world_field(w, RECHECK, "report", ZH_TYPE_REF);
    world_ref(w, report, REPORT);
    world_field(w, RECHECK, "verdict", ZH_TYPE_CODE)->codes = &w->verdict;
    world_field(w, RECHECK, "score", ZH_TYPE_DECIMAL)->digits = 1;
    zh_field *lines = world_field(w, RECHECK, "lines", ZH_TYPE_TABLE);
    world_child(w, lines, "item", ZH_TYPE_STRING);
    world_child(w, lines, "pct", ZH_TYPE_DECIMAL)->digits = 0;
    w->regs[RECHECK].part_of = &w->regs[REPORT];
    w->regs[RECHECK].part_of_field = report;
    for (int reg = INSTRUMENT; reg <= STANDARD; reg++) {
        world_field(w, reg, "no", ZH_TYPE_STRING);
        world_ref(w, world_field(w, reg, "calibrated_by", ZH_TYPE_REF), STANDARD);
        world_field(w, reg, "cert", ZH_TYPE_PERIOD);
        world_field(w, reg, "u", ZH_TYPE_DECIMAL)->digits = 3;
        world_field(w, reg, "mpe", ZH_TYPE_DECIMAL)->digits = 3;
    }
    zh_field *org = world_field(w, PENALTY, "org", ZH_TYPE_REF);
    world_ref(w, org, ENTERPRISE);
    world_field(w, PENALTY, "severity", ZH_TYPE_STRING);
    world_field(w, PENALTY, "points", ZH_TYPE_DECIMAL)->digits = 1;
    zh_field *decided = world_field(w, PENALTY, "decided_on", ZH_TYPE_DATE);
    w->regs[PENALTY].event_time = decided;
    world_index(w, PENALTY, "by_org", org, decided, NULL);
}

static inline void world_workflow(world *w)
{
    static const struct {
        const char *id, *label;
        bool initial, terminal;
    } report[] = {{"reported", "已出报告", true, false},
                  {"served", "已送达", false, false},
                  {"consensus", "合议", false, false},
                  {"closed", "办结", false, true},
                  {"void", "作废", false, true}};
    zh_state *states = ZH_NEW_N(w->arena, zh_state, ZH_COUNTOF(report));
    for (size_t i = 0; i < ZH_COUNTOF(report); i++) {
        states[i].id = zh_str_of(report[i].id);
        states[i].label.zh = zh_str_of(report[i].label);
        states[i].initial = report[i].initial;
        states[i].terminal = report[i].terminal;
    }
    zh_state *recorded = ZH_NEW(w->arena, zh_state);
    recorded->id = ZH_STR("recorded");
    recorded->initial = true;
    for (int i = 0; i < WORLD_REGISTERS; i++) {
        w->regs[i].states = i == REPORT ? states : recorded;
        w->regs[i].nstates = i == REPORT ? ZH_COUNTOF(report) : 1;
    }
    zh_clock *clock = ZH_NEW(w->arena, zh_clock);
    clock->id = ZH_STR("objection");
    w->regs[REPORT].clocks = clock;
    w->regs[REPORT].nclocks = 1;
}

static inline void world_model(world *w)
{
    static const char *const ids[] = {"enterprise", "report",   "recheck",
                                      "instrument", "standard", "penalty"};
    zh_map_init(&w->model.register_by_id, w->arena);
    zh_map_init(&w->model.codes_by_id, w->arena);
    zh_map_init(&w->model.indicator_by_id, w->arena);
    for (int i = 0; i < WORLD_REGISTERS; i++) {
        w->regs[i].id = zh_str_of(ids[i]);
        w->regs[i].index = (uint16_t)i;
        w->regs[i].table = zh_str_fmt(w->arena, "r_%s", ids[i]);
        zh_map_put(&w->model.register_by_id, w->regs[i].id, &w->regs[i]);
    }
    struct zh_unit *units = ZH_NEW_N(w->arena, struct zh_unit, 4);
    units[0].code = ZH_STR("mg/kg");
    units[0].factor = (zh_decimal){1, 6};
    units[1].code = ZH_STR("g/kg");
    units[1].factor = (zh_decimal){1, 3};
    units[2].code = ZH_STR("%");
    units[2].factor = (zh_decimal){1, 2};
    units[3].code = ZH_STR("ug/m3");
    units[3].factor = (zh_decimal){1, 9};
    for (size_t i = 0; i < 4; i++) {
        units[i].dimension = i < 3 ? ZH_STR("mass_fraction") : ZH_STR("concentration");
    }
    w->model.units = units;
    w->model.nunits = 4;
    w->model.registers = w->regs;
    w->model.nregisters = WORLD_REGISTERS;
    zh_indicator *rate = ZH_NEW(w->arena, zh_indicator);
    rate->id = ZH_STR("rate");
    zh_map_put(&w->model.indicator_by_id, rate->id, rate);
}

/* ---- records -------------------------------------------------------------------------------- */

static inline zh_record *world_record(world *w, int reg, int64_t id)
{
    zh_record *r = &w->records[w->nrecords++];
    zh_assert(w->nrecords <= WORLD_RECORDS);
    r->reg = &w->regs[reg];
    r->office = 420000;
    r->id = id;
    r->version = 1;
    r->handler_office = 420106;
    r->actor = ZH_STR("li");
    r->values = ZH_NEW_N(w->arena, zh_value, r->reg->nfields);
    r->tables = ZH_NEW_N(w->arena, zh_rows, r->reg->nfields);
    return r;
}

static inline zh_value *world_value(zh_record *r, const char *id)
{
    for (size_t i = 0; i < r->reg->nfields; i++) {
        if (zh_str_is(r->reg->fields[i].id, id)) {
            return &r->values[i];
        }
    }
    zh_panic(__FILE__, __LINE__, id);
}

static inline zh_value world_decimal(const char *text)
{
    zh_value v = {.kind = ZH_DECIMAL, .text = zh_str_of(text)};
    if (text[0] == '<' || text[0] == '>') {
        v.mark = text[0] == '<' ? ZH_MARK_BELOW : ZH_MARK_ABOVE;
        v.text = zh_str_sub(v.text, 1, v.text.n);
    }
    zh_rc rc = zh_decimal_parse(v.text, false, &v.decimal);
    zh_assert(rc == ZH_OK);
    return v;
}

static inline zh_value world_text(const char *text)
{
    return zh_value_text(zh_str_of(text));
}

static inline zh_value world_date(int year, int month, int day)
{
    return zh_value_date(zh_date_of(year, month, day));
}

static inline zh_value world_moment(const char *text)
{
    zh_time t = 0;
    zh_rc rc = zh_time_parse(zh_str_of(text), &t);
    zh_assert(rc == ZH_OK);
    return zh_value_time(t);
}

static inline zh_value world_period(zh_value from, zh_value to)
{
    int32_t last = to.kind == ZH_DATE ? (int32_t)to.i : ZH_OPEN_END;
    return (zh_value){.kind = ZH_PERIOD, .i = from.i, .to = last};
}

static inline zh_value world_to(const zh_record *r)
{
    return (zh_value){.kind = ZH_REF, .office = r->office, .i = r->id};
}

static inline zh_value *world_rows(world *w, zh_record *r, const char *table, size_t n)
{
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_field *f = &r->reg->fields[i];
        if (zh_str_is(f->id, table)) {
            r->tables[i].table = f;
            r->tables[i].n = n;
            r->tables[i].ids = ZH_NEW_N(w->arena, int64_t, n);
            r->tables[i].values = ZH_NEW_N(w->arena, zh_value, n * f->ncolumns);
            return r->tables[i].values;
        }
    }
    zh_panic(__FILE__, __LINE__, table);
}

static inline void world_enterprises(world *w)
{
    zh_record *group = world_record(w, ENTERPRISE, 8);
    *world_value(group, "uscc") = world_text("91420000GROUP");
    *world_value(group, "name") = world_text("湖北集团");
    *world_value(group, "industry") = world_text("D");
    zh_record *now = world_record(w, ENTERPRISE, 7);
    *world_value(now, "uscc") = world_text("91420100FIRM");
    *world_value(now, "name") = world_text("江城食品");
    *world_value(now, "industry") = world_text("C14");
    *world_value(now, "region") = world_text("420106");
    *world_value(now, "holder") = world_to(group);
    *world_value(now, "cert") = world_period(world_date(2026, 1, 1), world_date(2026, 12, 31));
    zh_record *before = world_record(w, ENTERPRISE, 7); /* until 2026-02-01 */
    memcpy(before->values, now->values, now->reg->nfields * sizeof *now->values);
    *world_value(before, "industry") = world_text("C13");
}

static inline void world_items(world *w)
{
    zh_value *v = world_rows(w, w->report, "items", 4);
    static const struct {
        const char *item, *pct, *verdict, *weight;
    } rows[] = {{"铅", "12.50", "pass", "1.0"},
                {"铅", "40.25", "fail", "1.0"},
                {"镉", "5.00", "pass", "2.0"},
                {"镉", NULL, "na", "0.5"}};
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++, v += 5) {
        v[0] = world_text(rows[i].item);
        v[1] = rows[i].pct ? world_decimal(rows[i].pct) : ZH_VALUE_NULL;
        v[2] = world_text(rows[i].verdict);
        v[3] = world_decimal(rows[i].weight);
        v[4] = world_to(&w->records[1]);
    }
    v = world_rows(w, w->report, "samplers", 2);
    v[0] = world_text("zhang");
    v[1] = world_text("wang");
}

static inline void world_main_report(world *w)
{
    zh_record *r = w->report = world_record(w, REPORT, 100);
    *world_value(r, "no") = world_text("W-2026-001");
    *world_value(r, "place") = world_text("420106");
    *world_value(r, "producer") = world_to(&w->records[1]);
    *world_value(r, "sampled_at") = world_moment("2026-03-05T09:30:00");
    *world_value(r, "received") = world_date(2026, 3, 6);
    *world_value(r, "basis_kind") = world_text("random");
    *world_value(r, "product.class") = world_text("乳制品");
    *world_value(r, "product.batch") = world_text("B20260115");
    *world_value(r, "amount") = world_decimal("12.5");
    *world_value(r, "pm") = world_decimal("35.5");
    world_value(r, "pm")->unit = ZH_STR("ug/m3");
    *world_value(r, "lead") = world_decimal("<0.05");
    world_value(r, "lead")->unit = ZH_STR("mg/kg");
    *world_value(r, "cadmium") = world_decimal("0.120");
    world_value(r, "cadmium")->unit = ZH_STR("mg/kg");
    *world_value(r, "urgent") = zh_value_bool(true);
    *world_value(r, "cert") = world_period(world_date(2026, 1, 1), ZH_VALUE_NULL);
    *world_value(r, "scope") = world_text("B20260101..B20260131; B20260301");
    *world_value(r, "grade") = world_text("B");
    *world_value(r, "total") = world_decimal("880");
    *world_value(r, "edition") = world_text("10");
    r->state = 1;
    r->created_at = world_moment("2026-03-06T10:00:00").i;
    r->recorded_at = world_moment("2026-03-07T11:00:00").i;
    world_items(w);
}

static inline void world_more_reports(world *w)
{
    static const struct {
        int64_t id;
        const char *at, *basis, *verdict, *total;
    } others[] = {{90, "2025-06-01T00:00:00", "random", "pass", "900"},
                  {91, "2025-12-01T00:00:00", "random", "fail", "870"},
                  {92, "2026-02-01T00:00:00", "targeted", "fail", "910"}};
    for (size_t i = 0; i < ZH_COUNTOF(others); i++) {
        zh_record *other = world_record(w, REPORT, others[i].id);
        *world_value(other, "producer") = world_to(&w->records[1]);
        *world_value(other, "product.class") = world_text("乳制品");
        *world_value(other, "sampled_at") = world_moment(others[i].at);
        *world_value(other, "basis_kind") = world_text(others[i].basis);
        *world_value(other, "verdict") = world_text(others[i].verdict);
        *world_value(other, "total") = world_decimal(others[i].total);
        *world_value(other, "edition") = world_text("10");
    }
}

static inline void world_rechecks(world *w)
{
    static const struct {
        int64_t id;
        const char *verdict, *score, *pct[2];
    } rows[] = {{200, "fail", "60.0", {"70", "80"}}, {201, "pass", "85.5", {"95", "82"}}};
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++) {
        zh_record *r = world_record(w, RECHECK, rows[i].id);
        *world_value(r, "report") = world_to(w->report);
        *world_value(r, "verdict") = world_text(rows[i].verdict);
        *world_value(r, "score") = world_decimal(rows[i].score);
        r->created_at = world_moment("2026-04-01T00:00:00").i + (zh_time)i;
        zh_value *v = world_rows(w, r, "lines", 2);
        v[0] = world_text("领导");
        v[1] = world_decimal(rows[i].pct[0]);
        v[2] = world_text("战略");
        v[3] = world_decimal(rows[i].pct[1]);
    }
}

static inline void world_chain(world *w)
{
    static const char *const u[] = {"0.300", "0.030", "0.003"};
    zh_record *top = world_record(w, STANDARD, 302);
    zh_record *middle = world_record(w, STANDARD, 301);
    zh_record *tool = world_record(w, INSTRUMENT, 300);
    zh_record *list[] = {tool, middle, top};
    *world_value(tool, "calibrated_by") = world_to(middle);
    *world_value(middle, "calibrated_by") = world_to(top);
    for (size_t i = 0; i < ZH_COUNTOF(list); i++) {
        *world_value(list[i], "u") = world_decimal(u[i]);
        *world_value(list[i], "mpe") = world_decimal("0.100");
        *world_value(list[i], "cert") =
            world_period(world_date(2026, 1, 1), world_date(2026, 12, 31 - (int)i));
    }
}

static inline void world_penalties(world *w)
{
    static const struct {
        int64_t id;
        int month;
        const char *severity, *points;
    } rows[] = {{400, 1, "严重", "6.0"}, {401, 7, "一般", "2.0"}};
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++) {
        zh_record *r = world_record(w, PENALTY, rows[i].id);
        *world_value(r, "org") = world_to(&w->records[1]);
        *world_value(r, "severity") = world_text(rows[i].severity);
        *world_value(r, "points") = world_decimal(rows[i].points);
        *world_value(r, "decided_on") = world_date(2025, rows[i].month, 15);
    }
}

static inline world *world_new(void)
{
    zh_arena *arena = zh_arena_new((size_t)512 << 20);
    world *w = ZH_NEW(arena, world);
    w->arena = arena;
    world_model(w);
    world_all_codes(w);
    world_enterprise(w);
    world_report(w);
    world_others(w);
    world_workflow(w);
    world_enterprises(w);
    world_main_report(w);
    world_more_reports(w);
    world_rechecks(w);
    world_chain(w);
    world_penalties(w);
    zh_str days =
        ZH_STR("cover 2026-01-01 2026-12-31\n2026-05-01 off 劳动节\n2026-05-09 work 调休\n");
    zh_rc rc = zh_calendar_parse(arena, days, &w->calendar, NULL);
    zh_assert(rc == ZH_OK);
    w->model.calendar = w->calendar;
    return w;
}

static inline void world_free(world *w)
{
    zh_arena_free(w->arena);
}

/* ---- environment ---------------------------------------------------------------------------- */

static inline zh_rc world_follow(zh_env *env, const zh_register *reg, int64_t office, int64_t id,
                                 zh_time as_at, const zh_record **out, zh_err *err)
{
    (void)err;
    const world *w = env->user;
    const zh_record *found = NULL;
    bool old = as_at && as_at < zh_date_start(zh_date_of(2026, 2, 1));
    for (size_t i = 0; i < w->nrecords; i++) { /* the older version of a record stands later */
        const zh_record *r = &w->records[i];
        if (r->reg == reg && r->office == office && r->id == id && (found == NULL || old)) {
            found = r;
        }
    }
    *out = found;
    return ZH_OK;
}

static inline zh_rc world_query(zh_env *env, const zh_expr *node, const zh_record *const **out,
                                size_t *n, zh_err *err)
{
    (void)err;
    const world *w = env->user;
    const zh_record **list = ZH_NEW_N(env->arena, const zh_record *, w->nrecords);
    bool child = node->op == ZH_X_CHILDREN || node->op == ZH_X_GROUP;
    *n = 0;
    for (size_t i = 0; i < w->nrecords; i++) {
        const zh_record *r = &w->records[i];
        const zh_field *up = r->reg->part_of_field;
        bool mine = !child || (up && r->values[up->index].i == env->record->id);
        if (r->reg == node->reg && mine) {
            list[(*n)++] = r;
        }
    }
    *out = list;
    return ZH_OK;
}

static inline zh_rc world_clock(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    (void)env;
    (void)err;
    *out = node->attr == ZH_CLOCK_DUE ? world_moment("2026-03-20T00:00:00")
                                      : zh_value_bool(node->attr == ZH_CLOCK_OPEN);
    return ZH_OK;
}

static inline zh_rc world_entered(zh_env *env, zh_str state, zh_value *out, zh_err *err)
{
    (void)env;
    (void)err;
    bool served = zh_str_is(state, "served");
    *out = served ? world_moment("2026-03-07T11:00:00") : ZH_VALUE_NULL;
    return ZH_OK;
}

static inline zh_rc world_prev(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    (void)env;
    (void)err;
    bool year = node->within_unit == ZH_YEAR;
    *out = world_decimal(node->within == 0 ? "0.06" : year ? "0.05" : "0.04");
    return ZH_OK;
}

static inline zh_env world_env(world *w, const zh_record *record)
{
    return (zh_env){.user = w,
                    .arena = w->arena,
                    .record = record,
                    .calendar = w->calendar,
                    .follow = world_follow,
                    .records = world_query,
                    .clock = world_clock,
                    .entered = world_entered,
                    .prev = world_prev};
}

#endif
