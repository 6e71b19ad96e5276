/* Undoing an import: what it made is withdrawn, what it changed goes back, what others touched
 * stays; the history keeps everything, cells and log agree (zh_verify), on both databases. */
#include "core/intake/intake.h"
#include "core/intake/undo.h"
#include "core/verify/verify.h"
#include "core_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char MODEL[] =
    "registers:\n"
    "  - id: shop\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 门店\n"
    "    key: {business: [no], row: [no]}\n"
    "    event_time: day\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: day, label: 日期, type: date, required: true}\n"
    "      - {id: name, label: 名称, type: string, search: true}\n"
    "      - {id: parent, label: 总店, type: ref, to: shop}\n"
    "      - {id: people, label: 人员, type: \"string[]\"}\n"
    "      - {id: fine, label: 罚款, type: decimal, digits: 2}\n"
    "    rules:\n"
    "      - {id: positive, test: \"fine >= 0\", level: reject, message: 罚款不能为负}\n"
    "    measures:\n"
    "      n: {kind: count}\n"
    "      money: {kind: sum, of: fine}\n"
    "    cubes:\n"
    "      - {id: daily, dims: [month], measures: [n, money]}\n"
    "  - id: visit\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 走访\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: shop, label: 门店, type: ref, to: shop}\n"
    "  - id: note\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 便签\n"
    "    fields:\n"
    "      - {id: text, label: 内容, type: string, required: true}\n";

#define HEADER "编号,日期,名称,总店,人员,罚款\n"

static void open_fixture(fixture *f)
{
    zh_model *model = NULL;
    zh_err err = {0};
    if (fx_compile_text(MODEL, &model, &err) != ZH_OK) {
        print_error("%s %s\n", err.message, err.where);
        fail();
    }
    fx_open_model(f, model);
    zh_model_release(model);
}

/* Imports the text; the id of its job. */
static int64_t take(fixture *f, const char *reg, const char *name, const char *text)
{
    char path[128];
    zh_intake_result result;
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    zh_intake_options o = {
        .reg = fx_reg(f, reg), .path = path, .commit = ZH_COMMIT_ALL, .threads = 2};
    zh_err_clear(&f->err);
    zh_rc rc = zh_intake(&f->ctx, &o, &result);
    if (rc != ZH_OK || !result.committed || result.already) {
        print_error("%s: %s\n", name, f->err.message);
        fail();
    }
    return result.job;
}

static zh_rc order(fixture *f, int64_t import, zh_job *out)
{
    zh_job job;
    zh_err_clear(&f->err);
    assert_int_equal(zh_job_get(&f->ctx, import, &job), ZH_OK);
    return zh_undo_order(&f->ctx, &job, out);
}

