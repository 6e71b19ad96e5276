/* Publishing figures, and finding those that are published. */
#include "core/figure/publish.h"
#include "base/json.h"
#include "base/time.h"
#include "core/figure/publish_private.h"
#include "core/instance/core_private.h"
#include "core/ledger/figure_entry.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/record/record.h"
#include <inttypes.h>
#include <string.h>

enum { BLOB_BYTES = 4 << 20, SEAL_MS = 30000 };

/* ---- fields ---------------------------------------------------------------------------------- */

typedef struct fields {
    zh_arena *arena;
    zh_record_field list[ZH_FIGURE_FIELDS_MAX];
    size_t n;
} fields;

static void add(fields *f, const char *name, char type, zh_str value)
{
    zh_assert(f->n < ZH_FIGURE_FIELDS_MAX);
    bool null = type == ZH_FIELD_NULL || value.p == NULL;
    f->list[f->n++] = (zh_record_field){.name = zh_str_of(name),
                                        .value = null ? ZH_STR("") : value,
                                        .type = null ? ZH_FIELD_NULL : type};
}

static void add_u64(fields *f, const char *name, uint64_t v)
{
    char *bytes = ZH_NEW_N(f->arena, char, 8);
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (char)(v >> (56 - 8 * i));
    }
    add(f, name, ZH_FIELD_U64, (zh_str){bytes, 8});
}

static void add_digest(fields *f, const char *name, const zh_digest *digest)
{
    add(f, name, ZH_FIELD_BYTES,
        zh_str_dup(f->arena, (zh_str){(const char *)digest->b, sizeof digest->b}));
}

/* ---- a figure as it is stored ---------------------------------------------------------------- */

static zh_str text_of(const zh_published *p, const char *name)
{
    for (size_t i = 0; i < p->nfields; i++) {
        if (zh_str_is(p->fields[i].name, name) && p->fields[i].type != ZH_FIELD_NULL) {
            return p->fields[i].value;
        }
    }
    return ZH_STR("");
}

static uint64_t u64_of(const zh_published *p, const char *name)
{
    zh_str bytes = text_of(p, name);
    uint64_t v = 0;
    for (size_t i = 0; bytes.n == 8 && i < bytes.n; i++) {
        v = v << 8 | (uint8_t)bytes.p[i];
    }
    return v;
}

static void digest_of(const zh_published *p, const char *name, zh_digest *out)
{
    zh_str v = text_of(p, name);
    memset(out, 0, sizeof *out);
    memcpy(out->b, v.p != NULL ? v.p : "", v.n == sizeof out->b ? v.n : 0);
}

static void spread(zh_published *p)
{
    p->indicator = text_of(p, "indicator");
    p->title = text_of(p, "title");
    p->publication = text_of(p, "publication");
    p->region = text_of(p, "region");
    p->period = text_of(p, "period");
    p->unit = text_of(p, "unit");
    p->actor = text_of(p, "actor");
    p->value = text_of(p, "value");
    p->num = text_of(p, "numerator");
    p->den = text_of(p, "denominator");
    p->fold = text_of(p, "fold");
    p->formula = text_of(p, "formula");
    p->formula_text = text_of(p, "formula_text");
    p->reg = text_of(p, "register");
    p->filter = text_of(p, "filter");
    p->size = (int64_t)u64_of(p, "checkpoint_size");
    p->details = u64_of(p, "detail_count");
    p->frames = u64_of(p, "frame_count");
    digest_of(p, "detail_root", &p->detail_root);
    digest_of(p, "frame_root", &p->frame_root);
}

zh_rc zh_published_entry(zh_ctx *ctx, const zh_published *p, zh_hash_alg alg,
                         uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    zh_figure_evidence e = {p->id, p->at, p->salt, p->fields, p->nfields};
    return zh_figure_entry(ctx->arena, &e, alg, out, ctx->err);
}

static zh_rc make_entry(zh_ctx *ctx, zh_published *p)
{
    return zh_published_entry(ctx, p, ctx->core->alg, p->entry);
}

