/* GET /import/{job}: a check with its counts, effects, problems in place and what to do about them;
 * or a commit with its progress and result. */
#include "base/os.h"
#include "model/recipe.h"
#include "web/import/import_view.h"
#include <inttypes.h>
#include <string.h>

enum {
    REFRESH_S = 3,
    MAPPED_SHOWN = 8,
    EFFECTS_SHOWN = 12,
    HEADERS_SHOWN = 8,
    BAR_WIDTH = 1000,
    SETTLING_US = 10000000, /* between the last batch and the report */
};

typedef zh_import_view view;

static zh_str count(const view *v, int64_t n)
{
    return zh_ui_count(v->ui, n);
}

static int64_t clean_rows(const view *v)
{
    return v->fresh + v->changed;
}

/* A note that may be missing: NULL then. */
static zh_json *note(zh_ui *ui, int64_t job, const char *suffix)
{
    zh_json *out = NULL;
    zh_err ignored = {0};
    zh_ctx quiet = ui->ctx;
    quiet.err = &ignored;
    return zh_import_note(&quiet, job, suffix, &out) == ZH_OK ? out : NULL;
}

static void read_report(view *v)
{
    const zh_json *r = v->report;
    zh_str id = zh_import_text(r, "register");
    v->reg = id.n > 0 ? zh_model_register(v->ui->ctx.model, id) : NULL;
    v->rows = zh_import_number(r, "rows");
    v->fresh = zh_import_number(r, "new");
    v->same = zh_import_number(r, "same");
    v->changed = zh_import_number(r, "changed");
    v->doubtful = zh_import_number(r, "doubtful");
    v->refused = zh_import_number(r, "refused");
    v->skipped = zh_import_number(r, "skipped");
}

static zh_str register_title(const view *v)
{
    return v->reg != NULL ? ZH_SAY(v->ui, ZH_T_IMPORT_OF, zh_ui_label(v->ui, v->reg->label))
                          : zh_ui_text(v->ui, ZH_T_IMPORT_OF_UNKNOWN);
}

static void head(const view *v, zh_str title, zh_str lede)
{
    bool open = v->under_way;
    zh_ui_head(v->ui, &(zh_ui_head_of){.nav = ZH_T_NAV_IMPORT,
                                       .title = title,
                                       .lede = lede,
                                       .above = zh_ui_text(v->ui, ZH_T_NAV_IMPORT),
                                       .above_url = ZH_STR("/import"),
                                       .css = ZH_STR("import.css"),
                                       .script = open ? ZH_STR("import.js") : ZH_STR(""),
                                       .refresh_s = open || v->undoing ? REFRESH_S : 0});
}

static zh_err error_of(const zh_json *error)
{
    zh_err err = {0};
    (void)zh_err_set(&err, ZH_EINVAL, "import", "%.*s", ZH_FMT(zh_import_text(error, "message")));
    zh_str rule = zh_str_sub(zh_import_text(error, "rule"), 0, sizeof err.rule - 1);
    memcpy(err.rule, rule.n > 0 ? rule.p : "", rule.n);
    err.rule[rule.n] = '\0';
    zh_err_fix(&err, "%.*s", ZH_FMT(zh_import_text(error, "fix")));
    zh_err_where(&err, "%.*s", ZH_FMT(zh_import_text(error, "where")));
    return err;
}

/* ---- under way
 * ------------------------------------------------------------------------------------------ */

static void act_button(const view *v, const char *what, zh_text_id label, const char *css)
{
    zh_import_form(v->ui, zh_import_url(v->ui->arena, v->job.id, what), NULL);
    zh_import_button(v->ui, css, NULL, NULL, zh_ui_text(v->ui, label), ZH_STR(""));
    zh_html_close(&v->ui->html);
}

static zh_str progress_text(const view *v, bool check)
{
    const zh_job *job = &v->job;
    int64_t percent = job->total > 0 ? job->progress * 100 / job->total : 0;
    zh_str share = zh_str_fmt(v->ui->arena, "%" PRId64, percent > 100 ? 100 : percent);
    if (zh_str_is(job->state, "queued") && job->progress == 0) {
        return zh_ui_text(v->ui, ZH_T_IMPORT_QUEUED);
    }
    if (check) {
        return ZH_SAY(v->ui, ZH_T_IMPORT_PROGRESS, count(v, job->cursor), share);
    }
    if (job->cursor == 0) {
        return ZH_SAY(v->ui, ZH_T_IMPORT_RECHECK, ZH_STR(""), share);
    }
    return job->total > 0 ? ZH_SAY(v->ui, ZH_T_IMPORT_WRITING, count(v, job->progress), share)
                          : ZH_SAY(v->ui, ZH_T_IMPORT_PROGRESS_ROWS, count(v, job->progress));
}

