/* A register described for programs: what `model docs --json` prints. */
#ifndef ZH_CLI_REGISTER_JSON_H
#define ZH_CLI_REGISTER_JSON_H

#include "base/json.h"
#include "model/model.h"

/* {id, label, version, file, fields, states, transitions} as the next value of the writer. */
void zh_register_json(const zh_register *reg, zh_jw *w);

#endif
