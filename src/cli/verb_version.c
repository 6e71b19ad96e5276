/* version: what this program is made of. */
#include "base/json.h"
#include "base/version.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/record/record.h"
#include "fmt/library.h"
#include "net/http.h"
#include "store/library.h"
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <utf8proc.h>

enum { OWN = 3, LIBRARIES = ZH_STORE_LIBRARIES + ZH_FMT_LIBRARIES + OWN };

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#ifdef __OPTIMIZE__
#define OPTIMISED "优化"
#else
#define OPTIMISED "未优化"
#endif

static void collect(zh_library out[LIBRARIES])
{
    zh_store_libraries(out);
    zh_fmt_libraries(out + ZH_STORE_LIBRARIES);
    zh_library *own = out + ZH_STORE_LIBRARIES + ZH_FMT_LIBRARIES;
    own[0] = zh_http_library();
    own[1] = (zh_library){.name = "OpenSSL", .licence = "Apache-2.0"};
    (void)snprintf(own[1].version, sizeof own[1].version, "%s",
                   OpenSSL_version(OPENSSL_VERSION_STRING));
    own[2] = (zh_library){.name = "utf8proc", .licence = "MIT"};
    (void)snprintf(own[2].version, sizeof own[2].version, "%s", utf8proc_version());
}

/* What an opened database says of itself; only asked for when one is named. */
typedef struct database {
    bool asked;
    const char *kind;
    zh_str model;
    int64_t office, log_size;
} database;

static zh_rc ask_database(zh_cli *cli, database *out)
{
    zh_session s;
    *out = (database){.asked = zh_cli_given(cli, "data") || zh_cli_given(cli, "db")};
    if (!out->asked) {
        return ZH_OK;
    }
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = zh_session_read(&s);
    }
    if (rc == ZH_OK) {
        rc = zh_log_size(s.conn, &out->log_size, &cli->err);
    }
    if (rc == ZH_OK) {
        bool sqlite = zh_conn_dialect(s.conn) == ZH_SQLITE;
        out->kind = sqlite ? "sqlite" : "postgresql";
        out->model = zh_str_dup(cli->arena, s.ctx.model->digest);
        out->office = zh_core_office(s.core);
    }
    zh_session_close(&s);
    return rc;
}

static void json(const database *db, const zh_library *libraries, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kz(&w, "program", "zhiheng");
    zh_jw_kz(&w, "version", ZH_VERSION);
    zh_jw_kz(&w, "licence", ZH_LICENCE);
    zh_jw_kz(&w, "compiler", COMPILER);
    zh_jw_key(&w, "libraries");
    zh_jw_array(&w);
    for (size_t i = 0; i < LIBRARIES; i++) {
        zh_jw_object(&w);
        zh_jw_kz(&w, "name", libraries[i].name);
        zh_jw_kz(&w, "version", libraries[i].version);
        zh_jw_kz(&w, "licence", libraries[i].licence);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    if (db->asked) {
        zh_jw_key(&w, "database");
        zh_jw_object(&w);
        zh_jw_kz(&w, "kind", db->kind);
        zh_jw_kv(&w, "model", db->model);
        zh_jw_ki(&w, "office", db->office);
        zh_jw_ki(&w, "log_size", db->log_size);
        zh_jw_object_end(&w);
    }
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static void print(zh_cli *cli, const database *db, const zh_library *libraries, zh_buf *out)
{
    static const char *const headers[] = {"库", "版本", "许可"};
    zh_text_table table;
    zh_buf_fmt(out, "质衡 zhiheng %s，许可 %s\n编译：%s，%s\n\n", ZH_VERSION, ZH_LICENCE, COMPILER,
               OPTIMISED);
    zh_text_table_init(&table, cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < LIBRARIES; i++) {
        zh_text_table_add(&table, zh_str_of(libraries[i].name));
        zh_text_table_add(&table, zh_str_of(libraries[i].version));
        zh_text_table_add(&table, zh_str_of(libraries[i].licence));
    }
    zh_text_table_print(&table, out);
    if (db->asked) {
        zh_buf_fmt(out, "\n数据库 %s，机构 %" PRId64 "，账本 %" PRId64 " 条，声明 %.*s\n", db->kind,
                   db->office, db->log_size, ZH_FMT(db->model));
    }
}

static int run(zh_cli *cli)
{
    zh_library libraries[LIBRARIES];
    database db;
    zh_buf out;
    if (ask_database(cli, &db) != ZH_OK) {
        return zh_cli_fail(cli);
    }
    collect(libraries);
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    if (cli->json) {
        json(&db, libraries, &out);
    } else {
        print(cli, &db, libraries, &out);
    }
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    return code;
}

ZH_VERB(version) = {
    .name = "version",
    .zh = "程序与所用库的版本、许可",
    .en = "versions and licences",
    .text = "指明 --data 或 --db 时，另外说明那个库的机构、账本条数和所用的声明。",
    .uses = ZH_MAKES_DATA | ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .run = run,
};
