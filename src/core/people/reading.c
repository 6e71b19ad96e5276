/* Readings of personal data, as a chain. */
#include "core/people/reading.h"
#include "base/log.h"
#include "core/instance/core_private.h"
#include "core/read/permission.h"
#include "core/record/commits.h"
#include "core/record/record.h"
#include <inttypes.h>
#include <stdio.h>

#define DIGEST_PREFIX "ids:" /* older rows have a digest in the order shown, which is not kept */

/* ---- is there anything personal in it ---- */

static bool is_shown(const zh_reading_note *note, const zh_field *field)
{
    bool shown = note->shown == NULL;
    for (size_t i = 0; i < note->nshown && !shown; i++) {
        shown = note->shown[i] == field || (field->table != NULL && note->shown[i] == field->table);
    }
    return shown;
}

static bool is_personal(const zh_ctx *ctx, const zh_reading_note *note, const zh_field *field)
{
    return field->pipl != ZH_PIPL_NONE && is_shown(note, field) && !zh_field_masked(ctx, field);
}

static bool tells(const zh_ctx *ctx, const zh_reading_note *note, const zh_record *record)
{
    const zh_register *reg = note->reg;
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        if (field->type != ZH_TYPE_TABLE) {
            if (is_personal(ctx, note, field) && record->values[i].kind != ZH_NULL) {
                return true;
            }
            continue;
        }
        const zh_rows *rows = &record->tables[i];
        for (size_t c = 0; c < field->ncolumns && rows->n > 0; c++) {
            if (is_personal(ctx, note, &field->columns[c])) {
                return true;
            }
        }
    }
    return false;
}

/* ---- writing one down ---- */

typedef struct adding {
    const zh_ctx *ctx;
    const zh_reading_note *note;
    zh_record *const *records;
    size_t n;
    zh_arena *arena;
    zh_time at;
    int64_t seq, day_end; /* day_end: the seq before it, when that is to be anchored; else 0 */
    zh_str last_chain;
} adding;

/* "ids:" and SHA-256 of the register and the records' ids in ascending order, a line each: what the
 * rows of zh_reading_of must give again. */
static void digest_begin(zh_hash *hash, zh_str reg)
{
    zh_hash_begin(hash, ZH_HASH_SHA256);
    zh_hash_add(hash, reg.p, reg.n);
    zh_hash_add(hash, "\n", 1);
}

static void digest_id(zh_hash *hash, int64_t id)
{
    char line[24];
    int k = snprintf(line, sizeof line, "%" PRId64 "\n", id);
    zh_hash_add(hash, line, (size_t)k);
}

static zh_str digest_end(zh_hash *hash, zh_arena *arena)
{
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_digest digest;
    zh_hash_end(hash, &digest);
    zh_hash_release(hash);
    zh_digest_hex(&digest, hex);
    return zh_str_fmt(arena, "%s%s", DIGEST_PREFIX, hex);
}

