/* HTML writer: escaping, void elements, links that may be followed. */
#include "web/frame/html.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

/* How a void element's tag ends; NULL for one with content. In SVG, which follows XML's rules
 * inside HTML, an unclosed shape would swallow what follows. */
static const char *void_end(const char *element)
{
    static const char *const plain[] = {"br",   "col",  "hr",  "img", "input",
                                        "link", "meta", "wbr", NULL};
    static const char *const shapes[] = {"circle", "line", "path", "rect", NULL};
    for (size_t i = 0; plain[i] != NULL; i++) {
        if (strcmp(element, plain[i]) == 0) {
            return ">";
        }
    }
    for (size_t i = 0; shapes[i] != NULL; i++) {
        if (strcmp(element, shapes[i]) == 0) {
            return "/>";
        }
    }
    return NULL;
}

/* Text and quoted attribute values alike. Control characters that HTML does not allow become
 * U+FFFD. */
static void escape(zh_buf *out, zh_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *entity = NULL;
        switch (text.p[i]) {
        case '&': entity = "&amp;"; break;
        case '<': entity = "&lt;"; break;
        case '>': entity = "&gt;"; break;
        case '"': entity = "&quot;"; break;
        case '\'': entity = "&#39;"; break;
        case '\t':
        case '\n':
        case '\r': break;
        default:
            entity = (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f ? "\xef\xbf\xbd" : NULL;
            break;
        }
        if (entity != NULL) {
            zh_buf_add(out, text.p + from, i - from);
            zh_buf_z(out, entity);
            from = i + 1;
        }
    }
    if (text.n > from) {
        zh_buf_add(out, text.p + from, text.n - from);
    }
}

void zh_html_init(zh_html *h, zh_buf *out)
{
    *h = (zh_html){.out = out};
}

/* Ends the start tag. */
static void content(zh_html *h)
{
    if (h->in_tag) {
        const char *end = void_end(h->open[h->depth - 1]);
        zh_buf_z(h->out, end != NULL ? end : ">");
        h->in_tag = false;
        h->depth -= end != NULL;
    }
}

void zh_html_open(zh_html *h, const char *element, const char *css)
{
    content(h);
    zh_assert(h->depth < ZH_HTML_DEPTH_MAX);
    h->open[h->depth++] = element;
    zh_buf_c(h->out, '<');
    zh_buf_z(h->out, element);
    h->in_tag = true;
    if (css != NULL) {
        zh_html_attr_z(h, "class", css);
    }
}

void zh_html_close(zh_html *h)
{
    bool was_void = h->in_tag && void_end(h->open[h->depth - 1]) != NULL;
    content(h);
    if (was_void) {
        return;
    }
    zh_assert(h->depth > 0);
    zh_buf_z(h->out, "</");
    zh_buf_z(h->out, h->open[--h->depth]);
    zh_buf_c(h->out, '>');
}

void zh_html_close_to(zh_html *h, size_t depth)
{
    while (h->depth > depth) {
        zh_html_close(h);
    }
}

void zh_html_attr(zh_html *h, const char *name, zh_str value)
{
    zh_assert(h->in_tag && strcmp(name, "style") != 0 && strncmp(name, "on", 2) != 0);
    zh_buf_c(h->out, ' ');
    zh_buf_z(h->out, name);
    zh_buf_z(h->out, "=\"");
    escape(h->out, value);
    zh_buf_c(h->out, '"');
}

void zh_html_attr_z(zh_html *h, const char *name, const char *value)
{
    zh_html_attr(h, name, zh_str_of(value));
}

/* Cut at the size of the room: formats are for numbers and short names. */
static zh_str formatted(char *room, size_t size, const char *format, va_list arguments)
    ZH_PRINTF(3, 0);
static zh_str formatted(char *room, size_t size, const char *format, va_list arguments)
{
    int n = vsnprintf(room, size, format, arguments);
    zh_assert(n >= 0 && (size_t)n < size);
    return (zh_str){room, (size_t)n};
}

void zh_html_attr_f(zh_html *h, const char *name, const char *format, ...)
{
    char room[ZH_HTML_FORMAT_MAX];
    va_list arguments;
    va_start(arguments, format);
    zh_html_attr(h, name, formatted(room, sizeof room, format, arguments));
    va_end(arguments);
}

