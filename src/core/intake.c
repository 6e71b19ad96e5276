/* Intake phases: find the layout, read, prepare in parallel, write in order.
 *
 * Three kinds of threads share a ring of batches: one reader fills them with raw rows, workers turn
 * rows into prepared writes, and the calling thread decides and writes in file order. A batch is
 * one transaction with the job's cursor, so a killed import goes on after the last whole batch. */
#include "core/intake.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/log.h"
#include "base/os.h"
#include "core/intake_private.h"
#include "core/read.h"
#include "proof/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SLOTS = 6,
    THREADS_MAX = 8,
    BATCH_BYTES = 8 << 20,    /* raw bytes of a batch */
    BATCH_BUDGET = 256 << 20, /* everything made from them */
    PROGRESS_EVERY_US = 100000,
    CONFLICTS_MAX = 5, /* of one batch with other writers */
    BUSY_MAX = 50,
    VARIANTS_MAX = 8,
    SHEETS_MAX = 256,
};

/* ---- rows seen in this file ------------------------------------------------------------------ */

typedef struct seen {
    uint64_t *keys; /* 0 = free */
    uint32_t *contents;
    size_t n, capacity;
} seen;

static uint32_t *seen_find(const seen *s, uint64_t key)
{
    if (s->capacity == 0) {
        return NULL;
    }
    size_t i = (size_t)key & (s->capacity - 1);
    while (s->keys[i] != 0) {
        if (s->keys[i] == key) {
            return &s->contents[i];
        }
        i = (i + 1) & (s->capacity - 1);
    }
    return NULL;
}

static void seen_add(seen *s, uint64_t key, uint32_t content)
{
    if ((s->n + 1) * 4 > s->capacity * 3) {
        seen grown = {.capacity = s->capacity ? s->capacity * 2 : 4096};
        grown.keys = zh_alloc(grown.capacity * sizeof *grown.keys);
        grown.contents = zh_alloc(grown.capacity * sizeof *grown.contents);
        for (size_t i = 0; i < s->capacity; i++) {
            if (s->keys[i] != 0) {
                seen_add(&grown, s->keys[i], s->contents[i]);
            }
        }
        zh_dealloc(s->keys);
        zh_dealloc(s->contents);
        *s = grown;
    }
    size_t i = (size_t)key & (s->capacity - 1);
    while (s->keys[i] != 0) {
        i = (i + 1) & (s->capacity - 1);
    }
    s->keys[i] = key;
    s->contents[i] = content;
    s->n++;
}

/* ---- the run --------------------------------------------------------------------------------- */

typedef struct sheet_plan {
    size_t sheet;
    size_t header_rows; /* rows before the first data row */
    const zh_mapping *mapping;
} sheet_plan;

typedef enum slot_state { SLOT_FREE, SLOT_FILLED, SLOT_WORKING, SLOT_READY } slot_state;

typedef struct slot {
    slot_state state;
    zh_arena *arena;
    zh_raw_row *rows;
    zh_row_result *results;
    size_t n;
    int64_t end; /* ordinal after the last row */
    bool replay;
    zh_intake_errors errors; /* in order of rows; the reader's own come first */
    int64_t doubts;          /* totals that do not add up */
    zh_rc rc;
    zh_err err;
} slot;

typedef struct tally {
    int64_t rows, fresh, same, changed, doubtful, refused, skipped, written;
} tally;

typedef struct intake {
    zh_ctx *ctx;
    const zh_intake_options *o;
    zh_intake_result *out;
    zh_table_options table_options;
    sheet_plan *plans;
    size_t nplans;
    zh_arena *plan_arena;
    zh_ref_cache *refs;
    bool writing, look_up;
    zh_str reason;
    zh_job job;
    int64_t resume_at;
    tally counts, resumed;
    seen seen;
    FILE *errors_file;
    ZH_VEC(zh_intake_error) kept;
    zh_intake_rule_count rules[ZH_INTAKE_RULES_MAX];
    size_t nrules;
    uint64_t progress_at;
    struct stat file;
    /* shared between threads, under lock */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    slot slots[SLOTS];
    uint64_t filled, taken, settled; /* batches so far */
    bool ended, stop;
    int64_t skipped;
    uint64_t bytes, bytes_total;
    zh_rc read_rc;
    zh_err read_err;
} intake;

