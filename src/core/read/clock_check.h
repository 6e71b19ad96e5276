/* Whether a declared period has been checked against the official text: a record of the register
 * `clock_check` in force, named register.clock@from. Models without that register have none. */
#ifndef ZH_CORE_READ_CLOCK_CHECK_H
#define ZH_CORE_READ_CLOCK_CHECK_H

#include "core/read/read.h"

typedef struct zh_clock_check {
    const zh_record *record; /* in force; NULL: none */
    bool right;              /* the period is as the text says */
} zh_clock_check;

/* complaint.accept@2026-04-15; a version that is in force from ever has no date after the @. */
zh_str zh_clock_check_code(zh_arena *arena, const zh_register *reg, const zh_clock *clock,
                           const zh_clock_version *version);
/* The check that is in force, whoever asks: it is about the declaration, not about a case. */
zh_rc zh_clock_checked(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_clock *clock,
                       const zh_clock_version *version, zh_clock_check *out) ZH_MUST;
/* Whether the period still has to be called 未核实口径. */
zh_rc zh_clock_unverified(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_clock *clock,
                          const zh_clock_version *version, bool *out) ZH_MUST;

#endif
