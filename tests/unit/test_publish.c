/* Published figures: their lists give their numbers, the file proves them without the database, and
 * neither corrections nor erasure afterwards change what was published. Expected counts are those
 * of the rows written here. */
#include "base/json.h"
#include "core/figure/publish.h"
#include "core/verify/verify.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 40, FILE_BYTES = 8 << 20 };

static const char INDICATORS[] =
    "indicators:\n"
    "  - {id: fail_rate, label: 不合格率, definition: d, kind: rate, register: sample, num: "
    "failed,\n"
    "     den: n, unit: \"%\", digits: 2}\n"
    "  - {id: wuhan_money, label: 武汉金额, definition: d, kind: sum, register: sample, num: "
    "money,\n"
    "     where: \"amount > 5\", digits: 2}\n"
    "  - {id: growth, label: 增幅, definition: d, kind: growth, of: fail_rate, against: year,\n"
    "     unit: \"%\"}\n";

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

/* Every fourth fails; amounts 1.00 … 40.00; every tenth has none. */
static void fill(fixture *f, zh_applied *at)
{
    for (unsigned i = 0; i < ROWS; i++) {
        char no[32];
        char amount[32];
        snprintf(no, sizeof no, "P-%u", i);
        snprintf(amount, sizeof amount, "%u.00", i + 1);
        ok(f, fx_create(f, "sample", &at[i], "report_no", no, "place", i % 2 ? "宜昌市" : "武汉市",
                        "sampled_at", "2026-03-05", "person", "张三丰", "amount",
                        i % 10 == 9 ? "" : amount, "items",
                        i % 4 ? "铅,0.050 mg/kg,pass,李四" : "铅,0.500 mg/kg,fail,李四", NULL));
    }
}

static zh_published publish(fixture *f, const char *indicator, const char *region)
{
    zh_published p;
    zh_publish_ask ask = {
        .query = {.indicator = zh_model_indicator(f->ctx.model, zh_str_of(indicator)),
                  .region = zh_str_of(region),
                  .as_of = ZH_AS_OF_NOW},
        .publication = ZH_STR("test")};
    assert_non_null(ask.query.indicator);
    zh_err_clear(&f->err);
    ok(f, zh_publish(&f->ctx, &ask, &p));
    return p;
}

static zh_reopened reopen(fixture *f, int64_t id, zh_published *p)
{
    zh_reopened r;
    zh_conn *conn = NULL;
    zh_err_clear(&f->err);
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_read_begin(conn, &f->err));
    ok(f, zh_published_get(&f->ctx, conn, id, p));
    ok(f, zh_published_check(&f->ctx, conn, p, &r));
    zh_read_end(conn);
    zh_store_release(conn);
    return r;
}

static zh_opening_result outside(fixture *f, const zh_published *p, size_t records)
{
    zh_treelog_view view;
    zh_opening_file *file = ZH_NEW(f->arena, zh_opening_file);
    zh_opening_file *back = ZH_NEW(f->arena, zh_opening_file);
    zh_opening_result result;
    zh_conn *conn = NULL;
    zh_buf text;
    zh_jw w;
    zh_str place = ZH_STR("place");
    zh_err_clear(&f->err);
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_published_file(&f->ctx, conn, p, records, &place, 1, file));
    zh_store_release(conn);
    zh_buf_init(&text, FILE_BYTES);
    zh_jw_init(&w, &text, 0);
    zh_opening_write(file, &w);
    zh_str written = zh_str_dup(f->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    ok(f, zh_opening_read(f->arena, written, back, &f->err));
    ok(f, zh_ledger_view(f->core, f->arena, &view, &f->err));
    ok(f, zh_opening_check(back, view.policy, &result, &f->err));
    return result;
}

