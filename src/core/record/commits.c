/* Group commit: single writes that come while another one commits share the next transaction, and
 * each keeps its own outcome.
 *
 * Whoever comes first leads: it applies at once what waits (itself alone when nothing else does)
 * and hands the lead to the first that has come since, so nobody waits for company and nobody works
 * for strangers longer than one transaction. A write that the transaction refuses leaves the group
 * with its refusal; the others are applied again without it. Readings of personal data, which are
 * written down before they are shown, share the same transactions. */
#include "core/record/commits.h"
#include <errno.h>
#include <semaphore.h>
#include <string.h>

enum { REFUSED_MAX = 4 }; /* of one group; after that its writes are applied one by one */

/* Somebody who waits for one or more writes; guarded by the lock but for the semaphore. */
typedef struct caller {
    sem_t turn; /* of its own: whoever is woken takes no lock that others are woken under */
    size_t left;
    bool told; /* to lead */
} caller;

typedef struct zh_commits_item {
    zh_submission *it; /* without a prepared write: of `work` */
    zh_work work;      /* instead of a write: applied after those of the transaction */
    void *user;
    caller *caller;
    struct zh_commits_item *next;
} item;

zh_commits *zh_commits_new(zh_arena *arena)
{
    zh_commits *commits = ZH_NEW(arena, zh_commits);
    pthread_mutex_init(&commits->lock, NULL);
    return commits;
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

static zh_rc apply_writes(attempt *a, zh_conn *conn, zh_err *err)
{
    zh_prepared *prepared[ZH_COMMITS_MAX];
    size_t places[ZH_COMMITS_MAX];
    size_t n = 0;
    size_t culprit = SIZE_MAX;
    for (size_t i = 0; i < a->n; i++) {
        if (a->items[i]->work == NULL) {
            places[n] = i;
            prepared[n++] = a->items[i]->it->prepared;
        }
    }
    if (n == 0) {
        return ZH_OK;
    }
    zh_ctx ctx = *a->items[places[0]]->it->ctx;
    ctx.err = err;
    zh_rc rc = zh_record_apply_batch(&ctx, conn, prepared, n, &culprit);
    a->culprit = culprit < n ? places[culprit] : SIZE_MAX;
    return rc;
}

static zh_rc apply_all(void *user, zh_conn *conn, zh_err *err)
{
    attempt *a = user;
    a->culprit = SIZE_MAX;
    zh_rc rc = apply_writes(a, conn, err);
    for (size_t i = 0; i < a->n && rc == ZH_OK; i++) {
        zh_submission *it = a->items[i]->it;
        if (a->items[i]->work != NULL) {
            rc = a->items[i]->work(a->items[i]->user, conn, err);
            a->culprit = rc != ZH_OK ? i : SIZE_MAX;
            continue;
        }
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
        items[i]->it->rc = rc;
        if (rc != ZH_OK) {
            items[i]->it->err = *err;
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
    const struct zh_snapshot *snapshot = commits->first->it->ctx->snapshot;
    while (commits->first != NULL && n < ZH_COMMITS_MAX &&
           commits->first->it->ctx->snapshot == snapshot) {
        out[n++] = commits->first;
        commits->first = commits->first->next;
    }
    if (commits->first == NULL) {
        commits->last = NULL;
    }
    return n;
}

/* Notes that the writes are done and wakes whoever waits for the last of its own. */
static void tell(zh_commits *commits, item *const *done, size_t n, const caller *leader)
{
    caller *ready[ZH_COMMITS_MAX];
    size_t nready = 0;
    pthread_mutex_lock(&commits->lock);
    for (size_t i = 0; i < n; i++) {
        caller *c = done[i]->caller;
        if (--c->left == 0 && c != leader) {
            ready[nready++] = c;
        }
    }
    pthread_mutex_unlock(&commits->lock);
    for (size_t i = 0; i < nready; i++) {
        (void)sem_post(&ready[i]->turn); /* from here on it may be gone */
    }
}

/* The caller leads: the first in the queue is its own. Hands the lead on; whether to itself. */
static bool lead(zh_commits *commits, zh_core *core, caller *me)
{
    item *items[ZH_COMMITS_MAX];
    item *taken[ZH_COMMITS_MAX];
    pthread_mutex_lock(&commits->lock);
    size_t n = take(commits, items);
    pthread_mutex_unlock(&commits->lock);
    memcpy(taken, items, n * sizeof(*items));
    apply(core, items, n);
    pthread_mutex_lock(&commits->lock);
    caller *next = commits->first != NULL ? commits->first->caller : NULL;
    commits->led = next != NULL;
    if (next != NULL && next != me) {
        next->told = true;
    }
    pthread_mutex_unlock(&commits->lock);
    if (next != NULL && next != me) {
        (void)sem_post(&next->turn);
    }
    tell(commits, taken, n, me);
    return next == me;
}

static bool join(zh_commits *commits, item *items, size_t n)
{
    pthread_mutex_lock(&commits->lock);
    for (size_t i = 0; i < n; i++) {
        if (commits->last != NULL) {
            commits->last->next = &items[i];
        } else {
            commits->first = &items[i];
        }
        commits->last = &items[i];
    }
    bool leads = !commits->led;
    commits->led = true;
    pthread_mutex_unlock(&commits->lock);
    return leads;
}

static bool is_done(zh_commits *commits, caller *me, bool *leads)
{
    pthread_mutex_lock(&commits->lock);
    bool done = me->left == 0;
    *leads = *leads || me->told;
    me->told = false;
    pthread_mutex_unlock(&commits->lock);
    return done;
}

static void commit(zh_core *core, item *items, size_t n)
{
    zh_commits *commits = core->commits;
    caller me = {.left = n};
    for (size_t i = 0; i < n; i++) {
        items[i].caller = &me;
    }
    (void)sem_init(&me.turn, 0, 0);
    bool leads = join(commits, items, n);
    for (bool done = n == 0; !done;) {
        if (leads) {
            leads = lead(commits, core, &me);
        } else {
            while (sem_wait(&me.turn) != 0) {
                zh_assert(errno == EINTR);
            }
        }
        done = is_done(commits, &me, &leads);
    }
    (void)sem_destroy(&me.turn);
}

zh_rc zh_commits_write(zh_ctx *ctx, zh_prepared *prepared, zh_applied *out, zh_err *err)
{
    zh_submission one = {.ctx = ctx, .prepared = prepared};
    item me = {.it = &one};
    commit(ctx->core, &me, 1);
    *out = one.applied;
    if (one.rc != ZH_OK && err != NULL && err->rc == ZH_OK) {
        *err = one.err;
    }
    return one.rc;
}

zh_rc zh_commits_work(zh_ctx *ctx, zh_work work, void *user, zh_err *err)
{
    zh_submission one = {.ctx = ctx};
    item me = {.it = &one, .work = work, .user = user};
    commit(ctx->core, &me, 1);
    if (one.rc != ZH_OK && err != NULL && err->rc == ZH_OK) {
        *err = one.err;
    }
    return one.rc;
}

void zh_record_submit(zh_core *core, zh_submission *list, size_t n)
{
    item items[ZH_SUBMISSIONS_MAX];
    size_t k = 0;
    zh_assert(n <= ZH_SUBMISSIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (list[i].rc == ZH_OK) {
            items[k++] = (item){.it = &list[i]};
        }
    }
    if (k > 0) {
        commit(core, items, k);
    }
    for (size_t i = 0; i < n; i++) {
        if (list[i].rc == ZH_OK) {
            list[i].place = zh_write_place(list[i].prepared, &list[i].applied);
        }
    }
}
