/* Counts and facets: zero, one or two groupings over the same predicate as a list.
 *
 * The database groups by stored value; code levels and time grains are folded in the program, so
 * both databases agree and hierarchies stay data. Expressions SQL cannot say are counted by a scan.
 */
#include "base/time.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 2, FOLD_MAX = 1000000, CODES_MAX = 256, KEY_MAX = 512 };
/* Records looked up through an index: each may be a page of the disk of its own. */
enum { DRIVEN_MAX = 20000, DRIVEN_FILTERED_MAX = 5000 };
enum { COUNT_US = 150000, CLOCK_ROWS = 64 }; /* of one pass over a large register */

typedef struct tally {
    zh_str keys[GROUPS_MAX];
    int64_t n;
} tally;

typedef struct counter {
    zh_ctx *ctx;
    const zh_list_query *q;
    const zh_group *groups;
    size_t ngroups;
    zh_map by_key;
    ZH_VEC(tally *) tallies;
    int64_t total;
    bool at_least;
    const zh_field *drive; /* only rows with one of these codes can match; NULL: nothing says so */
    const char *index;     /* that begins with it */
    zh_str *codes;
    size_t ncodes;
    size_t max; /* records looked at; 0 all */
} counter;

zh_grain zh_grain_named(zh_str name)
{
    static const struct {
        const char *name;
        zh_grain grain;
    } grains[] = {{"day", ZH_GRAIN_DAY},
                  {"month", ZH_GRAIN_MONTH},
                  {"quarter", ZH_GRAIN_QUARTER},
                  {"half", ZH_GRAIN_HALF},
                  {"year", ZH_GRAIN_YEAR}};
    for (size_t i = 0; i < ZH_COUNTOF(grains); i++) {
        if (zh_str_is(name, grains[i].name)) {
            return grains[i].grain;
        }
    }
    return ZH_GRAIN_NONE;
}

zh_str zh_grain_text(zh_arena *arena, zh_date date, zh_grain grain)
{
    char text[16];
    zh_str day = {text, zh_date_format(date, text)};
    int month = (text[5] - '0') * 10 + text[6] - '0';
    switch (grain) {
    case ZH_GRAIN_NONE:
    case ZH_GRAIN_DAY: break;
    case ZH_GRAIN_MONTH: day.n = 7; break;
    case ZH_GRAIN_QUARTER:
        text[4] = 'Q';
        text[5] = (char)('1' + (month - 1) / 3);
        day.n = 6;
        break;
    case ZH_GRAIN_HALF:
        text[4] = 'H';
        text[5] = month > 6 ? '2' : '1';
        day.n = 6;
        break;
    case ZH_GRAIN_YEAR: day.n = 4; break;
    }
    return zh_str_dup(arena, day);
}

/* The group key of a stored value. */
static zh_str key_of(zh_arena *arena, const zh_group *group, zh_sql_value v)
{
    if (v.type == ZH_SQL_NULL) {
        return ZH_STR_NONE;
    }
    if (group->is_state) {
        return zh_str_dup(arena, v.bytes);
    }
    const zh_field *field = group->field;
    switch (field->type) {
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_PERIOD:
        /* the SQL key is already a day number */
        return zh_grain_text(arena, (zh_date)v.i64, group->grain);
    case ZH_TYPE_BOOL: return v.i64 ? ZH_STR("true") : ZH_STR("false");
    case ZH_TYPE_REF: return zh_str_fmt(arena, "%" PRId64, v.i64);
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY: return zh_decimal_str(arena, (zh_decimal){v.i64, field->digits});
    case ZH_TYPE_CODE:
        if (group->level) {
            const zh_code *code = zh_code_find(field->codes, v.bytes, INT32_MIN);
            code = code ? zh_code_at_level(code, group->level) : NULL;
            return code ? code->code : ZH_STR_NONE;
        }
        return zh_str_dup(arena, v.bytes);
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE:
    case ZH_TYPE_TABLE: break;
    }
    return zh_str_dup(arena, v.bytes);
}

