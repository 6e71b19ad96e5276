/* Witnesses as a log sees them: real ones on loopback ports, one that is down, and a log that was
 * turned back. The protocol itself is played by tests/proof/witness.py. */
#include "app/witness.h"
#include "base/os.h"
#include "base/time.h"
#include "net/http.h"
#include "proof/tile.h"
#include "proof/witness_store.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ORIGIN  "log.example/x"
#define ENTRIES 600

struct server {
    char dir[96];
    zh_witness_store store;
    zh_signer key;
    zh_http *http;
};

struct world {
    zh_arena *arena;
    char dir[64];
    zh_signer log;
    struct server server[2];
    zh_digest leaf[ENTRIES];
    zh_hash hash;
};

static zh_rc answer(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    struct server *server = request->app;
    zh_witness_answer decided;
    zh_err why = {0};
    zh_rc rc =
        zh_witness_store_answer(&server->store, request->body, (uint64_t)(zh_now() / 1000000),
                                &decided, &response->body, &why);
    (void)err;
    response->status = rc == ZH_OK ? decided.status : 500;
    response->type = decided.status == 409 ? "text/x.tlog.size" : "text/plain";
    if (decided.status == 409) {
        zh_buf_fmt(&response->body, "%llu\n", (unsigned long long)decided.kept);
    }
    return ZH_OK;
}

static const zh_route ROUTE = {.method = "POST",
                               .path = "/w/add-checkpoint",
                               .body_max = ZH_WITNESS_BODY_BYTES,
                               .slow = true,
                               .en = "add-checkpoint",
                               .handle = answer};

static void fail_page(const zh_http_request *request, int status, const zh_err *err,
                      zh_http_response *response)
{
    (void)request;
    (void)err;
    response->status = status;
    response->type = "text/plain";
}

static void start(struct world *world, size_t i)
{
    struct server *server = &world->server[i];
    static const zh_route *const routes[] = {&ROUTE};
    zh_err err = {0};
    zh_buf logs;
    (void)snprintf(server->dir, sizeof(server->dir), "%s/w%zu", world->dir, i);
    zh_str name = zh_str_fmt(world->arena, "w%zu.example", i);
    assert_int_equal(zh_witness_store_create(server->dir, name, &server->key, &err), ZH_OK);
    zh_buf_init(&logs, 4096);
    zh_buf_z(&logs, "log ");
    zh_verifier_write(&world->log.verifier, &logs);
    zh_buf_z(&logs, "\nquorum none\n");
    assert_int_equal(zh_file_replace(zh_str_fmt(world->arena, "%s/logs", server->dir).p,
                                     zh_buf_view(&logs), &err),
                     ZH_OK);
    zh_buf_free(&logs);
    assert_int_equal(zh_witness_store_open(world->arena, server->dir, &server->store, &err), ZH_OK);
    zh_http_options options = {.threads = 1,
                               .workers = 1,
                               .routes = routes,
                               .nroutes = 1,
                               .app = server,
                               .fail = fail_page};
    assert_int_equal(zh_address_parse(ZH_STR("127.0.0.1:0"), &options.address, &err), ZH_OK);
    assert_int_equal(zh_http_start(&options, &server->http, &err), ZH_OK);
}

static int set_up(void **state)
{
    struct world *world = zh_alloc(sizeof(*world));
    memset(world, 0, sizeof(*world));
    world->arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    scratch_folder(world->dir);
    assert_int_equal(zh_signer_generate(ZH_STR(ORIGIN), ZH_KEY_ED25519, &world->log, NULL), ZH_OK);
    zh_hash_begin(&world->hash, ZH_HASH_SHA256);
    for (size_t i = 0; i < ENTRIES; i++) {
        zh_tree_leaf(&world->hash, &i, sizeof(i), &world->leaf[i]);
    }
    start(world, 0);
    start(world, 1);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    zh_str *names;
    size_t n;
    for (size_t i = 0; i < 2; i++) {
        struct server *server = &world->server[i];
        zh_http_stop(server->http, 1000);
        zh_witness_store_close(&server->store);
        const char *kept = zh_str_fmt(world->arena, "%s/state", server->dir).p;
        if (zh_dir_list(world->arena, kept, &names, &n, NULL) == ZH_OK) {
            for (size_t k = 0; k < n; k++) {
                (void)remove(zh_str_fmt(world->arena, "%s/%s", kept, names[k].p).p);
            }
        }
        static const char *const files[] = {"state", "key", "logs", "lock", ""};
        for (size_t k = 0; k < ZH_COUNTOF(files); k++) {
            (void)remove(zh_str_fmt(world->arena, "%s/%s", server->dir, files[k]).p);
        }
    }
    assert_int_equal(rmdir(world->dir), 0);
    zh_hash_release(&world->hash);
    zh_arena_free(world->arena);
    zh_dealloc(world);
    return 0;
}

