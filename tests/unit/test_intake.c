/* Intake phases beyond what the command line shows in tests/data: keys against the file and against
 * the database, references, resuming, rivals, caps. */
#include "base/os.h"
#include "core/intake/intake.h"
#include "core_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char MODEL[] =
    "codes:\n"
    "  - id: town\n"
    "    label: 乡镇\n"
    "    values:\n"
    "      \"01\": {zh: 东乡, to: 2019-12-31, successors: [\"02\"]}\n"
    "      \"02\": {zh: 东镇}\n"
    "      \"03\": {zh: 西乡, to: 2019-12-31, successors: [\"02\", \"04\"]}\n"
    "      \"04\": {zh: 西镇}\n"
    "registers:\n"
    "  - id: firm\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 企业\n"
    "    key: {business: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 企业编码, type: string, required: true}\n"
    "      - {id: name, label: 企业名称, type: string}\n"
    "  - id: visit\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 走访\n"
    "    key: {business: [no], row: [source, source_no]}\n"
    "    event_time: day\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string}\n"
    "      - {id: source, label: 来源, type: string, required: true}\n"
    "      - {id: source_no, label: 来源编号, type: string, required: true}\n"
    "      - {id: day, label: 日期, type: date, required: true}\n"
    "      - {id: firm, label: 企业, type: ref, to: firm}\n"
    "      - {id: town, label: 乡镇, type: code, system: town}\n"
    "      - {id: amount, label: 金额, type: decimal, digits: 2}\n"
    "      - {id: half, label: 取整, type: decimal, digits: 2, round: half_even}\n"
    "      - {id: people, label: 人员, type: \"string[]\"}\n"
    "    rules:\n"
    "      - {id: positive, test: \"amount >= 0\", level: reject, message: 金额不能为负}\n"
    "      - {id: usual, test: \"amount <= 1000\", level: justify, message: 金额异常}\n"
    "  - id: unit\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 单位\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 编码, type: string, required: true}\n"
    "      - {id: parent, label: 上级, type: ref, to: unit}\n"
    "      - {id: level, label: 层级, type: decimal, digits: 0, required: true}\n"
    "    rules:\n"
    "      - {id: below, test: \"parent is null or level > parent.level\", level: reject,\n"
    "         message: 层级须低于上级}\n"
    "  - id: note\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 便签\n"
    "    fields:\n"
    "      - {id: text, label: 内容, type: string, required: true}\n";

static const char RECIPES[] =
    "recipes:\n"
    "  - id: slips\n"
    "    label: 便条\n"
    "    source: 自编\n"
    "    licence: none\n"
    "    layouts:\n"
    "      - id: staff\n"
    "        register: visit\n"
    "        headers: [走访号, 走访人]\n"
    "        set:\n"
    "          source: {value: A}\n"
    "          source_no: 走访号\n"
    "          day: {value: 2026-01-01}\n"
    "          people: {pick: {column: 走访人}, split: \"、/\", into: value, unique: yes}\n"
    "      - {id: bare, register: note, columns: [line], set: {text: line}}\n"
    "      - {id: headed, register: note, headers: [便条], set: {text: 便条}}\n"
    "  - id: memos\n"
    "    label: 便笺\n"
    "    source: 自编\n"
    "    licence: none\n"
    "    layouts:\n"
    "      - {id: dated, register: note, headers: [便条, 日期], set: {text: 便条}}\n";

#define HEADER "编号,来源,来源编号,日期,企业,乡镇,金额,取整,人员\n"

typedef struct given {
    fixture *f;
    char path[96];
    zh_intake_options options;
    zh_intake_result result;
} given;

static void open_fixture(fixture *f)
{
    zh_model *model = NULL;
    zh_err err = {0};
    char text[sizeof MODEL + sizeof RECIPES];
    snprintf(text, sizeof text, "%s%s", MODEL, RECIPES);
    if (fx_compile_text(text, &model, &err) != ZH_OK) {
        print_error("%s %s\n", err.message, err.where);
        fail();
    }
    fx_open_model(f, model);
    zh_model_release(model);
}

