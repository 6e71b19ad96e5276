/* Declarations named on the command line: a folder, one file beside the program's own, or what is
 * built in; compiled with every error reported. */
#ifndef ZH_CLI_PACKS_H
#define ZH_CLI_PACKS_H

#include "cli/verb.h"
#include "core/adoption/example.h"
#include "model/model.h"

/* path NULL or "embedded": those built into the program. A folder: all files below it. One YAML
 * file: the built-in ones and this, which replaces a built-in file of the same name. Errors lie in
 * cli->err and, all of them, as lines in report. *out: release it. */
zh_rc zh_packs_compile(zh_cli *cli, const char *path, zh_buf *report, zh_model **out) ZH_MUST;

#endif
