/* One predicate and one set of masks for every register. */
#include "core/read/permission.h"
#include "base/utf8.h"
#include "core/read/filter.h"
#include "core/read/read_private.h"
#include <string.h>

static const char *const scope_names[] = {"all", "subtree", "office", "own", "custom"};

zh_rc zh_data_scope_parse(zh_str text, zh_data_scope *out)
{
    for (size_t i = 0; i < ZH_COUNTOF(scope_names); i++) {
        if (zh_str_is(text, scope_names[i])) {
            *out = (zh_data_scope)i;
            return ZH_OK;
        }
    }
    return ZH_ENOTFOUND;
}

const char *zh_data_scope_name(zh_data_scope scope)
{
    return scope_names[scope];
}

/* ---- rights ---- */

static const struct {
    const char *name;
    unsigned right;
} verbs[] = {{"read", ZH_RIGHT_READ},           {"create", ZH_RIGHT_CREATE},
             {"amend", ZH_RIGHT_AMEND},         {"transition", ZH_RIGHT_TRANSITION},
             {"export", ZH_RIGHT_EXPORT},       {"erase", ZH_RIGHT_ERASE},
             {"erase_two", ZH_RIGHT_ERASE_TWO}, {"aggregate", ZH_RIGHT_AGGREGATE},
             {"publish", ZH_RIGHT_PUBLISH},     {"publish_two", ZH_RIGHT_PUBLISH_TWO}};

unsigned zh_access_rights(const zh_access *access)
{
    unsigned rights = 0;
    for (size_t i = 0; i < ZH_COUNTOF(verbs); i++) {
        if (zh_str_among(zh_str_of(verbs[i].name), access->can, access->ncan)) {
            rights |= verbs[i].right;
        }
    }
    return rights;
}

static bool is_unrestricted(const zh_ctx *ctx)
{
    return ctx->post == NULL &&
           (zh_str_is(ctx->role, "operator") || zh_str_is(ctx->role, "system"));
}

/* What an API key leaves of the post's rights on a register. */
static unsigned granted(const zh_ctx *ctx, const zh_register *reg)
{
    unsigned rights = 0;
    if (ctx->post == NULL || !ctx->post->limited) {
        return ~0u;
    }
    for (size_t i = 0; i < ctx->post->ngrants; i++) {
        const zh_grant *grant = &ctx->post->grants[i];
        if (zh_str_is(grant->reg, "*") || zh_str_eq(grant->reg, reg->id)) {
            rights |= grant->rights;
        }
    }
    return rights;
}

static zh_rc bad_scope(zh_str word, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "key.scope", "接口密钥的范围“%.*s”看不懂", ZH_FMT(word));
    zh_err_fix(err,
               "写成“登记册:动作,动作”，用空格隔开；动作有 read create amend transition export "
               "erase erase_two，登记册写 * 指全部。例：complaint:read,export enterprise:read");
    return ZH_EINVAL;
}

static bool parse_verbs(zh_str list, unsigned *rights)
{
    zh_str word;
    *rights = 0;
    while (list.n > 0 && zh_str_split(&list, ',', &word)) {
        size_t i = 0;
        while (i < ZH_COUNTOF(verbs) && !zh_str_is(word, verbs[i].name)) {
            i++;
        }
        if (i == ZH_COUNTOF(verbs)) {
            return false;
        }
        *rights |= verbs[i].right;
    }
    return *rights != 0;
}

