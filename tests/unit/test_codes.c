/* Code systems. The small systems are invented here; the divisions of Hubei are those of GB/T 2260.
 */
#include "base/time.h"
#include "model/model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 420600 was 襄樊市 until 2010-12-08, then 襄阳市; 420601 is invented, split into two. */
static const char regions[] = "code,name,en,parent,level,from,to,aliases,successors\n"
                              "420000,湖北省,Hubei,,,,,湖北,\n"
                              "420100,武汉市,Wuhan,420000,,,,武汉;江城,\n"
                              "420102,江岸区,Jiang'an,420100,,,,,\n"
                              "420600,襄樊市,Xiangfan,420000,,,2010-12-08,,\n"
                              "420600,襄阳市,Xiangyang,420000,,2010-12-09,,襄樊市,\n"
                              "420601,旧城区,,420600,,,2012-12-31,,420602;420606\n"
                              "420602,襄城区,,420600,,,,,\n"
                              "420606,樊城区,,420600,,,,,\n"
                              "430000,湖南省,Hunan,,,,,湖南,\n"
                              "430100,长沙市,,430000,,,,,\n"
                              "430103,天心区,,430100,,,,,\n"
                              "430199,城关镇,,430000,town,,,,\n"
                              "439999,江岸区,,430100,,,,,\n"
                              "430122,望城县,,430100,,,2011-05-31,,430112\n"
                              "430112,望城区,,430100,,2011-06-01,,,\n";
/* Codes with capital letters; P03 changed its name; p04 and P04 are two. */
static const char capitals[] = "code,name,en,parent,from,to\n"
                               "P01,甲类,,,,\n"
                               "P02,乙类,,P01,,\n"
                               "P03,丙类,,P01,,2010-12-08\n"
                               "P03,丁类,,P01,2010-12-09,\n"
                               "P04,戊类,,,,\n"
                               "p04,己类,,,,\n"
                               "Ｑ5,庚类,,,,\n";
static const char yaml[] =
    "codes:\n"
    "  - {id: capital, label: 大写, levels: [one, two], file: capital.csv}\n"
    "  - {id: region, label: 区划, levels: [province, city, county, town], file: region.csv}\n"
    "  - id: grade\n"
    "    label: 等级\n"
    "    ordered: true\n"
    "    values: {low: 低, mid: {zh: 中, en: Middle, aliases: [中等]}, high: 高}\n";

static zh_arena *arena;
static zh_model *model;

