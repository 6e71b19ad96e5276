/* zhl1 record commitments. This runs once for every stored version of every record (about 26 fields
 * each on imports), so the keyed HMAC states are computed once per record, a message is assembled
 * on the stack when it is short, and nothing is allocated per field. */
#include "proof/record.h"
#include <stdlib.h>
#include <string.h>

static const char SALT_LABEL[] = "zhiheng/salt/v1";   /* the terminating NUL is part of it */
static const char FIELD_LABEL[] = "zhiheng/field/v1"; /* likewise */
static const char MAGIC[4] = {'z', 'h', 'l', '1'};

#define SHORT_MESSAGE 512

static uint8_t *put_be(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
    return out + bytes;
}

static uint64_t get_be(const uint8_t *in, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | in[i];
    }
    return value;
}

static uint8_t *put_bytes(uint8_t *out, const void *bytes, size_t n)
{
    if (n > 0) {
        memcpy(out, bytes, n);
    }
    return out + n;
}

static bool is_plain_decimal(zh_str text)
{
    size_t digits = 0;
    size_t points = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= '0' && text.p[i] <= '9') {
            digits++;
        } else if (text.p[i] == '.') {
            points++;
        } else if (i > 0 || (text.p[i] != '-' && text.p[i] != '+')) {
            return false;
        }
    }
    return digits > 0 && points <= 1;
}

static bool value_fits_type(const zh_record_field *field)
{
    switch (field->type) {
    case ZH_FIELD_TEXT:
    case ZH_FIELD_BYTES: return true;
    case ZH_FIELD_DECIMAL: return is_plain_decimal(field->value);
    case ZH_FIELD_U64: return field->value.n == 8;
    case ZH_FIELD_NULL: return field->value.n == 0;
    default: return false;
    }
}

static zh_rc check_field(const zh_record_field *field, zh_err *err)
{
    if (field->name.n > ZH_RECORD_NAME_BYTES_MAX || field->value.n > ZH_RECORD_VALUE_BYTES_MAX) {
        zh_err_set(err, ZH_ELIMIT, "record.field.size", "字段名或字段值超过存证格式的上限");
        zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(field->name, 0, 80)));
        zh_err_fix(err, "字段名不超过 %u 字节，字段值不超过 %zu 字节；更大的内容按文件摘要登记",
                   ZH_RECORD_NAME_BYTES_MAX, ZH_RECORD_VALUE_BYTES_MAX);
        return ZH_ELIMIT;
    }
    if (!value_fits_type(field)) {
        zh_err_set(err, ZH_EINVAL, "record.field.type", "字段值与存证类型“%c”不符",
                   field->type >= ' ' && field->type <= '~' ? field->type : '?');
        zh_err_where(err, "%.*s", ZH_FMT(field->name));
        zh_err_fix(err, "类型为 t 文本、d 十进制数、u 八字节整数、b 字节串、n 空值之一");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

/* By bytes, a name before its extensions; the comparison of the format. */
static int by_name(const void *a, const void *b)
{
    return zh_str_cmp(((const zh_record_field *)a)->name, ((const zh_record_field *)b)->name);
}

static zh_rc check_order(const zh_record_field *fields, size_t n, zh_err *err)
{
    if (n > ZH_RECORD_FIELDS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "record.fields.count", "一条记录的字段超过 %u 个",
                          ZH_RECORD_FIELDS_MAX);
    }
    for (size_t i = 1; i < n; i++) {
        if (by_name(&fields[i - 1], &fields[i]) >= 0) {
            zh_err_set(err, ZH_EINVAL, "record.fields.order", "存证字段名重复或未按字节序排列");
            zh_err_where(err, "%.*s", ZH_FMT(fields[i].name));
            return ZH_EINVAL;
        }
    }
    return ZH_OK;
}

