/* The one door: creating, amending, moving, erasing; what is stored, hashed and refused.
 *
 * Entries are recomputed here with OpenSSL's EVP from the text of the zhl1 format, not with the
 * program's own code. */
#include "base/os.h"
#include "core/ledger/evidence.h"
#include "core_fixture.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE                                                                                     \
    "report_no", "R-1", "place", "武汉市", "sampled_at", "2026-03-05 08:30", "amount", "120.50",   \
        "person", "张三丰", "note", "一切正常", "product.class", "糕点", "product.limit", "0.05",  \
        "items", "铅,0.050 mg/kg,pass,李四;镉,<0.010 mg/kg,fail,王五;汞,未检出,pass,李四"

static void show(const fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s] %s\n", rc, f->err.rule, f->err.message, f->err.where,
                    f->err.fix);
    }
}

#define ok(f, call)                                                                                \
    do {                                                                                           \
        zh_rc rc_ = (call);                                                                        \
        show(f, rc_);                                                                              \
        assert_int_equal(rc_, ZH_OK);                                                              \
    } while (0)

#define refused(f, call, wanted_rc, wanted_rule)                                                   \
    do {                                                                                           \
        zh_rc rc_ = (call);                                                                        \
        if (rc_ != (wanted_rc) || strcmp((f)->err.rule, wanted_rule) != 0) {                       \
            show(f, rc_);                                                                          \
        }                                                                                          \
        assert_int_equal(rc_, wanted_rc);                                                          \
        assert_string_equal((f)->err.rule, wanted_rule);                                           \
    } while (0)

/* ---- an independent zhl1 --------------------------------------------------------------------- */

typedef struct named {
    char name[64];
    char type;
    unsigned char value[256];
    size_t n;
} named;

static void sha(const void *p, size_t n, unsigned char out[32])
{
    unsigned int length = 32;
    assert_int_equal(EVP_Digest(p, n, out, &length, EVP_sha256(), NULL), 1);
}

static size_t be(unsigned char *out, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
    }
    return n;
}

static void commit(const unsigned char salt[32], uint32_t i, const named *f, unsigned char out[32])
{
    unsigned char message[1024];
    unsigned char salt_i[32];
    size_t n = 0;
    unsigned int length = 32;
    memcpy(message, "zhiheng/salt/v1", 16);
    n = 16 + be(message + 16, i, 4);
    assert_non_null(HMAC(EVP_sha256(), salt, 32, message, n, salt_i, &length));
    memcpy(message, "zhiheng/field/v1", 17);
    n = 17;
    memcpy(message + n, salt_i, 32);
    n += 32;
    n += be(message + n, strlen(f->name), 2);
    memcpy(message + n, f->name, strlen(f->name));
    n += strlen(f->name);
    message[n++] = (unsigned char)f->type;
    n += be(message + n, f->n, 4);
    memcpy(message + n, f->value, f->n);
    sha(message, n + f->n, out);
}

/* RFC 6962 section 2.1, as written there. */
static void tree(unsigned char (*entries)[32], size_t n, unsigned char out[32])
{
    unsigned char node[65];
    if (n == 1) {
        node[0] = 0;
        memcpy(node + 1, entries[0], 32);
        sha(node, 33, out);
        return;
    }
    size_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    node[0] = 1;
    tree(entries, k, node + 1);
    tree(entries + k, n - k, node + 33);
    sha(node, 65, out);
}

static void entry_of(const unsigned char salt[32], const named *fields, size_t n, int kind,
                     uint64_t time_ms, uint64_t subject, unsigned char out[56])
{
    unsigned char commits[64][32];
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            assert_true(strcmp(fields[i - 1].name, fields[i].name) < 0);
        }
        commit(salt, (uint32_t)i, &fields[i], commits[i]);
    }
    memcpy(out, "zhl1", 4);
    out[4] = 1;
    out[5] = (unsigned char)kind;
    be(out + 6, time_ms, 8);
    be(out + 14, subject, 8);
    be(out + 22, n, 2);
    tree(commits, n, out + 24);
}

