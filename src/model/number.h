/* Numbers as people write them in cells: marks, bounds, separators, magnitudes, units. Private to
 * src/model. */
#ifndef ZH_MODEL_NUMBER_H
#define ZH_MODEL_NUMBER_H

#include "model/model.h"

/* Parses text (trimmed, not empty) for a decimal or quantity field: see doc/declarations.md. The
 * decimal has the field's digits; text is the number as written, in canonical form, or the value
 * that came out of a conversion or rounding. Rules field.decimal.* and field.quantity.*. */
zh_rc zh_number_parse(const zh_model *model, const zh_field *field, zh_arena *arena, zh_str text,
                      zh_value *out, zh_err *err) ZH_MUST;

/* v in unit `from` expressed in unit `to` (same dimension), exact; ZH_EINVAL when the result has no
 * finite decimal within 18 digits, unless rounding does not refuse: then `digits` places. */
zh_rc zh_unit_convert(zh_decimal v, const struct zh_unit *from, const struct zh_unit *to,
                      uint8_t digits, zh_rounding rounding, zh_decimal *out) ZH_MUST;

#endif
