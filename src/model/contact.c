/* Reading the contact of a register. */
#include "model/contact.h"
#include "model/schema.h"

static const zh_field *field_of(const zh_register *reg, const zh_yaml *node, const char *key)
{
    zh_str id = zh_get_text(node, key);
    return id.n > 0 ? zh_register_field(reg, id) : NULL;
}

bool zh_contact_of(const zh_register *reg, zh_contact *out)
{
    const zh_yaml *node = reg->declared != NULL ? zh_yaml_get(reg->declared, "contact") : NULL;
    *out = (zh_contact){0};
    if (node == NULL) {
        return false;
    }
    *out = (zh_contact){.audience = zh_get_text(node, "audience"),
                        .email = field_of(reg, node, "email"),
                        .phone = field_of(reg, node, "phone"),
                        .code = field_of(reg, node, "code")};
    return out->code != NULL;
}

bool zh_contact_takes(const zh_register *reg, const zh_transition *transition)
{
    const zh_yaml *node = reg->declared != NULL ? zh_yaml_get(reg->declared, "contact") : NULL;
    for (const zh_yaml *s = node != NULL ? zh_first(node, "steps") : NULL; s != NULL;
         s = zh_next(s)) {
        if (zh_str_eq(s->text, transition->id)) {
            return true;
        }
    }
    return false;
}

bool zh_contact_asks(const zh_field *field)
{
    switch (field->type) {
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_BOOL: return !field->computed && field->table == NULL;
    case ZH_TYPE_QUANTITY:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_REF:
    case ZH_TYPE_PERIOD:
    case ZH_TYPE_RANGE:
    case ZH_TYPE_TABLE: break;
    }
    return false;
}
