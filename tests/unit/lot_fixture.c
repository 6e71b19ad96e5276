/* A register with every kind of measure, and random histories over it. */
#include "lot_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char REGION_CSV[] = "code,name,en,parent,from,to,aliases,successors\n"
                                 "420000,湖北省,,,,,,\n"
                                 "420100,武汉市,,420000,,,,\n"
                                 "420500,宜昌市,,420000,,,,\n"
                                 "430000,湖南省,,,,,,\n"
                                 "430100,长沙市,,430000,,,,\n";

static const char CLASS_CSV[] = "code,name,parent\n"
                                "F,食品,\n"
                                "F1,茶叶,F\n"
                                "F2,糕点,F\n"
                                "T,玩具,\n"
                                "T1,童车,T\n";

static const char MODEL[] =
    "systems: [S22]\n"
    "codes:\n"
    "  - {id: region, label: 行政区划, levels: [province, city], file: region.csv}\n"
    "  - {id: goods, label: 产品, levels: [group, leaf], file: class.csv}\n"
    "  - id: target_unit\n"
    "    label: 目标单位\n"
    "    values: {\"%\": 百分数, count: 个数, level: 水平, status: 状态, trend: 变化, score: 分}\n"
    "  - id: target_comparator\n"
    "    label: 比较方式\n"
    "    values: {\">=\": 不低于, \"<=\": 不高于, \"=\": 等于, \"cumulative>=\": 累计,\n"
    "             \"per-year>=\": 每年}\n"
    "registers:\n"
    "  - id: lot\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 批次\n"
    "    owner: 监督处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    home: place\n"
    "    event_time: on_day\n"
    "    basis_kind: kind\n"
    "    weight: inv\n"
    "    count_when: \"state != 'void'\"\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region, required: true}\n"
    "      - {id: class, label: 类别, type: code, system: goods}\n"
    "      - {id: kind, label: 抽样性质, type: code,\n"
    "         codes: {random: 随机, targeted: 定向}}\n"
    "      - {id: on_day, label: 日期, type: date}\n"
    "      - {id: amount, label: 金额, type: decimal, digits: 6}\n"
    "      - {id: size, label: 大小, type: decimal, digits: 2}\n"
    "      - {id: inv, label: 权数, type: decimal, digits: 3}\n"
    "      - {id: maker, label: 生产者, type: string}\n"
    "      - {id: flag, label: 标记, type: bool}\n"
    "      - {id: person, label: 抽样人, type: string, pipl: personal}\n"
    "      - {id: valid, label: 有效期, type: period}\n"
    "      - id: items\n"
    "        label: 检验项目\n"
    "        type: table\n"
    "        fields:\n"
    "          - {id: item, label: 项目, type: string, required: true}\n"
    "          - {id: value, label: 实测值, type: decimal, digits: 2}\n"
    "          - {id: verdict, label: 单项结论, type: code, codes: {pass: 合格, fail: 不合格}}\n"
    "      - {id: verdict, label: 结论, type: code, codes: {pass: 合格, fail: 不合格},\n"
    "         computed: \"any(items.verdict = 'fail') ? 'fail' : 'pass'\"}\n"
    "    states:\n"
    "      - {id: open, label: 有效, initial: true}\n"
    "      - {id: void, label: 作废}\n"
    "    transitions:\n"
    "      - {id: cancel, label: 作废, from: open, to: void}\n"
    "      - {id: restore, label: 恢复, from: void, to: open}\n"
    "    measures:\n"
    "      batches: {kind: count}\n"
    "      passed: {kind: count, where: \"verdict = 'pass'\"}\n"
    "      failed: {kind: count, where: \"verdict = 'fail'\"}\n"
    "      total: {kind: sum, of: amount}\n"
    "      size_sum: {kind: sum, of: size}\n"
    "      size_sq: {kind: sumsq, of: size}\n"
    "      rows: {kind: count, rows: items}\n"
    "      row_fail: {kind: count, rows: items, where: \"verdict = 'fail'\"}\n"
    "      row_value: {kind: sum, rows: items, of: value}\n"
    "      makers: {kind: distinct, of: maker}\n"
    "      bad_makers: {kind: any_of, key: maker, where: \"verdict = 'fail'\"}\n"
    "      sizes: {kind: quantile, of: size}\n"
    "      in_force: {kind: stock, of: valid}\n"
    "    cubes:\n"
    "      - id: by_place\n"
    "        dims: [place@city, month, kind, class@group]\n"
    "        measures: [batches, passed, failed, total, size_sum, size_sq, rows, row_fail,\n"
    "                   row_value, makers]\n"
    "        dense: true\n"
    "      - id: by_class\n"
    "        dims: [class, quarter, place@province]\n"
    "        measures: [batches, failed, passed, total, sizes, makers, bad_makers]\n"
    "        dense: true\n"
    "      - id: by_flag\n"
    "        dims: [flag, day]\n"
    "        measures: [batches, total]\n"
    "        dense: true\n"
    "      - id: by_month\n"
    "        dims: [place@province, month]\n"
    "        measures: [in_force, batches, sizes]\n"
    "        dense: true\n"
    "    indexes: [{id: maker, fields: [maker]}]\n"
    "    views: {default: {columns: [no, place, amount], sort: -on_day}}\n"
    "  - id: lot_weight\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 类别权数\n"
    "    owner: 综合处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: class, label: 类别, type: code, system: goods}\n"
    "      - {id: share, label: 权数, type: decimal, digits: 4}\n"
    "      - {id: valid, label: 有效期, type: period}\n"
    "    views: {default: {columns: [no, class, share]}}\n";

