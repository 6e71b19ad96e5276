/* Random filters as text: over every type, with literals that often occur in the records and
 * sometimes in none; some of them are beyond SQL and must be answered in the program. */
#include "base/utf8.h"
#include "world.h"

enum { EXPRESSION_BYTES = 7000, TEXT_LITERAL_MAX = 1500 };

typedef struct writer {
    world *w;
    const zh_register *reg;
    const zh_field *table; /* inside any(), all(), count() of this one */
    const sample_pool *pool;
    zh_buf out;
} writer;

static void boolean(writer *x, unsigned depth);

/* ---- literals -------------------------------------------------------------------------------- */

/* A value of the field in some record; ZH_NULL when that one has none. */
static zh_value stored(writer *x, const zh_field *field)
{
    if (x->pool->n == 0) {
        return ZH_VALUE_NULL;
    }
    const zh_record *r = x->pool->records[below(x->w, x->pool->n)];
    if (field->table == NULL) {
        return r->values[field->index];
    }
    const zh_rows *rows = &r->tables[field->table->index];
    return rows->n ? rows->values[below(x->w, rows->n) * rows->table->ncolumns + field->index]
                   : ZH_VALUE_NULL;
}

static void put_text(writer *x, zh_str text)
{
    zh_buf_c(&x->out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        zh_buf_c(&x->out, text.p[i]);
        if (text.p[i] == '\'') {
            zh_buf_c(&x->out, '\'');
        }
    }
    zh_buf_c(&x->out, '\'');
}

/* A run of whole characters out of the text. */
static zh_str some_of(writer *x, zh_str text, size_t from)
{
    size_t n = zh_utf8_count(text);
    size_t first = from < n ? from : 0;
    size_t last = first + 1 + below(x->w, 4);
    size_t at = 0;
    size_t begin = 0;
    size_t end = text.n;
    for (size_t i = 0; at < text.n; i++) {
        begin = i == first ? at : begin;
        (void)zh_utf8_next(text, &at);
        if (i + 1 == last) {
            end = at;
            break;
        }
    }
    return zh_str_sub(text, begin, end - begin);
}

static zh_str text_of(writer *x, const zh_field *field)
{
    zh_value v = chance(x->w, 80) ? stored(x, field) : ZH_VALUE_NULL;
    zh_str text = v.kind == ZH_TEXT ? v.text : random_text(x->w, 20);
    if (!zh_utf8_valid(text) || zh_str_chr(text, '\0') >= 0 || text.n > TEXT_LITERAL_MAX) {
        text = ZH_STR("大米");
    }
    return text;
}

static void put_number(writer *x, const zh_field *field)
{
    static const char *const some[] = {"0",
                                       "1",
                                       "-1",
                                       "0.05",
                                       "0.050",
                                       "0.0500001",
                                       "100.5",
                                       "-3.5",
                                       "99999999999999.99",
                                       "0.000000000000000001",
                                       "999999999999999999",
                                       "-0.001",
                                       "12345678.9"};
    zh_value v = chance(x->w, 60) ? stored(x, field) : ZH_VALUE_NULL;
    if (v.kind == ZH_DECIMAL && (v.mark == ZH_MARK_EXACT || v.decimal.scaled != 0)) {
        zh_buf_str(&x->out, zh_decimal_str(x->w->step, v.decimal));
    } else {
        zh_buf_z(&x->out, pick(x->w, some, ZH_COUNTOF(some)));
    }
}

static void put_date(writer *x, zh_date date)
{
    char room[16];
    zh_buf_str(&x->out, (zh_str){room, zh_date_format(date, room)});
}

static void put_moment(writer *x, const zh_field *field)
{
    zh_value v = field != NULL && chance(x->w, 60) ? stored(x, field) : ZH_VALUE_NULL;
    char room[40];
    if (v.kind == ZH_TIME && chance(x->w, 70)) {
        zh_buf_str(&x->out, (zh_str){room, zh_time_format(v.i, room)});
    } else if (v.kind == ZH_TIME) {
        put_date(x, zh_time_date(v.i));
    } else if (v.kind == ZH_DATE) {
        put_date(x, (zh_date)v.i);
    } else if (chance(x->w, 30)) {
        zh_time t = zh_date_start(random_date(x->w)) + (zh_time)below(x->w, 86400) * 1000000;
        zh_buf_str(&x->out, (zh_str){room, zh_time_format(t, room)});
    } else {
        put_date(x, random_date(x->w));
    }
}

