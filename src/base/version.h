/* The version of the program, and how a room names the libraries that only it may see. */
#ifndef ZH_BASE_VERSION_H
#define ZH_BASE_VERSION_H

#define ZH_VERSION "0.2.0"
#define ZH_LICENCE "Apache-2.0"

typedef struct zh_library {
    const char *name, *licence;
    char version[32]; /* of what the program runs with */
} zh_library;

#endif
