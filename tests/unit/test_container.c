/* Containers: gzip (RFC 1952) and zip files are made here by hand or by zlib, never by libzip,
 * which is what reads them. Caps are those of fmt/container.h. */
#include "fmt/container.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "zip_writer.h"

static const zh_str csv_text = {"编号,值\n1,2\n", sizeof("编号,值\n1,2\n") - 1};

/* Opens the bytes as a file and reads everything in pieces of `step` bytes. */
static zh_rc slurp(zh_str bytes, uint64_t max, size_t step, zh_buf *out, zh_container_kind *kind,
                   char member[64], zh_err *err)
{
    char path[64];
    temp_file(path, bytes);
    zh_container *c = NULL;
    zh_rc rc = zh_container_open(path, max, &c, err);
    unlink(path);
    if (rc != ZH_OK) {
        return rc;
    }
    *kind = zh_container_kind_of(c);
    snprintf(member, 64, "%.*s", ZH_FMT(zh_container_member(c)));
    char *piece = zh_alloc(step);
    size_t got = 1;
    while (rc == ZH_OK && got > 0) {
        rc = zh_container_read(c, piece, step, &got, err);
        if (rc == ZH_OK && out != NULL) {
            zh_buf_add(out, piece, got);
        }
    }
    uint64_t done, total;
    zh_container_progress(c, &done, &total);
    if (rc == ZH_OK && *kind != ZH_CONTAINER_XLSX) {
        assert_int_equal(done, total);
    }
    zh_dealloc(piece);
    zh_container_close(c);
    return rc;
}

static void reads(zh_str bytes, zh_container_kind want, zh_str text, const char *want_member)
{
    static const size_t steps[] = {1, 7, 100000};
    for (size_t i = 0; i < ZH_COUNTOF(steps); i++) {
        zh_buf out;
        zh_err err = {0};
        zh_container_kind kind;
        char member[64];
        zh_buf_init(&out, (size_t)64 << 20);
        zh_rc rc = slurp(bytes, 0, steps[i], &out, &kind, member, &err);
        if (rc != ZH_OK) {
            fail_msg("%s: %s", err.rule, err.message);
        }
        assert_int_equal(kind, want);
        assert_string_equal(member, want_member);
        assert_int_equal(out.n, text.n);
        assert_memory_equal(out.p, text.p, text.n);
        zh_buf_free(&out);
    }
}

static void refused_within(zh_str bytes, uint64_t max, zh_rc want, const char *rule)
{
    zh_err err = {0};
    zh_container_kind kind;
    char member[64];
    zh_rc rc = slurp(bytes, max, 65536, NULL, &kind, member, &err);
    assert_string_equal(err.rule, rule);
    assert_int_equal(rc, want);
    assert_true(err.message[0] != '\0');
    assert_true(err.fix[0] != '\0');
}

static void refused(zh_str bytes, zh_rc want, const char *rule)
{
    refused_within(bytes, 0, want, rule);
}

/* Header and trailer of RFC 1952 around raw deflate. */
static void gzip(zh_str data, zh_buf *out)
{
    zh_buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    zip_deflate(data, out);
    zip_le(out, (uint32_t)crc32_z(0, (const unsigned char *)data.p, data.n), 4);
    zip_le(out, (uint32_t)data.n, 4);
}

static zh_buf bytes;

