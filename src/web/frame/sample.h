/* Sample posts of the demonstration (示例): a newcomer on the machine itself looks at it as one of
 * its roles would. They exist only where `zhiheng demo` serves on loopback and there is no account:
 * whoever is there is the local operator already, so choosing a role takes rights away and gives
 * none. No account, no password and no session is made; a cookie names the role. */
#ifndef ZH_WEB_FRAME_SAMPLE_H
#define ZH_WEB_FRAME_SAMPLE_H

#include "web/frame/page.h"

/* Acts as the sample post that the request's cookie names; nothing when it names none, or where
 * there are no samples. */
zh_rc zh_sample_begin(zh_ui *ui) ZH_MUST;
/* Whether the session is a sample. */
bool zh_sample_is(const zh_ui *ui);

#endif
