/* Multinomial counts of cells for the Monte Carlo test of a scan. */
#include "engine/scan_draw.h"
#include <math.h>
#include <string.h>

#define EVENTS_MAX   64   /* cases per period of a location above which counts are drawn singly */
#define OUTCOMES     64   /* of a table; a mean of MEAN_MAX exceeds them once in 10^12 */
#define OUTCOME_BITS 6    /* of a table's number of outcomes */
#define MEAN_MAX     20.0 /* cases of a cell that has a table */
#define MEAN_LEAST   0.5  /* cases per cell from which tables are faster than dealing */
#define CASES_LEAST  2500 /* below, too many would be left over */
#define TABLES_MAX   65536
#define SPARED       6.0 /* standard deviations by which the first sum falls short */

/* A. J. Walker, ACM TOMS 3 (1977) 253-256; M. D. Vose, IEEE Transactions on Software Engineering
 * 17 (1991) 972-975. */
static void make_alias(const double *weight, size_t n, uint32_t *share, uint32_t *alias,
                       double *scaled, uint32_t *stack)
{
    double sum = 0.0;
    size_t small = 0;
    size_t large = n;
    for (size_t i = 0; i < n; i++) {
        sum += weight[i];
    }
    for (size_t i = 0; i < n; i++) {
        scaled[i] = sum > 0.0 ? weight[i] * (double)n / sum : 1.0;
        if (scaled[i] < 1.0) {
            stack[small++] = (uint32_t)i;
        } else {
            stack[--large] = (uint32_t)i;
        }
        share[i] = UINT32_MAX;
        alias[i] = (uint32_t)i;
    }
    while (small > 0 && large < n) {
        uint32_t less = stack[--small];
        uint32_t more = stack[large];
        share[less] = (uint32_t)fmin(scaled[less] * 0x1p32, 4294967295.0);
        alias[less] = more;
        scaled[more] -= 1.0 - scaled[less];
        if (scaled[more] < 1.0) {
            large++;
            stack[small++] = more;
        }
    }
}

/* The table of a Poisson count: an outcome's chance of staying in units of 2^-26, then the alias.
 */
static void make_table(double mean, uint32_t table[static OUTCOMES])
{
    double weight[OUTCOMES];
    double scaled[OUTCOMES];
    uint32_t share[OUTCOMES];
    uint32_t alias[OUTCOMES];
    uint32_t stack[OUTCOMES];
    weight[0] = exp(-mean);
    for (size_t k = 1; k < OUTCOMES; k++) {
        weight[k] = weight[k - 1] * mean / (double)k;
    }
    make_alias(weight, OUTCOMES, share, alias, scaled, stack);
    for (size_t k = 0; k < OUTCOMES; k++) {
        table[k] = (share[k] & ~(uint32_t)(OUTCOMES - 1)) | alias[k];
    }
}

/* Whether tables pay, and the share of the cases that they draw. */
static bool tables_pay(const zh_scan_cells *c, double *share)
{
    double all = 0.0;
    double most = 0.0;
    for (size_t i = 0; i < c->n * c->periods; i++) {
        all += c->by_period[i];
        most = fmax(most, c->by_period[i]);
    }
    double total = (double)c->total;
    *share = (total - SPARED * sqrt(total)) / all;
    return c->total >= CASES_LEAST && total >= MEAN_LEAST * (double)(c->n * c->periods) &&
           most * *share <= MEAN_MAX;
}

/* Tables of the cells; a cell has that of the one before it, or of the location before it, where
 * the means are the same. Leaves table NULL when there would be too many. */
