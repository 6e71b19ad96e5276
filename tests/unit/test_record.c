/* zhl1 commitments. Expected values: first record of tests/fixture/vectors/ledger/records.json,
 * made by a Python script independent of this program (see the README beside it); the whole file is
 * run by the vectors program. */
#include "proof/record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static zh_digest digest(const char *hex)
{
    zh_digest d;
    assert_int_equal(zh_digest_parse(zh_str_of(hex), &d), ZH_OK);
    return d;
}

#define RECORD_SALT "711c2b87bb52c3a2fc56723a274fd0d536c903aec705255cbfda508ea62d19a7"
#define RECORD_ROOT "9983f966c0efac1030fdcd908d5d86ea4a5ff76ed2bc05cbeef8332fbe9d0d81"

/* In another order than the format's. */
static void sample(zh_record_field fields[3])
{
    fields[0] = (zh_record_field){ZH_STR("result"), ZH_STR("0.5"), 'd'};
    fields[1] = (zh_record_field){ZH_STR("phone"), ZH_STR("010-00000000"), 't'};
    fields[2] = (zh_record_field){ZH_STR("name"), ZH_STR("示例计量站"), 't'};
}

static void test_root_entry_leaf(void **state)
{
    (void)state;
    zh_record_field fields[3];
    zh_digest work[3];
    zh_record_entry entry = {.alg = ZH_HASH_SHA256, .kind = ZH_ENTRY_EVIDENCE, .n = 3};
    entry.time_ms = 1792000000001;
    entry.subject = 330100000009;
    sample(fields);
    zh_digest salt = digest(RECORD_SALT);
    assert_int_equal(zh_record_sort(fields, 3, NULL), ZH_OK);
    assert_int_equal(zh_record_root(ZH_HASH_SHA256, &salt, fields, 3, work, &entry.root, NULL),
                     ZH_OK);
    zh_digest expected = digest(RECORD_ROOT);
    assert_true(zh_digest_eq(&entry.root, &expected));

    uint8_t bytes[ZH_RECORD_ENTRY_BYTES];
    zh_record_entry_write(&entry, bytes);
    zh_digest leaf;
    zh_record_entry_leaf(bytes, entry.alg, &leaf);
    expected = digest("86efee203bb335eb11d62ad387f99709567f96c4bdfb44451893c54230142bd7");
    assert_true(zh_digest_eq(&leaf, &expected));

    zh_record_entry back;
    zh_str view = {(const char *)bytes, sizeof(bytes)};
    assert_int_equal(zh_record_entry_read(view, &back, NULL), ZH_OK);
    assert_int_equal(back.time_ms, entry.time_ms);
    assert_int_equal(back.subject, entry.subject);
    assert_int_equal(back.n, 3);
    assert_int_equal(back.kind, ZH_ENTRY_EVIDENCE);
    assert_true(zh_digest_eq(&back.root, &entry.root));
}

