/* GET /sources: 数据来源. Every data set with origin and licence, every file that was imported, and
 * what comes with the program (packs/NOTICE.md, in Chinese packs/NOTICE.zh.md: the same rows). */
#include "base/embedded.h"
#include "model/recipe.h"
#include "web/import/import_part.h"
#include <inttypes.h>

enum { DIGEST_SHOWN = 19, JOBS_MAX = 500, SETS_MAX = 200, NOTICE_COLUMNS_MAX = 4 };

/* An import as the page shows it. */
typedef struct import {
    const zh_job *job;
    const zh_register *reg; /* NULL: the declarations do not have it any more */
    zh_str reg_id, recipe, file, name;
    int64_t rows, added, changed, same, refused;
} import;

typedef struct set {
    zh_str recipe;
    const zh_recipe *declared;
    const zh_register *regs[8];
    size_t nregs;
    size_t files;
    int64_t rows;
    zh_time newest;
} set;

typedef struct sources {
    zh_ui *ui;
    import *imports;
    size_t n;
    set *sets;
    size_t nsets;
} sources;

/* ---- reading
 * ---------------------------------------------------------------------------------------- */

static int64_t number_of(const zh_json *object, const char *name)
{
    int64_t n = 0;
    const zh_json *value = object != NULL ? zh_json_get(object, name) : NULL;
    return value != NULL && zh_json_i64(value, &n) == ZH_OK ? n : 0;
}

static zh_str text_of(const zh_json *object, const char *name)
{
    const zh_json *value = object != NULL ? zh_json_get(object, name) : NULL;
    return value != NULL ? zh_json_str(value, ZH_STR("")) : ZH_STR("");
}

/* NULL when it is not JSON: a job that has not begun has no result. */
static const zh_json *parsed(zh_ui *ui, zh_str text)
{
    zh_json *root = NULL;
    zh_err ignored = {0};
    return text.n > 0 && zh_json_parse(ui->arena, text, &root, &ignored) == ZH_OK ? root : NULL;
}

static import import_of(zh_ui *ui, const zh_job *job)
{
    const zh_json *args = parsed(ui, job->args);
    const zh_json *result = parsed(ui, job->result);
    zh_str reg = text_of(args, "register");
    return (import){
        .job = job,
        .reg = zh_model_register(ui->ctx.model, reg),
        .reg_id = reg,
        .recipe = text_of(args, "recipe"),
        .file = text_of(args, "file"),
        .name = zh_import_name(ui, job),
        .rows = number_of(result, "rows"),
        .added = number_of(result, "new"),
        .changed = number_of(result, "changed"),
        .same = number_of(result, "same"),
        .refused = number_of(result, "refused"),
    };
}

static const zh_recipe *find_recipe(const zh_model *model, zh_str id)
{
    for (size_t i = 0; i < model->nrecipes; i++) {
        if (zh_str_eq(model->recipes[i].id, id)) {
            return &model->recipes[i];
        }
    }
    return NULL;
}

static set *set_of(sources *s, zh_str recipe)
{
    for (size_t i = 0; i < s->nsets; i++) {
        if (zh_str_eq(s->sets[i].recipe, recipe)) {
            return &s->sets[i];
        }
    }
    if (s->nsets == SETS_MAX) {
        return &s->sets[SETS_MAX - 1];
    }
    set *made = &s->sets[s->nsets++];
    *made = (set){.recipe = recipe, .declared = find_recipe(s->ui->ctx.model, recipe)};
    return made;
}

static void add_register(set *to, const zh_register *reg)
{
    for (size_t i = 0; i < to->nregs; i++) {
        if (to->regs[i] == reg) {
            return;
        }
    }
    if (reg != NULL && to->nregs < ZH_COUNTOF(to->regs)) {
        to->regs[to->nregs++] = reg;
    }
}

static zh_rc read_jobs(sources *s)
{
    zh_ui *ui = s->ui;
    zh_job *jobs = NULL;
    size_t n = 0;
    zh_rc rc = zh_job_list(&ui->ctx, JOBS_MAX, &jobs, &n);
    s->imports = ZH_NEW_N(ui->arena, import, n + 1);
    s->sets = ZH_NEW_N(ui->arena, set, SETS_MAX);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (!zh_str_is(jobs[i].kind, "import")) {
            continue;
        }
import one = import_of(ui, & jobs[i]);
        set *to = set_of(s, one.recipe);
        s->imports[s->n++] = one;
        add_register(to, one.reg);
        to->files++;
        to->rows += one.added;
        to->newest = jobs[i].updated_at > to->newest ? jobs[i].updated_at : to->newest;
    }
    return rc;
}

/* ---- data sets and files
 * ---------------------------------------------------------------------------- */

