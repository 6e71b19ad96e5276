/* Building reports; see report.h. */
#include "app/report/report.h"
#include "app/report/show.h"
#include "app/words.h"
#include "base/embedded.h"
#include "base/json.h"
#include "base/os.h"
#include "core/publish.h"
#include "core/record.h"
#include "fmt/qr.h"
#include <inttypes.h>
#include <string.h>

enum { COVER_MAX = 20, MANIFEST_MAX = 64 << 10, ID_MAX = 60 };

static const char built_in[] = "packs/demo/data/report.yaml";

typedef struct maker {
    zh_ctx ctx; /* with the arena of this report */
    const zh_report_options *o;
    const zh_yaml *declared;
    zh_asks asks;
    zh_show show;
    ZH_VEC(zh_doc_block) blocks;
    size_t chapters, sections, findings, figures, tables, published;
    int64_t as_of;
    int64_t missing, position;
    zh_doc doc;
} maker;

/* ---- blocks
 * ----------------------------------------------------------------------------------------- */

static void push(maker *m, zh_doc_block block)
{
    zh_vec_push(m->ctx.arena, &m->blocks, block);
}

/* A sentence, or what stands for it when something is missing. */
static zh_rc say(maker *m, const zh_yaml *item, const zh_yaml *sentence, zh_doc_text *out)
{
    zh_said said;
    const zh_yaml *otherwise = zh_yaml_get(item, "otherwise");
    zh_rc rc = zh_report_say(&m->ctx, &m->asks, sentence, &said);
    if (rc != ZH_OK || said.missing.n == 0) {
        *out = said.text;
        return rc;
    }
    m->missing++;
    if (otherwise != NULL) {
        rc = zh_report_say(&m->ctx, &m->asks, otherwise, &said);
        *out = said.text;
        return rc;
    }
    *out =
        (zh_doc_text){.text = zh_str_fmt(m->ctx.arena, "数据未到：%.*s。", ZH_FMT(said.missing))};
    return ZH_OK;
}

static zh_rc add_heading(maker *m, const zh_yaml *item, const zh_yaml *title)
{
    bool top = zh_str_is(title->key, "chapter");
    bool plain = zh_str_is(zh_yaml_text(item, "plain"), "true");
    zh_doc_block block = {.kind = top ? ZH_DOC_CHAPTER : ZH_DOC_SECTION,
                          .text = {.text = title->text}};
    if (top && !plain) {
        m->chapters++;
        m->sections = 0;
        block.number = zh_str_fmt(m->ctx.arena, "%zu", m->chapters);
    } else if (!top && !plain) {
        m->sections++;
        block.number = zh_str_fmt(m->ctx.arena, "%zu.%zu", m->chapters, m->sections);
    }
    block.name = zh_str_fmt(m->ctx.arena, "c-%zu", m->blocks.n + 1);
    push(m, block);
    return ZH_OK;
}

static zh_rc add_sentence(maker *m, const zh_yaml *item, const zh_yaml *sentence)
{
    static const char *const numerals[] = {"一", "二", "三", "四", "五",
                                           "六", "七", "八", "九", "十"};
    zh_doc_block block = {.kind = ZH_DOC_PARAGRAPH};
    if (zh_str_is(sentence->key, "finding")) {
        block.kind = ZH_DOC_FINDING;
        block.number = m->findings < ZH_COUNTOF(numerals)
                           ? zh_str_of(numerals[m->findings])
                           : zh_str_fmt(m->ctx.arena, "%zu", m->findings + 1);
        m->findings++;
    } else if (zh_str_is(sentence->key, "note")) {
        block.kind = ZH_DOC_NOTE;
    }
    zh_rc rc = say(m, item, sentence, &block.text);
    push(m, block);
    return rc;
}

