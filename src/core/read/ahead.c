/* Records of an import's earlier rows, by business key and by id. */
#include "core/read/ahead.h"
#include <string.h>

void zh_ahead_init(zh_ahead *ahead, const zh_register *reg)
{
    *ahead = (zh_ahead){.reg = reg};
    zh_map_init(&ahead->by_key, NULL);
    zh_map_init(&ahead->by_id, NULL);
}

void zh_ahead_clear(zh_ahead *ahead)
{
    zh_map_free(&ahead->by_key);
    zh_map_free(&ahead->by_id);
    zh_ahead_init(ahead, ahead->reg);
}

/* ---- copies ---------------------------------------------------------------------------------- */

static size_t value_bytes(const zh_value *v)
{
    return sizeof *v + v->text.n + v->unit.n + 64;
}

static size_t record_bytes(const zh_record *r)
{
    size_t n = sizeof *r + 1024;
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_rows *rows = &r->tables[i];
        size_t cells = rows->table != NULL ? rows->n * rows->table->ncolumns : 0;
        n += value_bytes(&r->values[i]) + sizeof *rows + rows->n * sizeof *rows->ids;
        for (size_t k = 0; k < cells; k++) {
            n += value_bytes(&rows->values[k]);
        }
    }
    return n;
}

static zh_value copy_value(zh_arena *arena, const zh_value *v)
{
    zh_value out = *v;
    out.text = zh_str_dup(arena, v->text);
    out.unit = zh_str_dup(arena, v->unit);
    return out;
}

static zh_rows copy_rows(zh_arena *arena, const zh_rows *rows)
{
    zh_rows out = *rows;
    size_t cells = rows->table != NULL ? rows->n * rows->table->ncolumns : 0;
    if (cells > 0) {
        out.ids = ZH_NEW_N(arena, int64_t, rows->n);
        out.values = ZH_NEW_N(arena, zh_value, cells);
        memcpy(out.ids, rows->ids, rows->n * sizeof *rows->ids);
        for (size_t i = 0; i < cells; i++) {
            out.values[i] = copy_value(arena, &rows->values[i]);
        }
    }
    return out;
}

static zh_record *copy_record(zh_arena *arena, const zh_record *r)
{
    zh_record *out = ZH_NEW(arena, zh_record);
    *out = *r;
    out->actor = zh_str_dup(arena, r->actor);
    out->values = ZH_NEW_N(arena, zh_value, r->reg->nfields + 1);
    out->tables = ZH_NEW_N(arena, zh_rows, r->reg->nfields + 1);
    out->derived = NULL; /* of the cells only; nobody follows a reference to it */
    for (size_t i = 0; i < r->reg->nfields; i++) {
        out->values[i] = copy_value(arena, &r->values[i]);
        out->tables[i] = copy_rows(arena, &r->tables[i]);
    }
    return out;
}

/* ---- keeping and finding --------------------------------------------------------------------- */

static zh_str id_key(int64_t place[2], int64_t office, int64_t id)
{
    place[0] = office;
    place[1] = id;
    return (zh_str){(const char *)place, 2 * sizeof place[0]};
}

/* One text for one key: decimals in the field's digits, however they were written. */
static zh_str key_text(const zh_register *reg, zh_arena *arena, const zh_value *key)
{
    char type = 0;
    zh_decimal scaled;
    bool number = key->kind == ZH_DECIMAL &&
                  zh_decimal_rescale(key->decimal, reg->business_key[0]->digits,
                                     reg->business_key[0]->rounding, &scaled) == ZH_OK;
    return number ? zh_decimal_str(arena, scaled) : zh_value_canonical(arena, key, &type);
}

zh_rc zh_ahead_put(zh_ahead *ahead, zh_arena *arena, const zh_record *record, zh_err *err)
{
    int64_t place[2];
    if (zh_arena_left(arena) < record_bytes(record)) {
        zh_err_set(err, ZH_ELIMIT, "intake.ahead",
                   "“%.*s”的行互相引用，要记住文件里前面的行，已超出内存限额",
                   ZH_FMT(zh_label_for(err, ahead->reg->label)));
        zh_err_fix(err, "把文件分成几份导入，被引用的行在前");
        return ZH_ELIMIT;
    }
    zh_record *kept = copy_record(arena, record);
    zh_str by_id = id_key(place, record->office, record->id);
    zh_map_put(&ahead->by_id, zh_str_dup(arena, by_id), kept);
    if (ahead->reg->nbusiness_key == 1) {
        const zh_value *key = &kept->values[ahead->reg->business_key[0]->index];
        if (key->kind != ZH_NULL) {
            zh_map_put(&ahead->by_key, key_text(ahead->reg, arena, key), kept);
        }
    }
    return ZH_OK;
}

const zh_record *zh_ahead_by_id(const zh_ahead *ahead, const zh_register *reg, int64_t office,
                                int64_t id)
{
    int64_t place[2];
    if (ahead == NULL || ahead->reg != reg) {
        return NULL;
    }
    return zh_map_get(&ahead->by_id, id_key(place, office, id));
}

const zh_record *zh_ahead_by_key(const zh_ahead *ahead, zh_arena *scratch, const zh_value *key)
{
    if (ahead == NULL || ahead->reg->nbusiness_key != 1 || key->kind == ZH_NULL) {
        return NULL;
    }
    return zh_map_get(&ahead->by_key, key_text(ahead->reg, scratch, key));
}
