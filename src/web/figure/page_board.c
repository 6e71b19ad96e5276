/* GET / and /indicators: 指标总览. All indicators with their newest value, interval, n, target and
 * the year before; what changed; what is missing and why. */
#include "web/figure/study.h"
#include "web/frame/question.h"
#include "web/import/import_part.h"
#include <inttypes.h>
#include <math.h>

enum {
    HEADLINES_MAX = 4,
    FIGURES_MAX = 3,
    JOBS_READ = 24,
    JOBS_SHOWN = 5,
    YEARS_MAX = 200,
    TRAIL_MIN = 3,
    TRAIL_MAX = 30
};

typedef enum absence {
    PRESENT,
    EMPTY_REGISTER,
    OUT_OF_SCOPE,
    NO_REGION,
    NO_DENOMINATOR,
    NO_DATE
} absence;

typedef struct row {
    const zh_indicator *indicator;
    absence absence;
    zh_figure figure;
    bool has_before;
    zh_figure before; /* the year before */
    const zh_target *target;
    zh_opt *trail; /* by year up to the figure's, oldest first; years without a value are absent */
    size_t ntrail;
    zh_str trail_words;
} row;

typedef struct board {
    zh_ui *ui;
    zh_question q;
    zh_str outline;
    row *rows;
    size_t n, with_data;
    zh_target *targets;
    size_t ntargets;
    bool years[YEARS_MAX]; /* from 1900, with data */
    const zh_study *study; /* that the figures are of */
    const zh_doc_block *figures[FIGURES_MAX];
    size_t nfigures;
    zh_study_title told; /* the findings of the figures as one sentence */
} board;

/* ---- asking
 * ----------------------------------------------------------------------------------------- */

static int year_of(zh_date date)
{
    int y = 0;
    int m = 0;
    int d = 0;
    zh_date_civil(date, &y, &m, &d);
    return y;
}

static bool register_empty(board *b, const zh_register *reg, bool *empty)
{
    zh_page page;
    zh_list_query query = {.reg = reg, .limit = 1, .as_of = b->q.as_of};
    zh_rc rc = zh_list(&b->ui->ctx, b->ui->conn, &query, &page);
    *empty = rc == ZH_OK && page.n == 0;
    return rc == ZH_OK;
}

static zh_str value_words(zh_ui *ui, const zh_figure *f)
{
    zh_str unit = zh_ui_unit(ui, f->indicator->unit);
    return zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(zh_ui_decimal(ui, f->shown)),
                      zh_str_is(unit, "%") || unit.n == 0 ? "" : " ", ZH_FMT(unit));
}

/* The years up to the one shown, as far as there are at least TRAIL_MIN of them. */
static void trail(zh_ui *ui, row *r, const zh_figure *figures, size_t n)
{
    int end = year_of(r->figure.first);
    const zh_figure *oldest = NULL;
    size_t values = 0;
    r->trail = ZH_NEW_N(ui->arena, zh_opt, TRAIL_MAX);
    for (size_t i = 0; i < n; i++) {
        int ago = end - year_of(figures[i].first);
        if (figures[i].has_value && figures[i].first != 0 && ago >= 0 && ago < TRAIL_MAX) {
            r->trail[TRAIL_MAX - 1 - ago] = ZH_SOME(zh_decimal_double(figures[i].value));
            oldest = oldest == NULL ? &figures[i] : oldest;
            values++;
        }
    }
    if (values < TRAIL_MIN) {
        return;
    }
    r->ntrail = (size_t)(end - year_of(oldest->first)) + 1;
    r->trail += TRAIL_MAX - r->ntrail;
    r->trail_words =
        zh_str_fmt(ui->arena, "%d–%d: %.*s → %.*s", year_of(oldest->first), end,
                   ZH_FMT(value_words(ui, oldest)), ZH_FMT(value_words(ui, &r->figure)));
}

/* Too few years to make a line: the months of the year shown and the one before. */
static bool has_months(const zh_register *reg)
{
    bool found = false;
    for (size_t i = 0; i < reg->ncubes; i++) {
        for (size_t k = 0; k < reg->cubes[i].ndims; k++) {
            found = found || reg->cubes[i].dims[k].grain == ZH_GRAIN_MONTH;
        }
    }
    return found;
}

static int month_of(zh_date date)
{
    int y = 0;
    int m = 0;
    int d = 0;
    zh_date_civil(date, &y, &m, &d);
    return 12 * y + m;
}