static zh_rc make_tables(zh_arena *arena, zh_scan_cells *c, double share)
{
    size_t cells = c->n * c->periods;
    uint32_t *table = ZH_TRY_N(arena, uint32_t, cells);
    double *mean = ZH_TRY_N(arena, double, TABLES_MAX);
    size_t n = 0;
    if (table == NULL || mean == NULL) {
        return ZH_ENOMEM;
    }
    for (size_t i = 0; i < cells; i++) {
        double m = c->by_period[i] * share;
        bool again = i > 0 && memcmp(&mean[table[i - 1]], &m, sizeof m) == 0;
        bool above = i >= c->periods && memcmp(&mean[table[i - c->periods]], &m, sizeof m) == 0;
        if (!again && !above && n == TABLES_MAX) {
            return ZH_OK;
        }
        table[i] = again ? table[i - 1] : above ? table[i - c->periods] : (uint32_t)n;
        if (!again && !above) {
            mean[n++] = m;
        }
    }
    c->tables = ZH_TRY_N(arena, uint32_t, n * OUTCOMES);
    if (c->tables == NULL) {
        return ZH_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        make_table(mean[i], c->tables + i * OUTCOMES);
    }
    c->table = table;
    return ZH_OK;
}

zh_rc zh_scan_cells_new(zh_arena *arena, size_t n, size_t periods, int64_t total,
                        const double *weight, const double *by_period, zh_scan_cells *out)
{
    size_t longer = n > periods ? n : periods;
    double *scaled = ZH_TRY_N(arena, double, longer);
    uint32_t *stack = ZH_TRY_N(arena, uint32_t, longer);
    double share;
    *out = (zh_scan_cells){.n = n,
                           .periods = periods,
                           .total = total,
                           .weight = weight,
                           .by_period = by_period,
                           .share = ZH_TRY_N(arena, uint32_t, n * periods),
                           .alias = ZH_TRY_N(arena, uint32_t, n * periods),
                           .place_share = ZH_TRY_N(arena, uint32_t, n),
                           .place_alias = ZH_TRY_N(arena, uint32_t, n)};
    if (scaled == NULL || stack == NULL || out->share == NULL || out->alias == NULL ||
        out->place_share == NULL || out->place_alias == NULL) {
        return ZH_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        make_alias(by_period + i * periods, periods, out->share + i * periods,
                   out->alias + i * periods, scaled, stack);
    }
    make_alias(weight, n, out->place_share, out->place_alias, scaled, stack);
    return tables_pay(out, &share) ? make_tables(arena, out, share) : ZH_OK;
}

zh_rc zh_scan_room_new(zh_arena *arena, const zh_scan_cells *cells, zh_scan_room *out)
{
    out->cases = ZH_TRY_N(arena, int64_t, cells->n);
    out->scratch = ZH_TRY_N(arena, int64_t, cells->periods);
    out->cells = ZH_TRY_N(arena, int32_t, cells->n * cells->periods);
    return out->cases != NULL && out->scratch != NULL && out->cells != NULL ? ZH_OK : ZH_ENOMEM;
}

static size_t outcome(uint32_t bits, size_t n, const uint32_t *share, const uint32_t *alias)
{
    uint64_t product = (uint64_t)bits * n;
    size_t k = (size_t)(product >> 32);
    return (uint32_t)product < share[k] ? k : alias[k];
}

/* Cases dealt one by one to the periods of location i, two from 64 random bits. */
static void deal_periods(const zh_scan_cells *c, zh_scan_room *room, zh_random *random, size_t i,
                         size_t cases)
{
    size_t n = c->periods;
    const uint32_t *share = c->share + i * n;
    const uint32_t *alias = c->alias + i * n;
    int32_t *row = room->cells + i * n;
    uint64_t *bits = room->bits;
    for (size_t left = (cases + 1) / 2; left > 0;) {
        size_t now = left < ZH_SCAN_DRAW_BUFFER ? left : ZH_SCAN_DRAW_BUFFER;
        left -= now;
        zh_random_fill(random, bits, now);
        bool odd = left == 0 && cases % 2 != 0;
        for (size_t k = 0; k < now; k++) {
            row[outcome((uint32_t)bits[k], n, share, alias)]++;
            row[outcome((uint32_t)(bits[k] >> 32), n, share, alias)] += odd && k + 1 == now ? 0 : 1;
        }
    }
}

