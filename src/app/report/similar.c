/* Records that resemble each other in some of their texts; see series.h. */
#include "app/report/series.h"
#include "app/words.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRAM = 3, PAGE = 500, SHOWN_MAX = 6 };

/* A record as a set of grams: hashes, ascending, each once. */
typedef struct bag {
    uint64_t *grams;
    size_t n;
    zh_str cells[SHOWN_MAX];
    int64_t office, id;
} bag;

typedef struct posting {
    uint64_t gram;
    uint32_t bag;
    uint32_t times; /* bags that have the gram */
} posting;

typedef struct likeness {
    uint32_t a, b;
    double dice;
} likeness;

typedef struct matching {
    zh_ctx *ctx;
    zh_ask *ask;
    const zh_field *fields[SHOWN_MAX], *show[SHOWN_MAX];
    size_t nfields, nshow;
    double least;
    ZH_VEC(bag) bags;
    ZH_VEC(likeness) found;
    uint64_t compared;
} matching;

static zh_rc refuse(zh_ctx *ctx, const zh_yaml *node, const char *what, zh_str name)
{
    zh_err_set(ctx->err, ZH_EINVAL, "report.similar", "%s“%.*s”", what, ZH_FMT(name));
    zh_yaml_where(node, ctx->err);
    return ZH_EINVAL;
}

static zh_rc read_fields(matching *m, const char *key, const zh_field **out, size_t *n)
{
    const zh_yaml *list = zh_yaml_get(m->ask->declared, key);
    for (const zh_yaml *f = list != NULL ? list->first : NULL; f != NULL; f = f->next) {
        const zh_field *field = zh_register_field(m->ask->reg, f->text);
        if (field == NULL || field->type == ZH_TYPE_TABLE || *n == SHOWN_MAX) {
            return refuse(m->ctx, f, "登记册没有字段，或字段太多：", f->text);
        }
        out[(*n)++] = field;
    }
    return *n > 0 ? ZH_OK : refuse(m->ctx, m->ask->declared, "没有字段：", zh_str_of(key));
}

/* ---- grams
 * ------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Letters and digits, case folded (ASCII), other scripts as they are. */
static size_t plain_bytes(zh_str text, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool upper = c >= 'A' && c <= 'Z';
        bool keep =
            upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
        if (keep) {
            out[n++] = upper ? (char)(c - 'A' + 'a') : c;
        }
    }
    return n;
}

static void add_grams(matching *m, const zh_record *record, bag *out)
{
    uint64_t all[ZH_SIMILAR_GRAMS_MAX] = {0};
    size_t n = 0;
    for (size_t f = 0; f < m->nfields; f++) {
        const zh_value *v = &record->values[m->fields[f]->index];
        if (v->kind != ZH_TEXT) {
            continue;
        }
        char *text = ZH_NEW_N(m->ctx->arena, char, v->text.n + 1);
        size_t bytes = plain_bytes(v->text, text);
        for (size_t i = 0; i + GRAM <= bytes && n < ZH_SIMILAR_GRAMS_MAX; i++) {
            all[n++] = zh_str_hash((zh_str){text + i, GRAM});
        }
    }
    zh_sort(all, n, sizeof *all, by_value);
    out->grams = ZH_NEW_N(m->ctx->arena, uint64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || all[i] != all[i - 1]) {
            out->grams[out->n++] = all[i];
        }
    }
}

static zh_rc add_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    (void)ctx;
    matching *m = user;
    bag one = {.office = record->office, .id = record->id};
    if (m->bags.n == ZH_SIMILAR_RECORDS_MAX) {
        return zh_err_set(m->ctx->err, ZH_ELIMIT, "report.similar", "比对的记录超过 %zu 条",
                          ZH_SIMILAR_RECORDS_MAX);
    }
    add_grams(m, record, &one);
    for (size_t i = 0; i < m->nshow; i++) {
        const zh_field *field = m->show[i];
        const zh_value *v = &record->values[field->index];
        const zh_code *code = v->kind == ZH_TEXT && field->codes != NULL
                                  ? zh_code_find(field->codes, v->text, INT32_MIN)
                                  : NULL;
        one.cells[i] = zh_str_dup(m->ctx->arena, code != NULL ? code->label.zh
                                                              : zh_value_display(m->ctx->arena, v));
    }
    zh_vec_push(m->ctx->arena, &m->bags, one);
    return ZH_OK;
}