static zh_rc trail_months(board *b, row *r)
{
    zh_ui *ui = b->ui;
    zh_figure_query query = {.indicator = r->indicator,
                             .region = b->q.region,
                             .first = r->has_before ? r->before.first : r->figure.first,
                             .last = r->figure.last,
                             .as_of = b->q.as_of};
    zh_str *values = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    const zh_figure *ends[2] = {NULL, NULL};
    zh_rc rc = zh_figure_by(&ui->ctx, ui->conn, &query, ZH_STR("month"), &values, &figures, &n);
    r->trail = ZH_NEW_N(ui->arena, zh_opt, TRAIL_MAX);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (figures[i].has_value && figures[i].first != 0) {
            ends[0] = ends[0] == NULL ? &figures[i] : ends[0];
            int at = month_of(figures[i].first) - month_of(ends[0]->first);
            if (at >= 0 && at < TRAIL_MAX) {
                r->trail[at] = ZH_SOME(zh_decimal_double(figures[i].value));
                r->ntrail = (size_t)at + 1;
                ends[1] = &figures[i];
            }
        }
    }
    if (r->ntrail < TRAIL_MIN) {
        r->ntrail = 0;
        return rc;
    }
    r->trail_words = zh_str_fmt(ui->arena, "%.*s–%.*s: %.*s → %.*s",
                                ZH_FMT(zh_ui_period(ui, ends[0]->first, ends[0]->last)),
                                ZH_FMT(zh_ui_period(ui, ends[1]->first, ends[1]->last)),
                                ZH_FMT(value_words(ui, ends[0])), ZH_FMT(value_words(ui, ends[1])));
    return rc;
}

/* Whole years: all of them in one question, the year wanted and the one before taken from it. */
static zh_rc ask_years(board *b, row *r)
{
    zh_figure_query query = {.indicator = r->indicator, .region = b->q.region, .as_of = b->q.as_of};
    zh_str *values = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    zh_rc rc =
        zh_figure_by(&b->ui->ctx, b->ui->conn, &query, ZH_STR("year"), &values, &figures, &n);
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        int year = year_of(figures[i].first) - 1900;
        bool wanted = b->q.period.n == 0 || figures[i].first == b->q.first;
        if (!figures[i].has_value || figures[i].first == 0) {
            continue;
        }
        if (year >= 0 && year < YEARS_MAX) {
            b->years[year] = true;
        }
        if (wanted && (r->figure.indicator == NULL || figures[i].first > r->figure.first)) {
            r->figure = figures[i];
            r->has_before = i > 0 && figures[i - 1].has_value &&
                            year_of(figures[i - 1].first) == year_of(figures[i].first) - 1;
            r->before = r->has_before ? figures[i - 1] : r->before;
        }
    }
    if (r->figure.indicator != NULL) {
        trail(b->ui, r, figures, n);
    }
    bool months = r->figure.indicator != NULL && r->ntrail == 0 && has_months(r->indicator->reg);
    return rc == ZH_OK && months ? trail_months(b, r) : rc;
}

static zh_rc ask_once(board *b, row *r)
{
    zh_figure_query query = {.indicator = r->indicator,
                             .region = b->q.region,
                             .first = b->q.first,
                             .last = b->q.last,
                             .as_of = b->q.as_of};
    return zh_figure_ask(&b->ui->ctx, b->ui->conn, &query, &r->figure);
}

static bool whole_year(const zh_question *q)
{
    return q->period.n == 4;
}

static zh_rc why_absent(board *b, row *r)
{
    bool empty = false;
    if (r->indicator->reg != NULL && !register_empty(b, r->indicator->reg, &empty)) {
        return b->ui->err->rc;
    }
    r->absence = empty                                       ? EMPTY_REGISTER
                 : r->figure.status == ZH_FIG_NO_DENOMINATOR ? NO_DENOMINATOR
                                                             : OUT_OF_SCOPE;
    return ZH_OK;
}

static zh_rc ask_row(board *b, row *r)
{
    const zh_register *reg = r->indicator->reg;
    bool dated = reg != NULL && reg->event_time != NULL && r->indicator->kind != ZH_I_STOCK;
    if (r->indicator->kind == ZH_I_STOCK && b->q.period.n == 0) {
        r->absence = NO_DATE;
        return ZH_OK;
    }
    if (reg != NULL && b->q.region.n > 0 && zh_figure_region_dim(reg).n == 0) {
        r->absence = NO_REGION;
        return ZH_OK;
    }
    bool yearly = dated && (b->q.period.n == 0 || whole_year(&b->q));
    zh_rc rc = yearly ? ask_years(b, r) : ask_once(b, r);
    return rc == ZH_OK && !r->figure.has_value ? why_absent(b, r) : rc;
}

