/* PDF: the document is opened again with poppler's tools (skipped when they are absent), which
 * share no code with cairo's writer: pages, metadata, fonts, text, links. Line breaking is checked
 * against the rule of GB/T 15834 (no closing mark at the beginning of a line, no opening one at its
 * end). */
#include "fmt/pdf.h"
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = zh_arena_new((size_t)256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const zh_text_at song = {
    .font = {.family = ZH_FAMILY_SONG, .size = 16, .weight = 600, .role = ZH_ROLE_INK}};
static const zh_text_at sans = {.font = {.size = 10}};

static void must(zh_rc rc, const zh_err *err)
{
    if (rc != ZH_OK) {
        fail_msg("%s", err->message);
    }
}

static zh_draw *new_page(zh_arena *arena)
{
    return zh_draw_new(arena, ZH_PDF_A4_WIDTH, ZH_PDF_A4_HEIGHT, ZH_STR("页"));
}

/* Two pages: a heading with a name and a figure; a link back and an address. */
static void two_pages(zh_arena *arena, const zh_draw *pages[2])
{
    zh_draw *figure = zh_draw_new(arena, 100, 50, ZH_STR("图"));
    const zh_point points[] = {{0, 0}, {10, 0}, {10, 10}, {2, 2}, {4, 2}, {4, 4}};
    const size_t ends[] = {3, 6};
    zh_draw_rect(figure, 0, 0, 100, 50,
                 (zh_paint){.fill = ZH_ROLE_MISSING, .stroke = ZH_ROLE_HATCH});
    zh_draw_rect(figure, 0, 0, 50, 50, (zh_paint){.fill = ZH_ROLE_FEW});
    zh_draw_polygon(figure, points, ends, 2, (zh_paint){.fill = ZH_ROLE_Q5, .tint = ZH_TINT_BAND});
    zh_draw_line(figure, 0, 0, 9, 9, (zh_paint){.stroke = ZH_ROLE_INK, .dash = ZH_DASH_TARGET});
    zh_draw_circle(figure, 5, 5, 3, (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK});
    zh_draw_text(figure, 50, 25, ZH_STR("未报"), (zh_text_at){.anchor = ZH_ANCHOR_MIDDLE});
    zh_draw *one = new_page(arena);
    zh_mark heading = {.name = ZH_STR("sec-1")};
    zh_draw_open(one, &heading);
    zh_draw_text(one, 60, 80, ZH_STR("一、食品抽检不合格率"), song);
    zh_draw_close(one);
    zh_draw_place(one, figure, 60, 100, 2);
    zh_draw *two = new_page(arena);
    zh_mark back = {.href = ZH_STR("#sec-1")};
    zh_draw_open(two, &back);
    zh_draw_text(two, 60, 80, ZH_STR("回到第一节"), sans);
    zh_draw_close(two);
    zh_mark out = {.href = ZH_STR("https://example.org/it's?a=(1)\\")};
    zh_draw_open(two, &out);
    zh_draw_text(two, 60, 100, ZH_STR("合格率 1.84%"), sans);
    zh_draw_close(two);
    pages[0] = one;
    pages[1] = two;
}

/* ZH_STR is no constant expression for gcc -Wpedantic. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const zh_pdf_outline outline[] = {
    {TEXT("一、食品（抽检）"), 1, 70, 0}, {TEXT("图 1"), 1, 100, 1}, {TEXT("二、链接"), 2, 0, 0}};

static void write_two_pages(zh_arena *arena, zh_time created, zh_buf *out)
{
    const zh_draw *pages[2];
    two_pages(arena, pages);
    zh_pdf_in in = {.title = ZH_STR("质量季报 'x' \\ (1)"),
                    .author = ZH_STR("质衡"),
                    .created = created,
                    .pages = pages,
                    .pages_n = 2,
                    .outline = outline,
                    .outline_n = ZH_COUNTOF(outline)};
    zh_pdf_result result;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(out, ZH_PDF_BYTES_MAX);
    must(zh_pdf_write(&in, out, &result, &err), &err);
    assert_int_equal(result.pages, 2);
    assert_int_equal(result.unknown_glyphs, 0);
}

/* Standard output of a poppler tool about the document; empty when the tool is not installed. */
static zh_str tool(zh_arena *arena, zh_str document, const char *name, const char *option)
{
    char path[] = "/tmp/zh-test-pdf-XXXXXX";
    int file = mkstemp(path);
    int ends[2];
    assert_true(file >= 0);
    assert_int_equal(write(file, document.p, document.n), document.n);
    (void)close(file);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        const char *last = strcmp(name, "pdftotext") == 0 ? "-" : NULL;
        if (option == NULL) {
            (void)execlp(name, name, path, (char *)NULL);
        } else {
            (void)execlp(name, name, option, path, last, (char *)NULL);
        }
        _exit(127);
    }
    (void)close(ends[1]);
    char *text = zh_arena_alloc(arena, 1 << 16);
    size_t n = 0;
    ssize_t got;
    while ((got = read(ends[0], text + n, (1 << 16) - n)) > 0) {
        n += (size_t)got;
    }
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlink(path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        printf("skipped: %s is not installed\n", name);
        return ZH_STR_NONE;
    }
    assert_int_equal(status, 0);
    return (zh_str){text, n};
}

