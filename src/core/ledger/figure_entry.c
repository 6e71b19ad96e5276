/* Entries of published figures; see figure_entry.h. */
#include "core/ledger/figure_entry.h"

zh_rc zh_figure_entry(zh_arena *arena, const zh_figure_evidence *figure, zh_hash_alg alg,
                      uint8_t out[ZH_RECORD_ENTRY_BYTES], zh_err *err)
{
    zh_digest *work = ZH_NEW_N(arena, zh_digest, ZH_FIGURE_FIELDS_MAX);
    zh_record_entry entry = {.alg = alg,
                             .kind = ZH_ENTRY_FIGURE,
                             .time_ms = (uint64_t)(figure->at / 1000),
                             .subject = (uint64_t)figure->id,
                             .n = (uint16_t)figure->nfields};
    zh_rc rc = zh_record_root(entry.alg, &figure->salt, figure->fields, figure->nfields, work,
                              &entry.root, err);
    if (rc == ZH_OK) {
        zh_record_entry_write(&entry, out);
    }
    return rc;
}

void zh_figure_fields_write(const zh_record_field *list, size_t n, zh_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        zh_buf_u16be(out, (uint16_t)list[i].name.n);
        zh_buf_str(out, list[i].name);
        zh_buf_c(out, list[i].type);
        zh_buf_u32be(out, (uint32_t)list[i].value.n);
        zh_buf_str(out, list[i].value);
    }
}

static bool take(zh_str *rest, size_t n, zh_str *out)
{
    if (rest->n < n) {
        return false;
    }
    *out = zh_str_sub(*rest, 0, n);
    *rest = zh_str_sub(*rest, n, rest->n);
    return true;
}

static size_t number(zh_str s)
{
    size_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        v = v << 8 | (uint8_t)s.p[i];
    }
    return v;
}

bool zh_figure_fields_read(zh_arena *arena, zh_str blob, const zh_record_field **out, size_t *n)
{
    zh_record_field *list = ZH_NEW_N(arena, zh_record_field, ZH_FIGURE_FIELDS_MAX);
    zh_str rest = zh_str_dup(arena, blob);
    zh_str width;
    zh_str type;
    *n = 0;
    while (rest.n > 0) {
        if (*n == ZH_FIGURE_FIELDS_MAX || !take(&rest, 2, &width) ||
            !take(&rest, number(width), &list[*n].name) || !take(&rest, 1, &type) ||
            !take(&rest, 4, &width) || !take(&rest, number(width), &list[*n].value)) {
            return false;
        }
        list[(*n)++].type = type.p[0];
    }
    *out = list;
    return true;
}
