/* Reads back the SVG of a drawing list with libxml2, for tests of figures. */
#ifndef TEST_SVG_READER_H
#define TEST_SVG_READER_H

#include "fmt/draw.h"

typedef struct svg {
    void *doc, *xpath;
    zh_buf text;
} svg;

/* Writes the list for a page and parses it. Fails the test unless the text is well-formed XML
 * without style attributes, event attributes or scripts, every mark has a title, and no coordinate
 * is nan or inf. */
void svg_read(svg *s, const zh_draw *list);
void svg_free(svg *s);
/* Values of XPath expressions: how many nodes, a number, a string (in a static buffer). */
size_t svg_count(svg *s, const char *xpath);
double svg_number(svg *s, const char *xpath);
const char *svg_string(svg *s, const char *xpath);

#endif
