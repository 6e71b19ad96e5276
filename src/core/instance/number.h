/* Numbers by pattern (TS-{place}-{year}-{000000}), from counter rows of the home office.
 *
 * Numbers are reserved in blocks, each in a short transaction of its own, so that a number is known
 * before the record is hashed. What a block has left when the program ends is given back; after a
 * crash it is a gap. A refused write leaves a gap too. Gaps are allowed: zh_counter.next says how
 * many numbers were ever handed out, the register which of them are in use. */
#ifndef ZH_CORE_INSTANCE_NUMBER_H
#define ZH_CORE_INSTANCE_NUMBER_H

#include "core/instance/core.h"

#define ZH_NUMBER_BYTES_MAX 120

/* The next number of a record by a pattern: {field} is its canonical value, {year} that of its
 * event (else of its recording), {000000} the counter of what stands around it. writer: NULL, or
 * the writer in an open transaction: a thread that holds it takes one number in it. ZH_EINVAL: the
 * pattern is malformed or a field it names is empty. */
zh_rc zh_number_next(zh_ctx *ctx, zh_conn *writer, const zh_record *record, zh_str pattern,
                     zh_str *out) ZH_MUST;
/* Gives back what was reserved and not used, where nobody reserved after it. */
void zh_number_return(zh_core *core);

#endif