static void under_way(const view *v, bool check)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "progress", ZH_STR(""), false);
    zh_html_open(h, "div", "import-progress");
    zh_html_attr_f(h, "data-job", "%" PRId64, v->job.id);
    zh_html_attr_z(h, "aria-live", "polite");
    zh_part_progress(ui, v->job.progress, v->job.total, progress_text(v, check));
    zh_html_close(h);
    zh_html_leaf(h, "p", "sm mu gap", zh_ui_text(ui, ZH_T_IMPORT_REFRESH));
    zh_html_open(h, "div", "bar gap");
    if (v->job.cancel) {
        zh_html_leaf(h, "span", "mu", zh_ui_text(ui, ZH_T_IMPORT_CANCELLING));
    } else {
        act_button(v, "/cancel", ZH_T_IMPORT_CANCEL, "btn");
    }
    zh_html_close(h);
    zh_part_section_close(ui);
}

/* ---- counts
 * --------------------------------------------------------------------------------------------- */

static void bar_part(zh_html *h, const char *css, int64_t n, int64_t of, int64_t *at)
{
    int64_t width = n * BAR_WIDTH / (of > 0 ? of : 1);
    if (n > 0) {
        width = width < 4 ? 4 : width; /* a single row is still seen */
        zh_html_open(h, "rect", css);
        zh_html_attr_f(h, "x", "%" PRId64, *at);
        zh_html_attr_f(h, "width", "%" PRId64, width > 3 ? width - 2 : width);
        zh_html_attr_z(h, "height", "24");
        zh_html_close(h);
        *at += width;
    }
}

static void share_bar(const view *v)
{
    zh_html *h = &v->ui->html;
    int64_t at = 0;
    int64_t all = v->fresh + v->changed + v->same + v->doubtful + v->refused;
    zh_html_open(h, "svg", "import-bar");
    zh_html_attr_f(h, "viewBox", "0 0 %d 24", BAR_WIDTH);
    zh_html_attr_z(h, "preserveAspectRatio", "none");
    zh_html_attr_z(h, "role", "img");
    zh_html_attr(h, "aria-label",
                 ZH_SAY(v->ui, ZH_T_IMPORT_SHARE, count(v, v->fresh), count(v, v->changed),
                        count(v, v->same), count(v, v->doubtful), count(v, v->refused)));
    bar_part(h, "fresh", v->fresh, all, &at);
    bar_part(h, "changed", v->changed, all, &at);
    bar_part(h, "same", v->same, all, &at);
    bar_part(h, "doubt", v->doubtful, all, &at);
    bar_part(h, "refuse", v->refused, all, &at);
    zh_html_close(h);
}

static void fact(const view *v, zh_lamp lamp, zh_text_id label, int64_t n, const char *url)
{
    zh_html *h = &v->ui->html;
    zh_html_open(h, "div", NULL);
    zh_html_open(h, "p", "l");
    zh_part_lamp(v->ui, n > 0 ? lamp : ZH_LAMP_NIL, zh_ui_text(v->ui, label));
    zh_html_close(h);
    zh_html_open(h, "p", "big");
    if (url != NULL && n > 0) {
        zh_html_a(h, "n", zh_str_of(url), count(v, n));
    } else {
        zh_html_text(h, count(v, n));
    }
    zh_html_close(h);
    zh_html_close(h);
}

static zh_str shown_of(const zh_json *figure, const zh_indicator *ind, zh_arena *arena)
{
    zh_str shown = zh_import_text(figure, "shown");
    if (!zh_import_flag(figure, "has_value")) {
        return ZH_STR("—");
    }
    return ind->percent ? zh_str_fmt(arena, "%.*s%%", ZH_FMT(shown)) : shown;
}

/* The first indicators that move, in a line. */
/* Figures count everything: whoever sees a part is not told what would change. */
static bool sees_part(const zh_ui *ui)
{
    return zh_import_for(&ui->ctx).n > 0;
}

static void effect_line(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    size_t said = 0;
    zh_html_open(h, "div", "import-effect");
    zh_html_leaf(h, "p", "l", zh_ui_text(ui, ZH_T_IMPORT_EFFECT_SHORT));
    zh_html_open(h, "p", NULL);
    const zh_json *effects = zh_json_get(v->report, "effects");
    const zh_json *e = effects != NULL ? effects->first : NULL;
    for (; e != NULL && said < 3; e = e->next) {
        const zh_indicator *ind = zh_model_indicator(ui->ctx.model, zh_import_text(e, "indicator"));
        if (ind == NULL || !zh_import_flag(e, "changed")) {
            continue;
        }
        zh_html_z(h, said++ > 0 ? "；" : "");
        zh_html_value(h, zh_ui_label(ui, ind->label));
        zh_html_z(h, " ");
        zh_html_open(h, "b", NULL);
        zh_html_text(h, shown_of(zh_json_get(e, "before"), ind, ui->arena));
        zh_html_z(h, " → ");
        zh_html_text(h, shown_of(zh_json_get(e, "after"), ind, ui->arena));
        zh_html_close(h);
    }
    if (said == 0) {
        zh_html_text(h, zh_ui_text(ui, sees_part(ui) ? ZH_T_IMPORT_EFFECT_HIDDEN
                                                     : ZH_T_IMPORT_EFFECT_NOTHING));
    }
    zh_html_close(h);
    zh_html_close(h);
}

