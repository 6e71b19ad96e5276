/* Answers many text searches in one process, for tests/data/search.py.
 *
 *   search DB DATA PACKS REGISTER FIELD WORDS
 *
 * WORDS has a word a line. For each a line is printed: the word, a tab, and the field of every
 * record that is found, in no particular order, separated by blanks. DB may be "-": the one in
 * DATA. */
#include "core/adoption/open.h"
#include "core/read/read.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, const zh_err *err)
{
    fprintf(stderr, "%s: %s %s\n", what, err->rule, err->message);
    exit(2);
}

static void print_found(zh_ctx *ctx, zh_conn *conn, const zh_field *field, zh_list_query *query)
{
    zh_page page;
    query->after = ZH_STR_NONE;
    do {
        if (zh_list(ctx, conn, query, &page) != ZH_OK) {
            stop("search", ctx->err);
        }
        for (size_t i = 0; i < page.n; i++) {
            const zh_value *v = &page.records[i]->values[field->index];
            printf(" %.*s", ZH_FMT(v->text));
        }
        query->after = page.next;
    } while (page.next.n > 0);
    putchar('\n');
}

int main(int argc, char **argv)
{
    zh_err err = {0};
    zh_core *core = NULL;
    zh_conn *conn = NULL;
    char line[256];
    if (argc != 7) {
        fprintf(stderr, "usage: search DB DATA PACKS REGISTER FIELD WORDS\n");
        return 2;
    }
    zh_core_options options = {.db_url = strcmp(argv[1], "-") == 0 ? NULL : argv[1],
                               .data_dir = argv[2],
                               .packs = argv[3]};
    if (zh_core_open(&options, &core, &err) != ZH_OK) {
        stop("open", &err);
    }
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, &err);
    const zh_register *reg = zh_model_register(ctx.model, zh_str_of(argv[4]));
    const zh_field *field = reg ? zh_register_field(reg, zh_str_of(argv[5])) : NULL;
    FILE *words = fopen(argv[6], "r");
    if (field == NULL || words == NULL ||
        zh_store_reader(zh_core_store(core), &conn, &err) != ZH_OK) {
        stop(argv[4], &err);
    }
    while (fgets(line, sizeof line, words) != NULL) {
        zh_arena_reset(arena);
        zh_list_query query = {.reg = reg,
                               .search = zh_str_trim(zh_str_of(line)),
                               .limit = 1000,
                               .as_of = ZH_AS_OF_NOW};
        printf("%.*s\t", ZH_FMT(query.search));
        print_found(&ctx, conn, field, &query);
    }
    (void)fclose(words);
    zh_store_release(conn);
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    zh_core_close(core);
    return 0;
}
