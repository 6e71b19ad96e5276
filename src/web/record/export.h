/* The answer to a list's question as a file. */
#ifndef ZH_WEB_RECORD_EXPORT_H
#define ZH_WEB_RECORD_EXPORT_H

#include "web/record/listing.h"

#define ZH_EXPORT_ROWS_MAX 50000 /* records of one file; the page and the file say when cut */

/* format: csv, xlsx. */
zh_str zh_export_url(const zh_listing *q, const char *format);

#endif
