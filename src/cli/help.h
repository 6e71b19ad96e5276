/* Help, man page and shell completion, all made from the verbs' descriptors. */
#ifndef ZH_CLI_HELP_H
#define ZH_CLI_HELP_H

#include "cli/verb.h"
#include <stdio.h>

/* Every verb with its line. */
void zh_help_overview(FILE *out);
/* Usage, arguments, options and examples of one verb on stdout; gives the exit code. */
int zh_help_verb(zh_arena *arena, const zh_verb *verb);
/* "zhiheng count REGISTER [--where EXPR] …" */
zh_str zh_help_usage(zh_arena *arena, const zh_verb *verb);

#endif
