/* A register described for programs. */
#include "cli/register_json.h"

static const char *type_name(zh_type type)
{
    switch (type) {
    case ZH_TYPE_STRING: return "string";
    case ZH_TYPE_TEXT: return "text";
    case ZH_TYPE_CODE: return "code";
    case ZH_TYPE_DATE: return "date";
    case ZH_TYPE_DATETIME: return "datetime";
    case ZH_TYPE_DECIMAL: return "decimal";
    case ZH_TYPE_QUANTITY: return "quantity";
    case ZH_TYPE_BOOL: return "bool";
    case ZH_TYPE_FILE: return "file";
    case ZH_TYPE_GEO: return "geo";
    case ZH_TYPE_REF: return "ref";
    case ZH_TYPE_PERIOD: return "period";
    case ZH_TYPE_RANGE: return "range";
    case ZH_TYPE_TABLE: break;
    }
    return "table";
}

static void json_field(const zh_field *f, zh_jw *w)
{
    zh_jw_object(w);
    zh_jw_kv(w, "id", f->id);
    zh_jw_kv(w, "label", f->label.zh);
    zh_jw_kz(w, "type", type_name(f->type));
    zh_jw_key(w, "required");
    zh_jw_bool(w, f->required);
    if (f->codes != NULL) {
        zh_jw_kv(w, "codes", f->codes->id);
    }
    if (f->type == ZH_TYPE_REF) {
        zh_jw_kv(w, "to", f->target_id);
    }
    if (f->unit.n > 0) {
        zh_jw_kv(w, "unit", f->unit);
    }
    if (f->ncolumns > 0) {
        zh_jw_key(w, "columns");
        zh_jw_array(w);
        for (size_t i = 0; i < f->ncolumns; i++) {
            json_field(&f->columns[i], w); /* a table has no table inside */
        }
        zh_jw_array_end(w);
    }
    zh_jw_object_end(w);
}

void zh_register_json(const zh_register *reg, zh_jw *w)
{
    zh_jw_object(w);
    zh_jw_kv(w, "id", reg->id);
    zh_jw_kv(w, "label", reg->label.zh);
    zh_jw_kv(w, "version", reg->version);
    zh_jw_kv(w, "file", reg->file);
    zh_jw_key(w, "fields");
    zh_jw_array(w);
    for (size_t i = 0; i < reg->nfields; i++) {
        json_field(&reg->fields[i], w);
    }
    zh_jw_array_end(w);
    zh_jw_key(w, "states");
    zh_jw_array(w);
    for (size_t i = 0; i < reg->nstates; i++) {
        zh_jw_str(w, reg->states[i].id);
    }
    zh_jw_array_end(w);
    zh_jw_key(w, "transitions");
    zh_jw_array(w);
    for (size_t i = 0; i < reg->ntransitions; i++) {
        zh_jw_str(w, reg->transitions[i].id);
    }
    zh_jw_array_end(w);
    zh_jw_object_end(w);
}
