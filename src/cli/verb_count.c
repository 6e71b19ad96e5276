/* count: how many records, by up to two groupings. */
#include "base/json.h"
#include "cli/print.h"
#include "cli/session.h"
#include <inttypes.h>

enum { GROUPS_MAX = 2 };

typedef struct counting {
    zh_session *s;
    const zh_register *reg;
    zh_list_query query;
    zh_group groups[GROUPS_MAX];
    zh_str names[GROUPS_MAX];
    size_t ngroups;
} counting;

static zh_rc parse_level(counting *c, zh_group *group, zh_str level)
{
    const zh_codes *codes = group->field->codes;
    uint64_t number = 0;
    if (codes == NULL) {
        return zh_cli_usage(c->s->cli, "cli.by", "“%.*s”不是代码字段，没有层级",
                            ZH_FMT(group->field->id));
    }
    for (uint16_t i = 0; i < codes->levels; i++) {
        if (codes->level_names != NULL && zh_str_eq(codes->level_names[i], level)) {
            group->level = (uint16_t)(i + 1);
            return ZH_OK;
        }
    }
    if (zh_str_u64(level, &number) == ZH_OK && number >= 1 && number <= codes->levels) {
        group->level = (uint16_t)number;
        return ZH_OK;
    }
    return zh_cli_usage(c->s->cli, "cli.by", "代码集 %.*s 没有层级“%.*s”", ZH_FMT(codes->id),
                        ZH_FMT(level));
}

static zh_rc parse_grain(counting *c, zh_group *group, zh_str grain)
{
    group->grain = zh_grain_named(grain);
    if (group->grain != ZH_GRAIN_NONE) {
        return ZH_OK;
    }
    return zh_cli_usage(c->s->cli, "cli.by",
                        "时间粒度只能是 day month quarter half year，给出的是“%.*s”",
                        ZH_FMT(grain));
}

/* state, FIELD, FIELD@LEVEL, FIELD:GRAIN */
static zh_rc parse_group(counting *c, zh_str text)
{
    if (c->ngroups == GROUPS_MAX) {
        return zh_cli_usage(c->s->cli, "cli.by", "--by 最多 %d 项", GROUPS_MAX);
    }
    zh_group *group = &c->groups[c->ngroups];
    c->names[c->ngroups++] = text;
    *group = (zh_group){.is_state = zh_str_is(text, "state")};
    if (group->is_state) {
        return ZH_OK;
    }
    ptrdiff_t at = zh_str_chr(text, '@');
    ptrdiff_t colon = zh_str_chr(text, ':');
    size_t end = at >= 0 ? (size_t)at : colon >= 0 ? (size_t)colon : text.n;
    zh_rc rc = zh_session_field(c->s, c->reg, zh_str_sub(text, 0, end), &group->field);
    if (rc == ZH_OK && at >= 0) {
        rc = parse_level(c, group, zh_str_sub(text, end + 1, text.n));
    } else if (rc == ZH_OK && colon >= 0) {
        rc = parse_grain(c, group, zh_str_sub(text, end + 1, text.n));
    }
    return rc;
}

static zh_rc parse_by(counting *c)
{
    zh_str rest = zh_str_of(zh_cli_text(c->s->cli, "by"));
    zh_str piece;
    zh_rc rc = ZH_OK;
    while (rest.n > 0 && rc == ZH_OK && zh_str_split(&rest, ',', &piece)) {
        rc = parse_group(c, zh_str_trim(piece));
    }
    return rc;
}

/* ---- answers
 * ---------------------------------------------------------------------------------------- */

static void print_counts(const counting *c, const zh_counts *counts, zh_buf *out)
{
    zh_arena *arena = c->s->cli->arena;
    if (c->ngroups > 0) {
        const char *headers[GROUPS_MAX * 2 + 1];
        size_t n = 0;
        for (size_t g = 0; g < c->ngroups; g++) {
            headers[n++] = zh_str_c(arena, c->names[g]);
            headers[n++] = "名称";
        }
        headers[n++] = "数量>";
        zh_text_table table;
        zh_text_table_init(&table, arena, headers, n);
        for (size_t i = 0; i < counts->n; i++) {
            const zh_count_row *row = &counts->rows[i];
            for (size_t g = 0; g < c->ngroups; g++) {
                bool none = row->keys[g].p == NULL;
                zh_text_table_add(&table, none ? ZH_STR("—") : row->keys[g]);
                zh_text_table_add(&table, none ? ZH_STR("（无值）") : row->labels[g]);
            }
            zh_text_table_add(&table, zh_text_count(arena, row->n));
        }
        zh_text_table_print(&table, out);
    }
    zh_buf_fmt(out, "合计 %.*s", ZH_FMT(zh_text_count(arena, counts->total)));
    if (!counts->complete) {
        zh_buf_fmt(out, "；共 %" PRId64 " 组，只列出前 %zu 组，其余 %.*s", counts->distinct,
                   counts->n, ZH_FMT(zh_text_count(arena, counts->other)));
    }
    zh_buf_c(out, '\n');
}

