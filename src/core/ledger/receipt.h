/* What somebody who wrote can be given in hand: the position of the entry in the log and the signed
 * checkpoint that covers it.
 *
 * A write that returned is accepted: committed and durable, its entry in the outbox. It is sealed a
 * moment later, when the sequencer has given it a position and signed a checkpoint. Whoever needs
 * the second waits here; the sequencer's rounds wake it, nothing is asked again and again unless
 * another process seals. */
#ifndef ZH_CORE_LEDGER_RECEIPT_H
#define ZH_CORE_LEDGER_RECEIPT_H

#include "core/ledger/sequence.h"

#define ZH_RECEIPT_WAIT_MS_MAX 30000u

typedef struct zh_receipt {
    bool sealed;      /* false: not within the time, or the log is not in this data directory */
    int64_t position; /* index of the entry; -1 while it has none */
    int64_t size;     /* of the checkpoint in note */
    zh_str note; /* signed checkpoint of size > position, in ctx->arena; p == NULL: not sealed */
} zh_receipt;

/* The receipt of a version of a record that was written, waiting for it at most wait_ms (0: as it
 * stands now, capped at ZH_RECEIPT_WAIT_MS_MAX). given: where zh_record_apply_placed put it; batch
 * 0 when that is not known. Not while this thread holds a connection. Not being sealed in time is
 * ZH_OK. ZH_ENOTFOUND (receipt.none): no such version. */
zh_rc zh_receipt_wait(zh_ctx *ctx, const zh_register *reg, const zh_applied *at, zh_place given,
                      unsigned wait_ms, zh_receipt *out) ZH_MUST;

#endif
