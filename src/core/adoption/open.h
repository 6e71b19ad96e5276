/* Opening and closing a province. */
#ifndef ZH_CORE_ADOPTION_OPEN_H
#define ZH_CORE_ADOPTION_OPEN_H

#include "core/instance/core.h"

typedef struct zh_core_options {
    const char *data_dir;     /* holds zhiheng.db, files/, jobs/; NULL only with db_url */
    const char *db_url;       /* NULL: sqlite:<data_dir>/zhiheng.db */
    const char *packs;        /* directory of declarations; NULL: those embedded in the program */
    zh_model *model;          /* use this model (retained) instead of reading packs; tests */
    int64_t office;           /* home office of this installation, 0 = stored setting, else 1 */
    unsigned node;            /* 1..1023, part of every id; 0: another one at each opening */
    const char *hash;         /* "sha256" or "sm3", for good; NULL: as stored, else sha256 */
    bool relaxed_sync;        /* tests and throw-away databases */
    bool migrate_destructive; /* carry out destructive steps of the migration plan */
    bool keep_model; /* a database that has declarations is read with them, never migrated */
} zh_core_options;

/* Opens, compiles the declarations (or uses the adopted ones when their digest is unchanged),
 * creates or migrates tables. Fails with the migration plan in err when a destructive step is
 * needed; with keep_model ZH_ECONFLICT (model.differs) when `packs` is not what was adopted. */
zh_rc zh_core_open(const zh_core_options *options, zh_core **out, zh_err *err) ZH_MUST;
void zh_core_close(zh_core *core);

#endif