static const char SELECT[] =
    "SELECT f.office, f.id, f.batch, f.at, f.salt, f.record, o.pos FROM zh_figure f LEFT JOIN "
    "zh_outbox o ON o.office = f.office AND o.batch = f.batch ";

static zh_rc read_row(zh_ctx *ctx, const zh_stmt *s, zh_published *out)
{
    zh_str salt = zh_col_str(s, 4);
    *out = (zh_published){.office = zh_col_i64(s, 0),
                          .id = zh_col_i64(s, 1),
                          .batch = zh_col_i64(s, 2),
                          .at = zh_col_i64(s, 3),
                          .position = zh_col_null(s, 6) ? -1 : zh_col_i64(s, 6)};
    if (salt.n != sizeof out->salt.b ||
        !zh_figure_fields_read(ctx->arena, zh_col_str(s, 5), &out->fields, &out->nfields)) {
        return zh_err_set(ctx->err, ZH_ECORRUPT, "figure.stored", "已发布数字 %" PRId64 " 存坏了",
                          out->id);
    }
    memcpy(out->salt.b, salt.p, salt.n);
    spread(out);
    return make_entry(ctx, out);
}

zh_rc zh_published_get(zh_ctx *ctx, zh_conn *conn, int64_t id, zh_published *out)
{
    zh_sql_value key = ZH_SQL_INT(id);
    zh_stmt *stmt = NULL;
    zh_str sql = zh_str_fmt(ctx->arena, "%sWHERE f.id = ?", SELECT);
    zh_rc rc = zh_query(conn, sql, &key, 1, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = read_row(ctx, stmt, out);
    }
    zh_finish(stmt);
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(ctx->err, rc, "figure.unknown", "没有已发布数字 %" PRId64, id);
        zh_err_fix(ctx->err, "已发布的见 /figures 或 zhiheng figure list");
    }
    return rc;
}

