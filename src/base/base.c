/* The one place that ends the process on a broken assertion. */
#include "base/base.h"
#include <stdio.h>
#include <stdlib.h>

void zh_panic(const char *file, int line, const char *what)
{
    char text[512];
    size_t n = 0;
    for (; *what != '\0' && n + 2 < sizeof text; what++) { /* quotes of the condition stay JSON */
        if (*what == '"' || *what == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *what;
    }
    text[n] = '\0';
    fprintf(stderr, "{\"level\":\"fatal\",\"event\":\"panic\",\"at\":\"%s:%d\",\"what\":\"%s\"}\n",
            file, line, text);
    abort();
}
