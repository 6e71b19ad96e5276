/* Random questions put to both databases, and to an oracle: every version of every record, read
 * once, filtered by the evaluator and sorted and counted here.
 *
 * The oracle knows nothing of SQL, indexes, grams, cells or cursors. */
#include "base/utf8.h"
#include "world.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 2, MEASURES_MAX = 4, FULL_RECORDS_MAX = 40, PAGES_WANTED = 3, WORDS_MAX = 3 };

typedef struct book { /* a register's versions, by record, oldest first */
    ZH_VEC(zh_version) versions;
} book;

typedef struct asker {
    world *w;
    book books[REGISTERS_MAX];
    int64_t log_size;
    const zh_register *reg;
    zh_list_query q;
    zh_program where, rows;
    const zh_record **matches; /* what the oracle expects, by office and id */
    size_t nmatches;
    bool undecided; /* evaluating failed for some record: the oracle cannot say */
    size_t compiled, refused, unsupported;
} asker;

/* ---- the oracle's book ----------------------------------------------------------------------- */

static void read_book(asker *a, const zh_register *reg, bool *seen)
{
    world *w = a->w;
    side *s = &w->sides[SQLITE];
    zh_ctx ctx = s->ctx;
    ctx.arena = w->arena;
    for (size_t i = 0; i < w->records[reg->index].n; i++) {
        known k = w->records[reg->index].p[i];
        zh_version *versions = NULL;
        size_t n = 0;
        zh_rc rc = zh_record_history(&ctx, s->conn, reg, k.office, k.id, &versions, &n);
        zh_assert(rc == ZH_OK);
        for (size_t v = 0; v < n; v++) {
            int64_t p = versions[v].position;
            bool good = p >= 0 && p < a->log_size && !seen[p] &&
                        (v == 0 || p > versions[v - 1].position) &&
                        versions[v].record->version == (int32_t)v + 1;
            if (!good) {
                world_fails(w, "position %" PRId64 " of record %" PRId64 " version %zu", p, k.id,
                            v + 1);
                continue;
            }
            seen[p] = true;
            zh_vec_push(w->arena, &a->books[reg->index].versions, versions[v]);
        }
    }
}

/* Also checks that positions are dense and keep the order of each record's versions. */
static void read_books(asker *a)
{
    world *w = a->w;
    side *s = &w->sides[SQLITE];
    side_ask(s);
    zh_rc rc = zh_log_size(s->conn, &a->log_size, &s->err);
    zh_assert(rc == ZH_OK);
    bool *seen = ZH_NEW_N(w->arena, bool, (size_t)a->log_size + 1);
    for (size_t i = 0; i < w->model->nregisters; i++) {
        read_book(a, &w->model->registers[i], seen);
    }
    side_done(s);
    for (int64_t p = 0; p < a->log_size; p++) {
        if (!seen[p]) {
            world_fails(w, "nothing stands at position %" PRId64, p);
        }
    }
}

static int by_office(const void *a, const void *b)
{
    const zh_record *x = *(const zh_record *const *)a;
    const zh_record *y = *(const zh_record *const *)b;
    return x->office != y->office ? (x->office < y->office ? -1 : 1)
                                  : (x->id > y->id) - (x->id < y->id);
}

/* The records in force, by office and id. */
static size_t in_force(const asker *a, int64_t as_of, const zh_record **out)
{
    const book *b = &a->books[a->reg->index];
    size_t n = 0;
    for (size_t i = 0; i < b->versions.n; i++) {
        const zh_version *v = &b->versions.p[i];
        if (as_of != ZH_AS_OF_NOW && v->position >= as_of) {
            continue;
        }
        bool newer = n > 0 && out[n - 1]->id == v->record->id;
        out[newer ? n - 1 : n++] = v->record;
    }
    qsort(out, n, sizeof *out, by_office);
    return n;
}

static bool has_word(zh_arena *arena, const zh_field *fields, size_t n, const zh_value *values,
                     zh_str word)
{
    for (size_t i = 0; i < n; i++) {
        zh_str folded;
        if (fields[i].searchable && values[i].kind == ZH_TEXT &&
            zh_utf8_fold(arena, values[i].text, &folded) == ZH_OK &&
            zh_str_find(folded, word) >= 0) {
            return true;
        }
    }
    return false;
}

