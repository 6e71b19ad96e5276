/* Adopting declarations: choosing the model at opening, migrating, swapping.
 *
 * The sources of every adopted model stay in the database, so that the next program or the next
 * version of the packs can be compared with what the tables were made for. Migration and the note
 * of it are one transaction. */
#include "core/adoption/adopt.h"
#include "base/log.h"
#include "base/os.h"
#include "core/adoption/calendar_years.h"
#include "core/adoption/example.h"
#include "core/adoption/migrate.h"
#include "core/cube/cube.h"
#include "core/instance/core_private.h"
#include "core/judgement/engine_names.h"
#include "core/ledger/evidence.h"
#include "model/pack.h"
#include <inttypes.h>
#include <string.h>

enum { ADOPT_BYTES = 256 << 20 };

typedef ZH_VEC(zh_pack_file) file_list;

/* ---- what the database has adopted ---------------------------------------------------------- */

typedef struct adopted {
    zh_str digest, origin; /* p == NULL: nothing yet */
} adopted;

static zh_rc read_adopted(zh_conn *conn, zh_arena *arena, adopted *out, zh_err *err)
{
    *out = (adopted){ZH_STR_NONE, ZH_STR_NONE};
    zh_rc rc = zh_setting_get(conn, arena, "model", &out->digest, err);
    if (rc != ZH_OK) {
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_sql_value key = ZH_SQL_STR(out->digest);
    zh_stmt *stmt = NULL;
    rc = zh_query(conn, ZH_STR("SELECT origin FROM zh_model WHERE office = 0 AND digest = ?"), &key,
                  1, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        out->origin = zh_str_dup(arena, zh_col_str(stmt, 0));
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc read_sources(zh_conn *conn, zh_arena *arena, zh_str digest, file_list *out,
                          zh_err *err)
{
    zh_sql_value key = ZH_SQL_STR(digest);
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(conn,
                 ZH_STR("SELECT path, content FROM zh_model_file WHERE office = 0 AND digest = ? "
                        "ORDER BY path"),
                 &key, 1, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_pack_file file = {.path = zh_str_dup(arena, zh_col_str(stmt, 0))};
        if (!zh_str_try_dup(arena, zh_col_str(stmt, 1), &file.text)) {
            rc = zh_err_set(err, ZH_ENOMEM, "packs.memory", "已采用的声明太大，读不进内存");
        }
        zh_vec_push(arena, out, file);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The model that the tables were made for; NULL when there is none, its sources were not kept, or
 * this program no longer understands them: then only what is missing is added. */
static zh_rc compile_adopted(zh_conn *conn, zh_arena *arena, const adopted *old, zh_model **out,
                             zh_err *err)
{
    file_list files = {0};
    *out = NULL;
    if (old->digest.p == NULL) {
        return ZH_OK;
    }
    zh_rc rc = read_sources(conn, arena, old->digest, &files, err);
    if (rc == ZH_OK && files.n > 0) {
        zh_err found = {0};
        rc = zh_model_compile(files.p, files.n, out, NULL, &found);
        if (rc == ZH_EINVAL) {
            zh_log_err(ZH_WARN, "store.open", &found);
            return ZH_OK;
        }
        if (rc != ZH_OK && err->rc == ZH_OK) {
            *err = found;
        }
    }
    return rc;
}

/* ---- migration ------------------------------------------------------------------------------ */

typedef struct adoption {
    zh_core *core;
    struct zh_snapshot *next;
    zh_str origin;
    bool destructive;
    bool recounted;
} adoption;

static zh_rc keep_sources(zh_conn *conn, const adoption *a, zh_err *err)
{
    const zh_model *model = a->next->model;
    zh_sql_value row[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(model->digest), ZH_SQL_STR(a->origin)};
    zh_rc rc =
        zh_run(conn,
               "INSERT INTO zh_model (office, adopted_at, digest, origin) VALUES (0, ?, ?, ?) ON "
               "CONFLICT (office, digest) DO UPDATE SET adopted_at = excluded.adopted_at, origin = "
               "excluded.origin",
               row, 3, NULL, err);
    for (size_t i = 0; i < model->nsources && rc == ZH_OK; i++) {
        zh_sql_value file[] = {ZH_SQL_STR(model->digest), ZH_SQL_STR(model->sources[i].path),
                               ZH_SQL_STR(model->sources[i].text)};
        rc = zh_run(
            conn,
            "INSERT INTO zh_model_file (office, digest, path, content) VALUES (0, ?, ?, ?) ON "
            "CONFLICT (office, digest, path) DO NOTHING",
            file, 3, NULL, err);
    }
    return rc == ZH_OK ? zh_setting_set(conn, "model", model->digest, err) : rc;
}

/* A declaration version stands for one list of canonical fields, for ever: it is what the versions
 * written under it were hashed with. */
static zh_rc keep_shape(zh_conn *conn, const zh_plan *plan, zh_err *err)
{
    const zh_register *reg = plan->reg;
    zh_buf text;
    zh_buf_init(&text, (size_t)1 << 20);
    zh_shape_write(&plan->shape, reg, &text);
    zh_assert(!text.failed);
    zh_sql_value row[] = {ZH_SQL_STR(reg->id), ZH_SQL_STR(reg->version),
                          ZH_SQL_STR(zh_buf_view(&text))};
    zh_rc rc = zh_run(
        conn,
        "INSERT INTO zh_shape (office, register, declaration, fields) VALUES (0, ?, ?, ?) ON "
        "CONFLICT (office, register, declaration) DO NOTHING",
        row, 3, NULL, err);
    int64_t same = 0;
    if (rc == ZH_OK) {
        rc = zh_query_i64(
            conn,
            "SELECT COUNT(*) FROM zh_shape WHERE office = 0 AND register = ? AND declaration = ? "
            "AND fields = ?",
            row, 3, &same, err);
    }
    zh_buf_free(&text);
    if (rc == ZH_OK && same == 0) {
        rc = zh_err_set(err, ZH_ECONFLICT, "model.version",
                        "登记册“%.*s”的字段变了，声明的版本号 %.*s 却没有变",
                        ZH_FMT(zh_label_for(err, reg->label)), ZH_FMT(reg->version));
        zh_err_where(err, "%.*s", ZH_FMT(reg->file));
        zh_err_fix(err, "请提高 version:旧版本的凭证要靠它找到当时的字段表");
    }
    return rc;
}

/* What zh_index_plan_make makes of the same declarations has grown with the program: a database
 * that has the declarations already is given what it lacks once. */
#define INDEXES      "indexes"
#define INDEXES_MADE "2" /* 2: rows that an office handles for another */

static zh_rc make_indexes(void *user, zh_conn *conn, zh_err *err)
{
    const zh_model *model = user;
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        zh_index_plans plans;
        zh_arena_mark mark = zh_arena_here(arena);
        zh_index_plan_make(arena, &model->registers[i], &plans);
        for (size_t k = 0; k < plans.n && rc == ZH_OK; k++) {
            rc = zh_exec(conn, plans.p[k].sql, err);
        }
        zh_arena_rewind(arena, mark);
    }
    zh_arena_free(arena);
    return rc == ZH_OK ? zh_setting_set(conn, INDEXES, ZH_STR(INDEXES_MADE), err) : rc;
}

static zh_rc ensure_indexes(zh_core *core, zh_model *model, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    zh_str made = ZH_STR("");
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = zh_setting_get(conn, arena, INDEXES, &made, err);
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
        zh_store_release(conn);
    }
    bool good = zh_str_is(made, INDEXES_MADE);
    zh_arena_free(arena);
    return rc == ZH_OK && !good ? zh_core_write(core, make_indexes, model, err) : rc;
}

static zh_rc migrate(void *user, zh_conn *conn, zh_err *err)
{
    adoption *a = user;
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    adopted old;
    zh_model *before = NULL;
    zh_rc rc = read_adopted(conn, arena, &old, err);
    if (rc == ZH_OK) {
        rc = compile_adopted(conn, arena, &old, &before, err);
    }
    if (rc == ZH_OK) {
        rc = zh_migrate(a->core, conn, a->next, before, a->destructive, &a->recounted, err);
    }
    for (size_t i = 0; i < a->next->model->nregisters && rc == ZH_OK; i++) {
        rc = keep_shape(conn, &a->next->plans[i], err);
    }
    if (rc == ZH_OK) {
        rc = keep_sources(conn, a, err);
    }
    if (rc == ZH_OK) {
        rc = zh_setting_set(conn, INDEXES, ZH_STR(INDEXES_MADE), err);
    }
    if (before != NULL) {
        zh_model_release(before);
    }
    zh_arena_free(arena);
    return rc;
}

/* Plans for the model, migration unless the database has it already, and the swap. */
static zh_rc adopt(zh_core *core, zh_model *model, zh_str origin, bool needed, bool destructive,
                   zh_err *err)
{
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    struct zh_snapshot *snapshot = ZH_NEW(arena, struct zh_snapshot);
    atomic_init(&snapshot->references, 1);
    snapshot->arena = arena;
    pthread_mutex_init(&snapshot->surveying, NULL);
    snapshot->model = zh_model_retain(model);
    zh_rc rc = zh_plan_make(arena, model, &snapshot->plans, err);
    adoption a = {core, snapshot, origin, destructive, false};
    if (rc == ZH_OK) {
        rc = needed ? zh_core_write(core, migrate, &a, err) : ensure_indexes(core, model, err);
    }
    if (rc != ZH_OK) {
        zh_snapshot_release(snapshot);
        return rc;
    }
    pthread_mutex_lock(&core->lock);
    struct zh_snapshot *before = core->snapshot;
    core->snapshot = snapshot;
    pthread_mutex_unlock(&core->lock);
    zh_snapshot_release(before);
    zh_memory_trim(); /* compiling takes several times what the model keeps */
    return a.recounted ? zh_rollup_rebuild(core, err) : ZH_OK;
}

zh_rc zh_core_adopt_same(zh_core *core, zh_model *model, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    adopted now = {ZH_STR_NONE, ZH_STR_NONE};
    zh_conn *conn = NULL;
    pthread_mutex_lock(&core->adopting);
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = read_adopted(conn, arena, &now, err);
    }
    zh_store_release(conn);
    if (rc == ZH_OK) {
        rc = adopt(core, model, now.origin, true, false, err);
    }
    pthread_mutex_unlock(&core->adopting);
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_core_adopt(zh_core *core, zh_model *model, bool destructive, zh_err *err)
{
    pthread_mutex_lock(&core->adopting);
    zh_rc rc = adopt(core, model, ZH_STR("adopted"), true, destructive, err);
    pthread_mutex_unlock(&core->adopting);
    return rc;
}

static zh_rc add_years(zh_core *core, zh_arena *arena, zh_pack_file *files, size_t n, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = zh_calendar_overlay_files(conn, arena, files, n, err);
    }
    zh_store_release(conn);
    return rc;
}

/* Without --packs the program's own declarations are used, unless the database was given others. */
static zh_rc choose(zh_core *core, const zh_core_options *options, zh_arena *arena,
                    const adopted *old, zh_model **model, zh_str *origin, zh_err *err)
{
    if (options->model != NULL) {
        *model = zh_model_retain(options->model);
        *origin = ZH_STR("given");
        return ZH_OK;
    }
    *origin = options->packs != NULL ? ZH_STR("directory") : ZH_STR("embedded");
    if (options->packs == NULL && old->origin.n > 0 && !zh_str_is(old->origin, "embedded")) {
        zh_conn *conn = NULL;
        zh_rc rc = zh_store_reader(core->store, &conn, err);
        if (rc == ZH_OK) {
            rc = compile_adopted(conn, arena, old, model, err);
            zh_store_release(conn);
        }
        *origin = old->origin;
        if (rc != ZH_OK || *model != NULL) {
            return rc;
        }
        *origin = ZH_STR("embedded");
    }
    zh_pack_file *files = NULL;
    size_t n = 0;
    zh_rc rc = options->packs != NULL ? zh_pack_load_dir(arena, options->packs, &files, &n, err)
                                      : zh_pack_load_embedded(arena, "packs/", &files, &n, err);
    if (rc == ZH_OK) {
        rc = add_years(core, arena, files, n, err);
    }
    if (rc == ZH_OK) {
        rc = zh_model_compile(files, n, model, NULL, err);
    }
    if (rc == ZH_OK && (rc = zh_engine_names_check(*model, NULL, err)) != ZH_OK) {
        zh_model_release(*model);
        *model = NULL;
    }
    return rc;
}

static zh_rc load_adopted(zh_core *core, zh_arena *arena, const adopted *old, zh_model **out,
                          zh_err *err)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = compile_adopted(conn, arena, old, out, err);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && *out == NULL) {
        rc = zh_err_set(err, ZH_ECONFLICT, "model.adopted", "本程序读不懂这个库已采用的声明");
        zh_err_fix(err,
                   "用 zhiheng model diff 看差别，再用 zhiheng serve 或 import 采用本程序的声明");
    }
    return rc;
}

