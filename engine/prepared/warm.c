/* SPDX-License-Identifier: MIT
 *
 * warm.c - a thread that makes booted, frozen clones ahead of need, in a pool for each
 * base. The jobs take them from there. When a clone can't be made, its pool is given up,
 * and jobs clone for themselves.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prepared/prepared.h"

#define LEASE 86400.0 /* seconds; see CT_PRESERVE_RUN */

/* The clones of one base. */
struct pool {
    struct pool *next;
    ct_arena arena; /* has the strings */
    const char *base, *json, *image;
    ct_ready ready;
    double ready_timeout;
    ct_reserve reserve;
    /* the lock guards what follows */
    unsigned wanted;
    unsigned count; /* of the clones in instances */
    unsigned room;  /* for names in instances */
    char (*instances)[CT_INSTANCE_NAME_MAX + 1];
    bool given_up;
};

struct ct_warm {
    ct_provider *provider;
    const char *run_id;
    size_t (*number)(void *context);
    void *context;
    int cancel;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows, and what the pools say */
    pthread_cond_t changed;
    struct pool *pools; /* they stay for as long as the ct_warm */
    bool started;
    bool closing;
    bool stirred; /* something has changed since the thread looked; see await_work() */
};

/* ---- making one ---- */

static void name_clone(ct_warm *warm, const struct pool *pool, char *name) {
    char label[32];
    snprintf(label, sizeof label, "warm-%.24s", pool->image);
    ct_name_instance(name, label, warm->run_id, warm->number(warm->context));
}

/* Waits until the clone is up, by a testlet that does nothing: then it is worth
 * freezing. */
static int wait_until_up(ct_warm *warm, ct_session *session, const struct pool *pool,
                         const char *name, ct_error *error) {
    static const ct_testlet nothing = {
        .kind = CT_TESTLET_LUA, .name = "=warm", .code = "return", .code_length = 6};
    ct_guest guest = {.session = session,
                      .instance = name,
                      .directory = CT_GUEST_DIRECTORY,
                      .ready = pool->ready,
                      .ready_timeout = pool->ready_timeout};
    ct_run_options options = {.timeout = pool->ready_timeout, .output_limit = 4096};
    ct_wait wait = ct_wait_for(2 * pool->ready_timeout, warm->cancel);
    ct_outcome outcome;
    ct_outcome_init(&outcome, options.output_limit);
    int code = ct_guest_run(&guest, &nothing, &options, &outcome, &wait, error);
    ct_outcome_fini(&outcome);
    return code;
}

static int make_clone(ct_warm *warm, ct_session *session, const struct pool *pool,
                      const char *name, ct_error *error) {
    const ct_instance_calls *calls = warm->provider->instances;
    ct_wait wait = ct_wait_for(warm->provider->timeout, warm->cancel);
    ct_lease lease;
    ct_lease_init(&lease, warm->run_id, LEASE);
    ct_instance_spec spec = {
        .name = name, .json = pool->json, .clone_of = pool->base, .lease = &lease};
    int code = calls->create(session, &spec, &wait, error);
    if (code == CT_OK)
        code = calls->start(session, name, &wait, error);
    if (code == CT_OK)
        code = wait_until_up(warm, session, pool, name, error);
    if (code == CT_OK)
        code = calls->freeze(session, name, &wait, error);
    if (code < 0) {
        ct_wait patience = ct_wait_for(warm->provider->timeout, -1);
        /* should this fail, the end of the run deletes it */
        calls->destroy(session, name, &patience, NULL);
    }
    return code;
}

/* ---- the thread ---- */

/* Finds the pool that has the fewest clones of those that lack some; NULL: none does. The
 * lock is held. */
static struct pool *find_lacking(const ct_warm *warm) {
    struct pool *found = NULL;
    for (struct pool *pool = warm->pools; pool; pool = pool->next)
        if (!pool->given_up && pool->count < pool->wanted &&
            (!found || pool->count < found->count))
            found = pool;
    return found;
}

/* The lock is held, and let go of while the reserve is asked, which reads files. */
static bool may_fill(ct_warm *warm, const struct pool *pool) {
    pthread_mutex_unlock(&warm->lock);
    bool may = ct_reserve_allows(&pool->reserve);
    pthread_mutex_lock(&warm->lock);
    return may;
}

/* Wakes the thread, or has it look again if it does not sleep. The lock is held. */
static void stir(ct_warm *warm) {
    warm->stirred = true;
    pthread_cond_signal(&warm->changed);
}

/* Waits until a pool lacks a clone, and the reserve allows one more; NULL: the pools are
 * closed. What the reserve forbids is asked again when a clone is taken. The pool that
 * was found still lacks a clone after the lock was let go of: nobody else makes any. */
static struct pool *await_work(ct_warm *warm) {
    struct pool *pool = NULL;
    pthread_mutex_lock(&warm->lock);
    while (!warm->closing) {
        warm->stirred = false;
        pool = find_lacking(warm);
        if (pool && may_fill(warm, pool))
            break;
        while (!warm->stirred && !warm->closing)
            pthread_cond_wait(&warm->changed, &warm->lock);
    }
    if (warm->closing)
        pool = NULL;
    pthread_mutex_unlock(&warm->lock);
    return pool;
}

static void put_clone(ct_warm *warm, struct pool *pool, const char *name) {
    pthread_mutex_lock(&warm->lock);
    memcpy(pool->instances[pool->count++], name, CT_INSTANCE_NAME_MAX + 1);
    pthread_mutex_unlock(&warm->lock);
}

static void give_up_pool(ct_warm *warm, struct pool *pool) {
    pthread_mutex_lock(&warm->lock);
    pool->given_up = true;
    pthread_mutex_unlock(&warm->lock);
}

