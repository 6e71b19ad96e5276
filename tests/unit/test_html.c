/* The HTML writer: escaping as HTML asks for it (WHATWG HTML, 13.1.2.3 attributes, 13.1.3 text),
 * void elements, SVG shapes, links that may not be followed; kept pages; strings of the table. */
#include "web/frame/cache.h"
#include "web/frame/html.h"
#include "web/text/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check(const zh_buf *out, const char *wanted)
{
    zh_str got = zh_buf_view(out);
    if (!zh_str_is(got, wanted)) {
        fail_msg("%.*s\nwanted %s", ZH_FMT(got), wanted);
    }
}

static void test_escaping(void **state)
{
    (void)state;
    zh_buf out;
    zh_html h;
    zh_buf_init(&out, 1 << 16);
    zh_html_init(&h, &out);
    zh_html_open(&h, "p", "a");
    zh_html_attr(&h, "title", ZH_STR("\"><script>alert('1')</script>&amp;"));
    zh_html_text(&h, ZH_STR("<b>&\"'\x01 湖\t\n"));
    zh_html_close(&h);
    check(&out, "<p class=\"a\" "
                "title=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;\">"
                "&lt;b&gt;&amp;&quot;&#39;\xef\xbf\xbd 湖\t\n</p>");
    zh_buf_free(&out);
}

static void test_elements(void **state)
{
    (void)state;
    zh_buf out;
    zh_html h;
    zh_buf_init(&out, 1 << 16);
    zh_html_init(&h, &out);
    zh_html_open(&h, "div", NULL);
    zh_html_open(&h, "br", NULL);
    zh_html_open(&h, "input", NULL);
    zh_html_attr_f(&h, "value", "%d%%", 7);
    zh_html_flag(&h, "disabled");
    zh_html_open(&h, "svg", NULL);
    zh_html_open(&h, "rect", NULL);
    zh_html_attr_z(&h, "x", "1");
    zh_html_open(&h, "path", NULL);
    zh_html_close(&h);
    zh_html_close(&h);
    zh_html_leaf_z(&h, "p", NULL, "");
    zh_html_open(&h, "ul", NULL);
    zh_html_open(&h, "li", NULL);
    zh_html_f(&h, "%s", "<x>");
    zh_html_close_to(&h, 0);
    check(&out, "<div><br><input value=\"7%\" disabled><svg><rect x=\"1\"/><path/></svg><p></p>"
                "<ul><li>&lt;x&gt;</li></ul></div>");
    assert_int_equal(h.depth, 0);
    zh_buf_free(&out);
}

