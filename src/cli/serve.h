/* Serving, as the verbs serve and demo do it. A verb that serves has the options listen and
 * threads.
 */
#ifndef ZH_CLI_SERVE_H
#define ZH_CLI_SERVE_H

#include "cli/session.h"
#include "net/address.h"

/* Reads --listen and --threads; a usage error unless it is an address of this machine. */
zh_rc zh_serve_check(zh_cli *cli, zh_address *out) ZH_MUST;
/* Serves until SIGTERM or SIGINT, which are blocked from here on in every thread. The session must
 * not hold a connection. */
zh_rc zh_serve(zh_session *session, const zh_address *address) ZH_MUST;

#endif
