/* The database libraries the program runs with. */
#ifndef ZH_STORE_LIBRARY_H
#define ZH_STORE_LIBRARY_H

#include "base/version.h"

#define ZH_STORE_LIBRARIES 2

void zh_store_libraries(zh_library out[ZH_STORE_LIBRARIES]);

#endif