static zh_str size_text(const view *v)
{
    int64_t bytes = zh_import_number(v->report, "bytes");
    int64_t us = zh_import_number(v->report, "took_us");
    zh_str size = bytes >= 10 << 20
                      ? zh_str_fmt(v->ui->arena, "%" PRId64 " MB", bytes >> 20)
                      : zh_str_fmt(v->ui->arena, "%" PRId64 " KB", (bytes + 1023) / 1024);
    zh_str seconds =
        zh_str_fmt(v->ui->arena, "%" PRId64 ".%" PRId64, us / 1000000, us / 100000 % 10);
    return ZH_SAY(v->ui, ZH_T_IMPORT_SIZE, zh_import_text(v->report, "file_name"), size, seconds);
}

static zh_str finding(const view *v)
{
    int64_t look = v->doubtful + v->refused;
    if (look > 0) {
        return ZH_SAY(v->ui, ZH_T_IMPORT_READ_SEE, count(v, v->rows), count(v, clean_rows(v)),
                      count(v, look));
    }
    return clean_rows(v) > 0
               ? ZH_SAY(v->ui, ZH_T_IMPORT_READ_ALL, count(v, v->rows), count(v, clean_rows(v)))
               : ZH_SAY(v->ui, ZH_T_IMPORT_READ_SAME, count(v, v->rows));
}

static void counts(const view *v)
{
    zh_html *h = &v->ui->html;
    zh_part_section_open(v->ui, "counts", ZH_STR(""), false);
    zh_html_open(h, "div", "bar sp");
    zh_html_leaf(h, "h2", NULL, finding(v));
    zh_html_leaf_value(h, "span", "sm mu", size_text(v));
    zh_html_close(h);
    share_bar(v);
    zh_html_open(h, "div", "facts");
    fact(v, ZH_LAMP_OK, ZH_T_IMPORT_N_NEW, v->fresh, NULL);
    fact(v, ZH_LAMP_OK, ZH_T_IMPORT_N_CHANGED, v->changed, NULL);
    fact(v, ZH_LAMP_WATCH, ZH_T_IMPORT_N_DOUBTFUL, v->doubtful, "?view=rows#problems");
    fact(v, ZH_LAMP_ACT, ZH_T_IMPORT_N_REFUSED, v->refused, "?view=rows#problems");
    fact(v, ZH_LAMP_NIL, ZH_T_IMPORT_N_SAME, v->same, NULL);
    if (v->skipped > 0) {
        fact(v, ZH_LAMP_NIL, ZH_T_IMPORT_N_SKIPPED, v->skipped, NULL);
    }
    effect_line(v);
    zh_html_close(h);
    zh_part_section_close(v->ui);
}

/* ---- effects
 * -------------------------------------------------------------------------------------------- */

static void figure_cell(const view *v, zh_grid *grid, const zh_json *figure,
                        const zh_indicator *ind)
{
    zh_grid_cell(grid);
    if (!zh_import_flag(figure, "has_value")) {
        zh_part_nil(v->ui, ZH_NIL_NONE, ZH_STR(""));
        return;
    }
    zh_part_number(v->ui, zh_import_text(figure, "shown"), zh_ui_unit(v->ui, ind->unit),
                   ZH_STR(""));
    zh_html_z(&v->ui->html, " ");
    zh_part_interval(v->ui, zh_import_text(figure, "interval"));
}