zh_rc zh_grants_parse(zh_arena *arena, const zh_model *model, zh_str text, const zh_grant **out,
                      size_t *n, zh_err *err)
{
    zh_grant *list = ZH_NEW_N(arena, zh_grant, ZH_GRANTS_MAX);
    zh_str word;
    *n = 0;
    *out = list;
    while (text.n > 0 && zh_str_split(&text, ' ', &word)) {
        zh_grant grant = {0};
        zh_str rest = word;
        if (zh_str_trim(word).n == 0) {
            continue;
        }
        if (*n == ZH_GRANTS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "key.scope", "接口密钥的范围超过 %zu 项",
                              ZH_GRANTS_MAX);
        }
        if (!zh_str_split(&rest, ':', &grant.reg) || !parse_verbs(rest, &grant.rights) ||
            (model != NULL && !zh_str_is(grant.reg, "*") &&
             zh_model_register(model, grant.reg) == NULL)) {
            return bad_scope(word, err);
        }
        list[(*n)++] = grant;
    }
    return *n > 0 ? ZH_OK : bad_scope(text, err);
}

unsigned zh_rights(const zh_ctx *ctx, const zh_register *reg)
{
    unsigned rights = 0;
    if (is_unrestricted(ctx)) {
        return ~0u;
    }
    for (size_t i = 0; i < reg->naccess; i++) {
        if (zh_str_eq(reg->access[i].role, ctx->role)) {
            rights |= zh_access_rights(&reg->access[i]);
        }
    }
    return rights & granted(ctx, reg);
}

bool zh_may_take(const zh_ctx *ctx, const zh_register *reg, const zh_transition *transition)
{
    zh_str role = ctx->role;
    if (is_unrestricted(ctx)) {
        return true;
    }
    if (transition->nroles > 0 && !zh_str_among(role, transition->roles, transition->nroles)) {
        return false;
    }
    bool named = false;
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *access = &reg->access[i];
        named = named || (zh_str_eq(access->role, role) &&
                          zh_str_among(transition->id, access->can, access->ncan));
    }
    named = named && (granted(ctx, reg) & ZH_RIGHT_TRANSITION) != 0;
    return named || (zh_rights(ctx, reg) & ZH_RIGHT_TRANSITION) != 0;
}

/* The roles that have a right, for the person who is refused. */
static zh_str roles_with(const zh_ctx *ctx, const zh_register *reg, zh_right right)
{
    zh_str roles = ZH_STR("");
    for (size_t i = 0; i < reg->naccess; i++) {
        if (zh_access_rights(&reg->access[i]) & right) {
            roles = zh_str_fmt(ctx->arena, "%.*s%s%.*s", ZH_FMT(roles), roles.n > 0 ? "、" : "",
                               ZH_FMT(reg->access[i].role));
        }
    }
    return roles;
}

zh_rc zh_right_need(zh_ctx *ctx, const zh_register *reg, zh_right right)
{
    if (zh_rights(ctx, reg) & right) {
        return ZH_OK;
    }
    zh_str roles = roles_with(ctx, reg, right);
    zh_err_set(ctx->err, ZH_EDENIED, "permission.right", "“%.*s”对角色“%.*s”不开放这项操作",
               ZH_FMT(zh_label_for(ctx->err, reg->label)), ZH_FMT(ctx->role));
    zh_err_fix(ctx->err,
               roles.n > 0 ? "可以做的角色：%.*s；请向安全管理员申请"
                           : "声明没有把它授予任何角色%.*s",
               ZH_FMT(roles));
    return ZH_EDENIED;
}

/* ---- masks ---- */

static bool holds(const zh_field *const *list, size_t n, const zh_field *field)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == field || (field->table != NULL && list[i] == field->table)) {
            return true;
        }
    }
    return false;
}

bool zh_field_masked(const zh_ctx *ctx, const zh_field *field)
{
    const zh_register *reg = field->owner;
    bool personal =
        field->pipl != ZH_PIPL_NONE || (field->table != NULL && field->table->pipl != ZH_PIPL_NONE);
    if (ctx->post != NULL && reg->ask_purpose && personal && !ctx->stated) {
        return true;
    }
    for (size_t i = 0; ctx->post != NULL && i < reg->naccess; i++) {
        const zh_access *access = &reg->access[i];
        if (zh_str_eq(access->role, ctx->post->role) &&
            (zh_access_rights(access) & ZH_RIGHT_READ) != 0 &&
            ((!ctx->post->emergency && holds(access->mask, access->nmask, field)) ||
             holds(access->drop, access->ndrop, field))) {
            return true;
        }
    }
    return false;
}

