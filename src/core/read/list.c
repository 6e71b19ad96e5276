/* Lists: keyset paging over one register, with row scope, filter and search.
 *
 * Order is the sort field (nulls last), then id. Current rows are read office by office, each in
 * the order of its index (office, field, id), and merged; once a page is full, an office is asked
 * only for what stands before the page's last row. So a page costs little more than a page for each
 * office and never a sort of the register. Where a declared index begins with a code field that the
 * filter or the row scope narrows to a few codes, and goes on in the list's order, each code of an
 * office is such a lane of its own. As of a log size the versions in force are sorted by the
 * database.
 *
 * What no index decides is looked for, when the query is brief, among the next rows of each lane
 * only: WINDOW_ROWS in all at a time, until LOOK_US have passed; then a cursor is handed out
 * to go on from, with as many rows as were found. Words that are not one pair of characters are
 * checked in the program after the gram index has narrowed the candidates, as many as half of the
 * reader's memory holds. */
#include "base/os.h"
#include "base/time.h"
#include "base/utf8.h"
#include "core/instance/schema.h"
#include "core/read/filter.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include <inttypes.h>
#include <string.h>

enum { CURSOR_BYTES_MAX = 256 << 10 };
enum { OFFICES_MAX = 4096, EXAMINE_MAX = 20000, EXAMINE_CHUNK = 500, GRAM_RARE = 5000 };
enum { LANES_MAX = 256, WINDOW_ROWS = 4000, LANE_ROWS_MIN = 20, LOOK_US = 150000 };

/* The place of a row in the list's order. */
typedef struct cursor {
    bool set;
    bool null; /* among the rows that have no sort value */
    bool text; /* sort value is text */
    zh_str value;
    int64_t number;
    int64_t id;
} cursor;

/* Rows that one walk along an index gives in the list's order. */
typedef struct lane {
    int64_t office; /* 0: of all */
    zh_str code;    /* of the driving field */
    bool open;      /* the reader sees every row of the office */
    bool handed;    /* only rows that the reader's offices handle for it */
} lane;

typedef struct lister {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_list_query *q;
    const zh_field *sort;
    const char *suffix; /* of the sort column */
    bool text;
    bool descending;
    zh_str words[ZH_SEARCH_WORDS_MAX];
    size_t nwords;
    ZH_VEC(zh_str) pairs; /* of characters, of all words */
    bool check_words;     /* pairs alone do not decide */
    bool own;             /* only what the reader wrote, which has an index */
    bool history;
    uint64_t shape; /* what a cursor must belong to */
    lane *lanes;
    size_t nlanes;
    const zh_field *drive; /* each lane has one code of this field */
    bool spanned;          /* the condition holds for no other sort value than from first to last */
    int64_t first, last;
    const char *index; /* declared, that lanes walk along; NULL: as the database chooses */
    size_t window;     /* rows of a lane that are looked at for what its index does not decide */
    size_t want;       /* rows of the page, and one to know whether more follow */
    size_t chunk;      /* rows read at a time */
} lister;

/* ---- cursor ---------------------------------------------------------------------------------- */

static cursor place_of(const lister *l, const zh_record *r)
{
    cursor c = {.set = true, .null = true, .text = l->text, .id = r->id};
    if (l->sort != NULL) {
        zh_sql_value columns[3];
        (void)zh_value_columns(l->sort, &r->values[l->sort->index], columns);
        c.null = columns[0].type == ZH_SQL_NULL;
        c.value = columns[0].type == ZH_SQL_TEXT ? columns[0].bytes : ZH_STR_NONE;
        c.number = columns[0].i64;
    }
    return c;
}

/* <0: a stands before b in the list's order. */
static int order(const lister *l, const cursor *a, const cursor *b)
{
    int direction = l->descending ? -1 : 1;
    int d = 0;
    if (a->null != b->null) {
        return a->null ? 1 : -1;
    }
    if (!a->null) {
        d = l->text ? zh_str_cmp(a->value, b->value)
                    : (a->number > b->number) - (a->number < b->number);
    }
    return (d != 0 ? d : (a->id > b->id) - (a->id < b->id)) * direction;
}

