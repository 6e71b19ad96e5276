/* Imports through the browser: a file that was sent is kept, checked by a job (kind `check`, which
 * writes no record), and committed by a job of kind `import`, the same as on the command line. Jobs
 * survive the server: what is needed to go on stands beside the database in incoming/ and jobs/.
 *
 * incoming/<sha256>          a file that waits; once committed it is in files/ by its digest
 * jobs/<job>.upload.json     of an import: name of the file, its check, the log when it was ordered
 * jobs/<job>.order.json      of a check: the import that was ordered from it
 * jobs/<job>.report.json     what a finished or failed run found
 * jobs/<job>.errors.csv      every problem
 * jobs/<job>.rows.csv        rows to be corrected, as they stand in the file */
#ifndef ZH_APP_IMPORT_H
#define ZH_APP_IMPORT_H

#include "base/json.h"
#include "core/intake/intake.h"

#define ZH_IMPORT_FILE_MAX     ((size_t)512 << 20) /* bytes of an upload */
#define ZH_IMPORT_TEXT_MAX     ((size_t)4 << 20)   /* bytes pasted */
#define ZH_IMPORT_NAME_MAX     ((size_t)200)
#define ZH_IMPORT_REASON_MAX   ((size_t)2000) /* bytes of a justification */
#define ZH_IMPORT_REPORT_MAX   ((size_t)32 << 20)
#define ZH_IMPORT_EFFECT_BYTES ((size_t)256 << 20) /* cells that a check remembers */
#define ZH_IMPORT_WORKERS      2
#define ZH_IMPORT_POLL_MS      200u

#define ZH_JOB_CHECK  "check"
#define ZH_JOB_IMPORT "import"

/* What is asked of a file. */
typedef struct zh_import_ask {
    zh_str digest; /* sha256:<hex> of a kept file */
    zh_str name;   /* as it was sent */
    zh_str reg;    /* id; empty: found from the file */
    zh_str recipe; /* id; empty: found */
    zh_str justification;
} zh_import_ask;

/* Keeps a file: moves it (rename) into incoming/ under its digest. ZH_EINVAL: empty; ZH_ELIMIT;
 * ZH_EDENIED (import.folder): there is no data directory. */
zh_rc zh_import_keep(zh_ctx *ctx, const char *path, zh_str *digest) ZH_MUST;
/* Keeps pasted cells as a file. The same errors. */
zh_rc zh_import_keep_text(zh_ctx *ctx, zh_str text, zh_str *digest) ZH_MUST;
/* The file of a digest, waiting or committed; NULL when it is not (any more) here. */
const char *zh_import_path(zh_ctx *ctx, zh_str digest);
/* Keeps a committed file by its digest (zh_file_store), so that what was read can be shown again,
 * and clears it from incoming/. Nothing to do without a data directory. Not while this thread holds
 * the writer. */
zh_rc zh_import_archive(zh_ctx *ctx, const char *path, zh_str name) ZH_MUST;

/* Whether the post may import into a register: a reader in a post says where the rows go, and may
 * create records there. ZH_EINVAL import.register, ZH_EDENIED. */
zh_rc zh_import_may(zh_ctx *ctx, zh_str reg) ZH_MUST;
/* The job that checks it. The same question while nothing has been written since is the same job.
 * ZH_EINVAL: unknown register or recipe. */
zh_rc zh_import_check(zh_ctx *ctx, const zh_import_ask *ask, zh_job *out) ZH_MUST;
/* Whom an import is done for, when they see a part of the data only (else empty): the same file
 * from somebody else is another job, because other rows of it are theirs. */
zh_str zh_import_for(const zh_ctx *ctx);
/* What a check was asked, from its arguments. */
zh_rc zh_import_asked(zh_ctx *ctx, const zh_job *check, zh_import_ask *out) ZH_MUST;
/* The job that commits what a check found (ZH_COMMIT_ALL or _CLEAN). Ordering twice is the same
 * job. ZH_ECONFLICT: the check is not finished, or found nothing to commit. */
zh_rc zh_import_commit(zh_ctx *ctx, const zh_job *check, zh_commit_mode mode, zh_str justification,
                       zh_job *out) ZH_MUST;
/* Orders an import that stopped on an error to go on. */
zh_rc zh_import_resume(zh_ctx *ctx, const zh_job *job) ZH_MUST;
/* Throws the file of a check away; ZH_ECONFLICT while a job needs it. */
zh_rc zh_import_discard(zh_ctx *ctx, const zh_job *check) ZH_MUST;

/* Path of a file beside a job: suffix "report.json", "errors.csv" … */
const char *zh_import_beside(zh_ctx *ctx, int64_t job, const char *suffix);
/* The parsed report, or upload note, of a job; ZH_ENOTFOUND when there is none. */
zh_rc zh_import_note(zh_ctx *ctx, int64_t job, const char *suffix, zh_json **out) ZH_MUST;

/* The threads that run the jobs of a serving process. core must outlive them. */
typedef struct zh_importer zh_importer;
zh_rc zh_importer_start(zh_core *core, zh_importer **out, zh_err *err) ZH_MUST;
/* Interrupts what runs (it goes on at the next start) and frees. NULL is allowed. */
void zh_importer_stop(zh_importer *importer);
/* Runs one job that waits, in the calling thread; *ran false when there was none. Tests. */
zh_rc zh_import_run_one(zh_core *core, bool *ran, zh_err *err) ZH_MUST;

#endif
