/* Tables made from declarations, their keys, and what happens to them when declarations change. */
#include "core/adoption/adopt.h"
#include "core/adoption/open.h"
#include "core/instance/schema.h"
#include "core/ledger/evidence.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static const char HEAD[] = "registers:\n"
                           "  - id: thing\n"
                           "    version: %s\n"
                           "    effective: 2020-01-01\n"
                           "    label: 东西\n"
                           "    owner: 处\n"
                           "    purpose: 测试\n"
                           "    key: {business: [code], row: [code]}\n"
                           "%s"
                           "    fields:\n"
                           "      - {id: code, label: 代码, type: string, required: true}\n"
                           "%s";

static zh_model *model_of(const char *version, const char *before, const char *fields)
{
    char text[4096];
    zh_model *model = NULL;
    zh_err err = {0};
    snprintf(text, sizeof text, HEAD, version, before, fields);
    zh_rc rc = fx_compile_text(text, &model, &err);
    if (rc != ZH_OK) {
        print_error("%s %s %s\n", err.rule, err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    return model;
}

static zh_rc adopt(fixture *f, zh_model *model, bool destructive)
{
    zh_err_clear(&f->err);
    zh_rc rc = zh_core_adopt(f->core, model, destructive, &f->err);
    zh_model_release(model);
    if (rc == ZH_OK) {
        zh_ctx_end(&f->ctx);
        f->ctx = zh_ctx_local(f->core, f->arena, &f->err);
    }
    return rc;
}

static void open_thing(fixture *f, const char *before, const char *fields)
{
    zh_model *model = model_of("1.0.0", before, fields);
    fx_open_model(f, model);
    zh_model_release(model);
}

/* ---- layout ---------------------------------------------------------------------------------- */

static void columns_are(fixture *f, const char *table, const char *wanted)
{
    zh_conn *conn = NULL;
    zh_str *names = NULL;
    size_t n = 0;
    char text[2048] = "";
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_table_columns(conn, f->arena, table, &names, &n, &f->err));
    zh_store_release(conn);
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%.*s", i ? " " : "", ZH_FMT(names[i]));
    }
    assert_string_equal(text, wanted);
}

static void test_layout(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    columns_are(
        &f, "r_sample",
        "office id version state handler_office created_at recorded_at declaration actor no "
        "report_no place sampled_at firm firm__o amount amount__t person note photo "
        "cert__a cert__b served_on product__class product__limit verdict late");
    columns_are(&f, "r_sample__items",
                "office parent ord row_id item value value__t value__u verdict who");
    columns_are(&f, "r_sample__items_h",
                "office parent ord row_id item value value__t value__u verdict who version");
    columns_are(&f, "r_sample_g", "office gram id");
    fx_close(&f);
}

/* Key and unique columns, one row a constraint: name, columns joined by a comma. */
static const char SQLITE_KEYS[] =
    "SELECT m.name, (SELECT GROUP_CONCAT(c.name) FROM pragma_index_info(i.name) c) FROM "
    "sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.\"unique\" = 1";
static const char POSTGRES_KEYS[] =
    "SELECT t.relname::text, STRING_AGG(a.attname::text, ',' ORDER BY k.n) FROM pg_index i JOIN "
    "pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace CROSS JOIN "
    "UNNEST(i.indkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = t.oid AND "
    "a.attnum = k.attnum WHERE i.indisunique AND s.nspname = CURRENT_SCHEMA() GROUP BY t.relname, "
    "i.indexrelid";

static void test_keys_hold_office(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    const char *sql = zh_conn_dialect(conn) == ZH_SQLITE ? SQLITE_KEYS : POSTGRES_KEYS;
    ok(&f, zh_query(conn, zh_str_of(sql), NULL, 0, &stmt, &f.err));
    unsigned n = 0;
    while (zh_step(stmt, &f.err) == ZH_OK) {
        zh_str rest = zh_col_str(stmt, 1);
        zh_str column;
        bool office = false;
        while (zh_str_split(&rest, ',', &column)) {
            office |= zh_str_is(column, "office");
        }
        if (!office) {
            print_error("%.*s: %.*s\n", ZH_FMT(zh_col_str(stmt, 0)), ZH_FMT(zh_col_str(stmt, 1)));
        }
        assert_true(office);
        n++;
    }
    zh_finish(stmt);
    zh_store_release(conn);
    assert_true(n > 15);
    fx_close(&f);
}