static zh_rc add_list(maker *m, const zh_yaml *item, const zh_yaml *list)
{
    zh_doc_text *items = ZH_NEW_N(m->ctx.arena, zh_doc_text, ZH_DOC_ITEMS_MAX + 1);
    zh_doc_block block = {.kind = ZH_DOC_LIST, .items = items};
    zh_rc rc = ZH_OK;
    for (const zh_yaml *one = list->first; one != NULL && rc == ZH_OK; one = one->next) {
        if (block.nitems == ZH_DOC_ITEMS_MAX) {
            return zh_show_refuse(&m->show, one, "report.list", "列表太长：", one->text);
        }
        rc = say(m, item, one, &items[block.nitems++]);
    }
    push(m, block);
    return rc;
}

static zh_rc add_shown(maker *m, const zh_yaml *item, const zh_yaml *kind)
{
    zh_doc_block block = {.kind = ZH_DOC_FIGURE};
    const zh_yaml *title = zh_yaml_get(item, "title");
    bool figure = zh_str_is(kind->key, "figure");
    size_t *number = figure ? &m->figures : &m->tables;
    zh_doc_text what;
    zh_doc_text read;
    zh_rc rc = title != NULL
                   ? say(m, item, title, &block.text)
                   : zh_show_refuse(&m->show, item, "report.title", "图表没有题目：", kind->text);
    if (rc == ZH_OK) {
        rc = zh_report_say_key(&m->ctx, &m->asks, item, "what", &what);
    }
    if (rc == ZH_OK) {
        rc = zh_report_say_key(&m->ctx, &m->asks, item, "read", &read);
    }
    if (rc == ZH_OK) {
        rc =
            figure ? zh_show_figure(&m->show, item, &block) : zh_show_table(&m->show, item, &block);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    block.what = what.text;
    block.read = read.text;
    bool nothing = figure ? block.draw == NULL : block.table.nrows == 0;
    if (nothing) {
        m->missing++;
        zh_str note = zh_str_fmt(m->ctx.arena, "数据未到，没有图表：%.*s", ZH_FMT(what.text));
        push(m, (zh_doc_block){.kind = ZH_DOC_NOTE, .text = {.text = note}});
        return ZH_OK;
    }
    block.number = zh_str_fmt(m->ctx.arena, "%s %zu", figure ? "图" : "表", ++*number);
    push(m, block);
    return ZH_OK;
}

static zh_rc add_mark(maker *m, const zh_yaml *item, const zh_yaml *mark)
{
    (void)item;
    push(m, (zh_doc_block){.kind = zh_str_is(mark->key, "page") ? ZH_DOC_PAGE : ZH_DOC_CONTENTS});
    return ZH_OK;
}

static zh_rc add_item(maker *m, const zh_yaml *item)
{
    static const struct {
        const char *key;
        zh_rc (*add)(maker *m, const zh_yaml *item, const zh_yaml *value);
    } kinds[] = {
        {"chapter", add_heading}, {"section", add_heading},  {"contents", add_mark},
        {"page", add_mark},       {"finding", add_sentence}, {"say", add_sentence},
        {"note", add_sentence},   {"list", add_list},        {"figure", add_shown},
        {"table", add_shown},
    };
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        const zh_yaml *value = zh_yaml_get(item, kinds[i].key);
        if (value != NULL) {
            return kinds[i].add(m, item, value);
        }
    }
    return zh_show_refuse(&m->show, item, "report.body", "不认识的内容", ZH_STR("body"));
}

/* ---- the document
 * ----------------------------------------------------------------------------------- */

static zh_rc add_cover(maker *m)
{
    const zh_yaml *lines = zh_yaml_get(m->declared, "cover");
    zh_str *cover = ZH_NEW_N(m->ctx.arena, zh_str, COVER_MAX);
    zh_rc rc = ZH_OK;
    for (const zh_yaml *l = lines != NULL ? lines->first : NULL;
         l != NULL && rc == ZH_OK && m->doc.ncover < COVER_MAX; l = l->next) {
        zh_doc_text text;
        rc = say(m, l, l, &text);
        cover[m->doc.ncover++] = text.text;
    }
    m->doc.cover = cover;
    return rc;
}

