/* A throw-away province for tests of the spine. */
#include "core_fixture.h"
#include "base/os.h"
#include "core/adoption/open.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char REGION_CSV[] = "code,name,en,parent,from,to,aliases,successors\n"
                                 "420000,湖北省,,,,,,\n"
                                 "420100,武汉市,,420000,,,,\n"
                                 "420500,宜昌市,,420000,,,,\n";

/* Days off of the first half of 2026 are enough for the clocks under test: 国办发明电 schedule of
 * 清明 4-4..4-6 and 劳动节 5-1..5-5 with 5-9 a working Saturday. */
static const char CALENDAR[] = "cover 2026-01-01 2026-12-31\n"
                               "2026-04-06 off 清明节\n"
                               "2026-05-01 off 劳动节\n"
                               "2026-05-04 off 劳动节\n"
                               "2026-05-05 off 劳动节\n"
                               "2026-05-09 work 劳动节调休\n";

static const char FIRM_REGISTER[] =
    "systems: [S22]\n"
    "calendar: cn.txt\n"
    "codes:\n"
    "  - {id: region, label: 行政区划, levels: [province, city], file: region.csv}\n"
    "  - {id: verdict, label: 结论, values: {pass: 合格, fail: 不合格}}\n"
    "  - {id: why, label: 理由, values: {late: 逾期, doubt: 存疑}}\n"
    "units:\n"
    "  - {code: mg/kg, dimension: mass_fraction, label: 毫克每千克, factor: \"0.000001\"}\n"
    "registers:\n"
    "  - id: firm\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 企业\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 代码, type: string, required: true}\n"
    "      - {id: name, label: 名称, type: string, required: true}\n";

static const char SAMPLE_REGISTER[] =
    "registers:\n"
    "  - id: sample\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 抽查结果\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [report_no], row: [report_no]}\n"
    "    number: {field: no, pattern: \"CY-{place}-{year}-{0000}\"}\n"
    "    home: place\n"
    "    related:\n"
    "      - {id: near, label: 同省同结论, same: [place@province, verdict]}\n"
    "      - {id: tested, label: 同项目, same: [items.item], where: \"place within '420000'\"}\n"
    "    event_time: sampled_at\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string}\n"
    "      - {id: report_no, label: 报告编号, type: string, max: 40, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region, level: city, required: true}\n"
    "      - {id: sampled_at, label: 抽样时间, type: datetime, required: true}\n"
    "      - {id: firm, label: 企业, type: ref, to: firm}\n"
    "      - {id: amount, label: 金额, type: decimal, digits: 2, round: half_even}\n"
    "      - {id: person, label: 抽样人, type: string, pipl: personal}\n"
    "      - {id: note, label: 备注, type: text}\n"
    "      - {id: photo, label: 照片, type: file, pipl: personal}\n"
    "      - {id: cert, label: 证书期, type: period}\n"
    "      - {id: served_on, label: 送达日, type: date}\n"
    "      - id: product\n"
    "        label: 产品\n"
    "        type: table\n"
    "        rows_max: 1\n"
    "        fields:\n"
    "          - {id: class, label: 类别, type: string}\n"
    "          - {id: limit, label: 限值, type: string}\n"
    "      - id: items\n"
    "        label: 检验项目\n"
    "        type: table\n"
    "        fields:\n"
    "          - {id: item, label: 项目, type: string, required: true}\n"
    "          - {id: value, label: 实测值, type: quantity, digits: 4}\n"
    "          - {id: verdict, label: 单项结论, type: code, system: verdict}\n"
    "          - {id: who, label: 检验员, type: string, pipl: personal}\n"
    "      - {id: verdict, label: 结论, type: code, system: verdict,\n"
    "         computed: \"any(items.verdict = 'fail') ? 'fail' : 'pass'\"}\n"
    "      - {id: late, label: 异议期满, type: bool, computed: \"clock.objection.expired\"}\n"
    "    rules:\n"
    "      - {id: not_future, test: \"sampled_at <= recorded_at\", level: reject,\n"
    "         message: 抽样时间不能晚于现在, clause: 第1条}\n"
    "      - {id: big, test: \"amount <= 1000\", level: justify, message: 金额异常}\n"
    "    states:\n"
    "      - {id: reported, label: 已出报告, initial: true}\n"
    "      - {id: served, label: 已送达}\n"
    "      - {id: objected, label: 异议处理}\n"
    "      - {id: confirmed, label: 结果确认}\n"
    "      - {id: closed, label: 办结, terminal: true, frozen: true, allow: [items]}\n"
    "      - {id: lapsed, label: 证书到期}\n"
    "    transitions:\n"
    "      - {id: serve, label: 送达, from: reported, to: served, roles: [handler],\n"
    "         need: [served_on]}\n"
    "      - {id: object, label: 异议, from: served, to: objected,\n"
    "         guard: \"clock.objection.open\"}\n"
    "      - {id: reject, label: 驳回, from: objected, to: served}\n"
    "      - {id: confirm, label: 确认, from: served, to: confirmed, kind: auto,\n"
    "         when: \"clock.objection.expired\"}\n"
    "      - {id: close, label: 办结, from: confirmed, to: closed, reasons: why,\n"
    "         two_person: true}\n"
    "      - {id: reopen, label: 重办, from: closed, to: confirmed, limit: 1}\n"
    "      - {id: lapse, label: 到期, from: [reported, served], to: lapsed}\n"
    "    clocks:\n"
    "      - {id: objection, label: 异议期, start: served_on, stop: [confirm],\n"
    "         suspend: [objected], versions: [{from: 2018-12-29, amount: 15, unit: day}]}\n"
    "    dues:\n"
    "      - {id: cert_end, field: cert, transition: lapse}\n"
    "    access:\n"
    "      - {role: handler, can: [read, create, transition]}\n"
    "      - {role: viewer, can: [read]}\n"
    "    measures:\n"
    "      n: {kind: count, label: 批次}\n"
    "      failed: {kind: count, where: \"verdict = 'fail'\"}\n"
    "      money: {kind: sum, of: amount}\n"
    "    cubes:\n"
    "      - {id: by_place, dims: [place, month], measures: [n, failed, money], dense: true}\n"
    "    views: {default: {columns: [report_no, place], sort: -sampled_at}}\n";

