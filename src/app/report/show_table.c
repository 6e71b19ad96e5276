/* Tables from answers; see show.h. */
#include "app/report/show.h"
#include "app/words.h"
#include <inttypes.h>

enum { INVOLVED_MAX = 64, BEAM_WIDTH = 110 };

/* A table under construction, row by row. */
typedef struct building {
    zh_show *show;
    const zh_yaml *item;
    zh_ask *asks[INVOLVED_MAX];
    size_t nasks;
    zh_doc_column *columns;
    size_t ncolumns;
    ZH_VEC(zh_doc_cell) cells;
    ZH_VEC(zh_str) names;
} building;

static bool english(const building *b)
{
    return b->show->asks->english;
}

static zh_str word(const building *b, const char *zh, const char *en)
{
    return zh_asks_words(b->show->asks, zh, en);
}

static zh_rc add_column(building *b, zh_str label, bool number)
{
    if (b->ncolumns == ZH_DOC_COLUMNS_MAX) {
        return zh_show_refuse(b->show, b->item, "report.columns", "表格列太多：", label);
    }
    b->columns[b->ncolumns++] = (zh_doc_column){.label = label, .number = number};
    return ZH_OK;
}

static void add(building *b, zh_str text)
{
    zh_doc_cell cell = {.text = text};
    zh_vec_push(b->show->ctx->arena, &b->cells, cell);
}

static void add_nil(building *b, zh_str word)
{
    zh_doc_cell cell = {.text = word, .nil = true};
    zh_vec_push(b->show->ctx->arena, &b->cells, cell);
}

/* A number that leads to its question. */
static void add_number(building *b, const zh_ask *ask, zh_str text)
{
    zh_doc_cell cell = {.text = text, .href = zh_show_href(b->show, ask, NULL)};
    zh_vec_push(b->show->ctx->arena, &b->cells, cell);
}

/* The asks named under `of`: one, or a list. */
static zh_rc read_of(building *b)
{
    const zh_yaml *of = zh_yaml_get(b->item, "of");
    if (of == NULL) {
        return zh_show_refuse(b->show, b->item, "report.of", "表格缺少", ZH_STR("of"));
    }
    bool many = of->kind == ZH_YAML_SEQUENCE;
    zh_rc rc = ZH_OK;
    for (const zh_yaml *one = many ? of->first : of; one != NULL && rc == ZH_OK;
         one = many ? one->next : NULL) {
        if (b->nasks == INVOLVED_MAX) {
            return zh_show_refuse(b->show, one, "report.of", "of 太多：", one->text);
        }
        rc = zh_show_ask(b->show, one, &b->asks[b->nasks]);
        b->nasks += rc == ZH_OK;
    }
    return rc;
}

static zh_rc needs(building *b, zh_ask_kind kind)
{
    zh_rc rc = read_of(b);
    for (size_t i = 0; i < b->nasks && rc == ZH_OK; i++) {
        if (b->asks[i]->kind != kind) {
            rc = zh_show_refuse(b->show, b->item, "report.table", "这种表不能用这样的提问：",
                                b->asks[i]->name);
        }
    }
    return rc;
}

/* ---- values of a break-down
 * ------------------------------------------------------------------------- */

typedef struct column_kind {
    const char *name;
    bool number;
} column_kind;

static const column_kind value_columns[] = {{"label", false}, {"num", true}, {"den", true},
                                            {"value", true},  {"n", true},   {"interval", true},
                                            {"beam", false}};

/* One scale down the column: from 0 to the greatest interval that is not from too few. */
static zh_rc beam_axis(const zh_ask *ask, zh_axis *out)
{
    double most = 0;
    for (size_t i = 0; i < ask->nrows; i++) {
        const zh_figure *f = &ask->rows[i].figure;
        double value = f->has_interval && f->status == ZH_FIG_OK ? f->high
                       : f->has_value                            ? zh_decimal_double(f->value)
                                                                 : 0;
        most = value > most ? value : most;
    }
    return zh_axis_nice(0, most > 0 ? most : 1, 5, out);
}