static zh_undo_result undo(fixture *f, int64_t import)
{
    zh_job job;
    zh_undo_result r = {0};
    zh_rc rc = order(f, import, &job);
    if (rc == ZH_OK) {
        rc = zh_undo_run(&f->ctx, &job, NULL, NULL, &r);
    }
    if (rc != ZH_OK) {
        print_error("undo: %s\n", f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
    assert_true(r.done);
    return r;
}

static void refused(fixture *f, int64_t import, const char *rule)
{
    zh_job job;
    assert_int_not_equal(order(f, import, &job), ZH_OK);
    assert_string_equal(f->err.rule, rule);
    zh_err_clear(&f->err);
}

/* The record of a shop's number; id 0: there is none. */
static zh_applied shop(fixture *f, const char *no)
{
    zh_conn *conn = NULL;
    zh_record *r = NULL;
    zh_str key = zh_str_of(no);
    zh_err_clear(&f->err);
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    zh_rc rc = zh_record_by_key(&f->ctx, conn, fx_reg(f, "shop"), &key, &r);
    zh_store_release(conn);
    zh_err_clear(&f->err);
    return rc == ZH_OK ? (zh_applied){r->office, r->id, r->version} : (zh_applied){0};
}

static void clean(fixture *f)
{
    zh_verify_report report;
    int64_t size = 0;
    zh_buf lines;
    zh_buf_init(&lines, 1 << 20);
    zh_err_clear(&f->err);
    assert_int_equal(zh_sequence(f->core, &size, &f->err), ZH_OK);
    assert_int_equal(zh_verify(&f->ctx, &lines, &report, NULL, NULL), ZH_OK);
    if (report.differences > 0) {
        print_error("%.*s\n", (int)lines.n, lines.p);
    }
    assert_int_equal(report.differences, 0);
    zh_buf_free(&lines);
}

static int64_t fines(fixture *f)
{
    return fx_count(f, "SELECT COALESCE(SUM(fine), 0) /* exact: integer */ FROM r_shop");
}

/* Created and amended records; the same day; once; the way is free for a better file. */
static void whole(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    (void)take(&f, "shop", "one.csv",
               HEADER "S1,2026-01-01,甲店,,张;李,10\nS2,2026-01-02,乙店,S1,,20\n");
    int64_t sum = fines(&f);
    int64_t grams = fx_count(&f, "SELECT COUNT(*) FROM r_shop_g");
    zh_applied before = shop(&f, "S1");
    int64_t second = take(
        &f, "shop", "two.csv",
        HEADER
        "S1,2026-02-01,甲店新名,,王,11\nS3,2026-02-03,丙店,,赵,30\nS4,2026-02-03,丁店,S3,,40\n");
    int64_t size = fx_count(&f, "SELECT MAX(batch) FROM zh_outbox");
    assert_true(size > 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop"), 4);
    zh_applied gone = shop(&f, "S3");
    zh_undo_result r = undo(&f, second);
    assert_int_equal(r.withdrawn, 2);
    assert_int_equal(r.restored, 1);
    assert_int_equal(r.left, 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop"), 2);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop__people"), 2);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop_g"), grams);
    assert_int_equal(fines(&f), sum);
    zh_applied now = shop(&f, "S1");
    assert_int_equal(now.version, before.version + 2);
    assert_string_equal(fx_text(&f, fx_get(&f, "shop", &now), "name"), "甲店");
    assert_string_equal(fx_text(&f, fx_get(&f, "shop", &now), "day"), "2026-01-01");
    assert_int_equal(shop(&f, "S3").id, 0);
    clean(&f);

    /* nothing is lost: the versions stand, the record is found as of then and in its history */
    zh_conn *conn = NULL;
    zh_version *versions = NULL;
    zh_record *then = NULL;
    size_t n = 0;
    int64_t position = 0;
    const zh_register *reg = fx_reg(&f, "shop");
    assert_int_equal(zh_store_reader(zh_core_store(f.core), &conn, &f.err), ZH_OK);
    assert_int_equal(zh_record_history(&f.ctx, conn, reg, gone.office, gone.id, &versions, &n),
                     ZH_OK);
    assert_int_equal(n, 2);
    assert_true(zh_str_is(versions[1].op, "withdraw"));
    assert_int_equal(versions[1].record->values[0].kind, ZH_NULL);
    assert_int_equal(zh_record_withdrawn(&f.ctx, conn, reg, gone.office, gone.id, &position),
                     ZH_OK);
    assert_int_equal(zh_record_get(&f.ctx, conn, reg, gone.office, gone.id, position, &then),
                     ZH_OK);
    assert_string_equal(fx_text(&f, then, "name"), "丙店");
    assert_int_equal(zh_record_get(&f.ctx, conn, reg, gone.office, gone.id, position + 1, &then),
                     ZH_ENOTFOUND);
    zh_store_release(conn);

    r = undo(&f, second); /* again: the same, and nothing more is written */
    assert_true(r.already);
    assert_int_equal(r.withdrawn, 2);
    clean(&f);
    (void)take(&f, "shop", "three.csv", HEADER "S3,2026-02-03,丙店,,,33\n");
    assert_true(shop(&f, "S3").id != gone.id);
    clean(&f);
    fx_close(&f);
}

static void finding(const zh_undo_result *r, zh_applied at, const char *why)
{
    for (size_t i = 0; i < r->nlist; i++) {
        if (r->list[i].id == at.id) {
            assert_true(zh_str_find(r->list[i].why, zh_str_of(why)) >= 0);
            return;
        }
    }
    fail_msg("not listed: %s", why);
}

/* What somebody changed, what others refer to (also by way of what is left), what no longer fits.
 */
static void left_alone(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    (void)take(&f, "shop", "one.csv", HEADER "S1,2026-01-01,甲店,,,10\nS2,2026-01-02,乙店,,,20\n");
    int64_t second = take(&f, "shop", "two.csv",
                          HEADER "S1,2026-01-01,甲店,,,11\nS2,2026-01-02,乙店,,,21\n"
                                 "S3,2026-02-03,丙店,,,30\nS4,2026-02-03,丁店,S3,,40\n"
                                 "S5,2026-02-03,戊店,,,50\nS6,2026-02-03,己店,S5,,60\n"
                                 "S7,2026-02-03,庚店,,,70\n");
    zh_applied s1 = shop(&f, "S1");
    zh_applied s5 = shop(&f, "S5");
    zh_applied s6 = shop(&f, "S6");
    zh_applied visit;
    char key[64];
    assert_int_equal(fx_amend(&f, "shop", &s1, &s1, "fine", "12", NULL), ZH_OK);
    assert_int_equal(fx_amend(&f, "shop", &s6, &s6, "name", "己店二", NULL), ZH_OK);
    snprintf(key, sizeof key, "S7");
    zh_applied s7 = shop(&f, "S7");
    assert_int_equal(fx_create(&f, "visit", &visit, "no", "1", "shop", key, NULL), ZH_OK);
    zh_undo_result r = undo(&f, second);
    assert_int_equal(r.withdrawn, 2); /* S3 and S4: S4 refers to S3 and goes too */
    assert_int_equal(r.restored, 1);  /* S2 */
    assert_int_equal(r.left, 4);
    finding(&r, s1, "改过");
    finding(&r, s6, "改过");
    finding(&r, s5, "引用"); /* by S6, which stays */
    finding(&r, s7, "引用");
    assert_int_equal(shop(&f, "S3").id, 0);
    assert_true(shop(&f, "S6").id != 0);
    clean(&f);
    fx_close(&f);
}

/* Whose it was, when it was, what it was. */
static void may_not(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    int64_t job = take(&f, "note", "one.csv", "内容\n甲\n乙\n");
    zh_str me = f.ctx.actor;
    f.ctx.actor = ZH_STR("somebody");
    refused(&f, job, "undo.actor");
    f.ctx.actor = me;
    zh_conn *conn = NULL;
    zh_err err = {0};
    zh_sql_value moved[] = {ZH_SQL_INT(zh_now() - INT64_C(86400000000)), ZH_SQL_INT(job)};
    assert_int_equal(zh_store_writer(zh_core_store(f.core), &conn, &err), ZH_OK);
    assert_int_equal(
        zh_run(conn, "UPDATE zh_job SET updated_at = ? WHERE id = ?", moved, 2, NULL, &err), ZH_OK);
    zh_store_release(conn);
    refused(&f, job, "undo.day");
    moved[0] = ZH_SQL_INT(zh_now());
    assert_int_equal(zh_store_writer(zh_core_store(f.core), &conn, &err), ZH_OK);
    assert_int_equal(
        zh_run(conn, "UPDATE zh_job SET updated_at = ? WHERE id = ?", moved, 2, NULL, &err), ZH_OK);
    zh_store_release(conn);
    zh_undo_result r = undo(&f, job);
    assert_int_equal(r.withdrawn, 2);
    refused(&f, r.job, "undo.kind");
    /* a register that knows files only by their digest takes the file again once it was undone */
    (void)take(&f, "note", "one.csv", "内容\n甲\n乙\n");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_note"), 2);
    clean(&f);
    fx_close(&f);
}

typedef struct stop_at {
    int64_t batches;
} stop_at;

static bool stop(void *user, int64_t done, int64_t all)
{
    const stop_at *s = user;
    (void)all;
    return done < s->batches;
}

/* Several batches, interrupted after the first: it goes on and counts everything once. */
static void interrupted(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    enum { ROWS = 2 * (int)ZH_INTAKE_BATCH + 100 };
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_z(&text, HEADER);
    for (int i = 0; i < ROWS; i++) {
        zh_buf_fmt(&text, "N%d,2026-03-0%d,店,", i, 1 + i % 9);
        if (i > 0) {
            zh_buf_fmt(&text, "N%d", i - 1); /* each refers to the row before it */
        }
        zh_buf_fmt(&text, ",,%d\n", i);
    }
    zh_buf_c(&text, '\0');
    int64_t import = take(&f, "shop", "many.csv", text.p);
    zh_buf_free(&text);
    zh_job job;
    zh_undo_result r = {0};
    stop_at one = {1};
    assert_int_equal(order(&f, import, &job), ZH_OK);
    assert_int_equal(zh_undo_run(&f.ctx, &job, stop, &one, &r), ZH_ECANCEL);
    int64_t some = fx_count(&f, "SELECT COUNT(*) FROM r_shop");
    assert_true(some > 0 && some < ROWS);
    clean(&f);
    zh_conn *conn = NULL; /* the process that held the lease is gone */
    assert_int_equal(zh_store_writer(zh_core_store(f.core), &conn, &f.err), ZH_OK);
    assert_int_equal(zh_exec(conn, "UPDATE zh_job SET lease_until = 0", &f.err), ZH_OK);
    zh_store_release(conn);
    r = undo(&f, import);
    assert_int_equal(r.withdrawn, ROWS);
    assert_int_equal(r.left, 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop"), 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop_h"), 2 * ROWS);
    clean(&f);
    fx_close(&f);
}

/* A version that has content cannot be passed off as a withdrawal. */
static void passed_off(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    (void)take(&f, "note", "one.csv", "内容\n甲\n");
    zh_conn *conn = NULL;
    zh_err err = {0};
    assert_int_equal(zh_store_writer(zh_core_store(f.core), &conn, &err), ZH_OK);
    assert_int_equal(
        zh_exec(conn, "UPDATE r_note_h SET op = 'withdraw'; DELETE FROM r_note;", &err), ZH_OK);
    zh_store_release(conn);
    zh_verify_report report;
    int64_t size = 0;
    zh_buf lines;
    zh_buf_init(&lines, 1 << 20);
    assert_int_equal(zh_sequence(f.core, &size, &err), ZH_OK);
    assert_int_equal(zh_verify(&f.ctx, &lines, &report, NULL, NULL), ZH_OK);
    assert_true(report.differences > 0);
    assert_true(zh_str_find(zh_buf_view(&lines), ZH_STR("撤回的版本仍有内容")) >= 0);
    zh_buf_free(&lines);
    fx_close(&f);
}

/* Work that somebody at a post began is found, listed and stopped by whoever works through jobs. */
static void elsewhere(void **state)
{
    (void)state;
    fixture f;
    zh_job begun;
    zh_job seen;
    zh_job *list = NULL;
    size_t n = 0;
    open_fixture(&f);
    zh_ctx post = f.ctx;
    post.office = 420102;
    assert_int_equal(
        zh_job_open(&post, ZH_STR("import"), ZH_STR("{\"file\":\"x\"}"), false, &begun), ZH_OK);
    assert_int_equal(begun.office, 420102);
    assert_int_equal(zh_job_unfinished(&f.ctx, 10, &list, &n), ZH_OK);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].id, begun.id);
    assert_int_equal(zh_job_list(&f.ctx, 10, &list, &n), ZH_OK);
    assert_int_equal(n, 1);
    assert_int_equal(zh_job_get(&f.ctx, begun.id, &seen), ZH_OK);
    assert_int_equal(seen.office, 420102);
    assert_int_equal(zh_job_take(&f.ctx, &seen), ZH_OK);
    assert_int_equal(zh_job_cancel(&f.ctx, begun.id), ZH_OK);
    assert_int_equal(zh_job_get(&f.ctx, begun.id, &seen), ZH_OK);
    assert_true(seen.cancel);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elsewhere), cmocka_unit_test(whole),       cmocka_unit_test(left_alone),
        cmocka_unit_test(may_not),   cmocka_unit_test(interrupted), cmocka_unit_test(passed_off),
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
