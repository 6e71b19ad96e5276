/* Seeking pages by their names and what people call them, and filters by their words. */
#include "base/utf8.h"
#include "core/read/permission.h"
#include "web/record/go_seek.h"
#include <string.h>

enum { WORDS_MAX = 6, REST_MAX = 2, YEAR_FIRST = 1949, YEAR_LAST = 2099 };

/* ---- pages ----------------------------------------------------------------------------------- */

static const struct {
    zh_text_id text;
    const char *url;
    const char *also; /* what it is called besides, separated by blanks */
    bool own;         /* of people with posts */
} pages[] = {
    {ZH_T_NAV_DESK, "/desk", "待办 工作台 今天到期 超期 退回给我 我发起的 todo desk", true},
    {ZH_T_NOTICE_NAV, "/notices", "消息 提醒 收件箱 inbox", true},
    {ZH_T_NOTICE_SETTINGS, "/notices/settings", "邮件 汇总 webhook", true},
    {ZH_T_CALENDAR_NAV, "/calendar", "工作日历 节假日 调休 holidays", false},
    {ZH_T_CLOCKS_NAV, "/clocks", "时限口径 未核实 期限 依据", false},
    {ZH_T_NAV_BOARD, "/", "指标总览 看板 首页 仪表盘 dashboard", false},
    {ZH_T_NAV_TARGETS, "/targets", "目标进度 考核 纲要", false},
    {ZH_T_NAV_REGISTERS, "/registers", "台账 数据 记录 登记簿", false},
    {ZH_T_NAV_IMPORT, "/import", "上传 表格 excel csv 导入", false},
    {ZH_T_NAV_SIGNALS, "/signals", "预警 风险 探测 信号 alert", false},
    {ZH_T_NAV_MAP, "/map", "地图 区域 分布", false},
    {ZH_T_NAV_STUDY, "/studies", "研究 分析 专题", false},
    {ZH_T_NAV_REPORT, "/report", "报告 白皮书 简报", false},
    {ZH_T_NAV_SYSTEMS, "/systems", "机制 制度 体系", false},
    {ZH_T_NAV_TOOLS, "/tools", "工具 计算 统计 calculator", false},
    {ZH_T_NAV_LOOKUP, "/lookup", "查询码 编号 进度 投诉 我的反映 query code", false},
    {ZH_T_NAV_SOURCES, "/sources", "来源 许可 出处", false},
    {ZH_T_OBLIGATION_NAME, "/obligations", "填报 报送 应报 覆盖率", false},
};

void zh_go_pages(zh_go *go)
{
    zh_ui *ui = go->ui;
    for (size_t i = 0; i < ZH_COUNTOF(pages); i++) {
        zh_str rest = zh_str_of(pages[i].also);
        zh_str word;
        bool meant = zh_go_named(go, zh_text_of(ZH_LANG_ZH, pages[i].text)) ||
                     zh_go_named(go, zh_text_of(ZH_LANG_EN, pages[i].text));
        while (!meant && rest.n > 0 && zh_str_split(&rest, ' ', &word)) {
            meant = zh_go_named(go, word);
        }
        if (meant && (!pages[i].own || ui->session != NULL)) {
            zh_go_add(go, &go->pages, zh_ui_text(ui, pages[i].text), zh_str_of(pages[i].url),
                      ZH_STR(""));
        }
    }
}

/* ---- filters --------------------------------------------------------------------------------- */

typedef struct filter {
    zh_str where, words; /* as an expression; in words */
    zh_str rest;         /* words that are searched for */
    size_t n, nrest;
} filter;

static void add_part(zh_go *go, filter *f, zh_str where, zh_str words)
{
    zh_ui *ui = go->ui;
    f->where =
        f->n == 0 ? where : zh_str_fmt(ui->arena, "%.*s and %.*s", ZH_FMT(f->where), ZH_FMT(where));
    f->words = f->n == 0 ? words : ZH_SAY(ui, ZH_T_GO_FILTER_AND, f->words, words);
    f->n++;
}