/* Location by location. */
static void draw_locations(const zh_scan_cells *c, zh_scan_room *room, zh_random *random)
{
    zh_random_multinomial(random, c->total, c->weight, c->n, room->cases);
    memset(room->cells, 0, c->n * c->periods * sizeof(*room->cells));
    for (size_t i = 0; i < c->n; i++) {
        int32_t *row = room->cells + i * c->periods;
        int64_t cases = room->cases[i];
        if (c->periods == 1) {
            row[0] = (int32_t)cases;
        } else if (cases > (int64_t)(EVENTS_MAX * c->periods)) {
            zh_random_multinomial(random, cases, c->by_period + i * c->periods, c->periods,
                                  room->scratch);
            for (size_t d = 0; d < c->periods; d++) {
                row[d] = (int32_t)room->scratch[d];
            }
        } else {
            deal_periods(c, room, random, i, (size_t)cases);
        }
    }
}

static uint32_t look_up(const uint32_t *tables, uint32_t table, uint32_t bits)
{
    uint32_t k = bits >> (32 - OUTCOME_BITS);
    uint32_t entry = tables[(size_t)table * OUTCOMES + k];
    uint32_t alias = entry & (OUTCOMES - 1);
    return bits << OUTCOME_BITS < entry - alias ? k : alias;
}

/* Every cell from its table; returns the sum. */
static int64_t draw_tables(const zh_scan_cells *c, zh_scan_room *room, zh_random *random)
{
    size_t cells = c->n * c->periods;
    int32_t *out = room->cells;
    int64_t sum = 0;
    for (size_t i = 0; i < cells;) {
        size_t now = cells - i < 2 * ZH_SCAN_DRAW_BUFFER ? cells - i : 2 * ZH_SCAN_DRAW_BUFFER;
        zh_random_fill(random, room->bits, (now + 1) / 2);
        uint32_t part = 0;
        size_t k = 0;
        for (; k + 1 < now; k += 2) {
            uint64_t bits = room->bits[k / 2];
            uint32_t first = look_up(c->tables, c->table[i + k], (uint32_t)bits);
            uint32_t second = look_up(c->tables, c->table[i + k + 1], (uint32_t)(bits >> 32));
            out[i + k] = (int32_t)first;
            out[i + k + 1] = (int32_t)second;
            part += first + second;
        }
        if (k < now) {
            uint32_t last = look_up(c->tables, c->table[i + k], (uint32_t)room->bits[k / 2]);
            out[i + k] = (int32_t)last;
            part += last;
        }
        sum += part;
        i += now;
    }
    return sum;
}

/* The cases that are left: a location, then one of its periods. */
static void deal(const zh_scan_cells *c, zh_scan_room *room, zh_random *random, int64_t left)
{
    while (left > 0) {
        size_t now = left < ZH_SCAN_DRAW_BUFFER ? (size_t)left : ZH_SCAN_DRAW_BUFFER;
        zh_random_fill(random, room->bits, now);
        for (size_t k = 0; k < now; k++) {
            size_t i = outcome((uint32_t)room->bits[k], c->n, c->place_share, c->place_alias);
            size_t d = outcome((uint32_t)(room->bits[k] >> 32), c->periods,
                               c->share + i * c->periods, c->alias + i * c->periods);
            room->cells[i * c->periods + d]++;
        }
        left -= (int64_t)now;
    }
}

void zh_scan_draw(const zh_scan_cells *cells, zh_scan_room *room, zh_random *random)
{
    if (cells->table == NULL) {
        draw_locations(cells, room, random);
        return;
    }
    int64_t left;
    do {
        left = cells->total - draw_tables(cells, room, random);
    } while (left < 0);
    deal(cells, room, random, left);
}
