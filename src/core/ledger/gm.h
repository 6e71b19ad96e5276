/* 国密: a second log of the same events by SM3, its checkpoints signed by SM2, in files of its own
 * (DATA/log-gm, core/ledger/treelog.h). Off by default.
 *
 * For every position the entry has the same kind, time, subject and number of fields, alg 2, and a
 * record root by HMAC-SM3 and SM3 over the same fields and salt. It is made with the first entry,
 * in the same transaction; rows that were written before are filled in. Of a version whose fields
 * were erased before, the kept salts and commitments stand in for those of SM3 (the record salt is
 * gone): each field that stands can still be opened under it. */
#ifndef ZH_CORE_LEDGER_GM_H
#define ZH_CORE_LEDGER_GM_H

#include "core/ledger/evidence.h"

#define ZH_GM_SET       "ledger.gm" /* "on" */
#define ZH_GM_SET_ID    "ledger.gm.id"
#define ZH_GM_SET_EPOCH "ledger.gm.epoch"

/* Switches the second log on, for good: fills in what is missing and seals it up to the first log.
 * ZH_EINVAL (ledger.gm): the first log is one of SM3 already. */
zh_rc zh_gm_on(zh_core *core, zh_err *err) ZH_MUST;

/* Reads the setting into core->gm. */
zh_rc zh_gm_kept(zh_core *core, zh_conn *conn, zh_err *err) ZH_MUST;
/* Fills in entries_gm of outbox rows that lack it. */
zh_rc zh_gm_fill(zh_core *core, zh_err *err) ZH_MUST;
/* The SM3 entry of a stored version. */
zh_rc zh_gm_entry(zh_ctx *ctx, zh_conn *conn, const zh_stored_version *v,
                  uint8_t out[ZH_RECORD_ENTRY_BYTES]) ZH_MUST;
/* The SM3 entry out of a version's parts, for whoever has loaded them. */
zh_rc zh_gm_entry_of(zh_arena *arena, zh_str salt, zh_str sealed, const zh_record_field *fields,
                     size_t n, const zh_record *record, zh_str op,
                     uint8_t out[ZH_RECORD_ENTRY_BYTES], zh_err *err) ZH_MUST;

#endif