static zh_rc read_node(void *context, unsigned level, uint64_t index, zh_digest *out, zh_err *err)
{
    struct world *world = context;
    (void)err;
    zh_digest *work = zh_alloc(sizeof(*work) << level);
    memcpy(work, &world->leaf[index << level], sizeof(*work) << level);
    zh_tree_head(&world->hash, work, (size_t)1 << level, out);
    zh_dealloc(work);
    return ZH_OK;
}

static zh_str checkpoint(struct world *world, uint64_t size)
{
    zh_tree_source source = {read_node, world};
    zh_checkpoint made = {.origin = ZH_STR(ORIGIN), .size = size};
    zh_buf note;
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    assert_int_equal(zh_tree_source_root(&world->hash, &source, size, &made.root, NULL), ZH_OK);
    zh_checkpoint_sign(&made, &world->log, 1, 0, &note);
    zh_str copy = zh_str_dup(world->arena, zh_buf_view(&note));
    zh_buf_free(&note);
    return copy;
}

/* Two that answer and one that is down. */
static void policy_of(struct world *world, unsigned k, zh_policy *policy)
{
    zh_signer down;
    zh_policy_of_log(&world->log.verifier, policy);
    for (size_t i = 0; i < 2; i++) {
        zh_str url = zh_str_fmt(world->arena, "http://127.0.0.1:%u/w%s",
                                zh_http_port(world->server[i].http), i == 0 ? "/" : "");
        assert_int_equal(zh_policy_add_witness(policy, zh_str_fmt(world->arena, "w%zu", i),
                                               &world->server[i].key.verifier, url, NULL),
                         ZH_OK);
    }
    assert_int_equal(zh_signer_generate(ZH_STR("down.example"), ZH_KEY_COSIGNATURE, &down, NULL),
                     ZH_OK);
    assert_int_equal(zh_policy_add_witness(policy, ZH_STR("down"), &down.verifier,
                                           ZH_STR("http://127.0.0.1:9/"), NULL),
                     ZH_OK);
    assert_int_equal(zh_policy_require(policy, k, NULL), ZH_OK);
}

static zh_rc gather(struct world *world, const zh_policy *policy, uint64_t size,
                    zh_witness_sizes *sizes, zh_str *whole, uint32_t *cosigned, zh_err *err)
{
    zh_tree_source source = {read_node, world};
    zh_str note = checkpoint(world, size);
    zh_buf lines;
    zh_buf_init(&lines, ZH_NOTE_BYTES_MAX);
    zh_rc rc =
        zh_witness_gather(world->arena, policy, note, &source, 3000, sizes, &lines, cosigned, err);
    *whole = zh_str_fmt(world->arena, "%.*s%.*s", ZH_FMT(note), ZH_FMT(zh_buf_view(&lines)));
    zh_buf_free(&lines);
    return rc;
}

static void two_of_three(void **state)
{
    struct world *world = *state;
    zh_policy policy;
    zh_witness_sizes sizes = {{0}};
    zh_witness_sizes forgotten = {{0}};
    zh_opened opened;
    zh_str note;
    uint32_t cosigned;
    zh_err err = {0};
    policy_of(world, 2, &policy);
    static const uint64_t steps[] = {1, 7, 7, 256, 599};
    for (size_t i = 0; i < ZH_COUNTOF(steps); i++) {
        assert_int_equal(gather(world, &policy, steps[i], &sizes, &note, &cosigned, &err), ZH_OK);
        assert_int_equal(cosigned, 3);
        assert_int_equal(zh_policy_open(&policy, note, &opened, &err), ZH_OK);
        assert_true(opened.nwitnesses == 2 && opened.time_s > 0 &&
                    opened.checkpoint.size == steps[i]);
        assert_true(sizes.size[0] == steps[i] && sizes.size[1] == steps[i]);
    }
    /* A log that forgot what its witnesses saw asks again after their 409. */
    assert_int_equal(gather(world, &policy, 600, &forgotten, &note, &cosigned, &err), ZH_OK);
    assert_true(cosigned == 3 && forgotten.size[0] == 600);
}