static zh_rc add_beam(building *b, const zh_axis *axis, const zh_ask *ask, const zh_ask *total,
                      const zh_ask_row *row)
{
    zh_ctx *ctx = b->show->ctx;
    zh_beam in = {.axis = *axis, .reading = zh_show_reading(b->show, ask, row)};
    zh_doc_cell cell = {0};
    zh_draw *draw = NULL;
    in.reading.href = ZH_STR("");
    if (total != NULL && total->nrows > 0 && total->rows[0].figure.has_value) {
        in.reading.target = ZH_SOME(zh_decimal_double(total->rows[0].figure.value));
    }
    zh_rc rc = zh_chart_beam(ctx->arena, &in, BEAM_WIDTH, &draw, ctx->err);
    cell.draw = draw;
    zh_vec_push(ctx->arena, &b->cells, cell);
    return rc;
}

static zh_rc add_value_cell(building *b, const zh_yaml *column, const zh_axis *axis,
                            const zh_ask *total, const zh_ask_row *row)
{
    zh_arena *arena = b->show->ctx->arena;
    const zh_ask *ask = b->asks[0];
    const zh_figure *f = &row->figure;
    zh_str key = column->key;
    if (zh_str_is(key, "beam")) {
        return add_beam(b, axis, ask, total, row);
    }
    if (zh_str_is(key, "label")) {
        add(b, row->label);
    } else if (zh_str_is(key, "num") || zh_str_is(key, "den")) {
        add(b, zh_words_decimal(arena, zh_str_is(key, "num") ? f->num : f->den));
    } else if (zh_str_is(key, "n")) {
        add(b, zh_words_count(arena, f->n));
    } else if (zh_str_is(key, "interval")) {
        if (f->has_interval) {
            add(b, f->interval_shown);
        } else {
            add_nil(b, word(b, "无", "none"));
        }
    } else if (f->status == ZH_FIG_SMALL_N) {
        add_nil(b, zh_str_fmt(arena, "%.*s %s", ZH_FMT(f->shown), word(b, "样本不足", "few").p));
    } else {
        add_number(b, ask, zh_words_decimal(arena, f->shown));
    }
    return ZH_OK;
}

