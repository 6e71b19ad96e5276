/* Documentation of declarations as Markdown; see docs.h. Cell text is escaped, so a label can never
 * break a table. */
#include "model/docs.h"
#include "fmt/yaml.h"
#include "model/schema.h"

enum { CODES_SHOWN = 40 };

/* ---- pieces ------------------------------------------------------------------------------------
 */

/* Text inside a table cell: no line breaks, no bars, no markup that begins a tag. */
static void cell(zh_buf *out, zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '|': zh_buf_z(out, "\\|"); break;
        case '\n':
        case '\r': zh_buf_c(out, ' '); break;
        case '<': zh_buf_z(out, "&lt;"); break;
        default: zh_buf_c(out, s.p[i]); break;
        }
    }
}

/* Chinese, then English where there is any. */
static void both(zh_buf *out, zh_label label)
{
    cell(out, label.zh);
    if (label.en.n > 0 && !zh_str_eq(label.en, label.zh)) {
        zh_buf_z(out, label.zh.n > 0 ? " / " : "");
        cell(out, label.en);
    }
}

static void code(zh_buf *out, zh_str s)
{
    if (s.n > 0) {
        zh_buf_c(out, '`');
        cell(out, s);
        zh_buf_c(out, '`');
    }
}

static void bar(zh_buf *out)
{
    zh_buf_z(out, " | ");
}

static void row_end(zh_buf *out)
{
    zh_buf_z(out, " |\n");
}

static void header(zh_buf *out, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(out, "%s%s", i == 0 ? "| " : " | ", names[i]);
    }
    zh_buf_z(out, " |\n|");
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(out, "---|");
    }
    zh_buf_c(out, '\n');
}

#define HEADER(out, ...)                                                                           \
    header(out, (const char *const[]){__VA_ARGS__},                                                \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void line(zh_buf *out, const char *name, zh_str value)
{
    if (value.n > 0) {
        zh_buf_fmt(out, "- %s:", name);
        cell(out, value);
        zh_buf_c(out, '\n');
    }
}

static void date(zh_buf *out, zh_date d, const char *open)
{
    char text[16];
    if (d == INT32_MIN || d == ZH_OPEN_END) {
        zh_buf_z(out, open);
        return;
    }
    zh_buf_add(out, text, zh_date_format(d, text));
}

/* ---- fields ------------------------------------------------------------------------------------
 */

static void type_of(zh_buf *out, const zh_field *f)
{
    static const char *const names[] = {"短文字", "长文字", "编码", "日期",  "时刻",
                                        "小数",   "量值",   "是否", "文件",  "坐标",
                                        "引用",   "期间",   "范围", "明细表"};
    zh_buf_z(out, f->many_inline ? "列表" : names[f->type]);
    if (f->type == ZH_TYPE_CODE && f->codes != NULL) {
        zh_buf_c(out, ' ');
        code(out, f->codes->id);
        if (f->level > 0 && f->codes->level_names != NULL && f->level <= f->codes->levels) {
            zh_buf_fmt(out, " %.*s 级", ZH_FMT(f->codes->level_names[f->level - 1]));
        }
        zh_buf_z(out, f->leaf ? " 最细级" : "");
    } else if (f->type == ZH_TYPE_REF) {
        zh_buf_c(out, ' ');
        code(out, f->target_id);
    } else if (f->type == ZH_TYPE_DECIMAL || f->type == ZH_TYPE_QUANTITY) {
        zh_buf_fmt(out, " %u 位小数", f->digits);
        if (f->unit.n > 0) {
            zh_buf_fmt(out, ",单位 %.*s", ZH_FMT(f->unit));
        }
    }
    if (f->format.n > 0) {
        zh_buf_z(out, ",格式 ");
        code(out, f->format);
    }
}

static void needs(zh_buf *out, const zh_field *f)
{
    if (f->required) {
        zh_buf_z(out, "必填");
    } else if (f->has_required_when) {
        zh_buf_z(out, "当 ");
        code(out, f->required_when.source);
    } else if (f->computed && f->expr.root != NULL) {
        zh_buf_z(out, "推算 ");
        code(out, f->expr.source);
    }
}

static void field_row(zh_buf *out, zh_str prefix, const zh_field *f)
{
    static const char *const pipl[] = {"", "个人信息", "敏感个人信息", "未成年人信息"};
    zh_buf_z(out, "| ");
    code(out, f->id);
    if (prefix.n > 0) {
        zh_buf_fmt(out, " (%.*s)", ZH_FMT(prefix));
    }
    bar(out);
    cell(out, f->label.zh);
    bar(out);
    type_of(out, f);
    bar(out);
    needs(out, f);
    bar(out);
    cell(out, f->help.zh);
    zh_buf_fmt(out, "%s%s", f->help.zh.n > 0 && f->pipl != ZH_PIPL_NONE ? ";" : "", pipl[f->pipl]);
    for (size_t i = 0; i < f->naliases; i++) {
        bool first = f->help.zh.n == 0 && f->pipl == ZH_PIPL_NONE;
        zh_buf_z(out, i > 0 ? "、" : first ? "又名 " : ";又名 ");
        cell(out, f->aliases[i]);
    }
    row_end(out);
}

static void fields(const zh_register *reg, zh_buf *out)
{
    zh_buf_z(out, "\n### 字段\n\n");
    HEADER(out, "标识", "名称", "类型", "要求", "说明");
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *f = &reg->fields[i];
        field_row(out, ZH_STR_NONE, f);
        for (size_t c = 0; c < f->ncolumns; c++) {
            field_row(out, f->label.zh, &f->columns[c]);
        }
    }
}

