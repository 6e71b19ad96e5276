/* The store's common half: URL, connection pools, statement cache, transactions, bulk loads,
 * checks.
 *
 * Pools are first come, first served: a connection that is given back goes to the one who has
 * waited longest, so a bulk writer that releases between batches cannot starve a form. SQLite's
 * writer pool holds one connection. Nobody waits longer than busy_timeout_ms. */
#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include "store/driver.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { READERS_DEFAULT = 8, BUSY_DEFAULT_MS = 10000, EXPLAIN_NODES_MAX = 512 };

/* Somebody in the queue of a pool. */
typedef struct waiter {
    struct waiter *next;
    pthread_cond_t wake;
    bool granted;
    zh_conn *conn; /* NULL with granted set: the right to open one */
} waiter;

struct zh_pool {
    pthread_mutex_t lock;
    zh_conn *idle;
    unsigned open, cap; /* connections that exist or are being made */
    waiter *first, *last;
};

enum { POOL_READ, POOL_WRITE, POOLS };

struct zh_store {
    const zh_driver *driver;
    zh_store_options options;
    char *target;
    char *schema;
    bool shared;
    zh_pool pools[POOLS];
};

/* ---- failure injection ---- */

static _Atomic bool fail_watched; /* stays false outside tests, so that nothing is counted */
static _Atomic uint64_t fail_countdown;
static _Atomic uint64_t fail_counted;

uint64_t zh_store_fail_at(uint64_t n)
{
    atomic_store(&fail_watched, true);
    atomic_store(&fail_countdown, n);
    return atomic_exchange(&fail_counted, 0);
}

static bool injected(zh_err *err)
{
    if (!atomic_load_explicit(&fail_watched, memory_order_relaxed)) {
        return false;
    }
    atomic_fetch_add(&fail_counted, 1);
    uint64_t left = atomic_load(&fail_countdown);
    while (left != 0 && !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) {
    }
    if (left != 1) {
        return false;
    }
    (void)zh_err_set(err, ZH_EDB, "store.injected", "测试注入的数据库故障");
    return true;
}

/* ---- errors and checks ---- */

zh_rc zh_store_full(zh_err *err, const char *disk)
{
    zh_err_set(err, ZH_EIO, "store.full", "磁盘已满，这一次没有写入");
    zh_err_fix(err, "腾出%s所在磁盘的空间后再做一次；已经登记的都在，不用重启", disk);
    return ZH_EIO;
}

