/* A double as decimal text that reads back as the same double. */
#ifndef ZH_BASE_DOUBLE_H
#define ZH_BASE_DOUBLE_H

#include "base/base.h"

#define ZH_DOUBLE_TEXT_MAX 32 /* bytes, with the ending NUL */

/* Writes a finite value as C's "%.15g", or with 16 or 17 digits where fewer do not read back as the
 * value; subnormal numbers with as few digits as do. Returns the length. No state. */
size_t zh_double_text(double value, char text[static ZH_DOUBLE_TEXT_MAX]);

#endif
