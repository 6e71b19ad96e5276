/* Writing what a detector finds as records of its judgement register, and opening their tasks.
 *
 * A signal is one record for ever, known by detector, row and column. Running again over unchanged
 * records writes nothing. When the counts, the evidence or the detector itself have changed, the
 * record gets a new version with the reason; when the pair no longer meets the criteria an open
 * signal lapses and its open tasks are withdrawn; when it meets them again it is revived with a new
 * task. What a person decided (confirmed, refuted) stays. */
#ifndef ZH_APP_SIGNAL_JUDGE_H
#define ZH_APP_SIGNAL_JUDGE_H

#include "app/signal/detect.h"

typedef struct zh_signal_run {
    const zh_detector *detector;
    int64_t position, records, units;
    size_t passing; /* pairs that meet the criteria */
    size_t created, amended, revived, lapsed, same;
    size_t opened, withdrawn; /* tasks */
} zh_signal_run;

/* One run. Takes a reader and the writer itself: the caller holds neither. What was written stays
 * when a later step fails; running again completes it. ZH_EINVAL: rules detector.*, or a judgement
 * register without the fields that signals have; errors of zh_detect and zh_record_apply. */
zh_rc zh_signals_run(zh_ctx *ctx, const zh_detector *detector, zh_signal_run *out) ZH_MUST;

#endif
