/* YAML reader: any bytes. The tree that comes out is walked, so that its links and texts are read.
 */
// covers: src/fmt/yaml.c
#include "fmt/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every node once; follows `next` and `first` like a caller. */
static size_t walk(const zh_yaml *node)
{
    size_t n = 1;
    zh_assert(node->line > 0 && node->column > 0);
    zh_assert(node->text.n == 0 || node->text.p[node->text.n] == '\0');
    for (const zh_yaml *child = node->first; child != NULL; child = child->next) {
        zh_assert(child->parent == node);
        if (node->kind == ZH_YAML_MAPPING && child->key.n < 100) {
            char key[101] = "";
            for (size_t i = 0; i < child->key.n; i++) {
                key[i] = child->key.p[i];
            }
            (void)zh_yaml_get(node, key);
        }
        zh_err err = {.rc = ZH_EINVAL};
        zh_yaml_key_where(child, &err);
        n += walk(child); /* at most ZH_YAML_DEPTH_MAX deep */
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_arena *arena = zh_arena_new((size_t)16 << 20);
    zh_yaml *root = NULL;
    zh_err err = {0};
    zh_rc rc = zh_yaml_parse(arena, (zh_str){(const char *)data, size}, "fuzz.yaml", &root, &err);
    if (rc == ZH_OK) {
        zh_assert(walk(root) <= ZH_YAML_NODES_MAX);
    } else {
        zh_assert(err.rc == rc && err.message[0] != '\0' && err.where[0] != '\0');
    }
    zh_arena_free(arena);
    return 0;
}