static void json_counts(const counting *c, const zh_counts *counts, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", c->reg->id);
    zh_jw_key(&w, "by");
    zh_jw_array(&w);
    for (size_t g = 0; g < c->ngroups; g++) {
        zh_jw_str(&w, c->names[g]);
    }
    zh_jw_array_end(&w);
    zh_jw_key(&w, "results");
    zh_jw_array(&w);
    for (size_t i = 0; i < counts->n && c->ngroups > 0; i++) {
        const zh_count_row *row = &counts->rows[i];
        zh_jw_object(&w);
        zh_jw_key(&w, "keys");
        zh_jw_array(&w);
        for (size_t g = 0; g < c->ngroups; g++) {
            if (row->keys[g].p == NULL) {
                zh_jw_null(&w);
            } else {
                zh_jw_str(&w, row->keys[g]);
            }
        }
        zh_jw_array_end(&w);
        zh_jw_key(&w, "labels");
        zh_jw_array(&w);
        for (size_t g = 0; g < c->ngroups; g++) {
            zh_jw_str(&w, row->labels[g]);
        }
        zh_jw_array_end(&w);
        zh_jw_ki(&w, "n", row->n);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_ki(&w, "total", counts->total);
    zh_jw_ki(&w, "other", counts->other);
    zh_jw_ki(&w, "distinct", counts->distinct);
    zh_jw_key(&w, "complete");
    zh_jw_bool(&w, counts->complete);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc count(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    counting c = {.s = s};
    zh_counts counts = {0};
    zh_rc rc = zh_session_register(s, zh_cli_argument(cli, 0), &c.reg);
    if (rc == ZH_OK) {
        rc = parse_by(&c);
    }
    if (rc == ZH_OK) {
        rc = zh_session_read(s);
    }
    c.query = (zh_list_query){.reg = c.reg,
                              .search = zh_str_of(zh_cli_text(cli, "search")),
                              .limit = ZH_LIMIT_MAX,
                              .as_of = s->as_of};
    if (rc == ZH_OK) {
        rc = zh_session_where(s, c.reg, zh_cli_text(cli, "where"), &c.query.where);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_count(&s->ctx, s->conn, &c.query, c.groups, c.ngroups, &counts);
    if (rc != ZH_OK) {
        cli->usage = rc == ZH_EINVAL;
        return rc;
    }
    if (cli->json) {
        json_counts(&c, &counts, out);
    } else {
        print_counts(&c, &counts, out);
    }
    return ZH_OK;
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, count);
}

static const zh_param arguments[] = {
    {.name = "REGISTER", .kind = ZH_PARAM_REGISTER, .zh = "登记册", .en = "register"},
};

static const zh_param options[] = {
    {.name = "where", .value = "EXPR", .kind = ZH_PARAM_TEXT, .zh = "条件表达式", .en = "filter"},
    {.name = "search",
     .value = "TEXT",
     .kind = ZH_PARAM_TEXT,
     .zh = "全文检索，两个字即可",
     .en = "full-text search"},
    {.name = "by",
     .value = "A[,B]",
     .kind = ZH_PARAM_TEXT,
     .zh = "分组，最多两项：字段、字段@层级、字段:month（day quarter half year）、state",
     .en = "groupings"},
};

ZH_VERB(count) = {
    .name = "count",
    .zh = "数记录：按条件，按一项或两项分组",
    .en = "count records by groupings",
    .example = "zhiheng count food_failure --by maker_place@province\n"
               "zhiheng count complaint --where \"amount > 1000\" --by state,received_at:month",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON | ZH_USES_AS_OF,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