static void codes_of(zh_buf *out, const zh_field *f)
{
    zh_buf_z(out, "- ");
    code(out, f->codes->id);
    zh_buf_fmt(out, " %.*s:", ZH_FMT(f->codes->label.zh));
    if (f->codes->n > CODES_SHOWN) {
        zh_buf_fmt(out, "共 %zu 个编码\n", f->codes->n);
        return;
    }
    for (size_t p = 0; p < f->codes->n; p++) {
        for (size_t i = 0; i < f->codes->n; i++) { /* in declared order */
            const zh_code *c = &f->codes->codes[i];
            if (c->position == p) {
                zh_buf_z(out, p == 0 ? "" : "、");
                code(out, c->code);
                cell(out, c->label.zh);
            }
        }
    }
    zh_buf_c(out, '\n');
}

static bool shown_before(const zh_register *reg, const zh_codes *codes, size_t upto, size_t column)
{
    for (size_t i = 0; i <= upto && i < reg->nfields; i++) {
        const zh_field *f = &reg->fields[i];
        if (i < upto && f->codes == codes) {
            return true;
        }
        size_t n = i < upto ? f->ncolumns : column;
        for (size_t c = 0; c < n && c < f->ncolumns; c++) {
            if (f->columns[c].codes == codes) {
                return true;
            }
        }
    }
    return false;
}

static void codes(const zh_register *reg, zh_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *f = &reg->fields[i];
        for (size_t c = 0; c < (f->ncolumns == 0 ? 1 : f->ncolumns); c++) {
            const zh_field *one = f->ncolumns == 0 ? f : &f->columns[c];
            if (one->codes == NULL || shown_before(reg, one->codes, i, c)) {
                continue;
            }
            zh_buf_z(out, any ? "" : "\n### 编码\n\n");
            any = true;
            codes_of(out, one);
        }
    }
}

/* ---- rules and workflow ------------------------------------------------------------------------
 */

static void rules(const zh_register *reg, zh_buf *out)
{
    static const char *const severity[] = {"拒绝", "存疑须说明", "提示"};
    if (reg->nrules == 0) {
        return;
    }
    zh_buf_z(out, "\n### 校验\n\n");
    HEADER(out, "规则", "程度", "应成立", "不成立时的提示", "依据");
    for (size_t i = 0; i < reg->nrules; i++) {
        const zh_rule *r = &reg->rules[i];
        zh_buf_z(out, "| ");
        code(out, r->id);
        bar(out);
        zh_buf_z(out, severity[r->severity]);
        bar(out);
        code(out, r->test.source);
        bar(out);
        both(out, r->message);
        bar(out);
        both(out, r->clause);
        row_end(out);
    }
}

static void states(const zh_register *reg, zh_buf *out)
{
    zh_buf_z(out, "\n### 状态\n\n");
    HEADER(out, "状态", "名称", "性质", "对公众显示");
    for (size_t i = 0; i < reg->nstates; i++) {
        const zh_state *s = &reg->states[i];
        zh_buf_z(out, "| ");
        code(out, s->id);
        bar(out);
        cell(out, s->label.zh);
        bar(out);
        zh_buf_fmt(out, "%s%s%s", s->initial ? "初始 " : "", s->terminal ? "终结 " : "",
                   s->frozen ? "冻结" : "");
        bar(out);
        both(out, s->public_name);
        row_end(out);
    }
}