zh_rc zh_published_list(zh_ctx *ctx, zh_conn *conn, zh_str publication, size_t limit,
                        zh_published **out, size_t *n)
{
    zh_sql_value binds[] = {ZH_SQL_STR(publication), ZH_SQL_INT((int64_t)limit)};
    bool some = publication.n > 0;
    zh_stmt *stmt = NULL;
    zh_str sql = zh_str_fmt(ctx->arena, "%s%sORDER BY f.at DESC, f.id DESC LIMIT ?", SELECT,
                            some ? "WHERE f.publication = ? " : "");
    zh_assert(limit <= ZH_FIGURE_LIST_MAX);
    *out = ZH_NEW_N(ctx->arena, zh_published, limit + 1);
    *n = 0;
    zh_rc rc = zh_query(conn, sql, some ? binds : binds + 1, some ? 2 : 1, &stmt, ctx->err);
    while (rc == ZH_OK && *n < limit && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        rc = read_row(ctx, stmt, &(*out)[*n]);
        *n += rc == ZH_OK;
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc read_lines(zh_ctx *ctx, zh_conn *conn, const zh_digest *root, zh_str *out)
{
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_digest_hex(root, hex);
    zh_sql_value key = ZH_SQL_STR(zh_str_of(hex));
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT lines FROM zh_figure_list WHERE office = 0 AND digest "
                               "= ?"),
                        &key, 1, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK && !zh_str_try_dup(ctx->arena, zh_col_str(stmt, 0), out)) {
        rc = zh_err_set(ctx->err, ZH_ENOMEM, "figure.memory", "逐条清单放不进内存");
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? zh_err_set(ctx->err, ZH_ECORRUPT, "figure.lines",
                                           "已发布数字的逐条清单 %s 不见了", hex)
                              : rc;
}

zh_rc zh_published_lines(zh_ctx *ctx, zh_conn *conn, const zh_published *p, zh_str *detail,
                         zh_str *frame)
{
    zh_rc rc = read_lines(ctx, conn, &p->detail_root, detail);
    return rc == ZH_OK ? read_lines(ctx, conn, &p->frame_root, frame) : rc;
}

/* ---- publishing ------------------------------------------------------------------------------ */

typedef struct publishing {
    zh_ctx *ctx;
    zh_published *p;
    const zh_figure_lists *lists;
    zh_str ask;
    uint8_t gm[ZH_RECORD_ENTRY_BYTES];
} publishing;

static zh_rc put_lines(zh_conn *conn, const zh_digest *root, zh_str lines, zh_err *err)
{
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_digest_hex(root, hex);
    zh_sql_value row[] = {ZH_SQL_INT(0), ZH_SQL_STR(zh_str_of(hex)), ZH_SQL_BYTES(lines)};
    return zh_run(conn,
                  "INSERT INTO zh_figure_list (office, digest, lines) VALUES (?, ?, ?) ON CONFLICT "
                  "(office, digest) DO NOTHING",
                  row, 3, NULL, err);
}

static zh_rc put_figure(const publishing *w, zh_conn *conn, zh_err *err)
{
    zh_published *p = w->p;
    char detail[2 * ZH_DIGEST_BYTES + 1];
    char frame[2 * ZH_DIGEST_BYTES + 1];
    zh_buf blob;
    zh_buf_init(&blob, BLOB_BYTES);
    zh_figure_fields_write(p->fields, p->nfields, &blob);
    zh_digest_hex(&p->detail_root, detail);
    zh_digest_hex(&p->frame_root, frame);
    zh_sql_value row[] = {ZH_SQL_INT(p->office),
                          ZH_SQL_INT(p->id),
                          ZH_SQL_INT(p->batch),
                          ZH_SQL_INT(p->size),
                          ZH_SQL_INT(p->at),
                          ZH_SQL_STR(p->indicator),
                          ZH_SQL_STR(p->publication),
                          ZH_SQL_STR(w->ask),
                          ZH_SQL_STR(zh_str_of(detail)),
                          ZH_SQL_STR(zh_str_of(frame)),
                          ZH_SQL_BYTES(((zh_str){(const char *)p->salt.b, sizeof p->salt.b})),
                          ZH_SQL_BYTES(zh_buf_view(&blob))};
    zh_rc rc = blob.failed ? zh_err_set(err, ZH_ENOMEM, "figure.memory", "数字的字段放不进内存")
                           : zh_run(conn,
                                    "INSERT INTO zh_figure (office, id, batch, size, at, "
                                    "indicator, publication, ask, detail, frame, salt, record) "
                                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                    row, ZH_COUNTOF(row), NULL, err);
    zh_buf_free(&blob);
    return rc;
}

static zh_rc store(void *user, zh_conn *conn, zh_err *err)
{
    const publishing *w = user;
    const zh_published *p = w->p;
    zh_sql_value outbox[] = {
        ZH_SQL_INT(p->office),
        ZH_SQL_INT(p->batch),
        ZH_SQL_STR(ZH_STR(ZH_FIGURE_REGISTER)),
        ZH_SQL_INT(1),
        ZH_SQL_INT(zh_now()),
        ZH_SQL_BYTES(((zh_str){(const char *)p->entry, sizeof p->entry})),
        ZH_SQL_BYTES(ZH_STR("")),
        w->ctx->core->gm ? ZH_SQL_BYTES(((zh_str){(const char *)w->gm, sizeof w->gm}))
                         : ZH_SQL_NONE,
    };
    zh_rc rc = put_lines(conn, &p->detail_root, w->lists->detail, err);
    if (rc == ZH_OK) {
        rc = put_lines(conn, &p->frame_root, w->lists->frame, err);
    }
    if (rc == ZH_OK) {
        rc = put_figure(w, conn, err);
    }
    return rc == ZH_OK ? zh_run(conn,
                                "INSERT INTO zh_outbox (office, batch, register, n, at, entries, "
                                "deltas, entries_gm) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                outbox, ZH_COUNTOF(outbox), NULL, err)
                       : rc;
}

static zh_str decimal_or_none(zh_str text)
{
    return text.n > 0 ? text : ZH_STR_NONE;
}

static zh_str period_text(zh_arena *arena, zh_date first, zh_date last)
{
    char a[16];
    char b[16];
    if (first == 0 && last == 0) {
        return ZH_STR("");
    }
    zh_str from = {a, zh_date_format(first, a)};
    zh_str to = {b, zh_date_format(last, b)};
    return zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(from), ZH_FMT(to));
}

static zh_rc fill(zh_ctx *ctx, const zh_publish_ask *ask, const zh_figure *f,
                  const zh_figure_lists *lists, zh_published *p)
{
    fields *list = ZH_NEW(ctx->arena, fields);
    const zh_indicator *ind = ask->query.indicator;
    zh_str fold = zh_figure_fold(ind);
    bool sum = zh_str_is(fold, "sum");
    zh_str formula = zh_figure_formula(ctx, f);
    zh_digest hash;
    char *hex = ZH_NEW_N(ctx->arena, char, 2 * ZH_DIGEST_BYTES + 1);
    zh_hash_of(ZH_HASH_SHA256, formula, &hash);
    zh_digest_hex(&hash, hex);
    list->arena = ctx->arena;
    add(list, "actor", ZH_FIELD_TEXT, ctx->actor);
    add_u64(list, "checkpoint_size", (uint64_t)f->log_size);
    add(list, "denominator", ZH_FIELD_DECIMAL,
        sum ? decimal_or_none(lists->den) : decimal_or_none(f->den));
    add_u64(list, "detail_count", lists->details);
    add_digest(list, "detail_root", &lists->detail_root);
    add(list, "filter", ZH_FIELD_TEXT, p->filter);
    add(list, "fold", ZH_FIELD_TEXT, fold);
    add(list, "formula", ZH_FIELD_TEXT, zh_str_of(hex));
    add(list, "formula_text", ZH_FIELD_TEXT, formula);
    add_u64(list, "frame_count", lists->frames);
    add_digest(list, "frame_root", &lists->frame_root);
    add(list, "indicator", ZH_FIELD_TEXT, ind->id);
    add(list, "numerator", ZH_FIELD_DECIMAL, sum ? lists->num : f->num.n > 0 ? f->num : f->shown);
    add(list, "period", ZH_FIELD_TEXT, period_text(ctx->arena, f->first, f->last));
    add(list, "publication", ZH_FIELD_TEXT, ask->publication);
    add(list, "region", ZH_FIELD_TEXT, ask->query.region);
    add(list, "register", ZH_FIELD_TEXT, ind->reg != NULL ? ind->reg->id : ZH_STR(""));
    add(list, "title", ZH_FIELD_TEXT, ask->title.n > 0 ? ask->title : ind->label.zh);
    add(list, "unit", ZH_FIELD_TEXT, ind->unit);
    add(list, "value", ZH_FIELD_TEXT, f->shown);
    if (sum) {
        add_u64(list, "digits", ind->digits);
        add(list, "scale", ZH_FIELD_DECIMAL, ind->percent ? ZH_STR("100") : ZH_STR("1"));
    }
    zh_rc rc = zh_record_sort(list->list, list->n, ctx->err);
    p->fields = list->list;
    p->nfields = list->n;
    spread(p);
    return rc;
}

/* A number that its own list does not give is not published. */
static zh_rc agrees(zh_ctx *ctx, const zh_figure *f, const zh_figure_lists *lists)
{
    const zh_indicator *ind = f->indicator;
    if (!zh_str_is(zh_figure_fold(ind), "sum") ||
        (zh_str_eq(f->num, lists->num) && (!ind->has_den || zh_str_eq(f->den, lists->den)))) {
        return ZH_OK;
    }
    return zh_err_set(
        ctx->err, ZH_ECORRUPT, "figure.recount",
        "“%.*s”的分子分母（%.*s / %.*s）与逐条清单的合计（%.*s / %.*s）不符，不能发布",
        ZH_FMT(zh_label_for(ctx->err, ind->label)), ZH_FMT(f->num), ZH_FMT(f->den),
        ZH_FMT(lists->num), ZH_FMT(lists->den));
}

/* The same question with the same answer, published before. */
static zh_rc find_same(zh_ctx *ctx, zh_conn *conn, const zh_publish_ask *ask, zh_str question,
                       const zh_figure *f, bool *found, zh_published *out)
{
    zh_sql_value key[] = {ZH_SQL_STR(question), ZH_SQL_STR(ask->publication)};
    zh_str formula = zh_figure_formula(ctx, f);
    zh_stmt *stmt = NULL;
    zh_str sql =
        zh_str_fmt(ctx->arena, "%sWHERE f.ask = ? AND f.publication = ? ORDER BY f.id", SELECT);
    *found = false;
    zh_rc rc = zh_query(conn, sql, key, 2, &stmt, ctx->err);
    while (rc == ZH_OK && !*found && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        rc = read_row(ctx, stmt, out);
        *found = rc == ZH_OK && zh_str_eq(out->formula_text, formula) &&
                 zh_str_eq(out->value, f->shown) &&
                 (ask->title.n == 0 || zh_str_eq(out->title, ask->title));
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc prepare(zh_ctx *ctx, const zh_publish_ask *ask, publishing *w, bool *found)
{
    zh_conn *conn = NULL;
    zh_figure f;
    zh_figure_lists *lists = ZH_NEW(ctx->arena, zh_figure_lists);
    zh_rc rc = zh_store_reader(ctx->core->store, &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_figure_ask(ctx, conn, &ask->query, &f);
        if (rc == ZH_OK && !f.has_value) {
            rc = zh_err_set(ctx->err, ZH_EINVAL, "figure.none", "“%.*s”没有值，不能发布",
                            ZH_FMT(zh_label_for(ctx->err, ask->query.indicator->label)));
        }
        if (rc == ZH_OK) {
            rc = find_same(ctx, conn, ask, w->ask, &f, found, w->p);
        }
        if (rc == ZH_OK && !*found) {
            *w->p = (zh_published){.office = ctx->office,
                                   .id = zh_core_id(ctx->core, 0),
                                   .position = -1,
                                   .filter = w->ask};
            rc = zh_figure_count(ctx, conn, &ask->query, ctx->core->alg, lists);
        }
        if (rc == ZH_OK && !*found) {
            rc = agrees(ctx, &f, lists);
        }
        if (rc == ZH_OK && !*found) {
            rc = fill(ctx, ask, &f, lists, w->p);
        }
        zh_read_end(conn);
    }
    zh_store_release(conn);
    w->lists = lists;
    return rc;
}

zh_rc zh_publish_size(zh_core *core, int64_t *size, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_sql_value reg = ZH_SQL_STR(ZH_STR(ZH_FIGURE_REGISTER));
    zh_rc rc = zh_sequence(core, size, err);
    if (rc == ZH_OK) {
        rc = zh_store_reader(core->store, &conn, err);
    }
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn,
                          "SELECT pos + n FROM zh_outbox WHERE pos IS NOT NULL AND register <> ? "
                          "ORDER BY pos DESC LIMIT 1",
                          &reg, 1, size, err);
    }
    zh_store_release(conn);
    *size = rc == ZH_ENOTFOUND ? 0 : *size;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* As of which size: everything that is committed, sealed. */
static zh_rc seal_size(zh_ctx *ctx, zh_figure_query *query)
{
    int64_t size = 0;
    zh_rc rc = zh_sequence(ctx->core, &size, ctx->err);
    if (rc == ZH_OK && query->as_of == ZH_AS_OF_NOW) {
        rc = zh_publish_size(ctx->core, &query->as_of, ctx->err);
    }
    if (rc == ZH_OK && query->as_of > size) {
        rc = zh_err_set(ctx->err, ZH_EINVAL, "figure.size", "账本只有 %" PRId64 " 条", size);
    }
    return rc == ZH_OK && zh_ledger_dir(ctx->core) != NULL && query->as_of > 0
               ? zh_ledger_wait(ctx->core, query->as_of, SEAL_MS, ctx->err)
               : rc;
}

zh_rc zh_publish(zh_ctx *ctx, const zh_publish_ask *ask, zh_published *out)
{
    zh_publish_ask sealed = *ask;
    publishing w = {.ctx = ctx, .p = out};
    bool found = false;
    int64_t size = 0;
    *out = (zh_published){.position = -1};
    sealed.publication = ask->publication.p != NULL ? ask->publication : ZH_STR("");
    sealed.title = ask->title.p != NULL ? ask->title : ZH_STR("");
    zh_rc rc = seal_size(ctx, &sealed.query);
    if (rc == ZH_OK) {
        w.ask = zh_figure_question(ctx->arena, &sealed.query);
        rc = prepare(ctx, &sealed, &w, &found);
    }
    if (rc != ZH_OK || found) {
        return rc;
    }
    zh_core_salt(ctx->core, &out->salt);
    out->at = zh_now();
    out->batch = zh_core_id(ctx->core, 0);
    rc = make_entry(ctx, out);
    if (rc == ZH_OK && ctx->core->gm) {
        rc = zh_published_entry(ctx, out, ZH_HASH_SM3, w.gm);
    }
    if (rc == ZH_OK) {
        rc = zh_core_write(ctx->core, store, &w, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_sequence(ctx->core, &size, ctx->err);
    }
    zh_conn *conn = NULL;
    rc = rc == ZH_OK ? zh_store_reader(ctx->core->store, &conn, ctx->err) : rc;
    if (rc == ZH_OK) {
        rc = zh_published_get(ctx, conn, out->id, out);
    }
    zh_store_release(conn);
    return rc;
}

/* ---- rights and the board -------------------------------------------------------------------- */

static bool declares_publishing(const zh_register *reg)
{
    bool declared = false;
    for (size_t i = 0; reg != NULL && i < reg->naccess; i++) {
        const zh_access *a = &reg->access[i];
        declared = declared || zh_str_among(ZH_STR("publish"), a->can, a->ncan) ||
                   zh_str_among(ZH_STR("publish_two"), a->can, a->ncan);
    }
    return declared;
}

zh_rc zh_publish_right(zh_ctx *ctx, const zh_indicator *indicator, bool *two)
{
    const zh_register *reg = indicator->reg;
    *two = false;
    if (ctx->post == NULL) {
        return ZH_OK; /* the local operator */
    }
    if (!declares_publishing(reg)) {
        return ctx->post->scope == ZH_SCOPE_ALL
                   ? ZH_OK
                   : zh_err_set(ctx->err, ZH_EDENIED, "permission.whole",
                                "发布“%.*s”要看到全部数据",
                                ZH_FMT(zh_label_for(ctx->err, indicator->label)));
    }
    unsigned rights = zh_rights(ctx, reg);
    *two = (rights & ZH_RIGHT_PUBLISH) == 0 && (rights & ZH_RIGHT_PUBLISH_TWO) != 0;
    return *two ? ZH_OK : zh_right_need(ctx, reg, ZH_RIGHT_PUBLISH);
}

zh_rc zh_publish_board(zh_ctx *ctx, zh_publish_ask *ask, zh_published *list, size_t *n)
{
    const zh_model *model = ctx->model;
    zh_rc rc = ZH_OK;
    *n = 0;
    if (ask->query.as_of == ZH_AS_OF_NOW) {
        rc = zh_publish_size(ctx->core, &ask->query.as_of, ctx->err);
    }
    if (ask->publication.n == 0) {
        ask->publication = zh_str_fmt(ctx->arena, "board-%" PRId64, ask->query.as_of);
    }
    for (size_t i = 0; i < model->nindicators && rc == ZH_OK; i++) {
        ask->query.indicator = &model->indicators[i];
        rc = zh_publish(ctx, ask, &list[*n]);
        *n += rc == ZH_OK;
        /* no value, no region, a stock without a date: not on the board */
        if (rc == ZH_EINVAL) {
            zh_err_again(ctx->err);
            rc = ZH_OK;
        }
    }
    return rc;
}
