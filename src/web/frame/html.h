/* HTML writer over a buffer: elements, attributes, text.
 *
 * Every text and attribute value is escaped here; markup enters only as element and attribute
 * names, which are constants of the program, and through zh_html_svg. Elements are closed in order,
 * void ones by themselves. Style attributes and event handlers do not exist (the content security
 * policy would drop them): geometry belongs to SVG attributes, looks to classes. Not thread-safe.
 */
#ifndef ZH_WEB_FRAME_HTML_H
#define ZH_WEB_FRAME_HTML_H

#include "base/str.h"

#define ZH_HTML_DEPTH_MAX  64
#define ZH_HTML_FORMAT_MAX 1024 /* of one _f call, an assertion: longer text goes by zh_str */

typedef struct zh_html {
    zh_buf *out; /* borrowed; its cap applies */
    const char *open[ZH_HTML_DEPTH_MAX];
    size_t depth;
    bool in_tag;  /* the start tag of open[depth - 1] still takes attributes */
    bool english; /* the page is in English: Chinese in it is marked as such */
} zh_html;

void zh_html_init(zh_html *h, zh_buf *out); /* writes nothing */
/* Opens an element. css: its class attribute, a constant; NULL for none. */
void zh_html_open(zh_html *h, const char *element, const char *css);
/* Closes the innermost element. */
void zh_html_close(zh_html *h);
/* Closes elements until `depth` of them are open. */
void zh_html_close_to(zh_html *h, size_t depth);

/* Attributes of the element just opened. An assertion: after its content has begun, a name `style`
 * or on…. */
void zh_html_attr(zh_html *h, const char *name, zh_str value);
void zh_html_attr_z(zh_html *h, const char *name, const char *value);
void zh_html_attr_f(zh_html *h, const char *name, const char *format, ...) ZH_PRINTF(3, 4);
void zh_html_flag(zh_html *h, const char *name); /* without a value */
/* href, src, action: only paths of this server, fragments, queries, http: and https:. Anything else
 * (javascript:, data:, //host) is written as "#". */
void zh_html_link(zh_html *h, const char *name, zh_str url);

void zh_html_text(zh_html *h, zh_str text);
void zh_html_z(zh_html *h, const char *text);
void zh_html_f(zh_html *h, const char *format, ...) ZH_PRINTF(2, 3);
/* An element with nothing but text. */
void zh_html_leaf(zh_html *h, const char *element, const char *css, zh_str text);
void zh_html_leaf_z(zh_html *h, const char *element, const char *css, const char *text);
/* A link with nothing but text. */
void zh_html_a(zh_html *h, const char *css, zh_str url, zh_str text);
/* The same three for texts that are not the page's own: values of records, quotations, names and
 * explanations of the declarations, refusals of the core. On an English page what is Chinese in
 * them, from the first Han character to the last, stands in an element with lang="zh". */
void zh_html_value(zh_html *h, zh_str text);
/* lang="zh" on the element just opened, which takes no element inside (option), where its text
 * would be marked. */
void zh_html_lang(zh_html *h, zh_str text);
void zh_html_leaf_value(zh_html *h, const char *element, const char *css, zh_str text);
void zh_html_a_value(zh_html *h, const char *css, zh_str url, zh_str text);
/* A finished drawing of fmt/svg, which escaped its own texts: asserts that it begins with "<svg".
 */
void zh_html_svg(zh_html *h, zh_str svg);

#endif
