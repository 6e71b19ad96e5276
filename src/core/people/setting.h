/* High-risk settings: records of the register `setting`, which two persons put in force. Any number
 * of threads. */
#ifndef ZH_CORE_PEOPLE_SETTING_H
#define ZH_CORE_PEOPLE_SETTING_H

#include "core/instance/core.h"

/* The value in force, or `otherwise`: never set, not in force, or the register is not declared. */
int64_t zh_setting_number(zh_core *core, zh_arena *arena, const char *name, int64_t otherwise);

#endif
