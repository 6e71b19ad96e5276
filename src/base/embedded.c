/* Look-up in the table of embedded files. The table itself is generated (tool/embed). */
#include "base/embedded.h"
#include <string.h>

/* Defined by the generated file; nobody else may reach them. */
extern const zh_embedded zh_embedded_files[];
extern const size_t zh_embedded_files_n;

/* Index of the first file whose path, cut to `n` bytes, is not below the key. */
static size_t lower_bound(const char *key, size_t n)
{
    size_t low = 0;
    size_t high = zh_embedded_files_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(zh_embedded_files[middle].path, key, n) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const zh_embedded *zh_embedded_find(const char *path)
{
    size_t i = lower_bound(path, strlen(path) + 1);
    if (i == zh_embedded_files_n || strcmp(zh_embedded_files[i].path, path) != 0) {
        return NULL;
    }
    return &zh_embedded_files[i];
}

size_t zh_embedded_range(const char *prefix, const zh_embedded **first)
{
    size_t n = strlen(prefix);
    size_t from = lower_bound(prefix, n);
    size_t to = from;
    while (to < zh_embedded_files_n && strncmp(zh_embedded_files[to].path, prefix, n) == 0) {
        to++;
    }
    *first = to > from ? &zh_embedded_files[from] : NULL;
    return to - from;
}

zh_str zh_embedded_text(const zh_embedded *file)
{
    return (zh_str){(const char *)file->bytes, file->n};
}