static void transition_row(const zh_register *reg, const zh_transition *t, zh_buf *out)
{
    static const char *const kinds[] = {"办理", "会签", "退回", "撤回", "转办", "自动"};
    zh_buf_z(out, "| ");
    code(out, t->id);
    bar(out);
    cell(out, t->label.zh);
    bar(out);
    if (t->from_any) {
        zh_buf_z(out, "任意");
    }
    for (size_t i = 0; i < t->nfrom; i++) {
        zh_buf_z(out, i == 0 ? "" : "、");
        cell(out, reg->states[t->from[i]].label.zh);
    }
    zh_buf_z(out, " → ");
    cell(out, t->to < 0 ? ZH_STR("不变") : reg->states[t->to].label.zh);
    bar(out);
    zh_buf_z(out, kinds[t->kind]);
    for (size_t i = 0; i < t->nroles; i++) {
        zh_buf_z(out, i == 0 ? ":" : "、");
        cell(out, t->roles[i]);
    }
    bar(out);
    if (t->has_guard || t->has_when) {
        code(out, t->has_guard ? t->guard.source : t->when.source);
    }
    for (size_t i = 0; i < t->nneed; i++) {
        zh_buf_z(out, i == 0 ? " 须填 " : "、");
        cell(out, t->need[i]->label.zh);
    }
    for (size_t i = 0; i < t->noptional; i++) {
        zh_buf_z(out, i == 0 ? " 可填 " : "、");
        cell(out, t->optional[i]->label.zh);
    }
    zh_buf_fmt(out, "%s%s", t->reasons != NULL ? " 须选理由" : "",
               t->two_person  ? " 双人"
               : t->nsign > 0 ? " 须签署"
                              : "");
    row_end(out);
}

static void transitions(const zh_register *reg, zh_buf *out)
{
    if (reg->ntransitions == 0) {
        return;
    }
    zh_buf_z(out, "\n### 流转\n\n");
    HEADER(out, "流转", "名称", "由 → 到", "办理人", "条件");
    for (size_t i = 0; i < reg->ntransitions; i++) {
        transition_row(reg, &reg->transitions[i], out);
    }
}

static void clock_amount(const zh_clock_version *v, zh_buf *out)
{
    static const char *const units[] = {"小时", "日", "个工作日", "个月", "年"};
    if (v->fixed_month > 0) {
        zh_buf_fmt(out, "每年 %d 月 %d 日", v->fixed_month, v->fixed_day);
    } else if (v->amount_field != NULL) {
        zh_buf_fmt(out, "「%.*s」%s", ZH_FMT(v->amount_field->label.zh), units[v->unit]);
    } else {
        zh_buf_fmt(out, "%d %s", v->amount, units[v->unit]);
    }
}

static void clocks(const zh_register *reg, zh_buf *out)
{
    if (reg->nclocks == 0) {
        return;
    }
    zh_buf_z(out, "\n### 时限\n\n");
    HEADER(out, "时限", "起", "止", "适用期间", "长度", "依据");
    for (size_t i = 0; i < reg->nclocks; i++) {
        const zh_clock *c = &reg->clocks[i];
        for (size_t k = 0; k < c->nversions; k++) {
            const zh_clock_version *v = &c->versions[k];
            zh_buf_z(out, "| ");
            cell(out, c->label.zh);
            bar(out);
            code(out, c->start);
            bar(out);
            for (size_t s = 0; s < c->nstop; s++) {
                zh_buf_z(out, s == 0 ? "" : " ");
                code(out, c->stop[s]);
            }
            bar(out);
            date(out, v->from, "");
            zh_buf_z(out, " 至 ");
            date(out, v->to, "今");
            if (v->has_when) {
                zh_buf_c(out, ' ');
                code(out, v->when.source);
            }
            bar(out);
            clock_amount(v, out);
            bar(out);
            both(out, v->clause);
            zh_buf_z(out, v->unverified ? "(未核实口径)" : "");
            row_end(out);
        }
    }
}