static named text(const char *name, const char *value)
{
    named f = {.type = value != NULL ? 't' : 'n', .n = value != NULL ? strlen(value) : 0};
    snprintf(f.name, sizeof f.name, "%s", name);
    memcpy(f.value, value != NULL ? value : "", f.n);
    return f;
}

static named number(const char *name, const char *value)
{
    named f = text(name, value);
    f.type = 'd';
    return f;
}

static named version(uint64_t v)
{
    named f = {.name = "_version", .type = 'u', .n = 8};
    be(f.value, v, 8);
    return f;
}

static void stored_bytes(fixture *f, const char *sql, const zh_applied *at, unsigned char *out,
                         size_t n)
{
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_INT(at->office), ZH_SQL_INT(at->id), ZH_SQL_INT(at->version)};
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    ok(f, zh_query(conn, zh_str_of(sql), key, 3, &stmt, &f->err));
    ok(f, zh_step(stmt, &f->err));
    assert_int_equal(zh_col_str(stmt, 0).n, n);
    memcpy(out, zh_col_str(stmt, 0).p, n);
    zh_finish(stmt);
    zh_store_release(conn);
}

static const char SALT_SQL[] = "SELECT salt FROM r_sample_h WHERE office = ? AND id = ? AND "
                               "version = ?";
static const char ENTRIES_SQL[] =
    "SELECT o.entries FROM zh_outbox o JOIN r_sample_h h ON h.office = o.office AND h.batch = "
    "o.batch WHERE h.office = ? AND h.id = ? AND h.version = ?";

static void test_entry_independent(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    zh_record *r = fx_get(&f, "sample", &a);
    named fields[] = {
        text("_actor", "operator"),
        text("_declaration", "1.0.0"),
        text("_register", "sample"),
        version(1),
        number("amount", "120.50"),
        text("cert", NULL),
        text("firm", NULL),
        text("items[0].item", "铅"),
        text("items[0].value", "0.050 mg/kg"),
        text("items[0].verdict", "pass"),
        text("items[0].who", "李四"),
        text("items[1].item", "镉"),
        text("items[1].value", "<0.010 mg/kg"),
        text("items[1].verdict", "fail"),
        text("items[1].who", "王五"),
        text("items[2].item", "汞"),
        text("items[2].value", "ND"),
        text("items[2].verdict", "pass"),
        text("items[2].who", "李四"),
        text("late", NULL),
        text("no", "CY-420100-2026-0001"),
        text("note", "一切正常"),
        text("person", "张三丰"),
        text("photo", NULL),
        text("place", "420100"),
        text("product.class", "糕点"),
        text("product.limit", "0.05"),
        text("report_no", "R-1"),
        text("sampled_at", "2026-03-05T08:30:00+08:00"),
        text("served_on", NULL),
        text("verdict", "fail"),
    };
    unsigned char salt[32];
    unsigned char stored[56];
    unsigned char expected[56];
    stored_bytes(&f, SALT_SQL, &a, salt, 32);
    stored_bytes(&f, ENTRIES_SQL, &a, stored, 56);
    entry_of(salt, fields, ZH_COUNTOF(fields), 1, (uint64_t)(r->recorded_at / 1000), (uint64_t)a.id,
             expected);
    assert_memory_equal(stored, expected, 56);
    fx_close(&f);
}

