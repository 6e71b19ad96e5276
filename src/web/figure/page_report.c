/* GET /report and /reports: 报告. What has been built, as of when, and building it again.
 * GET /reports/FILE: one of its files. */
#include "app/report/report.h"
#include "base/os.h"
#include "proof/hash.h"
#include "web/figure/figures.h"
#include "web/frame/form_part.h"
#include "web/frame/part.h"
#include "web/frame/session.h"
#include <inttypes.h>

enum { NAME_MAX_BYTES = 80 };

/* DATA/report; NULL: the server has no data directory. */
static const char *directory(const zh_web *web, zh_arena *arena)
{
    const char *data = zh_core_data_dir(web->core);
    return data != NULL ? zh_str_fmt(arena, "%s/report", data).p : NULL;
}

/* ---- the list
 * --------------------------------------------------------------------------------------- */

/* publish: every figure said in it gets a number and stands in the ledger. */
static void build_button(zh_ui *ui, zh_text_id text, bool publish)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", publish ? ZH_STR("/figures") : ZH_STR("/reports"));
    zh_form_hidden(ui, "lang", zh_str_of(ui->lang == ZH_LANG_EN ? "en" : "zh"));
    zh_html_open(h, "button", publish ? "btn" : "btn pri");
    zh_html_attr_z(h, "type", "submit");
    if (publish) {
        zh_html_attr_z(h, "name", "report");
        zh_html_attr_z(h, "value", "1");
    }
    zh_html_text(h, zh_ui_text(ui, text));
    zh_html_close(h);
    zh_html_close(h);
}

static zh_str megabytes(const zh_ui *ui, int64_t bytes)
{
    return zh_str_fmt(ui->arena, "%.1f MB", (double)bytes / 1e6);
}

static void row(zh_ui *ui, zh_grid *grid, const zh_report *r)
{
    zh_html *h = &ui->html;
    zh_str html = zh_url_path(ui->arena, "/reports", r->html, ZH_STR_NONE);
    zh_str pdf = zh_url_path(ui->arena, "/reports", r->pdf, ZH_STR_NONE);
    zh_grid_row(grid, NULL);
    zh_grid_cell(grid);
    zh_html_a_value(h, NULL, html, r->title);
    zh_html_leaf_value(h, "div", "sm mu", r->subtitle);
    zh_grid_cell(grid);
    zh_html_a(h, NULL, html, ZH_STR("HTML"));
    zh_html_text(h, ZH_STR(" "));
    zh_html_leaf(h, "span", "sm mu", megabytes(ui, r->html_bytes));
    zh_html_text(h, ZH_STR("　"));
    zh_html_a(h, NULL, pdf, ZH_STR("PDF"));
    zh_html_text(h, ZH_STR(" "));
    zh_html_leaf(h, "span", "sm mu", megabytes(ui, r->pdf_bytes));
    zh_grid_text(grid, zh_ui_count(ui, r->pages));
    zh_grid_text(grid, zh_ui_count(ui, r->missing));
    zh_grid_value(grid, r->stamp);
}

static void table(zh_ui *ui, const zh_report *reports, size_t n)
{
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_REPORT_NAME), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_REPORT_READ)},
        {.label = zh_ui_text(ui, ZH_T_REPORT_PAGES), .number = true},
        {.label = zh_ui_text(ui, ZH_T_REPORT_MISSING), .number = true},
        {.label = zh_ui_text(ui, ZH_T_REPORT_STAMP)},
    };
    zh_grid grid;
    zh_part_section_open(ui, "built", zh_ui_text(ui, ZH_T_REPORT_BUILT), true);
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t turn = 0; turn < 2; turn++) { /* the reader's language first */
        for (size_t i = 0; i < n; i++) {
            if (reports[i].english == ((ui->lang == ZH_LANG_EN) != (turn == 1))) {
                row(ui, &grid, &reports[i]);
            }
        }
    }
    zh_grid_close(&grid);
    zh_part_section_close(ui);
}

