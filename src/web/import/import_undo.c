/* Of a commit: that it was undone and what was left, or the button that undoes it. */
#include "web/import/import_view.h"
#include <inttypes.h>

void zh_import_undo_read(zh_import_view *v)
{
    zh_err ignored = {0};
    zh_ctx quiet = v->ui->ctx;
    quiet.err = &ignored;
    if (zh_undo_find(&quiet, v->job.id, &v->undo_job) == ZH_OK) {
        zh_undo_read(&quiet, &v->undo_job, &v->undone);
        v->undoing = zh_import_open(&v->undo_job);
    }
}

static void left(const zh_import_view *v)
{
    zh_ui *ui = v->ui;
    const zh_undo_result *u = &v->undone;
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_UNDO_COL_RECORD), .css = "nw"},
                                 {.label = zh_ui_text(ui, ZH_T_UNDO_COL_WHY), .css = "full"}};
    zh_grid grid;
    zh_part_section_open(ui, "left", ZH_SAY(ui, ZH_T_UNDO_LEFT, zh_ui_count(ui, u->left)), true);
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), false, ZH_STR(""));
    for (size_t i = 0; i < u->nlist; i++) {
        zh_str name =
            zh_str_fmt(ui->arena, "%" PRId64 "-%" PRId64, u->list[i].office, u->list[i].id);
        zh_grid_row(&grid, NULL);
        if (u->reg != NULL) {
            zh_grid_link(&grid,
                         zh_url_record(ui->arena, u->reg->id, u->list[i].office, u->list[i].id),
                         name);
        } else {
            zh_grid_text(&grid, name);
        }
        zh_grid_text(&grid, u->list[i].why);
    }
    zh_grid_close(&grid);
    if (u->left > (int64_t)u->nlist) {
        zh_html_leaf(&ui->html, "p", "sm mu",
                     ZH_SAY(ui, ZH_T_UNDO_LEFT_MORE, zh_ui_count(ui, (int64_t)u->nlist)));
    }
    zh_part_section_close(ui);
}

static void offer(const zh_import_view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "undo", ZH_STR(""), false);
    zh_html_open(h, "details", NULL);
    zh_html_leaf(h, "summary", NULL, zh_ui_text(ui, ZH_T_UNDO_TITLE));
    zh_html_leaf(h, "p", "sm mu gap", zh_ui_text(ui, ZH_T_UNDO_TEXT));
    zh_import_form(ui, zh_import_url(ui->arena, v->job.id, "/undo"), "gap");
    zh_import_button(
        ui, "btn danger", NULL, NULL,
        ZH_SAY(ui, ZH_T_UNDO_CONFIRM, zh_ui_count(ui, zh_import_number(v->report, "written"))),
        ZH_STR(""));
    zh_html_close(h); /* the form */
    zh_html_close(h);
    zh_part_section_close(ui);
}

void zh_import_undo_state(const zh_import_view *v)
{
    zh_ui *ui = v->ui;
    const zh_job *undo = &v->undo_job;
    if (v->undoing) {
        int64_t percent = undo->total > 0 ? undo->progress * 100 / undo->total : 0;
        zh_part_section_open(ui, "undo", ZH_STR(""), false);
        zh_part_progress(ui, undo->progress, undo->total,
                         ZH_SAY(ui, ZH_T_UNDO_RUNNING, zh_str_fmt(ui->arena, "%" PRId64, percent)));
        zh_part_section_close(ui);
    } else if (zh_str_is(undo->state, "failed")) {
        zh_err err = zh_err_beside(ui->err);
        zh_json *result = NULL;
        zh_err ignored = {0};
        bool told = zh_json_parse(ui->arena, undo->result, &result, &ignored) == ZH_OK;
        const zh_json *error = told ? zh_json_get(result, "error") : NULL;
        (void)zh_err_set(&err, ZH_ECONFLICT, "undo.failed", "%.*s",
                         ZH_FMT(zh_import_text(error, "message")));
        zh_err_fix(&err, "%.*s", ZH_FMT(zh_import_text(error, "fix")));
        zh_import_error(ui, zh_ui_text(ui, ZH_T_UNDO_FAILED), &err);
    } else if (v->undone.done) {
        zh_part_note(ui, ZH_NOTE_QING, ZH_SAY(ui, ZH_T_UNDO_AT, zh_ui_time(ui, undo->updated_at)));
        if (v->undone.left > 0) {
            left(v);
        }
    }
}

void zh_import_undo_offer(const zh_import_view *v)
{
    zh_err ignored = {0};
    zh_ctx quiet = v->ui->ctx;
    quiet.err = &ignored;
    if (!v->undoing && !v->undone.done && zh_import_number(v->report, "written") > 0 &&
        zh_undo_may(&quiet, &v->job) == ZH_OK) {
        offer(v);
    }
}