static zh_rc compose(maker *m, zh_conn *conn)
{
    zh_time at = 0;
    zh_ctx *ctx = &m->ctx;
    m->position = m->as_of;
    zh_rc rc = m->position < 0 ? zh_log_size(conn, &m->position, ctx->err) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_log_time(conn, m->position, &at, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_report_ask(ctx, conn, m->declared, m->as_of, &m->asks);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    m->show = (zh_show){
        .ctx = ctx,
        .asks = &m->asks,
        .stamp = zh_str_fmt(ctx->arena, "截至 账本 #%.*s　%.*s",
                            ZH_FMT(zh_words_count(ctx->arena, m->position)),
                            ZH_FMT(zh_words_time(ctx->arena, at))),
        .base = zh_str_of(m->o->base != NULL ? m->o->base : ZH_REPORT_BASE),
    };
    m->doc = (zh_doc){.title = zh_yaml_text(m->declared, "title"),
                      .subtitle = zh_yaml_text(m->declared, "subtitle"),
                      .author = zh_yaml_text(m->declared, "author"),
                      .subject = zh_yaml_text(m->declared, "subject"),
                      .stamp = m->show.stamp,
                      .created = at};
    rc = add_cover(m);
    const zh_yaml *body = zh_yaml_get(m->declared, "body");
    for (const zh_yaml *item = body != NULL ? body->first : NULL; item != NULL && rc == ZH_OK;
         item = item->next) {
        rc = add_item(m, item);
    }
    m->doc.blocks = m->blocks.p;
    m->doc.n = m->blocks.n;
    return rc;
}

/* ---- published figures
 * ------------------------------------------------------------------------------ */

enum { ANNEX_COLUMNS = 4, QR_UNITS = 60 };

static zh_rc annex_row(maker *m, const zh_published *p, zh_doc_cell *cells)
{
    zh_arena *arena = m->ctx.arena;
    zh_str url = zh_str_fmt(arena, "%.*s/figures/%" PRId64, ZH_FMT(m->show.base), p->id);
    zh_str where =
        zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(zh_report_region(m->ctx.model, p->region)),
                   p->region.n > 0 && p->period.n > 0 ? "，" : "", ZH_FMT(p->period));
    zh_str what =
        where.n > 0 ? zh_str_fmt(arena, "%.*s（%.*s）", ZH_FMT(p->title), ZH_FMT(where)) : p->title;
    cells[0] = (zh_doc_cell){.text = what};
    cells[1] = (zh_doc_cell){.text = zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(p->value),
                                                ZH_FMT(zh_words_unit(m->ctx.model, p->unit)))};
    cells[2] = (zh_doc_cell){.text = zh_str_fmt(arena, "%" PRId64, p->id), .href = url};
    return zh_qr_draw(arena, url, QR_UNITS, zh_str_fmt(arena, "二维码：%.*s", ZH_FMT(url)),
                      &cells[3].draw, m->ctx.err);
}

