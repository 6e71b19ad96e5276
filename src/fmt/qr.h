/* QR code (ISO/IEC 18004) of a text as a drawing, by libqrencode. Thread-safe. */
#ifndef ZH_FMT_QR_H
#define ZH_FMT_QR_H

#include "fmt/draw.h"

#define ZH_QR_TEXT_MAX ((size_t)1000) /* bytes; error correction level M */
#define ZH_QR_QUIET    4              /* modules of quiet zone on every side (section 6.3.8) */

typedef struct zh_qr {
    size_t side;         /* modules, without quiet zone: 21, 25, … */
    const uint8_t *dark; /* side × side, row by row: 1 dark, 0 light */
} zh_qr;

/* Smallest symbol that holds the text, level M. ZH_ELIMIT: longer than ZH_QR_TEXT_MAX; ZH_EINVAL:
 * empty. In the arena. */
zh_rc zh_qr_encode(zh_arena *arena, zh_str text, zh_qr *out, zh_err *err) ZH_MUST;
/* The symbol with its quiet zone as a square of `width` units. */
zh_rc zh_qr_draw(zh_arena *arena, zh_str text, double width, zh_str title, const zh_draw **out,
                 zh_err *err) ZH_MUST;

#endif