static void exec(fixture *f, const char *sql)
{
    zh_conn *conn = NULL;
    zh_err_clear(&f->err);
    ok(f, zh_store_writer(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_begin(conn, &f->err));
    ok(f, zh_exec(conn, sql, &f->err));
    ok(f, zh_commit(conn, &f->err));
    zh_store_release(conn);
}

static int64_t differences(fixture *f, const char *wanted)
{
    zh_buf lines;
    zh_verify_report report;
    zh_buf_init(&lines, 1 << 20);
    zh_err_clear(&f->err);
    ok(f, zh_verify(&f->ctx, &lines, &report, NULL, NULL));
    if ((wanted == NULL) != (report.differences == 0) ||
        (wanted != NULL && zh_str_find(zh_buf_view(&lines), zh_str_of(wanted)) < 0)) {
        print_error("wanted %s in: %.*s\n", wanted ? wanted : "nothing", (int)lines.n, lines.p);
        fail();
    }
    zh_buf_free(&lines);
    return report.differences;
}

static void test_rate(void **state)
{
    (void)state;
    fixture f;
    zh_applied at[ROWS];
    zh_published p;
    fx_open(&f, INDICATORS);
    fill(&f, at);
    p = publish(&f, "fail_rate", "");
    assert_string_equal(zh_str_c(f.arena, p.value), "25.00");
    assert_string_equal(zh_str_c(f.arena, p.num), "10");
    assert_string_equal(zh_str_c(f.arena, p.den), "40");
    assert_int_equal(p.details, ROWS);
    assert_int_equal(p.frames, ROWS);
    assert_int_equal(p.size, ROWS);
    assert_int_equal(p.position, ROWS);
    zh_reopened r = reopen(&f, p.id, &p);
    assert_true(r.entry && r.sealed && r.lists && r.formula && r.recounted && r.same);
    assert_int_equal(r.corrected, 0);
    zh_opening_result result = outside(&f, &p, 7);
    assert_true(result.recounted && result.revalued);
    assert_int_equal(result.records, 7);
    assert_int_equal(result.details, ROWS);
    /* the same question without new records: the same figure */
    zh_published again = publish(&f, "fail_rate", "");
    assert_int_equal(again.id, p.id);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_figure"), 1);
    assert_int_equal(differences(&f, NULL), 0);
    fx_close(&f);
}

/* Of 20 in 武汉 those above 5 with an amount: the others are left out with a reason. */
static void test_frame(void **state)
{
    (void)state;
    fixture f;
    zh_applied at[ROWS];
    zh_str detail;
    zh_str frame;
    zh_conn *conn = NULL;
    fx_open(&f, INDICATORS);
    fill(&f, at);
    zh_published p = publish(&f, "wuhan_money", "420100");
    /* i even: amounts 1, 3, 5, 7 … 39; three of them are not above 5: 400 - 9 */
    assert_string_equal(zh_str_c(f.arena, p.num), "391");
    assert_int_equal(p.details, 17);
    assert_int_equal(p.frames, 20);
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_published_lines(&f.ctx, conn, &p, &detail, &frame));
    zh_store_release(conn);
    assert_true(zh_str_starts(frame, ZH_STR("0 - 不合指标的条件\n2 - ")));
    assert_true(zh_str_starts(detail, ZH_STR("6 7 -\n8 9 -\n")));
    zh_opening_result result = outside(&f, &p, 3);
    assert_int_equal(result.excluded, 3);
    assert_true(result.recounted);
    fx_close(&f);
}

