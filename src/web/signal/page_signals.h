/* What the two signal pages share. Private to the page. */
#ifndef ZH_WEB_SIGNAL_PAGE_SIGNALS_H
#define ZH_WEB_SIGNAL_PAGE_SIGNALS_H

#include "app/signal/signal.h"
#include "web/frame/part.h"

/* /signals/ID */
zh_str zh_signal_url(zh_arena *arena, const zh_signal *signal);
/* 湖北省 × 氰化物 in the reader's language. */
zh_str zh_signal_subject(const zh_ui *ui, const zh_signal *signal);
/* The value of a dimension in the reader's language. */
zh_str zh_signal_value(const zh_ui *ui, const zh_detector_dim *dim, zh_str value);
/* A facet's value, with the class of the other system where one is mapped: 糕点（24 糕点、08
 * 饼干）. */
zh_str zh_signal_facet_text(const zh_ui *ui, const zh_signal *signal, const zh_signal_facet *facet);
void zh_signal_lamp(zh_ui *ui, const zh_signal *signal);
/* The day a task is due, and whether it is over. */
void zh_signal_due(zh_ui *ui, const zh_signal_task *task);
/* The series of a detector over time with its bounds, as a figure; nothing without one. */
zh_rc zh_signal_series(zh_ui *ui, const zh_detector *detector) ZH_MUST;
/* How often the detector alarmed before and what became of it; nothing for a detector of pairs. */
zh_rc zh_signal_past(zh_ui *ui, const zh_detector *detector) ZH_MUST;
/* PRR and intervals of signals as a forest of that width; *out NULL when there is none to draw. */
zh_rc zh_signal_draw(zh_ui *ui, const zh_signal *signals, size_t n, double width,
                     zh_draw **out) ZH_MUST;
/* The same in the page, and a narrow one for phones. */
zh_rc zh_signal_forest(zh_ui *ui, const zh_signal *signals, size_t n, double width) ZH_MUST;

/* What the signal counts, in the reader's language; as it was recorded where its detector counts
 * something else by now. */
zh_str zh_signal_unit(const zh_ui *ui, const zh_signal *signal);

#endif