static void test_links(void **state)
{
    (void)state;
    static const struct {
        const char *url, *href;
    } cases[] = {
        {"/a?b=c&d=e", "/a?b=c&amp;d=e"},
        {"#x", "#x"},
        {"?x", "?x"},
        {"/", "/"},
        {"https://example.org/", "https://example.org/"},
        {"http://example.org/", "http://example.org/"},
        {"javascript:alert(1)", "#"},
        {"JaVaScRiPt:alert(1)", "#"},
        {" javascript:alert(1)", "#"},
        {"java\tscript:alert(1)", "#"},
        {"data:text/html,x", "#"},
        {"//evil.example/", "#"},
        {"/\\evil.example", "#"},
        {"\\\\evil.example", "#"},
        {"/\t/evil.example", "#"},
        {"evil", "#"},
        {"", "#"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char wanted[128];
        zh_buf out;
        zh_html h;
        zh_buf_init(&out, 1 << 16);
        zh_html_init(&h, &out);
        zh_html_a(&h, NULL, zh_str_of(cases[i].url), ZH_STR("t"));
        (void)snprintf(wanted, sizeof wanted, "<a href=\"%s\">t</a>", cases[i].href);
        check(&out, wanted);
        zh_buf_free(&out);
    }
}

/* Every string is there in both languages, and both have the same places to fill. */
static void test_strings(void **state)
{
    (void)state;
    for (int id = 0; id < ZH_TEXT_N; id++) {
        zh_str zh = zh_text_of(ZH_LANG_ZH, (zh_text_id)id);
        zh_str en = zh_text_of(ZH_LANG_EN, (zh_text_id)id);
        assert_true(zh.n > 0 && en.n > 0);
        for (int slot = 1; slot <= 9; slot++) {
            char place[4] = {'{', (char)('0' + slot), '}', '\0'};
            assert_int_equal(zh_str_find(zh, zh_str_of(place)) >= 0,
                             zh_str_find(en, zh_str_of(place)) >= 0);
        }
    }
    zh_arena *arena = zh_arena_new(1 << 20);
    const zh_str arguments[] = {ZH_STR("{2}"), ZH_STR("b")};
    assert_true(zh_str_is(zh_text_fill(arena, ZH_STR("{1}x{2}{3}{"), arguments, 2), "{2}xb{3}{"));
    zh_arena_free(arena);
}

/* Chinese in an English page is marked from the first Han character to the last, with the signs
 * after it (WCAG 2.2, 3.1.2: the language of parts); a page in Chinese is left alone. */
static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"Lead", "<p>Lead</p>"},
        {"", "<p></p>"},
        {"湖北", "<p><span lang=\"zh\">湖北</span></p>"},
        {"Hubei: 铅（总）, 0.2", "<p>Hubei: <span lang=\"zh\">铅（总）</span>, 0.2</p>"},
        {"日均 PM2.5 <75", "<p><span lang=\"zh\">日均</span> PM2.5 &lt;75</p>"},
        {"“x” — 10 μg/m³", "<p>“x” — 10 μg/m³</p>"},
        {"\xff湖", "<p>\xff湖</p>"}, /* not UTF-8: as it is */
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_buf out;
        zh_html h;
        zh_buf_init(&out, 1 << 16);
        zh_html_init(&h, &out);
        h.english = true;
        zh_html_leaf_value(&h, "p", NULL, zh_str_of(cases[i].text));
        check(&out, cases[i].wanted);
        zh_buf_free(&out);
    }
    zh_buf out;
    zh_html h;
    zh_buf_init(&out, 1 << 16);
    zh_html_init(&h, &out);
    zh_html_a_value(&h, NULL, ZH_STR("/x"), ZH_STR("湖北"));
    check(&out, "<a href=\"/x\">湖北</a>");
    zh_buf_free(&out);
}

static void test_cache(void **state)
{
    (void)state;
    zh_cache *cache = zh_cache_new();
    zh_buf out;
    char key[32];
    zh_buf_init(&out, 1 << 16);
    assert_false(zh_cache_get(cache, ZH_STR("a"), ZH_STR("1"), &out));
    zh_cache_put(cache, ZH_STR("a"), ZH_STR("1"), ZH_STR("page"));
    assert_true(zh_cache_get(cache, ZH_STR("a"), ZH_STR("1"), &out));
    check(&out, "page");
    assert_false(zh_cache_get(cache, ZH_STR("a"), ZH_STR("2"), &out));
    zh_cache_put(cache, ZH_STR("a"), ZH_STR("2"), ZH_STR("other"));
    assert_false(zh_cache_get(cache, ZH_STR("a"), ZH_STR("1"), &out));
    for (int i = 0; i < ZH_CACHE_PAGES_MAX - 1; i++) {
        (void)snprintf(key, sizeof key, "k%d", i);
        zh_cache_put(cache, zh_str_of(key), ZH_STR("1"), ZH_STR("x"));
    }
    zh_buf_clear(&out);
    assert_true(zh_cache_get(cache, ZH_STR("a"), ZH_STR("2"), &out)); /* makes k0 the oldest */
    zh_cache_put(cache, ZH_STR("one more"), ZH_STR("1"), ZH_STR("x"));
    assert_true(zh_cache_get(cache, ZH_STR("a"), ZH_STR("2"), &out));
    assert_false(zh_cache_get(cache, ZH_STR("k0"), ZH_STR("1"), &out));
    assert_true(zh_cache_get(cache, ZH_STR("k1"), ZH_STR("1"), &out));
    zh_buf large;
    zh_buf_init(&large, ZH_CACHE_BYTES_MAX + 1);
    for (size_t i = 0; i <= ZH_CACHE_BYTES_MAX; i++) {
        zh_buf_c(&large, 'x');
    }
    zh_cache_put(cache, ZH_STR("large"), ZH_STR("1"), zh_buf_view(&large));
    zh_buf_clear(&out);
    assert_false(zh_cache_get(cache, ZH_STR("large"), ZH_STR("1"), &out));
    zh_buf_free(&large);
    zh_buf_free(&out);
    zh_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escaping), cmocka_unit_test(test_elements),
        cmocka_unit_test(test_links),    cmocka_unit_test(test_strings),
        cmocka_unit_test(test_values),   cmocka_unit_test(test_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
