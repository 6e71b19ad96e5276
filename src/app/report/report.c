/* Building reports; see report.h. */
#include "app/report/report.h"
#include "app/report/annex.h"
#include "app/report/compose.h"
#include "base/embedded.h"
#include "base/json.h"
#include "base/os.h"
#include "core/figure/publish.h"
#include <inttypes.h>
#include <string.h>

enum { MANIFEST_MAX = 64 << 10, ID_MAX = 60 };

static const char built_in[] = "packs/demo/data/report.yaml";

typedef struct maker {
    zh_ctx ctx; /* with the arena of this report */
    const zh_report_options *o;
    const zh_yaml *declared;
    zh_composed made;
    int64_t as_of;
    size_t published;
} maker;

/* Where links lead: as asked, as declared, else to this machine. */
static zh_rc read_base(const maker *m, zh_conn *conn, zh_str *out)
{
    zh_rc rc = ZH_OK;
    *out = zh_str_of(m->o->base);
    if (m->o->base == NULL) {
        rc = zh_setting_get(conn, m->ctx.arena, ZH_SET_PUBLIC, out, m->ctx.err);
    }
    if (rc == ZH_ENOTFOUND) {
        *out = ZH_STR(ZH_REPORT_BASE);
        rc = ZH_OK;
    }
    return rc;
}

static bool is_local(zh_str base)
{
    static const char *const hosts[] = {"127.", "localhost", "[::1]"};
    ptrdiff_t at = zh_str_find(base, ZH_STR("://"));
    zh_str host = at >= 0 ? zh_str_sub(base, (size_t)at + 3, base.n) : base;
    for (size_t i = 0; i < ZH_COUNTOF(hosts); i++) {
        if (zh_str_starts(host, zh_str_of(hosts[i]))) {
            return true;
        }
    }
    return false;
}

static zh_rc compose_in_snapshot(maker *m)
{
    zh_conn *conn = NULL;
    zh_str base = ZH_STR_NONE;
    zh_rc rc = zh_store_reader(zh_core_store(m->ctx.core), &conn, m->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, m->ctx.err);
    }
    if (rc == ZH_OK) {
        rc = read_base(m, conn, &base);
    }
    if (rc == ZH_OK) {
        const zh_compose_options options = {.base = base,
                                            .base_local = is_local(base),
                                            .as_of = m->as_of,
                                            .english = m->o->english};
        rc = zh_report_compose(&m->ctx, conn, m->declared, &options, &m->made);
        zh_read_end(conn);
    }
    zh_store_release(conn);
    return rc;
}

static bool good_id(zh_str id)
{
    bool good = id.n > 0 && id.n <= ID_MAX;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
    }
    return good;
}

static zh_rc read_declaration(maker *m)
{
    zh_str text;
    zh_rc rc = ZH_OK;
    zh_yaml *root = NULL;
    if (m->o->document != NULL) {
        rc = zh_file_read(m->ctx.arena, m->o->document, ZH_YAML_BYTES_MAX, &text, m->ctx.err);
    } else {
        const zh_embedded *file = zh_embedded_find(built_in);
        zh_assert(file != NULL);
        text = zh_embedded_text(file);
    }
    if (rc == ZH_OK) {
        rc = zh_yaml_parse(m->ctx.arena, text, m->o->document != NULL ? m->o->document : built_in,
                           &root, m->ctx.err);
    }
    m->declared = root;
    if (rc == ZH_OK && !good_id(zh_yaml_text(root, "id"))) {
        zh_err_set(m->ctx.err, ZH_EINVAL, "report.id",
                   "报告的 id 要由小写字母、数字、- 和 _ 组成：“%.*s”",
                   ZH_FMT(zh_yaml_text(root, "id")));
        zh_yaml_where(root, m->ctx.err);
        rc = ZH_EINVAL;
    }
    return rc;
}

/* ---- files
 * ------------------------------------------------------------------------------------------ */

static zh_str style_of(zh_arena *arena)
{
    static const char *const sheets[] = {"ui/tokens.css", "ui/draw.css", "ui/report.css"};
    zh_str css = ZH_STR("");
    for (size_t i = 0; i < ZH_COUNTOF(sheets); i++) {
        const zh_embedded *file = zh_embedded_find(sheets[i]);
        zh_assert(file != NULL);
        css = zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(css), ZH_FMT(zh_embedded_text(file)));
    }
    return css;
}

static zh_rc write_file(maker *m, zh_str name, const zh_buf *bytes)
{
    const char *path = zh_str_fmt(m->ctx.arena, "%s/%.*s", m->o->out, ZH_FMT(name)).p;
    return zh_file_replace(path, zh_buf_view(bytes), m->ctx.err);
}

static zh_str file_name(zh_arena *arena, zh_str id, bool english, const char *kind)
{
    return zh_str_fmt(arena, "%.*s%s.%s", ZH_FMT(id), english ? ".en" : "", kind);
}

static zh_rc write_manifest(maker *m, const zh_report *report)
{
    zh_buf out;
    zh_jw w;
    zh_buf_init(&out, MANIFEST_MAX);
    zh_jw_init(&w, &out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "id", report->id);
    zh_jw_kz(&w, "lang", report->english ? "en" : "zh");
    zh_jw_kv(&w, "title", report->title);
    zh_jw_kv(&w, "subtitle", report->subtitle);
    zh_jw_kv(&w, "stamp", report->stamp);
    zh_jw_ki(&w, "position", report->position);
    zh_jw_ki(&w, "pages", report->pages);
    zh_jw_ki(&w, "missing", report->missing);
    zh_jw_ki(&w, "published", report->published);
    zh_jw_ki(&w, "html_bytes", report->html_bytes);
    zh_jw_ki(&w, "pdf_bytes", report->pdf_bytes);
    zh_jw_kv(&w, "model", m->ctx.model->digest);
    zh_jw_object_end(&w);
    zh_buf_c(&out, '\n');
    zh_rc rc = write_file(m, file_name(m->ctx.arena, report->id, report->english, "json"), &out);
    zh_buf_free(&out);
    return rc;
}