/* Rows 0, 1, 10, 2 …: names of child rows stand in byte order too. */
static void test_entry_many_rows(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, "report_no", "R-2", "place", "宜昌市", "sampled_at",
                     "2026-03-05", "items", "a;b;c;d;e;f;g;h;i;j;k;l;m", NULL));
    zh_record *r = fx_get(&f, "sample", &a);
    static const char *const order[] = {"0", "10", "11", "12", "1", "2", "3",
                                        "4", "5",  "6",  "7",  "8", "9"};
    named fields[80];
    size_t n = 0;
    fields[n++] = text("_actor", "operator");
    fields[n++] = text("_declaration", "1.0.0");
    fields[n++] = text("_register", "sample");
    fields[n++] = version(1);
    fields[n++] = text("amount", NULL);
    fields[n++] = text("cert", NULL);
    fields[n++] = text("firm", NULL);
    for (size_t i = 0; i < ZH_COUNTOF(order); i++) {
        static const char *const columns[] = {"item", "value", "verdict", "who"};
        for (size_t c = 0; c < 4; c++) {
            char name[64];
            char letter[2] = {
                (char)('a' + (order[i][1] ? 10 + order[i][1] - '0' : order[i][0] - '0')), 0};
            snprintf(name, sizeof name, "items[%s].%s", order[i], columns[c]);
            fields[n++] = text(name, c == 0 ? letter : NULL);
        }
    }
    static const char *const rest[][2] = {
        {"late", NULL},          {"no", "CY-420500-2026-0001"},
        {"note", NULL},          {"person", NULL},
        {"photo", NULL},         {"place", "420500"},
        {"product.class", NULL}, {"product.limit", NULL},
        {"report_no", "R-2"},    {"sampled_at", "2026-03-05T00:00:00+08:00"},
        {"served_on", NULL},     {"verdict", NULL}, /* no row has a verdict: unknown */
    };
    for (size_t i = 0; i < ZH_COUNTOF(rest); i++) {
        fields[n++] = text(rest[i][0], rest[i][1]);
    }
    unsigned char salt[32];
    unsigned char stored[56];
    unsigned char expected[56];
    assert_true(n <= 80);
    stored_bytes(&f, SALT_SQL, &a, salt, 32);
    stored_bytes(&f, ENTRIES_SQL, &a, stored, 56);
    unsigned char commits[80][32];
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || strcmp(fields[i - 1].name, fields[i].name) < 0);
        commit(salt, (uint32_t)i, &fields[i], commits[i]);
    }
    tree(commits, n, expected + 24);
    assert_memory_equal(stored + 24, expected + 24, 32);
    (void)r;
    fx_close(&f);
}

/* ---- create and read ------------------------------------------------------------------------- */

static void test_create(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    assert_int_equal(a.office, 420100); /* its home is where the sample was taken */
    assert_int_equal(a.version, 1);
    zh_record *r = fx_get(&f, "sample", &a);
    assert_string_equal(fx_text(&f, r, "amount"), "120.50");
    assert_string_equal(fx_text(&f, r, "no"), "CY-420100-2026-0001");
    assert_string_equal(fx_text(&f, r, "product.limit"), "0.05");
    assert_string_equal(fx_text(&f, r, "verdict"), "fail");
    const zh_field *items = zh_register_field(r->reg, ZH_STR("items"));
    const zh_rows *rows = &r->tables[items->index];
    assert_int_equal(rows->n, 3);
    assert_int_equal(rows->ids[2], 3);
    zh_str shown[3];
    for (size_t i = 0; i < 3; i++) {
        shown[i] = zh_value_display(f.arena, &rows->values[i * items->ncolumns + 1]);
    }
    assert_true(zh_str_is(shown[0], "0.050 mg/kg"));
    assert_true(zh_str_is(shown[1], "<0.010 mg/kg"));
    assert_true(zh_str_is(shown[2], "未检出"));
    assert_int_equal(fx_count(&f, "SELECT n_ FROM q_sample__by_place"), 1);
    assert_int_equal(fx_count(&f, "SELECT failed FROM q_sample__by_place"), 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_g WHERE gram = '张三'"), 1);
    fx_close(&f);
}

/* Text is stored and hashed as NFC, whatever form it came in. */
static void test_nfc(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    zh_value v = zh_value_text(ZH_STR("Cafe\xCC\x81")); /* e + U+0301 */
    const zh_register *reg = fx_reg(&f, "firm");
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("code")), .value = zh_value_text(ZH_STR("A"))},
        {.field = zh_register_field(reg, ZH_STR("name")), .value = v}};
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = 2};
    ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a));
    zh_record *r = fx_get(&f, "firm", &a);
    assert_string_equal(fx_text(&f, r, "name"), "Caf\xC3\xA9");
    changes[1].value = zh_value_text(ZH_STR("bad\xFF"));
    changes[0].value = zh_value_text(ZH_STR("B"));
    f.findings = (zh_findings){0};
    refused(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a), ZH_EINVAL, "field.text.character");
    fx_close(&f);
}