static const char *backend = "sqlite";
static unsigned opened;

void fx_use(const char *name)
{
    backend = name;
}

size_t fx_backends(const char *const **out)
{
    static const char *const all[] = {"sqlite", "postgres"};
    *out = all;
    const char *url = getenv("ZH_TEST_PG_URL");
    if (url == NULL || url[0] == 0) {
        printf("skipped on PostgreSQL: ZH_TEST_PG_URL is not set\n");
        return 1;
    }
    return 2;
}

zh_rc fx_compile_text(const char *yaml, zh_model **out, zh_err *err)
{
    zh_pack_file file = {ZH_STR("test.yaml"), zh_str_of(yaml)};
    return zh_model_compile(&file, 1, out, NULL, err);
}

zh_rc fx_compile(const char *extra, zh_model **out, zh_err *err)
{
    zh_pack_file files[] = {
        {ZH_STR("cn.txt"), zh_str_of(CALENDAR)},
        {ZH_STR("region.csv"), zh_str_of(REGION_CSV)},
        {ZH_STR("firm.yaml"), zh_str_of(FIRM_REGISTER)},
        {ZH_STR("sample.yaml"), zh_str_of(SAMPLE_REGISTER)},
        {ZH_STR("extra.yaml"), zh_str_of(extra != NULL ? extra : "")},
    };
    return zh_model_compile(files, extra != NULL ? 5 : 4, out, NULL, err);
}