static void put(const given *g, const char *text, size_t n)
{
    FILE *file = fopen(g->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static given file_for(fixture *f, const char *reg, const char *name, const char *text)
{
    given g = {.f = f};
    int n = snprintf(g.path, sizeof g.path, "%s/%s", f->folder, name);
    assert_true(n > 0 && (size_t)n < sizeof g.path);
    g.options = (zh_intake_options){.reg = fx_reg(f, reg), .commit = ZH_COMMIT_CLEAN, .threads = 2};
    put(&g, text, strlen(text));
    return g;
}

static zh_rc take(given *g)
{
    g->options.path = g->path;
    zh_err_clear(&g->f->err);
    return zh_intake(&g->f->ctx, &g->options, &g->result);
}

static void counts(const given *g, int64_t fresh, int64_t same, int64_t changed, int64_t doubtful,
                   int64_t refused)
{
    const zh_intake_result *r = &g->result;
    for (size_t i = 0; i < r->nerrors; i++) {
        print_message("  %.*s [%.*s] %.*s\n", ZH_FMT(r->errors[i].where), ZH_FMT(r->errors[i].rule),
                      ZH_FMT(r->errors[i].message));
    }
    assert_int_equal(r->fresh, fresh);
    assert_int_equal(r->same, same);
    assert_int_equal(r->changed, changed);
    assert_int_equal(r->doubtful, doubtful);
    assert_int_equal(r->refused, refused);
}

static void finding(const given *g, size_t i, const char *where, const char *rule)
{
    assert_true(i < g->result.nerrors);
    assert_true(zh_str_is(g->result.errors[i].where, where));
    assert_true(zh_str_is(g->result.errors[i].rule, rule));
}

/* A business key beside the row key: in the file, and in the database. */
static void two_keys(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "visit", "one.csv",
                       HEADER "V1,A,1,2026-01-01,,,1,,\n"
                              "V1,A,2,2026-01-01,,,1,,\n" /* V1 is A/1's */
                              "V2,A,3,2026-01-01,,,1,,\n"
                              ",A,4,2026-01-01,,,1,,\n" /* no business key: nothing to compare */
                              ",A,5,2026-01-01,,,1,,\n"
                              "V2,A,3,2026-01-01,,,1,,\n"   /* the same row */
                              "V2,A,3,2026-01-01,,,2,,\n"   /* the same row otherwise */
                              "V3,A,6,2026-01-01,,,-1,,\n"  /* refused by a rule … */
                              "V3,A,6,2026-01-01,,,1,,\n"); /* … and said again otherwise */
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 4, 1, 0, 0, 4);
    finding(&g, 0, "第3行", "intake.taken");
    finding(&g, 1, "第8行", "intake.duplicate");
    finding(&g, 2, "第9行第7列", "positive");
    finding(&g, 3, "第10行", "intake.duplicate");

    given h = file_for(&f, "visit", "two.csv",
                       HEADER "V1,B,1,2026-01-01,,,1,,\n"   /* V1 is A/1's */
                              "V2,A,1,2026-01-01,,,1,,\n"   /* A/1 is V1, V2 is A/3's */
                              "V9,A,1,2026-01-01,,,1,,\n"   /* A/1 gets another number */
                              "V2,A,3,2026-01-01,,,1.0,,\n" /* as it was: 1.0 is 1 */
                              "V2,A,3,2026-01-01,,,1,,\n");
    assert_int_equal(take(&h), ZH_OK);
    finding(&h, 0, "第2行", "intake.taken");
    finding(&h, 1, "第3行", "intake.taken");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit"), 4);
    assert_int_equal(h.result.fresh, 0);
    fx_close(&f);
}

static void references_and_lists(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given firms = file_for(&f, "firm", "firms.csv", "企业编码,企业名称\nE1,甲\nE2,乙\n");
    assert_int_equal(take(&firms), ZH_OK);
    counts(&firms, 2, 0, 0, 0, 0);
    given g = file_for(&f, "visit", "visits.csv",
                       HEADER ",A,1,2026-01-01,E1,,1,,张;李；王\n"
                              ",A,2,2026-01-01,E3,,1,,\n"
                              ",A,3,2026-01-01,E2,,1,,\n"
                              ",A,4,2026-01-01,E1,,1,,\n");
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 3, 0, 0, 0, 1);
    finding(&g, 0, "第3行第5列", "intake.reference");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit__people"), 3);

    /* Columns that a file does not have are left alone; a list that changed is an amendment. */
    given h = file_for(&f, "visit", "less.csv",
                       "来源,来源编号,日期,人员\nA,1,2026-01-01,张;李\nA,3,2026-01-01,\n");
    assert_int_equal(take(&h), ZH_OK);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit WHERE amount IS NOT NULL"), 3);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit__people"), 2);
    fx_close(&f);
}

