/* How a party without an account is told about its records (contact of a register), read from the
 * checked declaration. Thread-safe. */
#ifndef ZH_MODEL_CONTACT_H
#define ZH_MODEL_CONTACT_H

#include "model/model.h"

typedef struct zh_contact {
    zh_str audience;               /* the word of `notify` that means the party */
    const zh_field *email, *phone; /* text fields, or NULL; one of them is there */
    const zh_field *code;          /* text field that holds the lookup code */
} zh_contact;

/* Whether the party may take the step with number and code alone: one of `steps`, which asks for
 * nothing but plain fields (model check refuses others). */
bool zh_contact_takes(const zh_register *reg, const zh_transition *transition);

/* What such a step may ask for: a value that is typed or chosen, and shows nothing of the record.
 */
bool zh_contact_asks(const zh_field *field);

/* False: the register has none. */
bool zh_contact_of(const zh_register *reg, zh_contact *out);

#endif
