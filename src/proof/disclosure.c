/* Disclosure files as JSON. */
#include "proof/disclosure.h"
#include "base/os.h"
#include "proof/note.h"
#include <stdio.h>
#include <string.h>

static const char FORMAT[] = "zhiheng/disclosure/v1";

/* ---- writing ---- */

static void write_hex(zh_jw *w, const void *bytes, size_t n)
{
    char hex[2 * ZH_RECORD_ENTRY_BYTES + 1];
    zh_assert(n <= ZH_RECORD_ENTRY_BYTES);
    zh_hex(bytes, n, hex);
    zh_jw_z(w, hex);
}

static void write_value(zh_jw *w, const zh_record_field *field)
{
    if (field->type == ZH_FIELD_NULL) {
        return;
    }
    zh_jw_key(w, "value");
    if (field->type == ZH_FIELD_U64) {
        char digits[24];
        uint64_t value = 0;
        for (size_t i = 0; i < field->value.n; i++) {
            value = value << 8 | (uint8_t)field->value.p[i];
        }
        (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
        zh_jw_z(w, digits);
    } else if (field->type == ZH_FIELD_BYTES) {
        zh_buf hex;
        zh_buf_init(&hex, 2 * ZH_RECORD_VALUE_BYTES_MAX);
        for (size_t i = 0; i < field->value.n; i++) {
            char two[3];
            zh_hex(field->value.p + i, 1, two);
            zh_buf_add(&hex, two, 2);
        }
        zh_jw_str(w, zh_buf_view(&hex));
        zh_buf_free(&hex);
    } else {
        zh_jw_str(w, field->value);
    }
}

static void write_field(zh_jw *w, const zh_disclosure *shown)
{
    char type[2] = {shown->field.type, '\0'};
    zh_jw_object(w);
    zh_jw_ki(w, "index", shown->index);
    zh_jw_kv(w, "name", shown->field.name);
    zh_jw_kz(w, "type", type);
    write_value(w, &shown->field);
    zh_jw_key(w, "salt");
    write_hex(w, shown->salt.b, ZH_DIGEST_BYTES);
    zh_jw_key(w, "path");
    zh_jw_array(w);
    for (size_t i = 0; i < shown->path_n; i++) {
        write_hex(w, shown->path[i].b, ZH_DIGEST_BYTES);
    }
    zh_jw_array_end(w);
    zh_jw_object_end(w);
}

void zh_disclosure_write_members(const zh_disclosure_file *file, zh_jw *w)
{
    zh_jw_key(w, "entry");
    write_hex(w, file->entry_bytes, sizeof(file->entry_bytes));
    zh_jw_key(w, "fields");
    zh_jw_array(w);
    for (size_t i = 0; i < file->n; i++) {
        write_field(w, &file->fields[i]);
    }
    zh_jw_array_end(w);
    if (file->proof.p) {
        zh_jw_kv(w, "proof", file->proof);
    }
}

void zh_disclosure_write(const zh_disclosure_file *file, zh_jw *w)
{
    zh_jw_object(w);
    zh_jw_kz(w, "format", FORMAT);
    zh_disclosure_write_members(file, w);
    zh_jw_object_end(w);
}

/* ---- reading ---- */

static zh_rc bad_member(const char *member, size_t field, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "disclosure.format", "披露文件的成员 %s 缺失或不合格式", member);
    zh_err_where(err, "fields[%zu].%s", field, member);
    zh_err_fix(err, "请使用系统导出的原文件，不要手工改动");
    return ZH_EINVAL;
}

static zh_str text_of(const zh_json *object, const char *name)
{
    const zh_json *value = zh_json_get(object, name);
    return value && value->kind == ZH_JSON_STRING ? value->text : ZH_STR_NONE;
}

/* The bytes of the value by its type, into the arena where they are not the text itself. */
static zh_rc read_value(zh_arena *arena, zh_str text, zh_record_field *field)
{
    field->value = text;
    if (field->type == ZH_FIELD_TEXT || field->type == ZH_FIELD_DECIMAL) {
        return ZH_OK;
    }
    if (field->type == ZH_FIELD_NULL) {
        return text.n == 0 ? ZH_OK : ZH_EINVAL;
    }
    uint64_t number = 0;
    size_t n = field->type == ZH_FIELD_U64 ? 8 : text.n / 2;
    char *bytes = zh_arena_try(arena, n + 1);
    if (!bytes) {
        return ZH_ENOMEM;
    }
    field->value = (zh_str){bytes, n};
    if (field->type == ZH_FIELD_BYTES) {
        return zh_unhex(text, bytes, n) ? ZH_OK : ZH_EINVAL;
    }
    if (field->type != ZH_FIELD_U64 || !zh_note_number(text, &number)) {
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (char)(uint8_t)(number >> (8 * (7 - i)));
    }
    return ZH_OK;
}

