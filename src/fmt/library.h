/* The format libraries the program runs with. */
#ifndef ZH_FMT_LIBRARY_H
#define ZH_FMT_LIBRARY_H

#include "base/version.h"

#define ZH_FMT_LIBRARIES 5

void zh_fmt_libraries(zh_library out[ZH_FMT_LIBRARIES]);

#endif
