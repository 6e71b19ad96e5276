/* A figure as people and programs read it; used by indicator and targets. */
#ifndef ZH_CLI_FIGURE_H
#define ZH_CLI_FIGURE_H

#include "base/json.h"
#include "cli/session.h"
#include "core/figure/indicator.h"

const char *zh_figure_status_zh(zh_figure_status status);
/* All of it, one line a fact. */
void zh_figure_print(zh_session *session, const zh_figure *figure, zh_buf *out);
/* Its members, inside an object that the caller opened. Values are texts: they are exact. */
void zh_figure_json(zh_jw *w, const zh_figure *figure);

#endif