static void test_after(void **state)
{
    (void)state;
    fixture f;
    zh_applied at[ROWS];
    zh_applied kept[2];
    fx_open(&f, INDICATORS);
    fill(&f, at);
    zh_published p = publish(&f, "fail_rate", "");
    kept[0] = at[0];
    kept[1] = at[4];
    ok(&f, fx_amend(&f, "sample", &kept[0], &kept[0], "items", "1:铅,0.050 mg/kg,pass,李四", NULL));
    ok(&f, fx_erase(&f, "sample", &kept[1], &kept[1], NULL));
    ok(&f, fx_create(&f, "sample", &at[1], "report_no", "P-new", "place", "武汉市", "sampled_at",
                     "2026-03-05", "items", "铅,0.500 mg/kg,fail,李四", NULL));
    int64_t size = 0;
    ok(&f, zh_sequence(f.core, &size, &f.err));
    zh_published q;
    zh_reopened r = reopen(&f, p.id, &q);
    assert_true(r.entry && r.sealed && r.lists && r.recounted && r.same);
    assert_int_equal(r.corrected, 2);
    assert_true(r.has_now && r.now.has_value);
    assert_string_equal(zh_str_c(f.arena, r.now.num), "10"); /* one less, one more */
    assert_string_equal(zh_str_c(f.arena, r.now.den), "41");
    zh_opening_result result = outside(&f, &q, ROWS);
    assert_string_equal(zh_str_c(f.arena, result.value), "25.00");
    assert_int_equal(result.records, ROWS); /* the erased one among them */
    zh_published later = publish(&f, "fail_rate", "");
    assert_int_not_equal(later.id, p.id);
    assert_string_equal(zh_str_c(f.arena, later.value), "24.39");
    assert_int_equal(differences(&f, NULL), 0);
    fx_close(&f);
}

static void test_tampering(void **state)
{
    (void)state;
    fixture f;
    zh_applied at[ROWS];
    zh_published q;
    fx_open(&f, INDICATORS);
    fill(&f, at);
    zh_published p = publish(&f, "fail_rate", "");
    exec(&f, "UPDATE zh_figure_list SET lines = (SELECT lines FROM zh_figure_list WHERE digest <> "
             "(SELECT detail FROM zh_figure)) WHERE digest = (SELECT detail FROM zh_figure)");
    zh_reopened r = reopen(&f, p.id, &q);
    assert_true(r.entry && r.sealed && !r.lists && r.same);
    assert_true(differences(&f, "逐条清单缺失或与凭证里的根不符") > 0);
    exec(&f, "UPDATE zh_figure SET at = at + 5000000");
    r = reopen(&f, p.id, &q);
    assert_false(r.entry);
    assert_true(differences(&f, "已发布数字") > 0);
    exec(&f, "DELETE FROM zh_figure");
    assert_true(differences(&f, "_figure/") > 0);
    fx_close(&f);
}

/* Growth is not a sum over records: published with its kind, and recounted. */
static void test_other_kinds(void **state)
{
    (void)state;
    fixture f;
    zh_applied at[ROWS];
    zh_published p;
    zh_publish_ask ask = {.query.as_of = ZH_AS_OF_NOW};
    fx_open(&f, INDICATORS);
    fill(&f, at);
    ok(&f, fx_create(&f, "sample", &at[0], "report_no", "old", "place", "武汉市", "sampled_at",
                     "2025-03-05", "items", "铅,0.500 mg/kg,fail,李四", NULL));
    ask.query.indicator = zh_model_indicator(f.ctx.model, ZH_STR("growth"));
    assert_non_null(ask.query.indicator);
    ask.query.first = zh_date_of(2026, 1, 1);
    ask.query.last = zh_date_of(2026, 12, 31);
    zh_err_clear(&f.err);
    ok(&f, zh_publish(&f.ctx, &ask, &p));
    assert_string_equal(zh_str_c(f.arena, p.fold), "growth");
    zh_reopened r = reopen(&f, p.id, &p);
    assert_true(r.entry && r.sealed && r.lists && r.recounted && r.same);
    /* a period without records has no value and is not published */
    ask.query.first = zh_date_of(2020, 1, 1);
    ask.query.last = zh_date_of(2020, 12, 31);
    zh_err_clear(&f.err);
    assert_int_equal(zh_publish(&f.ctx, &ask, &p), ZH_EINVAL);
    assert_string_equal(f.err.rule, "figure.none");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate),        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_after),       cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_other_kinds),
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
