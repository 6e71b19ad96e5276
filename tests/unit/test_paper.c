/* Official documents: the pages that come out, what stands on them, caps. The measures are those of
 * GB/T 9704-2012: 22 lines a page and 28 characters a line. */
#include "app/paper.h"
#include "base/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static zh_paper notice(const struct zh_paper_block *blocks, size_t n)
{
    return (zh_paper){.office = ZH_STR("江岸区市场监督管理局"),
                      .title = ZH_STR("关于认定违反质量承诺的告知书"),
                      .to = ZH_STR("校验位算例企业："),
                      .number = ZH_STR("质诺告〔2026〕1号"),
                      .date = ZH_STR("2026年3月23日"),
                      .link = ZH_STR("/registers/quality_promise/420000-7"),
                      .blocks = blocks,
                      .nblocks = n};
}

static size_t count(zh_str pdf, const char *word)
{
    size_t n = 0;
    zh_str needle = zh_str_of(word);
    for (ptrdiff_t at = zh_str_find(pdf, needle); at >= 0; at = zh_str_find(pdf, needle)) {
        n++;
        pdf = zh_str_sub(pdf, (size_t)at + needle.n, pdf.n);
    }
    return n;
}

static void test_pages(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_err err = {0};
    zh_str heads[] = {ZH_STR("核对事项"), ZH_STR("承诺值"), ZH_STR("实际值")};
    zh_str cells[] = {ZH_STR("批次合格率"), ZH_STR("99%"),
                      ZH_STR("97.5%（三批中两批不合格，见检验报告）")};
    struct zh_paper_block blocks[] = {
        {.text = ZH_STR(
             "你单位于2026年3月2日作出的质量承诺（编号：CN-1），承诺事项为：出厂电池批次合格率不"
             "低于百分之九十九。经核对，结论如下：抽检两批不合格。")},
        {.heads = heads, .cells = cells, .ncolumns = 3, .nrows = 1},
        {.text =
             ZH_STR("依据你单位所作承诺，现认定违诺。请自收到本告知书之日起三十日内改正并报告。")},
    };
    zh_paper paper = notice(blocks, ZH_COUNTOF(blocks));
    zh_buf one;
    zh_buf two;
    zh_buf_init(&one, ZH_PAPER_BYTES_MAX);
    zh_buf_init(&two, ZH_PAPER_BYTES_MAX);
    assert_int_equal(zh_paper_pdf(arena, &paper, ZH_STR("http://127.0.0.1:8086"), &one, &err),
                     ZH_OK);
    assert_int_equal(zh_paper_pdf(arena, &paper, ZH_STR("http://127.0.0.1:8086"), &two, &err),
                     ZH_OK);
    assert_true(zh_str_starts(zh_buf_view(&one), ZH_STR("%PDF-")));
    assert_true(zh_str_eq(zh_buf_view(&one), zh_buf_view(&two))); /* the same bytes */
    assert_int_equal(
        count(zh_buf_view(&one), "/Type /Page\n") + count(zh_buf_view(&one), "/Type /Page "), 1);
    const char *keep = getenv("ZH_TEST_KEEP"); /* a folder: look at it */
    if (keep != NULL) {
        const char *path = zh_str_fmt(arena, "%s/paper.pdf", keep).p;
        assert_int_equal(zh_file_replace(path, zh_buf_view(&one), &err), ZH_OK);
    }
    zh_buf_free(&one);
    zh_buf_free(&two);
    zh_arena_free(arena);
}

/* 40 lines of 28 characters do not fit on one page of 22. */
static void test_breaks(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_err err = {0};
    zh_buf text;
    zh_buf pdf;
    zh_buf_init(&text, 1 << 20);
    zh_buf_init(&pdf, ZH_PAPER_BYTES_MAX);
    for (size_t i = 0; i < (size_t)28 * 40; i++) {
        zh_buf_z(&text, "字");
    }
    struct zh_paper_block block = {.text = zh_buf_view(&text)};
    zh_paper paper = notice(&block, 1);
    assert_int_equal(zh_paper_pdf(arena, &paper, ZH_STR("http://x"), &pdf, &err), ZH_OK);
    size_t pages =
        count(zh_buf_view(&pdf), "/Type /Page\n") + count(zh_buf_view(&pdf), "/Type /Page ");
    assert_in_range(pages, 2, 3);
    zh_buf_free(&pdf);
    zh_buf_init(&pdf, ZH_PAPER_BYTES_MAX);
    paper.link = zh_str_fmt(arena, "/%01200d", 1); /* longer than a QR code holds */
    assert_int_equal(zh_paper_pdf(arena, &paper, ZH_STR("http://x"), &pdf, &err), ZH_ELIMIT);
    zh_buf_free(&text);
    zh_buf_free(&pdf);
    zh_arena_free(arena);
}

/* Several on one print: each on pages of its own, the second on the page after the first's last. */
static void test_several(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_err err = {0};
    zh_buf text;
    zh_buf pdf;
    zh_buf_init(&text, 1 << 20);
    zh_buf_init(&pdf, ZH_PAPER_BYTES_MAX);
    for (size_t i = 0; i < (size_t)28 * 40; i++) {
        zh_buf_z(&text, "字");
    }
    struct zh_paper_block blocks[] = {{.text = ZH_STR("短")}, {.text = zh_buf_view(&text)}};
    zh_paper papers[] = {notice(&blocks[0], 1), notice(&blocks[1], 1), notice(&blocks[0], 1)};
    assert_int_equal(
        zh_papers_pdf(arena, papers, ZH_COUNTOF(papers), ZH_STR("http://x"), &pdf, &err), ZH_OK);
    size_t pages =
        count(zh_buf_view(&pdf), "/Type /Page\n") + count(zh_buf_view(&pdf), "/Type /Page ");
    assert_in_range(pages, 4, 5);
    zh_buf_free(&text);
    zh_buf_free(&pdf);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_several),
    };
    return cmocka_run_group_tests_name("paper", tests, NULL, NULL);
}