static bool dropped(const zh_ctx *ctx, const zh_field *field)
{
    const zh_register *reg = field->owner;
    for (size_t i = 0; i < reg->naccess; i++) {
        const zh_access *access = &reg->access[i];
        if (zh_str_eq(access->role, ctx->post->role) && holds(access->drop, access->ndrop, field)) {
            return true;
        }
    }
    return false;
}

zh_rc zh_mask_allows_field(zh_ctx *ctx, const zh_field *field)
{
    if (field == NULL || !zh_field_masked(ctx, field)) {
        return ZH_OK;
    }
    zh_err_set(ctx->err, ZH_EDENIED, "permission.mask",
               "“%.*s”对角色“%.*s”不可见，不能用来筛选、排序、分组或填写",
               ZH_FMT(zh_label_for(ctx->err, field->label)), ZH_FMT(ctx->post->role));
    zh_err_where(ctx->err, "%.*s", ZH_FMT(field->id));
    return ZH_EDENIED;
}

typedef struct mask_search {
    const zh_ctx *ctx;
    const zh_field *found;
} mask_search;

static void look_at(void *user, const zh_expr *node)
{
    mask_search *search = user;
    if (search->found == NULL && node->field != NULL && zh_field_masked(search->ctx, node->field)) {
        search->found = node->field;
    }
}

zh_rc zh_mask_allows(zh_ctx *ctx, const zh_program *program)
{
    mask_search search = {.ctx = ctx};
    if (ctx->post != NULL && program != NULL && program->root != NULL) {
        zh_expr_walk(program->root, look_at, &search);
    }
    return zh_mask_allows_field(ctx, search.found);
}

static void find_others(void *user, const zh_expr *node)
{
    bool *found = user;
    *found = *found || node->op == ZH_X_PATH || node->op == ZH_X_QUERY ||
             node->op == ZH_X_CHILDREN || node->op == ZH_X_CHAIN || node->op == ZH_X_RANK ||
             (node->op == ZH_X_GROUP && node->reg != NULL);
}

zh_rc zh_scope_allows(zh_ctx *ctx, const zh_program *program)
{
    bool others = false;
    if (ctx->post != NULL && program != NULL && program->root != NULL) {
        zh_expr_walk(program->root, find_others, &others);
    }
    if (!others) {
        return ZH_OK;
    }
    zh_err_set(ctx->err, ZH_EINVAL, "query.unsupported", "筛选条件不能问别的记录：%.*s",
               ZH_FMT(program->source));
    zh_err_fix(ctx->err, "只写这个登记册自己的字段；要看引用的记录，打开它自己的登记册");
    return ZH_EINVAL;
}

/* 张* of 张三丰 and 138****0000 of 13812345678: the mask says, character by character, which of the
 * text stay: a star hides, any other character shows the text's own. Where the mask is over, the
 * rest is hidden. */
static zh_str masked_text(zh_arena *arena, zh_str mask, zh_str text)
{
    zh_buf out;
    zh_buf_init(&out, 4096);
    size_t at = 0;
    for (size_t m = 0; m < mask.n && at < text.n;) {
        size_t from = at;
        bool hides = zh_utf8_next(mask, &m) == '*';
        (void)zh_utf8_next(text, &at);
        zh_buf_add(&out, hides ? "*" : text.p + from, hides ? 1 : at - from);
    }
    if (at < text.n) {
        zh_buf_c(&out, '*');
    }
    zh_str result = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return result;
}