static int by_id(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static zh_str records_digest(zh_arena *arena, zh_str reg, zh_record *const *records, size_t n)
{
    int64_t *ids = ZH_NEW_N(arena, int64_t, n + 1);
    zh_hash hash;
    for (size_t i = 0; i < n; i++) {
        ids[i] = records[i]->id;
    }
    zh_sort(ids, n, sizeof *ids, by_id);
    digest_begin(&hash, reg);
    for (size_t i = 0; i < n; i++) {
        digest_id(&hash, ids[i]);
    }
    return digest_end(&hash, arena);
}

/* Every value with its length before it, so that no two rows read alike. */
static zh_str link_of(zh_arena *arena, zh_str before, const zh_sql_value *row, size_t n)
{
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_digest digest;
    zh_hash hash;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    zh_hash_add(&hash, before.p, before.n);
    for (size_t i = 0; i < n; i++) {
        char number[48];
        bool text = row[i].type == ZH_SQL_TEXT;
        int k = text ? snprintf(number, sizeof number, "\n%zu:", row[i].bytes.n)
                     : snprintf(number, sizeof number, "\n%" PRId64, row[i].i64);
        zh_hash_add(&hash, number, (size_t)k);
        if (text && row[i].bytes.n > 0) {
            zh_hash_add(&hash, row[i].bytes.p, row[i].bytes.n);
        }
    }
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    zh_digest_hex(&digest, hex);
    return zh_str_dup(arena, zh_str_of(hex));
}

/* What was said, else what the declaration says the role reads for. */
static zh_str purpose_of(const zh_ctx *ctx, const zh_register *reg)
{
    zh_str purpose = ctx->purpose;
    for (size_t i = 0; i < reg->naccess && !ctx->stated; i++) {
        bool own = zh_str_eq(reg->access[i].role, ctx->post->role);
        purpose = own && reg->access[i].purpose.zh.n > 0 ? reg->access[i].purpose.zh : purpose;
    }
    return purpose;
}

/* The end of the chain, which nobody else moves until this transaction ends. */
static zh_rc take_seq(adding *a, zh_conn *conn, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_run(conn,
                      "INSERT INTO zh_counter (office, name, next) VALUES (0, 'reading', 1) ON "
                      "CONFLICT (office, name) DO UPDATE SET next = zh_counter.next + 1",
                      NULL, 0, NULL, err);
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, "SELECT next FROM zh_counter WHERE office = 0 AND name = 'reading'",
                          NULL, 0, &a->seq, err);
    }
    zh_sql_value last = ZH_SQL_INT(a->seq - 1);
    if (rc == ZH_OK) {
        rc = zh_query(conn, ZH_STR("SELECT chain, at FROM zh_reading WHERE office = 0 AND seq = ?"),
                      &last, 1, &stmt, err);
    }
    a->last_chain = ZH_STR("");
    a->day_end = 0;
    if (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        a->last_chain = zh_str_dup(a->arena, zh_col_str(stmt, 0));
        bool same = zh_time_date(zh_col_i64(stmt, 1)) == zh_time_date(a->at) &&
                    (a->seq - 1) % ZH_READING_ANCHOR_EVERY != 0;
        a->day_end = same ? 0 : a->seq - 1;
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

enum { ROW = 12 }; /* values of a row without its chain */

static zh_rc add(void *user, zh_conn *conn, zh_err *err)
{
    adding *a = user;
    const zh_ctx *ctx = a->ctx;
    zh_rc rc = take_seq(a, conn, err);
    zh_sql_value row[ROW + 1] = {
        ZH_SQL_INT(a->seq),
        ZH_SQL_INT(a->at),
        ZH_SQL_INT((int64_t)a->n),
        ZH_SQL_INT(ctx->post->emergency ? 1 : 0),
        ZH_SQL_STR(ctx->actor),
        ZH_SQL_STR(ctx->post->role),
        ZH_SQL_STR(a->note->reg->id),
        ZH_SQL_STR(zh_str_of(a->note->how)),
        ZH_SQL_STR(purpose_of(ctx, a->note->reg)),
        ZH_SQL_STR(zh_str_sub(a->note->question, 0, 500)),
        ZH_SQL_STR(records_digest(a->arena, a->note->reg->id, a->records, a->n)),
        ZH_SQL_INT(a->n == 1 ? a->records[0]->id : 0),
    };
    row[ROW] = ZH_SQL_STR(link_of(a->arena, a->last_chain, row, ROW));
    if (rc == ZH_OK) {
        rc = zh_run(conn,
                    "INSERT INTO zh_reading (office, seq, at, records, emergency, login, post, "
                    "register, how, purpose, question, digest, record, chain) VALUES (0, ?, ?, ?, "
                    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row, ROW + 1, NULL, err);
    }
    for (size_t i = 0; i < a->n && rc == ZH_OK; i++) {
        zh_sql_value of[] = {ZH_SQL_STR(a->note->reg->id), ZH_SQL_INT(a->records[i]->id),
                             ZH_SQL_INT(a->seq)};
        rc = zh_run(conn,
                    "INSERT INTO zh_reading_of (office, register, record, seq) VALUES (0, ?, ?, ?)",
                    of, ZH_COUNTOF(of), NULL, err);
    }
    return rc;
}

/* The end of the chain so far, as a record of the ledger; who anchored it already is right. */
static void anchor(zh_ctx *ctx, int64_t seq, zh_str chain)
{
    const zh_register *reg = zh_model_register(ctx->model, ZH_STR("reading_anchor"));
    zh_findings findings = {0};
    zh_applied out;
    zh_ctx own = *ctx;
    zh_err why = {0};
    if (reg == NULL || seq == 0) {
        return;
    }
    own.err = &why;
    own.post = NULL;
    own.rows = NULL;
    own.role = ZH_STR("system");
    own.actor = ZH_STR("system");
    own.office = zh_core_office(ctx->core);
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("seq")),
         .value = zh_value_text(zh_str_fmt(ctx->arena, "%" PRId64, seq))},
        {.field = zh_register_field(reg, ZH_STR("chain")), .value = zh_value_text(chain)},
    };
    zh_op op = {
        .kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = ZH_COUNTOF(changes)};
    zh_rc rc = zh_record_apply(&own, &op, &findings, &out);
    if (rc != ZH_OK && rc != ZH_ECONFLICT) {
        zh_log(ZH_WARN, "reading.anchor", "%s", why.message); /* the next one covers it too */
    }
}

