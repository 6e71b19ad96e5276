/* QR codes: what ISO/IEC 18004 fixes of every symbol: sizes, finder patterns (6.3.3), timing
 * (6.3.5), the dark module (6.9.1); and the drawing. That phones read them was tried with zbarimg.
 */
#include "fmt/qr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 60 };

static bool dark(const zh_qr *qr, size_t x, size_t y)
{
    return qr->dark[y * qr->side + x] != 0;
}

/* 7 × 7: dark ring, light ring, dark 3 × 3; light around it inside the symbol. */
static void check_finder(const zh_qr *qr, size_t left, size_t top)
{
    for (size_t y = 0; y < 7; y++) {
        for (size_t x = 0; x < 7; x++) {
            bool ring = x == 0 || x == 6 || y == 0 || y == 6;
            bool core = x >= 2 && x <= 4 && y >= 2 && y <= 4;
            assert_int_equal(dark(qr, left + x, top + y), ring || core);
        }
    }
}

static void check_symbol(zh_arena *arena, const char *text, size_t side)
{
    zh_qr qr;
    zh_err err = {0};
    assert_int_equal(zh_qr_encode(arena, zh_str_of(text), &qr, &err), ZH_OK);
    assert_int_equal(qr.side, side);
    check_finder(&qr, 0, 0);
    check_finder(&qr, qr.side - 7, 0);
    check_finder(&qr, 0, qr.side - 7);
    for (size_t i = 8; i < qr.side - 8; i++) {
        assert_int_equal(dark(&qr, i, 6), i % 2 == 0);
        assert_int_equal(dark(&qr, 6, i), i % 2 == 0);
    }
    assert_true(dark(&qr, 8, qr.side - 8));
}

/* Capacities of level M in bytes, ISO/IEC 18004 table 7: version 1: 14, 2: 26, 3: 42, 4: 62. */
static void test_symbols(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    check_symbol(arena, "http://a.cn/ab", 21);
    check_symbol(arena, "http://a.cn/abc", 25);
    check_symbol(arena, "http://127.0.0.1:8086/figu", 25);
    check_symbol(arena, "http://127.0.0.1:8086/figur", 29);
    check_symbol(arena, "http://127.0.0.1:8086/figures/912303066357", 29);
    check_symbol(arena, "http://127.0.0.1:8086/figures/9123030663577", 33);
    zh_arena_free(arena);
}

static void test_caps(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)8 << 20);
    char text[ZH_QR_TEXT_MAX + 1];
    zh_qr qr;
    zh_err err = {0};
    memset(text, 'x', sizeof text);
    assert_int_equal(zh_qr_encode(arena, (zh_str){text, ZH_QR_TEXT_MAX}, &qr, &err), ZH_OK);
    assert_int_equal(zh_qr_encode(arena, (zh_str){text, ZH_QR_TEXT_MAX + 1}, &qr, &err), ZH_ELIMIT);
    zh_err_clear(&err);
    assert_int_equal(zh_qr_encode(arena, ZH_STR(""), &qr, &err), ZH_EINVAL);
    zh_arena_free(arena);
}

static void test_drawing(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)8 << 20);
    const zh_draw *d = NULL;
    zh_err err = {0};
    assert_int_equal(zh_qr_draw(arena, ZH_STR("http://a.cn/ab"), WIDTH, ZH_STR("二维码"), &d, &err),
                     ZH_OK);
    const zh_draw_item *polygon = d->first->next;
    assert_int_equal(polygon->kind, ZH_DRAW_POLYGON);
    double unit = (double)WIDTH / (21 + 2 * ZH_QR_QUIET);
    for (size_t i = 0; i < polygon->points_n; i++) {
        assert_true(polygon->points[i].x >= ZH_QR_QUIET * unit - 1e-9);
        assert_true(polygon->points[i].x <= WIDTH - ZH_QR_QUIET * unit + 1e-9);
    }
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_drawing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
