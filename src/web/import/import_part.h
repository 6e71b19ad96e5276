/* What the import pages share: the job a page is about, its words, forms that post. */
#ifndef ZH_WEB_IMPORT_IMPORT_PART_H
#define ZH_WEB_IMPORT_IMPORT_PART_H

#include "app/import.h"
#include "web/frame/part.h"

/* The job of the path's {job}, a check or an import that the reader may see. ZH_ENOTFOUND. */
zh_rc zh_import_job_of(zh_ui *ui, zh_job *out) ZH_MUST;
/* Whoever sees all data sees every job; others those that they ordered. */
bool zh_import_seen(const zh_ui *ui, const zh_job *job);
/* The newest of them, at most limit. */
zh_rc zh_import_jobs_seen(zh_ui *ui, size_t limit, zh_job **out, size_t *n) ZH_MUST;
/* Whether the reader may make records in any register. */
bool zh_import_possible(const zh_ui *ui);
bool zh_import_open(const zh_job *job); /* queued or running */
zh_str zh_import_url(zh_arena *arena, int64_t job, const char *rest);
/* Member of an object: text, empty when absent; integer, 0 when absent; boolean. */
zh_str zh_import_text(const zh_json *object, const char *name);
int64_t zh_import_number(const zh_json *object, const char *name);
bool zh_import_flag(const zh_json *object, const char *name);

/* 下载模板 · 给出文件 · 预检 · 提交, with step `now` (0 … 3; 4: all done). file: name under it. */
void zh_import_steps(zh_ui *ui, size_t now, zh_str file);
/* <select> with a label; selected by value. */
void zh_import_select(zh_ui *ui, const char *name, zh_str label, const zh_option *options, size_t n,
                      zh_str selected);
/* Registers, and recipes, to choose from; the first choice is `none`. */
void zh_import_registers(zh_ui *ui, zh_str none, zh_str selected);
void zh_import_recipes(zh_ui *ui, zh_str none, zh_str selected);
/* A form that posts (urlencoded); close it with zh_html_close. */
void zh_import_form(zh_ui *ui, zh_str action, const char *css);
/* A submit button. css: class; name may be NULL; why: reason it cannot be pressed, empty: it can.
 */
void zh_import_button(zh_ui *ui, const char *css, const char *name, const char *value, zh_str label,
                      zh_str why);
/* An error in the page: message, place, rule, fix. */
void zh_import_error(zh_ui *ui, zh_str title, const zh_err *err);
/* The name of the file of a check or an import, as it came; empty when it was not noted. */
zh_str zh_import_name(zh_ui *ui, const zh_job *job);
/* Imports that are over, one line each: when, what, how many records. */
void zh_import_lines(zh_ui *ui, const zh_job *jobs, size_t n);
/* What a job is about, its state and progress, as rows of a table; newest first. */
void zh_import_jobs(zh_ui *ui, const zh_job *jobs, size_t n);

#endif
