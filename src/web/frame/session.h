/* The session of a request: its cookie, and who acts in it. */
#ifndef ZH_WEB_FRAME_SESSION_H
#define ZH_WEB_FRAME_SESSION_H

#include "web/frame/page.h"

/* The token that the request's cookie carries; empty when it has none. */
zh_str zh_user_session_token(const zh_http_request *request);
/* Sets the cookie (empty: takes it away): HttpOnly, SameSite=Lax, and Secure unless the server is
 * reached over loopback in the clear. */
void zh_user_session_cookie(const zh_http_request *request, zh_http_response *response,
                            zh_str token);
/* Fills ui->ctx and ui->session: the local operator while there is no account, else the post of the
 * cookie's session or of the API key in `Authorization: Bearer`, which comes before the cookie;
 * nobody on the pages that lead to a session. ZH_EDENIED login.needed: there is no session;
 * key.person: a key where only people act; login.enrol: an administrator without one-time codes. */
zh_rc zh_user_session_begin(zh_ui *ui) ZH_MUST;
/* Whether the reader sees all data, not a part of the offices or, by an API key, of the registers.
 */
bool zh_ui_whole(const zh_ui *ui);
/* Whether the session may do nothing but take one-time codes into use. */
bool zh_ui_must_enrol(zh_ui *ui);

/* zh_route.may_wait of routes that show records of {reg}: a reading that is written down before it
 * is shown waits for the disk. */
bool zh_ui_may_log(const zh_http_request *request);

/* For a handler that has no page: ZH_OK when the request has a session that the route answers. */
zh_rc zh_user_session_need(const zh_http_request *request, zh_http_response *response,
                           zh_err *err) ZH_MUST;

#endif