zh_rc zh_record_sort(zh_record_field *fields, size_t n, zh_err *err)
{
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++) {
        sorted = by_name(&fields[i - 1], &fields[i]) < 0;
    }
    if (!sorted) {
        zh_sort(fields, n, sizeof(*fields), by_name);
    }
    return check_order(fields, n, err);
}

static void salt_of(zh_hmac *hmac, uint32_t index, zh_digest *out)
{
    uint8_t message[sizeof(SALT_LABEL) + 4];
    put_be(put_bytes(message, SALT_LABEL, sizeof(SALT_LABEL)), index, 4);
    zh_hmac_of(hmac, message, sizeof(message), out);
}

static void commit_of(zh_hash *hash, const zh_digest *salt, const zh_record_field *field,
                      zh_digest *out)
{
    uint8_t message[SHORT_MESSAGE];
    uint8_t *end = put_bytes(message, FIELD_LABEL, sizeof(FIELD_LABEL));
    end = put_bytes(end, salt->b, sizeof(salt->b));
    end = put_be(end, field->name.n, 2);
    size_t rest = field->name.n + 1 + 4 + field->value.n;
    if (rest <= SHORT_MESSAGE - (size_t)(end - message)) {
        end = put_bytes(end, field->name.p, field->name.n);
        *end++ = (uint8_t)field->type;
        end = put_be(end, field->value.n, 4);
        end = put_bytes(end, field->value.p, field->value.n);
        zh_hash_add(hash, message, (size_t)(end - message));
    } else {
        zh_hash_add(hash, message, (size_t)(end - message));
        zh_hash_add(hash, field->name.p, field->name.n);
        message[0] = (uint8_t)field->type;
        put_be(message + 1, field->value.n, 4);
        zh_hash_add(hash, message, 5);
        zh_hash_add(hash, field->value.p, field->value.n);
    }
    zh_hash_end(hash, out);
}