/* Whoever only reads does not change the tables: other declarations are refused when they were
 * asked for by name, and those of a newer program wait for a verb that writes. */
static zh_rc keep(zh_core *core, const zh_core_options *options, zh_arena *arena,
                  const adopted *old, zh_model **model, zh_err *err)
{
    if (zh_str_eq(old->digest, (*model)->digest)) {
        return ZH_OK;
    }
    if (options->packs != NULL) {
        zh_err_set(err, ZH_ECONFLICT, "model.differs",
                   "%s 的声明与这个库已采用的不同，只读的命令不改动数据库", options->packs);
        zh_err_fix(err, "差别见 zhiheng model diff；用 zhiheng import 或 serve 加 --packs 采用它，"
                        "或去掉 --packs 按已采用的声明回答");
        return ZH_ECONFLICT;
    }
    zh_model_release(*model);
    *model = NULL;
    return load_adopted(core, arena, old, model, err);
}

/* A declaration that fails its own tests cannot be adopted. Those built into the program were
 * tested when it was built. */
static zh_rc tested(zh_model *model, zh_err *err)
{
    zh_buf failures;
    zh_example_report report = {0};
    zh_buf_init(&failures, (size_t)1 << 20);
    zh_rc rc = zh_examples_run(model, NULL, &failures, &report, NULL, NULL, err);
    if (rc == ZH_OK && report.failed > 0) {
        zh_str rest = zh_buf_view(&failures);
        zh_str first = ZH_STR_NONE;
        (void)zh_str_split(&rest, '\n', &first);
        zh_err_set(err, ZH_EINVAL, "model.tests",
                   "声明有 %" PRId64 " 个检验未通过，不能采用；第一个：%.*s", report.failed,
                   ZH_FMT(first));
        zh_err_fix(err, "用 zhiheng model check 看全部");
        rc = ZH_EINVAL;
    }
    zh_buf_free(&failures);
    return rc;
}