static bool is_year(zh_go *go, filter *f, const zh_register *reg, zh_str word)
{
    zh_ui *ui = go->ui;
    zh_str digits =
        zh_str_ends(word, ZH_STR("年")) ? zh_str_sub(word, 0, word.n - strlen("年")) : word;
    int64_t year = 0;
    if (reg->event_time == NULL || zh_field_masked(&ui->ctx, reg->event_time) || digits.n != 4 ||
        zh_str_i64(digits, &year) != ZH_OK || year < YEAR_FIRST || year > YEAR_LAST) {
        return false;
    }
    zh_str id = reg->event_time->id;
    add_part(go, f,
             zh_str_fmt(ui->arena, "%.*s >= %d-01-01 and %.*s < %d-01-01", ZH_FMT(id), (int)year,
                        ZH_FMT(id), (int)year + 1),
             ZH_SAY(ui, ZH_T_GO_FILTER_YEAR, digits));
    return true;
}

static bool is_code(zh_go *go, filter *f, const zh_register *reg, zh_str word)
{
    zh_ui *ui = go->ui;
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        const zh_code *code = NULL;
        zh_err ignored = {0};
        char how = 0;
        if (field->type == ZH_TYPE_CODE && field->codes != NULL && !field->many_inline &&
            !zh_field_masked(&ui->ctx, field) &&
            zh_code_match(field->codes, ui->arena, word, zh_time_date(zh_now()), &code, &how,
                          &ignored) == ZH_OK &&
            code != NULL) {
            add_part(go, f,
                     zh_str_fmt(ui->arena, "%.*s %s '%.*s'", ZH_FMT(field->id),
                                code->leaf ? "=" : "within", ZH_FMT(code->code)),
                     ZH_SAY(ui, ZH_T_GO_FILTER_IS, zh_ui_label(ui, field->label),
                            zh_ui_label(ui, code->label)));
            return true;
        }
    }
    return false;
}

/* The register's own name says which register, not which records. */
static bool is_name(zh_go *go, const zh_register *reg, zh_str word)
{
    zh_str folded = ZH_STR_NONE;
    return zh_utf8_fold(go->ui->arena, word, &folded) == ZH_OK &&
           zh_str_find(reg->label.zh, folded) >= 0;
}

static void seek_register(zh_go *go, const zh_register *reg, const zh_str *words, size_t n)
{
    zh_ui *ui = go->ui;
    filter f = {.rest = ZH_STR("")};
    for (size_t i = 0; i < n; i++) {
        if (!is_year(go, &f, reg, words[i]) && !is_code(go, &f, reg, words[i]) &&
            !is_name(go, reg, words[i])) {
            f.rest = f.nrest == 0
                         ? words[i]
                         : zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(f.rest), ZH_FMT(words[i]));
            f.nrest++;
        }
    }
    if (f.n == 0 || f.nrest > REST_MAX) {
        return;
    }
    zh_str label = ZH_SAY(ui, ZH_T_GO_FILTER_AND, zh_ui_label(ui, reg->label), f.words);
    zh_go_add(
        go, &go->filters, f.nrest == 0 ? label : ZH_SAY(ui, ZH_T_GO_FILTER_AND, label, f.rest),
        zh_url_add(ui->arena, zh_url_register(ui->arena, reg->id, f.where, -1), "search", f.rest),
        ZH_STR(""));
}

void zh_go_filters(zh_go *go)
{
    zh_ui *ui = go->ui;
    zh_str words[WORDS_MAX];
    zh_str rest = go->q;
    zh_str word;
    size_t n = 0;
    while (rest.n > 0 && n < WORDS_MAX && zh_str_split(&rest, ' ', &word)) {
        word = zh_str_trim(word);
        if (word.n > 0) {
            words[n++] = word;
        }
    }
    for (size_t i = 0; i < ui->ctx.model->nregisters && n >= 2; i++) {
        const zh_register *reg = &ui->ctx.model->registers[i];
        if ((zh_rights(&ui->ctx, reg) & ZH_RIGHT_READ) != 0) {
            seek_register(go, reg, words, n);
        }
    }
}
