/* Blocks as one HTML file; see doc.h. Every text is escaped; looks are classes of the style sheet
 * that the caller gives. */
#include "app/report/doc.h"
#include "fmt/svg.h"

enum { DRAWING_NAME_MAX = 32 };

typedef struct page {
    const zh_doc *doc;
    zh_buf *out;
    zh_err *err;
    zh_rc rc;
    size_t drawings; /* so far: each drawing's ids begin with its number */
    bool in_findings;
} page;

static void put(page *p, const char *markup)
{
    zh_buf_z(p->out, markup);
}

static void text(page *p, zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': zh_buf_z(p->out, "&amp;"); break;
        case '<': zh_buf_z(p->out, "&lt;"); break;
        case '>': zh_buf_z(p->out, "&gt;"); break;
        case '"': zh_buf_z(p->out, "&quot;"); break;
        case '\'': zh_buf_z(p->out, "&#39;"); break;
        default: zh_buf_c(p->out, s.p[i]); break;
        }
    }
}

static bool safe_address(zh_str href)
{
    return zh_str_starts(href, ZH_STR("#")) || zh_str_starts(href, ZH_STR("http://")) ||
           zh_str_starts(href, ZH_STR("https://"));
}

static void link_text(page *p, zh_str href, zh_str s)
{
    bool linked = href.n > 0 && safe_address(href);
    if (linked) {
        put(p, "<a href=\"");
        text(p, href);
        put(p, "\">");
    }
    text(p, s);
    put(p, linked ? "</a>" : "");
}

static void rich(page *p, const zh_doc_text *t)
{
    size_t at = 0;
    for (size_t i = 0; i < t->nlinks; i++) {
        const zh_doc_link *link = &t->links[i];
        text(p, zh_str_sub(t->text, at, link->from - at));
        link_text(p, link->href, zh_str_sub(t->text, link->from, link->n));
        at = link->from + link->n;
    }
    text(p, zh_str_sub(t->text, at, t->text.n));
}

static void leaf(page *p, const char *element, const char *css, zh_str s)
{
    if (s.n == 0) {
        return;
    }
    zh_buf_fmt(p->out, "<%s%s%s%s>", element, css[0] != '\0' ? " class=\"" : "", css,
               css[0] != '\0' ? "\"" : "");
    text(p, s);
    zh_buf_fmt(p->out, "</%s>\n", element);
}

static void place(page *p, zh_str name)
{
    if (name.n > 0) {
        put(p, " id=\"");
        text(p, name);
        put(p, "\"");
    }
}

static void drawing(page *p, const zh_draw *draw, bool decorative)
{
    zh_buf name;
    zh_buf_init(&name, DRAWING_NAME_MAX);
    zh_buf_fmt(&name, "d%zu", ++p->drawings);
    zh_svg_options options = {.id = zh_buf_view(&name), .decorative = decorative};
    if (p->rc == ZH_OK) {
        p->rc = zh_svg_write(draw, &options, p->out, p->err);
    }
    zh_buf_free(&name);
}

static void caption(page *p, const zh_doc_block *b)
{
    put(p, "<figcaption><h4><span class=\"no\">");
    text(p, b->number);
    put(p, "</span>");
    rich(p, &b->text);
    put(p, "</h4>\n");
    leaf(p, "p", "what", b->what);
    put(p, "</figcaption>\n");
}

static void furniture(page *p, const zh_doc_block *b)
{
    put(p, "<div class=\"furn\">");
    leaf(p, "p", "read", b->read);
    leaf(p, "p", "", b->source);
    put(p, "</div></figure>\n");
}

static void cell(page *p, const zh_doc_table *t, size_t row, size_t column)
{
    const zh_doc_cell *c = &t->cells[row * t->ncolumns + column];
    bool number = t->columns[column].number;
    const char *css = c->nil && number ? " class=\"nil r\"" : "";
    css = c->nil && !number ? " class=\"nil\"" : css;
    css = !c->nil && number ? " class=\"r\"" : css;
    zh_buf_fmt(p->out, "<td%s>", css);
    if (c->draw != NULL) {
        drawing(p, c->draw, true);
    } else {
        link_text(p, c->href, c->text);
    }
    put(p, "</td>");
}