/* A recipe says what separates the values of a list. */
static void list_separators(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "visit", "staff.csv", "走访号,走访人\n1,张、李/王、张\n2,赵;钱\n");
    g.options.recipe = ZH_STR("slips");
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 2, 0, 0, 0, 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit__people"), 4);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit__people WHERE value = '赵;钱'"), 1);
    fx_close(&f);
}

/* ---- references to rows of the same file ----------------------------------------------------- */

#define UNITS (2 * (int)ZH_INTAKE_BATCH + 100)

/* Units 0 … UNITS - 1, each below the one before; `down`: the lowest comes first. One of them has
 * a level that its rule refuses, -1 none. */
static void put_units(const given *g, bool down, int wrong)
{
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_z(&text, "编码,上级,层级\n");
    for (int i = 0; i < UNITS; i++) {
        int unit = down ? UNITS - 1 - i : i;
        zh_buf_fmt(&text, "U%d,", unit);
        if (unit > 0) {
            zh_buf_fmt(&text, "U%d", unit - 1);
        }
        zh_buf_fmt(&text, ",%d\n", unit == wrong ? 0 : unit + 1);
    }
    put(g, text.p, text.n);
    zh_buf_free(&text);
}

/* Checks, then writes; both have to say the same. */
static void both(given *g, int64_t fresh, int64_t same, int64_t changed, int64_t refused)
{
    for (int turn = 0; turn < 2; turn++) {
        g->options.commit = turn ? ZH_COMMIT_CLEAN : ZH_COMMIT_NONE;
        assert_int_equal(take(g), ZH_OK);
        assert_int_equal(g->result.fresh, fresh);
        assert_int_equal(g->result.same, same);
        assert_int_equal(g->result.changed, changed);
        assert_int_equal(g->result.refused, refused);
        assert_int_equal(g->result.errors_total, refused);
    }
}

static void earlier_rows(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        fixture f;
        open_fixture(&f);
        given g = file_for(&f, "unit", "units.csv", "");
        g.options.threads = threads;
        put_units(&g, false, -1);
        both(&g, UNITS, 0, 0, 0);
        assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_unit a JOIN r_unit b ON "
                                      "b.id = a.parent_ AND a.level = b.level + 1"),
                         UNITS - 1);
        both(&g, 0, UNITS, 0, 0);
        fx_close(&f);
    }
}

/* A reference never finds a row that comes later, however the batches fall. */
static void later_rows(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "unit", "units.csv", "");
    g.options.threads = 4;
    put_units(&g, true, -1);
    both(&g, 1, 0, 0, UNITS - 1);
    finding(&g, 0, "第2行第2列", "intake.reference");
    both(&g, 1, 1, 0, UNITS - 2);
    both(&g, 1, 2, 0, UNITS - 3);
    fx_close(&f);
}

/* What is refused cannot be referred to; what follows is refused in its turn. */
static void refused_rows(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "unit", "units.csv", "");
    put_units(&g, false, (int)ZH_INTAKE_BATCH);
    both(&g, (int64_t)ZH_INTAKE_BATCH, 0, 0, UNITS - (int64_t)ZH_INTAKE_BATCH);
    char first[40];
    char second[40];
    (void)snprintf(first, sizeof first, "第%zu行第2列", ZH_INTAKE_BATCH + 2); /* after the header */
    (void)snprintf(second, sizeof second, "第%zu行第2列", ZH_INTAKE_BATCH + 3);
    finding(&g, 0, first, "below");
    finding(&g, 1, second, "intake.reference");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_unit"), (int64_t)ZH_INTAKE_BATCH);
    fx_close(&f);
}

