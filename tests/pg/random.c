/* Random numbers, texts and values: hostile where a database, an index or a comparison could
 * stumble, and out of a small vocabulary otherwise, so that groups and duplicates arise. */
#include "base/utf8.h"
#include "world.h"
#include <inttypes.h>

static uint64_t next(world *w) /* splitmix64 (Steele, Lea and Flood 2014) */
{
    uint64_t z = w->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

size_t below(world *w, size_t n)
{
    zh_assert(n > 0);
    return (size_t)(next(w) % n);
}

bool chance(world *w, unsigned percent)
{
    return below(w, 100) < percent;
}

const char *pick(world *w, const char *const *texts, size_t n)
{
    return texts[below(w, n)];
}

zh_date random_date(world *w)
{
    static const struct {
        int year, month, day;
    } extremes[] = {{1, 1, 1}, {9999, 12, 31}, {1969, 12, 31}, {1970, 1, 1}, {2000, 2, 29}};
    if (chance(w, 4)) {
        size_t i = below(w, ZH_COUNTOF(extremes));
        return zh_date_of(extremes[i].year, extremes[i].month, extremes[i].day);
    }
    return zh_date_of(2019, 1, 1) + (zh_date)below(w, 6 * 365);
}

static const char *const words[] = {
    "武汉",     "武汉市", "大米",       "小麦粉", "台灯", "菜籽油", "rice", "Rice", "LED",
    "Lamp A-1", "米",     "电动自行车", "质量",   "抽查", "不合格", "x",    "no",   "42",
};

/* Quotes and wildcards of SQL and of the expression language, case and width pairs, characters of
 * two UTF-16 units, sequences joined by invisible characters, marks in either normal form. */
static const char *const pieces[] = {
    "O'Brien",
    "\"quoted\"",
    "''",
    "100%",
    "a_b",
    "_",
    "%",
    "\\",
    "\\'",
    "--",
    "; DROP TABLE x",
    "NULL",
    "?",
    "$1",
    ":a",
    "\xF0\x9F\x98\x80",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
    "e\xCC\x81",
    "\xC3\xA9",
    "\xE1\xBE\x82",
    "q\xCC\xA3\xCC\x87",
    "\xF0\xA0\xAE\xB7",
    "\xF0\xAA\x9A\xA5",
    "\xE3\x90\x82",
    "zero\xE2\x80\x8Bwidth",
    "\xE2\x80\x8D",
    "\xEF\xBC\xA1\xEF\xBC\xA2",
    "AB",
    "ab",
    "\xEF\xAC\x80",
    "stra\xC3\x9F\x65",
    "STRASSE",
    "\xC4\xB0",
    "\xC4\xB1",
    "\xC2\xA0",
    "\xE3\x80\x80",
    "\xED\x95\x9C\xEA\xB8\x80",
    "\xD7\xA2\xD7\x91",
    "\xE1\x84\x92\xE1\x85\xA1",
    "0.050",
    "1e5",
    " ",
    "\t",
    "\n",
    "\xEF\xBF\xBD",
    "\xF4\x8F\xBF\xBF",
    "\xEE\x80\x80",
    "Z",
    "z",
    "\xE2\x84\xAB",
    "\xC3\x85",
};

/* What no text may hold. */
static const char *const refused[] = {"\x01", "\xE2\x80\xAE", "\xFF",
                                      "\xC3", "\xED\xA0\x80", "\x7F"};

zh_str random_text(world *w, size_t characters)
{
    zh_buf text;
    zh_buf_init(&text, (size_t)1 << 20);
    size_t parts = 1 + below(w, 4);
    bool plain = chance(w, 50);
    for (size_t i = 0; i < parts; i++) {
        zh_buf_z(&text, plain || chance(w, 30) ? pick(w, words, ZH_COUNTOF(words))
                                               : pick(w, pieces, ZH_COUNTOF(pieces)));
    }
    if (chance(w, 2)) {
        zh_buf_z(&text, pick(w, refused, ZH_COUNTOF(refused)));
    } else if (chance(w, 1)) {
        zh_buf_c(&text, '\0');
    }
    if (chance(w, 4)) { /* to the cap and one beyond */
        const char *piece = pick(w, pieces, ZH_COUNTOF(pieces));
        size_t wanted = characters + below(w, 2);
        size_t once = zh_utf8_count(zh_str_of(piece));
        size_t n = zh_utf8_valid(zh_buf_view(&text)) ? zh_utf8_count(zh_buf_view(&text)) : wanted;
        for (; n + once <= wanted; n += once) {
            zh_buf_z(&text, piece);
        }
    }
    zh_str out = zh_str_dup(w->step, zh_buf_view(&text));
    zh_buf_free(&text);
    return out;
}

zh_str random_number(world *w, uint8_t digits)
{
    static const char *const marks[] = {"<0.05",   ">100.5",      "ND",     "NM",
                                        "NA",      "NR",          "<0",     "<-3.5",
                                        ">-0.001", "<12345678.9", "未检出", ">0.05"};
    static const char *const extremes[] = {"999999999999999999",
                                           "-999999999999999999",
                                           "0.000000000000000001",
                                           "99999999999999.99",
                                           "-99999999999999.99",
                                           "0",
                                           "-0",
                                           "0.00",
                                           "1000000000000000000",
                                           "123456.789012345678"};
    if (chance(w, 15)) {
        return zh_str_of(pick(w, marks, ZH_COUNTOF(marks)));
    }
    if (chance(w, 8)) {
        return zh_str_of(pick(w, extremes, ZH_COUNTOF(extremes)));
    }
    uint8_t shown = (uint8_t)below(w, (size_t)digits + 2);
    int64_t limit = chance(w, 50) ? 1000 : 1000000;
    int64_t scaled = (int64_t)below(w, (size_t)limit) - (chance(w, 20) ? limit / 2 : 0);
    return zh_decimal_str(w->step, (zh_decimal){scaled, shown > 18 ? 18 : shown});
}

const zh_code *random_code(world *w, const zh_codes *codes)
{
    return &codes->codes[below(w, codes->n)];
}

static zh_value random_ref(world *w, const zh_field *field)
{
    size_t index = field->target->index;
    if (w->records[index].n == 0 || chance(w, 3)) {
        return (zh_value){.kind = ZH_REF, .office = 420000, .i = 12345};
    }
    /* few firms, so that they have many samples */
    size_t n = w->records[index].n;
    known k = w->records[index]
                  .p[field->target->nbusiness_key && chance(w, 70) ? below(w, n) / 8 : below(w, n)];
    return (zh_value){.kind = ZH_REF, .office = k.office, .i = k.id};
}

static zh_str random_file(world *w)
{
    if (chance(w, 60)) {
        return w->files[below(w, FILES)];
    }
    return zh_str_fmt(w->step, "sha256:%016" PRIx64 "%048x", next(w), 7);
}

/* Text as a person would write it. */
static zh_str written(world *w, const zh_field *field)
{
    static const char *const units[] = {"", " mm", " m", "毫米", " mg/kg", " g/kg", " parsec"};
    static const char *const spots[] = {"114.30,30.60", "114.31,30.5", "-180,90", "0,0", "181,0"};
    static const char *const spans[] = {"B1..B9", "B1", "B1*;C2", "X'..Y"};
    static const char *const flags[] = {"是", "否", "true", "0", "yes"};
    char room[40];
    zh_arena *arena = w->step;
    switch (field->type) {
    case ZH_TYPE_CODE: {
        const zh_code *code = random_code(w, field->codes);
        return chance(w, 70) ? code->code : code->label.zh;
    }
    case ZH_TYPE_DATE:
        return zh_str_dup(arena, (zh_str){room, zh_date_format(random_date(w), room)});
    case ZH_TYPE_DECIMAL: return random_number(w, field->digits);
    case ZH_TYPE_QUANTITY:
        return zh_str_fmt(arena, "%.*s%s", ZH_FMT(random_number(w, field->digits)),
                          field->unit.n && chance(w, 70) ? "" : pick(w, units, ZH_COUNTOF(units)));
    case ZH_TYPE_BOOL: return zh_str_of(pick(w, flags, ZH_COUNTOF(flags)));
    case ZH_TYPE_FILE: return random_file(w);
    case ZH_TYPE_GEO: return zh_str_of(pick(w, spots, ZH_COUNTOF(spots)));
    case ZH_TYPE_RANGE: return zh_str_of(pick(w, spans, ZH_COUNTOF(spans)));
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_REF:
    case ZH_TYPE_PERIOD:
    case ZH_TYPE_TABLE: break;
    }
    return random_text(w, field->length_max ? field->length_max : 200);
}

/* Mostly in the year before now; sometimes to come, which a rule refuses. */
static zh_value random_instant(world *w)
{
    if (chance(w, 3)) {
        return zh_value_time(zh_date_start(random_date(w)));
    }
    zh_time back =
        (zh_time)below(w, 400) * INT64_C(86400000000) + (zh_time)below(w, 86400) * 1000000;
    return zh_value_time(w->now - back + (chance(w, 10) ? (zh_time)below(w, 1000000) : 0));
}

static zh_value random_period(world *w)
{
    zh_date from = random_date(w);
    zh_date length = (zh_date)below(w, 500);
    bool open = chance(w, 25) || from > zh_date_of(9000, 1, 1);
    zh_value v = {.kind = ZH_PERIOD, .i = from};
    v.to = open ? ZH_OPEN_END : from + length;
    return v;
}

zh_value random_value(world *w, const zh_field *field)
{
    zh_value value = ZH_VALUE_NULL;
    zh_err ignored = {0};
    switch (field->type) {
    case ZH_TYPE_REF: return random_ref(w, field);
    case ZH_TYPE_DATETIME: return random_instant(w);
    case ZH_TYPE_PERIOD: return random_period(w);
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT: return zh_value_text(written(w, field));
    case ZH_TYPE_CODE:
        if (chance(w, 2)) {
            return zh_value_text(ZH_STR("no-such-code"));
        }
        break;
    case ZH_TYPE_DECIMAL:
        if (chance(w, 20)) { /* as the program computes it, without a text */
            return zh_value_decimal((zh_decimal){(int64_t)below(w, 100000), (uint8_t)below(w, 5)});
        }
        break;
    case ZH_TYPE_DATE:
    case ZH_TYPE_QUANTITY:
    case ZH_TYPE_BOOL:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE:
    case ZH_TYPE_TABLE: break;
    }
    zh_rc rc = zh_field_parse(w->model, field, w->step, written(w, field), INT32_MIN, &value, NULL,
                              &ignored);
    return rc == ZH_OK ? value : ZH_VALUE_NULL;
}

/* Some of the old rows, changed or not, in another order, and new ones. */
zh_rows *random_rows(world *w, const zh_field *table, const zh_rows *old)
{
    size_t most = 6;
    zh_rows *rows = ZH_NEW(w->step, zh_rows);
    rows->table = table;
    rows->ids = ZH_NEW_N(w->step, int64_t, most);
    rows->values = ZH_NEW_N(w->step, zh_value, most * table->ncolumns);
    rows->n = below(w, most + 1);
    for (size_t i = 0; i < rows->n; i++) {
        bool keep = old != NULL && i < old->n && chance(w, 70);
        rows->ids[i] = keep ? old->ids[i] : chance(w, 2) ? 999 : 0;
        for (size_t c = 0; c < table->ncolumns; c++) {
            zh_value *v = &rows->values[i * table->ncolumns + c];
            const zh_field *column = &table->columns[c];
            if (keep && chance(w, 70)) {
                *v = old->values[i * table->ncolumns + c];
            } else if (!column->computed && (column->required ? chance(w, 98) : chance(w, 75))) {
                *v = random_value(w, column);
            }
        }
    }
    return rows;
}