static void table(page *p, const zh_doc_block *b)
{
    const zh_doc_table *t = &b->table;
    put(p, "<figure class=\"tab\"");
    place(p, b->name);
    put(p, ">");
    caption(p, b);
    put(p, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
    for (size_t c = 0; c < t->ncolumns; c++) {
        zh_buf_fmt(p->out, "<th scope=\"col\"%s>", t->columns[c].number ? " class=\"r\"" : "");
        text(p, t->columns[c].label);
        put(p, "</th>");
    }
    put(p, "</tr></thead><tbody>\n");
    for (size_t r = 0; r < t->nrows; r++) {
        put(p, "<tr");
        place(p, t->names != NULL ? t->names[r] : ZH_STR(""));
        put(p, ">");
        for (size_t c = 0; c < t->ncolumns; c++) {
            cell(p, t, r, c);
        }
        put(p, "</tr>\n");
    }
    put(p, "</tbody></table></div>\n");
    furniture(p, b);
}

static void heading(page *p, const zh_doc_block *b)
{
    const char *element = b->kind == ZH_DOC_CHAPTER ? "h2" : "h3";
    zh_buf_fmt(p->out, "<%s", element);
    place(p, b->name);
    put(p, ">");
    if (b->number.n > 0) {
        put(p, "<span class=\"no\">");
        text(p, b->number);
        put(p, "</span>");
    }
    text(p, b->text.text);
    zh_buf_fmt(p->out, "</%s>\n", element);
}

static void contents(page *p)
{
    put(p, p->doc->english ? "<nav class=\"toc\" aria-label=\"Contents\"><h2>Contents</h2><ol>\n"
                           : "<nav class=\"toc\" aria-label=\"目录\"><h2>目录</h2><ol>\n");
    for (size_t i = 0; i < p->doc->n; i++) {
        const zh_doc_block *b = &p->doc->blocks[i];
        if (b->kind != ZH_DOC_CHAPTER && b->kind != ZH_DOC_SECTION) {
            continue;
        }
        put(p, b->kind == ZH_DOC_CHAPTER ? "<li><a href=\"#" : "<li class=\"sub\"><a href=\"#");
        text(p, b->name);
        put(p, "\"><span class=\"no\">");
        text(p, b->number);
        put(p, "</span>");
        text(p, b->text.text);
        put(p, "</a></li>\n");
    }
    put(p, "</ol></nav>\n");
}

static void list(page *p, const zh_doc_block *b)
{
    put(p, "<ul>");
    for (size_t i = 0; i < b->nitems; i++) {
        put(p, "<li>");
        rich(p, &b->items[i]);
        put(p, "</li>\n");
    }
    put(p, "</ul>\n");
}

static void sentence(page *p, const zh_doc_block *b, const char *open, const char *close)
{
    put(p, open);
    place(p, b->name);
    put(p, ">");
    rich(p, &b->text);
    put(p, close);
}

static void block(page *p, const zh_doc_block *b)
{
    bool finding = b->kind == ZH_DOC_FINDING;
    if (finding != p->in_findings) {
        put(p, finding ? "<ol class=\"findings\">\n" : "</ol>\n");
        p->in_findings = finding;
    }
    switch (b->kind) {
    case ZH_DOC_CHAPTER:
    case ZH_DOC_SECTION: heading(p, b); break;
    case ZH_DOC_PARAGRAPH: sentence(p, b, "<p", "</p>\n"); break;
    case ZH_DOC_FINDING: sentence(p, b, "<li", "</li>\n"); break;
    case ZH_DOC_NOTE: sentence(p, b, "<p class=\"note\"", "</p>\n"); break;
    case ZH_DOC_LIST: list(p, b); break;
    case ZH_DOC_FIGURE:
        put(p, "<figure class=\"fig\"");
        place(p, b->name);
        put(p, ">");
        caption(p, b);
        put(p, "<div class=\"scroll\" tabindex=\"0\">");
        drawing(p, b->draw, false);
        put(p, "</div>\n");
        furniture(p, b);
        break;
    case ZH_DOC_TABLE: table(p, b); break;
    case ZH_DOC_CONTENTS: contents(p); break;
    case ZH_DOC_PAGE: break;
    }
}

static void cover(page *p)
{
    put(p, "<header class=\"cover\">");
    leaf(p, "h1", "", p->doc->title);
    leaf(p, "p", "sub", p->doc->subtitle);
    for (size_t i = 0; i < p->doc->ncover; i++) {
        leaf(p, "p", "by", p->doc->cover[i]);
    }
    leaf(p, "p", "stamp", p->doc->stamp);
    put(p, "</header>\n");
}

zh_rc zh_doc_html(const zh_doc *doc, zh_str css, zh_buf *out, zh_err *err)
{
    page p = {.doc = doc, .out = out, .err = err, .rc = zh_doc_check(doc, err)};
    if (p.rc != ZH_OK) {
        return p.rc;
    }
    put(&p, doc->english ? "<!doctype html>\n<html lang=\"en\">\n"
                         : "<!doctype html>\n<html lang=\"zh-Hans-CN\">\n");
    put(&p, "<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    text(&p, doc->title);
    put(&p, "</title>\n<style>");
    zh_buf_str(out, css);
    put(&p, "</style>\n</head>\n<body>\n<article class=\"rep\">\n");
    cover(&p);
    for (size_t i = 0; i < doc->n && p.rc == ZH_OK; i++) {
        block(&p, &doc->blocks[i]);
    }
    put(&p, p.in_findings ? "</ol>\n" : "");
    put(&p, "</article>\n</body>\n</html>\n");
    if (p.rc == ZH_OK && out->failed) {
        p.rc = zh_err_set(err, ZH_ELIMIT, "doc.html", "HTML 文档超过上限");
    }
    return p.rc;
}