static void effect_row(const view *v, zh_grid *grid, const zh_json *e, const zh_indicator *ind)
{
    const zh_json *before = zh_json_get(e, "before");
    const zh_json *after = zh_json_get(e, "after");
    zh_grid_row(grid, NULL);
    zh_html_flag(&v->ui->html, "data-effect");
    zh_grid_value_link(grid,
                       zh_url_indicator(v->ui->arena, ind->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
                       zh_ui_label(v->ui, ind->label));
    figure_cell(v, grid, before, ind);
    if (zh_import_flag(e, "known")) {
        figure_cell(v, grid, after, ind);
        zh_grid_text(grid, zh_str_fmt(v->ui->arena, "%.*s → %.*s",
                                      ZH_FMT(count(v, zh_import_number(before, "n"))),
                                      ZH_FMT(count(v, zh_import_number(after, "n")))));
    } else {
        zh_grid_cell(grid);
        zh_part_nil(v->ui, ZH_NIL_SKIP, zh_ui_text(v->ui, ZH_T_IMPORT_EFFECT_UNKNOWN));
        zh_grid_text(grid, ZH_STR(""));
    }
}

static void effects_table(const view *v, const zh_json *effects)
{
    zh_ui *ui = v->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_NAV_BOARD), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_EFFECT_NOW), .number = true},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_EFFECT_AFTER), .number = true},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_EFFECT_N), .number = true},
    };
    zh_grid grid;
    size_t shown = 0;
    int64_t still = 0;
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (const zh_json *e = effects->first; e != NULL; e = e->next) {
        const zh_indicator *ind = zh_model_indicator(ui->ctx.model, zh_import_text(e, "indicator"));
        bool moves = zh_import_flag(e, "changed") || !zh_import_flag(e, "known");
        if (ind == NULL || !moves || shown >= EFFECTS_SHOWN) {
            still += ind != NULL && !moves;
            continue;
        }
        shown++;
        effect_row(v, &grid, e, ind);
    }
    zh_grid_close(&grid);
    if (still > 0) {
        zh_html_leaf(&ui->html, "p", "sm mu import-more",
                     ZH_SAY(ui, ZH_T_IMPORT_EFFECT_REST, count(v, still)));
    }
}

static void effects_section(const view *v)
{
    zh_ui *ui = v->ui;
    const zh_json *list = zh_json_get(v->report, "effects");
    bool some = list != NULL && list->n > 0;
    bool partial = zh_import_flag(v->report, "deltas_partial");
    zh_part_section_open(ui, "effects", zh_ui_text(ui, ZH_T_IMPORT_EFFECT), some && !partial);
    zh_html_leaf(&ui->html, "p", "sm mu",
                 zh_ui_text(ui, partial         ? ZH_T_IMPORT_EFFECT_PARTIAL
                                : some          ? ZH_T_IMPORT_EFFECT_LEDE
                                : sees_part(ui) ? ZH_T_IMPORT_EFFECT_HIDDEN
                                                : ZH_T_IMPORT_EFFECT_NONE));
    if (some && !partial) {
        effects_table(v, list);
    }
    zh_part_section_close(ui);
}

/* ---- how it was read
 * ------------------------------------------------------------------------------------ */

static void column_row(const view *v, const zh_json *c)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_str id = zh_import_text(c, "field");
    int64_t fields = zh_import_number(c, "fields");
    const zh_field *field = v->reg != NULL && id.n > 0 ? zh_register_field(v->reg, id) : NULL;
    zh_html_open(h, "tr", NULL);
    zh_html_leaf_value(h, "td", "mono", zh_import_text(c, "header"));
    zh_html_open(h, "td", field != NULL ? NULL : "mu");
    if (field != NULL) {
        zh_html_z(h, "→ ");
        zh_html_value(h, zh_ui_label(ui, field->label));
        if (field->codes != NULL) {
            zh_html_z(h, " ");
            zh_html_leaf_value(h, "span", "mu sm", zh_ui_label(ui, field->codes->label));
        }
        if (fields > 1) {
            zh_html_z(h, " ");
            zh_html_leaf(h, "span", "mu sm", ZH_SAY(ui, ZH_T_IMPORT_MAP_MORE, count(v, fields)));
        }
    } else {
        zh_html_text(h, zh_ui_text(ui, zh_import_flag(c, "used") ? ZH_T_IMPORT_MAP_OTHER
                                                                 : ZH_T_IMPORT_MAP_NONE));
    }
    zh_html_close(h);
    zh_html_close(h);
}

static void columns_table(const view *v, const zh_json *from, size_t n)
{
    zh_html *h = &v->ui->html;
    zh_html_open(h, "table", NULL);
    zh_html_open(h, "tbody", NULL);
    for (const zh_json *c = from; c != NULL && n > 0; c = c->next, n--) {
        column_row(v, c);
    }
    zh_html_close(h);
    zh_html_close(h);
}

static void mapping(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_json *columns = zh_json_get(v->report, "columns");
    int64_t used = 0;
    int64_t named = 0;
    if (columns == NULL) {
        return;
    }
    for (const zh_json *c = columns->first; c != NULL; c = c->next) {
        bool name = zh_import_text(c, "header").n > 0;
        named += name;
        used += name && zh_import_flag(c, "used");
    }
    zh_part_section_open(ui, "columns",
                         ZH_SAY(ui, ZH_T_IMPORT_MAPPED, count(v, used), count(v, named)), false);
    if (columns->n > MAPPED_SHOWN) {
        columns_table(v, columns->first, MAPPED_SHOWN);
        zh_html_open(h, "details", "sm gap");
        zh_html_leaf(h, "summary", NULL,
                     ZH_SAY(ui, ZH_T_IMPORT_MAP_ALL, count(v, (int64_t)columns->n)));
        columns_table(v, zh_json_at(columns, MAPPED_SHOWN), columns->n - MAPPED_SHOWN);
        zh_html_close(h);
    } else {
        columns_table(v, columns->first, columns->n);
    }
    zh_part_section_close(ui);
}

