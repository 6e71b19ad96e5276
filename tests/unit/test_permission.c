/* One predicate: what a post may see is the same for records, lists, counts, facets, cells and
 * scans, equals an oracle written here from the rules of permission.h, and masks hold everywhere.
 * Both databases when ZH_TEST_PG_URL is set. */
#include "core/cube/cube.h"
#include "core/instance/schema.h"
#include "core/read/permission.h"
#include "core_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORDS = 60, POSTS = 120 };

static const char NOTE[] =
    "registers:\n"
    "  - id: note\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 笔录\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    home: place\n"
    "    event_time: happened_on\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region, required: true}\n"
    "      - {id: happened_on, label: 日期, type: date, required: true}\n"
    "      - {id: kind, label: 类别, type: code, codes: {a: 甲, b: 乙}, required: true}\n"
    "      - {id: who, label: 姓名, type: string, pipl: personal, mask: 张*}\n"
    "      - {id: secret, label: 线索, type: string}\n"
    "      - {id: hidden, label: 内情, type: string}\n"
    "      - {id: after, label: 前案, type: ref, to: note}\n"
    "      - {id: mark, label: 标签, type: ref, to: mark}\n"
    "      - id: links\n"
    "        label: 关联\n"
    "        type: table\n"
    "        fields:\n"
    "          - {id: to, label: 关联案, type: ref, to: note}\n"
    "          - {id: why, label: 缘由, type: string}\n"
    "    states:\n"
    "      - {id: open, label: 在办, initial: true}\n"
    "      - {id: done, label: 办结}\n"
    "    transitions:\n"
    "      - {id: finish, label: 办结, from: open, to: done, roles: [officer]}\n"
    "      - {id: hand_over, label: 转办, kind: reassign, from: open, to: open, roles: [officer]}\n"
    "    access:\n"
    "      - {role: officer, rows: \"place within office_region\", can: [read, create, amend, "
    "transition]}\n"
    "      - {role: analyst, can: [read], mask: [who], drop: [secret, hidden]}\n"
    "      - {role: clerk, rows: \"kind = 'a'\", can: [read, create]}\n"
    "    measures:\n"
    "      n: {kind: count}\n"
    "    cubes:\n"
    "      - {id: by_place, dims: [place, kind], measures: [n], dense: true}\n"
    "  - id: mark\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 标签\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no], public: true}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n";

static const char *const places[] = {"420000", "420100", "420500"};
static const char *const kinds[] = {"a", "b"};
static const char *const roles[] = {"officer", "analyst", "clerk", "stranger"};

/* What the test knows about a record without asking the program. */
struct known {
    zh_applied at;
    int64_t place, handler;
    int kind;
    const char *writer;
};

struct world {
    fixture f;
    struct known list[RECORDS];
};

static uint64_t seed;