static void test_rounding(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    const zh_register *reg = fx_reg(&f, "sample");
    /* GB/T 8170: to the nearest, a tie to the even digit; a computed value has no text */
    static const struct {
        zh_decimal in;
        const char *text, *stored;
    } cases[] = {
        {{2345, 3}, "2.345", "2.34"},  {{2355, 3}, "2.355", "2.36"},
        {{23, 1}, "2.3", "2.3"},       {{5, 0}, "", "5"},
        {{2300, 3}, "2.300", "2.300"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char report[16];
        snprintf(report, sizeof report, "N-%zu", i);
        zh_change changes[] = {
            {.field = zh_register_field(reg, ZH_STR("report_no")),
             .value = zh_value_text(zh_str_of(report))},
            {.field = zh_register_field(reg, ZH_STR("place")),
             .value = zh_value_text(ZH_STR("420100"))},
            {.field = zh_register_field(reg, ZH_STR("sampled_at")),
             .value = zh_value_time(fx_time("2026-01-02"))},
            {.field = zh_register_field(reg, ZH_STR("amount")),
             .value = {.kind = ZH_DECIMAL,
                       .decimal = cases[i].in,
                       .text = zh_str_of(cases[i].text)}},
        };
        zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = 4};
        f.findings = (zh_findings){0};
        ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a));
        assert_string_equal(fx_text(&f, fx_get(&f, "sample", &a), "amount"), cases[i].stored);
    }
    fx_close(&f);
}

static void test_findings(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    refused(&f, fx_create(&f, "sample", &a, "place", "武汉市", "items", ",,pass", NULL), ZH_EINVAL,
            "field.required");
    /* every reason: report_no, sampled_at, items[0].item */
    assert_int_equal(f.findings.list.n, 3);
    assert_true(zh_str_is(f.findings.list.p[2].field, "items[0].item"));
    refused(&f,
            fx_create(&f, "sample", &a, "report_no", "R", "place", "武汉市", "sampled_at",
                      "2999-01-01", NULL),
            ZH_EINVAL, "not_future");
    assert_string_equal(f.err.clause, "第1条");
    refused(&f,
            fx_create(&f, "sample", &a, "report_no", "R", "place", "武汉市", "sampled_at",
                      "2026-01-01", "amount", "1000.01", NULL),
            ZH_EINVAL, "record.doubtful");
    assert_int_equal(f.findings.list.p[0].severity, ZH_JUSTIFY);
    refused(&f,
            fx_create(&f, "sample", &a, "report_no", "R", "place", "武汉市", "sampled_at",
                      "2026-01-01", "firm", "nobody", NULL),
            ZH_EINVAL, "field.ref.unknown");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h"), 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_outbox"), 0);
    fx_close(&f);
}

static void test_reference(void **state)
{
    (void)state;
    fixture f;
    zh_applied firm;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "firm", &firm, "code", "F1", "name", "某厂", NULL));
    ok(&f, fx_create(&f, "sample", &a, "report_no", "R", "place", "武汉市", "sampled_at",
                     "2026-01-01", "firm", "F1", NULL));
    zh_record *r = fx_get(&f, "sample", &a);
    const zh_field *field = zh_register_field(r->reg, ZH_STR("firm"));
    assert_true(r->values[field->index].i == firm.id);
    assert_true(r->values[field->index].office == firm.office);
    fx_close(&f);
}

