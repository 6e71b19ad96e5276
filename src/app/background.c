/* The threads of a serving process. A step that fails is logged when its error is a new one and
 * tried again; other processes may do the same work, the core lets one of them win. */
#include "app/background.h"
#include "app/import.h"
#include "app/notify.h"
#include "app/witness.h"
#include "base/log.h"
#include "base/time.h"
#include "core/adoption/adopt.h"
#include "core/adoption/calendar_years.h"
#include "core/cube/cube.h"
#include "core/judgement/judgement.h"
#include "core/judgement/obligation.h"
#include "core/ledger/ledger.h"
#include "core/people/reading.h"
#include "core/record/record.h"
#include "core/record/vacuum.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef zh_rc (*step)(zh_background *b, zh_err *err);

typedef struct duty {
    const char *what;
    step run;
    unsigned every_ms;
} duty;

typedef struct worker {
    zh_background *background;
    const duty *duty;
    pthread_t thread;
    bool started;
    char last_error[768];
} worker;

enum { DUTIES = 11, WITNESS_BYTES = 16 << 20 };

struct zh_background {
    zh_core *core;
    pthread_mutex_t lock;
    pthread_cond_t stop_asked;
    bool stopping;
    worker workers[DUTIES];
    pthread_t checker; /* recomputes the ledger once */
    bool checker_started;
    atomic_bool checker_stops;
    zh_err incident; /* what it found; rc ZH_OK: nothing */
    zh_importer *importer;
    zh_witness_sizes witnesses; /* of the duty that asks them */
};

static zh_rc sequence(zh_background *b, zh_err *err)
{
    int64_t size;
    return zh_sequence(b->core, &size, err);
}

/* Group commit without waiting when idle. */
static void pace_sequence(zh_core *core, uint64_t begun_us)
{
    zh_core_await_write(core, ZH_SEQUENCE_MS);
    uint64_t passed = zh_monotonic_us() - begun_us;
    if (passed < ZH_SEQUENCE_PACE_MS * 1000) {
        struct timespec rest = {.tv_nsec = (long)(ZH_SEQUENCE_PACE_MS * 1000 - passed) * 1000};
        (void)nanosleep(&rest, NULL);
    }
}

static zh_rc due(zh_background *b, zh_err *err)
{
    size_t done;
    return zh_due_run(b->core, zh_now(), &done, err);
}

static zh_rc fold(zh_background *b, zh_err *err)
{
    return zh_rollup_fold(b->core, err);
}

static zh_rc follow(zh_background *b, zh_err *err)
{
    zh_rc rc = zh_core_follow(b->core, err);
    return rc == ZH_OK ? zh_calendar_follow(b->core, err) : rc;
}

/* Has the newest checkpoint cosigned; the note is published once the quorum has seen it. */
static zh_rc gather(zh_background *b, zh_arena *arena, const zh_treelog_view *view, zh_err *err)
{
    zh_tile_nodes *nodes =
        zh_tile_nodes_new(arena, view->identity.alg, &view->store, view->checkpoint.size);
    zh_tree_source source = zh_tile_nodes_source(nodes);
    uint32_t cosigned = 0;
    zh_buf lines;
    zh_buf_init(&lines, ZH_NOTE_BYTES_MAX);
    zh_rc rc = zh_witness_gather(arena, view->policy, view->note, &source, ZH_WITNESS_TIMEOUT_MS,
                                 &b->witnesses, &lines, &cosigned, err);
    if (rc == ZH_OK) {
        rc = zh_treelog_cosigned(zh_ledger_dir(b->core), view->note, zh_buf_view(&lines), err);
    }
    zh_buf_free(&lines);
    return rc;
}

static zh_rc witness(zh_background *b, zh_err *err)
{
    zh_treelog_view view;
    zh_err ignored = {0};
    if (zh_ledger_dir(b->core) == NULL) {
        return ZH_OK;
    }
    zh_arena *arena = zh_arena_new(WITNESS_BYTES);
    zh_rc rc = zh_ledger_view(b->core, arena, &view, &ignored);
    bool due_now =
        rc == ZH_OK && view.policy->quorum != 0 && view.note.p != NULL &&
        (view.witnessed.p == NULL || view.witnessed_checkpoint.size < view.checkpoint.size);
    rc = due_now ? gather(b, arena, &view, err) : ZH_OK;
    zh_arena_free(arena);
    return rc;
}

static zh_rc obligations(zh_background *b, zh_err *err)
{
    zh_obligation_run done;
    return zh_obligations_run(b->core, zh_now(), &done, err);
}

static zh_rc judgements(zh_background *b, zh_err *err)
{
    zh_judgement_run done;
    return zh_judgements_run(b->core, zh_now(), &done, err);
}

static zh_rc tidy(zh_background *b, zh_err *err)
{
    zh_rc rc = zh_readings_anchor(b->core, err);
    return rc == ZH_OK ? zh_vacuum_run(b->core, err) : rc;
}

static zh_rc notices(zh_background *b, zh_err *err)
{
    zh_notice_run done;
    return zh_notices_run(b->core, zh_now(), &done, err);
}

static zh_rc digests(zh_background *b, zh_err *err)
{
    size_t made;
    return zh_digests_run(b->core, zh_now(), &made, err);
}

