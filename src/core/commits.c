/* Group commit: single writes that come while another one commits share the next transaction, and
 * each keeps its own outcome.
 *
 * Whoever comes first leads: it applies at once what waits (itself alone when nothing else does)
 * and hands the lead to the first that has come since, so nobody waits for company and nobody works
 * for strangers longer than one transaction. A write that the transaction refuses leaves the group
 * with its refusal; the others are applied again without it. */
#include "core/commits.h"
#include <errno.h>
#include <semaphore.h>
#include <string.h>

enum { REFUSED_MAX = 4 }; /* of one group; after that its writes are applied one by one */

typedef struct zh_commits_item {
    zh_ctx *ctx;
    zh_prepared *prepared;
    zh_applied applied;
    zh_err err;
    zh_rc rc;
    bool leads; /* it has been told to */
    sem_t turn; /* of its own: whoever is woken takes no lock that others are woken under */
    struct zh_commits_item *next;
} item;

void zh_commits_init(zh_commits *commits)
{
    *commits = (zh_commits){.first = NULL};
    pthread_mutex_init(&commits->lock, NULL);
}

void zh_commits_end(zh_commits *commits)
{
    pthread_mutex_destroy(&commits->lock);
}

/* ---- one transaction ------------------------------------------------------------------------- */

typedef struct attempt {
    item *const *items;
    size_t n;
    size_t culprit; /* SIZE_MAX: not the fault of one of them */
} attempt;

static zh_rc apply_all(void *user, zh_conn *conn, zh_err *err)
{
    attempt *a = user;
    zh_prepared *prepared[ZH_COMMITS_MAX];
    zh_ctx ctx = *a->items[0]->ctx;
    ctx.err = err;
    for (size_t i = 0; i < a->n; i++) {
        prepared[i] = a->items[i]->prepared;
    }
    a->culprit = SIZE_MAX;
    zh_rc rc = zh_record_apply_batch(&ctx, conn, prepared, a->n, &a->culprit);
    for (size_t i = 0; i < a->n && rc == ZH_OK; i++) {
        item *it = a->items[i];
        const zh_record *record = zh_prepared_record(it->prepared);
        zh_ctx own = *it->ctx;
        own.err = err;
        it->applied = (zh_applied){record->office, record->id, record->version};
        rc = zh_write_follow(&own, conn, it->prepared, &it->applied);
        a->culprit = rc != ZH_OK ? i : SIZE_MAX;
    }
    return rc;
}

static void settle(item *const *items, size_t n, zh_rc rc, const zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        items[i]->rc = rc;
        if (rc != ZH_OK) {
            items[i]->err = *err;
        }
    }
}

/* A failure of the machine is the same for all; trying each again would only prolong it. */
static bool of_the_machine(zh_rc rc)
{
    return rc == ZH_EBUSY || rc == ZH_EIO;
}

static void apply(zh_core *core, item **items, size_t n)
{
    size_t refused = 0;
    while (n > 0) {
        zh_err err = {0};
        attempt a = {items, refused < REFUSED_MAX ? n : 1, SIZE_MAX};
        zh_rc rc = zh_core_write(core, apply_all, &a, &err);
        if (rc != ZH_OK && a.n == 1) {
            a.culprit = 0;
        }
        if (rc == ZH_OK || of_the_machine(rc)) {
            settle(items, a.n, rc, &err);
            items += a.n;
            n -= a.n;
        } else if (a.culprit < a.n) {
            settle(&items[a.culprit], 1, rc, &err);
            memmove(&items[a.culprit], &items[a.culprit + 1], (n - a.culprit - 1) * sizeof(*items));
            n--;
            refused++;
        } else {
            refused = REFUSED_MAX;
        }
    }
}

/* ---- waiting and leading --------------------------------------------------------------------- */

/* What waits now, in order, and was prepared under the same declarations as the first. */
static size_t take(zh_commits *commits, item **out)
{
    size_t n = 0;
    const struct zh_snapshot *snapshot = commits->first->ctx->snapshot;
    while (commits->first != NULL && n < ZH_COMMITS_MAX &&
           commits->first->ctx->snapshot == snapshot) {
        out[n++] = commits->first;
        commits->first = commits->first->next;
    }
    if (commits->first == NULL) {
        commits->last = NULL;
    }
    return n;
}

/* The caller leads; its own write is the first in the queue. */
static void lead(zh_commits *commits, zh_core *core)
{
    item *items[ZH_COMMITS_MAX];
    item *taken[ZH_COMMITS_MAX];
    pthread_mutex_lock(&commits->lock);
    const item *own = commits->first;
    size_t n = take(commits, items);
    pthread_mutex_unlock(&commits->lock);
    memcpy(taken, items, n * sizeof(*items));
    apply(core, items, n);
    pthread_mutex_lock(&commits->lock);
    item *next = commits->first;
    commits->led = next != NULL;
    pthread_mutex_unlock(&commits->lock);
    if (next != NULL) {
        next->leads = true;
        (void)sem_post(&next->turn);
    }
    for (size_t i = 0; i < n; i++) {
        if (taken[i] != own) {
            (void)sem_post(&taken[i]->turn); /* from here on it may be gone */
        }
    }
}

zh_rc zh_commits_write(zh_ctx *ctx, zh_prepared *prepared, zh_applied *out, zh_err *err)
{
    zh_commits *commits = &ctx->core->commits;
    item me = {.ctx = ctx, .prepared = prepared};
    (void)sem_init(&me.turn, 0, 0);
    pthread_mutex_lock(&commits->lock);
    if (commits->last != NULL) {
        commits->last->next = &me;
    } else {
        commits->first = &me;
    }
    commits->last = &me;
    bool leads = !commits->led;
    commits->led = true;
    pthread_mutex_unlock(&commits->lock);
    if (!leads) {
        while (sem_wait(&me.turn) != 0) {
            zh_assert(errno == EINTR);
        }
        leads = me.leads;
    }
    if (leads) {
        lead(commits, ctx->core);
    }
    (void)sem_destroy(&me.turn);
    *out = me.applied;
    if (me.rc != ZH_OK && err != NULL && err->rc == ZH_OK) {
        *err = me.err;
    }
    return me.rc;
}