zh_rc zh_store_failed(zh_err *err, zh_rc rc, const char *text, zh_str sql)
{
    static const struct {
        zh_rc rc;
        const char *rule, *lead, *fix;
    } kinds[] = {
        {ZH_ECONFLICT, "store.conflict", "数据库中已有相同的键", "请核对编号，或改为修改已有记录"},
        {ZH_EBUSY, "store.busy", "数据库正忙，本次操作未生效", "请回滚后重试整个事务"},
        {ZH_EIO, "store.io", "数据库读写失败（磁盘、文件或连接）",
         "请检查磁盘空间、文件权限与数据库服务，然后重试"},
        {ZH_ELIMIT, "store.limit", "数据超过数据库的上限", "请缩小单个值或语句"},
        {ZH_ENOMEM, "store.memory", "数据库内存不足", "请稍后重试"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        if (kinds[i].rc == rc) {
            (void)zh_err_set(err, rc, kinds[i].rule, "%s：%s", kinds[i].lead, text);
            zh_err_fix(err, "%s", kinds[i].fix);
            return rc;
        }
    }
    (void)zh_err_set(err, rc, "store.db", "数据库拒绝了语句：%s", text);
    zh_err_where(err, "SQL: %.*s", ZH_FMT(zh_sql_cut(sql)));
    return rc;
}

static zh_rc check_value(const zh_sql_value *value, zh_err *err)
{
    if (value->type != ZH_SQL_TEXT && value->type != ZH_SQL_BLOB) {
        return ZH_OK;
    }
    if (value->bytes.n > ZH_STORE_VALUE_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "store.value.bytes", "单个值有 %zu 字节，上限 %zu 字节",
                          value->bytes.n, ZH_STORE_VALUE_BYTES_MAX);
    }
    if (value->type == ZH_SQL_TEXT && zh_str_chr(value->bytes, '\0') >= 0) {
        (void)zh_err_set(err, ZH_EINVAL, "store.text.nul",
                         "文本的第 %td 字节是 NUL（U+0000），不能存入数据库",
                         zh_str_chr(value->bytes, '\0') + 1);
        zh_err_fix(err, "请删去该字符后重新提交");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static zh_rc check_values(const zh_sql_value *values, size_t n, zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = check_value(&values[i], err);
    }
    return rc;
}

/* A statement that fails ends its transaction on PostgreSQL; here it does so on both. */
static zh_rc enter(const zh_conn *conn, zh_err *err)
{
    if (!conn->tx_failed) {
        return ZH_OK;
    }
    (void)zh_err_set(err, ZH_EDB, "store.tx.failed", "本事务中已有语句失败，不能继续");
    zh_err_fix(err, "请回滚后重做整个事务");
    return ZH_EDB;
}

static zh_rc leave(zh_conn *conn, zh_rc rc)
{
    if (rc != ZH_OK && rc != ZH_ENOTFOUND && conn->tx != ZH_TX_NONE) {
        conn->tx_failed = true;
    }
    return rc;
}

static void log_slow(uint64_t us, zh_str sql)
{
    if (us > ZH_STORE_SLOW_US) {
        zh_log(ZH_INFO, "store.slow", "%llu ms: %.*s", (unsigned long long)(us / 1000),
               ZH_FMT(zh_sql_cut(sql)));
    }
}

/* ---- opening ---- */

static char *own(zh_str s)
{
    char *p = zh_alloc(s.n + 1);
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    return p;
}

static bool is_ident(zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return s.n >= 1 && s.n <= 63;
}

/* Takes schema=NAME out of the query part of a libpq URL. */
static zh_rc parse_postgres(zh_store *store, zh_str url, zh_err *err)
{
    ptrdiff_t mark = zh_str_chr(url, '?');
    zh_buf kept;
    zh_buf_init(&kept, url.n + 1);
    zh_buf_str(&kept, zh_str_sub(url, 0, mark < 0 ? url.n : (size_t)mark));
    zh_str rest = mark < 0 ? ZH_STR_NONE : zh_str_sub(url, (size_t)mark + 1, url.n);
    zh_str piece;
    char separator = '?';
    zh_rc rc = ZH_OK;
    while (zh_str_split(&rest, '&', &piece)) {
        if (!zh_str_starts(piece, ZH_STR("schema="))) {
            zh_buf_c(&kept, separator);
            zh_buf_str(&kept, piece);
            separator = '&';
            continue;
        }
        piece = zh_str_sub(piece, strlen("schema="), piece.n);
        if (!is_ident(piece)) {
            rc = zh_err_set(err, ZH_EINVAL, "store.url.schema",
                            "数据库地址中的 schema 名“%.*s”不合规：应为小写字母、数字、下划线，"
                            "以字母或下划线开头，不超过 63 个字符",
                            ZH_FMT(piece));
            break;
        }
        zh_dealloc(store->schema);
        store->schema = own(piece);
    }
    store->target = own(zh_buf_view(&kept));
    zh_buf_free(&kept);
    return rc;
}

static zh_rc parse_url(zh_store *store, zh_str url, zh_err *err)
{
    if (zh_str_starts(url, ZH_STR("sqlite:")) && url.n > strlen("sqlite:")) {
        store->driver = &zh_driver_sqlite;
        store->target = own(zh_str_sub(url, strlen("sqlite:"), url.n));
        store->shared = strcmp(store->target, ":memory:") == 0;
        return ZH_OK;
    }
    if (zh_str_starts(url, ZH_STR("postgresql://")) || zh_str_starts(url, ZH_STR("postgres://"))) {
        store->driver = &zh_driver_postgres;
        return parse_postgres(store, url, err);
    }
    (void)zh_err_set(err, ZH_EINVAL, "store.url", "看不懂的数据库地址");
    zh_err_fix(err, "请写成 sqlite:文件路径 或 postgresql://用户@主机:端口/库名");
    return ZH_EINVAL;
}

static void pool_init(zh_pool *pool, unsigned cap)
{
    zh_assert(pthread_mutex_init(&pool->lock, NULL) == 0);
    pool->cap = cap;
}

zh_rc zh_store_open(const char *url, const zh_store_options *options, zh_store **out, zh_err *err)
{
    zh_store *store = zh_alloc(sizeof *store);
    store->options = options ? *options : (zh_store_options){0};
    if (store->options.readers_max == 0) {
        store->options.readers_max = READERS_DEFAULT;
    }
    if (store->options.busy_timeout_ms == 0) {
        store->options.busy_timeout_ms = BUSY_DEFAULT_MS;
    }
    *out = NULL;
    zh_rc rc = parse_url(store, zh_str_of(url), err);
    bool one_writer = store->driver != &zh_driver_postgres;
    pool_init(&store->pools[POOL_READ], store->options.readers_max);
    pool_init(&store->pools[POOL_WRITE], one_writer ? 1 : store->options.readers_max);
    zh_conn *conn = NULL;
    if (rc == ZH_OK) {
        rc = zh_store_writer(store, &conn, err); /* makes the file or schema, checks the server */
    }
    zh_store_release(conn);
    if (rc != ZH_OK) {
        zh_store_close(store);
        return rc;
    }
    *out = store;
    return ZH_OK;
}

static void cache_clear(zh_conn *conn);

static void disconnect(zh_conn *conn)
{
    conn->broken = true; /* statements go with it: no need to release them one by one */
    cache_clear(conn);
    conn->driver->disconnect(conn);
}

void zh_store_close(zh_store *store)
{
    if (store == NULL) {
        return;
    }
    for (int i = 0; i < POOLS; i++) {
        zh_pool *pool = &store->pools[i];
        while (pool->idle != NULL) {
            zh_conn *conn = pool->idle;
            pool->idle = conn->next_idle;
            pool->open--;
            disconnect(conn);
        }
        zh_assert(pool->open == 0);
        pthread_mutex_destroy(&pool->lock);
    }
    zh_dealloc(store->target);
    zh_dealloc(store->schema);
    zh_dealloc(store);
}

zh_dialect zh_store_dialect(const zh_store *store)
{
    return store->driver->dialect;
}

zh_dialect zh_conn_dialect(const zh_conn *conn)
{
    return conn->driver->dialect;
}

const char *zh_store_target(const zh_store *store)
{
    return store->target;
}

const char *zh_store_schema(const zh_store *store)
{
    return store->schema;
}

bool zh_store_shared(const zh_store *store)
{
    return store->shared;
}

const zh_store_options *zh_store_settings(const zh_store *store)
{
    return &store->options;
}

/* ---- pools ---- */

static void unqueue(zh_pool *pool, waiter *w)
{
    waiter *before = NULL;
    for (waiter *at = pool->first; at != w; at = at->next) {
        before = at;
    }
    if (before == NULL) {
        pool->first = w->next;
    } else {
        before->next = w->next;
    }
    if (pool->last == w) {
        pool->last = before;
    }
}

/* Called with the lock held; true when granted within the time. */
static bool wait_turn(zh_pool *pool, unsigned timeout_ms, zh_conn **out)
{
    waiter *self = zh_alloc(sizeof *self);
    pthread_condattr_t attributes;
    zh_assert(pthread_condattr_init(&attributes) == 0);
    zh_assert(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    zh_assert(pthread_cond_init(&self->wake, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    uint64_t until_us = zh_monotonic_us() + (uint64_t)timeout_ms * 1000;
    struct timespec until = {(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};
    if (pool->last == NULL) {
        pool->first = self;
    } else {
        pool->last->next = self;
    }
    pool->last = self;
    int waited = 0;
    while (!self->granted && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&self->wake, &pool->lock, &until);
    }
    bool granted = self->granted;
    if (!granted) {
        unqueue(pool, self);
    }
    *out = self->conn;
    pthread_cond_destroy(&self->wake);
    zh_dealloc(self);
    return granted;
}

/* conn == NULL gives back only the right to have one. */
static void pool_give(zh_pool *pool, zh_conn *conn)
{
    pthread_mutex_lock(&pool->lock);
    waiter *w = pool->first;
    if (w != NULL) {
        pool->first = w->next;
        if (w->next == NULL) {
            pool->last = NULL;
        }
        w->conn = conn;
        w->granted = true;
        pthread_cond_signal(&w->wake);
    } else if (conn != NULL) {
        conn->next_idle = pool->idle;
        pool->idle = conn;
    } else {
        pool->open--;
    }
    pthread_mutex_unlock(&pool->lock);
}

static zh_rc pool_take(zh_store *store, bool writer, zh_conn **out, zh_err *err)
{
    zh_pool *pool = &store->pools[writer || store->shared ? POOL_WRITE : POOL_READ];
    zh_conn *conn = NULL;
    bool granted = true;
    pthread_mutex_lock(&pool->lock);
    if (pool->first != NULL || (pool->idle == NULL && pool->open == pool->cap)) {
        granted = wait_turn(pool, store->options.busy_timeout_ms, &conn);
    } else if (pool->idle != NULL) {
        conn = pool->idle;
        pool->idle = conn->next_idle;
    } else {
        pool->open++;
    }
    pthread_mutex_unlock(&pool->lock);
    *out = NULL;
    if (!granted) {
        (void)zh_err_set(err, ZH_EBUSY, "store.queue", "等待数据库连接超过 %u 毫秒",
                         store->options.busy_timeout_ms);
        zh_err_fix(err, "请稍后重试；若经常出现，请查看日志中的 store.slow");
        return ZH_EBUSY;
    }
    if (conn != NULL) {
        conn->writer = writer;
        if (!conn->driver->lend(conn)) {
            zh_log(ZH_WARN, "store.reconnect", "pooled connection was dead");
            disconnect(conn);
            conn = NULL;
        }
    }
    if (conn == NULL) {
        zh_rc rc = store->driver->connect(store, writer, &conn, err);
        if (rc != ZH_OK) {
            pool_give(pool, NULL);
            return rc;
        }
        conn->pool = pool;
    }
    *out = conn;
    return ZH_OK;
}

zh_rc zh_store_reader(zh_store *store, zh_conn **out, zh_err *err)
{
    return pool_take(store, false, out, err);
}

zh_rc zh_store_writer(zh_store *store, zh_conn **out, zh_err *err)
{
    return pool_take(store, true, out, err);
}

void zh_store_release(zh_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    zh_rollback(conn);
    zh_assert(conn->open == 0 && conn->bulks == 0); /* every query and bulk has been finished */
    zh_pool *pool = conn->pool;
    if (conn->broken) {
        disconnect(conn);
        conn = NULL;
    }
    pool_give(pool, conn);
}

void zh_conn_shrink(zh_conn *conn)
{
    if (conn->driver->shrink != NULL) {
        conn->driver->shrink(conn);
    }
}

/* ---- statement cache ---- */

static zh_stmt **bucket_of(zh_conn *conn, uint64_t hash)
{
    return &conn->buckets[(size_t)hash & (ZH_CACHE_BUCKETS - 1)];
}

static void idle_remove(zh_stmt *stmt)
{
    zh_conn *conn = stmt->conn;
    *(stmt->newer ? &stmt->newer->older : &conn->newest) = stmt->older;
    *(stmt->older ? &stmt->older->newer : &conn->oldest) = stmt->newer;
    stmt->newer = stmt->older = NULL;
}

static void idle_add(zh_stmt *stmt)
{
    zh_conn *conn = stmt->conn;
    stmt->older = conn->newest;
    *(conn->newest ? &conn->newest->newer : &conn->oldest) = stmt;
    conn->newest = stmt;
}

/* Ends a statement that is neither idle nor used. */
static void drop(zh_stmt *stmt)
{
    zh_stmt **link = bucket_of(stmt->conn, stmt->hash);
    while (*link != NULL && *link != stmt) {
        link = &(*link)->chain;
    }
    if (*link == stmt) {
        *link = stmt->chain;
        stmt->conn->cached--;
    }
    zh_dealloc(stmt->text);
    zh_dealloc(stmt->cells);
    stmt->conn->driver->destroy(stmt);
}

void zh_stmt_forget(zh_conn *conn)
{
    while (conn->oldest != NULL) {
        zh_stmt *stmt = conn->oldest;
        idle_remove(stmt);
        drop(stmt);
    }
    for (size_t i = 0; i < ZH_CACHE_BUCKETS; i++) {
        for (zh_stmt *stmt = conn->buckets[i]; stmt != NULL; stmt = stmt->chain) {
            stmt->stale = true;
        }
    }
}

static void cache_clear(zh_conn *conn)
{
    zh_stmt_forget(conn);
    zh_assert(conn->cached == 0);
}

static zh_rc stmt_make(zh_conn *conn, zh_str sql, uint64_t hash, zh_stmt **out, zh_err *err)
{
    size_t nparams = 0;
    zh_rc rc = zh_sql_translate(sql, NULL, &nparams, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (conn->cached >= ZH_STORE_STATEMENTS_MAX) {
        zh_stmt *oldest = conn->oldest;
        if (oldest == NULL) {
            return zh_err_set(err, ZH_ELIMIT, "store.statements",
                              "一个连接上同时打开的查询超过 %d 个", ZH_STORE_STATEMENTS_MAX);
        }
        idle_remove(oldest);
        drop(oldest);
    }
    zh_stmt *stmt = conn->driver->create();
    stmt->conn = conn;
    stmt->text = own(sql);
    stmt->sql = (zh_str){stmt->text, sql.n};
    stmt->hash = hash;
    stmt->nparams = nparams;
    rc = conn->driver->prepare(stmt, err);
    if (rc != ZH_OK) {
        drop(stmt);
        return rc;
    }
    zh_stmt **bucket = bucket_of(conn, hash);
    stmt->chain = *bucket;
    *bucket = stmt;
    conn->cached++;
    *out = stmt;
    return ZH_OK;
}

zh_rc zh_stmt_take(zh_conn *conn, zh_str sql, size_t nvalues, zh_stmt **out, zh_err *err)
{
    uint64_t hash = zh_str_hash(sql);
    zh_stmt *stmt = *bucket_of(conn, hash);
    while (stmt != NULL && (stmt->in_use || stmt->hash != hash || !zh_str_eq(stmt->sql, sql))) {
        stmt = stmt->chain;
    }
    if (stmt != NULL) {
        idle_remove(stmt);
    } else {
        zh_rc rc = stmt_make(conn, sql, hash, &stmt, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    zh_assert(stmt != NULL); /* for the compiler: a failure has returned */
    stmt->in_use = true;
    stmt->done = false;
    stmt->ncolumns = 0;
    conn->open++;
    if (stmt->nparams != nvalues) {
        (void)zh_err_set(err, ZH_EDB, "store.sql.parameters", "语句有 %zu 个参数，给出 %zu 个值",
                         stmt->nparams, nvalues);
        zh_err_where(err, "SQL: %.*s", ZH_FMT(zh_sql_cut(sql)));
        zh_stmt_give(stmt);
        return ZH_EDB;
    }
    *out = stmt;
    return ZH_OK;
}

void zh_stmt_give(zh_stmt *stmt)
{
    zh_conn *conn = stmt->conn;
    zh_assert(stmt->in_use);
    conn->driver->reset(stmt);
    log_slow(stmt->busy_us, stmt->sql);
    stmt->busy_us = 0;
    stmt->in_use = false;
    conn->open--;
    if (stmt->stale) {
        drop(stmt);
    } else {
        idle_add(stmt);
    }
}

void zh_stmt_cells(zh_stmt *stmt, size_t n)
{
    if (n > stmt->cells_capacity) {
        stmt->cells = zh_realloc(stmt->cells, n * sizeof *stmt->cells);
        stmt->cells_capacity = n;
    }
    stmt->ncolumns = n;
}

/* ---- transactions ---- */

static zh_rc begin(zh_conn *conn, zh_tx tx, zh_tx_verb verb, zh_err *err)
{
    zh_assert(conn->tx == ZH_TX_NONE);
    zh_rc rc = conn->driver->control(conn, verb, err);
    if (rc == ZH_OK) {
        conn->tx = tx;
        conn->tx_serial++;
    }
    return rc;
}

zh_rc zh_begin(zh_conn *conn, zh_err *err)
{
    zh_assert(conn->writer);
    return begin(conn, ZH_TX_WRITE, ZH_VERB_BEGIN, err);
}

zh_rc zh_read_begin(zh_conn *conn, zh_err *err)
{
    return begin(conn, ZH_TX_READ, ZH_VERB_READ, err);
}

zh_rc zh_commit(zh_conn *conn, zh_err *err)
{
    zh_assert(conn->tx == ZH_TX_WRITE && conn->open == 0 && conn->bulks == 0);
    zh_rc rc = enter(conn, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (injected(err)) {
        return leave(conn, ZH_EDB);
    }
    uint64_t from = zh_monotonic_us();
    rc = conn->driver->control(conn, ZH_VERB_COMMIT, err);
    log_slow(zh_monotonic_us() - from, ZH_STR("COMMIT"));
    if (rc != ZH_OK) {
        return leave(conn, rc);
    }
    conn->tx = ZH_TX_NONE;
    return ZH_OK;
}

void zh_rollback(zh_conn *conn)
{
    if (conn->tx == ZH_TX_NONE) {
        return;
    }
    if (conn->driver->control(conn, ZH_VERB_ROLLBACK, NULL) != ZH_OK) {
        conn->broken = true;
    }
    conn->tx = ZH_TX_NONE;
    conn->tx_failed = false;
}

void zh_read_end(zh_conn *conn)
{
    zh_rollback(conn);
}

/* ---- statements ---- */

zh_rc zh_exec(zh_conn *conn, const char *sql, zh_err *err)
{
    zh_rc rc = enter(conn, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (injected(err)) {
        return leave(conn, ZH_EDB);
    }
    zh_stmt_forget(conn); /* DDL may change what a prepared statement returns */
    uint64_t from = zh_monotonic_us();
    rc = conn->driver->exec(conn, sql, err);
    log_slow(zh_monotonic_us() - from, zh_str_of(sql));
    return leave(conn, rc);
}

/* Checks, then a statement ready to be run. */
static zh_rc ready(zh_conn *conn, zh_str sql, const zh_sql_value *values, size_t n, zh_stmt **out,
                   zh_err *err)
{
    zh_rc rc = enter(conn, err);
    if (rc == ZH_OK) {
        rc = check_values(values, n, err);
    }
    return rc != ZH_OK ? rc : leave(conn, zh_stmt_take(conn, sql, n, out, err));
}

zh_rc zh_run(zh_conn *conn, const char *sql, const zh_sql_value *values, size_t n, int64_t *changed,
             zh_err *err)
{
    zh_stmt *stmt;
    zh_rc rc = ready(conn, zh_str_of(sql), values, n, &stmt, err);
    if (rc != ZH_OK) {
        return rc;
    }
    int64_t rows = 0;
    uint64_t from = zh_monotonic_us();
    rc = injected(err) ? ZH_EDB : conn->driver->run(stmt, values, &rows, err);
    stmt->busy_us += zh_monotonic_us() - from;
    if (rc == ZH_OK && changed != NULL) {
        *changed = rows;
    }
    zh_stmt_give(stmt);
    return leave(conn, rc);
}

zh_rc zh_query(zh_conn *conn, zh_str sql, const zh_sql_value *values, size_t n, zh_stmt **out,
               zh_err *err)
{
    zh_stmt *stmt;
    *out = NULL;
    zh_rc rc = ready(conn, sql, values, n, &stmt, err);
    if (rc != ZH_OK) {
        return rc;
    }
    uint64_t from = zh_monotonic_us();
    rc = conn->driver->start(stmt, values, err);
    stmt->busy_us += zh_monotonic_us() - from;
    if (rc != ZH_OK) {
        zh_stmt_give(stmt);
        return leave(conn, rc);
    }
    stmt->tx_serial = conn->tx == ZH_TX_NONE ? 0 : conn->tx_serial;
    *out = stmt;
    return ZH_OK;
}

zh_rc zh_step(zh_stmt *stmt, zh_err *err)
{
    zh_conn *conn = stmt->conn;
    if (stmt->done) {
        return ZH_ENOTFOUND;
    }
    if (stmt->tx_serial != 0 && (conn->tx == ZH_TX_NONE || conn->tx_serial != stmt->tx_serial)) {
        return zh_err_set(err, ZH_EDB, "store.query.ended", "查询所在的事务已经结束");
    }
    zh_rc rc = enter(conn, err);
    if (rc != ZH_OK) {
        return rc;
    }
    uint64_t from = zh_monotonic_coarse_us();
    rc = injected(err) ? ZH_EDB : conn->driver->step(stmt, err);
    stmt->busy_us += zh_monotonic_coarse_us() - from;
    stmt->done = rc != ZH_OK;
    return leave(conn, rc);
}

void zh_finish(zh_stmt *stmt)
{
    if (stmt != NULL) {
        zh_stmt_give(stmt);
    }
}

size_t zh_columns(const zh_stmt *stmt)
{
    return stmt->ncolumns;
}

static const zh_sql_value *cell(const zh_stmt *stmt, size_t column)
{
    zh_assert(column < stmt->ncolumns && !stmt->done);
    return &stmt->cells[column];
}

zh_sql_type zh_col_type(const zh_stmt *stmt, size_t column)
{
    return cell(stmt, column)->type;
}

bool zh_col_null(const zh_stmt *stmt, size_t column)
{
    return cell(stmt, column)->type == ZH_SQL_NULL;
}

int64_t zh_col_i64(const zh_stmt *stmt, size_t column)
{
    const zh_sql_value *v = cell(stmt, column);
    zh_assert(v->type == ZH_SQL_I64 || v->type == ZH_SQL_NULL);
    return v->i64;
}

zh_str zh_col_str(const zh_stmt *stmt, size_t column)
{
    const zh_sql_value *v = cell(stmt, column);
    zh_assert(v->type != ZH_SQL_I64);
    return v->bytes;
}

zh_rc zh_query_i64(zh_conn *conn, const char *sql, const zh_sql_value *values, size_t n,
                   int64_t *out, zh_err *err)
{
    zh_stmt *stmt;
    zh_rc rc = zh_query(conn, zh_str_of(sql), values, n, &stmt, err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = zh_step(stmt, err);
    if (rc == ZH_OK) {
        for (size_t i = 0; i < zh_columns(stmt); i++) {
            out[i] = zh_col_i64(stmt, i);
        }
    }
    zh_finish(stmt);
    return rc;
}

/* ---- bulk loads ---- */

static void bulk_release(zh_bulk *bulk)
{
    zh_dealloc(bulk->table);
    zh_dealloc(bulk->types);
}

zh_rc zh_bulk_begin(zh_conn *conn, zh_bulk_mode mode, const char *table, const char *const *columns,
                    const zh_sql_type *types, size_t ncolumns, size_t nkeys, zh_bulk **out,
                    zh_err *err)
{
    zh_assert(conn->tx == ZH_TX_WRITE);
    zh_assert(ncolumns >= 1 && ncolumns <= ZH_STORE_COLUMNS_MAX && nkeys <= ncolumns);
    zh_assert(nkeys >= 1 || mode == ZH_BULK_INSERT);
    *out = NULL;
    zh_rc rc = enter(conn, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_bulk plan = {.conn = conn,
                    .mode = mode,
                    .table = own(zh_str_of(table)),
                    .columns = columns,
                    .types = zh_alloc(ncolumns * sizeof *types),
                    .ncolumns = ncolumns,
                    .nkeys = nkeys,
                    .tx_serial = conn->tx_serial};
    for (size_t i = 0; i < ncolumns; i++) {
        zh_assert(types[i] != ZH_SQL_NULL);
        zh_assert(mode != ZH_BULK_ADD || i < nkeys || types[i] == ZH_SQL_I64);
        plan.types[i] = types[i];
    }
    rc = conn->driver->bulk_open(&plan, out, err);
    if (rc != ZH_OK) {
        bulk_release(&plan);
        return leave(conn, rc);
    }
    (*out)->columns = NULL;
    conn->bulks++;
    return ZH_OK;
}

static zh_rc bulk_failed(zh_bulk *bulk, zh_rc rc)
{
    if (rc != ZH_OK) {
        bulk->rc = rc;
    }
    return leave(bulk->conn, rc);
}

/* Whether the transaction that the load began in is still the one. */
static bool bulk_alive(const zh_bulk *bulk)
{
    return bulk->conn->tx == ZH_TX_WRITE && bulk->tx_serial == bulk->conn->tx_serial;
}

static zh_rc bulk_flush(zh_bulk *bulk, zh_err *err)
{
    if (bulk->rows == 0) {
        return ZH_OK;
    }
    uint64_t from = zh_monotonic_us();
    zh_rc rc = injected(err) ? ZH_EDB : bulk->conn->driver->bulk_flush(bulk, err);
    log_slow(zh_monotonic_us() - from, zh_str_of(bulk->table));
    bulk->rows = 0;
    bulk->bytes = 0;
    return bulk_failed(bulk, rc);
}

zh_rc zh_bulk_row(zh_bulk *bulk, const zh_sql_value *values, zh_err *err)
{
    zh_assert(bulk_alive(bulk));
    if (bulk->rc != ZH_OK) {
        return bulk->rc;
    }
    zh_rc rc = enter(bulk->conn, err);
    size_t bytes = 0;
    for (size_t i = 0; i < bulk->ncolumns && rc == ZH_OK; i++) {
        zh_assert(values[i].type == bulk->types[i] || values[i].type == ZH_SQL_NULL);
        bytes += 8 + (bulk->types[i] == ZH_SQL_I64 ? 0 : values[i].bytes.n);
        rc = check_value(&values[i], err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    rc = bulk_failed(bulk, bulk->conn->driver->bulk_row(bulk, values, err));
    bulk->rows++;
    bulk->bytes += bytes;
    if (rc == ZH_OK && (bulk->rows >= ZH_STORE_BULK_ROWS || bulk->bytes >= ZH_STORE_BULK_BYTES)) {
        rc = bulk_flush(bulk, err);
    }
    return rc;
}

zh_rc zh_bulk_end(zh_bulk *bulk, zh_err *err)
{
    if (bulk == NULL) {
        return ZH_OK;
    }
    zh_conn *conn = bulk->conn;
    zh_rc rc = bulk->rc;
    if (rc == ZH_OK && bulk_alive(bulk)) {
        rc = enter(conn, err);
        rc = rc != ZH_OK ? rc : bulk_flush(bulk, err);
    }
    bulk_release(bulk);
    conn->driver->bulk_close(bulk);
    conn->bulks--;
    return rc;
}

/* ---- introspection ---- */

zh_rc zh_table_exists(zh_conn *conn, const char *table, bool *out, zh_err *err)
{
    const char *sql = conn->driver->dialect == ZH_SQLITE
                          ? "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name=?"
                          : "SELECT count(*) FROM pg_catalog.pg_class WHERE relkind IN ('r','p') "
                            "AND relnamespace=current_schema()::regnamespace "
                            "AND relname=CAST(? AS name)";
    zh_sql_value name = ZH_SQL_STR(zh_str_of(table));
    int64_t n = 0;
    zh_rc rc = zh_query_i64(conn, sql, &name, 1, &n, err);
    *out = n > 0;
    return rc;
}

zh_rc zh_table_columns(zh_conn *conn, zh_arena *arena, const char *table, zh_str **names, size_t *n,
                       zh_err *err)
{
    zh_str sql = conn->driver->dialect == ZH_SQLITE
                     ? ZH_STR("SELECT name FROM pragma_table_info(?) ORDER BY cid")
                     : ZH_STR("SELECT a.attname FROM pg_catalog.pg_attribute a "
                              "JOIN pg_catalog.pg_class c ON c.oid=a.attrelid "
                              "WHERE c.relnamespace=current_schema()::regnamespace "
                              "AND c.relname=CAST(? AS name) AND a.attnum>0 "
                              "AND NOT a.attisdropped ORDER BY a.attnum");
    zh_sql_value name = ZH_SQL_STR(zh_str_of(table));
    ZH_VEC(zh_str) found = {0};
    zh_stmt *stmt;
    zh_rc rc = zh_query(conn, sql, &name, 1, &stmt, err);
    if (rc != ZH_OK) {
        return rc;
    }
    while ((rc = zh_step(stmt, err)) == ZH_OK) {
        zh_vec_push(arena, &found, zh_str_dup(arena, zh_col_str(stmt, 0)));
    }
    zh_finish(stmt);
    if (rc != ZH_ENOTFOUND) {
        return rc;
    }
    if (found.n == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "store.table", "数据库中没有表 %s", table);
    }
    *names = found.p;
    *n = found.n;
    return ZH_OK;
}

/* SQLite gives (id, parent, unused, text) rows, parents first: depth comes from the parent. */
static void plan_line(zh_buf *out, const zh_stmt *stmt, int64_t *ids, size_t *depths, size_t *n)
{
    size_t depth = 0;
    int64_t parent = zh_col_i64(stmt, 1);
    for (size_t i = *n; i-- > 0 && depth == 0;) {
        depth = ids[i] == parent ? depths[i] + 1 : 0;
    }
    if (*n < EXPLAIN_NODES_MAX) {
        ids[*n] = zh_col_i64(stmt, 0);
        depths[*n] = depth;
        ++*n;
    }
    for (size_t i = 0; i < depth; i++) {
        zh_buf_z(out, "  ");
    }
    zh_buf_str(out, zh_col_str(stmt, 3));
}

zh_rc zh_explain(zh_conn *conn, zh_arena *arena, zh_str sql, const zh_sql_value *values, size_t n,
                 zh_str *out, zh_err *err)
{
    bool sqlite = conn->driver->dialect == ZH_SQLITE;
    zh_str text = zh_str_fmt(arena, "%s %.*s",
                             sqlite ? "EXPLAIN QUERY PLAN" : "EXPLAIN (COSTS OFF)", ZH_FMT(sql));
    int64_t ids[EXPLAIN_NODES_MAX];
    size_t depths[EXPLAIN_NODES_MAX];
    size_t nodes = 0;
    zh_stmt *stmt;
    zh_rc rc = zh_query(conn, text, values, n, &stmt, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf lines;
    zh_buf_init(&lines, ZH_STORE_SQL_BYTES_MAX);
    while ((rc = zh_step(stmt, err)) == ZH_OK) {
        if (sqlite) {
            plan_line(&lines, stmt, ids, depths, &nodes);
        } else {
            zh_buf_str(&lines, zh_col_str(stmt, 0));
        }
        zh_buf_c(&lines, '\n');
    }
    zh_finish(stmt);
    if (rc == ZH_ENOTFOUND) {
        *out = zh_str_dup(arena, zh_buf_view(&lines));
        rc = ZH_OK;
    }
    zh_buf_free(&lines);
    return rc;
}