static zh_str list_of(const view *v, const char *name, size_t most)
{
    zh_buf out;
    zh_buf_init(&out, 1 << 16);
    const zh_json *list = zh_json_get(v->report, name);
    size_t n = 0;
    for (const zh_json *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        zh_str text = zh_json_str(e, ZH_STR(""));
        if (text.n > 0 && n++ < most) {
            zh_buf_str(&out, n > 1 ? zh_ui_text(v->ui, ZH_T_SEP) : ZH_STR(""));
            zh_buf_str(&out, text);
        }
    }
    zh_buf_z(&out, n > most ? " …" : "");
    zh_str text = zh_str_dup(v->ui->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

static zh_str why_recipe(const view *v)
{
    zh_str id = zh_import_text(v->report, "recipe");
    const zh_recipe *recipe = id.n > 0 ? zh_model_recipe(v->ui->ctx.model, id) : NULL;
    zh_str headers = list_of(v, "headers", HEADERS_SHOWN);
    if (id.n == 0) {
        return zh_ui_text(v->ui, ZH_T_IMPORT_HOW_OWN);
    }
    zh_str name = recipe != NULL ? zh_ui_label(v->ui, recipe->label) : id;
    zh_str layout = zh_import_text(v->report, "layout");
    return headers.n > 0 ? ZH_SAY(v->ui, ZH_T_IMPORT_HOW_RECIPE, name, layout, headers)
                         : ZH_SAY(v->ui, ZH_T_IMPORT_HOW_HEADLESS, name, layout);
}

static void how(const view *v)
{
    zh_ui *ui = v->ui;
    zh_str sheets = list_of(v, "sheets", HEADERS_SHOWN);
    zh_str digest = zh_import_text(v->report, "digest");
    zh_part_section_open(ui, "how", zh_ui_text(ui, ZH_T_IMPORT_HOW), false);
    zh_html_leaf_value(&ui->html, "p", "sm import-why", why_recipe(v));
    zh_part_kv_open(ui);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_HOW_FILE), zh_import_text(v->report, "file_name"));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_HOW_FORMAT),
               zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(zh_import_text(v->report, "format")),
                          ZH_FMT(zh_import_text(v->report, "encoding"))));
    if (sheets.n > 0) {
        zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_HOW_SHEETS), sheets);
    }
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_HOW_DIGEST),
               zh_str_fmt(ui->arena, "%.*s…", ZH_FMT(zh_str_sub(digest, 0, 23))));
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void again(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "again", zh_ui_text(ui, ZH_T_IMPORT_AGAIN), false);
    zh_import_form(ui, zh_import_url(ui->arena, v->job.id, "/check"), "stack-s");
    zh_import_registers(ui, zh_ui_text(ui, ZH_T_IMPORT_REGISTER_FIND),
                        v->reg != NULL ? v->reg->id : v->ask.reg);
    zh_import_recipes(ui, zh_ui_text(ui, ZH_T_IMPORT_RECIPE_FIND), v->ask.recipe);
    zh_import_button(ui, "btn", NULL, NULL, zh_ui_text(ui, ZH_T_IMPORT_AGAIN_GO), ZH_STR(""));
    zh_html_close(h);
    zh_part_section_close(ui);
}

/* ---- committing
 * ----------------------------------------------------------------------------------------- */

static zh_str why_not_all(const view *v)
{
    zh_ui *ui = v->ui;
    if (v->refused > 0) {
        return ZH_SAY(ui, ZH_T_IMPORT_WHY_BLOCKED, count(v, v->refused));
    }
    if (v->doubtful > 0) {
        return ZH_SAY(ui, ZH_T_IMPORT_WHY_DOUBT, count(v, v->doubtful));
    }
    return clean_rows(v) == 0 ? zh_ui_text(ui, ZH_T_IMPORT_WHY_NOTHING) : ZH_STR("");
}

static void justify(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "label", "field import-reason");
    zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_IMPORT_REASON_LABEL, count(v, v->doubtful)));
    zh_html_open(h, "textarea", NULL);
    zh_html_attr_z(h, "name", "reason");
    zh_html_attr_z(h, "rows", "2");
    zh_html_attr_z(h, "required", "required");
    zh_html_attr_z(h, "maxlength", "600");
    zh_html_text(h, v->ask.justification);
    zh_html_close(h);
    zh_html_close(h);
}