static void tie_target(board *b, row *r)
{
    for (size_t i = 0; i < b->ntargets && r->target == NULL; i++) {
        const zh_outline_item *item = b->targets[i].item;
        bool wanted = b->outline.n == 0 || zh_str_eq(item->outline, b->outline);
        if (wanted && item->indicator.n > 0 && zh_str_eq(item->indicator, r->indicator->id)) {
            r->target = &b->targets[i];
        }
    }
}

static zh_rc ask_all(board *b)
{
    const zh_model *model = b->ui->ctx.model;
    b->rows = ZH_NEW_N(b->ui->arena, row, model->nindicators + 1);
    b->n = model->nindicators;
    zh_rc rc =
        zh_targets(&b->ui->ctx, b->ui->conn, ZH_STR(""), 0, b->q.as_of, &b->targets, &b->ntargets);
    for (size_t i = 0; i < b->n && rc == ZH_OK; i++) {
        row *r = &b->rows[i];
        r->indicator = &model->indicators[i];
        rc = ask_row(b, r);
        tie_target(b, r);
        b->with_data += r->absence == PRESENT;
    }
    return rc;
}

/* ---- what changed
 * ----------------------------------------------------------------------------------- */

/* Both have intervals and these do not overlap: a change that the numbers of records carry. */
static bool changed(const row *r)
{
    return r->absence == PRESENT && r->has_before && r->figure.has_interval &&
           r->before.has_interval && r->figure.status == ZH_FIG_OK &&
           r->before.status == ZH_FIG_OK &&
           (r->figure.low > r->before.high || r->figure.high < r->before.low);
}

static zh_str indicator_url(const board *b, const row *r)
{
    const zh_figure *f = &r->figure;
    bool dated = f->indicator != NULL && (f->first != 0 || f->last != 0);
    zh_str period = dated ? zh_period_format(b->ui->arena, f->first, f->last) : b->q.period;
    zh_str url = zh_url_indicator(b->ui->arena, r->indicator->id, b->q.region, period, ZH_STR(""));
    return b->q.as_of >= 0 ? zh_url_add_i(b->ui->arena, url, "as_of", b->q.as_of) : url;
}

static void headlines(board *b)
{
    zh_ui *ui = b->ui;
    zh_html *h = &ui->html;
    size_t shown = 0;
    for (size_t i = 0; i < b->n && shown < HEADLINES_MAX; i++) {
        const row *r = &b->rows[i];
        if (!changed(r)) {
            continue;
        }
        if (shown++ == 0) {
            zh_part_section_open(ui, "changes", zh_ui_text(ui, ZH_T_BOARD_CHANGES), false);
            zh_html_open(h, "div", "facts");
        }
        zh_html_open(h, "div", NULL);
        zh_html_leaf_value(h, "p", "l", zh_ui_label(ui, r->indicator->label));
        zh_html_open(h, "p", "big");
        zh_html_a(h, "n", indicator_url(b, r), zh_ui_decimal(ui, r->figure.shown));
        zh_html_leaf(h, "small", NULL, zh_ui_unit(ui, r->indicator->unit));
        zh_html_close(h);
        zh_html_open(h, "p", "s");
        zh_html_leaf_z(h, "span", r->figure.low > r->before.high ? "delta up" : "delta dn", "");
        zh_html_z(h, " ");
        zh_html_text(h,
                     ZH_SAY(ui, ZH_T_BOARD_WAS, zh_ui_period(ui, r->before.first, r->before.last),
                            value_words(ui, &r->before)));
        zh_html_close(h);
        zh_html_leaf(h, "p", "s", zh_ui_period(ui, r->figure.first, r->figure.last));
        zh_html_close(h);
    }
    if (shown > 0) {
        zh_html_close(h);
        zh_part_section_close(ui);
    }
}

/* ---- headline figures
 * ----------------------------------------------------------------------------------- */

static zh_rc choose_figures(board *b, zh_study *study)
{
    zh_ui *ui = b->ui;
    zh_rc rc = zh_study_compose(ui, study, b->q.as_of);
    for (size_t i = 0; i < study->made.doc.n && rc == ZH_OK && b->nfigures < FIGURES_MAX; i++) {
        const zh_doc_block *block = &study->made.doc.blocks[i];
        if (block->kind != ZH_DOC_FIGURE || block->lacking) {
            continue;
        }
        rc = zh_study_say(ui, study, zh_study_item(study, block->id), "short", &b->told);
        b->study = study;
        b->figures[b->nfigures++] = block;
    }
    return rc;
}

/* The first of the declared boards whose figures have data. Its questions have regions and periods
 * of their own, so it answers the board without conditions only. */