/* ---- who may, who owes, what is judged and issued ----------------------------------------------
 */

static void field_list(zh_buf *out, const char *word, const zh_field *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(out, i == 0 ? word : "、");
        code(out, fields[i]->id);
    }
    zh_buf_z(out, n > 0 ? " " : "");
}

static void accesses(const zh_register *reg, zh_buf *out)
{
    if (reg->naccess == 0) {
        return;
    }
    zh_buf_z(out, "\n### 权限 Access\n\n");
    HEADER(out, "角色 Role", "可做 May", "哪些记录 Which records",
           "看不全的字段 Fields not shown whole", "用途 Purpose");
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *a = &reg->access[i];
        zh_buf_z(out, "| ");
        code(out, a->role);
        bar(out);
        for (size_t k = 0; k < a->ncan; k++) {
            zh_buf_z(out, k == 0 ? "" : "、");
            code(out, a->can[k]);
        }
        bar(out);
        if (a->has_rows) {
            code(out, a->rows.source);
        } else {
            zh_buf_z(out, "全部 all");
        }
        bar(out);
        field_list(out, "掩码 masked ", a->mask, a->nmask);
        field_list(out, "不显示 hidden ", a->drop, a->ndrop);
        bar(out);
        both(out, a->purpose);
        row_end(out);
    }
}

/* The text of a key as code, after a word; nothing where it is absent. */
static void told(zh_buf *out, const char *word, const zh_yaml *map, const char *key)
{
    const zh_yaml *value = zh_yaml_get(map, key);
    if (value != NULL && value->kind == ZH_YAML_SCALAR) {
        zh_buf_z(out, word);
        code(out, value->text);
    }
}

static void obligation(const zh_yaml *o, zh_buf *out)
{
    const zh_yaml *who = zh_yaml_get(o, "who");
    const zh_yaml *remind = zh_yaml_get(o, "remind");
    zh_buf_z(out, "| ");
    code(out, zh_get_text(o, "id"));
    zh_buf_c(out, ' ');
    both(out, zh_get_label(o, "label"));
    bar(out);
    if (who != NULL) {
        bool map = who->kind == ZH_YAML_MAPPING;
        code(out, map ? zh_get_text(who, "register") : who->text);
        told(out, " ", map ? who : NULL, "where");
    }
    bar(out);
    told(out, "", o, "every");
    bar(out);
    told(out, "", o, "due");
    bar(out);
    told(out, "", o, "party");
    told(out, " ", o, "period");
    bar(out);
    if (remind != NULL && remind->kind == ZH_YAML_SCALAR) {
        code(out, remind->text);
    }
    for (const zh_yaml *r = remind != NULL ? remind->first : NULL; r != NULL; r = r->next) {
        zh_buf_z(out, r == remind->first ? "" : "、");
        code(out, r->text);
    }
    row_end(out);
}

static void obligations(const zh_register *reg, zh_buf *out)
{
    const zh_yaml *list = zh_yaml_get(reg->declared, "obligations");
    if (list == NULL || list->first == NULL) {
        return;
    }
    zh_buf_z(out, "\n### 填报义务 Obligations\n\n");
    HEADER(out, "义务 Obligation", "义务人 Who", "周期 Every", "期末后 Due", "字段 Fields",
           "提醒 Reminders");
    for (const zh_yaml *o = list->first; o != NULL; o = o->next) {
        obligation(o, out);
    }
}

/* A rule table, row by row, and what decides before it. */
static void points(const zh_yaml *j, zh_buf *out)
{
    const zh_yaml *table = zh_yaml_get(j, "table");
    const zh_yaml *overrides = zh_yaml_get(j, "overrides");
    for (const zh_yaml *l = table != NULL ? table->first : NULL; l != NULL; l = l->next) {
        told(out, "- 得分 Points: ", l, "points");
        told(out, "，当 if ", l, "if");
        zh_buf_z(out, zh_get_text(l, "clause").n > 0 ? "，依据 clause " : "");
        cell(out, zh_get_text(l, "clause"));
        zh_buf_c(out, '\n');
    }
    for (const zh_yaml *o = overrides != NULL ? overrides->first : NULL; o != NULL; o = o->next) {
        told(out, "- 直判 Override: ", o, "grade");
        told(out, "，当 if ", o, "if");
        zh_buf_z(out, zh_get_text(o, "clause").n > 0 ? "，依据 clause " : "");
        cell(out, zh_get_text(o, "clause"));
        zh_buf_c(out, '\n');
    }
}