static void cursor_write(const lister *l, const cursor *c, zh_buf *out)
{
    zh_buf bytes;
    zh_buf_init(&bytes, CURSOR_BYTES_MAX);
    zh_buf_u64be(&bytes, l->shape);
    zh_buf_u64be(&bytes, (uint64_t)c->id);
    if (l->sort != NULL) {
        zh_buf_c(&bytes, c->null ? 'n' : 'v');
        if (!c->null && l->text) {
            zh_buf_str(&bytes, c->value);
        } else if (!c->null) {
            zh_buf_u64be(&bytes, (uint64_t)c->number);
        }
    }
    char hex[3];
    zh_buf_clear(out);
    for (size_t i = 0; i < bytes.n; i++) {
        zh_hex(&bytes.p[i], 1, hex);
        zh_buf_add(out, hex, 2);
    }
    zh_buf_free(&bytes);
}

static uint64_t be64(const unsigned char *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static zh_rc cursor_read(const lister *l, zh_str text, cursor *out)
{
    *out = (cursor){.text = l->text};
    if (text.n == 0) {
        return ZH_OK;
    }
    size_t n = text.n / 2;
    unsigned char *p = n ? zh_arena_try(l->ctx->arena, n) : NULL;
    bool good =
        p != NULL && n >= 16 + (l->sort != NULL) && zh_unhex(text, p, n) && be64(p) == l->shape;
    if (good) {
        out->set = true;
        out->id = (int64_t)be64(p + 8);
        out->null = l->sort == NULL || p[16] == 'n';
        if (!out->null) {
            out->value = (zh_str){(const char *)p + 17, n - 17};
            good = l->text || n == 25;
            out->number = good && !l->text ? (int64_t)be64(p + 17) : 0;
        }
    }
    if (!good) {
        zh_err_set(l->ctx->err, ZH_EINVAL, "query.cursor", "翻页标记不属于这个查询");
        zh_err_fix(l->ctx->err, "请从第一页重新开始");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

/* ---- search ---------------------------------------------------------------------------------- */

/* Whatever holds a word holds the pairs of characters inside it. */
static void pair_add(void *user, zh_str gram)
{
    lister *l = user;
    for (size_t i = 0; i < l->pairs.n; i++) {
        if (zh_str_eq(l->pairs.p[i], gram)) {
            return;
        }
    }
    zh_vec_push(l->ctx->arena, &l->pairs, gram);
}

static zh_rc words_split(lister *l)
{
    zh_rc rc = zh_search_words(l->ctx, l->q->search, l->words, &l->nwords);
    for (size_t i = 0; i < l->nwords && rc == ZH_OK; i++) {
        size_t before = l->pairs.n;
        zh_utf8_grams(l->words[i], pair_add, l);
        bool is_pair = l->pairs.n == before + 1 && zh_str_eq(l->pairs.p[before], l->words[i]);
        l->check_words = l->check_words || !is_pair;
    }
    return rc;
}

/* Restricts to rows that hold all pairs of all words. Rare pairs drive (*rare), frequent ones are
 * probed. */
static zh_rc search_add(lister *l, zh_buf *sql, zh_binds *binds, int64_t office, bool *rare)
{
    const zh_register *reg = l->q->reg;
    zh_buf probe;
    zh_buf_init(&probe, 1024);
    zh_buf_fmt(
        &probe,
        "SELECT COUNT(*) FROM (SELECT 1 FROM %.*s_g WHERE office = ? AND gram = ? LIMIT %d) x",
        ZH_FMT(reg->table), GRAM_RARE + 1);
    zh_buf_c(&probe, '\0');
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < l->pairs.n && rc == ZH_OK; i++) {
        zh_sql_value keys[] = {ZH_SQL_INT(office), ZH_SQL_STR(l->pairs.p[i])};
        int64_t count = 0;
        rc = zh_query_i64(l->conn, probe.p, keys, 2, &count, l->ctx->err);
        if (count <= GRAM_RARE) {
            *rare = true;
            zh_buf_fmt(sql,
                       " AND a.id IN (SELECT g.id FROM %.*s_g g WHERE g.office = ? AND g.gram = ?)",
                       ZH_FMT(reg->table));
        } else {
            zh_buf_fmt(sql,
                       " AND EXISTS (SELECT 1 FROM %.*s_g g WHERE g.office = ? AND g.gram = ? AND "
                       "g.id = a.id)",
                       ZH_FMT(reg->table));
        }
        zh_vec_push(l->ctx->arena, binds, keys[0]);
        zh_vec_push(l->ctx->arena, binds, keys[1]);
    }
    zh_buf_free(&probe);
    return rc;
}

/* ---- one run --------------------------------------------------------------------------------- */

/* One end of the sort values. The first comparison is what an index range starts from. */
static void end_add(const lister *l, zh_buf *sql, zh_binds *binds, const char *sign,
                    zh_sql_value value)
{
    zh_buf_fmt(sql, " AND a.%.*s%s %s= ?", ZH_FMT(l->sort->column), l->suffix, sign);
    zh_vec_push(l->ctx->arena, binds, value);
}

static void keyset_add(const lister *l, zh_buf *sql, zh_binds *binds, const cursor *c, bool nulls)
{
    zh_arena *arena = l->ctx->arena;
    const char *beyond = l->descending ? "<" : ">";
    int64_t begin = l->descending ? l->last : l->first;
    bool inside = l->spanned && c->set && (c->number < begin) == l->descending;
    if (l->spanned && !inside) {
        end_add(l, sql, binds, beyond, ZH_SQL_INT(begin));
    }
    if (l->sort != NULL) {
        zh_buf_fmt(sql, " AND a.%.*s%s IS %sNULL", ZH_FMT(l->sort->column), l->suffix,
                   nulls ? "" : "NOT ");
    }
    if (!c->set || c->null != nulls) {
        return;
    }
    if (nulls) {
        zh_buf_fmt(sql, " AND a.id %s ?", beyond);
        zh_vec_push(arena, binds, ZH_SQL_INT(c->id));
        return;
    }
    zh_sql_value v = l->text ? ZH_SQL_STR(c->value) : ZH_SQL_INT(c->number);
    end_add(l, sql, binds, beyond, v);
    zh_buf_fmt(sql, " AND (a.%.*s%s %s ? OR a.id %s ?)", ZH_FMT(l->sort->column), l->suffix, beyond,
               beyond);
    zh_vec_push(arena, binds, v);
    zh_vec_push(arena, binds, ZH_SQL_INT(c->id));
}

/* Only what stands before the place in the list's order, or at it. */
static void before_add(const lister *l, zh_buf *sql, zh_binds *binds, const cursor *end, bool at)
{
    zh_arena *arena = l->ctx->arena;
    const char *before = l->descending ? ">" : "<";
    const char *sign = at ? "=" : "";
    if (end->null) {
        zh_buf_fmt(sql, " AND a.id %s%s ?", before, sign);
    } else {
        zh_sql_value value = l->text ? ZH_SQL_STR(end->value) : ZH_SQL_INT(end->number);
        end_add(l, sql, binds, before, value);
        zh_buf_fmt(sql, " AND (a.%.*s%s %s ? OR a.id %s%s ?)", ZH_FMT(l->sort->column), l->suffix,
                   before, before, sign);
        zh_vec_push(arena, binds, value);
    }
    zh_vec_push(arena, binds, ZH_SQL_INT(end->id));
}

/* " FROM … WHERE …": the lane's rows beyond the cursor, with or without a sort value. Where they
 * end in the list's order is added after it, before any other condition. */
static void lane_add(lister *l, zh_buf *sql, zh_binds *binds, const cursor *c, const lane *on,
                     bool nulls)
{
    zh_arena *arena = l->ctx->arena;
    zh_buf_z(sql, " FROM ");
    zh_from(arena, sql, binds, l->q->reg, l->q->as_of, "a");
    if (l->index != NULL && !on->handed && zh_conn_dialect(l->conn) == ZH_SQLITE) {
        zh_buf_fmt(sql, " INDEXED BY %s", l->index);
    }
    zh_buf_z(sql, on->office ? " WHERE a.office = ?" : " WHERE 1 = 1");
    if (on->office) {
        zh_vec_push(arena, binds, ZH_SQL_INT(on->office));
    }
    if (l->drive != NULL) {
        /* the filter's own range over the code must not look cheaper than this value */
        bool sqlite = zh_conn_dialect(l->conn) == ZH_SQLITE;
        zh_buf_fmt(sql, sqlite ? " AND likelihood(a.%.*s = ?, 0.000001)" : " AND a.%.*s = ?",
                   ZH_FMT(l->drive->column));
        zh_vec_push(arena, binds, ZH_SQL_STR(on->code));
    }
    if (on->handed) {
        zh_buf_fmt(sql, " AND a.id IN (SELECT y.id FROM %.*s y WHERE y.office = ? AND ",
                   ZH_FMT(l->q->reg->table));
        zh_vec_push(arena, binds, ZH_SQL_INT(on->office));
        zh_scope_handed_add(l->ctx, sql, binds, "y");
        zh_buf_c(sql, ')');
    }
    keyset_add(l, sql, binds, c, nulls);
}

static void span_end_add(const lister *l, zh_buf *sql, zh_binds *binds)
{
    if (l->spanned) {
        end_add(l, sql, binds, l->descending ? ">" : "<",
                ZH_SQL_INT(l->descending ? l->first : l->last));
    }
}

static void order_add(const lister *l, zh_buf *sql, bool nulls)
{
    const char *direction = l->descending ? " DESC" : "";
    zh_buf_z(sql, " ORDER BY ");
    if (l->sort != NULL && !nulls) {
        zh_buf_fmt(sql, "a.%.*s%s%s, ", ZH_FMT(l->sort->column), l->suffix, direction);
    }
    zh_buf_fmt(sql, "a.id%s LIMIT ?", direction);
}

/* Where the lane's window ends: the place of its last row, when rows follow it. */
static void select_window(lister *l, const cursor *c, const lane *on, bool nulls, zh_buf *sql,
                          zh_binds *binds)
{
    zh_buf_z(sql, "SELECT a.id");
    if (l->sort != NULL && !nulls) {
        zh_buf_fmt(sql, ", a.%.*s%s", ZH_FMT(l->sort->column), l->suffix);
    }
    lane_add(l, sql, binds, c, on, nulls);
    span_end_add(l, sql, binds);
    order_add(l, sql, nulls);
    zh_buf_z(sql, " OFFSET ?");
    zh_vec_push(l->ctx->arena, binds, ZH_SQL_INT(2));
    zh_vec_push(l->ctx->arena, binds, ZH_SQL_INT((int64_t)l->window - 1));
}

static zh_rc window_end(lister *l, const cursor *c, const lane *on, bool nulls, cursor *end)
{
    zh_arena *arena = l->ctx->arena;
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_binds binds = {0};
    zh_stmt *stmt = NULL;
    select_window(l, c, on, nulls, &sql, &binds);
    *end = (cursor){.null = true, .text = l->text};
    zh_rc rc = zh_query(l->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, l->ctx->err);
    if (rc == ZH_OK && (rc = zh_step(stmt, l->ctx->err)) == ZH_OK) {
        end->id = zh_col_i64(stmt, 0);
        if (l->sort != NULL && !nulls) {
            end->null = false;
            end->value = l->text ? zh_str_dup(arena, zh_col_str(stmt, 1)) : ZH_STR_NONE;
            end->number = l->text ? 0 : zh_col_i64(stmt, 1);
        }
        rc = zh_step(stmt, l->ctx->err);
        end->set = rc == ZH_OK;
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* What a lane is asked: rows beyond `from`, before `before` (set: the page is full up to there). */
typedef struct asking {
    const cursor *from;
    const lane *on;
    bool nulls;
    cursor before;
    cursor end; /* of the window, when it is set */
} asking;

/* Whose the rows are and what they must hold: what an index walk does not decide. *rare: so few can
 * match that no window is needed. */
static zh_rc wanted_add(lister *l, const asking *ask, zh_buf *sql, zh_binds *binds, bool *rare)
{
    const zh_register *reg = l->q->reg;
    zh_dialect dialect = zh_conn_dialect(l->conn);
    zh_rc rc = ZH_OK;
    if (!ask->on->open) {
        rc = zh_scope_add(l->ctx, dialect, sql, binds, reg, "a", l->history);
    }
    if (rc == ZH_OK) {
        rc = zh_where_add(l->ctx, dialect, sql, binds, reg, l->q->where, "a", l->history);
    }
    if (rc == ZH_OK && l->nwords && !l->history) {
        rc = search_add(l, sql, binds, ask->on->office, rare);
    }
    return rc;
}

/* The SELECT of a lane, with or without a sort value. */
static zh_rc select_rows(lister *l, asking *ask, zh_buf *sql, zh_binds *binds)
{
    zh_arena *arena = l->ctx->arena;
    bool filtered = l->q->where != NULL || !ask->on->open || l->nwords > 0;
    bool rare = ask->on->handed || l->own;
    zh_buf wanted;
    zh_binds values = {0};
    zh_buf_init(&wanted, ZH_STORE_SQL_BYTES_MAX);
    zh_rc rc = wanted_add(l, ask, &wanted, &values, &rare);
    if (rc == ZH_OK && l->q->brief && filtered && !rare && !l->history) {
        rc = window_end(l, ask->from, ask->on, ask->nulls, &ask->end);
    }
    zh_buf_z(sql, "SELECT ");
    zh_row_columns(sql, l->q->reg, "a");
    lane_add(l, sql, binds, ask->from, ask->on, ask->nulls);
    bool window = ask->end.set && (!ask->before.set || order(l, &ask->end, &ask->before) < 0);
    if (window || ask->before.set) {
        before_add(l, sql, binds, window ? &ask->end : &ask->before, window);
    } else {
        span_end_add(l, sql, binds);
    }
    zh_buf_str(sql, zh_buf_view(&wanted));
    for (size_t i = 0; i < values.n; i++) {
        zh_vec_push(arena, binds, values.p[i]);
    }
    order_add(l, sql, ask->nulls);
    zh_vec_push(arena, binds, ZH_SQL_INT((int64_t)l->chunk));
    zh_buf_free(&wanted);
    return rc;
}

/* Reads them in order, at most a chunk. */
static zh_rc run(lister *l, asking *ask, zh_record **into, size_t *n)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_binds binds = {0};
    zh_rc rc = select_rows(l, ask, &sql, &binds);
    zh_stmt *stmt = NULL;
    *n = 0;
    if (rc == ZH_OK) {
        rc = zh_query(l->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, l->ctx->err);
    }
    while (rc == ZH_OK && *n < l->chunk && (rc = zh_step(stmt, l->ctx->err)) == ZH_OK) {
        rc = zh_row_decode(l->ctx, l->q->reg, stmt, 0, &into[*n]);
        *n += rc == ZH_OK;
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Merges sorted `more` into sorted `page`, keeping the first of a chunk. */
static void merge(const lister *l, zh_record **page, size_t *n, zh_record *const *more,
                  size_t nmore, zh_record **scratch)
{
    size_t i = 0;
    size_t j = 0;
    size_t k = 0;
    while (k < l->chunk && (i < *n || j < nmore)) {
        cursor x = i < *n ? place_of(l, page[i]) : (cursor){0};
        cursor y = j < nmore ? place_of(l, more[j]) : (cursor){0};
        bool left = j >= nmore || (i < *n && order(l, &x, &y) < 0);
        scratch[k++] = left ? page[i++] : more[j++];
    }
    memcpy(page, scratch, k * sizeof *page);
    *n = k;
}

/* The offices that have rows in the register, found by skipping along the primary key. */
zh_rc zh_register_offices(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t **out,
                          size_t *n)
{
    ZH_VEC(int64_t) offices = {0};
    int64_t last = 0;
    zh_str sql =
        zh_str_fmt(ctx->arena, "SELECT office FROM %.*s WHERE office > ? ORDER BY office LIMIT 1",
                   ZH_FMT(reg->table));
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && offices.n <= OFFICES_MAX) {
        zh_sql_value bind = ZH_SQL_INT(last);
        rc = zh_query_i64(conn, sql.p, &bind, 1, &last, ctx->err);
        if (rc == ZH_OK) {
            zh_vec_push(ctx->arena, &offices, last);
        }
    }
    *out = offices.p;
    *n = offices.n;
    if (rc == ZH_OK) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "query.offices", "登记册分布的机构超过 %d 个",
                          OFFICES_MAX);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* What stands before every row that has not been looked at. */
static void cut(const lister *l, zh_record *const *page, size_t *n, const cursor *frontier)
{
    while (*n > 0 && frontier->set) {
        cursor last = place_of(l, page[*n - 1]);
        if (order(l, &last, frontier) <= 0) {
            return;
        }
        --*n;
    }
}

/* The next chunk of rows after the cursor, before words are checked. *resume is set when rows may
 * follow: where they do. */
static zh_rc fetch(lister *l, const cursor *c, zh_record **page, size_t *n, cursor *resume)
{
    zh_record **more = ZH_NEW_N(l->ctx->arena, zh_record *, l->chunk);
    zh_record **scratch = ZH_NEW_N(l->ctx->arena, zh_record *, l->chunk);
    cursor frontier = {0};
    *n = 0;
    size_t parts = l->spanned ? 1 : 2; /* without a sort value no row is in the span */
    for (size_t part = l->sort == NULL || (c->set && c->null);
         part < parts && *n < l->chunk && !frontier.set; part++) {
        for (size_t i = 0; i < l->nlanes; i++) {
            asking ask = {.from = c, .on = &l->lanes[i], .nulls = part == 1};
            size_t got = 0;
            if (*n == l->chunk) {
                ask.before = place_of(l, page[*n - 1]);
            }
            zh_rc rc = run(l, &ask, more, &got);
            if (rc != ZH_OK) {
                return rc;
            }
            if (ask.end.set && (!frontier.set || order(l, &ask.end, &frontier) < 0)) {
                frontier = ask.end;
            }
            merge(l, page, n, more, got, scratch);
        }
    }
    *resume = frontier;
    if (*n == l->chunk) {
        cursor last = place_of(l, page[*n - 1]);
        *resume = frontier.set && order(l, &frontier, &last) < 0 ? frontier : last;
    }
    cut(l, page, n, &frontier);
    return ZH_OK;
}

/* ---- lanes ----------------------------------------------------------------------------------- */

static bool goes_on_in_order(const zh_index *index, const zh_field *sort)
{
    return sort == NULL
               ? index->nfields == 1
               : index->nfields == 2 && index->fields[1] == sort && sort->type != ZH_TYPE_PERIOD;
}

/* The declared index in the order of a field alone. */
static const zh_index *sorting_index(const zh_register *reg, const zh_field *sort)
{
    for (size_t i = 0; i < reg->nindexes; i++) {
        const zh_index *index = &reg->indexes[i];
        if (index->nfields == 1 && index->fields[0] == sort && sort->type != ZH_TYPE_PERIOD) {
            return index;
        }
    }
    return NULL;
}

bool zh_list_indexed(const zh_register *reg, const zh_field *sort)
{
    return sort == NULL || sort == reg->default_sort || sort == reg->event_time ||
           sorting_index(reg, sort) != NULL;
}

static const char *index_name(zh_arena *arena, const zh_register *reg, const zh_index *index)
{
    zh_index_plans plans;
    zh_index_plan_make(arena, reg, &plans);
    return plans.p[index - reg->indexes].name; /* in the order of the declarations */
}

const zh_index *zh_driving_index(zh_ctx *ctx, const zh_register *reg, const zh_program *where,
                                 bool ordered, const zh_field *sort, zh_str *codes, size_t max,
                                 size_t *n, const char **name)
{
    const zh_index *best = NULL;
    zh_env env = {.arena = ctx->arena};
    zh_str *list = ZH_NEW_N(ctx->arena, zh_str, max + 1);
    for (size_t i = 0; i < reg->nindexes; i++) {
        const zh_index *index = &reg->indexes[i];
        const zh_field *field = index->fields[0];
        bool usable = field->table == NULL && (!ordered || goes_on_in_order(index, sort));
        for (int scope = 0; scope < 2 && usable; scope++) {
            size_t found = 0;
            bool said = scope ? zh_scope_codes(ctx, reg, field, list, max, &found)
                              : where != NULL &&
                                    zh_filter_codes(&env, where->root, field, list, max, &found);
            if (said && (best == NULL || found < *n)) {
                memcpy(codes, list, found * sizeof *list);
                *n = found;
                best = index;
            }
        }
    }
    *name = best != NULL ? index_name(ctx->arena, reg, best) : NULL;
    return best;
}

/* Each office, or each code of it that its index leads to. */
static void make_lanes(lister *l, const int64_t *offices, size_t noffices)
{
    zh_arena *arena = l->ctx->arena;
    const zh_register *reg = l->q->reg;
    l->own = zh_scope_is_own(l->ctx) && !l->history && zh_has_own_index(reg);
    zh_str *codes = ZH_NEW_N(arena, zh_str, LANES_MAX);
    size_t ncodes = 1;
    const zh_index *index = NULL;
    bool by_office = zh_scope_by_office(l->ctx, reg);
    if (noffices > 0 && noffices <= LANES_MAX && l->nwords == 0 && !l->own) {
        index = zh_driving_index(l->ctx, reg, l->q->where, true, l->sort, codes,
                                 LANES_MAX / noffices, &ncodes, &l->index);
    }
    l->drive = index != NULL ? index->fields[0] : NULL;
    ncodes = index != NULL ? ncodes : 1;
    bool kept = l->sort == NULL || l->sort == reg->default_sort || l->sort == reg->event_time;
    index =
        index == NULL && !kept && l->nwords == 0 && !l->own ? sorting_index(reg, l->sort) : NULL;
    if (index != NULL) {
        l->index = index_name(arena, reg, index);
    }
    l->lanes = ZH_NEW_N(arena, lane, noffices * ncodes + 1);
    for (size_t i = 0; i < noffices; i++) {
        bool open = by_office && zh_scope_has_office(l->ctx, offices[i]);
        for (size_t k = 0; k < ncodes; k++) {
            l->lanes[l->nlanes++] = (lane){.office = offices[i],
                                           .code = l->drive != NULL ? codes[k] : ZH_STR_NONE,
                                           .open = open,
                                           .handed = zh_scope_by_offices(l->ctx) &&
                                                     !zh_scope_has_office(l->ctx, offices[i])};
        }
    }
    l->window = WINDOW_ROWS / (l->nlanes > 0 ? l->nlanes : 1);
    l->window = l->window < LANE_ROWS_MIN ? LANE_ROWS_MIN : l->window;
}

/* Of the offices that have rows those with some for the reader: the reader's own, and others of
 * which they handle something. */
static zh_rc keep_seen(lister *l, int64_t *offices, size_t *n)
{
    zh_ctx *ctx = l->ctx;
    zh_buf sql;
    zh_binds binds = {0};
    zh_stmt *stmt = NULL;
    ZH_VEC(int64_t) handed = {0};
    size_t kept = 0;
    if (!zh_scope_by_offices(ctx)) {
        return ZH_OK;
    }
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_fmt(&sql, "SELECT DISTINCT a.office FROM %.*s a WHERE ", ZH_FMT(l->q->reg->table));
    zh_scope_handed_add(ctx, &sql, &binds, "a");
    zh_rc rc = zh_query(l->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_vec_push(ctx->arena, &handed, zh_col_i64(stmt, 0));
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    for (size_t i = 0; i < *n; i++) {
        bool seen = zh_scope_has_office(ctx, offices[i]);
        for (size_t k = 0; k < handed.n && !seen; k++) {
            seen = handed.p[k] == offices[i];
        }
        if (seen) {
            offices[kept++] = offices[i];
        }
    }
    *n = kept;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc setup(lister *l)
{
    const zh_list_query *q = l->q;
    l->sort = q->sort ? q->sort : q->reg->default_sort;
    l->descending = q->sort ? q->descending : q->reg->default_sort_descending;
    if (l->sort != NULL) {
        if (l->sort->table != NULL || l->sort->type == ZH_TYPE_TABLE) {
            return zh_err_set(l->ctx->err, ZH_EINVAL, "query.sort", "不能按子表“%.*s”排序",
                              ZH_FMT(l->sort->id));
        }
        const char *suffixes[3];
        (void)zh_field_columns(l->sort, suffixes);
        l->suffix = suffixes[0];
        zh_sql_value columns[3] = {0};
        zh_value sample = {.kind = ZH_TEXT};
        (void)zh_value_columns(l->sort, &sample, columns);
        l->text = columns[0].type == ZH_SQL_TEXT && l->sort->type != ZH_TYPE_DECIMAL &&
                  l->sort->type != ZH_TYPE_QUANTITY;
    }
    if (q->limit < 1 || q->limit > ZH_LIMIT_MAX) {
        return zh_err_set(l->ctx->err, ZH_ELIMIT, "query.limit", "每页条数须在 1 到 %zu 之间",
                          ZH_LIMIT_MAX);
    }
    zh_str shape =
        zh_str_fmt(l->ctx->arena, "%.*s|%.*s|%d|%" PRId64 "|%.*s|%.*s", ZH_FMT(q->reg->id),
                   ZH_FMT(l->sort ? l->sort->id : ZH_STR("")), l->descending, q->as_of,
                   ZH_FMT(q->where ? q->where->source : ZH_STR("")), ZH_FMT(q->search));
    l->shape = zh_str_hash(shape);
    zh_env env = {.arena = l->ctx->arena};
    l->spanned = l->sort != NULL && q->where != NULL &&
                 zh_filter_span(&env, q->where->root, l->sort, &l->first, &l->last);
    l->history = q->as_of != ZH_AS_OF_NOW;
    l->want = q->limit + 1;
    zh_rc rc = words_split(l);
    if (rc == ZH_OK) {
        rc = zh_mask_allows(l->ctx, q->where);
    }
    if (rc == ZH_OK) {
        rc = zh_mask_allows_field(l->ctx, l->sort);
    }
    /* Pairs are of whole texts; what a reader may see of them is decided on the masked record. */
    l->check_words = l->check_words || (l->nwords > 0 && (l->history || l->ctx->post != NULL));
    l->chunk = l->check_words && l->want < EXAMINE_CHUNK ? EXAMINE_CHUNK : l->want;
    if (l->history) { /* one lane, of everything that was in force */
        l->lanes = ZH_NEW(l->ctx->arena, lane);
        l->nlanes = 1;
        return rc;
    }
    int64_t *offices = NULL;
    size_t noffices = 0;
    if (rc == ZH_OK) {
        rc = zh_register_offices(l->ctx, l->conn, q->reg, &offices, &noffices);
    }
    if (rc == ZH_OK) {
        rc = keep_seen(l, offices, &noffices);
    }
    if (rc == ZH_OK) {
        make_lanes(l, offices, noffices);
    }
    return rc;
}

typedef struct gathering {
    zh_record **kept;
    size_t n, checked; /* rows kept; rows whose words were checked */
    bool more;         /* rows may follow what was looked at, */
    zh_buf resume;     /* from this cursor */
} gathering;

/* Reads a chunk and keeps what has all words; what it did not keep is forgotten. */
static zh_rc gather(lister *l, zh_str after, gathering *g)
{
    zh_ctx *ctx = l->ctx;
    size_t before = g->n;
    size_t got = 0;
    cursor c;
    cursor resume = {0};
    zh_rc rc = cursor_read(l, after, &c);
    zh_arena_mark mark = zh_arena_here(ctx->arena);
    zh_record **chunk = ZH_NEW_N(ctx->arena, zh_record *, l->chunk);
    if (rc == ZH_OK) {
        rc = fetch(l, &c, chunk, &got, &resume);
    }
    if (rc == ZH_OK && (l->check_words || l->q->with_tables)) {
        rc = zh_rows_load_all(ctx, l->conn, chunk, got, l->history);
    }
    for (size_t i = 0; i < got && rc == ZH_OK && g->n < l->want; i++) {
        g->checked += l->check_words;
        zh_mask_record(ctx, chunk[i]);
        if (!l->check_words || zh_record_has_words(ctx->arena, chunk[i], l->words, l->nwords)) {
            g->kept[g->n++] = chunk[i];
        }
    }
    g->more = resume.set;
    if (rc == ZH_OK && g->n == l->want) {
        resume = place_of(l, g->kept[l->want - 2]);
    }
    if (rc == ZH_OK && resume.set) {
        cursor_write(l, &resume, &g->resume);
    }
    if (g->n == before) {
        zh_arena_rewind(ctx->arena, mark);
    }
    return rc;
}

zh_rc zh_list(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_page *out)
{
    lister l = {.ctx = ctx, .conn = conn, .q = query};
    gathering g = {.more = true};
    zh_rc rc = setup(&l);
    if (rc != ZH_OK) {
        return rc;
    }
    g.kept = ZH_NEW_N(ctx->arena, zh_record *, l.want);
    zh_buf_init(&g.resume, 2 * CURSOR_BYTES_MAX);
    zh_str after = query->after;
    uint64_t begun = zh_monotonic_us();
    bool room = true;
    while (rc == ZH_OK && g.more && room && g.n < l.want && g.checked < EXAMINE_MAX) {
        rc = gather(&l, after, &g);
        after = zh_buf_view(&g.resume);
        room = zh_arena_used(ctx->arena) < zh_arena_left(ctx->arena) &&
               (!query->brief || zh_monotonic_us() - begun < LOOK_US);
    }
    if (rc == ZH_OK) {
        bool full = g.n == l.want;
        *out = (zh_page){.records = g.kept, .n = full ? query->limit : g.n};
        out->next = full || g.more ? zh_str_dup(ctx->arena, zh_buf_view(&g.resume)) : ZH_STR("");
    }
    zh_buf_free(&g.resume);
    return rc;
}

zh_rc zh_list_plan(zh_ctx *ctx, zh_conn *conn, const zh_list_query *query, zh_str *out)
{
    lister l = {.ctx = ctx, .conn = conn, .q = query};
    zh_buf sql;
    zh_binds binds = {0};
    zh_binds window = {0};
    zh_str ahead = ZH_STR("");
    cursor c;
    zh_rc rc = setup(&l);
    if (rc == ZH_OK) {
        rc = cursor_read(&l, query->after, &c);
    }
    *out = ZH_STR("");
    if (rc != ZH_OK || l.nlanes == 0) {
        return rc;
    }
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    asking ask = {.from = &c, .on = &l.lanes[0], .nulls = l.sort == NULL || (c.set && c.null)};
    rc = select_rows(&l, &ask, &sql, &binds);
    if (rc == ZH_OK) {
        rc = zh_explain(conn, ctx->arena, zh_buf_view(&sql), binds.p, binds.n, out, ctx->err);
    }
    zh_buf_clear(&sql);
    if (rc == ZH_OK && ask.end.set) {
        select_window(&l, &c, ask.on, ask.nulls, &sql, &window);
        rc = zh_explain(conn, ctx->arena, zh_buf_view(&sql), window.p, window.n, &ahead, ctx->err);
        *out = zh_str_fmt(ctx->arena, "%.*s%.*s", ZH_FMT(*out), ZH_FMT(ahead));
    }
    zh_buf_free(&sql);
    return rc;
}