static zh_rc ask_figures(board *b)
{
    zh_study *studies = NULL;
    size_t n = 0;
    if (b->q.region.n > 0 || b->q.period.n > 0 || b->with_data == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_study_list(b->ui, "board", &studies, &n);
    for (size_t i = 0; i < n && rc == ZH_OK && b->nfigures == 0; i++) {
        rc = choose_figures(b, &studies[i]);
    }
    return rc;
}

static void figures(board *b)
{
    static const char *const columns[FIGURES_MAX][FIGURES_MAX] = {
        {"w12"}, {"w6", "w6"}, {"w5", "w4", "w3"}};
    if (b->nfigures == 0) {
        return;
    }
    zh_html_open(&b->ui->html, "div", "cols");
    for (size_t i = 0; i < b->nfigures; i++) {
        zh_study_figure(b->ui, b->study, b->figures[i], columns[b->nfigures - 1][i]);
    }
    zh_html_close(&b->ui->html);
}

/* ---- the table
 * -------------------------------------------------------------------------------------- */

/* A verdict stands behind the target: it is on the same basis and in the same unit. */
static bool comparable(const row *r)
{
    if (r->target == NULL || !r->target->item->has_value ||
        !zh_str_eq(r->target->item->unit, r->indicator->unit)) {
        return false;
    }
    switch (r->target->status) {
    case ZH_TARGET_MET:
    case ZH_TARGET_ON_TRACK:
    case ZH_TARGET_BEHIND:
    case ZH_TARGET_MISSED:
    case ZH_TARGET_UNCERTAIN: return true;
    case ZH_TARGET_NO_INDICATOR:
    case ZH_TARGET_NO_DATA:
    case ZH_TARGET_NO_VALUE:
    case ZH_TARGET_OTHER_BASIS:
    case ZH_TARGET_NEEDS_EVIDENCE: break;
    }
    return false;
}

static double largest(const row *r)
{
    double max = zh_decimal_double(r->figure.value);
    max = r->figure.has_interval ? fmax(max, r->figure.high) : max;
    max = r->has_before ? fmax(max, zh_decimal_double(r->before.value)) : max;
    return comparable(r) ? fmax(max, zh_decimal_double(r->target->item->value)) : max;
}

/* One scale for the rows of a register in the same unit, from 0 to a round end. A number that has
 * nothing to be compared with gets no beam. */
static void row_beam(board *b, const row *r)
{
    const zh_figure *f = &r->figure;
    double end = 0;
    if (!f->has_interval && !r->has_before && !comparable(r)) {
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        const row *other = &b->rows[i];
        bool same = other->absence == PRESENT && other->indicator->reg == r->indicator->reg &&
                    zh_str_eq(other->indicator->unit, r->indicator->unit) &&
                    (r->indicator->unit.n > 0 || other == r);
        end = same ? fmax(end, largest(other)) : end;
    }
    zh_part_beam(
        b->ui, 0, zh_beam_end(end, r->indicator->percent),
        &(zh_reading){.value = ZH_SOME(zh_decimal_double(f->value)),
                      .low = f->has_interval ? ZH_SOME(f->low) : ZH_ABSENT,
                      .high = f->has_interval ? ZH_SOME(f->high) : ZH_ABSENT,
                      .target = comparable(r) ? ZH_SOME(zh_decimal_double(r->target->item->value))
                                              : ZH_ABSENT,
                      .compare =
                          r->has_before ? ZH_SOME(zh_decimal_double(r->before.value)) : ZH_ABSENT,
                      .state = f->status == ZH_FIG_SMALL_N ? ZH_READING_FEW : ZH_READING_OK});
}

static void target_cell(zh_ui *ui, const row *r)
{
    const zh_target *t = r->target;
    if (t == NULL) {
        zh_part_nil(ui, ZH_NIL_SKIP, zh_str_of(ui->lang == ZH_LANG_EN ? "none" : "无"));
        return;
    }
    zh_str sign = zh_str_is(t->item->comparator, ">=")   ? ZH_STR("≥ ")
                  : zh_str_is(t->item->comparator, "<=") ? ZH_STR("≤ ")
                                                         : ZH_STR("");
    zh_str wanted = t->item->has_value
                        ? zh_str_fmt(ui->arena, "%.*s%.*s", ZH_FMT(sign),
                                     ZH_FMT(zh_decimal_str(ui->arena, t->item->value)))
                        : zh_ui_label(ui, t->item->name);
    zh_str url = zh_str_fmt(ui->arena, "/targets?outline=%.*s#%.*s", ZH_FMT(t->item->outline),
                            ZH_FMT(t->item->id));
    zh_html_a(&ui->html, "n", url, wanted);
    if (t->item->has_value) {
        zh_html_leaf(&ui->html, "span", "u", zh_ui_unit(ui, t->item->unit));
    }
}

static void verdict_cell(zh_ui *ui, const row *r)
{
    static const struct {
        zh_lamp lamp;
        zh_text_id text;
    } verdicts[] = {
        [ZH_TARGET_MET] = {ZH_LAMP_DONE, ZH_T_VERDICT_MET},
        [ZH_TARGET_ON_TRACK] = {ZH_LAMP_OK, ZH_T_VERDICT_ON_TRACK},
        [ZH_TARGET_BEHIND] = {ZH_LAMP_WATCH, ZH_T_VERDICT_BEHIND},
        [ZH_TARGET_MISSED] = {ZH_LAMP_ACT, ZH_T_VERDICT_MISSED},
        [ZH_TARGET_NO_INDICATOR] = {ZH_LAMP_NIL, ZH_T_VERDICT_EVIDENCE},
        [ZH_TARGET_NO_DATA] = {ZH_LAMP_NIL, ZH_T_VERDICT_NO_DATA},
        [ZH_TARGET_NO_VALUE] = {ZH_LAMP_NIL, ZH_T_VERDICT_EVIDENCE},
        [ZH_TARGET_OTHER_BASIS] = {ZH_LAMP_NIL, ZH_T_VERDICT_BASIS},
        [ZH_TARGET_NEEDS_EVIDENCE] = {ZH_LAMP_NIL, ZH_T_VERDICT_EVIDENCE},
        [ZH_TARGET_UNCERTAIN] = {ZH_LAMP_NIL, ZH_T_VERDICT_UNCERTAIN},
    };
    if (r->target != NULL) {
        zh_part_lamp(ui, verdicts[r->target->status].lamp,
                     zh_ui_text(ui, verdicts[r->target->status].text));
    }
}

static void change_cell(zh_ui *ui, const row *r)
{
    if (!r->has_before) {
        return;
    }
    int order = zh_decimal_cmp(r->figure.value, r->before.value);
    zh_html *h = &ui->html;
    zh_html_open(h, "span", order > 0 ? "delta up" : order < 0 ? "delta dn" : "delta eq");
    zh_html_attr(h, "title",
                 ZH_SAY(ui, ZH_T_BOARD_WAS, zh_ui_period(ui, r->before.first, r->before.last),
                        value_words(ui, &r->before)));
    zh_decimal difference;
    if (order != 0 && zh_decimal_sub(r->figure.value, r->before.value, &difference) == ZH_OK &&
        zh_decimal_rescale(difference, r->indicator->digits, ZH_ROUND_HALF_EVEN, &difference) ==
            ZH_OK) {
        difference.scaled = difference.scaled < 0 ? -difference.scaled : difference.scaled;
        zh_html_text(h, zh_ui_decimal(ui, zh_decimal_str(ui->arena, difference)));
    }
    zh_html_close(h);
}

static void indicator_row(board *b, zh_grid *g, const row *r)
{
    zh_ui *ui = b->ui;
    zh_html *h = &ui->html;
    const zh_figure *f = &r->figure;
    zh_str url = indicator_url(b, r);
    zh_grid_row(g, NULL);
    zh_grid_cell(g);
    zh_html_a_value(h, "t", url, zh_ui_label(ui, r->indicator->label));
    zh_html_leaf_value(h, "span", "why", zh_ui_label(ui, r->indicator->definition));
    zh_grid_cell(g);
    zh_html_text(h, zh_ui_period(ui, f->first, f->last));
    zh_grid_cell(g);
    zh_html_open(h, "b", NULL);
    zh_part_number(ui, f->shown, zh_ui_unit(ui, r->indicator->unit), url);
    zh_html_close(h);
    zh_grid_cell(g);
    zh_part_interval(ui, f->interval_shown);
    zh_grid_cell(g);
    change_cell(ui, r);
    zh_grid_cell(g);
    zh_part_number(ui, zh_str_fmt(ui->arena, "%" PRId64, f->n), ZH_STR(""), url);
    zh_grid_cell(g);
    row_beam(b, r);
    zh_grid_cell(g);
    if (r->ntrail > 0) {
        zh_part_spark(ui, r->trail, r->ntrail, r->trail_words);
    }
    zh_grid_cell(g);
    target_cell(ui, r);
    zh_grid_cell(g);
    if (f->status == ZH_FIG_SMALL_N) {
        zh_part_nil(ui, ZH_NIL_FEW, ZH_STR(""));
    } else {
        verdict_cell(ui, r);
    }
}

/* What a row can be compared with: 0 a target or its own interval, 1 the year before, 2 nothing. */
enum { RANKS = 3 };

static int rank_of(const row *r)
{
    return r->figure.has_interval || r->target != NULL ? 0 : r->has_before ? 1 : 2;
}

static const zh_code *theme_of(const row *r)
{
    return r->indicator->reg != NULL ? r->indicator->reg->theme : NULL;
}

/* The rows of a theme (NULL: those without one), by what they can be compared with. */
static void group(board *b, zh_grid *g, const zh_code *theme)
{
    bool titled = false;
    for (int rank = 0; rank < RANKS; rank++) {
        for (size_t i = 0; i < b->n; i++) {
            const row *r = &b->rows[i];
            if (r->absence != PRESENT || theme_of(r) != theme || rank_of(r) != rank) {
                continue;
            }
            if (!titled) {
                zh_grid_group(g, theme != NULL ? zh_ui_label(b->ui, theme->label)
                                               : zh_ui_text(b->ui, ZH_T_BOARD_OTHERS));
                titled = true;
            }
            indicator_row(b, g, r);
        }
    }
}

/* In the order in which the themes are declared. */
static void groups(board *b, zh_grid *g)
{
    const zh_codes *themes = zh_model_codes(b->ui->ctx.model, ZH_STR("theme"));
    for (uint32_t at = 0; themes != NULL && at < themes->n; at++) {
        for (size_t i = 0; i < themes->n; i++) {
            if (themes->codes[i].position == at) {
                group(b, g, &themes->codes[i]);
            }
        }
    }
    group(b, g, NULL);
}

static void table(board *b)
{
    zh_ui *ui = b->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_COL_INDICATOR), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_COL_SCOPE), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_COL_VALUE), .number = true},
        {.label = zh_ui_text(ui, ZH_T_COL_INTERVAL), .css = "iv"},
        {.label = zh_ui_text(ui, ZH_T_COL_CHANGE), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_COL_N), .number = true},
        {.label = zh_ui_text(ui, ZH_T_COL_BEAM), .css = "beamc full"},
        {.label = zh_ui_text(ui, ZH_T_COL_SPARK)},
        {.label = zh_ui_text(ui, ZH_T_COL_TARGET), .number = true},
        {.label = zh_ui_text(ui, ZH_T_COL_VERDICT)},
    };
    zh_grid g;
    zh_part_section_open(ui, "indicators", ZH_STR(""), true);
    zh_html_open(&ui->html, "div", "bar sp");
    zh_html_leaf(&ui->html, "h2", NULL,
                 ZH_SAY(ui, ZH_T_BOARD_TABLE, zh_ui_count(ui, (int64_t)b->with_data)));
    zh_html_leaf(&ui->html, "span", "sm mu", zh_ui_text(ui, ZH_T_BOARD_READ));
    zh_html_close(&ui->html);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    groups(b, &g);
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* What can be done about it, after the reason. */
static void missing_way(board *b, const row *r)
{
    zh_ui *ui = b->ui;
    zh_html_z(&ui->html, " ");
    if (r->absence == EMPTY_REGISTER) {
        zh_html_a(&ui->html, NULL,
                  zh_url_add(ui->arena, ZH_STR("/import"), "register", r->indicator->reg->id),
                  zh_ui_text(ui, ZH_T_BOARD_IMPORT));
    } else if (r->absence == OUT_OF_SCOPE || r->absence == NO_REGION) {
        zh_html_a(&ui->html, NULL,
                  zh_url_indicator(ui->arena, r->indicator->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
                  zh_ui_text(ui, ZH_T_BOARD_UNASKED));
    }
}

/* One row for all indicators of a register that lack a value for the same reason. */
static void missing_row(board *b, zh_grid *g, size_t from)
{
    static const zh_text_id why[] = {
        [EMPTY_REGISTER] = ZH_T_BOARD_NONE_REGISTER,
        [OUT_OF_SCOPE] = ZH_T_BOARD_NONE_SCOPE,
        [NO_REGION] = ZH_T_BOARD_NONE_REGION,
        [NO_DENOMINATOR] = ZH_T_BOARD_NONE_DEN,
        [NO_DATE] = ZH_T_BOARD_NONE_DATE,
    };
    zh_ui *ui = b->ui;
    const row *first = &b->rows[from];
    zh_grid_row(g, NULL);
    zh_grid_cell(g);
    for (size_t i = from; i < b->n; i++) {
        const row *r = &b->rows[i];
        if (r->absence == first->absence && r->indicator->reg == first->indicator->reg) {
            zh_html_text(&ui->html, i == from ? ZH_STR("") : zh_ui_text(ui, ZH_T_SEP));
            zh_html_a_value(&ui->html, "t", indicator_url(b, r),
                            zh_ui_label(ui, r->indicator->label));
        }
    }
    if (first->indicator->reg != NULL) {
        zh_html_leaf_value(&ui->html, "span", "why", zh_ui_label(ui, first->indicator->reg->label));
    }
    zh_grid_cell(g);
    zh_part_nil(
        ui, first->absence == NO_REGION || first->absence == NO_DATE ? ZH_NIL_SKIP : ZH_NIL_NONE,
        zh_ui_text(ui, why[first->absence]));
    missing_way(b, first);
}

static bool said_before(const board *b, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (b->rows[i].absence == b->rows[at].absence &&
            b->rows[i].indicator->reg == b->rows[at].indicator->reg) {
            return true;
        }
    }
    return false;
}

