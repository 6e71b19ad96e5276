/* Text from outside: UTF-8 by table 3-7 of the Unicode Standard and an independent decoder, GB18030
 * and UTF-16 against text known in both, normal forms against Python's unicodedata
 * (tests/fixture/base/nfc.tsv, fold.tsv), grams and pinyin by hand. */
#include "base/os.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = zh_arena_new(ZH_ARENA_JOB_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* --- validity --- */

/* Well-formed byte sequences as in table 3-7, by rows. */
static size_t well_formed(const unsigned char *p, size_t n)
{
    static const unsigned char rows[9][8] = {
        {0x00, 0x7F, 0, 0, 0, 0, 0, 0},
        {0xC2, 0xDF, 0x80, 0xBF, 0, 0, 0, 0},
        {0xE0, 0xE0, 0xA0, 0xBF, 0x80, 0xBF, 0, 0},
        {0xE1, 0xEC, 0x80, 0xBF, 0x80, 0xBF, 0, 0},
        {0xED, 0xED, 0x80, 0x9F, 0x80, 0xBF, 0, 0},
        {0xEE, 0xEF, 0x80, 0xBF, 0x80, 0xBF, 0, 0},
        {0xF0, 0xF0, 0x90, 0xBF, 0x80, 0xBF, 0x80, 0xBF},
        {0xF1, 0xF3, 0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF},
        {0xF4, 0xF4, 0x80, 0x8F, 0x80, 0xBF, 0x80, 0xBF},
    };
    for (size_t r = 0; r < 9; r++) {
        size_t length = r == 0 ? 1 : r == 1 ? 2 : r < 6 ? 3 : 4;
        bool good = length <= n;
        for (size_t i = 0; good && i < length; i++) {
            good = p[i] >= rows[r][2 * i] && p[i] <= rows[r][2 * i + 1];
        }
        if (good) {
            return length;
        }
    }
    return 0;
}

static bool valid_by_table(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = well_formed(p + i, n - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

static void validity_follows_the_table(void **state)
{
    (void)state;
    static const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                          0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                          0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
    enum { N = sizeof edges };
    for (size_t pad = 0; pad < 10; pad += 9) { /* behind a whole word of ASCII, too */
        for (size_t i = 0; i < (size_t)N * N * N * N; i++) {
            unsigned char text[16];
            memset(text, 'a', sizeof text);
            text[pad] = edges[i % N];
            text[pad + 1] = edges[i / N % N];
            text[pad + 2] = edges[i / N / N % N];
            text[pad + 3] = edges[i / N / N / N];
            size_t n = pad + 1 + i % 4;
            if (zh_utf8_valid((zh_str){(char *)text, n}) != valid_by_table(text, n)) {
                fail_msg("%02X %02X %02X %02X", text[pad], text[pad + 1], text[pad + 2],
                         text[pad + 3]);
            }
        }
    }
    assert_true(zh_utf8_valid(ZH_STR_NONE));
}

static void scalars_go_there_and_back(void **state)
{
    (void)state;
    size_t n = 0;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char text[4];
        size_t at = 0;
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        zh_str s = {text, zh_utf8_encode(c, text)};
        assert_true(zh_utf8_next(s, &at) == c && at == s.n && zh_utf8_count(s) == 1);
        n++;
    }
    assert_int_equal(n, 1112064);
    assert_int_equal(zh_utf8_count(ZH_STR("a武𠮷é")), 4);
}

static void cleanness(void **state)
{
    (void)state;
    static const char *const good[] = {"", "武汉\t市\n", "a\u00a0b", "\u200d", "😀", "\ufffd"};
    static const char *const bad[] = {"\x01",   "a\rb",     "\x1b[0m",      "\x7f",
                                      "\ufdd0", "\uffff",   "\U0001fffe",   "\u202e",
                                      "\u2066", "\xC0\x80", "\xED\xA0\x80", "\uffff武"};
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        assert_true(zh_utf8_clean(zh_str_of(good[i])));
    }
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_false(zh_utf8_clean(zh_str_of(bad[i])));
    }
    assert_false(zh_utf8_clean(ZH_STR("a\0b")));
}

/* --- encodings --- */

#define TEXT_UTF8 "编号,名称\r\n1,武汉市酱牛肉α㎡\r\n2,𠮷野家\r\n"
#define TEXT_GB18030                                                                               \
    "\xB1\xE0\xBA\xC5,\xC3\xFB\xB3\xC6\r\n1,\xCE\xE4\xBA\xBA\xCA\xD0\xBD\xB4\xC5\xA3\xC8\xE2"      \
    "\xA6\xC1\xA9O\r\n2,\x95\x34\xB2\x35\xD2\xB0\xBC\xD2\r\n"