/* Pages, since what is kept of each record must outlive the record. */
static zh_rc read_records(matching *m, zh_conn *conn, int64_t as_of)
{
    zh_list_query q = {.reg = m->ask->reg, .limit = PAGE, .as_of = as_of};
    zh_rc rc = ZH_OK;
    do {
        zh_page page = {0};
        rc = zh_list(m->ctx, conn, &q, &page);
        for (size_t i = 0; i < page.n && rc == ZH_OK; i++) {
            rc = add_record(m, m->ctx, page.records[i]);
        }
        q.after = rc == ZH_OK ? page.next : ZH_STR_NONE;
    } while (rc == ZH_OK && q.after.n > 0);
    return rc;
}

/* ---- pairs
 * ------------------------------------------------------------------------------------------ */

/* Two bags that are alike by t share at least a t/(2 - t) part of either. So they share one of the
 * grams that remain of each when that part, less one, is taken away, whichever grams those are: the
 * rarest of all are kept, and only bags that meet in one of them are compared (prefix filtering; R.
 * J. Bayardo, Y. Ma, R. Srikant, Scaling up all pairs similarity search, WWW 2007). */
static size_t kept_grams(const bag *b, double least)
{
    size_t shared = (size_t)ceil((double)b->n * least / (2 - least) - 1e-9);
    return b->n == 0 ? 0 : b->n - (shared > 0 ? shared : 1) + 1;
}

static int by_gram(const void *a, const void *b)
{
    const posting *x = a;
    const posting *y = b;
    return x->gram != y->gram ? (x->gram > y->gram) - (x->gram < y->gram)
                              : (x->bag > y->bag) - (x->bag < y->bag);
}

/* Bag by bag, the rarest grams first. */
static int by_rarity(const void *a, const void *b)
{
    const posting *x = a;
    const posting *y = b;
    if (x->bag != y->bag) {
        return (x->bag > y->bag) - (x->bag < y->bag);
    }
    return x->times != y->times ? (x->times > y->times) - (x->times < y->times)
                                : (x->gram > y->gram) - (x->gram < y->gram);
}

static double dice(const bag *a, const bag *b)
{
    size_t both = 0;
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        both += a->grams[i] == b->grams[k];
        bool less = a->grams[i] < b->grams[k];
        bool more = a->grams[i] > b->grams[k];
        i += !more;
        k += !less;
    }
    return a->n + b->n > 0 ? 2.0 * (double)both / (double)(a->n + b->n) : 0;
}

static void count_times(posting *posts, size_t n)
{
    for (size_t i = 0, end = 0; i < n; i = end) {
        while (end < n && posts[end].gram == posts[i].gram) {
            end++;
        }
        for (size_t k = i; k < end; k++) {
            posts[k].times = (uint32_t)(end - i);
        }
    }
}

/* Leaves the grams that decide, bag by bag. */
static size_t keep_rare(const matching *m, posting *posts, size_t n)
{
    size_t kept = 0;
    size_t of_bag = 0;
    zh_sort(posts, n, sizeof *posts, by_gram);
    count_times(posts, n);
    zh_sort(posts, n, sizeof *posts, by_rarity);
    for (size_t i = 0; i < n; i++) {
        bool same = kept > 0 && posts[i].bag == posts[kept - 1].bag;
        of_bag = same ? of_bag + 1 : 0;
        if (of_bag < kept_grams(&m->bags.p[posts[i].bag], m->least)) {
            posts[kept++] = posts[i];
        }
    }
    return kept;
}

static size_t first_of(const posting *posts, size_t n, uint64_t gram)
{
    const posting key = {.gram = gram};
    size_t low = 0;
    while (low < n) {
        size_t middle = (low + n) / 2;
        if (by_gram(&posts[middle], &key) < 0) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    return low;
}

/* The bags after this one that it meets in a gram, each once. */
static zh_rc compare_one(matching *m, const posting *mine, const posting *posts, size_t n,
                         uint32_t *seen)
{
    for (size_t i = first_of(posts, n, mine->gram); i < n && posts[i].gram == mine->gram; i++) {
        uint32_t other = posts[i].bag;
        if (other <= mine->bag || seen[other] == mine->bag + 1) {
            continue;
        }
        seen[other] = mine->bag + 1;
        if (++m->compared > ZH_SIMILAR_COMPARED_MAX) {
            return zh_err_set(m->ctx->err, ZH_ELIMIT, "report.similar",
                              "要比的对太多，请提高相似度的下限");
        }
        double d = dice(&m->bags.p[mine->bag], &m->bags.p[other]);
        if (d >= m->least) {
            likeness pair = {mine->bag, other, d};
            zh_vec_push(m->ctx->arena, &m->found, pair);
        }
    }
    return ZH_OK;
}

static zh_rc compare_all(matching *m)
{
    size_t total = 0;
    size_t n = 0;
    for (size_t i = 0; i < m->bags.n; i++) {
        total += m->bags.p[i].n;
    }
    posting *posts = ZH_TRY_N(m->ctx->arena, posting, total + 1);
    posting *sorted = ZH_TRY_N(m->ctx->arena, posting, total + 1);
    uint32_t *seen = ZH_TRY_N(m->ctx->arena, uint32_t, m->bags.n + 1);
    if (posts == NULL || sorted == NULL || seen == NULL) {
        return zh_err_set(m->ctx->err, ZH_ELIMIT, "report.similar", "比对的文字太多");
    }
    memset(seen, 0, m->bags.n * sizeof *seen);
    for (size_t i = 0; i < m->bags.n; i++) {
        for (size_t g = 0; g < m->bags.p[i].n; g++) {
            posts[n++] = (posting){.gram = m->bags.p[i].grams[g], .bag = (uint32_t)i};
        }
    }
    n = keep_rare(m, posts, n);
    memcpy(sorted, posts, n * sizeof *sorted);
    zh_sort(sorted, n, sizeof *sorted, by_gram);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = compare_one(m, &posts[i], sorted, n, seen);
    }
    return rc;
}