static int setup(void **state)
{
    zh_pack_file files[] = {{ZH_STR("a.yaml"), zh_str_of(yaml)},
                            {ZH_STR("capital.csv"), zh_str_of(capitals)},
                            {ZH_STR("region.csv"), zh_str_of(regions)}};
    zh_err err;
    (void)state;
    zh_err_clear(&err);
    arena = zh_arena_new((size_t)1 << 30);
    if (zh_model_compile(files, 3, &model, NULL, &err) != ZH_OK) {
        print_error("%s %s\n", err.where, err.message);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zh_model_release(model);
    zh_arena_free(arena);
    return 0;
}

static const zh_codes *system_of(const char *id)
{
    return zh_model_codes(model, zh_str_of(id));
}

static void expect(const char *id, const char *text, zh_date at, const char *code, char how)
{
    const zh_code *found;
    char way = 0;
    zh_err err;
    zh_err_clear(&err);
    zh_rc rc = zh_code_match(system_of(id), arena, zh_str_of(text), at, &found, &way, &err);
    if (rc != ZH_OK || !zh_str_is(found->code, code) || way != how) {
        fail_msg("%s: %d %s, found %.*s by %c", text, rc, err.message,
                 ZH_FMT(found ? found->code : ZH_STR_NONE), way);
    }
}

#define ANY INT32_MIN

static void found_every_way(void **state)
{
    (void)state;
    expect("region", "420100", ANY, "420100", 'c');
    expect("region", " 武汉市 ", ANY, "420100", 'n');
    expect("region", "武汉", ANY, "420100", 'a');
    expect("region", "江城", ANY, "420100", 'a');
    expect("region", "wuhan", ANY, "420100", 'a');
    expect("region", "WHS", ANY, "420100", 'p');
    expect("region", "\uff14\uff12\uff10\uff11\uff10\uff10", ANY, "420100", 'c'); /* full width */
    expect("grade", "中等", ANY, "mid", 'a');
    expect("grade", "MID", ANY, "mid", 'c'); /* another case */
    expect("grade", "Middle", ANY, "mid", 'a');
}

static void found_in_another_case(void **state)
{
    (void)state;
    const zh_code *found;
    char how;
    zh_err err;
    expect("capital", "P01", ANY, "P01", 'c');
    expect("capital", "p01", ANY, "P01", 'c');
    expect("capital", "\uff50\uff10\uff11", ANY, "P01", 'c'); /* full width, small */
    expect("capital", "q5", ANY, "Ｑ5", 'c');                 /* its folding does more */
    expect("capital", "甲类p02", ANY, "P02", 'n');            /* at the end of a path */
    assert_int_equal(
        zh_code_match(system_of("capital"), arena, ZH_STR("乙类p02"), ANY, &found, &how, NULL),
        ZH_ENOTFOUND);
    expect("capital", "p04", ANY, "p04", 'c');
    expect("capital", "P04", ANY, "P04", 'c');
    zh_err_clear(&err);
    assert_int_equal(
        zh_code_match(system_of("capital"), arena, ZH_STR("\uff10"), ANY, &found, &how, &err),
        ZH_ENOTFOUND);
    zh_err_clear(&err);
    assert_int_equal(zh_code_match(system_of("capital"), arena, ZH_STR("\uff30\uff10\uff14"), ANY,
                                   &found, &how, &err),
                     ZH_ECONFLICT);
    assert_string_equal(err.rule, "code.ambiguous");
    for (int now = 0; now < 2; now++) { /* the validity of the date */
        assert_int_equal(zh_code_match(system_of("capital"), arena, ZH_STR("p03"),
                                       zh_date_of(2010, 12, 8) + now, &found, &how, NULL),
                         ZH_OK);
        assert_true(zh_str_is(found->label.zh, now ? "丁类" : "丙类"));
    }
}

static void found_by_path_of_names(void **state)
{
    (void)state;
    expect("region", "湖北省武汉市江岸区", ANY, "420102", 'n');
    expect("region", "湖北武汉江岸区", ANY, "420102", 'n');
    expect("region", "武汉市 江岸区", ANY, "420102", 'n');
    expect("region", "湖南省/江岸区", ANY, "439999", 'n');
    expect("region", "湖北省襄阳市襄城区", ANY, "420602", 'n');
}

static void ambiguity_is_a_conflict(void **state)
{
    (void)state;
    const zh_code *found;
    char how;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(
        zh_code_match(system_of("region"), arena, ZH_STR("江岸区"), ANY, &found, &how, &err),
        ZH_ECONFLICT);
    assert_non_null(found);
    assert_string_equal(err.rule, "code.ambiguous");
    assert_non_null(strstr(err.message, "420102 武汉市江岸区"));
    assert_non_null(strstr(err.message, "439999 长沙市江岸区"));
}

static void validity_decides(void **state)
{
    (void)state;
    zh_date old = zh_date_of(2010, 12, 8), now = zh_date_of(2010, 12, 9);
    const zh_codes *region = system_of("region");
    assert_true(zh_str_is(zh_code_find(region, ZH_STR("420600"), old)->label.zh, "襄樊市"));
    assert_true(zh_str_is(zh_code_find(region, ZH_STR("420600"), now)->label.zh, "襄阳市"));
    assert_true(zh_str_is(zh_code_find(region, ZH_STR("420600"), ANY)->label.zh, "襄阳市"));
    assert_null(zh_code_find(region, ZH_STR("420601"), now + 1000));
    expect("region", "襄樊市", old, "420600", 'n');
    expect("region", "襄樊市", now, "420600", 'a'); /* the old name is an alias now */
}

static void expired_names_the_successors(void **state)
{
    (void)state;
    const zh_code *found;
    char how;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_code_match(system_of("region"), arena, ZH_STR("旧城区"),
                                   zh_date_of(2013, 1, 1), &found, &how, &err),
                     ZH_ENOTFOUND);
    assert_string_equal(err.rule, "code.expired");
    assert_non_null(strstr(err.fix, "420602"));
    expect("region", "旧城区", zh_date_of(2012, 12, 31), "420601", 'n');
    const zh_code *code = zh_code_find(system_of("region"), ZH_STR("420601"), ANY);
    assert_int_equal(code->nsuccessors, 2);
    assert_true(zh_str_is(code->successors[1]->code, "420606"));
}

/* 望城县 became 望城区 on 2011-06-01: the old name means the only successor, the old code does not.
 */
static void an_old_name_means_the_only_successor(void **state)
{
    (void)state;
    const zh_code *found;
    char how;
    expect("region", "望城县", zh_date_of(2012, 1, 1), "430112", 'a');
    expect("region", "望城县", zh_date_of(2010, 1, 1), "430122", 'n');
    assert_int_equal(zh_code_match(system_of("region"), arena, ZH_STR("430122"),
                                   zh_date_of(2012, 1, 1), &found, &how, NULL),
                     ZH_ENOTFOUND);
}

