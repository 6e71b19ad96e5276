/* What of a published figure stands in the ledger: the entry of kind 4 over its fields, which are
 * kept beside it with their salt (zh_figure.record, zh_figure.salt). */
#ifndef ZH_CORE_LEDGER_FIGURE_ENTRY_H
#define ZH_CORE_LEDGER_FIGURE_ENTRY_H

#include "base/time.h"
#include "proof/record.h"

#define ZH_FIGURE_FIELDS_MAX 32

typedef struct zh_figure_evidence {
    int64_t id;
    zh_time at;
    zh_digest salt;
    const zh_record_field *fields; /* at most ZH_FIGURE_FIELDS_MAX, in order */
    size_t nfields;
} zh_figure_evidence;

/* The entry by one hash function. Errors of zh_record_root. */
zh_rc zh_figure_entry(zh_arena *arena, const zh_figure_evidence *figure, zh_hash_alg alg,
                      uint8_t out[ZH_RECORD_ENTRY_BYTES], zh_err *err) ZH_MUST;
/* The fields as they are stored: for each u16 length and bytes of the name, type, u32 length and
 * bytes of the value, integers big-endian. */
void zh_figure_fields_write(const zh_record_field *list, size_t n, zh_buf *out);
/* Reads them back, copied into the arena. False: malformed. */
bool zh_figure_fields_read(zh_arena *arena, zh_str blob, const zh_record_field **out, size_t *n);

#endif