static void test_duplicate(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    refused(&f, fx_create(&f, "sample", &a, SAMPLE, NULL), ZH_ECONFLICT, "record.duplicate");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h"), 1);
    assert_int_equal(fx_count(&f, "SELECT n_ FROM q_sample__by_place"), 1);
    fx_close(&f);
}

/* ---- amend ----------------------------------------------------------------------------------- */

static void test_amend(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    zh_applied c;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    ok(&f,
       fx_amend(&f, "sample", &a, &b, "place", "宜昌市", "person", "张无忌", "items",
                "1:铅,0.050 mg/kg,pass,李四;3:汞,未检出,pass,李四;砷,0.1 mg/kg,pass,李四", NULL));
    assert_int_equal(b.version, 2);
    assert_int_equal(b.office, 420100); /* the home office never changes */
    zh_record *r = fx_get(&f, "sample", &b);
    const zh_rows *rows = &r->tables[zh_register_field(r->reg, ZH_STR("items"))->index];
    assert_int_equal(rows->ids[1], 3);
    assert_int_equal(rows->ids[2], 4);
    assert_string_equal(fx_text(&f, r, "verdict"), "pass"); /* computed again */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_g WHERE gram = '三丰'"), 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_g WHERE gram = '无忌'"), 1);
    assert_int_equal(fx_count(&f, "SELECT n_ FROM q_sample__by_place WHERE place = '420500'"), 1);
    assert_int_equal(
        fx_count(&f, "SELECT COALESCE(SUM(n_), 0) FROM q_sample__by_place WHERE place = '420100'"),
        0);
    /* the old version stays legible */
    zh_conn *conn = NULL;
    zh_version *versions = NULL;
    size_t n = 0;
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_record_history(&f.ctx, conn, fx_reg(&f, "sample"), a.office, a.id, &versions, &n));
    zh_store_release(conn);
    assert_int_equal(n, 2);
    assert_string_equal(fx_text(&f, versions[0].record, "person"), "张三丰");
    assert_int_equal(versions[0].record->tables[rows->table->index].n, 3);
    assert_true(zh_str_is(versions[1].reason, "核对后更正"));
    /* row 4 goes, the next new row is 5 */
    ok(&f, fx_amend(&f, "sample", &b, &c, "items", "1:铅,0.050 mg/kg,pass,李四", NULL));
    ok(&f, fx_amend(&f, "sample", &c, &b, "items", "1:铅,0.050 mg/kg,pass,李四;硒,,,", NULL));
    r = fx_get(&f, "sample", &b);
    assert_int_equal(r->tables[rows->table->index].ids[1], 5);
    fx_close(&f);
}

static void test_amend_refused(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    ok(&f, fx_amend(&f, "sample", &a, &b, "note", "二", NULL));
    refused(&f, fx_amend(&f, "sample", &a, &b, "note", "三", NULL), ZH_ECONFLICT, "record.stale");
    a.version = 2;
    refused(&f, fx_amend(&f, "sample", &a, &b, "note", "二", NULL), ZH_EINVAL, "record.unchanged");
    refused(&f, fx_amend(&f, "sample", &a, &b, "verdict", "pass", NULL), ZH_EINVAL,
            "field.computed");
    refused(&f, fx_amend(&f, "sample", &a, &b, "items", "9:铅", NULL), ZH_EINVAL, "record.row");
    a.id++;
    refused(&f, fx_amend(&f, "sample", &a, &b, "note", "三", NULL), ZH_ENOTFOUND, "record.unknown");
    zh_op op = {.kind = ZH_OP_AMEND, .reg = fx_reg(&f, "sample"), .id = a.id - 1};
    zh_err_clear(&f.err);
    refused(&f, zh_record_apply(&f.ctx, &op, &f.findings, &b), ZH_EINVAL, "record.reason");
    fx_close(&f);
}

/* ---- transitions ----------------------------------------------------------------------------- */

