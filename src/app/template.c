/* Templates from declarations. */
#include "app/template.h"
#include "base/csv.h"
#include "fmt/xlsx.h"
#include "fmt/xlsx_out.h"

enum { CODES_MAX = 20000, WIDTH_LEAST = 10, WIDTH_MOST = 36 };

static bool filled_in(const zh_field *field)
{
    return !field->computed && (field->type != ZH_TYPE_TABLE || field->many_inline);
}

void zh_template_csv(const zh_register *reg, zh_buf *out)
{
    size_t n = 0;
    zh_buf_z(out, "\xef\xbb\xbf");
    for (size_t i = 0; i < reg->nfields; i++) {
        if (filled_in(&reg->fields[i])) {
            zh_buf_z(out, n++ > 0 ? "," : "");
            zh_csv_write_cell(out, reg->fields[i].label.zh, ',', true);
        }
    }
    zh_buf_z(out, "\r\n");
}

/* ---- what to write --------------------------------------------------------------------------- */

static const char *type_zh(const zh_field *field)
{
    switch (field->type) {
    case ZH_TYPE_STRING: return "文字";
    case ZH_TYPE_TEXT: return "长文字";
    case ZH_TYPE_CODE: return "代码";
    case ZH_TYPE_DATE: return "日期";
    case ZH_TYPE_DATETIME: return "时刻";
    case ZH_TYPE_DECIMAL: return "数";
    case ZH_TYPE_QUANTITY: return "带单位的数";
    case ZH_TYPE_BOOL: return "是或否";
    case ZH_TYPE_FILE: return "文件";
    case ZH_TYPE_GEO: return "经纬度";
    case ZH_TYPE_REF: return "引用";
    case ZH_TYPE_PERIOD: return "起止日期";
    case ZH_TYPE_RANGE: return "区间";
    case ZH_TYPE_TABLE: return "多个值";
    }
    return "";
}

static void how(const zh_field *field, zh_buf *out)
{
    switch (field->type) {
    case ZH_TYPE_CODE:
        zh_buf_fmt(out, "从下拉里选，或写“%.*s”的代码、名称、旧名", ZH_FMT(field->codes->label.zh));
        break;
    case ZH_TYPE_DATE: zh_buf_z(out, "如 2026-05-09、2026年5月9日"); break;
    case ZH_TYPE_DATETIME: zh_buf_z(out, "如 2026-05-09 14:30"); break;
    case ZH_TYPE_DECIMAL: zh_buf_fmt(out, "最多 %u 位小数", (unsigned)field->digits); break;
    case ZH_TYPE_QUANTITY:
        zh_buf_fmt(out, "%s%.*s", field->unit.n > 0 ? "单位 " : "数后写单位", ZH_FMT(field->unit));
        break;
    case ZH_TYPE_BOOL: zh_buf_z(out, "写 是 或 否"); break;
    case ZH_TYPE_GEO: zh_buf_z(out, "经度,纬度，如 114.3,30.6"); break;
    case ZH_TYPE_REF:
        zh_buf_fmt(out, "写“%.*s”里那一条的业务键",
                   ZH_FMT(field->target != NULL ? field->target->label.zh : field->target_id));
        break;
    case ZH_TYPE_PERIOD: zh_buf_z(out, "如 2026-01-01/2026-12-31"); break;
    case ZH_TYPE_RANGE: zh_buf_z(out, "如 1.2-3.4"); break;
    case ZH_TYPE_TABLE: zh_buf_z(out, "几个值用分号“；”隔开"); break;
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_FILE: break;
    }
    if (field->help.zh.n > 0) {
        zh_buf_fmt(out, "%s%.*s", out->n > 0 ? "。" : "", ZH_FMT(field->help.zh));
    }
}

/* ---- codes ----------------------------------------------------------------------------------- */

typedef struct choices {
    const zh_field *field;
    size_t column; /* on 填写 */
    zh_str *values;
    size_t n;
} choices;

static bool offered(const zh_field *field, const zh_code *code, zh_date today)
{
    return code->from <= today && today <= code->to &&
           (field->level == 0 || code->level == field->level) && (!field->leaf || code->leaf);
}

/* Names where one name is one code, else the code. */
static void gather(zh_arena *arena, choices *c, zh_date today)
{
    const zh_codes *codes = c->field->codes;
    zh_map names;
    bool flags[2]; /* their addresses: seen once, seen often */
    zh_map_init(&names, arena);
    for (size_t i = 0; i < codes->n; i++) {
        zh_str name = codes->codes[i].label.zh;
        (void)zh_map_put(&names, name, &flags[zh_map_get(&names, name) != NULL]);
    }
    c->values = ZH_NEW_N(arena, zh_str, codes->n + 1);
    for (size_t i = 0; i < codes->n && c->n < CODES_MAX; i++) {
        const zh_code *code = &codes->codes[i];
        if (offered(c->field, code, today)) {
            bool unique = zh_map_get(&names, code->label.zh) == &flags[0];
            c->values[c->n++] = unique ? code->label.zh : code->code;
        }
    }
}

static void write_choices(zh_xlsx_out *out, const choices *lists, size_t n)
{
    size_t most = 0;
    zh_xlsx_out_sheet(out, ZH_STR("代码"), true, 1);
    zh_xlsx_out_row(out);
    for (size_t i = 0; i < n; i++) {
        zh_xlsx_out_text(out, zh_str_of("可选值"), ZH_XLSX_HEAD);
        most = lists[i].n > most ? lists[i].n : most;
    }
    for (size_t r = 0; r < most; r++) {
        zh_xlsx_out_row(out);
        for (size_t i = 0; i < n; i++) {
            zh_xlsx_out_text(out, r < lists[i].n ? lists[i].values[r] : ZH_STR(""), ZH_XLSX_TEXT);
        }
    }
}