static zh_rc table_values(building *b)
{
    const zh_yaml *columns = zh_asks_key(b->show->asks, b->item, "columns");
    const zh_yaml *reference = zh_yaml_get(b->item, "reference");
    zh_ask *total = NULL;
    zh_rc rc = needs(b, ZH_ASK_BY);
    if (rc == ZH_OK && reference != NULL) {
        rc = zh_show_ask(b->show, reference, &total);
    }
    for (const zh_yaml *c = columns != NULL ? columns->first : NULL; c != NULL && rc == ZH_OK;
         c = c->next) {
        const column_kind *known = NULL;
        for (size_t i = 0; i < ZH_COUNTOF(value_columns); i++) {
            known = zh_str_is(c->key, value_columns[i].name) ? &value_columns[i] : known;
        }
        rc = known != NULL ? add_column(b, c->text, known->number)
                           : zh_show_refuse(b->show, c, "report.columns", "不认识的列", c->key);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_ask *ask = b->asks[0];
    zh_axis axis;
    rc = beam_axis(ask, &axis);
    size_t most = zh_show_number(b->item, "limit", ZH_DOC_ROWS_MAX);
    for (size_t r = 0; r < ask->nrows && r < most && rc == ZH_OK; r++) {
        for (const zh_yaml *c = columns != NULL ? columns->first : NULL; c != NULL && rc == ZH_OK;
             c = c->next) {
            rc = add_value_cell(b, c, &axis, total, &ask->rows[r]);
        }
    }
    return rc;
}

/* ---- indicators × regions
 * --------------------------------------------------------------------------- */

static void add_figure(building *b, const zh_ask *ask)
{
    zh_ctx *ctx = b->show->ctx;
    const zh_figure *f = ask->nrows > 0 ? &ask->rows[0].figure : NULL;
    if (f == NULL || !f->has_value) {
        add_nil(b, word(b, "未报", "not reported"));
        return;
    }
    zh_str interval = f->has_interval ? zh_str_fmt(ctx->arena, english(b) ? " (%.*s)" : "（%.*s）",
                                                   ZH_FMT(f->interval_shown))
                                      : ZH_STR("");
    zh_str few = f->status == ZH_FIG_SMALL_N ? word(b, "样本不足", " few") : ZH_STR("");
    add_number(b, ask,
               zh_str_fmt(ctx->arena, "%.*s%.*s%.*s",
                          ZH_FMT(zh_report_value(ctx->arena, b->show->asks, ctx->model, f)),
                          ZH_FMT(interval), ZH_FMT(few)));
}

static zh_rc table_matrix(building *b)
{
    const zh_yaml *heads = zh_asks_key(b->show->asks, b->item, "heads");
    const zh_yaml *rows = zh_yaml_get(b->item, "rows");
    zh_rc rc = ZH_OK;
    for (const zh_yaml *h = heads != NULL ? heads->first : NULL; h != NULL && rc == ZH_OK;
         h = h->next) {
        rc = add_column(b, h->text, b->ncolumns >= 2);
    }
    for (const zh_yaml *row = rows != NULL ? rows->first : NULL; row != NULL && rc == ZH_OK;
         row = row->next) {
        const zh_yaml *asks = zh_yaml_get(row, "asks");
        size_t from = b->nasks;
        for (const zh_yaml *a = asks != NULL ? asks->first : NULL; a != NULL && rc == ZH_OK;
             a = a->next) {
            if (b->nasks == INVOLVED_MAX) {
                return zh_show_refuse(b->show, a, "report.of", "提问太多：", a->text);
            }
            rc = zh_show_ask(b->show, a, &b->asks[b->nasks]);
            b->nasks += rc == ZH_OK;
        }
        if (rc == ZH_OK && (b->nasks == from || b->nasks - from + 2 != b->ncolumns ||
                            b->asks[from]->kind != ZH_ASK_FIGURE)) {
            return zh_show_refuse(b->show, row, "report.rows", "每行要有与表头一样多的单值提问：",
                                  zh_yaml_text(row, "label"));
        }
        if (rc == ZH_OK) {
            add(b, zh_asks_text(b->show->asks, row, "label"));
            add(b, b->asks[from]->period);
        }
        for (size_t i = from; i < b->nasks && rc == ZH_OK; i++) {
            add_figure(b, b->asks[i]);
        }
    }
    return rc;
}

/* ---- pairs of detectors
 * ----------------------------------------------------------------------------- */

static zh_rc table_pairs(building *b)
{
    const zh_str heads[] = {ZH_STR("n"), word(b, "其余 c", "Others c"),
                            word(b, "占比之比 PRR", "PRR"), word(b, "95% 区间", "95% interval"),
                            word(b, "χ²（Yates）", "χ² (Yates)")};
    zh_arena *arena = b->show->ctx->arena;
    zh_rc rc = needs(b, ZH_ASK_PAIRS);
    if (rc == ZH_OK) {
        rc = add_column(b, zh_asks_label(b->show->asks, b->asks[0]->detector->row.label), false);
    }
    if (rc == ZH_OK) {
        rc = add_column(b, zh_asks_label(b->show->asks, b->asks[0]->detector->column.label), false);
    }
    bool ratio = rc == ZH_OK && zh_detector_has_ratio(b->asks[0]->detector);
    size_t nheads = ratio ? ZH_COUNTOF(heads) : 1;
    for (size_t i = 0; i < nheads && rc == ZH_OK; i++) {
        rc = add_column(b, heads[i], true);
    }
    for (size_t a = 0; a < b->nasks && rc == ZH_OK; a++) {
        const zh_ask *ask = b->asks[a];
        for (size_t i = 0; i < ask->npairs; i++) {
            const zh_detected *p = &ask->pairs[i];
            const zh_ratio *prr = &p->stats.prr;
            add(b, p->row_label);
            add(b, p->column_label);
            add_number(b, ask, zh_words_count(arena, (int64_t)p->table.a));
            if (!ratio) {
                continue;
            }
            add(b, zh_words_count(arena, (int64_t)p->table.c));
            add(b, zh_report_ratio(arena, prr));
            if (prr->has_interval) {
                add(b, zh_str_fmt(arena, "%.1f–%.1f", prr->interval.lower, prr->interval.upper));
            } else {
                add_nil(b, word(b, "无", "none"));
            }
            add(b, zh_str_fmt(arena, "%.1f", p->stats.chi2_yates));
        }
    }
    return rc;
}

/* ---- two dates
 * -------------------------------------------------------------------------------------- */

static const zh_ask_row *same_key(const zh_ask *ask, zh_str key)
{
    for (size_t i = 0; i < ask->nrows; i++) {
        if (zh_str_eq(ask->rows[i].key, key)) {
            return &ask->rows[i];
        }
    }
    return NULL;
}

static void add_change(building *b, const zh_ask *ask, zh_str key)
{
    const zh_ask_row *row = same_key(ask, key);
    zh_str digits = zh_yaml_text(b->item, "digits");
    if (row != NULL && row->has_before) {
        add_number(b, ask, zh_show_digits(b->show, &row->before, digits));
    } else {
        add_nil(b, word(b, "未报", "not reported"));
    }
    if (row != NULL && row->figure.has_value) {
        add_number(b, ask, zh_show_digits(b->show, &row->figure, digits));
    } else {
        add_nil(b, word(b, "未报", "not reported"));
    }
}

/* Several changes beside each other, by the keys of the first. */
static zh_rc table_change(building *b)
{
    const zh_yaml *heads = zh_asks_key(b->show->asks, b->item, "heads");
    zh_rc rc = needs(b, ZH_ASK_CHANGE);
    for (const zh_yaml *h = heads != NULL ? heads->first : NULL; h != NULL && rc == ZH_OK;
         h = h->next) {
        rc = add_column(b, h->text, b->ncolumns > 0);
    }
    if (rc == ZH_OK && b->ncolumns != 1 + 2 * b->nasks) {
        rc = zh_show_refuse(b->show, b->item, "report.heads", "表头要一列名称、每个提问两列：",
                            ZH_STR("heads"));
    }
    for (size_t r = 0; rc == ZH_OK && r < b->asks[0]->nrows; r++) {
        add(b, b->asks[0]->rows[r].label);
        for (size_t i = 0; i < b->nasks; i++) {
            add_change(b, b->asks[i], b->asks[0]->rows[r].key);
        }
    }
    return rc;
}

static zh_rc table_records(building *b)
{
    zh_rc rc = needs(b, ZH_ASK_RECORDS);
    const zh_ask *ask = rc == ZH_OK ? b->asks[0] : NULL;
    for (size_t c = 0; rc == ZH_OK && c < ask->ncolumns; c++) {
        rc = add_column(b, ask->heads[c], false);
    }
    for (size_t i = 0; rc == ZH_OK && i < ask->nrows * ask->ncolumns; i++) {
        if (ask->cells[i].n > 0) {
            add(b, ask->cells[i]);
        } else {
            add_nil(b, word(b, "无", "none"));
        }
    }
    return rc;
}

/* ---- where every number comes from
 * ------------------------------------------------------------------ */

static void add_answer(building *b, const zh_ask *ask)
{
    zh_ctx *ctx = b->show->ctx;
    const zh_figure *f = ask->kind == ZH_ASK_FIGURE ? &ask->rows[0].figure : NULL;
    if (f != NULL) {
        zh_str fraction = !f->has_value ? ZH_STR("")
                          : f->den.n > 0
                              ? zh_str_fmt(ctx->arena, english(b) ? "; %.*s / %.*s" : "　%.*s/%.*s",
                                           ZH_FMT(zh_words_decimal(ctx->arena, f->num)),
                                           ZH_FMT(zh_words_decimal(ctx->arena, f->den)))
                              : ZH_STR("");
        zh_str interval =
            f->has_value && f->has_interval
                ? zh_str_fmt(ctx->arena, english(b) ? " (%.*s, %.*s)" : "（%.*s，%.*s）",
                             ZH_FMT(f->interval_shown), ZH_FMT(f->method))
                : ZH_STR("");
        add(b, zh_str_fmt(ctx->arena, "%.*s%.*s%.*s",
                          ZH_FMT(zh_report_value(ctx->arena, b->show->asks, ctx->model, f)),
                          ZH_FMT(interval), ZH_FMT(fraction)));
    } else if (ask->kind == ZH_ASK_PAIRS) {
        add(b, zh_str_fmt(ctx->arena, english(b) ? "%zu pairs meet %.*s" : "%zu 对达到 %.*s",
                          ask->npairs,
                          ZH_FMT(zh_detector_criteria(ctx->arena, ask->detector, english(b)))));
    } else if (ask->kind == ZH_ASK_COUNT) {
        add(b, zh_str_fmt(ctx->arena, english(b) ? "%.*s records" : "%.*s 条",
                          ZH_FMT(zh_words_count(ctx->arena, ask->counts.total))));
    } else if (ask->kind == ZH_ASK_TARGET) {
        add(b, english(b) ? ask->target.status_en : ask->target.status_zh);
    } else {
        add(b, zh_str_fmt(ctx->arena, english(b) ? "%zu rows" : "%zu 行", ask->nrows));
    }
}

static int64_t records_of(const zh_ask *ask)
{
    int64_t n = ask->kind == ZH_ASK_PAIRS   ? ask->units
                : ask->kind == ZH_ASK_COUNT ? ask->counts.total
                                            : 0;
    for (size_t i = 0; ask->rows != NULL && i < ask->nrows; i++) {
        n += ask->rows[i].figure.n;
    }
    return ask->kind == ZH_ASK_RECORDS ? (int64_t)ask->nrows : n;
}

/* What the rows of an answer are, in words: 食品类别; 地区（市）; 月. */
static zh_str by_words(const building *b, const zh_ask *ask)
{
    static const struct {
        const char *id, *zh, *en;
    } known[] = {{"year", "年", "year"},
                 {"half", "半年", "half-year"},
                 {"quarter", "季", "quarter"},
                 {"month", "月", "month"},
                 {"province", "（省）", ", by province"},
                 {"city", "（市）", ", by city"},
                 {"county", "（县）", ", by county"}};
    const zh_register *reg = ask->indicator != NULL ? ask->indicator->reg : ask->reg;
    ptrdiff_t at = zh_str_find(ask->by, ZH_STR("@"));
    zh_str id = at < 0 ? ask->by : zh_str_sub(ask->by, 0, (size_t)at);
    zh_str level = at < 0 ? ZH_STR("") : zh_str_sub(ask->by, (size_t)at + 1, ask->by.n);
    const zh_field *field = reg != NULL ? zh_register_field(reg, id) : NULL;
    zh_str name = field != NULL ? zh_asks_label(b->show->asks, field->label) : id;
    for (size_t i = 0; i < ZH_COUNTOF(known); i++) {
        zh_str words = zh_str_of(english(b) ? known[i].en : known[i].zh);
        name = field == NULL && zh_str_is(id, known[i].id) ? words : name;
        level = zh_str_is(level, known[i].id) ? words : level;
    }
    return zh_str_fmt(b->show->ctx->arena, "%.*s%.*s", ZH_FMT(name), ZH_FMT(level));
}

/* How the answer was made, and where to see it. */
static void add_how(building *b, const zh_ask *ask)
{
    zh_arena *arena = b->show->ctx->arena;
    const zh_indicator *ind = ask->indicator;
    zh_str how = ind != NULL                  ? zh_asks_label(b->show->asks, ind->definition)
                 : ask->detector != NULL      ? zh_asks_label(b->show->asks, ask->detector->purpose)
                 : ask->reg != NULL           ? zh_asks_label(b->show->asks, ask->reg->label)
                 : ask->kind == ZH_ASK_TARGET ? ask->target.item->clause
                                              : ZH_STR("");
    zh_str by = ask->by.n > 0 ? zh_str_fmt(arena, english(b) ? "; by %.*s" : "；按%.*s分",
                                           ZH_FMT(by_words(b, ask)))
                              : ZH_STR("");
    zh_str where = ask->where.n > 0 ? zh_str_fmt(arena, english(b) ? "; where %.*s" : "；条件 %.*s",
                                                 ZH_FMT(ask->where))
                                    : ZH_STR("");
    add(b, zh_str_fmt(arena, "%.*s%.*s%.*s", ZH_FMT(how), ZH_FMT(by), ZH_FMT(where)));
}

/* Every question that something of the report came from. */
static zh_rc table_asks(building *b)
{
    const zh_str heads[] = {word(b, "提问", "Question"),
                            word(b, "地区，期间", "Region, period"),
                            word(b, "答案", "Answer"),
                            word(b, "怎样算", "How"),
                            ZH_STR("n"),
                            word(b, "来源", "Source")};
    zh_show *s = b->show;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(heads) && rc == ZH_OK; i++) {
        rc = add_column(b, heads[i], i == 4);
    }
    for (size_t i = 0; i < s->asks->n && rc == ZH_OK; i++) {
        const zh_ask *ask = &s->asks->list[i];
        if (!ask->used) {
            continue;
        }
        size_t origin = zh_show_origin(s, ask->origin);
        zh_doc_cell title = {.text = ask->title, .href = zh_show_page(s, ask, NULL)};
        zh_str name = zh_str_fmt(s->ctx->arena, "n-%.*s", ZH_FMT(ask->name));
        zh_vec_push(s->ctx->arena, &b->cells, title);
        zh_vec_push(s->ctx->arena, &b->names, name);
        add(b, zh_str_fmt(s->ctx->arena, "%.*s%s%.*s",
                          ZH_FMT(ask->region.n > 0 ? ask->region : word(b, "全部", "all")),
                          ask->period.n == 0 ? ""
                          : english(b)       ? ", "
                                             : "，",
                          ZH_FMT(ask->period)));
        add_answer(b, ask);
        add_how(b, ask);
        add(b, zh_words_count(s->ctx->arena, records_of(ask)));
        if (origin > 0) {
            zh_doc_cell cell = {.text = zh_str_fmt(s->ctx->arena, "[%zu]", origin),
                                .href = zh_str_fmt(s->ctx->arena, "#s-%zu", origin)};
            zh_vec_push(s->ctx->arena, &b->cells, cell);
        } else {
            add_nil(b, word(b, "纲要", "outline"));
        }
    }
    return rc;
}

