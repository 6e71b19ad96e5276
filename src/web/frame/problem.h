/* Errors as RFC 9457 problem documents: the same on the API and on the command line with --json. */
#ifndef ZH_WEB_FRAME_PROBLEM_H
#define ZH_WEB_FRAME_PROBLEM_H

#include "base/err.h"
#include "base/json.h"
#include "core/record/record.h"

#define ZH_PROBLEM_TYPE "application/problem+json; charset=utf-8"

/* The HTTP status that says best what an error code means. */
int zh_problem_status(zh_rc rc);
/* The same of an error: 507 when a disk is full. */
int zh_problem_status_of(const zh_err *err);
/* Reason phrase in Chinese, the title of the problem. */
const char *zh_problem_title(int status);
/* {type, title, status, detail, code, errors: [{pointer, rule, message, clause, fix}]} as the next
 * value of the writer. */
void zh_problem_write(zh_jw *w, int status, const zh_err *err);
/* The same of a write that was refused: errors are its findings, in the order they were found; with
 * none, as zh_problem_write. */
void zh_problem_write_findings(zh_jw *w, int status, const zh_err *err,
                               const zh_findings *findings);
/* One finding: {pointer, rule, message, clause, fix, severity}. */
void zh_problem_finding(zh_jw *w, const zh_finding *finding);

#endif