static void test_transitions(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    zh_time day = fx_time("2026-03-10 09:00");
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    zh_time now = zh_now() + 1;
    refused(&f, fx_move(&f, "sample", &a, "close", now, &a, NULL), ZH_EINVAL, "transition.from");
    refused(&f, fx_move(&f, "sample", &a, "serve", now, &a, NULL), ZH_EINVAL, "transition.need");
    f.ctx.role = ZH_STR("viewer");
    refused(&f, fx_move(&f, "sample", &a, "serve", now, &a, "served_on", "2026-03-10", NULL),
            ZH_EDENIED, "record.denied");
    f.ctx.role = ZH_STR("handler");
    ok(&f, fx_move(&f, "sample", &a, "serve", now, &a, "served_on", "2026-03-10", NULL));
    f.ctx.role = ZH_STR("operator");
    assert_int_equal(fx_get(&f, "sample", &a)->state,
                     zh_register_state(fx_reg(&f, "sample"), ZH_STR("served")));
    assert_int_equal(fx_count(&f, "SELECT started_at FROM zh_clock"), fx_time("2026-03-10"));
    (void)day;
    fx_close(&f);
}

static void test_limit_and_persons(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    zh_time now = zh_now() + 1;
    ok(&f, fx_move(&f, "sample", &a, "serve", now, &a, "served_on", "2026-03-10", NULL));
    size_t done = 0;
    ok(&f, zh_due_run(f.core, zh_now(), &done, &f.err)); /* objection period: confirmed by itself */
    assert_int_equal(done, 1);
    a.version = 0;
    zh_record *r = fx_get(&f, "sample", &a);
    assert_int_equal(r->state, zh_register_state(r->reg, ZH_STR("confirmed")));
    assert_int_equal(r->version, 4);
    assert_string_equal(fx_text(&f, r, "late"), "是");
    zh_op op = {.kind = ZH_OP_TRANSITION,
                .reg = r->reg,
                .office = a.office,
                .id = a.id,
                .transition = zh_register_transition(r->reg, ZH_STR("close")),
                .reason_code = ZH_STR("late"),
                .second_actor = ZH_STR("operator")};
    refused(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a), ZH_EINVAL, "transition.two_person");
    zh_err_clear(&f.err);
    op.second_actor = ZH_STR("other");
    op.reason_code = ZH_STR("whatever");
    refused(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a), ZH_EINVAL, "transition.reason");
    ok(&f, fx_move(&f, "sample", &a, "close", 0, &a, NULL));
    refused(&f, fx_amend(&f, "sample", &a, &a, "note", "改", NULL), ZH_EINVAL, "record.frozen");
    refused(&f, fx_amend(&f, "sample", &a, &a, "items", "1:铅,0.9 mg/kg,pass,李四", NULL),
            ZH_EINVAL, "record.frozen");
    ok(&f, fx_amend(&f, "sample", &a, &a, "items",
                    "1:铅,0.050 mg/kg,pass,李四;2:镉,<0.010 mg/kg,fail,王五;3:汞,未检出,pass,李四;"
                    "砷,0.1 mg/kg,pass,李四",
                    NULL));
    ok(&f, fx_move(&f, "sample", &a, "reopen", 0, &a, NULL));
    ok(&f, fx_move(&f, "sample", &a, "close", 0, &a, NULL));
    refused(&f, fx_move(&f, "sample", &a, "reopen", 0, &a, NULL), ZH_EINVAL, "transition.limit");
    fx_close(&f);
}

/* ---- rights ---------------------------------------------------------------------------------- */

static void test_one_door(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    static const char *const roles[] = {"viewer", "", "handle", "handler2"};
    for (size_t i = 0; i < ZH_COUNTOF(roles); i++) {
        f.ctx.role = zh_str_of(roles[i]);
        refused(&f, fx_create(&f, "sample", &a, SAMPLE, NULL), ZH_EDENIED, "record.denied");
    }
    f.ctx.role = ZH_STR("handler");
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    refused(&f, fx_amend(&f, "sample", &a, &a, "note", "x", NULL), ZH_EDENIED, "record.denied");
    refused(&f, fx_erase(&f, "sample", &a, &a, NULL), ZH_EDENIED, "record.denied");
    /* a register without access lines is nobody's but the operator's */
    refused(&f, fx_create(&f, "firm", &a, "code", "x", "name", "y", NULL), ZH_EDENIED,
            "record.denied");
    fx_close(&f);
}