static bool holds(zh_str text, const char *part)
{
    return zh_str_find(text, zh_str_of(part)) >= 0;
}

static void the_document_opens_again(void **state)
{
    zh_buf out;
    write_two_pages(*state, 1750000000000000, &out);
    zh_str pdf = zh_buf_view(&out);
    assert_true(zh_str_starts(pdf, ZH_STR("%PDF-1.5")));
    zh_str info = tool(*state, pdf, "pdfinfo", "-isodates");
    if (info.n > 0) {
        assert_true(holds(info, "质量季报 'x' \\ (1)"));
        assert_true(holds(info, "Pages:           2"));
        assert_true(holds(info, "595.276 x 841.89 pts (A4)"));
        assert_true(holds(info, "CreationDate:    2025-06-15T")); /* 1750000000 s */
    }
    zh_str fonts = tool(*state, pdf, "pdffonts", NULL);
    if (fonts.n > 0) {
        assert_true(holds(fonts, "NotoSerifCJK"));
        assert_true(holds(fonts, "NotoSansCJK"));
        assert_true(holds(fonts, "yes yes yes")); /* embedded, subset, with Unicode */
        assert_false(holds(fonts, " no  "));
    }
    zh_str text = tool(*state, pdf, "pdftotext", "-layout");
    if (text.n > 0) {
        assert_true(holds(text, "一、食品抽检不合格率"));
        assert_true(holds(text, "合格率 1.84%"));
        assert_true(holds(text, "未报"));
    }
    zh_str links = tool(*state, pdf, "pdfinfo", "-url");
    if (links.n > 0) {
        assert_true(holds(links, "https://example.org/it%27s?a=%281%29%5C"));
    }
    zh_str places = tool(*state, pdf, "pdfinfo", "-dests");
    if (places.n > 0) {
        assert_true(holds(places, "sec-1"));
    }
    assert_true(pdf.n < 200000); /* subsets, not whole fonts of 20 MB */
    zh_buf_free(&out);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
    zh_buf a;
    zh_buf b;
    zh_buf c;
    write_two_pages(*state, 1750000000000000, &a);
    write_two_pages(*state, 1750000000000000, &b);
    write_two_pages(*state, 1760000000000000, &c);
    assert_true(zh_str_eq(zh_buf_view(&a), zh_buf_view(&b)));
    assert_false(zh_str_eq(zh_buf_view(&a), zh_buf_view(&c)));
    zh_buf_free(&a);
    zh_buf_free(&b);
    zh_buf_free(&c);
}

static void refuse(const zh_pdf_in *in, zh_rc rc, const char *rule)
{
    zh_buf out;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&out, ZH_PDF_BYTES_MAX);
    assert_int_equal(zh_pdf_write(in, &out, NULL, &err), rc);
    assert_string_equal(err.rule, rule);
    assert_int_equal(out.n, 0);
    zh_buf_free(&out);
}

