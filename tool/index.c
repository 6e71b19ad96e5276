/* Build-time program: collects descriptors into sorted tables, so that nobody edits a central list.
 *
 *   index FILE.c... > index.c
 *
 * A line that begins with ZH_VERB(name), ZH_ENGINE(name) or ZH_ROUTE(name) opens the definition of
 * a constant zh_verb_<name>, zh_engine_<name> or zh_route_<name>. A table is written only when the
 * header that declares it exists. Two descriptors of one kind and name are an error. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES  64
#define DESCRIPTORS_MAX 4096

struct kind {
    const char *macro;  /* at the start of a line */
    const char *type;   /* zh_<type>, its objects zh_<type>_<name>, its table zh_<type>s */
    const char *header; /* below src/ */
};

static const struct kind kinds[] = {
    {"ZH_VERB(", "verb", "cli/verb.h"},
    {"ZH_ENGINE(", "engine", "engine/engine.h"},
    {"ZH_ROUTE(", "route", "net/http.h"},
};

struct descriptor {
    size_t kind;
    char name[NAME_MAX_BYTES];
    const char *path;
};

struct table {
    struct descriptor *items;
    size_t n;
};

static int by_kind_and_name(const void *a, const void *b)
{
    const struct descriptor *x = a;
    const struct descriptor *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

static bool add(struct table *table, size_t kind, const char *text, const char *path)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (n == 0 || n >= NAME_MAX_BYTES || text[n] != ')' || table->n == DESCRIPTORS_MAX) {
        (void)fprintf(stderr, "index: %s: bad descriptor %s%s", path, kinds[kind].macro, text);
        return false;
    }
    struct descriptor *item = &table->items[table->n++];
    item->kind = kind;
    item->path = path;
    memcpy(item->name, text, n);
    item->name[n] = '\0';
    return true;
}

static bool scan(struct table *table, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return false;
    }
    bool ok = true;
    char *line = NULL;
    size_t capacity = 0;
    while (ok && getline(&line, &capacity, file) >= 0) {
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            size_t n = strlen(kinds[k].macro);
            if (strncmp(line, kinds[k].macro, n) == 0) {
                ok = add(table, k, line + n, path);
            }
        }
    }
    free(line);
    (void)fclose(file);
    return ok;
}

static bool unique(const struct table *table)
{
    bool ok = true;
    for (size_t i = 1; i < table->n; i++) {
        if (by_kind_and_name(&table->items[i - 1], &table->items[i]) == 0) {
            (void)fprintf(stderr, "index: %s%s) is in %s and in %s\n",
                          kinds[table->items[i].kind].macro, table->items[i].name,
                          table->items[i - 1].path, table->items[i].path);
            ok = false;
        }
    }
    return ok;
}

static bool header_exists(const struct kind *kind)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "src/%s", kind->header);
    return access(path, R_OK) == 0;
}

static bool write_table(const struct table *table, size_t k)
{
    const struct kind *kind = &kinds[k];
    if (!header_exists(kind)) {
        for (size_t i = 0; i < table->n; i++) {
            if (table->items[i].kind == k) {
                (void)fprintf(stderr, "index: %s needs src/%s\n", table->items[i].path,
                              kind->header);
                return false;
            }
        }
        return true;
    }
    printf("\n#include \"%s\"\n", kind->header);
    printf("extern const zh_%s *const zh_%ss[];\nextern const size_t zh_%ss_n;\n", kind->type,
           kind->type, kind->type);
    size_t n = 0;
    for (size_t i = 0; i < table->n; i++) {
        if (table->items[i].kind == k) {
            printf("extern const zh_%s zh_%s_%s;\n", kind->type, kind->type, table->items[i].name);
        }
    }
    printf("const zh_%s *const zh_%ss[] = {\n", kind->type, kind->type);
    for (size_t i = 0; i < table->n; i++) {
        if (table->items[i].kind == k) {
            printf("    &zh_%s_%s,\n", kind->type, table->items[i].name);
            n++;
        }
    }
    printf("    0,\n};\nconst size_t zh_%ss_n = %zu;\n", kind->type, n);
    return true;
}

int main(int argc, char **argv)
{
    struct table table = {calloc(DESCRIPTORS_MAX, sizeof(struct descriptor)), 0};
    bool ok = table.items != NULL;
    for (int i = 1; ok && i < argc; i++) {
        ok = scan(&table, argv[i]);
    }
    if (ok) {
        qsort(table.items, table.n, sizeof(*table.items), by_kind_and_name);
        ok = unique(&table);
    }
    puts("/* Written by tool/index. */\n#include <stddef.h>");
    for (size_t k = 0; ok && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        ok = write_table(&table, k);
    }
    free(table.items);
    return ok && fflush(stdout) == 0 ? 0 : 1;
}