/* ---- proofs of stored versions --------------------------------------------------------------- */

static void prove(fixture *f, const zh_applied *at, int32_t v, bool erased)
{
    zh_conn *conn = NULL;
    zh_version_proof proof;
    zh_err_clear(&f->err);
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_version_prove(&f->ctx, conn, fx_reg(f, "sample"), at->office, at->id, v, &proof));
    zh_store_release(conn);
    assert_memory_equal(proof.stored, proof.computed, sizeof proof.stored);
    assert_int_equal(proof.erased, erased);
}

static void test_erase(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    ok(&f, fx_amend(&f, "sample", &a, &b, "person", "张翠山", NULL));
    ok(&f, fx_erase(&f, "sample", &b, &b, "person", NULL));
    assert_int_equal(b.version, 3);
    zh_record *r = fx_get(&f, "sample", &b);
    assert_string_equal(fx_text(&f, r, "person"), "");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h WHERE person IS NOT NULL"), 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h WHERE salt IS NOT NULL"), 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_g WHERE gram = '三丰' OR gram = "
                                  "'翠山'"),
                     0);
    prove(&f, &a, 1, true);
    prove(&f, &a, 2, true);
    prove(&f, &a, 3, false);
    /* then everything personal, child rows too: from the salts that were left */
    ok(&f, fx_erase(&f, "sample", &b, &b, NULL));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample__items WHERE who IS NOT NULL"), 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample__items_h WHERE who IS NOT NULL"),
                     0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample__items_h WHERE item IS NULL"), 0);
    prove(&f, &a, 1, true);
    prove(&f, &a, 2, true);
    prove(&f, &a, 3, true);
    prove(&f, &a, 4, false);
    unsigned char entry[56];
    a.version = 4;
    stored_bytes(&f, ENTRIES_SQL, &a, entry, 56);
    assert_int_equal(entry[5], 3); /* erasure notice */
    /* after an erasure the record lives on */
    b.version = 0;
    ok(&f, fx_amend(&f, "sample", &b, &b, "note", "后续", NULL));
    prove(&f, &a, 5, false);
    fx_close(&f);
}

static void test_erase_file(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    zh_str one;
    zh_str path;
    fx_open(&f, NULL);
    char from[128];
    snprintf(from, sizeof from, "%s/photo", f.folder);
    ok(&f, zh_file_replace(from, ZH_STR("a photograph"), &f.err));
    ok(&f, zh_file_store(&f.ctx, from, ZH_STR("photo.jpg"), &one));
    /* echo -n "a photograph" | sha256sum */
    assert_true(
        zh_str_is(one, "sha256:a249e87e1e6113da81cdd8a154c222283fbcceff6dd3727a63bf97eee562dfb3"));
    ok(&f, zh_file_store(&f.ctx, from, ZH_STR("again.jpg"), &one));
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, "photo", one.p, NULL));
    ok(&f, fx_create(&f, "sample", &b, "report_no", "R-9", "place", "武汉市", "sampled_at",
                     "2026-01-01", "photo", one.p, NULL));
    ok(&f, fx_erase(&f, "sample", &a, &a, NULL));
    ok(&f, zh_file_path(&f.ctx, one, &path)); /* the other record still shows it */
    ok(&f, fx_erase(&f, "sample", &b, &b, NULL));
    assert_false(zh_path_exists(path.p));
    zh_err_clear(&f.err);
    refused(&f, zh_file_path(&f.ctx, one, &path), ZH_ENOTFOUND, "file.unknown");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_file"), 0);
    fx_close(&f);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { ROUNDS = 40, WRITERS = 2 };