static void missing(board *b)
{
    zh_ui *ui = b->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_COL_INDICATOR), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_COL_WHY), .css = "full"},
    };
    zh_grid g;
    zh_part_section_open(ui, "missing", zh_ui_text(ui, ZH_T_BOARD_MISSING), true);
    zh_html_leaf(
        &ui->html, "p", "sm mu",
        ZH_SAY(ui, ZH_T_BOARD_MISSING_WHY, zh_ui_count(ui, (int64_t)(b->n - b->with_data))));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < b->n; i++) {
        if (b->rows[i].absence != PRESENT && !said_before(b, i)) {
            missing_row(b, &g, i);
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* Hidden until base.js knows from this browser's last look how far the ledger had come then. */
static void since(const board *b)
{
    zh_ui *ui = b->ui;
    zh_html *h = &ui->html;
    if (b->q.as_of != ZH_AS_OF_NOW) {
        return;
    }
    zh_html_open(h, "p", "sm");
    zh_html_attr_z(h, "id", "since");
    zh_html_flag(h, "hidden");
    zh_html_attr_f(h, "data-size", "%" PRId64, ui->log_size);
    zh_html_attr(h, "data-text", zh_ui_text(ui, ZH_T_BOARD_SINCE));
    zh_html_leaf(h, "span", NULL, ZH_STR(""));
    zh_html_z(h, " ");
    zh_html_a(h, NULL, ZH_STR("/?as_of="), zh_ui_text(ui, ZH_T_BOARD_THEN));
    zh_html_close(h);
}

/* The newest finished imports: what the numbers above came in with. */
static zh_rc arrived(board *b)
{
    zh_ui *ui = b->ui;
    zh_job *jobs = NULL;
    size_t n = 0;
    size_t kept = 0;
    zh_rc rc = zh_job_list(&ui->ctx, JOBS_READ, &jobs, &n);
    for (size_t i = 0; i < n && kept < JOBS_SHOWN; i++) {
        if (zh_str_is(jobs[i].kind, ZH_JOB_IMPORT) && zh_str_is(jobs[i].state, "done")) {
            jobs[kept++] = jobs[i];
        }
    }
    if (rc == ZH_OK && kept > 0) {
        zh_part_section_open(ui, "arrived", zh_ui_text(ui, ZH_T_BOARD_ARRIVED), true);
        since(b);
        zh_import_lines(ui, jobs, kept);
        zh_part_section_close(ui);
    }
    return rc;
}

/* What came and changed on the left, what did not come on the right. */
static zh_rc below(board *b)
{
    zh_html *h = &b->ui->html;
    bool both = b->with_data > 0 && b->with_data < b->n;
    zh_rc rc = ZH_OK;
    zh_html_open(h, "div", "cols");
    if (b->with_data > 0) {
        zh_html_open(h, "div", both ? "w6 stack" : "stack");
        headlines(b);
        rc = arrived(b);
        zh_html_close(h);
    }
    if (b->with_data < b->n) {
        zh_html_open(h, "div", both ? "w6" : NULL);
        missing(b);
        zh_html_close(h);
    }
    zh_html_close(h);
    return rc;
}

/* ---- the question and the page
 * ---------------------------------------------------------------------- */

static size_t outline_options(board *b, zh_option *out, size_t max)
{
    const zh_model *model = b->ui->ctx.model;
    size_t n = 0;
    out[n++] = (zh_option){ZH_STR(""), zh_ui_text(b->ui, ZH_T_BOARD_OUTLINE_ALL)};
    for (size_t i = 0; i < model->noutline_items && n < max; i++) {
        zh_str id = model->outline_items[i].outline;
        if (!zh_str_eq(out[n - 1].value, id)) { /* items of one outline stand together */
            out[n++] = (zh_option){id, id};
        }
    }
    return n;
}

static void ask(board *b)
{
    enum { OUTLINES_MAX = 32 };
    zh_ui *ui = b->ui;
    zh_option *regions;
    size_t nregions;
    zh_option periods[YEARS_MAX + 2];
    size_t nperiods = 0;
    bool listed = b->q.period.n == 0;
    zh_option outlines[OUTLINES_MAX];
    zh_question_regions(ui, b->q.region, &regions, &nregions);
    periods[nperiods++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_BOARD_PERIOD_LATEST)};
    for (size_t i = YEARS_MAX; i-- > 0;) {
        if (b->years[i]) {
            zh_str year = zh_str_fmt(ui->arena, "%zu", i + 1900);
            listed = listed || zh_str_eq(year, b->q.period);
            periods[nperiods++] = (zh_option){year, ZH_SAY(ui, ZH_T_BOARD_PERIOD_YEAR, year)};
        }
    }
    if (!listed) {
        periods[nperiods++] = (zh_option){b->q.period, zh_ui_period(ui, b->q.first, b->q.last)};
    }
    zh_part_ask_open(ui, ZH_STR("/indicators"));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_BOARD_ASK_SHOW));
    zh_part_ask_select(ui, "region", zh_ui_text(ui, ZH_T_REGION), regions, nregions, b->q.region);
    zh_part_ask_select(ui, "period", zh_ui_text(ui, ZH_T_PERIOD), periods, nperiods, b->q.period);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_BOARD_ASK_OF));
    zh_part_ask_select(ui, "outline", zh_ui_text(ui, ZH_T_BOARD_OUTLINE), outlines,
                       outline_options(b, outlines, OUTLINES_MAX), b->outline);
    zh_part_ask_hidden(ui, "as_of", zh_http_param(ui->request, "as_of"));
    zh_part_ask_end(ui, NULL, 0);
}