static bool has_words(const asker *a, const zh_record *r)
{
    zh_arena *arena = a->w->sides[SQLITE].arena;
    zh_str rest;
    zh_str word;
    zh_rc rc = zh_utf8_fold(arena, a->q.search, &rest);
    zh_assert(rc == ZH_OK);
    while (rest.n > 0 && zh_str_split(&rest, ' ', &word)) {
        bool found =
            word.n == 0 || has_word(arena, r->reg->fields, r->reg->nfields, r->values, word);
        for (size_t t = 0; t < r->reg->nfields && !found; t++) {
            const zh_rows *rows = &r->tables[t];
            for (size_t i = 0; rows->table != NULL && i < rows->n && !found; i++) {
                found = has_word(arena, rows->table->columns, rows->table->ncolumns,
                                 rows->values + i * rows->table->ncolumns, word);
            }
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool holds(asker *a, const zh_program *program, const zh_record *r)
{
    side *s = &a->w->sides[SQLITE];
    bool yes = true;
    zh_err ignored = {0};
    if (program != NULL) {
        zh_env env = zh_read_env(&s->ctx, s->conn, a->q.as_of, r);
        a->undecided = zh_eval_true(program, &env, &yes, &ignored) != ZH_OK || a->undecided;
    }
    return yes;
}

static void find_matches(asker *a)
{
    side *s = &a->w->sides[SQLITE];
    const zh_record **all =
        ZH_NEW_N(a->w->step, const zh_record *, a->books[a->reg->index].versions.n + 1);
    size_t n = in_force(a, a->q.as_of, all);
    const zh_program *rows = a->rows.root != NULL ? &a->rows : NULL;
    a->matches = all;
    a->nmatches = 0;
    a->undecided = false;
    side_ask(s);
    zh_arena_mark mark = zh_arena_here(s->arena);
    for (size_t i = 0; i < n; i++) {
        if (holds(a, rows, all[i]) && holds(a, a->q.where, all[i]) &&
            (a->q.search.n == 0 || has_words(a, all[i]))) {
            a->matches[a->nmatches++] = all[i];
        }
        zh_arena_rewind(s->arena, mark);
    }
    side_done(s);
}

/* ---- what is asked --------------------------------------------------------------------------- */

/* A filter that compiles; root NULL when chance wants none. */
static zh_program random_program(asker *a, unsigned percent)
{
    zh_program program = {0};
    zh_scope scope = {.model = a->w->model, .reg = a->reg};
    const book *b = &a->books[a->reg->index];
    sample_pool pool = {ZH_NEW_N(a->w->step, const zh_record *, b->versions.n + 1), 0};
    if (!chance(a->w, percent)) {
        return program;
    }
    const zh_record **records = ZH_NEW_N(a->w->step, const zh_record *, 8);
    for (; pool.n < 8 && b->versions.n > 0; pool.n++) {
        records[pool.n] = b->versions.p[below(a->w, b->versions.n)].record;
    }
    pool.records = records;
    for (;;) {
        zh_err err = {0};
        zh_str text = random_filter(a->w, a->reg, &pool);
        if (zh_expr_compile(a->w->step, &scope, text, &program, &err) == ZH_OK) {
            a->compiled++;
            return program;
        }
        a->refused++;
        if (getenv("ZH_TEST_VERBOSE") != NULL) {
            printf("does not compile: %.*s: %s\n", ZH_FMT(text), err.message);
        }
    }
}

static zh_str random_words(asker *a)
{
    world *w = a->w;
    const book *b = &a->books[a->reg->index];
    zh_buf out;
    zh_buf_init(&out, 4096);
    size_t n = 1 + below(w, WORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        zh_str text = random_text(w, 8);
        const zh_record *r = b->versions.n ? b->versions.p[below(w, b->versions.n)].record : NULL;
        for (size_t t = 0; t < 30 && r != NULL && chance(w, 95); t++) {
            const zh_field *f = &a->reg->fields[below(w, a->reg->nfields)];
            if (f->searchable && f->table == NULL && r->values[f->index].kind == ZH_TEXT) {
                text = r->values[f->index].text;
                break;
            }
        }
        if (!zh_utf8_valid(text)) {
            continue;
        }
        size_t count = zh_utf8_count(text);
        size_t from = count ? below(w, count) : 0;
        size_t wanted = 1 + below(w, 5);
        size_t at = 0;
        for (size_t k = 0; at < text.n && k < from + wanted; k++) {
            size_t begin = at;
            (void)zh_utf8_next(text, &at);
            if (k >= from) {
                zh_buf_add(&out, text.p + begin, at - begin);
            }
        }
        zh_buf_c(&out, ' ');
    }
    zh_str words = zh_str_dup(w->step, zh_buf_view(&out));
    zh_buf_free(&out);
    return words;
}

static void choose(asker *a)
{
    static const char *const names[] = {"sample", "sample", "sample", "firm", "visit"};
    world *w = a->w;
    zh_arena_reset(w->step);
    a->reg = world_register(w, pick(w, names, ZH_COUNTOF(names)));
    a->where = random_program(a, 80);
    a->rows = random_program(a, 10);
    a->q = (zh_list_query){.reg = a->reg, .as_of = ZH_AS_OF_NOW, .limit = ZH_LIMIT_MAX};
    a->q.where = a->where.root != NULL ? &a->where : NULL;
    if (chance(w, 25)) {
        a->q.as_of = (int64_t)below(w, (size_t)a->log_size + 1);
    }
    if (chance(w, 20)) {
        a->q.search = random_words(a);
    }
    for (size_t i = 0; i < SIDES; i++) {
        w->sides[i].ctx.rows = a->rows.root != NULL ? &a->rows : NULL;
    }
    find_matches(a);
}

/* For messages. */
static const char *described(const asker *a)
{
    return zh_str_fmt(a->w->step, "%.*s as of %" PRId64 " where [%.*s] rows [%.*s] search [%.*s]",
                      ZH_FMT(a->reg->id), a->q.as_of, ZH_FMT(a->where.source),
                      ZH_FMT(a->rows.source), ZH_FMT(a->q.search))
        .p;
}

static bool unsupported(asker *a, const side *s, zh_rc rc)
{
    bool yes = rc == ZH_EINVAL && strcmp(s->err.rule, "query.unsupported") == 0;
    a->unsupported += yes;
    return yes;
}

/* An answer that no question of these may have. */
static void check_rc(asker *a, const side *s, zh_rc rc)
{
    if (rc != ZH_OK && rc != ZH_EINVAL && rc != ZH_ENOTFOUND && rc != ZH_ELIMIT) {
        world_fails(a->w, "%s: %d %s %s: %s", s->name, rc, s->err.rule, s->err.message,
                    described(a));
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

typedef struct sorting {
    const zh_field *field; /* NULL: by id */
    int direction;
} sorting;

static int sort_key(const zh_field *f, const zh_record *r, int64_t *number, zh_str *text)
{
    const zh_value *v = &r->values[f->index];
    *number = 0;
    *text = ZH_STR_NONE;
    if (v->kind == ZH_NULL || (v->kind == ZH_DECIMAL && v->mark != ZH_MARK_EXACT)) {
        return 0;
    }
    if (v->kind == ZH_TEXT) {
        *text = v->text;
    } else {
        *number = v->kind == ZH_DECIMAL ? v->decimal.scaled : v->i;
    }
    return 1;
}

static int by_sort(const void *a, const void *b, void *user)
{
    const sorting *by = user;
    const zh_record *x = *(const zh_record *const *)a;
    const zh_record *y = *(const zh_record *const *)b;
    int d = 0;
    if (by->field != NULL) {
        int64_t m;
        int64_t n;
        zh_str s;
        zh_str t;
        int has_x = sort_key(by->field, x, &m, &s);
        int has_y = sort_key(by->field, y, &n, &t);
        if (has_x != has_y) {
            return has_y - has_x;
        }
        d = m != n ? (m > n) - (m < n) : zh_str_cmp(s, t);
    }
    return (d != 0 ? d : (x->id > y->id) - (x->id < y->id)) * by->direction;
}

static void say_page(zh_jw *j, side *s, const zh_page *page, bool full)
{
    zh_jw_object(j);
    zh_jw_kv(j, "next", page->next);
    zh_jw_key(j, "records");
    zh_jw_array(j);
    for (size_t i = 0; i < page->n; i++) {
        if (full) {
            say_record(j, s->arena, page->records[i], true);
        } else {
            zh_jw_i64(j, page->records[i]->id);
            zh_jw_i64(j, page->records[i]->version);
        }
    }
    zh_jw_array_end(j);
    zh_jw_object_end(j);
}

/* Pages to the end. ids has room for one more than the oracle expects. */
static zh_rc turn_pages(asker *a, side *s, const size_t *limits, bool full, int64_t *ids, size_t *n)
{
    zh_list_query q = a->q;
    zh_rc rc = ZH_OK;
    zh_jw j;
    *n = 0;
    zh_jw_init(&j, &s->said, 0);
    zh_jw_array(&j);
    for (size_t p = 0; rc == ZH_OK; p++) {
        zh_page page;
        q.limit = limits[p % PAGES_WANTED];
        rc = zh_list(&s->ctx, s->conn, &q, &page);
        if (rc != ZH_OK) {
            zh_jw_object(&j);
            say_error(&j, rc, &s->err);
            zh_jw_object_end(&j);
            break;
        }
        say_page(&j, s, &page, full);
        for (size_t i = 0; i < page.n && *n <= a->nmatches; i++) {
            ids[(*n)++] = page.records[i]->id;
        }
        if (page.next.n == 0 || p > a->nmatches + 2) {
            break;
        }
        q.after = page.next;
    }
    zh_jw_array_end(&j);
    return rc;
}

static void check_list(asker *a, const int64_t *ids, size_t n)
{
    if (a->undecided) {
        return;
    }
    const zh_record **sorted = ZH_NEW_N(a->w->step, const zh_record *, a->nmatches + 1);
    memcpy(sorted, a->matches, a->nmatches * sizeof *sorted);
    bool descending = a->q.sort ? a->q.descending : a->reg->default_sort_descending;
    sorting by = {a->q.sort ? a->q.sort : a->reg->default_sort, descending ? -1 : 1};
    qsort_r(sorted, a->nmatches, sizeof *sorted, by_sort, &by);
    size_t same = 0;
    while (same < n && same < a->nmatches && ids[same] == sorted[same]->id) {
        same++;
    }
    if (n != a->nmatches || same != n) {
        world_fails(a->w,
                    "a list of %zu, expected %zu, alike to %zu (%" PRId64 " for %" PRId64
                    "), sorted by %.*s: %s",
                    n, a->nmatches, same, same < n ? ids[same] : 0,
                    same < a->nmatches ? sorted[same]->id : 0,
                    ZH_FMT(by.field ? by.field->id : ZH_STR("id")), described(a));
    }
}

static void ask_list(asker *a)
{
    world *w = a->w;
    size_t limits[PAGES_WANTED];
    bool full = a->nmatches <= FULL_RECORDS_MAX && chance(w, 40);
    int64_t *ids = ZH_NEW_N(w->step, int64_t, a->nmatches + 2);
    size_t n = 0;
    for (size_t i = 0; i < PAGES_WANTED; i++) {
        limits[i] = 1 + below(w, a->nmatches / 2 + 3);
        limits[i] = limits[i] > ZH_LIMIT_MAX ? ZH_LIMIT_MAX : limits[i];
    }
    limits[0] = limits[0] < a->nmatches / PAGES_WANTED ? a->nmatches / PAGES_WANTED : limits[0];
    a->q.sort = chance(w, 85) ? &a->reg->fields[below(w, a->reg->nfields)] : NULL;
    a->q.descending = chance(w, 50);
    a->q.with_tables = full;
    for (size_t i = SIDES; i-- > 0;) {
        side *s = &w->sides[i];
        side_ask(s);
        zh_rc rc = turn_pages(a, s, limits, full, ids, &n);
        side_done(s);
        check_rc(a, s, rc);
        if (i == SQLITE && rc == ZH_OK) {
            check_list(a, ids, n);
        } else if (i == SQLITE) {
            (void)unsupported(a, s, rc);
        }
    }
    (void)world_agrees(w, "list sorted by %.*s%s: %s",
                       ZH_FMT(a->q.sort ? a->q.sort->id : ZH_STR("default")),
                       a->q.descending ? " descending" : "", described(a));
    a->q.with_tables = false;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static zh_str period_text(zh_arena *arena, zh_date date, zh_grain grain)
{
    int y = 0;
    int m = 0;
    int d = 0;
    zh_date_civil(date, &y, &m, &d);
    switch (grain) {
    case ZH_GRAIN_YEAR: return zh_str_fmt(arena, "%04d", y);
    case ZH_GRAIN_HALF: return zh_str_fmt(arena, "%04dH%d", y, m <= 6 ? 1 : 2);
    case ZH_GRAIN_QUARTER: return zh_str_fmt(arena, "%04dQ%d", y, (m + 2) / 3);
    case ZH_GRAIN_MONTH: return zh_str_fmt(arena, "%04d-%02d", y, m);
    case ZH_GRAIN_DAY:
    case ZH_GRAIN_NONE: break;
    }
    return zh_str_fmt(arena, "%04d-%02d-%02d", y, m, d);
}

static zh_str group_text(zh_arena *arena, const zh_group *g, const zh_record *r)
{
    if (g->is_state) {
        return r->reg->states[r->state].id;
    }
    const zh_value *v = &r->values[g->field->index];
    switch (v->kind) {
    case ZH_TEXT:
        if (g->level > 0) {
            const zh_code *code = zh_code_find(g->field->codes, v->text, INT32_MIN);
            code = code ? zh_code_at_level(code, g->level) : NULL;
            return code ? code->code : ZH_STR_NONE;
        }
        return v->text;
    case ZH_DATE:
    case ZH_PERIOD: return period_text(arena, (zh_date)v->i, g->grain);
    case ZH_TIME: return period_text(arena, zh_time_date(v->i), g->grain);
    case ZH_BOOL: return v->i ? ZH_STR("true") : ZH_STR("false");
    case ZH_REF: return zh_str_fmt(arena, "%" PRId64, v->i);
    case ZH_DECIMAL:
        return v->mark == ZH_MARK_EXACT ? zh_decimal_str(arena, v->decimal) : ZH_STR_NONE;
    case ZH_NULL:
    case ZH_DURATION:
    case ZH_LIST: break;
    }
    return ZH_STR_NONE;
}

static int row_order(const void *a, const void *b)
{
    const zh_count_row *x = a;
    const zh_count_row *y = b;
    if (x->n != y->n) {
        return x->n > y->n ? -1 : 1;
    }
    for (size_t g = 0; g < GROUPS_MAX; g++) {
        if ((x->keys[g].p == NULL) != (y->keys[g].p == NULL)) {
            return x->keys[g].p == NULL ? 1 : -1;
        }
        int d = zh_str_cmp(x->keys[g], y->keys[g]);
        if (d) {
            return d;
        }
    }
    return 0;
}

static const char *groups_described(const asker *a, const zh_group *groups, size_t n)
{
    zh_arena *arena = a->w->step;
    zh_str text = ZH_STR("");
    for (size_t i = 0; i < n; i++) {
        zh_str id = groups[i].is_state ? ZH_STR("state") : groups[i].field->id;
        text = zh_str_fmt(arena, "%.*s%s%.*s@%u/%d", ZH_FMT(text), i ? ", " : "", ZH_FMT(id),
                          groups[i].level, groups[i].grain);
    }
    return zh_str_c(arena, text);
}

static void check_counts(asker *a, const zh_group *groups, size_t ngroups, const zh_counts *counts)
{
    zh_arena *arena = a->w->step;
    ZH_VEC(zh_count_row *) rows = {0};
    zh_map map;
    zh_map_init(&map, arena);
    for (size_t i = 0; i < a->nmatches && ngroups > 0; i++) {
        zh_str keys[GROUPS_MAX] = {ZH_STR_NONE, ZH_STR_NONE};
        for (size_t g = 0; g < ngroups; g++) {
            keys[g] = group_text(arena, &groups[g], a->matches[i]);
        }
        zh_str joined = zh_str_fmt(arena, "%d%zu %.*s%d%.*s", keys[0].p != NULL, keys[0].n,
                                   ZH_FMT(keys[0]), keys[1].p != NULL, ZH_FMT(keys[1]));
        zh_count_row *row = zh_map_get(&map, joined);
        if (row == NULL) {
            row = ZH_NEW(arena, zh_count_row);
            memcpy(row->keys, keys, sizeof keys);
            zh_map_put(&map, joined, row);
            zh_vec_push(arena, &rows, row);
        }
        row->n++;
    }
    zh_count_row *sorted = ZH_NEW_N(arena, zh_count_row, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        sorted[i] = *rows.p[i];
    }
    qsort(sorted, rows.n, sizeof *sorted, row_order);
    bool same = counts->total == (int64_t)a->nmatches && counts->distinct == (int64_t)rows.n;
    int64_t sum = counts->other;
    for (size_t i = 0; i < counts->n && same; i++) {
        same = counts->rows[i].n == sorted[i].n && row_order(&counts->rows[i], &sorted[i]) == 0;
        sum += counts->rows[i].n;
    }
    if (!same || (ngroups > 0 && sum != counts->total)) {
        world_fails(a->w, "counts by %s: total %" PRId64 " for %zu, groups %" PRId64 " for %zu: %s",
                    groups_described(a, groups, ngroups), counts->total, a->nmatches,
                    counts->distinct, rows.n, described(a));
    }
}

static void random_group(asker *a, zh_group *g)
{
    world *w = a->w;
    static const zh_grain grains[] = {ZH_GRAIN_NONE,    ZH_GRAIN_DAY,  ZH_GRAIN_MONTH,
                                      ZH_GRAIN_QUARTER, ZH_GRAIN_HALF, ZH_GRAIN_YEAR};
    *g = (zh_group){.field = &a->reg->fields[below(w, a->reg->nfields)]};
    if (chance(w, 10)) {
        *g = (zh_group){.is_state = true};
    } else if (g->field->type == ZH_TYPE_CODE && g->field->codes->levels > 1) {
        g->level = (uint16_t)below(w, (size_t)g->field->codes->levels + 1);
    } else {
        g->grain = grains[below(w, ZH_COUNTOF(grains))];
    }
}

static void ask_count(asker *a)
{
    world *w = a->w;
    zh_group groups[GROUPS_MAX + 1];
    size_t n = chance(w, 2) ? 3 : below(w, 3);
    for (size_t i = 0; i < n; i++) {
        random_group(a, &groups[i]);
    }
    for (size_t i = SIDES; i-- > 0;) {
        side *s = &w->sides[i];
        zh_counts counts = {0};
        zh_jw j;
        side_ask(s);
        zh_rc rc = zh_count(&s->ctx, s->conn, &a->q, groups, n, &counts);
        zh_jw_init(&j, &s->said, 0);
        zh_jw_object(&j);
        say_error(&j, rc, &s->err);
        if (rc == ZH_OK) {
            say_counts(&j, &counts, n);
        }
        zh_jw_object_end(&j);
        check_rc(a, s, rc);
        if (i == SQLITE && rc == ZH_OK && !a->undecided) {
            check_counts(a, groups, n, &counts);
        }
        side_done(s);
    }
    (void)world_agrees(w, "count by %s: %s", groups_described(a, groups, n), described(a));
}

/* ---- scans ----------------------------------------------------------------------------------- */

typedef struct scanning {
    asker *a;
    zh_jw j;
    size_t n;
    bool wrong, full;
} scanning;

static zh_rc take_record(void *user, zh_ctx *ctx, const zh_record *r)
{
    scanning *x = user;
    if (x->full) {
        say_record(&x->j, ctx->arena, r, true);
    } else {
        zh_jw_i64(&x->j, r->id);
        zh_jw_i64(&x->j, r->version);
    }
    x->wrong = x->wrong || x->n >= x->a->nmatches || x->a->matches[x->n]->id != r->id ||
               x->a->matches[x->n]->version != r->version;
    x->n++;
    return ZH_OK;
}

static void ask_scan(asker *a)
{
    world *w = a->w;
    bool full = a->nmatches <= FULL_RECORDS_MAX && chance(w, 50);
    a->q.with_tables = full;
    for (size_t i = SIDES; i-- > 0;) {
        side *s = &w->sides[i];
        scanning x = {.a = a, .full = full};
        side_ask(s);
        zh_jw_init(&x.j, &s->said, 0);
        zh_jw_array(&x.j);
        zh_rc rc = zh_scan(&s->ctx, s->conn, &a->q, take_record, &x);
        zh_jw_object(&x.j);
        say_error(&x.j, rc, &s->err);
        zh_jw_object_end(&x.j);
        zh_jw_array_end(&x.j);
        check_rc(a, s, rc);
        side_done(s);
        if (i == SQLITE && rc == ZH_OK && !a->undecided && (x.wrong || x.n != a->nmatches)) {
            world_fails(w, "a scan of %zu, expected %zu: %s", x.n, a->nmatches, described(a));
        }
    }
    (void)world_agrees(w, "scan: %s", described(a));
    a->q.with_tables = false;
}

/* ---- cells ----------------------------------------------------------------------------------- */

typedef struct cell_question {
    zh_cell_query q;
    const zh_measure *measures[MEASURES_MAX];
    zh_cell_filter filters[2];
    zh_cell_group groups[2];
    const zh_dim *filter_dims[2];
} cell_question;

static const zh_dim *random_dim(asker *a)
{
    for (;;) {
        const zh_cube *cube = &a->reg->cubes[below(a->w, a->reg->ncubes)];
        const zh_dim *dim = &cube->dims[below(a->w, cube->ndims)];
        if (dim->grain == ZH_GRAIN_NONE) {
            return dim;
        }
    }
}

/* The value of a dimension on a record, empty: none. Above the level at which it was resolved it is
 * what was resolved then, as at the event's date. */
static zh_str dim_value(const zh_record *r, const zh_dim *dim, uint16_t level)
{
    for (size_t i = 0; i < r->reg->nderived; i++) {
        const zh_dim *derived = r->reg->derived[i];
        if (zh_str_eq(derived->id, dim->id) &&
            (dim->expr.root != NULL || (level > 0 && derived->level >= level))) {
            return r->derived[i].p ? r->derived[i] : ZH_STR("");
        }
    }
    const zh_value *v = &r->values[dim->field->index];
    if (v->kind == ZH_BOOL) {
        return v->i ? ZH_STR("true") : ZH_STR("false");
    }
    return v->kind == ZH_TEXT ? v->text : ZH_STR("");
}

static void random_cell_filter(asker *a, cell_question *c, size_t i)
{
    world *w = a->w;
    const zh_dim *dim = random_dim(a);
    const book *b = &a->books[a->reg->index];
    zh_cell_filter *f = &c->filters[i];
    c->filter_dims[i] = dim;
    *f = (zh_cell_filter){.dim = dim->id, .value = ZH_STR("")};
    if (b->versions.n > 0 && chance(w, 70)) {
        f->value = dim_value(b->versions.p[below(w, b->versions.n)].record, dim, 0);
    }
    if (dim->codes != NULL) {
        f->subtree = chance(w, 60);
        if (chance(w, 50)) {
            f->value = random_code(w, dim->codes)->code;
        }
    }
}

static void random_cells(asker *a, cell_question *c)
{
    world *w = a->w;
    zh_cell_query *q = &c->q;
    *c = (cell_question){.q = {.reg = a->reg, .as_of = a->q.as_of}};
    bool by_cube = chance(w, 60); /* measures of one cube, which may then answer */
    const zh_cube *cube = &a->reg->cubes[below(w, a->reg->ncubes)];
    q->measures = c->measures;
    q->nmeasures = 1 + below(w, MEASURES_MAX - 1);
    for (size_t i = 0; i < q->nmeasures; i++) {
        c->measures[i] = by_cube ? cube->measures[below(w, cube->nmeasures)]
                                 : &a->reg->measures[below(w, a->reg->nmeasures)];
    }
    q->filters = c->filters;
    q->nfilters = chance(w, 50) ? 0 : 1 + below(w, 2);
    for (size_t i = 0; i < q->nfilters; i++) {
        random_cell_filter(a, c, i);
    }
    q->groups = c->groups;
    q->ngroups = below(w, 3);
    for (size_t i = 0; i < q->ngroups; i++) {
        const zh_dim *dim = random_dim(a);
        size_t levels = dim->codes != NULL ? dim->codes->levels : 0;
        c->groups[i] = (zh_cell_group){dim->id, (uint16_t)below(w, levels + 1)};
    }
    if (a->reg->event_time != NULL && chance(w, 50)) {
        int y = 2019 + (int)below(w, 6);
        q->has_span = true;
        q->first = chance(w, 70) ? zh_date_of(y, 1 + 3 * (int)below(w, 4), 1) : random_date(w);
        q->last = chance(w, 70) ? zh_date_of(y + 1, 12, 31) : q->first + (zh_date)below(w, 900);
        q->last = q->last < q->first ? q->first : q->last;
        q->last = q->last > zh_date_of(9999, 12, 31) ? zh_date_of(9999, 12, 31) : q->last;
    }
    if (a->reg->event_time != NULL && chance(w, 40)) {
        q->by = (zh_grain)(ZH_GRAIN_DAY + below(w, 5));
    }
    q->where = chance(w, 30) ? a->q.where : NULL;
    q->recount = chance(w, 10);
}

static bool in_filter(const cell_question *c, size_t i, const zh_record *r)
{
    const zh_codes *codes = c->filter_dims[i]->codes;
    const zh_cell_filter *f = &c->filters[i];
    const zh_code *top = f->subtree && codes ? zh_code_find(codes, f->value, INT32_MIN) : NULL;
    zh_str v = dim_value(r, c->filter_dims[i], top ? top->level : 0);
    if (zh_str_eq(v, f->value) || top == NULL || v.n == 0) {
        return zh_str_eq(v, f->value);
    }
    const zh_code *code = zh_code_find(codes, v, INT32_MIN);
    return code != NULL && zh_code_within(code, top);
}

static bool in_span(const zh_cell_query *q, const zh_record *r)
{
    const zh_field *event = r->reg->event_time;
    if (!q->has_span) {
        return true;
    }
    const zh_value *v = &r->values[event->index];
    zh_date date = v->kind == ZH_TIME ? zh_time_date(v->i) : (zh_date)v->i;
    return v->kind != ZH_NULL && date >= q->first && date <= q->last;
}

static const char *cells_described(const asker *a, const cell_question *c)
{
    zh_buf b;
    zh_buf_init(&b, 8192);
    for (size_t i = 0; i < c->q.nmeasures; i++) {
        zh_buf_fmt(&b, "%.*s ", ZH_FMT(c->measures[i]->id));
    }
    for (size_t i = 0; i < c->q.nfilters; i++) {
        zh_buf_fmt(&b, "%.*s%s'%.*s' ", ZH_FMT(c->filters[i].dim),
                   c->filters[i].subtree ? " in " : " = ", ZH_FMT(c->filters[i].value));
    }
    for (size_t i = 0; i < c->q.ngroups; i++) {
        zh_buf_fmt(&b, "by %.*s@%u ", ZH_FMT(c->groups[i].dim), c->groups[i].level);
    }
    if (c->q.has_span) {
        zh_buf_fmt(&b, "in %.*s ", ZH_FMT(zh_period_format(a->w->step, c->q.first, c->q.last)));
    }
    zh_buf_fmt(&b, "by time %d, as of %" PRId64 " %s%s", c->q.by, c->q.as_of,
               c->q.where ? "where " : "", c->q.recount ? "recounted " : "");
    zh_str text = zh_str_dup(a->w->step, zh_buf_view(&b));
    zh_buf_free(&b);
    return text.p;
}

/* Records and the plain sum of a field, over all cells together. */
static void check_cells(asker *a, const cell_question *c, const zh_cell_answer *answer)
{
    const zh_cell_query *q = &c->q;
    const zh_field *amount = zh_register_field(a->reg, ZH_STR("amount"));
    int64_t n = 0;
    zh_i128 sum = 0;
    for (size_t i = 0; i < a->nmatches; i++) {
        bool counted = in_span(q, a->matches[i]);
        for (size_t f = 0; f < q->nfilters && counted; f++) {
            counted = in_filter(c, f, a->matches[i]);
        }
        n += counted;
        if (counted && amount != NULL && zh_value_known(&a->matches[i]->values[amount->index])) {
            sum += a->matches[i]->values[amount->index].decimal.scaled;
        }
    }
    int64_t got = 0;
    zh_i128 total = 0;
    bool summed = false;
    for (size_t m = 0; m < q->nmeasures; m++) {
        bool money = zh_str_is(c->measures[m]->id, "money") && !summed;
        for (size_t i = 0; money && i < answer->n; i++) {
            total += answer->cells[i].values[m];
        }
        summed = summed || money;
    }
    for (size_t i = 0; i < answer->n; i++) {
        got += answer->cells[i].n;
    }
    if (got != n || (summed && total != sum)) {
        world_fails(a->w, "cells of %" PRId64 " records, expected %" PRId64 "%s: %s: %s", got, n,
                    summed && total != sum ? ", another sum" : "", cells_described(a, c),
                    described(a));
    }
}

static void tell_cells(side *s, const cell_question *c, zh_rc rc, const zh_cell_answer *answer)
{
    zh_jw j;
    zh_jw_init(&j, &s->said, 0);
    zh_jw_object(&j);
    say_error(&j, rc, &s->err);
    if (rc == ZH_OK) {
        say_cells(&j, &c->q, answer);
    }
    zh_jw_object_end(&j);
}

/* The same question answered from cells and from records. */
static void check_recount(asker *a, side *s, const cell_question *c, const zh_cell_answer *answer)
{
    cell_question again = *c;
    zh_cell_answer counted = {0};
    zh_str before = zh_str_dup(a->w->step, zh_buf_view(&s->said));
    again.q.recount = true;
    zh_rc rc = zh_cells(&s->ctx, s->conn, &again.q, &counted);
    zh_buf_clear(&s->said);
    tell_cells(s, c, rc, &counted);
    if (!zh_str_eq(before, zh_buf_view(&s->said))) {
        world_fails(a->w, "cube %.*s against a recount on %s: %s: %s\n    %.*s\n    %.*s",
                    ZH_FMT(answer->cube->id), s->name, cells_described(a, c), described(a),
                    ZH_FMT(zh_str_sub(before, 0, 1500)),
                    ZH_FMT(zh_str_sub(zh_buf_view(&s->said), 0, 1500)));
    }
    zh_buf_clear(&s->said);
    zh_buf_str(&s->said, before);
}

static void ask_cells(asker *a)
{
    world *w = a->w;
    cell_question c;
    random_cells(a, &c);
    for (size_t i = SIDES; i-- > 0;) {
        side *s = &w->sides[i];
        zh_cell_answer answer = {0};
        side_ask(s);
        zh_rc rc = zh_cells(&s->ctx, s->conn, &c.q, &answer);
        tell_cells(s, &c, rc, &answer);
        check_rc(a, s, rc);
        if (i == SQLITE && rc == ZH_OK && !a->undecided && a->q.search.n == 0 &&
            (c.q.where != NULL || a->q.where == NULL)) {
            check_cells(a, &c, &answer);
        }
        if (rc == ZH_OK && answer.cube != NULL) {
            check_recount(a, s, &c, &answer);
        }
        side_done(s);
    }
    (void)world_agrees(w, "cells %s: %s", cells_described(a, &c), described(a));
}

/* ---- all ------------------------------------------------------------------------------------- */

void questions_run(world *w, size_t n)
{
    static void (*const kinds[])(asker *) = {ask_list, ask_list, ask_count, ask_count,
                                             ask_list, ask_scan, ask_cells, ask_cells};
    asker a = {.w = w};
    read_books(&a);
    size_t asked = 0;
    while (asked < n && w->failed < FAILURES_SHOWN) {
        choose(&a);
        for (size_t i = 0; i < ZH_COUNTOF(kinds) && asked < n; i++, asked++) {
            kinds[i](&a);
        }
    }
    for (size_t i = 0; i < SIDES; i++) {
        w->sides[i].ctx.rows = NULL;
    }
    printf(
        "%zu questions; %zu filters, %zu texts that do not compile, %zu lists that need a scan\n",
        asked, a.compiled, a.refused, a.unsupported);
    if (a.refused > a.compiled) {
        world_fails(w, "most generated filters do not compile");
    }
}