/* Both keys as one, apart from what has no value; in `bytes` when it fits. */
static zh_str joined_key(const counter *c, const zh_str keys[GROUPS_MAX], char bytes[KEY_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < c->ngroups; i++) {
        if (n + keys[i].n + 2 > KEY_MAX) {
            return zh_str_fmt(c->ctx->arena, "%c%.*s%c%c%.*s", keys[0].p ? 'v' : 'n',
                              ZH_FMT(keys[0]), 31, keys[1].p ? 'v' : 'n', ZH_FMT(keys[1]));
        }
        if (i > 0) {
            bytes[n++] = 31;
        }
        bytes[n++] = keys[i].p != NULL ? 'v' : 'n';
        memcpy(bytes + n, keys[i].n > 0 ? keys[i].p : "", keys[i].n);
        n += keys[i].n;
    }
    return (zh_str){bytes, n};
}

/* keys: borrowed */
static zh_rc add(counter *c, const zh_str keys[GROUPS_MAX], int64_t n)
{
    zh_arena *arena = c->ctx->arena;
    c->total += n;
    if (c->ngroups == 0) {
        return ZH_OK;
    }
    if (c->tallies.n == FOLD_MAX || zh_arena_left(arena) < (size_t)1 << 20) {
        return zh_err_set(c->ctx->err, ZH_ELIMIT, "count.groups", "分组超过 %d 个，请加筛选条件",
                          FOLD_MAX);
    }
    char bytes[KEY_MAX];
    zh_str joined = joined_key(c, keys, bytes);
    tally *t = zh_map_get(&c->by_key, joined);
    if (t == NULL) {
        t = ZH_NEW(arena, tally);
        for (size_t i = 0; i < c->ngroups; i++) {
            t->keys[i] = keys[i].p != NULL ? zh_str_dup(arena, keys[i]) : ZH_STR_NONE;
        }
        zh_map_put(&c->by_key, zh_str_dup(arena, joined), t);
        zh_vec_push(arena, &c->tallies, t);
    }
    t->n += n;
    return ZH_OK;
}

/* The SQL of a group key: the stored column; instants become day numbers at +08:00. The shift keeps
 * the dividend positive, where integer division means the same on both databases. */
static void group_sql(zh_buf *sql, const zh_group *group)
{
    if (group->is_state) {
        zh_buf_z(sql, "a.state");
        return;
    }
    zh_str column = group->field->column;
    if (group->field->type == ZH_TYPE_DATETIME) {
        zh_buf_fmt(sql, "(a.%.*s + 62135625600000000) / 86400000000 - 719162", ZH_FMT(column));
        return;
    }
    const char *suffixes[3];
    (void)zh_field_columns(group->field, suffixes);
    zh_buf_fmt(sql, "a.%.*s%s", ZH_FMT(column), suffixes[0]);
}

/* " INDEXED BY …" where the database would not choose so, and " WHERE" the codes. */
static void drive_add(counter *c, zh_conn *conn, zh_buf *sql, zh_binds *binds, const char *alias)
{
    if (c->drive != NULL && zh_conn_dialect(conn) == ZH_SQLITE) {
        zh_buf_fmt(sql, " INDEXED BY %s", c->index);
    }
    if (c->drive == NULL) {
        zh_buf_z(sql, " WHERE 1 = 1");
        if (c->q->as_of == ZH_AS_OF_NOW) { /* others' rows are not looked at */
            zh_scope_offices_add(c->ctx, sql, binds, alias);
        }
        return;
    }
    zh_buf_fmt(sql, " WHERE %s.%.*s IN (", alias, ZH_FMT(c->drive->column));
    for (size_t i = 0; i < c->ncodes; i++) {
        zh_buf_z(sql, i > 0 ? ",?" : "?");
        zh_vec_push(c->ctx->arena, binds, ZH_SQL_STR(c->codes[i]));
    }
    zh_buf_z(sql, c->ncodes > 0 ? ")" : "NULL)");
}

/* The rows that can match, or the first of them when they are more than may be looked at. */
static void from_bounded(counter *c, zh_conn *conn, zh_buf *sql, zh_binds *binds)
{
    bool bounded = c->at_least;
    const char *alias = bounded ? "z" : "a";
    zh_buf_z(sql, bounded ? " FROM (SELECT z.* FROM " : " FROM ");
    zh_from(c->ctx->arena, sql, binds, c->q->reg, c->q->as_of, alias);
    drive_add(c, conn, sql, binds, alias);
    if (bounded) {
        zh_buf_z(sql, " LIMIT ?) a WHERE 1 = 1");
        zh_vec_push(c->ctx->arena, binds, ZH_SQL_INT((int64_t)c->max));
    }
}