typedef struct rival {
    const fixture *f;
    zh_applied at;
    unsigned name, won, lost, other;
    pthread_barrier_t *start;
} rival;

static void *compete(void *user)
{
    rival *me = user;
    fixture mine;
    fx_begin_thread(me->f, &mine);
    for (int i = 0; i < ROUNDS; i++) {
        zh_applied at = me->at;
        zh_applied out;
        char note[32];
        snprintf(note, sizeof note, "%u-%d", me->name, i);
        at.version = i + 1;
        pthread_barrier_wait(me->start);
        zh_rc rc = fx_amend(&mine, "sample", &at, &out, "note", note, NULL);
        me->won += rc == ZH_OK;
        me->lost += rc == ZH_ECONFLICT;
        me->other += rc != ZH_OK && rc != ZH_ECONFLICT;
        pthread_barrier_wait(me->start);
    }
    fx_end_thread(&mine);
    return NULL;
}

/* Both saw the same version: exactly one may write on it. */
static void test_rivals(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, NULL));
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, WRITERS);
    rival rivals[WRITERS] = {{0}};
    pthread_t threads[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        rivals[i] = (rival){.f = &f, .at = a, .name = i, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
    }
    unsigned won = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        won += rivals[i].won;
        assert_int_equal(rivals[i].other, 0);
    }
    assert_int_equal(won, ROUNDS);
    assert_int_equal(fx_count(&f, "SELECT version FROM r_sample"), ROUNDS + 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h"), ROUNDS + 1);
    assert_int_equal(fx_count(&f, "SELECT n_ FROM q_sample__by_place"), 1);
    pthread_barrier_destroy(&start);
    fx_close(&f);
}

/* ---- numbers and ids ------------------------------------------------------------------------- */

static void test_numbers(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    for (int i = 0; i < 12; i++) {
        char report[16];
        snprintf(report, sizeof report, "N-%d", i);
        ok(&f,
           fx_create(&f, "sample", &a, "report_no", report, "place", i % 2 ? "武汉市" : "宜昌市",
                     "sampled_at", i < 6 ? "2025-12-31 23:59" : "2026-01-01", NULL));
    }
    assert_string_equal(fx_text(&f, fx_get(&f, "sample", &a), "no"), "CY-420100-2026-0003");
    /* each office counts for itself */
    assert_int_equal(fx_count(&f, "SELECT COUNT(DISTINCT no) FROM r_sample"), 12);
    zh_model *model = zh_core_model(f.core);
    fx_reopen(&f, model); /* what was reserved and not used is given back */
    zh_model_release(model);
    ok(&f, fx_create(&f, "sample", &a, "report_no", "N-x", "place", "武汉市", "sampled_at",
                     "2026-01-01", NULL));
    assert_string_equal(fx_text(&f, fx_get(&f, "sample", &a), "no"), "CY-420100-2026-0004");
    fx_close(&f);
}

static void test_ids(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    int64_t last = 0;
    for (int i = 0; i < 20000; i++) {
        int64_t id = zh_core_id(f.core, 0);
        assert_true(id > last);
        last = id;
    }
    int64_t future = last + ((int64_t)1000000 << 22); /* a superseded batch from a clock ahead */
    int64_t id = zh_core_id(f.core, future);
    assert_true(id > future);
    assert_true(zh_core_id(f.core, 0) > id);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),          cmocka_unit_test(test_entry_independent),
        cmocka_unit_test(test_entry_many_rows), cmocka_unit_test(test_nfc),
        cmocka_unit_test(test_rounding),        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_reference),       cmocka_unit_test(test_duplicate),
        cmocka_unit_test(test_amend),           cmocka_unit_test(test_amend_refused),
        cmocka_unit_test(test_transitions),     cmocka_unit_test(test_limit_and_persons),
        cmocka_unit_test(test_one_door),        cmocka_unit_test(test_erase),
        cmocka_unit_test(test_erase_file),      cmocka_unit_test(test_rivals),
        cmocka_unit_test(test_numbers),         cmocka_unit_test(test_ids),
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