static void guesses_encodings(void **state)
{
    (void)state;
    static const struct {
        zh_str sample;
        zh_encoding want;
    } table[] = {
        {{"", 0}, ZH_ENC_UTF8},
        {{"abc,1\n", 6}, ZH_ENC_UTF8},
        {{TEXT_UTF8, sizeof TEXT_UTF8 - 1}, ZH_ENC_UTF8},
        {{"编号\xE5\x90", 8}, ZH_ENC_UTF8}, /* cut */
        {{"\xEF\xBB\xBF"
          "a",
          4},
         ZH_ENC_UTF8_BOM},
        {{"\xFF\xFE"
          "a\0",
          4},
         ZH_ENC_UTF16LE},
        {{"\xFE\xFF"
          "\0a",
          4},
         ZH_ENC_UTF16BE},
        {{"a\0,\0\x2D\x4E\n\0", 8}, ZH_ENC_UTF16LE},
        {{"\0a\0,\x4E\x2D\0\n", 8}, ZH_ENC_UTF16BE},
        {{TEXT_GB18030, sizeof TEXT_GB18030 - 1}, ZH_ENC_GB18030},
        {{TEXT_GB18030, 3}, ZH_ENC_GB18030}, /* cut */
        {{"2020\xA8\x43"
          "2021",
          10},
         ZH_ENC_GB18030}, /* English, one dash: U+2013 of GBK row A8 */
        {{"2020\x96"
          "2021",
          9},
         ZH_ENC_UNKNOWN},                                    /* the same in code page 1252 */
        {{"caf\xE9 au lait, na\xEFve", 19}, ZH_ENC_UNKNOWN}, /* Latin-1 */
        {{"\x80\x81", 2}, ZH_ENC_UNKNOWN},
        {{"\xFF\xFF\xFF", 3}, ZH_ENC_UNKNOWN},
        {{"PK\x03\x04\0\0\0\0\x08", 9}, ZH_ENC_UNKNOWN},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_encoding got = zh_encoding_guess(table[i].sample);
        if (got != table[i].want) {
            fail_msg("%zu: %s", i, zh_encoding_name(got));
        }
    }
}

/* Feeds `in` in pieces of `step` bytes; the text or the error's offset in *where. */
static zh_rc decode(zh_encoding from, zh_str in, size_t step, zh_buf *out, char where[32])
{
    zh_decoder *decoder;
    zh_err err;
    zh_rc rc = ZH_OK;
    zh_err_clear(&err);
    zh_buf_clear(out);
    assert_int_equal(zh_decoder_new(from, &decoder, &err), ZH_OK);
    for (size_t at = 0; rc == ZH_OK && at < in.n; at += step) {
        rc = zh_decoder_feed(decoder, zh_str_sub(in, at, step), false, out, &err);
    }
    rc = rc == ZH_OK ? zh_decoder_feed(decoder, ZH_STR_NONE, true, out, &err) : rc;
    snprintf(where, 32, "%.31s", err.where);
    zh_decoder_free(decoder);
    return rc;
}

static zh_str utf16(zh_arena *arena, zh_str text, bool big)
{
    char *p = zh_arena_alloc(arena, text.n * 2);
    size_t n = 0;
    for (size_t at = 0; at < text.n;) {
        uint32_t c = zh_utf8_next(text, &at);
        uint32_t units[2] = {c, 0};
        size_t count = 1;
        if (c > 0xFFFF) {
            units[0] = 0xD800 + ((c - 0x10000) >> 10);
            units[1] = 0xDC00 + (c & 0x3FF);
            count = 2;
        }
        for (size_t i = 0; i < count; i++) {
            p[n + !big] = (char)(units[i] >> 8);
            p[n + big] = (char)units[i];
            n += 2;
        }
    }
    return (zh_str){p, n};
}

static void decodes_in_any_pieces(void **state)
{
    const struct {
        zh_encoding from;
        zh_str in;
    } table[] = {
        {ZH_ENC_UTF8, ZH_STR(TEXT_UTF8)},
        {ZH_ENC_UTF8, ZH_STR("\xEF\xBB\xBF" TEXT_UTF8)},
        {ZH_ENC_UTF8_BOM, ZH_STR("\xEF\xBB\xBF" TEXT_UTF8)},
        {ZH_ENC_GB18030, ZH_STR(TEXT_GB18030)},
        {ZH_ENC_GB18030, ZH_STR("\x84\x31\x95\x33" TEXT_GB18030)},
        {ZH_ENC_UTF16LE, utf16(*state, ZH_STR(TEXT_UTF8), false)},
        {ZH_ENC_UTF16BE, utf16(*state, ZH_STR("\uFEFF" TEXT_UTF8), true)},
    };
    zh_buf out;
    char where[32];
    zh_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        for (size_t step = 1; step <= table[i].in.n; step++) {
            assert_int_equal(decode(table[i].from, table[i].in, step, &out, where), ZH_OK);
            assert_true(zh_str_is(zh_buf_view(&out), TEXT_UTF8));
        }
    }
    zh_buf_free(&out);
}