static void unsound_documents_are_refused(void **state)
{
    const zh_draw *pages[2];
    two_pages(*state, pages);
    zh_pdf_in in = {.title = ZH_STR("t"), .pages = pages, .pages_n = 0};
    refuse(&in, ZH_EINVAL, "pdf.pages");
    const zh_draw *only[] = {pages[1]};
    in = (zh_pdf_in){.pages = only, .pages_n = 1}; /* "#sec-1" is on the other page */
    refuse(&in, ZH_EINVAL, "pdf.link");
    const zh_draw *twice[] = {pages[0], pages[0]};
    in = (zh_pdf_in){.pages = twice, .pages_n = 2};
    refuse(&in, ZH_EINVAL, "pdf.name");
    zh_draw *open = new_page(*state);
    zh_draw_open(open, NULL);
    const zh_draw *bad[] = {open};
    in = (zh_pdf_in){.pages = bad, .pages_n = 1};
    refuse(&in, ZH_EINVAL, "draw.group");
    in = (zh_pdf_in){.pages = pages, .pages_n = 2, .title = ZH_STR("a\x02")};
    refuse(&in, ZH_EINVAL, "pdf.metadata");
    static const zh_pdf_outline wrong[][2] = {
        {{TEXT("a"), 1, 0, 1}, {TEXT("b"), 1, 0, 0}}, /* begins below */
        {{TEXT("a"), 1, 0, 0}, {TEXT("b"), 1, 0, 2}}, /* skips a level */
        {{TEXT("a"), 0, 0, 0}, {TEXT("b"), 1, 0, 0}}, /* pages count from 1 */
        {{TEXT("a"), 3, 0, 0}, {TEXT("b"), 1, 0, 0}}, {{TEXT(""), 1, 0, 0}, {TEXT("b"), 1, 0, 0}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(wrong); i++) {
        in = (zh_pdf_in){.pages = pages, .pages_n = 2, .outline = wrong[i], .outline_n = 2};
        refuse(&in, ZH_EINVAL, "pdf.outline");
    }
}

static void document_caps_hold(void **state)
{
    size_t n = ZH_PDF_PAGES_MAX;
    const zh_draw **pages = zh_arena_alloc(*state, (n + 1) * sizeof(*pages));
    zh_pdf_outline *marks = zh_arena_alloc(*state, (ZH_PDF_OUTLINE_MAX + 1) * sizeof(*marks));
    zh_draw *page = zh_draw_new(*state, 100, 100, ZH_STR_NONE);
    for (size_t i = 0; i <= n; i++) {
        pages[i] = page;
    }
    for (size_t i = 0; i <= ZH_PDF_OUTLINE_MAX; i++) {
        marks[i] = (zh_pdf_outline){ZH_STR("x"), 1, 0, 0};
    }
    zh_pdf_in in = {
        .pages = pages, .pages_n = n, .outline = marks, .outline_n = ZH_PDF_OUTLINE_MAX};
    zh_buf out;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&out, ZH_PDF_BYTES_MAX);
    must(zh_pdf_write(&in, &out, NULL, &err), &err);
    zh_buf_free(&out);
    in.outline_n++;
    refuse(&in, ZH_ELIMIT, "pdf.outline");
    in.outline_n = 0;
    in.pages_n++;
    refuse(&in, ZH_ELIMIT, "pdf.pages");
    in.pages_n = 1;
    zh_buf_init(&out, 100);
    assert_int_equal(zh_pdf_write(&in, &out, NULL, &err), ZH_ELIMIT);
    zh_buf_free(&out);
}

/* ---- text ---- */

static zh_ruler *ruler_of(zh_arena *arena)
{
    zh_ruler *ruler = NULL;
    zh_err err;
    zh_err_clear(&err);
    must(zh_ruler_open(arena, &ruler, &err), &err);
    return ruler;
}

static void text_is_measured(void **state)
{
    zh_ruler *ruler = ruler_of(*state);
    zh_text_size size;
    zh_font font = {.size = 20};
    assert_int_equal(zh_text_measure(ruler, ZH_STR("质量强省"), font, &size, NULL), ZH_OK);
    assert_true(fabs(size.width - 80) < 0.05); /* full-width characters are one em */
    assert_true(size.ascent > 15 && size.ascent < 30 && size.descent > 2 && size.descent < 12);
    assert_int_equal(zh_text_measure(ruler, ZH_STR("69.0"), font, &size, NULL), ZH_OK);
    assert_true(fabs(size.width - (3 * 0.555 + 0.278) * 20) < 0.2); /* the font's advance widths */
    assert_int_equal(zh_text_measure(ruler, ZH_STR_NONE, font, &size, NULL), ZH_OK);
    assert_true(size.width <= 0 && size.ascent > 0);
    assert_int_equal(zh_text_measure(ruler, ZH_STR("\xff"), font, &size, NULL), ZH_EINVAL);
    char *many = zh_arena_alloc(*state, ZH_TEXT_BYTES_MAX + 1);
    memset(many, 'a', ZH_TEXT_BYTES_MAX + 1);
    zh_str text = {many, ZH_TEXT_BYTES_MAX + 1};
    assert_int_equal(zh_text_measure(ruler, text, font, &size, NULL), ZH_ELIMIT);
}