static void *fill_pools(void *data) {
    ct_warm *warm = data;
    ct_session *session;
    struct pool *pool;
    int code = ct_session_open(warm->provider, &session, NULL);
    while (code == CT_OK && (pool = await_work(warm))) {
        char name[CT_INSTANCE_NAME_MAX + 1] = "";
        ct_error error = {0};
        name_clone(warm, pool, name);
        if (make_clone(warm, session, pool, name, &error) == CT_OK)
            put_clone(warm, pool, name);
        else
            give_up_pool(warm, pool);
    }
    ct_session_close(session);
    return NULL;
}

/* The lock is held. */
static void start_thread(ct_warm *warm) {
    sigset_t all, before;
    if (warm->started)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    warm->started = pthread_create(&warm->thread, NULL, fill_pools, warm) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- the pools ---- */

int ct_warm_open(ct_provider *provider, const char *run_id,
                 size_t (*number)(void *context), void *context, ct_warm **out,
                 ct_error *error) {
    *out = NULL;
    ct_warm *warm = calloc(1, sizeof *warm);
    if (!warm)
        return ct_fail_memory(error);
    *warm = (ct_warm){.provider = provider,
                      .run_id = run_id,
                      .number = number,
                      .context = context,
                      .cancel = ct_cancel_open()};
    if (warm->cancel < 0) {
        free(warm);
        return ct_fail_errno(error, "eventfd");
    }
    pthread_mutex_init(&warm->lock, NULL);
    pthread_cond_init(&warm->changed, NULL);
    *out = warm;
    return CT_OK;
}

static void free_pool(struct pool *pool) {
    ct_arena arena = pool->arena;
    free(pool->instances);
    free(pool);
    ct_arena_fini(&arena);
}

void ct_warm_close(ct_warm *warm) {
    if (!warm)
        return;
    pthread_mutex_lock(&warm->lock);
    warm->closing = true;
    pthread_cond_broadcast(&warm->changed);
    pthread_mutex_unlock(&warm->lock);
    ct_cancel_set(warm->cancel);
    if (warm->started)
        pthread_join(warm->thread, NULL);
    while (warm->pools) {
        struct pool *pool = warm->pools;
        warm->pools = pool->next;
        free_pool(pool);
    }
    pthread_cond_destroy(&warm->changed);
    pthread_mutex_destroy(&warm->lock);
    close(warm->cancel);
    free(warm);
}

/* The lock is held. */
static struct pool *find_pool(const ct_warm *warm, const char *base) {
    struct pool *pool = warm->pools;
    while (pool && strcmp(pool->base, base) != 0)
        pool = pool->next;
    return pool;
}

/* The lock is held. NULL: out of memory. */
static struct pool *add_pool(ct_warm *warm, const ct_warm_order *order) {
    const ct_job *job = order->job;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    ct_arena_init(&pool->arena);
    pool->base = ct_arena_string(&pool->arena, order->base);
    pool->json = ct_arena_string(&pool->arena, job->instance_json);
    pool->image = ct_arena_string(&pool->arena, job->image);
    pool->ready = ct_job_ready(job, CT_ALL_STEPS);
    if (pool->ready < CT_READY_SYSTEM) /* before that a clone is not worth freezing */
        pool->ready = CT_READY_SYSTEM;
    pool->ready_timeout = job->ready_timeout;
    pool->reserve = *order->reserve;
    if (pool->arena.failed) {
        free_pool(pool);
        return NULL;
    }
    pool->next = warm->pools;
    warm->pools = pool;
    return pool;
}

/* Raises the number of clones that are kept. The lock is held. */
static void want_clones(struct pool *pool, unsigned wanted) {
    if (wanted > pool->room) {
        void *instances = realloc(pool->instances, wanted * sizeof *pool->instances);
        if (!instances)
            return;
        pool->instances = instances;
        pool->room = wanted;
    }
    if (wanted > pool->wanted)
        pool->wanted = wanted;
}

static void keep_filled(ct_warm *warm, const ct_warm_order *order) {
    pthread_mutex_lock(&warm->lock);
    struct pool *pool = find_pool(warm, order->base);
    if (!pool)
        pool = add_pool(warm, order);
    if (pool) {
        want_clones(pool, order->job->warm);
        start_thread(warm);
        stir(warm);
    }
    pthread_mutex_unlock(&warm->lock);
}

/* Takes the oldest clone, which has had the longest time to settle. */
static bool take_clone(ct_warm *warm, const char *base, char *instance) {
    pthread_mutex_lock(&warm->lock);
    struct pool *pool = find_pool(warm, base);
    bool some = pool && pool->count > 0;
    if (some) {
        memcpy(instance, pool->instances[0], sizeof pool->instances[0]);
        memmove(pool->instances, pool->instances + 1,
                --pool->count * sizeof *pool->instances);
        stir(warm);
    }
    pthread_mutex_unlock(&warm->lock);
    return some;
}

bool ct_warm_wake(ct_warm *warm, ct_session *session, const ct_warm_order *order,
                  char instance[CT_INSTANCE_NAME_MAX + 1], const ct_wait *wait) {
    const ct_instance_calls *calls = warm->provider->instances;
    char name[CT_INSTANCE_NAME_MAX + 1];
    bool awake = false;
    if (order->job->warm == 0)
        return false;
    /* a clone that can't be woken is left to the end of the run */
    while (!awake && take_clone(warm, order->base, name))
        awake = calls->unfreeze(session, name, wait, NULL) == CT_OK;
    keep_filled(warm, order);
    if (awake)
        memcpy(instance, name, sizeof name);
    return awake;
}
