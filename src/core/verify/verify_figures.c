/* Published figures, made again: their entries against the outbox, their lists against the roots.
 */
#include "core/figure/publish.h"
#include "core/verify/verify_private.h"
#include <inttypes.h>

enum { PAGE = 500 };

static zh_rc verify_one(zh_verifying *v, const zh_published *p, bool lists)
{
    zh_str name =
        zh_str_fmt(v->ctx.arena, "已发布数字 %" PRId64 "（%.*s）", p->id, ZH_FMT(p->title));
    zh_str detail;
    zh_str frame;
    zh_err found = {0};
    zh_ctx own = v->ctx;
    zh_verify_entry(v, ZH_COUNTED, p->office, p->batch, 0, p->entry, name);
    if (v->ctx.core->gm) {
        uint8_t gm[ZH_RECORD_ENTRY_BYTES];
        zh_rc made = zh_published_entry(&v->ctx, p, ZH_HASH_SM3, gm);
        if (made != ZH_OK) {
            return made;
        }
        zh_verify_entry(v, ZH_COUNTED, p->office, p->batch, 0, gm, name);
    }
    if (!lists) {
        return ZH_OK;
    }
    own.err = &found;
    zh_rc rc = zh_published_lines(&own, v->conn, p, &detail, &frame);
    if (rc == ZH_ECORRUPT ||
        (rc == ZH_OK && !zh_published_holds(p, v->ctx.core->alg, detail, frame))) {
        zh_verify_say(v, "%.*s：逐条清单缺失或与凭证里的根不符", ZH_FMT(name));
        return ZH_OK;
    }
    if (rc != ZH_OK) {
        *v->ctx.err = found;
    }
    return rc;
}

/* The next ids, a page at a time. */
static zh_rc next_ids(zh_verifying *v, int64_t after, int64_t *ids, size_t *n)
{
    zh_sql_value binds[] = {ZH_SQL_INT(after), ZH_SQL_INT(PAGE)};
    zh_stmt *stmt = NULL;
    *n = 0;
    zh_rc rc =
        zh_query(v->conn, ZH_STR("SELECT id FROM zh_figure WHERE id > ? ORDER BY id LIMIT ?"),
                 binds, 2, &stmt, v->ctx.err);
    while (rc == ZH_OK && *n < PAGE && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        ids[(*n)++] = zh_col_i64(stmt, 0);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc verify_id(zh_verifying *v, int64_t id, bool lists)
{
    zh_arena_mark mark = zh_arena_here(v->ctx.arena);
    zh_published p;
    zh_err found = {0};
    zh_ctx own = v->ctx;
    own.err = &found;
    zh_rc rc = zh_published_get(&own, v->conn, id, &p);
    if (rc == ZH_ECORRUPT || rc == ZH_EINVAL) {
        zh_verify_say(v, "%s", found.message);
        rc = ZH_OK;
    } else if (rc == ZH_OK) {
        rc = verify_one(v, &p, lists);
    } else {
        *v->ctx.err = found;
    }
    zh_arena_rewind(v->ctx.arena, mark);
    return rc;
}

zh_rc zh_verify_figures(zh_verifying *v, bool lists)
{
    int64_t ids[PAGE];
    size_t n = PAGE;
    int64_t after = 0;
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && n == PAGE) {
        rc = next_ids(v, after, ids, &n);
        for (size_t i = 0; i < n && rc == ZH_OK; i++) {
            rc = verify_id(v, ids[i], lists);
            after = ids[i];
        }
    }
    return rc;
}
