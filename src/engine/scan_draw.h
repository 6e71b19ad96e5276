/* Counts of all cells (a location in a period) under the null hypothesis of a scan: a fixed number
 * of cases, multinomial over the cells.
 *
 * Independent Poisson counts are multinomial given their sum. Where cells hold about a case and
 * more, each count is drawn from a table with a mean slightly below its share, so that the sum
 * stays below the number of cases but for one draw in 10^9, which is drawn again; the cases left
 * over are dealt one by one. Whatever the first sum was, all cases together are multinomial. Where
 * cells hold fewer cases, the locations are drawn as a chain of binomials and their cases dealt to
 * the periods. Deterministic by the generator; any number of threads, each with its own room. */
#ifndef ZH_ENGINE_SCAN_DRAW_H
#define ZH_ENGINE_SCAN_DRAW_H

#include "base/arena.h"
#include "num/random.h"

#define ZH_SCAN_DRAW_BUFFER 256 /* random numbers drawn at once */

typedef struct zh_scan_cells {
    size_t n, periods;
    int64_t total;
    const double *weight;    /* of a location */
    const double *by_period; /* n * periods */
    uint32_t *share, *alias; /* n * periods: periods of a location, chance of staying in 2^-32 */
    uint32_t *place_share, *place_alias; /* n: locations */
    uint32_t *table;                     /* n * periods: number of the table; NULL: dealt singly */
    uint32_t *tables;                    /* 64 outcomes each: chance of staying, alias */
} zh_scan_cells;

/* What one thread draws with. */
typedef struct zh_scan_room {
    int64_t *cases, *scratch;
    int32_t *cells; /* n * periods: the counts drawn */
    uint64_t bits[ZH_SCAN_DRAW_BUFFER];
} zh_scan_room;

/* weight and by_period stay the caller's; memory from the arena. ZH_ENOMEM. */
zh_rc zh_scan_cells_new(zh_arena *arena, size_t n, size_t periods, int64_t total,
                        const double *weight, const double *by_period, zh_scan_cells *out) ZH_MUST;
zh_rc zh_scan_room_new(zh_arena *arena, const zh_scan_cells *cells, zh_scan_room *out) ZH_MUST;
/* Fills room->cells. */
void zh_scan_draw(const zh_scan_cells *cells, zh_scan_room *room, zh_random *random);

#endif