static void commit_bar(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_str action = zh_import_url(ui->arena, v->job.id, "/commit");
    zh_str nothing = clean_rows(v) == 0 ? zh_ui_text(ui, ZH_T_IMPORT_WHY_NOTHING) : ZH_STR("");
    zh_str not_all = why_not_all(v);
    zh_html_open(h, "section", "import-commit");
    if (v->doubtful > 0) {
        zh_import_form(ui, action, "stack-s");
        justify(v);
        zh_html_open(h, "div", "bar");
        zh_import_button(ui, "btn", "mode", v->refused > 0 ? "clean" : "all",
                         zh_ui_text(ui, ZH_T_IMPORT_COMMIT_JUSTIFIED), ZH_STR(""));
        zh_html_open(h, "button", "btn quiet");
        zh_html_attr_z(h, "type", "submit");
        zh_html_link(h, "formaction", zh_import_url(ui->arena, v->job.id, "/check"));
        zh_html_text(h, zh_ui_text(ui, ZH_T_IMPORT_CHECK_JUSTIFIED));
        zh_html_close(h);
        zh_html_close(h);
        zh_html_close(h);
    }
    zh_import_form(ui, action, "bar sp");
    zh_html_leaf(h, "p", "sm mu", zh_ui_text(ui, ZH_T_IMPORT_COMMIT_NOTE));
    zh_html_open(h, "div", "bar");
    zh_import_button(ui, "btn", "mode", "none", zh_ui_text(ui, ZH_T_IMPORT_COMMIT_NONE),
                     ZH_STR(""));
    if (v->doubtful + v->refused > 0) {
        zh_import_button(ui, nothing.n > 0 ? "btn" : "btn pri", "mode", "clean",
                         ZH_SAY(ui, ZH_T_IMPORT_COMMIT_CLEAN, count(v, clean_rows(v))), nothing);
    }
    zh_import_button(
        ui, not_all.n > 0 ? "btn" : "btn pri", "mode", "all",
        ZH_SAY(ui, ZH_T_IMPORT_COMMIT_ALL, count(v, clean_rows(v) + v->doubtful + v->refused)),
        not_all);
    zh_html_close_to(h, h->depth - 3);
}

static void ordered(const view *v, const zh_json *order)
{
    zh_ui *ui = v->ui;
    zh_part_note_open(ui, ZH_NOTE_QING);
    zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_IMPORT_ORDERED));
    zh_html_a(&ui->html, NULL, zh_import_url(ui->arena, zh_import_number(order, "job"), ""),
              zh_ui_text(ui, ZH_T_IMPORT_ORDERED_SEE));
    zh_part_note_close(ui);
}

static void checked(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_json *order = note(ui, v->job.id, "order.json");
    int64_t grown = ui->log_size - zh_import_number(v->report, "log_to");
    head(v, register_title(v), ZH_STR(""));
    zh_import_steps(ui, 2, v->ask.name);
    zh_html_open(h, "div", "stack");
    if (order != NULL) {
        ordered(v, order);
    } else if (zh_import_path(&ui->ctx, v->ask.digest) == NULL) {
        zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_IMPORT_GONE));
    } else if (grown > 0) {
        zh_part_note(ui, ZH_NOTE_WATCH, ZH_SAY(ui, ZH_T_IMPORT_STALE, count(v, grown)));
    }
    counts(v);
    bool rows = zh_str_is(zh_http_param(ui->request, "view"), "rows");
    if (rows) { /* as wide as the file's own columns need */
        zh_import_problems(v);
    }
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w8 stack");
    if (!rows) {
        zh_import_problems(v);
    }
    effects_section(v);
    zh_html_close(h);
    zh_html_open(h, "div", "w4 stack");
    mapping(v);
    how(v);
    again(v);
    zh_html_close(h);
    zh_html_close(h);
    if (order == NULL && zh_import_path(&ui->ctx, v->ask.digest) != NULL) {
        commit_bar(v);
    }
}

static zh_rc show_check(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_rc rc = zh_import_asked(&ui->ctx, &v->job, &v->ask);
    if (rc != ZH_OK) {
        return rc;
    }
    v->report = zh_import_open(&v->job) ? NULL : note(ui, v->job.id, "report.json");
    if (v->report != NULL) {
        read_report(v);
    }
    if (zh_str_is(v->job.state, "done") && v->report != NULL) {
        checked(v);
        return ZH_OK;
    }
    bool open = zh_import_open(&v->job);
    v->under_way = open;
    head(v, open ? ZH_SAY(ui, ZH_T_IMPORT_CHECKING, v->ask.name) : register_title(v), ZH_STR(""));
    zh_import_steps(ui, 2, v->ask.name);
    zh_html_open(h, "div", "stack");
    const zh_json *error = v->report != NULL ? zh_json_get(v->report, "error") : NULL;
    if (open) {
        under_way(v, true);
    } else if (error != NULL) {
        zh_err err = error_of(error);
        zh_import_error(ui, zh_ui_text(ui, ZH_T_IMPORT_FAILED), &err);
    } else {
        zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_IMPORT_CANCELLED_CHECK));
    }
    if (!open && zh_import_path(&ui->ctx, v->ask.digest) != NULL) {
        again(v);
    }
    return ZH_OK;
}

