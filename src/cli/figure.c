/* Figures for people and programs. */
#include "cli/figure.h"
#include "cli/print.h"
#include <inttypes.h>

const char *zh_figure_status_zh(zh_figure_status status)
{
    switch (status) {
    case ZH_FIG_OK: return "有值";
    case ZH_FIG_NO_DATA: return "数据未到";
    case ZH_FIG_SMALL_N: return "样本不足";
    case ZH_FIG_NO_DENOMINATOR: return "没有分母";
    case ZH_FIG_HIDDEN: return "已隐去";
    case ZH_FIG_MIXED_BASIS: break;
    }
    return "混合样本";
}

static zh_str region_name(zh_session *s, zh_str code)
{
    const zh_codes *regions = zh_model_codes(s->ctx.model, ZH_STR("region"));
    const zh_code *found = regions != NULL ? zh_code_find(regions, code, INT32_MIN) : NULL;
    return found != NULL ? found->label.zh : code;
}

static zh_str period(zh_session *s, const zh_figure *f)
{
    return f->first == 0 && f->last == 0 ? ZH_STR("全部")
                                         : zh_period_format(s->cli->arena, f->first, f->last);
}

static void put_line(zh_buf *out, const char *name, zh_str text)
{
    if (text.n > 0) {
        zh_buf_fmt(out, "  %s：%.*s\n", name, ZH_FMT(text));
    }
}

void zh_figure_print(zh_session *s, const zh_figure *f, zh_buf *out)
{
    const zh_indicator *i = f->indicator;
    zh_arena *arena = s->cli->arena;
    zh_buf_fmt(out, "%.*s  ", ZH_FMT(i->label.zh));
    if (f->has_value) {
        zh_buf_fmt(out, "%.*s%s%.*s", ZH_FMT(f->shown), zh_str_is(i->unit, "%") ? "" : " ",
                   ZH_FMT(i->unit));
        if (f->has_interval) {
            zh_buf_fmt(out, "（%.*s）", ZH_FMT(f->interval_shown));
        }
    }
    if (!f->has_value || f->status != ZH_FIG_OK) {
        zh_buf_fmt(out, "%s[%s]", f->has_value ? " " : "", zh_figure_status_zh(f->status));
    }
    zh_buf_c(out, '\n');
    put_line(out, "指标", i->id);
    put_line(out, "定义", i->definition.zh);
    put_line(out, "分子", f->num);
    put_line(out, "分母", f->den);
    put_line(out, "n", zh_text_count(arena, f->n));
    put_line(out, "方法", f->method);
    put_line(out, "地区",
             f->region.n > 0 ? zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(f->region),
                                          ZH_FMT(region_name(s, f->region)))
                             : ZH_STR("全部"));
    put_line(out, "期间", period(s, f));
    put_line(out, "说明", f->note.zh);
    put_line(out, "来源", f->sources);
    put_line(out, "算式", f->formula);
    put_line(out, "取自", f->cube.n > 0 ? f->cube : ZH_STR("逐条重新计数"));
    put_line(out, "截至", zh_text_time(arena, f->as_of));
    put_line(out, "账本", zh_str_fmt(arena, "%" PRId64 " 条", f->log_size));
}

static void put_text(zh_jw *w, const char *name, zh_str text)
{
    zh_jw_key(w, name);
    if (text.n > 0) {
        zh_jw_str(w, text);
    } else {
        zh_jw_null(w);
    }
}

static void put_date(zh_jw *w, const char *name, zh_date date, bool known)
{
    char text[16];
    if (known) {
        zh_date_format(date, text);
    }
    zh_jw_kz(w, name, known ? text : NULL);
}

void zh_figure_json(zh_jw *w, const zh_figure *f)
{
    const zh_indicator *i = f->indicator;
    bool bounded = f->first != 0 || f->last != 0;
    char as_of[40];
    zh_jw_kv(w, "indicator", i->id);
    zh_jw_kv(w, "label", i->label.zh);
    zh_jw_kz(w, "status", zh_figure_status_id(f->status));
    put_text(w, "value", f->has_value ? f->shown : ZH_STR_NONE);
    zh_jw_kv(w, "unit", i->unit);
    put_text(w, "num", f->num);
    put_text(w, "den", f->den);
    zh_jw_ki(w, "n", f->n);
    zh_jw_key(w, "interval");
    if (f->has_interval) {
        zh_jw_object(w);
        zh_jw_key(w, "low");
        zh_jw_double(w, f->low);
        zh_jw_key(w, "high");
        zh_jw_double(w, f->high);
        zh_jw_kv(w, "shown", f->interval_shown);
        zh_jw_object_end(w);
    } else {
        zh_jw_null(w);
    }
    put_text(w, "method", f->method);
    put_text(w, "region", f->region);
    put_date(w, "first", f->first, bounded);
    put_date(w, "last", f->last, bounded);
    put_text(w, "note", f->note.zh);
    put_text(w, "sources", f->sources);
    put_text(w, "formula", f->formula);
    put_text(w, "cube", f->cube);
    zh_time_format(f->as_of, as_of);
    zh_jw_kz(w, "as_of", f->as_of != 0 ? as_of : NULL);
    zh_jw_ki(w, "log_size", f->log_size);
    zh_jw_kv(w, "model", f->model_digest);
}
