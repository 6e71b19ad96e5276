/* A drawing list as SVG 1.1 text.
 *
 * In a page: colours are class names (f-ROLE fills and text, k-ROLE strokes, song, b for bold) that
 * ui/draw.css maps to the tokens, so that dark mode and print work; no style attribute, no script,
 * nothing that a strict content security policy refuses. As a file of its own: the colours of the
 * light tokens are written out as attributes.
 * The same list gives the same bytes. Thread-safe for complete lists. */
#ifndef ZH_FMT_SVG_H
#define ZH_FMT_SVG_H

#include "fmt/draw.h"

typedef struct zh_svg_options {
    zh_str id;       /* prefix of every id inside, unique in the page: "f1"; empty means "f" */
    bool standalone; /* a file to download: XML declaration, namespace, literal colours */
    bool decorative; /* a picture whose content stands beside it as text: aria-hidden, no title */
} zh_svg_options;

/* Appends to out. The root has role="img" and its title and description as accessible name; with
 * links inside it has role="group" instead, because the children of an image are hidden from
 * assistive technology. Errors: what zh_draw_check says; ZH_EINVAL an id that is not letters,
 * digits and hyphens; ZH_ELIMIT the buffer's cap. */
zh_rc zh_svg_write(const zh_draw *list, const zh_svg_options *options, zh_buf *out,
                   zh_err *err) ZH_MUST;

#endif
