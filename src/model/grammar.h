/* The grammar of declaration files as schemas. Private to src/model. */
#ifndef ZH_MODEL_GRAMMAR_H
#define ZH_MODEL_GRAMMAR_H

#include "model/schema.h"

const zh_schema *zh_grammar_file(void);   /* one whole pack file */
const zh_schema *zh_grammar_code(void);   /* a code written as a mapping */
const zh_schema *zh_grammar_dim(void);    /* a cube dimension written as a mapping */
const zh_schema *zh_grammar_ledger(void); /* evidence.ledger written as a mapping */

/* Calls each(schema) for every schema of the grammar: the reference must describe every key. */
void zh_grammar_walk(void (*each)(void *user, const zh_schema *schema), void *user);

#endif