static void bands(const zh_yaml *j, zh_buf *out)
{
    const zh_yaml *list = zh_yaml_get(j, "bands");
    for (const zh_yaml *b = list != NULL ? list->first : NULL; b != NULL; b = b->next) {
        const zh_yaml *grades = zh_yaml_get(b, "grades");
        told(out, "- 等级 Grades，自 from ", b, "from");
        zh_buf_z(out, ":");
        for (const zh_yaml *g = grades != NULL ? grades->first : NULL; g != NULL; g = g->next) {
            told(out, " ", g, "grade");
            told(out, " ≥ ", g, "min");
        }
        zh_buf_c(out, '\n');
    }
}

static void term(zh_buf *out, const char *word, const zh_yaml *map, const char *key)
{
    const zh_yaml *value = zh_yaml_get(map, key);
    if (value != NULL && value->kind == ZH_YAML_SCALAR) {
        told(out, word, map, key);
        zh_buf_c(out, '\n');
    }
}

static void judgement(const zh_yaml *j, zh_buf *out)
{
    const zh_yaml *each = zh_yaml_get(j, "for_each");
    const zh_yaml *when = zh_yaml_get(j, "when");
    const zh_yaml *inputs = zh_yaml_get(j, "inputs");
    const zh_yaml *explain = zh_yaml_get(j, "explain");
    zh_buf_z(out, "\n#### ");
    both(out, zh_get_label(j, "label"));
    zh_buf_c(out, ' ');
    code(out, zh_get_text(j, "id"));
    zh_buf_z(out, "\n\n");
    if (each != NULL) {
        bool map = each->kind == ZH_YAML_MAPPING;
        zh_buf_z(out, "- 评定谁 Judged: ");
        code(out, map ? zh_get_text(each, "register") : each->text);
        told(out, " ", map ? each : NULL, "where");
        zh_buf_c(out, '\n');
    }
    term(out, "- 何时 When: ", j, "when");
    for (const zh_yaml *w = when != NULL ? when->first : NULL; w != NULL; w = w->next) {
        zh_buf_z(out, w == when->first ? "- 何时 When: " : "、");
        code(out, w->text);
        zh_buf_z(out, w->next == NULL ? "\n" : "");
    }
    for (const zh_yaml *i = inputs != NULL ? inputs->first : NULL; i != NULL; i = i->next) {
        zh_buf_z(out, "- 输入 Input ");
        code(out, i->key);
        zh_buf_c(out, ' ');
        both(out, zh_get_label(zh_yaml_get(explain, i->key.p), "label"));
        zh_buf_z(out, ": ");
        code(out, i->text);
        zh_buf_c(out, '\n');
    }
    term(out, "- 引擎 Engine: ", j, "engine");
    term(out, "- 基本分 Base: ", j, "base");
    term(out, "- 得分 Points: ", j, "points");
    points(j, out);
    bands(j, out);
    term(out, "- 异议 Objection: ", zh_yaml_get(j, "objection"), "within");
    term(out, "- 修复 Repair，之后 after ", zh_yaml_get(j, "repair"), "after");
    term(out, "- 有效期 Valid: ", j, "expires");
}

static void judgements(const zh_register *reg, zh_buf *out)
{
    const zh_yaml *list = zh_yaml_get(reg->declared, "judgements");
    for (const zh_yaml *j = list != NULL ? list->first : NULL; j != NULL; j = j->next) {
        zh_buf_z(out, j == list->first ? "\n### 评定 Judgements\n" : "");
        judgement(j, out);
    }
}