/* A rule reads the record referred to as the rows before leave it; a row is not its own parent. */
static void changed_rows(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "unit", "units.csv", "编码,上级,层级\nA,,5\n");
    both(&g, 1, 0, 0, 0);
    given h =
        file_for(&f, "unit", "more.csv", "编码,上级,层级\nB,A,6\nA,,50\nC,A,51\nD,A,6\nE,E,1\n");
    both(&h, 2, 0, 1, 2);
    finding(&h, 0, "第5行第2列", "below");
    finding(&h, 1, "第6行第2列", "intake.reference");
    h.options.commit = ZH_COMMIT_ALL;
    assert_int_equal(take(&h), ZH_OK);
    assert_false(h.result.committed);
    fx_close(&f);
}

/* Names that went out of use, on the day of the event. */
static void old_names(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "visit", "towns.csv",
                       HEADER ",A,1,2019-06-01,,东乡,,,\n"   /* in force */
                              ",A,2,2021-06-01,,东乡,,,\n"   /* its only successor */
                              ",A,3,2021-06-01,,01,,,\n"     /* a code is not a name */
                              ",A,4,2021-06-01,,西乡,,,\n"); /* two successors */
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 2, 0, 0, 0, 2);
    finding(&g, 0, "第4行第6列", "code.expired");
    finding(&g, 1, "第5行第6列", "code.expired");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit WHERE town = '01'"), 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit WHERE town = '02'"), 1);
    fx_close(&f);
}

/* More digits than a decimal holds: refused, unless the field rounds. */
static void long_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t scaled; /* of two digits */
    } rounded[] = {
        {"-2.77555756156289e-17", 0},
        {"0.00499999999999999999999", 0},
        {"0.00500000000000000000000", 0}, /* a tie to the even digit … */
        {"0.00500000000000000000001", 1}, /* … and just above it */
        {"0.01500000000000000000000", 2},
        {"1.23456789012345678901e2", 12346},
        {"123456789.9949999999999999999", 12345678999},
        {"1.5e-300", 0},
    };
    fixture f;
    open_fixture(&f);
    char text[4096] = HEADER;
    for (size_t i = 0; i < ZH_COUNTOF(rounded); i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, ",A,%zu,2026-01-01,,,,%s,\n", i, rounded[i].text);
    }
    given g = file_for(&f, "visit", "digits.csv", text);
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, (int64_t)ZH_COUNTOF(rounded), 0, 0, 0, 0);
    for (size_t i = 0; i < ZH_COUNTOF(rounded); i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT half FROM r_visit WHERE source_no = '%zu'", i);
        assert_int_equal(fx_count(&f, sql), rounded[i].scaled);
    }
    given h = file_for(&f, "visit", "refused.csv",
                       HEADER ",B,1,2026-01-01,,,-2.77555756156289e-17,,\n"
                              ",B,2,2026-01-01,,,,1234567890123456789,\n"
                              ",B,3,2026-01-01,,,,12345678901234567.123,\n");
    assert_int_equal(take(&h), ZH_OK);
    counts(&h, 0, 0, 0, 0, 3);
    fx_close(&f);
}

/* ---- phases ---------------------------------------------------------------------------------- */

enum { ROWS = 9000, STEP = 97 }; /* several batches; a row comes again every STEP rows */

static char *many_rows(size_t *n)
{
    zh_buf text;
    zh_buf_init(&text, 4 << 20);
    zh_buf_z(&text, HEADER);
    for (int i = 0; i < ROWS; i++) {
        bool again = i > 0 && i % STEP == 0;
        int no = again ? i - 1 : i; /* the row above once more */
        zh_buf_fmt(&text, ",A,%d,2026-01-01,,,%d,,\n", no, no % 1000);
    }
    assert_false(text.failed);
    char *out = malloc(text.n);
    assert_non_null(out);
    memcpy(out, text.p, text.n);
    *n = text.n;
    zh_buf_free(&text);
    return out;
}

typedef struct stopper {
    int64_t at;
} stopper;

static bool stop_at(void *user, const char *phase, int64_t rows, uint64_t bytes, uint64_t total)
{
    const stopper *s = user;
    (void)phase;
    (void)bytes;
    (void)total;
    return rows < s->at;
}

