/* Which write of a refused batch was the one.
 *
 * SQLite refuses row by row. PostgreSQL takes rows in flushes and says of a whole flush that
 * something in it is not unique; after that its transaction answers no more questions. So the
 * committed state is asked on another connection, write by write in the order of applying. */
#include "core/read/read_private.h"
#include "core/record/write_private.h"
#include <inttypes.h>

enum { KEY_BYTES_MAX = 1 << 20 };

typedef struct finder {
    zh_arena *arena;
    zh_conn *conn;
    zh_err *err;
    zh_map records; /* office:id -> write of this batch */
    zh_map keys;    /* index and values -> write of this batch */
} finder;

typedef struct key {
    const char *name; /* of the index */
    const zh_field *const *fields;
    size_t n;
} key;

static zh_str record_mark(const finder *f, const zh_plan *plan, int64_t office, int64_t id)
{
    return zh_str_fmt(f->arena, "%s:%" PRId64 ":%" PRId64, plan->current.name, office, id);
}

/* Another write of the batch has changed the record, or another transaction. */
static zh_rc is_stale(const finder *f, zh_prepared *p, bool *out)
{
    const zh_record *r = p->record;
    *out = zh_map_get(&f->records, record_mark(f, p->plan, r->office, r->id)) != NULL;
    if (p->old == NULL || *out) {
        return ZH_OK;
    }
    zh_str sql = zh_str_fmt(f->arena, "SELECT version FROM %s WHERE office = ? AND id = ?",
                            p->plan->current.name);
    zh_sql_value binds[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id)};
    int64_t version = 0;
    zh_rc rc = zh_query_i64(f->conn, sql.p, binds, 2, &version, f->err);
    *out = rc == ZH_OK && version != p->old->version;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The condition that a row has the values of this write in the columns of a unique index. False: a
 * value is NULL, which is alike to nothing. */
static bool same_key(const finder *f, const zh_prepared *p, const key *k, zh_buf *condition,
                     zh_binds *binds)
{
    zh_vec_push(f->arena, binds, ZH_SQL_INT(p->record->office));
    for (size_t i = 0; i < k->n; i++) {
        const zh_field *field = k->fields[i];
        size_t column = p->plan->first_column[field->index];
        size_t width = field->type == ZH_TYPE_PERIOD ? 2 : 1;
        for (size_t c = column; c < column + width; c++) {
            if (p->row[c].type == ZH_SQL_NULL) {
                return false;
            }
            zh_buf_fmt(condition, " AND %s = ?", p->plan->current.columns[c]);
            zh_vec_push(f->arena, binds, p->row[c]);
        }
    }
    return true;
}

/* The key's values as one text, each preceded by its length. */
static zh_str key_mark(const finder *f, const zh_prepared *p, const key *k, const zh_binds *binds)
{
    zh_buf text;
    zh_buf_init(&text, KEY_BYTES_MAX);
    zh_buf_fmt(&text, "%s %s", p->plan->current.name, k->name);
    for (size_t i = 0; i < binds->n; i++) {
        const zh_sql_value *v = &binds->p[i];
        if (v->type == ZH_SQL_I64) {
            zh_buf_fmt(&text, " %" PRId64, v->i64);
        } else {
            zh_buf_fmt(&text, " %zu:", v->bytes.n);
            zh_buf_str(&text, v->bytes);
        }
    }
    zh_str out = zh_str_dup(f->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc is_taken(finder *f, zh_prepared *p, const key *k, bool *out)
{
    zh_buf condition;
    zh_buf_init(&condition, ZH_STORE_SQL_BYTES_MAX);
    zh_binds binds = {0};
    zh_rc rc = ZH_ENOTFOUND;
    int64_t owner = 0;
    *out = false;
    if (k->n > 0 && same_key(f, p, k, &condition, &binds)) {
        zh_str mark = key_mark(f, p, k, &binds);
        const zh_prepared *earlier = zh_map_get(&f->keys, mark);
        *out = earlier != NULL && earlier->record->id != p->record->id;
        (void)zh_map_put(&f->keys, mark, p);
        zh_str sql = zh_str_fmt(f->arena, "SELECT id FROM %s WHERE office = ?%.*s",
                                p->plan->current.name, ZH_FMT(zh_buf_view(&condition)));
        rc = zh_query_i64(f->conn, sql.p, binds.p, binds.n, &owner, f->err);
    }
    zh_buf_free(&condition);
    if (rc == ZH_OK && owner != p->record->id) { /* unless this batch took the key from its owner */
        zh_str mark = record_mark(f, p->plan, p->record->office, owner);
        *out = *out || zh_map_get(&f->records, mark) == NULL;
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc is_duplicate(finder *f, zh_prepared *p, bool *out)
{
    const zh_register *reg = p->plan->reg;
    key row = {"row", reg->row_key, reg->nrow_key};
    key business = {"key", reg->business_key, reg->nbusiness_key};
    zh_rc rc = is_taken(f, p, &row, out);
    if (rc == ZH_OK && !*out) {
        rc = is_taken(f, p, &business, out);
    }
    for (size_t i = 0; i < reg->nindexes && rc == ZH_OK && !*out; i++) {
        key k = {zh_str_c(f->arena, reg->indexes[i].id), reg->indexes[i].fields,
                 reg->indexes[i].nfields};
        rc = reg->indexes[i].unique ? is_taken(f, p, &k, out) : ZH_OK;
    }
    return rc;
}

zh_rc zh_conflict_find(zh_ctx *ctx, zh_prepared *const *writes, size_t n, size_t *at, bool *stale)
{
    zh_err ignored = {0};
    finder f = {.arena = ctx->arena, .err = &ignored};
    bool duplicate = false;
    *stale = false;
    zh_map_init(&f.records, ctx->arena);
    zh_map_init(&f.keys, ctx->arena);
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &f.conn, &ignored);
    size_t i = 0;
    for (; i < n && rc == ZH_OK; i++) {
        zh_prepared *p = writes[i];
        rc = is_stale(&f, p, stale);
        if (rc == ZH_OK && !*stale) {
            rc = is_duplicate(&f, p, &duplicate);
        }
        if (rc != ZH_OK || *stale || duplicate) {
            break;
        }
        (void)zh_map_put(&f.records, record_mark(&f, p->plan, p->record->office, p->record->id), p);
    }
    zh_store_release(f.conn);
    *at = i;
    return rc == ZH_OK && !*stale && !duplicate ? ZH_ENOTFOUND : rc;
}
