/* The documents (文书) of a register: what they say over a record, before they are issued and
 * after.
 *
 * A document is made by its step, as a file whose digest is a field of the version. What it says
 * follows from that version alone, so it can be set again, alone or with others. */
#ifndef ZH_CORE_RECORD_PAPER_H
#define ZH_CORE_RECORD_PAPER_H

#include "core/read/read.h"
#include "core/record/record.h"

/* What a document says of env->record. Everything lives in env->arena. ZH_ELIMIT document.length.
 */
zh_rc zh_paper_compose(zh_env *env, const zh_document *document, zh_paper *out,
                       zh_err *err) ZH_MUST;

/* The document of a step as it would be issued now: everything is asked as when the step is taken,
 * nothing is written, its number is not taken. ZH_ENOTFOUND document.none: the step makes none;
 * ZH_EDENIED permission.mask: its file is not for this reader; else as zh_record_prepare. conn is
 * used while composing. */
zh_rc zh_paper_preview(zh_ctx *ctx, zh_conn *conn, const zh_op *op, zh_findings *findings,
                       zh_paper *out) ZH_MUST;

/* The newest document issued about a record that the reader sees, as of the version that issued it.
 * ZH_ENOTFOUND document.none: none was, or its file is not for this reader. */
zh_rc zh_paper_issued(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_paper *out) ZH_MUST;

#endif