static zh_rc deliveries(zh_background *b, zh_err *err)
{
    size_t sent;
    return zh_deliveries_run(b->core, &sent, err);
}

static const duty duties[DUTIES] = {
    {"定序", sequence, 0},
    {"到期", due, ZH_DUE_MS},
    {"填报", obligations, ZH_OBLIGATIONS_MS},
    {"评定", judgements, ZH_OBLIGATIONS_MS},
    {"汇总", fold, ZH_FOLD_MS},
    {"通知", notices, ZH_NOTICES_MS},
    {"每日汇总", digests, ZH_DIGESTS_MS},
    {"送达", deliveries, ZH_DELIVERIES_MS},
    {"声明", follow, ZH_FOLLOW_MS},
    {"见证", witness, ZH_WITNESS_MS},
    {"善后", tidy, ZH_TIDY_MS},
};

static void report(worker *w, const zh_err *err)
{
    if (strcmp(w->last_error, err->message) != 0) {
        memcpy(w->last_error, err->message, sizeof w->last_error);
        zh_log(ZH_ERROR, "background.step", "%s：%s [%s]", w->duty->what, err->message, err->rule);
    }
}

/* False when the end has been asked for. */
static bool wait_ms(zh_background *b, unsigned ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&b->lock);
    int waited = 0;
    while (!b->stopping && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&b->stop_asked, &b->lock, &until);
    }
    bool go_on = !b->stopping;
    pthread_mutex_unlock(&b->lock);
    return go_on;
}

static void *work(void *user)
{
    worker *w = user;
    do {
        zh_err err = {0};
        uint64_t begun = zh_monotonic_us();
        zh_rc rc = w->duty->run(w->background, &err);
        if (rc == ZH_OK) {
            w->last_error[0] = '\0';
        } else if (rc != ZH_EBUSY) {
            report(w, &err);
        }
        if (w->duty->run == sequence) {
            pace_sequence(w->background->core, begun);
        }
    } while (wait_ms(w->background, w->duty->every_ms));
    return NULL;
}

static void *check(void *user)
{
    zh_background *b = user;
    zh_rc rc = ZH_EIO;
    while (rc != ZH_OK && rc != ZH_EBUSY && rc != ZH_ECORRUPT) {
        zh_err err = {0};
        rc = zh_ledger_check(b->core, &b->checker_stops, &err);
        if (rc == ZH_ECORRUPT) {
            zh_log(ZH_ERROR, "ledger.incident", "%s [%s]", err.message, err.rule);
            pthread_mutex_lock(&b->lock);
            b->incident = err;
            pthread_mutex_unlock(&b->lock);
            (void)kill(getpid(), SIGTERM);
        } else if (rc != ZH_OK && rc != ZH_EBUSY) {
            zh_log(ZH_ERROR, "background.step", "核对存证：%s [%s]", err.message, err.rule);
            if (!wait_ms(b, ZH_CHECK_AGAIN_MS)) {
                break;
            }
        }
    }
    return NULL;
}

zh_rc zh_background_incident(zh_background *b, zh_err *err)
{
    pthread_mutex_lock(&b->lock);
    zh_rc rc = b->incident.rc;
    if (rc != ZH_OK) {
        *err = b->incident;
    }
    pthread_mutex_unlock(&b->lock);
    return rc;
}

static zh_rc start_checker(zh_background *b, zh_err *err)
{
    if (zh_ledger_dir(b->core) == NULL || !zh_ledger_checking(b->core, NULL, NULL)) {
        return ZH_OK;
    }
    b->checker_started = pthread_create(&b->checker, NULL, check, b) == 0;
    return b->checker_started ? ZH_OK
                              : zh_err_set(err, ZH_EIO, "background.thread", "不能启动后台线程");
}

zh_rc zh_background_start(zh_core *core, zh_background **out, zh_err *err)
{
    zh_background *b = zh_alloc(sizeof(*b));
    *b = (zh_background){.core = core};
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&b->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < DUTIES; i++) {
        worker *w = &b->workers[i];
        w->background = b;
        w->duty = &duties[i];
        w->started = pthread_create(&w->thread, NULL, work, w) == 0;
        if (!w->started) {
            zh_background_stop(b);
            return zh_err_set(err, ZH_EIO, "background.thread", "不能启动后台线程");
        }
    }
    zh_rc rc = start_checker(b, err);
    if (rc == ZH_OK) {
        rc = zh_importer_start(core, &b->importer, err);
    }
    if (rc != ZH_OK) {
        zh_background_stop(b);
        return rc;
    }
    *out = b;
    return ZH_OK;
}

void zh_background_stop(zh_background *b)
{
    if (b == NULL) {
        return;
    }
    pthread_mutex_lock(&b->lock);
    b->stopping = true;
    pthread_cond_broadcast(&b->stop_asked);
    pthread_mutex_unlock(&b->lock);
    atomic_store(&b->checker_stops, true);
    zh_importer_stop(b->importer);
    if (b->checker_started) {
        pthread_join(b->checker, NULL);
    }
    for (size_t i = 0; i < DUTIES; i++) {
        if (b->workers[i].started) {
            pthread_join(b->workers[i].thread, NULL);
        }
    }
    pthread_cond_destroy(&b->stop_asked);
    pthread_mutex_destroy(&b->lock);
    zh_dealloc(b);
}