/* ---- finding the layout ---------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Options under which the file may be opened: as it is, and as each recipe's JSON places say. */
static size_t variants_of(const intake *in, const zh_layout *const *layouts, size_t n,
                          zh_table_options *out)
{
    size_t count = 0;
    if (in->o->recipe.n == 0) {
        out[count++] = (zh_table_options){0};
    }
    for (size_t i = 0; i < n && count < VARIANTS_MAX; i++) {
        zh_table_options v = {.separator = layouts[i]->separator,
                              .json_rows = layouts[i]->json_rows,
                              .json_header = layouts[i]->json_header};
        bool known = false;
        for (size_t k = 0; k < count && !known; k++) {
            known = out[k].separator == v.separator && zh_str_eq(out[k].json_rows, v.json_rows) &&
                    zh_str_eq(out[k].json_header, v.json_header);
        }
        if (!known) {
            out[count++] = v;
        }
    }
    return count;
}

/* The text of a row for the message that no layout fits. */
static zh_str row_text(zh_arena *arena, const zh_table_row *row)
{
    zh_buf text;
    zh_buf_init(&text, 512);
    for (size_t i = 0; i < row->n && i < 12 && !text.failed; i++) {
        zh_buf_z(&text, i ? "、" : "");
        zh_buf_str(&text, zh_cell_clip(row->cells[i].text, 60));
    }
    zh_str out = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc plan_sheet(intake *in, zh_table *table, size_t sheet, const zh_layout *const *layouts,
                        size_t nlayouts, zh_str *first_row)
{
    zh_ctx ctx = *in->ctx;
    ctx.arena = in->plan_arena;
    const zh_table_info *info = zh_table_about(table);
    zh_table_row row;
    zh_mapping *mapping = NULL;
    zh_rc rc = zh_table_begin(table, sheet, ctx.err);
    for (size_t i = 0; rc == ZH_OK && i < ZH_INTAKE_HEADER_ROWS && mapping == NULL; i++) {
        rc = zh_table_next(table, &row, ctx.err);
        if (rc != ZH_OK || row.blank || row.error != NULL) {
            continue;
        }
        if (first_row->p == NULL) {
            *first_row = row_text(in->plan_arena, &row);
        }
        rc = zh_mapping_find(&ctx, in->o, layouts, nlayouts, &row, base_name(in->o->path),
                             info->sheets[sheet].name, info->kind == ZH_TABLE_XLSX, &mapping);
        if (rc == ZH_OK && mapping != NULL) {
            bool headless = mapping->layout->ncolumns > 0;
            in->plans[in->nplans++] = (sheet_plan){sheet, i + !headless, mapping};
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static const char *encoding_label(const zh_table_info *info)
{
    return info->kind == ZH_TABLE_XLSX ? "" : zh_encoding_name(info->encoding);
}

static zh_rc plan_variant(intake *in, const zh_table_options *options,
                          const zh_layout *const *layouts, size_t nlayouts, zh_str *first_row)
{
    zh_table *table = NULL;
    zh_rc rc = zh_table_open(in->o->path, options, &table, in->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_table_info *info = zh_table_about(table);
    for (size_t s = 0; s < info->sheets_n && s < SHEETS_MAX && rc == ZH_OK; s++) {
        if (!info->sheets[s].hidden) {
            rc = plan_sheet(in, table, s, layouts, nlayouts, first_row);
        }
    }
    if (rc == ZH_OK && in->nplans > 0) {
        zh_arena *arena = in->ctx->arena;
        in->table_options = *options;
        in->out->format = zh_str_dup(arena, zh_str_of(zh_table_kind_name(info->kind)));
        in->out->encoding = zh_str_dup(arena, zh_str_of(encoding_label(info)));
    }
    zh_table_close(table);
    return rc;
}

static zh_str recipe_of(const zh_model *model, const zh_layout *layout)
{
    for (size_t r = 0; r < model->nrecipes; r++) {
        const zh_recipe *recipe = &model->recipes[r];
        if (layout >= recipe->layouts && layout < recipe->layouts + recipe->nlayouts) {
            return recipe->id;
        }
    }
    return ZH_STR("");
}

static zh_rc no_layout(intake *in, const zh_layout *const *layouts, size_t n, zh_str first_row)
{
    zh_err *err = in->ctx->err;
    zh_buf wanted;
    zh_buf_init(&wanted, 360);
    const zh_layout *layout = layouts[0];
    if (layout->nheaders > 0) {
        for (size_t i = 0; i < layout->nheaders; i++) {
            zh_buf_fmt(&wanted, "%s%.*s", i ? "、" : "", ZH_FMT(layout->headers[i]));
        }
    } else {
        for (size_t i = 0, k = 0; i < layout->nsets; i++) {
            if (layout->sets[i].field->required) {
                zh_buf_fmt(&wanted, "%s%.*s", k++ ? "、" : "",
                           ZH_FMT(layout->sets[i].field->label.zh));
            }
        }
    }
    (void)n;
    zh_err_set(err, ZH_EINVAL, "intake.layout",
               "前 %zu 行里没有找到“%.*s”要的表头；文件的第一行是：%.*s", ZH_INTAKE_HEADER_ROWS,
               ZH_FMT(in->o->reg->label.zh), ZH_FMT(first_row));
    zh_err_fix(err, "表头应有：%.*s；或用 --recipe 指明配方", (int)wanted.n,
               wanted.p ? wanted.p : "");
    zh_err_where(err, "%s", base_name(in->o->path));
    zh_buf_free(&wanted);
    return ZH_EINVAL;
}

static zh_rc plan(intake *in)
{
    const zh_layout *const *layouts = NULL;
    size_t nlayouts = 0;
    zh_ctx ctx = *in->ctx;
    ctx.arena = in->plan_arena;
    zh_rc rc = zh_layouts_of(&ctx, in->o, &layouts, &nlayouts);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_table_options variants[VARIANTS_MAX];
    size_t nvariants = variants_of(in, layouts, nlayouts, variants);
    zh_str first_row = ZH_STR_NONE;
    zh_err first_error = {0};
    in->plans = ZH_NEW_N(in->plan_arena, sheet_plan, SHEETS_MAX);
    for (size_t v = 0; v < nvariants && in->nplans == 0; v++) {
        zh_err_clear(in->ctx->err);
        rc = plan_variant(in, &variants[v], layouts, nlayouts, &first_row);
        if (rc != ZH_OK && first_error.rc == ZH_OK) {
            first_error = *in->ctx->err;
        }
    }
    if (in->nplans == 0 && first_error.rc != ZH_OK && first_row.p == NULL) {
        *in->ctx->err = first_error;
        return first_error.rc;
    }
    zh_err_clear(in->ctx->err);
    if (in->nplans == 0) {
        return no_layout(in, layouts, nlayouts, first_row);
    }
    const zh_mapping *first = in->plans[0].mapping;
    zh_mapping_unmapped(in->ctx->arena, first, &in->out->unmapped, &in->out->nunmapped);
    in->out->layout = first->layout->id;
    in->out->recipe = recipe_of(in->ctx->model, first->layout);
    return ZH_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct reading {
    intake *in;
    slot *slot; /* being filled; NULL between batches */
    zh_raw_row rows[ZH_INTAKE_BATCH];
    size_t n, bytes;
    int64_t ordinal;
    zh_decimal sums[ZH_PICK_COLUMNS_MAX];
    bool summable;
} reading;

static bool slot_acquire(reading *rd)
{
    intake *in = rd->in;
    pthread_mutex_lock(&in->lock);
    slot *s = &in->slots[in->filled % SLOTS];
    while (s->state != SLOT_FREE && !in->stop) {
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
        zh_err_clear(&s->err);
    }
    return go;
}

static void slot_submit(reading *rd, zh_table *table)
{
    intake *in = rd->in;
    slot *s = rd->slot;
    if (s == NULL) {
        return;
    }
    s->rows = ZH_NEW_N(s->arena, zh_raw_row, rd->n + 1);
    memcpy(s->rows, rd->rows, rd->n * sizeof *rd->rows);
    s->n = rd->n;
    s->end = rd->ordinal;
    s->replay = in->writing && rd->ordinal <= in->resume_at;
    pthread_mutex_lock(&in->lock);
    s->state = SLOT_FILLED;
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

/* Adds the summed columns of a data row, or compares a totals row with the sums. */
static void sum_row(reading *rd, const zh_mapping *m, const zh_table_row *row, bool total)
{
    zh_raw_row raw = {.mapping = m, .number = row->number};
    for (size_t i = 0; i < m->layout->ntotal_sums && rd->summable; i++) {
        zh_str cell;
        size_t column = SIZE_MAX;
        zh_decimal d;
        if (!zh_row_cell(m, row->cells, row->n, m->layout->total_sums[i], &cell, &column) ||
            zh_str_trim(cell).n == 0 || zh_decimal_parse(zh_str_trim(cell), false, &d) != ZH_OK) {
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
            rd->slot->doubts++;
        }
    }
}

static zh_rc read_sheet(reading *rd, zh_table *table, const sheet_plan *plan, zh_err *err)
{
    intake *in = rd->in;
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
    intake *in = user;
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

static void work(intake *in, slot *s, zh_conn *conn, bool look_up)
{
    zh_rower r = {.ctx = *in->ctx,
                  .conn = s->replay ? NULL : conn,
                  .options = in->o,
                  .refs = in->refs,
                  .look_up = look_up,
                  .replay = s->replay,
                  .reason = in->reason};
    r.ctx.arena = s->arena;
    r.ctx.err = &s->err;
    s->results = ZH_NEW_N(s->arena, zh_row_result, s->n + 1);
    for (size_t i = 0; i < s->n && s->rc == ZH_OK; i++) {
        s->rc = zh_row_run(&r, &s->rows[i], &s->results[i], &s->errors);
        if (s->rc == ZH_OK && zh_arena_left(s->arena) < (size_t)32 << 20) {
            s->rc = zh_err_set(&s->err, ZH_ELIMIT, "intake.batch",
                               "第 %zu 行附近的内容太大，超出一批的内存限额", s->rows[i].number);
        }
    }
}

static void *worker_main(void *user)
{
    intake *in = user;
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
        slot *s = &in->slots[in->taken++ % SLOTS];
        s->state = SLOT_WORKING;
        pthread_mutex_unlock(&in->lock);
        if (rc != ZH_OK) {
            s->rc = rc;
            s->err = err;
        } else {
            work(in, s, conn, in->look_up);
        }
        pthread_mutex_lock(&in->lock);
        s->state = SLOT_READY;
        pthread_cond_broadcast(&in->moved);
        pthread_mutex_unlock(&in->lock);
    }
    zh_store_release(conn);
    return NULL;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void count_rule(intake *in, zh_str rule)
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

static void write_error(intake *in, const zh_intake_error *e)
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

static zh_str kept_text(intake *in, zh_str s)
{
    return zh_str_dup(in->ctx->arena, s);
}

static void take_error(intake *in, const zh_intake_error *e)
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
        zh_vec_push(in->ctx->arena, &in->kept, k);
    }
}

static zh_rc open_errors(intake *in, bool append)
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
        (void)fputs("\xef\xbb\xbf工作表,行,列,表头,级别,规则,问题,怎么办\r\n", in->errors_file);
    }
    return ZH_OK;
}

/* ---- deciding and writing -------------------------------------------------------------------- */

typedef struct decision {
    tally counts;
    seen fresh_keys; /* of this batch */
    zh_prepared **list;
    size_t n;
} decision;

/* Whether a row repeats a key of this file; the same content counts as same, other is refused. */
static bool repeats(intake *in, decision *d, const slot *s, size_t i, zh_intake_errors *errors)
{
    const zh_row_result *r = &s->results[i];
    uint64_t key = r->key ? r->key : 1;
    uint32_t *content = seen_find(&in->seen, key);
    content = content ? content : seen_find(&d->fresh_keys, key);
    if (content == NULL) {
        seen_add(&d->fresh_keys, key, r->content);
        return false;
    }
    if (*content == r->content) {
        d->counts.same++;
    } else {
        d->counts.refused++;
        zh_intake_error_add(
            s->arena, errors, &s->rows[i], SIZE_MAX, 'r', ZH_STR("intake.duplicate"),
            ZH_STR("文件里前面已有同一个键的行，内容不同"), ZH_STR("保留正确的一行，删去另一行"));
    }
    return true;
}

static void decide(intake *in, slot *s, decision *d)
{
    d->list = ZH_NEW_N(s->arena, zh_prepared *, s->n + 1);
    d->n = 0;
    d->counts = (tally){.rows = (int64_t)s->n, .doubtful = s->doubts};
    for (size_t i = 0; i < s->n; i++) {
        const zh_row_result *r = &s->results[i];
        if (r->outcome == ZH_ROW_REFUSED) {
            d->counts.refused++;
        } else if (r->outcome == ZH_ROW_DOUBTFUL) {
            d->counts.doubtful++;
        } else if (r->keyed && repeats(in, d, s, i, &s->errors)) {
            continue;
        } else if (r->outcome == ZH_ROW_SAME) {
            d->counts.same++;
        } else {
            d->counts.fresh += r->outcome == ZH_ROW_FRESH;
            d->counts.changed += r->outcome == ZH_ROW_CHANGED;
            d->list[d->n++] = r->prepared;
        }
    }
}

static void decision_release(decision *d)
{
    zh_dealloc(d->fresh_keys.keys);
    zh_dealloc(d->fresh_keys.contents);
    d->fresh_keys = (seen){0};
}

static void tally_add(tally *into, const tally *more)
{
    into->rows += more->rows;
    into->fresh += more->fresh;
    into->same += more->same;
    into->changed += more->changed;
    into->doubtful += more->doubtful;
    into->refused += more->refused;
    into->written += more->written;
}

static void tally_json(const tally *t, zh_buf *out)
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
    zh_jw_object_end(&w);
}

static void tally_read(zh_arena *arena, zh_str text, tally *out)
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
static zh_rc write_batch(intake *in, const slot *s, const decision *d, const tally *after)
{
    zh_ctx ctx = *in->ctx;
    ctx.arena = s->arena;
    zh_conn *conn = NULL;
    zh_buf partial;
    zh_buf_init(&partial, 4096);
    tally_json(after, &partial);
    zh_rc rc = zh_store_writer(zh_core_store(ctx.core), &conn, ctx.err);
    if (rc == ZH_OK) {
        rc = zh_begin(conn, ctx.err);
    }
    if (rc == ZH_OK && d->n > 0) {
        rc = zh_record_apply_batch(&ctx, conn, d->list, d->n, NULL);
    }
    if (rc == ZH_OK) {
        rc = zh_job_advance(&ctx, conn, &in->job, s->end, after->rows, 0, zh_buf_view(&partial));
    }
    if (rc == ZH_OK) {
        rc = zh_commit(conn, ctx.err);
    }
    zh_store_release(conn);
    zh_buf_free(&partial);
    return rc;
}

/* Makes the batch again, now looking at what other writers have stored meanwhile. */
static zh_rc rework(intake *in, slot *s)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(in->ctx->core), &conn, in->ctx->err);
    if (rc == ZH_OK) {
        s->errors.n = 0;
        s->rc = ZH_OK;
        zh_err_clear(&s->err);
        work(in, s, conn, true);
        rc = s->rc;
        if (rc != ZH_OK) {
            *in->ctx->err = s->err;
        }
    }
    zh_store_release(conn);
    return rc;
}

static zh_rc settle(intake *in, slot *s)
{
    decision d = {0};
    tally after = in->counts;
    zh_rc rc = ZH_OK;
    if (s->replay) {
        for (size_t i = 0; i < s->n; i++) {
            const zh_row_result *r = &s->results[i];
            if (r->keyed && r->outcome == ZH_ROW_SAME &&
                seen_find(&in->seen, r->key ? r->key : 1) == NULL) {
                seen_add(&in->seen, r->key ? r->key : 1, r->content);
            }
        }
        return ZH_OK;
    }
    for (int conflicts = 0, busy = 0;;) {
        zh_err_clear(in->ctx->err);
        after = in->counts;
        decide(in, s, &d);
        d.counts.written = in->writing ? (int64_t)d.n : 0;
        tally_add(&after, &d.counts);
        rc = in->writing ? write_batch(in, s, &d, &after) : ZH_OK;
        bool again = (rc == ZH_ECONFLICT && ++conflicts <= CONFLICTS_MAX) ||
                     (rc == ZH_EBUSY && in->ctx->err->rule[0] != 'j' && ++busy <= BUSY_MAX);
        if (!again) {
            break;
        }
        decision_release(&d);
        if (rc == ZH_ECONFLICT) {
            rc = rework(in, s);
            if (rc != ZH_OK) {
                return rc;
            }
        }
    }
    if (rc == ZH_OK) {
        in->counts = after;
        for (size_t i = 0; i < d.fresh_keys.capacity; i++) {
            if (d.fresh_keys.keys[i] != 0) {
                seen_add(&in->seen, d.fresh_keys.keys[i], d.fresh_keys.contents[i]);
            }
        }
        for (size_t i = 0; i < s->errors.n; i++) {
            take_error(in, &s->errors.p[i]);
        }
    }
    decision_release(&d);
    return rc;
}

static bool report(intake *in, bool force)
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
static zh_rc settle_all(intake *in)
{
    zh_rc rc = ZH_OK;
    for (;;) {
        pthread_mutex_lock(&in->lock);
        slot *s = &in->slots[in->settled % SLOTS];
        while (!(in->settled < in->filled && s->state == SLOT_READY) &&
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
        s->state = SLOT_FREE;
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

static unsigned thread_count(const intake *in)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = in->o->threads ? in->o->threads : cores > 1 ? (unsigned)cores : 1;
    return n > THREADS_MAX ? THREADS_MAX : n;
}

static void pass_reset(intake *in)
{
    in->filled = in->taken = in->settled = 0;
    in->ended = in->stop = false;
    in->skipped = 0;
    in->read_rc = ZH_OK;
    in->counts = in->writing ? in->resumed : (tally){0};
    zh_dealloc(in->seen.keys);
    zh_dealloc(in->seen.contents);
    in->seen = (seen){0};
    in->kept.n = 0;
    in->nrules = 0;
    in->out->errors_total = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        in->slots[i].state = SLOT_FREE;
    }
}

/* Reads the whole file once: checks it, or writes it. */
static zh_rc pass(intake *in)
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

/* ---- phases ---------------------------------------------------------------------------------- */

static zh_rc digest_file(intake *in, int fd, zh_str *out)
{
    zh_hash hash;
    zh_digest digest;
    size_t size = (size_t)1 << 20;
    char *bytes = zh_alloc(size);
    ssize_t got = 0;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    while ((got = read(fd, bytes, size)) > 0) {
        zh_hash_add(&hash, bytes, (size_t)got);
    }
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    zh_dealloc(bytes);
    if (got < 0) {
        return zh_err_set(in->ctx->err, ZH_EIO, "intake.read", "读文件失败：%s",
                          strerrordesc_np(errno));
    }
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_hex(digest.b, ZH_DIGEST_BYTES, hex);
    *out = zh_str_fmt(in->ctx->arena, "sha256:%s", hex);
    return ZH_OK;
}

static zh_rc identify(intake *in)
{
    int fd = open(in->o->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        zh_err_set(in->ctx->err, errno == ENOENT ? ZH_ENOTFOUND : ZH_EIO, "intake.open",
                   "打不开文件 %s：%s", in->o->path, strerrordesc_np(errno));
        return in->ctx->err->rc;
    }
    zh_rc rc = ZH_OK;
    if (fstat(fd, &in->file) != 0 || !S_ISREG(in->file.st_mode)) {
        rc = zh_err_set(in->ctx->err, ZH_EINVAL, "intake.open", "%s 不是普通文件", in->o->path);
    }
    if (rc == ZH_OK) {
        rc = digest_file(in, fd, &in->out->digest);
    }
    (void)close(fd);
    return rc;
}

/* A file that grew or was replaced while it was read is not the file that was checked. */
static zh_rc unchanged(intake *in)
{
    struct stat now;
    if (stat(in->o->path, &now) != 0 || now.st_size != in->file.st_size ||
        now.st_mtim.tv_sec != in->file.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != in->file.st_mtim.tv_nsec) {
        zh_err_set(in->ctx->err, ZH_ECONFLICT, "intake.file_changed", "文件在读取过程中被改动");
        zh_err_fix(in->ctx->err, "等它写完后重新导入");
        return ZH_ECONFLICT;
    }
    return ZH_OK;
}

static zh_str job_args(const intake *in)
{
    zh_buf text;
    zh_jw w;
    zh_buf_init(&text, 1 << 20);
    zh_jw_init(&w, &text, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", in->o->reg->id);
    zh_jw_kv(&w, "recipe", in->out->recipe);
    zh_jw_kv(&w, "layout", in->out->layout);
    zh_jw_kv(&w, "file", in->out->digest);
    zh_jw_kz(&w, "commit", in->o->commit == ZH_COMMIT_ALL ? "all" : "clean");
    zh_jw_kv(&w, "justification", in->o->justification);
    for (size_t i = 0; i < in->o->nset; i++) {
        zh_jw_key_str(&w, zh_str_fmt(in->ctx->arena, "set.%.*s", ZH_FMT(in->o->set_names[i])));
        zh_jw_str(&w, in->o->set_values[i]);
    }
    zh_jw_object_end(&w);
    zh_str out = zh_str_dup(in->ctx->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

static zh_rc register_empty(intake *in, bool *out)
{
    zh_conn *conn = NULL;
    int64_t one = 0;
    zh_str sql =
        zh_str_fmt(in->ctx->arena, "SELECT 1 FROM %.*s LIMIT 1", ZH_FMT(in->o->reg->table));
    zh_rc rc = zh_store_reader(zh_core_store(in->ctx->core), &conn, in->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, sql.p, NULL, 0, &one, in->ctx->err);
    }
    zh_store_release(conn);
    *out = rc == ZH_ENOTFOUND;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static void copy_counts(intake *in)
{
    zh_intake_result *out = in->out;
    out->rows = in->counts.rows;
    out->fresh = in->counts.fresh;
    out->same = in->counts.same;
    out->changed = in->counts.changed;
    out->doubtful = in->counts.doubtful;
    out->refused = in->counts.refused;
    out->skipped = in->counts.skipped;
    out->written = in->counts.written;
    out->errors = in->kept.p;
    out->nerrors = in->kept.n;
    out->by_rule = in->rules;
    out->nby_rule = in->nrules;
}

/* A register without a row key knows a file only by its digest. */
static bool already_taken(intake *in)
{
    if (in->o->reg->nrow_key > 0 || !zh_str_is(in->job.state, "done")) {
        return false;
    }
    tally_read(in->ctx->arena, in->job.result, &in->counts);
    in->out->already = true;
    in->out->committed = true;
    in->out->job = in->job.id;
    copy_counts(in);
    return true;
}

static zh_rc begin_job(intake *in, bool *finished)
{
    zh_str args = job_args(in);
    bool any_state = in->o->reg->nrow_key == 0;
    zh_rc rc = zh_job_open(in->ctx, ZH_STR("import"), args, any_state, &in->job);
    *finished = rc == ZH_OK && already_taken(in);
    if (rc == ZH_OK && any_state && !*finished && !zh_str_is(in->job.state, "queued") &&
        !zh_str_is(in->job.state, "running")) {
        rc = zh_job_open(in->ctx, ZH_STR("import"), args, false, &in->job);
    }
    if (rc != ZH_OK || *finished) {
        return rc;
    }
    rc = zh_job_take(in->ctx, &in->job);
    if (rc == ZH_OK) {
        in->out->job = in->job.id;
        in->resume_at = in->job.cursor;
        in->out->resumed = in->job.cursor > 0;
        tally_read(in->ctx->arena, in->job.result, &in->resumed);
    }
    return rc;
}

static zh_rc finish_job(intake *in, zh_rc rc)
{
    zh_err kept = *in->ctx->err;
    zh_buf result;
    zh_buf_init(&result, 4096);
    tally_json(&in->counts, &result);
    zh_err_clear(in->ctx->err);
    if (rc == ZH_OK || rc == ZH_ECANCEL) {
        zh_rc end = zh_job_finish(in->ctx, &in->job, rc == ZH_OK ? "done" : "cancelled",
                                  zh_buf_view(&result));
        if (rc == ZH_OK) {
            rc = end;
        }
    }
    zh_buf_free(&result);
    if (rc != ZH_OK && kept.rc != ZH_OK) {
        *in->ctx->err = kept;
    }
    return rc;
}

static zh_rc commit_phase(intake *in)
{
    bool finished = false;
    zh_rc rc = begin_job(in, &finished);
    if (rc != ZH_OK || finished) {
        return rc;
    }
    bool empty = false;
    rc = register_empty(in, &empty);
    in->look_up = !empty;
    in->writing = true;
    if (rc == ZH_OK) {
        rc = open_errors(in, in->out->resumed);
    }
    if (rc == ZH_OK) {
        rc = pass(in);
    }
    if (rc == ZH_OK) {
        rc = unchanged(in);
    }
    rc = finish_job(in, rc);
    in->out->committed = rc == ZH_OK;
    return rc;
}

/* A damaged archive shows itself only at its end: it is read through before anything is written. */
static zh_rc drain(intake *in)
{
    zh_table *table = NULL;
    zh_table_row row;
    zh_rc rc = zh_table_open(in->o->path, &in->table_options, &table, in->ctx->err);
    bool plain = rc != ZH_OK || zh_table_about(table)->container == ZH_CONTAINER_PLAIN;
    for (size_t i = 0; i < in->nplans && rc == ZH_OK && !plain; i++) {
        rc = zh_table_begin(table, in->plans[i].sheet, in->ctx->err);
        while (rc == ZH_OK) {
            rc = zh_table_next(table, &row, in->ctx->err);
        }
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_table_close(table);
    return rc;
}

static zh_rc phases(intake *in)
{
    zh_rc rc = plan(in);
    bool check = in->o->commit != ZH_COMMIT_CLEAN;
    if (rc == ZH_OK && check) {
        bool empty = false;
        rc = register_empty(in, &empty);
        in->look_up = !empty;
        if (rc == ZH_OK && in->o->commit == ZH_COMMIT_NONE) {
            rc = open_errors(in, false);
        }
        if (rc == ZH_OK) {
            rc = pass(in);
        }
        if (rc == ZH_OK) {
            rc = unchanged(in);
        }
        copy_counts(in);
    } else if (rc == ZH_OK) {
        rc = drain(in);
    }
    bool blocked = in->o->commit == ZH_COMMIT_ALL && (in->counts.refused || in->counts.doubtful);
    if (rc == ZH_OK && in->o->commit != ZH_COMMIT_NONE && !blocked) {
        rc = commit_phase(in);
        copy_counts(in);
    }
    return rc;
}

zh_rc zh_intake(zh_ctx *ctx, const zh_intake_options *options, zh_intake_result *out)
{
    uint64_t started = zh_monotonic_us();
    intake *in = zh_alloc(sizeof *in);
    *out = (zh_intake_result){0};
    in->ctx = ctx;
    in->o = options;
    in->out = out;
    in->plan_arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    in->refs = zh_ref_cache_new();
    in->reason = zh_str_fmt(ctx->arena, "导入 %s", base_name(options->path));
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->moved, NULL);
    for (size_t i = 0; i < SLOTS; i++) {
        in->slots[i].arena = zh_arena_new(BATCH_BUDGET);
    }
    zh_rc rc = identify(in);
    if (rc == ZH_OK) {
        rc = phases(in);
    }
    /* names that the caller keeps must not live in the plan's arena */
    out->layout = zh_str_dup(ctx->arena, out->layout);
    zh_str *unmapped = ZH_NEW_N(ctx->arena, zh_str, out->nunmapped + 1);
    for (size_t i = 0; i < out->nunmapped; i++) {
        unmapped[i] = zh_str_dup(ctx->arena, out->unmapped[i]);
    }
    out->unmapped = unmapped;
    zh_intake_rule_count *rules = ZH_NEW_N(ctx->arena, zh_intake_rule_count, in->nrules + 1);
    memcpy(rules, in->rules, in->nrules * sizeof *rules);
    out->by_rule = rules;
    if (in->errors_file != NULL && fclose(in->errors_file) != 0 && rc == ZH_OK) {
        rc = zh_err_set(ctx->err, ZH_EIO, "intake.errors", "错误清单没有写完整");
    }
    for (size_t i = 0; i < SLOTS; i++) {
        zh_arena_free(in->slots[i].arena);
    }
    pthread_cond_destroy(&in->moved);
    pthread_mutex_destroy(&in->lock);
    zh_ref_cache_free(in->refs);
    zh_arena_free(in->plan_arena);
    zh_dealloc(in->seen.keys);
    zh_dealloc(in->seen.contents);
    zh_dealloc(in);
    out->took_us = zh_monotonic_us() - started;
    return rc;
}