static void test_entry_refused(void **state)
{
    (void)state;
    zh_record_entry entry = {.alg = ZH_HASH_SM3, .kind = ZH_ENTRY_DRAW_RESULT};
    char bytes[ZH_RECORD_ENTRY_BYTES + 1] = {0};
    zh_record_entry_write(&entry, (uint8_t *)bytes);
    zh_record_entry back;
    zh_err err = {0};
    assert_int_equal(zh_record_entry_read((zh_str){bytes, 56}, &back, NULL), ZH_OK);
    assert_int_equal(zh_record_entry_read((zh_str){bytes, 55}, &back, NULL), ZH_EINVAL);
    assert_int_equal(zh_record_entry_read((zh_str){bytes, 57}, &back, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "record.entry.format");
    static const struct {
        size_t at;
        char value;
    } changes[] = {{0, 'Z'}, {3, '2'}, {4, 0}, {4, 3}, {5, 0}, {5, 7}};
    for (size_t i = 0; i < ZH_COUNTOF(changes); i++) {
        char kept = bytes[changes[i].at];
        bytes[changes[i].at] = changes[i].value;
        assert_int_equal(zh_record_entry_read((zh_str){bytes, 56}, &back, NULL), ZH_EINVAL);
        bytes[changes[i].at] = kept;
    }
}

static void test_disclosure(void **state)
{
    (void)state;
    zh_record_field fields[3];
    zh_digest work[3];
    sample(fields);
    zh_digest salt = digest(RECORD_SALT);
    zh_digest root = digest(RECORD_ROOT);
    assert_int_equal(zh_record_sort(fields, 3, NULL), ZH_OK);
    for (size_t i = 0; i < 3; i++) {
        zh_disclosure shown;
        assert_int_equal(
            zh_record_disclose(ZH_HASH_SHA256, &salt, fields, 3, i, work, &shown, NULL), ZH_OK);
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &shown, &root, NULL), ZH_OK);
        zh_disclosure changed = shown;
        changed.field.value = ZH_STR("0.50");
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &changed, &root, NULL), ZH_EINVAL);
        changed = shown;
        changed.salt.b[31] ^= 1;
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &changed, &root, NULL), ZH_EINVAL);
        changed = shown;
        changed.index = (changed.index + 1) % 3;
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &changed, &root, NULL), ZH_EINVAL);
        changed = shown;
        changed.path[0].b[0] ^= 0x80;
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &changed, &root, NULL), ZH_EINVAL);
        changed = shown;
        changed.path_n = 17;
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &changed, &root, NULL), ZH_EINVAL);
        assert_int_equal(zh_disclosure_verify(ZH_HASH_SM3, &shown, &root, NULL), ZH_EINVAL);
    }
}

static void test_order_and_duplicates(void **state)
{
    (void)state;
    zh_digest salt = digest(RECORD_SALT);
    zh_digest work[3];
    zh_digest root;
    zh_err err = {0};
    zh_record_field fields[3];
    sample(fields);
    assert_int_equal(zh_record_root(ZH_HASH_SHA256, &salt, fields, 3, work, &root, &err),
                     ZH_EINVAL);
    assert_string_equal(err.rule, "record.fields.order");
    fields[0].name = ZH_STR("phone");
    assert_int_equal(zh_record_sort(fields, 3, NULL), ZH_EINVAL);
    /* A name before its extensions, and bytes above 0x7f after ASCII. */
    fields[0].name = ZH_STR("é");
    fields[1].name = ZH_STR("items[0].value");
    fields[2].name = ZH_STR("items");
    assert_int_equal(zh_record_sort(fields, 3, NULL), ZH_OK);
    assert_true(zh_str_is(fields[0].name, "items"));
    assert_true(zh_str_is(fields[2].name, "é"));
    assert_int_equal(zh_record_root(ZH_HASH_SHA256, &salt, fields, 0, work, &root, NULL), ZH_OK);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        char type;
        const char *value;
        zh_rc rc;
    } cases[] = {
        {'t', "", ZH_OK},          {'n', "", ZH_OK},
        {'n', "x", ZH_EINVAL},     {'d', "0.050", ZH_OK},
        {'d', "-12", ZH_OK},       {'d', "+.5", ZH_OK},
        {'d', "", ZH_EINVAL},      {'d', ".", ZH_EINVAL},
        {'d', "1.2.3", ZH_EINVAL}, {'d', "1e3", ZH_EINVAL},
        {'d', "1-", ZH_EINVAL},    {'d', "０", ZH_EINVAL},
        {'u', "12345678", ZH_OK},  {'u', "1234567", ZH_EINVAL},
        {'b', "\x01", ZH_OK},      {'x', "", ZH_EINVAL},
        {'T', "", ZH_EINVAL},
    };
    zh_digest salt = digest(RECORD_SALT);
    zh_digest out;
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_record_field field = {ZH_STR("f"), zh_str_of(cases[i].value), cases[i].type};
        assert_int_equal(zh_record_commit(ZH_HASH_SHA256, &salt, &field, &out, NULL), cases[i].rc);
    }
}

