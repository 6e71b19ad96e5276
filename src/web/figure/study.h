/* Documents declared with the grammar of reports and shown as pages: the headline figures of the
 * board (packs/demo/data/board) and the studies of one question (packs/demo/data/study). */
#ifndef ZH_WEB_FIGURE_STUDY_H
#define ZH_WEB_FIGURE_STUDY_H

#include "app/report/compose.h"
#include "web/frame/part.h"

#define ZH_STUDIES_MAX ((size_t)64)

typedef struct zh_study {
    zh_str id;
    const zh_yaml *declared;
    zh_composed made; /* after zh_study_compose */
} zh_study;

/* The declarations below packs/demo/data/FOLDER/ in the order of their file names, not composed;
 * those that ask for what these packs do not declare are left out.
 * ZH_EINVAL with file and line: one that is no YAML or has no id. */
zh_rc zh_study_list(zh_ui *ui, const char *folder, zh_study **out, size_t *n) ZH_MUST;
/* Asks and composes. Errors of zh_report_compose. */
zh_rc zh_study_compose(zh_ui *ui, zh_study *study, int64_t as_of) ZH_MUST;
/* The declaration of a block with an id; NULL when there is none. */
const zh_yaml *zh_study_item(const zh_study *study, zh_str id);
/* A sentence for a title, its numbers linked. */
typedef struct zh_study_title {
    zh_str text;
    zh_title_link *links;
    size_t nlinks;
} zh_study_title;
/* Adds the sentence under a key of a block's or the study's declaration, behind a semicolon when
 * something stands there; nothing when there is no such key or a value of it is missing. */
zh_rc zh_study_say(zh_ui *ui, const zh_study *study, const zh_yaml *mapping, const char *key,
                   zh_study_title *out) ZH_MUST;
/* A figure with its furniture and downloads; css: classes of its column, or NULL. */
void zh_study_figure(zh_ui *ui, const zh_study *study, const zh_doc_block *block, const char *css);
/* Any block, in the order of the document. */
void zh_study_block(zh_ui *ui, const zh_study *study, const zh_doc_block *block);

#endif