/* ---- a commit
 * ------------------------------------------------------------------------------------------- */

static zh_str when_written(const view *v)
{
    char from[40];
    char to[40];
    (void)zh_time_format(v->job.created_at, from);
    (void)zh_time_format(v->job.updated_at, to);
    return zh_str_fmt(v->ui->arena, "recorded_at >= '%s' and recorded_at <= '%s'", from, to);
}

static void result_facts(const view *v, const zh_json *args)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_json *order = note(ui, v->job.id, "upload.json");
    int64_t from = zh_import_number(v->report, "log_from");
    int64_t to = zh_import_number(v->report, "log_to");
    zh_str reason = zh_import_text(args, "justification");
    zh_part_section_open(ui, "facts", ZH_STR(""), false);
    zh_part_kv_open(ui);
    if (to > from) {
        zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_DONE_POSITIONS),
                   ZH_SAY(ui, ZH_T_IMPORT_DONE_RANGE, count(v, from), count(v, to - 1)));
    }
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_DONE_MODE),
               zh_ui_text(ui, zh_str_is(zh_import_text(args, "commit"), "all")
                                  ? ZH_T_IMPORT_MODE_ALL
                                  : ZH_T_IMPORT_MODE_CLEAN));
    if (reason.n > 0) {
        zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_DONE_REASON), reason);
    }
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_HOW_FILE), zh_import_text(v->report, "file_name"));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_HOW_DIGEST), zh_import_text(args, "file"));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_IMPORT_DONE_TIMES),
               zh_str_fmt(ui->arena, "%.*s – %.*s", ZH_FMT(zh_ui_time(ui, v->job.created_at)),
                          ZH_FMT(zh_ui_time(ui, v->job.updated_at))));
    if (order != NULL && zh_import_number(order, "check") != 0) {
        zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_IMPORT_DONE_CHECK));
        zh_html_a(h, NULL, zh_import_url(ui->arena, zh_import_number(order, "check"), ""),
                  zh_str_fmt(ui->arena, "%" PRId64, zh_import_number(order, "check")));
        zh_html_close(h);
    }
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void result_links(const view *v, int64_t written)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "bar");
    if (v->reg != NULL && written > 0 && !v->undone.done) {
        zh_html_a(h, "btn pri",
                  zh_url_register(ui->arena, v->reg->id, when_written(v), ZH_AS_OF_NOW),
                  zh_ui_text(ui, ZH_T_IMPORT_DONE_RECORDS));
    }
    if (v->reg != NULL) {
        zh_html_a(h, "btn", zh_url_register(ui->arena, v->reg->id, ZH_STR(""), ZH_AS_OF_NOW),
                  zh_ui_text(ui, ZH_T_IMPORT_DONE_REGISTER));
    }
    zh_html_a(h, "btn quiet", ZH_STR("/import"), zh_ui_text(ui, ZH_T_IMPORT_MORE));
    zh_html_close(h);
}

static void result_counts(const view *v, int64_t written)
{
    zh_html *h = &v->ui->html;
    zh_part_section_open(v->ui, "counts", ZH_STR(""), false);
    share_bar(v);
    zh_html_open(h, "div", "facts");
    fact(v, ZH_LAMP_DONE, ZH_T_IMPORT_N_WRITTEN, written, NULL);
    fact(v, ZH_LAMP_OK, ZH_T_IMPORT_N_NEW, v->fresh, NULL);
    fact(v, ZH_LAMP_OK, ZH_T_IMPORT_N_CHANGED, v->changed, NULL);
    fact(v, ZH_LAMP_NIL, ZH_T_IMPORT_N_SAME, v->same, NULL);
    fact(v, ZH_LAMP_WATCH, ZH_T_IMPORT_N_DOUBTFUL, v->doubtful, NULL);
    fact(v, ZH_LAMP_ACT, ZH_T_IMPORT_N_REFUSED, v->refused, NULL);
    zh_html_close(h);
    result_links(v, written);
    zh_part_section_close(v->ui);
}

/* A job of the command line has no report here, but its counts stand in its result. */
static void read_counts(view *v, const zh_json *args)
{
    zh_err ignored = {0};
    zh_json *result = NULL;
    if (v->report == NULL && v->job.result.n > 0 &&
        zh_json_parse(v->ui->arena, v->job.result, &result, &ignored) == ZH_OK) {
        v->report = result;
    }
    if (v->report != NULL) {
        read_report(v);
    }
    zh_str id = zh_import_text(args, "register");
    v->reg = id.n > 0 ? zh_model_register(v->ui->ctx.model, id) : NULL;
}

