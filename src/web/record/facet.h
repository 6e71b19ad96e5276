/* Filters beside a list: for each grouping that the register's cubes and lists use, how many
 * records each value has, under all other conditions of the question. */
#ifndef ZH_WEB_RECORD_FACET_H
#define ZH_WEB_RECORD_FACET_H

#include "web/record/listing.h"

#define ZH_FACETS_MAX      8
#define ZH_FACET_SHOWN     7   /* values of one filter … */
#define ZH_FACET_SHOWN_MAX 200 /* … and when it is opened: more=KEY */

/* Counts by one grouping (NULL: the total) under all conditions but one (NULL: all). From a cube
 * where one holds all that is asked, else from at most ZH_LISTING_EXAMINE_MAX records
 * (counts->at_least). */
zh_rc zh_facet_count(const zh_listing *q, const zh_piece *without, const zh_group *group,
                     zh_counts *out) ZH_MUST;
/* Writes all filters. */
zh_rc zh_facets_write(const zh_listing *q) ZH_MUST;
/* "≥ 50,000" or "4,032". */
zh_str zh_facet_number(zh_ui *ui, int64_t n, bool at_least);

#endif