static void names_the_byte_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        zh_encoding from;
        zh_str in;
        const char *where;
    } table[] = {
        {ZH_ENC_UTF8, {"ab\xFFzz", 5}, "2"},
        {ZH_ENC_UTF8, {"武\xE6\xAD", 5}, "3"}, /* cut at the end */
        {ZH_ENC_UTF8, {"\xE6\x41\x41", 3}, "0"},
        {ZH_ENC_UTF8, {"a\xED\xA0\x80", 4}, "1"},
        {ZH_ENC_UTF16LE,
         {"a\0\x00\xDC"
          "b\0",
          6},
         "2"}, /* low surrogate alone */
        {ZH_ENC_UTF16LE,
         {"a\0\x00\xD8"
          "b\0",
          6},
         "2"}, /* high surrogate alone */
        {ZH_ENC_UTF16LE, {"a\0\x00\xD8", 4}, "2"},
        {ZH_ENC_UTF16BE, {"\0a\0", 3}, "2"},
        {ZH_ENC_GB18030, {"ab\xFF\xFF", 4}, "2"},
        {ZH_ENC_GB18030, {"\xCE\xE4\xCE", 3}, "2"},
        {ZH_ENC_GB18030, {"\xCE\xE4\xCE\x20\x20", 5}, "2"},
    };
    zh_buf out;
    char where[32];
    zh_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        for (size_t step = 1; step <= table[i].in.n; step++) {
            assert_int_equal(decode(table[i].from, table[i].in, step, &out, where), ZH_EINVAL);
            assert_string_equal(where, table[i].where);
        }
    }
    zh_decoder *decoder;
    assert_int_equal(zh_decoder_new(ZH_ENC_UNKNOWN, &decoder, NULL), ZH_EINVAL);
    zh_decoder_free(NULL);
    zh_buf_free(&out);
}

static void decodes_long_text(void **state)
{
    zh_buf text, out;
    char where[32];
    zh_buf_init(&text, 4 << 20);
    zh_buf_init(&out, 4 << 20);
    for (int i = 0; i < 30000; i++) {
        zh_buf_z(&text, i % 7 ? "武汉a" : "𠮷,");
    }
    assert_int_equal(decode(ZH_ENC_UTF8, zh_buf_view(&text), 100000, &out, where), ZH_OK);
    assert_true(zh_str_eq(zh_buf_view(&out), zh_buf_view(&text)));
    zh_str wide = utf16(*state, zh_buf_view(&text), false);
    assert_int_equal(decode(ZH_ENC_UTF16LE, wide, 99999, &out, where), ZH_OK);
    assert_true(zh_str_eq(zh_buf_view(&out), zh_buf_view(&text)));
    out.max = text.n; /* the cap, and one below it */
    assert_int_equal(decode(ZH_ENC_UTF8, zh_buf_view(&text), 100000, &out, where), ZH_OK);
    out.max = text.n - 1;
    assert_int_equal(decode(ZH_ENC_UTF8, zh_buf_view(&text), 100000, &out, where), ZH_ELIMIT);
    zh_buf_free(&text);
    zh_buf_free(&out);
}

/* --- normal forms --- */

static zh_str read_points(zh_str words, char *out)
{
    size_t n = 0;
    zh_str word;
    while (words.n > 0 && zh_str_split(&words, ' ', &word)) {
        char hex[16] = "";
        memcpy(hex, word.p, word.n);
        n += zh_utf8_encode((uint32_t)strtoul(hex, NULL, 16), out + n);
    }
    return (zh_str){out, n};
}

