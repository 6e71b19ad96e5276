/* Vectors of the evidence ledger. */
#include "base/os.h"
#include "proof/record.h"
#include "vectors/vectors.h"
#include <string.h>

/* ---- ledger/records.json: zhl1 records ---- */

struct record {
    zh_hash_alg alg;
    zh_digest salt;
    size_t n;
    zh_record_field *fields;   /* in the order of the format */
    const zh_json **described; /* the case of each field, same order */
    zh_digest *work;
};

static bool same_digest(const zh_json *hex, const zh_digest *got)
{
    zh_digest expected;
    return zh_digest_parse(zh_json_str(hex, ZH_STR_NONE), &expected) == ZH_OK &&
           zh_digest_eq(&expected, got);
}

static bool read_field(struct run *run, const zh_json *in, zh_record_field *out)
{
    out->name = zh_json_str(zh_json_get(in, "name"), ZH_STR_NONE);
    zh_str type = zh_json_str(zh_json_get(in, "type"), ZH_STR_NONE);
    const zh_json *hex_value = zh_json_get(in, "value_hex");
    zh_str hex = zh_json_str(hex_value, ZH_STR_NONE);
    char *bytes = zh_arena_try(run->arena, hex.n / 2 + 1);
    if (type.n != 1 || !bytes || !hex_value || hex_value->kind != ZH_JSON_STRING ||
        !zh_unhex(hex, bytes, hex.n / 2)) {
        return false;
    }
    out->type = type.p[0];
    out->value = (zh_str){bytes, hex.n / 2};
    return true;
}

/* Reads the fields and brings them, with their cases, into the format's order. */
static bool read_fields(struct run *run, const zh_json *list, struct record *record)
{
    if (!list || list->kind != ZH_JSON_ARRAY || list->n > ZH_RECORD_FIELDS_MAX) {
        return false;
    }
    record->n = list->n;
    record->fields = ZH_NEW_N(run->arena, zh_record_field, list->n + 1);
    record->described = ZH_NEW_N(run->arena, const zh_json *, list->n + 1);
    record->work = ZH_NEW_N(run->arena, zh_digest, list->n + 1);
    size_t i = 0;
    for (const zh_json *field = list->first; field; field = field->next) {
        if (!read_field(run, field, &record->fields[i++])) {
            return false;
        }
    }
    if (zh_record_sort(record->fields, record->n, &run->err) != ZH_OK) {
        return false;
    }
    for (const zh_json *field = list->first; field; field = field->next) {
        zh_str name = zh_json_str(zh_json_get(field, "name"), ZH_STR_NONE);
        for (i = 0; !zh_str_eq(record->fields[i].name, name); i++) {
        }
        record->described[i] = field;
    }
    return true;
}

static const char *check_path(const zh_json *path, const zh_disclosure *shown)
{
    if (!path || path->kind != ZH_JSON_ARRAY || path->n != shown->path_n) {
        return "path has another length";
    }
    size_t i = 0;
    for (const zh_json *step = path->first; step; step = step->next) {
        if (!same_digest(step, &shown->path[i++])) {
            return "path differs";
        }
    }
    return NULL;
}

/* NULL, or what is wrong. */
static const char *check_field(struct run *run, const struct record *record, const zh_digest *root,
                               size_t i)
{
    const zh_json *expected = record->described[i];
    zh_disclosure shown;
    zh_digest commit;
    if (zh_record_disclose(record->alg, &record->salt, record->fields, record->n, i, record->work,
                           &shown, &run->err) != ZH_OK ||
        zh_record_commit(record->alg, &shown.salt, &record->fields[i], &commit, &run->err) !=
            ZH_OK) {
        return "not a field of the format";
    }
    if (!same_digest(zh_json_get(expected, "salt"), &shown.salt)) {
        return "salt differs";
    }
    if (!same_digest(zh_json_get(expected, "commit"), &commit)) {
        return "commitment differs";
    }
    const char *wrong = check_path(zh_json_get(expected, "path"), &shown);
    if (!wrong && zh_disclosure_verify(record->alg, &shown, root, &run->err) != ZH_OK) {
        wrong = "path does not lead to the root";
    }
    return wrong;
}

static bool read_u64(const zh_json *in, uint64_t *out)
{
    return in && in->kind == ZH_JSON_NUMBER && zh_str_u64(in->text, out) == ZH_OK;
}

static const char *check_entry(const zh_json *in, const struct record *record,
                               const zh_digest *root)
{
    zh_record_entry entry = {.alg = record->alg, .n = (uint16_t)record->n, .root = *root};
    uint64_t kind;
    if (!read_u64(zh_json_get(in, "kind"), &kind) ||
        !read_u64(zh_json_get(in, "time_ms"), &entry.time_ms) ||
        !read_u64(zh_json_get(in, "subject"), &entry.subject) || kind < ZH_ENTRY_EVIDENCE ||
        kind > ZH_ENTRY_DRAW_RESULT) {
        return "kind, time_ms or subject is not of the format";
    }
    entry.kind = (zh_entry_kind)kind;
    uint8_t got[ZH_RECORD_ENTRY_BYTES];
    uint8_t expected[ZH_RECORD_ENTRY_BYTES];
    zh_record_entry_write(&entry, got);
    zh_digest leaf;
    zh_record_entry_leaf(got, entry.alg, &leaf);
    if (!zh_unhex(zh_json_str(zh_json_get(in, "entry_hex"), ZH_STR_NONE), expected,
                  sizeof(expected)) ||
        memcmp(got, expected, sizeof(got)) != 0) {
        return "entry differs";
    }
    return same_digest(zh_json_get(in, "leaf_hash"), &leaf) ? NULL : "leaf hash differs";
}

static void run_record(struct run *run, const zh_json *in, size_t number)
{
    struct record record;
    zh_digest root;
    if (zh_hash_alg_parse(zh_json_str(zh_json_get(in, "alg"), ZH_STR_NONE), &record.alg) != ZH_OK ||
        zh_digest_parse(zh_json_str(zh_json_get(in, "record_salt"), ZH_STR_NONE), &record.salt) !=
            ZH_OK ||
        !read_fields(run, zh_json_get(in, "fields"), &record) ||
        zh_record_root(record.alg, &record.salt, record.fields, record.n, record.work, &root,
                       &run->err) != ZH_OK) {
        result(run, false, "not a record of the format", number, 0);
        return;
    }
    for (size_t i = 0; i < record.n; i++) {
        const char *wrong = check_field(run, &record, &root, i);
        result(run, wrong == NULL, wrong, number, i);
    }
    const char *wrong = check_entry(in, &record, &root);
    if (!same_digest(zh_json_get(in, "record_root"), &root)) {
        wrong = "record root differs";
    }
    result(run, wrong == NULL, wrong, number, 0);
}

void run_records(struct run *run)
{
    const zh_json *in = document(run);
    const zh_json *records = in ? zh_json_get(in, "records") : NULL;
    if (!records || records->kind != ZH_JSON_ARRAY || records->n == 0) {
        result(run, false, "no list of records", 0, 0);
        return;
    }
    size_t number = 0;
    for (const zh_json *record = records->first; record; record = record->next) {
        run_record(run, record, number++);
    }
}
