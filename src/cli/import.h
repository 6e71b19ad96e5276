/* Taking a file in and reporting on it; shared by the verbs import and job resume. */
#ifndef ZH_CLI_IMPORT_H
#define ZH_CLI_IMPORT_H

#include "cli/session.h"
#include "core/intake/intake.h"

/* Runs the intake with a progress line on stderr (on a terminal, or when `progress` is set), gives
 * the new batches their positions, and prints the result. *code: ZH_EXIT_NO when rows stood in the
 * way. The options' progress and user are set here. */
zh_rc zh_import(zh_session *session, const zh_intake_options *options, bool progress,
                int *code) ZH_MUST;

#endif