zh_rc zh_adopt_at_open(zh_core *core, const zh_core_options *options, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    adopted old = {ZH_STR_NONE, ZH_STR_NONE};
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = read_adopted(conn, arena, &old, err);
        zh_store_release(conn);
    }
    zh_model *model = NULL;
    zh_str origin = ZH_STR_NONE;
    if (rc == ZH_OK) {
        rc = choose(core, options, arena, &old, &model, &origin, err);
    }
    if (rc == ZH_OK && options->keep_model && old.digest.p != NULL) {
        rc = keep(core, options, arena, &old, &model, err);
    }
    if (rc == ZH_OK) {
        bool needed = old.digest.p == NULL || !zh_str_eq(old.digest, model->digest);
        if (needed && options->packs != NULL && options->model == NULL) {
            rc = tested(model, err);
        }
        rc = rc != ZH_OK ? rc
                         : adopt(core, model, origin, needed, options->migrate_destructive, err);
    }
    if (model != NULL) {
        zh_model_release(model);
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_core_follow(zh_core *core, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ADOPT_BYTES);
    adopted now = {ZH_STR_NONE, ZH_STR_NONE};
    zh_conn *conn = NULL;
    zh_model *model = NULL;
    pthread_mutex_lock(&core->adopting);
    zh_model *mine = zh_core_model(core);
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = read_adopted(conn, arena, &now, err);
        zh_store_release(conn);
    }
    if (rc == ZH_OK && now.digest.p != NULL && !zh_str_eq(now.digest, mine->digest)) {
        rc = load_adopted(core, arena, &now, &model, err);
        rc = rc == ZH_OK ? adopt(core, model, now.origin, false, false, err) : rc;
    }
    pthread_mutex_unlock(&core->adopting);
    zh_model_release(mine);
    if (model != NULL) {
        zh_model_release(model);
    }
    zh_arena_free(arena);
    return rc;
}