static int set_up(void **state)
{
    (void)state;
    zh_buf_init(&bytes, (size_t)64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    zh_buf_free(&bytes);
    return 0;
}

static void test_plain(void **state)
{
    (void)state;
    reads(csv_text, ZH_CONTAINER_PLAIN, csv_text, "");
    reads(ZH_STR(""), ZH_CONTAINER_PLAIN, ZH_STR(""), "");
    zh_err err = {0};
    zh_container *c = NULL;
    assert_int_equal(zh_container_open("no/such/file", 0, &c, &err), ZH_ENOTFOUND);
    zh_err_clear(&err);
    assert_int_equal(zh_container_open(P_tmpdir, 0, &c, &err), ZH_EIO);
    zh_container_close(NULL);
}

static void test_gzip(void **state)
{
    (void)state;
    gzip(csv_text, &bytes);
    reads(zh_buf_view(&bytes), ZH_CONTAINER_GZIP, csv_text, "");
    /* RFC 1952 2.2: members follow each other; padding with zeros is common on tape. */
    gzip(ZH_STR(""), &bytes);
    gzip(ZH_STR("3,4\n"), &bytes);
    reads(zh_buf_view(&bytes), ZH_CONTAINER_GZIP, ZH_STR("编号,值\n1,2\n3,4\n"), "");
    for (int i = 0; i < 100000; i++) {
        zh_buf_c(&bytes, '\0');
    }
    reads(zh_buf_view(&bytes), ZH_CONTAINER_GZIP, ZH_STR("编号,值\n1,2\n3,4\n"), "");
    zh_buf_c(&bytes, 'x');
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.damaged");
}

static void test_damaged_gzip(void **state)
{
    (void)state;
    gzip(csv_text, &bytes);
    for (size_t n = 3; n < bytes.n; n++) {
        refused((zh_str){bytes.p, n}, ZH_EINVAL, "container.damaged");
    }
    bytes.p[bytes.n - 5] ^= 1; /* CRC-32 */
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.damaged");
    bytes.p[bytes.n - 5] ^= 1;
    bytes.p[10] = (char)0xff; /* a block type that does not exist */
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.damaged");
}

static void test_zip(void **state)
{
    (void)state;
    for (int deflate = 0; deflate < 2; deflate++) {
        const zip_member members[] = {
            {.name = "__MACOSX/._a.csv", .data = {"x", sizeof("x") - 1}},
            {.name = "数据/"},
            {.name = "数据/a.csv", .data = csv_text, .deflate = deflate != 0},
            {.name = "数据/.DS_Store", .data = {"x", sizeof("x") - 1}},
        };
        zh_buf_clear(&bytes);
        zip_write(&bytes, members, 4);
        reads(zh_buf_view(&bytes), ZH_CONTAINER_ZIP, csv_text, "数据/a.csv");
    }
    /* "抽检.csv" in GBK, as archivers on Chinese Windows write it */
    const zip_member gbk = {.name = "\xb3\xe9\xbc\xec.csv", .data = csv_text};
    zh_buf_clear(&bytes);
    zip_write(&bytes, &gbk, 1);
    reads(zh_buf_view(&bytes), ZH_CONTAINER_ZIP, csv_text, "抽检.csv");
    const zip_member neither = {.name = "\xff\xff.csv", .data = csv_text};
    zh_buf_clear(&bytes);
    zip_write(&bytes, &neither, 1);
    reads(zh_buf_view(&bytes), ZH_CONTAINER_ZIP, csv_text, "");
}

static void test_damaged_zip(void **state)
{
    (void)state;
    const zip_member wrong = {.name = "a.csv", .data = csv_text, .wrong_crc = true};
    zip_write(&bytes, &wrong, 1);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.damaged");
    zh_buf_clear(&bytes);
    const zip_member one = {.name = "a.csv", .data = csv_text, .deflate = true};
    zip_write(&bytes, &one, 1);
    for (size_t n = 4; n < bytes.n; n += 5) {
        refused((zh_str){bytes.p, n}, ZH_EINVAL, "container.damaged");
    }
}

static void test_zip_refusals(void **state)
{
    (void)state;
    const zip_member two[] = {{.name = "a.csv", .data = csv_text},
                              {.name = "b.csv", .data = csv_text}};
    zip_write(&bytes, two, 2);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.members");
    zh_buf_clear(&bytes);
    zip_write(&bytes, two, 0);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.members");
    zh_buf_clear(&bytes);
    const zip_member secret = {.name = "a.csv", .data = csv_text, .encrypted = true};
    zip_write(&bytes, &secret, 1);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.encrypted");
}

static void test_nested(void **state)
{
    (void)state;
    zh_buf inner;
    zh_buf_init(&inner, 1 << 20);
    gzip(csv_text, &inner);
    gzip(zh_buf_view(&inner), &bytes);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.nested");
    zip_member member = {.name = "a.csv.gz", .data = zh_buf_view(&inner)};
    zh_buf_clear(&bytes);
    zip_write(&bytes, &member, 1);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.nested");
    zh_buf_clear(&inner);
    const zip_member plain = {.name = "a.csv", .data = csv_text};
    zip_write(&inner, &plain, 1);
    member.data = zh_buf_view(&inner);
    zh_buf_clear(&bytes);
    zip_write(&bytes, &member, 1);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.nested");
    /* a tar inside: "ustar" at offset 257 (POSIX) */
    char tar[512] = "a.csv";
    memcpy(tar + 257, "ustar", 5);
    zh_buf_clear(&bytes);
    gzip((zh_str){tar, sizeof tar}, &bytes);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.format");
    zh_buf_free(&inner);
}

static void test_workbook_and_its_cousins(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        bool workbook;
    } packages[] = {{"xl/workbook.xml", true},
                    {"xl/workbook.bin", false},
                    {"word/document.xml", false},
                    {"ppt/presentation.xml", false}};
    for (size_t i = 0; i < ZH_COUNTOF(packages); i++) {
        const zip_member members[] = {{.name = "[Content_Types].xml"}, {.name = packages[i].part}};
        zh_buf_clear(&bytes);
        zip_write(&bytes, members, 2);
        if (packages[i].workbook) {
            reads(zh_buf_view(&bytes), ZH_CONTAINER_XLSX, ZH_STR(""), "");
        } else {
            refused(zh_buf_view(&bytes), ZH_EINVAL, "container.format");
        }
    }
    const zip_member ods[] = {{.name = "mimetype"}, {.name = "content.xml"}};
    zh_buf_clear(&bytes);
    zip_write(&bytes, ods, 2);
    refused(zh_buf_view(&bytes), ZH_EINVAL, "container.format");
}