static zh_rc read_end(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t *seq,
                      zh_str *chain)
{
    zh_stmt *stmt = NULL;
    zh_record *there = NULL;
    *seq = 0;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT seq, chain FROM zh_reading WHERE office = 0 ORDER BY seq "
                               "DESC LIMIT 1"),
                        NULL, 0, &stmt, ctx->err);
    if (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        *seq = zh_col_i64(stmt, 0);
        *chain = zh_str_dup(ctx->arena, zh_col_str(stmt, 1));
    }
    zh_finish(stmt);
    if (rc == ZH_OK) {
        zh_str key = zh_str_fmt(ctx->arena, "%" PRId64, *seq);
        rc = zh_record_by_key(ctx, conn, reg, &key, &there);
        *seq = rc == ZH_OK ? 0 : *seq;
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_readings_anchor(zh_core *core, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("reading_anchor"));
    zh_conn *conn = NULL;
    zh_str chain = ZH_STR("");
    int64_t seq = 0;
    zh_rc rc = reg != NULL ? zh_store_reader(zh_core_store(core), &conn, err) : ZH_OK;
    if (rc == ZH_OK && reg != NULL) {
        rc = read_end(&ctx, conn, reg, &seq, &chain);
        zh_store_release(conn);
    }
    if (rc == ZH_OK) {
        anchor(&ctx, seq, chain);
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}

bool zh_reading_tells(const zh_ctx *ctx, const zh_reading_note *note)
{
    bool any = false;
    for (size_t i = 0; i < note->n && !any && ctx->post != NULL && note->reg->read_log; i++) {
        any = tells(ctx, note, note->records[i]);
    }
    return any;
}

zh_rc zh_reading_add(zh_ctx *ctx, const zh_reading_note *note)
{
    if (ctx->post == NULL || !note->reg->read_log) {
        return ZH_OK;
    }
    zh_record **told = ZH_NEW_N(ctx->arena, zh_record *, note->n + 1);
    adding a = {.ctx = ctx, .note = note, .records = told, .arena = ctx->arena, .at = zh_now()};
    for (size_t i = 0; i < note->n; i++) {
        if (tells(ctx, note, note->records[i])) {
            told[a.n++] = note->records[i];
        }
    }
    if (a.n == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_commits_work(ctx, add, &a, ctx->err);
    if (rc == ZH_OK) {
        anchor(ctx, a.day_end, a.last_chain);
    }
    return rc;
}

/* ---- reading the readings ---- */

static const char COLUMNS[] = "r.seq, r.at, r.records, r.emergency, r.login, r.post, r.register, "
                              "r.how, r.purpose, r.question, r.record";

static void add_text(zh_arena *arena, zh_buf *sql, zh_binds *binds, const char *condition,
                     zh_str value)
{
    if (value.n > 0) {
        zh_buf_z(sql, condition);
        zh_vec_push(arena, binds, ZH_SQL_STR(value));
    }
}

/* Records that concern a login, of every logged register. */
static void add_subject(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, zh_str login)
{
    const char *separator = "";
    zh_buf_z(sql, " AND r.seq IN (");
    for (size_t i = 0; i < ctx->model->nregisters; i++) {
        const zh_register *reg = &ctx->model->registers[i];
        const zh_field *own = zh_register_field(reg, ZH_STR("login"));
        if (!reg->read_log) {
            continue;
        }
        zh_buf_fmt(sql,
                   "%sSELECT o.seq FROM zh_reading_of o JOIN %.*s c ON c.id = o.record WHERE "
                   "o.office = 0 AND o.register = ? AND (c.actor = ?",
                   separator, ZH_FMT(reg->table));
        zh_vec_push(ctx->arena, binds, ZH_SQL_STR(reg->id));
        zh_vec_push(ctx->arena, binds, ZH_SQL_STR(login));
        if (own != NULL && own->type == ZH_TYPE_STRING) {
            zh_buf_fmt(sql, " OR c.%.*s = ?", ZH_FMT(own->column));
            zh_vec_push(ctx->arena, binds, ZH_SQL_STR(login));
        }
        zh_buf_z(sql, ")");
        separator = " UNION ";
    }
    zh_buf_z(sql, separator[0] == '\0' ? "SELECT -1)" : ")");
}

static void question_sql(zh_ctx *ctx, const zh_readings_query *q, zh_buf *sql, zh_binds *binds)
{
    zh_buf_fmt(sql, "SELECT %s FROM zh_reading r WHERE r.office = 0", COLUMNS);
    add_text(ctx->arena, sql, binds, " AND r.login = ?", q->login);
    if (q->record != 0) {
        zh_buf_z(sql, " AND r.seq IN (SELECT o.seq FROM zh_reading_of o WHERE o.office = 0 AND "
                      "o.register = ? AND o.record = ?)");
        zh_vec_push(ctx->arena, binds, ZH_SQL_STR(q->reg));
        zh_vec_push(ctx->arena, binds, ZH_SQL_INT(q->record));
    } else {
        add_text(ctx->arena, sql, binds, " AND r.register = ?", q->reg);
    }
    if (q->subject.n > 0) {
        add_subject(ctx, sql, binds, q->subject);
    }
    if (q->before > 0) {
        zh_buf_z(sql, " AND r.seq < ?");
        zh_vec_push(ctx->arena, binds, ZH_SQL_INT(q->before));
    }
    zh_buf_z(sql, " ORDER BY r.seq DESC LIMIT ?");
    zh_vec_push(ctx->arena, binds, ZH_SQL_INT((int64_t)q->limit));
}

static zh_reading_row decoded(zh_arena *arena, const zh_stmt *stmt)
{
    return (zh_reading_row){.seq = zh_col_i64(stmt, 0),
                            .at = zh_col_i64(stmt, 1),
                            .records = zh_col_i64(stmt, 2),
                            .emergency = zh_col_i64(stmt, 3),
                            .login = zh_str_dup(arena, zh_col_str(stmt, 4)),
                            .post = zh_str_dup(arena, zh_col_str(stmt, 5)),
                            .reg = zh_str_dup(arena, zh_col_str(stmt, 6)),
                            .how = zh_str_dup(arena, zh_col_str(stmt, 7)),
                            .purpose = zh_str_dup(arena, zh_col_str(stmt, 8)),
                            .question = zh_str_dup(arena, zh_col_str(stmt, 9)),
                            .record = zh_col_i64(stmt, 10)};
}

zh_rc zh_readings_list(zh_ctx *ctx, zh_conn *conn, const zh_readings_query *query,
                       zh_reading_row **out, size_t *n)
{
    zh_buf sql;
    zh_binds binds = {0};
    zh_stmt *stmt = NULL;
    if (query->limit > ZH_READINGS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "reading.limit", "一次最多列出 %zu 条",
                          ZH_READINGS_MAX);
    }
    *n = 0;
    *out = ZH_NEW_N(ctx->arena, zh_reading_row, query->limit + 1);
    zh_buf_init(&sql, 256 << 10);
    question_sql(ctx, query, &sql, &binds);
    zh_rc rc = zh_query(conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, ctx->err);
    while (rc == ZH_OK && *n < query->limit && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        (*out)[(*n)++] = decoded(ctx->arena, stmt);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- checking the chain ---- */

/* What is wrong with a reading. */
#define FAULT_MISSING "没有了：被删去，或从末尾截掉"
#define FAULT_CHANGED "与链不符：被改动、插入或调换过"
#define FAULT_RECORDS "所记的看过哪些记录被改动过"
#define FAULT_CUT     "账本里记着它的链尾，记录里没有它：末尾被截掉"
#define FAULT_ANCHOR  "与账本里记的链尾不同：整条链被重做过"

typedef struct checking {
    zh_conn *conn;
    zh_arena *arena;
    zh_reading_fault tell;
    void *user;
    zh_err *err;
} checking;

/* The records that the row says were shown are those that are noted beside it. */
static zh_rc records_fit(checking *c, const zh_sql_value row[ROW], bool *fits)
{
    zh_stmt *stmt = NULL;
    zh_hash hash;
    int64_t n = 0;
    int64_t only = 0;
    bool same = true;
    zh_rc rc = zh_query(c->conn,
                        ZH_STR("SELECT register, record FROM zh_reading_of WHERE office = 0 AND "
                               "seq = ? ORDER BY record"),
                        &row[0], 1, &stmt, c->err);
    digest_begin(&hash, row[6].bytes);
    while (rc == ZH_OK && (rc = zh_step(stmt, c->err)) == ZH_OK) {
        bool typed = zh_col_type(stmt, 0) == ZH_SQL_TEXT && zh_col_type(stmt, 1) == ZH_SQL_I64;
        same = same && typed && zh_str_eq(zh_col_str(stmt, 0), row[6].bytes);
        only = typed ? zh_col_i64(stmt, 1) : 0;
        digest_id(&hash, only);
        n++;
    }
    zh_finish(stmt);
    zh_str digest = digest_end(&hash, c->arena);
    bool listed = zh_str_starts(row[10].bytes, ZH_STR(DIGEST_PREFIX));
    *fits = same && n == row[2].i64 && (!listed || zh_str_eq(digest, row[10].bytes)) &&
            (n != 1 || only == row[11].i64);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Whether its values have their types: whoever tampers with SQLite can put in others. */
static bool read_row(const zh_stmt *stmt, zh_sql_value row[ROW], zh_str *chain)
{
    bool typed = zh_col_type(stmt, ROW) == ZH_SQL_TEXT;
    *chain = typed ? zh_col_str(stmt, ROW) : ZH_STR("");
    for (size_t i = 0; i < ROW; i++) {
        bool number = i < 4 || i == ROW - 1;
        bool fits = zh_col_type(stmt, i) == (number ? ZH_SQL_I64 : ZH_SQL_TEXT);
        row[i] = number ? ZH_SQL_INT(fits ? zh_col_i64(stmt, i) : 0)
                        : ZH_SQL_STR(fits ? zh_col_str(stmt, i) : ZH_STR(""));
        typed = typed && fits;
    }
    return typed;
}

static zh_rc check_rows(checking *c, int64_t *n, int64_t *last)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(c->conn,
                        ZH_STR("SELECT seq, at, records, emergency, login, post, register, how, "
                               "purpose, question, digest, record, chain FROM zh_reading WHERE "
                               "office = 0 ORDER BY seq"),
                        NULL, 0, &stmt, c->err);
    char before[2 * ZH_DIGEST_BYTES + 1] = "";
    *n = *last = 0;
    while (rc == ZH_OK && (rc = zh_step(stmt, c->err)) == ZH_OK) {
        zh_arena_mark mark = zh_arena_here(c->arena);
        zh_sql_value row[ROW];
        bool fits = false;
        zh_str chain;
        bool typed = read_row(stmt, row, &chain);
        bool gap = row[0].i64 != *last + 1;
        if (gap) {
            c->tell(c->user, *last + 1, FAULT_MISSING);
        } else if (!typed || !zh_str_eq(link_of(c->arena, zh_str_of(before), row, ROW), chain)) {
            c->tell(c->user, row[0].i64, FAULT_CHANGED);
        }
        rc = records_fit(c, row, &fits);
        if (rc == ZH_OK && !fits) {
            c->tell(c->user, row[0].i64, FAULT_RECORDS);
        }
        (void)snprintf(before, sizeof before, "%.*s", ZH_FMT(chain));
        *last = row[0].i64;
        *n += 1;
        zh_arena_rewind(c->arena, mark);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Rows cut off at the end, and notes of records that belong to none. */
static zh_rc check_end(checking *c, int64_t last)
{
    int64_t counted = 0;
    int64_t noted = 0;
    zh_rc rc =
        zh_query_i64(c->conn, "SELECT next FROM zh_counter WHERE office = 0 AND name = 'reading'",
                     NULL, 0, &counted, c->err);
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    if (rc == ZH_OK) {
        rc = zh_query_i64(c->conn,
                          "SELECT COALESCE(MAX(seq), 0) FROM zh_reading_of WHERE office = 0", NULL,
                          0, &noted, c->err);
    }
    if (rc == ZH_OK && (counted > last || noted > last)) {
        c->tell(c->user, last + 1, FAULT_MISSING);
    } else if (rc == ZH_OK && counted < last) {
        c->tell(c->user, last, FAULT_CHANGED);
    }
    return rc;
}

/* What the ledger says of the chain: whoever made it anew, or cut it off, cannot change that. */
static zh_rc check_anchors(checking *c, const zh_register *reg, int64_t last)
{
    const zh_field *seq = reg != NULL ? zh_register_field(reg, ZH_STR("seq")) : NULL;
    const zh_field *chain = reg != NULL ? zh_register_field(reg, ZH_STR("chain")) : NULL;
    zh_stmt *stmt = NULL;
    if (seq == NULL || chain == NULL) {
        return ZH_OK;
    }
    zh_str sql =
        zh_str_fmt(c->arena,
                   "SELECT a.%.*s, a.%.*s, r.chain FROM %.*s a LEFT JOIN zh_reading r ON r.office "
                   "= 0 AND r.seq = CAST(a.%.*s AS BIGINT) ORDER BY CAST(a.%.*s AS BIGINT)",
                   ZH_FMT(seq->column), ZH_FMT(chain->column), ZH_FMT(reg->table),
                   ZH_FMT(seq->column), ZH_FMT(seq->column));
    zh_rc rc = zh_query(c->conn, sql, NULL, 0, &stmt, c->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, c->err)) == ZH_OK) {
        int64_t at = 0;
        bool there = zh_str_i64(zh_col_str(stmt, 0), &at) == ZH_OK && !zh_col_null(stmt, 2);
        if (!there && at > last) {
            c->tell(c->user, at, FAULT_CUT);
        } else if (there && !zh_str_eq(zh_col_str(stmt, 1), zh_col_str(stmt, 2))) {
            c->tell(c->user, at, FAULT_ANCHOR);
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_readings_verify(zh_ctx *ctx, zh_conn *conn, int64_t *n, zh_reading_fault tell, void *user)
{
    int64_t last = 0;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    checking c = {conn, arena, tell, user, ctx->err};
    zh_rc rc = check_rows(&c, n, &last);
    if (rc == ZH_OK) {
        rc = check_end(&c, last);
    }
    if (rc == ZH_OK) {
        rc = check_anchors(&c, zh_model_register(ctx->model, ZH_STR("reading_anchor")), last);
    }
    zh_arena_free(arena);
    return rc;
}

static void take_first(void *user, int64_t seq, const char *what)
{
    int64_t *first = user;
    (void)what;
    *first = *first == 0 ? seq : *first;
}

zh_rc zh_readings_check(zh_core *core, int64_t *n, int64_t *broken, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    *n = 0;
    *broken = 0;
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, err);
    }
    if (rc == ZH_OK) {
        rc = zh_readings_verify(&ctx, conn, n, take_first, broken);
        zh_read_end(conn);
    }
    zh_store_release(conn);
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
