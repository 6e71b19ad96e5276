/* Files, directories, hexadecimal, and the lines of the log. */
#include "base/json.h"
#include "base/log.h"
#include "base/log_events.h"
#include "base/os.h"
#include "base/time.h"
#include "scratch.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct room {
    zh_arena *arena;
    char path[64];
    zh_err err;
} room;

static int set_up(void **state)
{
    room *r = zh_alloc(sizeof *r);
    r->arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    scratch_folder(r->path);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    room *r = *state;
    zh_str *names;
    size_t n;
    if (zh_dir_list(r->arena, r->path, &names, &n, NULL) == ZH_OK) {
        for (size_t i = 0; i < n; i++) {
            remove(zh_str_fmt(r->arena, "%s/%s", r->path, names[i].p).p);
        }
    }
    rmdir(r->path);
    zh_arena_free(r->arena);
    zh_dealloc(r);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const char *in(room *r, const char *name)
{
    return zh_str_fmt(r->arena, "%s/%s", r->path, name).p;
}

static void files_are_replaced_whole(void **state)
{
    room *r = *state;
    const char *path = in(r, "数据.bin");
    zh_str got;
    struct stat info;
    zh_str *names;
    size_t n;
    assert_int_equal(zh_file_replace(path, ZH_STR("first"), &r->err), ZH_OK);
    assert_int_equal(zh_file_replace(path, ZH_STR("a\0b"), &r->err), ZH_OK);
    assert_int_equal(zh_file_read(r->arena, path, 100, &got, &r->err), ZH_OK);
    assert_true(zh_str_eq(got, ZH_STR("a\0b")));
    assert_int_equal(got.p[3], '\0');
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777 & ~0640u, 0);
    assert_int_equal(zh_dir_list(r->arena, r->path, &names, &n, &r->err), ZH_OK);
    assert_int_equal(n, 1); /* nothing temporary is left */
    assert_int_equal(zh_file_replace(in(r, "no/such"), ZH_STR("x"), &r->err), ZH_ENOTFOUND);
    assert_string_equal(r->err.rule, "file.missing");
    assert_non_null(strstr(r->err.where, "no/such"));
    zh_err_clear(&r->err);
    assert_int_equal(zh_dir_make(in(r, "full"), &r->err), ZH_OK);
    assert_int_equal(zh_file_replace(in(r, "full"), ZH_STR("x"), &r->err), ZH_EIO);
    assert_int_equal(zh_dir_list(r->arena, r->path, &names, &n, NULL), ZH_OK);
    assert_int_equal(n, 2);
}

static void reading_keeps_its_cap(void **state)
{
    room *r = *state;
    const char *path = in(r, "x");
    zh_str got;
    assert_int_equal(zh_file_replace(path, ZH_STR("1234567890"), &r->err), ZH_OK);
    assert_int_equal(zh_file_read(r->arena, path, 10, &got, &r->err), ZH_OK);
    assert_int_equal(got.n, 10);
    assert_int_equal(zh_file_read(r->arena, path, 9, &got, &r->err), ZH_ELIMIT);
    assert_string_equal(r->err.rule, "file.size");
    assert_int_equal(zh_file_read(r->arena, in(r, "absent"), 10, &got, NULL), ZH_ENOTFOUND);
    assert_int_equal(zh_file_read(r->arena, r->path, 10, &got, NULL), ZH_EIO);
    assert_int_equal(zh_file_replace(path, ZH_STR(""), &r->err), ZH_OK);
    assert_int_equal(zh_file_read(r->arena, path, 0, &got, NULL), ZH_OK);
    assert_int_equal(got.n, 0);
    /* sizes that stat does not know */
    assert_int_equal(zh_file_read(r->arena, "/proc/self/status", 1 << 20, &got, NULL), ZH_OK);
    assert_true(got.n > 100);
    assert_int_equal(zh_file_read(r->arena, "/proc/self/status", 100, &got, NULL), ZH_ELIMIT);
    assert_int_equal(zh_file_read(r->arena, "/dev/zero", 100000, &got, NULL), ZH_ELIMIT);
    zh_arena *small = zh_arena_new(64);
    assert_int_equal(zh_file_read(small, "/proc/self/status", 1 << 20, &got, NULL), ZH_ENOMEM);
    zh_arena_free(small);
}

static void directories(void **state)
{
    room *r = *state;
    zh_str *names;
    size_t n;
    static const char *const files[] = {"b", "a", "乙", "A", ".hidden"};
    static const char *const want[] = {".hidden", "A", "a", "b", "deep", "乙"};
    assert_int_equal(zh_dir_make(in(r, "deep//er/est/"), &r->err), ZH_OK);
    assert_int_equal(zh_dir_make(in(r, "deep/er"), &r->err), ZH_OK);
    assert_true(zh_path_is_dir(in(r, "deep/er/est")));
    for (size_t i = 0; i < ZH_COUNTOF(files); i++) {
        assert_int_equal(zh_file_replace(in(r, files[i]), ZH_STR("x"), &r->err), ZH_OK);
    }
    assert_int_equal(zh_dir_list(r->arena, r->path, &names, &n, &r->err), ZH_OK);
    assert_int_equal(n, ZH_COUNTOF(want));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(names[i].p, want[i]);
    }
    assert_true(zh_path_exists(in(r, "a")) && !zh_path_is_dir(in(r, "a")));
    assert_false(zh_path_exists(in(r, "absent")) || zh_path_is_dir(in(r, "absent")));
    assert_int_equal(zh_dir_make(in(r, "a"), NULL), ZH_EIO);
    assert_int_equal(zh_dir_make(in(r, "a/b"), NULL), ZH_EIO);
    assert_int_equal(zh_dir_make("", NULL), ZH_ENOTFOUND);
    assert_int_equal(zh_dir_list(r->arena, in(r, "absent"), &names, &n, NULL), ZH_ENOTFOUND);
    assert_int_equal(zh_dir_list(r->arena, in(r, "a"), &names, &n, NULL), ZH_EIO);
    rmdir(in(r, "deep/er/est"));
    rmdir(in(r, "deep/er"));
}

