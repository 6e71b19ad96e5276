/* Reads back the SVG of a drawing list with libxml2, for tests of figures. */
#include "svg_reader.h"

#include "fmt/svg.h"
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* fontconfig keeps what it parsed of its configuration, cairo 1.16 an array per embedded font; the
 * leak checker reads this by name. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libcairo\n";
}

static xmlXPathObject *evaluate(svg *s, const char *expression)
{
    xmlXPathObject *value = xmlXPathEval((const xmlChar *)expression, s->xpath);
    if (value == NULL) {
        fail_msg("bad XPath %s", expression);
    }
    return value;
}

size_t svg_count(svg *s, const char *xpath)
{
    xmlXPathObject *value = evaluate(s, xpath);
    size_t n = value->nodesetval != NULL ? (size_t)value->nodesetval->nodeNr : 0;
    xmlXPathFreeObject(value);
    return n;
}

double svg_number(svg *s, const char *xpath)
{
    xmlXPathObject *value = evaluate(s, xpath);
    double n = xmlXPathCastToNumber(value);
    xmlXPathFreeObject(value);
    return n;
}

const char *svg_string(svg *s, const char *xpath)
{
    static char text[4096];
    xmlXPathObject *value = evaluate(s, xpath);
    xmlChar *found = xmlXPathCastToString(value);
    (void)snprintf(text, sizeof(text), "%s", (const char *)found);
    xmlFree(found);
    xmlXPathFreeObject(value);
    return text;
}

void svg_read(svg *s, const zh_draw *list)
{
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&s->text, (size_t)64 << 20);
    if (zh_svg_write(list, NULL, &s->text, &err) != ZH_OK) {
        fail_msg("%s", err.message);
    }
    s->doc = xmlReadMemory(s->text.p, (int)s->text.n, "figure", "UTF-8",
                           XML_PARSE_NONET | XML_PARSE_HUGE);
    assert_non_null(s->doc);
    s->xpath = xmlXPathNewContext(s->doc);
    assert_int_equal(svg_count(s, "//@style"), 0);
    assert_int_equal(svg_count(s, "//@*[starts-with(name(), 'on')]"), 0);
    assert_int_equal(svg_count(s, "//script | //foreignObject | //style | //image"), 0);
    assert_int_equal(svg_count(s, "//*[@class='mark'][not(title)]"), 0);
    assert_int_equal(svg_count(s, "//*[@class='mark']/title[not(text())]"), 0);
    assert_int_equal(svg_count(s, "//@*[contains(., 'nan') or contains(., 'inf')]"), 0);
}

void svg_free(svg *s)
{
    xmlXPathFreeContext(s->xpath);
    xmlFreeDoc(s->doc);
    zh_buf_free(&s->text);
}