static void unknown_lists_the_choices(void **state)
{
    (void)state;
    const zh_code *found;
    char how;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(
        zh_code_match(system_of("grade"), arena, ZH_STR("最高"), ANY, &found, &how, &err),
        ZH_ENOTFOUND);
    assert_null(found);
    assert_non_null(strstr(err.fix, "low(低)"));
}

static void hierarchy_and_levels(void **state)
{
    (void)state;
    const zh_codes *region = system_of("region");
    const zh_code *county = zh_code_find(region, ZH_STR("420102"), ANY);
    const zh_code *hubei = zh_code_find(region, ZH_STR("420000"), ANY);
    const zh_code *town = zh_code_find(region, ZH_STR("430199"), ANY);
    assert_int_equal(county->level, 3);
    assert_true(county->leaf && !hubei->leaf);
    assert_true(zh_str_is(zh_code_at_level(county, 2)->code, "420100"));
    assert_ptr_equal(zh_code_at_level(county, 3), county);
    assert_ptr_equal(zh_code_at_level(county, 1), hubei);
    assert_null(zh_code_at_level(hubei, 2));
    assert_null(zh_code_at_level(NULL, 1));
    assert_int_equal(town->level, 4);
    /* no city and no county above it: its province stands for them */
    assert_true(zh_str_is(zh_code_at_level(town, 3)->code, "430000"));
    assert_true(zh_code_within(county, hubei));
    assert_true(zh_code_within(county, county));
    assert_false(zh_code_within(hubei, county));
    assert_false(zh_code_within(town, hubei));
}

static void grades_keep_their_order(void **state)
{
    (void)state;
    const zh_codes *grade = system_of("grade");
    assert_true(grade->codes_are_ordered);
    assert_int_equal(zh_code_find(grade, ZH_STR("low"), ANY)->position, 0);
    assert_int_equal(zh_code_find(grade, ZH_STR("mid"), ANY)->position, 1);
    assert_int_equal(zh_code_find(grade, ZH_STR("high"), ANY)->position, 2);
}

/* 50,000 codes of three levels load in well under 150 ms (a sanitizer build takes several times as
 * long, so the bound here only catches quadratic work) and every one is found. */
static void big_system(void **state)
{
    (void)state;
    enum { N = 50000 };
    zh_buf csv;
    zh_model *big;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&csv, (size_t)16 << 20);
    zh_buf_z(&csv, "code,name,parent,aliases\n");
    for (int i = 0; i < N; i++) {
        static const char *const words[] = {"电器", "食品", "家具", "仪表", "纺织", "农资"};
        zh_buf_fmt(&csv, "%06d,%s%s第%d类,", i, words[i % 6], words[i / 6 % 6], i);
        if (i >= 100) {
            zh_buf_fmt(&csv, "%06d", i < 5000 ? i % 100 : 100 + i % 4900);
        }
        zh_buf_fmt(&csv, ",别名%d\n", i);
    }
    zh_pack_file files[] = {
        {ZH_STR("a.yaml"),
         ZH_STR("codes:\n  - {id: big, label: 大, levels: [a, b, c], file: b.csv}\n")},
        {ZH_STR("b.csv"), zh_buf_view(&csv)}};
    uint64_t began = zh_monotonic_us();
    assert_int_equal(zh_model_compile(files, 2, &big, NULL, &err), ZH_OK);
    uint64_t loaded = zh_monotonic_us() - began;
    const zh_codes *codes = zh_model_codes(big, ZH_STR("big"));
    assert_int_equal(codes->n, N);
    assert_int_equal(codes->levels, 3);
    for (int i = 0; i < N; i += 7) {
        const zh_code *found;
        char how, text[64];
        (void)snprintf(text, sizeof(text), "别名%d", i);
        assert_int_equal(zh_code_match(codes, arena, zh_str_of(text), ANY, &found, &how, NULL),
                         ZH_OK);
        assert_int_equal(found->position, i);
        assert_int_equal(how, 'a');
    }
    print_message("50,000 codes loaded in %llu ms\n", (unsigned long long)(loaded / 1000));
    assert_true(loaded < 3000000);
    zh_buf_free(&csv);
    zh_model_release(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_every_way),
        cmocka_unit_test(found_in_another_case),
        cmocka_unit_test(found_by_path_of_names),
        cmocka_unit_test(ambiguity_is_a_conflict),
        cmocka_unit_test(validity_decides),
        cmocka_unit_test(expired_names_the_successors),
        cmocka_unit_test(an_old_name_means_the_only_successor),
        cmocka_unit_test(unknown_lists_the_choices),
        cmocka_unit_test(hierarchy_and_levels),
        cmocka_unit_test(grades_keep_their_order),
        cmocka_unit_test(big_system),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