static zh_str scope_words(board *b)
{
    zh_ui *ui = b->ui;
    zh_str region =
        b->q.region.n > 0 ? zh_ui_region(ui, b->q.region) : zh_ui_text(ui, ZH_T_REGION_ALL);
    zh_str period = b->q.period.n > 0 ? zh_ui_period(ui, b->q.first, b->q.last)
                                      : zh_ui_text(ui, ZH_T_BOARD_PERIOD_LATEST);
    return zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(region), ZH_FMT(period));
}

static zh_str finding(board *b)
{
    zh_ui *ui = b->ui;
    int64_t missed = 0;
    int64_t moved = 0;
    for (size_t i = 0; i < b->n; i++) {
        const row *r = &b->rows[i];
        missed += r->target != NULL && r->target->status == ZH_TARGET_MISSED;
        moved += changed(r);
    }
    zh_str scope = scope_words(b);
    zh_str all = zh_ui_count(ui, (int64_t)b->n);
    zh_str with = zh_ui_count(ui, (int64_t)b->with_data);
    if (b->told.text.n > 0) {
        return b->told.text;
    }
    if (missed > 0) {
        return ZH_SAY(ui, ZH_T_BOARD_TITLE_ACT, scope, all, with, zh_ui_count(ui, missed));
    }
    return moved > 0 ? ZH_SAY(ui, ZH_T_BOARD_TITLE_CHANGE, scope, all, with, zh_ui_count(ui, moved))
                     : ZH_SAY(ui, ZH_T_BOARD_TITLE, scope, all, with);
}