/* Leaf hashes of all commitments into work. */
static zh_rc leaves_of(zh_hash_alg alg, const zh_digest *record_salt, const zh_record_field *fields,
                       size_t n, zh_digest *work, zh_err *err)
{
    zh_rc rc = check_order(fields, n, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = check_field(&fields[i], err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_hmac hmac;
    zh_hmac_begin(&hmac, alg, record_salt->b, sizeof(record_salt->b));
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    for (size_t i = 0; i < n; i++) {
        zh_digest salt;
        zh_digest commit;
        salt_of(&hmac, (uint32_t)i, &salt);
        commit_of(&hash, &salt, &fields[i], &commit);
        zh_tree_leaf(&hash, commit.b, sizeof(commit.b), &work[i]);
    }
    zh_hash_release(&hash);
    zh_hmac_release(&hmac);
    return ZH_OK;
}

zh_rc zh_record_root(zh_hash_alg alg, const zh_digest *record_salt, const zh_record_field *fields,
                     size_t n, zh_digest *work, zh_digest *root, zh_err *err)
{
    zh_rc rc = leaves_of(alg, record_salt, fields, n, work, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    zh_tree_head(&hash, work, n, root);
    zh_hash_release(&hash);
    return ZH_OK;
}

void zh_record_salt(zh_hash_alg alg, const zh_digest *record_salt, uint32_t index, zh_digest *out)
{
    zh_hmac hmac;
    zh_hmac_begin(&hmac, alg, record_salt->b, sizeof(record_salt->b));
    salt_of(&hmac, index, out);
    zh_hmac_release(&hmac);
}

zh_rc zh_record_commit(zh_hash_alg alg, const zh_digest *salt, const zh_record_field *field,
                       zh_digest *out, zh_err *err)
{
    zh_rc rc = check_field(field, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    commit_of(&hash, salt, field, out);
    zh_hash_release(&hash);
    return ZH_OK;
}

zh_rc zh_record_disclose(zh_hash_alg alg, const zh_digest *record_salt,
                         const zh_record_field *fields, size_t n, size_t index, zh_digest *work,
                         zh_disclosure *out, zh_err *err)
{
    zh_assert(index < n);
    zh_rc rc = leaves_of(alg, record_salt, fields, n, work, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_digest path[ZH_TREE_PATH_MAX];
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    out->path_n = zh_tree_path(&hash, work, n, index, path);
    zh_hash_release(&hash);
    zh_assert(out->path_n <= ZH_COUNTOF(out->path));
    memcpy(out->path, path, out->path_n * sizeof(path[0]));
    out->field = fields[index];
    out->index = (uint32_t)index;
    out->n = (uint32_t)n;
    zh_record_salt(alg, record_salt, (uint32_t)index, &out->salt);
    return ZH_OK;
}

zh_rc zh_disclosure_verify(zh_hash_alg alg, const zh_disclosure *disclosure, const zh_digest *root,
                           zh_err *err)
{
    zh_digest commit;
    zh_rc rc = zh_record_commit(alg, &disclosure->salt, &disclosure->field, &commit, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_digest leaf;
    zh_digest head;
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    zh_tree_leaf(&hash, commit.b, sizeof(commit.b), &leaf);
    rc = disclosure->n > ZH_RECORD_FIELDS_MAX || disclosure->path_n > ZH_COUNTOF(disclosure->path)
             ? ZH_EINVAL
             : zh_tree_climb(&hash, &leaf, disclosure->index, disclosure->n, disclosure->path,
                             disclosure->path_n, &head);
    zh_hash_release(&hash);
    if (rc != ZH_OK || !zh_digest_eq(&head, root)) {
        zh_err_set(err, ZH_EINVAL, "record.disclosure.mismatch",
                   "披露的字段与记录存证根不一致：值、盐、序号或路径有改动");
        zh_err_where(err, "%.*s", ZH_FMT(disclosure->field.name));
        return ZH_EINVAL;
    }
    return ZH_OK;
}

void zh_record_entry_write(const zh_record_entry *entry, uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    uint8_t *end = put_bytes(out, MAGIC, sizeof(MAGIC));
    *end++ = (uint8_t)entry->alg;
    *end++ = (uint8_t)entry->kind;
    end = put_be(end, entry->time_ms, 8);
    end = put_be(end, entry->subject, 8);
    end = put_be(end, entry->n, 2);
    end = put_bytes(end, entry->root.b, sizeof(entry->root.b));
    zh_assert(end - out == ZH_RECORD_ENTRY_BYTES);
}

zh_rc zh_record_entry_read(zh_str bytes, zh_record_entry *out, zh_err *err)
{
    uint8_t in[ZH_RECORD_ENTRY_BYTES] = {0};
    if (bytes.n == sizeof(in)) {
        memcpy(in, bytes.p, sizeof(in));
    }
    if (memcmp(in, MAGIC, sizeof(MAGIC)) != 0 || in[4] < ZH_HASH_SHA256 || in[4] > ZH_HASH_SM3 ||
        in[5] < ZH_ENTRY_EVIDENCE || in[5] > ZH_ENTRY_DRAW_RESULT) {
        zh_err_set(err, ZH_EINVAL, "record.entry.format", "不是 zhl1 存证条目");
        zh_err_fix(err, "条目应为 %d 字节，以 zhl1 开头，算法 1–2，种类 1–6",
                   ZH_RECORD_ENTRY_BYTES);
        return ZH_EINVAL;
    }
    out->alg = (zh_hash_alg)in[4];
    out->kind = (zh_entry_kind)in[5];
    out->time_ms = get_be(in + 6, 8);
    out->subject = get_be(in + 14, 8);
    out->n = (uint16_t)get_be(in + 22, 2);
    memcpy(out->root.b, in + 24, sizeof(out->root.b));
    return ZH_OK;
}

void zh_record_entry_leaf(const uint8_t entry[ZH_RECORD_ENTRY_BYTES], zh_hash_alg alg,
                          zh_digest *out)
{
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    zh_tree_leaf(&hash, entry, ZH_RECORD_ENTRY_BYTES, out);
    zh_hash_release(&hash);
}
