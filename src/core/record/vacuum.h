/* What an erasure leaves in the database's files. SQLite overwrites it at once (secure_delete);
 * PostgreSQL keeps the old versions of rows until a VACUUM, which the background runs on the tables
 * of the register as soon as the erasure is committed. Bytes in the write-ahead log, in backups and
 * in the free room of a page last until these are overwritten. */
#ifndef ZH_CORE_RECORD_VACUUM_H
#define ZH_CORE_RECORD_VACUUM_H

#include "core/instance/core.h"

/* Notes, in the erasing transaction, that the register's tables are to be vacuumed. */
zh_rc zh_vacuum_note(zh_conn *conn, const zh_register *reg, zh_err *err) ZH_MUST;
/* Vacuums what is noted, outside any transaction. What fails is logged and tried again at the next
 * call. Nothing noted is ZH_OK. */
zh_rc zh_vacuum_run(zh_core *core, zh_err *err) ZH_MUST;

#endif