static unsigned any(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void fill(struct world *w)
{
    fixture *f = &w->f;
    fx_open(f, NOTE);
    for (int i = 0; i < RECORDS; i++) {
        struct known *k = &w->list[i];
        char no[16];
        unsigned place = any(3);
        k->kind = (int)any(2);
        k->writer = any(2) ? "u1" : "u2";
        k->place = strtoll(places[place], NULL, 10);
        k->handler = zh_core_office(f->core); /* the writer's office handles it at first */
        (void)snprintf(no, sizeof no, "N%03d", i);
        f->ctx.actor = zh_str_of(k->writer);
        assert_int_equal(fx_create(f, "note", &k->at, "no", no, "place", places[place],
                                   "happened_on", "2026-03-01", "kind", kinds[k->kind], "who",
                                   "张三丰", "secret", "举报", "hidden", "底数", NULL),
                         ZH_OK);
        if (any(4) == 0) {
            const zh_register *reg = fx_reg(f, "note");
            k->handler = strtoll(places[any(3)], NULL, 10);
            zh_op op = {.kind = ZH_OP_TRANSITION,
                        .reg = reg,
                        .office = k->at.office,
                        .id = k->at.id,
                        .transition = zh_register_transition(reg, ZH_STR("hand_over")),
                        .handler_office = k->handler};
            assert_int_equal(zh_record_apply(&f->ctx, &op, &f->findings, &k->at), ZH_OK);
        }
    }
    f->ctx.actor = ZH_STR("operator");
}

/* A region and what lies below it, by the digits of GB/T 2260. */
static bool below(int64_t office, int64_t region)
{
    return region % 10000 == 0 ? office / 10000 == region / 10000 : office / 100 == region / 100;
}

static bool sees(const struct known *k, const zh_post *post, const char *actor, int64_t own)
{
    bool scope = false;
    switch (post->scope) {
    case ZH_SCOPE_ALL: scope = true; break;
    case ZH_SCOPE_SUBTREE:
        scope =
            post->office == own || below(k->place, post->office) || below(k->handler, post->office);
        break;
    case ZH_SCOPE_OFFICE: scope = k->place == post->office || k->handler == post->office; break;
    case ZH_SCOPE_OWN: scope = strcmp(k->writer, actor) == 0; break;
    case ZH_SCOPE_CUSTOM:
        for (size_t i = 0; i < post->noffices; i++) {
            scope = scope || k->place == post->offices[i] || k->handler == post->offices[i];
        }
        break;
    }
    bool rows =
        (zh_str_is(post->role, "officer") && below(k->place, strtoll(post->region.p, NULL, 10))) ||
        zh_str_is(post->role, "analyst") || (zh_str_is(post->role, "clerk") && k->kind == 0);
    return scope && rows;
}

static zh_rc count_one(void *user, zh_ctx *ctx, const zh_record *record)
{
    (void)ctx;
    (void)record;
    ++*(int64_t *)user;
    return ZH_OK;
}

static int64_t cells_total(zh_ctx *ctx, zh_conn *conn, const zh_register *reg)
{
    zh_cell_group group = {.dim = ZH_STR("kind")};
    zh_cell_query query = {.reg = reg, .groups = &group, .ngroups = 1, .as_of = ZH_AS_OF_NOW};
    zh_cell_answer answer;
    int64_t n = 0;
    assert_int_equal(zh_cells(ctx, conn, &query, &answer), ZH_OK);
    for (size_t i = 0; i < answer.n; i++) {
        n += answer.cells[i].n;
    }
    return n;
}

static int64_t facet_total(zh_ctx *ctx, zh_conn *conn, const zh_register *reg)
{
    zh_list_query query = {.reg = reg, .limit = 1, .as_of = ZH_AS_OF_NOW};
    zh_group group = {.field = zh_register_field(reg, ZH_STR("kind"))};
    zh_counts counts;
    int64_t n = 0;
    assert_int_equal(zh_count(ctx, conn, &query, &group, 1, &counts), ZH_OK);
    for (size_t i = 0; i < counts.n; i++) {
        n += counts.rows[i].n;
    }
    assert_int_equal(n, counts.total);
    return n;
}

/* Every way to rows gives the oracle's number, now and as of the end of the log. */
static void check_post(struct world *w, const zh_post *post, const char *actor)
{
    fixture *f = &w->f;
    zh_ctx ctx = f->ctx;
    zh_conn *conn = NULL;
    const zh_register *reg = fx_reg(f, "note");
    int64_t expected = 0;
    int64_t scanned = 0;
    zh_page page;
    ctx.post = post;
    ctx.role = post->role;
    ctx.actor = zh_str_of(actor);
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    for (int i = 0; i < RECORDS; i++) {
        zh_record *record = NULL;
        const struct known *k = &w->list[i];
        bool seen = sees(k, post, actor, zh_core_office(f->core));
        zh_rc rc = zh_record_get(&ctx, conn, reg, k->at.office, k->at.id, ZH_AS_OF_NOW, &record);
        assert_int_equal(rc, seen ? ZH_OK : ZH_ENOTFOUND);
        zh_err_clear(&f->err);
        expected += seen;
    }
    zh_list_query list = {.reg = reg, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
    assert_int_equal(zh_list(&ctx, conn, &list, &page), ZH_OK);
    assert_int_equal((int64_t)page.n, expected);
    assert_int_equal(zh_scan(&ctx, conn, &list, count_one, &scanned), ZH_OK);
    assert_int_equal(scanned, expected);
    assert_int_equal(facet_total(&ctx, conn, reg), expected);
    assert_int_equal(cells_total(&ctx, conn, reg), expected);
    list.search = ZH_STR("N0");
    assert_int_equal(zh_list(&ctx, conn, &list, &page), ZH_OK);
    assert_int_equal((int64_t)page.n, expected);
    zh_store_release(conn);
}

static void one_predicate(void **state)
{
    (void)state;
    struct world *w = zh_alloc(sizeof *w);
    *w = (struct world){0};
    printf("seed %llu\n", (unsigned long long)seed);
    fill(w);
    for (int i = 0; i < POSTS; i++) {
        const char *region = places[any(3)];
        int64_t offices[2] = {strtoll(places[any(3)], NULL, 10), strtoll(places[any(3)], NULL, 10)};
        zh_post post = {.role = zh_str_of(roles[any(4)]),
                        .scope = (zh_data_scope)any(5),
                        .office = strtoll(region, NULL, 10),
                        .region = zh_str_of(region),
                        .offices = offices,
                        .noffices = any(3)};
        check_post(w, &post, any(2) ? "u1" : "u2");
    }
    fx_close(&w->f);
    zh_dealloc(w);
}

/* A list of one's own in an office, in the order of the list, is what one index holds. */
static void own_scope_has_an_index(void **state)
{
    (void)state;
    fixture f = {0};
    fx_open(&f, NOTE);
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    bool served = false;
    assert_true(zh_has_own_index(fx_reg(&f, "note")));
    assert_int_equal(zh_store_reader(zh_core_store(f.core), &conn, &f.err), ZH_OK);
    if (zh_conn_dialect(conn) == ZH_SQLITE) { /* PostgreSQL decides by the size of the table */
        assert_int_equal(
            zh_query(conn,
                     ZH_STR("EXPLAIN QUERY PLAN SELECT a.id FROM r_note a WHERE a.office = 1 AND "
                            "a.actor = 'u1' AND a.actor <> 'operator' ORDER BY a.id"),
                     NULL, 0, &stmt, &f.err),
            ZH_OK);
        while (zh_step(stmt, &f.err) == ZH_OK) {
            served = served || zh_str_find(zh_col_str(stmt, 3), ZH_STR("i_r_note_own")) >= 0;
        }
        zh_finish(stmt);
        assert_true(served);
    }
    zh_store_release(conn);
    fx_close(&f);
}

/* ---- masks and rights ---- */

static const zh_post analyst = {.role = {"analyst", 7}, .scope = ZH_SCOPE_ALL};

static zh_ctx as(fixture *f, const zh_post *post)
{
    zh_ctx ctx = f->ctx;
    ctx.post = post;
    ctx.role = post->role;
    return ctx;
}

static zh_program where(fixture *f, const zh_register *reg, const char *text)
{
    zh_program program;
    zh_scope scope = {.model = f->ctx.model, .reg = reg};
    assert_int_equal(zh_expr_compile(f->arena, &scope, zh_str_of(text), &program, &f->err), ZH_OK);
    return program;
}

static void masks_hold_everywhere(void **state)
{
    (void)state;
    struct world *w = zh_alloc(sizeof *w);
    *w = (struct world){0};
    fill(w);
    fixture *f = &w->f;
    const zh_register *reg = fx_reg(f, "note");
    zh_ctx ctx = as(f, &analyst);
    zh_conn *conn = NULL;
    zh_record *record = NULL;
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    assert_int_equal(zh_record_get(&ctx, conn, reg, 0, w->list[0].at.id, ZH_AS_OF_NOW, &record),
                     ZH_OK);
    assert_string_equal(fx_text(f, record, "who"), "张**");
    assert_string_equal(fx_text(f, record, "secret"), "");
    zh_version *versions;
    size_t n;
    assert_int_equal(zh_record_history(&ctx, conn, reg, 0, w->list[0].at.id, &versions, &n), ZH_OK);
    assert_string_equal(fx_text(f, versions[0].record, "secret"), "");
    zh_program asked[] = {where(f, reg, "who = '张三丰'"), where(f, reg, "len(secret) > 1")};
    zh_list_query list = {.reg = reg, .limit = 10, .as_of = ZH_AS_OF_NOW};
    zh_page page;
    zh_counts counts;
    for (size_t i = 0; i < ZH_COUNTOF(asked); i++) {
        list.where = &asked[i];
        assert_int_equal(zh_list(&ctx, conn, &list, &page), ZH_EDENIED);
        zh_err_clear(&f->err);
        assert_int_equal(zh_count(&ctx, conn, &list, NULL, 0, &counts), ZH_EDENIED);
        zh_err_clear(&f->err);
    }
    list.where = NULL;
    list.sort = zh_register_field(reg, ZH_STR("secret"));
    assert_int_equal(zh_list(&ctx, conn, &list, &page), ZH_EDENIED);
    zh_err_clear(&f->err);
    list.sort = NULL;
    list.search = ZH_STR("举报");
    assert_int_equal(zh_list(&ctx, conn, &list, &page), ZH_OK);
    assert_int_equal(page.n, 0);
    assert_int_equal(zh_list(&f->ctx, conn, &list, &page), ZH_OK);
    assert_int_equal(page.n, 10);
    zh_store_release(conn);
    fx_close(f);
    zh_dealloc(w);
}

static zh_rc write_as(fixture *f, const zh_post *post, const zh_op *op)
{
    zh_ctx ctx = as(f, post);
    zh_applied out;
    zh_err_clear(&f->err);
    f->findings = (zh_findings){0};
    return zh_record_apply(&ctx, op, &f->findings, &out);
}

static void writes_keep_to_rights_and_scope(void **state)
{
    (void)state;
    fixture f = {0};
    fx_open(&f, NOTE);
    const zh_register *reg = fx_reg(&f, "note");
    zh_post wuhan = {.role = ZH_STR("officer"),
                     .scope = ZH_SCOPE_SUBTREE,
                     .office = 420100,
                     .region = ZH_STR("420100")};
    zh_post yichang = wuhan;
    yichang.office = 420500;
    yichang.region = ZH_STR("420500");
    zh_applied at;
    assert_int_equal(fx_create(&f, "note", &at, "no", "1", "place", "420100", "happened_on",
                               "2026-03-01", "kind", "b", "who", "张三丰", "secret", "举报", NULL),
                     ZH_OK);
    zh_change kind = {.field = zh_register_field(reg, ZH_STR("kind")),
                      .value = zh_value_text(ZH_STR("a"))};
    zh_op amend = {.kind = ZH_OP_AMEND,
                   .reg = reg,
                   .office = at.office,
                   .id = at.id,
                   .changes = &kind,
                   .nchanges = 1,
                   .reason = ZH_STR("更正")};
    assert_int_equal(write_as(&f, &yichang, &amend), ZH_ENOTFOUND); /* not even that it exists */
    assert_int_equal(write_as(&f, &analyst, &amend), ZH_EDENIED);
    assert_int_equal(write_as(&f, &wuhan, &amend), ZH_OK);
    /* a writer who sees a mask does not write it back */
    const zh_record *record = fx_get(&f, "note", &at);
    assert_string_equal(fx_text(&f, record, "who"), "张三丰");
    zh_op finish = {.kind = ZH_OP_TRANSITION,
                    .reg = reg,
                    .office = at.office,
                    .id = at.id,
                    .transition = zh_register_transition(reg, ZH_STR("finish"))};
    zh_post clerk = {.role = ZH_STR("clerk"), .scope = ZH_SCOPE_ALL};
    assert_int_equal(write_as(&f, &clerk, &finish), ZH_EDENIED);
    assert_int_equal(write_as(&f, &wuhan, &finish), ZH_OK);
    /* a record may not be created where its writer could not see it */
    zh_change created[] = {
        {.field = zh_register_field(reg, ZH_STR("no")), .value = zh_value_text(ZH_STR("2"))},
        {.field = zh_register_field(reg, ZH_STR("place")),
         .value = zh_value_text(ZH_STR("420100"))},
        {.field = zh_register_field(reg, ZH_STR("happened_on")), .value = zh_value_date(20000)},
        {.field = zh_register_field(reg, ZH_STR("kind")), .value = zh_value_text(ZH_STR("b"))}};
    zh_op create = {.kind = ZH_OP_CREATE, .reg = reg, .changes = created, .nchanges = 4};
    assert_int_equal(write_as(&f, &yichang, &create), ZH_EDENIED);
    assert_string_equal(f.err.rule, "permission.scope");
    assert_int_equal(write_as(&f, &clerk, &create), ZH_EDENIED); /* its rows: kind = 'a' */
    assert_int_equal(write_as(&f, &wuhan, &create), ZH_OK);
    fx_close(&f);
}

/* ---- references ------------------------------------------------------------------------------ */

static zh_value by_key(const char *key)
{
    return (zh_value){.kind = ZH_REF, .text = zh_str_of(key)};
}

static zh_value by_place(int64_t office, int64_t id)
{
    return (zh_value){.kind = ZH_REF, .office = office, .i = id};
}

/* A new note of 420100 that refers to something; what is refused is told as text. */
static const char *refer(fixture *f, const zh_post *post, const char *no, const char *field,
                         zh_value value)
{
    const zh_register *reg = fx_reg(f, "note");
    const zh_field *table = zh_register_field(reg, ZH_STR("links"));
    zh_value cells[] = {value, zh_value_text(ZH_STR("同一事由"))};
    zh_rows rows = {.table = table, .n = 1, .values = cells};
    bool linked = strcmp(field, "links") == 0;
    zh_change created[] = {
        {.field = zh_register_field(reg, ZH_STR("no")), .value = zh_value_text(zh_str_of(no))},
        {.field = zh_register_field(reg, ZH_STR("place")),
         .value = zh_value_text(ZH_STR("420100"))},
        {.field = zh_register_field(reg, ZH_STR("happened_on")), .value = zh_value_date(20000)},
        {.field = zh_register_field(reg, ZH_STR("kind")), .value = zh_value_text(ZH_STR("b"))},
        {.field = zh_register_field(reg, zh_str_of(field)),
         .value = linked ? ZH_VALUE_NULL : value,
         .rows = linked ? &rows : NULL}};
    zh_op create = {.kind = ZH_OP_CREATE, .reg = reg, .changes = created, .nchanges = 5};
    zh_rc rc = post != NULL ? write_as(f, post, &create) : ZH_OK;
    zh_applied out;
    if (post == NULL) {
        zh_err_clear(&f->err);
        f->findings = (zh_findings){0};
        rc = zh_record_apply(&f->ctx, &create, &f->findings, &out);
    }
    zh_buf told;
    zh_buf_init(&told, 1 << 16);
    zh_buf_fmt(&told, "%d %s %s %s|", (int)rc, f->err.rule, f->err.message, f->err.where);
    for (size_t i = 0; i < f->findings.list.n; i++) {
        const zh_finding *one = &f->findings.list.p[i];
        zh_buf_fmt(&told, "%.*s %.*s %.*s %.*s|", ZH_FMT(one->rule), ZH_FMT(one->field),
                   ZH_FMT(one->message), ZH_FMT(one->fix));
    }
    const char *text = zh_str_c(f->arena, zh_buf_view(&told));
    zh_buf_free(&told);
    return text;
}

/* The text with one name of what was asked put in place of another. */
static const char *instead(fixture *f, const char *text, const char *name, const char *other)
{
    zh_buf out;
    zh_buf_init(&out, 1 << 16);
    for (const char *at = text; *at != '\0';) {
        bool here = strncmp(at, name, strlen(name)) == 0;
        zh_buf_add(&out, here ? other : at, here ? strlen(other) : 1);
        at += here ? strlen(name) : 1;
    }
    const char *result = zh_str_c(f->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return result;
}

static void references_stay_in_sight(void **state)
{
    (void)state;
    static const char *const fields[] = {"after", "links"};
    fixture f = {0};
    zh_applied seen;
    zh_applied hidden;
    zh_applied mark;
    fx_open(&f, NOTE);
    zh_post wuhan = {.role = ZH_STR("officer"),
                     .scope = ZH_SCOPE_SUBTREE,
                     .office = 420100,
                     .region = ZH_STR("420100")};
    assert_int_equal(fx_create(&f, "note", &seen, "no", "SEEN", "place", "420100", "happened_on",
                               "2026-03-01", "kind", "b", NULL),
                     ZH_OK);
    assert_int_equal(fx_create(&f, "note", &hidden, "no", "HIDDEN", "place", "420500",
                               "happened_on", "2026-03-01", "kind", "b", NULL),
                     ZH_OK);
    assert_int_equal(fx_create(&f, "mark", &mark, "no", "M", NULL), ZH_OK);
    for (size_t i = 0; i < ZH_COUNTOF(fields); i++) {
        char no[2][8];
        char there[32];
        char nowhere[32];
        (void)snprintf(no[0], sizeof no[0], "K%zu", i);
        (void)snprintf(no[1], sizeof no[1], "I%zu", i);
        const char *one = refer(&f, &wuhan, "X", fields[i], by_key("HIDDEN"));
        const char *two = refer(&f, &wuhan, "X", fields[i], by_key("ABSENT"));
        assert_string_equal(instead(&f, one, "HIDDEN", "ABSENT"), two);
        assert_non_null(strstr(one, "field.ref.unknown"));
        one = refer(&f, &wuhan, "X", fields[i], by_place(hidden.office, hidden.id));
        two = refer(&f, &wuhan, "X", fields[i], by_place(hidden.office, hidden.id + 1));
        (void)snprintf(there, sizeof there, "%" PRId64, hidden.id);
        (void)snprintf(nowhere, sizeof nowhere, "%" PRId64, hidden.id + 1);
        assert_string_equal(instead(&f, one, there, nowhere), two);
        assert_non_null(strstr(one, "field.ref.unknown"));
        assert_string_equal(refer(&f, &wuhan, no[0], fields[i], by_key("SEEN")), "0   |");
        assert_string_equal(refer(&f, &wuhan, no[1], fields[i], by_place(seen.office, seen.id)),
                            "0   |");
    }
    /* public keys, and who sees everything */
    assert_string_equal(refer(&f, &wuhan, "P", "mark", by_key("M")), "0   |");
    assert_string_equal(refer(&f, NULL, "O", "after", by_key("HIDDEN")), "0   |");
    assert_string_equal(refer(&f, NULL, "L", "links", by_key("HIDDEN")), "0   |");
    fx_close(&f);
}

/* What a record already refers to stays when its writer cannot see it; nothing new like it. */
static void what_is_referred_to_stays(void **state)
{
    (void)state;
    fixture f = {0};
    zh_applied hidden;
    zh_applied at;
    fx_open(&f, NOTE);
    const zh_register *reg = fx_reg(&f, "note");
    zh_post wuhan = {.role = ZH_STR("officer"),
                     .scope = ZH_SCOPE_SUBTREE,
                     .office = 420100,
                     .region = ZH_STR("420100")};
    assert_int_equal(fx_create(&f, "note", &hidden, "no", "HIDDEN", "place", "420500",
                               "happened_on", "2026-03-01", "kind", "b", NULL),
                     ZH_OK);
    assert_int_equal(fx_create(&f, "note", &at, "no", "1", "place", "420100", "happened_on",
                               "2026-03-01", "kind", "b", "after", "HIDDEN", "links", "HIDDEN,旧的",
                               NULL),
                     ZH_OK);
    const zh_record *record = fx_get(&f, "note", &at);
    const zh_field *table = zh_register_field(reg, ZH_STR("links"));
    const zh_rows *old = &record->tables[table->index];
    zh_value cells[] = {by_place(hidden.office, hidden.id), zh_value_text(ZH_STR("改了缘由")),
                        by_place(hidden.office, hidden.id), zh_value_text(ZH_STR("新的一行"))};
    int64_t ids[] = {old->ids[0], 0};
    zh_rows rows = {.table = table, .n = 1, .ids = ids, .values = cells};
    zh_change changes[] = {{.field = zh_register_field(reg, ZH_STR("after")),
                            .value = by_place(hidden.office, hidden.id)},
                           {.field = table, .rows = &rows}};
    zh_op amend = {.kind = ZH_OP_AMEND,
                   .reg = reg,
                   .office = at.office,
                   .id = at.id,
                   .changes = changes,
                   .nchanges = 2,
                   .reason = ZH_STR("更正")};
    assert_int_equal(write_as(&f, &wuhan, &amend), ZH_OK);
    rows.n = 2;
    assert_int_equal(write_as(&f, &wuhan, &amend), ZH_EINVAL);
    assert_string_equal(f.err.rule, "field.ref.unknown");
    assert_string_equal(f.err.where, "links[1].to");
    fx_close(&f);
}

/* A reader's own condition asks the records it selects and no others. */
static void conditions_stay_in_sight(void **state)
{
    (void)state;
    static const char *const others[] = {"after.no = 'HIDDEN'", "any(note where no = 'HIDDEN')",
                                         "any(links, to.no = 'HIDDEN')",
                                         "not (count(note where no = self.no) = 0)"};
    static const char *const own[] = {"no = 'HIDDEN'", "any(links, why = '旧的')",
                                      "after is not null", "kind = 'a' or place within '420100'"};
    fixture f = {0};
    fx_open(&f, NOTE);
    const zh_register *reg = fx_reg(&f, "note");
    zh_post officer = {.role = ZH_STR("officer"), .scope = ZH_SCOPE_ALL};
    zh_ctx ctx = as(&f, &officer);
    for (size_t i = 0; i < ZH_COUNTOF(others); i++) {
        zh_program program = where(&f, reg, others[i]);
        zh_err_clear(&f.err);
        assert_int_equal(zh_scope_allows(&ctx, &program), ZH_EINVAL);
        assert_string_equal(f.err.rule, "query.unsupported");
        assert_int_equal(zh_scope_allows(&f.ctx, &program), ZH_OK); /* the operator */
    }
    for (size_t i = 0; i < ZH_COUNTOF(own); i++) {
        zh_program program = where(&f, reg, own[i]);
        assert_int_equal(zh_scope_allows(&ctx, &program), ZH_OK);
    }
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_predicate),
        cmocka_unit_test(masks_hold_everywhere),
        cmocka_unit_test(writes_keep_to_rights_and_scope),
        cmocka_unit_test(references_stay_in_sight),
        cmocka_unit_test(what_is_referred_to_stays),
        cmocka_unit_test(own_scope_has_an_index),
        cmocka_unit_test(conditions_stay_in_sight),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    const char *given = getenv("ZH_TEST_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)zh_now();
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
