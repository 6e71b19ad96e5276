/* Build-time program: writes a C file that holds the files named on the command line.
 *
 *   embed FILE... > embed.c
 *
 * FILE may be NAME=FILE: then it is found under NAME.
 *
 * The bytes come in through the assembler's .incbin, so that megabytes cost no compile time; paths
 * are relative to the directory of the build. A file name may hold letters, digits and "._+-/" and
 * bytes above 0x7f; anything else is refused, because the name goes into assembler text. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file of an argument; *name_n: how much of the argument is its name. */
static const char *file_of(const char *argument, size_t *name_n)
{
    *name_n = strcspn(argument, "=");
    return argument[*name_n] == '=' ? argument + *name_n + 1 : argument;
}

static bool is_plain(const char *path)
{
    for (const char *p = path; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        bool digit = *p >= '0' && *p <= '9';
        if (!letter && !digit && !strchr("._+-/", *p) && (unsigned char)*p < 0x80) {
            return false;
        }
    }
    return *path != '\0';
}

static int by_bytes(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;
    size_t x_n = strcspn(x, "=");
    size_t y_n = strcspn(y, "=");
    int order = memcmp(x, y, x_n < y_n ? x_n : y_n);
    return order != 0 ? order : (x_n > y_n) - (x_n < y_n);
}

static void write_bytes(size_t index, const char *path)
{
    printf("__asm__(\".section .rodata\\n\"\n"
           "        \".globl zh_embedded_%zu\\n.type zh_embedded_%zu, %%object\\n\"\n"
           "        \".hidden zh_embedded_%zu\\n\"\n"
           "        \"zh_embedded_%zu:\\n.incbin \\\"%s\\\"\\n\"\n"
           "        \".globl zh_embedded_%zu_end\\n.hidden zh_embedded_%zu_end\\n\"\n"
           "        \"zh_embedded_%zu_end:\\n.byte 0\\n.previous\\n\");\n"
           "extern const unsigned char zh_embedded_%zu[];\n",
           index, index, index, index, path, index, index, index, index);
}

static bool size_of(const char *path, long *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    bool ok = fseek(file, 0, SEEK_END) == 0 && (*size = ftell(file)) >= 0;
    (void)fclose(file);
    return ok;
}

int main(int argc, char **argv)
{
    size_t n = (size_t)argc - 1;
    char **paths = argv + 1;
    qsort(paths, n, sizeof(*paths), by_bytes);
    puts("/* Written by tool/embed. */\n#include \"base/embedded.h\"\n");
    for (size_t i = 0; i < n; i++) {
        size_t name_n;
        const char *file = file_of(paths[i], &name_n);
        if (!is_plain(file) || name_n == 0) {
            (void)fprintf(stderr, "embed: file name not allowed: %s\n", paths[i]);
            return 1;
        }
        write_bytes(i, file);
    }
    puts("extern const zh_embedded zh_embedded_files[];\nextern const size_t zh_embedded_files_n;\n"
         "const zh_embedded zh_embedded_files[] = {");
    for (size_t i = 0; i < n; i++) {
        long size = 0;
        size_t name_n;
        if (!size_of(file_of(paths[i], &name_n), &size)) {
            return 1;
        }
        printf("    {\"%.*s\", zh_embedded_%zu, %ld},\n", (int)name_n, paths[i], i, size);
    }
    /* One closing row, because ISO C has no empty arrays. */
    printf("    {0, 0, 0},\n};\nconst size_t zh_embedded_files_n = %zu;\n", n);
    return fflush(stdout) == 0 ? 0 : 1;
}