static bool read_path(const zh_json *list, zh_disclosure *out)
{
    if (!list || list->kind != ZH_JSON_ARRAY || list->n > ZH_COUNTOF(out->path)) {
        return false;
    }
    out->path_n = 0;
    for (const zh_json *step = list->first; step; step = step->next) {
        if (step->kind != ZH_JSON_STRING ||
            zh_digest_parse(step->text, &out->path[out->path_n++]) != ZH_OK) {
            return false;
        }
    }
    return true;
}

static zh_rc read_field(zh_arena *arena, const zh_json *in, size_t at, uint32_t n,
                        zh_disclosure *out, zh_err *err)
{
    int64_t index;
    const zh_json *name = zh_json_get(in, "name");
    zh_str type = text_of(in, "type");
    if (zh_json_i64(zh_json_get(in, "index"), &index) != ZH_OK || index < 0 || index >= n) {
        return bad_member("index", at, err);
    }
    if (!name || name->kind != ZH_JSON_STRING) {
        return bad_member("name", at, err);
    }
    if (type.n != 1) {
        return bad_member("type", at, err);
    }
    out->index = (uint32_t)index;
    out->n = n;
    out->field = (zh_record_field){.name = name->text, .type = type.p[0]};
    zh_rc rc = read_value(arena, text_of(in, "value"), &out->field);
    if (rc == ZH_EINVAL) {
        return bad_member("value", at, err);
    }
    if (rc != ZH_OK) {
        return zh_err_set(err, rc, "memory.budget", "披露文件过大，超出内存预算");
    }
    if (zh_digest_parse(text_of(in, "salt"), &out->salt) != ZH_OK) {
        return bad_member("salt", at, err);
    }
    return read_path(zh_json_get(in, "path"), out) ? ZH_OK : bad_member("path", at, err);
}

zh_rc zh_disclosure_read_members(zh_arena *arena, const zh_json *object, zh_disclosure_file *out,
                                 zh_err *err)
{
    *out = (zh_disclosure_file){.n = 0};
    if (!object || object->kind != ZH_JSON_OBJECT ||
        !zh_unhex(text_of(object, "entry"), out->entry_bytes, sizeof(out->entry_bytes))) {
        return bad_member("entry", 0, err);
    }
    zh_rc rc = zh_record_entry_read(
        (zh_str){(const char *)out->entry_bytes, sizeof(out->entry_bytes)}, &out->entry, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_json *fields = zh_json_get(object, "fields");
    if (!fields || fields->kind != ZH_JSON_ARRAY || fields->n > out->entry.n) {
        return bad_member("fields", 0, err);
    }
    out->fields = ZH_TRY_N(arena, zh_disclosure, fields->n + 1);
    if (!out->fields) {
        return zh_err_set(err, ZH_ENOMEM, "memory.budget", "披露文件过大，超出内存预算");
    }
    for (const zh_json *field = fields->first; field && rc == ZH_OK; field = field->next) {
        zh_disclosure *shown = &out->fields[out->n];
        rc = read_field(arena, field, out->n, out->entry.n, shown, err);
        if (rc == ZH_OK && out->n > 0 && shown->index <= shown[-1].index) {
            rc = bad_member("index", out->n, err);
        }
        out->n++;
    }
    const zh_json *proof = zh_json_get(object, "proof");
    if (rc == ZH_OK && proof) {
        if (proof->kind != ZH_JSON_STRING) {
            return bad_member("proof", 0, err);
        }
        out->proof = proof->text;
    }
    return rc;
}

zh_rc zh_disclosure_read(zh_arena *arena, zh_str text, zh_disclosure_file *out, zh_err *err)
{
    zh_json *object;
    if (text.n > ZH_DISCLOSURE_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "disclosure.size", "披露文件超过 %zu 字节",
                          ZH_DISCLOSURE_BYTES_MAX);
    }
    zh_rc rc = zh_json_parse(arena, text, &object, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!zh_str_is(text_of(object, "format"), FORMAT)) {
        return bad_member("format", 0, err);
    }
    return zh_disclosure_read_members(arena, object, out, err);
}

zh_rc zh_disclosure_file_check(const zh_disclosure_file *file, zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < file->n && rc == ZH_OK; i++) {
        rc = zh_disclosure_verify(file->entry.alg, &file->fields[i], &file->entry.root, err);
    }
    return rc;
}

const zh_disclosure *zh_disclosure_find(const zh_disclosure_file *file, const char *name)
{
    for (size_t i = 0; i < file->n; i++) {
        if (zh_str_is(file->fields[i].field.name, name)) {
            return &file->fields[i];
        }
    }
    return NULL;
}