static void register_link(zh_ui *ui, const zh_register *reg)
{
    zh_html_a_value(&ui->html, NULL, zh_url_register(ui->arena, reg->id, ZH_STR(""), ZH_AS_OF_NOW),
                    zh_ui_label(ui, reg->label));
}

/* A recipe that is not declared any more keeps its id. */
static zh_str recipe_name(const sources *s, zh_str id)
{
    const zh_recipe *recipe = find_recipe(s->ui->ctx.model, id);
    return recipe != NULL ? zh_ui_label(s->ui, recipe->label)
           : id.n > 0     ? id
                          : zh_ui_text(s->ui, ZH_T_SOURCES_HAND);
}

static void data_sets(sources *s)
{
    zh_ui *ui = s->ui;
    zh_html *h = &ui->html;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SOURCES_SET), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_ORIGIN), .css = "full wide"},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_LICENCE), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_COL_REGISTER), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_FILES), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_NEW), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_WHEN), .css = "nw"},
    };
    zh_grid g;
    zh_part_section_open(ui, "sets", zh_ui_text(ui, ZH_T_SOURCES_SETS), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < s->nsets; i++) {
        const set *one = &s->sets[i];
        zh_str origin = one->declared != NULL ? zh_ui_label(ui, one->declared->source) : ZH_STR("");
        zh_str licence =
            one->declared != NULL ? zh_ui_label(ui, one->declared->licence) : ZH_STR("");
        zh_grid_row(&g, NULL);
        zh_grid_value(&g, recipe_name(s, one->recipe));
        zh_grid_cell(&g);
        if (origin.n > 0) {
            zh_html_text(h, origin);
        } else {
            zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, ZH_T_SOURCES_NOT_STATED));
        }
        zh_grid_cell(&g);
        if (licence.n > 0) {
            zh_html_text(h, licence);
        } else {
            zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, ZH_T_SOURCES_NOT_STATED));
        }
        zh_grid_cell(&g);
        for (size_t k = 0; k < one->nregs; k++) {
            zh_html_text(h, k > 0 ? zh_ui_text(ui, ZH_T_SEP) : ZH_STR(""));
            register_link(ui, one->regs[k]);
        }
        zh_grid_text(&g, zh_ui_count(ui, (int64_t)one->files));
        zh_grid_text(&g, zh_ui_count(ui, one->rows));
        zh_grid_text(&g, zh_ui_time(ui, one->newest));
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_text_id state_text(zh_str state)
{
    static const struct {
        const char *state;
        zh_text_id text;
    } states[] = {{"running", ZH_T_SOURCES_STATE_RUNNING},
                  {"queued", ZH_T_SOURCES_STATE_QUEUED},
                  {"failed", ZH_T_SOURCES_STATE_FAILED},
                  {"cancelled", ZH_T_SOURCES_STATE_CANCELLED}};
    for (size_t i = 0; i < ZH_COUNTOF(states); i++) {
        if (zh_str_is(state, states[i].state)) {
            return states[i].text;
        }
    }
    return ZH_T_SOURCES_STATE_DONE;
}

static zh_str name_of(const import *one)
{
    return one->name.n > 0 ? one->name : zh_str_sub(one->file, 0, DIGEST_SHOWN);
}

static void file_row(sources *s, zh_grid *g, const import *one)
{
    zh_ui *ui = s->ui;
    zh_html *h = &ui->html;
    zh_grid_row(g, NULL);
    zh_grid_text(g, zh_ui_time(ui, one->job->updated_at));
    zh_grid_cell(g);
    if (one->reg != NULL) {
        register_link(ui, one->reg);
    } else {
        zh_html_text(h, one->reg_id);
    }
    zh_grid_value(g, recipe_name(s, one->recipe));
    zh_grid_cell(g);
    if (zh_import_seen(ui, one->job) && zh_import_path(&ui->ctx, one->file) != NULL) {
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", zh_import_url(ui->arena, one->job->id, "/file"));
        zh_html_flag(h, "download");
        zh_html_value(h, name_of(one));
        zh_html_close(h);
    } else {
        zh_html_value(h, name_of(one));
    }
    zh_html_leaf(h, "span", "why mono", zh_str_sub(one->file, 0, DIGEST_SHOWN));
    zh_grid_text(g, zh_ui_count(ui, one->rows));
    zh_grid_text(g, zh_ui_count(ui, one->added));
    zh_grid_text(g, zh_ui_count(ui, one->changed));
    zh_grid_text(g, zh_ui_count(ui, one->same));
    zh_grid_text(g, zh_ui_count(ui, one->refused));
    zh_grid_text(g, zh_ui_text(ui, state_text(one->job->state)));
}

