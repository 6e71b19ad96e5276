/* What the pages of the tool bench share: the question of a URL and its answer. */
#ifndef ZH_WEB_TOOL_TOOL_VIEW_H
#define ZH_WEB_TOOL_TOOL_VIEW_H

#include "app/tool/tool.h"
#include "web/frame/part.h"

#define ZH_TOOL_URL_DATA_MAX ((size_t)6000) /* encoded bytes; larger data are kept by digest */
#define ZH_TOOL_FILES_MAX    ((size_t)500)  /* kept by digest below DATA/tools */

typedef struct zh_tool_view {
    zh_ui *ui;
    const zh_tool *tool;
    zh_bench bench;
    zh_pairs asked[2]; /* of the URL, of the sample */
    zh_str data;       /* of the URL, as it stands; empty: none */
    bool kept;         /* data lie on disk by their digest */
    zh_rc rc;          /* of the question; not ZH_OK: refused is set */
    zh_err refused;
} zh_tool_view;

/* The tool of the path and everything it was asked. ZH_ENOTFOUND: no such tool. A question that the
 * tool refuses is an answer too: view->rc and view->refused. */
zh_rc zh_tool_view_of(zh_ui *ui, zh_tool_view *view) ZH_MUST;
/* Keeps data in DATA/tools under its SHA-256; *digest is its name. ZH_ELIMIT above
 * ZH_TOOL_FILES_MAX files. */
zh_rc zh_tool_keep(zh_ui *ui, zh_str data, zh_str *digest) ZH_MUST;
/* The page's address with its question, and one of a file of it. */
zh_str zh_tool_view_url(const zh_tool_view *view, const char *file);

#endif