static zh_rc show(zh_ui *ui)
{
    zh_report *reports = NULL;
    size_t n = 0;
    int64_t newest = -1;
    zh_html *h = &ui->html;
    zh_rc rc = zh_report_list(ui->arena, directory(ui->web, ui->arena), &reports, &n, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        newest = reports[i].position > newest ? reports[i].position : newest;
    }
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REPORT,
                       .title = n > 0 ? ZH_SAY(ui, ZH_T_REPORT_TITLE, zh_ui_count(ui, (int64_t)n),
                                               zh_ui_count(ui, newest))
                                      : zh_ui_text(ui, ZH_T_REPORT_TITLE_NONE),
                       .lede = zh_ui_text(ui, ZH_T_REPORT_LEDE),
                   });
    zh_html_open(h, "div", "stack");
    if (n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_REPORT_TITLE_NONE),
                      zh_ui_text(ui, ZH_T_REPORT_EMPTY), ZH_STR(""), ZH_STR(""));
    } else {
        table(ui, reports, n);
        bool old = newest < ui->log_size;
        zh_part_note(ui, old ? ZH_NOTE_WATCH : ZH_NOTE_QING,
                     old ? ZH_SAY(ui, ZH_T_REPORT_OLD, zh_ui_count(ui, ui->log_size - newest))
                         : zh_ui_text(ui, ZH_T_REPORT_CURRENT));
    }
    zh_text_id what = n > 0 ? ZH_T_REPORT_BUILD : ZH_T_REPORT_BUILD_FIRST;
    zh_str why = zh_publication_why(ui, NULL);
    zh_html_open(h, "div", "bar");
    if (zh_ui_whole(ui)) {
        build_button(ui, what, false);
    } else {
        zh_part_greyed(ui, zh_ui_text(ui, what), zh_ui_text(ui, ZH_T_REPORT_WHOLE));
    }
    if (why.n > 0) {
        zh_part_greyed(ui, zh_ui_text(ui, ZH_T_REPORT_PUBLISH), why);
    } else {
        build_button(ui, ZH_T_REPORT_PUBLISH, true);
    }
    zh_html_close(h);
    zh_html_open(h, "p", "sm");
    zh_html_text(h, zh_ui_text(ui, ZH_T_REPORT_PUBLISH_HELP));
    zh_html_z(h, " ");
    zh_html_a(h, NULL, ZH_STR("/figures"), zh_ui_text(ui, ZH_T_REPORT_FIGURES));
    zh_html_close(h);
    zh_part_section_open(ui, "how", zh_ui_text(ui, ZH_T_REPORT_HOW), false);
    zh_html_leaf(h, "p", NULL, zh_ui_text(ui, ZH_T_REPORT_HOW_TEXT));
    zh_html_open(h, "p", "sm");
    zh_html_leaf_z(h, "code", NULL, "zhiheng report --data DIR --out DIR");
    zh_html_close(h);
    zh_part_section_close(ui);
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc list(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

/* ---- building
 * --------------------------------------------------------------------------------------- */

static zh_rc build(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    zh_web *web = zh_web_of(request);
    const char *dir = directory(web, request->arena);
    zh_report report;
    if (zh_user_session_need(request, response, err) != ZH_OK) {
        return err->rc;
    }
    if (dir == NULL) {
        return zh_err_set(err, ZH_EINVAL, "report.directory", "%.*s",
                          ZH_FMT(zh_text_of(ZH_LANG_ZH, ZH_T_REPORT_NO_DIR)));
    }
    zh_ctx ctx = zh_ctx_local(web->core, request->arena, err);
    zh_report_options options = {.out = dir, .as_of = ZH_AS_OF_NOW};
    options.english = zh_str_is(zh_pairs_get(request->form, "lang"), "en");
    zh_rc rc = zh_report_build(&ctx, &options, &report);
    zh_ctx_end(&ctx);
    return rc == ZH_OK ? zh_http_see_other(request, response, ZH_STR("/report")) : rc;
}

/* ---- files
 * ------------------------------------------------------------------------------------------ */

static zh_str base64(zh_arena *arena, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = ZH_NEW_N(arena, char, 4 * (n / 3 + 1) + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        unsigned v = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                     (left > 2 ? (unsigned)bytes[i + 2] : 0);
        out[at++] = digits[v >> 18];
        out[at++] = digits[v >> 12 & 63];
        out[at++] = '=';
        out[at++] = '=';
        if (left > 1) {
            out[at - 2] = digits[v >> 6 & 63];
        }
        if (left > 2) {
            out[at - 1] = digits[v & 63];
        }
    }
    return (zh_str){out, at};
}

/* The report has one style element and needs nothing else: exactly that one is allowed, by its
 * digest (CSP level 3, section 6.7.2). */
static const char *policy_of(zh_arena *arena, zh_str html)
{
    static const char open[] = "<style>";
    ptrdiff_t from = zh_str_find(html, zh_str_of(open));
    ptrdiff_t to = zh_str_find(html, ZH_STR("</style>"));
    zh_digest digest;
    zh_str style = ZH_STR("'none'");
    if (from >= 0 && to > from) {
        size_t begin = (size_t)from + sizeof open - 1;
        zh_hash_of(ZH_HASH_SHA256, zh_str_sub(html, begin, (size_t)to - begin), &digest);
        style =
            zh_str_fmt(arena, "'sha256-%.*s'", ZH_FMT(base64(arena, digest.b, sizeof digest.b)));
    }
    return zh_str_fmt(arena,
                      "default-src 'none'; style-src %.*s; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'",
                      ZH_FMT(style))
        .p;
}

static bool good_name(zh_str name)
{
    bool good = name.n > 0 && name.n <= NAME_MAX_BYTES && name.p[0] != '.';
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                        c == '.');
    }
    return good;
}

