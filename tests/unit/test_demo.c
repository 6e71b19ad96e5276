/* The files of the demo: what a step takes, what is laid out, which directories are refused. The
 * demo itself is run by tests/demo. */
#include "app/demo/source.h"
#include "base/os.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const zh_demo_step lots = {"report", "lots", "批次", "set", "b_|a_", "r", NULL, false};

typedef struct world {
    zh_arena *arena;
    zh_err err;
    char dir[SCRATCH_BYTES];
    zh_demo_file files[ZH_DEMO_FILES_MAX];
    size_t n;
    zh_str digest;
} world;

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    scratch_folder(w->dir);
    *state = w;
    return 0;
}

static void remove_all(world *w, const char *path)
{
    zh_str *names = NULL;
    size_t n = 0;
    if (zh_path_is_dir(path) && zh_dir_list(w->arena, path, &names, &n, NULL) == ZH_OK) {
        for (size_t i = 0; i < n; i++) {
            remove_all(w, zh_str_fmt(w->arena, "%s/%s", path, names[i].p).p);
        }
        (void)rmdir(path);
    } else {
        (void)unlink(path);
    }
}

static int teardown(void **state)
{
    world *w = *state;
    remove_all(w, w->dir);
    zh_arena_free(w->arena);
    free(w);
    return 0;
}

static const char *path_of(world *w, const char *name)
{
    return zh_str_fmt(w->arena, "%s/%s", w->dir, name).p;
}

static void put(world *w, const char *name, const char *text)
{
    assert_int_equal(zh_file_replace(path_of(w, name), zh_str_of(text), &w->err), ZH_OK);
}

static zh_rc find(world *w)
{
    zh_err_clear(&w->err);
    return zh_demo_files(w->arena, w->dir, &lots, w->files, &w->n, &w->digest, &w->err);
}

static void files_by_beginning(void **state)
{
    world *w = *state;
    assert_int_equal(zh_dir_make(path_of(w, "set"), &w->err), ZH_OK);
    put(w, "set/a_2.csv", "2");
    put(w, "set/a_1.csv", "1");
    put(w, "set/b_1.csv.gz", "b");
    put(w, "set/README.md", "not data");
    assert_int_equal(find(w), ZH_OK);
    assert_int_equal(w->n, 3);
    assert_string_equal(w->files[0].path, path_of(w, "set/b_1.csv.gz"));
    assert_string_equal(w->files[1].path, path_of(w, "set/a_1.csv"));
    assert_string_equal(w->files[2].path, path_of(w, "set/a_2.csv"));
    assert_int_equal(w->files[0].bytes, 1);
}

/* One byte more, or the same bytes under another name, are other data. */
static void digest_is_of_names_and_contents(void **state)
{
    world *w = *state;
    assert_int_equal(zh_dir_make(path_of(w, "set"), &w->err), ZH_OK);
    put(w, "set/a_1", "x");
    put(w, "set/b_1", "y");
    assert_int_equal(find(w), ZH_OK);
    zh_str first = w->digest;
    assert_int_equal(find(w), ZH_OK);
    assert_true(zh_str_eq(first, w->digest));
    put(w, "set/notes", "z");
    assert_int_equal(find(w), ZH_OK);
    assert_true(zh_str_eq(first, w->digest));
    put(w, "set/a_1", "xx");
    assert_int_equal(find(w), ZH_OK);
    assert_false(zh_str_eq(first, w->digest));
    put(w, "set/a_1", "x");
    assert_int_equal(rename(path_of(w, "set/a_1"), path_of(w, "set/a_2")), 0);
    assert_int_equal(find(w), ZH_OK);
    assert_false(zh_str_eq(first, w->digest));
}

static void a_beginning_without_files(void **state)
{
    world *w = *state;
    assert_int_equal(find(w), ZH_ENOTFOUND); /* no folder of the set */
    assert_int_equal(zh_dir_make(path_of(w, "set"), &w->err), ZH_OK);
    put(w, "set/a_1", "x");
    assert_int_equal(find(w), ZH_ENOTFOUND);
    assert_string_equal(w->err.rule, "demo.file");
    assert_non_null(strstr(w->err.message, "b_"));
}

