/* XML as a stream of events, for byte formats that are made of it.
 *
 * A document type declaration is refused outright, so there are no entities to expand, no defaults
 * and nothing external; the five predefined entities and character references are resolved. The
 * network is never touched. Caps: ZH_XML_DEPTH_MAX elements inside each other, ZH_XML_RUN_MAX bytes
 * without a tag. Processing instructions and comments are skipped. */
#ifndef ZH_FMT_XML_H
#define ZH_FMT_XML_H

#include "base/csv.h"
#include "base/err.h"
#include "base/str.h"

#define ZH_XML_DEPTH_MAX 200
/* Longest text or tag as written: a 1 MiB cell of which every character is an entity (&quot;). */
#define ZH_XML_RUN_MAX ((size_t)8 << 20)

typedef enum zh_xml_event {
    ZH_XML_START, /* zh_xml_is and zh_xml_attr speak of the element */
    ZH_XML_END,   /* zh_xml_is; follows ZH_XML_START also for <a/> */
    ZH_XML_TEXT,  /* text, also white space and CDATA; may come in several pieces */
    ZH_XML_EOF,
} zh_xml_event;

typedef struct zh_xml zh_xml; /* one thread at a time */

/* Reads through read(user, …). document: its name for messages; borrowed, as is user. */
zh_rc zh_xml_new(zh_read_fn read, void *user, const char *document, zh_xml **out,
                 zh_err *err) ZH_MUST;
void zh_xml_free(zh_xml *xml); /* NULL is allowed */
/* The next event. ZH_EINVAL not well-formed or refused, ZH_ELIMIT a cap, or read's error. After an
 * error only zh_xml_free may follow. */
zh_rc zh_xml_next(zh_xml *xml, zh_xml_event *out, zh_err *err) ZH_MUST;

/* Of the current event; valid until the next. Names are without their prefix. */
bool zh_xml_is(const zh_xml *xml, const char *name);
zh_str zh_xml_text(const zh_xml *xml);
int zh_xml_depth(const zh_xml *xml); /* of the element: 0 for the root */
/* An attribute of the element just started, without prefix; {NULL, 0} when absent. Valid until the
 * next call of zh_xml_attr or zh_xml_next. */
zh_str zh_xml_attr(zh_xml *xml, const char *name);

#endif
