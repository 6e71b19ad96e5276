/* Counters for numbers: block reservation, patterns, giving back. */
#include "core/instance/number.h"
#include "core/instance/core_private.h"
#include <inttypes.h>
#include <string.h>

enum { DIGITS_MAX = 12, HURRY_US = 1000000 };

typedef struct reservation {
    int64_t office, count, first;
    zh_str name;
} reservation;

static zh_rc reserve(void *user, zh_conn *conn, zh_err *err)
{
    reservation *r = user;
    zh_sql_value add[] = {ZH_SQL_INT(r->office), ZH_SQL_STR(r->name), ZH_SQL_INT(r->count)};
    zh_rc rc = zh_run(conn,
                      "INSERT INTO zh_counter (office, name, next) VALUES (?, ?, ?) ON CONFLICT "
                      "(office, name) DO UPDATE SET next = zh_counter.next + excluded.next",
                      add, 3, NULL, err);
    int64_t next = 0;
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, "SELECT next FROM zh_counter WHERE office = ? AND name = ?", add, 2,
                          &next, err);
    }
    r->first = next - r->count; /* `next` counts from 0; numbers from 1 */
    return rc;
}

static zh_number_block *block_of(zh_core *core, int64_t office, zh_str name)
{
    zh_number_block *block = core->numbers;
    while (block != NULL && (block->office != office || !zh_str_eq(block->name, name))) {
        block = block->next_block;
    }
    if (block == NULL) {
        block = ZH_NEW(core->arena, zh_number_block);
        block->office = office;
        block->name = zh_str_dup(core->arena, name);
        block->next_block = core->numbers;
        core->numbers = block;
    }
    return block;
}

/* One number of a counter. The lock is not held while the database is asked: two threads may then
 * reserve a block each, and the rest of the older one is a gap unless it can be given back. */
static zh_rc take(zh_core *core, zh_conn *writer, int64_t office, zh_str name, int64_t *out,
                  zh_err *err)
{
    if (writer != NULL) {
        reservation one = {.office = office, .count = 1, .name = name};
        zh_rc taken = reserve(&one, writer, err);
        *out = one.first + 1;
        return taken;
    }
    pthread_mutex_lock(&core->lock);
    zh_number_block *block = block_of(core, office, name);
    bool found = block->next < block->end;
    if (found) {
        *out = ++block->next;
    }
    uint64_t now = zh_monotonic_us();
    /* a hurried import takes larger and larger blocks, a form one number at a time */
    int64_t size = now - block->reserved_us < HURRY_US ? block->size * 2 : 1;
    pthread_mutex_unlock(&core->lock);
    if (found) {
        return ZH_OK;
    }
    size = size < 1 ? 1 : size > ZH_NUMBER_BLOCK_MAX ? ZH_NUMBER_BLOCK_MAX : size;
    reservation r = {.office = office, .count = size, .name = name};
    zh_rc rc = zh_core_write(core, reserve, &r, err);
    if (rc != ZH_OK) {
        return rc;
    }
    pthread_mutex_lock(&core->lock);
    *out = r.first + 1;
    if (block->next >= block->end) {
        block->next = r.first + 1;
        block->end = r.first + size;
    }
    block->size = size;
    block->reserved_us = now;
    pthread_mutex_unlock(&core->lock);
    return ZH_OK;
}

static zh_rc give_back(void *user, zh_conn *conn, zh_err *err)
{
    const zh_core *core = user;
    zh_rc rc = ZH_OK;
    for (zh_number_block *b = core->numbers; b != NULL && rc == ZH_OK; b = b->next_block) {
        zh_sql_value key[] = {ZH_SQL_INT(b->next), ZH_SQL_INT(b->office), ZH_SQL_STR(b->name),
                              ZH_SQL_INT(b->end)};
        if (b->next < b->end) {
            rc = zh_run(conn,
                        "UPDATE zh_counter SET next = ? WHERE office = ? AND name = ? AND next = ?",
                        key, 4, NULL, err);
        }
    }
    return rc;
}

void zh_number_return(zh_core *core)
{
    bool any = false;
    for (const zh_number_block *b = core->numbers; b != NULL && !any; b = b->next_block) {
        any = b->next < b->end;
    }
    zh_err ignored = {0}; /* the numbers are then a gap, which is allowed */
    if (any && zh_core_write(core, give_back, core, &ignored) == ZH_OK) {
        core->numbers = NULL;
    }
}

/* ---- patterns ------------------------------------------------------------------------------- */

static bool all_zeros(zh_str s)
{
    bool zeros = s.n > 0 && s.n <= DIGITS_MAX;
    for (size_t i = 0; i < s.n && zeros; i++) {
        zeros = s.p[i] == '0';
    }
    return zeros;
}