static zh_str commit_title(const view *v, const zh_json *stalled, int64_t written)
{
    zh_ui *ui = v->ui;
    zh_str state = v->job.state;
    if (stalled != NULL) {
        return ZH_SAY(ui, ZH_T_IMPORT_STALLED, count(v, v->job.progress));
    }
    if (v->under_way) {
        return ZH_SAY(ui, ZH_T_IMPORT_COMMITTING,
                      v->reg != NULL ? zh_ui_label(ui, v->reg->label) : ZH_STR(""));
    }
    if (zh_str_is(state, "cancelled")) {
        return ZH_SAY(ui, ZH_T_IMPORT_CANCELLED_IMPORT, count(v, written));
    }
    if (v->undone.done) {
        return ZH_SAY(ui, ZH_T_UNDO_DONE_TITLE, count(v, v->undone.withdrawn),
                      count(v, v->undone.restored));
    }
    if (!zh_str_is(state, "done")) {
        return zh_ui_text(ui, ZH_T_IMPORT_FAILED_IMPORT);
    }
    return written > 0 ? ZH_SAY(ui, ZH_T_IMPORT_DONE, count(v, written))
                       : zh_ui_text(ui, ZH_T_IMPORT_DONE_NOTHING);
}

static void commit_state(const view *v, const zh_json *stalled)
{
    zh_ui *ui = v->ui;
    const zh_json *from = stalled != NULL ? stalled : v->report;
    const zh_json *error = from != NULL ? zh_json_get(from, "error") : NULL;
    bool here = zh_path_exists(zh_import_beside(&ui->ctx, v->job.id, "upload.json"));
    if (stalled != NULL && error != NULL) {
        zh_err err = error_of(error);
        zh_import_error(ui, commit_title(v, stalled, 0), &err);
        act_button(v, "/resume", ZH_T_IMPORT_RESUME, "btn pri");
    } else if (zh_import_open(&v->job) && !here && zh_job_free(&ui->ctx, &v->job)) {
        zh_part_note(
            ui, ZH_NOTE_WATCH,
            ZH_SAY(ui, ZH_T_IMPORT_ELSEWHERE, zh_str_fmt(ui->arena, "%" PRId64, v->job.id)));
    } else if (v->under_way) {
        under_way(v, false);
    } else if (error != NULL && zh_str_is(v->job.state, "failed")) {
        zh_err err = error_of(error);
        zh_import_error(ui, zh_ui_text(ui, ZH_T_IMPORT_FAILED_IMPORT), &err);
    } else if (v->report != NULL && zh_import_flag(v->report, "already")) {
        zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_IMPORT_ALREADY));
    }
}

/* Written, but its positions and its report are still to come. */
static bool settling(const view *v)
{
    zh_ctx *ctx = &v->ui->ctx;
    return zh_str_is(v->job.state, "done") && v->report == NULL &&
           zh_now() - v->job.updated_at < SETTLING_US &&
           zh_path_exists(zh_import_beside(ctx, v->job.id, "upload.json"));
}

static zh_rc show_commit(view *v)
{
    zh_ui *ui = v->ui;
    zh_json *args = NULL;
    zh_rc rc = zh_json_parse(ui->arena, v->job.args, &args, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_json *stalled = zh_import_open(&v->job) ? note(ui, v->job.id, "stalled.json") : NULL;
    v->report = zh_import_open(&v->job) ? NULL : note(ui, v->job.id, "report.json");
    v->under_way = (zh_import_open(&v->job) && stalled == NULL) || settling(v);
    read_counts(v, args);
    zh_import_undo_read(v);
    int64_t written = v->report != NULL ? zh_import_number(v->report, "written") : 0;
    head(v, commit_title(v, stalled, written), v->reg != NULL ? register_title(v) : ZH_STR(""));
    zh_import_steps(ui,
                    (zh_str_is(v->job.state, "done") || v->undone.done) && !v->under_way ? 4 : 3,
                    v->report != NULL ? zh_import_text(v->report, "file_name") : ZH_STR(""));
    zh_html_open(&ui->html, "div", "stack");
    commit_state(v, stalled);
    bool told = !v->under_way && v->report != NULL && zh_json_get(v->report, "rows") != NULL;
    if (told) {
        zh_import_undo_state(v);
        result_counts(v, written);
        if (zh_import_number(v->report, "errors_total") > 0) {
            zh_import_problems(v);
        }
        zh_import_undo_offer(v);
        result_facts(v, args);
    }
    return ZH_OK;
}

static zh_rc show(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_rc rc = zh_import_job_of(ui, &v.job);
    if (rc != ZH_OK) {
        return rc;
    }
    return zh_str_is(v.job.kind, ZH_JOB_CHECK) ? show_check(&v) : show_commit(&v);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_import_job) = {.method = "GET",
                             .path = "/import/{job}",
                             .slow = true, /* a report with a thousand rows is megabytes */
                             .en = "what a check found, or how a commit goes",
                             .handle = handle};