/* Cancelled after some batches, taken up again: counts as of one run, nothing twice. */
static void cancel_and_again(void **state)
{
    (void)state;
    fixture f;
    size_t n = 0;
    open_fixture(&f);
    char *text = many_rows(&n);
    given g = file_for(&f, "visit", "many.csv", "");
    put(&g, text, n);
    int64_t fresh = fx_count(&f, "SELECT COUNT(*) FROM r_visit");
    assert_int_equal(fresh, 0);
    stopper s = {1};
    g.options.progress = stop_at;
    g.options.user = &s;
    zh_rc rc = take(&g);
    assert_int_equal(rc, ZH_ECANCEL);
    int64_t written = fx_count(&f, "SELECT COUNT(*) FROM r_visit");
    assert_true(written > 0 && written < ROWS);
    assert_int_equal(written, g.result.written);
    g.options.progress = NULL;
    assert_int_equal(take(&g), ZH_OK);
    assert_true(g.result.committed);
    int64_t again = (ROWS - 1) / STEP;
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit"), ROWS - again);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit_h"), ROWS - again);
    free(text);
    fx_close(&f);
}

typedef struct grower {
    const given *g;
    bool done;
} grower;

static bool grow(void *user, const char *phase, int64_t rows, uint64_t bytes, uint64_t total)
{
    grower *w = user;
    (void)phase;
    (void)rows;
    (void)bytes;
    (void)total;
    if (!w->done) {
        FILE *file = fopen(w->g->path, "ab");
        assert_non_null(file);
        assert_true(fputs(",A,99999,2026-01-01,,,1,,\n", file) >= 0);
        assert_int_equal(fclose(file), 0);
        w->done = true;
    }
    return true;
}

/* A file that grows while it is checked is not the file that was checked. */
static void changed_meanwhile(void **state)
{
    (void)state;
    fixture f;
    size_t n = 0;
    open_fixture(&f);
    char *text = many_rows(&n);
    given g = file_for(&f, "visit", "many.csv", "");
    put(&g, text, n);
    grower w = {&g, false};
    g.options.commit = ZH_COMMIT_ALL;
    g.options.progress = grow;
    g.options.user = &w;
    assert_int_equal(take(&g), ZH_ECONFLICT);
    assert_string_equal(f.err.rule, "intake.file_changed");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit"), 0);
    free(text);
    fx_close(&f);
}

/* A register without a row key knows a file by its digest. */
static void without_key(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "note", "notes.csv", "内容\n一\n一\n二\n");
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 3, 0, 0, 0, 0);
    assert_int_equal(take(&g), ZH_OK);
    assert_true(g.result.already);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_note"), 3);
    put(&g, "内容\n一\n", strlen("内容\n一\n"));
    assert_int_equal(take(&g), ZH_OK);
    assert_false(g.result.already);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_note"), 4);
    fx_close(&f);
}

static void doubtful_rows(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "visit", "doubt.csv",
                       HEADER ",A,1,2026-01-01,,,1,,\n,A,2,2026-01-01,,,1001,,\n");
    g.options.commit = ZH_COMMIT_ALL;
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 1, 0, 0, 1, 0);
    assert_false(g.result.committed);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_visit"), 0);
    g.options.justification = ZH_STR("电话核实");
    assert_int_equal(take(&g), ZH_OK);
    counts(&g, 2, 0, 0, 0, 0);
    assert_true(g.result.committed);
    assert_int_equal(
        fx_count(&f, "SELECT COUNT(*) FROM r_visit_h WHERE justification = '电话核实'"), 1);
    fx_close(&f);
}

/* ---- caps ------------------------------------------------------------------------------------ */

static void header_row(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    for (size_t above = ZH_INTAKE_HEADER_ROWS - 1; above <= ZH_INTAKE_HEADER_ROWS; above++) {
        char text[1024] = "";
        for (size_t i = 0; i < above; i++) {
            memcpy(text + strlen(text), "标题,\n", sizeof "标题,\n");
        }
        memcpy(text + strlen(text), "内容\n一\n", sizeof "内容\n一\n");
        given g = file_for(&f, "note", "title.csv", text);
        g.options.commit = ZH_COMMIT_NONE;
        zh_rc rc = take(&g);
        assert_int_equal(rc, above < ZH_INTAKE_HEADER_ROWS ? ZH_OK : ZH_EINVAL);
        if (rc != ZH_OK) {
            assert_string_equal(f.err.rule, "intake.layout");
            assert_non_null(strstr(f.err.fix, "内容"));
        }
    }
    fx_close(&f);
}