static void drop_downs(zh_arena *arena, zh_xlsx_out *out, const choices *lists, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char letters[32];
        letters[zh_xlsx_cell_name(0, i, letters)] = '\0';
        if (lists[i].n == 0) {
            continue;
        }
        zh_xlsx_out_list(
            out, lists[i].column, 2, ZH_TEMPLATE_ROWS,
            zh_str_fmt(arena, "代码!$%s$2:$%s$%zu", letters, letters, lists[i].n + 1),
            zh_str_fmt(arena, "“%.*s”里没有这个值", ZH_FMT(lists[i].field->codes->label.zh)));
    }
}

/* ---- sheets ---------------------------------------------------------------------------------- */

static zh_xlsx_style style_of(const zh_field *field)
{
    bool number = field->type == ZH_TYPE_DECIMAL;
    return field->type == ZH_TYPE_DATE ? ZH_XLSX_DATE : number ? ZH_XLSX_PLAIN : ZH_XLSX_TEXT;
}

static unsigned width_of(const zh_field *field)
{
    size_t width = field->label.zh.n / 3 * 2 + 6; /* three bytes and two columns a character */
    return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : (unsigned)width;
}

static size_t write_form(const zh_register *reg, zh_xlsx_out *out, choices *lists)
{
    size_t n = 0;
    size_t column = 0;
    zh_xlsx_out_sheet(out, ZH_STR("填写"), false, 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        if (filled_in(&reg->fields[i])) {
            zh_xlsx_out_column(out, width_of(&reg->fields[i]), style_of(&reg->fields[i]));
        }
    }
    zh_xlsx_out_row(out);
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        if (!filled_in(field)) {
            continue;
        }
        zh_xlsx_out_text(out, field->label.zh, field->required ? ZH_XLSX_REQUIRED : ZH_XLSX_HEAD);
        if (field->type == ZH_TYPE_CODE) {
            lists[n++] = (choices){.field = field, .column = column};
        }
        column++;
    }
    return n;
}

static void write_line(zh_xlsx_out *out, const zh_str *cells, size_t n, zh_xlsx_style style)
{
    zh_xlsx_out_row(out);
    for (size_t i = 0; i < n; i++) {
        zh_xlsx_out_text(out, cells[i], style);
    }
}

/* Names stand in brackets: a line of this sheet must never look like the header of the data. */
static void write_help(zh_arena *arena, const zh_register *reg, zh_xlsx_out *out)
{
    static const unsigned widths[] = {28, 12, 14, 70, 24};
    zh_xlsx_out_sheet(out, ZH_STR("说明"), false, 3);
    for (size_t i = 0; i < ZH_COUNTOF(widths); i++) {
        zh_xlsx_out_column(out, widths[i], ZH_XLSX_WRAP);
    }
    zh_str title = zh_str_fmt(arena, "「%.*s」怎么填（声明 %.*s）", ZH_FMT(reg->label.zh),
                              ZH_FMT(reg->version));
    write_line(out, &title, 1, ZH_XLSX_TITLE);
    zh_str first = ZH_STR("在「填写」表里一行填一条，第一行的列名不要改；深色的列必填，其余可空。");
    write_line(out, &first, 1, ZH_XLSX_PLAIN);
    const zh_str head[] = {ZH_STR("「列」"), ZH_STR("「必填」"), ZH_STR("「类型」"),
                           ZH_STR("「怎么填」"), ZH_STR("「字段」")};
    write_line(out, head, ZH_COUNTOF(head), ZH_XLSX_HEAD);
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        zh_buf text;
        if (!filled_in(field)) {
            continue;
        }
        zh_buf_init(&text, 1 << 16);
        how(field, &text);
        const zh_str cells[] = {zh_str_fmt(arena, "「%.*s」", ZH_FMT(field->label.zh)),
                                field->required            ? ZH_STR("必填")
                                : field->has_required_when ? ZH_STR("有时必填")
                                                           : ZH_STR("可空"),
                                zh_str_of(type_zh(field)), zh_str_dup(arena, zh_buf_view(&text)),
                                zh_str_fmt(arena, "〔%.*s〕", ZH_FMT(field->id))};
        write_line(out, cells, ZH_COUNTOF(cells), ZH_XLSX_WRAP);
        zh_buf_free(&text);
    }
    for (size_t i = 0; i < reg->nrules; i++) {
        const zh_rule *rule = &reg->rules[i];
        const zh_str cells[] = {ZH_STR("〔规则〕"),
                                rule->severity == ZH_REJECT    ? ZH_STR("不合则拒绝")
                                : rule->severity == ZH_JUSTIFY ? ZH_STR("不合须说明")
                                                               : ZH_STR("提示"),
                                ZH_STR(""), rule->message.zh,
                                zh_str_fmt(arena, "〔%.*s〕", ZH_FMT(rule->id))};
        write_line(out, cells, ZH_COUNTOF(cells), ZH_XLSX_WRAP);
    }
}

zh_rc zh_template_xlsx(const zh_register *reg, zh_date today, zh_buf *out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_xlsx_out *book = zh_xlsx_out_new(ZH_TEMPLATE_BYTES);
    choices *lists = ZH_NEW_N(arena, choices, reg->nfields + 1);
    size_t n = write_form(reg, book, lists);
    for (size_t i = 0; i < n; i++) {
        gather(arena, &lists[i], today);
    }
    drop_downs(arena, book, lists, n);
    write_help(arena, reg, book);
    if (n > 0) {
        write_choices(book, lists, n);
    }
    zh_rc rc = zh_xlsx_out_finish(book, out, err);
    zh_xlsx_out_free(book);
    zh_arena_free(arena);
    return rc;
}