static void too_few(void **state)
{
    struct world *world = *state;
    zh_policy policy;
    zh_witness_sizes sizes = {{0}};
    zh_str note;
    uint32_t cosigned;
    zh_err err = {0};
    policy_of(world, 3, &policy);
    assert_int_equal(gather(world, &policy, 5, &sizes, &note, &cosigned, &err), ZH_EDENIED);
    assert_int_equal(cosigned, 3);
    assert_string_equal(err.rule, "policy.quorum");
    assert_non_null(strstr(err.message, "down.example"));
}

/* A log that was turned back, and one that shows another history. */
static void turned_back(void **state)
{
    struct world *world = *state;
    zh_policy policy;
    zh_witness_sizes sizes = {{0}};
    zh_witness_sizes forgotten = {{0}};
    zh_str note;
    uint32_t cosigned;
    zh_err err = {0};
    policy_of(world, 1, &policy);
    assert_int_equal(gather(world, &policy, 300, &sizes, &note, &cosigned, &err), ZH_OK);
    assert_int_equal(gather(world, &policy, 200, &forgotten, &note, &cosigned, &err), ZH_EDENIED);
    assert_int_equal(cosigned, 0);
    assert_non_null(strstr(err.message, "300"));
    world->leaf[17].b[0] ^= 1;
    zh_err_clear(&err);
    assert_int_equal(gather(world, &policy, 400, &sizes, &note, &cosigned, &err), ZH_EDENIED);
    assert_non_null(strstr(err.message, "422"));
    zh_err_clear(&err);
    assert_int_equal(gather(world, &policy, 300, &sizes, &note, &cosigned, &err), ZH_EDENIED);
    assert_int_equal(cosigned, 0);
    world->leaf[17].b[0] ^= 1;
    zh_err_clear(&err);
    assert_int_equal(gather(world, &policy, 400, &sizes, &note, &cosigned, &err), ZH_OK);
}

static void answers_are_not_trusted(void **state)
{
    struct world *world = *state;
    zh_str note = checkpoint(world, 9);
    zh_note parsed;
    zh_buf line;
    zh_buf out;
    zh_err err = {0};
    zh_buf_init(&line, 4096);
    zh_buf_init(&out, 4096);
    assert_int_equal(zh_note_parse(note, &parsed, NULL), ZH_OK);
    const zh_verifier *witness = &world->server[0].key.verifier;
    zh_note_sign(parsed.text, &world->server[1].key, 5, &line); /* another witness's */
    assert_int_equal(zh_witness_accept(note, zh_buf_view(&line), witness, &out, &err), ZH_EINVAL);
    zh_note_sign(parsed.text, &world->server[0].key, 5, &line); /* both: its own is taken */
    assert_int_equal(zh_witness_accept(note, zh_buf_view(&line), witness, &out, &err), ZH_OK);
    zh_note got;
    zh_str whole = zh_str_fmt(world->arena, "%.*s%.*s", ZH_FMT(note), ZH_FMT(zh_buf_view(&out)));
    assert_int_equal(zh_note_parse(whole, &got, NULL), ZH_OK);
    assert_int_equal(got.n, 2);
    zh_buf_clear(&line);
    zh_note_sign(ZH_STR("other\n1\nx\n"), &world->server[0].key, 5, &line); /* over another text */
    assert_int_equal(zh_witness_accept(note, zh_buf_view(&line), witness, &out, &err), ZH_EINVAL);
    zh_str text = zh_str_fmt(world->arena, "evil\n\n%.*s", ZH_FMT(zh_buf_view(&out)));
    assert_int_equal(zh_witness_accept(note, text, witness, &out, &err), ZH_EINVAL);
    assert_int_equal(zh_witness_accept(note, ZH_STR_NONE, witness, &out, &err), ZH_EINVAL);
    zh_buf_free(&line);
    zh_buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_of_three),
        TEST(too_few),
        TEST(turned_back),
        TEST(answers_are_not_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
