/* Counts for readers who may know how many, and not which.
 *
 * A post whose role has `aggregate` on a register, and not `read`, sees no row of it. What it may
 * ask is answered from the cells of the register's released table: the dimensions and the grain of
 * `publication.aggregate.dims`, each cell counted in full k's (publication.aggregate.k; 9 counts as
 * 5 with k = 5) and below k not at all. Totals are added up from these cells and from nothing else:
 * a difference of any two answers (a total and its parts, two filters, two regions, two moments) is
 * a multiple of k and never a small cell. What is below k is 已隐去, the same as what is empty, so
 * that even its existence is not told.
 *
 * Not answered at all: conditions, dimensions and levels other than the released ones, spans that
 * cut a released period, the past (as_of, which would tell at which entry a count moved), sums,
 * means, quantiles and other measures than counts, lists of records. ZH_EDENIED aggregate.*. */
#ifndef ZH_CORE_CUBE_SUPPRESS_H
#define ZH_CORE_CUBE_SUPPRESS_H

#include "core/cube/cube.h"

#define ZH_RELEASE_K 5 /* where the declaration says dims and no k */

typedef struct zh_release {
    int64_t k;
    zh_cell_group groups[ZH_CUBE_DIMS_MAX]; /* dims with their levels */
    size_t ngroups;
    zh_grain grain; /* or ZH_GRAIN_NONE: no periods are told apart */
} zh_release;

/* What the register releases. False: no counts are released. */
bool zh_release_of(const zh_register *reg, zh_release *out);
/* Whether the reader gets counts of the register in this way only. */
bool zh_aggregate_only(const zh_ctx *ctx, const zh_register *reg);
/* Rule of every refusal here begins with this. */
#define ZH_AGGREGATE_RULE "aggregate."
/* The answer to such a reader; what zh_cells calls. */
zh_rc zh_cells_released(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *query,
                        zh_cell_answer *out) ZH_MUST;
/* ZH_EDENIED aggregate.records for such a reader: what lists, scans and openings call first. */
zh_rc zh_aggregate_refuses(zh_ctx *ctx, const zh_register *reg) ZH_MUST;

#endif
