/* Figures: furniture, the beam, a figure's value. */
#include "web/part.h"
#include <inttypes.h>
#include <math.h>

void zh_part_figure_open(zh_ui *ui, const zh_fig_head *head)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "figure", "fig sec");
    if (head->id != NULL) {
        zh_html_attr_z(h, "id", head->id);
    }
    zh_html_open(h, "figcaption", NULL);
    zh_html_leaf(h, "h2", NULL, head->title);
    if (head->what.n > 0) {
        zh_html_leaf(h, "p", "what", head->what);
    }
    zh_html_close(h);
    zh_html_open(h, "div", "scroll");
}

void zh_part_figure_close(zh_ui *ui, const zh_fig_foot *foot)
{
    zh_html *h = &ui->html;
    zh_html_close(h); /* the drawing */
    zh_html_open(h, "div", "furn");
    if (foot->read.n > 0) {
        zh_html_leaf(h, "span", "read", foot->read);
    }
    if (foot->source.n > 0) {
        zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_FIG_SOURCE, foot->source));
    }
    if (foot->n.n > 0) {
        zh_html_leaf(h, "span", NULL, foot->n);
    }
    zh_html_leaf(h, "span", NULL, ZH_SAY(ui, ZH_T_FIG_AS_OF, zh_ui_count(ui, ui->log_size)));
    zh_part_seal(ui, ZH_SEAL_WAIT);
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
    zh_html_close(h);
}

/* ---- beam
 * ------------------------------------------------------------------------------------------- */

static double percent(const zh_beam *beam, double v)
{
    return 100 * (v - beam->min) / (beam->max - beam->min);
}

static double clipped(const zh_beam *beam, double v)
{
    double p = percent(beam, v);
    return p < 0 ? 0 : p > 100 ? 100 : p;
}

static bool on_scale(const zh_beam *beam, double v)
{
    return v >= beam->min && v <= beam->max;
}

static void line(zh_html *h, const char *css, double x, const char *y1, const char *y2)
{
    zh_html_open(h, "line", css);
    zh_html_attr_f(h, "x1", "%.2f%%", x);
    zh_html_attr_f(h, "x2", "%.2f%%", x);
    zh_html_attr_z(h, "y1", y1);
    zh_html_attr_z(h, "y2", y2);
}

static void scale(zh_html *h)
{
    zh_html_open(h, "line", "b-ax");
    zh_html_attr_z(h, "x1", "0");
    zh_html_attr_z(h, "x2", "100%");
    zh_html_attr_z(h, "y1", "9");
    zh_html_attr_z(h, "y2", "9");
    for (int i = 0; i <= 10; i++) {
        line(h, "b-ax", 10.0 * i, i == 10 ? "3" : "6.5", i == 10 ? "15" : "11.5");
    }
}

static zh_str beam_words(zh_ui *ui, const zh_beam *beam)
{
    if (beam->label.n > 0) {
        return beam->label;
    }
    zh_str words = ZH_STR("");
    const struct {
        bool has;
        zh_text_id name;
        double v;
    } parts[] = {{beam->has_value, ZH_T_VALUE, beam->value},
                 {beam->has_target, ZH_T_TARGET, beam->target},
                 {beam->has_reference, ZH_T_REFERENCE, beam->reference}};
    for (size_t i = 0; i < ZH_COUNTOF(parts); i++) {
        if (parts[i].has) {
            words = zh_str_fmt(ui->arena, "%.*s%s%.*s %.6g", ZH_FMT(words), words.n > 0 ? " " : "",
                               ZH_FMT(zh_ui_text(ui, parts[i].name)), parts[i].v);
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

/* Lengths are percentages of the width, so that the drawing stretches and its marks do not. */
void zh_part_beam(zh_ui *ui, const zh_beam *beam)
{
    zh_html *h = &ui->html;
    bool drawn = beam->has_value && beam->max > beam->min;
    zh_html_open(h, "svg", !drawn ? "beam none" : beam->few ? "beam few" : "beam");
    zh_html_attr_z(h, "role", "img");
    zh_html_attr(h, "aria-label", beam_words(ui, beam));
    if (!drawn) {
        zh_html_close(h);
        return;
    }
    scale(h);
    if (beam->has_interval) {
        double low = clipped(beam, beam->low);
        zh_html_open(h, "rect", "b-ci");
        zh_html_attr_f(h, "x", "%.2f%%", low);
        zh_html_attr_z(h, "y", "5");
        zh_html_attr_f(h, "width", "%.2f%%", clipped(beam, beam->high) - low);
        zh_html_attr_z(h, "height", "8");
    }
    if (beam->has_target && on_scale(beam, beam->target)) {
        line(h, "b-tg", percent(beam, beam->target), "0", "18");
        zh_html_open(h, "svg", "b-w");
        zh_html_attr_f(h, "x", "%.2f%%", percent(beam, beam->target));
        zh_html_open(h, "path", "b-wt");
        zh_html_attr_z(h, "d", "M0 12l4 6h-8z");
        zh_html_close(h);
        zh_html_close(h);
    }
    if (beam->has_reference && on_scale(beam, beam->reference)) {
        zh_html_open(h, "circle", "b-rf");
        zh_html_attr_f(h, "cx", "%.2f%%", percent(beam, beam->reference));
        zh_html_attr_z(h, "cy", "9");
        zh_html_attr_z(h, "r", "4");
    }
    if (on_scale(beam, beam->value)) {
        if (beam->few) {
            zh_html_open(h, "circle", "b-fw");
            zh_html_attr_f(h, "cx", "%.2f%%", percent(beam, beam->value));
            zh_html_attr_z(h, "cy", "9");
            zh_html_attr_z(h, "r", "3.5");
        } else {
            line(h, "b-pt", percent(beam, beam->value), "2.5", "15.5");
        }
    }
    zh_html_close(h);
}

/* ---- a figure's value
 * ------------------------------------------------------------------------------- */

static zh_nil nil_of(zh_figure_status status)
{
    switch (status) {
    case ZH_FIG_SMALL_N: return ZH_NIL_FEW;
    case ZH_FIG_NO_DENOMINATOR: return ZH_NIL_SKIP;
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