static void check_fixture(zh_arena *arena, const char *path, size_t lines_min,
                          zh_rc (*transform)(zh_arena *, zh_str, zh_str *))
{
    zh_str text, line;
    size_t lines = 0;
    assert_int_equal(zh_file_read(arena, path, 1 << 20, &text, NULL), ZH_OK);
    while (zh_str_split(&text, '\n', &line)) {
        char in_text[256], want_text[256];
        zh_str rest = line, in, want, got, again;
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        assert_true(zh_str_split(&rest, '\t', &in));
        in = read_points(in, in_text);
        want = read_points(rest, want_text);
        assert_int_equal(transform(arena, in, &got), ZH_OK);
        if (!zh_str_eq(got, want)) {
            fail_msg("%.*s gave %.*s", ZH_FMT(line), ZH_FMT(got));
        }
        assert_int_equal(transform(arena, want, &again), ZH_OK);
        assert_ptr_equal(again.p, want.p); /* settled text is returned as it is */
        lines++;
    }
    assert_true(lines >= lines_min);
}

static void composes_as_python(void **state)
{
    check_fixture(*state, "tests/fixture/base/nfc.tsv", 6000, zh_utf8_nfc);
}

static zh_rc fold_keeping(zh_arena *arena, zh_str s, zh_str *out)
{
    zh_rc rc = zh_utf8_fold(arena, s, out);
    if (rc == ZH_OK && zh_str_eq(*out, s)) {
        *out = s; /* fold may copy */
    }
    return rc;
}

static void folds_as_python(void **state)
{
    check_fixture(*state, "tests/fixture/base/fold.tsv", 600, fold_keeping);
}

static void common_text_is_not_copied(void **state)
{
    static const char *const same[] = {"",
                                       "abc 123",
                                       "湖北省武汉市洪山区珞喻路1037号",
                                       "（合格）—≤0.05mg/kg，“甲”〔2024〕5号",
                                       "㎡℃①μg café Ωмера",
                                       "𠮷",
                                       "ハンバーグ"};
    size_t used = zh_arena_used(*state);
    for (size_t i = 0; i < ZH_COUNTOF(same); i++) {
        zh_str s = zh_str_of(same[i]), out;
        assert_int_equal(zh_utf8_nfc(*state, s, &out), ZH_OK);
        assert_ptr_equal(out.p, s.p);
    }
    zh_str s = ZH_STR("湖北省武汉市 洪山区、abc 12"), out;
    assert_int_equal(zh_utf8_fold(*state, s, &out), ZH_OK);
    assert_ptr_equal(out.p, s.p);
    assert_int_equal(zh_utf8_halfwidth(*state, s, &out), ZH_OK);
    assert_ptr_equal(out.p, s.p);
    assert_int_equal(zh_arena_used(*state), used);
}

static void folding_is_idempotent(void **state)
{
    zh_arena *arena = *state;
    for (uint32_t c = 0; c <= 0x2FA1F; c++) {
        char text[16];
        zh_str once, twice;
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        memcpy(text, "a", 1);
        size_t n = 1 + zh_utf8_encode(c, text + 1);
        memcpy(text + n, "中", 3);
        zh_arena_mark mark = zh_arena_here(arena);
        assert_int_equal(zh_utf8_fold(arena, (zh_str){text, n + 3}, &once), ZH_OK);
        assert_int_equal(zh_utf8_fold(arena, once, &twice), ZH_OK);
        if (!zh_str_eq(once, twice)) {
            fail_msg("U+%04X", c);
        }
        zh_arena_rewind(arena, mark);
    }
}

static void check_form(zh_arena *arena, const char *in, const char *want,
                       zh_rc (*transform)(zh_arena *, zh_str, zh_str *))
{
    zh_str out;
    assert_int_equal(transform(arena, zh_str_of(in), &out), ZH_OK);
    if (!zh_str_is(out, want)) {
        fail_msg("%s gave %.*s", in, ZH_FMT(out));
    }
}

static void folds_for_search(void **state)
{
    check_form(*state, "  武汉　市\t ＡＢＣ（ｘ） ", "武汉 市 abc(x)", zh_utf8_fold);
    check_form(*state, "GB 2760—2014", "gb 2760—2014", zh_utf8_fold);
    check_form(*state, "Straße ㎡ ①", "strasse m2 1", zh_utf8_fold);
    check_form(*state, "a\u00ad\u200bb\ufeff", "ab", zh_utf8_fold);
    check_form(*state, " \u3000\n", "", zh_utf8_fold);
    check_form(*state, "２０２４－０１－０５　８：３０", "2024-01-05 8:30", zh_utf8_halfwidth);
    check_form(*state, "1—2–3‐4−5", "1-2-3-4-5", zh_utf8_halfwidth);
    check_form(*state, "武、汉。《》", "武、汉。《》", zh_utf8_halfwidth);
}