static void put_code(writer *x, const zh_field *field)
{
    zh_value v = chance(x->w, 60) ? stored(x, field) : ZH_VALUE_NULL;
    put_text(x, v.kind == ZH_TEXT ? v.text : random_code(x->w, field->codes)->code);
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static const char *compare_sign(writer *x)
{
    static const char *const signs[] = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    return pick(x->w, signs, ZH_COUNTOF(signs));
}

static const char *equal_sign(writer *x)
{
    return chance(x->w, 60) ? " = " : " != ";
}

/* The name by which a field is known where the writer stands. */
static zh_str name_of(const writer *x, const zh_field *field)
{
    zh_str id = field->id;
    if (x->table != NULL && field->table == x->table) {
        ptrdiff_t dot = zh_str_chr(id, '.');
        id = dot >= 0 ? zh_str_sub(id, (size_t)dot + 1, id.n) : id;
    }
    return id;
}

static void text_leaf(writer *x, const zh_field *f, zh_str id)
{
    static const char *const functions[] = {"starts", "ends", "contains"};
    zh_str text = text_of(x, f);
    if (chance(x->w, 45)) {
        const char *function = pick(x->w, functions, ZH_COUNTOF(functions));
        size_t n = zh_utf8_count(text);
        size_t from = function[0] == 's'   ? 0
                      : function[0] == 'e' ? n - (n > 2 ? 2 : n)
                                           : below(x->w, n + 1);
        zh_buf_fmt(&x->out, "%s(%.*s, ", function, ZH_FMT(id));
        put_text(x, chance(x->w, 4) ? ZH_STR("") : some_of(x, text, from));
        zh_buf_c(&x->out, ')');
    } else if (chance(x->w, 20)) {
        zh_buf_fmt(&x->out, "%.*s in (", ZH_FMT(id));
        for (size_t i = 0, n = 1 + below(x->w, 4); i < n; i++) {
            zh_buf_z(&x->out, i ? ", " : "");
            put_text(x, text_of(x, f));
        }
        zh_buf_c(&x->out, ')');
    } else if (chance(x->w, 8)) {
        zh_buf_fmt(&x->out, "len(%.*s)%s%zu", ZH_FMT(id), compare_sign(x), below(x->w, 30));
    } else {
        zh_buf_fmt(&x->out, "%.*s%s", ZH_FMT(id), compare_sign(x));
        put_text(x, text);
    }
}

static void code_leaf(writer *x, const zh_field *f, zh_str id)
{
    if (f->codes->levels > 1 && chance(x->w, 30)) {
        zh_buf_fmt(&x->out, "%.*s within ", ZH_FMT(id));
        put_text(x, random_code(x->w, f->codes)->code);
    } else if (f->codes->levels > 1 && chance(x->w, 40)) {
        size_t level = 1 + below(x->w, f->codes->levels);
        const zh_code *code = zh_code_at_level(random_code(x->w, f->codes), (uint16_t)level);
        zh_buf_fmt(&x->out, "%.*s@%zu%s", ZH_FMT(id), level, equal_sign(x));
        put_text(x, code != NULL ? code->code : ZH_STR("420000"));
    } else if (chance(x->w, 25)) {
        zh_buf_fmt(&x->out, "%.*s in (", ZH_FMT(id));
        put_code(x, f);
        zh_buf_z(&x->out, ", ");
        put_code(x, f);
        zh_buf_c(&x->out, ')');
    } else {
        zh_buf_fmt(&x->out, "%.*s%s", ZH_FMT(id),
                   f->codes->codes_are_ordered ? compare_sign(x) : equal_sign(x));
        put_code(x, f);
    }
}

static void number_leaf(writer *x, const zh_field *f, zh_str id)
{
    static const char *const marks[] = {"ND", "NM", "NA", "NR", "<", ">"};
    if (f->type == ZH_TYPE_QUANTITY && chance(x->w, 10)) {
        zh_buf_fmt(&x->out, "mark(%.*s)%s'%s'", ZH_FMT(id), equal_sign(x),
                   pick(x->w, marks, ZH_COUNTOF(marks)));
        return;
    }
    if (chance(x->w, 6)) {
        zh_buf_fmt(&x->out, "round(%.*s, 1)%s", ZH_FMT(id), compare_sign(x));
    } else if (chance(x->w, 6)) {
        zh_buf_fmt(&x->out, "abs(%.*s)%s", ZH_FMT(id), compare_sign(x));
    } else if (chance(x->w, 10)) { /* the constant on the left */
        put_number(x, f);
        zh_buf_fmt(&x->out, "%s%.*s", compare_sign(x), ZH_FMT(id));
        return;
    } else {
        zh_buf_fmt(&x->out, "%.*s%s", ZH_FMT(id), compare_sign(x));
    }
    put_number(x, f);
}

static void period_leaf(writer *x, const zh_field *f, zh_str id)
{
    zh_value v = stored(x, f);
    zh_date date =
        v.kind == ZH_PERIOD ? (zh_date)v.i + (zh_date)below(x->w, 3) - 1 : random_date(x->w);
    date = date < zh_date_of(1, 1, 1)        ? zh_date_of(1, 1, 1)
           : date > zh_date_of(9999, 12, 31) ? zh_date_of(9999, 12, 31)
                                             : date;
    switch (below(x->w, 4)) {
    case 0: zh_buf_fmt(&x->out, "start(%.*s)%s", ZH_FMT(id), compare_sign(x)); break;
    case 1: zh_buf_fmt(&x->out, "end(%.*s)%s", ZH_FMT(id), compare_sign(x)); break;
    default: zh_buf_fmt(&x->out, "%.*s covers ", ZH_FMT(id)); break;
    }
    put_date(x, date);
}

static void moment_leaf(writer *x, const zh_field *f, zh_str id)
{
    if (chance(x->w, 8)) {
        zh_buf_fmt(&x->out, "year(%.*s)%s%zu", ZH_FMT(id), compare_sign(x), 2019 + below(x->w, 6));
        return;
    }
    zh_buf_fmt(&x->out, "%.*s%s", ZH_FMT(id), compare_sign(x));
    put_moment(x, f);
}

static void field_leaf(writer *x, const zh_field *f)
{
    zh_str id = name_of(x, f);
    if (chance(x->w, 10)) {
        zh_buf_fmt(&x->out, "%.*s is %snull", ZH_FMT(id), chance(x->w, 50) ? "not " : "");
        return;
    }
    switch (f->type) {
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE: text_leaf(x, f, id); break;
    case ZH_TYPE_CODE: code_leaf(x, f, id); break;
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME: moment_leaf(x, f, id); break;
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY: number_leaf(x, f, id); break;
    case ZH_TYPE_BOOL:
        zh_buf_fmt(&x->out, "%.*s%s", ZH_FMT(id), chance(x->w, 50) ? "" : " = false");
        break;
    case ZH_TYPE_PERIOD: period_leaf(x, f, id); break;
    case ZH_TYPE_REF: zh_buf_fmt(&x->out, "%.*s is not null", ZH_FMT(id)); break;
    case ZH_TYPE_TABLE: zh_buf_fmt(&x->out, "count(%.*s) > 1", ZH_FMT(id)); break;
    }
}

/* ---- other leaves ---------------------------------------------------------------------------- */

static void meta_leaf(writer *x)
{
    static const char *const texts[] = {
        "version > 1",
        "version = 2",
        "3 >= version",
        "version != 1",
        "office = 420000",
        "office < 420500",
        "handler_office = 420500",
        "version is null",
        "recorded_at is not null",
        "actor = 'operator'",
        "actor = 'clock'",
    };
    size_t choice = below(x->w, 3);
    if (choice == 0) {
        zh_buf_z(&x->out, pick(x->w, texts, ZH_COUNTOF(texts)));
    } else if (choice == 1) {
        const zh_state *state = &x->reg->states[below(x->w, x->reg->nstates)];
        zh_buf_fmt(&x->out, "state%s'%.*s'", compare_sign(x), ZH_FMT(state->id));
    } else {
        zh_buf_fmt(&x->out, "%s%s", chance(x->w, 50) ? "created_at" : "recorded_at",
                   compare_sign(x));
        put_moment(x, NULL);
    }
}

/* Two fields of one record, and what only the program can say. */
static void special_leaf(writer *x)
{
    static const char *const of_sample[] = {
        "bought <= sampled_at",
        "sampled_at < bought",
        "served_on > bought",
        "sampled_at < recorded_at",
        "created_at = recorded_at",
        "title = report_no",
        "title != person",
        "place = firm_place",
        "place != firm_place",
        "random = online",
        "random != online",
        "amount > count",
        "firm.name = '武汉'",
        "firm.grade >= 'B'",
        "firm.place within '420100'",
        "firm.since < bought",
        "clock.objection.open",
        "clock.finish.breached",
        "clock.objection.due > 2021-06-01",
        "entered(served) < 2022-01-01",
        "count(items) = 2",
        "count(items, verdict = 'fail') >= 1",
        "count(items where doubtful) > 0",
        "count(items.limit) >= 2",
        "2 <= count(items)",
        "sum(items.limit) > 10",
        "max(items.on) > 2021-01-01",
        "any(tags)",
        "count(tags) > 1",
        "amount * 2 > count",
        "product.made + 6 month > bought",
        "grade in ('A', 'C')",
        "count(visit where good) > 0",
        "any(visit where sample = self, within 3 year)",
        "verdict = 'fail' ? random : online",
        "(random ?? online)",
        "product.class @ bought = '1001'",
        "any(sample where firm = self.firm and title = self.title, within 6 month)",
    };
    static const char *const of_firm[] = {
        "name = code",
        "name > code",
        "since < created_at",
        "len(name) > len(code)",
        "any(sample where firm = self, within 2 year)",
        "count(sample where firm = self and verdict = 'fail', within 5 year) > 1",
    };
    static const char *const of_visit[] = {
        "day < created_at",        "sample.place = '420106'", "sample.firm.grade = 'A'",
        "sample.state = 'closed'", "day > sample.sampled_at", "sample.verdict = 'fail'",
    };
    if (zh_str_is(x->reg->id, "sample")) {
        zh_buf_z(&x->out, pick(x->w, of_sample, ZH_COUNTOF(of_sample)));
    } else if (zh_str_is(x->reg->id, "firm")) {
        zh_buf_z(&x->out, pick(x->w, of_firm, ZH_COUNTOF(of_firm)));
    } else {
        zh_buf_z(&x->out, pick(x->w, of_visit, ZH_COUNTOF(of_visit)));
    }
}

static const zh_field *some_table(writer *x)
{
    const zh_field *found = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < x->reg->nfields; i++) {
        if (x->reg->fields[i].type == ZH_TYPE_TABLE && below(x->w, ++seen) == 0) {
            found = &x->reg->fields[i];
        }
    }
    return found;
}