void zh_html_flag(zh_html *h, const char *name)
{
    zh_assert(h->in_tag);
    zh_buf_c(h->out, ' ');
    zh_buf_z(h->out, name);
}

/* Browsers drop tabs and line ends inside a URL and take \ for /, so both are refused. */
static bool is_safe_url(zh_str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= 0x20 || url.p[i] == '\\') {
            return false;
        }
    }
    if (zh_str_starts(url, ZH_STR("http://")) || zh_str_starts(url, ZH_STR("https://"))) {
        return true;
    }
    return url.n > 0 && (url.p[0] == '#' || url.p[0] == '?' ||
                         (url.p[0] == '/' && (url.n == 1 || url.p[1] != '/')));
}

void zh_html_link(zh_html *h, const char *name, zh_str url)
{
    zh_html_attr(h, name, is_safe_url(url) ? url : ZH_STR("#"));
}

void zh_html_text(zh_html *h, zh_str text)
{
    content(h);
    escape(h->out, text);
}

void zh_html_z(zh_html *h, const char *text)
{
    zh_html_text(h, zh_str_of(text));
}

void zh_html_f(zh_html *h, const char *format, ...)
{
    char room[ZH_HTML_FORMAT_MAX];
    va_list arguments;
    va_start(arguments, format);
    zh_html_text(h, formatted(room, sizeof room, format, arguments));
    va_end(arguments);
}

void zh_html_leaf(zh_html *h, const char *element, const char *css, zh_str text)
{
    zh_html_open(h, element, css);
    zh_html_text(h, text);
    zh_html_close(h);
}

void zh_html_leaf_z(zh_html *h, const char *element, const char *css, const char *text)
{
    zh_html_leaf(h, element, css, zh_str_of(text));
}

void zh_html_a(zh_html *h, const char *css, zh_str url, zh_str text)
{
    zh_html_open(h, "a", css);
    zh_html_link(h, "href", url);
    zh_html_text(h, text);
    zh_html_close(h);
}

static bool is_han(uint32_t c)
{
    return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

/* Punctuation that belongs to the Chinese before it: 。「」（） and the like. */
static bool is_chinese_sign(uint32_t c)
{
    return (c >= 0x3001 && c <= 0x303F) || (c >= 0xFF01 && c <= 0xFF5E);
}

/* Bytes [*from, *to) of the text from its first Han character to its last, with the signs after it;
 * to 0: none, or the page is in Chinese. */
static void chinese_in(const zh_html *h, zh_str text, size_t *from, size_t *to)
{
    bool marked = h->english && zh_utf8_valid(text);
    *from = text.n;
    *to = 0;
    for (size_t at = 0; marked && at < text.n;) {
        size_t here = at;
        uint32_t c = zh_utf8_next(text, &at);
        if (is_han(c) || (*to > 0 && is_chinese_sign(c))) {
            *from = here < *from ? here : *from;
            *to = at;
        }
    }
}

void zh_html_value(zh_html *h, zh_str text)
{
    size_t from;
    size_t to;
    chinese_in(h, text, &from, &to);
    zh_html_text(h, zh_str_sub(text, 0, from));
    if (to > 0) {
        zh_html_open(h, "span", NULL);
        zh_html_attr_z(h, "lang", "zh");
        zh_html_text(h, zh_str_sub(text, from, to - from));
        zh_html_close(h);
        zh_html_text(h, zh_str_sub(text, to, text.n));
    }
}

void zh_html_lang(zh_html *h, zh_str text)
{
    size_t from;
    size_t to;
    chinese_in(h, text, &from, &to);
    if (to > 0) {
        zh_html_attr_z(h, "lang", "zh");
    }
}

void zh_html_leaf_value(zh_html *h, const char *element, const char *css, zh_str text)
{
    zh_html_open(h, element, css);
    zh_html_value(h, text);
    zh_html_close(h);
}

void zh_html_a_value(zh_html *h, const char *css, zh_str url, zh_str text)
{
    zh_html_open(h, "a", css);
    zh_html_link(h, "href", url);
    zh_html_value(h, text);
    zh_html_close(h);
}

void zh_html_svg(zh_html *h, zh_str svg)
{
    zh_assert(zh_str_starts(svg, ZH_STR("<svg")));
    content(h);
    zh_buf_str(h->out, svg);
}