static int strongest(const void *a, const void *b)
{
    const likeness *x = a;
    const likeness *y = b;
    return x->dice > y->dice   ? -1
           : x->dice < y->dice ? 1
           : x->a != y->a      ? (x->a > y->a) - (x->a < y->a)
                               : (x->b > y->b) - (x->b < y->b);
}

/* ---- the answer
 * ------------------------------------------------------------------------------------- */

static void write_rows(matching *m, const zh_asks *asks)
{
    zh_ask *ask = m->ask;
    zh_arena *arena = m->ctx->arena;
    ask->kind = ZH_ASK_RECORDS;
    ask->ncolumns = 1 + 2 * m->nshow;
    ask->heads = ZH_NEW_N(arena, zh_str, ask->ncolumns);
    ask->heads[0] = zh_asks_words(asks, "相似度", "Likeness");
    for (size_t k = 0; k < m->nshow; k++) {
        zh_str label = zh_asks_label(asks, m->show[k]->label);
        ask->heads[1 + k] = zh_str_fmt(arena, "%.*s %s", ZH_FMT(label), asks->english ? "A" : "甲");
        ask->heads[1 + m->nshow + k] =
            zh_str_fmt(arena, "%.*s %s", ZH_FMT(label), asks->english ? "B" : "乙");
    }
    zh_sort(m->found.p, m->found.n, sizeof *m->found.p, strongest);
    ask->units = (int64_t)m->bags.n;
    ask->nout = m->found.n;
    ask->nrows = m->found.n < ZH_SIMILAR_PAIRS_MAX ? m->found.n : ZH_SIMILAR_PAIRS_MAX;
    ask->cells = ZH_NEW_N(arena, zh_str, ask->nrows * ask->ncolumns + 1);
    for (size_t i = 0; i < ask->nrows; i++) {
        const likeness *l = &m->found.p[i];
        zh_str *row = ask->cells + i * ask->ncolumns;
        row[0] = zh_str_fmt(arena, "%.2f", l->dice);
        for (size_t k = 0; k < m->nshow; k++) {
            row[1 + k] = m->bags.p[l->a].cells[k];
            row[1 + m->nshow + k] = m->bags.p[l->b].cells[k];
        }
    }
}

zh_rc zh_ask_similar(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks, zh_ask *ask)
{
    matching m = {.ctx = ctx, .ask = ask};
    zh_str least = zh_yaml_text(ask->declared, "least");
    ask->reg = zh_model_register(ctx->model, zh_yaml_text(ask->declared, "similar"));
    if (ask->reg == NULL) {
        return refuse(ctx, ask->declared, "声明里没有登记册",
                      zh_yaml_text(ask->declared, "similar"));
    }
    ask->title = zh_asks_label(asks, ask->reg->label);
    if (zh_str_double(least, &m.least) != ZH_OK || m.least <= 0 || m.least > 1) {
        return refuse(ctx, ask->declared, "least 要在 0 和 1 之间：", least);
    }
    zh_rc rc = read_fields(&m, "fields", m.fields, &m.nfields);
    if (rc == ZH_OK) {
        rc = read_fields(&m, "show", m.show, &m.nshow);
    }
    if (rc == ZH_OK) {
        rc = read_records(&m, conn, as_of);
    }
    if (rc == ZH_OK) {
        rc = compare_all(&m);
    }
    if (rc == ZH_OK) {
        write_rows(&m, asks);
    }
    return rc;
}