static void fold_leaf(writer *x)
{
    const zh_field *table = some_table(x);
    if (table == NULL || x->table != NULL) {
        field_leaf(x, &x->reg->fields[0]);
        return;
    }
    size_t kind = below(x->w, 3);
    zh_buf_fmt(&x->out, "%s(%.*s",
               kind == 0   ? "any"
               : kind == 1 ? "all"
                           : "count",
               ZH_FMT(table->id));
    x->table = table;
    if (chance(x->w, 25)) {
        zh_buf_z(&x->out, " where ");
        boolean(x, 1);
    }
    zh_buf_z(&x->out, ", ");
    boolean(x, 1);
    x->table = NULL;
    zh_buf_c(&x->out, ')');
    if (kind == 2) {
        zh_buf_fmt(&x->out, "%s%zu", compare_sign(x), below(x->w, 4));
    }
}

static void leaf(writer *x)
{
    size_t choice = below(x->w, 100);
    if (x->table != NULL && choice < 75) {
        field_leaf(x, &x->table->columns[below(x->w, x->table->ncolumns)]);
    } else if (choice < 70) {
        field_leaf(x, &x->reg->fields[below(x->w, x->reg->nfields)]);
    } else if (choice < 80 && x->table == NULL) {
        fold_leaf(x);
    } else if (choice < 88 || x->table != NULL) {
        meta_leaf(x);
    } else {
        special_leaf(x);
    }
}

