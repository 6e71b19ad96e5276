/* One reading of the file: three kinds of threads share a ring of batches. One reader fills them
 * with raw rows, workers turn rows into prepared writes, and the calling thread decides and writes
 * in file order. A batch is one transaction with the job's cursor, so a killed import goes on after
 * the last whole batch. */
#include "base/csv.h"
#include "base/json.h"
#include "base/os.h"
#include "base/utf8.h"
#include "core/intake/intake_run.h"
#include "core/record/write_private.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS_MAX = 8,
    BATCH_BYTES = 8 << 20, /* raw bytes of a batch */
    PROGRESS_EVERY_US = 100000,
    CONFLICTS_MAX = 5, /* of one batch with other writers */
    BUSY_MAX = 50,
};

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct reading {
    zh_intake_run *in;
    zh_batch *slot; /* being filled; NULL between batches */
    zh_raw_row rows[ZH_INTAKE_BATCH];
    size_t n, bytes;
    int64_t ordinal;
    zh_decimal sums[ZH_PICK_COLUMNS_MAX];
    bool summable;
} reading;

static bool slot_acquire(reading *rd)
{
    zh_intake_run *in = rd->in;
    pthread_mutex_lock(&in->lock);
    zh_batch *s = &in->slots[in->filled % ZH_INTAKE_SLOTS];
    while (s->state != ZH_SLOT_FREE && !in->stop) {
        pthread_cond_wait(&in->moved, &in->lock);
    }
    bool go = !in->stop;
    pthread_mutex_unlock(&in->lock);
    rd->slot = go ? s : NULL;
    rd->n = 0;
    rd->bytes = 0;
    if (go) {
        zh_arena_reset(s->arena);
        s->errors.p = NULL;
        s->errors.n = s->errors.capacity = 0;
        s->doubts = 0;
        s->rc = ZH_OK;
        zh_err_again(&s->err);
    }
    return go;
}

static void slot_submit(reading *rd, zh_table *table)
{
    zh_intake_run *in = rd->in;
    zh_batch *s = rd->slot;
    if (s == NULL) {
        return;
    }
    s->rows = ZH_NEW_N(s->arena, zh_raw_row, rd->n + 1);
    memcpy(s->rows, rd->rows, rd->n * sizeof *rd->rows);
    s->n = rd->n;
    s->reader_errors = s->errors.n;
    s->end = rd->ordinal;
    s->replay = in->writing && rd->ordinal <= in->resume_at;
    pthread_mutex_lock(&in->lock);
    s->state = ZH_SLOT_FILLED;
    in->filled++;
    zh_table_progress(table, &in->bytes, &in->bytes_total);
    pthread_cond_broadcast(&in->moved);
    pthread_mutex_unlock(&in->lock);
    rd->slot = NULL;
}

static bool copy_row(reading *rd, const zh_mapping *mapping, const zh_table_row *row)
{
    zh_arena *arena = rd->slot->arena;
    zh_raw_row *raw = &rd->rows[rd->n];
    *raw = (zh_raw_row){
        .mapping = mapping, .n = row->n, .number = row->number, .ordinal = rd->ordinal};
    if (row->error != NULL) {
        raw->rc = row->error->rc;
        raw->rule = zh_str_dup(arena, zh_str_of(row->error->rule));
        raw->message = zh_str_dup(arena, zh_str_of(row->error->message));
    }
    zh_cell *cells = ZH_TRY_N(arena, zh_cell, row->n + 1);
    size_t bytes = 0;
    for (size_t i = 0; i < row->n; i++) {
        bytes += row->cells[i].text.n + 1;
    }
    char *text = cells ? zh_arena_try(arena, bytes + 1) : NULL;
    if (text == NULL) {
        return false;
    }
    for (size_t i = 0; i < row->n; i++) {
        zh_str from = row->cells[i].text;
        if (from.n) {
            memcpy(text, from.p, from.n);
        }
        cells[i] = (zh_cell){{text, from.n}, row->cells[i].flags};
        text += from.n + 1;
    }
    raw->cells = cells;
    rd->bytes += bytes + row->n * sizeof *cells;
    rd->n++;
    rd->ordinal++;
    return true;
}