static zh_rc table_sources(building *b)
{
    const zh_str heads[] = {word(b, "编号", "No."),         word(b, "数据", "Data"),
                            word(b, "发布者", "Publisher"), word(b, "经由", "By way of"),
                            word(b, "期间", "Period"),      word(b, "许可", "Licence"),
                            word(b, "说明", "Note")};
    zh_show *s = b->show;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(heads) && rc == ZH_OK; i++) {
        rc = add_column(b, heads[i], false);
    }
    for (size_t i = 0; i < s->norigins && rc == ZH_OK; i++) {
        const zh_demo_origin *o = s->origins[i];
        zh_str name = zh_str_fmt(s->ctx->arena, "s-%zu", i + 1);
        zh_vec_push(s->ctx->arena, &b->names, name);
        add(b, zh_str_fmt(s->ctx->arena, "[%zu]", i + 1));
        add(b, english(b) && o->title_en.n > 0 ? o->title_en : o->title);
        add(b, english(b) ? o->publisher_en : o->publisher);
        add(b, o->via);
        add(b, english(b) ? o->period_en : o->period);
        add(b, zh_str_fmt(s->ctx->arena, english(b) ? "%.*s: %.*s" : "%.*s：%.*s",
                          ZH_FMT(o->letter), ZH_FMT(o->terms)));
        add(b, english(b) ? o->note_en : o->note);
    }
    return rc;
}

