/* SPDX-License-Identifier: MIT
 *
 * warm.c - a thread that keeps pools of booted, frozen clones filled, one pool for each
 * base. The jobs take from them. What it can't make, it gives up: a job then clones for
 * itself.
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
    ct_arena arena; /* has what follows */
    const char *base, *json, *image;
    enum ct_ready ready;
    double ready_timeout;
    ct_reserve reserve;
    /* the lock guards what follows */
    unsigned wanted;
    unsigned count; /* of instances */
    unsigned room;
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
    bool stirred; /* since the thread looked last: see await_work() */
};

/* ---- making one ---- */

static void name_instance(ct_warm *warm, const struct pool *pool, char *name) {
    snprintf(name, CT_INSTANCE_NAME_MAX + 1, "warm-%.24s-%s-%zu", pool->image,
             warm->run_id, warm->number(warm->context));
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *c))
            *c = '-';
}

/* Waits until it is up, by a testlet that does nothing: then it is worth freezing. */
static int settle(ct_warm *warm, void *session, const struct pool *pool, const char *name,
                  ct_error *error) {
    static const ct_testlet nothing = {
        .kind = CT_TESTLET_LUA, .name = "=warm", .code = "return", .code_length = 6};
    ct_guest guest = {.provider = warm->provider->type,
                      .session = session,
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

static int make(ct_warm *warm, void *session, const struct pool *pool, const char *name,
                ct_error *error) {
    const ct_provider_type *provider = warm->provider->type;
    ct_wait wait = ct_wait_for(warm->provider->timeout, warm->cancel);
    ct_lease lease;
    ct_lease_init(&lease, warm->run_id, LEASE);
    ct_instance_spec spec = {
        .name = name, .json = pool->json, .clone_of = pool->base, .lease = &lease};
    int code = provider->create(session, &spec, &wait, error);
    if (code == CT_OK)
        code = provider->start(session, name, &wait, error);
    if (code == CT_OK)
        code = settle(warm, session, pool, name, error);
    if (code == CT_OK)
        code = provider->freeze(session, name, &wait, error);
    if (code < 0) {
        ct_wait patience = ct_wait_for(warm->provider->timeout, -1);
        /* should it fail, the run's end deletes it */
        provider->destroy(session, name, &patience, NULL);
    }
    return code;
}

/* ---- the thread ---- */

/* The lock is held. NULL: all are full. The one that has the least goes first. */
static struct pool *find_lacking(const ct_warm *warm) {
    struct pool *found = NULL;
    for (struct pool *pool = warm->pools; pool; pool = pool->next)
        if (!pool->given_up && pool->count < pool->wanted &&
            (!found || pool->count < found->count))
            found = pool;
    return found;
}

/* The lock is held, but for the time that the reserve is asked, which reads files. */
static bool may_fill(ct_warm *warm, const struct pool *pool) {
    pthread_mutex_unlock(&warm->lock);
    bool may = ct_reserve_allows(&pool->reserve);
    pthread_mutex_lock(&warm->lock);
    return may;
}

/* The lock is held. Wakes the thread, which may just be looking at something else. */
static void stir(ct_warm *warm) {
    warm->stirred = true;
    pthread_cond_signal(&warm->changed);
}

/* NULL: it is over. What the reserve holds back is looked at again when a clone is
 * taken. What lacks clones goes on lacking them meanwhile: nobody else makes any. */
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

static void put(ct_warm *warm, struct pool *pool, const char *name) {
    pthread_mutex_lock(&warm->lock);
    memcpy(pool->instances[pool->count++], name, CT_INSTANCE_NAME_MAX + 1);
    pthread_mutex_unlock(&warm->lock);
}

static void give_up(ct_warm *warm, struct pool *pool) {
    pthread_mutex_lock(&warm->lock);
    pool->given_up = true;
    pthread_mutex_unlock(&warm->lock);
}

static void *fill(void *data) {
    ct_warm *warm = data;
    void *session;
    struct pool *pool;
    int code = warm->provider->type->session_open(warm->provider, &session, NULL);
    while (code == CT_OK && (pool = await_work(warm))) {
        char name[CT_INSTANCE_NAME_MAX + 1] = "";
        ct_error error = {0};
        name_instance(warm, pool, name);
        if (make(warm, session, pool, name, &error) == CT_OK)
            put(warm, pool, name);
        else
            give_up(warm, pool);
    }
    warm->provider->type->session_close(session);
    return NULL;
}

/* The lock is held. */
static void start_thread(ct_warm *warm) {
    sigset_t all, before;
    if (warm->started)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    warm->started = pthread_create(&warm->thread, NULL, fill, warm) == 0;
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
static struct pool *find(const ct_warm *warm, const char *base) {
    struct pool *pool = warm->pools;
    while (pool && strcmp(pool->base, base) != 0)
        pool = pool->next;
    return pool;
}

/* The lock is held. NULL: out of memory. */
static struct pool *add(ct_warm *warm, const char *base, const ct_job *job,
                        const ct_reserve *reserve) {
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    ct_arena_init(&pool->arena);
    pool->base = ct_arena_string(&pool->arena, base);
    pool->json = ct_arena_string(&pool->arena, job->instance_json);
    pool->image = ct_arena_string(&pool->arena, job->image);
    pool->ready = ct_job_ready(job, CT_ALL_STEPS);
    if (pool->ready < CT_READY_SYSTEM) /* it is not worth freezing before that */
        pool->ready = CT_READY_SYSTEM;
    pool->ready_timeout = job->ready_timeout;
    pool->reserve = *reserve;
    if (pool->arena.failed) {
        free_pool(pool);
        return NULL;
    }
    pool->next = warm->pools;
    warm->pools = pool;
    return pool;
}

/* The lock is held. */
static void want(struct pool *pool, unsigned wanted) {
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

static void keep(ct_warm *warm, const char *base, const ct_job *job,
                 const ct_reserve *reserve) {
    pthread_mutex_lock(&warm->lock);
    struct pool *pool = find(warm, base);
    if (!pool)
        pool = add(warm, base, job, reserve);
    if (pool) {
        want(pool, job->warm);
        start_thread(warm);
        stir(warm);
    }
    pthread_mutex_unlock(&warm->lock);
}

static bool take(ct_warm *warm, const char *base, char *instance) {
    pthread_mutex_lock(&warm->lock);
    struct pool *pool = find(warm, base);
    bool some = pool && pool->count > 0;
    if (some) {
        /* the oldest: it has had the longest time to settle */
        memcpy(instance, pool->instances[0], sizeof pool->instances[0]);
        memmove(pool->instances, pool->instances + 1,
                --pool->count * sizeof *pool->instances);
        stir(warm);
    }
    pthread_mutex_unlock(&warm->lock);
    return some;
}

bool ct_warm_wake(ct_warm *warm, void *session, const ct_job *job, const char *base,
                  const ct_reserve *reserve, char instance[CT_INSTANCE_NAME_MAX + 1],
                  const ct_wait *wait) {
    char name[CT_INSTANCE_NAME_MAX + 1];
    bool awake = false;
    if (job->warm == 0)
        return false;
    /* one that can't be woken is left to the run's end */
    while (!awake && take(warm, base, name))
        awake = warm->provider->type->unfreeze(session, name, wait, NULL) == CT_OK;
    keep(warm, base, job, reserve);
    if (awake)
        memcpy(instance, name, sizeof name);
    return awake;
}
