/* Documentation of declarations as Markdown, for `model docs`: what a register holds, which codes,
 * rules, states, clocks, documents, access, obligations, judgements, cubes and indicators it has.
 * Chinese, for the people who fill it in; labels in English after it. */
#ifndef ZH_MODEL_DOCS_H
#define ZH_MODEL_DOCS_H

#include "model/model.h"

/* Appends; the buffer's cap applies. Read-only on the model: any number of threads. */
void zh_docs_register(const zh_model *model, const zh_register *reg, zh_buf *out);
/* An overview, then every register and the indicators that have none. */
void zh_docs_model(const zh_model *model, zh_buf *out);

#endif
