/* Declarations: which ones a database works by, and how it takes on others. */
#ifndef ZH_CORE_ADOPTION_ADOPT_H
#define ZH_CORE_ADOPTION_ADOPT_H

#include "core/adoption/open.h"

/* Chooses the model as the options say and migrates when the database has another. */
zh_rc zh_adopt_at_open(zh_core *core, const zh_core_options *options, zh_err *err) ZH_MUST;
/* Migrates to and swaps in another model while serving; readers keep the snapshot they hold. */
zh_rc zh_core_adopt(zh_core *core, zh_model *model, bool destructive, zh_err *err) ZH_MUST;
/* Swaps in the model that another process has adopted since; nothing to do is ZH_OK. Thread-safe.
 */
zh_rc zh_core_follow(zh_core *core, zh_err *err) ZH_MUST;
/* Adopts a model that differs from the one in force in data only: where the declarations come from
 * stays as it is. */
zh_rc zh_core_adopt_same(zh_core *core, zh_model *model, zh_err *err) ZH_MUST;

#endif