static void at_most_so_many_files(void **state)
{
    world *w = *state;
    assert_int_equal(zh_dir_make(path_of(w, "set"), &w->err), ZH_OK);
    put(w, "set/b_1", "x");
    for (int i = 1; i < ZH_DEMO_FILES_MAX; i++) {
        put(w, zh_str_fmt(w->arena, "set/a_%d", i).p, "x");
    }
    assert_int_equal(find(w), ZH_OK);
    assert_int_equal(w->n, ZH_DEMO_FILES_MAX);
    put(w, "set/a_more", "x");
    assert_int_equal(find(w), ZH_ELIMIT);
    assert_string_equal(w->err.rule, "demo.files");
}

/* Files that stand there are left; a changed one is put right. */
static void laid_out_once(void **state)
{
    world *w = *state;
    zh_str text;
    const char *codes = path_of(w, "cn-uscc/uscc_real.txt");
    assert_int_equal(zh_demo_lay_out(w->arena, w->dir, "cn-uscc", &w->err), ZH_OK);
    assert_true(zh_path_exists(path_of(w, "cn-uscc/SOURCE.json")));
    assert_int_equal(zh_file_read(w->arena, codes, 1 << 20, &text, &w->err), ZH_OK);
    assert_int_equal(text.n, 19304);
    put(w, "cn-uscc/uscc_real.txt", "tampered");
    assert_int_equal(zh_demo_lay_out(w->arena, w->dir, "cn-uscc", &w->err), ZH_OK);
    assert_int_equal(zh_file_read(w->arena, codes, 1 << 20, &text, &w->err), ZH_OK);
    assert_int_equal(text.n, 19304);
    assert_int_equal(zh_demo_lay_out(w->arena, w->dir, "cn-nowhere", &w->err), ZH_ENOTFOUND);
}

static void directories(void **state)
{
    world *w = *state;
    assert_int_equal(zh_demo_check_dir(w->arena, path_of(w, "absent"), &w->err), ZH_OK);
    assert_int_equal(zh_demo_check_dir(w->arena, w->dir, &w->err), ZH_OK);
    assert_int_equal(zh_dir_make(path_of(w, "demo"), &w->err), ZH_OK);
    assert_int_equal(zh_dir_make(path_of(w, "files"), &w->err), ZH_OK);
    assert_int_equal(zh_demo_check_dir(w->arena, w->dir, &w->err), ZH_OK);
    put(w, "letter.txt", "");
    assert_int_equal(zh_demo_check_dir(w->arena, w->dir, &w->err), ZH_ECONFLICT);
    assert_non_null(strstr(w->err.message, "letter.txt"));
    zh_err_clear(&w->err);
    put(w, "zhiheng.db", "");
    assert_int_equal(zh_demo_check_dir(w->arena, w->dir, &w->err), ZH_OK);
}

/* Every step of the table names files or work, and every set it names is built in. */
static void the_table_of_steps(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < zh_demo_steps_n; i++) {
        const zh_demo_step *step = &zh_demo_steps[i];
        assert_true((step->run != NULL) == (step->set == NULL));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(step->id, zh_demo_steps[k].id);
        }
        if (step->set != NULL) {
            assert_int_equal(zh_demo_lay_out(w->arena, w->dir, step->set, &w->err), ZH_OK);
            assert_int_equal(
                zh_demo_files(w->arena, w->dir, step, w->files, &w->n, &w->digest, &w->err), ZH_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_by_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(digest_is_of_names_and_contents, setup, teardown),
        cmocka_unit_test_setup_teardown(a_beginning_without_files, setup, teardown),
        cmocka_unit_test_setup_teardown(at_most_so_many_files, setup, teardown),
        cmocka_unit_test_setup_teardown(laid_out_once, setup, teardown),
        cmocka_unit_test_setup_teardown(directories, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_of_steps, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