static void mask_value(const zh_ctx *ctx, const zh_field *field, zh_value *value)
{
    if (!zh_field_masked(ctx, field)) {
        return;
    }
    bool shows = field->mask.n > 0 && value->kind == ZH_TEXT && !dropped(ctx, field);
    *value = shows ? zh_value_text(masked_text(ctx->arena, field->mask, value->text))
                   : (zh_value){.kind = ZH_NULL};
}

void zh_mask_record(zh_ctx *ctx, zh_record *record)
{
    const zh_register *reg = record->reg;
    for (size_t i = 0; ctx->post != NULL && !ctx->counting && i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        if (field->type != ZH_TYPE_TABLE) {
            mask_value(ctx, field, &record->values[i]);
            continue;
        }
        zh_rows *rows = &record->tables[i];
        rows->n = zh_field_masked(ctx, field) ? 0 : rows->n;
        for (size_t row = 0; row < rows->n; row++) {
            for (size_t c = 0; c < field->ncolumns; c++) {
                mask_value(ctx, &field->columns[c], &rows->values[row * field->ncolumns + c]);
            }
        }
    }
}

/* ---- rows ---- */

typedef struct code_range {
    int64_t first, last;
} code_range;

enum { RANGES_MAX = 3 };

/* The offices of a region and below it: GB/T 2260 codes of 6 digits end in zeros above their level,
 * those of townships and villages have 9 and 12 digits and begin with their county's. */
static size_t below(int64_t office, code_range out[RANGES_MAX])
{
    int64_t width = 1;
    size_t n = 0;
    if (office < 100000 || office > 999999) {
        out[n++] = (code_range){office, office};
        return n;
    }
    while (width < 10000 && office % (width * 100) == 0) {
        width *= 100;
    }
    for (int64_t longer = 1; n < RANGES_MAX; longer *= 1000) {
        out[n++] = (code_range){office * longer, (office + width) * longer - 1};
    }
    return n;
}

static bool sees_all_offices(const zh_ctx *ctx)
{
    const zh_post *post = ctx->post;
    return post->scope == ZH_SCOPE_ALL || post->emergency ||
           (post->scope == ZH_SCOPE_SUBTREE && post->office == zh_core_office(ctx->core));
}