static void files(sources *s)
{
    zh_ui *ui = s->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SOURCES_WHEN), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_COL_REGISTER), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_SET)},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_FILE)},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_ROWS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_NEW), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_CHANGED), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_SAME), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_REFUSED), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SOURCES_STATE)},
    };
    zh_grid g;
    zh_part_section_open(ui, "files", zh_ui_text(ui, ZH_T_SOURCES_FILES), true);
    zh_html_leaf(&ui->html, "p", "sm mu",
                 ZH_SAY(ui, ZH_T_SOURCES_FILES_NOTE, zh_ui_count(ui, (int64_t)s->n)));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < s->n; i++) {
        file_row(s, &g, &s->imports[i]);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* ---- what comes with the program
 * -------------------------------------------------------------------- */

/* Cells of "| a | b | c |"; 0 when the line is none of a table. */
static size_t cells_of(zh_str line, zh_str *cells)
{
    size_t n = 0;
    zh_str piece;
    line = zh_str_trim(line);
    if (line.n < 2 || line.p[0] != '|' || line.p[line.n - 1] != '|') {
        return 0;
    }
    zh_str rest = zh_str_sub(line, 1, line.n - 2);
    while (n < NOTICE_COLUMNS_MAX && zh_str_split(&rest, '|', &piece)) {
        cells[n++] = zh_str_trim(piece);
    }
    return n;
}

/* Text in which `marked` pieces are set as code. */
static void marked_text(zh_html *h, zh_str text)
{
    zh_str piece;
    bool code = false;
    while (zh_str_split(&text, '`', &piece)) {
        if (code) {
            zh_html_leaf(h, "span", "mono", piece);
        } else {
            zh_html_value(h, piece);
        }
        code = !code;
    }
}

static void notice(zh_ui *ui)
{
    const zh_embedded *file =
        zh_embedded_find(ui->lang == ZH_LANG_EN ? "packs/NOTICE.md" : "packs/NOTICE.zh.md");
    zh_str rest = file != NULL ? zh_embedded_text(file) : ZH_STR_NONE;
    zh_str line;
    zh_grid g;
    size_t width = 0; /* columns of the table being written; 0 outside one */
    zh_column columns[NOTICE_COLUMNS_MAX];
    if (file == NULL) {
        return;
    }
    zh_part_section_open(ui, "packs", zh_ui_text(ui, ZH_T_SOURCES_PACKS), true);
    zh_html_leaf(&ui->html, "p", "sm mu", zh_ui_text(ui, ZH_T_SOURCES_PACKS_NOTE));
    while (zh_str_split(&rest, '\n', &line)) {
        zh_str cells[NOTICE_COLUMNS_MAX];
        size_t n = cells_of(line, cells);
        if (n == 0 && width > 0) {
            zh_grid_close(&g);
            width = 0;
        } else if (n > 0 && width == 0) {
            for (size_t i = 0; i < n; i++) {
                columns[i] = (zh_column){.label = cells[i], .css = "full"};
            }
            zh_grid_open(&g, ui, columns, n, true, ZH_STR(""));
            width = n;
        } else if (n == width && n > 0 && !zh_str_starts(cells[0], ZH_STR("---"))) {
            zh_grid_row(&g, NULL);
            for (size_t i = 0; i < n; i++) {
                zh_grid_cell(&g);
                marked_text(&ui->html, cells[i]);
            }
        }
    }
    if (width > 0) {
        zh_grid_close(&g);
    }
    zh_part_section_close(ui);
}

/* ---- the page
 * --------------------------------------------------------------------------------------- */

static zh_rc show(zh_ui *ui)
{
    sources *s = ZH_NEW(ui->arena, sources);
    s->ui = ui;
    int64_t rows = 0;
    zh_rc rc = read_jobs(s);
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < s->nsets; i++) {
        rows += s->sets[i].rows;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_SOURCES,
                                    .title = s->n == 0 ? zh_ui_text(ui, ZH_T_SOURCES_TITLE_NONE)
                                                       : ZH_SAY(ui, ZH_T_SOURCES_TITLE,
                                                                zh_ui_count(ui, (int64_t)s->nsets),
                                                                zh_ui_count(ui, (int64_t)s->n),
                                                                zh_ui_count(ui, rows)),
                                    .lede = zh_ui_text(ui, ZH_T_SOURCES_LEDE)});
    zh_html_open(&ui->html, "div", "stack");
    if (s->n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_SOURCES_TITLE_NONE),
                      zh_ui_text(ui, ZH_T_SOURCES_EMPTY), ZH_STR("/import"),
                      zh_ui_text(ui, ZH_T_BOARD_IMPORT));
    } else {
        data_sets(s);
        files(s);
    }
    notice(ui);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_sources) = {
    .method = "GET",
    .path = "/sources",
    .en = "data sets, imported files and their licences",
    .handle = handle,
};