/* Compound files ([MS-CFB] 2.2 magic; directory names in UTF-16LE). */
static void test_old_office(void **state)
{
    (void)state;
    static const struct {
        const char *stream, *rule, *word;
    } kinds[] = {{"EncryptedPackage", "container.encrypted", "密码"},
                 {"Workbook", "container.format", ".xls"},
                 {"WordDocument", "container.format", "不是表格"}};
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        for (size_t pad = 0; pad < 3; pad++) {
            static const size_t pads[] = {100, 65500, 200000};
            zh_buf_clear(&bytes);
            zh_buf_add(&bytes, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
            for (size_t k = 0; k < pads[pad]; k++) {
                zh_buf_c(&bytes, '\0');
            }
            for (const char *c = kinds[i].stream; *c != '\0'; c++) {
                zh_buf_c(&bytes, *c);
                zh_buf_c(&bytes, '\0');
            }
            zh_err err = {0};
            zh_container_kind kind;
            char member[64];
            assert_int_equal(slurp(zh_buf_view(&bytes), 0, 100, NULL, &kind, member, &err),
                             ZH_EINVAL);
            assert_string_equal(err.rule, kinds[i].rule);
            assert_non_null(strstr(err.message, kinds[i].word));
            assert_non_null(strstr(err.fix, ".xlsx"));
        }
    }
    refused(ZH_STR("%PDF-1.7\n"), ZH_EINVAL, "container.format");
    refused(ZH_STR("7z\xBC\xAF\x27\x1C..."), ZH_EINVAL, "container.format");
}

static void test_size_cap(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    char *data = zh_alloc(SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        data[i] = (char)('a' + i * i % 23);
    }
    gzip((zh_str){data, SIZE}, &bytes);
    zh_err err = {0};
    zh_container_kind kind;
    char member[64];
    assert_int_equal(slurp(zh_buf_view(&bytes), SIZE, 4096, NULL, &kind, member, &err), ZH_OK);
    refused_within(zh_buf_view(&bytes), SIZE - 1, ZH_ELIMIT, "container.size");
    refused_within((zh_str){data, SIZE}, SIZE - 1, ZH_ELIMIT, "container.size");
    const zip_member one = {.name = "a", .data = {data, SIZE}, .deflate = true};
    zh_buf_clear(&bytes);
    zip_write(&bytes, &one, 1);
    refused_within(zh_buf_view(&bytes), SIZE - 1, ZH_ELIMIT, "container.size");
    zh_dealloc(data);
}

/* 64 MiB of one letter pack to about 64 KiB: the classic bomb, small. */
static void test_bomb(void **state)
{
    (void)state;
    const size_t size = (size_t)64 << 20;
    char *data = zh_alloc(size);
    memset(data, 'a', size);
    gzip((zh_str){data, size}, &bytes);
    assert_true(bytes.n < size / ZH_CONTAINER_RATIO_MAX);
    refused(zh_buf_view(&bytes), ZH_ELIMIT, "container.ratio");
    const zip_member one = {.name = "a.csv", .data = {data, size}, .deflate = true};
    zh_buf_clear(&bytes);
    zip_write(&bytes, &one, 1);
    refused(zh_buf_view(&bytes), ZH_ELIMIT, "container.ratio");
    /* Up to the free amount any ratio passes. */
    const zip_member small = {.name = "a.csv", .data = {data, 16 << 20}, .deflate = true};
    zh_buf_clear(&bytes);
    zip_write(&bytes, &small, 1);
    zh_err err = {0};
    zh_container_kind kind;
    char member[64];
    assert_int_equal(slurp(zh_buf_view(&bytes), 0, 65536, NULL, &kind, member, &err), ZH_OK);
    zh_dealloc(data);
}

static void test_check(void **state)
{
    (void)state;
    const uint64_t free_bytes = ZH_CONTAINER_RATIO_FREE, ratio = ZH_CONTAINER_RATIO_MAX;
    assert_int_equal(zh_container_check(free_bytes, 1, UINT64_MAX, NULL), ZH_OK);
    assert_int_equal(zh_container_check(free_bytes + 1, 1, UINT64_MAX, NULL), ZH_ELIMIT);
    const uint64_t packed = free_bytes;
    assert_int_equal(zh_container_check(packed * ratio, packed, UINT64_MAX, NULL), ZH_OK);
    assert_int_equal(zh_container_check((packed + 1) * ratio, packed, UINT64_MAX, NULL), ZH_ELIMIT);
    assert_int_equal(zh_container_check(100, 100, 100, NULL), ZH_OK);
    assert_int_equal(zh_container_check(101, 100, 100, NULL), ZH_ELIMIT);
    assert_string_equal(zh_container_kind_name(ZH_CONTAINER_GZIP), "gzip");
    assert_string_equal(zh_container_kind_name(ZH_CONTAINER_XLSX), "xlsx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gzip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_gzip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_zip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zip_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nested, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_workbook_and_its_cousins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_office, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bomb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_check, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