static zh_rc write_report(maker *m, zh_report *report)
{
    zh_buf html;
    zh_buf pdf;
    size_t pages = 0;
    zh_buf_init(&html, ZH_DOC_HTML_MAX);
    zh_buf_init(&pdf, ZH_REPORT_FILE_MAX);
    zh_rc rc = zh_doc_html(&m->made.doc, style_of(m->ctx.arena), &html, m->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_doc_pdf(m->ctx.arena, &m->made.doc, &pdf, &pages, m->ctx.err);
    }
    if (rc == ZH_OK) {
        rc = zh_dir_make(m->o->out, m->ctx.err);
    }
    if (rc == ZH_OK) {
        rc = write_file(m, report->html, &html);
    }
    if (rc == ZH_OK) {
        rc = write_file(m, report->pdf, &pdf);
    }
    report->pages = (int64_t)pages;
    report->html_bytes = (int64_t)html.n;
    report->pdf_bytes = (int64_t)pdf.n;
    zh_buf_free(&html);
    zh_buf_free(&pdf);
    return rc == ZH_OK ? write_manifest(m, report) : rc;
}

zh_rc zh_report_build(zh_ctx *ctx, const zh_report_options *options, zh_report *out)
{
    maker m = {.ctx = *ctx, .o = options};
    m.ctx.arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_rc rc = read_declaration(&m);
    m.as_of = options->as_of;
    if (rc == ZH_OK && options->publish && m.as_of == ZH_AS_OF_NOW) {
        rc = zh_publish_size(ctx->core, &m.as_of, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = compose_in_snapshot(&m);
    }
    if (rc == ZH_OK && options->publish) {
        rc = zh_report_annex(&m.ctx, &m.made, zh_yaml_text(m.declared, "id"), &m.published);
    }
    if (rc == ZH_OK) {
        zh_str id = zh_yaml_text(m.declared, "id");
        *out = (zh_report){
            .id = zh_str_dup(ctx->arena, id),
            .title = zh_str_dup(ctx->arena, m.made.doc.title),
            .subtitle = zh_str_dup(ctx->arena, m.made.doc.subtitle),
            .english = options->english,
            .html = file_name(ctx->arena, id, options->english, "html"),
            .pdf = file_name(ctx->arena, id, options->english, "pdf"),
            .position = m.made.position,
            .missing = m.made.missing,
            .published = (int64_t)m.published,
            .stamp = zh_str_dup(ctx->arena, m.made.show.stamp),
            .base = zh_str_dup(ctx->arena, m.made.show.base),
            .base_local = m.made.show.base_local,
        };
        rc = write_report(&m, out);
    }
    zh_arena_free(m.ctx.arena);
    return rc;
}

/* ---- listing
 * ---------------------------------------------------------------------------------------- */

static int64_t number_of(const zh_json *object, const char *name)
{
    int64_t n = 0;
    const zh_json *value = zh_json_get(object, name);
    return value != NULL && zh_json_i64(value, &n) == ZH_OK ? n : 0;
}

static bool read_manifest(zh_arena *arena, const char *dir, zh_str name, zh_report *out)
{
    zh_err ignored;
    zh_str text;
    zh_json *json = NULL;
    const char *path = zh_str_fmt(arena, "%s/%.*s", dir, ZH_FMT(name)).p;
    if (zh_file_read(arena, path, MANIFEST_MAX, &text, &ignored) != ZH_OK ||
        zh_json_parse(arena, text, &json, &ignored) != ZH_OK) {
        return false;
    }
    zh_str id = zh_str_dup(arena, zh_json_str(zh_json_get(json, "id"), ZH_STR("")));
    bool english = zh_str_is(zh_json_str(zh_json_get(json, "lang"), ZH_STR("")), "en");
    *out = (zh_report){
        .id = id,
        .title = zh_json_str(zh_json_get(json, "title"), ZH_STR("")),
        .subtitle = zh_json_str(zh_json_get(json, "subtitle"), ZH_STR("")),
        .stamp = zh_json_str(zh_json_get(json, "stamp"), ZH_STR("")),
        .english = english,
        .html = file_name(arena, id, english, "html"),
        .pdf = file_name(arena, id, english, "pdf"),
        .position = number_of(json, "position"),
        .pages = number_of(json, "pages"),
        .missing = number_of(json, "missing"),
        .published = number_of(json, "published"),
        .html_bytes = number_of(json, "html_bytes"),
        .pdf_bytes = number_of(json, "pdf_bytes"),
    };
    return good_id(id) && zh_path_exists(zh_str_fmt(arena, "%s/%.*s", dir, ZH_FMT(out->html)).p);
}

zh_rc zh_report_list(zh_arena *arena, const char *dir, zh_report **out, size_t *n, zh_err *err)
{
    zh_str *names = NULL;
    size_t nnames = 0;
    *out = NULL;
    *n = 0;
    if (dir == NULL || !zh_path_is_dir(dir)) {
        return ZH_OK;
    }
    zh_rc rc = zh_dir_list(arena, dir, &names, &nnames, err);
    *out = ZH_NEW_N(arena, zh_report, ZH_REPORTS_MAX);
    for (size_t i = 0; i < nnames && rc == ZH_OK && *n < ZH_REPORTS_MAX; i++) {
        if (zh_str_ends(names[i], ZH_STR(".json"))) {
            *n += read_manifest(arena, dir, names[i], &(*out)[*n]);
        }
    }
    return rc;
}