/* A summed cell as a number: full-width digits and thousands separators are of this house. */
static bool cell_number(zh_arena *arena, zh_str cell, zh_decimal *out)
{
    zh_str half;
    if (zh_utf8_halfwidth(arena, cell, &half) != ZH_OK) {
        return false;
    }
    half = zh_str_trim(half);
    char *digits = zh_arena_try(arena, half.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < half.n && digits != NULL; i++) {
        if (half.p[i] != ',') {
            digits[n++] = half.p[i];
        }
    }
    return n > 0 && zh_decimal_parse((zh_str){digits, n}, true, out) == ZH_OK;
}

/* Adds the summed columns of a data row, or compares a totals row with the sums. */
static void sum_row(reading *rd, const zh_mapping *m, const zh_table_row *row, bool total)
{
    zh_raw_row raw = {.mapping = m, .number = row->number, .ordinal = rd->ordinal};
    bool in_doubt = rd->in->o->justification.n == 0;
    for (size_t i = 0; i < m->layout->ntotal_sums && rd->summable; i++) {
        zh_str cell;
        size_t column = SIZE_MAX;
        zh_decimal d;
        if (!zh_row_cell(m, row->cells, row->n, m->layout->total_sums[i], &cell, &column) ||
            !cell_number(rd->slot->arena, cell, &d)) {
            continue;
        }
        if (!total) {
            rd->summable = zh_decimal_add(rd->sums[i], d, &rd->sums[i]) == ZH_OK;
        } else if (zh_decimal_cmp(rd->sums[i], d) != 0) {
            zh_arena *arena = rd->slot->arena;
            char sum[24];
            sum[zh_decimal_format(rd->sums[i], sum)] = '\0';
            zh_intake_error_add(
                arena, &rd->slot->errors, &raw, column, 'd', ZH_STR("intake.total"),
                zh_str_fmt(arena, "合计行写的是 %.*s，各行之和是 %s", ZH_FMT(cell), sum),
                ZH_STR("核对有没有漏行、重复行或改动过的数"));
            rd->slot->doubts += in_doubt;
        }
    }
}