/* A layout without a header is the last to be tried: a title is no row. */
static void headless(void **state)
{
    (void)state;
    static const struct {
        const char *text, *layout;
        int64_t rows;
    } table[] = {
        {"本周便条\n便条\n一\n二\n", "headed", 2},
        {"一\n二\n三\n", "bare", 3},
        {"本周便条\n内容\n一\n", "own", 1},
    };
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        given g = file_for(&f, "note", "slips.csv", table[i].text);
        g.options.commit = ZH_COMMIT_NONE;
        assert_int_equal(take(&g), ZH_OK);
        assert_true(zh_str_is(g.result.layout, table[i].layout));
        assert_int_equal(g.result.fresh, table[i].rows);
    }
    fx_close(&f);
}

/* Without --recipe: the register's own header, else the one recipe that fits, never one of two. */
static void which_recipe(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    given g = file_for(&f, "note", "slips.csv", "便条,日期\n一,2026-01-01\n");
    g.options.commit = ZH_COMMIT_NONE;
    assert_int_equal(take(&g), ZH_EINVAL);
    assert_string_equal(f.err.rule, "intake.ambiguous");
    assert_non_null(strstr(f.err.message, "slips"));
    assert_non_null(strstr(f.err.message, "memos"));
    g.options.recipe = ZH_STR("memos");
    assert_int_equal(take(&g), ZH_OK);
    assert_true(zh_str_is(g.result.layout, "dated"));
    g.options.recipe = ZH_STR_NONE;
    put(&g, "便条,页\n一,1\n", strlen("便条,页\n一,1\n"));
    assert_int_equal(take(&g), ZH_OK);
    assert_true(zh_str_is(g.result.recipe, "slips"));
    put(&g, "内容,便条,日期\n一,二,三\n", strlen("内容,便条,日期\n一,二,三\n"));
    assert_int_equal(take(&g), ZH_OK);
    assert_int_equal(g.result.recipe.n, 0);
    fx_close(&f);
}

static size_t lines_of(const char *path)
{
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(8 << 20);
    zh_str text;
    size_t n = 0;
    assert_int_equal(zh_file_read(arena, path, 4 << 20, &text, &err), ZH_OK);
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    zh_arena_free(arena);
    return n;
}

/* The result holds a bounded number of errors, the file all of them. */
static void many_errors(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_z(&text, HEADER);
    size_t wrong = ZH_INTAKE_ERRORS_KEPT + 1;
    for (size_t i = 0; i < wrong; i++) {
        zh_buf_fmt(&text, ",A,%zu,2026-01-01,,,-1,,\n", i);
    }
    given g = file_for(&f, "visit", "wrong.csv", "");
    put(&g, text.p, text.n);
    zh_buf_free(&text);
    char list[128];
    snprintf(list, sizeof list, "%s/errors.csv", f.folder);
    g.options.errors_path = list;
    assert_int_equal(take(&g), ZH_OK);
    assert_int_equal(g.result.nerrors, ZH_INTAKE_ERRORS_KEPT);
    assert_int_equal(g.result.errors_total, (int64_t)wrong);
    assert_int_equal(g.result.nby_rule, 1);
    assert_int_equal(g.result.by_rule[0].n, (int64_t)wrong);
    assert_int_equal(lines_of(list), wrong + 1);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_keys),         cmocka_unit_test(references_and_lists),
        cmocka_unit_test(old_names),        cmocka_unit_test(long_fractions),
        cmocka_unit_test(cancel_and_again), cmocka_unit_test(changed_meanwhile),
        cmocka_unit_test(without_key),      cmocka_unit_test(doubtful_rows),
        cmocka_unit_test(header_row),       cmocka_unit_test(headless),
        cmocka_unit_test(many_errors),      cmocka_unit_test(earlier_rows),
        cmocka_unit_test(later_rows),       cmocka_unit_test(refused_rows),
        cmocka_unit_test(changed_rows),     cmocka_unit_test(list_separators),
        cmocka_unit_test(which_recipe),
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