zh_rc zh_show_table(zh_show *s, const zh_yaml *item, zh_doc_block *block)
{
    static const struct {
        const char *kind;
        zh_rc (*build)(building *b);
    } kinds[] = {
        {"values", table_values},   {"matrix", table_matrix},   {"pairs", table_pairs},
        {"change", table_change},   {"records", table_records}, {"asks", table_asks},
        {"sources", table_sources},
    };
    zh_str kind = zh_yaml_text(item, "table");
    building b = {.show = s, .item = item};
    b.columns = ZH_NEW_N(s->ctx->arena, zh_doc_column, ZH_DOC_COLUMNS_MAX);
    size_t at = 0;
    while (at < ZH_COUNTOF(kinds) && !zh_str_is(kind, kinds[at].kind)) {
        at++;
    }
    zh_rc rc = at < ZH_COUNTOF(kinds) ? kinds[at].build(&b)
                                      : zh_show_refuse(s, item, "report.table", "不认识的表", kind);
    if (rc == ZH_OK && b.ncolumns == 0) {
        rc = zh_show_refuse(s, item, "report.columns", "表格没有列：", kind);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    block->kind = ZH_DOC_TABLE;
    block->table = (zh_doc_table){.columns = b.columns,
                                  .ncolumns = b.ncolumns,
                                  .cells = b.cells.p,
                                  .names = b.names.n > 0 ? b.names.p : NULL,
                                  .nrows = b.cells.n / b.ncolumns};
    block->source = zh_show_sources(s, item, b.asks, b.nasks, block);
    return ZH_OK;
}