static zh_rc read_sheet(reading *rd, zh_table *table, const zh_sheet_plan *plan, zh_err *err)
{
    zh_intake_run *in = rd->in;
    zh_table_row row;
    zh_arena *scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    memset(rd->sums, 0, sizeof rd->sums);
    rd->summable = plan->mapping->layout->ntotal_sums <= ZH_PICK_COLUMNS_MAX;
    zh_rc rc = zh_table_begin(table, plan->sheet, err);
    for (size_t i = 0; rc == ZH_OK && i < plan->header_rows; i++) {
        rc = zh_table_next(table, &row, err);
    }
    while (rc == ZH_OK && (rc = zh_table_next(table, &row, err)) == ZH_OK) {
        bool total = false;
        if (rd->slot == NULL && !slot_acquire(rd)) {
            rc = ZH_ECANCEL;
            break;
        }
        zh_arena_reset(scratch);
        bool skip = row.error == NULL && zh_row_skipped(scratch, plan->mapping, &row, &total);
        if (!skip || total) {
            sum_row(rd, plan->mapping, &row, total);
        }
        if (skip) {
            in->skipped++;
            continue;
        }
        if (!copy_row(rd, plan->mapping, &row)) {
            rc = zh_err_set(err, ZH_ELIMIT, "intake.row", "第 %zu 行太大", row.number);
            break;
        }
        /* a resumed run's replay ends exactly at the cursor */
        bool boundary = in->writing && rd->ordinal == in->resume_at;
        if (rd->n == ZH_INTAKE_BATCH || rd->bytes >= BATCH_BYTES || boundary) {
            slot_submit(rd, table);
        }
    }
    zh_arena_free(scratch);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static void *reader_main(void *user)
{
    zh_intake_run *in = user;
    reading *rd = zh_alloc(sizeof *rd);
    rd->in = in;
    zh_table *table = NULL;
    zh_err err = {0};
    zh_rc rc = zh_table_open(in->o->path, &in->table_options, &table, &err);
    for (size_t i = 0; i < in->nplans && rc == ZH_OK; i++) {
        rc = read_sheet(rd, table, &in->plans[i], &err);
    }
    if (rc == ZH_OK) {
        slot_submit(rd, table);
    }
    zh_table_close(table);
    pthread_mutex_lock(&in->lock);
    in->ended = true;
    in->read_rc = rc;
    in->read_err = err;
    pthread_cond_broadcast(&in->moved);
    pthread_mutex_unlock(&in->lock);
    zh_dealloc(rd);
    return NULL;
}

/* ---- working --------------------------------------------------------------------------------- */

static zh_rower rower_of(zh_intake_run *in, zh_batch *s, zh_conn *conn, bool look_up)
{
    zh_rower r = {.ctx = *in->ctx,
                  .conn = s->replay ? NULL : conn,
                  .options = in->o,
                  .refs = in->refs,
                  .look_up = look_up,
                  .replay = s->replay,
                  .rehearsal = !in->writing,
                  .now = in->now,
                  .reason = in->reason};
    r.ctx.arena = s->arena;
    r.ctx.err = &s->err;
    return r;
}

static zh_rc run_row(zh_rower *r, zh_batch *s, size_t i)
{
    zh_rc rc = zh_row_run(r, &s->rows[i], &s->results[i], &s->errors);
    if (rc == ZH_OK && zh_arena_left(s->arena) < (size_t)32 << 20) {
        rc = zh_err_set(&s->err, ZH_ELIMIT, "intake.batch",
                        "第 %zu 行附近的内容太大，超出一批的内存限额", s->rows[i].number);
    }
    return rc;
}

/* Rows to prepared writes, all read from one snapshot: pages are fetched once a batch. */
static void work(zh_intake_run *in, zh_batch *s, zh_conn *conn, bool look_up)
{
    zh_rower r = rower_of(in, s, conn, look_up);
    s->results = ZH_NEW_N(s->arena, zh_row_result, s->n + 1);
    s->rc = r.conn != NULL ? zh_read_begin(r.conn, &s->err) : ZH_OK;
    for (size_t i = 0; i < s->n && s->rc == ZH_OK; i++) {
        s->rc = run_row(&r, s, i);
    }
    if (r.conn != NULL) {
        zh_read_end(r.conn);
    }
}

static void *worker_main(void *user)
{
    zh_intake_run *in = user;
    zh_conn *conn = NULL;
    zh_err err = {0};
    zh_rc rc = zh_store_reader(zh_core_store(in->ctx->core), &conn, &err);
    for (;;) {
        pthread_mutex_lock(&in->lock);
        while (in->taken == in->filled && !in->ended && !in->stop) {
            pthread_cond_wait(&in->moved, &in->lock);
        }
        if (in->taken == in->filled || in->stop) {
            pthread_mutex_unlock(&in->lock);
            break;
        }
        zh_batch *s = &in->slots[in->taken++ % ZH_INTAKE_SLOTS];
        s->state = ZH_SLOT_WORKING;
        pthread_mutex_unlock(&in->lock);
        if (rc != ZH_OK) {
            s->rc = rc;
            s->err = err;
        } else {
            work(in, s, conn, in->look_up);
        }
        pthread_mutex_lock(&in->lock);
        s->state = ZH_SLOT_READY;
        pthread_cond_broadcast(&in->moved);
        pthread_mutex_unlock(&in->lock);
    }
    zh_store_release(conn);
    return NULL;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void count_rule(zh_intake_run *in, zh_str rule)
{
    for (size_t i = 0; i < in->nrules; i++) {
        if (zh_str_eq(in->rules[i].rule, rule)) {
            in->rules[i].n++;
            return;
        }
    }
    if (in->nrules < ZH_INTAKE_RULES_MAX) {
        in->rules[in->nrules++] = (zh_intake_rule_count){zh_str_dup(in->ctx->arena, rule), 1};
    }
}

static void write_error(zh_intake_run *in, const zh_intake_error *e)
{
    zh_buf line;
    zh_buf_init(&line, 16384);
    zh_str severity = e->severity == 'r'   ? ZH_STR("拒绝")
                      : e->severity == 'd' ? ZH_STR("存疑")
                                           : ZH_STR("提示");
    zh_str row = zh_str_fmt(in->ctx->arena, "%zu", e->row);
    zh_str cells[] = {e->sheet, row, e->column, e->header, severity, e->rule, e->message, e->fix};
    for (size_t i = 0; i < ZH_COUNTOF(cells); i++) {
        if (i) {
            zh_buf_c(&line, ',');
        }
        zh_csv_write_cell(&line, cells[i], ',', true);
    }
    zh_buf_z(&line, "\r\n");
    (void)fwrite(line.p, 1, line.n, in->errors_file);
    zh_buf_free(&line);
}

typedef struct placed_error {
    const zh_intake_error *error;
    size_t index;
} placed_error;

static int error_order(const void *a, const void *b)
{
    const placed_error *x = a;
    const placed_error *y = b;
    if (x->error->ordinal != y->error->ordinal) {
        return x->error->ordinal < y->error->ordinal ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

static zh_str kept_text(zh_intake_run *in, zh_str s)
{
    return zh_str_dup(in->ctx->arena, s);
}

static void take_error(zh_intake_run *in, const zh_batch *s, const zh_intake_error *e)
{
    in->out->errors_total++;
    count_rule(in, e->rule);
    if (in->errors_file != NULL) {
        zh_arena_mark mark = zh_arena_here(in->ctx->arena);
        write_error(in, e);
        zh_arena_rewind(in->ctx->arena, mark);
    }
    if (in->kept.n < ZH_INTAKE_ERRORS_KEPT) {
        zh_intake_error k = *e;
        k.sheet = kept_text(in, e->sheet);
        k.column = kept_text(in, e->column);
        k.header = kept_text(in, e->header);
        k.rule = kept_text(in, e->rule);
        k.message = kept_text(in, e->message);
        k.fix = kept_text(in, e->fix);
        k.where = kept_text(in, e->where);
        zh_intake_keep_cells(in, s, &k);
        zh_vec_push(in->ctx->arena, &in->kept, k);
    }
}

/* The errors of a batch in the order of the file. */
static void take_errors(zh_intake_run *in, const zh_batch *s)
{
    placed_error *list = ZH_NEW_N(s->arena, placed_error, s->errors.n + 1);
    for (size_t i = 0; i < s->errors.n; i++) {
        list[i] = (placed_error){&s->errors.p[i], i};
    }
    zh_sort(list, s->errors.n, sizeof *list, error_order);
    for (size_t i = 0; i < s->errors.n && !s->replay; i++) {
        take_error(in, s, list[i].error);
    }
    if (in->rows_file != NULL && !s->replay && s->errors.n > 0) {
        const zh_intake_error **sorted = ZH_NEW_N(s->arena, const zh_intake_error *, s->errors.n);
        for (size_t i = 0; i < s->errors.n; i++) {
            sorted[i] = list[i].error;
        }
        zh_intake_rows_write(in, s, sorted, s->errors.n);
    }
}

zh_rc zh_intake_errors_open(zh_intake_run *in, bool append)
{
    const char *path = in->o->errors_path;
    const char *data = zh_core_data_dir(in->ctx->core);
    if (path == NULL && in->writing && data != NULL) {
        zh_str dir = zh_str_fmt(in->ctx->arena, "%s/jobs", data);
        zh_rc rc = zh_dir_make(dir.p, in->ctx->err);
        if (rc != ZH_OK) {
            return rc;
        }
        path = zh_str_fmt(in->ctx->arena, "%s/%" PRId64 ".errors.csv", dir.p, in->job.id).p;
    }
    if (path == NULL) {
        return ZH_OK;
    }
    in->errors_file = fopen(path, append ? "ab" : "wb");
    if (in->errors_file == NULL) {
        return zh_err_set(in->ctx->err, ZH_EIO, "intake.errors", "不能写错误清单 %s：%s", path,
                          strerrordesc_np(errno));
    }
    in->out->errors_file = zh_str_dup(in->ctx->arena, zh_str_of(path));
    if (!append) {
        (void)fputs("\xef\xbb\xbf工作表，行，列，表头，级别，规则，问题，怎么办\r\n",
                    in->errors_file);
    }
    return ZH_OK;
}

/* ---- deciding and writing -------------------------------------------------------------------- */

typedef struct decision {
    zh_tally counts;
    zh_seen fresh_keys; /* of this batch */
    zh_prepared **list;
    size_t *rows; /* of the batch, for each of the list */
    size_t n;
} decision;

/* Whether a key was seen, and with what; a new one is remembered as `content`. */
static bool see(zh_intake_run *in, decision *d, uint64_t key, uint32_t content, uint32_t *before)
{
    bool known = zh_seen_find(&d->fresh_keys, key, before) || zh_seen_find(&in->seen, key, before);
    if (!known) {
        zh_seen_add(&d->fresh_keys, key, content);
    }
    return known;
}

/* Who has a business key, remembered beside the row keys. */
static bool see_name(zh_intake_run *in, decision *d, const zh_batch *s, size_t i, uint32_t *who,
                     uint32_t *owner)
{
    const zh_row_result *r = &s->results[i];
    *who = r->keyed ? (uint32_t)(r->key ^ r->key >> 32) : (uint32_t)s->rows[i].ordinal;
    return see(in, d, ~r->name, *who, owner);
}

/* Keys of a row that is not written, or was written before: later rows are compared with it. */
static void remember(zh_intake_run *in, decision *d, const zh_batch *s, size_t i)
{
    uint32_t who;
    uint32_t before;
    if (s->results[i].keyed) {
        (void)see(in, d, s->results[i].key, s->results[i].content, &before);
    }
    if (s->results[i].named) {
        (void)see_name(in, d, s, i, &who, &before);
    }
}

/* Whether a row repeats a key of this file: the same content counts as same, other is refused; so
 * is a business key that an earlier row with another row key has. */
static bool repeats(zh_intake_run *in, decision *d, zh_batch *s, size_t i)
{
    const zh_row_result *r = &s->results[i];
    uint32_t content = 0;
    bool known = r->keyed && see(in, d, r->key, r->content, &content);
    if (known && content == r->content) {
        d->counts.same++;
        return true;
    }
    if (known) {
        d->counts.refused++;
        zh_intake_error_add(
            s->arena, &s->errors, &s->rows[i], SIZE_MAX, 'r', ZH_STR("intake.duplicate"),
            ZH_STR("文件里前面已有同一个键的行，内容不同"), ZH_STR("保留正确的一行，删去另一行"));
        return true;
    }
    uint32_t who = 0;
    uint32_t owner = 0;
    if (r->named && see_name(in, d, s, i, &who, &owner) && owner != who) {
        d->counts.refused++;
        zh_intake_error_add(s->arena, &s->errors, &s->rows[i], SIZE_MAX, 'r',
                            ZH_STR("intake.taken"),
                            ZH_STR("文件里前面另一行已用了同一个业务键，而行键不同"),
                            ZH_STR("核对业务键，每条记录只用一个"));
        return true;
    }
    return false;
}

/* What becomes of one row whose result is there. */
static zh_rc decide_row(zh_intake_run *in, zh_batch *s, size_t i, decision *d)
{
    const zh_row_result *r = &s->results[i];
    if (r->outcome == ZH_ROW_REFUSED || r->outcome == ZH_ROW_DOUBTFUL) {
        d->counts.refused += r->outcome == ZH_ROW_REFUSED;
        d->counts.doubtful += r->outcome == ZH_ROW_DOUBTFUL;
        remember(in, d, s, i);
        return ZH_OK;
    }
    if (repeats(in, d, s, i)) {
        return ZH_OK;
    }
    if (r->outcome == ZH_ROW_SAME) {
        d->counts.same++;
        return ZH_OK;
    }
    d->counts.fresh += r->outcome == ZH_ROW_FRESH;
    d->counts.changed += r->outcome == ZH_ROW_CHANGED;
    d->rows[d->n] = i;
    d->list[d->n++] = r->prepared;
    return in->self_refers ? zh_ahead_put(&in->ahead, in->writing ? s->arena : in->ahead_arena,
                                          zh_prepared_record(r->prepared), in->ctx->err)
                           : ZH_OK;
}

/* Decides the rows in the order of the file. Those that wait for earlier ones are made here: in a
 * 提交 every earlier batch is in the database by now, in a 预检 it is in `ahead`; so both say the
 * same, whatever the timing of the workers. */
static zh_rc decide(zh_intake_run *in, zh_batch *s, decision *d)
{
    zh_conn *conn = NULL;
    zh_rower r = {0};
    zh_rc rc = ZH_OK;
    d->list = ZH_NEW_N(s->arena, zh_prepared *, s->n + 1);
    d->rows = ZH_NEW_N(s->arena, size_t, s->n + 1);
    d->n = 0;
    d->counts = (zh_tally){.rows = (int64_t)s->n, .doubtful = s->doubts};
    if (in->writing) {
        zh_ahead_clear(&in->ahead);
    }
    for (size_t i = 0; i < s->n && rc == ZH_OK; i++) {
        if (s->results[i].waits) {
            if (conn == NULL) {
                rc = zh_store_reader(zh_core_store(in->ctx->core), &conn, in->ctx->err);
                rc = rc == ZH_OK ? zh_read_begin(conn, in->ctx->err) : rc;
                r = rower_of(in, s, conn, in->look_up);
                r.ctx.ahead = &in->ahead;
                r.in_order = true;
            }
            rc = rc == ZH_OK ? run_row(&r, s, i) : rc;
            s->results[i].waits = true;
            if (rc != ZH_OK && s->err.rc != ZH_OK) {
                *in->ctx->err = s->err;
            }
        }
        rc = rc == ZH_OK ? decide_row(in, s, i, d) : rc;
    }
    if (conn != NULL) {
        zh_read_end(conn);
    }
    zh_store_release(conn);
    return rc == ZH_OK ? zh_seen_check(&in->seen, in->ctx->err) : rc;
}

static void decision_release(decision *d)
{
    zh_seen_free(&d->fresh_keys);
}

static void tally_add(zh_tally *into, const zh_tally *more)
{
    into->rows += more->rows;
    into->fresh += more->fresh;
    into->same += more->same;
    into->changed += more->changed;
    into->doubtful += more->doubtful;
    into->refused += more->refused;
    into->written += more->written;
}

void zh_tally_json(const zh_tally *t, zh_str file_name, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 0);
    zh_jw_object(&w);
    zh_jw_ki(&w, "rows", t->rows);
    zh_jw_ki(&w, "new", t->fresh);
    zh_jw_ki(&w, "same", t->same);
    zh_jw_ki(&w, "changed", t->changed);
    zh_jw_ki(&w, "doubtful", t->doubtful);
    zh_jw_ki(&w, "refused", t->refused);
    zh_jw_ki(&w, "written", t->written);
    zh_jw_kv(&w, "name", file_name);
    zh_jw_object_end(&w);
}

void zh_tally_read(zh_arena *arena, zh_str text, zh_tally *out)
{
    zh_json *j = NULL;
    zh_err ignored = {0};
    struct {
        const char *name;
        int64_t *into;
    } members[] = {{"rows", &out->rows},         {"new", &out->fresh},
                   {"same", &out->same},         {"changed", &out->changed},
                   {"doubtful", &out->doubtful}, {"refused", &out->refused},
                   {"written", &out->written}};
    if (text.n == 0 || zh_json_parse(arena, text, &j, &ignored) != ZH_OK) {
        return;
    }
    for (size_t i = 0; i < ZH_COUNTOF(members); i++) {
        const zh_json *v = zh_json_get(j, members[i].name);
        if (v != NULL && zh_json_i64(v, members[i].into) != ZH_OK) {
            *members[i].into = 0;
        }
    }
}

/* One transaction: the batch's writes and the job's cursor. */
static zh_rc write_batch(zh_intake_run *in, const zh_batch *s, const decision *d,
                         const zh_tally *after, size_t *culprit)
{
    zh_ctx ctx = *in->ctx;
    ctx.arena = s->arena;
    ctx.job = in->job.id;
    zh_conn *conn = NULL;
    zh_buf partial;
    zh_buf_init(&partial, 4096);
    zh_tally_json(after, zh_str_of(zh_intake_file_name(in)), &partial);
    zh_rc rc = zh_store_writer(zh_core_store(ctx.core), &conn, ctx.err);
    if (rc == ZH_OK) {
        rc = zh_begin(conn, ctx.err);
    }
    if (rc == ZH_OK && d->n > 0) {
        rc = zh_record_apply_batch(&ctx, conn, d->list, d->n, culprit);
    }
    if (rc == ZH_OK) {
        rc = zh_job_advance(&ctx, conn, &in->job, s->end, after->rows, in->rows_expected,
                            zh_buf_view(&partial));
    }
    if (rc == ZH_OK) {
        rc = zh_commit(conn, ctx.err);
    }
    zh_store_release(conn);
    zh_buf_free(&partial);
    return rc;
}

/* Makes the batch again, now looking at what other writers have stored meanwhile. */
static zh_rc rework(zh_intake_run *in, zh_batch *s)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(in->ctx->core), &conn, in->ctx->err);
    if (rc == ZH_OK) {
        s->errors.n = s->reader_errors;
        s->rc = ZH_OK;
        zh_err_again(&s->err);
        work(in, s, conn, true);
        rc = s->rc;
        if (rc != ZH_OK) {
            *in->ctx->err = s->err;
        }
    }
    zh_store_release(conn);
    return rc;
}

/* Refuses a row that the database says is not unique although nothing was found under its keys. */
static void refuse_row(zh_batch *s, size_t row, const zh_err *err)
{
    s->results[row].outcome = ZH_ROW_REFUSED;
    s->results[row].waits = false;
    zh_intake_error_add(s->arena, &s->errors, &s->rows[row], SIZE_MAX, 'r', zh_str_of(err->rule),
                        zh_str_of(err->message), zh_str_of(err->fix));
}

/* Decides and writes a batch; other writers may have been quicker with a record or a key. */
static zh_rc write_settled(zh_intake_run *in, zh_batch *s, decision *d, zh_tally *after)
{
    for (int conflicts = 0, busy = 0;;) {
        size_t culprit = SIZE_MAX;
        size_t errors = s->errors.n;
        zh_err_again(in->ctx->err);
        *after = in->counts;
        zh_rc rc = decide(in, s, d);
        if (rc != ZH_OK) {
            return rc;
        }
        d->counts.written = in->writing ? (int64_t)d->n : 0;
        tally_add(after, &d->counts);
        if (in->writing && in->o->commit == ZH_COMMIT_ALL &&
            (d->counts.refused > 0 || d->counts.doubtful > 0)) {
            zh_err_set(in->ctx->err, ZH_EINVAL, "intake.changed",
                       "预检之后登记册有变动，第 %zu 行一批里出现了不能写入的行，导入停止",
                       s->n ? s->rows[0].number : 0);
            zh_err_fix(in->ctx->err, "重新导入同一文件；已写入的行会识别为相同");
            return ZH_EINVAL;
        }
        rc = in->writing ? write_batch(in, s, d, after, &culprit) : ZH_OK;
        bool wait = rc == ZH_EBUSY && in->ctx->err->rule[0] != 'j' && ++busy <= BUSY_MAX;
        if (rc != ZH_ECONFLICT && !wait) {
            return rc;
        }
        size_t row = culprit < d->n ? d->rows[culprit] : SIZE_MAX;
        s->errors.n = errors;
        decision_release(d);
        if (wait) {
            continue;
        }
        if (conflicts > 0 && row != SIZE_MAX &&
            strcmp(in->ctx->err->rule, "record.duplicate") == 0) {
            refuse_row(s, row, in->ctx->err);
            continue;
        }
        if (++conflicts > CONFLICTS_MAX) {
            return rc;
        }
        rc = rework(in, s);
        if (rc != ZH_OK) {
            return rc;
        }
    }
}

/* What 预检 would change in the cells. */
static void add_effects(zh_intake_run *in, const decision *d)
{
    zh_deltas *deltas = in->writing || in->out->deltas_partial ? NULL : in->o->deltas;
    for (size_t i = 0; i < d->n && deltas != NULL && !in->out->deltas_partial; i++) {
        in->out->deltas_partial = !zh_deltas_absorb(deltas, d->list[i]->deltas);
    }
}

static zh_rc settle(zh_intake_run *in, zh_batch *s)
{
    decision d = {0};
    zh_tally after = in->counts;
    zh_rc rc = ZH_OK;
    zh_seen_init(&d.fresh_keys, 0, NULL);
    for (size_t i = 0; i < s->n && s->replay; i++) {
        remember(in, &d, s, i);
    }
    if (!s->replay) {
        rc = write_settled(in, s, &d, &after);
    }
    if (rc == ZH_OK) {
        add_effects(in, &d);
        in->counts = after;
        zh_seen_add_all(&in->seen, &d.fresh_keys);
        take_errors(in, s);
    }
    decision_release(&d);
    return rc;
}

static bool report(zh_intake_run *in, bool force)
{
    uint64_t now = zh_monotonic_us();
    if (in->o->progress == NULL || (!force && now - in->progress_at < PROGRESS_EVERY_US)) {
        return true;
    }
    in->progress_at = now;
    pthread_mutex_lock(&in->lock);
    uint64_t bytes = in->bytes;
    uint64_t total = in->bytes_total;
    pthread_mutex_unlock(&in->lock);
    return in->o->progress(in->o->user, in->writing ? "提交" : "预检", in->counts.rows, bytes,
                           total);
}

/* The calling thread's part of a pass. */
static zh_rc settle_all(zh_intake_run *in)
{
    zh_rc rc = ZH_OK;
    for (;;) {
        pthread_mutex_lock(&in->lock);
        zh_batch *s = &in->slots[in->settled % ZH_INTAKE_SLOTS];
        while (!(in->settled < in->filled && s->state == ZH_SLOT_READY) &&
               !(in->ended && in->settled == in->filled)) {
            pthread_cond_wait(&in->moved, &in->lock);
        }
        bool done = in->settled == in->filled;
        pthread_mutex_unlock(&in->lock);
        if (done) {
            break;
        }
        rc = s->rc;
        if (rc != ZH_OK) {
            *in->ctx->err = s->err;
        } else {
            rc = settle(in, s);
        }
        if (rc == ZH_OK && !report(in, false)) {
            rc = zh_err_set(in->ctx->err, ZH_ECANCEL, "intake.cancelled", "导入已取消");
        }
        pthread_mutex_lock(&in->lock);
        s->state = ZH_SLOT_FREE;
        in->settled++;
        in->stop = in->stop || rc != ZH_OK;
        pthread_cond_broadcast(&in->moved);
        pthread_mutex_unlock(&in->lock);
        if (rc != ZH_OK) {
            break;
        }
    }
    return rc;
}

static unsigned thread_count(const zh_intake_run *in)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = in->o->threads ? in->o->threads : cores > 1 ? (unsigned)cores : 1;
    return n > THREADS_MAX ? THREADS_MAX : n;
}