/* Whether more rows can match than may be examined. */
static zh_rc is_larger(counter *c, zh_conn *conn, bool *out)
{
    zh_arena *arena = c->ctx->arena;
    zh_buf sql;
    zh_buf_init(&sql, 64 << 10);
    zh_binds binds = {0};
    zh_buf_z(&sql, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
    zh_from(arena, &sql, &binds, c->q->reg, c->q->as_of, "z");
    drive_add(c, conn, &sql, &binds, "z");
    zh_buf_z(&sql, " LIMIT ?) a");
    zh_buf_c(&sql, '\0');
    zh_vec_push(arena, &binds, ZH_SQL_INT((int64_t)c->max + 1));
    int64_t n = 0;
    zh_rc rc = zh_query_i64(conn, sql.p, binds.p, binds.n, &n, c->ctx->err);
    zh_buf_free(&sql);
    *out = n > (int64_t)c->max;
    return rc;
}

static void find_drive(counter *c)
{
    c->max = c->q->examine_max;
    if (c->q->as_of != ZH_AS_OF_NOW || c->q->examine_max == 0) {
        return;
    }
    c->codes = ZH_NEW_N(c->ctx->arena, zh_str, CODES_MAX);
    const zh_index *index = zh_driving_index(c->ctx, c->q->reg, c->q->where, false, NULL, c->codes,
                                             CODES_MAX, &c->ncodes, &c->index);
    c->drive = index != NULL ? index->fields[0] : NULL;
    size_t most = c->q->where != NULL ? DRIVEN_FILTERED_MAX : DRIVEN_MAX;
    c->max = index != NULL && c->max > most ? most : c->max;
}

static zh_str stored_key(counter *c, zh_arena *arena, size_t group, const zh_stmt *stmt,
                         size_t column)
{
    zh_sql_value v = {.type = zh_col_type(stmt, column)};
    if (v.type == ZH_SQL_I64) {
        v.i64 = zh_col_i64(stmt, column);
    } else {
        v.bytes = zh_col_str(stmt, column);
    }
    return key_of(arena, &c->groups[group], v);
}

static zh_rc conditions(counter *c, zh_conn *conn, zh_buf *sql, zh_binds *binds)
{
    zh_dialect dialect = zh_conn_dialect(conn);
    bool history = c->q->as_of != ZH_AS_OF_NOW;
    from_bounded(c, conn, sql, binds);
    zh_rc rc = zh_scope_add(c->ctx, dialect, sql, binds, c->q->reg, "a", history);
    return rc == ZH_OK
               ? zh_where_add(c->ctx, dialect, sql, binds, c->q->reg, c->q->where, "a", history)
               : rc;
}

static zh_rc count_sql(counter *c, zh_conn *conn)
{
    zh_ctx *ctx = c->ctx;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    zh_buf_z(&sql, "SELECT COUNT(*)");
    for (size_t i = 0; i < c->ngroups; i++) {
        zh_buf_z(&sql, ", ");
        group_sql(&sql, &c->groups[i]);
    }
    zh_rc rc = conditions(c, conn, &sql, &binds);
    for (size_t i = 0; i < c->ngroups; i++) {
        zh_buf_fmt(&sql, "%s %zu", i ? "," : " GROUP BY", i + 2);
    }
    zh_stmt *stmt = NULL;
    if (rc == ZH_OK) {
        rc = zh_query(conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, ctx->err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_str keys[GROUPS_MAX] = {ZH_STR_NONE, ZH_STR_NONE};
        for (size_t i = 0; i < c->ngroups; i++) {
            keys[i] = stored_key(c, ctx->arena, i, stmt, i + 1);
        }
        rc = add(c, keys, zh_col_i64(stmt, 0));
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Takes the rows of a pass, until there are no more or time is up. */
static zh_rc take_rows(counter *all, size_t n, zh_stmt *stmt, zh_arena *scratch)
{
    zh_rc rc = ZH_OK;
    uint64_t begun = zh_monotonic_us();
    for (size_t row = 1; rc == ZH_OK && (rc = zh_step(stmt, all[0].ctx->err)) == ZH_OK; row++) {
        zh_arena_reset(scratch);
        for (size_t i = 0; i < n && rc == ZH_OK; i++) {
            zh_str keys[GROUPS_MAX] = {ZH_STR_NONE, ZH_STR_NONE};
            if (all[i].ngroups > 0) {
                keys[0] = stored_key(&all[i], scratch, 0, stmt, i);
            }
            rc = add(&all[i], keys, 1);
        }
        if (all[0].max > 0 && row % CLOCK_ROWS == 0 && zh_monotonic_us() - begun > COUNT_US) {
            all[0].at_least = true;
            return rc;
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Several groupings in one pass over the rows; `all` holds a counter of at most one group each. */
static zh_rc count_pass(counter *all, size_t n, zh_conn *conn)
{
    zh_arena *scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(&sql, i > 0 ? ", " : "SELECT ");
        if (all[i].ngroups > 0) {
            group_sql(&sql, &all[i].groups[0]);
        } else {
            zh_buf_c(&sql, '1');
        }
    }
    zh_rc rc = conditions(&all[0], conn, &sql, &binds);
    zh_stmt *stmt = NULL;
    if (rc == ZH_OK) {
        rc = zh_query(conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, all[0].ctx->err);
    }
    rc = rc == ZH_OK ? take_rows(all, n, stmt, scratch) : rc;
    zh_finish(stmt);
    zh_buf_free(&sql);
    zh_arena_free(scratch);
    return rc;
}

static zh_rc count_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    counter *c = user;
    zh_str keys[GROUPS_MAX] = {ZH_STR_NONE, ZH_STR_NONE};
    for (size_t i = 0; i < c->ngroups; i++) {
        const zh_group *g = &c->groups[i];
        zh_sql_value v[3] = {ZH_SQL_STR(record->reg->states[record->state].id)};
        if (!g->is_state) {
            const zh_value *value = &record->values[g->field->index];
            (void)zh_value_columns(g->field, value, v);
            if (g->field->type == ZH_TYPE_DATETIME && v[0].type == ZH_SQL_I64) {
                v[0].i64 = zh_time_date(v[0].i64);
            }
        }
        keys[i] = key_of(c->ctx->arena, g, v[0]);
    }
    (void)ctx;
    return add(c, keys, 1);
}

/* By scan: the counter's own arena holds the tallies, because the scan rewinds the reader's. */
static zh_rc count_scan(counter *c, zh_conn *conn)
{
    zh_arena *scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx scanning = *c->ctx;
    scanning.arena = scratch;
    zh_rc rc = zh_scan(&scanning, conn, c->q, count_record, c);
    zh_arena_free(scratch);
    return rc;
}

/* The first matches of a search. */
static zh_rc count_list(counter *c, zh_conn *conn)
{
    zh_list_query q = *c->q;
    zh_page page = {0};
    q.limit = c->q->examine_max < ZH_LIMIT_MAX ? c->q->examine_max : ZH_LIMIT_MAX;
    q.after = ZH_STR("");
    zh_rc rc = zh_list(c->ctx, conn, &q, &page);
    for (size_t i = 0; i < page.n && rc == ZH_OK; i++) {
        rc = count_record(c, c->ctx, page.records[i]);
    }
    c->at_least = page.next.n > 0;
    return rc;
}

static int most_first(const void *a, const void *b)
{
    const zh_count_row *x = a;
    const zh_count_row *y = b;
    if (x->n != y->n) {
        return x->n < y->n ? 1 : -1;
    }
    for (size_t i = 0; i < GROUPS_MAX; i++) {
        if ((x->keys[i].p == NULL) != (y->keys[i].p == NULL)) {
            return x->keys[i].p == NULL ? 1 : -1;
        }
        int d = zh_str_cmp(x->keys[i], y->keys[i]);
        if (d) {
            return d;
        }
    }
    return 0;
}

static zh_str label_of(const counter *c, size_t group, zh_str key)
{
    const zh_group *g = &c->groups[group];
    if (key.p == NULL) {
        return ZH_STR("（无值）");
    }
    if (g->is_state) {
        int state = zh_register_state(c->q->reg, key);
        return state >= 0 ? c->q->reg->states[state].label.zh : key;
    }
    if (g->field->type == ZH_TYPE_CODE) {
        const zh_code *code = zh_code_find(g->field->codes, key, INT32_MIN);
        return code ? code->label.zh : key;
    }
    if (g->field->type == ZH_TYPE_BOOL) {
        return zh_str_is(key, "true") ? ZH_STR("是") : ZH_STR("否");
    }
    return key;
}

static zh_rc check_groups(zh_ctx *ctx, const zh_group *groups, size_t n)
{
    if (n > GROUPS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "count.by", "一次最多按 %d 项分组", GROUPS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        zh_rc rc = zh_mask_allows_field(ctx, groups[i].field);
        if (rc != ZH_OK) {
            return rc;
        }
        if (!groups[i].is_state &&
            (groups[i].field->table != NULL || groups[i].field->type == ZH_TYPE_TABLE)) {
            return zh_err_set(ctx->err, ZH_EINVAL, "count.by", "不能按子表“%.*s”分组",
                              ZH_FMT(groups[i].field->id));
        }
    }
    return ZH_OK;
}

static zh_rc bound(counter *c, zh_conn *conn)
{
    find_drive(c);
    return c->q->examine_max > 0 ? is_larger(c, conn, &c->at_least) : ZH_OK;
}

static void settle(const counter *c, zh_counts *out)
{
    zh_count_row *rows = ZH_NEW_N(c->ctx->arena, zh_count_row, c->tallies.n + 1);
    for (size_t i = 0; i < c->tallies.n; i++) {
        const tally *t = c->tallies.p[i];
        rows[i] = (zh_count_row){.n = t->n};
        for (size_t g = 0; g < c->ngroups; g++) {
            rows[i].keys[g] = t->keys[g];
            rows[i].labels[g] = label_of(c, g, t->keys[g]);
        }
    }
    zh_sort(rows, c->tallies.n, sizeof *rows, most_first);
    *out = (zh_counts){.rows = rows, .total = c->total, .distinct = (int64_t)c->tallies.n};
    out->n = c->tallies.n > ZH_FACET_MAX ? ZH_FACET_MAX : c->tallies.n;
    out->complete = out->n == c->tallies.n;
    out->at_least = c->at_least;
    for (size_t i = out->n; i < c->tallies.n; i++) {
        out->other += rows[i].n;
    }
}

zh_rc zh_count(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, const zh_group *groups,
               size_t ngroups, zh_counts *out)
{
    counter c = {.ctx = ctx, .q = query, .groups = groups, .ngroups = ngroups};
    zh_map_init(&c.by_key, ctx->arena);
    zh_rc rc = check_groups(ctx, groups, ngroups);
    if (rc == ZH_OK) {
        rc = zh_mask_allows(ctx, query->where);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (query->search.n) {
        rc = query->examine_max > 0 ? count_list(&c, conn) : count_scan(&c, conn);
    } else {
        rc = bound(&c, conn);
        if (rc != ZH_OK) {
            return rc;
        }
        zh_err before = *ctx->err;
        rc = c.max > 0 && ngroups <= 1 ? count_pass(&c, 1, conn) : count_sql(&c, conn);
        if (rc == ZH_EINVAL && strcmp(ctx->err->rule, "query.unsupported") == 0) {
            *ctx->err = before;
            rc = count_scan(&c, conn);
        }
    }
    if (rc == ZH_OK) {
        settle(&c, out);
    }
    return rc;
}

zh_rc zh_count_each(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, const zh_group *groups,
                    size_t n, zh_counts *out)
{
    counter *all = ZH_NEW_N(ctx->arena, counter, n + 1);
    zh_rc rc = zh_mask_allows(ctx, query->where);
    zh_assert(query->search.n == 0);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        all[i] = (counter){.ctx = ctx, .q = query, .groups = &groups[i], .ngroups = 1};
        zh_map_init(&all[i].by_key, ctx->arena);
        rc = check_groups(ctx, &groups[i], 1);
    }
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    rc = bound(&all[0], conn);
    if (rc == ZH_OK) {
        rc = count_pass(all, n, conn);
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        all[i].at_least = all[0].at_least;
        settle(&all[i], &out[i]);
    }
    return rc;
}