static bool begins_or_ends_badly(zh_str line)
{
    static const char *const no_begin[] = {"。", "，", "、", "）", "」", "；", "：", "？", "%"};
    static const char *const no_end[] = {"（", "「", "《"};
    for (size_t i = 0; i < ZH_COUNTOF(no_begin); i++) {
        if (zh_str_starts(line, zh_str_of(no_begin[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < ZH_COUNTOF(no_end); i++) {
        if (zh_str_ends(line, zh_str_of(no_end[i]))) {
            return true;
        }
    }
    return false;
}

static void lines_break_by_the_chinese_rules(void **state)
{
    zh_ruler *ruler = ruler_of(*state);
    zh_str text =
        ZH_STR("湖北 2020 年二季度不合格率 1.84%（1.70–2.00，n = 30,154），低于全国；"
               "「其余 35 个市州」没有日均值，《年报》也没有。本报告不作推断：见第三节、第四节。");
    /* Narrower than that a number with its brackets does not fit and is cut anywhere. */
    for (double width = 110; width < 400; width += 3.7) {
        zh_text_line *lines;
        size_t n;
        size_t next = 0;
        zh_font font = {.family = ZH_FAMILY_SONG, .size = 12};
        assert_int_equal(zh_text_break(ruler, *state, text, font, width, 24, &lines, &n, NULL),
                         ZH_OK);
        assert_true(n >= 3);
        for (size_t i = 0; i < n; i++) {
            zh_str line = zh_str_sub(text, lines[i].from, lines[i].n);
            zh_str skipped = zh_str_sub(text, next, lines[i].from - next);
            assert_true(lines[i].from >= next);
            assert_int_equal(zh_str_trim(skipped).n, 0); /* nothing is lost */
            if (begins_or_ends_badly(line)) {
                fail_msg("width %.1f: %.*s", width, ZH_FMT(line));
            }
            assert_true(lines[i].width <= width - (i == 0 ? 24 : 0) + 0.5);
            next = lines[i].from + lines[i].n;
        }
        assert_int_equal(next, text.n);
    }
}

static void paragraphs_are_checked(void **state)
{
    zh_ruler *ruler = ruler_of(*state);
    zh_text_line *lines;
    size_t n;
    zh_font font = {.size = 12};
    zh_rc rc = zh_text_break(ruler, *state, ZH_STR("甲\n乙"), font, 100, 0, &lines, &n, NULL);
    assert_int_equal(rc, ZH_OK);
    assert_int_equal(n, 2);
    assert_int_equal(lines[1].from, 4);
    assert_true(fabs(lines[0].width - 12) < 0.05);
    rc = zh_text_break(ruler, *state, ZH_STR("甲"), font, 0, 0, &lines, &n, NULL);
    assert_int_equal(rc, ZH_EINVAL);
    rc = zh_text_break(ruler, *state, ZH_STR("甲"), font, 10, 10, &lines, &n, NULL);
    assert_int_equal(rc, ZH_EINVAL);
    char *text = zh_arena_alloc(*state, ZH_TEXT_LINES_MAX);
    memset(text, '\n', ZH_TEXT_LINES_MAX);
    zh_str full = {text, ZH_TEXT_LINES_MAX - 1}; /* so many ends, one line more */
    rc = zh_text_break(ruler, *state, full, font, 100, 0, &lines, &n, NULL);
    assert_int_equal(rc, ZH_OK);
    assert_int_equal(n, ZH_TEXT_LINES_MAX);
    full.n++;
    rc = zh_text_break(ruler, *state, full, font, 100, 0, &lines, &n, NULL);
    assert_int_equal(rc, ZH_ELIMIT);
}

static void characters_that_no_font_has_are_counted(void **state)
{
    zh_draw *page = new_page(*state);
    zh_draw_text(page, 60, 80, ZH_STR("甲\xf3\xb0\x80\x80乙\xf3\xb0\x80\x81"),
                 sans); /* private use */
    const zh_draw *pages[] = {page};
    zh_pdf_in in = {.pages = pages, .pages_n = 1};
    zh_pdf_result result;
    zh_buf out;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&out, ZH_PDF_BYTES_MAX);
    must(zh_pdf_write(&in, &out, &result, &err), &err);
    assert_int_equal(result.unknown_glyphs, 2);
    zh_buf_free(&out);
}

/* In a child, whose fontconfig is told to know no font at all. Must run before the parent opens
 * fonts. */
static void missing_fonts_are_an_error(void **state)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char path[] = "/tmp/zh-test-fonts-XXXXXX";
        static const char none[] = "<?xml version=\"1.0\"?><fontconfig></fontconfig>";
        zh_ruler *ruler;
        zh_err err;
        zh_err_clear(&err);
        int file = mkstemp(path);
        bool good = file >= 0 && write(file, none, sizeof(none) - 1) == (ssize_t)sizeof(none) - 1;
        good = good && setenv("FONTCONFIG_FILE", path, 1) == 0;
        good = good && zh_ruler_open(*state, &ruler, &err) == ZH_EIO;
        good = good && strcmp(err.rule, "pdf.font") == 0;
        good = good && strstr(err.fix, "fonts-noto-cjk") != NULL;
        (void)unlink(path);
        _exit(good ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(missing_fonts_are_an_error),
        TEST(the_document_opens_again),
        TEST(the_same_input_gives_the_same_bytes),
        TEST(unsound_documents_are_refused),
        TEST(document_caps_hold),
        TEST(text_is_measured),
        TEST(lines_break_by_the_chinese_rules),
        TEST(paragraphs_are_checked),
        TEST(characters_that_no_font_has_are_counted),
    };
    return cmocka_run_group_tests_name("pdf", tests, NULL, NULL);
}
