/* Forms: the urlencoded parser against the cases of the WHATWG URL standard (section 5.1,
 * application/x-www-form-urlencoded parsing) and RFC 3986 section 2; cookies of RFC 6265; multipart
 * bodies written after RFC 7578 section 4 and RFC 2046 section 5.1, cut at every place; caps at and
 * above them. */
#include "base/os.h"
#include "net/form.h"
#include "net/http.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static zh_arena *arena;
static char folder[SCRATCH_BYTES];

static int setup(void **state)
{
    (void)state;
    arena = zh_arena_new((size_t)64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static void check_pair(zh_pairs pairs, size_t i, const char *name, const char *value)
{
    assert_true(i < pairs.n);
    assert_true(zh_str_is(pairs.p[i].name, name));
    assert_true(zh_str_is(pairs.p[i].value, value));
}

static void test_urlencoded(void **state)
{
    (void)state;
    zh_pairs pairs;
    zh_err err = {0};
    assert_int_equal(
        zh_form_parse(arena, ZH_STR("a=1&b=%E6%B9%96%E5%8C%97&a=x+y%2B&&c&=d&e=f=g"), &pairs, &err),
        ZH_OK);
    assert_int_equal(pairs.n, 6);
    check_pair(pairs, 0, "a", "1");
    check_pair(pairs, 1, "b", "湖北");
    check_pair(pairs, 2, "a", "x y+");
    check_pair(pairs, 3, "c", "");
    check_pair(pairs, 4, "", "d");
    check_pair(pairs, 5, "e", "f=g");
    assert_true(zh_str_is(zh_pairs_get(pairs, "a"), "1"));
    assert_true(zh_pairs_get(pairs, "c").p != NULL);
    assert_null(zh_pairs_get(pairs, "none").p);
    assert_int_equal(zh_form_parse(arena, ZH_STR(""), &pairs, &err), ZH_OK);
    assert_int_equal(pairs.n, 0);
}

static void test_bad_encoding(void **state)
{
    (void)state;
    static const char *const bad[] = {"a=%",   "a=%4",     "a=%zz",    "a=%00",
                                      "a=%ff", "a=%c0%80", "%e6%b9=1", "a=%ed%a0%80"};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_pairs pairs;
        zh_err err = {0};
        assert_int_equal(zh_form_parse(arena, zh_str_of(bad[i]), &pairs, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "form.encoding");
    }
}

static void test_pairs_cap(void **state)
{
    (void)state;
    zh_buf text;
    zh_pairs pairs;
    zh_err err = {0};
    zh_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < ZH_FORM_PAIRS_MAX; i++) {
        zh_buf_z(&text, "a=1&");
    }
    assert_int_equal(zh_form_parse(arena, zh_buf_view(&text), &pairs, &err), ZH_OK);
    assert_int_equal(pairs.n, ZH_FORM_PAIRS_MAX);
    zh_buf_z(&text, "b=2");
    assert_int_equal(zh_form_parse(arena, zh_buf_view(&text), &pairs, &err), ZH_ELIMIT);
    zh_buf_free(&text);
}

static void test_encode(void **state)
{
    (void)state;
    zh_buf out;
    zh_buf_init(&out, 1 << 10);
    zh_form_encode(&out, ZH_STR("aZ09-._~ /?#[]@!$&'()*+,;=%\"<>湖"));
    assert_true(zh_str_is(zh_buf_view(&out),
                          "aZ09-._~%20%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C"
                          "%3B%3D%25%22%3C%3E%E6%B9%96"));
    zh_str back;
    zh_err err = {0};
    assert_int_equal(zh_form_decode(arena, zh_buf_view(&out), false, &back, &err), ZH_OK);
    assert_true(zh_str_is(back, "aZ09-._~ /?#[]@!$&'()*+,;=%\"<>湖"));
    zh_buf_free(&out);
}

static void test_cookies(void **state)
{
    (void)state;
    zh_str header = ZH_STR("lang=en; theme=dark;x=a=b; empty=");
    assert_true(zh_str_is(zh_cookie_get(header, "lang"), "en"));
    assert_true(zh_str_is(zh_cookie_get(header, "theme"), "dark"));
    assert_true(zh_str_is(zh_cookie_get(header, "x"), "a=b"));
    assert_true(zh_cookie_get(header, "empty").p != NULL);
    assert_null(zh_cookie_get(header, "lan").p);
    assert_null(zh_cookie_get(ZH_STR_NONE, "lang").p);
}

/* ---- multipart
 * -------------------------------------------------------------------------------------- */

static const char TYPE[] = "multipart/form-data; boundary=\"AaB03x\"";
static const char BODY[] =
    "--AaB03x\r\n"
    "Content-Disposition: form-data; name=\"who\"\r\n\r\n"
    "老王\r\n"
    "--AaB03x\r\n"
    "content-disposition: form-data; name=\"f\"; filename=\"C:\\\\dir\\\\表.csv\"\r\n"
    "Content-Type: text/csv\r\n\r\n"
    "a,b\r\n--AaB03\r\n1,2\r\r\n\r\n"
    "--AaB03x\r\n"
    "Content-Disposition: form-data; name=empty\r\n\r\n"
    "\r\n"
    "--AaB03x--\r\nepilogue";
static const char FILE_BYTES[] = "a,b\r\n--AaB03\r\n1,2\r\r\n";

typedef struct parsed {
    zh_pairs fields;
    const zh_upload *files;
    size_t nfiles;
} parsed;

static zh_rc parse(const char *type, zh_str body, size_t step, const char *directory, parsed *out,
                   zh_err *err)
{
    zh_multipart *m = NULL;
    zh_rc rc = zh_multipart_new(arena, zh_str_of(type), directory, &m, err);
    for (size_t at = 0; rc == ZH_OK && at < body.n; at += step) {
        rc = zh_multipart_push(m, zh_str_sub(body, at, step), err);
    }
    return rc == ZH_OK ? zh_multipart_end(m, &out->fields, &out->files, &out->nfiles, err) : rc;
}

/* However the body is cut, the parts are the same; the file is gone with the arena. */
static void test_multipart(void **state)
{
    (void)state;
    for (size_t step = 1; step <= sizeof BODY; step++) {
        parsed p;
        zh_err err = {0};
        zh_str bytes;
        assert_int_equal(parse(TYPE, zh_str_of(BODY), step, folder, &p, &err), ZH_OK);
        assert_int_equal(p.fields.n, 2);
        check_pair(p.fields, 0, "who", "老王");
        check_pair(p.fields, 1, "empty", "");
        assert_int_equal(p.nfiles, 1);
        assert_true(zh_str_is(p.files[0].field, "f"));
        assert_true(zh_str_is(p.files[0].file_name, "表.csv"));
        assert_true(zh_str_is(p.files[0].type, "text/csv"));
        assert_int_equal(p.files[0].size, sizeof FILE_BYTES - 1);
        assert_int_equal(zh_file_read(arena, p.files[0].path.p, 1000, &bytes, &err), ZH_OK);
        assert_true(zh_str_is(bytes, FILE_BYTES));
        char path[128];
        struct stat info;
        (void)snprintf(path, sizeof path, "%s", p.files[0].path.p);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        zh_arena_reset(arena);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void test_multipart_broken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "hello",
        "--AaB03x",
        "--AaB03x\r\n",
        "--AaB03xx\r\n",
        "--AaB03x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--AaB03x--",
        "--AaB03x\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--AaB03x--",
        "--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
        "--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--AaB03x",
        "--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--AaB03x--",
        "--AaB03x\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--AaB03x--",
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        parsed p;
        zh_err err = {0};
        assert_int_equal(parse(TYPE, zh_str_of(bad[i]), 7, folder, &p, &err), ZH_EINVAL);
    }
    static const char *const types[] = {"multipart/form-data", "multipart/form-data; boundary=",
                                        "multipart/form-data; boundary=\"a b \"",
                                        "multipart/form-data; boundary=\"a{b\""};
    for (size_t i = 0; i < ZH_COUNTOF(types); i++) {
        parsed p;
        zh_err err = {0};
        assert_int_equal(parse(types[i], zh_str_of(BODY), 100, folder, &p, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "form.boundary");
    }
    parsed p;
    zh_err err = {0};
    assert_int_equal(parse(TYPE, zh_str_of(BODY), 100, NULL, &p, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "form.file");
    zh_err_clear(&err);
    assert_int_equal(parse(TYPE, zh_str_of(BODY), 100, "/nonexistent/folder", &p, &err), ZH_EIO);
}

static zh_rc many(size_t n, const char *head, size_t value_n, parsed *p, zh_err *err)
{
    zh_buf body;
    zh_buf_init(&body, (size_t)16 << 20);
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(&body, "--AaB03x\r\n%s\r\n\r\n", head);
        for (size_t k = 0; k < value_n; k++) {
            zh_buf_c(&body, 'v');
        }
        zh_buf_z(&body, "\r\n");
    }
    zh_buf_z(&body, "--AaB03x--");
    assert_false(body.failed);
    zh_rc rc = parse(TYPE, zh_buf_view(&body), 65536, folder, p, err);
    zh_buf_free(&body);
    return rc;
}

static void test_multipart_caps(void **state)
{
    (void)state;
    static const char field[] = "Content-Disposition: form-data; name=\"a\"";
    static const char file[] = "Content-Disposition: form-data; name=\"a\"; filename=\"b\"";
    parsed p;
    zh_err err = {0};
    assert_int_equal(many(ZH_FORM_PAIRS_MAX, field, 1, &p, &err), ZH_OK);
    assert_int_equal(p.fields.n, ZH_FORM_PAIRS_MAX);
    assert_int_equal(many(ZH_FORM_PAIRS_MAX + 1, field, 1, &p, &err), ZH_ELIMIT);
    zh_err_clear(&err);
    assert_int_equal(many(1, field, ZH_FORM_VALUE_MAX, &p, &err), ZH_OK);
    assert_int_equal(many(1, field, ZH_FORM_VALUE_MAX + 1, &p, &err), ZH_ELIMIT);
    zh_err_clear(&err);
    assert_int_equal(many(ZH_FORM_FILES_MAX, file, 1, &p, &err), ZH_OK);
    assert_int_equal(p.nfiles, ZH_FORM_FILES_MAX);
    assert_int_equal(many(ZH_FORM_FILES_MAX + 1, file, 1, &p, &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "form.files");
    zh_err_clear(&err);
    char head[ZH_FORM_PART_HEAD_MAX + 64];
    for (size_t more = 0; more < 2; more++) {
        /* the head ends with two line ends, which belong to it */
        int n = snprintf(head, sizeof head, "%s\r\nX-Pad: ", field);
        size_t total = ZH_FORM_PART_HEAD_MAX - 4 + more;
        memset(head + n, 'p', total - (size_t)n);
        head[total] = '\0';
        assert_int_equal(many(1, head, 1, &p, &err), more == 0 ? ZH_OK : ZH_ELIMIT);
    }
    assert_string_equal(err.rule, "form.head");
}

/* ---- routes and hosts
 * ------------------------------------------------------------------------------- */

static zh_rc nothing(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)request;
    (void)response;
    (void)err;
    return ZH_OK;
}

static void test_routes(void **state)
{
    (void)state;
    static const zh_route all[] = {
        {.method = "GET", .path = "/", .handle = nothing},
        {.method = "GET", .path = "/a/{id}", .handle = nothing},
        {.method = "GET", .path = "/a/new", .handle = nothing},
        {.method = "POST", .path = "/a/{id}", .handle = nothing},
        {.method = "GET", .path = "/a/{id}/b/{key}", .handle = nothing},
        {.method = "GET", .path = "/files/*", .handle = nothing},
    };
    static const zh_route *const table[] = {&all[0], &all[1], &all[2], &all[3], &all[4], &all[5]};
    static const struct {
        const char *method, *path;
        int route; /* -1: none */
        const char *name, *value, *allow;
    } cases[] = {
        {"GET", "/", 0, NULL, NULL, "GET, HEAD"},
        {"GET", "/a/7", 1, "id", "7", "GET, HEAD, POST"},
        {"HEAD", "/a/%E6%B9%96", 1, "id", "湖", "GET, HEAD, POST"},
        {"GET", "/a/x%2Fy", 1, "id", "x/y", "GET, HEAD, POST"},
        {"GET", "/a/new", 2, NULL, NULL, NULL},
        {"POST", "/a/new", 3, "id", "new", NULL},
        {"GET", "/a/7/b/k", 4, "key", "k", "GET, HEAD"},
        {"GET", "/files/x/y.txt", 5, "*", "x/y.txt", "GET, HEAD"},
        {"GET", "/files/", -1, NULL, NULL, NULL},
        {"GET", "/a/", -1, NULL, NULL, NULL},
        {"GET", "/a/7/", -1, NULL, NULL, NULL},
        {"GET", "/a/%00", -1, NULL, NULL, NULL},
        {"GET", "/a/%ff", -1, NULL, NULL, NULL},
        {"GET", "/%61/7", -1, NULL, NULL, NULL},
        {"GET", "", -1, NULL, NULL, NULL},
        {"PUT", "/a/7", -1, NULL, NULL, "GET, HEAD, POST"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_pairs args;
        const char *allow = NULL;
        const zh_route *found =
            zh_route_find(table, ZH_COUNTOF(table), arena, zh_str_of(cases[i].method),
                          zh_str_of(cases[i].path), &args, &allow);
        assert_ptr_equal(found, cases[i].route < 0 ? NULL : &all[cases[i].route]);
        if (cases[i].name != NULL) {
            assert_true(zh_str_is(zh_pairs_get(args, cases[i].name), cases[i].value));
        }
        if (cases[i].allow != NULL) {
            assert_string_equal(allow, cases[i].allow);
        }
    }
}

static void test_hosts(void **state)
{
    (void)state;
    zh_address here;
    zh_address v6;
    zh_address public;
    zh_err err = {0};
    assert_int_equal(zh_address_parse(ZH_STR("127.0.0.1:8086"), &here, &err), ZH_OK);
    assert_int_equal(zh_address_parse(ZH_STR("[::1]:8086"), &v6, &err), ZH_OK);
    assert_int_equal(zh_address_parse(ZH_STR("192.0.2.7:8086"), &public, &err), ZH_OK);
    static const char *const good[] = {"127.0.0.1",      "127.0.0.1:8086", "localhost",
                                       "LOCALHOST:8086", "127.1.2.3:9",    "[::1]:8086",
                                       "[::1]"};
    static const char *const bad[] = {"",
                                      "evil.example",
                                      "127.0.0.1.evil.example",
                                      "128.0.0.1",
                                      "localhost.evil:80",
                                      "[::2]:80",
                                      "[",
                                      "[]",
                                      "0.0.0.0",
                                      "192.0.2.7"};
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        assert_true(zh_http_host_allowed(&here, zh_str_of(good[i])));
        assert_true(zh_http_host_allowed(&v6, zh_str_of(good[i])));
        assert_false(zh_http_host_allowed(&public, zh_str_of(good[i])));
    }
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_false(zh_http_host_allowed(&here, zh_str_of(bad[i])));
    }
    assert_true(zh_http_host_allowed(&public, ZH_STR("192.0.2.7:8086")));
}

static int make_folder(void **state)
{
    (void)state;
    scratch_folder(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a file was left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_urlencoded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_encoding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pairs_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_encode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cookies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_multipart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_multipart_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_multipart_caps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hosts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