static int year_of(const zh_record *record)
{
    zh_date date = zh_time_date(record->recorded_at);
    const zh_field *event = record->reg->event_time;
    if (event != NULL && record->values[event->index].kind != ZH_NULL) {
        const zh_value *v = &record->values[event->index];
        date = v->kind == ZH_TIME ? zh_time_date(v->i) : (zh_date)v->i;
    }
    int year;
    int month;
    int day;
    zh_date_civil(date, &year, &month, &day);
    return year;
}

static zh_rc bad_pattern(const zh_ctx *ctx, const zh_register *reg, zh_str pattern)
{
    return zh_err_set(ctx->err, ZH_EINVAL, "record.number", "登记册“%.*s”的编号规则“%.*s”写错了",
                      ZH_FMT(zh_label_for(ctx->err, reg->label)), ZH_FMT(pattern));
}

static zh_rc put_name(zh_ctx *ctx, const zh_record *record, zh_str pattern, zh_str name,
                      zh_buf *out)
{
    if (zh_str_is(name, "year")) {
        zh_buf_fmt(out, "%04d", year_of(record));
        return ZH_OK;
    }
    if (zh_str_is(name, "office")) {
        zh_buf_fmt(out, "%" PRId64, record->office);
        return ZH_OK;
    }
    const zh_field *field = zh_register_field(record->reg, name);
    if (field == NULL || field->table != NULL || field->type == ZH_TYPE_TABLE) {
        return bad_pattern(ctx, record->reg, pattern);
    }
    char type = 0;
    zh_str text = zh_value_canonical(ctx->arena, &record->values[field->index], &type);
    if (type == 'n') {
        zh_err_set(ctx->err, ZH_EINVAL, "record.number", "编号要用到的“%.*s”还没有填",
                   ZH_FMT(zh_label_for(ctx->err, field->label)));
        zh_err_where(ctx->err, "%.*s", ZH_FMT(field->id));
        return ZH_EINVAL;
    }
    zh_buf_str(out, text);
    return ZH_OK;
}

/* Expands everything but the counter, which becomes a NUL byte; *width = its digits. */
static zh_rc expand(zh_ctx *ctx, const zh_record *record, zh_str pattern, zh_buf *out,
                    size_t *width)
{
    zh_str rest = pattern;
    *width = 0;
    while (rest.n > 0) {
        ptrdiff_t open = zh_str_chr(rest, '{');
        zh_buf_str(out, zh_str_sub(rest, 0, open < 0 ? rest.n : (size_t)open));
        if (open < 0) {
            break;
        }
        rest = zh_str_sub(rest, (size_t)open + 1, rest.n);
        ptrdiff_t close = zh_str_chr(rest, '}');
        if (close < 0) {
            return bad_pattern(ctx, record->reg, pattern);
        }
        zh_str name = zh_str_sub(rest, 0, (size_t)close);
        rest = zh_str_sub(rest, (size_t)close + 1, rest.n);
        if (all_zeros(name) && *width == 0) {
            *width = name.n;
            zh_buf_c(out, '\0');
            continue;
        }
        zh_rc rc = put_name(ctx, record, pattern, name, out);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return *width > 0 ? ZH_OK : bad_pattern(ctx, record->reg, pattern);
}

zh_rc zh_number_next(zh_ctx *ctx, zh_conn *writer, const zh_record *record, zh_str pattern,
                     zh_str *out)
{
    zh_buf text;
    zh_buf_init(&text, ZH_NUMBER_BYTES_MAX);
    size_t width = 0;
    zh_rc rc = expand(ctx, record, pattern, &text, &width);
    if (rc == ZH_OK && text.failed) {
        rc = zh_err_set(ctx->err, ZH_ELIMIT, "record.number", "编号超过 %d 字节",
                        ZH_NUMBER_BYTES_MAX);
    }
    if (rc == ZH_OK) {
        zh_str whole = zh_buf_view(&text);
        size_t at = (size_t)zh_str_chr(whole, '\0');
        zh_str head = zh_str_sub(whole, 0, at);
        zh_str tail = zh_str_sub(whole, at + 1, whole.n);
        zh_str name = zh_str_fmt(ctx->arena, "%.*s:%.*s#%.*s", ZH_FMT(record->reg->id),
                                 ZH_FMT(head), ZH_FMT(tail));
        int64_t number = 0;
        rc = take(ctx->core, writer, record->office, name, &number, ctx->err);
        *out = zh_str_fmt(ctx->arena, "%.*s%0*" PRId64 "%.*s", ZH_FMT(head), (int)width, number,
                          ZH_FMT(tail));
    }
    zh_buf_free(&text);
    return rc;
}