static zh_rc file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    if (zh_user_session_need(request, response, err) != ZH_OK) {
        return err->rc;
    }
    zh_str name = zh_http_arg(request, "file");
    const char *dir = directory(zh_web_of(request), request->arena);
    bool html = zh_str_ends(name, ZH_STR(".html"));
    bool pdf = zh_str_ends(name, ZH_STR(".pdf"));
    zh_arena *arena = zh_arena_new(ZH_REPORT_FILE_MAX + ZH_REPORT_FILE_MAX);
    zh_str bytes = ZH_STR("");
    zh_rc rc = ZH_ENOTFOUND;
    if (dir != NULL && good_name(name) && (html || pdf)) {
        const char *path = zh_str_fmt(arena, "%s/%.*s", dir, ZH_FMT(name)).p;
        rc = zh_file_read(arena, path, ZH_REPORT_FILE_MAX, &bytes, err);
    }
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(err, ZH_ENOTFOUND, "report.unknown", "没有这份报告");
    } else if (rc == ZH_OK) {
        zh_digest digest;
        char hex[2 * sizeof digest.b + 1];
        zh_hash_of(ZH_HASH_SHA256, bytes, &digest);
        zh_hex(digest.b, sizeof digest.b, hex);
        response->etag = zh_str_fmt(request->arena, "\"%.16s\"", hex).p;
        response->type = html ? "text/html; charset=utf-8" : "application/pdf";
        if (html) {
            zh_http_header_add(response, "Content-Security-Policy",
                               policy_of(request->arena, bytes));
        }
        zh_buf_str(&response->body, bytes);
    }
    zh_arena_free(arena);
    return rc;
}

ZH_ROUTE(page_report) = {
    .method = "GET", .path = "/report", .en = "Reports that have been built", .handle = list};
ZH_ROUTE(page_reports) = {
    .method = "GET", .path = "/reports", .en = "Reports that have been built", .handle = list};
ZH_ROUTE(page_report_file) = {.method = "GET",
                              .path = "/reports/{file}",
                              .slow = true,
                              .en = "One report as HTML or PDF",
                              .handle = file};
ZH_ROUTE(page_report_build) = {.method = "POST",
                               .reach = ZH_REACH_WHOLE,
                               .path = "/reports",
                               .slow = true,
                               .body_max = 1024,
                               .en = "Builds the report again",
                               .handle = build};