static void pass_reset(zh_intake_run *in)
{
    in->filled = in->taken = in->settled = 0;
    in->ended = in->stop = false;
    in->skipped = 0;
    in->read_rc = ZH_OK;
    in->counts = in->writing ? in->resumed : (zh_tally){0};
    zh_seen_free(&in->seen);
    zh_ahead_clear(&in->ahead);
    zh_arena_reset(in->ahead_arena);
    in->kept.n = 0;
    in->nrules = 0;
    in->out->errors_total = 0;
    for (size_t i = 0; i < ZH_INTAKE_SLOTS; i++) {
        in->slots[i].state = ZH_SLOT_FREE;
    }
}

/* Reads the whole file once: checks it, or writes it. */
zh_rc zh_intake_pass(zh_intake_run *in)
{
    pthread_t reader;
    pthread_t workers[THREADS_MAX];
    unsigned n = thread_count(in);
    unsigned started = 0;
    pass_reset(in);
    if (pthread_create(&reader, NULL, reader_main, in) != 0) {
        return zh_err_set(in->ctx->err, ZH_EIO, "intake.thread", "不能启动读取线程");
    }
    while (started < n && pthread_create(&workers[started], NULL, worker_main, in) == 0) {
        started++;
    }
    zh_rc rc = started ? settle_all(in)
                       : zh_err_set(in->ctx->err, ZH_EIO, "intake.thread", "不能启动处理线程");
    pthread_mutex_lock(&in->lock);
    in->stop = in->stop || rc != ZH_OK;
    pthread_cond_broadcast(&in->moved);
    pthread_mutex_unlock(&in->lock);
    pthread_join(reader, NULL);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i], NULL);
    }
    if (rc == ZH_OK && in->read_rc != ZH_OK) {
        *in->ctx->err = in->read_err;
        rc = in->read_rc;
    }
    in->counts.skipped = in->skipped;
    (void)report(in, true);
    return rc;
}