static void hexadecimal(void **state)
{
    (void)state;
    unsigned char bytes[4] = {0x00, 0x9F, 0xA5, 0xFF}, back[4];
    char text[9];
    zh_hex(bytes, 4, text);
    assert_string_equal(text, "009fa5ff");
    assert_true(zh_unhex(ZH_STR("009FA5ff"), back, 4));
    assert_memory_equal(bytes, back, 4);
    assert_false(zh_unhex(ZH_STR("009fa5f"), back, 4));
    assert_false(zh_unhex(ZH_STR("009fa5ff00"), back, 4));
    assert_false(zh_unhex(ZH_STR("009fa5fg"), back, 4));
    assert_false(zh_unhex(ZH_STR("0 9fa5ff"), back, 4));
    assert_true(zh_unhex(ZH_STR(""), back, 0));
    unsigned char a[32] = {0}, b[32] = {0};
    zh_random(a, sizeof a);
    zh_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    zh_random(a, 0);
}

#define EVENT_ID(id, meaning) id,

/* What the log writes to stderr while `write` runs. */
static zh_str captured(room *r, void (*write)(void))
{
    const char *path = in(r, "log");
    zh_str text;
    fflush(stderr);
    int before = dup(STDERR_FILENO);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(before >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    write();
    dup2(before, STDERR_FILENO);
    close(before);
    close(fd);
    assert_int_equal(zh_file_read(r->arena, path, 1 << 20, &text, NULL), ZH_OK);
    return text;
}

static void log_lines(void)
{
    static const char *const broken = "ab\xFF"
                                      "c";
    char text[5000];
    zh_err err;
    zh_log(ZH_INFO, "store.open", "below the level");
    zh_log(ZH_WARN, "store.slow", "%d ms\n\"武汉\"", 12);
    zh_log(ZH_ERROR, "store.slow", "%s", broken);
    memset(text, 'x', sizeof text);
    for (size_t i = 1; i + 3 < sizeof text; i += 3) {
        memcpy(text + i, "中", 3);
    }
    text[sizeof text - 1] = '\0';
    zh_log(ZH_WARN, "import.batch", "%s", text);
    zh_err_clear(&err);
    zh_err_set(&err, ZH_EINVAL, "field.decimal.digits", "小数位过多");
    zh_err_where(&err, "items[0].value");
    zh_log_err(ZH_ERROR, "import.batch", &err);
}

static void log_debug(void)
{
    zh_log_level(ZH_DEBUG);
    zh_log(ZH_DEBUG, "store.open", "%s", "x");
    zh_log_level(ZH_WARN);
}

static void logs_one_object_a_line(void **state)
{
    room *r = *state;
    zh_str text = captured(r, log_lines);
    static const char *const messages[] = {"12 ms\n\"武汉\"", "ab?c", NULL, "小数位过多"};
    for (size_t i = 0; i < 4; i++) {
        zh_str line;
        zh_json *value;
        zh_time t;
        assert_true(zh_str_split(&text, '\n', &line));
        assert_int_equal(zh_json_parse(r->arena, line, &value, NULL), ZH_OK);
        zh_str message = zh_json_str(zh_json_get(value, "message"), ZH_STR_NONE);
        zh_str level = zh_json_str(zh_json_get(value, "level"), ZH_STR_NONE);
        assert_true(messages[i] == NULL ? message.n > 2000 : zh_str_is(message, messages[i]));
        assert_true(zh_str_is(level, i == 1 || i == 3 ? "error" : "warn"));
        assert_int_equal(zh_time_parse(zh_json_str(zh_json_get(value, "time"), ZH_STR_NONE), &t),
                         ZH_OK);
        assert_true(t <= zh_now() && t > zh_now() - 60000000);
        if (i == 3) {
            assert_true(zh_str_is(zh_json_get(value, "where")->text, "items[0].value"));
            assert_true(zh_str_is(zh_json_get(value, "rule")->text, "field.decimal.digits"));
        }
    }
    assert_int_equal(text.n, 0);
    assert_true(zh_str_find(captured(r, log_debug), ZH_STR("\"debug\"")) > 0);
}

static void broken_assertion(void)
{
    pid_t child = fork();
    if (child == 0) {
        const char *text = "x";
        zh_assert(strcmp(text, "\"\\") == 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void assertions_end_the_process(void **state)
{
    room *r = *state;
    zh_str text = captured(r, broken_assertion);
    zh_json *value;
    assert_int_equal(zh_json_parse(r->arena, text, &value, NULL), ZH_OK);
    assert_true(zh_str_is(zh_json_get(value, "event")->text, "panic"));
    zh_str what = zh_json_get(value, "what")->text;
    assert_true(zh_str_is(what, "strcmp(text, \"\\\"\\\\\") == 0"));
}

static void events_are_declared_once(void **state)
{
    (void)state;
    static const char *const ids[] = {ZH_LOG_EVENTS(EVENT_ID)};
    for (size_t i = 0; i < ZH_COUNTOF(ids); i++) {
        for (size_t k = i + 1; k < ZH_COUNTOF(ids); k++) {
            assert_string_not_equal(ids[i], ids[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_replaced_whole),
        TEST(reading_keeps_its_cap),
        TEST(directories),
        TEST(hexadecimal),
        TEST(logs_one_object_a_line),
        TEST(assertions_end_the_process),
        TEST(events_are_declared_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