static void refuses_bad_input(void **state)
{
    char text[3 * (ZH_UTF8_MARKS_MAX + 2)] = "a";
    size_t n = 1;
    zh_str out;
    zh_str bad = ZH_STR("武\xFF汉");
    assert_int_equal(zh_utf8_nfc(*state, bad, &out), ZH_EINVAL);
    assert_int_equal(zh_utf8_fold(*state, bad, &out), ZH_EINVAL);
    assert_int_equal(zh_utf8_halfwidth(*state, bad, &out), ZH_EINVAL);
    assert_int_equal(zh_utf8_halfwidth(*state, ZH_STR("１\xFF"), &out), ZH_EINVAL);
    for (int i = 0; i < ZH_UTF8_MARKS_MAX; i++) {
        n += zh_utf8_encode(i % 2 ? 0x0301 : 0x0316, text + n);
    }
    assert_int_equal(zh_utf8_nfc(*state, (zh_str){text, n}, &out), ZH_OK);
    n += zh_utf8_encode(0x0301, text + n);
    assert_int_equal(zh_utf8_nfc(*state, (zh_str){text, n}, &out), ZH_ELIMIT);
    assert_int_equal(zh_utf8_fold(*state, (zh_str){text, n}, &out), ZH_ELIMIT);
    zh_arena *small = zh_arena_new(64);
    static const char filler[200] = "";
    zh_buf buf;
    zh_buf_init(&buf, 4096);
    for (size_t i = 0; i < sizeof filler; i++) {
        zh_buf_z(&buf, "e\u0301Ａ");
    }
    assert_int_equal(zh_utf8_nfc(small, zh_buf_view(&buf), &out), ZH_ENOMEM);
    assert_int_equal(zh_utf8_fold(small, zh_buf_view(&buf), &out), ZH_ENOMEM);
    assert_int_equal(zh_utf8_halfwidth(small, zh_buf_view(&buf), &out), ZH_ENOMEM);
    zh_buf_free(&buf);
    zh_arena_free(small);
}

/* --- grams and pinyin --- */

static void join(void *user, zh_str gram)
{
    zh_buf *out = user;
    if (out->n) {
        zh_buf_c(out, '|');
    }
    zh_buf_str(out, gram);
}

static void cuts_grams(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } table[] = {
        {"", ""},
        {"。，", ""},
        {"水", ""},
        {"水质", "水质"},
        {"食品抽检", "食品|品抽|抽检"},
        {"水，质", ""},
        {"a", ""},
        {"ab", "ab"},
        {"abc", "ab|bc"},
        {"gb 2760", "gb|27|76|60"},
        {"gb2760标准", "gb|b2|27|76|60|0标|标准"},
        {"a类", "a类"},
        {"类a", "类a"},
        {"𠮷野家", "𠮷野|野家"},
        {"(酱)-牛肉", "牛肉"},
        {"pm2.5", "pm|m2"},
        {"né", "né"},
    };
    zh_buf out;
    zh_buf_init(&out, 4096);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_buf_clear(&out);
        zh_utf8_grams(zh_str_of(table[i].text), join, &out);
        if (!zh_str_is(zh_buf_view(&out), table[i].want)) {
            fail_msg("%s gave %.*s", table[i].text, ZH_FMT(zh_buf_view(&out)));
        }
    }
    zh_buf_free(&out);
}

static void gives_initials(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } table[] = {
        {"武汉市", "whs"},
        {"宜昌", "yc"},
        {"重庆", "cq"},
        {"重量", "zl"},
        {"监督抽查", "jdcc"},
        {"西藏自治区", "xzzzq"},
        {"厦门", "xm"},
        {"长沙", "cs"},
        {"银行业", "yhy"},
        {"PM2.5监测", "pm25jc"},
        {"二〇二四", "eles"},
        {"，。", ""},
        {"", ""},
        {"𠮷", ""},
        {"鄂尔多斯", "eeds"},
        {"女", "n"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_str got = zh_pinyin_initials(*state, zh_str_of(table[i].text));
        if (!zh_str_is(got, table[i].want)) {
            fail_msg("%s gave %.*s", table[i].text, ZH_FMT(got));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(validity_follows_the_table),
        TEST(scalars_go_there_and_back),
        TEST(cleanness),
        TEST(guesses_encodings),
        TEST(decodes_in_any_pieces),
        TEST(names_the_byte_that_is_wrong),
        TEST(decodes_long_text),
        TEST(composes_as_python),
        TEST(folds_as_python),
        TEST(common_text_is_not_copied),
        TEST(folding_is_idempotent),
        TEST(folds_for_search),
        TEST(refuses_bad_input),
        TEST(cuts_grams),
        TEST(gives_initials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