/* The long way of hashing a commitment (in pieces) and the short one give the same bytes. */
static void test_lengths_around_the_short_message(void **state)
{
    (void)state;
    static char value[700];
    memset(value, 'v', sizeof(value));
    zh_digest salt = digest(RECORD_SALT);
    for (size_t n = 440; n < 480; n++) {
        char message[1024];
        size_t at = 0;
        memcpy(message, "zhiheng/field/v1", 17);
        memcpy(message + 17, salt.b, 32);
        at = 49;
        message[at++] = 0;
        message[at++] = 4;
        memcpy(message + at, "name", 4);
        at += 4;
        message[at++] = 't';
        message[at++] = 0;
        message[at++] = 0;
        message[at++] = (char)(n >> 8);
        message[at++] = (char)(n & 255);
        memcpy(message + at, value, n);
        zh_digest expected;
        zh_digest got;
        zh_hash_of(ZH_HASH_SHA256, (zh_str){message, at + n}, &expected);
        zh_record_field field = {ZH_STR("name"), {value, n}, 't'};
        assert_int_equal(zh_record_commit(ZH_HASH_SHA256, &salt, &field, &got, NULL), ZH_OK);
        assert_true(zh_digest_eq(&expected, &got));
    }
}

static void test_caps(void **state)
{
    (void)state;
    zh_digest salt = digest(RECORD_SALT);
    zh_digest out;
    char *big = test_calloc(1, ZH_RECORD_VALUE_BYTES_MAX + 1);
    zh_record_field field = {ZH_STR("f"), {big, ZH_RECORD_VALUE_BYTES_MAX}, 'b'};
    assert_int_equal(zh_record_commit(ZH_HASH_SHA256, &salt, &field, &out, NULL), ZH_OK);
    field.value.n++;
    assert_int_equal(zh_record_commit(ZH_HASH_SHA256, &salt, &field, &out, NULL), ZH_ELIMIT);
    field = (zh_record_field){{big, ZH_RECORD_NAME_BYTES_MAX}, ZH_STR_NONE, 'n'};
    assert_int_equal(zh_record_commit(ZH_HASH_SHA256, &salt, &field, &out, NULL), ZH_OK);
    field.name.n++;
    zh_err err = {0};
    assert_int_equal(zh_record_commit(ZH_HASH_SHA256, &salt, &field, &out, &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "record.field.size");
    test_free(big);

    size_t n = ZH_RECORD_FIELDS_MAX;
    zh_record_field *fields = test_calloc(n + 1, sizeof(*fields));
    zh_digest *work = test_calloc(n, sizeof(*work));
    char(*names)[6] = test_calloc(n + 1, sizeof(*names));
    for (size_t i = 0; i <= n; i++) {
        for (size_t k = 0; k < 5; k++) {
            names[i][k] = (char)('a' + (i >> (4 * (4 - k))) % 16);
        }
        fields[i] = (zh_record_field){{names[i], 5}, ZH_STR_NONE, 'n'};
    }
    zh_digest root;
    assert_int_equal(zh_record_root(ZH_HASH_SHA256, &salt, fields, n, work, &root, NULL), ZH_OK);
    zh_disclosure shown;
    assert_int_equal(
        zh_record_disclose(ZH_HASH_SHA256, &salt, fields, n, n - 1, work, &shown, NULL), ZH_OK);
    assert_int_equal(zh_disclosure_verify(ZH_HASH_SHA256, &shown, &root, NULL), ZH_OK);
    assert_int_equal(zh_record_root(ZH_HASH_SHA256, &salt, fields, n + 1, work, &root, NULL),
                     ZH_ELIMIT);
    test_free(names);
    test_free(work);
    test_free(fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_entry_leaf),
        cmocka_unit_test(test_entry_refused),
        cmocka_unit_test(test_disclosure),
        cmocka_unit_test(test_order_and_duplicates),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_lengths_around_the_short_message),
        cmocka_unit_test(test_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