/* Names that SQL keeps for itself are ordinary field ids. */
static void test_reserved_words(void **state)
{
    (void)state;
    static const char *const words[] = {"order",   "grant",      "limit", "select", "table", "user",
                                        "from",    "to",         "check", "values", "when",  "desc",
                                        "primary", "references", "index", "end",    "offset"};
    char fields[2048] = "";
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        size_t n = strlen(fields);
        snprintf(fields + n, sizeof fields - n, "      - {id: %s, label: 词, type: string}\n",
                 words[i]);
    }
    fixture f;
    zh_applied a;
    open_thing(&f, "    views: {default: {columns: [code], sort: order}}\n", fields);
    ok(&f,
       fx_create(&f, "thing", &a, "code", "1", "order", "甲", "limit", "乙", "user", "丙", NULL));
    ok(&f, fx_amend(&f, "thing", &a, &a, "grant", "丁", NULL));
    zh_record *r = fx_get(&f, "thing", &a);
    assert_string_equal(fx_text(&f, r, "user"), "丙");
    assert_string_equal(fx_text(&f, r, "grant"), "丁");
    fx_close(&f);
}

static void test_bad_names(void **state)
{
    (void)state;
    static const char LONG[] =
        "registers:\n"
        "  - id: a234567890123456789012345678901234567890\n"
        "    version: 1.0.0\n"
        "    effective: 2020-01-01\n"
        "    label: 长\n"
        "    owner: 处\n"
        "    purpose: 测试\n"
        "    fields:\n"
        "      - {id: code, label: 代码, type: string}\n"
        "      - {id: b234567890123456789012345, label: 表, type: table, fields: [{id: x, label: x,"
        " type: string}]}\n";
    zh_err err = {0};
    zh_model *model = NULL;
    zh_rc rc = fx_compile_text(LONG, &model, &err);
    if (rc == ZH_OK) {
        zh_arena *arena = zh_arena_new((size_t)16 << 20);
        const zh_plan *plans = NULL;
        assert_int_equal(zh_plan_make(arena, model, &plans, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "model.table_name");
        zh_arena_free(arena);
        zh_model_release(model);
    }
}

/* ---- changes --------------------------------------------------------------------------------- */

static void test_add_field(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    open_thing(&f, "", "      - {id: size, label: 大小, type: decimal, digits: 1}\n");
    ok(&f, fx_create(&f, "thing", &a, "code", "1", "size", "2.5", NULL));
    zh_ctx held = zh_ctx_local(f.core, f.arena, &f.err); /* a reader keeps its snapshot */
    const zh_model *before = held.model;
    ok(&f,
       adopt(&f,
             model_of("1.1.0", "",
                      "      - {id: size, label: 大小, type: decimal, digits: 1}\n"
                      "      - {id: colour, label: 颜色, type: string}\n"
                      "      - {id: parts, label: 零件, type: table, fields: [{id: name, label: "
                      "名称, type: string}]}\n"),
             false));
    assert_ptr_equal(held.model, before);
    assert_non_null(zh_model_register(held.model, ZH_STR("thing")));
    zh_ctx_end(&held);
    zh_record *r = fx_get(&f, "thing", &a);
    assert_string_equal(fx_text(&f, r, "size"), "2.5");
    ok(&f, fx_amend(&f, "thing", &a, &a, "colour", "红", "parts", "轮;轴", NULL));
    /* both versions are still proved, each by the fields its declaration had */
    zh_conn *conn = NULL;
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    for (int32_t v = 1; v <= 2; v++) {
        zh_version_proof proof;
        ok(&f, zh_version_prove(&f.ctx, conn, fx_reg(&f, "thing"), a.office, a.id, v, &proof));
        assert_memory_equal(proof.stored, proof.computed, sizeof proof.stored);
        assert_int_equal(proof.stored[23], v == 1 ? 6 : 9); /* fields: 4 + 2; 4 + 3 + 2 rows */
    }
    zh_store_release(conn);
    fx_close(&f);
}

/* Another process adopts: this one swaps its snapshot when it looks. One that only reads does not
 * adopt, and says so when it was given other declarations. */
static void test_other_process(void **state)
{
    (void)state;
    static const char COLOUR[] = "      - {id: colour, label: 颜色, type: string}\n";
    fixture f;
    open_thing(&f, "", "");
    zh_core_options options = {
        .data_dir = f.folder, .db_url = f.url[0] ? f.url : NULL, .relaxed_sync = true};
    zh_core *other = NULL;
    options.model = model_of("1.1.0", "", COLOUR);
    ok(&f, zh_core_open(&options, &other, &f.err));
    ok(&f, zh_core_follow(other, &f.err)); /* nothing new to the one who did it */
    zh_core_close(other);
    assert_null(zh_register_field(fx_reg(&f, "thing"), ZH_STR("colour")));
    ok(&f, zh_core_follow(f.core, &f.err));
    zh_ctx_end(&f.ctx);
    f.ctx = zh_ctx_local(f.core, f.arena, &f.err);
    assert_non_null(zh_register_field(fx_reg(&f, "thing"), ZH_STR("colour")));
    zh_applied a;
    ok(&f, fx_create(&f, "thing", &a, "code", "1", "colour", "红", NULL));
    zh_model_release(options.model);

    options.model = model_of("1.0.0", "", "");
    options.keep_model = true;
    ok(&f, zh_core_open(&options, &other, &f.err));
    zh_model *read = zh_core_model(other);
    assert_true(zh_str_eq(read->digest, f.ctx.model->digest));
    zh_model_release(read);
    zh_core_close(other);
    zh_model_release(options.model);
    options.model = NULL;
    options.packs = "tests/fixture/cli/packs";
    assert_int_equal(zh_core_open(&options, &other, &f.err), ZH_ECONFLICT);
    assert_string_equal(f.err.rule, "model.differs");
    fx_close(&f);
}

static void test_version_must_grow(void **state)
{
    (void)state;
    fixture f;
    open_thing(&f, "", "");
    zh_rc rc = adopt(&f, model_of("1.0.0", "", "      - {id: x, label: x, type: string}\n"), false);
    assert_int_equal(rc, ZH_ECONFLICT);
    assert_string_equal(f.err.rule, "model.version");
    /* nothing of it stayed */
    columns_are(&f, "r_thing",
                "office id version state handler_office created_at recorded_at declaration actor "
                "code");
    fx_close(&f);
}

static void test_destructive(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    open_thing(&f, "",
               "      - {id: size, label: 大小, type: decimal, digits: 1}\n"
               "      - {id: colour, label: 颜色, type: string}\n");
    ok(&f, fx_create(&f, "thing", &a, "code", "1", "size", "2.5", "colour", "红", NULL));
    static const char NEXT[] = "      - {id: size, label: 大小, type: string}\n";
    zh_rc rc = adopt(&f, model_of("2.0.0", "", NEXT), false);
    assert_int_equal(rc, ZH_ECONFLICT);
    assert_string_equal(f.err.rule, "model.diff.destructive");
    assert_string_equal(fx_text(&f, fx_get(&f, "thing", &a), "colour"), "红");
    ok(&f, adopt(&f, model_of("2.0.0", "", NEXT), true));
    assert_string_equal(fx_text(&f, fx_get(&f, "thing", &a), "size"), "");
    /* the versions keep what they had */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_thing_h WHERE colour = '红'"), 1);
    ok(&f, fx_amend(&f, "thing", &a, &a, "size", "大", NULL));
    fx_close(&f);
}

static void test_widen_and_narrow(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    open_thing(&f, "", "      - {id: size, label: 大小, type: decimal, digits: 1}\n");
    ok(&f, fx_create(&f, "thing", &a, "code", "1", "size", "2.5", NULL));
    ok(&f,
       adopt(&f,
             model_of("1.1.0", "", "      - {id: size, label: 大小, type: decimal, digits: 3}\n"),
             false));
    zh_record *r = fx_get(&f, "thing", &a);
    const zh_value *v = &r->values[1];
    assert_int_equal(v->decimal.scaled, 2500);
    assert_int_equal(v->decimal.digits, 3);
    assert_true(zh_str_is(v->text, "2.5")); /* as written */
    assert_int_equal(fx_count(&f, "SELECT size FROM r_thing_h"), 2500);
    ok(&f, fx_amend(&f, "thing", &a, &a, "size", "2.505", NULL));
    zh_rc rc = adopt(
        &f, model_of("1.2.0", "", "      - {id: size, label: 大小, type: decimal, digits: 2}\n"),
        true);
    assert_int_equal(rc, ZH_EINVAL);
    assert_string_equal(f.err.rule, "model.narrow");
    fx_close(&f);
}

static void test_cube_and_search(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    static const char FIELDS[] = "      - {id: kind, label: 种类, type: string, search: %s}\n"
                                 "      - {id: size, label: 大小, type: decimal, digits: 1}\n";
    static const char CUBE[] =
        "    measures: {n: {kind: count, label: 件数}, total: {kind: sum, of: "
        "size}}\n"
        "    cubes: [{id: every, dims: [kind], measures: [n%s], dense: "
        "true}]\n";
    char fields[512];
    char cube[512];
    snprintf(fields, sizeof fields, FIELDS, "false");
    open_thing(&f, "", fields);
    for (int i = 0; i < 3; i++) {
        char code[8];
        snprintf(code, sizeof code, "%d", i);
        ok(&f, fx_create(&f, "thing", &a, "code", code, "kind", i ? "轮子" : "轴承", "size", "1.5",
                         NULL));
    }
    snprintf(fields, sizeof fields, FIELDS, "true");
    snprintf(cube, sizeof cube, CUBE, "");
    ok(&f, adopt(&f, model_of("1.0.0", cube, fields), false));
    assert_int_equal(fx_count(&f, "SELECT n FROM q_thing__every WHERE kind = '轮子'"), 2);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_thing_g WHERE gram = '轮子'"), 2);
    snprintf(cube, sizeof cube, CUBE, ", total");
    ok(&f, adopt(&f, model_of("1.0.0", cube, fields), false));
    assert_int_equal(fx_count(&f, "SELECT total_0 FROM q_thing__every WHERE kind = '轮子'"), 30);
    ok(&f, fx_amend(&f, "thing", &a, &a, "size", "4.0", NULL));
    assert_int_equal(fx_count(&f, "SELECT total_0 FROM q_thing__every WHERE kind = '轮子'"), 55);
    snprintf(fields, sizeof fields, FIELDS, "false");
    ok(&f, adopt(&f, model_of("1.0.0", "", fields), false));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_thing_g WHERE gram = '轮子'"), 0);
    fx_close(&f);
}

static void test_indexes_follow(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    static const char FIELDS[] = "      - {id: x, label: x, type: string}\n"
                                 "      - {id: y, label: y, type: string}\n";
    open_thing(&f, "    indexes: [{id: i, fields: [x], unique: true}]\n", FIELDS);
    ok(&f, fx_create(&f, "thing", &a, "code", "1", "x", "1", NULL));
    assert_int_equal(fx_create(&f, "thing", &a, "code", "2", "x", "1", NULL), ZH_ECONFLICT);
    ok(&f, adopt(&f, model_of("1.0.0", "    indexes: [{id: i, fields: [y]}]\n", FIELDS), false));
    ok(&f, fx_create(&f, "thing", &a, "code", "2", "x", "1", NULL));
    fx_close(&f);
}

/* The declarations that a database was given stay with it. */
static void test_adopted_sources(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    open_thing(&f, "", "");
    ok(&f, adopt(&f, model_of("1.1.0", "", "      - {id: x, label: x, type: string}\n"), false));
    ok(&f, fx_create(&f, "thing", &a, "code", "1", "x", "甲", NULL));
    fx_reopen(&f, NULL); /* no packs, no model: what it has adopted */
    assert_string_equal(fx_text(&f, fx_get(&f, "thing", &a), "x"), "甲");
    fx_close(&f);
}

static void test_options(void **state)
{
    (void)state;
    fixture f;
    zh_core *core = NULL;
    open_thing(&f, "", "");
    zh_model *model = zh_core_model(f.core);
    zh_core_options options = {
        .data_dir = f.folder, .db_url = f.url[0] ? f.url : NULL, .model = model, .hash = "sm3"};
    zh_err err = {0};
    assert_int_equal(zh_core_open(&options, &core, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "core.hash");
    options.hash = NULL;
    options.node = 1024;
    zh_err_clear(&err);
    assert_int_equal(zh_core_open(&options, &core, &err), ZH_EINVAL);
    options.node = 1023;
    zh_err_clear(&err);
    assert_int_equal(zh_core_open(&options, &core, &err), ZH_OK);
    assert_int_equal(zh_core_office(core), 420000); /* as stored when it was made */
    assert_int_equal((zh_core_id(core, 0) >> 12) & 1023, 1023);
    zh_core_close(core);
    options = (zh_core_options){.model = model};
    zh_err_clear(&err);
    assert_int_equal(zh_core_open(&options, &core, &err), ZH_EINVAL);
    zh_model_release(model);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_keys_hold_office),
        cmocka_unit_test(test_reserved_words),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_add_field),
        cmocka_unit_test(test_other_process),
        cmocka_unit_test(test_version_must_grow),
        cmocka_unit_test(test_destructive),
        cmocka_unit_test(test_widen_and_narrow),
        cmocka_unit_test(test_cube_and_search),
        cmocka_unit_test(test_indexes_follow),
        cmocka_unit_test(test_adopted_sources),
        cmocka_unit_test(test_options),
    };
    const char *const *backends = NULL;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
