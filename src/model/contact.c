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