static void boolean(writer *x, unsigned depth)
{
    size_t choice = depth == 0 ? 99 : below(x->w, 10);
    if (choice >= 7) {
        leaf(x);
        return;
    }
    zh_buf_z(&x->out, choice == 4 ? "not (" : "(");
    boolean(x, depth - 1);
    if (choice < 4) {
        zh_buf_z(&x->out, choice < 2 ? ") and (" : ") or (");
        boolean(x, depth - 1);
    } else if (choice == 5) {
        zh_buf_z(&x->out, ") ? (");
        boolean(x, depth - 1);
        zh_buf_z(&x->out, ") : (");
        boolean(x, depth - 1);
    } else if (choice == 6) {
        zh_buf_z(&x->out, ") ?? (");
        boolean(x, depth - 1);
    }
    zh_buf_c(&x->out, ')');
}

zh_str random_filter(world *w, const zh_register *reg, const sample_pool *pool)
{
    writer x = {.w = w, .reg = reg, .pool = pool};
    zh_str out = ZH_STR_NONE;
    do {
        zh_buf_init(&x.out, EXPRESSION_BYTES);
        boolean(&x, (unsigned)below(w, 4));
        if (!x.out.failed) {
            out = zh_str_dup(w->step, zh_buf_view(&x.out));
        }
        zh_buf_free(&x.out);
    } while (out.p == NULL);
    return out;
}