static void documents(const zh_register *reg, zh_buf *out)
{
    const zh_yaml *list = zh_yaml_get(reg->declared, "documents");
    if (list == NULL || list->first == NULL) {
        return;
    }
    zh_buf_z(out, "\n### 文书 Documents\n\n");
    HEADER(out, "文书 Document", "何步发出 Issued by", "题目 Title", "抬头 To", "文号 Number",
           "存入 Kept in");
    for (const zh_yaml *d = list->first; d != NULL; d = d->next) {
        const zh_yaml *number = zh_yaml_get(d, "number");
        zh_buf_z(out, "| ");
        code(out, zh_get_text(d, "id"));
        zh_buf_c(out, ' ');
        both(out, zh_get_label(d, "label"));
        bar(out);
        bool any = false;
        for (size_t i = 0; i < reg->ntransitions; i++) {
            const zh_transition *t = &reg->transitions[i];
            if (t->paper != NULL && zh_str_eq(t->paper->id, zh_get_text(d, "id"))) {
                zh_buf_z(out, any ? "、" : "");
                both(out, t->label);
                any = true;
            }
        }
        bar(out);
        cell(out, zh_get_text(d, "title"));
        bar(out);
        cell(out, zh_get_text(d, "to"));
        bar(out);
        if (number != NULL) {
            cell(out, zh_get_text(number, "pattern"));
        }
        bar(out);
        code(out, zh_get_text(d, "file"));
        row_end(out);
    }
}

/* ---- counting ----------------------------------------------------------------------------------
 */

static void measures(const zh_register *reg, zh_buf *out)
{
    static const char *const kinds[] = {"计数",       "合计",   "平方和", "去重计数",
                                        "至少有一条", "分位数", "存量"};
    if (reg->nmeasures == 0) {
        return;
    }
    zh_buf_z(out, "\n### 量度\n\n");
    HEADER(out, "量度", "种类", "哪些记录", "取值", "明细表");
    for (size_t i = 0; i < reg->nmeasures; i++) {
        const zh_measure *m = &reg->measures[i];
        zh_buf_z(out, "| ");
        code(out, m->id);
        bar(out);
        zh_buf_z(out, kinds[m->kind]);
        bar(out);
        code(out, m->has_filter ? m->filter.source : ZH_STR_NONE);
        bar(out);
        code(out, m->has_value ? m->value.source : ZH_STR_NONE);
        bar(out);
        code(out, m->table != NULL ? m->table->id : ZH_STR_NONE);
        row_end(out);
    }
}

static void views(const zh_register *reg, zh_buf *out)
{
    const zh_yaml *list = zh_yaml_get(reg->declared, "views");
    for (const zh_yaml *v = list == NULL ? NULL : list->first; v != NULL; v = v->next) {
        const zh_yaml *sort = zh_yaml_get(v, "sort");
        const zh_yaml *columns = zh_yaml_get(v, "columns");
        zh_buf_z(out, v == list->first ? "\n### 视图\n\n- " : "- ");
        code(out, v->key);
        zh_buf_c(out, ':');
        for (const zh_yaml *c = columns == NULL ? NULL : columns->first; c != NULL; c = c->next) {
            zh_buf_z(out, c == columns->first ? "" : "、");
            code(out, c->text);
        }
        if (sort != NULL && sort->kind == ZH_YAML_SCALAR) {
            zh_buf_z(out, ",排序 ");
            code(out, sort->text);
        }
        zh_buf_c(out, '\n');
    }
}

static void cubes(const zh_register *reg, zh_buf *out)
{
    if (reg->ncubes == 0) {
        return;
    }
    zh_buf_z(out, "\n### 立方\n\n");
    HEADER(out, "立方", "维度", "量度");
    for (size_t i = 0; i < reg->ncubes; i++) {
        const zh_cube *c = &reg->cubes[i];
        zh_buf_z(out, "| ");
        code(out, c->id);
        bar(out);
        for (size_t d = 0; d < c->ndims; d++) {
            const zh_dim *dim = &c->dims[d];
            zh_buf_z(out, d == 0 ? "" : "、");
            cell(out, dim->id);
            if (dim->level > 0) {
                zh_buf_fmt(out, "@%u", dim->level);
            }
        }
        bar(out);
        for (size_t m = 0; m < c->nmeasures; m++) {
            zh_buf_z(out, m == 0 ? "" : "、");
            cell(out, c->measures[m]->id);
        }
        row_end(out);
    }
}