static void open_core(fixture *f, zh_model *model)
{
    zh_core_options options = {
        .data_dir = f->folder,
        .db_url = f->url[0] ? f->url : NULL,
        .model = model,
        .office = 420000,
        .relaxed_sync = true,
    };
    zh_err_clear(&f->err);
    zh_rc rc = zh_core_open(&options, &f->core, &f->err);
    if (rc != ZH_OK) {
        print_error("open: %s %s %s\n", f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
    f->ctx = zh_ctx_local(f->core, f->arena, &f->err);
}

void fx_open_model(fixture *f, zh_model *model)
{
    memset(f, 0, sizeof *f);
    f->arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    scratch_folder(f->folder);
    if (strcmp(backend, "postgres") == 0) {
        const char *url = getenv("ZH_TEST_PG_URL");
        snprintf(f->url, sizeof f->url, "%s%cschema=zt_%d_%u", url, strchr(url, '?') ? '&' : '?',
                 (int)getpid(), ++opened);
    }
    open_core(f, model);
}

void fx_open(fixture *f, const char *extra)
{
    zh_model *model = NULL;
    zh_err err = {0};
    if (fx_compile(extra, &model, &err) != ZH_OK) {
        print_error("model: %s %s %s\n", err.rule, err.message, err.where);
        fail();
    }
    fx_open_model(f, model);
    zh_model_release(model);
}

void fx_reopen(fixture *f, zh_model *model)
{
    zh_ctx_end(&f->ctx);
    zh_core_close(f->core);
    open_core(f, model);
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        char child[512];
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            snprintf(child, sizeof child, "%s/%s", path, e->d_name) < (int)sizeof child) {
            remove_tree(child);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    (void)remove(path);
}

static void drop_schema(fixture *f)
{
    zh_conn *conn = NULL;
    const char *schema = strstr(f->url, "schema=") + 7;
    char sql[128];
    snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", schema);
    if (zh_store_writer(zh_core_store(f->core), &conn, &f->err) == ZH_OK) {
        zh_rc rc = zh_exec(conn, sql, &f->err);
        assert_int_equal(rc, ZH_OK);
        zh_store_release(conn);
    }
}

void fx_close(fixture *f)
{
    zh_ctx_end(&f->ctx);
    if (f->url[0]) {
        drop_schema(f);
    }
    zh_core_close(f->core);
    zh_arena_free(f->arena);
    remove_tree(f->folder);
}

void fx_begin_thread(const fixture *f, fixture *mine)
{
    memset(mine, 0, sizeof *mine);
    mine->core = f->core;
    mine->arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    mine->ctx = zh_ctx_local(f->core, mine->arena, &mine->err);
}

void fx_end_thread(fixture *mine)
{
    zh_ctx_end(&mine->ctx);
    zh_arena_free(mine->arena);
}

const zh_register *fx_reg(const fixture *f, const char *id)
{
    const zh_register *reg = zh_model_register(f->ctx.model, zh_str_of(id));
    assert_non_null(reg);
    return reg;
}

/* ---- writes ---------------------------------------------------------------------------------- */

static zh_value parsed(fixture *f, const zh_field *field, zh_str text)
{
    zh_value value;
    zh_rc rc =
        zh_field_parse(f->ctx.model, field, f->arena, text, INT32_MIN, &value, NULL, &f->err);
    if (rc != ZH_OK) {
        print_error("%.*s = %.*s: %s\n", ZH_FMT(field->id), ZH_FMT(text), f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
    return value;
}

/* "lead,0.05 mg/kg,fail,name;…"; a leading "3:" gives the row id. */
static zh_rows *parsed_rows(fixture *f, const zh_field *table, zh_str text)
{
    zh_rows *rows = ZH_NEW(f->arena, zh_rows);
    rows->table = table;
    rows->ids = ZH_NEW_N(f->arena, int64_t, text.n + 1);
    rows->values = ZH_NEW_N(f->arena, zh_value, (text.n + 1) * table->ncolumns);
    zh_str line;
    while (text.n > 0 && zh_str_split(&text, ';', &line)) {
        ptrdiff_t colon = zh_str_chr(line, ':');
        if (colon > 0) {
            assert_int_equal(zh_str_i64(zh_str_sub(line, 0, (size_t)colon), &rows->ids[rows->n]),
                             ZH_OK);
            line = zh_str_sub(line, (size_t)colon + 1, line.n);
        }
        zh_str cell;
        for (size_t c = 0; c < table->ncolumns && zh_str_split(&line, ',', &cell); c++) {
            rows->values[rows->n * table->ncolumns + c] = parsed(f, &table->columns[c], cell);
        }
        rows->n++;
    }
    return rows;
}

zh_change *fx_changes(fixture *f, const zh_register *reg, size_t *n, va_list pairs)
{
    zh_change *changes = ZH_NEW_N(f->arena, zh_change, 64);
    *n = 0;
    for (const char *id = va_arg(pairs, const char *); id != NULL;
         id = va_arg(pairs, const char *)) {
        const char *text = va_arg(pairs, const char *);
        const zh_field *field = zh_register_field(reg, zh_str_of(id));
        if (field == NULL) {
            print_error("no field %s\n", id);
        }
        assert_non_null(field);
        zh_change *change = &changes[(*n)++];
        change->field = field;
        if (field->type == ZH_TYPE_TABLE) {
            change->rows = parsed_rows(f, field, zh_str_of(text));
        } else {
            change->value = parsed(f, field, zh_str_of(text));
        }
    }
    return changes;
}

static zh_rc apply(fixture *f, zh_op *op, zh_applied *out)
{
    zh_err_clear(&f->err);
    f->findings = (zh_findings){0};
    return zh_record_apply(&f->ctx, op, &f->findings, out);
}

zh_rc fx_create(fixture *f, const char *reg, zh_applied *out, ...)
{
    zh_op op = {.kind = ZH_OP_CREATE, .reg = fx_reg(f, reg)};
    va_list pairs;
    va_start(pairs, out);
    op.changes = fx_changes(f, op.reg, &op.nchanges, pairs);
    va_end(pairs);
    return apply(f, &op, out);
}

zh_rc fx_amend(fixture *f, const char *reg, const zh_applied *at, zh_applied *out, ...)
{
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = fx_reg(f, reg),
                .office = at->office,
                .id = at->id,
                .version_expected = at->version,
                .reason = ZH_STR("核对后更正")};
    va_list pairs;
    va_start(pairs, out);
    op.changes = fx_changes(f, op.reg, &op.nchanges, pairs);
    va_end(pairs);
    return apply(f, &op, out);
}

zh_rc fx_move(fixture *f, const char *reg, const zh_applied *at, const char *transition,
              zh_time when, zh_applied *out, ...)
{
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = fx_reg(f, reg),
                .office = at->office,
                .id = at->id,
                .version_expected = at->version,
                .at = when};
    op.transition = zh_register_transition(op.reg, zh_str_of(transition));
    assert_non_null(op.transition);
    if (op.transition->reasons != NULL) {
        op.reason_code = ZH_STR("late");
    }
    if (op.transition->two_person) {
        op.second_actor = ZH_STR("reviewer");
    }
    va_list pairs;
    va_start(pairs, out);
    op.changes = fx_changes(f, op.reg, &op.nchanges, pairs);
    va_end(pairs);
    return apply(f, &op, out);
}

zh_rc fx_erase(fixture *f, const char *reg, const zh_applied *at, zh_applied *out, ...)
{
    zh_change changes[16] = {{0}};
    zh_op op = {.kind = ZH_OP_ERASE,
                .reg = fx_reg(f, reg),
                .office = at->office,
                .id = at->id,
                .reason = ZH_STR("本人申请"),
                .changes = changes};
    va_list ids;
    va_start(ids, out);
    for (const char *id = va_arg(ids, const char *); id != NULL; id = va_arg(ids, const char *)) {
        changes[op.nchanges].field = zh_register_field(op.reg, zh_str_of(id));
        assert_non_null(changes[op.nchanges++].field);
    }
    va_end(ids);
    return apply(f, &op, out);
}

/* ---- looks ----------------------------------------------------------------------------------- */

int64_t fx_count(fixture *f, const char *sql)
{
    zh_conn *conn = NULL;
    zh_err err = {0};
    int64_t n = -1;
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &err), ZH_OK);
    zh_rc rc = zh_query_i64(conn, sql, NULL, 0, &n, &err);
    zh_store_release(conn);
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        print_error("%s: %s\n", sql, err.message);
    }
    assert_true(rc == ZH_OK || rc == ZH_ENOTFOUND);
    return rc == ZH_OK ? n : -1;
}

zh_record *fx_get(fixture *f, const char *reg, const zh_applied *at)
{
    zh_conn *conn = NULL;
    zh_record *record = NULL;
    zh_err_clear(&f->err);
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    zh_rc rc =
        zh_record_get(&f->ctx, conn, fx_reg(f, reg), at->office, at->id, ZH_AS_OF_NOW, &record);
    zh_store_release(conn);
    if (rc != ZH_OK) {
        print_error("get: %s %s\n", f->err.rule, f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
    return record;
}

const char *fx_text(fixture *f, const zh_record *record, const char *field)
{
    const zh_field *found = zh_register_field(record->reg, zh_str_of(field));
    assert_non_null(found);
    zh_str text = zh_value_display(f->arena, &record->values[found->index]);
    return zh_str_c(f->arena, text);
}

zh_time fx_time(const char *text)
{
    zh_time t = 0;
    assert_int_equal(zh_time_parse(zh_str_of(text), &t), ZH_OK);
    return t;
}