zh_model *lot_model(const char *extra, const char *outline)
{
    zh_pack_file files[] = {
        {ZH_STR("class.csv"), zh_str_of(CLASS_CSV)},
        {ZH_STR("lot.yaml"), zh_str_of(MODEL)},
        {ZH_STR("region.csv"), zh_str_of(REGION_CSV)},
        {ZH_STR("extra.yaml"), zh_str_of(extra != NULL ? extra : "systems: [S22]\n")},
        {ZH_STR("outline.json"), zh_str_of(outline != NULL ? outline : "{}")},
    };
    zh_model *model = NULL;
    zh_err err = {0};
    zh_buf report;
    zh_buf_init(&report, 1 << 20);
    if (zh_model_compile(files, ZH_COUNTOF(files), &model, &report, &err) != ZH_OK) {
        print_error("model: %s %s %s\n%.*s\n", err.rule, err.message, err.where, (int)report.n,
                    report.p != NULL ? report.p : "");
        fail();
    }
    zh_buf_free(&report);
    return model;
}

static uint64_t chosen_seed(void)
{
    const char *text = getenv("ZH_TEST_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
}

lots *lots_open(const char *extra, const char *outline, uint64_t seed)
{
    lots *l = calloc(1, sizeof *l);
    assert_non_null(l);
    zh_model *model = lot_model(extra, outline);
    fx_open_model(&l->f, model);
    zh_model_release(model);
    l->seed = seed != 0 ? seed : chosen_seed();
    printf("seed %llu (ZH_TEST_SEED)\n", (unsigned long long)l->seed);
    return l;
}

void lots_close(lots *l)
{
    fx_close(&l->f);
    free(l);
}

uint64_t lots_random(lots *l, uint64_t below)
{
    uint64_t x = l->seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % below;
}

int64_t lots_sequence(lots *l)
{
    int64_t size = 0;
    lots_ok(l, zh_sequence(l->f.core, &size, &l->f.err));
    return size;
}

zh_conn *lots_read(lots *l)
{
    zh_conn *conn = NULL;
    lots_ok(l, zh_store_reader(zh_core_store(l->f.core), &conn, &l->f.err));
    lots_ok(l, zh_read_begin(conn, &l->f.err));
    return conn;
}

void lots_done(zh_conn *conn)
{
    zh_read_end(conn);
    zh_store_release(conn);
}

/* ---- random records -------------------------------------------------------------------------- */

static const char *one_of(lots *l, const char *const *list, size_t n)
{
    return list[lots_random(l, n)];
}

typedef struct texts {
    char no[32], on[32], amount[48], size[32], valid[64], items[512];
} texts;

static void random_amount(lots *l, lot *r, char *out, size_t n)
{
    uint64_t how = lots_random(l, 10);
    r->has_amount = how > 1;
    if (!r->has_amount) {
        snprintf(out, n, "%s", how == 0 ? "" : "未测");
        return;
    }
    /* now and then close to 18 digits, of both signs: sums leave 64 bits */
    int64_t scaled = (int64_t)lots_random(l, how < 5 ? 999999999999999999u : 5000000);
    r->amount = lots_random(l, 3) == 0 ? -scaled : scaled;
    snprintf(out, n, "%s%lld.%06lld", r->amount < 0 ? "-" : "", (long long)(scaled / 1000000),
             (long long)(scaled % 1000000));
}

static void random_items(lots *l, lot *r, char *out, size_t n)
{
    r->items = (int)lots_random(l, 4);
    r->items_failed = 0;
    r->items_value = 0;
    out[0] = '\0';
    for (int i = 0; i < r->items; i++) {
        bool failed = lots_random(l, 5) == 0;
        uint64_t cents = lots_random(l, 100000);
        bool known = lots_random(l, 6) != 0;
        size_t used = strlen(out);
        r->items_failed += failed;
        r->items_value += known ? (int64_t)cents : 0;
        if (known) {
            snprintf(out + used, n - used, "%s项%d,%llu.%02llu,%s", i ? ";" : "", i,
                     (unsigned long long)(cents / 100), (unsigned long long)(cents % 100),
                     failed ? "fail" : "pass");
        } else {
            snprintf(out + used, n - used, "%s项%d,未检出,%s", i ? ";" : "", i,
                     failed ? "fail" : "pass");
        }
    }
    r->fails = r->items_failed > 0;
}

static void random_dates(lots *l, lot *r, texts *t)
{
    zh_date first = zh_date_of(2024, 11, 1);
    char text[16];
    t->on[0] = t->valid[0] = '\0';
    r->on = INT32_MIN;
    if (lots_random(l, 12) != 0) {
        r->on = first + (zh_date)lots_random(l, 700);
        zh_date_format(r->on, text);
        snprintf(t->on, sizeof t->on, "%s", text);
    }
    r->has_valid = lots_random(l, 3) != 0;
    if (r->has_valid) {
        char to[16] = "..";
        r->valid_from = first + (zh_date)lots_random(l, 500);
        bool open = lots_random(l, 4) == 0;
        r->valid_to = open ? ZH_OPEN_END : r->valid_from + (zh_date)lots_random(l, 300);
        zh_date_format(r->valid_from, text);
        if (!open) {
            zh_date_format(r->valid_to, to);
        }
        snprintf(t->valid, sizeof t->valid, "%s/%s", text, to);
    }
}

static void random_lot(lots *l, lot *r, texts *t)
{
    static const char *const places[] = {"420100", "420500", "420000", "430100", "430000"};
    static const char *const classes[] = {"F1", "F2", "F", "T1", NULL};
    static const char *const kinds[] = {"random", "targeted", NULL};
    static const char *const makers[] = {"甲厂", "乙厂", "丙 厂", "丁\"厂'", "戊", NULL};
    r->place = one_of(l, places, ZH_COUNTOF(places));
    r->class_ = one_of(l, classes, ZH_COUNTOF(classes));
    r->kind = one_of(l, kinds, ZH_COUNTOF(kinds));
    r->maker = one_of(l, makers, ZH_COUNTOF(makers));
    r->flag = lots_random(l, 2) == 0;
    r->size = lots_random(l, 5) == 0 ? 0 : (int64_t)lots_random(l, 1000000) + 1;
    t->size[0] = '\0';
    if (r->size) {
        snprintf(t->size, sizeof t->size, "%lld.%02lld", (long long)(r->size / 100),
                 (long long)(r->size % 100));
    }
    random_amount(l, r, t->amount, sizeof t->amount);
    random_items(l, r, t->items, sizeof t->items);
    random_dates(l, r, t);
}

static const char *or_empty(const char *s)
{
    return s != NULL ? s : "";
}

static void create(lots *l)
{
    lot r = {.on = INT32_MIN};
    texts t;
    random_lot(l, &r, &t);
    snprintf(t.no, sizeof t.no, "L-%d", ++l->serial);
    lots_ok(l,
            fx_create(&l->f, "lot", &r.at, "no", t.no, "place", r.place, "class",
                      or_empty(r.class_), "kind", or_empty(r.kind), "maker", or_empty(r.maker),
                      "on_day", t.on, "amount", t.amount, "size", t.size, "valid", t.valid, "items",
                      t.items, "flag", r.flag ? "true" : "false", "person", "张三", NULL));
    l->all[l->n++] = r;
}

static void amend(lots *l, lot *r)
{
    lot changed = *r;
    texts t;
    random_lot(l, &changed, &t);
    changed.place = r->place; /* the home office stays */
    lots_ok(l, fx_amend(&l->f, "lot", &r->at, &changed.at, "class", or_empty(changed.class_),
                        "kind", or_empty(changed.kind), "maker", or_empty(changed.maker), "on_day",
                        t.on, "amount", t.amount, "size", t.size, "valid", t.valid, "items",
                        t.items, "flag", changed.flag ? "true" : "false", NULL));
    *r = changed;
}

void lots_step(lots *l)
{
    uint64_t how = lots_random(l, 10);
    zh_arena_mark mark = zh_arena_here(l->f.arena);
    if (l->n == 0 || (how < 5 && l->n < LOT_MAX)) {
        create(l);
    } else {
        lot *r = &l->all[lots_random(l, l->n)];
        if (how < 8) {
            amend(l, r);
        } else if (how == 8) {
            lots_ok(l, fx_move(&l->f, "lot", &r->at, r->is_void ? "restore" : "cancel", 0, &r->at,
                               NULL));
            r->is_void = !r->is_void;
        } else {
            lots_ok(l, fx_erase(&l->f, "lot", &r->at, &r->at, NULL));
        }
    }
    zh_arena_rewind(l->f.arena, mark);
}

/* The text of a named field among pairs. */
void lots_create(lots *l, lot *out, ...)
{
    const zh_register *reg = fx_reg(&l->f, "lot");
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg};
    zh_applied at = {0};
    char no[32];
    va_list pairs;
    va_start(pairs, out);
    zh_change *changes = fx_changes(&l->f, reg, &op.nchanges, pairs);
    va_end(pairs);
    snprintf(no, sizeof no, "L-%d", ++l->serial);
    changes[op.nchanges++] =
        (zh_change){.field = zh_register_field(reg, ZH_STR("no")),
                    .value = zh_value_text(zh_str_dup(l->f.arena, zh_str_of(no)))};
    op.changes = changes;
    zh_err_clear(&l->f.err);
    l->f.findings = (zh_findings){0};
    lots_ok(l, zh_record_apply(&l->f.ctx, &op, &l->f.findings, &at));
    if (out != NULL) {
        *out = (lot){.at = at};
    }
}