static void indicator(const zh_indicator *ind, zh_buf *out)
{
    static const char *const kinds[] = {"计数",   "合计",     "比值", "比率", "均值",
                                        "占比",   "增长",     "加权", "可比", "按抽样设计估计",
                                        "分位数", "去重计数", "存量", "综合"};
    static const char *const bases[] = {"", "随机", "定向", "混合"};
    zh_buf_fmt(out, "\n#### %.*s ", ZH_FMT(ind->label.zh));
    code(out, ind->id);
    zh_buf_z(out, "\n\n");
    line(out, "定义", ind->definition.zh);
    line(out, "定义（英）", ind->definition.en);
    line(out, "种类", zh_str_of(kinds[ind->kind]));
    line(out, "分子", ind->num_source);
    line(out, "分母", ind->den_source);
    if (ind->has_filter) {
        line(out, "范围", ind->filter.source);
    }
    line(out, "单位", ind->unit);
    line(out, "抽样性质", zh_str_of(bases[ind->basis]));
    line(out, "区间", ind->interval);
    line(out, "说明", ind->note.zh);
    line(out, "偏差", ind->bias.zh);
    for (size_t i = 0; i < ind->ncomponents; i++) {
        char weight[24];
        weight[zh_decimal_format(ind->components[i].weight, weight)] = '\0';
        zh_buf_fmt(out, "- 分指标:`%.*s`,权重 %s%s\n", ZH_FMT(ind->components[i].indicator), weight,
                   ind->components[i].descending ? ",越小越好" : "");
    }
}

static void indicators(const zh_model *model, const zh_register *reg, zh_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < model->nindicators; i++) {
        if (model->indicators[i].reg == reg) {
            zh_buf_z(out, any ? "" : "\n### 指标\n");
            any = true;
            indicator(&model->indicators[i], out);
        }
    }
}

/* ---- documents ---------------------------------------------------------------------------------
 */

static void identity(const zh_register *reg, zh_buf *out)
{
    line(out, "标识", reg->id);
    line(out, "版本", reg->version);
    line(out, "主管", reg->owner.zh);
    line(out, "用途", reg->purpose.zh);
    line(out, "用途（英）", reg->purpose.en);
    for (size_t i = 0; i < reg->nbasis; i++) {
        line(out, "依据", reg->basis[i].zh);
    }
    for (size_t i = 0; i < reg->nsystems; i++) {
        line(out, "机制", reg->systems[i]);
    }
    line(out, "偏差", reg->bias.zh);
    if (reg->part_of != NULL) {
        line(out, "从属于", reg->part_of->label.zh);
    }
    line(out, "编号", reg->number_pattern);
    line(out, "声明文件", reg->file);
    const zh_yaml *glossary = zh_yaml_get(reg->declared, "glossary");
    for (const zh_yaml *g = glossary == NULL ? NULL : glossary->first; g != NULL; g = g->next) {
        zh_buf_z(out, "- 术语 ");
        cell(out, g->key);
        zh_buf_z(out, ":");
        cell(out, g->text);
        zh_buf_c(out, '\n');
    }
}

void zh_docs_register(const zh_model *model, const zh_register *reg, zh_buf *out)
{
    zh_buf_fmt(out, "## %.*s", ZH_FMT(reg->label.zh));
    if (reg->label.en.n > 0) {
        zh_buf_fmt(out, " %.*s", ZH_FMT(reg->label.en));
    }
    zh_buf_z(out, "\n\n");
    identity(reg, out);
    fields(reg, out);
    codes(reg, out);
    rules(reg, out);
    if (reg->ntransitions > 0 || reg->nstates > 1) {
        states(reg, out);
    }
    transitions(reg, out);
    clocks(reg, out);
    documents(reg, out);
    accesses(reg, out);
    obligations(reg, out);
    judgements(reg, out);
    views(reg, out);
    measures(reg, out);
    cubes(reg, out);
    indicators(model, reg, out);
}

void zh_docs_model(const zh_model *model, zh_buf *out)
{
    zh_buf_z(out, "# 声明说明\n\n");
    zh_buf_fmt(out, "登记册 %zu 个，编码体系 %zu 个，指标 %zu 个，纲要条目 %zu 条。\n\n",
               model->nregisters, model->nsystems, model->nindicators, model->noutline_items);
    HEADER(out, "登记册", "名称", "版本", "主管", "用途");
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        zh_buf_z(out, "| ");
        code(out, reg->id);
        bar(out);
        cell(out, reg->label.zh);
        bar(out);
        cell(out, reg->version);
        bar(out);
        cell(out, reg->owner.zh);
        bar(out);
        cell(out, reg->purpose.zh);
        row_end(out);
    }
    for (size_t i = 0; i < model->nregisters; i++) {
        zh_buf_c(out, '\n');
        zh_docs_register(model, &model->registers[i], out);
    }
    indicators(model, NULL, out);
}
