/* Disclosure file: an entry of the log with those fields of its record that somebody may see, and
 * optionally the proof that the entry is in the log.
 *
 *   {"format": "zhiheng/disclosure/v1",
 *    "entry": "hex of the 56 bytes of the zhl1 entry",
 *    "fields": [{"index": 3, "name": "…", "type": "t", "value": "…", "salt": "hex",
 *                "path": ["hex", …]}, …],
 *    "proof": "text of the .tlog-proof"}
 * value: text for t and d, decimal digits for u, hex for b; left out for n. Fields ascend by index.
 * Whoever holds the file can check each field against the record root of the entry, and the entry
 * against the log; fields that are not shown stay hidden behind their salts. */
#ifndef ZH_PROOF_DISCLOSURE_H
#define ZH_PROOF_DISCLOSURE_H

#include "base/json.h"
#include "proof/record.h"

#define ZH_DISCLOSURE_BYTES_MAX ((size_t)64 << 20)

typedef struct zh_disclosure_file {
    uint8_t entry_bytes[ZH_RECORD_ENTRY_BYTES];
    zh_record_entry entry;
    zh_disclosure *fields;
    size_t n;
    zh_str proof; /* text of the tlog-proof; p == NULL: not given */
} zh_disclosure_file;

/* Writes the members "entry" and "fields" (and "proof" when given) into an object that the caller
 * has opened: the same members stand in figure files. */
void zh_disclosure_write_members(const zh_disclosure_file *file, zh_jw *w);
/* The whole file. */
void zh_disclosure_write(const zh_disclosure_file *file, zh_jw *w);
/* Reads the members from an object, or a whole file. ZH_EINVAL (disclosure.format) naming the
 * member; ZH_ELIMIT, ZH_ENOMEM. Results live in the arena and borrow from the JSON. Nothing is
 * verified. */
zh_rc zh_disclosure_read_members(zh_arena *arena, const zh_json *object, zh_disclosure_file *out,
                                 zh_err *err) ZH_MUST;
zh_rc zh_disclosure_read(zh_arena *arena, zh_str text, zh_disclosure_file *out,
                         zh_err *err) ZH_MUST;
/* Every field against the record root of the entry; ZH_EINVAL naming the field. Does not look at
 * the proof. */
zh_rc zh_disclosure_file_check(const zh_disclosure_file *file, zh_err *err) ZH_MUST;
/* The field by that name; NULL when it is not shown. */
const zh_disclosure *zh_disclosure_find(const zh_disclosure_file *file, const char *name);

#endif