static zh_rc add_annex(maker *m, const zh_published *list, size_t n)
{
    static const zh_doc_column columns[ANNEX_COLUMNS] = {{.label = {"数字", 6}},
                                                         {.label = {"数值", 6}, .number = true},
                                                         {.label = {"编号", 6}},
                                                         {.label = {"二维码", 9}}};
    zh_arena *arena = m->ctx.arena;
    zh_doc_cell *cells = ZH_NEW_N(arena, zh_doc_cell, ANNEX_COLUMNS * n + 1);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = annex_row(m, &list[i], &cells[ANNEX_COLUMNS * i]);
    }
    push(m, (zh_doc_block){.kind = ZH_DOC_PAGE});
    push(m, (zh_doc_block){.kind = ZH_DOC_CHAPTER,
                           .number = zh_str_fmt(arena, "%zu", ++m->chapters),
                           .text = {.text = ZH_STR("已发布的数字")},
                           .name = ZH_STR("published")});
    push(m,
         (zh_doc_block){
             .kind = ZH_DOC_TABLE,
             .number = zh_str_fmt(arena, "表 %zu", ++m->tables),
             .text = {.text = zh_str_fmt(arena, "文中 %zu 个数字已记入存证日志，可以打开到逐条记录",
                                         n)},
             .what = ZH_STR("编号是已发布数字的编号，二维码通向它的页面"),
             .read = ZH_STR(
                 "打开一个数字：看它由哪些记录得出、没有计入的有哪些和为什么，下载证明，在别的"
                 "机器上用 zhiheng-verify 核对。以后的更正不改变这里的数字。"),
             .source = m->show.stamp,
             .table = {.columns = columns, .ncolumns = ANNEX_COLUMNS, .cells = cells, .nrows = n}});
    m->doc.blocks = m->blocks.p;
    m->doc.n = m->blocks.n;
    return rc;
}

/* After the snapshot has been given back: publishing writes. */
static zh_rc publish_figures(maker *m)
{
    zh_published *list = ZH_NEW_N(m->ctx.arena, zh_published, m->asks.n + 1);
    size_t n = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < m->asks.n && rc == ZH_OK; i++) {
        const zh_ask *ask = &m->asks.list[i];
        if (!ask->used || ask->query == NULL || ask->nrows == 0 || !ask->rows[0].figure.has_value) {
            continue;
        }
        zh_publish_ask asked = {.query = *ask->query,
                                .title = ask->title,
                                .publication = zh_yaml_text(m->declared, "id")};
        asked.query.as_of = m->position;
        rc = zh_publish(&m->ctx, &asked, &list[n]);
        n += rc == ZH_OK;
    }
    m->published = n;
    return rc == ZH_OK && n > 0 ? add_annex(m, list, n) : rc;
}

static zh_rc compose_in_snapshot(maker *m)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(m->ctx.core), &conn, m->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(conn, m->ctx.err);
    }
    if (rc == ZH_OK) {
        rc = compose(m, conn);
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

static zh_rc write_manifest(maker *m, const zh_report *report)
{
    zh_buf out;
    zh_jw w;
    zh_buf_init(&out, MANIFEST_MAX);
    zh_jw_init(&w, &out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "id", report->id);
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
    zh_rc rc = write_file(m, zh_str_fmt(m->ctx.arena, "%.*s.json", ZH_FMT(report->id)), &out);
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
    zh_rc rc = zh_doc_html(&m->doc, style_of(m->ctx.arena), &html, m->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_doc_pdf(m->ctx.arena, &m->doc, &pdf, &pages, m->ctx.err);
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
        rc = publish_figures(&m);
    }
    if (rc == ZH_OK) {
        zh_str id = zh_yaml_text(m.declared, "id");
        *out = (zh_report){
            .id = zh_str_dup(ctx->arena, id),
            .title = zh_str_dup(ctx->arena, m.doc.title),
            .subtitle = zh_str_dup(ctx->arena, m.doc.subtitle),
            .html = zh_str_fmt(ctx->arena, "%.*s.html", ZH_FMT(id)),
            .pdf = zh_str_fmt(ctx->arena, "%.*s.pdf", ZH_FMT(id)),
            .position = m.position,
            .missing = m.missing,
            .published = (int64_t)m.published,
            .stamp = zh_str_dup(ctx->arena, m.show.stamp),
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
    *out = (zh_report){
        .id = id,
        .title = zh_json_str(zh_json_get(json, "title"), ZH_STR("")),
        .subtitle = zh_json_str(zh_json_get(json, "subtitle"), ZH_STR("")),
        .stamp = zh_json_str(zh_json_get(json, "stamp"), ZH_STR("")),
        .html = zh_str_fmt(arena, "%.*s.html", ZH_FMT(id)),
        .pdf = zh_str_fmt(arena, "%.*s.pdf", ZH_FMT(id)),
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