static bool in_ranges(int64_t office, const code_range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (office >= ranges[i].first && office <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static size_t ranges_of(const zh_post *post, zh_arena *arena, code_range **out)
{
    size_t n = 0;
    *out = ZH_NEW_N(arena, code_range, post->noffices + RANGES_MAX);
    switch (post->scope) {
    case ZH_SCOPE_SUBTREE: return below(post->office, *out);
    case ZH_SCOPE_OFFICE: (*out)[n++] = (code_range){post->office, post->office}; break;
    case ZH_SCOPE_CUSTOM:
        for (; n < post->noffices; n++) {
            (*out)[n] = (code_range){post->offices[n], post->offices[n]};
        }
        break;
    case ZH_SCOPE_ALL:
    case ZH_SCOPE_OWN: break;
    }
    return n;
}

static void add_ranges(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, const char *alias,
                       const char *column)
{
    code_range *ranges;
    size_t n = ranges_of(ctx->post, ctx->arena, &ranges);
    zh_buf_z(sql, n == 0 ? "1 = 0" : "(");
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(sql, "%s%s.%s BETWEEN ? AND ?", i > 0 ? " OR " : "", alias, column);
        zh_vec_push(ctx->arena, binds, ZH_SQL_INT(ranges[i].first));
        zh_vec_push(ctx->arena, binds, ZH_SQL_INT(ranges[i].last));
    }
    zh_buf_z(sql, n == 0 ? "" : ")");
}

void zh_scope_handed_add(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, const char *alias)
{
    /* said apart, so that the index of such rows serves: it holds no others */
    zh_buf_fmt(sql, "(%s.handler_office <> %s.office AND ", alias, alias);
    add_ranges(ctx, sql, binds, alias, "handler_office");
    zh_buf_c(sql, ')');
}

static void add_offices(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, const char *alias)
{
    if (ctx->post->scope == ZH_SCOPE_OWN) {
        /* said apart, so that the index of such rows serves: it holds none of the operator's */
        zh_buf_fmt(sql, "%s.actor = ? AND %s.actor <> 'operator'", alias, alias);
        zh_vec_push(ctx->arena, binds, ZH_SQL_STR(ctx->actor));
        return;
    }
    add_ranges(ctx, sql, binds, alias, "office");
    zh_buf_z(sql, " OR ");
    zh_scope_handed_add(ctx, sql, binds, alias);
}

bool zh_scope_is_own(const zh_ctx *ctx)
{
    return ctx->post != NULL && !sees_all_offices(ctx) && ctx->post->scope == ZH_SCOPE_OWN;
}

bool zh_scope_by_offices(const zh_ctx *ctx)
{
    return ctx->post != NULL && !sees_all_offices(ctx) && ctx->post->scope != ZH_SCOPE_OWN;
}

void zh_scope_offices_add(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, const char *alias)
{
    if (zh_scope_by_offices(ctx)) {
        zh_buf_z(sql, " AND (");
        add_offices(ctx, sql, binds, alias);
        zh_buf_c(sql, ')');
    }
}

static void reader_parameters(const zh_ctx *ctx, zh_value out[2])
{
    out[0] = zh_value_text(ctx->post->region);
    out[1] = zh_value_text(ctx->actor);
}

static void find_self(void *user, const zh_expr *node)
{
    bool *found = user;
    *found = *found || node->op == ZH_X_SELF;
}

/* The record that `self` means in an entry: of the register that it names. */
static const zh_record *self_of(const zh_ctx *ctx, const zh_access *access)
{
    const zh_record *candidates[] = {ctx->post->self, ctx->post->own};
    for (size_t i = 0; i < ZH_COUNTOF(candidates); i++) {
        if (candidates[i] != NULL && candidates[i]->reg == access->self) {
            return candidates[i];
        }
    }
    return NULL;
}

/* An entry that speaks of `self` says nothing to a post that has none, or another. */
static bool entry_says(const zh_ctx *ctx, const zh_access *access, unsigned wanted)
{
    bool speaks = false;
    if (!zh_str_eq(access->role, ctx->post->role) || (zh_access_rights(access) & wanted) == 0) {
        return false;
    }
    if (access->has_rows && !ctx->post->emergency) {
        zh_expr_walk(access->rows.root, find_self, &speaks);
    }
    return !speaks || self_of(ctx, access) != NULL;
}

bool zh_access_applies(const zh_ctx *ctx, const zh_register *reg, const zh_access *access)
{
    unsigned wanted = ctx->aggregating ? (unsigned)ZH_RIGHT_READ | (unsigned)ZH_RIGHT_AGGREGATE
                                       : (unsigned)ZH_RIGHT_READ;
    return (granted(ctx, reg) & ZH_RIGHT_READ) != 0 && entry_says(ctx, access, wanted);
}

static zh_rc add_entries(zh_ctx *ctx, zh_dialect dialect, zh_buf *sql, zh_binds *binds,
                         const zh_register *reg, const char *alias, bool history)
{
    zh_value parameters[2];
    reader_parameters(ctx, parameters);
    zh_env env = {.arena = ctx->arena, .parameters = parameters};
    zh_rc rc = ZH_OK;
    zh_buf_z(sql, " AND (1 = 0");
    for (size_t i = 0; i < reg->naccess && rc == ZH_OK; i++) {
        const zh_access *access = &reg->access[i];
        if (!zh_access_applies(ctx, reg, access)) {
            continue;
        }
        zh_buf_z(sql, " OR ");
        if (!access->has_rows || ctx->post->emergency) {
            zh_buf_z(sql, "1 = 1");
        } else {
            env.self = self_of(ctx, access);
            rc = zh_filter_sql_env(&env, access->rows.root, reg, alias, dialect, history, sql,
                                   binds, ctx->err);
        }
    }
    zh_buf_c(sql, ')');
    return rc;
}

zh_rc zh_scope_add(zh_ctx *ctx, zh_dialect dialect, zh_buf *sql, zh_binds *binds,
                   const zh_register *reg, const char *alias, bool history)
{
    zh_rc rc = zh_where_add(ctx, dialect, sql, binds, reg, ctx->rows, alias, history);
    if (rc != ZH_OK || ctx->post == NULL) {
        return rc;
    }
    if (!sees_all_offices(ctx)) {
        zh_buf_z(sql, " AND (");
        add_offices(ctx, sql, binds, alias);
        zh_buf_c(sql, ')');
    }
    return add_entries(ctx, dialect, sql, binds, reg, alias, history);
}

bool zh_scope_by_office(const zh_ctx *ctx, const zh_register *reg)
{
    bool whole = ctx->post == NULL;
    for (size_t i = 0; i < reg->naccess && !whole; i++) {
        whole = zh_access_applies(ctx, reg, &reg->access[i]) &&
                (!reg->access[i].has_rows || ctx->post->emergency);
    }
    return whole && ctx->rows == NULL;
}

bool zh_scope_is_all(const zh_ctx *ctx, const zh_register *reg)
{
    return (ctx->post == NULL || sees_all_offices(ctx)) && zh_scope_by_office(ctx, reg);
}

bool zh_scope_has_office(const zh_ctx *ctx, int64_t office)
{
    code_range *ranges;
    if (ctx->post == NULL || sees_all_offices(ctx)) {
        return true;
    }
    size_t n = ranges_of(ctx->post, ctx->arena, &ranges);
    return in_ranges(office, ranges, n);
}

/* The entry that decides alone which rows the post sees; NULL: none, or several together. */
static const zh_access *only_entry(const zh_ctx *ctx, const zh_register *reg)
{
    const zh_access *only = NULL;
    size_t n = 0;
    for (size_t i = 0; i < reg->naccess; i++) {
        if (zh_access_applies(ctx, reg, &reg->access[i])) {
            only = &reg->access[i];
            n++;
        }
    }
    return n == 1 && only->has_rows && !ctx->post->emergency ? only : NULL;
}

/* `field = x` and `field within x` of a code field and something known of the reader, one or
 * several joined by `and`. Depth is bounded by the compiler. */
static bool cell_filters(zh_env *env, const zh_expr *x, zh_cell_filter *out, size_t *n)
{
    zh_err ignored = {0};
    zh_value value;
    if (x->op == ZH_X_AND) {
        bool all = true;
        for (size_t i = 0; i < x->n && all; i++) {
            all = cell_filters(env, x->a[i], out, n);
        }
        return all;
    }
    if ((x->op != ZH_X_EQ && x->op != ZH_X_WITHIN) || x->n != 2 || *n == ZH_SCOPE_FILTERS_MAX) {
        return false;
    }
    const zh_field *field = x->a[0]->op == ZH_X_FIELD ? x->a[0]->field : NULL;
    if (field == NULL || field->table != NULL || field->type != ZH_TYPE_CODE ||
        !zh_expr_is_constant(x->a[1]) || zh_eval_node(x->a[1], env, &value, &ignored) != ZH_OK ||
        value.kind != ZH_TEXT || value.text.n == 0 ||
        zh_code_find(field->codes, value.text, INT32_MIN) == NULL) {
        return false;
    }
    out[(*n)++] = (zh_cell_filter){field->id, value.text, x->op == ZH_X_WITHIN};
    return true;
}

static zh_env reader_env(const zh_ctx *ctx, const zh_access *access, zh_value parameters[2])
{
    reader_parameters(ctx, parameters);
    return (zh_env){.arena = ctx->arena, .parameters = parameters, .self = self_of(ctx, access)};
}

bool zh_scope_cells(const zh_ctx *ctx, const zh_register *reg, zh_cell_filter *out, size_t *n)
{
    *n = 0;
    if (zh_scope_is_all(ctx, reg)) {
        return true;
    }
    if (ctx->post == NULL || ctx->rows != NULL || !sees_all_offices(ctx)) {
        return false;
    }
    const zh_access *access = only_entry(ctx, reg);
    if (access == NULL) {
        return false;
    }
    zh_value parameters[2];
    zh_env env = reader_env(ctx, access, parameters);
    return cell_filters(&env, access->rows.root, out, n);
}

bool zh_scope_codes(zh_ctx *ctx, const zh_register *reg, const zh_field *field, zh_str *out,
                    size_t max, size_t *n)
{
    const zh_access *access = ctx->post != NULL ? only_entry(ctx, reg) : NULL;
    if (access == NULL) {
        return false;
    }
    zh_value parameters[2];
    zh_env env = reader_env(ctx, access, parameters);
    return zh_filter_codes(&env, access->rows.root, field, out, max, n);
}

static bool in_scope(const zh_ctx *ctx, const zh_record *record)
{
    code_range *ranges;
    if (sees_all_offices(ctx)) {
        return true;
    }
    if (ctx->post->scope == ZH_SCOPE_OWN) {
        return zh_str_eq(record->actor, ctx->actor);
    }
    size_t n = ranges_of(ctx->post, ctx->arena, &ranges);
    return in_ranges(record->office, ranges, n) || in_ranges(record->handler_office, ranges, n);
}

/* Whether an entry of the post that gives one of the rights holds for the record. */
static zh_rc entry_holds(zh_ctx *ctx, const zh_env *env, const zh_record *record, unsigned wanted,
                         bool *holds)
{
    zh_value parameters[2];
    zh_env own = *env;
    zh_rc rc = ZH_OK;
    *holds = false;
    reader_parameters(ctx, parameters);
    own.parameters = parameters;
    own.record = record;
    for (size_t i = 0; i < record->reg->naccess && !*holds && rc == ZH_OK; i++) {
        const zh_access *access = &record->reg->access[i];
        if (entry_says(ctx, access, wanted)) {
            own.self = self_of(ctx, access);
            *holds = !access->has_rows || ctx->post->emergency;
            rc = *holds ? ZH_OK : zh_eval_true(&access->rows, &own, holds, ctx->err);
        }
    }
    return rc;
}

static zh_rc out_of_scope(zh_err *err)
{
    return zh_err_set(err, ZH_EDENIED, "permission.scope", "这条记录不在你的岗位的数据范围内");
}

zh_rc zh_scope_holds(zh_ctx *ctx, zh_env *env, const zh_record *record)
{
    bool seen = false;
    if (ctx->post == NULL) {
        return ZH_OK;
    }
    unsigned wanted = ctx->aggregating ? (unsigned)ZH_RIGHT_READ | (unsigned)ZH_RIGHT_AGGREGATE
                                       : (unsigned)ZH_RIGHT_READ;
    zh_rc rc = (granted(ctx, record->reg) & ZH_RIGHT_READ) != 0
                   ? entry_holds(ctx, env, record, wanted, &seen)
                   : ZH_OK;
    return rc == ZH_OK && !(seen && in_scope(ctx, record)) ? out_of_scope(ctx->err) : rc;
}

zh_rc zh_scope_takes(zh_ctx *ctx, zh_env *env, const zh_record *record)
{
    bool takes = false;
    if (ctx->post == NULL || (zh_rights(ctx, record->reg) & ZH_RIGHT_READ) != 0) {
        return zh_scope_holds(ctx, env, record);
    }
    zh_rc rc = entry_holds(ctx, env, record, ZH_RIGHT_CREATE, &takes);
    return rc == ZH_OK && !(takes && in_scope(ctx, record)) ? out_of_scope(ctx->err) : rc;
}