static zh_rc show(zh_ui *ui)
{
    board *b = ZH_NEW(ui->arena, board);
    b->ui = ui;
    b->outline = zh_http_param(ui->request, "outline");
    zh_rc rc = zh_question_read(ui, &b->q);
    if (rc == ZH_OK) {
        rc = ask_all(b);
    }
    if (rc == ZH_OK) {
        rc = ask_figures(b);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_BOARD,
                                    .title = finding(b),
                                    .links = b->told.links,
                                    .nlinks = b->told.nlinks,
                                    .lede = zh_ui_text(ui, ZH_T_BOARD_LEDE)});
    ask(b);
    zh_html_open(&ui->html, "div", "stack");
    if (b->with_data == 0) {
        zh_part_empty(
            ui, ui->log_size == 0 ? ZH_EMPTY_DATA : ZH_EMPTY_FILTER,
            zh_ui_text(ui, ui->log_size == 0 ? ZH_T_BOARD_EMPTY : ZH_T_IND_EMPTY),
            zh_ui_text(ui, ui->log_size == 0 ? ZH_T_BOARD_EMPTY_TEXT : ZH_T_IND_EMPTY_TEXT),
            ui->log_size == 0 ? ZH_STR("/import") : ZH_STR("/"),
            zh_ui_text(ui, ui->log_size == 0 ? ZH_T_BOARD_IMPORT : ZH_T_BOARD_UNASKED));
    } else {
        figures(b);
        table(b);
    }
    return below(b);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_board) = {
    .method = "GET",
    .path = "/",
    .en = "indicator board",
    .slow = true,
    .handle = handle,
};

ZH_ROUTE(page_indicators) = {
    .method = "GET",
    .path = "/indicators",
    .en = "indicator board",
    .slow = true,
    .handle = handle,
};
