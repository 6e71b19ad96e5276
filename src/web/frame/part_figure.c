/* Figures: furniture, the beam, a figure's value. */
#include "fmt/svg.h"
#include "web/frame/part.h"
#include <math.h>

enum { BEAM_WIDTH = 220, SPARK_WIDTH = 96, SVG_BYTES_MAX = 4 << 20 };

void zh_part_figure_open(zh_ui *ui, const zh_fig_head *head)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "figure",
                 head->css != NULL ? zh_str_fmt(ui->arena, "fig sec %s", head->css).p : "fig sec");
    if (head->id != NULL) {
        zh_html_attr_z(h, "id", head->id);
    }
    zh_html_open(h, "figcaption", NULL);
    zh_html_leaf_value(h, "h2", NULL, head->title);
    if (head->what.n > 0) {
        zh_html_leaf(h, "p", "what", head->what);
    }
    zh_html_close(h);
    zh_html_open(h, "div", "scroll");
}

void zh_part_figure_close(zh_ui *ui, const zh_fig_foot *foot)
{
    zh_html_close(&ui->html); /* the drawing */
    zh_part_furniture(ui, foot);
    zh_html_close(&ui->html);
}

void zh_part_furniture(zh_ui *ui, const zh_fig_foot *foot)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "furn");
    if (foot->read.n > 0) {
        zh_html_leaf(h, "span", "read", foot->read);
    }
    if (foot->source.n > 0) {
        zh_html_leaf_value(h, "span", NULL, ZH_SAY(ui, ZH_T_FIG_SOURCE, foot->source));
    }
    if (foot->n.n > 0) {
        zh_html_leaf(h, "span", NULL, foot->n);
    }
    zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_FIG_AS_OF, zh_ui_count(ui, ui->log_size)));
    zh_part_seal(ui, zh_part_sealed_all(ui, ui->log_size));
    zh_html_open(h, "span", "dl");
    if (foot->table_url.n > 0) {
        zh_html_a(h, NULL, foot->table_url, zh_ui_text(ui, ZH_T_FIG_TABLE));
    }
    for (size_t i = 0; i < foot->ndownloads; i++) {
        zh_html_open(h, "a", NULL);
        zh_html_link(h, "href", foot->downloads[i].url);
        zh_html_flag(h, "download");
        zh_html_text(h, foot->downloads[i].label);
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

/* ---- drawings
 * ------------------------------------------------------------------------------------------- */

static zh_str reading_words(zh_ui *ui, const zh_reading *r)
{
    zh_str words = ZH_STR("");
    const struct {
        zh_text_id name;
        zh_opt v;
    } parts[] = {{ZH_T_VALUE, r->value}, {ZH_T_TARGET, r->target}, {ZH_T_REFERENCE, r->compare}};
    for (size_t i = 0; i < ZH_COUNTOF(parts); i++) {
        if (parts[i].v.is) {
            words = zh_str_fmt(ui->arena, "%.*s%s%.*s %.6g", ZH_FMT(words), words.n > 0 ? " " : "",
                               ZH_FMT(zh_ui_text(ui, parts[i].name)), parts[i].v.v);
        }
    }
    return words.n > 0 ? words : zh_ui_text(ui, ZH_T_NIL_NONE);
}

double zh_beam_end(double v, bool percent)
{
    static const double steps[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
    double power = v > 0 ? pow(10, floor(log10(v))) : 1;
    double end = 10 * power;
    for (size_t i = ZH_COUNTOF(steps); i-- > 0;) {
        end = steps[i] * power >= v * 1.02 ? steps[i] * power : end;
    }
    return percent && v <= 100 && end > 100 ? 100 : end;
}

void zh_part_drawing(zh_ui *ui, const zh_draw *list, zh_str id)
{
    zh_buf svg;
    zh_err ignored = {0};
    zh_buf_init(&svg, SVG_BYTES_MAX);
    if (list != NULL && zh_svg_write(list, &(zh_svg_options){.id = id}, &svg, &ignored) == ZH_OK) {
        zh_html_svg(&ui->html, zh_buf_view(&svg));
    } else {
        zh_part_nil(ui, ZH_NIL_NONE, ZH_STR(""));
    }
    zh_buf_free(&svg);
}

void zh_part_drawing_both(zh_ui *ui, const zh_draw *wide, const zh_draw *narrow, zh_str id)
{
    zh_html_open(&ui->html, "div", "hide-s");
    zh_part_drawing(ui, wide, zh_str_fmt(ui->arena, "%.*s-w", ZH_FMT(id)));
    zh_html_close(&ui->html);
    zh_html_open(&ui->html, "div", "only-s");
    zh_part_drawing(ui, narrow, zh_str_fmt(ui->arena, "%.*s-n", ZH_FMT(id)));
    zh_html_close(&ui->html);
}

/* Where it stands in the page makes an id that no other drawing has. */
static void in_row(zh_ui *ui, const char *css, const zh_draw *list)
{
    zh_html_open(&ui->html, "span", css);
    zh_part_drawing(ui, list, zh_str_fmt(ui->arena, "m%zu", ui->html.out->n));
    zh_html_close(&ui->html);
}

void zh_part_beam(zh_ui *ui, double min, double max, const zh_reading *reading)
{
    zh_beam beam = {.reading = *reading};
    zh_draw *list = NULL;
    zh_err ignored = {0};
    if (reading->title.n == 0) {
        beam.reading.title = reading_words(ui, reading);
    }
    if (zh_axis_fixed(min, max, 2, &beam.axis) != ZH_OK ||
        zh_chart_beam(ui->arena, &beam, BEAM_WIDTH, &list, &ignored) != ZH_OK) {
        list = NULL;
    }
    in_row(ui, "beam", list);
}

void zh_part_spark(zh_ui *ui, const zh_opt *values, size_t n, zh_str title)
{
    zh_spark spark = {.values = values, .n = n, .title = title};
    zh_draw *list = NULL;
    zh_err ignored = {0};
    if (zh_chart_spark(ui->arena, &spark, SPARK_WIDTH, &list, &ignored) != ZH_OK) {
        list = NULL;
    }
    in_row(ui, "spark", list);
}

/* ---- a figure's value
 * ------------------------------------------------------------------------------- */

static zh_nil nil_of(zh_figure_status status)
{
    switch (status) {
    case ZH_FIG_SMALL_N: return ZH_NIL_FEW;
    case ZH_FIG_NO_DENOMINATOR: return ZH_NIL_SKIP;
    case ZH_FIG_HIDDEN: return ZH_NIL_HIDDEN;
    case ZH_FIG_OK:
    case ZH_FIG_MIXED_BASIS:
    case ZH_FIG_NO_DATA: break;
    }
    return ZH_NIL_NONE;
}

void zh_part_figure_value(zh_ui *ui, const zh_figure *figure, zh_str url)
{
    if (!figure->has_value) {
        zh_part_nil(ui, nil_of(figure->status), ZH_STR(""));
        return;
    }
    zh_part_number(ui, figure->shown, zh_ui_unit(ui, figure->indicator->unit), url);
    if (figure->has_interval) {
        zh_html_z(&ui->html, " ");
        zh_part_interval(ui, figure->interval_shown);
    }
    if (figure->status == ZH_FIG_SMALL_N) {
        zh_html_z(&ui->html, " ");
        zh_part_nil(ui, ZH_NIL_FEW, ZH_STR(""));
    }
}
